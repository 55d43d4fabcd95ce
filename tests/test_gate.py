"""The de-identification gate: each class by name and by content, false alarms, groups, canaries.

Every identifier here is made up.
"""

import os
import uuid
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rairlib.cohorts import gate as g
from rairlib.cohorts.gate import gate
from rairlib.cohorts.public import COHORTS, FOLDER, load_public, public_cohort
from rairlib.errors import RairlibError
from rairlib.registry.studies import load_witness

N = 60


def patients() -> pd.DataFrame:
    """Return a harmless cohort."""
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "patient": [f"SIM-{number:03d}" for number in range(1, N + 1)],
            "age": rng.integers(18, 85, N),
            "sex": rng.choice(["female", "male"], N),
            "histology": rng.choice(["PTC", "FTC", "oncocytic carcinoma, widely invasive"], N),
            "diameter_mm": rng.integers(3, 80, N),
            "tg": rng.lognormal(3, 2, N).round(2),
            "nodes": [f"{found}/{found + 5}" for found in rng.integers(0, 9, N)],
            "rai_mci": rng.choice([100, 150, 200], N),
            "year": rng.integers(2008, 2024, N),
            "months": rng.exponential(40, N).round(1),
            "days": rng.integers(30, 4000, N),
            "stage": rng.choice(["T1/T2/T3", "T4"], N),
            "recurred": rng.choice(["yes", "no"], N),
        }
    )


def kinds(frame: pd.DataFrame, column: str, **options) -> list[str]:
    return [found.kind for found in gate(frame, **options).findings if found.column == column]


def with_column(name: str, values) -> pd.DataFrame:
    return patients().assign(**{name: values})


def some(value, others="none") -> list:
    """Return a column in which three rows hold a value."""
    return [value if row in (7, 8, 30) else others for row in range(N)]


def test_harmless_cohort_passes():
    report = gate(patients(), {"age": [40, 60], "sex": None}, ["recurred"], k=3, ids=["patient"])
    assert report.findings == ()
    assert report.passed
    report.require_passed()


BY_NAME = {
    g.NAMES: ("patient_name", "Surname", "Vorname", "nom_patient", "xingming", "First Name"),
    g.PLACES: ("zip_code", "PLZ", "homeAddress", "ville", "dizhi", "City"),
    g.DATES: ("dob", "DateOfBirth", "Geburtsdatum", "date_rai", "birth_days_to"),
    g.PHONE: ("phone", "mobile_no", "Telefon", "shouji"),
    g.FAX: ("fax", "Telefax"),
    g.EMAIL: ("E-Mail", "courriel"),
    g.NATIONAL: ("SSN", "national_id", "passport_no", "CIN", "shenfenzheng"),
    g.RECORD: ("MRN", "medical_record_number", "Fallnummer", "zhuyuanhao", "hospital_no"),
    g.PLAN: ("insurance_number", "policy_number", "Versichertennummer"),
    g.ACCOUNT: ("account_number", "IBAN"),
    g.LICENCE: ("driver_licence", "license_number"),
    g.VEHICLE: ("licence_plate", "VIN", "Kennzeichen"),
    g.DEVICE: ("device_id", "serial_number"),
    g.URL: ("website", "url"),
    g.IP: ("ip_address", "IP"),
    g.BIOMETRIC: ("fingerprint", "iris_scan"),
    g.PHOTO: ("photo", "portrait_file"),
    g.TEXT: ("comments", "Bemerkungen", "notes"),
}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, names in BY_NAME.items() for name in names]
)
def test_each_class_is_known_by_the_name_of_its_column(kind, name):
    # Two levels that tell nothing by themselves.
    assert kinds(with_column(name, some("q", "w")), name) == [kind]


