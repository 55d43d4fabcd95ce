"""The last stages of a search: univariable rows to the digit, then as many others as can be.

They work on each chain by itself, one column or one step per chunk.
"""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import replace

import numpy as np

from rairlib.search.cox_terms import Design
from rairlib.search.declaration import DeclaredStudy, ratio_centre
from rairlib.search.linear import linear_step, missed
from rairlib.search.meeting import meeting_step
from rairlib.search.schedule import Schedule
from rairlib.search.state import STAGES, SearchState, next_piece, seed_of
from rairlib.search.walks import walk_order, walked


def _seed(seed: int, state: SearchState, chain: int) -> int:
    return seed_of(seed, 1 + STAGES.index(state.stage), chain, state.round, state.chunk)


def _judged(state: SearchState, design: Design, schedule: Schedule) -> np.ndarray:
    return np.array(
        [missed(rows, design, schedule.linear_percent) for rows in state.arrays["rows"]]
    )


def start_walk(
    state: SearchState, study: DeclaredStudy, design: Design, schedule: Schedule
) -> SearchState:
    """Return the state before the first walk, or before the linear stage if there is none.

    Parameters
    ----------
    state : SearchState
        With the rows to start from.
    study, design, schedule
        Of the search.

    Returns
    -------
    SearchState
        With ``order`` (chains, columns to walk).
    """
    orders = np.array([walk_order(study, rows, design) for rows in state.arrays["rows"]], np.int64)
    state = replace(state, stage="walk", round=0, chunk=0)
    if schedule.walk_tries == 0 or orders.shape[1] == 0:
        return start_linear(state, design, schedule)
    return state.with_arrays(order=orders, best_energy=_judged(state, design, schedule))


def walk_piece(
    state: SearchState,
    study: DeclaredStudy,
    design: Design,
    schedule: Schedule,
    seed: int,
    pool: Executor,
) -> SearchState:
    """Walk one column of each chain to its printed univariable row.

    Parameters
    ----------
    state : SearchState
        Of the stage ``walk``.
    study, design, schedule, seed
        Of the search.
    pool : Executor
        Runs the chains.

    Returns
    -------
    SearchState
        One chunk further.
    """

    def work(chain: int) -> np.ndarray:
        column = int(state.arrays["order"][chain, state.chunk])
        error = ratio_centre(study.covariates[column].univariable)[1]
        rows = state.arrays["rows"][chain]
        return walked(rows, design, column, error, schedule, _seed(seed, state, chain))

    rows = np.stack(list(pool.map(work, range(len(state.arrays["rows"])))))
    columns = state.arrays["order"].shape[1]
    after = next_piece(state.with_arrays(rows=rows), [columns] * schedule.walk_rounds)
    after = after.with_arrays(best_energy=_judged(after, design, schedule))
    return after if after.round < schedule.walk_rounds else start_linear(after, design, schedule)


def start_linear(state: SearchState, design: Design, schedule: Schedule) -> SearchState:
    """Return the state before the first linear step, or a later one if there is none."""
    state = replace(state, stage="linear", round=0, chunk=0)
    if len(design.free) == 0:
        return replace(state, stage="done")
    judged = _judged(state, design, schedule)
    state = state.with_arrays(best_rows=state.arrays["rows"].copy(), best_energy=judged)
    begins = schedule.linear_plan and schedule.linear_cycles > 0 and judged.min() > 0
    return state if begins else _start_meeting(state, schedule)


def _start_meeting(state: SearchState, schedule: Schedule) -> SearchState:
    """Return the state before the first meeting step, from the best cohort of each chain."""
    rows = state.arrays["best_rows"].copy()
    solved = state.arrays["best_energy"].min() == 0
    stage = "meeting" if schedule.meeting_plan and not solved else "done"
    return replace(state.with_arrays(rows=rows), stage=stage, round=0, chunk=0)


def _stepped(
    state: SearchState, design: Design, schedule: Schedule, step: Callable, pool: Executor
) -> SearchState:
    """Take one step with each chain and keep the best cohort of each."""
    rows = np.stack(list(pool.map(step, range(len(state.arrays["rows"])))))
    state = state.with_arrays(rows=rows)
    judged = _judged(state, design, schedule)
    better = judged < state.arrays["best_energy"]
    best = np.where(better[:, None, None], rows, state.arrays["best_rows"])
    energy = np.where(better, judged, state.arrays["best_energy"])
    return state.with_arrays(best_rows=best, best_energy=energy)


def linear_piece(
    state: SearchState, design: Design, schedule: Schedule, seed: int, pool: Executor
) -> SearchState:
    """Take one linear step with each chain; the best cohort of each is kept.

    Parameters
    ----------
    state : SearchState
        Of the stage ``linear``.
    design, schedule, seed
        Of the search.
    pool : Executor
        Runs the chains.

    Returns
    -------
    SearchState
        One chunk further.
    """

    def work(chain: int) -> np.ndarray:
        step = schedule.linear_plan[state.chunk]
        rows = state.arrays["rows"][chain]
        return linear_step(rows, design, step, schedule, _seed(seed, state, chain))

    after = _stepped(state, design, schedule, work, pool)
    after = next_piece(after, [len(schedule.linear_plan)] * schedule.linear_cycles)
    over = after.round == schedule.linear_cycles or after.arrays["best_energy"].min() == 0
    return _start_meeting(after, schedule) if over else after


def meeting_piece(
    state: SearchState, design: Design, schedule: Schedule, seed: int, pool: Executor
) -> SearchState:
    """Take one step over pairs of pairs with each chain; the best cohort of each is kept.

    Parameters
    ----------
    state : SearchState
        Of the stage ``meeting``.
    design, schedule, seed, pool
        See :func:`linear_piece`.

    Returns
    -------
    SearchState
        One chunk further; with the stage ``done`` the best cohorts are its ``rows``.
    """

    def work(chain: int) -> np.ndarray:
        step = schedule.meeting_plan[state.chunk]
        rows = state.arrays["rows"][chain]
        return meeting_step(rows, design, step, schedule, _seed(seed, state, chain))

    after = _stepped(state, design, schedule, work, pool)
    after = next_piece(after, [len(schedule.meeting_plan)])
    if after.round == 0 and after.arrays["best_energy"].min() > 0:
        return after
    return replace(after.with_arrays(rows=after.arrays["best_rows"].copy()), stage="done")
