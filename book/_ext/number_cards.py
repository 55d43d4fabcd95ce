"""Sphinx extension: every printed number of a study's pages leads to its row among the verdicts.

In prose these are the glued numbers whose key is an identifier of the registry; in tables, the
rows that have an identifier in a cell. Which study is meant follows from the page's folder. The
links need no script; with `cards.js` each opens a card, whose data is written here, one file per
study, beside the built pages.
"""

import inspect
import json
import re
from functools import cache
from html import unescape
from pathlib import Path

from docutils import nodes
from myst_nb.ext.glue.roles import PasteTextRole

from rairlib.checks.catalogue import CHECKS
from rairlib.pages.tables import in_plain_words, recomputed_text, variables_of
from rairlib.registry.kept_files import data_folder
from rairlib.registry.studies import load_studies, read_texts
from rairlib.studies import part_of
from rairlib.verdicts.publish import kept_verdicts
from rairlib.verdicts.verdicts import reconstruction_results

REPEATS = "repeats "
TABLE = re.compile(r'<table[^>]*class="dataframe"[^>]*>.*?</table>', re.DOTALL)
ROW = re.compile(r"<tr[^>]*>.*?</tr>", re.DOTALL)
CELL = re.compile(r"(<t[hd][^>]*>)(.*?)(</t[hd]>)", re.DOTALL)
FULL = {"printed", "verdict"}  # columns of a table whose rows are an open study's own addresses


@cache
def numbers():
    """Return the kept verdicts of each study by identifier."""
    table = kept_verdicts()
    return {study: part.set_index("id") for study, part in table.groupby("study", sort=False)}


def study_of(docname):
    """Return the study to whose folder a page belongs, or nothing."""
    folder = Path(docname).parent.name
    return folder if folder in numbers() else ""


def page_of(study):
    """Return the page with the study's table of verdicts: an open study has its own."""
    return f"book/{study}/paper" if load_studies()[study].records else "book/verdicts"


def address(app, docname, study, identifier):
    """Return the address of a number's row, from a page."""
    page = page_of(study)
    before = "" if page == docname else app.builder.get_relative_uri(docname, page)
    return f"{before}#{study}-{identifier}"


# --- Numbers in prose -------------------------------------------------------------------------


class LinkedNumber(PasteTextRole):
    """A glued text; where its key is a printed number's identifier, a link to that."""

    def run(self):
        """Wrap what the role gives."""
        found, messages = super().run()
        path, _, key = self.text.rpartition("::")
        key = key.rsplit(":", 1)[0] if ":" in key else key
        docname = self.document.settings.env.docname
        study = study_of((Path(docname).parent / path).as_posix() if path else docname)
        if not study or key not in numbers()[study].index:
            return found, messages
        link = nodes.reference("", "", *found, internal=True, classes=["printed-number"])
        link["number"] = (study, key)
        return [link], messages


def link_prose(app, doctree):
    """Give the links their addresses; a number in a heading or in another link stays text."""
    docname = app.env.docname
    for link in list(doctree.findall(nodes.reference)):
        if "number" not in link:
            continue
        above = link.parent
        while above is not None and not isinstance(above, (nodes.reference, nodes.title)):
            above = above.parent
        if above is not None:
            link.replace_self(link.children)
        else:
            link["refuri"] = address(app, docname, *link["number"])


# --- Numbers in tables ------------------------------------------------------------------------


