"""Records of reported numbers and the look-ups of a registry.

The paper of these tests is made up: 30 patients, 10 of them ill, two sexes, one odds ratio.
"""

import math
from dataclasses import FrozenInstanceError, fields

import pytest

from rairlib.errors import RairlibError
from rairlib.registry.files import RegistryError
from rairlib.registry.registry import (
    Registry,
    ReportedNumber,
    load_registry,
    printed_number,
    read_registry,
)
from rairlib.registry.vocabulary import COLUMNS

PAPER = """\
id,locus,statistic,variable,level,group,printed,unit,method,of,partition,repeats,step,role,note
abstract-01,Abstract,n,,,ill,ten,patients,,,,table1-02,,anchor,
table1-01,Table 1,n,,,all,30,patients,,,,,,derivable,
table1-02,Table 1,n,,,ill,10,patients,,table1-01,outcome,,,anchor,
table1-03,Table 1,n,,,well,20,patients,,table1-01,outcome,,,anchor,
table1-04,Table 1,count,sex,female,ill,6,patients,,table1-02,sex_ill,,,anchor,
table1-05,Table 1,count,sex,male,ill,4,patients,,table1-02,sex_ill,,,anchor,
table1-06,Table 1,percent,sex,female,ill,60.0,%,,table1-02,,,,derivable,
table2-01,Table 2,odds_ratio,sex,female vs male,ill vs well,2.10,,univariable,,,,,held_out,
table2-02,Table 2,ci_low,sex,female vs male,ill vs well,0.45,,univariable,table2-01,,,,held_out,
table2-03,Table 2,ci_high,sex,female vs male,ill vs well,"9,80",,univariable,table2-01,,,,held_out,
table2-04,Table 2,p_value,sex,female vs male,ill vs well,<0.5,,univariable,table2-01,,,,held_out,
"""


@pytest.fixture
def paper(tmp_path) -> Registry:
    path = tmp_path / "madeup2020.csv"
    path.write_text(PAPER, encoding="utf-8")
    return read_registry(path)


def ids(rows) -> list[str]:
    return [row.id for row in rows]


def test_rows_keep_the_order_of_the_file(paper):
    assert ids(paper) == [line.split(",")[0] for line in PAPER.splitlines()[1:]]
    assert len(paper) == 11
    assert ids(paper.rows) == ids(paper)


def test_row_is_found_by_its_identifier(paper):
    assert paper["table1-03"].printed == "20"
    assert "table1-03" in paper
    assert "table1-99" not in paper
    with pytest.raises(KeyError, match="table1-99"):
        paper["table1-99"]


def test_record_is_frozen_and_holds_the_columns_as_texts_and_the_parsed_number(paper):
    row = paper["table2-03"]
    assert [field.name for field in fields(ReportedNumber)] == [*COLUMNS, "number"]
    assert (row.printed, row.number.value, row.number.decimals) == ("9,80", 9.8, 2)
    with pytest.raises(FrozenInstanceError):
        row.printed = "10"


def test_record_takes_no_positional_fields():
    with pytest.raises(TypeError, match="positional"):
        ReportedNumber("table1-01")


def test_comparison_has_the_group_with_the_outcome_first(paper):
    assert paper["table2-01"].outcome_groups == ("ill", "well")
    assert paper["table2-01"].contrast == ("female", "male")


def test_single_group_and_level_are_no_comparison(paper):
    assert paper["table1-04"].outcome_groups is None
    assert paper["table1-04"].contrast is None


def test_key_leaves_out_the_place(paper):
    assert paper["abstract-01"].key == paper["table1-02"].key == ("n", "", "", "ill", "")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"statistic": "n"}, ["abstract-01", "table1-01", "table1-02", "table1-03"]),
        ({"statistic": ("ci_low", "ci_high")}, ["table2-02", "table2-03"]),
        ({"statistic": "n", "locus": "Table 1", "group": "ill"}, ["table1-02"]),
        ({"variable": "sex", "level": "female"}, ["table1-04", "table1-06"]),
        ({"statistic": "", "locus": "Abstract"}, ["abstract-01"]),
        ({"statistic": None, "locus": "Abstract"}, ["abstract-01"]),
        ({"statistic": "n", "repeats": ""}, ["table1-01", "table1-02", "table1-03"]),
        ({"method": "multivariable"}, []),
        ({"statistic": "mean"}, []),
    ],
)
def test_where_returns_the_rows_that_equal_all_texts(paper, wanted, found):
    assert ids(paper.where(**wanted)) == found


def test_where_without_a_condition_returns_all_rows(paper):
    assert paper.where() == paper.rows


def test_rows_that_belong_to_another_are_found(paper):
    assert ids(paper.belonging_to("table2-01")) == ["table2-02", "table2-03", "table2-04"]
    assert ids(paper.belonging_to("table2-01", "ci_low")) == ["table2-02"]
    assert paper.belonging_to("table2-04") == ()
    assert paper.belonging_to("") == ()


def test_partitions_are_grouped_by_label(paper):
    assert {label: ids(rows) for label, rows in paper.partitions().items()} == {
        "outcome": ["table1-02", "table1-03"],
        "sex_ill": ["table1-04", "table1-05"],
    }


def test_size_of_a_group_is_read_where_it_is_first_hand(paper):
    assert paper.size("ill").id == "table1-02"
    assert paper.size("all").number.value == 30
    assert paper.size("others") is None


def test_frame_has_one_row_per_number_and_gives_back_the_file(paper):
    frame = paper.frame()
    assert list(frame.columns) == list(COLUMNS)
    assert frame.to_csv(index=False) == PAPER


def test_registry_is_named_after_its_file_or_its_folder(tmp_path, monkeypatch):
    folder = tmp_path / "other2021"
    folder.mkdir()
    for path in (folder / "reported.csv", folder / "mine.csv"):
        path.write_text(PAPER, encoding="utf-8")
    assert read_registry(folder / "reported.csv").study == "other2021"
    assert read_registry(str(folder / "mine.csv")).study == "mine"
    monkeypatch.chdir(folder)
    assert read_registry("reported.csv").study == "other2021"


def test_faulty_file_is_refused(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text(PAPER.replace("60.0", "60-61"), encoding="utf-8")
    with pytest.raises(
        RegistryError, match=r"^bad.csv: row 8 \(table1-06\), column printed: '60-61'"
    ):
        read_registry(path)


def test_study_of_the_book_is_loaded_by_its_key():
    assert load_registry("lakhdar2024").study == "lakhdar2024"


def test_mistyped_study_is_told_with_the_near_key():
    with pytest.raises(
        RairlibError, match=r"^'lakdar2024' is not a study: did you mean 'lakhdar2024'"
    ):
        load_registry("lakdar2024")


def test_cutoff_is_the_number_behind_its_sign():
    cutoff = printed_number("cutoff", "≥528.5")
    assert (cutoff.text, cutoff.value) == ("≥528.5", 528.5)
    assert (cutoff.low, cutoff.high) == (528.45, 528.55)
    assert not cutoff.agrees(600)
    assert printed_number("p_value", "<0.001").low == -math.inf
