"""Small counts in what leaves: an attacker solves for them with all that is shown.

The attack is written from the meaning of totals and percentages, not from the code: each hidden
count is minimised and maximised under every equation that a reader can write down.
"""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from rairlib.cohorts.suppression import hidden_cells, suppressed, suppressed_rows
from rairlib.errors import RairlibError
from rairlib.stats.rows import COLUMNS, categorical_rows, operating_rows, split_rows

THRESHOLD = 7


class Attack:
    """Equations between unknown counts, and the range of each that they leave."""

    def __init__(self):
        self.names, self.rows, self.right = [], [], []

    def place(self, name) -> int:
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)

    def add(self, terms: dict, right: float) -> None:
        self.rows.append({self.place(name): factor for name, factor in terms.items()})
        self.right.append(right)

    def known(self, name, value: float) -> None:
        self.add({name: 1.0}, value)

    def range_of(self, name) -> tuple[float, float]:
        left = np.zeros((len(self.rows), len(self.names)))
        for row, terms in enumerate(self.rows):
            for place, factor in terms.items():
                left[row, place] += factor
        wanted = np.zeros(len(self.names))
        wanted[self.place(name)] = 1.0
        ends = [linprog(sign * wanted, A_eq=left, b_eq=self.right) for sign in (1, -1)]
        # Unbounded above: nothing limits the count.
        assert all(end.status in (0, 3) for end in ends)
        return tuple(
            sign * end.fun if end.status == 0 else sign * -math.inf
            for sign, end in zip((1, -1), ends, strict=True)
        )


def assert_kept(attack: Attack, name, value: int, threshold: int = THRESHOLD) -> None:
    low, high = attack.range_of(name)
    assert high - low > 0.5, f"{name} is determined"
    if 1 <= value <= threshold:
        assert low <= 1 + 1e-6, f"{name} is more than 1"
        assert high >= threshold - 1e-6, f"{name} is less than {threshold}"


def attack_table(shown: pd.DataFrame) -> Attack:
    attack = Attack()
    for line in [*shown.index]:
        terms = {(line, column): 1.0 for column in shown.columns[:-1]}
        attack.add({**terms, (line, "all"): -1.0}, 0)
    for column in shown.columns:
        terms = {(line, column): 1.0 for line in shown.index[:-1]}
        attack.add({**terms, ("all", column): -1.0}, 0)
    for line in shown.index:
        for column in shown.columns:
            if pd.notna(shown.loc[line, column]):
                attack.known((line, column), shown.loc[line, column])
    return attack


@pytest.mark.parametrize("seed", range(10))
def test_no_small_count_of_a_random_table_can_be_solved_for(seed):
    rng = np.random.default_rng(seed)
    for _ in range(20):
        shape = (2, rng.integers(2, 6)) if rng.random() < 0.5 else rng.integers(1, 5, 2)
        mean = rng.choice([5, 20, 60])
        counts = pd.DataFrame(rng.negative_binomial(1, 1 / (1 + mean), size=shape))
        shown = suppressed(counts)
        whole = counts.assign(all=counts.sum(axis=1))
        whole.loc["all"] = whole.sum()
        assert not ((whole >= 1) & (whole <= THRESHOLD) & shown.notna()).any(axis=None)
        assert (shown[shown.notna()].fillna(-1) == whole.where(shown.notna(), -1)).all(axis=None)
        attack = attack_table(shown)
        for line in shown.index:
            for column in shown.columns[shown.loc[line].isna()]:
                assert_kept(attack, (line, column), whole.loc[line, column])


def test_table_without_small_counts_is_shown_whole():
    shown = suppressed(pd.DataFrame([[8, 50], [40, 0]], ["a", "b"], ["x", "y"]))
    assert shown.to_numpy().tolist() == [[8, 50, 58], [40, 0, 40], [48, 50, 98]]


