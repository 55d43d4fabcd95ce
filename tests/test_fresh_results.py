"""A notebook is run again when something that it read has changed, and only then."""

import os
import shutil
import sys
from pathlib import Path

import nbformat
import pytest

pytest.importorskip("myst_nb")
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from fresh_results import Sources, current, forget_compiled, run, run_all  # noqa: E402
from jupyter_cache import get_cache  # noqa: E402
from sphinx.application import Sphinx  # noqa: E402

FILES = {
    "requirements.lock": "numpy==2\n",
    "conf.py": (
        "extensions = ['myst_nb', 'fresh_results']\n"
        "exclude_patterns = ['_build']\n"
        "nb_execution_mode = 'cache'\n"
    ),
    "data/one/cohort.csv": "age\n30\n",
    "data/two/cohort.csv": "age\n40\n",
    "data/two/blocks.parquet": "PAR1",
    "rairlib/__init__.py": (
        "from importlib import import_module\n\n\n"
        "def __getattr__(name):\n"
        "    return getattr(import_module(f'rairlib.stats.{name}'), name)\n"
    ),
    "rairlib/stats/__init__.py": "",
    "rairlib/stats/cox.py": (
        "def cox():\n    from rairlib.stats.late import RATIO\n\n    return RATIO\n"
    ),
    "rairlib/stats/late.py": "RATIO = 2\n",
    "rairlib/stats/roc.py": "def roc():\n    return 1\n",
    "rairlib/studies/__init__.py": (
        "from importlib import import_module\n\n\n"
        "def part_of(study, name):\n"
        "    return getattr(import_module(f'rairlib.studies.{study}'), name)\n"
    ),
    "rairlib/studies/one.py": (
        "from pathlib import Path\n\n"
        "def first():\n"
        "    folder = next(Path(__file__).parents[2].glob('data/o*'))\n"
        "    return (folder / 'cohort.csv').read_text().split()[1]\n"
    ),
    "rairlib/studies/two.py": "first = None\n",
}
PAGES = {
    "door": "import rairlib as rr\nprint('ratio', rr.cox())",
    "study": "from rairlib.studies import part_of\nprint(part_of('one', 'first')())",
    "source": "import inspect\nfrom rairlib.stats import roc\nprint(inspect.getsource(roc))",
    "child": (
        "from concurrent.futures import ProcessPoolExecutor\n"
        "from multiprocessing import get_context\n"
        "from pathlib import Path\n"
        "with ProcessPoolExecutor(1, get_context('spawn')) as pool:\n"
        "    print(pool.submit(Path('data/two/cohort.csv').read_text).result())"
    ),
    "program": "import subprocess\nsubprocess.run(['cat', 'data/two/cohort.csv'])",
}


def write_project(folder, pages):
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for name in pages:
        cells = [nbformat.v4.new_code_cell(PAGES[name])]
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python"}}
        notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
        nbformat.write(notebook, folder / f"{name}.ipynb")


def cache_of(folder):
    return get_cache(str(folder / "_build" / "cache"))


def run_again(folder):
    """Return the pages without current results."""
    cache, sources = cache_of(folder), Sources(folder)
    return {name for name in PAGES if current(folder / f"{name}.ipynb", cache, sources) is None}


