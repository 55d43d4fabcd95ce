"""How Tang et al. 2025 build their model: tests one by one, Forward: LR, the equation."""

import numpy as np
import pandas as pd

from rairlib.errors import RairlibError
from rairlib.fast_selection import candidate_columns, screening_p_value
from rairlib.papers.rows import COLUMNS, Rows, categorical_rows, continuous_rows
from rairlib.papers.tang2025_cohort import LEVELS, SETS, checked, one_set
from rairlib.regression import INTERCEPT
from rairlib.selection import Selection, forward_lr

OUTCOME = "failure"
OUTCOMES = ("failure", "success")
TRAINING_OUTCOMES = ("training failure", "training success")
SCREENING_P = 0.05
# The order in which the methods section lists what was taken from the records.
CANDIDATES = (
    "tumor_diameter",
    "capsular_invasion",
    "ete",
    "cln_status",
    "lln_status",
    "lln_count",
    "lln_diameter",
    "age",
    "gender",
    "thyroid_disease",
    "multifocality",
    "rai_dose",
    "time_to_rai",
    "tg_before",
    "tgab_before",
)
CODING = {name: tuple(LEVELS[name]) if name in LEVELS else None for name in CANDIDATES}
# The paper tests by rank what is not normally distributed and does not say what is. Counts,
# markers, sizes, times and doses in a few steps are skewed; the text gives age as mean and SD.
NORMAL = ("age",)


def usual_test(variable: str) -> str:
    """Return the test that the paper's methods section implies for a variable.

    Parameters
    ----------
    variable : str
        One of ``CANDIDATES``.

    Returns
    -------
    str
        ``pearson``, ``student`` or ``mann_whitney``.
    """
    if variable in LEVELS:
        return "pearson"
    return "student" if variable in NORMAL else "mann_whitney"


def training_outcome(training: pd.DataFrame) -> pd.Series:
    """Return ``training failure`` or ``training success`` for each patient of the training set."""
    return training[OUTCOME].map(dict(zip(("yes", "no"), TRAINING_OUTCOMES, strict=True)))


def table_1(cohort: pd.DataFrame) -> pd.DataFrame:
    """Compare the training with the validation set, one variable at a time.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`rairlib.papers.tang2025_cohort.check_cohort`.

    Returns
    -------
    DataFrame
        Columns ``statistic, variable, level, group, method, value``: counts, percentages, means,
        SDs and quantiles of each set, every candidate test, and under the method ``usual`` the one
        that the methods section implies.
    """
    data = checked(cohort)
    rows = _comparison_rows(data, data["cohort"], SETS, "usual")
    return pd.DataFrame(rows, columns=list(COLUMNS))


def table_2(cohort: pd.DataFrame) -> pd.DataFrame:
    """Compare failures with successes in the training set, one variable at a time.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`rairlib.papers.tang2025_cohort.check_cohort`.

    Returns
    -------
    DataFrame
        As :func:`table_1`; the test that the methods section implies has the method
        ``univariable``.
    """
    training = one_set(checked(cohort), "training")
    group = training_outcome(training)
    rows = _comparison_rows(training, group, TRAINING_OUTCOMES, "univariable")
    # "All" would be the training set here and the whole cohort elsewhere.
    return pd.DataFrame([row for row in rows if row[3] != "all"], columns=list(COLUMNS))


def _comparison_rows(
    data: pd.DataFrame, group: pd.Series, names: tuple[str, str], usual: str
) -> Rows:
    versus, rows = " vs ".join(names), []
    for variable in CANDIDATES:
        if variable in LEVELS:
            found = categorical_rows(data[variable], group, names, LEVELS[variable])
        else:
            found = continuous_rows(data[variable], group, names)
        key = ("p_value", variable, "", versus, usual_test(variable))
        # The usual test comes first, so that it is taken where no method is named.
        rows += [(*key[:4], usual, row[5]) for row in found if row[:5] == key] + found
    return rows


