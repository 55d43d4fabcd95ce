"""The full table of verdicts for the book: HTML in which every row has an address."""

from html import escape

import pandas as pd

from rairlib.tables import beside

REPEATS = "repeats "


class MarkedUp:
    """A table that a notebook shows as HTML and a terminal as one line.

    Parameters
    ----------
    markup : str
        The HTML.
    text : str
        What stands in its place where HTML is not shown.
    """

    def __init__(self, markup: str, text: str) -> None:
        self.markup = markup
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.markup


def address(study: str, identifier: str) -> str:
    """Return the fragment under which the page of verdicts shows a number.

    Parameters
    ----------
    study, identifier : str
        Key of the study and identifier of the number.

    Returns
    -------
    str
        For example ``lakhdar2024-table1-12``.
    """
    return f"{study}-{identifier}"


def verdict_table(verdicts: pd.DataFrame) -> MarkedUp:
    """Return the table of all verdicts, with its own address for each number.

    Parameters
    ----------
    verdicts : DataFrame
        See :func:`rairlib.verdicts.all_verdicts`.

    Returns
    -------
    MarkedUp
        Columns ``number, study, place, what it is, printed, recomputed, verdict, evidence, test,
        role``; the second row has the reason, if there is one.
    """
    table = beside(verdicts)
    cells = pd.DataFrame(
        {
            "study": verdicts["study"].to_list(),
            "place": table["place"].to_list(),
            "what it is": table["number"].to_list(),
            "printed": table["printed"].to_list(),
            "recomputed": table["recomputed"].to_list(),
            "verdict": verdicts["verdict"].to_list(),
            "evidence": verdicts["evidence"].to_list(),
            "test": verdicts["test"].to_list(),
            "role": verdicts["role"].str.replace("_", " ").to_list(),
        }
    )
    columns = ["number", *cells.columns]
    # The names of the fields where book.css shows each number as a card, without a head.
    names = "\n".join(
        f'.verdicts td:nth-child({place}) {{ --name: "{name}: "; }}'
        for place, name in enumerate(columns, start=1)
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    keys = zip(verdicts["study"], verdicts["id"], verdicts["reason"], strict=True)
    rows = zip(keys, cells.itertuples(index=False), strict=True)
    bodies = "\n".join(_body(*key, texts) for key, texts in rows)
    markup = (
        f'<style>\n{names}\n</style>\n<table class="dataframe verdicts">\n'
        f"<thead><tr>{head}</tr></thead>\n{bodies}\n</table>"
    )
    return MarkedUp(markup, f"Table of {len(cells)} verdicts")


def _body(study: str, identifier: str, reason: str, texts: tuple[str, ...]) -> str:
    anchor = escape(address(study, identifier))
    link = f'<a href="#{anchor}">{escape(identifier)}</a>'
    data = "".join(f"<td>{escape(text)}</td>" for text in texts)
    row = f'<tr><th scope="row">{link}</th>{data}</tr>'
    if reason:
        why = f'<td class="reason" colspan="{len(texts) + 1}">{_reason(study, reason)}</td>'
        row += f'<tr class="reason">{why}</tr>'
    return f'<tbody id="{anchor}">{row}</tbody>'


def _reason(study: str, reason: str) -> str:
    """Return a reason as HTML; a repeated number leads to the row of its original."""
    original = reason.removeprefix(REPEATS)
    if original == reason:
        return escape(reason)
    return f'{REPEATS}<a href="#{escape(address(study, original))}">{escape(original)}</a>'
