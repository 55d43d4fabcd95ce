"""Tests and effects of groups: p of t, F, z, H and χ²; differences, ratios, rates, their limits.

Where a method is named, a number that it does not give is ``contradicted``; where none is, the
usual ones are tried, and a number that none of them gives is ``suggests``.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from unicodedata import digit

import numpy as np
from scipy import special

from rairlib.checks.cells import (
    COUNTED,
    LARGE_SHARE,
    count_index,
    known_values,
    most_of,
    named,
    nearest_sizes,
    originals,
    outcome_sizes,
    several_groups,
    short_name,
    summaries,
    unless_missing,
    values_of,
    whole_number,
)
from rairlib.checks.classification import Rule, _scale, agreeing_with_all, rule_counts, rules
from rairlib.checks.findings import Finding, check, conclude
from rairlib.checks.means import (
    MOST_GROUPS,
    TESTS,
    TINY,
    Sample,
    between_limits,
    described_groups,
    distance_between,
    f_of_many,
    may_be_printed,
    samples_of,
    spread_within,
    values_behind,
    welch_freedom_range,
)
from rairlib.checks.rank_tests import EXACT_UP_TO
from rairlib.checks.regressions import SIGNIFICANT, is_significant, on_one_side, plain_limits
from rairlib.checks.rounding import (
    SHORTENED,
    float_limits,
    is_approximate,
    is_rescued,
    likely_slip,
    shown,
    shown_p_range,
)
from rairlib.registry.registry import Registry, ReportedNumber
from rairlib.registry.vocabulary import RATIOS

Limits = tuple[float, float]
Ways = dict[str, Limits]
"""Methods, by the registry's word where it has one, and the ends that each allows."""
OPEN = ("agrees", "open")
TURNED = "the second group before the first"

# --- p from a printed statistic and its degrees of freedom ------------------------------------


P_STATISTICS = {"t_statistic": "t", "f_statistic": "F", "z_statistic": "z", "h_statistic": "H"}
MOST_COMPARISONS = 10
EXACT = ("fisher", "bootstrap")
RANKS = ("mann_whitney", "signed_rank", "kruskal_wallis")


def p_of_statistic(kind: str, statistic: Limits, *freedoms: Limits) -> Limits:
    """Return the smallest and largest p of a statistic, two-sided for t and z.

    `kind` is ``t``, ``F``, ``z``, ``H`` or ``χ²``; of F the degrees of freedom between groups come
    before those within, z has none.
    """
    low, high = statistic
    corners = np.meshgrid((max(0.0, low, -high), max(abs(low), abs(high))), *freedoms)
    tails = {
        "t": lambda t, df: 2 * special.stdtr(df, -t),
        "z": lambda z: 2 * special.ndtr(-z),
        "F": lambda f, between, within: special.fdtrc(between, within, f),
    }
    p = tails.get(kind, lambda x, df: special.chdtrc(df, x))(*corners)
    return float(np.min(p)), float(np.max(p))


def _statistic_of(registry: Registry, p: ReportedNumber) -> ReportedNumber | None:
    """Return the statistic that a p value belongs to, or that alone stands beside it."""
    if p.of in registry:
        return registry[p.of] if registry[p.of].statistic in (*P_STATISTICS, "chi_square") else None
    place = {name: getattr(p, name) for name in ("locus", "variable", "level", "group")}
    beside = originals(registry, tuple(P_STATISTICS), **place) if p.variable else []
    return beside[0] if len(beside) == 1 else None


def _freedoms(rows, kind: str, sizes: list[int]) -> tuple[list[Limits], list[Limits]]:
    """Return the degrees of freedom that are printed, and those of the groups' sizes."""
    printed = []
    for row in sorted(rows, key=lambda row: row.level != "between"):
        # Those of t and within groups may be fractions (Welch) that were rounded.
        whole = kind != "t" and not printed and not row.number.decimals
        ends = (row.number.value,) * 2 if whole else (row.number.low, row.number.high)
        printed.append((max(ends[0], 0.5), max(ends[1], 0.5)))
    between, within = len(sizes) - 1, max(1, sum(sizes) - len(sizes))
    if not sizes or kind in ("z", "χ²"):
        return printed, []
    if kind == "t":
        # Welch's are at least those of the smaller group.
        return printed, [(max(1, min(sizes) - 1), within)]
    return printed, [(between, between), (within, within)][: 2 if kind == "F" else 1]


@check("tests of groups", "bookkeeping")
def check_p_of_statistic(registry: Registry) -> Iterator[Finding]:
    """Recompute p from t, F, z, H or χ²; needs the statistic and its degrees of freedom or n."""
    index = count_index(registry)
    for row in registry.where("p_value"):
        statistic = _statistic_of(registry, row)
        if statistic and {*row.modifiers} <= {"one_sided", "paired"} and row.test not in EXACT:
            groups = several_groups(index, statistic) or statistic.outcome_groups or ()
            sizes = [index.size(group) or 0 for group in groups]
            yield from _p_of(registry, row, statistic, sizes if all(sizes) else [])


