"""The parts of a known paper that compare by differences, by ratios of shares, and three groups."""

import numpy as np
from lifelines import KaplanMeierFitter
from lifelines.utils import median_survival_times
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from benchmarks.planting.cohorts import Variable
from benchmarks.planting.descriptions import write_summaries
from benchmarks.planting.estimates import Z_95
from benchmarks.planting.paper import Draft

LOCUS = "Table 4"
INTERVALS = {"wilson": "wilson", "clopper_pearson": "beta", "wald": "normal"}
MONTHS_PER_YEAR = 12


def write_comparisons(draft: Draft, rng: np.random.Generator) -> None:
    """Write differences, relative risks, three groups, rates, where the cohort has the values."""
    cohort = draft.cohort
    known = [v for v in cohort.continuous if cohort.patients[v.name].notna().all()]
    normal = [variable for variable in known if not variable.skewed]
    complete = [f for f in cohort.factors if cohort.patients[f.name].notna().all()]
    binary = [factor for factor in complete if len(factor.levels) == 2]
    if normal:
        _write_difference(draft, normal[rng.integers(len(normal))])
    if binary:
        _write_shares(draft, rng, binary[rng.integers(len(binary))])
    three = [factor for factor in complete if len(factor.levels) == 3]
    if three and known:
        split = three[rng.integers(len(three))]
        _write_three_groups(draft, split, known[rng.integers(len(known))], binary)
    if cohort.events:
        _write_follow_up(draft)
    _write_likelihood_ratios(draft)


def _method(draft: Draft, name: str) -> str:
    return name if draft.style.names_tests else ""


def _write_limits(draft: Draft, of: str, limits, decimals: int, **fields: str) -> None:
    for statistic, value in zip(("ci_low", "ci_high"), limits, strict=True):
        draft.add(LOCUS, statistic, draft.style.number(value, decimals), value, of=of, **fields)


def _write_difference(draft: Draft, variable: Variable) -> None:
    """Write difference of means, t, its degrees of freedom, and Cohen's d."""
    style, groups = draft.style, draft.cohort.groups
    first, second = (draft.cohort.members(group)[variable.name] for group in groups)
    equal = style.t_test == "student"
    result = stats.ttest_ind(first, second, equal_var=equal)
    fields = {"variable": variable.name, "group": " vs ".join(groups)}
    fields["method"] = _method(draft, "student" if equal else "welch")
    decimals = max(style.mean_decimals, variable.decimals)
    difference = first.mean() - second.mean()
    printed = style.number(difference, decimals)
    of = draft.add(LOCUS, "mean_difference", printed, difference, unit=variable.unit, **fields)
    interval = result.confidence_interval(0.95)
    _write_limits(draft, of, interval, decimals, unit=variable.unit, **fields)
    t = draft.add(
        LOCUS, "t_statistic", style.number(result.statistic, 2), result.statistic, **fields
    )
    printed = style.number(result.df, 0 if equal else 1)
    draft.add(LOCUS, "degrees_of_freedom", printed, result.df, of=t, **fields)
    draft.add_p(LOCUS, result.pvalue, of=t, **fields)
    sizes = len(first) - 1, len(second) - 1
    spread = np.sqrt(np.average([first.var(), second.var()], weights=sizes))
    d = difference / spread
    fields["method"] = ""
    draft.add(LOCUS, "standardised_mean_difference", style.number(d, 2), d, **fields)


def _write_shares(draft: Draft, rng, factor: Variable) -> None:
    """Write relative risk, difference and number needed to treat; one share with limits."""
    cohort, style, level = draft.cohort, draft.style, factor.levels[0]
    has = [(cohort.members(group)[factor.name] == level) for group in cohort.groups]
    (a, b), (n, m) = (flags.sum() for flags in has), (len(flags) for flags in has)
    fields = {"variable": factor.name, "level": level, "group": " vs ".join(cohort.groups)}
    if a and b and a / n != b / m:
        ratio, error = a / n / (b / m), np.sqrt(1 / a - 1 / n + 1 / b - 1 / m)
        decimals = style.ratio_decimals
        of = draft.add(LOCUS, "risk_ratio", style.number(ratio, decimals), ratio, **fields)
        limits = ratio * np.exp([-Z_95 * error, Z_95 * error])
        _write_limits(draft, of, limits, decimals, **fields)
        difference = 100 * (a / n - b / m)
        half = 100 * Z_95 * np.sqrt(a / n * (1 - a / n) / n + b / m * (1 - b / m) / m)
        of = draft.add(
            LOCUS, "risk_difference", style.number(difference, 1), difference, unit="%", **fields
        )
        _write_limits(draft, of, (difference - half, difference + half), 1, unit="%", **fields)
        needed = 100 / abs(difference)
        draft.add(LOCUS, "number_needed_to_treat", style.number(needed, 1), needed, **fields)
    name = list(INTERVALS)[rng.integers(len(INTERVALS))]
    fields["group"] = "all"
    of = draft.add_percent(LOCUS, a + b, n + m, of=draft.sizes["all"], **fields)
    fields |= {"unit": "%", "method": name}
    limits = 100 * np.array(proportion_confint(a + b, n + m, method=INTERVALS[name]))
    if limits[0] >= 0 and limits[1] <= 100:
        _write_limits(draft, of, limits, max(1, style.percent_decimals), **fields)


