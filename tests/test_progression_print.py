"""What the print of the Qingdao study says about progression: by hand, and chapter pages."""

import numpy as np
import pytest

from rairlib.reconstruct.events import (
    area_limits,
    ordered_sample,
    quartile_neighbours,
    youden_limits,
)
from rairlib.registry.registry import load_registry
from rairlib.studies.wang2025 import pages
from rairlib.studies.wang2025.printed import (
    avidity_cases,
    avidity_logrank,
    avidity_unions,
    event_ranges,
    left_out,
    mixtures,
    nested_range,
    rate_counts,
    tg_area_error,
    tg_example,
    tg_examples,
    tg_samples,
    tg_table,
    univariable_splits,
)


@pytest.fixture(scope="module")
def registry():
    return load_registry("wang2025")


@pytest.fixture(scope="module")
def ranges(registry):
    return event_ranges(registry)


def test_follicular_carcinoma_has_seven_or_eight_events_if_they_need_refractory_disease(ranges):
    # By hand: log(4.811/0.933)/3.92 = 0.4184; 1/6 + 1/34 > 0.4184² = 0.1751 > 1/7 + 1/33, and
    # Table 4 counts 8 RAIR patients.
    row = ranges.loc["histology", "FTC"]
    assert (row["fewest"], row["fewest_refractory"], row["most_refractory"]) == (7, 7, 8)


def test_large_primaries_have_eleven_to_fifteen_events(ranges):
    # By hand: log(5.782/1.440)/3.92 = 0.3546; 1/10 + 1/30 > 0.1257 > 1/11 + 1/29; RAIR 15.
    row = ranges.loc["tumor_size_4", ">4"]
    assert (row["fewest"], row["most"]) == (11, 22)
    assert row["most_refractory"] == 15


def test_avidity_needs_seven_events_in_each_level(registry):
    # Table 5: 7.956 (3.511 to 18.030), so the standard error is log(18.030 / 3.511) / 3.92 =
    # 0.4174 at most 0.41745. 1/7 + 1/33 = 0.4161² is below 0.4174², 1/6 + 1/34 = 0.4428² is not.
    assert univariable_splits(registry)["rai_avid_status"].ranges() == ((7, 33), (7, 33))
    assert (1 / 7 + 1 / 33) ** 0.5 < 0.4174 < (1 / 6 + 1 / 34) ** 0.5


def test_levels_of_a_variable_share_forty_events(ranges):
    for _, rows in ranges.groupby(level="variable"):
        assert rows["fewest"].iloc[0] + rows["most"].iloc[1] == 40
        assert rows["fewest"].iloc[1] + rows["most"].iloc[0] == 40


def test_extension_has_at_least_the_events_of_stage_t4(ranges):
    # Table 4 counts 28 RAIR without extension, so 12 events with it; T4 has at least 13.
    nested = nested_range(ranges, 40)
    assert nested["ete", "Positive"] == (13, 31)
    assert nested["ete", "Negative"] == (9, 27)


def test_eight_patients_left_out_by_level(registry):
    table = left_out(registry)["not_evaluable"]
    assert (table.groupby(level="variable").sum() == 8).all()
    assert table["lm_size_1", "<1"] == table["histology", "PTC"] == 8
    assert table["t_stage", "T4"] == table["tumor_size_4", ">4"] == 2
    assert table["age_55", "≥55"] == 1


def test_two_of_thirty_two_unions_are_possible(registry):
    # By hand: 97 to 105 patients are needed; RAIA has 97 and RAIA with type iv 104.
    unions = avidity_unions(registry)
    assert list(unions.index) == ["RAIA", "RAIA + progression despite avidity"]
    assert unions["left_out_inside"].tolist() == [0, 7]
    # Eight over four types of which one has seven: C(11, 3) - 1; eight splits of seven times three.
    assert unions["compositions"].tolist() == [164, 24]
    assert unions["compositions_left"].tolist() == [0, 3]


def test_seven_or_eight_avid_patients_are_left_out(registry):
    cases = avidity_cases(registry)
    assert cases.index[cases["possible"]].tolist() == [7, 8]
    assert cases.loc[8, ["RAIA evaluable", "RAIR evaluable"]].tolist() == [89, 80]


def test_logrank_of_the_avidity_split_stays_far_below_the_print(registry):
    found = avidity_logrank(registry)
    # By hand: (7.956 - 1)²/7.956 / 0.4174² = 34.9.
    assert found["most"] == pytest.approx(34.9, abs=0.05)
    assert found["printed"] == 60.01
    assert found["least"] < found["wald_low"] < found["most"] < found["printed"]
    # One fall to 58.2 % would leave the curve of all below 44.7 %.
    assert found["height"] == pytest.approx(0.447, abs=0.001)


