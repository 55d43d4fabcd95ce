"""Draw measured values with printed medians, quartiles and ranges in several groups at once.

A printed quantile fixes one or two values at known ranks of its group. These values cut the scale
into points and the intervals between them; which patient lies in which of them is an assignment
with linear bounds on counts, solved as an integer program that stays as close as possible to a
random draw. Within its point or interval a value is free.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from rairlib.cohorts.whole_numbers import AnchorError
from rairlib.registry.printed import Printed

PROBABILITIES = {"minimum": 0.0, "q1": 0.25, "median": 0.5, "q3": 0.75, "maximum": 1.0}
# A fraction of the value: how far apart the two neighbours of a printed quantile may lie.
WIDEST_GAP = 0.03
PIN_TRIES = 25
# Nobody is put exactly on a printed value without need.
POINT_COST = 0.05
# Not printed: how the tails thin out, as shares of patients beyond shares of the tail's width.
LOWER_TAIL, UPPER_TAIL = (0.04, 0.6), (0.97, 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantileTarget:
    """One printed quantile, minimum or maximum of a group.

    Attributes
    ----------
    group : str
        Name of the group, for messages.
    members : ndarray of bool, shape (n,)
        Who belongs to it.
    statistic : str
        ``minimum``, ``q1``, ``median``, ``q3`` or ``maximum``; quartiles are SPSS's HAVERAGE.
    printed : Printed
        As printed.
    """

    group: str
    members: np.ndarray
    statistic: str
    printed: Printed


def draw_with_quantiles(
    low: Sequence[float],
    high: Sequence[float],
    targets: Sequence[QuantileTarget],
    step: float,
    rng: np.random.Generator,
    preferred: Sequence[float] | None = None,
    logarithmic: bool = False,
) -> np.ndarray:
    """Draw values that have all printed quantiles, each within its own limits.

    Parameters
    ----------
    low, high : sequence of float, shape (n,)
        Inclusive limits of each value.
    targets : sequence of QuantileTarget
        Groups may be nested or cross each other.
    step : float
        Values are multiples of it.
    rng : numpy Generator
        Source of randomness.
    preferred : sequence of float, shape (n,), optional
        What each value is if the quantiles allow it; where missing (NaN), drawn between the
        quantiles of the smallest group with a median that the patient belongs to.
    logarithmic : bool
        Whether values are spread and distances measured on a log scale (limits above 0).

    Returns
    -------
    ndarray of float, shape (n,)
        Multiples of `step`, rounded to the decimals of the step.

    Raises
    ------
    AnchorError
        If a patient's limits hold no multiple of the step, or no values have the quantiles.
    """
    scale = _Scale(step, logarithmic)
    low = np.ceil(np.asarray(low, dtype=float) / step - 1e-9).astype(np.int64)
    high = np.floor(np.asarray(high, dtype=float) / step + 1e-9).astype(np.int64)
    if (low > high).any():
        at = int(np.argmax(low > high))
        raise AnchorError(f"value {at + 1}: its limits hold no multiple of {step:g}")
    wanted = _spread_out(low, high, targets, scale, rng)
    if preferred is not None:
        given = np.asarray(preferred, dtype=float) / step
        wanted = np.where(np.isnan(given), wanted, np.nan_to_num(given).round().astype(np.int64))
    wanted = np.clip(wanted, low, high)
    for attempt in range(PIN_TRIES):
        pins = [pin for target in targets for pin in _pins(target, step, rng, attempt)]
        values = _assign(low, high, wanted, pins, scale, rng)
        if values is not None:
            return np.round(values * step, 6)
    named = ", ".join(f"{t.statistic} {t.printed.text} of {t.group}" for t in targets)
    raise AnchorError(f"no values within their limits have {named}")


@dataclass(frozen=True, slots=True)
class _Scale:
    """Steps, and the scale on which values are spread out."""

    step: float
    logarithmic: bool

    def place(self, steps):
        steps = np.asarray(steps, dtype=float)
        return np.log(np.maximum(steps, 0.5)) if self.logarithmic else steps

    def value(self, place):
        return np.round(np.exp(place) if self.logarithmic else place).astype(np.int64)


def _pins(target: QuantileTarget, step: float, rng, attempt: int) -> list[tuple]:
    """Choose what makes the quantile: members, rank (1 = smallest), value in steps."""
    n = int(target.members.sum())
    if n == 0:
        raise AnchorError(f"{target.group}: no patients to have a {target.statistic}")
    position = min(max(PROBABILITIES[target.statistic] * (n + 1), 1.0), float(n))
    rank = int(position)
    weight = position - rank  # of the next value
    low, high = target.printed.low / step, target.printed.high / step
    if target.printed.low == target.printed.high:  # number words
        low, high = low - 0.5, high + 0.5
    widest = max(2, int(WIDEST_GAP * abs(target.printed.value) / step)) if weight else 0
    # The first tries keep neighbours apart as in real data; the last ones let them tie.
    widest = 0 if attempt > 2 * PIN_TRIES // 3 else widest
    slack = 1e-6
    pairs = []
    for gap in rng.permutation(widest + 1):
        first = np.arange(
            np.floor(low - weight * gap) - 1, np.ceil(high - weight * gap) + 2, dtype=np.int64
        )
        # A quantile halfway between two prints would depend on how ties are rounded.
        quantile = first + weight * gap
        pairs = [
            (a, a + int(gap)) for a in first[(quantile > low + slack) & (quantile < high - slack)]
        ]
        if pairs:
            break
    if not pairs:
        raise AnchorError(
            f"{target.group}: no multiple of {step:g} prints as {target.statistic} "
            f"{target.printed.text}"
        )
    if not weight:  # a value itself is taken as printed, not as what else rounds to the print
        pairs = [min(pairs, key=lambda pair: abs(pair[0] - target.printed.value / step))]
    lower, upper = pairs[rng.integers(len(pairs))]
    pins = [(target.members, rank, int(lower)), (target.members, rank + 1, int(upper))]
    return pins if weight else pins[:1]


def _spread_out(low, high, targets, scale: _Scale, rng) -> np.ndarray:
    """Draw values between the printed quantiles of each patient's smallest group."""
    wanted = np.empty(low.size, dtype=np.int64)
    groups = _groups(targets)
    for i in range(low.size):
        mine = [g for g in groups if g[0][i]]
        curve = _quantile_curve(mine, low[i], high[i], scale)
        for _ in range(100):
            value = scale.value(np.interp(rng.random(), *curve))
            if low[i] <= value <= high[i]:
                break
        else:
            value = scale.value(rng.uniform(*scale.place([low[i], high[i]])))
        wanted[i] = value
    return wanted


