"""Small cohorts that are hard to analyse: ties, separation, empty levels, odd units, no events.

``python tests/awkward_cohorts.py`` writes the patients of all for the script of R.
"""

import sys
from functools import cache
from types import SimpleNamespace

import numpy as np
from scipy.special import expit

COHORTS = 2000
TERMS = 4
EVENTS = ("model", "rare", "frequent", "one", "all", "none", "separated", "nearly separated")
TIMES = ("rounded", "coarse", "continuous", "zeros", "events at one time", "years")
COLUMNS = (
    "normal",
    "rounded",
    "binary",
    "rare",
    "calendar year",
    "day number",
    "huge unit",
    "tiny unit",
    "constant",
    "copy",
    "sum",
    "level",
)
SCORES = ("rounded", "negative", "signed zeros", "denormal", "skewed", "neighbours", "equal")


def _column(kind, rng, n, former):
    """Return one covariate."""
    normal = rng.normal(size=n)
    drawn = {
        "normal": normal,
        "rounded": normal.round(),
        "binary": 1.0 * (normal > 0.3),
        "rare": 1.0 * (normal > 1.8),
        "calendar year": 2015.0 + (3 * normal).round(),
        "day number": 45_000.0 + (700 * normal).round(),
        "huge unit": (4e8 + 1e8 * normal).round(-5),
        "tiny unit": 1e-7 * np.exp(normal).round(2),
        "constant": np.full(n, 3.0),
        "level": 1.0 * (rng.integers(0, 4, n) == 3),
    }
    if kind == "copy" and former:
        return 2.0 * former[0]
    if kind == "sum" and len(former) > 1:
        return former[0] + former[1]
    return drawn.get(kind, normal)


def _outcomes(kind, rng, signal):
    """Return who has the event."""
    n = signal.size
    event = 1.0 * (rng.random(n) < expit(signal + {"rare": -2.0, "frequent": 2.0}.get(kind, 0.0)))
    if kind in ("one", "all", "none"):
        event[:] = kind == "all"
        event[rng.integers(n)] = kind != "none"
    if kind.endswith("separated"):
        event = 1.0 * (signal > np.median(signal))
        if kind.startswith("nearly"):
            wrong = rng.integers(0, n, 2)
            event[wrong] = 1.0 - event[wrong]
    return event


def _times(kind, rng, signal, event):
    """Return when it is seen, or the observation ends."""
    time = rng.exponential(20.0, signal.size) * np.exp(-signal / 2)
    time = {"coarse": np.ceil(time / 12), "years": (2015 + time / 12).round(2)}.get(kind, time)
    if kind in ("rounded", "zeros"):
        time = time.round()
    if kind == "zeros":
        time[rng.random(time.size) < 0.2] = 0.0
    if kind == "events at one time":
        time[event == 1] = np.median(time)
    return time


def _score(kind, rng, event):
    """Return a score that tells a little about the event."""
    score = rng.normal(size=event.size) + 0.7 * event
    return {
        "rounded": score.round(1),
        "negative": -10.0 - score.round(),
        "signed zeros": np.copysign(np.maximum(score.round(), 0.0), rng.normal(size=event.size)),
        "denormal": 5e-324 * np.maximum(np.rint(3 * score), -2.0),
        "skewed": np.exp(4 * score),
        "neighbours": 1.0 + np.finfo(float).eps * np.rint(2 * score),
        "equal": np.zeros(event.size),
    }[kind]


@cache
def awkward(number: int) -> SimpleNamespace:
    """Return one cohort; the event of patients who are not analysed is NaN."""
    rng = np.random.default_rng([19, number])
    n, terms = int(np.exp(rng.uniform(np.log(6), np.log(400)))), int(rng.integers(1, TERMS + 1))
    former: list = []
    for kind in rng.choice(COLUMNS, terms, p=np.array([4, 4, 4, *[1] * 9]) / 21):
        former.append(_column(kind, rng, n, former))
    columns = np.column_stack(former)
    spread = columns.std(axis=0)
    unit = (columns - columns.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    signal = unit @ rng.normal(0, 0.7, terms)
    event = _outcomes(rng.choice(EVENTS, p=np.array([12, 4, 4, 1, 1, 1, 2, 2]) / 27), rng, signal)
    time = _times(rng.choice(TIMES), rng, signal, event)
    score_kind = str(rng.choice(SCORES))
    cohort = SimpleNamespace(
        time=time,
        columns=columns,
        design=np.column_stack([np.ones(n), columns]),
        used=np.append(1.0, rng.random(terms) < 0.9),
        score=_score(score_kind, rng, event),
        score_kind=score_kind,
        group=1.0 * rng.choice([0, 1, 1, 3], n) if number % 3 else 1.0 * (signal > 0.5),
        level=1.0 * rng.choice([0, 2, 2, 3], n) if number % 3 else 1.0 * (columns[:, 0] > 0.5),
        event=event,
    )
    if number % 2:
        event[rng.random(n) < 0.15] = np.nan
    for values in vars(cohort).values():
        if isinstance(values, np.ndarray):
            values.flags.writeable = False
    return cohort


if __name__ == "__main__":
    print("cohort,time,event,group", *(f"x{term}" for term in range(TERMS)), sep=",")
    for number in range(COHORTS):
        cohort = awkward(number)
        kept = ~np.isnan(cohort.event)
        unused = np.zeros((kept.sum(), TERMS - cohort.columns.shape[1]))
        columns = np.where(cohort.used[1:] == 1, cohort.columns, 0.0)[kept]
        rows = np.column_stack(
            [cohort.time[kept], cohort.event[kept], cohort.group[kept], columns, unused]
        )
        for row in rows.tolist():
            sys.stdout.write(",".join([str(number), *(f"{value:.17g}" for value in row)]) + "\n")
