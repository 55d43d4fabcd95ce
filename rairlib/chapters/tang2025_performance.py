"""Hunan: how well the model does on a cohort, as frames for the page of performance."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from rairlib.calibration import calibration_estimates
from rairlib.chapters.tang2025 import LABELS
from rairlib.decision import decision_curve
from rairlib.figures.style import listed
from rairlib.sample_size import (
    cox_snell_from_auc,
    development_sample_size,
    validation_sample_size,
)

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
        Some rows of :func:`rairlib.papers.tang2025.scored`.

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
        Patients by set, rows of :func:`rairlib.papers.tang2025.scored`.

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
        See :func:`rairlib.decision.decision_intervals`.

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
        See :func:`rairlib.validation.optimism`.

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
        See :func:`rairlib.stability.stability_summary`.

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
        See :func:`rairlib.stability.model_frequencies`.

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
    for name, area in areas.items():
        explained = cox_snell_from_auc(area, prevalence)
        table = development_sample_size(prevalence, parameters, explained)
        columns[name] = table.set_index("criterion")["n"].rename(index=CRITERIA)
    return pd.DataFrame(columns)


def sizes_to_validate(part: pd.DataFrame, area: float) -> pd.DataFrame:
    """Return how many patients a precise validation would need.

    Parameters
    ----------
    part : DataFrame
        Patients like those of the validation, rows of :func:`rairlib.papers.tang2025.scored`.
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