def screened(training: pd.DataFrame, limit: float = SCREENING_P) -> tuple[str, ...]:
    """Return the candidates whose usual test in the training set has a p value below a limit.

    Parameters
    ----------
    training : DataFrame
        Patients of the training set, checked.
    limit : float
        The p value that a variable must stay below.

    Returns
    -------
    tuple of str
        In the order of ``CANDIDATES``.
    """
    event = (training[OUTCOME] == "yes").to_numpy(dtype=float)
    columns = candidate_columns(training, CODING)
    return tuple(
        name
        for name in CANDIDATES
        if screening_p_value(event, columns[name], usual_test(name)) < limit
    )


def select(cohort: pd.DataFrame) -> Selection:
    """Choose variables as the paper does: significant one by one, then Forward: LR.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`rairlib.papers.tang2025_cohort.check_cohort`.

    Returns
    -------
    Selection
        Log, models and selected variables.

    Raises
    ------
    RairlibError
        If no variable is significant or none is selected: then there is no model.
    """
    training = one_set(checked(cohort), "training")
    names = screened(training)
    if not names:
        raise RairlibError(f"no variable has a p value below {SCREENING_P} in the training set")
    selection = forward_lr(training, OUTCOME, {name: CODING[name] for name in names})
    if not selection.selected:
        raise RairlibError("Forward: LR selects no variable, so there is no model")
    return selection


def equation(selection: Selection) -> pd.Series:
    """Return the coefficients of the selected model.

    Parameters
    ----------
    selection : Selection
        See :func:`select`.

    Returns
    -------
    Series of float
        Log odds, indexed by term, ``intercept`` first.
    """
    model = selection.last_model
    chosen = model[model["statistic"].isin([INTERCEPT, "coefficient"])]
    return chosen.set_index("term")["estimate"]


def linear_predictor(data: pd.DataFrame, coefficients: pd.Series) -> pd.Series:
    """Return logit(p) of each patient.

    Parameters
    ----------
    data : DataFrame
        One row per patient with the variables of the model.
    coefficients : Series of float
        See :func:`equation`.

    Returns
    -------
    Series of float
        Named ``logit_p``.
    """
    score = pd.Series(coefficients[INTERCEPT], index=data.index, name="logit_p")
    for term, value in coefficients.drop(INTERCEPT).items():
        variable, _, contrast = term.partition(": ")
        level = contrast.partition(" vs ")[0]
        score = score + value * (np.asarray(data[variable] == level) if level else data[variable])
    return score.rename("logit_p")


def table_3(selection: Selection) -> pd.DataFrame:
    """Return the selected model and the variables that it leaves out.

    Parameters
    ----------
    selection : Selection
        See :func:`select`.

    Returns
    -------
    DataFrame
        Columns ``statistic, variable, level, group, method, value``: the intercept, coefficients,
        odds ratios, Wald limits of the odds ratios (method ``wald exp``), Wald p values, and the
        p values of the score test of the variables that stay outside. A candidate that was not
        put to Forward: LR has none: its p value is NaN, not that of another test.
    """
    versus, rows = " vs ".join(TRAINING_OUTCOMES), []
    for row in selection.last_model.to_dict("records"):
        variable, _, level = row["term"].partition(": ")
        key = ("" if variable == INTERCEPT else variable, level, versus)
        rows.append((row["statistic"], *key, "multivariable", row["estimate"]))
        if row["statistic"] == "odds_ratio":
            rows += [
                ("ci_low", *key, "wald exp", row["low"]),
                ("ci_high", *key, "wald exp", row["high"]),
                ("p_value", *key, "multivariable", row["p_value"]),
            ]
    outside = left_out(selection).set_index("term")["p_value"]
    rows += [
        ("p_value", name, "", versus, "multivariable", outside.get(name, np.nan))
        for name in CANDIDATES
        if name not in {row[1] for row in rows if not row[2]}
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def left_out(selection: Selection) -> pd.DataFrame:
    """Return the score tests of the variables that are not in the last model.

    Parameters
    ----------
    selection : Selection
        See :func:`select`.

    Returns
    -------
    DataFrame
        Rows of the log.
    """
    log = selection.log
    last = log[(log["step"] == selection.models["step"].max()) & (log["action"] == "enter")]
    return last[~last["term"].isin(selection.selected)].reset_index(drop=True)
