"""The frames of the Qingdao chapters set the print beside results without changing either."""

import numpy as np
import pandas as pd
import pytest

from rairlib.pages import common
from rairlib.pages.common import agree, cell, recomputed, shown
from rairlib.registry.registry import load_registry
from rairlib.studies.wang2025 import pages
from rairlib.studies.wang2025.analysis import BY_PROGRESSION

QINGDAO = "wang2025"


@pytest.fixture(scope="module")
def registry():
    return load_registry(QINGDAO)


@pytest.fixture(scope="module")
def echo(registry):
    """Results that repeat the print: every frame must then find agreement."""
    rows = [
        (row.statistic, row.variable, row.level, row.group, row.method, row.number.value)
        for row in registry
        if row.statistic not in ("definition", "date")
    ]
    columns = ["statistic", "variable", "level", "group", "method", "value"]
    return pd.DataFrame(rows, columns=columns)


@pytest.fixture(scope="module")
def patients():
    """Evaluable patients: 38 avid, 20 refractory, of whom five progressed despite avidity."""
    rng = np.random.default_rng(7)
    types = [""] * 40 + ["no avidity"] * 8 + ["avidity lost"] * 7
    types += [BY_PROGRESSION] * 5
    return pd.DataFrame(
        {
            "rair": ["RAIA"] * 40 + ["RAIR"] * 20,
            "rair_type": types,
            "rai_avid_status": ["RAI-avid"] * 40
            + ["partial or no RAI-avid"] * 15
            + ["RAI-avid"] * 5,
            "progressed": [False] * 40 + [True, False, True] * 5 + [True] * 5,
            "pfs": rng.uniform(5, 120, 60).round(1),
            "age_55": rng.choice(["≥55", "<55"], 60),
            "t_stage": rng.choice(["T4", "T1/T2/T3"], 60),
        }
    ).iloc[2:]


def test_flow_of_patients_is_that_of_figure_2(registry):
    names = ["screened", "excluded, TgAb positive", "excluded, incomplete data", "all"]
    names += ["RAIA", "RAIR", "evaluable", "NPD", "PD"]
    boxes = common.flow_boxes(registry, [(name, name, "", "kept") for name in names])
    boxes = boxes.set_index("box")["n"]
    assert boxes["screened"] == 211 == boxes.filter(like="excluded").sum() + boxes["all"]
    assert boxes["all"] == boxes["RAIA"] + boxes["RAIR"] == boxes["evaluable"] + 8
    assert boxes["evaluable"] == boxes["NPD"] + boxes["PD"]


def test_values_are_written_with_the_decimals_of_the_print(registry):
    ratio, p_value = registry["table5-15"], registry["table5-18"]
    assert shown(ratio, 3.23449) == "3.234"
    assert shown(p_value, 0.000284) == "0.0003"
    assert shown(ratio, np.nan) == "–"


def test_numbers_are_joined_as_the_paper_joins_them(registry):
    ratio = [registry[f"table5-{place}"] for place in (15, 16, 17)]
    assert cell(ratio) == "3.234 (1.715, 6.098)"
    assert cell(ratio, {"table5-15": 3.0}) == "3.000 (–, –)"
    assert agree(ratio, {"table5-15": 3.2341, "table5-16": 1.72}) == "1 of 3"


def test_every_line_of_the_tables_agrees_with_its_own_print(page, registry, echo):
    assert (page("wang2025/refractory").baseline(registry, echo)["as printed"] == "yes").all()
    compared = pages.groups_compared(registry, echo)
    assert (compared["as printed"] == "yes").all()
    assert len(compared) == 21
    for model, lines in (("univariable", 12), ("multivariable", 9)):
        table = page("wang2025/hazards").table_5_beside(registry, echo, model)
        assert len(table) == lines
        assert (table["as printed"] == "yes").all()


def test_table_3_has_every_characteristic_with_its_summaries(page, registry, echo):
    table = page("wang2025/refractory").baseline(registry, echo)
    assert table.loc[("age (years)", "median (quartiles)"), "printed"] == "47 (36, 59)"
    assert table.loc[("tumour size (cm)", "range"), "printed"] == "0.2–10.0"
    assert table.loc[("gender", "Female"), "printed"] == "109 (61.6)"


