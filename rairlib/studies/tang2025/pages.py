"""Hunan: what Tang et al. 2025 print of their patients and their model, beside a cohort.

The paper's tables were not available to us. The layouts here are our reading of what they hold:
their titles and footnotes are in the text, their rows are the variables of the methods section.
"""

import math
from collections.abc import Mapping
from itertools import product

import numpy as np
import pandas as pd
from scipy.special import expit

from rairlib.checks.classification import agreeing_with_all
from rairlib.checks.regressions import MULTIPLIERS, p_from_z
from rairlib.checks.roc import CUT_OFF_LIMIT
from rairlib.figures.style import listed
from rairlib.pages import common as consequences
from rairlib.pages.common import agree, attached, cell, recomputed, shown
from rairlib.pages.exercises import Exercise
from rairlib.reconstruct.printed_rules import agreeing_tables, printed_rules, printed_subgroups
from rairlib.reconstruct.two_by_two import area_range, dichotomised_areas
from rairlib.registry.kept_files import kept_file
from rairlib.registry.registry import Registry, ReportedNumber, load_registry
from rairlib.stats.calibration import calibration_estimates, hosmer_lemeshow_spread
from rairlib.stats.decision import decision_curve
from rairlib.stats.description import summarise
from rairlib.stats.roc import area_difference, roc_coordinates
from rairlib.stats.sample_size import (
    cox_snell_from_auc,
    development_sample_size,
    validation_sample_size,
)
from rairlib.stats.selection import Selection
from rairlib.studies.tang2025 import analysis
from rairlib.studies.tang2025.analysis import (
    CANDIDATES,
    CELLS,
    LEVELS,
    POSITIVE,
    READINGS,
    TRAINING_OUTCOMES,
    VERSUS,
    area,
    classified,
    groups_of,
    linear_predictor,
    usual_test,
)
from rairlib.studies.tang2025.cohort import load_assumptions
from rairlib.studies.tang2025.print import COUNTS, reconstructed_tables, with_performance

SETS = ("training", "validation")
TEST_WORDS = {
    "pearson": "χ²",
    "yates": "χ² with Yates",
    "fisher": "Fisher",
    "student": "t",
    "welch": "Welch's t",
    "mann_whitney": "Mann-Whitney",
}
LABELS = {
    "age": "age (years)",
    "gender": "gender, male",
    "thyroid_disease": "previous thyroid disease",
    "tumor_diameter": "tumour diameter (cm)",
    "multifocality": "multifocality",
    "capsular_invasion": "capsular invasion",
    "ete": "extrathyroidal extension",
    "cln_status": "central node metastasis",
    "lln_status": "lateral node metastasis",
    "lln_count": "number of lateral nodes",
    "lln_diameter": "largest lateral node (cm)",
    "rai_dose": "iodine-131 dose (mCi)",
    "time_to_rai": "surgery to therapy (months)",
    "tg_before": "Tg before therapy (ng/mL)",
    "tgab_before": "TgAb before therapy (IU/mL)",
    "": "intercept",
}
# As short as a figure on a phone needs them.
SHORT = {
    "age": "age",
    "gender": "gender",
    "thyroid_disease": "thyroid disease",
    "tumor_diameter": "tumour size",
    "multifocality": "multifocality",
    "capsular_invasion": "capsule",
    "ete": "extension",
    "cln_status": "central nodes",
    "lln_status": "lateral nodes: any",
    "lln_count": "lateral nodes: number",
    "lln_diameter": "lateral nodes: size",
    "rai_dose": "iodine-131 dose",
    "time_to_rai": "time to therapy",
    "tg_before": "Tg",
    "tgab_before": "TgAb",
}
SMALLEST_SHOWN = 0.001


def flow_boxes(registry: Registry) -> pd.DataFrame:
    """Return the boxes of Figure 4, as far as the text tells them.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.

    Returns
    -------
    DataFrame
        As :func:`rairlib.figures.flow_chart.draw_flow_chart` needs it.
    """
    size = {row.group: int(row.number.value) for row in registry.where("n", repeats="")}
    told = {name: f"{name} set, {size[f'{name} failure']} failures" for name in SETS}
    rows = [
        ("screened", "had radioiodine", "", "kept"),
        (
            "excluded",
            "criteria not met",
            "screened",
            "excluded",
        ),
        ("all", "analysed", "screened", "kept"),
        *((name, told[name], "all", "group") for name in SETS),
    ]
    table = pd.DataFrame(rows, columns=["box", "text", "parent", "kind"])
    return table.assign(n=table["box"].map(size))


