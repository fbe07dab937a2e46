"""The deck for Anki: what it holds, what stays the same between two exports, where it leads."""

import copy
import json
import re
import shutil
import sqlite3
import zipfile
from collections import Counter
from functools import cache

import pytest
import yaml
from bs4 import BeautifulSoup

from tests.book import HTML, ROOT, SITE
from tools import anki, questions, sections

QUESTIONS = questions.read(ROOT)
WITHOUT_HTML = ("Level", "Keywords")


def unpack(path, folder):
    """Return the notes of a deck by guid: fields by name, tags, and what else a note has."""
    with zipfile.ZipFile(path) as archive:
        assert set(archive.namelist()) == {"collection.anki2", "media"}
        assert json.loads(archive.read("media")) == {}
        archive.extract("collection.anki2", folder)
    with sqlite3.connect(folder / "collection.anki2") as collection:
        collection.row_factory = sqlite3.Row
        rows = collection.execute("SELECT * FROM notes ORDER BY id").fetchall()
        cards = collection.execute("SELECT nid, did, due FROM cards ORDER BY id").fetchall()
        (col,) = collection.execute("SELECT * FROM col").fetchall()
    (note_type,) = json.loads(col["models"]).values()
    names = [field["name"] for field in note_type["flds"]]
    notes = {}
    for row in rows:
        values = row["flds"].split("\x1f")
        notes[row["guid"]] = {**row, "fields": dict(zip(names, values, strict=True))}
    assert len(notes) == len(rows)
    return {
        "notes": notes,
        "cards": [dict(card) for card in cards],
        "type": note_type,
        "decks": json.loads(col["decks"]),
    }


@pytest.fixture(scope="module")
def deck(tmp_path_factory):
    """Return what the deck of the book's questions holds."""
    folder = tmp_path_factory.mktemp("deck")
    anki.write(folder / anki.NAME, ROOT)
    return unpack(folder / anki.NAME, folder)


def by_question(deck):
    """Return the notes by the id of their question, which the link to the card names."""
    return {
        re.search(r"cards\.html#q-([a-z0-9-]+)", note["fields"]["Link"])[1]: note
        for note in deck["notes"].values()
    }


def parsed(html):
    return BeautifulSoup(html, "html.parser")


def html_fields(note):
    return {name: html for name, html in note["fields"].items() if name not in WITHOUT_HTML}


# What it holds


def test_every_question_is_one_note_with_one_card(deck):
    assert list(by_question(deck)) == list(QUESTIONS)
    assert [card["nid"] for card in deck["cards"]] == [n["id"] for n in deck["notes"].values()]
    assert [card["due"] for card in deck["cards"]] == list(range(len(QUESTIONS)))
    assert {card["did"] for card in deck["cards"]} == {anki.DECK_ID}


def test_fields_are_filled_as_the_level_asks(deck):
    always = {"Question", "Short answer", "Link", "Topic", "Level"}
    levels = {"screen": set(), "standard": {"Long answer", "Follow-ups"}}
    levels["deep"] = levels["standard"] | {"Whiteboard", "Wrong answers", "Rubric"}
    for key, note in by_question(deck).items():
        question = QUESTIONS[key]
        filled = {name for name, text in note["fields"].items() if text}
        assert filled >= always | levels[question["level"]], key
        assert ("Keywords" in filled) == ("keywords" in question), key


def test_every_part_of_a_question_is_there(deck):
    for key, note in by_question(deck).items():
        question, fields = QUESTIONS[key], note["fields"]
        counts = {
            "Follow-ups": ("details", "follow_ups"),
            "Whiteboard": ("ul > li", "whiteboard"),
            "Wrong answers": ("ul > li > p > i", "wrong_answers"),
            "Rubric": ("ol > li", "rubric"),
        }
        for name, (selector, part) in counts.items():
            assert len(parsed(fields[name]).select(selector)) == len(question.get(part, [])), key
        assert fields["Topic"] == sections.title(question["topic"], ROOT)