@pytest.fixture(scope="module")
def was_run(tmp_path_factory):
    """Return a small project, each of whose notebooks was run once."""
    folder = tmp_path_factory.mktemp("book")
    write_project(folder, PAGES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        paths = [str(folder / f"{name}.ipynb") for name in PAGES]
        run_all(paths, cache_of(folder), Sources(folder), 60)
    return folder


@pytest.mark.parametrize(
    ("file", "text", "pages"),
    [
        pytest.param("README.md", "new", "", id="a file that nothing reads"),
        pytest.param("{cox}", "# why\n{}", "program", id="comment"),
        pytest.param("{roc}", "# why\n{}", "program source", id="comment of a source on a page"),
        pytest.param("{cox}", '"""Why."""\n{}', "program door", id="docstring"),
        pytest.param("{cox}", "{}\nA = 1\n", "program door", id="code behind the door"),
        pytest.param("{late}", "RATIO = 3\n", "program door", id="import inside a function"),
        pytest.param("{one}", "{}\nA = 1\n", "program study", id="import by a name put together"),
        pytest.param("{two}", "first = 1\n", "program", id="code that no notebook reaches"),
        pytest.param("data/one/cohort.csv", "age\n31\n", "program study", id="data"),
        pytest.param("data/two/cohort.csv", "age\n41\n", "program child", id="data of a child"),
        pytest.param("data/two/blocks.parquet", "PAR2", " ".join(PAGES), id="no text"),
        pytest.param("data/three.csv", "", " ".join(PAGES), id="new data"),
        pytest.param("data/two/cohort.csv", None, " ".join(PAGES), id="data gone"),
        pytest.param("rairlib/studies/six.py", "", "program study", id="new module of a folder"),
        pytest.param("{late}", None, "program door source", id="module gone from a folder"),
    ],
)
def test_notebook_is_run_again_when_what_it_read_has_changed(was_run, tmp_path, file, text, pages):
    folder = shutil.copytree(was_run, tmp_path / "book")
    assert run_again(folder) == set()
    names = {path.stem: path for path in folder.glob("rairlib/*/*.py")}
    path = names[file[1:-1]] if file[0] == "{" else folder / file
    if text is None:
        path.unlink()
    else:
        path.write_text(text.replace("{}", path.read_text() if path.exists() else ""))
    assert run_again(folder) == set(pages.split())


def test_results_without_a_record_are_not_used(was_run, tmp_path):
    folder = shutil.copytree(was_run, tmp_path / "book")
    cache_of(folder).cache_notebook_file(
        folder / "door.ipynb", check_validity=False, overwrite=True
    )
    assert run_again(folder) == {"door"}


def test_change_while_a_notebook_runs_is_a_change(tmp_path, monkeypatch):
    write_project(tmp_path, ["door"])
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    sources = Sources(tmp_path)
    (tmp_path / "rairlib" / "stats" / "late.py").write_text("RATIO = 3\n")
    page = tmp_path / "door.ipynb"
    run_all([str(page)], cache_of(tmp_path), sources, 60)
    assert current(page, cache_of(tmp_path), Sources(tmp_path)) is None


def test_notebook_that_fails_leaves_no_results(tmp_path, monkeypatch):
    write_project(tmp_path, ["door"])
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "rairlib" / "stats" / "late.py").unlink()
    run_all([str(tmp_path / "door.ipynb")], cache_of(tmp_path), Sources(tmp_path), 60)
    assert cache_of(tmp_path).list_cache_records() == []


def test_record_has_every_module_that_the_kernel_lists(tmp_path):
    """The exercises import the pages of all studies, by names put together."""
    files = "getattr(module, '__file__', '') for module in sys.modules.values()"
    cell = nbformat.v4.new_code_cell(
        f"import sys\nimport rairlib as rr\nrr.check\nprint(*({files}), sep='\\n')"
    )
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "page.ipynb")
    sources, record = Sources(ROOT), tmp_path / "record"
    notebook, _ = run(tmp_path / "page.ipynb", sources.root, record, 120)
    files = map(Path, notebook.cells[0].outputs[0].text.splitlines())
    imported = {f.relative_to(ROOT).as_posix() for f in files if ROOT / "rairlib" in f.parents}
    assert "rairlib/studies/lakhdar2024/pages.py" in imported
    assert {f"{file}c" for file in imported} <= sources.read_by(record).keys()


def test_compiled_functions_older_than_a_change_in_any_of_them_are_removed(tmp_path):
    folder = tmp_path / "__pycache__"
    folder.mkdir()
    times = {"old.nbc": 1, "new.nbc": 3, "old.pyc": 1}
    for name, seconds in times.items():
        (folder / name).touch()
        os.utime(folder / name, (seconds, seconds))
    for name, seconds, text in (("a", 2, "import numba"), ("b", 4, "")):
        (tmp_path / f"{name}.py").write_text(text)
        os.utime(tmp_path / f"{name}.py", (seconds, seconds))
    forget_compiled(tmp_path)
    assert {path.name for path in folder.iterdir()} == {"new.nbc", "old.pyc"}


def build(folder):
    """Return the pages that a build of the small book reads, and its page behind the door."""
    out = folder / "_build"
    book = Sphinx(folder, folder, out / "html", out / "doctrees", "html", status=None)
    read = set()
    book.connect("source-read", lambda app, name, text: read.add(name))
    book.build()
    return read, (out / "html" / "door.html").read_text()


def test_page_is_read_again_when_its_results_are_new(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    write_project(tmp_path, ["door", "source"])
    (tmp_path / "index.md").write_text("# Book\n\n```{toctree}\ndoor\nsource\n```\n")
    late = tmp_path / "rairlib" / "stats" / "late.py"

    read, door = build(tmp_path)
    assert read == {"index", "door", "source"}
    assert "ratio 2" in door
    read, door = build(tmp_path)
    assert read == set()

    late.write_text("RATIO = 3\n")
    read, door = build(tmp_path)
    assert read == {"door"}
    assert "ratio 3" in door

    late.write_text("RATIO = 4\n")
    (cache,) = (tmp_path / "_build" / ".jupyter_cache").iterdir()
    page = str(tmp_path / "door.ipynb")  # a build that is stopped when it has run the page:
    run_all([page], get_cache(str(cache)), Sources(tmp_path), 60)
    read, door = build(tmp_path)
    assert read == {"door"}
    assert "ratio 4" in door

    (tmp_path / "requirements.lock").write_text("numpy==3\n")
    read, door = build(tmp_path)
    assert read == {"index", "door", "source"}
