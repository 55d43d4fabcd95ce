"""Stability of a developed model: how far choice and risks move from resample to resample."""

from collections import Counter
from collections.abc import Iterable

import numpy as np
import pandas as pd

from rairlib.decision import checked_thresholds
from rairlib.observation import at_least, number
from rairlib.resampling import percentile_limits
from rairlib.validation import Repeated


def variable_frequencies(repeated: Repeated, candidates: Iterable[str]) -> pd.DataFrame:
    """Count in how many resamples each variable was chosen.

    Parameters
    ----------
    repeated : Repeated
        From :func:`rairlib.validation.repeat_development`.
    candidates : iterable of str
        All variables that could be chosen.

    Returns
    -------
    DataFrame
        One row per variable, the most frequent first; columns ``variable, chosen`` (whether the
        model developed on all patients has it), ``resamples, share``.
    """
    names = list(candidates)
    counts = Counter(name for chosen in repeated.chosen for name in chosen)
    table = pd.DataFrame(
        {
            "variable": names,
            "chosen": [name in repeated.model.variables for name in names],
            "resamples": [counts[name] for name in names],
        }
    )
    table["share"] = table["resamples"] / len(repeated.chosen)
    return table.sort_values("resamples", ascending=False, kind="stable", ignore_index=True)


def model_frequencies(repeated: Repeated) -> pd.DataFrame:
    """Count in how many resamples each set of variables was chosen.

    Parameters
    ----------
    repeated : Repeated
        From :func:`rairlib.validation.repeat_development`.

    Returns
    -------
    DataFrame
        One row per set, the most frequent first; columns ``variables`` (joined by ``+``,
        ``none`` for the empty set), ``size, chosen`` (whether it is the set chosen on all
        patients), ``resamples, share``.
    """
    counts = Counter(repeated.chosen).most_common()
    ordered = sorted(counts, key=lambda item: (-item[1], item[0]))
    table = pd.DataFrame(
        {
            "variables": [" + ".join(names) or "none" for names, _ in ordered],
            "size": [len(names) for names, _ in ordered],
            "chosen": [names == repeated.model.variables for names, _ in ordered],
            "resamples": [count for _, count in ordered],
        }
    )
    return table.assign(share=table["resamples"] / len(repeated.chosen))


def risk_stability(repeated: Repeated, threshold: float, level: float = 0.95) -> pd.DataFrame:
    """Show for each patient how far the risk moves if the model is developed again.

    Parameters
    ----------
    repeated : Repeated
        From :func:`rairlib.validation.repeat_development`.
    threshold : float
        Risk from which a patient counts as positive.
    level : float
        Share of resamples between the limits.

    Returns
    -------
    DataFrame
        One row per patient, in the frame's order; columns ``risk`` (under the model developed on
        all patients), ``low, high`` (percentiles of the risks under the resamples' models),
        ``absolute_error`` (mean absolute distance of those risks from the risk) and ``instability``
        (share of resamples that put the patient on the other side of the threshold). After Riley
        and Collins 2023, Biometrical Journal 65:2200302.

    Raises
    ------
    RairlibError
        If threshold or level is not a probability.
    """
    (threshold,) = checked_thresholds(number("threshold", threshold))
    low, high = percentile_limits(repeated.drawn_risks, level)
    reached = at_least(np.vstack([repeated.risks, repeated.drawn_risks]), threshold)
    moved = reached[1:] != reached[0]
    return pd.DataFrame(
        {
            "risk": repeated.risks,
            "low": low,
            "high": high,
            "absolute_error": abs(repeated.drawn_risks - repeated.risks).mean(axis=0),
            "instability": moved.mean(axis=0),
        }
    )


def stability_summary(repeated: Repeated, threshold: float) -> pd.DataFrame:
    """Sum the stability of choice and risks up in a few numbers.

    Parameters
    ----------
    repeated, threshold
        As for :func:`risk_stability`.

    Returns
    -------
    DataFrame
        Columns ``statistic, estimate``; rows ``resamples``, ``failures`` (resamples without a
        model), ``same_model`` (share that chooses the same variables), ``sets`` (different sets
        chosen), ``mean_absolute_error`` (over patients and resamples), ``largest_absolute_error``
        (of a patient), ``median_width`` (of the patients' 2.5-97.5 % limits), ``instability``
        (mean over patients) and ``unstable_patients`` (share of patients whom at least one resample
        in ten puts on the other side of the threshold).

    Raises
    ------
    RairlibError
        As :func:`risk_stability` does.
    """
    patients = risk_stability(repeated, threshold)
    same = [names == repeated.model.variables for names in repeated.chosen]
    numbers = {
        "resamples": len(repeated.chosen),
        "failures": len(repeated.failures),
        "same_model": np.mean(same),
        "sets": len(set(repeated.chosen)),
        "mean_absolute_error": patients["absolute_error"].mean(),
        "largest_absolute_error": patients["absolute_error"].max(),
        "median_width": (patients["high"] - patients["low"]).median(),
        "instability": patients["instability"].mean(),
        "unstable_patients": (patients["instability"] >= 0.1).mean(),
    }
    return pd.DataFrame({"statistic": numbers.keys(), "estimate": numbers.values()})
