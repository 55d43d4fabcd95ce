"""χ² and p from the counts of each level in two groups, and p from χ²."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import product

import numpy as np
from scipy import special

from rairlib.checks.cells import (
    MOST_PATIENTS,
    CountIndex,
    count_index,
    is_missing,
    known_values,
    several_groups,
    sizes_that_fit,
    unless_missing,
    unless_shortened,
    values_of,
    whole_number,
)
from rairlib.checks.counts import sum_of
from rairlib.checks.findings import Finding, check, conclude
from rairlib.checks.regressions import (
    LEVELS,
    NOT_WALD,
    OTHER_INTERVALS,
    RegressionEstimate,
    exponential,
    regression_estimates,
    usual_limits,
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
from rairlib.registry.registry import VERSUS, Registry, ReportedNumber

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
DRAWN = 2000
USUAL = ("pearson", "yates", "fisher", "likelihood_ratio")
OFFERED = ("linear", "mid_p", "unpooled")
STATISTICS_OF = ("pearson", "yates", "likelihood_ratio", "linear")
METHODS_OF_TABLES = ("", "pearson", "yates", "fisher", "likelihood_ratio")
MOST_CONDITIONAL = 100_000
"""Patients beyond which Fisher's conditional estimate is the crude odds ratio."""
MOST_TABLES = 200_000
"""Tables with the same margins up to which Fisher's test is enumerated beyond 2 × 2."""

Table = tuple[tuple[int, int], ...]


def chi_square_tests(table) -> dict[str, tuple[float, float]]:
    """Return statistic and p of Pearson's χ² and its variants; no margin is empty."""
    cells = np.asarray(table, dtype=float)
    expected = np.outer(cells.sum(axis=1), cells.sum(axis=0)) / cells.sum()
    apart = np.abs(cells - expected)
    statistics = {
        "pearson": (apart**2 / expected).sum(),
        "likelihood_ratio": 2 * special.xlogy(cells, cells / expected).sum(),
    }
    if cells.shape == (2, 2):
        statistics["yates"] = (np.maximum(0, apart - 0.5) ** 2 / expected).sum()
    freedom = (cells.shape[0] - 1) * (cells.shape[1] - 1)
    return {
        name: (float(value), float(special.chdtrc(freedom, max(0.0, value))))
        for name, value in statistics.items()
    }


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

    NaN beyond `MOST_PATIENTS`, and where more than `MOST_TABLES` would have to be enumerated.
    """
    if sum(map(sum, table)) > MOST_PATIENTS:
        return math.nan
    if len(table) == 2:
        return hypergeometric_tests(table)["fisher"][1]
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


def hypergeometric_tests(table: Table) -> dict[str, tuple[float, float]]:
    """Return p of Fisher's exact test of four cells: two-sided, one-sided and mid-p."""
    (a, b), (c, d) = table
    row, column, total = a + b, a + c, a + b + c + d
    centre, others = row * column / total, total - column
    spread = math.sqrt(centre * others / total * (total - row) / max(1, total - 1))
    # Farther from the expected count no probability adds to the sum, or is above zero at all.
    reach = (9 if abs(a - centre) < 8 * spread else 40) * spread + 30
    first = max(0, row - others, math.floor(centre - reach))
    last = min(row, column, math.ceil(centre + reach))
    values = np.arange(first, last + 1)
    logs = _log_binomial(column, values) + _log_binomial(others, row - values)
    sum_of_all = special.logsumexp(logs)
    observed = _log_binomial(column, a) + _log_binomial(others, b) - sum_of_all
    chances, own = np.exp(logs - sum_of_all), math.exp(observed)
    # R's relative tolerance for tables as probable as the observed one.
    both = min(1.0, max(own, chances[logs - sum_of_all <= observed + 1e-7].sum()))
    one = max(own, min(chances[values <= a].sum(), chances[values >= a].sum()))
    found = {"fisher": both, "one_sided_fisher": min(1.0, one), "mid_p": both - own / 2}
    return {name: (math.nan, float(value)) for name, value in found.items()}


def p_from_chi_square(statistic: tuple[float, float], freedom: int) -> tuple[float, float]:
    """Return the smallest and largest p of an interval of χ²: p falls as χ² grows."""
    low, high = (max(0.0, end) for end in statistic)
    return float(special.chdtrc(freedom, high)), float(special.chdtrc(freedom, low))


@lru_cache(maxsize=4096)
def usual_tests(table: Table) -> dict[str, tuple[float, float]]:
    """Return statistic and p of the `USUAL` tests, as :func:`association_tests` does."""
    return chi_square_tests(table) | {"fisher": (math.nan, fisher_exact_p(table))}


