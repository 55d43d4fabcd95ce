"""The verdict on every reported number of a study."""

import math
from contextlib import suppress
from dataclasses import asdict, replace

import pandas as pd

from rairlib.checks.catalogue import audit
from rairlib.checks.cells import original_of
from rairlib.checks.findings import Finding, findings_frame
from rairlib.checks.wording import as_findings, load_text_findings
from rairlib.cohorts.public import load_records
from rairlib.reconstruct.accounts import reconstructible_models, values_from_anchors
from rairlib.reconstruct.logistic import ReconstructionError
from rairlib.reconstruct.printed_rules import (
    dichotomised_values_from_anchors,
    subgroup_values_from_anchors,
)
from rairlib.registry.agreement import (
    Recomputed,
    agreeing,
    between,
    central_range,
    exact,
    match,
    verdict_of,
)
from rairlib.registry.registry import Registry, ReportedNumber, load_registry
from rairlib.registry.studies import (
    WITNESS,
    CohortNotes,
    has_file,
    has_result,
    load_ensemble,
    load_studies,
    load_study,
    load_witness,
    result_file,
)
from rairlib.registry.vocabulary import BASES, EVIDENCE, TESTS, VERDICTS, basis_of
from rairlib.studies import part_of
from rairlib.verdicts.derivation import (
    by_target,
    derive,
    is_third_of_interval,
    kind_of_test,
    proof_against,
)

# --- What the analyses give for the reported numbers of the studies analysed so far -----------

# What is kept of records that do not come with the project.
RECOMPUTED = "recomputed"


def is_analysed(registry: Registry) -> bool:
    """Whether the study has an analysis of its own and a kept cohort to analyse."""
    analyse = part_of(registry.study, "analysis", "analyse")
    return analyse is not None and has_file(registry.source, WITNESS)


def study_results(registry: Registry) -> dict[str, Recomputed]:
    """Return what reconstruction and simulated cohorts give for anchors and held-out numbers.

    Parameters
    ----------
    registry : Registry
        Registry of a study.

    Returns
    -------
    dict of str to Recomputed
        By identifier; for a study that is not yet analysed, what its tables give. A held-out
        number is judged by the reconstruction or, where that does not determine it, by the
        ensemble. The witness, which may have been steered towards it, never counts for it; one
        that has the number only takes away the verdict that it differs.
    """
    results: dict[str, Recomputed] = {}
    analyse = part_of(registry.study, "analysis", "analyse")
    if analyse is not None and load_study(registry.source).records:
        return records_results(registry)
    analysed = is_analysed(registry)
    if analysed:
        of_witness = part_of(registry.study, "analysis", "analyse")(load_witness(registry.source))
        results |= anchored_results(registry, of_witness)
        if has_result(registry.source, "ensemble"):
            ensemble, notes = load_ensemble(registry.source), load_study(registry.source).cohorts
            results |= ensemble_results(registry, ensemble, of_witness, notes)
    # A paper of which nobody has said that its tables can be found may print too little for them.
    with suppress(*() if analysed else (ReconstructionError,)):
        results |= reconstruction_results(registry)
    return results


def records_results(registry: Registry) -> dict[str, Recomputed]:
    """Return the reported numbers as the patients' open records give them.

    Aggregates that are kept stand for records whose file may be absent.
    """
    kept = has_result(registry.source, RECOMPUTED)
    values = load_recomputed(registry.source) if kept else records_values(registry)
    return {row.id: _from_records(row, values[row.id]) for row in registry if row.id in values}


def records_values(registry: Registry) -> dict[str, float]:
    """Compute the reported numbers from the patients' open records, by identifier."""
    frames = load_records(registry.source)
    matched = match(registry, part_of(registry.study, "analysis", "analyse")(**frames))
    return {row.id: agreeing(row, matched[row.id])[1] for row in registry if row.id in matched}


def load_recomputed(study: str) -> dict[str, float]:
    """Load what the records once gave and the project keeps, by identifier."""
    table = pd.read_csv(result_file(study, RECOMPUTED), encoding="utf-8")
    return dict(zip(table["id"], table["value"].astype(float), strict=True))


def _from_records(row: ReportedNumber, value: float) -> Recomputed:
    """Say what the records give; where that is not the print, with what the registry notes."""
    if math.isnan(value):
        return _because(row.note)
    noted = "" if row.number.agrees(value) or not row.note else f"; {row.note}"
    found = exact("records", value, f"from the patients' records{noted}")
    return replace(found, test="independent")


