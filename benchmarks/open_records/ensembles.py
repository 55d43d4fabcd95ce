"""Ensembles on trial: ranges over searched cohorts, of what their papers did not print."""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from benchmarks.open_records.press import SEPARATED
from benchmarks.open_records.survivals import DAYS, IN_MODEL, MARKS, Cohort, quantities
from rairlib.cohorts.declared import read_declared
from rairlib.cohorts.search import Cooling, find_cohort
from rairlib.cohorts.study import DeclaredStudy
from rairlib.errors import RairlibError
from rairlib.registry.agreement import central_range
from rairlib.registry.printed import format_value, parse_printed
from rairlib.registry.registry import read_registry

LEVELS = (0.95, 0.8, 0.5)
MEMBERS = 39  # the fewest whose smallest and largest value are a range of 95 %
NAIVE = 79
# Shorter than the library's own cooling of the covariates; the distance reached is in the table.
ORDERS = Cooling(restarts=1, steps=20_000, hot=1e5, cold=0.1)
STEPS = Cooling(restarts=2, steps=50_000, hot=1e6, cold=1.0)
SOURCES = ("ensemble", "naive")
# What papers print of these quantities: decimals, and how the value is printed.
PRINTED = {
    "log-rank chi-square of a covariate": (2, np.asarray),
    "log hazard ratio with one covariate left out": (3, np.exp),
    "likelihood ratio of the model": (3, np.asarray),
    "events with level 1": (0, np.asarray),
    "subgroup Kaplan-Meier at the middle time": (1, np.asarray),
    "concordance of the model": (3, np.asarray),
    "adjusted log hazard ratio in no printed model": (3, np.exp),
    "joint count with both in the model": (0, np.asarray),
    "joint count with one or none in the model": (0, np.asarray),
}
FACTORS = {"rightly": 1.0, "off by 5 %": 1.05, "off by 20 %": 1.2}


# --- What the pipeline does with one folder ----------------------------------------------------


def read(folder: Path, members: int = MEMBERS, naive: int = NAIVE) -> dict:
    """Search for cohorts of one registry, each from a start of its own.

    Parameters
    ----------
    folder : Path
        A paper with its declaration.
    members, naive : int
        Searched cohorts, and cohorts of independent covariates and constant hazards.

    Returns
    -------
    dict
        ``refused`` with the reason, or ``distance`` (median over the members of the largest
        relative distance of a hazard ratio from its print) and, by source and quantity, one list
        of values over the cohorts for each of its items.
    """
    number = int(folder.name)
    try:
        study = read_declared(folder / "simulation.toml", read_registry(folder / "reported.csv"))
        found = [
            find_cohort(study, np.random.default_rng([number, member]), ORDERS, STEPS)
            for member in range(members)
        ]
        mark = study.marks[1].positions[0]
        times = np.arange(1, study.size + 1)
        measured = [
            quantities(Cohort(cohort.levels, cohort.order.events, times), IN_MODEL, mark)
            for cohort in found
        ]
    except RairlibError as reason:
        return {"refused": str(reason)}
    rng = np.random.default_rng([number, members])
    return {
        "distance": float(np.median([_distance(cohort.report()) for cohort in found])),
        "ensemble": _by_quantity(measured),
        "naive": _by_quantity([_naive(study, mark, rng) for _ in range(naive)]),
    }


def _distance(report: pd.DataFrame) -> float:
    ratios = report[report["model"] != "timeline"]
    return float(abs(ratios["attained"] / ratios["printed"].astype(float) - 1).max())


def _by_quantity(measured: list[dict[str, list[float]]]) -> dict[str, list[list[float]]]:
    return {name: np.array([one[name] for one in measured]).T.tolist() for name in measured[0]}


def _naive(study: DeclaredStudy, mark: int, rng: np.random.Generator) -> dict[str, list[float]]:
    """Simulate printed counts and ratios: independent covariates, constant hazards."""
    n = study.size
    levels = np.column_stack(
        [rng.permutation(np.arange(n) < sum(c.counts.values())) for c in study.covariates]
    ).astype(float)
    ratios = [c.multivariable[0].value if c.multivariable else 1.0 for c in study.covariates]
    hazard = np.exp(levels @ np.log(ratios))

    def missing(log_rate: float) -> float:
        return (hazard / (hazard + np.exp(log_rate))).sum() - study.events

    censoring = np.exp(brentq(missing, -20, 20))
    failure, loss = rng.exponential(1 / hazard), rng.exponential(1 / censoring, n)
    time = np.minimum(failure, loss)
    cohort = Cohort(levels, failure <= loss, time)
    return quantities(cohort, IN_MODEL, np.sort(time)[mark - 1])


# --- What the opened records say of it ---------------------------------------------------------


