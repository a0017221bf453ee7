import json
import shutil

import pytest

from conflictcoder.bundle import file_hash, fingerprint
from train.config import ExperimentConfig
from train.fit import fit
from train.seen import seen_documents, tell_of_seen

from ..conftest import TEN, tiny_config, write_data


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


def test_bundle_that_took_the_place_of_its_teacher_tells_only_its_own(run, tiny_bundle, tmp_path):
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
    assert "chosen by, 1 of these documents ('ten', …)" in tell_of_seen(
        folder, "these documents", test=["ten"]
    )
    assert tell_of_seen(folder, "these documents", test=["new"]) == ""


def test_unknown_where_nothing_tells(run):
    change(run, data={"other": "hash"})
    assert seen_documents(run) is None
    (run / "provenance.json").unlink()
    assert seen_documents(run) is None


@pytest.mark.parametrize(
    ("roles", "told"),
    [
        ({"train": ["train"], "dev": ["dev"], "test": ["new"]}, ""),  # in the roles that they had
        ({"train": ["new"], "dev": ["train"]}, "'ten'"),
        ({"train": ["train"], "dev": ["new"], "test": ["dev"]}, "'again'"),
    ],
)
@pytest.mark.parametrize("key", ["model.start", "distillation.teachers"])
def test_documents_that_an_origin_has_seen_are_told_of_before_training(
    root, tiny_backbone, tiny_run, tmp_path, monkeypatch, caplog, roles, told, key
):
    def stop(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("train.fit.make_trainer", stop)
    ann = {name: TEN.replace("# id: ten", f"# id: {name}") for name in ("ten", "again", "new")}
    ontology = (root / "data" / "ontology.yaml").read_text(encoding="utf-8")
    data = write_data(tmp_path / "data", ann, ontology, {"dev": ["again"], "new": ["new"]})
    section, _, name = key.partition(".")
    origin = str(tiny_run) if name == "start" else [str(tiny_run)]
    changes = {f"data__{role}": sets for role, sets in roles.items()}
    config = tiny_config(data, tiny_backbone, tmp_path, **changes).model_dump()
    config[section][name] = origin
    with pytest.raises(KeyboardInterrupt):
        fit(ExperimentConfig.model_validate(config))
    messages = [record.getMessage() for record in caplog.records if record.name == "train.seen"]
    assert len(messages) == bool(told)
    for message in messages:
        assert message.startswith(f"{key}: {tiny_run} was trained on, or chosen by, 1 of the dev and test")
        assert told in message