def _write_three_groups(draft: Draft, split: Variable, measured: Variable, binary) -> None:
    """Write a measurement and a factor by the three levels of another, with their tests."""
    cohort, style = draft.cohort, draft.style
    members = {
        f"{split.name} {level}": cohort.patients[cohort.patients[split.name] == level]
        for level in split.levels
    }
    if min(map(len, members.values())) < 3:
        return
    for group, patients in members.items():
        if group not in draft.sizes:
            draft.sizes[group] = draft.add_count(
                LOCUS,
                "n",
                len(patients),
                group=group,
                of=draft.sizes["all"],
                partition=f"split by {split.name}",
            )
    fields = {"variable": measured.name, "group": " vs ".join(members)}
    values = [patients[measured.name] for patients in members.values()]
    skewed = measured.skewed
    shown = ("median", "q1", "q3") if skewed else ("mean", "sd")
    for group, of_group in zip(members, values, strict=True):
        write_summaries(draft, LOCUS, measured, group, shown, of_group)
    result = stats.kruskal(*values) if skewed else stats.f_oneway(*values)
    fields["method"] = _method(draft, "kruskal_wallis" if skewed else "anova")
    within = {} if skewed else {"within": sum(map(len, values)) - len(values)}
    freedom = {"": 2} if skewed else {"between": 2, **within}
    _write_test(draft, "h_statistic" if skewed else "f_statistic", result, freedom, **fields)
    for factor in binary[:1]:
        counts = []
        for group, patients in members.items():
            for level in factor.levels:
                number = int((patients[factor.name] == level).sum())
                counts.append(number)
                place = {"variable": factor.name, "level": level, "group": group}
                draft.add_count(LOCUS, "count", number, of=draft.sizes[group], **place)
                if style.percents:
                    draft.add_percent(LOCUS, number, len(patients), of=draft.sizes[group], **place)
        result = stats.chi2_contingency(np.reshape(counts, (3, 2)), correction=False)
        fields |= {"variable": factor.name, "method": _method(draft, "pearson")}
        _write_test(draft, "chi_square", result, {"": 2}, **fields)


def _write_test(draft: Draft, statistic: str, result, freedom: dict, **fields: str) -> None:
    printed = draft.style.number(result.statistic, 2)
    of = draft.add(LOCUS, statistic, printed, result.statistic, **fields)
    for level, df in freedom.items():
        draft.add(LOCUS, "degrees_of_freedom", str(df), df, of=of, level=level, **fields)
    draft.add_p(LOCUS, result.pvalue, of=of, **fields)


def _write_follow_up(draft: Draft) -> None:
    """Write median survival with limits, events per person-time, and the ratio of two rates."""
    cohort, style, locus = draft.cohort, draft.style, LOCUS
    events, years = [], []
    for group in ("all", *cohort.groups):
        patients, fields = cohort.members(group), {"variable": "pfs", "group": group}
        fitter = KaplanMeierFitter().fit(patients["months"], patients["event"])
        median = fitter.median_survival_time_
        limits = median_survival_times(fitter.confidence_interval_).to_numpy().ravel()
        if np.isfinite([median, *limits]).all():
            printed = style.number(median, 1)
            of = draft.add(locus, "median_survival", printed, median, unit="months", **fields)
            _write_limits(draft, of, limits, 1, unit="months", **fields)
        events.append(int(patients["event"].sum()))
        years.append(float(patients["months"].sum() / MONTHS_PER_YEAR))
        level = cohort.events[0]
        draft.add_count(locus, "count", events[-1], level=level, of=draft.sizes[group], **fields)
        printed = style.number(years[-1], 1)
        draft.add(locus, "person_time", printed, years[-1], unit="patient years", **fields)
        rate = 100 * events[-1] / years[-1]
        unit = "per 100 patient years"
        draft.add(locus, "rate", style.number(rate, 2), rate, unit=unit, **fields)
    if min(events) > 0:
        ratio = events[1] / years[1] / (events[2] / years[2])
        error = np.sqrt(1 / events[1] + 1 / events[2])
        fields = {"variable": "pfs", "group": " vs ".join(cohort.groups)}
        of = draft.add(locus, "rate_ratio", style.number(ratio, 2), ratio, **fields)
        limits = ratio * np.exp([-Z_95 * error, Z_95 * error])
        _write_limits(draft, of, limits, 2, **fields)


def _write_likelihood_ratios(draft: Draft) -> None:
    """Write the likelihood ratios of the first rule whose sensitivity is printed."""
    rule = next(row for row in draft.rows if row["statistic"] == "sensitivity")
    twin = next(row for row in draft.rows if row["statistic"] == "specificity")
    scale = 100 if rule["unit"] == "%" else 1
    sensitivity, specificity = (draft.truth[row["id"]] / scale for row in (rule, twin))
    fields = {name: rule[name] for name in ("variable", "level", "group")}
    if 0 < specificity < 1:
        values = {
            "likelihood_ratio_positive": sensitivity / (1 - specificity),
            "likelihood_ratio_negative": (1 - sensitivity) / specificity,
        }
        for statistic, value in values.items():
            draft.add(LOCUS, statistic, draft.style.number(value, 2), value, **fields)
