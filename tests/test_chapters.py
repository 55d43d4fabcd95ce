"""The frames of the chapters agree with registry, verdicts and print."""

import math

import numpy as np
import pandas as pd
import pytest

from rairlib.errors import RairlibError
from rairlib.pages import common
from rairlib.pages.exercises import Exercise
from rairlib.reconstruct.logistic import agreement
from rairlib.reconstruct.printed_models import printed_models
from rairlib.registry.registry import load_registry
from rairlib.registry.studies import load_ensemble, load_witness
from rairlib.studies.exercises import EXERCISES, check
from rairlib.studies.lakhdar2024 import analysis
from rairlib.studies.lakhdar2024 import pages as lakhdar2024
from rairlib.verdicts.publish import kept_verdicts
from rairlib.verdicts.verdicts import study_verdicts

RABAT = "lakhdar2024"


@pytest.fixture(scope="module")
def registry():
    return load_registry(RABAT)


@pytest.fixture(scope="module")
def model(registry):
    return printed_models(registry)[0]


@pytest.fixture(scope="module")
def verdicts():
    return study_verdicts(RABAT)


@pytest.fixture(scope="module")
def cohort():
    return load_witness(RABAT)


def test_roles_count_every_number_once(registry):
    counts = common.role_counts(registry)
    assert counts[["numbers", "repeats"]].to_numpy().sum() == len(registry)
    assert "held out" in counts.index


def test_verdict_board_counts_every_number_that_is_no_repeat(verdicts):
    board = common.verdict_board(verdicts)
    originals = (verdicts["repeats"] == "").sum()
    assert board.loc["all", "all"] == originals
    assert board["all"].drop("all").sum() == originals


def test_one_place_is_shown_without_naming_it(verdicts):
    table = common.beside_in(verdicts, "Table 2")
    assert len(table) == 12
    assert "place" not in table.columns
    assert common.beside_in(verdicts, "Table 2", "p_value").index.tolist() == [
        "table2-04",
        "table2-08",
        "table2-12",
    ]


def test_hits_count_every_number(registry):
    hits = common.hits_by_role(common.load_achieved(RABAT))
    assert hits.to_numpy().sum() == len(registry)
    assert hits.loc["anchor", "missed"] == 0


def test_study_facts_and_wording_are_of_the_study():
    assert common.study_facts(RABAT).loc["patients"].item() == "90"
    assert common.wording(RABAT).index[0] == "text-01"


def test_check_labels_spell_the_abbreviations():
    labels = common.check_labels(pd.DataFrame({"check": ["grim", "t_test"]}))
    assert labels == {"grim": "GRIM", "t_test": "t test"}


def test_flow_of_patients_adds_up(page, registry):
    size = {box: registry.size(box).number.value for box, *_ in page("lakhdar2024/paper").FLOW}
    assert size["screened"] == 300
    excluded = sum(n for box, n in size.items() if box.startswith("excluded"))
    assert size["screened"] == excluded + size["all"]
    assert size["all"] == size["RAIR"] + size["non-RAIR"]


def test_fisher_stands_behind_all_but_one_p_value(registry):
    tests = lakhdar2024.tests_of_counts(registry)
    fisher = tests["agrees with"].str.contains("Fisher")
    assert tests.index[~fisher].tolist() == ["age ≥54/<54 years"]
    # R: fisher.test(matrix(c(12, 20, 14, 44), 2)), chisq.test(…, correct = FALSE); the paper: 0.226
    row = tests.loc["multifocality, yes/no"]
    assert (row["Fisher"], row["Pearson"]) == ("0.2264", "0.1806")
    assert tests.loc["histology OCA", "Wald"] == ""


def test_two_of_the_tests_tried_give_the_p_value_of_age(page, registry):
    tests = page("lakhdar2024/meaning").tests_of_age(registry)
    agreeing = tests.index[tests["rounds to the print"] == "yes"]
    assert agreeing.tolist() == ["Wald test of the crude odds ratio", "Boschloo's exact test"]
    # scipy.stats.boschloo_exact([[19, 16], [13, 42]]), to four decimals.
    assert tests.loc["Boschloo's exact test", "p value"] == pytest.approx(0.0037, abs=5e-5)
    # Odds ratio 19·42 / (13·16), SE sqrt(1/19 + 1/13 + 1/16 + 1/42): z = 2.894, p = 0.0038.
    assert tests.loc[agreeing[0], "p value"] == pytest.approx(0.0038, abs=5e-5)


