"""How far a simulated cohort is from the numbers that it should meet."""

import pandas as pd

from rairlib.printed import parse_printed
from rairlib.tables import what

NO_PROPERTY = "not a property of the cohort"


def distances(achieved: pd.DataFrame) -> pd.DataFrame:
    """Measure the distance of every missed number from the print.

    Parameters
    ----------
    achieved : DataFrame
        See :func:`rairlib.chapters.common.load_achieved`.

    Returns
    -------
    DataFrame
        Indexed by identifier: ``number, printed, achieved``, ``last digits`` (distance in
        units of the last printed digit) and ``percent`` (distance in percent of the print), the
        farthest first.
    """
    missed = achieved[achieved["hit"] == "no"]
    records = missed.fillna({"method": ""}).to_dict("records")
    rows = [_distance(record) for record in records]
    columns = ["number", "printed", "achieved", "last digits", "percent"]
    table = pd.DataFrame(rows, columns=columns, index=pd.Index(missed["id"], name="id"))
    return table.sort_values("last digits", ascending=False, kind="stable")


def _distance(record: dict) -> tuple:
    printed = parse_printed(record["printed"])
    apart = abs(record["achieved"] - printed.value)
    relative = 100 * apart / abs(printed.value) if printed.value else float("nan")
    return (
        ", ".join(part for part in (what(record), record["method"]) if part),
        record["printed"],
        record["achieved"],
        apart * 10**printed.decimals,
        relative,
    )


def hits_by_place(achieved: pd.DataFrame, role: str) -> pd.DataFrame:
    """Count the hits of one role by place and statistic.

    Parameters
    ----------
    achieved : DataFrame
        See :func:`rairlib.chapters.common.load_achieved`.
    role : str
        For example ``anchor``.

    Returns
    -------
    DataFrame
        Indexed by place and statistic: ``hit, missed``; numbers that are not a property of a
        cohort are left out.
    """
    chosen = achieved[(achieved["role"] == role) & (achieved["hit"] != NO_PROPERTY)]
    words = {"yes": "hit", "no": "missed"}
    statistic = chosen["statistic"].str.replace("_", " ")
    counts = pd.crosstab([chosen["locus"], statistic], chosen["hit"].replace(words))
    order = list(dict.fromkeys(zip(chosen["locus"], statistic, strict=True)))
    counts = counts.reindex(index=order, columns=["hit", "missed"], fill_value=0)
    return counts.rename_axis(index=["place", "statistic"], columns=None)
