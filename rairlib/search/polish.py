"""The last digits: sums of small moves whose effects cancel what is left of the residuals.

The effects of small moves on all residuals nearly add up. All pairs are compared by one matrix
product, the best ones and some random ones are extended greedily, and what promises most is
computed exactly. Energies count: a number far off costs little more than one just missed, so
that the numbers that cannot be met do not hold back the others.
"""

from dataclasses import dataclass

import numpy as np

from rairlib.search.all_residuals import all_effects, all_residuals
from rairlib.search.cox_fit import fitted_rows
from rairlib.search.cox_terms import Design
from rairlib.search.schedule import Schedule
from rairlib.search.small_moves import SmallMoves, list_small_moves, make_move
from rairlib.search.timeline import Timing

SMALLEST_EFFECT = 1e-7
LARGEST_EFFECT = 30.0
SLOPE = 0.02  # of the energy beyond the ceiling
DEPTH = 3
LOOKED_UP = 4  # pairs by the sum of squares, for each one kept by the energy
PAIRS_KEPT = 400
EXTENSIONS_KEPT = 15
EXTENSIONS = 40
CHOICES = 3
MIN_GAIN = 1e-9


@dataclass(frozen=True, slots=True)
class Cohort:
    """A cohort whose order in time may change.

    Attributes
    ----------
    rows : ndarray of int64, shape (n, P)
        Covariates.
    classes, at_risk : ndarray of int64, shape (n,)
        Class; events at which each patient is at risk.
    """

    rows: np.ndarray
    classes: np.ndarray
    at_risk: np.ndarray


@dataclass(frozen=True, slots=True)
class Print:
    """What a cohort is compared with.

    Attributes
    ----------
    design : Design
        Of the Cox rows.
    timing : Timing
        Of the rates and log-rank statistics.
    until : ndarray of int64, shape (marks + 1,)
        Events up to each mark, all events last.
    """

    design: Design
    timing: Timing
    until: np.ndarray

    def residuals(self, cohort: Cohort) -> np.ndarray:
        """Return all residuals of a cohort, in half units."""
        return all_residuals(
            cohort.rows, cohort.classes, cohort.at_risk, self.design, self.timing, self.until
        )

    def weights(self) -> np.ndarray:
        """Return the weight of each residual: 0 for what is not printed or searched later."""
        design, timing = self.design, self.timing
        several = np.isin(np.arange(len(design.beta)), design.free) | (design.place >= 0)
        printed = np.isfinite(design.half).all(1)
        single = np.repeat((several & printed).astype(float), 3)
        timeline = len(timing.rate_marks) + len(timing.logrank_groups)
        return np.concatenate([single, np.ones(3 * len(design.model)), timing.weight[:timeline]])

    def at_maximum(self, cohort: Cohort) -> "Print":
        """Return the print with Newton steps from the coefficients that fit a cohort."""
        design = self.design._replace(at_risk=cohort.at_risk)
        one, several = fitted_rows(cohort.rows, design)
        beta, model_beta = np.log(one[:, 0]), np.log(several[:, 0])
        design = self.design._replace(
            beta=np.where(np.isfinite(beta), beta, design.beta),
            model_beta=model_beta if np.isfinite(model_beta).all() else design.model_beta,
        )
        return Print(design, self.timing, self.until)

    def has_marks(self, at_risk: np.ndarray) -> bool:
        """Whether the printed times can lie within their bounds."""
        low, high = mark_ranges(at_risk, self.until)
        low = np.maximum(low, self.timing.marks_low)
        return bool((low <= np.minimum(high, self.timing.marks_high)).all())


