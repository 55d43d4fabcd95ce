"""The last stage of a search: pairs of pairs of sets of exchanges, looked up by cells."""

from itertools import combinations_with_replacement

import numpy as np
import pytest
from search_toy import MEETING_STEP, QUICK

from rairlib.search.arrays import design_of, timing_of
from rairlib.search.cells import Judge, grid_of, meet, worth
from rairlib.search.cox_fit import fitted_rows
from rairlib.search.exchanges import Exchanges, exchanged, joined
from rairlib.search.fours import Aim, best_four, distinct
from rairlib.search.linear import exact_residuals, neutral_sets
from rairlib.search.meeting import combined, meeting_step
from rairlib.search.refits import refitted_effects
from rairlib.search.schedule import FourSearch
from rairlib.search.start import start_rows, start_timeline
from rairlib.search.timeline_meeting import exchanges_of, timeline_residuals, timeline_step
from rairlib.simulation.declared import load_declared


@pytest.fixture(scope="module")
def qingdao():
    study, _ = load_declared("wang2025")
    rng = np.random.default_rng(3)
    classes, events, _ = start_timeline(study, rng)
    rows, _ = start_rows(study, classes, rng)
    return study, design_of(study, classes, events), rows


def judge(univariable: int, numbers: int) -> Judge:
    limits = np.where(np.arange(numbers) < univariable, 1, 20).astype(np.float32)
    return Judge(univariable, limits, np.full(numbers, 10, np.float32))


def test_worth_by_hand():
    # univariable: 0 inside 1, else -2; model: 1 inside 0.9; 2.9: 1/(1 + 2*4) - 0.25*0.29^2;
    # 30.9: 1/(1 + 2*900) - 0.25*3.09^2 - 0.3 beyond 20.
    residuals = np.array([0.99, 1.5, 0.5, 2.9, -30.9], np.float32)
    expected = -2 + 1 + (1 / 9 - 0.25 * 0.29**2) + (1 / 1801 - 0.25 * 3.09**2 - 0.3)
    assert worth(residuals, judge(2, 5)) == pytest.approx(expected, rel=1e-5)


def test_meeting_finds_all_pairs_that_cancel_the_keys():
    rng = np.random.default_rng(4)
    effects = rng.normal(scale=4, size=(300, 6)).astype(np.float32)
    places = -np.sort(-rng.integers(-1, 60, (300, 3)), axis=1).astype(np.int16)
    residuals = rng.normal(scale=4, size=6).astype(np.float32)
    keys, weigh = np.array([2, 5]), judge(1, 6)
    found, worths = np.zeros((50_000, 2), np.int64), np.zeros(50_000)
    grid = grid_of(effects, keys, 1.1)
    many = meet(effects, places, residuals, weigh, grid, -100.0, found, worths)
    expected = {}
    for a, b in combinations_with_replacement(range(300), 2):
        left = residuals + effects[a] + effects[b]
        shared = set(places[a][places[a] >= 0]) & set(places[b][places[b] >= 0])
        if (np.abs(left[keys]) <= 1.1).all() and not shared:
            expected[a, b] = worth(left, weigh)
    got = {(int(a), int(b)): value for (a, b), value in zip(found[:many], worths, strict=False)}
    assert len(expected) > 100
    assert got == pytest.approx(expected, abs=1e-4)
    few, their = np.zeros((40, 2), np.int64), np.zeros(40)
    kept = meet(effects, places, residuals, weigh, grid, -100.0, few, their)
    assert their[:kept].max() == pytest.approx(max(expected.values()), abs=1e-4)


def test_changes_that_all_share_a_place_give_the_best_single_one():
    effects = np.array([[3.0, 0.0], [-5.0, 0.0], [2.0, 1.0]])
    aim = Aim(np.array([5.0, 0.0]), np.array([0, 1]), 0, np.full(2, 20.0))

    def fit(members: np.ndarray) -> np.ndarray:
        chosen = np.where((members >= 0)[:, :, None], effects[members], 0.0)
        return chosen.sum(1).astype(np.float32)

    # More keys are asked for than there are numbers.
    search = FourSearch(pairs=10, keys=4, lookups=1, refits=10)
    members = best_four(effects, np.zeros((3, 1), int), aim, search, fit, np.random.default_rng(1))
    assert members.tolist() == [1]


