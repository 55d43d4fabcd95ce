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
from itertools import pairwise, product

import numpy as np
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from benchmarks.planting.estimates import Z_95
from benchmarks.planting.paper import KnownPaper
from rairlib.registry.printed import Printed
from rairlib.registry.registry import ReportedNumber
from rairlib.registry.vocabulary import PERFORMANCE

RATIOS = ("odds_ratio", "hazard_ratio", "risk_ratio", "rate_ratio")
COUNTED = ("n", "count")
SHARES = ("percent", "survival_percent", *PERFORMANCE)
ORDER = ("minimum", "q1", "median", "q3", "maximum")
MOST_CORNERS = 4096
TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows and what must hold of their printed intervals."""

    rows: tuple[ReportedNumber, ...]
    holds: Callable[[list[Printed]], bool]

    def of(self, prints: dict[str, Printed]) -> bool:
        """Whether it holds with some of the rows printed otherwise."""
        return self.holds([prints.get(row.id, row.number) for row in self.rows])


def is_detectable(texts: dict[str, Printed], relations: list[Relation]) -> bool:
    """Whether changed prints break a relation that the paper kept."""
    touched = [r for r in relations if not texts.keys().isdisjoint(row.id for row in r.rows)]
    return any(relation.of({}) and not relation.of(texts) for relation in touched)


def relations_of(paper: KnownPaper) -> list[Relation]:
    """List the relations of a paper."""
    return list(_Rows(paper).relations())


def _image(formula, boxes) -> tuple[float, float]:
    """Return the range of a formula over intervals, from their corners: each is monotone."""
    with np.errstate(all="ignore"):
        values = np.array([formula(*corner) for corner in product(*boxes)], float)
    if np.isnan(values).any():
        return -math.inf, math.inf
    return values.min() - TINY, values.max() + TINY


def _ends(row: ReportedNumber, number: Printed) -> tuple[float, ...]:
    return (number.value,) if row.statistic in COUNTED else (number.low, number.high)


def _between(low: float, high: float, number: Printed) -> bool:
    return low <= number.high + TINY and number.low - TINY <= high


def _whole(low: float, high: float) -> bool:
    return math.floor(high + TINY) >= math.ceil(low - TINY)


def _p(z: float) -> float:
    return 2 * stats.norm.sf(abs(z))


def _student(m1, s1, n1, m2, s2, n2) -> float:
    return stats.ttest_ind_from_stats(m1, s1, n1, m2, s2, n2).statistic


def _welch(m1, s1, n1, m2, s2, n2) -> float:
    return stats.ttest_ind_from_stats(m1, s1, n1, m2, s2, n2, equal_var=False).statistic


def _p_of_t(equal: bool) -> Callable[..., float]:
    def p_value(m1, s1, n1, m2, s2, n2) -> float:
        return stats.ttest_ind_from_stats(m1, s1, n1, m2, s2, n2, equal_var=equal).pvalue

    return p_value


def _pooled_sd(s1, n1, s2, n2) -> float:
    return math.sqrt(((n1 - 1) * s1**2 + (n2 - 1) * s2**2) / (n1 + n2 - 2))


def _f(*numbers) -> float:
    means, sds, sizes = np.reshape(numbers, (-1, 3)).T
    between = (sizes * (means - np.average(means, weights=sizes)) ** 2).sum() / (len(means) - 1)
    return between / (((sizes - 1) * sds**2).sum() / (sizes.sum() - len(means)))


def _all_sd(m1, s1, n1, m2, s2, n2) -> float:
    squares = (n1 - 1) * s1**2 + (n2 - 1) * s2**2 + n1 * n2 / (n1 + n2) * (m1 - m2) ** 2
    return math.sqrt(squares / (n1 + n2 - 1))


def _of_table(groups: int, wanted: str, part: str) -> Callable[..., float]:
    """Return χ² or p of counts given level by level, by one of the usual tests."""

    def value(*counts) -> float:
        table = np.reshape(counts, (-1, groups))
        if min(*table.sum(axis=0), *table.sum(axis=1)) <= 0 or table.min() < 0:
            return math.nan
        if wanted == "fisher":
            return stats.fisher_exact(table).pvalue if table.shape == (2, 2) else math.nan
        options = {"lambda_": "log-likelihood"} if wanted == "g" else {}
        result = stats.chi2_contingency(table, correction=wanted == "yates", **options)
        return getattr(result, part)

    return value


class _Rows:
    def __init__(self, paper: KnownPaper) -> None:
        self.truth, self.registry = paper.truth, paper.registry
        self.rows = [row for row in paper.registry if row.id in paper.truth]
        self.first, self.children = {}, defaultdict(dict)
        for row in self.rows:
            if not row.repeats:
                key = (row.statistic, row.variable, row.level, row.group)
                self.first.setdefault(key, row)
            if row.of:
                self.children[row.of].setdefault(row.statistic, row)

    def get(self, statistic: str, variable="", level="", group="") -> ReportedNumber | None:
        return self.first.get((statistic, variable, level, group))

    def exact(self, target, uses, *formulas) -> Iterator[Relation]:
        """Yield a relation if one of the formulas gives the unrounded target."""
        rows = (target, *uses)
        if None in rows or not formulas:
            return
        truths = [self.truth[row.id] for row in uses]
        known = self.truth[target.id]
        with np.errstate(all="ignore"):
            gaps = [abs(formula(*truths) - known) for formula in formulas]
        if not any(gap <= 1e-6 * max(1.0, abs(known)) for gap in gaps):
            return

        def holds(prints: list[Printed]) -> bool:
            boxes = [_ends(row, number) for row, number in zip(uses, prints[1:], strict=True)]
            if math.prod(map(len, boxes)) > MOST_CORNERS:
                return True
            return any(_between(*_image(formula, boxes), prints[0]) for formula in formulas)

        yield Relation(rows, holds)

    def ordered(self, *rows) -> Iterator[Relation]:
        for low, high in pairwise(row for row in rows if row is not None):
            yield Relation((low, high), lambda p: p[0].low <= p[1].high + TINY)

    def relations(self) -> Iterator[Relation]:
        parts = defaultdict(list)
        for row in self.rows:
            yield Relation((row,), lambda p, row=row: _possible(row, p[0]))
            if row.repeats in self.truth:
                factor = 10 if (row.unit, self.registry[row.repeats].unit) == ("mm", "cm") else 1
                uses = [self.registry[row.repeats]]
                yield from self.exact(row, uses, lambda x, factor=factor: factor * x)
            elif row.partition:
                parts[row.partition, row.of].append(row)
            if not row.repeats:
                yield from getattr(self, f"of_{row.statistic}", self.nothing)(row)
                if row.statistic in RATIOS:
                    yield from self.of_ratio(row)
        for (_, whole), rows in parts.items():
            yield from self.exact(self.registry[whole], rows, lambda *x: sum(x))

    def nothing(self, row) -> Iterator[Relation]:
        return iter(())

    def groups(self, row) -> list[str]:
        return row.group.split(" vs ") if " vs " in row.group else []

    def size(self, group: str):
        return self.get("n", group=group)

    def of_count(self, row):
        if row.of in self.truth:
            yield from self.ordered(row, self.registry[row.of])
        if row.group == "all":
            groups = dict.fromkeys(r.group for r in self.rows if r.statistic == "count")
            pairs = [g for g in groups if self.get("count", row.variable, row.level, g)]
            for a, b in product(pairs, pairs):
                both = [self.get("count", row.variable, row.level, g) for g in (a, b)]
                if a < b and row not in both:
                    yield from self.exact(row, both, lambda x, y: x + y)

    def of_percent(self, row):
        whole = self.registry[row.of] if row.of in self.truth else None
        if whole is None:
            return
        part = self.get("count", row.variable, row.level, row.group)
        part = part if row.variable else self.size(row.group)
        yield from self.exact(row, (part, whole), lambda a, b: 100 * a / b if b else math.nan)

        def attainable(p):
            n = p[1].value
            return _whole(p[0].low * n / 100, p[0].high * n / 100)

        yield Relation((row, whole), attainable)
        for place, limit in enumerate(("ci_low", "ci_high")):
            methods = ("wilson", "beta", "normal")
            formulas = [
                lambda x, n, m=m, place=place: 100 * proportion_confint(x, n, method=m)[place]
                for m in methods
            ]
            yield from self.exact(self.children[row.id].get(limit), (part, whole), *formulas)
        low, high = (self.children[row.id].get(name) for name in ("ci_low", "ci_high"))
        yield from self.ordered(low, row, high)

    # Summaries of one group

    def of_mean(self, row):
        at = (row.variable, row.level, row.group)
        low, high = self.get("minimum", *at), self.get("maximum", *at)
        yield from self.ordered(low, row, high)
        size = self.size(row.group)
        if row.step and size and not row.method:
            step = float(row.step)
            yield Relation(
                (row, size),
                lambda p: _whole(*(x * p[1].value / step for x in (p[0].low, p[0].high))),
            )
        if row.group == "all":
            for a, b in self.splits(row):
                names = [self.get("mean", row.variable, "", g) for g in (a, b)]
                sds = [self.get("sd", row.variable, "", g) for g in (a, b)]
                n = [self.size(g) for g in (a, b)]
                yield from self.exact(
                    row,
                    (names[0], n[0], names[1], n[1]),
                    lambda x, n, y, m: (n * x + m * y) / (n + m),
                )
                uses = (names[0], sds[0], n[0], names[1], sds[1], n[1])
                yield from self.exact(self.get("sd", *at), uses, _all_sd)

    def splits(self, row) -> list[tuple[str, str]]:
        groups = [r.group for r in self.rows if (r.statistic, r.variable) == ("mean", row.variable)]
        groups = list(dict.fromkeys(g for g in groups if self.size(g)))
        n = self.truth[self.size("all").id]
        size = {g: self.truth[self.size(g).id] for g in groups}
        return [(a, b) for a, b in product(groups, groups) if a < b and size[a] + size[b] == n]

    def of_sd(self, row):
        at = (row.variable, row.level, row.group)
        low, high, size = self.get("minimum", *at), self.get("maximum", *at), self.size(row.group)
        if low and high and size:

            def within(p):
                n = max(2.0, p[3].value)
                return p[0].low <= (p[2].high - p[1].low) / 2 * math.sqrt(n / (n - 1)) + TINY

            yield Relation((row, low, high, size), within)

    def of_median(self, row):
        at = (row.variable, row.level, row.group)
        yield from self.ordered(*(self.get(name, *at) for name in ORDER))
        if row.step:
            step = float(row.step)
            yield Relation((row,), lambda p: _whole(2 * p[0].low / step, 2 * p[0].high / step))

    # Comparisons

    def table(self, row) -> tuple[int, list] | None:
        """Return groups and the counts of the levels, where all are printed."""
        groups = self.groups(row)
        levels = [
            key[2]
            for key in self.first
            if key[0] == "count" and key[1] == row.variable and key[3] == groups[0]
        ]
        levels = [level for level in levels if level != "unknown"]
        counts = [self.get("count", row.variable, lv, g) for lv in levels for g in groups]
        return (len(groups), counts) if len(levels) > 1 and not row.level else None

    def of_chi_square(self, row):
        table = self.table(row)
        if table:
            tests = [_of_table(table[0], name, "statistic") for name in ("pearson", "yates", "g")]
            yield from self.exact(row, table[1], *tests)
        for df in range(1, 6):
            p = self.children[row.id].get("p_value")
            yield from self.exact(p, (row,), lambda x, df=df: stats.chi2.sf(x, df))

    of_logrank_chi_square = of_h_statistic = of_chi_square

    def of_p_value(self, row):
        groups = self.groups(row)
        table = self.table(row) if groups else None
        if table:
            names = ("pearson", "yates", "g", "fisher")
            tests = [_of_table(table[0], name, "pvalue") for name in names]
            yield from self.exact(row, table[1], *tests)
        if len(groups) == 2:
            yield from self.exact(row, self.moments(row, groups), _p_of_t(True), _p_of_t(False))

    def moments(self, row, groups) -> list:
        sides = (
            (
                self.get("mean", row.variable, "", g),
                self.get("sd", row.variable, "", g),
                self.size(g),
            )
            for g in groups
        )
        return [row for side in sides for row in side]

    def of_t_statistic(self, row):
        yield from self.exact(row, self.moments(row, self.groups(row)), _student, _welch)
        df, p = (self.children[row.id].get(name) for name in ("degrees_of_freedom", "p_value"))
        yield from self.exact(p, (row, df), lambda t, df: 2 * stats.t.sf(abs(t), df))
        sizes = [self.size(group) for group in self.groups(row)]
        yield from self.exact(df, sizes, lambda n, m: n + m - 2)

    def of_mean_difference(self, row):
        moments = self.moments(row, self.groups(row))
        yield from self.exact(row, moments[::3], lambda x, y: x - y)
        low, high = (self.children[row.id].get(name) for name in ("ci_low", "ci_high"))
        yield from self.exact(row, (low, high), lambda x, y: (x + y) / 2)
        uses = (row, moments[1], moments[2], moments[4], moments[5])
        for target, sign in ((low, -1), (high, 1)):
            yield from self.exact(
                target,
                uses,
                lambda d, s, n, r, m, sign=sign: (
                    d
                    + sign
                    * stats.t.ppf(0.975, n + m - 2)
                    * _pooled_sd(s, n, r, m)
                    * math.sqrt(1 / n + 1 / m)
                ),
            )

    def of_standardised_mean_difference(self, row):
        yield from self.exact(
            row,
            self.moments(row, self.groups(row)),
            lambda x, s, n, y, r, m: (x - y) / _pooled_sd(s, n, r, m),
        )

    def of_f_statistic(self, row):
        yield from self.exact(row, self.moments(row, self.groups(row)), _f)
        p = self.children[row.id].get("p_value")
        of = [r for r in self.rows if r.of == row.id and r.statistic == "degrees_of_freedom"]
        yield from self.exact(p, (row, *of), lambda f, a, b: stats.f.sf(f, a, b))

    def of_risk_ratio(self, row):
        yield from self.exact(row, self.shares(row), lambda a, n, b, m: a * m / (b * n))

    def of_risk_difference(self, row):
        shares = self.shares(row)
        yield from self.exact(row, shares, lambda a, n, b, m: 100 * (a / n - b / m))
        low, high = (self.children[row.id].get(name) for name in ("ci_low", "ci_high"))
        yield from self.exact(row, (low, high), lambda x, y: (x + y) / 2)
        needed = self.get("number_needed_to_treat", row.variable, row.level, row.group)
        yield from self.exact(needed, (row,), lambda d: 100 / abs(d))

    def shares(self, row) -> list:
        sides = (
            (self.get("count", row.variable, row.level, g), self.size(g)) for g in self.groups(row)
        )
        return [row for side in sides for row in side]

    def of_rate(self, row):
        events = next(
            (
                r
                for key, r in self.first.items()
                if key[0] == "count" and key[1] == row.variable and key[3] == row.group
            ),
            None,
        )
        time = self.get("person_time", row.variable, "", row.group)
        yield from self.exact(row, (events, time), lambda d, t: 100 * d / t)

    def of_rate_ratio(self, row):
        rates = [self.get("rate", row.variable, "", g) for g in self.groups(row)]
        yield from self.exact(row, rates, lambda x, y: x / y)

    def of_median_survival(self, row):
        low, high = (self.children[row.id].get(name) for name in ("ci_low", "ci_high"))
        yield from self.ordered(low, row, high)

    # Ratios

    def of_ratio(self, row):
        low, high, p = (self.children[row.id].get(n) for n in ("ci_low", "ci_high", "p_value"))
        yield from self.ordered(low, row, high)
        yield from self.exact(
            row, (low, high), lambda x, y: math.sqrt(x * y) if x * y > 0 else math.nan
        )

        def wald(e, x, y):
            return _p(2 * Z_95 * math.log(e) / math.log(y / x)) if 0 < x < y and e > 0 else math.nan

        yield from self.exact(p, (row, low, high), wald)

    def of_odds_ratio(self, row):
        levels, groups = row.level.split(" vs "), self.groups(row)
        if len(levels) != 2 or "multivariable" in row.method:
            return
        counts = [self.get("count", row.variable, lv, g) for lv in levels for g in groups]
        yield from self.exact(
            row, counts, lambda a, b, c, d: a * d / (b * c) if b * c else math.nan
        )

    def of_coefficient(self, row):
        same = {n: getattr(row, n) for n in ("locus", "variable", "level", "group", "method")}
        for ratio in self.registry.where("odds_ratio", **same)[:1]:
            yield from self.exact(ratio, (row,), math.exp)
        error, z = (self.children[row.id].get(n) for n in ("standard_error", "z_statistic"))
        yield from self.exact(z, (row, error), lambda b, s: b / s if s else math.nan)

    # Rules, curves

    def of_sensitivity(self, row):
        at, scale = (row.variable, row.level, row.group), 100 if row.unit == "%" else 1
        n1, n0 = (self.size(group) for group in self.groups(row))
        twin = self.get("specificity", *at)
        for rate, size in ((row, n1), (twin, n0)):
            yield Relation(
                (rate, size),
                lambda p: _whole(*(x * p[1].value / scale for x in (p[0].low, p[0].high))),
            )
        for count, rate in zip(self.shares(row)[::2], (row, twin), strict=True):
            size = n1 if rate is row else n0
            yield from self.exact(
                rate,
                (count, size),
                lambda x, n: scale * x / n,
                lambda x, n: scale * (1 - x / n),
            )
        uses, u = (row, twin, n1, n0), scale
        formulas = {
            "ppv": lambda s, c, n, m: u * s * n / (s * n + (u - c) * m),
            "npv": lambda s, c, n, m: u * c * m / (c * m + (u - s) * n),
            "accuracy": lambda s, c, n, m: (s * n + c * m) / (n + m),
            "auc": lambda s, c, n, m: (s + c) / 2 / u,
            "likelihood_ratio_positive": lambda s, c, n, m: s / (u - c) if c < u else math.inf,
            "likelihood_ratio_negative": lambda s, c, n, m: (u - s) / c if c > 0 else math.inf,
        }
        for name, formula in formulas.items():
            yield from self.exact(self.get(name, *at), uses, formula)

    def of_auc(self, row):
        low, high, p = (self.children[row.id].get(n) for n in ("ci_low", "ci_high", "p_value"))
        yield from self.ordered(low, row, high)
        yield from self.exact(row, (low, high), lambda x, y: (x + y) / 2)
        yield from self.exact(
            p,
            (row, low, high),
            lambda a, x, y: _p(2 * Z_95 * (a - 0.5) / (y - x)) if y > x else math.nan,
        )
        sizes = [self.size(group) for group in self.groups(row)]
        yield from self.exact(
            p,
            (row, *sizes),
            lambda a, n, m: _p((a - 0.5) / math.sqrt((n + m + 1) / (12 * n * m))),
        )
        u = self.get("u_statistic", row.variable, "", row.group)
        yield from self.exact(
            row, (u, *sizes), lambda u, n, m: u / n / m, lambda u, n, m: 1 - u / n / m
        )

    def of_survival_percent(self, row):
        month = int(row.level.split()[0])
        later = [
            (int(r.level.split()[0]), r)
            for r in self.rows
            if (r.statistic, r.variable, r.group) == (row.statistic, row.variable, row.group)
        ]
        for time, other in later:
            if time > month:
                yield from self.ordered(other, row)


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
