"""What Tang et al. 2025 do not report and a cohort would tell: for the range over an ensemble."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from rairlib.calibration import calibration_estimates
from rairlib.discrimination import auc
from rairlib.errors import RairlibError
from rairlib.fast_logistic import LogisticFit, fit_logistic
from rairlib.papers.tang2025_cohort import SETS, one_set
from rairlib.papers.tang2025_linearity import LOG_TG, SPLINE_TG, shapes
from rairlib.papers.tang2025_performance import (
    RATES,
    SUBGROUPS,
    THRESHOLD,
    area,
    classified,
    groups_of,
    scored,
    youden_point,
)

COLUMNS = ("topic", "quantity", "value", "reason")
PREDICTORS = {"lln_count": "nodes", "tg_before": "Tg"}
TERMS = ("intercept", *PREDICTORS.values())
CALIBRATION = {
    "calibration_slope": "calibration slope",
    "calibration_in_the_large": "calibration in the large",
    "observed_expected": "observed / expected",
    "brier": "Brier score",
    "scaled_brier": "scaled Brier score",
    "ici": "integrated calibration index",
}
Rows = list[tuple[str, str, float, str]]


def unpublished(cohort: pd.DataFrame) -> pd.DataFrame:
    """Compute what the paper leaves out and a reader would want to know.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`rairlib.papers.tang2025_cohort.check_cohort`.

    Returns
    -------
    DataFrame
        Columns ``topic, quantity, value, reason``; the same quantities in the same order for every
        cohort. Areas are of the continuous score unless they are called dichotomised. A value that
        does not exist is NaN with the reason.

    Raises
    ------
    RairlibError
        If the cohort is not usable, or the paper's procedure selects no model.
    """
    data = scored(cohort)
    training = one_set(data, "training")
    rows = [*_areas(data), *_subgroups(data)]
    for name in SETS:
        rows += _calibration(name, one_set(data, name))
    rows += [*_estimates(training), *_predictors(data), *_thresholds(data), *_shapes(training)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _tried(topic: str, names: list[str], values: Callable[[], list[float]]) -> Rows:
    """Return quantities by name, or NaN with the reason why they do not exist."""
    try:
        return [(topic, name, float(v), "") for name, v in zip(names, values(), strict=True)]
    except RairlibError as problem:
        return [(topic, name, np.nan, str(problem)) for name in names]


def _areas(data: pd.DataFrame) -> Rows:
    """Return both areas of both sets, and how far each drops from training to validation."""
    rows, areas = [], {}
    for name in SETS:
        part = one_set(data, name)
        for reading in ("continuous", "dichotomised"):
            own = {error: area(part, reading, error) for error in ("hanley_mcneil", "delong")}
            label = "area" if reading == "continuous" else "area, dichotomised"
            areas[name, reading] = own["delong"]["estimate"]
            rows.append((name, label, areas[name, reading], ""))
            rows += [
                (name, f"{label}, {end} limit ({error})", found[key], "")
                for error, found in zip(("Hanley-McNeil", "DeLong"), own.values(), strict=True)
                for end, key in (("lower", "low"), ("upper", "high"))
            ]
    return (
        rows
        + [
            (
                "both sets",
                f"drop of the area, {r}",
                areas["training", r] - areas["validation", r],
                "",
            )
            for r in ("continuous", "dichotomised")
        ]
        + [_printed_drop(areas)]
    )


def _printed_drop(areas: dict[tuple[str, str], float]) -> tuple[str, str, float, str]:
    """Return the drop that stands in print: continuous in training, dichotomised in validation."""
    drop = areas["training", "continuous"] - areas["validation", "dichotomised"]
    return ("both sets", "drop of the area, continuous to dichotomised", drop, "")


def _subgroups(data: pd.DataFrame) -> Rows:
    """Return the areas of the score in the subgroups: of all, and of the validation set alone."""
    rows = []
    for topic, part in {
        "subgroups": data,
        "subgroups, validation": one_set(data, "validation"),
    }.items():
        groups = groups_of(part)
        for name in SUBGROUPS:
            own = groups[name]
            found = area(own, "continuous", "delong")
            reason = "" if found.notna().all() else "fewer than two failures or successes"
            rows += [
                (topic, f"patients, {name}", float(len(own)), ""),
                (topic, f"failures, {name}", float(own["failed"].sum()), ""),
                *(
                    (topic, f"area, {name}{end}", found[key], reason)
                    for end, key in (
                        ("", "estimate"),
                        (", lower limit (DeLong)", "low"),
                        (", upper limit (DeLong)", "high"),
                    )
                ),
            ]
    return rows


def _calibration(name: str, part: pd.DataFrame) -> Rows:
    def values() -> list[float]:
        found = calibration_estimates(part["failed"], part["risk"]).set_index("statistic")
        limits = found.loc["calibration_slope", ["low", "high"]]
        return [*found.loc[list(CALIBRATION), "estimate"], *limits]

    limits = ["calibration slope, lower limit", "calibration slope, upper limit"]
    return [
        *_tried(name, [*CALIBRATION.values(), *limits], values),
        (name, "largest risk", part["risk"].max(), ""),
        (name, "mean risk", part["risk"].mean(), ""),
        (name, "patients with a risk above 0.9", float((part["risk"] > 0.9).sum()), ""),
    ]


def _fit(training: pd.DataFrame) -> LogisticFit:
    event = training["failed"].to_numpy(dtype=float)
    columns = [training[name].to_numpy(dtype=float) for name in PREDICTORS]
    return fit_logistic(event, np.column_stack([np.ones(event.size), *columns]))


def _estimates(training: pd.DataFrame) -> Rows:
    """Return what the model of both predictors has beside coefficients and limits."""
    pairs = [(0, 1), (0, 2), (1, 2)]
    names = [
        *(f"SE, {term}" for term in TERMS),
        *(f"covariance, {TERMS[i]} and {TERMS[j]}" for i, j in pairs),
        *(f"correlation of estimates, {TERMS[i]} and {TERMS[j]}" for i, j in pairs),
        "likelihood ratio χ²",
        "Cox-Snell R²",
        "Nagelkerke R²",
        "heuristic shrinkage",
    ]

    def values() -> list[float]:
        fit, n = _fit(training), len(training)
        error, share = fit.standard_errors, training["failed"].mean()
        null = n * (share * np.log(share) + (1 - share) * np.log(1 - share))
        gain = 2 * (fit.log_likelihood - null)
        explained = 1 - np.exp(-gain / n)
        return [
            *error,
            *(fit.covariance[i, j] for i, j in pairs),
            *(fit.covariance[i, j] / (error[i] * error[j]) for i, j in pairs),
            gain,
            explained,
            explained / (1 - np.exp(2 * null / n)),
            1 - len(PREDICTORS) / gain,
        ]

    return _tried("model of nodes and Tg", names, values)


def _predictors(data: pd.DataFrame) -> Rows:
    """Return how the predictors do alone, and how they go together."""
    rows = []
    for name in SETS:
        part = one_set(data, name)
        for column, label in PREDICTORS.items():
            rows.append(
                (
                    f"predictors, {name}",
                    f"area, {label} alone",
                    auc(part["failed"], part[column]),
                    "",
                )
            )
        pearson = part["lln_count"].corr(part["tg_before"])
        rank = spearmanr(part["lln_count"], part["tg_before"]).statistic
        rows += [
            (f"predictors, {name}", "correlation, Pearson", pearson, ""),
            (f"predictors, {name}", "correlation, Spearman", rank, ""),
            (
                f"predictors, {name}",
                "patients without nodes",
                float((part["lln_count"] == 0).sum()),
                "",
            ),
            (f"predictors, {name}", "largest number of nodes", float(part["lln_count"].max()), ""),
            (f"predictors, {name}", "largest Tg", part["tg_before"].max(), ""),
        ]
    training = one_set(data, "training")
    names = [
        f"odds ratio per {unit}, {label}"
        for label in PREDICTORS.values()
        for unit in ("SD", "interquartile range")
    ]

    def values() -> list[float]:
        slopes = _fit(training).coefficients[1:]
        return [
            np.exp(slope * spread)
            for slope, column in zip(slopes, PREDICTORS, strict=True)
            for spread in (
                training[column].std(),
                np.subtract(*np.quantile(training[column], [0.75, 0.25], method="weibull")),
            )
        ]

    return rows + _tried("predictors, training", names, values)


def _thresholds(data: pd.DataFrame) -> Rows:
    """Return the best threshold's rates, and the net benefit of the paper's one."""
    best = youden_point(data).iloc[0]
    youden = best["sensitivity"] + best["specificity"] - 1
    rows = [("threshold", "Youden index, training", youden, "")]
    odds = np.exp(THRESHOLD)
    for name in SETS:
        part = one_set(data, name)
        at, own = classified(part), classified(part, best["cutoff"])
        share = part["failed"].mean()
        rows += [
            (f"threshold, {name}", f"{rate} at the best one (percent)", own[rate], "")
            for rate in RATES
        ]
        rows += [
            (
                f"threshold, {name}",
                "net benefit of the model",
                (at["true_positives"] - odds * at["false_positives"]) / len(part),
                "",
            ),
            (
                f"threshold, {name}",
                "net benefit of treating all as failures",
                share - odds * (1 - share),
                "",
            ),
        ]
    return rows


def _shapes(training: pd.DataFrame) -> Rows:
    names = [
        "AIC of log(1 + Tg) less that of Tg",
        "p of the Tg spline against a line",
        "p of nodes × Tg",
    ]

    def values() -> list[float]:
        table = shapes(training)
        return [
            table.loc[LOG_TG, "aic"],
            table.loc[SPLINE_TG, "p_value"],
            table.loc["nodes × Tg", "p_value"],
        ]

    return _tried("shape", names, values)
