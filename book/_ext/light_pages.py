"""Sphinx extension: nothing is sent to a reader that the page has no use for.

A page keeps only the scripts and styles that something on it asks for. Of the theme's rules and
icons the book keeps those that it uses: the theme has all of Bootstrap, and two thousand icons.
"""

import re
from pathlib import Path

import pydata_sphinx_theme
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
# Read from the theme: a second build does not copy its files again.
THEME = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
STYLES, FONTS = "styles/pydata-sphinx-theme.css", "vendor/fontawesome/webfonts"
RULE = re.compile(r"([^{}]*)\{[^{}]*\}")
COMMA = re.compile(r",(?![^(\[]*[)\]])")
OPTIONAL = re.compile(r":(?:not|is|where)\([^)]*\)|\[[^\]]*\]")  # may name classes that none has
CLASS = re.compile(r"\.(-?[a-zA-Z_][\w-]*)")
WORD = re.compile(r"[\w-]+")
INDENT = re.compile(r"\n\s+(?=</?(?:td|th|tr)\b)")  # as pandas writes tables
SIGN = re.compile(r"\\([ef][0-9a-f]{3})\b")  # where it is not written as itself


def leave_out_unused(app, pagename, templatename, context, doctree):
    """Drop scripts and styles that a page has no use for; Sphinx counts those of all pages."""
    context["body"] = body = INDENT.sub("\n", context.get("body", ""))
    unused = [name for name, sign in WANTED.items() if sign not in body]
    for files in (context.get("script_files"), context.get("css_files")):
        if files:
            files[:] = [
                file
                for file in files
                if not any(name in str(getattr(file, "filename", file)) for name in unused)
            ]


def cut_rules(styles, words):
    """Leave out the rules, and parts of their selectors, with a class that is not in the words."""

    def cut(rule):
        if rule[1].lstrip().startswith("@"):
            return rule[0]
        parts = COMMA.split(rule[1])
        kept = [part for part in parts if words.issuperset(CLASS.findall(OPTIONAL.sub("", part)))]
        return ",".join(kept) + rule[0].removeprefix(rule[1]) if kept else ""

    return RULE.sub(cut, styles)


def cut_theme(app, error):
    """Leave the rules and icons of the theme that a page, a script or another rule uses."""
    built, static = Path(app.outdir), Path(app.outdir) / "_static"
    if error or app.builder.format != "html":
        return
    used = set()
    for file in (*built.rglob("*.html"), *static.rglob("*.js")):
        if not {"fontawesome", "mathjax"} & set(file.parts):
            used.update(WORD.findall(file.read_text(encoding="utf-8")))
    styles = cut_rules((THEME / STYLES).read_text(encoding="utf-8"), used)
    others = (file for file in static.rglob("*.css") if file != static / STYLES)
    every = "".join([styles, *(file.read_text(encoding="utf-8") for file in others)])
    signs = {ord(sign) for sign in every if "\ue000" <= sign <= "\uf8ff"}
    signs |= {int(sign, 16) for sign in SIGN.findall(every)}
    for font in ("fa-solid-900", "fa-regular-400"):
        cut_font(f"{FONTS}/{font}", static, sorted(signs))
        styles = styles.replace(f'{font}.woff2) format("woff2")', f'{font}.woff) format("woff")')
    (static / STYLES).write_text(styles, encoding="utf-8")


def cut_font(name, static, signs):
    """Write the font with these signs alone; woff needs no library for its compression."""
    font = TTFont(THEME / f"{name}.ttf", recalcTimestamp=False)
    options = subset.Options(flavor="woff", layout_features=[], notdef_outline=True)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=signs)
    cutter.subset(font)
    font.flavor = "woff"
    font.save(static / f"{name}.woff")


def setup(app):
    """Connect both to the moment at which their material exists."""
    app.connect("html-page-context", leave_out_unused, priority=900)  # after they were added
    app.connect("build-finished", cut_theme)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
