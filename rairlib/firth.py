"""Fits with Firth's penalty, profiled and tested as tightly as rounding errors allow."""

import warnings

import numpy as np
import pandas as pd

from rairlib.errors import RairlibError

TOLERANCES = (1e-10, 1e-8, 1e-7, 1e-6, 1e-5)


def penalised_fit(estimator, columns: pd.DataFrame, outcome, intercept: str = "") -> pd.DataFrame:
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
    intercept : str
        Name of the estimator's intercept; empty if it has none.

    Returns
    -------
    DataFrame
        One row per term, the intercept last; columns ``estimate, low, high, p_value``: limits of
        the profile penalised likelihood and p values of the penalised likelihood-ratio test.

    Raises
    ------
    RairlibError
        If no tolerance lets the solver converge.
    """
    # Tolerances of the solver are absolute, so they need covariates of one scale.
    scale = columns.std(ddof=0).to_numpy()
    model, limits = _tightest(estimator, columns.to_numpy() / scale, outcome)
    estimate, terms = model.coef_, list(columns.columns)
    if intercept:
        estimate, terms = np.append(estimate, model.intercept_), [*terms, intercept]
        scale = np.append(scale, 1.0)
    on_own_scale = np.column_stack([estimate, limits]) / scale[:, None]
    table = pd.DataFrame(on_own_scale, index=terms, columns=["estimate", "low", "high"])
    return table.assign(p_value=model.lrt_pvalues_)


def _tightest(estimator, X: np.ndarray, outcome) -> tuple:
    for tolerance in TOLERANCES:
        model = estimator(backend="numpy", max_iter=500, gtol=tolerance, xtol=tolerance)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                model.fit(X, outcome)
                limits = model.conf_int(method="pl", max_iter=500, tol=tolerance)
                return model.lrt(), limits
            except (Warning, np.linalg.LinAlgError) as problem:
                reason = problem
    raise RairlibError(f"the penalised fit did not converge: {reason}") from reason
