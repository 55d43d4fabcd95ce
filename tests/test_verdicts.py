"""Every printed number has one verdict, and the verdict says on what it rests."""

import math
from pathlib import Path

import pandas as pd
import pytest
from small_registry import number, registry

from rairlib.checks.findings import Finding
from rairlib.registry.agreement import between, exact, verdict_of
from rairlib.registry.registry import load_registry
from rairlib.registry.studies import load_studies
from rairlib.registry.vocabulary import BASES, EVIDENCE, ROLES, TESTS, VERDICTS, basis_of
from rairlib.verdicts import publish, verdicts
from rairlib.verdicts.publish import differences, kept_verdicts, result_files, with_board
from rairlib.verdicts.verdicts import short_board

ROOT = Path(__file__).parents[1]
STUDIES = list(load_studies())
TESTED = ["records", "arithmetic", "reconstruction", "simulation"]


@pytest.fixture(scope="module")
def fresh():
    return result_files()


@pytest.fixture(scope="module")
def table():
    return kept_verdicts()


# --- the studies ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["verdicts.csv", "findings.csv", "board.csv"])
def test_kept_results_equal_fresh_ones(fresh, name):
    kept = (ROOT / "data" / "results" / name).read_text(encoding="utf-8")
    assert kept == fresh[name], "results have changed: look at the difference, then make results"


def test_readme_board_equals_the_generated_one(table):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text == with_board(text, table), "the board has changed: make results"


@pytest.mark.parametrize("study", STUDIES)
def test_every_registered_number_has_one_verdict_in_its_order(table, study):
    rows = table[table["study"] == study]
    stated = load_registry(study)
    assert rows["id"].to_list() == [row.id for row in stated]
    assert rows["printed"].to_list() == [row.printed for row in stated]
    assert rows["role"].to_list() == [row.role for row in stated]


def test_words_are_those_of_the_vocabularies(table):
    assert set(table["verdict"]) <= set(VERDICTS)
    assert set(table["evidence"]) <= set(EVIDENCE)
    assert set(table["role"]) <= set(ROLES)
    assert list(table.columns) == list(verdicts.COLUMNS)


def test_verdict_without_evidence_is_given_or_has_a_reason(table):
    rows = table[table["evidence"] == "none"]
    assert set(rows["verdict"]) <= {"given", "not assessable"}
    assert (rows.loc[rows["verdict"] == "not assessable", "reason"].str.strip() != "").all()
    assert rows[["reproduced", "low", "high"]].isna().all(axis=None)


def test_evidence_comes_with_limits_and_a_reason(table):
    rows = table[table["evidence"] != "none"]
    proofs_in_words = rows["low"].isna() & (rows["verdict"] == "contradicted")
    assert (rows["low"].notna() | proofs_in_words).all()
    assert (rows["low"] <= rows["high"])[~proofs_in_words].all()
    assert (rows["reason"].str.strip() != "").all()


def test_anchor_is_never_evidence(table):
    anchors = table[table["role"] == "anchor"]
    assert not anchors["evidence"].isin(["reconstruction", "simulation"]).any()
    # An anchor leaves its class in one case alone: printed numbers refute it.
    assert set(anchors.loc[anchors["evidence"] == "arithmetic", "verdict"]) <= {"contradicted"}
    assert set(table.loc[table["evidence"] == "anchored", "role"]) <= {"anchor"}


def test_words_of_evidence_are_for_evidence_alone(table):
    of_evidence = table["verdict"].isin(["reproduced", "compatible", "differs", "contradicted"])
    assert (of_evidence == table["evidence"].isin(TESTED)).all()
    assert (of_evidence == table["test"].isin(TESTS)).all()
    of_anchors = table["verdict"].isin(["met", "missed"])
    assert (of_anchors == (table["evidence"] == "anchored")).all()


def test_few_reproduced_numbers_pass_an_independent_test(table):
    # By hand. Qingdao: ten χ² of Table 4, one specificity, three numbers of its joint table. Hunan:
    # six rates from sensitivity and specificity, four numbers of 2×2 tables. Rabat: eleven p values
    # of Table 1, four numbers of its joint table. All others restate what they are computed from.
    passed = table[(table["verdict"] == "reproduced") & (table["repeats"] == "")]
    passed = passed[(passed["test"] == "independent") & (passed["evidence"] != "records")]
    assert passed["study"].value_counts().to_dict() == {
        "wang2025": 14,
        "tang2025": 10,
        "lakhdar2024": 15,
    }
    assert passed["evidence"].value_counts().to_dict() == {"arithmetic": 28, "reconstruction": 11}


