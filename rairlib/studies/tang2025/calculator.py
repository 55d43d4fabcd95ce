"""Hunan: the printed equation as a nomogram, and what its calculator computes with."""

import json
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd
from scipy.special import expit

from rairlib.errors import RairlibError
from rairlib.pages.common import load_result
from rairlib.pages.tables import MarkedUp
from rairlib.registry.registry import Registry, ReportedNumber
from rairlib.stats.logistic import Z_95, from_triangles, risk_intervals
from rairlib.stats.nomogram import Nomogram, nomogram
from rairlib.studies.tang2025.ensemble import TRIANGLE
from rairlib.studies.tang2025.unpublished import PREDICTORS

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
    return load_result("tang2025", "covariance")[list(TRIANGLE)].to_numpy()


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
        the page itself.

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
        "z": Z_95,
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


def calculator_form(data: dict) -> MarkedUp:
    """Return the form as a notebook shows it; without the book's scripts it says where to look.

    Parameters
    ----------
    data : dict
        See :func:`page_data`.

    Returns
    -------
    MarkedUp
        Form and data; a ``</`` in the data would end their element.
    """
    fields = "\n".join(
        FIELD.format(name=name, label=escape(label), hint=escape(hint), mode=mode)
        for name, label, hint, mode in FIELDS
    )
    plain = json.dumps(data, separators=(",", ":")).replace("</", "<\\/")
    text = "Calculator; the table of risks on this page needs no script."
    return MarkedUp(FORM.format(fields=fields, data=plain), text)


def threshold_mark(model: Calculator) -> tuple[float, str]:
    """Return the threshold in total points, and its label for the nomogram."""
    risk = float(expit(model.threshold))
    label = f"threshold {model.threshold:g}".replace("-", "−")
    return float(model.scales.total_of_risk(risk)), f"{label} (risk {risk:.3f})"
