"""Papers on open records, computed by other programs: the audit has nothing to object to."""

from functools import cache

import pytest

from benchmarks.clean_registries import CLEAN_HABITS, OPEN, clean_registry
from benchmarks.planting.papers import WEIGHTED
from rairlib.checks.catalogue import audit

PAPERS = [(name, habit) for name in OPEN for habit in CLEAN_HABITS]
# Lung cancer has 14 patients without weight loss. With weighted shares alone, no print says so.
ASKED = {("lung", WEIGHTED): {"classification_table"}}
printed = cache(clean_registry)


@pytest.mark.parametrize(("name", "habit"), PAPERS)
def test_clean_registry_gives_neither_proof_nor_doubt(name, habit):
    paper = printed(name, habit)
    found = audit(paper.registry)
    assert [finding.text for finding in found if finding.status == "contradicted"] == []
    asked = {finding.check for finding in found if finding.status == "suggests"}
    assert asked == ASKED.get((name, habit), set())


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
