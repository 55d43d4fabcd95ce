"""What a Cox regression achieves: likelihood ratio, linear predictor and concordance."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from lifelines.utils import concordance_index
from scipy import stats

from rairlib.cox import cox, cox_columns, partial_likelihood, survival_columns
from rairlib.description import TestResult
from rairlib.errors import RairlibError
from rairlib.observation import aligned, numbers, ranked, survival_times
from rairlib.regression import Coding, covariate_columns


def likelihood_ratio(
    frame: pd.DataFrame, time: str, event: str, covariates: Mapping[str, Coding]
) -> TestResult:
    """Test all covariates of a Cox regression at once by their likelihood ratio.

    Parameters
    ----------
    frame, time, event, covariates
        As for :func:`rairlib.cox.cox`; ties by Breslow's method.

    Returns
    -------
    TestResult
        Method ``likelihood_ratio``, twice the gain in log partial likelihood, one degree of
        freedom per term, and p.

    Raises
    ------
    RairlibError
        As :func:`rairlib.cox.cox` does.
    """
    estimates = cox(frame, time, event, covariates)
    coefficients = estimates["estimate"][estimates["statistic"] == "coefficient"].to_numpy()
    data, columns = survival_columns(frame, time, event), cox_columns(frame, covariates)
    model = partial_likelihood(data, (columns - columns.mean()).to_numpy())
    gain = 2 * (model.loglike(coefficients) - model.loglike(np.zeros_like(coefficients)))
    return TestResult(
        method="likelihood_ratio",
        statistic=float(gain),
        df=len(coefficients),
        p_value=float(stats.chi2.sf(gain, len(coefficients))),
    )


def linear_predictor(
    frame: pd.DataFrame, covariates: Mapping[str, Coding], estimates: pd.DataFrame
) -> pd.Series:
    """Return the log hazard of each patient, relative to one with every reference level.

    Parameters
    ----------
    frame, covariates
        As for :func:`rairlib.cox.cox`.
    estimates : DataFrame
        What :func:`rairlib.cox.cox` returned for these covariates.

    Returns
    -------
    Series of float
        One entry per patient.

    Raises
    ------
    RairlibError
        As :func:`rairlib.cox.cox` does, or if the estimates are of other terms.
    """
    chosen = estimates[estimates["statistic"] == "coefficient"]
    columns = covariate_columns(frame, covariates)
    if chosen["term"].tolist() != columns.columns.tolist():
        raise RairlibError(
            f"the estimates are of {', '.join(map(str, chosen['term']))}, the covariates give "
            f"{', '.join(map(str, columns.columns))}"
        )
    return pd.Series(columns.to_numpy() @ chosen["estimate"].to_numpy(), columns.index)


def concordance(time, event, risk) -> float:
    """Return Harrell's C: how often, of two patients, the one with the higher risk fails first.

    Parameters
    ----------
    time, event
        As for :func:`rairlib.observation.survival_times`.
    risk : array-like of float, shape (n,)
        Larger means an earlier event; ties count one half.

    Returns
    -------
    float
        Between 0 and 1 (Harrell, Lee and Mark 1996, Statistics in Medicine 15:361-387).

    Raises
    ------
    RairlibError
        If times or events are not usable, a risk is not finite, or no two patients can be compared.
    """
    time, event, risk = aligned(time=time, event=event, risk=risk)
    data = survival_times(time, event)
    # Equal patients must tie, though a matrix product can give them different last digits.
    ranks = ranked(numbers(risk, data.index, "risk"))
    try:
        return float(concordance_index(data["time"], -ranks, data["event"]))
    except ZeroDivisionError as problem:
        raise RairlibError(
            "no two patients can be compared: no event comes before another patient's time"
        ) from problem
