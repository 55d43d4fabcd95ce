"""Screening and Forward: LR on plain arrays, quick enough to be repeated in every resample.

They give what :mod:`rairlib.description` and :mod:`rairlib.selection` give (the tests compare
them), without their tables and logs, and without their refusal of a level that a resample happens
not to hold.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import special

from rairlib.errors import RairlibError
from rairlib.fast_logistic import LogisticFit, check_arrays, fit_logistic
from rairlib.regression import Coding, check_covariates
from rairlib.selection import ENTRY_P, REMOVAL_P, check_limits, mover, score_tests


def candidate_columns(
    frame: pd.DataFrame, covariates: Mapping[str, Coding]
) -> dict[str, np.ndarray]:
    """Turn covariates into the columns of a regression.

    Parameters
    ----------
    frame : DataFrame
        One row per patient, without missing values in the columns used.
    covariates : mapping of str to tuple of str or None
        Column → its levels with the reference last; None for a numeric column.

    Returns
    -------
    dict of str to ndarray, shape (n, terms of the covariate)
        A level is 1, any other 0.

    Raises
    ------
    RairlibError
        If a column is absent, not numeric though it should be, or has missing or unknown values.
    """
    check_covariates(frame, covariates)
    columns = {}
    for name, coding in covariates.items():
        values = frame[name].to_numpy()
        numeric = coding is None
        columns[name] = (
            values.astype(float)[:, np.newaxis] if numeric else _levels(name, values, coding)
        )
    return columns


def _levels(name: str, values: np.ndarray, coding: tuple[str, ...]) -> np.ndarray:
    columns = np.column_stack([values == level for level in coding])
    if not columns.any(axis=1).all():
        unknown, known = values[~columns.any(axis=1)].tolist()[0], ", ".join(map(str, coding))
        raise RairlibError(f"{name}: {unknown!r} is not one of {known}")
    return columns[:, :-1].astype(float)


def screening_p_value(event: np.ndarray, columns: np.ndarray, test: str) -> float:
    """Return the p value of one univariable test.

    Parameters
    ----------
    event : ndarray of float, shape (n,)
        1 for patients with the outcome, 0 for the others.
    columns : ndarray, shape (n, terms)
        One covariate, from :func:`candidate_columns`.
    test : str
        ``mann_whitney`` (tie-corrected, without continuity correction), ``student`` (equal
        variances) or ``pearson`` (without continuity correction).

    Returns
    -------
    float
        Two-sided; NaN where the patients do not differ, so that there is no test.

    Raises
    ------
    RairlibError
        If the test is another one or takes numbers where there are levels, or values are not
        usable.
    """
    if test not in TESTS:
        raise RairlibError(f"the screening test is one of {', '.join(TESTS)}, not {test!r}")
    if test != "pearson" and columns.shape[1] > 1:
        raise RairlibError(f"{test} compares numbers, not {columns.shape[1] + 1} levels")
    check_arrays(event, columns)
    return TESTS[test](event, columns) if np.ptp(event) and event.size > 2 else np.nan


def _mann_whitney(event: np.ndarray, columns: np.ndarray) -> float:
    _, place, ties = np.unique(columns[:, 0], return_inverse=True, return_counts=True)
    n, n_events = event.size, event.sum()
    ranks = (np.cumsum(ties) - (ties - 1) / 2)[place]
    above = ranks @ event - n_events * (n + 1) / 2
    spread = (n**3 - n - (ties.astype(float) ** 3 - ties).sum()) / (n * (n - 1))
    variance = n_events * (n - n_events) / 12 * spread
    return float(2 * special.ndtr(-abs(above) / np.sqrt(variance))) if variance > 0 else np.nan


def _student(event: np.ndarray, columns: np.ndarray) -> float:
    groups = columns[event == 1, 0], columns[event == 0, 0]
    df = event.size - 2
    pooled = sum(((group - group.mean()) ** 2).sum() for group in groups) / df
    error = np.sqrt(pooled * sum(1 / group.size for group in groups))
    if not error > 0:
        return np.nan
    return float(2 * special.stdtr(df, -abs(groups[0].mean() - groups[1].mean()) / error))


def _pearson(event: np.ndarray, columns: np.ndarray) -> float:
    levels = np.column_stack([columns, 1 - columns.sum(axis=1)])
    totals = levels.sum(axis=0)
    levels, totals = levels[:, totals > 0], totals[totals > 0]
    if totals.size < 2:
        return np.nan
    share = event.mean()
    expected = totals * share
    statistic = ((event @ levels - expected) ** 2 / (expected * (1 - share))).sum()
    return float(special.chdtrc(totals.size - 1, statistic))


TESTS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "mann_whitney": _mann_whitney,
    "student": _student,
    "pearson": _pearson,
}


@dataclass(slots=True)
class _Forward:
    """A forward selection under way on plain arrays."""

    event: np.ndarray
    columns: dict[str, np.ndarray]
    fits: dict[tuple[str, ...], LogisticFit] = field(default_factory=dict)

    def ordered(self, names) -> tuple[str, ...]:
        return tuple(name for name in self.columns if name in set(names))

    def design(self, names: tuple[str, ...]) -> np.ndarray:
        return np.column_stack([np.ones(self.event.size), *(self.columns[n] for n in names)])

    def fit(self, names: tuple[str, ...]) -> LogisticFit:
        if names not in self.fits:
            self.fits[names] = fit_logistic(self.event, self.design(names))
        return self.fits[names]

    def entrant(self, current: tuple[str, ...], limit: float) -> str | None:
        """Return the variable with the smallest p of the score test, if that is small enough."""
        design, others = (
            self.design(current),
            {n: c for n, c in self.columns.items() if n not in current},
        )
        log_odds = design @ self.fit(current).coefficients
        return mover(score_tests(self.event, design, log_odds, others), "enter", limit)

    def leaver(self, current: tuple[str, ...], limit: float) -> str | None:
        """Return the variable with the largest p of the likelihood-ratio test, if large enough."""
        top, tests = self.fit(current).log_likelihood, {}
        for name in current:
            without = self.fit(tuple(n for n in current if n != name)).log_likelihood
            statistic, df = max(2 * (top - without), 0.0), self.columns[name].shape[1]
            tests[name] = statistic, df, float(special.chdtrc(df, statistic))
        return mover(tests, "remove", limit)


def forward_variables(
    event: np.ndarray,
    columns: Mapping[str, np.ndarray],
    entry: float = ENTRY_P,
    removal: float = REMOVAL_P,
) -> tuple[str, ...]:
    """Return the variables that :func:`rairlib.selection.forward_lr` selects.

    Parameters
    ----------
    event : ndarray of float, shape (n,)
        1 for patients with the outcome, 0 for the others.
    columns : mapping of str to ndarray, shape (n, terms)
        Candidates, from :func:`candidate_columns`.
    entry, removal : float
        Limits of p for entry (score test) and removal (likelihood ratio).

    Returns
    -------
    tuple of str
        In the order of the candidates.

    Raises
    ------
    RairlibError
        If the variables of a step separate the outcome, or a limit is outside 0 to 1.
    """
    check_limits(entry, removal)
    usable = {name: values[:, varying(values)] for name, values in columns.items()}
    run = _Forward(event, {name: values for name, values in usable.items() if values.size})
    current, seen = (), {()}
    while (entrant := run.entrant(current, entry)) is not None:
        target = run.ordered((*current, entrant))
        if target in seen:
            return current
        current = target
        seen.add(current)
        while (leaver := run.leaver(current, removal)) is not None:
            target = tuple(name for name in current if name != leaver)
            if target in seen:
                return current
            current = target
            seen.add(current)
    return current


def varying(columns: np.ndarray) -> np.ndarray:
    """Tell which columns hold more than one value.

    Parameters
    ----------
    columns : ndarray, shape (n, terms)
        Columns of a regression.

    Returns
    -------
    ndarray of bool, shape (terms,)
        True where patients differ.
    """
    return np.ptp(columns, axis=0) > 0