def _p_of(registry, row: ReportedNumber, statistic, sizes: list[int]) -> Iterator[Finding]:
    kind, number = P_STATISTICS.get(statistic.statistic, "χ²"), row.number
    rows = registry.belonging_to(statistic.id, "degrees_of_freedom")
    printed, of_sizes = _freedoms(rows, kind, sizes)
    freedoms = printed or of_sizes
    if len(freedoms) != {"z": 0, "F": 2}.get(kind, 1):
        return

    def find(cut: bool, given=freedoms) -> Ways:
        ends = p_of_statistic(kind, float_limits(statistic.number, cut), *given)
        return {"": on_one_side(row, *ends)}

    (low, high), df = find(False)[""], ", ".join(shown(*map(round, ends), 0) for ends in freedoms)
    text = f"p of {kind}{f'({df})' * bool(df)} = {statistic.printed} ({named(statistic)})"
    reading = _reading_of_p(number, kind, low, high)
    if not reading and of_sizes and number.overlaps(*find(False, of_sizes)[""]):
        reading = f"degrees of freedom of the sizes, {shown(*of_sizes[-1], 0)}"
    habit = "degrees" not in reading and bool(reading)
    sure = len(freedoms) == len(printed) and _is_certain(row, statistic, kind, freedoms, sizes)
    finding = _judge(row, (statistic, *rows), find, text, sure and not habit)
    if finding.status not in OPEN and SHORTENED not in finding.text:
        below = is_significant(row)
        crosses = (below and low > SIGNIFICANT) or (below is False and high < SIGNIFICANT)
        text = finding.text + " It lies on the other side of 0.05." * bool(crosses)
        finding = replace(finding, text=text, reading=reading or finding.reading)
    yield finding


def _reading_of_p(number, kind: str, low: float, high: float) -> str:
    if kind in "tz" and number.overlaps(low / 2, high / 2):
        return "a one-sided p value"
    for times in range(2, MOST_COMPARISONS + 1):
        if number.overlaps(min(1.0, times * low), min(1.0, times * high)):
            return f"{times} times p (Bonferroni)"
    return ""


def _is_certain(row, statistic, kind: str, freedoms, sizes: list[int]) -> bool:
    """Whether no other convention leads from this statistic to another p.

    Without a named method p may be adjusted (larger), exact or of other degrees of freedom; that
    of F may be corrected for sphericity, unless its patients are those of the groups.
    """
    method = row.test or statistic.test
    if kind == "t":
        # No degrees of freedom, and no side, give so small a p.
        beyond = p_of_statistic("z", float_limits(statistic.number, True))[0] / 2
        return bool(method) or row.number.high < beyond
    if kind == "H" or method in RANKS:
        return bool(sizes) and min(sizes) > EXACT_UP_TO
    within = sum(sizes) - len(sizes)
    return bool(method) and (kind != "F" or freedoms[1][0] <= within <= freedoms[1][1])


# --- An estimate and its limits, by several methods -------------------------------------------


NAMES = {"clopper_pearson": "Clopper-Pearson", "wald": "Wald", "wilson": "Wilson"}
# Software takes the exact quantile, hand calculation 1.96, 1.645 (or 1.64) and 2.576 (or 2.58).
ROUNDED = {0.95: 2e-5, 0.90: 3e-3, 0.99: 2e-3}
Interval = Callable[[float], dict[str, tuple[Limits, Limits]]]
"""Takes a level of confidence; methods and what each allows for either limit, or arrays of it."""


def _name(method: str) -> str:
    return TESTS.get(method) or NAMES.get(method, method)


def _listed(row: ReportedNumber, ways: Ways) -> str:
    show = shown_p_range if row.statistic == "p_value" else shown
    decimals = row.number.decimals + (row.statistic != "p_value")
    return ", ".join(
        show(float(np.min(low)), float(np.max(high)), decimals) + f" ({_name(name)})" * bool(name)
        for name, (low, high) in ways.items()
    )


def _judge(row: ReportedNumber, used, find: Callable[[bool], Ways], text: str, certain: bool):
    """Compare a print with what methods allow, `find` of inputs as printed or shortened."""
    number, ways = row.number, find(False)
    fitting = [name for name, ends in ways.items() if number.overlaps(*ends)]
    own = [row.test] if row.test in ways else list(ways)
    low, high = ways[next((name for name in fitting if name in own), own[0])]
    text, reading = f"{text}: {_listed(row, ways)}; printed is {row.printed}.", ""
    if set(fitting) & set(own):
        status = "agrees"
    elif fitting:
        status, reading = "suggests", f"by {_name(fitting[0])}"
    elif is_approximate(row):
        status, text = "open", text + " The print is approximate."
    else:
        wide = [*ways.values(), *find(True).values()]
        rescued = any(number.overlaps(*ends) or is_rescued(number, *ends) for ends in wide)
        status = "contradicted" if certain and not rescued else "suggests"
        text += SHORTENED * rescued
        reading = "digits cut off" if rescued else likely_slip(row, low, high)
    return conclude(status, text, *used, target=row, low=low, high=high, reading=reading)