def test_three_in_a_two_by_two_table_hides_all_four_counts_and_keeps_the_totals():
    shown = suppressed(pd.DataFrame([[3, 50], [40, 60]]))
    assert shown.iloc[:2, :2].isna().all(axis=None)
    assert shown["all"].tolist() == [53, 100, 153]


def test_margin_that_only_one_small_count_fills_is_hidden_with_its_complement():
    shown = suppressed(pd.DataFrame([[3, 0], [47, 50]], ["yes", "no"], ["A", "B"]))
    assert shown.isna().to_numpy().tolist() == [
        [True, False, True],
        [True, False, True],
        [False] * 3,
    ]


def test_handful_of_patients_leaves_no_count():
    assert suppressed(pd.DataFrame([[3, 2], [0, 1]])).isna().all(axis=None)


def test_other_threshold_is_kept():
    counts = pd.DataFrame([[3, 50], [40, 60]])
    assert suppressed(counts, threshold=2).notna().all(axis=None)
    assert suppressed(pd.DataFrame([[10, 50], [40, 60]]), threshold=10).isna().sum().sum() == 4


@pytest.mark.parametrize(
    ("counts", "threshold", "told"),
    [
        (pd.DataFrame([[1.5]]), 7, "whole number"),
        (pd.DataFrame([[-1]]), 7, "below 0"),
        (pd.DataFrame(), 7, "no counts"),
        (pd.DataFrame([[9]]), 0, "threshold"),
    ],
)
def test_what_is_no_table_of_counts_is_refused(counts, threshold, told):
    with pytest.raises(RairlibError, match=told):
        suppressed(counts, threshold)


def test_counts_that_stand_elsewhere_are_not_hidden():
    counts, sums = np.array([3, 50, 53]), np.array([[1.0, 1.0, -1.0]])
    costs, public = np.array([4.0, 51.0, 54.0]), np.array([False, False, True])
    assert hidden_cells(counts, sums, 7, public, costs).tolist() == [True, True, False]


# --- A study's results ------------------------------------------------------------------------


LEVELS = {"site": ["lung", "bone", "both", "none"], "stage": ["I", "II"], "T4": ["yes", "no"]}
ARMS, OUTCOMES = ("RAIR", "RAIA"), ("PD", "NPD")


def cohort(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(30, 250))
    chance = {name: rng.dirichlet(np.full(len(levels), 0.6)) for name, levels in LEVELS.items()}
    frame = pd.DataFrame({name: rng.choice(LEVELS[name], n, p=chance[name]) for name in LEVELS})
    frame["arm"] = rng.choice(ARMS, n, p=rng.dirichlet([2, 2]))
    frame["outcome"] = rng.choice(OUTCOMES, n, p=rng.dirichlet([1, 3]))
    frame.loc[:1, "outcome"], frame.loc[:1, "arm"] = OUTCOMES, ARMS  # nobody's group is empty
    if seed % 3 == 0:
        frame["site"] = frame["site"].mask(rng.random(n) < 0.1)
    return frame


