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
    # A set has no order of its own, and a message must not change from run to run.
    names = [name for name in (sorted(known) if isinstance(known, set) else known) if name]
    others = {_plain(other): name for other, name in (spoken or {}).items() if name in names}
    meant = others.get(_plain(word)) or nearest(word, names)
    if not word:
        return f"is empty: use one of {', '.join(names)}"
    article = "an" if kind[0] in "aeiou" else "a"
    hint = f"did you mean {meant!r}?" if meant else f"use one of {', '.join(names)}"
    return f"{word!r} is not {article} {kind}: {hint}"


def _plain(word: str) -> str:
    return re.sub(r"[\s_-]+", "_", word.strip().lower())
