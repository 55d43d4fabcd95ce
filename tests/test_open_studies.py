"""Studies whose records are open: what was printed, what the records give, and a file not there.

Expected counts are those of an independent trial on the same records with other code (statsmodels):
of 904 printed numbers 897 came out to the digit.
"""

import csv
import math
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rairlib.cohorts.public import COHORTS, FOLDER, load_records, records_files
from rairlib.errors import RairlibError
from rairlib.registry.printed import parse_printed
from rairlib.registry.registry import load_registry
from rairlib.registry.studies import load_variables
from rairlib.stats.logistic import fit_logistic, profile_limits
from rairlib.studies.uci915.analysis import (
    fit_rows,
    levels_with_one_outcome,
    model_rows,
    outcome_and_design,
)
from rairlib.studies.uci915.pages import EXERCISES
from rairlib.verdicts import publish
from rairlib.verdicts.verdicts import load_recomputed, records_values, study_verdicts

ROOT = Path(__file__).parents[1]
NAME = COHORTS["uci915"].files["thyroid"].name
# Numbers at each place, counted in the sources.
PLACES = {
    "table1": 427,
    "table2": 132,
    **{"dag": 24, "dag-or": 16, "model1": 42, "model1-or": 28, "model2": 42, "model2-or": 28},
    **{"model3": 66, "model3-or": 44, "fit": 20, "r": 19, "r-or": 12, "readme": 4},
}


def cohorts_folder() -> Path:
    """Return the folder that is named, or the one beside the project."""
    return Path(os.environ.get(FOLDER) or ROOT.parent / "shared" / "cohorts")


@pytest.fixture(scope="module")
def registry():
    return load_registry("uci915")


@pytest.fixture(scope="module")
def verdicts():
    return study_verdicts("uci915").set_index("id")


def test_every_printed_number_is_registered_at_its_place(registry):
    places = pd.Series([row.id.rpartition("-")[0] for row in registry])
    assert places.value_counts().to_dict() == PLACES
    assert len(registry) == sum(PLACES.values()) == 904


def test_the_records_determine_every_number_and_none_was_used_for_anything(registry):
    assert {row.role for row in registry} == {"held_out"}


def test_registry_has_the_numbers_of_the_sources(registry):
    found = {
        (row.statistic, row.variable, row.method): row.printed
        for row in registry.where(group="Model DAG")
        if row.id.startswith(("dag-or", "r-or", "fit")) and not row.repeats
    }
    assert found["odds_ratio", "gender", "multivariable"] == "3.537"
    assert found["ci_low", "gender", "wald exp"] == "1.846"
    assert found["ci_high", "gender", "profile"] == "6.81"
    assert found["log_likelihood", "model", ""] == "-194.543"
    assert found["aic", "model", ""] == "397.086"


def test_p_values_name_their_test_by_the_rule_of_the_source(registry):
    """Fisher where a count of a 2×2 table is expected below 5: at 7 of 383 with radiotherapy."""
    radiotherapy = registry.where("p_value", variable="hx_radiotherapy", level="")
    found = {(row.id.rpartition("-")[0], row.method, row.printed) for row in radiotherapy}
    assert found == {
        ("table1", "fisher", "0.002"),
        ("table2", "fisher", "<0.001"),
        ("readme", "yates", "0.0028"),
    }
    levels = {name: len(variable.levels) for name, variable in load_variables("uci915").items()}
    tested = [row for row in registry.where("p_value", level="") if " vs " in row.group]
    assert {row.id for row in tested if levels[row.variable] > 2} == {
        row.id for row in tested if row.method == "pearson"
    }


def test_897_of_904_numbers_are_reproduced(verdicts):
    assert (verdicts["verdict"] == "reproduced").sum() == 897
    assert set(verdicts.loc[verdicts["verdict"] == "reproduced", "evidence"]) == {"records"}


def test_the_others_belong_to_the_one_infinite_term_and_say_so(verdicts, registry):
    others = verdicts[verdicts["verdict"] != "reproduced"]
    assert len(others) == 7
    assert set(others["level"]) == {"Micropapillary vs Follicular"}
    assert set(others["group"]) == {"Model 3"}
    originals = others[others["repeats"] == ""]
    assert originals["reason"].str.contains("nobody with Micropapillary recurred").all()
    key = {"variable": "pathology", "level": "Micropapillary", "group": "recurred"}
    (count,) = registry.where("count", **key)
    assert count.printed == "0"