def unless_few_miss(finding: Finding, values: list[range], fits, bound: bool = True) -> Finding:
    """Leave open what the values of most patients would give; else as :func:`unless_missing`."""
    if finding.status in OPEN or finding.reading.startswith("by "):
        return finding
    if found := nearest_sizes(most_of(values), fits):
        reading = f"of {' and '.join(map(str, found))} values"
        return replace(finding, status="open", reading=reading)
    return unless_missing(finding, values, fits, bound)


def _judge_limits(
    registry: Registry, row: ReportedNumber, used, interval: Interval, text: str, fewer=None
) -> Iterator[Finding]:
    """Compare both limits with those of each method; `fewer`: where values may be missing.

    Limits of a method that is not tried, such as a bootstrap, are left alone.
    """
    limits = [(side, limit) for side, limit in enumerate(plain_limits(registry, row)) if limit]
    level = _level(row for _, row in limits)
    if not limits or level is None or not (ways := _widened(interval, level)):
        return
    tests = {limit.test.removesuffix(" exp") for _, limit in limits} - {"", "univariable"}
    if len(tests) > 1 or not tests <= ways.keys():
        return
    method = "".join(tests)
    fitting, tried = _fitting(limits, ways), {method: ways[method]} if method else ways
    agrees = bool(fitting) and method in ("", *fitting)
    tries_fewer = not agrees and fewer is not None and len(limits) > 1
    if tries_fewer and (names := _fitting(limits, _widened(fewer, level))):
        text = f"{text}: they fit {_name(names[0])} of fewer values."
        rows = [limit for _, limit in limits]
        yield conclude("open", text, row, *rows, *used, reading="of fewer values")
        return
    levels = [other for other in ROUNDED if _fitting(limits, _widened(interval, other))]
    reading = f"a {100 * levels[0]:.0f} % interval" if levels else ""
    reading = f"by {_name(fitting[0])}" if fitting else reading
    missed = [pair for pair in limits if not _fitting([pair], tried)] or limits
    for side, limit in limits if agrees else missed[: 1 if reading else 2]:
        allowed = {name: ends[side] for name, ends in tried.items() if name in (fitting or tried)}
        allowed = allowed or {name: ends[side] for name, ends in tried.items()}
        spans = [(float(np.min(low)), float(np.max(high))) for low, high in allowed.values()]
        says = f"{text}: {_listed(limit, allowed)}; printed is {limit.printed}."
        rescued = not agrees and any(is_rescued(limit.number, *span) for span in spans)
        proof = method and fewer is None and not (reading or rescued)
        status = "agrees" if agrees else "contradicted" if proof else "suggests"
        finding = conclude(status, says + SHORTENED * rescued, row, *used, target=limit)
        slip = "digits cut off" if rescued else likely_slip(limit, *spans[0])
        told = "" if agrees else reading or slip
        yield replace(finding, low=spans[0][0], high=spans[0][1], reading=told)


def _fitting(limits: Iterable[tuple], ways) -> list[str]:
    """Name the methods of which one candidate gives all these limits."""
    return [
        name
        for name, ends in ways.items()
        if np.all([may_be_printed(row.number, *ends[side]) for side, row in limits], axis=0).any()
    ]


def _level(limits: Iterable[ReportedNumber]) -> float | None:
    """Return the level of confidence that limits say, 0.95 if none; None if they say more."""
    words = {word for row in limits for word in row.modifiers}
    return {(): 0.95, ("90%",): 0.90, ("99%",): 0.99}.get(tuple(words))


def _widened(interval: Interval, level: float) -> dict:
    """Allow for the ways to round the multiplier of the standard error."""
    found = {}
    for name, (low, high) in interval(level).items():
        room = ROUNDED[level] * (np.asarray(high[1]) - low[0])
        found[name] = (low[0] - room, low[1] + room), (high[0] - room, high[1] + room)
    return found


def _effect(
    registry: Registry, row: ReportedNumber, used, find, text: str, certain, interval, fewer=None
) -> Iterator[Finding]:
    """Judge an effect, in either direction, and where that is as written its limits."""
    is_ratio, finding = row.statistic in RATIOS, _judge(row, used, find, text, certain)
    if finding.status not in OPEN:
        for low, high in find(False).values():
            if not is_ratio or low > 0:
                turned = (1 / high, 1 / low) if is_ratio else (-high, -low)
                if row.number.overlaps(*turned):
                    finding = replace(finding, status="open", reading=TURNED)
    yield finding
    if interval is not None and finding.status == "agrees":
        yield from _judge_limits(registry, row, used, interval, f"limits of {text}", fewer)


# --- Means: t and F, differences and their limits ---------------------------------------------


def t_ranges(first: Sample, second: Sample) -> Ways:
    """Return the limits of the size of Student's and of Welch's t, all attained."""
    least, most = distance_between(first, second)
    errors = standard_errors([first, second]).items()
    return {name: (least / (high + TINY), most / (low + TINY)) for name, (low, high) in errors}


