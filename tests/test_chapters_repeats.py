"""Pages and figures on repeats: what is kept comes out again, and shares read as they should."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from rairlib.figures.repeats import draw_conclusions, draw_exaggeration
from rairlib.output import as_file
from rairlib.pages.repeats import concluded, held, load_repeats, of_100, table_of_100
from rairlib.studies import repeats as engine
from rairlib.studies.repeats import KEPT, KEPT_REPEATS, kept_repeats, kept_sizes, repeats_of
from rairlib.verdicts import publish

mpl.use("agg")

HELD = pd.DataFrame(
    {
        "text": ["Age predicts."] * 3 + ["A sentence of more than two and thirty letters."] * 3,
        "size": [0.5, 1.0, 10.0] * 2,
        "patients": [45, 90, 900] * 2,
        "share": [0.2, 0.61, 1.0, 0.0, 0.1, 0.3],
    }
)


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0, "0"),
        (0.004, "fewer than 1"),
        (0.61, "61"),
        (0.994, "more than 99"),
        (0.99, "99"),
        (1, "100"),
    ],
)
def test_share_as_so_many_of_100(share, words):
    assert of_100(share) == words


def texts_on(figure):
    return [text.get_text() for text in figure.findobj(mpl.text.Text) if text.get_text()]


def test_conclusions_are_drawn_where_they_hold_and_counted_at_the_own_size():
    shown = draw_conclusions(HELD, title="Repeats")
    assert "Age predicts. 61 (20 with 45 patients and 100 with 900 patients)." in shown.alt
    texts = texts_on(shown.figure)
    assert {"SIMULATED PATIENTS", "61", "10", "90 patients, as in the study"} <= set(texts)
    marks = {line.get_label(): line.get_xdata() for line in shown.figure.axes[0].lines}
    assert list(marks["90 patients, as in the study"]) == pytest.approx([61, 10])


def test_short_conclusions_stand_beside_their_row_and_real_patients_are_not_called_simulated():
    rows = HELD[HELD["text"] == "Age predicts."]
    shown = draw_conclusions(rows, simulated=False)
    (ax,) = shown.figure.axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Age predicts."]
    assert "SIMULATED PATIENTS" not in texts_on(shown.figure)


def test_sizes_of_several_studies_are_told_as_multiples():
    other = HELD.assign(patients=HELD["patients"] * 2, text=HELD["text"] + " Elsewhere.")
    texts = texts_on(draw_conclusions(pd.concat([HELD, other])).figure)
    assert {"as many patients as the study", "ten times as many"} <= set(texts)


def test_exaggeration_counts_what_is_significant_and_what_has_no_estimate():
    ratios = pd.Series([1.5, 2.5, 4.0, 5.0, np.nan])
    significant = pd.Series([False, False, True, True, False])
    words = {"label": "Odds ratio", "ticks": [0.5, 1, 2, 4, 8]}
    shown = draw_exaggeration(ratios, significant, true=2.0, **words)
    assert "The truth is 2; 2 repeats are significant" in shown.alt
    assert "the median of theirs is 4.5. 1 have no estimate." in shown.alt
    assert shown.data["all"].sum() == 4
    assert shown.data["not significant"].sum() == 2


# --- What is kept -----------------------------------------------------------------------------


KEPT_STUDIES = tuple(dict.fromkeys(load_repeats()["study"]))


def test_kept_repeats_are_complete():
    kept = load_repeats()
    assert list(kept.columns) == KEPT
    assert set(kept["repeats"]) == {KEPT_REPEATS}
    assert not kept.duplicated(["study", "truth", "size", "kind", "id"]).any()


@pytest.mark.parametrize("study", KEPT_STUDIES)
def test_each_study_is_kept_under_each_truth_at_each_size(study):
    repeats, kept = repeats_of(study), load_repeats(study)
    for truth in repeats.truths:
        for size in kept_sizes(repeats):
            own = kept[(kept["truth"] == truth) & np.isclose(kept["size"], size, rtol=1e-5)]
            names = own.loc[own["kind"] == "conclusion", "id"].tolist()
            assert names == [conclusion.id for conclusion in repeats.conclusions]
            assert set(own["patients"]) == {int(repeats.patients * size + 0.5)}


@pytest.mark.parametrize("study", ["lakhdar2024", "tang2025"])
def test_kept_repeats_come_out_again(study, monkeypatch):
    monkeypatch.setattr(engine, "SIZES", (0.5,))
    fresh = kept_repeats(study, KEPT_REPEATS)
    fresh = fresh[fresh["truth"] == "null"]
    kept = load_repeats(study)
    kept = kept[(kept["truth"] == "null") & (kept["size"] == 0.5)]
    assert as_file(fresh) == as_file(kept)


def test_repeats_of_studies_without_their_records_stay_as_they_are(tmp_path, monkeypatch):
    kept = load_repeats()
    (tmp_path / publish.REPEATS).write_text(as_file(kept), encoding="utf-8")
    monkeypatch.setattr(publish, "results_folder", lambda: tmp_path)
    monkeypatch.setattr(publish, "_write", lambda path, text: path.write_text(text, "utf-8"))
    monkeypatch.setattr(publish, "own_studies", lambda: ["lakhdar2024"])
    monkeypatch.setattr(
        publish, "kept_repeats", lambda key, workers: kept[kept["study"] == key].tail(1)
    )
    publish.write_repeats()
    written = (tmp_path / publish.REPEATS).read_text(encoding="utf-8").splitlines()
    others = as_file(kept[kept["study"] != "lakhdar2024"]).splitlines()
    assert sorted(written[1:]) == sorted(
        others[1:] + as_file(kept[kept["study"] == "lakhdar2024"].tail(1)).splitlines()[1:]
    )


# --- What the pages say of it -----------------------------------------------------------------


def own_shares(study, truth="model"):
    return held(study, truth).query("size == 1").set_index("id")["share"]


def test_what_was_searched_travels_least():
    rabat, hunan = own_shares("lakhdar2024"), own_shares("tang2025")
    assert rabat[["age_cutoff", "diameter_cutoff"]].max() < rabat[["age", "diameter"]].min()
    assert hunan[["exactly_two", "validation_split"]].max() < hunan[["nodes", "tg"]].min()


def test_false_predictors_come_with_the_search():
    shares = own_shares("lakhdar2024", "null")
    assert shares["independent_by_search"] > 1.4 * shares["independent_as_printed"]


def test_more_patients_do_not_make_the_list_of_variables_firmer():
    for study, name in (("lakhdar2024", "only_three"), ("tang2025", "exactly_two")):
        shares = held(study, "model", [name]).set_index("size")["share"]
        assert shares[10] < shares[2]


def test_wrong_signs_are_rare_where_effects_are_strong():
    rows = load_repeats(kind="quantity").query("truth == 'model'")
    rows = rows[rows["study"].isin(["lakhdar2024", "tang2025"])]
    assert rows["type_s"].max() < 0.01


def test_summary_shows_the_papers_numbered_conclusions_and_the_real_cohorts():
    papers, real = concluded("model"), concluded("cohort")
    assert {"lakhdar2024", "tang2025"} <= set(papers["study"])
    assert (papers["number"] != "").all()
    assert "uci915" in set(real["study"])
    table = table_of_100(held("uci915", "cohort"))
    assert list(table.columns) == [90, 177, 383]
