"""Problems of a print: what an audit found, one entry per cause."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from rairlib.checks.cells import COUNTED
from rairlib.checks.findings import REGISTERED, Finding
from rairlib.checks.rounding import likely_slip
from rairlib.registry.printed import format_value
from rairlib.registry.registry import VERSUS, Registry, ReportedNumber, printed_number
from rairlib.registry.vocabulary import RATIOS

KINDS = ("proof", "doubt", "note")
EXCHANGED = "exchanged with each other"
KIND_OF = {"contradicted": "proof", "suggests": "doubt", "open": "note"}
LEVEL = 0.05
LIMITS = ("ci_low", "ci_high")
NULLS = dict.fromkeys((*RATIOS, "risk_ratio", "rate_ratio"), 1.0) | dict.fromkeys(
    ("coefficient", "risk_difference", "mean_difference", "standardised_mean_difference"), 0.0
)
SUSPECTS = 6
FEWEST_ALIKE = 3
# So short a number becomes nearly any other by one digit.
TELLING = 4
BY_CHANCE = ("one digit", "a digit")
MOST_ROWS = 400
MOST_USES = 60
# Rows audited again, in all, in the search for the numbers that settle most.
MOST_WORK = 6_000
Change = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A printed number, and the values that would fit; NaN where none are known."""

    row: ReportedNumber
    low: float = math.nan
    high: float = math.nan

    @property
    def share(self) -> float:
        """How far the print is from the nearest value that fits, as a share of that."""
        nearest = min(max(self.row.number.value, self.low), self.high)
        return abs(self.row.number.value - nearest) / abs(nearest) if nearest else math.nan

    @property
    def last_digits(self) -> float:
        """The same distance, in units of the last printed digit."""
        nearest = min(max(self.row.number.value, self.low), self.high)
        return abs(self.row.number.value - nearest) * 10.0**self.row.number.decimals


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One entry of the report.

    Attributes
    ----------
    kind : str
        ``proof``, ``doubt``, or ``note``: a habit that the print itself explains.
    numbers : tuple of Suspect
        The number concerned, all numbers with the same habit, or those of which one is wrong.
    either : bool
        Whether a change of any one of these numbers would settle it.
    slip : str
        The habit or slip that would explain it; empty where none is known.
    moves : str
        What becomes of significance; empty where it stays.
    alike : int
        How often the same check agrees with other numbers of the same place.
    findings : tuple of Finding
        Those behind it, the one that tells most first.
    """

    kind: str
    numbers: tuple[Suspect, ...]
    either: bool = False
    slip: str = ""
    moves: str = ""
    alike: int = 0
    findings: tuple[Finding, ...]

    @property
    def place(self) -> str:
        """Where its first number stands; empty where it is about no number of the registry."""
        return self.numbers[0].row.locus if self.numbers else ""

    @property
    def weight(self) -> tuple:
        """Sort by kind, then by consequence and size, the largest first."""
        shares = [each.share for each in self.numbers if math.isfinite(each.share)]
        return KINDS.index(self.kind), not self.moves, -max(shares, default=1.0)


def find_problems(registry: Registry, findings: Iterable[Finding]) -> list[Problem]:
    """Group what an audit found into problems.

    A problem is the number that, changed alone or exchanged with another, settles most of a
    connected set of objections; the set itself where no change does. Numbers with the same habit
    are one problem.

    Parameters
    ----------
    registry : Registry
        The audited numbers.
    findings : iterable of Finding
        What the audit found.

    Returns
    -------
    list of Problem
        Proofs, doubts and notes, each by size of consequence.
    """
    search = _Search(registry, list(findings))
    told = [found for found in search.findings if _is_told(found)]
    places = {row.id: place for place, row in enumerate(registry)}
    problems = [search.problem(*cause) for cause in search.causes(told)]
    problems.sort(key=lambda each: [places[number.row.id] for number in each.numbers[:1]])
    return sorted(_by_habit(problems), key=lambda problem: problem.weight)


class _Search:
    """The search for the numbers behind the objections to one registry."""

    def __init__(self, registry: Registry, findings: list[Finding]) -> None:
        self.registry, self.findings, self.work = registry, findings, MOST_WORK
        self.by_name: dict[str, list[Finding]] = defaultdict(list)
        self.passed: dict[tuple, set] = defaultdict(set)
        self.agreed = Counter(found.target for found in findings if found.status == "agrees")
        self.known: dict[int, list[str]] = {}
        for found in findings:
            names = dict.fromkeys((found.target, *found.uses))
            names = self.known[id(found)] = [name for name in names if name in registry]
            for name in names:
                self.by_name[name].append(found)
            if found.status == "agrees" and names:
                self.passed[found.check, registry[names[0]].locus].add(frozenset(names))
        # What the audit leaves out: beyond its range, or not what it is called.
        first = {"range", *(check.name for check in REGISTERED if check.first)}
        self.aside = {n for found in findings if found.check in first for n in self.names(found)}
        columns = defaultdict(list)
        for row in registry:
            columns[row.statistic, row.locus].append(row)
        self.column = {
            row.id: (rows, place) for rows in columns.values() for place, row in enumerate(rows)
        }

    def names(self, finding: Finding) -> list[str]:
        return self.known[id(finding)]

    def causes(self, told: list[Finding]) -> Iterator[tuple]:
        """Yield of each cause its findings, its suspects if a change was found, and the slip."""
        parts = self.connected(told)
        while parts:
            part = parts.pop()
            faults = [found for found in part if found.status != "open"]
            cause = self.settled(faults, part) if len(faults) > 1 else ([], (), "")
            groups = sorted(self.with_one_reading(part), key=len, reverse=True)
            causes = [(those, (), "") for those in groups]
            if cause[0] and len(cause[0]) >= max(map(len, groups), default=0):
                causes = [cause]
            left = {id(found): found for found in part}
            for those, suspects, slip in causes:
                if len(those := [f for f in those if left.pop(id(f), None)]) > 1 or suspects:
                    yield those, suspects, slip
                else:
                    left |= {id(found): found for found in those}
            if len(left) < len(part):
                parts += self.connected(list(left.values()))
                continue
            same = defaultdict(list)
            for place, found in enumerate(part):
                names = frozenset(n for n in self.names(found) if self.registry[n].statistic != "n")
                same[names or place].append(found)
            yield from ((those, (), "") for those in same.values())

    def with_one_reading(self, part: list[Finding]) -> Iterator[list[Finding]]:
        """Yield the findings that share a reading, with what else is said of their numbers."""
        readings, within = defaultdict(list), {id(found) for found in part}
        for found in part:
            if found.reading:
                readings[found.reading].append(found)
        for reading, alike in readings.items():
            alike = [found for found in alike if found.status != "open"] or alike
            those = {id(found): found for found in alike}
            numbers = {name for found in alike for name in self.names(found)}
            near = (n for n in numbers if self.registry[n].statistic != "n")
            for found in (found for name in near for found in self.by_name[name]):
                same = found.reading == reading and found.target in numbers | {""}
                if id(found) in within and (same or numbers.issuperset(self.names(found))):
                    those[id(found)] = found
            if len(those) > 1:
                yield list(those.values())

    def connected(self, objections: list[Finding]) -> list[list[Finding]]:
        """Split objections into sets that share numbers or a variable, not only a group's size."""
        refused = Counter(found.target for found in objections)
        refused = {name for name, times in refused.items() if times >= self.agreed[name]}
        above: dict = {}

        def top(name):
            while above.setdefault(name, name) != name:
                name = above[name]
            return name

        bonds = []
        for place, found in enumerate(objections):
            names = self.names(found)
            own = [n for n in names if n in refused or self.registry[n].statistic != "n"]
            # Two counts of one variable may have changed places, so these hang together too.
            own += [("", self.registry[n].variable) for n in own if self.registry[n].variable]
            first, *others = own or names or [place]
            bonds.append(first)
            for other in others:
                above[top(other)] = top(first)
        parts = defaultdict(list)
        for first, found in zip(bonds, objections, strict=True):
            parts[top(first)].append(found)
        return list(parts.values())

    def settled(self, faults: list[Finding], part: list[Finding]) -> tuple[list, tuple, str]:
        """Return what the best change settles of a part, two faults at least, and the change."""
        if self.work < 0:
            return [], (), ""
        standing = Counter(name for fault in faults for name in self.names(fault))
        # A size on which hundreds of findings rest cannot be tried.
        suspects = [n for n, _ in standing.most_common() if len(self.by_name[n]) <= MOST_ROWS]
        suspects = suspects[:SUSPECTS]
        around, checks = self.around(suspects)
        before: set[tuple] = set()
        tried = []
        for change in self.changes(suspects, faults):
            self.work -= len(around)
            if len(around) > MOST_ROWS or self.work < 0:
                break
            before = before or _objections(around, checks)
            changed = Registry(around.study, [_changed(row, change) for row in around])
            left = _objections(changed, checks)
            gone = [found for found in part if _key(found) in before - left]
            refuted = sum(found.status != "open" for found in gone)
            if min(refuted, len(before) - len(left)) > 1:
                tried.append(((len(before) - len(left), -len(change)), gone, change))
        if not tried:
            return [], (), ""
        best = max(size for size, *_ in tried)
        equal = [(gone, change) for size, gone, change in tried if size == best]
        gone, change = equal[0]
        if len(change) > 1:
            values = {name: printed_number("n", text).value for name, text in change.items()}
            numbers = [Suspect(row=self.registry[n], low=v, high=v) for n, v in values.items()]
            return gone, tuple(numbers), EXCHANGED
        numbers = dict.fromkeys(name for _, change in equal for name in change)
        return gone, tuple(self.suspect(name, faults) for name in numbers), ""

    def around(self, names: list[str]) -> tuple[Registry, list]:
        """Return the rows on which the findings on some numbers rest, and the checks to repeat."""
        touching = [f for n in names for f in self.by_name[n] if len(f.uses) <= MOST_USES]
        kept = {name for found in touching for name in self.names(found)}
        for variable in {self.registry[name].variable for name in names} - {""}:
            kept |= {row.id for row in self.registry.where(variable=variable)}
        groups = {part for name in kept for part in self.registry[name].group.split(VERSUS)}
        kept |= {row.id for group in groups if (row := self.registry.size(group))}
        for field in ("of", "repeats"):
            kept |= {getattr(self.registry[name], field) for name in kept} & set(self.column)
        wanted = {found.check for found in touching}
        checks = [each for each in REGISTERED if each.name in wanted and not each.first]
        kept -= self.aside
        rows = [row for row in self.registry if row.id in kept]
        return Registry(self.registry.study, rows), checks

    def changes(self, suspects: list[str], faults: list[Finding]) -> Iterator[Change]:
        for name in suspects:
            row, suspect = self.registry[name], self.suspect(name, faults)
            texts = [other.printed for other in self.registry.where(repeats=name)]
            if math.isfinite(suspect.high - suspect.low):
                middle = (suspect.low + suspect.high) / 2
                texts.append(format_value(middle, row.number.decimals))
            for text in dict.fromkeys(texts):
                if text != row.printed and not (row.statistic in COUNTED and text.startswith("-")):
                    yield {name: text}
        for first, second in combinations([self.registry[name] for name in suspects], 2):
            if first.statistic == second.statistic and first.printed != second.printed:
                yield {first.id: second.printed, second.id: first.printed}

    def suspect(self, name: str, findings: Iterable[Finding]) -> Suspect:
        """Return a number with the values that all findings on it leave, else the first's."""
        ends = [
            (found.low, found.high)
            for found in findings
            if found.target == name and not math.isnan(found.low + found.high)
        ]
        low, high = max((e[0] for e in ends), default=0), min((e[1] for e in ends), default=-1)
        if low > high:
            low, high = ends[0] if ends else (math.nan, math.nan)
        return Suspect(row=self.registry[name], low=low, high=high)

    def problem(self, findings: list[Finding], suspects: tuple[Suspect, ...], slip: str) -> Problem:
        """Write the entry of one cause."""
        settled, either = bool(suspects), len(suspects) > 1 and not slip
        sets = {frozenset(self.names(found)) for found in findings}
        if not suspects:
            targets = dict.fromkeys(f.target for f in findings if f.target in self.registry)
            suspects = tuple(self.suspect(name, findings) for name in targets)
            either = len(suspects) > 1 and len(sets) == 1
        suspects = suspects or tuple(
            Suspect(row=self.registry[name]) for name in self.names(findings[0])
        )
        own = [each.row.id for each in suspects]
        findings.sort(key=lambda f: (KINDS.index(KIND_OF[f.status]), f.target not in own[:1]))
        about = [found for found in findings if not settled or found.target in own]
        named = next((found for found in about if found.reading and not slip), None)
        slip = named.reading if named else slip
        # The consequence is that of the slip, where it is the slip of one of the numbers.
        moved = [each for each in suspects if named and each.row.id == named.target] or suspects
        if not slip and len(suspects) == 1:
            slip = self.slip(suspects[0])
        return Problem(
            kind=KIND_OF[findings[0].status],
            numbers=suspects,
            either=either,
            slip=slip,
            moves=next(filter(None, (self.moves(each) for each in moved)), ""),
            alike=len(self.passed[findings[0].check, suspects[0].row.locus]) if suspects else 0,
            findings=tuple(findings),
        )

    def slip(self, each: Suspect) -> str:
        """Name a slip that would print the number so; one digit is telling only of three."""
        rows, place = self.column[each.row.id]
        near = [row for row in rows[max(0, place - 1) : place + 2] if not row.repeats]
        near = [row for row in near if row.key != each.row.key]
        slip = likely_slip(each.row, each.low, each.high, near)
        chance = each.row.statistic == "p_value" or len(each.row.printed.strip("0.")) < TELLING
        return "" if chance and slip.startswith(BY_CHANCE) else slip

    def moves(self, each: Suspect) -> str:
        """Say what becomes of significance if a p value or a limit is what fits instead."""
        row, number, low, high = each.row, each.row.number, each.low, each.high
        if row.statistic == "p_value":
            if number.high <= LEVEL <= low and number.high < low:
                return "significant as printed, not as recomputed"
            if high < LEVEL <= number.low:
                return "not significant as printed, significant as recomputed"
        null = NULLS.get(self.registry[row.of].statistic) if row.of in self.registry else None
        if row.statistic not in LIMITS or null is None:
            return ""
        if number.low > null > high or number.high < null < low:
            excludes = (number.value > null) == (row.statistic == "ci_low")
            words = ("excludes", "includes")[:: 1 if excludes else -1]
            return f"the interval {words[0]} {null:g} as printed, {words[1]} it as recomputed"
        return ""


