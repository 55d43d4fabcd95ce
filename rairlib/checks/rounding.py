"""Rounding in checks: exact limits, and the habits that could still rescue a number."""

import math
from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from rairlib.checks.findings import Finding, conclude
from rairlib.registry.printed import Printed, format_value, parse_printed
from rairlib.registry.registry import ReportedNumber

APPROXIMATE_SIGNS = ("~", "≈")
SHORTENED = " It would agree if digits were cut off, or rounded twice."
BEYOND_RANGE = "beyond the range of this check"
TIED = " Both are right only for a value in the middle that was rounded up once and down once."


def is_approximate(row: ReportedNumber) -> bool:
    """Whether the print itself says that the number is not exact."""
    return row.printed.strip().startswith(APPROXIMATE_SIGNS)


def is_plain(row: ReportedNumber) -> bool:
    """Whether the print is one value, neither an inequality nor an approximation."""
    return row.number.operator == "=" and not is_approximate(row)


def exact_value(number: Printed) -> Fraction:
    """Return the printed value as an exact fraction."""
    return Fraction(repr(number.value))


def print_unit(number: Printed) -> Fraction:
    """Return one unit of the last printed digit, 10 for 1.2e+02 and for 0.9 read as 90 %."""
    width = number.high - number.low
    return Fraction(width) if 1 < width < math.inf else Fraction(1, 10**number.decimals)


def exact_limits(number: Printed, shortened: bool = False) -> tuple[Fraction, Fraction]:
    """Return the closed interval that is rounded (or shortened) to a plain print, without error.

    Cutting off loses up to one unit of the last digit; rounding half up again and again (2.4445,
    2.445, 2.45) gains up to 5/9 of one.
    """
    value, unit = exact_value(number), print_unit(number)
    if number.low == number.high:
        return value, value
    if not shortened:
        return value - unit / 2, value + unit / 2
    gained, lost = unit * Fraction(5, 9), unit
    return (value - lost, value + gained) if value < 0 else (value - gained, value + lost)


def float_limits(number: Printed, shortened: bool = False) -> tuple[float, float]:
    """Return the values behind a print, rounded or (if `shortened`) cut off or rounded twice."""
    if not shortened or number.operator != "=":
        return number.low, number.high
    low, high = exact_limits(number, shortened)
    return float(low), float(high)


def is_rescued(number: Printed, low: float, high: float) -> bool:
    """Whether cutting off or rounding twice prints some value of ``[low, high]`` like this."""
    if number.operator != "=" or number.low == number.high:
        return False
    first, last = float_limits(number, shortened=True)
    # Only the last binary digits: 0.3303999995 is cut off to 0.3303.
    slack = 1e-12 * max(1.0, abs(number.value))
    # One whole unit away the next print is reached: that end is open.
    above = low < last - slack if number.value >= 0 else low <= last + slack
    below = high >= first - slack if number.value >= 0 else high > first + slack
    return above and below


def fits(number: Printed, low: float, high: float, shortened: bool) -> bool:
    """Whether some value of ``[low, high]`` prints like this: rounded, or shortened instead."""
    if not shortened:
        return number.overlaps(low, high)
    first, last = float_limits(number, shortened)
    return first <= high and last >= low


def meet_in_a_tie(first: Printed, second: Printed) -> bool:
    """Whether two prints of one number differ by one unit: only a tie prints as both."""
    same = first.operator == second.operator == "=" and first.decimals == second.decimals
    return same and abs(exact_value(first) - exact_value(second)) == print_unit(first)


def judge(target: ReportedNumber, rows, low: float, high: float, text: str) -> Finding:
    """Compare a printed number with the interval that others allow, kindly to its rounding.

    Parameters
    ----------
    target : ReportedNumber
        The number that is recomputed.
    rows : iterable of ReportedNumber
        The numbers that are used.
    low, high : float
        Closed interval of the values that they allow, in the target's unit.
    text : str
        How the interval came about.

    Returns
    -------
    Finding
        ``agrees`` if some allowed value is printed like the target, else ``contradicted``;
        ``suggests`` where only cut-off or twice rounded digits would agree; ``open`` where the
        others leave one side without a limit or the print is approximate.

    Raises
    ------
    ValueError
        If an end of the interval is NaN: what was not computed proves nothing.
    """
    if math.isnan(low) or math.isnan(high):
        raise ValueError(f"the interval for {target.id} has no limits")
    status, remark = "contradicted", ""
    if target.number.overlaps(low, high):
        status = "open" if math.isinf(low) or math.isinf(high) else "agrees"
    elif is_approximate(target):
        status, remark = "open", " The print is approximate."
    elif is_rescued(target.number, low, high):
        status, remark = "suggests", SHORTENED
    return conclude(status, text + remark, *rows, target=target, low=low, high=high)


