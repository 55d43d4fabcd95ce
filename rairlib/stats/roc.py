"""Discrimination: ROC curves and their area with the standard errors in use."""

import numpy as np
import pandas as pd
from scipy import stats

from rairlib.errors import RairlibError
from rairlib.stats import kernels
from rairlib.stats.kernels import best_cutoff
from rairlib.stats.logistic import ESTIMATE_COLUMNS
from rairlib.stats.observation import (
    Z_95,
    at_least,
    finite,
    number,
    outcomes_and,
    ranked,
    settled,
    whole,
)


def _checked(event, score) -> tuple[np.ndarray, np.ndarray]:
    """Return outcomes and scores, those made equal that only float noise keeps apart."""
    event, score = outcomes_and("score", event, score)
    return event, settled(score)


def split_scores(event, score) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores of patients with and without the event, each sorted."""
    event, score = _checked(event, score)
    return np.sort(score[event == 1]), np.sort(score[event == 0])


def roc_coordinates(event, score) -> pd.DataFrame:
    """Return the operating points of a score under SPSS's rule: positive if score ≥ cut-off.

    Parameters
    ----------
    event : array-like of bool or 0/1, shape (n,)
        Whether the patient has the outcome.
    score : array-like of float, shape (n,)
        Larger values speak for the outcome; nothing is flipped.

    Returns
    -------
    DataFrame
        One row per candidate cut-off, ascending; columns ``cutoff, true_positives,
        true_negatives, sensitivity, specificity, youden`` (proportions).

    Raises
    ------
    RairlibError
        If a value is missing or a group is empty.
    """
    with_event, without_event = split_scores(event, score)
    values = np.unique(np.concatenate([with_event, without_event]))
    middle = (values[1:] + values[:-1]) / 2
    # Between neighbours among the floats a midpoint rounds to either; only the upper separates.
    middle = np.where(middle > values[:-1], middle, values[1:])
    above = max(values[-1] + 1, np.nextafter(values[-1], np.inf))
    cutoffs = np.concatenate([[values[0] - 1], middle, [above]])
    true_positives = with_event.size - np.searchsorted(with_event, cutoffs)
    true_negatives = np.searchsorted(without_event, cutoffs)
    sensitivity = true_positives / with_event.size
    specificity = true_negatives / without_event.size
    columns = {"cutoff": cutoffs, "true_positives": true_positives}
    columns |= {"true_negatives": true_negatives, "sensitivity": sensitivity}
    columns |= {"specificity": specificity, "youden": sensitivity + specificity - 1}
    return pd.DataFrame(columns)


def _resampled(groups, rng: np.random.Generator) -> tuple[float, float, float]:
    """Return the best cut-off of a resample of both groups, its sensitivity and specificity."""
    event = np.repeat([1.0, 0.0], [group.size for group in groups])
    return best_cutoff(event, np.concatenate([rng.choice(group, group.size) for group in groups]))


def auc(event, score) -> float:
    """Return the area under the ROC curve: P(score with event > score without), ties half.

    Parameters
    ----------
    event, score
        As for :func:`roc_coordinates`.

    Returns
    -------
    float
        Between 0 and 1; not flipped if below one half.
    """
    return float(kernels.auc(*_checked(event, score))[0])


def hanley_mcneil_standard_error(event, score) -> float:
    """Return the nonparametric standard error of the AUC that SPSS prints.

    Parameters
    ----------
    event, score
        As for :func:`roc_coordinates`.

    Returns
    -------
    float
        Square root of ``[A(1-A) + (n₁-1)(Q₁-A²) + (n₀-1)(Q₂-A²)] / (n₁ n₀)``, where Q₁ is the
        probability that two patients with the event both score higher than one without, Q₂ that
        one with the event scores higher than two without, ties weighted (Hanley and McNeil 1982,
        Radiology 143:29-36, Table II).
    """
    return float(kernels.auc(*_checked(event, score))[1])


def delong_standard_error(event, score) -> float:
    """Return DeLong's standard error of the AUC.

    Parameters
    ----------
    event, score
        As for :func:`roc_coordinates`; at least two patients in each group.

    Returns
    -------
    float
        From the variances of the structural components (DeLong, DeLong and Clarke-Pearson 1988,
        Biometrics 44:837-845).

    Raises
    ------
    RairlibError
        If a group has fewer than two patients.
    """
    return _delong(kernels.auc(*_checked(event, score))[2])


def _delong(error: float) -> float:
    if np.isnan(error):
        raise RairlibError("DeLong's variance needs two patients in each group")
    return float(error)


def auc_estimate(event, score, method: str = "hanley_mcneil", term: str = "score") -> pd.DataFrame:
    """Estimate the area under the ROC curve with a 95 % interval and a test of 0.5.

    Parameters
    ----------
    event, score
        As for :func:`roc_coordinates`.
    method : str
        ``hanley_mcneil``: as SPSS does it, interval A ± z·SE and p value from the standard error
        under the null hypothesis; ``delong``: interval cut at 0 and 1, p value from DeLong's SE.
    term : str
        Name of the score.

    Returns
    -------
    DataFrame
        One row; columns ``term, statistic, estimate, low, high, p_value, n, events,
        standard_error``.

    Raises
    ------
    RairlibError
        If the method is another one, a value is missing or a group is empty.
    """
    event, score = _checked(event, score)
    n_events, n_others = int(event.sum()), int((event == 0).sum())
    area, error, delong_error = map(float, kernels.auc(event, score))
    if method == "hanley_mcneil":
        null_error = np.sqrt((n_events + n_others + 1) / (12 * n_events * n_others))
        low, high = area - Z_95 * error, area + Z_95 * error
    elif method == "delong":
        error = null_error = _delong(delong_error)
        low, high = max(0.0, area - Z_95 * error), min(1.0, area + Z_95 * error)
    else:
        raise RairlibError(f"the standard error is hanley_mcneil or delong, not {method!r}")
    # A perfect score has DeLong variance zero: no test, shown as NaN.
    p_value = float(kernels.wald_p((area - 0.5) / null_error)) if null_error > 0 else np.nan
    sizes = (n_events + n_others, n_events)
    row = (term, "auc", area, low, high, p_value, *sizes, error)
    return pd.DataFrame([row], columns=[*ESTIMATE_COLUMNS, "standard_error"])


def area_difference(first, second) -> pd.DataFrame:
    """Compare the areas of a score among two groups of different patients.

    Parameters
    ----------
    first, second : tuple of (event, score)
        Each as for :func:`roc_coordinates`; at least two patients with and without the event.

    Returns
    -------
    DataFrame
        One row; columns ``first, second`` (areas), ``difference, low, high`` (95 % limits), ``t,
        df, p_value``: the unpaired DeLong test of the R package pROC, Satterthwaite's df.

    Raises
    ------
    RairlibError
        As :func:`delong_standard_error` does, or if both standard errors are zero.
    """
    areas = [auc(*group) for group in (first, second)]
    variances = np.array([delong_standard_error(*group) ** 2 for group in (first, second)])
    error = np.sqrt(variances.sum())
    if not error > 0:
        raise RairlibError("both areas have a standard error of zero, so there is no test")
    others = np.array([len(group[0]) - 1 for group in (first, second)])
    difference, df = areas[0] - areas[1], variances.sum() ** 2 / (variances**2 / others).sum()
    margin, t = stats.t.ppf(0.975, df) * error, difference / error
    limits = (difference - margin, difference + margin)
    row = (*areas, difference, *limits, t, df, 2 * stats.t.sf(abs(t), df))
    names = ("first", "second", "difference", "low", "high", "t", "df", "p_value")
    return pd.DataFrame([row], columns=list(names))


# --- Cut-offs of a score: Youden's choice, operating points, and what choosing on the data costs


def dichotomise(values: pd.Series, cutoff: float) -> pd.Series:
    """Split a continuous variable at a cut-off.

    Parameters
    ----------
    values : Series of float
        One entry per patient, none missing.
    cutoff : float
        The threshold; a value equal to it, but for float noise, belongs to the upper level.

    Returns
    -------
    Series of str
        ``≥54`` or ``<54`` for a cut-off of 54.

    Raises
    ------
    RairlibError
        If a value or the cut-off is missing.
    """
    values, cutoff = pd.Series(values), number("cutoff", cutoff)
    reached = at_least(finite(values.name or "values", values), cutoff)
    return pd.Series(np.where(reached, f"≥{cutoff:g}", f"<{cutoff:g}"), index=values.index)


def optimal_cutoffs(event, score) -> pd.DataFrame:
    """Return every cut-off at which Youden's index is largest.

    Parameters
    ----------
    event, score
        As for :func:`rairlib.stats.roc.roc_coordinates`.

    Returns
    -------
    DataFrame
        The rows of :func:`~rairlib.stats.roc.roc_coordinates` that share the largest index,
        ascending by cut-off.
    """
    table = roc_coordinates(event, score)
    # Compared as integers, so that no tie is lost to rounding.
    n_events, n_others = table["true_positives"].iloc[0], table["true_negatives"].iloc[-1]
    index = table["true_positives"] * n_others + table["true_negatives"] * n_events
    return table[index == index.max()].reset_index(drop=True)


def operating_point(event, score, cutoff: float, rule: str = "≥") -> pd.DataFrame:
    """Return the 2×2 counts, sensitivity and specificity of a score at one cut-off.

    Parameters
    ----------
    event, score
        As for :func:`rairlib.stats.roc.roc_coordinates`.
    cutoff : float
        The threshold, in the unit of the score.
    rule : str
        ``≥`` if a score equal to the cut-off counts as positive, ``>`` if not.

    Returns
    -------
    DataFrame
        One row; columns ``rule, true_positives, false_negatives, true_negatives,
        false_positives, sensitivity, specificity`` (proportions).

    Raises
    ------
    RairlibError
        If the rule is another one, a value is missing or a group is empty.
    """
    if rule not in ("≥", ">"):
        raise RairlibError(f"the rule of a cut-off is ≥ or >, not {rule!r}")
    with_event, without_event = split_scores(event, score)
    cutoff = number("cutoff", cutoff)
    *ranks, limit = ranked(np.concatenate([with_event, without_event, [cutoff]]))
    negative = np.less(ranks, limit) if rule == "≥" else np.less_equal(ranks, limit)
    missed, cleared = negative[: with_event.size], negative[with_event.size :]
    table = pd.DataFrame({"rule": [f"{rule}{cutoff:g}"], "true_positives": (~missed).sum()})
    return table.assign(
        false_negatives=missed.sum(),
        true_negatives=cleared.sum(),
        false_positives=(~cleared).sum(),
        sensitivity=1 - missed.sum() / missed.size,
        specificity=cleared.sum() / cleared.size,
    )


def cutoff_optimism(
    event, score, resamples: int = 1000, *, rng: np.random.Generator
) -> pd.DataFrame:
    """Estimate by bootstrap how much a cut-off gains from being chosen on the same patients.

    In each resample, drawn within the groups so that their sizes stay, the Youden-optimal cut-off
    is found (the lowest if several tie) and applied to the original patients; what it loses there
    is the optimism (Efron and Gong 1983, The American Statistician 37:36-48). The correction is
    not complete: of what a worthless score seems to gain with 32 and 58 patients, about a third
    is left.

    Parameters
    ----------
    event, score
        As for :func:`rairlib.stats.roc.roc_coordinates`.
    resamples : int
        Number of bootstrap samples.
    rng : numpy.random.Generator
        Source of the resamples.

    Returns
    -------
    DataFrame
        Rows ``sensitivity, specificity, youden``; columns ``statistic, apparent, optimism,
        corrected`` (proportions).
    """
    with_event, without_event = groups = split_scores(event, score)
    losses = np.empty((int(whole("resamples", resamples, 1)), 2))
    for loss in losses:
        cutoff, sensitivity, specificity = _resampled(groups, rng)
        loss[0] = sensitivity - (with_event >= cutoff).mean()
        loss[1] = specificity - (without_event < cutoff).mean()
    losses = np.column_stack([losses, losses.sum(axis=1)])
    _, *found = best_cutoff(*_checked(event, score))
    apparent = np.array([*found, sum(found) - 1])
    table = pd.DataFrame(
        {"statistic": ["sensitivity", "specificity", "youden"], "apparent": apparent}
    )
    optimism = losses.mean(axis=0)
    return table.assign(optimism=optimism, corrected=apparent - optimism)


def youden_curve(event, score, resamples: int = 1000, *, rng: np.random.Generator) -> pd.DataFrame:
    """Return what every cut-off gives on these patients and on bootstrap samples of them.

    Parameters
    ----------
    event, score
        As for :func:`roc_coordinates`; cut-offs are the values that occur.
    resamples : int
        Number of samples, drawn within the groups so that their sizes stay.
    rng : numpy.random.Generator
        Source of the samples.

    Returns
    -------
    DataFrame
        One row per cut-off; columns ``cutoff, sensitivity, specificity, youden``, ``low, high``
        (the central 95 % of the index over the samples) and ``chosen`` (the share of samples in
        which this cut-off is the best, the lowest of several).
    """
    groups = split_scores(event, score)
    cutoffs = np.unique(np.concatenate(groups))

    def shares(with_event, without_event):
        sensitivity = 1 - np.searchsorted(with_event, cutoffs) / with_event.size
        return sensitivity, np.searchsorted(without_event, cutoffs) / without_event.size

    draws = (
        [np.sort(rng.choice(group, group.size)) for group in groups]
        for _ in range(whole("resamples", resamples, 1))
    )
    # Rounded, so that cut-offs that tie are not told apart by the last digit.
    indices = np.array([np.add(*shares(*draw)) - 1 for draw in draws]).round(12)
    low, high = np.quantile(indices, [0.025, 0.975], axis=0)
    chosen = np.bincount(indices.argmax(axis=1), minlength=cutoffs.size) / len(indices)
    sensitivity, specificity = shares(*groups)
    columns = {"cutoff": cutoffs, "sensitivity": sensitivity, "specificity": specificity}
    columns |= {"youden": sensitivity + specificity - 1, "low": low, "high": high}
    return pd.DataFrame(columns | {"chosen": chosen})


# --- What a search for the best cut-off does: how far the choice moves, and what it costs in error


def bootstrap_cutoffs(
    event, score, resamples: int = 1000, *, rng: np.random.Generator
) -> pd.DataFrame:
    """Repeat the search for the best cut-off on bootstrap samples of the patients.

    Parameters
    ----------
    event : array-like of bool or 0/1, shape (n,)
        Whether the patient has the outcome.
    score : array-like of float, shape (n,)
        Larger values speak for the outcome.
    resamples : int
        Number of samples, drawn within the groups so that their sizes stay.
    rng : numpy.random.Generator
        Source of the samples.

    Returns
    -------
    DataFrame
        One row per sample: ``cutoff`` (the lowest with the largest Youden index) and ``youden``.
    """
    groups = split_scores(event, score)
    found = [_resampled(groups, rng) for _ in range(whole("resamples", resamples, 1))]
    cutoff, sensitivity, specificity = np.transpose(found)
    return pd.DataFrame({"cutoff": cutoff, "youden": sensitivity + specificity - 1})


def search_p_value(
    event, score, permutations: int = 2000, *, rng: np.random.Generator
) -> pd.DataFrame:
    """Test the largest Youden index against chance, the search included.

    Parameters
    ----------
    event, score
        As for :func:`bootstrap_cutoffs`.
    permutations : int
        Number of random assignments of the outcome to the patients.
    rng : numpy.random.Generator
        Source of the permutations.

    Returns
    -------
    DataFrame
        One row: ``youden`` as found; ``chance_median`` and ``chance_95``, the median and the 95th
        percentile of the largest index if the score is worthless; ``p_value``, the share of
        assignments, the observed one counted in, with an index at least as large.
    """
    with_event, without_event = split_scores(event, score)
    everyone = np.concatenate([with_event, without_event])
    event = np.repeat([1.0, 0.0], [with_event.size, without_event.size])
    chance = np.empty(whole("permutations", permutations, 1))
    _, *rates = best_cutoff(event, everyone)
    observed = sum(rates) - 1
    for place in range(chance.size):
        _, *rates = best_cutoff(event, rng.permutation(everyone))
        chance[place] = sum(rates) - 1
    p_value = ((chance >= observed - 1e-12).sum() + 1) / (permutations + 1)
    row = (observed, np.median(chance), np.quantile(chance, 0.95), p_value)
    return pd.DataFrame([row], columns=["youden", "chance_median", "chance_95", "p_value"])
