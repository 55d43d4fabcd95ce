"""Search for cohorts of a declared study: an annealing started several times, the best is kept."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from rairlib.cohorts import covariates, order
from rairlib.cohorts.annealing import anneal
from rairlib.cohorts.breslow import fitted_ratios
from rairlib.cohorts.order import Order, statistics
from rairlib.cohorts.study import DeclaredStudy

TIE = 1e-9


class Cooling(NamedTuple):
    """How often to start anew, how many proposals, from which temperature to which."""

    restarts: int
    steps: int
    hot: float
    cold: float


ORDERS = Cooling(restarts=2, steps=200_000, hot=1e5, cold=0.1)
LEVELS = Cooling(restarts=1, steps=800_000, hot=1e6, cold=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """What a search found: an order in time, and covariates of those at risk and outside.

    ``levels`` (n, columns) and ``outside`` hold 1 for level 1; -1 where nothing is known.
    """

    study: DeclaredStudy
    order: Order
    levels: np.ndarray
    outside: np.ndarray

    def skeleton(self) -> pd.DataFrame:
        """Lay the cohort out.

        Returns
        -------
        DataFrame
            One row per patient: ``position`` in time (empty for those not at risk), ``class``,
            ``event``, the level of each covariate (empty where nothing is known), ``evaluable``.
        """
        study, names = self.study, np.array(self.study.names, dtype=object)
        classes = [name for name, many in study.outside.items() for _ in range(many)]
        positions = np.arange(1, study.size + 1).astype(str)
        at_risk = {
            "position": positions,
            "class": names[self.order.classes],
            "event": self.order.events,
        }
        outside = {"position": "", "class": classes, "event": 0}
        for k, covariate in enumerate(study.covariates):
            words = np.array([*reversed(covariate.levels), ""], dtype=object)
            at_risk[covariate.variable] = words[self.levels[:, k]]
            outside[covariate.variable] = words[self.outside[:, k]]
        frames = [
            pd.DataFrame(at_risk).assign(evaluable="yes"),
            pd.DataFrame(outside).assign(evaluable="no"),
        ]
        return pd.concat(frames, ignore_index=True)

    def report(self) -> pd.DataFrame:
        """Set what the cohort attains beside every number that it was searched for.

        Returns
        -------
        DataFrame
            Columns ``id`` (empty for a bound that is not printed), ``model``, ``variable``,
            ``printed``, ``attained``, ``met`` (yes or no). Cox models are fitted to the maximum.
        """
        study = self.study
        pairs = zip(study.order_targets, statistics(self.order), strict=True)
        found = [("timeline", "", *pair) for pair in pairs]
        found = found[: len(study.rates) + len(study.logranks)]
        each = [("univariable", [k]) for k in range(len(study.covariates))]
        for model, columns in (*each, ("multivariable", study.model)):
            ratios = fitted_ratios(self.levels[:, columns], self.order.events)
            for k, values in zip(columns, ratios, strict=True):
                covariate = study.covariates[k]
                pairs = zip(getattr(covariate, model), values, strict=False)
                found += [(model, covariate.variable, *pair) for pair in pairs]
        records = [
            {
                "id": target.id,
                "model": model,
                "variable": variable,
                "printed": target.text,
                "attained": float(value),
                "met": "yes" if target.low - TIE <= value <= target.high + TIE else "no",
            }
            for model, variable, target, value in found
        ]
        return pd.DataFrame(records)


def find_order(study: DeclaredStudy, rng: np.random.Generator, cooling: Cooling = ORDERS) -> Order:
    """Search for an order in time.

    Parameters
    ----------
    study : DeclaredStudy
        Its rates, log-rank statistics and rows of covariates that follow from the class count.
    rng : numpy Generator
        Source of randomness.
    cooling : Cooling
        How long.

    Returns
    -------
    Order
        Of the restarts, the one with the lowest energy.
    """
    return _best(lambda: order.start_order(study, rng), order, rng, cooling)[1]


def find_cohort(
    study: DeclaredStudy,
    rng: np.random.Generator,
    orders: Cooling = ORDERS,
    levels: Cooling = LEVELS,
) -> Cohort:
    """Search for a cohort: an order in time, then the covariates along it.

    Parameters
    ----------
    study : DeclaredStudy
        What to search for.
    rng : numpy Generator
        Source of randomness.
    orders, levels : Cooling
        How long.

    Returns
    -------
    Cohort
        Counts, class sizes and the joint table as declared; ratios as near as it came.
    """
    found = find_order(study, rng, orders)
    dealt = []

    def start():
        dealt.append(covariates.deal(study, found, rng))
        return covariates.start_rows(study, found, dealt[-1][0])

    number, rows = _best(start, covariates, rng, levels)
    return Cohort(study=study, order=found, levels=rows.levels, outside=dealt[number][1])


def _best(start: Callable[[], NamedTuple], kind, rng, cooling: Cooling) -> tuple[int, NamedTuple]:
    """Anneal from several starts; return number and state of the one with the lowest energy."""
    found = []
    for number in range(cooling.restarts):
        state = start()
        energy = anneal(state, kind.propose, kind.energy, kind.settle, rng, *cooling[1:])
        found.append((energy, number, state))
        if energy == 0.0:
            break
    return min(found, key=lambda one: one[:2])[1:]
