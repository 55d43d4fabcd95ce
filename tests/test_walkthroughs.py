"""Two pages follow a number, and a paper, through the library and show what it prints."""

import doctest
import re
from pathlib import Path

import pytest
from test_fourth_study import rows

from rairlib.cli import main
from rairlib.registry.registry import read_registry

ROOT = Path(__file__).parents[1]
STEP = re.compile(
    r"<!-- (?P<kind>output of|file|replace in)[: ](?P<what>.*?) -->"
    r"(?:\n```\w+\n(?P<text>.*?\n)```)?",
    re.DOTALL,
)


def read_page(name):
    return (ROOT / "book" / f"{name}.md").read_text(encoding="utf-8")


def printed(command, capsys):
    """Return what a command prints, or those lines of it that a second one looks for."""
    words, _, wanted = command.partition(" | grep ")
    program, *words = words.split()
    if program == "grep":
        wanted, name = words
        text = (ROOT / name).read_text(encoding="utf-8")
        return [line for line in text.splitlines() if line.startswith(wanted.lstrip("^"))]
    assert program == "rairlib"
    main(words)
    text = "".join(capsys.readouterr())
    return [line.rstrip() for line in text.splitlines() if wanted in line]


def follow(page, capsys):
    """Do what a page says, in its order; return the commands whose outputs it shows."""
    commands = []
    for step in STEP.finditer(page):
        what = step["what"].strip()
        if step["kind"] == "file":
            Path(what).parent.mkdir(exist_ok=True)
            Path(what).write_text(step["text"], encoding="utf-8")
        elif step["kind"] == "replace in":
            name, old, new = re.fullmatch(r"(\S+): (\S+) by (\S+)", what).groups()
            text = Path(name).read_text(encoding="utf-8")
            assert text.count(old) == 1
            Path(name).write_text(text.replace(old, new), encoding="utf-8")
        else:
            assert printed(what, capsys) == step["text"].splitlines(), what
            assert f"```bash\n{what}\n```" in page
            commands.append(what)
    return commands


def test_a_paper_is_added_from_an_empty_folder(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    commands = follow(read_page("add-a-paper"), capsys)
    assert [command.split()[1] for command in commands] == [
        *("audit", "audit", "reconstruct", "reconstruct", "verdicts")
    ]
    shown = {row.id: row.printed for row in read_registry(tmp_path / "nobody2026/reported.csv")}
    assert shown == {row["id"]: row["printed"] for row in rows()}


def test_a_number_is_followed_from_print_to_page(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    commands = follow(read_page("how-it-works"), capsys)
    assert [command.split()[0:2][-1] for command in commands] == [
        *("^table2-10,", "audit", "reconstruct", "verdicts")
    ]


def test_python_of_the_followed_number_gives_what_the_page_shows():
    code = "".join(re.findall(r"```pycon\n(.*?)```", read_page("how-it-works"), re.DOTALL))
    example = doctest.DocTestParser().get_doctest(code, {}, "how-it-works", None, 0)
    told = []
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(example, out=told.append)
    assert (told, len(example.examples)) == ([], 10)


@pytest.mark.parametrize("name", ["add-a-paper", "how-it-works", "teaching", "door"])
def test_page_opens_with_its_answer(name):
    opening = r"# [^\n]+\n\n```\{admonition\} In short\n:class: in-short\n\n(- [^\n]+\n){3}```\n"
    assert re.match(opening, read_page(name))
