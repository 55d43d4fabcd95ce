"""Frozen means frozen: the record of the registries' states is only ever added to.

`data/roles_log.csv` has a row per state of a registry and kind of change, the newest last; the
changelog lists the same states. After a change to registries, commit it and say why:

    .venv/bin/python tests/test_changelog.py "WHY"

This adds rows for every registry that has changed, lists the new states in the changelog, and
prints what `PINNED` is to become. No row that stands is touched.
"""

import csv
import io
import re
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime
from hashlib import sha256
from itertools import accumulate
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHANGELOG, LOG = ROOT / "CHANGELOG.md", ROOT / "data" / "roles_log.csv"
# How many rows stand for good, and the SHA-256 of the log up to the last of them.
PINNED = (25, "e4ecfdd287d5213928b310614dc64eff4b9ea40d6fb489998ee7715030c1a388")
LINE = re.compile(r"^(?:[\d-]{10} [\d:]{5}  )?([0-9a-f]{64})  (data/\w+/reported\.csv)$", re.M)
RELEASE = re.compile(r"^## \[(\d.*?)\]", re.M)


def digest(text):
    return sha256(text.encode()).hexdigest()


def entries(log):
    return list(csv.DictReader(io.StringIO(log)))


def broken(log):
    """Return the rows above which something was changed after they had been written."""
    pasts = accumulate(log.splitlines(keepends=True))
    return [
        row
        for row, past in zip(entries(log), pasts, strict=False)
        if row["chain"] != digest(past)[:16]
    ]


def states(log):
    """Return the version of each checksum and file, those before a release left out."""
    rows = [row for row in entries(log) if not row["version"].startswith("before")]
    return {(row["sha256"], f"data/{row['study']}/reported.csv"): row["version"] for row in rows}


def changes(old, new):
    """Return the identifiers by role before and after; no role for rows that come or go."""
    old, new = ({row["id"]: row["role"] for row in entries(text)} for text in (old, new))
    found = defaultdict(list)
    for name in [*new, *(old.keys() - new.keys())]:
        if old.get(name, "") != new.get(name, ""):
            found[old.get(name, ""), new.get(name, "")].append(name)
    return found or {("", ""): []}


def text_of(path, checksum):
    """Find a past state of a registry in the history."""
    for commit in git("log", "--format=%H", "--", path).split():
        text = git("show", f"{commit}:{path}")
        if digest(text) == checksum:
            return text
    raise SystemExit(f"{path}: its last state in the log, {checksum}, is in no commit")


def git(*arguments):
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()


def appended(log, study, why, when, version, old, new):
    """Return the log with the changes of one registry at its end."""
    for (before, after), names in changes(old, new).items():
        out = io.StringIO()
        row = [when, version, study, " ".join(names), before, after, why, digest(new)]
        csv.writer(out, lineterminator="\n").writerow([*row, digest(log)[:16]])
        log += out.getvalue()
    return log


def main(why):
    log, changelog = LOG.read_text(encoding="utf-8"), CHANGELOG.read_text(encoding="utf-8")
    if broken(log):
        raise SystemExit(f"{LOG.name}: a past row was changed: restore it from the history")
    when, version = f"{datetime.now(UTC):%Y-%m-%d %H:%M}", f"after {RELEASE.search(changelog)[1]}"
    last = {row["study"]: row["sha256"] for row in entries(log)}
    for path in sorted(ROOT.glob("data/*/reported.csv")):
        name, new = path.relative_to(ROOT).as_posix(), path.read_bytes().decode()
        known = last.get(path.parent.name)
        if digest(new) == known:
            continue
        old = text_of(name, known) if known else new  # a first version changes nothing
        log = appended(log, path.parent.name, why, when, version, old, new)
        end = list(LINE.finditer(changelog.partition("\n## [0")[0]))[-1].end()
        changelog = f"{changelog[:end]}\n{when}  {digest(new)}  {name}{changelog[end:]}"
    LOG.write_text(log, encoding="utf-8")
    CHANGELOG.write_text(changelog, encoding="utf-8")
    print(f'PINNED = ({len(entries(log))}, "{digest(log)}")')


@pytest.fixture(scope="module")
def log():
    return LOG.read_text(encoding="utf-8")


def test_no_past_row_was_changed(log):
    assert broken(log) == [], "a past row of data/roles_log.csv was changed: restore it"
    rows, checksum = PINNED
    past = "".join(log.splitlines(keepends=True)[: rows + 1])
    assert (len(entries(past)), digest(past)) == (rows, checksum)


def test_a_changed_past_is_noticed(log):
    head, first, rest = log.split("\n", 2)
    assert broken(f"{head}\n{first.replace('first', 'final')}\n{rest}")
    assert broken(f"{head}\n{rest}")


def test_the_last_state_of_each_registry_is_that_of_its_file(log):
    last = {f"data/{row['study']}/reported.csv": row["sha256"] for row in entries(log)}
    registries = {
        path.relative_to(ROOT).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in ROOT.glob("data/*/reported.csv")
    }
    assert registries == last, 'a registry has changed: run tests/test_changelog.py "WHY"'


def test_the_changelog_lists_every_state_and_the_release_its_own(log):
    text = CHANGELOG.read_text(encoding="utf-8")
    release = text.partition("## [0.1.0]")[2]
    assert set(LINE.findall(text)) == set(states(log))
    assert {key for key, version in states(log).items() if version == "0.1.0"} == set(
        LINE.findall(release)
    )


def test_a_change_of_roles_is_added_at_the_end(log):
    old = "id,role\na,anchor\nb,held_out\nc,design\n"
    new = "id,role\na,anchor\nb,anchor\nd,design\n"
    longer = appended(log, "toy", "it was used", "2026-11-30 12:00", "after 0.1.0", old, new)
    assert longer.startswith(log)
    assert broken(longer) == []
    added = [(row["ids"], row["from"], row["to"]) for row in entries(longer)[len(entries(log)) :]]
    assert added == [("b", "held_out", "anchor"), ("d", "", "design"), ("c", "design", "")]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit('say why, in one sentence: tests/test_changelog.py "WHY"')
    main(sys.argv[1])
