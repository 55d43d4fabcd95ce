"""Printed numbers: one parser for all the ways in which papers print a value."""

import math
import re
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal, localcontext
from functools import lru_cache

from rairlib.errors import RairlibError

OPERATORS = {
    **dict.fromkeys(("<", "＜", "﹤"), "<"),
    **dict.fromkeys((">", "＞", "﹥"), ">"),
    **dict.fromkeys(("≤", "<=", "⩽", "≦"), "≤"),
    **dict.fromkeys(("≥", ">=", "⩾", "≧"), "≥"),
    **dict.fromkeys(("", "=", "＝", "~", "≈"), "="),
}
# The hyphen stands last because the signs go into a character class.
MINUS_SIGNS = "\u2212\u2010\u2011\u2012\u2013\u2014\u2015\u02d7\ufe58\ufe63\uff0d-"
# fmt: off
UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
# fmt: on
NUMBER_WORDS = {word: value for value, word in enumerate(UNITS)} | {
    f"{ten} {unit}".removesuffix(" zero"): 10 * place + value
    for place, ten in enumerate(TENS, start=2)
    for value, unit in enumerate(UNITS[:10])
}
MIDDLE_DOTS = dict.fromkeys(map(ord, "·∙⋅"), ".")
INFINITE = ("inf", "infinity", "∞")
INVISIBLE = re.compile("[\u200b\u2060\ufeff]")
# What stands around a number and is no part of it: the name of p, a bracket of an interval, marks
# that send to a footnote and can be no digit.
MARKS = "*\u2217\u204e\uff0a†‡§¶#"
SHAPE = re.compile(
    r"(?:[pP] ?(?=[<>≤⩽≥⩾=~≈＜＞＝﹤﹥≦≧]))?[(\[]? ?"
    r"(?P<operator>[<>] ?=|[<≤⩽>≥⩾=~≈＜＞＝﹤﹥≦≧]?) ?"
    rf"(?P<sign>[+{MINUS_SIGNS}]?) ?"
    r"(?P<digits>[1-9]\d{0,2}(?:(?:,\d{3})+(?:\.\d+)?|(?:[ '’]\d{3})+(?:[.,·∙⋅]\d+)?)"
    r"|\d+(?:[.,·∙⋅]\d+)?|[.,·∙⋅]\d+)"
    rf"(?:(?:[eE]| ?[×x*] ?10 ?\^? ?)(?P<power>[+⁺⁻{MINUS_SIGNS}]?[0-9⁰¹²³⁴-⁹]+))? ?%?"
    rf" ?[)\]]?(?: ?[{MARKS}])*"
)
# A letter or a raised digit behind a number may be a footnote's mark, or a part of it.
PERHAPS_MARKED = re.compile(r"(?P<number>.*\d) ?(?:\(?[a-zA-Z]\)?|[¹²³⁰⁴-⁹ᵃ-ᶻ]+)")
NOT_SIGNIFICANT = re.compile(r"n\.? ?s\.?|(?:not|non)[ -]?significant", re.IGNORECASE)
NO_NUMBER = re.compile(
    rf"[./…{MINUS_SIGNS}]+|ref(?:erence|erent|\.)?|n\.?/?[ad]\.?|nr|nil|none|not .*",
    re.IGNORECASE,
)
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺", "0123456789+") | dict.fromkeys(
    map(ord, MINUS_SIGNS + "⁻"), "-"
)
THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
NUMERAL = re.compile(r"\d+(?:[.,·∙⋅]\d+)*")


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
        if math.isnan(value):
            return False
        if self.operator == "<":
            return value < self.high
        if self.operator == ">":
            return value > self.low
        return self.low - self._slack <= value <= self.high + self._slack

    def overlaps(self, low: float, high: float) -> bool:
        """Whether some value in ``[low, high]`` can be printed as this text."""
        if self.operator == "<":
            return low < self.high
        if self.operator == ">":
            return high > self.low
        return low <= self.high + self._slack and high >= self.low - self._slack

    def without_inequality(self) -> "Printed":
        """Return the number itself, as for a cut-off that is printed with its sign."""
        low, high = _limits(Decimal(repr(self.value)), self.decimals, "=")
        return replace(self, operator="=", low=low, high=high)

    @property
    def _slack(self) -> float:
        # Room for floating error, far below the last digit however large the number is.
        return min(1e-9 * max(1.0, abs(self.value)), 1e-3 * 10.0**-self.decimals)