def standard_errors(samples: list[Sample]) -> Ways:
    """Return the limits of the standard error of a mean, or of a difference of two, by test."""
    freedom, inverse = sum(s.n - 1 for s in samples), sum(1 / s.n for s in samples)
    pooled = (np.sqrt(spread_within(samples, end) / freedom * inverse) for end in (0, 1))
    apart = (np.sqrt(sum(max(0.0, s.sd[end]) ** 2 / s.n for s in samples)) for end in (0, 1))
    return {"student": tuple(pooled), "welch": tuple(apart)}


def f_ranges(samples: list[Sample]) -> Ways:
    """Return the limits of F in a one-way analysis of variance; of two groups it is t²."""
    if len(samples) == 2:
        return {"anova": tuple(end**2 for end in t_ranges(*samples)["student"])}
    freedom = sum(s.n for s in samples) - len(samples)
    low, high = (end / (len(samples) - 1) for end in between_limits(samples))
    least, most = (spread_within(samples, end) / freedom + TINY for end in (0, 1))
    return {"anova": (low / most, high / least)}


def _groups_of(registry: Registry, row: ReportedNumber) -> list[tuple]:
    """Return mean, SD (or standard error) and size of the groups compared, none if unknown."""
    names = several_groups(count_index(registry), row) or row.outcome_groups or ()
    places, cells = ((row.variable, row.level, name) for name in names), summaries(registry)
    groups = described_groups(registry, [cells.get(place, {}) for place in places])
    known = all(None not in group and whole_number(group[2]) > 1 for group in groups)
    return groups if known and len(groups) <= MOST_GROUPS and not row.modifiers else []


def _said(groups: list[tuple]) -> str:
    return " and ".join(
        f"{mean.printed} ± {sd.printed}{' (SE)' * (sd.statistic == 'standard_error')} in "
        f"{whole_number(size)} patients ({mean.group})"
        for mean, sd, size in groups
    )


@check("tests of groups", "independent")
def check_statistic_of_means(registry: Registry) -> Iterator[Finding]:
    """Recompute t or F from the groups' means; needs mean, SD (or standard error) and n."""
    for row in originals(registry, ("t_statistic", "f_statistic")):
        groups, is_t = _groups_of(registry, row), row.statistic == "t_statistic"
        tests = ("", "student", "welch") if is_t else ("", "anova")
        if groups and row.test in tests and not (is_t and len(groups) > 2):
            yield _statistic(registry, row, groups, is_t)


def _statistic(registry: Registry, row: ReportedNumber, groups: list[tuple], is_t) -> Finding:
    samples, number = samples_of(groups, False), row.number

    def ways(samples: list[Sample]) -> Ways:
        found = (t_ranges(*samples) if is_t else f_ranges(samples)).items()
        return {name: (-b, -a) if number.value < 0 else (a, b) for name, (a, b) in found}

    def fits(*sizes) -> np.ndarray:
        fewer = [replace(sample, n=n) for sample, n in zip(samples, sizes, strict=True)]
        found = ways(fewer).values() if len(fewer) == 2 else [f_of_many(fewer)[0]]
        return np.any([may_be_printed(number, *ends) for ends in found], axis=0)

    text, used = f"{short_name(row)}, {_said(groups)}", [each for g in groups for each in g]
    finding = _judge(row, used, lambda cut: ways(samples_of(groups, cut)), text, bool(row.test))
    values = [values_behind(count_index(registry), mean, n, least=2) for mean, _, n in groups]
    # Fewer values only lower it.
    lower = any(abs(number.value) <= max(map(abs, ends)) for ends in ways(samples).values())
    finding = unless_few_miss(finding, values, fits, lower)
    errors = [replace(s, sd=tuple(end * s.n**0.5 for end in s.sd)) for s in samples]
    if finding.status not in OPEN and any(number.overlaps(*e) for e in ways(errors).values()):
        finding = replace(finding, reading="the SDs are standard errors")
    return finding


def _limits_of_means(registry, centre: Limits, groups: list[tuple]) -> tuple:
    """Return the interval of a mean, or of a difference of two, and that of fewer values."""
    samples = samples_of(groups, False)
    sure = all(len(values_behind(count_index(registry), mean, n)) == 1 for mean, _, n in groups)

    def fewer(level: float):
        shares = np.linspace(LARGE_SHARE, 1, 50)
        found = _mean_limits(centre, [replace(s, n=s.n * shares) for s in samples], level)
        return {
            name: tuple(
                (np.minimum(low[:-1], low[1:]), np.maximum(high[:-1], high[1:]))
                for low, high in pair
            )
            for name, pair in found.items()
        }

    return partial(_mean_limits, centre, samples), None if sure else fewer


