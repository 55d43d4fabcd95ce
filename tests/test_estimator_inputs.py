"""Every public estimator against what it cannot use, and against patients in another order."""

import inspect

import numpy as np
import pandas as pd
import pytest

from rairlib.errors import RairlibError
from rairlib.reconstruct import events as roc_limits
from rairlib.reconstruct import two_by_two as dichotomised_areas
from rairlib.stats import (
    calibration,
    decision,
    description,
    nomogram,
    resampling,
    roc,
    sample_size,
    validation,
)
from rairlib.stats import logistic as risk_interval

N = 12
EVENT = np.array([0, 0, 1, 0, 1, 0, 1, 0, 1, 1, 0, 1])
RISK = np.linspace(0.1, 0.8, N)
ROWS = np.tile(np.arange(N), (3, 1))
FRAME = pd.DataFrame({"failed": EVENT, "risk": RISK})
TABLE = pd.DataFrame([[57, 43], [29, 71]])
WORDS = pd.Series(["a", "b"] * 6, name="side")
OTHERS = pd.Series(["a"] * 3 + ["b"] * 9, name="grade")
SAMPLE = roc_limits.ordered_sample(8, (0, 9), ((1, 2), (3, 4), (5, 6)))


def develop(frame):
    return validation.Developed(variables=("risk",), predict=lambda data: data["risk"].to_numpy())


REPEATED = validation.repeat_development(FRAME, "failed", develop, ROWS)
SCALES = nomogram.nomogram(-1.0, {"a": 2.0, "b": -1.0}, {"a": (0, 5), "b": (1, 9)})
CURVE = decision.decision_curve(EVENT, RISK, [0.2, 0.3])


def changed(values, value):
    return [*values[:-1], value]


def numbers(values=RISK):
    """Return what no column of numbers may be."""
    return [
        changed(values, np.nan),
        changed(values, np.inf),
        changed(values, "high"),
        pd.Series(pd.date_range("2024-01-01", periods=len(values))),
        [],
    ]


OUTCOMES = [changed(EVENT, 2), changed(EVENT, np.nan), changed(EVENT, "maybe"), EVENT[:-1], [1] * N]
SCALARS = [np.nan, np.inf, "high", [0.2, 0.3]]
LEVELS = [*SCALARS, 95, 0, 1]
COUNTS = [*SCALARS[:3], -1, 2.5, 1e300]
TABLES = [-TABLE, TABLE + 0.4, TABLE.replace(29, np.nan), TABLE.replace(29, "many"), TABLE[0]]
DRAWS = [*COUNTS, 0]
CELLS = [changed([5, 3, 2, 6], cell) for cell in COUNTS]
RESAMPLES = [ROWS[:, :-1], ROWS + 1, ROWS / 2, [], ROWS[0]]
PROBABILITIES = [*numbers(), RISK[:-1], RISK * 2]
RNG = np.random.default_rng(1)
SPAN = {"span": [*SCALARS, 0, 2]}
PAIR = {"event": OUTCOMES, "score": [*numbers(), RISK[:-1]]}
RISKS = {"event": OUTCOMES, "risk": PROBABILITIES}
THRESHOLDS = {"thresholds": [[], [1.0], [-0.1], [np.nan], ["high"]]}
GROUPS = {"first": numbers(), "second": numbers()}
WIDTHS = [*SCALARS, 0, -1, 1e-9]
EXPLAINED = {"explained": [*SCALARS, -0.1, 1]}
BASE = {"event": EVENT, "score": RISK}
MODEL = {"event": EVENT, "risk": RISK}

