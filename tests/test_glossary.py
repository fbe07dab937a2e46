"""The glossary: its data, its page, the links from the chapters, and the Chinese on the screen."""

import re

import pytest
import yaml
from bs4 import NavigableString
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from tests.book import HTML, ROOT, parsed, toc_documents
from tests.browsing import PHONE, overflow, reading
from tests.test_built_pages import barriers
from tools import glossary, sections

PAGE = "book/glossary.html"
CHAPTERS = [name for name in toc_documents() if name.startswith("notebooks/")]
TERMS = glossary.read(ROOT)
TOC = "format: jb-book\nroot: book/index\nchapters:\n  - file: book/notation\n"
NORM = {
    "term": "normalization",
    "chinese": "归一化",
    "chinese_also": ["规范化"],
    "sentence": "It makes the winner's curse no smaller than 0.5.",
    "section": "notation#shapes",
    "also": ["normalizations"],
    "except": ["style normalization"],
}
BATCH = {
    "term": "batch normalization",
    "chinese": "批归一化",
    "sentence": "It normalizes a batch.",
    "section": "notation#shapes",
    "also": ["BN"],
}
HE = {
    "term": "He's start",
    "chinese": "He 初始化",
    "sentence": "It doubles the variance.",
    "section": "notation#shapes",
    "also": ["He"],
}
chromium = pytest.mark.needs("chromium")


# Data


@pytest.fixture
def root(tmp_path):
    """Return the root of a small book whose glossary is sound."""
    (tmp_path / "book").mkdir()
    (tmp_path / "_toc.yml").write_text(TOC)
    (tmp_path / "book/index.md").write_text("# Index\n")
    (tmp_path / "book/notation.md").write_text("# Notation\n\n## Shapes\n")
    write(tmp_path, [NORM, BATCH, HE])
    return tmp_path


def write(root, terms):
    (root / glossary.FILE).write_text(yaml.safe_dump(terms, allow_unicode=True), "utf-8")


def build(root):
    """Begin to build a book with nothing but the extension under test."""
    options = {"extensions": ["book._ext.glossary"], "root_doc": "book/index"}
    return Sphinx(
        root, None, root / "_build", root / "_trees", "html", confoverrides=options, status=None
    )


def test_a_sound_glossary_loads(root):
    assert glossary.load(root) == [NORM, BATCH, HE]
    assert build(root).builder.name == "html"


def put(**fields):
    return {**BATCH, **fields}


BAD = [
    *(
        ({key: BATCH[key] for key in BATCH if key != field}, f"'{field}' is a required property")
        for field in ("chinese", "sentence", "section")
    ),
    (put(note="x"), "Additional properties are not allowed ('note' was unexpected)"),
    (put(chinese="batch norm"), "chinese: 'batch norm' does not match"),
    (put(chinese_also=["BN"]), "chinese_also[0]: 'BN' does not match"),
    (put(sentence="It has no end"), "sentence: 'It has no end' does not match"),
    (put(sentence="It costs $x$."), "sentence: 'It costs $x$.' does not match"),
    (put(sentence="It is one. It is two."), "sentence must be one sentence, got 'It is one."),
    (put(section="notation"), "section: 'notation' does not match"),
    (put(section="notation#nowhere"), "no heading for 'notation#nowhere'; there are: notation,"),
    (put(section="nowhere#shapes"), "no page for 'nowhere#shapes'"),
    (put(also=["Normalization"]), "the spelling 'normalization' is used twice, by normalization"),
    (put(also=["BN", "bn"]), "the spelling 'bn' is used twice"),
    (put(**{"except": []}), "except: [] should be non-empty"),
    (put(also=["(BN)"]), "also[0]: '(BN)' does not match"),
]


@pytest.mark.parametrize(("bad", "reason"), BAD)
def test_bad_term_ends_the_build_with_file_term_and_reason(root, bad, reason):
    write(root, [NORM, bad, HE])
    line = f"book/glossary.yml: batch normalization: {reason}"
    with pytest.raises(ExtensionError, match=re.escape(line)):
        build(root)
    with pytest.raises(ValueError, match=re.escape(line)):
        glossary.load(root)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: b", "glossary.yml: the file must be one list of terms"),
        ("- chinese: 梯", "glossary.yml: entry 1: 'term' is a required property"),
        ("- text", "glossary.yml: entry 1: 'text' is not of type 'object'"),
        ("- [", "glossary.yml: while parsing"),
    ],
)
def test_bad_file_ends_the_build(root, text, reason):
    (root / glossary.FILE).write_text(text, "utf-8")
    with pytest.raises(ExtensionError, match=re.escape(reason)):
        build(root)


