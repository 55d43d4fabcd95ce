"""Where a search stands: small enough to be kept after each chunk of steps."""

from dataclasses import dataclass, replace

import numpy as np

STAGES = ("timeline", "singles", "covariates", "polish", "walk", "linear", "meeting", "done")
WORDS_OF_SEED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchState:
    """State between two chunks.

    Attributes
    ----------
    stage : str
        One of `STAGES`.
    round, chunk : int
        The next piece of work.
    arrays : dict of str to ndarray
        ``classes``, ``events``, ``marks`` (chains first while the timeline is searched),
        ``rows`` (chains, n, columns), ``outside`` (chains, patients outside, columns), weights,
        ``best_energy`` (chains,) and, under ``best_…``, the best of the round; while columns are
        walked ``order`` (chains, columns).
    """

    stage: str
    round: int
    chunk: int
    arrays: dict[str, np.ndarray]

    def with_arrays(self, **arrays: np.ndarray) -> "SearchState":
        """Return the state with some arrays exchanged."""
        return replace(self, arrays={**self.arrays, **arrays})

    def best_chain(self) -> int:
        """Return the chain with the lowest energy, the first of equals."""
        return int(np.argmin(self.arrays["best_energy"]))


def next_piece(state: SearchState, pieces: list[int]) -> SearchState:
    """Move on by one piece.

    Parameters
    ----------
    state : SearchState
        After the piece that it names.
    pieces : list of int
        Chunks of each round of the stage.

    Returns
    -------
    SearchState
        The same arrays; the round is ``len(pieces)`` once the stage is over.
    """
    if state.chunk + 1 < pieces[state.round]:
        return replace(state, chunk=state.chunk + 1)
    return replace(state, round=state.round + 1, chunk=0)


def seed_of(*words: int) -> int:
    """Return a seed that depends on all words: seed, stage, chain, round, chunk."""
    return int(np.random.SeedSequence(words).generate_state(WORDS_OF_SEED)[0])
