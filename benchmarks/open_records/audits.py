"""The audit on trial: what checks on print alone say of papers in which every number is true."""

from dataclasses import replace
from decimal import ROUND_HALF_UP
from pathlib import Path

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from benchmarks.open_records.press import seal, write_registry
from benchmarks.open_records.records import COHORTS, open_records
from benchmarks.planting.cohorts import (
    EXCLUSIONS,
    SMALLEST_GROUP,
    KnownCohort,
    Variable,
    _cut_variables,
    _lose_measurements,
)
from benchmarks.planting.papers import print_cohort
from benchmarks.planting.printing import draw_conventions
from rairlib.checks.catalogue import CHECKS, audit
from rairlib.registry.registry import read_registry

SOURCES = {"gbsg2": 0.4, "lung": 0.3, "birth weights": 0.2, "larynx": 0.1}
# The records of the glioma trial are of 17 patients: too few for the groups of a Table 1.
COMPLETE, GAPS = "complete", "silent missing values"
MONTHS = {"gbsg2": 12 / 365.25, "lung": 12 / 365.25, "larynx": 12.0}
SPSS = {
    "rounding": ROUND_HALF_UP,
    "quantile": "weibull",
    "rank_test": "uncorrected",
    "ties": "breslow",
    "area_error": "hanley_mcneil",
    "interval": "wald",
    "ratio_p": "wald",
    "small_p": "zero",
    "leading_zero": False,
    "decimal_comma": False,
    "thousands": False,
    "minus": "-",
    "hides_large_p": False,
}
ANY = "any"


# --- Printing ----------------------------------------------------------------------------------


def write(papers: Path, sealed: Path, seed: int, number: int) -> None:
    """Print one paper twice: of patients with complete records, and with values missing unsaid."""
    for habit, ending in ((COMPLETE, ""), (GAPS, "-gaps")):
        rng = np.random.default_rng([seed, 2, number])
        source = str(rng.choice(list(SOURCES), p=list(SOURCES.values())))
        cohort = described_cohort(source, habit == GAPS, rng)
        style = replace(draw_conventions(rng), **SPSS, names_unknown=False)
        paper = print_cohort(cohort, style, rng)
        name = f"{number:04d}{ending}"
        write_registry(papers / name, paper.registry.frame())
        truth = {"source": source, "habit": habit, "numbers": len(paper.registry)}
        seal(sealed / f"{name}.json", truth)


def described_cohort(source: str, gaps: bool, rng: np.random.Generator) -> KnownCohort:
    """Draw patients and variables of an open cohort for a Table 1, models and curves."""
    records, cohort = open_records(source), COHORTS[source]
    others = [name for name in cohort.measured if name != "age"]
    kept = rng.choice(others, min(len(others), int(rng.integers(1, 4))), replace=False)
    measured = [name for name in cohort.measured if name == "age" or name in kept]
    outcome = cohort.outcome or "event_"
    records = records.dropna(subset=[outcome])
    if not gaps:
        records = records.dropna(subset=[*measured, *cohort.factors])
    while True:
        n = round(np.exp(rng.uniform(np.log(40), np.log(300))))
        chosen = records.iloc[rng.permutation(len(records))[:n]].reset_index(drop=True)
        counts = [chosen[name].sum() for name in {outcome, "event_"}]
        if all(SMALLEST_GROUP <= count <= len(chosen) - SMALLEST_GROUP for count in counts):
            break
    continuous = tuple(
        Variable(name=_plain(name), unit=unit, decimals=decimals)
        for name, (unit, decimals) in cohort.measured.items()
        if name in measured
    )
    patients = chosen[measured].astype(float).rename(columns=_plain)
    factors = _factors(cohort, chosen, patients)
    patients["outcome"] = chosen[outcome].astype(bool)
    if gaps and source != "lung":  # where values are missing as it is
        _lose_measurements(rng, patients, continuous)
    cut, cutoffs = _cut_variables(rng, patients, continuous)
    if cohort.time:
        patients["months"] = (chosen["time_"] * MONTHS[source]).round(1)
        patients["event"] = chosen["event_"].astype(bool)
    reasons = rng.choice(EXCLUSIONS, size=rng.integers(1, 4), replace=False)
    return KnownCohort(
        patients=patients,
        continuous=continuous,
        factors=factors,
        cut=cut,
        cutoffs=cutoffs,
        groups=(f"{outcome} group", "others") if cohort.outcome else cohort.groups,
        events=cohort.groups if cohort.time else (),
        sites=(),
        excluded={str(reason): int(rng.integers(2, 150)) for reason in reasons},
    )


def _plain(name: str) -> str:
    return name.replace(".", "_")


def _factors(cohort, chosen: pd.DataFrame, patients: pd.DataFrame) -> tuple[Variable, ...]:
    found = []
    for name in cohort.factors:
        levels, values = cohort.covariates[name].levels, chosen[name]
        if values.nunique() == 2:
            words = np.where(values == 1, *levels).astype(object)
            patients[name] = pd.Series(words).where(values.notna(), None)
            found.append(Variable(name=name, levels=levels))
    return tuple(found)


# --- What the pipeline does with one folder ----------------------------------------------------


def read(folder: Path) -> dict:
    """Audit one registry; keep check and status of every finding."""
    findings = audit(read_registry(folder / "reported.csv"))
    return {"findings": [[finding.check, finding.status, finding.text] for finding in findings]}


# --- What is known of the papers ---------------------------------------------------------------


def score(truths: dict[str, dict], found: dict[str, dict]) -> dict[str, pd.DataFrame]:
    """Count false proofs and doubts; every number of these papers is true.

    Parameters
    ----------
    truths, found : dict of str to dict
        By the name of the paper's folder.

    Returns
    -------
    dict of str to DataFrame
        ``audit``: columns ``values, check, papers, numbers`` (printed in these papers), ``spoke``
        (papers of which the check says anything), ``false_proofs, doubted`` (papers with one
        contradiction or suggestion, or more), ``findings_false, findings_doubt``, ``rate`` of
        papers with a false proof and its limits ``low, high`` (95 %, Wilson; with none, 0 and
        3/papers).
    """
    rows = []
    for habit in (COMPLETE, GAPS):
        names = [name for name, truth in truths.items() if truth["habit"] == habit]
        findings = {name: found[name]["findings"] for name in names}
        numbers = sum(truths[name]["numbers"] for name in names)
        for check in (ANY, *(check.name for check in CHECKS)):
            of_check = {
                name: [status for own, status, _ in several if check in (ANY, own)]
                for name, several in findings.items()
            }
            if any(of_check.values()):
                head = {"values": habit, "check": check, "papers": len(names), "numbers": numbers}
                rows.append({**head, **_rates(list(of_check.values()))})
    return {"audit": pd.DataFrame(rows)}


def _rates(papers: list[list[str]]) -> dict:
    spoke = sum(map(bool, papers))
    false = sum("contradicted" in statuses for statuses in papers)
    low, high = proportion_confint(false, len(papers), method="wilson")
    if not false:
        low, high = 0.0, min(1.0, 3 / len(papers))
    return {
        "spoke": spoke,
        "false_proofs": false,
        "doubted": sum("suggests" in statuses for statuses in papers),
        "findings_false": sum(statuses.count("contradicted") for statuses in papers),
        "findings_doubt": sum(statuses.count("suggests") for statuses in papers),
        "rate": false / len(papers),
        "low": low,
        "high": high,
    }
