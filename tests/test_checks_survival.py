import itertools
import json
import math
from decimal import ROUND_HALF_UP
from pathlib import Path

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from printed_cohorts import printed
from scipy.stats import chi2
from small_registry import number, registry, statuses
from statsmodels.duration.hazard_regression import PHReg

from rairlib.checks.survival import (
    check_events_and_sensitivity,
    check_events_per_level,
    check_levels_without_events,
    check_logrank_beside_hazard_ratio,
    check_logrank_bound,
    check_logrank_p_value,
    check_median_survival,
    check_survival_events,
    check_survival_falls,
    check_survival_whole,
    compared_groups,
    events_per_level,
    largest_with_distinct_times,
    largest_with_tied_times,
    mean_range,
    time_in_months,
)

R_VALUES = json.loads(
    (Path(__file__).parent / "reference" / "ratios_roc_survival.json").read_text()
)
CHECKS = (
    check_events_per_level,
    check_events_and_sensitivity,
    check_survival_falls,
    check_survival_events,
    check_survival_whole,
    check_levels_without_events,
    check_logrank_p_value,
    check_median_survival,
    check_logrank_bound,
    check_logrank_beside_hazard_ratio,
)
VERSUS = "PD vs NPD"


def logrank(time, event, group):
    """Chi-squared of Mantel and Cox from its definition; NaN without variance."""
    excess = variance = 0.0
    for t in np.unique(time[event]):
        at_risk, failing = time >= t, (time == t) & event
        n, n1, d = at_risk.sum(), (at_risk & group).sum(), failing.sum()
        excess += (failing & group).sum() - d * n1 / n
        if n > 1:
            variance += d * n1 * (n - n1) * (n - d) / (n**2 * (n - 1))
    return excess**2 / variance if variance > 0 else math.nan


def sizes(everyone="169", events="40", spared="129"):
    return [
        number("n", "n", everyone, group="all"),
        number("n-pd", "n", events, group="PD", of="n", partition="outcome"),
        number("n-npd", "n", spared, group="NPD", of="n", partition="outcome"),
    ]


def groups(high="72", low="97"):
    return [
        number("n-high", "n", high, group="high", of="n", partition="risk"),
        number("n-low", "n", low, group="low", of="n", partition="risk"),
    ]


def levels(high="72", low="97", group="all", **fields):
    fields = {"variable": "avidity", "group": group} | fields
    return [
        number(f"lost-{group}", "count", high, level="lost", **fields),
        number(f"kept-{group}", "count", low, level="kept", **fields),
    ]


def hazard_ratio(estimate, low, high, limits="", **fields):
    fields = {"variable": "avidity", "level": "lost vs kept", "group": VERSUS} | fields
    fields = {"method": "univariable"} | fields
    rows = [number("hr", "hazard_ratio", estimate, **fields)]
    for name, text in (("ci_low", low), ("ci_high", high)):
        rows.append(number(name, name, text, of="hr", **(fields | {"method": limits})))
    return rows


def rate(text, group="all", level="60 months", **fields):
    fields = {"variable": "pfs", "unit": "%"} | fields
    return number(
        f"s-{group}-{level}", "survival_percent", text, group=group, level=level, **fields
    )


def logrank_rows(text, p="", group="high vs low", level=""):
    fields = {"variable": "pfs", "group": group, "level": level}
    rows = [number("chi", "logrank_chi_square", text, **fields)]
    return rows + ([number("p", "p_value", p, of="chi", **fields)] if p else [])


@pytest.mark.parametrize("case", R_VALUES["cox"], ids=lambda case: case["name"] + case["ties"])
def test_cox_fits_of_r_respect_every_bound(case):
    for error in (case["error"], case["adjusted_error"]):
        assert error >= math.sqrt(sum(1 / events for events in case["events"]))
        allowed = events_per_level(sum(case["events"]), error, *case["sizes"])
        for events, (low, high) in zip(case["events"], allowed, strict=True):
            assert low <= events <= high
    assert case["logrank"] < largest_with_distinct_times(case["events"][0], case["sizes"][1])
    assert case["one_year"] >= math.prod(case["one_year_by_level"])
    rates = [(rate, rate) for rate in case["one_year_by_level"]]
    mean = mean_range(rates, case["sizes"], sum(case["sizes"]))
    # Censoring moves the whole by less than two points here.
    assert mean[0] == pytest.approx(mean[1])
    assert case["one_year"] == pytest.approx(mean[0], abs=0.02)


