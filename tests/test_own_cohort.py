"""A hospital's own file: every planted fault named and none invented, and no value ever told."""

import re
from functools import cache
from importlib import import_module

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rairlib.cohorts.own import UNITS, read_cohort, study_schema, template
from rairlib.errors import RairlibError
from rairlib.registry.studies import load_variables, load_witness

STUDIES = ("wang2025", "tang2025", "lakhdar2024")
CANARY = "Quisling-7193"


@cache
def typed(study):
    return study_schema(study).typed(load_witness(study)).drop(columns="simulated")


def mapping_of(study, sources, levels, units, extra=""):
    """Return a mapping in TOML, written without the code that is tested."""
    lines = [f'study = "{study}"', extra]
    for name, source in sources.items():
        lines += [f"[columns.{name}]", f'source = "{source}"']
        if name in levels:
            pairs = (f'"{theirs}" = "{ours}"' for theirs, ours in levels[name].items())
            lines.append(f"levels = {{ {', '.join(pairs)} }}")
        if name in units:
            lines.append(f'unit = "{units[name]}"')
    return "\n".join(lines) + "\n"


def read(folder, study, table, mapping, ending="csv", **form):
    """Write a table and its mapping, and read them as a cohort."""
    (folder / "mapping.toml").write_text(mapping, encoding="utf-8")
    path = folder / f"patients.{ending}"
    WRITERS[ending](table, path, **form)
    return read_cohort(study, path, folder / "mapping.toml")


def refusal(*words, **form):
    with pytest.raises(RairlibError) as caught:
        read(*words, **form)
    return str(caught.value)


def write_spss(table, path, **form):
    pyreadstat.write_sav(table, path, **form)


WRITERS = {
    "csv": lambda table, path, **form: table.to_csv(path, index=False, **form),
    "parquet": lambda table, path: table.to_parquet(path, index=False),
    "xlsx": lambda table, path: table.to_excel(path, index=False),
    "dta": lambda table, path: table.to_stata(path, write_index=False, version=118),
    "sav": write_spss,
}


# --- A simulated hospital's file with 30 planted faults ------------------------------------------

