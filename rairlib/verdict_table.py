"""The full table of verdicts for the book: HTML in which every row has an address."""

from html import escape

import pandas as pd

from rairlib.tables import beside

COLUMNS = (
    "number",
    "study",
    "place",
    "what it is",
    "printed",
    "recomputed",
    "verdict",
    "evidence",
    "test",
    "role",
    "reason",
)
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
    """Return the table of all verdicts, one row with its own address per number.

    Parameters
    ----------
    verdicts : DataFrame
        See :func:`rairlib.verdicts.all_verdicts`.

    Returns
    -------
    MarkedUp
        Columns ``number, study, place, what it is, printed, recomputed, verdict, evidence, test,
        role, reason``.
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
            "reason": verdicts["reason"].to_list(),
        }
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in COLUMNS)
    rows = [
        _row(study, identifier, texts)
        for study, identifier, texts in zip(
            verdicts["study"], verdicts["id"], cells.itertuples(index=False), strict=True
        )
    ]
    body = "\n".join(rows)
    markup = (
        '<table class="dataframe verdicts">\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    )
    return MarkedUp(markup, f"Table of {len(cells)} verdicts")


def _row(study: str, identifier: str, texts: tuple[str, ...]) -> str:
    anchor = escape(address(study, identifier))
    link = f'<a href="#{anchor}">{escape(identifier)}</a>'
    *others, reason = texts
    cells = [escape(text) for text in others] + [_reason(study, reason)]
    data = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr id="{anchor}"><th scope="row">{link}</th>{data}</tr>'


def _reason(study: str, reason: str) -> str:
    """Return a reason as HTML; a repeated number leads to the row of its original."""
    original = reason.removeprefix(REPEATS)
    if original == reason:
        return escape(reason)
    return f'{REPEATS}<a href="#{escape(address(study, original))}">{escape(original)}</a>'