def link_tables(app, pagename, templatename, context, doctree):
    """Link the printed number of each row with an identifier or, where none is, the identifier."""
    study = study_of(pagename)
    if not study:
        return
    own = page_of(study) == pagename
    given = set()  # rows of this page that have their address

    def link_row(row, head, found):
        cells = [unescape(text).strip() for _, text, _ in CELL.findall(row)]
        known = [place for place, text in enumerate(cells) if text in numbers()[study].index]
        if len(known) != 1:
            return row
        identifier = cells[known[0]]
        where = head.index("printed") if "printed" in head else known[0]
        where = where if where < len(cells) and cells[where] else known[0]
        href = address(app, pagename, study, identifier)
        places = iter(range(len(cells)))

        def link_cell(match):
            start, text, end = match.groups()
            if next(places) != where:
                return match[0]
            return f'{start}<a class="printed-number" href="{href}">{text}</a>{end}'

        row = CELL.sub(link_cell, row)
        if own and found >= FULL and identifier not in given:
            given.add(identifier)
            row = row.replace("<tr", f'<tr id="{study}-{identifier}"', 1)
        return row

    def link_table(match):
        table = match[0]
        if "rowspan" in table:
            return table
        rows = ROW.findall(table)
        head = [unescape(text).strip() for _, text, _ in CELL.findall(rows[0])]
        return ROW.sub(lambda row: link_row(row[0], head, set(head)), table)

    context["body"] = TABLE.sub(link_table, context.get("body", ""))


# --- Cards ------------------------------------------------------------------------------------


def function_of(row, study, checks):
    """Return the function behind a verdict, or nothing where none was run."""
    reason, identifier = row["reason"], row["id"]
    if reason.startswith(REPEATS):
        original = numbers()[study].loc[reason.removeprefix(REPEATS)]
        return function_of({**original, "id": original.name}, study, checks)
    if row["evidence"] == "arithmetic":
        return checks[study, identifier, reason]
    if row["evidence"] == "reconstruction":
        return reconstruction_results
    if row["evidence"] in ("records", "simulation", "anchored"):
        return part_of(study, "analysis", "analyse")
    return None


@cache
def source_of(function, repository):
    """Return the name of a function and the address of its source in the repository."""
    function = inspect.unwrap(function)
    file = function.__module__.replace(".", "/") + ".py"
    line = inspect.getsourcelines(function)[1]
    return f"{Path(file).stem}.{function.__name__}", f"{repository}/blob/main/{file}#L{line}"


def cards_of(study, repository, checks):
    """Return the cards of a study's numbers: texts in the order of `cards.js`."""
    variables = variables_of(study)
    cards = {}
    for row in numbers()[study].reset_index().to_dict("records"):
        function = function_of(row, study, checks)
        cards[row["id"]] = [
            row["locus"],
            in_plain_words(row, variables),
            row["printed"] + (f" {row['unit']}" if row["unit"] else ""),
            recomputed_text(row),
            row["verdict"],
            row["evidence"],
            row["test"],
            row["role"].replace("_", " "),
            row["reason"],
            *(source_of(function, repository) if function else ("", "")),
        ]
    return cards


def checks_by_text():
    """Return the function of the check that wrote each finding about one number."""
    functions = {check.name: check.function for check in CHECKS}
    findings = read_texts(data_folder() / "results" / "findings.csv")
    known = findings[findings["check"].isin(functions)]
    keys = zip(known["study"], known["target"], known["text"], strict=True)
    return dict(zip(keys, known["check"].map(functions), strict=True))


def write_cards(app, error):
    """Write one script per study with all that its cards say."""
    if error or app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_static" / "cards"
    folder.mkdir(parents=True, exist_ok=True)
    repository = app.config.html_theme_options["repository_url"]
    checks = checks_by_text()
    for study, told in load_studies().items():
        card = {
            "citation": told.citation,
            "doi": told.doi,
            "page": f"{page_of(study)}.html",
            "mail": app.config.corrections_address,
            "issues": f"{repository}/issues/new?template=wrong-number.yml",
            "numbers": cards_of(study, repository, checks),
        }
        text = json.dumps(card, ensure_ascii=False, separators=(",", ":"))
        script = f"(window.numberCards ??= {{}}).{study} = {text};\n"
        (folder / f"{study}.js").write_text(script, encoding="utf-8")


def setup(app):
    """Register the role, the links and the cards."""
    app.add_config_value("corrections_address", "", "html", str)
    app.add_role_to_domain("glue", "text", LinkedNumber(), override=True)
    app.connect("doctree-read", link_prose)
    app.connect("html-page-context", link_tables, priority=600)  # after the markup is repaired
    app.connect("build-finished", write_cards)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