SOURCES = {
    "patient": "Nr", "rair": "Refraktaer", "rair_type": "Typ", "gender": "Geschlecht",
    "histology": "Histologie", "multicentricity": "Multifokal", "ete": "ETE", "t_stage": "pT",
    "n_stage": "pN", "ptc_variant": "Variante", "lnm": "LK befallen", "avidity": "Speicherung",
    "evaluable": "auswertbar", "rai_avid_status": "avide", "response": "Ansprechen",
    "progression": "Progress", "age": "Alter", "tumor_size": "Tumor mm", "lnm_ratio": "LK Quote",
    "lm_size": "Lunge cm", "ps_tg": "Tg", "rai_courses": "Zyklen", "rai_activity": "Dosis",
    "follow_up": "Beobachtung", "pfs": "PFS",
}  # fmt: skip
CODES = {
    "rair": {"0": "RAIA", "1": "RAIR"},
    "gender": {"m": "Male", "w": "Female"},
    "progression": {"1": "NPD", "2": "PD"},
    "t_stage": {"pT1-3": "T1/T2/T3", "pT4": "T4"},
    "lnm": {"ja": "yes", "nein": "no"},
}
# What stands in the file, in whom (so that one plant is one fault), and what must be named: the
# columns, and what is said of the value.
PLANTED = [
    ({"age": "alt"}, "", "age", "a text"),
    ({"age": "47,5"}, "", "age", "a number with decimals"),
    ({"age": "135"}, "", "age", "a number above 120 years"),
    ({"age": "12.03.1975"}, "", "age", "a date"),
    ({"gender": "x"}, "", "gender", "a text"),
    ({"gender": "3"}, "", "gender", "a whole number"),
    ({"progression": "yes"}, "progression == 'NPD'", "progression", "a text"),
    (
        {"ete": "Negative"},
        "t_stage == 'T4'",
        "t_stage ete",
        "T4 without extrathyroidal extension",
    ),
    (
        {"n_stage": "N1b"},
        "lnm == 'no'",
        "n_stage lnm",
        "N1b without lymph node metastasis",
    ),
    (
        {"lnm_ratio": "20"},
        "lnm == 'no'",
        "lnm lnm_ratio",
        "positive nodes do not go with lymph node metastasis",
    ),
    ({"lnm_ratio": "140"}, "lnm == 'yes'", "lnm_ratio", "more positive nodes than removed"),
    (
        {"follow_up": "0,5"},
        "pfs > 3",
        "pfs follow_up",
        "follow-up shorter than the time to the event",
    ),
    ({"follow_up": "0"}, "", "follow_up", "zero"),
    ({"pfs": "0"}, "pfs > 3", "pfs", "zero"),
    ({"pfs": "-12"}, "pfs > 3", "pfs", "a negative number"),
    ({"ps_tg": "<0,04"}, "", "ps_tg", "a value below a limit"),
    ({"ps_tg": ">500"}, "", "ps_tg", "a value above a limit"),
    ({"tumor_size": "3200"}, "", "tumor_size", "a number above 30 cm"),
    ({"rai_activity": "7,4"}, "", "rai_activity", "a number below 10 mCi"),
    (
        {"ptc_variant": "tall cell"},
        "histology == 'FTC'",
        "ptc_variant histology",
        "ptc_variant must be empty unless histology is PTC",
    ),
    (
        {"response": "PD"},
        "response == 'CR'",
        "progression response",
        "progression must be PD where the response is, and nowhere else",
    ),
    (
        {"avidity": "lost"},
        "rair_type == 'no avidity'",
        "avidity rair_type",
        "avidity does not go with rair_type",
    ),
    (
        {"response": "PD", "progression": "2"},
        "rair == 'RAIA' and response == 'non-CR/non-PD'",
        "progression rair",
        "progression makes the disease RAIR",
    ),
    (
        {"progression": "1"},
        "evaluable == 'no'",
        "progression evaluable",
        "progression must be empty unless evaluable is yes",
    ),
    ({"evaluable": "vielleicht"}, "evaluable == 'yes'", "evaluable", "a text"),
    ({"patient": "SIM-001"}, "", "patient", "an identifier that stands twice"),
]


def hospital():
    """Return the kept Qingdao cohort as a German hospital might export it, and the cohort."""
    data = typed("wang2025")
    file = data.assign(tumor_size=(data["tumor_size"] * 10).round(6))
    for name, codes in CODES.items():
        theirs = {ours: code for code, ours in codes.items()}
        file[name] = file[name].map(theirs)
    file = file.astype(object).where(file.notna(), "")
    for name in data.select_dtypes("number"):
        file[name] = file[name].astype(str).str.removesuffix(".0").str.replace(".", ",")
    return file, data


def planted():
    """Return the file with its faults, and what must be named: rows, columns, what is said."""
    file, data = hospital()
    rng, free, wanted = np.random.default_rng(5), data.index[1:], set()
    for cells, whom, columns, found in PLANTED:
        row = rng.choice(free.intersection((data.query(whom) if whom else data).index))
        free = free.drop(row)
        file.loc[row, list(cells)] = list(cells.values())
        wanted.add((str(row + 2), columns, found))
    copied = file.loc[[rng.choice(free)]].assign(patient="SIM-900")
    file = pd.concat([file, copied], ignore_index=True)
    wanted.add((str(len(file) + 1), "", "the same patient as in a row above"))
    # Three faults of whole columns.
    file["multicentricity"] = ""
    wanted.add(("", "multicentricity", "nothing in any row"))
    file["rai_avid_status"] = file["rai_avid_status"].where(
        file["rai_avid_status"] == "", "RAI-avid"
    )
    wanted.add(("", "rai_avid_status", "the same level in all rows"))
    numbers = file["lm_size"].str.replace(",", ".").astype(float) * 10
    file["lm_size"] = numbers.round(6).astype(str).str.replace(".", ",")
    wanted.add(("", "lm_size", "values that look like mm, not cm"))
    return file, wanted


LINE = re.compile(
    r"patients\.csv: (?:rows? ([^:]+?)(?:, (?=column)|(?=: )))?(?:columns? ([^:]+))?: ([^:]+): .+"
)


