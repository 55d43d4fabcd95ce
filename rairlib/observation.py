"""Values of patients, matched and checked before anything is estimated from them."""

import numpy as np
import pandas as pd

from rairlib.errors import RairlibError

YES_NO = {"yes": 1, "no": 0}
# Equal patients can get scores that differ in the last digits of a sum of products.
NOISE = 1e-10


def aligned(**named) -> tuple:
    """Set values of the same patients in one order.

    Parameters
    ----------
    **named : array-like, Series, DataFrame or None
        Values under the names that messages use. What has an index is matched by it with the
        first that has one; what has none is taken in the order given; None stays None.

    Returns
    -------
    tuple
        The values in the order of the arguments; those with an index in the order of the first.

    Raises
    ------
    RairlibError
        If the numbers of patients differ, two indexes do not name the same patients, or an index
        repeats a name and the other is not the same throughout.
    """
    given = {name: values for name, values in named.items() if values is not None}
    first = next(iter(given), "")
    for name, values in given.items():
        if np.ndim(values) == 0:
            raise RairlibError(f"{name}: one value per patient is needed, not {values!r}")
        if len(values) != len(given[first]):
            sizes = f"got {len(given[first])} {first}s, {len(values)} {name}s"
            raise RairlibError(f"one {name} per patient: {sizes}")
    indexed = [name for name in given if isinstance(given[name], (pd.Series, pd.DataFrame))]
    for name in indexed[1:]:
        named[name] = _in_order(indexed[0], given[indexed[0]].index, name, given[name])
    return tuple(named.values())


def _in_order(first: str, wanted: pd.Index, name: str, values):
    if values.index.equals(wanted):
        return values
    if not (values.index.is_unique and wanted.is_unique):
        raise RairlibError(
            f"{first} and {name}: a repeated index cannot be matched; give both a fresh one"
        )
    places = values.index.get_indexer(wanted)
    if (places < 0).any():
        raise RairlibError(
            f"{first} and {name} have different indexes: {name} has no {wanted[places < 0][0]!r}"
        )
    return values.iloc[places]


def ranked(scores) -> np.ndarray:
    """Rank scores, taking those for equal that only float noise keeps apart.

    Parameters
    ----------
    scores : array-like of float, shape (n,)
        Without missing values.

    Returns
    -------
    ndarray of int, shape (n,)
        0 for the smallest; equal scores share a rank. Neighbours are equal if they differ by less
        than 1e-10 of the larger; if that made all scores equal, every difference counts.
    """
    values, place = np.unique(np.asarray(scores, dtype=float), return_inverse=True)
    apart = np.diff(values) >= NOISE * np.maximum(abs(values[1:]), abs(values[:-1]))
    if not apart.any():
        apart[:] = True
    return np.append(0, np.cumsum(apart))[place]


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
    time, event = aligned(time=time, event=event)
    names = time.index if isinstance(time, pd.Series) else np.arange(1, len(time) + 1)
    times = numbers(time, names, "time", least=0)
    if times.empty:
        raise RairlibError("no patients to follow")
    raw = pd.Series(np.asarray(event), index=names)
    coded = pd.to_numeric(raw.map(lambda value: YES_NO.get(value, value)), errors="coerce")
    _refuse(~coded.isin([0, 1]), raw, "the event must be yes/no, true/false or 1/0")
    return pd.DataFrame({"time": times, "event": coded.astype(int)})


def numbers(values, names: pd.Index, what: str, least=-np.inf, never: bool = False) -> pd.Series:
    """Check numbers of patients.

    Parameters
    ----------
    values : array-like, shape (n,)
        Numbers, or words that read as numbers.
    names : Index
        Names of the patients.
    what : str
        What the numbers are.
    least : float
        0 refuses negative numbers.
    never : bool
        Whether a number may be missing or infinite.

    Returns
    -------
    Series of float
        Named by patient.

    Raises
    ------
    RairlibError
        For the first patient whose number is not usable.
    """
    if np.ndim(values) != 1:
        raise RairlibError(f"{what}: one number per patient is needed")
    raw = pd.Series(np.asarray(values), index=names)
    dated = raw.map(lambda value: hasattr(value, "year") or hasattr(value, "days"))
    _refuse(dated.astype(bool), raw, f"the {what} must be a number, not a date or a duration")
    read = pd.to_numeric(raw, errors="coerce").astype(float)
    usable = read.notna() | raw.isna() if never else np.isfinite(read)
    _refuse(~usable, raw, f"the {what} is missing or not a finite number")
    _refuse(read < least, raw, f"the {what} is negative")
    return read


def _refuse(wrong: pd.Series, values: pd.Series, fault: str) -> None:
    if wrong.any():
        name = wrong.index[np.argmax(wrong)]
        raise RairlibError(f"patient {name}: {fault} ({values.iloc[np.argmax(wrong)]})")


def patient_groups(group, names: pd.Index) -> pd.Series:
    """Check the groups of patients.

    Parameters
    ----------
    group : array-like of str, shape (n,)
        Group of each patient, as many as there are names.
    names : Index
        Names of the patients, as :func:`survival_times` gives them.

    Returns
    -------
    Series of str
        The groups, named by patient.

    Raises
    ------
    RairlibError
        If a group is missing; the first such patient is named.
    """
    values = pd.Series(np.asarray(group, dtype=object), names, name="group")
    _refuse(values.isna() | (values == ""), values, "the group is missing")
    return values
