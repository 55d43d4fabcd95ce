"""The joint tables that a study's printed numbers determine.

A logistic model of binary covariates determines the covariates' table. Where no such model is
printed, sensitivities and specificities determine the table of outcome and rule, and the areas of
subgroups split it. This layer reads the registry; the searches do not know it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations

import numpy as np
import pandas as pd

from rairlib.reconstruct.faults import changed_margins, explaining_faults, told
from rairlib.reconstruct.joint_tables import COVARIATES_MAX
from rairlib.reconstruct.logistic import (
    FittedTables,
    LogisticTarget,
    Reconstruction,
    ReconstructionError,
    fit_known_tables,
    reconstruct_logistic,
    rows_agreeing,
)
from rairlib.reconstruct.printed_models import (
    PrintedModel,
    cell_records,
    printed_models,
    recomputed,
    table_records,
)
from rairlib.reconstruct.printed_rules import rule_records, subgroup_records
from rairlib.reconstruct.submodels import (
    collapsed,
    extended_tables,
    largest_standard_error,
    least_standard_error,
    smallest_submodels,
)
from rairlib.reconstruct.wide_tables import kept_tables, least_distance
from rairlib.registry.registry import Registry, load_registry
from rairlib.registry.studies import Implied, load_study

# --- Hypotheses on the model from which each row of a printed logistic regression comes -------
# A table of many covariates cannot be enumerated, and its rows need not be of one model: a paper
# that selects variables may print each row from another step. Every hypothesis is put to all
# printed
# odds ratios and limits; whether an answer is a complete enumeration, a bound or a search is said.


ONE_MODEL = "every row from the model of all covariates"
LAST_STEP = "rows of the selected covariates from the last step"
OWN_STEP = "every other row from the step at which its covariate left"
FIRST_STEP = "every other row from the first step, the model of all covariates"


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
    constraint: str = ""
    search: str = "complete"
    covariates: tuple[str, ...]
    numbers: int
    candidates: int | None = None
    agreeing_estimates: int | None = None
    agreeing: int | None = None
    unique: bool | None = None
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
    found = smallest_submodels(*model.counts, model.targets())
    if not found:
        return []
    implied = load_study(study).implied
    constraint = f"{' '.join(implied.inner)} implies {' '.join(implied.outer)}" if implied else ""
    return [
        *([_bounded(model, implied, constraint)] if implied else []),
        _nearest(model),
        _last_step(model, found),
        _own_step(model, found[0]),
        _first_step(study, model, found[0], constraint),
    ]


def hypothesis_records(study: str, model: PrintedModel) -> list[dict]:
    """Write the accounts of a printed model's rows as flat objects, one per agreeing table."""
    records = []
    for found in hypotheses(study, model):
        key = load_study(study).key
        facts = {"study": key, "model": model.name, **asdict(found), "cells": []}
        tables = facts.pop("tables")
        facts["covariates"] = list(found.covariates)
        levels = model.restricted(found.covariates).cell_levels
        records += [{**facts, "cells": cell_records(levels, t)} for t in tables] or [facts]
    return records


def _account(
    model: PrintedModel, hypothesis: str, names: Sequence[str] = (), **facts
) -> Hypothesis:
    """Return what became of an account of the rows of some covariates, or of all."""
    names = tuple(names or model.levels)
    numbers = sum(len(target.printed()) for target in _targets(model, names))
    return Hypothesis(hypothesis=hypothesis, covariates=names, numbers=numbers, **facts)


