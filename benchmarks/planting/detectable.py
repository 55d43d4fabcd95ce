"""What can be seen at all: relations between printed numbers that an error breaks.

An error is detectable if one of the relations below holds in the print before it and not after
it, whatever values the printed digits stand for. A relation counts for a paper only where its
unrounded numbers satisfy it exactly; where usual tests differ, it is broken only if none of them
fits. Nothing here comes from the checks: formulas are those of textbooks, from scipy.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise, product

import numpy as np
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from benchmarks.planting.estimates import Z_95
from benchmarks.planting.paper import KnownPaper
from rairlib.registry.printed import Printed
from rairlib.registry.registry import ReportedNumber
from rairlib.registry.vocabulary import PERFORMANCE

COUNTED = ("n", "count")
SHARES = ("percent", "survival_percent", *PERFORMANCE)
RATIOS = ("odds_ratio", "hazard_ratio", "risk_ratio", "rate_ratio")
TESTS = ("pearson", "yates", "log-likelihood", "fisher")
MOST_CORNERS = 4096
TINY = 1e-9


# --- Formulas ----------------------------------------------------------------------------------


def _t(part: str, equal: bool) -> Callable[..., float]:
    return lambda *moments: getattr(stats.ttest_ind_from_stats(*moments, equal_var=equal), part)


def _p_of_t(t, df) -> float:
    return 2 * stats.t.sf(abs(t), df)


def _pooled_sd(s, n, r, m) -> float:
    return math.sqrt(((n - 1) * s**2 + (m - 1) * r**2) / (n + m - 2))


def _all_sd(x, s, n, y, r, m) -> float:
    squares = (n - 1) * s**2 + (m - 1) * r**2 + n * m / (n + m) * (x - y) ** 2
    return math.sqrt(squares / (n + m - 1))


def _end_of_difference(sign: int) -> Callable[..., float]:
    def end(d, s, n, r, m) -> float:
        error = _pooled_sd(s, n, r, m) * math.sqrt(1 / n + 1 / m)
        return d + sign * stats.t.ppf(0.975, n + m - 2) * error

    return end


def _f(*numbers) -> float:
    means, sds, sizes = np.reshape(numbers, (-1, 3)).T
    between = (sizes * (means - np.average(means, weights=sizes)) ** 2).sum() / (len(means) - 1)
    return between / (((sizes - 1) * sds**2).sum() / (sizes.sum() - len(means)))


def _of_table(test: str, part: str) -> Callable[..., float]:
    def value(groups, *counts) -> float:
        table = np.reshape(counts, (-1, int(groups)))
        if table.min() < 0 or min(*table.sum(axis=0), *table.sum(axis=1)) <= 0:
            return math.nan
        if test == "fisher":
            exact = part == "pvalue" and table.shape == (2, 2)
            return stats.fisher_exact(table).pvalue if exact else math.nan
        law = test if test == "log-likelihood" else "pearson"
        result = stats.chi2_contingency(table, correction=test == "yates", lambda_=law)
        return getattr(result, part)

    return value


def _limit_of_share(place: int) -> list[Callable[..., float]]:
    return [
        lambda x, n, method=method: 100 * proportion_confint(x, n, method=method)[place]
        for method in ("wilson", "beta", "normal")
    ]


def _wald_p(estimate, low, high) -> float:
    if not 0 < low < high or estimate <= 0:
        return math.nan
    return 2 * stats.norm.sf(2 * Z_95 * abs(math.log(estimate)) / math.log(high / low))


def _p_of_area(area, low, high) -> float:
    return 2 * stats.norm.sf(2 * Z_95 * abs(area - 0.5) / (high - low))


def _p_of_no_area(area, n, m) -> float:
    return 2 * stats.norm.sf(abs(area - 0.5) / math.sqrt((n + m + 1) / (12 * n * m)))


def _in_both(formula) -> list[Callable[..., float]]:
    """Return a formula of sensitivity and specificity for proportions and for percentages."""
    return [lambda *values, u=u: formula(u, *values) for u in (1, 100)]


def _middle(low, high) -> float:
    return (low + high) / 2


MOMENTS = "mean@1 sd@1 n@1 mean@2 sd@2 n@2"
OF_GROUPS = "count@1 n@1 count@2 n@2"
CALLS, LIMITS = "sensitivity specificity n@1 n@2", ".ci_low .ci_high"
OF_COUNT = [*_in_both(lambda u, x, n: u * x / n)]
OF_COUNT += _in_both(lambda u, x, n: u * (1 - x / n))
# Statistic that is found, target and uses as `_Rows.find` reads them, alternative formulas.
# fmt: off
EXACT = [
    ("percent", "self", "count of", [lambda a, b: 100 * a / b]),
    ("percent", "self", "n of", [lambda a, b: 100 * a / b]),
    ("percent", ".ci_low", "count of", _limit_of_share(0)),
    ("percent", ".ci_high", "count of", _limit_of_share(1)),
    ("chi_square", "self", "table", [_of_table(test, "statistic") for test in TESTS[:3]]),
    ("p_value", "self", "table", [_of_table(test, "pvalue") for test in TESTS]),
    ("p_value", "self", MOMENTS, [_t("pvalue", True), _t("pvalue", False)]),
    ("t_statistic", "self", MOMENTS, [_t("statistic", True), _t("statistic", False)]),
    ("t_statistic", ".degrees_of_freedom", "n@1 n@2", [lambda n, m: n + m - 2]),
    ("t_statistic", ".p_value", "self .degrees_of_freedom", [_p_of_t]),
    ("f_statistic", "self", f"{MOMENTS} mean@3 sd@3 n@3", [_f]),
    ("f_statistic", ".p_value",
     "self .degrees_of_freedom:between .degrees_of_freedom:within", [stats.f.sf]),
    ("mean_difference", "self", "mean@1 mean@2", [lambda x, y: x - y]),
    ("mean_difference", "self", LIMITS, [_middle]),
    ("mean_difference", ".ci_low", "self sd@1 n@1 sd@2 n@2", [_end_of_difference(-1)]),
    ("mean_difference", ".ci_high", "self sd@1 n@1 sd@2 n@2", [_end_of_difference(1)]),
    ("standardised_mean_difference", "self", MOMENTS,
     [lambda x, s, n, y, r, m: (x - y) / _pooled_sd(s, n, r, m)]),
    ("risk_ratio", "self", OF_GROUPS, [lambda a, n, b, m: a * m / (b * n)]),
    ("risk_difference", "self", OF_GROUPS, [lambda a, n, b, m: 100 * (a / n - b / m)]),
    ("risk_difference", "self", LIMITS, [_middle]),
    ("number_needed_to_treat", "self", "risk_difference", [lambda d: 100 / abs(d)]),
    ("rate", "self", "events person_time", [lambda d, t: 100 * d / t]),
    ("rate_ratio", "self", "rate@1 rate@2", [lambda x, y: x / y]),
    *((ratio, "self", LIMITS, [lambda x, y: math.sqrt(x * y)]) for ratio in RATIOS),
    *((ratio, ".p_value", f"self {LIMITS}", [_wald_p]) for ratio in RATIOS),
    ("odds_ratio", "self", "count/1@1 count/1@2 count/2@1 count/2@2",
     [lambda a, b, c, d: a * d / (b * c)]),
    ("odds_ratio", "self", "coefficient", [math.exp]),
    ("coefficient", ".z_statistic", "self .standard_error", [lambda b, s: b / s]),
    *((name, ".p_value", "self", [lambda x, df=df: stats.chi2.sf(x, df)])
      for name in ("chi_square", "logrank_chi_square", "h_statistic") for df in range(1, 6)),
    ("sensitivity", "self", "count@1 n@1", OF_COUNT),
    ("specificity", "self", "count@2 n@2", OF_COUNT),
    ("ppv", "self", CALLS, _in_both(lambda u, s, c, n, m: u * s * n / (s * n + (u - c) * m))),
    ("npv", "self", CALLS, _in_both(lambda u, s, c, n, m: u * c * m / (c * m + (u - s) * n))),
    ("accuracy", "self", CALLS, [lambda s, c, n, m: (s * n + c * m) / (n + m)]),
    ("likelihood_ratio_positive", "self", CALLS, _in_both(lambda u, s, c, n, m: s / (u - c))),
    ("likelihood_ratio_negative", "self", CALLS, _in_both(lambda u, s, c, n, m: (u - s) / c)),
    ("auc", "self", CALLS, _in_both(lambda u, s, c, n, m: (s + c) / 2 / u)),
    ("auc", "self", LIMITS, [_middle]),
    ("auc", ".p_value", f"self {LIMITS}", [_p_of_area]),
    ("auc", ".p_value", "self n@1 n@2", [_p_of_no_area]),
    ("auc", "self", "u_statistic n@1 n@2",
     [lambda u, n, m: u / n / m, lambda u, n, m: 1 - u / n / m]),
]
# fmt: on
ORDERED = [
    ("count", "self of"),
    ("mean", "minimum self maximum"),
    ("median", "minimum q1 self q3 maximum"),
    *((name, ".ci_low self .ci_high") for name in (*RATIOS, "auc", "percent", "median_survival")),
]
# Times the second over the third it is a whole number: patients, or steps of measurement.
WHOLE = [
    ("percent", "self of", 100),
    ("sensitivity", "self n@1", None),
    ("specificity", "self n@2", None),
    ("mean", "self n", "step"),
    ("median", "self", "step"),
]


# --- Relations ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows and what must hold of their printed intervals."""

    rows: tuple[ReportedNumber, ...]
    holds: Callable[..., bool]

    def of(self, prints: dict[str, Printed]) -> bool:
        """Whether it holds with some of the rows printed otherwise."""
        return self.holds(*(prints.get(row.id, row.number) for row in self.rows))


