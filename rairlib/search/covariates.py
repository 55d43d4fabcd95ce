"""Annealing of the covariates of a cohort whose order in time is given."""
# ruff: noqa: NPY002 - compiled code draws from a generator of its own, seeded by its argument

from typing import NamedTuple

import numpy as np
from numba import njit

from rairlib.search.cooling import SMALLEST, SOLVED, draw_kind, temperature
from rairlib.search.cox_terms import (
    OUTSIDE_PENALTY,
    Design,
    Sums,
    column_energy,
    compiled_empty_sums,
    newton_step,
    row_energy,
)
from rairlib.search.moves import KINDS, propose
from rairlib.search.risk_sums import (
    change_column,
    change_model,
    commit_column,
    commit_model,
    fill_sums,
    last_event,
)


class Workspace(NamedTuple):
    """Room for one chain: the sums now and after a proposal, and scratch.

    Attributes
    ----------
    sums, new : Sums
        Now; after the proposal (its `terms` hold four patients).
    slots, proposed, changed : ndarray
        A proposal; see :mod:`rairlib.search.moves`.
    energies, new_energies : ndarray, shape (P,)
        Weighted energies of the univariable rows.
    step : ndarray, shape (L,)
        Scratch.
    event_sums, estimates, errors : ndarray, shape (K,)
        Scratch.
    inverse : ndarray, shape (K, K)
        Scratch.
    """

    sums: Sums
    new: Sums
    slots: np.ndarray
    proposed: np.ndarray
    changed: np.ndarray
    energies: np.ndarray
    new_energies: np.ndarray
    step: np.ndarray
    event_sums: np.ndarray
    estimates: np.ndarray
    errors: np.ndarray
    inverse: np.ndarray


@njit(cache=True, nogil=True)
def _workspace(rows, design):
    patients, columns = rows.shape
    covariates, events = design.model.shape[0], design.event.sum()
    sums = compiled_empty_sums(patients, columns, covariates, events)
    return Workspace(
        sums,
        compiled_empty_sums(4, columns, covariates, events),
        np.zeros(4, np.int64),
        np.zeros((4, columns), np.int64),
        np.zeros(columns, np.bool_),
        np.zeros(columns),
        np.zeros(columns),
        np.zeros(sums.weights.shape[1]),
        np.zeros(covariates),
        np.zeros(covariates),
        np.zeros(covariates),
        np.zeros((covariates, covariates)),
    )


@njit(cache=True, nogil=True)
def model_energy(sums, design, weights, cooling, work):
    """Energy of the rows of the multivariable model."""
    covariates = design.model.shape[0]
    if covariates == 0:
        return 0.0
    for k in range(covariates):
        work.event_sums[k] = sums.events[design.model[k]]
    if not newton_step(
        sums.total, work.event_sums, design.model_beta, work.estimates, work.errors, work.inverse
    ):
        return OUTSIDE_PENALTY * OUTSIDE_PENALTY
    energy = 0.0
    for k in range(covariates):
        if weights[k] > 0.0:
            energy += weights[k] * row_energy(
                work.estimates[k],
                work.errors[k],
                design.model_target[k],
                design.model_half[k],
                cooling.inside,
                cooling.cap,
            )
    return energy


@njit(cache=True, nogil=True)
def _weighted_column(column, sums, design, weights, cooling):
    if weights[column] <= 0.0:
        return 0.0
    return weights[column] * column_energy(
        sums.score[column],
        sums.information[column],
        sums.events[column],
        column,
        design,
        cooling.inside,
        cooling.cap,
    )


@njit(cache=True, nogil=True)
def _column_energies(design, weights, cooling, work):
    work.new.events[:] = work.sums.events
    for k in range(weights.shape[0]):
        work.energies[k] = _weighted_column(k, work.sums, design, weights, cooling)
    return work.energies.sum()


