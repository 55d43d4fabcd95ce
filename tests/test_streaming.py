"""Streaming finds the joint tables that the complete search finds."""

import numpy as np
import pytest

from rairlib.reconstruct import streaming
from rairlib.reconstruct.joint_tables import more_tables_than
from rairlib.reconstruct.logistic import (
    LogisticTarget,
    ReconstructionError,
    fit_known_tables,
    reconstruct_logistic,
)
from rairlib.reconstruct.streaming import near_tables, stream_logistic
from rairlib.registry.printed import format_value, parse_printed

STATISTICS = {"odds_ratio": "odds_ratio", "low": "ci_low", "high": "ci_high"}


def printed_paper(seed, covariates, decimals, statistics=tuple(STATISTICS)):
    """Return the true table of simulated patients and what their paper prints."""
    rng = np.random.default_rng([seed, covariates, decimals])
    names = list("abc")[:covariates]
    while True:
        levels = rng.random((rng.integers(18, 45), covariates)) < rng.uniform(0.2, 0.7, covariates)
        event = rng.random(len(levels)) < 1 / (
            1 + np.exp(0.8 - levels @ rng.normal(0, 1, covariates))
        )
        if not 2 < event.sum() < len(event) - 2:
            continue
        counts = int(event.sum()), len(event)
        event_margins = dict(zip(names, levels[event].sum(axis=0).tolist(), strict=True))
        margins = dict(zip(names, levels.sum(axis=0).tolist(), strict=True))
        cells = levels @ (1 << np.arange(covariates - 1, -1, -1))
        table = np.bincount(cells, minlength=2**covariates)
        fitted = fit_known_tables(table[np.newaxis], counts[0], event_margins)
        if np.isfinite(fitted.fits.estimates).all() and fitted.fits.standard_errors.max() < 3:
            break
    targets = [
        LogisticTarget(
            covariate=name,
            **{
                field: parse_printed(
                    format_value(fitted.values(name, STATISTICS[field])[0], decimals)
                )
                for field in statistics
            },
        )
        for name in names
    ]
    return table, (*counts, event_margins, margins, targets)


@pytest.mark.parametrize("covariates", [2, 3])
@pytest.mark.parametrize("decimals", [1, 2, 3])
@pytest.mark.parametrize("seed", range(8))
def test_same_tables_as_the_complete_search(seed, decimals, covariates):
    table, paper = printed_paper(seed, covariates, decimals)
    streamed, complete = stream_logistic(*paper), reconstruct_logistic(*paper)
    assert streamed.solutions.cells.tolist() == complete.cells.tolist()
    assert streamed.solutions.joint_tables == complete.solutions.joint_tables
    assert table.tolist() in streamed.solutions.cells.tolist()


@pytest.mark.parametrize("statistics", [("odds_ratio",), ("low", "high"), ("odds_ratio", "high")])
@pytest.mark.parametrize("seed", range(4))
def test_fewer_printed_numbers_leave_the_same_tables_as_the_complete_search(seed, statistics):
    table, paper = printed_paper(seed, 3, 2, statistics)
    streamed, complete = stream_logistic(*paper), reconstruct_logistic(*paper)
    assert streamed.solutions.cells.tolist() == complete.cells.tolist()
    assert table.tolist() in streamed.solutions.cells.tolist()


@pytest.mark.parametrize("seed", range(4))
def test_many_tables_stream_to_the_same_answer(seed, monkeypatch):
    _, paper = printed_paper(seed, 3, 2)
    listed, agreeing = streaming.reconstruct(*paper), streaming.all_agreeing(*paper)
    assert listed.candidates > 0
    monkeypatch.setattr(streaming, "LISTED_MAX", 0)
    streamed = streaming.reconstruct(*paper)
    assert streamed.candidates is None
    assert streamed.agreeing_estimates == listed.agreeing_estimates
    assert streamed.cells.tolist() == listed.cells.tolist()
    again = streaming.all_agreeing(*paper)
    assert again.cells.tolist() == agreeing.cells.tolist() == listed.cells.tolist()


def test_many_tables_are_listed_where_the_print_is_not_enough_to_stream(monkeypatch):
    _, (*counts, targets) = printed_paper(1, 2, 2)
    monkeypatch.setattr(streaming, "LISTED_MAX", 0)
    assert streaming.reconstruct(*counts, targets[:1]).candidates > 0
    tables = streaming.all_agreeing(*counts, [])
    assert len(tables.cells) == streaming.reconstruct(*counts, targets[:1]).candidates


def test_number_of_tables_is_compared_with_a_limit():
    # 0 to 2 patients have both of two levels that two of four have each: three tables.
    assert more_tables_than(2, 4, [2, 2])
    assert not more_tables_than(3, 4, [2, 2])


def test_few_tables_are_fitted():
    _, paper = printed_paper(3, 3, 3)
    streamed = stream_logistic(*paper)
    assert streamed.fitted < streamed.solutions.joint_tables / 50


def test_print_that_no_table_gives_leaves_none():
    _, (events, total, event_margins, margins, targets) = printed_paper(1, 3, 3)
    first = LogisticTarget(
        covariate="a", odds_ratio=parse_printed("0.001"), low=parse_printed("0.0001")
    )
    assert (
        stream_logistic(events, total, event_margins, margins, [first, *targets[1:]]).agreeing == 0
    )


def test_covariate_without_a_printed_number_is_refused():
    _, (*counts, targets) = printed_paper(1, 3, 3)
    with pytest.raises(ReconstructionError, match="of every covariate"):
        next(near_tables(*counts, targets[:2]))


def test_ratio_that_is_printed_as_zero_is_refused():
    _, (*counts, targets) = printed_paper(1, 2, 3)
    zero = LogisticTarget(covariate="a", odds_ratio=parse_printed("0.00"))
    with pytest.raises(ReconstructionError, match="open"):
        next(near_tables(*counts, [zero, targets[1]]))
