"""χ² and p from the counts of each level in two groups, and p from χ²."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import product

import numpy as np
from scipy import special, stats
from scipy.stats.contingency import odds_ratio

from rairlib.checks.cells import (
    CountIndex,
    count_index,
    several_groups,
    unless_shortened,
    whole_number,
)
from rairlib.checks.counts import sum_of
from rairlib.checks.findings import Finding, check, conclude
from rairlib.checks.regressions import (
    MULTIPLIERS,
    OTHER_INTERVALS,
    RegressionEstimate,
    exponential,
    regression_estimates,
    wald_region,
)
from rairlib.checks.rounding import (
    SHORTENED,
    float_limits,
    is_plain,
    is_rescued,
    judge,
    shown,
    shown_p,
    shown_p_range,
    times_apart,
)
from rairlib.registry.printed import format_value
from rairlib.registry.registry import Registry, ReportedNumber

# --- Tests of association in a table of levels by two groups ----------------------------------


TEST_NAMES = {
    "pearson": "Pearson's χ²",
    "yates": "χ² with continuity correction",
    "fisher": "Fisher's exact test",
    "likelihood_ratio": "likelihood ratio χ²",
    "linear": "linear-by-linear association",
    "one_sided_fisher": "Fisher's exact test, one-sided",
    "mid_p": "Fisher's mid-p",
    "unpooled": "z of two proportions, unpooled",
    "crude_wald": "Wald test of the crude odds ratio",
    "student_of_levels": "t test of levels coded 0 and 1",
}
USUAL = ("pearson", "yates", "fisher", "likelihood_ratio")
STATISTICS_OF = ("pearson", "yates", "likelihood_ratio", "linear")
METHODS_OF_TABLES = ("", "pearson", "yates", "fisher", "likelihood_ratio")
MOST_TABLES = 200_000
"""Tables with the same margins up to which Fisher's test is enumerated beyond 2 × 2."""
MOST_PATIENTS = 10_000_000
"""Patients up to which the hypergeometric distribution is computed exactly enough, and quickly."""

Table = tuple[tuple[int, int], ...]


def pearson_chi_square(table, correction: bool = False, lambda_=None) -> tuple[float, float]:
    """Return statistic and p of Pearson's χ², or of its variants; no margin is empty."""
    result = stats.chi2_contingency(table, correction=correction, lambda_=lambda_)
    return float(result.statistic), float(result.pvalue)


def linear_by_linear(table: Table) -> tuple[float, float]:
    """Test a trend over equally spaced levels: (N − 1) r², and p; two levels as Mann-Whitney."""
    cells = np.asarray(table, dtype=float)
    total, first = cells.sum(), cells[:, 0].sum()
    scores, rows = np.arange(len(cells)), cells.sum(axis=1)
    centred = scores - scores @ rows / total
    slope = (centred @ cells[:, 0]) ** 2
    variance = (centred**2 @ rows) * first * (total - first) / total
    statistic = (total - 1) * slope / variance
    return float(statistic), float(special.chdtrc(1, statistic))


def fisher_exact_p(table: Table) -> float:
    """Fisher's exact test, two-sided; beyond 2 × 2 the Freeman-Halton extension.

    Parameters
    ----------
    table : tuple of tuple of int
        One pair of counts per level.

    Returns
    -------
    float
        p value, or NaN where more tables than `MOST_TABLES` would have to be enumerated, and
        beyond `MOST_PATIENTS`.
    """
    if sum(map(sum, table)) > MOST_PATIENTS:
        return math.nan
    if len(table) == 2:
        return float(stats.fisher_exact(table).pvalue)
    totals = np.array([sum(pair) for pair in table])
    if np.log1p(totals[:-1]).sum() > math.log(MOST_TABLES):
        return math.nan
    first = sum(pair[0] for pair in table)
    firsts = np.indices(totals[:-1] + 1).reshape(len(table) - 1, -1)
    last = first - firsts.sum(axis=0)
    possible = (last >= 0) & (last <= totals[-1])
    columns = np.vstack([firsts[:, possible], last[possible]])
    logs = _log_binomial(totals[:, None], columns).sum(axis=0)
    observed = _log_binomial(totals, np.array([pair[0] for pair in table])).sum()
    # R's relative tolerance for tables as probable as the observed one.
    chosen = logs <= observed + 1e-7
    return float(min(1.0, np.exp(special.logsumexp(logs[chosen]) - special.logsumexp(logs))))


