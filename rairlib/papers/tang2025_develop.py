"""The development step of Tang et al. 2025 on arrays, fast enough to be repeated on resamples.

The same rules as :func:`rairlib.papers.tang2025_model.select`: the test that the methods section
implies at p < .05 for each candidate, then Forward: LR.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import chi2, rankdata
from scipy.stats import t as student

from rairlib.errors import RairlibError
from rairlib.logistic_kernels import fit_tables
from rairlib.papers.tang2025_cohort import LEVELS
from rairlib.papers.tang2025_model import CANDIDATES, OUTCOME, SCREENING_P, usual_test
from rairlib.selection import ENTRY_P, REMOVAL_P
from rairlib.validation import Developed

ENTRY = chi2.isf(ENTRY_P, 1)
REMOVAL = chi2.isf(REMOVAL_P, 1)
Names = tuple[str, ...]


def develop(training: pd.DataFrame) -> Developed:
    """Screen, select and fit the paper's model on some patients.

    Parameters
    ----------
    training : DataFrame
        One row per patient with ``failure`` (yes/no) and the columns ``CANDIDATES``, checked.

    Returns
    -------
    Developed
        The variables in the order of ``CANDIDATES``, and the risk of other patients.

    Raises
    ------
    RairlibError
        If all patients have the same outcome, or a model has no finite estimates.
    """
    return _develop(training, screen)


def develop_without_screening(training: pd.DataFrame) -> Developed:
    """Select by Forward: LR among all candidates, without testing them one by one first.

    Parameters
    ----------
    training : DataFrame
        As for :func:`develop`.

    Returns
    -------
    Developed
        As :func:`develop`.

    Raises
    ------
    RairlibError
        As :func:`develop` does.
    """
    return _develop(training, lambda columns, _: tuple(columns))


def fit_printed_variables(training: pd.DataFrame) -> Developed:
    """Fit the model of the paper's two variables, without any selection.

    Parameters
    ----------
    training : DataFrame
        With ``failure``, ``lln_count`` and ``tg_before``.

    Returns
    -------
    Developed
        As :func:`develop`.

    Raises
    ------
    RairlibError
        As :func:`develop` does.
    """
    event = _event(training)
    columns = numeric_columns(training, ("lln_count", "tg_before"))
    return _developed(columns, event, tuple(columns))


def _develop(training: pd.DataFrame, screening: Callable[..., Names]) -> Developed:
    event = _event(training)
    columns = numeric_columns(training)
    # A variable without spread in a resample can neither be tested nor fitted.
    columns = {name: values for name, values in columns.items() if np.ptp(values) > 0}
    passed = screening(columns, event)
    selected = forward({name: columns[name] for name in passed}, event)
    return _developed(columns, event, selected)


def _event(training: pd.DataFrame) -> np.ndarray:
    event = training[OUTCOME].to_numpy() == "yes"
    if event.all() or not event.any():
        raise RairlibError(f"{OUTCOME}: all patients have the same outcome")
    return event


def _developed(columns: dict[str, np.ndarray], event: np.ndarray, names: Names) -> Developed:
    estimates, _ = fit(columns, event, names)
    return Developed(
        variables=names,
        predict=lambda frame: (
            expit(_design(numeric_columns(frame, names), names) @ estimates)
            if names
            else np.full(len(frame), event.mean())
        ),
    )


def numeric_columns(frame: pd.DataFrame, names: Names = CANDIDATES) -> dict[str, np.ndarray]:
    """Return variables as numbers, the first level of a category as 1.

    Parameters
    ----------
    frame : DataFrame
        One row per patient.
    names : tuple of str
        Which candidates.

    Returns
    -------
    dict of str to ndarray
        Each of shape (n,).
    """
    return {
        name: (frame[name].to_numpy() == LEVELS[name][0]).astype(float)
        if name in LEVELS
        else frame[name].to_numpy(dtype=float)
        for name in names
    }


def screen(columns: dict[str, np.ndarray], event: np.ndarray) -> Names:
    """Return the variables that differ at p < .05 between patients with and without the event.

    Parameters
    ----------
    columns : dict of str to ndarray, shape (n,)
        See :func:`numeric_columns`.
    event : ndarray of bool, shape (n,)
        The outcome.

    Returns
    -------
    tuple of str
        In the order given.
    """
    n, events = event.size, event.sum()
    others = n - events
    limits = {"student": student.isf(SCREENING_P / 2, n - 2) ** 2}
    passed = []
    for name, values in columns.items():
        test = usual_test(name)
        ranks = rankdata(values) if test == "mann_whitney" else values
        total = ((ranks - ranks.mean()) ** 2).sum()
        shift = (ranks[event].sum() - events * ranks.mean()) ** 2
        # Squares of z, t and χ² all compare the groups' means with a variance: of the whole
        # sample (n or n - 1 degrees of freedom), or within the groups.
        between = shift * n / (events * others)
        if test == "student":
            statistic = between * (n - 2) / (total - between)
        else:
            statistic = between * (n - (test == "mann_whitney")) / total
        if statistic > limits.get(test, ENTRY):
            passed.append(name)
    return tuple(passed)


def forward(columns: dict[str, np.ndarray], event: np.ndarray) -> Names:
    """Select variables by Forward: LR.

    Parameters
    ----------
    columns, event
        As for :func:`screen`.

    Returns
    -------
    tuple of str
        In the order given; the same as :func:`rairlib.selection.forward_lr` selects.

    Raises
    ------
    RairlibError
        If a model has no finite estimates.
    """
    current, seen = (), {()}
    while True:
        tests = _score_tests(columns, event, current)
        best = max(tests, key=tests.get, default=None)
        if best is None or tests[best] <= ENTRY:
            return current
        entered = tuple(name for name in columns if name in (*current, best))
        if entered in seen:
            return current
        seen.add(entered)
        current, repeated = _removed(columns, event, entered, seen)
        if repeated:
            return current


def _removed(columns, event, current: Names, seen: set[Names]) -> tuple[Names, bool]:
    """Let variables out, the worst first; also say whether a model would have come back."""
    while current:
        _, present = fit(columns, event, current)
        smaller = {name: tuple(n for n in current if n != name) for name in current}
        ratios = {n: 2 * (present - fit(columns, event, rest)[1]) for n, rest in smaller.items()}
        worst = min(ratios, key=ratios.get)
        if ratios[worst] >= REMOVAL:
            return current, False
        if smaller[worst] in seen:
            return current, True
        current = smaller[worst]
        seen.add(current)
    return current, False


def _score_tests(columns, event, current: Names) -> dict[str, float]:
    """Return the score statistic of every variable that is not in the model."""
    new = [name for name in columns if name not in current]
    if not new:
        return {}
    design = _design(columns, current)
    risk = expit(design @ fit(columns, event, current)[0])
    weights = risk * (1 - risk)
    values = np.column_stack([columns[name] for name in new])
    weighted = design * weights[:, np.newaxis]
    rest = values - design @ np.linalg.solve(design.T @ weighted, weighted.T @ values)
    information = (rest**2 * weights[:, np.newaxis]).sum(axis=0)
    scale = (values**2 * weights[:, np.newaxis]).sum(axis=0)
    gradient = values.T @ (event - risk)
    # What the model's variables determine already has nothing to add.
    usable = information > 1e-10 * scale
    return {
        name: gradient[i] ** 2 / information[i] if usable[i] else 0.0 for i, name in enumerate(new)
    }


def _design(columns: dict[str, np.ndarray], names: Names) -> np.ndarray:
    size = next(iter(columns.values())).size
    return np.column_stack([np.ones(size), *(columns[name] for name in names)])


def fit(
    columns: dict[str, np.ndarray], event: np.ndarray, names: Names
) -> tuple[np.ndarray, float]:
    """Fit a logistic model by maximum likelihood.

    Parameters
    ----------
    columns, event
        As for :func:`screen`.
    names : tuple of str
        Variables of the model.

    Returns
    -------
    estimates : ndarray
        Log odds, intercept first.
    log_likelihood : float
        At the maximum.

    Raises
    ------
    RairlibError
        If the estimates are not finite.
    """
    design = _design(columns, names) if names else np.ones((event.size, 1))
    # Newton's limits are meant for coefficients of covariates of one scale.
    scale = np.append(1.0, design[:, 1:].std(axis=0))
    scaled = design / scale
    patients = np.ones((1, event.size), dtype=np.int64)
    found = fit_tables(patients, scaled, scaled.T @ event)
    if np.isnan(found.log_likelihoods[0]):
        raise RairlibError(f"{', '.join(names)}: the logistic model has no finite estimates")
    return found.estimates[0] / scale, float(found.log_likelihoods[0])
