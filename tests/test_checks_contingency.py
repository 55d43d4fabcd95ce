import json
from functools import partial
from pathlib import Path

import pytest
from small_registry import counts, number, registry, statuses, two_groups

from rairlib.checks.contingency import (
    association_tests,
    check_chi_square_from_counts,
    check_p_from_chi_square,
    check_p_from_counts,
    chi_square_tests,
    fisher_exact_p,
    p_from_chi_square,
)

R_VALUES = json.loads((Path(__file__).parent / "reference" / "checks_on_print.json").read_text())[
    "tables"
]
AGE = {"≥55": (42, 20), "<55": (38, 77)}
METASTASIS = {"yes": (18, 4), "no": (14, 54)}


def as_table(cells):
    return tuple(tuple(pair) for pair in cells)


def compared(statistic, printed, variable, **fields):
    fields = {"group": "cases vs controls", "variable": variable} | fields
    return number(fields.pop("id", "target"), statistic, printed, **fields)


def age_study(*rows):
    return registry(*two_groups("80", "97", "177"), *counts("age", AGE), *rows)


@pytest.mark.parametrize("case", R_VALUES, ids=lambda case: str(case["cells"]))
def test_tests_of_association_equal_those_of_r(case):
    tests = association_tests(as_table(case["cells"]))
    for name in ("pearson", "likelihood_ratio", "linear", "yates"):
        if name in case:
            assert tests[name] == pytest.approx(case[name], rel=1e-9)
    for name in ("fisher", "one_sided_fisher", "student_of_levels"):
        if name in case:
            assert tests[name][1] == pytest.approx(case[name], rel=1e-7)
    if "crude_wald" in case:
        assert tests["crude_wald"][1] == pytest.approx(case["crude_wald"], rel=1e-4)


def test_pearson_by_hand():
    # n (ad − bc)² over the margins: 90 (18·54 − 4·14)² / (22·68·32·58).
    by_hand = 90 * (18 * 54 - 4 * 14) ** 2 / (22 * 68 * 32 * 58)
    assert chi_square_tests(((18, 4), (14, 54)))["pearson"][0] == pytest.approx(by_hand, rel=1e-12)


def test_fisher_is_symmetric_in_the_groups():
    table = ((25, 53), (4, 5), (3, 1))
    mirrored = tuple((b, a) for a, b in table)
    assert fisher_exact_p(table) == pytest.approx(fisher_exact_p(mirrored), rel=1e-12)


def test_larger_chi_square_means_smaller_p():
    low, high = p_from_chi_square((3.35, 3.45), 1)
    # The 95 % point of one degree of freedom is 3.841: both are above 0.05.
    assert 0.05 < low < high < 0.07


@pytest.mark.parametrize(
    ("printed", "method", "status", "words"),
    [
        # Pearson 19.5804, Yates 18.2046, likelihood ratio 19.8359: none prints 19.380.
        ("19.580", "", "agrees", "identifies the test: Pearson"),
        ("19.380", "", "contradicted", "None of"),
        ("18.205", "pearson", "suggests", "continuity correction, not with Pearson's χ²"),
    ],
)
def test_chi_square_is_recomputed(printed, method, status, words):
    row = compared("chi_square", printed, "age", method=method)
    (finding,) = check_chi_square_from_counts(age_study(row))
    assert (finding.status, finding.target) == (status, "target")
    assert words in finding.text


@pytest.mark.parametrize("printed", ["<0.001", "0.000", ".000", "0.00001"])
def test_tiny_p_values_in_every_spelling(printed):
    # Pearson's p is 0.0000096.
    (finding,) = check_p_from_counts(age_study(compared("p_value", printed, "age")))
    assert finding.status == "agrees"


CRUDE = {"≥54": (19, 16), "<54": (13, 42)}
HISTOLOGY = {"OCA": (3, 0), "FTC": (4, 5), "PTC": (25, 53)}


