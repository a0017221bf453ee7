import subprocess
import sys

import pytest

from conflictcoder import DataError
from conflictcoder.lock import lock_path, locked

from ..conftest import ROOT

HOLDER = """
import pathlib, sys
from conflictcoder.lock import locked
with locked(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_second_holder_is_refused_and_nothing_is_left(tmp_path):
    out = tmp_path / "out.jsonl"
    with locked(out):
        with pytest.raises(DataError, match=r"out\.jsonl: another run is writing this output"), locked(out):
            pass
        assert lock_path(out).exists()
    assert not list(tmp_path.iterdir())
    with locked(out), locked(tmp_path / "other.jsonl"):
        pass


def test_process_that_was_killed_holds_nothing(tmp_path):
    out = tmp_path / "out.jsonl"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", HOLDER, out], cwd=ROOT, **pipes) as process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(DataError, match="another run"), locked(out):
            pass
        process.kill()
    assert lock_path(out).exists()
    with locked(out):
        pass
    assert not list(tmp_path.iterdir())
