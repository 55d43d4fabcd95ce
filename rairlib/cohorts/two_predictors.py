"""Draw two covariates from an assumed population, given what was printed about their model.

A random walk over cohorts with fixed outcomes. Its target is the density of the assumed population
times exp(−misfit/T); T falls until the cohort lies inside all printed limits. What the print leaves
open so stays as the population has it.
"""

from math import exp, lgamma, log, sqrt
from typing import NamedTuple

import numpy as np
from numba import njit
from scipy import stats

from rairlib.cohorts.breslow import invert
from rairlib.stats.logistic import Z_95

ITERATIONS = 30
CONVERGED = 1e-10
# A coefficient beyond this, per unit of a covariate, means separation.
DIVERGED = 5.0


@njit(cache=True)
def fit_logistic(event, design, coefficients, covariance, risks):
    """Fit a model by Newton's method, in place; rows of the design are ones and covariates."""
    for _ in range(ITERATIONS):
        risks[:] = 1.0 / (1.0 + np.exp(-(coefficients @ design)))
        covariance[:] = (design * (risks * (1.0 - risks))) @ design.T
        if not invert(covariance):
            return False
        step = covariance @ (design @ (event - risks))
        coefficients += step
        if np.abs(step).sum() < CONVERGED:
            return True
        if np.abs(coefficients[1:]).max() > DIVERGED:
            return False
    return False


@njit(cache=True)
def score_z(event, design, added, risks, covariance):
    """Return the root of Rao's score statistic of one more covariate in a fitted model."""
    weighted = risks * (1.0 - risks) * added
    shared = design @ weighted
    information = weighted @ added - shared @ (covariance @ shared)
    if information <= 1e-12:
        return 0.0
    return abs(added @ (event - risks)) / sqrt(information)


# Scores nearer than this are tied: equal patients differ by rounding alone.
TIED = 1e-12


@njit(cache=True)
def restore_order(order, values):
    """Sort an order that is nearly right, by insertion, in place."""
    for i in range(1, len(order)):
        patient = order[i]
        value = values[patient]
        j = i - 1
        while j >= 0 and values[order[j]] > value:
            order[j + 1] = order[j]
            j -= 1
        order[j + 1] = patient


@njit(cache=True)
def end_of_tie(order, values, start):
    """Return the position after the last value that is tied with that at `start`."""
    end = start + 1
    while end < len(order) and values[order[end]] - values[order[start]] < TIED:
        end += 1
    return end


@njit(cache=True)
def rank_facts(order, values, event):
    """Return what ranks tell: ROC area, its standard error by Hanley and McNeil, Youden's best.

    Then the normal deviate of the Mann-Whitney test, without sign, as SPSS gives it.
    """
    total, events = len(order), event.sum()
    others = total - events
    area = q1 = q2 = best = below = ties = 0.0
    above = events
    start = 0
    while start < total:
        end = end_of_tie(order, values, start)
        best = max(best, below * events + above * others)
        tied_events = 0.0
        for k in range(start, end):
            tied_events += event[order[k]]
        size = end - start
        tied_others = size - tied_events
        ties += size * (size * size - 1.0)
        above -= tied_events
        area += tied_events * (below + tied_others / 2)
        q2 += tied_events * (below**2 + below * tied_others + tied_others**2 / 3)
        q1 += tied_others * (above**2 + above * tied_events + tied_events**2 / 3)
        below += tied_others
        start = end
    best = max(best, below * events + above * others)
    u = abs(area - events * others / 2)
    spread = events * others / 12 * (total + 1 - ties / (total * (total - 1.0)))
    area /= events * others
    q1 = q1 / (others * events**2) - area**2
    q2 = q2 / (events * others**2) - area**2
    variance = area * (1 - area) + (events - 1) * q1 + (others - 1) * q2
    error = sqrt(max(variance, 0.0) / (events * others))
    return area, error, best, u / sqrt(spread) if spread > 0 else 0.0


# --- What a candidate cohort gives for the printed numbers, as one vector, compiled -----------


# The place of each measure in the vector. `first` and `second` are the covariates of the model;
# `printed_*` stands for the model with the printed coefficients. A test is measured by its normal
# deviate, without sign: p values far too small would hardly change with the patients.
MEASURES = (
    *("intercept", "first_coefficient", "second_coefficient"),
    *("first_low", "first_high", "second_low", "second_high"),
    *("auc", "auc_low", "auc_high", "cutoff", "true_positives", "true_negatives"),
    *("printed_true_positives", "printed_true_negatives", "youden_excess", "hosmer_lemeshow_p"),
    *("first_present_chi_square_z", "first_mann_whitney_z", "second_mann_whitney_z"),
    "first_present_score_z",
)
GROUPS = 10


