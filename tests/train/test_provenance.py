import shutil
from pathlib import Path

import pytest

from train.config import ExperimentConfig
from train.files import write_json
from train.provenance import (
    METRICS,
    PROVENANCE,
    OtherRunError,
    describe,
    find_run,
    is_finished,
    read_provenance,
)

from ..conftest import tiny_config


@pytest.fixture
def make(ten_data, tiny_backbone, tmp_path):
    """Makes a config, whose run folder then says that it has been trained."""

    def make(own_data=None, **changes):
        config = tiny_config(ten_data, tiny_backbone, tmp_path, **changes)
        if own_data:
            config = ExperimentConfig.model_validate(config.model_dump() | {"data": own_data})
        config.run_folder.mkdir()
        write_json(describe(config), config.run_folder / PROVENANCE)
        write_json({}, config.run_folder / METRICS)
        return config

    return make


def changed(config, section, **values):
    return config.model_copy(update={section: getattr(config, section).model_copy(update=values)})


@pytest.mark.parametrize("role", ["train", "dev", "test"])
def test_run_on_other_sets_is_another_run(make, role):
    config = make()
    assert is_finished(config)
    with pytest.raises(OtherRunError, match="other settings in data"):
        is_finished(changed(config, "data", **{role: ["others"]}))


def test_places_of_the_same_data_do_not_count(make, ten_data, tmp_path):
    config = make()
    copy = tmp_path / "copy"
    shutil.copytree(ten_data, copy)
    ontology, splits = str(copy / "ontology.yaml"), str(copy / "splits.toml")
    moved = changed(config, "data", paths=[str(copy / "annotations")], ontology=ontology, splits=splits)
    assert is_finished(moved)


@pytest.mark.parametrize("kind", ["conll", "joint"])
def test_file_in_another_role_is_another_run(make, tmp_path, kind):
    names = [str(tmp_path / name) for name in ("a.txt", "b.txt", "c.txt")]
    for name in names:
        Path(name).write_text(f"{name[-5]} O\n", encoding="utf-8")

    def divided(*, train, dev):
        source = {"type": "conll", "train": train, "dev": dev}
        return source if kind == "conll" else {"type": "joint", "sources": [source]}

    config = make(divided(train=names[:2], dev=names[2:]))
    assert is_finished(config)
    shutil.copy(names[0], tmp_path / "again.txt")
    again = type(config.data).model_validate(
        divided(train=[str(tmp_path / "again.txt"), names[1]], dev=names[2:])
    )
    assert is_finished(config.model_copy(update={"data": again}))
    other = type(config.data).model_validate(divided(train=names[:1], dev=names[1:]))
    with pytest.raises(OtherRunError, match="other settings in data"):
        is_finished(config.model_copy(update={"data": other}))


def test_run_from_another_backbone_is_another_run(make, tiny_backbone, tmp_path):
    backbone = tmp_path / "backbone"
    shutil.copytree(tiny_backbone, backbone)
    (backbone / "model.onnx").touch()  # as in folders that serve more than one library
    config = make(model={"backbone": str(backbone)})
    assert is_finished(config)
    (backbone / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(OtherRunError, match="other settings in its backbone"):
        is_finished(config)
    made = describe(config)
    del made["backbone"]
    write_json(made, config.run_folder / PROVENANCE)
    assert is_finished(config)


def test_run_of_a_checkpoint_is_found(tiny_run, tiny_bundle, tmp_path):
    assert find_run(tiny_run) == find_run(tiny_run / "checkpoint") == tiny_run
    assert find_run(tiny_bundle) is None
    made = read_provenance(tiny_run)
    assert made["seed"] == 13
    assert read_provenance(tiny_run / "checkpoint") == made
    assert read_provenance(tiny_bundle).items() >= made.items()
    shutil.copytree(tiny_run / "checkpoint", tmp_path / "alone")
    assert read_provenance(tmp_path / "alone") == {}
