"""The direction in which modules may import each other, read from the code without running it.

Analyses get frames and arrays and cannot reach the registry, whatever lies between: they must not
see the numbers that they are compared with.
"""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "rairlib"

# A name stands for a module or for a package with all its modules.
ANALYSES = (
    "description",
    "regression",
    "selection",
    "splines",
    "discrimination",
    "predicted_risks",
    "resampling",
    "fast_logistic",
    "lowess",
    "calibration",
    "hosmer_lemeshow",
    "decision",
    "fast_selection",
    "development",
    "stability",
    "sample_size",
    "validation",
    "cutoffs",
    "joint_tables",
    "logistic_kernels",
    "reconstruct",
    "submodels",
    "table_search",
    "nearest_tables",
    "identification",
    "anchoring",
    "logrank_range",
    "progression",
    "roc_limits",
    "dichotomised_areas",
    "subgroup_tables",
    "subgroup_chance",
    "nomogram",
    "risk_interval",
    "observation",
    "survival",
    "cox",
    "cox_performance",
    "firth",
    "proportional_hazards",
    "time_dependent",
    "cohorts.annealing",
    "cohorts.breslow",
    "cohorts.covariates",
    "cohorts.order",
    "cohorts.quantiles",
    "cohorts.search",
    "cohorts.study",
    "papers",
    "figures",
)
ANSWERS = (
    "reported",
    "registry_file",
    "studies",
    "findings",
    "text_findings",
    "checks",
    "compare",
    "verdicts",
    "derivation",
    "results",
    "printed_models",
    "kept_tables",
    "hypotheses",
    "reconstructions",
    "cohorts.declared",
    "cohorts.order_trials",
    "simulation",
)
COHORT_ANALYSES = (
    "description",
    "regression",
    "discrimination",
    "cutoffs",
    "survival",
    "cox",
    "cox_performance",
    "firth",
    "proportional_hazards",
    "time_dependent",
    "anchoring",
    "papers",
    "figures",
    "cohorts",
    "simulation",
)
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


def within(name: str, layer: tuple[str, ...], root: str = "rairlib") -> bool:
    return any(name == f"{root}.{part}" or name.startswith(f"{root}.{part}.") for part in layer)


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


def cycle_of(imports: dict[str, set[str]]) -> list[str]:
    """Return the modules of one import cycle, or nothing."""
    try:
        TopologicalSorter(own_imports(imports)).prepare()
    except CycleError as error:
        return error.args[1]
    return []


IMPORTS = read_imports(PACKAGE)


@pytest.mark.parametrize("layer", [*ANALYSES, "reported", "registry_file", "checks", "studies"])
def test_layers_name_modules_that_exist(layer):
    assert any(within(name, (layer,)) for name in IMPORTS)


def test_analyses_cannot_reach_the_printed_numbers():
    assert breaches(IMPORTS, ANALYSES, ANSWERS) == []


def test_analyses_open_no_file():
    readers = {"open", "read_csv", "read_text", "read_bytes", "Path"}
    found = set()
    for path in PACKAGE.rglob("*.py"):
        name = module_name(path, PACKAGE)
        if within(name, ANALYSES):
            nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
            called = {node.id for node in nodes if isinstance(node, ast.Name)}
            called |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
            found |= {(name, reader) for reader in called & readers}
    assert found == set()


def test_checks_on_print_alone_cannot_reach_analyses_of_cohorts():
    assert breaches(IMPORTS, ("checks",), COHORT_ANALYSES) == []


def test_figures_cannot_reach_an_estimator_of_the_package():
    estimators = tuple(name for name in ANALYSES if name != "figures")
    assert breaches(IMPORTS, ("figures",), estimators) == []


def test_figures_import_no_estimator():
    found = {
        (name, target)
        for name, targets in IMPORTS.items()
        if within(name, ("figures",))
        for target in targets
        if target.split(".")[0] in ESTIMATORS
    }
    assert found == set()


def test_nothing_imports_the_command_line():
    users = [name for name, found in IMPORTS.items() if any(within(n, ("cli",)) for n in found)]
    assert [name for name in users if not within(name, ("cli", "__main__"))] == []


def test_modules_import_each_other_in_no_circle():
    assert cycle_of(IMPORTS) == []


MADE_UP = {
    "__init__.py": "",
    "reported.py": "import csv\n",
    "between.py": "def late():\n    from rairlib.reported import Registry\n    return Registry\n",
    "regression.py": "import rairlib.between\nfrom scipy import stats\n",
    "figures/__init__.py": "from .forest import draw\n",
    "figures/forest.py": "from ..regression import fit\nimport scipy.stats as st\n",
    "cli.py": "from rairlib import reported\n",
}


@pytest.fixture
def made_up(tmp_path):
    for name, code in MADE_UP.items():
        path = tmp_path / "rairlib" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code, encoding="utf-8")
    return tmp_path / "rairlib"


def test_detour_late_import_and_relative_import_are_noticed(made_up):
    assert breaches(read_imports(made_up), ("regression", "figures.forest"), ("reported",)) == [
        "rairlib.figures.forest reaches rairlib.reported through rairlib.between",
        "rairlib.regression reaches rairlib.reported through rairlib.between",
    ]


def test_module_named_behind_from_package_import_is_noticed(made_up):
    assert "rairlib.reported" in read_imports(made_up)["rairlib.cli"]


def test_estimator_is_noticed_in_either_form_of_import(made_up):
    imports = read_imports(made_up)
    assert "scipy.stats" in imports["rairlib.regression"] & imports["rairlib.figures.forest"]


def test_circle_is_noticed(made_up):
    (made_up / "reported.py").write_text("from rairlib import regression\n", encoding="utf-8")
    circle = {"rairlib.regression", "rairlib.between", "rairlib.reported"}
    assert set(cycle_of(read_imports(made_up))) == circle
