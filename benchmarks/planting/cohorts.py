"""Known cohorts: simulated patients whose every statistic can be computed."""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.special import expit

OUTCOMES = (("RAIR", "non-RAIR"), ("failure", "success"), ("recurrence", "no recurrence"))
EVENTS = (("PD", "NPD"), ("deceased", "alive"))
FACTORS = {
    "gender": ("male", "female"),
    "ete": ("yes", "no"),
    "multifocality": ("positive", "negative"),
    "metastasis": ("yes", "no"),
    "braf": ("mutated", "wild type"),
    "histology": ("PTC", "FTC", "OCA"),
    "t_stage": ("T1/T2", "T3", "T4"),
    "avidity": ("full", "partial", "none"),
}
SITES = ("lung", "bone", "both")
EXCLUSIONS = ("no radioiodine", "incomplete follow-up", "other cancer")
SMALLEST_GROUP = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A variable of a known cohort.

    Attributes
    ----------
    name : str
        Column of the patients' frame.
    levels : tuple of str
        Levels of a factor, all observed; empty for a continuous variable.
    unit : str
        Unit of measurement.
    decimals : int
        Decimals to which a continuous variable was measured.
    skewed : bool
        Whether it is described by its median rather than its mean.
    """

    name: str
    levels: tuple[str, ...] = ()
    unit: str = ""
    decimals: int = 0
    skewed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCohort:
    """Simulated patients and how their study calls them.

    Attributes
    ----------
    patients : DataFrame
        One row per patient: the variables, `outcome` (bool) and, where patients were followed
        up, `months` (time to event or censoring) and `event` (bool).
    continuous, factors, cut : tuple of Variable
        Measurements, categories (values may be missing), and measurements cut in two. The first
        level of a cut variable is that above the cut-off.
    cutoffs : dict of str to (str, float)
        Name of a cut variable to that of its measurement and the cut-off.
    groups, events : tuple of str
        Names of the groups with and without the outcome, and with and without the event;
        `events` is empty without follow-up.
    sites : tuple of str
        Sites of metastasis, column `site` of the patients with metastasis; may be empty.
    excluded : dict of str to int
        Patients excluded before, by reason.
    """

    patients: pd.DataFrame = field(repr=False)
    continuous: tuple[Variable, ...]
    factors: tuple[Variable, ...]
    cut: tuple[Variable, ...]
    cutoffs: dict[str, tuple[str, float]]
    groups: tuple[str, str]
    events: tuple[str, ...]
    sites: tuple[str, ...]
    excluded: dict[str, int]

    def members(self, group: str) -> pd.DataFrame:
        """Return the patients of a named group; ``all`` for everyone."""
        chosen = {"all": np.ones(len(self.patients), bool)}
        chosen |= dict(zip(self.groups, _both(self.patients["outcome"]), strict=True))
        if self.events:
            chosen |= dict(zip(self.events, _both(self.patients["event"]), strict=True))
        return self.patients[chosen[group]]


def simulate_cohort(rng: np.random.Generator, gaps: bool = False) -> KnownCohort:
    """Simulate one clinical cohort of 40 to 300 patients.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all chance.
    gaps : bool
        Whether measurements are missing in some patients.

    Returns
    -------
    KnownCohort
        Integer, one-decimal and skewed measurements, rare and common factors with two or three
        levels, an outcome that depends on them, and often times to an event with censoring.
    """
    n = round(np.exp(rng.uniform(np.log(40), np.log(300))))
    severity = rng.normal(size=n)
    patients, continuous = _measurements(rng, severity)
    factors = _factors(rng, severity, patients)
    sites = _sites(rng, patients)
    patients["outcome"] = _outcome(rng, severity)
    if gaps:
        _lose_measurements(rng, patients, continuous)
    cut, cutoffs = _cut_variables(rng, patients, continuous)
    followed = rng.random() < 0.6 and _follow_up(rng, severity, patients)
    reasons = rng.choice(EXCLUSIONS, size=rng.integers(1, 4), replace=False)
    return KnownCohort(
        patients=patients,
        continuous=continuous,
        factors=factors,
        cut=cut,
        cutoffs=cutoffs,
        groups=OUTCOMES[rng.integers(len(OUTCOMES))],
        events=EVENTS[rng.integers(len(EVENTS))] if followed else (),
        sites=sites,
        excluded={str(reason): int(rng.integers(2, 150)) for reason in reasons},
    )


def pair_up(cohort: KnownCohort) -> KnownCohort:
    """Match patients with the outcome to as many without it by age; the others are left out.

    Pairs stand at the same place among the members of either group.
    """
    patients = cohort.patients.sort_values("age", kind="stable")
    groups = [patients[flags] for flags in _both(patients["outcome"])]
    size = min(map(len, groups))
    chosen = [group.iloc[np.linspace(0, len(group) - 1, size).round()] for group in groups]
    patients = pd.concat(chosen, ignore_index=True)
    events = int(patients["event"].sum()) if cohort.events else 0
    followed = SMALLEST_GROUP <= events <= len(patients) - SMALLEST_GROUP
    return replace(
        cohort,
        patients=patients,
        factors=tuple(f for f in cohort.factors if set(f.levels) <= set(patients[f.name])),
        events=cohort.events if followed else (),
        sites=(),
    )


def weigh(cohort: KnownCohort) -> KnownCohort:
    """Weight patients by the inverse chance of their group given age; column `weight`."""
    patients, outcome = cohort.patients, cohort.patients["outcome"].astype(float)
    ages = sm.add_constant(patients["age"].fillna(patients["age"].mean()))
    chance = sm.Logit(outcome, ages).fit(disp=0).predict()
    share = outcome.mean()
    weight = np.where(outcome == 1, share / chance, (1 - share) / (1 - chance))
    return replace(cohort, patients=patients.assign(weight=weight))


def _both(flags: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    yes = flags.to_numpy(dtype=bool)
    return yes, ~yes


def _mixed(rng: np.random.Generator, severity: np.ndarray) -> np.ndarray:
    """Return a standard normal variable that is more or less correlated with severity."""
    weight = rng.uniform(-0.3, 0.8)
    return weight * severity + np.sqrt(1 - weight**2) * rng.normal(size=severity.size)


def _measurements(rng, severity) -> tuple[pd.DataFrame, tuple[Variable, ...]]:
    age = np.clip(np.round(rng.uniform(40, 60) + 14 * _mixed(rng, severity)), 18, 90)
    diameter = np.exp(rng.uniform(2.5, 3.3) + rng.uniform(0.4, 0.7) * _mixed(rng, severity))
    marker = np.exp(rng.uniform(1, 5) + rng.uniform(1.0, 2.0) * _mixed(rng, severity))
    later = marker * np.exp(rng.normal(-1, rng.uniform(0.3, 1.5), size=marker.size))
    nodes = rng.poisson(np.exp(rng.uniform(0, 1.5) + 0.6 * _mixed(rng, severity)))
    index = np.round(rng.uniform(23, 28) + 4 * _mixed(rng, severity), 1)
    in_cm = rng.random() < 0.5
    tg = {"unit": "ng/mL", "skewed": True}
    available = {
        "age": (age, Variable(name="age", unit="years")),
        "tumor_size": (
            np.round(np.maximum(diameter, 1) / 10, 1) if in_cm else np.ceil(diameter),
            Variable(name="tumor_size", unit="cm" if in_cm else "mm", decimals=1 if in_cm else 0),
        ),
        "tg_before": (np.round(marker, 1), Variable(name="tg_before", decimals=1, **tg)),
        "tg_after": (np.round(later, 2), Variable(name="tg_after", decimals=2, **tg)),
        "nodes": (nodes.astype(float), Variable(name="nodes", skewed=True)),
        "bmi": (index, Variable(name="bmi", unit="kg/m2", decimals=1)),
    }
    others = rng.choice(list(available)[1:], size=rng.integers(1, 5), replace=False)
    names = [name for name in available if name == "age" or name in others]
    patients = pd.DataFrame({name: available[name][0] for name in names})
    return patients, tuple(available[name][1] for name in names)


def _factors(rng, severity, patients: pd.DataFrame) -> tuple[Variable, ...]:
    names = rng.choice(list(FACTORS), size=rng.integers(3, 7), replace=False)
    found = []
    for name in (name for name in FACTORS if name in names):
        levels = FACTORS[name]
        share = rng.uniform(0.06, 0.94) if len(levels) == 2 else rng.uniform(0.4, 0.75)
        edges = [share] if len(levels) == 2 else [share, share + (1 - share) * rng.uniform(0.3, 1)]
        rank = pd.Series(_mixed(rng, severity)).rank(pct=True, method="first").to_numpy()
        # The first levels are the severe ones in binary factors, the last in others.
        rank = 1 - rank if len(levels) == 2 else rank
        values = np.array(levels, dtype=object)[np.searchsorted(edges, rank)]
        if rng.random() < 0.2:
            values[rng.random(values.size) < rng.uniform(0.01, 0.1)] = None
        if set(levels) <= set(values):
            patients[name] = values
            found.append(Variable(name=name, levels=levels))
    return tuple(found)


def _sites(rng, patients: pd.DataFrame) -> tuple[str, ...]:
    """Tell apart the sites of the metastases, where enough patients have them."""
    if "metastasis" not in patients or (patients["metastasis"] == "yes").sum() < 6:
        return ()
    sites = rng.choice(SITES, p=(0.6, 0.25, 0.15), size=len(patients)).astype(object)
    patients["site"] = np.where(patients["metastasis"] == "yes", sites, None)
    observed = set(patients["site"].dropna())
    return tuple(site for site in SITES if site in observed) if len(observed) > 1 else ()


def _outcome(rng, severity) -> np.ndarray:
    strength, centre = rng.uniform(0.7, 2.5), rng.uniform(-1.0, 0.5)
    while True:
        outcome = rng.random(severity.size) < expit(centre + strength * severity)
        if SMALLEST_GROUP <= outcome.sum() <= severity.size - SMALLEST_GROUP:
            return outcome


def _lose_measurements(rng, patients: pd.DataFrame, continuous) -> None:
    for variable in continuous:
        lost = rng.random(len(patients)) < rng.uniform(0.01, 0.08)
        patients.loc[lost, variable.name] = np.nan


def _cut_variables(rng, patients, continuous):
    """Cut one or two measurements at the point with the largest Youden index."""
    cut, cutoffs = [], {}
    for index in rng.permutation(len(continuous))[: rng.integers(1, 3)]:
        variable = continuous[index]
        values = patients[variable.name].to_numpy()
        known = ~np.isnan(values)
        cutoff = _youden_cutoff(values[known], patients["outcome"].to_numpy()[known])
        midpoint = rng.random() < 0.5
        if midpoint:
            cutoff = (cutoff + values[values < cutoff].max()) / 2
        shown = f"{cutoff:.{variable.decimals + midpoint}f}"
        name = f"{variable.name}_{shown.replace('.', '_')}"
        upper, lower = f"≥{shown}", f"<{shown}"
        # Compared as printed; a midpoint of one more decimal is exact.
        patients[name] = np.where(values >= float(shown), upper, lower).astype(object)
        patients.loc[~known, name] = None
        cut.append(Variable(name=name, levels=(upper, lower), unit=variable.unit))
        cutoffs[name] = (variable.name, float(shown))
    return tuple(cut), cutoffs


def _youden_cutoff(values: np.ndarray, outcome: np.ndarray) -> float:
    candidates = np.unique(values)[1:]
    positive = values[:, None] >= candidates
    index = positive[outcome].mean(axis=0) - positive[~outcome].mean(axis=0)
    return float(candidates[np.argmax(np.abs(index))])


def _follow_up(rng, severity, patients: pd.DataFrame) -> bool:
    """Add times and events; False if too few patients have, or lack, the event."""
    hazard = rng.uniform(0.003, 0.03) * np.exp(rng.uniform(0.3, 1.0) * severity)
    shape = rng.uniform(0.7, 1.5)
    time = (rng.exponential(size=severity.size) / hazard) ** (1 / shape)
    censoring = rng.uniform(6, rng.uniform(48, 150), size=severity.size)
    months = np.minimum(time, censoring)
    patients["months"] = np.maximum(1, np.ceil(months)) if rng.random() < 0.6 else months.round(1)
    patients["event"] = time <= censoring
    events = int(patients["event"].sum())
    return SMALLEST_GROUP <= events <= severity.size - SMALLEST_GROUP
