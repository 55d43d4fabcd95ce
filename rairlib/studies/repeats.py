"""Repeat a study on new patients, thousands of times, and count how often it concludes the same.

A run is cut into blocks of whole repeats. Block number i draws from a random stream of its own,
so that a table does not depend on who computes which block, or when.
"""

import io
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from hashlib import sha256
from importlib.metadata import version
from itertools import islice
from math import ceil, floor
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky.process_executor import BrokenProcessPool
from llvmlite.binding import get_host_cpu_name
from numpy.random import Generator
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

from rairlib.errors import RairlibError, unknown
from rairlib.output import write_whole
from rairlib.registry.kept_files import data_folder
from rairlib.studies import own_studies, part_of

PATIENTS_PER_BLOCK = 100_000
SEEDS = 2**32  # NumPy takes a larger one as several numbers: a seed and a block of another run
FEWEST_PATIENTS, MOST_PATIENTS = 10, 10_000_000
BLOCKS_PER_WORKER = 4  # in a wave: the most that is computed before the first is written
ATTEMPTS = 3
SECONDS_TO_ANSWER = 10  # of a scheduler
ALPHA = 0.05
Z_95 = norm.isf(ALPHA / 2)
SETTINGS = "run.json"
COMPUTED_BY = ("rairlib", "numpy", "scipy", "numba")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What a paper concludes, and when a repeat concludes the same.

    Attributes
    ----------
    id, text : str
        A short name, and one sentence in a clinician's words.
    number : str
        Identifier of the reported number that states it; empty if none does.
    holds : callable
        Takes arrays by name of the quantity, one value per repeat, and says of each repeat
        whether it holds; of a repeat without an estimate it does not.
    """

    id: str
    text: str
    number: str
    holds: Callable[[Mapping[str, np.ndarray]], np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """How a study is repeated.

    Attributes
    ----------
    study : str
        Its key.
    patients : int
        As many as the study has.
    truths : tuple of str
        What new patients are drawn from; the first is the default.
    draw : callable
        Takes a generator, a number of cohorts, of patients and a truth; returns arrays
        (cohorts, patients) by name.
    analyse : callable
        The study's whole procedure: takes these arrays and returns arrays (cohorts,) by name of
        the quantity, ``"VARIABLE STATISTIC"``. NaN: no finite estimate, or not in the model.
    true_values : callable
        Takes a truth and returns the true value of quantities, by name.
    conclusions : tuple of Conclusion
        The paper's.
    """

    study: str
    patients: int
    truths: tuple[str, ...]
    draw: Callable[[Generator, int, int, str], dict[str, np.ndarray]]
    analyse: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]
    true_values: Callable[[str], dict[str, float]]
    conclusions: tuple[Conclusion, ...]


def differs_from_0(found: Mapping[str, np.ndarray], variable: str) -> np.ndarray:
    """Say of each repeat whether a coefficient differs from 0 (Wald); False where there is none."""
    size, error = np.abs(found[f"{variable} coefficient"]), found[f"{variable} standard_error"]
    return size > Z_95 * error


def repeats_of(key: str) -> Repeats:
    """Return how a study is repeated; refuse a study that cannot be."""
    found = part_of(key, "repeats", "REPEATS")
    if found is None:
        known = [name for name in own_studies() if part_of(name, "repeats", "REPEATS")]
        raise RairlibError(unknown(key, "study with repeats", known))
    return found


def repeats_per_block(patients: int) -> int:
    """Return how many repeats of a study of this size make a block."""
    return max(1, PATIENTS_PER_BLOCK // patients)


def block(
    repeats: Repeats, number_in_block: int, patients: int, truth: str, seed: int, block_number: int
) -> pd.DataFrame:
    """Draw and analyse one block.

    Returns
    -------
    DataFrame
        ``repeat``, counted from 0 through the whole run, and a float column per quantity.
    """
    rng = np.random.default_rng([seed, block_number])
    found = repeats.analyse(repeats.draw(rng, number_in_block, patients, truth))
    first = block_number * number_in_block
    numbers = {"repeat": np.arange(first, first + number_in_block)}
    return pd.DataFrame(
        numbers | {name: np.asarray(values, dtype=float) for name, values in found.items()}
    )


def settings_of(
    repeats: Repeats, size: float = 1.0, truth: str | None = None, seed: int = 1
) -> dict:
    """Return what is to be run; refuse what cannot be."""
    truth = truth or repeats.truths[0]
    if truth not in repeats.truths:
        raise RairlibError(f"{repeats.study}: {unknown(truth, 'truth', repeats.truths)}")
    if not 0 <= seed < SEEDS:
        raise RairlibError(f"seed {seed}: it is a number from 0 to {SEEDS - 1}")
    patients = repeats.patients * size + 0.5
    if not FEWEST_PATIENTS <= patients < MOST_PATIENTS + 1:
        raise RairlibError(
            f"{size:g} times {repeats.patients} patients: "
            f"a repeat has from {FEWEST_PATIENTS} to {MOST_PATIENTS:,} of them"
        )
    return {
        "study": repeats.study,
        "truth": truth,
        "size": size,
        "patients": floor(patients),
        "seed": seed,
        "repeats_per_block": repeats_per_block(floor(patients)),
    }


@cache
def computed_by(study: str) -> dict[str, str]:
    """Return on what a study's repeats rest: versions, a checksum of code and data, the processor.

    Compiled code uses what a processor offers, and another kind may round the last digit otherwise.
    """
    package, checksum = Path(__file__).parents[1], sha256()
    places = [package / name for name in ("stats", "cohorts", f"studies/{study}")]
    for place in (Path(__file__), *places, data_folder() / study):
        for path in sorted(place.rglob("*.*")) if place.is_dir() else [place]:
            if path.suffix in (".py", ".csv", ".toml"):
                checksum.update(path.name.encode() + path.read_bytes())
    versions = {name: version(name) for name in COMPUTED_BY}
    return versions | {"code": checksum.hexdigest(), "processor": get_host_cpu_name()}


def _computed(repeats: Repeats, settings: dict, number: int) -> tuple[int, pd.DataFrame]:
    """Compute a block wherever this runs; for a run that is kept, if the code there is the same."""
    if settings.get("computed_by") not in (None, computed_by(repeats.study)):
        raise RairlibError("a worker has other code, data, versions or processor than we have here")
    names = ("repeats_per_block", "patients", "truth", "seed")
    return number, block(repeats, *map(settings.get, names), number)


def _blocks(
    repeats: Repeats, settings: dict, wanted: Iterable[int], workers: int = 1, scheduler: str = ""
) -> Iterator[tuple[int, pd.DataFrame]]:
    """Compute blocks in waves, so that no more than a few per worker are held at a time."""
    task, waiting = partial(_computed, repeats, settings), iter(wanted)
    with _cluster(scheduler) if scheduler else _processes(workers) as (count, compute):
        while wave := list(islice(waiting, BLOCKS_PER_WORKER * count())):
            yield from compute(task, wave)


@contextmanager
def _processes(workers: int) -> Iterator[tuple[Callable, Callable]]:
    """Compute in processes here; give how many there are, and what computes a wave."""

    def compute(task: Callable, wave: list[int]) -> Iterator:
        waiting, failures = dict.fromkeys(wave), 0
        while waiting:
            before = len(waiting)
            parallel = Parallel(batch_size=1, pre_dispatch="all", return_as="generator_unordered")
            try:
                for number, table in parallel([delayed(task)(number) for number in waiting]):
                    yield number, table
                    del waiting[number]
            except BrokenProcessPool as error:  # what was in hand is computed again
                failures = failures + 1 if len(waiting) == before else 0
                if failures == ATTEMPTS:
                    raise RairlibError(
                        f"{ATTEMPTS} times a worker died before a block was done: "
                        "is there memory enough for so many?"
                    ) from error

    with parallel_config(backend="loky", n_jobs=workers, inner_max_num_threads=1):
        yield lambda: workers, compute


@contextmanager
def _cluster(address: str) -> Iterator[tuple[Callable, Callable]]:
    """Compute on a Dask cluster; joblib's way there waits for ever where workers keep dying."""
    if not address.startswith(("tcp://", "tls://")):
        raise RairlibError(f"{address}: is no address of a scheduler, such as tcp://host:8786")
    try:
        from distributed import Client, KilledWorker, as_completed
        from distributed.comm import CommClosedError
    except ImportError as error:
        raise RairlibError("a scheduler needs Dask: pip install 'rairlib[cluster]'") from error
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # told below, in one line

    def compute(task: Callable, wave: list[int]) -> Iterator:
        try:
            for future in as_completed(client.map(task, wave, pure=False), loop=client.loop):
                yield future.result()
        except KilledWorker as error:  # the scheduler has tried it on several
            raise RairlibError(f"{address}: one block killed worker after worker") from error
        except (CancelledError, CommClosedError) as error:
            raise RairlibError(f"{address}: the scheduler is gone") from error

    try:
        client = Client(address, timeout=SECONDS_TO_ANSWER, set_as_default=False)
    except (MemoryError, OSError) as error:  # what is no scheduler may seem to send exabytes
        raise RairlibError(f"{address}: no scheduler answers") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=SECONDS_TO_ANSWER)
        except OSError as error:
            raise RairlibError(f"{address}: the scheduler has no worker") from error
        yield lambda: sum(client.ncores().values()) or 1, compute


