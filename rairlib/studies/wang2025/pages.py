"""Qingdao: what the figures of Wang et al. 2025 show, printed beside recomputed."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from rairlib.checks.cells import count_index
from rairlib.checks.survival import events_per_level
from rairlib.pages import common as consequences
from rairlib.pages.common import agree, attached, cell, reclassified, recomputed, shown, with_limits
from rairlib.pages.exercises import Exercise
from rairlib.reconstruct.accounts import FIRST_STEP, LAST_STEP, Hypothesis, hypotheses
from rairlib.reconstruct.joint_tables import cell_levels
from rairlib.reconstruct.logistic import FittedTables, agreement, fit_known_tables
from rairlib.reconstruct.printed_models import PrintedModel, printed_models
from rairlib.reconstruct.submodels import one_split
from rairlib.registry.agreement import agreeing, match
from rairlib.registry.kept_files import kept_file
from rairlib.registry.printed import format_value
from rairlib.registry.registry import Registry, ReportedNumber, load_registry
from rairlib.registry.studies import load_witness
from rairlib.stats.cox import cox, firth_cox, landmark, ridge_cox
from rairlib.stats.description import compare_counts
from rairlib.stats.logistic import Coding
from rairlib.stats.roc import dichotomise
from rairlib.stats.selection import Selection, backward_lr, forward_lr
from rairlib.stats.survival import (
    expected_events,
    kaplan_meier,
    log_rank,
    logrank_from_risk_sets,
    risk_sets,
    survival_at,
)
from rairlib.studies.wang2025 import analysis as wang2025
from rairlib.studies.wang2025.analysis import evaluable
from rairlib.studies.wang2025.print import (
    AVID,
    avidity_cases,
    avidity_logrank,
    avidity_unions,
    cox_fit,
    event_ranges,
    mixtures,
    nested_range,
    rate_counts,
    tg_area_error,
    tg_examples,
    tg_limits,
    tg_table,
    univariable_splits,
)

FLOW = (
    ("screened", "adults with lung metastases", "", "kept"),
    ("excluded, TgAb positive", "antibodies positive", "screened", "excluded"),
    ("excluded, incomplete data", "data incomplete", "screened", "excluded"),
    ("all", "analysed", "screened", "kept"),
    ("RAIA", "not refractory (RAIA)", "all", "group"),
    ("RAIR", "refractory (RAIR)", "all", "group"),
    ("not evaluable", "nothing to see on CT", "all", "excluded"),
    ("evaluable", "evaluable for response", "all", "kept"),
    ("NPD", "no progression (NPD)", "evaluable", "group"),
    ("PD", "progression (PD)", "evaluable", "group"),
)
# As short as a forest plot on a phone needs them; the level is the numerator of the ratio.
SHORT = {
    "gender": "Female",
    "age_55": "Age ≥55 y",
    "histology": "Follicular",
    "multicentricity": "One focus",
    "tumor_size_4": "Size >4 cm",
    "lnm_ratio_50": "Node ratio\n≥50 %",
    "ete": "No extension",
    "t_stage": "T1 to T3",
    "n_stage": "N0 or N1a",
    "ps_tg_528": "ps-Tg ≥528.5",
    "rai_avid_status": "Partial or\nno avidity",
    "lm_size_1": "Lung met.\n≥1 cm",
}


def flow_boxes(registry: Registry) -> pd.DataFrame:
    """Return the boxes of Figure 2.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.

    Returns
    -------
    DataFrame
        As :func:`rairlib.figures.flow_chart.draw_flow_chart` needs it.
    """
    rows = [
        (group, text, int(registry.size(group).number.value), parent, kind)
        for group, text, parent, kind in FLOW
    ]
    return pd.DataFrame(rows, columns=["box", "text", "n", "parent", "kind"])


def short_terms(table: pd.DataFrame) -> pd.DataFrame:
    """Give the terms of a regression names that are short enough for a phone.

    Parameters
    ----------
    table : DataFrame
        Indexed by terms such as ``age_55: ≥55 vs <55``, or by variables.

    Returns
    -------
    DataFrame
        The same numbers; the level in the numerator of the ratio names the term.
    """
    names = [SHORT.get(term.split(":")[0], term).replace("\n", " ") for term in table.index]
    return table.set_axis(pd.Index(names, name="against its reference"))


def forest_rows(registry: Registry, results: pd.DataFrame, statistic: str) -> pd.DataFrame:
    """Set printed ratios with their limits beside those of a cohort.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.
    results : DataFrame
        As for :func:`rairlib.pages.common.recomputed`.
    statistic : str
        ``odds_ratio`` (Table 4) or ``hazard_ratio`` (Table 5).

    Returns
    -------
    DataFrame
        As :func:`rairlib.figures.forest.draw_forest_models` needs it; a term is the name
        of a variable.
    """
    values, rows = recomputed(registry, results), []
    for ratio in registry.where(statistic, repeats=""):
        numbers = with_limits(registry, ratio)
        key = (ratio.method, ratio.variable)
        rows.append((*key, "reported", *(row.number.value for row in numbers)))
        rows.append((*key, "reproduced", *(values[row.id] for row in numbers)))
    return pd.DataFrame(rows, columns=["model", "term", "source", "estimate", "low", "high"])


def quartile_rows(
    registry: Registry, results: pd.DataFrame, variable: str, groups: Iterable[str]
) -> pd.DataFrame:
    """Set printed medians and quartiles beside those of a cohort.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.
    results : DataFrame
        As for :func:`rairlib.pages.common.recomputed`.
    variable : str
        A continuous variable.
    groups : iterable of str
        Groups for which quartiles are printed.

    Returns
    -------
    DataFrame
        As :func:`rairlib.figures.box_plot.draw_box_plot` needs it.
    """
    values, rows = recomputed(registry, results), []
    for group in groups:
        chosen = [
            registry.where(name, variable=variable, group=group, repeats="")[0]
            for name in ("q1", "median", "q3")
        ]
        rows.append((group, "reported", *(row.number.value for row in chosen)))
        rows.append((group, "reproduced", *(values[row.id] for row in chosen)))
    return pd.DataFrame(rows, columns=["group", "source", "q1", "median", "q3"])


def printed_rates(registry: Registry, groups: Iterable[str]) -> pd.DataFrame:
    """Return the printed rates without progression.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.
    groups : iterable of str
        For example ``evaluable``.

    Returns
    -------
    DataFrame
        Columns ``id, group, time`` (months), ``percent``.
    """
    rows = [
        (row.id, group, float(row.level.split()[0]), row.number.value)
        for group in groups
        for row in registry.where("survival_percent", locus="Section 3.6", group=group)
    ]
    return pd.DataFrame(rows, columns=["id", "group", "time", "percent"])


def roc_points(registry: Registry, results: pd.DataFrame) -> pd.DataFrame:
    """Return the reported and the recomputed operating point of Figure 3B.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.
    results : DataFrame
        As for :func:`rairlib.pages.common.recomputed`.

    Returns
    -------
    DataFrame
        As :func:`rairlib.figures.roc.draw_roc` needs it.
    """
    values = recomputed(registry, results)
    rows = {
        name: registry.where(name, locus="Section 3.5")[0]
        for name in ("auc", "sensitivity", "specificity")
    }
    printed = {name: row.number.value for name, row in rows.items()}
    found = {name: values[row.id] for name, row in rows.items()}
    table = pd.DataFrame([printed, found])
    table[["sensitivity", "specificity"]] /= 100
    label = rows["sensitivity"].level
    return table.assign(source=["reported", "reproduced"], label=label)


# --- Qingdao: what hangs on the wording, and what the print of Wang et al. 2025 leaves open ---


STUDY = "wang2025"
CONSEQUENCES = {
    "text-01": "nothing, unless a tumour measured exactly 4 cm",
    "text-02": "nothing, unless a largest lesion measured exactly 1 cm",
    "text-03": "the response class of a patient whose largest lesion measured exactly 1 cm",
    "text-04": "the class of at least three patients without progression; not who progressed",
    "text-05": "the direction: the ratio belongs to the lack of avidity",
    "text-06": "from which blood sample a reader takes the value to compare with the cut-off",
    "text-07": "a conclusion: no table tests the cut-off against refractory disease",
    "text-08": "nothing; read progression-free survival",
    "text-09": "to whom the results apply",
    "text-10": "how the univariable part of Table 4 is to be cited",
    "text-11": "nothing; the bracket splits all patients",
    "text-12": "who was left out, and so of whom Table 5 speaks",
    "text-13": "who is avid in Table 5",
    "text-14": "Table 5 and Figure 5A compare different groups",
    "text-15": "how much of Figure 5 is there by definition",
    "text-16": "the lesion size that eight patients without a visible lesion are given",
    "text-17": "who counts as the first type of refractory disease",
    "text-18": "how the models were chosen, and with it how far their p values can be trusted",
    "text-19": "Table 5 and Figure 5A compare different groups",
    "text-20": "what the ROC curve measures: it ignores how long a patient was followed",
    "text-21": "who was left out, and so how many RAIR patients Table 5 calls avid",
    "text-22": "nothing in the results; do not cite the two rates as this study's",
}


def wording_and_consequence() -> pd.DataFrame:
    """Set each finding on the wording beside what hangs on it.

    Returns
    -------
    DataFrame
        See :func:`rairlib.pages.common.wording_and_consequence`.
    """
    return consequences.wording_and_consequence(STUDY, CONSEQUENCES)


# Hazard ratios of partial or no avidity, or of refractory disease, under other definitions.
OTHER_DEFINITIONS = {
    ("landmark at 12 months", "hazard ratio, avidity"): "avidity,\nfrom 12 months",
    ("landmark at 24 months", "hazard ratio, avidity"): "avidity,\nfrom 24 months",
    ("landmark at 36 months", "hazard ratio, avidity"): "avidity,\nfrom 36 months",
    (
        "status that begins",
        "hazard ratio, refractory status, courses 6 months apart",
    ): "RAIR, when lost\n(6 months)",
    (
        "status that begins",
        "hazard ratio, refractory status, courses 12 months apart",
    ): "RAIR, when lost\n(12 months)",
}
# Odds ratios of refractory disease that the discussion speaks of and no table has.
THYROGLOBULIN = {
    ("refractory disease", "odds ratio, ps-Tg ≥528.5"): "≥528.5, crude",
    (
        "refractory disease",
        "odds ratio, ps-Tg ≥528.5, adjusted for age and T stage",
    ): "≥528.5, adjusted",
    ("refractory disease", "odds ratio, tenfold ps-Tg"): "tenfold, crude",
    (
        "refractory disease",
        "odds ratio, tenfold ps-Tg, adjusted for age and T stage",
    ): "tenfold, adjusted",
}


def load_unpublished() -> pd.DataFrame:
    """Load what the cohorts of the ensemble say about numbers that the paper does not print.

    Returns
    -------
    DataFrame
        Columns ``cohort, quantity, value``; NaN where a cohort has no finite value.
    """
    path = kept_file(f"results/{STUDY}_unpublished.csv")
    return pd.read_csv(path, encoding="utf-8")


def kept_value(registry: Registry, identifier: str) -> float:
    """Return what the kept cohort has for a number of the registry."""
    kept = match(registry, wang2025.analyse(load_witness(STUDY)))
    return agreeing(registry[identifier], kept[identifier])[1]


def load_orders() -> pd.DataFrame:
    """Load the searches for an order in time with and without Figure 5B's statistic.

    Returns
    -------
    DataFrame
        See :func:`rairlib.cohorts.order_trials.order_trials`.
    """
    return pd.read_csv(kept_file(f"results/{STUDY}_orders.csv"), encoding="utf-8")


def orders_table() -> pd.DataFrame:
    """Set the searches that were told Figure 5B's statistic beside those that were not.

    Returns
    -------
    DataFrame
        By whether it was told: its value (5B), the end of the curve of all in percent, and how
        many other numbers on the order in time were met, each from smallest to largest.
    """
    trials = load_orders()
    names = {"told": "told 5B", "value": "5B", "end": "curve ends at, %"}
    names["met"] = f"others met, of {trials['of'].iloc[0]}"
    groups = trials.rename(columns=names).drop(columns=["seed", "of"]).groupby("told 5B")
    low, high = groups.min().round(1), groups.max().round(1)
    table = low.astype(str) + " to " + high.astype(str)
    return table.assign(searches=groups.size()).sort_index(ascending=False)


def ensemble_accuracy(registry: Registry) -> pd.DataFrame:
    """Say how near the ensemble's cohorts come to the hazard ratios that they were searched for.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.

    Returns
    -------
    DataFrame
        One row per model, ``univariable`` and ``multivariable``; columns ``hazard ratios``,
        ``median, %``, ``95 %, %`` and ``largest, %``: absolute distances from the print.
    """
    kept = pd.read_csv(kept_file(f"results/{STUDY}_accuracy.csv"), encoding="utf-8")
    return far_from_print(registry, kept)


def far_from_print(registry: Registry, found: pd.DataFrame) -> pd.DataFrame:
    """Say how far the hazard ratios of cohorts (``variable, method, value``) are from the print."""
    printed = {
        (row.variable, row.method): row.number.value
        for row in registry.where("hazard_ratio", repeats="")
    }
    target = [printed[key] for key in zip(found["variable"], found["method"], strict=True)]
    far = (100 * (found["value"] / target - 1)).abs().groupby(found["method"], sort=False)
    return pd.DataFrame(
        {
            "hazard ratios": far.size(),
            "median, %": far.median(),
            "95 %, %": far.quantile(0.95),
            "largest, %": far.max(),
        }
    ).rename_axis("model")


# --- Qingdao: frames on the models behind the multivariable column of Table 4 of Wang et al. 2025


OUTCOME = "rair"
LABELS = {
    "age_55": "age",
    "tumor_size_4": "tumour size",
    "ete": "extrathyroidal extension",
    "t_stage": "T stage",
    "lm_size_1": "largest lung metastasis",
}
STATISTICS = {
    "odds_ratio": "odds ratio",
    "ci_low": "lower limit",
    "ci_high": "upper limit",
    "p_value": "p",
}


def table_four_model(registry: Registry) -> PrintedModel:
    """Return the multivariable column of Table 4, as if it were one model."""
    (model,) = printed_models(registry)
    return model


def accounts(registry: Registry) -> list[Hypothesis]:
    """Put every account of Table 4's rows to the test; about two seconds.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.

    Returns
    -------
    list of Hypothesis
        In order of simplicity; what the frames of this module start from.
    """
    return hypotheses(registry.study, table_four_model(registry))


def hypotheses_table(found: list[Hypothesis]) -> pd.DataFrame:
    """Return the accounts of Table 4's rows with what became of them.

    Parameters
    ----------
    found : list of Hypothesis
        See :func:`accounts`.

    Returns
    -------
    DataFrame
        Indexed by ``account``: ``taken for granted``, ``numbers it would explain`` (of the 15
        odds ratios and limits), ``joint tables tried``, ``that agree`` (``unknown`` where they
        cannot be counted), ``search``, ``verdict`` and ``why``.
    """
    rows = [
        {
            "account": one.hypothesis,
            "taken for granted": _plain(one.constraint) or "nothing",
            "numbers it would explain": one.numbers,
            "joint tables tried": _number(one.candidates),
            "that agree": _number(one.agreeing),
            "search": one.search,
            "verdict": one.verdict,
            "why": _plain(one.reason),
        }
        for one in found
    ]
    return pd.DataFrame(rows).set_index("account")


def age_by_stage(registry: Registry, found: list[Hypothesis]) -> pd.DataFrame:
    """Return the joint table of age and T stage that the last step determines.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.
    found : list of Hypothesis
        See :func:`accounts`.

    Returns
    -------
    DataFrame
        Patients; age in rows, T stage in columns, both with totals.
    """
    last = _one(found, LAST_STEP)
    cells = _cells(table_four_model(registry).restricted(last.covariates), last.tables[0])
    table = cells.pivot_table(
        index="age", columns="T stage", values="n", aggfunc="sum", margins=True, margins_name="all"
    )
    return table.rename_axis(index="age", columns="T stage")


def single_numbers(registry: Registry) -> pd.DataFrame:
    """Count the joint tables of age and T stage that agree with each printed number alone.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.

    Returns
    -------
    DataFrame
        Indexed by ``row`` and ``number``: ``printed`` and ``joint tables left``.
    """
    model = table_four_model(registry).restricted(("age_55", "t_stage"))
    agrees = agreement(model.candidates(), model.targets())
    rows = [
        {
            "row": LABELS[covariate],
            "number": STATISTICS[statistic],
            "printed": model.rows[covariate, statistic].printed,
            "joint tables left": int(agrees[covariate, statistic].sum()),
        }
        for covariate, statistic in agrees.columns
    ]
    return pd.DataFrame(rows).set_index(["row", "number"])


def joint_table(registry: Registry, found: list[Hypothesis], ordinal: int = 0) -> pd.DataFrame:
    """Return a joint table of all five covariates that agrees with every row of Table 4.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.
    found : list of Hypothesis
        See :func:`accounts`.
    ordinal : int
        Which of the tables found.

    Returns
    -------
    DataFrame
        Patients; age, T stage and extrathyroidal extension in rows, tumour size and largest lung
        metastasis in columns. Combinations that nobody has are left out.
    """
    cells = _cells(table_four_model(registry), _one(found, FIRST_STEP).tables[ordinal])
    rows = [LABELS[n] for n in ("age_55", "t_stage", "ete")]
    columns = [LABELS[n] for n in ("tumor_size_4", "lm_size_1")]
    table = cells.pivot_table(index=rows, columns=columns, values="n", aggfunc="sum")
    return table[table.sum(axis=1) > 0]


def rows_beside_print(
    registry: Registry, found: list[Hypothesis], ordinal: int = 0
) -> pd.DataFrame:
    """Return each printed number beside the value that the first and the last step give.

    Parameters
    ----------
    registry, found, ordinal
        As for :func:`joint_table`.

    Returns
    -------
    DataFrame
        Indexed by ``row`` and ``number``: ``printed``, ``first step`` (all five covariates),
        ``last step`` (age and T stage; NaN for the others), ``agrees`` (which of them rounds to
        the print).
    """
    model = table_four_model(registry)
    table = _one(found, FIRST_STEP).tables[[ordinal]]
    last = _one(found, LAST_STEP)
    margins = {name: model.event_margins[name] for name in last.covariates}
    steps = {
        "first step": fit_known_tables(table, model.events, model.event_margins),
        "last step": fit_known_tables(last.tables, model.events, margins),
    }
    rows = []
    for (covariate, statistic), row in model.rows.items():
        values = {name: _value(fitted, covariate, statistic) for name, fitted in steps.items()}
        agrees = [name for name, value in values.items() if row.number.agrees(value)]
        numbers = {"row": LABELS[covariate], "number": STATISTICS[statistic]}
        rows.append(
            {**numbers, "printed": row.printed, **values, "agrees": ", ".join(agrees) or "neither"}
        )
    return pd.DataFrame(rows).set_index(["row", "number"])


def patients(registry: Registry, found: list[Hypothesis], ordinal: int = 0) -> pd.DataFrame:
    """Lay a joint table out as patients, split by outcome in one of the possible ways.

    Parameters
    ----------
    registry, found, ordinal
        As for :func:`joint_table`.

    Returns
    -------
    DataFrame
        177 rows: ``rair`` (true for refractory disease) and the level of each covariate. Simulated:
        main-effects models are the same for every split, anything else is not.
    """
    model = table_four_model(registry)
    table = _one(found, FIRST_STEP).tables[ordinal]
    events = one_split(table, model.events, list(model.event_margins.values()))
    cells = _levels(model)
    parts = [
        cells.loc[cells.index.repeat(counts)].assign(rair=outcome)
        for outcome, counts in ((True, events), (False, table - events))
    ]
    return pd.concat(parts, ignore_index=True)


def stepwise(registry: Registry, found: list[Hypothesis], method: str) -> Selection:
    """Run SPSS's stepwise selection on a joint table that agrees with Table 4.

    Parameters
    ----------
    registry, found
        As for :func:`joint_table`.
    method : str
        ``backward`` or ``forward``.

    Returns
    -------
    Selection
        Log of every test, and the models of every step.
    """
    select = {"backward": backward_lr, "forward": forward_lr}[method]
    return select(patients(registry, found), OUTCOME, _codings(table_four_model(registry)))


def _codings(model: PrintedModel) -> dict[str, Coding]:
    return dict(model.levels)


def _levels(model: PrintedModel) -> pd.DataFrame:
    levels = cell_levels(len(model.levels))
    return pd.DataFrame(
        {
            name: np.where(levels[:, position] == 1, *model.levels[name])
            for position, name in enumerate(model.levels)
        }
    )


def _cells(model: PrintedModel, table: np.ndarray) -> pd.DataFrame:
    return _levels(model).rename(columns=LABELS).assign(n=table)


def _value(fitted: FittedTables, covariate: str, statistic: str) -> float:
    if covariate not in fitted.covariates:
        return float("nan")
    return float(fitted.values(covariate, statistic)[0])


def _one(found: list[Hypothesis], name: str) -> Hypothesis:
    (chosen,) = (one for one in found if one.hypothesis == name)
    return chosen


def _number(count: int | None) -> str:
    return "unknown" if count is None else f"{count:,}"


def _plain(text: str) -> str:
    for name, label in LABELS.items():
        text = re.sub(rf"\b{name}\b", label, text)  # not the end of "complete"
    return text


# --- Qingdao: frames on what the print alone says about progression, one per cell of the chapter


def event_table(registry: Registry) -> pd.DataFrame:
    """Return the events of every level that Table 5's intervals allow.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    DataFrame
        Indexed by variable and level; columns ``patients``, ``refractory``, ``events`` (from the
        interval), ``if refractory`` (events in RAIR alone) and ``if nested`` (T4 within ETE too).
    """
    table = event_ranges(registry)
    nested = nested_range(table, _events(registry))["after"]
    return pd.DataFrame(
        {
            "patients": table["patients"],
            "refractory": table["refractory"].astype(str).replace("<NA>", "not printed"),
            "events": _ranges(table["fewest"], table["most"]),
            "if refractory": _ranges(table["fewest_refractory"], table["most_refractory"]),
            "if nested": [
                f"{nested[key][0]} to {nested[key][1]}" if key in nested.index else ""
                for key in table.index
            ],
        },
        index=table.index,
    )


def _events(registry: Registry) -> int:
    return int(registry.size("PD").number.value)


def _ranges(low: pd.Series, high: pd.Series) -> list[str]:
    return [f"{a} to {b}" for a, b in zip(low, high, strict=True)]


def avidity_table(registry: Registry) -> pd.DataFrame:
    """Test what Table 5 can mean by RAI-avid, step by step.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    DataFrame
        Columns ``verdict`` (``excluded``, ``open``) and ``why``, indexed by hypothesis and step;
        the steps say whether they are arithmetic, a proof under a named premise, or a reading.
    """
    unions, cases = avidity_unions(registry), avidity_cases(registry)
    logrank = avidity_logrank(registry)
    alone, joined = unions.index
    tried, needed = unions["unions_tried"].iloc[0], unions["events_needed"].iloc[0]
    most, fall = format_value(logrank["most"], 1), format_value(100 * logrank["fall"], 1)
    rows = [
        (f"a union of classes other than {alone} and {joined}", "arithmetic", "excluded",
         f"{len(unions)} of {tried} unions can hold the printed number of patients"),
        (alone, "proof if RAIA has no progression by definition", "excluded",
         f"the interval needs {needed} events among the RAI-avid, RAIA has none"),
        (alone, "proof if few share their time", "excluded",
         f"it would be the split of Figure 5A, whose log-rank statistic is {logrank['printed']}; "
         f"this split has at most {most}, unless the curve of all falls to {fall} % at once"),
        (alone, "reading of Section 2.3", "speaks against it",
         "all patients left out would be refractory; the text leaves out avid lesions"),
        (joined, "arithmetic and definition", "open",
         f"{unions['compositions_left'].iloc[1]} of {unions['compositions'].iloc[1]} compositions "
         f"give {needed} events: all of the type progressed, and one RAIR patient of another "
         "type is left out"),
        (joined, "reading of Section 2.3", "speaks against it",
         "one patient left out would not be RAIA; lesions that never took up iodine, and those of "
         "partial uptake, are known from CT, so that lost avidity remains"),
        *(_case(out, row) for out, row in cases.iterrows() if row["possible"]),
        (f"fewer than {cases.index[cases['possible'].astype(bool)].min()} RAIA left out",
         "proof if events occur in RAIR alone and evaluable RAIA are RAI-avid", "excluded",
         f"too few RAIR patients among the RAI-avid for {needed} events"),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["RAI-avid", "step", "verdict", "why"])
    return table.set_index(["RAI-avid", "step"])


def _case(out: int, row: pd.Series) -> tuple[str, str, str, str]:
    among, needed = row["RAIR among the avid"], row["events needed"]
    return (
        f"RAIA and {among} RAIR patients of any type",
        "arithmetic and definition",
        "open",
        f"{out} RAIA and {row['RAIR left out']} RAIR left out; Figure 5A compares "
        f"{row['RAIA evaluable']} with {row['RAIR evaluable']}; {needed} to {among} of the {among} "
        "progressed",
    )


def _span(low: int, high: int) -> str:
    return f"{low}" if low == high else f"{low} to {high}"


def logrank_table(registry: Registry) -> pd.DataFrame:
    """Set the log-rank statistic of Figure 5A beside what the split of Table 5 allows.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    DataFrame
        Column ``value``, indexed by the step of the proof.
    """
    found, split = avidity_logrank(registry), univariable_splits(registry)[AVID]
    fit = cox_fit(split)
    values = {
        "hazard ratio, at most": (fit.hazard_ratio[1], 4),
        "information 1 / SE², at most": (fit.information[1], 4),
        "log-rank χ², at least: 4 tanh²(b/2) / SE²": (found["least"], 2),
        "Wald χ²": (found["wald_high"], 2),
        "log-rank χ², at most: 4 sinh²(b/2) / SE²": (found["most"], 2),
        "the same if limits were cut off": (found["most_shortened"], 2),
        "log-rank χ² of Figure 5A": (found["printed"], 2),
        "fall of the curve of all at one time that it needs, to %": (100 * found["fall"], 1),
        "height of that curve after such a fall, at most %": (100 * found["height"], 1),
    }
    shown = {name: format_value(value, decimals) for name, (value, decimals) in values.items()}
    return pd.DataFrame({"value": shown}).rename_axis("quantity")


def two_group_follow_ups(registry: Registry) -> pd.DataFrame:
    """Tell follow-ups of RAIA and RAIR in words and compute their log-rank statistic.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    DataFrame
        Columns ``log-rank χ²`` and ``rounds to the print``, indexed by the follow-up. All events
        are in RAIR, one after the other; who is not named stays until after the last event.
    """
    (row,) = registry.where("logrank_chi_square", group="RAIR vs RAIA", repeats="")
    cases = avidity_cases(registry)
    told = {
        "nobody censored before the last event": (),
        "2 RAIA censored before the first event, 1 before the fourth": ((1, 0, 2), (4, 0, 1)),
        "1 RAIA censored before event 26": ((26, 0, 1),),
    }
    rows = {}
    for _, case in cases[cases["possible"].astype(bool)].iterrows():
        sizes, events = (case["RAIA evaluable"], case["RAIR evaluable"]), _events(registry)
        for name, losses in told.items():
            at_risk = risk_sets(sizes, np.ones(events, dtype=int), losses)
            statistic = logrank_from_risk_sets(np.ones(events, dtype=int), at_risk)
            rows[f"{sizes[0]} RAIA, {sizes[1]} RAIR: {name}"] = {
                "log-rank χ²": format_value(statistic, 3),
                "rounds to the print": row.number.agrees(statistic),
            }
    return pd.DataFrame(rows).T.rename_axis("follow-up")


def rate_table(registry: Registry) -> pd.DataFrame:
    """Return the events by 12, 36 and 60 months that each printed rate allows.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    DataFrame
        Indexed by group, months and patients: ``printed``, ``events by then`` and ``without
        censoring``, which says ``impossible`` where somebody must have been censored before.
    """
    cases = avidity_cases(registry)
    cases = cases[cases["possible"].astype(bool)]
    sizes = count_index(registry).sizes
    partly = sum(int(sizes[name].number.value) for name in ("partial avidity", "avidity lost"))
    table = rate_counts(
        registry,
        {
            "RAIA": tuple(cases["RAIA evaluable"]),
            "RAIR": tuple(cases["RAIR evaluable"]),
            "partial avidity or avidity lost": (partly - 1, partly),
        },
    )
    return pd.DataFrame(
        {
            "printed": table["printed"] + " %",
            "events by then": _ranges(table["fewest"], table["most"]),
            "without censoring": table["uncensored"].astype(str).replace("<NA>", "impossible"),
        },
        index=table.index,
    )


def mixture_table(registry: Registry) -> pd.DataFrame:
    """Return the five-year rates that hold without censoring if types and groups are averaged.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    DataFrame
        See :func:`rairlib.studies.wang2025.print.mixtures`; ranges as texts, in percent.
    """
    table = mixtures(registry)
    for name in ("RAIR", "all"):
        ends = (table.pop(f"{name}_low"), table.pop(f"{name}_high"))
        table[name] = [f"{low:.2f} to {high:.2f}" for low, high in zip(*ends, strict=True)]
    return table.set_index(["RAIA", "no avidity", "partial or lost"])


# --- Qingdao: frames on time to progression: curves, fits side by side, and what is by definition


TIME, EVENT = "pfs", "progressed"
FIVE_YEARS = 60
DESPITE_AVIDITY = "progression despite avidity"


def curves(patients: pd.DataFrame, groups: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Estimate one Kaplan-Meier curve per group.

    Parameters
    ----------
    patients : DataFrame
        See :func:`rairlib.studies.wang2025.analysis.evaluable`.
    groups : mapping of str to Series of bool
        Name of each group → who belongs to it.

    Returns
    -------
    DataFrame
        As :func:`rairlib.figures.kaplan_meier.draw_kaplan_meier` needs it.
    """
    parts = [
        kaplan_meier(patients.loc[own, TIME], patients.loc[own, EVENT]).assign(group=name)
        for name, own in groups.items()
    ]
    return pd.concat(parts, ignore_index=True)


