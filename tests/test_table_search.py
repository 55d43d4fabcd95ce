"""A planted table gives the print, so that the truth is known; margins never change."""

from dataclasses import replace

import numpy as np
import pytest

from rairlib.reconstruct.joint_tables import cell_levels
from rairlib.reconstruct.logistic import LogisticTarget, fit_known_tables
from rairlib.reconstruct.wide_tables import annealed, dealt, distances
from rairlib.registry.printed import parse_printed

NAMES = ("a", "b", "c", "d")
LEVELS = cell_levels(4)
PLANTED = np.array([9, 7, 0, 4, 6, 8, 0, 5, 4, 6, 0, 7, 3, 5, 0, 9])
SUMS = np.array([3, 3, 0, 2, 3, 3, 0, 3, 2, 3, 0, 5, 2, 3, 0, 7])
EVENTS = int(SUMS.sum())
MARGINS = dict(zip(NAMES, (SUMS @ LEVELS).tolist(), strict=True))


def printed(value):
    return parse_printed(f"{value:.3f}")


def distances_of(tables, targets):
    return distances(fit_known_tables(np.array(tables), EVENTS, MARGINS), targets)


@pytest.fixture
def targets():
    fitted = fit_known_tables(PLANTED[np.newaxis], EVENTS, MARGINS)
    rows = {
        name: [printed(fitted.values(name, s)[0]) for s in ("odds_ratio", "ci_low", "ci_high")]
        for name in ("b", "c")
    }
    return [
        LogisticTarget(covariate=name, odds_ratio=ratio, low=low, high=high)
        for name, (ratio, low, high) in rows.items()
    ]


@pytest.fixture
def start():
    """The planted patients with the levels of `a` and `b` dealt out anew."""
    patients = np.repeat(LEVELS, PLANTED, axis=0)
    rng = np.random.default_rng(11)
    for position in (0, 1):
        patients[:, position] = rng.permutation(patients[:, position])
    return np.bincount(patients @ [8, 4, 2, 1], minlength=16)


def test_distance_is_counted_in_half_last_digits(targets):
    own = distances_of([PLANTED], targets)
    assert np.abs(own).max() <= 1
    moved = replace(targets[0], odds_ratio=printed(targets[0].odds_ratio.value + 0.004))
    # 0.004 is eight times 0.0005.
    change = distances_of([PLANTED], [moved, targets[1]]) - own
    assert change[0] == pytest.approx([-8, 0, 0, 0, 0, 0])


def test_annealing_keeps_margins_comes_closer_and_depends_on_the_seed_alone(targets, start):
    near, again = (
        annealed(EVENTS, MARGINS, targets, start, np.random.default_rng(3), 5_000) for _ in range(2)
    )
    assert near.tolist() == again.tolist()
    assert near.sum() == PLANTED.sum()
    assert (near @ LEVELS).tolist() == (PLANTED @ LEVELS).tolist()
    assert near.min() >= 0
    before, after = np.abs(distances_of([start, near], targets)).sum(axis=1)
    assert after < before / 3


def test_dealt_tables_have_the_margins():
    table = dealt(123, (62, 68, 12), np.random.default_rng(1))
    assert table.sum() == 123
    assert (table @ cell_levels(3)).tolist() == [62, 68, 12]
