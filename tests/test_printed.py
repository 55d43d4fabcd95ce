"""Printed numbers: what each way of printing stands for.

Expected values are read off the print by hand or come from exact decimal arithmetic.
"""

import math
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rairlib.registry.printed import PrintedNumberError, format_value, parse_printed

INF = math.inf
UNICODE_MINUS = "−‐‑‒–—―˗﹘﹣－"
NO_BREAK_SPACE, THIN_SPACE, NARROW_SPACE = "\u00a0", "\u2009", "\u202f"

digits_after_point = st.integers(0, 6)
whole_part = st.integers(0, 999_999_999)


@st.composite
def prints(draw):
    """Draw a plain decimal print with its exact value."""
    decimals = draw(digits_after_point)
    steps = draw(st.integers(0, 10**9))
    value = Decimal(steps).scaleb(-decimals)
    return f"{value:.{decimals}f}", value, decimals


def limits(text):
    number = parse_printed(text)
    return number.low, number.high


# Hand-made cases: text, operator, value, decimals, low, high.
CASES = [
    ("40.688", "=", 40.688, 3, 40.6875, 40.6885),
    ("90", "=", 90.0, 0, 89.5, 90.5),
    ("5.7e-11", "=", 5.7e-11, 12, 5.65e-11, 5.75e-11),
    ("3.2 × 10⁻⁵", "=", 3.2e-5, 6, 3.15e-5, 3.25e-5),
    ("<1e-4", "<", 1e-4, 4, -INF, 1e-4),
    ("1.57e+05", "=", 157000.0, 0, 156500.0, 157500.0),
    ("45.2%", "=", 45.2, 1, 45.15, 45.25),
    ("45.2 %", "=", 45.2, 1, 45.15, 45.25),
    (".000", "=", 0.0, 3, -0.0005, 0.0005),
    ("0.000", "=", 0.0, 3, -0.0005, 0.0005),
    ("1.000", "=", 1.0, 3, 0.9995, 1.0005),
    ("0,155", "=", 0.155, 3, 0.1545, 0.1555),
    ("0·05", "=", 0.05, 2, 0.045, 0.055),
    ("12,5", "=", 12.5, 1, 12.45, 12.55),
    ("112,880.0", "=", 112880.0, 1, 112879.95, 112880.05),
    ("1,234", "=", 1234.0, 0, 1233.5, 1234.5),
    ("1,234,567", "=", 1234567.0, 0, 1234566.5, 1234567.5),
    ("12 345", "=", 12345.0, 0, 12344.5, 12345.5),
    ("12 345,5", "=", 12345.5, 1, 12345.45, 12345.55),
    ("1'234.5", "=", 1234.5, 1, 1234.45, 1234.55),
    ("+5", "=", 5.0, 0, 4.5, 5.5),
    ("<0.001", "<", 0.001, 3, -INF, 0.001),
    ("< 0.001", "<", 0.001, 3, -INF, 0.001),
    ("＜0.05", "<", 0.05, 2, -INF, 0.05),
    (">0.05", ">", 0.05, 2, 0.05, INF),
    ("≥528.5", "≥", 528.5, 1, 528.5, INF),
    ("≥ 54", "≥", 54.0, 0, 54.0, INF),
    ("> = 54", "≥", 54.0, 0, 54.0, INF),
    ("≧54", "≥", 54.0, 0, 54.0, INF),
    ("<=4", "≤", 4.0, 0, -INF, 4.0),
    ("⩽4", "≤", 4.0, 0, -INF, 4.0),
    ("≥−0.585", "≥", -0.585, 3, -0.585, INF),
    ("=5", "=", 5.0, 0, 4.5, 5.5),
    ("≈ 5", "=", 5.0, 0, 4.5, 5.5),
    ("p = .03", "=", 0.03, 2, 0.025, 0.035),
    ("P<0.05", "<", 0.05, 2, -INF, 0.05),
    ("p < 0.05", "<", 0.05, 2, -INF, 0.05),
    ("0.03*", "=", 0.03, 2, 0.025, 0.035),
    ("0.03 **", "=", 0.03, 2, 0.025, 0.035),
    ("0.03†‡", "=", 0.03, 2, 0.025, 0.035),
    ("45%§", "=", 45.0, 0, 44.5, 45.5),
    ("(0.85", "=", 0.85, 2, 0.845, 0.855),
    ("2.076]", "=", 2.076, 3, 2.0755, 2.0765),
    ("1\u2009234", "=", 1234.0, 0, 1233.5, 1234.5),
    ("2·31", "=", 2.31, 2, 2.305, 2.315),
    ("2∙31", "=", 2.31, 2, 2.305, 2.315),
    ("3.2 × 10-5", "=", 3.2e-5, 6, 3.15e-5, 3.25e-5),
    ("six", "=", 6.0, 0, 6.0, 6.0),
    ("Twenty-one", "=", 21.0, 0, 21.0, 21.0),
    ("ninety nine", "=", 99.0, 0, 99.0, 99.0),
    ("zero", "=", 0.0, 0, 0.0, 0.0),
]


