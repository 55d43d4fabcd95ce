"""A logistic model of two covariates, fitted again and again inside a compiled loop."""

from math import exp, sqrt

import numpy as np
from numba import njit

ITERATIONS = 30
CONVERGED = 1e-10
# A coefficient beyond this, per unit of a covariate, means separation.
DIVERGED = 5.0


@njit(cache=True)
def fit_logistic(event, first, second, coefficients, covariance, risks):
    """Fit logit P(event) = b₀ + b₁·first + b₂·second by Newton's method, in place.

    Parameters
    ----------
    event, first, second : ndarray of float, shape (n,)
        Outcome (0 or 1) and the two covariates.
    coefficients : ndarray, shape (3,)
        Starting values; the estimates on return.
    covariance : ndarray, shape (3, 3)
        Inverse of the observed information on return.
    risks : ndarray, shape (n,)
        Fitted probabilities on return, to within the last step.

    Returns
    -------
    bool
        Whether the iterations converged.
    """
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
    """Return the root of Rao's score statistic of one more covariate in a fitted model.

    Parameters
    ----------
    event, first, second, added : ndarray of float, shape (n,)
        Outcome, the covariates of the model, the covariate to be tested.
    risks, covariance : ndarray
        As :func:`fit_logistic` leaves them.

    Returns
    -------
    float
        A normal deviate without sign; 0 if the covariate is a combination of the others.
    """
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
