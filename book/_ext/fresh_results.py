"""Sphinx extension: tie the cached notebook results to the code and data behind them.

A notebook's results are cached by the notebook's own text. A change in the package, in the data
or in the pinned versions would therefore leave old results in the book. Here the cache gets the
checksum of all three as its name, and the same checksum is a configuration value on which every
page depends: when it changes, every page is read and every notebook is run again.

Notebooks without a cached result are run before the pages are read, one per core. Sphinx would
run them one after the other.
"""

import logging
from hashlib import sha256
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor

LOGGER = logging.getLogger(__name__)
LOGGER.setLevel(logging.WARNING)
SOURCES = ("rairlib/**/*.py", "data/**/*.*", "requirements.lock")


def checksum(root):
    """Return a short checksum of the names and contents of all files that results depend on."""
    digest = sha256()
    for path in sorted(path for pattern in SOURCES for path in root.glob(pattern)):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def name_cache(app, config):
    """Point the execution cache at the folder for the present code and data."""
    config.results_checksum = checksum(Path(app.srcdir))
    caches = Path(app.outdir).parent / ".jupyter_cache"
    config.nb_execution_cache_path = str(caches / config.results_checksum)


def run_notebooks(app, env, docnames):
    """Run the notebooks that are about to be read and have no cached result.

    One that fails is not cached: it is run again, and reported, when its page is read.
    """
    paths = [str(env.doc2path(name)) for name in docnames]
    notebooks = [path for path in paths if path.endswith(".ipynb")]
    if not notebooks or app.config.nb_execution_mode != "cache":
        return
    cache = get_cache(app.config.nb_execution_cache_path)
    for path in notebooks:
        cache.add_nb_to_project(path)
    executor = load_executor("local-parallel", cache, LOGGER)
    executor.run_and_cache(filter_uris=notebooks, timeout=app.config.nb_execution_timeout)


def setup(app):
    """Register the configuration value on which all pages depend."""
    app.add_config_value("results_checksum", "", "env")
    app.connect("config-inited", name_cache)
    app.connect("env-before-read-docs", run_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
