"""Counts of patients in a registry: cells, group sizes, partitions, and their names."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial, wraps

import numpy as np

from rairlib.checks.findings import Finding
from rairlib.checks.rounding import SHORTENED, exact_limits, is_approximate, is_plain
from rairlib.registry.printed import Printed
from rairlib.registry.registry import VERSUS, Registry, ReportedNumber
from rairlib.registry.vocabulary import COUNTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """Numbers that are exclusive and exhaustive parts of one whole, none of them stated twice."""

    whole: ReportedNumber
    parts: tuple[ReportedNumber, ...]

    @property
    def is_split_of_groups(self) -> bool:
        """Whether a group of patients is split into named groups."""
        rows = (self.whole, *self.parts)
        return all(row.statistic == "n" for row in rows) and _differ(row.group for row in rows)

    @property
    def ids(self) -> frozenset[str]:
        """The identifiers of the whole and of its parts."""
        return frozenset(row.id for row in (self.whole, *self.parts))


def _differ(values: Iterable) -> bool:
    values = list(values)
    return len(set(values)) == len(values)


def count_limits(row: ReportedNumber) -> tuple[float, float]:
    """Return the smallest and largest whole number for which the print can stand."""
    number = row.number
    if is_approximate(row) or not number.value.is_integer():
        return 0.0, math.inf
    if number.operator in "<≤":
        return 0.0, number.value - (number.operator == "<")
    if number.operator in ">≥":
        return number.value + (number.operator == ">"), math.inf
    return number.value, number.value


def whole_number(row: ReportedNumber | None) -> int | None:
    """Return the count that a row prints, or None if it prints no single whole number."""
    if row is None:
        return None
    low, high = count_limits(row)
    return int(low) if low == high else None


def original_of(registry: Registry, row: ReportedNumber) -> ReportedNumber:
    """Follow `repeats` to the row that states a number first hand."""
    seen = {row.id}
    while row.repeats in registry and row.repeats not in seen:
        row = registry[row.repeats]
        seen.add(row.id)
    return row


def find_partitions(
    registry: Registry, statistics: tuple[str, ...] = COUNTED
) -> tuple[list[Partition], list[tuple[ReportedNumber, ...]]]:
    """Read the partitions whose parts are of the given statistics.

    Returns those that can be added up (a part that states another part again is left out), and
    the parts of those that cannot: their wholes differ, or two parts are the same quantity.
    """
    partitions, unclear = [], []
    for labelled in registry.partitions().values():
        rows = [row for row in labelled if row.statistic in statistics]
        known = {row.id for row in rows}
        firsts = [(row, original_of(registry, row).id) for row in rows]
        parts = tuple(row for row, first in firsts if first == row.id or first not in known)
        wholes = [registry[row.of] for row in parts if row.of in registry]
        if len(parts) < 2 or not wholes:
            continue
        originals = {original_of(registry, whole).id for whole in wholes}
        if len(originals) > 1 or not _differ(row.key for row in parts):
            unclear.append(parts)
        elif wholes[0].statistic in COUNTED:
            partitions.append(Partition(whole=wholes[0], parts=parts))
    return partitions, unclear


def _firsts(registry: Registry, statistic, **wanted: str) -> list[ReportedNumber]:
    """Return the rows of a statistic, those that repeat another last."""
    return sorted(registry.where(statistic, **wanted), key=lambda row: bool(row.repeats))


class CountIndex:
    """Counts and group sizes of a registry, found by variable, level and group.

    Parameters
    ----------
    registry : Registry
        Reported numbers.

    Attributes
    ----------
    counts : dict
        ``(variable, level, group)`` to the row that states the count first.
    sizes : dict
        Group to the row that states its size first.
    own : dict
        ``(variable, group)`` to the row with the number of patients who have a value.
    levels : dict
        ``(variable, group)`` to the levels counted there, in order of appearance.
    numbers : dict
        Group and number to the rows that count so many of its patients.
    partitions : list of Partition
        Those that can be added up.
    splits : list of Partition
        Those of a group into groups.
    declared : set of frozenset of str
        The identifiers in each of the partitions.
    unclear : list of tuple of ReportedNumber
        Parts of those that cannot be added up.
    """

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.counts: dict[tuple[str, str, str], ReportedNumber] = {}
        self.sizes: dict[str, ReportedNumber] = {}
        self.own: dict[tuple[str, str], ReportedNumber] = {}
        self.levels: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.numbers: dict[tuple[str, int | None], list[ReportedNumber]] = defaultdict(list)
        for row in _firsts(registry, "count"):
            if row.variable and (row.variable, row.level, row.group) not in self.counts:
                self.counts[row.variable, row.level, row.group] = row
                self.levels[row.variable, row.group].append(row.level)
                self.numbers[row.group, whole_number(row)].append(row)
        for row in _firsts(registry, "n", variable=""):
            self.sizes.setdefault(row.group, row)
        for row in _firsts(registry, "n"):
            if row.variable and not row.level:
                self.own.setdefault((row.variable, row.group), row)
        self.partitions, self.unclear = find_partitions(registry)
        self.splits = [part for part in self.partitions if part.is_split_of_groups]
        self.declared = {part.ids for part in self.partitions}
        self._exhaustive = self._spread_exhaustive_levels()

    @cached_property
    def shares(self) -> dict[tuple[str, str], list[tuple[ReportedNumber, int]]]:
        """Percentages of the group's size by variable and group, each with its count."""
        found, registry = defaultdict(list), self.registry
        for row in originals(registry, "percent"):
            count = whole_number(self.counts.get((row.variable, row.level, row.group)))
            of_group = row.of in registry and registry[row.of] is self.sizes.get(row.group)
            if of_group and count is not None and not row.modifiers:
                found[row.variable, row.group].append((row, count))
        return found

    @cached_property
    def splits_of(self) -> dict[str, list[Partition]]:
        """The splits of which a group is a part."""
        found = defaultdict(list)
        for split in self.splits:
            for part in split.parts:
                found[part.group].append(split)
        return found

    @cached_property
    def exhausted_by(self) -> dict[str, set[str]]:
        """Identifier of a part to those of the wholes that it and others exhaust."""
        found = defaultdict(set)
        for partition in self.partitions:
            for part in partition.parts:
                found[part.id].add(original_of(self.registry, partition.whole).id)
        return found

    @cached_property
    def counted(self) -> dict[tuple[str, str], list[str]]:
        """A variable and group to itself, where it is counted, and to it with a cut-off behind."""
        found = defaultdict(list)
        for (variable, group), levels in self.levels.items():
            words = variable.split("_") if levels[0].startswith(CUT_OFF_SIGNS) else ()
            measured = ("_".join(words[:end]) for end in range(1, len(words)))
            for name in (variable, *measured):
                found[name, group].append(variable)
        return found

    @cached_property
    def _parts_of_levels(self) -> dict[tuple, list[tuple]]:
        found = defaultdict(list)
        for (variable, levels, part), groups in self._exhaustive.items():
            found[variable, levels].append((part, groups))
        return found

    def size(self, group: str) -> int | None:
        """Return the number of patients in a group, or None."""
        return whole_number(self.sizes.get(group))

    def is_exhaustive(self, variable: str, levels: Iterable[str], group: str, parts=True) -> bool:
        """Whether the print makes these levels a partition of (if `parts`, a part of) the group."""
        found = self._parts_of_levels.get((variable, frozenset(levels)), ())
        return any(group in groups and (parts or not part) for part, groups in found)

    def inferred_partitions(self) -> Iterator[Partition]:
        """Yield the partitions into levels that follow from declared ones, and are not declared.

        If levels exhaust a group, they exhaust each group that it is split into; if they exhaust
        all groups of a split, they exhaust the whole.
        """
        for (variable, levels, part), groups in self._exhaustive.items():
            for group in sorted(groups):
                rows = [self.counts.get((variable, level, group)) for level in sorted(levels)]
                whole = self.counts.get((*part, group)) if part else self.sizes.get(group)
                if None not in (whole, *rows):
                    found = Partition(whole=whole, parts=tuple(rows))
                    if found.ids not in self.declared:
                        yield found

    def _spread_exhaustive_levels(self) -> dict[tuple, set[str]]:
        """Map (variable, levels, level of which they are parts or ()) to groups."""
        exhaustive: dict[tuple, set[str]] = defaultdict(set)
        for partition in self.partitions:
            whole, parts = partition.whole, partition.parts
            variables = {row.variable for row in parts}
            groups = {row.group for row in (whole, *parts)}
            counted = all(row.statistic == "count" for row in parts)
            if counted and len(variables) == len(groups) == 1 and "" not in variables:
                part = (whole.variable, whole.level) if whole.statistic == "count" else ()
                levels = frozenset(row.level for row in parts)
                exhaustive[variables.pop(), levels, part] |= groups
        for groups in exhaustive.values():
            size = 0
            while size < len(groups):
                size = len(groups)
                for split in self.splits:
                    parts = {row.group for row in split.parts}
                    if split.whole.group in groups:
                        groups |= parts
                    elif parts <= groups:
                        groups.add(split.whole.group)
        return dict(exhaustive)


