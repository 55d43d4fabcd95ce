"""The other variables of simulated cohorts of Tang et al. 2025 (Hunan)."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from rairlib.anchoring import AnchorError, draw_integers, integer_moments
from rairlib.description import mann_whitney, pearson
from rairlib.simulation.tang2025_anchors import NOT_SIGNIFICANT, SETS, Anchors
from rairlib.simulation.tang2025_assumed import Assumptions

TRIES = 5000
OLDER_FROM = 55
YES_NO = np.array(["no", "yes"])
KINDS = ("locoregional recurrence", "distant metastases", "biochemical incomplete response")
# Patients followed for less were excluded.
SHORTEST_FOLLOW_UP = 6.0


def add_patients(
    patients: pd.DataFrame, anchors: Anchors, assumed: Assumptions, rng: np.random.Generator
) -> pd.DataFrame:
    """Deal out everything that is not in the model.

    Parameters
    ----------
    patients : DataFrame
        One row per patient: ``cohort`` (training/validation), ``failure`` and ``positive``
        (true/false), ``lln_count``.
    anchors : Anchors
        What was printed.
    assumed : Assumptions
        What was not.
    rng : numpy Generator
        Source of randomness.

    Returns
    -------
    DataFrame
        With the other columns. Sex and age have the tables of the subgroups, age and follow-up
        their printed moments. By chi-squared or Mann-Whitney test no variable differs between the
        sets or, but for the kind of failure and the follow-up, between the outcomes in training.

    Raises
    ------
    AnchorError
        If no draw does.
    """
    data = patients.copy()
    data["gender"] = _levels(data, anchors, "gender", ("female", "male"), rng)
    older = _levels(data, anchors, "age_55", ("no", "yes"), rng)
    data["age"] = _until_alike(data, lambda: _ages(data, older, anchors, rng))
    for name in ("thyroid_disease", "multifocality", "capsular_invasion", "ete"):
        share = np.full(len(data), getattr(assumed.shares, name))
        data[name] = _until_alike(data, lambda share=share: _coin(share, rng))
    nodal = (assumed.shares.cln_without_lln, assumed.shares.cln_with_lln)
    central = np.where(data["lln_count"] > 0, nodal[1], nodal[0])
    data["cln_status"] = _until_alike(data, lambda: _coin(central, rng))
    for name, numbers in assumed.measurements:
        data[name] = _until_alike(data, lambda numbers=numbers: _lognormal(numbers, data, rng))
    data["failure_kind"] = _kinds(data, anchors, rng)
    data["concurrent_locoregional"] = _concurrent(data, anchors, rng)
    data["braf_tested"] = _tested(data, anchors, rng)
    data["follow_up"] = _follow_up(data, anchors, assumed, rng)
    return data


def _until_alike(data: pd.DataFrame, draw: Callable, outcomes: bool = True) -> np.ndarray:
    """Draw until neither the sets nor the outcomes in training differ significantly."""
    training = (data["cohort"] == SETS[0]).to_numpy()
    failed = data["failure"].to_numpy()
    for _ in range(TRIES):
        values = draw()
        if _alike(values, training) and (
            not outcomes or _alike(values[training], failed[training])
        ):
            return values
    raise AnchorError("no draw of a variable was alike in both sets and both outcomes")


def _alike(values: np.ndarray, group: np.ndarray) -> bool:
    """Whether two groups of patients do not differ significantly in a variable."""
    if values.dtype == object or values.dtype.kind == "U":
        test = pearson(pd.crosstab(values, group))
    else:
        test = mann_whitney(*(pd.Series(values[group == side], name="x") for side in (True, False)))
    return test.p_value >= NOT_SIGNIFICANT[0]


def _levels(data, anchors: Anchors, variable: str, names: tuple[str, str], rng) -> np.ndarray:
    """Give the second level to as many patients of each cell as the subgroup's table says."""
    cells = [
        np.flatnonzero((data["failure"] == failed) & (data["positive"] == positive))
        for failed, positive in ((True, True), (True, False), (False, True), (False, False))
    ]

    def draw() -> np.ndarray:
        chosen = np.zeros(len(data), dtype=int)
        for cell, size in zip(cells, anchors.subgroups[variable], strict=True):
            chosen[rng.choice(cell, size, replace=False)] = 1
        return np.array(names, dtype=object)[chosen]

    return _until_alike(data, draw)


