"""Levels of the covariates of patients whose order in time is given.

Kept exactly: every printed count, the joint table, declared events with level 1. Steered to: the
univariable rows and those of the multivariable model. Scores and information are exact sums at
the printed coefficients, so that one Newton step gives an estimate up to the square of its
distance from the print.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from rairlib.cohorts.annealing import excess
from rairlib.cohorts.breslow import invert, write_binary, write_ratio
from rairlib.cohorts.order import Order
from rairlib.cohorts.study import DeclaredStudy, Target
from rairlib.registry.toml_file import DeclarationError
from rairlib.stats.logistic import Z_95

TRIES = 40
ALIKE_SHARE = 0.5
SPLIT_STEPS = 400_000
# For each event beyond the range that printed limits allow: more than the first temperature.
EVENT_PENALTY = 1e7


class Rows(NamedTuple):
    """Covariates of `n` patients in order of time: `P` columns, `K` of them in the model.

    What changes: ``levels`` (n, P) and, with them, ``ones`` (patients at risk with level 1, P and
    events), ``events`` (those with level 1, P), ``sums`` (what the patients lost between two
    events add to the model), ``changed`` columns (P) and ``move`` (two patients; whether
    sums were renewed), ``parts`` (energy of each row and of the model, now and proposed).
    What does not: ``last`` (events at which a patient is at risk, n), ``start`` (first patient
    of those with so many), ``size`` (patients at risk), ``blocks`` (columns exchanged together).
    """

    levels: np.ndarray
    ones: np.ndarray
    events: np.ndarray
    sums: np.ndarray
    saved: np.ndarray
    changed: np.ndarray
    move: np.ndarray
    parts: np.ndarray
    event: np.ndarray
    last: np.ndarray
    start: np.ndarray
    size: np.ndarray
    blocks: np.ndarray
    groups: np.ndarray
    bounds: np.ndarray
    model: np.ndarray
    in_model: np.ndarray
    beta: np.ndarray
    target: np.ndarray
    half: np.ndarray


def start_rows(study: DeclaredStudy, order: Order, levels: np.ndarray) -> Rows:
    """Return the covariates of the patients at risk, as dealt, with what they add up to."""
    covariates, model, many = study.covariates, study.model, int(order.events.sum())
    last = np.cumsum(order.events)
    at_risk = np.arange(many)[:, None] < last
    blocks = np.diag([not entry.classes for entry in covariates])
    blocks[np.ix_(study.joint_columns, study.joint_columns)] = True
    strata = np.array([study.strata.index(entry.stratum) for entry in study.classes])
    groups = [
        strata[order.classes] * ("" not in entry.counts)
        + len(strata) * order.events * bool(entry.events)
        for entry in covariates
    ]
    printed = [() if entry.classes else entry.univariable for entry in covariates]
    printed += [covariates[k].multivariable for k in model]
    target = np.array([[t.value for t in row] or [1.0] * 3 for row in printed])
    length = 1 + len(model) * (len(model) + 1)
    rows = Rows(
        levels=levels,
        ones=(at_risk @ levels).T.astype(float),
        events=order.events @ levels,
        sums=np.zeros((many + 1, length)),
        saved=np.zeros((2, length)),
        changed=np.ones(len(covariates), bool),
        move=np.zeros(3, np.int64),
        parts=np.zeros((2, len(covariates) + 1)),
        event=order.events,
        last=last,
        start=np.searchsorted(last, np.arange(many + 2)),
        size=at_risk.sum(1).astype(float),
        blocks=blocks,
        groups=np.array(groups),
        bounds=np.array([event_range(row, many) for row in printed], float),
        model=np.array(model, np.int64),
        in_model=np.isin(np.arange(len(covariates)), model),
        beta=np.log(target[:, 0]),
        target=target,
        half=np.array([[t.half for t in row] or [np.inf] * 3 for row in printed]),
    )
    for segment in range(many + 1):
        renew(rows, segment)
    return rows


def event_range(row: tuple[Target, ...], events: int) -> tuple[int, int]:
    """Return the fewest and the most events with level 1 that printed limits allow.

    Every event's information is at most that of its level's share, so the squared error is at
    least 1/d + 1/(events - d) for d events with level 1. From 0 to all if no split is possible.
    """
    splits = np.arange(1, events)
    if not row:
        return 0, events
    error = np.log(row[2].high / row[1].low) / (2 * Z_95)
    allowed = splits[np.sqrt(1 / splits + 1 / (events - splits)) <= error]
    return (allowed[0], allowed[-1]) if len(allowed) else (0, events)


def deal(study: DeclaredStudy, order: Order, rng) -> tuple[np.ndarray, np.ndarray]:
    """Return levels of those at risk and outside, with all counts as declared.

    Who has a level among those outside is drawn where they belong to several strata.
    """
    strata = np.array([entry.stratum for entry in study.classes], dtype=object)[order.classes]
    left_out, columns = study.strata_outside, len(study.covariates)
    many = len(left_out)
    levels = np.zeros((study.size, columns), np.int64)
    outside = np.full((many, columns), -1, np.int64)
    joint = study.joint_columns
    for k, covariate in enumerate(study.covariates):
        if covariate.classes:
            members = np.array([entry.name in covariate.classes for entry in study.classes])
            levels[:, k] = members[order.classes]
        elif k not in joint:
            if covariate.outside >= 0:
                outside[:, k] = rng.permutation(np.arange(many) < covariate.outside)
            for stratum, count in covariate.counts.items():
                among = (strata == stratum) | (stratum == "")
                at_risk = count - outside[left_out == stratum, k].sum()
                levels[_drawn(among, at_risk, covariate.events, order.events, rng), k] = 1
    if joint:
        for into, among, part in _split(study, strata, left_out, rng):
            (outside if into else levels)[np.ix_(among, joint)] = part
    return levels, outside


def _drawn(among, count: int, events: tuple, event, rng) -> np.ndarray:
    """Draw so many patients; of those with the event as many as declared."""
    if not events:
        return rng.choice(np.flatnonzero(among), count, replace=False)
    with_event = rng.integers(events[0], events[1] + 1)
    parts = ((1, with_event), (0, count - with_event))
    draws = [
        rng.choice(np.flatnonzero(among & (event == one)), n, replace=False) for one, n in parts
    ]
    return np.concatenate(draws)


def _split(study: DeclaredStudy, strata, left_out, rng) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """Split the rows of the joint table: exchanges that do not add to the miscount.

    Returned are, of each stratum at risk (0) and not (1), its patients and their rows. Counted are
    the patients of each stratum, and those not at risk.
    """
    names, covariates = study.strata, [study.covariates[k] for k in study.joint_columns]
    parts = [(0, name) for name in names] + [(1, name) for name in names]
    members = [np.flatnonzero((strata, left_out)[into] == name) for into, name in parts]
    sizes = [len(among) for among in members]
    table = study.joint.rows[rng.permutation(len(study.joint.rows))]
    if sum(sizes) != len(table):
        text = f"the joint table has {len(table)} patients, the study {sum(sizes)}"
        raise DeclarationError(f"{study.study}: {text}")
    group = np.repeat(np.arange(len(sizes)), sizes)
    counted = np.array(
        [[name == one for _, name in parts] for one in names] + [[into for into, _ in parts]],
        np.int64,
    )
    wanted = [[c.counts[name] for c in covariates] for name in names]
    wanted.append([c.outside for c in covariates])
    off = counted[:, group] @ table - wanted
    for _ in range(SPLIT_STEPS):
        if not off.any():
            return [
                (into, among, table[group == g])
                for g, ((into, _), among) in enumerate(zip(parts, members, strict=True))
            ]
        a, c = rng.integers(0, len(table), 2)
        moved = counted[:, group[a]] - counted[:, group[c]]
        after = off + np.outer(moved, table[c] - table[a])
        if np.abs(after).sum() <= np.abs(off).sum():
            off, group[a], group[c] = after, group[c], group[a]
    text = "no split of the joint table with the declared counts was found"
    raise DeclarationError(f"{study.study}: {text}")


@njit(cache=True, error_model="numpy")
def propose(state, rng):
    """Exchange a column, or the columns of the joint table, between two patients.

    Their distance in time is drawn on a log scale; every other time they are alike in the rest of
    the model.
    """
    last, event, (patients, columns) = state.last, state.event, state.levels.shape
    column, alike = rng.integers(0, columns), rng.random() < ALIKE_SHARE
    block, group = state.blocks[column], state.groups[column]
    if not block[column]:
        return False
    for _ in range(TRIES):
        a, apart = rng.integers(0, patients), int(patients ** rng.random())
        c = a + apart if rng.random() < 0.5 else a - apart
        if c < 0 or c >= patients or group[a] != group[c]:
            continue
        # Between two events an exchange matters only to a model in which the two differ.
        together = last[a] == last[c] and event[a] == event[c]
        if (alike and together) or not differ(state, a, c, block, alike, together):
            continue
        state.move[0], state.move[1] = a, c
        exchange(state)
        return True
    return False


@njit(cache=True, error_model="numpy")
def differ(state, a, c, block, alike, together):
    """Mark the columns of a block in which two patients differ; whether that matters."""
    matters = False
    for k in range(block.shape[0]):
        unequal = state.levels[a, k] != state.levels[c, k]
        state.changed[k] = unequal and block[k]
        matters = matters or (state.changed[k] and (state.in_model[k] or not together))
        if alike and unequal and state.in_model[k] and not block[k]:
            return False
    return matters


@njit(cache=True, error_model="numpy")
def exchange(state):
    """Exchange the changed columns between two patients; made twice, it is undone."""
    a, c, levels, last = state.move[0], state.move[1], state.levels, state.last
    for k in range(levels.shape[1]):
        if state.changed[k]:
            step = levels[c, k] - levels[a, k]
            levels[a, k] += step
            levels[c, k] -= step
            state.events[k] += step * (state.event[a] - state.event[c])
            state.ones[k, last[c] : last[a]] += step
            state.ones[k, last[a] : last[c]] -= step


@njit(cache=True, error_model="numpy")
def settle(state, kept):
    """Keep the exchange, or make it undone."""
    a, c, touched = state.move
    parts = state.parts
    if kept:
        parts[0] = parts[1]
    else:
        exchange(state)
        if touched:
            state.sums[state.last[a]] = state.saved[0]
            state.sums[state.last[c]] = state.saved[1]
    state.move[2] = 0


@njit(cache=True, error_model="numpy")
def renew(state, segment):
    """Sum risks, covariates and their products afresh over the patients lost between two events."""
    levels, model, many = state.levels, state.model, state.model.shape[0]
    beta, out = state.beta[levels.shape[1] :], state.sums[segment]
    out[:] = 0.0
    for i in range(state.start[segment], state.start[segment + 1]):
        risk = 0.0
        for k in range(many):
            risk += levels[i, model[k]] * beta[k]
        risk = np.exp(risk)
        out[0] += risk
        for k in range(many):
            if levels[i, model[k]]:
                out[1 + k] += risk
                row = out[1 + many + k * many :]
                for j in range(many):
                    row[j] += risk * levels[i, model[j]]


@njit(cache=True, fastmath=True, error_model="numpy")
def model_totals(sums, many):
    """Means, then covariances (square) of the model's covariates, added up over the events."""
    length = sums.shape[1]
    total, at_risk, mean = np.zeros(length), np.zeros(length), np.zeros(many)
    for e in range(sums.shape[0] - 1, 0, -1):
        lost = sums[e]
        for z in range(length):
            at_risk[z] += lost[z]
        inverse = 1.0 / at_risk[0]
        for z in range(length):
            total[z] += at_risk[z] * inverse
        for k in range(many):
            mean[k] = at_risk[1 + k] * inverse
        for k in range(many):
            row = total[1 + many + k * many :]
            for j in range(many):
                row[j] -= mean[k] * mean[j]
    return total


