"""Hypotheses on the model from which each row of a printed logistic regression comes.

A table of many covariates cannot be enumerated, and its rows need not be of one model: a paper
that selects variables may print each row from another step. Every hypothesis is put to all printed
odds ratios and limits; whether an answer is a complete enumeration, a bound or a search is said.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from rairlib.kept_tables import kept_tables
from rairlib.nearest_tables import least_distance
from rairlib.printed_models import PrintedModel, cell_records
from rairlib.reconstruct import FittedTables, Reconstruction
from rairlib.submodels import (
    collapsed,
    extended_tables,
    fit_known_tables,
    largest_standard_error,
    least_standard_error,
    rows_agreeing,
    smallest_submodels,
)

ONE_MODEL = "every row from the model of all covariates"
LAST_STEP = "rows of the selected covariates from the last step"
OWN_STEP = "every other row from the step at which its covariate left"
FIRST_STEP = "every other row from the first step, the model of all covariates"
# Anatomy: a T4 tumour has grown beyond the thyroid.
IMPLIED = {"wang2025": (("t_stage", "T4"), ("ete", "Positive"))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """One account of where printed rows come from, and what became of it.

    Attributes
    ----------
    hypothesis : str
        The account.
    constraint : str
        What is taken for granted beside the margins; empty for nothing.
    search : str
        ``complete`` (every table was tried, or a bound covers all) or ``search``.
    covariates : tuple of str
        Covariates of the model that the tables belong to.
    numbers : int
        Printed odds ratios and limits that the account explains.
    candidates, agreeing_estimates, agreeing : int or None
        Tables tried, those whose odds ratios agree, those whose limits agree too; None where
        they cannot be counted.
    unique : bool or None
        Whether exactly one table agrees; None if that is unknown.
    verdict : str
        ``proved``, ``excluded`` or ``open``.
    reason : str
        In one or two sentences.
    tables : ndarray of int, shape (tables, 2**k)
        Agreeing tables, in the model's own order of cells.
    """

    hypothesis: str
    constraint: str
    search: str
    covariates: tuple[str, ...]
    numbers: int
    candidates: int | None
    agreeing_estimates: int | None
    agreeing: int | None
    unique: bool | None
    verdict: str
    reason: str
    tables: np.ndarray = field(default_factory=lambda: np.empty((0, 0), np.int64))


def hypotheses(study: str, model: PrintedModel) -> list[Hypothesis]:
    """Put every account of a printed model's rows to the test.

    Parameters
    ----------
    study : str
        Key of the study; its kept tables are verified here, not searched again.
    model : PrintedModel
        A model of more covariates than can be enumerated.

    Returns
    -------
    list of Hypothesis
        In order of simplicity; empty if no model of two or three covariates gives the rows of
        these covariates.
    """
    found = smallest_submodels(
        model.events, model.total, model.event_margins, model.margins, model.targets()
    )
    if not found:
        return []
    last = found[0]
    return [
        *_one_model(study, model),
        _last_step(model, found),
        _own_step(model, last),
        _first_step(study, model, last),
    ]


def hypothesis_records(study: str, model: PrintedModel) -> list[dict]:
    """Write the accounts of a printed model's rows as flat objects, one per agreeing table.

    Parameters
    ----------
    study : str
        Key of the study.
    model : PrintedModel
        A model of more covariates than can be enumerated.

    Returns
    -------
    list of dict
        Keys ``study, model, covariates, cells, candidates, agreeing_estimates, agreeing, unique,
        hypothesis, constraint, search, numbers, verdict, reason``; `cells` is empty where no
        table agrees, and what is unknown is None.
    """
    records = []
    for found in hypotheses(study, model):
        facts = {"study": study, "model": model.name, **asdict(found), "cells": []}
        tables = facts.pop("tables")
        facts["covariates"] = list(found.covariates)
        submodel = model.restricted(found.covariates)
        records += [{**facts, "cells": cell_records(submodel, t)} for t in tables] or [facts]
    return records


def _one_model(study: str, model: PrintedModel) -> list[Hypothesis]:
    facts = {
        "hypothesis": ONE_MODEL,
        "covariates": tuple(model.levels),
        "numbers": len(_numbers(model, model.levels)),
        "candidates": None,
        "agreeing_estimates": None,
        "agreeing": None,
        "unique": None,
    }
    distance, worst = least_distance(
        model.events, model.total, model.event_margins, model.margins, model.targets()
    )
    without = Hypothesis(
        **facts,
        constraint="",
        search="search",
        verdict="open",
        reason="too many joint tables to try them all; the nearest that a seeded search found "
        f"misses by {distance:,.0f} half last digits in all, by {worst:,.0f} in one number",
    )
    return [*_bounded(study, model, facts), without]


def _bounded(study: str, model: PrintedModel, facts: dict) -> list[Hypothesis]:
    """Exclude one model where a covariate implies another and its interval is too narrow."""
    if study not in IMPLIED:
        return []
    (inner, inner_level), (outer, outer_level) = IMPLIED[study]
    least = least_standard_error(
        _patients(model, inner, inner_level), _patients(model, outer, outer_level)
    )
    printed = largest_standard_error(
        *(model.rows[inner, statistic].number for statistic in ("ci_low", "ci_high"))
    )
    verdict = "excluded" if least > printed else "open"
    reason = (
        f"beside {outer}, the standard error of {inner} is at least {least:.3f} in any model; its "
        f"printed interval allows {printed:.3f} at most"
    )
    constraint = f"{inner} {inner_level} implies {outer} {outer_level}"
    facts = facts | ({"agreeing": 0, "unique": False} if verdict == "excluded" else {})
    return [
        Hypothesis(
            **facts, constraint=constraint, search="complete", verdict=verdict, reason=reason
        )
    ]


def _last_step(model: PrintedModel, found: Sequence[Reconstruction]) -> Hypothesis:
    last = found[0]
    alone = len(found) == 1 and last.unique
    return Hypothesis(
        hypothesis=LAST_STEP,
        constraint="",
        search="complete",
        covariates=last.covariates,
        numbers=len(_numbers(model, last.covariates)),
        candidates=last.candidates,
        agreeing_estimates=last.agreeing_estimates,
        agreeing=last.agreeing,
        unique=last.unique,
        verdict="proved" if alone else "open",
        reason=f"the rows of {' and '.join(last.covariates)} agree with {last.agreeing} of "
        f"{last.candidates} joint tables of these covariates; no other model of as few covariates "
        "gives all rows of its covariates (models of more covariates are not enumerated)",
        tables=last.cells,
    )


def _own_step(model: PrintedModel, last: Reconstruction) -> Hypothesis:
    left = [name for name in model.levels if name not in last.covariates]
    tried = {name: _one_more(model, last, name) for name in left}
    agreeing = {
        name: rows_agreeing(tables, _targets(model, [name])) for name, tables in tried.items()
    }
    count = sum(len(tables.cells) for tables in agreeing.values())
    counts = ", ".join(f"{name} {len(tables.cells)}" for name, tables in tried.items())
    return Hypothesis(
        hypothesis=OWN_STEP,
        constraint="",
        search="complete",
        covariates=tuple(model.levels),
        numbers=len(_numbers(model, model.levels)),
        candidates=sum(len(tables.cells) for tables in tried.values()),
        agreeing_estimates=None,
        agreeing=count,
        unique=None if count else False,
        verdict="open" if count else "excluded",
        reason=f"whichever covariate left last left a model of {' + '.join(last.covariates)} and "
        f"itself; {count} joint tables of these agree with its row (tried: {counts})",
    )


def _one_more(model: PrintedModel, last: Reconstruction, added: str) -> FittedTables:
    return extended_tables(
        last.covariates,
        last.cells[0],
        added,
        model.events,
        model.event_margins,
        model.margins,
    )


def _first_step(study: str, model: PrintedModel, last: Reconstruction) -> Hypothesis:
    kept = kept_tables(study, model)
    kept = kept[_with_margins(model, last, kept)]
    fitted = fit_known_tables(kept, model.events, model.event_margins)
    left = [name for name in model.levels if name not in last.covariates]
    tables = rows_agreeing(fitted, _targets(model, left)).cells
    constraint = ""
    if study in IMPLIED and len(tables):
        constraint = " implies ".join(" ".join(part) for part in IMPLIED[study])
    return Hypothesis(
        hypothesis=FIRST_STEP,
        constraint=constraint,
        search="search",
        covariates=tuple(model.levels),
        numbers=len(_numbers(model, model.levels)),
        candidates=None,
        agreeing_estimates=len(tables),
        agreeing=len(tables),
        unique=None,
        verdict="open",
        reason=f"found: {len(tables)} that give every printed number of all rows; the search is "
        "not complete, so there may be more, and other accounts may fit as well",
        tables=tables,
    )


def _with_margins(model: PrintedModel, last: Reconstruction, tables: np.ndarray) -> np.ndarray:
    names = list(model.levels)
    right = (collapsed(tables, names, last.covariates) == last.cells[0]).all(axis=1)
    for name in names:
        right &= collapsed(tables, names, [name])[:, 1] == model.margins[name]
    return right


def _targets(model: PrintedModel, names: Sequence[str]) -> list:
    return [target for target in model.targets() if target.covariate in names]


def _numbers(model: PrintedModel, names: Sequence[str]) -> list:
    return [key for target in _targets(model, list(names)) for key in target.printed()]


def _patients(model: PrintedModel, covariate: str, level: str) -> int:
    first, _ = model.levels[covariate]
    counted = model.margins[covariate]
    return counted if level == first else model.total - counted
