"""Repeats of Rabat, Hunan and UCI 915: the procedure is the paper's, and truths are found again."""

import numpy as np
import pandas as pd
import pytest

from rairlib.cohorts.public import COHORTS, FOLDER, load_public
from rairlib.cohorts.suppression import THRESHOLD
from rairlib.errors import RairlibError
from rairlib.registry.registry import load_registry
from rairlib.stats.logistic import logistic
from rairlib.stats.roc import auc, auc_estimate, optimal_cutoffs
from rairlib.stats.selection import forward_variables, screening_p_value
from rairlib.studies.lakhdar2024 import analysis as rabat_analysis
from rairlib.studies.lakhdar2024 import repeats as rabat
from rairlib.studies.repeats import conclusions_held, repeated, repeats_of, summarised
from rairlib.studies.tang2025 import analysis as hunan_analysis
from rairlib.studies.tang2025 import repeats as hunan
from rairlib.studies.uci915 import repeats as uci

STUDIES = ("lakhdar2024", "tang2025", "uci915")
Z_95 = 1.959963984540054


@pytest.fixture
def made_up_uci(monkeypatch):
    """Stand in for the real patients, whose records do not come with the project."""
    rng, n = np.random.default_rng(915), 383
    columns = {name: (rng.random(n) < 0.25).astype(float) for name in uci.LEVELS}
    columns["age"] = rng.integers(18, 90, n).astype(float)
    columns["age_55"] = (columns["age"] >= uci.AGE_CUTOFF).astype(float)
    log_odds = -2.2 + 1.2 * columns["age_55"] + 2 * columns["metastasis"] + 0.8 * columns["male"]
    columns[uci.OUTCOME] = (rng.random(n) < 1 / (1 + np.exp(-log_odds))).astype(float)
    monkeypatch.setattr(uci, "whole_cohort", lambda: columns)
    uci.true_values.cache_clear()
    yield columns
    uci.true_values.cache_clear()


def drawn(repeats, truth, size=1.0, number=12, seed=5):
    patients = round(repeats.patients * size)
    data = repeats.draw(np.random.default_rng(seed), number, patients, truth)
    found = repeats.analyse(data)
    for one in range(number):
        yield (
            {name: values[one] for name, values in data.items()},
            {name: values[one] for name, values in found.items()},
        )


def close(value, expected):
    assert value == pytest.approx(expected, rel=1e-7, abs=1e-9, nan_ok=True)


# --- Rabat ------------------------------------------------------------------------------------


def rabat_frame(patients):
    """Return one drawn cohort as the analysis takes it."""
    yes_no = {
        name: np.where(patients[name] == 1, "yes", "no")
        for name in ("rair", "metastasis", "ete", "multifocality")
    }
    histology = np.select([patients["oncocytic"] == 1, patients["ftc"] == 1], ["OCA", "FTC"], "PTC")
    risk = np.where(patients["high_risk_ptc"] == 1, "yes", "no")
    return pd.DataFrame(
        yes_no
        | {
            "patient": [f"P-{k}" for k in range(len(histology))],
            "gender": np.where(patients["gender"] == 1, "female", "male"),
            "age": patients["age"].astype(int),
            "tumor_diameter": patients["tumor_diameter"].astype(int),
            "histology": histology,
            "high_risk_ptc": np.where(histology == "PTC", risk, None),
        }
    )


# Half the size and the null are awkward: separation, and levels that nobody has.
RABAT_DRAWS = [("model", 1), ("model", 0.3), ("null", 0.5), ("gradual", 1), ("planted", 2)]


@pytest.mark.parametrize(("truth", "size"), RABAT_DRAWS)
def test_rabat_tests_and_cutoffs_are_those_of_the_analysis(truth, size):
    for patients, found in drawn(rabat.REPEATS, truth, size):
        frame = rabat_frame(patients)
        rows = rabat_analysis.table_1(frame)
        p_values = rows[rows["statistic"] == "p_value"].set_index(["variable", "level", "method"])
        for name in ("gender", "metastasis", "ete", "multifocality", "high_risk_ptc", "age_54"):
            expected = p_values["value"].get((name, "", "fisher"), np.nan)
            assert_same_p(found[f"{name} p_value"], expected)
        for name, level in (("ptc", "PTC"), ("ftc", "FTC"), ("oncocytic", "OCA")):
            assert_same_p(found[f"{name} p_value"], p_values["value"]["histology", level, "fisher"])
        for source in rabat.FOUND:
            close(found[f"{source} p_value"], p_values["value"][source, "", "student"])
            event = frame["rair"] == "yes"
            close(found[f"{source} auc"], auc(event, frame[source]))
            close(found[f"{source} cutoff"], optimal_cutoffs(event, frame[source])["cutoff"][0])