def test_repeat_has_the_test_of_its_original(table):
    originals = table.set_index(["study", "id"])["test"]
    repeats = table[table["repeats"] != ""]
    assert [originals[row.study, row.repeats] for row in repeats.itertuples()] == repeats[
        "test"
    ].to_list()


def test_every_pair_of_evidence_and_test_has_a_basis(table):
    found = set(map(basis_of, table["evidence"], table["test"]))
    assert found == set(BASES.values())


def test_only_derivable_and_held_out_numbers_are_reproduced_with_evidence(table):
    counted = table[table["verdict"].isin(["reproduced", "compatible", "differs"])]
    counted = counted[counted["evidence"].isin(TESTED)]
    assert set(counted["role"]) <= {"derivable", "held_out"}
    assert set(counted.loc[counted["role"] == "derivable", "evidence"]) <= {"arithmetic"}


def test_definitions_are_given_unless_refuted(table):
    assert set(table.loc[table["role"] == "design", "verdict"]) <= {"given", "contradicted"}


def test_unavailable_number_keeps_the_reason_of_its_note(table):
    rows = table[(table["role"] == "unavailable") & (table["verdict"] == "not assessable")]
    for row in rows[rows["repeats"] == ""].itertuples():
        assert row.reason == load_registry(row.study)[row.id].note


def test_repeats_follow_their_originals(table):
    originals = table.set_index(["study", "id"])
    for row in table[table["repeats"] != ""].itertuples():
        original = originals.loc[(row.study, row.repeats)]
        assert row.evidence == original["evidence"] or row.verdict == "contradicted"
        if row.printed == original["printed"] and row.verdict != "contradicted":
            assert row.verdict == original["verdict"], (row.study, row.id)


@pytest.mark.parametrize("study", STUDIES)
def test_every_contradiction_reaches_a_verdict(table, study):
    # Where the records are open they speak, and a number that print refutes differs from them.
    against = ["differs", "contradicted"] if study == "lung" else ["contradicted"]
    refuted = set(table[(table["study"] == study) & table["verdict"].isin(against)]["id"])
    for finding in verdicts.study_findings(load_registry(study)):
        if finding.status == "contradicted" and finding.target:
            assert refuted & {finding.target, *finding.uses}, finding


def test_boards_count_each_original_once(table):
    originals = table[table["repeats"] == ""]
    assert verdicts.board(table)["numbers"].sum() == len(originals)
    short = short_board(table)
    assert short.loc["printed numbers"].sum() == len(table)
    outcomes = short.drop(index=["printed numbers", "of these repeats"])
    expected = short.loc["printed numbers"] - short.loc["of these repeats"]
    assert outcomes.sum().to_list() == expected.to_list()


def test_differences_are_told_row_by_row(monkeypatch, tmp_path, fresh):
    kept = {**fresh, "board.csv": fresh["board.csv"].replace("arithmetic", "guesswork", 1)}
    rows = fresh["findings.csv"].splitlines()
    kept["findings.csv"] = "\n".join([rows[0], rows[2], rows[1], *rows[3:], ""])
    for name, text in kept.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(publish, "kept_file", lambda name: tmp_path / name.split("/")[1])
    monkeypatch.setattr(publish, "result_files", lambda: fresh)
    first = STUDIES[0]
    lines = differences()
    assert lines == differences(first)
    before = "board.csv: {}, not {}: " + first + ",{},"
    assert lines[1].startswith(before.format("kept", "found again", "guesswork"))
    assert lines[2].startswith(before.format("found", "kept", "arithmetic"))
    assert len(lines) == 3
    assert lines[0] == "findings.csv: the same rows in another order"
    assert differences(STUDIES[1]) == []


# --- small papers made up for one rule each ------------------------------------------------------


def judge(monkeypatch, rows, findings=(), known=None):
    """Return the verdicts on a registry in memory, by identifier."""
    monkeypatch.setattr(verdicts, "load_registry", lambda study: registry(*rows))
    monkeypatch.setattr(verdicts, "study_findings", lambda stated: list(findings))
    monkeypatch.setattr(verdicts, "study_results", lambda stated: known or {})
    return verdicts.study_verdicts("test").set_index("id")