def repeated(
    key: str,
    number: int,
    size: float = 1.0,
    truth: str | None = None,
    seed: int = 1,
    workers: int = 1,
) -> pd.DataFrame:
    """Repeat a study in memory.

    Parameters
    ----------
    key : str
        A study with repeats.
    number : int
        How many repeats.
    size : float
        Patients per repeat, as a multiple of the study's.
    truth : str, optional
        What the patients are drawn from; the study's first if left out.
    seed : int
        Same seed, same repeats, for any number of workers; a larger number only adds some.
    workers : int
        Processes on this computer.

    Returns
    -------
    DataFrame
        As of :func:`block`, ``number`` rows.
    """
    repeats = repeats_of(key)
    settings = settings_of(repeats, size, truth, seed)
    wanted = range(ceil(number / settings["repeats_per_block"]))
    tables = dict(_blocks(repeats, settings, wanted, workers))
    return pd.concat([tables[place] for place in wanted], ignore_index=True).head(number)


def run_repeats(
    key: str,
    number: int,
    size: float = 1.0,
    truth: str | None = None,
    seed: int = 1,
    *,
    folder: Path,
    workers: int = 1,
    scheduler: str = "",
    progress: Callable[[Iterable, int], Iterable] = lambda blocks, total: blocks,
) -> None:
    """Repeat a study and write each block to a folder; go on where an earlier run stopped.

    Parameters
    ----------
    key, number, size, truth, seed, workers
        As of :func:`repeated`.
    folder : Path
        Empty, or that of a run with the same settings; ``number`` may differ.
    scheduler : str
        Address of a Dask scheduler, in place of processes on this computer.
    progress : callable
        Wraps the blocks as they come; gets how many there will be.
    """
    repeats = repeats_of(key)
    settings = settings_of(repeats, size, truth, seed) | {"computed_by": computed_by(key)}
    there = _enter(folder, settings, number)
    blocks = ceil(number / settings["repeats_per_block"])
    missing = [place for place in range(blocks) if place not in there]
    computed = _blocks(repeats, settings, missing, min(workers, len(missing) or 1), scheduler)
    for place, table in progress(computed, len(missing)):
        text = json.dumps(settings | {"block": place}).encode()
        data = pa.Table.from_pandas(table, preserve_index=False)
        data, stream = data.replace_schema_metadata({SETTINGS: text}), io.BytesIO()
        pq.write_table(data, stream, use_dictionary=False, write_page_checksum=True)
        write_whole(_path(folder, place), stream.getvalue())