def assert_same_p(value, expected):
    """Where a level is empty there is no table: no test, or a p of 1."""
    if np.isnan(value) or np.isnan(expected):
        assert np.isnan(expected) or expected == pytest.approx(1)
        assert np.isnan(value) or value == pytest.approx(1)
    else:
        close(value, expected)


@pytest.mark.parametrize(("truth", "size"), RABAT_DRAWS)
def test_rabat_printed_model_is_table_2(truth, size):
    for patients, found in drawn(rabat.REPEATS, truth, size):
        try:
            estimates = rabat_analysis.table_2(rabat_frame(patients))
        except RairlibError:
            estimates = None
        for place, name in enumerate(rabat.PREDICTORS):
            coefficient, error = (
                found[f"{name} {kind}"] for kind in ("coefficient", "standard_error")
            )
            if estimates is None:
                assert np.isnan([coefficient, error]).all()
                continue
            row = estimates.iloc[place]
            close(np.exp(coefficient), row["estimate"])
            close(np.exp(coefficient + Z_95 * error), row["high"])


@pytest.mark.parametrize(("truth", "size"), RABAT_DRAWS)
def test_rabat_found_model_holds_what_is_significant_at_the_found_cutoffs(truth, size):
    for patients, found in drawn(rabat.REPEATS, truth, size):
        frame = rabat_frame(patients)
        columns = {name: frame[column] == level for name, (column, level) in rabat.LEVELS.items()}
        for source, name in rabat.FOUND.items():
            columns[name] = frame[source] >= found[f"{source} cutoff"]
        own = pd.DataFrame(columns).astype(int).assign(rair=frame["rair"])
        significant = [name for name in columns if found[f"{name} p_value"] < 0.05]
        assert found["search significant"] == len(significant)
        cells = {name: pd.crosstab(own[name], own["rair"]) for name in significant}
        chosen = [n for n in significant if cells[n].size == 4 and cells[n].min().min() > 0]
        if {"ftc", "oncocytic"} <= set(chosen):
            chosen = [name for name in chosen if name != "ptc"]
        for name, to in rabat.CHOSEN.items():
            assert found[f"{to} selected"] == (name in chosen)
        assert_estimates(own, chosen, found)


def assert_estimates(own, chosen, found):
    values = {}
    try:
        estimates = logistic(own, "rair", dict.fromkeys(chosen)) if chosen else None
    except RairlibError:
        estimates = None
    if estimates is not None:
        own_rows = estimates[estimates["statistic"] == "coefficient"]
        values = own_rows.set_index("term").to_dict("index")
    for name, to in rabat.CHOSEN.items():
        close(found[f"{to} coefficient"], values.get(name, {}).get("estimate", np.nan))
    assert found["search independent"] == sum(row["p_value"] < 0.05 for row in values.values())


def test_rabat_truth_is_the_printed_model():
    odds_ratios = np.exp(rabat.true_coefficients("model"))
    registry = load_registry("lakhdar2024")
    for name in rabat.PREDICTORS:
        (row,) = registry.where("odds_ratio", variable=name)
        assert row.number.agrees(odds_ratios[name])


@pytest.mark.parametrize("truth", rabat.REPEATS.truths)
def test_rabat_truths_have_the_same_share_of_refractory_disease(truth):
    coefficients, cohort = rabat.true_coefficients(truth), rabat.kept_columns()
    log_odds = sum(b * cohort.get(name, 1) for name, b in coefficients.items())
    close((1 / (1 + np.exp(-log_odds))).mean(), 32 / 90)


# --- Hunan ------------------------------------------------------------------------------------


def hunan_frame(patients):
    """Return one drawn cohort as the development takes it."""
    found = {name: patients[name] for name in hunan_analysis.CANDIDATES}
    for name, levels in hunan_analysis.LEVELS.items():
        found[name] = np.where(patients[name] == 1, *levels)
    found["failure"] = np.where(patients["failure"] == 1, "yes", "no")
    found["cohort"] = np.where(patients["training"] == 1, "training", "validation")
    return hunan_analysis.derived(pd.DataFrame(found))


