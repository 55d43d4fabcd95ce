"""One part of the trial: print, hash, have it read by processes without records, open, score."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from benchmarks.open_records import (
    audits,
    cox_papers,
    ensembles,
    logistic_papers,
    reconstruction,
    splits,
    verdicts,
)
from benchmarks.open_records.guard import SEALED
from benchmarks.open_records.pipeline import PAPERS, READ
from benchmarks.open_records.press import hash_of
from benchmarks.open_records.records import THYROID


class PapersChanged(RuntimeError):  # noqa: N818 - it says what happened
    """The registries are not those that were hashed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the trial.

    Attributes
    ----------
    write : callable
        Prints one paper: folder of the papers, folder of what is sealed, seed, number.
    score : callable
        Makes tables by name of what was sealed and what was found.
    papers : int
        Papers of the full run.
    cohort : str
        Public cohort that does not come with a package, without which the part is left out.
    """

    write: Callable[[Path, Path, int, int], None]
    score: Callable[[dict, dict], dict[str, pd.DataFrame]]
    papers: int
    cohort: str = ""


def _tables(truths: dict, found: dict) -> dict[str, pd.DataFrame]:
    return reconstruction.score(truths, found) | {"splits": splits.score(truths, found)}


def _thyroid_tables(truths: dict, found: dict) -> dict[str, pd.DataFrame]:
    return {f"thyroid_{name}": t for name, t in reconstruction.score(truths, found).items()}


PARTS = {
    "reconstruction": Part(write=logistic_papers.write, score=_tables, papers=720),
    "thyroid": Part(
        write=partial(logistic_papers.write, sources={THYROID: 1}),
        score=_thyroid_tables,
        papers=360,
        cohort=THYROID,
    ),
    "audit": Part(write=audits.write, score=audits.score, papers=100),
    "ensembles": Part(write=cox_papers.write, score=ensembles.score, papers=40),
    "verdicts": Part(write=verdicts.write, score=verdicts.score, papers=80),
}


def run_trial(
    part: str, seed: int, papers: int, workers: int, work: Path
) -> dict[str, pd.DataFrame]:
    """Run one part.

    Parameters
    ----------
    part : str
        Key of :data:`PARTS`.
    seed : int
        Each paper depends on it and on its own number alone.
    papers : int
        How many are drawn.
    workers : int
        Processes that read; they change no result.
    work : Path
        Folder of papers, of what is sealed and of what is read; those of the part are made anew.

    Returns
    -------
    dict of str to DataFrame
        Tables of the part; ``registries`` has the hash that was taken before any score.
    """
    folders = {name: work / name / part for name in (PAPERS, SEALED, READ)}
    for folder in folders.values():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    for number in range(papers):
        PARTS[part].write(folders[PAPERS], folders[SEALED], seed, number)
    before = hash_of([folders[PAPERS]])
    _read(folders[PAPERS], workers)
    if hash_of([folders[PAPERS]]) != before:
        raise PapersChanged(f"{part}: the registries changed while they were read")
    truths, found = _load(folders[SEALED]), _load(folders[READ])
    registries = len(list(folders[PAPERS].glob("*/reported.csv")))
    kept = {"part": part, "seed": seed, "papers": papers, "registries": registries}
    hashes = pd.DataFrame([{**kept, "sha256": before}])
    return {**PARTS[part].score(truths, found), "registries": hashes}


def _read(folder: Path, workers: int) -> None:
    """Start processes that see the registries alone, each with a share of them."""
    command = [sys.executable, "-m", "benchmarks.open_records.pipeline", str(folder)]
    processes = [
        subprocess.Popen([*command, "--share", f"{k}/{workers}"], env=os.environ)
        for k in range(workers)
    ]
    codes = [process.wait() for process in processes]
    if any(codes):
        raise RuntimeError(f"{folder.name}: the pipeline ended with {codes}")


def _load(folder: Path) -> dict[str, dict]:
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.json"))
    }
