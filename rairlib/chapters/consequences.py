"""What hangs on the findings on the wording of a paper."""

import pandas as pd

from rairlib.text_findings import load_text_findings


def wording_and_consequence(study: str, consequences: dict[str, str]) -> pd.DataFrame:
    """Set each finding on the wording beside what hangs on it.

    Parameters
    ----------
    study : str
        Key of the study.
    consequences : dict of str to str
        What hangs on each finding, by its identifier.

    Returns
    -------
    DataFrame
        Indexed by finding, proofs first: ``status, about, one place, another place, what hangs on
        it``.
    """
    found = sorted(load_text_findings(study), key=lambda finding: finding.status)
    rows = {
        finding.id: {
            "status": finding.status,
            "about": finding.kind,
            "one place": f"{finding.locus_a}: “{finding.quote_a}”",
            "another place": f"{finding.locus_b}: “{finding.quote_b}”",
            "what hangs on it": consequences[finding.id],
        }
        for finding in found
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("finding")
