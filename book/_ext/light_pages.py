"""Sphinx extension: nothing is sent to a reader that the page has no use for.

A page keeps only the scripts and styles that something on it asks for. Of the theme's icons the
book keeps those that it shows: the font and its style sheet name two thousand.
"""

import re
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

# Part of a file's name, and what on a page asks for it.
WANTED = {
    "mathjax": 'class="math',
    "design": 'class="sd-',
    "calculator": 'class="calculator"',
    "live.js": 'class="live-data"',
    "p-values": 'class="p-values"',
}
STYLES = "_static/styles/pydata-sphinx-theme.css"
FONTS = "_static/vendor/fontawesome/webfonts"
ICON = re.compile(r'(?:\.fa-[a-z0-9-]+:before,?)+\{content:"\\[0-9a-f]+"\}')
NAME = re.compile(r"fa-[a-z0-9-]+")
SIGN = re.compile(r"\\([ef][0-9a-f]{3})\b")


def leave_out_unused(app, pagename, templatename, context, doctree):
    """Drop scripts and styles that a page has no use for; Sphinx counts those of all pages."""
    body = context.get("body", "")
    unused = [name for name, sign in WANTED.items() if sign not in body]
    for files in (context.get("script_files"), context.get("css_files")):
        if files:
            files[:] = [
                file
                for file in files
                if not any(name in str(getattr(file, "filename", file)) for name in unused)
            ]


def cut_icons(app, error):
    """Leave the icons in style sheet and font that a page, a script or another rule shows."""
    built = Path(app.outdir)
    if error or app.builder.format != "html" or not (built / STYLES).exists():
        return
    shown = set()
    for file in (*built.rglob("*.html"), *built.glob("_static/**/*.js")):
        if "fontawesome" not in file.parts:
            shown.update(NAME.findall(file.read_text(encoding="utf-8")))
    styles = (built / STYLES).read_text(encoding="utf-8")
    styles = ICON.sub(lambda rule: rule[0] if shown & set(NAME.findall(rule[0])) else "", styles)
    every = [styles, *(file.read_text(encoding="utf-8") for file in built.glob("_static/*.css"))]
    signs = sorted({int(sign, 16) for text in every for sign in SIGN.findall(text)})
    for font in ("fa-solid-900", "fa-regular-400"):
        cut_font(built / FONTS / font, signs)
        styles = styles.replace(f'{font}.woff2) format("woff2")', f'{font}.woff) format("woff")')
    (built / STYLES).write_text(styles, encoding="utf-8")


def cut_font(path, signs):
    """Write the font with these signs alone; woff needs no library for its compression."""
    font = TTFont(path.with_suffix(".ttf"), recalcTimestamp=False)
    options = subset.Options(flavor="woff", layout_features=[], notdef_outline=True)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=signs)
    cutter.subset(font)
    font.flavor = "woff"
    font.save(path.with_suffix(".woff"))


def setup(app):
    """Connect both to the moment at which their material exists."""
    app.connect("html-page-context", leave_out_unused, priority=900)  # after they were added
    app.connect("build-finished", cut_icons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
