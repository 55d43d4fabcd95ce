"""Public cohorts: fetched and checked without a network, cleaned by rules on made-up tables, and,
where the files are present, against what their publishers and others count in them."""

import hashlib
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from rairlib.cli import main
from rairlib.cohorts.gate import gate
from rairlib.cohorts.public import COHORTS, FOLDER, RecordsFile, fetch, load_public
from rairlib.cohorts.tcga import clean_tcga
from rairlib.errors import RairlibError

ROOT = Path(__file__).parents[1]
CONTENT = b"a,b\n1,2\n"


@pytest.fixture
def toy(monkeypatch, tmp_path):
    """Declare a cohort of one small file, and let the cache stand in a folder of the test."""
    file = RecordsFile(
        name="folder/toy.csv",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        source="owner/repository/0123abc/path/toy.csv",
    )
    toy = replace(COHORTS["uci915"], files={"toy": file}, clean=lambda tables: tables["toy"])
    monkeypatch.setitem(COHORTS, "toy", toy)
    monkeypatch.delenv(FOLDER, raising=False)
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)
    return tmp_path


def given(folder: Path, content: bytes) -> Path:
    path = folder / "folder" / "toy.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def sending(monkeypatch, content: bytes | Exception) -> list[str]:
    """Let the network send something; return the addresses that are asked for."""
    asked = []

    def send(self, url, output_file, pooch, check_only=False):
        asked.append(url)
        if isinstance(content, Exception):
            raise content
        Path(output_file).write_bytes(content)

    monkeypatch.setattr("pooch.downloaders.HTTPDownloader.__call__", send)
    return asked


