"""Qingdao: frames on time to progression: curves, fits side by side, and what is by definition."""

from collections.abc import Mapping, Sequence

import pandas as pd

from rairlib.cox import cox, firth_cox, ridge_cox
from rairlib.survival import expected_events, kaplan_meier, log_rank, survival_at

TIME, EVENT = "pfs", "progressed"
FIVE_YEARS = 60
DESPITE_AVIDITY = "progression despite avidity"


def curves(patients: pd.DataFrame, groups: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Estimate one Kaplan-Meier curve per group.

    Parameters
    ----------
    patients : DataFrame
        See :func:`rairlib.papers.wang2025.evaluable`.
    groups : mapping of str to Series of bool
        Name of each group → who belongs to it.

    Returns
    -------
    DataFrame
        As :func:`rairlib.figures.kaplan_meier.draw_kaplan_meier` needs it.
    """
    parts = [
        kaplan_meier(patients.loc[own, TIME], patients.loc[own, EVENT]).assign(group=name)
        for name, own in groups.items()
    ]
    return pd.concat(parts, ignore_index=True)


def ties_side_by_side(patients: pd.DataFrame, covariates: Mapping) -> pd.DataFrame:
    """Fit one Cox model with ties by Breslow's and by Efron's method.

    Parameters
    ----------
    patients : DataFrame
        With the columns ``pfs``, ``progressed`` and the covariates.
    covariates : mapping
        As for :func:`rairlib.cox.cox`.

    Returns
    -------
    DataFrame
        Hazard ratios of each method and their relative difference in percent, by term.
    """
    ratios = {
        ties.capitalize(): _ratios(cox(patients, TIME, EVENT, covariates, ties))["estimate"]
        for ties in ("breslow", "efron")
    }
    table = pd.DataFrame(ratios)
    table["difference, %"] = 100 * (table["Efron"] / table["Breslow"] - 1)
    return table


def _ratios(estimates: pd.DataFrame) -> pd.DataFrame:
    return estimates[estimates["statistic"] == "hazard_ratio"].set_index("term")


def penalised_fits(
    patients: pd.DataFrame, covariates: Mapping, penalties: Sequence[float]
) -> pd.DataFrame:
    """Fit one Cox model plainly, with Firth's penalty and with ridge penalties.

    Parameters
    ----------
    patients, covariates
        As for :func:`ties_side_by_side`.
    penalties : sequence of float
        See :func:`rairlib.cox.ridge_cox`.

    Returns
    -------
    DataFrame
        ``term, fit, estimate, low, high, p_value``; the limits of ridge fits are left out, since
        they do not cover as often as they say.
    """
    fits = {
        "plain": cox(patients, TIME, EVENT, covariates),
        "Firth": firth_cox(patients, TIME, EVENT, covariates),
    }
    for penalty in penalties:
        name = f"ridge {penalty:g}"
        fit = ridge_cox(patients, TIME, EVENT, covariates, penalty)
        fits[name] = fit.drop(columns=["low", "high", "p_value"])
    columns = ["term", "fit", "estimate", "low", "high", "p_value"]
    table = pd.concat([_ratios(fit).reset_index().assign(fit=name) for name, fit in fits.items()])
    return table[columns].reset_index(drop=True)


def definitions(patients: pd.DataFrame) -> pd.DataFrame:
    """Compare refractory with other patients under several readings of criterion iv.

    Parameters
    ----------
    patients : DataFrame
        See :func:`rairlib.papers.wang2025.evaluable`.

    Returns
    -------
    DataFrame
        Indexed by what becomes of the patients who progressed despite avidity (the last line
        takes the cohort's coding of avidity in Table 5 instead): patients and events of the
        others and of the refractory, events expected among the refractory if both had one
        hazard, five-year rates in percent, hazard ratio by Firth's method with limits, and the
        log-rank statistic.
    """
    refractory = patients["rair"] == "RAIR"
    despite = patients["rair_type"] == DESPITE_AVIDITY
    readings = {
        "refractory, as the paper defines": (patients, refractory),
        "left out": (patients[~despite], refractory[~despite]),
        "avid": (patients, refractory & ~despite),
        "avid, as Table 5 codes": (patients, patients["rai_avid_status"] != "RAI-avid"),
    }
    rows = {name: _compared(data, group) for name, (data, group) in readings.items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("criterion iv counts as")


def _compared(data: pd.DataFrame, refractory: pd.Series) -> dict[str, float]:
    group = refractory.map({True: "refractory", False: "others"})
    counted = expected_events(data[TIME], data[EVENT], group).set_index("group")
    ratio = firth_cox(data.assign(group=group), TIME, EVENT, {"group": ("refractory", "others")})
    found = _ratios(ratio).iloc[0]
    rates = {
        name: survival_at(part[TIME], part[EVENT], FIVE_YEARS)["percent"].iloc[0]
        for name, part in data.groupby(group)
    }
    return {
        "others": int(counted.loc["others", "n"]),
        "their events": int(counted.loc["others", "observed"]),
        "refractory": int(counted.loc["refractory", "n"]),
        "events": int(counted.loc["refractory", "observed"]),
        "expected": counted.loc["refractory", "expected"],
        "rate, others": rates["others"],
        "rate, refractory": rates["refractory"],
        "hazard ratio": found["estimate"],
        "low": found["low"],
        "high": found["high"],
        "log-rank χ²": log_rank(data[TIME], data[EVENT], group).statistic,
    }
