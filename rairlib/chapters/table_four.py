"""Qingdao: frames on the models behind the multivariable column of Table 4 of Wang et al. 2025."""

import re

import numpy as np
import pandas as pd

from rairlib.hypotheses import FIRST_STEP, LAST_STEP, Hypothesis, hypotheses
from rairlib.joint_tables import cell_levels
from rairlib.printed_models import PrintedModel, printed_models
from rairlib.reconstruct import FittedTables, agreement
from rairlib.regression import Coding
from rairlib.reported import Registry
from rairlib.selection import Selection, backward_lr, forward_lr
from rairlib.submodels import fit_known_tables, one_split

OUTCOME = "rair"
LABELS = {
    "age_55": "age",
    "tumor_size_4": "tumour size",
    "ete": "extrathyroidal extension",
    "t_stage": "T stage",
    "lm_size_1": "largest lung metastasis",
}
STATISTICS = {
    "odds_ratio": "odds ratio",
    "ci_low": "lower limit",
    "ci_high": "upper limit",
    "p_value": "p",
}


def table_four_model(registry: Registry) -> PrintedModel:
    """Return the multivariable column of Table 4, as if it were one model."""
    (model,) = printed_models(registry)
    return model


def accounts(registry: Registry) -> list[Hypothesis]:
    """Put every account of Table 4's rows to the test; about two seconds.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.

    Returns
    -------
    list of Hypothesis
        In order of simplicity; what the frames of this module start from.
    """
    return hypotheses(registry.study, table_four_model(registry))


def hypotheses_table(found: list[Hypothesis]) -> pd.DataFrame:
    """Return the accounts of Table 4's rows with what became of them.

    Parameters
    ----------
    found : list of Hypothesis
        See :func:`accounts`.

    Returns
    -------
    DataFrame
        Indexed by ``account``: ``taken for granted``, ``numbers it would explain`` (of the 15
        odds ratios and limits), ``joint tables tried``, ``that agree`` (``unknown`` where they
        cannot be counted), ``search``, ``verdict`` and ``why``.
    """
    rows = [
        {
            "account": one.hypothesis,
            "taken for granted": _plain(one.constraint) or "nothing",
            "numbers it would explain": one.numbers,
            "joint tables tried": _number(one.candidates),
            "that agree": _number(one.agreeing),
            "search": one.search,
            "verdict": one.verdict,
            "why": _plain(one.reason),
        }
        for one in found
    ]
    return pd.DataFrame(rows).set_index("account")


def age_by_stage(registry: Registry, found: list[Hypothesis]) -> pd.DataFrame:
    """Return the joint table of age and T stage that the last step determines.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.
    found : list of Hypothesis
        See :func:`accounts`.

    Returns
    -------
    DataFrame
        Patients; age in rows, T stage in columns, both with totals.
    """
    last = _one(found, LAST_STEP)
    cells = _cells(table_four_model(registry).restricted(last.covariates), last.tables[0])
    table = cells.pivot_table(
        index="age", columns="T stage", values="n", aggfunc="sum", margins=True, margins_name="all"
    )
    return table.rename_axis(index="age", columns="T stage")


def single_numbers(registry: Registry) -> pd.DataFrame:
    """Count the joint tables of age and T stage that agree with each printed number alone.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.

    Returns
    -------
    DataFrame
        Indexed by ``row`` and ``number``: ``printed`` and ``joint tables left``.
    """
    model = table_four_model(registry).restricted(("age_55", "t_stage"))
    agrees = agreement(model.candidates(), model.targets())
    rows = [
        {
            "row": LABELS[covariate],
            "number": STATISTICS[statistic],
            "printed": model.rows[covariate, statistic].printed,
            "joint tables left": int(agrees[covariate, statistic].sum()),
        }
        for covariate, statistic in agrees.columns
    ]
    return pd.DataFrame(rows).set_index(["row", "number"])


def joint_table(registry: Registry, found: list[Hypothesis], ordinal: int = 0) -> pd.DataFrame:
    """Return a joint table of all five covariates that agrees with every row of Table 4.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.
    found : list of Hypothesis
        See :func:`accounts`.
    ordinal : int
        Which of the tables found.

    Returns
    -------
    DataFrame
        Patients; age, T stage and extrathyroidal extension in rows, tumour size and largest lung
        metastasis in columns. Combinations that nobody has are left out.
    """
    cells = _cells(table_four_model(registry), _one(found, FIRST_STEP).tables[ordinal])
    rows = [LABELS[n] for n in ("age_55", "t_stage", "ete")]
    columns = [LABELS[n] for n in ("tumor_size_4", "lm_size_1")]
    table = cells.pivot_table(index=rows, columns=columns, values="n", aggfunc="sum")
    return table[table.sum(axis=1) > 0]


