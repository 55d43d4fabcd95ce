"""Papers on open records, computed by other programs: the audit has nothing to object to."""

import pytest

from benchmarks.clean_registries import CLEAN_HABITS, OPEN, clean_registry
from benchmarks.planting.papers import PAIRED, ROUNDED, WEIGHTED
from rairlib.checks.catalogue import audit

# Every data set as it is and in two habits, every habit with two data sets or more.
PAPERS = [(name, ROUNDED) for name in OPEN]
PAPERS += [
    (name, CLEAN_HABITS[1 + (place + turn) % (len(CLEAN_HABITS) - 1)])
    for place, name in enumerate(OPEN)
    for turn in (0, 2)
]


@pytest.mark.parametrize(("name", "habit"), PAPERS)
def test_clean_registry_gives_neither_proof_nor_doubt(name, habit):
    paper = clean_registry(name, habit)
    found = [f for f in audit(paper.registry) if f.status in ("contradicted", "suggests")]
    assert [(finding.check, finding.text) for finding in found] == []


def test_registries_hold_what_papers_print():
    """Counted by hand of what a Table 1, models, curves and comparisons need."""
    statistics, methods = set(), set()
    for name in ("gbsg2", "lung"):
        for habit in (ROUNDED, PAIRED, WEIGHTED):
            paper = clean_registry(name, habit)
            statistics |= {row.statistic for row in paper.registry}
            methods |= {row.method for row in paper.registry}
    assert statistics >= {"t_statistic", "mean_difference", "risk_ratio", "median_survival", "auc"}
    assert statistics >= {"odds_ratio", "hazard_ratio", "survival_percent", "sensitivity", "rate"}
    assert any("weighted" in method for method in methods)
