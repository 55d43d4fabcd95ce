"""Findings: what a comparison of a printed number with an allowed interval says."""

import math
from dataclasses import FrozenInstanceError

import pytest
from small_registry import number

from rairlib.checks.findings import STATUSES, Finding, findings_frame
from rairlib.checks.rounding import SHORTENED, judge

COLUMNS = ["study", "check", "status", "target", "uses", "low", "high", "text"]
SIZE = number("table1-01", "n", "32")


def percent(printed: str):
    return number("table1-02", "percent", printed, unit="%", of="table1-01")


# 19 of 32 patients are 59.375 %; 20 of 32 are 62.5 %.
@pytest.mark.parametrize(
    ("printed", "low", "high", "status"),
    [
        ("59.4", 59.375, 59.375, "agrees"),
        ("59.3", 59.375, 59.375, "suggests"),
        ("59.2", 59.375, 59.375, "contradicted"),
        ("59", 59.375, 62.5, "agrees"),
        ("60.0", 59.375, 62.5, "agrees"),
        ("63.1", 59.375, 62.5, "contradicted"),
        ("62.4", 62.45, 70.0, "agrees"),
        ("<59", 59.375, 62.5, "contradicted"),
        ("≥62.5", 59.375, 62.5, "agrees"),
        ("59.4", -math.inf, math.inf, "open"),
    ],
)
def test_comparison_agrees_if_an_allowed_value_is_printed_so(printed, low, high, status):
    finding = judge(percent(printed), [SIZE], low, high, "19 of 32")
    assert finding == Finding(
        status=status,
        target="table1-02",
        uses=("table1-01",),
        low=low,
        high=high,
        text="19 of 32" + SHORTENED * (status == "suggests"),
    )


@pytest.mark.parametrize(("low", "high"), [(math.nan, 1.0), (1.0, math.nan)])
def test_missing_limit_is_never_a_contradiction(low, high):
    with pytest.raises(ValueError, match="the interval for table1-02 has no limits"):
        judge(percent("59.4"), [], low, high, "")


def test_status_outside_the_vocabulary_is_refused():
    with pytest.raises(ValueError, match="unknown status 'passed' in a finding of 'sums'"):
        Finding(check="sums", status="passed", text="")


def test_vocabulary_of_statuses_is_closed():
    assert STATUSES == ("agrees", "contradicted", "suggests", "open")


def test_finding_about_a_set_has_no_target_and_no_interval():
    finding = Finding(check="sums", status="open", text="three readings remain")
    assert (finding.target, finding.uses) == ("", ())
    assert math.isnan(finding.low)
    assert math.isnan(finding.high)


def test_finding_is_frozen():
    with pytest.raises(FrozenInstanceError):
        Finding(check="sums", status="open", text="").status = "agrees"


def test_frame_has_one_row_per_finding_and_joins_the_identifiers():
    findings = [
        judge(percent("59.4"), [SIZE, number("table1-03", "n", "32")], 59.375, 59.375, "19 of 32"),
        Finding(check="sums", status="open", text="nothing to add up"),
    ]
    frame = findings_frame("some2020", findings)
    assert list(frame.columns) == COLUMNS
    assert list(frame["uses"]) == ["table1-01 table1-03", ""]
    assert list(frame["study"]) == ["some2020", "some2020"]
    assert list(frame["low"].isna()) == [False, True]


def test_frame_without_findings_keeps_its_columns():
    frame = findings_frame("some2020", [])
    assert list(frame.columns) == COLUMNS
    assert frame.empty