def rows_beside_print(
    registry: Registry, found: list[Hypothesis], ordinal: int = 0
) -> pd.DataFrame:
    """Return each printed number beside the value that the first and the last step give.

    Parameters
    ----------
    registry, found, ordinal
        As for :func:`joint_table`.

    Returns
    -------
    DataFrame
        Indexed by ``row`` and ``number``: ``printed``, ``first step`` (all five covariates),
        ``last step`` (age and T stage; NaN for the others), ``agrees`` (which of them rounds to
        the print).
    """
    model = table_four_model(registry)
    table = _one(found, FIRST_STEP).tables[[ordinal]]
    last = _one(found, LAST_STEP)
    margins = {name: model.event_margins[name] for name in last.covariates}
    steps = {
        "first step": fit_known_tables(table, model.events, model.event_margins),
        "last step": fit_known_tables(last.tables, model.events, margins),
    }
    rows = []
    for (covariate, statistic), row in model.rows.items():
        values = {name: _value(fitted, covariate, statistic) for name, fitted in steps.items()}
        agrees = [name for name, value in values.items() if row.number.agrees(value)]
        numbers = {"row": LABELS[covariate], "number": STATISTICS[statistic]}
        rows.append(
            {**numbers, "printed": row.printed, **values, "agrees": ", ".join(agrees) or "neither"}
        )
    return pd.DataFrame(rows).set_index(["row", "number"])


def patients(registry: Registry, found: list[Hypothesis], ordinal: int = 0) -> pd.DataFrame:
    """Lay a joint table out as patients, split by outcome in one of the possible ways.

    Parameters
    ----------
    registry, found, ordinal
        As for :func:`joint_table`.

    Returns
    -------
    DataFrame
        177 rows: ``rair`` (true for refractory disease) and the level of each covariate. Simulated:
        main-effects models are the same for every split, anything else is not.
    """
    model = table_four_model(registry)
    table = _one(found, FIRST_STEP).tables[ordinal]
    events = one_split(table, model.events, list(model.event_margins.values()))
    cells = _levels(model)
    parts = [
        cells.loc[cells.index.repeat(counts)].assign(rair=outcome)
        for outcome, counts in ((True, events), (False, table - events))
    ]
    return pd.concat(parts, ignore_index=True)


def stepwise(registry: Registry, found: list[Hypothesis], method: str) -> Selection:
    """Run SPSS's stepwise selection on a joint table that agrees with Table 4.

    Parameters
    ----------
    registry, found
        As for :func:`joint_table`.
    method : str
        ``backward`` or ``forward``.

    Returns
    -------
    Selection
        Log of every test, and the models of every step.
    """
    select = {"backward": backward_lr, "forward": forward_lr}[method]
    return select(patients(registry, found), OUTCOME, _codings(table_four_model(registry)))


def _codings(model: PrintedModel) -> dict[str, Coding]:
    return dict(model.levels)


def _levels(model: PrintedModel) -> pd.DataFrame:
    levels = cell_levels(len(model.levels))
    return pd.DataFrame(
        {
            name: np.where(levels[:, position] == 1, *model.levels[name])
            for position, name in enumerate(model.levels)
        }
    )


def _cells(model: PrintedModel, table: np.ndarray) -> pd.DataFrame:
    return _levels(model).rename(columns=LABELS).assign(n=table)


def _value(fitted: FittedTables, covariate: str, statistic: str) -> float:
    if covariate not in fitted.covariates:
        return float("nan")
    return float(fitted.values(covariate, statistic)[0])


def _one(found: list[Hypothesis], name: str) -> Hypothesis:
    (chosen,) = (one for one in found if one.hypothesis == name)
    return chosen


def _number(count: int | None) -> str:
    return "unknown" if count is None else f"{count:,}"


def _plain(text: str) -> str:
    for name, label in LABELS.items():
        text = re.sub(rf"\b{name}\b", label, text)  # not the end of "complete"
    return text
