"""All that is of one paper, a folder per study; what a study has is found by looking into it."""

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules


def own_studies() -> list[str]:
    """Return the keys of the studies that have code of their own."""
    return [module.name for module in iter_modules(__path__) if module.ispkg]


@cache
def part_of(study: str, module: str, name: str):
    """Return what a study's module hands out under a name; None where it has no such thing."""
    if study not in own_studies() or find_spec(f"{__name__}.{study}.{module}") is None:
        return None
    return getattr(import_module(f"{__name__}.{study}.{module}"), name, None)