def ties_side_by_side(patients: pd.DataFrame, covariates: Mapping) -> pd.DataFrame:
    """Fit one Cox model with ties by Breslow's and by Efron's method.

    Parameters
    ----------
    patients : DataFrame
        With the columns ``pfs``, ``progressed`` and the covariates.
    covariates : mapping
        As for :func:`rairlib.stats.cox.cox`.

    Returns
    -------
    DataFrame
        Hazard ratios of each method and their relative difference in percent, by term.
    """
    ratios = {
        ties.capitalize(): _ratios(cox(patients, TIME, EVENT, covariates, ties))["estimate"]
        for ties in ("breslow", "efron")
    }
    table = pd.DataFrame(ratios)
    table["difference, %"] = 100 * (table["Efron"] / table["Breslow"] - 1)
    return table


def _ratios(estimates: pd.DataFrame) -> pd.DataFrame:
    return estimates[estimates["statistic"] == "hazard_ratio"].set_index("term")


def penalised_fits(
    patients: pd.DataFrame, covariates: Mapping, penalties: Sequence[float]
) -> pd.DataFrame:
    """Fit one Cox model plainly, with Firth's penalty and with ridge penalties.

    Parameters
    ----------
    patients, covariates
        As for :func:`ties_side_by_side`.
    penalties : sequence of float
        See :func:`rairlib.stats.cox.ridge_cox`.

    Returns
    -------
    DataFrame
        ``term, fit, estimate, low, high, p_value``; the limits of ridge fits are left out, since
        they do not cover as often as they say.
    """
    fits = {
        "plain": cox(patients, TIME, EVENT, covariates),
        "Firth": firth_cox(patients, TIME, EVENT, covariates),
    }
    for penalty in penalties:
        name = f"ridge {penalty:g}"
        fit = ridge_cox(patients, TIME, EVENT, covariates, penalty)
        fits[name] = fit.drop(columns=["low", "high", "p_value"])
    columns = ["term", "fit", "estimate", "low", "high", "p_value"]
    table = pd.concat([_ratios(fit).reset_index().assign(fit=name) for name, fit in fits.items()])
    return table[columns].reset_index(drop=True)


