"""Registries in memory for tests: only the fields that matter are written out."""

from rairlib.registry.printed import parse_printed
from rairlib.registry.registry import Registry, ReportedNumber
from rairlib.registry.vocabulary import COLUMNS


def number(identifier: str, statistic: str, printed: str, **fields: str) -> ReportedNumber:
    texts = dict.fromkeys(COLUMNS, "") | {"locus": "Table 1", "role": "anchor"}
    texts |= {"id": identifier, "statistic": statistic, "printed": printed} | fields
    return ReportedNumber(number=parse_printed(printed), **texts)


def registry(*rows: ReportedNumber) -> Registry:
    return Registry("test", rows)


def two_groups(n_cases: str = "32", n_controls: str = "58", n_all: str = "90"):
    """Return the sizes of a study of 90 patients, 32 of them refractory."""
    return (
        number("n", "n", n_all, group="all"),
        number("n-cases", "n", n_cases, group="cases", of="n", partition="groups"),
        number("n-controls", "n", n_controls, group="controls", of="n", partition="groups"),
    )


def counts(variable: str, cells: dict[str, tuple], groups=("cases", "controls"), partition=True):
    """Return one count per level and group; the group sizes are the wholes."""
    return tuple(
        number(
            f"{variable}-{level}-{group}",
            "count",
            str(value),
            variable=variable,
            level=level,
            group=group,
            of="n" if group == "all" else f"n-{group}",
            partition=f"{variable}-{group}" if partition else "",
        )
        for level, values in cells.items()
        for group, value in zip(groups, values, strict=True)
    )


def statuses(findings) -> dict[str, str]:
    """Return target to status; findings without a target are left out."""
    return {finding.target: finding.status for finding in findings if finding.target}
