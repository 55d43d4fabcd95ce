from itertools import combinations, product

import numpy as np
import pytest
import statsmodels.api as sm

from rairlib.reconstruct.accounts import (
    agreeing_tables,
    chance_agreement,
    reconstruct_neighbours,
)
from rairlib.reconstruct.logistic import (
    LogisticTarget,
    ReconstructionError,
    agreement,
    fit_candidates,
    reconstruct_logistic,
)
from rairlib.registry.printed import parse_printed


def target(covariate, odds_ratio, low=None, high=None):
    limits = {name: parse_printed(text) for name, text in (("low", low), ("high", high)) if text}
    return LogisticTarget(covariate=covariate, odds_ratio=parse_printed(odds_ratio), **limits)


# Bel Lakhdar et al. 2024, Tables 1 and 2.
RABAT = {
    "events": 32,
    "total": 90,
    "event_margins": {"age_54": 19, "diameter_29": 21, "metastasis": 18},
    "margins": {"age_54": 35, "diameter_29": 35, "metastasis": 22},
}
RABAT_TARGETS = [
    target("age_54", "6.502", "1.832", "23.080"),
    target("diameter_29", "6.666", "1.962", "22.641"),
    target("metastasis", "22.553", "5.099", "99.752"),
]


@pytest.fixture(scope="module")
def rabat():
    return fit_candidates(**RABAT)


@pytest.fixture(scope="module")
def rabat_agreement(rabat):
    return agreement(rabat, RABAT_TARGETS)


def test_one_table_agrees_with_the_rabat_model():
    found = reconstruct_logistic(**RABAT, targets=RABAT_TARGETS)
    assert found.agreeing_estimates == found.agreeing == 1
    assert found.unique
    table = found.cells.reshape(2, 2, 2)
    assert table.sum() == 90
    assert (table[1].sum(), table[:, 1].sum(), table[:, :, 1].sum()) == (35, 35, 22)


def test_rabat_table_is_the_one_whose_fit_in_r_rounds_to_the_print():
    # R's estimates for this table stand in reference/logistic_patterns.csv, case rabat.
    found = reconstruct_logistic(**RABAT, targets=RABAT_TARGETS)
    assert found.cells.tolist() == [[30, 5, 13, 7, 16, 4, 9, 6]]
    estimates = {
        statistic: [
            round(found.solutions.values(name, statistic)[0], 3) for name in RABAT["margins"]
        ]
        for statistic in ("odds_ratio", "ci_low", "ci_high", "p_value")
    }
    assert estimates == {
        "odds_ratio": [6.502, 6.666, 22.553],
        "ci_low": [1.832, 1.962, 5.099],
        "ci_high": [23.080, 22.641, 99.752],
        "p_value": [0.004, 0.002, 0.000],
    }


def test_age_margin_of_the_rabat_figure_leaves_no_table():
    # A specificity of 75.9 % would mean 14 of 58, not 16 of 58, at or above 54 years.
    margins = RABAT["margins"] | {"age_54": 19 + 14}
    assert (
        reconstruct_logistic(**RABAT | {"margins": margins}, targets=RABAT_TARGETS).cells.size == 0
    )


def test_no_margin_of_the_rabat_table_can_be_one_patient_off():
    neighbours = reconstruct_neighbours(**RABAT, targets=RABAT_TARGETS)
    assert len(neighbours) == 12
    assert (neighbours["candidates"] > 0).all()
    assert (neighbours["agreeing_estimates"] == 0).all()


def test_margin_that_cannot_change_has_no_neighbour():
    both = {"first": 0, "second": 2}
    targets = [target("first", "1.0")]
    neighbours = reconstruct_neighbours(3, 8, both, {"first": 1, "second": 4}, targets)
    changes = neighbours.loc[(neighbours["covariate"] == "first") & neighbours["outcome"], "change"]
    assert changes.tolist() == [1]


