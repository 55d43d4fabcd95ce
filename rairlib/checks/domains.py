"""Numbers that cannot be what they are called, each told once and then set aside."""

from collections import defaultdict
from collections.abc import Iterator

from rairlib.checks.cells import COUNTED, named, originals
from rairlib.checks.findings import Finding, check, conclude
from rairlib.checks.rounding import float_limits, is_plain
from rairlib.registry.registry import Registry, ReportedNumber
from rairlib.registry.vocabulary import PERFORMANCE, RATIOS

LIMITS = ("ci_low", "ci_high")
SHARES = ("percent", "survival_percent", *PERFORMANCE)
NOT_NEGATIVE = ("sd", "chi_square", "u_statistic", "logrank_chi_square", *RATIOS)
FEWEST_TERMS = 3
TERM = ("locus", "variable", "level", "group", "method")


@check("single numbers", "bookkeeping", first=True)
def check_mistaken_columns(registry: Registry) -> Iterator[Finding]:
    """Recognise z among ratios; needs coefficients, and their standard errors as `number`."""
    places: dict[tuple, list[tuple[ReportedNumber, ...]]] = defaultdict(list)
    for ratio in originals(registry, RATIOS):
        term = {name: getattr(ratio, name) for name in TERM}
        for coefficient in originals(registry, "coefficient", **term):
            for error in registry.belonging_to(coefficient.id, "number"):
                places[ratio.locus, ratio.group, ratio.method].append((ratio, coefficient, error))
    for terms in places.values():
        if len(terms) >= FEWEST_TERMS and all(_is_z(*term) for term in terms):
            ratio, coefficient, error = terms[0]
            text = (
                f"{len(terms)} numbers called {ratio.statistic.replace('_', ' ')} ({ratio.locus}) "
                f"are coefficient / standard error, for example {coefficient.printed} / "
                f"{error.printed} for {ratio.variable}, printed {ratio.printed}: they are z, not "
                "ratios."
            )
            if negative := sum(row.number.high < 0 for row, _, _ in terms):
                text += f" {negative} of them {'is' if negative == 1 else 'are'} negative."
            yield conclude("contradicted", text, *terms)


def _is_z(ratio: ReportedNumber, coefficient: ReportedNumber, error: ReportedNumber) -> bool:
    """Whether coefficient / standard error prints like a number that is called a ratio."""
    low, high = float_limits(error.number)
    if low <= 0:
        return False
    ends = [end / se for end in float_limits(coefficient.number) for se in (low, high)]
    return ratio.number.overlaps(min(ends), max(ends))


@check("single numbers", "bookkeeping", first=True)
def check_possible_values(registry: Registry) -> Iterator[Finding]:
    """Look for numbers that cannot be, such as p above 1; needs nothing else."""
    for row in registry:
        if fault := _impossible(registry, row):
            text = f"{row.printed} ({named(row)}) cannot be: {fault}."
            yield conclude("contradicted", text, target=row)


def _impossible(registry: Registry, row: ReportedNumber) -> str:
    """Say what is wrong with a number by itself, or nothing."""
    parent = registry[row.of].statistic if row.statistic in LIMITS and row.of in registry else ""
    kind, number = parent or row.statistic, row.number
    if kind in COUNTED:
        if is_plain(row) and not (number.value.is_integer() and number.value >= 0):
            return "patients are counted in whole numbers; thousands are written 1234 or 1,234"
    elif kind == "p_value":
        if number.low > 1 or number.high < 0:
            return "a p value lies between 0 and 1"
    elif kind in SHARES or kind == "auc":
        # An area above 2 is one in percent.
        most = 1 if kind == "auc" and row.unit != "%" and number.value <= 2 else 100
        if number.low > most or number.high < 0:
            return f"it lies between 0 and {most}"
    elif kind in NOT_NEGATIVE and number.high < 0:
        return "it is never negative"
    return ""
