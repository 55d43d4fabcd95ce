"""Rates of false alarms and of errors found, with their uncertainty."""

import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from benchmarks.planting.bench import ANY, OPEN_RECORDS, PLANTED
from benchmarks.planting.errors import KINDS
from benchmarks.planting.papers import HABITS, ROUNDED
from rairlib.checks.catalogue import CHECKS
from rairlib.registry.vocabulary import STATISTICS

COLUMNS = (
    "table",
    "cohorts",
    "check",
    "kind",
    "statistic",
    "registries",
    "found",
    "rate",
    "low",
    "high",
)
FIRST_COHORTS = 6
"""Cohorts whose rates are also kept by themselves, so that a test can repeat them."""
DECIMALS = 5


def rates_of(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Count outcomes and compute rates.

    Parameters
    ----------
    outcomes : DataFrame
        As returned by :func:`benchmarks.planting.bench.run_bench`.

    Returns
    -------
    DataFrame
        One row per rate; columns ``table, cohorts, check, kind, statistic, registries, found,
        rate, low, high``. `table` is one of

        * ``false alarms``: papers without an error in which a check that had something to say
          contradicts a number, and ``suggestions without error``: doubts one; of papers that
          round and hide nothing. `low` and `high` are 0 and 3/registries (rule of three) where
          there is no false alarm;
        * the same ``, HABIT`` for each other habit and for papers on open records;
        * ``found``: planted errors that any check contradicts, by kind and by statistic;
        * ``found or suggested``: the same, suggestions that were not made before included;
        * ``detectable``: planted errors that break a relation between printed numbers, and
          ``detectable found``, ``detectable found or suggested``: how many of these are;
        * ``detectable found or suggested, open records``: the same of papers on open records;
        * ``found by check``: planted errors in numbers that the check looks at, and those that
          it contradicts;
        * ``not named``: planted errors with a contradiction that names no changed number.

        Intervals are Wilson's, 95 %. ``any`` stands for all.
    """
    planted = outcomes[outcomes["registry"] == PLANTED]
    together = planted[planted["check"] == ANY]
    either = together.assign(contradicted=together["contradicted"] | together["suggested"])
    seen = together.assign(contradicted=together["detectable"])
    of_open = (together["source"] == OPEN_RECORDS) & together["detectable"]
    rows = []
    for habit in (ROUNDED, *list(HABITS)[1:], OPEN_RECORDS):
        clean = outcomes[outcomes["registry"] == habit]
        name = "" if habit == ROUNDED else f", {habit}"
        for table, column in (
            ("false alarms", "contradicted"),
            ("suggestions without error", "suggested"),
        ):
            by_check = _by_check(table + name, clean, column)
            # Beyond the usual papers only checks that object.
            rows += [r for r in by_check if not name or r["check"] == ANY or r["found"]]
    rows += [
        *_by_kind_and_statistic("found", together),
        *_by_kind_and_statistic("found or suggested", either),
        *_by_kind_and_statistic("detectable", seen),
        *_by_kind_and_statistic("detectable found", together[together["detectable"]]),
        *_by_kind_and_statistic("detectable found or suggested", either[either["detectable"]]),
        *_by_kind_and_statistic("detectable found or suggested, open records", either[of_open], ()),
        *_by_check("found by check", planted[planted["looked"]], "contradicted"),
        *_by_check("not named", planted[planted["check"] == ANY], "unnamed"),
    ]
    cohorts = outcomes["cohort"]
    table = pd.DataFrame(rows).assign(cohorts=f"{cohorts.min()}-{cohorts.max()}")
    return table[list(COLUMNS)].round(DECIMALS)


def bench_table(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return the rates over all cohorts, followed by those over the first few."""
    first = outcomes[outcomes["cohort"] < FIRST_COHORTS]
    return pd.concat([rates_of(outcomes), rates_of(first)], ignore_index=True)


def _rate(table: str, hits: pd.Series, check=ANY, kind=ANY, statistic=ANY, low_high=None) -> dict:
    found, registries = int(hits.sum()), len(hits)
    low, high = low_high or proportion_confint(found, registries, method="wilson")
    return {
        "table": table,
        "check": check,
        "kind": kind,
        "statistic": statistic,
        "registries": registries,
        "found": found,
        "rate": found / registries,
        "low": float(low),
        "high": float(high),
    }


def _by_check(table: str, outcomes: pd.DataFrame, column: str) -> list[dict]:
    rows = []
    for check in (ANY, *(check.name for check in CHECKS)):
        hits = outcomes.loc[outcomes["check"] == check, column]
        if len(hits):
            three = table.startswith("false") and not hits.any()
            limits = (0.0, min(1.0, 3 / len(hits))) if three else None
            rows.append(_rate(table, hits, check=check, low_high=limits))
    return rows


def _by_kind_and_statistic(table: str, outcomes: pd.DataFrame, by=("kind", "statistic")):
    """Return the rate of all, and by kind and by statistic in the order of their lists."""
    if outcomes.empty:
        return []
    order = {"kind": [kind.name for kind in KINDS], "statistic": list(STATISTICS)}
    rows = [_rate(table, outcomes["contradicted"])]
    for column in by:
        hits = dict(iter(outcomes.groupby(column)["contradicted"]))
        rows += [
            _rate(table, hits[name], **{column: name}) for name in order[column] if name in hits
        ]
    return rows
