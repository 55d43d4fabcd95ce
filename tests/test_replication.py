import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from rairlib.cli import main
from rairlib.errors import RairlibError
from rairlib.pages.report import answer, report
from rairlib.registry.studies import load_witness
from rairlib.stats.imputation import imputed
from rairlib.studies import part_of
from rairlib.studies.steps import Step, results
from rairlib.verdicts.replication import compare_estimates, replicate

STUDIES = ("wang2025", "tang2025", "lakhdar2024")


def estimates(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["statistic", "estimate", "low", "high"])


# --- Two estimates ----------------------------------------------------------------------------


def test_published_example_of_altman_and_bland():
    """BMJ 2003;326:219: fractures under hormone replacement, women of 60 or more against under 60.

    Relative risks 0.67 (0.46 to 0.98) and 0.88 (0.71 to 1.08). They print a difference of -0.2726,
    its standard error 0.2206, z = -1.24, P = 0.2, and the ratio 0.76 with limits 0.49 and 1.17.
    """
    older, younger = (
        estimates(("hazard_ratio", *values)) for values in ((0.88, 0.71, 1.08), (0.67, 0.46, 0.98))
    )
    found = compare_estimates(older, younger).iloc[0]
    assert found["difference"] == pytest.approx(-0.2726, abs=5e-5)
    assert (found["high"] - found["low"]) / (2 * 1.96) == pytest.approx(0.2206, abs=5e-5)
    assert found["z"] == pytest.approx(-1.24, abs=5e-3)
    assert found["p_value"] == pytest.approx(0.2165, abs=5e-4)  # printed 0.2
    assert np.exp([found["low"], found["high"]]) == pytest.approx([0.49, 1.17], abs=5e-3)
    assert found[["same_direction", "overlap"]].all()


def test_areas_are_compared_as_they_are():
    # By hand: half widths 0.098 are standard errors of 0.05; their root sum of squares is 0.0707.
    first, second = (estimates(("auc", a, a - 0.098, a + 0.098)) for a in (0.7, 0.9))
    found = compare_estimates(first, second).iloc[0]
    assert found["scale"] == "raw"
    assert found["z"] == pytest.approx(0.2 / (0.05 * 2**0.5), rel=1e-4)
    assert not found["overlap"]  # 0.798 lies below 0.802


def test_opposite_sides_and_distant_intervals_are_told():
    printed = estimates(("odds_ratio", 2, 1.5, 2.5), ("auc", 0.8, 0.7, 0.9), ("mean", 1, 0, 2))
    found = estimates(("odds_ratio", 0.5, 0.4, 0.6), ("auc", 0.4, 0.3, 0.5), ("mean", 5, 4, 6))
    table = compare_estimates(printed, found)
    assert not table["overlap"].any()
    assert table["same_direction"].tolist()[:2] == [False, False]
    assert table["same_direction"].isna().tolist() == [False, False, True]


def test_without_an_interval_there_is_no_test():
    printed = estimates(("odds_ratio", 2, np.nan, np.nan))
    table = compare_estimates(printed, estimates(("odds_ratio", 3, 1, 9)))
    assert table[["z", "p_value", "low", "high"]].isna().all(axis=None)
    assert table["overlap"].isna().all()
    assert table["same_direction"].all()


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (("odds_ratio", -1, -2, 3), "above 0"),
        (("odds_ratio", 3, 1, 2), "must hold its estimate"),
        (("median", 3, 1, 4), "estimates of one kind"),
        (("auc", 0.7, 0.6, 0.8), "same statistic"),
    ],
)
def test_what_cannot_be_compared_is_refused(row, told):
    other = estimates(("median" if row[0] == "median" else "odds_ratio", 2, 1, 3))
    with pytest.raises(RairlibError, match=told):
        compare_estimates(other, estimates(row))


# --- A study on a cohort ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def kept():
    return {study: replicate(study, load_witness(study)) for study in STUDIES}


