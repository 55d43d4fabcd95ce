"""The analyses of the chapter on survival in HSAUR3, on the two trials' own records."""

import numpy as np
import pandas as pd

from rairlib.stats.rows import COLUMNS, cox_rows, log_rank_parts

ARMS = {"RIT": "radioimmunotherapy", "Control": "control"}
GRADES = ["I", "II", "III"]
# Orthogonal polynomials over three grades, as R codes an ordered factor.
LINEAR = np.array([-1, 0, 1]) / np.sqrt(2)
QUADRATIC = np.array([1, -2, 1]) / np.sqrt(6)
COVARIATES = {
    "horTh": ("yes", "no"),
    "age": None,
    "menostat": ("Post", "Pre"),
    "tsize": None,
    "tgrade_linear": None,
    "tgrade_quadratic": None,
    "pnodes": None,
    "progrec": None,
    "estrec": None,
}


def analyse(gbsg2: pd.DataFrame, glioma: pd.DataFrame, ties: str = "efron") -> pd.DataFrame:
    """Run every analysis of the chapter.

    Parameters
    ----------
    gbsg2, glioma : DataFrame
        The records as lifelines ships them, one row per patient.
    ties : str
        How tied times are handled, see :func:`rairlib.stats.cox.cox`.

    Returns
    -------
    DataFrame
        Columns ``statistic, variable, level, group, method, value``.
    """
    women = prepared(gbsg2)
    rows = cox_rows(women, "time", "recurrence_or_death", COVARIATES, "all", ties)
    arm, death = glioma["group"].map(ARMS), glioma["event"].rename("death")
    rows += log_rank_parts(glioma["time"], death, arm, "radioimmunotherapy vs control")
    return pd.DataFrame(rows, columns=list(COLUMNS))


def prepared(gbsg2: pd.DataFrame) -> pd.DataFrame:
    """Return the records with the tumour grade in orthogonal polynomials."""
    grade = gbsg2["tgrade"].map(GRADES.index).to_numpy()
    return gbsg2.rename(columns={"cens": "recurrence_or_death"}).assign(
        tgrade_linear=LINEAR[grade], tgrade_quadratic=QUADRATIC[grade]
    )
