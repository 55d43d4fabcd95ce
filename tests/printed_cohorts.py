"""Registries printed from known cohorts of whole numbers, with any decimals and any ties."""

import math
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import numpy as np
from hypothesis import strategies as st
from scipy import stats
from small_registry import number, registry

QUARTILES = ("weibull", "linear", "hazen")
GROUPS = ("cases", "controls")
VERSUS = "cases vs controls"


def printed(value, decimals: int, ties: str) -> str:
    """Print a value; a fraction is rounded exactly, so that its ties are true ties."""
    if isinstance(value, Fraction):
        scaled = value * 10**decimals
        steps, rest = divmod(scaled, 1)
        up = rest > Fraction(1, 2) or (
            rest == Fraction(1, 2) and (ties == ROUND_HALF_UP or steps % 2 == 1)
        )
        return f"{Decimal(int(steps) + up).scaleb(-decimals):f}"
    return f"{Decimal(float(value)).quantize(Decimal(1).scaleb(-decimals), rounding=ties):f}"


class Printer:
    """Collects the rows of one paper; every number draws its own decimals and ties."""

    def __init__(self, data) -> None:
        self.data, self.rows = data, []

    def draw(self, *choices):
        return self.data.draw(st.sampled_from(choices))

    def add(self, identifier: str, statistic: str, value, decimals=(0,), **fields: str) -> None:
        text = value
        if not isinstance(value, str):
            ties = self.draw(ROUND_HALF_UP, ROUND_HALF_EVEN)
            text = printed(value, self.draw(*decimals), ties)
        self.rows.append(number(identifier, statistic, text, **fields))

    def add_p(self, identifier: str, p: float, **fields: str) -> None:
        if math.isnan(p):
            return
        spelling = "<0.001" if p < 0.001 and self.draw(True, False) else p
        self.add(identifier, "p_value", spelling, (2, 3, 4), **fields)


def print_groups(paper: Printer, is_case: np.ndarray) -> None:
    sizes = {"cases": int(is_case.sum()), "controls": int((~is_case).sum())}
    paper.add("n", "n", str(len(is_case)), group="all")
    for group, size in sizes.items():
        paper.add(f"n-{group}", "n", str(size), group=group, of="n", partition="groups")
        share = Fraction(100 * size, len(is_case))
        paper.add(f"share-{group}", "percent", share, (0, 1, 2), group=group, of="n")


def print_levels(paper: Printer, variable: str, levels: np.ndarray, is_case: np.ndarray) -> None:
    """Print counts by level in all groups, with shares of the group and of the level."""
    declared = paper.draw(True, False)
    groups = {"all": levels, "cases": levels[is_case], "controls": levels[~is_case]}
    for level in np.unique(levels):
        cell = {"variable": variable, "level": f"L{level}"}
        for group, members in groups.items():
            count, of = int((members == level).sum()), "n" if group == "all" else f"n-{group}"
            label = f"{variable}-{level}-{group}"
            partition = f"{variable}-{group}" if declared else ""
            paper.add(label, "count", str(count), **cell, group=group, of=of, partition=partition)
            share = Fraction(100 * count, len(members))
            paper.add(f"{label}-share", "percent", share, (0, 1, 2), **cell, group=group, of=of)
            whole = int((levels == level).sum())
            row = f"{variable}-{level}-all"
            share = Fraction(100 * count, whole)
            paper.add(f"{label}-row", "percent", share, (0, 1), **cell, group=group, of=row)
    print_association(paper, variable, levels, is_case)


def print_association(paper: Printer, variable, levels, is_case) -> None:
    table = np.array(
        [[(levels[is_case] == x).sum(), (levels[~is_case] == x).sum()] for x in np.unique(levels)]
    )
    if len(table) < 2:
        return
    target = {"variable": variable, "group": VERSUS}
    method = paper.draw("pearson", "yates", "likelihood_ratio")
    method = "pearson" if method == "yates" and len(table) > 2 else method
    result = stats.chi2_contingency(
        table,
        correction=method == "yates",
        lambda_="log-likelihood" if method == "likelihood_ratio" else None,
    )
    named = {"method": method if paper.draw(True, False) else ""}
    paper.add(f"{variable}-chi", "chi_square", result.statistic, (1, 2, 3), **target, **named)
    paper.add_p(f"{variable}-p", result.pvalue, **target, **named, of=f"{variable}-chi")
    if len(table) == 2:
        p = stats.fisher_exact(table).pvalue
        named = {"method": paper.draw("fisher", "")}
        paper.add_p(f"{variable}-exact", p, **target, **named)
        paper.add_p(f"{variable}-level-p", p, **target, **named, level=f"L{levels.min()}")


