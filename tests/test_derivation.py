"""Numbers are derived from established ones, never in a circle."""

import math

import pytest
from small_registry import number, registry

from rairlib.checks.catalogue import CHECKS, INDEPENDENT, POSSIBILITY
from rairlib.checks.findings import Finding
from rairlib.verdicts.derivation import by_target, derive, is_third_of_interval, proof_against

INTERVAL = ("auc", "low", "high")
GIVEN = ("anchor", "held_out", "design", "unavailable")


def finding(target, *uses, check="sums", status="agrees", low=1.0, high=1.0):
    return Finding(
        check=check, status=status, target=target, uses=uses, low=low, high=high, text="1 = 1"
    )


def derived(rows, *findings):
    return derive(registry(*rows), by_target(findings))


def roles(**by_identifier):
    return [number(name, "count", "1", role=role) for name, role in by_identifier.items()]


def test_derivable_number_follows_from_anchors():
    found = derived(roles(a="anchor", b="derivable"), finding("b", "a", low=0.9, high=1.1))
    assert list(found) == ["b"]
    assert (found["b"].evidence, found["b"].low, found["b"].high) == ("arithmetic", 0.9, 1.1)
    assert math.isnan(found["b"].value)


@pytest.mark.parametrize(
    "circle",
    [
        [("a", "b"), ("b", "a")],
        [("a", "b", "d"), ("b", "c", "d"), ("c", "a", "d")],
        [("a", "a")],
        [("a",)],  # from nothing
    ],
)
def test_nothing_is_derived_in_a_circle_or_from_nothing(circle):
    rows = roles(a="derivable", b="derivable", c="derivable", d="anchor")
    assert derived(rows, *(finding(*names) for names in circle)) == {}


def test_loop_with_a_foothold_is_derived_from_there():
    rows = roles(a="derivable", b="derivable", c="derivable", d="anchor")
    loop = [finding("a", "b"), finding("b", "c"), finding("c", "a")]
    assert set(derived(rows, *loop, finding("c", "d"))) == {"a", "b", "c"}


def test_chain_is_followed_whatever_the_order_of_rows():
    rows = roles(c="derivable", b="derivable", a="held_out")
    assert set(derived(rows, finding("c", "b"), finding("b", "a"))) == {"b", "c"}


@pytest.mark.parametrize("role", GIVEN)
def test_only_derivable_numbers_are_derived(role):
    assert derived(roles(a="anchor", b=role), finding("b", "a")) == {}


@pytest.mark.parametrize("check", sorted(POSSIBILITY))
def test_being_possible_is_not_being_derived(check):
    assert derived(roles(a="anchor", b="derivable"), finding("b", "a", check=check)) == {}


def test_possibility_checks_stand_in_the_catalogue():
    assert {check.name for check in CHECKS} >= POSSIBILITY


def test_open_findings_and_findings_without_limits_derive_nothing():
    rows = roles(a="anchor", b="derivable")
    assert derived(rows, finding("b", "a", status="open")) == {}
    assert derived(rows, finding("b", "a", low=math.nan, high=math.nan)) == {}


def test_repeats_are_neither_derived_nor_support():
    rows = [
        *roles(a="anchor", b="derivable"),
        number("again", "count", "1", repeats="a", role="anchor"),
        number("b-again", "count", "1", repeats="b", role="derivable"),
    ]
    assert derived(rows, finding("b", "again"), finding("b-again", "a")) == {}


@pytest.mark.parametrize(
    ("role", "target", "use", "status", "refuted"),
    [
        ("derivable", "b", "a", "contradicted", True),
        ("derivable", "a", "b", "contradicted", False),
        *((role, "b", "a", "contradicted", True) for role in GIVEN),
        *(("derivable", "b", "a", status, False) for status in ("agrees", "suggests", "open")),
    ],
)
def test_contradiction_goes_to_the_derivable_number_else_to_the_one_recomputed(
    role, target, use, status, refuted
):
    stated = registry(*roles(a="anchor", b=role))
    proof = finding(target, use, status=status, low=2, high=2)
    assert (proof_against(stated[target], [proof], stated) == proof) is refuted


def test_findings_about_a_set_belong_to_no_number():
    assert by_target([finding(""), finding("a", "b")]) == {"a": [finding("a", "b")]}


# --- tests apart from bookkeeping ----------------------------------------------------------------


def test_independent_checks_are_in_the_catalogue_and_compute_a_value():
    assert set(INDEPENDENT) <= {check.name for check in CHECKS} - set(POSSIBILITY)


def test_statistic_from_counts_is_a_test_and_its_own_p_value_is_none():
    rows = [
        number("x", "chi_square", "3.97", role="derivable"),
        number("p", "p_value", "0.046", role="derivable"),
        number("a", "count", "5"),
    ]
    found = derived(
        rows,
        finding("x", "a", check="chi_square_from_counts"),
        finding("p", "a", check="p_from_counts"),
        finding("p", "x", check="p_from_chi_square"),
    )
    assert (found["x"].test, found["p"].test) == ("independent", "bookkeeping")


def test_p_value_from_counts_is_a_test_where_no_statistic_is_printed():
    rows = [number("p", "p_value", "0.046", role="derivable"), number("a", "count", "5")]
    assert derived(rows, finding("p", "a", check="p_from_counts"))["p"].test == "independent"


@pytest.mark.parametrize("check", ["partition_sums", "percent_of_count", "wald_p_value"])
def test_sums_shares_and_p_values_of_an_interval_are_bookkeeping(check):
    found = derived(roles(a="anchor", b="derivable"), finding("b", "a", check=check))
    assert found["b"].test == "bookkeeping"


@pytest.mark.parametrize(
    ("other", "test"), [("count", "bookkeeping"), ("sensitivity", "independent")]
)
def test_share_of_its_own_count_is_bookkeeping_and_a_share_of_another_is_a_test(other, test):
    rows = [
        number("spec", "specificity", "75.9", role="derivable"),
        number("a", other, "14"),
        number("n", "n", "58"),
    ]
    assert derived(rows, finding("spec", "a", "n", check="rule_counts"))["spec"].test == test


@pytest.mark.parametrize(
    ("held_out", "third"),
    [("low high", "high"), ("auc low high", "high"), ("auc high", "high"), ("low", "low")],
)
def test_the_last_held_out_number_of_an_interval_is_its_mirror_image(held_out, third):
    role = {name: "held_out" if name in held_out.split() else "anchor" for name in INTERVAL}
    stated = registry(
        number("auc", "auc", "0.7", role=role["auc"]),
        number("low", "ci_low", "0.6", of="auc", role=role["low"]),
        number("high", "ci_high", "0.8", of="auc", role=role["high"]),
    )
    assert [name for name in INTERVAL if is_third_of_interval(stated[name], stated)] == [third]


def test_estimate_without_limits_is_no_mirror_image():
    stated = registry(number("auc", "auc", "0.7", role="held_out"))
    assert not is_third_of_interval(stated["auc"], stated)
