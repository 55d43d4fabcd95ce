"""Frames of the Hunan pages on the cohort of tests/reference/tang2025.R and by hand."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rairlib.figures.decision import draw_risk_curves
from rairlib.figures.roc import draw_roc_readings
from rairlib.pages import common
from rairlib.registry.registry import load_registry
from rairlib.registry.studies import load_witness
from rairlib.studies.tang2025 import analysis
from rairlib.studies.tang2025 import pages as tang2025
from rairlib.studies.tang2025.unpublished import (
    developed_from_equation,
    developed_without_signal,
    tg_curves,
)

REFERENCE = Path(__file__).parent / "reference"
R = json.loads((REFERENCE / "tang2025.json").read_text(encoding="utf-8"))
SETS = ("training", "validation")


@pytest.fixture(scope="module")
def registry():
    return load_registry("tang2025")


@pytest.fixture(scope="module")
def cohort():
    return pd.read_csv(REFERENCE / "tang2025_simulated.csv", keep_default_na=False)


@pytest.fixture(scope="module")
def results(cohort):
    return analysis.analyse(cohort)


@pytest.fixture(scope="module")
def selection(cohort):
    return analysis.select(cohort)


@pytest.fixture(scope="module")
def scored(cohort):
    return analysis.scored(cohort)


@pytest.fixture(scope="module")
def training(scored):
    return analysis.one_set(scored, "training")


def test_flow_adds_up(registry):
    names = ["screened", "excluded", "all", "training", "validation"]
    boxes = common.flow_boxes(registry, [(name, "", "", "") for name in names])
    boxes = boxes.set_index("box")["n"]
    assert boxes["screened"] == boxes["excluded"] + boxes["all"]
    assert boxes["all"] == boxes["training"] + boxes["validation"]


def test_comparison_tells_every_candidate_as_its_test_wants(page, cohort):
    table = page("tang2025/model").groups_compared(
        analysis.table_2(cohort), ("training failure", "training success")
    )
    assert len(table) == len(analysis.CANDIDATES)
    assert "±" in table.loc["age (years)", "training failure"]
    assert "%" in table.loc["multifocality", "training failure"]
    p_value = R["outcomes"]["rai_dose"]["mann_whitney"]
    assert table.loc["iodine-131 dose (mCi)", "p"] == tang2025.p_text(p_value)


@pytest.mark.parametrize(
    ("value", "text"), [(0.0004, "<0.001"), (0.0005, "0.001"), (0.0441, "0.044"), (np.nan, "–")]
)
def test_p_value_as_text(value, text):
    assert tang2025.p_text(value) == text


def test_printed_p_values_stand_beside_the_tests_that_their_variable_allows(
    page, registry, results
):
    table = page("tang2025/model").candidate_tests(registry, results)
    assert len(table) == 5
    assert table.loc["lateral node metastasis", "implied test"] == "χ²"
    found = R["outcomes"]["lln_status"]
    told = f"χ² with Yates {found['yates']:.2g}; Fisher {found['fisher']:.2g}"
    assert table.loc["lateral node metastasis", "other tests"] == told
    assert table.loc["iodine-131 dose (mCi)", "other tests"].startswith("t ")


def test_log_names_every_test_of_the_selection(page, selection):
    table = page("tang2025/model").selection_log(selection)
    assert len(table) == len(selection.log)
    assert (table["decision"] == "enters").sum() == 2
    assert "number of lateral nodes" in set(table["tested"])


def test_failures_per_variable_count_what_was_tried(page, training, selection):
    table = page("tang2025/model").failures_per_variable(training, selection)
    assert table["variables"].tolist() == [15, 5, 2]
    failures = int((training["failure"] == "yes").sum())
    assert table.loc["tested one by one", "failures per variable"] == round(failures / 15, 1)


def test_table_3_has_the_model_and_what_it_leaves_out(page, registry, results):
    table = page("tang2025/model").table_3_beside(registry, results)
    assert len(table) == 10
    fitted = table.loc[("number of lateral nodes", "coefficient"), "cohort"]
    assert fitted == f"{R['coefficients'][1]:.3f}"
    assert table.loc[("intercept", "coefficient"), "printed"] == "−2.046"
    assert set(table["as printed"]) <= {"yes", "no", "0 of 2", "1 of 2"}


def test_equation_reads_as_in_the_paper(page, registry):
    printed = tang2025.printed_equation(registry)
    assert page("tang2025/model").equation_text(printed) == (
        "logit(p) = −2.046 + 0.196 × nodes + 0.103 × Tg"
    )


def test_risk_of_the_printed_equation_by_hand(page, registry):
    printed = tang2025.printed_equation(registry)
    table = page("tang2025/model").risks_beside(printed, printed)
    # 1 / (1 + exp(2.046 - 2 * 0.196 - 5 * 0.103)) = 0.242504
    assert table.loc[2, (5, "printed")] == pytest.approx(24.2504, abs=0.0001)
    assert table.loc[2, (5, "cohort")] == table.loc[2, (5, "printed")]


def test_performance_of_the_print_and_of_the_cohort_stand_side_by_side(page, registry, scored):
    table = page("tang2025/validation").performance_beside(registry, scored, SETS)
    assert table.index.tolist() == [(n, s) for n in SETS for s in ("print", "cohort")]
    counts = table[["TP", "FN", "FP", "TN"]]
    assert counts.loc[("training", "print")].tolist() == [31, 19, 7, 65]
    assert counts.loc[("validation", "print")].tolist() == [13, 5, 8, 34]
    found = float(table.loc[("training", "cohort"), "sensitivity, %"])
    assert found == pytest.approx(R["rates"]["training"]["sensitivity"], abs=0.005)


def test_areas_in_every_reading_are_those_of_r(page, registry, scored):
    table = page("tang2025/validation").areas_beside(registry, scored)
    area, low, high = R["areas"]["male"]["dichotomised hanley_mcneil"]
    assert table.loc["male", "cut in two, Hanley-McNeil"] == f"{area:.3f} ({low:.3f} to {high:.3f})"
    assert table.loc["validation", "printed"] == "0.766 (0.626 to 0.905)"


def test_print_of_an_area_rounds_to_its_own_reading(page, registry):
    """Patients with the printed 2×2 table of validation give the printed area and limits."""
    cells = {(True, 1.0): 13, (True, -1.0): 5, (False, 1.0): 8, (False, -1.0): 34}
    rows = [key for key, number in cells.items() for _ in range(number)]
    made = pd.DataFrame(rows, columns=["failed", "logit_p"])
    made = made.assign(cohort="validation", gender="male", age_55="<55")
    made["logit_p_0585"] = np.where(made["logit_p"] > 0, "≥−0.585", "<−0.585")
    both = pd.concat([made.assign(cohort="training"), made], ignore_index=True)
    table = page("tang2025/validation").areas_beside(registry, both)
    assert "cut in two, Hanley-McNeil" in table.loc["validation", "rounds to all three"]


def test_differences_are_first_less_second(page, scored):
    table = (
        page("tang2025/validation")
        .area_differences(scored)
        .astype({"first": float, "second": float})
    )
    found = table.loc[("training less validation", "the score")]
    areas = [R["areas"][analysis.VERSUS[name]]["continuous delong"][0] for name in SETS]
    assert [found["first"], found["second"]] == pytest.approx(areas, abs=0.0005)


def test_hosmer_lemeshow_of_ten_groups_is_that_of_r(page, scored):
    table = page("tang2025/validation").hosmer_table(scored, "training")
    assert table.loc["nearest size", 10] == pytest.approx(R["hosmer"][2], rel=1e-7)


def test_roc_panels_are_drawn_and_told(page, registry, scored):
    panel = page("tang2025/validation").roc_panel
    panels = {name: panel(registry, scored, name) for name in analysis.SUBGROUPS}
    shown = draw_roc_readings(panels)
    assert len(shown.figure.axes) == 4
    assert "age ≥55: area of the score" in shown.alt
    assert "simulated" in shown.alt


def test_risk_curves_are_drawn_and_told(training):
    curves = tg_curves(training, nodes=0, largest=20)
    shown = draw_risk_curves(curves, training["tg_before"], label="Tg (ng/mL)")
    assert len(shown.figure.axes[0].get_legend().get_texts()) == 3
    assert "% at 20" in shown.alt


def test_calibration_numbers_are_those_of_glm(page, scored):
    parts = {name: analysis.one_set(scored, name) for name in SETS}
    table = page("tang2025/performance").calibration_numbers(parts)
    slope = table.loc["calibration slope (1 is right)", "validation"]
    assert slope.startswith(f"{R['calibration']['validation'][0]:.3f} (")
    assert table.loc["calibration in the large (0 is right)", "training"].startswith("0.000 (")


def test_net_benefit_by_hand(page):
    part = pd.DataFrame({"failed": [True, True, False, False], "risk": [0.9, 0.1, 0.8, 0.2]})
    table = page("tang2025/performance").benefit_at({"some": part}, [0.5])
    # One of four found, one alarmed for nothing, weight 1: 0; treating all: 2/4 - 2/4.
    assert table.loc[("some", "50.0 %")].tolist() == [0, 0, 0, 0]


def test_certain_gain_joins_neighbouring_thresholds(page):
    gain = [0.1, 0.1, -0.1, 0.1, 0.0]
    curve = pd.DataFrame(
        {"strategy": "model", "threshold": [0.1, 0.2, 0.3, 0.4, 0.5], "gain_low": gain}
    )
    assert page("tang2025/performance").certain_gain(curve) == "10 to 20 and 40 %"
    assert page("tang2025/performance").certain_gain(curve.assign(gain_low=-1.0)) == "at none"


def test_sizes_needed_are_those_of_the_papers_criterion(page):
    table = page("tang2025/optimism").sizes_needed(0.41, {"printed": 0.838}, 15)
    # Overall risk to within 0.05: (1.96 / 0.05)² · 0.41 · 0.59 = 371.7.
    assert table.loc["overall risk to within 5 points", "printed"] == 372
    assert table.loc["all of these", "printed"] == table.iloc[:3]["printed"].max()


def test_sizes_to_validate_are_those_of_the_papers_criterion(page):
    part = pd.DataFrame({"failed": [True, False, True, False], "logit_p": [1, -1, 2, -2]})
    table = page("tang2025/performance").sizes_to_validate(part, 0.766)
    # Half fail: 1 / (asinh(0.1) / 1.96)² = 385.4.
    assert table.loc["observed/expected", ["patients", "failures"]].tolist() == [386, 193]
    assert table.loc["all", "patients"] == table["patients"].max()


def test_shuffled_outcomes_leave_an_area_near_one_half_without_variables(training):
    runs = developed_without_signal(training, 20, rng=np.random.default_rng(1))
    assert len(runs) == 20
    assert (runs.loc[runs["variables"] == 0, "area"] == 0.5).all()
    assert (runs.loc[runs["variables"] > 0, "area"] > 0.5).all()


def test_outcomes_from_an_equation_mostly_give_its_variables_back(page, training, selection):
    strong = analysis.equation(selection) * [1, 3, 3]
    runs = developed_from_equation(training, strong, 20, rng=np.random.default_rng(1))
    found = runs["selected"].str.contains("lln_count") & runs["selected"].str.contains("tg_before")
    assert found.mean() > 0.7
    table = page("tang2025/model").selected_models(runs)
    assert table["percent of runs"].sum() == pytest.approx(100, abs=1)


def test_same_source_of_randomness_gives_the_same_runs(training):
    both = [developed_without_signal(training, 5, rng=np.random.default_rng(7)) for _ in range(2)]
    pd.testing.assert_frame_equal(*both)


def test_no_loss_of_the_yes_or_no_prediction_is_shown(page, registry):
    # pROC's roc.test(method = "delong", paired = FALSE) on 31, 19, 7, 65 and 13, 5, 8, 34: areas
    # 0.7613889 and 0.7658730; limits with a standard error of 0.0735 and 105.9 df.
    loss = page("tang2025/meaning").loss_of_the_prediction(registry)
    assert loss["difference"] == pytest.approx(0.7613889 - 0.7658730, abs=1e-7)
    assert (loss["low"], loss["high"]) == pytest.approx((-0.150, 0.141), abs=5e-4)


def test_kept_cohort_lies_low_in_the_ensemble_and_the_first_one_high():
    # 11 and 193 of the 200 areas are smaller, counted in data/results/tang2025_unpublished.csv.
    found = tang2025.validation_areas(load_witness("tang2025"))
    assert (found["kept_above"], found["first_above"]) == (5.5, 96.5)
    assert found["kept_area"] == pytest.approx(0.771164, abs=5e-7)
