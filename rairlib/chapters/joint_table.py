"""Rabat: frames on the joint table behind Table 2 of Bel Lakhdar et al. 2024."""

import numpy as np
import pandas as pd

from rairlib.checks.association import association_tests
from rairlib.identification import ChanceAgreement, agreeing_tables
from rairlib.joint_tables import OutcomeSplits, cell_levels, outcome_splits
from rairlib.reconstruct import FittedTables, reconstruct_logistic
from rairlib.reconstructions import PrintedModel
from rairlib.regression import firth_logistic, logistic
from rairlib.reported import Registry
from rairlib.splits import split_patients

GROUPS = ("RAIR", "non-RAIR")
LABELS = {"age_54": "age", "diameter_29": "diameter", "metastasis": "metastasis"}
STATISTICS = {"odds_ratio": "odds ratio", "ci_low": "lower limit", "ci_high": "upper limit"}


def model_margins(model: PrintedModel) -> pd.DataFrame:
    """Return the printed margins from which the joint table is sought.

    Parameters
    ----------
    model : PrintedModel
        The logistic model of Table 2.

    Returns
    -------
    DataFrame
        Indexed by covariate and level: patients with the level in each group and in all.
    """
    rows = {
        f"{LABELS[name]} {level}": (
            model.event_margins[name],
            model.margins[name] - model.event_margins[name],
            model.margins[name],
        )
        for name, (level, _) in model.levels.items()
    }
    rows["patients"] = (model.events, model.total - model.events, model.total)
    return pd.DataFrame(rows, index=[*GROUPS, "all"]).T.rename_axis("margin")


def narrowing(tables: FittedTables, agrees: pd.DataFrame) -> pd.DataFrame:
    """Count the joint tables left as printed numbers of Table 2 are used one after the other.

    Parameters
    ----------
    tables : FittedTables
        All candidates.
    agrees : DataFrame of bool
        See :func:`rairlib.reconstruct.agreement`.

    Returns
    -------
    DataFrame
        Column ``joint tables left``, indexed by what is used in addition.
    """
    left = {
        "size and margins of Table 1": tables.joint_tables,
        "margins within each group": len(tables.cells),
    }
    kept = np.ones(len(agrees), dtype=bool)
    ordered = sorted(agrees.columns, key=lambda column: list(STATISTICS).index(column[1]))
    for covariate, statistic in ordered:
        kept &= agrees[covariate, statistic].to_numpy()
        left[f"{STATISTICS[statistic]} of {LABELS[covariate]}"] = int(kept.sum())
    return pd.DataFrame({"joint tables left": left}).rename_axis("used in addition")


def single_numbers(model: PrintedModel, agrees: pd.DataFrame) -> pd.DataFrame:
    """Count the joint tables that agree with each printed number of Table 2 on its own.

    Parameters
    ----------
    model : PrintedModel
        The logistic model of Table 2.
    agrees : DataFrame of bool
        See :func:`rairlib.reconstruct.agreement`.

    Returns
    -------
    DataFrame
        Columns ``printed``, ``joint tables`` and ``role``, indexed by the number.
    """
    counts = agreeing_tables(agrees, 1)
    rows = {}
    for ((covariate, statistic),), tables in counts.items():
        row = model.rows[covariate, statistic]
        name = f"{STATISTICS[statistic]} of {LABELS[covariate]}"
        rows[name] = (row.printed, tables, row.role.replace("_", " "))
    return pd.DataFrame(rows, index=["printed", "joint tables", "role"]).T.rename_axis("number")


def chance_frame(chance: ChanceAgreement) -> pd.DataFrame:
    """Return how often made-up odds ratios would agree with some table, as a frame."""
    values = {
        "ways to print the numbers": f"{chance.printable:,}",
        "reached by a joint table": f"{chance.reached:,}",
        "share": f"{chance.share:.0e}",
    }
    return pd.DataFrame({"count": values})


