"""The stages of a search, one chunk of steps at a time, so that it can be stopped and resumed.

Chains are independent and seeded by seed, stage, chain, round and chunk: the number of workers
changes the time, never the cohort.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from rairlib.search.arrays import alone, design_of, single_columns, timing_of
from rairlib.search.cooling import SOLVED, piece_of
from rairlib.search.covariates import anneal, cumulative
from rairlib.search.declaration import DeclaredStudy
from rairlib.search.distances import distances
from rairlib.search.finishing import linear_piece, meeting_piece, start_walk, walk_piece
from rairlib.search.polish import polish_once, residual_energy
from rairlib.search.risk_sums import fresh_residuals
from rairlib.search.row_weights import reweighted
from rairlib.search.schedule import Round, Schedule
from rairlib.search.start import start_rows, start_timeline
from rairlib.search.state import STAGES, SearchState, next_piece, seed_of
from rairlib.search.timeline_meeting import timeline_step
from rairlib.search.timeline_search import anneal_timeline

TIMELINE = ("classes", "events", "marks")


class Search:
    """A search for one cohort.

    Parameters
    ----------
    study : DeclaredStudy
        What to search for.
    schedule : Schedule
        How long and how hot.
    seed : int
        Same seed, same cohort on the same machine.
    workers : int
        Chains that run at the same time.

    Raises
    ------
    DeclarationError
        If the declaration contradicts itself.
    """

    def __init__(
        self, study: DeclaredStudy, schedule: Schedule, seed: int, *, workers: int = 1
    ) -> None:
        study.check()
        self.study, self.schedule, self.seed, self.workers = study, schedule, seed, workers
        self.timing = timing_of(study)

    def start(self) -> SearchState:
        """Return the state before the first step."""
        chains = [
            start_timeline(self.study, np.random.default_rng([self.seed, 0, chain]))
            for chain in range(self.schedule.timeline_chains)
        ]
        arrays = {name: np.stack([chain[k] for chain in chains]) for k, name in enumerate(TIMELINE)}
        return _fresh_round(SearchState(stage="timeline", round=0, chunk=0, arrays=arrays))

    def start_from(self, classes: np.ndarray, events: np.ndarray, marks: np.ndarray) -> SearchState:
        """Return the state behind the timeline stage, for an order in time that is known.

        Parameters
        ----------
        classes, events, marks : ndarray of int64, shapes (n,), (n,), (marks,)
            Class and event by position; positions up to each mark.

        Returns
        -------
        SearchState
            Ready for the covariates.
        """
        return self._deal(dict(zip(TIMELINE, (classes, events, marks), strict=True)))

    def steps(self, state: SearchState | None = None) -> Iterator[SearchState]:
        """Go on from a state, or from the start.

        Parameters
        ----------
        state : SearchState, optional
            As yielded before.

        Yields
        ------
        SearchState
            After each chunk; the last one has the stage ``done``.
        """
        state = state or self.start()
        work = {
            "timeline": self._timeline,
            "singles": self._singles,
            "covariates": self._covariates,
            "polish": self._polish,
            "walk": self._walk,
            "linear": self._linear,
            "meeting": self._meeting,
        }
        with ThreadPoolExecutor(self.workers) as pool:
            while state.stage != "done":
                state = work[state.stage](state, pool)
                yield state

    def run(self, state: SearchState | None = None) -> SearchState:
        """Search to the end; see :meth:`steps`."""
        for state in self.steps(state):  # noqa: B007, B020 - the last one is wanted
            pass
        return state

    def _seed(self, state: SearchState, chain: int) -> int:
        stage = STAGES.index(state.stage)
        return seed_of(self.seed, 1 + stage, chain, state.round, state.chunk)

    def _chunks(self, rounds: tuple[Round, ...]) -> list[int]:
        return [-(-entry.steps // self.schedule.chunk_steps) for entry in rounds]

    def _timeline(self, state: SearchState, pool) -> SearchState:
        rounds = self.schedule.timeline_rounds
        shares = np.array(self.schedule.timeline_moves, float)
        if not self.study.marks:
            shares[0] = 0.0
        mix = np.cumsum(shares) / shares.sum()

        def work(chain: int):
            now = tuple(state.arrays[name][chain].copy() for name in TIMELINE)
            best = tuple(state.arrays[f"best_{name}"][chain].copy() for name in TIMELINE)
            cooling = piece_of(
                rounds[state.round], self.schedule, state.chunk, self._seed(state, chain)
            )
            energy = state.arrays["best_energy"][chain]
            found = anneal_timeline(now, best, energy, self.timing, mix, cooling)
            return *now, *best, found[1]

        names = [*TIMELINE, *(f"best_{name}" for name in TIMELINE), "best_energy"]
        results = list(pool.map(work, range(self.schedule.timeline_chains)))
        state = state.with_arrays(
            **{name: np.stack([result[k] for result in results]) for k, name in enumerate(names)}
        )
        ended = state.round
        state = next_piece(state, self._chunks(rounds))
        if state.round == ended:
            return state
        best = {name: state.arrays[f"best_{name}"].copy() for name in TIMELINE}
        if state.round < len(rounds):
            return _fresh_round(state.with_arrays(**best))
        chain = state.best_chain()
        return self._deal(self._exchanged({name: array[chain] for name, array in best.items()}))

    def _exchanged(self, timeline: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Make the best exchanges of positions of an order in time."""
        classes, events, marks = (timeline[name] for name in TIMELINE)
        for number, step in enumerate(self.schedule.timeline_plan):
            rng = np.random.default_rng([self.seed, 2, number])
            most = self.schedule.timeline_exchanges
            classes, events = timeline_step(classes, events, marks, self.timing, step, most, rng)
        return dict(zip(TIMELINE, (classes, events, marks), strict=True))

    def _deal(self, timeline: dict[str, np.ndarray]) -> SearchState:
        """Deal the covariates out along a timeline, for each chain of the next stages."""
        dealt = [
            start_rows(
                self.study, timeline["classes"], np.random.default_rng([self.seed, 1, chain])
            )
            for chain in range(self.schedule.covariate_chains)
        ]
        design = self._design(timeline)
        weights = np.zeros(len(design.beta))
        weights[design.free] = 1.0
        arrays = {
            **{name: np.asarray(array, np.int64) for name, array in timeline.items()},
            "rows": np.stack([rows for rows, _ in dealt]),
            "outside": np.stack([outside for _, outside in dealt]),
            "weights": np.tile(weights, (len(dealt), 1)),
            "model_weights": np.ones((len(dealt), len(design.model))),
        }
        stage = "singles" if single_columns(self.study) else "covariates"
        return _fresh_round(SearchState(stage=stage, round=0, chunk=0, arrays=arrays))

    def _design(self, arrays):
        return design_of(self.study, arrays["classes"], arrays["events"])

    def _singles(self, state: SearchState, pool) -> SearchState:
        """Search the columns that stand in no model, one per chunk."""
        column = single_columns(self.study)[state.chunk]
        design = alone(self._design(state.arrays), column)
        mix = cumulative((1,), design)
        weights, none = np.ones(1), np.empty(0)

        def work(chain: int):
            start = np.random.default_rng(self._seed(state, chain))
            best = self._dealt_again(state, column, start)
            for number, round_ in enumerate(self.schedule.single_rounds):
                seed = seed_of(self._seed(state, chain), number)
                cooling = piece_of(
                    round_, replace(self.schedule, chunk_steps=round_.steps), 0, seed
                )
                now = best.copy()
                _, energy, _ = anneal(now, best, np.inf, design, weights, none, mix, cooling)
            return energy, best[:, 0]

        results = list(pool.map(work, range(self.schedule.single_chains)))
        rows = state.arrays["rows"].copy()
        rows[:, :, column] = min(results, key=lambda result: result[0])[1]
        state = state.with_arrays(rows=rows)
        state = next_piece(state, [len(single_columns(self.study))])
        return (
            state if state.round == 0 else _fresh_round(replace(state, stage="covariates", round=0))
        )

    def _dealt_again(self, state, column: int, rng) -> np.ndarray:
        rows, _ = start_rows(
            replace(
                self.study, covariates=(self.study.covariates[column],), joint=None, forbidden=()
            ),
            state.arrays["classes"],
            rng,
        )
        return rows

    def _covariates(self, state: SearchState, pool) -> SearchState:
        rounds = self.schedule.covariate_rounds
        design = self._design(state.arrays)
        if len(design.free) == 0:
            return self._polish_or_walk(state)
        mix = cumulative(self.schedule.covariate_moves, design)

        def work(chain: int):
            rows, best = (state.arrays[name][chain].copy() for name in ("rows", "best_rows"))
            energy = state.arrays["best_energy"][chain]
            if energy > SOLVED:
                cooling = piece_of(
                    rounds[state.round], self.schedule, state.chunk, self._seed(state, chain)
                )
                weights = (state.arrays[name][chain] for name in ("weights", "model_weights"))
                _, energy, _ = anneal(rows, best, energy, design, *weights, mix, cooling)
            return rows, best, energy

        results = list(pool.map(work, range(self.schedule.covariate_chains)))
        state = state.with_arrays(
            **{
                name: np.stack([result[k] for result in results])
                for k, name in enumerate(("rows", "best_rows", "best_energy"))
            }
        )
        ended, solved = state.round, state.arrays["best_energy"].min() <= SOLVED
        state = next_piece(state, self._chunks(rounds))
        if state.round == ended and not solved:
            return state
        state = reweighted(
            state.with_arrays(rows=state.arrays["best_rows"].copy()), design, self.schedule
        )
        over = solved or state.round == len(rounds)
        return self._polish_or_walk(state) if over else _fresh_round(state)

    def _polish_or_walk(self, state: SearchState) -> SearchState:
        design = self._design(state.arrays)
        if self.schedule.polish_iterations > 0 and len(design.free) > 0:
            return _fresh_round(replace(state, stage="polish", round=0, chunk=0))
        return start_walk(_fresh_round(state), self.study, design, self.schedule)

    def _polish(self, state: SearchState, pool) -> SearchState:
        """Polish each chain once; `round` counts the iterations in a row that changed nothing."""
        design = self._design(state.arrays)

        def work(chain: int):
            seed = seed_of(self.seed, 1 + STAGES.index("polish"), chain, 0, state.chunk)
            rows = state.arrays["rows"][chain]
            energy = float(residual_energy(fresh_residuals(rows, design), self.schedule.inside))
            if energy <= SOLVED:
                return rows, energy, False
            return polish_once(rows, design, self.schedule, seed)

        results = list(pool.map(work, range(self.schedule.covariate_chains)))
        stalls = 0 if any(better for _, _, better in results) else state.round + 1
        state = state.with_arrays(
            rows=np.stack([rows for rows, _, _ in results]),
            best_energy=np.array([energy for _, energy, _ in results]),
        )
        over = stalls > self.schedule.polish_stalls
        over = over or state.chunk + 1 >= self.schedule.polish_iterations
        over = over or state.arrays["best_energy"].min() <= SOLVED
        if over:
            return start_walk(state, self.study, design, self.schedule)
        return replace(state, round=stalls, chunk=state.chunk + 1)

    def _walk(self, state: SearchState, pool) -> SearchState:
        design = self._design(state.arrays)
        return walk_piece(state, self.study, design, self.schedule, self.seed, pool)

    def _linear(self, state: SearchState, pool) -> SearchState:
        return linear_piece(state, self._design(state.arrays), self.schedule, self.seed, pool)

    def _meeting(self, state: SearchState, pool) -> SearchState:
        return meeting_piece(state, self._design(state.arrays), self.schedule, self.seed, pool)

    def report(self, state: SearchState):
        """Return :func:`rairlib.search.distances.distances` of the best chain of a state."""
        arrays = state.arrays
        chain = state.best_chain()
        if state.stage == "timeline":
            best = "" if np.isinf(arrays["best_energy"][chain]) else "best_"
            return distances(self.study, *(arrays[best + name][chain] for name in TIMELINE))
        rows = arrays["rows" if np.isinf(arrays["best_energy"][chain]) else "best_rows"]
        rows = arrays["rows"] if state.stage in ("polish", "walk", "done") else rows
        return distances(self.study, *(arrays[name] for name in TIMELINE), rows[chain])


def _fresh_round(state: SearchState) -> SearchState:
    """Return a state without a best one yet."""
    several = [name for name in ("rows",) if name in state.arrays]
    several = several or list(TIMELINE)
    chains = len(state.arrays[several[0]])
    best = {f"best_{name}": state.arrays[name].copy() for name in several}
    return state.with_arrays(**best, best_energy=np.full(chains, np.inf))
