"""Expected values: tests/reference/lakhdar2024.R on a simulated cohort, and the paper's own p's.

The cohort is arbitrary but for the group sizes and the margins of gender, metastasis, extension,
multifocality and histology, which are those printed in Table 1 (Bel Lakhdar et al. 2024).
"""

import json
from pathlib import Path

import pandas as pd
import pytest

from rairlib.errors import RairlibError
from rairlib.studies.lakhdar2024 import analysis as lakhdar2024

REFERENCE = Path(__file__).parent / "reference"
R = json.loads((REFERENCE / "lakhdar2024.json").read_text())
KEY = ["statistic", "variable", "level", "group", "method"]
VERSUS = "RAIR vs non-RAIR"


@pytest.fixture(scope="module")
def cohort():
    return pd.read_csv(REFERENCE / "lakhdar2024_simulated.csv", keep_default_na=False)


@pytest.fixture(scope="module")
def results(cohort):
    return lakhdar2024.analyse(cohort).set_index(KEY)["value"]


def test_every_result_has_one_key(results):
    assert results.index.is_unique
    assert results.index.get_level_values("group").unique().tolist() == [
        "all",
        "RAIR",
        "non-RAIR",
        VERSUS,
    ]


@pytest.mark.parametrize("variable", R["p_values"])
def test_p_values_of_table_1_are_those_of_r(results, variable):
    level = variable if variable in ("PTC", "FTC", "OCA") else ""
    name = "histology" if level else variable
    for method, expected in R["p_values"][variable].items():
        found = results["p_value", name, level, VERSUS, method]
        assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("variable", "level", "printed"),
    [
        ("gender", "", 1.000),
        ("ete", "", 0.696),
        ("multifocality", "", 0.226),
        ("histology", "PTC", 0.106),
        ("histology", "FTC", 0.716),
        ("histology", "OCA", 0.042),
        ("high_risk_ptc", "", 0.239),
    ],
)
def test_fisher_p_of_the_printed_margins_is_the_printed_p(results, variable, level, printed):
    assert results["p_value", variable, level, VERSUS, "fisher"] == pytest.approx(printed, abs=5e-4)


def test_counts_percentages_and_sizes(results):
    assert results["n", "", "", "all", ""] == 90
    assert results["percent", "", "", "RAIR", ""] == pytest.approx(100 * 32 / 90)
    assert results["count", "metastasis", "yes", "RAIR", ""] == 18
    assert results["count", "histology", "OCA", "non-RAIR", ""] == 0
    assert results["count", "high_risk_ptc", "no", "non-RAIR", ""] == 52
    assert results["percent", "high_risk_ptc", "yes", "RAIR", ""] == pytest.approx(100 * 2 / 25)
    assert results["percent", "histology", "PTC", "all", ""] == pytest.approx(100 * 78 / 90)


def test_levels_of_each_variable_add_up_to_their_group(results):
    sums = results["count"].groupby(["variable", "group"]).sum()
    assert sums["high_risk_ptc"].to_dict() == {"RAIR": 25, "all": 78, "non-RAIR": 53}
    for group, size in {"RAIR": 32, "all": 90, "non-RAIR": 58}.items():
        assert set(sums.drop(index="high_risk_ptc").xs(group, level="group")) == {size}


def test_summaries_are_those_of_r(results):
    assert results["mean", "age", "", "RAIR", ""] == pytest.approx(R["mean_age_rair"])
    assert results["sd", "tumor_diameter", "", "non-RAIR", ""] == pytest.approx(
        R["sd_diameter_other"]
    )


def test_figure_1_is_that_of_proc(results):
    for variable, area, cutoff in zip(
        ("age", "tumor_diameter"), R["auc"], R["cutoff"], strict=True
    ):
        for method in ("hanley_mcneil", "delong"):
            assert results["auc", variable, "", VERSUS, method] == pytest.approx(area, rel=1e-12)
        assert results["cutoff", variable, "", VERSUS, "youden"] == cutoff
    limits = [results[name, "age", "", VERSUS, "delong"] for name in ("ci_low", "ci_high")]
    assert limits == pytest.approx(R["delong_age"], rel=1e-12)


