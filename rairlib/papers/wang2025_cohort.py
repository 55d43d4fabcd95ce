"""The cohort of Wang et al. 2025 (Qingdao): its columns, its checks, and what the paper derives."""

import numpy as np
import pandas as pd

from rairlib.cutoffs import dichotomise
from rairlib.errors import RairlibError

AGE_CUTOFF, SIZE_CUTOFF, RATIO_CUTOFF, LM_CUTOFF, PS_TG_CUTOFF = 55, 4, 50, 1, 528.5
TYPES = ("no avidity", "partial avidity", "avidity lost", "progression despite avidity")
BY_PROGRESSION = "progression despite avidity"
# What the lesions did over the courses, by type; type iv takes up iodine to the end, as RAIA does.
COURSES = {
    "": "avid at every course",
    "no avidity": "never",
    "partial avidity": "partial",
    "avidity lost": "lost",
    BY_PROGRESSION: "avid at every course",
}
STATUS = {True: "RAI-avid", False: "partial or no RAI-avid"}
LEVELS = {
    "age_55": ["<55", "≥55"],
    "gender": ["Male", "Female"],
    "histology": ["PTC", "FTC"],
    "multicentricity": ["Yes", "No"],
    "tumor_size_4": ["≤4", ">4"],
    "ete": ["Negative", "Positive"],
    "t_stage": ["T4", "T1/T2/T3"],
    "n_stage": ["N0-N1a", "N1b"],
    "lnm_ratio_50": ["<50", "≥50"],
    "lm_size_1": ["<1", "≥1"],
    "ps_tg_528": ["<528.5", "≥528.5"],
    "rai_avid_status": list(STATUS.values()),
}
GIVEN_LEVELS = {
    "rair": ["RAIA", "RAIR"],
    "rair_type": ["", *TYPES],
    **{name: LEVELS[name] for name in ("gender", "histology", "multicentricity", "ete")},
    "ptc_variant": [
        "",
        "follicular",
        "tall cell",
        "columnar cell",
        "diffuse sclerosing",
        "not described",
    ],
    "t_stage": LEVELS["t_stage"],
    "n_stage": LEVELS["n_stage"],
    "lnm": ["yes", "no"],
    "avidity": ["avid at every course", "never", "partial", "lost"],
    "evaluable": ["yes", "no"],
    "rai_avid_status": ["", *STATUS.values()],
    "response": ["", "CR", "non-CR/non-PD", "PD"],
    "progression": ["", "PD", "NPD"],
}
RANGES = {
    "age": (18, 120),
    "tumor_size": (0, 50),
    "lnm_ratio": (0, 100),
    "lm_size": (0, 50),
    "ps_tg": (0, np.inf),
    "rai_courses": (1, 50),
    "rai_activity": (0, np.inf),
    "follow_up": (0, 1200),
}
COHORT_COLUMNS = ("patient", *GIVEN_LEVELS, *RANGES, "pfs")


def check_cohort(cohort: pd.DataFrame) -> None:
    """Refuse a cohort on which the analysis cannot be run.

    Parameters
    ----------
    cohort : DataFrame
        One row per patient with the columns ``patient`` (unique), those of ``GIVEN_LEVELS`` with
        one of the levels listed there, and numbers: ``age`` (whole years), ``tumor_size`` and
        ``lm_size`` (largest lung metastasis, cm), ``lnm_ratio`` (%), ``ps_tg`` (ng/mL),
        ``rai_courses``, ``rai_activity`` (mCi), ``follow_up`` and ``pfs`` (months). Empty texts
        stand for what does not apply: ``rair_type`` of RAIA, ``ptc_variant`` of FTC, and
        ``rai_avid_status``, ``response``, ``progression`` and ``pfs`` of patients who are not
        evaluable. More columns are allowed.

    Raises
    ------
    RairlibError
        One line per fault.
    """
    _checked(cohort)


