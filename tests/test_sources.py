"""The numbers that stand in a text, found as runs of digits."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from source_tokens import SourceToken, tokens


def found(text: str) -> list[str]:
    return [item.token for item in tokens(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Of 90 patients, 32 were refractory.", ["90", "32"]),
        ("a mean of 40.688 (22.4979)", ["40.688", "22.4979"]),
        ("It was 54. Then 29, and 7.", ["54", "29", "7"]),
        ("17–77 years", ["17", "77"]),
        ("(P<0.001, ≥528.5, −2.046)", ["0.001", "528.5", "2.046"]),
        ("a sum of 112,880.0 and 0,155", ["112,880.0", "0,155"]),
        ("in The Lancet 0·05", ["0·05"]),
        ("45.2% (80/177)", ["45.2", "80", "177"]),
        ("131I and I-131, T3, V600E", ["131", "131", "3", "600"]),
        ("as shown before3,4", ["3,4"]),
        (".000", ["000"]),
        ("no number, not even one", []),
        ("", []),
    ],
)
def test_tokens_are_runs_of_digits_with_inner_points_and_commas(text, expected):
    assert found(text) == expected


def test_lines_and_positions_count_from_one():
    assert tokens("n = 5, 6\n\nthen 7\n") == [
        SourceToken(line=1, position=1, token="5"),
        SourceToken(line=1, position=2, token="6"),
        SourceToken(line=3, position=1, token="7"),
    ]


def test_only_newlines_end_a_line():
    # A form feed or a line separator of the extraction must not move the lines of an editor.
    assert [item.line for item in tokens("1\x0c2\u20283\r4\n5")] == [1, 1, 1, 1, 2]


@given(st.text(alphabet="0123456789.,· -–<a\n", max_size=60))
def test_no_digit_is_lost_or_invented(text):
    assert "".join(re.findall(r"\d", "".join(found(text)))) == "".join(re.findall(r"\d", text))


@given(st.lists(st.integers(0, 10**6), max_size=8))
def test_separate_numbers_come_back_in_order(numbers):
    assert found(" and ".join(map(str, numbers))) == [str(number) for number in numbers]
