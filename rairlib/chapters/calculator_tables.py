"""Hunan: tables and labels for the calculator's page."""

import numpy as np
import pandas as pd
from scipy.special import expit

from rairlib.chapters.calculator import PREDICTORS, Calculator, estimates, one_row
from rairlib.chapters.hunan_print import set_name
from rairlib.errors import RairlibError
from rairlib.nomogram import nomogram_axes
from rairlib.printed_tables import agreeing_tables, printed_rules
from rairlib.regression import Z_95
from rairlib.reported import Registry
from rairlib.risk_interval import from_triangles

FIGURES = ("sensitivity", "specificity", "ppv", "npv", "accuracy")
COUNTS = ("failures found", "failures missed", "false alarms", "rightly negative")
GRID_NODES, GRID_TG = (0, 1, 2, 5, 10), (0, 1, 2, 5, 10, 20, 50)
AXIS_LABELS = {
    "points": "Points",
    "lln_count": "Lateral node metastases",
    "tg_before": "Tg before therapy, ng/mL (assumed)",
    "total points": "Total points",
    "risk": "Risk of failure",
}
# Risks on the axis of Figure 1; the paper's own are not known.
MARKED_RISKS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)


def figure_axes(model: Calculator) -> pd.DataFrame:
    """Return the axes of Figure 1 as far as points reach them, which start at 0.

    Parameters
    ----------
    model : Calculator
        See :func:`rairlib.chapters.calculator.calculator`.

    Returns
    -------
    DataFrame
        See :func:`rairlib.nomogram.nomogram_axes`.
    """
    axes = nomogram_axes(model.scales, MARKED_RISKS)
    return axes[axes["position"] >= 0]


def risk_grid(model: Calculator) -> pd.DataFrame:
    """Return risks with their intervals over a grid, for readers without scripts.

    Parameters
    ----------
    model : Calculator
        See :func:`rairlib.chapters.calculator.calculator`.

    Returns
    -------
    DataFrame
        One row per thyroglobulin, one column per number of nodes; risk and limits in percent.
    """
    index = pd.MultiIndex.from_product([GRID_TG, GRID_NODES], names=PREDICTORS[::-1])
    found = estimates(model, index.to_frame(index=False))
    cells = [
        f"{_percent(row.risk)} ({_percent(row.low)}–{_percent(row.high)})"
        for row in found.itertuples()
    ]
    columns = [f"{nodes} node{'' if nodes == 1 else 's'}" for nodes in GRID_NODES]
    square = np.reshape(cells, (len(GRID_TG), len(GRID_NODES)))
    return pd.DataFrame(square, index=GRID_TG, columns=columns).rename_axis(columns="Tg, ng/mL")


def _percent(risk: float) -> str:
    if 0.01 <= risk <= 0.99:
        return f"{100 * risk:.0f}"
    return "<1" if risk < 0.01 else "99+"


def rounding_reach(model: Calculator, registry: Registry) -> float:
    """Return how far the rounding of the printed equation can move a risk.

    Parameters
    ----------
    model : Calculator
        See :func:`rairlib.chapters.calculator.calculator`.
    registry : Registry
        The Hunan registry.

    Returns
    -------
    float
        Largest shift (0 to 1) of the risk of a simulated training patient.
    """
    rows = [one_row(registry, statistic="intercept")]
    rows += [one_row(registry, statistic="coefficient", variable=name) for name in PREDICTORS]
    design = np.column_stack([np.ones(len(model.patients)), model.patients[list(PREDICTORS)]])
    # Both predictors are 0 or more, so all three ends together move a risk furthest.
    ends = (
        expit(design @ [getattr(row.number, end) for row in rows])
        for end in ("low", "value", "high")
    )
    low, risk, high = ends
    return float(max((risk - low).max(), (high - risk).max()))


def threshold_tables(registry: Registry) -> pd.DataFrame:
    """Return the 2×2 tables of the printed threshold, which the printed percentages determine.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.

    Returns
    -------
    DataFrame
        One row per set; columns ``failures found, failures missed, false alarms, rightly
        negative`` and the five figures in percent as printed.

    Raises
    ------
    RairlibError
        If the print does not leave exactly one table.
    """
    rows = {}
    for rule in printed_rules(registry):
        tables = agreeing_tables(rule)
        name = set_name(rule.first.group)
        if len(tables) != 1:
            raise RairlibError(f"{name}: {len(tables)} tables have the printed figures")
        printed = {figure.row.statistic: f"{figure.row.printed} %" for figure in rule.figures}
        rows[name] = [*tables[0].tolist(), *(printed[figure] for figure in FIGURES)]
    labels = [*COUNTS, *FIGURES[:2], "PPV", "NPV", FIGURES[-1]]
    return pd.DataFrame.from_dict(rows, orient="index", columns=labels).rename_axis("set")


def standard_errors(model: Calculator, registry: Registry) -> pd.DataFrame:
    """Set standard errors that the printed limits give beside those of the simulated cohorts.

    Parameters
    ----------
    model : Calculator
        See :func:`rairlib.chapters.calculator.calculator`.
    registry : Registry
        The Hunan registry.

    Returns
    -------
    DataFrame
        Columns ``from the print, in the simulated cohorts`` (least to most), indexed by what it
        is: standard errors of the three coefficients, and their three correlations.
    """
    matrices = from_triangles(model.covariances)
    errors = np.sqrt(np.diagonal(matrices, axis1=1, axis2=2))
    names = ("intercept", "nodes", "Tg")
    rows = {
        f"standard error, {name}": (_printed_error(registry, term), errors[:, place])
        for place, (name, term) in enumerate(zip(names, ("", *PREDICTORS), strict=True))
    }
    for one, other in ((0, 1), (0, 2), (1, 2)):
        values = matrices[:, one, other] / (errors[:, one] * errors[:, other])
        rows[f"correlation, {names[one]} and {names[other]}"] = ("not printed", values)
    return pd.DataFrame(
        {name: (printed, _span(values)) for name, (printed, values) in rows.items()},
        index=["from the print", "in the simulated cohorts"],
    ).T


def _printed_error(registry: Registry, variable: str) -> str:
    if not variable:
        return "not printed"
    low, high = (
        one_row(registry, statistic=end, variable=variable, method="wald exp").number
        for end in ("ci_low", "ci_high")
    )
    ratios = np.array([high.low / low.high, high.high / low.low])
    return _span(np.log(ratios) / (2 * Z_95))


def _span(values: np.ndarray) -> str:
    ends = [f"{end:.4f}".replace("-", "−") for end in (values.min(), values.max())]
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def threshold_mark(model: Calculator) -> tuple[float, str]:
    """Return the threshold in total points, and its label for the nomogram."""
    risk = float(expit(model.threshold))
    label = f"threshold {model.threshold:g}".replace("-", "−")
    return float(model.scales.total_of_risk(risk)), f"{label} (risk {risk:.3f})"