@lru_cache(maxsize=2)
def count_index(registry: Registry) -> CountIndex:
    """Return the index of a registry, built once for all checks: do not change it."""
    return CountIndex(registry)


def wholes_of_groups(registry: Registry) -> dict[str, set[str]]:
    """Map each group to the groups of which it is a part, by the `of` of the groups' sizes."""
    wholes: dict[str, set[str]] = defaultdict(set)
    for row in registry.where("n", variable=""):
        if row.of in registry:
            whole = registry[row.of]
            if whole.statistic == "n" and not whole.variable and whole.group != row.group:
                wholes[row.group].add(whole.group)
    for _ in wholes:  # each round reaches one step higher
        for above in wholes.values():
            above |= {group for whole in list(above) for group in wholes.get(whole, ())}
    return {group: above - {group} for group, above in wholes.items()}


def named(row: ReportedNumber) -> str:
    """Name what a row counts or measures, with its place: ``metastasis yes in RAIR, Table 1``."""
    subject = " ".join(text for text in (row.variable, row.level) if text)
    if row.statistic not in COUNTED:
        subject = " of ".join(text for text in (row.statistic.replace("_", " "), subject) if text)
    words = " in ".join(text for text in (subject, row.group) if text)
    return f"{words}, {row.locus}" if words else row.locus


