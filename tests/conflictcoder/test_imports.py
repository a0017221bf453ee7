"""What is imported when; each in a process of its own."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "transformers", "datasets", "pydantic", "yaml", "train", "pyarrow", "ray")


def run(code):
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("module", ["conflictcoder", "conflictcoder.cli", "conflictcoder.ray_data"])
def test_import_takes_nothing_heavy(module):
    code = f"import sys, {module}; print([m for m in {HEAVY} if m in sys.modules])"
    assert run(code).strip() == "[]"


def test_coding_with_a_bundle_takes_no_torch(tiny_bundle):
    code = (
        "import sys; from conflictcoder import EventCoder; "
        f"document = EventCoder.from_pretrained({str(tiny_bundle)!r}).code('Rebels captured Namkham.'); "
        f"print(len(document.sentences), [m for m in {HEAVY} if m in sys.modules])"
    )
    assert run(code).strip() == "1 []"


def test_import_has_no_side_effects():
    # numpy adds warning filters of its own, so it is there before.
    state = (
        "(dict(os.environ), list(warnings.filters), list(logging.root.handlers), threading.active_count())"
    )
    code = (
        "import logging, os, threading, warnings, numpy.testing; "
        f"before = {state}; import conflictcoder; print(before == {state})"
    )
    assert run(code).strip() == "True"


def test_library_never_imports_the_training_package(root):
    files = sorted((root / "conflictcoder").rglob("*.py"))
    assert files
    for file in files:
        lines = file.read_text(encoding="utf-8").splitlines()
        assert not [line for line in lines if line.strip().startswith(("from train", "import train"))], file
