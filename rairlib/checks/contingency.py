"""χ² and p from the counts of each level in two groups, and p from χ²."""

import math
from collections.abc import Iterator

from scipy import stats

from rairlib.checks.association import (
    METHODS_OF_TABLES,
    STATISTICS_OF,
    TEST_NAMES,
    USUAL,
    association_tests,
    p_from_chi_square,
)
from rairlib.checks.cells import CountIndex, count_index
from rairlib.checks.cross_tables import CrossTable, find_tables, table_of_groups
from rairlib.checks.lookup import several_groups
from rairlib.checks.rounding import (
    SHORTENED,
    float_limits,
    is_plain,
    is_rescued,
    shown_p,
    shown_p_range,
    times_apart,
)
from rairlib.findings import Finding
from rairlib.printed import format_value
from rairlib.reported import Registry, ReportedNumber

# More comparisons than this are seldom corrected for, and chance would fit one of them.
MOST_COMPARISONS = 10


def check_chi_square_from_counts(registry: Registry) -> list[Finding]:
    """Recompute χ² of a variable from its counts in both groups; needs counts by level."""
    index = count_index(registry)
    findings = []
    for row in registry.where("chi_square"):
        if row.method in METHODS_OF_TABLES and row.method != "fisher":
            tables = find_tables(index, row)
            if tables:
                findings.append(_judge_tests("chi_square_from_counts", index, row, tables))
    return findings


def check_p_from_counts(registry: Registry) -> list[Finding]:
    """Recompute p of a variable from its counts in both groups; needs counts by level."""
    index = count_index(registry)
    findings = []
    for row in _p_values_of_tables(registry):
        groups = several_groups(index, row)
        tables = [] if groups else find_tables(index, row)
        if tables:
            findings.append(_judge_tests("p_from_counts", index, row, tables))
        cells = table_of_groups(index, row, groups) if groups else None
        if cells is not None:
            findings.append(_judge_groups(row, groups, *cells))
    return findings


def _judge_groups(row: ReportedNumber, groups: tuple[str, ...], cells, uses) -> Finding:
    """Compare p with χ² tests of levels by three or more groups."""
    values = {
        name: float(stats.chi2_contingency(cells, correction=False, lambda_=kind).pvalue)
        for name, kind in (("pearson", "pearson"), ("likelihood_ratio", "log-likelihood"))
    }
    fitting = [name for name, value in values.items() if row.number.agrees(value)]
    listed = ", ".join(
        f"p by {TEST_NAMES[name]} {shown_p(value, row.number.decimals)}"
        for name, value in values.items()
    )
    if fitting:
        remark = f"It agrees with {', '.join(TEST_NAMES[name] for name in fitting)}."
    else:
        remark = f"Neither gives it{times_apart(row, [(v, v) for v in values.values()])}."
    proven = not fitting and row.method in values
    return Finding(
        check="p_from_counts",
        status="agrees" if fitting else "contradicted" if proven else "suggests",
        target=row.id,
        uses=uses,
        low=min(values.values()),
        high=max(values.values()),
        text=f"{row.variable}, {'; '.join(' and '.join(map(str, line)) for line in cells)} in "
        f"{', '.join(groups)}: {listed}; printed is {row.printed}. {remark}",
    )


def check_p_from_chi_square(registry: Registry) -> list[Finding]:
    """Recompute p from the printed χ² and its degrees of freedom; needs p with `of` = χ²."""
    index = count_index(registry)
    findings = []
    for row in _p_values_of_tables(registry):
        statistic = _statistic_of(registry, row)
        if statistic is not None and row.method != "fisher" and is_plain(statistic):
            findings.append(_p_finding(index, row, statistic))
    return findings


def _p_values_of_tables(registry: Registry) -> Iterator[ReportedNumber]:
    for row in registry.where("p_value"):
        parent = registry[row.of].statistic if row.of in registry else ""
        if row.method in METHODS_OF_TABLES and parent in ("", "chi_square"):
            yield row


def _statistic_of(registry: Registry, row: ReportedNumber) -> ReportedNumber | None:
    if row.of not in registry or registry[row.of].method not in METHODS_OF_TABLES:
        return None
    return registry[row.of]


def _values(row: ReportedNumber, table: CrossTable) -> dict[str, float]:
    """Return what each test gives for the printed statistic or p value."""
    tests = association_tests(table.cells)
    place = 0 if row.statistic == "chi_square" else 1
    values = {name: result[place] for name, result in tests.items()}
    if place == 0:
        values = {name: values[name] for name in STATISTICS_OF if name in values}
    return {name: value for name, value in values.items() if not math.isnan(value)}


def _judge_tests(check: str, index: CountIndex, row: ReportedNumber, tables) -> Finding:
    """Compare a print with each test on each table that it can be about."""
    tried = [
        (name, value, table) for table in tables for name, value in _values(row, table).items()
    ]
    usual = [entry for entry in tried if entry[0] in USUAL]
    fitting = [entry for entry in usual if row.number.agrees(entry[1])]
    named_first = sorted(fitting, key=lambda entry: entry[0] != row.method)
    _, value, table = named_first[0] if fitting else _nearest(row, usual)
    if row.method and row.method not in {entry[0] for entry in usual}:
        status, remark = "open", f"{TEST_NAMES[row.method]} cannot be computed for this table."
    elif fitting:
        status, remark = _agreement(row, fitting)
    else:
        status, remark = _disagreement(index, row, tried, tables)
    # That no table agrees is said of all of them.
    used = [table] if fitting else [table, *tables]
    return Finding(
        check=check,
        status=status,
        target=row.id,
        uses=tuple(dict.fromkeys(use for each in used for use in each.uses)),
        low=value,
        high=value,
        text=(
            f"{_shown_table(row, table)}: {_shown_values(row, table)}; printed is {row.printed}. "
            f"{remark}"
        ),
    )


