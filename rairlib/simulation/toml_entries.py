"""Read values from a TOML table; each fault names the file, the key and the fix."""

from dataclasses import dataclass
from typing import Any

from rairlib.errors import unknown
from rairlib.reported import Registry
from rairlib.search.declaration import DeclarationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One table of a file.

    Attributes
    ----------
    source : str
        File named in errors.
    place : str
        Path of the table, such as ``classes[2]``.
    data : dict
        As read.
    """

    source: str
    place: str
    data: dict[str, Any]

    def fault(self, key: str, text: str) -> DeclarationError:
        """Return the error for a key."""
        name = ".".join(filter(None, (self.place, key)))
        return DeclarationError(f"{self.source}: {name}: {text}")

    def _value(self, key: str, kinds, wanted: str):
        if key not in self.data:
            raise self.fault(key, f"is missing: give {wanted}")
        value = self.data[key]
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise self.fault(key, f"is {value!r}: give {wanted}")
        return value

    def text(self, key: str) -> str:
        """Return a text."""
        return self._value(key, str, "a text")

    def whole(self, key: str) -> int:
        """Return a whole number of zero or above."""
        value = self._value(key, int, "a whole number")
        if value < 0:
            raise self.fault(key, f"is {value}: give a whole number of zero or above")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        """Return a number."""
        if default is not None and key not in self.data:
            return default
        return float(self._value(key, (int, float), "a number"))

    def numbers(self, key: str, many: int) -> list[float]:
        """Return so many numbers in ascending order."""
        values = self._value(key, list, f"{many} numbers")
        good = len(values) == many and all(isinstance(value, (int, float)) for value in values)
        if not good or sorted(values) != values:
            raise self.fault(key, f"is {values!r}: give {many} numbers in ascending order")
        return [float(value) for value in values]

    def values(self, key: str, many: int) -> list[float]:
        """Return so many numbers in any order."""
        values = self._value(key, list, f"{many} numbers")
        if len(values) != many or not all(isinstance(value, (int, float)) for value in values):
            raise self.fault(key, f"is {values!r}: give {many} numbers")
        return [float(value) for value in values]

    def pair(self, key: str) -> tuple[int, int]:
        """Return a smallest and a largest whole number."""
        low, high = self.numbers(key, 2)
        return int(low), int(high)

    def words(self, key: str) -> list[str]:
        """Return a list of texts."""
        values = self._value(key, list, "a list of texts")
        if not all(isinstance(value, str) for value in values):
            raise self.fault(key, f"is {values!r}: give a list of texts")
        return values

    def known(self, name: str, names: list[str]) -> str:
        """Return a name of a class; refuse one that is not declared."""
        if name not in names:
            raise self.fault("", unknown(name, "declared class", names))
        return name

    def names_of(self, key: str, names: list[str]) -> list[str]:
        """Return names of classes; the text ``all`` stands for all."""
        if self.data.get(key) == "all":
            return names
        return [self._class(key, name, names) for name in self.words(key)]

    def groups_of(self, key: str, names: list[str]) -> list[list[str]]:
        """Return groups of classes that have no class in common."""
        groups = self._value(key, list, "lists of classes")
        if len(groups) < 2 or not all(isinstance(group, list) for group in groups):
            raise self.fault(key, "give two or more lists of classes")
        flat = [self._class(key, name, names) for group in groups for name in group]
        if len(set(flat)) < len(flat):
            raise self.fault(key, "a class stands in two groups: leave it in one")
        return groups

    def _class(self, key: str, name, names: list[str]) -> str:
        if name not in names:
            raise self.fault(key, unknown(str(name), "declared class", names))
        return name

    def reported(self, key: str, registry: Registry) -> str:
        """Return the id of a reported number."""
        name = self.text(key)
        ids = [row.id for row in registry]
        if name not in ids:
            raise self.fault(key, unknown(name, "reported number", ids))
        return name

    def table(self, key: str, keys: tuple[str, ...]) -> "Entry":
        """Return a table inside this one, which may have the keys named."""
        values = self._value(key, dict, "a table")
        return self._inner(key, values, keys)

    def tables(self, key: str, keys: tuple[str, ...]) -> list["Entry"]:
        """Return a list of tables; none if the key is left out."""
        values = self.data.get(key, [])
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            raise self.fault(key, f"write each as [[{key}]]")
        return [
            self._inner(f"{key}[{number}]", value, keys)
            for number, value in enumerate(values, start=1)
        ]

    def _inner(self, place: str, values: dict, keys: tuple[str, ...]) -> "Entry":
        inner = Entry(source=self.source, place=place, data=values)
        for key in values:
            if key not in keys:
                raise inner.fault(key, unknown(key, "key", keys))
        return inner
