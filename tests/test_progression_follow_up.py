"""A made-up follow-up of 89 RAIA and 80 RAIR patients has every printed figure on progression.

It proves that rates, both log-rank statistics and Table 5's row on avidity can be true together if
eight RAIA patients were left out and one RAIR patient without event beside the seven of the fourth
type counts as RAI-avid. R computes the figures.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rairlib.avidity_print import PROGRESSED
from rairlib.logrank_range import cox_from_risk_sets, logrank_from_risk_sets
from rairlib.reported import load_registry

FOLDER = Path(__file__).parent / "reference"
IN_R = json.loads((FOLDER / "progression_follow_up.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def registry():
    return load_registry("wang2025")


@pytest.fixture(scope="module")
def patients():
    return pd.read_csv(FOLDER / "progression_follow_up.csv").sort_values("months")


def sequence(groups, events):
    """Return failing groups and risk sets of patients in order of time."""
    codes = np.asarray(groups)
    left = np.column_stack([np.cumsum((codes == code)[::-1])[::-1] for code in np.unique(codes)])
    return codes[events], left[events]


def test_sizes_and_events(patients):
    counts = patients.groupby("group")["event"].agg(["size", "sum"])
    assert counts.loc["RAIA"].tolist() == [89, 0]
    assert counts.loc[PROGRESSED].tolist() == [7, 7]
    assert (counts["size"].sum(), counts["sum"].sum()) == (169, 40)
    assert (patients["rai_avid"] == "yes").sum() == 97
    assert (patients["simulated"] == "yes").all()


@pytest.mark.parametrize(
    ("number", "value"),
    [
        *zip(
            ("section-3.6-25", "section-3.6-26", "section-3.6-27"), IN_R["evaluable"], strict=True
        ),
        ("section-3.6-28", IN_R["RAIR"]),
        ("section-3.6-29", IN_R["RAIA"]),
        ("section-3.6-31", IN_R["types"][PROGRESSED]),
        ("section-3.6-32", IN_R["types"]["no avidity"]),
        ("section-3.6-33", IN_R["types"]["partial avidity or avidity lost"]),
        ("figure5-01", IN_R["two_groups"]),
        ("figure5-03", IN_R["three_curves"]),
        *zip(("table5-96", "table5-97", "table5-98"), IN_R["hazard_ratio"], strict=True),
    ],
)
def test_follow_up_rounds_to_the_print_in_r(registry, number, value):
    assert registry[number].number.agrees(value)


def test_risk_sets_give_what_r_finds(patients):
    event = patients["event"].to_numpy() == 1
    refractory = (patients["group"] != "RAIA").to_numpy()
    assert logrank_from_risk_sets(*sequence(refractory.astype(int), event)) == pytest.approx(
        IN_R["two_groups"]
    )
    types = pd.factorize(patients["group"][refractory])[0]
    assert logrank_from_risk_sets(*sequence(types, event[refractory])) == pytest.approx(
        IN_R["three_curves"]
    )
    avid = (patients["rai_avid"] == "no").to_numpy().astype(int)
    log_ratio, _ = cox_from_risk_sets(*sequence(avid, event))
    assert np.exp(log_ratio) == pytest.approx(IN_R["hazard_ratio"][0])
