"""Decision curves: what a model is worth at each threshold at which one would act on its risk."""

import numpy as np
import pandas as pd

from rairlib.errors import RairlibError
from rairlib.stats.observation import ranked
from rairlib.stats.resampling import checked_rows, outcomes_and_risks, percentile_limits

STRATEGIES = ("model", "all", "none")
PATIENTS = 100


def checked_thresholds(thresholds) -> np.ndarray:
    """Return threshold probabilities, checked."""
    try:
        thresholds = np.asarray(thresholds, dtype=float).ravel()
    except (TypeError, ValueError) as problem:
        raise RairlibError(f"thresholds: a value is not a number ({problem})") from problem
    if not thresholds.size or not ((thresholds >= 0) & (thresholds < 1)).all():
        raise RairlibError("thresholds: one or more probabilities from 0 to below 1 are needed")
    return thresholds


def _checked(event, risk, thresholds) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return outcomes, the ranks of risks and of thresholds among each other, and thresholds."""
    event, risk = outcomes_and_risks(event, risk)
    thresholds = checked_thresholds(thresholds)
    ranks = ranked(np.concatenate([risk, thresholds]))
    return event, ranks[: risk.size], ranks[risk.size :], thresholds


def _net_benefits(event, ranks, cuts, thresholds) -> np.ndarray:
    """Net benefits of all strategies, shape (strategies, thresholds)."""
    with_event, without_event = np.sort(ranks[event == 1]), np.sort(ranks[event == 0])
    true = with_event.size - np.searchsorted(with_event, cuts, side="left")
    false = without_event.size - np.searchsorted(without_event, cuts, side="left")
    model = (true - false * thresholds / (1 - thresholds)) / ranks.size
    everybody = event.mean() - (1 - event.mean()) * thresholds / (1 - thresholds)
    return np.stack([model, everybody, np.zeros_like(thresholds)])


def _avoided(benefits: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Net interventions avoided against treating all; undefined at threshold 0."""
    odds = np.where(thresholds > 0, thresholds / (1 - thresholds), np.nan)
    return PATIENTS * (benefits - benefits[1]) / odds


def decision_curve(event, risk, thresholds) -> pd.DataFrame:
    """Compare a model with treating all patients and with treating none.

    Parameters
    ----------
    event : array-like of bool or 0/1, shape (n,)
        Whether the patient has the outcome.
    risk : array-like of float, shape (n,)
        Predicted risks from 0 to 1.
    thresholds : array-like of float
        Threshold probabilities t, from 0 to below 1.

    Returns
    -------
    DataFrame
        One row per strategy (``model``, ``all``, ``none``) and threshold; columns ``strategy,
        threshold, net_benefit, avoided``. The net benefit is true positives per patient minus
        false positives per patient times t / (1 - t) (Vickers and Elkin 2006, Medical Decision
        Making 26:565-574); the last is the net number of interventions avoided per 100 patients
        against treating all, without missing an event, NaN at threshold 0.

    Raises
    ------
    RairlibError
        If a value is not usable or all patients have the same outcome.
    """
    event, ranks, cuts, thresholds = _checked(event, risk, thresholds)
    benefits = _net_benefits(event, ranks, cuts, thresholds)
    return _table(thresholds, net_benefit=benefits, avoided=_avoided(benefits, thresholds))


def _table(thresholds: np.ndarray, **columns: np.ndarray) -> pd.DataFrame:
    keys = {
        "strategy": np.repeat(STRATEGIES, thresholds.size),
        "threshold": np.tile(thresholds, len(STRATEGIES)),
    }
    return pd.DataFrame(keys | {name: values.ravel() for name, values in columns.items()})


def decision_intervals(event, risk, thresholds, rows, level: float = 0.95) -> pd.DataFrame:
    """Add bootstrap percentile limits to a decision curve; the model stays as it is.

    Parameters
    ----------
    event, risk, thresholds
        As for :func:`decision_curve`.
    rows : Resamples, or ndarray of int, shape (resamples, n)
        Row numbers of the patients in each resample, from
        :func:`rairlib.stats.resampling.bootstrap_rows`.
    level : float
        Share of resamples between the limits at each threshold.

    Returns
    -------
    DataFrame
        As :func:`decision_curve`, with ``low, high`` of the net benefit, ``avoided_low,
        avoided_high``, and ``gain, gain_low, gain_high``: net benefit beyond the better of
        treating all and treating none.

    Raises
    ------
    RairlibError
        If a value or a row number is not usable.
    """
    event, ranks, cuts, thresholds = _checked(event, risk, thresholds)
    rows = checked_rows(rows, event.size)
    here = _net_benefits(event, ranks, cuts, thresholds)
    drawn = np.array([_net_benefits(event[row], ranks[row], cuts, thresholds) for row in rows])
    limits = {"": drawn, "avoided_": np.array([_avoided(found, thresholds) for found in drawn])}
    limits["gain_"] = drawn - drawn[:, 1:].max(axis=1, keepdims=True)
    columns = {"net_benefit": here, "avoided": _avoided(here, thresholds)}
    columns["gain"] = here - here[1:].max(axis=0)
    for name, values in limits.items():
        columns[f"{name}low"], columns[f"{name}high"] = percentile_limits(values, level)
    return _table(thresholds, **columns)


def useful_thresholds(curve: pd.DataFrame) -> pd.DataFrame:
    """Return the ranges of thresholds at which the model beats treating all and treating none.

    Parameters
    ----------
    curve : DataFrame
        From :func:`decision_curve`, thresholds ascending.

    Returns
    -------
    DataFrame
        One row per unbroken range; columns ``low, high, best_gain``: first and last threshold of
        the range and the largest gain in it.

    Raises
    ------
    RairlibError
        If a column or a strategy is missing.
    """
    wanted = {"strategy", "threshold", "net_benefit"}
    if wanted - set(curve) or set(STRATEGIES) - set(curve["strategy"]):
        raise RairlibError(
            f"curve: columns {', '.join(sorted(wanted))} are needed, with the strategies "
            f"{', '.join(STRATEGIES)}, as decision_curve gives them"
        )
    benefits = curve.set_index("threshold").groupby("strategy")["net_benefit"]
    others = pd.concat([benefits.get_group("all"), benefits.get_group("none")], axis=1)
    gain = benefits.get_group("model") - others.max(axis=1)
    useful = gain > 1e-12
    run = (useful != useful.shift()).cumsum()
    ranges = [
        (part.index[0], part.index[-1], part.max()) for _, part in gain[useful].groupby(run[useful])
    ]
    return pd.DataFrame(ranges, columns=["low", "high", "best_gain"])
