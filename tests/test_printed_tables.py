"""Hunan. Expected values: printed group sizes and tests/reference/subgroup_tables.R."""

import json
from pathlib import Path

import pytest
from small_registry import number, registry

from rairlib.reconstruct.logistic import ReconstructionError
from rairlib.reconstruct.printed_rules import (
    agreeing_tables,
    group_names,
    printed_rules,
    printed_subgroups,
    rule_records,
    subgroup_records,
    subgroup_values_from_anchors,
)
from rairlib.registry.registry import load_registry, read_registry
from rairlib.registry.studies import load_variables

R = json.loads((Path(__file__).parent / "reference" / "subgroup_tables.json").read_text())
AREAS = {tuple(case["cells"]): case["auc"] for case in R}
ERRORS = {tuple(case["cells"]): case["hanley_mcneil"] for case in R}
STUDY = "tang2025"


@pytest.fixture(scope="module")
def hunan():
    return load_registry(STUDY)


@pytest.fixture
def with_roles(tmp_path):
    """Return Hunan's registry with other roles for some rows, or without some rows."""

    def read(roles=(), without=()):
        frame = load_registry(STUDY).frame()
        subgroups = frame["id"].str.fullmatch(r"(results-performance|abstract)-\d+")
        subgroups &= frame["statistic"].isin(["auc", "ci_low", "ci_high"])
        frame.loc[subgroups, "role"] = "held_out"
        for identifier in roles:
            repeated = (frame["id"] == identifier) | (frame["repeats"] == identifier)
            frame.loc[repeated, "role"] = "anchor"
        frame = frame[~frame["id"].isin(without)]
        frame.to_csv(tmp_path / f"{STUDY}.csv", index=False)
        return read_registry(tmp_path / f"{STUDY}.csv")

    return read


def test_printed_figures_leave_one_table_in_each_cohort(hunan):
    found = [agreeing_tables(rule).tolist() for rule in printed_rules(hunan)]
    # Sensitivity 62.00 % of 50 is 31, specificity 90.28 % of 72 is 65; 72.22 % of 18 is 13,
    # 80.95 % of 42 is 34.
    assert found == [[[31, 19, 7, 65]], [[13, 5, 8, 34]]]


def test_subgroups_stand_in_the_order_of_print(hunan):
    found = printed_subgroups(hunan)
    assert [subgroups.levels for subgroups in found] == [("male", "female"), ("<55", "≥55")]
    assert {subgroups.pooled for subgroups in found} == {(44, 24, 15, 99)}


def cells(record, level):
    return tuple(cell["n"] for cell in record["cells"] if level in cell.values())


def test_records_add_up_to_the_printed_groups(hunan):
    records = rule_records(hunan) + subgroup_records(hunan)
    assert [record["unique"] for record in records] == [True] * 4
    assert [sum(cell["n"] for cell in record["cells"]) for record in records] == [122, 60, 182, 182]
    for record in records[2:]:
        failures = [cell["n"] for cell in record["cells"] if cell["failure"] == "yes"]
        assert sum(failures) == 68
    levels = {name: variable.levels for name, variable in load_variables(STUDY).items()}
    for record in records:
        for cell in record["cells"]:
            assert all(cell[name] in levels[name] for name in record["covariates"])


@pytest.mark.parametrize(
    ("record", "level", "area", "low", "high"),
    [
        (0, "male", 0.777, 0.648, 0.906),
        (0, "female", 0.745, 0.646, 0.843),
        (1, "<55", 0.734, 0.649, 0.820),
        (1, "≥55", 0.911, 0.769, None),
    ],
)
def test_tables_give_the_print_under_proc_and_all_triples(hunan, record, level, area, low, high):
    table = cells(subgroup_records(hunan)[record], level)
    assert AREAS[table] == pytest.approx(area, abs=0.0005)
    assert AREAS[table] - 1.96 * ERRORS[table] == pytest.approx(low, abs=0.0005)
    upper = AREAS[table] + 1.96 * ERRORS[table]
    assert upper > 1 if high is None else upper == pytest.approx(high, abs=0.0005)


def test_three_anchors_of_gender_and_two_of_age_give_the_other_seven(with_roles):
    anchors = [f"results-performance-{place}" for place in (19, 20, 23, 25, 28)]
    values = subgroup_values_from_anchors(with_roles(anchors)).set_index("id")
    assert len(values) == 12
    assert (values["tables"] == 1).all()
    held_out = values[values["role"] == "held_out"]
    assert len(held_out) == 7
    # All but the upper limit printed as 0.999, which the formula puts beyond 1.
    assert held_out.index[~held_out["agrees"]].tolist() == ["results-performance-30"]
    assert held_out.loc["results-performance-30", "cut"]
    assert held_out.loc["results-performance-30", "low"] == pytest.approx(
        AREAS[8, 1, 1, 14] + 1.959964 * ERRORS[8, 1, 1, 14], abs=1e-6
    )


def test_one_anchor_leaves_a_range_and_none_leaves_nothing(with_roles):
    values = subgroup_values_from_anchors(with_roles(["results-performance-28"]))
    assert (values["tables"] > 1000).all()
    assert (values["low"] <= values["high"]).all()
    assert len(values) == 6
    assert subgroup_values_from_anchors(with_roles()).empty


def test_rabat_and_qingdao_print_no_areas_of_subgroups():
    for study in ("lakhdar2024", "wang2025"):
        assert printed_subgroups(load_registry(study)) == []
        assert subgroup_values_from_anchors(load_registry(study)).empty


def test_groups_are_named_after_levels():
    variables = load_variables(STUDY)
    assert group_names(variables["gender"]) == ["male", "female"]
    assert group_names(variables["age_55"]) == ["age <55", "age ≥55"]
    assert group_names(variables["failure_kind"]) == []


def test_subgroups_without_a_table_of_all_patients_are_one_clear_line(with_roles):
    figures = [f"results-performance-{place:02}" for place in range(9, 19)]
    with pytest.raises(ReconstructionError, match=r"male and female: one 2×2 table .* found none"):
        printed_subgroups(with_roles(without=figures))


def test_subgroups_with_several_tables_are_one_clear_line(with_roles):
    left = [f"results-performance-{place:02}" for place in (14, 16, 17, 18)]
    with pytest.raises(ReconstructionError, match="found 1, 43"):
        printed_subgroups(with_roles(without=left))


def test_registry_without_rules_or_areas_has_no_records():
    empty = registry(number("n", "n", "90", group="all"))
    assert rule_records(empty) == subgroup_records(empty) == []
    assert printed_subgroups(empty) == []
