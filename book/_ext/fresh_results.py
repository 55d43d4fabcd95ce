"""Sphinx extension: a notebook is run again when something that it read has changed.

The cache keeps a notebook's results by the text of its code. Here every kernel also records which
files of the project it opened and which folders it listed (`recorder/sitecustomize.py`): the data,
and the modules, however they came to be imported. The record is kept with the results, and they
are dropped when anything in it has changed, or when there is none. That is enough: where a program
finds the same in all that it reads, it goes on to read, and to say, the same.

* A module counts with its code and its docstrings, which pages show, not with its comments.
  A source that a notebook opens as a file, to show it, counts to the letter.
* Whether a file is there is asked without opening it, and pyarrow opens files where Python does
  not hear of it: the names of all data, and what is not text among them, count everywhere.
* The versions of Python and of the locked packages are the name of the cache.

Notebooks are run before pages are read, one per core; Sphinx would run them one by one. Pages with
new results are read again, and all are written again, as one may show another's results.
"""

import ast
import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, time

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError

RECORDER = Path(__file__).with_name("recorder")
CODE, DATA, COMPILED = "rairlib", "data", "__pycache__"
EVERYTHING, NAMES, TEXTS = "*", f"{DATA}/**/*", {"", ".csv", ".json", ".toml"}
# What the reading of pages depends on besides results: which numbers have a verdict, and how.
READING = ("book/_ext/*.py", f"{DATA}/*/study.toml", f"{DATA}/results/verdicts.csv")


class Sources:
    """The project's code and data as they are now; other files, if they have not changed since."""

    def __init__(self, root):
        self.root, self.now, self.states = Path(root).resolve(), time(), {}
        self.state(EVERYTHING)

    def state(self, name):
        """Return a checksum of what counts of a file, of a folder, or of everything."""
        if name not in self.states:
            self.states[name] = digest(*self._parts(name))
        return self.states[name]

    def _parts(self, name):
        path = self.root / name
        if name == EVERYTHING:
            return [self.state(NAMES), self.of(CODE, f"{CODE}/**/*", DATA, NAMES)]
        if name == NAMES:
            names = sorted(path.relative_to(self.root) for path in self.root.glob(NAMES))
            return names + [self.state(str(name)) for name in names if name.suffix not in TEXTS]
        if path.is_dir():
            return sorted(other for other in os.listdir(path) if other != COMPILED)
        if path.suffix == ".pyc":
            with suppress(OSError, SyntaxError):  # a module that is gone, or cannot be imported
                return [ast.dump(ast.parse(path.with_suffix(".py").read_bytes()))]
        return [path.read_bytes(), path.stat().st_mtime > self.now] if path.is_file() else []

    def of(self, *patterns):
        """Return a checksum of files and folders, and of the code in modules."""
        paths = {path for pattern in patterns for path in self.root.glob(pattern)}
        paths = {path.relative_to(self.root) for path in paths if COMPILED not in path.parts}
        names = sorted(path.as_posix() for path in paths)
        names += [f"{name}c" for name in names if name.endswith(".py")]
        return digest(*names, *map(self.state, names))

    def read_by(self, record):
        """Return the state of all that a record names; without a record, of everything."""
        lines = record.read_text().splitlines() if record.exists() else [EVERYTHING]
        names = {self.name_of(line.removeprefix(f"{self.root}/")) for line in lines} - {None}
        return {name: self.state(name) for name in sorted(names | {NAMES})}

    def name_of(self, read):
        """Return the name under which a path counts: one for what Python and numba compiled."""
        path = Path(read)
        if path.parent.name == COMPILED:
            path = path.parents[1] / f"{path.name.partition('.')[0]}.pyc"
        top = path.parts[0]
        folder = top not in (CODE, DATA) and (self.root / path).is_dir()
        return None if top[0] in "._" or path.name == COMPILED or folder else path.as_posix()


def digest(*parts):
    """Return a short checksum of texts or bytes."""
    parts = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
    return sha256(b"".join(sha256(part).digest() for part in parts)).hexdigest()[:16]


