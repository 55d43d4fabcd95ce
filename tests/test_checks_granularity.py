import itertools
import statistics
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_registry import number, registry, statuses

from rairlib.checks.means import (
    check_grim,
    check_grimmer,
    check_median_step,
    fewer_values,
    grim_share,
    grim_sums,
    grimmer_possible,
    grimmer_squares,
)
from rairlib.registry.printed import format_value, parse_printed


def summary(mean: str, sd: str, n: str, step: str = "1"):
    return registry(
        number("n", "n", n, group="all"),
        number("mean", "mean", mean, variable="age", group="all", step=step),
        number("sd", "sd", sd, variable="age", group="all", step=step),
    )


@pytest.mark.parametrize(
    ("mean", "n", "step", "sums"),
    [
        # 53.055 × 32 = 1697.76 to 53.065 × 32 = 1698.08.
        ("53.06", 32, "1", [1698]),
        # Brown and Heathers 2017: 28 whole numbers cannot have the mean 5.19, for 145/28 = 5.18
        # and 146/28 = 5.21.
        ("5.19", 28, "1", []),
        ("5.18", 28, "1", [145]),
        # 2.05 in 2 values of one decimal: 4.1 = 41 tenths.
        ("2.05", 2, "0.1", [41]),
        # 5/8 = 0.625, a tie that may round either way.
        ("0.62", 8, "1", [5]),
        ("0.63", 8, "1", [5]),
    ],
)
def test_sums_behind_a_mean(mean, n, step, sums):
    assert list(grim_sums(parse_printed(mean), n, Fraction(step))) == sums


def test_power_of_grim_is_the_share_of_possible_prints():
    assert grim_share(2, 32, Fraction(1)) == 0.32
    possible = sum(
        bool(grim_sums(parse_printed(f"40.{digits:02d}"), 7, Fraction(1))) for digits in range(100)
    )
    assert possible == 7
    assert grim_share(2, 7, Fraction(1)) == 0.07


def test_impossible_mean_is_contradicted_with_its_neighbours():
    # 53.05 × 32 = 1697.6: 1697/32 = 53.0313 and 1698/32 = 53.0625; cutting 53.0625 off gives 53.06.
    known = number("values", "n", "32", variable="age", group="all", of="n")
    (finding,) = check_grim(registry(*summary("53.05", "14.1", "32"), known))
    assert (finding.status, finding.target) == ("contradicted", "mean")
    assert "1697/32 = 53.0313 and 1698/32 = 53.0625" in finding.text


def test_a_mean_that_fewer_values_give_is_a_doubt_that_names_how_many():
    # 1167/22 = 53.0455; from 23 to 31 values no sum gives 53.05.
    (finding,) = check_grim(summary("53.05", "14.1", "32"))
    assert finding.status == "suggests"
    assert "With 22 values it would be possible. Values may be missing." in finding.text


@pytest.mark.parametrize(
    ("mean", "n", "status"),
    [
        # 1703/32 = 53.21875 is printed 53.22 rounded, 53.21 cut off.
        ("53.21", "32", "suggests"),
        # 7/28 = 0.25 is not cut off to 0.24, 6/28 = 0.2143 not rounded up to it: but 6/25 is 0.24.
        ("0.24", "28", "suggests"),
        # 1/4, 1/5, 1/6 and 2/7 are 0.25, 0.20, 0.17 and 0.29.
        ("0.24", "7", "contradicted"),
        # Large groups leave no power.
        ("39.36", "122", "open"),
    ],
)
def test_a_mean_may_be_cut_off_or_of_too_many(mean, n, status):
    assert [finding.status for finding in check_grim(summary(mean, "14.1", n))] == [status]


def test_no_step_no_test():
    assert check_grim(summary("53.05", "14.1", "32", step="")) == []


def test_size_named_by_the_mean_comes_before_that_of_its_group():
    # 53.05 is no mean of 32 whole numbers, but of 20 (1061).
    rows = registry(
        number("n", "n", "32", group="all"),
        number("measured", "count", "20", variable="age", level="known", group="all", of="n"),
        number("mean", "mean", "53.05", variable="age", group="all", step="1", of="measured"),
    )
    assert [finding.status for finding in check_grim(rows)] == ["agrees"]


def test_sums_of_squares_have_the_parity_of_the_sum():
    squares = grimmer_squares((Fraction(1), Fraction(2)), 10, 5)
    assert all(value % 2 == 0 for value in squares)
    # Sum 10, n 5: SS = 4 SD² + 20 from 24 to 36.
    assert list(squares) == [24, 26, 28, 30, 32, 34, 36]


@pytest.mark.parametrize("n", [3, 4, 5])
def test_grimmer_forbids_no_sample_that_exists(n):
    for values in itertools.combinations_with_replacement(range(7), n):
        mean = parse_printed(format_value(statistics.mean(values), 2))
        sd = parse_printed(format_value(statistics.stdev(values), 2))
        assert grimmer_possible(mean, sd, n, Fraction(1)), values


def test_grimmer_forbids_most_sds_that_no_sample_has():
    # Every sample of 5 whole numbers with mean 3.40 and an SD below 3.5 lies within ±8 of it.
    existing = {
        format_value(statistics.stdev(values), 2)
        for values in itertools.combinations_with_replacement(range(-5, 12), 5)
        if sum(values) == 17
    }
    mean = parse_printed("3.40")
    allowed = {
        f"{hundredth / 100:.2f}"
        for hundredth in range(350)
        if grimmer_possible(mean, parse_printed(f"{hundredth / 100:.2f}"), 5, Fraction(1))
    }
    assert allowed - existing == set()


