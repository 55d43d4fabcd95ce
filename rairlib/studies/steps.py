"""A paper's analysis in steps, each with the columns that it needs and the patients it is about.

So a cohort with fewer columns is analysed as far as they go.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from rairlib.stats.logistic import Covariates
from rairlib.stats.roc import dichotomise
from rairlib.stats.rows import COLUMNS, Rows


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an analysis.

    Attributes
    ----------
    name : str
        In the paper's words, such as ``Table 2, logistic model``.
    needs : tuple of str
        Columns without which it cannot be run; its function sees no others.
    rows : callable
        Takes the complete cases and returns rows as in :mod:`rairlib.stats.rows`.
    among : dict of str to str
        Column → level of the patients whom the step is about; empty for all.
    """

    name: str
    needs: tuple[str, ...]
    rows: Callable[[pd.DataFrame], Rows]
    among: Mapping[str, str] = field(default_factory=dict)

    def absent(self, data: pd.DataFrame) -> list[str]:
        """List the columns that the step needs and the cohort does not have."""
        return [name for name in dict.fromkeys((*self.among, *self.needs)) if name not in data]

    def patients(self, data: pd.DataFrame) -> pd.DataFrame:
        """Return the patients whom the step is about, with its columns alone."""
        own = data[list(dict.fromkeys(self.needs))]
        for column, level in self.among.items():
            own = own[(data[column] == level).reindex(own.index)]
        return own


@dataclass(frozen=True, slots=True)
class Model:
    """A regression of the paper, which missing covariates can be imputed for.

    Attributes
    ----------
    name : str
        In the paper's words.
    event : tuple of str
        Column and level of the outcome.
    covariates : mapping of str to tuple of str or None
        As for :func:`rairlib.stats.logistic.logistic`.
    time : str
        Column of the time to the event, for a Cox model; empty for a logistic one.
    among : dict of str to str
        As for :class:`Step`.
    """

    name: str
    event: tuple[str, str]
    covariates: Covariates
    time: str = ""
    among: Mapping[str, str] = field(default_factory=dict)


def results(steps: Iterable[Step], data: pd.DataFrame) -> pd.DataFrame:
    """Run the steps whose columns a cohort has, each on its complete cases.

    Parameters
    ----------
    steps : iterable of Step
        In the order of the paper.
    data : DataFrame
        One row per patient, with the variables that the paper derives.

    Returns
    -------
    DataFrame
        Columns ``statistic, variable, level, group, method, value``.
    """
    rows = [
        row
        for step in steps
        if not step.absent(data)
        for row in step.rows(step.patients(data).dropna())
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def split_at(values: pd.Series, cutoff: float) -> pd.Series:
    """Return the levels below and from a cut-off; what is missing stays missing."""
    return dichotomise(values.dropna(), cutoff).reindex(values.index)
