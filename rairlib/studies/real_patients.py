"""The papers' claims that public cohorts of real patients can test, and what they say of them.

What leaves are estimates, and totals of whole outcomes. A level that 7 or fewer patients have, or
that all but 7 or fewer have, gets no estimate; shares are rounded to 5 %, so that no two of them
give a small number back. An odds ratio of one covariate alone, with its limits, gives its table
back: where a cell of that has 7 patients or fewer, one digit is left.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rairlib.cohorts.suppression import THRESHOLD
from rairlib.output import rounded
from rairlib.registry.registry import Registry, ReportedNumber, load_registry
from rairlib.stats.cox import cox, firth_cox
from rairlib.stats.logistic import firth_logistic, logistic
from rairlib.stats.sample_size import (
    power_for_hazard_ratio,
    power_for_odds_ratio,
    power_for_slope,
)

REAL_PATIENTS = "real_patients"
HOLDS, CANNOT_TELL, DOES_NOT_HOLD = "holds", "cannot tell", "does not hold"
# Of each cohort the outcomes, and the ratio that tests a claim on them. Response never stands among
# the covariates: it is judged by what shows a recurrence.
OUTCOMES = (
    ("uci915", "structural_incomplete", "odds_ratio"),
    ("uci915", "recurrence", "odds_ratio"),
    ("tcga-thca", "incomplete_response", "odds_ratio"),
    ("tcga-thca", "pfi", "hazard_ratio"),
)
COLUMNS = (
    *("id", "claim", "cohort", "outcome", "statistic", "source", "printed"),
    *("printed_low", "printed_high", "estimate", "low", "high", "method", "adjusted_for", "n"),
    *("events", "left_out", "exposed_percent", "power", "overlap", "word", "word_without_repeats"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim of a paper: the number that states it, and the columns that test it.

    Attributes
    ----------
    id : str
        Identifier of the printed ratio or, where none is printed, of the p value.
    label : str
        For readers.
    column : str
        Covariate that tests it.
    levels : tuple of str, optional
        Its levels, the reference last; None for a numeric one.
    beside : tuple of str
        The other covariates of the paper's model that a cohort may have.
    statistic : str
        ``odds_ratio`` or ``hazard_ratio``.
    source : str
        ``printed``; ``counts`` where the ratio is Firth's of the printed counts; ``p value`` where
        there is no ratio.
    """

    id: str
    label: str
    column: str
    levels: tuple[str, ...] | None
    beside: tuple[str, ...] = ()
    statistic: str = "odds_ratio"
    source: str = "printed"


LEVELS = {
    "age_54": ("≥54", "<54"),
    "age_55": ("≥55", "<55"),
    "gender": ("female", "male"),
    "diameter_29": ("≥29", "<29"),
    "tumor_size_4": (">4", "≤4"),
    "metastasis": ("yes", "no"),
    "m1": ("yes", "no"),
    "t_stage": ("T4", "T1/T2/T3"),
    "n_stage": ("N1b", "N0-N1a"),
    "ete": ("Positive", "Negative"),
    "oncocytic": ("yes", "no"),
}
# The least value above: years, millimetres; Qingdao's >4 cm begins beyond 40 mm.
CUTOFFS = {
    "age_54": ("age", 54),
    "age_55": ("age", 55),
    "diameter_29": ("tumor_diameter", 29),
    "tumor_size_4": ("tumor_diameter", np.nextafter(40, 41)),
}


def _claim(number: str, label: str, column: str, *beside: str, **more) -> Claim:
    return Claim(
        id=number, label=label, column=column, levels=LEVELS.get(column), beside=beside, **more
    )


_HAZARD = {"statistic": "hazard_ratio"}
CLAIMS = {
    "lakhdar2024": (
        _claim("table2-01", "age ≥54", "age_54", "diameter_29", "metastasis"),
        _claim("table2-05", "diameter ≥29 mm", "diameter_29", "age_54", "metastasis"),
        _claim("table2-09", "metastasis, nodal or distant", "metastasis", "age_54", "diameter_29"),
        _claim("table2-09", "distant metastasis (M1) alone", "m1", "age_54", "diameter_29"),
        _claim("table1-56", "oncocytic histology", "oncocytic", source="counts"),
        _claim("table1-05", "female sex", "gender", source="counts"),
    ),
    "wang2025": (
        _claim("table4-15", "age ≥55", "age_55", "tumor_size_4", "ete", "t_stage"),
        _claim("table4-88", "T4", "t_stage", "age_55", "tumor_size_4", "ete"),
        _claim("table4-20", "female sex", "gender", source="counts"),
        _claim("table4-93", "N1b", "n_stage", source="counts"),
        _claim("table5-04", "female sex", "gender", **_HAZARD),
        _claim("table5-15", "age ≥55", "age_55", **_HAZARD),
        _claim(
            *("table5-19", "age ≥55, adjusted", "age_55"),
            *("gender", "tumor_size_4", "ete", "t_stage"),
            **_HAZARD,
        ),
        _claim("table5-42", "size >4 cm", "tumor_size_4", **_HAZARD),
        _claim("table5-59", "extrathyroidal extension", "ete", **_HAZARD),
        _claim("table5-69", "T4", "t_stage", **_HAZARD),
        _claim("table5-79", "N1b", "n_stage", **_HAZARD),
    ),
    "tang2025": (
        _claim("results-predictors-16", "each positive node", "positive_nodes"),
        _claim("results-predictors-01", "lateral nodes (N1b)", "n_stage", source="p value"),
    ),
}