# Function → arguments that it takes, and for some of them values that it cannot use.
CASES = {
    roc.split_scores: (BASE, PAIR),
    roc.roc_coordinates: (BASE, PAIR),
    roc.auc: (BASE, PAIR),
    roc.hanley_mcneil_standard_error: (BASE, PAIR),
    roc.delong_standard_error: (BASE, PAIR),
    roc.auc_estimate: (BASE, PAIR | {"method": ["bootstrap", ""]}),
    roc.area_difference: (
        {"first": (EVENT, RISK), "second": (EVENT, RISK)},
        {
            "first": [(event, RISK) for event in OUTCOMES],
            "second": [(EVENT, score) for score in numbers()],
        },
    ),
    roc.dichotomise: (
        {"values": pd.Series(RISK), "cutoff": 0.3},
        {"values": numbers(), "cutoff": SCALARS},
    ),
    roc.optimal_cutoffs: (BASE, PAIR),
    roc.operating_point: (BASE | {"cutoff": 0.3}, PAIR | {"cutoff": SCALARS, "rule": ["="]}),
    roc.cutoff_optimism: (BASE | {"resamples": 2, "rng": RNG}, PAIR | {"resamples": DRAWS}),
    roc.youden_curve: (BASE | {"resamples": 2, "rng": RNG}, PAIR | {"resamples": DRAWS}),
    roc.bootstrap_cutoffs: (
        BASE | {"resamples": 2, "rng": RNG},
        PAIR | {"resamples": DRAWS},
    ),
    roc.search_p_value: (
        BASE | {"permutations": 2, "rng": RNG},
        PAIR | {"permutations": DRAWS},
    ),
    decision.checked_thresholds: ({"thresholds": 0.2}, THRESHOLDS),
    decision.decision_curve: (MODEL | {"thresholds": 0.2}, RISKS | THRESHOLDS),
    decision.decision_intervals: (
        MODEL | {"thresholds": 0.2, "rows": ROWS},
        RISKS | THRESHOLDS | {"rows": RESAMPLES, "level": LEVELS},
    ),
    decision.useful_thresholds: (
        {"curve": CURVE},
        {"curve": [CURVE.drop(columns="threshold"), CURVE[CURVE["strategy"] != "all"]]},
    ),
    calibration.calibration_estimates: (MODEL, RISKS | {"risk": [*PROBABILITIES, [0.3] * N]}),
    calibration.brier_score: (MODEL, RISKS),
    calibration.risk_grid: ({"risk": RISK}, {"risk": [*numbers(), [0.2]], "points": DRAWS}),
    calibration.calibration_curve: (MODEL, RISKS | SPAN | {"grid": numbers()}),
    calibration.calibration_band: (
        MODEL | {"grid": RISK, "rows": ROWS},
        RISKS | {"grid": numbers(), "rows": RESAMPLES, "level": LEVELS},
    ),
    calibration.risk_groups: (MODEL, RISKS | {"groups": [*DRAWS, 2], "rule": ["deciles"]}),
    calibration.hosmer_lemeshow: (MODEL, RISKS | {"groups": [*DRAWS, 2], "rule": [""]}),
    calibration.hosmer_lemeshow_spread: (MODEL, RISKS | {"groups": [*DRAWS, [], [2, 10]]}),
    calibration.lowess: (
        {"x": RISK, "y": EVENT},
        SPAN | {"x": [*numbers(), RISK[:-1]], "y": numbers()},
    ),
    calibration.spline_knots: (
        {"values": RISK},
        {"values": [*numbers(), [1.0] * N], "knots": [*DRAWS, 1, 6]},
    ),
    calibration.restricted_cubic_spline: (
        {"values": RISK, "knots": [0.2, 0.4, 0.6]},
        {"values": numbers(), "knots": [[0.2], [0.6, 0.4, 0.2], *numbers([0.2, 0.4, 0.6])]},
    ),
    resampling.bootstrap_rows: (
        {"patients": 5, "resamples": 2, "rng": RNG},
        {"patients": DRAWS, "resamples": DRAWS},
    ),
    resampling.checked_rows: ({"rows": ROWS, "patients": N}, {"rows": RESAMPLES}),
    resampling.percentile_limits: (
        {"values": np.ones((2, 1))},
        {"values": [np.ones((0, 1))], "level": LEVELS},
    ),
    resampling.outcomes_and_risks: (MODEL, RISKS),
    resampling.log_odds: ({"risk": RISK}, {"risk": [*numbers(), [0, 0.5], [1.0, 2.0]]}),
    sample_size.max_cox_snell: ({"prevalence": 0.2}, {"prevalence": LEVELS}),
    sample_size.cox_snell_from_auc: (
        {"auc": 0.7, "prevalence": 0.2},
        {"auc": [*LEVELS, 0.4], "prevalence": LEVELS},
    ),
    sample_size.development_sample_size: (
        {"prevalence": 0.2, "parameters": 5, "cox_snell": 0.1},
        {
            "prevalence": LEVELS,
            "parameters": DRAWS,
            "cox_snell": [*LEVELS, 0.9],
            "shrinkage": LEVELS,
            "gap": WIDTHS[:-1],
            "margin": WIDTHS,
            "error": WIDTHS,
        },
    ),
    sample_size.power_for_odds_ratio: (
        {"ratio": 2, "n": 90, "risk": 0.2, "exposed": 0.4},
        {"ratio": WIDTHS[:-1], "n": DRAWS, "risk": LEVELS, "exposed": LEVELS, **EXPLAINED},
    ),
    sample_size.power_for_slope: (
        {"ratio": 2, "n": 90, "risk": 0.2, "sd": 3.0},
        {"ratio": WIDTHS[:-1], "n": DRAWS, "risk": LEVELS, "sd": WIDTHS[:-1], **EXPLAINED},
    ),
    sample_size.power_for_hazard_ratio: (
        {"ratio": 2, "events": 30, "exposed": 0.4},
        {"ratio": WIDTHS[:-1], "events": DRAWS, "exposed": LEVELS, **EXPLAINED},
    ),
    sample_size.validation_sample_size: (
        {"prevalence": 0.2, "auc": 0.7, "linear_predictor": RISK},
        {
            "prevalence": LEVELS,
            "auc": [*LEVELS, 0.4],
            "linear_predictor": [*numbers(), [1.0] * N],
            "ratio_width": WIDTHS,
            "slope_width": WIDTHS,
            "auc_width": [*WIDTHS, 2],
        },
    ),
    risk_interval.from_triangles: (
        {"triangles": [[4, 1, 2]]},
        {"triangles": [[[1, 2, 1]], [[1, 2]], [[np.nan, 0, 1]], [["a", 0, 1]], []]},
    ),
    risk_interval.risk_intervals: (
        {"coefficients": [0, 1], "design": [[1, 2]], "covariances": [np.eye(2)]},
        {
            "coefficients": [[0, np.nan], [0, 1, 2], []],
            "design": [[[1, np.inf]], [[1, 2, 3]], []],
            "covariances": [[-np.eye(2)], [np.eye(3)], np.eye(2), [np.full((2, 2), np.nan)]],
            "level": LEVELS,
        },
    ),
    roc_limits.ordered_sample: (
        {"patients": 8, "span": (0, 9), "quartiles": ((1, 2), (3, 4), (5, 6))},
        {
            "patients": [*DRAWS, 3],
            "span": [(0, np.nan), (9, 0), (1,)],
            "quartiles": [
                ((1, 2), (3, 4)),
                ((1, 2), (3, 4), (5, np.inf)),
                ((9, 9), (5, 5), (1, 1)),
            ],
            "cutoffs": [((np.nan, 2),), ((3, 99),), ((3, -1),), ((3, 2.5),)],
        },
    ),
    roc_limits.quartile_neighbours: (
        {"patients": 8, "part": 1},
        {"patients": [*DRAWS, 3], "part": [0, 4, np.nan]},
    ),
    roc_limits.youden_limits: (
        {"with_event": SAMPLE, "without_event": SAMPLE, "cutoff": 3},
        {"cutoff": SCALARS},
    ),
    roc_limits.sample_through: (
        {"patients": 4, "places": ((1, 2), (4, 8))},
        {"patients": DRAWS, "places": [((1, 0), (4, 8)), ((4, 2), (1, 8)), ((1, np.nan),), ()]},
    ),
    roc_limits.curve_facts: (
        {"with_event": RISK, "without_event": RISK},
        {"with_event": numbers(), "without_event": numbers()},
    ),
    dichotomised_areas.dichotomised_areas: (
        dict(zip(("true_positives", "false_negatives"), (5, 3), strict=True))
        | {"false_positives": 2, "true_negatives": 6},
        {"true_positives": COUNTS, "true_negatives": COUNTS, "error": ["wald"]},
    ),
    dichotomised_areas.area_range: (
        dict(zip(("true_positives", "false_negatives"), (5, 0), strict=True))
        | {"false_positives": 2, "true_negatives": 6},
        {"true_positives": [*COUNTS, 0], "true_negatives": COUNTS},
    ),
    dichotomised_areas.scores_given_table: (
        {"cells": (5, 3, 2, 6), "number": 2, "rng": RNG},
        {"cells": [*CELLS, (0, 3, 2, 6), (5, 3)], "number": DRAWS},
    ),
    description.crosstab: (
        {"rows": WORDS, "columns": OTHERS, "row_levels": ["a", "b"], "column_levels": ["a", "b"]},
        {
            "rows": [WORDS[:-1], WORDS.mask(WORDS == "a"), WORDS.replace("a", "c")],
            "row_levels": [[], ["a", "a", "b"], ["a"]],
        },
    ),
    description.column_percent: ({"counts": TABLE}, {"counts": TABLES}),
    description.row_percent: ({"counts": TABLE}, {"counts": TABLES}),
    description.summarise: ({"values": pd.Series(RISK)}, {"values": numbers()}),
    description.pearson: ({"counts": TABLE}, {"counts": TABLES}),
    description.fisher: ({"counts": TABLE}, {"counts": TABLES}),
    description.compare_counts: ({"counts": TABLE}, {"counts": TABLES}),
    description.mann_whitney: ({"first": RISK, "second": RISK}, GROUPS),
    description.t_test: ({"first": RISK, "second": RISK}, GROUPS),
    description.compare_values: ({"first": RISK, "second": RISK}, GROUPS),
    nomogram.pretty: (
        {"low": 0, "high": 5},
        {"low": [*SCALARS, 5], "high": SCALARS, "intervals": DRAWS},
    ),
    nomogram.nomogram: (
        {"intercept": 0, "coefficients": {"a": 1.0}, "ranges": {"a": (0, 5)}},
        {
            "intercept": SCALARS,
            "coefficients": [{}, {"a": 0}, {"a": np.nan}, {"b": 1}],
            "ranges": [{}, {"a": (5, 0)}, {"a": (0, np.nan)}, {"a": (1,)}],
            "logit_range": [(1, 0), (0, np.nan)],
        },
    ),
    nomogram.nomogram_axes: (
        {"scales": SCALES, "risks": [0.2]},
        {"risks": [*numbers(), [0.0], [2.0]]},
    ),
    SCALES.points: (
        {"predictor": "a", "value": 2},
        {"predictor": ["c", ""], "value": [np.nan, "high", *numbers()]},
    ),
    SCALES.total_points: (
        {"values": {"a": 1, "b": 2}},
        {"values": [{"a": 1}, {"a": [1, 2], "b": [1, 2, 3]}, {"a": np.nan, "b": 2}]},
    ),
    SCALES.risk_of_total: ({"total": 50}, {"total": numbers()}),
    SCALES.total_of_risk: ({"risk": 0.2}, {"risk": [*numbers(), 0, 1, 2]}),
    validation.repeat_development: (
        {"frame": FRAME, "outcome": "failed", "develop": develop, "rows": ROWS},
        {"outcome": ["missing", "risk"], "rows": RESAMPLES},
    ),
    validation.corrected_calibration: ({"repeated": REPEATED, "grid": RISK}, {"grid": numbers()}),
    validation.risk_stability: (
        {"repeated": REPEATED, "threshold": 0.3},
        {"threshold": [*SCALARS, -0.1, 1], "level": LEVELS},
    ),
    validation.stability_summary: (
        {"repeated": REPEATED, "threshold": 0.3},
        {"threshold": [*SCALARS, -0.1, 1]},
    ),
}


