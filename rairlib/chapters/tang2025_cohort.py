"""Hunan: frames for the page of the simulated cohort and its ensemble."""

import pandas as pd

from rairlib.description import summarise
from rairlib.simulation.tang2025_assumed import load_assumptions
from rairlib.studies import data_folder

STUDY = "tang2025"
POPULATION = {
    "share": ("patients with lateral nodes, share", "node status and count"),
    "mean": ("nodes beyond the first, mean", "node count"),
    "shape": ("nodes beyond the first, shape of the negative binomial", "node count"),
    "median": ("thyroglobulin, median (ng/mL)", "thyroglobulin"),
    "log_sd": ("thyroglobulin, SD of the logarithm", "thyroglobulin"),
}
SUMMARISED = {"lln_count": "lateral nodes", "tg_before": "thyroglobulin (ng/mL)"}
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
        As :mod:`rairlib.simulation.tang2025_ensemble` gives it.
    """
    path = data_folder() / "results" / f"{STUDY}_{name}.csv"
    return pd.read_csv(path, keep_default_na=False, na_values={"value": [""]}, encoding="utf-8")
