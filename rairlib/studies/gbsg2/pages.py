"""Exercises of the chapter on breast cancer and glioma."""

import pandas as pd

from rairlib.cohorts.public import load_records
from rairlib.pages.exercises import Exercise, exercise
from rairlib.stats.cox import cox
from rairlib.studies.gbsg2.analysis import COVARIATES, prepared

EXERCISES: dict[str, Exercise] = {}


def _estimate(term: str, statistic: str, women: pd.DataFrame, left_out: str = "", ties="efron"):
    covariates = {name: coding for name, coding in COVARIATES.items() if name != left_out}
    fit = cox(women, "time", "recurrence_or_death", covariates, ties).set_index("term")
    return float(fit.loc[fit["statistic"] == statistic, "estimate"][term])


def _women() -> pd.DataFrame:
    return prepared(load_records("gbsg2")["gbsg2"])


@exercise(EXERCISES, "gbsg2: ten nodes", 0.005)
def _ten_nodes() -> float:
    """Ratios multiply: one node more, ten times."""
    return _estimate("pnodes", "hazard_ratio", _women()) ** 10


@exercise(EXERCISES, "gbsg2: another rule for ties", 5e-7)
def _ties() -> float:
    """Leave out the argument ties: Breslow's rule is what the library takes then."""
    return _estimate("horTh: yes vs no", "coefficient", _women(), ties="breslow")


@exercise(EXERCISES, "gbsg2: the older women", 0.005)
def _older() -> float:
    """Select on menostat, and leave menostat out of the covariates."""
    women = _women()
    older = women[women["menostat"] == "Post"]
    return _estimate("horTh: yes vs no", "hazard_ratio", older, left_out="menostat")
