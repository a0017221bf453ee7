import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from transformers import BertConfig, BertModel

from conflictcoder.bundle import MODEL, file_hash
from conflictcoder.errors import CheckpointError
from conflictcoder.torch_runtime import load_model
from train.config import ConfigError
from train.export import export
from train.fit import fit, prepare
from train.graph_weights import read_graph_weights
from train.provenance import OtherRunError, check_same
from train.seen import seen_documents

from ..conftest import TEN, make_backbone, tiny_config, write_data


@pytest.fixture(scope="module")
def trained(tiny_run):
    return load_model(tiny_run / "checkpoint").state_dict()


@pytest.fixture
def start(ten_data, tiny_backbone, tmp_path):
    """Builds the model of a config that starts from a checkpoint."""

    def start(checkpoint: Path, data=ten_data, backbone=tiny_backbone, **changes):
        config = tiny_config(data, backbone, tmp_path, model__start=str(checkpoint), **changes)
        return prepare(config).model

    return start


@pytest.mark.parametrize("kind", ["run", "checkpoint", "bundle"])
def test_everything_is_taken_over_where_the_labels_are_the_same(start, tiny_run, tiny_bundle, trained, kind):
    checkpoint = {"run": tiny_run, "checkpoint": tiny_run / "checkpoint", "bundle": tiny_bundle}[kind]
    state = start(checkpoint).state_dict()
    assert state.keys() == trained.keys()
    for name, value in state.items():
        torch.testing.assert_close(value, trained[name], msg=name)


@pytest.mark.parametrize("smooth", [False, True])
def test_weights_come_back_from_int8(tiny_run, ten_articles, trained, tmp_path, monkeypatch, smooth):
    monkeypatch.setattr("train.quantization._FEWEST_WINDOWS", 1 if smooth else 1000)
    export(tiny_run, tmp_path / "int8", ten_articles, tolerance=0.0)
    graph = onnx.load(tmp_path / "int8" / MODEL).graph
    assert any(table.name.endswith(".reciprocals") for table in graph.initializer) == smooth
    weights = read_graph_weights(tmp_path / "int8" / MODEL)
    assert weights.keys() == trained.keys()
    for name, value in trained.items():
        expected, found = value.numpy(), weights[name]
        assert found.shape == expected.shape
        assert found.dtype == np.float32
        # Half a step of the coarsest scale: the largest pair of neighbours is 128 steps.
        largest = 2 * np.abs(expected).max()
        factors = 30 if smooth else 1
        assert np.abs(found - expected).max() <= factors * largest / 128 / 2 + 1e-6, name


def test_labels_of_other_ontologies_stay_new(start, tiny_run, trained, root, tmp_path):
    ontology = (root / "data" / "ontology.yaml").read_text(encoding="utf-8")
    ontology = ontology.replace("ARMED_GROUP", "REBELS").replace("SHELLING", "BOMBARDMENT")
    ontology = ontology.replace("FATALITIES", "DEAD")
    ten = (
        TEN.replace("ARMED_GROUP", "REBELS").replace("SHELLING", "BOMBARDMENT").replace("FATALITIES", "DEAD")
    )
    ann = {"ten": ten, "again": ten.replace("# id: ten", "# id: again")}
    other = write_data(tmp_path / "other", ann, ontology, {"dev": ["again"]})
    model = start(tiny_run, data=other)
    state, labels = model.state_dict(), model.config.label_space()
    assert torch.equal(
        state["encoder.encoder.layer.0.output.dense.weight"],
        trained["encoder.encoder.layer.0.output.dense.weight"],
    )
    before = load_model(tiny_run / "checkpoint").config.label_space()
    kept = [name for name in labels.span_types if name in before.span_types]
    assert set(labels.span_types) - set(kept) == {"REBELS", "BOMBARDMENT"}
    rows, old = state["span_head.weight"], trained["span_head.weight"]
    assert torch.equal(rows[0], old[0])
    for name in kept:
        new, known = 1 + 2 * labels.span_types.index(name), 1 + 2 * before.span_types.index(name)
        assert torch.equal(rows[new : new + 2], old[known : known + 2])
    number = 1 + 2 * labels.span_types.index("REBELS")
    assert not any(torch.equal(rows[number], row) for row in old)
    roles, known_roles = (space.ontology.roles for space in (labels, before))
    size = model.config.argument_size
    for role in roles:
        row = state["argument_head.roles.weight"][size * roles.index(role) :][:size]
        if role == "DEAD":
            assert not torch.equal(
                row, trained["argument_head.roles.weight"][size * roles.index(role) :][:size]
            )
        else:
            assert torch.equal(
                row, trained["argument_head.roles.weight"][size * known_roles.index(role) :][:size]
            )


