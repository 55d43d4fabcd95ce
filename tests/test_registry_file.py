"""A registry file is read as it stands, or refused with one clear line per fault."""

import pytest

from rairlib.errors import nearest, unknown
from rairlib.registry.files import RegistryError, read_table
from rairlib.registry.registry import read_registry
from rairlib.registry.vocabulary import COLUMNS, METHODS, ROLES, STATISTICS

HEADER = "id,locus,statistic,printed"
ROW = "a-1,Table 1,count,90"
SAVE = "save it as CSV UTF-8, separated by commas"


@pytest.fixture
def faults(tmp_path):
    """Return the lines with which a file of this content is refused."""

    def read(content: str | bytes) -> list[str]:
        path = tmp_path / "paper.csv"
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        with pytest.raises(RegistryError) as caught:
            read_table(path)
        return str(caught.value).splitlines()

    return read


@pytest.fixture
def read(tmp_path):
    """Return the rows of a file of this content."""

    def rows(content: str | bytes) -> list[dict[str, str]]:
        path = tmp_path / "paper.csv"
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        return read_table(path).to_dict("records")

    return rows


def lines(*texts: str) -> str:
    return "\n".join(texts) + "\n"


def test_missing_optional_columns_are_empty_and_the_role_is_anchor(read):
    (row,) = read(lines(HEADER, ROW))
    assert list(row) == list(COLUMNS)
    given = {"id": "a-1", "locus": "Table 1", "statistic": "count", "printed": "90"}
    assert row == {**dict.fromkeys(COLUMNS, ""), "role": "anchor", **given}


def test_columns_may_stand_in_any_order(read):
    (row,) = read(lines("printed,statistic,locus,id", "90,count,Table 1,a-1"))
    assert (row["id"], row["printed"]) == ("a-1", "90")


READABLE = {
    "byte order mark of Excel": b"\xef\xbb\xbf" + lines(HEADER, ROW).encode(),
    "line ends of Windows": lines(HEADER, ROW).replace("\n", "\r\n"),
    "line ends of old Macs": lines(HEADER, ROW).replace("\n", "\r"),
    "no line end at the end": lines(HEADER, ROW).rstrip(),
    "blanks around fields": "id , locus, statistic,printed\n a-1,Table 1 ,count, 90\n",
    "empty lines": lines("", HEADER, "", ROW, ""),
    "rows of commas alone": lines(HEADER, ",,,", ROW, ",,,"),
    "fields in quotes": lines('"id","locus","statistic","printed"', '"a-1","Table 1","count","90"'),
}


@pytest.mark.parametrize("content", READABLE.values(), ids=READABLE)
def test_harmless_habits_of_programs_change_nothing(read, content):
    (row,) = read(content)
    assert (row["id"], row["locus"], row["statistic"], row["printed"]) == tuple(ROW.split(","))


def test_texts_like_na_and_none_stay_texts(read):
    (row,) = read(lines(f"{HEADER},variable,level", f"{ROW},NA,None"))
    assert (row["variable"], row["level"]) == ("NA", "None")


