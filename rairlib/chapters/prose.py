"""Hand results to the prose of a page."""

import numpy as np
from myst_nb import glue

from rairlib.reported import Registry


def keep(**values: float | int | str) -> None:
    """Keep values of a notebook for its prose, where ``{glue:text}`` prints them.

    Parameters
    ----------
    **values : float, int or str
        Name and value. Numbers of numpy become plain ones, which a page can format.
    """
    for name, value in values.items():
        plain = value.item() if isinstance(value, np.generic) else value
        glue(name, plain, display=False)


def keep_printed(registry: Registry, identifiers: str) -> None:
    """Keep reported numbers for the prose of a page, as printed, under their identifiers.

    Parameters
    ----------
    registry : Registry
        Any paper.
    identifiers : str
        Identifiers between blanks, as they stand in the column ``id``.
    """
    keep(**{name: registry[name].printed for name in identifiers.split()})
