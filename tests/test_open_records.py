"""The trial on open records: it cannot peek, it repeats, and it finds truths that are known."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from lifelines import KaplanMeierFitter
from lifelines.statistics import logrank_test
from lifelines.utils import concordance_index

from benchmarks.open_records import (
    audits,
    cox_papers,
    ensembles,
    logistic_papers,
    pipeline,
    reconstruction,
    splits,
    verdicts,
)
from benchmarks.open_records.press import hash_of
from benchmarks.open_records.records import COHORTS, THYROID, open_records
from benchmarks.open_records.survivals import Cohort
from benchmarks.open_records.trial import run_trial
from rairlib.cli import main
from rairlib.cohorts.search import Cooling
from rairlib.reconstruct.accounts import reconstruct_study
from rairlib.stats.calibration import hosmer_lemeshow
from rairlib.stats.roc import auc

SEED = 1
PAPERS = range(3)


def read_here(write, read, folder, papers=PAPERS):
    """Print and read some papers in this process; return what was sealed and what was found."""
    for number in papers:
        write(folder / "papers", folder / "sealed", SEED, number)
    truths = {path.stem: json.loads(path.read_text()) for path in (folder / "sealed").iterdir()}
    return dict(sorted(truths.items())), {
        path.name: read(path) for path in sorted((folder / "papers").iterdir())
    }


@pytest.fixture(scope="module")
def reconstructed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reconstruction")
    return folder, *read_here(logistic_papers.write, reconstruction.read, folder)


# The records


def test_open_cohorts_have_the_patients_and_events_that_are_published():
    sizes = {
        key: (len(open_records(key)), open_records(key)["event_"].sum())
        for key in COHORTS
        if key != THYROID
    }
    assert sizes == {
        "gbsg2": (686, 299),
        "lung": (228, 165),
        "larynx": (90, 50),
        "glioma": (17, 6),
        "birth weights": (189, 59),
    }


# The guard


REFUSED = """
import sys
from importlib.util import find_spec
from pathlib import Path
from benchmarks.open_records.guard import RecordsRefused, prove_refusal, refuse_records
folder = Path(sys.argv[1])
refuse_records(folder / "papers", folder / "read")
prove_refusal()
(folder / "papers" / "reported.csv").open().close()
(folder / "read" / "found.json").write_text("{}")
packages = [Path(find_spec(name).origin).parent for name in ("lifelines", "statsmodels")]
for path in (
    packages[0] / "datasets" / "lung.csv",
    packages[1] / "genmod/tests/results/stata_lbw_glm.csv",
    folder / "sealed" / "0000.json",
    folder / "papers" / ".." / "sealed" / "0000.json",
    Path("data/gbsg2/reported.csv"),
):
    try:
        path.open()
    except RecordsRefused:
        continue
    sys.exit(f"opened: {path}")
import os
try:
    os.open(packages[0] / "datasets" / "lung.csv", os.O_RDONLY)
except RecordsRefused:
    pass
else:
    sys.exit("opened by number")
import subprocess
try:
    subprocess.run(["true"])
except RecordsRefused:
    sys.exit(0)