def test_events_per_level_by_hand():
    # d (40 − d) ≥ 40 / 0.4174² = 229.6: 6 · 34 = 204 is too few, 7 · 33 = 231 enough.
    assert events_per_level(40, 0.4174, 72, 97) == ((7, 33), (7, 33))
    # With at most 15 patients in the level, at least 25 events lie in its reference.
    assert events_per_level(40, 0.4186, 15, 154) == ((7, 15), (10, 33))
    # √(4/40) = 0.3162 is the smallest error of all.
    assert events_per_level(40, 0.316, 72, 97) is None
    assert events_per_level(40, math.sqrt(0.1), 72, 97) == ((20, 20), (20, 20))


# ln(11.0 / 5.75) / 3.92 = 0.1655; 40 events have at least 0.3162. √(1/36 + 1/4) = 0.527, more than
# the interval's 0.417.
@pytest.mark.parametrize(
    ("low", "high", "limits", "events", "status", "text"),
    [
        ("3.511", "18.030", "", (), "agrees", "7 to 33 of the 40 events are in lost"),
        ("5.75", "11.0", "", (), "suggests", "No split of 40 events"),
        ("5.75", "11.0", "wald", (), "contradicted", "No split of 40 events"),
        ("3.511", "18.030", "wald", ("36", "4"), "contradicted", "36 and 4 events give 0.5270"),
    ],
)
def test_interval_bounds_the_events(low, high, limits, events, status, text):
    rows = [*sizes(), *levels(), *hazard_ratio("7.956", low, high, limits)]
    rows += levels(*events, "PD") if events else []
    (finding,) = check_events_per_level(registry(*rows))
    assert finding.status == status
    assert text in finding.text


def test_a_neighbour_whose_p_tells_the_level_explains_a_narrow_interval():
    # sqrt(1/20 + 1/20) = 0.316; ln(3.39/1.18) / 3.92 = 0.269, at 90 % over 3.29 it is 0.321.
    narrow = hazard_ratio("2.00", "1.18", "3.39")
    rows = [*sizes(), *levels(), *levels("20", "20", group="PD"), *narrow]
    # ln(2.05/1.10) / 3.29 = 0.189; ln 1.5 / 0.189 = 2.14, p = 0.032; at 95 % it would be 0.011.
    fields = {"variable": "age", "group": VERSUS}
    beside = [
        number("age", "hazard_ratio", "1.50", **fields),
        number("age-low", "ci_low", "1.10", of="age", **fields),
        number("age-high", "ci_high", "2.05", of="age", **fields),
        number("age-p", "p_value", "0.032", of="age", **fields),
    ]
    for more, reading in ((beside, "a 90 % interval"), (beside[:3], "")):
        (finding,) = check_events_per_level(registry(*rows, *more))
        assert (finding.status, finding.reading) == ("suggests", reading)


def test_the_assignment_of_printed_events_that_fits_is_named():
    # Grade I, II, III, unknown with 60, 26, 138, 153 events. SE of II against III 0.121 needs
    # 1/d1 + 1/d0 of 0.0146 at most: 26 and 138 have 0.0457, 153 and 138 have 0.0138.
    fields = {"variable": "grade", "method": "multivariable", "group": "event vs none"}
    estimates = {
        "I": ("0.45", "0.29", "0.69"),
        "II": ("0.61", "0.48", "0.77"),
        "unknown": ("1.38", "1.00", "1.90"),
    }
    events = {"I": "60", "II": "26", "III": "138", "unknown": "153"}
    rows = [
        number("n-event", "n", "377", group="event"),
        number("n-none", "n", "1907", group="none"),
        *(
            number(name, "count", text, variable="grade", level=name, group="event")
            for name, text in events.items()
        ),
    ]
    for level, texts in estimates.items():
        shared = fields | {"level": f"{level} vs III"}
        rows.append(number(f"hr-{level}", "hazard_ratio", texts[0], **shared))
        for name, text in zip(("ci_low", "ci_high"), texts[1:], strict=True):
            limit = shared | {"method": "wald exp", "of": f"hr-{level}"}
            rows.append(number(f"{name}-{level}", name, text, **limit))
    (finding,) = [f for f in check_events_per_level(registry(*rows)) if f.status != "agrees"]
    assert finding.status == "contradicted"
    assert finding.reading == "the printed events as I 26, II 153, unknown 60"
    assert finding.reading.removeprefix("the printed events ") in finding.text


