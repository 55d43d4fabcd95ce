"""What hangs on the wording of the Qingdao paper, and what its print leaves open."""

import pandas as pd
import pytest

from rairlib.chapters import ensembles, wang2025_open
from rairlib.errors import RairlibError
from rairlib.reported import load_registry
from rairlib.text_findings import load_text_findings

RANGES = pd.DataFrame(
    index=["Table 5: concordance", "landmark at 12 months: patients", "avidity: hazard ratio, RAIR"]
)


def test_every_finding_on_the_wording_has_its_consequence():
    found = load_text_findings("wang2025")
    assert {finding.id for finding in found} <= set(wang2025_open.CONSEQUENCES)
    table = wang2025_open.wording_and_consequence()
    assert len(table) == len(found)
    assert table["status"].is_monotonic_increasing
    assert table.loc["text-07", "what hangs on it"].startswith("a conclusion")


def test_kept_cohort_has_the_statistic_of_figure_5b():
    # R: survdiff(Surv(pfs, progression == "PD") ~ g) on the 80 RAIR, partial and lost joined in g.
    kept = wang2025_open.kept_value(load_registry("wang2025"), "figure5-03")
    assert kept == pytest.approx(74.841165, rel=1e-7)


def test_quantities_are_found_by_topic_and_name():
    wanted = {("avidity", "hazard ratio, RAIR"): "RAIR", ("Table 5", "concordance"): "C"}
    assert ensembles.quantities(RANGES, wanted) == {
        "avidity: hazard ratio, RAIR": "RAIR",
        "Table 5: concordance": "C",
    }


def test_absent_quantity_is_one_clear_line():
    with pytest.raises(RairlibError, match="Table 5, shrinkage: 0 quantities have this name"):
        ensembles.quantities(RANGES, {("Table 5", "shrinkage"): ""})
