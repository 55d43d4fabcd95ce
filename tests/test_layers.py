"""The direction in which modules may import each other, read from the code without running it.

A room imports those alone that stand before it in `ROOMS`. Analyses get frames and arrays and do
not reach the registry, whatever lies between: they must not see what they are compared with.
"""

import ast
from fnmatch import fnmatch
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "rairlib"

ROOMS = (
    "errors output stats registry figures checks reconstruct cohorts studies verdicts pages cli "
    "__main__"
)
STUDY_PAGES = ("pages", "calculator", "exercises")  # they stand among the pages
# They get frames and arrays; words and colours of verdicts are no answers.
BLIND = ("stats", "figures", "studies.*.analysis", "studies.*.unpublished")
ANSWERS = ("registry.registry", "registry.kept_files", "checks", "verdicts", "pages")
ESTIMATORS = ("statsmodels", "lifelines", "firthmodels", "scipy", "sklearn", "numba")


def module_name(path: Path, package: Path) -> str:
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imported_names(tree: ast.AST, name: str, is_package: bool) -> set[str]:
    """Return the full names of all imports, those inside functions included."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = name.split(".")[: len(name.split(".")) - node.level + is_package]
                base = ".".join([*above, *filter(None, [base])])
            names |= {f"{base}.{alias.name}" for alias in node.names}
    return names


def read_imports(package: Path) -> dict[str, set[str]]:
    """Return what each module of a package imports."""
    paths = {module_name(path, package): path for path in sorted(package.rglob("*.py"))}
    return {
        name: imported_names(
            ast.parse(path.read_text(encoding="utf-8")), name, path.name == "__init__.py"
        )
        for name, path in paths.items()
    }


def own_imports(imports: dict[str, set[str]]) -> dict[str, set[str]]:
    """Keep the package's own modules: the longest beginning of each name that is one."""
    return {
        name: {modules[0] for found in names if (modules := modules_of(found, imports))} - {name}
        for name, names in imports.items()
    }


def modules_of(name: str, imports: dict[str, set[str]]) -> list[str]:
    """Return the module in which a name stands and the packages around it, inside first."""
    parts = name.split(".")
    beginnings = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return [beginning for beginning in beginnings if beginning in imports]


def reached(imports: dict[str, set[str]], start: str) -> dict[str, str]:
    """Return every module that a module reaches, with the module that imports it.

    Importing a module also runs the packages around it, so these are reached too.
    """
    own, found, waiting = own_imports(imports), {}, [start]
    while waiting:
        importer = waiting.pop()
        for name in (module for target in own[importer] for module in modules_of(target, imports)):
            if name not in found:
                found[name] = importer
                waiting.append(name)
    return found


def within(name: str, layer: tuple[str, ...]) -> bool:
    """Whether a module is one of a layer or stands inside one; ``*`` is any one name."""
    parts = name.split(".")[1:]
    return any(
        all(fnmatch(*pair) for pair in zip(parts, wanted.split("."), strict=False))
        for wanted in layer
        if len(parts) >= wanted.count(".") + 1
    )


def breaches(
    imports: dict[str, set[str]], importers: tuple[str, ...], forbidden: tuple[str, ...]
) -> list[str]:
    """List the ways from one layer to another that it may not import."""
    return sorted(
        f"{name} reaches {target} through {importer}"
        for name in imports
        if within(name, importers)
        for target, importer in reached(imports, name).items()
        if within(target, forbidden)
    )


def room_of(name: str) -> str:
    """Return the room of a module; a study's pages are pages."""
    parts = name.split(".")[1:]
    return "pages" if parts[-1] in STUDY_PAGES else parts[0]


def cycle_of(imports: dict[str, set[str]]) -> list[str]:
    """Return the modules of one import cycle, or nothing."""
    try:
        TopologicalSorter(own_imports(imports)).prepare()
    except CycleError as error:
        return error.args[1]
    return []


IMPORTS = read_imports(PACKAGE)


def test_no_room_imports_a_higher_one():
    rank = {room: place for place, room in enumerate(ROOMS.split())}
    own = {name: found for name, found in own_imports(IMPORTS).items() if name.count(".")}
    pairs = [(name, target) for name, found in own.items() for target in found if "." in target]
    assert [pair for pair in pairs if rank[room_of(pair[0])] < rank[room_of(pair[1])]] == []


def test_analyses_and_figures_cannot_reach_the_printed_numbers():
    assert breaches(IMPORTS, BLIND, ANSWERS) == []


def test_analyses_open_no_file():
    readers = {"open", "read_csv", "read_text", "read_bytes", "Path"}
    found = set()
    for path in PACKAGE.rglob("*.py"):
        name = module_name(path, PACKAGE)
        if within(name, BLIND):
            nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
            called = {node.id for node in nodes if isinstance(node, ast.Name)}
            called |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
            found |= {(name, reader) for reader in called & readers}
    assert found == set()


def test_figures_draw_and_do_not_estimate():
    assert breaches(IMPORTS, ("figures",), ("stats", "reconstruct", "studies.*.analysis")) == []
    found = {
        (name, target)
        for name, targets in IMPORTS.items()
        if within(name, ("figures",))
        for target in targets
        if target.split(".")[0] in ESTIMATORS
    }
    assert found == set()


def test_modules_import_each_other_in_no_circle():
    assert cycle_of(IMPORTS) == []


MADE_UP = {
    "__init__.py": "",
    "registry/registry.py": "import csv\n",
    "between.py": "def late():\n    from rairlib.registry import registry\n    return registry\n",
    "stats/cox.py": "import rairlib.between\nfrom scipy import stats\n",
    "figures/__init__.py": "from .forest import draw\n",
    "figures/forest.py": "from ..stats.cox import fit\nimport scipy.stats as st\n",
    "cli.py": "from rairlib import registry\n",
}


@pytest.fixture
def made_up(tmp_path):
    for name, code in MADE_UP.items():
        path = tmp_path / "rairlib" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code, encoding="utf-8")
    return tmp_path / "rairlib"


def test_detour_late_import_and_relative_import_are_noticed(made_up):
    assert breaches(read_imports(made_up), ("stats", "figures.forest"), ANSWERS) == [
        "rairlib.figures.forest reaches rairlib.registry.registry through rairlib.between",
        "rairlib.stats.cox reaches rairlib.registry.registry through rairlib.between",
    ]


def test_module_named_behind_from_package_import_is_noticed(made_up):
    assert "rairlib.registry" in read_imports(made_up)["rairlib.cli"]


def test_estimator_is_noticed_in_either_form_of_import(made_up):
    imports = read_imports(made_up)
    assert "scipy.stats" in imports["rairlib.stats.cox"] & imports["rairlib.figures.forest"]


def test_circle_is_noticed(made_up):
    (made_up / "registry" / "registry.py").write_text("from rairlib.stats import cox\n")
    circle = {"rairlib.stats.cox", "rairlib.between", "rairlib.registry.registry"}
    assert set(cycle_of(read_imports(made_up))) == circle
