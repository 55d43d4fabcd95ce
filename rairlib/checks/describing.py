"""Means, standard deviations, quartiles and ranges of a registry, found by what they describe."""

from functools import lru_cache

from rairlib.checks.cells import COUNTED, whole_number
from rairlib.checks.rounding import is_plain
from rairlib.reported import Registry, ReportedNumber

SUMMARIES = ("mean", "sd", "median", "q1", "q3", "minimum", "maximum")


class SummaryIndex:
    """Summaries of continuous variables.

    Parameters
    ----------
    registry : Registry
        Reported numbers.

    Attributes
    ----------
    rows : dict
        ``(variable, level, group)`` to a dict of statistic to the row that states it first.
        Inequalities and approximations are left out.
    """

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.rows: dict[tuple[str, str, str], dict[str, ReportedNumber]] = {}
        found = [row for row in registry if row.statistic in SUMMARIES]
        for row in sorted(found, key=lambda row: bool(row.repeats)):
            if row.variable and is_plain(row):
                cell = self.rows.setdefault((row.variable, row.level, row.group), {})
                cell.setdefault(row.statistic, row)

    def find(self, statistic: str, variable: str, level: str, group: str) -> ReportedNumber | None:
        """Return one summary, or None."""
        return self.rows.get((variable, level, group), {}).get(statistic)

    def mean_and_sd(
        self, variable: str, level: str, group: str
    ) -> tuple[ReportedNumber, ReportedNumber] | None:
        """Return mean and SD of a variable in a group, or None unless both are printed."""
        cell = self.rows.get((variable, level, group), {})
        return (cell["mean"], cell["sd"]) if {"mean", "sd"} <= cell.keys() else None

    def rows_of(self, statistic: str, group: str) -> list[ReportedNumber]:
        """Return one statistic of all variables in a group."""
        return [
            cell[statistic]
            for (_, _, name), cell in self.rows.items()
            if name == group and statistic in cell
        ]

    def size_of(self, row: ReportedNumber) -> tuple[ReportedNumber, int] | None:
        """Return the row and value of the number of patients behind a summary, or None.

        Parameters
        ----------
        row : ReportedNumber
            A summary; its `of` names the number of patients, else that of its group is taken.

        Returns
        -------
        tuple of ReportedNumber and int, or None
            None if it is not printed as one whole number. Where values are missing, `of` must
            name the number that was measured: the checks take the print at its word.
        """
        size = self.registry.size(row.group)
        if row.of in self.registry and self.registry[row.of].statistic in COUNTED:
            size = self.registry[row.of]
        number = whole_number(size)
        return None if number is None else (size, number)


@lru_cache(maxsize=2)
def summary_index(registry: Registry) -> SummaryIndex:
    """Return the summaries of a registry, indexed once for all checks."""
    return SummaryIndex(registry)
