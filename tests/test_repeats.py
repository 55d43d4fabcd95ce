"""Repeats are the same whoever computes them and whatever dies on the way; summaries by hand."""

import json
import os
import re
import signal
import subprocess
import sys
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import repeats_toy
from repeats_toy import toy

from rairlib import cli
from rairlib.errors import RairlibError
from rairlib.studies import own_studies, part_of
from rairlib.studies import repeats as engine
from rairlib.studies.repeats import (
    conclusions_held,
    repeated,
    repeats_of,
    repeats_per_block,
    run_repeats,
    summarised,
)

BLOCKS, EACH = 12, 1000  # blocks of the toy study's 100 patients
NUMBER = BLOCKS * EACH - 500
UNDISTURBED = pd.concat(
    [engine.block(toy(), EACH, 100, "planted", 1, place) for place in range(BLOCKS)]
)[:NUMBER].reset_index(drop=True)


@pytest.fixture
def study(monkeypatch):
    """Return a function that sets the study that every key stands for."""

    def study(repeats):
        monkeypatch.setattr(engine, "repeats_of", lambda key: repeats)
        return repeats

    study(toy())
    return study


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        yield cluster


def table_in(folder):
    found = engine._Folder(folder)
    return found[found.columns]


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# The same repeats, whoever computes them


@pytest.mark.parametrize("workers", [1, 2])
def test_any_number_of_workers_gives_the_same_table(study, workers):
    pd.testing.assert_frame_equal(
        repeated("toy", NUMBER, workers=workers), UNDISTURBED, check_exact=True
    )


def test_any_number_of_workers_writes_the_same_bytes(study, tmp_path):
    for workers in (1, 2):
        run_repeats("toy", NUMBER, folder=tmp_path / str(workers), workers=workers)
    assert contents(tmp_path / "1") == contents(tmp_path / "2")
    pd.testing.assert_frame_equal(table_in(tmp_path / "1"), UNDISTURBED, check_exact=True)


def test_order_in_which_blocks_come_does_not_matter(study, tmp_path, monkeypatch):
    backwards = lambda *given: reversed(list(blocks(*given)))  # noqa: E731
    blocks = engine._blocks
    monkeypatch.setattr(engine, "_blocks", backwards)
    pd.testing.assert_frame_equal(repeated("toy", NUMBER), UNDISTURBED, check_exact=True)
    run_repeats("toy", NUMBER, folder=tmp_path)
    pd.testing.assert_frame_equal(table_in(tmp_path), UNDISTURBED, check_exact=True)


def test_truth_seed_and_size_change_the_repeats(study):
    tables = [
        repeated("toy", 100, **changed)
        for changed in ({}, {"truth": "null"}, {"seed": 2}, {"size": 2}, {"size": 0.5})
    ]
    assert len({table["x coefficient"].sum() for table in tables}) == 5
    errors = [tables[place]["x standard_error"].mean() for place in (4, 0, 3)]
    assert errors == pytest.approx([2**0.5 / 10, 0.1, 0.5**0.5 / 10], rel=0.03)


def test_blocks_hold_about_as_many_patients_whatever_the_size():
    assert [repeats_per_block(n) for n in (90, 177, 1770, 99_999, 250_000)] == [1111, 564, 56, 1, 1]


@pytest.mark.parametrize("workers", [1, 2])
def test_no_more_than_a_wave_is_computed_ahead(study, workers):
    begun, done = [], []

    def wanted():
        for place in range(20):
            begun.append(place)
            yield place

    settings = engine.settings_of(toy())
    for place, _ in engine._blocks(toy(), settings, wanted(), workers):
        assert len(begun) - len(done) <= engine.BLOCKS_PER_WORKER * workers
        done.append(place)
    assert sorted(done) == begun == list(range(20))


# What dies on the way


