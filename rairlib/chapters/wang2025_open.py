"""Qingdao: what hangs on the wording, and what the print of Wang et al. 2025 leaves open."""

import pandas as pd

from rairlib.chapters import consequences
from rairlib.compare import agreeing, match
from rairlib.kept_files import kept_file
from rairlib.papers import wang2025
from rairlib.reported import Registry
from rairlib.studies import load_witness

STUDY = "wang2025"
CONSEQUENCES = {
    "text-01": "nothing, unless a tumour measured exactly 4 cm",
    "text-02": "nothing, unless a largest lesion measured exactly 1 cm",
    "text-03": "the response class of a patient whose largest lesion measured exactly 1 cm",
    "text-04": "the class of at least three patients without progression; not who progressed",
    "text-05": "the direction: the ratio belongs to the lack of avidity",
    "text-06": "from which blood sample a reader takes the value to compare with the cut-off",
    "text-07": "a conclusion: no table tests the cut-off against refractory disease",
    "text-08": "nothing; read progression-free survival",
    "text-09": "to whom the results apply",
    "text-10": "how the univariable part of Table 4 is to be cited",
    "text-11": "nothing; the bracket splits all patients",
    "text-12": "who was left out, and so of whom Table 5 speaks",
    "text-13": "who is avid in Table 5",
    "text-14": "Table 5 and Figure 5A compare different groups",
    "text-15": "how much of Figure 5 is there by definition",
    "text-16": "the lesion size that eight patients without a visible lesion are given",
    "text-17": "who counts as the first type of refractory disease",
    "text-18": "how the models were chosen, and with it how far their p values can be trusted",
    "text-19": "Table 5 and Figure 5A compare different groups",
    "text-20": "what the ROC curve measures: it ignores how long a patient was followed",
    "text-21": "who was left out, and so how many RAIR patients Table 5 calls avid",
    "text-22": "nothing in the results; do not cite the two rates as this study's",
}


def wording_and_consequence() -> pd.DataFrame:
    """Set each finding on the wording beside what hangs on it.

    Returns
    -------
    DataFrame
        See :func:`rairlib.chapters.consequences.wording_and_consequence`.
    """
    return consequences.wording_and_consequence(STUDY, CONSEQUENCES)


# Hazard ratios of partial or no avidity, or of refractory disease, under other definitions.
OTHER_DEFINITIONS = {
    ("landmark at 12 months", "hazard ratio, avidity"): "avidity,\nfrom 12 months",
    ("landmark at 24 months", "hazard ratio, avidity"): "avidity,\nfrom 24 months",
    ("landmark at 36 months", "hazard ratio, avidity"): "avidity,\nfrom 36 months",
    (
        "status that begins",
        "hazard ratio, refractory status, courses 6 months apart",
    ): "RAIR, when lost\n(6 months)",
    (
        "status that begins",
        "hazard ratio, refractory status, courses 12 months apart",
    ): "RAIR, when lost\n(12 months)",
}
# Odds ratios of refractory disease that the discussion speaks of and no table has.
THYROGLOBULIN = {
    ("refractory disease", "odds ratio, ps-Tg ≥528.5"): "≥528.5, crude",
    (
        "refractory disease",
        "odds ratio, ps-Tg ≥528.5, adjusted for age and T stage",
    ): "≥528.5, adjusted",
    ("refractory disease", "odds ratio, tenfold ps-Tg"): "tenfold, crude",
    (
        "refractory disease",
        "odds ratio, tenfold ps-Tg, adjusted for age and T stage",
    ): "tenfold, adjusted",
}


def load_unpublished() -> pd.DataFrame:
    """Load what the cohorts of the ensemble say about numbers that the paper does not print.

    Returns
    -------
    DataFrame
        Columns ``cohort, quantity, value``; NaN where a cohort has no finite value.
    """
    path = kept_file(f"results/{STUDY}_unpublished.csv")
    return pd.read_csv(path, encoding="utf-8")


def kept_value(registry: Registry, identifier: str) -> float:
    """Return what the kept cohort has for a number of the registry."""
    kept = match(registry, wang2025.analyse(load_witness(STUDY)))
    return agreeing(registry[identifier], kept[identifier])[1]


def load_orders() -> pd.DataFrame:
    """Load the searches for an order in time with and without Figure 5B's statistic.

    Returns
    -------
    DataFrame
        See :func:`rairlib.cohorts.order_trials.order_trials`.
    """
    return pd.read_csv(kept_file(f"results/{STUDY}_orders.csv"), encoding="utf-8")


def orders_table() -> pd.DataFrame:
    """Set the searches that were told Figure 5B's statistic beside those that were not.

    Returns
    -------
    DataFrame
        By whether it was told: its value (5B), the end of the curve of all in percent, and how
        many other numbers on the order in time were met, each from smallest to largest.
    """
    trials = load_orders()
    names = {"told": "told 5B", "value": "5B", "end": "curve ends at, %"}
    names["met"] = f"others met, of {trials['of'].iloc[0]}"
    groups = trials.rename(columns=names).drop(columns=["seed", "of"]).groupby("told 5B")
    low, high = groups.min().round(1), groups.max().round(1)
    table = low.astype(str) + " to " + high.astype(str)
    return table.assign(searches=groups.size()).sort_index(ascending=False)


def ensemble_accuracy(registry: Registry) -> pd.DataFrame:
    """Say how near the ensemble's cohorts come to the hazard ratios that they were searched for.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.

    Returns
    -------
    DataFrame
        One row per model, ``univariable`` and ``multivariable``; columns ``hazard ratios``,
        ``median, %``, ``95 %, %`` and ``largest, %``: absolute distances from the print.
    """
    kept = pd.read_csv(kept_file(f"results/{STUDY}_accuracy.csv"), encoding="utf-8")
    return far_from_print(registry, kept)


def far_from_print(registry: Registry, found: pd.DataFrame) -> pd.DataFrame:
    """Say how far the hazard ratios of cohorts (``variable, method, value``) are from the print."""
    printed = {
        (row.variable, row.method): row.number.value
        for row in registry.where("hazard_ratio", repeats="")
    }
    target = [printed[key] for key in zip(found["variable"], found["method"], strict=True)]
    far = (100 * (found["value"] / target - 1)).abs().groupby(found["method"], sort=False)
    return pd.DataFrame(
        {
            "hazard ratios": far.size(),
            "median, %": far.median(),
            "95 %, %": far.quantile(0.95),
            "largest, %": far.max(),
        }
    ).rename_axis("model")
