"""Rates of false alarms and of errors found, with their uncertainty."""

import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from benchmarks.planting.bench import ANY, PLANTED
from benchmarks.planting.errors import KINDS
from benchmarks.planting.papers import CUT_OFF, ROUNDED, SILENT_GAPS
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

        * ``false alarms``: registries without an error in which a check that had something to
          say contradicts a number. `low` and `high` are 0 and 3/registries (rule of three)
          where there is none;
        * ``false alarms, digits cut off``, ``false alarms, silent gaps``: the same where the
          paper cuts digits off, and where values are missing without a word;
        * ``suggestions without error``: registries without an error with a suggestion;
        * ``found``: planted errors that any check contradicts, by kind and statistic;
        * ``found or suggested``: the same, suggestions that were not made before included;
        * ``found at random``: the same as ``found``, reweighted as if every printed number were
          hit with equal chance;
        * ``found by check``: planted errors in numbers that the check looks at, and those that
          it contradicts;
        * ``not named``: planted errors with a contradiction that names no changed number.

        Intervals are Wilson's, 95 %. ``any`` stands for all.
    """
    planted = outcomes[outcomes["registry"] == PLANTED]
    together = planted[planted["check"] == ANY]
    either = together.assign(contradicted=together["contradicted"] | together["suggested"])
    rounded = outcomes[outcomes["registry"] == ROUNDED]
    rows = [
        *_by_check("false alarms", rounded, "contradicted"),
        *(
            row
            for habit in (CUT_OFF, SILENT_GAPS)
            for row in _by_check(
                f"false alarms, {habit}", outcomes[outcomes["registry"] == habit], "contradicted"
            )
        ),
        *_by_check("suggestions without error", rounded, "suggested"),
        *_by_kind_and_statistic("found", together),
        *_by_kind_and_statistic("found or suggested", either),
        *_reweighted(together),
        *_by_check("found by check", planted[planted["looked"]], "contradicted"),
        *_by_check_and_kind(planted[planted["looked"] & (planted["check"] != ANY)]),
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


def _by_kind_and_statistic(table: str, outcomes: pd.DataFrame) -> list[dict]:
    rows = []
    for kind in (ANY, *(kind.name for kind in KINDS)):
        of_kind = outcomes if kind == ANY else outcomes[outcomes["kind"] == kind]
        for statistic in (ANY, *STATISTICS):
            chosen = of_kind if statistic == ANY else of_kind[of_kind["statistic"] == statistic]
            if len(chosen):
                rows.append(_rate(table, chosen["contradicted"], kind=kind, statistic=statistic))
    return rows


def _by_check_and_kind(outcomes: pd.DataFrame) -> list[dict]:
    rows = []
    for check in (check.name for check in CHECKS):
        for kind in (kind.name for kind in KINDS):
            chosen = outcomes[(outcomes["check"] == check) & (outcomes["kind"] == kind)]
            if len(chosen):
                rows.append(_rate("found by check", chosen["contradicted"], check, kind))
    return rows


def _reweighted(outcomes: pd.DataFrame) -> list[dict]:
    """Weight each error by the share of its statistic among the printed numbers."""
    rows = []
    for kind in (kind.name for kind in KINDS):
        chosen = outcomes[outcomes["kind"] == kind]
        if chosen.empty:
            continue
        weights, hits = chosen["weight"], chosen["contradicted"]
        rate = float((weights * hits).sum() / weights.sum())
        # Kish's effective number of registries.
        effective = weights.sum() ** 2 / (weights**2).sum()
        limits = proportion_confint(rate * effective, effective, method="wilson")
        rows.append(_rate("found at random", hits, kind=kind, low_high=limits) | {"rate": rate})
    return rows
