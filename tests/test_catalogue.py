"""The catalogue of checks is complete, and the audit of the three papers finds what is known."""

import importlib
import inspect
import pkgutil

import pytest

import rairlib.checks
from rairlib.checks import CHECKS, audit
from rairlib.checks.catalogue import FUNCTIONS, POSSIBILITY
from rairlib.finding_tables import FAMILIES
from rairlib.reported import load_registry
from rairlib.studies import load_studies

# Contradictions and doubts by check and number, each with the arithmetic that shows it; a finding
# about a set of numbers has no target. Whoever changes a check or a registry meets this list.
CONTRADICTED = {
    "wang2025": {
        # 119 / 169 = 70.414 %; 70.5 % is printed, which neither rounding nor cutting off reaches.
        ("percent_of_count", "section-3.4-12"),
    },
    "tang2025": set(),
    "lakhdar2024": set(),
}
SUGGESTED = {
    "wang2025": {
        # ≥4 cm in the text, >4 cm in Table 3; >1 cm in the text, ≥1 cm in Table 3.
        ("repeats", "section-3.1-28"),
        ("repeats", "section-3.1-42"),
        # log(18.030 / 3.511) / 3.92 = 0.4174; sqrt(1/7 + 1/33) = 0.4161 is below it, sqrt(1/6 +
        # 1/34) = 0.4428 is not: at least 7 of the 40 events among the avid, whose rate is 100 %.
        ("levels_without_events", ""),
        # The log-rank statistic 60.01 is above what a split with hazard ratio 7.956 can have.
        ("logrank_beside_hazard_ratio", ""),
    },
    "tang2025": {
        # log(1.357 / 1.091) / 3.92 = 0.0557; 0.196 / 0.0557 = 3.52, p = 0.0004; printed is 0.001.
        ("wald_p_value", "results-predictors-09"),
        # (72.22 + 80.95) / 2 = 76.6, the printed validation area 0.766; (62.00 + 90.28) / 2 = 76.1,
        # not the training area 0.838.
        ("auc_like_for_like", ""),
    },
    "lakhdar2024": {
        # 19/32 against 16/58: χ² = 8.77, p = 0.0031; Fisher 0.0062; printed is 0.004.
        ("p_from_counts", "table1-16"),
        # 42/58 = 72.4 % by Table 1; the specificity is printed as 75.9 % = 44/58.
        ("rule_counts", "figure1-04"),
        ("rule_counts", "table1-14"),
    },
}
REGISTRIES = {study: load_registry(study) for study in CONTRADICTED}
FOUND = {study: audit(registry) for study, registry in REGISTRIES.items()}


@pytest.fixture(params=CONTRADICTED)
def study(request) -> str:
    return request.param


def found_with(status: str, study: str) -> set[tuple[str, str]]:
    return {(found.check, found.target) for found in FOUND[study] if found.status == status}


def check_functions() -> list:
    modules = [
        importlib.import_module(f"rairlib.checks.{module.name}")
        for module in pkgutil.iter_modules(rairlib.checks.__path__)
    ]
    return [
        function
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if name.startswith("check_") and function.__module__ == module.__name__
    ]


def test_every_check_function_is_in_the_catalogue_once():
    assert len(FUNCTIONS) == len(set(FUNCTIONS))
    assert set(check_functions()) == set(FUNCTIONS)


def test_names_of_checks_are_unique():
    names = [check.name for check in CHECKS]
    assert len(names) == len(set(names))


def test_every_check_says_what_it_compares_and_needs():
    for check in CHECKS:
        assert check.compares.endswith("."), check.name
        assert "; needs " in check.compares, check.name


def test_checks_of_mere_possibility_exist():
    assert {check.name for check in CHECKS} >= POSSIBILITY


def test_every_module_with_checks_has_a_family():
    modules = {function.__module__.rsplit(".", 1)[-1] for function in FUNCTIONS}
    assert modules == set(FAMILIES)


def test_findings_carry_the_name_of_their_check(study):
    for check in CHECKS:
        names = {finding.check for finding in check.function(REGISTRIES[study])}
        assert names <= {check.name}


def test_findings_name_numbers_of_the_registry_and_never_use_their_target(study):
    for found in FOUND[study]:
        named = {*found.uses, *filter(None, [found.target])}
        assert all(identifier in REGISTRIES[study] for identifier in named), found
        assert found.target not in found.uses, found


def test_possibility_is_never_derived_from_limits_that_agree(study):
    # A check that recomputes its target gives limits; those that do not must be possibilities.
    for found in FOUND[study]:
        if found.status == "agrees" and found.target and found.check not in POSSIBILITY:
            assert found.low <= found.high, found


def test_every_study_of_the_book_is_listed():
    assert set(CONTRADICTED) == set(SUGGESTED) == set(load_studies())


def test_contradictions_are_the_known_ones_and_no_other(study):
    assert found_with("contradicted", study) == CONTRADICTED[study]


def test_doubts_are_the_known_ones_and_no_other(study):
    assert found_with("suggests", study) == SUGGESTED[study]


def test_the_printed_share_of_wang_is_out_of_reach_of_rounding():
    assert 70.41 < 100 * 119 / 169 < 70.42
    assert REGISTRIES["wang2025"]["section-3.4-12"].printed == "70.5"
