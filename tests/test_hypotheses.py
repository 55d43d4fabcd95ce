"""Expected values: the printed margins and rows of Table 4, and R for the kept joint table."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rairlib.reconstruct.accounts import (
    FIRST_STEP,
    LAST_STEP,
    ONE_MODEL,
    OWN_STEP,
    hypotheses,
    hypothesis_records,
)
from rairlib.reconstruct.logistic import fit_known_tables
from rairlib.reconstruct.printed_models import printed_models
from rairlib.reconstruct.submodels import collapsed
from rairlib.reconstruct.wide_tables import kept_tables
from rairlib.registry.registry import load_registry

R = json.loads((Path(__file__).parent / "reference" / "table_four.json").read_text())


@pytest.fixture(scope="module")
def model():
    (model,) = printed_models(load_registry("wang2025"))
    return model


@pytest.fixture(scope="module")
def found(model):
    return hypotheses("wang2025", model)


def of(found, name):
    return [one for one in found if one.hypothesis == name]


def test_every_hypothesis_has_a_verdict(found):
    verdicts = [(one.hypothesis, bool(one.constraint), one.verdict) for one in found]
    assert verdicts == [
        (ONE_MODEL, True, "excluded"),
        (ONE_MODEL, False, "open"),
        (LAST_STEP, False, "proved"),
        (OWN_STEP, False, "excluded"),
        (FIRST_STEP, True, "open"),
    ]


def test_one_model_is_excluded_by_the_bound_computed_by_hand(found):
    # 2 √(1/71 + 1/27) against log(0.6365 / 0.1695) / 3.92.
    assert "0.452" in found[0].reason
    assert "0.338" in found[0].reason


def test_last_step_has_one_table_with_the_printed_margins(found):
    (last,) = of(found, LAST_STEP)
    assert last.covariates == ("age_55", "t_stage")
    assert (last.unique, last.agreeing, last.numbers) == (True, 1, 6)
    (table,) = last.tables
    assert table.reshape(2, 2).sum(axis=1).tolist() == [115, 62]
    assert table.reshape(2, 2).sum(axis=0).tolist() == [71, 106]


def test_no_step_before_the_last_gives_the_row_of_what_left_there(found):
    (own,) = of(found, OWN_STEP)
    assert (own.search, own.agreeing, own.unique) == ("complete", 0, False)
    assert own.candidates > 10_000


def test_uniqueness_is_unknown_where_tables_were_searched(found):
    (first,) = of(found, FIRST_STEP)
    assert (first.search, first.unique, first.numbers) == ("search", None, 15)
    assert first.agreeing == len(first.tables) >= 1


def test_kept_tables_have_the_printed_margins_and_no_t4_without_extension(model):
    tables = kept_tables("wang2025", model)
    names = list(model.levels)
    # Table 4 by level of the numerator: 62, 153, 79, 106 and 53 of 177 patients.
    for name, count in zip(names, (62, 153, 79, 106, 53), strict=True):
        assert (collapsed(tables, names, [name])[:, 1] == count).all()
    without_extension = tables.reshape(-1, 2, 2, 2, 2, 2)[:, :, :, 1, 0]
    assert without_extension.sum() == 0


@pytest.mark.parametrize("term", ["tumor_size_4", "ete", "lm_size_1"])
def test_rows_of_the_first_step_are_those_of_glm_and_of_the_print(model, term):
    fitted = fit_known_tables(kept_tables("wang2025", model)[:1], model.events, model.event_margins)
    for statistic in ("odds_ratio", "ci_low", "ci_high", "p_value"):
        value = fitted.values(term, statistic)[0]
        assert value == pytest.approx(R["first_step"][term][statistic], rel=1e-6)
        assert model.rows[term, statistic].number.agrees(R["first_step"][term][statistic])


@pytest.mark.parametrize("term", ["age_55", "t_stage"])
def test_rows_of_the_last_step_are_those_of_glm_and_of_the_print(model, term):
    for statistic, value in R["last_step"][term].items():
        assert model.rows[term, statistic].number.agrees(value)


def test_records_are_flat_objects_with_all_cells_of_each_table(model):
    records = hypothesis_records("wang2025", model)
    keys = {"study", "model", "covariates", "cells", "candidates", "agreeing_estimates"}
    keys |= {"agreeing", "unique", "hypothesis", "constraint", "search", "numbers", "verdict"}
    for record in records:
        assert set(record) == {*keys, "reason"}
        assert sum(cell["n"] for cell in record["cells"]) in (0, 177)
    json.dumps(records)


def test_kept_tables_hold_every_cell_of_their_file(model):
    tables = kept_tables("wang2025", model)
    file = Path(__file__).parents[1] / "data" / "results" / "wang2025_joint_tables.csv"
    assert np.sort(tables[tables > 0]).tolist() == sorted(pd.read_csv(file)["n"])
    assert (tables.sum(axis=1) == 177).all()


def test_other_study_keeps_no_tables(model):
    assert kept_tables("lakhdar2024", model).shape == (0, 32)
