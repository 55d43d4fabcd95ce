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


def estimates(prefix, fit, *arguments):
    """Return coefficients and p by quantity; nothing where the function on frames refuses."""
    try:
        table = fit(*arguments)
    except RairlibError:
        return {}
    rows = table[table["statistic"] == "coefficient"]
    names = prefix + rows["term"].str.split(":").str[0]
    found = dict(zip(names + " coefficient", rows["estimate"], strict=True))
    return found | dict(zip(names + " p", rows["p_value"], strict=True))


def one_by_one(data, outcome, contrasts, limit, **options):
    """Return p of Cox models of one variable, and the contrasts of those that pass."""
    found, passed = {}, {}
    for name, contrast in contrasts.items():
        fit = estimates("", cox, data, *outcome, {name: contrast}, *options.values())
        found[name] = fit.get(f"{name} p", np.nan)
        passed |= {name: contrast} if found[name] < limit else {}
    return found, passed


def refractory_by_frames(frame):
    data = in_words(frame)
    outcome, found = data["rair"].map({1: "RAIR", 0: "RAIA"}), {}
    for name, levels in CONTRASTS.items():
        table = crosstab(data[name], outcome, list(levels), ["RAIR", "RAIA"])
        found[f"rair_{name} p_value"] = pearson(table).p_value
    passed = {
        name: contrast
        for name, contrast in CONTRASTS.items()
        if found[f"rair_{name} p_value"] < wang2025.SCREENING_P
    }
    found |= estimates("rair_", logistic, data, "rair", wang2025.FIVE_CONTRASTS)
    try:
        selected = backward_lr(data, "rair", passed).selected if passed else ()
    except RairlibError:  # a model on the way has no finite estimates
        return found | dict.fromkeys([f"rair_last_{name} selected" for name in CONTRASTS], np.nan)
    found |= {f"rair_last_{name} selected": float(name in selected) for name in CONTRASTS}
    last = {name: CONTRASTS[name] for name in selected}
    return found | (estimates("rair_last_", logistic, data, "rair", last) if last else {})


def progression_by_frames(frame):
    data, outcome = frame[frame["progressed"].notna()], ("pfs", "progressed")
    best = optimal_cutoffs(data["progressed"], data["ps_tg"]).iloc[0]
    found = {f"ps_tg {name}": best[name] for name in ("cutoff", "sensitivity", "specificity")}
    found_level = (data["ps_tg"] >= best["cutoff"]).map({False: "<528.5", True: "≥528.5"})
    data = in_words(data).assign(ps_tg=found_level)
    contrasts = PROGRESSION_CONTRASTS | {"ps_tg": PROGRESSION_CONTRASTS["ps_tg_528"]}
    p_values, passed = one_by_one(data, outcome, contrasts, wang2025.SCREENING_P)
    found |= {f"pd_{name} p_value": p for name, p in p_values.items()}
    for prefix, other in (("pd_screened_", "ps_tg_528"), ("pd_printed_", "ps_tg")):
        used = {name: contrast for name, contrast in passed.items() if name != other}
        found |= estimates(prefix, cox, data, *outcome, used) if used else {}
    found |= estimates("pd_", cox, data, *outcome, wang2025.TABLE_5_MODEL)
    rates = survival_at(data["pfs"], data["progressed"], RATES)
    names = [f"pfs_{months}" for months in RATES]
    found |= dict(zip([f"{name} survival" for name in names], rates["percent"] / 100, strict=True))
    found |= dict(zip([f"{name} standard_error" for name in names], rates["se"] / 100, strict=True))
    test = log_rank(data["pfs"], data["progressed"], data["rai_avid_status"])
    return found | {"rai_avid_status p_value": test.p_value}


def gbsg2_by_frames(frame):
    outcome = gbsg2.OUTCOME
    contrasts = dict.fromkeys(gbsg2.NAMES)
    p_values, passed = one_by_one(frame, outcome, contrasts, gbsg2.SCREENING_P, ties="efron")
    found = {f"{name} p_value": p for name, p in p_values.items()}
    found |= estimates("screened_", cox, frame, *outcome, passed, "efron") if passed else {}
    found |= estimates("", cox, frame, *outcome, contrasts, "efron")
    return found | searched(frame, outcome, "pnodes", gbsg2.NODES, gbsg2.DAYS)


