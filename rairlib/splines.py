"""Restricted cubic splines: smooth curves that are straight beyond the outer knots."""

import numpy as np

from rairlib.errors import RairlibError
from rairlib.observation import finite, whole

# Harrell's quantiles for few knots (Regression Modeling Strategies, 2nd edition, Table 2.3).
QUANTILES = {3: (0.1, 0.5, 0.9), 4: (0.05, 0.35, 0.65, 0.95), 5: (0.05, 0.275, 0.5, 0.725, 0.95)}


def spline_knots(values, knots: int = 4) -> np.ndarray:
    """Place knots at quantiles of a variable.

    Parameters
    ----------
    values : array-like of float, shape (n,)
        The variable.
    knots : int
        3, 4 or 5.

    Returns
    -------
    ndarray of float, shape (knots,)
        Ascending.

    Raises
    ------
    RairlibError
        If another number is asked for, or quantiles coincide.
    """
    if whole("knots", knots) not in QUANTILES:
        raise RairlibError(f"knots must be 3, 4 or 5; got {knots}")
    places = np.quantile(finite("values", values), QUANTILES[knots])
    if (np.diff(places) <= 0).any():
        raise RairlibError("two knots coincide: too many patients have the same value")
    return places


def restricted_cubic_spline(values, knots) -> np.ndarray:
    """Return the columns of a restricted cubic spline.

    Parameters
    ----------
    values : array-like of float, shape (n,)
        The variable.
    knots : array-like of float, shape (k,)
        Ascending, at least three.

    Returns
    -------
    ndarray of float, shape (n, k - 1)
        The variable itself, then k - 2 nonlinear columns, scaled by the squared distance of the
        outer knots as rms does (Harrell, Regression Modeling Strategies, equation 2.25).

    Raises
    ------
    RairlibError
        If a value is missing, or there are fewer than three knots or none ascending.
    """
    x, t = finite("values", values), finite("knots", knots)
    if x.ndim != 1 or t.ndim != 1 or t.size < 3 or (np.diff(t) <= 0).any():
        raise RairlibError(f"knots: three or more, ascending, are needed; got {t.tolist()}")
    cubes = np.maximum(x[:, np.newaxis] - t, 0.0) ** 3
    last = t[-1] - t[-2]
    bent = (
        cubes[:, :-2]
        - cubes[:, [-2]] * (t[-1] - t[:-2]) / last
        + cubes[:, [-1]] * (t[-2] - t[:-2]) / last
    )
    return np.column_stack([x, bent / (t[-1] - t[0]) ** 2])