def test_table_1_is_laid_out_as_printed(page, registry, cohort):
    layout = page("lakhdar2024/analyses").table_1_layout(registry, analysis.table_1(cohort))
    assert (layout["as printed"] == "yes").all()
    assert layout.loc["age (years)", "RAIR"] == "53.06 ± 14.128"
    assert layout.loc["gender, female/male", "non-RAIR"] == "53/5"
    assert layout.loc["histology OCA", "p, recomputed"] == "0.04222 (Fisher)"


def test_table_1_shows_where_a_cohort_differs(page, registry, cohort):
    changed = cohort.copy()
    changed.loc[changed["rair"] == "yes", "ete"] = "no"
    layout = page("lakhdar2024/analyses").table_1_layout(registry, analysis.table_1(changed))
    assert layout.index[layout["as printed"] == "no"].tolist() == [
        "extrathyroidal extension, yes/no"
    ]


def test_margins_of_the_model_are_those_of_table_1(page, model):
    margins = page("lakhdar2024/cohort").model_margins(model)
    assert margins.loc["metastasis yes"].tolist() == [18, 4, 22]
    assert margins.loc["patients"].tolist() == [32, 58, 90]


def test_each_printed_number_leaves_fewer_tables(page, model):
    tables = model.candidates()
    agrees = agreement(tables, model.targets())
    left = page("lakhdar2024/cohort").narrowing(tables, agrees)["joint tables left"]
    assert left.is_monotonic_decreasing
    assert left.iloc[1] == len(tables.cells)
    assert left.iloc[-1] == 1
    single = page("lakhdar2024/cohort").single_numbers(model, agrees)
    assert single.loc["odds ratio of metastasis"].tolist() == ["22.553", 1, "held out"]


def test_cells_hold_all_patients_and_name_their_levels(page, model):
    cells = page("lakhdar2024/cohort").cell_frame(model, lakhdar2024.splits_of(model))
    assert cells["n"].sum() == 90
    assert cells.query("metastasis == 'yes'")["n"].sum() == 22
    assert (cells["fewest"] <= cells["most"]).all()


def test_printed_specificity_of_age_and_table_2_need_different_counts(page, registry, model):
    readings = page("lakhdar2024/meaning").age_count_readings(registry, model)
    agreeing = readings.index[readings["joint tables that agree with Table 2"] > 0]
    assert agreeing.tolist() == [16]
    assert readings.index[readings["printed"] == "yes"].tolist() == [14]


def test_firth_shrinks_every_odds_ratio_of_table_2(page, model):
    fits = page("lakhdar2024/meaning").plain_and_firth(model)["estimate"]
    plain, penalised = (fits.xs(name, level="fit") for name in ("maximum likelihood", "Firth"))
    assert (penalised < plain).all()
    assert plain["metastasis"] == pytest.approx(22.553, abs=5e-4)


def test_operating_points_and_forest_set_print_beside_cohort(page, registry, cohort):
    points = page("lakhdar2024/analyses").roc_points(
        registry, analysis.figure_1(cohort), *analysis.FIGURE_1[0]
    )
    assert points["source"].tolist() == ["reported", "reproduced"]
    assert points["specificity"].round(3).tolist() == [0.759, 0.724]
    rows = page("lakhdar2024/analyses").forest_rows(registry, analysis.table_2(cohort))
    assert rows.groupby("source").size().to_dict() == {"reported": 3, "reproduced": 3}


def test_every_held_out_number_of_the_ensemble_stands_beside_its_print(page, registry):
    table = page("lakhdar2024/meaning").ensemble_beside_print(registry, load_ensemble(RABAT))
    assert table.loc["auc of age", "printed"] == "0.681"
    assert (table["2.5 %"] <= table["median"]).all()
    assert (table["median"] <= table["97.5 %"]).all()


