"""Values of patients, matched and checked before anything is estimated from them."""

import numpy as np
import pandas as pd
from scipy.special import ndtri

from rairlib.errors import RairlibError

# The normal quantile of a 95 % interval.
Z_95 = float(ndtri(0.975))

YES_NO = {"yes": 1, "no": 0}
# Equal patients can get scores that differ in the last digits of a sum of products.
NOISE = 1e-10


def aligned(**named) -> tuple:
    """Set values of the same patients in one order."""
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
    """Rank scores, taking those for equal that only float noise keeps apart."""
    values, place = np.unique(np.asarray(scores, dtype=float), return_inverse=True)
    apart = np.diff(values) >= NOISE * np.maximum(abs(values[1:]), abs(values[:-1]))
    if not apart.any():
        apart[:] = True
    return np.append(0, np.cumsum(apart))[place]


def survival_times(time, event, group=None) -> pd.DataFrame:
    """Check times, events and groups, and set them beside each other."""
    names, columns = follow_up(time, event, group)
    return pd.DataFrame(columns, index=names)


def follow_up(time, event, group=None) -> tuple[pd.Index | np.ndarray, dict[str, np.ndarray]]:
    """Check times, events and groups; return the patients' names and the columns."""
    time, event, group = aligned(time=time, event=event, group=group)
    names = time.index if isinstance(time, pd.Series) else np.arange(1, len(time) + 1)
    times, raw = _read(time, names, "time", least=0), np.asarray(event)
    if not times.size:
        raise RairlibError("no patients to follow")
    if raw.ndim != 1:
        raise RairlibError("event: one value per patient is needed")
    coded = raw if raw.dtype.kind in "biuf" else _coded(pd.Series(raw)).to_numpy()
    wrong = (coded != 0) & (coded != 1)
    _refuse(wrong, raw, names, "the event must be yes/no, true/false or 1/0")
    columns = {"time": times, "event": coded.astype(int)}
    if group is not None:
        columns["group"] = groups = np.asarray(group, dtype=object)
        _refuse(pd.isna(groups) | (groups == ""), groups, names, "the group is missing")
    return names, columns


def numbers(values, names: pd.Index, what: str, least=-np.inf, never: bool = False) -> pd.Series:
    """Check numbers of patients."""
    return pd.Series(_read(values, names, what, least, never), index=names)


def _read(values, names, what: str, least=-np.inf, never: bool = False) -> np.ndarray:
    if np.ndim(values) != 1:
        raise RairlibError(f"{what}: one number per patient is needed")
    raw = read = np.asarray(values)
    if raw.dtype.kind not in "biuf":
        raw = pd.Series(raw)
        dated = raw.map(lambda value: hasattr(value, "year") or hasattr(value, "days"))
        fault = f"the {what} must be a number, not a date or a duration"
        _refuse(dated.to_numpy(bool), raw, names, fault)
        read = pd.to_numeric(raw, errors="coerce").to_numpy(float)
    read = read.astype(float)
    usable = ~np.isnan(read) | pd.isna(raw) if never else np.isfinite(read)
    _refuse(~np.asarray(usable), raw, names, f"the {what} is missing or not a finite number")
    _refuse(read < least, raw, names, f"the {what} is negative")
    return read


def _coded(events: pd.Series) -> pd.Series:
    """Turn yes/no, true/false and 1/0 into numbers, anything else into NaN or another number."""
    if events.dtype.kind in "biuf":
        return events
    return pd.to_numeric(events.map(lambda value: YES_NO.get(value, value)), errors="coerce")


def _refuse(wrong: np.ndarray, values, names, fault: str) -> None:
    if wrong.any():
        place = int(np.argmax(wrong))
        raise RairlibError(f"patient {names[place]}: {fault} ({values[place]})")


def at_least(values, cutoff: float) -> np.ndarray:
    """Tell which values reach a cut-off, those that miss it by float noise included."""
    values = np.asarray(values, dtype=float)
    ranks = ranked(np.append(values, cutoff))
    return (ranks[:-1] >= ranks[-1]).reshape(values.shape)