def _nearest(row: ReportedNumber, entries):
    wanted = [entry for entry in entries if entry[0] == row.method] or entries
    return min(wanted, key=lambda entry: abs(entry[1] - row.number.value))


def _agreement(row: ReportedNumber, fitting) -> tuple[str, str]:
    names = list(dict.fromkeys(name for name, _, _ in fitting))
    listed = ", ".join(TEST_NAMES[name] for name in names)
    if row.method and row.method not in names:
        named = TEST_NAMES[row.method]
        return "suggests", f"It agrees with {listed}, not with {named}, which the paper names."
    if row.method or len(names) > 1:
        return "agrees", f"It agrees with {listed}."
    return "agrees", f"The print identifies the test: {listed}."


def _disagreement(index: CountIndex, row: ReportedNumber, tried, tables) -> tuple[str, str]:
    unusual = {name for name, _, _ in tried} - set(USUAL)
    for name, value, _ in tried:
        if is_rescued(row.number, value, value) and name in USUAL:
            return "suggests", f"It fits {TEST_NAMES[name]}.{SHORTENED}"
    found = [TEST_NAMES[name] for name, value, _ in tried if row.number.agrees(value)]
    if found:
        listed = ", ".join(dict.fromkeys(found))
        return "suggests", f"Of {len(unusual)} less usual tests tried it agrees with: {listed}."
    if not is_plain(row) and row.number.operator == "=":
        return "open", "The print is approximate."
    if not row.method and _is_continuous(index, row):
        return "open", "It may stem from a test of the continuous variable."
    if not all(table.complete for table in tables):
        return "open", "Not all levels seem to be printed."
    number = len({name for name, _, _ in tried})
    merged = not row.method and any(len(table.cells) > 2 for table in tables)
    if row.method or (row.statistic == "chi_square" and not merged):
        return "contradicted", f"None of {number} tests of association gives it."
    if merged:
        remark = f"None of {number} tests of these levels gives it; a trend or merged levels might."
        return "suggests", remark
    usual = {name: value for name, value, _ in tried if name in USUAL}
    far = times_apart(row, [(value, value) for value in usual.values()])
    text = f"None of {number} tests of independent samples gives it{far}"
    for name, value in usual.items():
        for times in range(2, MOST_COMPARISONS + 1):
            if row.number.agrees(min(1.0, times * value)):
                text += f"; {times} times p by {TEST_NAMES[name]} would be printed so (Bonferroni)"
                return "suggests", f"{text}."
    return "suggests", (
        f"{text}; a test of pairs, of the continuous variable or of other patients may stand "
        "behind it."
    )


def _is_continuous(index: CountIndex, row: ReportedNumber) -> bool:
    groups = row.outcome_groups
    rows = index.registry.where(("mean", "median"), variable=row.variable, level="")
    return any(other.group in groups for other in rows)


def _shown_table(row: ReportedNumber, table: CrossTable) -> str:
    first, second = row.outcome_groups
    levels = f" ({', '.join(table.levels)})"
    columns = [", ".join(str(pair[side]) for pair in table.cells) for side in (0, 1)]
    return f"{row.variable}{levels}, {columns[0]} in {first} and {columns[1]} in {second}"


def _shown_values(row: ReportedNumber, table: CrossTable) -> str:
    values = {name: value for name, value in _values(row, table).items() if name in USUAL}
    decimals = row.number.decimals
    if row.statistic == "chi_square":
        texts = [f"{TEST_NAMES[n]} {format_value(v, decimals + 1)}" for n, v in values.items()]
    else:
        texts = [f"p by {TEST_NAMES[n]} {shown_p(v, decimals)}" for n, v in values.items()]
    return ", ".join(texts)


def _p_finding(index: CountIndex, row: ReportedNumber, statistic: ReportedNumber) -> Finding:
    check, limits = "p_from_chi_square", (statistic.number.low, statistic.number.high)
    tables = find_tables(index, row)
    freedoms = sorted({len(table.cells) - 1 for table in tables})
    if row.level:
        freedoms = [1]
    known = bool(freedoms) and all(table.complete for table in tables)
    tried = [(freedom, *p_from_chi_square(limits, freedom)) for freedom in freedoms or range(1, 11)]
    fitting = [entry for entry in tried if row.number.overlaps(entry[1], entry[2])]
    freedom, low, high = fitting[0] if fitting else tried[0]
    text = (
        f"χ² = {statistic.printed} with {freedom} degree{'s' * (freedom > 1)} of freedom gives p "
        f"{shown_p_range(low, high, row.number.decimals)}; printed is {row.printed}."
    )
    status = "agrees" if fitting else "contradicted" if known else "suggests"
    if not freedoms:
        text += " The degrees of freedom are not printed."
    if status == "contradicted":
        status, remark = _p_rescue(index, row, statistic, freedom, tables)
        text += remark
    used = tables[:1] if status == "agrees" else tables
    uses = dict.fromkeys((statistic.id, *(use for table in used for use in table.uses)))
    return Finding(
        check=check, status=status, target=row.id, uses=tuple(uses), low=low, high=high, text=text
    )


def _p_rescue(index, row, statistic, freedom, tables) -> tuple[str, str]:
    """Look for another test, or another way of shortening, behind a p that is not that of χ²."""
    if tables and _judge_tests("", index, row, tables).status == "agrees":
        return "suggests", " The counts give this p: another test stands behind χ², or a misprint."
    limits = p_from_chi_square(float_limits(statistic.number, shortened=True), freedom)
    if row.number.overlaps(*limits) or is_rescued(row.number, *limits):
        return "suggests", SHORTENED
    return "contradicted", ""