def _mean_limits(centre: Limits, samples: list[Sample], level: float) -> dict:
    errors, freedom = standard_errors(samples), sum(s.n - 1 for s in samples)
    freedoms = {"student": (freedom, freedom)}
    if len(samples) == 2:
        spreads = [tuple(max(0.0, end) ** 2 / s.n for end in s.sd) for s in samples]
        freedoms["welch"] = welch_freedom_range(spreads, tuple(s.n for s in samples))
    found = {}
    for name, (few, many) in (freedoms | {"wald": (1e9, 1e9)}).items():
        least, most = errors.get(name, errors["welch"])
        near, far = (
            error * special.stdtrit(df, 0.5 + level / 2)
            for error, df in ((least, many), (most, few))
        )
        found[name] = (centre[0] - far, centre[1] - near), (centre[0] + near, centre[1] + far)
    return found


@check("effects and their limits", "independent")
def check_mean_difference(registry: Registry) -> Iterator[Finding]:
    """Recompute a difference of two means and its limits; needs the means, for limits SD and n."""
    for row in originals(registry, "mean_difference"):
        places = [(row.variable, row.level, name) for name in row.outcome_groups or ()]
        means = [summaries(registry).get(place, {}).get("mean") for place in places]
        usable = row.test in ("", "wald", "univariable", *TESTS) and not row.modifiers
        if means and None not in means and usable:

            def find(cut: bool, means=means) -> Ways:
                first, second = (float_limits(mean.number, cut) for mean in means)
                return {"": (first[0] - second[1], first[1] - second[0])}

            groups = _groups_of(registry, row)
            intervals = _limits_of_means(registry, find(False)[""], groups) if groups else [None]
            text = f"{short_name(row)}, {_said(groups) or ' and '.join(m.printed for m in means)}"
            used = [each for group in groups for each in group] or means
            yield from _effect(registry, row, used, find, text, bool(row.test), *intervals)


@check("effects and their limits", "independent")
def check_limits_of_mean(registry: Registry) -> Iterator[Finding]:
    """Recompute the limits of a mean; needs its SD (or standard error) and n."""
    limited = {row.of for row in registry.where("ci_low")}
    for cell in summaries(registry).values():
        ((mean, sd, size),) = group = described_groups(registry, [cell])
        known = sd is not None and (whole_number(size) or 0) > 1
        if known and mean.id in limited and mean.method in ("", "student", "wald"):
            interval, fewer = _limits_of_means(registry, float_limits(mean.number), group)
            text = f"limits of {short_name(mean)}, {_said(group)}"
            yield from _judge_limits(registry, mean, (sd, size), interval, text, fewer)


@check("effects and their limits", "independent")
def check_standardised_difference(registry: Registry) -> Iterator[Finding]:
    """Recompute a standardised difference; needs means, SDs and n, or counts and n, by group."""
    for row in originals(registry, "standardised_mean_difference"):
        groups, shares = _groups_of(registry, row), _two_shares(registry, row)
        if len(groups) == 2 or (shares and not row.modifiers):
            scale, (pairs, rows, words, _) = 100.0 if row.unit == "%" else 1.0, shares or ((),) * 4

            def find(cut: bool, groups=groups, pairs=pairs, scale=scale) -> Ways:
                if groups:
                    found = standardised(*samples_of(groups, cut))
                else:
                    p, q = (part / n for part, n in pairs)
                    value = (p - q) / (math.sqrt((p * (1 - p) + q * (1 - q)) / 2) + TINY)
                    found = {"": (value, value)}
                return {name: (scale * low, scale * high) for name, (low, high) in found.items()}

            used = [each for group in groups for each in group] or rows
            text = f"{short_name(row)}, {_said(groups) or words}"
            for finding in _effect(registry, row, used, find, text, False, None):
                ends = [end for pair in find(False).values() for end in pair]
                in_percent = row.number.overlaps(100 * min(ends), 100 * max(ends))
                if finding.status == "suggests" and not row.unit and in_percent:
                    finding = replace(finding, status="open", reading="in percent")
                # Tables of balance print sizes alone.
                unsigned = finding.reading == TURNED and row.number.value >= 0
                yield replace(finding, status="agrees", reading="") if unsigned else finding


def standardised(first: Sample, second: Sample) -> Ways:
    """Return the limits of the usual standardised differences of two means."""
    samples, freedom = (first, second), first.n + second.n - 2
    apart = first.mean[0] - second.mean[1], first.mean[1] - second.mean[0]
    both = (sum(max(0.0, s.sd[end]) ** 2 for s in samples) / 2 for end in (0, 1))
    spreads = {
        "pooled SD": [math.sqrt(spread_within(samples, end) / freedom) for end in (0, 1)],
        "mean of both variances": [math.sqrt(end) for end in both],
        "SD of the first group": first.sd,
        "SD of the second group": second.sd,
    }
    found = {name: [d / (sd + TINY) for d in apart for sd in sds] for name, sds in spreads.items()}
    found["Hedges' g"] = [(1 - 3 / (4 * freedom - 1)) * end for end in found["pooled SD"]]
    return {name: (min(ends), max(ends)) for name, ends in found.items()}


# --- Counts: risk difference, risk ratio, number needed to treat ------------------------------


RISKS = ("risk_difference", "risk_ratio", "number_needed_to_treat")