@pytest.mark.parametrize("study", STUDIES)
def test_kept_cohort_gives_what_the_analysis_gives(kept, study):
    analysed = part_of(study, "analysis", "analyse")(load_witness(study))
    values = analysed.groupby(["statistic", "variable", "level", "group"])["value"].agg(list)
    found = kept[study].estimates.dropna(subset="found")
    assert len(found) > 50
    keys = found[["statistic", "variable", "level", "group"]].itertuples(index=False, name=None)
    for key, value in zip(keys, found["found"], strict=True):
        assert value in values[key]
    assert kept[study].simulated
    assert (kept[study].steps["outcome"] == "run").all()


@pytest.mark.parametrize("study", STUDIES)
def test_every_number_is_found_or_has_a_reason(kept, study):
    table = kept[study].estimates
    assert ((table["reason"] == "") == table["found"].notna()).all()


def test_absent_column_stops_its_own_steps_and_no_other():
    frame = load_witness("lakhdar2024").drop(columns="tumor_diameter")
    told = replicate("lakhdar2024", frame).steps.set_index("step")["outcome"]
    stopped = told[told != "run"]
    assert list(stopped.index) == [
        "Table 1, tumor_diameter",
        "Table 1, diameter_29",
        "Figure 1, tumor_diameter",
        "Table 2, logistic model",
    ]
    assert stopped["Table 1, tumor_diameter"] == "no column tumor_diameter"
    assert "diameter_29" in stopped["Table 2, logistic model"]


def test_absent_column_leaves_a_reason_beside_its_numbers():
    frame = load_witness("lakhdar2024").drop(columns="metastasis")
    table = replicate("lakhdar2024", frame).estimates
    ratio = table[table["statistic"] == "odds_ratio"]
    assert set(ratio["reason"]) == {"no column metastasis"}
    assert ratio["found"].isna().all()


def test_separated_outcome_is_told_in_one_line():
    frame = load_witness("lakhdar2024")
    frame["metastasis"] = frame["rair"]
    told = replicate("lakhdar2024", frame).steps.set_index("step")["outcome"]
    assert "the odds ratio is infinite" in told["Table 2, logistic model"]
    assert "\n" not in told["Table 2, logistic model"]
    assert "firth_logistic" not in told["Table 2, logistic model"]
    assert told["Table 1, metastasis"] == "run"


def test_adjusted_ratio_is_never_set_beside_an_unadjusted_one():
    frame = load_witness("wang2025").drop(columns="lm_size")
    table = replicate("wang2025", frame).estimates
    ratios = table[table["statistic"] == "hazard_ratio"].set_index("id")
    single, adjusted = ratios.loc["table5-15"], ratios.loc["table5-19"]
    assert (single["method"], single["step"]) == (
        "univariable",
        "Table 5, univariable hazard ratio, age_55",
    )
    assert single["found"] == pytest.approx(3.234, abs=0.0005)
    assert np.isnan(adjusted["found"])
    assert adjusted["reason"] == "no column lm_size_1"


def test_missing_values_leave_each_step_its_complete_cases():
    frame = load_witness("lakhdar2024")
    frame["age"] = frame["age"].astype(float)
    frame.loc[:9, "age"] = np.nan
    found = replicate("lakhdar2024", frame)
    cases = found.steps.set_index("step")["cases"]
    assert cases["Table 1, age"] == cases["Table 2, logistic model"] == 80
    assert cases["Table 1, gender"] == 90
    assert found.missing.set_index("variable").loc["age", ["missing", "of"]].tolist() == [10, 90]
    complete = part_of("lakhdar2024", "analysis", "table_2")(load_witness("lakhdar2024").iloc[10:])
    ratio = found.estimates.set_index("id")["found"]["table2-01"]
    assert ratio == pytest.approx(complete["estimate"].iloc[0], rel=1e-12)


def test_what_does_not_apply_is_not_missing():
    found = replicate("wang2025", load_witness("wang2025")).missing.set_index("variable")
    assert found.loc["rair_type"].tolist() == [0, 80]
    assert found.loc["pfs"].tolist() == [0, 169]


