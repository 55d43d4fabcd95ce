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


def unknown(
    word: str, kind: str, known: Iterable[str], spoken: dict[str, str] | None = None
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
        Other names in use for known words, such as ``HR`` for ``hazard_ratio``.

    Returns
    -------
    str
        One line; it lists all known words only if none is near.
    """
    names = [name for name in known if name]
    others = {_plain(other): name for other, name in (spoken or {}).items() if name in names}
    meant = others.get(_plain(word)) or nearest(word, names)
    if not word:
        return f"is empty: use one of {', '.join(names)}"
    if meant:
        return f"{word!r} is not a {kind}: did you mean {meant!r}?"
    return f"{word!r} is not a {kind}: use one of {', '.join(names)}"


def _plain(word: str) -> str:
    return re.sub(r"[\s_-]+", "_", word.strip().lower())
