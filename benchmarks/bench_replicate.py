"""Replicate a study on 100 to 1,000,000 simulated patients: seconds, memory, and R beside it.

    python benchmarks/bench_replicate.py [STUDY [PATIENTS ...]]

Patients are drawn with replacement from the study's kept cohort, their measured values moved by up
to a tenth. Each size runs in a process of its own: seconds of the processor for the whole
replication and its report, after one on the kept cohort that compiles; the peak of memory with the
cohort in it, less that of the imports. Where both are linear, the last two columns level off. Of
wang2025, R fits the two multivariable models, `glm` and `coxph` with Breslow's ties, to the same
file.
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from rairlib.cohorts.own import study_schema
from rairlib.pages.report import report
from rairlib.registry.studies import load_witness
from rairlib.stats.cox import cox
from rairlib.stats.logistic import logistic
from rairlib.studies.wang2025 import analysis as wang2025
from rairlib.verdicts.replication import replicate

SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
R_SCRIPT = r"""
suppressMessages(library(survival))
data <- read.csv(commandArgs(TRUE)[1])
X <- as.matrix(data[grep("^o", names(data))])
Z <- as.matrix(data[grep("^h", names(data))])
seen <- !is.na(data$pfs)
cat(system.time(glm(data$rair ~ X, family = binomial()))[[1]],
    system.time(coxph(Surv(data$pfs[seen], data$pd[seen]) ~ Z[seen, ], ties = "breslow"))[[1]])
"""


def drawn(study: str, patients: int) -> pd.DataFrame:
    """Draw patients from the kept cohort, with measured values of their own."""
    rng, kept = np.random.default_rng(patients), load_witness(study)
    frame = kept.iloc[rng.integers(0, len(kept), patients)].reset_index(drop=True)
    frame["patient"] = np.arange(patients)
    # One factor for all times of a patient: none is followed for less than the time to the event.
    factors = {kind: rng.uniform(0.9, 1.1, patients) for kind in ("continuous", "time")}
    for column in study_schema(study).columns:
        if column.name in frame and column.kind in factors:
            values = pd.to_numeric(frame[column.name], errors="coerce") * factors[column.kind]
            frame[column.name] = values.clip(column.low, column.high)
    return frame


def one_size(study: str, patients: int) -> None:
    """Print what one replication takes, as JSON."""
    report(replicate(study, load_witness(study), threshold=7))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    frame = drawn(study, patients)
    start = time.process_time()
    report(replicate(study, frame, threshold=7))
    seconds = time.process_time() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(json.dumps({"seconds": seconds, "MB": memory / 1024}))


def seconds_of(work) -> float:
    """Return the seconds of the processor of one call, after one that is not timed."""
    work()
    start = time.process_time()
    work()
    return time.process_time() - start


def against_r(patients: int) -> None:
    """Print how long both multivariable models of wang2025 take here and in R."""
    data = wang2025.derived(wang2025.SCHEMA.typed(drawn("wang2025", patients)))
    data = data.assign(refractory=data["rair"] == "RAIR", pd=data["progression"] == "PD")
    odds = {name: wang2025.CONTRASTS[name] for name in wang2025.FIVE}
    seen = data[data["evaluable"] == "yes"]
    table = pd.DataFrame({"rair": data["refractory"], "pfs": data["pfs"], "pd": data["pd"]})
    table = table.astype({"rair": int, "pd": int})
    for letter, model in (("o", odds), ("h", wang2025.TABLE_5_MODEL)):
        for name, levels in model.items():
            table[letter + name] = (data[name] == levels[0]).astype(int)
    with TemporaryDirectory() as folder:
        table.to_csv(Path(folder) / "patients.csv", index=False)
        command = ["Rscript", "-e", R_SCRIPT, str(Path(folder) / "patients.csv")]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    own = (
        seconds_of(lambda: logistic(data, "refractory", odds)),
        seconds_of(lambda: cox(seen, "pfs", "pd", wang2025.TABLE_5_MODEL, "breslow")),
    )
    for name, here, there in zip(("glm", "coxph"), own, map(float, told.split()), strict=True):
        print(f"  {name}: {here:.2f} s here, {there:.2f} s in R, ratio {here / there:.2f}")


def main(arguments: list[str]) -> None:
    """Print a line for each size."""
    if arguments[:1] == ["--one"]:
        return one_size(arguments[1], int(arguments[2]))
    study, *sizes = arguments or ["wang2025"]
    print(f"{study}: patients, seconds, MB, microseconds a patient, bytes a patient")
    for patients in map(int, sizes or SIZES):
        command = [sys.executable, __file__, "--one", study, str(patients)]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found = json.loads(told.splitlines()[-1])
        each = 1e6 * found["seconds"] / patients, 2**20 * found["MB"] / patients
        numbers = (patients, found["seconds"], found["MB"], *each)
        print("{:>9,} {:>8.2f} {:>7.0f} {:>9.1f} {:>9.0f}".format(*numbers), flush=True)
        if study == "wang2025" and patients >= 10_000:
            against_r(patients)
    return None


if __name__ == "__main__":
    main(sys.argv[1:])
