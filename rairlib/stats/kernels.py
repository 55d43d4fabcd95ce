"""Compiled estimators on arrays, of one cohort or of many: the arithmetic on which ``stats`` rests.

The functions at the end of each part are generalized ufuncs of NumPy: they take the arrays of one
cohort, or of many with one more axis in front, and broadcast. ``event`` is 1 for patients with the
outcome, 0 for the others and NaN for those who are not analysed. A result is NaN where there is no
finite estimate: the covariates separate the outcome, nobody has an event, a group is empty, or the
columns determine one another; and where a patient who is analysed has a value that cannot be: an
event of 2, no time or score, a level that is no whole number from 0 to 999. Values that differ in
their last digits count as different: the functions of one cohort settle such noise before they call
these.
"""

import math
from functools import cache, partial, wraps

import numpy as np
from numba import guvectorize, njit, vectorize
from numba.core.caching import IndexDataCacheFile

from rairlib.output import one_process_at_a_time

# Sums may be added in any order, several terms at once; NaN and infinity keep their meaning.
FAST = {"reassoc", "contract", "nsz", "arcp"}
compiled = partial(njit, cache=True, nogil=True, error_model="numpy", fastmath=FAST)
# Each change of the order of a tie or of a pivot must give the same: here sums are as written.
exact = partial(njit, cache=True, nogil=True, error_model="numpy")


def many(layout: str, types: str):
    """Make of a function for one cohort one for any number of them, compiled when first called.

    A step that diverges may overflow on its way to NaN: that is no warning's business.
    """

    def decorate(function):
        @cache
        def compiled_once():
            # Both parts of a gufunc come from one process, or whoever loads them crashes.
            with one_process_at_a_time():
                return guvectorize([f"void({types})"], layout, nopython=True, cache=True)(function)

        @np.errstate(all="ignore")
        @wraps(function)
        def call(*arrays):
            return compiled_once()(*arrays)

        return call

    return decorate


def _alone(save):
    """Let one process at a time add to Numba's cache.

    Two at once may put two versions of a function under one number, and whoever loads it crashes.
    """

    @wraps(save)
    def save_alone(*arguments):
        with one_process_at_a_time():
            save(*arguments)

    return save_alone


IndexDataCacheFile.save = _alone(IndexDataCacheFile.save)


# --- Tails of distributions -------------------------------------------------------------------


@exact()
def normal_tail(z):
    """Two-sided p of a normal deviate."""
    return math.erfc(abs(z) / math.sqrt(2.0))


@vectorize(["f8(f8)"], nopython=True, cache=True)
def wald_p(z):
    """Two-sided p of normal deviates, of any shape."""
    return math.erfc(abs(z) / math.sqrt(2.0))


