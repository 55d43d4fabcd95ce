"""Contradictions that no formula finds: recorded by hand, both places quoted in a few words."""

from dataclasses import dataclass, fields

from rairlib.checks.findings import Finding
from rairlib.registry.studies import has_file, read_texts, study_file


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFinding:
    """Two places of a paper that do not go together.

    Attributes
    ----------
    id, kind : str
        Identifier; ``label``, ``unit``, ``threshold``, ``direction``, ``conclusion``,
        ``definition``, ``denominators`` or ``source``.
    locus_a, quote_a, locus_b, quote_b : str
        Both places and a few words of each.
    uses : tuple of str
        Identifiers of the reported numbers concerned.
    target : tuple of str
        Identifiers of the numbers that the finding proves wrong; empty if it proves none so.
    status : str
        ``contradicted`` or ``suggests``.
    text : str
        What does not go together.
    """

    id: str
    kind: str
    locus_a: str
    quote_a: str
    locus_b: str
    quote_b: str
    uses: tuple[str, ...]
    target: tuple[str, ...]
    status: str
    text: str


def load_text_findings(study: str) -> list[TextFinding]:
    """Load the findings on the wording of a paper.

    Parameters
    ----------
    study : str
        Key of the study.

    Returns
    -------
    list of TextFinding
        In the order of the file; empty where the study has none.
    """
    if not has_file(study, "text_findings.csv"):
        return []
    table = read_texts(study_file(study, "text_findings.csv"))
    names = [field.name for field in fields(TextFinding)]
    return [
        TextFinding(**(record | {name: tuple(record[name].split()) for name in ("uses", "target")}))
        for record in table[names].to_dict("records")
    ]


def as_findings(text_findings: list[TextFinding]) -> list[Finding]:
    """Return findings on the wording in the form of the audit's findings.

    Parameters
    ----------
    text_findings : list of TextFinding
        See :func:`load_text_findings`.

    Returns
    -------
    list of Finding
        One per number proved wrong, or one per finding that proves none.
    """
    return [
        Finding(
            check=f"wording_{finding.kind}",
            status=finding.status,
            target=target,
            uses=tuple(identifier for identifier in finding.uses if identifier != target),
            text=(
                f"{finding.locus_a}, “{finding.quote_a}”; {finding.locus_b}, "
                f"“{finding.quote_b}”. {finding.text}"
            ),
        )
        for finding in text_findings
        for target in finding.target or ("",)
    ]
