"""Draw two covariates from an assumed population, given what was printed about their model.

A random walk over cohorts with fixed outcomes. Its target is the density of the assumed population
times exp(−misfit/T); T falls until the cohort lies inside all printed limits. What the print leaves
open so stays as the population has it.
"""

from dataclasses import dataclass
from math import exp, lgamma, log, sqrt

import numpy as np
from numba import njit
from scipy import stats

from rairlib.stats.logistic import Z_95

# --- A logistic model of two covariates, fitted again and again inside a compiled loop --------


ITERATIONS = 30
CONVERGED = 1e-10
# A coefficient beyond this, per unit of a covariate, means separation.
DIVERGED = 5.0


@njit(cache=True)
def fit_logistic(event, first, second, coefficients, covariance, risks):
    """Fit logit P(event) = b₀ + b₁·first + b₂·second by Newton's method, in place."""
    gradient = np.empty(3)
    information = np.empty((3, 3))
    for _ in range(ITERATIONS):
        _derivatives(event, first, second, coefficients, risks, gradient, information)
        if not _invert(information, covariance):
            return False
        length = 0.0
        for row in range(3):
            step = 0.0
            for column in range(3):
                step += covariance[row, column] * gradient[column]
            coefficients[row] += step
            length += abs(step)
        if length < CONVERGED:
            return True
        if abs(coefficients[1]) > DIVERGED or abs(coefficients[2]) > DIVERGED:
            return False
    return False


@njit(cache=True)
def _derivatives(event, first, second, coefficients, risks, gradient, information):
    """Fill gradient and information of the log likelihood."""
    g0 = g1 = g2 = 0.0
    h00 = h01 = h02 = h11 = h12 = h22 = 0.0
    for i in range(len(event)):
        linear = coefficients[0] + coefficients[1] * first[i] + coefficients[2] * second[i]
        risk = 1.0 / (1.0 + exp(-linear))
        risks[i] = risk
        residual = event[i] - risk
        weight = risk * (1.0 - risk)
        weighted_first, weighted_second = weight * first[i], weight * second[i]
        g0 += residual
        g1 += residual * first[i]
        g2 += residual * second[i]
        h00 += weight
        h01 += weighted_first
        h02 += weighted_second
        h11 += weighted_first * first[i]
        h12 += weighted_first * second[i]
        h22 += weighted_second * second[i]
    gradient[0], gradient[1], gradient[2] = g0, g1, g2
    information[0, 0], information[1, 1], information[2, 2] = h00, h11, h22
    information[0, 1] = information[1, 0] = h01
    information[0, 2] = information[2, 0] = h02
    information[1, 2] = information[2, 1] = h12


@njit(cache=True)
def _invert(matrix, inverse):
    """Invert a symmetric 3×3 matrix by cofactors; False if it is singular."""
    for row in range(3):
        a, b = (row + 1) % 3, (row + 2) % 3
        for column in range(3):
            c, d = (column + 1) % 3, (column + 2) % 3
            inverse[column, row] = matrix[a, c] * matrix[b, d] - matrix[a, d] * matrix[b, c]
    determinant = 0.0
    for column in range(3):
        determinant += matrix[0, column] * inverse[column, 0]
    if not abs(determinant) > 1e-12:
        return False
    inverse /= determinant
    return True


@njit(cache=True)
def score_z(event, first, second, added, risks, covariance):
    """Return the root of Rao's score statistic of one more covariate in a fitted model."""
    gradient = information = k0 = k1 = k2 = 0.0
    for i in range(len(event)):
        weighted = risks[i] * (1.0 - risks[i]) * added[i]
        gradient += added[i] * (event[i] - risks[i])
        information += weighted * added[i]
        k0 += weighted
        k1 += weighted * first[i]
        k2 += weighted * second[i]
    explained = (
        k0 * (covariance[0, 0] * k0 + 2 * (covariance[0, 1] * k1 + covariance[0, 2] * k2))
        + k1 * (covariance[1, 1] * k1 + 2 * covariance[1, 2] * k2)
        + k2 * covariance[2, 2] * k2
    )
    if information - explained <= 1e-12:
        return 0.0
    return abs(gradient) / sqrt(information - explained)


