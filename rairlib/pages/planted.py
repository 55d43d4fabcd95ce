"""Tables of the planted-error experiment for the book. Format only."""

from pathlib import Path

import pandas as pd

from rairlib.registry.kept_files import kept_file

OUTCOMES = {"found": "proved", "found or suggested": "proved or doubted"}
CLEAN = {
    "false alarms": "numbers rounded: contradictions",
    "suggestions without error": "numbers rounded: doubts",
    "false alarms, digits cut off": "digits cut off: contradictions",
    "false alarms, silent gaps": "missing values not mentioned: contradictions",
}
ANY = "any"
PERCENT = "\u00a0%"  # the sign stays with its number


def read_rates(table: str = "", path: Path | None = None) -> pd.DataFrame:
    """Read the committed rates over all cohorts.

    Parameters
    ----------
    table : str
        Keep one table of ``benchmarks/planting/rates.py``; empty for all.
    path : Path or None
        Another file than ``data/results/planted_errors.csv``.

    Returns
    -------
    DataFrame
        Columns as in ``benchmarks/planting/rates.py``.
    """
    rates = pd.read_csv(path or kept_file("results/planted_errors.csv"), keep_default_na=False)
    rates = rates[rates["cohorts"] == rates["cohorts"].iloc[0]]
    return rates[rates["table"] == table] if table else rates


def detection(rates: pd.DataFrame) -> pd.DataFrame:
    """Return how often each kind of error is proved, and proved or doubted.

    Parameters
    ----------
    rates : DataFrame
        See :func:`read_rates`.

    Returns
    -------
    DataFrame
        Columns ``kind, outcome, rate, low, high``, kinds in the order in which they are planted.
    """
    chosen = rates[
        rates["table"].isin(list(OUTCOMES)) & (rates["statistic"] == ANY) & (rates["kind"] != ANY)
    ]
    table = chosen.assign(outcome=chosen["table"].map(OUTCOMES))
    order = {kind: place for place, kind in enumerate(dict.fromkeys(rates["kind"]))}
    table = table.sort_values("kind", key=lambda kinds: kinds.map(order), kind="stable")
    return table[["kind", "outcome", "rate", "low", "high"]].reset_index(drop=True)


def hits_by(rates: pd.DataFrame, by: str) -> pd.DataFrame:
    """Set the share of errors proved beside the share proved or doubted.

    Parameters
    ----------
    rates : DataFrame
        See :func:`read_rates`.
    by : str
        ``kind`` of error or ``statistic`` hit.

    Returns
    -------
    DataFrame
        Columns ``planted, proved, 95 % interval, proved or doubted`` and, by kind, ``proved if
        drawn at random``; all errors together come last.
    """
    over = "statistic" if by == "kind" else "kind"
    tables = {name: rows.set_index(by) for name, rows in rates[rates[over] == ANY].groupby("table")}
    found, either = tables["found"], tables["found or suggested"]
    shown = pd.DataFrame(
        {
            "planted": found["registries"],
            "proved": found["rate"].map(_percent),
            "95 % interval": _intervals(found),
            "proved or doubted": either["rate"].reindex(found.index).map(_percent),
        }
    )
    if by == "kind":
        at_random = tables["found at random"]["rate"]
        shown["proved if drawn at random"] = at_random.reindex(found.index).map(_percent)
    return _in_words(shown, "kind of error" if by == "kind" else "statistic hit")


def _in_words(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Name the rows for readers; all of them together come last."""
    table = table.loc[[*(row for row in table.index if row != ANY), ANY]]
    rows = table.index.str.replace("_", " ").str.replace(f"^{ANY}$", "all", regex=True)
    return table.set_axis(rows.rename(name))


def rates_by_check(rates: pd.DataFrame) -> pd.DataFrame:
    """Set false alarms and hits of each check side by side.

    Parameters
    ----------
    rates : DataFrame
        See :func:`read_rates`.

    Returns
    -------
    DataFrame
        One row per check and one for all; columns ``papers without error, false alarms, upper
        limit, errors in its numbers, proved, 95 % interval``; rates in percent. Only papers are
        counted in which the check had something to say.
    """
    clean = _by_check(rates, "false alarms")
    hits = _by_check(rates, "found by check").reindex(clean.index)
    shown = pd.DataFrame(
        {
            "papers without error": clean["registries"],
            "false alarms": clean["found"],
            "upper limit": clean["high"].map(_percent_fine),
            "errors in its numbers": hits["registries"].fillna(0).astype(int),
            "proved": hits["rate"].map(_percent),
            "95 % interval": _intervals(hits),
        }
    )
    return _in_words(shown, "check")


def clean_papers(rates: pd.DataFrame) -> pd.DataFrame:
    """Count false alarms and doubts in papers without an error, by how the paper prints.

    Parameters
    ----------
    rates : DataFrame
        See :func:`read_rates`.

    Returns
    -------
    DataFrame
        Columns ``papers, with one or more, share, 95 % interval``. Without any false alarm the
        upper limit is that of the rule of three.
    """
    everything = rates[rates["check"] == ANY].drop_duplicates("table").set_index("table")
    chosen = everything.loc[[name for name in CLEAN if name in everything.index]]
    chosen = chosen.rename(CLEAN)
    return pd.DataFrame(
        {
            "papers": chosen["registries"],
            "with one or more": chosen["found"],
            "share": chosen["rate"].map(_percent_fine),
            "95 % interval": _intervals(chosen, _percent_fine),
        }
    ).rename_axis("papers without an error")


def _by_check(rates: pd.DataFrame, table: str) -> pd.DataFrame:
    chosen = rates[(rates["table"] == table) & (rates["kind"] == ANY)]
    return chosen.set_index("check")


def _percent(rate: float) -> str:
    return "" if pd.isna(rate) else f"{100 * rate:.0f}{PERCENT}"


def _percent_fine(rate: float) -> str:
    if pd.isna(rate):
        return ""
    return f"{100 * rate:.2f}{PERCENT}" if 0 < rate < 0.01 else _percent(rate)


def _intervals(rates: pd.DataFrame, write=_percent) -> pd.Series:
    ends = zip(rates["low"], rates["high"], strict=True)
    texts = [
        "" if pd.isna(low) else f"{write(low).removesuffix(PERCENT)} to {write(high)}"
        for low, high in ends
    ]
    return pd.Series(texts, index=rates.index)