def test_killed_run_is_resumed_without_loss(study, tmp_path):
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from repeats_toy import draw_until, toy\n"
        "from rairlib.studies import repeats as engine\n"
        "folder = Path(sys.argv[1])\n"
        "engine.repeats_of = lambda key: toy(draw_until, folder, 5)\n"
        f"engine.run_repeats('toy', {NUMBER}, folder=folder)\n"
    )
    path = os.pathsep.join([str(Path(repeats_toy.__file__).parent), *filter(None, sys.path)])
    killed = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": path},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    there = contents(tmp_path)
    assert len(there) == 1 + 5
    with pytest.raises(RairlibError, match="7 of 12 blocks are missing"):
        summarised(toy(), tmp_path, "planted")
    (tmp_path / ".block-000000005.parquet.part").write_bytes(b"half of a blo")
    computed = []
    run_repeats("toy", NUMBER, folder=tmp_path, progress=lambda done, total: told(done, computed))
    assert sorted(computed) == list(range(5, BLOCKS))
    assert contents(tmp_path).items() >= there.items()
    pd.testing.assert_frame_equal(table_in(tmp_path), UNDISTURBED, check_exact=True)


def told(blocks, numbers):
    for number, table in blocks:
        numbers.append(number)
        yield number, table


def test_block_of_a_killed_process_is_computed_again(study, tmp_path):
    token = tmp_path / "token"
    token.touch()
    study(toy(repeats_toy.draw_or_die, token))
    table = repeated("toy", NUMBER, workers=2)
    assert not token.exists()
    pd.testing.assert_frame_equal(table, UNDISTURBED, check_exact=True)


def test_processes_that_always_die_stop_the_run(study, monkeypatch):
    monkeypatch.setattr(engine, "ATTEMPTS", 1)
    study(toy(repeats_toy.draw_always_die))
    with pytest.raises(RairlibError, match="1 times a worker died before a block was done"):
        repeated("toy", NUMBER, workers=2)


def test_worker_of_a_cluster_is_killed_in_the_middle(study, tmp_path, cluster):
    token = tmp_path / "token"
    token.touch()
    study(toy(repeats_toy.draw_or_die, token))
    run_repeats("toy", NUMBER, folder=tmp_path / "run", scheduler=cluster.scheduler_address)
    assert not token.exists()
    pd.testing.assert_frame_equal(table_in(tmp_path / "run"), UNDISTURBED, check_exact=True)
    run_repeats("toy", NUMBER, folder=tmp_path / "here")
    assert contents(tmp_path / "run") == contents(tmp_path / "here")


def test_worker_with_other_code_is_refused(study, monkeypatch, tmp_path, cluster):
    monkeypatch.setattr(engine, "computed_by", lambda study: {"numpy": "0"})
    with pytest.raises(RairlibError, match="a worker has other code"):
        run_repeats("toy", NUMBER, folder=tmp_path, scheduler=cluster.scheduler_address)


def test_workers_of_a_cluster_that_always_die_stop_the_run(study, tmp_path, cluster, monkeypatch):
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)
    study(toy(repeats_toy.draw_always_die))
    with pytest.raises(RairlibError, match="one block killed worker after worker"):
        run_repeats("toy", NUMBER, folder=tmp_path, scheduler=cluster.scheduler_address)


# A folder and its run


def test_larger_number_adds_and_smaller_one_takes_the_first(study, tmp_path):
    run_repeats("toy", 1500, folder=tmp_path)
    first = contents(tmp_path)
    run_repeats("toy", NUMBER, folder=tmp_path)
    later = contents(tmp_path)
    del first["run.json"]
    assert later.items() >= first.items()
    pd.testing.assert_frame_equal(table_in(tmp_path), UNDISTURBED, check_exact=True)
    run_repeats("toy", 1500, folder=tmp_path)
    pd.testing.assert_frame_equal(table_in(tmp_path), UNDISTURBED[:1500], check_exact=True)
    assert len(contents(tmp_path)) == 1 + BLOCKS


@pytest.mark.parametrize(
    ("changed", "name"),
    [({"truth": "null"}, "truth"), ({"seed": 2}, "seed"), ({"size": 2}, "size")],
)
def test_folder_of_another_run_is_refused(study, tmp_path, changed, name):
    run_repeats("toy", 10, folder=tmp_path)
    before = contents(tmp_path)
    with pytest.raises(RairlibError, match=f"holds a run with other .*{name}"):
        run_repeats("toy", 10, folder=tmp_path, **changed)
    assert contents(tmp_path) == before


