"""Joint tables too large to be enumerated, found by a search and kept with the project."""

import numpy as np
import pandas as pd

from rairlib.joint_tables import cell_levels
from rairlib.kept_files import kept_file
from rairlib.printed_models import PrintedModel, cell_records

KEPT = ("wang2025",)


def kept_tables(study: str, model: PrintedModel) -> np.ndarray:
    """Load the joint tables that are kept for a study.

    Parameters
    ----------
    study : str
        Key of the study.
    model : PrintedModel
        Its model of all covariates.

    Returns
    -------
    ndarray of int64, shape (tables, 2**k)
        Patients per cell, in the model's order; no row if none are kept.
    """
    names = list(model.levels)
    if study not in KEPT:
        return np.empty((0, 2 ** len(names)), np.int64)
    kept = pd.read_csv(
        kept_file(f"results/{study}_joint_tables.csv"), keep_default_na=False, encoding="utf-8"
    )
    wide = kept.pivot_table(index="table", columns=names, values="n", aggfunc="sum", fill_value=0)
    order = pd.MultiIndex.from_tuples(
        [
            tuple(model.levels[name][1 - level] for name, level in zip(names, cell, strict=True))
            for cell in cell_levels(len(names))
        ]
    )
    return wide.reindex(columns=order, fill_value=0).to_numpy(np.int64)


def tables_frame(model: PrintedModel, tables: np.ndarray) -> pd.DataFrame:
    """Lay joint tables out as they are kept.

    Parameters
    ----------
    model : PrintedModel
        The model that the tables belong to.
    tables : ndarray of int, shape (tables, 2**k)
        Patients per cell, in the model's order.

    Returns
    -------
    DataFrame
        One row per table and cell that is not empty: ``table`` (from 1), the level of each
        covariate, ``n``.
    """
    frames = [
        pd.DataFrame(cell_records(model, table)).assign(table=number)
        for number, table in enumerate(tables, start=1)
    ]
    frame = pd.concat(frames, ignore_index=True)
    frame.insert(0, "table", frame.pop("table"))
    return frame[frame["n"] > 0].reset_index(drop=True)
