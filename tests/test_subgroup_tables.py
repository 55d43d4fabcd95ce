"""Expected values: tests/reference/subgroup_tables.R (pROC, all triples), plain loops, by hand."""

import json
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest

from rairlib.errors import RairlibError
from rairlib.reconstruct.two_by_two import (
    all_splits,
    area_range,
    dichotomised_areas,
    fewest_sufficient,
    rounding_to,
    solution_counts,
    sufficient_numbers,
)
from rairlib.stats.roc import auc, hanley_mcneil_standard_error

R = json.loads((Path(__file__).parent / "reference" / "subgroup_tables.json").read_text())
TOY = (5, 4, 3, 6)
NAMES = ["A1", "L1", "H1", "A2", "L2", "H2"]


# --- areas of dichotomised scores ---


@pytest.mark.parametrize("error", ["delong", "hanley_mcneil"])
def test_areas_and_errors_are_those_of_r(error):
    cells = np.array([case["cells"] for case in R]).T
    areas, errors = dichotomised_areas(*cells, error=error)
    assert areas == pytest.approx([case["auc"] for case in R], rel=1e-13)
    assert errors == pytest.approx([case[error] for case in R], rel=1e-12)


def test_empty_group_has_no_area_and_one_patient_no_delong_error():
    areas, errors = dichotomised_areas([0, 1], [0, 0], [1, 1], [2, 2])
    assert np.isnan(areas).tolist() == np.isnan(errors).tolist() == [True, False]
    assert np.isnan(dichotomised_areas([1], [0], [1], [2], error="delong")[1]).all()


def all_orders(cells):
    """Area and Youden's index at the cut-off of every order of distinct scores with this table."""
    tp, fn, fp, tn = cells
    for above in permutations(range(tp + fp)):
        for below in permutations(range(fn + tn)):
            event = np.repeat([1, 0, 1, 0], [tp, fp, fn, tn])
            score = np.array([*(value + 100 for value in above), *below])
            cutoffs = [-1, *score]
            youden = [
                (score[event == 1] > cut).mean() - (score[event == 0] > cut).mean()
                for cut in cutoffs
            ]
            at = tp / (tp + fn) - fp / (fp + tn)
            yield auc(event, score), max(youden) <= at + 1e-12


@pytest.mark.parametrize("cells", [(2, 1, 1, 2), (3, 1, 1, 2), (1, 2, 0, 3)])
def test_range_of_areas_is_that_of_all_orders(cells):
    areas = [area for area, _ in all_orders(cells)]
    assert area_range(*cells) == pytest.approx((min(areas), max(areas)), abs=1e-12)
    best = [area for area, is_best in all_orders(cells) if is_best]
    low, high = area_range(*cells, best_cutoff=True)
    assert min(best) >= low - 1e-12
    assert max(best) <= high + 1e-12


def test_best_cutoff_bounds_the_area_by_hand():
    # Sensitivity and specificity 2/3: J = 1/3; 4/9 to 8/9, and at most 1 - (2/3)²/2 = 7/9.
    assert area_range(2, 1, 1, 2) == pytest.approx((4 / 9, 8 / 9))
    assert area_range(2, 1, 1, 2, best_cutoff=True) == pytest.approx((4 / 9, 7 / 9))


def test_range_of_areas_is_attained_by_a_continuous_score():
    # 1 - (1 - 8/9)(1 - 14/15): true positives above all, false negatives above true negatives.
    event = np.repeat([1, 0, 1, 0], [8, 1, 1, 14])
    assert auc(event, np.repeat([4, 3, 2, 1], [8, 1, 1, 14])) == pytest.approx(
        area_range(8, 1, 1, 14)[1]
    )


# --- search over splits ---


def by_loops(pooled, targets):
    """Every split of the table whose two subgroups agree, by plain loops over patients' scores."""
    found = []
    for cells in product(*(range(n + 1) for n in pooled)):
        groups = [cells, tuple(all_ - n for all_, n in zip(pooled, cells, strict=True))]
        if all(agrees(group, target) for group, target in zip(groups, targets, strict=True)):
            found.append(list(cells))
    return found


