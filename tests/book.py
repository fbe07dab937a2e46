"""Where things are in the repository, and what `_config.yml` and `_toc.yml` say."""

from functools import cache
from pathlib import Path

import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build" / "html"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
REPOSITORY = CONFIG["repository"]["url"]
BRANCH = CONFIG["repository"]["branch"]
SITE = CONFIG["html"]["baseurl"]


@cache
def parsed(page):
    """Return a built page as a tree; it is shared, so nobody may change it."""
    return BeautifulSoup((HTML / page).read_text("utf-8"), "html.parser")


def binder_address(path):
    """Return the address that opens a file or folder of the repository in JupyterLab on Binder."""
    owner_and_name = REPOSITORY.removeprefix("https://github.com/")
    return f"https://mybinder.org/v2/gh/{owner_and_name}/{BRANCH}?urlpath=lab/tree/{path}"


def erratum_address(stem):
    """Return the address of a new erratum issue about a chapter."""
    return f"{REPOSITORY}/issues/new?title=Erratum:%20{stem}"


def toc_documents():
    """Return every document that `_toc.yml` names, without suffix, in reading order."""

    def documents(node):
        if isinstance(node, dict):
            yield from (node[key] for key in ("root", "file") if key in node)
            for value in node.values():
                yield from documents(value)
        elif isinstance(node, list):
            for value in node:
                yield from documents(value)

    return list(documents(yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))))
