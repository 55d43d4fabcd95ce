"""Sphinx extension: the front page tells machines in schema.org's words what the book is."""

import json

from rairlib.verdicts.crate import book_metadata


def describe_book(app, pagename, templatename, context, doctree):
    """Add the book's metadata, as JSON-LD, to the head of the front page."""
    if pagename == app.config.root_doc:
        text = json.dumps(book_metadata(), ensure_ascii=False).replace("</", "<\\/")
        script = f'<script type="application/ld+json">{text}</script>'
        context["metatags"] = context.get("metatags", "") + script


def setup(app):
    """Connect to the moment at which a page's head is made."""
    app.connect("html-page-context", describe_book)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
