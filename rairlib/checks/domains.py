"""Numbers that cannot be what they are called, each told once and then set aside."""

import math
from collections import defaultdict
from collections.abc import Iterator

from rairlib.checks.cells import COUNTED, attached, named, originals, short_name
from rairlib.checks.findings import Finding, check, conclude
from rairlib.checks.regressions import from_symmetry, p_from_z
from rairlib.checks.rounding import float_limits, is_plain, likely_slip
from rairlib.registry.printed import format_value
from rairlib.registry.registry import FAMILIES, Registry, ReportedNumber
from rairlib.registry.vocabulary import PERFORMANCE, RATIOS

LIMITS = ("ci_low", "ci_high")
SHARES = ("percent", "survival_percent", *PERFORMANCE)
AREAS = ("auc", "concordance")
# fmt: off
NOT_NEGATIVE = (
    "sd", "standard_error", "interquartile_range", "chi_square", "f_statistic", "h_statistic",
    "u_statistic", "logrank_chi_square", "logrank_term", "expected_events", "person_time", "rate",
    "median_survival", "degrees_of_freedom", "likelihood_ratio_positive",
    "likelihood_ratio_negative", *RATIOS,
)
# fmt: on
DOMAINS = {
    **dict.fromkeys(SHARES, (0, 100, "it lies between 0 and 100 %")),
    **dict.fromkeys(AREAS, (0, 1, "it lies between 0 and 1, or 0 and 100 %")),
    **dict.fromkeys(NOT_NEGATIVE, (0, math.inf, "it is never negative")),
    "p_value": (0, 1, "a p value lies between 0 and 1"),
    "pseudo_r2": (0, 1, "it lies between 0 and 1"),
    "kappa": (-1, 1, "it lies between -1 and 1"),
    "risk_difference": (-100, 100, "it lies between -100 and 100 %"),
}
"""Smallest and largest value of a statistic, and how that is said."""
FEWEST_TERMS = 3
FAR = 1e9
TERM = ("locus", "variable", "level", "group", "method")


@check("single numbers", "bookkeeping", first=True)
def check_mistaken_columns(registry: Registry) -> Iterator[Finding]:
    """Recognise z among ratios; needs standard errors, z, or p values beside negative ratios."""
    columns: dict[tuple, list[ReportedNumber]] = defaultdict(list)
    for ratio in originals(registry, RATIOS):
        columns[ratio.statistic, ratio.locus, ratio.group, ratio.method].append(ratio)
    for (statistic, locus, *_), ratios in columns.items():
        name = statistic.replace("_", " ")
        negative = [ratio for ratio in ratios if ratio.number.high < 0]
        terms = [term for ratio in ratios for term in _z_terms(registry, ratio, bool(negative))]
        if len(terms) >= FEWEST_TERMS and all(_is_z(*term) for term in terms):
            ratio, sources = terms[0]
            how = "coefficient / standard error" if len(sources) == 2 else "z"
            shown = " / ".join(row.printed for row in sources)
            if len(sources) == 1:
                shown = f"with {short_name(*sources)} {shown}"
            text = (
                f"{len(terms)} numbers called {name} ({locus}) are {how}, for example {shown} for "
                f"{ratio.variable}, printed {ratio.printed}: they are z, not ratios."
            )
            if negative:
                are = "is" if len(negative) == 1 else "are"
                text += f" {len(negative)} of them {are} negative."
            yield conclude("contradicted", text, *terms, reading=f"z printed as {name}")
        elif len(negative) > 1:
            text = (
                f"{len(negative)} of {len(ratios)} numbers called {name} ({locus}) are negative, "
                f"for example {negative[0].printed} for {negative[0].variable}: a ratio never is."
            )
            reading = f"coefficients or z printed as {name}"
            yield conclude("contradicted", text, *negative, reading=reading)


def _z_terms(registry: Registry, ratio: ReportedNumber, by_p: bool) -> Iterator[tuple]:
    """Yield a ratio with coefficient and standard error, or z, or (if `by_p`) p of its term."""
    term = {name: getattr(ratio, name) for name in TERM}
    coefficients = originals(registry, "coefficient", **term)
    for row in coefficients:
        errors = registry.belonging_to(row.id, "standard_error")
        for error in errors or registry.belonging_to(row.id, "number"):
            yield ratio, (row, error)
            return
    z = originals(registry, "z_statistic", **{name: term[name] for name in TERM[:-1]})
    p = [row for of in (ratio, *coefficients) for row in registry.belonging_to(of.id, "p_value")]
    for row in (*z, *p * by_p):
        yield ratio, (row,)
        return


