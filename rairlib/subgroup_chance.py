"""How often chance alone lets a search over splits find a table.

A table that meets six printed numbers says little if most sets of six numbers had met some table.
Three kinds of made-up print are searched in the same way:

* neighbours: areas and half-widths near the printed ones, as of any score in any patients;
* continuous: the print of a continuous score in two subgroups of nearly the found sizes;
* dichotomised: the print of a random split of the table itself, for which the search must succeed.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from rairlib.dichotomised_areas import dichotomised_areas
from rairlib.discrimination import Z_95, auc, hanley_mcneil_standard_error
from rairlib.errors import RairlibError
from rairlib.subgroup_tables import Splits, rounding_to

KINDS = ("neighbours", "continuous", "dichotomised")


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbourhood:
    """What is near a pair of printed areas.

    Attributes
    ----------
    areas, half_widths : ndarray, shape (2,)
        Areas of the two subgroups and half the widths of their intervals.
    shares : tuple of float
        Share of the patients with, and of those without, the outcome in the first subgroup.
    area_step, width_step, size_step : float
        Largest distance of an area; largest relative distance of a half-width and of the size of
        the first subgroup.
    """

    areas: np.ndarray
    half_widths: np.ndarray
    shares: tuple[float, float]
    area_step: float = 0.05
    width_step: float = 0.15
    size_step: float = 0.25

    def near_areas(self, number: int, rng: np.random.Generator) -> np.ndarray:
        """Draw areas near the printed ones, shape (number, 2), below 1."""
        steps = rng.uniform(-self.area_step, self.area_step, (number, 2))
        return np.minimum(self.areas + steps, 0.995)

    def sizes(self, patients: int, share: float, number: int, rng) -> np.ndarray:
        """Draw numbers of patients of the first subgroup; two at least are in each."""
        middle = share * patients
        step = max(1.0, self.size_step * middle)
        drawn = rng.integers(round(middle - step), round(middle + step) + 1, number)
        return np.clip(drawn, 2, patients - 2)


def made_up_print(
    kind: str,
    number: int,
    neighbourhood: Neighbourhood,
    pooled: tuple[int, int, int, int],
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw areas with limits of two complementary subgroups.

    Parameters
    ----------
    kind : str
        ``neighbours``, ``continuous`` or ``dichotomised``; see the head of this module.
    number : int
        Pairs of subgroups.
    neighbourhood : Neighbourhood
        What is near the print.
    pooled : tuple of int
        True positives, false negatives, false positives, true negatives of all patients.
    rng : Generator
        Source of randomness.

    Returns
    -------
    ndarray, shape (number, 2, 3)
        Area, lower and upper limit of both subgroups, not rounded. Limits are area ± 1.96 SE with
        the nonparametric standard error of Hanley and McNeil.

    Raises
    ------
    RairlibError
        If the kind is another one, or fewer than four patients have (or have not) the outcome.
    """
    if kind not in KINDS:
        raise RairlibError(f"made-up print is {', '.join(KINDS)}, not {kind!r}")
    tp, fn, fp, tn = pooled
    if min(tp + fn, fp + tn) < 4:
        raise RairlibError("two subgroups need four patients with and four without the outcome")
    if kind == "neighbours":
        areas = neighbourhood.near_areas(number, rng)
        step = neighbourhood.width_step
        widths = neighbourhood.half_widths * rng.uniform(1 - step, 1 + step, (number, 2))
        return _with_limits(areas, widths)
    with_outcome = neighbourhood.sizes(tp + fn, neighbourhood.shares[0], number, rng)
    without = neighbourhood.sizes(fp + tn, neighbourhood.shares[1], number, rng)
    if kind == "dichotomised":
        return _random_splits(pooled, with_outcome, without, rng)
    sizes = np.stack([with_outcome, tp + fn - with_outcome, without, fp + tn - without], axis=1)
    return _continuous(neighbourhood.near_areas(number, rng), sizes.reshape(-1, 2, 2), rng)