def anchored_results(registry: Registry, results: pd.DataFrame) -> dict[str, Recomputed]:
    """Return the anchors as the witness has them.

    Parameters
    ----------
    registry : Registry
        Reported numbers.
    results : DataFrame
        The paper's analysis of the witness, ``statistic, variable, level, group, method, value``.

    Returns
    -------
    dict of str to Recomputed
        Evidence ``anchored``: agreement by construction.
    """
    matched = match(registry, results)
    return {
        row.id: exact(
            "anchored", agreeing(row, matched[row.id])[1], "an anchor of the simulated cohort"
        )
        for row in registry
        if row.role == "anchor" and row.id in matched
    }


def ensemble_results(
    registry: Registry,
    ensemble: pd.DataFrame,
    of_witness: pd.DataFrame | None = None,
    notes: CohortNotes | None = None,
) -> dict[str, Recomputed]:
    """Return the range of held-out numbers over consistent cohorts.

    Parameters
    ----------
    registry : Registry
        Reported numbers.
    ensemble : DataFrame
        See :func:`load_ensemble`.
    of_witness : DataFrame or None
        The same analysis of the witness, if there is one.
    notes : CohortNotes, optional
        What the study says of its cohorts.

    Returns
    -------
    dict of str to Recomputed
        Evidence ``simulation``; `low` and `high` bound the central 95 %: where cohorts are of
        several compositions, of the one whose range lies nearest to the print, the first of those
        that hold it, and the reason has the range under each. Evidence ``none`` where
        this range leaves the print out and one of the cohorts or the witness has it: a number
        that one cohort has is not shown to differ.
    """
    kept = {} if of_witness is None else match(registry, of_witness)
    notes = notes or CohortNotes()
    key = ["statistic", "variable", "level", "group"]
    by_key = {name: dict(list(part.groupby("method"))) for name, part in ensemble.groupby(key)}
    results = {}
    for row in registry:
        methods = by_key.get(row.key[:4], {})
        # Where the registry leaves the method open, one that the ensemble has alone is meant.
        method = row.method if row.method in methods or len(methods) != 1 else next(iter(methods))
        if row.role == "held_out" and method in methods:
            part = methods[method]
            found = _over_compositions(row, part, notes)
            results[row.id] = _unless_attained(row, found, part["value"], kept.get(row.id, {}))
    return results


def _over_compositions(row: ReportedNumber, part: pd.DataFrame, notes: CohortNotes) -> Recomputed:
    """Return the range under the composition nearest to the print; the reason names each."""
    if "composition" not in part:
        return _over_cohorts(row, part["value"], notes.kind)
    found = {
        name: _over_cohorts(row, values, notes.kind)
        for name, values in part.groupby("composition")["value"]
    }
    nearest = min(found, key=lambda name: _apart(row, found[name]))
    each = [
        f"{name} ({notes.compositions.get(name, '')}): {one.low:.6g} to {one.high:.6g}"
        for name, one in found.items()
    ]
    reason = f"{found[nearest].reason}; of composition {nearest}. Under {'; under '.join(each)}"
    return replace(found[nearest], reason=reason)


def _apart(row: ReportedNumber, found: Recomputed) -> float:
    return max(row.number.low - found.high, found.low - row.number.high, 0.0)


def _over_cohorts(row: ReportedNumber, values: pd.Series, kind: str) -> Recomputed:
    low, high = central_range(values)
    reason = (
        f"central 95 % of {len(values)} {kind}, assumed: it holds if what the print leaves open is "
        f"as in these; median {values.median():.6g}; "
        f"{sum(map(row.number.agrees, values))} of them round to the print"
    )
    return between("simulation", low, high, reason)


def _unless_attained(
    row: ReportedNumber, found: Recomputed, values: pd.Series, kept: dict[str, float]
) -> Recomputed:
    """Return no evidence where the range leaves the print out but a cohort of ours has it."""
    value = agreeing(row, kept)[1] if kept else math.nan
    attained = [f"the kept cohort, which may have been steered towards it, has {value:.6g}"]
    if not row.number.agrees(value):
        attained = [f"{value:.6g} occurs" for value in values if row.number.agrees(value)][:1]
    if row.number.overlaps(found.low, found.high) or not attained:
        return found
    reason = f"not shown to differ: {attained[0]}. {found.low:.6g} to {found.high:.6g} is the "
    return _because(reason + found.reason)