def test_any_two_printed_numbers_of_the_rabat_model_single_out_the_same_table(rabat_agreement):
    assert (agreeing_tables(rabat_agreement, size=2) == 1).all()
    pairs = [rabat_agreement[list(pair)].all(axis=1) for pair in combinations(rabat_agreement, 2)]
    assert len({int(np.flatnonzero(pair)[0]) for pair in pairs}) == 1


def test_chance_agreement_equals_trying_every_printable_number(rabat):
    near = target("metastasis", "22.6")
    chance = chance_agreement(rabat, [near], spread=0.05)
    values = rabat.values("metastasis", "odds_ratio")
    tried = [parse_printed(f"{tenths / 10:.1f}") for tenths in range(215, 238)]
    assert chance.printable == len(tried)
    reached = sum(any(number.agrees(value) for value in values) for number in tried)
    assert chance.reached == reached
    assert chance.share == reached / len(tried)


@pytest.mark.parametrize("seed", range(12))
def test_reconstruction_contains_the_true_table(seed):
    rng = np.random.default_rng(seed)
    covariates = ["first", "second", "third"][: 2 + seed % 2]
    X = rng.binomial(1, rng.uniform(0.3, 0.6, len(covariates)), size=(50, len(covariates)))
    risk = 1 / (1 + np.exp(1 - X.sum(axis=1)))
    y = rng.binomial(1, risk)
    fit = sm.Logit(y, sm.add_constant(X)).fit(disp=0, tol=1e-12)
    printed = np.exp(np.column_stack([fit.params, fit.conf_int()]))[1:]
    targets = [
        target(name, *(f"{value:.3f}" for value in row))
        for name, row in zip(covariates, printed, strict=True)
    ]
    found = reconstruct_logistic(
        events=int(y.sum()),
        total=50,
        event_margins=dict(zip(covariates, X[y == 1].sum(axis=0).tolist(), strict=True)),
        margins=dict(zip(covariates, X.sum(axis=0).tolist(), strict=True)),
        targets=targets,
    )
    truth = [int((cell == X).all(axis=1).sum()) for cell in product((0, 1), repeat=len(covariates))]
    assert truth in found.cells.tolist()


def test_tables_and_fits_are_the_same_on_every_run(rabat):
    again = fit_candidates(**RABAT)
    np.testing.assert_array_equal(again.cells, rabat.cells)
    np.testing.assert_array_equal(again.fits.estimates, rabat.fits.estimates)


def test_order_of_the_covariates_only_reorders_the_cells(rabat):
    names = ["metastasis", "age_54", "diameter_29"]
    reordered = {
        key: {name: RABAT[key][name] for name in names} for key in ("event_margins", "margins")
    }
    found = reconstruct_logistic(**RABAT | reordered, targets=RABAT_TARGETS)
    original = reconstruct_logistic(**RABAT, targets=RABAT_TARGETS)
    assert found.candidates == original.candidates
    moved = original.cells[0].reshape(2, 2, 2).transpose(2, 0, 1)
    assert found.cells[0].tolist() == moved.ravel().tolist()


def test_missing_limits_are_not_compared():
    estimates_only = [target("age_54", "6.502"), target("diameter_29", "6.666")]
    found = reconstruct_logistic(**RABAT, targets=estimates_only)
    assert found.agreeing == found.agreeing_estimates >= 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"margins": {"age_54": 35, "diameter_29": 35, "metastasis": 17}}, "metastasis: 18 of 32"),
        ({"event_margins": {"age_54": 19, "diameter_29": 21}}, "different covariates"),
        ({"events": 90}, "90 of 90 patients"),
        ({"event_margins": {"age_54": 19}, "margins": {"age_54": 35}}, "two or three covariates"),
    ],
)
def test_impossible_margins_are_refused(change, message):
    with pytest.raises(ReconstructionError, match=message):
        fit_candidates(**RABAT | change)


def test_target_without_margins_is_refused():
    with pytest.raises(ReconstructionError, match="no margins for the covariate histology"):
        reconstruct_logistic(**RABAT, targets=[target("histology", "2.0")])