def _bounded(model: PrintedModel, implied: Implied, constraint: str) -> Hypothesis:
    """Exclude one model where a covariate implies another and its interval is too narrow."""
    (inner, _), (outer, _) = implied.inner, implied.outer
    patients = []
    for covariate, level in (implied.inner, implied.outer):
        counted = model.margins[covariate]
        patients.append(counted if level == model.levels[covariate][0] else model.total - counted)
    least = least_standard_error(*patients)
    printed = largest_standard_error(
        *(model.rows[inner, statistic].number for statistic in ("ci_low", "ci_high"))
    )
    excluded = {"agreeing": 0, "unique": False} if least > printed else {}
    return _account(
        model,
        ONE_MODEL,
        constraint=constraint,
        **excluded,
        verdict="excluded" if excluded else "open",
        reason=f"beside {outer}, the standard error of {inner} is at least {least:.3f} in any "
        f"model; its printed interval allows {printed:.3f} at most",
    )


def _nearest(model: PrintedModel) -> Hypothesis:
    distance, worst = least_distance(*model.counts, model.targets())
    return _account(
        model,
        ONE_MODEL,
        search="search",
        verdict="open",
        reason="too many joint tables to try them all; the nearest that a seeded search found "
        f"misses by {distance:,.0f} half last digits in all, by {worst:,.0f} in one number",
    )


def _last_step(model: PrintedModel, found: Sequence[Reconstruction]) -> Hypothesis:
    last = found[0]
    return _account(
        model,
        LAST_STEP,
        last.covariates,
        candidates=last.candidates,
        agreeing_estimates=last.agreeing_estimates,
        agreeing=last.agreeing,
        unique=last.unique,
        verdict="proved" if len(found) == 1 and last.unique else "open",
        reason=f"the rows of {' and '.join(last.covariates)} agree with {last.agreeing} of "
        f"{last.candidates} joint tables of these covariates; no other model of as few covariates "
        "gives all rows of its covariates (models of more covariates are not enumerated)",
        tables=last.cells,
    )


def _own_step(model: PrintedModel, last: Reconstruction) -> Hypothesis:
    known = last.covariates, last.cells[0]
    counts = model.events, model.event_margins, model.margins
    tried = {name: extended_tables(*known, name, *counts) for name in _left(model, last)}
    count = sum(
        len(rows_agreeing(tables, _targets(model, [name])).cells) for name, tables in tried.items()
    )
    sizes = {name: len(tables.cells) for name, tables in tried.items()}
    return _account(
        model,
        OWN_STEP,
        candidates=sum(sizes.values()),
        agreeing=count,
        unique=None if count else False,
        verdict="open" if count else "excluded",
        reason=f"whichever covariate left last left a model of {' + '.join(last.covariates)} and "
        f"itself; {count} joint tables of these agree with its row (tried: "
        f"{', '.join(f'{name} {size}' for name, size in sizes.items())})",
    )


def _first_step(
    study: str, model: PrintedModel, last: Reconstruction, constraint: str
) -> Hypothesis:
    kept, names = kept_tables(study, model), list(model.levels)
    right = (collapsed(kept, names, last.covariates) == last.cells[0]).all(axis=1)
    for name in names:
        right &= collapsed(kept, names, [name])[:, 1] == model.margins[name]
    fitted = fit_known_tables(kept[right], model.events, model.event_margins)
    tables = rows_agreeing(fitted, _targets(model, _left(model, last))).cells
    return _account(
        model,
        FIRST_STEP,
        constraint=constraint if len(tables) else "",
        search="search",
        agreeing_estimates=len(tables),
        agreeing=len(tables),
        verdict="open",
        reason=f"found: {len(tables)} that give every printed number of all rows; the search is "
        "not complete, so there may be more, and other accounts may fit as well",
        tables=tables,
    )


def _left(model: PrintedModel, last: Reconstruction) -> list[str]:
    return [name for name in model.levels if name not in last.covariates]


def _targets(model: PrintedModel, names: Sequence[str]) -> list[LogisticTarget]:
    return [target for target in model.targets() if target.covariate in names]


# --- How many printed numbers it takes to single out a joint table, and what chance alone would do
# A printed number that is needed to find the table is an anchor; every further one that agrees is a
# test that the reconstruction could have failed.