BY_CONTENT = {
    g.NAMES: (some("Dr. Weber"), some("seen by Mme Dupont")),
    g.PLACES: (some("SW1A 1AA"), some("12345-6789"), some("12 rue Mozart"), some("Hauptstraße 5")),
    g.DATES: (
        *(some("2019-05-03"), some("03.05.2019"), some("5/3/19"), some("3 May 2019")),
        *(some("2019-05"), some("05/2019"), some("March 2019"), some("12. März 2019")),
        *(some("2019年5月3日"), some("20190503"), some("2019-05-03 10:30:00")),
        *(pd.date_range("2019-01-01", periods=N), np.arange(N) + 43000, [20190503] * N),
        [pd.Timestamp("2019-05-03").date()] * N,
    ),
    g.PHONE: (some("+49 30 901820"), some("(212) 555-0187"), some("06 12 34 56 78")),
    g.EMAIL: (some("a.b@example.org"),),
    g.NATIONAL: (some("078-05-1120"), some("11010519491231002X")),
    g.RECORD: (np.arange(N) * 7 + 1234567, some("4401234567"), some(4401234567.0, 1.0)),
    g.ACCOUNT: (some("DE89 3704 0044 0532 0130 00"),),
    g.VEHICLE: (some("1HGCM82633A004352"),),
    g.DEVICE: (some(str(uuid.UUID(int=7))), some("00:1B:44:11:3A:B7")),
    g.URL: (some("https://example.org/p/7"), some("www.example.org")),
    g.IP: (some("192.168.17.5"), some("2001:db8:85a3:0:0:8a2e:370:7334")),
    g.BIOMETRIC: (some("ACGTTGCAACGTTGCAACGTTGCA"),),
    g.PHOTO: (some("scan_07.jpg"), some("img.dcm")),
    g.CODE: ([f"{'ABCDEFGHIJ'[row % 10]}{row * 37 % 97:02d}K{row:03d}" for row in range(N)],),
    g.TEXT: (
        some("discussed with the sister of the patient")[:8] + ["none"] * (N - 8),
        [f"{'abcdefghij'[row // 10]}{'klmnopqrst'[row % 10]}oud" for row in range(N)],
    ),
}


@pytest.mark.parametrize(
    ("kind", "values"), [(kind, values) for kind, given in BY_CONTENT.items() for values in given]
)
def test_each_class_is_known_by_what_stands_in_a_column(kind, values):
    assert kinds(with_column("x", values), "x") == [kind]


def test_number_of_rows_is_told():
    (found,) = gate(with_column("x", some("a.b@example.org"))).findings
    assert (found.column, found.kind, found.rows) == ("x", g.EMAIL, 3)


