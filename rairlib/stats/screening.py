"""Variables one by one and what a model then says of them, for many cohorts at once.

Arrays have the cohorts first, then the patients, then the variables. Quantities are named as
:mod:`rairlib.studies.repeats` names them.
"""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
from scipy.special import chdtrc

from rairlib.stats import kernels
from rairlib.stats.observation import Z_95

Quantities = dict[str, np.ndarray]
Holds = Callable[[Mapping[str, np.ndarray]], np.ndarray]


def one_by_one(
    time: np.ndarray, event: np.ndarray, columns: np.ndarray, efron: bool = False
) -> np.ndarray:
    """Test each variable in a Cox model of its own.

    Parameters
    ----------
    time, event : ndarray, shape (cohorts, patients)
        Times, and 1 with the event, 0 without, NaN for patients who are not analysed.
    columns : ndarray, shape (cohorts, patients, variables)
        One column a variable.
    efron : bool
        Whether ties are handled by Efron's method; by Breslow's without it.

    Returns
    -------
    ndarray, shape (cohorts, variables)
        p of Wald's test; NaN where there is no finite estimate.
    """
    each = np.moveaxis(columns, -1, -2)[..., np.newaxis]
    time, event = time[:, np.newaxis], event[:, np.newaxis]
    coefficients, errors, _ = kernels.cox(time, event, each, np.ones(1), efron)
    return kernels.wald_p(coefficients / errors)[..., 0]


def log_rank_p(time: np.ndarray, event: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return the p of the log-rank test of each cohort."""
    statistic, df = kernels.log_rank(time, event, group)
    return chdtrc(df, statistic)


def named(prefix: str, variables: Iterable[str], **statistics: np.ndarray) -> Quantities:
    """Name the columns of arrays: ``PREFIXVARIABLE STATISTIC`` → one value for each cohort."""
    return {
        f"{prefix}{variable} {statistic}": values[..., place]
        for statistic, values in statistics.items()
        for place, variable in enumerate(variables)
    }


def reported(
    prefix: str, variables: Iterable[str], fit: tuple[np.ndarray, ...], used: np.ndarray
) -> Quantities:
    """Name what a model of some of the variables says: each one's estimate, and how many differ."""
    coefficients, errors, _ = fit
    found = {"coefficient": coefficients, "standard_error": errors, "selected": used}
    independent = (abs(coefficients) > Z_95 * errors).sum(axis=-1)
    return named(prefix, variables, **found) | {f"{prefix}model independent": independent}


def predicts(variable: str, sign: int) -> Holds:
    """Return what tells of each repeat whether a variable predicts in the direction of the sign."""

    def holds(found: Mapping[str, np.ndarray]) -> np.ndarray:
        estimate, error = (found[f"{variable} {x}"] for x in ("coefficient", "standard_error"))
        return sign * estimate > Z_95 * error

    return holds


def these_alone(prefix: str, predictors: Mapping[str, int]) -> Holds:
    """Return what tells whether these variables predict in these directions, and no others."""
    each = [predicts(f"{prefix}{name}", sign) for name, sign in predictors.items()]

    def holds(found: Mapping[str, np.ndarray]) -> np.ndarray:
        own = np.all([one(found) for one in each], axis=0)
        return own & (found[f"{prefix}model independent"] == len(each))

    return holds


def at_least_one(prefix: str) -> Holds:
    """Return what tells whether a model has an independent predictor."""
    return lambda found: found[f"{prefix}model independent"] > 0