@pytest.mark.parametrize(
    ("cells", "printed", "fields", "status", "words"),
    [
        # High-risk subtypes 2/23 against 1/52: Fisher 0.239, Pearson 0.190, Yates 0.497, LR 0.210.
        ({"yes": (2, 1), "no": (23, 52)}, "0.239", {}, "agrees", "identifies the test: Fisher"),
        # 0.012 is far from every test of 18/14 against 4/54 (all below 0.00001).
        # Where the paper names no test, it may be one of pairs.
        (METASTASIS, "0.012", {"method": "pearson"}, "contradicted", "None of"),
        (METASTASIS, "0.012", {}, "suggests", "a test of pairs"),
        # 19/13 against 16/42: Pearson 0.0031, Fisher 0.0062; the Wald test of the crude odds ratio
        # gives 0.0038. Boschloo's exact test, which is not tried, gives 0.0037
        # (scipy.stats.boschloo_exact): so it must not say "only".
        (CRUDE, "0.004", {}, "suggests", "less usual tests tried it agrees with: Wald test"),
        # 3/7 against 9/1: Fisher 0.01977, less half the chance of just this table, which is
        # C(12, 3) C(8, 7) / C(20, 10) = 0.00953: mid-p 0.01500.
        ({"yes": (3, 9), "no": (7, 1)}, "0.0150", {}, "open", "Fisher's mid-p"),
        # Oncocytic 3 of 32 against 0 of 58 by Fisher: C(32, 3)/C(90, 3) = 4960/117480 = 0.0422.
        (HISTOLOGY, "0.042", {"level": "OCA"}, "agrees", "Fisher's exact test 0.04222"),
        # A trend or merged levels may stand behind three levels.
        ({"I": (10, 30), "II": (10, 18), "III": (12, 10)}, "0.5", {}, "suggests", "a trend or"),
    ],
)
def test_p_value_is_recomputed(cells, printed, fields, status, words):
    rows = registry(*two_groups(), *counts("x", cells), compared("p_value", printed, "x", **fields))
    (finding,) = check_p_from_counts(rows)
    assert (finding.status, finding.target) == (status, "target")
    assert words in finding.text
    assert "only" not in finding.text


@pytest.mark.parametrize(
    ("cells", "printed", "status"),
    [
        # A single level against the rest: R: fisher.test(rbind(c(3, 4), c(29, 54))) gives 0.6962.
        ({"yes": (3, 4)}, "0.696", "agrees"),
        # Levels that do not exhaust the groups.
        ({"a": (10, 10), "b": (5, 20)}, "0.999", "open"),
    ],
)
def test_p_value_of_levels_that_are_no_partition(cells, printed, status):
    levels = counts("site", cells, partition=False)
    rows = registry(*two_groups(), *levels, compared("p_value", printed, "site"))
    assert statuses(check_p_from_counts(rows)) == {"target": status}


def test_a_bonferroni_correction_is_named():
    # R: chisq.test(matrix(c(30, 20, 20, 30), 2), correct = FALSE) gives 0.0455; 5 × 0.0455 = 0.228.
    cells = {"yes": (30, 20), "no": (20, 30)}
    p = compared("p_value", "0.228", "met")
    (finding,) = check_p_from_counts(
        registry(*two_groups("50", "50", "100"), *counts("met", cells), p)
    )
    assert finding.status == "suggests"
    assert "5 times p by Pearson's χ²" in finding.text


THREE = ("A", "B", "C")


def three_groups(*rows):
    return registry(
        number("n", "n", "90", group="all"),
        *(number(f"n-{g}", "n", "30", group=g, of="n", partition="groups") for g in THREE),
        *rows,
    )


@pytest.mark.parametrize("group", ["A vs B vs C", "all"])
def test_p_of_three_groups_is_recomputed(group):
    # 5, 15 and 25 of 30 each: χ² = 26.67 on 2 degrees of freedom, p = 1.6e-6.
    cells = counts("met", {"yes": (5, 15, 25)}, THREE)
    for printed, method, status in (
        ("<0.001", "pearson", "agrees"),
        ("0.50", "pearson", "contradicted"),
        ("0.50", "", "suggests"),
    ):
        p = number("p", "p_value", printed, variable="met", group=group, method=method)
        (finding,) = check_p_from_counts(three_groups(*cells, p))
        assert (finding.status, finding.target) == (status, "p")


