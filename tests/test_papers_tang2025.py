"""Expected values: tests/reference/tang2025.R on an arbitrary cohort; no margin is the paper's."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rairlib.errors import RairlibError
from rairlib.registry.agreement import match
from rairlib.registry.registry import load_registry
from rairlib.stats.calibration import restricted_cubic_spline, spline_knots
from rairlib.studies.tang2025 import analysis as tang2025
from rairlib.studies.tang2025.analysis import (
    CANDIDATES,
    LEVELS,
    develop,
    fit_printed_variables,
    screened,
    usual_test,
)
from rairlib.studies.tang2025.unpublished import (
    LINEAR,
    LOG_TG,
    SPLINE_TG,
    development_optimism,
    shapes,
    tg_curves,
    unpublished,
)

REFERENCE = Path(__file__).parent / "reference"
R = json.loads((REFERENCE / "tang2025.json").read_text(encoding="utf-8"))
KEY = ["statistic", "variable", "level", "group", "method"]
TRAINING, VALIDATION = tang2025.VERSUS.values()
SCREENED = ("lln_status", "lln_count", "lln_diameter", "rai_dose", "tg_before")
# What the flow of patients says before the cohort begins.
NOT_OF_THE_COHORT = {"results-patients-01": "patients screened"}


@pytest.fixture(scope="module")
def cohort():
    return pd.read_csv(REFERENCE / "tang2025_simulated.csv", keep_default_na=False)


@pytest.fixture(scope="module")
def training(cohort):
    return tang2025.one_set(tang2025.check_cohort(cohort), "training")


@pytest.fixture(scope="module")
def results(cohort):
    return tang2025.analyse(cohort).set_index(KEY)["value"]


@pytest.fixture(scope="module")
def selection(cohort):
    return tang2025.select(cohort)


@pytest.fixture(scope="module")
def open_questions(cohort):
    return unpublished(cohort).set_index(["topic", "quantity"])["value"]


def test_every_number_that_a_cohort_determines_is_computed(results):
    registry = load_registry("tang2025")
    matched = match(registry, results.reset_index())
    missing = {
        row.id
        for row in registry
        if row.role != "design" and not row.repeats and row.id not in matched
    }
    assert missing == set(NOT_OF_THE_COHORT)


def test_numbers_whose_method_is_named_are_computed_by_it(results):
    rows = load_registry("tang2025").where(role=("anchor", "held_out", "derivable"), repeats="")
    assert {row.key for row in rows if row.method} <= set(results.index)


def test_every_result_has_one_key(results):
    assert results.index.is_unique


def test_variables_that_were_not_put_to_selection_have_no_p_value_there(results):
    adjusted = results.sort_index()["p_value", :, "", TRAINING, "multivariable"]
    assert set(adjusted.index) == set(CANDIDATES)
    assert set(adjusted[adjusted.notna()].index) == set(SCREENED)


@pytest.mark.parametrize(
    ("group", "versus"), [("sets", "training vs validation"), ("outcomes", TRAINING)]
)
@pytest.mark.parametrize("variable", CANDIDATES)
def test_tests_of_tables_1_and_2_are_those_of_r(results, variable, group, versus):
    for method, expected in R[group][variable].items():
        found = results["p_value", variable, "", versus, method]
        assert found == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(
    ("variable", "method"), [("ete", "pearson"), ("age", "student"), ("rai_dose", "mann_whitney")]
)
def test_univariable_test_is_the_one_that_the_methods_imply(results, variable, method):
    found = results["p_value", variable, "", TRAINING, "univariable"]
    assert found == pytest.approx(R["outcomes"][variable][method], rel=1e-8)


def test_screening_keeps_what_r_finds_significant(training):
    usual = {name: R["outcomes"][name][usual_test(name)] for name in CANDIDATES}
    assert screened(training) == tuple(name for name in CANDIDATES if usual[name] < 0.05)
    assert screened(training) == SCREENED


def test_selection_starts_and_ends_with_the_score_tests_of_r(selection):
    entries = selection.log[selection.log["action"] == "enter"].set_index(["step", "term"])
    # R's score test uses the weights of the last but one iteration: it is good to six digits.
    for step, name in ((0, "first_scores"), (2, "last_scores")):
        found = entries.loc[step, "p_value"]
        assert found.to_dict() == pytest.approx(R[name], rel=1e-5)
    assert selection.selected == ("lln_count", "tg_before")


def test_equation_is_that_of_glm(selection, results):
    coefficients = tang2025.equation(selection)
    assert coefficients.tolist() == pytest.approx(R["coefficients"], rel=1e-8)
    for place, name in enumerate(("lln_count", "tg_before")):
        key = (name, "", TRAINING)
        assert results["ci_low", *key, "wald exp"] == pytest.approx(R["low"][place], rel=1e-7)
        assert results["ci_high", *key, "wald exp"] == pytest.approx(R["high"][place], rel=1e-7)
        found = results["p_value", *key, "multivariable"]
        assert found == pytest.approx(R["p_value"][place], rel=1e-6)


def test_p_values_outside_the_equation_are_those_of_the_score_test(results):
    for name, expected in R["last_scores"].items():
        found = results["p_value", name, "", TRAINING, "multivariable"]
        assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("group", R["areas"])
def test_areas_and_limits_are_those_of_r_in_every_reading(results, group):
    for method, expected in R["areas"][group].items():
        found = [
            results[name, "logit_p", "", group, method] for name in ("auc", "ci_low", "ci_high")
        ]
        assert found == pytest.approx(expected, rel=1e-8)


def test_limit_cut_at_one_is_a_reading_of_its_own(results):
    key = ("ci_high", "logit_p", "", "age ≥55")
    plain = results[*key, "continuous hanley_mcneil"]
    assert results[*key, "continuous hanley_mcneil cut at 1"] == min(plain, 1)


def test_likeliest_reading_of_an_area_comes_first(results):
    listed = results.reset_index().query("statistic == 'auc'").drop_duplicates("group")
    first = listed.set_index("group")["method"]
    assert first[TRAINING] == "continuous hanley_mcneil"
    assert set(first.drop(TRAINING)) == {"dichotomised hanley_mcneil"}


@pytest.mark.parametrize("name", R["rates"])
def test_rates_at_the_threshold_are_those_of_r(results, name):
    for rate, expected in R["rates"][name].items():
        found = results[rate, "logit_p_0585", "≥−0.585", tang2025.VERSUS[name], ""]
        assert found == pytest.approx(expected, rel=1e-12)


def test_best_threshold_is_that_of_proc(results):
    found = results["cutoff", "logit_p", "", TRAINING, "youden"]
    assert found == pytest.approx(R["cutoff"], rel=1e-8)


def test_hosmer_lemeshow_is_that_of_r(results):
    key = ("logit_p", "", TRAINING, "hosmer_lemeshow")
    found = [results["chi_square", *key], results["p_value", *key]]
    assert found == pytest.approx([R["hosmer"][0], R["hosmer"][2]], rel=1e-7)


def test_sizes_outcomes_and_braf(results, cohort):
    assert results["n", "", "", "all", ""] == 200
    assert results["n", "", "", "training failure", ""] == np.sum(
        (cohort["cohort"] == "training") & (cohort["failure"] == "yes")
    )
    kinds = results.sort_index()["count", "failure_kind", :, "failure", ""]
    assert kinds.sum() == results["n", "", "", "failure", ""]
    assert results["count", "concurrent_locoregional", "yes", "failure", ""] == 4
    parts = [results["count", "braf_tested", "yes", name, ""] for name in ("success", "failure")]
    assert sum(parts) == results["count", "braf_tested", "yes", "all", ""]


def test_development_step_is_the_analysis(cohort, training, selection):
    developed = develop(training)
    assert developed.variables == selection.selected
    data = tang2025.scored(cohort)
    assert developed.risks(data) == pytest.approx(data["risk"].to_numpy(), rel=1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_development_step_is_the_analysis_on_resamples(cohort, training, seed):
    rng = np.random.default_rng(seed)
    drawn = training.iloc[rng.integers(0, len(training), len(training))]
    both = pd.concat([drawn, tang2025.one_set(cohort, "validation")], ignore_index=True)
    found = tang2025.select(both.assign(patient=range(len(both))))
    assert develop(drawn).variables == found.selected


def test_model_without_selection_is_that_of_glm(training):
    risks = fit_printed_variables(training).risks(training)
    expected = tang2025.linear_predictor(
        training, pd.Series(R["coefficients"], index=["intercept", "lln_count", "tg_before"])
    )
    assert np.log(risks / (1 - risks)) == pytest.approx(expected.to_numpy(), rel=1e-7, abs=1e-9)


def test_model_without_variables_predicts_the_share_of_events(training):
    alike = {name: LEVELS[name][0] if name in LEVELS else 1.0 for name in CANDIDATES}
    developed = develop(training.assign(**alike))
    assert developed.variables == ()
    share = (training["failure"] == "yes").mean()
    assert developed.risks(training) == pytest.approx(np.full(len(training), share))


def test_development_needs_both_outcomes(training):
    with pytest.raises(RairlibError, match="all patients have the same outcome"):
        develop(training.assign(failure="no"))


def test_separated_outcome_is_refused(training):
    apart = training.assign(lln_count=np.where(training["failure"] == "yes", 9, 0))
    with pytest.raises(RairlibError, match="no finite estimates"):
        fit_printed_variables(apart)


def test_calibration_of_both_sets_is_that_of_glm(open_questions):
    names = ["calibration slope", "calibration in the large", "Brier score"]
    for part, expected in R["calibration"].items():
        found = [open_questions[part, name] for name in names]
        assert found == pytest.approx(expected, rel=1e-7, abs=1e-9)


def test_errors_and_covariances_are_those_of_glm(open_questions):
    found = open_questions["model of nodes and Tg"]
    terms = ("intercept", "nodes", "Tg")
    assert [found[f"SE, {t}"] for t in terms] == pytest.approx(R["errors"], rel=1e-8)
    pairs = ("intercept and nodes", "intercept and Tg", "nodes and Tg")
    assert [found[f"covariance, {p}"] for p in pairs] == pytest.approx(R["covariance"], rel=1e-7)
    assert found["likelihood ratio χ²"] == pytest.approx(R["lr"], rel=1e-9)
    assert found["heuristic shrinkage"] == pytest.approx(1 - 2 / R["lr"], rel=1e-9)


def test_areas_of_predictors_alone_are_those_of_proc(open_questions):
    found = [open_questions["predictors, validation", f"area, {p} alone"] for p in ("nodes", "Tg")]
    assert found == pytest.approx(R["alone"], rel=1e-12)


def test_unpublished_quantities_are_unique_and_explained(cohort):
    table = unpublished(cohort)
    assert not table.duplicated(["topic", "quantity"]).any()
    assert (table["value"].isna() == (table["reason"] != "")).all()


def test_spline_is_that_of_rms(training):
    knots = spline_knots(training["tg_before"])
    assert knots == pytest.approx(R["knots"], rel=1e-12)
    columns = restricted_cubic_spline(training["tg_before"], knots)
    assert columns[:5] == pytest.approx(np.array(R["spline"]), rel=1e-10, abs=1e-12)


def test_spline_is_straight_beyond_the_outer_knots():
    beyond = restricted_cubic_spline([5.0, 6.0, 7.0], [0.0, 1.0, 2.0, 4.0])
    assert np.diff(beyond, n=2, axis=0) == pytest.approx(np.zeros((1, 3)), abs=1e-12)


def test_other_shapes_are_those_of_glm(training):
    found = shapes(training)["log_likelihood"]
    names = {"linear": LINEAR, "log_tg": LOG_TG, "spline": SPLINE_TG, "product": "nodes × Tg"}
    for name, shape in names.items():
        assert found[shape] == pytest.approx(R["shapes"][name], rel=1e-9)


def test_straight_curve_is_that_of_the_equation(training):
    curves = tg_curves(training, nodes=2, largest=10).set_index("shape").loc[LINEAR]
    intercept, nodes, tg = R["coefficients"]
    ends = curves.iloc[[0, -1]]
    expected = intercept + 2 * nodes + tg * ends["value"]
    assert np.log(ends["risk"] / (1 - ends["risk"])).tolist() == pytest.approx(expected.tolist())
    assert (curves["low"] < curves["risk"]).all()
    assert (curves["risk"] < curves["high"]).all()


@pytest.mark.parametrize("knots", [2, 6])
def test_number_of_knots_is_limited(knots):
    with pytest.raises(RairlibError, match="knots must be 3, 4 or 5"):
        spline_knots(range(100), knots)


def test_order_of_patients_does_not_matter(cohort, results):
    shuffled = tang2025.analyse(cohort.sample(frac=1, random_state=2)).set_index(KEY)["value"]
    pd.testing.assert_series_equal(shuffled[results.index], results, rtol=1e-9)


def test_cohort_read_as_texts_or_with_missing_for_empty_gives_the_same(cohort, results):
    for other in (cohort.astype(str), cohort.replace("", None)):
        found = tang2025.analyse(other).set_index(KEY)["value"]
        pd.testing.assert_series_equal(found, results)


def test_cohort_itself_is_left_alone(cohort):
    before = cohort.copy()
    tang2025.analyse(cohort)
    pd.testing.assert_frame_equal(cohort, before)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("gender", "Male", "row 1, column gender: a text: must be one of male, female"),
        (
            "age",
            52.5,
            "row 1, column age: a number with decimals: must be a whole number from 0 to 120",
        ),
        (
            "lln_count",
            0.5,
            "row 1, column lln_count: a number with decimals: must be a whole number",
        ),
        (
            "tg_before",
            "",
            "row 1, column tg_before: nothing: must be a number from 0 ng/mL upwards",
        ),
        ("tg_before", np.inf, "row 1, column tg_before: an infinite number: must be"),
        ("follow_up", 5, "row 1, column follow_up: a number below 6: must be a time from 6 to 600"),
        ("failure_kind", "distant metastases", "failure_kind must be empty unless failure is yes"),
        (
            "concurrent_locoregional",
            "no",
            "concurrent_locoregional must be empty unless failure_kind is distant",
        ),
        ("lln_status", "yes", "lln_count does not go with lln_status"),
        ("lln_diameter", 1.0, "lln_diameter does not go with lln_status"),
        ("patient", "SIM-002", "row 2, column patient: an identifier that stands twice"),
    ],
)
def test_faulty_cohort_is_refused_in_one_line(cohort, column, value, message):
    faulty = cohort.astype(object)
    faulty.loc[0, column] = value
    with pytest.raises(RairlibError, match=message):
        tang2025.check_cohort(faulty)


def test_all_faults_are_told_at_once(cohort):
    with pytest.raises(RairlibError) as caught:
        tang2025.analyse(cohort.assign(gender="?", age="?"))
    assert len(str(caught.value).splitlines()) == 2


def test_absent_columns_are_named(cohort):
    with pytest.raises(RairlibError, match="no column tg_before"):
        tang2025.analyse(cohort.drop(columns="tg_before"))


def test_set_without_failures_is_refused(cohort):
    kept = cohort[(cohort["cohort"] == "training") | (cohort["failure"] == "no")]
    with pytest.raises(RairlibError, match="cohort = validation and failure = yes"):
        tang2025.check_cohort(kept)


def test_subgroup_without_two_failures_has_no_area(cohort):
    data = tang2025.scored(cohort)
    part = data[~data["failed"]]
    assert tang2025.area(part, "continuous", "delong").isna().all()


def test_optimism_is_apparent_less_corrected_and_the_same_from_the_same_resamples(cohort):
    table = development_optimism(cohort, 30, rng=np.random.default_rng(3))
    values = table.set_index(["topic", "quantity"])["value"]
    for step in ("whole development", "fit alone"):
        own = values[f"optimism, {step}"]
        parts = own["area, apparent"] - own["area, optimism"]
        assert own["area, corrected"] == pytest.approx(parts, rel=1e-12)
    same = "share of resamples with the same variables"
    assert values["stability, fit alone", same] == 1
    assert values["stability, whole development", same] < 1
    assert table.equals(development_optimism(cohort, 30, rng=np.random.default_rng(3)))
