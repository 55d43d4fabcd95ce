"""Splits by outcome on trial: ranges of what a reconstructed table leaves open."""

import numpy as np
import pandas as pd

from rairlib.reconstruct.joint_tables import (
    OutcomeSplits,
    _enumerate,
    _pad_cells,
    _padded_margins,
    fitted_risks,
    outcome_splits,
    split_probabilities,
)
from rairlib.reconstruct.logistic import design_of, fit_tables
from rairlib.stats.calibration import GROUPS, RULES

DRAWS = 1_000
LEVELS = (0.95, 0.8, 0.5)
MOST_SPLITS = 200_000
QUANTITIES = ("auc", "interaction", "hosmer_lemeshow")
DRAWINGS = ("by multiplicity", "uniform")


def quantities(table: np.ndarray, events: np.ndarray, estimates: np.ndarray) -> dict:
    """Measure every split of a table.

    Parameters
    ----------
    table : ndarray of int, shape (2**k,)
        Patients per cell.
    events : ndarray of int, shape (splits, 2**k)
        Patients with the outcome.
    estimates : ndarray, shape (k + 1,)
        The main-effects model, the same for all splits.

    Returns
    -------
    dict of str to ndarray
        ``auc`` of the model; likelihood ratio of the ``interaction`` of the first two covariates,
        NaN where it has no finite estimate; statistic of ``hosmer_lemeshow``, NaN with fewer than
        three groups.
    """
    risks = fitted_risks(estimates)
    return {
        "auc": _areas(table, events, risks),
        "interaction": _interactions(table, events),
        "hosmer_lemeshow": _hosmer_lemeshow(table, events, risks),
    }


def _areas(table, events, risks) -> np.ndarray:
    others = table - events
    larger = np.sign(np.subtract.outer(risks, risks).round(12)) / 2 + 0.5
    return np.einsum("si,ij,sj->s", events, larger, others) / (
        events.sum(axis=1) * others.sum(axis=1)
    )


def _interactions(table, events) -> np.ndarray:
    design = design_of(int(np.log2(len(table))))
    wider = np.column_stack([design, design[:, 1] * design[:, 2]])
    tables = np.tile(table, (len(events), 1))
    both = [fit_tables(tables, X, events @ X).log_likelihoods for X in (design, wider)]
    return 2 * (both[1] - both[0])


def _hosmer_lemeshow(table, events, risks) -> np.ndarray:
    """Group cells of equal risk by the library's rule; the groups are those of every split."""
    used = table > 0
    _, pattern = np.unique(risks[used], return_inverse=True)
    sizes = np.bincount(pattern, weights=table[used]).astype(int)
    label = np.unique(RULES["nearest size"](sizes, GROUPS), return_inverse=True)[1][pattern]
    member = np.equal.outer(label, np.unique(label)).astype(float)
    n, expected = table[used] @ member, (table * risks)[used] @ member
    if len(n) < 3:
        return np.full(len(events), np.nan)
    found = events[:, used] @ member
    return ((found - expected) ** 2 / (expected * (1 - expected / n))).sum(axis=1)


def ranges_over_splits(
    table: np.ndarray,
    estimates: np.ndarray,
    events: int,
    event_margins: list[int],
    rng: np.random.Generator,
) -> dict:
    """Give ranges of the quantities over splits drawn by multiplicity and uniformly.

    Parameters
    ----------
    table, estimates
        The reconstructed table and its model.
    events, event_margins
        Printed.
    rng : numpy Generator
        Source of randomness.

    Returns
    -------
    dict
        ``count`` of splits (None if too many to list) and, by drawing and quantity, ``low`` and
        ``high`` at each level and the probability ``mass`` between them.
    """
    if _too_many(table, events, event_margins):
        return {"count": None}
    splits = outcome_splits(table, events, event_margins)
    weights = split_probabilities(splits)
    chosen = {
        "by multiplicity": _drawn(splits, rng, weights),
        "uniform": _drawn(splits, rng, None),
    }
    values = {drawing: quantities(table, rows, estimates) for drawing, rows in chosen.items()}
    return {
        "count": splits.count,
        "ranges": {
            drawing: {
                name: _range(values[drawing][name], values["by multiplicity"][name])
                for name in QUANTITIES
            }
            for drawing in DRAWINGS
        },
    }


