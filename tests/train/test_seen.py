import json
import shutil

import pytest

from conflictcoder.bundle import file_hash, fingerprint
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
    config = {"distillation": {"teachers": [str(tiny_run)]}}
    change(run, config=config, teachers={str(tiny_run): fingerprint(tiny_run)})
    assert seen_documents(run) == {"ten", "again"}
    change(run, teachers={str(tiny_run): "of the model that was there before"})
    assert seen_documents(run) is None
    change(run, config={"distillation": {"teachers": ["gone"]}}, teachers={})
    assert seen_documents(run) is None


def test_bundle_that_took_the_place_of_its_teacher_does_not_tell(run, tiny_bundle, tmp_path):
    """It would be asked about itself for ever."""
    folder = tmp_path / "bundle"
    shutil.copytree(tiny_bundle, folder)
    record = json.loads((folder / "config.json").read_text())
    record["provenance"]["config"]["model"]["start"] = str(folder)
    record["provenance"]["start"] = fingerprint(folder)
    (folder / "config.json").write_text(json.dumps(record))
    manifest = folder / "MANIFEST.sha256"
    hashes = {name: file_hash(folder / name) for name in ("config.json", "model.onnx", "tokenizer.json")}
    manifest.write_text("".join(f"{digest}  {name}\n" for name, digest in hashes.items()))
    assert seen_documents(folder) is None


def test_unknown_where_nothing_tells(run):
    change(run, data={"other": "hash"})
    assert seen_documents(run) is None
    (run / "provenance.json").unlink()
    assert seen_documents(run) is None
