"""Cox regression: Breslow and Efron ties, ridge and Firth's penalty, in one estimate schema."""

import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
from firthmodels import FirthCoxPH
from numba import njit
from scipy import stats

from rairlib.errors import RairlibError
from rairlib.stats.description import TestResult
from rairlib.stats.kernels import (
    LAST_STEP_LIMIT,
    cox_evaluate,
    cox_maximise,
    cox_space,
    event_times,
)
from rairlib.stats.logistic import (
    UNEXPLAINED_MIN,
    Covariates,
    check_columns,
    check_dependence,
    check_errors,
    covariate_columns,
    estimate_table,
    naming_near_duplicates,
    wald,
)
from rairlib.stats.observation import aligned, numbers, ranked, survival_times
from rairlib.stats.survival import kaplan_meier

TIES = ("breslow", "efron")

# --- The partial likelihood and its maximum ---------------------------------------------------


def in_order_of_time(time, event, columns: np.ndarray, entry=None) -> tuple:
    """Return rows, counts, events and their times as :mod:`rairlib.stats.kernels` takes them.

    Who enters late stands twice: from the time of entry back, she is taken away again.
    """
    time, event = np.asarray(time, float), np.asarray(event, float)
    count, columns = np.ones(time.size), np.asarray(columns, float)
    if entry is not None:
        late = np.flatnonzero(np.asarray(entry) >= time.min())
        # She is not yet at risk of what happens at her entry.
        time = np.append(time, np.nextafter(np.asarray(entry, float)[late], np.inf))
        event, count = np.append(event, 0 * late), np.append(count, 0 * late - 1)
        columns = np.vstack([columns, columns[late]])
    order = np.argsort(-time, kind="stable")
    died, rows = event[order], np.ascontiguousarray(columns[order].T)
    return rows, count[order], died, event_times(time[order], died), order


def partial_likelihood(time, event, columns: np.ndarray, ties: str, entry=None) -> Callable:
    """Return what gives log likelihood, score and information at coefficients.

    Patients with the event may get a weight: score and information are then sums of weighted terms.
    """
    rows, count, died, groups, order = in_order_of_time(time, event, columns, entry)
    ends, _, group, dead = groups
    space = cox_space(*rows.shape, groups, ties == "efron")

    def evaluate(beta: np.ndarray, weight=None) -> tuple[float, np.ndarray, np.ndarray]:
        weights = np.ones(ends.size)
        if weight is not None:
            weights[group[dead]] = weight[order[dead]]
        score, lower = np.empty(beta.size), np.empty((beta.size, beta.size))
        arrays = (rows, count, died, groups, weights, ties == "efron")
        log_likelihood = cox_evaluate(*arrays, np.asarray(beta, float), space, score, lower)
        return log_likelihood, score, np.tril(lower) + np.tril(lower, -1).T

    return evaluate


