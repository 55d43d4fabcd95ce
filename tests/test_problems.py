"""Findings of one cause are one problem, and every row that no check touched has its reason."""

from dataclasses import replace

from small_registry import counts, number, registry, two_groups

from rairlib.checks.catalogue import audit
from rairlib.checks.findings import Finding
from rairlib.checks.problems import EXCHANGED, Problem, find_problems
from rairlib.checks.untouched import ALONE, UNDECIDED, untouched
from rairlib.registry.printed import parse_printed


def study():
    """Return 90 patients in two groups with a level count each: all sums and shares agree."""
    cells = {"yes": (20, 18, 38), "no": (12, 40, 52)}
    shares = {"cases": "62.5", "controls": "31.0", "all": "42.2"}
    return (
        *two_groups(),
        *counts("ete", cells, groups=("cases", "controls", "all")),
        *(
            number(
                f"share-{group}",
                "percent",
                text,
                variable="ete",
                level="yes",
                group=group,
                of="n" if group == "all" else f"n-{group}",
            )
            for group, text in shares.items()
        ),
    )


def printed(**texts: str):
    changed = {name.replace("_", "-"): text for name, text in texts.items()}
    return registry(
        *(
            replace(row, printed=changed[row.id], number=parse_printed(changed[row.id]))
            if row.id in changed
            else row
            for row in study()
        )
    )


def problems(rows) -> list[Problem]:
    return find_problems(rows, audit(rows))


def about(problem: Problem) -> set[str]:
    return {each.row.id for each in problem.numbers}


def contradictions(rows) -> int:
    return sum(finding.status == "contradicted" for finding in audit(rows))


def test_what_agrees_is_no_problem():
    assert problems(printed()) == []


def test_one_changed_count_is_one_problem_with_its_right_value():
    # 20 cases with the level, printed 26: level sum, group sum and share all object.
    rows = printed(ete_yes_cases="26")
    (problem,) = problems(rows)
    (suspect,) = problem.numbers
    assert (problem.kind, suspect.row.id, suspect.low, suspect.high) == (
        *("proof", "ete-yes-cases"),
        *(20, 20),
    )
    assert sum(found.status == "contradicted" for found in problem.findings) == (
        contradictions(rows)
    )
    assert contradictions(rows) > 5
    # 26 stands 6 above 20, six units of the last digit and 30 per cent.
    assert (suspect.last_digits, suspect.share) == (6, 0.3)


def test_two_exchanged_counts_are_one_problem():
    rows = printed(ete_yes_cases="18", ete_yes_controls="20")
    (problem,) = problems(rows)
    assert about(problem) == {"ete-yes-cases", "ete-yes-controls"}
    assert (problem.slip, problem.either) == (EXCHANGED, False)
    assert {each.row.printed: each.low for each in problem.numbers} == {"18": 20, "20": 18}


def test_a_sum_that_fails_names_each_number_that_could_mend_it():
    # 32 + 58 = 90; 91 is printed, and nothing else tells which of the three is wrong.
    (problem,) = problems(registry(*two_groups(n_all="91")))
    assert (about(problem), problem.either) == ({"n", "n-cases", "n-controls"}, True)
    fits = {each.row.id: each.low for each in problem.numbers}
    assert fits == {"n": 90, "n-cases": 33, "n-controls": 59}


def doubt(target: str, *uses: str, **fields) -> Finding:
    return Finding(
        **{"check": "some", "status": "suggests", "text": "T.", "target": target, "uses": uses}
        | fields
    )


def rows_named(*names: str, statistic: str = "percent"):
    return registry(*(number(name, statistic, "12.5", group=name) for name in names))


def test_doubts_with_one_reading_are_one_problem():
    rows = registry(*(number(name, "percent", "12.5", group=f"g{name}") for name in "ab"))
    found = [
        doubt(name, reading=f"divided by {n}, the size of g{name}") for name, n in ("a5", "b6")
    ]
    (problem,) = find_problems(rows, found)
    assert about(problem) == {"a", "b"}
    assert problem.kind == "doubt"


def test_without_a_reading_two_stay_apart_and_three_are_a_habit():
    rows = rows_named("a", "b", "c")
    found = [doubt(name) for name in "abc"]
    assert [len(p.numbers) for p in find_problems(rows, found[:2])] == [1, 1]
    assert [len(p.numbers) for p in find_problems(rows, found)] == [3]


def test_findings_on_one_interval_with_one_reading_are_one_problem():
    rows = rows_named("estimate", "low", "high", "p")
    found = [
        doubt("p", "estimate", "low", "high", reading="a 90 % interval"),
        doubt("", "estimate", "low", "high", check="events", reading="a 90 % interval"),
        doubt("p", "estimate", "low", "high", check="significance"),
    ]
    (problem,) = find_problems(rows, found)
    assert len(problem.findings) == 3
    assert problem.slip == "a 90 % interval"


def test_the_size_of_a_group_is_no_bond_between_its_shares():
    rows = registry(*two_groups(), *(number(name, "percent", "50") for name in "ab"))
    assert len(find_problems(rows, [doubt("a", "n"), doubt("b", "n")])) == 2


