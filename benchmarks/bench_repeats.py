"""Time the estimators beside the programs that they replace, and studies repeated as a whole.

    python benchmarks/bench_repeats.py [--keep]

All in one run on one thread: contestants take turns on the same cohorts, and of each its shortest
call with each cohort counts, so that others on the machine disturb as little as can be. Seconds are
those of the processor. What is compiled or imported is so before. R runs beside in one process,
asked through a pipe, and takes its own times, of calls below 20 ms by the wall, because its clock
of the processor counts in ms. A ratio is the other's time over ours. `--keep` writes the table to
``data/results/speed.csv``, which the page *How fast is it?* shows.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf
from firthmodels import FirthLogisticRegression
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.statistics import logrank_test
from scipy import stats
from sklearn.metrics import roc_auc_score
from statsmodels.duration.hazard_regression import PHReg

import rairlib as rr
from rairlib.cohorts.public import records_files
from rairlib.output import as_file
from rairlib.registry.kept_files import data_folder
from rairlib.stats import kernels
from rairlib.stats.selection import backward_lr
from rairlib.studies import own_studies, part_of
from rairlib.studies.repeats import repeated, run_repeats

COHORTS, COPIES, PATIENTS, LARGE = 10, 20, 177, 100_000
SECONDS, TURNS = 0.5, 200  # of one contestant: no more than these
REPEATS, WORKERS, RUNS = 10_000, 2, 3
SIZES = (1_000, 10_000, 100_000, 1_000_000)
MONTHS = np.array([12.0, 24.0, 36.0])
NAMES = ["x1", "x2", "x3", "x4", "x5", "x6"]
COVARIATES = {**dict.fromkeys(NAMES[:5], (1, 0)), "x6": None}
# fmt: off
COLUMNS = [
    "part", "function", "patients", "repeats", "seconds", "megabytes",
    "other", "other_seconds", "ratio", "aim", "version",
]
# fmt: on
PROGRAMS = ("numpy", "numba", "scipy", "statsmodels", "lifelines", "scikit-learn", "firthmodels")
R_SCRIPT = r"""
suppressMessages(library(survival))
options(warn = -1)
d <- read.csv(commandArgs(TRUE)[1])
with_proc <- requireNamespace("pROC", quietly = TRUE)
cohorts <- lapply(split(d, d$cohort), function(one) {
    X <- as.matrix(one[grep("^x", names(one))])
    list(frame = one, X = X, D = cbind(1, X), S = Surv(one$time, one$died))
})
cox <- function(ties) function(k)
    coxph.fit(k$X, k$S, NULL, NULL, NULL, coxph.control(), NULL, ties, NULL)
model <- "x1 + x2 + x3 + x4 + x5 + x6"
whole <- function(ties) function(k)
    coxph(as.formula(paste("Surv(time, died) ~", model)), k$frame, ties = ties)
work <- list(
    glm.fit = function(k) glm.fit(k$D, k$frame$event, family = binomial()),
    coxph.fit_breslow = cox("breslow"),
    coxph.fit_efron = cox("efron"),
    survdiff = function(k) survdiff(S ~ frame$x1, k),
    survfit = function(k) summary(survfit(k$S ~ 1), times = c(12, 24, 36), extend = TRUE),
    curve = function(k) survfit(k$S ~ 1),
    glm = function(k) summary(glm(as.formula(paste("event ~", model)), binomial(), k$frame)),
    coxph_breslow = whole("breslow"),
    coxph_efron = whole("efron"),
    pROC = function(k) pROC::ci.auc(pROC::roc(k$frame$event, k$frame$x6, quiet = TRUE,
                                              levels = c(0, 1), direction = "<")))
if (!with_proc) work$pROC <- NULL
cat(R.version$major, ".", R.version$minor, "\n", as.character(packageVersion("survival")), "\n",
    if (with_proc) as.character(packageVersion("pROC")) else "-", "\n", sep = "")
