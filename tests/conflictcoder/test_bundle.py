import json
import shutil

import pytest

from conflictcoder import CheckpointError, EventCoder
from conflictcoder.bundle import (
    CONFIG,
    MANIFEST,
    MODEL,
    SCHEMA_VERSION,
    TOKENIZER,
    WEIGHTS,
    file_hash,
    fingerprint,
    read_config,
    resolve_checkpoint,
)


@pytest.fixture
def bundle(tiny_bundle, tmp_path):
    """A copy that a test may damage."""
    return shutil.copytree(tiny_bundle, tmp_path / "copy")


def seal(bundle):
    """Make the manifest right again, so that only what a test changed is wrong."""
    lines = [f"{file_hash(bundle / name)}  {name}\n" for name in (CONFIG, MODEL, TOKENIZER)]
    (bundle / MANIFEST).write_text("".join(lines))


def change_config(bundle, **changes):
    data = json.loads((bundle / CONFIG).read_text()) | changes
    (bundle / CONFIG).write_text(json.dumps(data))
    seal(bundle)


def test_config_round_trips(tiny_bundle):
    config = read_config(tiny_bundle)
    assert json.loads((tiny_bundle / CONFIG).read_text()) == json.loads(json.dumps(config.to_dict()))
    assert config.provenance["export"]["quantized"] is False
    assert {"config", "commit", "data", "metrics", "seed"} <= set(config.provenance)


@pytest.mark.parametrize("name", [CONFIG, MODEL, TOKENIZER, MANIFEST])
def test_missing_file_is_named(bundle, name):
    (bundle / name).unlink()
    with pytest.raises(CheckpointError, match=name):
        EventCoder.from_pretrained(bundle)