def test_nearest_method_is_not_chosen():
    """Where the paper names no test, the first of the analysis counts, hit or not."""
    frame = load_witness("lakhdar2024")
    row = replicate("lakhdar2024", frame).estimates.set_index("id")
    analysed = part_of("lakhdar2024", "analysis", "analyse")(frame)
    wanted = analysed.query("statistic == 'p_value' and variable == 'gender'").iloc[0]
    own = row[(row["statistic"] == "p_value") & (row["variable"] == "gender")].iloc[0]
    assert (own["method"], own["found"]) == (wanted["method"], wanted["value"])


def test_empty_cohort_and_study_without_steps_are_refused():
    with pytest.raises(RairlibError, match="no patients"):
        replicate("lakhdar2024", load_witness("lakhdar2024").iloc[:0])
    with pytest.raises(RairlibError, match="the same name"):
        replicate("lakhdar2024", load_witness("lakhdar2024").iloc[:, [0, 1, 2, 2]])
    with pytest.raises(RairlibError, match="not in steps"):
        replicate("gbsg2", load_witness("lakhdar2024"))


def test_step_sees_no_column_that_it_does_not_name():
    seen = []
    step = Step("one", ("a",), lambda data: seen.append(list(data)) or [], {"b": "yes"})
    results([step], pd.DataFrame({"a": [1, 2], "b": ["yes", "no"], "c": [3, 4]}))
    assert seen == [["a"]]


# --- What leaves ------------------------------------------------------------------------------


def test_few_patients_and_what_gives_them_back_are_hidden():
    frame = load_witness("lakhdar2024")
    found = replicate("lakhdar2024", frame, threshold=7).estimates.set_index("id")
    whole = replicate("lakhdar2024", frame).estimates.set_index("id")
    counts = whole[whole["statistic"].isin(["count", "n"]) & whole["found"].between(1, 7)]
    assert len(counts) > 3
    assert found.loc[counts.index, "found"].isna().all()
    assert (found.loc[counts.index, "reason"].str.contains("small count")).all()
    shown = found["found"].dropna()
    assert (shown == whole.loc[shown.index, "found"]).all()
    assert found[found["statistic"].isin(["minimum", "maximum"])]["found"].isna().all()


def test_few_missing_values_are_no_number():
    frame = load_witness("lakhdar2024")
    frame["age"] = frame["age"].astype(float)
    frame.loc[:2, "age"] = np.nan
    found = replicate("lakhdar2024", frame, threshold=7)
    assert found.missing.set_index("variable")["missing"].isna()["age"]
    assert found.steps.set_index("step")["cases"].isna()["Table 1, age"]
    assert found.steps.set_index("step")["cases"]["Table 1, gender"] == 90


@pytest.fixture(scope="module")
def reports():
    return {
        study: report(replicate(study, load_witness(study), ["<b>by ultrasound"], threshold=7))
        for study in STUDIES
    }


class Markup(HTMLParser):
    """Collects tags with their attributes, and counts headings and cells."""

    def __init__(self, text: str):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))


@pytest.mark.parametrize("study", STUDIES)
def test_page_stands_alone_and_says_simulated(reports, study):
    page = reports[study][f"{study}_replication.html"]
    tags = Markup(page).tags
    assert not {"script", "link", "iframe", "a"} & {tag for tag, _ in tags}
    assert "url(" not in page
    pictures = [attributes for tag, attributes in tags if tag == "img"]
    assert all(picture["src"].startswith("data:image/svg+xml;base64,") for picture in pictures)
    assert all("simulated patients" in picture["alt"] for picture in pictures)
    assert ("html", {"lang": "en"}) in tags
    assert [tag for tag, _ in tags].count("h1") == 1
    assert all(attributes == {"scope": "col"} for tag, attributes in tags if tag == "th")
    face = page[page.index("<h1>") :][:700]
    assert "SIMULATED PATIENTS" in face
    assert "no replication" in face
    assert "<b>by" not in page
    assert "&lt;b&gt;by ultrasound" in page


def test_answer_counts_what_the_table_holds(reports):
    page = reports["lakhdar2024"]["lakhdar2024_replication.html"]
    table = pd.read_csv(io.StringIO(reports["lakhdar2024"]["lakhdar2024_replication.csv"]))
    assert f"{table['found'].notna().sum()} of the " in page
    # By hand: three odds ratios with both intervals, two areas without a printed one.
    assert "5 of 5 lie on the same side of no effect as in the paper, and 3 of 3 intervals" in page


