"""Make the built pages light: no live-code scripts, only the icons in use, figures on demand."""

import re
import struct
from functools import partial
from io import BytesIO
from pathlib import Path

from fontTools import subset

ICON_SCRIPT = re.compile(r'\s*<script src="[^"]*scripts/fontawesome\.js[^"]*"></script>')
ICON_NAME = re.compile(r"\bfa-([a-z0-9-]+)")
ICON_RULE = re.compile(r'((?:\.fa-[a-z0-9-]+:before,?)+)\{content:"\\([0-9a-f]+)"\}')
ESCAPED_GLYPH = re.compile(r'"\\(f[0-9a-f]{3})"')
GLYPH = re.compile("[\ue000-\uf8ff]")
FIGURE = re.compile(r'<img ([^>]*)src="([^"]*_images/[^"]+\.png)"')


def drop_live_code_scripts(app, pagename, templatename, context, doctree):
    """Leave out the scripts of sphinx-thebe, which would load code from another host."""
    context["script_files"] = [
        script
        for script in context["script_files"]
        if "thebe" not in str(script.filename or script.attributes.get("body", "")).lower()
    ]


def lighten(app, exception):
    """Shrink what the finished pages load."""
    if exception or app.builder.format != "html":
        return
    root = Path(app.outdir)
    for page in root.rglob("*.html"):
        text = ICON_SCRIPT.sub("", page.read_text("utf-8"))
        page.write_text(FIGURE.sub(partial(_on_demand, page), text), "utf-8")
    for unused in (root / "_static" / "scripts").glob("fontawesome.js*"):
        unused.unlink()
    _keep_used_icons(root)


def _on_demand(page, found):
    """Return the figure's tag, loaded when it comes into view, with its size so nothing moves."""
    attributes, source = found.groups()
    header = (page.parent / source).read_bytes()[:24]
    width, height = struct.unpack(">II", header[16:])
    size = f'loading="lazy" width="{width}" height="{height}"'
    return f'<img {attributes}{size} src="{source}"'


def _keep_used_icons(root):
    """Cut Font Awesome's fonts and style rules down to the icons that the pages name.

    The fonts are 300 KB and the rules half of the theme's style sheet; the book shows 20 icons.
    """
    sources = [*root.rglob("*.html"), *(root / "_static").rglob("*.js")]
    used = {name for file in sources for name in ICON_NAME.findall(file.read_text("utf-8"))}
    glyphs = set()

    def keep_used(rule):
        if used.isdisjoint(ICON_NAME.findall(rule[1])):
            return ""
        glyphs.add(int(rule[2], 16))
        return rule[0]

    for sheet in (root / "_static").rglob("*.css"):
        text = ICON_RULE.sub(keep_used, sheet.read_text("utf-8"))
        glyphs.update(int(code, 16) for code in ESCAPED_GLYPH.findall(text))
        glyphs.update(map(ord, GLYPH.findall(text)))
        sheet.write_text(text, "utf-8")
    for font in (root / "_static" / "vendor").rglob("fa-*.woff2"):
        font.write_bytes(_font_with(glyphs, font))


def _font_with(glyphs, path):
    options = subset.Options(flavor="woff2", layout_features=[], notdef_outline=True)
    font = subset.load_font(path, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=glyphs)
    subsetter.subset(font)
    packed = BytesIO()
    subset.save_font(font, packed, options)
    return packed.getvalue()


def setup(app):
    """Register both steps; the first runs late, after the other extensions have added scripts."""
    app.connect("html-page-context", drop_live_code_scripts, priority=900)
    app.connect("build-finished", lighten)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
