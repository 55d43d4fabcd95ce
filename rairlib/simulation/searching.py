"""Run a declared search from the command line: progress, checkpoints, the cohort and its report."""

import json
from collections.abc import Callable
from dataclasses import asdict
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from rairlib.errors import RairlibError
from rairlib.search.declaration import DeclaredStudy
from rairlib.search.schedule import Schedule
from rairlib.search.search import Search
from rairlib.search.state import SearchState
from rairlib.simulation.declared import load_declared

CHECKPOINT = "search_state.npz"
SKELETON = "search_skeleton.csv"
DISTANCES = "search_distances.csv"


def search_study(
    study: str,
    seed: int,
    out: Path,
    *,
    resume: Path | None = None,
    timeline: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
    workers: int = 2,
    tell: Callable[[str], None] = lambda line: None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Search for one cohort of a declared study and keep the state after each chunk.

    Parameters
    ----------
    study : str
        Key of the study.
    seed : int
        Same seed, same cohort on the same machine.
    out : Path
        Folder for the checkpoint; made if it does not exist.
    resume : Path, optional
        A checkpoint of the same declaration, schedule and seed.
    timeline : tuple of ndarray, optional
        Classes, events and marks of a known order in time; then only covariates are searched.
    workers : int
        Chains at the same time; does not change the cohort.
    tell : callable
        Takes one line of progress.

    Returns
    -------
    skeleton : DataFrame
        See :func:`skeleton`.
    distances : DataFrame
        See :func:`rairlib.search.distances.distances`.

    Raises
    ------
    RairlibError
        If the declaration has a fault, the checkpoint belongs to another search, or the search
        is stopped.
    """
    declared, schedule = load_declared(study)
    search = Search(declared, schedule, seed, workers=workers)
    mark = fingerprint(declared, schedule, seed)
    state = search.start_from(*timeline) if timeline else None
    state = read_state(resume, mark) if resume else state
    out.mkdir(parents=True, exist_ok=True)
    try:
        for state in search.steps(state):  # noqa: B020 - goes on from the state read
            write_state(out / CHECKPOINT, state, mark)
            tell(progress_line(search, state))
    except KeyboardInterrupt as stop:
        if not (out / CHECKPOINT).is_file():
            raise
        raise RairlibError(f"stopped: go on with --resume {out / CHECKPOINT}") from stop
    return skeleton(declared, state), search.report(state)


def progress_line(search: Search, state: SearchState) -> str:
    """Say in one line where a search stands."""
    report = search.report(state)
    energy = state.arrays["best_energy"].min()
    energy = "" if np.isinf(energy) else f", energy {energy:.6g}"
    hits = (report["hit"] == "yes").sum()
    return (
        f"{state.stage} {state.round + 1}.{state.chunk + 1}{energy}, "
        f"{hits} of {len(report)} printed numbers hit"
    )


def skeleton(study: DeclaredStudy, state: SearchState) -> pd.DataFrame:
    """Lay out the cohort that a search found.

    Parameters
    ----------
    study : DeclaredStudy
        The declaration.
    state : SearchState
        Behind the timeline stage.

    Returns
    -------
    DataFrame
        One row per patient: ``position`` in time (empty for those not at risk), ``class``,
        ``event``, the level of each covariate (empty where nothing is known), ``evaluable``.
    """
    chain = state.best_chain()
    arrays = state.arrays
    names = np.array(study.names, dtype=object)
    at_risk = pd.DataFrame(
        {
            "position": np.arange(1, study.size + 1).astype(str),
            "class": names[arrays["classes"]],
            "event": arrays["events"],
        }
    )
    outside = pd.DataFrame(
        {
            "position": "",
            "class": [name for name, many in study.outside.items() for _ in range(many)],
            "event": 0,
        }
    )
    for k, covariate in enumerate(study.covariates):
        levels = np.array([covariate.levels[1], covariate.levels[0], ""], dtype=object)
        at_risk[covariate.variable] = levels[arrays["rows"][chain][:, k]]
        outside[covariate.variable] = levels[arrays["outside"][chain][:, k]]
    frames = [at_risk.assign(evaluable="yes"), outside.assign(evaluable="no")]
    return pd.concat(frames, ignore_index=True)


def fingerprint(study: DeclaredStudy, schedule: Schedule, seed: int) -> str:
    """Return a short text that changes with anything that determines the cohort."""
    joint = None if study.joint is None else study.joint.rows.tolist()
    known = {name: value for name, value in asdict(study).items() if name != "joint"}
    whole = json.dumps([known, joint, asdict(schedule), seed], default=str, sort_keys=True)
    return sha256(whole.encode()).hexdigest()[:16]


def write_state(path: Path, state: SearchState, mark: str) -> None:
    """Keep a state; the file is whole at any moment.

    Parameters
    ----------
    path : Path
        Of the checkpoint.
    state : SearchState
        Between two chunks.
    mark : str
        See :func:`fingerprint`.
    """
    text = json.dumps(
        {"mark": mark, "stage": state.stage, "round": state.round, "chunk": state.chunk}
    )
    memory = BytesIO()
    np.savez(memory, about=np.array(text), **state.arrays)
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(memory.getvalue())
    partial.replace(path)


def read_state(path: Path, mark: str) -> SearchState:
    """Read a checkpoint.

    Parameters
    ----------
    path : Path
        As written by :func:`write_state`.
    mark : str
        See :func:`fingerprint`.

    Returns
    -------
    SearchState
        To go on from.

    Raises
    ------
    RairlibError
        If the file is no checkpoint or belongs to another search.
    """
    try:
        with np.load(BytesIO(path.read_bytes()), allow_pickle=False) as kept:
            arrays = {name: kept[name] for name in kept.files}
        about = json.loads(str(arrays.pop("about")))
        place = {name: about[name] for name in ("stage", "round", "chunk")}
        kept_mark = about["mark"]
    except FileNotFoundError as error:
        raise RairlibError(f"{path}: no such file") from error
    except (
        AttributeError,
        BadZipFile,
        EOFError,
        KeyError,
        OSError,
        TypeError,
        ValueError,
    ) as error:
        raise RairlibError(f"{path}: not a checkpoint of a search") from error
    if kept_mark != mark:
        raise RairlibError(
            f"{path}: belongs to another declaration, schedule or seed: start without --resume"
        )
    return SearchState(**place, arrays=arrays)