def test_operating_points_are_given_for_both_readings_of_the_cutoff(results):
    sensitivity = [results["sensitivity", "age_54", rule, VERSUS, ""] for rule in ("≥54", ">54")]
    specificity = [
        results["specificity", "diameter_29", rule, VERSUS, ""] for rule in ("≥29", ">29")
    ]
    assert sensitivity == pytest.approx(R["sensitivity_54"])
    assert specificity == pytest.approx(R["specificity_29"])
    at_least = results["percent", "age_54", "≥54", "RAIR", ""]
    assert results["sensitivity", "age_54", "≥54", VERSUS, ""] == pytest.approx(at_least)


def test_table_2_is_that_of_glm(results, cohort):
    terms = [("age_54", "≥54 vs <54"), ("diameter_29", "≥29 vs <29"), ("metastasis", "yes vs no")]
    columns = {"odds_ratio": "odds_ratio", "ci_low": "low", "ci_high": "high", "p_value": "p_value"}
    for statistic, name in columns.items():
        found = [results[statistic, *term, VERSUS, "multivariable"] for term in terms]
        assert found == pytest.approx(R[name], rel=1e-7)
    assert lakhdar2024.table_2(cohort)["term"].tolist() == [": ".join(term) for term in terms]


def test_independent_predictors_are_those_below_the_significance_level(results):
    key = ("number", "independent_predictors", "", VERSUS, "multivariable")
    assert results[key] == sum(p < 0.05 for p in R["p_value"]) == 3


def test_oncocytic_histology_has_a_finite_odds_ratio_that_of_brglm2(cohort):
    found = lakhdar2024.oncocytic_firth(cohort)
    assert found["estimate"].tolist() == pytest.approx(R["firth"], rel=1e-6)
    assert found["term"].iloc[-1] == "oncocytic: yes vs no"


def test_order_of_patients_does_not_matter(cohort, results):
    shuffled = lakhdar2024.analyse(cohort.sample(frac=1, random_state=2)).set_index(KEY)["value"]
    pd.testing.assert_series_equal(shuffled, results, rtol=1e-9)


def test_cohort_read_as_texts_or_with_missing_subtypes_gives_the_same(cohort, results):
    for other in (cohort.astype(str), cohort.replace({"high_risk_ptc": {"": None}})):
        found = lakhdar2024.analyse(other).set_index(KEY)["value"]
        pd.testing.assert_series_equal(found, results)


def test_cohort_itself_is_left_alone(cohort):
    before = cohort.copy()
    lakhdar2024.analyse(cohort)
    pd.testing.assert_frame_equal(cohort, before)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("gender", "Female", "row 1, column gender: a text: must be one of female, male"),
        (
            "age",
            52.5,
            "row 1, column age: a number with decimals: must be a whole number from 0 to 120",
        ),
        ("tumor_diameter", "x", "row 1, column tumor_diameter: a text: must be a whole number"),
        ("rair", "", "row 1, column rair: nothing: must be one of yes, no"),
        ("high_risk_ptc", "maybe", "row 1, column high_risk_ptc: a text: must be one of yes, no"),
        ("histology", "FTC", "high_risk_ptc must be empty unless histology is PTC"),
        ("patient", 2, "row 2, column patient: an identifier that stands twice"),
    ],
)
def test_faulty_cohort_is_refused_in_one_line(cohort, column, value, message):
    faulty = cohort.astype(object)
    faulty.loc[0, column] = value
    with pytest.raises(RairlibError, match=message) as caught:
        lakhdar2024.check_cohort(faulty)
    assert len(str(caught.value).splitlines()) == 1


def test_all_faults_are_told_at_once(cohort):
    faulty = cohort.assign(gender="?", rair="no")
    with pytest.raises(RairlibError) as caught:
        lakhdar2024.analyse(faulty)
    assert len(str(caught.value).splitlines()) == 2


def test_absent_columns_are_named(cohort):
    with pytest.raises(RairlibError, match="no column age, histology"):
        lakhdar2024.analyse(cohort.drop(columns=["age", "histology"]))
