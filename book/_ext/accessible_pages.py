"""Sphinx extension: pages that everybody can read, and read without asking another host.

Repairs what pandas and Sphinx write, insists on alternative text, and refuses outputs that load a
script, style or image from elsewhere. A warning stops the build, which runs with ``-W``.
"""

import re

from docutils import nodes
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)

# pandas writes the corner of a table, and the cells beside an index name, as empty headers;
# in a table of Markdown a paragraph stands in them.
EMPTY_HEADER = re.compile(r"<th(\s[^>]*)?>(?:<p></p>)?</th>")
# It writes the names of the columns and, in a second row, those of the index.
TWO_HEADS = re.compile(
    r"(<thead>\s*<tr[^>]*>)((?:\s*<th>[^<]*</th>)+)\s*</tr>\s*<tr>((?:\s*<th>[^<]*</th>)+)"
    r"(?=\s*</tr>\s*</thead>)"
)
HEADER = re.compile(r"<th>([^<]*)</th>")
REPAIRS = (
    # Sphinx gives the reference list roles whose children the roles do not allow.
    ('<div role="list" class="citation-list">', '<div class="citation-list">'),
    (' role="doc-biblioentry"', ""),
)
ELSEWHERE = re.compile(
    r'<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)="((?:https?:)?//[^"]+)"'
)


def one_head(match):
    """Put the names of the index over the index, where nothing stands in the first row."""
    start, *rows = match.groups()
    first, second = (HEADER.findall(row) for row in rows)
    if len(first) != len(second) or any(a and b for a, b in zip(first, second, strict=True)):
        return match[0]
    names = (a or b for a, b in zip(first, second, strict=True))
    return start + "".join(f"<th>{name}</th>" for name in names)


def repair_markup(app, pagename, templatename, context, doctree):
    """Replace markup that a screen reader would read out wrongly."""
    body = TWO_HEADS.sub(one_head, context.get("body", ""))
    body = EMPTY_HEADER.sub(r"<td\1></td>", body)
    for found, better in REPAIRS:
        body = body.replace(found, better)
    context["body"] = body


def refuse_other_hosts(app, pagename, templatename, context, doctree):
    """Warn of everything on the page that a browser would fetch from another host."""
    for address in ELSEWHERE.findall(context.get("body", "")):
        LOGGER.warning("the page would load %s", address, location=pagename)
    for asset in (*context.get("script_files", ()), *context.get("css_files", ())):
        if "://" in str(getattr(asset, "filename", asset)):
            LOGGER.warning("the page would load %s", asset, location=pagename)


def require_alternative_text(app, doctree, docname):
    """Warn of a figure that a blind reader could not follow."""
    for image in doctree.findall(nodes.image):
        text = image.get("alt", "").strip()
        if not text or text in image["uri"]:
            LOGGER.warning("figure without alternative text: %s", image["uri"], location=docname)


def setup(app):
    """Connect each check to the moment at which its material exists."""
    app.connect("html-page-context", repair_markup)
    app.connect("html-page-context", refuse_other_hosts)
    app.connect("doctree-resolved", require_alternative_text)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
