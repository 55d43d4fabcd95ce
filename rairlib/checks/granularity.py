"""Means and standard deviations that whole numbers can have: GRIM and GRIMMER."""

import math
from collections.abc import Iterable
from fractions import Fraction

from rairlib.checks.cells import named
from rairlib.checks.describing import summary_index
from rairlib.checks.rounding import (
    BEYOND_RANGE,
    SHORTENED,
    exact_value,
    print_unit,
    rounded_limits,
    shortened_limits,
)
from rairlib.findings import Finding
from rairlib.printed import Printed, format_value
from rairlib.reported import Registry, ReportedNumber

MOST_SUMS = 10_000


def grim_sums(mean: Printed, n: int, step: Fraction, shortened: bool = False) -> range:
    """Return the sums of n measurements whose mean prints like this.

    Parameters
    ----------
    mean : Printed
        A plain print.
    n : int
        Number of measurements.
    step : Fraction
        Smallest step of a measurement.
    shortened : bool
        Allow digits that were cut off or rounded twice instead of ties either way.

    Returns
    -------
    range
        Sums in steps; empty if no measurements can have this mean (Brown and Heathers 2017,
        doi 10.1177/1948550616673876).
    """
    low, high = shortened_limits(mean) if shortened else rounded_limits(mean)
    first, last = low * n / step, high * n / step
    if not shortened:
        return range(math.ceil(first), math.floor(last) + 1)
    # Cut-off digits reach up to the next print, but not to it.
    if mean.value < 0:
        return range(math.floor(first) + 1, math.floor(last) + 1)
    return range(math.ceil(first), math.ceil(last))


def grim_share(decimals: int, n: int, step: Fraction) -> float:
    """Return the share of prints with so many decimals that measurements can have as a mean.

    Parameters
    ----------
    decimals : int
        Decimals of the printed mean.
    n : int
        Number of measurements.
    step : Fraction
        Smallest step of a measurement.

    Returns
    -------
    float
        Between 0 and 1; 1 means that the test has no power.
    """
    return float(min(Fraction(1), n / step / 10**decimals))


def grimmer_squares(sd: tuple[Fraction, Fraction], total: int, n: int, ddof: int = 1) -> range:
    """Return the sums of squares that a sum and limits of the SD allow, in steps.

    Parameters
    ----------
    sd : tuple of Fraction
        Smallest and largest SD, in steps.
    total : int
        Sum of the measurements, in steps.
    n : int
        Number of measurements.
    ddof : int
        1 for the SD with n − 1, 0 for that with n.

    Returns
    -------
    range
        Whole numbers with the parity of the sum (x² is odd exactly if x is), and not below the
        smallest sum of squares of n whole numbers with this sum (Allard 2018, A-GRIMMER).
    """
    low, high = (max(Fraction(0), end) ** 2 * (n - ddof) + Fraction(total**2, n) for end in sd)
    quotient, remainder = divmod(total, n)
    flattest = (n - remainder) * quotient**2 + remainder * (quotient + 1) ** 2
    first = max(math.ceil(low), flattest)
    first += (first - total) % 2
    return range(first, math.floor(high) + 1, 2)


def grimmer_possible(
    mean: Printed, sd: Printed, n: int, step: Fraction, ddof: int = 1, shortened: bool = False
) -> bool:
    """Whether n measurements in whole steps can have the printed mean and SD.

    Parameters
    ----------
    mean, sd : Printed
        Plain prints.
    n : int
        Number of measurements, at least 2.
    step : Fraction
        Smallest step of a measurement.
    ddof : int
        1 for the SD with n − 1, 0 for that with n.
    shortened : bool
        Allow digits that were cut off or rounded twice in both.

    Returns
    -------
    bool
        False is a proof; True says that neither sum, sum of squares nor parity forbid it.
    """
    limits = shortened_limits(sd) if shortened else rounded_limits(sd)
    in_steps = limits[0] / step, limits[1] / step
    return any(
        grimmer_squares(in_steps, total, n, ddof) for total in grim_sums(mean, n, step, shortened)
    )


