from dataclasses import replace

from small_registry import counts, number, registry, two_groups

from rairlib.checks.catalogue import audit
from rairlib.checks.settling import settling_numbers
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


def settled(rows):
    findings = settling_numbers(rows, audit(rows), audit)
    return [(finding.target, finding.uses, finding.text) for finding in findings]


def test_what_agrees_needs_no_change():
    assert settled(printed()) == []


def contradictions(rows) -> int:
    return sum(finding.status == "contradicted" for finding in audit(rows))


def test_the_one_changed_count_is_named_with_its_right_value():
    # 20 cases with the level, printed 26: level sum, group sum and share all object.
    rows = printed(ete_yes_cases="26")
    (target, uses, text), *_ = settled(rows)
    assert (target, uses) == ("ete-yes-cases", ())
    assert contradictions(rows) > 5
    assert f"changed to 20, would settle {(n := contradictions(rows))} of {n}" in text


def test_two_exchanged_counts_are_named_together():
    rows = printed(ete_yes_cases="18", ete_yes_controls="20")
    (target, uses, text), *_ = settled(rows)
    assert {target, *uses} == {"ete-yes-cases", "ete-yes-controls"}
    assert f"exchanged, would settle {(n := contradictions(rows))} of {n}" in text


def test_where_no_value_follows_the_number_is_still_named():
    # A mean of 530.6 lies above the maximum of its group and of all.
    ends = {"minimum": "17", "maximum": "77"}
    rows = registry(
        *two_groups(),
        number("mean", "mean", "530.6", variable="age", group="cases"),
        *(
            number(f"{name}-{group}", name, text, variable="age", group=group)
            for group in ("all", "cases")
            for name, text in ends.items()
        ),
    )
    (target, _, text), *_ = settled(rows)
    assert target == "mean"
    assert "stands in 2 of 2 contradictions" in text
