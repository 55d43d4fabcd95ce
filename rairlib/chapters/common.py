"""Frames for the chapters of every study."""

import pandas as pd

from rairlib.compare import central_range
from rairlib.reported import Registry
from rairlib.studies import load_studies, study_file
from rairlib.tables import beside
from rairlib.text_findings import load_text_findings
from rairlib.verdicts import TESTED, bases
from rairlib.vocabulary import ROLES, TESTS, VERDICTS

ROLE_MEANINGS = {
    "design": "defines something; nothing to recompute",
    "derivable": "other printed numbers determine it",
    "anchor": "used to build the cohort",
    "held_out": "the cohort determines it, and it was not used to build it",
    "unavailable": "needs what nobody published",
}
BASIS_MEANINGS = {
    "independent test, from other printed numbers": "another route, which could have failed",
    "independent test, from a reconstructed table": "the table that printed numbers single out",
    "independent test, on simulated cohorts": "range over cohorts that did not use the number",
    "bookkeeping": "restates what it is computed from: a share of its count, a sum, a p of its own "
    "statistic, a mirrored limit",
    "anchor, no evidence": "the cohort was built on it",
    "nothing recomputed": "definitions, and what nobody published",
}


def study_facts(study: str) -> pd.DataFrame:
    """Return what identifies a study, one fact per row.

    Parameters
    ----------
    study : str
        Key of the study.

    Returns
    -------
    DataFrame
        Column ``as the paper says``, indexed by the fact.
    """
    facts = load_studies()[study]
    rows = {
        "reference": facts.citation,
        "doi": facts.doi,
        "design": facts.design,
        "patients": facts.n,
        "outcome": facts.outcome,
        "software": facts.software,
    }
    return pd.DataFrame({"as the paper says": rows})


def role_counts(registry: Registry) -> pd.DataFrame:
    """Count a paper's numbers by role, repeats apart.

    Parameters
    ----------
    registry : Registry
        Any paper.

    Returns
    -------
    DataFrame
        Columns ``meaning, numbers, repeats``, indexed by role; roles without numbers left out.
    """
    table = registry.frame()
    repeat = table["repeats"] != ""
    counts = pd.DataFrame(
        {
            "meaning": ROLE_MEANINGS,
            "numbers": table.loc[~repeat, "role"].value_counts(),
            "repeats": table.loc[repeat, "role"].value_counts(),
        }
    ).reindex(list(ROLES))
    counts[["numbers", "repeats"]] = counts[["numbers", "repeats"]].fillna(0).astype(int)
    counts = counts[counts["numbers"] + counts["repeats"] > 0]
    return counts.rename(index=lambda role: role.replace("_", " ")).rename_axis("role")


def check_labels(findings: pd.DataFrame) -> dict[str, str]:
    """Return the names of the checks as words.

    Parameters
    ----------
    findings : DataFrame
        See :func:`rairlib.findings.findings_frame`.

    Returns
    -------
    dict of str to str
        ``grim`` and ``grimmer`` in capitals, underscores as blanks.
    """
    capital = {"grim": "GRIM", "grimmer": "GRIMMER"}
    names = dict.fromkeys(findings["check"])
    return {name: capital.get(name, name.replace("_", " ")) for name in names}


def wording(study: str) -> pd.DataFrame:
    """Return what does not go together in the wording of a paper, both places quoted.

    Parameters
    ----------
    study : str
        Key of the study.

    Returns
    -------
    DataFrame
        Columns ``status, one place, another place, what does not go together``.
    """
    found = load_text_findings(study)
    return pd.DataFrame(
        {
            "status": [finding.status for finding in found],
            "one place": [f"{finding.locus_a}: “{finding.quote_a}”" for finding in found],
            "another place": [f"{finding.locus_b}: “{finding.quote_b}”" for finding in found],
            "what does not go together": [finding.text for finding in found],
        },
        index=pd.Index([finding.id for finding in found], name="finding"),
    )


