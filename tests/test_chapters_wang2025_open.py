"""What hangs on the wording of the Qingdao paper, and what its print leaves open."""

import pandas as pd
import pytest

from rairlib.checks.wording import load_text_findings
from rairlib.errors import RairlibError
from rairlib.pages import common
from rairlib.registry.registry import load_registry
from rairlib.registry.studies import load_ensemble, load_witness
from rairlib.studies.wang2025 import analysis, pages
from rairlib.studies.wang2025.pages import ranges_by_composition
from rairlib.verdicts.verdicts import study_results

RANGES = pd.DataFrame(
    index=["Table 5: concordance", "landmark at 12 months: patients", "avidity: hazard ratio, RAIR"]
)


def test_every_finding_on_the_wording_has_its_consequence():
    found = load_text_findings("wang2025")
    assert {finding.id for finding in found} <= set(pages.CONSEQUENCES)
    table = common.wording_and_consequence("wang2025", pages.CONSEQUENCES)
    assert len(table) == len(found)
    assert table["status"].is_monotonic_increasing
    for finding in found:
        assert finding.quote_a in table.loc[finding.id, "one place"]
        assert finding.quote_b in table.loc[finding.id, "another place"]
    assert table.loc["text-07", "what hangs on it"].startswith("a conclusion")


def test_kept_cohort_has_the_statistic_of_figure_5b():
    # R: survdiff(Surv(pfs, progression == "PD") ~ g) on the 80 RAIR, partial and lost joined in g.
    results = analysis.analyse(load_witness("wang2025"))
    kept = common.recomputed(load_registry("wang2025"), results)
    assert kept["figure5-03"] == pytest.approx(74.841165, rel=1e-7)


def test_quantities_are_found_by_topic_and_name():
    wanted = {("avidity", "hazard ratio, RAIR"): "RAIR", ("Table 5", "concordance"): "C"}
    assert common.quantities(RANGES, wanted) == {
        "avidity: hazard ratio, RAIR": "RAIR",
        "Table 5: concordance": "C",
    }


def test_absent_quantity_is_one_clear_line():
    with pytest.raises(RairlibError, match="Table 5, shrinkage: 0 quantities have this name"):
        common.quantities(RANGES, {("Table 5", "shrinkage"): ""})


def test_held_out_numbers_stand_beside_both_compositions():
    registry = load_registry("wang2025")
    table = ranges_by_composition(registry, load_ensemble("wang2025"))
    rates = ["section-3.6-28", "section-3.6-31", "section-3.6-32", "section-3.6-33"]
    found = study_results(registry)
    for name in ("figure5-01", "figure5-03", *rates):
        row = table.loc[name]
        reason = found[name].reason
        assert "Under A (eight RAIA left out" in reason
        assert "under B (seven RAIA and one of partial or lost avidity left out)" in reason
        simulated = found[name].evidence == "simulation"
        holds = simulated and registry[name].number.overlaps(found[name].low, found[name].high)
        assert holds == (row["holds the print"] != "neither")
