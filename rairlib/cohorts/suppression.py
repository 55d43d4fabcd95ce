"""Small cells hidden in whatever leaves, and so many others that no total gives them back.

Counts from 1 to the threshold are hidden. 0 is shown: no patient stands behind it. So are totals,
unless they are small. Where what is shown would give a small count back, or narrow it down,
further counts are hidden: after that, each small count could be any number from 1 to the threshold
at least, and no hidden count is determined. The further cells are found by linear programming, one
small count at a time, at the least loss of shown patients (Kelly, Golden and Assad 1992, Networks
22:397-417).
"""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from rairlib.errors import RairlibError
from rairlib.stats.observation import whole
from rairlib.stats.rows import COLUMNS

THRESHOLD = 7
TOTAL = "all"


def hidden_cells(
    counts: np.ndarray, equations: np.ndarray, threshold: int, public: np.ndarray, costs: np.ndarray
) -> np.ndarray:
    """Choose the counts to hide.

    Parameters
    ----------
    counts : ndarray of int, shape (cells,)
        Every count, totals included.
    equations : ndarray, shape (equations, cells)
        What a reader knows: ``equations @ counts == 0``.
    threshold : int
        Counts from 1 to this one are small.
    public : ndarray of bool, shape (cells,)
        Counts that cannot be hidden unless they are small, for example as they stand elsewhere.
    costs : ndarray of float, shape (cells,)
        Loss if a count is hidden for the sake of another.

    Returns
    -------
    ndarray of bool, shape (cells,)
        The small counts and their complements.

        Where the public ones leave no way to hide a small one, all that can be hidden.
    """
    small = (counts >= 1) & (counts <= threshold)
    hidden = small.copy()
    for cell in np.flatnonzero(small):
        for change in {1 - int(counts[cell]), threshold - int(counts[cell])} - {0}:
            hidden |= _moved(counts, equations, cell, change, public & ~small, costs * ~hidden)
    return hidden


def _moved(counts, equations, cell, change, fixed, costs) -> np.ndarray:
    """Return the counts that must move with one, at the least cost, so that every sum still holds.

    The first half of the variables are increases, the second decreases.
    """
    upper = np.concatenate([np.where(fixed, 0.0, np.inf), np.where(fixed, 0.0, counts)])
    lower = np.zeros_like(upper)
    rise, fall = max(change, 0), max(-change, 0)
    for place, value in ((cell, rise), (cell + counts.size, fall)):
        lower[place] = upper[place] = value
    found = linprog(
        np.concatenate([costs, costs]) + 1e-6,
        A_eq=np.hstack([equations, -equations]),
        b_eq=np.zeros(len(equations)),
        bounds=np.column_stack([lower, upper]),
        method="highs-ds",
    )
    if not found.success:
        return ~fixed
    return found.x.reshape(2, -1).max(axis=0) > 1e-9


def suppressed(counts: pd.DataFrame, threshold: int = THRESHOLD) -> pd.DataFrame:
    """Return a table of counts with its totals, as it may leave.

    Parameters
    ----------
    counts : DataFrame of int
        Patients, rows by columns, without totals.
    threshold : int
        Counts from 1 to this one are hidden; 0 is shown.

    Returns
    -------
    DataFrame of Int64
        The table with a row and a column ``all``; hidden counts are missing. Percentages of it
        are missing where a count is. Tables that share totals belong into one call of
        :func:`suppressed_rows`.

    Raises
    ------
    RairlibError
        If a count is negative or not whole, the table is empty or the threshold is below 1.
    """
    if threshold < 1:
        raise RairlibError(f"the threshold of small counts must be 1 or more, got {threshold}")
    if counts.empty:
        raise RairlibError("no counts to suppress")
    table = pd.DataFrame(whole("counts", counts), counts.index, counts.columns).astype("Int64")
    table[TOTAL] = table.sum(axis=1)
    table.loc[TOTAL] = table.sum()
    values = table.to_numpy(int)
    if 1 <= values[-1, -1] <= threshold:
        return table.mask(table.notna())
    costs = values + 1.0
    costs[-1] += values[-1, -1]
    costs[:, -1] += values[-1, -1]
    public = np.zeros(values.shape, dtype=bool)
    public[-1, -1] = True
    hidden = hidden_cells(
        values.ravel(), _sums(values.shape), threshold, public.ravel(), costs.ravel()
    )
    return table.mask(hidden.reshape(values.shape))