def test_run_of_other_code_is_refused(study, tmp_path, monkeypatch):
    run_repeats("toy", 10, folder=tmp_path)
    monkeypatch.setattr(engine, "computed_by", lambda study: {"code": "older"})
    with pytest.raises(RairlibError, match="other computed_by"):
        run_repeats("toy", 10, folder=tmp_path)


def test_checksum_is_of_the_study_s_own_code_and_data(tmp_path, monkeypatch):
    folder = tmp_path / "lakhdar2024"
    folder.mkdir()
    (folder / "study.toml").write_text("")
    monkeypatch.setenv("RAIRLIB_DATA", str(tmp_path))
    computed_by = engine.computed_by.__wrapped__
    here, elsewhere = computed_by("lakhdar2024"), computed_by("tang2025")
    assert here["code"] != elsewhere["code"]
    (folder / "study.toml").write_text("place = 1\n")
    assert computed_by("lakhdar2024")["code"] != here["code"]
    assert computed_by("tang2025") == elsewhere


@pytest.mark.parametrize("kept", [0, 100, -5])
def test_file_that_is_cut_short_is_named(study, tmp_path, kept):
    run_repeats("toy", 3 * EACH, folder=tmp_path)
    path = tmp_path / "block-000000001.parquet"
    path.write_bytes(path.read_bytes()[:kept])
    for reads in (lambda: run_repeats("toy", 10, folder=tmp_path), lambda: table_in(tmp_path)):
        with pytest.raises(RairlibError, match=r"block-000000001.parquet: is cut short"):
            reads()


def test_file_whose_numbers_are_damaged_is_named(study, tmp_path):
    run_repeats("toy", 3 * EACH, folder=tmp_path)
    path = tmp_path / "block-000000001.parquet"
    damaged = bytearray(path.read_bytes())
    damaged[9000:9008] = b"damaged!"
    path.write_bytes(damaged)
    with pytest.raises(RairlibError, match=r"block-000000001.parquet: is damaged: remove it"):
        conclusions_held(toy(), tmp_path)
    with pytest.raises(OSError, match="checksum"):
        table_in(tmp_path)


def test_folder_that_is_named_like_a_block_is_told(study, tmp_path):
    (tmp_path / "block-000000001.parquet").mkdir()
    with pytest.raises(RairlibError, match=r"block-000000001.parquet: is cut short or no block"):
        run_repeats("toy", 10, folder=tmp_path)


def test_file_of_others_is_named(study, tmp_path):
    run_repeats("toy", 2 * EACH, folder=tmp_path)
    pq.write_table(pq.read_table(tmp_path / "block-000000000.parquet"), tmp_path / "copy.parquet")
    with pytest.raises(RairlibError, match=r"copy.parquet: is no block of this run"):
        run_repeats("toy", 10, folder=tmp_path)
    UNDISTURBED.to_parquet(tmp_path / "copy.parquet")
    with pytest.raises(RairlibError, match=r"copy.parquet: is cut short or no block"):
        run_repeats("toy", 10, folder=tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "5"])
def test_settings_that_cannot_be_read_are_told(study, tmp_path, text):
    run_repeats("toy", 10, folder=tmp_path)
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(RairlibError, match=r"run.json: cannot be read"):
        run_repeats("toy", 10, folder=tmp_path)


def test_settings_say_what_the_run_is(study, tmp_path):
    run_repeats("toy", 10, 0.5, "null", 3, folder=tmp_path)
    said = json.loads((tmp_path / "run.json").read_text())
    assert set(said.pop("computed_by")) == {*engine.COMPUTED_BY, "code", "processor"}
    assert said == {
        "study": "toy",
        "truth": "null",
        "size": 0.5,
        "patients": 50,
        "seed": 3,
        "repeats_per_block": 2000,
        "number": 10,
    }


# Memory


def test_a_run_holds_no_more_tables_however_many_it_writes(study, tmp_path, monkeypatch):
    alive, most = weakref.WeakSet(), []
    compute = engine.block

    class Counted(pd.DataFrame):
        __hash__ = object.__hash__

    def counted(*given):
        table = Counted(compute(*given))
        alive.add(table)
        most.append(len(alive))
        return table

    monkeypatch.setattr(engine, "block", counted)
    run_repeats("toy", 40 * EACH, folder=tmp_path)
    assert len(most) == 40
    assert max(most) <= 2