def test_distinct_sets_are_the_smallest_of_each_group():
    effects = np.array([[3.0, 0], [1, 0], [1, 0], [2, 0], [5, 0], [4, 0]])
    group = np.array([0, 0, 0, 0, 1, 1])
    assert distinct(effects, group, 2).tolist() == [1, 3, 5, 4]


def test_combined_sets_have_the_exchanges_of_all_parts():
    masks = np.zeros((2, 2, 3), bool)
    masks[0, 0, 0] = masks[1, 0, 1] = masks[1, 1, 1] = True
    sets = Exchanges(np.array([[0, -1], [2, 4]]), np.array([[1, -1], [3, 5]]), masks)
    both = combined(sets, np.array([[0, 1], [-1, 1]]))
    assert both.first.tolist() == [[0, 2, 4], [2, 4, -1]]
    assert both.second.tolist() == [[1, 3, 5], [3, 5, -1]]
    assert both.masks[0].argmax(1).tolist() == [0, 1, 1]
    rows = np.arange(18).reshape(6, 3)
    one_by_one = exchanged(exchanged(rows, sets.take(np.array([0]))), sets.take(np.array([1])))
    assert exchanged(rows, both.take(np.array([0]))).tolist() == one_by_one.tolist()


def test_effects_of_sets_without_a_common_patient_nearly_add_up(qingdao):
    # Of sets with a common patient they do not: fours are drawn from disjoint sets.
    _, design, rows = qingdao
    sets = neutral_sets(rows, design, MEETING_STEP, 0, 1)
    size = np.sqrt((refitted_effects(rows, design, sets)[1] ** 2).mean(1))
    sets = sets.take(np.flatnonzero((size > 5) & (size < 100)))
    alone = refitted_effects(rows, design, sets)[1]
    pairs = np.random.default_rng(2).integers(sets.many, size=(4000, 2))
    patients = [set(of_set) - {-1} for of_set in sets.patients().tolist()]
    shared = np.array([bool(patients[a] & patients[b]) for a, b in pairs])
    together = refitted_effects(rows, design, combined(sets, pairs))[1]
    away = np.sqrt(((together - alone[pairs].sum(1)) ** 2).mean(1))
    assert min(shared.sum(), (~shared).sum()) > 300
    assert np.median(away[~shared]) < np.median(away[shared]) / 10


def test_effects_do_not_depend_on_the_sets_before(qingdao):
    # The second exchange of the first set takes up a patient of the first one.
    _, design, rows = qingdao
    mask = np.ones((2, rows.shape[1]), bool)
    chained = Exchanges(np.array([[20, 80]]), np.array([[80, 140]]), mask[None])
    other = Exchanges(np.array([[30, -1]]), np.array([[100, -1]]), mask[None])
    both = joined([chained, other])
    alone = refitted_effects(rows, design, other)[1][0]
    assert np.abs(alone).max() > 1
    assert refitted_effects(rows, design, both)[1][1].tolist() == alone.tolist()


def test_without_a_model_there_is_nothing_to_meet(qingdao):
    _, design, rows = qingdao
    alone = design._replace(
        model=np.empty(0, np.int64),
        place=np.full_like(design.place, -1),
        model_beta=np.empty(0),
        model_target=np.empty((0, 3)),
        model_half=np.empty((0, 3)),
    )
    assert meeting_step(rows, alone, MEETING_STEP, QUICK, 1) is rows


