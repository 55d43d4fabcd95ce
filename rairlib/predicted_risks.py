"""The door of every module that compares predicted risks with outcomes."""

import numpy as np

from rairlib.errors import RairlibError


def outcomes_and_risks(event, risk) -> tuple[np.ndarray, np.ndarray]:
    """Return outcomes and predicted risks, checked.

    Parameters
    ----------
    event : array-like of bool or 0/1, shape (n,)
        Whether the patient has the outcome.
    risk : array-like of float, shape (n,)
        Predicted risks from 0 to 1.

    Returns
    -------
    event, risk : ndarray of float
        In the order given.

    Raises
    ------
    RairlibError
        If a value is missing or out of range, or if all patients have the same outcome.
    """
    event, risk = np.asarray(event), np.asarray(risk, dtype=float)
    if event.shape != risk.shape or event.ndim != 1:
        raise RairlibError(f"one risk per patient: got {event.size} outcomes, {risk.size} risks")
    try:
        event = event.astype(float)
    except (TypeError, ValueError) as problem:
        raise RairlibError("event must be true or false, or 1 or 0") from problem
    if not np.isin(event, (0, 1)).all():
        raise RairlibError("event must be true or false, without missing values")
    if np.isnan(risk).any():
        raise RairlibError(f"risk: {int(np.isnan(risk).sum())} values are missing")
    if not ((risk >= 0) & (risk <= 1)).all():
        raise RairlibError(f"risk must be a probability; got {risk.min():g} to {risk.max():g}")
    if event.min(initial=1) == event.max(initial=0):
        raise RairlibError("both patients with and patients without the event are needed")
    return event, risk


def log_odds(risk: np.ndarray) -> np.ndarray:
    """Return the log odds of risks.

    Parameters
    ----------
    risk : ndarray of float
        Strictly between 0 and 1.

    Returns
    -------
    ndarray of float
        ``log(p / (1 - p))``.

    Raises
    ------
    RairlibError
        If a risk is 0 or 1.
    """
    infinite = int(((risk <= 0) | (risk >= 1)).sum())
    if infinite:
        raise RairlibError(f"risk: {infinite} values are 0 or 1, whose log odds are infinite")
    return np.log(risk) - np.log1p(-risk)
