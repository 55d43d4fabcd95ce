"""TCGA-THCA: papillary carcinomas, from the clinical tables and the Pan-Cancer endpoints."""

import numpy as np
import pandas as pd

BARCODE = "bcr_patient_barcode"
DAYS_PER_MONTH = 30.4375
# From the best to the worst.
RESPONSES = ("CR", "PR", "SD", "PD")
RESPONSE_NAMES = {
    "Complete Response": "CR",
    "Partial Response": "PR",
    "Stable Disease": "SD",
    "Radiographic Progressive Disease": "PD",
}
# Less ablates nothing; such an entry may be in another unit.
LEAST_ACTIVITY = 20
YES_NO = {True: "yes", False: "no"}


def clean_tcga(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return one row per patient under the names and levels of this project.

    Parameters
    ----------
    tables : dict of str to DataFrame
        ``patient, radiation, follow_up_2, follow_up_4, event, event_2, event_4`` (Biotab, texts)
        and ``endpoints`` (Liu et al. 2018, Cell 173:400, all types of tumour).

    Returns
    -------
    DataFrame
        ``patient`` (running number; no barcode, date or site is kept), ``age`` (years), ``gender``,
        ``edition`` (of the AJCC), ``t_stage``, ``n_stage``, ``m1``, ``metastasis`` (nodal or
        distant), ``ete``, ``tumor_diameter`` (mm), ``positive_nodes`` (all, not lateral ones),
        ``rai_courses`` (given in mCi), ``rai_activity`` (mCi, all courses), ``response`` (worst
        of the courses' best), ``incomplete_response`` (not CR), ``new_tumor_event``, ``follow_up``
        (months), and ``os, dss, dfi, pfi`` (yes/no), each with its ``_months``. What is not
        recorded is missing.
    """
    # "[Not Available]", "[Unknown]", "[Discrepancy]" and the like say that nothing is recorded.
    known = {
        name: table.mask(table.apply(lambda texts: texts.str.startswith("[")))
        for name, table in tables.items()
        if name != "endpoints"
    }
    patients = known["patient"].set_index(BARCODE, verify_integrity=True)
    parts = [
        _staging(patients),
        _radioiodine(known["radiation"]),
        _follow_up(patients, known),
        _endpoints(tables["endpoints"]),
    ]
    whole = pd.concat([part.reindex(patients.index) for part in parts], axis=1)
    whole["rai_courses"] = whole["rai_courses"].fillna(0).astype(int)
    # The barcode leads to other tables, and its second part names the hospital.
    whole = whole.reset_index(drop=True)
    whole.insert(0, "patient", range(1, len(whole) + 1))
    return whole


def _staging(patients: pd.DataFrame) -> pd.DataFrame:
    t, n, m = (patients[f"ajcc_{name}"] for name in STAGES)
    edition = patients["ajcc_staging_edition"].str.extract(r"(\d)", expand=False)
    # Up to the 5th edition T4 was any growth beyond the capsule, and N1b meant other nodes.
    staged = edition.isin(["6", "7"])
    # The 7th edition abolished MX: a metastasis that nobody found is M0.
    m1 = (m == "M1").where(m.notna())
    # Node-positive is N1 in every edition; NX says nothing unless there is a distant one.
    nodal = n.str.startswith("N1").where(n.isin(["N0", "N1", "N1a", "N1b"]))
    metastasis = pd.Series(np.where(m == "M1", True, nodal), patients.index)
    sizes = ["tumor_size_width", "tumor_size_width.1", "tumor_size_width.2"]
    # Length, width and depth stand under one name; a tumour without extent was not measured.
    diameter = 10 * patients[sizes].apply(pd.to_numeric).max(axis=1)
    nodes = pd.to_numeric(patients["lymph_nodes_examined_he_count"])
    # No positive node in N1, or one in N0: one of the two entries is wrong, nobody knows which.
    contradicted = nodal.notna() & ((nodes > 0) != nodal.eq(True))
    return pd.DataFrame(
        {
            # Ages over 89 are one class, as the rules of de-identification ask.
            "age": pd.to_numeric(patients["age_at_diagnosis"]).clip(upper=90),
            "gender": patients["gender"].str.lower(),
            "edition": edition,
            "t_stage": t.str[:2]
            .map({"T1": "T1/T2/T3", "T2": "T1/T2/T3", "T3": "T1/T2/T3", "T4": "T4"})
            .where(staged),
            # N1 without a letter may be either.
            "n_stage": n.map({"N0": "N0-N1a", "N1a": "N0-N1a", "N1b": "N1b"}).where(staged),
            "m1": m1.map(YES_NO),
            "metastasis": metastasis.map(YES_NO),
            "ete": patients["extrathyroidal_extension"].map(EXTENSION),
            "tumor_diameter": diameter.where(diameter > 0),
            "positive_nodes": nodes.mask(contradicted),
        }
    )


STAGES = ("tumor_pathologic_pt", "nodes_pathologic_pn", "metastasis_pathologic_pm")
EXTENSION = {
    "None": "Negative",
    "Minimal (T3)": "Positive",
    "Moderate/Advanced (T4a)": "Positive",
    "Very Advanced (T4b)": "Positive",
}


def _radioiodine(radiation: pd.DataFrame) -> pd.DataFrame:
    # Activity is in mCi; what is in Gy or without a unit is, or may be, external radiation.
    courses = radiation[radiation["radiation_adjuvant_units"] == "mCi"]
    # A course entered twice, on two forms, has the same day and activity.
    same = [BARCODE, "radiation_therapy_started_days_to", "radiation_total_dose"]
    courses = courses[~(courses.duplicated(same) & courses[same[1]].notna())]
    activity = pd.to_numeric(courses["radiation_total_dose"])
    rank = courses["treatment_best_response"].map(RESPONSE_NAMES).map(RESPONSES.index, "ignore")
    by_patient = courses[BARCODE]
    # One course without effect makes the treatment incomplete: the worst of the courses counts.
    worst = rank.groupby(by_patient).max().map(lambda place: RESPONSES[int(place)], "ignore")
    return pd.DataFrame(
        {
            "rai_courses": courses.groupby(by_patient).size(),
            # The sum is known only if each course's is.
            "rai_activity": activity.where(activity >= LEAST_ACTIVITY)
            .groupby(by_patient)
            .sum(min_count=1)
            .where(~(activity < LEAST_ACTIVITY).groupby(by_patient).any()),
            "response": worst,
            "incomplete_response": (worst != "CR").where(worst.notna()).map(YES_NO),
        }
    )


def _follow_up(patients: pd.DataFrame, known: dict[str, pd.DataFrame]) -> pd.DataFrame:
    forms = [patients.reset_index(), known["follow_up_2"], known["follow_up_4"]]
    # A patient has up to several forms: the last contact, or death, is the latest of all.
    columns = [BARCODE, "last_contact_days_to", "death_days_to"]
    days = pd.concat([form[columns] for form in forms]).set_index(BARCODE)
    last = days.apply(pd.to_numeric).max(axis=1).groupby(level=0).max()
    # Version 2 has a row for each form and says whether there was an event; the others have a row
    # for each event.
    second = known["event_2"]
    events = pd.concat(
        [
            known["event"][BARCODE],
            known["event_4"][BARCODE],
            second.loc[second["new_tumor_event_dx_indicator"] == "YES", BARCODE],
        ]
    )
    found = pd.Series(patients.index.isin(events), patients.index)
    return pd.DataFrame({"new_tumor_event": found.map(YES_NO), "follow_up": last / DAYS_PER_MONTH})


def _endpoints(endpoints: pd.DataFrame) -> pd.DataFrame:
    thyroid = endpoints[endpoints["acronym"] == "THCA"].set_index(BARCODE, verify_integrity=True)
    found = {}
    for name in ("OS", "DSS", "DFI", "PFI"):
        found[name.lower()] = thyroid[name].map({1.0: "yes", 0.0: "no"})
        found[f"{name.lower()}_months"] = thyroid[f"{name}.time"] / DAYS_PER_MONTH
    return pd.DataFrame(found)