def results(frame: pd.DataFrame) -> pd.DataFrame:
    """Return sizes, counts, both kinds of percentages and sensitivity, by two groupings."""
    rows = [("n", "", "", "all", "", len(frame))]
    for column, names in (("arm", ARMS), ("outcome", OUTCOMES)):
        rows += [("n", "", "", name, "", int((frame[column] == name).sum())) for name in names]
    for name, levels in LEVELS.items():
        counted = [*levels, "absent"] if frame[name].isna().any() else levels
        for column, names in (("arm", ARMS), ("outcome", OUTCOMES)):
            found = categorical_rows(frame[name].fillna("absent"), frame[column], names, counted)
            rows += [row for row in found if row[2] != "absent"]
    rows += [
        row
        for row in split_rows(frame["T4"], frame["outcome"], OUTCOMES, LEVELS["T4"])
        if row[0] == "percent"
    ]
    rows += operating_rows(
        (frame["T4"] == "yes").astype(float), frame["outcome"], OUTCOMES, "T4", 0.5
    )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def attack_results(shown: pd.DataFrame) -> Attack:
    attack = Attack()
    for whole in ("all",):
        for parts in (ARMS, OUTCOMES):
            attack.add({("n", part): 1.0 for part in parts} | {("n", whole): -1.0}, 0)
    for variable, levels in LEVELS.items():
        absent = ["absent"] if variable == "site" else []
        for group in ("all", *ARMS, *OUTCOMES):
            terms = {(variable, level, group): 1.0 for level in [*levels, *absent]}
            attack.add({**terms, ("n", group): -1.0}, 0)
        for level in [*levels, *absent]:
            for parts in (ARMS, OUTCOMES):
                terms = {(variable, level, part): 1.0 for part in parts}
                attack.add({**terms, (variable, level, "all"): -1.0}, 0)
    for row in shown[shown["hidden"] == ""].itertuples():
        key = (row.variable, row.level, row.group)
        if row.statistic == "n":
            attack.known(("n", row.group), row.value)
        elif row.statistic == "count":
            attack.known(key, row.value)
        elif row.statistic in ("sensitivity", "specificity"):
            side, level = ("PD", "yes") if row.statistic == "sensitivity" else ("NPD", "no")
            attack.add({("T4", level, side): 100.0, ("n", side): -row.value}, 0)
    return attack