def agrees(cells, target):
    tp, fn, fp, tn = cells
    if not tp + fn or not fp + tn:
        return False
    event, score = np.repeat([1, 1, 0, 0], cells), np.repeat([1, 0, 1, 0], cells)
    area, error = auc(event, score), hanley_mcneil_standard_error(event, score)
    values = area, area - 1.959964 * error, area + 1.959964 * error
    return all(
        low - 1e-5 <= v <= high + 1e-5 for v, (low, high) in zip(values, target, strict=True)
    )


def toy_targets(cells, decimals):
    """What is printed of the two subgroups of a split."""
    both = np.array([cells, np.subtract(TOY, cells)]).T
    areas, errors = dichotomised_areas(*both)
    limits = [areas, areas - 1.959964 * errors, areas + 1.959964 * errors]
    return rounding_to(np.round(np.stack(limits, axis=1), decimals), decimals)


@pytest.mark.parametrize(("cells", "decimals"), [((2, 2, 1, 3), 1), ((3, 1, 2, 2), 1)])
def test_search_finds_what_plain_loops_find(cells, decimals):
    splits, targets = all_splits(TOY), toy_targets(cells, decimals)
    found = splits.tables(splits.agreeing_both(targets)).tolist()
    assert found == by_loops(TOY, targets)
    assert list(cells) in found
    assert len(found) > 1


def test_search_with_cut_limit_finds_what_plain_loops_find():
    splits, targets = all_splits(TOY), toy_targets((4, 1, 1, 4), 1)
    targets[0, 2] = (0.95, np.inf)
    found = splits.tables(splits.agreeing_both(targets)).tolist()
    assert found == by_loops(TOY, targets)
    assert found


def test_rounding_carries_half_a_unit():
    assert rounding_to((0.9, 0.8, 0.999))[0] == pytest.approx([0.8995, 0.9005])


def test_second_subgroup_has_the_patients_that_the_first_leaves():
    splits = all_splits(TOY)
    assert splits.size == 6 * 5 * 4 * 7
    index = np.arange(splits.size)
    assert (splits.tables(index) + splits.tables(splits.size - 1 - index) == TOY).all()


def test_each_selection_of_numbers_leaves_as_many_splits_as_the_search_with_these_alone():
    splits, targets = all_splits(TOY), toy_targets((3, 1, 2, 2), 2)
    counts = sufficient_numbers(splits, targets, NAMES)
    assert len(counts) == 63
    for used, solutions in counts[["used", "solutions"]].itertuples(index=False):
        kept = np.full((6, 2), (-np.inf, np.inf))
        chosen = [NAMES.index(name) for name in used]
        kept[chosen] = targets.reshape(6, 2)[chosen]
        assert len(splits.agreeing_both(kept.reshape(2, 3, 2))) == solutions
    summary = fewest_sufficient(counts)
    assert summary["selections"].tolist() == [6, 15, 20, 15, 6, 1]
    assert solution_counts(splits, targets)["both"] == summary.loc[6, "fewest"]


@pytest.mark.parametrize(
    ("ask", "line"),
    [
        (lambda: all_splits((5, -1, 3, 6)), "no negative cell; got 5 true positives, -1 false"),
        (lambda: all_splits((0, 0, 3, 6)), "patients with and without the outcome"),
        (lambda: all_splits((500, 500, 500, 500)), "too many splits"),
        (lambda: area_range(0, 0, 1, 2), "got 0 true positives, 0 false negatives"),
        (
            lambda: dichotomised_areas(1, 1, 1, 1, error="bamber"),
            "hanley_mcneil or delong, not 'bamber'",
        ),
    ],
)
def test_table_that_cannot_be_used_is_one_clear_line(ask, line):
    with pytest.raises(RairlibError, match=line):
        ask()
