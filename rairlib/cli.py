"""The command line: ``rairlib verdicts | audit | import | reconstruct | simulate | …``.

Each command imports what it needs when it runs, so that help and completion need not wait for it.
"""

import io
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

import typer

from rairlib.errors import RairlibError

SHOWN = ["study", "id", "printed", "role", "evidence", "test", "reproduced", "verdict", "reason"]
# fmt: off
SUMMARY_SHOWN = [
    "quantity", "true", "left_out", "without_estimate", "estimates", "median", "low", "high",
    "share_significant", "share_covering", "type_m", "type_s",
]
# fmt: on
INTERRUPTED = 130

Key = Annotated[str, typer.Argument(metavar="STUDY|FOLDER", help="A study or its folder.")]
Form = Annotated[
    Literal["table", "json", "csv"],
    typer.Option(
        "--format",
        help="json keeps every text as it is; table and csv show control characters escaped, and "
        "csv puts an apostrophe before a text that a spreadsheet would take for a formula.",
    ),
]

app = typer.Typer(
    help="Check and recompute the numbers that a paper prints.",
    epilog="Exit code: 0 done; 1 results differ (verdicts --check) or cells were not read "
    "(import); 2 an error; 130 interrupted.",
)

cohort_app = typer.Typer(help="Cohorts of real patients: public ones and your own.")
app.add_typer(cohort_app, name="cohort")


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"rairlib {version('rairlib')}")
        raise typer.Exit


@app.callback()
def _common(
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder with the studies' data.", envvar="RAIRLIB_DATA"),
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version)
    ] = False,
) -> None:
    if data is not None:
        os.environ["RAIRLIB_DATA"] = str(data)


@app.command("verdicts")
def _verdicts(
    study: Annotated[
        str, typer.Argument(metavar="STUDY|FOLDER", help="A study or its folder; all if left out.")
    ] = "",
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 1 where results differ from those kept.")
    ] = False,
    form: Form = "table",
) -> int:
    """Show every reported number and what became of it."""
    from rairlib.output import render
    from rairlib.verdicts import publish, verdicts

    if check:
        lines = publish.differences(study)
        print("\n".join(lines) if lines else "results agree with those kept in data/results")
        return 1 if lines else 0
    table = verdicts.all_verdicts(study)
    print(render(table[SHOWN] if form == "table" else table, form))
    return 0


