"""Hunan: what Tang et al. 2025 print of their patients and their model, beside a cohort.

The paper's tables were not available to us. The layouts here are our reading of what they hold:
their titles and footnotes are in the text, their rows are the variables of the methods section.
"""

import numpy as np
import pandas as pd

from rairlib.papers.tang2025_cohort import LEVELS
from rairlib.papers.tang2025_model import (
    CANDIDATES,
    TRAINING_OUTCOMES,
    usual_test,
)
from rairlib.reported import Registry
from rairlib.selection import Selection

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
        See :func:`rairlib.papers.tang2025.table_1`.
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
        See :func:`rairlib.papers.tang2025.analyse`.

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
        See :func:`rairlib.papers.tang2025.select`.

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
        See :func:`rairlib.papers.tang2025.select`.

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
        See :func:`rairlib.papers.tang2025_screening.developed_from_equation`.

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
