"""Whether hazard ratios stay the same over time: the score test of a coefficient that changes."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from rairlib.cox import cox, cox_columns, survival_columns
from rairlib.errors import RairlibError
from rairlib.fast_logistic import UNEXPLAINED_MIN
from rairlib.regression import Coding
from rairlib.survival import kaplan_meier

TRANSFORMS = ("km", "rank", "identity", "log")
GLOBAL = "global"


def proportional_hazards(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Mapping[str, Coding],
    transform: str = "km",
) -> pd.DataFrame:
    """Test each term of a Cox regression, and all together, for a hazard ratio that changes.

    The alternative is β + θ·g(t) (Grambsch and Therneau 1994, Biometrika 81:515-526). This is the
    score test of θ = 0, as R's ``cox.zph`` computes it since version 3 of the survival package;
    the approximation before that, with scaled Schoenfeld residuals, is what lifelines has.

    Parameters
    ----------
    frame, time, event, covariates
        As for :func:`rairlib.cox.cox`; ties by Breslow's method.
    transform : str
        g(t): ``km``, one minus the Kaplan-Meier estimate just before t (the default of R);
        ``rank`` of the time among those of all patients; ``identity``; ``log``.

    Returns
    -------
    DataFrame
        One row per term, then ``global``; columns ``term, statistic, df, p_value``.

    Raises
    ------
    RairlibError
        As :func:`rairlib.cox.cox` does, if the transformation is another one or, for ``log``,
        an event is at time 0, or if the events are at too few times.
    """
    if transform not in TRANSFORMS:
        raise RairlibError(f"time is transformed by {', '.join(TRANSFORMS)}, not {transform!r}")
    data = survival_columns(frame, time, event)
    estimates = cox(frame, time, event, covariates)
    coefficients = estimates["estimate"][estimates["statistic"] == "coefficient"].to_numpy()
    columns = cox_columns(frame, covariates)
    scale = columns.std().to_numpy()
    moments, residuals, variances = _at_events(
        data, columns.to_numpy() / scale, coefficients * scale
    )
    g = _transformed(data, moments, transform)
    # Without its mean, g is nearly independent of β: fewer digits are lost below.
    g = g - g.mean()
    score = g @ residuals
    plain, mixed, squared = (np.tensordot(g**power, variances, axes=1) for power in (0, 1, 2))
    information = squared - mixed @ np.linalg.solve(plain, mixed)
    if (np.linalg.eigvalsh(information) <= UNEXPLAINED_MIN * np.trace(squared)).any():
        raise RairlibError(
            f"{event}: the events are at too few different times to show whether a hazard ratio "
            "changes"
        )
    rows = []
    for place, term in enumerate(columns.columns):
        own = squared[place, place] - mixed[place] @ np.linalg.solve(plain, mixed[place])
        rows.append((term, score[place] ** 2 / own, 1))
    rows.append((GLOBAL, score @ np.linalg.solve(information, score), len(score)))
    table = pd.DataFrame(rows, columns=["term", "statistic", "df"])
    return table.assign(p_value=stats.chi2.sf(table["statistic"], table["df"]))


def _at_events(data, X: np.ndarray, coefficients) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the times of events and, at each, the residuals and covariances of the covariates.

    At each time the deaths' covariates less their weighted mean over the risk set, summed, and the
    weighted covariance over the risk set times the number of deaths.
    """
    times, events = data["time"].to_numpy(), data["event"].to_numpy()
    weights = np.exp((X - X.mean(axis=0)) @ coefficients)
    moments = np.unique(times[events == 1])
    residuals, variances = [], []
    for moment in moments:
        at_risk = times >= moment
        dying = (times == moment) & (events == 1)
        shares = weights[at_risk] / weights[at_risk].sum()
        apart = X[at_risk] - shares @ X[at_risk]
        residuals.append((X[dying] - shares @ X[at_risk]).sum(axis=0))
        variances.append(dying.sum() * (apart.T * shares) @ apart)
    return moments, np.array(residuals), np.array(variances)


def _transformed(data: pd.DataFrame, moments: np.ndarray, transform: str) -> np.ndarray:
    if transform == "identity":
        return moments
    if transform == "log":
        if moments[0] <= 0:
            raise RairlibError("an event at time 0 has no logarithm; choose another transformation")
        return np.log(moments)
    if transform == "rank":
        return data["time"].rank().groupby(data["time"]).first()[moments].to_numpy()
    curve = kaplan_meier(data["time"], data["event"]).set_index("time")["survival"]
    return 1 - curve.shift(1, fill_value=1.0)[moments].to_numpy()
