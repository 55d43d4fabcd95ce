"""The first cell of a notebook brings the book to Colab, and does nothing elsewhere."""

import subprocess
import sys
from types import ModuleType

import pytest
import yaml
from notebook_rules import COLAB, joined, notebook_faults
from test_notebooks import NOTEBOOKS, ROOT, code_cell, notebook, read_notebook

READY = NOTEBOOKS


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """Note what the cell would run; a clone makes its folder."""
    ran = []

    def run(words, check):
        assert check
        ran.append(words)
        if words[0] == "git":
            (tmp_path / words[-1]).mkdir()

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.setattr(subprocess, "run", run)
    return ran


@pytest.mark.parametrize("path", READY)
def test_cell_stands_before_all_other_code_and_not_in_the_book(path):
    first = next(cell for cell in read_notebook(path)["cells"] if cell["cell_type"] == "code")
    assert joined(first["source"]) == COLAB
    assert (first["id"], first["metadata"]["tags"]) == ("colab", ["remove-cell"])
    assert first["outputs"] == []


def test_elsewhere_the_cell_does_nothing(calls):
    before = sys.path.copy()
    exec(COLAB, {})
    assert (calls, sys.path) == ([], before)


def test_on_colab_the_cell_fetches_and_installs_the_book_once(calls, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
    exec(COLAB, {})
    configured = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]
    assert calls[0] == ["git", "clone", "--depth=1", configured["url"], "rair-book"]
    assert calls[1][1:] == ["-m", "pip", "install", "--quiet", "--editable", "rair-book", "myst-nb"]
    assert sys.path[0] == str(tmp_path / "rair-book")
    exec(COLAB, {})
    assert len(calls) == 2


def test_rules_ask_of_the_next_cell_that_it_has_the_imports():
    cells = notebook(code_cell("import math"))["cells"]
    colab = code_cell(COLAB, outputs=[], id="colab")
    found = notebook_faults({**notebook(), "cells": [colab, cells[0]]})
    assert found == []
    found = notebook_faults({**notebook(), "cells": [colab, *cells]})
    assert found == ["code cell 2: imports: only the first code cell does"]