HUNAN_DRAWS = [("model", 1), ("model", 0.25), ("null", 0.5), ("planted", 2)]


@pytest.mark.parametrize(("truth", "size"), HUNAN_DRAWS)
def test_hunan_development_is_that_of_the_analysis(truth, size):
    for patients, found in drawn(hunan.REPEATS, truth, size):
        training = hunan_analysis.one_set(hunan_frame(patients), "training")
        screened = [name for name in hunan_analysis.CANDIDATES if found[f"{name} p_value"] < 0.05]
        assert tuple(screened) == hunan_analysis.screened(training)
        developed = developed_on(training)
        selected = {name: found[f"{name} selected"] for name in hunan_analysis.CANDIDATES}
        if developed is None:
            assert np.isnan(list(selected.values())).all()
        else:
            assert tuple(name for name in selected if selected[name]) == developed.variables


def developed_on(training):
    try:
        return hunan_analysis.develop(training)
    except RairlibError:
        return None


def log_odds(frame, developed):
    """Return log odds that do not round to certainty, as risks do."""
    coding = {name: hunan_analysis.CODING[name] for name in developed.variables}
    training = hunan_analysis.one_set(frame, "training")
    estimates = logistic(training, "failure", coding)
    chosen = estimates[estimates["statistic"].isin(["intercept", "coefficient"])]
    return hunan_analysis.linear_predictor(frame, chosen.set_index("term")["estimate"])


@pytest.mark.parametrize(("truth", "size"), HUNAN_DRAWS)
def test_hunan_performance_is_that_of_the_analysis(truth, size):
    for patients, found in drawn(hunan.REPEATS, truth, size):
        frame = hunan_frame(patients)
        developed = developed_on(hunan_analysis.one_set(frame, "training"))
        if developed is None or not developed.variables:
            assert np.isnan(found["training auc"])
            continue
        data = frame.assign(failed=frame["failure"] == "yes", logit_p=log_odds(frame, developed))
        cutoff = hunan_analysis.youden_point(data)["cutoff"].iloc[0]
        assert found["threshold cutoff"] == pytest.approx(cutoff, rel=1e-5)
        for name in hunan_analysis.SETS:
            part = hunan_analysis.one_set(data, name)
            area = auc_estimate(part["failed"], part["logit_p"]).iloc[0]
            ends = [found[f"{name} {end}"] for end in ("auc", "low", "high")]
            close(ends, area[["estimate", "low", "high"]].tolist())
            rates = hunan_analysis.classified(part, cutoff - 1e-9)
            close(100 * found[f"{name} sensitivity"], rates["sensitivity"])
            close(100 * found[f"{name} specificity"], rates["specificity"])
        men = data[data["gender"] == "male"]
        close(found["men_split auc"], auc(men["failed"], men["logit_p"] >= cutoff - 1e-9))


def test_hunan_printed_model_and_truth_are_the_paper_s_equation():
    registry = load_registry("tang2025")
    coefficients = hunan.true_coefficients("model")
    (intercept,) = registry.where("intercept")
    assert intercept.number.agrees(coefficients["intercept"])
    for name in hunan.PREDICTORS:
        (row,) = registry.where("coefficient", variable=name)
        assert row.number.agrees(coefficients[name])


def test_hunan_sets_keep_their_shares():
    data = hunan.draw(np.random.default_rng(1), 3, 91, "model")
    assert (data["training"].sum(axis=1) == round(91 * 122 / 182)).all()
    assert set(data["training"][:, -30:].ravel()) == {0}


# --- UCI 915 ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("truth", "size"), [("cohort", 1), ("cohort", 0.1), ("null", 0.25)])
def test_uci_selection_is_that_of_the_frame_functions(made_up_uci, truth, size):
    for patients, found in drawn(uci.REPEATS, truth, size):
        event = patients[uci.OUTCOME]
        close(found["age cutoff"], optimal_cutoffs(event, patients["age"])["cutoff"][0])
        columns = {name: patients[name] for name in uci.LEVELS}
        columns["found_age"] = (patients["age"] >= found["age cutoff"]).astype(float)
        screened = [name for name in uci.CANDIDATES if found[f"{name} p_value"] < 0.05]
        chosen = selected_of(event, {name: columns[name] for name in screened})
        selected = {name: found[f"{name} selected"] for name in uci.CANDIDATES}
        if chosen is None:
            assert np.isnan(list(selected.values())).all()
        else:
            assert set(chosen) == {name for name in selected if selected[name] == 1}
        close(found["age p_value"], screening_p_value(event, patients["age"][:, None], "student"))


