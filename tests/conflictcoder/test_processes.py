"""One coder in several processes, each tried in a process of its own that has no torch or pytest."""

import copy
import pickle
import subprocess
import sys

import pytest

from conflictcoder import CheckpointError, EventCoder
from conflictcoder.coder import read_tokenizer

from ..conftest import ROOT

TEXT = "Rebels captured Namkham on Friday."

MULTIPROCESSING = f"""
import multiprocessing, sys
from conflictcoder import Article, EventCoder

def code_two(coder):
    return list(coder.code_many([Article(text={TEXT!r})] * 2, workers=2))

if __name__ == "__main__":
    method, checkpoint, threads = sys.argv[1:]
    coder = EventCoder.from_pretrained(checkpoint, threads=int(threads))
    expected = coder.code({TEXT!r})
    list(coder.code_many([Article(text={TEXT!r})] * 20, workers=2))
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(coder.code, [{TEXT!r}] * 4) == [expected] * 4
        assert pool.map(code_two, [coder] * 2) == [[expected] * 2] * 2
    print("equal")
"""

# A forked process that uses the coder of its parent as it is.
FORK = f"""
import os, sys, warnings
from conflictcoder import EventCoder

warnings.simplefilter("ignore", DeprecationWarning)
coder = EventCoder.from_pretrained(sys.argv[1], threads=int(sys.argv[2]))
expected = coder.code({TEXT!r})
if (child := os.fork()) == 0:
    try:
        print("equal" if coder.code({TEXT!r}) == expected else "different", flush=True)
    except Exception as error:
        print(f"{{type(error).__name__}}: {{error}}", flush=True)
    os._exit(0)
os.waitpid(child, 0)
assert coder.code({TEXT!r}) == expected
"""


def run(tmp_path, code, *arguments):
    script = tmp_path / "script.py"
    script.write_text(code)
    command = [sys.executable, str(script), *map(str, arguments)]
    result = subprocess.run(
        command, capture_output=True, text=True, timeout=60, env={"PYTHONPATH": str(ROOT)}, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_coder_is_handed_to_other_processes(tiny_bundle, tmp_path, method):
    if sys.platform == "win32" and method != "spawn":
        pytest.skip("this system has only spawn")
    assert run(tmp_path, MULTIPROCESSING, method, tiny_bundle, 1) == "equal"


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no fork")
@pytest.mark.parametrize("threads", [1, 2])
def test_forked_process_uses_the_coder_of_its_parent(tiny_bundle, tmp_path, threads):
    assert run(tmp_path, FORK, tiny_bundle, threads) == "equal"


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no fork")
def test_torch_after_a_fork_is_told_rather_than_hanging(tiny_run, tmp_path):
    output = run(tmp_path, FORK, tiny_run, 1)
    assert output.startswith("CheckpointError: this model was loaded by torch before the process was forked")


def test_checkpoint_error_ends_code_many(tiny_run, monkeypatch, ten_articles):
    coder = EventCoder.from_pretrained(tiny_run)
    monkeypatch.setattr(coder._runtime, "_process", -1)
    for workers in (1, 2):
        with pytest.raises(CheckpointError, match="load it in the new process"):
            list(coder.code_many(ten_articles * 3, workers=workers))


def test_pickle_is_the_name_of_the_checkpoint(tiny_bundle, monkeypatch, tmp_path):
    monkeypatch.chdir(tiny_bundle.parent)
    coder = EventCoder.from_pretrained(tiny_bundle.name)
    data = pickle.dumps(coder)
    assert len(data) < 1000
    monkeypatch.chdir(tmp_path)  # the other process may work elsewhere
    for twin in (pickle.loads(data), copy.deepcopy(coder)):
        assert twin.code(TEXT) == coder.code(TEXT)
    # The bundle of the package is found wherever the other process has the package.
    assert b"bundle" not in pickle.dumps(EventCoder.from_pretrained())


def test_pickle_of_a_checkpoint_that_is_gone(tmp_path, tiny_bundle):
    coder = EventCoder.from_pretrained(tiny_bundle)
    data = pickle.dumps(coder).replace(b"tiny", b"gone")
    with pytest.raises(CheckpointError, match="no such folder"):
        pickle.loads(data)


def test_coder_put_together_by_hand_cannot_be_sent(tiny_bundle):
    coder = EventCoder.from_pretrained(tiny_bundle)
    made = EventCoder.assemble(coder._runtime, read_tokenizer(tiny_bundle), coder.config)
    assert made.code(TEXT) == coder.code(TEXT)
    with pytest.raises(TypeError, match="put together from parts and cannot be sent to another process"):
        pickle.dumps(made)
