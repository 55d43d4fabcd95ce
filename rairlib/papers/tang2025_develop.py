"""The development step of Tang et al. 2025, quick enough to be repeated on resamples.

The same rules as :func:`rairlib.papers.tang2025_model.select`: the test that the methods section
implies at p < .05 for each candidate, then Forward: LR.
"""

import pandas as pd

from rairlib.development import develop_logistic, fixed_logistic
from rairlib.papers.tang2025_model import CANDIDATES, CODING, OUTCOME, SCREENING_P, usual_test
from rairlib.validation import Developed

TESTS = {name: usual_test(name) for name in CANDIDATES}
PRINTED = {name: CODING[name] for name in ("lln_count", "tg_before")}


def develop(training: pd.DataFrame) -> Developed:
    """Screen, select and fit the paper's model on some patients.

    Parameters
    ----------
    training : DataFrame
        One row per patient with ``failure`` (yes/no) and the columns ``CANDIDATES``, checked.

    Returns
    -------
    Developed
        The variables in the order of ``CANDIDATES``, and the risk of other patients.

    Raises
    ------
    RairlibError
        If all patients have the same outcome, or a model has no finite estimates.
    """
    return develop_logistic(training, OUTCOME, CODING, TESTS, SCREENING_P)


def fit_printed_variables(training: pd.DataFrame) -> Developed:
    """Fit the model of the paper's two variables, without any selection.

    Parameters
    ----------
    training : DataFrame
        With ``failure``, ``lln_count`` and ``tg_before``.

    Returns
    -------
    Developed
        As :func:`develop`.

    Raises
    ------
    RairlibError
        As :func:`develop` does.
    """
    return fixed_logistic(training, OUTCOME, PRINTED)