@lru_cache(maxsize=1 << 16)
def parse_printed(text: str) -> Printed:
    """Read one printed number.

    Parameters
    ----------
    text : str
        For example ``40.688``, ``45.2%``, ``<0.001``, ``≥ 55``, ``0,155`` (a decimal comma),
        ``112,880.0`` (thousands), ``−2.046`` (any minus sign), ``.000``, ``5.7e-11`` or
        ``5.7 × 10⁻¹¹``, ``p = .03``, ``0.03*``, ``(0.85``, ``inf``, or ``six`` (words from zero
        to ninety-nine).

    Returns
    -------
    Printed
        The value, its decimals and the interval of values that it stands for.

    Raises
    ------
    PrintedNumberError
        If the text is not one number, in one line that says what to write instead; a range
        is two numbers.

    Notes
    -----
    A comma before exactly three digits separates thousands if the number before it has one to
    three digits and does not start with zero; any other comma is a decimal comma. A space
    or an apostrophe separates thousands under the same rule and stands nowhere else between
    digits.
    """
    plain = " ".join(INVISIBLE.sub("", text).split())
    word = plain.lower().replace("-", " ")
    if word in NUMBER_WORDS:
        value = float(NUMBER_WORDS[word])
        return Printed(text=text, operator="=", value=value, decimals=0, low=value, high=value)
    if word in INFINITE:
        ends = dict.fromkeys(("value", "low", "high"), math.inf)
        return Printed(text=text, operator="=", decimals=0, **ends)
    match = SHAPE.fullmatch(plain)
    if match is None:
        raise PrintedNumberError(_refusal(text))
    value = Decimal(_plain_digits(match["digits"]))
    if match["power"]:
        value = value.scaleb(int(match["power"].translate(SUPERSCRIPTS)))
        if math.isinf(float(value)):
            raise PrintedNumberError(f"{text!r} is beyond every number that is printed: look again")
    if match["sign"] and match["sign"] in MINUS_SIGNS:
        value = value.copy_negate()
    decimals = max(0, -value.as_tuple().exponent)
    operator = OPERATORS[match["operator"].replace(" ", "")]
    low, high = _limits(value, decimals, operator)
    return Printed(
        text=text, operator=operator, value=float(value), decimals=decimals, low=low, high=high
    )


def _refusal(text: str) -> str:
    numerals, plain = NUMERAL.findall(text), text.strip()
    marked = PERHAPS_MARKED.fullmatch(plain)
    if not plain:
        return f"{text!r} is empty: write the number as printed"
    if NOT_SIGNIFICANT.fullmatch(plain):
        return f"{text!r} is not a number: write >0.05, if the paper's level is 0.05"
    if NO_NUMBER.fullmatch(plain):
        return f"{text!r} is not a number: leave the row out, or write the number"
    if marked and SHAPE.fullmatch(marked["number"]):
        number = marked["number"]
        return f"{text!r} may carry the mark of a footnote: write {number}, if it does"
    if not numerals:
        return f"{text!r} is not a number: write digits, or a number word from zero to ninety-nine"
    if len(numerals) > 1:
        listed = f"{', '.join(numerals[:-1])} and {numerals[-1]}"
        return f"{text!r} is not one number: give {listed} a row each"
    if len(re.findall(r"[.,·∙⋅]", numerals[0])) > 1:
        return f"{text!r} mixes points and commas: write it like 1,234.5 or 1234.5"
    return f"{text!r} is not a plain number: keep sign and digits alone, without words or marks"


def _plain_digits(digits: str) -> str:
    digits = re.sub("[ '’]", "", digits)
    if THOUSANDS.fullmatch(digits):
        return digits.replace(",", "")
    return digits.replace(",", ".").translate(MIDDLE_DOTS)


def _limits(value: Decimal, decimals: int, operator: str) -> tuple[float, float]:
    if operator in "<≤":
        return -math.inf, float(value)
    if operator in ">≥":
        return float(value), math.inf
    half = Decimal(5).scaleb(max(-decimals, value.as_tuple().exponent) - 1)
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
    # 1.005 is stored as 1.00499…; nine more decimals than wanted bring the half back.
    exact = Decimal(repr(float(round(abs(value), decimals + 9))))
    with localcontext(prec=400):
        steps = (exact / unit + Decimal("0.5")).to_integral_value(ROUND_FLOOR)
        rounded = (steps * unit).quantize(unit)
    return f"{'-' if value < 0 and steps else ''}{rounded:f}"