def test_summary_of_a_folder_reads_the_columns_of_one_variable_at_a_time(study, tmp_path):
    run_repeats("toy", NUMBER, folder=tmp_path)
    read, read_columns = [], engine._Folder.__getitem__
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            engine._Folder,
            "__getitem__",
            lambda folder, names: read.append(names) or read_columns(folder, names),
        )
        found = summarised(toy(), tmp_path, "planted")
    of_x = ["x coefficient", "x standard_error", "x selected"]
    assert read == [of_x, ["y cutoff"]]
    pd.testing.assert_frame_equal(found, summarised(toy(), UNDISTURBED, "planted"))


def test_conclusions_of_a_folder_are_counted_block_by_block(study, tmp_path):
    run_repeats("toy", NUMBER, folder=tmp_path)
    sizes = []
    (conclusion,) = toy().conclusions
    watched = replace(
        conclusion,
        holds=lambda found: sizes.append(len(found["repeat"])) or conclusion.holds(found),
    )
    found = conclusions_held(replace(toy(), conclusions=(watched,)), tmp_path)
    assert sizes == [EACH] * (BLOCKS - 1) + [EACH - 500]
    pd.testing.assert_frame_equal(found, conclusions_held(toy(), UNDISTURBED))


# The summary, by hand


def by_hand():
    """Return six repeats: four estimates, one without, one in which the variable was left out."""
    nan = np.nan
    return pd.DataFrame(
        {
            "repeat": range(6),
            "x coefficient": [1.0, -2.0, 0.5, 4.0, nan, nan],
            "x standard_error": [0.4, 0.5, 0.5, 1.0, nan, nan],
            "x selected": [1.0, 1.0, 1.0, 1.0, 1.0, 0.0],
            "x p_value": [0.012, 0.0001, 0.32, 0.05, nan, 0.049],
            "age cutoff": [50.0, 54.0, 58.0, 54.0, 54.0, nan],
        }
    )


def row(true, name, table=None):
    repeats = replace(toy(), true_values=lambda truth: {"x coefficient": true, "age cutoff": 54.0})
    found = summarised(repeats, by_hand() if table is None else table, "planted")
    return found.set_index("quantity").loc[name]


def test_summary_of_a_coefficient():
    found = row(1.0, "x coefficient")
    counts = ["repeats", "left_out", "without_estimate", "estimates"]
    assert found[counts].tolist() == [6, 1, 1, 4]
    # z = 2.5, −4, 1 and 4: three are significant, two of them with the sign of the truth, 1.
    assert found[["significant", "right_sign"]].tolist() == [3, 2]
    assert found["share_significant"] == 3 / 6
    assert found["type_s"] == pytest.approx(1 / 3)
    assert found["type_m"] == pytest.approx((1 + 2 + 4) / 3)
    # 1 lies in 0.2 to 1.8 and in −0.5 to 1.5, not in −3 to −1 nor in 2.04 to 5.96.
    assert (found["covering"], found["share_covering"]) == (2, 2 / 4)
    assert (found["mean"], found["median"]) == (3.5 / 4, 0.75)


def test_summary_under_no_effect_counts_coverage_and_not_signs():
    found = row(0.0, "x coefficient")
    assert (found["significant"], found["covering"]) == (3, 1)
    assert found[["right_sign", "type_s", "type_m"]].isna().all()


def test_summary_without_a_truth_counts_what_is_significant():
    found = row(np.nan, "x coefficient")
    assert found["significant"] == 3
    assert found[["right_sign", "covering", "type_s", "type_m", "share_covering"]].isna().all()


def test_exaggeration_grows_as_studies_shrink(study):
    found = [
        row(0.3, "x coefficient", repeated("toy", 4000, size))[["type_m", "share_covering"]]
        for size in (0.25, 1, 4)
    ]
    exaggerated, covering = zip(*found, strict=True)
    assert exaggerated[0] > 1.4 > exaggerated[1] > 1.05 > exaggerated[2] > 0.99
    assert all(0.93 < share < 0.96 for share in covering)


