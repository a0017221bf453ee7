"""Runs that are killed and go on, in processes of their own."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from conflictcoder.cli import main

from ..conftest import ROOT

# The command line, with a coder that fails where an article says so, and that takes its time.
DRIVER = """
import os, sys, time
from conflictcoder.coder import EventCoder
from conflictcoder.cli import main

code_batch = EventCoder._code_batch

def slow(self, articles):
    time.sleep(float(os.environ["PAUSE"]))
    if any("POISON" in (article.text or "") for article in articles):
        raise RuntimeError("poisoned")
    return code_batch(self, articles)

EventCoder._code_batch = slow
main(sys.argv[1:])
"""
EVENTS = ["Rebels captured Namkham on Friday.", "Troops withdrew from Lwepan.", "The rains came late."]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Articles with the same id or text as others, without events, bad ones, and ones that fail."""
    path = tmp_path_factory.mktemp("source") / "in.jsonl"
    lines = []
    for number in range(900):
        record = {"id": str(number // 3), "text": f"{EVENTS[number % 3]} Item {number // 7}."}
        if number % 50 == 7:
            record = {"id": "bad"}
        if number % 40 in (11, 12):
            record["text"] = "POISON"
        lines.append(json.dumps(record))
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def start(tiny_bundle):
    def run(source, out, *options, pause=0.001):
        command = [sys.executable, "-c", DRIVER, "code", source, "-o", out, "--model", tiny_bundle, *options]
        environment = os.environ | {"PAUSE": str(pause)}
        return subprocess.Popen(
            [*map(str, command)], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
        )

    return run


@pytest.fixture(scope="module")
def undisturbed(start, source, tmp_path_factory):
    """What an undisturbed run gives, by format: the output and what it tells."""
    results = {}
    for form in ("jsonl", "csv"):
        out = tmp_path_factory.mktemp("whole") / f"out.{form}"
        process = start(source, out)
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 1
        results[form] = (out.read_bytes(), sorted(errors.splitlines()))
    return results


def kill_when(process, partial, size):
    """Kill a run as soon as its unfinished output has a size; False if it ended before."""
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if partial.exists() and partial.stat().st_size >= size:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            return True
        time.sleep(0.001)
    process.communicate()
    return False


def wait_for(path):
    deadline = time.monotonic() + 60
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.005)


def interrupt_after(process, partial, number=signal.SIGINT):
    """Interrupt a run a little after its unfinished output is there; what it tells."""
    wait_for(partial)
    time.sleep(0.3)
    process.send_signal(number)
    return process.communicate(timeout=60)[1]


INTERRUPTS = {signal.SIGINT: 130, signal.SIGTERM: 143}


@pytest.mark.parametrize(("form", "workers"), [("jsonl", 1), ("jsonl", 2), ("csv", 2)])
def test_run_killed_many_times_gives_the_same_bytes(start, source, undisturbed, tmp_path, form, workers):
    expected, told = undisturbed[form]
    moments = sorted(random.Random(workers).sample(range(len(expected) * 3 // 4), 3))
    out = tmp_path / f"out.{form}"
    partial = tmp_path / f"{out.name}.partial"
    for moment in (0, *moments):
        process = start(source, out, "--workers", workers, "--resume")
        assert kill_when(process, partial, moment)
        assert not out.exists()
    process = start(source, out, "--workers", workers, "--resume")
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert out.read_bytes() == expected
    assert sorted(errors.splitlines()) == told  # every failure, whichever run met it
    assert sorted(path.name for path in tmp_path.iterdir()) == [out.name]


@pytest.mark.parametrize("number", INTERRUPTS, ids=lambda number: number.name)
@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_interrupted_run_goes_on_where_it_was(start, source, undisturbed, tmp_path, form, number):
    out = tmp_path / f"out.{form}"
    partial, journal = tmp_path / f"{out.name}.partial", tmp_path / f"{out.name}.journal"
    process = start(source, out, pause=0.02)  # so that it cannot end before the signal
    deadline = time.monotonic() + 60
    while not (partial.exists() and partial.stat().st_size > 5_000) and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTS[number]
    assert "--resume goes on" in errors
    assert "Traceback" not in errors
    kept = partial.read_bytes()
    *_, last = map(json.loads, journal.read_text().splitlines())
    assert 0 < last["bytes"] <= len(kept)
    # Whatever a kill may leave behind the last note: half a line of output, half a note.
    partial.write_bytes(kept[: last["bytes"]] + b'{"id": "half a li')
    with journal.open("a") as stream:
        stream.write('{"articles": 99999, "dig')
    resumed = start(source, out, "--resume")
    resumed.communicate(timeout=120)
    assert out.read_bytes() == undisturbed[form][0]


@pytest.mark.parametrize("form", ["jsonl", "table"])
@pytest.mark.parametrize("options", [[], ["--resume"]], ids=["anew", "resume"])
def test_second_run_with_the_same_output_is_refused(
    start, source, undisturbed, tiny_bundle, tmp_path, form, options
):
    if form == "table" and options:
        pytest.skip("a table cannot be gone on with")
    out = tmp_path / "out.jsonl"
    first = start(source, out, "--format", form, pause=0.02)  # so that it cannot end before
    wait_for(tmp_path / "out.jsonl.partial")
    arguments = ["code", str(source), "-o", str(out), "--format", form, "--model", str(tiny_bundle)]
    second = CliRunner().invoke(main, [*arguments, *options])
    assert second.exit_code == 2
    assert "out.jsonl: another run is writing this output; wait until it ends" in second.stderr
    first.communicate(timeout=120)
    assert first.returncode == 1
    if form == "jsonl":
        assert out.read_bytes() == undisturbed[form][0]
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


@pytest.mark.parametrize("number", INTERRUPTS, ids=lambda number: number.name)
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("form", ["parquet", "table"])
def test_interrupted_run_that_cannot_go_on_leaves_nothing(start, source, tmp_path, form, workers, number):
    pytest.importorskip("pyarrow")
    out = tmp_path / f"out.{form}"
    # So slow that it cannot end before the signal.
    process = start(source, out, "--format", form, "--workers", workers, pause=0.02 * workers)
    errors = interrupt_after(process, tmp_path / f"{out.name}.partial", number)
    assert process.returncode == INTERRUPTS[number]
    assert errors.splitlines()[-1] == "stopped"
    assert "Exception ignored" not in errors
    assert not list(tmp_path.iterdir())


@pytest.fixture
def unfinished(start, source, tmp_path):
    """An unfinished output, with what makes one go on with it."""
    out = tmp_path / "out.jsonl"
    process = start(source, out, pause=0.02)
    interrupt_after(process, tmp_path / "out.jsonl.partial")
    return out


def change_text(source):
    return source.read_text().replace("Item 0.", "Item zero.", 1)


def drop_first(source):
    return source.read_text().partition("\n")[2]


def drop_most(source):
    return source.read_text()[:400]


@pytest.mark.parametrize("change", [change_text, drop_first, drop_most])
def test_other_inputs_are_refused_before_anything_is_coded(unfinished, source, tiny_bundle, tmp_path, change):
    other = tmp_path / "in.jsonl"
    other.write_text(change(source))
    kept = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    result = CliRunner().invoke(
        main, ["code", str(other), "-o", str(unfinished), "--resume", "--model", str(tiny_bundle)]
    )
    assert result.exit_code == 2
    assert "out.jsonl.partial: is of other inputs" in result.stderr
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == kept


def test_more_inputs_at_the_end_are_no_other_inputs(unfinished, source, start, undisturbed, tmp_path):
    longer = tmp_path / "longer.jsonl"
    longer.write_text(source.read_text() + '\n{"id": "new", "text": "Troops withdrew from Lwepan."}\n')
    start(longer, unfinished, "--resume").communicate(timeout=120)
    *rest, last = unfinished.read_bytes().splitlines(keepends=True)
    assert b"".join(rest) == undisturbed["jsonl"][0]
    assert json.loads(last)["id"] == "new"


def test_another_model_is_refused(unfinished, source):
    result = CliRunner().invoke(main, ["code", str(source), "-o", str(unfinished), "--resume"])
    assert result.exit_code == 2
    assert "was made with model" in result.stderr
    assert unfinished.with_name("out.jsonl.partial").exists()


def test_journal_that_is_missing_damaged_or_of_more_than_there_is(unfinished, source, tiny_bundle, tmp_path):
    def refusal():
        options = ["-o", str(unfinished), "--resume", "--model", str(tiny_bundle)]
        result = CliRunner().invoke(main, ["code", str(source), *options])
        assert result.exit_code == 2
        assert "begin again without --resume" in result.stderr
        return result.stderr

    journal = Path(f"{unfinished}.journal")
    whole = journal.read_bytes()
    journal.write_bytes(whole + b"nonsense\n")
    assert "journal: damaged" in refusal()
    journal.unlink()
    assert "journal: missing" in refusal()
    journal.write_bytes(whole)
    Path(f"{unfinished}.partial").write_bytes(b"")
    assert "partial: shorter than its journal tells" in refusal()


def test_resume_without_an_unfinished_output_begins(source, start, undisturbed, tmp_path):
    out = tmp_path / "out.jsonl"
    out.write_text("of an earlier run")
    start(source, out, "--resume").communicate(timeout=120)
    assert out.read_bytes() == undisturbed["jsonl"][0]
