"""Claims on real patients: the rule, the power, what is suppressed, and the kept aggregates."""

import math
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from scipy.stats.contingency import odds_ratio

from rairlib.cohorts.public import COHORTS, FOLDER, load_public
from rairlib.output import as_file
from rairlib.pages.real_patients import claims_table, forest_rows, load_claims, word_counts
from rairlib.registry.kept_files import kept_file
from rairlib.registry.registry import load_registry
from rairlib.stats.logistic import firth_logistic
from rairlib.stats.sample_size import (
    power_for_hazard_ratio,
    power_for_odds_ratio,
    power_for_slope,
)
from rairlib.studies.real_patients import (
    CANNOT_TELL,
    CLAIMS,
    DOES_NOT_HOLD,
    HOLDS,
    OUTCOMES,
    Claim,
    Sample,
    characteristics,
    judge,
    printed_ratio,
    real_patients,
    study_columns,
)

ROOT = Path(__file__).parents[1]
NAN = math.nan

# --- The rule ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "limits", "word"),
    [
        ((3, 1.5, 6), (1.2, 4), HOLDS),
        ((3, 1.5, 6), (1.2, 2), HOLDS),
        ((3, 1.5, 6), (0.8, 4), CANNOT_TELL),
        ((3, 1.5, 6), (0.8, 2), DOES_NOT_HOLD),
        ((3, 1.5, 6), (0.2, 0.9), DOES_NOT_HOLD),
        ((3, 1.5, 6), (NAN, NAN), CANNOT_TELL),
        ((0.4, 0.2, 0.8), (0.3, 0.9), HOLDS),
        ((0.4, 0.2, 0.8), (0.3, 1.1), CANNOT_TELL),
        ((0.4, 0.2, 0.8), (0.5, 1.1), DOES_NOT_HOLD),
        ((0.4, 0.2, 0.8), (1.1, 2), DOES_NOT_HOLD),
        # The paper finds no association; none can be shown to be absent.
        ((1.1, 0.5, 2.5), (0.9, 1.5), CANNOT_TELL),
        ((1.1, 0.5, 2.5), (1.2, 2), DOES_NOT_HOLD),
        ((1.1, 0.5, 2.5), (0.2, 0.5), DOES_NOT_HOLD),
        # A p value alone: the direction counts.
        ((NAN, NAN, NAN), (1.2, 4), HOLDS),
        ((NAN, NAN, NAN), (0.9, 4), CANNOT_TELL),
        ((NAN, NAN, NAN), (0.2, 0.9), DOES_NOT_HOLD),
    ],
)
def test_word_follows_the_rule(printed, limits, word):
    assert judge(printed, limits) == word


# --- Power ------------------------------------------------------------------------------------


def test_power_for_an_odds_ratio_agrees_with_hmisc():
    """Expected: tests/reference/power.R, bpower; it counts the wrong direction too."""
    R = pd.read_csv(ROOT / "tests/reference/power.csv").query("kind == 'odds'")
    assert len(R) == 3
    for row in R.itertuples():
        found = power_for_odds_ratio(row.ratio, row.n, row.risk, row.exposed_or_sd)
        assert found == pytest.approx(row.power, abs=2e-4)


def test_power_is_that_of_the_published_examples():
    """Hsieh et al. 1998, Table I: 1281 patients for 95 %, and 317 for a ratio per SD of e^0.405;
    Collett 2003, section 10.2: 133 deaths for 90 % at a log hazard ratio of −0.5621."""
    assert power_for_odds_ratio(1.5, 1281, 0.45, 0.5) == pytest.approx(0.95, abs=2e-4)
    assert power_for_slope(math.exp(0.405), 317, 0.5, 1) == pytest.approx(0.95, abs=5e-4)
    assert power_for_hazard_ratio(math.exp(-0.5621), 133, 0.5) == pytest.approx(0.9, abs=1e-3)


def test_power_is_near_that_of_simulated_trials():
    """Expected: tests/reference/power.R, 4000 trials each with glm and coxph."""
    R = pd.read_csv(ROOT / "tests/reference/power.csv").set_index("kind")
    slope, hazard = R.loc["slope"], R.loc["hazard"]
    found = power_for_slope(slope.ratio, slope.n, slope.risk, slope.exposed_or_sd)
    assert found == pytest.approx(slope.power, abs=0.04)
    found = power_for_hazard_ratio(hazard.ratio, hazard.n, hazard.exposed_or_sd)
    assert found == pytest.approx(hazard.power, abs=0.04)


