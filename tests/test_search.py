"""A search from declaration to cohort, on a made-up study; stopping, resuming, determinism."""

from dataclasses import replace

import numpy as np
import pytest
from search_toy import QUICK, toy_arrays, toy_cohort, toy_study

from rairlib.errors import RairlibError
from rairlib.search.declaration import DeclarationError
from rairlib.search.schedule import (
    FourSearch,
    LinearStep,
    MeetingStep,
    Round,
    Schedule,
    schedule_from,
)
from rairlib.search.search import Search
from rairlib.search.state import STAGES
from rairlib.simulation import searching
from rairlib.simulation.searching import fingerprint, read_state, skeleton, write_state


@pytest.fixture(scope="module")
def study():
    return toy_study(toy_cohort())


SHORT = replace(
    QUICK,
    chunk_steps=5_000,
    timeline_rounds=(Round(steps=10_000, start=1e4, end=0.05, cap=100.0),),
    covariate_rounds=(Round(steps=15_000, start=1e3, end=0.5, cap=100.0),),
    polish_iterations=2,
)


def same(one, other) -> bool:
    place = (one.stage, one.round, one.chunk) == (other.stage, other.round, other.chunk)
    names = one.arrays.keys() == other.arrays.keys()
    arrays = all(np.array_equal(array, other.arrays[k]) for k, array in one.arrays.items())
    return place and names and arrays


def test_search_finds_a_cohort_that_rounds_to_every_printed_number(study):
    search = Search(study, QUICK, 1, workers=2)
    state = search.run()
    report = search.report(state)
    assert state.stage == "done"
    assert report.loc[report["hit"] == "no", ["variable", "printed", "value"]].empty


def test_search_goes_on_from_a_known_order_in_time(study):
    classes, events, marks, _ = toy_arrays(toy_cohort())
    search = Search(study, QUICK, 1)
    state = search.run(search.start_from(classes, events, marks))
    assert np.array_equal(state.arrays["events"], events)
    assert (search.report(state)["hit"] == "yes").all()


def test_workers_do_not_change_the_cohort(study):
    assert same(Search(study, SHORT, 4).run(), Search(study, SHORT, 4, workers=2).run())


def test_seed_changes_the_cohort(study):
    assert not same(Search(study, SHORT, 4).run(), Search(study, SHORT, 5).run())


def test_search_resumed_after_any_chunk_ends_as_if_never_stopped(study, tmp_path):
    states = list(Search(study, SHORT, 7).steps())
    assert [state.stage for state in states][-1] == STAGES[-1]
    mark = fingerprint(study, SHORT, 7)
    for state in states[:-1]:
        write_state(tmp_path / "state.npz", state, mark)
        resumed = Search(study, SHORT, 7).run(read_state(tmp_path / "state.npz", mark))
        assert same(resumed, states[-1])


def test_checkpoint_of_another_search_is_refused(study, tmp_path):
    path = tmp_path / "state.npz"
    write_state(path, Search(study, SHORT, 7).start(), fingerprint(study, SHORT, 7))
    with pytest.raises(RairlibError, match="belongs to another declaration, schedule or seed"):
        read_state(path, fingerprint(study, SHORT, 8))
    with path.open("wb") as stream:
        np.save(stream, np.arange(3))
    array = path.read_bytes()
    with path.open("wb") as stream:
        np.savez(stream, about=np.array("[1]"))
    foreign = path.read_bytes()
    for content in (b"", b"position,class\n", array, foreign, foreign[:40]):
        path.write_bytes(content)
        with pytest.raises(RairlibError, match=f"^{path}: not a checkpoint of a search$"):
            read_state(path, "")
    with pytest.raises(RairlibError, match="no such file"):
        read_state(tmp_path / "none.npz", "")


