from collections import Counter, defaultdict
from itertools import product

import numpy as np
import pytest

from rairlib.reconstruct.joint_tables import (
    cell_levels,
    joint_tables,
    outcome_splits,
    tables_with_split,
)


def compositions(total, cells):
    """All ways to write `total` as an ordered sum of `cells` counts, by plain recursion."""
    if cells == 1:
        return [(total,)]
    return [
        (first, *rest)
        for first in range(total + 1)
        for rest in compositions(total - first, cells - 1)
    ]


def margins_of(table, covariates):
    levels = list(product((0, 1), repeat=covariates))
    return tuple(
        sum(n for n, cell in zip(table, levels, strict=True) if cell[j]) for j in range(covariates)
    )


@pytest.mark.parametrize(("covariates", "total"), [(2, 7), (3, 5)])
def test_every_table_of_every_margin_is_listed_once(covariates, total):
    by_margins = defaultdict(set)
    for table in compositions(total, 2**covariates):
        by_margins[margins_of(table, covariates)].add(table)
    for margins in product(range(total + 1), repeat=covariates):
        found = [tuple(table) for table in joint_tables(total, margins).tolist()]
        assert len(found) == len(set(found))
        assert set(found) == by_margins[margins]


def test_two_by_two_tables_are_as_many_as_the_hypergeometric_support():
    assert len(joint_tables(90, [35, 22])) == min(35, 22) - max(0, 35 + 22 - 90) + 1


def test_first_covariate_varies_slowest():
    assert cell_levels(3).tolist() == [list(cell) for cell in product((0, 1), repeat=3)]
    table = joint_tables(9, [9, 0, 4])[0].reshape(2, 2, 2)
    assert table[1, 0, 1] == 4
    assert table[1, 0, 0] == 5


@pytest.mark.parametrize("seed", range(20))
def test_splits_are_those_of_a_search_through_all_cells(seed):
    rng = np.random.default_rng(seed)
    covariates = 2 + seed % 2
    table = rng.integers(0, 4, size=2**covariates)
    truth = tuple(rng.integers(0, table + 1).tolist())
    events, margins = sum(truth), margins_of(truth, covariates)
    expected = {
        split
        for split in product(*(range(n + 1) for n in table))
        if sum(split) == events and margins_of(split, covariates) == margins
    }
    splits = outcome_splits(table, events, margins)
    assert set(map(tuple, splits.event_tables.tolist())) == expected
    assert splits.count == len(expected)
    for cell, (fewest, most) in enumerate(splits.ranges().tolist()):
        assert fewest == min(split[cell] for split in expected)
        assert most == max(split[cell] for split in expected)


def test_half_patients_do_not_split_a_table():
    # Half of each of these four patients would have the margins 1, 1, 1 among two events;
    # no two whole patients have them, which a linear programme would not notice.
    table = [1, 0, 0, 1, 0, 1, 1, 0]
    assert not tables_with_split(np.array([table]), 2, [1, 1, 1])[0]
    assert outcome_splits(table, 2, [1, 1, 1]).count == 0


def test_splittable_tables_are_the_sums_of_event_and_non_event_tables():
    event, other = joint_tables(8, [5, 5, 4]), joint_tables(14, [4, 3, 2])
    sums = Counter(map(tuple, (event[:, None] + other[None]).reshape(-1, 8).tolist()))
    tables = joint_tables(22, [9, 8, 6])
    splittable = tables[tables_with_split(tables, 8, [5, 5, 4])]
    assert set(map(tuple, splittable.tolist())) == set(sums)
    counted = {tuple(t): outcome_splits(t, 8, [5, 5, 4]).count for t in splittable.tolist()}
    assert counted == dict(sums)


def test_split_is_drawn_as_often_as_there_are_ways_to_choose_its_patients():
    # By hand, and by R, which went through all 210 sets of 4 of the 10 patients: 4·1·1·4 = 16 of
    # them have (1, 1, 1, 1) with the outcome, 6·1·1·6 = 36 have (2, 0, 0, 2), no others fit.
    splits = outcome_splits([4, 1, 1, 4], 4, [2, 2])
    rng = np.random.default_rng(11)
    drawn = Counter(tuple(splits.draw(rng).tolist()) for _ in range(3000))
    assert set(drawn) == {(1, 1, 1, 1), (2, 0, 0, 2)}
    # 2077 expected, with a standard deviation of 25; equally likely splits would give 1500.
    assert abs(drawn[2, 0, 0, 2] - 3000 * 36 / 52) < 100


def test_draw_has_no_hidden_state():
    splits = outcome_splits([3, 2, 2, 3], 5, [3, 2])
    again = splits.draw(np.random.default_rng(11))
    assert again.tolist() == splits.draw(np.random.default_rng(11)).tolist()


def test_drawn_split_can_be_changed_without_changing_the_list():
    splits = outcome_splits([3, 2, 2, 3], 5, [3, 2])
    before = splits.event_tables.copy()
    splits.draw(np.random.default_rng(1))[:] = 0
    assert (splits.event_tables == before).all()
