"""How many patients a prediction model needs, and what power a sample has for one ratio."""

import math

import numpy as np
import pandas as pd
from scipy import optimize, special

from rairlib.errors import RairlibError
from rairlib.stats.observation import finite, number, whole

# Riley and colleagues print 1.96.
Z_95 = 1.96
NODES = 200
LARGEST_N = 10**8


def max_cox_snell(prevalence: float) -> float:
    """Return the largest Cox-Snell R² that a model of a binary outcome can have."""
    prevalence = number("prevalence", prevalence, 0, 1)
    return 1 - math.exp(2 * _null_likelihood(prevalence))


def _null_likelihood(prevalence: float) -> float:
    return float(
        special.xlogy(prevalence, prevalence) + special.xlog1py(1 - prevalence, -prevalence)
    )


def cox_snell_from_auc(auc: float, prevalence: float) -> float:
    """Return the Cox-Snell R² of a calibrated model from its area under the ROC curve.

    Parameters
    ----------
    auc, prevalence : float
        Area above 0.5 and below 1; share of patients with the outcome, between 0 and 1.

    Returns
    -------
    float
        If the linear predictor is normal with one variance among patients with and without the
        outcome (Riley, Van Calster and Collins 2021, Statistics in Medicine 40:859-864); by
        Gauss-Hermite quadrature where they simulate a million patients.

    Raises
    ------
    RairlibError
        If area or prevalence is out of range.
    """
    auc, prevalence = number("auc", auc, 0.5, 1), number("prevalence", prevalence, 0, 1)
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    weights = weights / weights.sum()
    distance = math.sqrt(2) * special.ndtri(auc)

    def linear(score: np.ndarray) -> np.ndarray:
        return distance * score - distance**2 / 2 + special.logit(prevalence)

    with_event = weights @ special.log_expit(linear(nodes + distance))
    without_event = weights @ special.log_expit(-linear(nodes))
    gain = prevalence * with_event + (1 - prevalence) * without_event - _null_likelihood(prevalence)
    return 1 - math.exp(-2 * gain)


def development_sample_size(
    prevalence: float,
    parameters: int,
    cox_snell: float,
    *,
    shrinkage: float = 0.9,
    gap: float = 0.05,
    margin: float = 0.05,
    error: float = 0.05,
) -> pd.DataFrame:
    """Return the smallest sample for developing a model of a binary outcome.

    Parameters
    ----------
    prevalence : float
        Expected share of patients with the outcome.
    parameters : int
        Number of candidate parameters, those that selection drops included.
    cox_snell : float
        Cox-Snell R² that the model is expected to have in new patients; from an area by
        :func:`cox_snell_from_auc`.
    shrinkage : float
        Expected calibration slope that is wanted at least.
    gap : float
        Largest difference of apparent and adjusted Nagelkerke R² that is accepted.
    margin : float
        Half width of the 95 % interval of the overall risk that is accepted.
    error : float
        Mean absolute error of the risks that is accepted.

    Returns
    -------
    DataFrame
        Columns ``criterion, n, events, events_per_parameter``; rows ``shrinkage, nagelkerke,
        overall risk``, then ``all`` with the largest of these three, as the package pmsampsize has
        it (Riley et al. 2020, BMJ 368:m441), then ``mean absolute error`` beside it: its formula
        was found by simulation for up to 12 parameters (van Smeden et al. 2019, Statistical
        Methods in Medical Research 28:2455-2474).

    Raises
    ------
    RairlibError
        If a number is out of range, or the R² is larger than the prevalence or the shrinkage
        allow.
    """
    largest = max_cox_snell(prevalence)
    parameters = int(whole("parameters", parameters, 1))
    margin, error = number("margin", margin, 0), number("error", error, 0)
    gap, shrinkage = number("gap", gap, 0), number("shrinkage", shrinkage, 0, 1)
    cox_snell = number("cox_snell", cox_snell)
    if not 0 < cox_snell < min(largest, shrinkage):
        raise RairlibError(
            f"cox_snell: {cox_snell:g} is not between 0 and {min(largest, shrinkage):.3g}, the "
            "most that prevalence and shrinkage allow"
        )
    nagelkerke = cox_snell / (cox_snell + gap * largest)
    numbers = {
        "shrinkage": _size_for_shrinkage(parameters, cox_snell, shrinkage),
        "nagelkerke": _size_for_shrinkage(parameters, cox_snell, nagelkerke),
        "overall risk": (Z_95 / margin) ** 2 * prevalence * (1 - prevalence),
    }
    beside = {"mean absolute error": _size_for_error(prevalence, parameters, error)}
    table = _sizes(numbers, prevalence, beside)
    return table.assign(events_per_parameter=table["events"] / parameters)