asked <- file("stdin", "r")
while (length(name <- readLines(asked, 1))) {
    f <- work[[name]]
    cat(if (is.null(f)) NA else sapply(cohorts, function(k) {
        used <- proc.time()
        start <- Sys.time()
        f(k)
        wall <- as.numeric(difftime(Sys.time(), start, units = "secs"))
        used <- sum((proc.time() - used)[1:2])
        if (wall < 0.02 || used < 0.02) wall else used
    }), "\n")
    flush(stdout())
}
"""


def drawn(cohorts: int, patients: int) -> dict[str, np.ndarray]:
    """Draw cohorts: five findings, age, an outcome of a third, times in half months."""
    rng = np.random.default_rng([patients, cohorts])
    x = (rng.random((cohorts, patients, 6)) < [0.2, 0.35, 0.5, 0.65, 0.8, 0]).astype(float)
    x[..., 5] = rng.normal(50, 12, (cohorts, patients)).round()
    pull = x @ [0.8, -0.5, 0.4, 0.6, -0.3, 0.02]
    event = rng.random(pull.shape) < 1 / (1 + np.exp(1.9 - pull))
    months = rng.exponential(60 * np.exp(1 - pull))
    seen = rng.uniform(6, 60, pull.shape)
    return {
        "x": x,
        "design": np.concatenate([np.ones_like(x[..., :1]), x], axis=-1),
        "event": event.astype(float),
        "time": np.ceil(2 * np.minimum(months, seen)) / 2,
        "died": (months <= seen).astype(float),
    }


def as_frames(data: dict[str, np.ndarray]) -> list[pd.DataFrame]:
    """Return each cohort as a frame."""
    frames = []
    for cohort, x in enumerate(data["x"]):
        frame = pd.DataFrame(x, columns=NAMES).astype(dict.fromkeys(NAMES[:5], int))
        columns = {name: data[name][cohort] for name in ("event", "time", "died")}
        frames.append(frame.assign(**columns, cohort=cohort).astype({"event": int, "died": int}))
    return frames


class R:
    """One process of R, which times what it is asked to do with each cohort."""

    def __init__(self, frames: list[pd.DataFrame], folder: Path):
        table = folder / f"{len(frames[0])}.csv"
        pd.concat(frames).to_csv(table, index=False)
        script = folder / "time.R"
        script.write_text(R_SCRIPT)
        command = ["Rscript", str(script), str(table)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, **pipes)
        names = ("R", "survival", "pROC")
        self.versions = {name: self.process.stdout.readline().strip() for name in names}

    def __call__(self, name: str):
        """Return a contestant."""

        def seconds() -> np.ndarray:
            self.process.stdin.write(name + "\n")
            self.process.stdin.flush()
            told = self.process.stdout.readline().replace("NA", "nan")
            return np.array(told.split(), float)

        return seconds


def each(function, *lists):
    """Return a contestant that takes one cohort after the other: seconds of each."""

    def seconds() -> np.ndarray:
        marks = [time.process_time()]
        for arguments in zip(*lists, strict=True):
            function(*arguments)
            marks.append(time.process_time())
        return np.diff(marks)

    return seconds


def batch(function, *arrays):
    """Return a contestant that takes all cohorts, `COPIES` of each, in one call: seconds of one."""
    tiled = [np.concatenate([array] * COPIES) if np.ndim(array) > 1 else array for array in arrays]

    def seconds() -> np.ndarray:
        start = time.process_time()
        function(*tiled)
        return np.array([time.process_time() - start]) / (COHORTS * COPIES)

    return seconds


def shortest(contestants: dict) -> dict[str, float]:
    """Let contestants take turns; return the shortest time of each."""
    # The first call compiles and imports; it is no shortest one.
    best = {name: seconds() for name, seconds in contestants.items()}
    spent, turn = dict.fromkeys(contestants, 0.0), 0
    while turn < 3 or (turn < TURNS and min(spent.values()) < SECONDS / 10):
        for name, seconds in contestants.items():
            if turn >= 3 and spent[name] > SECONDS:
                continue
            start = time.perf_counter()
            best[name] = np.fmin(best[name], seconds())
            spent[name] += time.perf_counter() - start
        turn += 1
    return {name: times.mean() for name, times in best.items()}


def compared(part: str, patients: int, function: str, ours, others: dict) -> list[dict]:
    """Time ours and the others, each with its aim; return a row for each of the others."""
    times = shortest({"": ours} | {name: other for name, (other, _) in others.items()})
    shared = {"part": part, "function": function, "patients": patients, "seconds": times[""]}
    return [
        shared | {"other": name, "other_seconds": times[name], "aim": aim}
        for name, (_, aim) in others.items()
        if np.isfinite(times[name])
    ]


def batches(data: dict[str, np.ndarray], frames: list[pd.DataFrame], r: R) -> list[dict]:
    """Time the kernels, all cohorts in one call, beside a call for each cohort elsewhere."""
    x, design, event, months, died = (data[k] for k in ("x", "design", "event", "time", "died"))
    ones, group, score, none = np.ones(6), x[..., 0], x[..., 5], np.nan
    tables = [pd.crosstab(f["x1"], f["event"]).to_numpy() for f in frames]
    with_event = [values[has == 1] for values, has in zip(score, event, strict=True)]
    without = [values[has == 0] for values, has in zip(score, event, strict=True)]
    survival = [frame[[*NAMES, "time", "died"]] for frame in frames]

    def logit(y, d):
        sm.Logit(y, d).fit(disp=0)

    def phreg(ties):
        return each(lambda t, e, c: PHReg(t, c, e, ties=ties).fit(), months, died, x)

    def lifelines_curve(t, e):
        KaplanMeierFitter().fit(t, e).survival_function_at_times(MONTHS)

    def two_curves(t, e, g):
        logrank_test(t[g == 1], t[g == 0], e[g == 1], e[g == 0])

    def firthmodels(y, c):
        FirthLogisticRegression().fit(c, y).lrt()

    lifelines_cox = each(lambda f: CoxPHFitter().fit(f, "time", "died"), survival)
    lifelines_curves = each(lifelines_curve, months, died)
    # fmt: off
    matches = {
        "logistic": (batch(kernels.logistic, event, design, np.ones(7)), {
            "R glm.fit": (r("glm.fit"), 50),
            "statsmodels Logit": (each(logit, event, design), 100)}),
        "firth": (batch(kernels.firth, event, design, np.ones(7)), {
            "firthmodels": (each(firthmodels, event, x), none)}),
        "cox, Breslow": (batch(kernels.cox, months, died, x, ones, 0.0), {
            "R coxph.fit": (r("coxph.fit_breslow"), 10),
            "statsmodels PHReg": (phreg("breslow"), none)}),
        "cox, Efron": (batch(kernels.cox, months, died, x, ones, 1.0), {
            "R coxph.fit": (r("coxph.fit_efron"), 10),
            "statsmodels PHReg": (phreg("efron"), none),
            "lifelines CoxPHFitter": (lifelines_cox, 500)}),
        "log_rank": (batch(kernels.log_rank, months, died, group), {
            "R survdiff": (r("survdiff"), 50),
            "lifelines logrank_test": (each(two_curves, months, died, group), none)}),
        "survival_at": (batch(kernels.survival_at, months, died, MONTHS), {
            "R survdiff": (r("survdiff"), 50),
            "R survfit": (r("survfit"), none),
            "lifelines KaplanMeierFitter": (lifelines_curves, none)}),
        "auc": (batch(kernels.auc, event, score), {
            "R pROC": (r("pROC"), none),
            "scikit-learn roc_auc_score": (each(roc_auc_score, event, score), none)}),
        "mann_whitney": (batch(kernels.mann_whitney, event, score), {
            "scipy mannwhitneyu": (each(lambda a, b: stats.mannwhitneyu(
                a, b, use_continuity=False, method="asymptotic"), with_event, without), none)}),
        "student": (batch(kernels.student, event, score), {
            "scipy ttest_ind": (each(stats.ttest_ind, with_event, without), none)}),
        "pearson": (batch(kernels.pearson, event, group), {
            "scipy chi2_contingency": (
                each(lambda t: stats.chi2_contingency(t, correction=False), tables), none)}),
        "fisher": (batch(kernels.fisher, event, group), {
            "scipy fisher_exact": (each(stats.fisher_exact, tables), none)}),
    }
    # fmt: on
    return [
        row
        for name, (ours, others) in matches.items()
        for row in compared("many cohorts", PATIENTS, name, ours, others)
    ]


def backward_by_statsmodels(event: np.ndarray, design: np.ndarray) -> None:
    """Let the variable with the smallest change of likelihood go, as long as its p is above 0.1."""
    kept = list(range(design.shape[1]))
    full = sm.Logit(event, design).fit(disp=0).llf
    while len(kept) > 1:
        fewer = [[k for k in kept if k != out] for out in kept[1:]]
        values = [sm.Logit(event, design[:, few]).fit(disp=0).llf for few in fewer]
        if stats.chi2.sf(2 * (full - max(values)), 1) <= 0.1:
            break
        full, kept = max(values), fewer[int(np.argmax(values))]


def frame_functions(data: dict[str, np.ndarray], frames: list[pd.DataFrame], r: R) -> list[dict]:
    """Time the public functions, checks and tables included; a large cohort beside R alone."""
    patients, formula = len(frames[0]), "+".join(NAMES)
    part, large = ("one cohort", "one large cohort")[patients == LARGE], patients == LARGE
    x, design, event, months, died = (data[k] for k in ("x", "design", "event", "time", "died"))
    group, score, none = x[..., 0], x[..., 5], np.nan
    words = [np.where(one == 1, "yes", "no") for one in group]
    survival = [frame[[*NAMES, "time", "died"]] for frame in frames]

    def cox(ties):
        return each(lambda f: rr.cox(f, "time", "died", COVARIATES, ties), frames)

    def phreg(ties):
        return each(lambda t, e, c: PHReg(t, c, e, ties=ties).fit().summary(), months, died, x)

    def phreg_formula(f):
        smf.phreg("time ~" + formula, f, status=f["died"], ties="breslow").fit().summary()

    def two_curves(t, e, g):
        logrank_test(t[g == 1], t[g == 0], e[g == 1], e[g == 0])

    # fmt: off
    matches = {
        "logistic": (each(lambda f: rr.logistic(f, "event", COVARIATES), frames), {
            "statsmodels Logit, arrays": (
                each(lambda y, d: sm.Logit(y, d).fit(disp=0).summary2(), event, design), 1),
            "statsmodels Logit, formula": (each(lambda f: smf.logit(
                "event ~" + formula, f).fit(disp=0).summary2(), frames), 1)}),
        "cox, Breslow": (cox("breslow"), {
            "statsmodels PHReg, arrays": (phreg("breslow"), 1),
            "statsmodels PHReg, formula": (each(phreg_formula, frames), 1)}),
        "cox, Efron": (cox("efron"), {
            "statsmodels PHReg, arrays": (phreg("efron"), 1),
            "lifelines CoxPHFitter": (
                each(lambda f: CoxPHFitter().fit(f, "time", "died").summary, survival), 1)}),
        "log_rank": (each(rr.log_rank, months, died, words), {
            "lifelines logrank_test": (each(two_curves, months, died, group), 1)}),
        "kaplan_meier": (each(rr.kaplan_meier, months, died), {
            "statsmodels SurvfuncRight": (
                each(lambda t, e: sm.SurvfuncRight(t, e).summary(), months, died), 1),
            "lifelines KaplanMeierFitter": (
                each(lambda t, e: KaplanMeierFitter().fit(t, e), months, died), 1)}),
        "auc_estimate": (each(rr.auc_estimate, event, score), {
            "scikit-learn roc_auc_score, no error": (each(roc_auc_score, event, score), none),
            "R pROC": (r("pROC"), none)}),
        "firth_logistic": (each(lambda f: rr.firth_logistic(f, "event", COVARIATES), frames), {
            "firthmodels, with limits": (each(lambda y, c: FirthLogisticRegression().fit(
                c, y).lrt().conf_int(method="pl"), event, x), none)}),
        "backward_lr": (each(lambda f: backward_lr(f, "event", COVARIATES), frames), {
            "statsmodels Logit, arrays": (each(backward_by_statsmodels, event, design), 1)}),
    }
    if large:
        others = {
            "logistic": {"R glm": (r("glm"), 0.5)},
            "cox, Breslow": {"R coxph": (r("coxph_breslow"), 0.5)},
            "cox, Efron": {"R coxph": (r("coxph_efron"), 0.5)},
            "log_rank": {"R survdiff": (r("survdiff"), 0.5)},
            "kaplan_meier": {"R survfit": (r("curve"), 0.5)},
        }
        matches = {name: (matches[name][0], others[name]) for name in others}
    # fmt: on
    return [
        row
        for name, (ours, others) in matches.items()
        for row in compared(part, patients, name, ours, others)
    ]


def procedures() -> list[dict]:
    """Time the whole procedure of each study whose patients are here, on two workers."""
    rows = []
    for study in own_studies():
        repeats = part_of(study, "repeats", "REPEATS")
        if repeats is None or not all(file.path for file in records_files(study)):
            continue
        repeated(study, 2_000, workers=WORKERS)  # starts the workers, which compile
        spent = []
        for _ in range(RUNS):
            start = time.perf_counter()
            repeated(study, REPEATS, workers=WORKERS)
            spent.append(time.perf_counter() - start)
        shared = {"part": "procedure", "function": study, "patients": repeats.patients, "aim": 10}
        rows.append(shared | {"repeats": REPEATS, "seconds": min(spent)})
    return rows


def one_run(study: str, number: int) -> None:
    """Print seconds and peak memory of a run written to a folder, on one worker, as JSON."""
    repeated(study, 500)  # compiles
    start = time.process_time()
    with TemporaryDirectory() as folder:
        run_repeats(study, number, folder=Path(folder) / "run")
    seconds = time.process_time() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": seconds, "megabytes": memory / 1024}))


def costs(study: str) -> list[dict]:
    """Run a study for more and more repeats, each number in a process of its own."""
    rows = []
    for number in SIZES:
        command = [sys.executable, __file__, "--one", study, str(number)]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        rows.append({"part": "cost", "function": study, "repeats": number, **json.loads(told)})
    return rows


def machine() -> str:
    """Return the model of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"


