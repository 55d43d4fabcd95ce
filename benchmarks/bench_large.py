"""Time survival analyses and logistic regressions of many patients against R, in one run.

    python benchmarks/bench_large.py [PATIENTS ...]

R must have its package survival. Both read the same file, one thread each; seconds are the least
of several calls after one that is not timed. Of R, `coxph.fit` and `glm.fit` take arrays, the
others a frame; ours take a frame, check it and return a table. Bytes a patient are the peak of
what the call allocates, the frame not counted.
"""

import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from rairlib.stats.cox import concordance, cox, linear_predictor, model_tests, proportional_hazards
from rairlib.stats.decision import decision_intervals
from rairlib.stats.logistic import logistic
from rairlib.stats.resampling import bootstrap_rows
from rairlib.stats.survival import kaplan_meier, log_rank

SIZES = (177, 10_000, 100_000, 1_000_000)
SECONDS = 1.0  # of repeated calls
RESAMPLES = 20
R_SCRIPT = r"""
suppressMessages(library(survival))
arguments <- commandArgs(TRUE)
data <- read.csv(arguments[1])
limit <- as.numeric(arguments[2])
calls <- max(1, 20000 %/% nrow(data))  # its clock counts milliseconds
X <- as.matrix(data[grep("^x", names(data))])
S <- Surv(data$time, data$event)
least <- function(work) {
  work()
  found <- Inf
  start <- proc.time()[[3]]
  repeat {
    found <- min(found, system.time(for (i in seq_len(calls)) work())[[3]] / calls)
    if (proc.time()[[3]] - start > limit) return(found)
  }
}
control <- coxph.control()
array_fit <- function(ties)
  coxph.fit(X, S, NULL, NULL, NULL, control, NULL, ties, NULL, resid = FALSE)
fit <- coxph(S ~ X, ties = "breslow")
works <- list(
  "cox, Breslow" = function() array_fit("breslow"),
  "cox, Efron" = function() array_fit("efron"),
  "model_tests" = function() summary(coxph(S ~ X, ties = "breslow")),
  "proportional_hazards" = function() cox.zph(coxph(S ~ X, ties = "breslow"), terms = FALSE),
  "concordance" = function() concordance(S ~ fit$linear.predictors, reverse = TRUE),
  "kaplan_meier" = function() survfit(S ~ 1),
  "log_rank" = function() survdiff(S ~ data$group),
  "logistic" = function() glm.fit(cbind(1, X), data$event, family = binomial())
)
for (name in names(works)) cat(name, least(works[[name]]), sep = "\t", fill = TRUE)
"""


def simulated(patients: int, covariates: int, ties: bool) -> pd.DataFrame:
    """Draw patients: half of the covariates are numbers, the others levels; a third is censored."""
    rng = np.random.default_rng(patients)
    X = rng.normal(size=(patients, covariates))
    X[:, covariates // 2 + 1 :] = X[:, covariates // 2 + 1 :] > 0.5
    failure = rng.exponential(size=patients) * np.exp(-X @ np.linspace(0.2, 0.5, covariates))
    end = 2 * rng.exponential(size=patients)
    months = np.minimum(failure, end)
    months = np.ceil(20 * months).clip(max=100) if ties else months
    frame = pd.DataFrame(X).add_prefix("x")
    group = np.where(X[:, -1] > 0, "a", "b")
    return frame.assign(time=months, event=(failure <= end).astype(int), group=group)


def least(work: Callable[[], object]) -> float:
    """Return the seconds of the quickest call."""
    work()
    found, begin = np.inf, time.perf_counter()
    while time.perf_counter() - begin < SECONDS:
        start = time.perf_counter()
        work()
        found = min(found, time.perf_counter() - start)
    return found


def peak(work: Callable[[], object]) -> int:
    """Return the most bytes that one call holds at a time."""
    tracemalloc.start()
    work()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def works(data: pd.DataFrame) -> dict[str, Callable[[], object]]:
    """Return what is measured, by the name that R's counterpart has, too."""
    follow_up, covariates = (data, "time", "event"), dict.fromkeys(data.filter(like="x"))
    risk = linear_predictor(data, covariates, cox(*follow_up, covariates))
    event = data["event"].to_numpy()
    chance, thresholds = 1 / (1 + np.exp(-risk.to_numpy())), [0.2, 0.4, 0.6]

    def resampled() -> pd.DataFrame:
        rows = bootstrap_rows(len(data), RESAMPLES, rng=np.random.default_rng(1))
        return decision_intervals(event, chance, thresholds, rows)

    return {
        "cox, Breslow": lambda: cox(*follow_up, covariates),
        "cox, Efron": lambda: cox(*follow_up, covariates, "efron"),
        "model_tests": lambda: model_tests(*follow_up, covariates),
        "proportional_hazards": lambda: proportional_hazards(*follow_up, covariates),
        "concordance": lambda: concordance(data["time"], data["event"], risk),
        "kaplan_meier": lambda: kaplan_meier(data["time"], data["event"], "log"),
        "log_rank": lambda: log_rank(data["time"], data["event"], data["group"]),
        "logistic": lambda: logistic(data, "event", covariates),
        f"{RESAMPLES} resamples": resampled,
    }


def main(*sizes: int) -> None:
    """Print seconds, ratios and memory, one line per analysis."""
    with TemporaryDirectory() as folder:
        file, script = Path(folder, "patients.csv"), Path(folder, "times.R")
        script.write_text(R_SCRIPT)
        for patients in sizes:
            for covariates, ties in ((1, False), (1, True), (6, False), (6, True)):
                data = simulated(patients, covariates, ties)
                data.to_csv(file, index=False)
                arguments = ["Rscript", script, file, str(SECONDS)]
                printed = subprocess.run(arguments, capture_output=True, text=True, check=True)
                theirs = dict(line.split("\t") for line in printed.stdout.splitlines())
                kind = f"{patients:>9,} {covariates} {'ties' if ties else 'distinct':8}"
                for name, work in works(data).items():
                    ours, known = least(work), float(theirs.get(name, np.nan))
                    ratio = f"{ours / known:6.1f}" if known else "     –"
                    memory = peak(work) / patients
                    print(f"{kind} {name:20} {1e3 * ours:9.2f} ms {ratio} × R {memory:8,.0f} B")


if __name__ == "__main__":
    main(*(map(int, sys.argv[1:]) if sys.argv[1:] else SIZES))
