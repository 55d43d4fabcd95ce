"""The kept cohort of the Qingdao study, verified and not searched again."""

import numpy as np
import pandas as pd
import pytest

from rairlib.errors import RairlibError
from rairlib.registry.registry import load_registry
from rairlib.registry.studies import load_ensemble, load_witness, study_folder
from rairlib.studies.simulations import achieved, simulation_of
from rairlib.studies.wang2025 import analysis as wang2025
from rairlib.studies.wang2025.analysis import evaluable
from rairlib.studies.wang2025.ensemble import COHORTS, COMPOSITIONS

COX = ("hazard_ratio", "ci_low", "ci_high")


@pytest.fixture(scope="module")
def cohort():
    return load_witness("wang2025")


@pytest.fixture(scope="module")
def report(cohort):
    return achieved(simulation_of("wang2025"), cohort).set_index("id")


def test_report_that_is_kept_is_that_of_the_kept_cohort(report):
    kept = pd.read_csv(
        study_folder("wang2025") / "achieved.csv", dtype=str, keep_default_na=False
    ).set_index("id")
    assert report["hit"].tolist() == kept["hit"].tolist()


def test_patients_are_simulated_and_as_many_as_printed(cohort):
    assert len(cohort) == 177
    assert set(cohort["simulated"]) == {"yes"}
    assert cohort["patient"].is_unique


def test_every_count_median_quartile_and_range_is_hit(report):
    statistics = ["n", "count", "median", "q1", "q3", "minimum", "maximum", "chi_square"]
    rows = report[report["statistic"].isin(statistics)]
    rows = rows[rows["hit"] != "not a property of the cohort"]
    assert len(rows) > 150
    assert set(rows["hit"]) == {"yes"}


def test_table_4_is_hit_whole(report):
    rows = report[report.index.str.startswith("table4-")]
    rows = rows[rows["hit"] != "not a property of the cohort"]
    assert set(rows["hit"]) == {"yes"}


def test_table_5_is_met_but_for_six_numbers_and_these_are_near(report):
    rows = report[report.index.str.startswith("table5-") & report["statistic"].isin(COX)]
    printed = rows["printed"].astype(float)
    assert len(rows) == 63
    assert (rows["hit"] == "yes").sum() >= 57
    assert (100 * (rows["achieved"].astype(float) - printed).abs() / printed).max() < 0.5


def test_nineteen_in_twenty_of_the_determined_numbers_are_hit(report):
    # Of the paper's own numbers, repeats aside: all but the contradicted percentage.
    own = {row.id for row in load_registry("wang2025").where(repeats="")} - {"section-3.4-12"}
    rows = report[report.index.isin(own) & (report["hit"] != "not a property of the cohort")]
    assert len(rows) > 360
    assert (rows["hit"] == "yes").mean() >= 0.95


def test_no_command_draws_the_kept_cohort():
    with pytest.raises(RairlibError, match="wang2025: its kept cohort was found by hand"):
        simulation_of("wang2025").witness(1)


def test_no_progression_is_outside_refractory_disease(cohort):
    data = evaluable(cohort)
    assert data.loc[data["progressed"], "rair"].eq("RAIR").all()


def test_extrathyroidal_extension_is_part_of_t4(cohort):
    assert cohort.loc[cohort["t_stage"] == "T4", "ete"].eq("Positive").all()


def test_ensemble_holds_all_cohorts_and_no_anchor():
    ensemble = load_ensemble("wang2025")
    per_composition = ensemble.groupby("composition")["cohort"].nunique()
    assert per_composition.to_dict() == dict.fromkeys(COMPOSITIONS, COHORTS)
    assert ensemble["cohort"].nunique() == COHORTS * len(COMPOSITIONS)
    anchors = {row.key[:4] for row in load_registry("wang2025").where(role="anchor", repeats="")}
    key = ["statistic", "variable", "level", "group"]
    assert not anchors & set(ensemble[key].itertuples(index=False, name=None))


def test_analysis_of_the_kept_cohort_is_finite(cohort):
    results = wang2025.analyse(cohort)
    cox = results[results["statistic"].isin(COX)]
    assert np.isfinite(cox["value"]).all()