@njit(cache=True)
def measure(event, design, printed, cutoff, coefficients, orders, found):
    """Measure a candidate cohort; False if its model cannot be fitted.

    The fit starts from `coefficients`, and sorting from `orders` of scores and both covariates.
    """
    covariance, risks = np.empty((3, 3)), np.empty(len(event))
    if not fit_logistic(event, design, coefficients, covariance, risks):
        return False
    scores, first, second = coefficients @ design, design[1], design[2]
    restore_order(orders[0], scores)
    restore_order(orders[1], first)
    restore_order(orders[2], second)
    present, total, events = (first > 0).astype(np.float64), len(event), event.sum()
    found[:3] = coefficients
    for k in (1, 2):
        half_width = Z_95 * sqrt(covariance[k, k])
        found[1 + 2 * k] = exp(coefficients[k] - half_width)
        found[2 + 2 * k] = exp(coefficients[k] + half_width)
    area, error, best, _ = rank_facts(orders[0], scores, event)
    found[7], found[8], found[9] = area, area - Z_95 * error, area + Z_95 * error
    positive, linear = scores >= cutoff, printed @ design
    below = np.where(positive, -np.inf, scores).max()
    found[10] = (below + np.where(positive, scores, np.inf).min()) / 2
    found[11], found[12] = (event * positive).sum(), ((1 - event) * ~positive).sum()
    found[13], found[14] = (
        (event * (linear >= cutoff)).sum(),
        ((1 - event) * (linear < cutoff)).sum(),
    )
    found[15] = (best - found[11] * (total - events) - found[12] * events) / (total - events)
    found[16] = hosmer_lemeshow_p_value(event, risks, scores, orders[0])
    # The root of Pearson's chi-square, without correction.
    carriers = present.sum()
    margins = events * (total - events) * carriers * (total - carriers)
    gap = abs((event * present).sum() * total - events * carriers)
    found[17] = gap * sqrt(total / margins) if margins > 0 else 0.0
    found[18] = rank_facts(orders[1], first, event)[3]
    found[19] = rank_facts(orders[2], second, event)[3]
    found[20] = score_z(event, design, present, risks, covariance)
    return True


@njit(cache=True)
def hosmer_lemeshow_p_value(event, risks, scores, order):
    """Return the p value of the Hosmer-Lemeshow test with ten groups and 8 degrees of freedom."""
    total = len(event)
    target = total / GROUPS
    statistic = observed = expected = 0.0
    filled = start = closed = 0
    while start < total:
        end = end_of_tie(order, scores, start)
        full = filled > 0 and abs(filled - target) <= abs(filled + end - start - target)
        if full and closed < GROUPS - 1:
            statistic += _contribution(observed, expected, filled)
            observed = expected = 0.0
            filled, closed = 0, closed + 1
        for k in range(start, end):
            observed += event[order[k]]
            expected += risks[order[k]]
        filled += end - start
        start = end
    statistic += _contribution(observed, expected, filled)
    # Upper tail of χ² with 8 degrees of freedom: a Poisson sum.
    half = statistic / 2
    return exp(-half) * (1 + half * (1 + half / 2 * (1 + half / 3)))


@njit(cache=True)
def _contribution(observed, expected, patients):
    return (observed - expected) ** 2 * (1 / expected + 1 / (patients - expected))


@njit(cache=True)
def misfit(found, targets):
    """Return how far a candidate is from the printed limits."""
    total = 0.0
    for k in range(len(found)):
        if targets[2, k] > 0:
            outside = max(targets[0, k] - found[k], found[k] - targets[1, k], 0.0) / targets[2, k]
            total += min(outside**2, 50 * outside)
    return total


@njit(cache=True)
def log_chance(first, second, event, printed):
    """Return the log probability of an outcome under the printed model."""
    linear = printed[0] + printed[1] * first + printed[2] * second
    against = -linear if event > 0 else linear
    return -(against if against > 30 else np.log1p(exp(against)))


@njit(cache=True)
def log_density(first, second, population):
    """Return the logarithm of the density of a patient's covariates, but for a constant."""
    density = -(((log(second) - log(population.median)) / population.log_sd) ** 2) / 2
    if first == 0:
        return density + log(1 - population.share)
    extra, mean, shape = first - 1, population.mean, population.shape
    density += log(population.share) + lgamma(extra + shape) - lgamma(first) - lgamma(shape)
    return density + shape * log(shape / (shape + mean)) + extra * log(mean / (shape + mean))


# --- Draw one more variable whose test by ranks and whose score test are as printed -----------


STEPS = 200_000
WARMEST, COLDEST = 100.0, 0.005
# Unit of a deviate without an upper limit.
OPEN_UNIT = 0.1


