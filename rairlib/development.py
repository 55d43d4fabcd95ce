"""Development steps of a logistic model, quick enough to be repeated in every resample."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import special

from rairlib.fast_logistic import fit_logistic
from rairlib.fast_selection import (
    candidate_columns,
    forward_variables,
    screening_p_value,
    varying,
)
from rairlib.regression import Coding, check_columns, outcome_column
from rairlib.selection import ENTRY_P, REMOVAL_P, check_limits
from rairlib.validation import Developed

SCREENING_P = 0.05


def develop_logistic(
    frame: pd.DataFrame,
    outcome: str,
    candidates: Mapping[str, Coding],
    tests: Mapping[str, str],
    screening: float = SCREENING_P,
    entry: float = ENTRY_P,
    removal: float = REMOVAL_P,
) -> Developed:
    """Develop a model: screen candidates one by one, select by Forward: LR, fit.

    Parameters
    ----------
    frame : DataFrame
        One row per patient, without missing values in the columns used.
    outcome : str
        Column of the outcome: ``yes``/``no``, true/false or 1/0.
    candidates : mapping of str to tuple of str or None
        Column → its levels with the reference last; None for a numeric column.
    tests : mapping of str to str
        Candidate → its screening test, as for :func:`screening_p_value`; candidates without a
        test are not screened, they all go to the selection.
    screening : float
        Candidates whose p is below this go to the selection.
    entry, removal : float
        As for :func:`rairlib.selection.forward_lr`.

    Returns
    -------
    Developed
        Chosen variables in the order of the candidates, and the risks that they give.

    Raises
    ------
    RairlibError
        If a column is unusable, the outcome does not vary, or covariates separate it.
    """
    check_columns(frame, [outcome])
    event = outcome_column(frame[outcome]).to_numpy()
    check_limits(screening)
    columns = candidate_columns(frame, candidates)
    kept = {
        name: values
        for name, values in columns.items()
        if name not in tests or screening_p_value(event, values, tests[name]) < screening
    }
    chosen = forward_variables(event, kept, entry, removal)
    return fixed_logistic(frame, outcome, {name: candidates[name] for name in chosen})


def fixed_logistic(
    frame: pd.DataFrame, outcome: str, covariates: Mapping[str, Coding]
) -> Developed:
    """Fit a model whose variables are given, without any selection.

    Parameters
    ----------
    frame, outcome
        As for :func:`develop_logistic`.
    covariates : mapping of str to tuple of str or None
        As the candidates of :func:`develop_logistic`.

    Returns
    -------
    Developed
        The variables, and the risks that they give; a level that no patient of the frame has
        counts as the reference.

    Raises
    ------
    RairlibError
        As :func:`develop_logistic` does.
    """
    check_columns(frame, [outcome])
    event = outcome_column(frame[outcome]).to_numpy()
    design = _design(frame, covariates)
    used = np.concatenate([[True], varying(design[:, 1:])])
    coefficients = np.zeros(design.shape[1])
    coefficients[used] = fit_logistic(event, design[:, used]).coefficients

    def predict(patients: pd.DataFrame) -> np.ndarray:
        return special.expit(_design(patients, covariates) @ coefficients)

    return Developed(variables=tuple(covariates), predict=predict)


def _design(frame: pd.DataFrame, covariates: Mapping[str, Coding]) -> np.ndarray:
    return np.column_stack([np.ones(len(frame)), *candidate_columns(frame, covariates).values()])
