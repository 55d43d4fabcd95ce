"""Tables of findings for the book: the catalogue, the wording, and findings set out by check."""

import pandas as pd

from rairlib.checks.catalogue import CHECKS, POSSIBILITY, Check
from rairlib.checks.event_counts import event_splits
from rairlib.checks.lookup import short_name
from rairlib.printed import format_value
from rairlib.reported import Registry
from rairlib.text_findings import TextFinding

# The module of a check says what kind of number it looks at.
FAMILIES = {
    "domains": "single numbers",
    "counts": "counts",
    "percentages": "percentages",
    "repeats": "numbers printed twice",
    "contingency": "tests of counts",
    "means": "means",
    "granularity": "means",
    "spread": "quartiles and ranges",
    "rank_tests": "rank tests",
    "crude_ratios": "odds ratios beside counts",
    "ratios": "regressions",
    "regression_p_values": "regressions",
    "diagnostic": "sensitivity and specificity",
    "rule_counts": "sensitivity and specificity",
    "roc": "areas under the ROC curve",
    "roc_points": "areas under the ROC curve",
    "event_counts": "survival",
    "survival": "survival",
    "logrank": "survival",
}


def family(check: Check) -> str:
    """Return the kind of number that a check looks at."""
    return FAMILIES[check.function.__module__.rsplit(".", 1)[-1]]


def catalogue() -> pd.DataFrame:
    """List the checks in the order in which the audit makes them.

    Returns
    -------
    DataFrame
        Columns ``about, what it does, agreement``, indexed by check; the last says whether
        agreement gives the number or only says that it is possible.
    """
    records = []
    for check in CHECKS:
        records.append(
            {
                "check": check.name.replace("_", " "),
                "about": family(check),
                "what it does": check.compares.replace("`", ""),
                "agreement": "possible" if check.name in POSSIBILITY else "recomputed",
            }
        )
    return pd.DataFrame(records).set_index("check")


def wording(findings: list[TextFinding]) -> pd.DataFrame:
    """Set out findings on the wording with both quotes, proofs first.

    Parameters
    ----------
    findings : list of TextFinding
        See :func:`rairlib.text_findings.load_text_findings`.

    Returns
    -------
    DataFrame
        Columns ``status, about, one place, other place, what does not go together``, indexed by
        identifier.
    """
    ordered = sorted(findings, key=lambda finding: finding.status)
    records = [
        {
            "id": finding.id,
            "status": finding.status,
            "about": finding.kind,
            "one place": f"{finding.locus_a}: “{finding.quote_a}”",
            "other place": f"{finding.locus_b}: “{finding.quote_b}”",
            "what does not go together": finding.text,
        }
        for finding in ordered
    ]
    return pd.DataFrame(records).set_index("id")


def findings_of(findings: pd.DataFrame, check: str) -> pd.DataFrame:
    """Return what one check found, in words.

    Parameters
    ----------
    findings : DataFrame
        See :func:`rairlib.findings.findings_frame`.
    check : str
        Name of the check.

    Returns
    -------
    DataFrame
        Columns ``status, what was found``, indexed by the number recomputed; column ``what was
        found``, indexed by status, if the check recomputes none.
    """
    chosen = findings[findings["check"] == check]
    table = chosen[["status", "text"]].set_axis(["status", "what was found"], axis=1)
    if not chosen["target"].any():
        return table.set_index("status")
    return table.set_index(chosen["target"].rename("number"))


def counts_by_paper(findings: pd.DataFrame) -> pd.DataFrame:
    """Count the findings of each check by paper and status.

    Parameters
    ----------
    findings : DataFrame
        Of several papers.

    Returns
    -------
    DataFrame
        One row per check in the order of the catalogue and one of totals; one pair of columns
        (paper, status) for each status that occurs in a paper.
    """
    names = [check.name for check in CHECKS]
    order = [name for name in names if name in set(findings["check"])]
    order += [name for name in dict.fromkeys(findings["check"]) if name not in names]
    counts = pd.crosstab(findings["check"], [findings["study"], findings["status"]])
    studies = list(dict.fromkeys(findings["study"]))
    statuses = ("agrees", "contradicted", "suggests", "open")
    columns = [pair for pair in _pairs(studies, statuses) if pair in counts.columns]
    counts = counts.reindex(index=order)[columns]
    counts.loc["all checks"] = counts.sum()
    counts.index = counts.index.str.replace("_", " ")
    return counts.rename_axis(index="check", columns=["paper", "status"])


def _pairs(first, second):
    return [(one, other) for one in first for other in second]


def events_by_level(registry: Registry) -> pd.DataFrame:
    """Say how many events each level of a Cox model must have had.

    Parameters
    ----------
    registry : Registry
        With hazard ratios, their limits and the number of events.

    Returns
    -------
    DataFrame
        Indexed by hazard ratio; columns ``model, standard error, events in the level, in the
        reference``; the last two are ranges of whole numbers.
    """
    records = []
    for split in event_splits(registry):
        row, (level, reference) = split.found.estimate, split.ranges() or (None, None)
        records.append(
            {
                "hazard ratio": f"{short_name(row)}: {row.printed}".removeprefix(
                    "hazard ratio of "
                ),
                "model": row.method,
                "standard error": format_value(split.error[1], 3),
                "events in the level": _range(level),
                "in the reference": _range(reference),
            }
        )
    return pd.DataFrame(records).set_index("hazard ratio")


def _range(ends: tuple[int, int] | None) -> str:
    return "none possible" if ends is None else f"{ends[0]} to {ends[1]}"
