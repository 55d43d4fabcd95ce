"""Searches for an order in time with and without one statistic."""

import pytest
from cohorts_toy import rate_at, toy_cohort, toy_study

from rairlib.cohorts import order_trials as orders
from rairlib.errors import RairlibError
from rairlib.pages.common import load_result
from rairlib.registry.registry import load_registry
from rairlib.studies.wang2025.ensemble import WEIGHED_SEEDS


@pytest.fixture(scope="module")
def trials():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(orders, "load_declared", lambda study: toy_study(toy_cohort()))
        return orders.order_trials("toy", "logrank", range(1, 4), 1)


def test_search_that_is_told_meets_the_number_and_the_other_need_not(trials):
    target = toy_study(toy_cohort()).logranks[0].target
    told, untold = (trials[trials["told"] == word] for word in ("yes", "no"))
    assert told["value"].between(target.low, target.high).all()
    assert not untold["value"].between(target.low, target.high).all()
    assert (trials["met"] == 1).all()
    assert (trials["of"] == 1).all()


def test_end_of_the_curve_is_that_of_lifelines():
    cohort = toy_cohort()
    end = orders._end(cohort["event"].to_numpy())
    assert end == pytest.approx(rate_at(cohort, cohort["time"].max()))


def test_number_that_is_not_declared_is_refused(monkeypatch):
    monkeypatch.setattr(orders, "load_declared", lambda study: toy_study(toy_cohort()))
    with pytest.raises(RairlibError, match="toy: figure5-99: not among the log-rank statistics"):
        orders.order_trials("toy", "figure5-99", range(1, 2), 1)


def test_kept_searches_are_all_there_and_say_what_the_page_says():
    kept = load_result("wang2025", "orders")
    assert kept["seed"].tolist() == 2 * list(WEIGHED_SEEDS)
    told, untold = (kept[kept["told"] == word] for word in ("yes", "no"))
    assert told["end"].max() < untold["end"].min()
    assert untold["value"].max() < load_registry("wang2025")["figure5-03"].number.low / 3