# --- Areas, Youden's index and rank tests from an order of the patients, compiled -------------


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
def area_and_error(order, values, event):
    """Return the ROC area, its standard error by Hanley and McNeil, and Youden's best."""
    total, events = len(order), event.sum()
    others = total - events
    area = q1 = q2 = best = below = above = 0.0
    above = events
    start = 0
    while start < total:
        end = end_of_tie(order, values, start)
        best = max(best, below * events + above * others)
        tied_events = 0.0
        for k in range(start, end):
            tied_events += event[order[k]]
        tied_others = end - start - tied_events
        above -= tied_events
        area += tied_events * (below + tied_others / 2)
        q2 += tied_events * (below**2 + below * tied_others + tied_others**2 / 3)
        q1 += tied_others * (above**2 + above * tied_events + tied_events**2 / 3)
        below += tied_others
        start = end
    best = max(best, below * events + above * others)
    area /= events * others
    q1 = q1 / (others * events**2) - area**2
    q2 = q2 / (events * others**2) - area**2
    variance = area * (1 - area) + (events - 1) * q1 + (others - 1) * q2
    return area, sqrt(max(variance, 0.0) / (events * others)), best


@njit(cache=True)
def mann_whitney_z(order, values, event):
    """Return the normal deviate of the Mann-Whitney test, without sign, as SPSS gives it."""
    total, events = len(order), event.sum()
    others = total - events
    rank_sum = ties = 0.0
    start = 0
    while start < total:
        end = end_of_tie(order, values, start)
        size = end - start
        ties += size * (size * size - 1.0)
        for k in range(start, end):
            rank_sum += event[order[k]] * (start + 1 + end) / 2
        start = end
    u = rank_sum - events * (events + 1) / 2 - events * others / 2
    variance = events * others / 12 * (total + 1 - ties / (total * (total - 1.0)))
    if variance <= 0:
        return 0.0
    return abs(u) / sqrt(variance)


# --- What a candidate cohort gives for the printed numbers, as one vector, compiled -----------


# The place of each measure in the vector. `first` and `second` are the covariates of the model;
# `printed_*` stands for the model with the printed coefficients. A test is measured by its normal
# deviate, without sign: p values far too small would hardly change with the patients.
MEASURES = (
    "intercept",
    "first_coefficient",
    "second_coefficient",
    "first_low",
    "first_high",
    "second_low",
    "second_high",
    "auc",
    "auc_low",
    "auc_high",
    "cutoff",
    "true_positives",
    "true_negatives",
    "printed_true_positives",
    "printed_true_negatives",
    "youden_excess",
    "hosmer_lemeshow_p",
    "first_present_chi_square_z",
    "first_mann_whitney_z",
    "second_mann_whitney_z",
    "first_present_score_z",
)
GROUPS = 10


@njit(cache=True)
def measure(event, first, second, printed, cutoff, work, orders, found):
    """Measure a candidate cohort."""
    coefficients, covariance, risks, scores, present = work
    if not fit_logistic(event, first, second, coefficients, covariance, risks):
        return False
    for i in range(len(event)):
        scores[i] = coefficients[0] + coefficients[1] * first[i] + coefficients[2] * second[i]
        present[i] = 1.0 if first[i] > 0 else 0.0
    restore_order(orders[0], scores)
    restore_order(orders[1], first)
    restore_order(orders[2], second)
    _estimates(coefficients, covariance, found)
    _classification(event, first, second, printed, cutoff, scores, orders[0], found)
    found[16] = hosmer_lemeshow_p_value(event, risks, scores, orders[0])
    found[17] = _chi_square_z(event, present)
    found[18] = mann_whitney_z(orders[1], first, event)
    found[19] = mann_whitney_z(orders[2], second, event)
    found[20] = score_z(event, first, second, present, risks, covariance)
    return True


@njit(cache=True)
def _estimates(coefficients, covariance, found):
    """Coefficients and the Wald limits of their exponentials."""
    for k in range(3):
        found[k] = coefficients[k]
    for k in (1, 2):
        half_width = Z_95 * sqrt(covariance[k, k])
        found[1 + 2 * k] = exp(coefficients[k] - half_width)
        found[2 + 2 * k] = exp(coefficients[k] + half_width)