def named(message):
    """Return rows, columns in the study's words and what is said, for each line of a refusal."""
    found = set()
    for line in message.splitlines():
        rows, columns, told = LINE.fullmatch(line).groups("")
        names = [re.sub(r".*\((.+)\)", r"\1", name) for name in columns.split(", ") if name]
        found.add((rows, " ".join(names), told))
    return found


MAPPING = mapping_of("wang2025", SOURCES, CODES, {"tumor_size": "mm"})


def test_thirty_planted_faults_are_named_and_none_is_invented(tmp_path):
    file, wanted = planted()
    assert len(wanted) == 30
    told = refusal(tmp_path, "wang2025", file.rename(columns=SOURCES), MAPPING, sep=";")
    assert named(told) == wanted
    assert len(told.splitlines()) == 30


def test_the_same_file_without_faults_passes(tmp_path):
    file, data = hospital()
    own = read(tmp_path, "wang2025", file.rename(columns=SOURCES), MAPPING, sep=";")
    pd.testing.assert_frame_equal(
        own.frame.drop(columns="patient"),
        data[own.frame.columns.drop("patient")],
        check_exact=True,
        check_dtype=False,
    )
    assert own.frame["patient"].tolist() == list(range(1, len(data) + 1))
    assert own.absent == ()


# --- Exported, renamed, recoded, and mapped back -------------------------------------------------


def exported(study):
    """Return a kept cohort under other names, codes and units, with what leads back."""
    data, schema = typed(study), study_schema(study)
    file, levels, units = {}, {}, {}
    for place, column in enumerate(schema.columns):
        values = data[column.name]
        if column.levels:
            levels[column.name] = {f"c{code}": level for code, level in enumerate(column.levels)}
            codes = {level: code for code, level in levels[column.name].items()}
            values = values.map(codes).fillna("")
        known = next((units for units in UNITS if column.unit in units), {})
        for unit in ("mm", "MBq", "pg/mL", "IU/L"):
            if unit in known:
                share = known[column.unit] / known[unit]
                values, units[column.name] = (values * float(share)).round(9), unit
        file[f"v{place}"] = values
    sources = dict(zip(data[list(schema.names)], file, strict=True))
    return pd.DataFrame(file), mapping_of(study, sources, levels, units)


@cache
def chapters_own(study):
    return import_module(f"rairlib.studies.{study}.analysis").analyse(load_witness(study))


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize("study", STUDIES)
def test_cohort_mapped_back_gives_the_chapters_own_estimates(tmp_path, study, ending):
    own = read(tmp_path, study, *exported(study), ending)
    analyse = import_module(f"rairlib.studies.{study}.analysis").analyse
    pd.testing.assert_frame_equal(analyse(own.frame), chapters_own(study), check_exact=True)


@pytest.mark.parametrize("ending", ["dta", "sav"])
def test_value_labels_stand_for_their_codes(tmp_path, ending):
    data = typed("lakhdar2024").drop(columns=["high_risk_ptc", "ptc_subtype"])
    coded, form = data, {}
    if ending == "dta":
        coded = data.astype(dict.fromkeys(("rair", "gender", "histology"), "category"))
    else:
        labels = {"histology": {1: "PTC", 2: "FTC", 3: "OCA"}, "rair": {0: "no", 1: "yes"}}
        codes = {
            name: {text: code for code, text in pairs.items()} for name, pairs in labels.items()
        }
        coded = data.assign(**{name: data[name].map(codes[name]) for name in codes})
        form = {"variable_value_labels": labels}
    mapping = mapping_of("lakhdar2024", dict(zip(data, data, strict=True)), {}, {})
    own = read(tmp_path, "lakhdar2024", coded, mapping, ending, **form)
    for name in ("rair", "gender", "histology"):
        assert own.frame[name].tolist() == data[name].tolist()
    assert own.absent == ("high_risk_ptc", "ptc_subtype")


# --- One matter each -----------------------------------------------------------------------------

FEW = ("patient", "rair", "age", "tumor_diameter", "histology")