def _objections(registry: Registry, checks: list) -> set[tuple]:
    found = (finding for check in checks for finding in check.function(registry))
    return {_key(finding) for finding in found if _is_told(finding)}


def _is_told(finding: Finding) -> bool:
    """Whether the report tells of a finding: an objection, or a print that a habit explains."""
    return finding.status in ("contradicted", "suggests") or bool(
        finding.status == "open" and finding.reading
    )


def _key(finding: Finding) -> tuple:
    return finding.check, finding.target or finding.uses


def _changed(row: ReportedNumber, change: Change) -> ReportedNumber:
    text = change.get(row.id)
    return replace(row, printed=text, number=printed_number(row.statistic, text)) if text else row


def _by_habit(problems: list[Problem]) -> Iterator[Problem]:
    """Join entries of one check, place and reading; without a reading, three of a kind."""
    alike: dict[tuple, list[Problem]] = defaultdict(list)
    for place, problem in enumerate(problems):
        head, single = problem.findings[0], len(problem.findings) == 1
        row = problem.numbers[0].row if problem.numbers else None
        habit = _habit(problem) if head.reading else "" if single else place
        key = (problem.kind, head.check, row.statistic, row.locus, habit) if row else (place,)
        alike[key].append(problem)
    for same in alike.values():
        if len(same) == 1 or (len(same) < FEWEST_ALIKE and not same[0].findings[0].reading):
            yield from same
            continue
        moves = [problem.moves for problem in same if problem.moves]
        yield replace(
            same[0],
            numbers=tuple(dict.fromkeys(each for problem in same for each in problem.numbers)),
            either=False,
            slip=_some(dict.fromkeys(problem.findings[0].reading for problem in same)),
            moves=f"{len(moves)} of {len(same)}: {moves[0]}" if moves else "",
            findings=tuple(found for problem in same for found in problem.findings),
        )


def _some(readings: Iterable[str]) -> str:
    first, *others = readings
    return (
        f"{first}, and {len(others)} more of the kind"
        if len(others) > 1
        else (" · ".join([first, *others]))
    )


def _habit(problem: Problem) -> str:
    """Return a reading without its numbers and the names of its rows."""
    row, text = problem.numbers[0].row, problem.findings[0].reading
    for name in sorted({row.variable, row.level, *row.group.split(VERSUS)}, key=len)[::-1]:
        text = text.replace(name, "") if name else text
    return re.sub(r"\d[\d.,]*( to \d[\d.,]*)?", "", text)
