"""Expected values: tests/reference/wang2025.R on an arbitrary cohort; no margin is the paper's."""

import json
from pathlib import Path

import pandas as pd
import pytest

from rairlib.errors import RairlibError
from rairlib.registry.agreement import match
from rairlib.registry.registry import load_registry
from rairlib.studies.wang2025 import analysis as wang2025
from rairlib.studies.wang2025.analysis import PROGRESSION_CONTRASTS

REFERENCE = Path(__file__).parent / "reference"
R = json.loads((REFERENCE / "wang2025.json").read_text())
KEY = ["statistic", "variable", "level", "group", "method"]
RAIR, PD = "RAIR vs RAIA", "PD vs NPD"
# What the flow chart says before the cohort begins.
NOT_OF_THE_COHORT = {
    "section-3.1-03": "patients screened",
    "section-3.1-04": "patients excluded",
}


@pytest.fixture(scope="module")
def cohort():
    return pd.read_csv(REFERENCE / "wang2025_simulated.csv", keep_default_na=False)


@pytest.fixture(scope="module")
def results(cohort):
    return wang2025.analyse(cohort).set_index(KEY)["value"]


def ratios(estimates):
    shown = estimates.rename(columns={"estimate": "ratio", "p_value": "p"})
    return shown[["ratio", "low", "high", "p"]].to_dict("list")


def test_every_number_that_a_cohort_determines_is_computed(results):
    registry = load_registry("wang2025")
    matched = match(registry, results.reset_index())
    missing = {
        row.id
        for row in registry
        if row.role != "design" and not row.repeats and row.id not in matched
    }
    assert missing == set(NOT_OF_THE_COHORT)


def test_numbers_of_the_models_are_computed_by_the_model_that_is_named(results):
    registry = load_registry("wang2025")
    named = ("univariable", "multivariable", "mann_whitney", "kaplan_meier", "logrank")
    keys = {row.key for row in registry if row.method in named and row.role != "unavailable"}
    assert keys - {row.key for row in registry if row.role == "design"} <= set(results.index)


def test_every_result_has_one_key_and_a_value(results):
    assert results.index.is_unique
    assert results.notna().all()


def test_sizes_and_shares_of_groups(results, cohort):
    ordered = results.sort_index()
    sizes, shares = (ordered[name, "", "", :, ""] for name in ("n", "percent"))
    assert sizes["all"] == 120
    assert sizes["RAIR"] == (cohort["rair"] == "RAIR").sum() == 60
    assert sizes["progression despite avidity"] == 10
    assert sizes["evaluable"] + sizes["not evaluable"] == 120
    assert sizes["CR"] + sizes["non-CR/non-PD"] == sizes["NPD"] == 78
    # Types in percent of RAIR, responses in percent of the evaluable.
    assert shares["progression despite avidity"] == pytest.approx(100 * 10 / 60)
    assert shares["PD"] == pytest.approx(100 * 35 / 113)
    assert shares["RAIA"] == pytest.approx(50)


def test_percentages_of_table_4_are_of_the_level(results):
    both = [results["percent", "age_55", "≥55", group, ""] for group in ("RAIR", "RAIA")]
    assert sum(both) == pytest.approx(100)
    counts = [results["count", "age_55", "≥55", group, ""] for group in ("RAIR", "RAIA")]
    assert both[0] == pytest.approx(100 * counts[0] / sum(counts))
    assert results["count", "age_55", "≥55", "all", ""] == sum(counts)


@pytest.mark.parametrize("variable", R["chi"])
def test_chi_squared_tests_are_those_of_r_without_correction(results, variable):
    for statistic, name in {"chi_square": "chisq", "p_value": "p"}.items():
        found = results[statistic, variable, "", RAIR, "pearson"]
        assert found == pytest.approx(R["chi"][variable][name], rel=1e-9)


def test_statement_about_six_p_values_is_judged_by_the_smallest(results):
    (smallest,) = results[[key for key in results.index if " | " in key[1]]]
    assert smallest == pytest.approx(R["six"], rel=1e-9)