def _is_z(ratio: ReportedNumber, sources: tuple[ReportedNumber, ...]) -> bool:
    """Whether coefficient / standard error, z or p print like a number called a ratio."""
    ends = [float_limits(row.number) for row in sources]
    if len(sources) == 2:
        (first, last), (low, high) = ends
        quotients = [end / error for end in (first, last) for error in (low, high) if low > 0]
        return low > 0 and ratio.number.overlaps(min(quotients), max(quotients))
    (low, high) = ends[0]
    if sources[0].statistic == "p_value":
        low, high = p_from_z(ratio.number.high), p_from_z(ratio.number.low)
        return sources[0].number.overlaps(min(low, high), max(low, high))
    return ratio.number.overlaps(low, high)


@check("single numbers", "bookkeeping", first=True)
def check_possible_values(registry: Registry) -> Iterator[Finding]:
    """Look for numbers that cannot be, such as p above 1; needs nothing else."""
    for row in registry:
        if fault := _impossible(registry, row):
            text = f"{row.printed} ({named(row)}) cannot be: {fault}."
            least, most, _ = DOMAINS.get(row.statistic, (0, math.inf, ""))
            reading = likely_slip(row, least, min(most, FAR))
            yield conclude("contradicted", text, target=row, reading=reading)


def _impossible(registry: Registry, row: ReportedNumber) -> str:
    """Say what is wrong with a number by itself, or nothing."""
    parent = registry[row.of] if row.statistic in LIMITS and row.of in registry else None
    kind, number = (parent or row).statistic, row.number
    if kind in COUNTED:
        if is_plain(row) and not (number.value.is_integer() and number.value >= 0):
            return "patients are counted in whole numbers; thousands are written 1234 or 1,234"
    elif kind == "number_needed_to_treat":
        if number.low > -1 and number.high < 1:
            return "its size is at least 1 patient"
    elif kind in DOMAINS:
        least, most, words = DOMAINS[kind]
        # An area above 2 is one in percent.
        scale = 100 if kind in AREAS and (row.unit == "%" or number.value > 2) else 1
        if number.low > scale * most or number.high < scale * least:
            return "" if parent and _is_uncut(registry, parent, row) else words
    return ""


def _is_uncut(registry: Registry, estimate: ReportedNumber, limit: ReportedNumber) -> bool:
    """Whether a limit beyond its range is that of estimate ± error, which nothing cuts off."""
    three = [estimate, *(attached(registry, estimate, name) for name in LIMITS)]
    if None in three:
        return False
    ends = from_symmetry(limit.statistic, *(float_limits(row.number) for row in three))
    return limit.number.overlaps(*ends)


@check("single numbers", "bookkeeping", first=True)
def check_fractions(registry: Registry) -> Iterator[Finding]:
    """Ask about fractions among percentages; needs shares, and says which are read as fractions."""
    read: dict[str, list[ReportedNumber]] = defaultdict(list)
    families: dict[tuple[str, str], list[ReportedNumber]] = defaultdict(list)
    for row in registry:
        if row.number.text != row.printed:
            read[row.locus].append(row)
        elif row.statistic in FAMILIES and row.unit == "":
            families[row.locus, FAMILIES[row.statistic]].append(row)
    for place, rows in read.items():
        numbers = f"{len(rows)} numbers are" if len(rows) > 1 else "one number is"
        text = (
            f"{place}: {numbers} printed as fractions and read in percent, {rows[0].number.text} "
            f"as {rows[0].printed} % ({named(rows[0])})."
        )
        yield conclude("open", text, rows, reading="fractions")
    for (_, family), shares in families.items():
        digits = [row.number.decimals for row in shares if row.number.value > 1]
        for row in shares if digits and family not in ("percent", "risk_difference") else ():
            if 0 < row.number.value < 1 and row.number.decimals > max(digits):
                value = format_value(100 * row.number.value, row.number.decimals - 2)
                text = f"{row.printed} ({named(row)}) stands among percentages."
                reading = f"printed as a fraction: {value} %"
                yield conclude("suggests", text, target=row, reading=reading)