def without_repeats(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop_duplicates(["statistic", "variable", "level", "group"])


@pytest.mark.parametrize("seed", range(25))
def test_no_small_count_of_a_study_can_be_solved_for_across_its_tables(seed):
    rows = results(cohort(seed))
    shown = suppressed_rows(rows)
    attack = attack_results(shown)
    for row in without_repeats(rows[rows["statistic"].isin(["n", "count"])]).itertuples():
        if shown["hidden"][row.Index]:
            key = ("n", row.group) if row.statistic == "n" else row[2:5]
            assert_kept(attack, tuple(key), row.value)
        else:
            assert not 1 <= row.value <= THRESHOLD
    counts = shown[shown["statistic"] == "count"].set_index(["variable", "level"])["hidden"]
    for row in shown[(shown["statistic"] == "percent") & (shown["hidden"] == "")].itertuples():
        assert (counts.loc[[(row.variable, row.level)]] == "").all()


def frame_of(*rows) -> pd.DataFrame:
    sizes = [("n", "", "", name, "", n) for name, n in (("all", 90), ("A", 30), ("B", 60))]
    return pd.DataFrame([*sizes, *rows], columns=list(COLUMNS))


def counts(variable: str, **cells) -> list[tuple]:
    return [
        ("count", variable, level, group, "", n)
        for level, pair in cells.items()
        for group, n in zip("AB", pair, strict=True)
    ]


TESTS = [
    *(
        ("p_value", "M1", "", "A vs B", "fisher", 0.0123),
        ("chi_square", "M1", "", "A vs B", "pearson", 6.2),
    ),
    *(("odds_ratio", "M1", "yes vs no", "A vs B", "univariable", 6.1),),
    *(("ci_low", "M1", "yes vs no", "A vs B", "multivariable", 1.2),),
]


def reasons(frame: pd.DataFrame, **options) -> list[str]:
    return suppressed_rows(frame, **options)["hidden"].iloc[3:].tolist()


def test_tests_and_ratios_of_a_table_with_a_small_count_are_hidden():
    found = reasons(frame_of(*counts("M1", yes=(5, 2), no=(25, 58)), *TESTS))
    assert found[4:] == ["would give a hidden count back"] * 4


def test_tests_and_ratios_of_a_table_without_small_counts_are_shown():
    assert reasons(frame_of(*counts("M1", yes=(12, 9), no=(18, 51)), *TESTS)) == [""] * 8


def test_multivariable_ratio_can_be_kept_unless_its_level_is_small():
    large = frame_of(*counts("M1", yes=(15, 2), no=(15, 58)), *TESTS)
    assert reasons(large, keep_ratios=True)[-1] == ""
    small = frame_of(*counts("M1", yes=(5, 2), no=(25, 58)), *TESTS)
    assert reasons(small, keep_ratios=True)[-1] == "rests on few patients"


def test_level_that_is_not_printed_is_protected_too():
    # 4 of 30 are the complement of the only level printed.
    found = reasons(
        frame_of(("count", "ete", "no", "A", "", 26), ("percent", "ete", "no", "A", "", 86.7))
    )
    assert found == ["small count, or one that would give it back", "share of a hidden count"]


def test_extremes_are_hidden_and_summaries_need_patients_on_each_side():
    names = ("minimum", "maximum", "mean", "median", "q1", "q3")
    found = reasons(frame_of(*((name, "age", "", "A", "", 50.0) for name in names)))
    one, few = "value of one patient", "rests on few patients"
    assert found == [one, one, "", "", few, few]
    assert reasons(frame_of(("q1", "age", "", "B", "", 50.0))) == [""]


def test_summary_of_a_group_whose_size_is_not_told_is_hidden_until_it_is():
    row = ("mean", "age", "", "C", "", 50.0)
    assert reasons(frame_of(row)) == ["rests on few patients"]
    assert suppressed_rows(frame_of(row), sizes={"C": 20})["hidden"].iloc[-1] == ""


def test_survival_that_stands_for_a_few_events_or_a_few_left_is_hidden():
    rates = (100.0, 96.7, 50.0, 10.0, 0.0)
    rows = (
        ("survival_percent", "pfs", f"{m} months", "A", "kaplan_meier", r)
        for m, r in enumerate(rates)
    )
    few = "rests on few patients"
    assert reasons(frame_of(*rows)) == ["", few, "", few, ""]


def test_sensitivity_and_its_like_are_hidden_together():
    values = {"sensitivity": 90.0, "specificity": 50.0, "ppv": 47.4, "npv": 90.9, "accuracy": 63.3}
    rows = [(name, "rule", "≥1", "A vs B", "", value) for name, value in values.items()]
    assert reasons(frame_of(*rows)) == ["would give a hidden count back"] * 5
    fair = [row if row[0] != "sensitivity" else (*row[:5], 50.0) for row in rows]
    assert reasons(frame_of(*fair)) == [""] * 5


def test_small_part_of_a_group_is_not_the_rest_of_those_shown():
    parts = [("n", "", "", name, "", n) for name, n in (("x", 4), ("y", 10), ("z", 16))]
    share = [("percent", "", "", name, "", 100 * n / 30) for name, n in (("x", 4), ("z", 16))]
    found = suppressed_rows(frame_of(*parts, *share))["hidden"].iloc[3:]
    assert (found.iloc[:3] != "").sum() >= 2
    assert (found.iloc[3:] != "").all() == (found.iloc[2] != "") or found.iloc[3] != ""


def test_same_count_with_another_value_is_hidden():
    twice = counts("sex", f=(15, 30), m=(15, 30))
    again = ("count", "sex", "f", "A", "", 13)
    assert reasons(frame_of(*twice, again))[-1] == "small count, or one that would give it back"


def test_statistic_without_a_rule_is_hidden():
    assert reasons(frame_of(("mode", "age", "", "A", "", 50.0))) == ["no rule for this statistic"]


def test_shown_values_are_unchanged_and_hidden_ones_missing():
    frame = frame_of(*counts("M1", yes=(5, 2), no=(25, 58)), ("mean", "age", "", "B", "", 51.25))
    shown = suppressed_rows(frame)
    hidden = shown["hidden"] != ""
    assert shown["value"][hidden].isna().all()
    assert (shown["value"][~hidden] == frame["value"][~hidden]).all()


def test_frame_without_a_column_is_refused():
    with pytest.raises(RairlibError, match="no column group"):
        suppressed_rows(frame_of().drop(columns="group"))
