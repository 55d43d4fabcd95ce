"""Turn a wide table, as it stands in a paper, into registry rows; what is not certain is asked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pandas as pd

from rairlib.errors import RairlibError
from rairlib.registry import table_words as tw
from rairlib.registry.files import DECIMAL_COMMA, EITHER_COMMA
from rairlib.registry.printed import PrintedNumberError, parse_printed
from rairlib.registry.table_files import INDENT, MOST_COLUMNS, MOST_ROWS, Grid, read_grids
from rairlib.registry.table_words import Column, Line
from rairlib.registry.vocabulary import COLUMNS

TABLE = re.compile(r"(?i)(?<![a-z])table[ _-]?(\d+|[IVX]+\b)")
# The tests of what a row holds.
TESTS = {
    "mean": ("t_statistic", "f_statistic"),
    "median": ("u_statistic", "z_statistic", "h_statistic"),
    "count": ("chi_square",),
}


@dataclass(slots=True)
class Cell:
    """A cell with what its row and its column say."""

    text: str
    line: Line
    column: Column
    head: Line
    variable: str
    level: str
    proven: bool
    unit: str = ""


class _UnreadError(RairlibError):
    """A cell is not understood."""


# --- The table --------------------------------------------------------------------------------


class TableReader:
    """A table read into registry rows; see :func:`import_table`."""

    def __init__(self, grid: Grid, file: str, locus: str, sizes: dict, outcome: str, cells: str):
        self.rows, self.told, self.names = [], [], set()
        self.of_file, self.asked_of, self.unread = grid.doubts, {}, []
        self.estimates, self.sizes, self.outcome = {}, {}, outcome
        self.asked = [held for part in cells.split(";") for held in tw.holds_of(part.strip())[0]]
        self._part(grid)
        named = TABLE.search(f"{self.title} {file}")
        self.locus = locus or (f"Table {named[1]}" if named else "Table")
        shapes = [tw.shapes_of(text) for line in self.lines for text in line.cells.values()]
        numbers = [found.get("x") or [*found.values()][-1] for found in shapes if found]
        self.decimal_commas = any(DECIMAL_COMMA.search(n) for found in numbers for n in found)
        self._name_groups(sizes)
        for head in self._heads():
            self._write(head)
        self._keep_rows_apart()
        stem = re.sub(r"[^\w-]+", "", self.locus.lower())
        for place, row in enumerate(self.rows, start=1):
            row["id"] = f"{stem}-{place:0{max(2, len(str(len(self.rows))))}d}"
        for row in self.rows:
            row["of"] = row["of"] and row["of"]["id"]
        columns = [name for name in COLUMNS if name != "role"]
        self.rows = pd.DataFrame(self.rows, columns=columns)

    def _part(self, grid: Grid) -> None:
        """Part the grid into title, head and body."""
        rows = [(n, cells) for n, cells in enumerate(grid.rows, start=1) if any(map(tw.own, cells))]
        width = max((len(cells) for _, cells in rows), default=0)
        rows = [(number, cells + [""] * (width - len(cells))) for number, cells in rows]
        titles, head = [grid.title], grid.head
        while rows and tw.is_title(rows[0][1]):
            titles.append(tw.bare(rows.pop(0)[1][0]))
            head -= 1
        self.title = " ".join(filter(None, titles))
        head = max(1, head)
        while head < len(rows) and self._is_head(rows[head][1]):
            head += 1
        if head >= len(rows) or width < 2:
            raise RairlibError(
                "is no table with a head and rows below it: the first row names the groups, the "
                "first column the variables"
            )
        heads, body = [cells for _, cells in rows[:head]], rows[head:]
        for upper, lower in pairwise(heads):
            _carry_over(upper, lower)
        columns = [
            tw.read_heading([tw.bare(cells[n]) for cells in heads], n + 1) for n in range(1, width)
        ]
        if tw.CATEGORIES.fullmatch(columns[0].heading):
            body = list(_below_their_variable(body))
            del columns[0]
        self.lines = [tw.read_line(n, cells) for n, row in body for cells in _unstacked(row)]
        self.columns = [column for column in columns if self._has_numbers(column)]

    @staticmethod
    def _is_head(cells: list[str]) -> bool:
        texts = [tw.clean(tw.bare(cell))[0] for cell in cells[1:]]
        told = [text for text in texts if text and not tw.NOTHING.fullmatch(text)]
        rest = [tw.holds_of(tw.SIZE.sub("", text))[1] for text in told]
        data = any(map(tw.DIGIT.search, rest)) or any(map(tw.REFERENCE.fullmatch, told))
        return bool(told) and not data and len({*texts, tw.clean(tw.bare(cells[0]))[0]} - {""}) > 1

    def _has_numbers(self, column: Column) -> bool:
        texts = [text for line in self.lines if (text := line.cells.get(column.number))]
        if any(tw.REFERENCE.fullmatch(text) or tw.DIGIT.search(text) for text in texts):
            return True
        if texts:
            self.told.append(f"column {column.number} is left out, no numbers: {texts[0]} …")
        return False

    def _name_groups(self, sizes: dict[str, str]) -> None:
        """Settle groups, their sizes and the comparison, and write the sizes down."""
        data = [column for column in self.columns if column.role == "data"]
        keys = [(column.group, *column.holds) for column in data]
        if twice := [str(c.number) for c in data if keys.count((c.group, *c.holds)) > 1]:
            raise RairlibError(f"columns {' and '.join(twice)} have one heading: name them apart")
        self.groups = list(dict.fromkeys(column.group for column in data))
        printed = self._printed_sizes(data)
        self._keep_models_apart()
        estimated = [column.group for column in self.columns if column.role == "estimate"]
        named = " vs ".join([self.outcome] if self.outcome else estimated).split(" vs ")
        outcomes = [name for name in dict.fromkeys(named) if name and name not in self.groups]
        if not sizes and "all" not in printed and (found := tw.SIZE.search(self.title)):
            self._doubt(None, f"{found[0].strip()} in the title: of which group? Say --groups")
        known = dict.fromkeys(("all", *self.groups, *outcomes))
        for name, size in sizes.items():
            if name not in known:
                raise RairlibError(
                    f"--groups: no column is headed {name!r} and --outcome does not name it; there "
                    f"are {', '.join(known)}"
                )
            if printed.get(name, size) != size:
                raise RairlibError(f"--groups: {name} has {printed[name]} in print, not {size}")
        for group in known:
            if text := printed.get(group) or sizes.get(group):
                note = "" if group in printed else "given with --groups"
                self.sizes[group] = self._row("n", text, group=group, note=note)
                if any(c.group == group and c.heading.endswith(f"({text})") for c in data):
                    self._doubt(self.sizes[group], "the number in its heading is taken as its size")
        parts = [group for group in self.groups if group != "all"]
        self._share_out_groups(parts)
        self._share_out_groups(outcomes)
        for column in data:
            if column.share and column.group in self.sizes:
                whole = self.sizes.get("all", "")
                self._row("percent", column.share, group=column.group, of=whole)
        sized = {group: f"{group} (n = {row['printed']})" for group, row in self.sizes.items()}
        told = [sized.get(group, group) for group in dict.fromkeys([*self.groups, *sized])]
        self.told.insert(0, f"{self.locus}, groups: {', '.join(told) or 'none'}")
        self.compared = " vs ".join(parts) if len(parts) > 1 else self.outcome
        if {*self.outcome.split(" vs ")} <= {*parts}:
            self.compared = self.outcome

    def _printed_sizes(self, data: list[Column]) -> dict[str, str]:
        """Return the size of each group, from the head, a row of sizes, or the title."""
        printed = {column.group: column.size for column in reversed(data) if column.size}
        for line in list(self.lines):
            numbers = {c.group: line.cells.get(c.number, "") for c in data}
            whole = data and None not in map(tw.whole_of, numbers.values())
            same = all(printed.get(group, text) == text for group, text in numbers.items())
            if (
                whole
                and same
                and tw.SIZES_ROW.fullmatch(line.text)
                and len(line.cells) == len(numbers)
            ):
                printed |= numbers
                self.lines.remove(line)
        if found := tw.SIZE_OF_ALL.fullmatch(self.title):
            printed.setdefault("all", found[1])
        return printed

    def _keep_models_apart(self) -> None:
        """Name the group of each estimate, so that no two columns tell the same."""
        columns = [column for column in self.columns if column.role == "estimate"]
        for column in columns:
            key = (column.method, column.holds[0][0])
            same = [other for other in columns if (other.method, other.holds[0][0]) == key]
            groups = {other.group for other in same} - {""}
            if len(same) > 1 and len(groups) < len(same) and key[1] not in tw.LIMITS:
                named = f"{self.outcome} ({column.heading})"
                column.group = named if self.outcome else column.heading
            elif len(same) == 1:
                column.group = self.outcome or column.group

    def _share_out_groups(self, names: list[str]) -> None:
        parts = [self.sizes[name] for name in names if name in self.sizes]
        whole, total = self.sizes.get("all"), sum(tw.whole_of(row["printed"]) or 0 for row in parts)
        for row in parts if whole else ():
            row["of"] = whole
            if total == tw.whole_of(whole["printed"]):
                row["partition"] = "groups"
            elif row is parts[0] and len(parts) == len(names):
                self._doubt(row, f"the groups sum to {total}, all are {whole['printed']}")

    # --- Variables and their levels ---

    def _heads(self) -> list[Line]:
        """Gather the rows of levels below the variable to which they belong."""
        heads: list[Line] = []
        self.indented = any(line.indent for line in self.lines)
        for line in self.lines:
            if heads and self._is_level(heads[-1], line):
                heads[-1].levels.append(line)
                continue
            # A cut alone, such as ≥55/<55, is one of the variable above.
            above = heads[-1].name if heads and tw.cut_of(line.pair) else "/".join(line.sides)
            heads.append(replace(line, name=line.label or above))
        for head in heads:
            cut = tw.CUT_BEHIND.fullmatch(head.label)
            if cut and not head.levels and not head.pair:
                head.name, number = cut[1], cut[3]
                head.sides = (f"{cut[2]}{number}", f"{tw.OTHER_SIDE[cut[2].strip()]}{number}")
                head.unit = cut[4] or head.unit
        for above, head in pairwise(list(heads)):
            same = above.name == head.name and head.pair == above.pair[::-1]
            if same and tw.cut_of(head.pair):
                both = [replace(line, label=line.sides[0], sides=()) for line in (above, head)]
                named = replace(above, label=above.name, cells={}, sides=(), levels=both)
                heads[heads.index(above) : heads.index(head) + 1] = [named]
        return heads

    def _is_level(self, head: Line, line: Line) -> bool:
        if self.indented and line.indent > head.indent:
            return bool(line.cells)
        if line.holds if not line.label else tw.LEVEL_UNIT.match(line.label) and not line.pair:
            return True
        told_apart = line.holds or line.pair or any(o.indent > head.indent for o in head.levels)
        if told_apart or self._has_values(head) or not self._has_values(line):
            return False
        if None in [self._count(line, column) for column in self._data(line)]:
            return False
        sums = self._sums([*head.levels, line])
        return all(total <= self._size(group) for group, total in sums.items())

    def _filled(self, line: Line) -> list[Column]:
        return [column for column in self.columns if column.number in line.cells]

    def _has_values(self, line: Line) -> bool:
        return any(column.role in ("data", "estimate") for column in self._filled(line))

    def _data(self, line: Line) -> list[Column]:
        return [column for column in self._filled(line) if column.role == "data"]

    def _count(self, line: Line, column: Column) -> int | None:
        """Return the count that a cell begins with, if it can be one."""
        shapes = tw.shapes_of(line.cells.get(column.number, ""))
        found = [shapes[name][0] for name in ("x", "x (y)", "x/y (z)") if name in shapes]
        return tw.whole_of(found[0]) if found else None

    def _sums(self, lines: list[Line]) -> dict[str, int]:
        """Sum up the counts of levels in each group whose size is known."""
        sums = {}
        for column in self.columns:
            counts = [self._count(line, column) for line in lines]
            if column.role == "data" and self._size(column.group) and None not in counts:
                sums[column.group] = sum(counts)
        return sums

    def _are_shares(self, lines: list[Line]) -> tuple[bool, bool]:
        """Whether pairs of numbers are counts and percentages, and whether these are of the row.

        They are if all of some row fit, or if the counts of the levels make up a group.
        """
        fit, of_row, of_group = False, 0, 0
        for line in lines:
            counts = [self._count(line, c) for c in self._data(line) if c.group != "all"]
            across = sum(counts) if len(counts) > 1 and None not in counts else None
            found = []
            for column in self._data(line):
                cell = tw.shapes_of(line.cells[column.number])
                count, share = map(tw.number_of, cell.get("x (y)", ("", "")))
                if share and count and not count.decimals:
                    wholes = (across, self._size(column.group))
                    found.append([bool(n) and share.agrees(100 * count.value / n) for n in wholes])
                    of_row += found[-1][0] and column.group != "all"
                    of_group += found[-1][1] and column.group != "all"
            fit = fit or (bool(found) and all(map(any, found)))
        sums = self._sums(lines) if len(lines) > 1 else {}
        fit = fit or any(total == self._size(group) for group, total in sums.items())
        return fit, of_row > of_group

    def _size(self, group: str) -> int | None:
        return tw.whole_of(self.sizes[group]["printed"]) if group in self.sizes else None

    # --- Rows of the registry ---

    def _row(self, statistic: str, printed: str, cell: Cell | None = None, **given) -> dict:
        """Write a row with what its cell says; refuse a number that the audit does not read."""
        try:
            parse_printed(printed)
        except PrintedNumberError as error:
            raise _UnreadError(str(error)) from None
        if self.decimal_commas and EITHER_COMMA.search(printed):
            raise _UnreadError(f"{printed!r} may hold a decimal comma as others do: write a point")
        row = dict.fromkeys(COLUMNS, "") | {"locus": self.locus, "statistic": statistic}
        row["printed"] = printed.rstrip("% ")
        row["unit"] = "%" if "%" in printed or statistic == "percent" else ""
        if cell:
            row |= {"variable": cell.variable, "level": cell.level, "group": cell.column.group}
            row["note"] = cell.line.notes.get(cell.column.number, "")
        self.rows.append(row | given)
        return self.rows[-1]

    def _doubt(self, row: dict | None, text: str, line: Line | None = None) -> None:
        """Ask about a row, or about the table; what is asked of several rows is said once."""
        place = ""
        if row is not None:
            row["note"] = tw.joined(f"? {text}", row["note"])
            place = (f"row {line.number}, " if line else "") + (row["variable"] or row["group"])
        self.asked_of.setdefault(text, {})[place] = None

    @property
    def doubts(self) -> list[str]:
        """What is asked, with the first place and the number of others."""
        found = []
        for text, (place, *others) in self.asked_of.items():
            more = f" and {len(others)} more row{'s' * (len(others) > 1)}" * bool(others)
            found.append(f"{place}{more}: ? {text}" if place else f"? {text}")
        return [*self.of_file, *found]

    def _write(self, head: Line) -> None:
        """Write the rows of a variable and its levels, in the table's order."""
        before, levels = len(self.rows), tuple(line.level for line in head.levels)
        own, within = self._names(head, levels)
        across = self._are_shares([head, *head.levels])[1]
        for line in (head, *head.levels):
            level, name = ("", own) if line is head else (line.level, within)
            self.start = len(self.rows)
            sides = line.sides or (line.label,)
            self._define(line, line.pair or levels, sides, name, head.unit)
            proven, _ = self._are_shares([head] if line is head else head.levels)
            for column in self._filled(line):
                cell = Cell(line.cells[column.number], line, column, head, name, level, proven)
                kept = len(self.rows)
                try:
                    self._read(cell)
                except _UnreadError as error:
                    del self.rows[kept:]
                    self.estimates.pop((line.number, column.number), None)
                    place = f"row {line.number} ({line.label or head.name})"
                    heading = f" ({column.heading})" * bool(column.heading)
                    self.unread.append(f"{place}, column {column.number}{heading}: {error}")
            place = f"row {line.number}: {name}{f': {level}' if level else ''}"
            otherwise = "levels below" if line is head and levels else "no numbers"
            self._tell(place, "not read" if self._data(line) else otherwise)
        written = self.rows[before:]
        self._share_out(written, head, across)
        flat = [line for line in head.levels if line.level and line.indent <= head.indent]
        settled = tw.cut_of(levels) or any(r["partition"] or " vs " in r["level"] for r in written)
        if written and flat and not settled:
            self._doubt(written[0], f"levels taken: {', '.join(levels)}", head)

    def _names(self, head: Line, levels: tuple[str, ...]) -> tuple[str, str]:
        """Name a variable and that of its levels; what is cut has another name than its values."""
        name, cut = tw.slug_of(head.name), tw.cut_of(levels or head.pair)
        named = f"{name}_{tw.slug_of(cut)}" if cut else name
        values = levels and self._data(head)
        first = name if values else named
        within = f"{name}_levels" if values and not cut else named
        again = f"_{len(self.names)}" if {first, within} & self.names else ""
        self.names |= {first, within}
        return first + again, within + again

    def _define(self, line: Line, levels: tuple, sides: tuple, name: str, unit: str) -> None:
        """Write the number that cuts a variable in two, on the side that it begins, as printed."""
        for side in sides if tw.cut_of(levels) else ():
            begins = side.startswith(("≥", ">", "⩾", "≧", "＞")) or sides[-1] not in line.text
            if (found := tw.LEVEL_UNIT.match(side)) and begins and side in line.text:
                unit = found[2] or line.unit or unit
                level = tw.tidy(side)
                self._row("definition", found[1].strip(), variable=name, level=level, unit=unit)

    def _read(self, cell: Cell) -> None:
        """Write the rows of one cell."""
        text = cell.text
        role = "p" if tw.P.fullmatch(cell.line.text) else cell.column.role
        holds = cell.column.holds[0][0] if role == "estimate" else ""
        with_unit = tw.CELL_UNIT.fullmatch(text)
        if with_unit and (role == "data" or holds == "cutoff") and not tw.shapes_of(text):
            cell.text, cell.unit = with_unit.groups()
        if tw.REFERENCE.fullmatch(text) or (holds in tw.RATIOS and tw.ONE.fullmatch(text)):
            return
        if not tw.DIGIT.search(text):
            self.told.append(f"row {cell.line.number}, column {cell.column.number}, text: {text}")
            return
        if role == "survival":
            raise _UnreadError(f"{text!r}: survival at a time? Add its rows by hand")
        read = {"p": self._p, "statistic": self._statistic, "estimate": self._estimate}
        read.get(role, self._describe)(cell)

    def _describe(self, cell: Cell) -> None:
        """Write counts, percentages, means, medians of a group."""
        line = cell.line
        parts = re.split(" ?/ ?", cell.text)
        if len(line.pair) == len(parts) and None not in map(tw.whole_of, parts):
            for side, number in zip(line.pair, parts, strict=True):
                self._row("count", number, cell, level=side)
            return
        read, doubt = self._meant(cell, tw.shapes_of(cell.text))
        if read[0][0] in tw.LIMITS:
            raise _UnreadError(f"{cell.text!r}: the estimate of this interval is missing")
        if not cell.level and read[0][0] in ("count", "percent"):
            cell.level = line.pair[0] if tw.cut_of(line.pair) else "yes"
        rows = []
        for statistic, number in read:
            rows.append(self._row(statistic, number, cell))
            if statistic == "n":
                rows[-1] |= {"level": "", "of": self.sizes.get(cell.column.group, "")}
                rows[0]["of"] = rows[-1]
            elif statistic not in ("count", "percent"):
                units = (rows[-1]["unit"], cell.unit, line.unit, cell.head.unit)
                rows[-1]["unit"] = next(filter(None, units), "")
            elif len(read) == 3:
                rows[-1]["of"] = rows[1] if statistic == "percent" else ""
            if statistic in (*tw.LIMITS, "standard_error"):
                rows[-1]["of"] = rows[0]
            if doubt:
                self._doubt(rows[-1], doubt, line)

    def _meant(self, cell: Cell, shapes: dict) -> tuple[tuple, str]:
        """Decide what the numbers of a cell are; refuse where more than one answer fits."""
        if not shapes:
            raise _UnreadError(f"{cell.text!r} is not understood: add its rows by hand")
        above = cell.head.holds
        if self._data(cell.head) and not any(held[0] in tw.SHARES for held in above):
            above = []  # what is said of the values is not said of the levels
        stated = (cell.line.holds, [tw.SHARES] if cell.proven else [], above, cell.column.holds)
        for holds in (*stated, self.asked):
            found = tw.fits(holds, shapes, cell.proven)
            if len(found) == 1:
                return found[0], ""
            if found:
                break
        shape, numbers = list(shapes.items())[-1]
        if len(shapes) == 1 and not found:
            if shape == "x ± y":
                read = tw.fits([("mean", "sd")], shapes)[0]
                return read, "taken as mean ± SD, not standard error"
            shares = shape in ("x/y (z)", "z (x/y)") or "%" in "".join(numbers)
            for holds in (tw.SHARES, ("percent",)) if shares else ():
                if found := tw.fits([holds], shapes, cell.proven):
                    return found[0], ""
            if shape == "x" and tw.whole_of(numbers[0]) is not None and not any(stated):
                return (("count", numbers[0]),), "" if cell.proven else "taken as a count"
        raise _UnreadError(f"{cell.text!r}: {tw.ASK.get(shape, f'what is it? {tw.HOW}')}")

    def _estimate(self, cell: Cell) -> None:
        """Write a ratio, its limits, or both; limits alone belong to the left."""
        column = cell.column
        cell.text, _, p = tw.P_WITHIN.sub("⟦", cell.text).partition("⟦")
        found = tw.fits(column.holds, tw.shapes_of(cell.text))
        if len(found) != 1:
            raise _UnreadError(f"{cell.text!r}: write it like 1.37 or 1.37 (1.17 to 1.60)")
        contrast, doubt = self._contrast(cell)
        method = column.method or tw.method_of(self.title)
        confidence = re.search(r"\b(9[09]) ?%", f"{column.heading} {cell.text}")
        row = None
        for statistic, number in [*found[0], *([("p_value", p)] if p else [])]:
            given = {"level": contrast, "method": method}
            given |= {"unit": cell.unit} if cell.unit else {}
            if statistic in tw.LIMITS and row is None:
                row = self._left(cell, "estimate")
                if row is None:
                    raise _UnreadError(f"{cell.text!r}: the estimate of this interval is missing")
            if row:
                given = {key: row[key] for key in ("level", "group", "method")} | {"of": row}
            if statistic in tw.LIMITS and confidence:
                given["method"] = f"{given['method']} {confidence[1]}%".strip()
            written = self._row(statistic, number, cell, **given)
            if row is None:
                row = self.estimates[cell.line.number, column.number] = written
                if doubt:
                    self._doubt(row, doubt, cell.line)
                if not column.group and tw.NO_OUTCOME not in self.asked_of:
                    row["note"] = tw.joined(f"? {tw.NO_OUTCOME}", row["note"])
                    self._doubt(None, tw.NO_OUTCOME)

    def _contrast(self, cell: Cell) -> tuple[str, str]:
        """Return ``LEVEL vs REFERENCE`` of an estimate, and what is doubtful about it."""
        if cell.line.pair or not cell.level:
            return " vs ".join(cell.line.pair or ()), ""
        number = cell.column.number
        texts = [(line.level, line.cells.get(number, "")) for line in cell.head.levels]
        marks = (tw.REFERENCE, tw.ONE)
        marked = [name for name, text in texts if any(mark.fullmatch(text) for mark in marks)]
        without = [name for name, text in texts if not text]
        if len(marked) == 1:
            return f"{cell.level} vs {marked[0]}", ""
        if not marked and len(without) == 1:
            return f"{cell.level} vs {without[0]}", "reference taken: the level without an estimate"
        return cell.level, "which level is the reference?"

    def _left(self, cell: Cell, *roles: str) -> dict | None:
        """Return the number to which a limit or a p belongs: the nearest to the left."""
        for other in reversed(self.columns[: self.columns.index(cell.column)]):
            if other.role == "p":
                return None
            if other.role in roles and (cell.line.number, other.number) in self.estimates:
                return self.estimates[cell.line.number, other.number]
        return None

    def _test(self, cell: Cell, statistic: str, owner: dict | None) -> dict:
        """Write a number of a test: that of its owner, else of the compared groups."""
        shapes = tw.shapes_of(cell.text)
        if "x" not in shapes:
            raise _UnreadError(f"{cell.text!r} is not one number: give each a column of its own")
        filled = [line.level for line in cell.head.levels if cell.column.number in line.cells]
        # One p beside the first of the levels is that of the variable.
        first = filled == [cell.level] == [line.level for line in cell.head.levels[:1]]
        level = "" if first and cell.column.number not in cell.head.cells else cell.level
        heading = cell.column.heading
        named = [group for group in self.groups if re.search(rf"\b{re.escape(group)}\b", heading)]
        group = " vs ".join(named) if len(named) > 1 and " v" in heading else self.compared
        group = cell.column.group if cell.column.role == "estimate" else group
        row = self._row(statistic, shapes["x"][0], cell, level=level, group=group)
        if owner:
            row |= {key: owner[key] for key in ("level", "group", "method")} | {"of": owner}
        return row

    def _statistic(self, cell: Cell) -> None:
        names = [held[0] for held in cell.column.holds]
        here = {row["statistic"] for row in self.rows[self.start :]}
        levels = [self._count(line, c) for line in cell.head.levels for c in self._data(line)]
        if levels and None not in levels and not self._data(cell.line):
            here.add("count")
        suited = [name for word in TESTS if word in here for name in TESTS[word]]
        fitting = [name for name in names if name in suited] or names
        if len(fitting) > 1:
            raise _UnreadError(f"{cell.text!r}: {' or '.join(fitting)}? Head its column by one")
        roles = ("statistic", "estimate") if fitting[0] == "degrees_of_freedom" else ("estimate",)
        row = self._test(cell, fitting[0], self._left(cell, *roles))
        self.estimates[cell.line.number, cell.column.number] = row

    def _p(self, cell: Cell) -> None:
        cell.text, letter = tw.LETTER.subn("", re.sub(r"^[pP](?:[- ]?value)? ?=? ?", "", cell.text))
        row = self._test(cell, "p_value", self._left(cell, "estimate", "statistic"))
        if "trend" in f"{cell.line.text} {cell.column.heading}".lower():
            row |= {"level": "", "method": "trend"}
        if letter:
            self._doubt(row, "the letter behind it is taken for a footnote mark", cell.line)

    # --- Denominators ---

    def _share_out(self, rows: list[dict], head: Line, across: bool) -> None:
        """Give counts and percentages their whole, and levels that make it up a partition."""
        shares = [row for row in rows if row["statistic"] in tw.SHARES]
        counts = {_cell(row): row for row in shares if row["statistic"] == "count"}
        parts: dict[str, dict[str, list[dict]]] = {}
        for row in shares:
            variable, level, group = _cell(row)
            if not row["of"]:
                row["of"] = self.sizes.get(group, "")
                if across and row["statistic"] == "percent" and group != "all":
                    row["of"] = counts.get((variable, level, "all"), "")
                    row["note"] = tw.joined("share of its row", row["note"])
            if row["statistic"] == "count":
                parts.setdefault(variable, {}).setdefault(group, []).append(row)
            elif row["of"] and group not in {key[2] for key in counts}:
                parts.setdefault("", {}).setdefault(group, []).append(row)
        for levels in parts.pop("", {}).values():
            numbers = [tw.number_of(row["printed"]) for row in levels]
            if sum(n.low for n in numbers) <= 100 <= sum(n.high for n in numbers):
                _make_up(levels)
        for found in parts.values():
            self._partition(found, head)

    def _partition(self, counts: dict[str, list[dict]], head: Line) -> None:
        """Make levels parts of what they sum to: their groups, or what was counted above them."""
        sums = {g: sum(tw.whole_of(row["printed"]) for row in rows) for g, rows in counts.items()}
        most = max(map(len, counts.values()))
        complete = any(total == self._size(group) for group, total in sums.items())
        above: dict[tuple, dict[str, dict]] = {}
        for row in self.rows if len(sums) > 1 and not complete else ():
            same = tw.whole_of(row["printed"]) == sums.get(row["group"])
            if same and row["statistic"] == "count" and row not in counts[row["group"]]:
                above.setdefault(_cell(row)[:2], {})[row["group"]] = row
        fitting = [rows for rows in above.values() if len(rows) == len(sums)]
        within = fitting[0] if len(fitting) == 1 else {}
        for group, rows in counts.items():
            size, total = self._size(group), sums[group]
            if len(rows) < max(2, most) or not (within or (complete and size)):
                continue
            if within:
                whole = f"{within[group]['variable']} {within[group]['level']}"
                _make_up(rows, within[group])
                self._doubt(rows[0], f"parts of {whole} in {group}, as they sum to it", head)
                continue
            # Fewer than the group may be missing values; more cannot.
            if total >= size:
                _make_up(rows)
            if total != size:
                told = f"the levels sum to {total} in {group}, which has {size}"
                self._doubt(rows[0], told, head)

    def _keep_rows_apart(self) -> None:
        """Give rows that say the same of two numbers two names, so that nothing contradicts."""
        seen: dict[tuple, str] = {}
        for row in self.rows:
            key = (*(row[name] for name in tw.KEY), row["of"] and row["of"]["statistic"])
            if seen.setdefault(key, row["printed"]) != row["printed"]:
                told = f"{row['printed']}: printed as {seen[key]} before; name them apart"
                self._doubt(row, told)
                row["variable"] = f"{row['variable']}_again"

    def _tell(self, place: str, otherwise: str) -> None:
        """Say what was understood of a row of the table."""
        written = self.rows[self.start :]
        groups: dict[str, dict[str, None]] = {}
        for row in written:
            groups.setdefault(row["statistic"], {})[row["group"]] = None
        told: dict[str, list[str]] = {}
        for statistic, names in groups.items():
            told.setdefault(", ".join(filter(None, names)), []).append(statistic)
        held = "; ".join(", ".join(names) + f" of {of}" * bool(of) for of, names in told.items())
        units = {row["unit"] for row in written} - {"", "%"}
        unit = f" ({units.pop()})" if len(units) == 1 else ""
        self.told.append(f"{place}{unit} | {held or otherwise}")