@pytest.mark.parametrize(("text", "operator", "value", "decimals", "low", "high"), CASES)
def test_print_stands_for_its_interval(text, operator, value, decimals, low, high):
    number = parse_printed(text)
    assert (number.operator, number.value, number.decimals) == (operator, value, decimals)
    assert (number.low, number.high) == pytest.approx((low, high), rel=1e-14)
    assert number.text == text


@given(prints())
def test_plain_decimal_keeps_value_and_decimals(drawn):
    text, value, decimals = drawn
    number = parse_printed(text)
    assert (number.value, number.decimals, number.operator) == (float(value), decimals, "=")


@given(prints())
def test_interval_is_half_a_unit_to_each_side(drawn):
    text, value, decimals = drawn
    half = Decimal(5).scaleb(-decimals - 1)
    assert limits(text) == (float(value - half), float(value + half))


@given(prints())
def test_format_value_gives_back_the_print(drawn):
    text, value, decimals = drawn
    assert format_value(float(value), decimals) == text


@given(prints(), st.sampled_from(["", " ", NO_BREAK_SPACE, THIN_SPACE]))
def test_percent_sign_changes_nothing(drawn, space):
    text, *_ = drawn
    assert limits(f"{text}{space}%") == limits(text)


@given(prints(), st.sampled_from(UNICODE_MINUS + "-"), st.sampled_from(["", " ", NARROW_SPACE]))
def test_every_minus_negates(drawn, minus, space):
    text, value, decimals = drawn
    number = parse_printed(f"{minus}{space}{text}")
    low, high = limits(text)
    assert (number.value, number.decimals) == (-float(value), decimals)
    assert (number.low, number.high) == (-high, -low)


@given(whole_part, st.integers(1, 6).filter(lambda digits: digits != 3), st.sampled_from(",·"))
def test_decimal_comma_or_raised_point_is_a_point(whole, digits, sign):
    fraction = "123456"[:digits]
    assert limits(f"{whole}{sign}{fraction}") == limits(f"{whole}.{fraction}")


@given(st.integers(0, 999))
def test_comma_before_three_digits_is_decimal_only_behind_zero(fraction):
    assert parse_printed(f"0,{fraction:03d}").value == fraction / 1000
    assert parse_printed(f"7,{fraction:03d}").value == 7000 + fraction


@given(st.integers(1000, 10**12), st.integers(0, 99), st.sampled_from([",", " ", THIN_SPACE, "'"]))
def test_thousands_separators_are_dropped(whole, hundredths, separator):
    grouped = f"{whole:,}".replace(",", separator)
    assert parse_printed(f"{grouped}.{hundredths:02d}").value == float(f"{whole}.{hundredths:02d}")
    assert parse_printed(grouped).value == whole


@given(prints(), st.sampled_from(["<", ">", "≤", "≥", "<=", ">="]), st.sampled_from(["", " "]))
def test_inequality_leaves_one_side_open(drawn, sign, space):
    text, value, _ = drawn
    low, high = limits(f"{sign}{space}{text}")
    assert (low, high) == ((-INF, float(value)) if sign[0] in "<≤" else (float(value), INF))


@given(prints(), st.sampled_from(["", " ", "\t", NO_BREAK_SPACE, "\u200b", "\ufeff"]))
def test_space_around_a_number_does_not_matter(drawn, space):
    text, *_ = drawn
    assert limits(f"{space}{text}{space}") == limits(text)


RANGES = ["17–77", "17-77", "17 – 77", "17−77", "17 to 77", "17—77", "(17, 77)", "17..77", "17;77"]


@pytest.mark.parametrize("text", RANGES)
def test_range_is_refused_with_both_ends(text):
    with pytest.raises(PrintedNumberError) as caught:
        parse_printed(text)
    assert str(caught.value) == f"{text!r} is not one number: give 17 and 77 a row each"


@given(prints(), prints(), st.sampled_from([*UNICODE_MINUS, "-", " to ", " ± ", "/", "; ", " ("]))
def test_two_numbers_are_never_read_as_one(first, second, between):
    with pytest.raises(PrintedNumberError, match="a row each"):
        parse_printed(f"{first[0]}{between}{second[0]}")


def test_two_numbers_beside_each_other_are_not_joined():
    with pytest.raises(PrintedNumberError, match="give 12 and 14 a row each"):
        parse_printed("12 14")


REFUSED = [
    ("", "'' is empty: write the number as printed"),
    ("several", "digits, or a number word from zero to ninety-nine"),
    *((text, "write >0.05, if the paper's level is 0.05") for text in ("NS", "n.s.", "Ns.")),
    *((text, "leave the row out, or write the number") for text in ("NR", "ref", "NA", "n/a", "—")),
    *((text, "footnote: write 0.03, if it does") for text in ("0.03 a", "0.03²", "0.03ᵃ", "0.03b")),
    ("½", "digits, or a number word"),
    ("-", "leave the row out"),
    ("nan", "digits, or a number word"),
    ("p 0.001", "keep sign and digits alone"),
    ("n = 5", "keep sign and digits alone"),
    ("5.", "keep sign and digits alone"),
    ("<<5", "keep sign and digits alone"),
    ("--5", "keep sign and digits alone"),
    ("5%%", "keep sign and digits alone"),
    ("1.234,5", "mixes points and commas"),
    ("1.000.000", "mixes points and commas"),
    ("0,155,200", "mixes points and commas"),
    ("1,23,456", "mixes points and commas"),
    ("45.2 (41.0–49.1)", "give 45.2, 41.0 and 49.1 a row each"),
    ("12.3±4.5", "give 12.3 and 4.5 a row each"),
    ("58/90", "give 58 and 90 a row each"),
]