def shown(low: float, high: float, decimals: int) -> str:
    """Write a value, or an interval if its ends differ at so many decimals."""
    return " to ".join(dict.fromkeys(format_value(end, decimals) for end in (low, high)))


def shown_p(value: float, decimals: int) -> str:
    """Write a p value with two more decimals than the print, never as zero."""
    digits = max(decimals + 2, 4)
    floor = 10.0**-digits
    return f"below {format_value(floor, digits)}" if value < floor else format_value(value, digits)


def shown_p_range(low: float, high: float, decimals: int) -> str:
    """Write limits of p, once if both look the same."""
    return " to ".join(dict.fromkeys(shown_p(end, decimals) for end in (low, high)))


def times_apart(row: ReportedNumber, ranges: Iterable[tuple[float, float]]) -> str:
    """Say how many times a p value is the nearest of the limits of others: ``, the nearest is …``.

    The end of a phrase; empty where one of them is zero.
    """
    gaps = [(low / row.number.high, row.number.low / high) for low, high in ranges if high > 0]
    if not gaps or row.number.high <= 0:
        return ""
    above, below = min(gaps, key=max)
    if max(above, below) <= 1:
        return ""
    if above > below:
        return f", the nearest is at least {_times(above)} times the print"
    return f", the print is at least {_times(below)} times the nearest"


def _times(factor: float) -> str:
    return format_value(factor, 1) if factor < 1000 else "1000"


# --- Slips: what may have been meant where a print does not fit ---------------------------------

MOST_PLACES = 4
"""So many units of the last digit may a range span if a wrong digit is to be named."""


def likely_slip(row: ReportedNumber, low: float, high: float, neighbours=()) -> str:
    """Name the slip that leads from a value that fits to the print.

    Parameters
    ----------
    row : ReportedNumber
        The number that does not fit.
    low, high : float
        The values that would, in its unit.
    neighbours : iterable of ReportedNumber
        Numbers printed near it, from which it may have been copied.

    Returns
    -------
    str
        ``digits exchanged: 0.342``; empty where no slip, or more than one of a kind, would do.
    """
    number = row.number
    if number.operator != "=" or number.overlaps(low, high) or not math.isfinite(high - low):
        return ""
    plain = format_value(abs(number.value), number.decimals)
    sign = "-" if number.value < 0 else ""
    if len(plain.replace(".", "").lstrip("0")) > 2:
        for other in neighbours:
            if other is not row and other.number.value == number.value:
                name = ", ".join(text for text in (other.variable, other.level) if text)
                return f"copied from {name or other.locus}, {other.printed}"
    narrow = high - low <= MOST_PLACES * float(print_unit(number))
    for kind, texts in _slips(plain, narrow):
        near = (sign + text for text in texts if low - 1 <= float(sign + text) <= high + 1)
        fitting = {text for text in near if parse_printed(text).overlaps(low, high)}
        if len(fitting) == 1:
            return f"{kind}: {fitting.pop()}"
    if number.value and -number.high <= high and -number.low >= low:
        return f"sign lost or added: {format_value(-number.value, number.decimals)}"
    return ""


def _slips(text: str, narrow: bool) -> Iterator[tuple[str, Iterable[str]]]:
    """Yield kinds of slips, the likeliest first, each with the texts that it may have altered."""
    yield "decimal mark moved", [f"{Decimal(text).scaleb(by):f}" for by in (-2, -1, 1, 2)]
    if not narrow:
        return
    places = [place for place, digit in enumerate(text) if digit != "."]
    pairs = [pair for pair in pairwise(places) if text[pair[0]] != "0"]
    yield (
        "digits exchanged",
        [f"{text[:a]}{text[b]}{text[a + 1 : b]}{text[a]}{text[b + 1 :]}" for a, b in pairs],
    )
    doubled = (a for a, b in pairwise(places) if text[a] == text[b])
    yield "a digit typed twice", [text[:a] + text[a + 1 :] for a in doubled]
    digits = "0123456789"
    yield "one digit changed", [text[:a] + d + text[a + 1 :] for a in places for d in digits]
    yield "a digit lost", [text[:a] + d + text[a:] for a in places for d in digits]