@pytest.mark.parametrize("name", [CONFIG, MODEL, TOKENIZER])
def test_damaged_file_is_named(bundle, name):
    data = bytearray((bundle / name).read_bytes())
    data[len(data) // 2] ^= 0xFF
    (bundle / name).write_bytes(data)
    with pytest.raises(CheckpointError, match=rf"{name}: damaged.*SHA-256"):
        EventCoder.from_pretrained(bundle)


def test_damaged_manifest_is_named(bundle):
    (bundle / MANIFEST).write_bytes(b"\xff\xfe nothing")
    with pytest.raises(CheckpointError, match=MANIFEST):
        EventCoder.from_pretrained(bundle)


def test_file_that_the_manifest_leaves_out(bundle):
    lines = (bundle / MANIFEST).read_text().splitlines(keepends=True)
    (bundle / MANIFEST).write_text("".join(line for line in lines if MODEL not in line))
    with pytest.raises(CheckpointError, match=f"{MODEL} is not listed"):
        EventCoder.from_pretrained(bundle)


def test_file_that_only_the_manifest_of_this_bundle_lists(bundle):
    note = bundle / "NOTICE"
    note.write_text("what it is")
    with (bundle / MANIFEST).open("a") as manifest:
        manifest.write(f"{file_hash(note)}  {note.name}\n")
    EventCoder.from_pretrained(bundle)
    note.write_text("what it is not")
    with pytest.raises(CheckpointError, match=r"NOTICE: damaged.*SHA-256"):
        EventCoder.from_pretrained(bundle)
    note.unlink()
    with pytest.raises(CheckpointError, match="NOTICE: cannot be read"):
        EventCoder.from_pretrained(bundle)


def test_wrong_schema_version_tells_what_to_do(bundle):
    change_config(bundle, schema_version=SCHEMA_VERSION + 1)
    with pytest.raises(
        CheckpointError, match=r"schema version 4, and this conflictcoder reads 1, 2, 3; export"
    ):
        EventCoder.from_pretrained(bundle)


def test_bundle_of_the_first_schema_version_has_the_balanced_point_alone(bundle, ten_articles):
    stored = json.loads((bundle / CONFIG).read_text())["calibration"]
    flat = {name: value for name, value in stored.items() if name != "operating_points"}
    for later in ("triggers_outside_bias", "joint_arguments"):
        del flat[later]
    change_config(bundle, schema_version=1, calibration=flat)
    coder = EventCoder.from_pretrained(bundle)
    assert coder.code_article(ten_articles[0]).sentences
    for point in ("precision", "recall"):
        with pytest.raises(CheckpointError, match=rf"no operating point '{point}', only balanced"):
            EventCoder.from_pretrained(bundle, operating_point=point)


def test_ontology_that_does_not_fit_the_graph(bundle):
    ontology = json.loads((bundle / CONFIG).read_text())["ontology"]
    ontology["entity_types"] = [*ontology["entity_types"], "EXTRA"]
    change_config(bundle, ontology=ontology)
    with pytest.raises(CheckpointError, match="do not fit the ontology"):
        EventCoder.from_pretrained(bundle)


@pytest.mark.parametrize(
    "changes",
    [
        {"calibration": {"nonsense": 1}},
        {"calibration": {"arguments_threshold": "0.5"}},
        {"calibration": {"spans_temperature": 0}},
        {"calibration": {"operating_points": ["precision"]}},
        {"layers": ["nonsense"]},
        {"max_tokens": "128"},
        {"max_tokens": 1},
        {"max_sentences": None},
        {"provenance": None},
        {"ontology": 7},
    ],
)
def test_malformed_config_is_an_error(bundle, changes):
    change_config(bundle, **changes)
    with pytest.raises(CheckpointError):
        EventCoder.from_pretrained(bundle)


def test_model_that_is_no_graph(bundle):
    (bundle / MODEL).write_bytes(b"not a graph")
    seal(bundle)
    with pytest.raises(CheckpointError, match="onnxruntime cannot load it"):
        EventCoder.from_pretrained(bundle)


def test_unknown_checkpoint_and_empty_folder(tmp_path):
    with pytest.raises(CheckpointError, match=r"no such folder; expected a bundle"):
        EventCoder.from_pretrained(tmp_path / "nowhere")
    with pytest.raises(CheckpointError, match="neither a bundle"):
        EventCoder.from_pretrained(tmp_path)


def test_bundle_on_a_gpu_is_refused(tiny_bundle):
    with pytest.raises(CheckpointError, match="give a training checkpoint"):
        EventCoder.from_pretrained(tiny_bundle, device="cuda")


@pytest.mark.parametrize("changes", [{"max_tokens": "128"}, {"max_tokens": 1}, {"calibration": {"x": 1}}])
def test_malformed_config_of_a_training_checkpoint(tiny_run, tmp_path, changes):
    copy = shutil.copytree(tiny_run / "checkpoint", tmp_path / "checkpoint")
    config = json.loads((copy / CONFIG).read_text()) | changes
    (copy / CONFIG).write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match=CONFIG):
        EventCoder.from_pretrained(copy)


def test_damaged_training_checkpoint(tiny_run, tmp_path):
    copy = shutil.copytree(tiny_run / "checkpoint", tmp_path / "checkpoint")
    (copy / "model.safetensors").write_bytes(b"\0" * 64)
    with pytest.raises(CheckpointError, match="not a readable checkpoint"):
        EventCoder.from_pretrained(copy)


def test_fingerprint_of_a_run_is_that_of_its_weights(tmp_path):
    place = tmp_path / "run" / "checkpoint"
    place.mkdir(parents=True)
    (tmp_path / "run" / "metrics.json").write_text("{}")
    (place / CONFIG).write_text("{}")
    found = []
    for weights in (b"some", b"others"):
        (place / WEIGHTS).write_bytes(weights)
        found.append(fingerprint(tmp_path / "run"))
        assert fingerprint(place) == found[-1]
    assert found[0] != found[1]
    assert resolve_checkpoint(tmp_path / "run") == resolve_checkpoint(place) == place


def test_folder_without_weights_has_no_fingerprint(tmp_path):
    (tmp_path / "metrics.json").write_text("{}")
    with pytest.raises(CheckpointError, match=r"neither a bundle .* nor a training checkpoint"):
        fingerprint(tmp_path)
    with pytest.raises(CheckpointError, match="no such folder"):
        fingerprint(tmp_path / "run")
