"""Sphinx extension: the glossary's words are explained where they stand.

The first time that a page's prose uses a word it links to the glossary, and every such link
carries the word's definition, which a script shows on hover and focus.
"""

import re
from html import escape

from docutils import nodes
from sphinx import addnodes

GLOSSARY = "book/glossary"
LINK = re.compile(r'<a class="reference internal" href="(?:[\w./-]*glossary\.html)?#(term-[^"]+)"')
# Words that mostly stand in their everyday sense: explained where a page links them itself.
EVERYDAY = {
    *("adjusted", "anchored", "arithmetic", "board", "calibration", "compatible", "composition"),
    *("contradicted", "coverage", "crude", "design", "differs", "discrimination", "evidence"),
    *("finding", "gate", "given", "independent", "landmark", "mapping", "met", "missed", "records"),
    *("reconstruction", "repeat", "replication", "reproduced", "role", "simulation", "stability"),
    *("steered", "test", "unavailable", "verdict", "margin", "optimism", "registry"),
}
NO_PROSE = (nodes.reference, nodes.title, nodes.literal, addnodes.glossary)


def words_of(app):
    """Return address and definition of each word of the glossary, read once per build."""
    if not hasattr(app, "glossary_words"):
        lists = app.env.get_doctree(GLOSSARY).findall(addnodes.glossary)
        app.glossary_words = {
            term.astext(): (term["ids"][0], " ".join(item.children[-1].astext().split()))
            for glossary in lists
            for item in glossary.children[0].children
            for term in item.children[:-1]
        }
    return app.glossary_words


def link_first_uses(app, doctree, docname):
    """Link each word where a paragraph of the page first has it."""
    if docname == GLOSSARY:
        return
    address = app.builder.get_relative_uri(docname, GLOSSARY)
    left = {word: identifier for word, (identifier, _) in words_of(app).items()}
    for link in doctree.findall(nodes.reference):
        anchor = link.get("refuri", "").partition("#")[2]
        left = {word: identifier for word, identifier in left.items() if identifier != anchor}
    texts = [
        text for prose in doctree.findall(nodes.paragraph) for text in prose.findall(nodes.Text)
    ]
    while texts:
        text = texts.pop(0)
        wanted = "|".join(map(re.escape, sorted(left.keys() - EVERYDAY, key=len, reverse=True)))
        found = re.search(rf"(?<![\w-])({wanted})(?=s?(?![\w-]))", text)
        if wanted and found and not _inside(text, NO_PROSE):
            uri = f"{address}#{left.pop(found[1])}"
            rest = nodes.Text(text[found.end() :])
            link = nodes.reference("", found[1], internal=True, refuri=uri)
            text.parent.replace(text, [nodes.Text(text[: found.start()]), link, rest])
            texts.insert(0, rest)


def _inside(node, kinds):
    while node is not None and not isinstance(node, kinds):
        node = node.parent
    return node is not None


def attach_definitions(app, pagename, templatename, context, doctree):
    """Write the definition beside each address of a word."""
    definitions = dict(words_of(app).values())

    def with_definition(link):
        text = definitions.get(link[1])
        return f'{link[0]} data-definition="{escape(text)}"' if text else link[0]

    context["body"] = LINK.sub(with_definition, context.get("body", ""))


def read_all_again(app, env, added, changed, removed):
    """Return every page if a definition may have changed."""
    return env.found_docs if GLOSSARY in changed else []


def setup(app):
    """Link when cross-references are resolved, attach when a page is written."""
    app.connect("doctree-resolved", link_first_uses)
    app.connect("html-page-context", attach_definitions)
    app.connect("env-get-outdated", read_all_again)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
