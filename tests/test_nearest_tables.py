"""A planted table gives the print of one model; rows of two models are not given by one."""

import numpy as np
import pytest

from rairlib.reconstruct.joint_tables import cell_levels
from rairlib.reconstruct.logistic import LogisticTarget, fit_known_tables
from rairlib.reconstruct.wide_tables import least_distance
from rairlib.registry.printed import parse_printed

NAMES = ("a", "b", "c")
LEVELS = cell_levels(3)
PLANTED = np.array([19, 17, 14, 16, 8, 15, 14, 20])
EVENTS = np.array([5, 6, 6, 8, 3, 8, 9, 15])
MARGINS = dict(zip(NAMES, (int(n) for n in PLANTED @ LEVELS), strict=True))
EVENT_MARGINS = dict(zip(NAMES, (int(n) for n in EVENTS @ LEVELS), strict=True))


@pytest.fixture
def targets():
    fitted = fit_known_tables(PLANTED[np.newaxis], int(EVENTS.sum()), EVENT_MARGINS)
    return [
        LogisticTarget(
            covariate=name,
            **{
                field: parse_printed(f"{fitted.values(name, statistic)[0]:.1f}")
                for field, statistic in (
                    ("odds_ratio", "odds_ratio"),
                    ("low", "ci_low"),
                    ("high", "ci_high"),
                )
            },
        )
        for name in NAMES
    ]


def distance(targets):
    return least_distance(int(EVENTS.sum()), int(PLANTED.sum()), EVENT_MARGINS, MARGINS, targets)


def test_rows_of_one_model_are_met(targets):
    assert distance(targets) == (0.0, 0.0)


def test_a_row_that_no_table_has_stays_far(targets):
    twenty = parse_printed("20.0")
    odd = LogisticTarget(
        covariate="c", odds_ratio=twenty, low=parse_printed("19.0"), high=parse_printed("21.0")
    )
    in_all, worst = distance([*targets[:-1], odd])
    assert in_all >= worst > 10
