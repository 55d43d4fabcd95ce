"""Write the whole paper of a known cohort: sections, abstract and discussion."""

from dataclasses import replace
from decimal import ROUND_DOWN

import numpy as np

from benchmarks.planting.cohorts import KnownCohort, pair_up, simulate_cohort, weigh
from benchmarks.planting.comparisons import write_comparisons
from benchmarks.planting.descriptions import (
    write_patients,
    write_sites,
    write_split,
    write_symptom,
    write_table_1,
)
from benchmarks.planting.models import write_cox, write_logistic
from benchmarks.planting.paper import Draft, KnownPaper, in_words
from benchmarks.planting.printing import (
    ONE_SIDED,
    PAIRED,
    ROW_SHARES,
    WEIGHTED,
    Conventions,
    draw_conventions,
)
from benchmarks.planting.prognosis import write_roc, write_survival

ROUNDED, CUT_OFF, SILENT_GAPS = "rounded", "digits cut off", "silent gaps"
UNNAMED, UNNAMED_PAIRS = "no method named", "matched pairs, not named"
HABITS = {
    ROUNDED: {},
    CUT_OFF: {"rounding": ROUND_DOWN},
    SILENT_GAPS: {"names_unknown": False},
    ROW_SHARES: {"design": ROW_SHARES, "shows_all": False, "percents": True},
    PAIRED: {"design": PAIRED, "names_tests": True},
    UNNAMED_PAIRS: {"design": PAIRED, "names_tests": False, "names_wald": False},
    WEIGHTED: {
        "design": WEIGHTED,
        "names_tests": True,
        "interval": "wald",
        "ratio_p": "wald",
        "table_test": "pearson",
    },
    ONE_SIDED: {"design": ONE_SIDED, "interval": "wald", "ratio_p": "wald"},
    UNNAMED: {"names_tests": False, "names_wald": False},
}
"""What a habit changes in the conventions that were drawn."""


def known_paper(rng: np.random.Generator, habit: str = ROUNDED) -> KnownPaper:
    """Simulate a cohort and print its study as a registry.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all chance: the patients and the paper's habits.
    habit : str
        One of `HABITS`. ``digits cut off``: digits are cut off instead of rounded; ``silent
        gaps``: values are missing without a word; the designs of
        :mod:`benchmarks.planting.printing`.

    Returns
    -------
    KnownPaper
        Every number agrees with the patients.
    """
    cohort = simulate_cohort(rng, gaps=habit == SILENT_GAPS)
    return print_cohort(cohort, replace(draw_conventions(rng), **HABITS[habit]), rng)


def print_cohort(cohort: KnownCohort, style: Conventions, rng: np.random.Generator) -> KnownPaper:
    """Print the study of a cohort as a registry; `rng` chooses what is printed."""
    if style.design == PAIRED:
        cohort = pair_up(cohort)
    elif style.design == WEIGHTED:
        cohort = weigh(cohort)
    draft = Draft(cohort=cohort, style=style)
    write_patients(draft, rng)
    if rng.random() < 0.25 and len(cohort.patients) >= 80:
        write_split(draft, rng)
    write_table_1(draft, rng)
    write_sites(draft)
    if rng.random() < 0.5:
        write_symptom(draft, rng)
    score = write_logistic(draft, rng)
    write_roc(draft, rng, score)
    if cohort.events:
        write_survival(draft, rng)
        write_cox(draft, rng)
    if not style.design:
        write_comparisons(draft, rng)
    _write_abstract(draft, rng)
    _write_discussion(draft, rng)
    return draft.finish("known_cohort")


def _write_abstract(draft: Draft, rng: np.random.Generator) -> None:
    """State sizes, shares, some ratios and areas again."""
    draft.repeat("Abstract", draft.sizes["all"])
    draft.repeat("Abstract", draft.sizes[draft.cohort.groups[0]])
    for row in _drawn(draft, rng, ("percent",), 3):
        _repeat_coarser(draft, rng, row)
    for row in _drawn(draft, rng, ("odds_ratio", "hazard_ratio", "auc"), 3):
        draft.repeat("Abstract", row["id"])
        for attached in [other for other in draft.rows if other["of"] == row["id"]]:
            if attached["statistic"] == "p_value":
                _repeat_p(draft, rng, attached)
            elif not attached["repeats"]:
                draft.repeat("Abstract", attached["id"])


def _write_discussion(draft: Draft, rng: np.random.Generator) -> None:
    """State counts, summaries and rates again, small counts in words."""
    for row in _drawn(draft, rng, ("count",), 2):
        number = int(draft.truth[row["id"]])
        printed = in_words(number) if rng.random() < 0.5 else row["printed"]
        draft.repeat("Discussion", row["id"], printed=printed)
    for row in _drawn(draft, rng, ("mean", "median", "survival_percent", "p_value"), 3):
        draft.repeat("Discussion", row["id"])
    for row in _drawn(draft, rng, ("minimum", "maximum"), 2):
        if row["unit"] == "cm":
            value = 10 * draft.truth[row["id"]]
            printed = draft.style.number(value, 0)
            draft.repeat("Discussion", row["id"], printed=printed, truth=value, unit="mm")


def _drawn(draft: Draft, rng, statistics: tuple[str, ...], number: int) -> list[dict[str, str]]:
    rows = [row for row in draft.rows if row["statistic"] in statistics and not row["repeats"]]
    places = rng.permutation(len(rows))[: rng.integers(0, number + 1)]
    return [rows[place] for place in sorted(places)]


def _repeat_coarser(draft: Draft, rng, row: dict[str, str]) -> None:
    """Repeat a percentage, sometimes as a whole number."""
    value = draft.truth[row["id"]]
    if rng.random() < 0.4:
        draft.repeat("Abstract", row["id"], printed=draft.style.number(value, 0))
    else:
        draft.repeat("Abstract", row["id"])


def _repeat_p(draft: Draft, rng, row: dict[str, str]) -> None:
    """Repeat a p value, sometimes only as below a limit."""
    limits = [limit for limit in ("0.001", "0.01", "0.05") if draft.truth[row["id"]] < float(limit)]
    if limits and rng.random() < 0.4:
        draft.repeat("Abstract", row["id"], printed=f"<{limits[0]}")
    else:
        draft.repeat("Abstract", row["id"])