def test_chi_square_of_three_groups_is_recomputed():
    # Expected are 15 in each of six cells, four of which are 10 apart: χ² = 4 · 10²/15 = 26.67.
    cells = counts("met", {"yes": (5, 15, 25), "no": (25, 15, 5)}, THREE)
    for printed, method, status in (
        ("26.67", "", "agrees"),
        ("62.67", "", "suggests"),
        ("62.67", "pearson", "contradicted"),
    ):
        row = number("x", "chi_square", printed, variable="met", group="all", method=method)
        assert statuses(check_chi_square_from_counts(three_groups(*cells, row))) == {"x": status}


def test_a_level_in_three_groups_may_be_of_fewer_patients():
    # 6, 12 and 18 of 30: χ² = 10, p = 0.0067. Of 30, 30 and 25 they are 20, 40 and 72 %:
    # χ² = 85 (6²/30 + 12²/30 + 18²/25 − 36²/85) / (36 · 49) · 85 = 15.41, p = 0.00045.
    cells = counts("met", {"yes": (6, 12, 18)}, THREE)
    p = number("p", "p_value", "0.00045", variable="met", group="A vs B vs C", method="pearson")
    (finding,) = check_p_from_counts(three_groups(*cells, p))
    assert finding.status == "suggests"
    assert "Values may be missing." in finding.text
    # Declared levels leave no patient without a value.
    full = counts("met", {"yes": (6, 12, 18), "no": (24, 18, 12)}, THREE)
    (finding,) = check_p_from_counts(three_groups(*full, p))
    assert finding.status == "contradicted"


@pytest.mark.parametrize(
    ("printed", "method", "status"),
    [
        # 2, 5 and 9 of 10 each: χ² = (3/16 + 3/14) 222/9 = 9.9107, p = exp(−9.9107/2) = 0.00705.
        # Of all tables with these margins, 0.8664 % are no more probable: listed with math.comb.
        ("0.0087", "fisher", "agrees"),
        ("0.0087", "pearson", "suggests"),
        ("0.0070", "pearson", "agrees"),
        # 0.008664 cut off.
        ("0.0086", "fisher", "suggests"),
        ("0.5", "pearson", "contradicted"),
    ],
)
def test_named_tests_of_three_groups(printed, method, status):
    sizes = [number(f"n-{g}", "n", "10", group=g, of="n", partition="groups") for g in THREE]
    cells = counts("met", {"yes": (2, 5, 9), "no": (8, 5, 1)}, THREE)
    p = number("p", "p_value", printed, variable="met", group="A vs B vs C", method=method)
    rows = registry(number("n", "n", "30", group="all"), *sizes, *cells, p)
    assert statuses(check_p_from_counts(rows)) == {"p": status}


def test_levels_of_three_groups_that_are_no_partition_leave_p_open():
    cells = counts("site", {"bone": (6, 12, 18), "lung": (4, 4, 4)}, THREE, partition=False)
    p = number("p", "p_value", "0.9", variable="site", group="A vs B vs C", method="pearson")
    assert statuses(check_p_from_counts(three_groups(*cells, p))) == {"p": "open"}


FIFTY = two_groups("50", "50", "100")


@pytest.mark.parametrize(
    ("printed", "method", "status", "words"),
    [
        # 5 × 0.0455 = 0.228 (Pearson); corrected p of 0.0455 is 1 at most, at 22 comparisons.
        ("0.228", "pearson bonferroni", "open", "5 times p by Pearson's χ²"),
        ("0.228", "bonferroni", "open", "5 times p by Pearson's χ²"),
        ("0.046", "pearson bonferroni", "suggests", "It is not corrected."),
        ("0.011", "pearson bonferroni", "suggests", "Corrected p values are larger"),
        ("0.1111", "pearson bonferroni", "open", "No number of comparisons up to 100"),
    ],
)
def test_p_values_that_the_paper_corrected(printed, method, status, words):
    cells = counts("met", {"yes": (30, 20), "no": (20, 30)})
    p = compared("p_value", printed, "met", method=method)
    (finding,) = check_p_from_counts(registry(*FIFTY, *cells, p))
    assert (finding.status, finding.target) == (status, "target")
    assert words in finding.text