def p_from_chi_square(statistic: tuple[float, float], freedom: int) -> tuple[float, float]:
    """Return the smallest and largest p of an interval of χ²: p falls as χ² grows."""
    low, high = (max(0.0, end) for end in statistic)
    return float(special.chdtrc(freedom, high)), float(special.chdtrc(freedom, low))


@lru_cache(maxsize=4096)
def association_tests(table: Table) -> dict[str, tuple[float, float]]:
    """Return statistic and p value of the tests that are tried behind a print.

    Parameters
    ----------
    table : tuple of tuple of int
        One pair of counts per level, no empty margin.

    Returns
    -------
    dict
        Test to statistic (NaN where there is none) and p value. Do not change it: it is cached.
    """
    tests = {
        "pearson": pearson_chi_square(table),
        "likelihood_ratio": pearson_chi_square(table, lambda_="log-likelihood"),
        "fisher": (math.nan, fisher_exact_p(table)),
        "linear": linear_by_linear(table),
    }
    if len(table) == 2:
        one_sided, mid_p = _fisher_variants(table)
        tests |= {
            "yates": pearson_chi_square(table, correction=True),
            "one_sided_fisher": (math.nan, one_sided),
            "mid_p": (math.nan, mid_p),
            "unpooled": _unpooled_z(table),
            "crude_wald": (math.nan, _crude_wald_p(table)),
            "student_of_levels": (math.nan, _student_p(table)),
        }
    return tests


def _log_binomial(total, chosen):
    return (
        special.gammaln(total + 1)
        - special.gammaln(chosen + 1)
        - special.gammaln(total - chosen + 1)
    )


def _fisher_variants(table: Table) -> tuple[float, float]:
    """Return the smaller one-sided p and the two-sided mid-p."""
    (a, b), (c, d) = table
    if a + b + c + d > MOST_PATIENTS:
        return math.nan, math.nan
    less = float(stats.fisher_exact(table, alternative="less").pvalue)
    greater = float(stats.fisher_exact(table, alternative="greater").pvalue)
    observed = float(stats.hypergeom.pmf(a, a + b + c + d, a + b, a + c))
    return min(less, greater), fisher_exact_p(table) - observed / 2


def _unpooled_z(table: Table) -> tuple[float, float]:
    cells = np.asarray(table, dtype=float)
    sizes = cells.sum(axis=0)
    shares = cells[0] / sizes
    variance = (shares * (1 - shares) / sizes).sum()
    statistic = math.inf if variance == 0 else float((shares[0] - shares[1]) ** 2 / variance)
    return statistic, float(special.chdtrc(1, statistic))


def _crude_wald_p(table: Table) -> float:
    cells = np.asarray(table, dtype=float)
    if cells.min() == 0:
        return math.nan
    log_odds_ratio = np.log(cells[0, 0] * cells[1, 1] / (cells[0, 1] * cells[1, 0]))
    return float(2 * special.ndtr(-abs(log_odds_ratio) / np.sqrt((1 / cells).sum())))


def _student_p(table: Table) -> float:
    """Compare two proportions by Student's t: r with N − 2 degrees of freedom."""
    total = sum(map(sum, table))
    squared_r = min(1.0, linear_by_linear(table)[0] / (total - 1))
    if squared_r == 1 or total < 3:
        return math.nan
    t = math.sqrt(squared_r * (total - 2) / (1 - squared_r))
    return float(2 * special.stdtr(total - 2, -t))


# --- Tables of levels by two groups, read from the counts of a registry -----------------------


