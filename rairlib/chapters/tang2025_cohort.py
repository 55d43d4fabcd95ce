"""Hunan: frames for the page of the simulated cohort and its ensemble."""

import pandas as pd

from rairlib.description import summarise
from rairlib.kept_files import kept_file
from rairlib.papers import tang2025 as analysis
from rairlib.simulation.tang2025_assumed import load_assumptions

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
        As :mod:`rairlib.simulation.tang2025_ensemble` gives it.
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
