"""Internal validation of a prediction model by bootstrap, with the whole development repeated."""

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from rairlib.errors import RairlibError
from rairlib.stats.calibration import curve_at
from rairlib.stats.decision import checked_thresholds
from rairlib.stats.kernels import best_cutoff
from rairlib.stats.logistic import fit_logistic, outcome_column
from rairlib.stats.observation import at_least, finite, number, outcomes_and, settled
from rairlib.stats.resampling import Resamples, checked_rows, log_odds, percentile_limits
from rairlib.stats.roc import auc

# Log odds beyond ±34 are those of a risk that is 0 or 1 in floating-point numbers.
RISK_MARGIN = 1e-15
CALIBRATION = ("calibration_slope", "calibration_intercept", "calibration_in_the_large")
PATIENTS_AT_A_TIME = 10_000
STATISTICS = ("auc", *CALIBRATION, "brier", "sensitivity", "specificity", "youden")


@dataclass(frozen=True, slots=True, kw_only=True)
class Developed:
    """A model as a development step leaves it behind.

    A development step is any callable ``develop(frame) -> Developed`` that sees nothing but the
    frame: screening, selection and fit all happen inside it, so that they can be repeated on a
    resample. It raises :class:`~rairlib.errors.RairlibError` where no model can be fitted.

    Attributes
    ----------
    variables : tuple of str
        Variables in the model, in a fixed order; empty if none was chosen.
    predict : callable
        ``predict(frame)`` returns the risk of each patient of a frame, between 0 and 1, as an
        ndarray of shape (n,). Without variables it returns the share of events in the frame on
        which the model was developed.
    """

    variables: tuple[str, ...]
    predict: Callable[[pd.DataFrame], np.ndarray]

    def risks(self, frame: pd.DataFrame) -> np.ndarray:
        """Return the risks of a frame's patients, checked.

        Parameters
        ----------
        frame : DataFrame
            One row per patient, with the model's variables.

        Returns
        -------
        ndarray of float, shape (n,)
            Between 0 and 1.

        Raises
        ------
        RairlibError
            If the model returns anything else.
        """
        risks = np.asarray(self.predict(frame), dtype=float)
        if risks.shape != (len(frame),) or not ((risks >= 0) & (risks <= 1)).all():
            raise RairlibError(f"predict: one risk from 0 to 1 per patient is needed, {len(frame)}")
        return risks


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """A development and its repetitions in bootstrap resamples of the same patients.

    Attributes
    ----------
    model : Developed
        Developed on all patients.
    event : ndarray of float, shape (n,)
        1 for patients with the outcome, 0 for the others.
    risks : ndarray of float, shape (n,)
        Risks of the patients under the model.
    rows : Resamples or ndarray of int, shape (resamples, n)
        Row numbers of the patients in each resample in which a model could be developed.
    drawn_risks : ndarray of float, shape (resamples, n)
        Risks of the patients (all of them, in their own order) under each resample's model.
    chosen : tuple of tuple of str
        Variables of each resample's model.
    failures : tuple of str
        For each resample without a model, why.
    """

    model: Developed
    event: np.ndarray
    risks: np.ndarray
    rows: Resamples | np.ndarray
    drawn_risks: np.ndarray
    chosen: tuple[tuple[str, ...], ...]
    failures: tuple[str, ...]


def repeat_development(
    frame: pd.DataFrame, outcome: str, develop: Callable[[pd.DataFrame], Developed], rows
) -> Repeated:
    """Develop a model on all patients and again in each resample.

    Parameters
    ----------
    frame : DataFrame
        One row per patient.
    outcome : str
        Column of the outcome: ``yes``/``no``, true/false or 1/0.
    develop : callable
        The development step, see :class:`Developed`.
    rows : Resamples, or ndarray of int, shape (resamples, n)
        Row numbers of the patients in each resample, from
        :func:`rairlib.stats.resampling.bootstrap_rows`.

    Returns
    -------
    Repeated
        Everything that optimism, stability and corrected calibration need.

    Raises
    ------
    RairlibError
        If the outcome's column is missing, or the development fails on all patients or in every
        resample.
    """
    if outcome not in frame:
        raise RairlibError(f"outcome: the frame has no column {outcome!r}")
    frame = frame.reset_index(drop=True)
    event = outcome_column(frame[outcome]).to_numpy()
    rows = checked_rows(rows, len(frame))
    model = develop(frame)
    used, chosen, failures = [], [], []
    risks = np.empty((len(rows), len(frame)))
    for place, row in enumerate(rows):
        try:
            if np.ptp(event[row]) == 0:
                raise RairlibError("the resample does not hold both outcomes")
            again = develop(frame.iloc[row].reset_index(drop=True))
            risks[len(used)] = again.risks(frame)
            chosen.append(again.variables)
            used.append(place)
        except RairlibError as problem:
            failures.append(str(problem))
    if not used:
        raise RairlibError(f"no resample gives a model; the first one says: {failures[0]}")
    return Repeated(
        model=model,
        event=event,
        risks=model.risks(frame),
        rows=rows[used],
        drawn_risks=risks[: len(used)],
        chosen=tuple(chosen),
        failures=tuple(failures),
    )


