"""Random cohorts with the declared counts, from which a search starts."""

import numpy as np

from rairlib.search.arrays import forbidden_rules, joint_columns
from rairlib.search.declaration import DeclarationError, DeclaredStudy

DEAL_STEPS = 400_000
DEAL_TEMPERATURE = 0.5
REPAIR_STEPS = 100_000


def start_timeline(study: DeclaredStudy, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Draw an order in time.

    Parameters
    ----------
    study : DeclaredStudy
        Checked.
    rng : numpy Generator
        Source of randomness.

    Returns
    -------
    classes, events, marks : ndarray of int64, shapes (n,), (n,), (marks,)
        Class and event by position; positions up to each mark.
    """
    counts = _events_by_class(study, rng)
    with_event = np.repeat(np.arange(len(counts)), counts)
    sizes = np.array([entry.size for entry in study.classes])
    without = np.repeat(np.arange(len(counts)), sizes - counts)
    classes = np.concatenate([rng.permutation(with_event), rng.permutation(without)])
    events = np.concatenate([np.ones(len(with_event)), np.zeros(len(without))])
    order = rng.permutation(len(classes))
    marks = [sum(mark.positions) // 2 for mark in study.marks]
    return (
        classes[order].astype(np.int64),
        events[order].astype(np.int64),
        np.array(marks, np.int64),
    )


def _events_by_class(study: DeclaredStudy, rng: np.random.Generator) -> np.ndarray:
    counts = np.array([entry.events[0] for entry in study.classes])
    highest = np.array([entry.events[1] for entry in study.classes])
    while counts.sum() < study.events:
        counts[rng.choice(np.flatnonzero(counts < highest))] += 1
    return counts


def start_rows(
    study: DeclaredStudy, classes: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Deal levels out at random, with the declared counts and the kept joint table.

    Parameters
    ----------
    study : DeclaredStudy
        Checked.
    classes : ndarray of int64, shape (n,)
        Class by position.
    rng : numpy Generator
        Source of randomness.

    Returns
    -------
    rows : ndarray of int64, shape (n, columns)
        Of the patients at risk, 1 for level 1.
    outside : ndarray of int64, shape (patients outside, columns)
        Of those not at risk; -1 where nothing is known.

    Raises
    ------
    DeclarationError
        If the joint table cannot be split into groups with the declared counts, or forbidden
        pairs of levels cannot be avoided.
    """
    names = np.array([entry.stratum for entry in study.classes], dtype=object)
    strata = names[classes]
    rows = np.zeros((len(classes), len(study.covariates)), np.int64)
    many = sum(study.outside.values())
    outside = np.full((many, len(study.covariates)), -1, np.int64)
    joint = joint_columns(study)
    for k, covariate in enumerate(study.covariates):
        if covariate.classes:
            members = [entry.name in covariate.classes for entry in study.classes]
            rows[:, k] = np.array(members)[classes]
        elif k not in joint:
            for stratum, count in covariate.counts.items():
                among = np.flatnonzero((strata == stratum) | (stratum == ""))
                rows[rng.choice(among, count, replace=False), k] = 1
            if covariate.outside >= 0:
                outside[:, k] = rng.permutation(np.arange(many) < covariate.outside)
    if joint:
        _deal_joint(study, joint, strata, rows, outside, rng)
    _repair(study, strata, rows, rng)
    return rows, outside


def _deal_joint(study, joint, strata, rows, outside, rng) -> None:
    """Split the rows of the joint table between the strata and those outside."""
    groups = [np.flatnonzero(strata == name) for name in study.strata]
    wanted = [[study.covariates[k].counts[name] for k in joint] for name in study.strata] + [
        [study.covariates[k].outside for k in joint]
    ]
    sizes = [*(len(group) for group in groups), len(outside)]
    table = study.joint.rows[rng.permutation(len(study.joint.rows))]
    if sum(sizes) != len(table):
        raise DeclarationError(
            f"{study.study}: the joint table has {len(table)} patients, the study {sum(sizes)}"
        )
    member = np.repeat(np.arange(len(sizes)), sizes)
    _swap_until_right(study, table, member, np.array(wanted), rng)
    for number, group in enumerate(groups):
        rows[np.ix_(group, joint)] = table[member == number]
    outside[:, joint] = table[member == len(groups)]


def _swap_until_right(study, table, member, wanted, rng) -> None:
    """Exchange members between groups, as annealing does, until all counts are as wanted."""
    counts = np.array([table[member == number].sum(0) for number in range(len(wanted))])
    error = np.abs(counts - wanted).sum()
    for _ in range(DEAL_STEPS):
        if error == 0:
            return
        a, c = rng.integers(0, len(table), 2)
        if member[a] == member[c]:
            continue
        change = table[c] - table[a]
        counts[member[a]] += change
        counts[member[c]] -= change
        proposed = np.abs(counts - wanted).sum()
        if proposed <= error or rng.random() < np.exp((error - proposed) / DEAL_TEMPERATURE):
            error = proposed
            member[a], member[c] = member[c], member[a]
        else:
            counts[member[a]] -= change
            counts[member[c]] += change
    raise DeclarationError(
        f"{study.study}: no split of the joint table with the declared counts was found"
    )


def _repair(study, strata, rows, rng) -> None:
    """Exchange levels within strata until no forbidden pair of levels is left."""
    joint = joint_columns(study)
    for one, level, other, other_level in forbidden_rules(study):
        column = one if one not in joint else other
        for _ in range(REPAIR_STEPS):
            bad = (rows[:, one] == level) & (rows[:, other] == other_level)
            if not bad.any():
                break
            a = rng.choice(np.flatnonzero(bad))
            fitting = (strata == strata[a]) & (rows[:, column] != rows[a, column])
            if fitting.any():
                c = rng.choice(np.flatnonzero(fitting))
                rows[[a, c], column] = rows[[c, a], column]
    for one, level, other, other_level in forbidden_rules(study):
        if ((rows[:, one] == level) & (rows[:, other] == other_level)).any():
            raise DeclarationError(f"{study.study}: forbidden pairs of levels cannot be avoided")
