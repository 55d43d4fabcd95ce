"""The numbers that stand in a source text, so that a registry can be proved complete."""

import re
from dataclasses import dataclass

TOKEN = re.compile(r"\d+(?:[.,·]\d+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceToken:
    """One run of digits in a source text.

    Attributes
    ----------
    line : int
        Line of the text, from 1.
    position : int
        Ordinal of the token in its line, from 1.
    token : str
        Digits with inner points or commas, without sign and unit.
    """

    line: int
    position: int
    token: str


def tokens(text: str) -> list[SourceToken]:
    """List all runs of digits of a text in reading order.

    Parameters
    ----------
    text : str
        The source text, lines separated by newlines.

    Returns
    -------
    list of SourceToken
        A trailing full stop or comma is not part of a token.
    """
    return [
        SourceToken(line=line, position=position, token=match.group())
        for line, content in enumerate(text.split("\n"), start=1)
        for position, match in enumerate(TOKEN.finditer(content), start=1)
    ]