def versions(r: R) -> list[dict]:
    """Return a row for the machine and for each program."""
    found = {"processor": machine(), "Python": platform.python_version()}
    found |= {name: version(name) for name in PROGRAMS} | r.versions
    return [
        {"part": "version", "function": name, "version": told}
        for name, told in found.items()
        if told != "-"
    ]


def timed() -> pd.DataFrame:
    """Time everything; return the table that is kept."""
    rows = []
    with TemporaryDirectory() as folder:
        for cohorts, patients in ((COHORTS, PATIENTS), (1, LARGE)):
            data = drawn(cohorts, patients)
            frames = as_frames(data)
            r = R(frames, Path(folder))
            if patients == PATIENTS:
                rows += batches(data, frames, r)
            rows += frame_functions(data, frames, r)
    whole = procedures()
    rows += whole + costs(min(whole, key=lambda row: row["seconds"])["function"])
    table = pd.DataFrame(rows + versions(r), columns=COLUMNS)
    for column in ("seconds", "other_seconds"):
        table[column] = table[column].map(lambda value: float(f"{value:.4g}"))
    table["megabytes"] = table["megabytes"].round()
    table["ratio"] = (table["other_seconds"] / table["seconds"]).map(lambda v: float(f"{v:.4g}"))
    return table.astype({"patients": "Int64", "repeats": "Int64", "megabytes": "Int64"})