@pytest.fixture
def rabat():
    """Return some columns of the kept Rabat cohort as texts."""
    return typed("lakhdar2024")[list(FEW)].astype(str)


def few(extra="", **tables):
    """Return a mapping of these columns to themselves, with more lines in some tables."""
    lines = ['study = "lakhdar2024"', extra]
    for name in FEW:
        lines += [f"[columns.{name}]", f'source = "{name}"', tables.get(name, "")]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("unit", "factor"), [("mm", 1), ("cm", 10)], ids=["millimetres", "centimetres"]
)
def test_unit_is_recognised_by_what_is_usual(tmp_path, rabat, unit, factor):
    table = rabat.assign(tumor_diameter=rabat["tumor_diameter"].astype(float) / factor)
    mapping = few(tumor_diameter=f'unit = "{unit}"')
    own = read(tmp_path, "lakhdar2024", table, mapping)
    assert own.frame["tumor_diameter"].tolist() == rabat["tumor_diameter"].astype(int).tolist()
    other = {"mm": "cm", "cm": "mm"}[unit]
    told = refusal(tmp_path, "lakhdar2024", table, few(tumor_diameter=f'unit = "{other}"'))
    assert told == (
        f"patients.csv: column tumor_diameter: values that look like {unit}, not {other}: "
        f'state unit = "{unit}" in the mapping, or mend the column'
    )


# A month is 30.4375 days; 1 mCi is 37 MBq; thyroglobulin in µg/L is the same number as in ng/mL.
@pytest.mark.parametrize(
    ("name", "unit", "theirs", "ours"),
    [
        ("time_to_rai", "days", 121.75, 4.0),
        ("time_to_rai", "years", 0.5, 6.0),
        ("rai_dose", "GBq", 3.7, 100.0),
        ("rai_dose", "MBq", 5550, 150.0),
        ("tg_before", "µg/L", 4.9, 4.9),
        ("tg_before", "pg/mL", 4900, 4.9),
        ("tg_before", "ng/dL", 490, 4.9),
        ("tumor_diameter", "mm", 21, 2.1),
    ],
)
def test_units_are_converted(tmp_path, name, unit, theirs, ours):
    table = pd.DataFrame({"id": [1, 2, 3], "x": theirs})
    mapping = mapping_of("tang2025", {"patient": "id", name: "x"}, {}, {name: unit})
    assert read(tmp_path, "tang2025", table, mapping).frame[name].tolist() == [ours] * 3


@pytest.mark.parametrize(("rule", "value"), [("limit", 0.04), ("half", 0.02), ("zero", 0.0)])
def test_value_beyond_a_limit_is_what_the_mapping_says(tmp_path, rule, value):
    table = pd.DataFrame({"id": [1, 2, 3], "x": ["<0.04", ">500", "7.5"]})
    mapping = mapping_of("tang2025", {"patient": "id", "tg_before": "x"}, {}, {})
    mapping += f'below = "{rule}"\nabove = "limit"\n'
    own = read(tmp_path, "tang2025", table, mapping)
    assert own.frame["tg_before"].tolist() == [value, 500.0, 7.5]


def test_missing_codes_are_missing_and_stay_so(tmp_path, rabat):
    rabat.loc[:3, "age"] = ["NA", "-9", "", " "]
    own = read(tmp_path, "lakhdar2024", rabat, few('missing = ["NA"]', age='missing = ["-9"]'))
    assert own.frame["age"].isna().tolist() == [True] * 4 + [False] * (len(rabat) - 4)
    assert len(own.raw) == len(rabat)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (["1,500", "2,250", "900"], "commas may separate thousands or decimals"),
        (["1,5", "2,25", "3.5"], "numbers have decimal commas and decimal points"),
    ],
)
def test_comma_is_not_guessed(tmp_path, values, told):
    table = pd.DataFrame({"id": [1, 2, 3], "x": values})
    mapping = mapping_of("tang2025", {"patient": "id", "tg_before": "x"}, {}, {})
    assert told in refusal(tmp_path, "tang2025", table, mapping, sep=";")
    own = read(
        tmp_path,
        "tang2025",
        table.iloc[:2],
        mapping.replace('tang2025"\n', 'tang2025"\n[file]\ndecimal = ","\n', 1),
        sep=";",
    )
    assert own.frame["tg_before"].tolist() == [float(v.replace(",", ".")) for v in values[:2]]


