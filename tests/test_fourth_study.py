"""A made-up fourth study: its folder is enough, and no line of the library knows it."""

import csv
import json
import shutil
from functools import partial
from math import exp, sqrt

import pytest

from rairlib import cli
from rairlib.cohorts.search import Cooling, find_cohort
from rairlib.reconstruct import faults
from rairlib.registry.kept_files import data_folder
from rairlib.registry.vocabulary import COLUMNS
from rairlib.studies import simulations
from rairlib.verdicts.verdicts import study_verdicts

# Cases and controls by smoking and male sex. The odds are 1/4, 1/2, 3/4 and 3/2: smoking doubles
# them and male sex triples them in either level of the other, so the model fits without a rest.
CELLS = {("no", "no"): (10, 40), ("yes", "no"): (10, 20), ("no", "yes"): (15, 20)}
CELLS["yes", "yes"] = (30, 20)
CASES, CONTROLS = (sum(cell[k] for cell in CELLS.values()) for k in (0, 1))
STUDY = """
citation = "Nobody N. Journal of Made-up Medicine 2026"
n = 165
[[models]]
locus = "Table 2"
group = "cases vs controls"
covariates = ["smoking", "male"]
"""


def limits(ratio: float, place: int) -> list[str]:
    """Return the Wald limits by hand.

    The model fits every cell, so the information on a log odds ratio is the sum over the levels of
    the other covariate of 1 / (1/a + 1/b + 1/c + 1/d).
    """
    information = 0
    for level in ("no", "yes"):
        numbers = [n for key, cell in CELLS.items() if key[1 - place] == level for n in cell]
        information += 1 / sum(1 / n for n in numbers)
    return [f"{ratio * exp(sign * 1.959964 / sqrt(information)):.3f}" for sign in (-1, 1)]


def rows():
    table = {"locus": "Table 1", "role": "anchor"}
    yield {**table, "id": "n-cases", "statistic": "n", "group": "cases", "printed": str(CASES)}
    yield {**table, "id": "n-controls", "statistic": "n", "group": "controls"} | {
        "printed": str(CONTROLS)
    }
    for place, name in enumerate(("smoking", "male")):
        for k, group in enumerate(("cases", "controls")):
            count = sum(cell[k] for key, cell in CELLS.items() if key[place] == "yes")
            shown = {**table, "variable": name, "level": "yes", "group": group, "of": f"n-{group}"}
            yield {**shown, "id": f"{name}-{group}", "statistic": "count", "printed": str(count)}
            share = f"{100 * count / (CASES, CONTROLS)[k]:.1f}"
            yield {**shown, "id": f"{name}-{group}-share", "statistic": "percent"} | {
                "printed": share,
                "unit": "%",
                "of": f"n-{group}",
                "role": "derivable",
            }
    for place, (name, ratio) in enumerate({"smoking": 2.0, "male": 3.0}.items()):
        # The paper calls its model by a name of its own: the declaration says what it is.
        model = {"locus": "Table 2", "variable": name, "level": "yes vs no"}
        model |= {"group": "cases vs controls", "role": "held_out"}
        role = "anchor" if name == "smoking" else "held_out"
        yield {**model, "id": f"or-{name}", "statistic": "odds_ratio", "role": role} | {
            "printed": f"{ratio:.3f}"
        }
        for statistic, text in zip(("ci_low", "ci_high"), limits(ratio, place), strict=True):
            row = {"id": f"{statistic}-{name}", "statistic": statistic, "printed": text}
            yield {**model, **row, "of": f"or-{name}"}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "nobody2026"
    folder.mkdir()
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    with (folder / "reported.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(rows())
    return folder


def run(capsys, *words) -> tuple[int, str, str]:
    code = cli.main([str(word) for word in words])
    return code, *capsys.readouterr()


def test_audit_of_the_folder(folder, capsys):
    code, out, _ = run(capsys, "audit", folder, "--findings", "--format", "json")
    found = json.loads(out)
    assert code == 0
    assert {finding["study"] for finding in found} == {"nobody2026"}
    assert {"agrees"} == {finding["status"] for finding in found}
    assert "smoking-cases-share" in {finding["target"] for finding in found}


def test_reconstruction_finds_the_table_that_is_known_by_hand(folder, capsys):
    code, out, _ = run(capsys, "reconstruct", folder, "--format", "json")
    (record,) = json.loads(out)
    assert (code, record["study"], record["unique"]) == (0, "nobody2026", True)
    found = {(cell["smoking"], cell["male"]): cell["n"] for cell in record["cells"]}
    assert found == {key: sum(cell) for key, cell in CELLS.items()}


def planted(folder, **changed):
    """Print other numbers in some rows of the registry."""
    path = folder / "reported.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        found = list(csv.DictReader(stream))
    for row in found:
        row["printed"] = changed.pop(row["id"].replace("-", "_"), row["printed"])
    assert not changed
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows(found)


# Limits by profile likelihood: R's confint(glm(cbind(cases, controls) ~ smoking + male, binomial)).
PROFILED = {"ci_low_smoking": "1.03", "ci_high_smoking": "3.92"}
PROFILED |= {"ci_low_male": "1.54", "ci_high_male": "5.97"}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        # 40 of 65 cases smoke, 40 of 100 controls are men.
        ({"smoking_cases": "41"}, "a margin of smoking (with the outcome) lower by one gives 1"),
        ({"male_controls": "39"}, "a margin of male (without the outcome) higher by one gives 1"),
        # Table 1 has one man more among the cases than the model.
        (
            {"n_cases": "66", "male_cases": "46"},
            "one patient fewer, with the outcome and with male, gives 1",
        ),
        (PROFILED, "limits by profile likelihood give 1"),
    ],
)
def test_planted_fault_is_among_those_that_would_explain_it(folder, capsys, changed, told):
    planted(folder, **changed)
    code, out, _ = run(capsys, "reconstruct", folder)
    assert code == 0
    assert "nobody2026, Table 2, cases vs controls: no table; " in out
    assert f"{told} table" in out
    code, out, _ = run(capsys, "reconstruct", folder, "--format", "json")
    (record,) = json.loads(out)
    assert (record["agreeing"], record["cells"]) == (0, [])
    assert f"{told} table" in record["explained_by"]