# --- Find the rows that belong to a comparison: limits, sizes of its groups, counts of its levels


def originals(registry: Registry, statistic: str | tuple[str, ...], **wanted: str):
    """Return the plainly printed rows of a statistic that do not repeat another row, in order."""
    rows = registry.where(statistic, **wanted)
    return [row for row in rows if not row.repeats and is_plain(row)]


def attached(registry: Registry, row: ReportedNumber, statistic: str) -> ReportedNumber | None:
    """Return the one row of a statistic that belongs to a row and repeats no other."""
    rows = [other for other in registry.belonging_to(row.id, statistic) if not other.repeats]
    return rows[0] if len(rows) == 1 else None


def outcome_sizes(index: CountIndex, row: ReportedNumber) -> tuple[ReportedNumber, ...] | None:
    """Return the rows with the sizes of the groups of ``A vs B``, or None unless both are known.

    The numbers of patients with a value of the row's variable come first, where they are printed.
    """
    groups = row.outcome_groups or ()
    sizes = tuple(index.own.get((row.variable, name), index.sizes.get(name)) for name in groups)
    return sizes if sizes and all((whole_number(size) or 0) > 0 for size in sizes) else None


def whole_of(index: CountIndex, groups: tuple[str, ...]) -> ReportedNumber | None:
    """Return the row with the size of the group that the named groups make up, or None."""
    for split in index.splits:
        if {row.group for row in split.parts} == set(groups):
            return original_of(index.registry, split.whole)
    return None