def test_json_and_csv_say_the_same_and_nothing_changes_from_run_to_run(reports):
    again = report(
        replicate("lakhdar2024", load_witness("lakhdar2024"), ["<b>by ultrasound"], threshold=7)
    )
    assert again == reports["lakhdar2024"]
    objects = json.loads(again["lakhdar2024_replication.json"])
    table = pd.read_csv(io.StringIO(again["lakhdar2024_replication.csv"]))
    assert [record["id"] for record in objects] == table["id"].tolist()
    assert {record["simulated"] for record in objects} == {"yes"}
    assert sum(record["found"] is not None for record in objects) == table["found"].notna().sum()


def test_report_without_effects_is_written(tmp_path):
    frame = load_witness("lakhdar2024")[["rair", "gender"]]
    found = replicate("lakhdar2024", frame, threshold=7)
    assert "No effect among them" in " ".join(answer(found))
    assert "None could be computed" in report(found)["lakhdar2024_replication.html"]


# --- The command ------------------------------------------------------------------------------

KEPT = "data/lakhdar2024/simulated_cohort.csv"


def test_command_writes_three_files(tmp_path, capsys):
    arguments = ["replicate", "lakhdar2024", "--cohort", KEPT, "--out", str(tmp_path / "new")]
    assert main(arguments) == 0
    names = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert names == [f"lakhdar2024_replication.{end}" for end in ("csv", "html", "json")]
    assert "SIMULATED PATIENTS: no replication" in capsys.readouterr().out


def test_gate_refuses_before_anything_is_written(tmp_path, capsys):
    frame = load_witness("lakhdar2024").assign(email="someone@example.org")
    frame.to_csv(tmp_path / "cohort.csv", index=False)
    arguments = ["replicate", "lakhdar2024", "--cohort", str(tmp_path / "cohort.csv")]
    arguments += ["--out", str(tmp_path / "out")]
    assert main(arguments) == 2
    told = capsys.readouterr().err
    assert "gate: email: e-mail" in told
    assert "someone" not in told
    assert not (tmp_path / "out").exists()
    passed = [*arguments, "--override", "email: e-mail = a made-up address"]
    assert main(passed) == 0
    page = (tmp_path / "out" / "lakhdar2024_replication.html").read_text(encoding="utf-8")
    assert "was overridden" in page.replace("\n", " ")
    assert "a made-up address" in page
    assert "someone" not in page


def test_no_value_of_a_single_patient_leaves(tmp_path, capsys):
    """A canary in every column that may hold a rare value, in all three files and on the screen."""
    frame = load_witness("lakhdar2024")
    frame["patient"] = [f"ZQ-{place:05d}" for place in range(len(frame))]
    frame["age"] = frame["age"].replace(frame["age"].max(), 119)
    frame.loc[0, "tumor_diameter"] = 287
    frame["ward"] = ["zebra"] + ["north", "south"] * 44 + ["north"]
    frame.to_csv(tmp_path / "cohort.csv", index=False)
    arguments = ["replicate", "lakhdar2024", "--cohort", str(tmp_path / "cohort.csv")]
    arguments += ["--out", str(tmp_path), "--override", "age: ages over 89 = simulated"]
    assert main(arguments) == 0
    captured = capsys.readouterr()
    texts = [path.read_text(encoding="utf-8") for path in tmp_path.glob("*_replication.*")]
    assert len(texts) == 3
    for text in [re.sub('base64,[^"]*', "", text) for text in texts] + [*captured]:
        assert not re.search(r"ZQ-|zebra|\b119\b|\b287\b", text)


# --- Missing covariates -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def with_gaps():
    frame, rng = load_witness("lakhdar2024"), np.random.default_rng(3)
    frame["age"] = frame["age"].astype(float).mask(rng.random(len(frame)) < 0.15)
    return frame