def test_many_rows_with_one_fault_are_one_line(tmp_path, rabat):
    rabat.loc[3:10, "age"] = "old"
    assert refusal(tmp_path, "lakhdar2024", rabat, few()) == (
        "patients.csv: rows 5, 6, 7, 8, 9 and 3 more, column age: a text: must be a whole number "
        "from 0 to 120 years, or a code that the mapping declares as missing"
    )


def test_rows_are_counted_as_the_file_counts_them(tmp_path, rabat):
    rabat.loc[0, "age"] = "old"
    path, mapping = tmp_path / "patients.csv", tmp_path / "mapping.toml"
    mapping.write_text(few(), encoding="utf-8")
    header, *lines = rabat.to_csv(index=False).splitlines()
    path.write_text("\n".join([header, "", *lines]), encoding="utf-8")
    with pytest.raises(RairlibError, match="row 3, column age"):
        read_cohort("lakhdar2024", path, mapping)
    assert "row 1, column age" in refusal(tmp_path, "lakhdar2024", rabat, few(), "parquet")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "columns.age",
            "columns.agee",
            "'agee' is not a column of lakhdar2024: did you mean 'age'?",
        ),
        ('source = "age"', 'source = "Age"', "'Age' is no column of the file: did you mean 'age'?"),
        ('source = "age"', 'source = "rair"', "columns.age.source: is that of rair too"),
        ('source = "age"', 'sauce = "age"', "columns.age.sauce: 'sauce' is not a key"),
        (
            '"age"',
            '"age"\nunit = "feet"',
            "columns.age.unit: 'feet' is not a possible unit of age: use one of",
        ),
        ('"age"', '"age"\nlevels = { a = "b" }', "columns.age.levels: age has no levels"),
        (
            '"rair"',
            '"rair"\nlevels = { "1" = "Yes" }',
            "'Yes' is not a level of rair: did you mean",
        ),
        ('"age"', '"age"\nbelow = "half"', "columns.age.below: is for measured values alone"),
        ('"lakhdar2024"', '"wang2025"', "study: is not lakhdar2024"),
        ('"lakhdar2024"', '"lakhdar2024"\nsensitive = ["x"]', "sensitive: 'x' is no column of the"),
        (
            '"lakhdar2024"',
            '"lakhdar2024"\nfile.encoding = "x"',
            "file.encoding: is 'x': no encoding",
        ),
    ],
)
def test_fault_of_a_mapping_is_told_with_its_place(tmp_path, rabat, old, new, told):
    mapping = few().replace(old, new, 1)
    message = refusal(tmp_path, "lakhdar2024", rabat, mapping)
    assert message.startswith(f"{tmp_path / 'mapping.toml'}: ")
    assert told in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize("study", STUDIES)
def test_template_takes_the_kept_cohort_as_it_is(tmp_path, study):
    own = read(tmp_path, study, load_witness(study), template(study))
    assert own.absent == ()
    analyse = import_module(f"rairlib.studies.{study}.analysis").analyse
    pd.testing.assert_frame_equal(analyse(own.frame), chapters_own(study), check_exact=True)


@pytest.mark.parametrize("study", STUDIES)
def test_label_and_unit_of_a_column_stand_once_and_levels_are_the_papers(study):
    schema = import_module(f"rairlib.studies.{study}.analysis").SCHEMA
    known = load_variables(study)
    for column in schema.columns:
        variable = known.get(column.name)
        assert bool(column.label) == (variable is None), column.name
        if variable is not None:
            assert not (column.unit and variable.unit), column.name
            assert column.kind == variable.kind, column.name
            assert set(column.levels) - {"not described"} <= set(variable.levels), column.name


# --- Broken files --------------------------------------------------------------------------------

