"""The report of an audit for editors: one entry per problem, in lines, as a page and as a table.

The texts of a registry are foreign: they are escaped wherever they are shown.
"""

import math
import re
from collections.abc import Iterable
from html import escape
from string import Template
from textwrap import fill

import pandas as pd

from rairlib.checks.cells import MANY, MISSING
from rairlib.checks.findings import Finding
from rairlib.checks.problems import EXCHANGED, KINDS, Problem, Suspect, find_problems
from rairlib.checks.rounding import shown, shown_p_range
from rairlib.checks.untouched import ALONE, UNDECIDED, untouched
from rairlib.output import printable, render
from rairlib.pages.tables import SPOKEN
from rairlib.registry.registry import Registry, ReportedNumber

WORDS = 300
WIDTH = 96
SHOWN = 4
LONG = 45
LIKELY = ("Likely", "Read as")
HEADINGS = {
    "proof": "Proofs",
    "doubt": "Doubts",
    "note": "Explained by the print itself",
    "left": "Not decided",
}
ALIKE = {
    "percent_of_count": "other shares of {} are of their group",
    "interval_symmetry": "other intervals of {} are symmetric",
    "": "others of {} pass this check",
}
# What Markdown would read as its own: marks, tags, links, and what begins a list or a heading.
MARKS = re.compile(r"[\\`*\[\]|~@]|<(?=[A-Za-z/!?])|(?<=:)//|\b_|_\b|(?<=www)\.|&(?=[#\w]+;)")
STARTS = re.compile(r" (?=%|([-+#>=]+|\d+[.)])( |$))")
PRINTED = re.compile(r"; printed (?:is|are) .*?(?:\.(?= |$)|$)")

PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
:root { color-scheme: light dark; --line: light-dark(#767676, #949494); }
body { font: 1rem/1.5 system-ui, sans-serif; color: light-dark(#1a1a1a, #eee);
  background: light-dark(#fff, #161616); max-width: 46rem; margin: 0 auto; padding: 1rem;
  overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; line-height: 1.25; } h2 { font-size: 1.15rem; margin-top: 1.75rem; }
.answer { font-size: 1.1rem; border-left: .3rem solid var(--line); padding-left: .75rem; }
ol { padding-left: 1.75rem; } li { margin: 1rem 0; } p { margin: .25rem 0; }
b { display: block; } summary { cursor: pointer; padding: .25rem 0; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; font-weight: 400;
  border-bottom: 1px solid var(--line); overflow-wrap: normal; }
th summary::first-letter { text-transform: uppercase; }
@media print { details::details-content { content-visibility: visible; display: block; } }
</style>
</head>
<body>
<main>
<h1>$title</h1>
<p class="answer">$answer</p>
$body
</main>
</body>
</html>""")


def report(registry: Registry, findings: Iterable[Finding], form: str = "md") -> str:
    """Write the report of an audit.

    Parameters
    ----------
    registry : Registry
        The audited numbers.
    findings : iterable of Finding
        What the audit found.
    form : str
        ``md``, lines of at most 300 words where the problems allow it; ``html``, one page;
        ``json`` or ``csv``, a row per problem, then (kind ``left``) per reason for rows left.

    Returns
    -------
    str
        Text without a trailing newline.
    """
    findings = list(findings)
    problems, left = find_problems(registry, findings), untouched(registry, findings)
    if form in ("json", "csv"):
        return render(_records(registry.study, problems, left), form)
    heading, found = f"Audit of {registry.study}", []
    for kind in KINDS[:2]:
        those = [problem for problem in problems if problem.kind == kind]
        about = {each.row.id for problem in those for each in problem.numbers}
        size = f" ({len(about)} numbers)" * (len(about) > len(those))
        found += [_many(len(those), kind) + size] * bool(those)
    unseen = sum(len(rows) for reason, rows in left.items() if reason not in (UNDECIDED, ALONE))
    rest = f"{_many(unseen, 'number')} {'was' if unseen == 1 else 'were'} not checked"
    answer = f"{', '.join(found) or 'No problem'} in {_many(len(registry), 'number')}"
    answer = f"{answer}; {rest if unseen else 'all met a check'}."
    return (_page if form == "html" else _lines)(heading, answer, problems, left)


# --- Words ------------------------------------------------------------------------------------


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _some(rows: list[ReportedNumber], most: int = SHOWN) -> str:
    return ", ".join(row.id for row in rows[:most]) + " …" * (len(rows) > most)


def _named(row: ReportedNumber) -> str:
    """Name a number for a reader: ``share with stage III, g1``."""
    spoken = SPOKEN.get(row.statistic, row.statistic.replace("_", " "))
    subject = " ".join(filter(None, (row.variable, row.level)))
    named = spoken.removesuffix(" with")
    if subject:
        named = f"{spoken}{'' if spoken.endswith(' with') else ' of'} {subject}"
    return ", ".join(filter(None, (named, row.group)))


def _plural(number: int, row: ReportedNumber) -> str:
    spoken = SPOKEN.get(row.statistic, row.statistic.replace("_", " "))
    return _many(number, re.split(" of | with", spoken)[0])


def fitting(each: Suspect) -> str:
    """Write the values that would fit, in the digits of the print; empty where none are known."""
    low, high, number = each.low, each.high, each.row.number
    if math.isnan(low) or number.overlaps(low, high):
        return ""
    if math.isinf(low) or math.isinf(high):
        end = shown(*[low if math.isinf(high) else high] * 2, number.decimals)
        return f"at {'least' if math.isinf(high) else 'most'} {end}"
    inward = min(1e-9, (high - low) / 2)  # 142.5, an end of 142, is not printed as 143
    low, high = low + inward, high - inward
    write = shown_p_range if each.row.statistic == "p_value" else shown
    return write(low, high, number.decimals)


def size_of_gap(each: Suspect) -> str:
    """Say how far a print is from what fits, in its last digit and in per cent."""
    units, share = each.last_digits, 100 * each.share
    last = f"{_many(round(units), 'unit')} of the last digit" if 0.5 <= units < 100 else ""
    part = f"{share:.{0 if share >= 10 else 1}f} %" if share < 1000 else ""
    size = ", ".join(filter(None, (last, part)))
    side = "high" if each.row.number.value > each.high else "low"
    return f", too {side} by {size}" if size else ""


def entry(problem: Problem) -> list[str]:
    """Say what is wrong in one sentence, then why: slip, consequence, arithmetic, neighbours."""
    numbers, place, first = problem.numbers, problem.place, problem.findings[0]
    ids = f" ({_some([each.row for each in numbers])})" * bool(numbers)
    fits = [fitting(each) if problem.kind != "note" else "" for each in numbers]
    pairs = [
        n.row.printed + f" ({fit} fits)" * bool(fit) for n, fit in zip(numbers, fits, strict=True)
    ]
    unlike = problem.slip == EXCHANGED or len({each.row.statistic for each in numbers}) > 1
    text = PRINTED.sub(".", first.text)
    why = re.split(r"(?<=[.]) (?=[A-Z])", text.removesuffix(MISSING + MANY))
    if first.check.startswith("wording_"):  # what does not go together, then the quotations
        why = why[1:] + why[:1]
    if len(numbers) == 1 and fits[0]:
        row, size = numbers[0].row, size_of_gap(numbers[0])
        head = f"{place}, {_named(row)}: {row.printed} printed{size}; {fits[0]} fits"
    elif len(numbers) > 1 and first.target and (problem.either or unlike):
        names = [f"{_named(n.row)} {pair}" for n, pair in zip(numbers, pairs, strict=True)]
        head = f"{place}: {'one of ' * problem.either}{'; '.join(names[:SHOWN])}"
    elif len(numbers) > 1 and first.target:
        more = f" and {len(pairs) - SHOWN} more" * (len(pairs) > SHOWN)
        kind = _plural(len(pairs), numbers[0].row)
        head = f"{place}, {kind}: {', '.join(pairs[:SHOWN])}{more}"
    else:
        head = f"{place}: " * bool(place and place not in why[0]) + why.pop(0).rstrip(".")
    why = why[:1] if first.reading else why
    why = [why[0], *why[1:][-1:]] if _words(why) > LONG else why
    alike = ALIKE.get(first.check, ALIKE[""]).format(place)
    alike = f"{problem.alike} {alike}." * (problem.alike > 1 and alike not in " ".join(why))
    likely = f"{LIKELY[problem.kind == 'note']}: {problem.slip}."
    moves = f"{problem.moves[0].upper()}{problem.moves[1:]}." if problem.moves else ""
    return [f"{head}.{ids}", *filter(None, [problem.slip and likely, moves, *why, alike])]


def _records(study: str, problems: list[Problem], left: dict) -> pd.DataFrame:
    """Return a tidy frame; several numbers of a problem are joined by ``|``, ids by blanks."""
    rows = [
        {
            "kind": problem.kind,
            "ids": " ".join(each.row.id for each in problem.numbers),
            "place": problem.place,
            "printed": " | ".join(each.row.printed for each in problem.numbers),
            "fits": " | ".join(map(fitting, problem.numbers)).strip(" |"),
            "last_digits": max((each.last_digits for each in problem.numbers), default=math.nan),
            "percent": max((100 * each.share for each in problem.numbers), default=math.nan),
            "slip": problem.slip,
            "significance": problem.moves,
            "alike": str(problem.alike),
            "text": problem.findings[0].text,
            "checks": " ".join(dict.fromkeys(found.check for found in problem.findings)),
        }
        for problem in problems
    ]
    rows += [
        {"kind": "left", "ids": " ".join(row.id for row in those), "text": reason}
        for reason, those in left.items()
    ]
    columns = "study kind ids place printed fits last_digits percent slip significance alike text"
    table = pd.DataFrame(rows, columns=[*columns.split(), "checks"])
    texts = table.columns.difference(["last_digits", "percent"])
    return table.assign(study=study).fillna(dict.fromkeys(texts, ""))


# --- Markdown, which a terminal shows too -----------------------------------------------------


def _lines(heading: str, answer: str, problems: list[Problem], left: dict) -> str:
    """Write the first problems in full, as far as so many words go, then one line each."""
    entries = [(problem.kind, entry(problem)) for problem in problems]
    notes = [("note", lines[:2]) for kind, lines in entries if kind == "note"]
    left_over = [
        ("left", [f"{why[0].upper()}{why[1:]}: {_many(len(rows), 'number')} ({_some(rows)})."])
        for why, rows in left.items()
    ]
    heads = [(kind, _short(lines)) for kind, lines in entries if kind != "note"] + left_over
    room = WORDS - _words([line for _, lines in heads for line in lines])
    most = SHOWN if _words([line for _, lines in notes[:SHOWN] for line in lines]) < room / 2 else 0
    entries = [each for each in entries if each[0] != "note"] + notes[:most]
    if len(notes) > most:
        entries.append(
            (
                "note",
                [f"{len(notes) - most} {'more' if most else 'habits'}: --format html tells them."],
            )
        )
    entries += left_over
    kinds = dict.fromkeys(kind for kind, _ in entries)
    spent = 1 + _words([heading, answer, *(f"# {HEADINGS[kind]}" for kind in kinds)])
    spent += sum(1 + _words(_short(lines)) for _, lines in entries)
    told, above = [f"# {_mark(heading)}", "", answer], ""
    for place, (kind, lines) in enumerate(entries, 1):
        told += ["", f"## {HEADINGS[kind]}", ""] if kind != above else []
        above, mark = kind, f"{place}. " if kind in KINDS[:2] else "- "
        more = _words(lines) - _words(_short(lines))
        spent, (head, *why) = (
            (spent + more, lines) if spent + more <= WORDS else (spent, _short(lines))
        )
        told.append(_wrapped(mark, head))
        told += [_wrapped(" " * len(mark), " ".join(why))] if why else []
    return "\n".join(told)


def _short(lines: list[str]) -> list[str]:
    return lines[: 2 if lines[1:2] and lines[1].startswith(LIKELY) else 1]


def _words(texts: list[str]) -> int:
    return len(" ".join(texts).split())


def _mark(text: str) -> str:
    return MARKS.sub(lambda found: f"\\{found.group()}", printable(text))


def _wrapped(mark: str, text: str) -> str:
    """Break a text into lines, none of which begins like a list or a heading."""
    text = STARTS.sub("\u00a0", _mark(text))
    lines = fill(
        text,
        WIDTH,
        initial_indent=mark,
        subsequent_indent=" " * len(mark),
        break_on_hyphens=False,
        break_long_words=False,
    )
    return lines.replace("\u00a0", " ")


# --- One page, without scripts or links -------------------------------------------------------


def _page(heading: str, answer: str, problems: list[Problem], left: dict) -> str:
    parts, start = [], 1
    for kind in KINDS:
        those = [problem for problem in problems if problem.kind == kind]
        listed = f'<ol start="{start}">{"".join(map(_item, those))}</ol>'
        start += len(those)
        head = f"<h2>{HEADINGS[kind]}</h2>"
        if kind == "note":
            head, listed = "", _folded(f"{HEADINGS[kind]}: {len(those)}", listed)
        parts += [f"<section>{head}{listed}</section>"] if those else []
    rows = [
        f'<tr><th scope="row">{_folded(_safe(why), _safe(_some(those, len(those))))}</th>'
        f"<td>{len(those)}</td></tr>"
        for why, those in left.items()
    ]
    if rows:
        names = '<th scope="col">Why</th><th scope="col">Numbers</th>'
        table = f"<table><thead><tr>{names}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        parts.append(f"<section><h2>{HEADINGS['left']}</h2>{table}</section>")
    return PAGE.substitute(title=_safe(heading), answer=_safe(answer), body="\n".join(parts))


def _item(problem: Problem) -> str:
    head, *why = entry(problem)
    found = [f"{each.target} ({each.check}): {each.text}".strip() for each in problem.findings]
    behind = _folded(_many(len(found), "finding"), _paragraphs(found))
    return f"<li><b>{_safe(head)}</b>{_paragraphs(why)}{behind}</li>"


def _paragraphs(texts: Iterable[str]) -> str:
    return "".join(f"<p>{_safe(text)}</p>" for text in texts)


def _folded(summary: str, html: str) -> str:
    return f"<details><summary>{summary}</summary>{html}</details>"


def _safe(text: str) -> str:
    return escape(printable(text))
