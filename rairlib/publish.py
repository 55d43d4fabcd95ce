"""Write the results that are kept with the project, and say where kept and fresh ones differ."""

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

import pandas as pd

from rairlib.cohorts.order_trials import order_trials
from rairlib.output import as_file, write_whole
from rairlib.readme import with_board
from rairlib.reported import load_registry
from rairlib.results import WITNESS, load_witness
from rairlib.simulation import achieved, simulation_of
from rairlib.simulation.studies import held_out_values
from rairlib.simulation.tang2025_ensemble import area_trials, drawn_ensemble
from rairlib.simulation.wang2025_ensemble import searched_ensemble
from rairlib.studies import data_folder, study_folder
from rairlib.verdicts import all_findings, all_verdicts, board

SIMULATED = ("lakhdar2024",)
# Their kept cohort is verified, not drawn again. With the seed of their ensemble.
SEARCHED = {"wang2025": (searched_ensemble, 7000), "tang2025": (drawn_ensemble, 2025)}
WITNESS_SEED = 1
ENSEMBLE_SEED = 2024
ENSEMBLE_COHORTS = 1000
SEARCHED_COHORTS = 200
# A statistic with which and without which the order in time is searched for.
WEIGHED = {"wang2025": "figure5-03"}
WEIGHED_SEEDS = range(1, 11)
# Cohorts are also drawn without the printed area, to see where it falls.
AREA_UNTOLD = ("tang2025",)
AREA_TRIALS = 60


def results_folder() -> Path:
    """Return the folder of the kept results."""
    return data_folder() / "results"


def kept_verdicts() -> pd.DataFrame:
    """Load the verdicts as they are kept with the project."""
    return pd.read_csv(
        results_folder() / "verdicts.csv",
        dtype={"printed": str},
        keep_default_na=False,
        na_values={"reproduced": [""], "low": [""], "high": [""]},
        encoding="utf-8",
    )


def result_files() -> dict[str, str]:
    """Return the texts of the kept result files by name, computed afresh.

    Returns
    -------
    dict of str to str
        ``verdicts.csv``, ``findings.csv`` and ``board.csv``.
    """
    verdicts = all_verdicts()
    return {
        "verdicts.csv": as_file(verdicts),
        "findings.csv": as_file(all_findings()),
        "board.csv": as_file(board(verdicts)),
    }


def differences(study: str = "") -> list[str]:
    """Say where the kept results differ from results computed afresh.

    Parameters
    ----------
    study : str
        Compare this study alone; empty for all.

    Returns
    -------
    list of str
        One line per row that differs; empty if all agree.

    Raises
    ------
    RairlibError
        If no study has this key.
    """
    if study:
        study_folder(study)
    lines = []
    for name, fresh in result_files().items():
        path = results_folder() / name
        kept = path.read_text(encoding="utf-8") if path.is_file() else ""
        ours, theirs = (_rows_of(study, text) for text in (kept, fresh))
        lost = [f"{name}: kept, not found again: {line}" for line in _missing(ours, theirs)]
        found = [f"{name}: found, not kept: {line}" for line in _missing(theirs, ours)]
        lines += lost + found
        if ours != theirs and not (lost or found):
            lines.append(f"{name}: the same rows in another order")
    return lines


def _rows_of(study: str, text: str) -> list[str]:
    return [line for line in text.splitlines() if not study or line.split(",")[0] == study]


def _missing(lines: list[str], others: list[str]) -> list[str]:
    return list((Counter(lines) - Counter(others)).elements())


def write_simulations() -> None:
    """Draw witness and ensemble of every simulated study anew, and keep them."""
    for study in SIMULATED:
        simulation = simulation_of(study)
        print(f"{study}: drawing the witness", flush=True)
        witness = simulation.witness(WITNESS_SEED)
        folder = study_folder(study)
        _write(folder / WITNESS, witness.to_csv(index=False, lineterminator="\n"))
        _write(folder / "achieved.csv", as_file(achieved(simulation, witness)))
        print(f"{study}: drawing {ENSEMBLE_COHORTS} consistent cohorts", flush=True)
        values = held_out_values(simulation, ENSEMBLE_COHORTS, ENSEMBLE_SEED)
        _write(results_folder() / f"{study}_ensemble.csv", as_file(values))

    for study in SEARCHED:
        write_searched(study)


def write_searched(study: str) -> None:
    """Report on the kept cohort of a searched study, and search for its ensemble anew."""
    write_achieved(study)
    print(f"{study}: searching for {SEARCHED_COHORTS} cohorts", flush=True)
    registry, workers = load_registry(study), os.cpu_count() or 1
    draw, seed = SEARCHED[study]
    frames = draw(registry, SEARCHED_COHORTS, seed, workers)
    for name, frame in frames.items():
        _write(results_folder() / f"{study}_{name}.csv", as_file(frame))
    if study in WEIGHED:
        trials = order_trials(study, WEIGHED[study], WEIGHED_SEEDS, workers)
        _write(results_folder() / f"{study}_orders.csv", as_file(trials))
    if study in AREA_UNTOLD:
        trials = area_trials(registry, AREA_TRIALS, seed, workers)
        _write(results_folder() / f"{study}_area.csv", as_file(trials))


def write_achieved(study: str) -> None:
    """Set what the kept cohort of a study achieves beside the print."""
    report = achieved(simulation_of(study), load_witness(study))
    _write(study_folder(study) / "achieved.csv", as_file(report))


def write_results() -> None:
    """Compute verdicts, findings, board and the README's board anew, and keep them."""
    results_folder().mkdir(exist_ok=True)
    for name, text in result_files().items():
        _write(results_folder() / name, text)
    readme = data_folder().parent / "README.md"
    _write(readme, with_board(readme.read_text(encoding="utf-8"), all_verdicts()))


def _write(path: Path, text: str) -> None:
    write_whole(path, text)
    print(f"wrote {path.relative_to(data_folder().parent)}", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run ``python -m rairlib.publish [--simulations]``."""
    parser = argparse.ArgumentParser(prog="python -m rairlib.publish", description=__doc__)
    parser.add_argument(
        "--simulations", action="store_true", help="draw witnesses and ensembles anew as well"
    )
    if parser.parse_args(arguments).simulations:
        write_simulations()
    write_results()
    return 0


if __name__ == "__main__":
    sys.exit(main())