@dataclass(frozen=True, slots=True, kw_only=True)
class ChanceAgreement:
    """How often made-up numbers near the printed ones would find a table.

    Attributes
    ----------
    printable : int
        Ways to print the numbers within the range, each as likely as the other.
    reached : int
        Those that at least one table agrees with.
    """

    printable: int
    reached: int

    @property
    def share(self) -> float:
        """Probability that made-up numbers agree with at least one table."""
        return self.reached / self.printable


def agreeing_tables(agrees: pd.DataFrame, size: int = 1) -> pd.Series:
    """Count the tables that agree with each set of so many printed numbers.

    Parameters
    ----------
    agrees : DataFrame of bool
        One row per table, one column per printed number.
    size : int
        Numbers per set.

    Returns
    -------
    Series of int
        Agreeing tables, indexed by the sets.
    """
    sets = list(combinations(agrees.columns, size))
    counts = [int(agrees[list(chosen)].all(axis=1).sum()) for chosen in sets]
    return pd.Series(counts, index=pd.Index(sets, tupleize_cols=False), name="tables")


def chance_agreement(
    tables: FittedTables,
    targets: Sequence[LogisticTarget],
    statistics: Sequence[str] = ("odds_ratio",),
    spread: float = 0.1,
) -> ChanceAgreement:
    """Say how often numbers drawn around the printed ones would agree with some table.

    Parameters
    ----------
    tables : FittedTables
        Candidates.
    targets : sequence of LogisticTarget
        What the paper prints.
    statistics : sequence of str
        Which of ``odds_ratio``, ``ci_low``, ``ci_high`` must agree together.
    spread : float
        Half-width of the range around each printed number, as a share of it.

    Returns
    -------
    ChanceAgreement
        Exact: all ways to print the numbers within the range are counted, none is drawn.
    """
    printable, columns, inside = 1, [], np.ones(len(tables.cells), bool)
    for target in targets:
        for statistic, number in target.printed().items():
            if statistic in statistics:
                unit = 10.0**-number.decimals
                low, high = (round(number.value * (1 + s) / unit) for s in (-spread, spread))
                digits = np.floor(tables.values(target.covariate, statistic) / unit + 0.5)
                printable *= high - low + 1
                columns.append(digits)
                inside &= (digits >= low) & (digits <= high)
    reached = np.unique(np.column_stack(columns)[inside], axis=0)
    return ChanceAgreement(printable=printable, reached=len(reached))


def reconstruct_neighbours(
    events: int,
    total: int,
    event_margins: Mapping[str, int],
    margins: Mapping[str, int],
    targets: Sequence[LogisticTarget],
) -> pd.DataFrame:
    """Repeat a reconstruction with each margin by outcome one patient higher and one lower.

    Parameters
    ----------
    events, total, event_margins, margins, targets
        As for :func:`rairlib.reconstruct.logistic.reconstruct_logistic`.

    Returns
    -------
    DataFrame
        One row per changed margin: ``covariate``, ``outcome`` (whether the margin of the patients
        with the outcome was changed), ``change, candidates, agreeing_estimates, agreeing``.
        Margins that cannot be changed so are left out.
    """
    rows = []
    for place, changed in changed_margins(events, total, event_margins, margins):
        try:
            found = reconstruct_logistic(*changed, targets)
        except ReconstructionError:
            continue
        counts = (found.candidates, found.agreeing_estimates, found.agreeing)
        rows.append((*place, *counts))
    columns = ["covariate", "outcome", "change", "candidates", "agreeing_estimates", "agreeing"]
    return pd.DataFrame(rows, columns=columns)


# --- The joint tables that a study's printed numbers determine --------------------------------
# A logistic model of binary covariates determines the covariates' table. Where no such model is
# printed, sensitivities and specificities determine the table of outcome and rule, and the areas of
# subgroups split it. This layer reads the registry; the searches do not know it.