MARKED = "\n".join(
    [",".join(FEW), *(f"{CANARY}-{n},{CANARY},{CANARY} 1,{CANARY},{CANARY}" for n in range(3))]
).encode()
BROKEN = st.one_of(
    st.binary(max_size=300),
    st.builds(lambda head: head + MARKED, st.binary(max_size=8)),
    st.builds(lambda cut: MARKED[:cut], st.integers(0, len(MARKED))),
    st.builds(
        lambda at, new: MARKED[:at] + new + MARKED[at:],
        st.integers(0, len(MARKED)),
        st.sampled_from([b"\0", b'"', b"\xff", b",", b"\n", b"\r", b";", b"1e999", b"9" * 400]),
    ),
    st.sampled_from([MARKED.decode().encode(name) for name in ("utf-16", "utf-32", "utf-8-sig")]),
    st.builds(lambda name: MARKED.replace(b"age", name, 1), st.sampled_from([b"rair", b"", b"\t"])),
)


@pytest.mark.parametrize("ending", [*WRITERS, "txt", "xls"])
@given(content=BROKEN)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_broken_file_ends_in_a_refusal_that_tells_no_value(tmp_path, ending, content):
    (tmp_path / "mapping.toml").write_text(few(), encoding="utf-8")
    path = tmp_path / f"patients.{ending}"
    path.write_bytes(content)
    with pytest.raises(RairlibError) as caught:
        read_cohort("lakhdar2024", path, tmp_path / "mapping.toml")
    assert CANARY not in str(caught.value)


CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6), st.dates(),
    st.sampled_from(["<0,04", ">500", "1.234,5", "1,5", "inf", "nan", "yes", "PTC", "12.03.1975"]),
)  # fmt: skip


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@given(rows=st.lists(st.tuples(*[CELLS] * len(FEW)), max_size=6))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_wrong_types_end_in_a_refusal(tmp_path, ending, rows):
    legal = [[re.sub(r"[\x00-\x1f]", "", c) if isinstance(c, str) else c for c in r] for r in rows]
    table = pd.DataFrame(legal, columns=list(FEW), dtype=object)
    with pytest.raises(RairlibError):
        read(tmp_path, "lakhdar2024", table, few(), ending)


@pytest.mark.parametrize("study", STUDIES)
def test_value_that_is_wrong_is_never_told(tmp_path, study):
    """A canary in every column, among patients who are otherwise as they should be."""
    table = load_witness(study).astype(object)
    for place, name in enumerate(table.columns):
        table.loc[place, name] = f"{CANARY} {place}"
    told = refusal(tmp_path, study, table, template(study))
    assert CANARY not in told
    assert len(told.splitlines()) >= len(study_schema(study).columns) - 1


# --- The schema, as the analyses use it ----------------------------------------------------------


def test_analysis_of_few_columns_needs_no_others():
    schema = import_module("rairlib.studies.lakhdar2024.analysis").SCHEMA
    table = load_witness("lakhdar2024")[["rair", "age"]]
    assert schema.check(table, ["rair", "age"])["age"].tolist() == table["age"].tolist()
    with pytest.raises(RairlibError, match=r"^cohort: no column metastasis$"):
        schema.check(table, ["rair", "metastasis"])


def test_cohort_that_was_changed_after_its_check_is_checked_again():
    schema = import_module("rairlib.studies.lakhdar2024.analysis").SCHEMA
    table = load_witness("lakhdar2024").astype(object)
    schema.check(table)
    table.loc[7, "age"] = -1
    with pytest.raises(RairlibError, match=r"^cohort: row 8, column age: a negative number: "):
        schema.check(table)


def test_missing_is_what_applies_and_is_not_there():
    schema = import_module("rairlib.studies.wang2025.analysis").SCHEMA
    table = pd.DataFrame(
        {
            "rair": ["RAIA", "RAIR", "RAIR", ""],
            "rair_type": ["", "", "no avidity", ""],
            "evaluable": ["no", "yes", "yes", "yes"],
            "pfs": ["", "", "3.5", "4"],
        }
    )
    missing = schema.missing(schema.typed(table))
    assert missing["rair_type"].tolist() == [False, True, False, True]
    assert missing["pfs"].tolist() == [False, True, False, False]
    assert missing["rair"].tolist() == [False, False, False, True]
