"""Numbers are derived from established ones, never in a circle."""

import math

import pytest
from small_registry import number, registry

from rairlib.checks.catalogue import CHECKS, POSSIBILITY
from rairlib.derivation import by_target, derive, proof_against
from rairlib.findings import Finding


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


def test_two_numbers_that_only_support_each_other_are_not_derived():
    rows = roles(a="derivable", b="derivable")
    assert derived(rows, finding("a", "b"), finding("b", "a")) == {}


def test_longer_loop_is_not_derived_either():
    rows = roles(a="derivable", b="derivable", c="derivable", d="anchor")
    loop = [finding("a", "b", "d"), finding("b", "c", "d"), finding("c", "a", "d")]
    assert derived(rows, *loop) == {}


def test_loop_with_a_foothold_is_derived_from_there():
    rows = roles(a="derivable", b="derivable", c="derivable", d="anchor")
    loop = [finding("a", "b"), finding("b", "c"), finding("c", "a")]
    assert set(derived(rows, *loop, finding("c", "d"))) == {"a", "b", "c"}


def test_chain_is_followed_whatever_the_order_of_rows():
    rows = roles(c="derivable", b="derivable", a="held_out")
    assert set(derived(rows, finding("c", "b"), finding("b", "a"))) == {"b", "c"}


def test_number_does_not_support_itself():
    assert derived(roles(a="derivable"), finding("a", "a")) == {}


def test_nothing_is_derived_from_nothing():
    assert derived(roles(a="derivable"), finding("a")) == {}


@pytest.mark.parametrize("role", ["anchor", "held_out", "design", "unavailable"])
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


def refutes(rows, target, *uses, status="contradicted"):
    """Return whether a finding that recomputes `target` is held against it."""
    stated = registry(*rows)
    proof = finding(target, *uses, status=status, low=2, high=2)
    return proof_against(stated[target], [proof], stated) == proof


def test_contradiction_goes_to_the_derivable_number():
    assert refutes(roles(a="anchor", b="derivable"), "b", "a")
    assert not refutes(roles(a="anchor", b="derivable"), "a", "b")


@pytest.mark.parametrize("role", ["anchor", "held_out", "design", "unavailable"])
def test_contradiction_between_given_numbers_goes_to_the_one_recomputed(role):
    assert refutes(roles(a="anchor", b=role), "b", "a")


@pytest.mark.parametrize("status", ["agrees", "suggests", "open"])
def test_only_a_contradiction_is_a_proof(status):
    assert not refutes(roles(a="anchor", b="derivable"), "b", "a", status=status)


def test_findings_about_a_set_belong_to_no_number():
    assert by_target([finding(""), finding("a", "b")]) == {"a": [finding("a", "b")]}