# --- What the papers print --------------------------------------------------------------------


def printed_ratio(registry: Registry, claim: Claim) -> tuple[float, float, float]:
    """Return the ratio of a claim with its limits, for the claim's first level against its last."""
    row = registry[claim.id]
    if claim.source == "p value":
        return math.nan, math.nan, math.nan
    if claim.source == "counts":
        return _ratio_of_counts(registry, row, row.level or claim.levels[0])
    limits = [registry.where(name, of=row.id)[0].number.value for name in ("ci_low", "ci_high")]
    value = row.number.value
    if row.statistic == "coefficient":
        return math.exp(value), *limits
    backwards = row.level and row.level.casefold() == " vs ".join(claim.levels[::-1]).casefold()
    return (1 / value, 1 / limits[1], 1 / limits[0]) if backwards else (value, *limits)


def _ratio_of_counts(registry: Registry, row: ReportedNumber, level: str):
    """Return Firth's odds ratio of a level against the others, in the two groups of a p value."""
    rows = []
    for group, event in zip(row.group.split(" vs "), (1, 0), strict=True):
        counts = registry.where("count", variable=row.variable, group=group, repeats="")
        (count,) = [n for n in counts if n.level.casefold() == level.casefold()]
        size, with_level = (int(n.number.value) for n in (registry.size(group), count))
        rows += [("yes", event)] * with_level + [("no", event)] * (size - with_level)
    frame = pd.DataFrame(rows, columns=["level", "event"])
    return _ratio(firth_logistic(frame, "event", {"level": ("yes", "no")}), "level", "odds_ratio")


def _ratio(estimates: pd.DataFrame, column: str, statistic: str) -> tuple[float, float, float]:
    mine = estimates["term"].str.split(": ").str[0] == column
    row = estimates[mine & (estimates["statistic"] == statistic)].iloc[0]
    return row["estimate"], row["low"], row["high"]


# --- What the cohorts give --------------------------------------------------------------------


def study_columns(cohort: pd.DataFrame) -> pd.DataFrame:
    """Return a public cohort with the papers' dichotomised variables, as far as it has theirs."""
    found = cohort.copy()
    for name, (column, cutoff) in CUTOFFS.items():
        if column in found:
            above, below = LEVELS[name]
            level = np.where(found[column] >= cutoff, above, below)
            found[name] = pd.Series(level, found.index).where(found[column].notna())
    if "histology" in found:
        found["oncocytic"] = (found["histology"] == "OCA").map({True: "yes", False: "no"})
    return found