def lung_by_frames(frame):
    outcome, known = lung.OUTCOME, frame.dropna()
    contrasts = dict.fromkeys(lung.NAMES)
    p_values, passed = one_by_one(known, outcome, contrasts, lung.SCREENING_P, ties="efron")
    found = {f"{name} p_value": p for name, p in p_values.items()}
    found |= estimates("screened_", cox, known, *outcome, passed, "efron") if passed else {}
    for prefix, names in lung.PUBLISHED.items():
        known = frame.dropna(subset=list(names))
        found |= estimates(prefix, cox, known, *outcome, dict.fromkeys(names), "efron")
    test = log_rank(frame["time"], frame["death"], frame["sex"])
    found["sex_curves p_value"] = test.p_value
    return found | searched(frame, outcome, "age", lung.AGE, lung.DAYS)


def searched(frame, outcome, name, usual, days):
    time, event = (frame[column] for column in outcome)
    cutoff = optimal_cutoffs(event, frame[name])["cutoff"].iloc[0]
    rates = survival_at(time, event, days)["percent"] / 100
    found = {f"{name} cutoff": cutoff}
    for ending, value in (("found", cutoff), (usual, usual)):
        found[f"{name}_{ending} p_value"] = log_rank(time, event, frame[name] >= value).p_value
    return found | {f"day_{day} survival": rate for day, rate in zip(days, rates, strict=True)}


# --- The tests --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("study", "by_frames", "draws"),
    [
        (
            "wang2025",
            refractory_by_frames,
            [("model", 177, 12), ("null", 40, 8), ("planted", 88, 8)],
        ),
        (
            "wang2025",
            progression_by_frames,
            [("model", 177, 8), ("null", 40, 6), ("planted", 88, 6)],
        ),
        ("gbsg2", gbsg2_by_frames, [("cohort", 177, 6), ("null", 30, 6)]),
        ("lung", lung_by_frames, [("cohort", 228, 6), ("null", 30, 6)]),
    ],
)
def test_the_procedure_on_arrays_is_that_on_frames(study, by_frames, draws):
    repeats, compared, absent = STUDIES[study].REPEATS, 0, 0
    for seed, (truth, patients, cohorts) in enumerate(draws):
        drawn = repeats.draw(np.random.default_rng(seed), cohorts, patients, truth)
        found = repeats.analyse(drawn)
        assert all(len(values) == cohorts for values in found.values())
        for place, frame in enumerate(frames(drawn)):
            expected = by_frames(frame)
            for name, values in found.items():
                own = values[place]
                if name in expected:
                    assert own == pytest.approx(expected[name], rel=1e-6, abs=1e-9, nan_ok=True)
                    compared += 1
                elif name.endswith(" coefficient") and name.startswith(OWN[by_frames]):
                    assert np.isnan(own), name
                    absent += 1
    assert compared > 200
    assert absent > 0


OWN = {
    refractory_by_frames: "rair_",
    progression_by_frames: "pd_",
    gbsg2_by_frames: "",
    lung_by_frames: "",
}


def test_on_the_kept_cohort_the_procedure_concludes_as_the_paper():
    evaluable = wang2025.kept()["evaluable"] == 1
    outcome = wang2025.kept_outcome()
    cohort = wang2025.kept() | outcome | {"pfs": np.where(evaluable, outcome["pfs"], 0.0)}
    cohort["progressed"] = np.where(evaluable, outcome["progressed"], np.nan)
    found = wang2025.analyse({name: values[np.newaxis] for name, values in cohort.items()})
    passed = [x for x in CONTRASTS if found[f"rair_{x} p_value"][0] < wang2025.SCREENING_P]
    assert set(passed) == set(wang2025.FIVE)
    chosen = [name for name in PROGRESSION_CONTRASTS if found[f"pd_printed_{name} selected"][0]]
    assert set(chosen) == set(wang2025.NINE)
    assert found["ps_tg cutoff"][0] == wang2025.PS_TG_CUTOFF
    assert all(conclusion.holds(found)[0] for conclusion in wang2025.CONCLUSIONS)


def test_studies_have_as_many_patients_as_their_cohorts():
    assert wang2025.REPEATS.patients == len(load_witness("wang2025"))
    assert gbsg2.REPEATS.patients == len(gbsg2.records()["time"])
    assert lung.REPEATS.patients == len(lung.records())


