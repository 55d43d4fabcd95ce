"""The order of a cohort in time: who has the event where, and of which class.

Positions are distinct times in order; the last positions up to each printed time are its marks.
Kept exactly: the sizes of the classes, the bounds of their events and of the marks. Steered to:
Kaplan-Meier rates, log-rank statistics, and Cox rows of covariates that follow from the class.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from rairlib.cohorts.annealing import excess
from rairlib.cohorts.breslow import ITERATIONS_MAX, logrank, write_binary
from rairlib.cohorts.study import DeclaredStudy

TRIES = 40
MARK_SHARE = 0.05
MARK_SHIFT = 2
NEWTON_STEPS = 2  # from the print, which is exact enough near it


class Order(NamedTuple):
    """Order in time of `n` patients in `G` classes, `M` marks and `T` targets, for the kernels.

    ``classes``, ``events`` (n,), ``marks`` (M,), ``counts`` (events by class, G) and ``move``
    (kind, two positions) change. ``rate_classes`` (R, G), ``rate_marks`` (R,; -1 for the end),
    ``groups`` (log-rank tests, G; -1 for classes left out), ``levels`` (Cox rows, G) and ``beta``
    (where their fit starts) say what the targets are: rates, tests, rows of three.
    """

    classes: np.ndarray
    events: np.ndarray
    marks: np.ndarray
    counts: np.ndarray
    move: np.ndarray
    event_bounds: np.ndarray
    mark_bounds: np.ndarray
    rate_classes: np.ndarray
    rate_marks: np.ndarray
    groups: np.ndarray
    levels: np.ndarray
    beta: np.ndarray
    target: np.ndarray
    half: np.ndarray
    weight: np.ndarray


def start_order(study: DeclaredStudy, rng: np.random.Generator) -> Order:
    """Draw an order in time at random."""
    counts, most = np.array([entry.events for entry in study.classes]).T
    while counts.sum() < study.events:
        counts[rng.choice(np.flatnonzero(counts < most))] += 1
    sizes = [entry.size for entry in study.classes]
    classes = np.repeat(np.arange(len(sizes)), sizes)
    events = np.concatenate(
        [np.arange(size) < many for size, many in zip(sizes, counts, strict=True)]
    )
    shuffled = rng.permutation(len(classes))
    marks = [sum(mark.positions) // 2 for mark in study.marks]
    return order_of(study, classes[shuffled], events[shuffled], marks)


def order_of(study: DeclaredStudy, classes, events, marks) -> Order:
    """Return a known order in time with the targets of a study."""
    names, targets, rows = study.names, study.order_targets, study.class_rows

    def over_classes(entries, value, kind):
        table = [[value(entry, name) for name in names] for entry in entries]
        return np.array(table, kind).reshape(-1, len(names))

    def group_of(entry, name):
        return next((k for k, group in enumerate(entry.groups) if name in group), -1)

    classes, events = np.array(classes, np.int64), np.array(events, np.int64)
    return Order(
        classes=classes,
        events=events,
        marks=np.array(marks, np.int64),
        counts=np.bincount(classes[events == 1], minlength=len(names)),
        move=np.zeros(3, np.int64),
        event_bounds=np.array([entry.events for entry in study.classes], np.int64),
        mark_bounds=np.array([m.positions for m in study.marks], np.int64).reshape(-1, 2),
        rate_classes=over_classes(study.rates, lambda rate, name: name in rate.classes, float),
        rate_marks=np.array([entry.mark for entry in study.rates], np.int64),
        groups=over_classes(study.logranks, group_of, np.int64),
        levels=over_classes(rows, lambda row, name: name in row.classes, float),
        beta=np.log([entry.univariable[0].value for entry in rows]),
        target=np.array([entry.value for entry in targets]),
        half=np.array([entry.half for entry in targets]),
        weight=np.array([entry.weight for entry in targets]),
    )


@njit(cache=True, error_model="numpy")
def propose(state, rng):
    """Shift a mark, or exchange two positions: their classes alone, or with their events."""
    classes, events, move = state.classes, state.events, state.move
    if state.marks.shape[0] and rng.random() < MARK_SHARE:
        m = rng.integers(0, state.marks.shape[0])
        move[0], move[1] = 0, m
        move[2] = rng.integers(-MARK_SHIFT, MARK_SHIFT + 1)
        return move[2] != 0 and _shift(state, m, move[2])
    size = classes.shape[0]
    for _ in range(TRIES):
        a, apart = rng.integers(0, size), int(size ** rng.random())
        c = a + apart if rng.random() < 0.5 else a - apart
        if c < 0 or c >= size:
            continue
        move[0], move[1], move[2] = rng.integers(1, 3), a, c
        if classes[a] == classes[c] and (move[0] == 1 or events[a] == events[c]):
            continue
        _exchange(state)
        if _allowed(state, classes[a]) and _allowed(state, classes[c]):
            return True
        _exchange(state)
    return False


@njit(cache=True, error_model="numpy")
def _shift(state, m, by):
    """Move a mark if it stays within its bounds and in order; whether it did."""
    marks, moved = state.marks, state.marks[m] + by
    if not state.mark_bounds[m, 0] <= moved <= state.mark_bounds[m, 1]:
        return False
    if (m > 0 and moved < marks[m - 1]) or (m + 1 < marks.shape[0] and moved > marks[m + 1]):
        return False
    marks[m] = moved
    return True


@njit(cache=True, error_model="numpy")
def _exchange(state):
    """Make the exchange in `move`; made twice, it is undone."""
    kind, a, c = state.move
    classes, events, counts = state.classes, state.events, state.counts
    if kind == 2:
        events[a], events[c] = events[c], events[a]
    elif events[a] != events[c]:
        with_event, without = (a, c) if events[a] else (c, a)
        counts[classes[with_event]] -= 1
        counts[classes[without]] += 1
    classes[a], classes[c] = classes[c], classes[a]


@njit(cache=True, error_model="numpy")
def _allowed(state, group):
    bounds = state.event_bounds
    return bounds[group, 0] <= state.counts[group] <= bounds[group, 1]


@njit(cache=True, error_model="numpy")
def settle(state, kept):
    """Keep the last change, or take it back."""
    if not kept and state.move[0] == 0:
        state.marks[state.move[1]] -= state.move[2]
    elif not kept:
        _exchange(state)


@njit(cache=True, error_model="numpy")
def statistics(state, iterations=ITERATIONS_MAX):
    """Return the statistics of an order in time, shape (T,)."""
    classes, events, marks = state.classes, state.events, state.marks
    many, names = events.sum(), state.counts.shape[0]
    at_risk, of_event = np.zeros((many, names)), np.zeros(many, np.int64)
    until = np.zeros(marks.shape[0] + 1, np.int64)
    until[-1] = many
    now, e = np.zeros(names), many
    for i in range(classes.shape[0] - 1, -1, -1):
        now[classes[i]] += 1.0
        if events[i]:
            e -= 1
            of_event[e] = classes[i]
            at_risk[e] = now
            for m in range(marks.shape[0]):
                until[m] += i < marks[m]
    out = np.zeros(state.target.shape[0])
    rates, tests = state.rate_marks.shape[0], state.groups.shape[0]
    for r in range(rates):
        members, out[r] = state.rate_classes[r], 100.0  # Kaplan-Meier
        size = at_risk @ members
        for e in range(until[state.rate_marks[r]]):
            if members[of_event[e]]:
                out[r] *= 1.0 - 1.0 / size[e]
    for j in range(tests):
        out[rates + j] = _logrank_of(at_risk, of_event, state.groups[j])
    for c in range(state.beta.shape[0]):
        beta, base, levels = state.beta[c], rates + tests + 3 * c, state.levels[c]
        ones, size, with_level = at_risk @ levels, at_risk.sum(axis=1), levels[of_event].sum()
        for _ in range(iterations):
            beta = write_binary(ones, size, with_level, beta, out[base : base + 3])
    return out


@njit(cache=True, error_model="numpy")
def _logrank_of(at_risk, of_event, groups):
    """Log-rank chi-square of groups of classes."""
    levels = np.zeros((groups.shape[0], groups.max()))
    for g in range(groups.shape[0]):
        if groups[g] > 0:
            levels[g, groups[g] - 1] = 1.0
    counted = np.where(groups[of_event] < 0, -1, of_event)
    return logrank(at_risk * (groups >= 0), counted, levels)


@njit(cache=True, error_model="numpy")
def energy(state, limit):
    """Energy of an order in time; the limit is not needed."""
    out, total = statistics(state, NEWTON_STEPS), 0.0
    for t in range(out.shape[0]):
        one = slice(t, t + 1)
        total += state.weight[t] * excess(out[one], state.target[one], state.half[one])
    return total
