"""The analysis of Tang et al. 2025 (Hunan), in the order of the paper.

Works on any cohort with the paper's variables: simulated, or a reader's own. The cohort's columns
are in :mod:`~rairlib.papers.tang2025_cohort`, the building of the model in
:mod:`~rairlib.papers.tang2025_model`, its performance in
:mod:`~rairlib.papers.tang2025_performance`, and the same building as a step that a bootstrap can
repeat in :mod:`~rairlib.papers.tang2025_develop`.
"""

import pandas as pd

from rairlib.papers.clinical_rows import level_rows
from rairlib.papers.rows import COLUMNS, Rows
from rairlib.papers.tang2025_cohort import (
    COHORT_COLUMNS,
    KINDS,
    LEVELS,
    SETS,
    check_cohort,
    checked,
    one_set,
)
from rairlib.papers.tang2025_model import (
    CANDIDATES,
    OUTCOMES,
    equation,
    left_out,
    linear_predictor,
    select,
    table_1,
    table_2,
    table_3,
)
from rairlib.papers.tang2025_performance import (
    SUBGROUPS,
    THRESHOLD,
    THRESHOLD_RISK,
    VERSUS,
    area,
    classified,
    groups_of,
    performance_rows,
    scored,
)

__all__ = [
    "CANDIDATES",
    "COHORT_COLUMNS",
    "LEVELS",
    "SUBGROUPS",
    "THRESHOLD",
    "THRESHOLD_RISK",
    "VERSUS",
    "analyse",
    "area",
    "check_cohort",
    "checked",
    "classified",
    "equation",
    "groups_of",
    "left_out",
    "linear_predictor",
    "one_set",
    "scored",
    "select",
    "table_1",
    "table_2",
    "table_3",
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
        Columns ``statistic, variable, level, group, method, value``: patients and outcomes,
        Tables 1 to 3, then the model's performance; percentages and diagnostic measures in
        percent, times in months.

    Raises
    ------
    RairlibError
        If the cohort is not usable, or the paper's procedure selects no model.
    """
    selection = select(cohort)
    tables = [table_1(cohort), table_2(cohort), table_3(selection)]
    performance = performance_rows(scored(cohort, equation(selection)))
    patients = pd.DataFrame(_patient_rows(checked(cohort)), columns=list(COLUMNS))
    return pd.concat([patients, *tables, performance], ignore_index=True)


def _patient_rows(data: pd.DataFrame) -> Rows:
    """Return the sizes of groups, the follow-up of both sets, the outcomes and BRAF tests."""
    outcome = data["failure"].map(dict(zip(("yes", "no"), OUTCOMES, strict=True)))
    sizes = {"all": len(data), **data["cohort"].value_counts(), **outcome.value_counts()}
    sizes |= (data["cohort"] + " " + outcome).value_counts()
    rows = [("n", "", "", group, "", size) for group, size in sizes.items()]
    for name in SETS:
        months = one_set(data, name)["follow_up"]
        rows += [
            ("mean", "follow_up", "", name, "", months.mean()),
            ("sd", "follow_up", "", name, "", months.std()),
        ]
    failed = data[outcome == "failure"]
    rows += level_rows(failed["failure_kind"], KINDS, "failure")
    rows += level_rows(failed["concurrent_locoregional"], ("yes",), "failure")
    for group, part in {"all": data, **dict(list(data.groupby(outcome)))}.items():
        rows += level_rows(part["braf_tested"], ("yes",), group)
    return rows
