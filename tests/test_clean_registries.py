"""Papers on open records, computed by other programs: the audit has nothing to object to."""

from functools import cache

import pytest

from benchmarks.clean_registries import CLEAN_HABITS, OPEN, clean_registry
from benchmarks.planting.papers import ROUNDED
from rairlib.checks.catalogue import audit

# Every data set as it is and in two habits, every habit with two data sets or more.
PAPERS = [(name, ROUNDED) for name in OPEN]
PAPERS += [
    (name, CLEAN_HABITS[1 + (place + turn) % (len(CLEAN_HABITS) - 1)])
    for place, name in enumerate(OPEN)
    for turn in (0, 2)
]
printed = cache(clean_registry)


@pytest.mark.parametrize(("name", "habit"), PAPERS)
def test_clean_registry_gives_neither_proof_nor_doubt(name, habit):
    paper = printed(name, habit)
    found = [f for f in audit(paper.registry) if f.status in ("contradicted", "suggests")]
    assert [(finding.check, finding.text) for finding in found] == []


def test_registries_hold_what_papers_print():
    rows = [row for name, habit in PAPERS for row in printed(name, habit).registry]
    statistics, methods = {row.statistic for row in rows}, {row.method for row in rows}
    assert statistics >= {"t_statistic", "mean_difference", "risk_ratio", "median_survival", "auc"}
    assert statistics >= {"odds_ratio", "hazard_ratio", "survival_percent", "sensitivity", "rate"}
    assert statistics >= {"h_statistic", "chi_square", "risk_difference", "number_needed_to_treat"}
    assert methods >= {"mcnemar", "paired_t", "weighted", "univariable", ""}
    assert any(method.endswith("90%") for method in methods)
    assert any(method.endswith("one_sided") for method in methods)
    assert len({habit for _, habit in PAPERS}) == len(CLEAN_HABITS)