def several_groups(index: CountIndex, row: ReportedNumber) -> tuple[str, ...]:
    """Return the three or more groups that a p value compares, or none.

    Its group reads ``A vs B vs C``, or names the one group that is split into these.
    """
    groups = tuple(row.group.split(VERSUS))
    splits = [split for split in index.splits if split.whole.group == row.group]
    if len(splits) == 1:
        groups = tuple(part.group for part in splits[0].parts)
    return groups if len(groups) > 2 else ()


def short_name(row: ReportedNumber) -> str:
    """Name a row without its group, for example ``hazard ratio of gender, Female vs Male``."""
    names = {"auc": "AUC", "ppv": "PPV", "npv": "NPV"}
    statistic = names.get(row.statistic, row.statistic.replace("_", " "))
    subject = f"{statistic} of {row.variable}" if row.variable else statistic
    return f"{subject}, {row.level}" if row.level else subject


def unless_shortened(find: Callable[..., Finding], *subject) -> Finding:
    """Turn a proof into a suggestion where cut off or twice rounded digits would explain it.

    `find` takes the subject, and whether prints may be shortened instead of rounded. The finding is
    that for rounded prints; a contradiction that shortened prints would lift is ``suggests``.
    """
    finding = find(*subject, False)
    if finding.status != "contradicted":
        return finding
    shortened = find(*subject, True).status != "contradicted"
    return finding.doubted(SHORTENED, shortened, "digits cut off, or rounded twice")


def kindly(find: Callable[..., Finding]) -> Callable[..., Finding]:
    """Judge each subject as :func:`unless_shortened` does."""
    return wraps(find)(partial(unless_shortened, find))


# --- Means, standard deviations, quartiles and ranges of a registry, found by what they describe


SUMMARIES = ("mean", "sd", "median", "q1", "q3", "minimum", "maximum")


@lru_cache(maxsize=2)
def summaries(registry: Registry) -> dict[tuple[str, str, str], dict[str, ReportedNumber]]:
    """Map (variable, level, group) to its cell: each statistic and the row that states it first.

    Inequalities, approximations and what is weighted are left out. Do not change it: all checks
    share it.
    """
    cells: dict[tuple[str, str, str], dict[str, ReportedNumber]] = defaultdict(dict)
    for row in _firsts(registry, SUMMARIES):
        if row.variable and is_plain(row) and not row.modifiers:
            cells[row.variable, row.level, row.group].setdefault(row.statistic, row)
    return dict(cells)


def size_of(registry: Registry, row: ReportedNumber | None) -> ReportedNumber | None:
    """Return the row with the number of patients behind a summary, None unless it is whole.

    Its `of` names the number of patients, else it is the number with a value of the variable, else
    that of the group.
    """
    if row is None:
        return None
    own = count_index(registry).own.get((row.variable, row.group))
    size = own or registry.size(row.group)
    if row.of in registry and registry[row.of].statistic in COUNTED:
        size = registry[row.of]
    return None if whole_number(size) is None else size


# --- Values that are missing without a word ---------------------------------------------------
# A group's size is the number of its patients. How many of them have a value of a variable is
# another number: at most as many. Where a print contradicts others for the printed size, but not
# for a smaller one, the contradiction is no proof; where no smaller one fits, it stays one.


MISSING_LEVELS = (
    *("unknown", "missing", "n/a", "na", "undetermined", "unspecified", "no data", "not known"),
    *("not available", "not reported", "not recorded", "not stated", "not assessed"),
    *("not determined", "not done"),
)
CUT_OFF_SIGNS = ("<", ">", "≤", "≥", "⩽", "⩾")
MISSING = " Values may be missing."
MANY = " Many values would be missing."
LARGE_SHARE = 0.8
"""Share of a group below which many values would be missing."""
MOST_PATIENTS = 10_000_000
"""Patients up to which sizes are looked for, and Fisher's test is computed exactly enough."""
MOST_SIZES = 250_000
"""Combinations of smaller sizes up to which all are tried."""


