"""No canary gets out: values that are planted in every column of a cohort appear nowhere.

The file is a kept simulated cohort in words and units of its own. Each level, each identifier and
each column that the mapping leaves out carries a word that is nowhere else; one patient has the
largest value of each number, with digits that are nowhere else.
"""

import logging
import re
import socket

import pandas as pd
import pytest

from rairlib.cli import main
from rairlib.cohorts.gate import gate
from rairlib.cohorts.own import read_cohort, study_schema
from rairlib.cohorts.suppression import suppressed_rows
from rairlib.registry.studies import load_witness
from rairlib.stats.rows import COLUMNS

STUDIES = ("wang2025", "tang2025", "lakhdar2024")
WORD = "kanari"
DIGITS = "7316"
# Where a value may be no larger, or another column says how large.
VALUES = {"age": 88, "lnm_ratio": 98.7316, "follow_up": 397.7316, "pfs": 396.7316}
# Covariates of a model, so that the report has imputed ones beside complete cases.
GAPS = {"wang2025": "ete", "tang2025": "tg_before", "lakhdar2024": "metastasis"}
OTHERS = {"ward": f"{WORD} ward", "study arm": f"{WORD} arm"}
IDENTIFIERS = {
    "email": f"{WORD}@example.org",
    "remarks": f"told by the sister of {WORD} on the phone",
    "seen": "1973-07-16",
    "x": f"https://example.org/{WORD}",
}
BROKEN = (f"{WORD} 12", f"-{DIGITS}.5", "1973-07-16", f"{DIGITS}7316.5")
IMAGE = re.compile(r"base64,[^\"]*")


def planted(study: str) -> pd.DataFrame:
    """Return a cohort in the study's words with one patient of extremes."""
    schema, cohort = study_schema(study), load_witness(study)
    faults = schema.faults(cohort, own=True)
    cohort = cohort.drop(index=cohort.index[[row for fault in faults for row in fault.rows]])
    cohort = cohort[[name for name in schema.names if name in cohort]].reset_index(drop=True)
    numbers = [column for column in schema.columns if column.is_number]
    full = cohort[[column.name for column in numbers]].apply(pd.to_numeric, errors="coerce") > 0
    row = full.all(axis=1).idxmax()
    for column in numbers:
        values = pd.to_numeric(cohort[column.name], errors="coerce")
        top = int(values.max()) + (1 if column.kind == "integer" else float(f"1.{DIGITS}"))
        cohort[column.name] = values.astype(object)
        cohort.loc[row, column.name] = VALUES.get(column.name, top)
    return cohort


