"""Sphinx extension: a notebook is run again when something that it read has changed.

The cache keeps a notebook's results by the text of its code. Here every kernel also records which
files of the project it opened and which folders it listed (`recorder/sitecustomize.py`): the data,
and the modules, however they came to be imported. The record is kept with the results, and they
are dropped when anything in it has changed, or when there is none. That is enough: where a program
finds the same in all that it reads, it goes on to read, and to say, the same.

* A module counts with its code and its docstrings, which pages show, not with its comments.
  A source that a notebook opens as a file, to show it, counts to the letter.
* Whether a file is there is asked without opening it: the names of all data count everywhere.
* The versions of Python and of the locked packages are the name of the cache.

Notebooks without results are run before the pages are read, one per core. Sphinx would run them
one after the other. Pages are read again when their results are new, and all are written again
when anything has changed, as a page may show another's results.
"""

import ast
import os
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError

RECORDER = Path(__file__).with_name("recorder")
CODE, DATA, COMPILED = "rairlib", "data", "__pycache__"
EVERYTHING, NAMES = "*", f"{DATA}/**/*"
# What the reading of pages depends on besides results: which numbers have a verdict, and how.
READING = ("book/_ext/*.py", f"{DATA}/*/study.toml", f"{DATA}/results/verdicts.csv")


class Sources:
    """The project's files as they were when first asked for: once per build."""

    def __init__(self, root):
        self.root = Path(root).resolve()
        self.states = {}

    def state(self, name):
        """Return a checksum of what counts of a file, of a folder, or of everything."""
        if name not in self.states:
            self.states[name] = digest(*self._parts(name))
        return self.states[name]

    def _parts(self, name):
        path = self.root / name
        if name == EVERYTHING:
            return [self.state(NAMES), self.of(f"{CODE}/**/*.py", NAMES)]
        if name == NAMES:
            return sorted(path.relative_to(self.root) for path in self.root.glob(NAMES))
        if path.is_dir():
            return sorted(other for other in os.listdir(path) if other != COMPILED)
        if path.parent.name == COMPILED:  # of an import, or of numba
            return [code_of(path.parents[1] / f"{path.name.partition('.')[0]}.py")]
        return [path.read_bytes()] if path.is_file() else []

    def of(self, *patterns):
        """Return a checksum of the names and contents of files."""
        paths = sorted(path for pattern in patterns for path in self.root.glob(pattern))
        names = [path.relative_to(self.root).as_posix() for path in paths if path.is_file()]
        return digest(*names, *map(self.state, names))

    def read_by(self, record):
        """Return the state of all that a record names; without a record, of everything."""
        lines = record.read_text().splitlines() if record.exists() else [EVERYTHING]
        names = {line.removeprefix(f"{self.root}/") for line in lines} | {NAMES}
        return {name: self.state(name) for name in sorted(names) if self.counts(name)}

    def counts(self, name):
        """Tell whether a file is not hidden or built; folders count in the code and data alone."""
        first = name.partition("/")[0]
        if first in (CODE, DATA, EVERYTHING):
            return not name.endswith(COMPILED)
        return not (first.startswith((".", "_")) or (self.root / name).is_dir())


def digest(*parts):
    """Return a short checksum of texts or bytes."""
    parts = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
    return sha256(b"".join(sha256(part).digest() for part in parts)).hexdigest()[:16]


def code_of(path):
    """Return the code of a module, or nothing where there is none."""
    try:
        return ast.dump(ast.parse(path.read_bytes()))
    except (OSError, SyntaxError):
        return ""


def forget_compiled(code):
    """Remove what numba compiled before the newest change of a module with such functions.

    It does not see a change in a function of another module that is compiled into its own.
    """
    jitted = [path for path in code.rglob("*.py") if b"numba" in path.read_bytes()]
    newest = max((path.stat().st_mtime for path in jitted), default=0)
    for compiled in code.rglob("*.nbc"):
        if compiled.stat().st_mtime < newest:
            compiled.unlink()


def run(path, root, record, timeout):
    """Run a notebook, recording what it reads; return it with its seconds."""
    notebook = nbformat.read(path, as_version=4)
    paths = [str(RECORDER), *filter(None, [os.environ.get("PYTHONPATH")])]
    recorded = {"RECORDED_ROOT": str(root), "RECORDED_READS": str(record)}
    where = {"metadata": {"path": str(Path(path).parent)}}
    client = NotebookClient(notebook, timeout=timeout, record_timing=False, resources=where)
    start = perf_counter()
    client.execute(env=os.environ | recorded | {"PYTHONPATH": os.pathsep.join(paths)})
    return notebook, perf_counter() - start


def run_all(paths, cache, sources, timeout):
    """Run notebooks, one per core, and keep their results with the state of all that they read.

    One that fails is not kept: it is run again, and reported, when its page is read.
    """
    sources.state(EVERYTHING)  # before they run: a later change is not what they have read
    forget_compiled(sources.root / CODE)
    with TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        records = {path: Path(folder) / str(number) for number, path in enumerate(paths)}
        runs = {
            pool.submit(run, path, sources.root, record, timeout): path
            for path, record in records.items()
        }
        for done in as_completed(runs):
            path = runs[done]
            try:
                notebook, seconds = done.result()
            except (CellControlSignal, DeadKernelError):
                continue
            data = {"execution_seconds": seconds, "reads": sources.read_by(records[path])}
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


# --- Sphinx -----------------------------------------------------------------------------------


def name_cache(app, config):
    """Name the cache after the versions, and tell Sphinx on what all pages depend."""
    app.sources = sources = Sources(app.srcdir)
    caches = Path(app.outdir).parent / ".jupyter_cache"
    name = digest(sys.version, sources.of("requirements.lock"))
    config.nb_execution_cache_path = str(caches / name)
    config.read_checksum = digest(name, sources.of(*READING))
    config.written_checksum = sources.state(EVERYTHING)


def notebooks(app, docnames):
    """Return the path of each page that is a notebook whose results are cached."""
    paths = {name: str(app.env.doc2path(name)) for name in docnames}
    cached = app.config.nb_execution_mode == "cache"
    return {name: path for name, path in paths.items() if cached and path.endswith(".ipynb")}


def pages_with_new_results(app, env, added, changed, removed):
    """Return the pages whose results are not those with which they were last read."""
    cache, read = get_cache(app.config.nb_execution_cache_path), getattr(env, "results_read", {})
    kept = {
        name: current(path, cache, app.sources)
        for name, path in notebooks(app, env.found_docs).items()
    }
    return [name for name, when in kept.items() if when is None or read.get(name) != when]


def run_notebooks(app, env, docnames):
    """Run what is about to be read and has no results, and note which results are read."""
    cache, found = get_cache(app.config.nb_execution_cache_path), notebooks(app, docnames)
    wanted = [path for path in found.values() if current(path, cache, app.sources) is None]
    if wanted:
        run_all(wanted, cache, app.sources, app.config.nb_execution_timeout)
    read = {name: current(path, cache, app.sources) for name, path in found.items()}
    env.results_read = getattr(env, "results_read", {}) | read


def setup(app):
    """Register both checksums and connect each step to its moment."""
    app.add_config_value("read_checksum", "", "env")
    app.add_config_value("written_checksum", "", "html")
    app.connect("config-inited", name_cache)
    app.connect("env-get-outdated", pages_with_new_results)
    app.connect("env-before-read-docs", run_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
