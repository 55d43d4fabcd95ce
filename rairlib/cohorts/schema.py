"""What a cohort of a study may hold: its columns, their values, and how they go together."""

import datetime
import re
import warnings
from collections.abc import Callable, Collection, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import partial

import numpy as np
import pandas as pd
import pandera.pandas as pa

from rairlib.errors import RairlibError

FIRST = 5  # rows that a line names; the others are counted
DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?$")
NUMBER = re.compile(r"[+-]?\d[\d.,]*(e[+-]?\d+)?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column of a study's cohorts.

    Attributes
    ----------
    name, kind : str
        Its name, and ``id``, ``binary``, ``categorical``, ``integer``, ``continuous`` or ``time``.
    levels : tuple of str
        Of a binary or categorical column.
    low, high : float
        What a number lies between; a time is longer than 0 too.
    usual : tuple of float
        Between what the median of a cohort lies, whatever the cohort; empty if that is open. A
        column in another unit is recognised by it.
    only_if : tuple of str
        Another column and its level: where it has not this level, the column does not apply and
        is empty. Empty if the column applies to all.
    optional, constant : bool
        The analysis does without it; it may be the same in all patients.
    too_high : str
        What a number above ``high`` means.
    label, unit : str
        Where the study's ``variables.csv`` says nothing of them.
    """

    name: str
    kind: str
    _: KW_ONLY
    levels: tuple[str, ...] = ()
    low: float = 0
    high: float = np.inf
    usual: tuple[float, float] | tuple[()] = ()
    only_if: tuple[str, str] | tuple[()] = ()
    optional: bool = False
    constant: bool = False
    too_high: str = ""
    label: str = ""
    unit: str = ""

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers."""
        return self.kind in ("integer", "continuous", "time")

    @property
    def _unit(self) -> str:
        return f" {self.unit}" if self.unit not in ("", "%") else self.unit

    @property
    def allowed(self) -> str:
        """What it may hold, in words."""
        if not self.is_number:
            return f"one of {', '.join(self.levels)}" if self.levels else "an identifier"
        word = {"integer": "a whole number", "time": "a time"}.get(self.kind, "a number")
        unit = self._unit
        start = "above 0" if self.kind == "time" and not self.low else f"from {self.low:g}"
        if not np.isfinite(self.high):
            return f"{word} {start}{unit} upwards"
        return f"{word} {start} to {self.high:g}{unit}"

    def accepts(self, values: pd.Series) -> pd.Series:
        """Return which values it may hold; missing ones are not asked about."""
        if not self.is_number:
            return values.astype(str).isin(self.levels) | (not self.levels)
        numbers = pd.to_numeric(values, errors="coerce")
        right = numbers.between(self.low, self.high) & np.isfinite(numbers)
        if self.kind == "time":
            right &= numbers > 0
        return right & (numbers % 1 == 0) if self.kind == "integer" else right

    def found(self, value) -> str:
        """Return the class of a value that it may not hold, never the value."""
        told = value_class(value)
        if self.is_number and told in ("zero", "a whole number", "a number with decimals"):
            number = float(value)
            if number > self.high:
                return self.too_high or f"a number above {self.high:g}{self._unit}"
            if number < self.low:
                return f"a number below {self.low:g}{self._unit}"
        return told


def value_class(value) -> str:
    """Return what kind of value a cell holds, never the value."""
    if isinstance(value, bool | np.bool_):
        return "true or false"
    if isinstance(value, datetime.date | datetime.time | np.datetime64):
        return "a date"
    if isinstance(value, str):
        return _text_class(value.strip())
    if not isinstance(value, int | float | np.number):
        return "nothing" if value is None or value is pd.NA or value is pd.NaT else "no plain value"
    if value != value:
        return "nothing"
    if value in (np.inf, -np.inf):
        return "an infinite number"
    if value <= 0:
        return "a negative number" if value < 0 else "zero"
    return "a whole number" if value % 1 == 0 else "a number with decimals"


def _text_class(text: str) -> str:
    if not text:
        return "nothing"
    if text[0] in "<>≤≥":
        return f"a value {'below' if text[0] in '<≤' else 'above'} a limit"
    if DATE.match(text):
        return "a date"
    try:
        return value_class(float(text)) if NUMBER.match(text) else "a text"
    except ValueError:
        return "a number with commas" if NUMBER.match(text) else "a text"


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """What columns must satisfy together.

    Attributes
    ----------
    columns : tuple of str
        The rule is asked where none of them is missing or at fault.
    fault, mend : str
        What is wrong where it is broken, and what to do.
    holds : callable
        Takes the typed frame, returns which rows keep the rule, or whether the whole cohort does.
    """

    columns: tuple[str, ...]
    fault: str
    mend: str
    holds: Callable[[pd.DataFrame], pd.Series | bool]


def inhabited(**levels: str) -> Rule:
    """Return the rule that some patient has these levels."""

    def holds(data: pd.DataFrame) -> bool:
        return bool(
            np.logical_and.reduce([data[name] == told for name, told in levels.items()]).any()
        )

    wanted = " and ".join(f"{name} = {level}" for name, level in levels.items())
    return Rule(tuple(levels), f"no patient with {wanted}", "the analysis needs some", holds)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of a cohort: rows by their place from 0 (none: the whole column), columns, words."""

    rows: tuple[int, ...]
    columns: tuple[str, ...]
    found: str
    mend: str


@dataclass(frozen=True, slots=True, eq=False)
class CohortSchema:
    """The columns of a study's cohorts and the rules between them.

    Attributes
    ----------
    study : str
        Key of the study.
    columns : tuple of Column
        A column stands after the one that says where it applies.
    rules : tuple of Rule
        What the analysis relies on, beside the rules that the columns imply.
    anatomy : tuple of Rule
        What cannot be in a patient. The analysis runs nevertheless, so a simulated cohort that
        the print does not bind so far may break them, a hospital's file may not.
    """

    study: str
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()
    anatomy: tuple[Rule, ...] = ()

    def __getitem__(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    def typed(self, cohort: pd.DataFrame) -> pd.DataFrame:
        """Return a copy with texts as texts, numbers as numbers, NaN for what is missing.

        A level that does not apply is an empty text, a number that does not apply is NaN.
        """
        found: dict[str, pd.Series] = {}
        for column in self._present(cohort):
            values = cohort[column.name]
            if column.is_number:
                numbers = pd.to_numeric(values, errors="coerce")
                whole = column.kind == "integer" and (numbers % 1 == 0).all()
                found[column.name] = numbers.astype(int) if whole else numbers
            elif column.levels:
                given = _given(values)
                texts = values.astype(str).astype(object).where(given)
                if not given.all():
                    texts[~(given | self._applies(found, column.name))] = ""
                found[column.name] = texts
        return cohort.assign(**found)

    def applies(self, data: pd.DataFrame, name: str) -> pd.Series:
        """Return for which patients a column applies; all of them where nothing says otherwise."""
        return pd.Series(self._applies(data, name), data.index)

    def _applies(self, data: pd.DataFrame | dict[str, pd.Series], name: str) -> pd.Series | bool:
        condition = self[name].only_if
        if not condition or condition[0] not in data:
            return True
        other = data[condition[0]]
        return other.isna() | (other == condition[1])

    def missing(self, data: pd.DataFrame) -> pd.DataFrame:
        """Return which cells of a typed frame are missing, of the columns that are there."""
        cells = {
            c.name: data[c.name].isna() & self.applies(data, c.name) for c in self._present(data)
        }
        return pd.DataFrame(cells, index=data.index)

    def _present(self, data: pd.DataFrame) -> list[Column]:
        return [column for column in self.columns if column.name in data]

    def faults(self, cohort: pd.DataFrame, *, own: bool = False) -> list[Fault]:
        """Find every fault in the columns that are there.

        Parameters
        ----------
        cohort : DataFrame
            One row per patient.
        own : bool
            Whether these are real patients: then a value may be missing, and ``anatomy`` counts.

        Returns
        -------
        list of Fault
            One for each column and class of value, and for each rule.
        """
        data = cohort.reset_index(drop=True)
        columns = tuple(self._present(data))
        found: dict[tuple, list[int]] = {}
        given = data.where(data.ne(""))
        for name, check, row in _failures(_values_schema(columns, own), given):
            column = self[name]
            repeated = check == "field_uniqueness"
            told = (
                "an identifier that stands twice"
                if repeated
                else column.found(data[name].iloc[row])
            )
            mend = "one row per patient" if repeated else f"must be {column.allowed}"
            found.setdefault(((name,), told, mend), []).append(row)
        wrong = {(row, name) for ((name,), _, _), rows in found.items() for row in rows}
        typed = self.typed(data)
        rules = (*self._implied(data, own), *self.rules, *(self.anatomy if own else ()))
        rules = tuple(rule for rule in rules if set(rule.columns) <= set(typed))
        for _, place, row in _failures(_rules_schema(rules, typed.isna()), typed):
            rule = rules[int(place)]
            if row is None or not any((row, name) in wrong for name in rule.columns):
                rows = found.setdefault((rule.columns, rule.fault, rule.mend), [])
                rows += [row] if row is not None else []
        return [Fault(tuple(sorted(set(rows))), *told) for told, rows in found.items()]

    def require_no_fault(self, cohort: pd.DataFrame, *, own: bool = False) -> None:
        """Raise one RairlibError with a line per fault, rows counted from 1; see :meth:`faults`."""
        faults, rows = self.faults(cohort, own=own), pd.RangeIndex(1, len(cohort) + 1)
        if faults:
            raise RairlibError("\n".join(f"cohort: {told(fault, rows)}" for fault in faults))

    def _implied(self, data: pd.DataFrame, may_lack: bool) -> list[Rule]:
        """Return the rules that a column is given where it applies, and empty elsewhere."""
        rules = []
        for column in self._present(data):
            if not column.only_if:
                continue
            name, other, level = column.name, *column.only_if
            given = _given(data[name])
            fault, mend = f"{name} must be empty unless {other} is {level}", "empty it, or mend"
            surplus = partial(self._at_most, name=name, given=given)
            rules.append(Rule((name, other), fault, f"{mend} {other}", surplus))
            if not may_lack and not column.optional:
                fault = f"{name} must be given if {other} is {level}"
                lack = partial(self._at_least, name=name, given=given)
                rules.append(Rule((other,), fault, f"must be {column.allowed}", lack))
        return rules

    def _at_most(self, data: pd.DataFrame, name: str, given: pd.Series) -> pd.Series:
        return ~given | self.applies(data, name)

    def _at_least(self, data: pd.DataFrame, name: str, given: pd.Series) -> pd.Series:
        return given | ~self.applies(data, name)

    def check(self, cohort: pd.DataFrame, columns: Collection[str] | None = None) -> pd.DataFrame:
        """Refuse a cohort on which an analysis cannot be run.

        Parameters
        ----------
        cohort : DataFrame
            One row per patient; more columns are allowed. What does not apply is empty.
        columns : collection of str, optional
            Those that the analysis needs; without it, all that are not optional. Others are
            checked where they are there.

        Returns
        -------
        DataFrame
            A copy, typed as by :meth:`typed`.

        Raises
        ------
        RairlibError
            One line per fault; rows are counted from 1.
        """
        if columns is None:
            columns = [column.name for column in self.columns if not column.optional]
        # The steps of an analysis check the same cohort one after the other.
        before, checked = _CHECKED.get(self, (None, None))
        if before is not None and set(columns) <= set(before) and before.equals(cohort):
            return checked.copy()
        absent = [name for name in columns if name not in cohort]
        if absent:
            raise RairlibError(f"cohort: no column {', '.join(absent)}")
        self.require_no_fault(cohort)
        checked = self.typed(cohort)
        _CHECKED[self] = cohort.copy(), checked
        return checked.copy()


_CHECKED: dict[CohortSchema, tuple[pd.DataFrame, pd.DataFrame]] = {}


def _given(values: pd.Series) -> pd.Series:
    return values.notna() & (values != "")


def listed(things: Sequence) -> str:
    """Return the first of some things, and how many more there are."""
    more = len(things) - FIRST
    return ", ".join(map(str, things[:FIRST])) + (f" and {more} more" if more > 0 else "")


def told(fault: Fault, rows: pd.Index, names: dict[str, str] | None = None) -> str:
    """Return a fault in one line.

    Parameters
    ----------
    fault : Fault
        See :meth:`CohortSchema.faults`.
    rows : Index
        What the rows are called, by their place.
    names : dict of str to str, optional
        What the columns are called in the file.

    Returns
    -------
    str
        ``row 2, column age: a negative number: must be a whole number from 18 to 120``.
    """
    places = []
    for kind, things in (
        ("row", [rows[row] for row in fault.rows]),
        ("column", [(names or {}).get(name, name) for name in fault.columns]),
    ):
        if things:
            places.append(f"{kind}{'s' if len(things) > 1 else ''} {listed(things)}")
    return f"{', '.join(places)}: {fault.found}: {fault.mend}"


def _values_schema(columns: tuple[Column, ...], may_lack: bool) -> pa.DataFrameSchema:
    return pa.DataFrameSchema(
        {
            column.name: pa.Column(
                checks=pa.Check(column.accepts, error="value"),
                unique=column.kind == "id",
                report_duplicates="exclude_first",
                nullable=column.kind != "id"
                and bool(may_lack or column.optional or column.only_if),
            )
            for column in columns
        }
    )


def _rules_schema(rules: tuple[Rule, ...], missing: pd.DataFrame) -> pa.DataFrameSchema:
    def holds(data: pd.DataFrame, rule: Rule) -> pd.Series | bool:
        kept = rule.holds(data)
        for name in () if isinstance(kept, bool) else rule.columns:
            kept = kept | missing[name]
        return kept

    return pa.DataFrameSchema(
        checks=[
            pa.Check(partial(holds, rule=rule), error=str(place), ignore_na=False)
            for place, rule in enumerate(rules)
        ]
    )


def _failures(schema: pa.DataFrameSchema, data: pd.DataFrame):
    """Yield column, check and place of each failure."""
    try:
        with warnings.catch_warnings():
            # pandera 0.35 joins the missing cells with other failures, of which pandas 2 warns.
            warnings.simplefilter("ignore", FutureWarning)
            schema.validate(data, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases.drop_duplicates(["check", "index", "column"])
        for column, check, row in cases[["column", "check", "index"]].itertuples(index=False):
            yield column, check, None if pd.isna(row) else int(row)
