"""Simulated cohorts that agree with Tang et al. 2025 (Hunan).

The paper's tables were not available. Nodes and thyroglobulin of the training set are drawn from
an assumed population, given the printed equation, its limits, the area and the 2×2 table; the
validation set from the same population, given its 2×2 table. All other variables follow.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field, model_validator
from scipy import stats
from scipy.special import expit

from rairlib.cohorts.two_predictors import MEASURES, Population, Walk, draw_added, walk
from rairlib.cohorts.whole_numbers import AnchorError, draw_integers, integer_moments
from rairlib.reconstruct.printed_rules import agreeing_tables, printed_rules, printed_subgroups
from rairlib.registry.printed import Printed
from rairlib.registry.registry import Registry
from rairlib.registry.studies import study_file
from rairlib.registry.toml_file import Ascending, Several, Table, read_toml
from rairlib.stats.description import mann_whitney, pearson
from rairlib.stats.logistic import fit_logistic
from rairlib.studies.tang2025.analysis import AGE_CUTOFF, KINDS, SCHEMA, SETS, VERSUS

# --- What a simulated cohort of Tang et al. 2025 (Hunan) has to assume, read from a file ------


FILE = "simulation.toml"
Share = Annotated[float, Field(ge=0, le=1)]
Measurement = Annotated[Several[float], Field(min_length=4, max_length=4)]
Doses = Annotated[Several[float], Field(min_length=5, max_length=5)]


class Parameters(Table):
    """Of a population of nodes and thyroglobulin."""

    share: float
    mean: float
    shape: float
    median: float
    log_sd: float


class Populations(Table):
    """The kept cohort's population, the range of each parameter, and the largest values."""

    kept: Parameters
    share: Ascending[float]
    mean: Ascending[float]
    shape: Ascending[float]
    median: Ascending[float]
    log_sd: Ascending[float]
    largest_count: int
    largest_measurement: float


class Validation(Table):
    """Range of the slope of the outcome on the score in the validation set."""

    slope: Ascending[float]


class NodeDiameter(Table):
    """Largest diameter of a lateral node, in cm."""

    median: float
    log_sd: float
    per_node: float
    smallest: float
    largest: float


class Activities(Table):
    """Activities in mCi, and their shares without and with lateral nodes."""

    levels: Doses
    without_nodes: Doses
    with_nodes: Doses

    @model_validator(mode="after")
    def _whole(self):
        if not np.allclose([sum(self.without_nodes), sum(self.with_nodes)], 1):
            raise ValueError("the shares without and with nodes must each add up to 1")
        return self


class Shares(Table):
    """Shares of patients."""

    thyroid_disease: Share
    multifocality: Share
    capsular_invasion: Share
    ete: Share
    cln_without_lln: Share
    cln_with_lln: Share


class Measurements(Table):
    """Median, standard deviation of the logarithm, smallest and largest of each."""

    tumor_diameter: Measurement
    time_to_rai: Measurement
    tgab_before: Measurement


class FollowUp(Table):
    """Longest follow-up in months."""

    largest: float


class Assumptions(Table):
    """Distributions that the paper's text does not give."""

    population: Populations
    validation: Validation
    lln_diameter: NodeDiameter
    rai_dose: Activities
    shares: Shares
    measurements: Measurements
    follow_up: FollowUp

    def drawn_population(self, rng: np.random.Generator | None = None) -> Population:
        """Draw the parameters of a population evenly from their ranges.

        Parameters
        ----------
        rng : numpy Generator, optional
            Source of randomness; without it, the kept cohort's population.

        Returns
        -------
        Population
            Of nodes and thyroglobulin.
        """
        drawn = dict(self.population.kept)
        if rng is not None:
            drawn = {name: rng.uniform(*getattr(self.population, name)) for name in drawn}
        return Population(
            **drawn,
            largest_count=self.population.largest_count,
            largest_measurement=self.population.largest_measurement,
        )


