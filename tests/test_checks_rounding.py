from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_registry import number

from rairlib.checks.rounding import (
    exact_limits,
    is_rescued,
    judge,
    likely_slip,
    shown,
    shown_p,
)
from rairlib.registry.printed import parse_printed


def test_limits_are_exact():
    # 0.0005 has no exact binary form; the fraction has.
    assert exact_limits(parse_printed("0.681")) == (Fraction(1361, 2000), Fraction(1363, 2000))


def test_number_words_are_not_rounded():
    for shortened in (False, True):
        assert exact_limits(parse_printed("six"), shortened) == (6, 6)


@given(st.integers(-99_999_999, 99_999_999), st.integers(0, 3))
def test_cut_off_and_twice_rounded_values_are_rescued(steps, decimals):
    value = Decimal(steps).scaleb(-5)
    unit = Decimal(1).scaleb(-decimals)
    cut = value.quantize(unit, ROUND_DOWN)
    twice = value.quantize(unit / 10, ROUND_HALF_UP).quantize(unit, ROUND_HALF_UP)
    for printed in (cut, twice):
        row = parse_printed(str(printed))
        if printed == 0 and value < 0:
            continue
        assert row.agrees(float(value)) or is_rescued(row, float(value), float(value))


def test_the_next_print_is_not_rescued():
    assert not is_rescued(parse_printed("29.9"), 30.0, 30.0)
    assert is_rescued(parse_printed("29.9"), 29.97, 29.97)
    assert is_rescued(parse_printed("0.3303"), 0.3303999995, 0.3303999995)


@pytest.mark.parametrize(
    ("printed", "low", "high", "status"),
    [
        ("29.9", 29.94, 29.94, "agrees"),
        ("29.9", 29.97, 29.97, "suggests"),
        ("29.9", 30.2, 30.4, "contradicted"),
        ("~29.9", 30.2, 30.4, "open"),
        ("29.9", 20.0, float("inf"), "open"),
    ],
)
def test_judgement(printed, low, high, status):
    row = number("x", "mean", printed)
    assert judge(row, (), low, high, "").status == status


def test_values_are_shown_as_briefly_as_they_differ():
    assert shown(21.25, 21.25, 2) == "21.25"
    assert shown(21.24, 21.26, 2) == "21.24 to 21.26"
    assert shown_p(0.0000096, 3) == "below 0.00001"
    assert shown_p(0.0192, 3) == "0.01920"


@pytest.mark.parametrize(
    ("text", "low", "high", "slip"),
    [
        ("0.624", 0.3234, 0.3244, "one digit changed: 0.324"),
        ("17", 1.2, 2.3, "decimal mark moved: 1.7"),
        ("0.842", 0.4816, 0.4821, "digits exchanged: 0.482"),
        ("0.842", 0.8236, 0.8244, "digits exchanged: 0.824"),
        ("0.842", 0.5756, 0.5764, ""),
        ("45", 30.0, 40.0, ""),
        ("122.5", 12.45, 12.55, "a digit typed twice: 12.5"),
        ("1.5", 11.48, 11.52, "a digit lost: 11.5"),
        ("0.46", -0.47, -0.45, "sign lost or added: -0.46"),
        ("-3.1", -1.32, -1.28, "digits exchanged: -1.3"),
        ("45", 44.0, 46.0, ""),
        ("45", 2.0, float("inf"), ""),
    ],
)
def test_the_slip_that_leads_to_the_print_is_named(text, low, high, slip):
    assert likely_slip(number("x", "ci_low", text), low, high) == slip


def test_a_copied_number_is_named_with_its_place():
    above = number("above", "ci_low", "0.624", variable="sex", level="female vs male")
    row = number("x", "ci_low", "0.624")
    said = likely_slip(row, 0.3234, 0.3244, (row, above))
    assert said == "copied from sex, female vs male, 0.624"
    # Two digits are printed twice by chance.
    short = number("above", "ci_low", "0.62", variable="sex")
    assert likely_slip(number("x", "ci_low", "0.62"), 0.32, 0.33, (short,)).startswith("one digit")