def test_summary_of_other_quantities():
    cutoff, p_value, selected = (
        row(1.0, name) for name in ("age cutoff", "x p_value", "x selected")
    )
    assert cutoff[["true", "estimates", "without_estimate", "median"]].tolist() == [54, 5, 1, 54]
    assert cutoff[["low", "high"]].tolist() == pytest.approx([50.4, 57.6])
    assert p_value["significant"] == 3
    assert p_value["without_estimate"] == 1
    assert selected["mean"] == pytest.approx(5 / 6)


def test_summary_of_survival_counts_coverage_alone():
    table = pd.DataFrame({"year survival": [0.5, 0.6, 0.9], "year standard_error": [0.1, 0.1, 0.1]})
    repeats = replace(toy(), true_values=lambda truth: {"year survival": 0.7})
    found = summarised(repeats, table, "planted").iloc[0]
    assert (found["covering"], found["share_covering"]) == (1, pytest.approx(1 / 3))
    assert np.isnan(found["significant"])


def test_summary_where_no_repeat_has_an_estimate():
    table = by_hand().assign(**{"x coefficient": np.nan, "x standard_error": np.nan})
    found = row(1.0, "x coefficient", table)
    assert found[["estimates", "significant", "covering"]].tolist() == [0, 0, 0]
    assert found["without_estimate"] + found["left_out"] == 6
    assert found[["median", "type_m", "type_s", "share_covering"]].isna().all()


def test_conclusions_count_a_repeat_without_an_estimate_as_not_held():
    (found,) = conclusions_held(toy(), by_hand()).to_dict("records")
    assert (found["id"], found["text"], found["number"]) == ("x", "X is positive.", "")
    assert (found["repeats"], found["held"], found["share"]) == (6, 2, 2 / 6)
    z, n = 1.959964, 6  # Wilson's limits solve (share − p)² = z² p (1 − p) / n
    for p in (found["low"], found["high"]):
        assert (2 / n - p) ** 2 == pytest.approx(z**2 * p * (1 - p) / n)


# What is refused, and the command line


@pytest.mark.parametrize("size", [0.01, 0, -1, 1e300, float("nan"), float("inf")])
def test_impossible_size_is_refused(study, size):
    with pytest.raises(RairlibError, match="times 100 patients: a repeat has from 10 to"):
        repeated("toy", 10, size)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seed_that_could_share_streams_with_another_is_refused(study, seed):
    with pytest.raises(RairlibError, match=f"seed {seed}: it is a number from 0 to 4294967295"):
        repeated("toy", 10, seed=seed)


def test_unknown_truth_and_study_are_refused(study):
    with pytest.raises(RairlibError, match="toy: 'nul' is not a truth: did you mean 'null'"):
        repeated("toy", 10, truth="nul")
    with pytest.raises(RairlibError, match="'nosuch' is not a study with repeats"):
        repeats_of("nosuch")


def command(capsys, *words):
    code = cli.main(["repeats", "toy", *map(str, words)])
    return code, *capsys.readouterr()


def test_command_prints_conclusions_and_summary(study, capsys):
    code, out, err = command(capsys, "-n", 2000, "--workers", 1)
    held = int((UNDISTURBED["x coefficient"] > 1.96 * UNDISTURBED["x standard_error"])[:2000].sum())
    assert (code, err) == (0, "")
    assert out.startswith("toy: 2000 repeats of 100 patients, drawn from planted, seed 1\n")
    assert f"{held / 2000:6.1%} (" in out
    assert "): X is positive.\n" in out
    assert "x coefficient" in out


