"""Qingdao: frames on the model behind the multivariable column of Table 4."""

from collections.abc import Sequence

import pandas as pd

from rairlib.chapters.wang2025_tables import LABELS
from rairlib.hypotheses import Hypothesis
from rairlib.joint_tables import cell_levels
from rairlib.printed_models import PrintedModel

VERDICTS = {"excluded": "excluded", "proved": "proved", "open": "possible"}


def accounts(found: Sequence[Hypothesis]) -> pd.DataFrame:
    """Set out every account of where the printed rows come from, and what became of it.

    Parameters
    ----------
    found : sequence of Hypothesis
        See :func:`rairlib.hypotheses.hypotheses`.

    Returns
    -------
    DataFrame
        Indexed by account and what it takes for granted: ``verdict``, ``numbers explained``,
        ``how`` (complete enumeration, bound or search) and ``why``.
    """
    rows = {
        (one.hypothesis, _words(one.constraint) or "nothing"): {
            "verdict": VERDICTS[one.verdict] if one.agreeing or one.verdict != "open" else "open",
            "numbers": one.numbers,
            "how": one.search,
            "why": _words(one.reason),
        }
        for one in found
    }
    frame = pd.DataFrame.from_dict(rows, orient="index")
    frame.index = pd.MultiIndex.from_tuples(rows, names=["account", "taken for granted"])
    return frame


def _words(text: str) -> str:
    for name, label in LABELS.items():
        text = text.replace(name, label.split(" (")[0])
    return text


def pair_table(found: Sequence[Hypothesis], model: PrintedModel) -> pd.DataFrame:
    """Return the one joint table of two covariates that all their printed numbers leave.

    Parameters
    ----------
    found : sequence of Hypothesis
        See :func:`rairlib.hypotheses.hypotheses`; one account has a unique table of two covariates.
    model : PrintedModel
        The printed model of all covariates.

    Returns
    -------
    DataFrame
        Patients by level of the first (rows) and the second covariate (columns).
    """
    (one,) = [h for h in found if h.unique and len(h.covariates) == 2]
    levels = [model.levels[name] for name in one.covariates]
    cells = cell_levels(2)
    named = [[pair[1 - cell[place]] for cell in cells] for place, pair in enumerate(levels)]
    first, second = (_words(name) for name in one.covariates)
    table = pd.DataFrame({first: named[0], second: named[1], "n": one.tables[0]})
    return table.pivot_table(index=first, columns=second, values="n", sort=False).astype(int)


def tables_left(agrees: pd.DataFrame) -> pd.DataFrame:
    """Count the joint tables that each printed number leaves by itself.

    Parameters
    ----------
    agrees : DataFrame of bool
        See :func:`rairlib.reconstruct.agreement`.

    Returns
    -------
    DataFrame
        Column ``joint tables left``, indexed by the number.
    """
    words = {"odds_ratio": "odds ratio", "ci_low": "lower limit", "ci_high": "upper limit"}
    counts = {
        f"{words[statistic]} of {_words(name)}": int(agrees[name, statistic].sum())
        for name, statistic in agrees.columns
    }
    return pd.Series(counts, name="joint tables left").rename_axis("number").to_frame()