@pytest.mark.parametrize("name", EXERCISES)
def test_exercise_accepts_its_answer_and_refuses_another(name):
    expected = EXERCISES[name].expected()
    assert check(name, expected) == "Right."
    wrong = [value + 1 for value in expected] if isinstance(expected, list) else expected + 1
    assert check(name, wrong).startswith("Not yet.")
    assert check(name, [1, 2, 3]).startswith("Not yet.")


def test_exercise_without_answer_invites_one_and_shows_no_quotes():
    reply = check("rabat: a p value", None)
    assert reply.startswith("No answer yet")
    assert repr(reply) == str(reply)


@pytest.mark.parametrize(
    "answer",
    ["0,226", "0.226", " 0.226 ", [0.226], ("0,226",), np.float32(0.226), pd.Series(["0.226"])],
)
def test_exercise_reads_a_number_however_it_is_written(answer, monkeypatch):
    ask = Exercise(expected=lambda: 0.226, tolerance=0.0005, hint="Three decimals.")
    monkeypatch.setitem(EXERCISES, "test", ask)
    assert check("test", answer) == "Right."


@pytest.mark.parametrize(
    ("answer", "reply"),
    [
        ("", "No answer yet."),
        ("  ", "No answer yet."),
        ("22.6 %", "Not read: '22.6 %'. Leave out the percent sign and keep the unit asked for."),
        ("about 3", "Not read: 'about 3'. Give a number such as 12.5, or a list"),
        ([1, None], "Not read: None. Give a number"),
        ([1, [2, 3]], "Not read: [2, 3]. Give a number"),
        ([np.zeros((2, 2)), np.zeros((2, 3))], "Not read: [array([[0."),
        ({"p": 1}, "Not read: {'p': 1}. Give a number"),
        ({1, 2}, "Not read: {1, 2}. Give a number"),
        (True, "Not read: True. Give a number"),
        (math.nan, "Not read: nan. Give a number"),
        ("inf", "Not read: 'inf'. Give a number"),
        (1j, "Not read: 1j. Give a number"),
        (10**400, "Not read: 1000"),
        (print, "Not read: <built-in function print>. Give a number"),
        ([], "Not yet. Give one number, not 0. Three decimals."),
        ([0.226, 1], "Not yet. Give one number, not 2. Three decimals."),
        ("0,227", "Not yet. Three decimals."),
    ],
)
def test_exercise_answers_anything_in_one_clear_line(answer, reply, monkeypatch):
    ask = Exercise(expected=lambda: 0.226, tolerance=0.0005, hint="Three decimals.")
    monkeypatch.setitem(EXERCISES, "test", ask)
    said = check("test", answer)
    assert said.startswith(reply)
    assert "\n" not in said
    assert len(said) < 200


def test_unknown_exercise_is_one_clear_line():
    with pytest.raises(RairlibError, match="exercise"):
        check(["rabat"], 1)
    with pytest.raises(RairlibError, match="rabat: a p value"):
        check("rabat: a p", 1)


def test_chance_and_neighbours_have_headings_for_readers(page):
    neighbours = pd.DataFrame(
        [("age_54", True, -1, 10, 2, 1)],
        columns=[
            "covariate", "outcome", "change", "candidates", "agreeing_estimates", "agreeing",
        ],
    )  # fmt: skip
    frame = page("lakhdar2024/cohort").neighbour_frame(neighbours)
    assert frame.index.tolist() == ["age, RAIR"]
    assert frame.iloc[0].tolist() == ["-1", 10, 2, 1]


def test_plain_words_count_every_number_once():
    verdicts = kept_verdicts(records=False)
    counts = common.plain_board(verdicts)
    originals = (verdicts["repeats"] == "").groupby(verdicts["study"]).sum()
    for study, numbers in originals.items():
        assert counts.loc[list(common.PLAIN), study].sum() == counts.loc["all", study] == numbers
    told = common.verdict_counts(verdicts)
    assert counts.loc["recomputed by an independent route", "all"] == told["reproduced_independent"]
    assert counts.loc["does not fit", "all"] == told["differs"] + told["contradicted"]
