"""Stepwise logistic regression by the rules of SPSS: Forward: LR and Backward: LR.

A variable enters on the score test and leaves on the likelihood-ratio test; the dummies of a
factor move together; a run stops when nothing moves or when it would come back to a model that it
has already seen (IBM SPSS Statistics Algorithms, "Logistic Regression Algorithms").
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from scipy import special

from rairlib.errors import RairlibError
from rairlib.stats import kernels
from rairlib.stats.kernels import ENTER, LOG_FULL, NO_FIT, REMOVE, SEEN, select, settle_columns
from rairlib.stats.logistic import (
    NO_MAXIMUM,
    Covariates,
    candidate_columns,
    check_arrays,
    check_columns,
    check_covariates,
    covariate_columns,
    fit_logistic,
    logistic,
    outcome_column,
)
from rairlib.stats.validation import Developed

ENTRY_P = 0.05
REMOVAL_P = 0.10
LOG_COLUMNS = ("step", "model", "action", "term", "test", "statistic", "df", "p_value", "decision")
SEEN_BEFORE = "stopped: this model was seen before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A stepwise selection, told step by step.

    Attributes
    ----------
    log : DataFrame
        One row per test, in order: ``step`` (of the model on which the test is made; 0 is the
        constant alone), ``model`` (its variables), ``action`` (``enter`` or ``remove``),
        ``term`` (the variable tested), ``test`` (``score`` or ``likelihood ratio``),
        ``statistic`` (chi-squared), ``df``, ``p_value`` and ``decision``. A variable that those
        in the model determine has a statistic and df of 0, no p, and cannot enter, as in SPSS.
    models : DataFrame
        Estimates of every step: ``step``, then the columns of
        :func:`rairlib.stats.logistic.logistic`.
    selected : tuple of str
        Variables of the last model, in the order in which they were given.
    """

    log: pd.DataFrame
    models: pd.DataFrame
    selected: tuple[str, ...]

    @property
    def last_model(self) -> pd.DataFrame:
        """Estimates of the last step."""
        last = self.models["step"] == self.models["step"].max()
        return self.models[last].drop(columns="step").reset_index(drop=True)


def forward_lr(
    data: pd.DataFrame,
    outcome: str,
    covariates: Covariates,
    entry: float = ENTRY_P,
    removal: float = REMOVAL_P,
) -> Selection:
    """Select variables as SPSS's Forward: LR does, from the constant upwards.

    Parameters
    ----------
    data : DataFrame
        One row per patient, without missing values in the columns used.
    outcome : str
        Column of the outcome: ``yes``/``no``, true/false or 1/0.
    covariates : mapping of str to tuple of str or None
        Column → its levels with the reference last; None for a numeric column.
    entry : float
        The variable with the smallest p of the score test enters if that is below this.
    removal : float
        After each entry, the variable with the largest p of the likelihood-ratio test leaves if
        that is above this, until none does.

    Returns
    -------
    Selection
        Log, models and selected variables.

    Raises
    ------
    RairlibError
        As for :func:`rairlib.stats.logistic.logistic`; separation among the variables of a step is
        refused, and so is a limit of p outside 0 to 1.
    """
    return _select(data, outcome, covariates, entry, removal)


def backward_lr(
    data: pd.DataFrame,
    outcome: str,
    covariates: Covariates,
    entry: float = ENTRY_P,
    removal: float = REMOVAL_P,
) -> Selection:
    """Select variables as SPSS's Backward: LR does, from all variables downwards.

    When no variable leaves any more, those that left are tested for re-entry on the score test,
    as SPSS does; with ``entry`` below ``removal`` that is rare.

    Parameters
    ----------
    data, outcome, covariates, entry, removal
        As for :func:`forward_lr`.

    Returns
    -------
    Selection
        Log, models and selected variables; step 1 is the model of all variables.

    Raises
    ------
    RairlibError
        As for :func:`forward_lr`; separation or collinearity among all variables is refused.
    """
    return _select(data, outcome, covariates, entry, removal, backward=True)


def _select(data, outcome, covariates, entry, removal, backward: bool = False) -> Selection:
    check_limits(entry, removal)
    check_columns(data, [outcome])
    check_covariates(data, covariates)
    columns = {
        name: covariate_columns(data, {name: coding}).to_numpy()
        for name, coding in covariates.items()
    }

    @cache
    def estimates(mask: int) -> pd.DataFrame:
        return logistic(data, outcome, {name: covariates[name] for name in _names(columns, mask)})

    event = outcome_column(data[outcome]).to_numpy()
    mask, log, failed = _run(event, columns, (entry, removal), backward)
    if failed:
        estimates(mask)  # says why
        raise RairlibError(NO_MAXIMUM)
    steps = dict(zip(log[:, 1].astype(int).tolist(), log[:, 0].astype(int).tolist(), strict=True))
    steps.setdefault(mask, max(steps.values(), default=-1) + 1)
    models = pd.concat({step: estimates(seen) for seen, step in steps.items()}, names=["step"])
    return Selection(
        log=_told(log, list(columns)),
        models=models.reset_index("step").reset_index(drop=True),
        selected=_names(columns, mask),
    )


def _names(columns: Iterable[str], mask: int) -> tuple[str, ...]:
    return tuple(name for place, name in enumerate(columns) if mask >> place & 1)


