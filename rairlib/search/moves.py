"""Proposals of the search for covariates: exchanges that keep every printed count.

Each move exchanges levels between two or four patients and fills `slots` (the patients),
`proposed` (their new rows) and `changed` (the columns). It returns the number of patients, 0 if
it found nothing to propose. Moves, in the order of ``Schedule.covariate_moves``:

0. one column between two patients;
1. whole rows between two patients of a stratum;
2. one column between two patients alike in the other covariates of the model;
3. whole rows between two patients at most two events apart;
4. as 2, twice in the same column and in opposite directions in time;
5. as 2, twice in two columns;
6. the columns of the kept joint table between two patients of a stratum;
7. the same across strata, twice, so that both strata keep their counts;
8. one column between two patients without the event and with none in between: all univariable
   rows stay exactly as they are.
"""
# ruff: noqa: NPY002, SIM110 - compiled code: own generator, no generator expressions

import numpy as np
from numba import njit

TRIES = 60
TRIES_PER_PATIENT = 20
NEAR_EVENTS = 2
CROSS_COLUMNS_MAX = 3
KINDS = 9
TRIES_WITHIN = 12
PLACES_WITHIN = 12


@njit(cache=True, nogil=True)
def _same_stratum(column, a, c, design):
    return not design.stratified[column] or design.stratum[a] == design.stratum[c]


@njit(cache=True, nogil=True)
def _put(position, patient, rows, slots, proposed):
    """Name one patient of a proposal, the row still unchanged."""
    slots[position] = patient
    for k in range(rows.shape[1]):
        proposed[position, k] = rows[patient, k]


@njit(cache=True, nogil=True)
def _exchange(column, position, proposed, changed):
    """Exchange one column between the patients at `position` and the next position."""
    kept = proposed[position, column]
    if kept == proposed[position + 1, column]:
        return
    proposed[position, column] = proposed[position + 1, column]
    proposed[position + 1, column] = kept
    changed[column] = True


@njit(cache=True, nogil=True)
def _alike_in_joint(a, c, but, rows, design):
    """Whether two patients agree in all columns of the joint table except `but`."""
    for k in range(rows.shape[1]):
        if design.joint[k] and k != but and rows[a, k] != rows[c, k]:
            return False
    return True


@njit(cache=True, nogil=True)
def _single(rows, design, slots, proposed, changed):
    patients = rows.shape[0]
    column = design.free[np.random.randint(design.free.shape[0])]
    a, c = np.random.randint(patients), np.random.randint(patients)
    if rows[a, column] == rows[c, column] or not _same_stratum(column, a, c, design):
        return 0
    if design.joint[column] and not _alike_in_joint(a, c, column, rows, design):
        return 0
    _put(0, a, rows, slots, proposed)
    _put(1, c, rows, slots, proposed)
    _exchange(column, 0, proposed, changed)
    return 2


@njit(cache=True, nogil=True)
def _whole_rows(rows, design, near, slots, proposed, changed):
    patients = rows.shape[0]
    a, c = np.random.randint(patients), np.random.randint(patients)
    apart = abs(design.at_risk[a] - design.at_risk[c])
    if design.stratum[a] != design.stratum[c] or (near and apart > NEAR_EVENTS):
        return 0
    if apart == 0 and design.event[a] == design.event[c]:
        return 0
    _put(0, a, rows, slots, proposed)
    _put(1, c, rows, slots, proposed)
    for f in range(design.free.shape[0]):
        _exchange(design.free[f], 0, proposed, changed)
    return 2


@njit(cache=True, nogil=True)
def _agree(one, other, columns):
    """Whether two rows agree in the columns of a mask."""
    for k in range(columns.shape[0]):
        if columns[k] and one[k] != other[k]:
            return False
    return True


@njit(cache=True, nogil=True)
def _find_alike(column, rows, design, slots, position, level, direction):
    """Find two patients who differ in `column` alone; return them, or -1.

    With `level` 0 or 1 the first has this level, and the second lies in `direction` in time.
    """
    # Arrays instead of the whole design: this loop is what proposals cost.
    event, at_risk, stratum = design.event, design.at_risk, design.stratum
    stratified, alike = design.stratified[column], design.alike[column]
    patients, a = rows.shape[0], 0
    for attempt in range(TRIES):
        if attempt % TRIES_PER_PATIENT == 0:
            a = np.random.randint(patients)
        c = np.random.randint(patients)
        if rows[a, column] == rows[c, column] or event[a] != event[c]:
            continue
        if stratified and stratum[a] != stratum[c]:
            continue
        if level >= 0 and (rows[a, column] != level or (at_risk[a] - at_risk[c]) * direction <= 0):
            continue
        if _agree(rows[a], rows[c], alike) and _unused(a, c, slots, position):
            return a, c
    return -1, -1


@njit(cache=True, nogil=True)
def _unused(a, c, slots, position):
    for q in range(position):
        if slots[q] == a or slots[q] == c:
            return False
    return True