@dataclass(frozen=True, slots=True)
class Sample:
    """The patients of a cohort on whom a claim is tested, and the covariates of the model."""

    data: pd.DataFrame
    claim: Claim
    outcome: str

    @property
    def covariates(self) -> dict[str, tuple[str, ...] | None]:
        """The claim's covariate, and those beside it that vary in the cohort."""
        beside = [name for name in self.claim.beside if name in self.data]
        varying = [name for name in beside if len(set(self.data[name].dropna())) > 1]
        return {name: LEVELS.get(name) for name in (self.claim.column, *varying)}

    @property
    def complete(self) -> pd.DataFrame:
        """The patients without a missing value in the model."""
        return self.data.dropna(subset=[*self.covariates, self.outcome])

    @property
    def event(self) -> pd.Series:
        """Whether each of them had the outcome."""
        return self.complete[self.outcome] == "yes"

    @property
    def exposure(self) -> pd.Series:
        """The claim's covariate as a number."""
        column = self.complete[self.claim.column]
        levels = self.claim.levels
        return (column == levels[0]).astype(float) if levels else column.astype(float)

    @property
    def too_few(self) -> bool:
        """Whether a level of the covariate has 7 patients or fewer."""
        exposed = self.exposure
        if not self.claim.levels:
            return False
        return bool(min(exposed.sum(), (1 - exposed).sum()) <= THRESHOLD)

    @property
    def nearly_separated(self) -> bool:
        """Whether a level of any covariate has 7 patients or fewer with or without the event."""
        data, event = self.complete, self.event
        named = [name for name, levels in self.covariates.items() if levels]
        return any(
            pd.crosstab(data[name], event).reindex(columns=[True, False], fill_value=0).min().min()
            <= THRESHOLD
            for name in named
        )

    @property
    def digits(self) -> int:
        """How many digits of the ratio may leave: one where more would give a small cell back."""
        table = self.claim.statistic == "odds_ratio" and len(self.covariates) == 1
        return 1 if table and self.nearly_separated else 3

    def estimate(self) -> tuple[tuple[float, float, float], str]:
        """Return the ratio with its limits, and how it was estimated."""
        data, firth = self.complete, self.nearly_separated
        if self.claim.statistic == "hazard_ratio":
            fit, method = (firth_cox, "Cox, Firth") if firth else (cox, "Cox")
            found = fit(data, f"{self.outcome}_months", self.outcome, self.covariates)
        else:
            fit, method = (firth_logistic, "logistic, Firth") if firth else (logistic, "logistic")
            found = fit(data, self.outcome, self.covariates)
        return _ratio(found, self.claim.column, self.claim.statistic), method

    def power(self, ratio: float) -> float:
        """Return the power to detect a ratio among these patients; NaN without a ratio."""
        if math.isnan(ratio):
            return math.nan
        exposed, events = self.exposure, int(self.event.sum())
        explained = self._explained()
        if self.claim.statistic == "hazard_ratio":
            return power_for_hazard_ratio(ratio, events, exposed.mean(), explained)
        n, risk = len(exposed), events / len(exposed)
        if not self.claim.levels:
            return power_for_slope(ratio, n, risk, exposed.std(), explained)
        return power_for_odds_ratio(ratio, n, risk, exposed.mean(), explained)

    def _explained(self) -> float:
        """Return the share of the covariate's variance that those beside it explain."""
        data = self.complete
        beside = [data[name] == LEVELS[name][0] for name in list(self.covariates)[1:]]
        design = np.column_stack([np.ones(len(data)), *beside]).astype(float)
        rest = self.exposure - design @ np.linalg.lstsq(design, self.exposure, rcond=None)[0]
        # Where nothing is explained, binary noise may leave less than nothing.
        return max(0.0, float(1 - rest.var() / self.exposure.var()))


def judge(
    printed: tuple[float, float, float], limits: tuple[float, float], *, upwards: bool = True
) -> str:
    """Say whether a claim holds, by one rule for all cohorts and claims.

    Parameters
    ----------
    printed : tuple of float
        The paper's ratio and its limits; NaN where none is printed.
    limits : tuple of float
        The 95 % interval in the cohort; NaN where there is none.
    upwards : bool
        Direction of the claim where the paper prints no ratio.

    Returns
    -------
    str
        ``holds`` if the interval excludes 1 in the paper's direction; ``does not hold`` if it
        excludes 1 in the other direction, or the paper's ratio; else ``cannot tell``. Where the
        paper's own interval holds 1, the claim is that no association was found: it does not hold
        if the cohort's interval excludes 1, and else nobody can tell.
    """
    ratio, printed_low, printed_high = printed
    low, high = limits
    if math.isnan(low):
        return CANNOT_TELL
    excludes_1 = low > 1 or high < 1
    if printed_low <= 1 <= printed_high:
        return DOES_NOT_HOLD if excludes_1 else CANNOT_TELL
    upwards = upwards if math.isnan(ratio) else ratio > 1
    if (low > 1) if upwards else (high < 1):
        return HOLDS
    excludes_print = not math.isnan(ratio) and not low <= ratio <= high
    return DOES_NOT_HOLD if excludes_1 or excludes_print else CANNOT_TELL