def optimism(repeated: Repeated) -> pd.DataFrame:
    """Estimate by how much a model looks better on the patients on whom it was developed.

    Each resample's model is measured on the resample and on all patients; the mean difference is
    the optimism (Efron and Gong 1983, The American Statistician 37:36-48; Harrell, Lee and Mark
    1996, Statistics in Medicine 15:361-387; as validate of the R package rms).

    Parameters
    ----------
    repeated : Repeated
        From :func:`repeat_development`.

    Returns
    -------
    DataFrame
        One row per statistic: ``auc, calibration_slope, calibration_intercept,
        calibration_in_the_large, brier`` and, at the Youden-optimal threshold that each resample
        chooses for itself, ``sensitivity, specificity, youden``. Columns ``statistic, apparent,
        training, test, optimism, corrected, resamples``: the last counts the resamples in which the
        statistic exists (no slope if no variable was chosen). For the slope, ``corrected`` is the
        factor by which the coefficients should be shrunk.
    """
    event = repeated.event
    apparent = _training_and_test(event, repeated.risks, np.arange(event.size))[0]
    pairs = map(partial(_training_and_test, event), repeated.drawn_risks, repeated.rows)
    table = pd.DataFrame({"statistic": STATISTICS, "apparent": apparent})
    return _corrected(table, np.array(list(pairs)))


def _corrected(table: pd.DataFrame, pairs: np.ndarray) -> pd.DataFrame:
    """Add means over resamples of (training, test) pairs, shape (resamples, 2, quantities)."""
    exists = np.isfinite(pairs).all(axis=1)
    count = exists.sum(axis=0)
    sums = np.where(exists[:, np.newaxis], pairs, 0.0).sum(axis=0)
    training, test = np.where(count > 0, sums / np.maximum(count, 1), np.nan)
    gain = training - test
    table = table.assign(training=training, test=test, optimism=gain)
    return table.assign(corrected=table["apparent"] - gain, resamples=count)


def _training_and_test(event, risk, row) -> tuple[list[float], list[float]]:
    """Measure one model on its resample and on all patients, at the threshold of the resample."""
    outcomes, scores = outcomes_and("risk", event[row], risk[row])
    threshold, *_ = best_cutoff(outcomes, settled(scores))
    return tuple(_performance(event[place], risk[place], threshold) for place in (row, slice(None)))


def _performance(event: np.ndarray, risk: np.ndarray, threshold: float) -> list[float]:
    linear = log_odds(np.clip(risk, RISK_MARGIN, 1 - RISK_MARGIN))
    ones = np.ones_like(linear)[:, np.newaxis]
    intercept, slope = _coefficients(event, np.hstack([ones, linear[:, np.newaxis]]), 0.0)
    (large,) = _coefficients(event, ones, linear)
    positive, brier = risk >= threshold, float(np.mean((event - risk) ** 2))
    sensitivity, specificity = positive[event == 1].mean(), 1 - positive[event == 0].mean()
    rates = (sensitivity, specificity, sensitivity + specificity - 1)
    return [auc(event, risk), slope, intercept, large, brier, *rates]


def _coefficients(event, design, offset) -> np.ndarray:
    """Coefficients of a calibration model, NaN where there are none."""
    if design.shape[1] == 1 or np.ptp(design[:, -1]) > 0:
        with suppress(RairlibError):
            return fit_logistic(event, design, offset).coefficients
    return np.full(design.shape[1], np.nan)


def corrected_calibration(repeated: Repeated, grid) -> pd.DataFrame:
    """Correct a smooth calibration curve for optimism, as calibrate of the R package rms does.

    Parameters
    ----------
    repeated : Repeated
        From :func:`repeat_development`.
    grid : array-like of float
        Risks at which the curve is wanted, such as :func:`rairlib.stats.calibration.risk_grid`.

    Returns
    -------
    DataFrame
        Columns ``risk, apparent, training, test, optimism, corrected, resamples``; training and
        test are mean distances of the curves from the diagonal.
    """
    event, grid = repeated.event, finite("grid", grid)
    pairs = [
        (curve_at(event[row], risk[row], grid) - grid, curve_at(event, risk, grid) - grid)
        for risk, row in zip(repeated.drawn_risks, repeated.rows, strict=True)
    ]
    apparent = curve_at(event, repeated.risks, grid)
    return _corrected(pd.DataFrame({"risk": grid, "apparent": apparent}), np.array(pairs))


# --- Stability of a developed model: how far choice and risks move from resample to resample ---


