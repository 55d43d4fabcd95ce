"""What the page on the three studies sets side by side stands in the papers and kept results."""

import numpy as np
import pytest

from rairlib.pages import synthesis

ROWS = synthesis.effects()


@pytest.mark.parametrize(
    ("term", "source", "ratio"),
    [  # read off the papers
        ("age from 54 or 55", "Rabat", (6.502, 1.832, 23.080)),
        ("age from 54 or 55", "Qingdao", (3.739, 1.891, 7.393)),
        ("metastasis, nodal\nor distant", "Rabat", (22.553, 5.099, 99.752)),
        ("T4 against T1 to T3", "Qingdao", (1 / 0.329, 1 / 0.636, 1 / 0.170)),
        ("larger than 4 cm", "Qingdao", (1 / 0.411, 1 / 1.118, 1 / 0.151)),
    ],
)
def test_printed_ratios_are_those_of_the_papers(term, source, ratio):
    row = ROWS[(ROWS["term"] == term) & (ROWS["source"] == source)]
    assert row[["estimate", "low", "high"]].to_numpy()[0] == pytest.approx(ratio, rel=1e-5)


def test_no_body_of_patients_counts_twice_in_one_contrast():
    assert not ROWS.duplicated(["term", "source"]).any()


def test_a_summary_needs_three_and_lies_among_its_estimates():
    pooled = synthesis.summaries(ROWS)
    sizes = ROWS["term"].value_counts()
    assert set(pooled) == set(sizes.index[sizes >= 3])
    for term, found in pooled.items():
        logs = np.log(ROWS.loc[ROWS["term"] == term, "estimate"])
        assert logs.min() < found.estimate < logs.max()
        assert found.prediction_low <= found.low < found.high <= found.prediction_high
