import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from small_registry import number, registry, statuses, two_groups

from rairlib.checks.catalogue import POSSIBILITY
from rairlib.checks.rank_tests import (
    auc_limits,
    check_auc_from_u,
    check_p_from_u,
    check_u_in_range,
    half_integers,
    largest_p,
    mann_whitney_p,
    smallest_p,
    u_distance,
)
from rairlib.registry.agreement import between, verdict_of
from rairlib.registry.printed import parse_printed

R_VALUES = json.loads((Path(__file__).parent / "reference" / "checks_on_print.json").read_text())[
    "ranks"
]


def study(u: str, p: str = "", n_cases: str = "80", n_controls: str = "97"):
    rows = [*two_groups(n_cases, n_controls, "177")]
    group = "cases vs controls"
    rows.append(number("u", "u_statistic", u, variable="tg", group=group))
    if p:
        rows.append(number("p", "p_value", p, variable="tg", group=group, of="u"))
    return registry(*rows)


def test_p_without_ties_equals_that_of_r():
    n1, n2 = R_VALUES["sizes"]
    distance = u_distance((R_VALUES["u"], R_VALUES["u"]), n1, n2)[0]
    assert mann_whitney_p(distance, n1, n2) == pytest.approx(R_VALUES["p"], rel=1e-9)
    corrected = mann_whitney_p(distance, n1, n2, correction=True)
    assert corrected == pytest.approx(R_VALUES["corrected"], rel=1e-9)


tied = st.lists(st.integers(0, 5), min_size=3, max_size=30)


@given(tied, tied, st.booleans())
def test_ties_never_lead_beyond_the_limits(first, second, correction):
    if len({*first, *second}) == 1:
        return
    result = stats.mannwhitneyu(first, second, method="asymptotic", use_continuity=correction)
    n1, n2 = len(first), len(second)
    distance = u_distance((result.statistic, result.statistic), n1, n2)[0]
    assert result.pvalue <= largest_p(distance, n1, n2) + 1e-9
    assert result.pvalue >= smallest_p(n1, n2) - 1e-9 or correction


def test_both_us_are_equally_far_from_the_centre():
    assert u_distance((2874, 2874), 80, 97) == u_distance((7760 - 2874, 7760 - 2874), 80, 97)


def test_p_follows_from_u():
    # z = (2874 − 3880)/√(80 · 97 · 178/12) = −2.965: p = 0.00303; (1006 − 0.5)/339.27 = 2.9637.
    (finding,) = check_p_from_u(study("2874.0", "0.003"))
    assert (finding.status, finding.target) == ("agrees", "p")
    assert "gives p 0.00303 without ties, which can only lower it" in finding.text
    # Ties are not printed: p lies between that of z = √176 and that of a corrected z.
    assert finding.high == pytest.approx(0.003040, abs=1e-6)
    assert finding.low == pytest.approx(math.erfc(math.sqrt(88)), rel=1e-9)


def test_p_of_a_printed_u_is_compatible_or_under_a_limit_reproduced():
    for printed, verdict in (("0.003", "compatible"), ("<0.01", "reproduced")):
        stated = study("2874.0", printed)
        (finding,) = check_p_from_u(stated)
        found = between("arithmetic", finding.low, finding.high, finding.text)
        assert verdict_of(stated["p"], found) == verdict
    assert "p_from_u" not in POSSIBILITY


def test_p_below_needs_ties_and_is_open():
    (finding,) = check_p_from_u(study("2874.0", "0.001"))
    assert finding.status == "open"
    # (2.965/3.264)² = 0.825 with z for 0.0015 − the largest p that prints 0.001 − of 3.175: 0.872.
    assert "by 12.8 % or more" in finding.text


def test_continuity_correction_is_suggested():
    # Without correction 0.12124…, with it 0.12151…: 0.1215 is the latter.
    first, second = (mann_whitney_p(519.5, 80, 97, correction=c) for c in (False, True))
    assert f"{first:.4f}" != f"{second:.4f}"
    found = check_p_from_u(study("3360.5", f"{second:.4f}"))
    assert statuses(found) == {"p": "suggests"}


def test_p_beyond_what_ties_can_do():
    rows = study("2874.0", "0.030")
    values = [
        number(f"values-{row.id}", "n", row.printed, variable=rows["u"].variable, group=row.group)
        for row in rows.where("n")
        if row.group in rows["u"].group.split(" vs ")
    ]
    assert statuses(check_p_from_u(registry(*rows, *values))) == {"p": "contradicted"}
    # U is 666 below 73 × 97 / 2, less one half: z = 666/317.65 = 2.097, p 0.036, which ties lower;
    # 74 × 97 has z 2.228 and p 0.026, which they cannot raise.
    (finding,) = check_p_from_u(rows)
    assert finding.status == "suggests"
    assert "With 73 and 97 values it would fit." in finding.text
    # 2 and 30 patients: z cannot exceed √31 = 5.57, p not fall below 2.6e-8. But so small a group
    # may have an exact p: only suggested.
    small = study("0", "0.000000001", n_cases="2", n_controls="30")
    assert statuses(check_p_from_u(small)) == {"p": "suggests"}


@pytest.mark.parametrize(
    ("u", "status", "words"),
    [
        ("2874.0", "agrees", "is possible."),
        # The larger of the two U is named as such.
        ("4886", "agrees", "larger of the two"),
        # 80 × 97 = 7760 pairs.
        ("8274.0", "contradicted", "more than there are"),
        ("2874.3", "contradicted", "neither a whole nor a half number"),
    ],
)
def test_u_counts_pairs_and_halves(u, status, words):
    (finding,) = check_u_in_range(study(u))
    assert (finding.status, finding.target) == (status, "u" * (status != "agrees"))
    assert words in finding.text


def test_u_counts_halves():
    assert list(half_integers(parse_printed("2874.5"))) == [5749]
    assert not half_integers(parse_printed("2874.3"))


def test_u_is_a_roc_area():
    # 2874/7760 = 0.3704, and 0.6296 the other way round.
    (first, second) = auc_limits((2874, 2874), 80, 97)
    assert first[0] == pytest.approx(0.37036, abs=1e-5)
    assert second[0] == pytest.approx(0.62964, abs=1e-5)
    group = "cases vs controls"
    for printed, status in (("0.630", "agrees"), ("0.370", "agrees"), ("0.760", "suggests")):
        area = number("auc", "auc", printed, variable="tg", group=group)
        rows = registry(*study("2874.0"), area)
        assert statuses(check_auc_from_u(rows)) == {"auc": status}


def test_an_area_may_be_that_of_fewer_values():
    # 808.5 of 31 * 56 pairs is 0.466, of 30 * 55 0.490; 0.750 takes 1078 pairs, 22 * 49.
    rows = two_groups("31", "56", "87")
    u = number("u", "u_statistic", "808.5", variable="tg", group="cases vs controls")
    for printed, ending in (
        ("0.490", "Values may be missing."),
        ("0.750", "Many values would be missing."),
    ):
        area = number("auc", "auc", printed, variable="tg", group="cases vs controls")
        (finding,) = check_auc_from_u(registry(*rows, u, area))
        assert finding.status == "suggests"
        assert finding.text.endswith(ending)