UNREADABLE = {
    "empty file": ("", "is empty; start from the template"),
    "empty lines alone": ("\n\n", "is empty; start from the template"),
    "header alone": (lines(HEADER), "has a header but no rows; add one row per number"),
    "semicolons": (
        lines(HEADER, ROW).replace(",", ";"),
        f"fields are separated by semicolons; {SAVE}",
    ),
    "tabs": (lines(HEADER, ROW).replace(",", "\t"), f"fields are separated by tabs; {SAVE}"),
    "bars": (lines(HEADER, ROW).replace(",", "|"), f"fields are separated by bars; {SAVE}"),
    "Windows-1252": (
        lines(HEADER, "a-1,Résultats,count,90").encode("cp1252"),
        f"line 2 is not UTF-8 text; {SAVE}",
    ),
    "UTF-16": (lines(HEADER, ROW).encode("utf-16"), f"line 1 is not UTF-8 text; {SAVE}"),
    "a workbook": (b"PK\x03\x04\x14\0", f"is a spreadsheet or an archive, not text; {SAVE}"),
    "a NUL byte": (lines(HEADER, "a-1,Table\0 1,count,90"), f"line 2 holds a NUL byte; {SAVE}"),
    "an open quote": (
        lines(HEADER, ROW, 'a-2,"Table 1,count,90', "a-3,Table 1,count,90"),
        "row 3: a double quote is not closed, or stands inside a text and is not doubled",
    ),
    "a quote inside a text": (
        lines(HEADER, 'a-1,"Table "1"",count,90'),
        "row 2: a double quote is not closed, or stands inside a text and is not doubled",
    ),
    "too many fields": (
        lines(HEADER, ROW, "a-2,Methods, Patients,count,90"),
        "row 3: has 5 fields, the header has 4; put texts that contain a comma in double quotes",
    ),
    "too few fields": (
        lines(HEADER, "a-1,Table 1,count"),
        "row 2: has 3 fields, the header has 4; write a comma for each empty field too",
    ),
    "no header": (lines(ROW), "row 1 is not a header; start with id,locus,statistic,printed"),
    "prose": ("Our results\nare fine\n", "row 1 is not a header; start with " + HEADER),
    "a missing column": (
        lines("id,locus,printed", "a-1,Table 1,90"),
        "header: column statistic is missing",
    ),
    "a header in capitals": (
        lines("id,Locus,statistic,printed", ROW),
        "header: 'Locus' is not a column: did you mean 'locus'?",
    ),
    "a mistyped column": (
        lines(f"{HEADER},repeat", f"{ROW},"),
        "header: 'repeat' is not a column: did you mean 'repeats'?",
    ),
    "a column without a name": (
        lines(f"{HEADER},", f"{ROW},"),
        "header: column 5 has no name: name it, or delete it",
    ),
    "a column that stands twice": (
        lines(f"{HEADER},printed", f"{ROW},91"),
        "header: column printed stands twice: keep one",
    ),
    "an id that stands twice": (
        lines(HEADER, ROW, ROW),
        "row 3 (a-1), column id: 'a-1' stands twice",
    ),
}


@pytest.mark.parametrize(("content", "line"), UNREADABLE.values(), ids=UNREADABLE)
def test_broken_file_gets_one_line_with_the_remedy(faults, content, line):
    assert faults(content) == [f"paper.csv: {line}"]


def test_unknown_column_without_a_near_name_lists_the_columns(faults):
    (line,) = faults(lines(f"{HEADER},colour", f"{ROW},red"))
    assert line == f"paper.csv: header: 'colour' is not a column: use one of {', '.join(COLUMNS)}"


def test_folder_and_missing_file_are_named_in_full(tmp_path):
    with pytest.raises(RegistryError, match=f"^{tmp_path}: is a folder; name a CSV file in it$"):
        read_registry(tmp_path)
    with pytest.raises(RegistryError, match=f"^{tmp_path}/none.csv: no such file$"):
        read_registry(tmp_path / "none.csv")


FULL = "id,locus,statistic,variable,level,group,printed,method,of,partition,repeats,step,role,note"
GOOD = dict.fromkeys(FULL.split(","), "")
GOOD |= {"id": "a-1", "locus": "Table 1", "statistic": "count", "variable": "age", "level": "old"}
GOOD |= {"group": "all", "printed": "9", "role": "anchor"}


def one_row(**changed: str) -> str:
    return lines(FULL, ",".join(f'"{text}"' for text in {**GOOD, **changed}.values()))


