"""Tables of the kept times for the book. Format only."""

from math import floor

import pandas as pd

from rairlib.registry.kept_files import kept_file

MICRO = 1_000_000


def read_speed(part: str = "") -> pd.DataFrame:
    """Read the kept times of ``benchmarks/bench_repeats.py``.

    Parameters
    ----------
    part : str
        ``many cohorts``, ``one cohort``, ``one large cohort``, ``procedure``, ``cost`` or
        ``version``; empty for all.

    Returns
    -------
    DataFrame
        Columns ``part, function, patients, repeats, seconds, megabytes, other, other_seconds,
        ratio, aim, version``. The aim is the least ratio; of a procedure, the most seconds.
    """
    speed = pd.read_csv(kept_file("results/speed.csv"), encoding="utf-8")
    speed = speed.astype({"patients": "Int64", "repeats": "Int64"})
    return speed[speed["part"] == part].reset_index(drop=True) if part else speed


def met(speed: pd.DataFrame) -> pd.Series:
    """Say of each row with an aim whether it is met, of the others <NA>."""
    slow = speed["part"] == "procedure"
    found = (speed["ratio"] >= speed["aim"]).mask(slow, speed["seconds"] <= speed["aim"])
    return found.astype("boolean").mask(speed["aim"].isna())


def beside_others(speed: pd.DataFrame) -> pd.DataFrame:
    """Return ratios beside their aims, cut off, not rounded, so that none is rounded up to its aim.

    Parameters
    ----------
    speed : DataFrame
        Rows of :func:`read_speed` with ratios.

    Returns
    -------
    DataFrame
        Columns ``function, other program, here and there, µs, times as fast, aim``.
    """
    words = met(speed).map({True: "met", False: "not met"})
    aims = speed["aim"].map("at least {:g}: ".format) + words
    return pd.DataFrame(
        {
            "function": speed["function"],
            "other program": speed["other"],
            "here, µs": (MICRO * speed["seconds"]).map("{:,.1f}".format),
            "there, µs": (MICRO * speed["other_seconds"]).map("{:,.0f}".format),
            "times as fast": speed["ratio"].map(_cut_off),
            "aim": aims.where(speed["aim"].notna(), ""),
        }
    ).set_index("function")


def _cut_off(ratio: float) -> str:
    return f"{floor(ratio):,}" if ratio >= 10 else f"{floor(100 * ratio) / 100:.2f}"


def missed(speed: pd.DataFrame) -> pd.DataFrame:
    """Name every aim that is not met: columns ``part, function, beside, reached, aim``."""
    found = speed[met(speed).eq(False)]
    whole = found["part"] == "procedure"
    ratios = found["ratio"].where(~whole, 0).map(_cut_off) + " times as fast"
    reached = ratios.mask(whole, found["seconds"].map("{:.2f} s".format))
    aims = found["aim"].map("at least {:g}".format).mask(whole, found["aim"].map("{:g} s".format))
    named = found[["part", "function"]].assign(beside=found["other"].fillna(""))
    return named.assign(reached=reached, aim=aims).set_index("part")