def real_patients(study: str, cohorts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Test the claims of a study on the public cohorts.

    Parameters
    ----------
    study : str
        ``lakhdar2024``, ``wang2025`` or ``tang2025``.
    cohorts : mapping of str to DataFrame
        By name, as :func:`rairlib.cohorts.public.load_public` gives them.

    Returns
    -------
    DataFrame
        A row per claim, cohort and outcome; columns :data:`COLUMNS`. ``n`` and ``events`` are those
        of the outcome in the cohort, ``left_out`` those of them with a missing value in the model;
        the cohort's estimates have three digits, or one where three would give a small number
        back. No number of patients from 1 to 7 stands in it.
    """
    registry = load_registry(study)
    prepared = {name: study_columns(cohort) for name, cohort in cohorts.items()}
    rows = [
        row
        for claim in CLAIMS[study]
        for row in _rows(claim, printed_ratio(registry, claim), prepared)
    ]
    return pd.DataFrame(rows)[list(COLUMNS)]


def _rows(claim: Claim, printed, cohorts: dict[str, pd.DataFrame]) -> Iterator[dict]:
    for name, outcome, statistic in OUTCOMES:
        cohort = cohorts[name]
        if statistic == claim.statistic and claim.column in cohort:
            at_risk = cohort[cohort[outcome].notna()]
            row = _row(Sample(at_risk, claim, outcome), printed)
            if "repeated" in cohort:
                once = _row(Sample(at_risk[~at_risk["repeated"]], claim, outcome), printed)
                row["word_without_repeats"] = once["word"]
            yield {"cohort": name, "outcome": outcome, "word_without_repeats": "", **row}


def _row(sample: Sample, printed: tuple[float, float, float]) -> dict:
    claim, left_out = sample.claim, len(sample.data) - len(sample.complete)
    (estimate, low, high), method = (math.nan,) * 3, "too few patients with a level"
    exposed = power = math.nan
    if not sample.too_few:
        (estimate, low, high), method = sample.estimate()
        power = sample.power(printed[0])
        exposed = 5 * round(20 * sample.exposure.mean()) if claim.levels else math.nan
    overlap = low <= printed[2] and printed[1] <= high
    return {
        "id": claim.id,
        "claim": claim.label,
        "statistic": claim.statistic,
        "source": claim.source,
        **dict(zip(("printed", "printed_low", "printed_high"), printed, strict=True)),
        "estimate": rounded(estimate, sample.digits),
        "low": rounded(low, sample.digits),
        "high": rounded(high, sample.digits),
        "method": method,
        "adjusted_for": " ".join(list(sample.covariates)[1:]),
        "n": len(sample.data),
        "events": int((sample.data[sample.outcome] == "yes").sum()),
        "left_out": str(left_out) if not 0 < left_out <= THRESHOLD else f"{THRESHOLD} or fewer",
        "exposed_percent": exposed,
        "power": rounded(power, 3),
        "overlap": "" if math.isnan(low + printed[1]) else "yes" if overlap else "no",
        "word": judge(printed, (low, high)),
    }


# --- Who the patients are ---------------------------------------------------------------------


def characteristics(cohorts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Describe the public cohorts, one row per characteristic.

    Parameters
    ----------
    cohorts : mapping of str to DataFrame
        As for :func:`real_patients`.

    Returns
    -------
    DataFrame
        Column ``characteristic`` and one per cohort, texts; empty where nothing is recorded. Shares
        are of the patients with a record, rounded to 5 %.
    """
    found = {name: _described(study_columns(cohort)) for name, cohort in cohorts.items()}
    return pd.DataFrame(found).fillna("").rename_axis("characteristic").reset_index()


def _described(cohort: pd.DataFrame) -> dict[str, str]:
    facts = {"patients": str(len(cohort))}
    facts |= {"age, median (quartiles)": _quartiles(cohort["age"])}
    levels = {"age ≥55": "age_55", "women": "gender", "T4": "t_stage", "N1b": "n_stage", "M1": "m1"}
    levels |= {"extrathyroidal extension": "ete"}
    for label, column in levels.items():
        if column in cohort:
            share = (cohort[column].dropna() == LEVELS[column][0]).mean()
            facts[label] = f"about {5 * round(20 * share)} %" if share >= 0.05 else "under 5 %"
    numbers = {"diameter, mm": "tumor_diameter", "positive nodes": "positive_nodes"}
    numbers |= {"radioiodine, mCi, of those treated": "rai_activity"}
    for label, column in numbers.items():
        if column in cohort:
            facts[f"{label}, median (quartiles)"] = _quartiles(cohort[column])
    if "repeated" in cohort:
        facts["rows that repeat an earlier one"] = str(cohort["repeated"].sum())
    if "follow_up" in cohort:
        facts["follow-up, years, median (quartiles)"] = _quartiles(cohort["follow_up"] / 12)
    outcomes = {"structural_incomplete": "structural incomplete response"}
    outcomes |= {"incomplete_response": "best response not complete", "recurrence": "recurrence"}
    outcomes |= {"pfi": "progression, or death with tumour"}
    for column, label in outcomes.items():
        if column in cohort:
            recorded = cohort[column].dropna()
            facts[label] = f"{(recorded == 'yes').sum()} of {len(recorded)}"
    return facts


def _quartiles(values: pd.Series) -> str:
    low, middle, high = (f"{values.quantile(share):.3g}" for share in (0.25, 0.5, 0.75))
    return f"{middle} ({low} to {high})"