def _path(folder: Path, place: int) -> Path:
    return folder / f"block-{place:09d}.parquet"


def _enter(folder: Path, settings: dict, number: int) -> set[int]:
    """Note the settings of a run in its folder; return which of its blocks are there already."""
    path = folder / SETTINGS
    if path.exists():
        kept = _settings_in(folder)
        other = [name for name in settings if kept.get(name) != settings[name]]
        if other:
            raise RairlibError(
                f"{folder}: holds a run with other {', '.join(other)}: name another folder"
            )
    there = _blocks_in(folder, settings)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(settings | {"number": number}, indent=1) + "\n")
    return there


def _settings_in(folder: Path) -> dict:
    try:
        return json.loads((folder / SETTINGS).read_text(encoding="utf-8")) | {}
    except (OSError, TypeError, ValueError) as error:
        raise RairlibError(
            f"{folder / SETTINGS}: cannot be read as the settings of a run"
        ) from error


def _blocks_in(folder: Path, settings: dict) -> set[int]:
    """Return the numbers of the blocks in a folder; refuse a file that is none of this run."""
    there = set()
    for path in sorted(folder.glob("*.parquet")):
        try:
            found = json.loads(pq.read_metadata(path).metadata[SETTINGS.encode()])
            place = found.pop("block")
        except (pa.ArrowException, KeyError, OSError, TypeError, ValueError) as error:
            raise RairlibError(f"{path}: is cut short or no block of repeats: remove it") from error
        if found != settings or path != _path(folder, place):
            raise RairlibError(f"{path}: is no block of this run: move it away")
        there.add(place)
    return there


