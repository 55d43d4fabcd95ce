"""The arrays that the kernels read, made from a declared study."""

import numpy as np

from rairlib.search.cox_terms import Design
from rairlib.search.declaration import Covariate, DeclaredStudy, event_range, ratio_centre
from rairlib.search.timeline import Timing

NOTHING_PRINTED = (1.0, 1.0, 1.0)


def timing_of(study: DeclaredStudy) -> Timing:
    """Return the statistics of the timeline and their targets.

    Parameters
    ----------
    study : DeclaredStudy
        Checked.

    Returns
    -------
    Timing
        Targets in the order rates, log-rank statistics, Cox rows of class-defined covariates.
    """
    names = study.names
    rows = [c for c in study.covariates if c.classes and c.univariable]
    targets = timeline_targets(study)
    return Timing(
        events_low=_integers(entry.events[0] for entry in study.classes),
        events_high=_integers(entry.events[1] for entry in study.classes),
        forced=np.array([entry.events[0] == entry.size for entry in study.classes]),
        marks_low=_integers(mark.positions[0] for mark in study.marks),
        marks_high=_integers(mark.positions[1] for mark in study.marks),
        rate_classes=np.array(
            [[name in entry.classes for name in names] for entry in study.rates], bool
        ).reshape(-1, len(names)),
        rate_marks=_integers(entry.mark for entry in study.rates),
        logrank_groups=np.array(
            [[_group_of(name, entry.groups) for name in names] for entry in study.logranks],
            np.int64,
        ).reshape(-1, len(names)),
        cox_levels=np.array(
            [[name in entry.classes for name in names] for entry in rows], np.int64
        ).reshape(-1, len(names)),
        cox_beta=np.array([ratio_centre(entry.univariable)[0] for entry in rows]),
        target=np.array([entry.value for entry in targets]),
        half=np.array([entry.half for entry in targets]),
        weight=np.array([entry.weight for entry in targets]),
    )


def timeline_targets(study: DeclaredStudy) -> list:
    """Return the targets of the timeline, in the order of :func:`timing_of`."""
    targets = [entry.target for entry in (*study.rates, *study.logranks)]
    for covariate in study.covariates:
        if covariate.classes:
            targets += covariate.univariable
    return targets


def _integers(values) -> np.ndarray:
    return np.array(list(values), np.int64)


def _group_of(name: str, groups) -> int:
    return next((number for number, group in enumerate(groups) if name in group), -1)


def model_columns(study: DeclaredStudy) -> list[int]:
    """Return the positions of the covariates of the multivariable model."""
    return [k for k, covariate in enumerate(study.covariates) if covariate.multivariable]


def joint_columns(study: DeclaredStudy) -> list[int]:
    """Return the positions of the covariates of the kept joint table, in its order."""
    names = [covariate.variable for covariate in study.covariates]
    return [names.index(name) for name in study.joint.variables] if study.joint else []


def single_columns(study: DeclaredStudy) -> list[int]:
    """Return the positions of the covariates that can be searched one by one."""
    bound = {*model_columns(study), *joint_columns(study)}
    bound |= {k for k, c in enumerate(study.covariates) if c.classes}
    bound |= {k for rule in forbidden_rules(study) for k in (rule[0], rule[2])}
    return [k for k in range(len(study.covariates)) if k not in bound]


def forbidden_rules(study: DeclaredStudy) -> np.ndarray:
    """Return the forbidden pairs of levels as columns and values, shape (F, 4)."""
    names = [covariate.variable for covariate in study.covariates]
    rules = [
        (
            names.index(one),
            int(study.covariates[names.index(one)].levels[0] == level),
            names.index(other),
            int(study.covariates[names.index(other)].levels[0] == other_level),
        )
        for one, level, other, other_level in study.forbidden
    ]
    return np.array(rules, np.int64).reshape(-1, 4)


def _rows(targets: list[tuple]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return log ratios, printed values and half units of several rows."""
    beta = [ratio_centre(row)[0] if row else 0.0 for row in targets]
    values = [[t.value for t in row] if row else NOTHING_PRINTED for row in targets]
    halves = [[t.half for t in row] if row else [np.inf] * 3 for row in targets]
    return (
        np.array(beta, float),
        np.array(values, float).reshape(-1, 3),
        np.array(halves, float).reshape(-1, 3),
    )


def _events_range(covariate: Covariate, events: int) -> tuple[int, int]:
    if covariate.events:
        return covariate.events
    if covariate.classes or not covariate.univariable:
        return 0, events
    return event_range(ratio_centre(covariate.univariable)[1], events)


def design_of(study: DeclaredStudy, classes: np.ndarray, events: np.ndarray) -> Design:
    """Return the arrays of the covariate stage for an order in time.

    Parameters
    ----------
    study : DeclaredStudy
        Checked.
    classes, events : ndarray of int64, shape (n,)
        By position in time.

    Returns
    -------
    Design
        For the kernels.
    """
    covariates = study.covariates
    model, joint, single = model_columns(study), joint_columns(study), single_columns(study)
    place = np.full(len(covariates), -1, np.int64)
    place[model] = np.arange(len(model))
    ranges = np.array([_events_range(entry, study.events) for entry in covariates], float)
    strata = np.array([study.strata.index(entry.stratum) for entry in study.classes], np.int64)
    beta, target, half = _rows([entry.univariable for entry in covariates])
    model_beta, model_target, model_half = _rows([covariates[k].multivariable for k in model])
    fixed_together = np.isin(np.arange(len(covariates)), joint)
    alike = np.outer(place >= 0, place >= 0) | np.outer(fixed_together, fixed_together)
    np.fill_diagonal(alike, False)
    free = _integers(k for k, c in enumerate(covariates) if not c.classes and k not in single)
    return Design(
        at_risk=np.cumsum(events).astype(np.int64),
        event=events.astype(np.int64),
        stratum=strata[classes],
        stratified=np.array(["" not in entry.counts for entry in covariates]),
        joint=fixed_together,
        free=free,
        model=_integers(model),
        place=place,
        alike=alike,
        forbidden=forbidden_rules(study),
        events_low=ranges[:, 0].copy(),
        events_high=ranges[:, 1].copy(),
        beta=beta,
        target=target,
        half=half,
        model_beta=model_beta,
        model_target=model_target,
        model_half=model_half,
    )


def alone(design: Design, column: int) -> Design:
    """Return the design of one column by itself, without a model."""
    one = slice(column, column + 1)
    none = np.empty(0, np.int64)
    return design._replace(
        stratified=design.stratified[one].copy(),
        joint=np.zeros(1, bool),
        free=np.zeros(1, np.int64),
        model=none,
        place=np.full(1, -1, np.int64),
        alike=np.zeros((1, 1), bool),
        forbidden=np.empty((0, 4), np.int64),
        events_low=design.events_low[one].copy(),
        events_high=design.events_high[one].copy(),
        beta=design.beta[one].copy(),
        target=design.target[one].copy(),
        half=design.half[one].copy(),
        model_beta=np.empty(0),
        model_target=np.empty((0, 3)),
        model_half=np.empty((0, 3)),
    )
