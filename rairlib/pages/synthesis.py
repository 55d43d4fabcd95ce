"""The three papers and the real cohorts side by side, question by question."""

import numpy as np
import pandas as pd
from scipy.stats import norm

from rairlib.pages.common import with_limits
from rairlib.pages.real_patients import load_claims
from rairlib.registry.registry import load_registry
from rairlib.stats.meta_analysis import FEWEST, RandomEffects, random_effects

NAMES = {"lakhdar2024": "Rabat", "wang2025": "Qingdao", "tang2025": "Hunan"}
COHORTS = {"structural_incomplete": "UCI, response", "incomplete_response": "TCGA, response"}
# The contrast, and the claims on it: study, ratio in print, and whether the cohorts' estimates are
# taken from that claim. One estimate per body of patients; where two claims have the same contrast,
# the cohorts' is that with the cut-off of the TNM classification.
QUESTIONS = {
    "age from 54 or 55": [("lakhdar2024", "table2-01", False), ("wang2025", "table4-15", True)],
    "women against men": [("lakhdar2024", "table1-05", True), ("wang2025", "table4-20", False)],
    "metastasis, nodal\nor distant": [("lakhdar2024", "table2-09", True)],
    "lateral nodes (N1b)": [("wang2025", "table4-93", True)],
    "T4 against T1 to T3": [("wang2025", "table4-88", True)],
    "diameter from 29 mm": [("lakhdar2024", "table2-05", True)],
    "larger than 4 cm": [("wang2025", "table4-60", False)],
    "each positive node": [("tang2025", "results-predictors-16", True)],
}
# Printed the other way round: smaller against larger.
INVERTED = {"table4-60"}


def effects() -> pd.DataFrame:
    """Set every printed odds ratio of refractory disease beside the real cohorts' on one contrast.

    Returns
    -------
    DataFrame
        Columns ``term`` (the contrast), ``source`` (a paper, a cohort), ``estimate, low, high,
        adjusted_for``; as :func:`rairlib.figures.forest.draw_forest` takes it.
    """
    claims = {study: load_claims(study) for study in NAMES}
    rows = []
    for term, asked in QUESTIONS.items():
        for study, identifier, of_cohorts in asked:
            own = claims[study][claims[study]["id"] == identifier]
            own = own.drop_duplicates(["outcome"])
            rows.append((term, NAMES[study], *_printed(study, identifier, own), "as printed"))
            chosen = own[own["outcome"].isin(COHORTS)].dropna(subset="estimate")
            for row in chosen.itertuples() if of_cohorts else ():
                limits = (row.estimate, row.low, row.high)
                rows.append((term, COHORTS[row.outcome], *limits, row.adjusted_for))
    columns = ["term", "source", "estimate", "low", "high", "adjusted_for"]
    return pd.DataFrame(rows, columns=columns)


def _printed(study: str, identifier: str, claims: pd.DataFrame) -> tuple[float, float, float]:
    """Return ratio and limits as printed, or, if the cohorts' claim has them, as it takes them."""
    if len(claims):
        return tuple(claims.iloc[0][["printed", "printed_low", "printed_high"]].astype(float))
    registry = load_registry(study)
    ratio, low, high = (row.number.value for row in with_limits(registry, registry[identifier]))
    return (1 / ratio, 1 / high, 1 / low) if identifier in INVERTED else (ratio, low, high)


def summaries(rows: pd.DataFrame) -> dict[str, RandomEffects]:
    """Pool each contrast of which three or more bodies of patients have an estimate.

    Parameters
    ----------
    rows : DataFrame
        See :func:`effects`.

    Returns
    -------
    dict of str to RandomEffects
        By contrast, on the scale of log odds; the standard error of an estimate is taken from
        the width of its interval.
    """
    width = 2 * norm.ppf(0.975)
    pooled = {}
    for term, own in rows.groupby("term", sort=False):
        if len(own) >= FEWEST:
            errors = np.log(own["high"] / own["low"]) / width
            pooled[term] = random_effects(np.log(own["estimate"]), errors)
    return pooled


def with_summaries(rows: pd.DataFrame, pooled: dict[str, RandomEffects]) -> pd.DataFrame:
    """Add each summary, and where the ratio of a new study is expected, to the estimates."""
    lines = []
    for term, found in pooled.items():
        ends = {
            "summary": (found.low, found.high),
            "expected in a new study": (found.prediction_low, found.prediction_high),
        }
        for source, (low, high) in ends.items():
            middle, low, high = np.exp([found.estimate, low, high])
            lines.append((term, source, middle, low, high, ""))
    return pd.concat([rows, pd.DataFrame(lines, columns=rows.columns)], ignore_index=True)


def summary_table(pooled: dict[str, RandomEffects]) -> pd.DataFrame:
    """Return the summaries as odds ratios, one row per contrast.

    Parameters
    ----------
    pooled : dict of str to RandomEffects
        See :func:`summaries`.

    Returns
    -------
    DataFrame
        Columns ``estimates, odds ratio, 95 % interval, in a new study, between them`` (the share
        of variation that is between studies).
    """
    rows = {}
    for term, found in pooled.items():
        middle, low, high, first, last = np.exp(found[:5])
        rows[" ".join(term.split())] = {
            "estimates": found.studies,
            "odds ratio": f"{middle:.2g}",
            "95 % interval": f"{low:.2g} to {high:,.3g}",
            "in a new study": f"{first:.2g} to {last:,.3g}",
            "between them": f"{100 * found.i_squared:.0f} %",
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("contrast")