def test_sensitivity_puts_events_where_the_interval_allows_none():
    # 33 of 40 positive: 33 and 7; the narrow interval asks for 17 to 23.
    rule = {"variable": "avidity", "level": "lost", "group": VERSUS, "unit": "%"}
    rows = [*sizes(), *hazard_ratio("5.660", "3.015", "10.627", "wald")]
    for printed_sensitivity, status in (("57.5", "agrees"), ("82.5", "contradicted")):
        sensitivity = number("sens", "sensitivity", printed_sensitivity, **rule)
        (finding,) = check_events_and_sensitivity(registry(*rows, sensitivity))
        assert finding.status == status


@pytest.mark.parametrize(
    ("text", "months"), [("60 months", 60), ("5 years", 60), ("5-year", 60), ("late", None)]
)
def test_times(text, months):
    assert time_in_months(text) == months


def test_a_rising_rate_is_contradicted():
    later = rate("78.6", level="5 years")
    (falling,) = check_survival_falls(registry(rate("86.3", level="36 months"), later))
    assert falling.status == "agrees"
    (rising,) = check_survival_falls(registry(rate("68.3", level="36 months"), later))
    assert rising.status == "contradicted"


def test_events_so_far_by_hand():
    # 169 · (1 − 0.7675) = 39.3: at most 39 of the 40 events by 60 months.
    rows = [*sizes(), *hazard_ratio("2.0", "1.0", "4.0"), rate("76.8")]
    (finding,) = check_survival_events(registry(*rows))
    assert "at most 39 events by then" in finding.text
    assert "at least 1 came later" in finding.text


# 97 patients: 96/97 = 98.97 %. 299/300 = 99.67 % prints 100.
@pytest.mark.parametrize(
    ("size", "text", "status", "told"),
    [
        ("97", "99.0", "agrees", "at most 1 events"),
        ("97", "100", "agrees", "no patient has had the event"),
        ("97", "99.4", "contradicted", "nothing lies between"),
        ("300", "100", "agrees", "at most 1 events"),
    ],
)
def test_nothing_lies_between_the_first_event_and_a_full_rate(size, text, status, told):
    (finding,) = check_survival_events(registry(*groups(low=size), rate(text, "low")))
    assert finding.status == status
    assert told in finding.text


def test_whole_below_the_product_of_its_parts_is_contradicted():
    # 0.90 · 0.60 = 0.54: the whole cannot have 45 %.
    rows = [*sizes(), *groups(), rate("90.0", "low"), rate("60.0", "high")]
    (wrong,) = check_survival_whole(registry(*rows, rate("45.0")))
    assert wrong.status == "contradicted"
    # (97 · 90 + 72 · 60) / 169 = 77.2 without censoring.
    (right,) = check_survival_whole(registry(*rows, rate("77.2")))
    assert right.status == "agrees"
    (moved,) = check_survival_whole(registry(*rows, rate("70.0")))
    assert moved.status == "open"


def test_mean_of_parts_with_unknown_sizes():
    # 169 of 97 + 80: the group at 52 % has 72 to 80 of them.
    low, high = mean_range([(1.0, 1.0), (0.52, 0.52)], [97, 80], 169)
    assert low == pytest.approx((89 + 80 * 0.52) / 169)
    assert high == pytest.approx((97 + 72 * 0.52) / 169)


def test_level_with_events_beside_a_group_without():
    # 169 · (1 − 0.7675) leaves 40 − 39 = 1 event for later; the level needs 7.
    rows = [*sizes(), *groups(), *levels(), *hazard_ratio("7.956", "3.511", "18.030")]
    (finding,) = check_levels_without_events(registry(*rows, rate("100", "low"), rate("76.8")))
    assert finding.status == "suggests"
    assert "at least 7 of 40 events in kept" in finding.text
    assert "leaves 1 for later" in finding.text
    (early,) = check_levels_without_events(registry(*rows, rate("100", "low"), rate("95.0")))
    assert early.status == "open"
    assert not check_levels_without_events(registry(*rows, rate("98.0", "low")))


def test_logrank_p_values():
    # χ² 3.84 has p 0.050 with 1 df and 0.147 with 2.
    right = check_logrank_p_value(registry(*logrank_rows("3.84", "0.050")))
    assert statuses(right) == {"p": "agrees"}
    three = logrank_rows("3.84", "0.050", level="a | b | c")
    assert statuses(check_logrank_p_value(registry(*three))) == {"p": "contradicted"}
    assert compared_groups(three[0]) == ("a", "b", "c")


