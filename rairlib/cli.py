"""The command line: ``rairlib verdicts | audit | reconstruct | simulate``."""

import argparse
import os
import sys
from pathlib import Path

import pandas as pd

from rairlib.checks import audit
from rairlib.errors import RairlibError
from rairlib.findings import findings_frame
from rairlib.output import FORMATS, as_file, as_json, render, write_whole
from rairlib.publish import differences
from rairlib.reconstructions import reconstruct_study
from rairlib.reported import read_registry
from rairlib.results import WITNESS
from rairlib.simulation import achieved, simulation_of
from rairlib.studies import load_studies
from rairlib.verdicts import all_findings, all_verdicts

VERDICT_COLUMNS = ["study", "id", "printed", "role", "evidence", "reproduced", "verdict", "reason"]


def _verdicts(options: argparse.Namespace) -> int:
    if options.check:
        lines = differences(options.study)
        print("\n".join(lines) if lines else "results agree with those kept in data/results")
        return 1 if lines else 0
    verdicts = all_verdicts(options.study)
    shown = verdicts[VERDICT_COLUMNS] if options.format == "table" else verdicts
    print(render(shown, options.format))
    return 0


def _audit(options: argparse.Namespace) -> int:
    if _is_file_name(options.registry):
        registry = read_registry(options.registry)
        findings = findings_frame(registry.study, audit(registry))
    else:
        findings = all_findings(options.registry)
    if options.format != "table":
        print(render(findings, options.format))
        return 0
    counts = findings["status"].value_counts()
    passed = findings["status"] == "agrees"
    _print_findings(findings[~passed])
    print(", ".join(f"{number} {status}" for status, number in counts.items()) or "no findings")
    return 0


def _is_file_name(word: str) -> bool:
    """Whether a word names a registry file and not one of the studies."""
    path = Path(word)
    return word not in load_studies() and (path.name != word or path.suffix or path.exists())


def _print_findings(findings: pd.DataFrame) -> None:
    for finding in findings.to_dict("records"):
        target = f" {finding['target']}" if finding["target"] else ""
        print(f"{finding['status']}{target} ({finding['check']}): {finding['text']}")


def _reconstruct(options: argparse.Namespace) -> int:
    records = reconstruct_study(options.study)
    if options.format == "json":
        print(as_json(records))
        return 0
    rows = [
        {**{key: record[key] for key in ("study", "model", "candidates", "agreeing")}, **cell}
        for record in records
        for cell in record["cells"]
    ]
    print(render(pd.DataFrame(rows).fillna(""), options.format))
    return 0


def _simulate(options: argparse.Namespace) -> int:
    simulation = simulation_of(options.study)
    folder = Path(options.out)
    folder.mkdir(parents=True, exist_ok=True)
    if options.witness:
        cohort = simulation.witness(options.seed)
        report = as_file(achieved(simulation, cohort))
        _write_csv(folder / WITNESS, cohort.to_csv(index=False, lineterminator="\n"))
        _write_csv(folder / "achieved.csv", report)
        return 0
    for number, cohort in enumerate(simulation.cohorts(options.n, options.seed), start=1):
        name = f"simulated_cohort_{number:04d}.csv"
        _write_csv(folder / name, cohort.to_csv(index=False, lineterminator="\n"))
    return 0


def _write_csv(path: Path, text: str) -> None:
    write_whole(path, text)
    print(f"wrote {path}", file=sys.stderr, flush=True)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above zero")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of zero or above")
    return int(text)


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str):
        self.exit(2, f"{self.prog}: {message}; {self.prog} --help lists what there is\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="rairlib", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    verdicts = commands.add_parser("verdicts", help="every reported number and what became of it")
    verdicts.add_argument("study", nargs="?", default="", help="key of a study; all if left out")
    verdicts.add_argument(
        "--check", action="store_true", help="exit 1 where results differ from those kept"
    )
    verdicts.set_defaults(run=_verdicts)
    audit_command = commands.add_parser("audit", help="checks on print alone")
    audit_command.add_argument("registry", metavar="STUDY|FILE.csv", help="a study or a registry")
    audit_command.set_defaults(run=_audit)
    reconstruct = commands.add_parser("reconstruct", help="joint tables that print determines")
    reconstruct.add_argument("study", help="key of a study")
    reconstruct.set_defaults(run=_reconstruct)
    for command in (verdicts, audit_command, reconstruct):
        command.add_argument("--format", choices=FORMATS, default="table")
    simulate = commands.add_parser("simulate", help="cohorts that agree with the printed anchors")
    simulate.add_argument("study", help="key of a study")
    simulate.add_argument("-n", type=_positive, default=1, help="number of cohorts (default 1)")
    simulate.add_argument("--seed", type=_seed, default=1, help="default 1")
    simulate.add_argument("--out", default=".", help="folder to write to (default: this one)")
    simulate.add_argument(
        "--witness",
        action="store_true",
        help="one cohort that is also steered to the held-out numbers, with its report",
    )
    simulate.set_defaults(run=_simulate)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : list of str, optional
        Words after ``rairlib``; those of the process if left out.

    Returns
    -------
    int
        0; 1 if kept and fresh results differ; 2 after an error, told in one line per fault.
    """
    options = _parser().parse_args(arguments)
    try:
        code = options.run(options)
        sys.stdout.flush()
        return code
    except RairlibError as error:
        print(error, file=sys.stderr)
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"{error.filename or 'output'}: {error.strerror}", file=sys.stderr)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