def test_rates_bound_events(registry):
    table = rate_counts(registry, {"RAIR": (80,)})
    assert table.loc[("evaluable", 12.0, 169), "most"] == 5
    assert table.loc[("no avidity", 60.0, 34), "most"] == 16
    # 42 of 80 would be 52.5 %, 41 of 80 51.2 %.
    assert np.isnan(float(table["uncensored"].astype(float)["RAIR", 60.0, 80]))


def test_follow_ups_told_in_words_reach_both_printed_statistics(page, registry):
    cases = avidity_cases(registry).query("possible")
    table = page("wang2025/progression").two_group_follow_ups(registry, cases)
    two = table["rounds to the print"]
    assert {name.split(":")[0] for name in two.index[two.astype(bool)]} == {
        "90 RAIA, 79 RAIR",
        "89 RAIA, 80 RAIR",
    }


def test_other_frames_of_the_chapter_have_rows(page, registry):
    verdicts = pages.avidity_table(registry)["verdict"]
    assert set(verdicts) == {"excluded", "open", "speaks against it"}
    assert len(page("wang2025/progression").event_table(registry)) == 24


def test_table_behind_the_cutoff_is_unique(registry):
    # By hand: 0.575 · 40 = 23, 0.868 · 129 = 112.
    assert tg_table(registry) == {
        "tables": 1,
        "true_positives": 23,
        "false_negatives": 17,
        "false_positives": 17,
        "true_negatives": 112,
    }


def test_area_of_the_print_is_far_from_one_half(registry):
    # By hand: (0.760 - 0.5) / sqrt(170 / (12 · 40 · 129)) = 4.96.
    assert tg_area_error(registry)["p_value"] == pytest.approx(7e-7, rel=0.05)


def test_made_up_values_lie_within_the_limits(registry):
    samples = tg_samples(registry)
    for sample, values in zip(samples, tg_example(registry, 26, 8000, 0.75), strict=True):
        assert (values >= sample.lowest - 1e-9).all()
        assert (values <= sample.highest + 1e-9).all()
    low, high = area_limits(*samples)
    assert low < 0.760 < high


def test_cutoff_can_be_the_best_one_and_need_not_be(page, registry):
    made_up = tg_examples(registry, [(26, 8000, 0.75), (28, 8000, 0.7), (26, 12000, 0.95)])
    best = made_up["best index"] == made_up["at the cut-off"]
    assert best.tolist() == [True, True, False]
    assert made_up["SPSS"].tolist()[:2] == [True, False]
    assert made_up["DeLong"].tolist()[:2] == [False, True]
    assert "true positives" in page("wang2025/progression").tg_summary(registry).index


def test_limits_of_two_samples_of_four_by_hand():
    # Quartiles of 4 values lie between neighbours: 0-2, 2-4, 4-6 and so on.
    first = ordered_sample(4, (0, 9), ((6, 6), (7, 7), (8, 8)))
    second = ordered_sample(4, (0, 9), ((1, 1), (2, 2), (3, 3)))
    assert first.lowest.tolist() == [0, 6, 7, 8]
    assert first.highest.tolist() == [6, 7, 8, 9]
    assert second.highest.tolist() == [1, 2, 3, 9]
    # Surely 3 of the first exceed 3 of the second.
    assert area_limits(first, second) == (9 / 16, 1.0)
    assert youden_limits(first, second, 5) == (3 / 4 - 1 / 4, 1.0)


def test_quartile_stands_between_the_same_ranks_under_all_rules():
    rng = np.random.default_rng(4)
    rules = ("weibull", "linear", "hazen", "median_unbiased", "inverted_cdf", "nearest")
    for patients in (4, 7, 40, 129, 130):
        values = np.sort(rng.normal(size=patients))
        for part in (1, 2, 3):
            below, above = quartile_neighbours(patients, part)
            for rule in rules:
                quartile = np.quantile(values, part / 4, method=rule)
                assert values[below - 1] - 1e-12 <= quartile <= values[above - 1] + 1e-12


def test_average_rate_of_the_types_by_hand(registry):
    assert len(mixtures(registry)) == 3
    table = mixtures(registry).set_index(["no avidity", "partial or lost"])
    # 34 · 50.7 % and 39 · 62.9 % of 80; 34 and 38 of 79; 33 and 39 of 79.
    for sizes, middle in {(34, 39): 52.21, (34, 38): 52.08, (33, 39): 52.23}.items():
        row = table.loc[sizes]
        assert (row["RAIR_low"] + row["RAIR_high"]) / 2 == pytest.approx(middle, abs=0.03)