def values_of(index: CountIndex, row: ReportedNumber, size: ReportedNumber, group="") -> range:
    """Return the numbers of patients who may have a value of a row's variable.

    Parameters
    ----------
    index : CountIndex
        Counts and group sizes of the paper.
    row : ReportedNumber
        The number that rests on these patients.
    size : ReportedNumber
        The printed number of patients of which it is read.
    group : str
        The group; left out: the row's own.

    Returns
    -------
    range
        1 to the size. One number alone if it is printed of the variable, or if `of` names a number
        other than that of the row's group; too, where the counts of the variable's
        levels (and those on both sides of each of its cut-offs) exhaust the group: that of its
        known levels. Those that fit where printed levels or shares say how many have a value.
    """
    n, group = whole_number(size), group or row.group
    named_for_it = row.of == size.id and size.group != group
    if size.variable == row.variable != "" or (size.statistic == "n" and named_for_it):
        return range(n, n + 1)
    own = whole_number(index.own.get((row.variable, group)))
    if own is not None:
        return range(own, own + 1)
    if n == index.size(group) and (by_shares := known_values(index, row.variable, group)):
        return by_shares[0]
    known = {
        _known_values(index, variable, index.levels[variable, group], group, n)
        for variable in index.counted.get((row.variable, group), ())
    }
    if len(known) == 1 and None not in known:
        (number,) = known
        return range(number, number + 1)
    return range(1, n + 1)


def sizes_that_fit(percent: Printed, count: int) -> range:
    """Return the numbers of patients of which a count has a share that prints like this."""
    low, high = exact_limits(percent)
    if high <= 0 or not count:
        return range(1, MOST_PATIENTS if low <= 0 else 1)
    last = math.floor(100 * count / low) if low > 0 else MOST_PATIENTS
    return range(max(count, math.ceil(100 * count / high)), last + 1)


def known_values(index: CountIndex, variable: str, group: str) -> tuple[range, str] | None:
    """Return how many patients of a group have a value, where printed levels or shares say it.

    That is the sum of the printed levels, if at least half of their shares are of it, or else the
    sizes that fit the shares of all printed levels; with words for what says it. None where the
    shares are of the group, or leave it open.
    """
    size, shares = index.size(group), index.shares.get((variable, group), [])
    fitting = [sizes_that_fit(row.number, count) for row, count in shares]
    if size is None or all(size in sizes for sizes in fitting):
        return None
    levels = index.levels.get((variable, group), ())
    numbers = [whole_number(index.counts[variable, level, group]) for level in levels]
    total = 0 if None in numbers else sum(numbers)
    of_total = 2 * sum(total in sizes for sizes in fitting) >= len(fitting)
    if of_total and 0 < total < size and len(levels) > 1:
        return range(total, total + 1), f"the sum of the levels of {variable} in {group}"
    first = max(sizes.start for sizes in fitting)
    common = range(first, min(size, *(sizes.stop for sizes in fitting)))
    if len(shares) > 1 and common:
        return common, f"which fits all shares of {variable} in {group}"
    return None


def _known_values(index: CountIndex, variable: str, levels, group: str, n: int) -> int | None:
    """Return the number of patients with a known level, None where levels do not exhaust all."""
    counts = [whole_number(index.counts[variable, level, group]) for level in levels]
    in_full = len(levels) > 1 and None not in counts and sum(counts) == n
    if not in_full and not index.is_exhaustive(variable, levels, group, parts=False):
        return None
    missing = (c or 0 for c, level in zip(counts, levels, strict=True) if is_missing(level))
    return max(0, n - sum(missing))


def is_missing(level: str) -> bool:
    """Whether a level stands for missing values."""
    return level.lower() in MISSING_LEVELS


