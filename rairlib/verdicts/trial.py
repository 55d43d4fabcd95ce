"""How far a range over simulated cohorts can be trusted: what was measured on open records."""

from functools import cache
from typing import NamedTuple

import pandas as pd

from rairlib.registry.kept_files import kept_file

TRIAL = "results/open_records_ensembles.csv"
LEVEL = 0.95
# A range must cover nearly as often as it says, and be narrower than without the print.
COVERS, FIXED_WIDTH, NARROWED_WIDTH = 0.9, 0.1, 0.6
NEW_EFFECT = "adjusted log hazard ratio in no printed model"
# Which kind of quantity was tried, by the beginning of the name. All others were not: the log-rank
# statistics and rates of the trial are of covariates whose hazard ratios are printed.
OF_QUANTITY = {
    "proportional hazards": "proportional hazards p",
    "Table 5: concordance": "concordance of the model",
    "Table 5: shrinkage": "likelihood ratio of the model",
    "refractory disease": NEW_EFFECT,
    "avidity: hazard ratio": NEW_EFFECT,
    "landmark": NEW_EFFECT,
    "status that begins": NEW_EFFECT,
}


class Kind(NamedTuple):
    """A kind of quantity: its class, and how often 95 % ranges of it held the truth.

    The coverage and its standard error are NaN, and there are no papers, where it was not tried.
    """

    label: str
    coverage: float = float("nan")
    error: float = float("nan")
    papers: int = 0

    def __str__(self) -> str:
        if not self.papers:
            return f"{self.label}; ranges of this kind were not tried"
        return (
            f"{self.label}; where the records are open, 95 % ranges of this kind held the truth in "
            f"{100 * self.coverage:.0f} % ({self.papers} papers, standard error "
            f"{100 * self.error:.0f} %)"
        )


NOT_TRIED = Kind("assumed")


@cache
def kinds() -> dict[str, Kind]:
    """Return the kinds of quantities that were tried, by name.

    Returns
    -------
    dict of str to Kind
        *Fixed* or *narrowed* if ranges cover at 0.9 or more and are at most a tenth or six tenths
        as wide as without the print; else *assumed*.
    """
    table = pd.read_csv(kept_file(TRIAL), encoding="utf-8")
    table = table[(table["source"] == "ensemble") & (table["level"] == LEVEL)]
    return {row.quantity: _kind(row) for row in table.itertuples()}


def _kind(row) -> Kind:
    label = "narrowed" if row.width_to_naive > FIXED_WIDTH else "fixed"
    if row.coverage < COVERS or row.width_to_naive > NARROWED_WIDTH:
        label = "assumed"
    return Kind(label, row.coverage, row.standard_error, row.papers)


def kind_of_quantity(quantity: str) -> Kind:
    """Return the kind of an unprinted quantity, by the beginning of its name."""
    names = (kind for start, kind in OF_QUANTITY.items() if quantity.startswith(start))
    return kinds().get(next(names, ""), NOT_TRIED)
