"""A made-up study of 40 patients: a cohort with known truth, and what it would print."""

import numpy as np
import pandas as pd
from lifelines import KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test
from statsmodels.duration.hazard_regression import PHReg

from rairlib.cohorts.order import Order, order_of
from rairlib.cohorts.search import Cooling
from rairlib.cohorts.study import (
    Covariate,
    DeclaredStudy,
    LogRank,
    Mark,
    PatientClass,
    Rate,
    Target,
)
from rairlib.registry.printed import parse_printed
from rairlib.stats.logistic import Z_95

COVARIATES = ("older", "larger", "spread")
QUICK = Cooling(restarts=4, steps=50_000, hot=1e4, cold=0.1)


def toy_cohort(seed: int = 5) -> pd.DataFrame:
    """Simulate 40 patients in two groups, with hazards that depend on three covariates."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {name: rng.integers(0, 2, 40) for name in COVARIATES} | {"group": np.repeat([0, 1], 20)}
    )
    hazard = np.exp(0.7 * frame["older"] - 0.5 * frame["larger"] + 0.4 * frame["spread"])
    time = rng.exponential(1 / (hazard * (0.5 + frame["group"])))
    order = np.argsort(time)
    frame["event"] = (rng.random(40) < 0.6).astype(int)
    return frame.iloc[order].assign(time=np.arange(1, 41)).reset_index(drop=True)


def phreg(cohort: pd.DataFrame, columns: list[str]):
    """Fit a Cox model by statsmodels."""
    model = PHReg(cohort["time"], cohort[columns].astype(float), cohort["event"])
    return model.fit(disp=0)


def printed(name: str, value: float, digits: int) -> Target:
    """Print a value and read it back as a target."""
    text = f"{value:.{digits}f}"
    number = parse_printed(text)
    return Target(id=name, text=text, low=number.low, high=number.high)


def printed_rows(cohort: pd.DataFrame, columns: list[str], digits: int = 2):
    """Print ratios and limits of one model, as targets by covariate."""
    fit = phreg(cohort, columns)
    rows = {}
    for name, estimate, error in zip(columns, fit.params, fit.bse, strict=True):
        ends = estimate + error * Z_95 * np.array([0, -1, 1])
        rows[name] = tuple(printed(name, value, digits) for value in np.exp(ends))
    return rows


def rate_at(cohort: pd.DataFrame, time: float) -> float:
    """Return a Kaplan-Meier rate in percent by lifelines."""
    fit = KaplanMeierFitter().fit(cohort["time"], cohort["event"])
    return 100 * float(fit.predict(time))


def toy_study(cohort: pd.DataFrame, digits: int = 1) -> DeclaredStudy:
    """Declare the study that a cohort prints.

    It prints 14 numbers: one univariable row, the multivariable model, a rate and a log-rank
    statistic. With more rows or digits the cohort would be nearly the only one.
    """
    groups = cohort.groupby("group")
    together = printed_rows(cohort, list(COVARIATES), digits)
    chi_square = multivariate_logrank_test(cohort["time"], cohort["group"], cohort["event"])
    position = int((cohort["time"] <= 20).sum())
    return DeclaredStudy(
        study="toy",
        events=int(cohort["event"].sum()),
        classes=tuple(
            PatientClass(
                name=f"group {number}",
                stratum=f"group {number}",
                size=len(frame),
                events=(int(frame["event"].sum()),) * 2,
            )
            for number, frame in groups
        ),
        covariates=tuple(
            Covariate(
                variable=name,
                levels=("yes", "no"),
                counts={f"group {number}": int(frame[name].sum()) for number, frame in groups},
                univariable=printed_rows(cohort, [name], digits)[name] if name == "older" else (),
                multivariable=together[name],
            )
            for name in COVARIATES
        ),
        marks=(Mark(months=20, positions=(position - 3, position + 3)),),
        rates=(
            Rate(
                classes=("group 0", "group 1"),
                mark=0,
                target=printed("rate", rate_at(cohort, 20), 1),
            ),
        ),
        logranks=(
            LogRank(
                groups=(("group 0",), ("group 1",)),
                target=printed("logrank", chi_square.test_statistic, 2),
            ),
        ),
    )


def toy_order(cohort: pd.DataFrame) -> Order:
    """Return the order in time of a cohort."""
    marks = [int((cohort["time"] <= 20).sum())]
    return order_of(toy_study(cohort), cohort["group"], cohort["event"], marks)