def test_forbidden_exchange_is_not_possible(qingdao):
    study, design, rows = qingdao
    names = [covariate.variable for covariate in study.covariates]
    gender, age = names.index("gender"), names.index("age_55")
    barred = design._replace(forbidden=np.array([[gender, 1, age, 1]]))
    taker = np.flatnonzero((rows[:, gender] == 0) & (rows[:, age] == 1))[0]
    giver = np.flatnonzero((rows[:, gender] == 1) & (rows[:, age] == 0))[0]
    mask = (np.arange(len(names)) == gender)[None, None, :]
    sets = Exchanges(np.array([[taker]]), np.array([[giver]]), mask)
    assert (refitted_effects(rows, barred, sets)[1] == 1e6).all()
    assert np.abs(refitted_effects(rows, design, sets)[1]).max() < 1e6


def test_meeting_finds_exchanges_that_were_made(qingdao):
    # Four sets are exchanged, the result printed to four digits: from the start, the step has
    # to find a cohort with that print.
    _, design, start = qingdao
    sets = neutral_sets(start, design, MEETING_STEP, 0, 1)
    _, effects = refitted_effects(start, design, sets)
    univariable = 3 * start.shape[1]
    size = np.sqrt((effects[:, univariable:] ** 2).mean(1))
    chosen, places = [], sets.patients()
    for move in np.argsort(size):
        taken = set(places[chosen].ravel().tolist()) - {-1}
        if 5 < size[move] < 150 and not taken & set(places[move].tolist()):
            chosen.append(int(move))
        if len(chosen) == 4:
            break
    printed = fitted_rows(exchanged(start, sets.take(np.array(chosen))), design)
    half = np.full_like(design.half, 0.00005)
    around = design._replace(
        beta=np.log(printed[0][:, 0]),
        target=np.round(printed[0], 4),
        half=half,
        model_beta=np.log(printed[1][:, 0]),
        model_target=np.round(printed[1], 4),
        model_half=half[: len(design.model)],
        events_low=np.zeros(len(half)),
        events_high=np.full(len(half), float(design.event.sum())),
    )
    before = np.abs(exact_residuals(start, around))[univariable:]
    assert (before > 1).mean() > 0.9
    found = meeting_step(start, around, MEETING_STEP, QUICK, 2)
    assert np.abs(exact_residuals(found, around)).max() <= 1.0


def test_timeline_step_finds_exchanges_that_were_made(qingdao):
    # Four exchanges of positions are made, the statistics of the result are the targets.
    study, _, _ = qingdao
    rng = np.random.default_rng(8)
    classes, events, marks = start_timeline(study, rng)
    timing = timing_of(study)
    moves = exchanges_of(classes, events)

    def statistics(members: list[int]) -> np.ndarray:
        lines = np.array([members])
        away = timeline_residuals(classes, events, marks, timing, moves, lines)[0]
        return away * timing.half + timing.target

    start = statistics([-1])
    chosen, positions = [], set()
    for move in rng.permutation(len(moves.first)):
        its = {int(moves.first[move]), int(moves.second[move])}
        after = statistics([int(move)])
        if not its & positions and 0 < np.abs(after - start).max() < 2:
            chosen.append(int(move))
            positions |= its
        if len(chosen) == 4:
            break
    aimed = timing._replace(target=statistics(chosen), half=np.full(len(timing.half), 0.01))

    def missed(order: tuple[np.ndarray, np.ndarray]) -> int:
        nothing = np.array([[-1]])
        away = timeline_residuals(*order, marks, aimed, exchanges_of(*order), nothing)
        return int((np.abs(away) > 1).sum())

    search = FourSearch(pairs=20_000, keys=3, lookups=3, refits=1_000)
    order, before = (classes, events), missed((classes, events))
    for number in range(2):
        order = timeline_step(*order, marks, aimed, search, 2_000, np.random.default_rng(number))
    assert before >= 7
    assert missed(order) <= before // 2
    assert np.bincount(order[0]).tolist() == np.bincount(classes).tolist()
    with_event = np.bincount(order[0], weights=order[1], minlength=len(timing.events_low))
    assert (timing.events_low <= with_event).all()
    assert (with_event <= timing.events_high).all()