def test_imputed_ratios_stand_beside_complete_cases(with_gaps):
    found = replicate("lakhdar2024", with_gaps, imputations=3, seed=2)
    table = found.estimates.set_index("id").loc[["table2-01", "table2-05", "table2-09"]]
    data = part_of("lakhdar2024", "analysis", "derived")(with_gaps)
    wanted = imputed(
        data.assign(event=(data["rair"] == "yes").astype(float)),
        "event",
        part_of("lakhdar2024", "analysis", "TABLE_2"),
        seed=2,
        imputations=3,
    ).estimates
    wanted = wanted[wanted["statistic"] == "odds_ratio"]
    assert table["imputed"].tolist() == pytest.approx(wanted["estimate"].tolist(), rel=1e-12)
    assert table["imputed_high"].tolist() == pytest.approx(wanted["high"].tolist(), rel=1e-12)
    assert (table["imputed"] != table["found"]).all()
    plain = replicate("lakhdar2024", with_gaps).estimates.set_index("id")
    assert (plain["found"].dropna() == found.estimates.set_index("id")["found"].dropna()).all()
    assert "fitted to 3 imputations" in report(found)["lakhdar2024_replication.html"]


def test_without_gaps_nothing_is_imputed():
    found = replicate("lakhdar2024", load_witness("lakhdar2024"), imputations=3)
    assert found.imputations == 0
    assert "imputed" not in found.estimates


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("canary", ["CANARY", -98765.25])
def test_frame_that_nobody_checked_is_refused_without_its_value(study, canary):
    """A step's own error would quote the value, and stand in the report."""
    whole = load_witness(study)
    for name in whole.columns.intersection(part_of(study, "analysis", "SCHEMA").names):
        if name != "patient":
            frame = whole.astype(object)
            frame.loc[3, name] = canary
            with pytest.raises(RairlibError, match="row 4") as refused:
                replicate(study, frame, threshold=7)
            assert str(canary).lstrip("-") not in str(refused.value)


def test_means_do_not_tell_how_many_values_are_missing():
    """Ages are whole years, so a mean with all its digits is a fraction of a known denominator."""
    frame = load_witness("lakhdar2024").astype({"age": float})
    frame.loc[frame.index[frame["rair"] == "yes"][:5], "age"] = np.nan
    whole, shown = (
        replicate("lakhdar2024", frame, threshold=limit).estimates.set_index("id")["found"]
        for limit in (None, 7)
    )

    def possible(mean: float, digits: int) -> list[int]:
        """List the numbers of patients, up to all 32, of whom whole years give this mean."""
        return [
            n
            for n in range(25, 33)
            if any(
                f"{total / n:.{digits}g}" == f"{mean:.{digits}g}"
                for total in range(int(mean * n) - 2, int(mean * n) + 3)
            )
        ]

    assert possible(whole["table1-06"], 6) == [27]
    assert possible(shown["table1-06"], 6) != [27]
    assert possible(shown["table1-06"], 3) == list(range(25, 33))


def test_groups_of_one_column_do_not_give_a_hidden_one_back():
    """Qingdao prints seven patients who progressed despite avidity, among 80 in four groups."""
    found = replicate("wang2025", load_witness("wang2025"), threshold=7)
    curves = found.steps[found.steps["step"].str.startswith("Figure 5, curve, ")]
    shown = curves.set_index("step")["patients"].dropna()
    assert set(shown.index.str.removeprefix("Figure 5, curve, ")) == {
        "RAIR",
        "RAIA",
        "partial avidity or avidity lost",
    }


def test_rates_of_a_curve_do_not_tell_the_events_between_them():
    """A Kaplan-Meier curve falls by (38 - 1) / 38 if one of 38 patients has the event."""
    frame = load_witness("wang2025")
    whole, shown = (
        replicate("wang2025", frame, threshold=limit).estimates.set_index("id")["found"]
        for limit in (None, 7)
    )
    months = pd.to_numeric(frame["pfs"])
    between = frame[(frame["progression"] == "PD") & (months > 60) & (months <= 100)]
    assert 1 <= len(between) <= 7
    later, earlier = "figure4-02", "section-3.6-27"
    assert whole[later] / whole[earlier] == pytest.approx(37 / 38, rel=1e-6)
    assert (shown[earlier], shown[later]) == (round(whole[earlier]), round(whole[later]))