@lru_cache(maxsize=4096)
def association_tests(table: Table) -> dict[str, tuple[float, float]]:
    """Return statistic and p value of all tests that are tried behind a print.

    Parameters
    ----------
    table : tuple of tuple of int
        One pair of counts per level, no empty margin.

    Returns
    -------
    dict
        Test to statistic (NaN where there is none) and p value. Do not change it: it is cached.
    """
    tests = usual_tests(table) | {"linear": linear_by_linear(table)}
    return tests | _tests_of_two_levels(table, tests) if len(table) == 2 else tests


def _tests_of_two_levels(table: Table, tests) -> dict[str, tuple[float, float]]:
    (a, b), (c, d) = table
    total = a + b + c + d
    exact = hypergeometric_tests(table) if total <= MOST_PATIENTS else {}
    first, second = a / (a + c), b / (b + d)
    variance = first * (1 - first) / (a + c) + second * (1 - second) / (b + d)
    unpooled = (first - second) ** 2 / variance if variance else math.inf
    wald = student = math.nan
    if all((a, b, c, d)):
        z = math.log(crude_odds_ratio((a, b, c, d))) / woolf_standard_error((a, b, c, d))
        wald = float(2 * special.ndtr(-abs(z)))
    squared_r = min(1.0, tests["linear"][0] / (total - 1))
    if squared_r < 1 and total > 2:
        t = math.sqrt(squared_r * (total - 2) / (1 - squared_r))
        student = float(2 * special.stdtr(total - 2, -t))
    return exact | {
        "unpooled": (unpooled, float(special.chdtrc(1, unpooled))),
        "crude_wald": (math.nan, wald),
        "student_of_levels": (math.nan, student),
    }


def _log_binomial(total, chosen):
    of_all, of_chosen = special.gammaln(total + 1), special.gammaln(chosen + 1)
    return of_all - of_chosen - special.gammaln(total - chosen + 1)


# --- Tables of levels by two groups, read from the counts of a registry -----------------------


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
    # Tests leave out levels that stand for missing values.
    known = [level for level in levels if not is_missing(level)]
    table = partial(_table, index, row.variable, groups=groups)
    if row.contrast is not None:
        choices = [table(row.contrast)]
    elif row.level:
        wholes = [table(names) for names in (levels, known) if row.level in names]
        against = [_against_others(whole, row.level) for whole in wholes if whole is not None]
        choices = [table([row.level], rest=True), *against]
    elif len(levels) < 2:
        choices = [table(levels, rest=True)] if levels else []
    else:
        complete = all(_exhausts(index, row.variable, levels, group) for group in groups)
        choices = [table(levels, complete=complete)]
        if 1 < len(known) < len(levels):
            choices.append(table(known, complete=complete))
        if not complete:
            choices.append(table(levels, rest=True, complete=False))
    found: dict[Table, CrossTable] = {}
    for choice in choices:
        if choice is not None:
            found.setdefault(choice.cells, choice)
    return list(found.values())


def _exhausts(index: CountIndex, variable: str, levels: list[str], group: str) -> bool:
    """Whether levels are declared as all of a group, or add up to it, or to all with a value."""
    total = sum_of(index.counts.get((variable, level, group)) for level in levels)
    known = known_values(index, variable, group)
    whole = known[0] if known else (index.size(group),)
    return index.is_exhaustive(variable, levels, group) or (total is not None and total in whole)


def _table(index, variable, levels, groups, rest=False, complete=True) -> CrossTable | None:
    """Build a table of some levels, with the rest of the groups as one more level if wanted."""
    rows = [[index.counts.get((variable, level, group)) for group in groups] for level in levels]
    if rest:
        rows.append([index.own.get((variable, g), index.sizes.get(g)) for g in groups])
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


def _against_others(whole: CrossTable, level: str) -> CrossTable | None:
    """Build the table of one level and the sum of the other printed ones."""
    if len(whole.cells) < len(whole.levels):
        return None
    first, columns = whole.cells[whole.levels.index(level)], zip(*whole.cells, strict=True)
    others = tuple(sum(column) - n for n, column in zip(first, columns, strict=True))
    if not all(map(sum, (first, others))):
        return None
    return replace(whole, cells=(first, others), levels=(level, "others"))


# --- Odds ratios beside the 2×2 counts of the same table --------------------------------------
# A crude (`univariable`) odds ratio is the cross product of the four counts, and its Wald limits
# are Woolf's. An adjusted (`multivariable`) Wald interval is never narrower than Woolf's: at the
# maximum of the likelihood the fitted risks of each level add up to its events, and a binomial
# variance is largest when these risks are all equal (Robinson and Jewell, Int Stat Rev 1991). Both
# statements hold for the same patients; patients with a missing covariate only widen the interval.


DOUBTED = ("contradicted", "suggests")
FourCounts = tuple[int, int, int, int]
"""Patients with a level with and without the outcome, then those with the reference level."""