MISSING_LEVELS = (
    *("unknown", "missing", "n/a", "na", "undetermined", "unspecified", "no data", "not known"),
    *("not available", "not reported", "not recorded", "not stated", "not assessed"),
    *("not determined", "not done"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossTable:
    """Counts by level and outcome group, as printed.

    Attributes
    ----------
    cells : tuple of tuple of int
        One pair per level: patients of the first and of the second group.
    levels : tuple of str
        Names of the levels.
    uses : tuple of ReportedNumber
        The numbers.
    complete : bool
        Whether the levels are known to exhaust both groups.
    """

    cells: Table
    levels: tuple[str, ...]
    uses: tuple[ReportedNumber, ...]
    complete: bool


def find_tables(index: CountIndex, row: ReportedNumber) -> list[CrossTable]:
    """Return the tables without empty margins that a p value or χ² of two groups can be about.

    The row compares ``A vs B`` of one variable; with a level, of that level against the rest; with
    a contrast ``x vs y``, of these two levels.
    """
    groups = row.outcome_groups
    if groups is None or not row.variable:
        return []
    counted = index.levels.get((row.variable, groups[0]), [])
    levels = [level for level in counted if (row.variable, level, groups[1]) in index.counts]
    table = partial(_table, index, row.variable, groups=groups)
    if row.contrast is not None:
        choices = [table(row.contrast)]
    elif row.level:
        choices = [table([row.level], rest=True)]
        for names in (levels, _known(levels)):
            whole = table(names) if row.level in names else None
            against = _against_others(whole, row.level, names)
            if all(one is None or against is None or one.cells != against.cells for one in choices):
                choices.append(against)
    elif len(levels) == 1:
        choices = [table(levels, rest=True)]
    elif not levels:
        choices = []
    else:
        complete = all(
            index.is_exhaustive(row.variable, levels, group)
            or sum_of(index.counts[row.variable, level, group] for level in levels)
            == index.size(group)
            is not None
            for group in groups
        )
        choices = [table(levels, complete=complete)]
        known = _known(levels)
        if 1 < len(known) < len(levels):
            choices.append(table(known, complete=complete))
        if not complete:
            choices.append(table(levels, rest=True, complete=False))
    return [table for table in choices if table is not None]


def table_of_groups(
    index: CountIndex, row: ReportedNumber, groups: tuple[str, ...]
) -> CrossTable | None:
    """Return counts by level and by three or more groups, or None.

    Patients without a printed level are one more level where only one is printed, or where the
    p value is of one level.
    """
    levels = [row.level] if row.level else index.levels.get((row.variable, groups[0]), [])
    return _table(index, row.variable, levels, groups, rest=len(levels) == 1)


def _table(index, variable, levels, groups, rest=False, complete=True) -> CrossTable | None:
    """Build a table of some levels, with the rest of the groups as one more level if wanted."""
    rows = [[index.counts.get((variable, level, group)) for group in groups] for level in levels]
    if rest:
        rows.append([index.sizes.get(group) for group in groups])
    numbers = [[whole_number(row) for row in line] for line in rows]
    if any(None in line for line in numbers):
        return None
    if rest:
        *counted, sizes = numbers
        numbers[-1] = [n - sum(column) for n, *column in zip(sizes, *counted, strict=True)]
    cells = tuple(tuple(line) for line in numbers if any(line))
    if len(cells) < 2 or min(map(min, cells)) < 0 or not all(map(sum, zip(*cells, strict=True))):
        return None
    names = (*levels, "rest") if rest else tuple(levels)
    used = tuple(row for line in rows for row in line)
    return CrossTable(cells=cells, levels=names, uses=used, complete=complete)


def _against_others(whole: CrossTable | None, level: str, levels) -> CrossTable | None:
    """Build the table of one level and the sum of the other printed ones."""
    if whole is None or len(whole.cells) < len(levels):
        return None
    first, columns = whole.cells[levels.index(level)], zip(*whole.cells, strict=True)
    others = tuple(sum(column) - n for n, column in zip(first, columns, strict=True))
    if not all(map(sum, (first, others))):
        return None
    return replace(whole, cells=(first, others), levels=(level, "others"))


def _known(levels) -> list[str]:
    """Leave out levels that stand for missing values, as tests do."""
    return [level for level in levels if level.lower() not in MISSING_LEVELS]


# --- Odds ratios beside the 2×2 counts of the same table --------------------------------------
# A crude (`univariable`) odds ratio is the cross product of the four counts, and its Wald limits
# are Woolf's. An adjusted (`multivariable`) Wald interval is never narrower than Woolf's: at the
# maximum of the likelihood the fitted risks of each level add up to its events, and a binomial
# variance is largest when these risks are all equal (Robinson and Jewell, Int Stat Rev 1991). Both
# statements hold for the same patients; patients with a missing covariate only widen the interval.


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureTable:
    """Patients with a level and with its reference level, with and without the outcome.

    Attributes
    ----------
    level_cases, level_others, reference_cases, reference_others : int
        Patients with the level (or its reference) with and without the outcome.
    uses : tuple of ReportedNumber
        The four counts.
    """

    level_cases: int
    level_others: int
    reference_cases: int
    reference_others: int
    uses: tuple[ReportedNumber, ...] = ()

    @property
    def cells(self) -> tuple[int, int, int, int]:
        """The four counts: level, then reference; cases, then others."""
        return self.level_cases, self.level_others, self.reference_cases, self.reference_others

    @property
    def in_words(self) -> str:
        """The counts as two fractions of odds."""
        return (
            f"{self.level_cases}:{self.level_others} against "
            f"{self.reference_cases}:{self.reference_others}"
        )


def crude_odds_ratio(table: ExposureTable) -> float:
    """Multiply four positive counts crosswise."""
    return (table.level_cases * table.reference_others) / (
        table.level_others * table.reference_cases
    )


def woolf_standard_error(table: ExposureTable) -> float:
    """Compute the standard error of the log odds ratio of four positive counts (Woolf 1955)."""
    return math.sqrt(sum(1 / cell for cell in table.cells))


def woolf_limits(table: ExposureTable) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the 95 % limits of the crude odds ratio of four positive counts.

    Each is a range over the multipliers in use.
    """
    log_ratio, error = math.log(crude_odds_ratio(table)), woolf_standard_error(table)
    low, high = (
        sorted(math.exp(log_ratio + sign * multiplier * error) for multiplier in MULTIPLIERS)
        for sign in (-1, 1)
    )
    return tuple(low), tuple(high)


def exposure_table(index: CountIndex, row: ReportedNumber) -> ExposureTable | None:
    """Find the four counts behind a ratio of ``LEVEL vs REFERENCE`` in ``A vs B``, or None."""
    if row.contrast is None or row.outcome_groups is None:
        return None
    cells = product([row.variable], row.contrast, row.outcome_groups)
    rows = [index.counts.get(cell) for cell in cells]
    counts = [whole_number(found) for found in rows]
    if None in counts:
        return None
    names = ("level_cases", "level_others", "reference_cases", "reference_others")
    return ExposureTable(**dict(zip(names, counts, strict=True)), uses=tuple(rows))


def _tables(registry: Registry, method: str) -> Iterator[tuple[RegressionEstimate, ExposureTable]]:
    index = count_index(registry)
    for found in regression_estimates(registry):
        if (found.estimate.statistic, found.estimate.method) == ("odds_ratio", method):
            table = exposure_table(index, found.estimate)
            if table is not None:
                yield found, table


@check("odds ratios beside counts", "independent")
def check_crude_odds_ratio(registry: Registry) -> Iterator[Finding]:
    """Recompute a univariable odds ratio and its Woolf limits; needs the four counts."""
    for found, table in _tables(registry, "univariable"):
        if min(table.cells) <= 0:
            text = f"{found.printed}: a count of {table.in_words} is zero, no odds ratio exists."
            yield conclude("open", text, found.estimate, *table.uses)
        else:
            yield _crude(found, table)
            yield from _crude_limits(found, table)


def _crude(found: RegressionEstimate, table: ExposureTable) -> Finding:
    estimate, crude = found.estimate, crude_odds_ratio(table)
    text = (
        f"{found.printed}: the counts {table.in_words} give "
        f"{format_value(crude, estimate.number.decimals + 1)}."
    )
    finding = judge(estimate, table.uses, crude, crude, text)
    if finding.status != "contradicted":
        return finding
    if estimate.number.agrees(1 / crude):
        return finding.doubted(" Its inverse agrees: the ratio is worded in the other direction.")
    conditional = crude  # with so many patients both are the same
    if sum(table.cells) <= MOST_PATIENTS:
        cells = [table.cells[:2], table.cells[2:]]
        conditional = odds_ratio(cells, kind="conditional").statistic
    # Programs stop their search for it early: R and scipy differ in the fourth digit.
    ends = 0.999 * conditional, 1.001 * conditional
    agrees = estimate.number.overlaps(*ends) or is_rescued(estimate.number, *ends)
    return finding.doubted(" The conditional estimate of Fisher's test agrees.", agrees)


def _crude_limits(found: RegressionEstimate, table: ExposureTable) -> Iterator[Finding]:
    for limit, (low, high) in zip((found.low, found.high), woolf_limits(table), strict=True):
        if limit is not None:
            text = (
                f"{found.printed}: Woolf's limit from the counts {table.in_words} is "
                f"{shown(low, high, limit.number.decimals + 1)}; printed is {limit.printed}."
            )
            finding = judge(limit, table.uses, low, high, text)
            yield finding.doubted(OTHER_INTERVALS, not found.is_wald)


@check("odds ratios beside counts", "possibility")
def check_adjusted_interval_width(registry: Registry) -> Iterator[Finding]:
    """Hold an adjusted Wald interval against the crude one; needs the four counts and limits."""
    for found, table in _tables(registry, "multivariable"):
        if found.has_interval and min(table.cells) > 0 and wald_region(None, *found.limits()):
            yield unless_shortened(_adjusted_width, found, table)


def _adjusted_width(found: RegressionEstimate, table: ExposureTable, shortened: bool) -> Finding:
    error = wald_region(None, *found.limits(shortened)).standard_error()
    crude = woolf_standard_error(table)
    text = (
        f"{found.printed}: the interval's standard error is {shown(*error, 4)} on the log scale; "
        f"the counts {table.in_words} alone give {format_value(crude, 4)}, and adjustment "
        "cannot make a Wald interval narrower."
    )
    rows = (found.estimate, found.low, found.high, *table.uses)
    if error[1] >= crude - 1e-9:
        return conclude("agrees", text, *rows)
    narrowest = format_value(exponential(2 * min(MULTIPLIERS) * crude), 2)
    text += f" The limits would have to differ by a factor of at least {narrowest}."
    finding = conclude("contradicted", text, *rows)
    return finding.doubted(
        " Only an interval that is not Wald's could be narrower.", not found.is_wald
    )


# --- χ² and p from the counts of each level in two groups, and p from χ² ----------------------


# More comparisons than this are seldom corrected for, and chance would fit one of them.
MOST_COMPARISONS = 10


@check("tests of counts", "independent")
def check_chi_square_from_counts(registry: Registry) -> Iterator[Finding]:
    """Recompute χ² of a variable from its counts in both groups; needs counts by level."""
    index = count_index(registry)
    for row in registry.where("chi_square"):
        usable = row.method in METHODS_OF_TABLES and row.method != "fisher"
        if usable and (tables := find_tables(index, row)):
            yield _judge_tests(index, row, tables)


@check("tests of counts", "independent")
def check_p_from_counts(registry: Registry) -> Iterator[Finding]:
    """Recompute p of a variable from its counts in both groups; needs counts by level."""
    index = count_index(registry)
    for row in _p_values_of_tables(registry):
        if groups := several_groups(index, row):
            table = table_of_groups(index, row, groups)
            if table is not None:
                yield _judge_groups(row, groups, table)
        elif tables := find_tables(index, row):
            yield _judge_tests(index, row, tables)


def _judge_groups(row: ReportedNumber, groups: tuple[str, ...], table: CrossTable) -> Finding:
    """Compare p with χ² tests of levels by three or more groups."""
    values = {
        name: pearson_chi_square(table.cells, lambda_=kind)[1]
        for name, kind in (("pearson", "pearson"), ("likelihood_ratio", "log-likelihood"))
    }
    fitting = [TEST_NAMES[name] for name, value in values.items() if row.number.agrees(value)]
    listed = ", ".join(
        f"p by {TEST_NAMES[name]} {shown_p(value, row.number.decimals)}"
        for name, value in values.items()
    )
    if fitting:
        remark = f"It agrees with {', '.join(fitting)}."
    else:
        remark = f"Neither gives it{times_apart(row, [(v, v) for v in values.values()])}."
    text = (
        f"{row.variable}, {'; '.join(' and '.join(map(str, line)) for line in table.cells)} in "
        f"{', '.join(groups)}: {listed}; printed is {row.printed}. {remark}"
    )
    status = "agrees" if fitting else "contradicted" if row.method in values else "suggests"
    limits = {"low": min(values.values()), "high": max(values.values())}
    return conclude(status, text, *table.uses, target=row, **limits)


@check("tests of counts", "bookkeeping")
def check_p_from_chi_square(registry: Registry) -> Iterator[Finding]:
    """Recompute p from the printed χ² and its degrees of freedom; needs p with `of` = χ²."""
    index = count_index(registry)
    for row in _p_values_of_tables(registry):
        if row.of in registry and row.method != "fisher":
            statistic = registry[row.of]
            if statistic.method in METHODS_OF_TABLES and is_plain(statistic):
                yield _p_finding(index, row, statistic)


def _p_values_of_tables(registry: Registry) -> Iterator[ReportedNumber]:
    for row in registry.where("p_value"):
        parent = registry[row.of].statistic if row.of in registry else ""
        if row.method in METHODS_OF_TABLES and parent in ("", "chi_square"):
            yield row


def _values(row: ReportedNumber, table: CrossTable) -> dict[str, float]:
    """Return what each test gives for the printed statistic or p value."""
    tests = association_tests(table.cells)
    place = 0 if row.statistic == "chi_square" else 1
    values = {name: result[place] for name, result in tests.items()}
    if place == 0:
        values = {name: values[name] for name in STATISTICS_OF if name in values}
    return {name: value for name, value in values.items() if not math.isnan(value)}


def _judge_tests(index: CountIndex, row: ReportedNumber, tables: list[CrossTable]) -> Finding:
    """Compare a print with each test on each table that it can be about."""
    tried = [
        (name, value, table) for table in tables for name, value in _values(row, table).items()
    ]
    usual = [entry for entry in tried if entry[0] in USUAL]
    fitting = [entry for entry in usual if row.number.agrees(entry[1])]
    if fitting:
        _, value, table = min(fitting, key=lambda entry: entry[0] != row.method)
    else:
        wanted = [entry for entry in usual if entry[0] == row.method] or usual
        _, value, table = min(wanted, key=lambda entry: abs(entry[1] - row.number.value))
    if row.method and row.method not in {entry[0] for entry in usual}:
        status, remark = "open", f"{TEST_NAMES[row.method]} cannot be computed for this table."
    elif fitting:
        status, remark = _agreement(row, fitting)
    else:
        status, remark = _disagreement(index, row, tried, tables)
    text = f"{_shown_table(row, table)}: {_shown_values(row, table)}; printed is {row.printed}. "
    # That no table agrees is said of all of them.
    used = [table] if fitting else [table, *tables]
    rows = (use for each in used for use in each.uses)
    return conclude(status, text + remark, *rows, target=row, low=value, high=value)


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
        return ", ".join(
            f"{TEST_NAMES[n]} {format_value(v, decimals + 1)}" for n, v in values.items()
        )
    return ", ".join(f"p by {TEST_NAMES[n]} {shown_p(v, decimals)}" for n, v in values.items())


def _p_finding(index: CountIndex, row: ReportedNumber, statistic: ReportedNumber) -> Finding:
    limits = statistic.number.low, statistic.number.high
    tables = find_tables(index, row)
    freedoms = [1] if row.level else sorted({len(table.cells) - 1 for table in tables})
    known = bool(freedoms) and all(table.complete for table in tables)
    tried = [(freedom, *p_from_chi_square(limits, freedom)) for freedom in freedoms or range(1, 11)]
    fitting = [entry for entry in tried if row.number.overlaps(*entry[1:])]
    freedom, low, high = (fitting or tried)[0]
    text = (
        f"χ² = {statistic.printed} with {freedom} degree{'s' * (freedom > 1)} of freedom gives p "
        f"{shown_p_range(low, high, row.number.decimals)}; printed is {row.printed}."
    )
    status = "agrees" if fitting else "contradicted" if known else "suggests"
    if not freedoms:
        text += " The degrees of freedom are not printed."
    used = tables[:1] if fitting else tables
    rows = (statistic, *(use for table in used for use in table.uses))
    finding = conclude(status, text, *rows, target=row, low=low, high=high)
    if status != "contradicted":
        return finding
    if tables and _judge_tests(index, row, tables).status == "agrees":
        remark = " The counts give this p: another test stands behind χ², or a misprint."
        return finding.doubted(remark)
    wide = p_from_chi_square(float_limits(statistic.number, shortened=True), freedom)
    return finding.doubted(SHORTENED, row.number.overlaps(*wide) or is_rescued(row.number, *wide))
