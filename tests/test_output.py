"""Frames as text, JSON and CSV; files are written whole or not at all."""

import json
import math
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from rairlib.output import as_file, as_json, as_text, render, rounded, write_all, write_whole

TABLE = pd.DataFrame(
    {
        "id": ["a", "b"],
        "n": [3, 4],
        "low": [0.123456789, math.nan],
        "text": ["one, two", "≥54 “as printed”"],
    }
)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.123456789, 0.123457),
        (1234567.8, 1234570.0),
        (-2.0, -2.0),
        (1.5e-9, 1.5e-9),
        *((value, value) for value in (0.0, math.inf, -math.inf, math.nan)),
    ],
)
def test_rounding_to_six_significant_digits(value, shown):
    assert rounded(value) == pytest.approx(shown, rel=0, abs=0, nan_ok=True)


def test_csv_quotes_commas_and_leaves_unknown_numbers_empty():
    assert as_file(TABLE) == ('id,n,low,text\na,3,0.123457,"one, two"\nb,4,,≥54 “as printed”\n')


def test_csv_does_not_depend_on_the_last_bits():
    noisy = TABLE.assign(low=TABLE["low"] * (1 + 1e-12))
    assert as_file(noisy) == as_file(TABLE)


def test_csv_of_floats_is_read_back_unchanged(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(as_file(TABLE), encoding="utf-8")
    again = pd.read_csv(path)
    assert as_file(again) == as_file(TABLE)


def test_json_is_a_list_with_null_for_unknown_and_infinite_numbers():
    records = [{"n": np.int64(3), "low": np.float64(math.nan), "high": math.inf, "ok": np.True_}]
    text = as_json(records)
    assert "NaN" not in text
    assert "Infinity" not in text
    assert json.loads(text) == [{"n": 3, "low": None, "high": None, "ok": True}]
    assert json.loads(as_json([])) == []


def test_json_keeps_what_is_printed():
    assert "≥54" in as_json([{"printed": "≥54"}])


def test_text_cuts_long_cells_and_hides_unknown_numbers():
    table = pd.DataFrame({"text": ["x" * 100], "low": [math.nan]})
    shown = as_text(table)
    assert "x" * 59 + "…" in shown
    assert "x" * 60 not in shown
    assert "nan" not in shown.lower()
    assert as_text(table.iloc[:0]) == "(none)"


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_every_form_names_every_row(form):
    text = render(TABLE, form)
    assert not text.endswith("\n")
    assert all(name in text for name in ("one, two", "≥54 “as printed”"))


def test_csv_and_json_say_the_same():
    objects = json.loads(render(TABLE, "json"))
    assert [list(record) for record in objects] == [list(TABLE.columns)] * 2
    assert [record["text"] for record in objects] == TABLE["text"].to_list()


def test_file_is_replaced_whole(tmp_path):
    path = tmp_path / "results.csv"
    write_whole(path, "old\n")
    write_whole(path, "new ≥54\n")
    assert path.read_bytes() == "new ≥54\n".encode()
    assert os.listdir(tmp_path) == ["results.csv"]


def test_failure_leaves_the_old_file_and_no_draft(tmp_path):
    path = tmp_path / "results.csv"
    write_whole(path, "old\n")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "new \ud800\n")
    assert path.read_text(encoding="utf-8") == "old\n"
    assert os.listdir(tmp_path) == ["results.csv"]


def test_failure_of_one_file_leaves_all_as_they_were(tmp_path):
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    write_whole(first, "old\n")
    with pytest.raises(UnicodeEncodeError):
        write_all({first: "new\n", second: "new \ud800\n"})
    assert first.read_text(encoding="utf-8") == "old\n"
    assert os.listdir(tmp_path) == ["a.csv"]


IN_TURN = """
import sys
from rairlib.output import one_process_at_a_time
with one_process_at_a_time(), open(sys.argv[1], "a") as log:
    print("in", file=log, flush=True)
    sum(range(3_000_000))
    print("out", file=log, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")
def test_processes_go_one_at_a_time(tmp_path):
    log = tmp_path / "log"
    command = [sys.executable, "-c", IN_TURN, str(log)]
    assert {process.wait() for process in [subprocess.Popen(command) for _ in range(3)]} == {0}
    assert log.read_text().split() == ["in", "out"] * 3