@njit(cache=True, error_model="numpy")
def model_energy(state):
    """Energy of the rows of the multivariable model, one Newton step from the print."""
    many, columns = state.model.shape[0], state.levels.shape[1]
    total = model_totals(state.sums, many)
    out, information = np.empty(3), total[1 + many :].reshape(many, many)
    score = state.events[state.model] - total[1 : 1 + many]
    if not invert(information):
        return np.inf
    energy = 0.0
    for k in range(many):
        row, step = columns + k, (information[k] * score).sum()
        write_ratio(state.beta[row] + step, np.sqrt(information[k, k]), out)
        energy += excess(out, state.target[row], state.half[row])
    return energy


@njit(cache=True, error_model="numpy")
def energy(state, limit):
    """Energy of all printed rows after an exchange."""
    parts, changed = state.parts, state.changed
    many, out = changed.shape[0], np.empty(3)
    energy, in_model = 0.0, False
    for k in range(many):
        parts[1, k] = parts[0, k]
        if changed[k]:
            write_binary(state.ones[k], state.size, state.events[k], state.beta[k], out)
            low, high = state.bounds[k]
            outside = max(low - state.events[k], state.events[k] - high)
            parts[1, k] = excess(out, state.target[k], state.half[k])
            parts[1, k] += EVENT_PENALTY * max(outside, 0.0)
            in_model = in_model or state.in_model[k]
        energy += parts[1, k]
    parts[1, many] = parts[0, many]
    if energy > limit:
        return energy
    if in_model:
        first, second = state.last[state.move[0]], state.last[state.move[1]]
        state.saved[0], state.saved[1] = state.sums[first], state.sums[second]
        renew(state, first)
        renew(state, second)
        state.move[2] = 1
        parts[1, many] = model_energy(state)
    return energy + parts[1, many]
