"""The door: its names, each with an example in the book that runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import rairlib

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "book" / "door.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"^`(\w+)` \| [^|`]+ \| `(.+)`$", PAGE, re.MULTILINE))


@pytest.fixture(scope="module")
def opened():
    names = {}
    exec(re.search(r"```python\n(.+?)```", PAGE, re.DOTALL).group(1), names)
    return names


def test_page_lists_every_name_and_no_other():
    assert sorted(EXAMPLES) == rairlib.__all__
    assert set(rairlib.__all__) <= set(dir(rairlib))


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_runs(name, opened, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert f"rr.{name}" in EXAMPLES[name]
    eval(EXAMPLES[name], opened)


def test_opening_the_door_imports_no_room():
    code = "import sys, rairlib; print([name for name in sys.modules if 'rairlib.' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_unknown_name_is_no_attribute():
    with pytest.raises(AttributeError, match="no attribute 'pandas'"):
        rairlib.pandas  # noqa: B018
