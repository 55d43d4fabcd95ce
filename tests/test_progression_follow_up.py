"""Two made-up follow-ups of 89 RAIA and 80 RAIR patients with what is printed on progression.

The first proves that the rates at one, three and five years, both log-rank statistics and Table 5's
row on avidity can be true together if eight RAIA patients were left out and one RAIR patient
without event beside the seven of the fourth type counts as RAI-avid. Its curve goes on falling. The
second stays at the level of Figure 4 and misses some of these numbers by little. R computes them.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from follow_ups import cox_of_two

from rairlib.registry.registry import load_registry
from rairlib.stats.survival import logrank_from_risk_sets
from rairlib.studies.wang2025.analysis import BY_PROGRESSION

FOLDER = Path(__file__).parent / "reference"
IN_R = json.loads((FOLDER / "progression_follow_up.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def registry():
    return load_registry("wang2025")


@pytest.fixture(scope="module", params=IN_R)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def patients(name):
    return pd.read_csv(FOLDER / f"{name}.csv").sort_values("months")


def sequence(groups, events):
    """Return failing groups and risk sets of patients in order of time."""
    codes = np.asarray(groups)
    left = np.column_stack([np.cumsum((codes == code)[::-1])[::-1] for code in np.unique(codes)])
    return codes[events], left[events]


def values(found):
    """Return the figures by the number that they answer."""
    hazard = zip(("table5-96", "table5-97", "table5-98"), found["hazard_ratio"], strict=True)
    rates = ("section-3.6-25", "section-3.6-26", "section-3.6-27")
    return {
        **dict(zip(rates, found["evaluable"], strict=True)),
        "section-3.6-28": found["RAIR"],
        "section-3.6-29": found["RAIA"],
        "section-3.6-31": found["types"][BY_PROGRESSION],
        "section-3.6-32": found["types"]["no avidity"],
        "section-3.6-33": found["types"]["partial avidity or avidity lost"],
        "figure5-01": found["two_groups"],
        "figure5-03": found["three_curves"],
        **dict(hazard),
    }


def test_sizes_and_events(patients):
    counts = patients.groupby("group")["event"].agg(["size", "sum"])
    assert counts.loc["RAIA"].tolist() == [89, 0]
    assert counts.loc[BY_PROGRESSION].tolist() == [7, 7]
    assert (counts["size"].sum(), counts["sum"].sum()) == (169, 40)
    assert (patients["rai_avid"] == "yes").sum() == 97
    assert (patients["simulated"] == "yes").all()


def test_first_follow_up_rounds_to_the_print_in_r_but_for_the_level_of_figure_4(registry):
    found = IN_R["progression_follow_up"]
    assert all(registry[name].number.agrees(value) for name, value in values(found).items())
    assert [registry["figure4-02"].number.agrees(value) for value in found["level"]] == [False] * 2
    assert found["level"][-1] == pytest.approx(34.7, abs=0.05)


def test_second_follow_up_has_the_level_and_comes_within_a_percent_of_the_rest_in_r(registry):
    found = IN_R["progression_level"]
    assert all(registry["figure4-02"].number.agrees(value) for value in found["level"])
    numbers = {name: registry[name].number for name in values(found)}
    away = [abs(value - numbers[name].value) for name, value in values(found).items()]
    share = [far / max(number.value, 1) for far, number in zip(away, numbers.values(), strict=True)]
    assert max(share) == pytest.approx(0.008, abs=0.0005)
    missed = [not numbers[name].agrees(value) for name, value in values(found).items()]
    assert (sum(missed), len(missed)) == (9, 13)


def test_risk_sets_give_what_r_finds(name, patients):
    found = IN_R[name]
    event = patients["event"].to_numpy() == 1
    refractory = (patients["group"] != "RAIA").to_numpy()
    assert logrank_from_risk_sets(*sequence(refractory.astype(int), event)) == pytest.approx(
        found["two_groups"]
    )
    types = pd.factorize(patients["group"][refractory])[0]
    assert logrank_from_risk_sets(*sequence(types, event[refractory])) == pytest.approx(
        found["three_curves"]
    )
    avid = (patients["rai_avid"] == "no").to_numpy().astype(int)
    log_ratio, _ = cox_of_two(*sequence(avid, event))
    assert np.exp(log_ratio) == pytest.approx(found["hazard_ratio"][0])
