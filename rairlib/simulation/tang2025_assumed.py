"""What a simulated cohort of Tang et al. 2025 (Hunan) has to assume, read from a file."""

from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from rairlib.cohorts.toml_file import Ascending, Several, Table, read_toml
from rairlib.model_search.sampling import Population
from rairlib.studies import study_file

FILE = "simulation.toml"
Share = Annotated[float, Field(ge=0, le=1)]
Measurement = Annotated[Several[float], Field(min_length=4, max_length=4)]
Doses = Annotated[Several[float], Field(min_length=5, max_length=5)]


class Parameters(Table):
    """Of a population of nodes and thyroglobulin."""

    share: float
    mean: float
    shape: float
    median: float
    log_sd: float


class Populations(Table):
    """The kept cohort's population, the range of each parameter, and the largest values."""

    kept: Parameters
    share: Ascending[float]
    mean: Ascending[float]
    shape: Ascending[float]
    median: Ascending[float]
    log_sd: Ascending[float]
    largest_count: int
    largest_measurement: float


class Validation(Table):
    """Range of the slope of the outcome on the score in the validation set."""

    slope: Ascending[float]


class NodeDiameter(Table):
    """Largest diameter of a lateral node, in cm."""

    median: float
    log_sd: float
    per_node: float
    smallest: float
    largest: float


class Activities(Table):
    """Activities in mCi, and their shares without and with lateral nodes."""

    levels: Doses
    without_nodes: Doses
    with_nodes: Doses

    @model_validator(mode="after")
    def _whole(self):
        if not np.allclose([sum(self.without_nodes), sum(self.with_nodes)], 1):
            raise ValueError("the shares without and with nodes must each add up to 1")
        return self


class Shares(Table):
    """Shares of patients."""

    thyroid_disease: Share
    multifocality: Share
    capsular_invasion: Share
    ete: Share
    cln_without_lln: Share
    cln_with_lln: Share


class Measurements(Table):
    """Median, standard deviation of the logarithm, smallest and largest of each."""

    tumor_diameter: Measurement
    time_to_rai: Measurement
    tgab_before: Measurement


class FollowUp(Table):
    """Longest follow-up in months."""

    largest: float


class Assumptions(Table):
    """Distributions that the paper's text does not give."""

    population: Populations
    validation: Validation
    lln_diameter: NodeDiameter
    rai_dose: Activities
    shares: Shares
    measurements: Measurements
    follow_up: FollowUp

    def drawn_population(self, rng: np.random.Generator | None = None) -> Population:
        """Draw the parameters of a population evenly from their ranges.

        Parameters
        ----------
        rng : numpy Generator, optional
            Source of randomness; without it, the kept cohort's population.

        Returns
        -------
        Population
            Of nodes and thyroglobulin.
        """
        drawn = dict(self.population.kept)
        if rng is not None:
            drawn = {name: rng.uniform(*getattr(self.population, name)) for name in drawn}
        return Population(
            **drawn,
            largest_count=self.population.largest_count,
            largest_measurement=self.population.largest_measurement,
        )


def load_assumptions(study: str) -> Assumptions:
    """Read the assumptions kept with a study.

    Parameters
    ----------
    study : str
        Key of the study.

    Returns
    -------
    Assumptions
        As in ``simulation.toml``.

    Raises
    ------
    DeclarationError
        One line that names the file, the key and what is wrong.
    """
    return read_toml(study_file(study, FILE), Assumptions)
