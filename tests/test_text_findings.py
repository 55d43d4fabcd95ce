"""Findings on the wording: which there are, and how they join the findings of the checks."""

import csv

import pytest

from rairlib.checks.findings import Finding
from rairlib.checks.wording import TextFinding, as_findings, load_text_findings
from rairlib.registry.registry import load_registry
from rairlib.registry.studies import study_folder
from rairlib.verdicts.verdicts import study_findings

# Findings that prove something: the words of two places cannot both hold.
CONTRADICTED = {
    # At least 53 − 40 − 10 = 3 of the patients with lesions above 1 cm were neither PD nor CR, and
    # 40 + 10 + 119 = 169 leaves no class for them.
    "wang2025": {"text-04": "definition"},
    "tang2025": {},
    "lakhdar2024": {},
}
NUMBERS = {"wang2025": 22, "tang2025": 14}


@pytest.fixture(params=CONTRADICTED)
def study(request) -> str:
    return request.param


def example(**changed) -> TextFinding:
    fields = {
        "id": "text-01",
        "kind": "threshold",
        "locus_a": "Abstract",
        "quote_a": "over 54 years",
        "locus_b": "Table 2",
        "quote_b": "Age ≥ 54",
        "uses": ("a", "b"),
        "target": (),
        "status": "suggests",
        "text": "In whole years, over 54 is 55 and older.",
    }
    return TextFinding(**(fields | changed))


def test_finding_on_the_wording_quotes_both_places():
    (finding,) = as_findings([example()])
    expected = Finding(
        check="wording_threshold",
        status="suggests",
        uses=("a", "b"),
        text="Abstract, “over 54 years”; Table 2, “Age ≥ 54”. "
        "In whole years, over 54 is 55 and older.",
    )
    # As texts, because limits that are not known (NaN) do not equal themselves.
    assert repr(finding) == repr(expected)


def test_each_number_proved_wrong_is_a_finding_of_its_own():
    findings = as_findings([example(status="contradicted", target=("a", "c"))])
    assert [(finding.target, finding.uses) for finding in findings] == [
        ("a", ("b",)),
        ("c", ("a", "b")),
    ]


def test_known_proofs_on_the_wording_and_no_other(study):
    findings = load_text_findings(study)
    proofs = {finding.id: finding.kind for finding in findings if finding.status == "contradicted"}
    assert proofs == CONTRADICTED[study]


def test_no_number_is_proved_wrong_without_a_proof(study):
    for finding in load_text_findings(study):
        assert finding.status == "contradicted" or finding.target == ()


@pytest.mark.parametrize(("study", "number"), NUMBERS.items())
def test_number_of_findings_on_the_wording(study, number):
    assert len(load_text_findings(study)) == number


def test_findings_on_the_wording_follow_those_of_the_checks(study):
    checks = [finding.check for finding in study_findings(load_registry(study))]
    wording = [name.startswith("wording_") for name in checks]
    assert wording == sorted(wording)
    assert sum(wording) >= len(load_text_findings(study))


def test_rates_for_which_nobody_is_cited_have_a_finding():
    # Discussion, line 1167: 87.0 % and 69.2 % alive after 5 and 10 years, without a reference.
    with (study_folder("wang2025") / "coverage.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["reason"] == "unattributed"]
    assert [row["token"] for row in rows] == ["5", "87.0", "10", "69.2"]
    (finding,) = [one for one in load_text_findings("wang2025") if one.kind == "source"]
    assert "87.0" in finding.text
    assert "69.2" in finding.text
    assert finding.status == "suggests"
