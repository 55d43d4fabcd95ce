"""Real, openly published patients: where a study's records come from."""

from collections.abc import Callable

import pandas as pd
from lifelines import datasets

from rairlib.errors import RairlibError, unknown
from rairlib.registry.studies import load_study

# Records that ship inside an installed package.
PACKAGED: dict[str, Callable[[], pd.DataFrame]] = {
    "lifelines gbsg2": datasets.load_gbsg2,
    "lifelines g3": datasets.load_g3,
    "lifelines lung": datasets.load_lung,
}


def load_records(study: str) -> dict[str, pd.DataFrame]:
    """Load the open records of a study's patients.

    Parameters
    ----------
    study : str
        Key of the study.

    Returns
    -------
    dict of str to DataFrame
        One row per patient, by the name that the study's analysis gives the frame; as published.

    Raises
    ------
    RairlibError
        If the study names records that are not known here.
    """
    records = load_study(study).records
    for source in records.values():
        if source not in PACKAGED:
            raise RairlibError(f"{study}: {unknown(source, 'source of records', PACKAGED)}")
    return {name: PACKAGED[source]() for name, source in records.items()}