class _Folder:
    """The repeats of a finished run: a block at a time, or as a frame some columns at a time."""

    def __init__(self, folder: Path):
        settings = _settings_in(folder)
        self.number = settings.pop("number")
        there = _blocks_in(folder, settings)
        wanted = range(ceil(self.number / settings["repeats_per_block"]))
        if missing := len(set(wanted) - there):
            raise RairlibError(
                f"{folder}: {missing} of {len(wanted)} blocks are missing: run again"
            )
        self.paths = [str(_path(folder, place)) for place in wanted]
        checked = ds.ParquetFragmentScanOptions(page_checksum_verification=True)
        form = ds.ParquetFileFormat(default_fragment_scan_options=checked)
        self.all = ds.dataset(self.paths, format=form)
        self.columns = self.all.schema.names

    def __getitem__(self, names: list[str]) -> pd.DataFrame:
        return self.all.to_table(columns=names).to_pandas()[: self.number]

    def blocks(self) -> Iterator[pd.DataFrame]:
        left = self.number
        for path in self.paths:
            try:
                table = pq.read_table(path, page_checksum_verification=True).to_pandas()[:left]
            except (pa.ArrowException, OSError) as error:
                raise RairlibError(f"{path}: is damaged: remove it and run again") from error
            left -= len(table)
            yield table


# fmt: off
SUMMARY = [
    "quantity", "true", "repeats", "left_out", "without_estimate", "estimates", "mean", "median",
    "low", "high", "significant", "right_sign", "covering", "share_significant", "share_covering",
    "type_s", "type_m",
]
# fmt: on


def summarised(repeats: Repeats, table: pd.DataFrame | Path, truth: str) -> pd.DataFrame:
    """Say of each quantity how it varies over the repeats, and how often its test misleads.

    Parameters
    ----------
    repeats : Repeats
        The study's.
    table : DataFrame or Path
        Of :func:`repeated`, or the folder of :func:`run_repeats`, read column by column.
    truth : str
        What the patients were drawn from.

    Returns
    -------
    DataFrame
        One row per ``quantity``, with its ``true`` value where that is known.
        ``repeats = left_out + without_estimate + estimates``: left out of the model by the
        procedure; without a finite value for another reason; with one.
        ``mean, median, low, high``: of the estimates; the last two are their 2.5 and 97.5 %
        quantiles. Where they apply, counts: ``significant`` (p < 0.05; of coefficients by Wald's
        test); ``right_sign``, of the significant; ``covering``, estimates whose 95 % interval
        covers the true value. And ``share_significant`` of all repeats; ``share_covering`` of the
        estimates; ``type_s``, the share of wrong signs among the significant; ``type_m``, the mean
        size of these over the true size.
    """
    table = table if isinstance(table, pd.DataFrame) else _Folder(table)
    true_values, rows = repeats.true_values(truth), {}
    quantities, variables = [name for name in table.columns if name != "repeat"], {}
    for name in quantities:
        variables.setdefault(name.rpartition(" ")[0], []).append(name)
    for names in variables.values():
        columns = {name: values.to_numpy() for name, values in table[names].items()}
        rows |= {name: _row(name, columns, true_values.get(name, np.nan)) for name in names}
    summary = pd.DataFrame(map(rows.get, quantities), columns=SUMMARY)
    summary["share_significant"] = summary["significant"] / summary["repeats"]
    summary["share_covering"] = summary["covering"] / summary["estimates"]
    summary["type_s"] = 1 - summary["right_sign"] / summary["significant"]
    return summary


def _row(name: str, columns: dict[str, np.ndarray], true: float) -> dict:
    """Summarise one quantity, given all of its variable."""
    variable, _, statistic = name.rpartition(" ")
    values, error = columns[name], columns.get(f"{variable} standard_error")
    found = {"quantity": name, "true": true}
    found |= _spread(values, columns.get(f"{variable} selected"))
    if statistic in ("coefficient", "survival") and error is not None and not np.isnan(true):
        found["covering"] = int((np.abs(values - true) <= Z_95 * error).sum())
    if statistic == "coefficient" and error is not None:
        found |= _significance(values, differs_from_0(columns, variable), true)
    elif statistic == "p_value":
        found["significant"] = int((values < ALPHA).sum())
    return found