def _too_many(table, events: int, event_margins) -> bool:
    """Whether there are more splits than are listed."""
    most = _pad_cells(np.asarray(table)[np.newaxis])[0]
    nothing = np.empty((0, 8), np.int64)
    margins = _padded_margins(event_margins)
    return _enumerate(events, margins, most, nothing, MOST_SPLITS) >= MOST_SPLITS


def _drawn(splits: OutcomeSplits, rng, weights) -> np.ndarray:
    """Draw many at once as :meth:`OutcomeSplits.draw` draws one."""
    return splits.event_tables[rng.choice(splits.count, DRAWS, p=weights)]


def _range(values: np.ndarray, weighted: np.ndarray) -> list[dict]:
    values, weighted = values[~np.isnan(values)], weighted[~np.isnan(weighted)]
    rows = []
    for level in LEVELS if len(values) and len(weighted) else ():
        ends = np.quantile(values, [(1 - level) / 2, (1 + level) / 2], method="inverted_cdf")
        low, high = ends[0] - 1e-9, ends[1] + 1e-9
        mass = float(((weighted >= low) & (weighted <= high)).mean())
        rows.append({"level": level, "low": float(low), "high": float(high), "mass": mass})
    return rows


def score(truths: dict[str, dict], found: dict[str, dict]) -> pd.DataFrame:
    """Count how often the ranges hold the true value.

    Parameters
    ----------
    truths, found
        As for :func:`benchmarks.open_records.reconstruction.score`.

    Returns
    -------
    DataFrame
        Columns ``drawing, quantity, level, papers, not_computed, too_many_splits, coverage,
        standard_error, mass`` (mean probability within the range if outcomes are exchangeable) and
        ``median_width``.
    """
    rows, too_many = [], 0
    for name, result in found.items():
        if "splits" not in result:
            continue
        if result["splits"]["count"] is None:
            too_many += 1
            continue
        truth = truths[name]
        true = _true_values(truth)
        for drawing, by_quantity in result["splits"]["ranges"].items():
            for quantity, ranges in by_quantity.items():
                rows += [
                    {
                        "drawing": drawing,
                        "quantity": quantity,
                        "true": true[quantity],
                        **one,
                    }
                    for one in ranges or [{"level": level} for level in LEVELS]
                ]
    return _coverages(pd.DataFrame(rows), too_many)


def _true_values(truth: dict) -> dict[str, float]:
    table, events = np.array(truth["table"]), np.array([truth["events"]])
    design = design_of(truth["covariates"])
    estimates = fit_tables(table[np.newaxis], design, events @ design).estimates[0]
    return {name: float(v[0]) for name, v in quantities(table, events, estimates).items()}


def _coverages(frame: pd.DataFrame, too_many: int) -> pd.DataFrame:
    records = []
    keys = ["drawing", "quantity", "level"]
    for key, part in frame.groupby(keys, sort=False):
        usable = part.dropna(subset=["true", "low"])
        inside = (usable["low"] <= usable["true"]) & (usable["true"] <= usable["high"])
        share = inside.mean() if len(usable) else np.nan
        records.append(
            {
                **dict(zip(keys, key, strict=True)),
                "papers": len(usable),
                "not_computed": len(part) - len(usable),
                "too_many_splits": too_many,
                "coverage": share,
                "standard_error": np.sqrt(share * (1 - share) / max(len(usable), 1)),
                "mass": usable["mass"].mean(),
                "median_width": (usable["high"] - usable["low"]).median(),
            }
        )
    return pd.DataFrame(records)