def _ages(data, older: np.ndarray, anchors: Anchors, rng) -> np.ndarray:
    """Draw ages with the printed moments, youngest and oldest of each set."""
    ages = np.empty(len(data), dtype=np.int64)
    for name in SETS:
        rows = np.flatnonzero(data["cohort"] == name)
        youngest, oldest = anchors.ages[name]
        old = older[rows] == "yes"
        low = np.where(old, OLDER_FROM, youngest)
        high = np.where(old, oldest, OLDER_FROM - 1)
        high[rng.choice(np.flatnonzero(~old))] = youngest
        low[rng.choice(np.flatnonzero(old))] = oldest
        moments = integer_moments(len(rows), *anchors.moments[name, "age"])
        ages[rows] = draw_integers(moments, low, high, rng)
    return ages


def _coin(share: np.ndarray, rng) -> np.ndarray:
    return YES_NO[(rng.random(len(share)) < share).astype(int)]


def _lognormal(numbers: list[float], data: pd.DataFrame, rng) -> np.ndarray:
    median, log_sd, smallest, largest = numbers
    drawn = median * np.exp(log_sd * rng.standard_normal(len(data)))
    return np.clip(drawn, smallest, largest).round(1)


def _kinds(data, anchors: Anchors, rng) -> np.ndarray:
    """Deal the kinds of failure out over both sets, alike in both."""
    failed = data["failure"].to_numpy()
    kinds = np.repeat(
        np.array(KINDS, dtype=object),
        [anchors.counts["failure_kind", kind, "failure"] for kind in KINDS],
    )
    shares = data.loc[failed, ["cohort", "failure"]]
    found = np.full(len(data), "", dtype=object)
    found[failed] = _until_alike(shares, lambda: rng.permutation(kinds), outcomes=False)
    return found


def _concurrent(data, anchors: Anchors, rng) -> np.ndarray:
    """Say who of those with distant metastases has locoregional lesions too."""
    distant = np.flatnonzero(data["failure_kind"] == KINDS[1])
    found = np.full(len(data), "", dtype=object)
    found[distant] = "no"
    both = anchors.counts["concurrent_locoregional", "yes", "failure"]
    found[rng.choice(distant, both, replace=False)] = "yes"
    return found


def _tested(data, anchors: Anchors, rng) -> np.ndarray:
    found = np.full(len(data), "no", dtype=object)
    for group, failed in (("success", False), ("failure", True)):
        rows = np.flatnonzero(data["failure"] == failed)
        chosen = rng.choice(rows, anchors.counts["braf_tested", "yes", group], replace=False)
        found[chosen] = "yes"
    return found


def _follow_up(data, anchors: Anchors, assumed: Assumptions, rng) -> np.ndarray:
    """Draw months of follow-up, in tenths, with the printed mean and SD of each set."""
    found = np.empty(len(data))
    for name in SETS:
        rows = np.flatnonzero(data["cohort"] == name)
        mean, sd = anchors.moments[name, "follow_up"]
        found[rows] = _months(len(rows), mean, sd, assumed.follow_up.largest, rng)
    return found


def _months(patients: int, mean, sd, longest: float, rng) -> np.ndarray:
    above = mean.value - SHORTEST_FOLLOW_UP
    shape = (above / sd.value) ** 2
    for _ in range(TRIES):
        drawn = rng.gamma(shape, above / shape, patients)
        drawn = mean.value + (drawn - drawn.mean()) * (sd.value / drawn.std(ddof=1))
        months = drawn.round(1)
        inside = months.min() >= SHORTEST_FOLLOW_UP and months.max() <= longest
        if inside and mean.agrees(months.mean()) and sd.agrees(months.std(ddof=1)):
            return months
    raise AnchorError(f"no follow-up times have mean {mean.text} and SD {sd.text}")