def load_assumptions(study: str) -> Assumptions:
    """Read the assumptions kept with a study.

    Parameters
    ----------
    study : str
        Key of the study.

    Returns
    -------
    Assumptions
        As in ``simulation.toml``.

    Raises
    ------
    DeclarationError
        One line that names the file, the key and what is wrong.
    """
    return read_toml(study_file(study, FILE), Assumptions)


# --- What the registry of Tang et al. 2025 (Hunan) says to the search for cohorts -------------


# A cohort is kept clear of the edge of a printed interval by this share of its width; p values,
# which can hardly be met together, by less.
MARGIN, P_VALUE_MARGIN = 0.02, 0.002
# Counts are held fast; an excess of Youden's index is in patients without the outcome.
COUNT_UNIT, YOUDEN_UNIT, CUTOFF_UNIT = 0.02, 0.1, 0.002
NOT_SIGNIFICANT = (0.05, 1.0)
SIGNIFICANT = (0.0, 0.05)
ADDED = ("lln_diameter", "rai_dose")
AREA = ("auc", "auc_low", "auc_high")


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchors:
    """The numbers on which cohorts are built.

    Attributes
    ----------
    coefficients : ndarray, shape (3,)
        Printed intercept and coefficients of nodes and thyroglobulin.
    cutoff : float
        Printed cut-off of logit(p).
    tables : dict of str to ndarray
        Of each set: true positives, false negatives, false positives, true negatives.
    subgroups : dict of str to ndarray
        The same of all males and of all patients of at least 55 years.
    steered, free, without_area : ndarray, shape (3, 21)
        Limits of what the walk measures: with the printed p values; with no more than which of
        them are below 0.05; and without the area and its limits either.
    added_steered, added_free : dict of str to ndarray
        The same for the p values of the two variables that are drawn afterwards.
    moments : dict of (str, str) to (Printed, Printed)
        Mean and SD of age and follow-up in each set.
    ages : dict of str to (int, int)
        Youngest and oldest patient of each set.
    counts : dict of (str, str, str) to int
        Patients by variable, level and group.
    """

    coefficients: np.ndarray
    cutoff: float
    tables: dict[str, np.ndarray]
    subgroups: dict[str, np.ndarray]
    steered: np.ndarray
    free: np.ndarray
    without_area: np.ndarray
    added_steered: dict[str, np.ndarray]
    added_free: dict[str, np.ndarray]
    moments: dict[tuple[str, str], tuple[Printed, Printed]]
    ages: dict[str, tuple[int, int]]
    counts: dict[tuple[str, str, str], int]


def read_anchors(registry: Registry) -> Anchors:
    """Read what cohorts are built on.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.

    Returns
    -------
    Anchors
        Numbers of role ``anchor`` alone; the subgroups' tables are those that their anchors
        single out.

    Raises
    ------
    AnchorError
        If the anchors do not determine one table per set and per subgroup.
    """
    tables = {}
    for rule in printed_rules(registry):
        told = [figure.row.statistic for figure in rule.figures if figure.row.role == "anchor"]
        group = rule.first.group
        tables[group.split()[0]] = _only(agreeing_tables(rule, told), group)
    steered, free = _walk_targets(registry, tables["training"])
    without_area = free.copy()
    without_area[2, [MEASURES.index(name) for name in AREA]] = 0.0
    return Anchors(
        coefficients=np.array([row.number.value for row in _equation(registry)]),
        cutoff=_one(registry, "cutoff", "logit_p").number.value,
        tables=tables,
        subgroups=_subgroups(registry),
        steered=steered,
        free=free,
        without_area=without_area,
        added_steered={name: _added_targets(registry, name) for name in ADDED},
        added_free={name: np.array([SIGNIFICANT, NOT_SIGNIFICANT]) for name in ADDED},
        moments={
            (name, variable): tuple(
                _one(registry, statistic, variable, group=name).number
                for statistic in ("mean", "sd")
            )
            for name in SETS
            for variable in ("age", "follow_up")
        },
        ages={
            name: tuple(
                int(_one(registry, statistic, "age", group=name).number.value)
                for statistic in ("minimum", "maximum")
            )
            for name in SETS
        },
        counts={
            (row.variable, row.level, row.group): int(row.number.value)
            for row in registry.where("count", repeats="")
        },
    )


