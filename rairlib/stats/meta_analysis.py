"""Random-effects summary of a few estimates of the same quantity."""

from typing import NamedTuple

import numpy as np
from scipy import optimize, stats

from rairlib.errors import RairlibError
from rairlib.stats.observation import finite

FEWEST = 3
# How far beyond the spread of the estimates the search for their variance reaches.
REACH = 100


class RandomEffects(NamedTuple):
    """What :func:`random_effects` returns, on the scale of the estimates."""

    estimate: float
    low: float
    high: float
    prediction_low: float
    prediction_high: float
    tau_squared: float
    i_squared: float
    p_value: float
    studies: int


def random_effects(estimates, standard_errors, level: float = 0.95) -> RandomEffects:
    """Pool estimates under a normal random-effects model.

    The variance between studies is that of restricted maximum likelihood; interval and p value
    are Hartung and Knapp's, with t on k - 1 degrees of freedom, and so is the interval in which
    the effect of a new study is expected (Higgins, Thompson and Spiegelhalter 2009). R's
    ``metafor::rma(method = "REML", test = "knha")`` does the same. Where estimates agree better
    than their errors let expect, Hartung and Knapp's interval is too short.

    Parameters
    ----------
    estimates, standard_errors : array-like of float, shape (k,)
        Of independent studies, for example log odds ratios.
    level : float
        Of both intervals.

    Returns
    -------
    RandomEffects
        ``tau_squared`` is the variance between studies, ``i_squared`` the share of the total
        variation that is theirs (Higgins and Thompson 2002), between 0 and 1.

    Raises
    ------
    RairlibError
        If there are fewer than three studies, shapes differ, or an error is not positive.
    """
    y, se = finite("estimates", estimates), finite("standard_errors", standard_errors)
    if y.shape != se.shape or y.ndim != 1 or len(y) < FEWEST:
        raise RairlibError(f"a summary needs {FEWEST} or more estimates, each with its error")
    if (se <= 0).any():
        raise RairlibError("standard_errors: each must be above 0")
    v, df = se**2, len(y) - 1
    tau2 = _restricted_maximum(y, v)
    weights = 1 / (v + tau2)
    mean = np.average(y, weights=weights)
    variance = (weights @ (y - mean) ** 2) / df / weights.sum()
    t = stats.t.ppf((1 + level) / 2, df)
    half, further = t * np.sqrt(variance), t * np.sqrt(variance + tau2)
    fixed = 1 / v
    typical = df * fixed.sum() / (fixed.sum() ** 2 - (fixed**2).sum())
    return RandomEffects(
        *(float(end) for end in (mean, mean - half, mean + half, mean - further, mean + further)),
        tau_squared=float(tau2),
        i_squared=float(tau2 / (tau2 + typical)),
        p_value=float(2 * stats.t.sf(abs(mean) / np.sqrt(variance), df)),
        studies=len(y),
    )


def _restricted_maximum(y: np.ndarray, v: np.ndarray) -> float:
    """Return the variance between studies with the largest restricted likelihood."""

    def score(tau2: float) -> float:
        weights = 1 / (v + tau2)
        residual = y - np.average(y, weights=weights)
        squares = (weights**2).sum()
        return (weights**2 @ residual**2) - weights.sum() + squares / weights.sum()

    top = REACH * (np.ptp(y) ** 2 + v.max())
    grid = np.concatenate([[0.0], np.geomspace(v.min() * 1e-6, top, 400)])
    scores = np.array([score(tau2) for tau2 in grid])
    falls = np.flatnonzero((scores[:-1] > 0) & (scores[1:] <= 0))
    maxima = [0.0] if scores[0] <= 0 else []
    maxima += [optimize.brentq(score, grid[i], grid[i + 1], xtol=1e-14, rtol=1e-13) for i in falls]

    def likelihood(tau2: float) -> float:
        weights = 1 / (v + tau2)
        residual = y - np.average(y, weights=weights)
        return np.log(weights).sum() - np.log(weights.sum()) - weights @ residual**2

    return max(maxima, key=likelihood)