def definitions(patients: pd.DataFrame) -> pd.DataFrame:
    """Compare refractory with other patients under several readings of criterion iv.

    Parameters
    ----------
    patients : DataFrame
        See :func:`rairlib.studies.wang2025.analysis.evaluable`.

    Returns
    -------
    DataFrame
        Indexed by what becomes of the patients who progressed despite avidity (the last line
        takes the cohort's coding of avidity in Table 5 instead): patients and events of the
        others and of the refractory, events expected among the refractory if both had one
        hazard, five-year rates in percent, hazard ratio by Firth's method with limits, and the
        log-rank statistic.
    """
    refractory = patients["rair"] == "RAIR"
    despite = patients["rair_type"] == DESPITE_AVIDITY
    readings = {
        "refractory, as the paper defines": (patients, refractory),
        "left out": (patients[~despite], refractory[~despite]),
        "avid": (patients, refractory & ~despite),
        "avid, as Table 5 codes": (patients, patients["rai_avid_status"] != "RAI-avid"),
    }
    rows = {name: _compared(data, group) for name, (data, group) in readings.items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("criterion iv counts as")


def _compared(data: pd.DataFrame, refractory: pd.Series) -> dict[str, float]:
    group = refractory.map({True: "refractory", False: "others"})
    counted = expected_events(data[TIME], data[EVENT], group).set_index("group")
    ratio = firth_cox(data.assign(group=group), TIME, EVENT, {"group": ("refractory", "others")})
    found = _ratios(ratio).iloc[0]
    rates = {
        name: survival_at(part[TIME], part[EVENT], FIVE_YEARS)["percent"].iloc[0]
        for name, part in data.groupby(group)
    }
    return {
        "others": int(counted.loc["others", "n"]),
        "their events": int(counted.loc["others", "observed"]),
        "refractory": int(counted.loc["refractory", "n"]),
        "events": int(counted.loc["refractory", "observed"]),
        "expected": counted.loc["refractory", "expected"],
        "rate, others": rates["others"],
        "rate, refractory": rates["refractory"],
        "hazard ratio": found["estimate"],
        "low": found["low"],
        "high": found["high"],
        "log-rank χ²": log_rank(data[TIME], data[EVENT], group).statistic,
    }


# --- Qingdao: frames on what the print alone says about the ROC curve of ps-Tg ----------------


# Smallest value with progression, largest without, and gap below the cut-off: the print leaves
# them open, and these three choices show that it does.
MADE_UP_TG = [(26, 8000, 0.75), (28, 8000, 0.7), (26, 12000, 0.95)]


def tg_summary(registry: Registry) -> pd.DataFrame:
    """Return what the print determines about the ROC curve of ps-Tg.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    DataFrame
        Columns ``low, high``, indexed by quantity; equal ends where it is determined.
    """
    table, error = tg_table(registry), tg_area_error(registry)
    rows = {name.replace("_", " "): (str(count), str(count)) for name, count in table.items()}
    rows["standard error of the area, from the interval"] = tuple(
        format_value(error[end], 4) for end in ("error_low", "error_high")
    )
    rows["p value of the area"] = ("0", f"{error['p_value']:.1g}")
    for name, row in tg_limits(registry).iterrows():
        rows[name] = format_value(row["low"], 3), format_value(row["high"], 3)
    return pd.DataFrame(rows, index=["low", "high"]).T.rename_axis("quantity")


def tg_made_up(registry: Registry) -> pd.DataFrame:
    """Show samples with the printed quartiles and 2×2 table that differ in what is not printed.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    DataFrame
        See :func:`rairlib.studies.wang2025.print.tg_examples`, indexed by what was chosen.
    """
    names = [
        f"PD from {low}, NPD to {high:,}, gap at {gap:g} of the cut-off"
        for low, high, gap in MADE_UP_TG
    ]
    table = tg_examples(registry, MADE_UP_TG)
    return table.set_index(pd.Index(names, name="chosen"))


# --- Qingdao: Tables 3, 4 and 5 of Wang et al. 2025, printed beside recomputed ----------------


WANG2025_TABLES_LABELS = {
    "gender": "gender",
    "age": "age (years)",
    "age_55": "age (years)",
    "histology": "histology",
    "multicentricity": "multicentricity",
    "tumor_size": "tumour size (cm)",
    "tumor_size_4": "tumour size (cm)",
    "ete": "extension (ETE)",
    "t_stage": "T stage",
    "n_stage": "N stage",
    "lnm_ratio": "node ratio (%)",
    "lnm_ratio_50": "node ratio (%)",
    "lm_size_1": "lung metastasis (cm)",
    "ps_tg": "ps-Tg (ng/mL)",
    "ps_tg_528": "ps-Tg (ng/mL)",
    "rai_avid_status": "avidity status",
    "follow_up": "follow-up (months)",
}
SUMMARIES = {
    "median (quartiles)": ("median", "q1", "q3"),
    "range": ("minimum", "maximum"),
}


def baseline(registry: Registry, results: pd.DataFrame) -> pd.DataFrame:
    """Set Table 3 beside a cohort.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.
    results : DataFrame
        As for :func:`rairlib.pages.common.recomputed`.

    Returns
    -------
    DataFrame
        Columns ``printed, cohort, as printed``, indexed by characteristic and what is told of it.
    """
    values, rows = recomputed(registry, results), {}
    table = {"locus": "Table 3"}
    for variable in dict.fromkeys(row.variable for row in registry.where(**table) if row.variable):
        own = registry.where(**table, variable=variable)
        for name, statistics in SUMMARIES.items():
            chosen = [row for wanted in statistics for row in own if row.statistic == wanted]
            if chosen:
                rows[WANG2025_TABLES_LABELS[variable], name] = chosen
        for level in dict.fromkeys(row.level for row in own if row.statistic == "count"):
            chosen = [row for row in own if row.level == level and row.statistic != "definition"]
            rows[WANG2025_TABLES_LABELS[variable], level] = chosen
    return _beside(rows, values)


def _beside(rows: dict[tuple, list[ReportedNumber]], values: dict[str, float]) -> pd.DataFrame:
    table = {
        key: (cell(found), cell(found, values), agree(found, values)) for key, found in rows.items()
    }
    columns = ["printed", "cohort", "as printed"]
    index = pd.MultiIndex.from_tuples(table, names=["characteristic", "of it"])
    return pd.DataFrame(list(table.values()), index=index, columns=columns)


def groups_compared(registry: Registry, results: pd.DataFrame) -> pd.DataFrame:
    """Set the univariable part of Table 4 beside a cohort.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.
    results : DataFrame
        As for :func:`rairlib.pages.common.recomputed`.

    Returns
    -------
    DataFrame
        Indexed by characteristic and level: the patients of each group in the cohort, whether all
        of this is as printed, and the test statistic (χ², or U for ps-Tg) and p value, printed
        and recomputed, in the first line of a characteristic.
    """
    values, rows = recomputed(registry, results), {}
    table = {"locus": "Table 4", "group": "RAIR vs RAIA"}
    for statistic in registry.where(("chi_square", "u_statistic"), **table):
        p_value = attached(registry, statistic, "p_value")
        lines = _levels_of(registry, statistic.variable)
        for level, (avid, refractory) in lines.items():
            first = level == next(iter(lines))
            rows[WANG2025_TABLES_LABELS[statistic.variable], level] = {
                "RAIA": cell(avid, values),
                "RAIR": cell(refractory, values),
                "as printed": agree([*avid, *refractory], values),
                "χ² or U, printed": statistic.printed if first else "",
                "recomputed": shown(statistic, values[statistic.id]) if first else "",
                "p, printed": p_value.printed if first else "",
                "p, recomputed": shown(p_value, values[p_value.id]) if first else "",
            }
    frame = pd.DataFrame.from_dict(rows, orient="index")
    frame.index = pd.MultiIndex.from_tuples(rows, names=["characteristic", "level"])
    return frame


def _levels_of(registry: Registry, variable: str) -> dict[str, tuple[list, list]]:
    """Return the numbers of each group by level; of a continuous variable, its quartiles."""
    lines = {}
    for group, place in (("RAIA", 0), ("RAIR", 1)):
        own = registry.where(locus="Table 4", variable=variable, group=group)
        for row in own:
            level = row.level or "median (quartiles)"
            lines.setdefault(level, ([], []))[place].append(row)
    return lines


def crude_ratios(registry: Registry) -> pd.DataFrame:
    """Compute the crude odds ratios of refractory disease that Table 4 does not print.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.

    Returns
    -------
    DataFrame
        Indexed by the level in the numerator of the printed ratio: ``crude`` with its Wald
        limits, from the printed counts, and ``adjusted, printed``.
    """
    rows = {}
    for ratio in registry.where("odds_ratio", locus="Table 4"):
        rows[ratio.variable] = {
            "crude": _crude(registry, ratio),
            **_printed_ratio(registry, ratio),
        }
    return short_terms(pd.DataFrame.from_dict(rows, orient="index"))


def _crude(registry: Registry, ratio: ReportedNumber) -> str:
    level, other = ratio.contrast
    wanted = {"locus": "Table 4", "variable": ratio.variable}
    counts = {
        (of, group): int(registry.where("count", level=of, group=group, **wanted)[0].number.value)
        for of in (level, other)
        for group in ("RAIR", "RAIA")
    }
    cases, controls = (counts[level, g] + counts[other, g] for g in ("RAIR", "RAIA"))
    found = reclassified(counts[level, "RAIR"], cases, counts[level, "RAIA"], controls).iloc[0]
    return f"{found['odds_ratio']:.3f} ({found['low']:.3f}, {found['high']:.3f})"


def _printed_ratio(registry: Registry, ratio: ReportedNumber) -> dict[str, str]:
    p_value = attached(registry, ratio, "p_value")
    return {"adjusted, printed": cell(with_limits(registry, ratio)), "p, printed": p_value.printed}


def hazard_ratios(registry: Registry, results: pd.DataFrame, model: str) -> pd.DataFrame:
    """Set one model of Table 5 beside a cohort.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.
    results : DataFrame
        As for :func:`rairlib.pages.common.recomputed`.
    model : str
        ``univariable`` or ``multivariable``.

    Returns
    -------
    DataFrame
        Indexed by the level in the numerator: the hazard ratio with its limits and the p value,
        printed and on the cohort, and how many of the three numbers of the ratio are as printed.
    """
    values, rows = recomputed(registry, results), {}
    for ratio in registry.where("hazard_ratio", locus="Table 5", method=model):
        numbers = with_limits(registry, ratio)
        p_value = attached(registry, ratio, "p_value")
        rows[ratio.variable] = {
            "printed": cell(numbers),
            "cohort": cell(numbers, values),
            "as printed": agree(numbers, values),
            "p, printed": p_value.printed,
            "p, cohort": shown(p_value, values[p_value.id]),
        }
    return short_terms(pd.DataFrame.from_dict(rows, orient="index"))


def labelled(table: pd.DataFrame) -> pd.DataFrame:
    """Give a table by variable and level names for readers.

    Parameters
    ----------
    table : DataFrame
        Indexed by ``variable, level``; columns in snake case.

    Returns
    -------
    DataFrame
        The same numbers, indexed by ``characteristic, level``; blanks for underscores.
    """
    index = [(WANG2025_TABLES_LABELS[variable], level) for variable, level in table.index]
    named = table.rename(columns=lambda name: name.replace("_", " "))
    return named.set_axis(pd.MultiIndex.from_tuples(index, names=["characteristic", "level"]))


# --- Answers to the exercises on Qingdao, computed from registry and code so that they cannot rot


EXERCISES_QINGDAO_STUDY = "wang2025"
OTHER_CUTOFF = 300
LANDMARK = 12


def _printed(identifiers: Iterable[str]) -> list[float]:
    registry = load_registry(EXERCISES_QINGDAO_STUDY)
    return [registry[name].number.value for name in identifiers]


def _chi_square() -> float:
    counts = _counts("ete", ("Negative", "Positive"))
    return float(compare_counts(counts).set_index("method").loc["pearson", "statistic"])


def _counts(variable: str, levels: tuple[str, str]):
    table = load_registry(EXERCISES_QINGDAO_STUDY).frame()
    table = table[(table["locus"] == "Table 4") & (table["statistic"] == "count")]
    table = table[table["variable"] == variable].astype({"printed": int})
    return table.pivot_table(index="level", columns="group", values="printed").loc[list(levels)]


def _left_out() -> list[int]:
    registry, differences = load_registry(EXERCISES_QINGDAO_STUDY), []
    for variable, level in (("gender", "Male"), ("n_stage", "N1b"), ("lm_size_1", "≥1")):
        wanted = {"variable": variable, "level": level}
        (whole,) = registry.where("count", locus="Table 3", **wanted)
        (kept,) = registry.where("count", locus="Table 5", **wanted)
        differences.append(int(whole.number.value - kept.number.value))
    return differences


def _early_events() -> int:
    registry = load_registry(EXERCISES_QINGDAO_STUDY)
    (rate,) = registry.where("survival_percent", locus="Section 3.6", level="12 months")
    (total,) = _printed(["table5-01"])
    return next(n for n in range(int(total)) if rate.number.agrees(100 * (1 - n / total)))


def _two_by_two() -> list[int]:
    registry = load_registry(EXERCISES_QINGDAO_STUDY)
    with_event, without = (int(registry.size(group).number.value) for group in ("PD", "NPD"))
    positive, negative = (
        next(n for n in range(size + 1) if row.number.agrees(100 * n / size))
        for row, size in zip(_rates(registry), (with_event, without), strict=True)
    )
    return [positive, with_event - positive, without - negative, negative]


def _rates(registry):
    return [registry.where(name, locus="Section 3.5")[0] for name in ("sensitivity", "specificity")]


def _age_and_stage() -> list[int]:
    pair = table_four_model(load_registry(EXERCISES_QINGDAO_STUDY)).restricted(
        ("age_55", "t_stage")
    )
    tables = pair.candidates()
    agrees = agreement(tables, pair.targets())["age_55", "odds_ratio"].to_numpy()
    (cells,) = tables.cells[agrees].tolist()
    # Level 1 is the numerator's: age ≥55, stage T1 to T3. The third cell is ≥55 with T4.
    return [len(tables.cells), cells[2]]


def _least_events() -> int:
    low, high = _printed(["table5-97", "table5-98"])
    error = math.log(high / low) / (2 * 1.959964)
    events, avid, others = (int(n) for n in _printed(["section-3.4-07", "table5-94", "table5-95"]))
    return events_per_level(events, error, others, avid)[1][0]


def _log_rank_by_uptake() -> float:
    patients = evaluable(load_witness(EXERCISES_QINGDAO_STUDY))
    despite = patients["rair_type"] == DESPITE_AVIDITY
    group = patients["rair"].mask(despite, "RAIA")
    return log_rank(patients[TIME], patients[EVENT], group).statistic


def _ratio_at_another_cutoff() -> float:
    patients = evaluable(load_witness(EXERCISES_QINGDAO_STUDY))
    patients["high"] = dichotomise(patients["ps_tg"], OTHER_CUTOFF)
    return _hazard_ratio(patients, {"high": (f"≥{OTHER_CUTOFF}", f"<{OTHER_CUTOFF}")})


def _ratio_after_landmark() -> float:
    patients = landmark(evaluable(load_witness(EXERCISES_QINGDAO_STUDY)), TIME, LANDMARK)
    levels = ("partial or no RAI-avid", "RAI-avid")
    return _hazard_ratio(patients, {"rai_avid_status": levels})


def _hazard_ratio(patients, covariates) -> float:
    estimates = cox(patients, TIME, EVENT, covariates).set_index("statistic")
    return float(estimates.loc["hazard_ratio", "estimate"])


EXERCISES = {
    "qingdao: a chi-square": Exercise(
        expected=_chi_square,
        tolerance=0.0005,
        hint="Pearson's statistic, without the continuity correction, with three decimals.",
    ),
    "qingdao: who was left out": Exercise(
        expected=_left_out,
        tolerance=0,
        hint="Table 3 counts all patients, Table 5 the evaluable ones: subtract level by level.",
    ),
    "qingdao: events of a year": Exercise(
        expected=_early_events,
        tolerance=0,
        hint="If nobody leaves, the rate is the share of patients without the event.",
    ),
    "qingdao: four counts": Exercise(
        expected=_two_by_two,
        tolerance=0,
        hint="With progression: above and below the cut-off; then without: above and below.",
    ),
    "qingdao: age and stage": Exercise(
        expected=_age_and_stage,
        tolerance=0,
        hint="Count the tables that can be split by outcome, and find the one that agrees.",
    ),
    "qingdao: events from an interval": Exercise(
        expected=_least_events,
        tolerance=0,
        hint="The standard error is the log of the ratio of the limits, divided by 2 · 1.96.",
    ),
    "qingdao: a definition": Exercise(
        expected=_log_rank_by_uptake,
        tolerance=0.005,
        hint="Those who progressed despite avidity go to the avid; two decimals.",
    ),
    "qingdao: another cut-off": Exercise(
        expected=_ratio_at_another_cutoff,
        tolerance=0.0005,
        hint="One covariate, ties by Breslow's method, three decimals.",
    ),
    "qingdao: a landmark": Exercise(
        expected=_ratio_after_landmark,
        tolerance=0.0005,
        hint="Keep those observed beyond the landmark without progression; three decimals.",
    ),
}