def print_measurements(paper: Printer, values: np.ndarray, is_case: np.ndarray) -> None:
    """Print means, SDs, quartiles and ranges of whole numbers, and tests between the groups."""
    groups = {"all": values, "cases": values[is_case], "controls": values[~is_case]}
    shared = {"variable": "age", "step": "1"}
    for group, members in groups.items():
        total, size = int(members.sum()), len(members)
        method = paper.draw(*QUARTILES)
        summaries = {
            "mean": Fraction(total, size),
            "median": Fraction(float(np.median(members))),
            "q1": np.quantile(members, 0.25, method=method),
            "q3": np.quantile(members, 0.75, method=method),
            "minimum": str(members.min()),
            "maximum": str(members.max()),
        }
        if size > 1:
            summaries["sd"] = members.std(ddof=1)
        for statistic, value in summaries.items():
            paper.add(f"{statistic}-{group}", statistic, value, (0, 1, 2, 3), **shared, group=group)
    if min(len(groups[group]) for group in GROUPS) > 1 and np.ptp(values) > 0:
        print_two_sample_tests(paper, groups["cases"], groups["controls"])


def print_two_sample_tests(paper: Printer, cases: np.ndarray, controls: np.ndarray) -> None:
    target = {"variable": "age", "group": VERSUS}
    if cases.std() + controls.std() > 0:
        equal = paper.draw(True, False)
        method = paper.draw("", "student" if equal else "welch")
        p = stats.ttest_ind(cases, controls, equal_var=equal).pvalue
        paper.add_p("p-t", p, **target, method=method)
    ranks = stats.mannwhitneyu(
        cases, controls, use_continuity=paper.draw(True, False), method="asymptotic"
    )
    pairs = len(cases) * len(controls)
    u = paper.draw(ranks.statistic, min(ranks.statistic, pairs - ranks.statistic))
    paper.add("u", "u_statistic", Fraction(u), (0, 1, 2), **target)
    paper.add_p("p-u", ranks.pvalue, **target, of="u", method="mann_whitney")
    paper.add("auc", "auc", Fraction(ranks.statistic) / pairs, (2, 3), **target)


def print_again(paper: Printer) -> None:
    """State some numbers a second time, as they are or with fewer decimals."""
    for row in paper.data.draw(st.lists(st.sampled_from(paper.rows), max_size=8)):
        text = row.printed
        if row.number.decimals and row.number.operator == "=":
            text = printed(Fraction(text), row.number.decimals - 1, ROUND_HALF_UP)
        again = number(
            f"again-{len(paper.rows)}",
            row.statistic,
            text,
            locus="Abstract",
            repeats=row.id,
            **{
                field: getattr(row, field)
                for field in ("variable", "level", "group", "method", "of")
            },
        )
        paper.rows.append(again)


@st.composite
def printed_cohorts(draw):
    """Draw a cohort of whole numbers and print it."""
    data = draw(st.data())
    size = draw(st.integers(4, 70))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    is_case = rng.permutation(np.arange(size) < draw(st.integers(1, size - 1)))
    paper = Printer(data)
    print_groups(paper, is_case)
    print_levels(paper, "gender", rng.binomial(1, 0.3, size) + 0 * is_case, is_case)
    print_levels(paper, "stage", rng.integers(0, 3, size), is_case)
    spread = draw(st.sampled_from([1, 5, 20]))
    print_measurements(paper, np.round(50 + spread * rng.normal(size=size)).astype(int), is_case)
    print_again(paper)
    return registry(*paper.rows)
