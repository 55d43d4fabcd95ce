"""Times, events and groups of patients, checked before anything is estimated from them."""

import numpy as np
import pandas as pd

from rairlib.errors import RairlibError

YES_NO = {"yes": 1, "no": 0}


def survival_times(time, event) -> pd.DataFrame:
    """Check times and events, and set them beside each other.

    Parameters
    ----------
    time : array-like of float, shape (n,)
        Time to the event or to the end of observation, not negative; a Series names the patients
        by its index, anything else by their place, from 1 on.
    event : array-like of bool, 0/1 or yes/no, shape (n,)
        Whether the event occurred at that time.

    Returns
    -------
    DataFrame
        Columns ``time`` (float) and ``event`` (0/1), in the order given; the index names the
        patients.

    Raises
    ------
    RairlibError
        If there are no patients, the lengths differ, a time is missing, infinite or negative, or
        an event is missing or not one of two values; the first such patient is named.
    """
    names = time.index if isinstance(time, pd.Series) else np.arange(1, len(time) + 1)
    times = pd.to_numeric(pd.Series(np.asarray(time), index=names), errors="coerce")
    if len(times) != len(event):
        raise RairlibError(f"one event per time: got {len(times)} times, {len(event)} events")
    if times.empty:
        raise RairlibError("no patients to follow")
    _refuse(~np.isfinite(times), times, "the time is missing or not a finite number")
    _refuse(times < 0, times, "the time is negative")
    raw = pd.Series(np.asarray(event), index=names)
    coded = pd.to_numeric(raw.map(lambda value: YES_NO.get(value, value)), errors="coerce")
    _refuse(~coded.isin([0, 1]), raw, "the event must be yes/no, true/false or 1/0")
    return pd.DataFrame({"time": times.astype(float), "event": coded.astype(int)})


def _refuse(wrong: pd.Series, values: pd.Series, fault: str) -> None:
    if wrong.any():
        name = wrong.index[np.argmax(wrong)]
        raise RairlibError(f"patient {name}: {fault} ({values.iloc[np.argmax(wrong)]})")


def patient_groups(group, names: pd.Index) -> pd.Series:
    """Check the groups of patients.

    Parameters
    ----------
    group : array-like of str, shape (n,)
        Group of each patient.
    names : Index
        Names of the patients, as :func:`survival_times` gives them.

    Returns
    -------
    Series of str
        The groups, named by patient.

    Raises
    ------
    RairlibError
        If the lengths differ or a group is missing; the first such patient is named.
    """
    values = pd.Series(np.asarray(group, dtype=object), name="group")
    if len(values) != len(names):
        raise RairlibError(
            f"one group per patient: got {len(names)} patients, {len(values)} groups"
        )
    values.index = names
    _refuse(values.isna() | (values == ""), values, "the group is missing")
    return values