@njit(cache=True)
def _classification(event, first, second, printed, cutoff, scores, order, found):
    """Area with its limits, the cut-off nearest to the printed one, and the 2×2 tables."""
    area, error, best = area_and_error(order, scores, event)
    found[7], found[8], found[9] = area, area - Z_95 * error, area + Z_95 * error
    below, above = -np.inf, np.inf
    for k in range(11, 15):
        found[k] = 0.0
    for i in range(len(event)):
        linear = printed[0] + printed[1] * first[i] + printed[2] * second[i]
        if scores[i] < cutoff:
            below = max(below, scores[i])
            found[12] += 1 - event[i]
        else:
            above = min(above, scores[i])
            found[11] += event[i]
        found[13] += event[i] * (linear >= cutoff)
        found[14] += (1 - event[i]) * (linear < cutoff)
    found[10] = (below + above) / 2
    events = event.sum()
    others = len(event) - events
    found[15] = (best - found[11] * others - found[12] * events) / others


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
def _chi_square_z(event, present):
    """Return the root of Pearson's χ² of a 2×2 table, without correction."""
    total, events, carriers = len(event), event.sum(), present.sum()
    both = 0.0
    for i in range(total):
        both += event[i] * present[i]
    margins = events * (total - events) * carriers * (total - carriers)
    if margins == 0:
        return 0.0
    return abs(both * total - events * carriers) * sqrt(total / margins)


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
def log_density(first, second, event, printed, beliefs):
    """Return the logarithm of a patient's density in the assumed population."""
    share, mean, shape, location, scale = beliefs
    if first == 0:
        density = log(1 - share)
    else:
        extra = first - 1
        density = log(share) + lgamma(extra + shape) - lgamma(extra + 1.0) - lgamma(shape)
        density += shape * log(shape / (shape + mean)) + extra * log(mean / (shape + mean))
    density -= ((log(second) - location) / scale) ** 2 / 2
    linear = printed[0] + printed[1] * first + printed[2] * second
    return density + event * linear - (linear if linear > 30 else log(1 + exp(linear)))


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
    targets = np.asarray(targets, dtype=float)
    coefficients, covariance, risks = np.zeros(3), np.empty((3, 3)), np.empty(len(event))
    if not fit_logistic(event, *covariates, coefficients, covariance, risks):
        return draws[0].copy(), np.inf
    # The largest p value has the smallest deviate.
    targets = stats.norm.isf(targets[:, ::-1] / 2)
    widths = targets[:, 1] - targets[:, 0]
    units = np.where(np.isfinite(widths), np.maximum(widths / 5, 1e-5), OPEN_UNIT)
    return _search(event, *covariates, risks, covariance, draws, targets, units, rng)


@njit(cache=True)
def _search(event, first, second, risks, covariance, draws, targets, units, rng):
    values = draws[0].copy()
    order = np.arange(len(event))
    now = _distance(event, first, second, risks, covariance, values, order, targets, units)
    best, kept = now, values.copy()
    for step in range(STEPS):
        if best == 0.0:
            break
        temperature = WARMEST * (COLDEST / WARMEST) ** (step / STEPS)
        i, j = rng.integers(0, len(event)), rng.integers(0, len(event))
        old, other = values[i], values[j]
        swapped = rng.random() < 0.5 and (first[i] > 0) == (first[j] > 0)
        if swapped:
            values[i], values[j] = other, old
        else:
            values[i] = draws[rng.integers(0, len(draws)), i]
        moved = _distance(event, first, second, risks, covariance, values, order, targets, units)
        if np.log(rng.random()) < (now - moved) / temperature:
            now = moved
            if now < best:
                best = now
                kept[:] = values
        else:
            values[i] = old
            if swapped:
                values[j] = other
    return kept, best


@njit(cache=True)
def _distance(event, first, second, risks, covariance, values, order, targets, units):
    """Return the squared distances of both deviates from their limits, in units."""
    restore_order(order, values)
    rank = mann_whitney_z(order, values, event)
    score = score_z(event, first, second, values, risks, covariance)
    total = 0.0
    for k, deviate in enumerate((rank, score)):
        outside = max(targets[k, 0] - deviate, deviate - targets[k, 1], 0.0) / units[k]
        total += min(outside**2, 50 * outside)
    return total


# --- Draw two covariates from an assumed population, given what was printed about their model ---
# A random walk over cohorts with fixed outcomes. Its target is the density of the assumed
# population
# times exp(−misfit/T); T falls until the cohort lies inside all printed limits. What the print
# leaves
# open so stays as the population has it.


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
        """Return the parameters in the order in which `log_density` takes them."""
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
