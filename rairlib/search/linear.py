"""The last digits: many small exchanges at once, chosen by the sums of their effects.

One step lists exchanges that leave the univariable rows alone, computes what each does to all
residuals, anneals over subsets on the sums, makes the exchanges and fits the cohort anew.
"""

import numpy as np

from rairlib.search.cox_fit import fitted_rows
from rairlib.search.cox_terms import Design
from rairlib.search.exchanges import IMPOSSIBLE, Exchanges, exchanged, joined
from rairlib.search.linear_sums import SumEnergy, anneal_sums, small_pairs, sum_energy
from rairlib.search.neutral import cancelling_pairs, walked_sets, within_intervals
from rairlib.search.refits import refitted_effects
from rairlib.search.schedule import LinearStep, MeetingStep, Schedule
from rairlib.search.state import seed_of

SMALLEST_EFFECT = 1e-6
MARGIN = 0.85  # of the largest permitted distance of a number of the model
BEYOND_COUNTS = 0.7


def searched_numbers(design: Design) -> tuple[np.ndarray, int]:
    """Return the positions of the residuals that exchanges can change, univariable ones first.

    Parameters
    ----------
    design : Design
        Printed rows and free columns.

    Returns
    -------
    positions : ndarray of int64
        Among the 3 (P + K) residuals; none where nothing is printed.
    univariable : int
        How many of them stand in univariable rows.
    """
    columns = [k for k in design.free if np.isfinite(design.half[k, 0])]
    first = [3 * k + side for k in columns for side in range(3)]
    base = 3 * len(design.beta)
    model = [base + 3 * k + s for k in range(len(design.model)) for s in range(3)]
    return np.array(first + model, np.int64), len(first)


def exact_residuals(rows: np.ndarray, design: Design) -> np.ndarray:
    """Return all residuals of the fitted models in half units, shape (3 (P + K),)."""
    univariable, model = fitted_rows(rows, design)
    away = np.vstack([univariable - design.target, model - design.model_target])
    away /= np.vstack([design.half, design.model_half])
    return np.nan_to_num(away, nan=IMPOSSIBLE).ravel()


def missed(rows: np.ndarray, design: Design, percent: float) -> float:
    """Count the numbers that a cohort misses; those far off count more, by the log of how far.

    Parameters
    ----------
    rows : ndarray of int64, shape (n, P)
        A cohort.
    design : Design
        Order in time and printed rows.
    percent : float
        Distance from the print, in percent of it, from which a number is far off.

    Returns
    -------
    float
        0 if all numbers that exchanges can change round to the print.
    """
    positions, _ = searched_numbers(design)
    away = np.abs(exact_residuals(rows, design)[positions])
    limits = half_units(design, percent)[positions]
    far = away > limits
    beyond = (1.0 + np.log(away[far] / limits[far])).sum()
    return float((away > 1.0).sum() + BEYOND_COUNTS * beyond)


def half_units(design: Design, percent: float) -> np.ndarray:
    """Return a distance in percent of each printed number in half units of its last digit.

    Parameters
    ----------
    design : Design
        Printed rows.
    percent : float
        Of the printed number.

    Returns
    -------
    ndarray, shape (3 (P + K),)
        Univariable rows first.
    """
    printed = np.vstack([design.target, design.model_target])
    return (percent / 100 * printed / np.vstack([design.half, design.model_half])).ravel()


def neutral_sets(
    rows: np.ndarray, design: Design, step: LinearStep | MeetingStep, walk: int, seed: int
) -> Exchanges:
    """List sets of exchanges that are neutral for the univariable rows.

    Parameters
    ----------
    rows : ndarray of int64, shape (n, P)
        A cohort.
    design : Design
        Order in time and printed rows.
    step : LinearStep or MeetingStep
        How many, and how large their effects may be.
    walk : int
        Draws of each walk around a column.
    seed : int
        Of the draws.

    Returns
    -------
    Exchanges
        Some may have the same effect as others.
    """
    rng = np.random.default_rng(seed)
    parts = [
        within_intervals(rows, design),
        cancelling_pairs(rows, design, step.cancelling, rng),
    ]
    for column in design.free:
        if np.isfinite(design.half[column, 0]) and step.walked:
            own = seed_of(seed, int(column))
            most, size = step.walked, step.size
            parts.append(
                walked_sets(rows, design, column, steps=walk, most=most, size=size, seed=own)
            )
    return joined(parts)


def _with_pairs(effects, patients, parts, step: LinearStep):
    """Append the pairs of small sets with the smallest sums."""
    smallest = np.argsort((effects**2).sum(1), kind="stable")[: step.paired]
    one, other = small_pairs(effects[smallest], patients[smallest], step.pair_size, step.pairs)
    one, other = smallest[one], smallest[other]
    slots = -np.sort(-np.hstack([patients[one], patients[other]]), axis=1)
    alone = np.pad(patients, [(0, 0), (0, patients.shape[1])], constant_values=-1)
    return (
        np.vstack([effects, effects[one] + effects[other]]),
        np.ascontiguousarray(np.vstack([alone, slots])),
        np.vstack([parts, np.stack([one, other], axis=1)]),
    )


def linear_step(
    rows: np.ndarray, design: Design, step: LinearStep, schedule: Schedule, seed: int
) -> np.ndarray:
    """Take one step of the linear search.

    Parameters
    ----------
    rows : ndarray of int64, shape (n, P)
        A cohort.
    design : Design
        Order in time and printed rows.
    step : LinearStep
        Which exchanges, how hot.
    schedule : Schedule
        What the steps have in common.
    seed : int
        Of this step.

    Returns
    -------
    ndarray of int64, shape (n, P)
        The new cohort; the old one if its energy is not more than `step.accept` times lower.
    """
    positions, univariable = searched_numbers(design)
    library = neutral_sets(rows, design, step, schedule.linear_walk, seed)
    base, effects = refitted_effects(rows, design, library)
    base, effects = base[positions], effects[:, positions]
    size = np.sqrt((effects**2).mean(1))
    kept = np.flatnonzero((size > SMALLEST_EFFECT) & (size < step.size))
    if len(kept) == 0:
        return rows
    library, effects = library.take(kept), effects[kept]
    patients, parts = (
        library.patients(),
        np.stack([np.arange(len(kept)), np.full(len(kept), -1)], 1),
    )
    if step.pairs:
        effects, patients, parts = _with_pairs(effects, patients, parts, step)
    judge = SumEnergy(
        univariable=univariable,
        inside=np.maximum(np.abs(base[:univariable]), schedule.inside),
        model_inside=MARGIN,
        limits=MARGIN * half_units(design, schedule.linear_percent)[positions],
        reward=step.reward,
        width=step.width,
    )
    _, chosen = anneal_sums(
        np.ascontiguousarray(effects), base, patients, len(rows), judge,
        step.steps, step.start, step.end, seed,
    )  # fmt: skip
    members = parts[chosen].ravel()
    changed = exchanged(rows, library.take(members[members >= 0]))
    after = exact_residuals(changed, design)[positions]
    return changed if sum_energy(after, judge) < step.accept * sum_energy(base, judge) else rows