# --- Records that do not come with the project ------------------------------------------------


def test_kept_aggregates_are_those_of_the_file(monkeypatch, registry):
    if not (cohorts_folder() / NAME).is_file():
        pytest.skip(f"{NAME} is not here: name its folder in {FOLDER}")
    monkeypatch.setenv(FOLDER, str(cohorts_folder()))
    fresh, kept = records_values(registry), load_recomputed("uci915")
    assert fresh.keys() == kept.keys() == {row.id for row in registry}
    names = list(kept)
    assert [fresh[name] for name in names] == pytest.approx(
        [kept[name] for name in names], rel=1e-8, nan_ok=True
    )


def test_kept_aggregates_hold_nothing_but_a_value_for_each_number(registry):
    with (ROOT / "data/results/uci915_recomputed.csv").open(encoding="utf-8") as stream:
        header, *rows = csv.reader(stream)
    assert header == ["id", "value"]
    assert [name for name, _ in rows] == [row.id for row in registry]


@pytest.fixture
def no_file(monkeypatch, tmp_path):
    """Leave no folder of public cohorts, and an empty cache."""
    monkeypatch.delenv(FOLDER, raising=False)
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / name)


@pytest.mark.usefixtures("no_file")
def test_verdicts_need_no_file(verdicts):
    pd.testing.assert_frame_equal(study_verdicts("uci915").set_index("id"), verdicts)


@pytest.mark.usefixtures("no_file")
def test_without_kept_aggregates_the_file_is_asked_for(monkeypatch):
    monkeypatch.setattr("rairlib.verdicts.verdicts.has_result", lambda *_: False)
    with pytest.raises(RairlibError, match=f"^{NAME}: .*cohort fetch.* RAIRLIB_COHORTS$"):
        study_verdicts("uci915")


@pytest.mark.usefixtures("no_file")
@pytest.mark.parametrize("folder", ["", "empty"])
def test_absent_file_is_told_in_one_line_with_the_way_to_get_it(monkeypatch, tmp_path, folder):
    monkeypatch.setenv(FOLDER, str(tmp_path / folder) if folder else "")
    with pytest.raises(RairlibError) as caught:
        load_records("uci915")
    assert str(caught.value) == (
        "uci915_Thyroid_Diff.csv: the records do not come with the project: `rairlib cohort "
        "fetch` gets them; or name their folder in the environment variable RAIRLIB_COHORTS"
    )


def test_file_with_another_checksum_is_refused_in_one_line(monkeypatch, tmp_path):
    (tmp_path / NAME).write_text("Age,Recurred\n27,No\n34,No\n", encoding="utf-8")
    monkeypatch.setenv(FOLDER, str(tmp_path))
    with pytest.raises(RairlibError) as caught:
        load_records("uci915")
    assert str(caught.value) == (
        "uci915_Thyroid_Diff.csv: not the published file, its SHA-256 should begin with "
        "a2c65f7c8fa0: delete it, then `rairlib cohort fetch` gets it again"
    )


@pytest.mark.usefixtures("no_file")
def test_nothing_is_kept_anew_without_the_file(capsys):
    publish.write_recomputed()
    publish.write_real_patients()
    assert capsys.readouterr().out == ""


def test_packaged_records_need_no_file():
    assert [records_files(study) for study in ("gbsg2", "lung")] == [[], []]


# --- Exercises: answers by hand ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("uci915: an expected count", 7 * 108 / 383),
        ("uci915: one half more", (0.5 / 48.5) / (12.5 / 16.5)),
        ("uci915: how many patients", 383),
    ],
)
def test_exercise_has_the_answer_found_by_hand(name, expected):
    exercise = EXERCISES[name]
    assert exercise.expected() == pytest.approx(expected, abs=exercise.tolerance / 5)


# --- A term without a finite estimate, profile limits, fit by hand ----------------------------


def patients_of(*cells: tuple[str, str, str, int]) -> pd.DataFrame:
    rows = [cell[:3] for cell in cells for _ in range(cell[3])]
    return pd.DataFrame(rows, columns=["stage", "sex", "recurred"])