def groups_compared(results: pd.DataFrame, names: tuple[str, str]) -> pd.DataFrame:
    """Lay the comparison of two groups out as Tables 1 and 2 probably do.

    Parameters
    ----------
    results : DataFrame
        See :func:`rairlib.studies.tang2025.analysis.table_1`.
    names : tuple of str
        The two groups.

    Returns
    -------
    DataFrame
        Indexed by characteristic: patients with it (percent), mean ± SD or median (quartiles) of
        each group, ``test`` and ``p``, those that the methods section implies.
    """
    keys = ["statistic", "variable", "level", "group", "method"]
    values = results.set_index(keys)["value"]
    versus, rows = " vs ".join(names), {}
    for variable in CANDIDATES:
        p_value = values["p_value", variable, "", versus, usual_test(variable)]
        rows[LABELS[variable]] = {
            **{name: _described(values, variable, name) for name in names},
            "test": TEST_WORDS[usual_test(variable)],
            "p": p_text(p_value),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("characteristic")


def _described(values: pd.Series, variable: str, group: str) -> str:
    if variable in LEVELS:
        key = (variable, LEVELS[variable][0], group, "")
        return f"{values['count', *key]:.0f} ({values['percent', *key]:.1f} %)"
    names = ("mean", "sd") if usual_test(variable) == "student" else ("median", "q1", "q3")
    found = [f"{values[name, variable, '', group, '']:.1f}" for name in names]
    return " ± ".join(found) if len(found) == 2 else f"{found[0]} ({found[1]}–{found[2]})"


def p_text(value: float) -> str:
    """Write a p value with three decimals; smaller ones as <0.001.

    Parameters
    ----------
    value : float
        The p value; NaN if there is none.

    Returns
    -------
    str
        For a table; a dash if there is none.
    """
    if np.isnan(value):
        return "–"
    return f"<{SMALLEST_SHOWN}" if value < SMALLEST_SHOWN / 2 else f"{value:.3f}"


def candidate_tests(registry: Registry, results: pd.DataFrame) -> pd.DataFrame:
    """Set the five printed p values of Table 2 beside every test that may stand behind them.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.
    results : DataFrame
        See :func:`rairlib.studies.tang2025.analysis.analyse`.

    Returns
    -------
    DataFrame
        Indexed by characteristic: ``printed``, the ``implied test`` with ``its p``, and the
        ``other tests`` with theirs.
    """
    versus = " vs ".join(TRAINING_OUTCOMES)
    chosen = results[(results["statistic"] == "p_value") & (results["group"] == versus)]
    table = chosen.pivot_table(index="variable", columns="method", values="value")
    rows = {}
    for row in registry.where("p_value", method="univariable", repeats=""):
        found, implied = table.loc[row.variable].dropna(), usual_test(row.variable)
        others = [name for name in TEST_WORDS if name in found and name != implied]
        rows[LABELS[row.variable]] = {
            "printed": row.printed,
            "implied test": TEST_WORDS[implied],
            "its p": f"{found[implied]:.2g}",
            "other tests": "; ".join(f"{TEST_WORDS[name]} {found[name]:.2g}" for name in others),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("characteristic")


def selection_log(selection: Selection) -> pd.DataFrame:
    """Return the log of Forward: LR for readers.

    Parameters
    ----------
    selection : Selection
        See :func:`rairlib.studies.tang2025.analysis.select`.

    Returns
    -------
    DataFrame
        Indexed by step and model: ``tested, test, χ², p, decision``.
    """
    log = selection.log
    names = [" + ".join(LABELS.get(n, n) for n in model.split(" + ")) for model in log["model"]]
    return pd.DataFrame(
        {
            "step": log["step"],
            "model": names,
            "tested": log["term"].map(LABELS),
            "test": log["test"],
            "χ²": log["statistic"].map("{:.2f}".format),
            "p": log["p_value"].map(p_text),
            "decision": log["decision"],
        }
    ).set_index(["step", "model"])


def failures_per_variable(training: pd.DataFrame, selection: Selection) -> pd.DataFrame:
    """Count the failures for each variable at every stage of the development.

    Parameters
    ----------
    training : DataFrame
        Patients of the training set, checked.
    selection : Selection
        See :func:`rairlib.studies.tang2025.analysis.select`.

    Returns
    -------
    DataFrame
        Indexed by stage: ``variables, failures, failures per variable``.
    """
    failures = int((training["failure"] == "yes").sum())
    stages = {
        "tested one by one": len(CANDIDATES),
        "put to Forward: LR": selection.log.query("step == 0")["term"].nunique(),
        "in the model": len(selection.selected),
    }
    table = pd.DataFrame({"variables": stages}).assign(failures=failures)
    table["failures per variable"] = (failures / table["variables"]).round(1)
    return table.rename_axis("stage")


def selected_models(runs: pd.DataFrame) -> pd.DataFrame:
    """Count how often each set of variables was selected.

    Parameters
    ----------
    runs : DataFrame
        See :func:`rairlib.studies.tang2025.unpublished.developed_from_equation`.

    Returns
    -------
    DataFrame
        Column ``percent of runs``, indexed by the variables, the most frequent first.
    """
    shares = runs["selected"].value_counts(normalize=True).mul(100).round(1)
    names = [
        " + ".join(LABELS.get(name, name) for name in model.split(" + ")) if model else "none"
        for model in shares.index
    ]
    return pd.DataFrame(
        {"percent of runs": shares.to_numpy()}, index=pd.Index(names, name="selected")
    )


# --- Hunan: frames for the page of the simulated cohort and its ensemble ----------------------


STUDY = "tang2025"
POPULATION = {
    "share": ("patients with lateral nodes, share", "node status and count"),
    "mean": ("nodes beyond the first, mean", "node count"),
    "shape": ("nodes beyond the first, shape of the negative binomial", "node count"),
    "median": ("thyroglobulin, median (ng/mL)", "thyroglobulin"),
    "log_sd": ("thyroglobulin, SD of the logarithm", "thyroglobulin"),
}
SUMMARISED = {"lln_count": "lateral nodes", "tg_before": "thyroglobulin (ng/mL)"}
# Of the cohort with seed 1, which is not kept; and the decimals of the ensemble's file.
FIRST_AREA, AREA_DIGITS = 0.890, 6
QUANTILES = ["n", "q1", "median", "q3", "maximum"]


def assumption_frame() -> pd.DataFrame:
    """List what every cohort draws evenly from a range, because no printed number tells it.

    Returns
    -------
    DataFrame
        Indexed by parameter: ``from, to, used for``.
    """
    assumed = load_assumptions(STUDY)
    rows = {
        words: (*getattr(assumed.population, name), used)
        for name, (words, used) in POPULATION.items()
    }
    rows["slope of the outcome on the score, validation set"] = (
        *assumed.validation.slope,
        "validation set",
    )
    columns = ["from", "to", "used for"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("parameter")


def predictor_summary(cohort: pd.DataFrame) -> pd.DataFrame:
    """Summarise both predictors by set and outcome.

    Parameters
    ----------
    cohort : DataFrame
        A cohort of the study.

    Returns
    -------
    DataFrame
        Indexed by predictor, set and failure: ``n, q1, median, q3, maximum``.
    """
    rows = {
        (words, name, failed): summarise(part[column])[QUANTILES]
        for column, words in SUMMARISED.items()
        for (name, failed), part in cohort.groupby(["cohort", "failure"])
    }
    frame = pd.DataFrame(rows).T.rename_axis(["predictor", "set", "failure"])
    return frame.astype({"n": int})


def load_result(name: str) -> pd.DataFrame:
    """Load a kept result of the study's ensemble.

    Parameters
    ----------
    name : str
        ``ensemble``, ``unpublished``, ``covariance`` or ``area``.

    Returns
    -------
    DataFrame
        As :mod:`rairlib.studies.tang2025.ensemble` gives it.
    """
    path = kept_file(f"results/{STUDY}_{name}.csv")
    return pd.read_csv(path, keep_default_na=False, na_values={"value": [""]}, encoding="utf-8")


def validation_areas(cohort: pd.DataFrame) -> dict[str, float]:
    """Say where the score's area in validation lies among those of the ensemble.

    Parameters
    ----------
    cohort : DataFrame
        The kept cohort.

    Returns
    -------
    dict of str to float
        ``kept_area`` and ``first_area`` (of the cohort that was found first and set aside), and
        the percentage of the ensemble with a smaller one, ``kept_above`` and ``first_above``.
    """
    validation = analysis.groups_of(analysis.scored(cohort))[analysis.VERSUS["validation"]]
    kept = analysis.area(validation, "continuous", "delong")["estimate"]
    others = load_result("unpublished").query("quantity == 'validation: area'")["value"]
    areas = {"kept": round(kept, AREA_DIGITS), "first": FIRST_AREA}
    above = {f"{name}_above": 100 * (others < area).mean() for name, area in areas.items()}
    return {"kept_area": kept, "first_area": FIRST_AREA, **above}


# --- Answers to the exercises on Hunan, computed from registry and code so that they cannot rot ---


EXERCISES_HUNAN_STUDY = "tang2025"
VALIDATION = "validation failure vs validation success"
REPEATS = 2000


def _printed(*identifiers: str) -> list[float]:
    registry = load_registry(EXERCISES_HUNAN_STUDY)
    return [registry[name].number.value for name in identifiers]


def _rule(registry):
    (rule,) = [rule for rule in printed_rules(registry) if rule.first.group == VALIDATION]
    return rule


def _validation_table() -> list[int]:
    (table,) = agreeing_tables(_rule(load_registry(EXERCISES_HUNAN_STUDY))).tolist()
    return table


def _tables_by_figure() -> list[int]:
    figures = _rule(load_registry(EXERCISES_HUNAN_STUDY)).figures
    return [int(np.count_nonzero(agreeing_with_all([figure]))) for figure in figures]


def _area_and_interval() -> list[float]:
    area, error = (float(value) for value in dichotomised_areas(*_validation_table()))
    return [area, area - MULTIPLIERS[0] * error, area + MULTIPLIERS[0] * error]


def _threshold() -> float:
    registry = load_registry(EXERCISES_HUNAN_STUDY)
    return registry.where("cutoff", variable="logit_p")[0].number.value


def _risk_and_nodes() -> list[float]:
    intercept, per_node = _printed("results-predictors-15", "results-predictors-16")
    nodes = math.ceil((_threshold() - intercept) / per_node)
    return [1 / (1 + math.exp(-_threshold())), nodes]


def _wald_p() -> float:
    low, high = (math.log(x) for x in _printed("results-predictors-10", "results-predictors-11"))
    return p_from_z((low + high) / 2 / ((high - low) / (2 * MULTIPLIERS[0])))


def _area_limits() -> list[float]:
    return list(area_range(*_validation_table()))


def _men() -> list[int]:
    (subgroups,) = [
        pair
        for pair in printed_subgroups(load_registry(EXERCISES_HUNAN_STUDY))
        if pair.variable == "gender"
    ]
    splits = subgroups.splits()
    (table,) = splits.tables(splits.agreeing_both(subgroups.targets())).tolist()
    return table


def _net_benefits() -> list[float]:
    tp, fn, fp, tn = _validation_table()
    odds, patients = math.exp(_threshold()), tp + fn + fp + tn
    return [(tp - fp * odds) / patients, (tp + fn - (fp + tn) * odds) / patients]


def _best_of_noise() -> float:
    patients, events = (int(n) for n in _printed("results-patients-06", "results-outcome-04"))
    ranks = np.tile(np.arange(1, patients + 1), (REPEATS * len(CANDIDATES), 1))
    sums = np.random.default_rng(2025).permuted(ranks, axis=1)[:, :events].sum(axis=1)
    areas = (sums - events * (events + 1) / 2) / (events * (patients - events))
    best = np.abs(areas - 1 / 2).reshape(REPEATS, len(CANDIDATES)).max(axis=1)
    return float(1 / 2 + best.mean())


EXERCISES = {
    "hunan: four counts": Exercise(
        expected=_validation_table,
        tolerance=0,
        hint="True positives, false negatives, false positives, true negatives: 18 and 42 in all.",
    ),
    "hunan: how many tables": Exercise(
        expected=_tables_by_figure,
        tolerance=0,
        hint="Take one percentage at a time, in the order asked for, and count all 19 · 43 tables.",
    ),
    "hunan: an area": Exercise(
        expected=_area_and_interval,
        tolerance=0.0005,
        hint="Half of sensitivity plus specificity, then 1.96 nonparametric standard errors.",
    ),
    "hunan: a threshold": Exercise(
        expected=_risk_and_nodes,
        tolerance=0.0005,
        hint="The risk is 1 / (1 + e to the minus logit); nodes are whole, so round upwards.",
    ),
    "hunan: a p value": Exercise(
        expected=_wald_p,
        tolerance=0.00005,
        hint="Logarithms of both limits: their middle is the coefficient; four decimals.",
    ),
    "hunan: limits of an area": Exercise(
        expected=_area_limits,
        tolerance=0.0005,
        hint="Smallest first. Draw the point; a ROC curve never falls and never turns back.",
    ),
    "hunan: the men": Exercise(
        expected=_men,
        tolerance=0,
        hint="Give the men's true positives, false negatives, false positives, true negatives.",
    ),
    "hunan: net benefit": Exercise(
        expected=_net_benefits,
        tolerance=0.0005,
        hint="Per patient: true positives minus false positives times the odds of the threshold.",
    ),
    "hunan: best of noise": Exercise(
        expected=_best_of_noise,
        tolerance=0.005,
        hint="Turn each area below one half round, keep the largest, and average; two decimals.",
    ),
}


# --- Hunan: the model of Tang et al. 2025 as printed, beside the one fitted to a cohort -------


NODES, TG = (0, 2, 5, 10), (0, 5, 20)


def table_3(registry: Registry, results: pd.DataFrame) -> pd.DataFrame:
    """Set the model, as far as the text prints it, beside a cohort.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.
    results : DataFrame
        See :func:`rairlib.studies.tang2025.analysis.analyse`.

    Returns
    -------
    DataFrame
        Indexed by term and number: ``printed, cohort, as printed`` and the number's ``role``.
    """
    values, rows = recomputed(registry, results), {}
    for estimate in registry.where(("intercept", "coefficient"), repeats=""):
        label = LABELS[estimate.variable]
        rows[label, "coefficient"] = [estimate]
        if estimate.variable:
            limits = [attached(registry, estimate, name) for name in ("ci_low", "ci_high")]
            rows[label, "limits of the odds ratio"] = limits
            rows[label, "p (Wald)"] = [attached(registry, estimate, "p_value")]
    for row in registry.where("p_value", method="multivariable", repeats=""):
        if not row.of:
            rows[LABELS[row.variable], "p (score test, outside)"] = [row]
    return _beside(rows, values)


def _beside(rows: dict[tuple, list[ReportedNumber]], values: dict[str, float]) -> pd.DataFrame:
    table = {
        key: (_joined(found), _joined(found, values), _agree(found, values), found[0].role)
        for key, found in rows.items()
    }
    index = pd.MultiIndex.from_tuples(table, names=["term", "number"])
    return pd.DataFrame(
        list(table.values()), index=index, columns=["printed", "cohort", "as printed", "role"]
    )


def _agree(rows: list[ReportedNumber], values: dict[str, float]) -> str:
    return agree(rows, values).replace("0 of 1", "no")


def _joined(rows: list[ReportedNumber], values: dict[str, float] | None = None) -> str:
    if len(rows) == 1:
        return cell(rows, values).replace("-", "−")
    texts = [row.printed if values is None else shown(row, values[row.id]) for row in rows]
    return " to ".join(texts)


def printed_equation(registry: Registry) -> pd.Series:
    """Return the coefficients as printed.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.

    Returns
    -------
    Series of float
        As :func:`rairlib.studies.tang2025.analysis.equation` returns those of a cohort.
    """
    rows = registry.where(("intercept", "coefficient"), repeats="")
    found = {row.variable or "intercept": row.number.value for row in rows}
    return pd.Series(found, name="estimate").rename_axis("term")


def risks_beside(printed: pd.Series, fitted: pd.Series) -> pd.DataFrame:
    """Compute the risk of some patients under the printed and under a fitted equation.

    Parameters
    ----------
    printed, fitted : Series of float
        Coefficients, see :func:`printed_equation`.

    Returns
    -------
    DataFrame
        Indexed by number of lateral nodes; one column for each Tg (ng/mL) and equation, in percent.
    """
    patients = pd.DataFrame(product(NODES, TG), columns=["lln_count", "tg_before"])
    risks = {
        name: 100 * expit(linear_predictor(patients, equation))
        for name, equation in (("printed", printed), ("cohort", fitted))
    }
    table = patients.assign(**risks).melt(["lln_count", "tg_before"], var_name="equation")
    table = table.rename(columns={"lln_count": "nodes", "tg_before": "Tg (ng/mL)"})
    wide = table.pivot_table(index="nodes", columns=["Tg (ng/mL)", "equation"], values="value")
    return wide.reindex(columns=["printed", "cohort"], level="equation")


def equation_text(coefficients: pd.Series) -> str:
    """Write an equation as the paper does.

    Parameters
    ----------
    coefficients : Series of float
        Indexed by term, ``intercept`` among them.

    Returns
    -------
    str
        With three decimals.
    """
    words = {"lln_count": "nodes", "tg_before": "Tg"}
    parts = [f"{coefficients['intercept']:.3f}".replace("-", "−")]
    for term, value in coefficients.drop("intercept").items():
        parts.append(f"{'−' if value < 0 else '+'} {abs(value):.3f} × {words.get(term, term)}")
    return "logit(p) = " + " ".join(parts)


# --- Hunan: how well the model does on a cohort, as frames for the page of performance --------


CALIBRATION = {
    "calibration_in_the_large": "calibration in the large (0 is right)",
    "calibration_slope": "calibration slope (1 is right)",
    "observed_expected": "observed / expected failures (1 is right)",
    "brier": "Brier score",
    "scaled_brier": "scaled Brier score (prevalence alone: 0)",
    "ici": "mean distance of risk and curve (ICI)",
    "e90": "90 % of patients are nearer than (E90)",
}
OPTIMISM = {
    "auc": "area",
    "calibration_slope": "calibration slope",
    "calibration_in_the_large": "calibration in the large",
    "brier": "Brier score",
    "sensitivity": "sensitivity at the best threshold",
    "specificity": "specificity at the best threshold",
    "youden": "Youden index at the best threshold",
}
STABILITY = {
    "resamples": "resamples with a model",
    "same_model": "percent with the same variables",
    "sets": "different sets of variables",
    "mean_absolute_error": "mean shift of a risk, points",
    "largest_absolute_error": "largest mean shift of a patient, points",
    "median_width": "width of the central 95 %, median patient, points",
    "unstable_patients": "percent of patients who change sides in ≥10 % of resamples",
}
IN_PERCENT = (
    *("same_model", "mean_absolute_error", "largest_absolute_error"),
    *("median_width", "unstable_patients"),
)
# What rounding errors leave is no gain.
CERTAIN = 1e-9
CRITERIA = {
    "shrinkage": "shrinkage of at most 10 %",
    "nagelkerke": "optimism of Nagelkerke's R² of at most 0.05",
    "overall risk": "overall risk to within 5 points",
    "all": "all of these",
    "mean absolute error": "beside it: mean error of a risk of at most 5 points",
}


def patients_of(part: pd.DataFrame) -> pd.DataFrame:
    """Return risks and outcomes as the figures of calibration need them.

    Parameters
    ----------
    part : DataFrame
        Some rows of :func:`rairlib.studies.tang2025.analysis.scored`.

    Returns
    -------
    DataFrame
        Columns ``risk, event``.
    """
    return part[["risk", "failed"]].set_axis(["risk", "event"], axis=1)


def calibration_numbers(parts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the numbers of calibration with their intervals.

    Parameters
    ----------
    parts : mapping of str to DataFrame
        Patients by set, rows of :func:`rairlib.studies.tang2025.analysis.scored`.

    Returns
    -------
    DataFrame
        Indexed by number, one column of texts per set.
    """
    columns = {}
    for name, part in parts.items():
        found = calibration_estimates(part["failed"], part["risk"]).set_index("statistic")
        columns[name] = {
            label: _with_limits(found.loc[statistic]) for statistic, label in CALIBRATION.items()
        }
    return pd.DataFrame(columns).rename_axis("number")


def _with_limits(row: pd.Series) -> str:
    text = f"{row['estimate']:.3f}"
    # What rounds to nothing has no sign.
    text = text.removeprefix("-") if float(text) == 0 else text
    if pd.notna(row["low"]):
        text = f"{text} ({row['low']:.2f} to {row['high']:.2f})"
    return text.replace("-", "−")


def benefit_at(parts: Mapping[str, pd.DataFrame], thresholds: list[float]) -> pd.DataFrame:
    """Return net benefit and interventions avoided at a few thresholds.

    Parameters
    ----------
    parts : mapping of str to DataFrame
        As for :func:`calibration_numbers`.
    thresholds : list of float
        Threshold risks, ascending.

    Returns
    -------
    DataFrame
        Indexed by set and threshold (percent): net benefit of ``model, treat all, treat none``
        and ``avoided per 100`` against treating all.
    """
    tables = {}
    for name, part in parts.items():
        curve = decision_curve(part["failed"], part["risk"], thresholds)
        wide = curve.pivot_table(index="threshold", columns="strategy", values="net_benefit")
        avoided = curve[curve["strategy"] == "model"].set_index("threshold")["avoided"]
        wide = wide[["model", "all", "none"]].rename(
            columns={"all": "treat all", "none": "treat none"}
        )
        tables[name] = wide.assign(**{"avoided per 100": avoided})
    both = pd.concat(tables, names=["patients"]).rename_axis(columns=None)
    percent = [(name, f"{100 * at:.1f} %") for name, at in both.index]
    names = ["patients", "threshold"]
    return both.set_axis(pd.MultiIndex.from_tuples(percent, names=names)).round(3)


def certain_gain(curve: pd.DataFrame) -> str:
    """Tell at which thresholds the whole interval of the model's gain is above zero.

    Parameters
    ----------
    curve : DataFrame
        See :func:`rairlib.stats.decision.decision_intervals`.

    Returns
    -------
    str
        Ranges in percent, or ``at none``.
    """
    model = curve[curve["strategy"] == "model"].sort_values("threshold")
    certain = model["gain_low"] > CERTAIN
    runs = model[certain].groupby((certain != certain.shift()).cumsum())["threshold"]
    ends = [(f"{100 * run.min():.0f}", f"{100 * run.max():.0f}") for _, run in runs]
    told = [low if low == high else f"{low} to {high}" for low, high in ends]
    return f"{listed(told)} %" if told else "at none"


def optimism_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return optimism for readers.

    Parameters
    ----------
    table : DataFrame
        See :func:`rairlib.stats.validation.optimism`.

    Returns
    -------
    DataFrame
        Columns ``apparent, optimism, corrected``, indexed by statistic.
    """
    chosen = table.set_index("statistic").loc[list(OPTIMISM)]
    chosen = chosen[["apparent", "optimism", "corrected"]].rename(index=OPTIMISM).round(3)
    return chosen + 0.0  # no minus before zero


def stability_table(summary: pd.DataFrame) -> pd.DataFrame:
    """Return the summary of stability for readers.

    Parameters
    ----------
    summary : DataFrame
        See :func:`rairlib.stats.validation.stability_summary`.

    Returns
    -------
    DataFrame
        Column ``value``, indexed by what it is.
    """
    values = summary.set_index("statistic")["estimate"]
    rows = {
        label: 100 * values[name] if name in IN_PERCENT else values[name]
        for name, label in STABILITY.items()
    }
    return pd.DataFrame({"value": rows}).round(1).rename_axis("over the resamples")


def labelled_models(table: pd.DataFrame) -> pd.DataFrame:
    """Return the most frequent sets of variables for readers.

    Parameters
    ----------
    table : DataFrame
        See :func:`rairlib.stats.validation.model_frequencies`.

    Returns
    -------
    DataFrame
        Column ``percent of resamples``, indexed by the variables.
    """
    names = [
        " + ".join(LABELS.get(name, name) for name in model.split(" + "))
        for model in table["variables"]
    ]
    index = pd.Index(names, name="variables")
    return pd.DataFrame({"percent of resamples": (100 * table["share"]).to_numpy()}, index=index)


def sizes_needed(prevalence: float, areas: Mapping[str, float], parameters: int) -> pd.DataFrame:
    """Return how many patients the development would have needed.

    Parameters
    ----------
    prevalence : float
        Share of failures, between 0 and 1.
    areas : mapping of str to float
        Area to expect in new patients, by what it is.
    parameters : int
        Number of candidate variables.

    Returns
    -------
    DataFrame
        Indexed by criterion, one column of patients per area.
    """
    columns = {}
    for name, expected in areas.items():
        explained = cox_snell_from_auc(expected, prevalence)
        table = development_sample_size(prevalence, parameters, explained)
        columns[name] = table.set_index("criterion")["n"].rename(index=CRITERIA)
    return pd.DataFrame(columns)


def sizes_to_validate(part: pd.DataFrame, area: float) -> pd.DataFrame:
    """Return how many patients a precise validation would need.

    Parameters
    ----------
    part : DataFrame
        Patients like those of the validation, rows of
        :func:`rairlib.studies.tang2025.analysis.scored`.
    area : float
        Area to expect in them.

    Returns
    -------
    DataFrame
        Indexed by what is to be known: ``to within`` (half width of the 95 % interval, of a ratio
        as a factor), ``patients, failures``.
    """
    table = validation_sample_size(part["failed"].mean(), area, part["logit_p"])
    widths = {"observed/expected": "10 %", "calibration slope": "0.1", "auc": "0.05", "all": ""}
    return pd.DataFrame(
        {
            "to within": table["criterion"].map(widths).to_list(),
            "patients": table["n"].to_list(),
            "failures": np.ceil(table["events"]).astype(int).to_list(),
        },
        index=pd.Index(table["criterion"].replace("auc", "area"), name="to be known"),
    )


def threshold_grid(last: float = 0.9, steps: int = 90) -> np.ndarray:
    """Return the threshold risks at which decision curves are drawn.

    Parameters
    ----------
    last : float
        The largest.
    steps : int
        How many.

    Returns
    -------
    ndarray of float
        From ``last / steps`` in even steps.
    """
    return np.linspace(last / steps, last, steps)


# --- Hunan: Tables 4 and 5 and the ROC curves of Figures 2 and 3, print beside a cohort -------


TANG2025_VALIDATION_SETS = tuple(VERSUS)
ERROR_WORDS = {"hanley_mcneil": "Hanley-McNeil", "delong": "DeLong"}
READING_WORDS = {"continuous": "the score", "dichotomised": "cut in two"}


def groups_by_word(data: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the patients of both sets and of the subgroups, by short names.

    Parameters
    ----------
    data : DataFrame
        See :func:`rairlib.studies.tang2025.analysis.scored`.

    Returns
    -------
    dict of str to DataFrame
        ``training``, ``validation``, then the subgroups of all patients.
    """
    short = {versus: name for name, versus in VERSUS.items()}
    return {short.get(name, name): part for name, part in groups_of(data).items()}


def performance_beside(
    registry: Registry, data: pd.DataFrame, names: tuple[str, ...]
) -> pd.DataFrame:
    """Set the predictions at the paper's threshold beside those on a cohort.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.
    data : DataFrame
        See :func:`rairlib.studies.tang2025.analysis.scored`.
    names : tuple of str
        Groups, as :func:`groups_by_word` names them.

    Returns
    -------
    DataFrame
        Indexed by group and source (``print`` for what the printed numbers determine, or
        ``cohort``): ``n``, ``TP, FN, FP, TN`` and five rates in percent.
    """
    parts = groups_by_word(data)
    counts = {name: classified(parts[name])[list(CELLS)].to_numpy(int) for name in names}
    cohort = pd.DataFrame.from_dict(counts, orient="index", columns=COUNTS)
    cohort.insert(0, "n", cohort.sum(axis=1))
    tables = {"print": reconstructed_tables(registry).loc[list(names)], "cohort": cohort}
    shown = {source: with_performance(table) for source, table in tables.items()}
    both = pd.concat(shown, names=["source", "patients"]).swaplevel()
    return both.reindex(list(names), level="patients").sort_index(
        level="patients",
        key=lambda keys: keys.map({n: i for i, n in enumerate(names)}),
        sort_remaining=False,
    )


def _printed_area(registry: Registry, name: str) -> list[ReportedNumber]:
    """Return the printed area of a group with both its limits."""
    (row,) = registry.where("auc", group=VERSUS.get(name, name), repeats="")
    limits = (registry.belonging_to(row.id, end) for end in ("ci_low", "ci_high"))
    return [row, *(next(r for r in found if not r.repeats) for found in limits)]


def areas_beside(registry: Registry, data: pd.DataFrame) -> pd.DataFrame:
    """Set the printed areas beside every reading of them on a cohort.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.
    data : DataFrame
        See :func:`rairlib.studies.tang2025.analysis.scored`.

    Returns
    -------
    DataFrame
        Indexed by group: ``printed``, one column per score and standard error, each an area with
        its limits, and ``rounds to all three`` (the readings that do; an upper limit above 1
        counts for a print just below 1).
    """
    rows = {}
    for name, part in groups_by_word(data).items():
        printed = _printed_area(registry, name)
        row = {"printed": _with_limits_tang2025_validation([number.printed for number in printed])}
        hits = []
        for reading in READINGS:
            for error, word in ERROR_WORDS.items():
                found = area(part, reading, error)[["estimate", "low", "high"]]
                label = f"{READING_WORDS[reading]}, {word}"
                row[label] = _with_limits_tang2025_validation([f"{value:.3f}" for value in found])
                if all(_agrees(n, v) for n, v in zip(printed, found, strict=True)):
                    hits.append(label)
        rows[name] = {**row, "rounds to all three": "; ".join(hits) or "none"}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("patients")


def _with_limits_tang2025_validation(texts: list[str]) -> str:
    return f"{texts[0]} ({texts[1]} to {texts[2]})"


def _agrees(row: ReportedNumber, value: float) -> bool:
    cut = row.statistic == "ci_high" and row.number.value >= CUT_OFF_LIMIT and value > 1
    return cut or row.number.agrees(value)


def roc_panels(registry: Registry, data: pd.DataFrame, names: tuple[str, ...]) -> dict[str, dict]:
    """Return what a figure of ROC curves needs, one panel per group.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.
    data : DataFrame
        See :func:`rairlib.studies.tang2025.analysis.scored`.
    names : tuple of str
        Groups, as :func:`groups_by_word` names them.

    Returns
    -------
    dict of str to dict
        By group: ``coordinates`` of the score, ``point`` (sensitivity and specificity at the
        threshold, proportions), ``areas`` (by what they are of, on the cohort) and ``printed``
        (the printed area).
    """
    parts, panels = groups_by_word(data), {}
    for name in names:
        part, rates = parts[name], classified(parts[name]) / 100
        panels[name] = {
            "coordinates": roc_coordinates(part["failed"], part["logit_p"]),
            "point": (rates["sensitivity"], rates["specificity"]),
            "areas": {
                READING_WORDS[reading]: area(part, reading, "delong")["estimate"]
                for reading in READINGS
            },
            "printed": _printed_area(registry, name)[0].printed,
        }
    return panels


PAIRS = (("training", "validation"), ("male", "female"), ("age ≥55", "age <55"))


def area_differences(data: pd.DataFrame) -> pd.DataFrame:
    """Compare the areas of different patients, like with like.

    Parameters
    ----------
    data : DataFrame
        See :func:`rairlib.studies.tang2025.analysis.scored`.

    Returns
    -------
    DataFrame
        Indexed by pair of groups and what the area is of: both areas, their difference with 95 %
        limits, and p of the unpaired DeLong test.
    """
    parts, rows = groups_by_word(data), {}
    for pair in PAIRS:
        for reading in READINGS:
            found = area_difference(*(_event_and_score(parts[name], reading) for name in pair))
            one = found.iloc[0]
            limits = f"{one['low']:.3f} to {one['high']:.3f}".replace("-", "−")
            rows[" less ".join(pair), READING_WORDS[reading]] = {
                "first": f"{one['first']:.3f}",
                "second": f"{one['second']:.3f}",
                "difference": f"{one['difference']:.3f}".replace("-", "−"),
                "95 % limits": limits,
                "p": p_text(one["p_value"]),
            }
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.set_axis(pd.MultiIndex.from_tuples(rows, names=["patients", "area of"]))


def _event_and_score(part: pd.DataFrame, reading: str) -> tuple[pd.Series, pd.Series]:
    positive = (part["logit_p_0585"] == POSITIVE).astype(float)
    return part["failed"], part["logit_p"] if reading == "continuous" else positive


def hosmer_table(data: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the p value of the Hosmer-Lemeshow test over cutting rules and numbers of groups.

    Parameters
    ----------
    data : DataFrame
        See :func:`rairlib.studies.tang2025.analysis.scored`.
    name : str
        ``training`` or ``validation``; the latter has as many degrees of freedom as groups.

    Returns
    -------
    DataFrame
        One row per rule, one column per number of groups wanted.
    """
    part = groups_by_word(data)[name]
    tests = hosmer_lemeshow_spread(part["failed"], part["risk"], validation=name == "validation")
    table = tests.pivot_table(index="rule", columns="wanted", values="p_value", sort=False)
    return table.rename_axis(index="cutting rule", columns="groups wanted")


# --- Hunan: what hangs on the wording, and what the print of Tang et al. 2025 leaves open -----


CONSEQUENCES = {
    "text-01": "who failed: a limit a thousand times lower would count almost everyone",
    "text-02": "how far the validation speaks for other hospitals",
    "text-03": "how a reader applies the threshold: to logit(p), not to points",
    "text-04": "nothing but how the interval of 24 patients is read",
    "text-05": "how strong four associations are; no conclusion",
    "text-06": "the claim to be first",
    "text-07": "of whom the subgroup areas speak",
    "text-08": "who failed, if antibodies were high and falling",
    "text-09": "who failed, and whether the model predicts refractory disease",
    "text-10": "nothing; read mean",
    "text-11": "which lesions can count as progression",
    "text-12": "how much of the association of thyroglobulin is there by definition",
    "text-13": "nothing; the number of nodes holds their status and much of their size",
    "text-14": "whether the subgroups show that the model does well elsewhere",
}
TANG2025_OPEN_SETS = ("training", "validation")
# Topic and name of an unpublished quantity → label of its row in a figure.
SUBGROUP_AREAS = {
    ("subgroups", f"area, {name}"): f"{name},\nall 182"
    for name in ("male", "female", "age <55", "age ≥55")
} | {
    ("subgroups, validation", f"area, {name}"): f"{name},\nvalidation"
    for name in ("male", "female", "age <55", "age ≥55")
}
TANG2025_OPEN_CALIBRATION = {
    ("validation", "calibration slope"): "calibration slope",
    ("validation", "observed / expected"): "observed / expected",
}
TANG2025_OPEN_OPTIMISM = {
    ("optimism, whole development", "area, apparent"): "area, same patients",
    ("optimism, whole development", "area, corrected"): "area, corrected",
    (
        "optimism, whole development",
        "sensitivity at the best threshold, corrected",
    ): "sensitivity, corrected",
    (
        "optimism, whole development",
        "specificity at the best threshold, corrected",
    ): "specificity, corrected",
    (
        "optimism, whole development",
        "calibration slope, corrected",
    ): "calibration slope, corrected",
}


def wording_and_consequence() -> pd.DataFrame:
    """Set each finding on the wording beside what hangs on it.

    Returns
    -------
    DataFrame
        See :func:`rairlib.pages.common.wording_and_consequence`.
    """
    return consequences.wording_and_consequence(STUDY, CONSEQUENCES)


def possible_area(registry: Registry, group: str) -> tuple[float, float]:
    """Bound the area of the continuous score in a comparison by its printed 2×2 table.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.
    group : str
        The comparison.

    Returns
    -------
    (float, float)
        See :func:`rairlib.reconstruct.two_by_two.area_range`.
    """
    return area_range(*_cells(registry, group))


def _cells(registry: Registry, group: str) -> list[int]:
    (rule,) = [rule for rule in printed_rules(registry) if rule.first.group == group]
    (cells,) = agreeing_tables(rule).tolist()
    return cells


def loss_of_the_prediction(registry: Registry) -> pd.Series:
    """Return the area that the yes-or-no prediction loses in validation, by the printed tables.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.

    Returns
    -------
    Series
        See :func:`rairlib.stats.roc.area_difference`: training less validation.
    """
    tables = [_cells(registry, f"{part} failure vs {part} success") for part in TANG2025_OPEN_SETS]
    return area_difference(
        *(np.repeat([[1, 1, 0, 0], [1, 0, 1, 0]], n, axis=1) for n in tables)
    ).iloc[0]
