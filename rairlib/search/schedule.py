"""All parameters of a search that may be tuned, in one place."""

from dataclasses import dataclass, fields

from rairlib.errors import RairlibError, unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One cooling of an annealing chain.

    Attributes
    ----------
    steps : int
        Proposals.
    start, end : float
        Temperatures, in squared half units of the last printed digit.
    cap : float
        Excess, in half units, from which the energy grows only linearly.
    """

    steps: int
    start: float
    end: float
    cap: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How long and how hot each stage of a search runs.

    Attributes
    ----------
    inside : float
        Residual, in half units, up to which a number costs nothing.
    chunk_steps : int
        Steps between two checkpoints; part of what determines a cohort.
    rebuild_steps : int
        Steps after which the incremental sums are summed afresh.
    timeline_chains, covariate_chains, single_chains : int
        Independent chains of each stage; the best one goes on.
    timeline_rounds, covariate_rounds, single_rounds : tuple of Round
        One after the other, each from the best state of the one before.
    timeline_moves : tuple of float
        Shares of: mark shifted, classes exchanged, far positions exchanged, near ones exchanged.
    covariate_moves : tuple of float
        Shares of the moves in :mod:`rairlib.search.moves`, in the order given there.
    weight_ratio, weight_growth, weight_decay, weight_limit : float
        After each round a row further off than `weight_ratio` medians counts `weight_growth`
        times as much, up to `weight_limit`; the weight of the others decays to 1.
    polish_iterations, polish_stalls : int
        Re-fits of the last stage, and how many in a row may fail before it stops.
    polish_moves, polish_pairs, polish_seeds, polish_refits : int
        Small moves kept, pairs looked up, pairs extended to quadruples, candidates fitted.
    """

    inside: float = 0.9
    chunk_steps: int = 1_000_000
    rebuild_steps: int = 100_000
    timeline_chains: int = 2
    timeline_rounds: tuple[Round, ...] = (
        Round(steps=2_000_000, start=1e6, end=0.02, cap=600.0),
        Round(steps=1_000_000, start=3e3, end=0.02, cap=600.0),
        Round(steps=1_000_000, start=100.0, end=0.01, cap=600.0),
    )
    timeline_moves: tuple[float, ...] = (3, 32, 25, 40)
    covariate_chains: int = 2
    covariate_rounds: tuple[Round, ...] = (
        Round(steps=3_000_000, start=3e7, end=2e4, cap=300.0),
        Round(steps=5_000_000, start=2e4, end=100.0, cap=300.0),
        Round(steps=4_000_000, start=300.0, end=3.0, cap=300.0),
    )
    covariate_moves: tuple[float, ...] = (3, 1, 2, 1, 2, 2, 1, 1, 1)
    weight_ratio: float = 4.0
    weight_growth: float = 4.0
    weight_decay: float = 2.0
    weight_limit: float = 64.0
    single_chains: int = 2
    single_rounds: tuple[Round, ...] = (Round(steps=400_000, start=1e4, end=0.1, cap=300.0),)
    polish_iterations: int = 60
    polish_stalls: int = 3
    polish_moves: int = 2600
    polish_pairs: int = 4000
    polish_seeds: int = 12
    polish_refits: int = 150


def schedule_from(values: dict, source: str) -> Schedule:
    """Build a schedule from a table of a declaration; what it leaves out keeps its default.

    Parameters
    ----------
    values : dict
        Field names to numbers, lists of numbers, or lists of tables for rounds.
    source : str
        File named in errors.

    Returns
    -------
    Schedule
        Ready to use.

    Raises
    ------
    RairlibError
        If a key is unknown or a value cannot be read.
    """
    defaults = Schedule()
    names = [field.name for field in fields(Schedule)]
    settings = {}
    for key, value in values.items():
        if key not in names:
            raise RairlibError(f"{source}: schedule: {unknown(key, 'key', names)}")
        try:
            settings[key] = _converted(key, value, type(getattr(defaults, key)))
        except (KeyError, TypeError, ValueError) as error:
            raise RairlibError(f"{source}: schedule.{key}: cannot read {value!r}") from error
    return Schedule(**settings)


def _converted(key: str, value, kind: type):
    if key.endswith("_rounds"):
        return tuple(
            Round(
                steps=int(entry["steps"]),
                start=float(entry["start"]),
                end=float(entry["end"]),
                cap=float(entry["cap"]),
            )
            for entry in map(dict, value)
        )
    if kind is tuple:
        return tuple(float(share) for share in value)
    return kind(value)