def _sums(shape: tuple[int, int]) -> np.ndarray:
    """Return the equations of a table whose last row and column are totals."""
    places = np.arange(shape[0] * shape[1]).reshape(shape)
    equations = []
    for line in [*places, *places.T]:
        equation = np.zeros(places.size)
        equation[line[:-1]], equation[line[-1]] = 1.0, -1.0
        equations.append(equation)
    return np.array(equations)


# --- Estimates in long format -----------------------------------------------------------------


SMALL = "small count, or one that would give it back"
SHARE = "share of a hidden count"
EXACT = "value of one patient"
FEW = "rests on few patients"
GIVES_BACK = "would give a hidden count back"
NO_RULE = "no rule for this statistic"

EXTREMES = ("minimum", "maximum")
# Into how many parts a summary divides the patients.
PARTS = {"mean": 1, "sd": 1, "median": 2, "cutoff": 2, "q1": 4, "q3": 4}
PERFORMANCE = ("sensitivity", "specificity", "ppv", "npv", "accuracy")
RATIOS = ("odds_ratio", "hazard_ratio", "coefficient")
TESTS = (
    *(*RATIOS, "ci_low", "ci_high", "p_value", "chi_square", "u_statistic", "auc", "concordance"),
    *("standard_error", "z_statistic", "intercept", "logrank_chi_square", "logrank_term"),
    "expected_events",
)
OTHER = "(other)"
PAIR, ANY = " vs ", " | "


def suppressed_rows(
    rows: pd.DataFrame,
    threshold: int = THRESHOLD,
    sizes: Mapping[str, int] | None = None,
    partitions: Iterable[tuple[str, tuple[str, ...]]] = (),
    keep_ratios: bool = False,
) -> pd.DataFrame:
    """Return estimates as they may leave: a study's results in long format.

    Parameters
    ----------
    rows : DataFrame
        Columns ``statistic, variable, level, group, method, value`` as in
        :mod:`rairlib.stats.rows`, all results of a report in one frame.
    threshold : int
        Counts from 1 to this one are small.
    sizes : mapping of str to int, optional
        Patients of groups for which no row ``n`` stands.
    partitions : iterable of tuple of str and tuple of str
        A group and the groups that make it up. Those that follow each other among the rows ``n``,
        or are compared as ``A vs B``, are found.
    keep_ratios : bool
        Show the ratios of multivariable models, and their limits, although they narrow a hidden
        count down (the variance of a log odds ratio is at least one over its smallest cell). A
        report that uses this says so.

    Returns
    -------
    DataFrame
        The same rows with ``hidden``, the reason why a value is missing, empty if it is shown.

    Raises
    ------
    RairlibError
        If a column is absent or the threshold is below 1.

    Notes
    -----
    ``n`` and ``count``: hidden if small, or if they would give a small one back, the patients of a
    group without any of the printed levels included; the same count is hidden wherever it stands.
    ``percent``: hidden where a count of its level, or the size of its group, is. ``minimum`` and
    ``maximum``: always. ``mean``, ``sd``: shown for more patients than the threshold; ``median``
    and ``cutoff`` for twice, quartiles for four times as many as one more than it.
    ``survival_percent``: hidden if it stands for a small number on either side. Sensitivity and its
    like: all hidden if one cell of their table is small or a count of the variable hidden. Tests
    and ratios: hidden if a group is small or a count of the variable is hidden; with `keep_ratios`,
    those of multivariable models only if one of their levels is small. Any other statistic is
    hidden. What stays open: relations between variables that the frame does not tell (a level that
    is part of another variable's), and ratios of a model beside a variable with hidden counts.
    """
    absent = [name for name in COLUMNS if name not in rows]
    if absent:
        raise RairlibError(f"rows: no column {', '.join(absent)}")
    if threshold < 1:
        raise RairlibError(f"the threshold of small counts must be 1 or more, got {threshold}")
    known = _Known(rows, threshold, dict(sizes or {}), list(partitions), keep_ratios)
    reasons = [known.reason(*row) for row in rows[list(COLUMNS)].itertuples(index=False)]
    hidden = pd.Series(reasons, index=rows.index, dtype=object)
    return rows.assign(value=rows["value"].astype(float).mask(hidden != ""), hidden=hidden)


