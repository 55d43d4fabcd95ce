"""A paper's analysis in steps, each with the columns that it needs and the patients it is about.

So a cohort with fewer columns is analysed as far as they go.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from rairlib.stats.imputation import imputed
from rairlib.stats.logistic import Covariates, logistic
from rairlib.stats.roc import dichotomise
from rairlib.stats.rows import COLUMNS, Rows, ratio_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The regression behind a step, so that it can be fitted to imputed covariates too.

    Attributes
    ----------
    event : tuple of str
        Column and level of the patients with the event.
    covariates : mapping
        As for :func:`rairlib.stats.logistic.logistic`.
    groups : tuple of str
        Names of the patients with and without the event.
    time : str
        Column of the time to the event; empty for a logistic model.
    fit : callable
        As for :func:`rairlib.stats.imputation.imputed`.
    """

    event: tuple[str, str]
    covariates: Covariates
    groups: tuple[str, str]
    time: str = ""
    fit: Callable[..., pd.DataFrame] = logistic

    def imputed_rows(self, data: pd.DataFrame, imputations: int, seed: int) -> Rows:
        """Return the ratios, pooled over imputations of missing covariates."""
        column, level = self.event
        event = (data[column] == level).astype(float).where(data[column].notna())
        times = {"time": self.time} if self.time else {}
        found = imputed(
            data.assign(event=event),
            "event",
            self.covariates,
            self.fit,
            seed=seed,
            imputations=imputations,
            **times,
        ).estimates
        ratios = found[found["statistic"].str.endswith("ratio")]
        return ratio_rows(ratios, self.groups, "multivariable")


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
    model : Model, optional
        What to fit beside, where covariates are missing.
    """

    name: str
    needs: tuple[str, ...]
    rows: Callable[[pd.DataFrame], Rows]
    among: Mapping[str, str] = field(default_factory=dict)
    model: Model | None = None

    def absent(self, data: pd.DataFrame) -> list[str]:
        """List the columns that the step needs and the cohort does not have."""
        return [name for name in dict.fromkeys((*self.among, *self.needs)) if name not in data]

    def patients(self, data: pd.DataFrame) -> pd.DataFrame:
        """Return the patients whom the step is about, with its columns alone."""
        own = data[list(dict.fromkeys(self.needs))]
        for column, level in self.among.items():
            own = own[(data[column] == level).reindex(own.index)]
        return own


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