CELLS = [("I", "F", "no", 9), ("I", "F", "yes", 4), ("I", "M", "no", 5), ("I", "M", "yes", 7)]
CELLS += [("II", "F", "no", 3), ("II", "F", "yes", 6), ("II", "M", "no", 2), ("II", "M", "yes", 8)]
EMPTY = [("X", "F", "no", 5), ("X", "M", "no", 4)]
CODING = {"stage": ("II", "X", "I"), "sex": ("M", "F")}


def test_infinite_term_leaves_the_others_as_the_fit_without_its_patients():
    with_x = {row[:5]: row[5] for row in model_rows(patients_of(*CELLS, *EMPTY), "m", CODING)}
    rest = patients_of(*CELLS)
    without = model_rows(rest, "m", {**CODING, "stage": ("II", "I")})
    same = {row[:5]: row[5] for row in without if row[1] != "model"}
    assert {key: with_x[key] for key in same} == same
    term = ("stage", "X vs I", "m")
    assert with_x["coefficient", *term, "multivariable"] == -math.inf
    assert with_x["odds_ratio", *term, "multivariable"] == 0
    assert math.isnan(with_x["p_value", *term, "multivariable"])
    loglik = ("log_likelihood", "model", "", "m", "")
    assert with_x[loglik] == {row[:5]: row[5] for row in without}[loglik]


def test_level_of_which_nobody_recurred_is_found():
    assert levels_with_one_outcome(patients_of(*CELLS, *EMPTY), CODING) == [("stage", "X")]


def test_infinite_term_is_the_limit_of_larger_and_larger_coefficients():
    patients = patients_of(*CELLS, *EMPTY)
    columns = pd.DataFrame({"II": patients["stage"] == "II", "M": patients["sex"] == "M"})
    event, design = outcome_and_design(patients, columns.astype(float))
    held = -40.0 * (patients["stage"] == "X").to_numpy()
    nearly = fit_logistic(event, design, held).coefficients
    rows = {row[:3]: row[5] for row in model_rows(patients, "m", CODING)}
    found = [rows["intercept", "", ""], rows["coefficient", "stage", "II vs I"]]
    assert found == pytest.approx(nearly[:2], abs=1e-9)


def test_fit_of_a_model_by_hand():
    """Two of four recurred: the intercept alone has log likelihood 4 ln ½."""
    rows = fit_rows("m", -2.0, 1, pd.Series(["yes", "no", "yes", "no"]))
    found = {(row[0], row[2]): row[5] for row in rows}
    assert found == pytest.approx(
        {
            ("degrees_of_freedom", ""): 1,
            ("log_likelihood", ""): -2,
            ("deviance", ""): 4,
            ("pseudo_r2", ""): 1 - 2 / (4 * math.log(2)),
            ("aic", ""): 8,
            ("bic", ""): 2 * math.log(4) + 4,
            ("deviance", "intercept only"): 8 * math.log(2),
        }
    )


AGE, SMOKER = np.arange(31.0, 55.0), np.tile([0.0, 1.0, 1.0], 8)
EVENT = np.array([0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0], float)
DESIGN = np.column_stack([np.ones(24), AGE, SMOKER])


@pytest.mark.parametrize("place", range(3))
def test_profile_limits_agree_with_the_profile_of_glm(place):
    """Expected: tests/reference/profile_limits.R; confint interpolates the same curve."""
    R = pd.read_csv(ROOT / "tests/reference/profile_limits.csv").iloc[place]
    found = profile_limits(EVENT, DESIGN, place)
    assert found == pytest.approx((R["low"], R["high"]), rel=1e-9)
    assert found == pytest.approx((R["confint_low"], R["confint_high"]), abs=5e-4)


def test_profile_limits_follow_the_unit_of_a_covariate():
    decades = np.column_stack([np.ones(24), AGE / 10, SMOKER])
    expected = tuple(10 * limit for limit in profile_limits(EVENT, DESIGN, 1))
    assert profile_limits(EVENT, decades, 1) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("text", ["inf", "∞", "Infinity"])
def test_printed_infinity_stands_for_no_finite_number(text):
    number = parse_printed(text)
    assert number.agrees(math.inf)
    assert not number.agrees(1e300)
    assert not number.overlaps(0, 1e300)
