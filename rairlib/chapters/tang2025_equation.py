"""Hunan: the model of Tang et al. 2025 as printed, beside the one fitted to a cohort."""

from itertools import product

import pandas as pd
from scipy.special import expit

from rairlib.chapters.beside import agree, attached, cell, recomputed, shown
from rairlib.chapters.tang2025 import LABELS
from rairlib.papers.tang2025_model import linear_predictor
from rairlib.reported import Registry, ReportedNumber

NODES, TG = (0, 2, 5, 10), (0, 5, 20)


def table_3(registry: Registry, results: pd.DataFrame) -> pd.DataFrame:
    """Set the model, as far as the text prints it, beside a cohort.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.
    results : DataFrame
        See :func:`rairlib.papers.tang2025.analyse`.

    Returns
    -------
    DataFrame
        Indexed by term and number: ``printed, cohort, as printed`` and the number's ``role``.
    """
    values, rows = recomputed(registry, results), {}
    for estimate in registry.where(("intercept", "coefficient"), repeats=""):
        label = LABELS[estimate.variable]
        rows[label, "coefficient"] = [estimate]
        if estimate.variable:
            limits = [attached(registry, estimate, name) for name in ("ci_low", "ci_high")]
            rows[label, "limits of the odds ratio"] = limits
            rows[label, "p (Wald)"] = [attached(registry, estimate, "p_value")]
    for row in registry.where("p_value", method="multivariable", repeats=""):
        if not row.of:
            rows[LABELS[row.variable], "p (score test, outside)"] = [row]
    return _beside(rows, values)


def _beside(rows: dict[tuple, list[ReportedNumber]], values: dict[str, float]) -> pd.DataFrame:
    table = {
        key: (_joined(found), _joined(found, values), _agree(found, values), found[0].role)
        for key, found in rows.items()
    }
    index = pd.MultiIndex.from_tuples(table, names=["term", "number"])
    return pd.DataFrame(
        list(table.values()), index=index, columns=["printed", "cohort", "as printed", "role"]
    )


def _agree(rows: list[ReportedNumber], values: dict[str, float]) -> str:
    return agree(rows, values).replace("0 of 1", "no")


def _joined(rows: list[ReportedNumber], values: dict[str, float] | None = None) -> str:
    if len(rows) == 1:
        return cell(rows, values).replace("-", "−")
    texts = [row.printed if values is None else shown(row, values[row.id]) for row in rows]
    return " to ".join(texts)


def printed_equation(registry: Registry) -> pd.Series:
    """Return the coefficients as printed.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.

    Returns
    -------
    Series of float
        As :func:`rairlib.papers.tang2025.equation` returns those of a cohort.
    """
    rows = registry.where(("intercept", "coefficient"), repeats="")
    found = {row.variable or "intercept": row.number.value for row in rows}
    return pd.Series(found, name="estimate").rename_axis("term")


def risks_beside(printed: pd.Series, fitted: pd.Series) -> pd.DataFrame:
    """Compute the risk of some patients under the printed and under a fitted equation.

    Parameters
    ----------
    printed, fitted : Series of float
        Coefficients, see :func:`printed_equation`.

    Returns
    -------
    DataFrame
        Indexed by number of lateral nodes; one column for each Tg (ng/mL) and equation, in percent.
    """
    patients = pd.DataFrame(product(NODES, TG), columns=["lln_count", "tg_before"])
    risks = {
        name: 100 * expit(linear_predictor(patients, equation))
        for name, equation in (("printed", printed), ("cohort", fitted))
    }
    table = patients.assign(**risks).melt(["lln_count", "tg_before"], var_name="equation")
    table = table.rename(columns={"lln_count": "nodes", "tg_before": "Tg (ng/mL)"})
    wide = table.pivot_table(index="nodes", columns=["Tg (ng/mL)", "equation"], values="value")
    return wide.reindex(columns=["printed", "cohort"], level="equation")


def equation_text(coefficients: pd.Series) -> str:
    """Write an equation as the paper does.

    Parameters
    ----------
    coefficients : Series of float
        Indexed by term, ``intercept`` among them.

    Returns
    -------
    str
        With three decimals.
    """
    words = {"lln_count": "nodes", "tg_before": "Tg"}
    parts = [f"{coefficients['intercept']:.3f}".replace("-", "−")]
    for term, value in coefficients.drop("intercept").items():
        parts.append(f"{'−' if value < 0 else '+'} {abs(value):.3f} × {words.get(term, term)}")
    return "logit(p) = " + " ".join(parts)