def selected_of(event, columns):
    try:
        return forward_variables(event, {name: v[:, np.newaxis] for name, v in columns.items()})
    except RairlibError:
        return None


def test_uci_truth_is_the_whole_cohort(made_up_uci):
    frame = pd.DataFrame(made_up_uci)
    estimates = logistic(frame, uci.OUTCOME, dict.fromkeys(uci.PREDICTORS))
    estimates = estimates[estimates["statistic"] == "coefficient"].set_index("term")["estimate"]
    for name in uci.PREDICTORS:
        found = uci.true_values("cohort")[f"fixed_{name} coefficient"]
        assert found == pytest.approx(estimates[name], rel=5e-3)


@pytest.mark.skipif(
    not all(file.path for file in COHORTS["uci915"].files.values()),
    reason=f"the folder named by {FOLDER} has no file of UCI 915",
)
def test_uci_has_no_level_with_few_patients():
    load_public("uci915")
    columns = uci.whole_cohort()
    for name in (*uci.LEVELS, "age_55"):
        cells = pd.crosstab(columns[name], columns[uci.OUTCOME])
        assert cells.min().min() > THRESHOLD


# --- All three --------------------------------------------------------------------------------


@pytest.mark.parametrize("key", STUDIES)
def test_conclusions_name_printed_numbers_and_are_sentences(key):
    known = {row.id for row in load_registry(key)}
    conclusions = repeats_of(key).conclusions
    assert len({conclusion.id for conclusion in conclusions}) == len(conclusions)
    for conclusion in conclusions:
        assert conclusion.number in known | {""}
        assert conclusion.text[0].isupper()
        assert conclusion.text.endswith(".")


@pytest.mark.parametrize("key", STUDIES)
def test_true_values_are_of_quantities_that_are_estimated(key, made_up_uci):
    repeats = repeats_of(key)
    for truth in repeats.truths:
        table = repeated(key, 2, truth=truth)
        assert set(repeats.true_values(truth)) <= set(table.columns)


@pytest.mark.parametrize("key", STUDIES)
def test_same_seed_same_repeats(key, made_up_uci):
    first, again = (repeated(key, 30, size=0.5, seed=4) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    other = repeated(key, 30, size=0.5, seed=5)
    assert not first.drop(columns="repeat").equals(other.drop(columns="repeat"))


RECOVERED = {
    "lakhdar2024": rabat.PREDICTORS,
    "tang2025": tuple(f"fixed_{name}" for name in hunan.PREDICTORS),
}


@pytest.mark.parametrize("key", RECOVERED)
def test_planted_effects_are_found_again_at_ten_times_the_size(key):
    repeats, number = repeats_of(key), 1000
    table = repeated(key, number, size=10, truth="planted")
    rows = summarised(repeats, table, "planted").set_index("quantity")
    for name in RECOVERED[key]:
        row, estimates = rows.loc[f"{name} coefficient"], table[f"{name} coefficient"]
        assert row["without_estimate"] == 0
        # The bias of maximum likelihood is of the order of 1/n: here about a hundredth.
        margin = 4 * estimates.std() / np.sqrt(number) + 0.015 * row["true"]
        assert abs(row["mean"] - row["true"]) < margin
        assert abs(row["share_covering"] - 0.95) < 4 * np.sqrt(0.95 * 0.05 / number)


@pytest.mark.parametrize(("key", "test"), [("lakhdar2024", "age"), ("tang2025", "tg_before")])
def test_one_test_fixed_beforehand_errs_in_one_of_twenty(key, test):
    number = 4000
    table = repeated(key, number, truth="null")
    share = (table[f"{test} p_value"] < 0.05).mean()
    assert abs(share - 0.05) < 4 * np.sqrt(0.05 * 0.95 / number)


def test_search_for_a_cutoff_adds_false_positives():
    table = repeated("lakhdar2024", 2000, truth="null")
    held = conclusions_held(rabat.REPEATS, table).set_index("id")["share"]
    assert held["significant_by_search"] > held["significant_as_printed"] + 0.1
    assert held["independent_by_search"] > held["independent_as_printed"] + 0.1