def _size_for_shrinkage(parameters: int, cox_snell: float, shrinkage: float) -> float:
    return parameters / ((shrinkage - 1) * math.log1p(-cox_snell / shrinkage))


def _size_for_error(prevalence: float, parameters: int, error: float) -> float:
    logs = 0.259 * math.log(min(prevalence, 1 - prevalence)) + 0.504 * math.log(parameters)
    return math.exp((-0.508 + logs - math.log(error)) / 0.544)


def _sizes(
    numbers: dict[str, float], prevalence: float, beside: dict[str, float] | None = None
) -> pd.DataFrame:
    """Round up; put the largest behind, then what does not count for it."""
    needed = numbers | {"all": max(numbers.values())} | (beside or {})
    for criterion, size in needed.items():
        if not size < LARGEST_N:
            raise RairlibError(f"{criterion}: more than {LARGEST_N:,} patients would be needed")
    # What is a whole number but for the last digits stays that number.
    sizes = [math.ceil(size - 1e-9) for size in needed.values()]
    table = pd.DataFrame({"criterion": needed.keys(), "n": sizes})
    return table.assign(events=table["n"] * prevalence)


def validation_sample_size(
    prevalence: float,
    auc: float,
    linear_predictor,
    *,
    ratio_width: float = 0.2,
    slope_width: float = 0.2,
    auc_width: float = 0.1,
) -> pd.DataFrame:
    """Return the smallest sample for validating a model of a binary outcome in other patients.

    Parameters
    ----------
    prevalence : float
        Expected share of patients with the outcome.
    auc : float
        Expected area under the ROC curve.
    linear_predictor : array-like of float
        Log odds that the model gives to patients like those in whom it will be validated.
    ratio_width, slope_width, auc_width : float
        Wanted widths of the 95 % intervals of observed/expected, calibration slope and area, for a
        model that is calibrated.

    Returns
    -------
    DataFrame
        One row per criterion (``observed/expected, calibration slope, auc``) and a last row
        ``all``; columns ``criterion, n, events`` (Riley et al. 2021, Statistics in Medicine
        40:4230-4251; the area by Newcombe's standard error).

    Raises
    ------
    RairlibError
        If a number is out of range or the linear predictor does not vary.
    """
    auc, prevalence = number("auc", auc, 0.5, 1), number("prevalence", prevalence, 0, 1)
    ratio_width = number("ratio_width", ratio_width, 0)
    slope_width = number("slope_width", slope_width, 0)
    auc_width = number("auc_width", auc_width, 0, 1)
    linear = finite("linear_predictor", linear_predictor)
    if linear.ndim != 1 or not np.ptp(linear):
        raise RairlibError("linear_predictor: log odds that vary, none missing, are needed")
    error = math.asinh(ratio_width / 2) / Z_95
    numbers = {
        "observed/expected": (1 - prevalence) / (prevalence * error**2),
        "calibration slope": _size_for_slope(linear, slope_width / (2 * Z_95)),
        "auc": _size_for_auc(auc, prevalence, auc_width / (2 * Z_95)),
    }
    return _sizes(numbers, prevalence)


def _size_for_slope(linear: np.ndarray, error: float) -> float:
    weight = special.expit(linear) * special.expit(-linear)
    centre = np.average(linear, weights=weight)
    return 1 / (error**2 * np.mean(weight * (linear - centre) ** 2))


