"""One annealing and one energy for all that is searched: the order in time, and the covariates."""

import numpy as np
from numba import njit

# Of the half unit to either side of a printed number; the rest is room for one Newton step.
INSIDE = 0.9


@njit(cache=True, error_model="numpy")
def excess(values, target, half):
    """Squared excess of values over their rounding intervals, in half units, added up."""
    energy = 0.0
    for t in range(values.shape[0]):
        over = abs(values[t] - target[t]) / half[t] - INSIDE
        if over > 0.0:
            energy += over * over
    return energy


@njit(error_model="numpy")
def anneal(state, propose, energy, settle, rng, steps, hot, cold):
    """Anneal a state in place; return its energy, zero as soon as all is met.

    Parameters
    ----------
    state : NamedTuple of ndarray
        Changed in place.
    propose : compiled function of state and rng
        Makes a change; whether there was one to make.
    energy : compiled function of state and limit
        Energy after the change; any number above the limit once it must be above.
    settle : compiled function of state and bool
        Keeps the change, or takes it back.
    rng : numpy Generator
        Source of randomness.
    steps : int
        Proposals.
    hot, cold : float
        First and last temperature, in squared half units; geometric in between.

    Returns
    -------
    float
        Energy in the end.
    """
    now = energy(state, np.inf)
    settle(state, True)
    for step in range(steps):
        if now == 0.0:
            break
        if not propose(state, rng):
            continue
        limit = now + hot * (cold / hot) ** ((step / steps) ** 2) * rng.standard_exponential()
        proposed = energy(state, limit)
        settle(state, proposed <= limit)
        if proposed <= limit:
            now = proposed
    return now