def risk_effect(statistic: str, a, n1, b, n2):
    """Return a risk difference, a risk ratio or the number needed to treat of counts or arrays."""
    with np.errstate(divide="ignore", invalid="ignore"):
        first, second = np.divide(a, n1), np.divide(b, n2)
        if statistic == "risk_ratio":
            return first / second
        return first - second if statistic == "risk_difference" else 1 / (first - second)


def risk_limits(statistic: str, counts: tuple, level: float) -> Ways:
    """Return both limits of a risk effect by method, none where a count is zero or all.

    Wald, Newcombe (from Wilson's limits) and Agresti-Caffo of a difference, and their inverses of a
    number needed to treat; Katz and Walter of the logarithm of a ratio.
    """
    from statsmodels.stats.proportion import confint_proportions_2indep as limits

    a, n1, b, n2 = counts
    if not (0 < a < n1 and 0 < b < n2):
        return {}
    kind, methods = "diff", {"wald": "wald", "wilson": "newcomb", "Agresti-Caffo": "agresti-caffo"}
    if statistic == "risk_ratio":
        kind, methods = "ratio", {"wald": "log", "Walter": "log-adjusted"}
    found = {name: limits(*counts, method, kind, 1 - level) for name, method in methods.items()}
    if statistic != "number_needed_to_treat":
        return found
    # An interval around no difference has an inverse in two pieces.
    return {name: (1 / ends[1], 1 / ends[0]) for name, ends in found.items() if np.prod(ends) > 0}


def _two_shares(registry: Registry, row: ReportedNumber) -> tuple | None:
    """Return two pairs of counts (part, whole), their rows, words, and possible sizes.

    The level is counted in both groups; or ``x vs y`` are compared within the first group.
    """
    index, groups, values = count_index(registry), row.outcome_groups or (), []
    if row.contrast:
        cells = [(row.variable, level, group) for level in row.contrast for group in groups]
        rows = [index.counts.get(cell) for cell in cells]
        numbers = list(map(whole_number, rows))
        if None not in numbers:
            numbers[1::2] = (sum(numbers[i : i + 2]) for i in range(0, len(numbers), 2))
            values = [range(n, n + 1) for n in numbers[1::2]]
    else:
        levels = index.levels.get((row.variable, groups[0]), []) if groups else []
        level, rows, numbers = row.level or "".join(levels[:1] * (len(levels) == 1)), [], []
        for group, size in zip(groups, outcome_sizes(index, row) or (), strict=False):
            part, n = index.counts.get((row.variable, level, group)), whole_number(size)
            known = known_values(index, row.variable, group)
            # Shares that are printed, of the group or of fewer, say how many values there are.
            of_group = [range(n, n + 1)] if index.shares.get((row.variable, group)) else []
            sizes, *_ = [*(known or ())[:1], *of_group, values_of(index, row, size, group)]
            rows, numbers = [*rows, part, size], [*numbers, whole_number(part), sizes.stop - 1]
            values.append(range(max(sizes.start, numbers[-2] or 0), sizes.stop))
    usable = len(numbers) == 4 and None not in numbers and all(values)
    if not usable or numbers[0] > numbers[1] or numbers[2] > numbers[3]:
        return None
    return (numbers[:2], numbers[2:]), rows, "{} of {} and {} of {}".format(*numbers), values


@check("effects and their limits", "independent")
def check_risk_effects(registry: Registry) -> Iterator[Finding]:
    """Recompute risk differences, risk ratios and numbers needed to treat; needs counts and n."""
    for row in originals(registry, RISKS):
        crude = not row.modifiers and row.test in ("", "wald", "wilson", "univariable")
        if crude and (shares := _two_shares(registry, row)):
            found, ((a, n1), (b, n2)) = list(_risk(registry, row, *shares)), shares[0]
            if not row.contrast and found and found[0].status != "agrees" and a + b < n1 + n2:
                # Where the groups are those with and without the outcome, levels are compared.
                pairs = (a, a + b), (n1 - a, n1 + n2 - a - b)
                sizes = [range(n, n + 1) for _, n in pairs]
                words = "{} of {} and {} of {}".format(*pairs[0], *pairs[1])
                across = list(_risk(registry, row, pairs, shares[1], words, sizes))
                found = across if across and across[0].status == "agrees" else found
            yield from found


def _risk(registry, row: ReportedNumber, pairs, used, words: str, values) -> Iterator[Finding]:
    statistic, counts = row.statistic, (*pairs[0], *pairs[1])
    value = float(risk_effect(statistic, *counts))
    # A difference is a fraction or in percentage points; numbers of patients are rounded up.
    in_percent = statistic == "risk_difference" and (row.unit == "%" or abs(row.number.value) > 1)
    scale = 100.0 if in_percent else 1.0

    def allowed(end):
        return scale * end, np.ceil(end) if statistic == "number_needed_to_treat" else scale * end

    def interval(level: float) -> dict:
        found = risk_limits(statistic, counts, level).items()
        return {name: (allowed(low), allowed(high)) for name, (low, high) in found}

    def fits(*sizes) -> np.ndarray:
        effect = risk_effect(statistic, counts[0], sizes[0], counts[2], sizes[1])
        return may_be_printed(row.number, *allowed(effect))

    if math.isfinite(value):
        ways, text = {"": tuple(map(float, allowed(value)))}, f"{short_name(row)}, {words}"
        fewer = None if all(len(each) == 1 for each in values) else interval
        arguments = used, lambda _: ways, text, bool(row.test), interval, fewer
        for finding in _effect(registry, row, *arguments):
            is_limit = finding.target != row.id
            yield finding if is_limit else unless_few_miss(finding, values, fits)


