"""What every test shares: no window opens, and hypothesis repeats the same examples."""

import json
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import matplotlib
import pytest
from hypothesis import settings
from notebook_rules import definitions

matplotlib.use("Agg")

# Two machines must come to the same result, and a slow one must not fail for being slow.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def page():
    """Return what a page of the book defines in its own cells, by its path without ending."""

    @cache
    def of(name: str) -> SimpleNamespace:
        path = Path(__file__).parents[1] / "book" / f"{name}.ipynb"
        return SimpleNamespace(**definitions(json.loads(path.read_text(encoding="utf-8"))))

    return of
