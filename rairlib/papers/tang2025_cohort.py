"""The cohort of Tang et al. 2025 (Hunan): its columns, its checks, and what the paper derives."""

import numpy as np
import pandas as pd

from rairlib.cutoffs import dichotomise
from rairlib.errors import RairlibError

AGE_CUTOFF = 55
SETS = ("training", "validation")
KINDS = ("locoregional recurrence", "distant metastases", "biochemical incomplete response")
LEVELS = {
    "gender": ["male", "female"],
    **{
        name: ["yes", "no"]
        for name in (
            "thyroid_disease",
            "multifocality",
            "capsular_invasion",
            "ete",
            "cln_status",
            "lln_status",
        )
    },
}
GIVEN_LEVELS = {
    "cohort": list(SETS),
    "failure": ["yes", "no"],
    "failure_kind": ["", *KINDS],
    "concurrent_locoregional": ["", "yes", "no"],
    **LEVELS,
    "braf_tested": ["yes", "no"],
}
RANGES = {
    "age": (0, 120),
    "tumor_diameter": (0, 50),
    "lln_count": (0, 200),
    "lln_diameter": (0, 50),
    "rai_dose": (0, 1000),
    "time_to_rai": (0, 600),
    "tg_before": (0, np.inf),
    "tgab_before": (0, np.inf),
    # Patients followed for less were excluded.
    "follow_up": (6, 1200),
}
COUNTS = ("age", "lln_count")
COHORT_COLUMNS = ("patient", *GIVEN_LEVELS, *RANGES)


def check_cohort(cohort: pd.DataFrame) -> None:
    """Refuse a cohort on which the analysis cannot be run.

    Parameters
    ----------
    cohort : DataFrame
        One row per patient with the columns ``patient`` (unique), those of ``GIVEN_LEVELS`` with
        one of the levels listed there, and numbers: ``age`` (whole years), ``tumor_diameter`` and
        ``lln_diameter`` (cm; 0 without metastatic lateral node), ``lln_count`` (lateral node
        metastases), ``rai_dose`` (mCi), ``time_to_rai`` and ``follow_up`` (months, the latter at
        least 6), ``tg_before`` (ng/mL) and ``tgab_before`` (IU/mL). ``failure_kind`` is empty
        unless the treatment failed, ``concurrent_locoregional`` unless there are distant
        metastases. More columns are allowed.

    Raises
    ------
    RairlibError
        One line per fault.
    """
    checked(cohort)


def checked(cohort: pd.DataFrame) -> pd.DataFrame:
    """Check a cohort and add the age group.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`check_cohort`.

    Returns
    -------
    DataFrame
        A copy with texts as texts, numbers as numbers, and ``age_55`` (<55/≥55).

    Raises
    ------
    RairlibError
        As :func:`check_cohort` does.
    """
    absent = [column for column in COHORT_COLUMNS if column not in cohort.columns]
    if absent:
        raise RairlibError(f"cohort: no column {', '.join(absent)}")
    data = cohort.assign(**{name: cohort[name].fillna("").astype(str) for name in GIVEN_LEVELS})
    data = data.assign(**{name: pd.to_numeric(data[name], errors="coerce") for name in RANGES})
    faults = _value_faults(data)
    faults = faults or _contradictions(data)
    faults = faults or _empty_groups(data)
    if faults:
        raise RairlibError("\n".join(faults))
    data = data.astype(dict.fromkeys(COUNTS, int))
    return data.assign(age_55=dichotomise(data["age"], AGE_CUTOFF))


def _value_faults(data: pd.DataFrame) -> list[str]:
    repeated = data["patient"][data["patient"].duplicated()]
    faults = [f"cohort: patient {name} occurs more than once" for name in repeated.iloc[:1]]
    for column, allowed in GIVEN_LEVELS.items():
        told = f"{column} is not one of {', '.join(filter(None, allowed))}"
        faults += _fault(data, data[column].isin(allowed), told)
    for column, (low, high) in RANGES.items():
        whole = data[column] % 1 == 0 if column in COUNTS else True
        told = f"{column} is not a {'whole ' if column in COUNTS else ''}number"
        upper = f"to {high}" if np.isfinite(high) else "upwards"
        right = np.isfinite(data[column]) & data[column].between(low, high) & whole
        faults += _fault(data, right, f"{told} from {low} {upper}")
    return faults


def _fault(data: pd.DataFrame, right: pd.Series, told: str) -> list[str]:
    return [] if right.all() else [f"cohort: patient {data['patient'][~right].iloc[0]}: {told}"]


def _contradictions(data: pd.DataFrame) -> list[str]:
    """List the columns that do not go together, with the first patient in whom they do not."""
    positive, distant = data["lln_status"] == "yes", data["failure_kind"] == KINDS[1]
    rules = {
        "failure_kind must be given if failure is yes, and otherwise be empty": (
            (data["failure_kind"] != "") == (data["failure"] == "yes")
        ),
        "concurrent_locoregional must be given with distant metastases, and otherwise be empty": (
            (data["concurrent_locoregional"] != "") == distant
        ),
        "lln_count does not go with lln_status": (data["lln_count"] > 0) == positive,
        "lln_diameter does not go with lln_status": (data["lln_diameter"] > 0) == positive,
    }
    return [line for told, right in rules.items() for line in _fault(data, right, told)]


def _empty_groups(data: pd.DataFrame) -> list[str]:
    sizes = data.groupby(["cohort", "failure"]).size()
    return [
        f"cohort: no patient with cohort = {name} and failure = {failure}"
        for name in SETS
        for failure in ("yes", "no")
        if not sizes.get((name, failure), 0)
    ]


def one_set(data: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the patients of the training or of the validation set.

    Parameters
    ----------
    data : DataFrame
        With the column ``cohort``.
    name : str
        ``training`` or ``validation``.

    Returns
    -------
    DataFrame
        Those rows, with their index.
    """
    return data[data["cohort"] == name]