def forget_compiled(code):
    """Remove what numba compiled before a change that it does not see: one in another module."""
    jitted = [path for path in code.rglob("*.py") if b"numba" in path.read_bytes()]
    newest = max((path.stat().st_mtime for path in jitted), default=0)
    for compiled in code.rglob("*.nbc"):
        if compiled.stat().st_mtime < newest:
            compiled.unlink()


def run(path, root, record, timeout):
    """Run a notebook, recording what it reads; return it with its seconds."""
    notebook = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(Path(path).parent)}}
    client = NotebookClient(notebook, timeout=timeout, record_timing=False, resources=where)
    paths = [str(RECORDER), *filter(None, [os.environ.get("PYTHONPATH")])]
    recorder = {"PYTHONPATH": os.pathsep.join(paths), "RECORDED_ROOT": str(root)}
    start = perf_counter()
    asyncio.run(client.async_execute(env=os.environ | recorder | {"RECORDED_READS": str(record)}))
    return notebook, perf_counter() - start


def run_all(paths, cache, sources, timeout):
    """Run notebooks, one per core, and keep their results with the state of all that they read."""
    forget_compiled(sources.root / CODE)
    with TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = {}
        for number, path in enumerate(paths):
            record = Path(folder) / str(number)
            runs[pool.submit(run, path, sources.root, record, timeout)] = path, record
        try:
            for done in as_completed(runs):
                keep(cache, sources, done, *runs[done])
        finally:  # also when the build is stopped
            pool.shutdown(cancel_futures=True)


def keep(cache, sources, done, path, record):
    """Keep the results of one run; one that failed is run again, and reported, on its page."""
    try:
        notebook, seconds = done.result()
    except (CellControlSignal, DeadKernelError):
        return
    data = {"execution_seconds": seconds, "reads": sources.read_by(record)}
    bundle = CacheBundleIn(notebook, path, data=data)
    cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def current(path, cache, sources):
    """Return when a notebook's results were kept, or nothing: those that are not current go."""
    try:
        kept = cache.match_cache_notebook(nbformat.read(path, as_version=4))
    except KeyError:
        return None
    reads = kept.data.get("reads")
    if reads and all(sources.state(name) == state for name, state in reads.items()):
        return kept.created
    cache.remove_cache(kept.pk)
    return None


def name_cache(app, config):
    """Name the cache after the versions, and tell Sphinx on what all pages depend."""
    app.sources = sources = Sources(app.srcdir)
    name = digest(sys.version, sources.of("requirements.lock"))
    config.nb_execution_cache_path = str(Path(app.outdir).parent / ".jupyter_cache" / name)
    config.read_checksum = digest(name, sources.of(*READING))
    config.written_checksum = sources.state(EVERYTHING)


def results(app, docnames):
    """Return, for each page that is a notebook, when its current results were kept, or nothing."""
    if app.config.nb_execution_mode != "cache":
        return {}
    cache = get_cache(app.config.nb_execution_cache_path)
    paths = [(name, str(app.env.doc2path(name))) for name in docnames]
    return {n: current(path, cache, app.sources) for n, path in paths if path.endswith(".ipynb")}


def pages_with_new_results(app, env, added, changed, removed):
    """Return the pages whose results are not those with which they were last read."""
    read, kept = getattr(env, "results_read", {}), results(app, env.found_docs).items()
    return [name for name, when in kept if when is None or read.get(name) != when]


def run_notebooks(app, env, docnames):
    """Run what is about to be read and has no results, and note which results are read."""
    paths = [str(env.doc2path(n)) for n, when in results(app, docnames).items() if when is None]
    cache = get_cache(app.config.nb_execution_cache_path)
    run_all(paths, cache, app.sources, app.config.nb_execution_timeout)
    env.results_read = getattr(env, "results_read", {}) | results(app, docnames)


def setup(app):
    """Register both checksums and connect each step to its moment."""
    app.add_config_value("read_checksum", "", "env")
    app.add_config_value("written_checksum", "", "html")
    app.connect("config-inited", name_cache)
    app.connect("env-get-outdated", pages_with_new_results)
    app.connect("env-before-read-docs", run_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