FIELDS = [
    ({"statistic": "cuont"}, "'cuont' is not a statistic: did you mean 'count'?"),
    ({"statistic": "Median"}, "'Median' is not a statistic: did you mean 'median'?"),
    ({"statistic": "odds ratio"}, "'odds ratio' is not a statistic: did you mean 'odds_ratio'?"),
    ({"statistic": "OR"}, "'OR' is not a statistic: did you mean 'odds_ratio'?"),
    ({"statistic": "HR"}, "'HR' is not a statistic: did you mean 'hazard_ratio'?"),
    ({"statistic": "p"}, "'p' is not a statistic: did you mean 'p_value'?"),
    ({"statistic": "χ²"}, "'χ²' is not a statistic: did you mean 'chi_square'?"),
    ({"method": "Mann-Whitney"}, "'Mann-Whitney' is not a method: did you mean 'mann_whitney'?"),
    ({"method": "multivariate"}, "'multivariate' is not a method: did you mean 'multivariable'?"),
    ({"method": "t-test"}, "'t-test' is not a method: did you mean 'student'?"),
    ({"statistic": "relative_risk"}, "'relative_risk' is not a statistic: did you mean 'risk_"),
    ({"statistic": "hazard"}, "'hazard' is not a statistic: did you mean 'hazard_ratio'?"),
    ({"statistic": "ci"}, "'ci' is not a statistic: did you mean 'ci_low' or 'ci_high'?"),
    ({"method": "cox"}, "'cox' is not a method: did you mean 'univariable' or 'multivariable'?"),
    ({"method": "χ²"}, "'χ²' is not a method: did you mean 'pearson'?"),
    ({"role": "held out"}, "'held out' is not a role: did you mean 'held_out'?"),
    ({"role": "maybe"}, f"'maybe' is not a role: use one of {', '.join(ROLES)}"),
    ({"role": ""}, f"is empty: use one of {', '.join(ROLES)}"),
    ({"id": ""}, "is empty: give the number an identifier"),
    ({"id": "table 1"}, "'table 1' holds a blank: join its parts by hyphens"),
    ({"locus": ""}, "is empty: name the place in the paper"),
    ({"printed": ""}, "is empty: write the number as printed"),
    ({"printed": "17–77"}, "'17–77' is not one number: give 17 and 77 a row each"),
    ({"printed": "many"}, "'many' is not a number: write digits, or a number word from zero to"),
    ({"step": "0"}, "'0' is not a positive number: give the smallest step, or nothing"),
    ({"step": "<1"}, "'<1' is not a positive number: give the smallest step, or nothing"),
    ({"step": "whole"}, "'whole' is not a positive number: give the smallest step, or nothing"),
]


@pytest.mark.parametrize(("changed", "fault"), FIELDS)
def test_faulty_field_is_named_with_row_and_column(faults, changed, fault):
    (line,) = faults(one_row(**changed))
    ((column, _),) = changed.items()
    name = {**GOOD, **changed}["id"] or "no id"
    assert line.startswith(f"paper.csv: row 2 ({name}), column {column}: {fault}")


def test_word_without_a_near_one_is_told_in_a_short_line(faults):
    (line,) = faults(one_row(statistic="xyz"))
    assert line.endswith("see the guide's list of words; 'number' is for what no check reads")
    (line,) = faults(one_row(method="xyz"))
    assert line.endswith("see the guide's list of words, or leave it empty and name it in a note")


@pytest.mark.parametrize("statistic", ["n", "count"])
def test_a_size_with_a_point_before_three_digits_is_asked_about(faults, statistic):
    (line,) = faults(one_row(statistic=statistic, printed="1.234"))
    assert line.endswith("column printed: '1.234' may be 1234 or a decimal: write 1234")


LINKED = [
    ({"of": "a-9"}, "of", "'a-9' is the id of no row"),
    ({"of": "a-1"}, "of", "leads back to the row itself"),
    ({"repeats": "b"}, "repeats", "'b' is the id of no row"),
    ({"repeats": "a-1"}, "repeats", "leads back to the row itself"),
    ({"partition": "sex"}, "of", "is empty: a part of a partition names its whole"),
    ({"statistic": "ci_low"}, "of", "is empty: a limit names its estimate"),
    ({"statistic": "n", "group": ""}, "group", "is empty: a group size names its group"),
    ({"role": "unavailable"}, "note", "is empty: say why the number is unavailable"),
]


@pytest.mark.parametrize(("changed", "column", "fault"), LINKED)
def test_fields_that_contradict_each_other_are_named(faults, changed, column, fault):
    assert faults(one_row(**changed)) == [f"paper.csv: row 2 (a-1), column {column}: {fault}"]


