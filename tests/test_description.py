"""Expected values: tests/reference/description.R (base R) and hand calculation."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rairlib.errors import RairlibError
from rairlib.stats import description

R = json.loads((Path(__file__).parent / "reference" / "description.json").read_text())
FIRST, SECOND = (pd.Series(R[name], name="age") for name in ("first", "second"))
TWO_BY_TWO, THREE_BY_TWO = (pd.DataFrame(R[name]) for name in ("two_by_two", "three_by_two"))


def values(result):
    return [result.statistic, result.df, result.p_value]


@pytest.mark.parametrize(
    ("result", "name"),
    [
        (description.pearson(TWO_BY_TWO), "pearson"),
        (description.pearson(TWO_BY_TWO, correction=True), "yates"),
        (description.pearson(THREE_BY_TWO), "larger"),
        (description.t_test(FIRST, SECOND), "student"),
        (description.t_test(FIRST, SECOND, equal_variances=False), "welch"),
    ],
)
def test_statistic_degrees_of_freedom_and_p_value_are_those_of_r(result, name):
    assert values(result) == pytest.approx(R[name], rel=1e-11)


def test_fisher_p_value_is_that_of_r():
    assert description.fisher(TWO_BY_TWO).p_value == pytest.approx(R["fisher"], rel=1e-11)


def test_mann_whitney_has_the_smaller_u_and_the_uncorrected_p_value_of_r():
    for result in (
        description.mann_whitney(FIRST, SECOND),
        description.mann_whitney(SECOND, FIRST),
    ):
        assert [result.statistic, result.p_value] == pytest.approx(R["mann_whitney"], rel=1e-11)


def test_summary_has_the_type_6_quartiles_of_r():
    summary = description.summarise(FIRST)
    assert summary["n"] == 12
    assert summary[["q1", "median", "q3"]].tolist() == pytest.approx(R["quartiles"], rel=1e-12)
    assert [summary["mean"], summary["sd"]] == pytest.approx([R["mean"], R["sd"]], rel=1e-12)
    assert (summary["minimum"], summary["maximum"]) == (38, 73)


def test_quartiles_by_hand():
    # HAVERAGE: position (n + 1) q, here 1.5, 3 and 4.5 of the ordered values 1, 2, 3, 4, 9.
    summary = description.summarise(pd.Series([9, 1, 3, 2, 4]))
    assert summary[["q1", "median", "q3"]].tolist() == [1.5, 3, 6.5]


def test_chi_squared_by_hand():
    # n (ad - bc)² / product of margins = 90 (10·20 - 20·40)² / (30·60·50·40)
    table = pd.DataFrame([[10, 20], [40, 20]])
    assert description.pearson(table).statistic == pytest.approx(90 * 600**2 / 3_600_000)
    corrected = 90 * (600 - 45) ** 2 / 3_600_000
    assert description.pearson(table, correction=True).statistic == pytest.approx(corrected)


def test_fisher_by_hand():
    # Lady tasting tea, 3 of 4 right: (16 + 1 + 16 + 1) / 70.
    tea = pd.DataFrame([[3, 1], [1, 3]])
    assert description.fisher(tea).p_value == pytest.approx(34 / 70)


def test_crosstab_keeps_declared_levels_without_patients():
    histology = pd.Series(["PTC", "PTC", "OCA"], name="histology")
    rair = pd.Series(["no", "no", "yes"], name="rair")
    counts = description.crosstab(histology, rair, ["PTC", "FTC", "OCA"], ["yes", "no"])
    assert counts.to_numpy().tolist() == [[0, 2], [0, 0], [1, 0]]
    assert counts.index.tolist() == ["PTC", "FTC", "OCA"]
    assert description.column_percent(counts).loc["OCA", "yes"] == 100
    assert description.row_percent(counts).loc["FTC"].isna().all()


def test_crosstab_of_a_group_without_patients_has_zeros():
    gender, rair = pd.Series(["male"], name="gender"), pd.Series(["no"], name="rair")
    counts = description.crosstab(gender, rair, ["female", "male"], ["yes", "no"])
    assert counts["yes"].tolist() == [0, 0]
    assert description.column_percent(counts)["yes"].isna().all()


@pytest.mark.parametrize(
    ("gender", "message"),
    [(["female", "Male"], "gender: 'Male' is not one of"), (["female", None], "gender: 1 values")],
)
def test_crosstab_refuses_what_is_not_a_declared_level(gender, message):
    rair = pd.Series(["no", "yes"], name="rair")
    with pytest.raises(RairlibError, match=message):
        description.crosstab(
            pd.Series(gender, name="gender"), rair, ["female", "male"], ["yes", "no"]
        )


def test_level_without_patients_does_not_change_the_test():
    with_empty = pd.concat([TWO_BY_TWO, pd.DataFrame([[0, 0]])])
    # As texts, because a missing statistic (NaN) does not equal itself.
    assert repr(description.pearson(with_empty)) == repr(description.pearson(TWO_BY_TWO))
    assert repr(description.fisher(with_empty)) == repr(description.fisher(TWO_BY_TWO))


def test_impossible_tests_say_why():
    one_level = description.compare_counts(pd.DataFrame([[3, 4], [0, 0]]))
    assert one_level["p_value"].isna().all()
    assert set(one_level["reason"]) == {"fewer than two levels have patients"}
    larger = description.compare_counts(THREE_BY_TWO).set_index("method")
    assert math.isnan(larger.loc["fisher", "p_value"])
    assert "2×2" in larger.loc["yates", "reason"]
    equal = description.compare_values(pd.Series([5, 5]), pd.Series([5, 5]))
    assert equal["p_value"].isna().all()
    assert (equal["reason"] != "").all()
    assert equal["reason"][0] == "no spread within the groups"
    single = description.t_test(pd.Series([5]), pd.Series([4, 5]))
    assert single.reason == "a group has fewer than two patients"


def test_missing_values_are_refused_not_dropped():
    with pytest.raises(RairlibError, match="age: 1 values are missing"):
        description.summarise(pd.Series([50, math.nan], name="age"))
    with pytest.raises(RairlibError, match="no values"):
        description.summarise(pd.Series([], dtype=float, name="age"))


counts_2x2 = st.lists(st.integers(1, 30), min_size=4, max_size=4)


@given(counts_2x2)
def test_tests_of_a_table_do_not_depend_on_its_orientation(cells):
    table = pd.DataFrame(np.reshape(cells, (2, 2)))
    for other in (table.T, table.iloc[::-1], table.iloc[:, ::-1]):
        assert description.compare_counts(other)["p_value"].tolist() == pytest.approx(
            description.compare_counts(table)["p_value"].tolist(), rel=1e-9
        )


@given(st.lists(st.integers(0, 40), min_size=3, max_size=20))
def test_shifted_groups_of_equal_size_have_equal_student_and_welch_t(ages):
    first, second = pd.Series(ages), pd.Series(ages) + 7
    student, welch = (description.t_test(first, second, equal) for equal in (True, False))
    assert student.statistic == pytest.approx(welch.statistic, nan_ok=True)


def test_counts_are_rounded_from_float_noise_and_never_cut_off():
    # R: chisq.test(matrix(c(57, 43, 29, 71), 2), correct = FALSE) and fisher.test.
    counts = [[0.57 * 100, 43], [0.29 * 100, 71]]
    assert counts[0][0] < 57
    assert description.pearson(counts).statistic == pytest.approx(15.9934720522, rel=1e-11)
    assert description.fisher(counts).p_value == pytest.approx(1.03960211558e-4, rel=1e-10)
    for wrong, message in (
        (56.5, "counts: 56.5 is not a whole number"),
        (-1, "counts: -1 is below"),
    ):
        for function in (description.pearson, description.fisher, description.compare_counts):
            with pytest.raises(RairlibError, match=message):
                function([[wrong, 43], [29, 71]])


def test_crosstab_matches_patients_by_index():
    gender = pd.Series(["f", "m", "m"], index=[1, 2, 3], name="gender")
    rair = pd.Series(["no", "yes", "no"], index=[3, 1, 2], name="rair")
    counts = description.crosstab(gender, rair, ["f", "m"], ["yes", "no"])
    assert counts.to_numpy().tolist() == [[1, 0], [0, 2]]


def test_mann_whitney_ties_values_that_float_noise_keeps_apart():
    noisy = description.mann_whitney([0.1 + 0.2, 0.7], [0.3, 0.5])
    assert repr(noisy) == repr(description.mann_whitney([3, 7], [3, 5]))
