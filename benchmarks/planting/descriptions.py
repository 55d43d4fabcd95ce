"""The parts of a known paper that describe patients: flow chart, Table 1, subgroups."""

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.weightstats import DescrStatsW, ttest_ind

from benchmarks.planting import estimates
from benchmarks.planting.cohorts import KnownCohort, Variable
from benchmarks.planting.paper import Draft, in_words
from benchmarks.planting.printing import ONE_SIDED, PAIRED, ROW_SHARES, WEIGHTED

SUMMARIES = {
    "normal": (("mean", "sd"), ("mean", "sd", "minimum", "maximum")),
    "skewed": (
        ("median", "q1", "q3"),
        ("median", "minimum", "maximum"),
        ("mean", "sd", "median", "minimum", "maximum"),
        ("median", "q1", "q3", "minimum", "maximum"),
    ),
}


def write_patients(draft: Draft, rng: np.random.Generator) -> None:
    """Write the flow chart and the sizes of all groups."""
    cohort, locus = draft.cohort, "Results, Patients"
    n = len(cohort.patients)
    screened = draft.add_count(
        "Methods, Patients", "n", n + sum(cohort.excluded.values()), group="screened"
    )
    for reason, number in cohort.excluded.items():
        printed = in_words(number) if rng.random() < 0.5 else str(number)
        draft.add(
            "Methods, Patients",
            "n",
            printed,
            number,
            group=f"excluded: {reason}",
            unit="patients",
            of=screened,
            partition="flow",
        )
    draft.sizes["all"] = draft.add_count(locus, "n", n, group="all", of=screened, partition="flow")
    for label, groups in (("outcome", cohort.groups), ("progression", cohort.events)):
        for group in groups:
            _write_group(draft, locus, group, label)


def _write_group(draft: Draft, locus: str, group: str, partition: str) -> None:
    members, everyone = len(draft.cohort.members(group)), len(draft.cohort.patients)
    whole = draft.sizes["all"]
    draft.sizes[group] = draft.add_count(
        locus, "n", members, group=group, of=whole, partition=partition
    )
    if draft.style.percents:
        draft.add_percent(locus, members, everyone, group=group, of=whole)


def write_table_1(draft: Draft, rng: np.random.Generator) -> None:
    """Write factors and measurements by outcome, with tests."""
    for variable in (*draft.cohort.factors, *draft.cohort.cut):
        write_factor(draft, rng, "Table 1", variable, draft.cohort.groups)
        write_table_test(draft, rng, "Table 1", variable, draft.cohort.groups)
    for variable in draft.cohort.continuous:
        write_measurement(draft, rng, "Table 1", variable)


def write_factor(draft: Draft, rng, locus: str, variable: Variable, groups) -> None:
    """Write the counts of each level in both groups and, in some papers, in all patients.

    Where values are missing, they are counted as a level of their own, or the counts do not add
    up to the group and no partition is claimed.
    """
    column, style = draft.cohort.patients[variable.name], draft.style
    with_unknown = column.isna().any() and style.names_unknown
    levels = (*variable.levels, "unknown") if with_unknown else variable.levels
    if len(levels) == 2 and not column.isna().any() and rng.random() < 0.15:
        levels = levels[:1]
    complete = len(levels) > 1 and (with_unknown or not column.isna().any())
    for level in levels:
        total = ""
        for group in ("all", *groups) if style.shows_all else groups:
            fields = {"variable": variable.name, "level": level, "group": group}
            if style.design == WEIGHTED:
                _write_weighted_share(draft, locus, variable, **fields)
                continue
            number = _number_with(draft.cohort.members(group), variable.name, level)
            label = f"{locus}: {variable.name} in {group}" if complete else ""
            identifier = draft.add_count(
                locus, "count", number, of=draft.sizes[group], partition=label, **fields
            )
            total = total or identifier
            if style.percents:
                of, whole = _whole_of_percent(draft, total, **fields)
                draft.add_percent(locus, number, whole, of=of, **fields)


def _write_weighted_share(draft: Draft, locus: str, of: Variable, **fields: str) -> None:
    members = draft.cohort.members(fields["group"])
    values, weights = members[of.name], members["weight"]
    share = 100 * weights[values == fields["level"]].sum() / weights[values.notna()].sum()
    printed = draft.style.number(share, max(1, draft.style.percent_decimals))
    size = draft.sizes[fields["group"]]
    draft.add(locus, "percent", printed, share, unit="%", of=size, method="weighted", **fields)


def _whole_of_percent(draft: Draft, total: str, variable, level, group) -> tuple[str, int]:
    """Return identifier and size of the whole that the paper's percentages refer to."""
    everyone = draft.cohort.patients
    if draft.style.design == ROW_SHARES:
        # As a reader would take them who does not notice.
        return draft.sizes[group], _number_with(everyone, variable, level)
    wholes = {
        "group": (draft.sizes[group], len(draft.cohort.members(group))),
        "all": (draft.sizes["all"], len(everyone)),
        "level": (total, _number_with(everyone, variable, level)),
    }
    has_totals = draft.style.shows_all and group != "all"
    return wholes[draft.style.percent_of if has_totals else "group"]