def grimmer_share(mean: Printed, sd: Printed, n: int, step: Fraction) -> float:
    """Return about which share of printed SDs would pass beside this mean.

    Parameters
    ----------
    mean, sd : Printed
        Plain prints.
    n : int
        Number of measurements.
    step : Fraction
        Smallest step of a measurement.

    Returns
    -------
    float
        Between 0 and 1. Sums of squares of one parity lie 2 apart, so that their number per
        unit of the last digit is (n − 1) · SD · unit / step², for each possible sum.
    """
    per_sum = (n - 1) * exact_value(sd) * print_unit(sd) / step**2
    sums = grim_sums(mean, n, step)
    return float(min(Fraction(1), per_sum * (sums.stop - sums.start)))


def check_grim(registry: Registry) -> list[Finding]:
    """Look for whole measurements behind a printed mean; needs `step` and the group's size."""
    summaries = summary_index(registry)
    findings = []
    for cell in summaries.rows.values():
        row = cell.get("mean")
        size = summaries.size_of(row) if row and row.step else None
        if size is not None and size[1] > 0:
            findings.append(_grim_finding(row, *size))
    return findings


def check_grimmer(registry: Registry) -> list[Finding]:
    """Look for whole measurements behind mean and SD; needs both, `step` and the number."""
    summaries = summary_index(registry)
    findings = []
    for cell in summaries.rows.values():
        mean, sd = cell.get("mean"), cell.get("sd")
        if mean is None or sd is None or not (mean.step or sd.step):
            continue
        size = summaries.size_of(mean)
        if size is not None and size[1] > 1:
            findings.append(_grimmer_finding(mean, sd, *size))
    return findings


def check_median_step(registry: Registry) -> list[Finding]:
    """Compare a median with whole measurements; needs `step` and the group's size."""
    summaries = summary_index(registry)
    findings = []
    for cell in summaries.rows.values():
        row = cell.get("median")
        size = summaries.size_of(row) if row and row.step else None
        if size is not None and size[1] > 0:
            findings.append(_median_finding(row, *size))
    return findings


def _median_finding(row: ReportedNumber, size: ReportedNumber, n: int) -> Finding:
    """Judge a median: of an even number of values it may lie on half steps too."""
    step = step_of(row)
    start = f"A median of {row.printed} in {n} patients ({named(row)}, in steps of {row.step})"
    if grim_sums(row.number, 1, step) or (n % 2 == 0 and grim_sums(row.number, 2, step)):
        return _finding("median_step", "agrees", row, [size], f"{start} is possible.")
    if grim_sums(row.number, 2, step):
        text = (
            f"{start} is not possible: of an odd number of values the middle one is whole. It "
            "would be of an even number, where a value is missing."
        )
        return _finding("median_step", "suggests", row, [size], text)
    text = f"{start} is not possible for any number of patients."
    if grim_sums(row.number, 2, step, shortened=True):
        return _finding("median_step", "suggests", row, [size], text + SHORTENED)
    return _finding("median_step", "contradicted", row, [size], text)


def step_of(*rows: ReportedNumber) -> Fraction:
    """Return the step of the first row that has one; 0.333 stands for a third."""
    text = next(row.step for row in rows if row.step).replace(",", ".")
    step, decimals = Fraction(text), len(text.partition(".")[2])
    parts = round(1 / step) if decimals > 2 else 0
    return Fraction(1, parts) if parts and format_value(1 / parts, decimals) == text else step