OTHERS = ["span_head.weight", "type_head.vote.weight", "realis_head.bias"]


def test_argument_head_of_another_size_stays_new_alone(start, tiny_run, trained):
    state = start(tiny_run, model__argument_size=16).state_dict()
    assert state["argument_head.mention.weight"].shape == (16, 48)
    for name in ["encoder.embeddings.word_embeddings.weight", *OTHERS]:
        assert torch.equal(state[name], trained[name])


def test_start_with_fewer_heads_gives_those_that_it_has(start, ten_data, tiny_backbone, tmp_path):
    config = tiny_config(
        ten_data,
        tiny_backbone,
        tmp_path,
        name="spans",
        model__layers=["entities", "events"],
        training__epochs=1,
        training__evaluations=1,
    )
    fit(config)
    spans = load_model(config.run_folder / "checkpoint").state_dict()
    state = start(config.run_folder).state_dict()
    assert torch.equal(state["span_head.weight"], spans["span_head.weight"])
    assert "argument_head.roles.weight" in state


def test_fewer_heads_start_from_those_that_they_have(start, tiny_run, trained):
    state = start(tiny_run, model__layers=["event_types"]).state_dict()
    assert torch.equal(state["type_head.vote.weight"], trained["type_head.vote.weight"])
    assert not any(name.startswith("span_head") for name in state)


@pytest.mark.parametrize("kind", ["run", "bundle"])
@pytest.mark.parametrize("change", ["words", "layers", "heads"])
def test_another_encoder_is_refused(start, tiny_run, tiny_bundle, tiny_backbone, tmp_path, kind, change):
    if change == "words":
        other = make_backbone(tmp_path / "other", ["Other words make another vocabulary."] * 5)
    else:
        other = tmp_path / "other"
        shutil.copytree(tiny_backbone, other)
        config = BertConfig.from_pretrained(tiny_backbone)
        config.update({"num_hidden_layers": 1} if change == "layers" else {"num_attention_heads": 2})
        BertModel(config).save_pretrained(other)
    with pytest.raises(ConfigError, match=r"another encoder than model\.backbone; name the backbone"):
        start(tiny_run if kind == "run" else tiny_bundle, backbone=other)


def test_bundle_whose_graph_hides_a_matrix_is_refused(start, tiny_bundle, tmp_path):
    folder = tmp_path / "renamed"
    shutil.copytree(tiny_bundle, folder)
    model = onnx.load(folder / MODEL)
    name = "model.encoder.encoder.layer.0.output.dense.bias"
    for table in model.graph.initializer:
        if table.name == name:
            table.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(table), "hidden"))
    for node in model.graph.node:
        for number, item in enumerate(node.input):
            node.input[number] = "hidden" if item == name else item
    onnx.save(model, folder / MODEL)
    manifest = (folder / "MANIFEST.sha256").read_text()
    manifest = manifest.replace(file_hash(tiny_bundle / MODEL), file_hash(folder / MODEL))
    (folder / "MANIFEST.sha256").write_text(manifest)
    with pytest.raises(ConfigError, match=r"does not tell encoder\.encoder\.layer\.0\.output\.dense"):
        start(folder)


def test_start_that_is_not_there_is_told(start, tmp_path):
    with pytest.raises(CheckpointError, match="no such folder"):
        start(tmp_path / "gone")


def test_run_knows_what_it_started_from(ten_data, tiny_backbone, tiny_run, tmp_path):
    first = tmp_path / "first"
    shutil.copytree(tiny_run, first)
    config = tiny_config(
        ten_data,
        tiny_backbone,
        tmp_path,
        model__start=str(first),
        training__epochs=1,
        training__evaluations=1,
    )
    metrics = fit(config)
    assert metrics["best_dev"]["score"] > 0.9  # one epoch teaches a new model nothing
    check_same(config)
    assert seen_documents(config.run_folder) == {"ten", "again"}
    weights = first / "checkpoint" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\1")
    with pytest.raises(OtherRunError, match="the model that it starts from"):
        check_same(config)
    assert seen_documents(config.run_folder) is None
