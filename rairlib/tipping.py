"""How many patients would have to be classified otherwise before an association is gone."""

import numpy as np
import pandas as pd
from scipy.stats import fisher_exact, norm

from rairlib.errors import RairlibError

Z_95 = norm.ppf(0.975)


def reclassified(
    exposed_cases: int, cases: int, exposed_controls: int, controls: int
) -> pd.DataFrame:
    """Turn exposed cases into exposed controls, one after the other.

    Parameters
    ----------
    exposed_cases, cases : int
        Patients with the outcome: exposed, and all.
    exposed_controls, controls : int
        Patients without the outcome: exposed, and all.

    Returns
    -------
    DataFrame
        One row per number of patients moved, from 0 to all exposed cases but one: ``moved,
        exposed_cases, cases, exposed_controls, controls``, the crude ``odds_ratio`` with its Wald
        limits ``low`` and ``high`` (infinite if a cell is empty: odds ratio inf, limits NaN), and
        ``p_value`` of Fisher's exact test.

    Raises
    ------
    RairlibError
        If no case is exposed, all controls are, or more are exposed than there are patients.
    """
    if not (0 < exposed_cases <= cases and 0 <= exposed_controls < controls):
        raise RairlibError("some case must be exposed and some control must not be")
    rows = []
    for moved in range(exposed_cases):
        a, b = exposed_cases - moved, cases - exposed_cases
        c, d = exposed_controls + moved, controls - exposed_controls
        rows.append((moved, a, a + b, c, c + d, *_crude_odds_ratio(a, b, c, d)))
    columns = ["moved", "exposed_cases", "cases", "exposed_controls", "controls"]
    return pd.DataFrame(rows, columns=[*columns, "odds_ratio", "low", "high", "p_value"])


def _crude_odds_ratio(a: int, b: int, c: int, d: int) -> tuple[float, float, float, float]:
    p_value = fisher_exact([[a, b], [c, d]]).pvalue
    if 0 in (b, c):
        return np.inf, np.nan, np.nan, p_value
    estimate = np.log(a * d / (b * c))
    error = np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    low, high = np.exp([estimate - Z_95 * error, estimate + Z_95 * error])
    return np.exp(estimate), low, high, p_value