NUMBER = {"wang2025": 200, "gbsg2": 40, "lung": 100}


@cache
def at_ten_times(study, truth):
    return repeated(study, NUMBER[study], size=10, truth=truth, seed=2)


@pytest.mark.parametrize(
    ("study", "truth", "prefixes"),
    [
        ("wang2025", "planted", ("rair_", "pd_", "pfs_")),
        ("gbsg2", "cohort", (*gbsg2.NAMES, "day_")),
        ("lung", "cohort", ("web_", "vignette_", "day_")),
    ],
)
def test_at_ten_times_the_size_the_truth_is_recovered(study, truth, prefixes):
    table, checked = at_ten_times(study, truth), 0
    for name, true in STUDIES[study].REPEATS.true_values(truth).items():
        chosen = name.startswith(("rair_last_", "pd_screened_", "pd_printed_", "screened_"))
        if name.startswith(prefixes) and not chosen and "cutoff" not in name:
            error = table[name].std() / np.sqrt(len(table))
            assert abs(table[name].mean() - true) < 4 * error, name
            checked += 1
    assert checked >= 9


def test_intervals_of_a_model_without_choices_cover_the_planted_truth():
    summary = summarised(wang2025.REPEATS, at_ten_times("wang2025", "planted"), "planted")
    summary = summary.set_index("quantity")
    models = {"rair_": wang2025.FIVE, "pd_": wang2025.NINE}
    names = [f"{prefix}{name} coefficient" for prefix, own in models.items() for name in own]
    covering = summary.loc[names, "share_covering"]
    assert covering.between(0.90, 0.99).all()
    assert covering.mean() == pytest.approx(0.95, abs=0.015)
    assert (summary.loc[names, "without_estimate"] == 0).all()


@cache
def without_effects(study):
    return repeated(study, 2000, truth="null", seed=3, size=1 if study == "wang2025" else 0.5)


@pytest.mark.parametrize(
    ("study", "prespecified", "found"),
    [
        ("wang2025", ["rair_age_55", "pd_gender", "pd_ps_tg_528"], "pd_ps_tg"),
        ("gbsg2", ["horTh", "pnodes_4"], "pnodes_found"),
        ("lung", ["sex_curves", "age_65"], "age_found"),
    ],
)
def test_without_effects_one_test_errs_in_five_of_100_and_a_searched_cutoff_more(
    study, prespecified, found
):
    table = without_effects(study)
    for name in prespecified:  # 3.3 standard errors of so many repeats
        assert (table[f"{name} p_value"] < 0.05).mean() == pytest.approx(0.05, abs=0.016), name
    assert (table[f"{found} p_value"] < 0.05).mean() > 0.08


def test_a_gradual_truth_has_a_cutoff_in_every_repeat_and_none_is_the_right_one():
    table = repeated("wang2025", 300, truth="gradual", seed=4)
    assert table["ps_tg cutoff"].notna().all()
    assert "ps_tg cutoff" not in wang2025.true_values("gradual")


@pytest.mark.parametrize("study", STUDIES)
def test_the_same_block_is_drawn_and_analysed_alike(study):
    repeats = STUDIES[study].REPEATS
    for truth in repeats.truths:
        first, again = (block(repeats, 3, 60, truth, 1, 7) for _ in range(2))
        pd.testing.assert_frame_equal(first, again)
        other = block(repeats, 3, 60, truth, 2, 7)
        assert not first.equals(other)


@pytest.mark.parametrize("study", STUDIES)
def test_each_conclusion_holds_more_often_in_larger_studies_than_without_effects(study):
    repeats = STUDIES[study].REPEATS
    large = conclusions_held(repeats, at_ten_times(study, repeats.truths[0])).set_index("id")
    chance = conclusions_held(repeats, without_effects(study)).set_index("id")
    of_the_null = large.index.str.contains("any")
    assert (large["share"] > chance["share"])[large["number"] != ""].all()
    assert (chance["share"] < 0.3)[~of_the_null].all()
    assert chance["share"][of_the_null].between(0.05, 0.6).all()


@pytest.mark.parametrize("study", STUDIES)
def test_every_true_value_belongs_to_a_quantity(study):
    repeats = STUDIES[study].REPEATS
    for truth in repeats.truths:
        assert set(repeats.true_values(truth)) <= set(block(repeats, 1, 60, truth, 1, 0))