def told(table: pd.DataFrame) -> str:
    """Return the table as it is printed; an aim that is not met is marked."""
    ratios = table[table["ratio"].notna()]
    lines = [
        f"{row.part:<17}{row.function:<15}{1e6 * row.seconds:>12,.1f} µs  {row.other:<38}"
        f"{1e6 * row.other_seconds:>12,.1f} µs {row.ratio:>9,.2f}"
        + ("" if np.isnan(row.aim) else f"  aim {row.aim:g}")
        + ("  NOT MET" if row.ratio < row.aim else "")
        for row in ratios.itertuples()
    ]
    for row in table[table["part"].isin(["procedure", "cost"])].itertuples():
        one = f"{row.part:<17}{row.function:<15}{row.repeats:>9,} repeats {row.seconds:8.2f} s"
        one += f" {1e6 * row.seconds / row.repeats:9.1f} µs each"
        one += "" if row.part == "procedure" else f" {row.megabytes:>6,} MB at most"
        lines.append(one + ("  aim 10 s: NOT MET" if row.seconds > row.aim else ""))
    named = table[table["part"] == "version"]
    return "\n".join([*lines, ", ".join(named["function"] + " " + named["version"])])


def main(arguments: list[str]) -> None:
    """Print the table; keep it where that is asked for."""
    if arguments[:1] == ["--one"]:
        return one_run(arguments[1], int(arguments[2]))
    parser = argparse.ArgumentParser(description="Time the estimators and the repeats.")
    parser.add_argument("--keep", action="store_true", help="write data/results/speed.csv")
    given = parser.parse_args(arguments)
    table = timed()
    print(told(table))
    if given.keep:
        (data_folder() / "results" / "speed.csv").write_text(as_file(table), encoding="utf-8")
    return None


if __name__ == "__main__":
    main(sys.argv[1:])
