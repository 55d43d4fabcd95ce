"""The lock file, the package's metadata and the conda environment say the same."""

import re
import shutil
import subprocess
import tomllib
from importlib.metadata import files, version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK_TEXT = (ROOT / "requirements.lock").read_text(encoding="utf-8")
EXTRAS = PROJECT["optional-dependencies"]
REQUIRED = [*PROJECT["dependencies"], *(name for extra in EXTRAS.values() for name in extra)]


def locked_requirements():
    """Return each entry of the lock file as (requirement, number of hashes)."""
    entries = re.split(r"\n(?=\S)", LOCK_TEXT.strip())
    return [(Requirement(e.split("\\")[0].strip()), e.count("--hash=sha256:")) for e in entries]


LOCKED = locked_requirements()
VERSIONS = {canonicalize_name(req.name): next(iter(req.specifier)).version for req, _ in LOCKED}


def test_every_locked_package_has_one_exact_version_and_a_hash():
    for requirement, hashes in LOCKED:
        assert [pin.operator for pin in requirement.specifier] == ["=="], requirement
        assert hashes > 0, requirement
    assert len(VERSIONS) == len(LOCKED)


def test_lock_names_no_address():
    assert not re.search(r"://|--(extra-)?index-url|--find-links|file:", LOCK_TEXT)


@pytest.mark.parametrize("text", REQUIRED)
def test_lock_satisfies_the_package_metadata(text):
    requirement = Requirement(text)
    assert requirement.specifier.contains(VERSIONS[canonicalize_name(requirement.name)])


def test_installed_versions_are_the_locked_ones():
    here = [req for req, _ in LOCKED if req.marker is None or req.marker.evaluate()]
    wanted = {req.name: VERSIONS[canonicalize_name(req.name)] for req in here}
    assert {name: version(name) for name in wanted} == wanted


def test_conda_environment_takes_every_version_from_the_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python, pip, packages = environment["dependencies"]
    assert pip == "pip"
    # pip refuses "-e ." beside hashed requirements, so the package itself is a second command.
    assert packages == {"pip": ["-r requirements.lock"]}
    assert python.startswith("python=")
    supported = Requirement(f"python{PROJECT['requires-python']}").specifier
    assert supported.contains(python.removeprefix("python="))


def test_binder_takes_every_version_from_the_lock():
    assert (ROOT / ".binder/requirements.txt").read_text().split() == ["-r", "../requirements.lock"]


def test_actions_are_pinned_by_the_sha_of_a_named_release():
    paths = (ROOT / ".github/workflows").glob("*.yml")
    uses = [line for path in paths for line in path.read_text().splitlines() if "uses:" in line]
    assert uses
    pinned = re.compile(r".*uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert [line for line in uses if not pinned.fullmatch(line)] == []
    watched = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
    assert [entry["package-ecosystem"] for entry in watched] == ["github-actions"]


def test_citation_names_the_version_and_the_three_studies():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PROJECT["version"]
    bibliography = (ROOT / "book/references.bib").read_text(encoding="utf-8")
    cited = [paper["doi"] for paper in citation["references"]]
    assert len(cited) == 3
    assert all(doi in bibliography for doi in cited)


def find_browser(folder, *programs, named=""):
    """Run .ci/chromium where these programs alone are there; each is a text of shell commands."""
    for name, commands in {"id": "echo 0", **dict(programs)}.items():
        (folder / name).write_text(f"#!{shutil.which('bash')}\n{commands}\n")
        (folder / name).chmod(0o755)
    return subprocess.run(
        [shutil.which("bash"), ROOT / ".ci/chromium", named],
        env={"PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_browser_is_found_or_named(tmp_path):
    browser = ("google-chrome", "exit 0")
    assert find_browser(tmp_path, browser).stdout == f"{tmp_path}/google-chrome\n"
    named = find_browser(tmp_path, browser, named="no-such-browser")
    assert (named.returncode, named.stdout) == (2, "")
    assert named.stderr == "no-such-browser: no such browser\n"


def test_browser_is_installed_where_apt_can(tmp_path):
    installed = f"> {tmp_path}/chromium; {shutil.which('chmod')} +x {tmp_path}/chromium"
    apt = ("apt-get", f'[ "$1" = update ] || {{ {installed}; }}')
    found = find_browser(tmp_path, apt)
    assert (found.stdout, found.returncode) == (f"{tmp_path}/chromium\n", 0)


@pytest.mark.parametrize("programs", [(), (("apt-get", "exit 1"),)])
def test_browser_that_is_nowhere_is_told_in_one_line(tmp_path, programs):
    found = find_browser(tmp_path, *programs)
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr.splitlines()[-1].startswith("A Chromium is needed and was not found.")


def test_axe_comes_with_the_lock():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    pattern = re.search(r"^AXE \?= .*?/site-packages/(\S+)$", makefile, re.MULTILINE)[1]
    (script,) = (path for path in files("axe-playwright-python") if str(path) == pattern)
    assert script.read_text(encoding="utf-8").startswith("/*! axe v")