def crude_odds_ratio(counts: FourCounts) -> float:
    """Multiply four positive counts crosswise."""
    level_cases, level_others, reference_cases, reference_others = counts
    return (level_cases * reference_others) / (level_others * reference_cases)


def woolf_standard_error(counts: FourCounts) -> float:
    """Compute the standard error of the log odds ratio of four positive counts (Woolf 1955)."""
    return math.sqrt(sum(1 / count for count in counts))


def woolf_limits(counts: FourCounts, level: int = 95) -> tuple[tuple[float, float], ...]:
    """Return the limits of the crude odds ratio of four positive counts.

    Each is a range over the multipliers in use.
    """
    log_ratio, error = math.log(crude_odds_ratio(counts)), woolf_standard_error(counts)
    low, high = (
        sorted(math.exp(log_ratio + sign * multiplier * error) for multiplier in LEVELS[level])
        for sign in (-1, 1)
    )
    return tuple(low), tuple(high)


def _exposures(registry: Registry, method: str) -> Iterator[tuple]:
    """Yield odds ratios of ``LEVEL vs REFERENCE`` in ``A vs B``, their four counts and its rows."""
    index = count_index(registry)
    for found in regression_estimates(registry):
        row = found.estimate
        level = {f"{found.level}%"}
        if (row.statistic, row.test) == ("odds_ratio", method) and not found.modifiers - level:
            cells = product([row.variable], row.contrast or (), row.outcome_groups or ())
            rows = [index.counts.get(cell) for cell in cells]
            counts = tuple(whole_number(cell) for cell in rows)
            if counts and None not in counts:
                yield found, counts, rows


def _in_words(counts: FourCounts) -> str:
    return "{}:{} against {}:{}".format(*counts)


@check("odds ratios beside counts", "independent", each=partial(_exposures, method="univariable"))
def check_crude_odds_ratio(found: RegressionEstimate, counts: FourCounts, rows):
    """Recompute a univariable odds ratio and its Woolf limits; needs the four counts."""
    findings = list(_crude_ratio(found, counts, rows))
    if found.has_interval and any(finding.status in DOUBTED for finding in findings):
        enlarged = list(_crude_ratio(found, tuple(count + 0.5 for count in counts), rows))
        if all(finding.status == "agrees" for finding in enlarged):
            reading = "0.5 added to each count (Haldane, Firth)"
            findings = [replace(each, status="open", reading=reading) for each in enlarged]
    return findings


def _crude_ratio(found: RegressionEstimate, counts: FourCounts, rows) -> Iterator[Finding]:
    start = f"{found.printed}: "
    if min(counts) <= 0:
        text = f"{start}a count of {_in_words(counts)} is zero, no odds ratio exists."
        yield conclude("open", text, found.estimate, rows)
        return
    estimate, crude = found.estimate, crude_odds_ratio(counts)
    value = format_value(crude, estimate.number.decimals + 1)
    text = f"{start}the counts {_in_words(counts)} give {value}."
    finding = judge(estimate, rows, crude, crude, text)
    yield _other_ratio(finding, estimate, counts) if finding.status in DOUBTED else finding
    woolf, chance = woolf_limits(counts, found.level), (100 - found.level) / 200
    limits = zip((found.low, found.high), woolf, (1, 0), strict=True)
    for limit, (low, high), side in limits:
        if limit is not None:
            text = (
                f"{start}Woolf's limit from the counts {_in_words(counts)} is "
                f"{shown(low, high, limit.number.decimals + 1)}; printed is {limit.printed}."
            )
            finding = judge(limit, rows, low, high, text)
            doubted = DOUBTED[: 1 if found.is_wald else 2]
            if finding.status in doubted and _is_conditional(limit.number, counts, side, chance):
                text += " It is that of Fisher's test."
                status, reading = (
                    "suggests" if found.is_wald else "agrees",
                    "Fisher's exact interval",
                )
                finding = replace(finding, status=status, text=text, reading=reading)
            usual = found.has_interval and usual_limits(
                found, math.log(crude), woolf_standard_error(counts)
            )
            if finding.status in DOUBTED and usual and not found.is_wald:
                finding = replace(finding, status="open", reading=NOT_WALD)
            yield finding.doubted(OTHER_INTERVALS, not found.is_wald)


def _other_ratio(finding: Finding, estimate: ReportedNumber, counts: FourCounts) -> Finding:
    """Name the inverse, or Fisher's conditional estimate, where it is printed."""
    if estimate.number.agrees(1 / crude_odds_ratio(counts)):
        text = " Its inverse agrees: the ratio is worded in the other direction."
        return replace(finding.doubted(text), reading="the inverse")
    for shortened, status in ((False, "agrees"), (True, "suggests")):
        if _is_conditional(estimate.number, counts, shortened=shortened):
            text = f"{finding.text} The conditional estimate of Fisher's test agrees."
            text += " Digits are cut off." * shortened
            reading = "the conditional estimate of Fisher's test"
            return replace(finding, status=status, text=text, reading=reading)
    return finding


