"""Audit registries with and without a planted error, and keep what each check said."""

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from benchmarks.planting.errors import KINDS, PlantedError, plant_error
from benchmarks.planting.papers import HABITS, ROUNDED, known_paper
from rairlib.checks.catalogue import audit
from rairlib.checks.findings import Finding

BLOCK = 10
EVERY = 4
"""One cohort of so many is also printed with the rarer habits."""
PLANTED = "planted"
ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one check said about one registry.

    Attributes
    ----------
    cohort : int
        Number of the known cohort.
    registry : str
        One of `HABITS`: without an error; ``planted``: with one.
    kind, statistic, weight
        Of the planted error; empty and 1 without one.
    check : str
        Name of the check; ``any`` for all checks together.
    looked : bool
        Whether it has a finding; with a planted error, one that names a changed number while
        that number was still right.
    contradicted : bool
        Whether it has a contradiction; with a planted error, one that names a changed number.
    suggested : bool
        The same of suggestions; with a planted error, those made before do not count.
    unnamed : bool
        Whether a planted error led to a contradiction that names no changed number.
    """

    cohort: int
    registry: str
    kind: str = ""
    statistic: str = ""
    weight: float = 1.0
    check: str
    looked: bool
    contradicted: bool
    suggested: bool
    unnamed: bool = False


def run_bench(seed: int, cohorts: Iterable[int], jobs: int = 1, block: int = BLOCK) -> pd.DataFrame:
    """Audit known cohorts without an error and with one error of each kind.

    Parameters
    ----------
    seed : int
        Seed of the bench; each cohort has its own stream of random numbers.
    cohorts : iterable of int
        Numbers of the cohorts.
    jobs : int
        Processes; the result does not depend on them.
    block : int
        Cohorts that one process takes at a time.

    Returns
    -------
    DataFrame
        One row per :class:`Outcome`, in the order of the cohorts.
    """
    numbers = list(cohorts)
    blocks = [numbers[start : start + block] for start in range(0, len(numbers), block)]
    results = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(_audit_block)(seed, chosen) for chosen in blocks
    )
    records = [
        asdict(outcome) for block in _with_progress(results, len(blocks)) for outcome in block
    ]
    return pd.DataFrame(records)


def _with_progress(results: Iterable, total: int) -> Iterator:
    start = time.perf_counter()
    for done, result in enumerate(results, start=1):
        if sys.stderr.isatty() or done % 10 == 0 or done == total:
            elapsed = time.perf_counter() - start
            print(f"{done} of {total} blocks of cohorts, {elapsed:.0f} s", file=sys.stderr)
        yield result


def _audit_block(seed: int, cohorts: list[int]) -> list[Outcome]:
    return [outcome for cohort in cohorts for outcome in audit_cohort(seed, cohort)]


def audit_cohort(seed: int, cohort: int) -> list[Outcome]:
    """Audit all registries of one known cohort.

    Parameters
    ----------
    seed, cohort : int
        Seed of the bench and number of the cohort.

    Returns
    -------
    list of Outcome
        Of the rounded registry, of one registry per kind of error that the paper has a number
        for and, in some cohorts, of those with other habits.
    """
    paper = known_paper(np.random.default_rng([seed, cohort]))
    clean = audit(paper.registry)
    outcomes = _clean_outcomes(cohort, ROUNDED, clean)
    if cohort % EVERY == 0:
        for habit in list(HABITS)[1:]:
            other = known_paper(np.random.default_rng([seed, cohort]), habit)
            outcomes += _clean_outcomes(cohort, habit, audit(other.registry))
    for place, kind in enumerate(KINDS):
        error = plant_error(paper, kind, np.random.default_rng([seed, cohort, place]))
        if error is not None:
            outcomes += _planted_outcomes(cohort, error, clean)
    return outcomes


def _clean_outcomes(cohort: int, registry: str, findings: list[Finding]) -> list[Outcome]:
    by_check: dict[str, set[str]] = {ANY: {finding.status for finding in findings}}
    for finding in findings:
        by_check.setdefault(finding.check, set()).add(finding.status)
    return [
        Outcome(
            cohort=cohort,
            registry=registry,
            check=check,
            looked=True,
            contradicted="contradicted" in statuses,
            suggested="suggests" in statuses,
        )
        for check, statuses in by_check.items()
    ]


def _names(finding: Finding, changed) -> bool:
    return not changed.isdisjoint((finding.target, *finding.uses))


def _planted_outcomes(cohort: int, error: PlantedError, clean: list[Finding]) -> list[Outcome]:
    changed = set(error.texts)
    found = audit(error.registry)
    before = {_identity(finding) for finding in clean}
    looked = {f.check for f in clean if _names(f, changed)}
    contradictions = [f for f in found if f.status == "contradicted"]
    named = {f.check for f in contradictions if _names(f, changed)}
    unnamed = {f.check for f in contradictions if not _names(f, changed)}
    suggested = {
        f.check
        for f in found
        if f.status == "suggests" and _names(f, changed) and _identity(f) not in before
    }
    return [
        Outcome(
            cohort=cohort,
            registry=PLANTED,
            kind=error.kind,
            statistic=error.statistic,
            weight=error.weight,
            check=check,
            looked=check in looked or (check == ANY and bool(looked)),
            contradicted=check in named or (check == ANY and bool(named)),
            suggested=check in suggested or (check == ANY and bool(suggested)),
            unnamed=check in unnamed or (check == ANY and bool(unnamed)),
        )
        for check in sorted(looked | named | unnamed | suggested | {ANY})
    ]


def _identity(finding: Finding) -> tuple:
    return finding.check, finding.status, finding.target, finding.uses
