"""Set-up and `make execute`: what they do, what they leave alone, and how they fail."""

import asyncio
import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest

from tests.book import ROOT
from tools import canonical, execute_notebooks

UNIX_TOOLS = (
    "awk",
    "bash",
    "cat",
    "chmod",
    "cmp",
    "cp",
    "dirname",
    "env",
    "grep",
    "mkdir",
    "rm",
    "tee",
)
COMMANDS = [
    *(
        "book",
        "cheatsheet",
        "test",
        "test-frameworks",
        "execute",
        "serve",
        "lab",
        "lint",
        "bench",
        "mutants",
    ),
    *("lock", "clean"),
]
BROWSER_TEST = "tests/test_built_pages.py::test_search_finds_a_chapter"
# stands for an interpreter: answers the version check, makes an environment, writes down installs
FAKE_PYTHON = """#!/usr/bin/env bash
case "$*" in
    -c*sys.exit*) exit {usable} ;;
    -c*|--version) echo "Python {version}" ;;
    "-m venv "*)
        [ {venv} = 0 ] || exit 1
        mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    *"pip install"*) echo "Collecting numpy"; echo installed >> installs; exit {install} ;;
esac
"""


@pytest.fixture
def project(tmp_path):
    """Return a folder with the set-up script, a lock, and a PATH without any Python."""
    for folder in ("tools", "bin"):
        (tmp_path / folder).mkdir()
    shutil.copy(ROOT / "tools" / "set_up", tmp_path / "tools")
    (tmp_path / "requirements.txt").write_text("numpy==2.4.6\n")
    for tool in UNIX_TOOLS:
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    return tmp_path


def add_python(project, name, usable=0, venv=0, install=0, version="3.12.1"):
    path = project / "bin" / name
    path.write_text(FAKE_PYTHON.format(usable=usable, venv=venv, install=install, version=version))
    path.chmod(0o755)


