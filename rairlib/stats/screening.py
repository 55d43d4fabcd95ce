"""Variables one by one, then those that pass in one Cox model: as papers do it, for many cohorts.

Arrays have the cohorts first, then the patients, then the variables.
"""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
from scipy.special import chdtrc

from rairlib.stats import kernels
from rairlib.stats.observation import Z_95

Quantities = dict[str, np.ndarray]


def screened_cox(
    time: np.ndarray, event: np.ndarray, columns: np.ndarray, limit: float, efron: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit each variable alone, then those whose p is below a limit together.

    Parameters
    ----------
    time, event : ndarray, shape (cohorts, patients)
        Times, and 1 with the event, 0 without, NaN for patients who are not analysed.
    columns : ndarray, shape (cohorts, patients, variables)
        One column a variable.
    limit : float
        Variables with a smaller p by Wald's test enter the common model.
    efron : bool
        Whether ties are handled by Efron's method; by Breslow's without it.

    Returns
    -------
    tuple of ndarray, each of shape (cohorts, variables)
        p of each variable alone; its coefficient and its standard error in the common model, NaN
        for those that did not enter and where there is no finite estimate.
    """
    one_by_one = np.moveaxis(columns, -1, -2)[..., np.newaxis]
    time_of_each, event_of_each = time[:, np.newaxis], event[:, np.newaxis]
    alone, error, _ = kernels.cox(time_of_each, event_of_each, one_by_one, np.ones(1), efron)
    p_values = kernels.wald_p(alone / error)[..., 0]
    coefficients, errors, _ = kernels.cox(time, event, columns, p_values < limit, efron)
    return p_values, coefficients, errors


def log_rank_p(time: np.ndarray, event: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return the p of the log-rank test of each cohort."""
    statistic, df = kernels.log_rank(time, event, group)
    return chdtrc(df, statistic)


def named(prefix: str, variables: Iterable[str], **statistics: np.ndarray) -> Quantities:
    """Name the columns of arrays: ``"PREFIX VARIABLE STATISTIC"`` → one value for each cohort."""
    return {
        f"{prefix}{variable} {statistic}": values[..., place]
        for statistic, values in statistics.items()
        for place, variable in enumerate(variables)
    }


def significant(found: Mapping[str, np.ndarray], variable: str, sign: int = 0) -> np.ndarray:
    """Tell whether a coefficient differs from 0, in the direction of the sign if there is one."""
    z = found[f"{variable} coefficient"] / found[f"{variable} standard_error"]
    return (sign * z if sign else abs(z)) > Z_95


def predicts(variable: str, sign: int) -> Callable[[Mapping[str, np.ndarray]], np.ndarray]:
    """Return what tells of each repeat whether a variable predicts in the direction of the sign."""
    return lambda found: significant(found, variable, sign)
