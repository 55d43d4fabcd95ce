"""Tables of findings show every check, every quote and every number that they promise."""

import pandas as pd
import pytest

from rairlib.checks.catalogue import CHECKS, POSSIBILITY
from rairlib.pages.tables import catalogue, findings_of
from rairlib.verdicts.verdicts import all_findings


@pytest.fixture(scope="module")
def findings() -> pd.DataFrame:
    return all_findings()


def test_catalogue_has_a_full_row_for_every_check():
    table = catalogue()
    assert list(table.index) == [check.name.replace("_", " ") for check in CHECKS]
    assert not (table == "").any(axis=None)
    assert (table["agreement"] == "possible").sum() == len(POSSIBILITY)


def test_counts_by_paper_add_up_to_all_findings(page, findings):
    counts = page("audit/checks").counts_by_paper(findings)
    assert counts.loc["all checks"].sum() == len(findings)
    assert counts.drop("all checks").sum().sum() == len(findings)


def test_findings_of_a_check_are_all_of_them(findings):
    table = findings_of(findings, "percent_of_count")
    assert len(table) == (findings["check"] == "percent_of_count").sum()
    assert table.index.name == "number"
    assert findings_of(findings, "survival_falls").index.name == "status"
