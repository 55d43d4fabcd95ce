"""Read a TOML file into pydantic models; a fault is one line with file, key and what is wrong."""

import tomllib
from pathlib import Path
from typing import Annotated, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Strict, ValidationError

from rairlib.errors import RairlibError, unknown

Model = TypeVar("Model", bound=BaseModel)
Value = TypeVar("Value")
Several = Annotated[tuple[Value, ...], Strict(False)]


class DeclarationError(RairlibError):
    """A declared study cannot be searched."""


class Table(BaseModel):
    """A table of a declaration: no other keys, no other types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _ascending(pair: tuple) -> tuple:
    if pair[0] > pair[1]:
        raise ValueError("give two numbers in ascending order")
    return pair


Ascending = Annotated[tuple[Value, Value], Strict(False), AfterValidator(_ascending)]


def read_toml(path: Path, model: type[Model]) -> Model:
    """Read a file into a model.

    Parameters
    ----------
    path : Path
        TOML.
    model : type
        A pydantic model.

    Returns
    -------
    BaseModel
        Of that type.

    Raises
    ------
    DeclarationError
        One line per fault: ``FILE: classes[2].size: is '34': input should be a valid integer``.
    """
    try:
        return model.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise DeclarationError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DeclarationError(f"{path}: not TOML: {error}") from error
    except ValidationError as error:
        # A misspelt key is also a missing one; the misspelling says more.
        misspelt = {e["loc"][:-1] for e in error.errors() if e["type"] == "extra_forbidden"}
        lines = [
            str(fault(path, *_told(e, model)))
            for e in error.errors()
            if e["type"] != "missing" or e["loc"][:-1] not in misspelt
        ]
        # What a value is tried as may be faulty in more than one way.
        raise DeclarationError("\n".join(dict.fromkeys(lines))) from error


def fault(path: Path, place: str, text: str) -> DeclarationError:
    """Return the error for a key of a file."""
    return DeclarationError(": ".join(filter(None, (str(path), place, text))))


def _told(error: dict, model: type[BaseModel]) -> tuple[str, str]:
    """Return place and text of a fault that pydantic found."""
    place, keys = "", list(model.model_fields)
    for part in error["loc"]:
        if isinstance(part, int):
            place += f"[{part + 1}]"
            continue
        place += f".{part}" if place else part
        if part in keys:
            model = _inner(model.model_fields[part].annotation)
            keys = list(model.model_fields) if model else []
    text = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        name = error["loc"][-1]
        return place, unknown(name, "key" if len(error["loc"]) > 1 else "table", keys)
    if error["type"] == "missing":
        return place, "is missing"
    return place, f"is {error['input']!r}: {text[0].lower()}{text[1:]}"


def _inner(annotation) -> type[BaseModel] | None:
    """Return the model in an annotation such as ``list[Model]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_inner, get_args(annotation))), None)
