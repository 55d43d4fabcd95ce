"""Reconstruction on trial: joint tables from print, and what they leave open."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.open_records.press import FAULTS, SEPARATED, TRUE
from benchmarks.open_records.splits import ranges_over_splits
from rairlib.reconstruct.logistic import ReconstructionError, agreement, fit_candidates
from rairlib.reconstruct.printed_models import PrintedModel, printed_models
from rairlib.reconstruct.streaming import stream_logistic
from rairlib.registry.registry import load_registry

MOST_KEPT = 5_000
# What a table must agree with, and how the columns of that are called.
NUMBERS = {"ratios and limits": "", "ratios, limits and p values": "_with_p"}
MOST_FITTED = 20_000
BANDS = ((0, 0.15, "below 0.15"), (0.15, 0.3, "0.15 to 0.3"), (0.3, 1.01, "above 0.3"))


# --- What the pipeline does with one folder ----------------------------------------------------


def read(folder: Path) -> dict:
    """Reconstruct the joint table behind one registry.

    Parameters
    ----------
    folder : Path
        A paper; the name of a faulty one has a second part, which is not looked at.

    Returns
    -------
    dict
        ``refused`` (the reason, if the margins alone are impossible), or ``tables`` with these
        margins, the ``cells`` of those that agree with ratios and limits (the first of them) and
        how many they are (``agreeing``), the same of those that agree with the printed p values as
        well (``cells_with_p``, ``agreeing_with_p``), the fewest printed numbers ``needed`` to
        single one out (where all tables can be fitted), ``splits`` of a unique table.
    """
    model = printed_models(load_registry(str(folder)))[0]
    try:
        found = stream_logistic(*model.counts, model.targets())
    except ReconstructionError as reason:
        return {"refused": str(reason)}
    with_p = found.solutions.cells[model.giving_p_values(found.solutions)]
    result = {
        "tables": found.solutions.joint_tables,
        "agreeing": found.agreeing,
        "cells": found.solutions.cells[:MOST_KEPT].tolist(),
        "agreeing_with_p": len(with_p),
        "cells_with_p": with_p[:MOST_KEPT].tolist(),
    }
    if "-" in folder.name or found.agreeing != 1:
        return result
    if found.solutions.joint_tables <= MOST_FITTED:
        result["needed"] = numbers_needed(model, found.solutions.cells[0])
    rng = np.random.default_rng(int(folder.name))
    event_margins = [model.event_margins[name] for name in model.margins]
    estimates = found.solutions.fits.estimates[0]
    table = found.solutions.cells[0]
    result["splits"] = ranges_over_splits(table, estimates, model.events, event_margins, rng)
    return result


def numbers_needed(model: PrintedModel, table: np.ndarray) -> int:
    """Return how many of the model's printed numbers it takes, at best, to leave one table."""
    tables = fit_candidates(*model.counts)
    agrees = agreement(tables, model.targets()).to_numpy()
    others = agrees[(tables.cells != table).any(axis=1)]
    for size in range(agrees.shape[1] + 1):
        for chosen in combinations(range(agrees.shape[1]), size):
            if not others[:, chosen].all(axis=1).any():
                return size
    raise ReconstructionError("the table is not the only one")


# --- What the opened records say of it ---------------------------------------------------------


def score(truths: dict[str, dict], found: dict[str, dict]) -> dict[str, pd.DataFrame]:
    """Set reconstructed tables beside the true ones.

    Parameters
    ----------
    truths, found : dict of str to dict
        By the name of the paper's folder: what was sealed, and what :func:`read` returned.

    Returns
    -------
    dict of str to DataFrame
        ``reconstruction``: columns ``by, value, covariates, drawn, separated, papers, true_among,
        unique, share_unique, standard_error, true_among_with_p, unique_with_p, needed_counted,
        needed_0`` to ``needed_3``. ``faults``: columns ``numbers`` (what must agree), ``fault,
        prints, no_table`` (of these ``impossible_margins``),
        ``several, unique_true`` (the one table that agrees is the true one all the same) and
        ``false_unique``.
    """
    rows = [
        {**truth, **_judged(truth, found.get(name)), "name": name} for name, truth in truths.items()
    ]
    frame = pd.DataFrame(rows)
    frame["band"] = [_band(value) for value in frame["correlation"]]
    right = frame[frame["fault"].isin([TRUE, SEPARATED])]
    return {"reconstruction": _tables(right), "faults": _faults(frame)}


def _judged(truth: dict, result: dict | None) -> dict:
    if result is None:
        return {"agreeing": np.nan, "agreeing_with_p": np.nan}
    if "refused" in result:
        nothing = dict.fromkeys(("agreeing", "agreeing_with_p"), 0)
        return nothing | {"refused": True, "true_among": False, "true_among_with_p": False}
    return {
        "agreeing": result["agreeing"],
        "agreeing_with_p": result["agreeing_with_p"],
        "refused": False,
        "true_among": truth["table"] in result["cells"],
        "true_among_with_p": truth["table"] in result["cells_with_p"],
        "needed": result.get("needed", np.nan),
    }


def _band(correlation: float) -> str:
    return next(name for low, high, name in BANDS if low <= correlation < high)


def _tables(right: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for by, column in (
        ("all", None),
        ("n", "n"),
        ("decimals", "decimals"),
        ("correlation", "band"),
        ("cohort", "source"),
    ):
        keys = [column] if column else []
        for key, part in right.groupby([*keys, "covariates"], sort=True):
            value = key[0] if column else "all"
            rows.append({"by": by, "value": value, "covariates": key[-1], **_counts(part)})
    return pd.DataFrame(rows)


def _counts(part: pd.DataFrame) -> dict:
    printed = part[part["fault"] == TRUE]
    unique = int(printed["agreeing"].eq(1).sum())
    share = unique / len(printed) if len(printed) else np.nan
    needed = printed["needed"].dropna()
    counts = {f"needed_{size}": int((needed == size).sum()) for size in range(4)}
    return {
        "drawn": len(part),
        "separated": int((part["fault"] == SEPARATED).sum()),
        "papers": len(printed),
        "true_among": int(printed["true_among"].eq(True).sum()),
        "unique": unique,
        "share_unique": share,
        "standard_error": np.sqrt(share * (1 - share) / len(printed)) if len(printed) else np.nan,
        "true_among_with_p": int(printed["true_among_with_p"].eq(True).sum()),
        "unique_with_p": int(printed["agreeing_with_p"].eq(1).sum()),
        "needed_counted": len(needed),
        **counts,
    }


def _faults(frame: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for numbers, ending in NUMBERS.items():
        for fault in (*FAULTS, "all"):
            part = frame[frame["fault"].isin([fault] if fault != "all" else FAULTS)]
            part = part[part["agreeing"].notna()]
            agreeing = part[f"agreeing{ending}"]
            true = part[f"true_among{ending}"].eq(True)
            rows.append(
                {
                    "numbers": numbers,
                    "fault": fault,
                    "prints": len(part),
                    "no_table": int((agreeing == 0).sum()),
                    "impossible_margins": int(part["refused"].eq(True).sum()),
                    "several": int((agreeing > 1).sum()),
                    "unique_true": int(((agreeing == 1) & true).sum()),
                    "false_unique": int(((agreeing == 1) & ~true).sum()),
                }
            )
    return pd.DataFrame(rows)