@pytest.mark.parametrize("method", ["mcnemar", "trend", "pearson paired", "pearson weighted"])
def test_tests_of_other_designs_are_left_alone(method):
    cells = counts("met", {"yes": (30, 20), "no": (20, 30)})
    p = compared("p_value", "0.900", "met", method=method)
    assert check_p_from_counts(registry(*FIFTY, *cells, p)) == []


def shares(variable, cells):
    return [
        number(f"{variable}-{g}-%", "percent", text, variable=variable, level="yes", group=g, of=of)
        for g, text, of in zip(("cases", "controls"), cells, ("n-cases", "n-controls"), strict=True)
    ]


@pytest.mark.parametrize("method", ["", "pearson"])
def test_p_may_be_of_the_patients_of_whom_the_shares_are(method):
    # 20 of 40 (50 %) against 12 of 48 (25 %): χ² = 88 (20·36 − 20·12)² / (40·48·32·56) = 5.893,
    # p = 0.0152; of 50 and 50: χ² = 2.941, p = 0.0863.
    cells = counts("met", {"yes": (20, 12)}, partition=False)
    p = compared("p_value", "0.0152", "met", method=method)
    (finding,) = check_p_from_counts(registry(*FIFTY, *cells, *shares("met", ("50.0", "25.0")), p))
    assert (finding.status, finding.reading) == ("open", "40 and 48 patients with a value")


def test_p_may_be_of_the_patients_with_another_level():
    # ptc and ftc make up differentiated: 14 of 34 against 22 of 30, and not of 50 each.
    # χ² = 64 (14·8 − 20·22)² / (34·30·36·28) = 6.697, p = 0.00966.
    cells = {"ptc": (14, 22), "ftc": (20, 8), "differentiated": (34, 30)}
    rows = [counts(name, {"yes": pair}, partition=False) for name, pair in cells.items()]
    rows = [row for each in rows for row in each]
    (finding,) = check_p_from_counts(registry(*FIFTY, *rows, compared("p_value", "0.00966", "ptc")))
    assert finding.status == "suggests"
    assert finding.reading == "of 34 and 30 patients, all with differentiated yes"


def test_registers_are_tested_in_closed_form():
    # 1,000 and 1,100 of a million: expected 1,050 each, χ² = 2 · 50² (1/1050 + 1/998950) = 4.767.
    table = ((1_000, 1_100), (999_000, 998_900))
    assert association_tests(table)["pearson"][0] == pytest.approx(4.767, abs=5e-4)
    # Fisher's p lies between that of χ² with its correction and the uncorrected.
    tests = association_tests(table)
    assert tests["pearson"][1] < tests["fisher"][1] < 1.05 * tests["yates"][1]


def test_p_values_of_ratios_are_left_alone():
    rows = age_study(
        compared("odds_ratio", "4.255", "age", id="or"),
        compared("p_value", "0.5", "age", of="or"),
        compared("p_value", "0.5", "age", id="other", method="multivariable"),
    )
    assert check_p_from_counts(rows) == []


def test_p_follows_from_the_printed_chi_square():
    # 3.356 with one degree of freedom: p = 0.0670.
    cells = {">4": (15, 9), "≤4": (65, 88)}
    rows = registry(
        *two_groups("80", "97", "177"),
        *counts("size", cells),
        compared("chi_square", "3.356", "size", id="chi"),
        compared("p_value", "0.067", "size", id="right", of="chi"),
        compared("p_value", "0.076", "size", id="wrong", of="chi"),
    )
    found = statuses(check_p_from_chi_square(rows))
    assert found == {"right": "agrees", "wrong": "contradicted"}


