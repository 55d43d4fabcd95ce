"""Qingdao: frames on what the print alone says about the ROC curve of ps-Tg."""

import pandas as pd

from rairlib.printed import format_value
from rairlib.reported import Registry
from rairlib.tg_print import tg_area_error, tg_examples, tg_limits, tg_table

# Smallest value with progression, largest without, and gap below the cut-off: the print leaves
# them open, and these three choices show that it does.
MADE_UP_TG = [(26, 8000, 0.75), (28, 8000, 0.7), (26, 12000, 0.95)]


def tg_summary(registry: Registry) -> pd.DataFrame:
    """Return what the print determines about the ROC curve of ps-Tg.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    DataFrame
        Columns ``low, high``, indexed by quantity; equal ends where it is determined.
    """
    table, error = tg_table(registry), tg_area_error(registry)
    rows = {name.replace("_", " "): (str(count), str(count)) for name, count in table.items()}
    rows["standard error of the area, from the interval"] = tuple(
        format_value(error[end], 4) for end in ("error_low", "error_high")
    )
    rows["p value of the area"] = ("0", f"{error['p_value']:.1g}")
    for name, row in tg_limits(registry).iterrows():
        rows[name] = format_value(row["low"], 3), format_value(row["high"], 3)
    return pd.DataFrame(rows, index=["low", "high"]).T.rename_axis("quantity")


def tg_made_up(registry: Registry) -> pd.DataFrame:
    """Show samples with the printed quartiles and 2×2 table that differ in what is not printed.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    DataFrame
        See :func:`rairlib.tg_print.tg_examples`, indexed by what was chosen.
    """
    names = [
        f"PD from {low}, NPD to {high:,}, gap at {gap:g} of the cut-off"
        for low, high, gap in MADE_UP_TG
    ]
    table = tg_examples(registry, MADE_UP_TG)
    return table.set_index(pd.Index(names, name="chosen"))
