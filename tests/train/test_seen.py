import json
import shutil

import pytest

from train.seen import seen_documents


@pytest.fixture
def run(tiny_run, tmp_path):
    return shutil.copytree(tiny_run, tmp_path / "run")


def change(run, **changes):
    path = run / "provenance.json"
    made = json.loads(path.read_text())
    made["config"] |= changes.pop("config", {})
    path.write_text(json.dumps(made | changes))


def test_training_and_development_documents_are_seen(run, tiny_bundle):
    for checkpoint in (run, run / "checkpoint", tiny_bundle):
        assert seen_documents(checkpoint) == {"ten", "again"}


def test_what_a_teacher_has_seen_is_seen(run, tiny_run):
    change(run, config={"distillation": {"teachers": [str(tiny_run)]}})
    assert seen_documents(run) == {"ten", "again"}
    change(run, config={"distillation": {"teachers": ["gone"]}})
    assert seen_documents(run) is None


def test_unknown_where_nothing_tells(run):
    change(run, data={"other": "hash"})
    assert seen_documents(run) is None
    (run / "provenance.json").unlink()
    assert seen_documents(run) is None
