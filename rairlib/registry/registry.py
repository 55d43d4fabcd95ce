"""The registry of reported numbers: one frozen record per printed number."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from functools import cached_property
from pathlib import Path

import pandas as pd

from rairlib.registry.files import read_table, records
from rairlib.registry.printed import Printed, format_value, parse_printed
from rairlib.registry.studies import DeclaredModel, load_study, study_file
from rairlib.registry.vocabulary import COUNTED, MODIFIERS, PERFORMANCE

VERSUS = " vs "
CUTOFF = "cutoff"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedNumber:
    """One number as printed, with the place where it stands.

    Attributes
    ----------
    id, locus : str
        Identifier and place in the paper.
    statistic, variable, level, group : str
        What the number is, of which variable and level, in which patients; a comparison is
        written ``A vs B``, where A is the group with the outcome.
    printed, unit : str
        The text as printed and its unit.
    method : str
        Test, model or estimator; empty where the paper leaves it open.
    of : str
        Identifier of the number to which this one belongs: the denominator of a percentage, the
        whole of a part, the estimate of a limit or of a p value.
    partition : str
        Numbers with the same label are exclusive and exhaustive parts of their common `of`.
    repeats : str
        Identifier of the number that this one states again.
    step : str
        Smallest step of the raw measurement, where it is known.
    role : str
        ``design``, ``derivable``, ``anchor``, ``held_out`` or ``unavailable``.
    note : str
        What is unclear, or the reason why a number is unavailable.
    number : Printed
        The parsed text; its own `text` is the one in the file, where `printed` is that in percent
        of a share printed as a fraction.
    """

    id: str
    locus: str
    statistic: str
    variable: str
    level: str
    group: str
    printed: str
    unit: str
    method: str
    of: str
    partition: str
    repeats: str
    step: str
    role: str
    note: str
    number: Printed

    @property
    def outcome_groups(self) -> tuple[str, str] | None:
        """The two groups of a comparison, the one with the outcome first."""
        return _versus(self.group)

    @property
    def contrast(self) -> tuple[str, str] | None:
        """The two levels of a ratio, the reference last."""
        return _versus(self.level)

    @property
    def test(self) -> str:
        """The method without what modifies it: ``wald exp`` of ``wald exp 90%``."""
        return " ".join(word for word in self.method.split() if word not in MODIFIERS)

    @property
    def modifiers(self) -> tuple[str, ...]:
        """What follows the method: another level of confidence, ``one_sided``, ``weighted`` …."""
        return tuple(word for word in self.method.split() if word in MODIFIERS)

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """What is reported, whatever the place: statistic, variable, level, group, method."""
        return self.statistic, self.variable, self.level, self.group, self.method


def _versus(text: str) -> tuple[str, str] | None:
    first, separator, second = text.partition(VERSUS)
    return (first, second) if separator else None


class Registry:
    """The reported numbers of one paper, in order of appearance.

    Parameters
    ----------
    study : str
        Key of the study.
    rows : iterable of ReportedNumber
        Records with unique identifiers.
    source : str
        Key or folder from which the study was loaded; its key if left out.
    models : tuple of DeclaredModel
        Logistic models that the study declares.
    """

    def __init__(
        self, study: str, rows, source: str = "", models: tuple[DeclaredModel, ...] = ()
    ) -> None:
        self.study, self.source, self.models = study, source or study, models
        self.rows: tuple[ReportedNumber, ...] = tuple(rows)

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.rows)

    def __iter__(self) -> Iterator[ReportedNumber]:
        """Iterate over the rows in order of appearance."""
        return iter(self.rows)

    def __contains__(self, identifier: str) -> bool:
        """Whether a row has this identifier."""
        return identifier in self._by_id

    def __getitem__(self, identifier: str) -> ReportedNumber:
        """Return the row with this identifier."""
        return self._by_id[identifier]

    @cached_property
    def _by_id(self) -> dict[str, ReportedNumber]:
        return {row.id: row for row in self.rows}

    @cached_property
    def _fields(self) -> dict[str, dict[str, list[ReportedNumber]]]:
        return {}

    @cached_property
    def _sizes(self) -> dict[str, list[ReportedNumber]]:
        return _grouped(self.where("n", variable=""), "group")

    @cached_property
    def _by_parent(self) -> dict[str, list[ReportedNumber]]:
        return _grouped(self.rows, "of")

    def _by(self, field: str) -> dict[str, list[ReportedNumber]]:
        """Map the texts of a field to their rows, built when it is first asked for."""
        if field not in self._fields:
            texts = self._fields.setdefault(field, defaultdict(list))
            for row in self.rows:
                texts[getattr(row, field)].append(row)
        return self._fields[field]

    def where(self, statistic: str | tuple[str, ...] = (), **wanted: str):
        """Return the rows whose fields equal the given texts.

        Parameters
        ----------
        statistic : str or tuple of str
            One statistic or several; empty for all.
        **wanted : str
            Any other field of :class:`ReportedNumber` and the text that it must equal.

        Returns
        -------
        tuple of ReportedNumber
            In order of appearance.
        """
        if isinstance(statistic, str):
            wanted |= {"statistic": statistic} if statistic else {}
            statistic = ()
        # The field that fewest rows share is looked up, the others are compared.
        found = (self._by(field).get(text, ()) for field, text in wanted.items())
        return tuple(
            row
            for row in min(found, key=len, default=self.rows)
            if (not statistic or row.statistic in statistic)
            and all(getattr(row, field) == text for field, text in wanted.items())
        )

    def belonging_to(self, identifier: str, statistic: str = "") -> tuple[ReportedNumber, ...]:
        """Return the rows whose `of` is the given identifier.

        Parameters
        ----------
        identifier : str
            Identifier of the number that the rows belong to.
        statistic : str
            Keep this statistic alone; empty for all.

        Returns
        -------
        tuple of ReportedNumber
            In order of appearance.
        """
        rows = self._by_parent.get(identifier, ())
        return tuple(row for row in rows if not statistic or row.statistic == statistic)

    def partitions(self) -> dict[str, tuple[ReportedNumber, ...]]:
        """Return the parts of each partition by its label."""
        labelled = _grouped([row for row in self.rows if row.partition], "partition")
        return {label: tuple(rows) for label, rows in labelled.items()}

    def size(self, group: str) -> ReportedNumber | None:
        """Return the row that prints the size of a group, or None.

        Parameters
        ----------
        group : str
            Name of the group.

        Returns
        -------
        ReportedNumber or None
            The row of statistic ``n`` that is not a repeat.
        """
        rows = self._sizes.get(group, [])
        originals = [row for row in rows if not row.repeats]
        return (originals or rows or [None])[0]

    def frame(self) -> pd.DataFrame:
        """Return the registry as a tidy frame of texts, one row per number."""
        columns = [field.name for field in fields(ReportedNumber) if field.name != "number"]
        records = [{column: getattr(row, column) for column in columns} for row in self.rows]
        return pd.DataFrame(records, columns=columns)


def _grouped(rows, field: str) -> dict[str, list[ReportedNumber]]:
    groups: dict[str, list[ReportedNumber]] = defaultdict(list)
    for row in rows:
        if getattr(row, field):
            groups[getattr(row, field)].append(row)
    return dict(groups)


def printed_number(statistic: str, text: str) -> Printed:
    """Read the text of a reported number.

    Parameters
    ----------
    statistic : str
        What it is: a cut-off is the number behind its sign, not the values beyond it.
    text : str
        As printed.

    Returns
    -------
    Printed
        See :func:`rairlib.registry.printed.parse_printed`.
    """
    number = parse_printed(text)
    return number.without_inequality() if statistic == CUTOFF else number


def read_registry(path: str | Path) -> Registry:
    """Read and check a registry file of any paper.

    Parameters
    ----------
    path : str or Path
        A CSV file with at least the columns ``id, locus, statistic, printed``.

    Returns
    -------
    Registry
        Named after the file, or after its folder if the file is called ``reported.csv``.

    Raises
    ------
    RegistryError
        One line per fault, with file, row and column.
    """
    path = Path(path)
    name = path.resolve().parent.name if path.name == "reported.csv" else path.stem
    rows = [
        ReportedNumber(number=printed_number(row["statistic"], row["printed"]), **row)
        for row in records(read_table(path))
    ]
    fractions = _fractions(rows)
    return Registry(name, (_in_percent(row) if row.id in fractions else row for row in rows))


# --- Shares printed as fractions --------------------------------------------------------------

FAMILIES = dict.fromkeys(PERFORMANCE, "performance") | {
    name: name for name in ("percent", "survival_percent", "risk_difference")
}
OF_SHARE = ("ci_low", "ci_high", "standard_error")


def _fractions(rows: list[ReportedNumber]) -> set[str]:
    """Name the shares, and what belongs to them, that a place prints as fractions throughout."""
    places: dict[tuple[str, str], list[ReportedNumber]] = defaultdict(list)
    for row in rows:
        if row.statistic in FAMILIES:
            places[row.locus, FAMILIES[row.statistic]].append(row)
    counts = {(row.variable, row.level, row.group): row for row in rows if row.statistic == "count"}
    by_id = {row.id: row for row in rows}
    sizes = {row.group: row for row in rows if row.statistic == "n" and not row.variable}
    found: set[str] = set()
    for (_, family), shares in places.items():
        votes = 0
        for row in shares if family == "percent" else ():
            whole = by_id[row.of] if row.of in by_id else sizes.get(row.group)
            votes += fraction_vote(row, counts.get((row.variable, row.level, row.group)), whole)
        if all(map(_may_be_fraction, shares)) and (votes > 0 or _are_fractions(family, shares)):
            found |= {row.id for row in shares}
    return found | {row.id for row in rows if row.of in found and row.statistic in OF_SHARE}


def _may_be_fraction(row: ReportedNumber) -> bool:
    return row.unit == "" and "%" not in row.printed and abs(row.number.value) <= 1


def _are_fractions(family: str, shares: list[ReportedNumber]) -> bool:
    """Whether shares of at most 1 cannot be in percent: no rule or curve lies there."""
    between = [row for row in shares if 0 < abs(row.number.value) < 1]
    if {row.statistic for row in shares} <= {"percent", "ppv", "npv"}:
        return family != "percent" and len(between) > 1
    return len(between) > 1 or any(row.number.decimals > 1 for row in between)


def fraction_vote(row: ReportedNumber, count, whole) -> int:
    """Say which a share is of its count and whole: 1 a fraction, -1 in percent, 0 unknown."""
    if count is None or whole is None or whole.statistic not in COUNTED or not whole.number.value:
        return 0
    share = count.number.value / whole.number.value
    distances = abs(row.number.value - share), abs(row.number.value - 100 * share)
    return (distances[0] < distances[1]) - (distances[1] < distances[0])


def _in_percent(row: ReportedNumber) -> ReportedNumber:
    number = row.number
    value = Decimal(format_value(number.value, number.decimals)).scaleb(2)
    operator = "" if number.operator == "=" else number.operator
    scaled = replace(parse_printed(f"{operator}{value}"), text=row.printed)
    return replace(row, printed=f"{operator}{value:f}", unit="%", number=scaled)


def load_registry(study: str) -> Registry:
    """Load the registry of a study.

    Parameters
    ----------
    study : str
        Key of one of the book's studies, for example ``lakhdar2024``, or a folder of one's own.

    Returns
    -------
    Registry
        All printed numbers of the paper.

    Raises
    ------
    RairlibError
        If the study is unknown.
    RegistryError
        If the file has faults.
    """
    read = read_registry(study_file(study, "reported.csv"))
    return Registry(read.study, read.rows, str(study), load_study(study).models)
