"""The catalogue of checks, in the order in which a reader would make them."""

from collections.abc import Callable
from dataclasses import dataclass

from rairlib.checks import classification as diagnostic
from rairlib.checks import classification as rule_counts
from rairlib.checks import (
    contingency,
    counts,
    domains,
    means,
    percentages,
    rank_tests,
    roc,
    survival,
)
from rairlib.checks import contingency as crude_ratios
from rairlib.checks import counts as repeats
from rairlib.checks import means as granularity
from rairlib.checks import means as spread
from rairlib.checks import regressions as ratios
from rairlib.checks import regressions as regression_p_values
from rairlib.checks import roc as roc_points
from rairlib.checks import survival as event_counts
from rairlib.checks import survival as logrank
from rairlib.checks.cells import named
from rairlib.checks.findings import Finding
from rairlib.checks.rounding import BEYOND_RANGE
from rairlib.registry.printed import parse_printed
from rairlib.registry.registry import Registry, ReportedNumber

MOST_DIGITS = 16

# What these contradict is no evidence about other numbers: the rest is audited without it.
FIRST = (domains.check_mistaken_columns, domains.check_possible_values)
FUNCTIONS = (
    *FIRST,
    counts.check_partition_sums,
    counts.check_group_sums,
    counts.check_level_sums,
    counts.check_parts_in_wholes,
    percentages.check_percent_of_count,
    percentages.check_percent_is_attainable,
    percentages.check_percent_sums,
    repeats.check_repeats,
    repeats.check_same_quantity,
    repeats.check_joint_statement,
    contingency.check_chi_square_from_counts,
    contingency.check_p_from_counts,
    contingency.check_p_from_chi_square,
    means.check_t_test,
    means.check_pooled_mean,
    means.check_pooled_percent,
    granularity.check_grim,
    granularity.check_grimmer,
    granularity.check_median_step,
    spread.check_order,
    spread.check_sd_in_range,
    spread.check_range_of_parts,
    rank_tests.check_u_in_range,
    rank_tests.check_p_from_u,
    rank_tests.check_auc_from_u,
    crude_ratios.check_crude_odds_ratio,
    crude_ratios.check_adjusted_interval_width,
    ratios.check_estimate_in_interval,
    ratios.check_interval_symmetry,
    ratios.check_coefficient_and_ratio,
    ratios.check_cutoff_of_model,
    regression_p_values.check_wald_p_value,
    regression_p_values.check_significance,
    regression_p_values.check_interval_from_p_value,
    regression_p_values.check_significant_predictors,
    diagnostic.check_classification_table,
    diagnostic.check_classification_figures,
    diagnostic.check_predictive_values,
    rule_counts.check_rule_counts,
    roc.check_auc_in_interval,
    roc.check_auc_symmetry,
    roc.check_auc_interval,
    roc.check_p_from_auc,
    roc_points.check_auc_operating_point,
    roc_points.check_auc_dichotomised,
    roc_points.check_auc_like_for_like,
    event_counts.check_events_per_level,
    event_counts.check_events_and_sensitivity,
    survival.check_survival_falls,
    survival.check_survival_events,
    survival.check_survival_whole,
    survival.check_levels_without_events,
    logrank.check_logrank_p_value,
    logrank.check_logrank_bound,
    logrank.check_logrank_beside_hazard_ratio,
)

# Checks whose agreement only says that a number is possible, not what it is.
POSSIBILITY = frozenset(
    {
        "parts_in_wholes",
        "percent_is_attainable",
        "grim",
        "grimmer",
        "median_step",
        "order",
        "sd_in_range",
        "range_of_parts",
        "u_in_range",
        "same_quantity",
        "adjusted_interval_width",
        "estimate_in_interval",
        "significance",
        "cutoff_of_model",
        "classification_table",
        "auc_in_interval",
        "auc_interval",
        "auc_operating_point",
        "auc_like_for_like",
        "events_per_level",
        "events_and_sensitivity",
        "survival_falls",
        "survival_events",
        "survival_whole",
        "levels_without_events",
        "logrank_bound",
        "logrank_beside_hazard_ratio",
    }
)

# Checks that reach a number by another route than the one on which it was printed, so that they
# could have failed. All others only restate it: shares of a count, sums, a p of its own statistic.
INDEPENDENT = frozenset(
    {
        "chi_square_from_counts",
        "p_from_counts",
        "t_test",
        "pooled_mean",
        "auc_from_u",
        "crude_odds_ratio",
        "classification_figures",
        "rule_counts",
        "auc_dichotomised",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check of the catalogue.

    Attributes
    ----------
    name : str
        The name that its findings carry.
    compares : str
        What it compares and which rows it needs, in one sentence.
    function : callable
        Takes a registry and returns its findings.
    """

    name: str
    compares: str
    function: Callable[[Registry], list[Finding]]


CHECKS = tuple(
    Check(
        name=function.__name__.removeprefix("check_"),
        compares=(function.__doc__ or "").strip().splitlines()[0],
        function=function,
    )
    for function in FUNCTIONS
)


def audit(registry: Registry) -> list[Finding]:
    """Run every check on a registry.

    Parameters
    ----------
    registry : Registry
        Any paper.

    Returns
    -------
    list of Finding
        In the order of the catalogue; a check without suitable numbers finds nothing. A number
        with more digits than floating point carries is left out, and named first.
    """
    beyond = [row for row in registry if _is_beyond_range(row)]
    if beyond:
        left_out = {row.id for row in beyond}
        registry = Registry(registry.study, (row for row in registry if row.id not in left_out))
    findings = [
        Finding(
            check="range",
            status="open",
            uses=(row.id,),
            text=f"{_cut(row.printed)}{f', in steps of {_cut(row.step)}' * bool(row.step)} "
            f"({named(row)}) is {BEYOND_RANGE}: it needs fewer than {MOST_DIGITS} digits before "
            "and behind the decimal sign.",
        )
        for row in beyond
    ]
    for check in CHECKS:
        found = check.function(registry)
        findings += found
        if found and check.function in FIRST:
            aside = {name for finding in found for name in (finding.target, *finding.uses)}
            rest = [row for row in registry if row.id not in aside]
            registry = Registry(registry.study, rest)
    return findings


def _is_beyond_range(row: ReportedNumber) -> bool:
    numbers = [row.number, *([parse_printed(row.step)] if row.step else [])]
    return any(
        abs(number.value) >= 10.0 ** (MOST_DIGITS - 1) or number.decimals >= MOST_DIGITS
        for number in numbers
    )


def _cut(text: str) -> str:
    return text if len(text) <= 2 * MOST_DIGITS else f"{text[: 2 * MOST_DIGITS]}…"