def _number_with(patients: pd.DataFrame, name: str, level: str) -> int:
    values = patients[name]
    return int((values.isna() if level == "unknown" else values == level).sum())


def cross_table(cohort: KnownCohort, variable: Variable, groups) -> np.ndarray:
    """Count the known values of a factor by group, shape (levels, 2); weights where there are."""
    if "weight" in cohort.patients:
        members = [cohort.members(group) for group in groups]
        sums = [m.groupby(variable.name)["weight"].sum() for m in members]
        return np.column_stack([s.reindex(list(variable.levels), fill_value=0.0) for s in sums])
    return np.array(
        [
            [_number_with(cohort.members(group), variable.name, level) for group in groups]
            for level in variable.levels
        ]
    )


def write_table_test(draft: Draft, rng, locus: str, variable: Variable, groups) -> None:
    """Write χ² and p of a factor, over all levels or of each level against the others."""
    counts = cross_table(draft.cohort, variable, groups)
    if draft.style.design == PAIRED:
        _write_mcnemar(draft, locus, variable, groups)
        return
    by_level = len(counts) > 2 and rng.random() < 0.3
    tables = [("", counts)]
    if by_level:
        sums = counts.sum(axis=0)
        tables = [
            (level, np.array([pair, sums - pair]))
            for level, pair in zip(variable.levels, counts, strict=True)
        ]
    for level, table in tables:
        if min(table.sum(axis=1)) > 0 and min(table.sum(axis=0)) > 0:
            _write_test(draft, locus, variable.name, level, groups, table)


def _write_mcnemar(draft: Draft, locus: str, variable: Variable, groups) -> None:
    pairs = [draft.cohort.members(group)[variable.name].to_numpy() for group in groups]
    known = ~pd.isna(pairs[0]) & ~pd.isna(pairs[1])
    first, second = (values[known] == variable.levels[0] for values in pairs)
    discordant = int((first & ~second).sum()), int((~first & second).sum())
    if len(variable.levels) == 2 and sum(discordant):
        p_value = stats.binomtest(discordant[0], sum(discordant)).pvalue
        method = "mcnemar" if draft.style.names_tests else ""
        fields = {"variable": variable.name, "group": " vs ".join(groups), "method": method}
        draft.add_p(locus, p_value, **fields)


def _write_test(draft: Draft, locus, name, level, groups, table) -> None:
    style = draft.style
    method, statistic, p_value = estimates.table_test(table, style.table_test)
    if style.design == WEIGHTED:
        method = "weighted"
    fields = {
        "variable": name,
        "level": level,
        "group": " vs ".join(groups),
        "method": method if style.names_tests else "",
    }
    of = ""
    if style.shows_statistics and not np.isnan(statistic):
        printed = style.number(statistic, style.ratio_decimals)
        of = draft.add(locus, "chi_square", printed, statistic, **fields)
    draft.add_p(locus, p_value, of=of, **fields)


def write_measurement(draft: Draft, rng, locus: str, variable: Variable) -> None:
    """Write summaries of a measurement by group and the test that compares them."""
    cohort, style = draft.cohort, draft.style
    choices = SUMMARIES["skewed" if variable.skewed else "normal"]
    if style.design == WEIGHTED:
        choices = (("mean", "sd"),)
    statistics = choices[rng.integers(len(choices))]
    shown_groups = ("all", *cohort.groups) if style.shows_all else cohort.groups
    links = rng.random() < 0.5
    for group in shown_groups:
        values = cohort.members(group)[variable.name].dropna()
        of = draft.sizes[group] if links else ""
        write_summaries(draft, locus, variable, group, statistics, values, of)
    first, second = (cohort.members(group)[variable.name].dropna() for group in cohort.groups)
    fields = {"variable": variable.name, "group": " vs ".join(cohort.groups)}
    if style.design in (PAIRED, WEIGHTED):
        _write_paired_or_weighted(draft, locus, "mean" in statistics, **fields)
        return
    if "mean" in statistics and "median" not in statistics:
        method, p_value = estimates.t_test(first, second, style.t_test)
        method = method if style.names_tests else ""
        if style.design == ONE_SIDED:
            p_value = p_value / 2 if first.mean() > second.mean() else 1 - p_value / 2
            method = f"{method} one_sided".strip()
        draft.add_p(locus, p_value, method=method, **fields)
        return
    u, p_value = estimates.rank_test(first, second, style.rank_test)
    fields["method"] = "mann_whitney" if style.names_tests or style.shows_statistics else ""
    of = ""
    if style.shows_statistics:
        smaller = rng.random() < 0.7
        u = min(u, len(first) * len(second) - u) if smaller else u
        of = draft.add(locus, "u_statistic", style.number(u, 1 if u % 1 else 0), u, **fields)
    draft.add_p(locus, p_value, of=of, **fields)