def reconstruct_study(study: str) -> list[dict]:
    """Reconstruct the joint tables of a study's logistic models, or else of its rules.

    Parameters
    ----------
    study : str
        Key of one of the book's studies, or a folder of one's own.

    Returns
    -------
    list of dict
        One per agreeing table: ``study, model, covariates, cells`` (the level of each covariate and
        the patients `n`), ``candidates, agreeing_estimates, agreeing, unique``; where p values are
        printed, which find no table, how many give them all (``giving_p_values``) and whether
        this one does (``gives_p_values``). A single one with empty `cells` stands for no agreeing
        table, with the faults of the print that would leave one in ``explained_by``. Where there
        are more than three covariates also ``hypothesis, constraint, search, numbers, verdict,
        reason``. Without a logistic model of binary covariates, the tables of outcome and rule
        and those of subgroups.

    Raises
    ------
    ReconstructionError
        If the study prints nothing from which a joint table can be found.
    """
    registry = load_registry(study)
    models = printed_models(registry)
    if models:
        return [record for model in models for record in _records_of(registry, model)]
    records = rule_records(registry)
    if not records:
        raise ReconstructionError(
            f"{study}: neither multivariable odds ratios of binary covariates nor sensitivities "
            "and specificities in groups of printed size are printed"
        )
    return records + subgroup_records(registry)


def _records_of(registry: Registry, model: PrintedModel) -> list[dict]:
    place = f"{registry.study}, {model.name}"
    if len(model.levels) <= COVARIATES_MAX:
        try:
            found = model.reconstruct()
        except ReconstructionError as error:
            raise ReconstructionError(f"{place}: {error}") from error
        records = table_records(
            registry.study,
            model.name,
            model.cell_levels,
            (found.candidates, found.agreeing_estimates),
            found.cells,
        )
        if not found.agreeing:
            return [{**records[0], "explained_by": _faults_of(model)}]
        if any(statistic == "p_value" for _, statistic in model.rows):
            gives = model.giving_p_values(found.solutions)
            for record, own in zip(records, gives.tolist(), strict=True):
                record |= {"giving_p_values": int(gives.sum()), "gives_p_values": own}
        return records
    records = hypothesis_records(registry.source, model)
    if not records:
        raise ReconstructionError(
            f"{place}: the joint table of {len(model.levels)} covariates cannot be "
            "enumerated, and no two or three of them give their rows"
        )
    return records


def _faults_of(model: PrintedModel) -> list[str]:
    try:
        return told(explaining_faults(*model.counts, model.targets()))
    except ReconstructionError as error:
        return [f"faults of the print not tried: {error}"]


def reconstructible_models(registry: Registry) -> list[PrintedModel]:
    """Collect the printed models whose joint tables can all be tried.

    Parameters
    ----------
    registry : Registry
        Any paper.

    Returns
    -------
    list of PrintedModel
        The models of two or three covariates as printed; in place of a larger one, the models of
        two of its covariates that give what is printed of these, where just one joint table does
        so. If some of the model's numbers are anchors, no others are looked at.
    """
    models = []
    for model in printed_models(registry):
        if len(model.levels) <= COVARIATES_MAX:
            models.append(model)
            continue
        targets = model.targets(["anchor"]) or model.targets()
        found = smallest_submodels(*model.counts, targets, largest=2)
        models += [model.restricted(part.covariates) for part in found if part.unique]
    return models


def values_from_anchors(model: PrintedModel) -> pd.DataFrame:
    """Recompute a printed model from its anchors alone, so that the rest tests the answer.

    Parameters
    ----------
    model : PrintedModel
        The model as printed.

    Returns
    -------
    DataFrame
        One row per printed number of the model: ``id, variable, statistic, role, printed,
        tables`` (how many joint tables agree with the numbers of role ``anchor``), ``low, high``
        (range of the number over these tables; NaN if there are none) and ``agrees``
        (whether one of them rounds to the print).
    """
    tables = model.agreeing_with(["anchor"])
    return pd.DataFrame(
        [
            recomputed(row, tables.values(covariate, statistic))
            for (covariate, statistic), row in model.rows.items()
        ]
    )