def settled(scores) -> np.ndarray:
    """Make scores equal that only float noise keeps apart."""
    scores = np.asarray(scores, dtype=float)
    values = np.sort(scores, axis=None)
    gaps, size = np.diff(values), np.maximum(abs(values[1:]), abs(values[:-1]))
    if ((gaps == 0) | (gaps >= NOISE * size)).all():
        return scores
    ranks = ranked(scores)
    least = np.full(ranks.max() + 1, np.inf)
    np.minimum.at(least, ranks, scores)
    return least[ranks]


def finite(name: str, values) -> np.ndarray:
    """Return values as floats, checked.

    Parameters
    ----------
    name : str
        What messages call them.
    values : array-like of float
        One or more, of any shape.

    Returns
    -------
    ndarray of float
        In the same shape.

    Raises
    ------
    RairlibError
        If there is none, or one is missing, infinite, a date or no number.
    """
    array = _floats(name, values)
    if not array.size:
        raise RairlibError(f"{name}: no values, so nothing to estimate")
    return array


def _floats(name: str, values) -> np.ndarray:
    array = np.asarray(values)
    if array.dtype.kind in "mM":
        raise RairlibError(f"{name}: dates are not numbers; give days or years since a start")
    try:
        array = array.astype(float)
    except (TypeError, ValueError) as problem:
        raise RairlibError(f"{name}: a value is not a number ({problem})") from problem
    wrong = int((~np.isfinite(array)).sum())
    if wrong and array.ndim:
        raise RairlibError(f"{name}: {wrong} values are missing or infinite")
    if wrong:
        raise RairlibError(f"{name}: {array} is not a finite number")
    return array


def number(name: str, value, low: float = -np.inf, high: float = np.inf) -> float:
    """Return one finite number, checked.

    Parameters
    ----------
    name : str
        What messages call it.
    value : float
        The number.
    low, high : float
        Limits between which it lies, themselves excluded.

    Returns
    -------
    float
        The number.

    Raises
    ------
    RairlibError
        If it is not one finite number or not between the limits.
    """
    array = finite(name, value)
    if array.ndim:
        raise RairlibError(f"{name}: one number is needed, got {array.size}")
    if not low < array < high:
        limits = f"not above {low:g}" if high == np.inf else f"not between {low:g} and {high:g}"
        raise RairlibError(f"{name}: {array:g} is {limits}")
    return float(array)


def whole(name: str, counts, least: int = 0) -> np.ndarray:
    """Return counts as integers: float noise is rounded away, a real fraction refused.

    Parameters
    ----------
    name : str
        What messages call them.
    counts : array-like of float
        Counts of any shape.
    least : int
        The smallest that is possible.

    Returns
    -------
    ndarray of int, or int
        In the same shape.

    Raises
    ------
    RairlibError
        If one is missing, no whole number, too small or beyond 2**53.
    """
    array = _floats(name, counts)
    rounded = np.rint(array)
    for wrong, fault in (
        (abs(array - rounded) > 1e-9 * np.maximum(abs(rounded), 1), "is not a whole number"),
        (rounded < least, f"is below {least}"),
        (rounded > 2**53, "is too large for a count"),
    ):
        if wrong.any():
            raise RairlibError(f"{name}: {array[wrong].flat[0]:.10g} {fault}")
    return rounded.astype(int)[()]


def outcomes_and(name: str, event, values) -> tuple[np.ndarray, np.ndarray]:
    """Return outcomes and a number of the same patients, matched and checked."""
    event, values = aligned(**{"event": event, name: values})
    values = finite(name, values)
    if np.ndim(event) != 1 or values.ndim != 1:
        raise RairlibError(f"event and {name}: one value of each per patient is needed")
    raw = np.asarray(event)
    plain = raw.dtype.kind in "biuf"  # most are, and are asked for in every resample
    coded = raw.astype(float) if plain else _coded(pd.Series(raw, dtype=object)).to_numpy(float)
    wrong = (coded != 0) & (coded != 1)
    if wrong.any():
        raise RairlibError(
            "event must be yes/no, true/false or 1/0, without missing values; "
            f"got {raw[wrong].tolist()[0]!r}"
        )
    if coded.min() == coded.max():
        raise RairlibError("both patients with and patients without the event are needed")
    return coded, values