def test_tags_name_topic_and_level(deck):
    tags = {key: set(note["tags"].split()) for key, note in by_question(deck).items()}
    assert tags == {
        key: {f"topic::{question['topic']}", f"level::{question['level']}"}
        for key, question in QUESTIONS.items()
    }


def test_the_card_shows_every_field_but_the_keywords(deck):
    (template,) = deck["type"]["tmpls"]
    sides = template["qfmt"] + template["afmt"]
    shown = set(re.findall(r"\{\{(?![#/])([^}]+)\}\}", sides)) - {"FrontSide"}
    assert shown == {*anki.FIELDS} - {"Keywords"}
    assert Counter(re.findall(r"\{\{#(.+?)\}\}", sides)) == Counter(
        re.findall(r"\{\{/(.+?)\}\}", sides)
    )


def test_style_has_a_dark_side(deck):
    assert ".card.nightMode" in deck["type"]["css"]


# Texts


def test_no_markup_of_ours_is_left(deck):
    for key, note in by_question(deck).items():
        text = " ".join(parsed(html).get_text() for html in note["fields"].values())
        assert re.findall(r"\$|\{value\}|```|:::|\*\*|\]\(", text) == [], key


def test_formulas_are_those_of_the_bank(deck):
    for key, note in by_question(deck).items():
        fields = note["fields"]
        for name, part in (("Short answer", "short"), ("Long answer", "long")):
            source = QUESTIONS[key].get(part, "")
            formulas = re.findall(r"\\\((.+?)\\\)", parsed(fields[name]).get_text(), re.S)
            assert len(formulas) == len(re.findall(r"(?<!\$)\$[^$]+\$(?!\$)", source)), key


def test_html_is_sound(deck, recwarn):
    for key, note in by_question(deck).items():
        for html in html_fields(note).values():
            tags = {tag.name for tag in parsed(html).find_all(True)}
            allowed = {"a", "code", "details", "em", "i", "li", "ol", "p", "strong", "summary"}
            assert tags <= allowed | {"ul", "br"}, key
            assert re.findall(r"&(?!(?:amp|lt|gt|quot|#\d+);)", html) == [], key
    assert [str(warning.message) for warning in recwarn] == []


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("$a < b$ & <b>", r"<p>\(a &lt; b\) &amp; &lt;b&gt;</p>"),
        ("$$a \\& b$$", "\\[a \\&amp; b\\]"),
        ("a $$x$$ b", "<p>a \\[x\\] b</p>"),
        ("`$x$` and \\$5", "<p><code>$x$</code> and $5</p>"),
        ("[there](05_vanishing_gradients)", f'href="{SITE}notebooks/05_vanishing_gradients.html"'),
        ("[out](https://example.org/a_b)", '<a href="https://example.org/a_b">out</a>'),
        ("{value}`01_zero_initialization/flat_cost` nats", "<p>0.6931 nats</p>"),
    ],
)
def test_markdown(text, html):
    question = {"id": "x", "topic": "choosing", "level": "screen", "question": "x", "short": text}
    question["section"] = "choosing#which-have-you-used-and-why"
    assert html in anki.fields(question, SITE, ROOT)[anki.FIELDS.index("Short answer")]


# Links


def test_links_lead_to_pages_and_anchors_that_are_there(deck):
    targets = {
        link["href"]
        for note in deck["notes"].values()
        for html in html_fields(note).values()
        for link in parsed(html).find_all("a")
    }
    assert [target for target in targets if not target.startswith("https://")] == []
    inside = {target.removeprefix(SITE) for target in targets if target.startswith(SITE)}
    assert len(inside) > len(QUESTIONS)
    assert [target for target in sorted(inside) if not is_built(target)] == []


def is_built(target):
    page, _, fragment = target.partition("#")
    return (HTML / page).is_file() and (not fragment or fragment in ids_of(page))


@cache
def ids_of(page):
    return set(re.findall(r'\bid="([^"]+)"', (HTML / page).read_text("utf-8")))