def test_tables_show_where_a_cohort_differs(page, registry, echo):
    changed = echo.copy()
    one = (changed["statistic"] == "hazard_ratio") & (changed["variable"] == "ete")
    changed.loc[one, "value"] *= 1.1
    table = page("wang2025/hazards").table_5_beside(registry, changed, "univariable")
    assert table.index[table["as printed"] != "yes"].tolist() == ["No extension"]
    assert table["as printed"].min() == "2 of 3"


def test_crude_odds_ratios_are_those_of_the_printed_counts(page, registry):
    table = page("wang2025/refractory").crude_ratios(registry)
    # (42 · 77) / (20 · 38) = 4.2553; log limits ± 1.96 · sqrt(1/42 + 1/77 + 1/20 + 1/38).
    assert table.loc["age_55", "crude"] == "4.255 (2.201, 8.226)"
    # (28 · 46) / (51 · 52) = 0.4857: below 1, while the printed adjusted ratio is above.
    extension = table.loc["ete"]
    assert extension["crude"].startswith("0.486")
    assert extension["adjusted, printed"].startswith("1.819")


def test_forest_has_both_sources_of_every_ratio(registry, echo):
    rows = pages.forest_rows(registry, echo, "hazard_ratio")
    assert rows.groupby(["model", "source"]).size().to_dict() == {
        ("multivariable", "reported"): 9,
        ("multivariable", "reproduced"): 9,
        ("univariable", "reported"): 12,
        ("univariable", "reproduced"): 12,
    }
    assert set(rows["term"]) == set(pages.SHORT)


def test_quartiles_are_those_printed(registry, echo):
    boxes = pages.quartile_rows(registry, echo, "ps_tg", ["PD", "NPD"])
    assert boxes.loc[boxes["group"] == "PD", "median"].tolist() == [696.5, 696.5]


def test_method_that_agrees_is_taken_where_several_may_be_meant(registry):
    rows = [("p_value", "ps_tg", "", "PD vs NPD", name, p) for name, p in [("a", 0.5), ("b", 1e-6)]]
    columns = ["statistic", "variable", "level", "group", "method", "value"]
    assert recomputed(registry, pd.DataFrame(rows, columns=columns))["figure3-04"] == 1e-6


def test_curves_hold_every_patient_of_each_group(page, patients):
    groups = {name: patients["rair"] == name for name in ("RAIA", "RAIR")}
    table = page("wang2025/hazards").curves(patients, groups)
    assert table.groupby("group")["at_risk"].max().to_dict() == {"RAIA": 38, "RAIR": 20}
    assert table.groupby("group")["events"].sum().to_dict() == {"RAIA": 0, "RAIR": 15}


def test_reading_of_the_fourth_criterion_moves_its_patients_and_nothing_else(page, patients):
    table = page("wang2025/hazards").definitions(patients)
    assert table["others"].tolist() == [38, 38, 43, 43]
    assert table["their events"].tolist() == [0, 0, 5, 5]
    assert table["refractory"].tolist() == [20, 15, 15, 15]
    assert table["events"].tolist() == [15, 10, 10, 10]
    assert (table["high"] > table["low"]).all()
    assert table["log-rank χ²"].iloc[0] > table["log-rank χ²"].iloc[2]


def test_methods_for_ties_agree_without_ties(page, patients):
    data = patients[patients["rair"] == "RAIR"].assign(pfs=np.arange(20) + 1.0)
    covariates = {"t_stage": ("T4", "T1/T2/T3"), "age_55": ("≥55", "<55")}
    ties = page("wang2025/hazards").ties_side_by_side(data, covariates)
    assert ties["difference, %"].abs().max() < 1e-6


def test_ranges_stand_beside_the_numbers_they_belong_to(registry):
    keys = {"statistic": "survival_percent", "variable": "pfs", "method": "kaplan_meier"}
    rates = {("60 months", "RAIR"): 52.2, ("60 months", "no avidity"): 51.0}
    rows = [
        {"cohort": cohort, **keys, "level": level, "group": group, "value": value + cohort / 10}
        for (level, group), value in rates.items()
        for cohort in range(3)
    ]
    table = common.ranges_beside_print(registry, pd.DataFrame(rows))
    assert table.index.tolist() == ["section-3.6-28", "section-3.6-32"]
    assert table.loc["section-3.6-28", "printed"] == "52.2"
    assert table.loc["section-3.6-28", "round to the print, %"] == pytest.approx(100 / 3)
    shown = common.for_figure(table, {"section-3.6-28": "RAIR"})
    assert shown.loc[0, "label"] == "RAIR"
    assert shown.loc[0, "median"] == pytest.approx(52.3)