def test_a_term_given_twice_is_refused(root):
    write(root, [NORM, BATCH, {**BATCH, "also": ["batch norm"]}])
    with pytest.raises(ValueError, match="'batch normalization' is used twice"):
        glossary.load(root)


def test_equal_ids_are_refused(root):
    write(root, [NORM, BATCH, {**BATCH, "term": "batch-normalization", "also": ["batch norm"]}])
    with pytest.raises(ValueError, match="another term has the same id 'g-batch-normalization'"):
        glossary.load(root)


def found_in(text):
    return [entry["term"] for _, entry in glossary.finder([NORM, BATCH, HE])(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Normalization", ["normalization"]),
        ("Batch\nnormalization", ["batch normalization"]),
        ("batch normalization, normalizations", ["batch normalization", "normalization"]),
        ("style\nnormalization, Normalization", ["normalization"]),
        ("denormalization, self-normalization, bn", []),
        ("he and He, and He’s start", ["He's start", "He's start"]),
    ],
)
def test_terms_are_found_as_whole_words_the_longest_first(text, found):
    assert found_in(text) == found


def test_chinese_words_of_a_text(root):
    words = glossary.chinese_words("BN, a normalization. Batch normalization.", root)
    assert words == ["批归一化", "归一化", "规范化"]
    assert glossary.chinese_words("nothing", root) == []


def test_the_book_s_glossary_is_sound():
    assert glossary.problems(ROOT) == []
    assert len(TERMS) >= 90


# The page


def test_the_page_lists_every_term_from_a_to_z():
    titles = parsed(PAGE).select("dl.glossary-terms > dt")
    entries = sorted(TERMS, key=lambda entry: entry["term"].lower())
    assert [title["id"] for title in titles] == [glossary.anchor(one["term"]) for one in entries]
    for title, entry in zip(titles, entries, strict=True):
        words = title.find("span", lang="zh-Hans").get_text()
        assert title.get_text(" ", strip=True).startswith(entry["term"].replace("'", "’"))
        assert words.split("、") == glossary.chinese(entry)
        text = title.find_next_sibling("dd").get_text(" ", strip=True)
        assert text.startswith(entry["sentence"].split("'")[0])
        address = title.find_next_sibling("dd").a["href"]
        assert f"/{entry['section'].partition('#')[0]}.html#" in f"/{address}"


# Links from the chapters, read from the built pages


def is_running(paragraph):
    """Tell whether a paragraph is text, no title nor part of a table, explorable or quiz option."""
    return (
        paragraph.find_parent(["table", "figure"]) is None
        and not paragraph.find_parent(class_="explorable")
        and not paragraph.find_parent(is_list_of_options)
        and not {"admonition-title", "caption"} & set(paragraph.get("class", ()))
    )


def is_list_of_options(tag):
    question = tag.name == "ul" and tag.find_previous_sibling()
    return bool(question) and question.get("id", "").startswith("quiz-")


def is_folded(paragraph):
    return bool(paragraph.find_parent("details") or paragraph.find_parent(class_="dropdown"))


def runs(paragraph):
    """Return the pieces of text between tags as ``(words, {offset: glossary link})``."""
    pieces, around = [], None
    for text in paragraph.find_all(string=True):
        link = text.find_parent("a", class_="glossary-term")
        parent = (link or text).parent
        if type(text) is not NavigableString or text.find_parent(unlinkable):
            around = None
            continue
        if parent is not around:
            pieces.append(["", {}])
            around = parent
        if link:
            pieces[-1][1][len(pieces[-1][0])] = link
        pieces[-1][0] += text
    return pieces


def unlinkable(tag):
    classes = set(tag.get("class", ()))
    return (tag.name == "a" and "glossary-term" not in classes) or (
        tag.name == "code" or "math" in classes
    )