def _one(registry: Registry, statistic: str, variable: str, **wanted: str):
    return registry.where(statistic, variable=variable, repeats="", **wanted)[0]


def _equation(registry: Registry) -> list:
    slopes = (_one(registry, "coefficient", variable) for variable in ("lln_count", "tg_before"))
    return [_one(registry, "intercept", ""), *slopes]


def _only(tables: np.ndarray, name: str) -> np.ndarray:
    if len(tables) != 1:
        raise AnchorError(f"{name}: {len(tables)} tables agree with the anchors, not one")
    return tables[0]


def _subgroups(registry: Registry) -> dict[str, np.ndarray]:
    """Return the table of the males and of the older patients."""
    found = {}
    for pair in printed_subgroups(registry):
        splits = pair.splits()
        index = splits.agreeing_both(pair.targets(["anchor"]))
        first = _only(splits.tables(index), pair.name)
        older_last = pair.levels[1].startswith("≥")
        found[pair.variable] = np.array(pair.pooled) - first if older_last else first
    return found


def _walk_targets(registry: Registry, table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the limits of the measures with and without the printed p values."""
    targets = dict.fromkeys(MEASURES, (-np.inf, np.inf, 0.0))
    for name, row in zip(MEASURES, _equation(registry), strict=False):
        targets[name] = _window(row.number)
    for name, variable in (("first", "lln_count"), ("second", "tg_before")):
        for end in ("low", "high"):
            row = _one(registry, f"ci_{end}", variable, group=VERSUS["training"])
            targets[f"{name}_{end}"] = _window(row.number)
    for name, statistic in (("auc", "auc"), ("auc_low", "ci_low"), ("auc_high", "ci_high")):
        targets[name] = _window(
            _one(registry, statistic, "logit_p", group=VERSUS["training"]).number
        )
    cutoff = _window(_one(registry, "cutoff", "logit_p").number)
    targets["cutoff"] = (*cutoff[:2], CUTOFF_UNIT)
    for name, count in (("true_positives", table[0]), ("true_negatives", table[3])):
        for prefix in ("", "printed_"):
            targets[prefix + name] = (count, count, COUNT_UNIT)
    targets["youden_excess"] = (0.0, 0.0, YOUDEN_UNIT)
    significant = ("first_present_chi_square_z", "first_mann_whitney_z")
    free = {**targets, **dict.fromkeys(significant, _deviates(*SIGNIFICANT, 0.1))}
    free["first_present_score_z"] = _deviates(*NOT_SIGNIFICANT, 0.1)
    steered = {**targets, **_p_value_targets(registry)}
    return tuple(
        np.array([limits[name] for name in MEASURES], dtype=float).T for limits in (steered, free)
    )


def _window(number: Printed, margin: float = MARGIN) -> tuple[float, float, float]:
    """Return limits a little inside those of the print, and half its last digit as unit."""
    inset = margin * (number.high - number.low)
    return number.low + inset, number.high - inset, (number.high - number.low) / 2


def _p_value_targets(registry: Registry) -> dict[str, tuple[float, float, float]]:
    """Return the limits of the printed p values."""
    tests = {
        "first_present_chi_square_z": ("lln_status", "univariable", 0.02),
        "first_mann_whitney_z": ("lln_count", "univariable", 0.02),
        "second_mann_whitney_z": ("tg_before", "univariable", 0.02),
        "first_present_score_z": ("lln_status", "multivariable", 0.005),
    }
    targets = {
        name: _deviates(*_p_value(registry, variable, method)[:2], unit)
        for name, (variable, method, unit) in tests.items()
    }
    fitted = _window(_one(registry, "p_value", "logit_p").number, P_VALUE_MARGIN)
    return {**targets, "hosmer_lemeshow_p": (*fitted[:2], 0.001)}


def _deviates(low: float, high: float, unit: float) -> tuple[float, float, float]:
    """Turn limits of a two-sided p value into those of a normal deviate without sign."""
    return float(stats.norm.isf(high / 2)), float(stats.norm.isf(low / 2)), unit


def _p_value(registry: Registry, variable: str, method: str) -> tuple[float, float, float]:
    row = _one(registry, "p_value", variable, group=VERSUS["training"], method=method)
    return _window(row.number, P_VALUE_MARGIN)


def _added_targets(registry: Registry, variable: str) -> np.ndarray:
    """Return the limits of the rank test and of the score test of a variable."""
    return np.array(
        [_p_value(registry, variable, method)[:2] for method in ("univariable", "multivariable")]
    )


# --- The other variables of simulated cohorts of Tang et al. 2025 (Hunan) ---------------------


TRIES = 5000
NO_YES = np.array(["no", "yes"])


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
        return pearson(pd.crosstab(values, group)).p_value >= NOT_SIGNIFICANT[0]
    return _undistinguished(values[group], values[~group])


def _levels(data, anchors: Anchors, variable: str, names: tuple[str, str], rng) -> np.ndarray:
    """Give the second level to as many patients of each cell as the subgroup's table says."""
    cells = [
        np.flatnonzero((data["failure"] == failed) & (data["positive"] == positive))
        for failed, positive in zip(FAILED, POSITIVE, strict=True)
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
        low = np.where(old, AGE_CUTOFF, youngest)
        high = np.where(old, oldest, AGE_CUTOFF - 1)
        high[rng.choice(np.flatnonzero(~old))] = youngest
        low[rng.choice(np.flatnonzero(old))] = oldest
        moments = integer_moments(len(rows), *anchors.moments[name, "age"])
        ages[rows] = draw_integers(moments, low, high, rng)
    return ages


def _coin(share: np.ndarray, rng) -> np.ndarray:
    return NO_YES[(rng.random(len(share)) < share).astype(int)]


def _lognormal(numbers: list[float], data: pd.DataFrame, rng) -> np.ndarray:
    median, log_sd, smallest, largest = numbers
    drawn = median * np.exp(log_sd * rng.standard_normal(len(data)))
    return np.clip(drawn, smallest, largest).round(1)


def _kinds(data, anchors: Anchors, rng) -> np.ndarray:
    """Deal the kinds of failure out over both sets, alike in both."""
    failed = data["failure"].to_numpy()
    sizes = [anchors.counts["failure_kind", kind, "failure"] for kind in KINDS]
    kinds = np.repeat(np.array(KINDS, dtype=object), sizes)
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
    above = mean.value - SCHEMA["follow_up"].low
    shape = (above / sd.value) ** 2
    for _ in range(TRIES):
        drawn = rng.gamma(shape, above / shape, patients)
        drawn = mean.value + (drawn - drawn.mean()) * (sd.value / drawn.std(ddof=1))
        months = drawn.round(1)
        inside = months.min() >= SCHEMA["follow_up"].low and months.max() <= longest
        if inside and mean.agrees(months.mean()) and sd.agrees(months.std(ddof=1)):
            return months
    raise AnchorError(f"no follow-up times have mean {mean.text} and SD {sd.text}")


# --- Nodes, thyroglobulin, diameters and doses of simulated cohorts of Tang et al. 2025 (Hunan) ---


POOL = 200_000
DRAWS = 500
CHOICES = 200
# Of the 2×2 table: true positives, false negatives, false positives, true negatives.
FAILED = np.array([1.0, 1.0, 0.0, 0.0])
POSITIVE = np.array([True, False, True, False])


def draw_predictors(
    anchors: Anchors, assumed: Assumptions, plan: Walk, rng: np.random.Generator, steered: bool
) -> pd.DataFrame:
    """Draw outcome and predictors of both sets.

    Parameters
    ----------
    anchors : Anchors
        What was printed.
    assumed : Assumptions
        What was not.
    plan : Walk
        Length of the walk.
    rng : numpy Generator
        Source of randomness.
    steered : bool
        Whether the printed p values are searched for as well, in the kept cohort's population.

    Returns
    -------
    DataFrame
        One row per patient, those who failed first in each set: ``cohort, failure`` and
        ``positive`` (whether logit(p) reaches the cut-off), ``lln_count, tg_before`` (ng/mL),
        ``lln_diameter`` (cm) and ``rai_dose`` (mCi).

    Raises
    ------
    AnchorError
        If this population does not lead to a cohort inside all limits.
    """
    targets = anchors.steered if steered else anchors.free
    population = assumed.drawn_population(None if steered else rng)
    training, pool = draw_training(anchors, population, plan, rng, targets)
    fitted = _fitted(anchors, training)
    validation = _validation(anchors, assumed, training, fitted, pool, rng)
    limits = anchors.added_steered if steered else anchors.added_free
    sets = dict(zip(SETS, (training, validation), strict=True))
    added = _draw_added(anchors, sets, assumed, limits, rng)
    parts = [
        pd.DataFrame(
            {
                "cohort": name,
                "failure": np.repeat(FAILED, anchors.tables[name]) == 1,
                "positive": _scores(fitted, covariates) >= anchors.cutoff,
                "lln_count": covariates[0].astype(int),
                "tg_before": covariates[1].round(2),
                **added[name],
            }
        )
        for name, covariates in sets.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _scores(coefficients: np.ndarray, covariates: np.ndarray) -> np.ndarray:
    return coefficients[0] + coefficients[1:] @ covariates


def _fill_cells(table, pool, failed, positive, rng) -> np.ndarray:
    """Take patients from the pool until each cell of a table is full."""
    parts = []
    for size, outcome, side in zip(table, FAILED, POSITIVE, strict=True):
        candidates = np.flatnonzero((failed == outcome) & (positive == side))
        if len(candidates) < size:
            raise AnchorError("the assumed population leaves a cell of the 2×2 table empty")
        parts.append(pool[:, rng.choice(candidates, size, replace=False)])
    return np.hstack(parts)


def draw_training(
    anchors: Anchors, population: Population, plan: Walk, rng: np.random.Generator, targets
) -> tuple[np.ndarray, np.ndarray]:
    """Walk from patients who fit the printed equation to those who give it.

    Parameters
    ----------
    anchors, plan, rng
        As for :func:`draw_predictors`.
    population : Population
        Where the patients come from.
    targets : ndarray, shape (3, 21)
        One of the sets of limits of the anchors.

    Returns
    -------
    covariates : ndarray, shape (2, n)
        Nodes and thyroglobulin, those who failed first.
    pool : ndarray, shape (2, 200000)
        The population they come from.

    Raises
    ------
    AnchorError
        If the walk ends outside the limits.
    """
    pool = population.draw(POOL, rng)
    scores = _scores(anchors.coefficients, pool)
    failed = (rng.random(POOL) < expit(scores)).astype(float)
    table = anchors.tables[SETS[0]]
    start = _fill_cells(table, pool, failed, scores >= anchors.cutoff, rng)
    found, misfit = walk(
        np.repeat(FAILED, table), start, pool, anchors.coefficients, anchors.cutoff, targets,
        population, plan, rng,
    )  # fmt: skip
    if misfit > 0:
        raise AnchorError(f"a walk of {plan.steps} steps ended outside the printed limits")
    return found, pool


def _fitted(anchors: Anchors, training: np.ndarray) -> np.ndarray:
    """Return the coefficients of the training set's own model."""
    design = np.column_stack([np.ones(training.shape[1]), *training])
    return fit_logistic(np.repeat(FAILED, anchors.tables["training"]), design).coefficients


def _validation(anchors, assumed: Assumptions, training, fitted, pool, rng) -> np.ndarray:
    """Draw patients with the printed table who do not differ from the training set."""
    scores, own = _scores(anchors.coefficients, pool), _scores(fitted, pool)
    slope = rng.uniform(*assumed.validation.slope)
    failed = rng.random(POOL) < expit(anchors.cutoff + slope * (scores - anchors.cutoff))
    agreed = (scores >= anchors.cutoff) == (own >= anchors.cutoff)
    outcome = np.where(agreed, failed.astype(float), np.nan)
    for _ in range(DRAWS):
        table = anchors.tables["validation"]
        drawn = _fill_cells(table, pool, outcome, own >= anchors.cutoff, rng)
        if all(_undistinguished(a, b) for a, b in zip(training, drawn, strict=True)):
            return drawn
    raise AnchorError("nodes or thyroglobulin of the validation set always differed")


def _undistinguished(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two groups of numbers do not differ significantly."""
    test = mann_whitney(pd.Series(first, name="first"), pd.Series(second, name="second"))
    return test.p_value >= NOT_SIGNIFICANT[0]


def _draw_added(anchors, sets, assumed, limits, rng) -> dict[str, dict[str, np.ndarray]]:
    """Draw largest node and dose of both sets."""
    failed = np.repeat(FAILED, anchors.tables["training"])
    found: dict[str, dict[str, np.ndarray]] = {name: {} for name in SETS}
    for variable, draw in zip(ADDED, (_diameters, _doses), strict=True):
        choices = draw(sets["training"][0], CHOICES, assumed, rng)
        values, misfit = draw_added(failed, sets["training"], choices, limits[variable], rng)
        if misfit > 0:
            raise AnchorError(f"{variable}: no draw gave the printed p values")
        draws = draw(sets["validation"][0], DRAWS, assumed, rng)
        alike = next((drawn for drawn in draws if _undistinguished(values, drawn)), None)
        if alike is None:
            raise AnchorError(f"{variable} of the validation set always differed")
        found["training"][variable], found["validation"][variable] = values, alike
    return found


def _diameters(nodes: np.ndarray, draws: int, assumed: Assumptions, rng) -> np.ndarray:
    """Draw largest node diameters (cm), shape (draws, patients); 0 without nodes."""
    node = assumed.lln_diameter
    logs = np.log(node.median) + node.per_node * nodes
    logs = logs + node.log_sd * rng.standard_normal((draws, len(nodes)))
    diameters = np.clip(np.exp(logs), node.smallest, node.largest).round(1)
    return np.where(nodes > 0, diameters, 0.0)


def _doses(nodes: np.ndarray, draws: int, assumed: Assumptions, rng) -> np.ndarray:
    """Draw activities (mCi), shape (draws, patients)."""
    doses = assumed.rai_dose
    shares = np.array([doses.without_nodes, doses.with_nodes])
    shares = shares[(nodes > 0).astype(int)].cumsum(axis=1)
    level = (rng.random((draws, len(nodes), 1)) > shares[:, :-1]).sum(axis=2)
    return np.array(doses.levels)[level]


# --- The whole cohort ----------------------------------------------------------------------


STUDY = "tang2025"
Report = Callable[[str], None] | None
ATTEMPTS = 60
PLAN = Walk(steps=1_500_000)
STEERED_PLAN = Walk(steps=8_000_000)
COLUMNS = (
    *("patient", "simulated", "cohort", "failure", "failure_kind", "concurrent_locoregional"),
    *("gender", "age", "thyroid_disease", "tumor_diameter", "multifocality", "capsular_invasion"),
    *("ete", "cln_status", "lln_status", "lln_count", "lln_diameter", "rai_dose", "time_to_rai"),
    *("tg_before", "tgab_before", "braf_tested", "follow_up"),
)


def draw_cohort(
    anchors: Anchors,
    assumed: Assumptions,
    seed: list[int],
    *,
    steered: bool = False,
    report: Report = None,
) -> pd.DataFrame:
    """Draw one consistent cohort.

    Parameters
    ----------
    anchors : Anchors
        What was printed.
    assumed : Assumptions
        What was not.
    seed : list of int
        Same seed, same cohort.
    steered : bool
        Whether the cohort also has the printed p values, of single variables, of those that were
        not selected and of the Hosmer-Lemeshow test.
    report : callable, optional
        Is told why an attempt was given up.

    Returns
    -------
    DataFrame
        122 patients of the training set, then 60 of the validation set.

    Raises
    ------
    AnchorError
        If none of 60 attempts leads to a cohort.
    """
    plan = STEERED_PLAN if steered else PLAN

    def draw(rng: np.random.Generator) -> pd.DataFrame:
        patients = draw_predictors(anchors, assumed, plan, rng, steered)
        return _finish(add_patients(patients, anchors, assumed, rng), rng)

    return _first_success(draw, seed, report)


def draw_untold(anchors: Anchors, assumed: Assumptions, seed: list[int]) -> np.ndarray:
    """Draw nodes and thyroglobulin of a training set that is not told the area.

    Parameters
    ----------
    anchors, assumed, seed
        As for :func:`draw_cohort`.

    Returns
    -------
    ndarray, shape (2, 122)
        Those who failed first.

    Raises
    ------
    AnchorError
        If none of 60 attempts leads to one.
    """

    def draw(rng: np.random.Generator) -> np.ndarray:
        population = assumed.drawn_population(rng)
        return draw_training(anchors, population, PLAN, rng, anchors.without_area)[0]

    return _first_success(draw, seed)


def _first_success(draw: Callable, seed: list[int], report: Report = None):
    """Try one population after the other."""
    for attempt in range(ATTEMPTS):
        try:
            return draw(np.random.default_rng([*seed, attempt]))
        except AnchorError as refusal:
            reason = refusal
            if report:
                report(f"attempt {attempt + 1} of at most {ATTEMPTS}: {refusal}")
    raise AnchorError(f"none of {ATTEMPTS} attempts led to a cohort; the last: {reason}")


def _finish(data: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Shuffle the patients within each set, number them and name the levels."""
    parts = [rng.permutation(np.flatnonzero(data["cohort"] == name)) for name in SETS]
    rows = np.concatenate(parts)
    data = data.iloc[rows].reset_index(drop=True)
    return data.assign(
        patient=[f"SIM-{number:03d}" for number in range(1, len(data) + 1)],
        simulated="yes",
        failure=np.where(data["failure"], "yes", "no"),
        lln_status=np.where(data["lln_count"] > 0, "yes", "no"),
        rai_dose=data["rai_dose"].astype(int),
    )[list(COLUMNS)]


# --- What ``rairlib simulate`` draws ----------------------------------------------------------


def witness(registry: Registry, seed: int) -> pd.DataFrame:
    """Draw a cohort that is also steered to the printed p values."""
    anchors, assumed = read_anchors(registry), load_assumptions(registry.source)
    return draw_cohort(anchors, assumed, [seed], steered=True, report=_tell)


def cohorts(registry: Registry, number: int, seed: int) -> Iterator[pd.DataFrame]:
    """Draw cohorts from assumed populations, given the print."""
    anchors, assumed = read_anchors(registry), load_assumptions(registry.source)
    for ordinal in range(number):
        yield draw_cohort(anchors, assumed, [seed, ordinal], report=_tell)


def _tell(text: str) -> None:
    print(f"{STUDY}: {text}", file=sys.stderr, flush=True)