def test_proofs_stand_first_then_what_moves_significance_then_the_largest():
    rows = registry(
        number("small", "p_value", "0.20"),
        number("large", "p_value", "0.20"),
        number("moves", "p_value", "0.04"),
        number("proof", "percent", "50.0"),
    )
    found = [
        doubt("small", low=0.3, high=0.3),
        doubt("large", low=0.9, high=0.9, check="other"),
        doubt("moves", low=0.06, high=0.06, check="third"),
        doubt("proof", status="contradicted", low=50.1, high=50.1),
    ]
    listed = find_problems(rows, found)
    assert [problem.numbers[0].row.id for problem in listed] == [
        *("proof", "moves", "large", "small")
    ]
    assert [bool(problem.moves) for problem in listed] == [False, True, False, False]


def test_a_limit_on_the_other_side_of_no_effect_moves_significance():
    rows = registry(
        number("or", "odds_ratio", "2.0"),
        number("low", "ci_low", "1.10", of="or"),
        number("high", "ci_high", "4.0", of="or"),
    )
    (problem,) = find_problems(rows, [doubt("low", "or", "high", low=0.95, high=0.99)])
    assert problem.moves == "the interval excludes 1 as printed, includes it as recomputed"


def test_the_consequence_is_that_of_the_slip_that_is_named():
    rows = registry(
        number("or", "odds_ratio", "2.32"),
        number("low", "ci_low", "1.84", of="or"),
        number("high", "ci_high", "5.98", of="or"),
    )
    found = [
        doubt("or", "low", "high", low=3.31, high=3.32, reading="one digit changed: 3.32"),
        doubt("low", "or", "high", low=0.90, high=0.90),
    ]
    (problem,) = find_problems(rows, found)
    assert (problem.slip, problem.either, problem.moves) == (found[0].reading, True, "")


def test_a_count_that_a_proof_replaces_takes_its_share_along():
    # 38 of 90 is 42.2 %; with 28 printed, the share looks as if it were of 66 patients.
    listed = problems(printed(ete_yes_all="28"))
    assert [(p.kind, about(p), p.numbers[0].low) for p in listed] == [
        ("proof", {"ete-yes-all"}, 38)
    ]
    assert "share-all" in {found.target for found in listed[0].findings}


def test_open_findings_with_a_reading_are_notes_and_the_others_fold_away():
    rows = rows_named("a", "b")
    found = [doubt("a", status="open", reading="of 77"), doubt("b", status="open")]
    (problem,) = find_problems(rows, found)
    assert (problem.kind, about(problem)) == ("note", {"a"})


def test_names_that_the_registry_lacks_do_no_harm():
    found = [doubt("nobody", "nowhere"), doubt("", check="wording_unit"), doubt("")]
    listed = find_problems(rows_named("a"), found)
    assert [problem.numbers for problem in listed] == [(), (), ()]


def reasons(*rows, found=()) -> dict[str, list[str]]:
    told = untouched(registry(*rows), found)
    return {reason: [row.id for row in those] for reason, those in told.items()}


def test_each_row_that_nothing_touched_has_its_reason():
    told = reasons(
        number("a", "definition", "4"),
        number("b", "odds_ratio", "2.0", variable="age", group="x vs y", method="weighted"),
        number("c", "odds_ratio", "2.0", variable="age", group="x vs y"),
        number("d", "p_value", "0.04", of="c", variable="age", group="x vs y"),
        number("e", "ci_low", "1.1", variable="sex"),
        number("f", "mean", "50.1", variable="weight", group="x"),
        number("g", "p_value", "0.04", variable="height", group="x vs y"),
        number("h", "kappa", "0.7", variable="raters"),
    )
    assert told == {
        "a definition, a date or another number that no other determines": ["a"],
        "its method, weighted, has no check": ["b"],
        "no interval beside it": ["c"],
        "no interval beside the estimate of this p value": ["d"],
        "it names no estimate in the column of": ["e"],
        "no group size is printed": ["f"],
        "no counts or means beside this p value": ["g"],
        "appears once, nothing to compare": ["h"],
    }


def test_rows_of_which_all_findings_are_open_are_told_apart():
    rows = [number(name, "kappa", "0.7") for name in "abc"]
    found = [doubt("a", "b", status="open"), doubt("b", status="agrees")]
    told = reasons(*rows, found=found)
    assert told.pop(UNDECIDED) == ["a"]
    assert list(told.values()) == [["c"]]


def test_what_met_its_neighbours_only_is_told_where_no_size_is_printed():
    rows = [number(name, "odds_ratio", "2.0", group="cases vs controls") for name in "ab"]
    told = reasons(*rows, found=[doubt("a", status="agrees")])
    assert told[ALONE] == ["a"]
    assert ALONE not in reasons(*two_groups(), *rows, found=[doubt("a", status="agrees")])


def test_a_misprinted_size_is_one_problem_though_every_sum_and_share_objects():
    # 32 cases, printed 33: two partitions and the groups themselves leave 32.
    sizes = two_groups(n_cases="33")
    cells = [counts(name, {"yes": (20, 18), "no": (12, 40)}) for name in ("ete", "node")]
    rows = registry(*sizes, *(row for cell in cells for row in cell))
    (problem,) = problems(rows)
    assert [(each.row.id, each.low) for each in problem.numbers] == [("n-cases", 32)]
    assert len(problem.findings) == contradictions(rows) > 5


def test_numbers_that_the_audit_leaves_out_stay_out_when_it_is_repeated():
    # An infinite share stands beside a count that sums and another share refuse.
    rows = [*printed(ete_yes_cases="26")]
    endless = number("endless", "percent", "inf", variable="ete", level="no", group="cases")
    rows = registry(*rows, replace(endless, of="n-cases"))
    assert {"ete-yes-cases"} in [about(problem) for problem in problems(rows)]