def conditional_distribution(counts: FourCounts, ratio: float) -> tuple[float, float, float]:
    """Return the chances of at most and of at least the first of four counts, and its mean.

    Their margins and the odds ratio are given: the noncentral hypergeometric distribution.
    """
    first, row, column = counts[0], counts[0] + counts[1], counts[0] + counts[2]
    others = sum(counts) - column
    values = np.arange(max(0, row - others), min(row, column) + 1)
    logs = _log_binomial(column, values) + _log_binomial(others, row - values)
    logs = logs + values * math.log(ratio)
    chances = np.exp(logs - special.logsumexp(logs))
    ends = chances[values <= first].sum(), chances[values >= first].sum()
    return float(ends[0]), float(ends[1]), float(values @ chances)


def _is_conditional(number, counts: FourCounts, side=None, chance=0.025, shortened=False) -> bool:
    """Whether a print is the conditional estimate of Fisher's test, or a limit beside it.

    The lower limit has a `chance` of at least so many (`side` 1), the upper of at most (0).
    """
    # With more patients it is the crude one. Programs stop their search for it early.
    ends = float_limits(number, shortened)
    if number.operator != "=" or ends[0] <= 0 or sum(counts) > MOST_CONDITIONAL:
        return False
    found = [conditional_distribution(counts, ends[0] * 0.999)]
    found += [conditional_distribution(counts, ends[1] * 1.001)]
    place, wanted = (2, counts[0]) if side is None else (side, chance)
    low, high = sorted(each[place] for each in found)
    return low <= wanted <= high


@check("odds ratios beside counts", "possibility")
def check_adjusted_interval_width(registry: Registry) -> Iterator[Finding]:
    """Hold an adjusted Wald interval against the crude one; needs the four counts and limits."""
    for found, counts, rows in _exposures(registry, "multivariable"):
        if found.has_interval and min(counts) > 0 and found.region(alone=True):
            yield unless_shortened(_adjusted_width, found, counts, rows)


def _adjusted_width(found: RegressionEstimate, counts: FourCounts, rows, shortened) -> Finding:
    error = found.region(shortened, alone=True).standard_error()
    crude = woolf_standard_error(counts)
    text = (
        f"{found.printed}: the interval's standard error is {shown(*error, 4)} on the log scale; "
        f"the counts {_in_words(counts)} alone give {format_value(crude, 4)}, and adjustment "
        "cannot make a Wald interval narrower."
    )
    used = (found.estimate, found.low, found.high, rows)
    if error[1] >= crude - 1e-9:
        return conclude("agrees", text, *used)
    narrowest = format_value(exponential(2 * min(LEVELS[found.level]) * crude), 2)
    text += f" The limits would have to differ by a factor of at least {narrowest}."
    remark = " Only an interval that is not Wald's could be narrower."
    return conclude("contradicted", text, *used).doubted(remark, not found.is_wald)


# --- χ² and p from the counts of each level in two groups, and p from χ² ----------------------


# More comparisons than this are seldom corrected for, and chance would fit one of them.
MOST_COMPARISONS = 10
# Where the paper says that it corrected.
MOST_CORRECTED = 100
# Pairs of sizes of which all are tried.
MOST_PAIRS = 400
# Share of p by which a test of printed wholes may miss it and still be named.
MOST_APART = 0.03
TINY = 1e-300


@check("tests of counts", "independent")
def check_chi_square_from_counts(registry: Registry) -> Iterator[Finding]:
    """Recompute χ² of a variable from its counts in the groups; needs counts by level."""
    index = count_index(registry)
    for row in registry.where("chi_square"):
        if row.method in METHODS_OF_TABLES and row.method != "fisher":
            yield from _judge_row(index, row)


@check("tests of counts", "independent")
def check_p_from_counts(registry: Registry) -> Iterator[Finding]:
    """Recompute p of a variable from its counts in the groups; needs counts by level."""
    index = count_index(registry)
    for row in _p_values_of_tables(registry):
        yield from _judge_row(index, row)


def _judge_row(index: CountIndex, row: ReportedNumber) -> Iterator[Finding]:
    if groups := several_groups(index, row):
        if table := _table_of_groups(index, row, groups):
            yield _judge_groups(index, row, groups, table)
    elif tables := find_tables(index, row):
        yield _judge_tests(index, row, tables)


def _listed(values: dict[str, float], row: ReportedNumber) -> str:
    """List what each test gives for a p value or a χ²."""
    prefix, show, decimals = "p by ", shown_p, row.number.decimals
    if row.statistic == "chi_square":
        prefix, show, decimals = "", format_value, decimals + 1
    shown_values = ((TEST_NAMES[name], show(value, decimals)) for name, value in values.items())
    return ", ".join(f"{prefix}{name} {value}" for name, value in shown_values)