def is_detectable(texts: dict[str, Printed], relations: list[Relation]) -> bool:
    """Whether changed prints break a relation that the paper kept."""
    touched = [r for r in relations if not texts.keys().isdisjoint(row.id for row in r.rows)]
    return any(relation.of({}) and not relation.of(texts) for relation in touched)


def relations_of(paper: KnownPaper) -> list[Relation]:
    """List the relations of a paper."""
    return list(_Rows(paper).relations())


def _ends(row: ReportedNumber, number: Printed) -> tuple[float, ...]:
    return (number.value,) if row.statistic in COUNTED else (number.low, number.high)


def _value(formula, values) -> float:
    try:
        return float(formula(*values))
    except (ZeroDivisionError, ValueError, OverflowError):
        return math.nan


def _fits(formula, boxes, number: Printed) -> bool:
    """Whether a formula, monotone in each interval, can give a printed number."""
    values = [_value(formula, corner) for corner in product(*boxes)]
    if any(map(math.isnan, values)):
        return True
    return min(values) - TINY <= number.high and max(values) + TINY >= number.low


def _is_whole(low: float, high: float) -> bool:
    return math.floor(high + TINY) >= math.ceil(low - TINY)


class _Rows:
    def __init__(self, paper: KnownPaper) -> None:
        self.truth, self.registry = paper.truth, paper.registry
        self.rows = [row for row in paper.registry if row.id in paper.truth and not row.repeats]
        self.same, self.children = defaultdict(list), {}
        for row in self.rows:
            self.same[row.statistic, row.variable, row.level, row.group].append(row)
            self.children.setdefault((row.of, row.statistic), row)
            self.children.setdefault((row.of, f"{row.statistic}:{row.level}"), row)

    def get(self, like: ReportedNumber, *key: str) -> ReportedNumber | None:
        rows = self.same.get(key, [])
        return next((row for row in rows if row.method == like.method), rows[0] if rows else None)

    def find(self, row: ReportedNumber, word: str) -> ReportedNumber | None:
        """Find a number: itself, its whole, one that belongs to it, of the same or of one group.

        ``.ci_low`` belongs to it, ``mean`` is of the same variable, level and group, ``mean@1``
        of the first group of a comparison, ``count/2@1`` of the second level of a contrast too.
        """
        if word in ("self", "of"):
            return (
                row if word == "self" else self.registry[row.of] if row.of in self.truth else None
            )
        if word.startswith("."):
            return self.children.get((row.id, word[1:]))
        name, _, place = word.partition("@")
        name, _, level_place = name.partition("/")
        groups, levels = row.group.split(" vs "), row.level.split(" vs ")
        if int(place or 1) > len(groups) or int(level_place or 1) > len(levels):
            return None
        group = groups[int(place) - 1] if place else row.group
        if name == "n":
            return self.get(row, "n", "", "", group)
        if name == "events":
            return next((r for r in self.of_variable(row, "count") if r.group == group), None)
        level = levels[int(level_place) - 1] if level_place else row.level
        at = "" if place and name != "count" else level
        return self.get(row, name, row.variable, at, group)

    def of_variable(self, row: ReportedNumber, statistic: str) -> list[ReportedNumber]:
        return [r for r in self.rows if (r.statistic, r.variable) == (statistic, row.variable)]

    def table(self, row: ReportedNumber) -> list[ReportedNumber]:
        """Find the counts of all known levels in the groups of a comparison."""
        groups = row.group.split(" vs ")
        counts = self.of_variable(row, "count") if len(groups) > 1 and not row.level else []
        levels = dict.fromkeys(r.level for r in counts if r.group in groups)
        levels = [level for level in levels if level != "unknown"]
        cells = [self.get(row, "count", row.variable, lv, g) for lv in levels for g in groups]
        return cells if len(levels) > 1 else [None]

    def exact(self, target, uses, formulas, *constants) -> Iterator[Relation]:
        """Yield a relation if one of the formulas gives the unrounded target."""
        if target is None or None in uses or 2 ** len(uses) > MOST_CORNERS:
            return
        known, truths = self.truth[target.id], [self.truth[row.id] for row in uses]
        gaps = [abs(_value(formula, [*constants, *truths]) - known) for formula in formulas]
        if any(gap <= 1e-6 * max(1.0, abs(known)) for gap in gaps):

            def holds(number, *prints):
                boxes = [(c,) for c in constants]
                boxes += [_ends(row, each) for row, each in zip(uses, prints, strict=True)]
                return any(_fits(formula, boxes, number) for formula in formulas)

            yield Relation((target, *uses), holds)

    def relations(self) -> Iterator[Relation]:
        for row in self.registry:
            if row.id in self.truth:
                yield Relation((row,), lambda number, row=row: _possible(row, number))
            if row.repeats in self.truth:
                first = self.registry[row.repeats]
                yield from self.exact(row, [first], [lambda x: x, lambda x: 10 * x])
        rules = defaultdict(list)
        for statistic, *rule in EXACT:
            rules[statistic].append(rule)
        for row in self.rows:
            for target, uses, formulas in rules[row.statistic]:
                if uses == "table":
                    groups = row.group.count(" vs ") + 1
                    yield from self.exact(row, self.table(row), formulas, groups)
                else:
                    found = [self.find(row, word) for word in uses.split()]
                    yield from self.exact(self.find(row, target), found, formulas)
            for statistic, words in ORDERED:
                if statistic == row.statistic:
                    yield from _in_order(self.find(row, word) for word in words.split())
            yield from self.whole_numbers(row)
        yield from self.sums()
        yield from self.survival()

    def whole_numbers(self, row) -> Iterator[Relation]:
        for statistic, words, unit in WHOLE:
            rows = [self.find(row, word) for word in words.split()]
            if statistic != row.statistic or None in rows or (unit == "step" and not row.step):
                continue
            unit = {"step": float(row.step or 1), None: 100 if row.unit == "%" else 1}.get(
                unit, unit
            )

            def holds(number, size=None, unit=unit):
                factor = (size.value if size else 2) / unit
                return _is_whole(number.low * factor, number.high * factor)

            yield Relation(tuple(rows), holds)

    def sums(self) -> Iterator[Relation]:
        """Yield parts that make up their whole, and all patients made up of two groups."""
        parts = defaultdict(list)
        for row in self.rows:
            if row.partition:
                parts[row.partition, row.of].append(row)
            if row.group == "all" and row.statistic in ("count", "mean"):
                others = [r for r in self.of_variable(row, row.statistic) if r.group != "all"]
                others = [r for r in others if r.level == row.level]
                for pair in combinations(others, 2):
                    yield from self.pooled(row, *pair)
        for (_, whole), rows in parts.items():
            yield from self.exact(self.registry[whole], rows, [lambda *values: sum(values)])

    def pooled(self, row, *pair) -> Iterator[Relation]:
        if row.statistic == "count":
            yield from self.exact(row, pair, [lambda a, b: a + b])
            return
        (x, s, n), (y, r, m) = (
            [self.find(each, word) for word in ("self", "sd", "n")] for each in pair
        )
        yield from self.exact(row, [x, n, y, m], [lambda x, n, y, m: (n * x + m * y) / (n + m)])
        yield from self.exact(self.find(row, "sd"), [x, s, n, y, r, m], [_all_sd])

    def survival(self) -> Iterator[Relation]:
        """Yield the rates of each group, which never rise."""
        groups = defaultdict(list)
        for row in self.rows:
            if row.statistic == "survival_percent":
                groups[row.variable, row.group].append(row)
        for rows in groups.values():
            yield from _in_order(sorted(rows, key=lambda row: -int(row.level.split()[0])))


def _in_order(rows) -> Iterator[Relation]:
    for pair in pairwise(row for row in rows if row is not None):
        yield Relation(pair, lambda low, high: low.low <= high.high + TINY)


def _possible(row: ReportedNumber, number: Printed) -> bool:
    """Whether a number can be what it is called."""
    kind = row.statistic
    if kind in COUNTED:
        return number.value >= 0 and float(number.value).is_integer()
    if kind in SHARES:
        return number.low <= (100 if row.unit == "%" else 1) and number.high >= 0
    if kind in ("p_value", "auc"):
        return number.low <= 1 and number.high >= 0
    return kind not in ("sd", "chi_square", *RATIOS) or number.high > 0
