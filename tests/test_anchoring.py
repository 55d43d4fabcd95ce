"""Whole numbers with a printed mean and SD, against enumerations and arithmetic by hand."""

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from rairlib.cohorts.whole_numbers import AnchorError, draw_integers, integer_moments
from rairlib.registry.printed import format_value, parse_printed


def test_printed_mean_and_sd_fix_sum_and_sum_of_squares():
    # Ages 1, 2, 3, 6: sum 12, squares 1 + 4 + 9 + 36 = 50, variance (50 - 144/4) / 3 = 14/3,
    # SD 2.1602. Sums of squares 48 and 52 (parity!) would give SDs 2.0000 and 2.3094.
    moments = integer_moments(4, parse_printed("3.00"), parse_printed("2.16"))
    assert (moments.sums, moments.squares) == ((12,), (50,))


def test_coarse_print_leaves_several_pairs():
    # SD 2 stands for 1.5 to 2.5: 3 s² is 6.75 to 18.75 around 36, so 43 to 54, even ones alone.
    moments = integer_moments(4, parse_printed("3.00"), parse_printed("2"))
    assert moments.squares == (44, 46, 48, 50, 52, 54)


def test_impossible_mean_is_told_in_one_line():
    # 5.19 * 28 = 145.32: no whole sum gives 5.19 (Brown and Heathers 2017).
    with pytest.raises(AnchorError, match=r"^no 28 whole numbers have mean 5\.19 and SD 1\.00$"):
        integer_moments(28, parse_printed("5.19"), parse_printed("1.00"))


def test_every_vector_is_equally_likely():
    low, high, total, squares = [0] * 4, [6] * 4, 12, 50
    every = [
        vector
        for vector in itertools.product(range(7), repeat=4)
        if sum(vector) == total and sum(value**2 for value in vector) == squares
    ]
    moments = integer_moments(4, parse_printed("3.00"), parse_printed("2.16"))
    assert (moments.sums, moments.squares) == ((total,), (squares,))
    rng = np.random.default_rng(1)
    assert len(every) > 40
    drawn = Counter(
        tuple(draw_integers(moments, low, high, rng).tolist()) for _ in range(100 * len(every))
    )
    assert set(drawn) == set(every)
    assert chisquare([drawn[vector] for vector in every]).pvalue > 1e-3


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 90), min_size=5, max_size=40), st.integers(0, 1000))
def test_draws_print_as_the_data_they_were_anchored_on(values, seed):
    mean = parse_printed(format_value(float(np.mean(values)), 2))
    sd = parse_printed(format_value(float(np.std(values, ddof=1)), 3))
    moments = integer_moments(len(values), mean, sd)
    limits = [0] * len(values), [90] * len(values)
    drawn = draw_integers(moments, *limits, np.random.default_rng(seed))
    assert mean.agrees(drawn.mean())
    assert sd.agrees(drawn.std(ddof=1))
    assert drawn.min() >= 0
    assert drawn.max() <= 90


def test_limits_that_cannot_hold_the_sum_are_told():
    moments = integer_moments(4, parse_printed("3.00"), parse_printed("2.16"))
    with pytest.raises(AnchorError, match="a sum of 12 is out of reach: the limits allow 0 to 8"):
        draw_integers(moments, [0] * 4, [2] * 4, np.random.default_rng(1))


def test_same_seed_same_draw():
    moments = integer_moments(32, parse_printed("53.06"), parse_printed("14.128"))
    first, second = (
        draw_integers(moments, [17] * 32, [77] * 32, np.random.default_rng(5)) for _ in range(2)
    )
    assert first.tolist() == second.tolist()
