"""Tables of findings show every check, every quote and every number that they promise."""

import pandas as pd
import pytest

from rairlib.checks.catalogue import CHECKS, POSSIBILITY
from rairlib.checks.wording import load_text_findings
from rairlib.pages.tables import catalogue, counts_by_paper, events_by_level, findings_of, wording
from rairlib.registry.registry import load_registry
from rairlib.verdicts.verdicts import all_findings


@pytest.fixture(scope="module")
def findings() -> pd.DataFrame:
    return all_findings()


def test_catalogue_has_a_full_row_for_every_check():
    table = catalogue()
    assert list(table.index) == [check.name.replace("_", " ") for check in CHECKS]
    assert not (table == "").any(axis=None)
    assert (table["agreement"] == "possible").sum() == len(POSSIBILITY)


def test_wording_keeps_every_quote_and_puts_proofs_first():
    findings = load_text_findings("wang2025")
    table = wording(findings)
    assert table.index.is_unique
    assert set(table.index) == {finding.id for finding in findings}
    assert table["status"].is_monotonic_increasing
    for finding in findings:
        assert finding.quote_a in table.loc[finding.id, "one place"]
        assert finding.quote_b in table.loc[finding.id, "other place"]


def test_counts_by_paper_add_up_to_all_findings(findings):
    counts = counts_by_paper(findings)
    assert counts.loc["all checks"].sum() == len(findings)
    assert counts.drop("all checks").sum().sum() == len(findings)


def test_findings_of_a_check_are_all_of_them(findings):
    table = findings_of(findings, "percent_of_count")
    assert len(table) == (findings["check"] == "percent_of_count").sum()
    assert table.index.name == "number"
    assert findings_of(findings, "survival_falls").index.name == "status"


def test_avidity_needs_seven_events_in_each_level():
    # Table 5: 7.956 (3.511 to 18.030), so the standard error is log(18.030 / 3.511) / 3.92 =
    # 0.4174 at most 0.41745. 1/7 + 1/33 = 0.4161² is below 0.4174², 1/6 + 1/34 = 0.4428² is not.
    table = events_by_level(load_registry("wang2025"))
    crude = table.filter(like="7.956", axis=0).iloc[0]
    assert (crude["events in the level"], crude["in the reference"]) == ("7 to 33", "7 to 33")
    assert (1 / 7 + 1 / 33) ** 0.5 < 0.4174 < (1 / 6 + 1 / 34) ** 0.5
