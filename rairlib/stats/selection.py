"""Stepwise logistic regression by the rules of SPSS: Forward: LR and Backward: LR.

A variable enters on the score test and leaves on the likelihood-ratio test; the dummies of a
factor move together; a run stops when nothing moves or when it would come back to a model that it
has already seen (IBM SPSS Statistics Algorithms, "Logistic Regression Algorithms").
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial

import numpy as np
import pandas as pd
from scipy import special, stats
from scipy.special import chdtrc, expit

from rairlib.errors import RairlibError
from rairlib.stats.logistic import (
    INTERCEPT,
    UNEXPLAINED_MIN,
    Covariates,
    candidate_columns,
    check_arrays,
    check_columns,
    check_covariates,
    covariate_columns,
    dependent,
    fit_logistic,
    logistic,
    on_unit_scale,
    outcome_column,
)
from rairlib.stats.validation import Developed

ENTRY_P = 0.05
REMOVAL_P = 0.10
LOG_COLUMNS = ("step", "model", "action", "term", "test", "statistic", "df", "p_value", "decision")
# Of two tests with the same p, the first in order moves; their last digits do not decide.
SAME_P = 1e-9
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
    def estimates(names: tuple[str, ...]) -> pd.DataFrame:
        return logistic(data, outcome, {name: covariates[name] for name in names})

    def coefficients(names: tuple[str, ...]) -> np.ndarray:
        found = estimates(names)
        on_log_scale = found["statistic"].isin([INTERCEPT, "coefficient"])
        return found.loc[on_log_scale, "estimate"].to_numpy()

    run = _Run(outcome_column(data[outcome]).to_numpy(), columns, coefficients)
    selected = run.through(entry, removal, backward)
    models = pd.concat(
        {step: estimates(names) for names, step in run.steps.items()}, names=["step"]
    )
    models = models.reset_index("step").reset_index(drop=True)
    log = pd.DataFrame(run.log, columns=list(LOG_COLUMNS))
    return Selection(log=log, models=models, selected=selected)


def check_limits(*limits: float) -> None:
    """Refuse limits of p that no p can pass."""
    for limit in limits:
        if not 0 <= limit <= 1:
            raise RairlibError(f"a limit of p lies between 0 and 1; got {limit:g}")


def score_tests(
    event: np.ndarray, present: np.ndarray, log_odds: np.ndarray, candidates: dict[str, np.ndarray]
) -> dict[str, tuple[float, int, float]]:
    """Test whether further variables improve a logistic model."""
    risk, present = expit(log_odds), on_unit_scale(present)[0]
    weight = (risk * (1 - risk))[:, np.newaxis]
    weighted, tests = (present * weight).T, {}
    information = weighted @ present
    for name, columns in candidates.items():
        new = columns - columns.mean(axis=0)
        own = (new**2 * weight).sum(axis=0)
        # What the variables in the model do not explain of the new one, in the fit's own weights.
        rest = new - present @ np.linalg.solve(information, weighted @ new)
        unexplained = rest.T @ (rest * weight)
        if (np.diag(unexplained) <= UNEXPLAINED_MIN * own).any() or dependent(unexplained):
            tests[name] = (0.0, 0, np.nan)
            continue
        gradient = new.T @ (event - risk)
        statistic = float(gradient @ np.linalg.solve(unexplained, gradient))
        tests[name] = (statistic, new.shape[1], float(chdtrc(new.shape[1], statistic)))
    return tests


def mover(tests: dict[str, tuple[float, int, float]], action: str, limit: float) -> str | None:
    """Return the variable that moves: of the smallest p to enter, of the largest to leave."""
    sign = 1 if action == "enter" else -1
    able = [name for name, (_, _, p_value) in tests.items() if sign * p_value < sign * limit]
    if not able:
        return None
    # A p of 0 tells nothing apart: then the statistic does.
    best = tests[min(able, key=lambda name: (sign * tests[name][2], -sign * tests[name][0]))]
    same = partial(math.isclose, rel_tol=SAME_P)
    return next(name for name in able if all(map(same, tests[name], best)))


@dataclass(slots=True)
class _Run:
    """A selection under way: the present model, those seen before, and the tests made."""

    event: np.ndarray
    columns: dict[str, np.ndarray]
    coefficients: Callable[[tuple[str, ...]], np.ndarray]
    current: tuple[str, ...] = ()
    steps: dict[tuple[str, ...], int] = field(default_factory=dict)
    log: list[tuple] = field(default_factory=list)

    def visit(self, names: Iterable[str]) -> None:
        self.current = self.ordered(names)
        # SPSS calls the constant alone step 0, whatever the method.
        first = 1 if self.current else 0
        self.steps[self.current] = max(self.steps.values(), default=first - 1) + 1

    def ordered(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(name for name in self.columns if name in set(names))

    def through(self, entry: float, removal: float, backward: bool = False) -> tuple[str, ...]:
        self.visit(self.columns if backward else ())
        moves = [(self.enter, entry), (self.remove, removal)]
        while all(move(limit) for move, limit in (moves[::-1] if backward else moves)):
            pass
        return self.current

    def log_odds(self, names: tuple[str, ...]) -> np.ndarray:
        return _design(self.event.size, self.columns, names) @ self.coefficients(names)

    def log_likelihood(self, names: tuple[str, ...]) -> float:
        log_odds = self.log_odds(names)
        return float(self.event @ log_odds - np.logaddexp(0.0, log_odds).sum())

    def enter(self, limit: float) -> bool:
        """Let the best variable in; False if none may come in, so that the run is over."""
        others = {name: c for name, c in self.columns.items() if name not in self.current}
        present = _design(self.event.size, self.columns, self.current)
        tests = score_tests(self.event, present, self.log_odds(self.current), others)
        return bool(self.move("enter", "score", tests, limit))

    def remove(self, limit: float) -> bool:
        """Let variables out, the worst first; False if a model comes back, which ends the run."""
        moved = True
        while self.current and moved:
            present = self.log_likelihood(self.current)
            tests = {name: self.likelihood_ratio(name, present) for name in self.current}
            moved = self.move("remove", "likelihood ratio", tests, limit)
        return moved is not False

    def move(self, action: str, test: str, tests: dict, limit: float) -> bool | None:
        """Note the tests and move; None if no variable may move, False if its model came before."""
        name = mover(tests, action, limit)
        target = None if name is None else self.ordered({*self.current} ^ {name})
        moves, stays = ("enters", "stays out") if action == "enter" else ("leaves", "stays")
        moves = SEEN_BEFORE if target in self.steps else moves
        fitted = (self.steps[self.current], " + ".join(self.current) or "constant", action)
        self.log += [
            (*fitted, tested, test, *result, moves if tested == name else stays)
            for tested, result in tests.items()
        ]
        if target is None or target in self.steps:
            return None if target is None else False
        self.visit(target)
        return True

    def likelihood_ratio(self, name: str, present: float) -> tuple[float, int, float]:
        without = self.log_likelihood(self.ordered({*self.current} - {name}))
        statistic, df = max(2 * (present - without), 0.0), self.columns[name].shape[1]
        return statistic, df, float(chdtrc(df, statistic))


def forward_variables(
    event: np.ndarray,
    columns: Mapping[str, np.ndarray],
    entry: float = ENTRY_P,
    removal: float = REMOVAL_P,
) -> tuple[str, ...]:
    """Return what :func:`forward_lr` selects, without its refusal of a level that is not there."""
    check_limits(entry, removal)
    varied = {name: values[:, varying(values)] for name, values in columns.items()}
    usable = {name: values for name, values in varied.items() if values.size}

    @cache
    def coefficients(names: tuple[str, ...]) -> np.ndarray:
        return fit_logistic(event, _design(event.size, usable, names)).coefficients

    return _Run(event, usable, coefficients).through(entry, removal)


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
    return TESTS[test](event, columns) if np.ptp(event) and event.size > 2 else np.nan


def _mann_whitney(event: np.ndarray, columns: np.ndarray) -> float:
    ranks, n, n_events = stats.rankdata(columns[:, 0]), event.size, event.sum()
    above = ranks @ event - n_events * (n + 1) / 2
    variance = n_events * (n - n_events) * (n + 1) / 12 * stats.tiecorrect(ranks)
    return float(2 * special.ndtr(-abs(above) / np.sqrt(variance))) if variance > 0 else np.nan


def _student(event: np.ndarray, columns: np.ndarray) -> float:
    groups, df = (columns[event == 1, 0], columns[event == 0, 0]), event.size - 2
    pooled = sum(group.size * group.var() for group in groups) / df
    error = np.sqrt(pooled * sum(1 / group.size for group in groups))
    difference = abs(groups[0].mean() - groups[1].mean())
    return float(2 * special.stdtr(df, -difference / error)) if error > 0 else np.nan


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