def test_print_that_no_single_fault_explains_says_so(folder, capsys):
    planted(folder, or_smoking="9.999")
    _, out, err = run(capsys, "reconstruct", folder, "--format", "csv")
    assert out.strip() == ""
    assert err.endswith("no table; no single fault that was tried gives one\n")


def test_limits_of_too_many_tables_are_not_profiled(folder, capsys, monkeypatch):
    monkeypatch.setattr(faults, "PROFILED_MAX", 0)
    planted(folder, **PROFILED)
    _, out, _ = run(capsys, "reconstruct", folder)
    assert "no table; limits by profile likelihood: not tried, too many tables have" in out


def test_faults_are_not_tried_without_every_odds_ratio(folder, capsys):
    planted(folder, or_smoking="0.000", ci_low_smoking="0.000")
    _, out, _ = run(capsys, "reconstruct", folder)
    assert "no table; faults of the print not tried: what is printed leaves" in out


def test_verdicts_on_the_folder(folder, capsys):
    code, out, _ = run(capsys, "verdicts", folder, "--format", "json")
    judged = {row["id"]: row for row in json.loads(out)}
    assert code == 0
    assert {row["study"] for row in judged.values()} == {"nobody2026"}
    assert judged["smoking-cases-share"]["verdict"] == "reproduced"
    for name in ("or-male", "ci_low-male", "ci_high-smoking"):
        found = judged[name]["evidence"], judged[name]["verdict"]
        assert found in {("reconstruction", "reproduced"), ("reconstruction", "compatible")}, name
    assert judged["or-smoking"]["reason"] == "not yet analysed"


def test_key_and_folder_give_the_same(folder, monkeypatch):
    by_folder = study_verdicts(str(folder))
    monkeypatch.setenv("RAIRLIB_DATA", str(folder.parent))
    assert study_verdicts("nobody2026").equals(by_folder)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["simulate"], "nobody2026: not yet analysed, and no simulation.toml in its folder says"),
        (["verdicts", "--check"], "nothing is kept of a folder of one's own: leave out --check"),
    ],
)
def test_what_a_folder_cannot_give_is_told(folder, capsys, words, told):
    code, _, err = run(capsys, *words, folder)
    assert code == 2
    assert told in err


def test_declared_covariate_that_is_not_printed_is_told(folder, capsys):
    (folder / "study.toml").write_text(STUDY.replace('"male"', '"age"'), encoding="utf-8")
    code, _, err = run(capsys, "reconstruct", folder)
    assert code == 2
    assert "Table 2, cases vs controls: 0 odds ratios of age are printed there" in err


def test_declared_cohort_is_searched_without_code_of_its_own(tmp_path, capsys, monkeypatch):
    """The Qingdao registry under another key: only what its declaration tells is searched for."""
    few = Cooling(restarts=1, steps=200, hot=1e5, cold=0.1)
    search = partial(find_cohort, orders=few, levels=few)
    monkeypatch.setattr(simulations, "find_cohort", search)
    folder = tmp_path / "copy2026"
    folder.mkdir()
    for name in ("reported.csv", "simulation.toml"):
        shutil.copy(data_folder() / "wang2025" / name, folder)
    code, _, err = run(capsys, "simulate", folder, "--out", tmp_path)
    assert code == 0, err
    with (tmp_path / "simulated_cohort_0001.csv").open(encoding="utf-8", newline="") as stream:
        cohort = list(csv.DictReader(stream))
    assert len(cohort) == 177
    assert sum(row["event"] == "1" for row in cohort) == 40  # as printed in Figure 2
    code, _, err = run(capsys, "simulate", folder, "--witness", "--out", tmp_path)
    assert code == 2
    assert "a witness is drawn by code of its own: leave out --witness" in err