# --- Limits of a proportion -------------------------------------------------------------------


MOST_CANDIDATES = 4000
PROPORTIONS = {
    **{"wald": "normal", "wilson": "wilson", "clopper_pearson": "beta"},
    **{"Agresti-Coull": "agresti_coull", "Jeffreys": "jeffreys"},
}


def proportion_limits(count: np.ndarray, size: np.ndarray, level: float) -> Ways:
    """Return both limits of counts out of sizes (arrays) by method; the last is Stata's logit."""
    from statsmodels.stats.proportion import proportion_confint

    with np.errstate(invalid="ignore"):
        ways = {
            name: proportion_confint(count, size, 1 - level, method)
            for name, method in PROPORTIONS.items()
        }
    inside = np.clip(count, 0.5, size - 0.5)
    spread = special.ndtri(0.5 + level / 2) / np.sqrt(inside * (1 - inside / size))
    centre = special.logit(inside / size)
    return ways | {"logit": (special.expit(centre - spread), special.expit(centre + spread))}


def _shares_of(row: ReportedNumber, count: ReportedNumber | None, sizes: range) -> np.ndarray:
    """List counts and sizes, two columns, of which a percentage is printed so."""
    found = []
    for n in sizes:
        low, high = (end * n / 100 for end in float_limits(row.number))
        fitting = range(max(0, math.ceil(low - 1e-9)), min(n, math.floor(high + 1e-9)) + 1)
        found += [(k, n) for k in fitting if count is None or k == whole_number(count)]
        if len(found) > MOST_CANDIDATES:
            return np.empty((0, 2))
    return np.array(found, float).reshape(-1, 2)


def _shares_in_tables(rule: Rule, statistic: str) -> np.ndarray:
    """List the same of a figure of a rule, over the 2×2 tables that show all its figures."""
    tp, tn = np.nonzero(agreeing_with_all([*rule.figures, *rule_counts(rule)]))
    fn, fp = rule.tables.with_outcome - tp, rule.tables.without_outcome - tn
    part, rest = {
        **{"sensitivity": (tp, fn), "specificity": (tn, fp), "ppv": (tp, fp), "npv": (tn, fn)},
        **{"accuracy": (tp + tn, fp + fn)},
    }[statistic]
    found = np.unique(np.column_stack([part, part + rest]), axis=0).astype(float)
    return found[found[:, 1] > 0]


@check("effects and their limits", "independent")
def check_limits_of_proportion(registry: Registry) -> Iterator[Finding]:
    """Recompute the limits of a percentage or of a figure of a rule; needs its denominator."""
    index, limited = count_index(registry), {row.of for row in registry.where("ci_low")}
    for row in originals(registry, "percent"):
        whole = registry[row.of] if row.of in registry else index.sizes.get(row.group)
        usable = row.id in limited and not row.modifiers and whole_number(whole)
        if usable and whole.statistic in COUNTED:
            count = index.counts.get((row.variable, row.level, row.group))
            size, values = whole_number(whole), values_of(index, row, whole)
            least = max(values.start, math.ceil(LARGE_SHARE * size))
            fewer = _shares_of(row, count, range(size - 1, least - 1, -1))
            shares = _shares_of(row, count, range(size, size + 1))
            # Where the share is not of the whole, its limits are of fewer values from the start.
            shares = shares if len(shares) else fewer
            fewer = None if len(values) == 1 else fewer if len(fewer) else shares
            yield from _limits_of(registry, row, (whole, count), shares, fewer)
    for rule in rules(registry, index):
        for row in (figure.row for figure in rule.figures if figure.row.id in limited):
            if row.modifiers:
                continue
            shares = _shares_in_tables(rule, row.statistic)
            yield from _limits_of(registry, row, rule.sizes, shares, shares)


def _limits_of(registry, row: ReportedNumber, used, shares, fewer) -> Iterator[Finding]:
    scale = 100.0 if row.statistic == "percent" else _scale(row)

    def interval(level: float, shares=shares) -> dict:
        # Limits beyond 0 and 1 are cut off, or not.
        return {
            name: (
                (scale * low, scale * np.maximum(0, low)),
                (scale * np.minimum(1, high), scale * high),
            )
            for name, (low, high) in proportion_limits(*shares.T, level).items()
        }

    if len(shares):
        ends = " to ".join(dict.fromkeys("{:.0f} of {:.0f}".format(*shares[i]) for i in (0, -1)))
        text = f"limits of {short_name(row)} {row.printed}, {ends}"
        smaller = None if fewer is None else partial(interval, shares=fewer)
        used = [each for each in used if each is not None]
        yield from _judge_limits(registry, row, used, interval, text, smaller)