@pytest.mark.parametrize("function", CASES, ids=lambda function: function.__name__)
def test_what_cannot_be_used_is_refused_in_one_line(function):
    good, broken = CASES[function]
    function(**good)
    for argument, values in broken.items():
        for value in values:
            with pytest.raises(RairlibError) as told:
                pytest.fail(f"{argument} = {value!r} gave {function(**(good | {argument: value}))}")
            assert 10 < len(str(told.value)) < 200
            assert "\n" not in str(told.value)


PAIRS = {"event": ("score", "risk"), "x": ("y",), "rows": ("columns",)}


@pytest.mark.parametrize(
    ("function", "first", "second"),
    [
        (function, first, second)
        for function, (good, _) in CASES.items()
        for first, seconds in PAIRS.items()
        for second in seconds
        if first in good and second in good
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_patients_in_another_order_are_matched_by_their_index(function, first, second):
    def found(other):
        pair = {first: pd.Series(good[first]), second: other}
        stream = {"rng": np.random.default_rng(2)} if "rng" in good else {}
        return repr(function(**(good | pair | stream)))

    good, _ = CASES[function]
    values = pd.Series(good[second])
    other = values.iloc[[*range(3, N), 0, 1, 2]]
    assert found(other) == found(values) != found(other.reset_index(drop=True))
    with pytest.raises(RairlibError, match="different indexes"):
        found(values.rename({0: "another"}))


def test_counts_with_float_noise_are_those_counts():
    noisy, cells = (0.57 * 100, 43, 0.29 * 100, 71), (57, 43, 29, 71)
    assert noisy[0] < 57
    for function in (dichotomised_areas.area_range, dichotomised_areas.dichotomised_areas):
        assert function(*noisy) == function(*cells)


# They take what another function of the package made, and nothing else.
FED = {
    "curve_at",
    "optimism",
    "variable_frequencies",
    "model_frequencies",
}


def test_every_public_function_is_among_the_cases():
    modules = {inspect.getmodule(function) for function in CASES}
    # The inputs of regressions are broken in test_broken_inputs.py.
    modules = {module for module in modules if module.__name__.startswith("rairlib.stats.")}
    modules -= {risk_interval}
    public = {
        name
        for module in modules
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__
        if not name.startswith("_")
    }
    assert public - {function.__name__ for function in CASES} == FED