@given(st.lists(st.integers(18, 90), min_size=2, max_size=60), st.integers(1, 4), st.integers(1, 4))
def test_no_real_sample_is_contradicted(ages, mean_decimals, sd_decimals):
    rows = summary(
        format_value(statistics.mean(ages), mean_decimals),
        format_value(statistics.stdev(ages), sd_decimals),
        str(len(ages)),
    )
    assert not statuses(check_grim(rows) + check_grimmer(rows))


def test_impossible_sd_is_contradicted():
    # 40.688 in 32 is the sum 1302 (even). An SD of 22.4979 means a sum of squares of
    # 31 × 22.4979² + 1302²/32 = 68665.96…, possible as 68666; 22.4997 gives 68668.47, and the
    # neighbours 68668 (22.49968…) and 68670 print 22.4993 and 22.5008.
    assert [f.status for f in check_grimmer(summary("40.688", "22.4979", "32"))] == ["agrees"]
    findings = check_grimmer(summary("40.688", "22.4997", "32"))
    assert statuses(findings) == {"sd": "contradicted"}


@pytest.mark.parametrize(
    ("mean", "sd", "n", "status"),
    [
        # 1, 2, 4: SD 1.5275 with n − 1, 1.2472 with n.
        ("2.333", "1.2472", "3", "suggests"),
        # An impossible mean leaves the SD open.
        ("53.05", "14.1", "32", "open"),
    ],
)
def test_an_sd_with_n_is_suggested_and_beside_an_impossible_mean_open(mean, sd, n, status):
    (finding,) = check_grimmer(summary(mean, sd, n))
    reading = "SD with n instead of n − 1" * (status == "suggests")
    assert (finding.status, finding.reading) == (status, reading)


def test_a_third_may_be_written_with_three_digits():
    # The mean of three items: 193/60 = 3.2167 in 20 patients.
    rows = registry(
        number("n", "n", "20", group="all"),
        number("mean", "mean", "3.22", variable="scale", group="all", step="0.333"),
    )
    assert [finding.status for finding in check_grim(rows)] == ["agrees"]


@pytest.mark.parametrize(
    ("printed", "n", "step", "status"),
    [
        ("45", "21", "1", "agrees"),
        ("45.5", "20", "1", "agrees"),
        ("45.5", "21", "1", "suggests"),
        ("45.3", "4", "1", "contradicted"),
        ("45.3", "5", "0.1", "agrees"),
    ],
)
def test_a_median_lies_on_a_measurement_or_between_two(printed, n, step, status):
    rows = registry(
        number("n", "n", n, group="all"),
        number("median", "median", printed, variable="age", group="all", step=step),
    )
    assert [finding.status for finding in check_median_step(rows)] == [status]


@pytest.mark.parametrize(
    ("mean", "step", "status"),
    # 193/60 and 67/20 are means of 20 answers to 3 items; 3.25 (195/60) too, 3.24 is none.
    [
        ("3.22", "0.333", "agrees"),
        ("3.22", "0.33", "agrees"),
        ("3.35", "0.33", "agrees"),
        ("3.24", "0.333", "contradicted"),
        ("3.24", "0.33", "contradicted"),
    ],
)
def test_mean_of_a_scale_of_three_items(mean, step, status):
    rows = [
        number("n", "n", "20", group="all"),
        number("own", "n", "20", group="all", variable="scale", of="n"),
        number("mean", "mean", mean, variable="scale", group="all", step=step),
    ]
    assert [finding.status for finding in check_grim(registry(*rows))] == [status]


def test_sd_of_a_scale_of_three_items():
    # Of 4 patients with 3 items, 1, 2, 2 and 3 have an SD of 0.816; 0.82 is possible, 0.80 is not.
    for sd, status in (("0.82", "agrees"), ("0.80", "contradicted")):
        rows = [
            number("n", "n", "4", group="all"),
            number("own", "n", "4", group="all", variable="scale", of="n"),
            number("mean", "mean", "2.00", variable="scale", group="all", step="0.333"),
            number("sd", "sd", sd, variable="scale", group="all", step="0.333"),
        ]
        assert [finding.status for finding in check_grimmer(registry(*rows))] == [status], sd


def test_a_median_of_fewer_values_names_how_many():
    rows = registry(
        number("n", "n", "21", group="all"),
        number("median", "median", "45.5", variable="age", group="all", step="1"),
    )
    (finding,) = check_median_step(rows)
    assert (finding.status, finding.reading) == ("suggests", "20 values")
    assert finding.text.endswith("With 20 values it would be possible. Values may be missing.")


def test_not_all_sizes_of_a_register_are_tried():
    tried = []
    assert fewer_values(range(1, 1_000_001), 1_000_000, lambda m: tried.append(m)) is None
    assert (max(tried), len(tried)) == (999_999, 10_000)
    tried.clear()
    # Of a clinic's group, all down to half.
    assert fewer_values(range(1, 101), 100, lambda m: tried.append(m)) is None
    assert (max(tried), min(tried)) == (99, 50)