@pytest.mark.parametrize(
    ("name", "values", "found"),
    [
        ("age", [91, 95] + [50] * (N - 2), [g.AGES]),
        ("age", ["91"] + ["50"] * (N - 1), [g.AGES]),
        ("alter", ["92 Jahre"] + ["50 Jahre"] * (N - 1), [g.AGES]),
        ("age_at_diagnosis", [90, 90] + [50] * (N - 2), []),
        ("age", ["90+"] + ["50"] * (N - 1), []),
        ("age_months", [1100] + [600] * (N - 1), [g.AGES]),
        ("age_months", [1000] * N, []),
        ("dosage", [150] * N, []),
        ("age_55", ["≥55", "<55"] * (N // 2), []),
    ],
)
def test_ages_over_89_are_found_unless_all_are_given_as_90(name, values, found):
    assert kinds(with_column(name, values).drop(columns="x", errors="ignore"), name) == found


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("year_of_diagnosis", [2015, 2016] * (N // 2)),
        ("date", ["2015"] * N),
        ("birth_year", [1960] * N),
        ("drug_name", ["levothyroxine", "none"] * (N // 2)),
        ("icd_o", ["8050/3", "8260/3"] * (N // 2)),
        ("dose", ["51.0 MCI", "100 mCi"] * (N // 2)),
        ("tumour_site", ["Head/Neck", "Lung"] * (N // 2)),
        ("tg", np.linspace(0.04, 25000.5, N)),
        ("tg", ["<0.04", ">500"] * (N // 2)),
        ("tg", ["5.2019", "1.2034"] * (N // 2)),
        ("platelets", np.arange(N) * 1000 + 150000.5),
        ("phone_call", ["yes", "no"] * (N // 2)),
        ("stage", ["1.2.3", "T1a"] * (N // 2)),
        ("ratio", ["12:30", "1:2"] * (N // 2)),
        ("image_guided", [True, False] * (N // 2)),
        ("empty", [None] * N),
    ],
)
def test_harmless_columns_raise_no_alarm(name, values):
    assert kinds(with_column(name, values), name) == []


@pytest.mark.parametrize("study", ["wang2025", "tang2025", "lakhdar2024"])
@pytest.mark.parametrize("ids", [(), ("patient",)])
def test_kept_simulated_cohorts_pass(study, ids):
    cohort = load_witness(study)
    assert gate(cohort, ids=ids).findings == ()
    assert gate(cohort.astype(str).replace({"": None, "nan": None}), ids=ids).findings == ()


# --- Pseudonyms -------------------------------------------------------------------------------


@pytest.mark.parametrize("pattern", ["{}", "SIM-{:03d}", "C04-P{:03d}", "{:05d}"])
def test_running_number_is_a_pseudonym_whatever_its_column_is_called(pattern):
    ids = [pattern.format(number) for number in range(1, N + 1)]
    assert gate(with_column("MRN", ids), ids=["MRN"]).findings == ()


@pytest.mark.parametrize(
    "ids",
    [
        [f"{number * 7919 % 900000 + 100000}" for number in range(N)],
        [f"{'ABCDEFGHIJ'[n % 10]}{n:04d}" for n in range(N)],
        np.arange(N) + 2400000,
    ],
)
def test_declared_pseudonym_that_is_a_record_number_is_refused(ids):
    report = gate(with_column("pseudonym", ids), ids=["pseudonym"])
    assert {found.column for found in report.findings} == {"pseudonym"}
    assert not report.passed


# --- Groups of patients -----------------------------------------------------------------------


def groups() -> pd.DataFrame:
    # Two groups of six women and one of three men; all of the men recurred.
    return pd.DataFrame(
        {
            "age": [30, 31, 32, 33, 34, 35, 60, 61, 62, 63, 64, 65, 70, 71, 72],
            "sex": ["female"] * 12 + ["male"] * 3,
            "recurred": ["yes", "no"] * 6 + ["yes"] * 3,
        }
    )


def test_patients_in_small_groups_are_counted_never_named():
    report = gate(groups(), {"age": [50], "sex": None}, ["recurred"], k=5, l=2)
    told = [(found.column, found.kind, found.rows) for found in report.findings]
    assert told == [
        ("quasi-identifiers age, sex", g.SMALL_GROUPS, 3),
        ("recurred", g.ALIKE, 3),
    ]
    assert "k-anonymity below 5, wanted 5" in report.notes
    assert "recurred: l-diversity 1, wanted 2" in report.notes
    assert "age: counted in bands from 50, not as single values" in report.notes


def test_numbers_without_bands_are_single_values_and_the_report_says_so():
    report = gate(groups(), ["age"], k=2)
    assert [found.rows for found in report.findings] == [15]
    assert "age: numeric, counted as single values; bands were not declared" in report.notes


def test_groups_that_are_large_enough_pass():
    assert gate(groups(), {"age": [50]}, ["recurred"], k=6, l=2).passed


def test_missing_value_makes_a_group_of_its_own():
    frame = groups().assign(sex=["female"] * 10 + [None] * 5)
    assert [found.rows for found in gate(frame, ["sex"], k=6).findings] == [5]


def test_without_quasi_identifiers_the_report_says_that_groups_were_not_looked_at():
    assert gate(groups()).notes == (
        "no quasi-identifiers were declared: groups of patients were not looked at",
    )


# --- Refusal and override ---------------------------------------------------------------------


def test_gate_refuses_by_default_with_one_line_per_finding():
    frame = with_column("dob", some("1950-02-03")).assign(mail=some("a.b@example.org"))
    with pytest.raises(RairlibError) as error:
        gate(frame).require_passed()
    assert str(error.value).split("\n") == [
        "gate: dob: dates in 3 rows: keep the year alone, or give the days or months since a start",
        "gate: mail: e-mail in 3 rows: drop the column",
    ]


def test_override_lets_one_finding_pass_and_stands_in_the_report():
    frame = with_column("dob", some("1950-02-03")).assign(mail=some("a.b@example.org"))
    one = {"dob: dates": "all dates were shifted by a random number of days"}
    report = gate(frame, overrides=one)
    assert not report.passed
    report = gate(frame, overrides={**one, "mail: e-mail": "addresses of the clinic"})
    assert report.passed
    report.require_passed()
    shown = report.to_frame()
    assert shown["override"].tolist() == [*one.values(), "addresses of the clinic"]
    assert shown["rows"].tolist() == ["7 or fewer", "7 or fewer"]


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        ({"x: dates": ""}, "override x: dates: a reason is needed"),
        ({"x: date": "shifted"}, "'x: date' is not a finding: did you mean 'x: dates'"),
    ],
)
def test_override_without_reason_or_finding_is_refused(overrides, told):
    with pytest.raises(RairlibError, match=told):
        gate(with_column("x", some("2019-05-03")), overrides=overrides)


def test_override_of_a_file_without_a_finding_is_refused():
    with pytest.raises(RairlibError, match="override 'x: dates': nothing was found"):
        gate(patients(), overrides={"x: dates": "shifted"})


def test_all_faults_of_a_declaration_are_told_at_once():
    with pytest.raises(RairlibError) as error:
        gate(patients(), {"agee": None, "tg": [5, 5]}, ["no"], k=0, ids=["code"])
    assert len(str(error.value).split("\n")) == 5


def test_bands_of_a_text_are_refused_without_its_value():
    with pytest.raises(RairlibError, match="bands need numbers alone") as error:
        gate(with_column("x", some("ZEBRA", "1")), {"x": [1, 5]})
    assert "ZEBRA" not in str(error.value)


def test_column_whose_name_is_an_identifier_is_named_by_its_place():
    frame = patients().assign(**{"a.b@example.org": "yes"})
    (found,) = gate(frame).findings
    assert (found.column, found.kind) == ("column 14", g.CODE)


def test_identifiers_in_the_index_are_found():
    frame = patients().set_index(pd.Index([f"440{row:07d}" for row in range(N)], name="mrn"))
    assert kinds(frame, "mrn") == [g.RECORD]


# --- Real patients, where their files are -----------------------------------------------------


@pytest.fixture
def real(monkeypatch):
    folder = Path(os.environ.get(FOLDER) or Path(__file__).parents[2] / "shared" / "cohorts")
    if not folder.is_dir():
        pytest.skip(f"the public cohorts are not here: name their folder in {FOLDER}")
    monkeypatch.setenv(FOLDER, str(folder))


@pytest.mark.usefixtures("real")
@pytest.mark.parametrize("name", COHORTS)
def test_cleaned_public_cohorts_pass(name):
    cohort = public_cohort(name)
    report = gate(load_public(name), cohort.quasi_identifiers, [cohort.sensitive], ids=["patient"])
    assert [str(found) for found in report.findings] == []


@pytest.mark.usefixtures("real")
def test_raw_tables_of_tcga_are_refused_for_their_identifiers():
    report = gate(public_cohort("tcga-thca").files["patient"].read())
    found = {(finding.column, finding.kind) for finding in report.findings}
    assert {
        ("bcr_patient_uuid", g.DEVICE),
        ("bcr_patient_barcode", g.CODE),
        ("form_completion_date", g.DATES),
        ("birth_days_to", g.DATES),
        ("patient_id", g.CODE),
        ("history_thyroid_disease_other", g.TEXT),
    } <= found
    # What only describes a tumour or its treatment raises no alarm.
    harmless = {"histologic_diagnosis", "ajcc_tumor_pathologic_pt", "gender", "tumor_size_width"}
    assert not {column for column, _ in found} & harmless
