"""Annealing over sets of exchanges on the sums of their effects alone.

The effects of small exchanges nearly add up, so a subset whose members share no patient is judged
by one sum: millions of subsets a second.
"""
# ruff: noqa: NPY002 - compiled code draws from a generator of its own, seeded by its argument

from typing import NamedTuple

import numpy as np
from numba import njit

from rairlib.search.cooling import SMALLEST, SOLVED

UNIVARIABLE_WEIGHT = 20.0
MODEL_SLOPE = 0.002
BEYOND_WEIGHT = 2.5
MOST_REPLACED = 3
SHARE_REMOVED = 0.05
BLOCK = 1000
KEPT_FOR_CHOICE = 4
SMALLEST_PAIR = 1e-7


class SumEnergy(NamedTuple):
    """How a sum of effects is judged; all distances in half units.

    Attributes
    ----------
    univariable : int
        How many of the numbers stand in univariable rows; they come first.
    inside : ndarray, shape (univariable,)
        Distance up to which a univariable number costs nothing.
    model_inside : float
        The same for a number of the model.
    limits : ndarray, shape (numbers,)
        Distance from which a number of the model costs its squared excess too.
    reward, width : float
        Number `x` of the model costs `reward` x² / (x² + `width`) and little more: the energy
        counts numbers that are missed rather than adding up how far they are off.
    """

    univariable: int
    inside: np.ndarray
    model_inside: float
    limits: np.ndarray
    reward: float
    width: float


@njit(cache=True, nogil=True, fastmath=True)
def sum_energy(residuals, judge):
    """Return the energy of residuals, shape (numbers,)."""
    energy = 0.0
    for i in range(judge.univariable):
        excess = abs(residuals[i]) - judge.inside[i]
        if excess > 0.0:
            energy += UNIVARIABLE_WEIGHT * excess * excess
    for i in range(judge.univariable, residuals.shape[0]):
        away = abs(residuals[i])
        excess = away - judge.model_inside
        if excess > 0.0:
            square = excess * excess
            energy += judge.reward * square / (square + judge.width) + MODEL_SLOPE * square
            beyond = away - judge.limits[i]
            if beyond > 0.0:
                energy += BEYOND_WEIGHT * beyond * beyond
    return energy


def small_pairs(
    effects: np.ndarray, patients: np.ndarray, limit: float, most: int
) -> tuple[np.ndarray, np.ndarray]:
    """Find pairs of sets whose summed effect is small and that share no patient.

    Parameters
    ----------
    effects : ndarray, shape (M, numbers)
        Of the sets.
    patients : ndarray of int64, shape (M, slots)
        Of each set, -1 behind the last one.
    limit : float
        Largest root mean square of the sum, in half units.
    most : int
        Pairs returned, the smallest.

    Returns
    -------
    one, other : ndarray of int64, shape (pairs,)
        Positions of the sets.
    """
    single = effects.astype(np.float32)
    norms = (single * single).sum(1) / 2
    bound = limit * limit * effects.shape[1] / 2
    parts, waiting = [], 0
    for first in range(0, len(single), BLOCK):
        halves = single[first : first + BLOCK] @ single[first:].T
        halves += norms[first : first + BLOCK, None]
        halves += norms[None, first:]
        one, other = np.nonzero(halves < bound)
        upper = other > one
        one, other = one[upper], other[upper]
        parts.append((one + first, other + first, halves[one, other]))
        waiting += len(one)
        if waiting > 2 * KEPT_FOR_CHOICE * most:
            parts = [_smallest(parts, KEPT_FOR_CHOICE * most)]
            bound, waiting = min(bound, float(parts[0][2].max())), len(parts[0][0])
    one, other, halves = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    shared = np.zeros(len(one), bool)
    for slot in range(patients.shape[1]):
        mine = patients[one, slot]
        shared |= ((patients[other] == mine[:, None]) & (mine >= 0)[:, None]).any(1)
    kept = ~shared & (halves > SMALLEST_PAIR)
    return _smallest([(one[kept], other[kept], halves[kept])], most)[:2]