def _groups(targets) -> list[tuple[np.ndarray, dict[float, float]]]:
    """Return members and printed quantiles of each group, smallest group first."""
    found: dict[str, tuple] = {}
    for target in targets:
        _, quantiles = found.setdefault(target.group, (target.members, {}))
        quantiles[PROBABILITIES[target.statistic]] = target.printed.value
    return sorted(found.values(), key=lambda group: group[0].sum())


def _quantile_curve(groups, low: int, high: int, scale: _Scale) -> tuple[list, list]:
    """Return probabilities and places; ends and tails come from wider groups or the limits."""
    quantiles = {0.0: low * scale.step, 1.0: high * scale.step}
    for _, printed in reversed(groups):
        quantiles |= {p: v for p, v in printed.items() if p in (0.0, 1.0)}
    inner = next((printed for _, printed in groups if 0.5 in printed), {})
    quantiles |= inner
    curve = {p: float(scale.place(v / scale.step)) for p, v in quantiles.items()}
    if 0.25 in curve:
        share, width = LOWER_TAIL
        curve[share] = curve[0.25] + width * (curve[0.0] - curve[0.25])
    if 0.75 in curve:
        share, width = UPPER_TAIL
        curve[share] = curve[0.75] + width * (curve[1.0] - curve[0.75])
    ordered = sorted(curve.items())
    return [p for p, _ in ordered], list(np.maximum.accumulate([v for _, v in ordered]))


def _assign(low, high, wanted, pins, scale: _Scale, rng) -> np.ndarray | None:
    """Place every value in a bin so that the pins hold, close to what is wanted."""
    bin_low, bin_high = _bins(pins, low.min(), high.max())
    first = np.maximum(low[:, None], bin_low)
    last = np.minimum(high[:, None], bin_high)
    patient, bin_ = np.nonzero(first <= last)
    nearest = np.clip(wanted[patient], first[patient, bin_], last[patient, bin_])
    distance = abs(scale.place(nearest) - scale.place(wanted[patient]))
    unit = np.ptp(scale.place([low.min(), high.max()])) or 1.0
    # Whoever has to move is left to chance.
    cost = distance / unit * rng.uniform(0.5, 1.5, low.size)[patient]
    cost = cost + POINT_COST * ((bin_low == bin_high)[bin_] & (distance > 0))
    result = milp(
        cost,
        integrality=np.ones(cost.size),
        bounds=Bounds(0, 1),
        constraints=_constraints(patient, bin_low[bin_], pins, low.size),
        options={"mip_rel_gap": 0.02},
    )
    if result.x is None:
        return None
    patient, bin_ = patient[result.x > 0.5], bin_[result.x > 0.5]
    values = np.empty(low.size, dtype=np.int64)
    values[patient] = _within(
        first[patient, bin_], last[patient, bin_], wanted[patient], scale, rng
    )
    return values


def _bins(pins, lowest: int, highest: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the pinned points and of the intervals between them, ascending."""
    points = np.unique([value for _, _, value in pins]).astype(np.int64)
    edges = np.concatenate([[min(lowest, *points) - 1], points, [max(highest, *points) + 1]])
    bin_low = np.concatenate([points, edges[:-1] + 1])
    bin_high = np.concatenate([points, edges[1:] - 1])
    kept = bin_low <= bin_high
    order = np.argsort(bin_low[kept])
    return bin_low[kept][order], bin_high[kept][order]


def _constraints(patient, at, pins, n: int) -> list[LinearConstraint]:
    """Everybody is in one bin; each pin bounds how many members lie below and up to its value."""
    counts, lower, upper = [], [], []
    for members, rank, value in pins:
        counts += [members[patient] & (at < value), members[patient] & (at <= value)]
        lower += [0, rank]
        upper += [rank - 1, np.inf]
    everybody = np.arange(n)[:, np.newaxis] == patient
    return [LinearConstraint(everybody, 1, 1), LinearConstraint(np.array(counts), lower, upper)]


def _within(first, last, wanted, scale: _Scale, rng) -> np.ndarray:
    """Keep what is wanted where it lies in the bin, and draw anew elsewhere."""
    low, high = scale.place(first), scale.place(last)
    # The smaller share of two draws: the value lies rather on the side it came from.
    share = rng.random((2, first.size)).min(axis=0)
    share = np.where(wanted > last, 1 - share, share)
    drawn = np.clip(scale.value(low + share * (high - low)), first, last)
    return np.where((wanted >= first) & (wanted <= last), wanted, drawn)
