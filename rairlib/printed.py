"""Printed numbers: one parser for all the ways in which papers print a value."""

import math
import re
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from rairlib.errors import RairlibError

OPERATORS = {"<": "<", "≤": "≤", "<=": "≤", "⩽": "≤", ">": ">", "≥": "≥", ">=": "≥", "⩾": "≥"}
# The hyphen stands last because the signs go into a character class.
MINUS_SIGNS = "\u2212\u2010\u2011\u2012\u2013\u2014\ufe63\uff0d-"
NUMBER_WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]
SPACES = re.compile(r"[\s\u00a0\u2009\u202f]+")
SHAPE = re.compile(
    rf"^(?P<operator><=|>=|[<≤⩽>≥⩾=~≈]?)(?P<sign>[+{MINUS_SIGNS}]?)"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:[.,·]\d+)?|[.,·]\d+)%?$"
)
THOUSANDS = re.compile(r"^[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$")


class PrintedNumberError(RairlibError):
    """The text is not a printed number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """One number as printed, and the values that it stands for.

    Attributes
    ----------
    text : str
        The text as printed.
    operator : str
        ``=``, ``<``, ``≤``, ``>`` or ``≥``.
    value : float
        The number itself.
    decimals : int
        Digits after the decimal sign.
    low, high : float
        Ends of the closed interval of all values that the text can stand for: half a unit of
        the last digit to each side, ties accepted either way; infinite to one side behind an
        inequality.
    """

    text: str
    operator: str
    value: float
    decimals: int
    low: float
    high: float

    def agrees(self, value: float) -> bool:
        """Whether `value` rounds to the printed text, ties accepted either way."""
        slack = 1e-9 * max(1.0, abs(self.value))
        if math.isnan(value):
            return False
        if self.operator == "<":
            return value < self.high
        if self.operator == ">":
            return value > self.low
        return self.low - slack <= value <= self.high + slack

    def overlaps(self, low: float, high: float) -> bool:
        """Whether some value in ``[low, high]`` can be printed as this text."""
        slack = 1e-9 * max(1.0, abs(self.value))
        if self.operator == "<":
            return low < self.high
        if self.operator == ">":
            return high > self.low
        return low <= self.high + slack and high >= self.low - slack


def parse_printed(text: str) -> Printed:
    """Read one printed number.

    Parameters
    ----------
    text : str
        For example ``40.688``, ``45.2%``, ``<0.001``, ``≥ 55``, ``0,155`` (a decimal comma),
        ``112,880.0`` (thousands), ``−2.046`` (any minus sign), ``.000`` or ``six``.

    Returns
    -------
    Printed
        The value, its decimals and the interval of values that it stands for.

    Raises
    ------
    PrintedNumberError
        If the text is not one number.

    Notes
    -----
    A comma before exactly three digits separates thousands if the number before it has one to
    three digits and does not start with zero; any other comma is a decimal comma.
    """
    squeezed = SPACES.sub("", text)
    if squeezed.lower() in NUMBER_WORDS:
        value = float(NUMBER_WORDS.index(squeezed.lower()))
        return Printed(text=text, operator="=", value=value, decimals=0, low=value, high=value)
    match = SHAPE.match(squeezed)
    if match is None:
        raise PrintedNumberError(f"{text!r} is not one printed number")
    digits = _plain_digits(match["digits"])
    value = Decimal(digits) * (-1 if match["sign"] and match["sign"] in MINUS_SIGNS else 1)
    decimals = max(0, -value.as_tuple().exponent)
    operator = OPERATORS.get(match["operator"], "=")
    low, high = _limits(value, decimals, operator)
    return Printed(
        text=text, operator=operator, value=float(value), decimals=decimals, low=low, high=high
    )


def _plain_digits(digits: str) -> str:
    if THOUSANDS.match(digits):
        return digits.replace(",", "")
    return digits.replace(",", ".").replace("·", ".")


def _limits(value: Decimal, decimals: int, operator: str) -> tuple[float, float]:
    if operator in "<≤":
        return -math.inf, float(value)
    if operator in ">≥":
        return float(value), math.inf
    half = Decimal(5).scaleb(-decimals - 1)
    return float(value - half), float(value + half)


def format_value(value: float, decimals: int) -> str:
    """Print a value with so many decimals, rounding half away from zero as SPSS does.

    Parameters
    ----------
    value : float
        Any number; NaN gives an empty text.
    decimals : int
        Digits after the decimal point.

    Returns
    -------
    str
        The rounded number.
    """
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    unit = Decimal(1).scaleb(-decimals)
    exact = Decimal(repr(round(abs(value), decimals + 9)))
    steps = (exact / unit + Decimal("0.5")).to_integral_value(ROUND_FLOOR)
    rounded = (steps * unit).quantize(unit)
    return f"{'-' if value < 0 and steps else ''}{rounded:f}"