def test_command_keeps_a_checkpoint_and_tells_how_far_it_is(study, tmp_path, monkeypatch):
    monkeypatch.setattr(searching, "load_declared", lambda key: (study, SHORT))
    lines = []
    cohort, report = searching.search_study("toy", 3, tmp_path, tell=lines.append)
    assert lines[0].startswith("timeline 1.2, energy ")
    assert lines[-1].startswith("done ")
    assert lines[-1].endswith("of 14 printed numbers hit")
    kept = tmp_path / searching.CHECKPOINT
    again, _ = searching.search_study("toy", 3, tmp_path, resume=kept)
    assert again.equals(cohort)
    known = toy_arrays(toy_cohort())[:3]
    other, _ = searching.search_study("toy", 3, tmp_path, timeline=known)
    assert other["event"].tolist() == known[1].tolist()
    assert list(report.columns) == [
        "id", "model", "variable", "printed", "value", "hit", "digits", "percent"
    ]  # fmt: skip


def test_search_that_is_stopped_says_how_to_go_on(study, tmp_path, monkeypatch):
    monkeypatch.setattr(searching, "load_declared", lambda key: (study, SHORT))
    whole, _ = searching.search_study("toy", 3, tmp_path / "whole")

    def stop(line):
        if line.startswith("covariates"):
            raise KeyboardInterrupt

    kept = tmp_path / "stopped" / searching.CHECKPOINT
    with pytest.raises(RairlibError, match=r"stopped: go on with --resume .*search_state\.npz"):
        searching.search_study("toy", 3, kept.parent, tell=stop)
    again, _ = searching.search_study("toy", 3, kept.parent, resume=kept)
    assert again.equals(whole)


def test_skeleton_has_the_declared_counts(study):
    search = Search(study, SHORT, 2)
    cohort = skeleton(study, search.run())
    assert len(cohort) == 40
    assert cohort["event"].sum() == study.events
    for covariate in study.covariates:
        counts = cohort[cohort[covariate.variable] == "yes"]["class"].value_counts()
        assert counts.to_dict() == {k: n for k, n in covariate.counts.items() if n}


def test_declaration_that_contradicts_itself_is_refused(study):
    first, second = study.classes
    wrong = replace(study, classes=(replace(first, events=(0, 0)), replace(second, events=(0, 2))))
    with pytest.raises(DeclarationError, match="but the classes allow 0 to 2"):
        Search(wrong, SHORT, 1)
    crowded = replace(study.covariates[0], counts={"group 0": 21, "group 1": 1})
    with pytest.raises(DeclarationError, match="21 patients with 'yes' do not fit"):
        Search(replace(study, covariates=(crowded,)), SHORT, 1)


def test_schedule_takes_what_the_file_says_and_defaults_for_the_rest():
    rounds = [{"steps": 5, "start": 2, "end": 1, "cap": 9}]
    schedule = schedule_from({"chunk_steps": 10, "single_rounds": rounds}, "FILE")
    assert schedule.chunk_steps == 10
    assert schedule.single_rounds == (Round(steps=5, start=2.0, end=1.0, cap=9.0),)
    assert schedule.inside == Schedule().inside
    four = {"pairs": 9, "keys": 2, "lookups": 3, "refits": 4}
    meeting = {"size": 5, "cancelling": 1, "walked": 2, "walk": 3, "per_column": 6, **four}
    linear = {
        "size": 1, "cancelling": 2, "walked": 3, "steps": 4, "start": 5, "end": 6, "width": 7
    }  # fmt: skip
    plans = {"timeline_plan": [four], "linear_plan": [linear], "meeting_plan": [meeting, meeting]}
    schedule = schedule_from(plans, "FILE")
    assert schedule.timeline_plan == (FourSearch(**four),)
    assert schedule.linear_plan == (LinearStep(**linear),)
    assert schedule.meeting_plan == 2 * (MeetingStep(**meeting),)
    assert isinstance(schedule.meeting_plan[0].size, float)
    with pytest.raises(RairlibError, match=r"FILE: schedule\.meeting_plan: cannot read"):
        schedule_from({"meeting_plan": [four]}, "FILE")
    with pytest.raises(RairlibError, match=r"FILE: schedule: .*did you mean 'chunk_steps'"):
        schedule_from({"chunk_step": 10}, "FILE")
    with pytest.raises(RairlibError, match=r"FILE: schedule\.single_rounds: cannot read"):
        schedule_from({"single_rounds": [{"steps": 5}]}, "FILE")