def _with_limits(areas: np.ndarray, half_widths: np.ndarray) -> np.ndarray:
    return np.stack([areas, areas - half_widths, areas + half_widths], axis=-1)


def _random_splits(pooled, with_outcome, without, rng) -> np.ndarray:
    tp = rng.hypergeometric(pooled[0], pooled[1], with_outcome)
    fp = rng.hypergeometric(pooled[2], pooled[3], without)
    first = np.stack([tp, with_outcome - tp, fp, without - fp])
    second = np.array(pooled)[:, None] - first
    areas, errors = dichotomised_areas(*np.stack([first, second], axis=-1))
    return _with_limits(areas, Z_95 * errors)


def _continuous(areas: np.ndarray, sizes: np.ndarray, rng) -> np.ndarray:
    """Draw normal scores; `sizes` has, per pair, the two groups with and the two without."""
    shifts = np.sqrt(2) * stats.norm.ppf(areas)
    found, errors = np.empty_like(areas), np.empty_like(areas)
    for pair, group in np.ndindex(areas.shape):
        n_events, n_others = sizes[pair, 0, group], sizes[pair, 1, group]
        event = np.arange(n_events + n_others) < n_events
        score = rng.standard_normal(n_events + n_others) + shifts[pair, group] * event
        found[pair, group] = auc(event, score)
        errors[pair, group] = hanley_mcneil_standard_error(event, score)
    return _with_limits(found, Z_95 * errors)


def printed_targets(estimates: np.ndarray, decimals: int = 3) -> np.ndarray:
    """Print areas and limits and return what the prints stand for.

    Parameters
    ----------
    estimates : ndarray, shape (number, 2, 3)
        Areas with limits, not rounded.
    decimals : int
        Digits after the point.

    Returns
    -------
    ndarray, shape (number, 2, 3, 2)
        Lowest and highest value behind each print. A limit that would be printed as 1 or more is
        printed one unit below 1 and read as cut: any value from there upwards.
    """
    unit = 10.0**-decimals
    printed = np.round(estimates, decimals)
    printed[..., 2] = np.minimum(printed[..., 2], 1 - unit)
    targets = rounding_to(printed, decimals)
    targets[..., 2, 1][printed[..., 2] > 1 - 1.5 * unit] = np.inf
    return targets


def solutions_by_chance(
    splits: Splits,
    neighbourhood: Neighbourhood,
    number: int,
    rng: np.random.Generator,
    decimals: int = 3,
) -> pd.DataFrame:
    """Search the splits that agree with made-up prints.

    Parameters
    ----------
    splits : Splits
        All splits of the table, with the standard error of Hanley and McNeil.
    neighbourhood : Neighbourhood
        What is near the print.
    number : int
        Made-up prints of each kind.
    rng : Generator
        Source of randomness.
    decimals : int
        Digits after the point.

    Returns
    -------
    DataFrame
        One row per kind of print, indexed by ``made-up print``: ``searched``, ``with a split``,
        ``share`` of these with its exact 95 % limits ``low, high``, ``with one split`` (exactly
        one) and ``mean splits``.
    """
    rows = {}
    for kind in KINDS:
        drawn = made_up_print(kind, number, neighbourhood, splits.pooled, rng)
        targets = printed_targets(drawn, decimals)
        found = np.array([len(splits.agreeing_both(target)) for target in targets])
        rows[kind] = _summary(found)
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("made-up print")


def _summary(found: np.ndarray) -> dict:
    hits = int((found > 0).sum())
    limits = stats.binomtest(hits, len(found)).proportion_ci(method="exact")
    return {
        "searched": len(found),
        "with a split": hits,
        "share": hits / len(found),
        "low": limits.low,
        "high": limits.high,
        "with one split": int((found == 1).sum()),
        "mean splits": found.mean(),
    }
