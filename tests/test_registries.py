"""Facts that hold for the registries of the three studies as committed.

Reading a registry already checks each field by itself; these tests look at what rows say together.
"""

import csv
import re
from collections import Counter, defaultdict

import pytest
from test_coverage import read_source

from rairlib.checks.counts import SEVERAL
from rairlib.checks.findings import STATUSES
from rairlib.checks.wording import load_text_findings
from rairlib.registry.registry import load_registry
from rairlib.registry.studies import load_studies, load_variables, study_folder
from rairlib.registry.vocabulary import PERFORMANCE, RATIOS

# test_coverage.py proves the registries complete; here a row that comes or goes is noticed.
ROWS = {"wang2025": 559, "tang2025": 123, "lakhdar2024": 125}
KINDS = {"continuous", "integer", "binary", "categorical", "time"}
DEFINING = ("definition", "date")
COMPARING = (*RATIOS, *PERFORMANCE, "coefficient", "chi_square", "u_statistic")
ESTIMATES = (*RATIOS, "auc", "coefficient")
# The papers print an estimate for these groups and nowhere how many patients they have.
GROUPS_WITHOUT_SIZE = {
    "wang2025": {"partial avidity or avidity lost"},
    "tang2025": {"male", "female", "age <55", "age ≥55"},
    "lakhdar2024": set(),
}
SHARED_UNITS = {"%", "patients", "years", "year", "months"}
OWN_UNITS = {
    "wang2025": "days cm mm ng/mL IU/mL mCi courses lesions conditions",
    "tang2025": "ng/L",
    "lakhdar2024": "mm lesions courses GBq",
}

REGISTRIES = {study: load_registry(study) for study in ROWS}
VARIABLES = {study: load_variables(study) for study in ROWS}


@pytest.fixture(params=ROWS)
def study(request) -> str:
    return request.param


@pytest.fixture
def registry(study):
    return REGISTRIES[study]


def squeezed(text: str) -> str:
    return re.sub(r"[^a-z0-9.]", "", text.lower())


def groups_of(row) -> tuple[str, ...]:
    return row.outcome_groups or ((row.group,) if row.group else ())


def test_every_study_of_the_book_is_tested_here():
    assert set(load_studies(records=False)) == set(ROWS)


def test_number_of_rows_is_the_one_counted(study, registry):
    assert len(registry) == ROWS[study]


def test_identifiers_are_unique_and_of_the_form_place_and_number(registry):
    ids = [row.id for row in registry]
    assert len(set(ids)) == len(ids)
    assert [
        name for name in ids if not re.fullmatch(r"[a-z0-9.]+(-[a-z0-9.]+)*-\d{2,3}", name)
    ] == []


def test_identifier_names_the_place_of_its_row(registry):
    strange = [
        row.id
        for row in registry
        if not squeezed(row.locus).startswith(squeezed(row.id.rsplit("-", 1)[0]))
    ]
    assert strange == []


def test_identifiers_of_a_place_are_numbered_without_gaps(registry):
    numbers = defaultdict(list)
    for row in registry:
        place, number = row.id.rsplit("-", 1)
        numbers[place].append(int(number))
    for place, found in numbers.items():
        assert found == list(range(1, len(found) + 1)), place


def test_repeat_reports_the_same_quantity_as_its_original(registry):
    for row in registry:
        if row.repeats:
            original = registry[row.repeats]
            assert (row.key, row.unit, row.role) == (original.key, original.unit, original.role), (
                row
            )


def test_repeat_points_to_an_original_that_repeats_nothing(registry):
    assert [row.id for row in registry if row.repeats and registry[row.repeats].repeats] == []


def test_repeat_can_be_the_same_number_as_its_original(registry):
    for row in registry:
        if row.repeats:
            original = registry[row.repeats].number
            assert row.number.overlaps(original.low, original.high), row.id


def test_no_quantity_has_two_originals(registry):
    # P values of one comparison may come from two tests, definitions from two criteria.
    several = Counter(
        row.key
        for row in registry
        if not row.repeats and row.statistic not in (*DEFINING, "p_value")
    )
    assert [key for key, number in several.items() if number > 1] == []


def test_every_group_has_a_size_where_the_paper_prints_one(study, registry):
    groups = {group for row in registry for group in groups_of(row)}
    without = {group for group in groups if registry.size(group) is None}
    assert without == GROUPS_WITHOUT_SIZE[study]


def test_both_groups_of_every_comparison_have_a_size(registry):
    for row in registry:
        for group in row.outcome_groups or ():
            assert registry.size(group) is not None, row.id


def test_comparing_statistics_name_two_groups(registry):
    assert [row.id for row in registry.where(COMPARING) if row.outcome_groups is None] == []


def test_ratios_name_two_levels_and_their_model(registry):
    for row in registry.where(RATIOS):
        assert row.contrast is not None, row.id
        assert row.method in ("univariable", "multivariable"), row.id


def test_sizes_have_a_group_and_counts_a_level_of_a_variable(registry):
    for row in registry.where("n"):
        assert (row.variable, row.level) == ("", ""), row.id
        assert row.group, row.id
    for row in registry.where("count"):
        assert all((row.variable, row.level, row.group)), row.id


def test_variables_are_known(study, registry):
    named = {name for row in registry for name in row.variable.split(SEVERAL)}
    assert named - {""} <= set(VARIABLES[study])


def test_levels_are_known(study, registry):
    for row in registry:
        if not row.level or row.statistic == "survival_percent":
            continue
        levels = row.contrast or (row.level,)
        assert set(levels) <= set(VARIABLES[study][row.variable].levels), row.id


def test_survival_rates_name_their_time(registry):
    times = [row.level for row in registry.where("survival_percent")]
    assert [time for time in times if not re.fullmatch(r"\d+ months", time)] == []


