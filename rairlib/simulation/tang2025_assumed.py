"""What a simulated cohort of Tang et al. 2025 (Hunan) has to assume, read from a file."""

import tomllib
from dataclasses import dataclass

import numpy as np

from rairlib.model_search.sampling import Population
from rairlib.search.declaration import DeclarationError
from rairlib.simulation.toml_entries import Entry
from rairlib.studies import study_file

FILE = "simulation.toml"
PARAMETERS = ("share", "mean", "shape", "median", "log_sd")
SHARES = (
    "thyroid_disease",
    "multifocality",
    "capsular_invasion",
    "ete",
    "cln_without_lln",
    "cln_with_lln",
)
MEASUREMENTS = ("tumor_diameter", "time_to_rai", "tgab_before")
NODE = ("median", "log_sd", "per_node", "smallest", "largest")
DOSE = ("levels", "without_nodes", "with_nodes")
DOSES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """Distributions that the paper's text does not give.

    Attributes
    ----------
    ranges : dict of str to (float, float)
        Range of each parameter of the population of nodes and thyroglobulin.
    kept : dict of str to float
        The parameters of the kept cohort's population.
    largest_count, largest_measurement : float
        Largest number of nodes and largest thyroglobulin (ng/mL).
    slope : (float, float)
        Range of the slope of the outcome on the score in the validation set.
    node : dict of str to float
        Largest diameter of a node: ``median, log_sd, per_node, smallest, largest`` (cm).
    doses : ndarray, shape (5,)
        Activities (mCi).
    dose_shares : ndarray, shape (2, 5)
        Their shares without and with lateral nodes.
    shares : dict of str to float
        Shares of patients.
    measurements : dict of str to list of float
        Median, standard deviation of the logarithm, smallest, largest.
    longest_follow_up : float
        Months.
    """

    ranges: dict[str, tuple[float, float]]
    kept: dict[str, float]
    largest_count: int
    largest_measurement: float
    slope: tuple[float, float]
    node: dict[str, float]
    doses: np.ndarray
    dose_shares: np.ndarray
    shares: dict[str, float]
    measurements: dict[str, list[float]]
    longest_follow_up: float

    def population(self, rng: np.random.Generator | None = None) -> Population:
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
        if rng is None:
            drawn = self.kept
        else:
            drawn = {name: rng.uniform(*limits) for name, limits in self.ranges.items()}
        return Population(
            **drawn,
            largest_count=self.largest_count,
            largest_measurement=self.largest_measurement,
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
        One line that names the file, the key and the fix.
    """
    path = study_file(study, FILE)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DeclarationError(f"{path.name}: cannot be read: {error}") from error
    return _read(Entry(source=path.name, place="", data=data))


def _read(entry: Entry) -> Assumptions:
    population = entry.table(
        "population", (*PARAMETERS, "largest_count", "largest_measurement", "kept")
    )
    kept = population.table("kept", PARAMETERS)
    node, dose = entry.table("lln_diameter", NODE), entry.table("rai_dose", DOSE)
    shares = entry.table("shares", SHARES)
    measurements = entry.table("measurements", MEASUREMENTS)
    dose_shares = np.array([dose.values(name, DOSES) for name in DOSE[1:]])
    if not np.allclose(dose_shares.sum(axis=1), 1):
        raise dose.fault("without_nodes and with_nodes", "the shares of each must add up to 1")
    return Assumptions(
        ranges={name: tuple(population.numbers(name, 2)) for name in PARAMETERS},
        kept={name: kept.number(name) for name in PARAMETERS},
        largest_count=population.whole("largest_count"),
        largest_measurement=population.number("largest_measurement"),
        slope=tuple(entry.table("validation", ("slope",)).numbers("slope", 2)),
        node={name: node.number(name) for name in NODE},
        doses=np.array(dose.numbers("levels", DOSES)),
        dose_shares=dose_shares,
        shares={name: _share(shares, name) for name in SHARES},
        measurements={name: measurements.values(name, 4) for name in MEASUREMENTS},
        longest_follow_up=entry.table("follow_up", ("largest",)).number("largest"),
    )


def _share(entry: Entry, name: str) -> float:
    value = entry.number(name)
    if not 0 <= value <= 1:
        raise entry.fault(name, f"is {value:g}: give a share from 0 to 1")
    return value
