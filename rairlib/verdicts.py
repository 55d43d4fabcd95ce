"""The verdict on every reported number of a study."""

import math
from dataclasses import replace

import pandas as pd

from rairlib.checks import audit
from rairlib.compare import Recomputed, verdict_of
from rairlib.derivation import (
    by_target,
    derive,
    is_third_of_interval,
    kind_of_test,
    proof_against,
)
from rairlib.findings import Finding, findings_frame
from rairlib.reported import Registry, ReportedNumber, load_registry
from rairlib.results import ANALYSES, study_results
from rairlib.studies import load_studies
from rairlib.text_findings import as_findings, load_text_findings
from rairlib.vocabulary import BASES, EVIDENCE, TESTS, VERDICTS, basis_of

COLUMNS = (
    "study",
    "id",
    "locus",
    "statistic",
    "variable",
    "level",
    "group",
    "printed",
    "unit",
    "role",
    "repeats",
    "evidence",
    "test",
    "reproduced",
    "low",
    "high",
    "verdict",
    "reason",
)
TESTED = EVIDENCE[:3]
NOT_ANALYSED = "not yet analysed"
NO_PROPERTY = "no property of the patients who were analysed"
NOTHING = Recomputed(evidence="none", value=math.nan, low=math.nan, high=math.nan, reason="")


def study_findings(registry: Registry) -> list[Finding]:
    """Return the findings of all checks on print and those on the wording.

    Parameters
    ----------
    registry : Registry
        Registry of one of the book's studies.

    Returns
    -------
    list of Finding
        Checks in the order of the catalogue, then the wording.
    """
    return audit(registry) + as_findings(load_text_findings(registry.study))


def study_verdicts(study: str) -> pd.DataFrame:
    """Give every reported number of a study its verdict.

    Parameters
    ----------
    study : str
        Key of the study.

    Returns
    -------
    DataFrame
        One row per reported number in order of appearance; columns ``study, id, locus,
        statistic, variable, level, group, printed, unit, role, repeats, evidence, test,
        reproduced, low, high, verdict, reason``. `reproduced` is NaN where only the limits `low`
        and `high` are known; `test` is empty where there is no evidence.
    """
    registry = load_registry(study)
    findings = by_target(study_findings(registry))
    known = {**study_results(registry), **derive(registry, findings)}
    judged = {
        row.id: _judge(row, known, findings.get(row.id, []), registry)
        for row in registry
        if not row.repeats
    }
    records = []
    for row in registry:
        verdict, recomputed = judged.get(row.id) or _judge_repeat(row, judged, findings, registry)
        records.append(_record(study, row, verdict, recomputed))
    return pd.DataFrame(records, columns=list(COLUMNS))


def all_verdicts(study: str = "") -> pd.DataFrame:
    """Return the verdicts of one study or of all.

    Parameters
    ----------
    study : str
        Key of the study; empty for all.

    Returns
    -------
    DataFrame
        As :func:`study_verdicts`.
    """
    studies = [study] if study else list(load_studies())
    return pd.concat([study_verdicts(key) for key in studies], ignore_index=True)


def all_findings(study: str = "") -> pd.DataFrame:
    """Return the findings of one study or of all.

    Parameters
    ----------
    study : str
        Key of the study; empty for all.

    Returns
    -------
    DataFrame
        As :func:`rairlib.findings.findings_frame`.
    """
    studies = [study] if study else list(load_studies())
    return pd.concat(
        [findings_frame(key, study_findings(load_registry(key))) for key in studies],
        ignore_index=True,
    )


def _judge(
    row: ReportedNumber,
    known: dict[str, Recomputed],
    findings: list[Finding],
    registry: Registry,
) -> tuple[str, Recomputed]:
    proof = proof_against(row, findings, registry)
    if proof is not None:
        return "contradicted", _recomputed_by(proof, registry)
    if row.role == "design":
        return "given", NOTHING
    if row.role == "unavailable":
        return "not assessable", _because(row.note)
    if row.id in known:
        return verdict_of(row, known[row.id]), _with_test(row, known[row.id], registry)
    analysed = registry.study in ANALYSES
    return "not assessable", _because(_why_not(row, findings, analysed=analysed))


def _why_not(row: ReportedNumber, findings: list[Finding], *, analysed: bool) -> str:
    doubts = [finding.text for finding in findings if finding.status in ("suggests", "open")]
    if row.role != "derivable":
        reason = NO_PROPERTY if analysed else NOT_ANALYSED
        return ". ".join([reason, " ".join(doubts)] if doubts else [reason])
    return " ".join(doubts) or "other printed numbers do not determine it"