def finding(target, *uses, status="agrees", low=math.nan, high=math.nan):
    return Finding(
        check="sums", status=status, target=target, uses=uses, low=low, high=high, text="the proof"
    )


def test_loop_stays_not_assessable(monkeypatch):
    rows = [number(name, "count", "5", role="derivable") for name in "abc"]
    loop = [finding(*pair, low=5, high=5) for pair in ("ab", "bc", "ca")]
    judged = judge(monkeypatch, rows, loop)
    assert set(judged["verdict"]) == {"not assessable"}
    assert set(judged["reason"]) == {"other printed numbers do not determine it"}


def test_real_checks_leave_a_loop_not_assessable(monkeypatch):
    # A count and its percentage: each determines the other at n = 90, and nothing else does.
    rows = [
        number("n", "n", "90", group="all"),
        number(
            "x", "count", "32", group="all", variable="v", level="yes", of="n", role="derivable"
        ),
        number(
            "y", "percent", "35.6", group="all", variable="v", level="yes", of="n", role="derivable"
        ),
    ]
    monkeypatch.setattr(verdicts, "load_registry", lambda study: registry(*rows))
    monkeypatch.setattr(verdicts, "load_text_findings", lambda study: [])
    judged = verdicts.study_verdicts("test").set_index("id")
    assert judged.loc["y", "verdict"] == "not assessable"
    assert judged.loc["x", "verdict"] == "not assessable"


def test_contradiction_goes_to_the_derivable_number(monkeypatch):
    rows = [number("a", "count", "119"), number("b", "percent", "70.5", role="derivable")]
    proof = finding("b", "a", status="contradicted", low=70.414, high=70.414)
    judged = judge(monkeypatch, rows, [proof])
    assert judged.loc["b", ["verdict", "evidence", "reason"]].to_list() == [
        "contradicted",
        "arithmetic",
        "the proof",
    ]
    assert judged.loc["a", "verdict"] == "not assessable"


def test_proof_comes_before_every_other_verdict(monkeypatch):
    rows = [number("a", "count", "5"), number("b", "definition", "5", role="design")]
    proofs = [finding("a", "b", status="contradicted"), finding("b", "a", status="contradicted")]
    judged = judge(monkeypatch, rows, proofs, {"a": exact("anchored", 5.0, "built on it")})
    assert set(judged["verdict"]) == {"contradicted"}


def test_doubt_is_told_but_is_no_verdict(monkeypatch):
    rows = [number("a", "count", "5", role="held_out")]
    judged = judge(monkeypatch, rows, [finding("a", status="suggests")])
    assert judged.loc["a", ["verdict", "reason"]].to_list() == [
        "not assessable",
        "not yet analysed. the proof",
    ]


def repeated(printed_again, printed="70.5"):
    return [
        number("a", "percent", printed, role="derivable"),
        number("again", "percent", printed_again, role="derivable", repeats="a"),
        number("count", "count", "119"),
    ]


def test_repeat_is_judged_under_its_own_rounding(monkeypatch):
    agrees = finding("a", "count", low=70.46, high=70.46)
    judged = judge(monkeypatch, repeated("71"), [agrees])
    assert judged["verdict"].to_list()[:2] == ["reproduced", "differs"]
    assert judged.loc["again", "reason"] == "repeats a"


def test_proof_against_the_original_is_none_against_a_coarser_repeat(monkeypatch):
    proof = finding("a", "count", status="contradicted", low=70.414, high=70.414)
    judged = judge(monkeypatch, repeated("70.5"), [proof])
    assert judged["verdict"].to_list()[:2] == ["contradicted", "contradicted"]
    judged = judge(monkeypatch, repeated("70"), [proof])
    assert judged["verdict"].to_list()[:2] == ["contradicted", "reproduced"]


def test_repeat_of_a_repeat_has_the_verdict_of_the_first(monkeypatch):
    rows = [
        *repeated("70.5"),
        number("third", "percent", "70.5", role="derivable", repeats="again"),
    ]
    judged = judge(monkeypatch, rows, [finding("a", "count", low=70.5, high=70.5)])
    assert judged.loc["third", ["verdict", "reason"]].to_list() == ["reproduced", "repeats again"]