def set_up(project, **environment):
    return subprocess.run(
        [project / "tools" / "set_up"],
        env={"PATH": str(project / "bin"), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def installs(project):
    log = project / "installs"
    return log.read_text().count("installed") if log.exists() else 0


def only_sentence(result):
    """Return the one sentence with which a failed set-up ends."""
    assert result.returncode != 0
    (line,) = result.stderr.splitlines()
    assert line.endswith(".")
    assert line.count(". ") == 0
    return line


def test_set_up_installs_once_for_each_lock(project):
    add_python(project, "python3.12")
    for expected in (1, 1):
        assert set_up(project).returncode == 0
        assert installs(project) == expected
    (project / "requirements.txt").write_text("numpy==2.4.7\n")
    assert set_up(project).returncode == 0
    assert installs(project) == 2


def test_set_up_passes_over_a_python_that_does_not_run(project):
    add_python(project, "python3.13", usable=127)
    add_python(project, "python3.11", version="3.11.9")
    result = set_up(project)
    assert result.returncode == 0
    assert "Making .venv with Python 3.11.9\n" in result.stdout


def test_set_up_without_a_usable_python(project):
    add_python(project, "python3", usable=1, version="3.9.2")
    assert "No Python 3.11, 3.12 or 3.13 was found" in only_sentence(set_up(project))


def test_set_up_with_a_named_python_that_is_too_old(project):
    add_python(project, "python3.12")
    add_python(project, "python3.9", usable=1)
    sentence = only_sentence(set_up(project, PYTHON="python3.9"))
    assert "PYTHON=python3.9 is not a working Python 3.11, 3.12 or 3.13" in sentence


def test_set_up_makes_the_environment_anew_for_another_named_python(project):
    add_python(project, "python3.12")
    add_python(project, "python3.13", version="3.13.0")
    for python, expected in (("python3.12", 1), ("python3.12", 1), ("python3.13", 2)):
        assert set_up(project, PYTHON=python).returncode == 0
        assert installs(project) == expected


def test_set_up_without_the_venv_module(project):
    add_python(project, "python3.12", venv=1)
    assert "apt-get install python3-venv" in only_sentence(set_up(project))
    assert not (project / ".venv").exists()


def test_set_up_tries_a_failed_install_again(project):
    add_python(project, "python3.12", install=1)
    for expected in (1, 2):
        assert "check the network and run the command again" in only_sentence(set_up(project))
        assert installs(project) == expected


@pytest.fixture
def frameworks(project):
    """Return a project whose .venv is ready, with the set-up script and lock of the frameworks."""
    (project / "tests" / "frameworks").mkdir(parents=True)
    shutil.copy(ROOT / "tools" / "set_up_frameworks", project / "tools")
    (project / "tests" / "frameworks" / "requirements.txt").write_text("jax==0.10.2\n")
    (project / ".venv" / "bin").mkdir(parents=True)
    add_python(project, "../.venv/bin/python")
    return project


def set_up_frameworks(project):
    return subprocess.run(
        [project / "tools" / "set_up_frameworks"],
        env={"PATH": str(project / "bin")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_frameworks_are_installed_once_for_each_lock_and_torch(frameworks):
    """The lock and torch are two installs each time."""
    lock = frameworks / "tests" / "frameworks" / "requirements.txt"
    script = frameworks / "tools" / "set_up_frameworks"
    for expected in (2, 2):
        assert set_up_frameworks(frameworks).returncode == 0
        assert installs(frameworks) == expected
    lock.write_text("jax==0.10.3\n")
    assert set_up_frameworks(frameworks).returncode == 0
    assert installs(frameworks) == 4
    script.write_text(re.sub(r"(TORCH=torch==)\S+", r"\g<1>9.9", script.read_text()))
    assert set_up_frameworks(frameworks).returncode == 0
    assert installs(frameworks) == 6


def test_frameworks_get_the_python_of_the_book(frameworks):
    assert set_up_frameworks(frameworks).returncode == 0
    add_python(frameworks, "../.venv/bin/python", version="3.13.0")
    assert set_up_frameworks(frameworks).returncode == 0
    assert installs(frameworks) == 4


def test_a_failed_install_of_the_frameworks_is_tried_again(frameworks):
    add_python(frameworks, "../.venv/bin/python", install=1)
    for expected in (1, 2):
        sentence = only_sentence(set_up_frameworks(frameworks))
        assert "check the network and run the command again" in sentence
        assert installs(frameworks) == expected


def test_make_test_leaves_the_frameworks_out():
    """Their tests import what .venv lacks; they are neither collected nor skipped."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:cacheprovider", "tests"]
    command += ["--ignore=tests/alone", "--ignore-glob=tests/test_*"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED, done.stdout


def make(*arguments):
    """Return what make prints, free of the settings of a make that runs the tests."""
    inherited = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    clean = {name: value for name, value in os.environ.items() if name not in inherited}
    return subprocess.run(
        ["make", *arguments], cwd=ROOT, env=clean, capture_output=True, text=True, check=True
    ).stdout


def test_make_alone_lists_the_commands():
    assert [line.split()[1] for line in make().splitlines()] == COMMANDS


def test_make_test_proves_everything():
    steps = make("--dry-run", "test")
    programs = ("tools/set_up", "ruff check", "ruff format --check", "codespell")
    for step in (*programs, "jupyter-book build . -W -n", "pytest --nbval"):
        assert step in steps


def execute(*paths):
    return subprocess.run(
        [sys.executable, "-m", "tools.execute_notebooks", *map(str, paths)],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )


def store(path, *sources):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in sources])
    nbformat.write(notebook, path)
    return path


def test_execute_names_the_notebook_the_cell_and_the_error(tmp_path):
    path = store(tmp_path / "broken.ipynb", "x = 0", "y = 1\ny / x")
    before = path.read_bytes()
    result = execute(path)
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        "broken.ipynb, cell 1: ZeroDivisionError: division by zero",
        "    y = 1",
        "    y / x",
    ]
    assert path.read_bytes() == before


def test_a_second_execution_changes_nothing(tmp_path):
    source = "import sys\nfor word in 'ab':\n    print(word)\n    sys.stdout.flush()"
    path = store(tmp_path / "sound.ipynb", source, "1 + 1")
    stored = []
    for _ in range(2):
        assert asyncio.run(execute_notebooks.execute_all([path])) == []
        stored.append(path.read_bytes())
    assert stored[0] == stored[1]
    first, second = canonical.read(path).cells
    assert [output.text for output in first.outputs] == ["a\nb\n"]
    assert second.outputs[0].data == {"text/plain": "2"}


def test_execute_names_a_path_that_is_no_notebook(tmp_path):
    result = execute(tmp_path / "missing.ipynb")
    assert result.returncode == 2
    assert "missing.ipynb is not a notebook" in only_sentence(result)


def without_chromium(**environment):
    """Run one browser test where no Chromium can be found."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", BROWSER_TEST],
        cwd=ROOT,
        env={"PATH": "/nowhere", "PLAYWRIGHT_BROWSERS_PATH": "/nowhere", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_test_without_its_program_is_left_out_and_named():
    result = without_chromium()
    assert result.returncode == 0
    assert "left out" in result.stdout
    named = "test_search_finds_a_chapter needs chromium (Debian package chromium-headless-shell)"
    assert named in result.stdout


def test_in_ci_a_test_without_its_program_fails():
    result = without_chromium(CI="1")
    assert result.returncode == 1
    assert "needs chromium (Debian package chromium-headless-shell)" in result.stdout