def interval(values: list[float], level: float) -> tuple[float, float]:
    """Return the two order statistics between which one more exchangeable value lies so often.

    Parameters
    ----------
    values : list of float
        One per cohort; NaN are left out.
    level : float
        From 0 to 1.

    Returns
    -------
    (float, float)
        NaN if there are too few values for the level.
    """
    known = np.sort(np.array(values)[~np.isnan(values)])
    place = int(np.floor((len(known) + 1) * (1 - level) / 2 + 1e-9))
    return (known[place - 1], known[-place]) if place else (np.nan, np.nan)


def score(truths: dict[str, dict], found: dict[str, dict]) -> dict[str, pd.DataFrame]:
    """Count how often the ranges hold the patients' own value.

    Parameters
    ----------
    truths, found : dict of str to dict
        By the name of the paper's folder.

    Returns
    -------
    dict of str to DataFrame
        ``ensembles``: columns ``source`` (ensemble or naive), ``quantity, level, papers,
        not_printed`` (no finite model), ``not_searched, items, coverage, standard_error`` (between
        papers), ``median_width, width_to_naive, distance`` (median over papers).
        ``ensemble_verdicts``: columns ``quantity, printed`` (rightly, or how wrongly), ``papers,
        numbers, compatible, differs`` and ``share``: of the right numbers that are compatible with
        the library's central 95 % of the cohorts, of the wrong ones that differ.
    """
    rows, judged = [], []
    searched = {name: one for name, one in found.items() if "refused" not in one}
    for name, result in searched.items():
        true = _true_values(truths[name])
        judged += [{"paper": name, **one} for one in _judged(result["ensemble"], true)]
        for source in SOURCES:
            rows += [
                {"source": source, "paper": name, "distance": result["distance"], **row}
                for quantity, items in result[source].items()
                for row in _items(quantity, items, true[quantity])
            ]
    separated = sum(truth["fault"] == SEPARATED for truth in truths.values())
    counts = {"not_printed": separated, "not_searched": len(found) - len(searched)}
    return {
        "ensembles": _coverages(pd.DataFrame(rows), counts),
        "ensemble_verdicts": _verdicts(pd.DataFrame(judged)),
    }


def _true_values(truth: dict) -> dict[str, list[float]]:
    cohort = Cohort(truth["levels"], truth["event"], truth["time"])
    return quantities(cohort, IN_MODEL, MARKS[truth["source"]][1] * DAYS)


def _items(quantity: str, items: list[list[float]], true: list[float]):
    for values, value in zip(items, true, strict=True):
        for level in LEVELS:
            low, high = interval(values, level)
            inside = low - 1e-9 <= value <= high + 1e-9
            yield {"quantity": quantity, "level": level, "inside": inside, "width": high - low}


def _judged(ensemble: dict[str, list[list[float]]], true: dict[str, list[float]]):
    """Print each value, rightly and wrongly, and say whether the library calls it compatible."""
    for quantity, (decimals, shown) in PRINTED.items():
        for values, value in zip(ensemble[quantity], true[quantity], strict=True):
            low, high = central_range(shown(np.array(values)))
            for printed, factor in FACTORS.items():
                number = parse_printed(format_value(float(shown(value)) * factor, decimals))
                if printed == "rightly" or not number.agrees(float(shown(value))):
                    compatible = number.overlaps(low, high)
                    yield {"quantity": quantity, "printed": printed, "compatible": compatible}


def _verdicts(frame: pd.DataFrame) -> pd.DataFrame:
    records = []
    keys = ["quantity", "printed"]
    for key, part in frame.groupby(keys, sort=False) if len(frame) else ():
        compatible = int(part["compatible"].sum())
        hits = compatible if key[1] == "rightly" else len(part) - compatible
        records.append(
            {
                **dict(zip(keys, key, strict=True)),
                "papers": part["paper"].nunique(),
                "numbers": len(part),
                "compatible": compatible,
                "differs": len(part) - compatible,
                "share": hits / len(part),
            }
        )
    return pd.DataFrame(records)


def _coverages(frame: pd.DataFrame, counts: dict) -> pd.DataFrame:
    keys = ["source", "quantity", "level"]
    if frame.empty:
        return pd.DataFrame([{**dict.fromkeys(keys), "papers": 0, **counts}])
    records = []
    for key, part in frame.groupby(keys, sort=False):
        shares = part.groupby("paper")["inside"].mean()
        records.append(
            {
                **dict(zip(keys, key, strict=True)),
                "papers": len(shares),
                **counts,
                "items": len(part),
                "coverage": part["inside"].mean(),
                "standard_error": shares.std(ddof=1) / np.sqrt(len(shares)),
                "median_width": part["width"].median(),
                "distance": part.groupby("paper")["distance"].first().median(),
            }
        )
    table = pd.DataFrame(records)
    naive = table[table["source"] == "naive"].set_index(keys[1:])["median_width"]
    widths = [naive[key] for key in zip(table["quantity"], table["level"], strict=True)]
    return table.assign(width_to_naive=table["median_width"] / np.array(widths))
