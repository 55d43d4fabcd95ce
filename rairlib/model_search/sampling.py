"""Draw two covariates from an assumed population, given what was printed about their model.

A random walk over cohorts with fixed outcomes. Its target is the density of the assumed population
times exp(−misfit/T); T falls until the cohort lies inside all printed limits. What the print leaves
open so stays as the population has it.
"""

from dataclasses import dataclass
from math import exp, log

import numpy as np
from numba import njit

from rairlib.model_search.measures import log_density, measure, misfit

# Kinds of proposals: a patient drawn anew, a count by one, a swap of two measurements, a step.
REDRAWN, COUNTED, SWAPPED = 0.25, 0.35, 0.45
HUNDREDTH = 100
REFUSED = (False, 0.0, -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
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

    @property
    def beliefs(self) -> np.ndarray:
        """Return the parameters as :func:`rairlib.model_search.measures.log_density` takes them."""
        return np.array([self.share, self.mean, self.shape, np.log(self.median), self.log_sd])

    @property
    def limits(self) -> np.ndarray:
        """Return the largest count and the largest measurement."""
        return np.array([self.largest_count, self.largest_measurement], dtype=float)


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
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

    @property
    def schedule(self) -> np.ndarray:
        """Return the fields as an array, in the order above."""
        return np.array([self.steps, self.warmest, self.coldest, self.widest, self.narrowest])


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
        See :func:`rairlib.model_search.measures.misfit`.
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
    found = np.array(start, dtype=float)
    best = _walk(
        event, found, pool, printed, cutoff, targets,
        population.beliefs, population.limits, plan.schedule, rng,
    )  # fmt: skip
    return found, best


@njit(cache=True)
def _walk(event, covariates, pool, printed, cutoff, targets, beliefs, limits, schedule, rng):
    """Run one walk in place; return the smallest misfit, infinite if the start has no fit."""
    first, second = covariates[0], covariates[1]
    total = len(event)
    work = (printed.copy(), np.empty((3, 3)), np.empty(total), np.empty(total), np.empty(total))
    orders = np.empty((3, total), dtype=np.int64)
    orders[:] = np.arange(total)
    found = np.zeros(targets.shape[1])
    if not measure(event, first, second, printed, cutoff, work, orders, found):
        return np.inf
    now = best = misfit(found, targets)
    kept, kept_coefficients = covariates.copy(), work[0].copy()
    steps, warmest, coldest, widest, narrowest = schedule
    for step in range(int(steps)):
        if best == 0.0:
            break
        done = step / steps
        temperature = warmest * (coldest / warmest) ** done
        scale = widest * (narrowest / widest) ** done
        i = rng.integers(0, total)
        old_first, old_second = first[i], second[i]
        valid, density, j = _propose(
            event, first, second, i, pool, printed, beliefs, limits, scale, rng
        )
        if valid and measure(event, first, second, printed, cutoff, work, orders, found):
            moved = misfit(found, targets)
            if log(rng.random()) < density - (moved - now) / temperature:
                now = moved
                kept_coefficients[:] = work[0]
                if now < best:
                    best = now
                    kept[:] = covariates
                continue
        if j >= 0:
            second[j] = second[i]
        first[i], second[i] = old_first, old_second
        work[0][:] = kept_coefficients
    covariates[:] = kept
    return best


@njit(cache=True)
def _propose(event, first, second, i, pool, printed, beliefs, limits, scale, rng):
    """Change a patient (or swap with another); return validity, log density ratio, the other."""
    kind = rng.random()
    if kind < REDRAWN:
        old = _log_chance(event[i], first[i], second[i], printed)
        k = rng.integers(0, pool.shape[1])
        first[i], second[i] = pool[0, k], pool[1, k]
        return True, _log_chance(event[i], first[i], second[i], printed) - old, -1
    if COUNTED <= kind < SWAPPED:
        j = rng.integers(0, len(event))
        if event[j] != event[i] or i == j:
            return REFUSED
        old = _pair_density(event, first, second, i, j, printed, beliefs)
        second[i], second[j] = second[j], second[i]
        return True, _pair_density(event, first, second, i, j, printed, beliefs) - old, j
    old = log_density(first[i], second[i], event[i], printed, beliefs)
    if kind < COUNTED:
        count = first[i] + (1.0 if rng.random() < 0.5 else -1.0)
        if first[i] == 0 or count == 0 or count > limits[0]:
            return REFUSED
        first[i] = count
    else:
        value = _step(second[i], scale, rng)
        if value <= 0 or value > limits[1]:
            return REFUSED
        second[i] = value
    return True, log_density(first[i], second[i], event[i], printed, beliefs) - old, -1


@njit(cache=True)
def _step(value, scale, rng):
    """Return a value in hundredths near another one, never the same."""
    moved = np.round(value * exp(scale * rng.normal()) * HUNDREDTH) / HUNDREDTH
    if moved != value:
        return moved
    hundredth = 1.0 if rng.random() < 0.5 else -1.0
    return np.round(value * HUNDREDTH + hundredth) / HUNDREDTH


@njit(cache=True)
def _log_chance(event, first, second, printed):
    """Return the log probability of an outcome under the printed model."""
    linear = printed[0] + printed[1] * first + printed[2] * second
    against = -linear if event > 0 else linear
    return -(against if against > 30 else np.log1p(exp(against)))


@njit(cache=True)
def _pair_density(event, first, second, i, j, printed, beliefs):
    return log_density(first[i], second[i], event[i], printed, beliefs) + log_density(
        first[j], second[j], event[j], printed, beliefs
    )