def maximum(
    time, event, columns: np.ndarray, ties: str, entry=None, penalty: float = 0.0
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Return coefficients of columns of one scale, their standard errors, whether it converged."""
    *arrays, _ = in_order_of_time(time, event, columns, entry)
    terms, ridge = arrays[0].shape[0], penalty * len(columns)
    beta, information = np.empty(terms), np.empty((terms, terms))
    reached = cox_maximise(*arrays, ties == "efron", ridge, beta, information, LAST_STEP_LIMIT)
    if not np.isnan(reached):
        return beta, np.linalg.norm(np.linalg.inv(np.tril(information)), axis=0), True
    *_, information = partial_likelihood(time, event, columns, ties, entry)(beta)
    values, axes = np.linalg.eigh(information + ridge * np.eye(terms))
    variances = axes**2 @ (1 / np.maximum(values, np.finfo(float).tiny))
    return beta, np.sqrt(variances), False


# --- Regressions in one estimate schema -------------------------------------------------------


def cox(
    frame: pd.DataFrame, time: str, event: str, covariates: Covariates, ties: str = "breslow"
) -> pd.DataFrame:
    """Fit a proportional hazards regression, with Wald intervals and p values.

    Parameters
    ----------
    frame : DataFrame
        One row per patient; a column ``patient``, if there is one, names them in messages.
    time, event : str
        Columns of the time to the event or to the end of observation, not negative, and of whether
        the event occurred then (yes/no, true/false or 1/0).
    covariates : mapping of str to tuple of str or None
        Column → its levels with the reference last, such as ``("≥55", "<55")``; None for a
        numeric column.
    ties : str
        How tied events are handled: ``breslow`` as SPSS does, ``efron`` as R and lifelines do.

    Returns
    -------
    DataFrame
        Columns ``term, statistic, estimate, low, high, p_value, n, events``; for each term a
        ``coefficient`` (log hazard) and a ``hazard_ratio`` row. A term reads ``age_55: ≥55 vs
        <55``, or is the column's name if numeric.

    Raises
    ------
    RairlibError
        If times, events, columns or levels are not usable, the covariates determine one another,
        or an estimate is infinite, for example because nobody with a level has the event.
    """
    if ties not in TIES:
        raise RairlibError(f"ties are handled by {' or '.join(TIES)}, not {ties!r}")
    data, columns = _model(frame, time, event, covariates)
    _check_events(frame, data["event"], covariates)
    return wald_table(data, columns, ties)


def ridge_cox(
    frame: pd.DataFrame, time: str, event: str, covariates: Covariates, penalty: float
) -> pd.DataFrame:
    """Fit a proportional hazards regression with a ridge penalty, ties by Efron's method.

    Parameters
    ----------
    frame, time, event, covariates
        As for :func:`cox`; a level may be without events.
    penalty : float
        λ > 0 of the penalty n·λ/2·Σ(β·sd)² on the log partial likelihood, sd being the standard
        deviation of each column (lifelines' ``penalizer``).

    Returns
    -------
    DataFrame
        As for :func:`cox`. The estimates are drawn towards 1 on purpose, so their Wald intervals,
        from the penalised information, do not cover the truth as often as they say.

    Raises
    ------
    RairlibError
        As :func:`cox` does, or if the penalty is not positive.
    """
    if not 0 < penalty < np.inf:
        raise RairlibError(f"a ridge penalty must be positive and finite; got {penalty:g}")
    data, columns = _model(frame, time, event, covariates)
    return wald_table(data, columns, "efron", penalty=penalty)


def firth_cox(frame: pd.DataFrame, time: str, event: str, covariates: Covariates) -> pd.DataFrame:
    """Fit a proportional hazards regression with Firth's penalty, ties by Breslow's method.

    Parameters
    ----------
    frame, time, event, covariates
        As for :func:`cox`; a level may be without events, the estimates are finite all the same.

    Returns
    -------
    DataFrame
        As for :func:`cox`; limits of the profile penalised likelihood and p values of the
        penalised likelihood-ratio test (Heinze and Schemper 2001, Biometrics 57:114-119).

    Raises
    ------
    RairlibError
        If times, events, columns or levels are not usable, or the fit does not converge.
    """
    data, columns = _model(frame, time, event, covariates)
    outcome = (data["event"].to_numpy() == 1, data["time"].to_numpy())
    with naming_near_duplicates(columns):
        values = _penalised_fit(columns, outcome)
    return estimate_table(columns, values, data["event"], "hazard_ratio")


# The tightest that the solver can meet is taken.
TOLERANCES = (1e-10, 1e-8, 1e-7, 1e-6, 1e-5)


def _penalised_fit(columns: pd.DataFrame, outcome) -> np.ndarray:
    """Fit where covariates have one scale and mean, as the solver's absolute tolerances need."""
    X, scale = standardised(columns)
    places = list(range(scale.size))
    for tolerance in TOLERANCES:
        model = FirthCoxPH(backend="numpy", max_iter=500, gtol=tolerance, xtol=tolerance)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                model.fit(X, outcome)
                limits = model.conf_int(method="pl", features=places, max_iter=500, tol=tolerance)
                p_value = model.lrt(places).lrt_pvalues_[places]
            except (Warning, np.linalg.LinAlgError) as problem:
                reason = problem
                continue
        on_log_scale = np.column_stack([model.coef_[places], limits[places]])
        return np.column_stack([on_log_scale / scale[:, np.newaxis], p_value])
    raise RairlibError(f"the penalised fit did not converge: {reason}") from reason


def survival_columns(frame: pd.DataFrame, time: str, event: str) -> pd.DataFrame:
    """Return the checked times and events of a frame, in its order and with its index."""
    check_columns(frame, (time, event), gaps=True)
    names = frame["patient"] if "patient" in frame.columns else frame.index
    data = survival_times(pd.Series(frame[time].to_numpy(), index=names), frame[event].to_numpy())
    if not data["event"].any():
        raise RairlibError(f"{event}: no patient has the event")
    return data.set_axis(frame.index)


def _model(frame, time, event, covariates) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return times and events, and the columns of the covariates: there must be one at least."""
    data, columns = survival_columns(frame, time, event), covariate_columns(frame, covariates)
    if columns.empty:
        raise RairlibError("a Cox regression needs a covariate")
    return data, columns


def _check_events(frame, events: pd.Series, covariates) -> None:
    """Name the level without events: its hazard ratio is 0 or infinite."""
    for name, coding in covariates.items():
        for level in coding or ():
            if not events[frame[name] == level].any():
                raise RairlibError(
                    f"{name}: no patient with level {level!r} has the event, so the hazard ratio "
                    "is 0 or infinite; use firth_cox"
                )


def standardised(columns: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Put columns on one scale and mean; return their standard deviations, too."""
    values = columns.to_numpy(float)
    scale = values.std(axis=0, ddof=1)
    return (values - values.mean(axis=0)) / scale, scale


def wald_table(
    data: pd.DataFrame, columns: pd.DataFrame, ties: str, patients: int = 0, **options
) -> pd.DataFrame:
    """Fit on columns of one scale and mean; refuse what did not converge or has no usable error."""
    values, scale = standardised(columns)
    *found, converged = maximum(data["time"], data["event"], values, ties, **options)
    estimate, error = (values / scale for values in found)
    infinite = "so together the covariates leave the hazard ratio without a finite estimate"
    check_errors(columns, error, f"{infinite}; use firth_cox")
    if not converged:
        raise RairlibError("the Cox regression did not converge")
    return estimate_table(columns, wald(estimate, error), data["event"], "hazard_ratio", patients)


# --- What a Cox regression achieves: likelihood ratio, linear predictor and concordance -------


def likelihood_ratio(
    frame: pd.DataFrame, time: str, event: str, covariates: Covariates
) -> TestResult:
    """Test all covariates at once by their likelihood ratio; see :func:`model_tests`."""
    return model_tests(frame, time, event, covariates)[0]


def model_tests(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Covariates,
    ties: str = "breslow",
) -> list[TestResult]:
    """Test all covariates of a Cox regression at once.

    Parameters
    ----------
    frame, time, event, covariates, ties
        As for :func:`rairlib.stats.cox.cox`.

    Returns
    -------
    list of TestResult
        Methods ``likelihood_ratio`` (twice the gain in log partial likelihood), ``wald`` and
        ``score``; each with one degree of freedom per term, and p (Klein and Moeschberger 2003,
        section 8.3).
    """
    estimates = cox(frame, time, event, covariates, ties)
    b = estimates["estimate"][estimates["statistic"] == "coefficient"].to_numpy()
    data, columns = _model(frame, time, event, covariates)
    values, scale = standardised(columns)
    evaluate = partial_likelihood(data["time"], data["event"], values, ties)
    (least, score, information), (most, _, curvature) = evaluate(0 * b), evaluate(b * scale)
    found = {
        "likelihood_ratio": 2 * (most - least),
        "wald": (b * scale) @ curvature @ (b * scale),
        "score": score @ np.linalg.solve(information, score),
    }
    tails = {method: float(stats.chi2.sf(value, len(b))) for method, value in found.items()}
    return [
        TestResult(method=method, statistic=float(value), df=len(b), p_value=tails[method])
        for method, value in found.items()
    ]


def linear_predictor(
    frame: pd.DataFrame, covariates: Covariates, estimates: pd.DataFrame
) -> pd.Series:
    """Return the log hazard of each patient, relative to one with every reference level.

    Parameters
    ----------
    frame, covariates
        As for :func:`rairlib.stats.cox.cox`.
    estimates : DataFrame
        What :func:`rairlib.stats.cox.cox` returned for these covariates.

    Returns
    -------
    Series of float
        One entry per patient.

    Raises
    ------
    RairlibError
        As :func:`rairlib.stats.cox.cox` does, or if the estimates are of other terms.
    """
    chosen = estimates[estimates["statistic"] == "coefficient"]
    columns = covariate_columns(frame, covariates)
    if chosen["term"].tolist() != columns.columns.tolist():
        raise RairlibError(
            f"the estimates are of {', '.join(map(str, chosen['term']))}, the covariates give "
            f"{', '.join(map(str, columns.columns))}"
        )
    return pd.Series(columns.to_numpy() @ chosen["estimate"].to_numpy(), columns.index)


def concordance(time, event, risk) -> float:
    """Return Harrell's C: how often, of two patients, the one with the higher risk fails first.

    Parameters
    ----------
    time, event
        As for :func:`rairlib.stats.survival.kaplan_meier`.
    risk : array-like of float, shape (n,)
        Larger means an earlier event; ties count one half.

    Returns
    -------
    float
        Between 0 and 1 (Harrell, Lee and Mark 1996, Statistics in Medicine 15:361-387).

    Raises
    ------
    RairlibError
        If times or events are not usable, a risk is not finite, or no two patients can be compared.
    """
    time, event, risk = aligned(time=time, event=event, risk=risk)
    data = survival_times(time, event)
    # Equal patients must tie, though a matrix product can give them different last digits.
    ranks = ranked(numbers(risk, data.index, "risk"))
    order = np.lexsort([data["event"], -data["time"]])
    columns = (data["time"].to_numpy(), data["event"].to_numpy(), ranks)
    lower, tied, pairs = _compare(*(values[order] for values in columns))
    if not pairs:
        raise RairlibError(
            "no two patients can be compared: no event comes before another patient's time"
        )
    return (lower + tied / 2) / pairs


@njit(cache=True, nogil=True)
def _passed(tree, place):
    """Count the patients passed with a rank below `place`."""
    count = 0
    while place > 0:
        count += tree[place]
        place -= place & -place
    return count


@njit(cache=True, nogil=True)
def _compare(time, event, rank):
    """Count the pairs in which who fails first has the higher or an equal risk, and all pairs.

    Patients stand in order of time, the last first, at each time those without the event first.
    `tree` counts those passed in ranges of ranks (Fenwick 1994).
    """
    tree, joined = np.zeros(rank.max() + 2, np.int64), 0
    lower, tied, pairs = 0, 0, 0
    for i in range(time.shape[0]):
        # Who fails at the same time is not compared.
        while joined < i and (time[joined] != time[i] or event[joined] == 0):
            place = rank[joined] + 1
            while place < tree.shape[0]:
                tree[place] += 1
                place += place & -place
            joined += 1
        if event[i]:
            below = _passed(tree, rank[i])
            lower += below
            tied += _passed(tree, rank[i] + 1) - below
            pairs += joined
    return lower, tied, pairs


# --- Whether hazard ratios stay the same over time: the score test of a coefficient that changes


TRANSFORMS = ("km", "rank", "identity", "log")
GLOBAL = "global"


def proportional_hazards(
    frame: pd.DataFrame, time: str, event: str, covariates: Covariates, transform: str = "km"
) -> pd.DataFrame:
    """Test each term of a Cox regression, and all together, for a hazard ratio that changes.

    The alternative is β + θ·g(t) (Grambsch and Therneau 1994, Biometrika 81:515-526). This is the
    score test of θ = 0, as R's ``cox.zph`` computes it since version 3 of the survival package;
    the approximation before that, with scaled Schoenfeld residuals, is what lifelines has.

    Parameters
    ----------
    frame, time, event, covariates
        As for :func:`rairlib.stats.cox.cox`; ties by Breslow's method.
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
        As :func:`rairlib.stats.cox.cox` does, if the transformation is another one or, for ``log``,
        an event is at time 0, or if the events are at too few times.
    """
    if transform not in TRANSFORMS:
        raise RairlibError(f"time is transformed by {', '.join(TRANSFORMS)}, not {transform!r}")
    data, columns = _model(frame, time, event, covariates)
    estimates = cox(frame, time, event, covariates)
    coefficients = estimates["estimate"][estimates["statistic"] == "coefficient"].to_numpy()
    values, scale = standardised(columns)
    evaluate = partial_likelihood(data["time"], data["event"], values, "breslow")
    died = data["event"].to_numpy() == 1
    moments, place = np.unique(data["time"].to_numpy()[died], return_inverse=True)
    g, weight = _transformed(data, moments, transform), np.zeros(len(data))
    # Without its mean, g is nearly independent of β: fewer digits are lost below.
    weight[died] = (g - g.mean())[place]
    sums = [evaluate(coefficients * scale, weight**power) for power in (0, 1, 2)]
    score, (plain, mixed, squared) = sums[1][1], [information for *_, information in sums]
    information = squared - mixed @ np.linalg.solve(plain, mixed)
    if (np.linalg.eigvalsh(information) <= UNEXPLAINED_MIN * np.trace(squared)).any():
        raise RairlibError(
            f"{event}: the events are at too few different times to show whether a hazard ratio "
            "changes"
        )
    statistics = (*(score**2 / np.diag(information)), score @ np.linalg.solve(information, score))
    df = np.append(np.ones_like(score), score.size).astype(int)
    table = pd.DataFrame({"term": [*columns, GLOBAL], "statistic": statistics, "df": df})
    return table.assign(p_value=stats.chi2.sf(table["statistic"], table["df"]))


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


# --- A status that begins during follow-up: landmark analysis and time-dependent Cox regression ---


def landmark(frame: pd.DataFrame, time: str, months: float) -> pd.DataFrame:
    """Keep the patients who are under observation and free of the event after a landmark.

    Parameters
    ----------
    frame : DataFrame
        One row per patient.
    time : str
        Column of the times to the event or to the end of observation.
    months : float
        The landmark, in the unit of the times; 0 keeps every patient with some follow-up.

    Returns
    -------
    DataFrame
        The patients with a longer time; their times count from the landmark.

    Raises
    ------
    RairlibError
        If the landmark is negative, a time is not usable or nobody is left.
    """
    if not months >= 0:
        raise RairlibError(f"a landmark cannot be at {months:g} months")
    check_columns(frame, [time], gaps=True)
    times = numbers(frame[time], frame.index, "time", least=0).to_numpy()
    left = frame[times > months].copy()
    if left.empty:
        raise RairlibError(f"nobody is under observation after {months:g} months")
    left[time] = times[times > months] - months
    return left


def time_dependent_cox(
    frame: pd.DataFrame, time: str, event: str, start: str, covariates: Covariates | None = None
) -> pd.DataFrame:
    """Fit a Cox regression on a status that begins during follow-up.

    A patient counts without the status until it begins, with it from then on; a status that begins
    at the event or later explains nothing of it.

    Parameters
    ----------
    frame : DataFrame
        One row per patient.
    time, event : str
        As for :func:`rairlib.stats.cox.cox`; times are positive.
    start : str
        Column of the times at which the status begins; 0 from the outset, NaN never.
    covariates : mapping of str to tuple of str or None, optional
        Covariates that do not change, as for :func:`rairlib.stats.cox.cox`.

    Returns
    -------
    DataFrame
        As :func:`rairlib.stats.cox.cox`, ties by Efron's method. The first term reads ``START:
        begun vs
        not begun`` with the name of the column.

    Raises
    ------
    RairlibError
        If a column or value is not usable, all events fall within one status, or an estimate is
        not finite.
    """
    data = survival_columns(frame, time, event)
    if (data["time"] == 0).any():
        raise RairlibError(f"{time}: {int((data['time'] == 0).sum())} patients have no follow-up")
    check_columns(frame, [start], gaps=True)
    columns = covariate_columns(frame, covariates or {})
    begins = numbers(frame[start], frame.index, f"begin of {start}", least=0, never=True)
    rows, spells = _spells(data["time"].to_numpy(), data["event"].to_numpy(), begins.to_numpy())
    if spells["status"][spells["event"] == 1].nunique() < 2:
        raise RairlibError(f"{start}: all events fall within one status, no finite hazard ratio")
    columns = columns.iloc[rows].reset_index(drop=True)
    term = f"{start}: begun vs not begun"
    columns.insert(0, term, spells["status"], allow_duplicates=True)
    check_dependence(columns)
    return wald_table(spells, columns, "efron", len(frame), entry=spells["entry"])


def _spells(time, event, begins) -> tuple[np.ndarray, pd.DataFrame]:
    """Split each patient's follow-up where the status begins; return whose spell each is, too."""
    begins = np.fmin(begins, time)
    before, after = np.flatnonzero(begins > 0), np.flatnonzero(begins < time)
    # Only the order counts; who enters at a time comes under observation after what happens then.
    moments = np.unique(np.concatenate([begins, time]))
    begins, time = 2 * np.searchsorted(moments, begins), 2 * np.searchsorted(moments, time)
    still = event * (begins == time)
    parts = [(-1, begins, still, 0.0, before), (begins + 1, time, event, 1.0, after)]
    names = ("entry", "time", "event", "status")
    spells = [
        pd.DataFrame(dict(zip(names, values, strict=True))).iloc[rows] for *values, rows in parts
    ]
    return np.concatenate([before, after]), pd.concat(spells, ignore_index=True)
