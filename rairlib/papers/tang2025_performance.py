"""How Tang et al. 2025 judge their model: areas, the threshold, both sets, four subgroups."""

import numpy as np
import pandas as pd
from scipy.special import expit

from rairlib.cutoffs import operating_point, optimal_cutoffs
from rairlib.discrimination import auc_estimate
from rairlib.hosmer_lemeshow import RULES, hosmer_lemeshow
from rairlib.papers.rows import COLUMNS, Rows
from rairlib.papers.tang2025_cohort import SETS, checked, one_set
from rairlib.papers.tang2025_model import OUTCOME, equation, linear_predictor, select

THRESHOLD = -0.585
THRESHOLD_RISK = float(expit(THRESHOLD))
POSITIVE, NEGATIVE = "≥−0.585", "<−0.585"
VERSUS = {name: f"{name} failure vs {name} success" for name in SETS}
# Of all patients: with the training patients or those of validation alone the printed areas and
# limits are those of no 2×2 table.
SUBGROUPS = {
    "male": ("gender", "male"),
    "female": ("gender", "female"),
    "age <55": ("age_55", "<55"),
    "age ≥55": ("age_55", "≥55"),
}
READINGS = ("continuous", "dichotomised")
STANDARD_ERRORS = ("hanley_mcneil", "delong")
RATES = ("accuracy", "sensitivity", "specificity", "ppv", "npv")
# How SPSS cuts patients into groups is not public; this rule is taken to be nearest to it.
HOSMER_RULE = "nearest size"
CELLS = ("true_positives", "false_negatives", "false_positives", "true_negatives")


def scored(cohort: pd.DataFrame, coefficients: pd.Series | None = None) -> pd.DataFrame:
    """Add the score of the model to a cohort.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`rairlib.papers.tang2025_cohort.check_cohort`.
    coefficients : Series of float, optional
        See :func:`rairlib.papers.tang2025_model.equation`; by default those of the model that the
        paper's procedure selects and fits on the training set.

    Returns
    -------
    DataFrame
        The checked cohort with ``failed`` (true/false), ``logit_p``, ``risk`` (0 to 1) and
        ``logit_p_0585`` (≥−0.585/<−0.585).

    Raises
    ------
    RairlibError
        If the cohort is not usable, or there is no model.
    """
    data = checked(cohort)
    if coefficients is None:
        coefficients = equation(select(cohort))
    score = linear_predictor(data, coefficients)
    return data.assign(
        failed=data[OUTCOME] == "yes",
        logit_p=score,
        risk=expit(score),
        logit_p_0585=np.where(score >= THRESHOLD, POSITIVE, NEGATIVE),
    )


