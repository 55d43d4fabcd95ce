"""Other shapes of the two predictors of Tang et al. 2025 than straight lines in the logit."""

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import chi2

from rairlib.fast_logistic import LogisticFit, fit_logistic
from rairlib.regression import Z_95
from rairlib.splines import restricted_cubic_spline, spline_knots

LINEAR = "both linear (the paper's model)"
LOG_TG = "log(1 + Tg)"
SPLINE_TG = "Tg as a spline, 4 knots"
CURVE_POINTS = 120


def _columns(training: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the columns beside the intercept of every shape that is tried."""
    nodes = training["lln_count"].to_numpy(dtype=float)
    tg = training["tg_before"].to_numpy(dtype=float)
    any_node = (nodes > 0).astype(float)
    return {
        LINEAR: np.column_stack([nodes, tg]),
        LOG_TG: np.column_stack([nodes, np.log1p(tg)]),
        SPLINE_TG: np.column_stack([nodes, restricted_cubic_spline(tg, spline_knots(tg))]),
        "log(1 + nodes)": np.column_stack([np.log1p(nodes), tg]),
        "any node, and their number": np.column_stack([nodes, tg, any_node]),
        "nodes and their square": np.column_stack([nodes, tg, nodes**2]),
        "both logarithms": np.column_stack([np.log1p(nodes), np.log1p(tg)]),
        "nodes × Tg": np.column_stack([nodes, tg, nodes * tg]),
    }


def _fit(training: pd.DataFrame, columns: np.ndarray) -> LogisticFit:
    event = (training["failure"] == "yes").to_numpy(dtype=float)
    scale = np.abs(columns).max(axis=0)
    design = np.column_stack([np.ones(len(columns)), columns / scale])
    fit = fit_logistic(event, design)
    factors = np.append(1.0, scale)
    return LogisticFit(
        coefficients=fit.coefficients / factors,
        covariance=fit.covariance / np.outer(factors, factors),
        log_likelihood=fit.log_likelihood,
    )


def shapes(training: pd.DataFrame) -> pd.DataFrame:
    """Fit the model of both predictors with other shapes than straight lines.

    Parameters
    ----------
    training : DataFrame
        Patients of the training set with ``failure``, ``lln_count`` and ``tg_before``.

    Returns
    -------
    DataFrame
        Indexed by shape: ``parameters`` (with the intercept), ``log_likelihood``, ``aic`` (less
        that of the paper's model; negative is better) and ``p_value`` of the likelihood-ratio test
        against the paper's model, NaN where that is not a special case.

    Raises
    ------
    RairlibError
        If a model has no finite estimates.
    """
    columns = _columns(training)
    fits = {name: _fit(training, values) for name, values in columns.items()}
    plain = fits[LINEAR]
    rows = {}
    for name, found in fits.items():
        extra = found.coefficients.size - plain.coefficients.size
        gain = 2 * (found.log_likelihood - plain.log_likelihood)
        p_value = float(chi2.sf(max(gain, 0.0), extra)) if extra else np.nan
        rows[name] = (found.coefficients.size, found.log_likelihood, 2 * extra - gain, p_value)
    names = ["parameters", "log_likelihood", "aic", "p_value"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=names).rename_axis("shape")


def tg_curves(training: pd.DataFrame, nodes: float, largest: float) -> pd.DataFrame:
    """Draw the risk over Tg under three shapes, for patients with a given number of nodes.

    Parameters
    ----------
    training : DataFrame
        As for :func:`shapes`.
    nodes : float
        Number of lateral node metastases.
    largest : float
        Largest Tg, ng/mL.

    Returns
    -------
    DataFrame
        Columns ``shape, value`` (Tg), ``risk, low, high``; limits are Wald's, 95 %, taken from
        the log odds.

    Raises
    ------
    RairlibError
        As :func:`shapes` does.
    """
    columns, tg = _columns(training), np.linspace(0, largest, CURVE_POINTS)
    knots = spline_knots(training["tg_before"])
    drawn = {
        LINEAR: tg[:, np.newaxis],
        LOG_TG: np.log1p(tg)[:, np.newaxis],
        SPLINE_TG: restricted_cubic_spline(tg, knots),
    }
    curves = []
    for name, values in drawn.items():
        fit = _fit(training, columns[name])
        design = np.column_stack([np.ones(tg.size), np.full(tg.size, nodes), values])
        linear = design @ fit.coefficients
        error = np.sqrt(np.einsum("ij,jk,ik->i", design, fit.covariance, design))
        ends = {"risk": 0.0, "low": -Z_95, "high": Z_95}
        risks = {end: expit(linear + z * error) for end, z in ends.items()}
        curves.append(pd.DataFrame({"shape": name, "value": tg, **risks}))
    return pd.concat(curves, ignore_index=True)