def _cell(row: dict) -> tuple[str, str, str]:
    return row["variable"], row["level"], row["group"]


def _make_up(levels: list[dict], whole: dict | None = None) -> None:
    """Make levels the parts of their whole."""
    for row in levels if len(levels) > 1 else ():
        partition = f"{row['variable']} {row['group']}"
        row |= {"of": whole or row["of"], "partition": partition}


def _carry_over(upper: list[str], lower: list[str]) -> None:
    """Let a heading span the empty cells to its right that have headings of their own below."""
    for place in range(2, len(upper)):
        left = tw.bare(lower[place - 1]).strip()
        below = lower[place].strip() and left and not tw.SIZE.fullmatch(left)
        if below and not upper[place].strip():
            upper[place] = upper[place - 1]


def _unstacked(cells: list[str]) -> Iterator[list[str]]:
    """Part a row whose cells hold one line for each line of its label."""
    stacks = [cell.splitlines() or [""] for cell in cells]
    height = len(stacks[0])
    heights = {len(stack) for stack in stacks[1:]}
    if height == 1 or heights <= {1} or not heights <= {1, height - 1, height}:
        yield cells
        return
    # A line less than the label: its first line is the variable alone.
    stacks = [[""] * (len(stack) == height - 1 > 1) + stack for stack in stacks]
    levels = not any(stack[0].strip() for stack in stacks[1:] if len(stack) == height)
    for place in range(height):
        row = [stack[place] if place < len(stack) else "" for stack in stacks]
        yield [INDENT * (levels and place > 0) + row[0], *row[1:]]


