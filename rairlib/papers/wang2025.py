"""The analysis of Wang et al. 2025 (Qingdao), in the order of the paper.

Works on any cohort with the paper's variables: simulated, or a reader's own. The cohort's columns
are in :mod:`~rairlib.papers.wang2025_cohort`, refractory disease in
:mod:`~rairlib.papers.wang2025_refractory`, progression in
:mod:`~rairlib.papers.wang2025_progression`.
"""

import pandas as pd

from rairlib.papers.wang2025_cohort import (
    COHORT_COLUMNS,
    LEVELS,
    TYPES,
    check_cohort,
    evaluable,
    with_cutoffs,
)
from rairlib.papers.wang2025_progression import (
    TABLE_5_MODEL,
    figure_3,
    figure_4,
    figure_5,
    progression_rows,
    responses,
    table_5,
    table_5_counts,
)
from rairlib.papers.wang2025_refractory import (
    TABLE_4_MODELS,
    refractory_rows,
    table_3,
    table_4,
    table_4_ratios,
)

__all__ = [
    "COHORT_COLUMNS",
    "LEVELS",
    "TABLE_4_MODELS",
    "TABLE_5_MODEL",
    "TYPES",
    "analyse",
    "check_cohort",
    "evaluable",
    "figure_3",
    "figure_4",
    "figure_5",
    "responses",
    "table_3",
    "table_4",
    "table_4_ratios",
    "table_5",
    "table_5_counts",
    "with_cutoffs",
]


def analyse(cohort: pd.DataFrame) -> pd.DataFrame:
    """Run the paper's whole analysis.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`check_cohort`.

    Returns
    -------
    DataFrame
        Columns ``statistic, variable, level, group, method, value``: Tables 3 and 4, the
        responses, Figure 3, Table 5, Figures 4 and 5 in this order; percentages, rates and
        diagnostic measures in percent, times in months.

    Raises
    ------
    RairlibError
        If the cohort is not usable or a model has no finite estimates.
    """
    return pd.concat([refractory_rows(cohort), progression_rows(cohort)], ignore_index=True)
