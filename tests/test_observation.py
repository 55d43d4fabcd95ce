"""Patients are matched by their names, and scores that float noise keeps apart are equal."""

import numpy as np
import pandas as pd
import pytest

from rairlib.errors import RairlibError
from rairlib.stats.observation import aligned, ranked


def series(values, index):
    return pd.Series(values, index=list(index))


def test_what_has_an_index_is_matched_by_it():
    time, event, group, none = aligned(
        time=[5, 6, 7], event=series([1, 2, 3], "abc"), group=series([3, 1, 2], "cab"), none=None
    )
    assert time == [5, 6, 7]
    assert none is None
    assert group.tolist() == event.tolist() == [1, 2, 3]


def test_a_repeated_index_must_be_the_same_throughout():
    _, second = aligned(first=series([1, 2], "aa"), second=series([3, 4], "aa"))
    assert second.tolist() == [3, 4]
    with pytest.raises(RairlibError, match="repeated index cannot be matched"):
        aligned(first=series([1, 2, 3], "aab"), second=series([1, 2, 3], "baa"))


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (series([1, 2], "ac"), "second has no 'b'"),
        ([1, 2, 3], "one second per patient: got 2 firsts, 3 seconds"),
    ],
)
def test_other_patients_are_refused(second, words):
    with pytest.raises(RairlibError, match=words):
        aligned(first=series([1, 2], "ab"), second=second)


@pytest.mark.parametrize(
    ("scores", "ranks"),
    [
        ([1e13, 0.3, 0.2, 0.1], [3, 2, 1, 0]),
        ([0.1 + 0.2, 0.3, 0.5], [0, 0, 1]),
        ([1 + 2**-52, 1.0, 1 + 2**-51], [1, 0, 2]),
        ([1_700_000_000, 1_700_000_001, 0], [1, 2, 0]),
        ([-2.0, -2.0, np.inf, -np.inf], [1, 1, 2, 0]),
        ([7.0], [0]),
        ([], []),
    ],
)
def test_only_the_order_of_scores_counts(scores, ranks):
    assert ranked(scores).tolist() == ranks
