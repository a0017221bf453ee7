"""The progress bar, on a terminal made for it."""

import json
import os
import subprocess
import sys
import tempfile

import pytest

from ..conftest import ROOT

pty = pytest.importorskip("pty", reason="no terminals can be made here")


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "in.jsonl"
    lines = [json.dumps({"id": str(n), "text": f"Rebels captured Namkham, item {n}."}) for n in range(400)]
    path.write_text("\n".join([*lines, "nonsense"]), encoding="utf-8")
    return path


def run(arguments, *, terminals):
    """Run the command line with some of its streams on a terminal; what each stream got."""
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "conflictcoder", *map(str, arguments)]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "120"}
    # Files, because a process waits for whoever reads a full pipe.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        streams = {
            name: child if name in terminals else file for name, file in (("stdout", out), ("stderr", errors))
        }
        process = subprocess.Popen(command, cwd=ROOT, env=environment, **streams)
        os.close(child)
        shown = b""
        try:
            while data := os.read(parent, 65536):
                shown += data
        except OSError:  # how Linux tells that the other end is closed
            pass
        os.close(parent)
        process.wait(timeout=60)
        out.seek(0)
        errors.seek(0)
        return process.returncode, out.read(), errors.read(), shown.decode()


def test_rate_and_time_left_on_a_terminal(source, tiny_bundle, tmp_path):
    arguments = ["code", source, "-o", tmp_path / "out.jsonl", "--model", tiny_bundle]
    code, out, _, shown = run(arguments, terminals={"stderr"})
    assert (code, out) == (1, b"")
    assert "articles" in shown
    assert "/s, left" in shown
    assert "100%" in shown
    assert "in.jsonl:401" in shown
    assert len((tmp_path / "out.jsonl").read_bytes().splitlines()) == 400


def test_documents_go_to_standard_output_beside_the_bar(source, tiny_bundle):
    code, out, _, shown = run(["code", source, "--model", tiny_bundle], terminals={"stderr"})
    assert code == 1
    assert [json.loads(line)["id"] for line in out.splitlines()] == [str(number) for number in range(400)]
    assert "/s, left" in shown
    assert '"sentences"' not in shown


def test_no_bar_between_documents_on_a_terminal(source, tiny_bundle):
    _, _, _, shown = run(["code", source, "--model", tiny_bundle], terminals={"stdout", "stderr"})
    assert shown.count('"sentences"') == 400
    assert "/s, left" not in shown


def test_no_bar_without_a_terminal(source, tiny_bundle, tmp_path):
    arguments = ["code", source, "-o", tmp_path / "out.jsonl", "--model", tiny_bundle]
    code, _, errors, _ = run(arguments, terminals=set())
    assert code == 1
    assert errors.decode().splitlines()[1:] == ["1 inputs failed"]
    assert b"\x1b" not in errors