@njit(cache=True, nogil=True)
def _change_columns(rows, design, weights, cooling, many, last, work):
    """Write the changed columns; return the change of energy, and whether the model changes."""
    difference, in_model = 0.0, False
    for k in range(rows.shape[1]):
        work.new.events[k] = work.sums.events[k]
        if not work.changed[k]:
            continue
        in_model = in_model or design.place[k] >= 0
        work.new_energies[k] = work.energies[k]
        if change_column(
            k, rows, design, work.sums, work.new, work.slots, work.proposed, many, last
        ):
            work.new_energies[k] = _weighted_column(k, work.new, design, weights, cooling)
            difference += work.new_energies[k] - work.energies[k]
    return difference, in_model


@njit(cache=True, nogil=True)
def _commit(rows, many, last, in_model, work):
    """Take a proposal over."""
    for k in range(rows.shape[1]):
        if work.changed[k]:
            work.energies[k] = work.new_energies[k]
            commit_column(k, work.sums, work.new, last)
    if in_model:
        commit_model(work.sums, work.new, work.slots, many, last)
    for q in range(many):
        for k in range(rows.shape[1]):
            rows[work.slots[q], k] = work.proposed[q, k]


@njit(cache=True, nogil=True)
def anneal(rows, best, best_energy, design, weights, model_weights, mix, cooling):
    """Run one piece of a round; `rows` and `best` are changed in place.

    Parameters
    ----------
    rows, best : ndarray of int64, shape (n, P)
        Levels now, and where the energy was lowest.
    best_energy : float
        Infinite at the start of a round.
    design : Design
        What stays the same.
    weights, model_weights : ndarray, shapes (P,) and (K,)
        Of the rows in the energy.
    mix : ndarray, shape (9,)
        Cumulative shares of the moves.
    cooling : Cooling
        Temperatures, number of steps, seed.

    Returns
    -------
    energy, best_energy : float
        Now and the lowest.
    counts : ndarray of int64, shape (9, 3)
        Per move: proposals, those that reached the model, those accepted.
    """
    np.random.seed(cooling.seed)
    work = _workspace(rows, design)
    sums, slots, proposed = work.sums, work.slots, work.proposed
    counts = np.zeros((mix.shape[0], 3), np.int64)
    energy, model = 0.0, 0.0
    for i in range(cooling.steps):
        if i % cooling.rebuild == 0:
            fill_sums(rows, design, sums)
            model = model_energy(sums, design, model_weights, cooling, work)
            energy = model + _column_energies(design, weights, cooling, work)
            if energy < best_energy:
                best_energy = energy
                best[:] = rows
        kind = draw_kind(mix)
        many = propose(kind, rows, design, slots, proposed, work.changed)
        if many == 0:
            continue
        counts[kind, 0] += 1
        last = last_event(design, slots, many)
        limit = -temperature(cooling, i) * np.log(np.random.random() + SMALLEST)
        difference, in_model = _change_columns(rows, design, weights, cooling, many, last, work)
        new_model = model
        # The model's energy cannot fall below zero: most proposals are refused without it.
        if difference - model > limit:
            continue
        if in_model:
            counts[kind, 1] += 1
            change_model(design, sums, work.new, slots, proposed, many, last, work.step)
            new_model = model_energy(work.new, design, model_weights, cooling, work)
        difference += new_model - model
        if difference > limit:
            continue
        counts[kind, 2] += 1
        energy += difference
        model = new_model
        _commit(rows, many, last, in_model, work)
        if energy < best_energy - SOLVED:
            best_energy = energy
            best[:] = rows
            if best_energy <= SOLVED:
                break
    return energy, best_energy, counts


def cumulative(shares, design: Design) -> np.ndarray:
    """Turn shares of moves into cumulative ones; without a joint table its moves get none."""
    shares = np.array([*shares, *[0.0] * (KINDS - len(shares))])
    if not design.joint.any():
        shares[6:8] = 0.0
    mix = np.cumsum(shares) / shares.sum()
    mix[-1] = 1.0
    return mix
