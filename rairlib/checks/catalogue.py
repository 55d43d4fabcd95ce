"""The catalogue of checks, in the order in which a reader would make them.

A check is written in one place: a function ``check_…`` under :func:`rairlib.checks.findings.check`
in the file of its subject; all files of this folder are looked through.
"""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from rairlib.checks.cells import named
from rairlib.checks.findings import REGISTERED, SUBJECTS, Finding
from rairlib.checks.percentages import unless_habits
from rairlib.checks.rounding import BEYOND_RANGE
from rairlib.registry.printed import parse_printed
from rairlib.registry.registry import Registry, ReportedNumber

MOST_DIGITS = 16

for file in iter_modules([str(Path(__file__).parent)]):
    import_module(f"{__package__}.{file.name}")
# By subject, and within a subject as they are defined.
CHECKS = tuple(sorted(REGISTERED, key=lambda check: SUBJECTS.index(check.about)))
POSSIBILITY = frozenset(check.name for check in CHECKS if check.kind == "possibility")
INDEPENDENT = frozenset(check.name for check in CHECKS if check.kind == "independent")


def audit(registry: Registry) -> list[Finding]:
    """Run every check on a registry.

    Parameters
    ----------
    registry : Registry
        Any paper.

    Returns
    -------
    list of Finding
        In the order of the catalogue; a check without suitable numbers finds nothing. A number
        with more digits than floating point carries is left out, and named first.
    """
    beyond = [row for row in registry if _is_beyond_range(row)]
    if beyond:
        left_out = {row.id for row in beyond}
        registry = Registry(registry.study, (row for row in registry if row.id not in left_out))
    findings = [
        Finding(
            check="range",
            status="open",
            uses=(row.id,),
            text=f"{_cut(row.printed)}{f', in steps of {_cut(row.step)}' * bool(row.step)} "
            f"({named(row)}) is {BEYOND_RANGE}: it needs fewer than {MOST_DIGITS} digits before "
            "and behind the decimal sign.",
        )
        for row in beyond
    ]
    paper = registry
    for check in CHECKS:
        found = check.function(registry)
        findings += found
        if found and check.first:
            objections = [finding for finding in found if finding.status != "open"]
            aside = {name for finding in objections for name in (finding.target, *finding.uses)}
            rest = [row for row in registry if row.id not in aside]
            registry = Registry(registry.study, rest)
    return unless_habits(paper, findings)


def _is_beyond_range(row: ReportedNumber) -> bool:
    numbers = [row.number, *([parse_printed(row.step)] if row.step else [])]
    return any(
        abs(number.value) >= 10.0 ** (MOST_DIGITS - 1) or number.decimals >= MOST_DIGITS
        for number in numbers
    )


def _cut(text: str) -> str:
    return text if len(text) <= 2 * MOST_DIGITS else f"{text[: 2 * MOST_DIGITS]}…"
