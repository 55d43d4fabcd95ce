"""The changelog holds the checksums of the registries to which the results belong.

After a change to a registry, say in the changelog what was changed and why, then run

    .venv/bin/python tests/test_changelog.py
"""

import re
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[1]
CHANGELOG = ROOT / "CHANGELOG.md"
LINE = re.compile(r"^[0-9a-f]{64}  (data/\w+/reported\.csv)$", re.MULTILINE)


def with_checksums(text):
    """Return the changelog with the checksums of the registries as they are now."""
    return LINE.sub(
        lambda line: f"{sha256((ROOT / line[1]).read_bytes()).hexdigest()}  {line[1]}", text
    )


def test_checksums_are_those_of_the_registries():
    text = CHANGELOG.read_text(encoding="utf-8")
    assert text == with_checksums(text), (
        "a registry has changed: say so in CHANGELOG.md, then run "
        ".venv/bin/python tests/test_changelog.py"
    )


def test_every_registry_has_a_checksum():
    registries = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("data/*/reported.csv")}
    assert set(LINE.findall(CHANGELOG.read_text(encoding="utf-8"))) == registries


if __name__ == "__main__":
    CHANGELOG.write_text(with_checksums(CHANGELOG.read_text(encoding="utf-8")), encoding="utf-8")
