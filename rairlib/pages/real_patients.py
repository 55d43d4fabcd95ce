"""What the chapters on real patients share: the kept claims as a forest plot and as a table."""

import pandas as pd

from rairlib.pages.common import load_result
from rairlib.studies.real_patients import REAL_PATIENTS

# As the legend of a forest plot has them, and in words.
SOURCES = {
    "structural_incomplete": ("UCI, response", "structural incomplete response"),
    "recurrence": ("UCI, recurrence", "recurrence"),
    "incomplete_response": ("TCGA, response", "best response not complete"),
    "pfi": ("TCGA, progression", "progression or death with tumour"),
}
TEXTS = ("adjusted_for", "left_out", "overlap", "word_without_repeats")
COHORTS = {"uci915": "UCI", "tcga-thca": "TCGA"}


def load_claims(study: str) -> pd.DataFrame:
    """Load what the public cohorts say of a study's claims, as it is kept.

    Parameters
    ----------
    study : str
        Key of the study.

    Returns
    -------
    DataFrame
        As :func:`rairlib.studies.real_patients.real_patients`; texts that are absent are empty.
    """
    claims = load_result(study, REAL_PATIENTS)
    # A column that is empty, or has digits alone, in one study has words in another.
    texts = {name: claims[name].fillna("").astype(str) for name in TEXTS}
    return claims.assign(**texts)


def load_characteristics() -> pd.DataFrame:
    """Load who the patients of the public cohorts are, one row per characteristic."""
    kept = load_result("public", "cohorts").fillna("").set_index("characteristic")
    return kept.rename(columns=COHORTS)


def forest_rows(claims: pd.DataFrame) -> pd.DataFrame:
    """Set the paper's ratio of each claim beside the cohorts'.

    Parameters
    ----------
    claims : DataFrame
        See :func:`load_claims`; one kind of ratio.

    Returns
    -------
    DataFrame
        As :func:`rairlib.figures.forest.draw_forest` takes it; lines without an estimate are left
        out.
    """
    columns = ["term", "source", "estimate", "low", "high"]
    printed = claims.drop_duplicates(["id", "claim"]).assign(source="reported")
    renamed = {"printed": "estimate", "printed_low": "low", "printed_high": "high"}
    printed = printed.drop(columns=["estimate", "low", "high"]).rename(columns=renamed)
    names = {outcome: name for outcome, (name, _) in SOURCES.items()}
    found = claims.assign(source=claims["outcome"].map(names))
    rows = pd.concat([printed, found]).rename(columns={"claim": "term"})
    order = {term: place for place, term in enumerate(dict.fromkeys(claims["claim"]))}
    rows = rows.sort_values("term", key=lambda terms: terms.map(order), kind="stable")
    return rows[columns].dropna().reset_index(drop=True)


def claims_table(claims: pd.DataFrame) -> pd.DataFrame:
    """Return the claims with their word, one line per claim, cohort and outcome.

    Parameters
    ----------
    claims : DataFrame
        See :func:`load_claims`.

    Returns
    -------
    DataFrame
        Indexed by claim and outcome: ``paper, real patients, power, word, intervals``.
    """
    outcomes = [
        f"{COHORTS[cohort]}: {SOURCES[outcome][1]}"
        for cohort, outcome in zip(claims["cohort"], claims["outcome"], strict=True)
    ]
    index = pd.MultiIndex.from_arrays([claims["claim"], outcomes], names=["claim", "outcome"])
    shown = {
        "paper": _ratios(claims, "printed", "printed_low", "printed_high"),
        "real patients": _ratios(claims, "estimate", "low", "high"),
        "power": ["" if pd.isna(p) else f"{100 * p:.0f} %" for p in claims["power"]],
        "word": claims["word"].tolist(),
        "intervals": [
            {"yes": "overlap", "no": "apart"}.get(text, "") for text in claims["overlap"]
        ],
    }
    return pd.DataFrame(shown, index)


def _ratios(claims: pd.DataFrame, *names: str) -> list[str]:
    numbers = claims[list(names)].to_numpy()
    return [
        "" if pd.isna(row).any() else "{} ({} to {})".format(*map(_short, row)) for row in numbers
    ]


def _short(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def word_counts(claims: pd.DataFrame) -> dict[str, int]:
    """Count the words, the lines, and the words that change if repeated rows are dropped."""
    counts = claims["word"].value_counts()
    words = {
        word.replace(" ", "_"): int(counts.get(word, 0))
        for word in ("holds", "cannot tell", "does not hold")
    }
    other = claims["word_without_repeats"]
    changed = int(((other != "") & (other != claims["word"])).sum())
    return {**words, "lines": len(claims), "changed": changed}
