"""The door: its names, each with an example in the book that gives what the book shows."""

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest

import rairlib

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "book" / "door.md").read_text(encoding="utf-8")
SETUP = re.search(r"```python\n(.+?)```", PAGE, re.DOTALL)[1]
# Name, example with its result, and what the page takes from the code.
ENTRIES = re.findall(
    r"^::::\{dropdown\} `(\w+)`: [^\n]+\n```pycon\n(.+?)```\n\n"
    r"```\{eval-rst\}\n\.\. autofunction:: rairlib\.(\w+)\n```\n::::$",
    PAGE,
    re.MULTILINE | re.DOTALL,
)
EXAMPLES = {name: example for name, example, _ in ENTRIES}


@pytest.fixture(scope="module")
def opened():
    names = {}
    exec(SETUP, names)
    return names


def test_page_lists_every_name_once_and_no_other():
    assert sorted(name for name, *_ in ENTRIES) == rairlib.__all__
    assert all(name == documented for name, _, documented in ENTRIES)
    assert PAGE.count("{dropdown}") == len(ENTRIES)
    assert set(rairlib.__all__) <= set(dir(rairlib))


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_gives_what_the_page_shows(name, opened, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert f"rr.{name}(" in EXAMPLES[name]
    example = doctest.DocTestParser().get_doctest(EXAMPLES[name], opened, name, "door.md", 0)
    told = []
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    doctest.DocTestRunner(optionflags=options).run(example, out=told.append)
    assert told == []


def test_opening_the_door_imports_no_room():
    code = "import sys, rairlib; print([name for name in sys.modules if 'rairlib.' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_unknown_name_is_no_attribute():
    with pytest.raises(AttributeError, match="no attribute 'pandas'"):
        rairlib.pandas  # noqa: B018