@pytest.mark.parametrize(
    ("variable", "group", "expected"),
    [
        *(("ps_tg", group, R["ps_tg"][group]) for group in R["ps_tg"]),
        ("follow_up", "evaluable", R["follow_up"]),
        ("lnm_ratio", "all", R["lnm_ratio"]),
    ],
)
def test_quantiles_are_those_of_type_6(results, variable, group, expected):
    names = ("q1", "median", "q3", "minimum", "maximum")
    assert [results[name, variable, "", group, ""] for name in names] == pytest.approx(expected)


@pytest.mark.parametrize(("versus", "name"), [(RAIR, "rair_ranks"), (PD, "pd_ranks")])
def test_mann_whitney_tests_are_those_of_r(results, versus, name):
    key = ("ps_tg", "", versus, "mann_whitney")
    assert results["u_statistic", *key] == R[name]["u"]
    assert results["p_value", *key] == pytest.approx(R[name]["p"], rel=1e-9)


def test_logistic_models_are_those_of_glm(cohort):
    two = ("age_55", "t_stage")
    five = ("age_55", "tumor_size_4", "ete", "t_stage", "lm_size_1")
    for covariates, name in ((five, "five"), (two, "two")):
        models = dict.fromkeys(covariates, covariates)
        found = wang2025.table_4_ratios(cohort, models).set_index("model")
        joint = ratios(found.loc["multivariable"])
        assert all(joint[column] == pytest.approx(R[name][column], rel=1e-7) for column in joint)
    crude = found.loc["univariable"].set_index("term").loc["t_stage: T1/T2/T3 vs T4"]
    assert crude["estimate"] == pytest.approx(R["crude_t"]["ratio"], rel=1e-7)


def test_rows_of_table_4_may_come_from_different_models(cohort):
    models = {"age_55": ("age_55", "t_stage"), "ete": ("age_55", "ete")}
    found = wang2025.table_4_ratios(cohort, models)
    chosen = found[found["model"] == "multivariable"]
    assert chosen["term"].tolist() == ["age_55: ≥55 vs <55", "ete: Negative vs Positive"]
    assert chosen["estimate"].iloc[0] == pytest.approx(R["two"]["ratio"][0], rel=1e-7)


def test_every_row_of_table_4_stands_in_its_own_model():
    for variable, covariates in wang2025.TABLE_4_MODELS.items():
        assert variable in covariates


def test_figure_3_is_that_of_proc(results):
    area = {
        method: results["auc", "ps_tg", "", PD, method] for method in ("delong", "hanley_mcneil")
    }
    assert list(area.values()) == pytest.approx([R["auc"]] * 2, rel=1e-12)
    limits = [results[name, "ps_tg", "", PD, "delong"] for name in ("ci_low", "ci_high")]
    assert limits == pytest.approx(R["delong"], rel=1e-12)
    assert results["cutoff", "ps_tg", "", PD, "youden"] == pytest.approx(R["cutoff"])
    for name in ("sensitivity", "specificity"):
        assert results[name, "ps_tg_528", "≥528.5", PD, ""] == pytest.approx(R[name])


def test_table_5_is_that_of_coxph_with_breslow_ties(cohort):
    found = wang2025.table_5(cohort).set_index("model")
    alone, joint = ratios(found.loc["univariable"]), ratios(found.loc["multivariable"])
    for column in joint:
        expected = [fit[column] for fit in R["univariable"]]
        assert alone[column] == pytest.approx(expected, rel=1e-7)
        assert joint[column] == pytest.approx(R["multivariable"][column], rel=1e-7)
    terms = [f"{name}: {' vs '.join(levels)}" for name, levels in PROGRESSION_CONTRASTS.items()]
    assert found.loc["univariable", "term"].tolist() == terms
    assert len(found.loc["multivariable"]) == 9


def test_efron_differs_from_breslow_where_events_are_tied(cohort):
    both = [wang2025.table_5(cohort, ties)["estimate"] for ties in ("breslow", "efron")]
    assert (both[0] - both[1]).abs().max() > 1e-3


