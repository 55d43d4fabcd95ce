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
class LinearStep:
    """One step of the linear search; see :mod:`rairlib.search.linear`.

    Attributes
    ----------
    size : float
        Largest effect of a set of exchanges, as root mean square in half units.
    cancelling : int
        Cancelling pairs listed per column of the joint table.
    walked : int
        Sets of exchanges across events listed per walk around a column.
    paired, pairs : int
        Small sets that are paired, and pairs with small sums that are listed.
    pair_size : float
        Largest effect of a pair.
    steps : int
        Proposals of the annealing.
    start, end : float
        Its temperatures.
    reward, width : float
        See :class:`rairlib.search.linear_sums.SumEnergy`.
    accept : float
        The result is taken if its energy is below so many times that of before.
    """

    size: float
    cancelling: int
    walked: int
    paired: int = 0
    pairs: int = 0
    pair_size: float = 0.0
    steps: int
    start: float
    end: float
    reward: float = 60.0
    width: float
    accept: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FourSearch:
    """How many fours are looked at; see :mod:`rairlib.search.fours`.

    Attributes
    ----------
    pairs : int
        Pairs of changes listed and fitted.
    keys : int
        Numbers that a lookup cancels.
    lookups : int
        Choices of these numbers.
    refits : int
        Fours fitted after each lookup.
    """

    pairs: int
    keys: int
    lookups: int
    refits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingStep(FourSearch):
    """One step of the search over pairs of pairs; see :mod:`rairlib.search.meeting`.

    Attributes
    ----------
    size : float
        Largest effect of a set of exchanges, as root mean square in half units.
    cancelling, walked : int
        See :class:`LinearStep`.
    walk : int
        Draws of a walk that lists sets of exchanges of a column.
    per_column : int
        Sets of one column kept, those with the smallest effects.
    """

    size: float
    cancelling: int
    walked: int
    walk: int
    per_column: int


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
    timeline_plan : tuple of FourSearch
        Steps in which the best four exchanges of positions are made, after the annealing.
    timeline_exchanges : int
        Exchanges of positions looked at in each, those with the smallest effects.
    covariate_moves : tuple of float
        Shares of the moves in :mod:`rairlib.search.moves`, in the order given there.
    weight_ratio, weight_growth, weight_decay, weight_limit : float
        After each round a row further off than `weight_ratio` medians counts `weight_growth`
        times as much, up to `weight_limit`; the weight of the others decays to 1.
    polish_iterations, polish_stalls : int
        Re-fits after the covariates (0: none), and how many in a row may fail before they stop.
    polish_moves, polish_pairs, polish_seeds, polish_refits : int
        Small moves kept, pairs looked up, pairs extended to quadruples, candidates fitted.
    walk_steps, walk_tries : int
        Longest walk of a column, and walks of each kind (0: none).
    walk_rounds : int
        How often the columns are gone through.
    walk_pulls, walk_temperatures, walk_ends : tuple of float
        Kinds of walks, until one meets the print: the gentlest first.
    walk_unit : float
        Residual of the multivariable rows, in half units, that a walk takes for 1.
    walk_scale, walk_inside : float
        See :class:`rairlib.search.column_walk.Walk`.
    linear_cycles, linear_plan : int, tuple of LinearStep
        How often the steps of the linear search are gone through (0: never).
    linear_walk : int
        Draws of a walk that lists sets of exchanges of a column.
    linear_percent : float
        Distance from the print, in percent, from which a number costs more.
    meeting_plan : tuple of MeetingStep
        Steps of the search over pairs of pairs, gone through once.
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
    timeline_plan: tuple[FourSearch, ...] = 5 * (
        FourSearch(pairs=300_000, keys=4, lookups=5, refits=10_000),
    )
    timeline_exchanges: int = 7000
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
    polish_iterations: int = 0
    polish_stalls: int = 3
    polish_moves: int = 2600
    polish_pairs: int = 4000
    polish_seeds: int = 12
    polish_refits: int = 150
    walk_steps: int = 500_000
    walk_tries: int = 4
    walk_rounds: int = 2
    walk_pulls: tuple[float, ...] = (0.02, 0.02, 0.1, 0.1, 0.1, 0.1)
    walk_temperatures: tuple[float, ...] = (0.5, 0.3, 0.5, 1.0, 3.0, 30.0)
    walk_ends: tuple[float, ...] = (0.02, 0.3, 0.5, 1.0, 3.0, 30.0)
    walk_unit: float = 25.0
    walk_scale: float = 0.02
    walk_inside: float = 0.9
    linear_cycles: int = 1
    linear_plan: tuple[LinearStep, ...] = (
        LinearStep(
            size=2000.0, cancelling=4000, walked=1500,
            steps=10_000_000, start=3000.0, end=60.0, width=2000.0, accept=1e9,
        ),
        LinearStep(
            size=800.0, cancelling=4000, walked=1500,
            steps=15_000_000, start=500.0, end=10.0, width=200.0,
        ),
        LinearStep(
            size=500.0, cancelling=4000, walked=3000,
            paired=12_000, pairs=60_000, pair_size=40.0,
            steps=15_000_000, start=200.0, end=3.0, width=40.0,
        ),
        LinearStep(
            size=300.0, cancelling=8000, walked=4000,
            paired=15_000, pairs=100_000, pair_size=25.0,
            steps=20_000_000, start=100.0, end=2.0, width=10.0,
        ),
    )  # fmt: skip
    linear_walk: int = 500_000
    linear_percent: float = 0.5
    meeting_plan: tuple[MeetingStep, ...] = (
        MeetingStep(
            size=40.0, cancelling=8000, walked=4000, walk=400_000, per_column=1500,
            pairs=300_000, keys=3, lookups=4, refits=20_000,
        ),
    )  # fmt: skip


STEPS = {
    "timeline_rounds": Round,
    "timeline_plan": FourSearch,
    "covariate_rounds": Round,
    "single_rounds": Round,
    "linear_plan": LinearStep,
    "meeting_plan": MeetingStep,
}


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
    if key in STEPS:
        return tuple(_step(STEPS[key], dict(entry)) for entry in value)
    if kind is tuple:
        return tuple(float(share) for share in value)
    return kind(value)


def _step(kind: type, entry: dict):
    """Read a table of whole numbers and numbers into a kind of step."""
    types = {field.name: field.type for field in fields(kind)}
    return kind(**{name: types[name](value) for name, value in entry.items()})
