"""Tables of the planted-error experiment for the book. Format only."""

from pathlib import Path

import pandas as pd

from rairlib.registry.kept_files import kept_file

OUTCOMES = {
    "detectable found": "proved",
    "detectable found or suggested": "proved or doubted",
}
PROOFS, DOUBTS, ROUNDED = "false alarms", "suggestions without error", "rounded"
TOOLS = {
    "statcheck": "statcheck",
    "same": "audit on the same numbers",
    "whole": "audit on the whole paper",
}
ANY, EXAMPLES = "any", "audit as scrutiny"
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


def read_other_tools() -> pd.DataFrame:
    """Read what other tools say of the same numbers, as ``benchmarks/beside.py`` writes it."""
    return pd.read_csv(kept_file("results/other_tools.csv"))


def detection(rates: pd.DataFrame) -> pd.DataFrame:
    """Return how often detectable errors of each kind are proved, and proved or doubted.

    Returns
    -------
    DataFrame
        Columns ``kind, outcome, rate, low, high``, kinds in the order in which they are planted.
    """
    chosen = rates[rates["table"].isin(list(OUTCOMES)) & (rates["kind"] != ANY)]
    table = chosen.assign(outcome=chosen["table"].map(OUTCOMES))
    order = {kind: place for place, kind in enumerate(dict.fromkeys(rates["kind"]))}
    table = table.sort_values("kind", key=lambda kinds: kinds.map(order), kind="stable")
    return table[["kind", "outcome", "rate", "low", "high"]].reset_index(drop=True)


def hits_by(rates: pd.DataFrame, by: str) -> pd.DataFrame:
    """Set errors planted, detectable, proved and noticed side by side.

    Parameters
    ----------
    rates : DataFrame
        See :func:`read_rates`.
    by : str
        ``kind`` of error or ``statistic`` hit.

    Returns
    -------
    DataFrame
        Columns ``planted, detectable``, and of these ``proved, proved or doubted, 95 %
        interval``; all errors together come last.
    """
    over = "statistic" if by == "kind" else "kind"
    tables = {name: rows.set_index(by) for name, rows in rates[rates[over] == ANY].groupby("table")}
    seen = tables["detectable"]
    proved, noticed = (tables[name].reindex(seen.index) for name in OUTCOMES)
    shown = pd.DataFrame(
        {
            "planted": seen["registries"],
            "detectable": seen["found"],
            "of these proved": proved["rate"].map(_percent),
            "proved or doubted": noticed["rate"].map(_percent),
            "95 % interval": _intervals(noticed),
        }
    )
    return _in_words(shown, "kind of error" if by == "kind" else "statistic hit")


def _in_words(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Name the rows for readers; all of them together come last."""
    table = table.loc[[*(row for row in table.index if row != ANY), ANY]]
    rows = table.index.str.replace("_", " ").str.replace(f"^{ANY}$", "all", regex=True)
    return table.set_axis(rows.rename(name))


def rates_by_check(rates: pd.DataFrame) -> pd.DataFrame:
    """Set false alarms and hits of each check side by side.

    Returns
    -------
    DataFrame
        One row per check and one for all; columns ``papers without error, false alarms, upper
        limit, errors in its numbers, proved, 95 % interval``; rates in percent. Only papers are
        counted in which the check had something to say.
    """
    clean = rates[rates["table"] == PROOFS].set_index("check")
    hits = rates[rates["table"] == "found by check"].set_index("check").reindex(clean.index)
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
    """Count papers without an error that meet a proof or a doubt, by how they print.

    Returns
    -------
    DataFrame
        Columns ``papers, with a proof, with a doubt, share, 95 % interval``, the last two of
        the doubts.
    """
    together = rates[rates["check"] == ANY]
    proofs, doubts = (_by_habit(together, table) for table in (PROOFS, DOUBTS))
    return pd.DataFrame(
        {
            "papers": proofs["registries"],
            "with a proof": proofs["found"],
            "with a doubt": doubts["found"],
            "share": doubts["rate"].map(_percent),
            "95 % interval": _intervals(doubts),
        }
    ).rename_axis("papers without an error")


def _by_habit(rates: pd.DataFrame, table: str) -> pd.DataFrame:
    chosen = rates[rates["table"].str.startswith(table)]
    habits = chosen["table"].str.removeprefix(table).str.removeprefix(", ").replace("", ROUNDED)
    return chosen.set_axis(habits)


def other_tools(table: pd.DataFrame) -> pd.DataFrame:
    """Show counts of other tools and of the audit with their share."""
    share = (table["number"] / table["of"]).map(_percent)
    shown = table[["what", "tool", "number", "of"]].assign(share=share)
    return shown.assign(**{"95 % interval": _intervals(table)}).set_index("what")


def _percent(rate: float) -> str:
    return "" if pd.isna(rate) else f"{100 * rate:.0f}{PERCENT}"


def _percent_fine(rate: float) -> str:
    if pd.isna(rate):
        return ""
    return f"{100 * rate:.2f}{PERCENT}" if 0 < rate < 0.01 else _percent(rate)


def _intervals(rates: pd.DataFrame) -> pd.Series:
    ends = zip(rates["low"], rates["high"], strict=True)
    texts = [
        "" if pd.isna(low) else f"{_percent(low).removesuffix(PERCENT)} to {_percent(high)}"
        for low, high in ends
    ]
    return pd.Series(texts, index=rates.index)
