"""Expected values: Tables 3 and 4 as printed, and R (tests/reference/table_four.R)."""

import json
from pathlib import Path

import numpy as np
import pytest

from rairlib.reconstruct.accounts import FIRST_STEP, LAST_STEP, hypotheses
from rairlib.reconstruct.logistic import ReconstructionError, agreement
from rairlib.reconstruct.submodels import one_split
from rairlib.registry.registry import load_registry
from rairlib.stats.selection import backward_lr, forward_lr
from rairlib.studies.wang2025.pages import hypotheses_table, table_four_model

R = json.loads((Path(__file__).parent / "reference" / "table_four.json").read_text())


@pytest.fixture(scope="module")
def registry():
    return load_registry("wang2025")


@pytest.fixture(scope="module")
def found(registry):
    return hypotheses("wang2025", table_four_model(registry))


@pytest.fixture(scope="module")
def chapter(page):
    return page("wang2025/refractory")


@pytest.fixture(scope="module")
def first(chapter, found):
    return chapter.account(found, FIRST_STEP)


@pytest.fixture(scope="module")
def cohort(chapter, registry, first):
    return chapter.patients_of(table_four_model(registry), first)


def test_table_of_hypotheses_names_covariates_in_words(found):
    table = hypotheses_table(found)
    assert table["verdict"].tolist() == ["excluded", "open", "proved", "excluded", "open"]
    assert not table.astype(str).map(lambda text: "_" in text).to_numpy().any()


def test_age_by_stage_has_the_printed_totals(chapter, registry, found):
    last = chapter.account(found, LAST_STEP)
    cells = chapter.levels_of(table_four_model(registry).restricted(last.covariates))
    cells = cells.assign(n=last.tables[0])
    assert cells.groupby("t_stage")["n"].sum().to_dict() == {"T1/T2/T3": 106, "T4": 71}
    assert cells.groupby("age_55")["n"].sum().to_dict() == {"<55": 115, "≥55": 62}


def test_any_one_number_singles_the_table_out(registry):
    pair = table_four_model(registry).restricted(("age_55", "t_stage"))
    assert agreement(pair.candidates(), pair.targets()).sum().tolist() == [1] * 6


def test_joint_table_has_nobody_with_t4_alone(cohort):
    assert not ((cohort["t_stage"] == "T4") & (cohort["ete"] == "Negative")).any()


@pytest.fixture(scope="module")
def selections(registry, cohort):
    levels = dict(table_four_model(registry).levels)
    return {run: run(cohort, "rair", levels) for run in (backward_lr, forward_lr)}


def test_each_printed_number_is_given_by_one_of_the_two_steps(chapter, registry, found, first):
    model, last = table_four_model(registry), chapter.account(found, LAST_STEP)
    steps = {"first step": first, "last step": last}
    fits = {name: chapter.fit_of(model, step) for name, step in steps.items()}
    table = chapter.rows_beside_print(model, fits)
    assert len(table) == 20
    assert "neither" not in set(table["agrees"])
    selected = table.loc[["age", "T stage"]]
    assert selected["agrees"].str.contains("last step").all()
    first = table.loc["T stage", "first step"]
    assert first["odds ratio"] == pytest.approx(R["first_step"]["t_stage"]["odds_ratio"], rel=1e-6)


# Table 4: patients with refractory and with avid disease at each level.
@pytest.mark.parametrize(
    ("covariate", "level", "refractory", "avid"),
    [
        ("age_55", "≥55", 42, 20),
        ("tumor_size_4", "≤4", 65, 88),
        ("ete", "Negative", 28, 51),
        ("t_stage", "T1/T2/T3", 35, 71),
        ("lm_size_1", "≥1", 30, 23),
    ],
)
def test_patients_have_the_printed_counts(cohort, covariate, level, refractory, avid):
    with_level = cohort[cohort[covariate] == level]["rair"]
    assert (with_level.sum(), (~with_level).sum()) == (refractory, avid)
    assert (len(cohort), cohort["rair"].sum()) == (177, 80)


def test_score_tests_at_the_constant_are_the_printed_chi_squares(selections):
    log = selections[forward_lr].log
    start = log[(log["step"] == 0)].set_index("term")["statistic"].round(3)
    # Table 4, univariable: Pearson's chi-squared is the score test of one covariate.
    assert start.to_dict() == {
        "age_55": 19.580,
        "tumor_size_4": 3.356,
        "ete": 5.481,
        "t_stage": 15.824,
        "lm_size_1": 3.974,
    }


def test_backward_selection_is_that_of_r(selections):
    log = selections[backward_lr].log
    size = log[(log["step"] == 3) & (log["term"] == "tumor_size_4")].iloc[0]
    assert size["p_value"] == pytest.approx(R["size_beside_age_and_t_p"], rel=1e-6)
    moves = log[log["decision"] == "leaves"]["term"].tolist()
    assert moves == ["lm_size_1", "ete"]


def test_forward_selection_ends_with_age_and_stage(selections):
    assert selections[forward_lr].selected == ("age_55", "t_stage")


def test_split_has_the_margins_or_does_not_exist():
    table = np.array([5, 4, 3, 2])
    events = one_split(table, 7, [3, 4])
    assert events.sum() == 7
    assert (events <= table).all()
    assert (events[2:].sum(), events[1::2].sum()) == (3, 4)
    # All five events would stand in the one cell with both levels, which holds two patients.
    with pytest.raises(ReconstructionError, match="no split"):
        one_split(table, 5, [5, 5])