def variable_frequencies(repeated: Repeated, candidates: Iterable[str]) -> pd.DataFrame:
    """Count in how many resamples each variable was chosen.

    Parameters
    ----------
    repeated : Repeated
        From :func:`rairlib.stats.validation.repeat_development`.
    candidates : iterable of str
        All variables that could be chosen.

    Returns
    -------
    DataFrame
        One row per variable, the most frequent first; columns ``variable, chosen`` (whether the
        model developed on all patients has it), ``resamples, share``.
    """
    counts = Counter(name for chosen in repeated.chosen for name in chosen)
    rows = [(name, name in repeated.model.variables, counts[name]) for name in candidates]
    table = pd.DataFrame(rows, columns=["variable", "chosen", "resamples"])
    table["share"] = table["resamples"] / len(repeated.chosen)
    return table.sort_values("resamples", ascending=False, kind="stable", ignore_index=True)


def model_frequencies(repeated: Repeated) -> pd.DataFrame:
    """Count in how many resamples each set of variables was chosen.

    Parameters
    ----------
    repeated : Repeated
        From :func:`rairlib.stats.validation.repeat_development`.

    Returns
    -------
    DataFrame
        One row per set, the most frequent first; columns ``variables`` (joined by ``+``,
        ``none`` for the empty set), ``size, chosen`` (whether it is the set chosen on all
        patients), ``resamples, share``.
    """
    counts = sorted(Counter(repeated.chosen).items(), key=lambda item: (-item[1], item[0]))
    rows = [
        (" + ".join(names) or "none", len(names), names == repeated.model.variables, count)
        for names, count in counts
    ]
    table = pd.DataFrame(rows, columns=["variables", "size", "chosen", "resamples"])
    return table.assign(share=table["resamples"] / len(repeated.chosen))


def risk_stability(repeated: Repeated, threshold: float, level: float = 0.95) -> pd.DataFrame:
    """Show for each patient how far the risk moves if the model is developed again.

    Parameters
    ----------
    repeated : Repeated
        From :func:`rairlib.stats.validation.repeat_development`.
    threshold : float
        Risk from which a patient counts as positive.
    level : float
        Share of resamples between the limits.

    Returns
    -------
    DataFrame
        One row per patient, in the frame's order; columns ``risk`` (under the model developed on
        all patients), ``low, high`` (percentiles of the risks under the resamples' models),
        ``absolute_error`` (mean absolute distance of those risks from the risk) and ``instability``
        (share of resamples that put the patient on the other side of the threshold). After Riley
        and Collins 2023, Biometrical Journal 65:2200302.

    Raises
    ------
    RairlibError
        If threshold or level is not a probability.
    """
    (threshold,) = checked_thresholds(number("threshold", threshold))
    blocks = []
    for first in range(0, repeated.risks.size, PATIENTS_AT_A_TIME):
        block = slice(first, first + PATIENTS_AT_A_TIME)
        risk, drawn = repeated.risks[block], repeated.drawn_risks[:, block]
        low, high = percentile_limits(drawn, level)
        reached = at_least(np.vstack([risk, drawn]), threshold)
        moved, error = (reached[1:] != reached[0]).mean(axis=0), abs(drawn - risk).mean(axis=0)
        columns = {"low": low, "high": high, "absolute_error": error, "instability": moved}
        blocks.append(pd.DataFrame({"risk": risk, **columns}))
    return pd.concat(blocks, ignore_index=True)


def stability_summary(repeated: Repeated, threshold: float) -> pd.DataFrame:
    """Sum the stability of choice and risks up in a few numbers.

    Parameters
    ----------
    repeated, threshold
        As for :func:`risk_stability`.

    Returns
    -------
    DataFrame
        Columns ``statistic, estimate``; rows ``resamples``, ``failures`` (resamples without a
        model), ``same_model`` (share that chooses the same variables), ``sets`` (different sets
        chosen), ``mean_absolute_error`` (over patients and resamples), ``largest_absolute_error``
        (of a patient), ``median_width`` (of the patients' 2.5-97.5 % limits), ``instability``
        (mean over patients) and ``unstable_patients`` (share of patients whom at least one resample
        in ten puts on the other side of the threshold).
    """
    patients = risk_stability(repeated, threshold)
    same = [names == repeated.model.variables for names in repeated.chosen]
    numbers = {
        "resamples": len(repeated.chosen),
        "failures": len(repeated.failures),
        "same_model": np.mean(same),
        "sets": len(set(repeated.chosen)),
        "mean_absolute_error": patients["absolute_error"].mean(),
        "largest_absolute_error": patients["absolute_error"].max(),
        "median_width": (patients["high"] - patients["low"]).median(),
        "instability": patients["instability"].mean(),
        "unstable_patients": (patients["instability"] >= 0.1).mean(),
    }
    return pd.DataFrame({"statistic": numbers.keys(), "estimate": numbers.values()})