def test_explained_variance_costs_as_many_patients():
    half = power_for_odds_ratio(2, 200, 0.3, 0.4, 0.5)
    assert half == pytest.approx(power_for_odds_ratio(2, 100, 0.3, 0.4), rel=1e-12)
    assert power_for_hazard_ratio(2, 60, 0.3, 0.5) == pytest.approx(
        power_for_hazard_ratio(2, 30, 0.3), rel=1e-12
    )


@pytest.mark.parametrize("ratio", [0.5, 2])
def test_a_ratio_and_its_inverse_have_one_power_where_all_is_even(ratio):
    assert power_for_odds_ratio(ratio, 150, 0.5, 0.5) == pytest.approx(
        power_for_odds_ratio(1 / ratio, 150, 0.5, 0.5), rel=1e-9
    )


# --- What the papers print --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("study", "number", "expected"),
    [
        ("lakhdar2024", "table2-01", (6.502, 1.832, 23.080)),
        ("wang2025", "table4-88", (1 / 0.329, 1 / 0.636, 1 / 0.170)),
        ("wang2025", "table5-59", (1 / 0.305, 1 / 0.642, 1 / 0.145)),
        ("wang2025", "table5-04", (0.493, 0.262, 0.928)),
        ("tang2025", "results-predictors-16", (math.exp(0.196), 1.091, 1.357)),
        ("tang2025", "results-predictors-01", (NAN, NAN, NAN)),
    ],
)
def test_printed_ratio_is_turned_to_the_level_of_the_claim(study, number, expected):
    claim = next(claim for claim in CLAIMS[study] if claim.id == number)
    found = printed_ratio(load_registry(study), claim)
    assert found == pytest.approx(expected, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize(
    ("study", "number", "cells"),
    [
        ("lakhdar2024", "table1-56", (3, 29, 0, 58)),
        ("lakhdar2024", "table1-05", (30, 2, 53, 5)),
        ("wang2025", "table4-20", (48, 32, 61, 36)),
        ("wang2025", "table4-93", (64, 16, 80, 17)),
    ],
)
def test_ratio_of_printed_counts_has_one_half_more_in_each_cell(study, number, cells):
    """For a single yes-or-no covariate that is Firth's estimate (Heinze and Schemper 2002)."""
    claim = next(claim for claim in CLAIMS[study] if claim.id == number)
    a, b, c, d = (count + 0.5 for count in cells)
    ratio, low, high = printed_ratio(load_registry(study), claim)
    assert ratio == pytest.approx(a * d / b / c, rel=1e-6)
    assert low < ratio < high


@pytest.mark.parametrize("study", CLAIMS)
def test_every_claim_names_a_number_of_its_kind(study):
    registry, kinds = load_registry(study), {"odds_ratio", "hazard_ratio"}
    for claim in CLAIMS[study]:
        row = registry[claim.id]
        wanted = {"printed": kinds | {"coefficient"}}.get(claim.source, {"p_value"})
        assert row.statistic in wanted
        assert row.statistic not in kinds or row.statistic == claim.statistic
        if row.statistic in kinds:
            sides = {side.casefold() for side in row.level.split(" vs ")}
            assert sides == {level.casefold() for level in claim.levels}


def test_no_outcome_stands_among_the_covariates():
    outcomes = {outcome for _, outcome, _ in OUTCOMES} | {"response"}
    used = {name for study in CLAIMS.values() for c in study for name in (c.column, *c.beside)}
    assert not used & outcomes


# --- Estimates and what is suppressed, on made-up patients ------------------------------------


def made_up(exposed: int, events_exposed: int, others: int, events: int) -> pd.DataFrame:
    rows = [("T4", "yes")] * events_exposed + [("T4", "no")] * (exposed - events_exposed)
    rows += [("T1/T2/T3", "yes")] * events + [("T1/T2/T3", "no")] * (others - events)
    return pd.DataFrame(rows, columns=["t_stage", "recurrence"])


def sample(*counts: int) -> Sample:
    claim = Claim(id="x", label="T4", column="t_stage", levels=("T4", "T1/T2/T3"))
    return Sample(made_up(*counts), claim, "recurrence")


def test_crude_odds_ratio_is_the_cross_product():
    (found, low, high), method = sample(40, 20, 100, 30).estimate()
    assert method == "logistic"
    error = math.sqrt(1 / 20 + 1 / 20 + 1 / 30 + 1 / 70)
    limits = [math.exp(math.log(7 / 3) + sign * 1.959964 * error) for sign in (-1, 1)]
    assert (found, low, high) == pytest.approx((7 / 3, *limits), rel=1e-6)


@pytest.mark.parametrize(
    ("counts", "penalised"), [((40, 8, 100, 30), False), ((40, 7, 100, 30), True)]
)
def test_firth_is_used_where_a_cell_has_seven_or_fewer(counts, penalised):
    (found, _, _), method = sample(*counts).estimate()
    assert (method == "logistic, Firth") is penalised
    a, c = counts[1] + penalised / 2, counts[3] + penalised / 2
    b, d = counts[0] - counts[1] + penalised / 2, counts[2] - counts[3] + penalised / 2
    assert found == pytest.approx(a * d / b / c, rel=1e-6)


@pytest.mark.parametrize(
    ("exposed", "others", "too_few"),
    [(7, 100, True), (8, 100, False), (100, 7, True), (100, 8, False)],
)
def test_level_of_seven_or_fewer_gets_no_estimate(exposed, others, too_few):
    assert sample(exposed, 4, others, 4).too_few is too_few


def cohort_with_few(rng) -> dict[str, pd.DataFrame]:
    """Return both cohorts, made up, with few patients in several levels."""
    n = 120
    age = rng.integers(20, 80, n)
    uci = pd.DataFrame(
        {
            "age": age,
            "gender": np.where(np.arange(n) < 5, "male", "female"),
            "t_stage": np.where(np.arange(n) < 12, "T4", "T1/T2/T3"),
            "n_stage": np.where(np.arange(n) < 40, "N1b", "N0-N1a"),
            "m1": np.where(np.arange(n) < 6, "yes", "no"),
            "metastasis": np.where(np.arange(n) < 50, "yes", "no"),
            "histology": np.where(np.arange(n) < 3, "OCA", "PTC"),
            "structural_incomplete": np.where(rng.random(n) < 0.3, "yes", "no"),
            "recurrence": np.where(rng.random(n) < 0.3, "yes", "no"),
            "repeated": np.arange(n) < 10,
        }
    )
    tcga = uci.drop(columns=["histology", "repeated"]).assign(
        ete=np.where(np.arange(n) < 30, "Positive", "Negative"),
        tumor_diameter=rng.integers(5, 70, n),
        positive_nodes=rng.integers(0, 9, n),
        incomplete_response=uci["recurrence"].where(np.arange(n) > 20),
        pfi=uci["structural_incomplete"],
        pfi_months=rng.integers(1, 60, n),
        follow_up=rng.integers(1, 60, n),
        rai_activity=100.0,
    )
    tcga.loc[:2, "tumor_diameter"] = np.nan
    return {"uci915": uci, "tcga-thca": tcga}


def small_numbers(table: pd.DataFrame) -> list[str]:
    """List whole numbers from 1 to 7 that stand for patients."""
    texts = table[["n", "events", "left_out"]].astype(str).to_numpy().ravel()
    return [text for text in texts if re.fullmatch("[1-7]", text)]


@pytest.mark.parametrize("study", CLAIMS)
def test_no_small_number_of_patients_leaves(study):
    table = real_patients(study, cohort_with_few(np.random.default_rng(3)))
    assert small_numbers(table) == []
    assert set(table["exposed_percent"].dropna() % 5) <= {0.0}
    few = table["claim"].isin(
        ["female sex", "oncocytic histology", "distant metastasis (M1) alone"]
    )
    assert table.loc[few, ["estimate", "low", "high", "power", "exposed_percent"]].isna().all(None)
    assert set(table.loc[few, "word"]) <= {CANNOT_TELL}
    assert not table.loc[~few & (table["claim"] != "T4"), "estimate"].isna().any()


@pytest.mark.parametrize("outcome", ["structural_incomplete", "recurrence"])
def test_crude_ratio_does_not_give_a_small_cell_back(outcome):
    """Firth's odds ratio of a 2×2 table is that with ½ added to each cell (Firth 1993)."""
    kept = load_claims("lakhdar2024")
    row = kept[(kept["claim"] == "oncocytic histology") & (kept["outcome"] == outcome)].iloc[0]
    fitting = set()
    for exposed in range(round(0.025 * row["n"]), round(0.075 * row["n"]) + 1):
        for a in range(exposed + 1):
            b, c = exposed - a, row["events"] - a
            d = row["n"] - exposed - c
            event = np.repeat(["yes", "no", "yes", "no"], [a, b, c, d])
            level = np.repeat(["yes", "no"], [exposed, row["n"] - exposed])
            if f"{(a + 0.5) * (d + 0.5) / (b + 0.5) / (c + 0.5):.1g}" == f"{row['estimate']:g}":
                frame = pd.DataFrame({"event": event, "level": level})
                found = firth_logistic(frame, "event", {"level": ("yes", "no")}).iloc[-1]
                if f"{found['low']:.1g}, {found['high']:.1g}" == f"{row['low']:g}, {row['high']:g}":
                    fitting.add(a)
    assert len(fitting) > 1


# --- What is kept -----------------------------------------------------------------------------


@pytest.mark.parametrize("study", CLAIMS)
def test_kept_claims_hold_no_small_number_and_follow_the_rule(study):
    kept = load_claims(study)
    assert small_numbers(kept) == []
    assert set(kept["exposed_percent"].dropna() % 5) <= {0.0}
    for row in kept.itertuples():
        printed = (row.printed, row.printed_low, row.printed_high)
        assert judge(printed, (row.low, row.high)) == row.word
        assert row.left_out in ("0", "7 or fewer") or int(row.left_out) > 7


def test_kept_characteristics_hold_no_small_number():
    kept = pd.read_csv(kept_file("results/public_cohorts.csv")).fillna("")
    kept = kept[~kept["characteristic"].str.contains("median")]
    counts = re.findall(r"\d+", " ".join(kept.iloc[:, 1:].to_numpy().ravel()))
    counts = [int(text) for text in counts if int(text) != 5]
    assert min(counts) > 7
    shares = " ".join(kept.iloc[:, 1:].to_numpy().ravel())
    assert {int(text) % 5 for text in re.findall(r"about (\d+) %", shares)} == {0}


@pytest.fixture(scope="module")
def cohorts():
    folder = Path(os.environ.get(FOLDER) or ROOT.parent / "shared" / "cohorts")
    files = [file for cohort in COHORTS.values() for file in cohort.files.values()]
    absent = [file.name for file in files if not (folder / file.name).is_file()]
    if absent:
        pytest.skip(f"{absent[0]} is not here: name its folder in {FOLDER}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDER, str(folder))
        yield {name: load_public(name) for name in COHORTS}


@pytest.mark.parametrize("study", CLAIMS)
def test_kept_claims_are_those_of_the_files(cohorts, study):
    kept, fresh = load_claims(study), real_patients(study, cohorts)
    for name in kept:
        if pd.api.types.is_float_dtype(kept[name]):
            # Three digits: a last one may round the other way on another machine.
            assert fresh[name].to_list() == pytest.approx(
                kept[name].to_list(), rel=0.01, nan_ok=True
            )
        else:
            assert fresh[name].tolist() == kept[name].tolist()


def test_kept_characteristics_are_those_of_the_files(cohorts):
    kept = kept_file("results/public_cohorts.csv").read_text(encoding="utf-8")
    assert as_file(characteristics(cohorts)) == kept


def estimates(study: str, **where: str) -> tuple[float, float, float]:
    kept = load_claims(study)
    for name, value in where.items():
        kept = kept[kept[name] == value]
    (row,) = kept[["estimate", "low", "high"]].to_numpy()
    return tuple(row)


def test_crude_ratio_agrees_with_scipy(cohorts):
    uci = study_columns(cohorts["uci915"])
    table = pd.crosstab(uci["n_stage"] == "N1b", uci["recurrence"] == "yes").to_numpy()
    found = estimates("tang2025", outcome="recurrence")[0]
    assert found == pytest.approx(odds_ratio(table, kind="sample").statistic, rel=5e-3)


@pytest.mark.parametrize(
    ("number", "column", "level"),
    [
        ("table5-15", "age_55", "≥55"),
        ("table5-04", "gender", "female"),
        ("table5-42", "tumor_size_4", ">4"),
    ],
)
def test_hazard_ratio_agrees_with_lifelines(cohorts, number, column, level):
    """lifelines handles ties by Efron's method, which moves little here."""
    tcga = study_columns(cohorts["tcga-thca"]).dropna(subset=[column])
    frame = pd.DataFrame(
        {
            "exposed": (tcga[column] == level).astype(float),
            "months": tcga["pfi_months"],
            "event": tcga["pfi"] == "yes",
        }
    )
    fitted = CoxPHFitter().fit(frame, "months", "event").summary.loc["exposed"]
    expected = fitted[["exp(coef)", "exp(coef) lower 95%", "exp(coef) upper 95%"]].to_list()
    assert estimates("wang2025", id=number) == pytest.approx(expected, rel=0.01)


# --- The chapters -----------------------------------------------------------------------------

# What the first lines of the chapters say in words.
SAID = [
    ("lakhdar2024", "age ≥54", "uci915", HOLDS),
    ("lakhdar2024", "metastasis, nodal or distant", "uci915", HOLDS),
    ("lakhdar2024", "oncocytic histology", "uci915", DOES_NOT_HOLD),
    ("lakhdar2024", "female sex", "uci915", DOES_NOT_HOLD),
    ("lakhdar2024", "age ≥54", "tcga-thca", DOES_NOT_HOLD),
    ("lakhdar2024", "diameter ≥29 mm", "tcga-thca", DOES_NOT_HOLD),
    ("lakhdar2024", "metastasis, nodal or distant", "tcga-thca", DOES_NOT_HOLD),
    ("wang2025", "age ≥55", "uci915", HOLDS),
    ("wang2025", "T4", "uci915", HOLDS),
    ("wang2025", "N1b", "uci915", DOES_NOT_HOLD),
    ("wang2025", "female sex", "uci915", DOES_NOT_HOLD),
    ("wang2025", "extrathyroidal extension", "tcga-thca", HOLDS),
    ("wang2025", "age ≥55, adjusted", "tcga-thca", CANNOT_TELL),
    ("wang2025", "size >4 cm", "tcga-thca", DOES_NOT_HOLD),
    ("tang2025", "each positive node", "tcga-thca", DOES_NOT_HOLD),
    ("tang2025", "lateral nodes (N1b)", "uci915", HOLDS),
]


@pytest.mark.parametrize(("study", "claim", "cohort", "word"), SAID)
def test_chapter_says_in_words_what_is_kept(study, claim, cohort, word):
    kept = load_claims(study)
    chosen = kept[(kept["claim"] == claim) & (kept["cohort"] == cohort)]
    assert set(chosen["word"]) == {word}


def test_age_and_t4_hold_for_progression_and_age_not_for_response():
    kept = load_claims("wang2025")
    chosen = kept[(kept["outcome"] == "pfi") & kept["claim"].isin(["age ≥55", "T4"])]
    assert chosen["word"].tolist() == [HOLDS, HOLDS]
    response = kept[(kept["outcome"] == "incomplete_response") & (kept["claim"] == "age ≥55")]
    assert response["word"].tolist() == [DOES_NOT_HOLD]


@pytest.mark.parametrize("study", CLAIMS)
def test_table_and_figure_of_a_chapter_have_every_line(study):
    kept = load_claims(study)
    table, rows, counts = claims_table(kept), forest_rows(kept), word_counts(kept)
    assert len(table) == len(kept) == counts["lines"]
    assert counts["holds"] + counts["cannot_tell"] + counts["does_not_hold"] == counts["lines"]
    assert (rows["source"] != "reported").sum() == kept["estimate"].notna().sum()
    printed = kept.dropna(subset=["printed"]).drop_duplicates(["id", "claim"])
    assert (rows["source"] == "reported").sum() == len(printed)
