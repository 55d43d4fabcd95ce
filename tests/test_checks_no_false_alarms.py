from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from printed_cohorts import printed_cohorts
from small_registry import registry

from rairlib.checks import contingency, counts, domains, means, percentages, rank_tests
from rairlib.registry.printed import parse_printed

MODULES = (
    contingency,
    counts,
    domains,
    means,
    means,
    percentages,
    rank_tests,
    counts,
    means,
)
CHECKS = [
    function
    for module in MODULES
    for name, function in vars(module).items()
    if name.startswith("check_")
]


def audit(rows):
    return [finding for check in CHECKS for finding in check(rows)]


@settings(max_examples=120, suppress_health_check=list(HealthCheck))
@given(printed_cohorts())
def test_a_truly_printed_cohort_is_never_contradicted(rows):
    false_alarms = [finding for finding in audit(rows) if finding.status == "contradicted"]
    assert false_alarms == []


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(printed_cohorts())
def test_findings_name_rows_of_the_registry(rows):
    for finding in audit(rows):
        assert all(identifier in rows for identifier in finding.uses)
        assert not finding.target or finding.target in rows
        assert finding.target not in finding.uses


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(printed_cohorts(), st.data())
def test_changed_digits_break_no_check_and_changed_counts_are_found(rows, data):
    changed = list(rows)
    place = data.draw(st.integers(0, len(changed) - 1))
    row = changed[place]
    digits = [index for index, sign in enumerate(row.printed) if sign.isdigit()]
    index, digit = data.draw(st.sampled_from(digits)), data.draw(st.sampled_from("0123456789"))
    text = row.printed[:index] + digit + row.printed[index + 1 :]
    changed[place] = replace(row, printed=text, number=parse_printed(text))
    findings = audit(registry(*changed))
    if row.statistic in ("n", "count") and changed[place].number.value != row.number.value:
        assert any(
            finding.status == "contradicted" and row.id in (finding.target, *finding.uses)
            for finding in findings
        )


def test_an_empty_registry_has_no_findings():
    assert audit(registry()) == []