def mark_ranges(at_risk: np.ndarray, until: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions between which each mark may lie.

    Parameters
    ----------
    at_risk : ndarray of int64, shape (n,)
        Events at which each patient is at risk.
    until : ndarray of int64, shape (marks + 1,)
        Events up to each mark, all events last.

    Returns
    -------
    low, high : ndarray of int64, shape (marks,)
        Position of the last event up to the mark; position before the next event.
    """
    ended = np.cumsum(np.bincount(at_risk, minlength=until[-1] + 2))
    before = until[:-1] - 1
    low = np.where(until[:-1] > 0, ended[np.maximum(before, 0)] + 1, 0)
    return low, ended[until[:-1]]


def counting_energy(residuals: np.ndarray, weights: np.ndarray, schedule: Schedule) -> np.ndarray:
    """Return the energy of residuals (…, numbers): squared excess up to a ceiling, then flat."""
    excess = np.maximum(np.abs(residuals) - schedule.inside, 0.0)
    square = excess * excess
    return ((np.minimum(square, schedule.polish_ceiling) + SLOPE * square) * weights).sum(-1)


class _Lookup:
    """Sums of effects of a list of moves, compared by matrix products."""

    def __init__(self, base, effects, weights, schedule: Schedule, rng) -> None:
        self.base, self.effects, self.weights = base, effects, weights
        self.schedule, self.rng = schedule, rng
        self.light = (effects * np.sqrt(weights)).astype(np.float32)
        self.gram = self.light @ self.light.T

    def energy(self, residuals: np.ndarray) -> np.ndarray:
        return counting_energy(residuals, self.weights, self.schedule)

    def pairs(self, residuals: np.ndarray, many: int, among=None):
        """Return pairs of moves (a move with itself: alone) and their energies, best first."""
        among = np.arange(len(self.light)) if among is None else among
        light, gram = self.light[among], self.gram[np.ix_(among, among)]
        gain = np.diag(gram) + 2 * light @ (residuals * np.sqrt(self.weights)).astype(np.float32)
        sums = gain[:, None] + gain[None, :] + 2 * gram
        np.fill_diagonal(sums, gain)
        look = min(LOOKED_UP * many, sums.size)
        lowest = np.argpartition(sums.ravel(), look - 1)[:look]
        one, other = np.unravel_index(lowest, sums.shape)
        one, other = among[one[one <= other]], among[other[one <= other]]
        second = np.where((one != other)[:, None], self.effects[other], 0.0)
        energies = self.energy(residuals + self.effects[one] + second)
        order = np.lexsort((other, one, energies))[:many]
        return one[order], other[order], energies[order]

    def grow(self, chosen: list[int], touches, found: dict) -> None:
        """Extend a set of moves a few times by pairs among random moves; keep what is seen."""
        count = len(self.light)
        for depth in range(DEPTH):
            size = min(count, self.schedule.polish_beam)
            among = np.sort(self.rng.choice(count, size, replace=False))
            residuals = self.base + self.effects[chosen].sum(0)
            one, other, energies = self.pairs(residuals, EXTENSIONS, among)
            if depth == 0:
                for a, c, energy in list(zip(one, other, energies, strict=True))[:EXTENSIONS_KEPT]:
                    found[frozenset({*chosen, int(a), int(c)})] = float(energy)
            last = depth + 1 == DEPTH
            choice = 0 if last else int(self.rng.integers(min(CHOICES, len(one))))
            for move in dict.fromkeys((int(one[choice]), int(other[choice]))):
                if move in chosen:
                    chosen.remove(move)
                elif not any(touches[move] & touches[kept] for kept in chosen):
                    chosen.append(move)
            if not chosen:
                return
            energy = float(self.energy(self.base + self.effects[chosen].sum(0)))
            found[frozenset(chosen)] = energy

    def promising(self, touches) -> list[list[int]]:
        """Return sets of moves, the most promising first."""
        one, other, energies = self.pairs(self.base, self.schedule.polish_pairs)
        pairs = [sorted({int(a), int(c)}) for a, c in zip(one, other, strict=True)]
        found = {
            frozenset(pair): float(energy)
            for pair, energy in zip(pairs[:PAIRS_KEPT], energies, strict=False)
        }
        starts = pairs[: self.schedule.polish_seeds]
        for _ in range(self.schedule.polish_seeds):
            starts.append(pairs[self.rng.integers(len(pairs))])
        for number in range(self.schedule.polish_random):
            starts.append(self.rng.integers(len(self.light), size=1 + number % 2).tolist())
        for start in starts:
            if len(start) == 1 or not touches[start[0]] & touches[start[1]]:
                self.grow(list(dict.fromkeys(start)), touches, found)
        ordered = sorted((energy, sorted(chosen)) for chosen, energy in found.items())
        return [chosen for _, chosen in ordered]


def _made(cohort: Cohort, moves: SmallMoves, chosen: list[int], touches) -> Cohort | None:
    """Return a cohort after some moves, or nothing if they get in each other's way."""
    if sum(len(touches[move]) for move in chosen) > len(set().union(*map(touches.get, chosen))):
        return None
    rows, at_risk = cohort.rows.copy(), cohort.at_risk.copy()
    for move in chosen:
        make_move(move, 1, moves, rows, at_risk)
    return Cohort(rows, cohort.classes, at_risk)


def _possible(cohort: Cohort, printed: Print) -> bool:
    """Whether no patient has a forbidden pair of levels and the printed times have room."""
    for one, level, other, other_level in printed.design.forbidden:
        if ((cohort.rows[:, one] == level) & (cohort.rows[:, other] == other_level)).any():
            return False
    inside = cohort.at_risk.min() >= 0 and cohort.at_risk.max() <= printed.until[-1]
    return inside and printed.has_marks(cohort.at_risk)


def polish_once(
    cohort: Cohort, printed: Print, schedule: Schedule, seed
) -> tuple[Cohort, float, bool]:
    """Compute the most promising sets of moves exactly and take the best one, if it is better.

    Parameters
    ----------
    cohort : Cohort
        To start from.
    printed : Print
        What it is compared with.
    schedule : Schedule
        Parameters of the polish.
    seed : int or sequence of int
        Where moves are drawn.

    Returns
    -------
    cohort : Cohort
        The new one.
    energy : float
        Its energy, see :func:`counting_energy`.
    better : bool
        Whether it changed.
    """
    rng, weights = np.random.default_rng(seed), printed.weights()
    design = printed.design
    printed = printed.at_maximum(cohort)
    moves = list_small_moves(cohort.rows, cohort.classes, cohort.at_risk, design, rng)
    base, effects = all_effects(
        cohort.rows,
        cohort.classes,
        cohort.at_risk,
        printed.design,
        printed.timing,
        printed.until,
        moves,
    )
    best, best_energy = cohort, float(counting_energy(base, weights, schedule))
    size = np.sqrt((effects**2 @ weights) / weights.sum())
    kept = np.argsort(size, kind="stable")[: schedule.polish_moves]
    kept = kept[(size[kept] > SMALLEST_EFFECT) & (size[kept] < LARGEST_EFFECT)]
    if len(kept) == 0:
        return cohort, best_energy, False
    moves, effects = moves.take(kept), effects[kept]
    touches = {move: moves.touches(move) for move in range(len(kept))}
    lookup, refits = _Lookup(base, effects, weights, schedule, rng), 0
    for chosen in lookup.promising(touches):
        changed = _made(cohort, moves, chosen, touches)
        if changed is None:
            continue
        refits += 1
        if refits > schedule.polish_refits:
            break
        if not _possible(changed, printed):
            continue
        energy = float(counting_energy(printed.residuals(changed), weights, schedule))
        if energy < best_energy - MIN_GAIN:
            best, best_energy = changed, energy
    return best, best_energy, best is not cohort


def in_order(cohort: Cohort, events: np.ndarray, marks: np.ndarray, printed: Print):
    """Return rows, classes, events and marks by position in time.

    Patients without the event come after the last event at which they are at risk, in their
    former order.
    """
    order = np.argsort(2 * cohort.at_risk - events, kind="stable")
    low, high = mark_ranges(cohort.at_risk, printed.until)
    low = np.maximum(low, printed.timing.marks_low)
    high = np.minimum(high, printed.timing.marks_high)
    return cohort.rows[order], cohort.classes[order], events[order], np.clip(marks, low, high)