def _smallest(parts: list[tuple], most: int) -> tuple[np.ndarray, ...]:
    joined = tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    if len(joined[2]) <= most:
        return joined
    order = np.argpartition(joined[2], most)[:most]
    return tuple(array[order] for array in joined)


@njit(cache=True, nogil=True)
def _in_the_way(move, patients, owner, others):
    """Write the chosen sets that share a patient with a set; return how many."""
    many = 0
    for slot in range(patients.shape[1]):
        patient = patients[move, slot]
        if patient < 0:
            break
        if owner[patient] < 0:
            continue
        new = True
        for z in range(many):
            new = new and others[z] != owner[patient]
        if new:
            others[many] = owner[patient]
            many += 1
    return many


@njit(cache=True, nogil=True)
def _put(move, patients, owner, value):
    for slot in range(patients.shape[1]):
        if patients[move, slot] >= 0:
            owner[patients[move, slot]] = value


@njit(cache=True, nogil=True)
def _list_chosen(owner, listed):
    """Write the chosen sets; return how many."""
    many = 0
    for patient in range(owner.shape[0]):
        if owner[patient] < 0:
            continue
        new = True
        for z in range(many):
            new = new and listed[z] != owner[patient]
        if new:
            listed[many] = owner[patient]
            many += 1
    return many


@njit(cache=True, nogil=True, fastmath=True)
def _write_sum(move, removed, others, many, effects, now, out):
    """Write the sum after a set is added, or removed, and others are removed."""
    for i in range(now.shape[0]):
        value = now[i] - effects[move, i] if removed else now[i] + effects[move, i]
        for z in range(many):
            value -= effects[others[z], i]
        out[i] = value


@njit(cache=True, nogil=True)
def anneal_sums(effects, residuals, patients, size, judge, steps, start, end, seed):
    """Anneal over subsets of sets that share no patient.

    Parameters
    ----------
    effects : ndarray, shape (M, numbers)
        Of each set.
    residuals : ndarray, shape (numbers,)
        Of the cohort.
    patients : ndarray of int64, shape (M, slots)
        Of each set, -1 behind the last one.
    size : int
        Patients of the cohort.
    judge : SumEnergy
        The energy.
    steps : int
        Proposals: a set added, with up to three others in its way removed, or removed.
    start, end : float
        Temperatures.
    seed : int
        Of this annealing.

    Returns
    -------
    energy : float
        The lowest.
    chosen : ndarray of int64
        The subset that has it.
    """
    np.random.seed(seed)
    owner, best = np.full(size, -1), np.full(size, -1)
    now, new = residuals.copy(), residuals.copy()
    others, listed, many_listed = np.zeros(patients.shape[1], np.int64), np.zeros(size, np.int64), 0
    energy = sum_energy(now, judge)
    lowest = energy
    for step in range(steps):
        if many_listed > 0 and np.random.random() < SHARE_REMOVED:
            move = listed[np.random.randint(many_listed)]
        else:
            move = np.random.randint(effects.shape[0])
        removed, many = owner[patients[move, 0]] == move, 0
        if not removed:
            many = _in_the_way(move, patients, owner, others)
            if many > MOST_REPLACED:
                continue
        _write_sum(move, removed, others, many, effects, now, new)
        proposed = sum_energy(new, judge)
        temperature = start * (end / start) ** (step / steps)
        if proposed - energy > -temperature * np.log(np.random.random() + SMALLEST):
            continue
        now[:], energy = new, proposed
        for z in range(many):
            _put(others[z], patients, owner, -1)
        _put(move, patients, owner, -1 if removed else move)
        many_listed = _list_chosen(owner, listed)
        if energy < lowest - SOLVED:
            lowest = energy
            best[:] = owner
    return lowest, listed_sets(best)


@njit(cache=True, nogil=True)
def listed_sets(owner):
    """Return the sets that own a patient, shape (chosen,)."""
    listed = np.zeros(owner.shape[0], np.int64)
    return listed[: _list_chosen(owner, listed)].copy()
