"""Binder's environment: a fresh one with binder/requirements.txt and the lock's JupyterLab."""

import fcntl
import hashlib
import json
import re
import subprocess
import sys

from tests.book import ROOT

ENVIRONMENT = ROOT / "_build" / "binder-environment"
BIN = ENVIRONMENT / "bin"
# cells outside the window are otherwise not rendered, and could not be read
SETTINGS = {
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false"},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}


def pinned(path):
    """Return the packages that a requirements file pins, with their versions."""
    return dict(re.findall(r"^([\w.-]+)==([^\s\\;]+)", path.read_text("utf-8"), re.MULTILINE))


BINDER_PINS = pinned(ROOT / "binder" / "requirements.txt")
LOCK = pinned(ROOT / "requirements.txt")


def make():
    """Make the environment, or take the one made from the same requirements."""
    requirements = [*(f"{name}=={version}" for name, version in BINDER_PINS.items())]
    requirements.append(f"jupyterlab=={LOCK['jupyterlab']}")
    key = hashlib.sha256(repr((sys.version, requirements)).encode()).hexdigest()
    stamp = ENVIRONMENT / "made-from"
    with ENVIRONMENT.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two workers may come at once
        if not stamp.exists() or stamp.read_text() != key:
            _install(requirements)
            stamp.write_text(key)


def _install(requirements):
    subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)
    pip = [BIN / "python", "-m", "pip", "install", "--quiet", "--no-compile", *requirements]
    subprocess.run(pip, check=True)
    settings = ENVIRONMENT / "share" / "jupyter" / "lab" / "settings"
    settings.mkdir(exist_ok=True)
    (settings / "overrides.json").write_text(json.dumps(SETTINGS))