def draw_added(
    event, covariates, draws, targets, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """Choose one value per patient among draws, so that two p values are met.

    Parameters
    ----------
    event : ndarray of float, shape (n,)
        Outcome (0 or 1).
    covariates : ndarray, shape (2, n)
        The covariates of the fitted model, to which the variable is not added.
    draws : ndarray, shape (m, n)
        Values that each patient may have; the first row is the start.
    targets : array-like, shape (2, 2)
        Lowest and highest p value of the Mann-Whitney test between the outcomes, and of the score
        test of the variable in the model.
    rng : numpy Generator
        Source of randomness.

    Returns
    -------
    values : ndarray, shape (n,)
        The best found.
    misfit : float
        0 if both p values are met.
    """
    event, draws = np.asarray(event, dtype=float), np.asarray(draws, dtype=float)
    design = np.vstack([np.ones(len(event)), covariates])
    coefficients, covariance, risks = np.zeros(3), np.empty((3, 3)), np.empty(len(event))
    if not fit_logistic(event, design, coefficients, covariance, risks):
        return draws[0].copy(), np.inf
    # The largest p value has the smallest deviate.
    high, low = stats.norm.isf(np.asarray(targets, dtype=float) / 2).T
    units = np.where(np.isfinite(high), np.maximum((high - low) / 5, 1e-5), OPEN_UNIT)
    return _search(event, design, risks, covariance, draws, np.vstack((low, high, units)), rng)


@njit(cache=True)
def _search(event, design, risks, covariance, draws, targets, rng):
    values, order = draws[0].copy(), np.arange(len(event))
    now = best = _added_misfit(event, design, values, risks, covariance, order, targets)
    kept = values.copy()
    for step in range(STEPS):
        if best == 0.0:
            break
        temperature = WARMEST * (COLDEST / WARMEST) ** (step / STEPS)
        i, j = rng.integers(0, len(event)), rng.integers(0, len(event))
        old, other = values[i], values[j]
        if rng.random() < 0.5 and (design[1, i] > 0) == (design[1, j] > 0):
            values[i], values[j] = other, old
        else:
            values[i] = draws[rng.integers(0, len(draws)), i]
        moved = _added_misfit(event, design, values, risks, covariance, order, targets)
        if log(rng.random()) < (now - moved) / temperature:
            now = moved
            if now < best:
                best = now
                kept[:] = values
        else:
            values[j], values[i] = other, old
    return kept, best


@njit(cache=True)
def _added_misfit(event, design, values, risks, covariance, order, targets):
    restore_order(order, values)
    rank = rank_facts(order, values, event)[3]
    return misfit(np.array([rank, score_z(event, design, values, risks, covariance)]), targets)


# --- Draw two covariates from an assumed population, given what was printed about their model ---
# A random walk over cohorts with fixed outcomes. Its target is the density of the assumed
# population
# times exp(−misfit/T); T falls until the cohort lies inside all printed limits. What the print
# leaves
# open so stays as the population has it.


# Kinds of proposals: a patient drawn anew, a count by one, a swap of two measurements, a step.
REDRAWN, COUNTED, SWAPPED = 0.25, 0.35, 0.45
HUNDREDTH = 100


class Population(NamedTuple):
    """What is assumed about a count and a positive measurement that no table prints.

    Attributes
    ----------
    share : float
        Share of patients with a count above zero.
    mean, shape : float
        The count beyond one is negative binomial with this mean and this shape.
    median, log_sd : float
        The measurement is lognormal, in hundredths.
    largest_count, largest_measurement : float
        No value is larger.
    """

    share: float
    mean: float
    shape: float
    median: float
    log_sd: float
    largest_count: int
    largest_measurement: float

    def draw(self, patients: int, rng: np.random.Generator) -> np.ndarray:
        """Draw counts and measurements, independent of each other.

        Parameters
        ----------
        patients : int
            How many.
        rng : numpy Generator
            Source of randomness.

        Returns
        -------
        ndarray, shape (2, patients)
            Values beyond the largest are drawn again.
        """
        chance = self.shape / (self.shape + self.mean)
        first = 1.0 + rng.negative_binomial(self.shape, chance, patients)
        first[rng.random(patients) >= self.share] = 0.0
        second = np.exp(np.log(self.median) + self.log_sd * rng.standard_normal(patients))
        second = np.maximum(np.round(second * HUNDREDTH), 1) / HUNDREDTH
        outside = (first > self.largest_count) | (second > self.largest_measurement)
        drawn = np.vstack([first, second])
        if outside.any():
            drawn[:, outside] = self.draw(int(outside.sum()), rng)
        return drawn


class Walk(NamedTuple):
    """How long and how warm a walk is.

    Attributes
    ----------
    steps : int
        Proposals.
    warmest, coldest : float
        First and last temperature, in squared units of misfit; geometric in between.
    widest, narrowest : float
        First and last standard deviation of a step of the logarithm of the measurement.
    """

    steps: int = 2_000_000
    warmest: float = 200.0
    coldest: float = 0.02
    widest: float = 0.5
    narrowest: float = 0.002


def walk(event, start, pool, printed, cutoff, targets, population: Population, plan: Walk, rng):
    """Walk from a cohort towards one that lies inside all limits.

    Parameters
    ----------
    event : ndarray of float, shape (n,)
        Outcome (0 or 1), fixed.
    start : ndarray, shape (2, n)
        The two covariates at the start.
    pool : ndarray, shape (2, m)
        Draws from the population, from which patients are drawn anew.
    printed : ndarray, shape (3,)
        Printed intercept and coefficients, by which the population's outcome is drawn.
    cutoff : float
        Printed cut-off of the linear predictor.
    targets : ndarray, shape (3, 21)
        Low and high limit of each of :data:`MEASURES` and its unit; unit 0: not searched for.
    population : Population
        What is assumed.
    plan : Walk
        How long and how warm.
    rng : numpy Generator
        Source of randomness.

    Returns
    -------
    covariates : ndarray, shape (2, n)
        The best cohort met.
    misfit : float
        0 if it lies inside all limits.
    """
    design = np.vstack([np.ones(len(event)), start])
    best = _walk(event, design, pool, printed, cutoff, targets, population, plan, rng)
    return design[1:], best


@njit(cache=True)
def _walk(event, design, pool, printed, cutoff, targets, population, plan, rng):
    """Run one walk in place; return the smallest misfit, infinite if the start has no fit."""
    first, second, total = design[1], design[2], len(event)
    coefficients, orders = printed.copy(), np.empty((3, total), dtype=np.int64)
    orders[:] = np.arange(total)
    found = np.zeros(targets.shape[1])
    if not measure(event, design, printed, cutoff, coefficients, orders, found):
        return np.inf
    now = best = misfit(found, targets)
    kept, kept_coefficients = design.copy(), coefficients.copy()
    for step in range(plan.steps):
        if best == 0.0:
            break
        done = step / plan.steps
        temperature = plan.warmest * (plan.coldest / plan.warmest) ** done
        scale = plan.widest * (plan.narrowest / plan.widest) ** done
        i = rng.integers(0, total)
        old_first, old_second = first[i], second[i]
        j, gain = _propose(event, design, i, pool, printed, population, scale, rng)
        if j >= 0 and measure(event, design, printed, cutoff, coefficients, orders, found):
            moved = misfit(found, targets)
            if log(rng.random()) < gain - (moved - now) / temperature:
                now = moved
                kept_coefficients[:] = coefficients
                if now < best:
                    best = now
                    kept[:] = design
                continue
        if j >= 0:
            second[j] = second[i]
        first[i], second[i] = old_first, old_second
        coefficients[:] = kept_coefficients
    design[:] = kept
    return best


@njit(cache=True)
def _propose(event, design, i, pool, printed, population, scale, rng):
    """Change a patient, or swap with another: who (-1: not allowed), gain of the log density."""
    first, second, kind, j = design[1], design[2], rng.random(), i
    redrawn, refused = kind < REDRAWN, (-1, 0.0)
    if COUNTED <= kind < SWAPPED:
        j = rng.integers(0, len(event))
        if event[j] != event[i] or i == j:
            return refused
    before = _density(event, design, i, j, printed, population, redrawn)
    if redrawn:
        k = rng.integers(0, pool.shape[1])
        first[i], second[i] = pool[0, k], pool[1, k]
    elif j != i:
        second[i], second[j] = second[j], second[i]
    elif kind < COUNTED:
        count = first[i] + (1.0 if rng.random() < 0.5 else -1.0)
        if first[i] == 0 or count == 0 or count > population.largest_count:
            return refused
        first[i] = count
    else:
        value = _step(second[i], scale, rng)
        if value <= 0 or value > population.largest_measurement:
            return refused
        second[i] = value
    return j, _density(event, design, i, j, printed, population, redrawn) - before


@njit(cache=True)
def _step(value, scale, rng):
    """Return a value in hundredths near another one, never the same."""
    moved = np.round(value * exp(scale * rng.normal()) * HUNDREDTH) / HUNDREDTH
    if moved != value:
        return moved
    hundredth = 1.0 if rng.random() < 0.5 else -1.0
    return np.round(value * HUNDREDTH + hundredth) / HUNDREDTH


@njit(cache=True)
def _density(event, design, i, j, printed, population, redrawn):
    """Return the log density of one or two patients; of the outcome alone if drawn anew."""
    first, second, total = design[1], design[2], 0.0
    for one in (i, j):
        total += log_chance(first[one], second[one], event[one], printed)
        if not redrawn:
            total += log_density(first[one], second[one], population)
    return total if j != i else total / 2