@app.command("audit")
def _audit(
    registry: Annotated[
        str,
        typer.Argument(
            metavar="STUDY|FOLDER|FILE.csv", help="A study, its folder or a registry file."
        ),
    ],
    form: Annotated[
        Literal["md", "html", "json", "csv"] | None,
        typer.Option("--format", help="Left out: as --out ends, else md."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write to a file, as its ending says.")
    ] = None,
    findings: Annotated[
        bool, typer.Option("--findings", help="Every finding of every check, not the problems.")
    ] = False,
) -> int:
    """Check the printed numbers of a paper against each other: the problems, largest first."""
    from rairlib.checks.catalogue import audit
    from rairlib.pages.audit_report import report
    from rairlib.reconstruct.audited import joint_table_findings
    from rairlib.registry.registry import load_registry, read_registry

    ending = out.suffix.lower().lstrip(".") if out else "md"
    if ending not in ("md", "html", "json", "csv"):
        raise RairlibError(f"{out}: end the name in .md, .html, .json or .csv")
    _refuse_existing(out)
    form = form or ending
    if findings and form == "html":
        raise RairlibError("--findings has no html: take --format md, json or csv")
    if _is_file_name(registry) and not (Path(registry) / "reported.csv").is_file():
        read = read_registry(registry)
        found = audit(read)
    else:
        from rairlib.verdicts.verdicts import study_findings

        read = load_registry(registry)
        found = study_findings(read)
    found += joint_table_findings(read)
    text = (_findings_text if findings else report)(read, found, form)
    if out:
        _write_csv(out, text + "\n")
    else:
        print(text)
    return 0


def _findings_text(registry, found: list, form: str) -> str:
    """Write every finding as csv or json; in lines, those that do not agree."""
    from rairlib.checks.findings import findings_frame
    from rairlib.output import printable, render

    findings = findings_frame(registry.study, found)
    if form != "md":
        return render(findings, form)
    lines = [
        printable(" ".join(filter(None, [row.status, row.target, f"({row.check}): {row.text}"])))
        for row in findings[findings["status"] != "agrees"].itertuples()
    ]
    counts = findings["status"].value_counts()
    told = ", ".join(f"{number} {status}" for status, number in counts.items())
    return "\n".join([*lines, told or "no findings"])


@app.command("import")
def _import(
    table: Annotated[
        Path, typer.Argument(metavar="TABLE", help="CSV, Excel, HTML, JATS XML or Word.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.csv", help="File to write.")],
    number: Annotated[
        int | None, typer.Option("--table", metavar="N", help="Which table, if there are several.")
    ] = None,
    locus: Annotated[
        str, typer.Option(metavar="'Table 1'", help="Its place; else as its title says.")
    ] = "",
    groups: Annotated[
        str, typer.Option(metavar="'A=78, B=58'", help="Sizes of groups that it does not print.")
    ] = "",
    outcome: Annotated[
        str, typer.Option(metavar="'A vs B'", help="A has the outcome; else as the columns stand.")
    ] = "",
    cells: Annotated[
        str,
        typer.Option(metavar="'mean (SD)'", help="What cells hold whose label does not say it."),
    ] = "",
) -> int:
    """Turn a printed table into a registry file, and ask about what is not certain."""
    from rairlib.output import as_file, printable, write_whole
    from rairlib.registry.tables import import_table

    _refuse_existing(out)
    sizes = dict(part.partition("=")[::2] for part in groups.split(",") if part.strip())
    sizes = {name.strip(): size.strip() for name, size in sizes.items()}
    found = import_table(
        table, table=number, locus=locus, sizes=sizes, outcome=outcome, cells=cells
    )
    write_whole(out, as_file(found.rows))
    for line in found.told:
        print(printable(line))
    for line in [*found.doubts, *found.unread]:
        print(printable(f"{table.name}: {line}"), file=sys.stderr)
    marked = found.rows["note"].str.startswith("?").sum()
    print(f"{len(found.rows)} numbers, {marked} of them to be confirmed, in {out}")
    if found.unread:
        were = "cell was" if len(found.unread) == 1 else "cells were"
        print(f"{len(found.unread)} {were} not read: see above", file=sys.stderr)
    return int(bool(found.unread))


def _is_file_name(word: str) -> bool:
    """Whether a word names a registry file and not one of the studies, whose data it may lack."""
    from rairlib.registry.studies import load_studies

    path = Path(word)
    if path.name != word or path.suffix:
        return True
    with suppress(RairlibError):
        return path.exists() and word not in load_studies()
    return path.exists()


@app.command("reconstruct")
def _reconstruct(study: Key, form: Form = "table") -> int:
    """Show the joint tables that the printed numbers determine."""
    import pandas as pd

    from rairlib.output import as_json, printable, render
    from rairlib.reconstruct.accounts import reconstruct_study

    records = reconstruct_study(study)
    if form == "json":
        print(as_json(records))
        return 0
    rows = [
        {**{key: record[key] for key in ("study", "model", "candidates", "agreeing")}, **cell}
        for record in records
        for cell in record["cells"]
    ]
    print(render(pd.DataFrame(rows).fillna(""), form))
    for line in dict.fromkeys(filter(None, map(_told_of, records))):
        print(printable(line), file=sys.stderr if form == "csv" else sys.stdout)
    return 0


def _told_of(record: dict) -> str:
    """Say of a model what its tables do not show."""
    place, number = f"{record['study']}, {record['model']}", record["agreeing"]
    if "explained_by" in record:
        why = "; ".join(record["explained_by"]) or "no single fault that was tried gives one"
        return f"{place}: no table; {why}"
    gives = record.get("giving_p_values", number)
    return f"{place}: of {number} tables {gives} also give the printed p values" * (gives < number)


@app.command("simulate")
def _simulate(
    study: Key,
    number: Annotated[
        int | None, typer.Option("-n", min=1, help="Number of cohorts (default 1).")
    ] = None,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write to.")] = Path(),
    witness: Annotated[
        bool,
        typer.Option(
            "--witness",
            help="One cohort that is also steered to the held-out numbers, with its report.",
        ),
    ] = False,
) -> int:
    """Draw simulated cohorts that agree with the printed anchors."""
    if witness and number is not None:
        raise RairlibError("-n and --witness exclude each other: --witness is one cohort")
    from rairlib.output import as_file
    from rairlib.registry.studies import WITNESS
    from rairlib.studies import simulations as studies
    from rairlib.studies.simulations import achieved

    simulation = studies.simulation_of(study)
    # From here on a file may be half written: clean up before stopping.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    out.mkdir(parents=True, exist_ok=True)
    with _alone_in(out):
        if witness:
            cohort = simulation.witness(seed)
            report = as_file(achieved(simulation, cohort))
            _write_csv(out / WITNESS, cohort.to_csv(index=False, lineterminator="\n"))
            _write_csv(out / "achieved.csv", report)
            return 0
        for place, cohort in enumerate(simulation.cohorts(number or 1, seed), start=1):
            name = f"simulated_cohort_{place:04d}.csv"
            _write_csv(out / name, cohort.to_csv(index=False, lineterminator="\n"))
    return 0


@app.command("repeats")
def _repeats(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A study of the book.")],
    number: Annotated[int, typer.Option("-n", min=1, help="Number of repeats.")] = 1000,
    size: Annotated[
        float, typer.Option(help="Patients in each, as a multiple of the study's own number.")
    ] = 1.0,
    truth: Annotated[
        str, typer.Option(help="What the patients are drawn from; the study's model if left out.")
    ] = "",
    seed: Annotated[int, typer.Option(min=0)] = 1,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Keep the repeats here, and go on with those there are."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes here; one per core if left out.")
    ] = None,
    scheduler: Annotated[
        str, typer.Option(metavar="ADDRESS", help="A Dask scheduler, such as tcp://host:8786.")
    ] = "",
    form: Form = "table",
) -> int:
    """Repeat a study on new patients, and count how often its conclusions come out.

    In json and csv, rows with an id are conclusions, rows with a quantity are the summary.
    """
    if workers and scheduler:
        raise RairlibError("--workers and --scheduler exclude each other: a cluster has its own")
    import pandas as pd
    from joblib import cpu_count

    from rairlib.output import printable, render
    from rairlib.studies import repeats as engine

    repeats = engine.repeats_of(study)
    settings = engine.settings_of(repeats, size, truth, seed)
    # From here on there may be processes and a folder to clear away before stopping.
    signal.signal(signal.SIGINT, _stop_quietly)
    with ExitStack() as stack:
        folder = out or Path(stack.enter_context(TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        stack.enter_context(_alone_in(folder))
        engine.run_repeats(
            study,
            number,
            size,
            truth,
            seed,
            folder=folder,
            workers=workers or cpu_count(),
            scheduler=scheduler,
            progress=_with_time_left,
        )
        held = engine.conclusions_held(repeats, folder)
        summary = engine.summarised(repeats, folder, settings["truth"])
    if form != "table":
        print(render(pd.concat([held, summary]), form))
        return 0
    print(
        f"{study}: {number} repeats of {settings['patients']} patients, drawn from "
        f"{settings['truth']}, seed {seed}\n\nshare of repeats (95 % interval): conclusion"
    )
    for row in held.itertuples():
        print(printable(f"{row.share:6.1%} ({row.low:.1%} to {row.high:.1%}): {row.text}"))
    print("\n" + render(summary[SUMMARY_SHOWN], form))
    return 0


def _stop_quietly(*_) -> None:
    """Stop without the laments of threads whose worker processes are gone."""
    threading.excepthook = lambda _: None
    raise KeyboardInterrupt


def _with_time_left(blocks: Iterable, total: int) -> Iterable:
    """Show on a terminal how many blocks are done and how long the others will take."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    shown = {"console": console, "disable": not console.is_terminal, "transient": True}
    return track(blocks, f"{total} blocks", total, **shown)


@cohort_app.command("fetch")
def _cohort_fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="uci915 or tcga-thca.")],
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="DIR", help="Copy the files from here; without it, fetch."),
    ] = None,
    target: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="DIR",
            help="Keep them here; without it, in the folder that RAIRLIB_COHORTS names or the "
            "user's cache.",
        ),
    ] = None,
) -> int:
    """Get the files of a public cohort and check them; they stay outside the project."""
    from rairlib.cohorts.public import fetch, public_cohort

    for path in fetch(name, source, target):
        print(path)
    cohort = public_cohort(name)
    print(f"{cohort.citation} ({cohort.licence})", file=sys.stderr)
    return 0


@cohort_app.command("template")
def _cohort_template(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A study of the book.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write to.")] = Path(),
) -> int:
    """Write the mapping to fill in for a cohort of your own, and the data dictionary."""
    from rairlib.cohorts.own import dictionary, template

    texts = {f"{study}_mapping.toml": template(study), f"{study}_dictionary.csv": dictionary(study)}
    out.mkdir(parents=True, exist_ok=True)
    if kept := [str(out / name) for name in texts if (out / name).exists()]:
        raise RairlibError(f"{kept[0]}: is there already; name another folder with --out")
    for name, text in texts.items():
        _write_csv(out / name, text)
    return 0


@cohort_app.command("check")
def _cohort_check(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A study of the book.")],
    cohort: Annotated[
        Path, typer.Option(metavar="FILE", help="CSV, Parquet, Excel, Stata or SPSS.")
    ],
    mapping: Annotated[
        Path, typer.Option(metavar="MAPPING.toml", help="Its columns in the study's words.")
    ],
) -> int:
    """Check a cohort of your own: every fault with its row, its column and the mend."""
    from rairlib.cohorts.own import read_cohort

    own = read_cohort(study, cohort, mapping)
    print(f"{cohort.name}: no fault in {len(own.frame)} patients and {own.frame.shape[1]} columns")
    if own.absent:
        print(f"columns of {study} that the mapping does not give: {', '.join(own.absent)}")
    return 0


@app.command("replicate")
def _replicate(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A study of the book.")],
    cohort: Annotated[
        Path, typer.Option(metavar="FILE", help="CSV, Parquet, Excel, Stata or SPSS.")
    ],
    mapping: Annotated[
        Path | None,
        typer.Option(
            metavar="MAPPING.toml",
            help="Its columns in the study's words; without it, the file has them already.",
        ),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write to.")] = Path(),
    threshold: Annotated[
        int, typer.Option(min=1, help="Numbers of patients up to this one are hidden.")
    ] = 7,
    k: Annotated[int, typer.Option("--k", min=1, help="Patients alike, at least.")] = 5,
    diversity: Annotated[
        int, typer.Option("--l", min=1, help="Sensitive values among them, at least.")
    ] = 2,
    imputations: Annotated[
        int, typer.Option(min=0, help="Of missing covariates, beside complete cases; 0 for none.")
    ] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Of the imputation.")] = 1,
    override: Annotated[
        list[str] | None,
        typer.Option(
            metavar="'COLUMN: CLASS = REASON'",
            help="Let a finding of the gate pass; the report carries the reason. Repeatable.",
        ),
    ] = None,
) -> int:
    """Run a study's analysis on a cohort of your own and set it beside the paper."""
    from rairlib.cohorts.gate import gate
    from rairlib.cohorts.own import read_cohort
    from rairlib.output import write_all
    from rairlib.pages.report import answer, report
    from rairlib.verdicts.replication import is_simulated, replicate

    own = read_cohort(study, cohort, mapping)
    passed = gate(
        own.raw,
        own.quasi_identifiers,
        own.sensitive,
        k,
        diversity,
        ids=own.ids,
        overrides=_reasons(override or []),
    )
    passed.require_passed()
    simulated = is_simulated(own.raw)
    found = replicate(
        study,
        own.frame,
        own.notes,
        simulated=simulated,
        threshold=threshold,
        imputations=imputations,
        seed=seed,
    )
    texts = {out / name: text for name, text in report(found, passed).items()}
    out.mkdir(parents=True, exist_ok=True)
    with _alone_in(out):
        write_all(texts)
    for path in texts:
        print(f"wrote {path}", file=sys.stderr)
    if own.absent and not mapping:
        print(f"without a mapping, columns of {study} not there: {', '.join(own.absent)}")
    print("\n".join(["SIMULATED PATIENTS: no replication"] * simulated + answer(found)))
    return 0


def _reasons(overrides: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in overrides]
    return {finding.strip(): reason.strip() for finding, _, reason in pairs}


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Lock a folder, without leaving a file in it; refuse one that another run has locked."""
    try:
        import fcntl
    except ImportError:  # Windows has no such lock
        yield
        return
    place = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RairlibError(
                f"{folder}: another run writes there; wait, or name another folder with --out"
            ) from error
        yield
    finally:
        os.close(place)


def _refuse_existing(out: Path | None) -> None:
    if out and out.exists():
        raise RairlibError(f"{out}: is there already; name another file with --out")


def _write_csv(path: Path, text: str) -> None:
    from rairlib.output import write_whole

    write_whole(path, text)
    print(f"wrote {path}", file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : list of str, optional
        Words after ``rairlib``; those of the process if left out.

    Returns
    -------
    int
        0; 1 if kept and fresh results differ or cells of a table were not read; 2 after an error,
        told in one line per fault; 130 after an interruption.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):  # a terminal that lacks a sign shows its number
            stream.reconfigure(errors="backslashreplace")
    command = typer.main.get_command(app)
    try:
        code = command.main(arguments, prog_name="rairlib", standalone_mode=False)
        sys.stdout.flush()
    except RairlibError as error:
        return _fail(str(error), error)
    except typer.TyperException as error:
        fault = " ".join(error.format_message().split()).rstrip(".")
        return _fail(f"rairlib: {fault}; rairlib --help lists what there is")
    except (BrokenPipeError, SystemExit):  # the reader of our output has seen enough
        _drop_output()
        return 0
    except OSError as error:
        if error.filename is None:
            _drop_output()
        return _fail(f"{error.filename or 'output'}: {error.strerror}")
    return _fail("stopped", KeyboardInterrupt()) if code == INTERRUPTED else code or 0


def _drop_output() -> None:
    """Leave nothing that Python would try to write, and fail to, when it ends."""
    with suppress(io.UnsupportedOperation):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(text: str, error: BaseException | None = None) -> int:
    from rairlib.output import printable

    print("\n".join(map(printable, text.split("\n"))), file=sys.stderr)
    stopped = any(isinstance(e, KeyboardInterrupt) for e in (error, getattr(error, "__cause__", 0)))
    return INTERRUPTED if stopped else 2