# --- Rates per person-time --------------------------------------------------------------------


NUMBER = re.compile(r"\d[\d,' ]*")
POWER = re.compile(r"\b10(?:\^|(?=[²³⁴⁵⁶]))([2-6²³⁴⁵⁶])")
TIME = re.compile("day|week|month|year")
DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}
POISSON = ("", "univariable", "wald", "clopper_pearson")


def rate_factors(events: tuple[int, ...], level: float) -> Ways:
    """Return both limits of a rate, or of a ratio of two, in multiples of it; none without events.

    Wald's of the logarithm; of a rate also exact (Garwood), Byar's and Wald's plain ones; of a
    ratio those of the share of the first events.
    """
    if not all(events):
        return {}
    z, tails = float(special.ndtri(0.5 + level / 2)), ((1 - level) / 2, (1 + level) / 2)
    error, (n, *others) = z * math.sqrt(sum(1 / m for m in events)), events
    ways = {"wald": (math.exp(-error), math.exp(error))}
    if others:
        share = special.betaincinv((n, n + 1), (others[0] + 1, others[0]), tails)
        return ways | {"clopper_pearson": share / (1 - share) * others[0] / n}
    exact = special.gammaincinv((n, n + 1), tails) / n
    byar = [m * (1 - 1 / (9 * m) + s * z / (3 * m**0.5)) ** 3 / n for m, s in ((n, -1), (n + 1, 1))]
    return ways | {"clopper_pearson": exact, "Byar": byar, "plain": (1 - error, 1 + error)}


def _factored(row: ReportedNumber, events: tuple[int, ...]) -> Interval:
    def interval(level: float) -> dict:
        ends, found = float_limits(row.number), rate_factors(events, level).items()
        return {
            name: tuple(tuple(sorted(f * end for end in ends)) for f in pair)
            for name, pair in found
        }

    return interval


def _events(registry: Registry, row: ReportedNumber) -> ReportedNumber | None:
    index = count_index(registry)
    levels = index.levels.get((row.variable, row.group), [])
    level = row.level or "".join(levels[:1] * (len(levels) == 1))
    return index.counts.get((row.variable, level, row.group))


@check("effects and their limits", "bookkeeping")
def check_rate(registry: Registry) -> Iterator[Finding]:
    """Recompute a rate and its limits; needs the events, and the person-time for the rate."""
    for row in originals(registry, "rate"):
        events, times = _events(registry, row), originals(registry, "person_time", group=row.group)
        times = [registry[row.of]] if row.of in registry else times
        number = whole_number(events)
        if not number or row.modifiers or row.test not in POISSON or row.number.value <= 0:
            continue
        text, interval = f"{short_name(row)}, {number} events", _factored(row, (number,))
        if len(times) != 1 or times[0].statistic != "person_time" or times[0].number.low <= 0:
            yield from _judge_limits(registry, row, [events], interval, f"limits of {text}")
            continue
        given, wanted = (DAYS.get("".join(TIME.findall(each.unit))) for each in (times[0], row))
        ratio = wanted / given if wanted and given else 1.0
        low, high = (number * ratio / end for end in float_limits(times[0].number)[::-1])
        power = POWER.search(row.unit)
        said = NUMBER.search(row.unit)
        # Where the unit does not say of how much, any power of ten will do.
        per = 10.0 ** round(math.log10(row.number.value / low))
        per = float(re.sub(r"\D", "", said[0])) if said else per
        per = 10.0 ** digit(power[1]) if power else per
        text += f" in {' '.join([times[0].printed, times[0].unit]).strip()}, per {per:g}"
        used, certain = (events, times[0]), bool(said) and times[0].unit in row.unit.split()
        ways = {"": (per * low, per * high)}
        yield from _effect(registry, row, used, lambda _, w=ways: w, text, certain, interval)


@check("effects and their limits", "bookkeeping")
def check_rate_ratio(registry: Registry) -> Iterator[Finding]:
    """Recompute a ratio of two rates and its limits; needs both rates, for limits the events."""
    for row in originals(registry, "rate_ratio"):
        place = {"variable": row.variable, "level": row.level}
        groups = row.outcome_groups or ()
        rates = [each for g in groups for each in originals(registry, "rate", **place, group=g)[:1]]
        usable = len(rates) == 2 and all(rate.number.low > 0 for rate in rates)
        if row.modifiers or row.test not in POISSON or not usable:
            continue

        def find(cut: bool, rates=rates) -> Ways:
            first, second = (float_limits(rate.number, cut) for rate in rates)
            return {"": (first[0] / second[1], first[1] / second[0])}

        events = [_events(registry, rate) for rate in rates]
        numbers = tuple(map(whole_number, events))
        interval = None if None in numbers else _factored(row, numbers)
        text = f"{short_name(row)}, {rates[0].printed} over {rates[1].printed}"
        used = [*rates, *(each for each in events if each is not None)]
        yield from _effect(registry, row, used, find, text, bool(row.test), interval)
