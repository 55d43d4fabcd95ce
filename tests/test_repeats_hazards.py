"""Repeats of the studies of times to an event: the procedure on arrays is that on frames."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from rairlib.errors import RairlibError
from rairlib.registry.studies import load_witness
from rairlib.stats.cox import cox
from rairlib.stats.description import crosstab, pearson
from rairlib.stats.logistic import logistic
from rairlib.stats.roc import optimal_cutoffs
from rairlib.stats.selection import backward_lr
from rairlib.stats.survival import log_rank, survival_at
from rairlib.studies.gbsg2 import repeats as gbsg2
from rairlib.studies.lung import repeats as lung
from rairlib.studies.repeats import block, conclusions_held, repeated, summarised
from rairlib.studies.wang2025 import repeats as wang2025
from rairlib.studies.wang2025.analysis import CONTRASTS, LEVELS, PROGRESSION_CONTRASTS, RATES

STUDIES = {"wang2025": wang2025, "gbsg2": gbsg2, "lung": lung}


# --- The same cohort as a frame, and what the functions on frames say of it --------------------


def frames(drawn):
    """Return each cohort as a frame."""
    for place in range(len(next(iter(drawn.values())))):
        yield pd.DataFrame({name: values[place] for name, values in drawn.items()})


def in_words(frame):
    """Return a cohort of Qingdao with the names of its levels."""
    named = {name: frame[name].map(dict(enumerate(levels))) for name, levels in LEVELS.items()}
    return frame.assign(**named)


def column_of(fit, statistic):
    """Return one column of a table of estimates, by variable; nothing where there is no fit."""
    rows = fit[fit["statistic"] == "coefficient"]
    return dict(zip(rows["term"].str.split(":").str[0], rows[statistic], strict=True))


def without_refusal(fit, *arguments):
    """Fit; an empty table where the function on frames refuses."""
    try:
        return fit(*arguments)
    except RairlibError:
        return pd.DataFrame(columns=["term", "statistic", "estimate", "p_value"])


def refractory_by_frames(frame):
    data = in_words(frame)
    outcome = data["rair"].map({1: "RAIR", 0: "RAIA"})
    p_values = {
        name: pearson(crosstab(data[name], outcome, list(levels), ["RAIR", "RAIA"])).p_value
        for name, levels in CONTRASTS.items()
    }
    passed = {name: CONTRASTS[name] for name, p in p_values.items() if p < wang2025.SCREENING_P}
    found = {f"rair_{name} p_value": p for name, p in p_values.items()}
    selected = backward_lr(data, "rair", passed).selected if passed else ()
    found |= {f"rair_last_{name} selected": name in selected for name in CONTRASTS}
    last = {name: CONTRASTS[name] for name in selected}
    for prefix, names in (("rair_last_", last), ("rair_", wang2025.FIVE_CONTRASTS)):
        fit = without_refusal(logistic, data, "rair", names) if names else pd.DataFrame()
        found |= estimates(prefix, fit)
    return found


def estimates(prefix, fit):
    if fit.empty:
        return {}
    return {f"{prefix}{name} coefficient": b for name, b in column_of(fit, "estimate").items()}


def progression_by_frames(frame):
    data = frame[frame["progressed"].notna()]
    best = optimal_cutoffs(data["progressed"], data["ps_tg"]).iloc[0]
    found = {"ps_tg cutoff": best["cutoff"], "ps_tg sensitivity": best["sensitivity"]}
    at_found = in_words(data.assign(ps_tg_528=(data["ps_tg"] >= best["cutoff"]).astype(int)))
    passed = {}
    for name, contrast in PROGRESSION_CONTRASTS.items():
        fit = without_refusal(cox, at_found, "pfs", "progressed", {name: contrast})
        p = column_of(fit, "p_value").get(name, np.nan)
        found[f"pd_{wang2025.SCREENED[list(PROGRESSION_CONTRASTS).index(name)]} p_value"] = p
        passed |= {name: contrast} if p < wang2025.SCREENING_P else {}
    fits = {"pd_screened_": (at_found, passed), "pd_": (in_words(data), wang2025.TABLE_5_MODEL)}
    for prefix, (patients, names) in fits.items():
        if names:
            fit = without_refusal(cox, patients, "pfs", "progressed", names)
            found |= estimates(prefix, fit)
    screened = found.pop("pd_screened_ps_tg_528 coefficient", None)
    found |= {} if screened is None else {"pd_screened_ps_tg coefficient": screened}
    rates = survival_at(data["pfs"], data["progressed"], RATES)["percent"] / 100
    found |= {f"pfs_{m} survival": rate for m, rate in zip(RATES, rates, strict=True)}
    test = log_rank(data["pfs"], data["progressed"], data["rai_avid_status"])
    return found | {"rai_avid_status p_value": test.p_value}