def _names(tests) -> str:
    return ", ".join(TEST_NAMES[name] for name in dict.fromkeys(tests))


def _table_of_groups(index: CountIndex, row: ReportedNumber, groups) -> CrossTable | None:
    """Build the table of a variable in three or more groups, without levels of missing values."""
    levels = [row.level] if row.level else index.levels.get((row.variable, groups[0]), [])
    known = [level for level in levels if not is_missing(level)]
    # Where only one level is known, all other patients are one more.
    if len(known) == 1:
        return _table(index, row.variable, known, groups, rest=True)
    complete = all(_exhausts(index, row.variable, levels, group) for group in groups)
    return _table(index, row.variable, known, groups, complete=complete)


def _judge_groups(index: CountIndex, row, groups: tuple[str, ...], table: CrossTable) -> Finding:
    """Compare p or χ² with tests of levels by three or more groups."""
    # Two levels of several groups are several levels of two groups.
    turned = tuple(zip(*table.cells, strict=True)) if len(table.cells) == 2 else ()
    tests = usual_tests(turned) if turned else chi_square_tests(table.cells)
    place = 0 if row.statistic == "chi_square" else 1
    values = {name: found[place] for name, found in tests.items() if not math.isnan(found[place])}
    status, remark, reading = _verdict_of_groups(row, table, values)
    text = (
        f"{row.variable}, {'; '.join(' and '.join(map(str, line)) for line in table.cells)} in "
        f"{', '.join(groups)}: {_listed(values, row)}; printed is {row.printed}. {remark}"
    )
    limits = {"low": min(values.values()), "high": max(values.values()), "reading": reading}
    finding = conclude(status, text, *table.uses, target=row, **limits)
    if status != "agrees" and turned and row.number.agrees(linear_by_linear(turned)[place]):
        text += " A test for trend gives it."
        return replace(finding, status="suggests", text=text, reading="a test for trend")
    return _unless_rest_is_smaller(index, finding, row, table, groups)


def _verdict_of_groups(row: ReportedNumber, table: CrossTable, values) -> tuple[str, str, str]:
    """Return status, remark and reading of a p value of several groups."""
    if row.modifiers:
        return _corrected(row, [(name, value, table) for name, value in values.items()])
    wanted = [row.method] if row.method in values else list(values)
    fitting = [name for name, value in values.items() if row.number.agrees(value)]
    if set(fitting) & set(wanted):
        return "agrees", f"It agrees with {_names(fitting)}.", ""
    for name in wanted:
        if is_rescued(row.number, values[name], values[name]):
            return "suggests", f"It fits {TEST_NAMES[name]}.{SHORTENED}", "digits cut off"
    if fitting:
        remark = f"It agrees with {_names(fitting)}, not with {_names(wanted)}, as named."
        return "suggests", remark, _names(fitting)
    if not table.complete:
        return "open", "Not all levels seem to be printed.", ""
    far = times_apart(row, [(value, value) for value in values.values()])
    return "contradicted" if row.method in values else "suggests", f"None gives it{far}.", ""


def _p_values_of_tables(registry: Registry) -> Iterator[ReportedNumber]:
    for row in registry.where("p_value"):
        parent = registry[row.of].statistic if row.of in registry else ""
        corrected = row.modifiers == ("bonferroni",) and not parent
        handled = corrected or not row.modifiers
        if row.test in METHODS_OF_TABLES and handled and parent in ("", "chi_square"):
            yield row


def _values(row: ReportedNumber, table: CrossTable, find=usual_tests) -> dict[str, float]:
    """Return what each test gives for the printed statistic or p value."""
    tests = find(table.cells)
    place, names = (0, STATISTICS_OF) if row.statistic == "chi_square" else (1, tests)
    values = {name: tests[name][place] for name in names if name in tests}
    return {name: value for name, value in values.items() if not math.isnan(value)}