def test_ranges_of_what_is_not_printed_leave_out_what_a_cohort_has_not():
    values = [0.7, 0.8, None, 0.9]
    table = pd.DataFrame({"cohort": range(4), "quantity": "concordance", "value": values})
    row = common.unpublished_ranges(table).loc["concordance"]
    assert row[["cohorts", "smallest", "median", "largest"]].tolist() == [3, 0.7, 0.8, 0.9]
    ranges = row.to_frame().T
    ranges.loc["never finite"] = [0, *[None] * (len(row) - 1)]
    labels = {"never finite": "x", "concordance": "C"}
    shown = common.for_figure(ranges, labels)
    assert shown["label"].tolist() == ["C"]


def test_only_ranges_of_a_kind_that_held_the_truth_are_called_95_percent_ranges():
    # On open records the first kind is a fortieth as wide as without the print, the second as wide.
    names = ("Table 5: shrinkage", "proportional hazards: p, global", "a quantity never tried")
    rows = [(k, name, k / 40) for name in names for k in range(41)]
    table = pd.DataFrame(rows, columns=["cohort", "quantity", "value"])
    told = common.told_ranges(common.unpublished_ranges(table))
    assert told["95 % range"].tolist() == ["0.025 to 0.975", "", ""]
    assert told["if as assumed, then"].tolist() == ["", "0.025 to 0.975", "0.025 to 0.975"]


def test_labelled_table_keeps_its_numbers():
    index = pd.MultiIndex.from_tuples([("t_stage", "T4")], names=["variable", "level"])
    table = pages.labelled(pd.DataFrame({"not_evaluable": [2]}, index=index))
    assert table.loc[("T stage", "T4"), "not evaluable"] == 2


def test_operating_point_stands_beside_the_printed_one(page, registry, echo):
    points = page("wang2025/progression").roc_points(registry, echo)
    assert points["auc"].tolist() == [0.76, 0.76]
    assert points["sensitivity"].tolist() == [0.575, 0.575]


def test_tie_is_written_as_the_print_rounds_it(registry):
    # 63 of 112 patients are 56.25 %, printed 56.2.
    assert shown(registry["table4-105"], 56.25) == "56.2"


def test_distance_is_measured_in_units_of_the_last_printed_digit(page):
    rows = [
        ("a", "Table 5", "ci_high", "anchor", "18.030", 18.033, "no"),
        ("b", "Table 5", "hazard_ratio", "anchor", "0.277", 0.2769, "yes"),
        ("c", "Table 5", "hazard_ratio", "anchor", "0.50", 0.6, "no"),
        ("d", "Table 1", "definition", "design", "one", np.nan, "not a property of the cohort"),
    ]
    columns = ["id", "locus", "statistic", "role", "printed", "achieved", "hit"]
    achieved = pd.DataFrame(rows, columns=columns)
    achieved = achieved.assign(variable="", level="", group="PD vs NPD", method="")
    achieved.loc[0, "method"] = "univariable"
    table = page("wang2025/cohort").distances(achieved)
    assert table.index.tolist() == ["c", "a"]
    assert table.loc["a", "number"] == "ci high, PD vs NPD, univariable"
    assert table.loc["c", "number"] == "hazard ratio, PD vs NPD"
    assert table["last digits"].tolist() == pytest.approx([10, 3])
    assert table.loc["c", "percent"] == pytest.approx(20)
    counts = common.hits_by_place(achieved, "anchor")
    assert counts.loc[("Table 5", "hazard ratio")].tolist() == [1, 1]
    assert len(counts) == 2


def test_terms_are_named_by_the_level_in_the_numerator():
    table = pd.DataFrame({"p": [0.1, 0.2]}, index=["lm_size_1: ≥1 vs <1", "global"])
    assert pages.short_terms(table).index.tolist() == ["Lung met. ≥1 cm", "global"]
