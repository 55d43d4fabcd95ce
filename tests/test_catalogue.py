"""The catalogue of checks is complete, and the audit of the three papers finds what is known."""

import importlib
import inspect
import pkgutil
from itertools import product

import pytest
from small_registry import counts, number, registry, two_groups

import rairlib.checks
from rairlib.checks import cells
from rairlib.checks.catalogue import CHECKS, POSSIBILITY, audit
from rairlib.checks.findings import SUBJECTS
from rairlib.checks.findings import check as register_check
from rairlib.checks.survival import events_per_level
from rairlib.registry.registry import load_registry
from rairlib.registry.studies import load_studies

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
    functions = [check.function for check in CHECKS]
    assert len(functions) == len(set(functions))
    assert set(check_functions()) == set(functions)


@pytest.mark.parametrize(("about", "kind"), [("weather", "possibility"), ("counts", "proof")])
def test_check_of_an_unknown_subject_or_kind_is_refused(about, kind):
    with pytest.raises(ValueError, match="no check is about"):
        register_check(about, kind)


def test_names_of_checks_are_unique():
    names = [check.name for check in CHECKS]
    assert len(names) == len(set(names))


def test_every_check_says_what_it_compares_and_needs():
    for check in CHECKS:
        assert check.compares.endswith("."), check.name
        assert "; needs " in check.compares, check.name


def test_checks_of_mere_possibility_exist():
    assert {check.name for check in CHECKS} >= POSSIBILITY


def test_every_subject_has_a_check():
    assert {check.about for check in CHECKS} == set(SUBJECTS)


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
    assert set(CONTRADICTED) == set(SUGGESTED) == set(load_studies(records=False))


def test_contradictions_are_the_known_ones_and_no_other(study):
    assert found_with("contradicted", study) == CONTRADICTED[study]


def test_doubts_are_the_known_ones_and_no_other(study):
    assert found_with("suggests", study) == SUGGESTED[study]


def test_the_printed_share_of_wang_is_out_of_reach_of_rounding():
    assert 70.41 < 100 * 119 / 169 < 70.42
    assert REGISTRIES["wang2025"]["section-3.4-12"].printed == "70.5"


# --- numbers beyond what the checks can tell -----------------------------------------------------


def counted(n_cases: int, n_controls: int):
    """Return a paper with a cross table, a rule, two ratios and measurements of so many."""
    cells = {"yes": (n_cases // 3, n_controls // 4)}
    cells["no"] = tuple(
        n - cell for n, cell in zip((n_cases, n_controls), cells["yes"], strict=True)
    )
    rows = [*two_groups(str(n_cases), str(n_controls), str(n_cases + n_controls))]
    rows += counts("exposed", cells, groups=("cases", "controls"))
    versus = {"variable": "exposed", "level": "yes vs no", "group": "cases vs controls"}
    for name in ("odds_ratio", "hazard_ratio"):
        rows.append(number(name, name, "1.50", **versus, method="univariable"))
        rows.append(number(f"{name}-low", "ci_low", "1.20", **versus, of=name))
        rows.append(number(f"{name}-high", "ci_high", "1.90", **versus, of=name))
    rule = {"variable": "exposed", "level": "yes", "group": "cases vs controls", "unit": "%"}
    rows += [number(name, name, "62.1", **rule) for name in ("sensitivity", "specificity", "ppv")]
    rows += [
        number("chi", "chi_square", "3.2", variable="exposed", group="cases vs controls"),
        number("p", "p_value", "0.07", variable="exposed", group="cases vs controls", of="chi"),
        number("fisher", "p_value", "0.07", variable="exposed", group="cases vs controls"),
        number("lr", "logrank_chi_square", "4.1", variable="exposed", group="cases vs controls"),
        number("u", "u_statistic", "7", variable="age", group="cases vs controls"),
        number("mean", "mean", "50.123", variable="age", group="cases", step="0.1"),
        number("sd", "sd", "12.1", variable="age", group="cases", step="0.1"),
        number(
            "share", "percent", "40.1", variable="age", level="high", group="cases", of="n-cases"
        ),
    ]
    return registry(*rows)


@pytest.mark.parametrize("scale", [10**5, 10**7, 10**9, 10**14])
def test_counts_of_any_size_get_an_answer(scale):
    findings = audit(counted(4 * scale, 6 * scale))
    assert {finding.check for finding in findings} >= {"classification_table", "u_in_range"}
    texts = [finding.text for finding in findings if finding.status == "open"]
    assert any("beyond the range of this check" in text for text in texts)


def test_events_per_level_need_no_enumeration():
    # 1/d1 + 1/d0 <= 0.45 allows 3 events in one level (then 9 or more in the other), not 2.
    wide, error = 10**14, 0.45**0.5
    assert events_per_level(wide, error, wide, wide) == ((3, wide - 3), (3, wide - 3))
    assert events_per_level(wide, error, 8, wide) == ((3, 8), (4, wide - 3))
    assert events_per_level(wide, 1e-8, wide, wide) is None


@pytest.mark.parametrize("total", [1, 2, 5, 17, 60])
@pytest.mark.parametrize("error", [0.05, 0.3, 0.45, 0.7, 1.0, 1.5])
def test_events_per_level_are_those_of_the_enumeration(total, error):
    for most, beside in product((0, 1, 3, 10, 100), repeat=2):
        allowed = [
            (level, other)
            for level, other in product(range(1, total), repeat=2)
            if level <= most
            and other <= beside
            and level + other <= total
            and 1 / level + 1 / other <= error**2 * (1 + 1e-9)
        ]
        ends = tuple((min(ends), max(ends)) for ends in zip(*allowed, strict=True)) or None
        assert events_per_level(total, error, most, beside) == ends


@pytest.mark.parametrize(
    ("printed", "step"),
    [("9" * 400, ""), (f"0.{'0' * 400}1", ""), ("12.5", "0.00000000000000000001"), ("5", "9" * 99)],
)
def test_number_beyond_floating_point_is_open_and_the_others_are_checked(printed, step):
    rows = [*two_groups("32", "57"), number("far", "mean", printed, group="cases", step=step)]
    first, *others = audit(registry(*rows))
    assert (first.check, first.status, first.uses) == ("range", "open", ("far",))
    assert "beyond the range of this check" in first.text
    assert len(first.text) < 250
    assert {finding.status for finding in others} >= {"contradicted"}


def test_index_is_built_once_for_all_checks(monkeypatch):
    built = []
    whole = cells.CountIndex.__init__

    def counted_init(self, registry):
        built.append(registry)
        whole(self, registry)

    monkeypatch.setattr(cells.CountIndex, "__init__", counted_init)
    audit(counted(40, 60))
    assert len(built) == 1


@pytest.mark.parametrize(("printed", "status"), [("300", "agrees"), ("301", "contradicted")])
def test_of_very_many_parts_only_the_sum_is_judged(printed, status):
    parts = [
        number(f"{k}", "count", "1", variable="v", level=f"{k}", group="all", of="n", partition="p")
        for k in range(300)
    ]
    findings = audit(registry(number("n", "n", printed, group="all"), *parts))
    sums = [finding for finding in findings if finding.check == "partition_sums"]
    assert [(finding.target, finding.status) for finding in sums] == [("n", status)]
