"""Expected values: printed percentages, tests/reference/subgroup_tables.R, and by hand."""

import json
import math
from pathlib import Path

import pytest

from rairlib.figures.area_bounds import draw_area_bounds
from rairlib.reconstruct.printed_rules import printed_subgroups
from rairlib.reconstruct.two_by_two import fewest_sufficient
from rairlib.registry.registry import load_registry
from rairlib.studies.tang2025 import printed as hunan_print

R = json.loads((Path(__file__).parent / "reference" / "subgroup_tables.json").read_text())
SUBGROUPS = ["male", "female", "age <55", "age ≥55"]


@pytest.fixture(scope="module")
def registry():
    return load_registry("tang2025")


@pytest.fixture(scope="module")
def tables(registry):
    return hunan_print.reconstructed_tables(registry)


def test_performance_is_as_printed_in_both_cohorts(registry, tables):
    shown = hunan_print.with_performance(tables)
    for cohort in ("training", "validation"):
        group = f"{cohort} failure vs {cohort} success"
        for statistic in ("sensitivity", "specificity", "ppv", "npv", "accuracy"):
            (row,) = registry.where(statistic, group=group)
            name = statistic.upper() if statistic in ("ppv", "npv") else statistic
            assert shown.loc[cohort, f"{name}, %"] == row.printed


def test_areas_and_limits_are_those_of_r(tables):
    expected = {tuple(case["cells"]): case for case in R}
    for patients, row in tables.drop(index="all patients").iterrows():
        case = expected[tuple(int(row[cell]) for cell in hunan_print.COUNTS)]
        assert row["area"] == pytest.approx(case["auc"], rel=1e-12), patients
        width = (row["high"] - row["low"]) / 2
        assert width == pytest.approx(1.959964 * case["hanley_mcneil"], rel=1e-6)


def test_subgroups_and_cohorts_share_the_patients_out(tables):
    for first, second in (("training", "validation"), SUBGROUPS[:2], SUBGROUPS[2:]):
        cells = list(hunan_print.COUNTS)
        both = tables.loc[[first, second], cells].sum()
        assert both.tolist() == tables.loc["all patients", cells].tolist()


def test_printed_areas_stand_beside_those_of_the_tables(page, registry, tables):
    found = page("tang2025/print").beside_areas(registry, tables)
    assert found.loc["male", "printed"] == "0.777 (0.648 to 0.906)"
    assert found.loc["male", "cut in two"].startswith("0.7772 (0.6479 to ")
    assert set(SUBGROUPS) < set(found.index)


def test_bounds_hold_the_printed_training_area(page, registry, tables):
    bounds = page("tang2025/print").bounds_of_areas(registry, tables)
    # 31/50 · 65/72 and 1 - 19/50 · 7/72; J = 0.62 + 0.9028 - 1; 13/18 · 34/42, 1 - 5/18 · 8/42.
    assert bounds.loc["training", ["low", "high"]].tolist() == pytest.approx(
        [0.62 * 65 / 72, 1 - 0.38 * 7 / 72]
    )
    youden = 0.62 - 7 / 72
    best = bounds["high, best cut-off"]
    assert best["training"] == pytest.approx(1 - (1 - youden) ** 2 / 2)
    assert math.isnan(best["validation"])
    assert bounds.loc["training", "low"] < bounds.loc["training", "printed"] < best["training"]
    assert bounds.loc["validation", ["low", "high"]].tolist() == pytest.approx(
        [13 / 18 * 34 / 42, 1 - 5 / 18 * 8 / 42]
    )


def test_threshold_as_logit_by_hand(page, registry):
    found = page("tang2025/print").threshold_values(registry)
    assert found["risk"] == pytest.approx(1 / (1 + math.exp(0.585)))
    # (2.046 - 0.585) / 0.196 = 7.45 nodes, / 0.103 = 14.18.
    assert found["nodes"] == 8
    assert found["tg"] == pytest.approx(1.461 / 0.103)


def test_random_order_beyond_the_cutoff_keeps_the_area_on_average(page, registry):
    found = page("tang2025/print").chance_of_area(registry, number=300, seed=1)
    assert found.loc[("validation", "random order"), "median"] == pytest.approx(0.7659, abs=0.01)
    # Normal scores of means c + z(sensitivity): area Φ((z(13/18) + z(34/42)) / √2) = 0.849.
    assert found.loc[("validation", "normal"), "median"] == pytest.approx(0.849, abs=0.01)
    assert (found["print area and limits"] <= found["print its area"]).all()


def test_one_reading_alone_finds_a_split(page, registry):
    counts = page("tang2025/print").readings(registry)
    assert len(counts) == 12
    found = counts[counts["both"] > 0]
    assert found.index.get_level_values("patients").tolist() == ["all patients"] * 2
    assert set(found.index.get_level_values("standard error")) == {"Hanley-McNeil (SPSS)"}
    assert found["both"].tolist() == [1, 1]


def test_every_five_of_the_six_numbers_single_out_the_split(page, registry):
    chapter, smallest = page("tang2025/print"), []
    for pair in printed_subgroups(registry):
        counts = chapter.selections(pair)
        five = fewest_sufficient(counts).loc[5]
        assert five["single out one"] == five["selections"]
        smallest += list(chapter.smallest(counts))
    assert "auc age <55, auc age ≥55" in smallest


def test_chance_is_laid_out_by_pair_and_patients(page, registry):
    found = page("tang2025/print").chance(registry, number=40, seed=1)
    assert len(found) == 2 * 3 * 3
    table = page("tang2025/print").beside_each_other(found)
    assert table.shape == (6, 6)
    assert (table["with a split", "dichotomised"] == 40).all()


def test_figure_of_bounds_and_its_text(page, registry, tables):
    bounds = page("tang2025/print").bounds_of_areas(registry, tables)
    shown = draw_area_bounds(bounds, title="Bounds")
    (ax,), text = shown.figure.axes, shown.alt
    assert [label.get_text() for label in ax.get_yticklabels()] == ["training", "validation"]
    assert "training: 0.560 to 0.963 is possible, to 0.886 if the cut-off is the best one" in text
    assert "validation: 0.585 to 0.947 is possible; printed 0.766, cut in two 0.766." in text