@exact()
def chi_square_tail(statistic, df):
    """Upper tail of χ² for whole degrees of freedom, by its finite sum (Abramowitz 26.4.4-5)."""
    if not statistic > 0.0:
        return 1.0 if statistic <= 0.0 else np.nan
    half = statistic / 2.0
    if df % 2:
        total, term = math.erfc(math.sqrt(half)), math.exp(-half) / math.sqrt(math.pi * half)
        first = 0.5
    else:
        total, term, first = 0.0, math.exp(-half) / half, 0.0
    for k in range((df + 1) // 2 - (df % 2)):
        term *= half / (first + k) if first + k > 0.0 else half
        total += term
    return min(total, 1.0)


@exact()
def t_tail(t, df):
    """Two-sided p of Student's t, by the continued fraction of the incomplete beta function."""
    if np.isnan(t):
        return np.nan
    x, a, b = df / (df + t * t), df / 2.0, 0.5
    swapped = x > (a + 1.0) / (a + b + 2.0)
    if swapped:
        x, a, b = t * t / (df + t * t), b, a
    if x <= 0.0:
        return 1.0 if swapped else 0.0
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(front + a * math.log(x) + b * math.log1p(-x)) / a
    c, d = 1.0, 1.0 / (1.0 - (a + b) * x / (a + 1.0))
    value = d
    for m in range(1, 400):
        for step in range(2):
            if step:
                ratio = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
            else:
                ratio = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
            d, c = 1.0 / (1.0 + ratio * d), 1.0 + ratio / c
            value *= c * d
        if abs(c * d - 1.0) < 1e-16:
            break
    return 1.0 - front * value if swapped else front * value


# --- Linear algebra of small symmetric matrices, lower triangle ---------------------------------


PIVOT_LIMIT = 1e-10
# Of columns in any unit: the years of a calendar are far from 0 and near each other.
DEPENDENT = 1e-12


@exact()
def factor(matrix, pivot_limit=PIVOT_LIMIT):
    """Overwrite the lower triangle with its Cholesky factor; False if it is singular."""
    for j in range(matrix.shape[0]):
        scale = matrix[j, j]
        for k in range(j):
            matrix[j, j] -= matrix[j, k] ** 2
        if not matrix[j, j] > pivot_limit * scale:
            return False
        matrix[j, j] = np.sqrt(matrix[j, j])
        for i in range(j + 1, matrix.shape[0]):
            for k in range(j):
                matrix[i, j] -= matrix[i, k] * matrix[j, k]
            matrix[i, j] /= matrix[j, j]
    return True


@exact()
def solve(factored, right_side, solution):
    """Solve for a Cholesky factor; return the largest absolute entry of the solution."""
    terms = solution.shape[0]
    for i in range(terms):
        solution[i] = right_side[i]
        for k in range(i):
            solution[i] -= factored[i, k] * solution[k]
        solution[i] /= factored[i, i]
    largest = 0.0
    for i in range(terms - 1, -1, -1):
        for k in range(i + 1, terms):
            solution[i] -= factored[k, i] * solution[k]
        solution[i] /= factored[i, i]
        largest = max(largest, abs(solution[i]))
    return largest


@exact()
def write_standard_errors(factored, back, standard_errors):
    """Write the errors of combinations of coefficients, from a factored information matrix."""
    column = np.empty(factored.shape[0])
    for term in range(standard_errors.shape[0]):
        solve(factored, back[term], column)
        variance = 0.0
        for i in range(column.shape[0]):
            variance += back[term, i] * column[i]
        standard_errors[term] = np.sqrt(variance)


@exact()
def _write_errors(factored, errors):
    """Write the errors of the coefficients themselves, from a factored information matrix."""
    column = np.empty(errors.shape[0])
    for term in range(errors.shape[0]):
        variance = 0.0
        for i in range(term, errors.shape[0]):
            column[i] = 1.0 if i == term else 0.0
            for k in range(term, i):
                column[i] -= factored[i, k] * column[k]
            column[i] /= factored[i, i]
            variance += column[i] * column[i]
        errors[term] = np.sqrt(variance)


@compiled()
def _weighted_products(columns, weight, sign, scaled, information):
    """Add to a lower triangle the sums of products of columns, each patient with a weight."""
    terms, n = columns.shape[0], weight.shape[0]
    for i in range(terms):
        for k in range(n):
            scaled[k] = weight[k] * columns[i, k]
        for j in range(0, i, 2):  # two at once: half as many readings of `scaled`
            first = second = 0.0
            for k in range(n):
                first += scaled[k] * columns[j, k]
                second += scaled[k] * columns[j + 1, k]
            information[i, j] += sign * first
            information[i, j + 1] += sign * second
        if i % 2 == 0:
            first = 0.0
            for k in range(n):
                first += scaled[k] * columns[i, k]
            information[i, i] += sign * first


LOG_2_HIGH, LOG_2_LOW = 6.93145751953125e-1, 1.42860682030941723212e-6


@compiled()
def _write_exp(x, bits, out):
    """Write exp of numbers up to 700: powers of 2 times Cephes' rational function, all at once."""
    for i in range(x.shape[0]):
        value = max(x[i], -700.0)
        power = np.floor(1.4426950408889634 * value + 0.5)
        value -= power * LOG_2_HIGH
        value -= power * LOG_2_LOW
        square = value * value
        top = (1.26177193074810590878e-4 * square + 3.02994407707441961300e-2) * square + 1.0
        low = 3.00198505138664455042e-6 * square + 2.52448340349684104192e-3
        low = (low * square + 2.27265548208155028766e-1) * square + 2.0
        out[i] = 1.0 + 2.0 * value * top / (low - value * top)
        bits[i] = (np.int64(power) + 1023) << 52
    powers = bits.view(np.float64)
    for i in range(x.shape[0]):
        out[i] *= powers[i]


@compiled()
def _kept(event, used):
    """List the patients who are analysed, none if an event is not 0 or 1, and the used columns."""
    patients, columns = np.empty(event.shape[0], np.int64), np.empty(used.shape[0], np.int64)
    n = p = 0
    for j in range(used.shape[0]):
        if used[j] != 0.0:
            columns[p] = j
            p += 1
    for i in range(event.shape[0]):
        if event[i] == 0.0 or event[i] == 1.0:
            patients[n] = i
            n += 1
        elif not np.isnan(event[i]):
            return patients[:0], columns[:p]
    return patients[:n], columns[:p]


LEVELS_MAX = 1000


@compiled()
def _levels(level, patients):
    """Return how many levels there are, 0 if a patient's is no whole number from 0 on."""
    many = 0
    for i in patients:
        if not 0.0 <= level[i] < LEVELS_MAX or level[i] != np.floor(level[i]):
            return 0
        many = max(many, int(level[i]) + 1)
    return many


BUCKET_MAX = 64
HUGE, TINY = 1e250, 1e-250


@compiled()
def order_of(values):
    """Return the places of values in ascending order; where they tie, in any order.

    They are put into as many ranges as there are values, and sorted within these; where a range
    gets many of them, by NumPy.
    """
    n = values.shape[0]
    if n < 2:
        return np.arange(n)
    least, most = values.min(), values.max()
    if least == most:
        return np.arange(n)
    spread = most / (n - 1) - least / (n - 1)
    if not TINY < spread < HUGE:
        return np.argsort(values)
    scale = 1.0 / spread
    bucket, first, order = np.empty(n, np.int64), np.zeros(n + 1, np.int64), np.empty(n, np.int64)
    for i in range(n):
        # Of values that differ in their last digits the spread is rounded, and the last too far.
        bucket[i] = min(np.int64((values[i] - least) * scale), n - 1)
        first[bucket[i] + 1] += 1
    if first.max() > BUCKET_MAX:
        return np.argsort(values)
    for b in range(n):
        first[b + 1] += first[b]
    filled = first.copy()
    for i in range(n):
        # Within a range, each new value moves up to its place.
        place, begin = filled[bucket[i]], first[bucket[i]]
        filled[bucket[i]] += 1
        while place > begin and values[order[place - 1]] > values[i]:
            order[place] = order[place - 1]
            place -= 1
        order[place] = i
    return order


# --- Logistic regression: Newton's method, of patients or of their groups -----------------------


# Where covariates separate the outcome, each step adds about 1: the log odds stay below those at
# which risks round to 0 or 1.
ITERATIONS_MAX = 30
# Newton's steps shrink quadratically: what remains after this one is about its square. Of one
# cohort nothing remains but rounding.
STEP_LIMIT = 1e-5
LAST_STEP_LIMIT = 1e-8
FINAL = (PIVOT_LIMIT, LAST_STEP_LIMIT)
# With two more derivatives they shrink cubically, where the series is good for such a step: the
# first, at log odds of 0, up to 3 (it converges up to π), and later ones that are shorter than
# those while covariates separate the outcome, which are of about 1.
BENT_FIRST_MAX, BENT_MAX = 3.0, 0.7
# Rounding errors of a sum: absolute for some hundred patients, in its own measure for many.
LIKELIHOOD_NOISE = 1e-9
NOISE_SHARE = 1e-12
SHARE_MIN = 1e-6
AT_A_TIME = 512


@compiled()
def _log_likelihood(totals, grouped, eta, small):
    """Return the part that does not depend on the outcome; `small` is exp(-abs(eta))."""
    value = 0.0
    if grouped:
        for i in range(eta.shape[0]):
            value -= totals[i] * (max(eta[i], 0.0) + np.log1p(small[i]))
        return value
    for first in range(0, eta.shape[0], AT_A_TIME):
        product = 1.0  # of numbers from 1 to 2: one logarithm serves for all
        for i in range(first, min(first + AT_A_TIME, eta.shape[0])):
            product *= 1.0 + small[i]
            value -= max(eta[i], 0.0)
        value -= np.log(product)
    return value


@compiled()
def _evaluate(columns, totals, grouped, sums, beta, eta, work, bits, score, information):
    """Fill score and information (lower triangle) at log odds; return the log likelihood."""
    terms, n = columns.shape
    small, weight, risk = work[0], work[1], work[2]
    for i in range(n):
        weight[i] = -abs(eta[i])
    _write_exp(weight, bits, small)
    value = _log_likelihood(totals, grouped, eta, small)
    for i in range(n):
        share = 1.0 / (1.0 + small[i])
        weight[i] = totals[i] * small[i] * share * share
        risk[i] = totals[i] * (share if eta[i] > 0.0 else 1.0 - share)
    for j in range(terms):
        total = 0.0
        for i in range(n):
            total += risk[i] * columns[j, i]
        score[j] = sums[j] - total
        value += sums[j] * beta[j]
        for i in range(j + 1):
            information[j, i] = 0.0
    _weighted_products(columns, weight, 1.0, work[3], information)
    return value


@compiled()
def _move(columns, step, share, beta, eta, change):
    """Add a share of a step to the coefficients and to the log odds; return the largest change."""
    terms, n = columns.shape
    largest = 0.0
    for i in range(n):
        change[i] = 0.0
    for j in range(terms):
        b = share * step[j]
        beta[j] += b
        for i in range(n):
            change[i] += columns[j, i] * b
    for i in range(n):
        eta[i] += change[i]
        largest = max(largest, abs(change[i]))
    return largest


@compiled()
def _bend(columns, work, score):
    """Fill in what a step of Newton's leaves of the score, by its second and third derivatives."""
    change, weight, risk, left = work[0], work[1], work[2], work[3]
    for i in range(change.shape[0]):
        second, third = 0.5 - risk[i], (1.0 - 6.0 * weight[i]) / 6.0
        left[i] = -weight[i] * change[i] * change[i] * (second + third * change[i])
    for j in range(columns.shape[0]):
        total = 0.0
        for i in range(left.shape[0]):
            total += left[i] * columns[j, i]
        score[j] = total


@compiled()
def maximise(
    columns, totals, sums, offset, beta, information, pivot_limit=PIVOT_LIMIT, step_limit=STEP_LIMIT
):
    """Fit by Newton's method with step halving; return the log likelihood, NaN without a maximum.

    `columns` (terms, n) hold a row of ones for the intercept, `totals` (n) count the patients with
    these values, `sums` (terms) add the columns up over the patients with the outcome, and `offset`
    (n) is the part of the log odds that is known. `beta` is written, and `information` is left as
    its Cholesky factor.
    """
    terms, n = columns.shape
    score, step, more, eta = np.empty(terms), np.empty(terms), np.empty(terms), offset.copy()
    work, bits = np.empty((4, n)), np.empty(n, np.int64)
    grouped = False
    for i in range(n):
        grouped |= totals[i] != 1.0
    beta[:] = 0.0
    known = (columns, totals, grouped, sums)
    current = _evaluate(*known, beta, eta, work, bits, score, information)
    for iteration in range(ITERATIONS_MAX):
        if not factor(information, pivot_limit):
            return np.nan
        solve(information, score, step)
        size, share, limit = _move(columns, step, 1.0, beta, eta, work[0]), 1.0, step_limit
        if not grouped and size < (BENT_FIRST_MAX if iteration == 0 else BENT_MAX):
            _bend(columns, work, score)
            solve(information, score, more)
            _move(columns, more, 1.0, beta, eta, work[0])
            step, limit = step + more, step_limit ** (2 / 3)
        reached = _evaluate(*known, beta, eta, work, bits, score, information)
        least = current - max(LIKELIHOOD_NOISE, NOISE_SHARE * abs(current))
        while not reached >= least and share > SHARE_MIN:
            share /= 2.0
            _move(columns, step, -share, beta, eta, work[0])
            reached = _evaluate(*known, beta, eta, work, bits, score, information)
        current = reached
        if size < limit:
            return current if factor(information, pivot_limit) else np.nan
    return np.nan


@compiled()
def _own(event, design, patients, terms):
    """Copy some columns of some patients, one row for each column, and their outcomes."""
    n, p = patients.shape[0], terms.shape[0]
    columns, outcomes = np.empty((p, n)), np.empty(n)
    for i in range(n):
        outcomes[i] = event[patients[i]]
    for j in range(p):
        own, term = columns[j], terms[j]
        for i in range(n):
            own[i] = design[patients[i], term]
    return columns, outcomes


@compiled()
def _sums(columns, event):
    """Add columns up over the patients with the outcome."""
    sums = np.empty(columns.shape[0])
    for j in range(columns.shape[0]):
        total = 0.0
        for i in range(columns.shape[1]):
            total += event[i] * columns[j, i]
        sums[j] = total
    return sums


@many("(n),(n,p),(p)->(p),(p),()", "f8[:],f8[:,:],f8[:],f8[:],f8[:],f8[:]")
def logistic(event, design, used, coefficients, standard_errors, log_likelihood):
    """Fit logistic regressions by maximum likelihood.

    Parameters
    ----------
    event : array of float, shape (..., n)
        1 with the outcome, 0 without, NaN for patients who are not analysed.
    design : array of float, shape (..., n, p)
        With a column of ones for the intercept.
    used : array of float, shape (..., p)
        1 for the columns that are in the model, 0 for the others.

    Returns
    -------
    coefficients, standard_errors : array, shape (..., p)
        In the units of the design; NaN for columns that are not used, and of all where there is no
        finite estimate.
    log_likelihood : array, shape (...)
        At the maximum.
    """
    coefficients[:] = np.nan
    standard_errors[:] = np.nan
    log_likelihood[0] = np.nan
    patients, terms = _kept(event, used)
    n, p = patients.shape[0], terms.shape[0]
    if n == 0 or p == 0:
        return
    columns, outcomes = _own(event, design, patients, terms)
    sums = _sums(columns, outcomes)
    beta, information = np.empty(p), np.empty((p, p))
    value = maximise(columns, np.ones(n), sums, np.zeros(n), beta, information, DEPENDENT)
    if np.isnan(value):
        return
    log_likelihood[0] = value
    errors = np.empty(p)
    _write_errors(information, errors)
    for j in range(p):
        coefficients[terms[j]], standard_errors[terms[j]] = beta[j], errors[j]


@compiled()
def _fit(columns, outcomes, beta, information):
    """Fit rows of columns to outcomes; return the log likelihood, NaN without a maximum."""
    n = outcomes.shape[0]
    sums = _sums(columns, outcomes)
    return maximise(columns, np.ones(n), sums, np.zeros(n), beta, information, DEPENDENT)


@compiled()
def _log_odds(columns, beta):
    """Return the log odds of patients."""
    eta = np.zeros(columns.shape[1])
    for j in range(columns.shape[0]):
        for i in range(columns.shape[1]):
            eta[i] += columns[j, i] * beta[j]
    return eta


UNEXPLAINED_MIN = 1e-10


@compiled()
def _score_test(new, present, factored, outcomes, risk):
    """Test further columns by their score; return χ² and its degrees, 0 where they are determined.

    `present` are the columns of the model, `factored` its information as a Cholesky factor.
    """
    many, k, n = new.shape[0], present.shape[0], outcomes.shape[0]
    weight, left = risk * (1.0 - risk), outcomes - risk
    unexplained, scaled = np.zeros((many, many)), np.empty(n)
    _weighted_products(new, weight, 1.0, scaled, unexplained)
    own = np.diag(unexplained).copy()
    gradient, solution, shares = np.empty(many), np.empty(many), np.empty((many, k))
    for c in range(many):
        gradient[c] = (left * new[c]).sum()
        for j in range(k):
            total = 0.0
            for i in range(n):
                total += weight[i] * new[c, i] * present[j, i]
            for h in range(j):
                total -= factored[j, h] * shares[c, h]
            shares[c, j] = total / factored[j, j]
        for d in range(c + 1):
            for j in range(k):
                unexplained[c, d] -= shares[c, j] * shares[d, j]
        if not unexplained[c, c] > UNEXPLAINED_MIN * own[c]:
            return 0.0, 0
    if not factor(unexplained, UNEXPLAINED_MIN):
        return 0.0, 0
    solve(unexplained, gradient, solution)
    return (gradient * solution).sum(), many


@many("(n),(n,p),(p)->(p),(p),(p)", "f8[:],f8[:,:],f8[:],f8[:],f8[:],f8[:]")
def logistic_tests(event, design, used, z, likelihood_ratio, score):
    """Test the columns of logistic regressions one by one.

    Parameters
    ----------
    event, design, used
        As for :func:`logistic`.

    Returns
    -------
    z, likelihood_ratio : array, shape (..., p)
        Of the columns that are used: Wald's normal deviate, and χ² of leaving the column out; NaN
        elsewhere, and where a fit has no finite estimates.
    score : array, shape (..., p)
        Of the columns that are not used: χ² of letting the column in; NaN elsewhere, and where the
        model determines the column.
    """
    z[:] = np.nan
    likelihood_ratio[:] = np.nan
    score[:] = np.nan
    patients, terms = _kept(event, used)
    n, p = patients.shape[0], terms.shape[0]
    if n == 0 or p == 0:
        return
    columns, outcomes = _own(event, design, patients, terms)
    beta, errors, information = np.empty(p), np.empty(p), np.empty((p, p))
    full = _fit(columns, outcomes, beta, information)
    if np.isnan(full):
        return
    _write_errors(information, errors)
    risk = 1.0 / (1.0 + np.exp(-_log_odds(columns, beta)))
    others, without = np.empty((p - 1, n)), np.empty(p - 1)
    for j in range(p):
        z[terms[j]] = beta[j] / errors[j]
        others[:j], others[j:] = columns[:j], columns[j + 1 :]
        less = -n * np.log(2.0)
        if p > 1:
            less = _fit(others, outcomes, without, np.empty((p - 1, p - 1)))
        likelihood_ratio[terms[j]] = max(2.0 * (full - less), 0.0) if less == less else np.nan
    for term in range(used.shape[0]):
        if used[term] == 0.0:
            new, _ = _own(event, design, patients, np.array([term]))
            new -= new.mean()
            statistic, df = _score_test(new, columns, information, outcomes, risk)
            if df:
                score[term] = statistic


# --- Logistic regression with Firth's penalty ---------------------------------------------------


FIRTH_ITERATIONS_MAX = 500
# Its steps shrink by a constant factor: what remains is about as large as the step.
FIRTH_STEP_LIMIT = 1e-10
LARGEST_FIRTH_STEP = 5.0


@compiled()
def _firth_evaluate(columns, sums, beta, eta, work, bits, leverage, score, information):
    """Fill the penalised score and the information's Cholesky factor; return the likelihood."""
    terms, n = columns.shape
    ones = leverage[terms]
    value = _evaluate(columns, ones, False, sums, beta, eta, work, bits, score, information)
    weight, risk, pull = work[1], work[2], work[3]
    # Far out, patients' weights differ by many powers of ten.
    if not factor(information, 0.0):
        return np.nan
    for i in range(n):
        pull[i] = 0.0
    for j in range(terms):
        value += np.log(information[j, j])
        own = leverage[j]
        for i in range(n):
            own[i] = columns[j, i]
        for k in range(j):
            for i in range(n):
                own[i] -= information[j, k] * leverage[k, i]
        for i in range(n):
            own[i] /= information[j, j]
            pull[i] += own[i] * own[i]
    for i in range(n):
        pull[i] *= weight[i] * (0.5 - risk[i])
    for j in range(terms):
        total = 0.0
        for i in range(n):
            total += pull[i] * columns[j, i]
        score[j] += total
    return value


@compiled()
def _write_part(factored, free, part):
    """Write some rows and columns of a matrix: its factor times the factor's transpose."""
    for a in range(free.size):
        for b in range(a + 1):
            part[a, b] = 0.0
            for k in range(free[b] + 1):
                part[a, b] += factored[free[a], k] * factored[free[b], k]


@compiled()
def firth_maximise(columns, outcomes, fixed, beta, information):
    """Maximise the penalised likelihood from `beta` on; return it, NaN without a maximum.

    The score is that of Heinze and Schemper 2002 (Statistics in Medicine 21:2409-2419). The
    coefficient at the place `fixed` stays as it is (-1: none); `information`, of all of them, is
    left as its Cholesky factor.
    """
    terms, n = columns.shape
    score, step, sums = np.empty(terms), np.zeros(terms), _sums(columns, outcomes)
    work, bits, leverage = np.empty((4, n)), np.empty(n, np.int64), np.ones((terms + 1, n))
    free = np.array([j for j in range(terms) if j != fixed])
    reduced, right, some = (
        np.empty((free.size, free.size)),
        np.empty(free.size),
        np.empty(free.size),
    )
    eta, products = _log_odds(columns, beta), np.zeros((terms, terms))
    _weighted_products(columns, leverage[terms], 1.0, work[0], products)
    if not factor(products, DEPENDENT):
        return np.nan
    known = (columns, sums, beta, eta, work, bits, leverage, score, information)
    current, share, slope = _firth_evaluate(*known), 1.0, 0.0
    for _ in range(FIRTH_ITERATIONS_MAX):
        if np.isnan(current):
            return current
        right[:] = score[free]
        _write_part(information, free, reduced)
        if not factor(reduced, 0.0):
            return np.nan
        solve(reduced, right, some)
        # The information does not tell how the penalty curves: the slope along the last step does.
        left, before, slope = 0.0, slope, 0.0
        for a in range(free.size):
            left += step[free[a]] * right[a]
            slope += some[a] * right[a]
            step[free[a]] = some[a]
        if before > 0.0:
            share = min(max(share / max(1.0 - left / before, 0.1), 0.1), 10.0)
        size = _move(columns, step, 1.0, beta, eta, work[0])
        share = min(share, LARGEST_FIRTH_STEP / size) if size > 0.0 else 1.0
        if share != 1.0:
            _move(columns, step, share - 1.0, beta, eta, work[0])
        reached = _firth_evaluate(*known)
        while not reached >= current - LIKELIHOOD_NOISE and share > SHARE_MIN:
            share /= 2.0
            _move(columns, step, -share, beta, eta, work[0])
            reached = _firth_evaluate(*known)
        current = reached
        if size < FIRTH_STEP_LIMIT:
            return current
    return np.nan


@many("(n),(n,p),(p)->(p),(p),(p),()", "f8[:],f8[:,:],f8[:],f8[:],f8[:],f8[:],f8[:]")
def firth(event, design, used, coefficients, standard_errors, p_values, log_likelihood):
    """Fit logistic regressions with Firth's penalty.

    Parameters
    ----------
    event, design, used
        As for :func:`logistic`.

    Returns
    -------
    coefficients, standard_errors, p_values : array, shape (..., p)
        Standard errors from the information at the estimate, p values of the penalised
        likelihood-ratio test; NaN for columns that are not used, and of all where the columns
        determine one another. Calendar years that separate the outcome are to be given as
        years since a start: with thousands in the design the fit may not be found.
    log_likelihood : array, shape (...)
        The penalised one, at the maximum.
    """
    coefficients[:] = np.nan
    standard_errors[:] = np.nan
    p_values[:] = np.nan
    log_likelihood[0] = np.nan
    patients, terms = _kept(event, used)
    n, p = patients.shape[0], terms.shape[0]
    if n == 0 or p == 0:
        return
    columns, outcomes = _own(event, design, patients, terms)
    beta, errors, information = np.zeros(p), np.empty(p), np.empty((p, p))
    value = firth_maximise(columns, outcomes, -1, beta, information)
    if np.isnan(value):
        return
    log_likelihood[0] = value
    _write_errors(information, errors)
    for j in range(p):
        coefficients[terms[j]], standard_errors[terms[j]] = beta[j], errors[j]
        # Not from the other coefficients: of columns far from 0 they would be far off.
        start = np.zeros(p)
        less = firth_maximise(columns, outcomes, j, start, information)
        p_values[terms[j]] = normal_tail(np.sqrt(max(2.0 * (value - less), 0.0)))


# --- Stepwise selection by the rules of SPSS ------------------------------------------------------


# Of two tests with the same p, the first in order moves; their last digits do not decide.
SAME_P = 1e-9
VARIABLES_MAX = 63  # with the constant: a model is a mask of 64 bits
ENTER, REMOVE = 0, 1
STAYS, MOVES, SEEN = 0, 1, 2
NO_FIT, LOG_FULL = -1, -2


@compiled()
def _model(variable, mask):
    """List the columns of a model: the constant's and those of its variables."""
    found, many = np.empty(variable.shape[0], np.int64), 0
    for j in range(variable.shape[0]):
        if variable[j] == 0 or (variable[j] > 0 and (mask >> (variable[j] - 1)) & 1):
            found[many] = j
            many += 1
    return found[:many]


@compiled()
def _same(a, b):
    return a == b or abs(a - b) <= SAME_P * max(abs(a), abs(b))


@compiled()
def _mover(tests, action, limit):
    """Return the place of the test that moves: of the smallest p to enter, of the largest to leave.

    A row of `tests` holds a statistic, its degrees of freedom and p. A p of 0 tells nothing apart:
    then the statistic does. -1 if none may move.
    """
    sign, best = (1.0 if action == ENTER else -1.0), -1
    for t in range(tests.shape[0]):
        if not sign * tests[t, 2] < sign * limit:
            continue
        same = best >= 0 and tests[t, 2] == tests[best, 2]
        further = best < 0 or sign * tests[t, 2] < sign * tests[best, 2]
        if further or (same and sign * tests[t, 0] > sign * tests[best, 0]):
            best = t
    for t in range(best):
        alike = _same(tests[t, 0], tests[best, 0]) and tests[t, 1] == tests[best, 1]
        if alike and _same(tests[t, 2], tests[best, 2]):
            return t
    return best


@compiled()
def _tests(columns, outcomes, variable, current, action, names, tests):
    """Write the tests of the variables that may move; return how many, -1 where a fit fails."""
    model, moving = _model(variable, current), 0
    present, beta = columns[model], np.empty(model.shape[0])
    information = np.empty((model.shape[0], model.shape[0]))
    value = _fit(present, outcomes, beta, information)
    if np.isnan(value):
        return NO_FIT
    risk = 1.0 / (1.0 + np.exp(-_log_odds(present, beta)))
    for v in range(variable.max()):
        if (current >> v) & 1 != action:
            continue
        own = np.flatnonzero(variable == v + 1)
        statistic, df = 0.0, own.shape[0]
        if action == ENTER and df:
            statistic, df = _score_test(columns[own], present, information, outcomes, risk)
        elif action == REMOVE:
            fewer = _model(variable, current & ~(1 << v))
            less = _fit(
                columns[fewer],
                outcomes,
                np.empty(fewer.shape[0]),
                np.empty((fewer.shape[0], fewer.shape[0])),
            )
            if np.isnan(less):
                return NO_FIT
            statistic = max(2.0 * (value - less), 0.0)
        names[moving], tests[moving, 0], tests[moving, 1] = v, statistic, df
        tests[moving, 2] = chi_square_tail(statistic, df) if df else np.nan
        moving += 1
    return moving


@compiled()
def select(columns, outcomes, variable, limits, backward, log):
    """Select variables step by step; return the mask of the last model and the rows of the log.

    Columns stand in rows; `variable` numbers the variable that each belongs to from 1, 0 is the
    constant and -1 a column that does not vary. `limits` are those of p to enter and to leave. A
    row of the log: step, mask of the model, action, variable, statistic, df, p, what became of it;
    a log without rows is not written. -1 in place of the mask: a fit has no finite estimates, and
    the second number is the mask of the present model; -2: the log is too short.
    """
    variables, written = max(variable.max(), 0), 0
    current = (1 << variables) - 1 if backward else 0
    step = 1 if backward else 0
    seen, many_seen = np.empty(4 * variables + 64, np.int64), 1
    seen[0] = current
    names, tests = np.empty(variables, np.int64), np.empty((variables, 3))
    action = REMOVE if backward else ENTER
    while True:
        if action == REMOVE and current == 0:
            many = 0
        else:
            many = _tests(columns, outcomes, variable, current, action, names, tests)
        if many == NO_FIT:
            return NO_FIT, current
        mover = _mover(tests[:many], action, limits[action])
        target = current ^ (1 << names[mover]) if mover >= 0 else current
        fate = STAYS if mover < 0 else SEEN if (seen[:many_seen] == target).any() else MOVES
        if written + many > log.shape[0] > 0:
            return LOG_FULL, 0
        for t in range(many if log.shape[0] else 0):
            log[written, 0], log[written, 1], log[written, 2] = step, current, action
            log[written, 3], log[written, 4:7] = names[t], tests[t]
            log[written, 7] = fate if t == mover else STAYS
            written += 1
        if fate == SEEN or (mover < 0 and action == ENTER) or many_seen == seen.shape[0]:
            return current, written
        if fate == MOVES:
            current, step = target, step + 1
            seen[many_seen], many_seen = current, many_seen + 1
        action = ENTER if action == REMOVE and mover < 0 else REMOVE


@compiled()
def _selected(event, design, variable, limits, backward, selected):
    """Run a selection on the patients who are analysed; write which columns are in the model."""
    everything = np.ones(variable.shape[0])
    patients, terms = _kept(event, everything)
    selected[:] = np.nan
    variables = _levels(variable, terms)
    if patients.shape[0] == 0 or not 0 < variables <= VARIABLES_MAX:
        return
    columns, outcomes = _own(event, design, patients, terms)
    own = variable.astype(np.int64)
    settle_columns(columns, own)
    mask, _ = select(columns, outcomes, own, limits, backward, np.empty((0, 8)))
    if mask == NO_FIT:
        return
    for j in range(variable.shape[0]):
        selected[j] = own[j] == 0 or (own[j] > 0 and (mask >> (own[j] - 1)) & 1)


@compiled()
def settle_columns(columns, variable):
    """Put columns of variables on one mean and scale; mark those that do not vary with -1."""
    for j in range(columns.shape[0]):
        if variable[j] == 0:
            continue
        columns[j] -= columns[j].mean()
        scale = np.sqrt((columns[j] * columns[j]).mean())
        if scale > 0.0:
            columns[j] /= scale
        else:
            variable[j] = -1


@many("(n),(n,p),(p),(),()->(p)", "f8[:],f8[:,:],f8[:],f8[:],f8[:],f8[:]")
def forward(event, design, variable, entry, removal, selected):
    """Select variables as SPSS's Forward: LR does, see :func:`rairlib.stats.selection.forward_lr`.

    Parameters
    ----------
    event, design
        As for :func:`logistic`.
    variable : array of float, shape (p,)
        The number of the variable that a column belongs to, from 1; 0 for the constant.
    entry, removal : float
        Limits of p.

    Returns
    -------
    selected : array, shape (..., p)
        1 for the columns of the last model, 0 for the others; NaN where a fit on the way has no
        finite estimates.
    """
    _selected(event, design, variable, np.array([entry[0], removal[0]]), False, selected)


@many("(n),(n,p),(p),(),()->(p)", "f8[:],f8[:,:],f8[:],f8[:],f8[:],f8[:]")
def backward(event, design, variable, entry, removal, selected):
    """Select variables as SPSS's Backward: LR does; arguments and result as :func:`forward`."""
    _selected(event, design, variable, np.array([entry[0], removal[0]]), True, selected)


# --- Cox regression: Newton's method on patients in order of time, the last first --------------


COX_ITERATIONS_MAX = 50
# On columns of one scale, a standard error is in the hundreds at this information.
INFORMATION_MIN = 1e-6


@compiled()
def event_times(time, died):
    """Group patients in order of time, the last first, by the times with events.

    Returns where each group ends, how many events it has, of each patient the first group in which
    she is at risk, that is the latest time, and who has the event.
    """
    n = time.shape[0]
    ends, deaths, group = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    first, many = 0, 0
    while first < n:
        end, here = first, 0
        while end < n and time[end] == time[first]:
            group[end] = many
            here += died[end] != 0.0
            end += 1
        if here:
            ends[many], deaths[many] = end, here
            many += 1
        first = end
    return ends[:many], deaths[:many], group, np.flatnonzero(died)


@compiled()
def _write_running(risk, first, second, out_first, out_second):
    """Write running sums of two columns, each patient with her risk."""
    one = two = 0.0
    for i in range(risk.shape[0]):
        one += risk[i] * first[i]
        two += risk[i] * second[i]
        out_first[i] = one
        out_second[i] = two


@compiled()
def cox_space(terms, n, groups, efron):
    """Return the arrays that :func:`cox_evaluate` writes to."""
    many = groups[1].sum() if efron else groups[1].shape[0]
    patients, steps = np.empty((3, n)), np.empty((2, many))
    hazards = np.empty((2, groups[1].shape[0] + 1))
    return (
        np.empty((terms, n)),
        np.empty((terms, many)),
        (patients[0], patients[1], patients[2]),
        np.empty(n, np.int64),
        (steps[0], steps[1]),
        np.empty(many, np.int64),
        (hazards[0], hazards[1]),
    )


@compiled()
def _write_risks(rows, count, died, beta, bits, log_risk, risk):
    """Write relative risks; return the sum of the logarithms of those with an event."""
    value = 0.0
    log_risk[:] = 0.0
    for j in range(rows.shape[0]):
        for i in range(log_risk.shape[0]):
            log_risk[i] += rows[j, i] * beta[j]
    largest = log_risk.max()
    for i in range(log_risk.shape[0]):
        log_risk[i] -= largest
        value += died[i] * log_risk[i]
    _write_exp(log_risk, bits, risk)
    for i in range(log_risk.shape[0]):
        risk[i] *= count[i]
    return value


@compiled()
def _at_event_times(risk, groups, weight, efron, steps):
    """Write of each step its place, number of events and 1 / sum of risks, and the hazards.

    A step is a time with events or, by Efron's method, an event. Returns the logarithms of the
    sums, and how many steps there are.
    """
    ends, deaths, _, dead = groups
    often, inverse, place, hazard, less = steps
    hazard[:] = 0.0
    less[:] = 0.0
    at_risk, start, step, product, value = 0.0, 0, 0, 1.0, 0.0
    for g in range(deaths.shape[0]):
        for i in range(start, ends[g]):
            at_risk += risk[i]
        parts, times, tied = 1, deaths[g], 0.0
        if efron and deaths[g] > 1:
            parts, times = deaths[g], 1
            for d in range(step, step + deaths[g]):
                tied += risk[dead[d]]
        share, left = 0.0, at_risk
        for k in range(parts):
            if k > 0:
                share = k / parts
                left = at_risk - share * tied
            for _ in range(times):
                product *= left
                if not TINY < product < HUGE:
                    value += np.log(product)
                    product = 1.0
            place[step], often[step], inverse[step] = ends[g] - 1, times * weight[g], 1.0 / left
            hazard[g] += often[step] * inverse[step]
            less[g] += share * often[step] * inverse[step]
            step += 1
        start = ends[g]
    for g in range(deaths.shape[0] - 2, -1, -1):
        hazard[g] += hazard[g + 1]
    return value + np.log(product), step


@compiled()
def cox_evaluate(rows, count, died, groups, weight, efron, beta, space, score, information):
    """Fill score and information (lower triangle); return the log partial likelihood.

    Patients stand in order of time, the last first, one column of `rows` each; `groups` are their
    :func:`event_times`. `count` is 1, or -1 for who is not yet under observation at this time and
    before, and stands once more, later, with 1. Each time with events has a weight: score and
    information are sums of weighted terms. `space` is from :func:`cox_space`.
    """
    terms, n = rows.shape
    group = groups[2]
    running, means, (log_risk, risk, pull), bits, (often, inverse), place, (hazard, less) = space
    value = _write_risks(rows, count, died, beta, bits, log_risk, risk)
    for j in range(0, terms, 2):
        other = min(j + 1, terms - 1)
        _write_running(risk, rows[j], rows[other], running[j], running[other])
    steps = (often, inverse, place, hazard, less)
    logarithms, step = _at_event_times(risk, groups, weight, efron, steps)
    for j in range(terms):
        for k in range(step):
            means[j, k] = running[j, place[k]] * inverse[k]
    if efron:
        _less_tied(rows, risk, groups, inverse, means)
    for i in range(n):
        risk[i] *= hazard[group[i]] - died[i] * less[group[i]]
        pull[i] = (weight[group[i]] if died[i] != 0.0 else 0.0) - risk[i]
    for j in range(terms):
        total = 0.0
        for i in range(n):
            total += pull[i] * rows[j, i]
        score[j] = total
        for i in range(j + 1):
            information[j, i] = 0.0
    _weighted_products(rows, risk, 1.0, pull, information)
    _weighted_products(means, often, -1.0, log_risk, information)
    return value - logarithms


@compiled()
def _less_tied(rows, risk, groups, inverse, means):
    """Take growing shares of those with the event at one time out of the means (Efron 1977)."""
    deaths, dead, first = groups[1], groups[3], 0
    for g in range(deaths.shape[0]):
        last = first + deaths[g]
        for j in range(rows.shape[0] if deaths[g] > 1 else 0):
            tied = 0.0
            for d in range(first, last):
                tied += risk[dead[d]] * rows[j, dead[d]]
            tied /= deaths[g]
            for k in range(first + 1, last):
                means[j, k] -= (k - first) * tied * inverse[k]
        first = last


@compiled()
def cox_maximise(rows, count, died, groups, efron, ridge, beta, information, step_limit=STEP_LIMIT):
    """Fit by Newton's method with step halving; return the log likelihood, NaN without a maximum.

    Arrays as for :func:`cox_evaluate`; `ridge` times half the squares of the coefficients is taken
    off. `beta` is written, and `information` is left as its Cholesky factor.
    """
    terms, n = rows.shape
    score, step, weight = np.empty(terms), np.empty(terms), np.ones(groups[0].shape[0])
    beta[:] = 0.0
    space = cox_space(terms, n, groups, efron)
    known = (rows, count, died, groups, weight, efron, beta, space, score, information)
    current = cox_evaluate(*known)
    for _ in range(COX_ITERATIONS_MAX):
        for j in range(terms):
            information[j, j] += ridge
            score[j] -= ridge * beta[j]
            if not information[j, j] > INFORMATION_MIN:
                return np.nan
        if not factor(information, PIVOT_LIMIT):
            return np.nan
        size, share = solve(information, score, step), 1.0
        beta += step
        reached = _ridged(cox_evaluate(*known), ridge, beta)
        least = current - max(LIKELIHOOD_NOISE, NOISE_SHARE * abs(current))
        while not reached >= least and share > SHARE_MIN:
            share /= 2.0
            beta -= share * step
            reached = _ridged(cox_evaluate(*known), ridge, beta)
        current = reached
        if size < step_limit:
            for j in range(terms):
                information[j, j] += ridge
            return current if factor(information, PIVOT_LIMIT) else np.nan
    return np.nan


@compiled()
def _ridged(value, ridge, beta):
    for j in range(beta.shape[0]):
        value -= ridge / 2.0 * beta[j] * beta[j]
    return value


@compiled()
def _in_order_of_time(time, event, columns, patients, terms):
    """Return rows of one mean and scale, times, events, the last patient first; and the scale."""
    n, p = patients.shape[0], terms.shape[0]
    early = np.empty(n)
    for i in range(n):
        early[i] = -time[patients[i]]
    places = patients[order_of(early)]
    rows, died = _own(event, columns, places, terms)
    scale, times = np.empty(p), np.empty(n)
    for i in range(n):
        times[i] = time[places[i]]
    for j in range(p):
        own, total, square = rows[j], 0.0, 0.0
        for i in range(n):
            total += own[i]
        mean = total / n
        for i in range(n):
            own[i] -= mean
            square += own[i] * own[i]
        scale[j] = np.sqrt(square / n)
        if scale[j] > 0.0:
            inverse = 1.0 / scale[j]
            for i in range(n):
                own[i] *= inverse
    return rows, times, died, scale


@many(
    "(n),(n),(n,p),(p),()->(p),(p),()",
    "f8[:],f8[:],f8[:,:],f8[:],f8[:],f8[:],f8[:],f8[:]",
)
def cox(time, event, columns, used, efron, coefficients, standard_errors, log_likelihood):
    """Fit Cox regressions.

    Parameters
    ----------
    time : array of float, shape (..., n)
        To the event or to the end of observation.
    event : array of float, shape (..., n)
        1 with the event, 0 without, NaN for patients who are not analysed.
    columns : array of float, shape (..., n, p)
        Covariates.
    used : array of float, shape (..., p)
        1 for the columns that are in the model, 0 for the others.
    efron : float
        1 for Efron's handling of ties, 0 for Breslow's.

    Returns
    -------
    coefficients, standard_errors : array, shape (..., p)
        Log hazards in the units of the columns; NaN for columns that are not used, and of all where
        there is no finite estimate.
    log_likelihood : array, shape (...)
        The partial one, at the maximum.
    """
    coefficients[:] = np.nan
    standard_errors[:] = np.nan
    log_likelihood[0] = np.nan
    patients, terms = _kept(event, used)
    n, p = patients.shape[0], terms.shape[0]
    if n == 0 or p == 0:
        return
    rows, times, died, scale = _in_order_of_time(time, event, columns, patients, terms)
    if np.isnan(times).any():
        return
    beta, information = np.empty(p), np.empty((p, p))
    groups = event_times(times, died)
    value = cox_maximise(rows, np.ones(n), died, groups, efron[0] != 0.0, 0.0, beta, information)
    if np.isnan(value):
        return
    log_likelihood[0] = value
    errors = np.empty(p)
    _write_errors(information, errors)
    for j in range(p):
        coefficients[terms[j]] = beta[j] / scale[j]
        standard_errors[terms[j]] = errors[j] / scale[j]


# --- Curves of survival and their comparison --------------------------------------------------


@compiled()
def _by_time(time, event):
    """Return the patients who are analysed by ascending time; none if one has no time."""
    patients, _ = _kept(event, np.empty(0))
    times = np.empty(patients.shape[0])
    for i in range(patients.shape[0]):
        times[i] = time[patients[i]]
        if np.isnan(times[i]):
            return patients[:0]
    return patients[order_of(times)]


@many("(n),(n),(m)->(m),(m)", "f8[:],f8[:],f8[:],f8[:],f8[:]")
def survival_at(time, event, months, survival, standard_error):
    """Read Kaplan-Meier curves at given times.

    Parameters
    ----------
    time, event : array of float, shape (..., n)
        As for :func:`cox`.
    months : array of float, shape (..., m)
        When to read the curve, in the unit of the times.

    Returns
    -------
    survival, standard_error : array, shape (..., m)
        Shares from 0 to 1 and Greenwood's errors. Beyond the last patient they are NaN, but for a
        curve that has come down to 0, whose error is NaN.
    """
    survival[:] = np.nan
    standard_error[:] = np.nan
    places = _by_time(time, event)
    n = places.shape[0]
    for k in range(months.shape[0]):
        left, spread, first = 1.0, 0.0, 0
        while first < n and time[places[first]] <= months[k]:
            end, deaths = first, 0
            while end < n and time[places[end]] == time[places[first]]:
                deaths += event[places[end]] == 1.0
                end += 1
            if deaths:
                at_risk = n - first
                left *= (at_risk - deaths) / at_risk
                spread += deaths / (at_risk * (at_risk - deaths)) if at_risk > deaths else np.nan
            first = end
        if n and (months[k] <= time[places[n - 1]] or left == 0.0):
            survival[k], standard_error[k] = left, left * np.sqrt(spread)


@compiled()
def log_rank_parts(time, event, group, places, groups):
    """Return observed minus expected events of each group, and their covariance (lower triangle).

    `places` are the patients in order of time, the earliest first; groups are numbered from 0.
    """
    n = places.shape[0]
    at_risk, excess, variance = np.zeros(groups), np.zeros(groups), np.zeros((groups, groups))
    for i in range(n):
        at_risk[int(group[places[i]])] += 1.0
    first = 0
    while first < n:
        end, deaths = first, 0
        while end < n and time[places[end]] == time[places[first]]:
            if event[places[end]] == 1.0:
                deaths += 1
                excess[int(group[places[end]])] += 1.0
            end += 1
        if deaths:
            size = n - first
            spread = deaths * (size - deaths) / (max(size - 1.0, 1.0) * size)
            for g in range(groups):
                share = at_risk[g] / size
                excess[g] -= deaths * share
                variance[g, g] += spread * at_risk[g]
                for h in range(g + 1):
                    variance[g, h] -= spread * share * at_risk[h]
        for i in range(first, end):
            at_risk[int(group[places[i]])] -= 1.0
        first = end
    return excess, variance


@many("(n),(n),(n)->(),()", "f8[:],f8[:],f8[:],f8[:],f8[:]")
def log_rank(time, event, group, statistic, df):
    """Compare curves with the log-rank test (Mantel-Cox), as R's ``survdiff``.

    Parameters
    ----------
    time, event : array of float, shape (..., n)
        As for :func:`cox`.
    group : array of float, shape (..., n)
        Groups, numbered from 0.

    Returns
    -------
    statistic, df : array, shape (...)
        χ² and its degrees of freedom. A group that nobody represents at the first event or later
        does not count; NaN without events, with one group, or where all have the event at once.
    """
    statistic[0] = df[0] = np.nan
    places = _by_time(time, event)
    n, first = places.shape[0], 0
    while first < n and event[places[first]] != 1.0:
        first += 1
    if first == n:
        return
    while first > 0 and time[places[first - 1]] == time[places[first]]:
        first -= 1
    places = places[first:]
    groups = _levels(group, places)
    if groups == 0:
        return
    present = np.zeros(groups, np.int64)
    for i in range(places.shape[0]):
        present[int(group[places[i]])] = 1
    excess, variance = log_rank_parts(time, event, group, places, groups)
    # The last of the groups follows from the others.
    degrees = present.sum() - 1
    kept = np.flatnonzero(present)[:degrees]
    if degrees < 1 or not variance[kept[0], kept[0]] > 0.0:
        return
    reduced, right, solution = np.empty((degrees, degrees)), np.empty(degrees), np.empty(degrees)
    for g in range(degrees):
        right[g] = excess[kept[g]]
        for h in range(g + 1):
            reduced[g, h] = variance[kept[g], kept[h]]
    if factor(reduced):
        solve(reduced, right, solution)
        statistic[0], df[0] = (right * solution).sum(), degrees


# --- Scores against outcomes: areas, cut-offs, comparisons of two groups ------------------------


@compiled()
def _by_score(event, score):
    """Return the patients who are analysed by ascending score, and how many have the event."""
    places, with_event = _by_time(score, event), 0
    for place in places:
        with_event += event[place] == 1.0
    return places, with_event


@many("(n),(n)->(),(),()", "f8[:],f8[:],f8[:],f8[:],f8[:]")
def auc(event, score, area, hanley_mcneil_error, delong_error):
    """Return areas under ROC curves with both standard errors in use.

    Parameters
    ----------
    event : array of float, shape (..., n)
        1 with the outcome, 0 without, NaN for patients who are not analysed.
    score : array of float, shape (..., n)
        Larger values speak for the outcome; ties count half.

    Returns
    -------
    area, hanley_mcneil_error, delong_error : array, shape (...)
        As :func:`rairlib.stats.roc.auc_estimate` defines them; NaN where a group is empty, and
        DeLong's where one has a single patient.
    """
    area[0] = hanley_mcneil_error[0] = delong_error[0] = np.nan
    places, positive = _by_score(event, score)
    n = places.shape[0]
    negative = n - positive
    if positive == 0 or negative == 0:
        return
    below_0, below_1, first = 0, 0, 0
    total = q1 = q2 = square_1 = square_0 = 0.0
    while first < n:
        end, ones = first, 0
        while end < n and score[places[end]] == score[places[first]]:
            ones += event[places[end]] == 1.0
            end += 1
        zeros = end - first - ones
        above = positive - below_1 - ones
        # Of a patient with these scores: the share of the other group below, ties counted half.
        share_1, share_0 = (below_0 + zeros / 2.0) / negative, (above + ones / 2.0) / positive
        total += ones * share_1
        square_1 += ones * share_1 * share_1
        square_0 += zeros * share_0 * share_0
        q1 += zeros * (above * above + above * ones + ones * ones / 3.0)
        q2 += ones * (below_0 * below_0 + below_0 * zeros + zeros * zeros / 3.0)
        below_0, below_1, first = below_0 + zeros, below_1 + ones, end
    a = total / positive
    # Counts beyond 2**53 lose digits in a product: divided one after the other.
    q1 = q1 / negative / positive / positive
    q2 = q2 / positive / negative / negative
    variance = a * (1 - a) + (positive - 1) * (q1 - a * a) + (negative - 1) * (q2 - a * a)
    area[0], hanley_mcneil_error[0] = a, np.sqrt(max(variance, 0.0) / positive / negative)
    if min(positive, negative) > 1:
        spread_1 = (square_1 - positive * a * a) / (positive - 1)
        spread_0 = (square_0 - negative * a * a) / (negative - 1)
        delong_error[0] = np.sqrt(max(spread_1 / positive + spread_0 / negative, 0.0))


@many("(n),(n)->(),(),()", "f8[:],f8[:],f8[:],f8[:],f8[:]")
def best_cutoff(event, score, cutoff, sensitivity, specificity):
    """Return the cut-offs with the largest Youden index, the lowest of several.

    Parameters
    ----------
    event, score : array of float, shape (..., n)
        As for :func:`auc`; a score of at least the cut-off is positive.

    Returns
    -------
    cutoff, sensitivity, specificity : array, shape (...)
        The cut-off as SPSS lists it: one less than the smallest score, a midpoint, or one more than
        the largest; NaN where a group is empty.
    """
    cutoff[0] = sensitivity[0] = specificity[0] = np.nan
    places, positive = _by_score(event, score)
    n = places.shape[0]
    negative = n - positive
    if positive == 0 or negative == 0:
        return
    caught, cleared, first = positive, 0, 0
    best, place, hits, spared = positive * negative, 0, positive, 0
    while first < n:
        end = first
        while end < n and score[places[end]] == score[places[first]]:
            if event[places[end]] == 1.0:
                caught -= 1
            else:
                cleared += 1
            end += 1
        # Compared as integers, so that no tie is lost to rounding.
        if caught * negative + cleared * positive > best:
            best, place, hits, spared = caught * negative + cleared * positive, end, caught, cleared
        first = end
    sensitivity[0], specificity[0] = hits / positive, spared / negative
    if place == 0:
        cutoff[0] = score[places[0]] - 1.0
    elif place == n:
        # Beyond the largest number that 1 can be added to, the next one.
        largest = score[places[n - 1]]
        cutoff[0] = max(largest + 1.0, np.nextafter(largest, np.inf))
    else:
        low, high = score[places[place - 1]], score[places[place]]
        middle = (low + high) / 2.0
        # Between neighbours among the floats a midpoint rounds to either; only the upper separates.
        cutoff[0] = middle if middle > low else high


@many("(n),(n)->(),()", "f8[:],f8[:],f8[:],f8[:]")
def mann_whitney(event, values, z, p):
    """Compare two groups by ranks: tie-corrected, without continuity correction.

    Parameters
    ----------
    event : array of float, shape (..., n)
        1 and 0 for the groups, NaN for patients who are not compared.
    values : array of float, shape (..., n)
        What is compared.

    Returns
    -------
    z, p : array, shape (...)
        The normal deviate, positive where group 1 has the higher ranks, and its two-sided p; NaN
        where a group is empty or all values are equal.
    """
    z[0] = p[0] = np.nan
    places, ones = _by_score(event, values)
    n = places.shape[0]
    zeros, first, ranks, ties = n - ones, 0, 0.0, 0.0
    if ones == 0 or zeros == 0:
        return
    while first < n:
        end, here = first, 0
        while end < n and values[places[end]] == values[places[first]]:
            here += event[places[end]] == 1.0
            end += 1
        same = float(end - first)
        ranks += here * (first + end + 1) / 2.0
        ties += same * same * same - same
        first = end
    variance = ones * float(zeros) / 12.0 * (n + 1.0 - ties / (n * (n - 1.0)))
    if variance > 0.0:
        z[0] = (ranks - ones * (n + 1.0) / 2.0) / np.sqrt(variance)
        p[0] = normal_tail(z[0])


@many("(n),(n)->(),()", "f8[:],f8[:],f8[:],f8[:]")
def student(event, values, t, p):
    """Compare two means by Student's test, equal variances.

    Parameters
    ----------
    event, values : array of float, shape (..., n)
        As for :func:`mann_whitney`.

    Returns
    -------
    t, p : array, shape (...)
        Positive where group 1 has the larger mean; NaN where a group is empty, three patients are
        not there, or the values do not vary within the groups.
    """
    t[0] = p[0] = np.nan
    size, mean, squares = np.zeros(2), np.zeros(2), np.zeros(2)
    patients, _ = _kept(event, np.empty(0))
    for i in patients:
        size[int(event[i])] += 1.0
        mean[int(event[i])] += values[i]
    if size.min() == 0.0 or size.sum() < 3.0:
        return
    mean /= size
    largest = 0.0
    for i in patients:
        away = values[i] - mean[int(event[i])]
        squares[int(event[i])] += away * away
        largest = max(largest, abs(values[i]))
    df = size.sum() - 2.0
    error = np.sqrt(squares.sum() / df * (1.0 / size[0] + 1.0 / size[1]))
    # Deviations from a mean differ in their last digits where they should be equal.
    if error > 1e-13 * largest:
        t[0] = (mean[1] - mean[0]) / error
        p[0] = t_tail(t[0], df)


@compiled()
def _counts(event, level):
    """Count patients by level and outcome, levels numbered from 0; no rows if one cannot be."""
    patients, _ = _kept(event, np.empty(0))
    counts = np.zeros((_levels(level, patients), 2))
    for i in patients if counts.shape[0] else patients[:0]:
        counts[int(level[i]), int(event[i])] += 1.0
    return counts


@many("(n),(n)->(),(),()", "f8[:],f8[:],f8[:],f8[:],f8[:]")
def pearson(event, level, statistic, df, p):
    """Test whether outcomes differ between levels by Pearson's χ², without correction.

    Parameters
    ----------
    event : array of float, shape (..., n)
        1 with the outcome, 0 without, NaN for patients who are not compared.
    level : array of float, shape (..., n)
        Levels, numbered from 0; those without patients do not count.

    Returns
    -------
    statistic, df, p : array, shape (...)
        NaN where the outcome or the level does not vary.
    """
    statistic[0] = df[0] = p[0] = np.nan
    counts = _counts(event, level)
    with_event, total, present, value = counts[:, 1].sum(), counts.sum(), 0, 0.0
    if with_event == 0.0 or with_event == total:
        return
    share = with_event / total
    for k in range(counts.shape[0]):
        size = counts[k, 0] + counts[k, 1]
        if size > 0.0:
            present += 1
            away = counts[k, 1] - size * share
            value += away * away / (size * share * (1.0 - share))
    if present > 1:
        statistic[0], df[0] = value, present - 1
        p[0] = chi_square_tail(value, present - 1)


@many("(n),(n)->()", "f8[:],f8[:],f8[:]")
def fisher(event, level, p):
    """Test independence in 2×2 tables by Fisher's exact test, two-sided.

    Parameters
    ----------
    event, level : array of float, shape (..., n)
        As for :func:`pearson`; two levels, 0 and 1.

    Returns
    -------
    p : array, shape (...)
        The probability of all tables that are no likelier than this one; NaN where a margin is
        empty or there are more levels.
    """
    p[0] = np.nan
    counts = _counts(event, level)
    if counts.shape[0] != 2:
        return
    row, column, total = counts[1].sum(), counts[:, 1].sum(), counts.sum()
    if min(row, total - row, column, total - column) == 0.0:
        return
    low, high = max(0.0, row + column - total), min(row, column)
    # Relative to the likeliest table, so that nothing overflows.
    mode = min(max(np.floor((row + 1.0) * (column + 1.0) / (total + 2.0)), low), high)
    chances = np.empty(int(high - low) + 1)
    chances[int(mode - low)] = 1.0
    for k in range(int(mode - low), int(high - low)):
        x = low + k
        odds = (row - x) * (column - x) / ((x + 1.0) * (total - row - column + x + 1.0))
        chances[k + 1] = chances[k] * odds
    for k in range(int(mode - low), 0, -1):
        x = low + k
        odds = x * (total - row - column + x) / ((row - x + 1.0) * (column - x + 1.0))
        chances[k - 1] = chances[k] * odds
    limit, inside, whole = chances[int(counts[1, 1] - low)] * (1.0 + 1e-7), 0.0, 0.0
    for k in range(chances.shape[0]):
        whole += chances[k]
        if chances[k] <= limit:
            inside += chances[k]
    p[0] = min(inside / whole, 1.0)