def _judge_tests(index: CountIndex, row: ReportedNumber, tables: list[CrossTable]) -> Finding:
    """Compare a print with each test on each table that it can be about."""
    usual = [
        (name, value, table) for table in tables for name, value in _values(row, table).items()
    ]
    fitting = [entry for entry in usual if row.number.agrees(entry[1])]
    if fitting:
        _, value, table = min(fitting, key=lambda entry: entry[0] != row.method)
    else:
        wanted = [entry for entry in usual if entry[0] == row.test] or usual
        _, value, table = min(wanted, key=lambda entry: abs(entry[1] - row.number.value))
    names = list(dict.fromkeys(name for name, _, _ in fitting))
    reading = ""
    if row.test and row.test not in {name for name, _, _ in usual}:
        status, remark = "open", f"{TEST_NAMES[row.test]} cannot be computed for this table."
    elif row.modifiers:
        status, remark, reading = _corrected(row, usual)
    elif not fitting:
        status, remark, reading = _disagreement(index, row, usual, tables)
    elif row.method and row.method not in names:
        named = TEST_NAMES[row.method]
        remark = f"It agrees with {_names(names)}, not with {named}, which the paper names."
        status, reading = "suggests", _names(names)
        if any(name == row.method and is_rescued(row.number, v, v) for name, v, _ in usual):
            remark, reading = f"It fits {named}.{SHORTENED}", "digits cut off"
    else:
        says = (
            "It agrees with" if row.method or len(names) > 1 else "The print identifies the test:"
        )
        status, remark = "agrees", f"{says} {_names(names)}."
    columns = [", ".join(map(str, column)) for column in zip(*table.cells, strict=True)]
    first, second = row.outcome_groups
    values = _values(row, table)
    text = (
        f"{row.variable} ({', '.join(table.levels)}), {columns[0]} in {first} and {columns[1]} in "
        f"{second}: {_listed(values, row)}; printed is {row.printed}. {remark}"
    )
    # That no table agrees is said of all of them.
    used = [table] if fitting else [table, *tables]
    uses = [use.uses for use in used]
    finding = conclude(status, text, uses, target=row, low=value, high=value, reading=reading)
    for each in tables if status == "contradicted" else ():
        finding = _unless_rest_is_smaller(index, finding, row, each, row.outcome_groups)
    return finding


