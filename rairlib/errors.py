"""The one error type that users see, and the hint that turns a typing error into a known word."""

import difflib
import re
from collections.abc import Iterable


class RairlibError(Exception):
    """A fault in the input, told in one line per fault; the command line exits with 2."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that was probably meant.

    Parameters
    ----------
    word : str
        As it was typed.
    known : iterable of str
        The words that there are.

    Returns
    -------
    str
        One of the known words; empty if none is near. Case, blanks and hyphens do not count.
    """
    plain = {_plain(name): name for name in known}
    near = difflib.get_close_matches(_plain(word), plain, n=1, cutoff=0.7)
    return plain[near[0]] if near else ""


MOST_LISTED = 12


def unknown(
    word: str, kind: str, known: Iterable[str], spoken: dict[str, str] | None = None, other=""
) -> str:
    """Say that a word is not known, and name the nearest known one.

    Parameters
    ----------
    word : str
        As it was typed.
    kind : str
        What it should be, for example ``statistic``.
    known : iterable of str
        The words that there are.
    spoken : dict of str to str, optional
        Other names in use for known words, such as ``HR`` for ``hazard_ratio``; a name may stand
        for several, joined by ``or``.
    other : str
        What to do where no word is meant, for a kind with too many words to list.

    Returns
    -------
    str
        One line; it lists the known words, if they are few, only if none is near.
    """
    # A set has no order of its own, and a message must not change from run to run.
    names = [name for name in (sorted(known) if isinstance(known, set) else known) if name]
    others = {
        _plain(name): meant.split(" or ")
        for name, meant in (spoken or {}).items()
        if set(meant.split(" or ")) <= set(names)
    }
    near = nearest(word, names)
    meant = others.get(_plain(word)) or ([near] if near else _related(word, names))
    listed = f"use one of {', '.join(names)}" if len(names) <= MOST_LISTED or not other else other
    if not word:
        return f"is empty: {listed}"
    article = "an" if kind[0] in "aeiou" else "a"
    hint = f"did you mean {' or '.join(map(repr, meant))}?" if meant else listed
    return f"{word!r} is not {article} {kind}: {hint}"


def _related(word: str, names: list[str]) -> list[str]:
    """Return the few known words that share a part of three letters or more with a word."""
    parts = {part for part in _plain(word).split("_") if len(part) > 2}
    found = [name for name in names if parts & set(name.split("_"))]
    return found if len(found) <= 4 else []


def _plain(word: str) -> str:
    return re.sub(r"[\s_-]+", "_", word.strip().lower())