def test_reference_of_a_ratio_is_the_reference_level(study, registry):
    for row in registry.where(RATIOS, method="multivariable"):
        reference = VARIABLES[study][row.variable].reference
        assert reference in ("", row.contrast[1]), row.id


def test_percent_belongs_to_a_count_of_patients(registry):
    for row in registry.where("percent"):
        assert registry[row.of].statistic in ("n", "count"), row.id


def test_percent_has_a_numerator_unless_it_is_unavailable(registry):
    counted = {(row.variable, row.level, row.group) for row in registry.where(("n", "count"))}
    for row in registry.where("percent"):
        known = (row.variable, row.level, row.group) in counted
        assert known or row.role == "unavailable", row.id


def test_limits_and_p_values_describe_the_quantity_that_they_belong_to(registry):
    for row in registry.where(("ci_low", "ci_high", "p_value")):
        if row.of:
            estimate = registry[row.of]
            described = (estimate.variable, estimate.level, estimate.group)
            assert (row.variable, row.level, row.group) == described, row.id


def test_every_limit_has_its_estimate_and_its_other_limit(registry):
    for row in registry.where(("ci_low", "ci_high"), repeats=""):
        assert registry[row.of].statistic in ESTIMATES, row.id
        pair = [
            number.statistic
            for number in registry.belonging_to(row.of)
            if number.statistic.startswith("ci_") and not number.repeats
        ]
        assert sorted(pair) == ["ci_high", "ci_low"], row.id


def test_parts_of_a_partition_share_one_whole_and_are_different(registry):
    for label, parts in registry.partitions().items():
        assert len(parts) > 1, label
        assert len({part.of for part in parts}) == 1, label
        assert len({part.key for part in parts}) == len(parts), label
        assert registry[parts[0].of].statistic in ("n", "count"), label


def test_outcome_splits_all_patients_into_two_groups(registry):
    wholes = {
        frozenset(part.group for part in parts): registry[parts[0].of].group
        for parts in registry.partitions().values()
        if all(part.statistic == "n" for part in parts)
    }
    outcomes = {groups for groups, whole in wholes.items() if whole == "all" and len(groups) == 2}
    assert outcomes


def test_what_defines_is_design(registry):
    assert [row.id for row in registry.where(DEFINING) if row.role != "design"] == []


def test_design_beside_definitions_and_unavailable_numbers_have_a_reason(registry):
    for row in registry:
        if row.role == "unavailable" or (row.role == "design" and row.statistic not in DEFINING):
            assert len(row.note.split()) >= 3, row.id


def test_units_are_from_a_short_list(study, registry):
    assert {row.unit for row in registry} - {""} == SHARED_UNITS | set(OWN_UNITS[study].split())


def test_percentages_are_printed_in_percent(registry):
    for row in registry.where(("percent", "survival_percent", *PERFORMANCE)):
        assert row.unit == "%", row.id


def test_cutoff_of_a_variable_is_the_threshold_of_its_two_levels(study, registry):
    # A variable named like age_54 has the levels ≥54 and <54.
    for name, variable in VARIABLES[study].items():
        if variable.kind == "binary" and re.search(r"_\d+$", name) and "stage" not in name:
            numbers = {re.sub(r"[<>≤≥\s]", "", level) for level in variable.levels}
            assert len(numbers) == 1, name


def test_variables_are_well_formed(study):
    with (study_folder(study) / "variables.csv").open(encoding="utf-8", newline="") as stream:
        names = [row["name"] for row in csv.DictReader(stream)]
    assert len(set(names)) == len(names)
    for name, variable in VARIABLES[study].items():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name), name
        assert variable.label, name
        assert variable.kind in KINDS, name
        assert len(set(variable.levels)) == len(variable.levels), name
        assert variable.reference in ("", *variable.levels), name
        if variable.kind == "binary":
            assert len(variable.levels) == 2, name


def test_data_files_are_plain_csv(study):
    for path in study_folder(study).glob("*.csv"):
        content = path.read_bytes()
        assert not content.startswith(b"\xef\xbb\xbf"), path.name
        assert b"\r" not in content, path.name
        assert content.endswith(b"\n"), path.name
        rows = list(csv.reader(content.decode("utf-8").splitlines(), strict=True))
        assert {len(row) for row in rows} == {len(rows[0])}, path.name


TEXT_KINDS = {"unit", "label", "threshold", "definition", "direction", "conclusion"}
TEXT_KINDS |= {"denominators", "source"}


def test_text_findings_are_well_formed(study, registry):
    findings = load_text_findings(study)
    assert [finding.id for finding in findings] == [
        f"text-{number:02d}" for number in range(1, len(findings) + 1)
    ]
    for finding in findings:
        assert finding.kind in TEXT_KINDS, finding.id
        assert finding.status in set(STATUSES) - {"agrees"}, finding.id
        assert all((finding.locus_a, finding.locus_b, finding.text)), finding.id
        assert {*finding.uses, *finding.target} <= {row.id for row in registry}, finding.id
        assert finding.uses, finding.id
        assert finding.status == "contradicted" or not finding.target, finding.id


def test_text_findings_quote_few_words_of_both_places(study):
    for finding in load_text_findings(study):
        for quote in (finding.quote_a, finding.quote_b):
            assert 1 <= len(quote.split()) <= 12, finding.id


def test_text_findings_quote_what_the_paper_prints(study):
    printed = plain(read_source(study))
    for finding in load_text_findings(study):
        for quote in (finding.quote_a, finding.quote_b):
            assert plain(quote) in printed, finding.id


def plain(text: str) -> str:
    """Drop the marks of the extraction and what a line break can change."""
    return re.sub(r"<[a-z/][^>]*>|[*_\s]", "", text)