def _below_their_variable(rows: list[tuple[int, list[str]]]):
    """Turn a column of variables and one of their levels into rows below each other."""
    for number, (variable, level, *cells) in rows:
        if tw.own(variable) and level.strip():
            yield number, [variable, "", *[""] * len(cells)]
        yield number, [f"  {tw.bare(level)}" if level.strip() else variable, "", *cells]


def import_table(
    path: Path,
    *,
    table: int | None = None,
    locus: str = "",
    sizes: dict[str, str] | None = None,
    outcome: str = "",
    cells: str = "",
) -> TableReader:
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
    TableReader
        With its ``rows`` as a DataFrame, ready for ``rairlib audit``, what was ``told`` of each
        row of the table, the ``doubts`` to compare with the print, and the cells left ``unread``.

    Raises
    ------
    RairlibError
        If the file or the table's form is not understood.
    """
    grids = read_grids(path)
    if table is None and len(grids) > 1:
        titles = [grid.title or " ".join(filter(None, grid.rows[0])) for grid in grids[:9]]
        told = (f"{n}: {tw.bare(tw.clean(t)[0])[:40]}" for n, t in enumerate(titles, start=1))
        listed = "; ".join([*told, *["…"] * (len(grids) > 9)])
        raise RairlibError(f"{path.name}: holds {len(grids)} tables; name one by --table: {listed}")
    if not 1 <= (table or 1) <= len(grids):
        raise RairlibError(f"{path.name}: holds {len(grids)} tables, none is number {table}")
    grid = grids[(table or 1) - 1]
    if len(grid.rows) > MOST_ROWS or max(map(len, grid.rows)) > MOST_COLUMNS:
        raise RairlibError(
            f"{path.name}: more than {MOST_ROWS} rows or {MOST_COLUMNS} columns are no printed "
            "table: keep the table alone"
        )
    try:
        return TableReader(grid, path.stem, locus, sizes or {}, outcome, cells)
    except RairlibError as error:
        raise RairlibError(f"{path.name}: {error}") from None