def _grim_finding(row: ReportedNumber, size: ReportedNumber, n: int) -> Finding:
    step, decimals = step_of(row), row.number.decimals
    sums = grim_sums(row.number, n, step)
    share = grim_share(decimals, n, step)
    start = f"A mean of {row.printed} in {n} patients ({named(row)}, in steps of {row.step})"
    if share == 1:
        return _finding(
            "grim", "open", row, [size], f"{start}: any print is possible with so many."
        )
    power = f"{share:.1%} of all means with {decimals} decimals are possible."
    if sums:
        total = " or ".join(_number(value * step) for value in sums)
        return _finding("grim", "agrees", row, [size], f"{start} is a sum of {total}; {power}")
    centre = math.floor(exact_value(row.number) * n / step)
    near = _shown_means((centre, centre + 1), n, step, decimals + 2)
    text = f"{start} is the mean of no such measurements: {near}; {power}"
    if grim_sums(row.number, n, step, shortened=True):
        return _finding("grim", "suggests", row, [size], text + SHORTENED)
    return _finding("grim", "contradicted", row, [size], text)


def _grimmer_finding(mean: ReportedNumber, sd: ReportedNumber, size, n: int) -> Finding:
    step = step_of(mean, sd)
    numbers = mean.number, sd.number, n, step
    sums = grim_sums(mean.number, n, step)
    start = (
        f"{mean.printed} ± {sd.printed} in {n} patients ({named(sd)}, in steps of {_number(step)})"
    )
    if not sums:
        text = f"{start}: the mean itself is not possible, so that the SD cannot be judged."
        return _finding("grimmer", "open", sd, [mean, size], text)
    if sums.stop - sums.start > MOST_SUMS:
        return _finding("grimmer", "open", sd, [mean, size], f"{start}: {BEYOND_RANGE}.")
    share = grimmer_share(*numbers)
    if grimmer_possible(*numbers):
        status = "open" if share == 1 else "agrees"
        power = "nearly any SD" if share == 1 else f"about {share:.1%} of SDs"
        text = f"{start}: possible; {power} with {sd.number.decimals} decimals would be."
        return _finding("grimmer", status, sd, [mean, size], text)
    text = f"{start}: {_shown_squares(sd.number, sums, n, step)}."
    if grimmer_possible(*numbers, ddof=0):
        text += " The SD with n instead of n − 1 would be possible."
        return _finding("grimmer", "suggests", sd, [mean, size], text)
    if any(grimmer_possible(*numbers, ddof=ddof, shortened=True) for ddof in (0, 1)):
        return _finding("grimmer", "suggests", sd, [mean, size], text + SHORTENED)
    return _finding("grimmer", "contradicted", sd, [mean, size], text)


def _finding(check: str, status: str, row: ReportedNumber, others, text: str) -> Finding:
    """Nothing is recomputed: only a number that fails is a target."""
    failed = status in ("contradicted", "suggests")
    uses = tuple(other.id for other in others)
    return Finding(
        check=check,
        status=status,
        target=row.id if failed else "",
        uses=uses if failed else (row.id, *uses),
        text=text,
    )


def _shown_means(sums: Iterable[int], n: int, step: Fraction, decimals: int) -> str:
    return " and ".join(
        f"{_number(total * step)}/{n} = {format_value(float(total * step / n), decimals)}"
        for total in sums
    )


def _shown_squares(sd: Printed, sums: range, n: int, step: Fraction) -> str:
    """Show, for each sum, between which sums of squares the print falls."""
    low, high = (end / step for end in rounded_limits(sd))
    texts = []
    for total in sums:
        ends = [max(Fraction(0), end) ** 2 * (n - 1) + Fraction(total**2, n) for end in (low, high)]
        span = " to ".join(format_value(float(end), 2) for end in ends)
        parity = "odd" if total % 2 else "even"
        texts.append(
            f"with a sum of {total} steps the sum of squares lies in {span}, must be {parity}"
        )
    return "; ".join(texts) + ", and there is none"


def _number(value: Fraction) -> str:
    return f"{float(value):g}" if value.denominator > 1 else str(value.numerator)
