"""A paper in the making: printed rows, their links, and the truth behind each."""

from dataclasses import dataclass, field, replace

from benchmarks.planting.cohorts import KnownCohort
from benchmarks.planting.printing import Conventions
from rairlib.registry.registry import Registry, ReportedNumber, printed_number
from rairlib.registry.vocabulary import COLUMNS

WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPaper:
    """The registry of a known cohort and the value behind each print.

    Attributes
    ----------
    registry : Registry
        As somebody would have registered the paper.
    truth : dict of str to float
        Unrounded value by identifier, in the printed unit; rows without one (definitions) are
        absent.
    """

    registry: Registry
    truth: dict[str, float]

    def with_texts(self, texts: dict[str, str]) -> Registry:
        """Return the registry with other prints for some identifiers."""
        rows = [
            replace(row, printed=texts[row.id], number=printed_number(row.statistic, texts[row.id]))
            if row.id in texts
            else row
            for row in self.registry
        ]
        return Registry(self.registry.study, rows)


@dataclass(slots=True)
class Draft:
    """Rows of a paper by section; sections are put in order at the end.

    Attributes
    ----------
    cohort : KnownCohort
        The patients.
    style : Conventions
        How the paper prints.
    sizes : dict of str to str
        Group to the identifier of the row that first states its size.
    rows : list of dict
        Fields of each row, in the order written.
    truth : dict of str to float
        Unrounded value by identifier.
    """

    cohort: KnownCohort
    style: Conventions
    sizes: dict[str, str] = field(default_factory=dict)
    rows: list[dict[str, str]] = field(default_factory=list)
    truth: dict[str, float] = field(default_factory=dict)
    _counters: dict[str, int] = field(default_factory=dict)

    def add(self, locus: str, statistic: str, printed: str, truth=None, **fields: str) -> str:
        """Write one row and return its identifier."""
        slug = locus.lower().replace(", ", "-").replace("table ", "table").replace(" ", "-")
        self._counters[slug] = self._counters.get(slug, 0) + 1
        identifier = f"{slug}-{self._counters[slug]:02d}"
        row = dict.fromkeys(COLUMNS, "") | {"role": "anchor"} | fields
        row |= {"id": identifier, "locus": locus, "statistic": statistic, "printed": printed}
        self.rows.append(row)
        if truth is not None:
            self.truth[identifier] = float(truth)
        return identifier

    def add_count(self, locus: str, statistic: str, value: int, **fields: str) -> str:
        """Write a number of patients."""
        printed = self.style.number(value, 0)
        return self.add(locus, statistic, printed, value, unit="patients", **fields)

    def add_percent(self, locus: str, part: int, whole: int, **fields: str) -> str:
        """Write the share of a part in a whole."""
        value = 100 * part / whole
        printed = self.style.number(value, self.style.percent_decimals)
        return self.add(locus, "percent", printed, value, unit="%", **fields)

    def add_p(self, locus: str, value: float, **fields: str) -> str:
        """Write a p value."""
        return self.add(locus, "p_value", self.style.p_value(value), value, **fields)

    def repeat(self, locus: str, identifier: str, **changes) -> str:
        """State a number again, as it is or as `changes` (printed, truth, unit) say."""
        original = next(row for row in self.rows if row["id"] == identifier)
        fields = {
            name: text
            for name, text in original.items()
            if name not in ("id", "locus", "statistic", "printed", "partition", "step", "role")
        }
        fields |= {"repeats": original["repeats"] or identifier}
        truth = changes.pop("truth", self.truth.get(identifier))
        printed = changes.pop("printed", original["printed"])
        fields |= changes
        return self.add(locus, original["statistic"], printed, truth, **fields)

    def finish(self, study: str) -> KnownPaper:
        """Put the abstract first and parse every print."""
        abstract = [row for row in self.rows if row["locus"] == "Abstract"]
        rest = [row for row in self.rows if row["locus"] != "Abstract"]
        registry = Registry(
            study,
            [
                ReportedNumber(number=printed_number(row["statistic"], row["printed"]), **row)
                for row in abstract + rest
            ],
        )
        return KnownPaper(registry=registry, truth=self.truth)


def in_words(number: int) -> str:
    """Return a small count as a word, a larger one in digits."""
    return WORDS[number - 1] if 1 <= number <= len(WORDS) else str(number)