def reconstruction_results(registry: Registry) -> dict[str, Recomputed]:
    """Return held-out numbers as the joint tables give them that the anchors leave.

    Parameters
    ----------
    registry : Registry
        Reported numbers.

    Returns
    -------
    dict of str to Recomputed
        Evidence ``reconstruction``; the reason says whether the table is unique.
    """
    found = [
        (model.name, values_from_anchors(model), "joint table")
        for model in reconstructible_models(registry)
    ]
    for values in (subgroup_values_from_anchors, dichotomised_values_from_anchors):
        found += [(name, part, "2×2 table") for name, part in values(registry).groupby("model")]
    return {
        record["id"]: _from_tables(record, name, kind)
        for name, values, kind in found
        for record in values.to_dict("records")
        if record["role"] == "held_out"
    }


def _from_tables(record: dict, name: str, kind: str) -> Recomputed:
    tables = record["tables"]
    which = (
        f"the only {kind} that agrees with the anchors"
        if tables == 1
        else f"range over the {tables} {kind}s that agree with the anchors"
    )
    cut = "; a limit above 1, printed just below 1" if record.get("cut") else ""
    return between("reconstruction", record["low"], record["high"], f"{which}, {name}{cut}")


# --- The verdict on every reported number of a study ------------------------------------------


NUMBER = ("id", "locus", "statistic", "variable", "level", "group")
PRINT = ("printed", "unit", "role", "repeats")
OUTCOME = ("evidence", "test", "reproduced", "low", "high", "verdict", "reason")
COLUMNS = ("study", *NUMBER, *PRINT, *OUTCOME)
TESTED = EVIDENCE[:4]
NOT_ANALYSED = "not yet analysed"
NO_PROPERTY = "no property of the patients who were analysed"


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
    return audit(registry) + as_findings(load_text_findings(registry.source))


def study_verdicts(study: str) -> pd.DataFrame:
    """Give every reported number of a study its verdict.

    Parameters
    ----------
    study : str
        Key of one of the book's studies, or a folder of one's own.

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
    repeats = {
        row.id: _judge_repeat(row, judged, findings, registry) for row in registry if row.repeats
    }
    outcomes = judged | repeats
    records = [_record(registry.study, row, *outcomes[row.id]) for row in registry]
    return pd.DataFrame(records, columns=list(COLUMNS))


def all_verdicts(study: str = "") -> pd.DataFrame:
    """Return the verdicts of one study or of all.

    Parameters
    ----------
    study : str
        Key of the study, or a folder of one's own; empty for all of the book.

    Returns
    -------
    DataFrame
        As :func:`study_verdicts`.
    """
    studies = [study] if study else load_studies()
    return pd.concat(map(study_verdicts, studies), ignore_index=True)


def all_findings(study: str = "") -> pd.DataFrame:
    """Return the findings of one study or of all.

    Parameters
    ----------
    study : str
        Key of the study; empty for all.

    Returns
    -------
    DataFrame
        As :func:`rairlib.checks.findings.findings_frame`.
    """
    registries = map(load_registry, [study] if study else load_studies())
    frames = [findings_frame(registry.study, study_findings(registry)) for registry in registries]
    return pd.concat(frames, ignore_index=True)


def _judge(
    row: ReportedNumber,
    known: dict[str, Recomputed],
    findings: list[Finding],
    registry: Registry,
) -> tuple[str, Recomputed]:
    if row.id in known and known[row.id].evidence == "records":
        return verdict_of(row, known[row.id]), known[row.id]
    proof = proof_against(row, findings, registry)
    if proof is not None:
        return "contradicted", _recomputed_by(proof, registry)
    if row.role == "design":
        return "given", _because("")
    if row.role == "unavailable":
        return "not assessable", _because(row.note)
    if row.id in known:
        return verdict_of(row, known[row.id]), _with_test(row, known[row.id], registry)
    return "not assessable", _because(_why_not(row, findings, analysed=is_analysed(registry)))


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
    verdict, recomputed = judged[original_of(registry, row).id]
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
    test = kind_of_test([finding], registry)
    return between("arithmetic", finding.low, finding.high, finding.text, test)


def _because(reason: str) -> Recomputed:
    return Recomputed(evidence="none", value=math.nan, low=math.nan, high=math.nan, reason=reason)


def _record(study: str, row: ReportedNumber, verdict: str, recomputed: Recomputed) -> dict:
    told = asdict(recomputed) | {"reproduced": recomputed.value, "verdict": verdict, "study": study}
    return {name: told[name] if name in told else getattr(row, name) for name in COLUMNS}


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
    studies = [study for study in load_studies() if study in set(verdicts["study"])]
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
