"""A planted table gives the print, so that the truth is known; margins never change."""

import numpy as np
import pytest

from rairlib.reconstruct.joint_tables import cell_levels
from rairlib.reconstruct.logistic import LogisticTarget, fit_known_tables
from rairlib.reconstruct.wide_tables import TableSearch, annealed
from rairlib.registry.printed import parse_printed

NAMES = ("a", "b", "c", "d")
LEVELS = cell_levels(4)
PLANTED = np.array([9, 7, 0, 4, 6, 8, 0, 5, 4, 6, 0, 7, 3, 5, 0, 9])
EVENTS = np.array([3, 3, 0, 2, 3, 3, 0, 3, 2, 3, 0, 5, 2, 3, 0, 7])


def printed(value, decimals):
    return parse_printed(f"{value:.{decimals}f}")


@pytest.fixture
def problem():
    margins = dict(zip(NAMES, (int(n) for n in EVENTS @ LEVELS), strict=True))
    fitted = fit_known_tables(PLANTED[np.newaxis], int(EVENTS.sum()), margins)
    targets = []
    for position in (1, 2):
        ratio, low, high = (
            printed(fitted.values(NAMES[position], statistic)[0], 3)
            for statistic in ("odds_ratio", "ci_low", "ci_high")
        )
        target = LogisticTarget(covariate=NAMES[position], odds_ratio=ratio, low=low, high=high)
        targets.append((position, target))
    return TableSearch(
        events=int(EVENTS.sum()),
        event_margins=tuple(margins.values()),
        targets=tuple(targets),
    )


@pytest.fixture
def start():
    """The planted patients with the levels of `a` and `b` dealt out anew."""
    patients = np.repeat(LEVELS, PLANTED, axis=0)
    rng = np.random.default_rng(11)
    for position in (0, 1):
        patients[:, position] = rng.permutation(patients[:, position])
    return np.bincount(patients @ [8, 4, 2, 1], minlength=16)


def test_planted_table_is_at_no_distance(problem):
    assert np.abs(problem.distances(PLANTED[np.newaxis])).max() <= 1


def test_distance_is_counted_in_half_last_digits(problem):
    (position, target), *rest = problem.targets
    shifted = printed(target.odds_ratio.value + 0.004, 3)
    moved = LogisticTarget(
        covariate=target.covariate, odds_ratio=shifted, low=target.low, high=target.high
    )
    other = TableSearch(
        events=problem.events,
        event_margins=problem.event_margins,
        targets=((position, moved), *rest),
    )
    change = other.distances(PLANTED[np.newaxis]) - problem.distances(PLANTED[np.newaxis])
    # 0.004 is eight times 0.0005.
    assert change[0, 0, 1] == pytest.approx(-8)
    assert np.delete(change.ravel(), 1) == pytest.approx(0)


def test_annealing_keeps_margins(problem, start):
    near = annealed(problem, start, np.random.default_rng(3), 5_000)
    assert near.sum() == PLANTED.sum()
    assert (near @ LEVELS).tolist() == (PLANTED @ LEVELS).tolist()
    assert near.min() >= 0


def test_annealing_comes_closer(problem, start):
    near = annealed(problem, start, np.random.default_rng(3), 5_000)
    before, after = np.abs(problem.distances(np.array([start, near]))).sum(axis=(1, 2))
    assert after < before / 3


def test_same_seed_anneals_to_the_same_table(problem, start):
    first, second = (annealed(problem, start, np.random.default_rng(5), 5_000) for _ in range(2))
    assert first.tolist() == second.tolist()
