"""Ranges over an ensemble of consistent cohorts, beside the print and for what is not printed."""

import pandas as pd

from rairlib.compare import central_range
from rairlib.errors import RairlibError
from rairlib.reported import Registry, ReportedNumber
from rairlib.results import composition_of
from rairlib.tables import what

KEY = ["statistic", "variable", "level", "group"]


def ranges_beside_print(
    registry: Registry, ensemble: pd.DataFrame, role: str = "held_out"
) -> pd.DataFrame:
    """Set reported numbers beside their range over consistent cohorts.

    Parameters
    ----------
    registry : Registry
        Reported numbers of the study.
    ensemble : DataFrame
        See :func:`rairlib.studies.load_ensemble`.
    role : str
        The role of the numbers that are wanted.

    Returns
    -------
    DataFrame
        Indexed by identifier, in the order of the paper, repeats left out: ``number, printed``,
        ``2.5 %``, ``median``, ``97.5 %`` over the cohorts, whether this range holds a value that
        rounds to the print, and the percentage of cohorts whose value does; see
        :func:`with_composition`.
    """
    by_key = dict(list(ensemble.groupby(KEY, sort=False)))
    rows = {}
    for row in registry:
        if row.role == role and not row.repeats and row.key[:4] in by_key:
            rows[row.id] = _beside(row, _of_method(by_key[row.key[:4]], row.method)["value"])
    return with_composition(
        registry, pd.DataFrame.from_dict(rows, orient="index").rename_axis("id")
    )


def with_composition(registry: Registry, table: pd.DataFrame) -> pd.DataFrame:
    """Mark the numbers that rest on a composition chosen in view of held-out numbers.

    Parameters
    ----------
    registry : Registry
        Reported numbers of the study.
    table : DataFrame
        Indexed by identifier.

    Returns
    -------
    DataFrame
        With a column ``rests on the choice``, yes or no, if any of the numbers does.
    """
    rests = [composition_of(registry.study, registry[name]) != "" for name in table.index]
    words = ["yes" if rest else "no" for rest in rests]
    return table.assign(**{"rests on the choice": words}) if any(rests) else table


def _of_method(part: pd.DataFrame, method: str) -> pd.DataFrame:
    """Keep the method that the print names, or the first where it names none."""
    wanted = method if (part["method"] == method).any() else part["method"].iloc[0]
    return part[part["method"] == wanted]


def _beside(row: ReportedNumber, values: pd.Series) -> dict:
    low, high = central_range(values)
    record = {name: getattr(row, name) for name in (*KEY, "printed")}
    return {
        "number": what(record),
        "printed": row.printed,
        "2.5 %": low,
        "median": values.median(),
        "97.5 %": high,
        "holds the print": "yes" if row.number.overlaps(low, high) else "no",
        "round to the print, %": 100 * values.map(row.number.agrees).mean(),
    }


def unpublished_ranges(table: pd.DataFrame) -> pd.DataFrame:
    """Say what the print leaves open for numbers that it does not state.

    Parameters
    ----------
    table : DataFrame
        Columns ``cohort, quantity, value``.

    Returns
    -------
    DataFrame
        Indexed by quantity in order of appearance: ``cohorts`` with a value, ``smallest``,
        ``2.5 %``, ``median``, ``97.5 %``, ``largest``.
    """
    rows = {}
    for quantity, part in table.groupby("quantity", sort=False):
        values = part["value"].dropna()
        low, high = central_range(values)
        rows[quantity] = {
            "cohorts": len(values),
            "smallest": values.min(),
            "2.5 %": low,
            "median": values.median(),
            "97.5 %": high,
            "largest": values.max(),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("quantity")


def quantities(ranges: pd.DataFrame, labels: dict[tuple[str, str], str]) -> dict[str, str]:
    """Find quantities by topic and name, and label them.

    Parameters
    ----------
    ranges : DataFrame
        Indexed by quantity, see :func:`unpublished_ranges`.
    labels : dict of (str, str) to str
        Topic and name, as the module of the unpublished quantities has them → label.

    Returns
    -------
    dict of str to str
        Quantity as indexed → label, in the order of the labels.

    Raises
    ------
    RairlibError
        If a quantity is absent or stands twice.
    """
    found = {}
    for (topic, name), label in labels.items():
        hits = [q for q in ranges.index if q.startswith(topic) and _rest(q, topic) == name]
        if len(hits) != 1:
            raise RairlibError(f"{topic}, {name}: {len(hits)} quantities have this name")
        found[hits[0]] = label
    return found


def _rest(quantity: str, topic: str) -> str:
    return quantity.removeprefix(topic).lstrip(" :,|/")


def for_figure(ranges: pd.DataFrame, labels: dict[str, str], printed: bool = True) -> pd.DataFrame:
    """Turn ranges into what a figure of ranges needs.

    Parameters
    ----------
    ranges : DataFrame
        See :func:`ranges_beside_print` or :func:`unpublished_ranges`.
    labels : dict of str to str
        Index of the rows that are wanted, in order → label for readers.
    printed : bool
        Whether the ranges have printed numbers.

    Returns
    -------
    DataFrame
        As :func:`rairlib.figures.ranges.draw_ranges` needs it; without the rows for which no
        cohort has a finite value.
    """
    chosen = ranges.loc[list(labels)].dropna(subset=["median"])
    inside = chosen.get("holds the print", pd.Series(dtype=str)) == "yes"
    return pd.DataFrame(
        {
            "inside": inside.to_numpy() if printed else False,
            "label": [labels[name] for name in chosen.index],
            "low": chosen["2.5 %"].to_numpy(),
            "median": chosen["median"].to_numpy(),
            "high": chosen["97.5 %"].to_numpy(),
            "printed": pd.to_numeric(chosen["printed"]).to_numpy() if printed else float("nan"),
        }
    )