def test_agreement_by_construction_is_kept_apart_on_the_boards(monkeypatch):
    rows = [number("a", "count", "5"), number("b", "count", "6", role="held_out")]
    known = {"a": exact("anchored", 5.0, "built on it"), "b": between("simulation", 5, 7, "range")}
    monkeypatch.setattr(verdicts, "load_studies", lambda: ["test"])
    counted = verdicts.board(judge(monkeypatch, rows, known=known).reset_index())
    assert counted.to_numpy().tolist() == [
        ["test", "simulation", "compatible", "independent", 1],
        ["test", "anchored", "met", "", 1],
    ]


ENSEMBLE = pd.DataFrame(
    {
        "cohort": [0, 1, 2, 0, 1, 2],
        "statistic": "auc",
        "variable": "age",
        "level": "",
        "group": "A vs B",
        "method": ["hanley_mcneil"] * 3 + ["delong"] * 3,
        "value": [0.6, 0.7, 0.8, 0.1, 0.2, 0.3],
    }
)


def test_ensemble_keeps_methods_apart():
    fields = {"variable": "age", "group": "A vs B", "role": "held_out"}
    named = number("a", "auc", "0.7", method="hanley_mcneil", **fields)
    found = verdicts.ensemble_results(registry(named), ENSEMBLE)
    assert found["a"].low == pytest.approx(0.605)
    assert found["a"].reason.startswith("central 95 % of 3 consistent cohorts, assumed: ")
    assert "median 0.7; 1 of" in found["a"].reason
    left_open = number("a", "auc", "0.7", **fields)
    assert verdicts.ensemble_results(registry(left_open), ENSEMBLE) == {}
    one_method = ENSEMBLE[ENSEMBLE["method"] == "delong"]
    assert verdicts.ensemble_results(registry(left_open), one_method)["a"].low > 0.1


def test_number_that_a_kept_cohort_has_is_not_shown_to_differ():
    fields = {"variable": "age", "group": "A vs B", "role": "held_out", "method": "delong"}
    row, outside = number("a", "auc", "0.7", **fields), ENSEMBLE[ENSEMBLE["method"] == "delong"]
    rows = registry(row)
    assert verdict_of(row, verdicts.ensemble_results(rows, outside)["a"]) == "differs"
    for value, verdict in ((0.72, "not assessable"), (0.76, "differs")):
        witness = outside.head(1).assign(value=value)
        found = verdicts.ensemble_results(rows, outside, witness)["a"]
        assert verdict_of(row, found) == verdict
    # Below the central 95 %, but one of three cohorts has it.
    once = verdicts.ensemble_results(registry(number("a", "auc", "0.1000", **fields)), outside)
    assert (once["a"].evidence, "0.1 occurs" in once["a"].reason) == ("none", True)
    inside = verdicts.ensemble_results(registry(number("a", "auc", "0.2", **fields)), outside)
    assert inside["a"].evidence == "simulation"


def test_range_is_that_of_the_composition_nearest_to_the_print():
    fields = {"variable": "age", "group": "A vs B", "role": "held_out", "method": "delong"}
    low = ENSEMBLE[ENSEMBLE["method"] == "delong"].assign(composition="A")
    both = pd.concat([low, low.assign(composition="B", value=low["value"] + 0.5)])
    # Under A 0.105 to 0.295, under B 0.605 to 0.795; between them lies no cohort.
    expected = {"0.2": ("compatible", "A"), "0.7": ("compatible", "B"), "0.5": ("differs", "B")}
    for printed, (verdict, name) in expected.items():
        row = number("a", "auc", printed, **fields)
        found = verdicts.ensemble_results(registry(row), both)["a"]
        assert verdict_of(row, found) == verdict
        assert f"of composition {name}. Under A (): 0.105 to 0.295; under B ()" in found.reason


def test_statistic_of_figure_5b_is_not_shown_to_differ(table):
    # No cohort near the print has it; the kept cohort, steered towards it, has 74.84.
    row = table.set_index(["study", "id"]).loc[("wang2025", "figure5-03")]
    assert (row["verdict"], row["evidence"]) == ("not assessable", "none")
    assert "kept cohort" in row["reason"]
    assert "near the print" in row["reason"]


@pytest.mark.parametrize("role", ["anchor", "derivable", "design", "unavailable"])
def test_ensemble_judges_held_out_numbers_alone(role):
    row = number("a", "auc", "0.7", variable="age", group="A vs B", method="delong", role=role)
    assert verdicts.ensemble_results(registry(row), ENSEMBLE) == {}


def test_study_without_an_analysis_has_no_results():
    assert verdicts.study_results(registry(number("a", "count", "5"))) == {}