def test_unnamed_groups_leave_logrank_p_open_unless_any_number_agrees():
    (strong,) = check_logrank_p_value(registry(*logrank_rows("74.84", "<0.001", "all")))
    assert (strong.status, strong.target, strong.uses) == ("agrees", "p", ("chi",))
    # Upper tails in closed form: erfc(√(x/2)) with 1 df; with 5 df √(2x/π) e^(-x/2) (1 + x/3) more.
    assert strong.low == pytest.approx(math.erfc(math.sqrt(74.845 / 2)), rel=1e-9)
    five = math.sqrt(2 * 74.835 / math.pi) * math.exp(-74.835 / 2) * (1 + 74.835 / 3)
    assert strong.high == pytest.approx(math.erfc(math.sqrt(74.835 / 2)) + five, rel=1e-9)
    (weak,) = check_logrank_p_value(registry(*logrank_rows("3.84", "0.050", "all")))
    assert weak.status == "open"


def test_logrank_bound_by_hand():
    # One event against 5 patients: (5/6)² / (5/36) = 5. Two: (5/6 + 5/7)² / (5/36 + 10/49).
    assert largest_with_distinct_times(1, 5) == pytest.approx(5)
    two = (5 / 6 + 5 / 7) ** 2 / (5 / 36 + 10 / 49)
    assert largest_with_distinct_times(2, 5) == pytest.approx(two)
    # 3 + (4 − 1)(1 + 1/2 + 1/3).
    assert largest_with_tied_times(3, 4) == pytest.approx(8.5)


def largest_statistic(bound, event, group):
    """Bound the statistic of a cohort, whichever group has the excess of events."""
    first, second = int((event & group).sum()), int((event & ~group).sum())
    return max(bound(first, (~group).sum()), bound(second, group.sum())) + 1e-9


@pytest.mark.parametrize(("in_group", "others"), [(1, 4), (2, 3), (3, 3), (4, 2)])
def test_logrank_bound_holds_for_every_small_cohort_with_distinct_times(in_group, others):
    time = np.arange(in_group + others)
    for members in itertools.combinations(time, in_group):
        group = np.isin(time, members)
        for flags in itertools.product((False, True), repeat=len(time)):
            event = np.array(flags)
            bound = largest_statistic(largest_with_distinct_times, event, group)
            assert not logrank(time, event, group) > bound


@pytest.mark.parametrize(("in_group", "others"), [(1, 3), (2, 2), (3, 2)])
def test_logrank_bound_holds_for_every_small_cohort_with_ties(in_group, others):
    group = np.arange(in_group + others) < in_group
    states = list(itertools.product((1, 2, 3), (False, True)))
    for chosen in itertools.product(states, repeat=len(group)):
        time, event = (np.array(column) for column in zip(*chosen, strict=True))
        bound = largest_statistic(largest_with_tied_times, event, group)
        assert not logrank(time, event, group) > bound


def test_impossible_logrank_statistic():
    # 6 events against 10 patients: at most 6 + 9 · 2.45 = 28.05, whatever the ties.
    rows = [*sizes("20", "6", "14"), *groups("10", "10"), *hazard_ratio("2", "0.4", "10")]
    (possible,) = check_logrank_bound(registry(*rows, *logrank_rows("7.84")))
    assert possible.status in ("agrees", "open")
    (impossible,) = check_logrank_bound(registry(*rows, *logrank_rows("48.7")))
    assert impossible.status == "contradicted"
    assert "28.1 with any ties" in impossible.text


def test_avidity_split_of_wang_is_not_that_of_its_figure():
    # By hand: h = 7.956, SE = ln(18.030/3.511)/3.92 = 0.4174: (h - 1)²/(h SE²) = 48.39/1.386 =
    # 34.91, and 34.92 with every digit rounded in favour; the figure's is 60.01.
    rows = [*sizes(), *groups(), *levels(), *hazard_ratio("7.956", "3.511", "18.030")]
    (other,) = check_logrank_beside_hazard_ratio(registry(*rows, *logrank_rows("60.01")))
    assert other.status == "suggests"
    assert "at most 34.9," in other.text
    (same,) = check_logrank_beside_hazard_ratio(registry(*rows, *logrank_rows("31.2")))
    assert same.status == "open"


