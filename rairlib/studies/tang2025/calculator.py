"""Hunan: the printed equation as a nomogram, and what its calculator computes with."""

import json
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import norm

from rairlib.errors import RairlibError
from rairlib.reconstruct.printed_rules import agreeing_tables, printed_rules
from rairlib.registry.registry import Registry, ReportedNumber
from rairlib.stats.logistic import Z_95, from_triangles, risk_intervals
from rairlib.stats.nomogram import Nomogram, nomogram, nomogram_axes
from rairlib.studies.tang2025.ensemble import PREDICTORS, TRIANGLE
from rairlib.studies.tang2025.pages import load_result
from rairlib.studies.tang2025.print import set_name

SCORE = "logit_p"
# Below this number of patients as far out as the reader's values, the calculator warns.
FEW = 5
# Above these the calculator takes an entry for a slip: more nodes than a neck dissection finds
# with metastases, and a thyroglobulin in another unit.
MOST_PLAUSIBLE = {"lln_count": 150, "tg_before": 100_000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Calculator:
    """The printed model with what is assumed about its patients.

    Attributes
    ----------
    intercept : float
        As printed.
    coefficients : dict of str to float
        As printed, log odds per node and per ng/mL.
    threshold : float
        Printed threshold on the scale of log odds.
    scales : Nomogram
        Axes over the ranges of the simulated training patients.
    covariances : ndarray, shape (m, 6)
        Upper triangles of the coefficients' covariance in `m` simulated cohorts, intercept first.
    patients : DataFrame
        Columns ``lln_count, tg_before`` of the simulated training patients.
    """

    intercept: float
    coefficients: dict[str, float]
    threshold: float
    scales: Nomogram
    covariances: np.ndarray
    patients: pd.DataFrame


def one_row(registry: Registry, **where: str) -> ReportedNumber:
    """Return the only number that fits the description and repeats no other."""
    found = [row for row in registry.where(**where) if not row.repeats]
    if len(found) != 1:
        raise RairlibError(f"{registry.study}: {len(found)} numbers with {where}, one is needed")
    return found[0]


def kept_covariances() -> np.ndarray:
    """Return the covariance of the model's coefficients in the simulated cohorts of the ensemble.

    Returns
    -------
    ndarray, shape (m, 6)
        Upper triangles, intercept first.
    """
    return load_result("covariance")[list(TRIANGLE)].to_numpy()


def calculator(registry: Registry, cohort: pd.DataFrame, covariances: np.ndarray) -> Calculator:
    """Join the printed equation with the ranges of simulated training patients.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.
    cohort : DataFrame
        The kept simulated cohort.
    covariances : ndarray, shape (m, 6)
        See :func:`kept_covariances`.

    Returns
    -------
    Calculator
        Model, nomogram and assumptions.
    """
    intercept = one_row(registry, statistic="intercept").number.value
    coefficients = {
        name: one_row(registry, statistic="coefficient", variable=name).number.value
        for name in PREDICTORS
    }
    training = cohort.loc[cohort["cohort"] == "training", list(PREDICTORS)].astype(float)
    score = intercept + training @ pd.Series(coefficients)
    ranges = {name: (training[name].min(), training[name].max()) for name in PREDICTORS}
    return Calculator(
        intercept=intercept,
        coefficients=coefficients,
        threshold=one_row(registry, statistic="cutoff", variable=SCORE).number.value,
        scales=nomogram(intercept, coefficients, ranges, (score.min(), score.max())),
        covariances=np.asarray(covariances),
        patients=training.reset_index(drop=True),
    )


def estimates(model: Calculator, patients: pd.DataFrame) -> pd.DataFrame:
    """Return what the calculator shows for given patients.

    Parameters
    ----------
    model : Calculator
        See :func:`calculator`.
    patients : DataFrame
        Columns ``lln_count`` (nodes) and ``tg_before`` (ng/mL).

    Returns
    -------
    DataFrame
        The columns of :func:`rairlib.stats.logistic.risk_intervals`, ``logit``, ``points`` of each
        predictor (``points lln_count`` …), ``total points``, ``positive`` (at or above the
        threshold) and ``as far`` (simulated training patients with at least these values).
    """
    values = patients[list(PREDICTORS)].astype(float).reset_index(drop=True)
    design = np.column_stack([np.ones(len(values)), values])
    beta = [model.intercept, *(model.coefficients[name] for name in PREDICTORS)]
    found = risk_intervals(beta, design, from_triangles(model.covariances))
    found["logit"] = design @ beta
    for name in PREDICTORS:
        found[f"points {name}"] = model.scales.points(name, values[name])
    found["total points"] = model.scales.total_points(values)
    found["positive"] = found["logit"] >= model.threshold
    known = model.patients[list(PREDICTORS)].to_numpy()
    found["as far"] = [int((known >= row).all(axis=1).sum()) for row in values.to_numpy()]
    return found


def page_data(model: Calculator, tables: pd.DataFrame) -> dict:
    """Return everything that the calculator's script computes with.

    Parameters
    ----------
    model : Calculator
        See :func:`calculator`.
    tables : DataFrame
        The 2×2 tables of the threshold, one row per set; see
        :func:`rairlib.studies.tang2025.calculator.threshold_tables`.

    Returns
    -------
    dict
        Plain numbers, lists and texts, to be written as JSON.
    """
    scales = model.scales
    return {
        "intercept": model.intercept,
        "coefficients": model.coefficients,
        "threshold": model.threshold,
        "pointsPerLogit": float(scales.points_per_logit),
        "leastPoints": {name: float(scales.points(name, 0)) for name in PREDICTORS},
        "z": float(norm.ppf(0.975)),
        "covariances": model.covariances.tolist(),
        "patients": model.patients[list(PREDICTORS)].to_numpy().tolist(),
        "few": FEW,
        "most": MOST_PLAUSIBLE,
        "tables": {name: [int(count) for count in row.iloc[:4]] for name, row in tables.iterrows()},
    }


# --- Hunan: the calculator as a form; ``book/_static/calculator.js`` computes with its data ---


FIELDS = (
    (
        "lln_count",
        "Metastatic lateral neck lymph nodes",
        f"A whole number from 0 to {MOST_PLAUSIBLE['lln_count']}.",
        "numeric",
    ),
    (
        "tg_before",
        "Thyroglobulin before radioiodine, ng/mL",
        f"From 0 to {MOST_PLAUSIBLE['tg_before']}, with a decimal point or comma. A result below "
        "a limit, such as <0.04, counts as the limit. The paper's text gives neither unit nor TSH "
        "state; ng/mL is assumed.",
        "text",
    ),
)
FIELD = """<div class="calculator-field">
<label for="calculator-{name}">{label}</label>
<input id="calculator-{name}" name="{name}" type="text" inputmode="{mode}" autocomplete="off"
 spellcheck="false" aria-describedby="calculator-{name}-hint calculator-{name}-error">
<p id="calculator-{name}-hint" class="calculator-hint">{hint}</p>
<p id="calculator-{name}-error" class="calculator-error" hidden></p>
</div>"""
FORM = """<p class="calculator-without-script">The calculator needs the scripts of the built book.
The table of risks on this page needs none.</p>
<form class="calculator" aria-label="Risk of failure" novalidate hidden>
{fields}
<p class="calculator-purpose">For study and teaching. Not a medical device, not for decisions on
anybody's care.</p>
<button type="submit">Show the risk</button>
<div class="calculator-result" role="status"></div>
</form>
<script type="application/json" id="calculator-data">{data}</script>"""


class CalculatorForm:
    """The form as a notebook shows it; without the book's scripts it says where to look.

    Parameters
    ----------
    data : dict
        See :func:`rairlib.studies.tang2025.calculator.page_data`.
    """

    def __init__(self, data: dict) -> None:
        self.data = data

    def __repr__(self) -> str:
        return "Calculator; the table of risks on this page needs no script."

    def _repr_html_(self) -> str:
        """Return form and data; a ``</`` in the data would end their element."""
        fields = "\n".join(
            FIELD.format(name=name, label=escape(label), hint=escape(hint), mode=mode)
            for name, label, hint, mode in FIELDS
        )
        data = json.dumps(self.data, separators=(",", ":")).replace("</", "<\\/")
        return FORM.format(fields=fields, data=data)


# --- Hunan: tables and labels for the calculator's page ---------------------------------------


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
        See :func:`rairlib.studies.tang2025.calculator.calculator`.

    Returns
    -------
    DataFrame
        See :func:`rairlib.stats.nomogram.nomogram_axes`.
    """
    axes = nomogram_axes(model.scales, MARKED_RISKS)
    return axes[axes["position"] >= 0]


def risk_grid(model: Calculator) -> pd.DataFrame:
    """Return risks with their intervals over a grid, for readers without scripts.

    Parameters
    ----------
    model : Calculator
        See :func:`rairlib.studies.tang2025.calculator.calculator`.

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
        See :func:`rairlib.studies.tang2025.calculator.calculator`.
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
        See :func:`rairlib.studies.tang2025.calculator.calculator`.
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