def _run(event, columns: Mapping[str, np.ndarray], limits, backward: bool = False):
    """Return the mask of the last model, the log in numbers, and whether a fit has no estimates."""
    parts = [np.ones((event.size, 1)), *columns.values()]
    rows = np.ascontiguousarray(np.column_stack(parts).T, float)
    variable = np.repeat(np.arange(len(parts)), [part.shape[1] for part in parts])
    settle_columns(rows, variable)
    length = 8 * len(parts) ** 2
    while True:
        log = np.empty((length, 8))
        mask, written = select(rows, event, variable, np.array(limits), backward, log)
        if mask != LOG_FULL:
            break
        length *= 2
    if mask == NO_FIT:
        return written, log[:0], True
    return mask, log[:written], False


def _told(log: np.ndarray, names: list[str]) -> pd.DataFrame:
    """Put the log of a selection into words."""
    moves = {ENTER: ("stays out", "enters"), REMOVE: ("stays", "leaves")}
    words = {ENTER: ("enter", "score"), REMOVE: ("remove", "likelihood ratio")}
    rows = []
    for step, mask, action, variable, statistic, df, p_value, fate in log:
        model = " + ".join(_names(names, int(mask))) or "constant"
        decision = SEEN_BEFORE if fate == SEEN else moves[action][int(fate)]
        tested = (words[action][0], names[int(variable)], words[action][1])
        rows.append((int(step), model, *tested, statistic, int(df), p_value, decision))
    return pd.DataFrame(rows, columns=list(LOG_COLUMNS))


def check_limits(*limits: float) -> None:
    """Refuse limits of p that no p can pass."""
    for limit in limits:
        if not 0 <= limit <= 1:
            raise RairlibError(f"a limit of p lies between 0 and 1; got {limit:g}")


def forward_variables(
    event: np.ndarray,
    columns: Mapping[str, np.ndarray],
    entry: float = ENTRY_P,
    removal: float = REMOVAL_P,
) -> tuple[str, ...]:
    """Return what :func:`forward_lr` selects, without its refusal of a level that is not there."""
    check_limits(entry, removal)
    mask, _, failed = _run(event, columns, (entry, removal))
    if failed:
        raise RairlibError(NO_MAXIMUM)
    return _names(columns, mask)


def _design(patients: int, columns: Mapping[str, np.ndarray], names: Iterable[str]) -> np.ndarray:
    return np.column_stack([np.ones(patients), *map(columns.get, names)])


def varying(columns: np.ndarray) -> np.ndarray:
    """Tell which columns hold more than one value."""
    return np.ptp(columns, axis=0) > 0


# --- Screening on plain arrays, quick enough to be repeated in every resample -----------------
# It gives what :mod:`rairlib.stats.description` gives (the tests compare them), without its tables.


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
    return float(TESTS[test](event, columns)) if np.ptp(event) and event.size > 2 else np.nan


TESTS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "mann_whitney": lambda event, columns: kernels.mann_whitney(event, columns[:, 0])[1],
    "student": lambda event, columns: kernels.student(event, columns[:, 0])[1],
    # Patients without any of the indicators are of the reference level, number 0.
    "pearson": lambda event, columns: kernels.pearson(
        event, columns @ np.arange(1.0, columns.shape[1] + 1)
    )[2],
}


# --- Development steps of a logistic model, quick enough to be repeated in every resample -----


SCREENING_P = 0.05


def develop_logistic(
    frame: pd.DataFrame,
    outcome: str,
    candidates: Covariates,
    tests: Mapping[str, str],
    screening: float = SCREENING_P,
    entry: float = ENTRY_P,
    removal: float = REMOVAL_P,
) -> Developed:
    """Develop a model: screen candidates one by one, select by Forward: LR, fit.

    Parameters
    ----------
    frame : DataFrame
        One row per patient, without missing values in the columns used.
    outcome : str
        Column of the outcome: ``yes``/``no``, true/false or 1/0.
    candidates : mapping of str to tuple of str or None
        Column → its levels with the reference last; None for a numeric column.
    tests : mapping of str to str
        Candidate → its screening test, as for :func:`screening_p_value`; candidates without a
        test are not screened, they all go to the selection.
    screening : float
        Candidates whose p is below this go to the selection.
    entry, removal : float
        As for :func:`rairlib.stats.selection.forward_lr`.

    Returns
    -------
    Developed
        Chosen variables in the order of the candidates, and the risks that they give.

    Raises
    ------
    RairlibError
        If a column is unusable, the outcome does not vary, or covariates separate it.
    """
    check_columns(frame, [outcome])
    event = outcome_column(frame[outcome]).to_numpy()
    check_limits(screening)
    kept = {
        name: values
        for name, values in candidate_columns(frame, candidates).items()
        if name not in tests or screening_p_value(event, values, tests[name]) < screening
    }
    chosen = forward_variables(event, kept, entry, removal)
    return fixed_logistic(frame, outcome, {name: candidates[name] for name in chosen})


def fixed_logistic(frame: pd.DataFrame, outcome: str, covariates: Covariates) -> Developed:
    """Fit a model whose variables are given, without any selection.

    Parameters
    ----------
    frame, outcome
        As for :func:`develop_logistic`.
    covariates : mapping of str to tuple of str or None
        As the candidates of :func:`develop_logistic`.

    Returns
    -------
    Developed
        The variables, and the risks that they give; a level that no patient of the frame has
        counts as the reference.
    """
    check_columns(frame, [outcome])
    event = outcome_column(frame[outcome]).to_numpy()

    def design(patients: pd.DataFrame) -> np.ndarray:
        return _design(len(patients), candidate_columns(patients, covariates), covariates)

    columns = design(frame)
    used = np.concatenate([[True], varying(columns[:, 1:])])
    coefficients = np.zeros(columns.shape[1])
    coefficients[used] = fit_logistic(event, columns[:, used]).coefficients
    return Developed(
        variables=tuple(covariates),
        predict=lambda patients: special.expit(design(patients) @ coefficients),
    )