def groups_of(data: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the patients of each group in which the paper reports an area.

    Parameters
    ----------
    data : DataFrame
        See :func:`scored`.

    Returns
    -------
    dict of str to DataFrame
        By the group's name in the registry: both sets, then the subgroups of all patients.
    """
    sets = {VERSUS[name]: one_set(data, name) for name in SETS}
    parts = {name: data[data[column] == level] for name, (column, level) in SUBGROUPS.items()}
    return {**sets, **parts}


def area(part: pd.DataFrame, reading: str, standard_error: str) -> pd.Series:
    """Return the area under the ROC curve in one group of patients.

    Parameters
    ----------
    part : DataFrame
        Some rows of :func:`scored`.
    reading : str
        ``continuous``: of logit(p); ``dichotomised``: of logit(p) ≥ −0.585, yes or no.
    standard_error : str
        ``hanley_mcneil`` or ``delong``.

    Returns
    -------
    Series of float
        ``estimate, low, high, standard_error``; NaN if fewer than two patients failed or fewer
        than two did not.
    """
    names = ["estimate", "low", "high", "standard_error"]
    if min(part["failed"].sum(), (~part["failed"]).sum()) < 2:
        return pd.Series(np.nan, index=names)
    score = part["logit_p"] if reading == "continuous" else part["logit_p_0585"] == POSITIVE
    found = auc_estimate(part["failed"], score.astype(float), standard_error)
    return found.iloc[0][names].astype(float)


def area_rows(data: pd.DataFrame) -> Rows:
    """Return each area and its interval, read in every way that the print allows.

    Parameters
    ----------
    data : DataFrame
        See :func:`scored`.

    Returns
    -------
    list of tuple
        Statistics ``auc``, ``ci_low``, ``ci_high`` under methods such as ``continuous
        hanley_mcneil``, the likeliest first: in training the continuous score, elsewhere the
        dichotomised one. In subgroups also the upper limit ``cut at 1``.
    """
    rows = []
    for group, part in groups_of(data).items():
        order = READINGS if group == VERSUS["training"] else READINGS[::-1]
        key = ("logit_p", "", group)
        for reading in order:
            for error in STANDARD_ERRORS:
                found, method = area(part, reading, error), f"{reading} {error}"
                rows += [
                    ("auc", *key, method, found["estimate"]),
                    ("ci_low", *key, method, found["low"]),
                    ("ci_high", *key, method, found["high"]),
                ]
                if error == "hanley_mcneil" and group in SUBGROUPS:
                    upper = np.minimum(found["high"], 1.0)
                    rows.append(("ci_high", *key, f"{method} cut at 1", upper))
    return rows


def classified(part: pd.DataFrame, cutoff: float = THRESHOLD) -> pd.Series:
    """Count and rate the predictions in one group of patients at a threshold.

    Parameters
    ----------
    part : DataFrame
        Some rows of :func:`scored`.
    cutoff : float
        A score of at least this predicts failure.

    Returns
    -------
    Series of float
        ``true_positives, false_negatives, false_positives, true_negatives``, then ``accuracy,
        sensitivity, specificity, ppv, npv`` in percent, NaN where nobody is in the denominator.
    """
    event, positive = part["failed"].to_numpy(), part["logit_p"].to_numpy() >= cutoff
    tp, fn = (event & positive).sum(), (event & ~positive).sum()
    fp, tn = (~event & positive).sum(), (~event & ~positive).sum()
    parts = ((tp + tn, len(part)), (tp, tp + fn), (tn, tn + fp), (tp, tp + fp), (tn, tn + fn))
    rates = [100 * some / whole if whole else np.nan for some, whole in parts]
    return pd.Series([tp, fn, fp, tn, *rates], index=[*CELLS, *RATES], dtype=float)


def threshold_rows(data: pd.DataFrame) -> Rows:
    """Return the Youden threshold of the training set and the rates at the paper's one.

    Parameters
    ----------
    data : DataFrame
        See :func:`scored`.

    Returns
    -------
    list of tuple
        Statistic ``cutoff`` (as SPSS lists it, a midpoint between observed values, the lowest if
        several tie), then ``accuracy, sensitivity, specificity, ppv, npv`` in percent of both
        sets.
    """
    training = one_set(data, "training")
    best = optimal_cutoffs(training["failed"], training["logit_p"])["cutoff"].iloc[0]
    rows = [("cutoff", "logit_p", "", VERSUS["training"], "youden", best)]
    for name in SETS:
        rates = classified(one_set(data, name))[list(RATES)]
        key = ("logit_p_0585", POSITIVE, VERSUS[name], "")
        rows += [(rate, *key, value) for rate, value in rates.items()]
    return rows


def hosmer_rows(data: pd.DataFrame) -> Rows:
    """Return the Hosmer-Lemeshow test of the training set, ten groups, under every cutting rule.

    Parameters
    ----------
    data : DataFrame
        See :func:`scored`.

    Returns
    -------
    list of tuple
        Statistics ``chi_square`` and ``p_value``; method ``hosmer_lemeshow`` for the rule that is
        nearest to SPSS's, ``hosmer_lemeshow, RULE`` for the others.
    """
    training, rows = one_set(data, "training"), []
    for rule in dict.fromkeys([HOSMER_RULE, *RULES]):
        test = hosmer_lemeshow(training["failed"], training["risk"], rule=rule).iloc[0]
        method = "hosmer_lemeshow" + ("" if rule == HOSMER_RULE else f", {rule}")
        key = ("logit_p", "", VERSUS["training"], method)
        rows += [("chi_square", *key, test["statistic"]), ("p_value", *key, test["p_value"])]
    return rows


def youden_point(data: pd.DataFrame) -> pd.DataFrame:
    """Return the operating point of the training set's best threshold.

    Parameters
    ----------
    data : DataFrame
        See :func:`scored`.

    Returns
    -------
    DataFrame
        As :func:`rairlib.cutoffs.operating_point`, with ``cutoff``.
    """
    training = one_set(data, "training")
    best = optimal_cutoffs(training["failed"], training["logit_p"])["cutoff"].iloc[0]
    return operating_point(training["failed"], training["logit_p"], best).assign(cutoff=best)


def performance_rows(data: pd.DataFrame) -> pd.DataFrame:
    """Return fit, areas, threshold and rates in long format.

    Parameters
    ----------
    data : DataFrame
        See :func:`scored`.

    Returns
    -------
    DataFrame
        Columns ``statistic, variable, level, group, method, value``.
    """
    rows = [*hosmer_rows(data), *area_rows(data), *threshold_rows(data)]
    return pd.DataFrame(rows, columns=list(COLUMNS))