class _Known:
    """The counts of a frame of estimates, which of them are hidden, and the rules that follow."""

    def __init__(self, rows, threshold, sizes, partitions, keep_ratios) -> None:
        self.threshold, self.keep_ratios = threshold, keep_ratios
        first = rows.drop_duplicates(list(COLUMNS[:4]))
        self.sizes = {
            row.group: row.value
            for row in first.itertuples()
            if row.statistic == "n" and row.variable == row.level == ""
        }
        self.sizes = {name: int(n) for name, n in {**sizes, **self.sizes}.items() if n >= 0}
        self.partitions = self._partitions(rows, partitions)
        self.hidden_sizes = self._hide_sizes()
        self.counts, self.hidden_counts = {}, {}
        for variable, part in first[first["statistic"] == "count"].groupby("variable", sort=False):
            table = part.pivot_table("value", "level", "group", aggfunc="first", sort=False)
            self.counts[variable] = table
            self.hidden_counts[variable] = self._hide_counts(table)
        self.performance = self._tables_of_performance(rows)

    def _small(self, number: float) -> bool:
        return bool(1 <= round(number) <= self.threshold)

    def _partitions(self, rows, declared) -> list[tuple[str, tuple[str, ...]]]:
        """Find groups whose sizes add up to that of another."""
        names = list(self.sizes)
        pairs = {tuple(sorted(g.split(PAIR))) for g in rows["group"].unique() if g.count(PAIR) == 1}
        runs = {
            tuple(sorted(names[start:end]))
            for start in range(len(names))
            for end in range(start + 2, len(names) + 1)
        }
        found = list(declared)
        for parts in sorted(pairs | runs):
            if set(parts) <= set(names):
                total = sum(self.sizes[part] for part in parts)
                wholes = [n for n in names if n not in parts and self.sizes[n] == total]
                found += [(whole, parts) for whole in wholes]
        return list(dict.fromkeys(found))

    def _hide_sizes(self) -> dict[str, bool]:
        names = list(self.sizes)
        counts = np.array([self.sizes[name] for name in names], dtype=int)
        if not names:
            return {}
        equations = [
            _equation(names, parts, whole)
            for whole, parts in self.partitions
            if {whole, *parts} <= set(names)
        ]
        equations = np.array(equations).reshape(-1, len(names))
        free = np.zeros(counts.size, dtype=bool)
        hidden = hidden_cells(counts, equations, self.threshold, free, counts + 1.0)
        return dict(zip(names, hidden.tolist(), strict=True))

    def _hide_counts(self, table: pd.DataFrame) -> pd.DataFrame:
        """Hide counts of one variable, levels by groups; the row of others is not printed."""
        groups = list(table.columns)
        given = table.fillna(0).round().astype(int)
        others = pd.Series({g: max(self.sizes.get(g, 0) - given[g].sum(), 0) for g in groups})
        cells = {(level, g): given.loc[level, g] for level in given.index for g in groups}
        cells |= {(OTHER, g): n for g, n in others.items() if others.any()}
        cells |= {("", g): self.sizes[g] for g in groups if g in self.sizes}
        keys, counts = list(cells), np.array(list(cells.values()), dtype=int)
        levels = list(dict.fromkeys(level for level, _ in keys))
        sums = [
            (("", g), tuple((level, g) for level in levels if level))
            for g in groups
            if g in self.sizes
        ]
        sums += [
            ((level, whole), tuple((level, part) for part in parts))
            for whole, parts in self.partitions
            for level in levels
        ]
        equations = [
            _equation(keys, parts, whole)
            for whole, parts in sums
            if {whole, *parts} <= set(cells) and cells[whole] == sum(cells[part] for part in parts)
        ]
        equations = np.array(equations).reshape(-1, counts.size)
        public = [level == "" and not self.hidden_sizes[g] for level, g in keys]
        # What is not printed may be known from elsewhere: the last to serve as a complement.
        costs = [
            0.0 if level == "" else n + 1.0 + counts.max() * (level == OTHER)
            for (level, _), n in cells.items()
        ]
        hidden = hidden_cells(
            counts, equations, self.threshold, np.array(public, dtype=bool), np.array(costs)
        )
        found = dict(zip(keys, hidden.tolist(), strict=True))
        rows = [*table.index, OTHER]
        return pd.DataFrame({g: [found.get((row, g), False) for row in rows] for g in groups}, rows)

    def _tables_of_performance(self, rows) -> dict[tuple[str, str, str], bool]:
        """Tell which 2×2 tables behind sensitivity and specificity have a small cell."""
        found = {}
        own = rows[rows["statistic"].isin(PERFORMANCE)]
        for key, part in own.groupby(["variable", "level", "group"]):
            value = dict(zip(part["statistic"], part["value"], strict=True))
            sizes = [self.sizes.get(name, 0) for name in key[2].split(PAIR)]
            share = [value.get(name, np.nan) for name in ("sensitivity", "specificity")]
            if len(sizes) != 2 or np.isnan(share).any():
                found[key] = True
                continue
            right = [n * percent / 100 for n, percent in zip(sizes, share, strict=True)]
            cells = [*right, *(n - r for n, r in zip(sizes, right, strict=True))]
            found[key] = any(map(self._small, cells))
        return found

    def reason(self, statistic, variable, level, group, method, value) -> str:
        """Return why a value is hidden; empty if it is shown."""
        if statistic in ("n", "count"):
            return self._count_reason(statistic, variable, level, group, value)
        if statistic in EXTREMES:
            return EXACT
        if statistic in PARTS:
            few = self._least(group) < PARTS[statistic] * (self.threshold + 1)
            return FEW if few or self._size_hidden(group) else ""
        if statistic == "percent":
            return SHARE if self._share_hidden(variable, level, group, value) else ""
        if statistic == "survival_percent":
            n = self._least(group)
            shown = not self._size_hidden(group) and not self._splits_small(n, value)
            return "" if shown else FEW
        if statistic in PERFORMANCE:
            hidden = self.performance[variable, level, group] or self._any_hidden(variable, group)
            return GIVES_BACK if hidden else ""
        if statistic in TESTS:
            return self._test_reason(variable, level, group, method)
        return "" if statistic in ("number", "definition") else NO_RULE

    def _count_reason(self, statistic, variable, level, group, value) -> str:
        if statistic == "n" and variable == level == "":
            hidden, first = self.hidden_sizes.get(group, True), self.sizes.get(group)
        elif statistic == "count":
            hidden = self.hidden_counts[variable].loc[level, group]
            first = self.counts[variable].loc[level, group]
        else:
            hidden, first = self._small(value), value
        return SMALL if hidden or value != first else ""

    def _least(self, group: str) -> int:
        """Return the number of patients of a group, or of the smaller of two; 0 if not known."""
        return min(self.sizes.get(name, 0) for name in group.split(PAIR))

    def _size_hidden(self, group: str) -> bool:
        names = group.split(PAIR)
        return any(self.hidden_sizes.get(name, True) for name in names)

    def _splits_small(self, n: int, percent: float) -> bool:
        part = n * percent / 100
        return not n or self._small(part) or self._small(n - part)

    def _share_hidden(self, variable, level, group, value) -> bool:
        if self._size_hidden(group):
            return True
        if variable == level == "":
            # Of which whole it is a share is not told: none may be hidden.
            return any(self.hidden_sizes[w] for w, parts in self.partitions if group in parts)
        if variable not in self.counts or level not in self.counts[variable].index:
            return self._splits_small(self._least(group), value)
        hidden = self.hidden_counts[variable]
        return bool(hidden.loc[[level]].any(axis=None) or hidden.loc[OTHER].get(group, True))

    def _any_hidden(self, variable: str, group: str) -> bool:
        """Whether any count of a variable is hidden in the groups compared or in their whole."""
        if variable not in self.counts:
            return False
        parts = group.split(PAIR)
        names = {*parts, *(whole for whole, own in self.partitions if set(own) & set(parts))}
        hidden = self.hidden_counts[variable]
        return bool(hidden[[name for name in hidden if name in names]].any(axis=None))

    def _test_reason(self, variable, level, group, method) -> str:
        if self._size_hidden(group) or self._least(group) <= self.threshold:
            return FEW
        if method.startswith("dichotomised"):
            beside = [small for key, small in self.performance.items() if key[2] == group]
            return GIVES_BACK if any(beside) or not beside else ""
        if self.keep_ratios and "multivariable" in method:
            return FEW if self._level_is_small(variable, level) else ""
        if any(self._any_hidden(name, group) for name in variable.split(ANY)):
            return GIVES_BACK
        return ""

    def _level_is_small(self, variable: str, contrast: str) -> bool:
        if variable not in self.counts:
            return False
        table = self.counts[variable]
        names = [level for level in contrast.split(PAIR) if level in table.index]
        return bool((table.loc[names].max(axis=1) <= self.threshold).any())


def _equation(keys: list, parts: Iterable, whole) -> np.ndarray:
    equation = np.zeros(len(keys))
    for part in parts:
        equation[keys.index(part)] = 1.0
    equation[keys.index(whole)] = -1.0
    return equation