def _unless_rest_is_smaller(index: CountIndex, finding: Finding, row, table: CrossTable, groups):
    """Weaken a proof about one level and all other patients, of whom some may have no value."""
    if finding.status != "contradicted" or table.levels[-1] != "rest" or len(table.cells) != 2:
        return finding
    counts, sizes = np.array(table.cells[0]), table.uses[-len(groups) :]
    values = [values_of(index, row, *pair) for pair in zip(sizes, groups, strict=True)]
    # Of three groups few enough patients have nearly any p: at least half of each have a value.
    least = [each.stop // 2 if len(groups) > 2 else 1 for each in values]
    limits = zip(counts.tolist(), least, values, strict=True)
    values = [range(max(*ends, each.start), each.stop) for *ends, each in limits]

    def found(*smaller: np.ndarray) -> np.ndarray:
        statistics = level_statistics(counts, np.array(smaller))
        freedom = len(groups) - 1
        return statistics if row.statistic == "chi_square" else special.chdtrc(freedom, statistics)

    def fits(*smaller: np.ndarray) -> np.ndarray:
        values = found(*smaller)
        return ((values >= row.number.low) & (values <= row.number.high)).any(axis=0)

    def is_between(*smaller: np.ndarray) -> np.ndarray:
        ends = found(*smaller)
        return (ends.min(axis=0) <= row.number.high) & (ends.max(axis=0) >= row.number.low)

    finding = unless_missing(finding, values, fits)
    # Fisher's p of fewer has no such formula: it counts as any value between those of the others.
    unsure = any(len(each) > 1 for each in values)
    return unless_missing(finding, values, is_between) if unsure else finding


def level_statistics(counts: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return Pearson's χ², the likelihood ratio's and, of two groups, the corrected, in rows.

    Of patients with a level and all patients, one row per group; 0 where a margin is empty.
    """
    sizes = sizes.astype(float)
    with_it = counts.astype(float).reshape(-1, *[1] * (sizes.ndim - 1))
    total, share = sizes.sum(axis=0), with_it.sum() / sizes.sum(axis=0)
    expected, apart = sizes * share, np.abs(with_it - sizes * share)
    spread = np.maximum(expected * (1 - share), TINY)
    found = [
        (apart**2 / spread).sum(axis=0),
        2
        * sum(
            special.xlogy(cell, cell / np.maximum(fitted, TINY)).sum(axis=0)
            for cell, fitted in (
                (with_it + 0 * sizes, expected),
                (sizes - with_it, sizes - expected),
            )
        ),
    ]
    if len(sizes) == 2:
        found.append((np.maximum(0, apart - 0.5) ** 2 / spread).sum(axis=0))
    possible = (share > 0) & (share < 1) & (sizes.min(axis=0) > 0) & (total > 0)
    return np.where(possible, np.array(found), 0.0)


def _near_a_test(row: ReportedNumber, usual) -> tuple[str, str, str] | None:
    """Recognise digits cut off, and p that is as near Fisher's as 2,000 drawn tables bring it."""
    for name, value, table in usual:
        if is_rescued(row.number, value, value):
            return "suggests", f"It fits {TEST_NAMES[name]}.{SHORTENED}", "digits cut off"
        # R draws so many beyond 2 × 2 where it is asked to simulate; the least p is 1 of them.
        large = row.number.high >= 1 / DRAWN
        if large and row.statistic == "p_value" and name == "fisher" and len(table.cells) > 2:
            error = 4 * math.sqrt(value * (1 - value) / DRAWN)
            if row.number.overlaps(value - error, value + error):
                return "suggests", "A simulated p value would lie so near.", "a simulated p value"
    return None


def _disagreement(index: CountIndex, row: ReportedNumber, usual, tables) -> tuple[str, str, str]:
    """Return status, remark and reading of a print that no usual test of the tables gives."""
    if found := _near_a_test(row, usual) or _with_other_sizes(index, row, tables):
        return found
    tried = [one for each in tables for one in _values(row, each, association_tests).items()]
    tests = {name for name, _ in tried}
    if found := [name for name, value in tried if row.number.agrees(value)]:
        number = len(tests - set(USUAL))
        remark = f"Of {number} less usual tests tried it agrees with: {_names(found)}."
        # A paper that names no test may have used one that programs offer beside the usual.
        asked = row.method or not set(found) & set(OFFERED)
        return "suggests" if asked else "open", remark, _names(found)
    if not is_plain(row) and row.number.operator == "=":
        return "open", "The print is approximate.", ""
    summaries = index.registry.where(("mean", "median"), variable=row.variable, level="")
    if not row.method and any(other.group in row.outcome_groups for other in summaries):
        return "open", "It may stem from a test of the continuous variable.", ""
    if not all(table.complete for table in tables):
        return "open", "Not all levels seem to be printed.", ""
    none = f"None of {len(tests)} tests of"
    merged = not row.method and any(len(table.cells) > 2 for table in tables)
    place = {"variable": row.variable, "level": row.level}
    others = index.registry.where("p_value", **place)
    pairs = {p.group for p in others if len(p.group.split(VERSUS)) == 2}
    if found := _comparisons(row, [entry for entry in usual if entry[0] == row.test], len(pairs)):
        text = f"{found} would be printed so, and p of {len(pairs)} pairs of groups are."
        return "suggests", text, found
    if row.method or (row.statistic == "chi_square" and not merged):
        return "contradicted", f"{none} association gives it.", ""
    if merged:
        return "suggests", f"{none} these levels gives it; a trend or merged levels might.", ""
    if found := _comparisons(row, usual):
        text = f"{none} independent samples gives it; {found} would be printed so."
        return "suggests", text, found
    far = times_apart(row, [(value, value) for _, value, _ in usual])
    return (
        "suggests",
        f"{none} independent samples gives it{far}; a test of pairs, of the continuous variable or "
        "of other patients may stand behind it.",
        "a test of pairs" * (len({index.size(group) for group in row.outcome_groups}) == 1),
    )


def _comparisons(row: ReportedNumber, usual, most: int = MOST_COMPARISONS) -> str:
    """Name the number of comparisons, up to `most`, for which a p was corrected, or nothing."""
    for name, value, _ in usual if row.statistic == "p_value" else ():
        for times in range(2, most + 1):
            if row.number.agrees(min(1.0, times * value)):
                return f"{times} times p by {TEST_NAMES[name]} (Bonferroni)"
    return ""


def _corrected(row: ReportedNumber, usual) -> tuple[str, str, str]:
    """Judge a p that the paper has corrected for a number of comparisons that it leaves out."""
    named = [entry for entry in usual if row.test in ("", entry[0])]
    if found := _comparisons(row, named, MOST_CORRECTED):
        return "open", f"{found} would be printed so.", found
    if any(row.number.agrees(value) for _, value, _ in named):
        return "suggests", "It is not corrected.", "not corrected"
    if all(value > row.number.high for _, value, _ in named):
        return "suggests", "Corrected p values are larger than those of one comparison.", ""
    text = f"No number of comparisons up to {MOST_CORRECTED} gives it; theirs is not printed."
    return "open", text, ""


def _with_other_sizes(
    index: CountIndex, row: ReportedNumber, tables
) -> tuple[str, str, str] | None:
    """Look for sizes that the shares of a level, or other counts, say its patients are part of."""
    for table in tables:
        if len(table.cells) != 2 or table.levels[-1] != "rest":
            continue
        counts, level = table.cells[0], table.levels[0]
        sides = zip(counts, row.outcome_groups, strict=True)
        sizes = [_sizes_of_shares(index, row.variable, level, *side) for side in sides]
        if all(sizes) and math.prod(map(len, sizes)) <= MOST_PAIRS:
            for pair in product(*sizes):
                if found := _fits(row, counts, pair):
                    words = f"{pair[0]} and {pair[1]} patients with a value"
                    text = f"With {words}, of which the shares are, it agrees with {found}."
                    return "open", text, words
        for pair, name in _printed_wholes(index, row, level):
            near = MOST_APART if row.number.operator == "=" else 0.0
            if found := _fits(row, counts, pair, near):
                words = f"of {pair[0]} and {pair[1]} patients, all with {name}"
                text = f"{counts[0]} and {counts[1]} {words}, have about this p by {found}."
                return "suggests", text, words
    return None


def _sizes_of_shares(index: CountIndex, variable: str, level: str, count: int, group: str) -> range:
    """Return the sizes, at most the group's, of which the share of a level is printed."""
    size = index.size(group) or 0
    for row, _ in index.shares.get((variable, group), ()):
        if row.level == level and size not in (fitting := sizes_that_fit(row.number, count)):
            return range(fitting.start, min(fitting.stop, size + 1))
    return range(size, size + 1)


def _printed_wholes(index: CountIndex, row: ReportedNumber, level: str) -> Iterator[tuple]:
    """Yield counts in both groups that a level and one of another variable together make up."""
    pairs = _pairs(index.registry, row.outcome_groups)
    own = next((pair for pair, cells in pairs.items() if (row.variable, level) in cells), None)
    for whole, cells in pairs.items() if own else ():
        rest = whole[0] - own[0], whole[1] - own[1]
        if any(name != row.variable for name, _ in pairs.get(rest, ())):
            yield whole, " ".join(cells[0]).rstrip()


@lru_cache(maxsize=8)
def _pairs(registry: Registry, groups: tuple[str, str]) -> dict[tuple, list[tuple[str, str]]]:
    """Map the counts of a level in two groups to the variables and levels with these."""
    counts, pairs = count_index(registry).counts, {}
    for (variable, level, group), row in counts.items():
        other = counts.get((variable, level, groups[1]))
        if group == groups[0] and other is not None:
            pair = whole_number(row), whole_number(other)
            if None not in pair:
                pairs.setdefault(pair, []).append((variable, level))
    return pairs


def _fits(row: ReportedNumber, counts, sizes, near: float = 0.0) -> str:
    """Name the usual tests of counts in so many patients that give a print, or nearly so."""
    cells = tuple(counts), tuple(n - count for n, count in zip(sizes, counts, strict=True))
    if min(cells[1]) < 0 or not all(map(sum, cells)):
        return ""
    place = 0 if row.statistic == "chi_square" else 1
    values = {name: found[place] for name, found in usual_tests(cells).items()}
    low, high = row.number.low * (1 - near), row.number.high * (1 + near)
    return _names(
        name
        for name, value in values.items()
        if row.method in ("", name) and (row.number.agrees(value) or (near and low < value < high))
    )


@check("tests of counts", "bookkeeping")
def check_p_from_chi_square(registry: Registry) -> Iterator[Finding]:
    """Recompute p from the printed χ² and its degrees of freedom; needs p with `of` = χ²."""
    index = count_index(registry)
    for row in _p_values_of_tables(registry):
        if row.of in registry and row.method != "fisher":
            statistic = registry[row.of]
            if statistic.method in METHODS_OF_TABLES and is_plain(statistic):
                yield _p_finding(index, row, statistic)


def _p_finding(index: CountIndex, row: ReportedNumber, statistic: ReportedNumber) -> Finding:
    groups = several_groups(index, row)
    of_groups = _table_of_groups(index, row, groups) if groups else None
    tables = [of_groups] if of_groups else find_tables(index, row)
    columns = len(groups) if of_groups else 2
    known_freedoms = {(len(table.cells) - 1) * (columns - 1) for table in tables}
    freedoms = [columns - 1] if row.level else sorted(known_freedoms)
    known = bool(freedoms) and all(table.complete for table in tables)
    limits = float_limits(statistic.number)
    tried = [(freedom, *p_from_chi_square(limits, freedom)) for freedom in freedoms or range(1, 11)]
    fitting = [entry for entry in tried if row.number.overlaps(*entry[1:])]
    freedom, low, high = (fitting or tried)[0]
    text = (
        f"χ² = {statistic.printed} with {freedom} degree{'s' * (freedom > 1)} of freedom gives p "
        f"{shown_p_range(low, high, row.number.decimals)}; printed is {row.printed}."
        f"{' The degrees of freedom are not printed.' * (not freedoms)}"
    )
    status = "agrees" if fitting else "contradicted"
    uses = [table.uses for table in (tables[:1] if fitting else tables)]
    finding = conclude(status, text, statistic, uses, target=row, low=low, high=high)
    if fitting:
        return finding
    wide = float_limits(statistic.number, shortened=True)
    rescued = any(
        row.number.overlaps(*ends) or is_rescued(row.number, *ends)
        for ends in (p_from_chi_square(wide, freedom) for freedom, *_ in tried)
    )
    finding = finding.doubted(SHORTENED, rescued, "digits cut off, or rounded twice")
    remark = " The counts give this p: another test stands behind χ², or a misprint."
    agree = tables and not of_groups and _judge_tests(index, row, tables).status == "agrees"
    return finding.doubted(remark, bool(agree), "χ² of another test").doubted("", not known)
