"""Joint tables that agree with a printed logistic model, one after the other and none kept.

A printed odds ratio leaves a small interval of each coefficient. At its middle a table's base odds
follow from the number of events alone, and then its score must be near 0 and its standard errors
near those of the printed limits: only tables that pass are fitted. No agreeing table is lost:

* the score at the middle is the information, averaged on the way to the estimate, times the way;
* on that way no patient's log odds move by more than the half widths of the intervals together, so
  that no weight, and no variance, changes by more than the factor of that;
* one patient more with all three levels changes a score by no more than a bound over all base
  odds: where a score is far from 0, so many tables are passed over at once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numba import njit

from rairlib.reconstruct.joint_tables import (
    _drop_padding,
    _pair_limits,
    _triple_limits,
    more_tables_than,
    tables_with_split,
    write_base,
)
from rairlib.reconstruct.logistic import (
    FittedTables,
    LogisticTarget,
    Reconstruction,
    ReconstructionError,
    fit_candidates,
    fit_known_tables,
    reconstruct_logistic,
    require_possible_margins,
    rows_agreeing,
)
from rairlib.registry.printed import Printed
from rairlib.stats.kernels import factor, solve, write_standard_errors
from rairlib.stats.logistic import Z_95

SIGNS = np.array([-1, 1, 1, -1, 1, -1, -1, 1])
LEVELS = np.array([[cell >> 2 & 1, cell >> 1 & 1, cell & 1] for cell in range(8)])
ROOM = 1e-3  # for base odds that are solved to a tenth of it, in events
SOLVED = 1e-4
BASE_ODDS = 400  # tried for the bound of how much a score changes
LISTED_MAX = 200_000  # joint tables that are all listed and fitted; of more, those near the print


@dataclass(frozen=True, slots=True, kw_only=True)
class Streamed:
    """What is left of all joint tables.

    Attributes
    ----------
    solutions : FittedTables
        Tables that agree with every printed number and can be split by outcome; its
        ``joint_tables`` are all with these margins.
    fitted : int
        Tables that were fitted.
    """

    solutions: FittedTables
    fitted: int

    @property
    def agreeing(self) -> int:
        """Number of tables that agree."""
        return len(self.solutions.cells)


def stream_logistic(
    events: int,
    total: int,
    event_margins: Mapping[str, int],
    margins: Mapping[str, int],
    targets: Sequence[LogisticTarget],
) -> Streamed:
    """Find every joint table of the covariates that agrees with a printed logistic model.

    Parameters
    ----------
    events, total : int
        Patients with the outcome, and all patients.
    event_margins, margins : mapping of str to int
        Patients with level 1 of each of two or three covariates, with the outcome and in all.
    targets : sequence of LogisticTarget
        For every covariate its odds ratio or both limits.

    Returns
    -------
    Streamed
        The same tables as of :func:`rairlib.reconstruct.logistic.reconstruct_logistic`.

    Raises
    ------
    ReconstructionError
        If the margins are impossible, or what is printed leaves a coefficient open.
    """
    found, tables, fitted = [np.empty((0, 2 ** len(margins)), np.int64)], 0, 0
    ordered = {name: event_margins[name] for name in margins}
    for near, tried in near_tables(events, total, event_margins, margins, targets):
        tables, fitted = tables + tried, fitted + len(near)
        agreeing = rows_agreeing(fit_known_tables(near, events, ordered), targets).cells
        found.append(agreeing[tables_with_split(agreeing, events, list(ordered.values()))])
    solutions = fit_known_tables(np.concatenate(found), events, ordered)
    return Streamed(
        solutions=FittedTables(
            covariates=solutions.covariates,
            cells=solutions.cells,
            fits=solutions.fits,
            joint_tables=tables,
        ),
        fitted=fitted,
    )


def reconstruct(
    events: int,
    total: int,
    event_margins: Mapping[str, int],
    margins: Mapping[str, int],
    targets: Sequence[LogisticTarget],
) -> Reconstruction:
    """Find the joint tables that agree with a printed model among all of them, few or many.

    Parameters
    ----------
    events, total, event_margins, margins, targets
        As for :func:`rairlib.reconstruct.logistic.reconstruct_logistic`.

    Returns
    -------
    Reconstruction
        The same as of that function, but that candidates are not counted where tables stream.

    Raises
    ------
    ReconstructionError
        If the margins are impossible, or a target names no covariate.
    """
    counts = events, total, event_margins, margins
    ratios = [replace(target, low=None, high=None) for target in targets if target.odds_ratio]
    if not _to_be_streamed(*counts, ratios):
        return reconstruct_logistic(*counts, targets)
    found = stream_logistic(*counts, ratios).solutions
    return Reconstruction(
        solutions=rows_agreeing(found, targets),
        candidates=None,
        agreeing_estimates=len(found.cells),
    )


def all_agreeing(
    events: int,
    total: int,
    event_margins: Mapping[str, int],
    margins: Mapping[str, int],
    targets: Sequence[LogisticTarget],
) -> FittedTables:
    """Return the tables that agree with what is printed; all candidates without a target."""
    counts = events, total, event_margins, margins
    if _to_be_streamed(*counts, targets):
        return stream_logistic(*counts, targets).solutions
    return rows_agreeing(fit_candidates(*counts), targets)


def _to_be_streamed(events, total, event_margins, margins, targets) -> bool:
    """Whether there are too many tables to list, and what is printed is enough to stream them."""
    require_possible_margins(events, total, event_margins, margins)
    enough = {target.covariate for target in targets} == set(margins)
    if not enough or not np.isfinite([_box(target)[:2] for target in targets]).all():
        return False
    return more_tables_than(LISTED_MAX, total, list(margins.values()))


def near_tables(
    events: int,
    total: int,
    event_margins: Mapping[str, int],
    margins: Mapping[str, int],
    targets: Sequence[LogisticTarget],
) -> Iterator[tuple[np.ndarray, int]]:
    """Yield the tables near the print, by the number of patients with the first two levels.

    Parameters
    ----------
    events, total, event_margins, margins, targets
        As for :func:`stream_logistic`.

    Yields
    ------
    tables : ndarray of int, shape (tables, 2**k)
        A superset of those that agree.
    tried : int
        Tables with so many patients with both levels.
    """
    require_possible_margins(events, total, event_margins, margins)
    names, by_name = list(margins), {target.covariate: target for target in targets}
    if set(by_name) != set(names):
        raise ReconstructionError("an odds ratio, or both limits, of every covariate is needed")
    boxes = np.array([_box(by_name[name]) for name in names])
    middle, half = boxes[:, :2].mean(axis=1), np.diff(boxes[:, :2], axis=1)[:, 0] / 2
    reach = half.sum()
    if not np.isfinite(reach):
        raise ReconstructionError("what is printed leaves the coefficients open")
    sizes, with_event = _three(margins.values()), _three(event_margins[name] for name in names)
    odds = np.exp(LEVELS[:, : len(names)] @ middle)
    spread = np.sqrt(sizes[: len(names)] * (1 - sizes[: len(names)] / total)) / 2
    slack = np.exp(reach) * spread * (spread @ half) + ROOM
    errors = boxes[:, 2:] * np.exp([-reach / 2, reach / 2])
    change = _largest_changes(odds, events / (total - events), len(names))
    low, high = _pair_limits(total, sizes[0], sizes[1], np.full((2, 2), total, np.int64))
    rows = 1 << 10
    for both in range(low, high + 1):
        near = np.empty((rows, 8), np.int64)
        arguments = (events, total, both, sizes, with_event, odds, half, slack, change, errors)
        kept, tried = _near_with(*arguments, near)
        if kept > rows:
            rows = kept
            near = np.empty((rows, 8), np.int64)
            _near_with(*arguments, near)
        yield _drop_padding(near[:kept], len(names)), tried


def _three(numbers) -> np.ndarray:
    padded = [*numbers, 0]
    return np.array(padded[:3], np.int64)


def _box(target: LogisticTarget) -> tuple[float, float, float, float]:
    """Return the ends of a coefficient and of its standard error that the print leaves."""
    nothing = (-np.inf, np.inf)
    ratio, low, high = (
        nothing if number is None else _log_ends(number)
        for number in (target.odds_ratio, target.low, target.high)
    )
    with np.errstate(invalid="ignore"):
        least = np.nanmax([ratio[0], (low[0] + high[0]) / 2])
        most = np.nanmin([ratio[1], (low[1] + high[1]) / 2])
        errors = [
            (high[0] - ratio[1], high[1] - ratio[0]),
            (ratio[0] - low[1], ratio[1] - low[0]),
            ((high[0] - low[1]) / 2, (high[1] - low[0]) / 2),
        ]
        smallest = np.nanmax([0.0, *(pair[0] for pair in errors)]) / Z_95
        largest = np.nanmin([np.inf, *(pair[1] for pair in errors)]) / Z_95
    return least, most, smallest, largest


def _log_ends(number: Printed) -> tuple[float, float]:
    # A little more than the print's own slack, so that no tie is lost.
    room = 1e-8 * max(1.0, abs(number.value))
    low = np.log(number.low - room) if number.low > room else -np.inf
    return low, np.log(number.high + room)


def _largest_changes(odds: np.ndarray, even: float, covariates: int) -> np.ndarray:
    """Bound what one patient more with all levels changes of each score, over all base odds."""
    ends = np.log(even) - np.log([odds.max(), odds.min()])
    grid = np.linspace(ends[0], ends[1], BASE_ODDS)
    odds_of_cells = np.exp(grid)[:, np.newaxis] * odds
    risks = odds_of_cells / (1 + odds_of_cells) * SIGNS
    whole = risks.sum(axis=1)
    parts = [risks @ LEVELS[:, j] for j in range(covariates)]
    # Between two grid points none of the eight risks moves by more than a quarter of the step.
    missed = 8 * (grid[1] - grid[0]) / 8
    return np.array([max(abs(p).max(), abs(p - whole).max()) + missed for p in parts]) + 1e-9


@njit(cache=True, nogil=True, error_model="numpy")
def _base_odds(table, odds, events, base, risks):
    """Solve for the base odds, write the risks; return the odds."""
    low, high = 0.0, np.inf
    for _ in range(200):
        expected, slope = 0.0, 0.0
        for cell in range(8):
            risk = base * odds[cell]
            risk /= 1.0 + risk
            risks[cell] = risk
            expected += table[cell] * risk
            slope += table[cell] * risk * (1.0 - risk)
        if abs(expected - events) < SOLVED:
            break
        if expected < events:
            low = base
        else:
            high = base
        step = (events - expected) / slope
        after = base * np.exp(min(max(step, -3.0), 3.0))
        if not low < after < high:
            after = np.sqrt(low * high) if low > 0.0 and high < np.inf else after
        base = after
    return base


@njit(cache=True, nogil=True, error_model="numpy")
def _passed_over(table, risks, with_event, slack, change, score):
    """Write the score; say how many tables from here on have one too far from 0, 0 if near."""
    far = 0
    for j in range(slack.shape[0]):
        bit = 4 >> j
        score[j] = with_event[j]
        for cell in range(8):
            if cell & bit:
                score[j] -= table[cell] * risks[cell]
        beyond = abs(score[j]) - slack[j]
        if beyond > 0.0:
            far = max(far, 1 + int(min(beyond / change[j], 1e9)))
    return far


@njit(cache=True, nogil=True, error_model="numpy")
def _write_information(table, risks, matrix):
    """Write the information on the coefficients of a table, the base odds profiled out."""
    many = matrix.shape[0]
    total, sums = 0.0, np.zeros(many)
    matrix[:] = 0.0
    for cell in range(8):
        weight = table[cell] * risks[cell] * (1.0 - risks[cell])
        total += weight
        for j in range(many):
            if cell & (4 >> j):
                sums[j] += weight
                for k in range(j + 1):
                    if cell & (4 >> k):
                        matrix[j, k] += weight
    for j in range(many):
        for k in range(j + 1):
            matrix[j, k] -= sums[j] * sums[k] / total
            matrix[k, j] = matrix[j, k]


@njit(cache=True, nogil=True, error_model="numpy")
def _may_agree(score, matrix, half, reach, errors):
    """Whether estimates and standard errors can lie within their ends; factors the information."""
    many, length = half.shape[0], 0.0
    for j in range(many):
        length += half[j] * np.sqrt(matrix[j, j])
    if not factor(matrix):
        return False
    found, step = np.empty(many), np.empty(many)
    write_standard_errors(matrix, np.eye(many), found)
    for j in range(many):
        if not errors[j, 0] <= found[j] <= errors[j, 1]:
            return False
    solve(matrix, score, step)
    # A Newton step is off by what the information changes on the way, and by the base odds.
    room = (np.exp(reach) - 1.0) * length + ROOM * found.sum()
    return (np.abs(step) <= half + room * found).all()


@njit(cache=True, nogil=True, error_model="numpy")
def _near_with(events, total, both, sizes, with_event, odds, half, slack, change, errors, near):
    """Count the tables near the print with so many patients with both first levels, and all.

    As many as `near` has rows are written to it.
    """
    signs = np.array([-1, 1, 1, -1, 1, -1, -1, 1])
    most, base, table = np.full(8, total, np.int64), np.empty(8, np.int64), np.empty(8, np.int64)
    risks, even, many = np.empty(8), events / (total - events), len(half)
    score, matrix, reach = np.empty(many), np.empty((many, many)), half.sum()
    a, b, c = sizes
    kept, tried = 0, 0
    pairs = np.full((2, 2), total, np.int64)
    ac_low, ac_high = _pair_limits(total, a, c, pairs)
    bc_low, bc_high = _pair_limits(total, b, c, pairs)
    for ac in range(ac_low, ac_high + 1):
        for bc in range(bc_low, bc_high + 1):
            write_base(base, total, a, b, c, both, ac, bc)
            low, high = _triple_limits(base, most, signs)
            tried += max(high - low + 1, 0)
            triple = low
            while triple <= high:
                for cell in range(8):
                    table[cell] = base[cell] + signs[cell] * triple
                even = _base_odds(table, odds, events, even, risks)
                far = _passed_over(table, risks, with_event, slack, change, score)
                if far == 0:
                    _write_information(table, risks, matrix)
                    if _may_agree(score, matrix, half, reach, errors):
                        if kept < near.shape[0]:
                            near[kept] = table
                        kept += 1
                triple += max(far, 1)
    return kept, tried
