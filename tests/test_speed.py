"""The kept times of one run, and the page that shows them. Nothing here reads a clock."""

import json
from pathlib import Path

import pandas as pd
import pytest

from rairlib.pages.speed import beside_others, met, missed, read_speed
from rairlib.verdicts.crate import HOLDS

ROOT = Path(__file__).parents[1]
SPEED = read_speed()
PAGE = json.loads((ROOT / "book/speed.ipynb").read_text(encoding="utf-8"))
RATIOS = SPEED[SPEED["part"].isin(["many cohorts", "one cohort", "one large cohort"])]


def stored(cell: dict) -> str:
    """Return the tables that a cell shows."""
    data = [output.get("data", {}) for output in cell.get("outputs", [])]
    return " ".join("".join(one.get("text/html", "")) for one in data)


def test_every_part_is_there_and_no_ratio_is_missing():
    parts = ["many cohorts", "one cohort", "one large cohort", "procedure", "cost", "version"]
    assert list(SPEED["part"].unique()) == parts
    assert RATIOS[["patients", "seconds", "other", "other_seconds", "ratio"]].notna().all(axis=None)
    assert (RATIOS[["seconds", "other_seconds"]] > 0).all(axis=None)
    assert not RATIOS.duplicated(["part", "function", "other"]).any()


def test_ratios_are_quotients_of_their_own_row():
    quotients = RATIOS["other_seconds"] / RATIOS["seconds"]
    assert RATIOS["ratio"].to_numpy() == pytest.approx(quotients.to_numpy(), rel=6e-4)


def test_the_contestants_that_the_aims_name_are_there():
    aims = {
        tuple(row): aim for *row, aim in RATIOS[["part", "function", "other", "aim"]].to_numpy()
    }
    many = {
        ("logistic", "R glm.fit"): 50,
        ("logistic", "statsmodels Logit"): 100,
        ("cox, Breslow", "R coxph.fit"): 10,
        ("cox, Efron", "R coxph.fit"): 10,
        ("cox, Efron", "lifelines CoxPHFitter"): 500,
        ("log_rank", "R survdiff"): 50,
        ("survival_at", "R survdiff"): 50,
    }
    for (function, other), aim in many.items():
        assert aims["many cohorts", function, other] == aim
    one = RATIOS[RATIOS["part"] == "one cohort"]
    public = one["other"].str.startswith(("statsmodels", "lifelines"))
    assert (one.loc[public, "aim"] == 1).all()
    assert (RATIOS.loc[RATIOS["part"] == "one large cohort", "aim"] == 0.5).all()
    procedures = SPEED[SPEED["part"] == "procedure"]
    assert (procedures[["aim", "repeats"]] == [10, 10_000]).all(axis=None)


def test_costs_and_versions_are_there():
    costs = SPEED[SPEED["part"] == "cost"]
    assert costs[["repeats", "seconds", "megabytes"]].notna().all(axis=None)
    versions = SPEED[SPEED["part"] == "version"].set_index("function")["version"]
    programs = ["Python", "numpy", "numba", "scipy", "statsmodels", "lifelines", "R", "survival"]
    assert versions[[*programs, "scikit-learn"]].str.fullmatch(r"[\d.]+").all()
    assert "/" not in " ".join(versions)


def test_an_aim_is_met_only_where_it_is_reached():
    rows = pd.DataFrame(
        {
            "part": ["many cohorts", "many cohorts", "procedure", "procedure", "one cohort"],
            "function": ["a", "b", "c", "d", "e"],
            "other": ["R", "R", None, None, "R"],
            "seconds": [1.0, 1.0, 10.0, 10.1, 1.0],
            "other_seconds": [10.0, 9.999, None, None, 3.0],
            "ratio": [10.0, 9.999, None, None, 3.0],
            "aim": [10.0, 10.0, 10.0, 10.0, None],
        }
    )
    assert met(rows).tolist()[:4] == [True, False, True, False]
    assert pd.isna(met(rows)[4])
    assert missed(rows).reset_index().to_numpy().tolist() == [
        ["many cohorts", "b", "R", "9.99 times as fast", "at least 10"],
        ["procedure", "d", "", "10.10 s", "10 s"],
    ]
    shown = beside_others(rows.drop([2, 3]))
    assert shown["aim"].tolist() == ["at least 10: met", "at least 10: not met", ""]


def test_page_shows_every_ratio_and_names_every_aim_that_is_not_met():
    shown = {cell["id"]: stored(cell) for cell in PAGE["cells"] if cell["cell_type"] == "code"}
    assert shown["not-met"] == missed(SPEED)._repr_html_()
    for part, rows in RATIOS.groupby("part"):
        assert shown[part.replace(" ", "-")] == beside_others(rows)._repr_html_(), part
    for version in SPEED["version"].dropna():
        assert f"<td>{version}</td>" in shown["versions-table"]
    for study in SPEED.loc[SPEED["part"] == "procedure", "function"]:
        assert f"<th>{study}</th>" in shown["procedures"]


def test_the_kept_file_is_described():
    assert "speed" in HOLDS
