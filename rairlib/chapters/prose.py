"""Hand results to the prose of a page."""

import numpy as np
from myst_nb import glue


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