def uses(chapter):
    """Return the first uses of all terms, and all links, as ``(piece, offset, address)``."""
    article = parsed(f"{chapter}.html").find("article")
    paragraphs = sorted(filter(is_running, article.find_all("p")), key=is_folded)
    find = glossary.finder(TERMS)
    first, links = {}, []
    for number, (words, linked) in enumerate(
        piece for paragraph in paragraphs for piece in runs(paragraph)
    ):
        links += [(number, offset, link["href"]) for offset, link in linked.items()]
        for match, entry in find(words):
            address = f"../{PAGE}#{glossary.anchor(entry['term'])}"
            first.setdefault(entry["term"], (number, match.start(), address))
    return list(first.values()), links


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_chapter_links_each_term_once_and_at_its_first_use(chapter):
    first, links = uses(chapter)
    assert links == first
    everywhere = parsed(f"{chapter}.html").select("a.glossary-term")
    assert len(everywhere) == len(links) > 30
    sentences = {f"../{PAGE}#{glossary.anchor(one['term'])}": one["sentence"] for one in TERMS}
    assert {link["href"]: link["title"] for link in everywhere}.items() <= sentences.items()


def test_every_term_is_used_in_the_book():
    find = glossary.finder(TERMS)
    pages = [f"{name}.html" for name in toc_documents()]
    texts = [parsed(page).find("article").get_text() for page in pages if page != PAGE]
    used = {entry["term"] for text in texts for _, entry in find(text)}
    assert {entry["term"] for entry in TERMS} == used


def test_notebooks_hold_no_links_to_the_glossary():
    sources = [sections.pages(ROOT)[chapter.partition("/")[2]] for chapter in CHAPTERS]
    assert not [path for path in sources if "glossary-term" in path.read_text("utf-8")]


# In a browser

UNDRAWN = """() => {
    const words = [...document.querySelectorAll('[lang="zh-Hans"]')];
    const style = getComputedStyle(words[0]);
    function picture(sign) {
        const canvas = document.createElement("canvas");
        canvas.width = canvas.height = 40;
        const pen = canvas.getContext("2d");
        pen.font = `24px ${style.fontFamily}`;
        pen.fillText(sign, 4, 30);
        return canvas.toDataURL();
    }
    const box = picture("\\ue123"), blank = picture(" ");
    const signs = new Set(words.flatMap((word) => [...word.textContent]));
    const chinese = [...signs].filter((sign) => /\\p{Script=Han}/u.test(sign));
    if (chinese.length < 100) throw new Error(`only ${chinese.length} Chinese signs`);
    if (picture("梯") === picture("度")) return chinese;
    return chinese.filter((sign) => [box, blank].includes(picture(sign)));
}"""


@chromium
@pytest.mark.needs("a Chinese font")
def test_every_chinese_sign_is_drawn(browser, site):
    with reading(browser, site, PAGE) as page:
        assert page.evaluate(UNDRAWN) == []


@chromium
@pytest.mark.parametrize("place", ["http", "disk"])
def test_a_term_in_a_chapter_leads_to_its_entry(browser, site, place):
    home = site if place == "http" else f"{HTML.as_uri()}/"
    with reading(browser, home, f"{CHAPTERS[0]}.html") as page:
        link = page.locator("a.glossary-term").first
        anchor = link.get_attribute("href").rpartition("#")[2]
        link.focus()
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/{PAGE}#{anchor}")
        entry = page.locator(f"dt[id={anchor}]")
        assert entry.evaluate("entry => entry.matches(':target')")
        place = f"document.getElementById('{anchor}').getBoundingClientRect().top"
        page.wait_for_function(f"0 <= {place} && {place} < innerHeight")


@chromium
def test_the_page_fits_a_dark_phone(browser, site):
    with reading(browser, site, PAGE, viewport=PHONE, color_scheme="dark") as page:
        assert overflow(page) <= 0
        assert barriers(page) == []


@chromium
def test_links_to_terms_are_quiet_and_underlined(browser, site):
    style = "link => [getComputedStyle(link).color, getComputedStyle(link).textDecorationLine]"
    with reading(browser, site, f"{CHAPTERS[0]}.html") as page:
        color, line = page.locator("article p > a.glossary-term").first.evaluate(style)
        assert line == "underline"
        assert color == page.locator("article p").first.evaluate("p => getComputedStyle(p).color")