sys.exit("another process was started")
"""


def test_pipeline_can_read_neither_records_nor_what_is_sealed(tmp_path):
    for name in ("papers", "sealed", "read"):
        (tmp_path / name).mkdir()
    (tmp_path / "papers" / "reported.csv").touch()
    (tmp_path / "sealed" / "0000.json").write_text("{}")
    command = [sys.executable, "-c", REFUSED, str(tmp_path)]
    root = Path(__file__).parents[1]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


# The reconstruction


def test_p_values_choose_between_tables_that_ratios_and_limits_leave(tmp_path, capsys):
    sealed = tmp_path / "sealed"
    logistic_papers.write(tmp_path / "papers", sealed, SEED, 115)
    records = reconstruct_study(str(tmp_path / "papers" / "0115"))
    right = [
        [cell["n"] for cell in record["cells"]] for record in records if record["gives_p_values"]
    ]
    assert (len(records), records[0]["giving_p_values"]) == (2, 1)
    assert right == [json.loads((sealed / "0115.json").read_text())["table"]]
    assert main(["reconstruct", str(tmp_path / "papers" / "0115")]) == 0
    assert "of 2 tables 1 also give the printed p values" in capsys.readouterr().out


# The whole command, in processes of its own


def test_process_without_records_finds_what_is_found_here(reconstructed, tmp_path):
    folder, truths, found = reconstructed
    tables = run_trial("reconstruction", SEED, len(PAPERS), 1, tmp_path)
    hashed = tables["registries"].iloc[0]
    assert hashed["sha256"] == hash_of([folder / "papers"])
    assert hashed["registries"] == len(found)
    for name, table in reconstruction.score(truths, found).items():
        pd.testing.assert_frame_equal(tables[name], table)
    pd.testing.assert_frame_equal(tables["splits"], splits.score(truths, found))


def test_shares_of_two_workers_are_together_what_one_reads(reconstructed, tmp_path, monkeypatch):
    folder, _, found = reconstructed
    monkeypatch.setattr(pipeline, "refuse_records", lambda *folders: None)
    monkeypatch.setattr(pipeline, "prove_refusal", lambda: None)
    part = tmp_path / "papers" / "reconstruction"
    shutil.copytree(folder / "papers", part)
    read = {}
    for share in ("1/2", "0/2"):
        assert pipeline.main([str(part), "--share", share]) == 0
        paths = list((tmp_path / "read" / "reconstruction").iterdir())
        read |= {path.stem: json.loads(path.read_text()) for path in paths}
        assert share == "0/2" or len(read) == len(found) // 2
    assert read == found


# What is found


def test_true_table_is_among_those_that_agree(reconstructed):
    _, truths, found = reconstructed
    right = [name for name in found if "-" not in name]
    assert right
    assert all(truths[name]["table"] in found[name]["cells"] for name in right)
    table = reconstruction.score(truths, found)["reconstruction"]
    everything = table[table["by"] == "all"]
    assert everything["true_among"].sum() == len(right)


def test_faulty_print_leaves_no_false_unique_table(reconstructed):
    _, truths, found = reconstructed
    faults = reconstruction.score(truths, found)["faults"].set_index(["numbers", "fault"])
    for numbers in reconstruction.NUMBERS:
        assert faults.loc[(numbers, "all"), "prints"] > 10
        assert faults.loc[(numbers, "all"), "false_unique"] == 0


def test_numbers_needed_are_counted_by_their_number():
    counts = {"fault": "none", "table": [2, 1, 1, 0], "correlation": 0.1, "n": 4, "source": "lung"}
    truths = {"0001": counts | {"covariates": 2, "decimals": 2}}
    one = {"agreeing": 1, "cells": [[2, 1, 1, 0]]}
    found = {"0001": {**one, **{f"{key}_with_p": one[key] for key in one}, "needed": 1}}
    row = reconstruction.score(truths, found)["reconstruction"].iloc[0]
    assert (row["unique"], row["needed_counted"], row["needed_1"]) == (1, 1, 1)


def test_quantities_of_a_split_are_those_of_its_patients():
    table, events = np.array([20, 9, 14, 11, 8, 7, 12, 9]), np.array([4, 3, 5, 6, 2, 4, 5, 6])
    levels = np.repeat([[c >> 2 & 1, c >> 1 & 1, c & 1] for c in range(8)], table, axis=0)
    outcome = np.concatenate([np.arange(n) < d for n, d in zip(table, events, strict=True)])
    fitted = sm.Logit(outcome, sm.add_constant(levels)).fit(disp=0, tol=1e-12)
    wider = np.column_stack([levels, levels[:, 0] * levels[:, 1]])
    more = sm.Logit(outcome, sm.add_constant(wider)).fit(disp=0, tol=1e-12)
    risk = fitted.predict().round(12)
    found = splits.quantities(table, events[np.newaxis], fitted.params)
    assert found["auc"][0] == pytest.approx(auc(outcome, risk))
    assert found["interaction"][0] == pytest.approx(2 * (more.llf - fitted.llf), abs=1e-6)
    expected = hosmer_lemeshow(outcome, risk)["statistic"][0]
    assert found["hosmer_lemeshow"][0] == pytest.approx(expected, rel=1e-6)


def test_survival_quantities_are_those_of_other_programs():
    records = open_records("lung").dropna(subset=["ecog_1", "own_karnofsky_80"])
    names = ["female", "age_65", "ecog_1", "own_karnofsky_80"]
    time, event = records["time_"].to_numpy(), records["event_"].to_numpy()
    cohort, levels = Cohort(records[names], event, time), records[names].to_numpy()
    beta = cohort.cox([0, 1, 2])
    fitted = sm.PHReg(time, levels[:, :3], event, ties="breslow").fit(disp=0)
    assert beta == pytest.approx(fitted.params, abs=1e-7)
    nothing = fitted.model.loglike(np.zeros(3))
    assert cohort.likelihood_ratio([0, 1, 2], beta) == pytest.approx(2 * (fitted.llf - nothing))
    female = levels[:, 0] == 1
    test = logrank_test(time[female], time[~female], event[female], event[~female])
    assert cohort.log_rank(0) == pytest.approx(test.test_statistic)
    curve = KaplanMeierFitter().fit(time[female], event[female])
    assert cohort.survival(0, 365) == pytest.approx(100 * curve.predict(365))
    risk = (cohort.levels[:, :3] @ beta).round(10)
    expected = concordance_index(cohort.time, -risk, cohort.event)
    assert cohort.concordance(risk) == pytest.approx(expected)


def test_smallest_and_largest_of_39_are_a_range_of_95_percent():
    values = list(range(39))
    assert ensembles.interval(values, 0.95) == (0, 38)
    assert ensembles.interval(values, 0.8) == (3, 35)
    assert np.isnan(ensembles.interval(values[:30], 0.95)).all()


def test_ensemble_meets_the_printed_counts_and_comes_near_its_ratios(tmp_path, monkeypatch):
    monkeypatch.setattr(ensembles, "LEVELS", (0.5,))
    monkeypatch.setattr(ensembles, "STEPS", Cooling(restarts=1, steps=20_000, hot=1e6, cold=1.0))

    def read(folder):
        return ensembles.read(folder, members=3, naive=3)

    truths, found = read_here(cox_papers.write, read, tmp_path, range(1))
    assert found["0000"]["distance"] < 0.5
    tables = ensembles.score(truths, found)
    right = tables["ensemble_verdicts"].query("printed == 'rightly'")
    assert right["numbers"].tolist() == [6, 3, 1, 6, 6, 1, 2, 6, 9]
    table = tables["ensembles"]
    assert table["not_searched"].eq(0).all()
    ours = table[table["source"] == "ensemble"].set_index("quantity")
    assert ours.loc["log-rank chi-square of a covariate", "items"] == 6
    assert ours.loc["likelihood ratio of the model", "width_to_naive"] < 1


def test_true_papers_are_audited_without_a_false_proof_where_records_are_complete(tmp_path):
    truths, found = read_here(audits.write, audits.read, tmp_path, range(2))
    table = audits.score(truths, found)["audit"]
    whole = table[(table["values"] == audits.COMPLETE) & (table["check"] == audits.ANY)].iloc[0]
    assert (whole["papers"], whole["false_proofs"]) == (2, 0)
    assert whole["numbers"] > 100


def test_right_numbers_agree_and_a_row_off_by_a_fifth_is_noticed(tmp_path):
    truths, found = read_here(verdicts.write, verdicts.read, tmp_path, range(1))
    table = verdicts.score(truths, found)["verdicts"].set_index(["printed", "statistic"])
    assert table.loc[("rightly", "all"), "share"] == 1
    assert table.loc[("whole row off by 20 %", "odds_ratio"), "share"] == 1