def _size_for_auc(auc: float, prevalence: float, error: float) -> float:
    def excess(n: float) -> float:
        half = n / 2 - 1
        spread = auc * (1 - auc) * (1 + half * ((1 - auc) / (2 - auc) + auc / (1 + auc)))
        return spread / (n**2 * prevalence * (1 - prevalence)) - error**2

    if excess(LARGEST_N) > 0:
        return math.inf
    return float(optimize.brentq(excess, 1e-3, LARGEST_N))


# --- The power that a sample has for one ratio, two-sided at 5 % ------------------------------
# Each takes the share of the covariate's variance that the model's other covariates explain, and
# lessens the sample by it (Hsieh, Bloch and Larsen 1998, Statistics in Medicine 17:1623-1634).


def power_for_odds_ratio(
    ratio: float, n: int, risk: float, exposed: float, explained: float = 0.0
) -> float:
    """Return the power for the odds ratio of a yes-or-no covariate.

    Parameters
    ----------
    ratio : float
        True odds ratio, above 0.
    n : int
        Patients.
    risk, exposed : float
        Share of all patients with the outcome, and with the covariate; between 0 and 1.
    explained : float
        Share of the covariate's variance that others explain, from 0 to below 1.

    Returns
    -------
    float
        By formula 2 of Hsieh, Bloch and Larsen (1998, Statistics in Medicine 17:1623-1634).
    """
    odds, B = number("ratio", ratio, 0), number("exposed", exposed, 0, 1)
    P, worth = number("risk", risk, 0, 1), _unexplained(n, explained)

    def excess(low: float) -> float:
        high = special.expit(special.logit(low) + math.log(odds))
        return (1 - B) * low + B * high - P

    without = float(optimize.brentq(excess, 1e-12, 1 - 1e-12, xtol=1e-14))
    with_it = float(special.expit(special.logit(without) + math.log(odds)))
    null = math.sqrt(P * (1 - P) / B)
    other = math.sqrt(without * (1 - without) + with_it * (1 - with_it) * (1 - B) / B)
    distance = abs(with_it - without) * math.sqrt(worth * (1 - B))
    return float(special.ndtr((distance - Z_95 * null) / other))


def power_for_slope(ratio: float, n: int, risk: float, sd: float, explained: float = 0.0) -> float:
    """Return the power for the odds ratio per unit of a numeric covariate.

    Parameters
    ----------
    ratio, n, risk, explained
        As for :func:`power_for_odds_ratio`; the risk is that at the covariate's mean.
    sd : float
        Standard deviation of the covariate.

    Returns
    -------
    float
        By formula 1 of Hsieh, Bloch and Larsen (1998), for a normal covariate.
    """
    risk, sd = number("risk", risk, 0, 1), number("sd", sd, 0)
    information = _unexplained(n, explained) * risk * (1 - risk) * sd**2
    return _power(ratio, information)


def power_for_hazard_ratio(
    ratio: float, events: int, exposed: float, explained: float = 0.0
) -> float:
    """Return the power for the hazard ratio of a yes-or-no covariate.

    Parameters
    ----------
    ratio, exposed, explained
        As for :func:`power_for_odds_ratio`.
    events : int
        Patients with the event.

    Returns
    -------
    float
        By the number of events (Schoenfeld 1983, Biometrics 39:499-503).
    """
    exposed = number("exposed", exposed, 0, 1)
    return _power(ratio, _unexplained(events, explained) * exposed * (1 - exposed))


def _unexplained(patients: int, explained: float) -> float:
    """Return how many patients they are worth if others explain a part of the covariate."""
    part = number("explained", explained, np.nextafter(0, -1), 1)
    return int(whole("patients", patients, 1)) * (1 - part)


def _power(ratio: float, information: float) -> float:
    """Return the power of Wald's test of a log ratio."""
    effect = abs(math.log(number("ratio", ratio, 0)))
    return float(special.ndtr(effect * math.sqrt(information) - Z_95))
