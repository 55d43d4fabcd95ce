"""Hunan: the search for the subgroups' tables, and what chance would have found."""

import numpy as np
import pandas as pd

from rairlib.chapters.hunan_print import set_name
from rairlib.dichotomised_areas import ERRORS
from rairlib.printed_tables import PrintedSubgroups, printed_subgroups
from rairlib.reported import Registry
from rairlib.subgroup_chance import Neighbourhood, solutions_by_chance
from rairlib.subgroup_tables import fewest_sufficient, solution_counts, sufficient_numbers
from rairlib.table_records import subgroup_tables

ERROR_NAMES = {"hanley_mcneil": "Hanley-McNeil (SPSS)", "delong": "DeLong"}


def readings(registry: Registry) -> pd.DataFrame:
    """Count the splits that agree with the subgroups' numbers under every reading.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.

    Returns
    -------
    DataFrame
        One row per pair of subgroups, set of patients and standard error; ``splits`` in all, and
        those that agree with the first subgroup, the second, and both. A limit printed just
        below 1 is read as cut.
    """
    rows = {}
    for error in ERRORS:
        for subgroups in printed_subgroups(registry):
            for patients in subgroups.tables:
                counts = solution_counts(subgroups.splits(error, patients), subgroups.targets())
                key = (ERROR_NAMES[error], pair_name(subgroups), set_name(patients))
                rows[key] = counts
    frame = pd.DataFrame.from_dict(rows, orient="index")
    frame.index.names = ["standard error", "subgroups", "patients"]
    return frame


def pair_name(subgroups: PrintedSubgroups) -> str:
    """Return ``male, female``."""
    return ", ".join(area.row.group for area in subgroups.areas)


def numbers_needed(registry: Registry) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Count the splits that each selection of printed numbers leaves.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.

    Returns
    -------
    summary : DataFrame
        By pair of subgroups and how many numbers are used; see
        :func:`rairlib.subgroup_tables.fewest_sufficient`.
    fewest : DataFrame
        Column ``these leave one split``: the smallest such selections, indexed by subgroups.
    """
    summaries, fewest = {}, []
    for subgroups in printed_subgroups(registry):
        names = [f"{row.statistic} {row.group}" for row in subgroups.rows]
        counts = sufficient_numbers(subgroups.splits(), subgroups.targets(), names)
        summaries[pair_name(subgroups)] = fewest_sufficient(counts)
        single = counts[counts["solutions"] == 1]
        smallest = single[single["numbers"] == single["numbers"].min()]
        words = smallest["used"].map(lambda used: ", ".join(used).replace("_", " "))
        fewest += [(pair_name(subgroups), text) for text in words]
    summary = pd.concat(summaries, names=["subgroups"])
    columns = ["subgroups", "these leave one split"]
    return summary, pd.DataFrame(fewest, columns=columns).set_index("subgroups")


def neighbourhood_of(subgroups: PrintedSubgroups) -> Neighbourhood:
    """Return what is near the printed numbers of two subgroups.

    Parameters
    ----------
    subgroups : PrintedSubgroups
        As printed, with one split that agrees.

    Returns
    -------
    Neighbourhood
        Half-widths are from the area to the lower limit, which is never cut.
    """
    areas = np.array([area.row.number.value for area in subgroups.areas])
    lows = np.array([area.low.number.value for area in subgroups.areas])
    first = subgroup_tables(subgroups)[0, 0]
    tp, fn, fp, tn = subgroups.pooled
    shares = (first[:2].sum() / (tp + fn), first[2:].sum() / (fp + tn))
    return Neighbourhood(areas=areas, half_widths=areas - lows, shares=shares)


def chance(registry: Registry, number: int, seed: int) -> pd.DataFrame:
    """Search made-up prints in the same way as the printed numbers.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.
    number : int
        Made-up prints of each kind, per pair of subgroups and set of patients.
    seed : int
        Seed of all of them.

    Returns
    -------
    DataFrame
        See :func:`rairlib.subgroup_chance.solutions_by_chance`, with the pair of subgroups and
        the patients in the index.
    """
    rng, found = np.random.default_rng(seed), {}
    for subgroups in printed_subgroups(registry):
        near = neighbourhood_of(subgroups)
        for patients in subgroups.tables:
            splits = subgroups.splits(patients=patients)
            key = (pair_name(subgroups), set_name(patients))
            found[key] = solutions_by_chance(splits, near, number, rng)
    return pd.concat(found, names=["subgroups", "patients"])


def beside_each_other(found: pd.DataFrame) -> pd.DataFrame:
    """Set the kinds of made-up print beside each other.

    Parameters
    ----------
    found : DataFrame
        See :func:`chance`.

    Returns
    -------
    DataFrame
        One row per pair of subgroups and set of patients; for each kind how many prints have a
        split, and the mean number of splits.
    """
    columns = ["with a split", "mean splits"]
    table = found.pivot_table(columns, ["subgroups", "patients"], "made-up print", sort=False)
    for kind in table["with a split"].columns:
        table["with a split", kind] = table["with a split", kind].astype(int)
    return table[columns].rename_axis(columns=[None, None])
