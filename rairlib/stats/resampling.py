"""Bootstrap resamples as row numbers, drawn when they are used, and percentile limits over them."""

import copy
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rairlib.errors import RairlibError
from rairlib.stats.observation import finite, number, outcomes_and, settled, whole


@dataclass(frozen=True, slots=True)
class Resamples(Sequence):
    """Resamples of which only the places in the stream of draws are kept.

    Attributes
    ----------
    patients : int
        Row numbers in each resample.
    stream : numpy.random.Generator
        Draws a resample again, an array of int of shape (patients,), whenever it is asked for.
    states : tuple of dict
        State of the stream before each resample.
    """

    patients: int
    stream: np.random.Generator
    states: tuple[dict, ...]

    def __len__(self) -> int:
        """Return the number of resamples."""
        return len(self.states)

    def __getitem__(self, place):
        """Return the row numbers of one resample, or the resamples of a slice or list of places."""
        if isinstance(place, slice):
            place = range(len(self))[place]
        if np.ndim(place):
            return Resamples(self.patients, self.stream, tuple(self.states[one] for one in place))
        self.stream.bit_generator.state = self.states[place]
        return _draw(self.stream, self.patients)


def _draw(rng: np.random.Generator, patients: int) -> np.ndarray:
    return rng.integers(0, patients, size=patients, dtype=np.int32)


def bootstrap_rows(patients: int, resamples: int, *, rng: np.random.Generator) -> Resamples:
    """Draw bootstrap resamples: as many patients as there are, with replacement.

    Parameters
    ----------
    patients : int
        Number of patients.
    resamples : int
        Number of resamples.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    Resamples
        Of each its row numbers, from 0; the first resamples stay the same if more are drawn.

    Raises
    ------
    RairlibError
        If there are no patients or no resamples.
    """
    patients, resamples = whole("patients", patients, 1), whole("resamples", resamples, 1)
    states = []
    for _ in range(resamples):
        states.append(rng.bit_generator.state)
        _draw(rng, patients)
    return Resamples(patients, copy.deepcopy(rng), tuple(states))


def checked_rows(rows, patients: int) -> Resamples | np.ndarray:
    """Return resamples, checked against the number of patients."""
    if isinstance(rows, Resamples) and len(rows) and rows.patients == patients:
        return rows
    rows = np.asarray(rows)
    if rows.ndim != 2 or not rows.size or not np.issubdtype(rows.dtype, np.integer):
        raise RairlibError("rows: one line of row numbers per resample is needed")
    if rows.shape[1] != patients:
        raise RairlibError(f"rows: {rows.shape[1]} per resample, but there are {patients} patients")
    if rows.min() < 0 or rows.max() >= patients:
        raise RairlibError(f"rows: numbers go from 0 to {patients - 1}")
    return rows


def percentile_limits(values: np.ndarray, level: float = 0.95) -> np.ndarray:
    """Return the percentile limits of quantities over resamples."""
    level = number("level", level, 0, 1)
    if not len(values):
        raise RairlibError("no resamples, so no limits")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a quantity that no resample gives
        return np.nanquantile(values, [(1 - level) / 2, (1 + level) / 2], axis=0)


# --- The door of every module that compares predicted risks with outcomes ---------------------


def outcomes_and_risks(event, risk) -> tuple[np.ndarray, np.ndarray]:
    """Return outcomes and predicted risks, checked."""
    event, risk = outcomes_and("risk", event, risk)
    if not ((risk >= 0) & (risk <= 1)).all():
        raise RairlibError(f"risk must be a probability; got {risk.min():g} to {risk.max():g}")
    # Beside 0 and 1, so that a spread of nothing but noise is noise too.
    risk = settled(np.append(risk, [0.0, 1.0]))[:-2]
    return event, risk


def log_odds(risk: np.ndarray) -> np.ndarray:
    """Return the log odds of risks."""
    risk = finite("risk", risk)
    infinite = int(((risk <= 0) | (risk >= 1)).sum())
    if infinite:
        raise RairlibError(f"risk: {infinite} values are 0 or 1, whose log odds are infinite")
    return np.log(risk) - np.log1p(-risk)
