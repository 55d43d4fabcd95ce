"""Internal validation of a prediction model by bootstrap, with the whole development repeated."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rairlib.errors import RairlibError


@dataclass(frozen=True, slots=True, kw_only=True)
class Developed:
    """A model as a development step leaves it behind.

    A development step is any callable ``develop(frame) -> Developed`` that sees nothing but the
    frame: screening, selection and fit all happen inside it, so that they can be repeated on a
    resample. It raises :class:`~rairlib.errors.RairlibError` where no model can be fitted.

    Attributes
    ----------
    variables : tuple of str
        Variables in the model, in a fixed order; empty if none was chosen.
    predict : callable
        ``predict(frame)`` returns the risk of each patient of a frame, between 0 and 1, as an
        ndarray of shape (n,). Without variables it returns the share of events in the frame on
        which the model was developed.
    """

    variables: tuple[str, ...]
    predict: Callable[[pd.DataFrame], np.ndarray]

    def risks(self, frame: pd.DataFrame) -> np.ndarray:
        """Return the risks of a frame's patients, checked.

        Parameters
        ----------
        frame : DataFrame
            One row per patient, with the model's variables.

        Returns
        -------
        ndarray of float, shape (n,)
            Between 0 and 1.

        Raises
        ------
        RairlibError
            If the model returns anything else.
        """
        risks = np.asarray(self.predict(frame), dtype=float)
        if risks.shape != (len(frame),) or not ((risks >= 0) & (risks <= 1)).all():
            raise RairlibError(f"predict: one risk from 0 to 1 per patient is needed, {len(frame)}")
        return risks
