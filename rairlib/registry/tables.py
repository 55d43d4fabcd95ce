"""Turn a wide table, as it stands in a paper, into registry rows; what is not certain is asked."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import pandas as pd

from rairlib.errors import RairlibError
from rairlib.registry.files import DECIMAL_COMMA, EITHER_COMMA
from rairlib.registry.printed import MINUS_SIGNS, Printed, PrintedNumberError, parse_printed
from rairlib.registry.table_files import REPEATED, Grid, read_grids
from rairlib.registry.vocabulary import COLUMNS

NUMBER = (
    rf"((?:[<>≤≥]=? ?)?[+{MINUS_SIGNS}]? ?(?:\d{{1,3}}(?:[,'’ ]\d{{3}})+(?!\d)(?:[.·]\d+)?"
    r"|\d+(?:[.,·]\d+)?|[.·]\d+)"
    rf"(?:(?:[eE]| ?[×x*] ?10 ?\^? ?)[+⁺⁻{MINUS_SIGNS}]?[\d⁰¹²³⁴-⁹]+)?(?: ?%)?)"
)
TO = rf" ?(?:[,;~～{MINUS_SIGNS}]|to) ?"
SHAPES = {
    name: re.compile(shape)
    for name, shape in {
        "x": NUMBER,
        "x ± y": rf"{NUMBER} ?(?:±|\+/?[{MINUS_SIGNS}]) ?{NUMBER}",
        "x (y)": rf"{NUMBER} ?[(\[] ?{NUMBER} ?[)\]]",
        "x (y to z)": rf"{NUMBER} ?[(\[] ?{NUMBER}{TO}{NUMBER} ?[)\]]",
        "y to z": rf"[(\[]? ?{NUMBER}{TO}{NUMBER} ?[)\]]?",
        "x/y": rf"{NUMBER} ?/ ?{NUMBER}",
        "x/y (z)": rf"{NUMBER} ?/ ?{NUMBER} ?[(\[] ?{NUMBER} ?[)\]]",
        "z (x/y)": rf"{NUMBER} ?[(\[] ?{NUMBER} ?/ ?{NUMBER} ?[)\]]",
    }.items()
}
ASK = {
    "x": "a count, a percentage, a mean or a median?",
    "x ± y": "SD or standard error?",
    "x (y)": "n (%), mean (SD) or median (IQR)?",
    "x (y to z)": "median (IQR), median (range) or an interval?",
    "y to z": "range, IQR or 95% CI?",
    "x/y": "counts of which two levels? Write them into the label: Sex, female/male",
}
CI = r"(?i:(?:\d\d ?% ?)?\b(?:CIs?|confidence intervals?|confidence limits)\b)"
RATIOS = {
    "odds_ratio": r"(?:\b[ac]?ORs?\b|(?i:odds ratios?))",
    "hazard_ratio": r"(?:\b[acs]?HRs?\b|(?i:hazard ratios?))",
    "rate_ratio": r"(?:\ba?IRRs?\b|(?i:rate ratios?))",
    "risk_ratio": r"(?:\ba?RRs?\b|(?i:relative risks?|risk ratios?))",
}
LIMITS = ("ci_low", "ci_high")
PAIRS_OF_LIMITS = ("minimum", "q1", "ci_low")
COUNTED = r"(?i:\b(?:n|nos?\.?|number|patients|cases|events|freq\w*))"
# What the words of a heading or a label say that the cells hold, longest first.
HOLDS = [
    (re.compile(words), holds)
    for words, holds in (
        (r"(?i:mean)\W*(?i:sem?|standard error)\b\)?", ("mean", "standard_error")),
        (r"(?i:mean)\W*(?i:sd|s\.d\.|standard deviation)\)?", ("mean", "sd")),
        (
            r"(?i:median)\W*(?i:iqr|inter.?quartile|quartiles|q1\W+q3|25.{0,12}75\w*(?: per\w*)?)\W?",
            ("median", "q1", "q3"),
        ),
        (r"(?i:median)\W*(?i:range|min\w*\W+max\w*)\W?", ("median", "minimum", "maximum")),
        (rf"{COUNTED} ?/ ?(?i:n|total)\W*%?\)?", ("count", "n", "percent")),
        (rf"{COUNTED}\W{{0,2}}[(\[,;] ?%[)\]]?", ("count", "percent")),
        (rf"(?:%|(?i:percent\w*)) ?[(\[] ?{COUNTED} ?[)\]]", ("percent", "count")),
        *((rf"{words}\W*{CI}\)?", (ratio, *LIMITS)) for ratio, words in RATIOS.items()),
        *((words, (ratio, *LIMITS)) for ratio, words in RATIOS.items()),
        (CI, LIMITS),
        (r"\b(?i:mean)\b", ("mean",)),
        (r"\b(?i:median)\b", ("median",)),
        (r"\b(?:SD|(?i:standard deviation))\b", ("sd",)),
        (r"\b(?:IQR|(?i:inter-?quartile range))\b", ("q1", "q3")),
        (r"(?i:^range$|[(,] ?range\)?$)", ("minimum", "maximum")),
        (r"\(%\)|\[%\]|, ?%$|^%$|(?i:percentage)", ("percent",)),
        (r"(?:^|[(,] ?)(?:[nN]|(?i:nos?\.|number|count))\)?$", ("count",)),
    )
]
# What taking words away leaves behind.
BLANKED = re.compile(r"[(\[][\s,;]*[)\]]|(?<=[(\[])[\s,;]+|,(?=\s*,)|^[\s,;:)\]]+|[\s,;:(\[]+$")
P = re.compile(r"(?i)(?:two-sided |overall |adjusted )?p(?:\W*val(?:ues?|\.)?)?\W*(?:\(.*\)\W*)?")
STATISTICS = {
    **dict.fromkeys(("χ2", "χ²", "x2", "chi2", "chisquare", "chisquared"), "chi_square"),
    **{letter: f"{letter}_statistic" for letter in "tufzh"},
    **dict.fromkeys(("smd", "standardizedmeandifference"), "standardised_mean_difference"),
    **dict.fromkeys(("β", "b", "beta", "coefficient", "coef"), "coefficient"),
    **dict.fromkeys(("se", "standarderror"), "standard_error"),
    "df": "degrees_of_freedom",
}
METHODS = (
    (re.compile(r"(?i)\b(?:uni-?varia(?:ble|te)|unadjusted|crude)\b"), "univariable"),
    (re.compile(r"(?i)\b(?:multi-?varia(?:ble|te)|adjusted)\b|\ba(?=[OHR]R\b)"), "multivariable"),
)
FILLERS = re.compile(r"(?i)\b(?:analys[ie]s|regression|models?|cox|logistic|patients,?$)\b")
ALL = re.compile(r"(?i)(?:all|total|overall|whole|entire)?(?: ?(?:patients|cohort|sample|cases))?")
SIZE = re.compile(rf"[(\[,;]* ?\b[nN] ?[=:] ?{NUMBER}(?: ?[,;(]+ ?{NUMBER}\)?)? ?[)\]]?")
SIZES_ROW = re.compile(r"(?i)n|(?:total )?(?:nos?\.?|number) of (?:patients|cases)|patients|total")
MARKS = re.compile(r"⟦(.*?)⟧|\^ ?(\w)\b|([†‡§¶‖#]+|\*+(?! ?10))|(?<=[\d)%])(?<!10)([ᵃ-ᵸ⁰¹²³⁴-⁹]+)$")
LETTER = re.compile(r"(?<=[\d)])([a-h])$")
REFERENCE = re.compile(r"(?i)(?:1(?:[.,·]0+)? ?[(\[]?)?\(?ref(?:erence|erent|\.)?[)\]]?")
ONE = re.compile(r"1(?:[.,·]0+)?")
NOTHING = re.compile(rf"[.·…/ {MINUS_SIGNS}]*|(?i:n/?a|nr)")
WORDS_WITHIN = re.compile(rf"{CI}:?|(?i:\b(?:IQR|range|median|mean)\b:?)|=")
CUT = rf"(?:[<>≤≥]=? ?\d[\d.,]*|\d[\d.,]* ?(?:[{MINUS_SIGNS}]|to) ?\d[\d.,]*)"
UNIT = (
    r"(?:years?|yrs?|y|months?|mo|weeks?|wk|days?|d|hours?|h|min|[cmkµμ]?[mgl]|%|mm ?Hg|[GMk]Bq"
    r"|mCi|Gy|10.{1,3}/\w+|\w{1,5}/(?:[dmµμ]?[lL]|m[2²]|\w*min|h|d))"
)
LABEL_UNIT = re.compile(rf"[,(\[; ]+({UNIT})[)\]]?$")
LEVEL_UNIT = re.compile(rf"^({CUT}) ?({UNIT})?$")
LEVEL = rf"{CUT}|[\w+-]+"
PAIR = re.compile(rf"(.*?)[,:;( ]*({LEVEL}) ?(?:/| vs\.? | versus ) ?({LEVEL})\)?(?: ({UNIT}))?")
OPPOSITES = {"yes", "positive", "present", "male", "female", "men", "women", "+"}


@dataclass(slots=True)
class Column:
    """What stands in one column: patients of a group, an estimate, a test statistic or a p."""

    number: int
    heading: str
    role: str
    group: str
    holds: list[tuple[str, ...]]
    method: str
    size: str = ""
    share: str = ""


@dataclass(slots=True)
class Line:
    """One row of the table below its head."""

    number: int
    label: str
    indent: int
    holds: list[tuple[str, ...]]
    unit: str
    note: str
    cells: dict[int, str]
    pair: tuple[str, str] | None = None


@dataclass(slots=True)
class Block:
    """A variable: its own row, and the rows of its levels."""

    name: str
    head: Line
    levels: list[tuple[str, Line]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Imported:
    """A table read into registry rows.

    Attributes
    ----------
    rows : DataFrame
        In the registry's columns, ready for ``rairlib audit``.
    told : list of str
        What was understood, one line per row of the table.
    doubts, unread : list of str
        Numbers to compare with the print, and cells that gave no row.
    """

    rows: pd.DataFrame
    told: list[str]
    doubts: list[str]
    unread: list[str]


class _UnreadError(Exception):
    """A cell is not understood."""


def clean(text: str) -> tuple[str, list[str]]:
    """Part a cell's text from its footnote marks."""
    marks = ["".join(filter(None, found)) for found in MARKS.findall(text)]
    return " ".join(MARKS.sub("", text).split()), marks