def test_rates_and_log_rank_tests_are_those_of_survival(results):
    names = {"joined": "partial avidity or avidity lost"}
    for group, expected in R["rates"].items():
        found = results["survival_percent", "pfs", :, names.get(group, group), "kaplan_meier"]
        assert found.tolist() == pytest.approx(expected, rel=1e-9)
    for versus, name in ((RAIR, "rair_raia"), ("RAIR", "types")):
        key = ("pfs", "", versus, "logrank")
        assert results["logrank_chi_square", *key] == pytest.approx(R[name]["chisq"], rel=1e-9)
        assert results["p_value", *key] == pytest.approx(R[name]["p"], rel=1e-8)


def test_criterion_iv_leaves_no_progression_among_raia(results):
    assert results["survival_percent", "pfs", "60 months", "RAIA", "kaplan_meier"] == 100


def test_order_of_patients_does_not_matter(cohort, results):
    shuffled = wang2025.analyse(cohort.sample(frac=1, random_state=2)).set_index(KEY)["value"]
    pd.testing.assert_series_equal(shuffled, results, rtol=1e-9)


def test_cohort_read_as_texts_or_with_missing_for_empty_gives_the_same(cohort, results):
    for other in (cohort.astype(str), cohort.replace("", None)):
        found = wang2025.analyse(other).set_index(KEY)["value"]
        pd.testing.assert_series_equal(found, results)


def test_cohort_itself_is_left_alone(cohort):
    before = cohort.copy()
    wang2025.analyse(cohort)
    pd.testing.assert_frame_equal(cohort, before)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("gender", "female", "row 1, column gender: a text: must be one of Male, Female"),
        (
            "age",
            52.5,
            "row 1, column age: a number with decimals: must be a whole number from 18 to 120",
        ),
        ("ps_tg", "", "row 1, column ps_tg: nothing: must be a number from 0 upwards"),
        (
            "lnm_ratio",
            101,
            "row 1, column lnm_ratio: more positive nodes than removed: must be a number",
        ),
        ("rair_type", "", "row 1, column rair: rair_type must be given if rair is RAIR"),
        ("avidity", "never", "row 1, columns avidity, rair_type: avidity does not go"),
        (
            "ptc_variant",
            "",
            "row 1, column histology: ptc_variant must be given if histology is PTC",
        ),
        ("pfs", "", "row 1, column evaluable: pfs must be given if evaluable is yes"),
        ("pfs", -2, "row 1, column pfs: a negative number: must be a time above 0"),
        (
            "response",
            "PD",
            "row 1, columns progression, response: progression must be PD where the response is",
        ),
        (
            "progression",
            "",
            "row 1, column evaluable: progression must be given if evaluable is yes",
        ),
        ("patient", "SIM-002", "row 2, column patient: an identifier that stands twice"),
    ],
)
def test_faulty_cohort_is_refused_in_one_line(cohort, column, value, message):
    faulty = cohort.astype(object)
    faulty.loc[0, column] = value
    with pytest.raises(RairlibError, match=message):
        wang2025.check_cohort(faulty)


def test_progression_under_full_avidity_is_refractory_by_definition(cohort):
    faulty = cohort.astype(object)
    place = faulty.index[(faulty["rair"] == "RAIA") & (faulty["evaluable"] == "yes")][0]
    faulty.loc[place, ["response", "progression"]] = "PD"
    with pytest.raises(RairlibError, match="progression makes the disease RAIR"):
        wang2025.check_cohort(faulty)


def test_all_faults_are_told_at_once(cohort):
    with pytest.raises(RairlibError) as caught:
        wang2025.analyse(cohort.assign(gender="?", age="?"))
    assert len(str(caught.value).splitlines()) == 2


def test_absent_columns_are_named(cohort):
    with pytest.raises(RairlibError, match="no column pfs"):
        wang2025.analyse(cohort.drop(columns="pfs"))