def nearest_sizes(values: Sequence[range], fits: Callable[..., np.ndarray]) -> tuple | None:
    """Find the sizes, with the fewest values missing, for which numbers fit.

    Of more combinations than `MOST_SIZES` some are tried, evenly.

    Parameters
    ----------
    values : sequence of range
        Possible numbers of values by group, see :func:`values_of`.
    fits : callable
        Takes one array of sizes per group and marks the combinations that fit.

    Returns
    -------
    tuple of int or None
        None if no combination fits.
    """
    longest = max(map(len, values))
    tried = max(3, int(MOST_SIZES ** (1 / len(values))))
    for most in sorted({min(most, longest) for most in (30, 300, longest)}):
        axes = [
            np.unique(np.linspace(max(each.start, each.stop - most), each[-1], tried).astype(int))
            for each in values
        ]
        sizes = [axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")]
        places = np.flatnonzero(fits(*sizes))
        if len(places):
            best = places[np.argmax(sum(sizes)[places])]
            return tuple(int(each[best]) for each in sizes)
    return None


def most_of(values: Sequence[range]) -> list[range]:
    """Return those of the possible numbers of values that leave out few of the most."""
    least = [max(each.start, math.ceil(LARGE_SHARE * each[-1])) for each in values]
    return [range(first, each.stop) for first, each in zip(least, values, strict=True)]


def unless_missing(
    finding: Finding,
    values: Sequence[range],
    fits: Callable[..., np.ndarray],
    bound=True,
    beside=(),
) -> Finding:
    """Turn a proof into a suggestion where smaller sizes would explain it, and name the nearest.

    Parameters
    ----------
    finding : Finding
        Of the printed sizes.
    values : sequence of range
        Possible numbers of values by group.
    fits : callable
        As for :func:`nearest_sizes`.
    bound : bool
        Whether a bound over all smaller sizes leaves it possible.
    beside : sequence of callable
        As `fits`, of what else is printed of the same values.

    Returns
    -------
    Finding
        The proof where no smaller sizes fit.
    """
    if finding.text.endswith(SHORTENED):
        weaken = partial(unless_missing, values=values, fits=fits, bound=bound, beside=beside)
        return instead_of_shortened(finding, weaken)
    if finding.status != "contradicted" or not bound or all(each.stop < 2 for each in values):
        return finding

    def together(*sizes: np.ndarray) -> np.ndarray:
        return np.all([each(*sizes) for each in (fits, *beside)], axis=0)

    # What leaves out many patients explains less than another habit does, unless it explains all.
    likely = nearest_sizes(most_of(values), together)
    likely = likely or (len(beside) > 2 and nearest_sizes(values, together))
    found = likely or nearest_sizes(values, fits)
    if found is None:
        too_many = math.prod(map(len, values)) > MOST_SIZES
        return finding.doubted(f" Far fewer values might give it.{MISSING}{MANY}", too_many)
    sizes = list(zip(found, (each[-1] for each in values), strict=True))
    words = f"{' and '.join(map(str, found))} values"
    reading = finding.reading or words * bool(likely)
    missing = missing_of(sizes)
    if missing == MISSING and not likely:
        missing = " Other numbers of the same patients would not."
    return finding.doubted(f" With {words} it would fit.{missing}", reading=reading)


def instead_of_shortened(finding: Finding, weaken: Callable[[Finding], Finding]) -> Finding:
    """Name the missing values that would explain a print as well as digits cut off do."""
    text = finding.text.removesuffix(SHORTENED)
    other = weaken(replace(finding, status="contradicted", text=text, reading=""))
    if not other.text.endswith(MISSING):
        return finding
    return replace(other, text=finding.text + other.text.removeprefix(text))


def missing_of(sizes: Iterable[tuple[int, int]]) -> str:
    """Say that values may be missing, and whether many would be; of pairs of fewer and of all."""
    many = any(fewer < LARGE_SHARE * n for fewer, n in sizes)
    return f"{MISSING}{MANY}" if many else MISSING