def _checked(cohort: pd.DataFrame) -> pd.DataFrame:
    """Return a usable cohort with texts as texts, what does not apply as empty ones."""
    absent = [column for column in COHORT_COLUMNS if column not in cohort.columns]
    if absent:
        raise RairlibError(f"cohort: no column {', '.join(absent)}")
    data = cohort.assign(**{name: cohort[name].fillna("").astype(str) for name in GIVEN_LEVELS})
    repeated = data["patient"][data["patient"].duplicated()]
    faults = [f"cohort: patient {name} occurs more than once" for name in repeated.iloc[:1]]
    for column, allowed in GIVEN_LEVELS.items():
        told = f"{column} is not one of {', '.join(filter(None, allowed))}"
        faults += _fault(data, data[column].isin(allowed), told)
    for column, (low, high) in RANGES.items():
        values = pd.to_numeric(data[column], errors="coerce")
        whole = values % 1 == 0 if column in ("age", "rai_courses") else True
        told = f"{column} is not a {'whole ' if whole is not True else ''}number"
        faults += _fault(data, values.between(low, high) & whole, f"{told} from {low} to {high}")
    faults = faults or _contradictions(data)
    faults += [
        f"cohort: no patient with {column} = {level}"
        for column, level in [("rair", "RAIA"), ("rair", "RAIR"), ("progression", "PD")]
        if not (data[column] == level).any()
    ]
    if faults:
        raise RairlibError("\n".join(faults))
    return data


def _fault(data: pd.DataFrame, right: pd.Series, told: str) -> list[str]:
    return [] if right.all() else [f"cohort: patient {data['patient'][~right].iloc[0]}: {told}"]


def _contradictions(data: pd.DataFrame) -> list[str]:
    """List the columns that do not go together, with the first patient in whom they do not."""
    refractory, assessed = data["rair"] == "RAIR", data["evaluable"] == "yes"
    progressed, fourth = data["progression"] == "PD", data["rair_type"] == BY_PROGRESSION
    given = data != ""
    applies = {
        "rair_type": (refractory, "rair is RAIR"),
        "ptc_variant": (data["histology"] == "PTC", "histology is PTC"),
        "rai_avid_status": (assessed, "evaluable is yes"),
        "response": (assessed, "evaluable is yes"),
        "progression": (assessed, "evaluable is yes"),
    }
    rules = {
        f"{column} must be given if {when}, and otherwise be empty": given[column] == applying
        for column, (applying, when) in applies.items()
    }
    months = pd.to_numeric(data["pfs"], errors="coerce")
    rules |= {
        "pfs must be a time if evaluable is yes, and otherwise be empty": months.ge(0) == assessed,
        "progression must be PD where the response is": progressed == (data["response"] == "PD"),
        "avidity does not go with rair_type": data["avidity"] == data["rair_type"].map(COURSES),
        # Criterion iv of refractory disease is progression itself.
        "progression makes the disease RAIR": refractory | ~progressed,
        f"{BY_PROGRESSION} needs progression": progressed | ~fourth,
    }
    return [line for told, right in rules.items() for line in _fault(data, right, told)]


def with_cutoffs(cohort: pd.DataFrame) -> pd.DataFrame:
    """Check a cohort and add the variables that the paper derives.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`check_cohort`.

    Returns
    -------
    DataFrame
        A copy with numbers as numbers, ``age_55``, ``tumor_size_4``, ``lnm_ratio_50``,
        ``lm_size_1``, ``ps_tg_528`` (levels as in ``LEVELS``) and ``curve`` (the type of
        refractory disease as Figure 5B draws it, partial and lost avidity joined; empty for
        RAIA).

    Raises
    ------
    RairlibError
        As :func:`check_cohort` does.
    """
    data = _checked(cohort)
    for name in (*RANGES, "pfs"):
        data[name] = pd.to_numeric(data[name], errors="coerce")
    joined = data["rair_type"].isin(["partial avidity", "avidity lost"])
    return data.assign(
        age=data["age"].astype(int),
        age_55=dichotomise(data["age"], AGE_CUTOFF),
        tumor_size_4=np.where(data["tumor_size"] > SIZE_CUTOFF, ">4", "≤4"),
        lnm_ratio_50=dichotomise(data["lnm_ratio"], RATIO_CUTOFF),
        lm_size_1=dichotomise(data["lm_size"], LM_CUTOFF),
        ps_tg_528=dichotomise(data["ps_tg"], PS_TG_CUTOFF),
        curve=data["rair_type"].mask(joined, "partial avidity or avidity lost"),
    )


def evaluable(cohort: pd.DataFrame) -> pd.DataFrame:
    """Return the patients whose response was assessed, with derived variables.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`check_cohort`.

    Returns
    -------
    DataFrame
        As :func:`with_cutoffs`, with ``progressed`` (true/false) beside ``pfs`` (months).

    Raises
    ------
    RairlibError
        As :func:`check_cohort` does.
    """
    data = with_cutoffs(cohort)
    assessed = data[data["evaluable"] == "yes"]
    return assessed.assign(progressed=assessed["progression"] == "PD")
