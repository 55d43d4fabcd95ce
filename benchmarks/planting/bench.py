"""Audit registries with and without a planted error, and keep what each check said."""

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from benchmarks.clean_registries import open_paper
from benchmarks.planting.detectable import is_detectable, relations_of
from benchmarks.planting.errors import KINDS, PlantedError, plant_error
from benchmarks.planting.papers import HABITS, ROUNDED, known_paper
from rairlib.checks.catalogue import audit
from rairlib.checks.findings import Finding

BLOCK = 10
EVERY = 4
"""One cohort of so many is also printed in every other habit; one is drawn from open records."""
OPEN_RECORDS = "open records"
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
        One of `HABITS` or ``open records``: without an error; ``planted``: with one.
    kind, statistic : str
        Of the planted error; empty without one.
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
    detectable : bool
        Whether a planted error breaks a relation, see :mod:`benchmarks.planting.detectable`.
    source : str
        ``simulated`` or ``open records``: the patients of the paper with the error.
    """

    cohort: int
    registry: str
    kind: str = ""
    statistic: str = ""
    check: str
    looked: bool
    contradicted: bool
    suggested: bool
    unnamed: bool = False
    detectable: bool = False
    source: str = ""


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
    of_open_records = cohort % EVERY == EVERY - 1
    paper = (open_paper if of_open_records else known_paper)(np.random.default_rng([seed, cohort]))
    clean, relations = audit(paper.registry), relations_of(paper)
    outcomes = _clean_outcomes(cohort, OPEN_RECORDS if of_open_records else ROUNDED, clean)
    if cohort % EVERY == 0:
        for habit in list(HABITS)[1:]:
            other = known_paper(np.random.default_rng([seed, cohort]), habit)
            outcomes += _clean_outcomes(cohort, habit, audit(other.registry))
    for place, kind in enumerate(KINDS):
        error = plant_error(paper, kind, np.random.default_rng([seed, cohort, place]))
        if error is not None:
            numbers = {name: error.registry[name].number for name in error.texts}
            outcomes += _planted_outcomes(
                cohort,
                error,
                clean,
                detectable=is_detectable(numbers, relations),
                source=OPEN_RECORDS if of_open_records else "simulated",
            )
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


def _planted_outcomes(
    cohort: int, error: PlantedError, clean: list[Finding], **more
) -> list[Outcome]:
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
            check=check,
            looked=check in looked or (check == ANY and bool(looked)),
            contradicted=check in named or (check == ANY and bool(named)),
            suggested=check in suggested or (check == ANY and bool(suggested)),
            unnamed=check in unnamed or (check == ANY and bool(unnamed)),
            **more,
        )
        for check in sorted(looked | named | unnamed | suggested | {ANY})
    ]


def _identity(finding: Finding) -> tuple:
    return finding.check, finding.status, finding.target, finding.uses