def _write_paired_or_weighted(draft: Draft, locus: str, by_means: bool, **fields) -> None:
    """Write the p value of a paired test, or of a t test with weights."""
    groups = [draft.cohort.members(group) for group in draft.cohort.groups]
    values = [group[fields["variable"]].to_numpy(float) for group in groups]
    if draft.style.design == WEIGHTED:
        known = [~np.isnan(each) for each in values]
        values = [each[has] for each, has in zip(values, known, strict=True)]
        weights = [g["weight"].to_numpy()[has] for g, has in zip(groups, known, strict=True)]
        method, p_value = "weighted", ttest_ind(*values, weights=tuple(weights))[1]
    else:
        known = ~np.isnan(values[0]) & ~np.isnan(values[1])
        method = "paired_t" if by_means else "signed_rank"
        test = stats.ttest_rel if by_means else stats.wilcoxon
        p_value = test(values[0][known], values[1][known]).pvalue
    draft.add_p(locus, p_value, method=method if draft.style.names_tests else "", **fields)


def write_summaries(
    draft: Draft, locus, variable: Variable, group, statistics, values, of=""
) -> None:
    """Write summaries of one measurement in one group."""
    quartiles = np.quantile(values, [0.25, 0.5, 0.75], method=draft.style.quantile)
    truth = {
        "mean": values.mean(),
        "sd": values.std(ddof=1),
        "minimum": values.min(),
        "q1": quartiles[0],
        "median": np.median(values),
        "q3": quartiles[2],
        "maximum": values.max(),
    }
    step = f"{10.0**-variable.decimals:g}" if draft.style.gives_steps else ""
    method = ""
    if "weight" in draft.cohort.patients and locus == "Table 1":
        weighted = DescrStatsW(values, draft.cohort.patients.loc[values.index, "weight"])
        truth |= {"mean": weighted.mean, "sd": np.sqrt(weighted.var_ddof(1))}
        step, method = "", "weighted"
    for statistic in statistics:
        decimals = variable.decimals
        if statistic in ("mean", "sd"):
            decimals = max(draft.style.mean_decimals, decimals)
        elif abs(truth[statistic] - round(truth[statistic], decimals)) > 1e-9:
            # A median or quartile between two measurements.
            decimals += 1
        printed = draft.style.number(truth[statistic], decimals)
        draft.add(
            locus,
            statistic,
            printed,
            truth[statistic],
            variable=variable.name,
            group=group,
            unit=variable.unit,
            of=of,
            step=step,
            method=method,
        )


def write_symptom(draft: Draft, rng: np.random.Generator) -> None:
    """Write the share of patients with a symptom, without any count."""
    cohort = draft.cohort
    symptom = pd.Series(rng.random(len(cohort.patients)) < rng.uniform(0.05, 0.6))
    for group in ("all", *cohort.groups) if rng.random() < 0.5 else ("all",):
        chosen = symptom[cohort.members(group).index]
        draft.add_percent(
            "Results, Symptoms",
            int(chosen.sum()),
            len(chosen),
            variable="pain",
            level="yes",
            group=group,
            of=draft.sizes[group],
        )


def write_split(draft: Draft, rng: np.random.Generator) -> None:
    """Write the sizes of a training and a validation part, and the age in both."""
    cohort, locus = draft.cohort, "Results, Validation"
    training = rng.random(len(cohort.patients)) < 2 / 3
    parts = {"training": training, "validation": ~training}
    for name, chosen in parts.items():
        draft.sizes[name] = draft.add_count(
            locus, "n", chosen.sum(), group=name, of=draft.sizes["all"], partition="split"
        )
    for name, chosen in parts.items():
        for group in cohort.groups:
            number = cohort.members(group).index.isin(np.flatnonzero(chosen)).sum()
            draft.add_count(
                locus,
                "n",
                number,
                group=f"{name} {group}",
                of=draft.sizes[name],
                partition=f"outcome in {name}",
            )
    for name, chosen in parts.items():
        values = cohort.patients.loc[chosen, "age"].dropna()
        write_summaries(draft, locus, cohort.continuous[0], name, ("mean", "sd"), values)


def write_sites(draft: Draft) -> None:
    """Write the sites of metastasis among the patients who have any."""
    if not draft.cohort.sites:
        return
    locus, patients = "Results, Metastases", draft.cohort.patients
    whole = next(
        (
            row["id"]
            for row in draft.rows
            if (row["variable"], row["level"], row["group"], row["statistic"])
            == ("metastasis", "yes", "all", "count")
        ),
        None,
    )
    number = _number_with(patients, "metastasis", "yes")
    if whole is None:
        whole = draft.add_count(
            locus,
            "count",
            number,
            variable="metastasis",
            level="yes",
            group="all",
            of=draft.sizes["all"],
        )
    for site in draft.cohort.sites:
        part = _number_with(patients, "site", site)
        fields = {"variable": "site", "level": site, "group": "all", "of": whole}
        draft.add_count(locus, "count", part, partition="sites", **fields)
        if draft.style.percents:
            draft.add_percent(locus, part, number, **fields)