def simulated_study(seed):
    """Print a simulated cohort: Cox, log-rank, rates, counts, all from fits that are not ours."""
    rng = np.random.default_rng(seed)
    n, effect = int(rng.integers(60, 200)), rng.normal(0, 1)
    group = rng.random(n) < rng.uniform(0.3, 0.7)
    true_time = rng.exponential(60 * np.exp(-effect * group))
    censoring = rng.uniform(12, 150, n)
    event, time = true_time <= censoring, np.minimum(true_time, censoring)
    fit = PHReg(time, group.astype(float)[:, None], status=event.astype(int)).fit()
    b, s = float(fit.params[0]), float(fit.bse[0])
    texts = [printed(math.exp(b + z * s), 3, ROUND_HALF_UP) for z in (0, -1.959964, 1.959964)]
    statistic = logrank(time, event, group)
    p = chi2.sf(statistic, 1)
    high, low = str(group.sum()), str((~group).sum())
    rows = [
        *sizes(str(n), str(event.sum()), str((~event).sum())),
        *groups(high, low),
        *levels(high, low),
        *hazard_ratio(*texts, "wald"),
        *logrank_rows(printed(statistic, 2, ROUND_HALF_UP), printed(p, 3, ROUND_HALF_UP)),
    ]
    if seed % 2:
        rows += levels(str((event & group).sum()), str((event & ~group).sum()), "PD")
    for name, members in (("all", group | True), ("high", group), ("low", ~group)):
        curve = KaplanMeierFitter().fit(time[members], event[members])
        for months in (12, 36, 60):
            text = printed(100 * float(curve.predict(months)), 1, ROUND_HALF_UP)
            rows.append(rate(text, name, f"{months} months"))
    return registry(*rows)


@pytest.mark.parametrize("seed", range(12))
def test_a_true_survival_study_is_never_doubted(seed):
    findings = [finding for check in CHECKS for finding in check(simulated_study(seed))]
    assert {finding.status for finding in findings} <= {"agrees", "open"}
    assert len(findings) > 20


def curve(median: str, unit: str = "months", group: str = "all"):
    row = number("median", "median_survival", median, variable="os", group=group, unit=unit)
    rates = [
        number(
            f"s{years}",
            "survival_percent",
            rate,
            variable="os",
            level=f"{years} years",
            group="all",
            unit="%",
        )
        for years, rate in ((1, "80.0"), (2, "55.0"), (3, "45.0"))
    ]
    return row, *rates


@pytest.mark.parametrize(
    ("median", "unit", "wrong"),
    [("30", "months", 0), ("2.5", "years", 0), ("18", "months", 1), ("48", "months", 1)],
)
def test_median_survival_lies_where_the_curve_crosses_one_half(median, unit, wrong):
    found = check_median_survival(registry(*curve(median, unit)))
    assert [finding.status for finding in found].count("contradicted") == wrong
    assert len(found) == 3


def test_median_beside_a_rate_of_one_half_is_left_open():
    rows = (
        curve("30")[0],
        number("s", "survival_percent", "50", variable="os", level="1 year", group="all", unit="%"),
    )
    assert [finding.status for finding in check_median_survival(registry(*rows))] == ["open"]


@pytest.mark.parametrize(("median", "status"), [("24", "agrees"), ("40", "suggests")])
def test_median_of_a_whole_lies_between_those_of_its_parts(median, status):
    rows = [
        number("n", "n", "90", group="all"),
        *(number(f"n-{name}", "n", "45", group=name, of="n", partition="g") for name in "ab"),
        *(
            number(
                f"m-{name}", "median_survival", printed, variable="os", group=name, unit="months"
            )
            for name, printed in (("a", "12"), ("b", "36"), ("all", median))
        ),
    ]
    assert [f.status for f in check_median_survival(registry(*rows))] == [status]


@pytest.mark.parametrize("seed", range(5))
def test_median_of_a_fitted_curve_is_never_doubted(seed):
    rng = np.random.default_rng(seed)
    time, event = rng.exponential(20, 60), rng.random(60) < 0.8
    fit = KaplanMeierFitter().fit(time, event)
    rows = [
        number(
            f"s{t}",
            "survival_percent",
            f"{100 * float(fit.predict(t)):.1f}",
            variable="os",
            level=f"{t} months",
            group="all",
            unit="%",
        )
        for t in (6, 12, 18, 24)
    ]
    median = f"{fit.median_survival_time_:.1f}"
    rows.append(number("m", "median_survival", median, variable="os", group="all", unit="months"))
    found = check_median_survival(registry(*rows))
    assert len(found) == 4
    assert {finding.status for finding in found} <= {"agrees", "open"}