def _judge_repeat(row, judged, findings, registry) -> tuple[str, Recomputed]:
    """Give a repeated number the verdict of its original, under its own rounding."""
    proof = proof_against(row, findings.get(row.id, []), registry)
    if proof is not None:
        return "contradicted", _recomputed_by(proof, registry)
    original = registry[row.repeats]
    while original.repeats:
        original = registry[original.repeats]
    verdict, recomputed = judged[original.id]
    if not math.isnan(recomputed.low):
        # A proof against 70.5 is none against the same number printed as 70.
        under_own_rounding = verdict_of(row, recomputed)
        proven = verdict == "contradicted" and under_own_rounding == "differs"
        verdict = "contradicted" if proven else under_own_rounding
    return verdict, replace(recomputed, reason=f"repeats {row.repeats}")


def _with_test(row: ReportedNumber, recomputed: Recomputed, registry: Registry) -> Recomputed:
    """Say of a held-out number whether it is a test; of a derived one it is known."""
    if recomputed.test or recomputed.evidence not in TESTED:
        return recomputed
    mirrored = is_third_of_interval(row, registry)
    return replace(recomputed, test="bookkeeping" if mirrored else "independent")


def _recomputed_by(finding: Finding, registry: Registry) -> Recomputed:
    value = finding.low if finding.low == finding.high else math.nan
    return Recomputed(
        evidence="arithmetic",
        value=value,
        low=finding.low,
        high=finding.high,
        reason=finding.text,
        test=kind_of_test([finding], registry),
    )


def _because(reason: str) -> Recomputed:
    return Recomputed(evidence="none", value=math.nan, low=math.nan, high=math.nan, reason=reason)


def _record(study: str, row: ReportedNumber, verdict: str, recomputed: Recomputed) -> dict:
    shown = {name: getattr(row, name) for name in COLUMNS if hasattr(row, name)}
    return {
        **shown,
        "study": study,
        "evidence": recomputed.evidence,
        "test": recomputed.test,
        "reproduced": recomputed.value,
        "low": recomputed.low,
        "high": recomputed.high,
        "verdict": verdict,
        "reason": recomputed.reason,
    }


def board(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Count verdicts by study, evidence and kinds of test kept apart and repeats left out.

    Parameters
    ----------
    verdicts : DataFrame
        See :func:`study_verdicts`.

    Returns
    -------
    DataFrame
        Columns ``study, evidence, verdict, test, numbers``; combinations that do not occur are left
        out.
    """
    originals = verdicts[verdicts["repeats"] == ""]
    keys = ["study", "evidence", "verdict", "test"]
    table = originals.groupby(keys, sort=False).size().rename("numbers").reset_index()
    words = [*load_studies(), *EVIDENCE, *VERDICTS, *TESTS, ""]
    order = {name: place for place, name in enumerate(words)}
    return table.sort_values(keys, key=lambda column: column.map(order), ignore_index=True)


def short_board(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Return the board in short: one row per basis and verdict, one column per study.

    Parameters
    ----------
    verdicts : DataFrame
        See :func:`study_verdicts`.

    Returns
    -------
    DataFrame
        Index: what happened, independent tests first; repeats are counted in the first two rows
        alone.
    """
    studies = list(load_studies())
    grouped = verdicts.groupby("study")["repeats"]
    heads = {
        "printed numbers": grouped.size(),
        "of these repeats": grouped.apply(lambda repeats: (repeats != "").sum()),
    }
    originals = verdicts[verdicts["repeats"] == ""]
    rows = bases(originals) + ": " + originals["verdict"]
    counts = pd.crosstab(rows, originals["study"])
    order = [f"{basis}: {verdict}" for basis in BASES.values() for verdict in VERDICTS]
    counts = counts.reindex([row for row in order if row in counts.index])
    table = pd.concat([pd.DataFrame(heads).T, counts]).reindex(columns=studies, fill_value=0)
    return table.fillna(0).astype(int).rename_axis(index=None, columns=None)


def bases(verdicts: pd.DataFrame) -> pd.Series:
    """Return what each verdict rests on, in words."""
    return pd.Series(
        list(map(basis_of, verdicts["evidence"], verdicts["test"])),
        index=verdicts.index,
        dtype=object,
        name="basis",
    )