def _spread(values: np.ndarray, selected: np.ndarray | None) -> dict:
    finite = values[np.isfinite(values)]
    left_out = 0 if selected is None else int((np.isnan(values) & (selected == 0)).sum())
    found = {"repeats": len(values), "left_out": left_out, "estimates": len(finite)}
    found["without_estimate"] = len(values) - left_out - len(finite)
    if len(finite):
        quantiles = np.quantile(finite, [0.025, 0.5, 0.975])
        found |= dict(zip(("low", "median", "high"), quantiles, strict=True))
        found["mean"] = finite.mean()
    return found


def _significance(estimate: np.ndarray, significant: np.ndarray, true: float) -> dict:
    found, sizes = {"significant": int(significant.sum())}, np.abs(estimate[significant])
    if true and not np.isnan(true):
        found["right_sign"] = int((significant & (estimate * true > 0)).sum())
        found["type_m"] = sizes.mean() / abs(true) if len(sizes) else np.nan
    return found


def conclusions_held(repeats: Repeats, table: pd.DataFrame | Path) -> pd.DataFrame:
    """Say in how many repeats each conclusion of the paper holds.

    Returns
    -------
    DataFrame
        ``id, text, number`` of the conclusion; ``repeats``, in how many it ``held``, the
        ``share``, and ``low`` and ``high`` of Wilson's 95 % interval, which tells what so many
        repeats leave open.
    """
    held, number = np.zeros(len(repeats.conclusions), dtype=int), 0
    for part in [table] if isinstance(table, pd.DataFrame) else _Folder(table).blocks():
        columns = {name: values.to_numpy() for name, values in part.items()}
        held += [np.sum(conclusion.holds(columns)) for conclusion in repeats.conclusions]
        number += len(part)
    low, high = proportion_confint(held, number, method="wilson")
    found = pd.DataFrame(
        [(each.id, each.text, each.number) for each in repeats.conclusions],
        columns=["id", "text", "number"],
    )
    return found.assign(repeats=number, held=held, share=held / number, low=low, high=high)


# --- What is kept with the project --------------------------------------------------------------


KEPT_REPEATS = 10_000
SIZES = (0.5, 1.0, 2.0, 10.0)
# Where the truth is a cohort of real patients: as many as in Rabat, as in Qingdao, as there are.
PATIENTS_OF_PAPERS = (90, 177)
REAL = "cohort"
# fmt: off
KEPT = [
    "study", "truth", "size", "patients", "repeats", "kind", "id", "share", "low", "high", "true",
    "left_out", "without_estimate", "estimates", "mean", "median", "share_significant",
    "share_covering", "type_s", "type_m",
]
# fmt: on


def kept_sizes(repeats: Repeats) -> list[float]:
    """Return the sizes at which a study's repeats are kept, as multiples of its own."""
    if repeats.truths[0] != REAL:
        return list(SIZES)
    return [n / repeats.patients for n in PATIENTS_OF_PAPERS if n < repeats.patients] + [1.0]


def kept_repeats(key: str, number: int = KEPT_REPEATS, workers: int = 1) -> pd.DataFrame:
    """Repeat a study under each truth and at each size, and summarise.

    Parameters
    ----------
    key : str
        A study with repeats.
    number, workers
        As of :func:`repeated`.

    Returns
    -------
    DataFrame
        Columns :data:`KEPT`. Rows of the ``kind`` *conclusion* have the ``share`` of the repeats
        in which it holds, with ``low`` and ``high`` of Wilson's interval; rows of the kind
        *quantity* have what :func:`summarised` says, standard errors left out.
    """
    repeats = repeats_of(key)
    runs = [(truth, size) for truth in repeats.truths for size in kept_sizes(repeats)]
    return pd.concat([_kept_run(repeats, number, *run, workers) for run in runs], ignore_index=True)


def _kept_run(repeats: Repeats, number: int, truth: str, size: float, workers: int):
    table = repeated(repeats.study, number, size, truth, workers=workers)
    quantities = summarised(repeats, table, truth).rename(columns={"quantity": "id"})
    quantities = quantities[~quantities["id"].str.endswith(" standard_error")]
    parts = {"conclusion": conclusions_held(repeats, table), "quantity": quantities}
    run = {"study": repeats.study, "truth": truth, "size": size, "repeats": number}
    run["patients"] = settings_of(repeats, size, truth)["patients"]
    frames = [part.assign(kind=kind, **run) for kind, part in parts.items()]
    return pd.concat([frame.reindex(columns=KEPT) for frame in frames])
