"""How optimistic the development of Tang et al. 2025 is on a cohort: for the range over many."""

import numpy as np
import pandas as pd

from rairlib.papers.tang2025_cohort import checked, one_set
from rairlib.papers.tang2025_develop import develop, fit_printed_variables
from rairlib.papers.tang2025_model import OUTCOME
from rairlib.papers.tang2025_performance import THRESHOLD_RISK
from rairlib.resampling import bootstrap_rows
from rairlib.stability import stability_summary
from rairlib.validation import optimism, repeat_development

COLUMNS = ("topic", "quantity", "value", "reason")
STATISTICS = {
    "auc": "area",
    "calibration_slope": "calibration slope",
    "brier": "Brier score",
    "sensitivity": "sensitivity at the best threshold",
    "specificity": "specificity at the best threshold",
}
STABILITY = {
    "same_model": "share of resamples with the same variables",
    "mean_absolute_error": "mean shift of a risk",
    "median_width": "width of the central 95 % of a risk, median patient",
    "unstable_patients": "share of patients who change sides in a tenth of the resamples",
}
STEPS = {"whole development": develop, "fit alone": fit_printed_variables}


def development_optimism(
    cohort: pd.DataFrame, resamples: int = 50, *, rng: np.random.Generator
) -> pd.DataFrame:
    """Measure optimism and stability by bootstrap, with the selection inside and without it.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`rairlib.papers.tang2025_cohort.check_cohort`.
    resamples : int
        How many; 50 take about half a second.
    rng : numpy.random.Generator
        Source of the resamples.

    Returns
    -------
    DataFrame
        Columns ``topic, quantity, value, reason`` as for
        :func:`rairlib.papers.tang2025_unpublished.unpublished`: apparent value, optimism and
        corrected value of each measure, for the whole development and for the fit alone.

    Raises
    ------
    RairlibError
        If the cohort is not usable, or no model can be developed.
    """
    training = one_set(checked(cohort), "training")
    rows = bootstrap_rows(len(training), resamples, rng=rng)
    found = []
    for name, step in STEPS.items():
        repeated = repeat_development(training, OUTCOME, step, rows)
        table = optimism(repeated).set_index("statistic")
        found += [
            (f"optimism, {name}", f"{label}, {column}", table.loc[statistic, column], "")
            for statistic, label in STATISTICS.items()
            for column in ("apparent", "optimism", "corrected")
        ]
        summary = stability_summary(repeated, THRESHOLD_RISK).set_index("statistic")["estimate"]
        found += [
            (f"stability, {name}", label, summary[statistic], "")
            for statistic, label in STABILITY.items()
        ]
    return pd.DataFrame(found, columns=list(COLUMNS))