def verdict_board(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Count the verdicts of one study by what they rest on, repeats left out.

    Parameters
    ----------
    verdicts : DataFrame
        See :func:`rairlib.verdicts.study_verdicts`.

    Returns
    -------
    DataFrame
        One row per basis with its meaning, independent tests first, one column per verdict, and
        totals; bases and verdicts that do not occur are left out.
    """
    originals = verdicts[verdicts["repeats"] == ""]
    counts = pd.crosstab(bases(originals), originals["verdict"])
    rows = [name for name in BASIS_MEANINGS if name in counts.index]
    counts = counts.loc[rows, [name for name in VERDICTS if name in counts.columns]]
    counts["all"] = counts.sum(axis=1)
    counts.loc["all"] = counts.sum()
    counts.insert(0, "what it is", [BASIS_MEANINGS.get(name, "") for name in counts.index])
    return counts.rename_axis(index="basis", columns=None)


def verdict_counts(verdicts: pd.DataFrame) -> dict[str, int]:
    """Count verdicts for sentences, repeats left out.

    Parameters
    ----------
    verdicts : DataFrame
        See :func:`rairlib.verdicts.all_verdicts`.

    Returns
    -------
    dict of str to int
        ``printed, repeats, originals, tested, independent, bookkeeping``; each verdict by its
        name, and those of evidence also as ``reproduced_independent`` and so on.
    """
    originals = verdicts[verdicts["repeats"] == ""]
    verdict, test = originals["verdict"], originals["test"]
    counts = {
        "printed": len(verdicts),
        "repeats": len(verdicts) - len(originals),
        "originals": len(originals),
        "tested": int(originals["evidence"].isin(TESTED).sum()),
    }
    counts |= {name: int((test == name).sum()) for name in TESTS}
    counts |= {name.replace(" ", "_"): int((verdict == name).sum()) for name in VERDICTS}
    return counts | {
        f"{name}_{kind}": int(((verdict == name) & (test == kind)).sum())
        for name in VERDICTS[:4]
        for kind in TESTS
    }


def beside_in(verdicts: pd.DataFrame, locus: str, statistic: str = "") -> pd.DataFrame:
    """Set the numbers of one place beside recomputed ones, without naming the place in each row.

    Parameters
    ----------
    verdicts : DataFrame
        See :func:`rairlib.verdicts.study_verdicts`.
    locus : str
        The place, for example ``Table 2``.
    statistic : str
        Keep this statistic alone; empty for all.

    Returns
    -------
    DataFrame
        Columns ``number, printed, recomputed, evidence, verdict``, indexed by identifier.
    """
    chosen = verdicts[verdicts["locus"] == locus]
    if statistic:
        chosen = chosen[chosen["statistic"] == statistic]
    return beside(chosen.assign(group="")).drop(columns="place")


def load_achieved(study: str) -> pd.DataFrame:
    """Load the report of targets and achieved values of a study's simulated cohort.

    Parameters
    ----------
    study : str
        Key of the study.

    Returns
    -------
    DataFrame
        Columns as :func:`rairlib.simulation.studies.achieved`.
    """
    return pd.read_csv(
        study_file(study, "achieved.csv"),
        dtype={"printed": str},
        keep_default_na=False,
        na_values={"achieved": [""]},
        encoding="utf-8",
    )


def hits_by_role(achieved: pd.DataFrame) -> pd.DataFrame:
    """Count the targets that a simulated cohort hits, by role.

    Parameters
    ----------
    achieved : DataFrame
        See :func:`load_achieved`.

    Returns
    -------
    DataFrame
        One row per role, columns ``hit, missed, not a property of the cohort``.
    """
    words = {"yes": "hit", "no": "missed"}
    counts = pd.crosstab(achieved["role"], achieved["hit"].replace(words))
    columns = ["hit", "missed", "not a property of the cohort"]
    roles = [role for role in ROLES if role in counts.index]
    counts = counts.reindex(index=roles, columns=columns, fill_value=0)
    return counts.rename(index=lambda role: role.replace("_", " ")).rename_axis(
        index="role", columns=None
    )


def ensemble_beside_print(registry: Registry, ensemble: pd.DataFrame) -> pd.DataFrame:
    """Set the held-out numbers beside their range over consistent cohorts.

    Parameters
    ----------
    registry : Registry
        Reported numbers of the study.
    ensemble : DataFrame
        See :func:`rairlib.studies.load_ensemble`.

    Returns
    -------
    DataFrame
        Indexed by the number: ``printed``, ``2.5 %``, ``median``, ``97.5 %`` over the cohorts,
        ``below or at print`` and ``round to print`` (percent of the cohorts).
    """
    rows = {}
    for (statistic, variable), part in ensemble.groupby(["statistic", "variable"], sort=False):
        found = registry.where(statistic, variable=variable, role="held_out", repeats="")
        if not found:  # the cohorts also give numbers that print alone determines
            continue
        (row,) = found
        values = part["value"]
        low, high = central_range(values)
        rows[f"{statistic} of {variable}".replace("_", " ")] = {
            "printed": row.printed,
            "2.5 %": round(low, 3),
            "median": round(values.median(), 3),
            "97.5 %": round(high, 3),
            "at or below the print": f"{100 * (values <= row.number.high).mean():.1f} %",
            "round to the print": f"{100 * values.map(row.number.agrees).mean():.1f} %",
        }
    return pd.DataFrame(rows).T.rename_axis("number")
