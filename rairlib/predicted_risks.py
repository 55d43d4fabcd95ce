"""The door of every module that compares predicted risks with outcomes."""

import numpy as np

from rairlib.errors import RairlibError
from rairlib.observation import finite, outcomes_and, settled


def outcomes_and_risks(event, risk) -> tuple[np.ndarray, np.ndarray]:
    """Return outcomes and predicted risks, checked.

    Parameters
    ----------
    event : array-like of bool, 0/1 or yes/no, shape (n,)
        Whether the patient has the outcome.
    risk : array-like of float, shape (n,)
        Predicted risks from 0 to 1; a Series is matched by its index.

    Returns
    -------
    event, risk : ndarray of float
        In the order of the events; risks that only float noise keeps apart are made equal.

    Raises
    ------
    RairlibError
        If a value is missing or out of range, or if all patients have the same outcome.
    """
    event, risk = outcomes_and("risk", event, risk)
    if not ((risk >= 0) & (risk <= 1)).all():
        raise RairlibError(f"risk must be a probability; got {risk.min():g} to {risk.max():g}")
    # Beside 0 and 1, so that a spread of nothing but noise is noise too.
    risk = settled(np.append(risk, [0.0, 1.0]))[:-2]
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
    risk = finite("risk", risk)
    infinite = int(((risk <= 0) | (risk >= 1)).sum())
    if infinite:
        raise RairlibError(f"risk: {infinite} values are 0 or 1, whose log odds are infinite")
    return np.log(risk) - np.log1p(-risk)