def refusal(*arguments) -> str:
    with pytest.raises(RairlibError) as caught:
        fetch(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_files_come_from_a_folder_into_the_users_cache(toy):
    given(toy / "there", CONTENT)
    (path,) = fetch("toy", toy / "there")
    assert path == toy / "cache" / "rairlib" / "folder" / "toy.csv"
    assert path.read_bytes() == CONTENT
    assert load_public("toy")["b"].tolist() == [2]


def test_files_are_fetched_from_the_raw_address_of_the_pinned_commit(toy, monkeypatch):
    asked = sending(monkeypatch, CONTENT)
    (path,) = fetch("toy", None, toy / "kept")
    assert asked == ["https://raw.githubusercontent.com/owner/repository/0123abc/path/toy.csv"]
    assert files_below(toy) == [path] == [toy / "kept" / "folder" / "toy.csv"]


def test_named_folder_is_used_and_what_is_there_is_not_fetched_again(toy, monkeypatch):
    asked = sending(monkeypatch, b"another")
    path = given(toy / "named", CONTENT)
    monkeypatch.setenv(FOLDER, str(toy / "named"))
    assert fetch("toy") == [path]
    assert asked == []


def test_wrong_checksum_is_refused_and_nothing_is_kept(toy, monkeypatch):
    begins = hashlib.sha256(CONTENT).hexdigest()[:12]
    sending(monkeypatch, b"another")
    assert f"should begin with {begins}; nothing was kept" in refusal("toy")
    assert files_below(toy) == []
    given(toy / "there", b"another")
    assert f"folder/toy.csv: not the published file, its SHA-256 should begin with {begins}" in (
        refusal("toy", toy / "there")
    )
    assert files_below(toy / "cache") == []


def test_wrong_file_that_is_there_already_is_refused_and_left(toy, monkeypatch):
    path = given(toy / "named", b"another")
    monkeypatch.setenv(FOLDER, str(toy / "named"))
    assert refusal("toy").startswith("folder/toy.csv: not the published file")
    assert path.read_bytes() == b"another"


def test_no_network_is_told_in_one_line_with_the_other_way(toy, monkeypatch):
    sending(monkeypatch, ConnectionError("no route"))
    assert "cannot be fetched (ConnectionError)" in refusal("toy")
    assert refusal("toy").endswith("name its folder with --from")


def test_absent_file_of_a_folder_is_told(toy):
    assert refusal("toy", toy / "empty").startswith("folder/toy.csv: the records do not come")


def test_command_prints_the_files_and_how_to_cite_them(toy, capsys):
    given(toy / "there", CONTENT)
    arguments = ["--from", str(toy / "there"), "--to", str(toy / "kept")]
    assert main(["cohort", "fetch", "toy", *arguments]) == 0
    shown = capsys.readouterr()
    assert shown.out == f"{toy / 'kept' / 'folder' / 'toy.csv'}\n"
    assert "10.24432/C5632J (CC BY 4.0)" in shown.err
    assert main(["cohort", "fetch", "TCGA THCA"]) == 2
    assert "did you mean 'tcga-thca'?" in capsys.readouterr().err


def test_no_published_file_stands_in_the_repository():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a clone of the repository")
    published = {file.sha256 for cohort in COHORTS.values() for file in cohort.files.values()}
    kept = [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]
    assert len(kept) > 100
    assert not published & {hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}


# --- TCGA: each rule on made-up patients ------------------------------------------------------

PATIENT = {
    "bcr_patient_barcode": "TCGA-ZZ-0000",
    "bcr_patient_uuid": "0b1c2d3e-0000-4000-8000-000000000000",
    "gender": "FEMALE",
    "age_at_diagnosis": "50",
    "last_contact_days_to": "100",
    "death_days_to": "[Not Available]",
    "tumor_size_width": "2.5",
    "tumor_size_width.1": "3.1",
    "tumor_size_width.2": "[Not Available]",
    "lymph_nodes_examined_he_count": "0",
    "extrathyroidal_extension": "Minimal (T3)",
    "ajcc_staging_edition": "7th",
    "ajcc_tumor_pathologic_pt": "T3",
    "ajcc_nodes_pathologic_pn": "N0",
    "ajcc_metastasis_pathologic_pm": "M0",
}
COURSE = {
    "bcr_patient_barcode": "TCGA-ZZ-0000",
    "radiation_adjuvant_units": "mCi",
    "radiation_total_dose": "100",
    "radiation_therapy_started_days_to": "60",
    "treatment_best_response": "Complete Response",
}


def tcga(*courses: dict, contacts: tuple[str, ...] = (), **patient: str) -> pd.Series:
    """Clean one patient who differs from an unremarkable one as is said."""
    code = PATIENT["bcr_patient_barcode"]
    form = {"bcr_patient_barcode": code, "death_days_to": "[Not Available]"}
    forms = [form | {"last_contact_days_to": days} for days in contacts]
    follow_up = pd.DataFrame(forms, columns=[*form, "last_contact_days_to"], dtype=object)
    event = pd.DataFrame(columns=["bcr_patient_barcode"], dtype=object)
    ends = {name: [0.0] for name in ("OS", "DSS", "DFI", "PFI")}
    times = {f"{name}.time": [365.25] for name in ends}
    tables = {
        "patient": pd.DataFrame([PATIENT | patient]),
        "radiation": pd.DataFrame([COURSE | course for course in courses], columns=list(COURSE)),
        "follow_up_2": follow_up,
        "follow_up_4": follow_up,
        "event": event,
        "event_4": event,
        "event_2": event.assign(new_tumor_event_dx_indicator=[]),
        "endpoints": pd.DataFrame(
            {"acronym": ["THCA"], "bcr_patient_barcode": [code]} | ends | times
        ),
    }
    (cleaned,) = clean_tcga(tables).to_dict("records")
    return pd.Series(cleaned)


@pytest.mark.parametrize(
    ("recorded", "column", "expected"),
    [
        ({}, "t_stage", "T1/T2/T3"),
        ({"ajcc_tumor_pathologic_pt": "T4a"}, "t_stage", "T4"),
        ({"ajcc_tumor_pathologic_pt": "TX"}, "t_stage", None),
        ({"ajcc_tumor_pathologic_pt": "T4", "ajcc_staging_edition": "6th"}, "t_stage", "T4"),
        ({"ajcc_tumor_pathologic_pt": "T4", "ajcc_staging_edition": "5th"}, "t_stage", None),
        ({"ajcc_nodes_pathologic_pn": "N1b"}, "n_stage", "N1b"),
        ({"ajcc_nodes_pathologic_pn": "N1b", "ajcc_staging_edition": "4th"}, "n_stage", None),
        ({"ajcc_nodes_pathologic_pn": "N1"}, "n_stage", None),
        ({"ajcc_nodes_pathologic_pn": "N1"}, "metastasis", "yes"),
        ({"ajcc_nodes_pathologic_pn": "NX"}, "metastasis", None),
        (
            {"ajcc_nodes_pathologic_pn": "NX", "ajcc_metastasis_pathologic_pm": "M1"},
            *("metastasis", "yes"),
        ),
        ({"ajcc_metastasis_pathologic_pm": "MX"}, "m1", "no"),
        ({"ajcc_metastasis_pathologic_pm": "[Not Available]"}, "m1", None),
        ({}, "tumor_diameter", 31.0),
        ({"tumor_size_width": "0", "tumor_size_width.1": "0"}, "tumor_diameter", None),
        ({"lymph_nodes_examined_he_count": "4"}, "positive_nodes", None),
        (
            {"lymph_nodes_examined_he_count": "4", "ajcc_nodes_pathologic_pn": "N1a"},
            *("positive_nodes", 4),
        ),
        ({"ajcc_nodes_pathologic_pn": "N1a"}, "positive_nodes", None),
        ({"age_at_diagnosis": "93"}, "age", 90),
        ({"extrathyroidal_extension": "[Unknown]"}, "ete", None),
        ({"death_days_to": "200"}, "follow_up", 200 / 30.4375),
        ({"contacts": ("50", "400")}, "follow_up", 400 / 30.4375),
    ],
)
def test_staging_and_follow_up_by_hand(recorded, column, expected):
    found = tcga(**recorded)[column]
    assert pd.isna(found) if expected is None else found == expected


PARTIAL = {
    "treatment_best_response": "Partial Response",
    "radiation_therapy_started_days_to": "400",
}


@pytest.mark.parametrize(
    ("courses", "count", "activity", "response"),
    [
        ([], 0, None, None),
        ([{}], 1, 100, "CR"),
        ([{}, PARTIAL], 2, 200, "PR"),
        ([PARTIAL, {"treatment_best_response": "[Unknown]"}], 2, 200, "PR"),
        ([{}, {}], 1, 100, "CR"),
        ([{"radiation_adjuvant_units": "cGy"}], 0, None, None),
        ([{"radiation_total_dose": "2"}, PARTIAL], 2, None, "PR"),
        ([{"treatment_best_response": "[Not Available]"}], 1, 100, None),
    ],
)
def test_courses_of_radioiodine_by_hand(courses, count, activity, response):
    found = tcga(*courses)
    assert found["rai_courses"] == count
    assert pd.isna(found["rai_activity"]) if activity is None else found["rai_activity"] == activity
    assert pd.isna(found["response"]) if response is None else found["response"] == response
    wanted = {None: None, "CR": "no"}.get(response, "yes")
    incomplete = found["incomplete_response"]
    assert pd.isna(incomplete) if wanted is None else incomplete == wanted


# --- The files, where they are ----------------------------------------------------------------


@pytest.fixture(scope="module")
def cohorts():
    """Return both cohorts, cleaned; skip where a file is absent."""
    folder = Path(os.environ.get(FOLDER) or ROOT.parent / "shared" / "cohorts")
    files = [file for cohort in COHORTS.values() for file in cohort.files.values()]
    absent = [file.name for file in files if not (folder / file.name).is_file()]
    if absent:
        pytest.skip(f"{absent[0]} is not here: name its folder in {FOLDER}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDER, str(folder))
        yield {name: load_public(name) for name in COHORTS}


def test_tcga_has_the_published_counts(cohorts):
    """Counted beforehand in the raw tables, by other code."""
    tcga = cohorts["tcga-thca"]
    assert len(tcga) == 507
    assert (tcga["rai_courses"].sum(), (tcga["rai_courses"] > 0).sum()) == (249, 237)
    responses = tcga["response"].value_counts()
    assert (responses["CR"], responses["PR"], responses["SD"] + responses["PD"]) == (141, 16, 11)
    assert (tcga["m1"] == "yes").sum() == 9
    assert tcga["follow_up"].median() / 12 == pytest.approx(2.5, abs=0.1)


def test_older_editions_are_told_apart(cohorts):
    """23 are T4 and 75 N1b in the file; those staged by the 4th or 5th edition do not count."""
    tcga = cohorts["tcga-thca"]
    old = ~tcga["edition"].isin(["6", "7"])
    assert old.sum() == 30
    assert tcga.loc[old, ["t_stage", "n_stage"]].isna().all(axis=None)
    assert ((tcga["t_stage"] == "T4").sum(), (tcga["n_stage"] == "N1b").sum()) == (20, 69)


def test_endpoints_are_those_that_r_reads(cohorts):
    """R 4: load(); table(dat$PFI[dat$acronym == "THCA"]), median(dat$PFI.time) / 365.25."""
    tcga = cohorts["tcga-thca"]
    counts = {name: (tcga[name] == "yes").sum() for name in ("os", "dfi", "pfi")}
    assert counts == {"os": 16, "dfi": 26, "pfi": 52}
    assert tcga["dfi"].isna().sum() == 149
    assert tcga["pfi_months"].median() / 12 == pytest.approx(2.442, abs=0.0005)


def test_endpoints_agree_with_the_forms(cohorts):
    """An event on a form is nearly always one of the progression-free interval, and the reverse."""
    tcga = cohorts["tcga-thca"]
    assert (tcga["new_tumor_event"] == tcga["pfi"]).mean() > 0.98
    assert (tcga["os_months"] <= tcga["follow_up"] + 1).mean() > 0.98


def test_uci_has_the_published_counts(cohorts):
    uci = cohorts["uci915"]
    assert (len(uci), uci["repeated"].sum()) == (383, 19)
    assert not uci.isna().any(axis=None)
    assert (uci["recurrence"] == "yes").sum() == 108
    assert (uci["structural_incomplete"] == "yes").sum() == 91


@pytest.mark.parametrize("name", COHORTS)
def test_public_cohort_passes_the_gate(cohorts, name):
    declared = COHORTS[name]
    report = gate(cohorts[name], declared.quasi_identifiers, [declared.sensitive], ids=["patient"])
    assert [str(finding) for finding in report.findings] == []
    assert report.passed


def test_nothing_of_an_identifier_is_left(cohorts):
    tcga = cohorts["tcga-thca"]
    assert tcga["patient"].tolist() == list(range(1, 508))
    texts = tcga.select_dtypes("object").astype(str)
    for sign in ("TCGA", r"[0-9a-f]{8}-", r"\["):
        assert not texts.apply(lambda column, s=sign: column.str.contains(s)).any(axis=None)
    assert not [name for name in tcga if "days" in name or "date" in name or "site" in name]


def test_checksums_are_those_beside_the_files(cohorts):
    listed = Path(os.environ.get(FOLDER) or ROOT.parent / "shared" / "cohorts") / "SHA256SUMS"
    if not listed.is_file():
        pytest.skip("no list of checksums stands beside the files")
    beside = dict(line.split()[::-1] for line in listed.read_text(encoding="utf-8").splitlines())
    for cohort in COHORTS.values():
        for file in cohort.files.values():
            assert beside[file.name] == file.sha256
