"""Expected values: hand calculation and patients simulated from a known model."""

import numpy as np
import pytest

from rairlib.reconstruct.joint_tables import joint_tables
from rairlib.reconstruct.logistic import (
    LogisticTarget,
    fit_candidates,
    fit_known_tables,
    rows_agreeing,
)
from rairlib.reconstruct.submodels import (
    collapsed,
    extended_tables,
    largest_standard_error,
    least_standard_error,
    smallest_submodels,
)
from rairlib.registry.printed import parse_printed

EVENTS, TOTAL = 10, 30
EVENT_MARGINS = {"exposed": 7, "old": 6, "male": 4}
MARGINS = {"exposed": 12, "old": 14, "male": 15}


def printed_row(tables, row, covariate):
    """What a paper would print for a covariate of one fitted table."""
    values = [tables.values(covariate, s)[row] for s in ("odds_ratio", "ci_low", "ci_high")]
    texts = [parse_printed(f"{value:.3f}") for value in values]
    return LogisticTarget(covariate=covariate, odds_ratio=texts[0], low=texts[1], high=texts[2])


@pytest.fixture(scope="module")
def pair():
    names = ("exposed", "old")
    return fit_candidates(
        EVENTS,
        TOTAL,
        {name: EVENT_MARGINS[name] for name in names},
        {name: MARGINS[name] for name in names},
    )


def test_rows_printed_from_two_covariates_are_found_among_three(pair):
    targets = [printed_row(pair, 4, name) for name in ("exposed", "old")]
    male = LogisticTarget(covariate="male", odds_ratio=parse_printed("77.7"))
    found = smallest_submodels(EVENTS, TOTAL, EVENT_MARGINS, MARGINS, [*targets, male])
    assert [reconstruction.covariates for reconstruction in found] == [("exposed", "old")]
    assert found[0].cells.tolist() == [pair.cells[4].tolist()]


def test_no_model_of_few_covariates_is_an_empty_list():
    impossible = [
        LogisticTarget(covariate=name, odds_ratio=parse_printed("99.999")) for name in MARGINS
    ]
    assert smallest_submodels(EVENTS, TOTAL, EVENT_MARGINS, MARGINS, impossible) == []


def test_models_without_a_target_are_not_tried(pair):
    found = smallest_submodels(
        EVENTS, TOTAL, EVENT_MARGINS, MARGINS, [printed_row(pair, 4, "old")], largest=2
    )
    assert ("exposed", "old") in [reconstruction.covariates for reconstruction in found]
    assert all("old" in reconstruction.covariates for reconstruction in found)


def test_extended_tables_are_all_that_have_the_pair(pair):
    table = pair.cells[4]
    found = extended_tables(("exposed", "old"), table, "male", EVENTS, EVENT_MARGINS, MARGINS)
    everything = joint_tables(TOTAL, list(MARGINS.values()))
    with_pair = [
        cells for cells in everything if cells.reshape(4, 2).sum(axis=1).tolist() == table.tolist()
    ]
    assert found.joint_tables == len(with_pair)
    assert found.covariates == ("exposed", "old", "male")
    assert 0 < len(found.cells) <= found.joint_tables
    assert (found.cells.reshape(-1, 4, 2).sum(axis=2) == table).all()


def test_known_tables_are_fitted_as_candidates_are(pair):
    fitted = fit_known_tables(pair.cells, EVENTS, {"exposed": 7, "old": 6})
    assert fitted.values("old", "ci_high") == pytest.approx(
        pair.values("old", "ci_high"), nan_ok=True
    )


def test_rows_agreeing_looks_at_the_targets_alone(pair):
    kept = rows_agreeing(pair, [printed_row(pair, 4, "old")])
    assert pair.cells[4].tolist() in kept.cells.tolist()
    assert len(kept.cells) < len(pair.cells)


def test_collapsed_tables_sum_over_the_other_covariates():
    table = np.arange(8)[np.newaxis]
    assert collapsed(table, ("a", "b", "c"), ("a",)).tolist() == [[6, 22]]
    assert collapsed(table, ("a", "b", "c"), ("a", "c")).tolist() == [[2, 4, 10, 12]]


def test_bound_on_a_standard_error_by_hand():
    # 71 of 98: 2 √(1/71 + 1/27) = 0.45220.
    assert least_standard_error(71, 98) == pytest.approx(0.45220, abs=5e-6)


def test_no_fit_undercuts_the_bound():
    rng = np.random.default_rng(6)
    for _ in range(50):
        inner, between, outside = rng.integers(20, 60, 3)
        table = np.array([outside, 0, between, inner])  # nobody has the inner without the outer
        events = rng.binomial(table, 0.5)
        sums = {"outer": int(events[2] + events[3]), "inner": int(events[3])}
        fits = fit_known_tables(table[np.newaxis], int(events.sum()), sums).fits
        assert fits.standard_errors[0, 2] >= least_standard_error(inner, inner + between)


def test_largest_standard_error_carries_rounding():
    # log(0.6365 / 0.1695) / (2 × 1.959964) = 1.32313 / 3.91993.
    found = largest_standard_error(parse_printed("0.170"), parse_printed("0.636"))
    assert found == pytest.approx(0.33754, abs=5e-6)
