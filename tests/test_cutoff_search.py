"""What a search for a cut-off does: cases with a known answer."""

import numpy as np
import pytest

from rairlib.errors import RairlibError
from rairlib.stats.roc import bootstrap_cutoffs, search_p_value

EVENT = [1, 1, 1, 0, 0, 0]
SCORE = [7, 8, 9, 1, 2, 3]


def test_separated_groups_are_separated_in_every_sample():
    found = bootstrap_cutoffs(EVENT, SCORE, 50, rng=np.random.default_rng(1))
    assert len(found) == 50
    assert (found["youden"] == 1).all()
    # Halfway between the largest value without and the smallest with the event of the sample.
    assert found["cutoff"].between(4, 6).all()


def test_same_stream_gives_the_same_samples():
    first, second = (
        bootstrap_cutoffs(EVENT, [5, 8, 2, 1, 7, 3], 20, rng=np.random.default_rng(7))
        for _ in range(2)
    )
    assert first.equals(second)


def test_p_value_of_separation_is_the_share_of_assignments_that_separate():
    # One of the 20 ways to choose three of six patients puts the three highest together.
    found = search_p_value(EVENT, SCORE, 4000, rng=np.random.default_rng(1)).iloc[0]
    assert found["youden"] == 1
    assert found["p_value"] == pytest.approx(1 / 20, abs=0.015)


def test_index_of_a_worthless_score_is_no_surprise():
    found = search_p_value([1, 0] * 10, [3] * 20, 100, rng=np.random.default_rng(1)).iloc[0]
    assert found["youden"] == 0
    assert found["p_value"] == 1


def test_searching_makes_large_indices_common():
    # 32 and 58 patients, no effect: the largest index has an expectation well above zero.
    rng = np.random.default_rng(3)
    event, score = [1] * 32 + [0] * 58, rng.normal(size=90)
    found = search_p_value(event, score, 500, rng=rng).iloc[0]
    assert 0.08 < found["chance_median"] < found["chance_95"] < 0.35


def test_missing_scores_are_refused():
    with pytest.raises(RairlibError, match="score: 1 values are missing"):
        bootstrap_cutoffs([1, 0], [1.0, np.nan], 5, rng=np.random.default_rng(1))