def test_every_note_links_to_its_card_and_its_section(deck):
    for key, note in by_question(deck).items():
        card, section = (link["href"] for link in parsed(note["fields"]["Link"]).find_all("a"))
        assert card == f"{SITE}{anki.CARDS_PAGE}#q-{key}"
        stem = QUESTIONS[key]["section"].partition("#")[0]
        assert re.fullmatch(rf"{SITE}(book|notebooks)/{stem}\.html#[a-z0-9-]+", section)


def test_an_apostrophe_in_a_heading_is_a_hyphen_in_its_address():
    reference = "08_framework_initializers#pytorchs-default-keeps-a-sixth-and-its-biases-hide-it"
    assert anki.address(reference, SITE, ROOT).endswith(
        "/08_framework_initializers.html#pytorch-s-default-keeps-a-sixth-and-its-biases-hide-it"
    )


# Two exports


@pytest.fixture
def book(tmp_path):
    """Return a copy of what the deck is made of."""
    root = tmp_path / "root"
    for name in ("book", "notebooks"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("assets"))
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(ROOT / name, root)
    return root


@pytest.fixture
def export(book, tmp_path, monkeypatch):
    """Return a function that exports the copy's deck at a time and returns what it holds."""

    def export(time):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(time))
        anki.write(tmp_path / anki.NAME, book)
        return unpack(tmp_path / anki.NAME, tmp_path)

    return export


def test_a_new_export_updates_the_cards_it_made_before(book, export):
    first = export(1_700_000_000)
    gone, *kept = copy.deepcopy(list(QUESTIONS.values()))
    kept[3]["short"] = "A better answer."
    edited = [*reversed(kept), {**gone, "id": "a-new-one"}]
    (book / questions.FILE).write_text(yaml.safe_dump(edited), "utf-8")
    second = export(1_700_086_400)
    before, after = by_question(first), by_question(second)
    assert set(before) - set(after) == {gone["id"]}
    assert set(after) - set(before) == {"a-new-one"}
    assert after[kept[3]["id"]]["fields"]["Short answer"] == "<p>A better answer.</p>\n"
    for question in kept:
        old, new = before[question["id"]], after[question["id"]]
        assert old["guid"] == new["guid"]
        assert old["mod"] < new["mod"]
        assert (old["fields"] == new["fields"]) == (question is not kept[3])
    for notes in (before, after):
        assert {note["mid"] for note in notes.values()} == {anki.NOTE_TYPE_ID}
    for held in (first, second):
        assert int(held["type"]["id"]) == anki.NOTE_TYPE_ID
        assert str(anki.DECK_ID) in held["decks"]


def test_the_ids_are_those_of_the_first_edition(deck):
    assert (anki.DECK_ID, anki.NOTE_TYPE_ID) == (1_467_203_955, 1_784_530_126)
    assert by_question(deck)["zero-weights"]["guid"] == "JrxX61/p/t"


def test_equal_sources_give_equal_bytes(tmp_path):
    for name in ("a", "b"):
        anki.write(tmp_path / name, ROOT)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_time_is_that_of_the_last_edit_outside_of_git(book, tmp_path, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    anki.write(tmp_path / anki.NAME, book)
    notes = unpack(tmp_path / anki.NAME, tmp_path)["notes"].values()
    assert {note["mod"] for note in notes} == {int((book / questions.FILE).stat().st_mtime)}


def test_bad_questions_are_named(book, tmp_path):
    (book / questions.FILE).write_text("- id: a\n", "utf-8")
    with pytest.raises(ValueError, match=r"questions\.yml: a: 'short' is a required property"):
        anki.write(tmp_path / anki.NAME, book)
    assert not (tmp_path / anki.NAME).exists()


def test_the_build_wrote_the_deck(deck, tmp_path):
    built = unpack(HTML / "_static" / anki.NAME, tmp_path)
    assert [note["fields"] for note in built["notes"].values()] == [
        note["fields"] for note in deck["notes"].values()
    ]
