"""Areas under the ROC curve beside sensitivity and specificity.

A ROC curve that passes through one operating point has an area between ``sensitivity ·
specificity`` and ``1 - (1 - sensitivity)(1 - specificity)``: an area outside is ``contradicted``
where the names say that point and area belong to one score. The area of the dichotomised score is
the mean of sensitivity and specificity; that a printed area equals it says which score was used.
"""

from collections import defaultdict
from functools import partial

from rairlib.checks.auc_errors import BinaryScore
from rairlib.checks.diagnostic import Rule
from rairlib.checks.lookup import unless_shortened
from rairlib.checks.regression_estimates import under_assumption
from rairlib.checks.roc_areas import PrintedArea, print_scale, printed_areas
from rairlib.checks.roc_readings import binary_readings, binary_scores, scores_with_area
from rairlib.checks.rounding import judge, shown
from rairlib.checks.wald import MULTIPLIERS, Interval
from rairlib.findings import Finding
from rairlib.printed import format_value
from rairlib.reported import Registry


def area_limits(score: BinaryScore) -> Interval:
    """Return the smallest and largest area of a score with one known operating point."""
    sensitivity, specificity = score.sensitivity, score.specificity
    return sensitivity * specificity, 1 - (1 - sensitivity) * (1 - specificity)


def _areas_with_points(registry: Registry) -> list[tuple[PrintedArea, Rule]]:
    return [
        (area, rule)
        for area in printed_areas(registry)
        for rule in area.rules
        if binary_scores(rule)
    ]


def check_auc_operating_point(registry: Registry) -> list[Finding]:
    """Bound an area by an operating point of its curve; needs sensitivity, specificity, sizes."""
    return [
        unless_shortened(partial(_bounded, area, rule))
        for area, rule in _areas_with_points(registry)
    ]


def _bounded(area: PrintedArea, rule: Rule, shortened: bool) -> Finding:
    scores, uses = binary_scores(rule, shortened), rule.rows(rule.figures)
    scale, limits = print_scale(area.row), [area_limits(score) for score in scores]
    low, high = (scale * min(low for low, _ in limits), scale * max(high for _, high in limits))
    text = (
        f"{area.printed}: a curve through sensitivity "
        f"{format_value(100 * scores[0].sensitivity, 1)} % and specificity "
        f"{format_value(100 * scores[0].specificity, 1)} % has an area of "
        f"{shown(low, high, area.row.number.decimals + 1)}."
    )
    finding = judge("auc_operating_point", area.row, uses, low, high, text)
    if finding.status == "agrees":
        # A bound is no reproduction: the finding is about the set.
        return Finding(check=finding.check, status="agrees", uses=(area.row.id, *uses), text=text)
    if area.row.number.overlaps(scale - high, scale - low):
        rescue = " It lies there if small values call positive in one place, large ones in another."
        return under_assumption(finding, False, rescue)
    rescue = " The names do not say that the point lies on this curve."
    return under_assumption(finding, area.certain, rescue)


def check_auc_dichotomised(registry: Registry) -> list[Finding]:
    """Set an area beside the mean of sensitivity and specificity; needs these and group sizes."""
    findings = []
    for area, rule in _areas_with_points(registry):
        scores, uses = binary_scores(rule), rule.rows(rule.figures)
        matching = [score for score in scores if score in scores_with_area(area)]
        findings.append(_dichotomised_area(area, scores, matching, uses))
        if matching and area.has_interval:
            findings += _dichotomised_limits(area, uses)
    return findings


def _dichotomised_area(
    area: PrintedArea, scores: list[BinaryScore], matching: list[BinaryScore], uses
) -> Finding:
    areas = [print_scale(area.row) * score.area for score in scores]
    low, high = min(areas), max(areas)
    mean = shown(low, high, area.row.number.decimals + 1)
    text = f"{area.printed}: the dichotomised score, (sensitivity + specificity) / 2, has {mean}. "
    if matching:
        text += "The printed area is that of the dichotomised score."
        return Finding(
            check="auc_dichotomised",
            status="agrees",
            target=area.row.id,
            uses=uses,
            low=low,
            high=high,
            text=text,
        )
    text += "The printed area is another one: that of the score itself, or of other patients."
    used = (area.row.id, *uses)
    return Finding(check="auc_dichotomised", status="open", uses=used, text=text)


def _dichotomised_limits(area: PrintedArea, uses: tuple[str, ...]) -> list[Finding]:
    readings = binary_readings(area)
    if not readings:
        return []
    kind, score, error = readings[0]
    findings = []
    for limit, sign in ((area.low, -1), (area.high, 1)):
        value = print_scale(limit) * min(score.area + sign * MULTIPLIERS[0] * error, 1.0)
        text = (
            f"{area.printed}: the dichotomised score with {kind} standard error "
            f"{format_value(error, 4)} has the limit "
            f"{format_value(value, limit.number.decimals + 1)}."
        )
        findings.append(
            Finding(
                check="auc_dichotomised",
                status="agrees",
                target=limit.id,
                uses=uses,
                low=value,
                high=value,
                text=text,
            )
        )
    return findings


def check_auc_like_for_like(registry: Registry) -> list[Finding]:
    """Compare what two areas of one score are areas of; needs areas, limits and their rules."""
    by_score: dict[str, dict[bool, PrintedArea]] = defaultdict(dict)
    for area in printed_areas(registry):
        if area.rules and area.certain and area.has_interval and area.sizes is not None:
            dichotomised = bool(binary_readings(area))
            if dichotomised or not scores_with_area(area):
                by_score[area.row.variable].setdefault(dichotomised, area)
    return [
        _unlike(kinds[True], kinds[False])
        for kinds in by_score.values()
        # Figures that no table shows together have no area: check_classification_table.
        if len(kinds) == 2 and binary_scores(kinds[False].rules[0])
    ]


def _unlike(dichotomised: PrintedArea, other: PrintedArea) -> Finding:
    instead = format_value(binary_scores(other.rules[0])[0].area, other.row.number.decimals)
    uses = [*dichotomised.uses, *other.uses]
    for area in (dichotomised, other):
        uses += area.rules[0].rows(area.rules[0].figures)
    text = (
        f"{dichotomised.printed}, has area and limits of the dichotomised score; {other.printed}, "
        f"has not: there the dichotomised score has {instead}. The two printed areas are not like "
        "for like."
    )
    return Finding(
        check="auc_like_for_like", status="suggests", uses=tuple(dict.fromkeys(uses)), text=text
    )
