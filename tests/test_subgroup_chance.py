"""Expected values: known truth (splits of the table itself, impossible prints) and by hand."""

import numpy as np
import pytest

from rairlib.errors import RairlibError
from rairlib.reconstruct.two_by_two import (
    KINDS,
    Neighbourhood,
    all_splits,
    made_up_print,
    printed_targets,
    solutions_by_chance,
)

POOLED = (13, 5, 8, 34)


@pytest.fixture(scope="module")
def splits():
    return all_splits(POOLED)


@pytest.fixture
def near():
    return Neighbourhood(
        areas=np.array([0.78, 0.75]), half_widths=np.array([0.2, 0.16]), shares=(0.4, 0.3)
    )


def test_print_of_a_split_of_the_table_is_always_found(splits, near):
    found = solutions_by_chance(splits, near, 300, np.random.default_rng(1))
    assert found.index.tolist() == list(KINDS)
    assert found.loc["dichotomised", "with a split"] == 300
    assert found.loc["dichotomised", "mean splits"] >= 1
    # Exact limits for 300 of 300: the 300th root of 0.025.
    assert found.loc["dichotomised", "low"] == pytest.approx(0.025 ** (1 / 300))


def test_impossible_print_is_never_found(splits):
    narrow = Neighbourhood(
        areas=np.array([0.7, 0.7]), half_widths=np.array([0.01, 0.01]), shares=(0.4, 0.3)
    )
    found = solutions_by_chance(splits, narrow, 200, np.random.default_rng(1))
    assert found.loc["neighbours", "with a split"] == 0


def test_same_seed_same_numbers(splits, near):
    first, again = (
        solutions_by_chance(splits, near, 50, np.random.default_rng(5)) for _ in range(2)
    )
    assert first.equals(again)


def test_neighbours_stay_in_the_neighbourhood(near):
    drawn = made_up_print("neighbours", 500, near, POOLED, np.random.default_rng(2))
    assert (np.abs(drawn[..., 0] - near.areas) <= near.area_step).all()
    widths = (drawn[..., 2] - drawn[..., 1]) / 2
    assert (np.abs(widths / near.half_widths - 1) <= near.width_step + 1e-9).all()


def test_continuous_scores_have_the_wanted_areas_on_average(near):
    drawn = made_up_print("continuous", 2000, near, (130, 50, 80, 340), np.random.default_rng(3))
    assert drawn[..., 0].mean(axis=0) == pytest.approx(near.areas, abs=0.005)


def test_limit_beyond_one_is_printed_below_one_and_read_as_cut():
    estimates = np.array([[[0.9111, 0.7688, 1.0534], [0.7344, 0.6489, 0.8199]]])
    targets = printed_targets(estimates)
    assert targets[0, 0, 2] == pytest.approx([0.9985, np.inf])
    assert targets[0, 1, 2] == pytest.approx([0.8195, 0.8205])


@pytest.mark.parametrize(
    ("kind", "pooled", "line"),
    [
        ("gamma", POOLED, "not 'gamma'"),
        ("continuous", (2, 1, 3, 4), "four patients with and four without"),
    ],
)
def test_print_that_cannot_be_made_up_is_one_clear_line(near, kind, pooled, line):
    with pytest.raises(RairlibError, match=line):
        made_up_print(kind, 10, near, pooled, np.random.default_rng(1))