def shapes_of(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return every way in which a cell can be numbers, as its shape and the numbers."""
    plain = " ".join(WORDS_WITHIN.sub("", text).split())
    found = []
    for name, shape in SHAPES.items():
        if len(plain) < 80 and (match := shape.fullmatch(plain)):
            found.append((name, tuple(number.strip() for number in match.groups())))
    return found


def holds_of(text: str) -> tuple[list[tuple[str, ...]], str]:
    """Return what words say about the cells, and the other words."""
    found = []
    for words, holds in HOLDS:
        text, times = words.subn(" ", text)
        found += [holds] * bool(times)
    return found, BLANKED.sub("", " ".join(text.split())).strip()


def _number(text: str) -> Printed | None:
    try:
        return parse_printed(text)
    except PrintedNumberError:
        return None


def _whole(text: str) -> int | None:
    number = _number(text)
    plain = number and number.operator == "=" and not number.decimals and "%" not in text
    return int(number.value) if plain else None


def _slug(text: str) -> str:
    return re.sub(r"\W+", "_", text.lower()).strip("_") or "unnamed"


def fit(holds: tuple[str, ...], shape: str, numbers: tuple[str, ...], proven: bool):
    """Name the numbers of a cell by what it is said to hold; None where it does not fit."""
    first = holds[0]
    if shape == "x":
        number = numbers[0]
        if first in ("count", "percent"):
            whole = _whole(number) is not None
            named = "count" if first == "count" and whole else "percent"
            return ((named, number),) if whole or first == "percent" or "%" in number else None
        return None if len(holds) == 2 and first in PAIRS_OF_LIMITS else ((first, number),)
    if shape == "x (y)":
        if holds == ("percent",) and (proven or "%" in numbers[1]):
            holds = ("count", "percent")
        if holds[:1] == ("count",) and "%" in numbers[0]:
            holds = ("percent", "count")
        if holds == ("median", "q1", "q3"):
            holds = ("median", "interquartile_range")
        counts = [number for name, number in zip(holds, numbers, strict=False) if name == "count"]
        if len(holds) != 2 or first in PAIRS_OF_LIMITS or None in map(_whole, counts):
            return None
        return tuple(zip(holds, numbers, strict=True))
    if shape in ("x/y (z)", "z (x/y)"):
        x, y, z = numbers if shape == "x/y (z)" else (*numbers[1:], numbers[0])
        return (("count", x), ("n", y), ("percent", z)) if first in ("count", "percent") else None
    if shape == "x/y":
        return (("count", numbers[0]), ("n", numbers[1])) if holds[:2] == ("count", "n") else None
    if shape == "x ± y" and first != "mean":
        return None
    if shape == "y to z" and first not in PAIRS_OF_LIMITS:
        return None
    return tuple(zip(holds, numbers, strict=True)) if len(holds) == len(numbers) else None


def _heading(parts: list[str], number: int) -> Column:
    """Read the texts above a column."""
    texts = list(dict.fromkeys(clean(part)[0] for part in parts))
    text = " ".join(filter(None, texts))
    method = next((word for words, word in METHODS if words.search(text)), "")
    size = SIZE.search(text)
    rest = FILLERS.sub("", SIZE.sub(" ", text))
    for words, _ in METHODS:
        rest = words.sub("", rest)
    holds, name = holds_of(" ".join(rest.split()))
    found = Column(number, text, "data", name, holds, method, *(size.groups("") if size else ()))
    words = [
        re.sub(r"[\W_]|value|statistic|test", "", w.lower()) or w for w in texts[-1].split("/")
    ]
    if P.fullmatch(texts[-1]):
        found.role = "p"
    elif all(word in STATISTICS for word in words):
        found.role, found.holds = "statistic", [(STATISTICS[word],) for word in words]
    elif any(held[0] in RATIOS or held == LIMITS for held in holds):
        found.role = "estimate"
    elif ALL.fullmatch(name):
        found.group = "all"
    return found


class TableReader:
    """Read one grid; see :func:`import_table`."""

    def __init__(self, grid: Grid, locus: str, sizes: dict[str, str], outcome: str, cells: str):
        self.rows: list[dict] = []
        self.estimates: dict[tuple[int, int], dict] = {}
        self.told: list[str] = []
        self.doubts, self.unread = list(grid.doubts), []
        self.locus, self.outcome = locus, outcome
        self.asked = [held for part in cells.split(";") for held in holds_of(part)[0]]
        self._part(grid)
        self._name_groups(sizes)
        for block in self._blocks():
            self._write(block)
        self._number_rows()

    # --- The head ---

    def _part(self, grid: Grid) -> None:
        """Part the grid into title, head and body."""
        rows = [(number, cells) for number, cells in grid.rows if any(map(_own, cells))]
        width = max(len(cells) for _, cells in rows)
        rows = [(number, cells + [""] * (width - len(cells))) for number, cells in rows]
        titles = [grid.title]
        while rows and len({_bare(cell).strip() for cell in rows[0][1]} - {""}) == 1 < width:
            titles.append(_bare(rows.pop(0)[1][0]))
        self.title = " ".join(filter(None, titles))
        head = max(1, grid.head - len(titles) + 1)
        while head < len(rows) and self._is_head(rows[head][1]):
            head += 1
        if head >= len(rows) or width < 2:
            raise RairlibError(
                "is no table with a head and rows below it: the first row names the groups, the "
                "first column the variables"
            )
        heads = [cells for _, cells in rows[:head]]
        for upper, lower in pairwise(heads):
            _carry_over(upper, lower)
        self.columns = [
            _heading([_bare(cells[place]) for cells in heads], place + 1)
            for place in range(1, width)
        ]
        self.lines = [self._line(number, cells) for number, cells in rows[head:]]
        self._drop_columns_without_numbers()

    @staticmethod
    def _is_head(cells: list[str]) -> bool:
        texts = [clean(_bare(cell))[0] for cell in cells[1:]]
        told = [text for text in texts if text and not NOTHING.fullmatch(text)]
        data = any(shapes_of(text) or REFERENCE.fullmatch(text) for text in told)
        return bool(told) and not data and len({*texts, _bare(cells[0])} - {""}) > 1

    def _line(self, number: int, cells: list[str]) -> Line:
        raw = _bare(cells[0]).expandtabs(2)
        text = re.sub(r"^\s*[•·–-] +", "", raw)
        indent = len(text) - len(text.lstrip()) + 2 * (text != raw)
        label, marks = clean(text)
        own = {place: clean(cell) for place, cell in enumerate(cells[1:], start=2) if _own(cell)}
        if {text for text, _ in own.values()} <= {label}:
            own = {}
        kept = {place: text for place, (text, _) in own.items() if not NOTHING.fullmatch(text)}
        marks += [mark for _, found in own.values() for mark in found]
        note = f"footnote {', '.join(dict.fromkeys(marks))}" if marks else ""
        holds, label = holds_of(label)
        found = LABEL_UNIT.search(label)
        label = LABEL_UNIT.sub("", label) if found else label
        line = Line(number, label, indent, holds, found[1] if found else "", note, kept)
        pair = PAIR.fullmatch(label)
        slashed = any(name == "x/y" for text in kept.values() for name, _ in shapes_of(text))
        if pair and (slashed or _is_pair(pair[2], label)):
            line.label, line.unit = pair[1], pair[4] or line.unit
            line.pair = _tidy(pair[2]), _tidy(pair[3])
        return line

    def _drop_columns_without_numbers(self) -> None:
        for column in list(self.columns):
            texts = [line.cells.pop(column.number, "") for line in self.lines]
            if any(shapes_of(text) or REFERENCE.fullmatch(text) for text in texts):
                for line, text in zip(self.lines, texts, strict=True):
                    line.cells |= {column.number: text} if text else {}
                continue
            self.columns.remove(column)
            if filled := [text for text in texts if text]:
                self.told.append(f"column {column.number}: left out, no numbers: {filled[0]} …")

    def _name_groups(self, sizes: dict[str, str]) -> None:
        """Settle groups, their sizes and the comparison, and write the sizes down."""
        data = [column for column in self.columns if column.role == "data"]
        keys = [(column.group, *column.holds) for column in data]
        if twice := [c for c, key in zip(data, keys, strict=True) if keys.count(key) > 1]:
            raise RairlibError(
                f"columns {' and '.join(str(c.number) for c in twice)} have the same heading, "
                f"{twice[0].heading!r}: name them apart"
            )
        self.groups = list(dict.fromkeys(column.group for column in data))
        printed = {column.group: column.size for column in data if column.size}
        for line in list(self.lines):
            numbers = {c.group: line.cells.get(c.number, "") for c in data}
            if SIZES_ROW.fullmatch(line.label) and all(map(_whole, numbers.values())) and numbers:
                printed |= {group: text for group, text in numbers.items() if group not in printed}
                self.lines.remove(line)
        if strange := [name for name in sizes if name not in (*self.groups, "all")]:
            raise RairlibError(
                f"--groups: no column is headed {strange[0]!r}; there are {', '.join(self.groups)}"
            )
        if (found := SIZE.search(self.title)) and "all" not in printed:
            printed["all"] = found[1]
        self.sizes: dict[str, dict] = {}
        for group in dict.fromkeys(
            (*(["all"] if "all" in {*printed, *sizes} else []), *self.groups)
        ):
            if text := sizes.get(group) or printed.get(group, ""):
                note = "" if printed.get(group) == text else "given with --groups"
                self.sizes[group] = self._row("n", "", "", group, text, note=note)
        self._share_out_groups(data)
        parts = [group for group in self.groups if group != "all"]
        own = len(parts) < 2 or {*self.outcome.split(" vs ")} <= {*parts}
        self.compared = (
            self.outcome if self.outcome and own else " vs ".join(parts[: len(parts) > 1 and None])
        )
        for column in self.columns:
            if column.role == "data" and column.share and column.group in self.sizes:
                whole = self.sizes.get("all")
                self._row("percent", "", "", column.group, column.share, of=whole)

    def _share_out_groups(self, data: list[Column]) -> None:
        whole, parts = self.sizes.get("all"), [g for g in self.sizes if g != "all"]
        total = sum(_whole(self.sizes[group]["printed"]) or 0 for group in parts)
        if whole is None or not parts:
            return
        for group in parts:
            self.sizes[group]["of"] = whole
            if total == _whole(whole["printed"]):
                self.sizes[group]["partition"] = "groups"
        if total != _whole(whole["printed"]):
            self._doubt(
                self.sizes[parts[0]], 0, f"the groups sum to {total}, all are {whole['printed']}"
            )

    # --- Variables and their levels ---

    def _blocks(self) -> list[Block]:
        """Gather the rows of levels below the variable to which they belong."""
        blocks: list[Block] = []
        self.indented = any(line.indent for line in self.lines)
        for line in self.lines:
            if blocks and self._is_level(blocks[-1], line):
                blocks[-1].levels.append((_tidy(line.label), line))
            elif line.label or line.cells or line.pair:
                name = line.label or (blocks[-1].name if blocks else "")
                blocks.append(Block(name, line))
        return blocks

    def _is_level(self, block: Block, line: Line) -> bool:
        head, cut = block.head, LEVEL_UNIT.match(line.label)
        if not any(column.role != "p" for column in self._filled(line)) and not cut:
            return bool(self.indented and line.indent > head.indent and line.cells)
        if self.indented and line.indent > head.indent:
            return True
        if cut and not line.pair:
            return True
        is_open = not self._data(head) and not any(c.role == "estimate" for c in self._filled(head))
        if not is_open or line.holds or line.pair or (self.indented and block.levels):
            return False
        counts = [self._first_count(line, column) for column in self._data(line)]
        return None not in counts and not self._is_complete(block)

    def _filled(self, line: Line) -> list[Column]:
        return [column for column in self.columns if column.number in line.cells]

    def _data(self, line: Line) -> list[Column]:
        return [column for column in self._filled(line) if column.role == "data"]

    def _first_count(self, line: Line, column: Column) -> int | None:
        """Return the count that a cell begins with, if it can be one."""
        for name, numbers in shapes_of(line.cells.get(column.number, "")):
            if name in ("x", "x (y)", "x/y (z)"):
                return _whole(numbers[0])
        return None

    def _is_complete(self, block: Block) -> bool:
        """Whether the counts of the levels make up every group whose size is printed."""
        sums = self._sums(block)
        return bool(sums) and all(total == self._size(group) for group, total in sums.items())

    def _sums(self, block: Block) -> dict[str, int]:
        sums: dict[str, int] = {}
        for column in self.columns:
            counts = [self._first_count(line, column) for _, line in block.levels]
            if column.role == "data" and column.group in self.sizes and None not in counts:
                sums[column.group] = sum(counts)
        return sums

    def _proves_shares(self, block: Block) -> bool:
        """Whether every pair of numbers in some row is a count and its percentage."""
        for line in (block.head, *(line for _, line in block.levels)):
            found = []
            for column in self._data(line):
                for name, numbers in shapes_of(line.cells[column.number]):
                    count, share = _whole(numbers[0]), _number(numbers[-1])
                    wholes = [self._size(column.group), self._across(line)]
                    if name == "x (y)" and count is not None and share is not None:
                        found.append(any(n and share.agrees(100 * count / n) for n in wholes))
            if found and all(found):
                return True
        return len(block.levels) > 1 and self._is_complete(block)

    def _size(self, group: str) -> int | None:
        return _whole(self.sizes[group]["printed"]) if group in self.sizes else None

    def _across(self, line: Line) -> int | None:
        """Return the sum of a row's counts over all groups."""
        counts = [self._first_count(line, c) for c in self._data(line) if c.group != "all"]
        return sum(counts) if counts and None not in counts else None

    # --- Rows of the registry ---

    def _row(self, statistic, variable, level, group, printed, *, line=None, **given) -> dict:
        row = dict.fromkeys(COLUMNS, "") | {
            "locus": self.locus, "statistic": statistic, "variable": variable, "level": level,
            "group": group, "printed": printed.rstrip("% ") if statistic != "n" else printed,
        }  # fmt: skip
        row["unit"] = "%" if "%" in printed or statistic == "percent" else ""
        row["note"] = line.note if line else ""
        row |= given
        self.rows.append(row)
        return row

    def _doubt(self, row: dict, line: int, text: str) -> None:
        row["note"] = "; ".join(filter(None, [f"? {text}", row["note"]]))
        place = f"row {line}: " if line else ""
        told = f"{place}{row['variable'] or row['group']}: ? {text}"
        if told not in self.doubts:
            self.doubts.append(told)

    def _write(self, block: Block) -> None:
        """Write the rows of a variable and its levels, in the table's order."""
        head = block.head
        variable = self._variable(block)
        before = len(self.rows)
        lines = [
            ("", head, _slug(block.name)),
            *((level, line, variable) for level, line in block.levels),
        ]
        if head.pair and LEVEL_UNIT.match(head.pair[0]):
            lines[0] = ("", head, _cut_name(_slug(block.name), list(head.pair)))
        proven = self._proves_shares(block)
        for level, line, name in lines:
            start = len(self.rows)
            self._define(block, level, line, name)
            for column in self._filled(line):
                try:
                    self._cell(block, level, line, name, column, proven)
                except _UnreadError as error:
                    place = (
                        f"row {line.number} ({line.label or block.name}), column {column.number}"
                    )
                    heading = f" ({column.heading})" if column.heading else ""
                    self.unread.append(f"{place}{heading}: {error}")
            self._tell(level, line, name, self.rows[start:])
        self._share_out(self.rows[before:], block)

    def _variable(self, block: Block) -> str:
        """Name the variable of the levels; one that is cut has another name than its values."""
        name, levels = _slug(block.name), [level for level, _ in block.levels]
        named = _cut_name(name, levels)
        own = bool(self._data(block.head))
        return f"{name}_levels" if levels and own and named == name else named

    def _define(self, block: Block, level: str, line: Line, name: str) -> None:
        """Write the number that cuts a variable in two, on the side that it begins."""
        both = line.pair or tuple(level for level, _ in block.levels)
        for side in line.pair or (level,):
            if _is_cut(both) and side[:1] in "≥>" and side:
                found = LEVEL_UNIT.match(line.label) if not line.pair else None
                unit = (found and found[2]) or line.unit or block.head.unit
                self._row("definition", name, side, "", side, unit=unit, line=line)

    def _cell(self, block, level, line, name, column, proven) -> None:
        """Write the rows of one cell."""
        text = line.cells[column.number]
        if REFERENCE.fullmatch(text) or (column.role == "estimate" and ONE.fullmatch(text)):
            return
        if not re.search(r"\d", text):
            self.told.append(f"row {line.number}, column {column.number}: no number: {text}")
            return
        if column.role == "p":
            self._p(block, level, line, name, column, text)
        elif column.role == "statistic":
            self._statistic(block, level, line, name, column, text)
        elif column.role == "estimate":
            self._estimate(block, level, line, name, column, text)
        else:
            self._data_cell(block, level, line, name, column, proven)

    def _data_cell(self, block, level, line, name, column, proven) -> None:
        text, group = line.cells[column.number], column.group
        shapes = shapes_of(text)
        if line.pair and [shape for shape, _ in shapes] == ["x/y"]:
            for side, number in zip(line.pair, shapes[0][1], strict=True):
                self._row("count", name, side, group, self._checked(number), line=line)
            return
        read, doubt = self._read(text, shapes, (line.holds, block.head.holds, column.holds), proven)
        counts = [statistic in ("count", "percent", "n") for statistic, _ in read]
        level = level or ("yes" if any(counts) else "")
        first = None
        for statistic, number in read:
            if statistic == "n":
                known = f"{group}, {name} known"
                row = self._row("n", "", "", known, self._checked(number), line=line)
                row["of"] = self.sizes.get(group, "")
                first["of"] = row
                continue
            row = self._row(statistic, name, level, group, self._checked(number), line=line)
            row["unit"] = row["unit"] or ("" if statistic == "count" else self._unit(block, line))
            if doubt:
                self._doubt(row, line.number, doubt)
            first = first or row
        if not any(counts) and first and first["statistic"] == "mean":
            for row in self.rows[-len(read) + 1 :] if len(read) > 1 else []:
                row["of"] = first if row["statistic"] in (*LIMITS, "standard_error") else ""

    def _unit(self, block: Block, line: Line) -> str:
        return line.unit or block.head.unit

    def _read(self, text, shapes, sources, proven) -> tuple[tuple, str]:
        """Decide what the numbers of a cell are; refuse where more than one answer fits."""
        if not shapes:
            raise _UnreadError(
                f"{text!r} is not understood: write it like other cells, or add its rows by hand"
            )
        if proven and (found := _fits([("count", "percent")], shapes, proven)):
            return found.pop(), ""
        for holds in (*sources, self.asked):
            found = _fits(holds, shapes, proven)
            if len(found) == 1:
                return found.pop(), ""
            if found:
                break
        shape, numbers = shapes[0]
        if not found and len(shapes) == 1:
            if shape == "x" and _whole(numbers[0]) is not None and not any(sources):
                return (("count", numbers[0]),), "" if proven else "taken as a count"
            if shape == "x ± y":
                return (
                    ("mean", numbers[0]),
                    ("sd", numbers[1]),
                ), "taken as mean ± SD: or standard error?"
            given = [n for n in numbers if "%" in n]
            if given or shape in ("x/y (z)", "z (x/y)"):
                for holds in (
                    ("count", "percent"),
                    ("percent", "count"),
                    ("count", "n", "percent"),
                    ("percent",),
                ):
                    if fitting := fit(holds, shape, numbers, proven):
                        return fitting, ""
        asked = ASK.get(shapes[-1][0], "what is it?")
        raise _UnreadError(f"{text!r}: {asked} Write it into the label, or name it with --cells")

    def _estimate(self, block, level, line, name, column, text) -> None:
        """Write a ratio, its limits, or both; limits of their own column belong to the left."""
        text, _, p = re.sub(r"[;,]? ?\b[pP](?:[- ]?value)? ?(?==|<|>|≤)=? ?", "⟧", text).partition(
            "⟧"
        )
        shapes = shapes_of(text)
        found = _fits(column.holds, shapes, False)
        if len(found) != 1:
            raise _UnreadError(
                f"{text!r} is no {column.heading}: write it like 1.37 (1.17 to 1.60)"
            )
        contrast, doubt = self._contrast(block, level, line, column)
        given = {"method": column.method or self._method(), "line": line}
        group = self.outcome or column.group
        if not group:
            doubt = doubt or "which group has the outcome? Name it with --outcome"
        estimate = None
        for statistic, number in found.pop():
            if statistic in LIMITS and estimate is None:
                estimate = self._left(line, column, "estimate")
                if estimate is None:
                    raise _UnreadError(f"{text!r}: the estimate of this interval is not understood")
            row = self._row(statistic, name, contrast, group, self._checked(number), **given)
            if statistic in LIMITS:
                row |= {"of": estimate, "level": estimate["level"], "method": estimate["method"]}
                if level_of_confidence := re.search(r"\b(9[09]) ?%", f"{column.heading} {text}"):
                    row["method"] = f"{row['method']} {level_of_confidence[1]}%".strip()
            else:
                estimate = row
                self.estimates[line.number, column.number] = row
            if doubt and statistic not in LIMITS:
                self._doubt(row, line.number, doubt)
        if p:
            self._row("p_value", name, contrast, group, self._checked(p), of=estimate, **given)

    def _method(self) -> str:
        return next((word for words, word in METHODS if words.search(self.title)), "")

    def _contrast(self, block: Block, level: str, line: Line, column: Column) -> tuple[str, str]:
        """Return ``LEVEL vs REFERENCE`` of an estimate, and what is doubtful about it."""
        if line.pair:
            return " vs ".join(line.pair), ""
        if not level:
            return "", ""
        texts = [(name, other.cells.get(column.number, "")) for name, other in block.levels]
        marked = [name for name, text in texts if REFERENCE.fullmatch(text) or ONE.fullmatch(text)]
        without = [name for name, text in texts if not text]
        if len(marked) == 1:
            return f"{level} vs {marked[0]}", ""
        if not marked and len(without) == 1:
            return f"{level} vs {without[0]}", "reference taken to be the level without an estimate"
        return level, "which level is the reference?"

    def _left(self, line: Line, column: Column, *roles: str) -> dict | None:
        """Return the number to which a limit or p belongs: the nearest to the left."""
        for other in reversed(self.columns[: self.columns.index(column)]):
            if other.role == "p":
                return None
            if other.role in roles and (line.number, other.number) in self.estimates:
                return self.estimates[line.number, other.number]
        return None

    def _of_variable(self, block: Block, level: str, column: Column) -> str:
        """Return the level that a test is about: none if its row alone has one in this column."""
        filled = [name for name, line in block.levels if column.number in line.cells]
        alone = filled == [level] == [name for name, _ in block.levels][:1]
        return "" if alone and column.number not in block.head.cells else level

    def _compared(self, column: Column) -> str:
        """Return the groups that a test compares: those that its heading names, else all."""
        named = [
            group for group in self.groups if re.search(rf"\b{re.escape(group)}\b", column.heading)
        ]
        return " vs ".join(named) if len(named) > 1 and "vs" in column.heading else self.compared

    def _statistic(self, block, level, line, name, column, text) -> None:
        whole = (
            any(number for _, other in block.levels for number in self._data(other)) or line.pair
        )
        counted = bool(whole) or any(
            row["statistic"] == "count" for row in self.rows[-4:] if row["variable"] == name
        )
        names = [held[0] for held in column.holds]
        fitting = [word for word in names if (word == "chi_square") == counted] or names
        if len(fitting) != 1 or "x" not in dict(shapes_of(text)):
            raise _UnreadError(
                f"{text!r}: which statistic is it? Head its column by one, such as χ²"
            )
        level = self._of_variable(block, level, column)
        row = self._row(
            fitting[0], name, level, self._compared(column), self._checked(text), line=line
        )
        self.estimates[line.number, column.number] = row
        if fitting[0] in ("standard_error", "degrees_of_freedom", "z_statistic"):
            row["of"] = self._left(line, column, "estimate", "statistic") or ""

    def _p(self, block, level, line, name, column, text) -> None:
        text = re.sub(r"^[pP](?:[- ]?value)? ?=? ?", "", text)
        if letter := LETTER.search(text):
            text = text[: letter.start()]
        if "x" not in dict(shapes_of(text)):
            raise _UnreadError(f"{text!r} is not one p value: give each a column of its own")
        owner = self._left(line, column, "estimate", "statistic")
        row = self._row("p_value", name, "", self._compared(column), self._checked(text), line=line)
        if owner:
            row |= {key: owner[key] for key in ("level", "group", "method")} | {"of": owner}
        else:
            row["level"] = self._of_variable(block, level, column)
        if letter:
            self._doubt(row, line.number, f"{letter[1]!r} taken for a footnote mark")

    def _checked(self, text: str) -> str:
        """Return a number as printed, if the audit reads it too."""
        try:
            parse_printed(text)
        except PrintedNumberError as error:
            raise _UnreadError(str(error)) from None
        if self.decimal_commas and EITHER_COMMA.search(text):
            raise _UnreadError(
                f"{text!r} may hold a decimal comma as others here: write it without"
            )
        return text

    # --- Denominators ---

    def _share_out(self, rows: list[dict], block: Block) -> None:
        """Give counts and percentages their whole, and levels that make it up a partition."""
        counts: dict[str, list[dict]] = {}
        for row in rows:
            if row["statistic"] == "count":
                counts.setdefault(row["group"], []).append(row)
        across = self._are_shares_of_rows(rows)
        for row in rows:
            if row["statistic"] in ("count", "percent") and not row["of"]:
                row["of"] = self.sizes.get(row["group"], "")
                if across and row["statistic"] == "percent" and row["group"] != "all":
                    same = (r for r in counts.get("all", ()) if r["level"] == row["level"])
                    row["of"] = next(same, "")
                    row["note"] = "; ".join(filter(None, ["percent of its row", row["note"]]))
        levels = {row["level"] for found in counts.values() for row in found}
        if len(levels) > 1:
            self._partition(counts, block)
        if not counts:
            self._partition_shares(rows)

    def _are_shares_of_rows(self, rows: list[dict]) -> bool:
        """Whether more percentages are of their row's sum than of their group."""
        counts = {
            (row["variable"], row["level"], row["group"]): _whole(row["printed"]) or 0
            for row in rows
            if row["statistic"] == "count"
        }
        of_row = of_group = 0
        for row in rows:
            key = row["variable"], row["level"], row["group"]
            if row["statistic"] == "percent" and key in counts and row["group"] != "all":
                total = sum(
                    n for (*same, g), n in counts.items() if (*same,) == key[:2] and g != "all"
                )
                share, size = _number(row["printed"]), self._size(row["group"])
                of_row += bool(total) and share.agrees(100 * counts[key] / total)
                of_group += bool(size) and share.agrees(100 * counts[key] / size)
        return len([group for group in self.groups if group != "all"]) > 1 and of_row > of_group

    def _partition(self, counts: dict[str, list[dict]], block: Block) -> None:
        sums = {
            group: sum(_whole(row["printed"]) or 0 for row in rows)
            for group, rows in counts.items()
        }
        complete = {group for group in sums if sums[group] == self._size(group)}
        within = None if complete else self._whole_elsewhere(sums, counts)
        for group, rows in counts.items():
            size = self._size(group)
            whole = within[group] if within else self.sizes.get(group, "")
            if within or group in complete or (complete and size and sums[group] > size):
                for row in rows:
                    row |= {"of": whole, "partition": f"{row['variable']} {group}"}
            if within:
                self._doubt(
                    rows[0],
                    block.head.number,
                    f"taken as parts of {whole['variable']} {whole['level']} in {group}, their sum",
                )
            elif size and complete and group not in complete:
                self._doubt(
                    rows[0],
                    block.head.number,
                    f"the levels sum to {sums[group]} in {group}, which has {size}",
                )

    def _whole_elsewhere(self, sums: dict[str, int], counts) -> dict[str, dict] | None:
        """Return the earlier counts that the levels sum to in every group, if there are such."""
        found: dict[tuple[str, str], dict[str, dict]] = {}
        own = {row["variable"] for rows in counts.values() for row in rows}
        for row in self.rows:
            same = _whole(row["printed"]) == sums.get(row["group"])
            if same and row["statistic"] == "count" and row["variable"] not in own:
                found.setdefault((row["variable"], row["level"]), {})[row["group"]] = row
        fitting = [rows for rows in found.values() if rows.keys() == sums.keys() and len(sums) > 1]
        return fitting[0] if len(fitting) == 1 else None

    def _partition_shares(self, rows: list[dict]) -> None:
        for group in {row["group"]: None for row in rows if row["statistic"] == "percent"}:
            shares = [r for r in rows if r["statistic"] == "percent" and r["group"] == group]
            numbers = [_number(row["printed"]) for row in shares]
            low, high = (sum(getattr(n, end) for n in numbers) for end in ("low", "high"))
            if len(shares) > 1 and low <= 100 <= high and shares[0]["of"]:
                for row in shares:
                    row["partition"] = f"{row['variable']} {group}"

    # --- What was understood ---

    def _tell(self, level: str, line: Line, name: str, rows: list[dict]) -> None:
        found: dict[str, list[str]] = {}
        for row in rows:
            found.setdefault(row["statistic"], []).append(row["group"])
        held = "; ".join(
            f"{word} ({', '.join(dict.fromkeys(groups))})" if any(groups) else word
            for word, groups in found.items()
        )
        units = {row["unit"] for row in rows if row["unit"] not in ("", "%")}
        named = (
            f"{name}{f', {units.pop()}' if len(units) == 1 else ''}{f': {level}' if level else ''}"
        )
        self.told.append(f"row {line.number}: {named} | {held or 'no numbers'}")

    def _number_rows(self) -> None:
        stem = re.sub(r"[^\w-]+", "", self.locus.lower())
        for place, row in enumerate(self.rows, start=1):
            row["id"] = f"{stem}-{place:0{max(2, len(str(len(self.rows))))}d}"
        for row in self.rows:
            row["of"] = row["of"] and row["of"]["id"]

    @cached_property
    def decimal_commas(self) -> bool:
        """Whether some number of the table can only hold a decimal comma."""
        numbers = (
            number
            for line in self.lines
            for text in line.cells.values()
            for _, found in shapes_of(text)[:1]
            for number in found
        )
        return any(DECIMAL_COMMA.search(number) for number in numbers)


def _own(cell: str) -> bool:
    return bool(cell.strip()) and not cell.startswith(REPEATED)


def _carry_over(upper: list[str], lower: list[str]) -> None:
    """Let a heading span the empty cells to its right that have headings of their own below."""
    for place in range(2, len(upper)):
        left = place - 1
        parted = _bare(lower[left]).strip() and not SIZE.fullmatch(_bare(lower[left]).strip())
        if not upper[place].strip() and lower[place].strip() and parted:
            upper[place] = upper[left]


def _bare(cell: str) -> str:
    return cell.removeprefix(REPEATED)


def _tidy(level: str) -> str:
    """Return a level without blanks behind its sign and without its unit."""
    found = LEVEL_UNIT.match(level)
    return re.sub(r"(?<=[<>≤≥=]) ", "", found[1].strip()) if found else level


def _is_pair(first: str, label: str) -> bool:
    versus = re.search(r" vs\.? | versus ", label)
    return bool(versus or first.lower() in OPPOSITES or re.match("[<>≤≥]", first))


def _is_cut(levels: tuple[str, ...]) -> bool:
    """Whether two levels are the two sides of one number."""
    return (
        len(levels) == 2
        and len({re.sub(r"^[<>≤≥]=?", "", side) for side in levels}) == 1
        and (all(re.match("[<>≤≥]", side) for side in levels))
    )


def _cut_name(name: str, levels: list[str]) -> str:
    return f"{name}_{_slug(levels[0].lstrip('<>≤≥='))}" if _is_cut(tuple(levels)) else name


def _fits(holds, shapes, proven: bool) -> set[tuple]:
    found = {fit(held, shape, numbers, proven) for held in holds for shape, numbers in shapes}
    return found - {None}


def import_table(
    path: Path,
    *,
    table: int | None = None,
    locus: str = "",
    sizes: dict[str, str] | None = None,
    outcome: str = "",
    cells: str = "",
) -> Imported:
    """Read a wide table as printed into registry rows.

    Parameters
    ----------
    path : Path
        A CSV, Excel, HTML, JATS or Word file.
    table : int, optional
        Which table of the file, counted from 1; needed where there are several.
    locus : str
        Place in the paper; else the number in its title or file name.
    sizes : dict of str to str, optional
        Size of each group that the table does not print.
    outcome : str
        ``A vs B``, where A has the outcome.
    cells : str
        What cells hold whose label does not say it, such as ``mean (SD); median (IQR)``.

    Returns
    -------
    Imported
        The rows, and what is doubtful or unread.

    Raises
    ------
    RairlibError
        If the file or the table's form is not understood.
    """
    grids = read_grids(path)
    if table is None and len(grids) > 1:
        listed = "; ".join(f"{place}: {_title(grid)}" for place, grid in enumerate(grids, start=1))
        raise RairlibError(f"{path.name}: holds {len(grids)} tables; name one by --table: {listed}")
    if not 1 <= (table or 1) <= len(grids):
        raise RairlibError(f"{path.name}: holds {len(grids)} tables, none is number {table}")
    grid = grids[(table or 1) - 1]
    named = re.search(r"(?i)(?<![a-z])table[ _-]?(\d+|[IVX]+\b)", f"{grid.title} {path.stem}")
    try:
        reader = TableReader(
            grid, locus or (f"Table {named[1]}" if named else "Table"), sizes or {}, outcome, cells
        )
    except RairlibError as error:
        raise RairlibError(f"{path.name}: {error}") from None
    rows = pd.DataFrame(reader.rows, columns=[name for name in COLUMNS if name != "role"])
    return Imported(rows=rows, told=reader.told, doubts=reader.doubts, unread=reader.unread)


def _title(grid: Grid) -> str:
    text = grid.title or " ".join(filter(None, grid.rows[0][1]))
    return _bare(clean(text)[0])[:40]
