"""The sprint plans: their minutes add up, their links lead somewhere, chapters get their time."""

import re
from collections import defaultdict
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from tests.book import ROOT
from tools import questions, sections

PAGE = ROOT / "book" / "interview" / "sprints.md"
COLUMNS = ["min", "do this", "where", "you can then answer"]
MINUTES = {
    question["topic"]: question["card"]["minutes"]
    for question in questions.read(ROOT).values()
    if "card" in question
}


def text(node):
    return "".join(child.content for child in node.walk() if child.type in ("text", "code_inline"))


def row_of(node):
    """Return a row of a plan: minutes, what to do, address, what it serves."""
    minutes, do, where, answer = node.children
    (address,) = [child.attrs["href"] for child in where.walk() if child.type == "link"]
    return int(text(minutes)), text(do), address, text(answer)


def read_plans():
    """Return the rows of the plans by heading."""
    tree = SyntaxTreeNode(MarkdownIt("commonmark").enable("table").parse(PAGE.read_text("utf-8")))
    found, heading = {}, None
    for node in tree.children:
        if node.type == "heading":
            heading = text(node)
        elif node.type == "table":
            head, body = node.children
            assert [text(cell) for cell in head.children[0].children] == COLUMNS
            found[heading] = [row_of(row) for row in body.children]
    return found


PLANS = read_plans()
ROWS = [row for rows in PLANS.values() for row in rows]


def test_there_are_three_plans():
    assert [heading.split(" (")[0] for heading in PLANS] == ["One hour", "One evening", "One week"]


@pytest.mark.parametrize("heading", PLANS)
def test_minutes_add_up_to_what_the_title_says(heading):
    promised = int(re.search(r"\((\d+) minutes", heading)[1])
    assert sum(minutes for minutes, *_ in PLANS[heading]) == promised


def test_the_week_takes_two_hours_a_day():
    days = defaultdict(int)
    for minutes, do, *_ in PLANS["One week (840 minutes, two hours a day)"]:
        days[int(re.match(r"day (\d): ", do)[1])] += minutes
    assert days == dict.fromkeys(range(1, 8), 120)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2])
def test_every_link_leads_to_a_heading(row):
    path, _, slug = row[2].partition("#")
    source = Path(PAGE.parent, path).resolve()
    assert source in [page.resolve() for page in sections.pages(ROOT).values()]
    assert not slug or slug in sections.headings(source)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2])
def test_a_whole_chapter_gets_the_time_that_its_card_says(row):
    minutes, do, address, answer = row
    assert answer.strip()
    chapter = MINUTES.get(Path(address.partition("#")[0]).stem)
    if "whole chapter" in do:
        assert minutes == chapter
    elif chapter is not None:
        assert minutes < chapter


def test_the_week_reads_every_chapter_in_order():
    week = PLANS["One week (840 minutes, two hours a day)"]
    read = [Path(address).stem for _, do, address, _ in week if "whole chapter" in do]
    assert read == sorted(MINUTES.keys() - {"choosing"})


@pytest.mark.parametrize("heading", PLANS)
def test_every_plan_practices_and_ends_with_the_sheet(heading):
    pages = [Path(address).stem for _, _, address, _ in PLANS[heading]]
    assert pages[0] == "index"
    assert "mock" in pages
    assert pages[-1] == "cheatsheet"
    lengths = [minutes for minutes, _, address, _ in PLANS[heading] if address == "mock.md"]
    assert set(lengths) <= {10, 30, 60}