def neighbour_frame(neighbours: pd.DataFrame) -> pd.DataFrame:
    """Return reconstructions from changed margins with headings for readers.

    Parameters
    ----------
    neighbours : DataFrame
        See :func:`rairlib.identification.reconstruct_neighbours`.

    Returns
    -------
    DataFrame
        Indexed by the changed margin: ``change``, ``joint tables``, and how many agree with the
        odds ratios and with the limits too.
    """
    groups = neighbours["outcome"].map({True: GROUPS[0], False: GROUPS[1]})
    return pd.DataFrame(
        {
            "change": neighbours["change"].map("{:+d}".format).to_list(),
            "joint tables": neighbours["candidates"].to_list(),
            "agree with the odds ratios": neighbours["agreeing_estimates"].to_list(),
            "and with the limits": neighbours["agreeing"].to_list(),
        },
        index=pd.Index(neighbours["covariate"].map(LABELS) + ", " + groups, name="margin"),
    )


def splits_of(model: PrintedModel) -> OutcomeSplits:
    """Return the one joint table that agrees with Table 2, and its splits by outcome.

    Parameters
    ----------
    model : PrintedModel
        The logistic model of Table 2.

    Returns
    -------
    OutcomeSplits
        Every split that the printed margins allow.
    """
    (cells,) = model.reconstruct().cells
    return outcome_splits(cells, model.events, list(model.event_margins.values()))


def cell_frame(model: PrintedModel, splits: OutcomeSplits) -> pd.DataFrame:
    """Return the cells of the joint table with what is known of their outcome.

    Parameters
    ----------
    model : PrintedModel
        The logistic model of Table 2.
    splits : OutcomeSplits
        The joint table and its splits.

    Returns
    -------
    DataFrame
        One row per cell: the level of each covariate, ``n``, and ``fewest`` and ``most``, the
        limits of the number of refractory patients.
    """
    levels = pd.DataFrame(
        [
            {
                LABELS[name]: model.levels[name][1 - level]
                for name, level in zip(model.levels, cell, strict=True)
            }
            for cell in cell_levels(len(model.levels))
        ]
    )
    ranges = splits.ranges()
    return levels.assign(n=splits.table, fewest=ranges[:, 0], most=ranges[:, 1])


def cell_names(cells: pd.DataFrame) -> list[str]:
    """Return a short name for each cell of :func:`cell_frame`, for axes."""
    metastasis = cells["metastasis"].map({"yes": "met.", "no": "no met."})
    return [
        f"{age} y, {diameter} mm, {spread}"
        for age, diameter, spread in zip(cells["age"], cells["diameter"], metastasis, strict=True)
    ]


def age_count_readings(registry: Registry, model: PrintedModel) -> pd.DataFrame:
    """Try other numbers of non-refractory patients of 54 years or more.

    Parameters
    ----------
    registry : Registry
        The Rabat registry.
    model : PrintedModel
        The logistic model of Table 2.

    Returns
    -------
    DataFrame
        Indexed by the number: ``specificity`` (percent), whether it rounds to the print, the p
        value of Pearson's test, and how many joint tables agree with Table 2.
    """
    (printed,) = registry.where("specificity", variable="age_54")
    older = model.event_margins["age_54"]
    counted = model.margins["age_54"] - older
    controls = model.total - model.events
    rows = {}
    for number in range(counted - 3, counted + 3):
        specificity = 100 * (controls - number) / controls
        counts = ((older, number), (model.events - older, controls - number))
        found = reconstruct_logistic(
            model.events,
            model.total,
            model.event_margins,
            {**model.margins, "age_54": older + number},
            model.targets(),
        )
        rows[number] = {
            "specificity": specificity,
            "printed": "yes" if printed.number.agrees(specificity) else "no",
            "p (Pearson)": association_tests(counts)["pearson"][1],
            "joint tables that agree with Table 2": found.agreeing,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("non-RAIR aged ≥54")


def plain_and_firth(model: PrintedModel) -> pd.DataFrame:
    """Fit Table 2's model by maximum likelihood and with Firth's penalty.

    Parameters
    ----------
    model : PrintedModel
        The logistic model of Table 2.

    Returns
    -------
    DataFrame
        Odds ratios with limits and p values, indexed by ``term`` and ``fit``. Any split of the
        joint table by outcome gives the same: both methods see the outcome through its margins.
    """
    patients = split_patients(splits_of(model), 0, tuple(model.margins))
    covariates = dict.fromkeys(model.margins)
    fits = {"maximum likelihood": logistic, "Firth": firth_logistic}
    table = pd.concat(
        fit(patients, "event", covariates).assign(fit=name) for name, fit in fits.items()
    )
    table = table[table["statistic"] == "odds_ratio"].set_index(["term", "fit"]).sort_index()
    return table[["estimate", "low", "high", "p_value"]]
