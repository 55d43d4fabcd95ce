"""Fits with Firth's penalty, profiled and tested as tightly as rounding errors allow."""

import warnings
from functools import partial

import numpy as np
import pandas as pd

from rairlib.errors import RairlibError
from rairlib.fast_logistic import NEARLY_NONE, dependent_terms

TOLERANCES = (1e-10, 1e-8, 1e-7, 1e-6, 1e-5)


def penalised_fit(estimator, columns: pd.DataFrame, outcome, intercept: bool = False) -> np.ndarray:
    """Fit a model of firthmodels with the tightest tolerance that its solver can meet.

    Its step-halving asks the likelihood to grow, which it cannot do once it is flat to the last
    digit; that happens below a gradient of about 1e-7.

    Parameters
    ----------
    estimator : class
        ``FirthLogisticRegression`` or ``FirthCoxPH``.
    columns : DataFrame
        Covariates, one row per patient; they vary.
    outcome : array or tuple of array
        As the estimator takes it.
    intercept : bool
        Whether the model has an intercept.

    Returns
    -------
    ndarray, shape (terms, 4)
        Estimates, limits of the profile penalised likelihood and p values of the penalised
        likelihood-ratio test; the intercept first.

    Raises
    ------
    RairlibError
        If no tolerance lets the solver converge.
    """
    try:
        return _on_one_scale(estimator, columns, outcome, intercept)
    except RairlibError:
        if together := dependent_terms(columns, NEARLY_NONE):
            raise RairlibError(
                f"the terms {together} nearly determine one another: leave one out"
            ) from None
        raise


def _on_one_scale(estimator, columns: pd.DataFrame, outcome, intercept: bool) -> np.ndarray:
    """Fit where covariates have one scale and mean, as the solver's absolute tolerances need."""
    X, scale = columns.to_numpy(), columns.std(ddof=0).to_numpy()
    mean, X = X.mean(axis=0), (X - X.mean(axis=0)) / scale
    slopes = np.empty((0, 4))
    if len(scale):
        slopes = _tightest(estimator, X, outcome, range(len(scale)))
        slopes[:, :3] /= scale[:, np.newaxis]
    if not intercept:
        return slopes
    # Without the shift to the means, the intercept is a combination of all coefficients: turned
    # into the first axis it can be profiled like any other.
    design = np.column_stack([np.ones(len(X)), X])
    axes, length = np.linalg.qr(
        np.column_stack([np.append(1.0, -mean / scale), np.eye(len(X[0]) + 1)])
    )
    turned = _tightest(partial(estimator, fit_intercept=False), design @ axes, outcome, [0])
    turned[:, :3] *= length[0, 0]
    turned[:, 1:3].sort(axis=1)
    return np.vstack([turned, slopes])


def _tightest(estimator, X: np.ndarray, outcome, features) -> np.ndarray:
    features = list(features)
    for tolerance in TOLERANCES:
        model = estimator(backend="numpy", max_iter=500, gtol=tolerance, xtol=tolerance)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                model.fit(X, outcome)
                limits = model.conf_int(method="pl", features=features, max_iter=500, tol=tolerance)
                p_value = model.lrt(features).lrt_pvalues_[features]
                return np.column_stack([model.coef_[features], limits[features], p_value])
            except (Warning, np.linalg.LinAlgError) as problem:
                reason = problem
    raise RairlibError(f"the penalised fit did not converge: {reason}") from reason
