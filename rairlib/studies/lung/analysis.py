"""The analyses that a vignette and a web book print about the NCCTG lung cancer records."""

import pandas as pd

from rairlib.stats.rows import COLUMNS, cox_rows, log_rank_parts, median_rows

SEX = {1: "male", 2: "female"}
# The covariate with missing values, by which the patients of each model are named.
MODELS = {
    "without missing weight loss": ("age", "sex", "wt_loss"),
    "without missing Karnofsky score": ("sex", "age", "ph_karno"),
}


def analyse(lung: pd.DataFrame, interval: str = "log") -> pd.DataFrame:
    """Run every analysis of both texts.

    Parameters
    ----------
    lung : DataFrame
        The records as lifelines ships them, one row per patient.
    interval : str
        Scale of the limits of medians, see :func:`rairlib.stats.survival.kaplan_meier`.

    Returns
    -------
    DataFrame
        Columns ``statistic, variable, level, group, method, value``.
    """
    patients = prepared(lung)
    rows = log_rank_parts(patients["time"], patients["death"], patients["sex"], "male vs female")
    for group, names in MODELS.items():
        complete = patients.dropna(subset=list(names))
        rows += [("count", names[-1], "missing", "all", "", len(patients) - len(complete))]
        rows += cox_rows(complete, "time", "death", coding(names), group)
    for (sex, ecog), part in patients.groupby(["sex", "ph.ecog"]):
        rows += median_rows(part["time"], part["death"], f"{sex}, ECOG {ecog:g}", interval)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def prepared(lung: pd.DataFrame) -> pd.DataFrame:
    """Return the records with sex in words and the paper's names."""
    names = {"status": "death", "ph.karno": "ph_karno", "wt.loss": "wt_loss"}
    return lung.rename(columns=names).assign(sex=lung["sex"].map(SEX))


def coding(names: tuple[str, ...]) -> dict[str, tuple[str, str] | None]:
    """Return how the covariates of a model enter it."""
    return {name: ("female", "male") if name == "sex" else None for name in names}