def as_file(study: str, cohort: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return a cohort in the words of a hospital, and the mapping that takes them back."""
    schema, lines, columns = study_schema(study), [f'study = "{study}"'], {}
    for name in cohort:
        lines += ["", f"[columns.{name}]", f'source = "its {name}"']
        values = cohort[name]
        if schema[name].kind == "id":
            columns[f"its {name}"] = [f"{WORD}-{row:03d}" for row in range(1, len(cohort) + 1)]
            continue
        if levels := schema[name].levels:
            pairs = ", ".join(f'"{WORD} {level}" = "{level}"' for level in levels)
            lines.append(f"levels = {{ {pairs} }}")
            given = values.notna() & (values != "")
            values = values.where(~given, f"{WORD} " + values.astype(str))
        columns[f"its {name}"] = values
    return pd.DataFrame(columns).assign(**OTHERS), "\n".join(lines) + "\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return an empty working folder that is also the user's home and cache, without a network."""

    def refuse(*_):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    for name in ("HOME", "XDG_CACHE_HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(folder, frame: pd.DataFrame, mapping: str) -> list[str]:
    frame.to_csv(folder / "cohort.csv", index=False)
    (folder / "mapping.toml").write_text(mapping, encoding="utf-8")
    return ["--cohort", "cohort.csv", "--mapping", "mapping.toml"]


def escaped(text: str) -> list[str]:
    """Return the lines of a text in which a canary sits."""
    numbers = "|".join([DIGITS, *(str(value) for value in VALUES.values() if value % 1)])
    sign = re.compile(rf"{WORD}|\.{DIGITS}|{numbers}|1973-07", re.IGNORECASE)
    return [line for line in IMAGE.sub("", text).split("\n") if sign.search(line)]


def assert_nothing_escaped(folder, capfd, caplog) -> str:
    out, err = capfd.readouterr()
    assert escaped(out) == escaped(err) == escaped(caplog.text) == []
    for path in folder.rglob("*"):
        if path.is_file() and path.name not in ("cohort.csv", "mapping.toml"):
            assert escaped(path.read_bytes().decode("utf-8", "replace")) == [], path.name
    return err


@pytest.mark.parametrize("study", STUDIES)
def test_report_of_a_replication_holds_no_canary(study, folder, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    cohort = planted(study)
    cohort[GAPS[study]] = cohort[GAPS[study]].mask(cohort.index % 7 == 3)
    options = written(folder, *as_file(study, cohort))
    assert main(["cohort", "check", study, *options]) == 0
    assert main(["replicate", study, *options, "--out", "out", "--imputations", "2"]) == 0
    page = (folder / "out" / f"{study}_replication.html").read_text(encoding="utf-8")
    assert "this cohort, imputed" in page or study == "tang2025"
    assert_nothing_escaped(folder, capfd, caplog)
    table = pd.read_csv(folder / "out" / f"{study}_replication.csv")
    assert len(table)
    # Extremes of whole numbers are too short to be searched for as texts.
    own = table[table["statistic"].isin(["minimum", "maximum"])]
    assert own["found"].isna().all()


@pytest.mark.parametrize("study", STUDIES)
def test_errors_hold_no_canary(study, folder, capfd, caplog):
    frame, mapping = as_file(study, planted(study))
    for place, name in enumerate(frame.columns):
        frame[name] = frame[name].astype(object)
        for step, canary in enumerate(BROKEN):
            frame.loc[(place + 7 * step) % len(frame), name] = canary
    options = written(folder, frame, mapping)
    assert main(["cohort", "check", study, *options]) == 2
    assert main(["replicate", study, *options, "--out", "out"]) == 2
    err = assert_nothing_escaped(folder, capfd, caplog)
    assert len(err.split("\n")) > 2 * 8
    assert not (folder / "out").exists()


def test_refusal_of_the_gate_holds_no_canary(folder, capfd, caplog):
    frame, mapping = as_file("lakhdar2024", planted("lakhdar2024"))
    options = written(folder, frame.assign(**IDENTIFIERS), mapping)
    assert main(["replicate", "lakhdar2024", *options, "--out", "out"]) == 2
    err = assert_nothing_escaped(folder, capfd, caplog)
    assert [line.split(":")[1].strip() for line in err.strip().split("\n")] == list(IDENTIFIERS)
    assert not (folder / "out").exists()


def test_overridden_gate_tells_its_reasons_and_no_canary(folder, capfd, caplog):
    frame, mapping = as_file("lakhdar2024", planted("lakhdar2024"))
    frame = frame.assign(**IDENTIFIERS)
    options = written(folder, frame, mapping)
    findings = gate(frame, ids=["its patient"]).findings
    for number, finding in enumerate(findings):
        options += ["--override", f"{finding.key} = reason {number} of the board"]
    assert main(["replicate", "lakhdar2024", *options, "--out", "out"]) == 0
    assert_nothing_escaped(folder, capfd, caplog)
    page = (folder / "out" / "lakhdar2024_replication.html").read_text(encoding="utf-8")
    assert all(f"reason {number} of the board" in page for number in range(len(findings)))


def test_steps_that_fail_on_a_handful_of_patients_tell_no_canary(folder, capfd, caplog):
    cohort = planted("lakhdar2024")
    few = pd.concat([cohort[cohort["rair"] == level].head(6) for level in ("yes", "no")])
    few = pd.concat([few, cohort[cohort["age"] == VALUES["age"]]]).drop_duplicates()
    for name in ("ete", "multifocality"):
        few[name] = ["yes", *["no"] * (len(few) - 1)]
    options = written(folder, *as_file("lakhdar2024", few.reset_index(drop=True)))
    main(["replicate", "lakhdar2024", *options, "--out", "out"])
    assert_nothing_escaped(folder, capfd, caplog)


def test_cohort_shows_no_row_where_it_is_printed_or_logged(folder):
    options = written(folder, *as_file("lakhdar2024", planted("lakhdar2024")))
    own = read_cohort("lakhdar2024", options[1], options[3])
    report = gate(own.raw, own.quasi_identifiers, own.sensitive, ids=own.ids)
    assert escaped(f"{report} {report.to_frame().to_csv()}") == []


def test_canaries_are_noticed(folder, capfd, caplog):
    """The search itself finds what it should."""
    (folder / "leak.txt").write_text(f"row 3: 43.{DIGITS}\n", encoding="utf-8")
    with pytest.raises(AssertionError):
        assert_nothing_escaped(folder, capfd, caplog)
    (folder / "leak.txt").unlink()
    logging.getLogger("rairlib").warning("patient %s", f"{WORD}-007")
    with pytest.raises(AssertionError):
        assert_nothing_escaped(folder, capfd, caplog)


def test_largest_value_is_hidden_among_estimates():
    rows = pd.DataFrame(
        [("n", "", "", "all", "", 90), ("maximum", "tg", "", "all", "", float(f"43.{DIGITS}"))],
        columns=list(COLUMNS),
    )
    assert escaped(suppressed_rows(rows).to_csv()) == []
