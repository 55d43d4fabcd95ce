"""Write recomputed numbers as the print writes its own, so that both can stand side by side."""

import math
from collections.abc import Iterable

import pandas as pd

from rairlib.compare import agreeing, match
from rairlib.printed import format_value
from rairlib.reported import Registry, ReportedNumber


def recomputed(registry: Registry, results: pd.DataFrame) -> dict[str, float]:
    """Return what an analysis gives for each reported number that it answers.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.
    results : DataFrame
        Columns ``statistic, variable, level, group, method, value``, see
        :mod:`rairlib.papers`.

    Returns
    -------
    dict of str to float
        By identifier; where several methods may be meant, the one that agrees with the print.
    """
    return {
        identifier: agreeing(registry[identifier], values)[1]
        for identifier, values in match(registry, results).items()
    }


def shown(row: ReportedNumber, value: float) -> str:
    """Write a recomputed value with the decimals of the print; a small p value with one digit.

    Parameters
    ----------
    row : ReportedNumber
        The number as printed.
    value : float
        The number as recomputed; NaN if it is not.

    Returns
    -------
    str
        A dash if nothing was recomputed.
    """
    if math.isnan(value):
        return "–"
    decimals = row.number.decimals
    if row.number.operator == "=" and row.number.agrees(value):
        return format_value(row.number.value, decimals)  # a tie may be rounded either way
    if row.statistic == "p_value" and value < 10.0**-decimals:
        return f"{value:.1g}"
    return format_value(value, decimals)


def cell(rows: Iterable[ReportedNumber], values: dict[str, float] | None = None) -> str:
    """Join numbers as papers do, 47 (36, 59): from `values` if given, else as printed.

    Parameters
    ----------
    rows : iterable of ReportedNumber
        The first stands before the bracket; two ends of a range are joined by a dash.
    values : dict of str to float, optional
        See :func:`recomputed`.

    Returns
    -------
    str
        For a table.
    """
    rows = list(rows)
    texts = [
        row.printed if values is None else shown(row, values.get(row.id, math.nan)) for row in rows
    ]
    if rows[0].statistic == "minimum":
        return "–".join(texts)
    return texts[0] if len(texts) == 1 else f"{texts[0]} ({', '.join(texts[1:])})"


def agree(rows: Iterable[ReportedNumber], values: dict[str, float]) -> str:
    """Say whether all recomputed numbers round to the print, or how many do.

    Parameters
    ----------
    rows, values
        As for :func:`cell`.

    Returns
    -------
    str
        ``yes`` or, for example, ``2 of 3``.
    """
    rows = list(rows)
    hits = sum(row.number.agrees(values.get(row.id, math.nan)) for row in rows)
    return "yes" if hits == len(rows) else f"{hits} of {len(rows)}"


def attached(registry: Registry, row: ReportedNumber, statistic: str) -> ReportedNumber:
    """Return the number that belongs to another one, repeats left out.

    Parameters
    ----------
    registry : Registry
        Any paper.
    row : ReportedNumber
        For example a hazard ratio.
    statistic : str
        For example ``p_value``.

    Returns
    -------
    ReportedNumber
        There must be exactly one.
    """
    (found,) = [one for one in registry.belonging_to(row.id, statistic) if not one.repeats]
    return found


def with_limits(registry: Registry, ratio: ReportedNumber) -> list[ReportedNumber]:
    """Return a ratio and both its limits.

    Parameters
    ----------
    registry, ratio
        As for :func:`attached`.

    Returns
    -------
    list of ReportedNumber
        Three numbers.
    """
    return [ratio, *(attached(registry, ratio, name) for name in ("ci_low", "ci_high"))]