@njit(cache=True, nogil=True)
def _alike_exchanges(rows, design, pairs, same_column, slots, proposed, changed):
    column = design.free[np.random.randint(design.free.shape[0])]
    level, direction = -1, 0
    for pair in range(pairs):
        if pair > 0 and not same_column:
            column = design.free[np.random.randint(design.free.shape[0])]
        a, c = _find_alike(column, rows, design, slots, 2 * pair, level, direction)
        if a < 0:
            return 0
        if same_column:
            level, direction = 1 - rows[a, column], design.at_risk[a] - design.at_risk[c]
        _put(2 * pair, a, rows, slots, proposed)
        _put(2 * pair + 1, c, rows, slots, proposed)
        _exchange(column, 2 * pair, proposed, changed)
    return 2 * pairs


@njit(cache=True, nogil=True)
def _exchange_joint(position, design, proposed, changed):
    differing = 0
    for k in range(proposed.shape[1]):
        if design.joint[k] and proposed[position, k] != proposed[position + 1, k]:
            _exchange(k, position, proposed, changed)
            differing += 1
    return differing


@njit(cache=True, nogil=True)
def _block(rows, design, slots, proposed, changed):
    patients = rows.shape[0]
    a, c = np.random.randint(patients), np.random.randint(patients)
    if design.stratum[a] != design.stratum[c]:
        return 0
    _put(0, a, rows, slots, proposed)
    _put(1, c, rows, slots, proposed)
    return 2 if _exchange_joint(0, design, proposed, changed) > 0 else 0


@njit(cache=True, nogil=True)
def _opposite(a, c, b, f, rows, design):
    """Whether the exchange of f and b gives back what that of a and c takes from the strata."""
    for k in range(rows.shape[1]):
        if design.joint[k] and rows[a, k] - rows[c, k] != rows[f, k] - rows[b, k]:
            return False
    return True


@njit(cache=True, nogil=True)
def _cross(rows, design, slots, proposed, changed):
    patients = rows.shape[0]
    a, c = np.random.randint(patients), np.random.randint(patients)
    if design.stratum[a] == design.stratum[c]:
        return 0
    _put(0, a, rows, slots, proposed)
    _put(1, c, rows, slots, proposed)
    differing = _exchange_joint(0, design, proposed, changed)
    if differing == 0 or differing > CROSS_COLUMNS_MAX:
        return 0
    for _ in range(TRIES):
        b, f = np.random.randint(patients), np.random.randint(patients)
        if design.stratum[b] != design.stratum[a] or design.stratum[f] != design.stratum[c]:
            continue
        if b != a and f != c and _opposite(a, c, b, f, rows, design):
            _put(2, b, rows, slots, proposed)
            _put(3, f, rows, slots, proposed)
            _exchange_joint(2, design, proposed, changed)
            return 4
    return 0


@njit(cache=True, nogil=True)
def _within_interval(rows, design, slots, proposed, changed):
    patients = rows.shape[0]
    column = design.free[np.random.randint(design.free.shape[0])]
    a = np.random.randint(patients)
    if design.event[a]:
        return 0
    for _ in range(TRIES_WITHIN):
        c = a + np.random.randint(-PLACES_WITHIN, PLACES_WITHIN + 1)
        if c < 0 or c >= patients or design.event[c] or design.at_risk[a] != design.at_risk[c]:
            continue
        if rows[a, column] == rows[c, column] or not _same_stratum(column, a, c, design):
            continue
        if design.joint[column] and not _alike_in_joint(a, c, column, rows, design):
            continue
        _put(0, a, rows, slots, proposed)
        _put(1, c, rows, slots, proposed)
        _exchange(column, 0, proposed, changed)
        return 2
    return 0


@njit(cache=True, nogil=True)
def is_allowed(proposed, many, forbidden):
    """Whether no proposed row holds two levels that exclude each other."""
    for f in range(forbidden.shape[0]):
        for q in range(many):
            if (
                proposed[q, forbidden[f, 0]] == forbidden[f, 1]
                and proposed[q, forbidden[f, 2]] == forbidden[f, 3]
            ):
                return False
    return True


@njit(cache=True, nogil=True)
def propose(kind, rows, design, slots, proposed, changed):
    """Fill one proposal of a kind; return its number of patients, 0 for none."""
    changed[:] = False
    if kind == 0:
        many = _single(rows, design, slots, proposed, changed)
    elif kind == 1 or kind == 3:
        many = _whole_rows(rows, design, kind == 3, slots, proposed, changed)
    elif kind == 2:
        many = _alike_exchanges(rows, design, 1, False, slots, proposed, changed)
    elif kind == 4 or kind == 5:
        many = _alike_exchanges(rows, design, 2, kind == 4, slots, proposed, changed)
    elif kind == 6:
        many = _block(rows, design, slots, proposed, changed)
    elif kind == 8:
        many = _within_interval(rows, design, slots, proposed, changed)
    else:
        many = _cross(rows, design, slots, proposed, changed)
    return many if is_allowed(proposed, many, design.forbidden) else 0