def test_p_of_another_test_beside_chi_square_is_suggested():
    # χ² 8.769 is Pearson's (p 0.0031); the printed 0.006 is Fisher's.
    rows = registry(
        *two_groups(),
        *counts("age", CRUDE),
        compared("chi_square", "8.769", "age", id="chi"),
        compared("p_value", "0.006", "age", of="chi"),
    )
    assert statuses(check_p_from_chi_square(rows)) == {"target": "suggests"}


def test_degrees_of_freedom_of_three_groups():
    # χ² = 5.991 has a p of 0.05 on 2 degrees of freedom, on 1 of 0.014.
    cells = counts("met", {"yes": (6, 12, 18), "no": (24, 18, 12)}, THREE)
    fields = {"variable": "met", "group": "A vs B vs C"}
    rows = three_groups(
        *cells,
        number("chi", "chi_square", "5.991", **fields),
        number("right", "p_value", "0.050", of="chi", **fields),
        number("wrong", "p_value", "0.014", of="chi", **fields),
    )
    assert statuses(check_p_from_chi_square(rows)) == {"right": "agrees", "wrong": "contradicted"}


def test_unknown_degrees_of_freedom_never_contradict():
    rows = registry(
        compared("chi_square", "3.356", "size", id="chi"),
        compared("p_value", "0.9999", "size", of="chi"),
    )
    assert statuses(check_p_from_chi_square(rows)) == {"target": "suggests"}


def test_fishers_test_of_too_many_tables_is_open():
    cells = {level: (60 + 5 * place, 80 - 5 * place) for place, level in enumerate("abcd")}
    sizes = tuple(str(sum(column)) for column in zip(*cells.values(), strict=True))
    row = compared("p_value", "0.9", "stage", method="fisher")
    rows = registry(*two_groups(*sizes, "560"), *counts("stage", cells), row)
    assert statuses(check_p_from_counts(rows)) == {"target": "open"}


WITH_UNKNOWN = {"mutated": (30, 32), "wild type": (18, 18), "unknown": (1, 0)}


def braf_study(*rows):
    return registry(*two_groups("49", "50", "99"), *counts("braf", WITH_UNKNOWN), *rows)


def test_patients_with_an_unknown_value_are_not_tested():
    # Without them χ² is 98 (30 · 18 − 32 · 18)² / (62 · 36 · 48 · 50) = 0.02371, p 0.8776.
    fields = {"method": "pearson"}
    rows = braf_study(
        compared("chi_square", "0.024", "braf", id="chi", **fields),
        compared("p_value", "0.878", "braf", of="chi", **fields),
    )
    assert statuses(check_chi_square_from_counts(rows)) == {"chi": "agrees"}
    assert statuses(check_p_from_counts(rows)) == {"target": "agrees"}
    assert statuses(check_p_from_chi_square(rows)) == {"target": "agrees"}


@pytest.mark.parametrize(
    ("printed", "level", "status"),
    [
        # A level is tested against the known others.
        ("0.878", "mutated", "agrees"),
        # 49 and 50 patients with 30 and 32 mutated: no table without the unknown gives 0.5.
        ("0.513", "", "contradicted"),
    ],
)
def test_an_unknown_level_does_not_excuse_every_p(printed, level, status):
    rows = braf_study(compared("p_value", printed, "braf", level=level, method="pearson"))
    assert statuses(check_p_from_counts(rows)) == {"target": status}


def test_a_contradiction_names_every_table_that_was_tried():
    rows = braf_study(compared("p_value", "0.513", "braf", level="mutated", method="pearson"))
    (finding,) = check_p_from_counts(rows)
    assert finding.status == "contradicted"
    assert {"n-cases", "braf-wild type-cases"} < set(finding.uses)


