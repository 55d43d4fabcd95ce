"""Multiple imputation: Rubin's rules against R's mice, a known truth, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rairlib.errors import RairlibError
from rairlib.stats.cox import cox
from rairlib.stats.imputation import imputed, pooled, rubin
from rairlib.stats.logistic import firth_logistic, logistic

REFERENCE = json.loads(
    (Path(__file__).parent / "reference" / "imputation.json").read_text(encoding="utf-8")
)
NUMERIC = {"x1": None, "x2": None}


@pytest.mark.parametrize("case", REFERENCE["scalars"])
def test_rubins_rules_agree_with_mice(case):
    found = rubin(np.array([case["q"]]).T, np.array([case["u"]]).T, case["dfcom"]).iloc[0]
    assert found["estimate"] == pytest.approx(case["qbar"], rel=1e-12)
    assert found["within"] == pytest.approx(case["ubar"], rel=1e-12)
    assert found["between"] == pytest.approx(case["b"], rel=1e-12)
    assert found["standard_error"] ** 2 == pytest.approx(case["t"], rel=1e-12)
    assert found["degrees_of_freedom"] == pytest.approx(case["df"], rel=1e-10)
    assert found["missing_information"] == pytest.approx(case["fmi"], rel=1e-10)


def test_rubins_rules_by_hand():
    # Estimates 1, 2, 3 with variances 1: within 1, between 1, total 1 + 4/3 = 7/3; the share that
    # is due to missing data 4/7, degrees of freedom 2 / (4/7)² = 6.125.
    found = rubin([[1.0], [2.0], [3.0]], [[1.0], [1.0], [1.0]]).iloc[0]
    assert found["standard_error"] == pytest.approx((7 / 3) ** 0.5)
    assert found["degrees_of_freedom"] == pytest.approx(6.125)
    assert found["missing_information"] == pytest.approx((4 / 3 + 2 / 9.125) / (7 / 3))


def completed() -> list[pd.DataFrame]:
    frame = pd.DataFrame({name: REFERENCE[name] for name in ("x1", "y", "time")})
    return [frame.assign(x2=values) for values in REFERENCE["x2"]]


def assert_as_mice(found: pd.DataFrame, expected: dict, statistics: tuple[str, ...]) -> None:
    found = found[found["statistic"].isin(statistics)]
    for ours, theirs in (
        *(("estimate", "estimate"), ("low", "2.5 %"), ("high", "97.5 %"), ("p_value", "p.value")),
        *(("degrees_of_freedom", "df"), ("missing_information", "fmi")),
    ):
        assert found[ours].tolist() == pytest.approx(expected[theirs], rel=1e-7)


def test_pooled_logistic_regression_agrees_with_mice():
    found = pooled([logistic(data, "y", NUMERIC) for data in completed()])
    assert_as_mice(found, REFERENCE["logistic"], ("intercept", "coefficient"))


def test_pooled_cox_regression_agrees_with_mice():
    found = pooled([cox(data, "time", "y", NUMERIC) for data in completed()], by_events=True)
    assert_as_mice(found, REFERENCE["cox"], ("coefficient",))


def test_ratio_is_pooled_on_the_log_scale():
    found = pooled([logistic(data, "y", NUMERIC) for data in completed()]).set_index("statistic")
    for name in ("estimate", "low", "high"):
        logs = np.log(found.loc["odds_ratio", name])
        assert logs.tolist() == pytest.approx(found.loc["coefficient", name].tolist())


# --- Imputation -------------------------------------------------------------------------------


TRUTH = {"x1": 0.8, "x2: high vs low": 1.0}
MIXED = {"x1": None, "x2": ("high", "low")}


def missing_at_random(seed: int, n: int = 4000) -> pd.DataFrame:
    """Draw patients whose `x2` is missing more often if they have the outcome and a high `x1`."""
    rng = np.random.default_rng(seed)
    x1 = rng.normal(size=n)
    high = rng.random(n) < 1 / (1 + np.exp(-x1))
    event = rng.random(n) < 1 / (1 + np.exp(1.2 - 0.8 * x1 - high))
    gone = rng.random(n) < np.where(event & (x1 > 0), 0.7, 0.1)
    level = pd.Series(np.where(high, "high", "low")).mask(gone)
    return pd.DataFrame({"x1": x1, "x2": level, "y": event})


def coefficients(estimates: pd.DataFrame) -> pd.DataFrame:
    return estimates[estimates["statistic"] == "coefficient"].set_index("term")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_known_truth_is_recovered_where_complete_cases_are_biased(seed):
    found = imputed(missing_at_random(seed), "y", MIXED, seed=seed, imputations=10, cycles=3)
    complete, estimates = coefficients(found.complete), coefficients(found.estimates)
    assert complete.loc["x1", "high"] < TRUTH["x1"]
    for term, truth in TRUTH.items():
        error = (estimates.loc[term, "high"] - estimates.loc[term, "low"]) / (2 * 1.96)
        assert abs(estimates.loc[term, "estimate"] - truth) < 2.5 * error
    assert 0 < estimates.loc["x2: high vs low", "missing_information"] < 1


def test_hazard_ratios_are_recovered():
    rng = np.random.default_rng(4)
    x1, x2 = rng.normal(size=(2, 3000))
    x2 += 0.5 * x1
    own = rng.exponential(1 / np.exp(0.5 * x1 + 0.7 * x2))
    end = rng.uniform(0.2, 2, 3000)
    data = pd.DataFrame({"x1": x1, "time": np.minimum(own, end), "y": own <= end})
    gone = rng.random(3000) < np.where(data["y"] & (x1 > 0), 0.6, 0.1)
    data["x2"] = np.where(gone, np.nan, x2)
    found = imputed(data, "y", NUMERIC, cox, "time", seed=1, imputations=5, cycles=3)
    estimates = coefficients(found.estimates)["estimate"]
    complete = coefficients(found.complete)["estimate"]
    assert abs(complete["x1"] - 0.5) > 0.1
    assert estimates.to_dict() == pytest.approx({"x1": 0.5, "x2": 0.7}, abs=0.1)


@pytest.fixture(scope="module")
def small():
    data = missing_at_random(5, 200)
    data["y"] = data["y"].astype(object).mask(data.index < 5)
    return data


def test_counts_tell_who_is_missing_where(small):
    found = imputed(small, "y", MIXED, seed=1, imputations=2, cycles=1)
    gaps = int(small["x2"].iloc[5:].isna().sum())
    assert found.without_outcome == 5
    assert found.missing["missing"].tolist() == [0, gaps]
    assert found.missing["percent"].tolist() == [0, 100 * gaps / 195]
    assert found.complete["n"].unique().tolist() == [195 - gaps]
    assert found.estimates["n"].unique().tolist() == [195]


def test_seed_alone_decides_the_result(small):
    options = {"imputations": 3, "cycles": 2}
    first = imputed(small, "y", MIXED, seed=1, **options).estimates
    pd.testing.assert_frame_equal(imputed(small, "y", MIXED, seed=1, **options).estimates, first)
    other = imputed(small, "y", MIXED, seed=2, **options).estimates
    assert not np.allclose(other["estimate"], first["estimate"], atol=1e-6)


def test_without_missing_covariates_both_ways_agree():
    data = missing_at_random(6, 300).assign(x2=lambda frame: frame["x2"].fillna("low"))
    found = imputed(data, "y", MIXED, seed=1, imputations=2, cycles=1)
    assert found.estimates["estimate"].tolist() == pytest.approx(
        found.complete["estimate"].tolist()
    )
    # Student's t with 297 degrees of freedom widens the interval a little.
    assert found.estimates["low"].iloc[1] == pytest.approx(found.complete["low"].iloc[1], abs=0.005)


def test_penalised_fit_is_pooled(small):
    found = imputed(small, "y", MIXED, firth_logistic, seed=1, imputations=3, cycles=1)
    assert np.isfinite(found.estimates.drop(columns=["term", "statistic"]).to_numpy(float)).all()


def test_factor_of_three_levels_keeps_its_levels():
    rng = np.random.default_rng(8)
    level = pd.Series(rng.choice(["PTC", "FTC", "OCA"], 300)).mask(rng.random(300) < 0.3)
    data = pd.DataFrame({"histology": level, "y": rng.random(300) < 0.4})
    coding = {"histology": ("OCA", "FTC", "PTC")}
    found = imputed(data, "y", coding, seed=1, imputations=3, cycles=2)
    terms = coefficients(found.estimates).index.tolist()
    assert terms == ["histology: OCA vs PTC", "histology: FTC vs PTC"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"imputations": 1}, "2 or more imputations"),
        ({"covariates": {"x3": None}}, "no column 'x3'"),
        ({"covariates": {"x1": None, "x2": ("high", "middle")}}, "x2: .* not one of high, middle"),
        ({"covariates": {"x2": None}}, "x2: .* not a number"),
        ({"covariates": {"empty": None}}, "empty: no values"),
    ],
)
def test_what_cannot_be_imputed_is_refused_without_a_value(small, change, told):
    options = {"data": small.assign(empty=np.nan), "outcome": "y", "covariates": MIXED, "seed": 1}
    with pytest.raises(RairlibError, match=told) as error:
        imputed(**{**options, **change})
    assert "low" not in str(error.value)


@pytest.mark.parametrize("shapes", [((1, 2), (1, 2)), ((3, 2), (3, 1)), ((3,), (3,))])
def test_rubins_rules_need_two_imputations_of_one_shape(shapes):
    with pytest.raises(RairlibError, match="2 or more imputations"):
        rubin(*(np.ones(shape) for shape in shapes))


def test_fits_of_different_models_are_not_pooled():
    data = completed()[0]
    with pytest.raises(RairlibError, match="fits of one model"):
        pooled([logistic(data, "y", NUMERIC), logistic(data, "y", {"x1": None})])
