"""Rabat: the odds ratio of oncocytic histology that no print determines, over all placements.

``python -m rairlib.chapters.oncocytic`` computes the kept file anew, in about two minutes.
"""

import numpy as np
import pandas as pd

from rairlib.joint_tables import OutcomeSplits
from rairlib.kept_files import data_folder, kept_file
from rairlib.output import as_file
from rairlib.placements import firth_of_placement, placements
from rairlib.reported import load_registry
from rairlib.simulation.lakhdar2024 import STUDY, read_anchors

COVARIATES = ("age_54", "diameter_29", "metastasis")
LEVEL = "oncocytic"
KEPT = f"{STUDY}_oncocytic.csv"


def oncocytic_over_placements() -> pd.DataFrame:
    """Fit the model with oncocytic histology to every placement of the three such patients.

    Returns
    -------
    DataFrame
        One row per placement: ``placement`` (oncocytic patients in each of the eight cells, in
        the order of the joint table), ``probability``, and ``estimate, low, high, p_value`` of
        the odds ratio by Firth's method.
    """
    anchors = read_anchors(load_registry(STUDY))
    patients = anchors.counts["RAIR", "histology", "OCA"]
    places, probability = placements(anchors.splits, patients)
    return pd.DataFrame(
        [
            {
                "placement": " ".join(map(str, place)),
                "probability": chance,
                **_odds_ratio(anchors.splits, place),
            }
            for place, chance in zip(places, probability, strict=True)
        ]
    )


def _odds_ratio(splits: OutcomeSplits, place: np.ndarray) -> dict[str, float]:
    estimates = firth_of_placement(splits, place, COVARIATES, LEVEL).set_index("term")
    return estimates.loc[LEVEL, ["estimate", "low", "high", "p_value"]].to_dict()


def load_oncocytic() -> pd.DataFrame:
    """Load the kept result of :func:`oncocytic_over_placements`."""
    return pd.read_csv(kept_file(f"results/{KEPT}"), encoding="utf-8")


def summarise_placements(table: pd.DataFrame) -> pd.DataFrame:
    """Say how far the odds ratio of oncocytic histology moves with the placement.

    Parameters
    ----------
    table : DataFrame
        See :func:`oncocytic_over_placements`.

    Returns
    -------
    DataFrame
        Rows ``odds ratio``, ``lower limit``, ``p value``; columns ``smallest``, ``2.5 %``,
        ``median``, ``97.5 %`` (weighted by probability) and ``largest``.
    """
    names = {"estimate": "odds ratio", "low": "lower limit", "p_value": "p value"}
    shares = {"2.5 %": 0.025, "median": 0.5, "97.5 %": 0.975}
    rows = {}
    for column, name in names.items():
        ordered = table.sort_values(column)
        below = ordered["probability"].cumsum() / ordered["probability"].sum()
        quantiles = {
            label: ordered[column].iloc[int(np.searchsorted(below, share))]
            for label, share in shares.items()
        }
        ends = ordered[column].iloc[[0, -1]]
        rows[name] = {"smallest": ends.iloc[0], **quantiles, "largest": ends.iloc[1]}
    return pd.DataFrame(rows).T


if __name__ == "__main__":
    (data_folder() / "results" / KEPT).write_text(
        as_file(oncocytic_over_placements()), encoding="utf-8"
    )
