"""Cleveland's lowess without robustness steps, point for point as R computes it.

The package statsmodels has lowess too; where risks are tied it differs from R by up to 1e-6, and a
calibration curve should not depend on the software.
"""

import numpy as np
from numba import njit

from rairlib.errors import RairlibError
from rairlib.observation import aligned, finite, number

SPAN = 2 / 3
# Points nearer than this share of the range to the last fitted one are interpolated.
DELTA_SHARE = 0.01
NEAR, FAR = 0.001, 0.999


@njit(cache=True, nogil=True)
def _local_line(x, y, at, left, right, weights):
    """Return the value at one point of the line fitted with tricube weights."""
    n = x.shape[0]
    width = max(at - x[left], x[right] - at)
    total, end = 0.0, left
    while end < n:
        distance = abs(x[end] - at)
        weights[end] = 0.0
        if distance <= FAR * width:
            near = distance <= NEAR * width
            weights[end] = 1.0 if near else (1.0 - (distance / width) ** 3) ** 3
            total += weights[end]
        elif x[end] > at:
            break
        end += 1
    used, values = weights[left:end] / total, x[left:end]
    if width > 0.0:
        centre = (used * values).sum()
        spread = (used * (values - centre) ** 2).sum()
        if np.sqrt(spread) > NEAR * (x[n - 1] - x[0]):
            used = used * ((at - centre) / spread * (values - centre) + 1.0)
    return (used * y[left:end]).sum()


@njit(cache=True, nogil=True)
def _smooth(x, y, neighbours, delta):
    n = x.shape[0]
    fitted, weights = np.empty(n), np.empty(n)
    left, right, last, i = 0, neighbours - 1, -1, 0
    while True:
        while right < n - 1 and x[i] - x[left] > x[right + 1] - x[i]:
            left += 1
            right += 1
        fitted[i] = _local_line(x, y, x[i], left, right, weights)
        for j in range(last + 1, i):
            share = (x[j] - x[last]) / (x[i] - x[last])
            fitted[j] = share * fitted[i] + (1.0 - share) * fitted[last]
        last = i
        cut = x[last] + delta
        i = last + 1
        while i < n and x[i] <= cut:
            if x[i] == x[last]:
                fitted[i] = fitted[last]
                last = i
            i += 1
        i = max(last + 1, i - 1)
        if last >= n - 1:
            return fitted


def lowess(x, y, span: float = SPAN) -> tuple[np.ndarray, np.ndarray]:
    """Smooth y over x by local lines with tricube weights.

    Parameters
    ----------
    x, y : array-like of float, shape (n,)
        Without missing values; at least two.
    span : float
        Share of the points that each local line uses, above 0 and at most 1.

    Returns
    -------
    x, fitted : ndarray of float
        Distinct values of x, ascending, and the smoothed y at each; equal to R's
        ``lowess(x, y, f = span, iter = 0)`` (Cleveland 1979, Journal of the American Statistical
        Association 74:829-836).

    Raises
    ------
    RairlibError
        If a value is missing, there are fewer than two, or the span is out of range.
    """
    x, y = aligned(x=x, y=y)
    x, y, span = finite("x", x), finite("y", y), number("span", span)
    if x.shape != y.shape or x.ndim != 1 or x.size < 2:
        raise RairlibError("lowess needs two or more pairs of x and y")
    if not 0 < span <= 1:
        raise RairlibError(f"span: {span} is not above 0 and at most 1")
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    neighbours = max(2, min(x.size, int(span * x.size + 1e-7)))
    fitted = _smooth(x, y, neighbours, DELTA_SHARE * (x[-1] - x[0]))
    first = np.concatenate([[True], np.diff(x) > 0])
    return x[first], fitted[first]
