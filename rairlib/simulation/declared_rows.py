"""Look up the printed numbers of a declared study in its registry."""

from rairlib.errors import unknown
from rairlib.reported import Registry, ReportedNumber
from rairlib.search.declaration import Covariate, DeclaredStudy, Target
from rairlib.simulation.toml_entries import Entry

LIMITS = ("ci_low", "ci_high")


def target_of(entry: Entry, registry: Registry) -> Target:
    """Return the target that an entry names by the id of a reported number.

    Parameters
    ----------
    entry : Entry
        With ``id`` and perhaps ``weight``.
    registry : Registry
        Of the study.

    Returns
    -------
    Target
        Interval of the values that round to the print.
    """
    row = registry[entry.reported("id", registry)]
    return _target(row, entry, "id", entry.number("weight", 1.0))


def _target(row: ReportedNumber, entry: Entry, key: str, weight: float = 1.0) -> Target:
    printed = row.number
    if printed.operator != "=":
        raise entry.fault(
            key, f"{row.id} is printed as {row.printed}: only equalities are searched"
        )
    return Target(id=row.id, text=row.printed, low=printed.low, high=printed.high, weight=weight)


def covariate_of(entry: Entry, study: DeclaredStudy, registry: Registry, at_risk: str) -> Covariate:
    """Return a covariate with its printed counts and rows.

    Counts by stratum are those printed for the group of that name. For the stratum to which the
    patients outside the risk set belong, the count is what the others leave of the total.

    Parameters
    ----------
    entry : Entry
        With ``variable`` and perhaps ``classes`` or ``events``.
    study : DeclaredStudy
        Classes and strata.
    registry : Registry
        Of the study.
    at_risk : str
        Group of the patients at risk.

    Returns
    -------
    Covariate
        Level 1 is the level in the numerator of the printed ratio.
    """
    variable = entry.text("variable")
    rows = registry.where("hazard_ratio", variable=variable, repeats="")
    if not rows:
        known = {row.variable for row in registry.where("hazard_ratio")}
        raise entry.fault("variable", unknown(variable, "variable with a hazard ratio", known))
    levels = rows[0].contrast
    fields = {
        method: _row(method, rows, registry, entry) for method in ("univariable", "multivariable")
    }
    total = _count(registry, variable, levels[0], at_risk)
    if total is None:
        raise entry.fault("variable", f"no count of {levels[0]!r} is printed for {at_risk!r}")
    if "classes" in entry.data:
        classes = tuple(entry.names_of("classes", study.names))
        size = sum(c.size for c in study.classes if c.name in classes)
        if size != total:
            raise entry.fault("classes", f"have {size} patients, {total} are printed")
        return Covariate(variable=variable, levels=levels, classes=classes, **fields)
    counts, outside = _counts(entry, study, registry, levels[0], total)
    events = entry.pair("events") if "events" in entry.data else ()
    return Covariate(
        variable=variable, levels=levels, counts=counts, outside=outside, events=events, **fields
    )


def _row(method: str, rows, registry: Registry, entry: Entry) -> tuple[Target, ...]:
    """Return ratio and limits of a method, or nothing if it is not printed."""
    found = [row for row in rows if row.method == method]
    if not found:
        return ()
    limits = [
        [row for row in registry.belonging_to(found[0].id, statistic) if not row.repeats]
        for statistic in LIMITS
    ]
    if not all(limits):
        raise entry.fault("variable", f"{found[0].id} is printed without its limits")
    return tuple(
        _target(row, entry, "variable") for row in (found[0], *(limit[0] for limit in limits))
    )


def _count(registry: Registry, variable: str, level: str, group: str) -> int | None:
    rows = registry.where("count", variable=variable, level=level, group=group)
    rows = [row for row in rows if not row.repeats] or rows
    return int(rows[0].number.value) if rows else None


def _counts(
    entry: Entry, study: DeclaredStudy, registry: Registry, level: str, total: int
) -> tuple[dict[str, int], int]:
    """Return the counts by stratum of those at risk, and the count of those outside."""
    variable = entry.text("variable")
    counts = {name: _count(registry, variable, level, name) for name in study.strata}
    if any(count is None for count in counts.values()):
        return {"": total}, 0 if not study.outside else -1
    outside = sum(counts.values()) - total
    missing = {c.stratum for c in study.classes if study.outside.get(c.name, 0)}
    if len(missing) > 1 or not 0 <= outside <= sum(study.outside.values()):
        raise entry.fault(
            "variable",
            f"{outside} patients outside the risk set have {level!r}: correct cohort.outside",
        )
    for name in missing:
        counts[name] -= outside
    return counts, outside