def test_command_keeps_its_repeats_and_prints_for_machines(study, capsys, tmp_path):
    words = ("-n", 1500, "--workers", 1, "--out", tmp_path / "new", "--size", 2, "--truth", "null")
    code, out, _ = command(capsys, *words, "--format", "json")
    records = json.loads(out)
    assert code == 0
    assert [record["id"] for record in records if record["id"]] == ["x"]
    assert [record["quantity"] for record in records if record["quantity"]] == [
        "x coefficient",
        "x standard_error",
        "y cutoff",
        "x selected",
    ]
    said = json.loads((tmp_path / "new" / "run.json").read_text())
    assert (said["patients"], said["truth"], said["number"]) == (200, "null", 1500)
    assert command(capsys, *words, "--format", "csv")[0] == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--truth", "nul"), "toy: 'nul' is not a truth: did you mean 'null'?"),
        (("--size", "0.01"), "0.01 times 100 patients: a repeat has from 10 to 10,000,000 of them"),
        (("--scheduler", "x"), "x: is no address of a scheduler, such as tcp://host:8786"),
        (("--scheduler", "tcp://127.0.0.1:1"), "tcp://127.0.0.1:1: no scheduler answers"),
        (
            ("--scheduler", "x", "--workers", "2"),
            "--workers and --scheduler exclude each other: a cluster has its own",
        ),
    ],
)
def test_command_refuses_in_one_line(study, capsys, monkeypatch, words, told):
    monkeypatch.setattr(engine, "SECONDS_TO_ANSWER", 0.2)
    assert command(capsys, "-n", 10, *words) == (2, "", told + "\n")


def test_command_without_dask_says_how_to_install_it(study, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, out, err = command(capsys, "-n", 10, "--scheduler", "tcp://127.0.0.1:1")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "rairlib[cluster]" in err


def test_command_refuses_the_folder_of_another_run(study, capsys, tmp_path):
    words = ("-n", 10, "--workers", 1, "--out", tmp_path)
    assert command(capsys, *words)[0] == 0
    code, out, err = command(capsys, *words, "--seed", 2)
    assert (code, out) == (2, "")
    assert err == f"{tmp_path}: holds a run with other seed: name another folder\n"


def test_command_refuses_a_folder_in_which_another_runs(study, capsys, tmp_path):
    with cli._alone_in(tmp_path):
        code, out, err = command(capsys, "-n", 10, "--workers", 1, "--out", tmp_path)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "another run writes there" in err


# The page on paper


def rows_of(page, first):
    """Return the numbers of a table of the page, by the beginning of its head."""
    table = page.partition(f"| {first}")[2].partition("\n\n")[0].splitlines()[2:]
    assert table
    cells = [line.strip("|").split("|") for line in table]
    return [[float(re.sub("[^0-9.]", "", cell)) for cell in row] for row in cells]


def test_page_on_many_machines_reckons_right():
    page = (Path(__file__).parents[1] / "book" / "many-machines.md").read_text(encoding="utf-8")
    billion = 10**9
    for number, points in rows_of(page, "repeats |"):
        assert points == float(f"{100 * engine.Z_95 * 0.5 / number**0.5:.2g}")
    per_second = 2 * billion / 10_000 / 3600
    assert f"each second there is {per_second:.1f} core-hours for a billion" in page
    sent = 50 * 8  # bytes per cohort
    assert "50 quantities of 8 bytes each, which is 400 GB" in page
    for milliseconds, hours, rate, cores in rows_of(page, "one cohort takes |"):
        assert hours == round(billion * milliseconds / 1000 / 3600, 1)
        assert rate == pytest.approx(sent / milliseconds / 1000)
        assert cores == pytest.approx(200 / rate)
    for patients, in_block, files in rows_of(page, "patients in a cohort |"):
        assert in_block == repeats_per_block(int(patients))
        assert files == -(-billion // in_block)


# The studies of the book


STUDIES = [key for key in own_studies() if part_of(key, "repeats", "REPEATS")]


@pytest.mark.parametrize("key", STUDIES)
def test_blocks_of_a_study_do_not_depend_on_each_other(key):
    repeats = repeats_of(key)
    try:
        repeats.true_values(repeats.truths[0])
    except RairlibError as error:  # records that do not come with the project
        pytest.skip(str(error))
    for truth in repeats.truths:
        block = engine.block(repeats, 4, repeats.patients, truth, 1, 3)
        pd.testing.assert_frame_equal(
            block, engine.block(repeats, 4, repeats.patients, truth, 1, 3), check_exact=True
        )
        assert block["repeat"].tolist() == [12, 13, 14, 15]
        assert set(repeats.true_values(truth)) <= set(block)
        assert len(conclusions_held(repeats, block)) == len(repeats.conclusions)
        assert len(summarised(repeats, block, truth)) == block.shape[1] - 1