def test_link_to_a_mistyped_id_names_the_near_one(faults):
    rows = ["table1-01,Table 1,count,90,", "table1-02,Table 1,percent,4,tabel1-01"]
    content = lines(f"{HEADER},of", *rows)
    assert faults(content) == [
        "paper.csv: row 3 (table1-02), column of: 'tabel1-01' is the id of no row: "
        "did you mean 'table1-01'?"
    ]


def test_links_in_a_circle_are_refused_at_each_of_its_rows(faults):
    rows = ["a,T,count,1,b", "b,T,count,2,c", "c,T,count,3,a", "d,T,count,4,a"]
    assert faults(lines(f"{HEADER},of", *rows)) == [
        f"paper.csv: row {row} ({name}), column of: leads back to the row itself"
        for row, name in ((2, "a"), (3, "b"), (4, "c"))
    ]


def test_empty_id_links_to_nothing(faults):
    assert faults(lines(f"{HEADER},of,repeats", ",T,count,1,,")) == [
        "paper.csv: row 2 (no id), column id: is empty: give the number an identifier"
    ]


def test_rows_are_counted_with_the_empty_ones(faults):
    content = lines(HEADER, "", ROW, ",,,", "a-2,Table 1,count,1–2")
    assert faults(content) == [
        "paper.csv: row 5 (a-2), column printed: '1–2' is not one number: give 1 and 2 a row each"
    ]


def test_every_fault_of_a_file_is_told_at_once_in_order(faults):
    content = lines(HEADER, "a-1,,count,x", "a-1,Table 1,cuont,9")
    assert [line.split(": ")[1] for line in faults(content)] == [
        "row 2 (a-1), column locus",
        "row 2 (a-1), column printed",
        "row 3 (a-1), column id",
        "row 3 (a-1), column statistic",
    ]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Count", "count"),
        ("p value", "p_value"),
        ("ci-low", "ci_low"),
        ("hazzard_ratio", "hazard_ratio"),
        ("xyz", ""),
    ],
)
def test_nearest_word_ignores_case_blanks_and_hyphens(typed, meant):
    assert nearest(typed, STATISTICS) == meant


def test_unknown_word_suggests_known_words_only():
    spoken = {"OR": "odds_ratio"}
    assert unknown("or", "statistic", ["mean", "odds_ratio"], spoken).endswith("'odds_ratio'?")
    assert unknown("or", "statistic", ["mean", "sd"], spoken).endswith("use one of mean, sd")


def test_every_known_word_is_accepted(read):
    rows = [lines(FULL)]
    rows += [one_row(id=f"s-{name}", statistic=name, of="m-1") for name in STATISTICS]
    rows += [one_row(id=f"m-{place}", method=name) for place, name in enumerate(METHODS)]
    rows += [one_row(id=f"r-{name}", role=name, note="why") for name in ROLES]
    content = "".join(
        row.removeprefix(lines(FULL)) if place else row for place, row in enumerate(rows)
    )
    assert len(read(content)) == len(STATISTICS) + len(METHODS) + len(ROLES)


@pytest.mark.parametrize("certain", ["0,155", "12,5", "1234,567", "<0,05"])
def test_comma_before_three_digits_is_refused_beside_a_decimal_comma(faults, certain):
    rows = [f'a-1,Table 1,odds_ratio,"{certain}"', 'a-2,Table 1,odds_ratio,"6,502"']
    assert faults(lines(HEADER, *rows)) == [
        "paper.csv: row 3 (a-2), column printed: '6,502' may hold a decimal comma as others here: "
        "write it without comma"
    ]


@pytest.mark.parametrize("other", ["1,234,567", "112,880.0", "45.2", "12,345"])
def test_comma_before_three_digits_separates_thousands_elsewhere(read, other):
    content = lines(HEADER, f'a-1,Table 1,count,"{other}"', 'a-2,Table 1,count,"6,502"')
    assert len(read(content)) == 2