@pytest.mark.parametrize(("text", "remedy"), REFUSED)
def test_what_is_no_number_is_refused_in_one_line(text, remedy):
    with pytest.raises(PrintedNumberError) as caught:
        parse_printed(text)
    assert remedy in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused_in_one_line(text):
    refusal = ""
    try:
        number = parse_printed(text)
    except PrintedNumberError as error:
        refusal = str(error)
    assert len(refusal.splitlines()) == 1 if refusal else number.low <= number.value <= number.high


@given(prints(), st.floats(-1, 1))
def test_value_agrees_if_it_rounds_to_the_print(drawn, shift):
    text, value, decimals = drawn
    unit = 10.0**-decimals
    near = float(value) + 0.499 * shift * unit
    far = float(value) + math.copysign(0.51 + abs(shift), shift) * unit
    number = parse_printed(text)
    assert number.agrees(near)
    assert not number.agrees(far)


@pytest.mark.parametrize("tie", [2.445, 2.455])
def test_ties_are_accepted_either_way(tie):
    assert parse_printed("2.45").agrees(tie)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("<0.001", 0.000999, 0.001),
        ("≤4", 4.0, 4.1),
        (">0.05", 0.0501, 0.05),
        ("≥528.5", 528.5, 528.4),
        (".000", 0.0005, 0.00051),
        ("six", 6.0, 6.4),
    ],
)
def test_agreement_ends_where_the_sign_says(text, inside, outside):
    number = parse_printed(text)
    assert number.agrees(inside)
    assert not number.agrees(outside)


@pytest.mark.parametrize("text", ["1.5", "<1", ">1", "≤1", "≥1"])
def test_missing_value_agrees_with_nothing(text):
    assert not parse_printed(text).agrees(math.nan)
    assert not parse_printed(text).overlaps(math.nan, math.nan)


@pytest.mark.parametrize(
    ("text", "low", "high", "expected"),
    [
        ("4.5", 4.55, 9.0, True),
        ("4.5", 4.56, 9.0, False),
        ("4.5", 0.0, 4.45, True),
        ("4.5", 0.0, 4.44, False),
        ("4.5", 4.49, 4.51, True),
        ("4.5", -INF, INF, True),
        ("<0.001", 0.001, 0.002, False),
        ("<0.001", 0.0, 0.5, True),
        (">0.05", 0.01, 0.05, False),
        ("≥0.05", 0.01, 0.05, True),
        ("≤4", 4.0, 5.0, True),
    ],
)
def test_interval_overlaps_if_it_holds_a_value_that_agrees(text, low, high, expected):
    assert parse_printed(text).overlaps(low, high) is expected


@given(prints(), st.floats(0, 1000), st.floats(0, 10))
def test_overlap_with_a_point_is_agreement(drawn, value, width):
    number = parse_printed(drawn[0])
    assert number.overlaps(value, value) == number.agrees(value)
    if number.agrees(value):
        assert number.overlaps(value - width, value + width)


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (2.5, 0, "3"),
        (-2.5, 0, "-3"),
        (0.5, 0, "1"),
        (0.285, 2, "0.29"),
        (1.005, 2, "1.01"),
        (-1.005, 2, "-1.01"),
        (-0.4, 0, "0"),
        (0.0, 3, "0.000"),
        (99.995, 2, "100.00"),
        (3, 1, "3.0"),
        (1e30, 1, "1" + "0" * 30 + ".0"),
        (math.nan, 2, ""),
        (INF, 2, "∞"),
        (-INF, 2, "−∞"),
        (np.float64(0.285), 2, "0.29"),
        (np.int64(7), 0, "7"),
    ],
)
def test_format_value_rounds_half_away_from_zero(value, decimals, expected):
    assert format_value(value, decimals) == expected


@given(st.integers(-(10**9), 10**9), st.integers(1, 6))
def test_format_value_rounds_every_tie_away_from_zero(steps, decimals):
    tie = (Decimal(steps) + Decimal("0.5").copy_sign(Decimal(steps))).scaleb(-decimals)
    unit = Decimal(1).scaleb(-decimals)
    expected = tie.quantize(unit, rounding=ROUND_HALF_UP)
    assert format_value(float(tie), decimals) == f"{expected:f}"


@given(st.floats(-1e6, 1e6), st.integers(0, 4))
def test_formatted_value_agrees_with_the_value(value, decimals):
    assert parse_printed(format_value(value, decimals)).agrees(value)