@pytest.mark.parametrize(
    ("printed", "complete", "status", "words"),
    [
        # 10 of 50 against 20 of 50: χ² 4.762. Of 49 against 50: 99 × 480² / (30 × 69 × 49 × 50) =
        # 4.498, of 50 against 49 5.077.
        ("4.498", False, "suggests", "With 49 and 50 values it would fit. Values may be missing."),
        ("4.498", True, "contradicted", "None of"),
        # If all 10 cases have the level, and of the controls 20 of 50: 60 × 300² / (30² × 10 × 50)
        # is 12.0, by the likelihood ratio 15.6; no sizes have more.
        ("60.000", False, "contradicted", "None of"),
    ],
)
def test_a_level_against_the_rest_may_be_of_fewer_patients(printed, complete, status, words):
    rows = [*two_groups("50", "50", "100"), *counts("ete", {"yes": (10, 20)}, partition=False)]
    if complete:
        rows += [
            number(f"values-{group}", "n", "50", variable="ete", group=group, of=f"n-{group}")
            for group in ("cases", "controls")
        ]
    target = compared("chi_square", printed, "ete", method="pearson")
    (finding,) = check_chi_square_from_counts(registry(*rows, target))
    assert (finding.status, finding.target) == (status, "target")
    assert words in finding.text


@pytest.mark.parametrize(
    ("printed", "status"), [("0.059", "agrees"), ("0.057", "suggests"), ("0.085", "contradicted")]
)
def test_a_simulated_p_of_fishers_test_lies_near(printed, status):
    # R: fisher.test(rbind(c(3, 8), c(9, 4), c(1, 5)))$p.value is 0.05915; 2,000 draws: ± 0.0211.
    cells = {"x": (3, 8), "y": (9, 4), "z": (1, 5)}
    row = compared("p_value", printed, "stage", method="fisher")
    rows = registry(*two_groups("13", "17", "30"), *counts("stage", cells), row)
    assert statuses(check_p_from_counts(rows)) == {"target": status}


def test_p_rests_on_the_patients_whose_shares_are_printed():
    # 25 and 25 of 50 with a value in each of three groups of 60: χ² is 0.
    rows = [number("n", "n", "180", group="all")]
    for group in "abc":
        rows.append(number(f"n-{group}", "n", "60", group=group, of="n", partition="groups"))
        for level in ("mutated", "wild type"):
            cell = {"variable": "braf", "level": level, "group": group, "of": f"n-{group}"}
            rows.append(number(f"{level}-{group}", "count", "25", **cell))
            rows.append(number(f"share-{level}-{group}", "percent", "50.0", **cell))
    row = partial(number, "p", "p_value", variable="braf", group="a vs b vs c", method="pearson")
    assert statuses(check_p_from_counts(registry(*rows, row("0.049")))) == {"p": "contradicted"}
    assert statuses(check_p_from_counts(registry(*rows, row("1.000")))) == {"p": "agrees"}


@pytest.mark.parametrize(
    ("groups", "printed", "status", "reading"),
    [
        # 8 of 30 against 15 of 30: χ² 60 * 210² / (23 * 37 * 30²) = 3.455, p 0.0631, times 3 0.189.
        ("a vs b", "0.189", "suggests", "3 times p by Pearson's χ² (Bonferroni)"),
        ("a vs b", "0.126", "suggests", "2 times p by Pearson's χ² (Bonferroni)"),
        # Trend over 8, 15, 21 of 30: 89 * 13² / (60 * 44 * 46 / 90) = 11.147, p 0.00084.
        ("a vs b vs c", "0.00084", "suggests", "a test for trend"),
    ],
)
def test_a_named_test_may_be_corrected_or_one_for_trend(groups, printed, status, reading):
    rows = [number("n", "n", "90", group="all")]
    for group, count in {"a": "8", "b": "15", "c": "21"}.items():
        rows.append(number(f"n-{group}", "n", "30", group=group, of="n", partition="groups"))
        cell = {"variable": "m", "level": "yes", "group": group, "of": f"n-{group}"}
        rows.append(number(f"yes-{group}", "count", count, **cell))
    others = {"a vs b", "a vs c", "b vs c"} - {groups}
    for name in (groups, *sorted(others)):
        text = printed if name == groups else "0.5"
        rows.append(number(name, "p_value", text, variable="m", group=name, method="pearson"))
    found = next(f for f in check_p_from_counts(registry(*rows)) if f.target == groups)
    assert (found.status, found.reading) == (status, reading)
