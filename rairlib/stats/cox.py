"""Cox regression: Breslow and Efron ties, ridge and Firth's penalty, in one estimate schema."""

import warnings
from functools import partial

import numpy as np
import pandas as pd
from firthmodels import FirthCoxPH
from lifelines import CoxPHFitter
from lifelines.exceptions import ConvergenceError
from lifelines.utils import concordance_index
from scipy import stats
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.tools.sm_exceptions import ModelWarning

from rairlib.errors import RairlibError
from rairlib.stats.description import TestResult
from rairlib.stats.logistic import (
    UNEXPLAINED_MIN,
    Covariates,
    check_columns,
    check_dependence,
    check_errors,
    covariate_columns,
    estimate_table,
    penalised_fit,
    wald,
)
from rairlib.stats.observation import aligned, numbers, ranked, survival_times
from rairlib.stats.survival import kaplan_meier

TIES = ("breslow", "efron")
PRECISION = 1e-10
# lifelines stops on half the score's squared length in the metric of the information, or on a
# change of the likelihood; its defaults leave errors of 1e-4 in the coefficients.
LIFELINES_OPTIONS = {"precision": 1e-16, "r_precision": 1e-15}
TROUBLES = (ModelWarning, RuntimeWarning)


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
    return wald_table(partial(maximum, data, ties=ties), columns, data["event"])


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
    return wald_table(partial(_ridge, data, penalty=penalty), columns, data["event"])


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
    values = penalised_fit(FirthCoxPH, columns, outcome)
    return estimate_table(columns, values, data["event"], "hazard_ratio")


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


def wald_table(method, columns: pd.DataFrame, events: pd.Series, patients: int = 0) -> pd.DataFrame:
    """Fit on columns of one scale and mean; refuse what did not converge or has no usable error."""
    scale = columns.std(ddof=1).to_numpy()
    with warnings.catch_warnings():
        for category in TROUBLES:
            warnings.simplefilter("error", category)
        try:
            found = method(((columns - columns.mean()) / scale).to_numpy())
        except (*TROUBLES, ConvergenceError, np.linalg.LinAlgError) as problem:
            reason = str(problem).splitlines()[0]
            raise RairlibError(f"the Cox regression did not converge: {reason}") from problem
    estimate, error = (np.asarray(values) / scale for values in found)
    infinite = "so together the covariates leave the hazard ratio without a finite estimate"
    check_errors(columns, error, f"{infinite}; use firth_cox")
    return estimate_table(columns, wald(estimate, error), events, "hazard_ratio", patients)


def partial_likelihood(
    data: pd.DataFrame, columns: np.ndarray, ties: str = "breslow", entry=None
) -> PHReg:
    """Return the partial likelihood of a Cox regression, not yet fitted."""
    time, status = data["time"].to_numpy(), data["event"].to_numpy()
    return PHReg(time, columns, status=status, ties=ties, entry=entry)


def maximum(
    data: pd.DataFrame, columns: np.ndarray, ties: str, entry=None
) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients at the maximum of the partial likelihood and their standard errors."""
    fit = partial_likelihood(data, columns, ties, entry).fit(maxiter=100, tol=PRECISION)
    return fit.params, fit.bse


def _ridge(data, columns: np.ndarray, penalty: float) -> tuple[np.ndarray, np.ndarray]:
    # Names that no column of the times and events has.
    named = pd.DataFrame(columns, data.index).add_prefix("x")
    table = pd.concat([data, named], axis=1)
    fitter = CoxPHFitter(penalizer=penalty)
    fitter.fit(table, "time", "event", fit_options=LIFELINES_OPTIONS)
    return fitter.params_, fitter.standard_errors_


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
    model, null = partial_likelihood(data, (columns - columns.mean()).to_numpy(), ties), 0 * b
    score = model.score(null)
    found = {
        "likelihood_ratio": 2 * (model.loglike(b) - model.loglike(null)),
        "wald": -b @ model.hessian(b) @ b,
        "score": -score @ np.linalg.solve(model.hessian(null), score),
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
    try:
        return float(concordance_index(data["time"], -ranks, data["event"]))
    except ZeroDivisionError as problem:
        raise RairlibError(
            "no two patients can be compared: no event comes before another patient's time"
        ) from problem


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
    statistics = (*(score**2 / np.diag(information)), score @ np.linalg.solve(information, score))
    df = np.append(np.ones_like(score), score.size).astype(int)
    table = pd.DataFrame({"term": [*columns, GLOBAL], "statistic": statistics, "df": df})
    return table.assign(p_value=stats.chi2.sf(table["statistic"], table["df"]))


def _at_events(data, X: np.ndarray, coefficients) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the times of events and, at each, the residuals and covariances of the covariates."""
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
    method = partial(maximum, spells, ties="efron", entry=spells["entry"].to_numpy())
    return wald_table(method, columns, spells["event"], len(frame))


def _spells(time, event, begins) -> tuple[np.ndarray, pd.DataFrame]:
    """Split each patient's follow-up where the status begins; return whose spell each is, too."""
    begins = np.fmin(begins, time)
    before, after = np.flatnonzero(begins > 0), np.flatnonzero(begins < time)
    # Only the order counts; who enters at a time comes under observation after what happens then.
    moments = np.unique(np.concatenate([begins, time]))
    begins, time = 2 * np.searchsorted(moments, begins), 2 * np.searchsorted(moments, time)
    still = event * (begins == time)
    parts = [(0, begins, still, 0.0, before), (begins + 1, time, event, 1.0, after)]
    names = ("entry", "time", "event", "status")
    spells = [
        pd.DataFrame(dict(zip(names, values, strict=True))).iloc[rows] for *values, rows in parts
    ]
    return np.concatenate([before, after]), pd.concat(spells, ignore_index=True)
