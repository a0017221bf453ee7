import json
import shutil

import pytest

from train.config import ConfigError
from train.crossval import _fold_config, _leave_out, crossval
from train.data.reading import load_corpus
from train.provenance import OtherRunError
from train.selection import select_documents

from ..conftest import ROOT, TEN, tiny_config, write_data


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    ontology = (ROOT / "data" / "ontology.yaml").read_text(encoding="utf-8")
    ann = {name: TEN.replace("# id: ten", f"# id: {name}") for name in ("one", "two", "three")}
    return write_data(tmp_path_factory.mktemp("three"), ann, ontology, {"few": ["one", "two", "three"]})


@pytest.fixture(scope="module")
def two_sets(tmp_path_factory):
    ontology = (ROOT / "data" / "ontology.yaml").read_text(encoding="utf-8")
    ann = {name: TEN.replace("# id: ten", f"# id: {name}") for name in ("one", "two", "report", "chosen")}
    sets = {"few": ["one", "two"], "dev": ["chosen"]}
    return write_data(tmp_path_factory.mktemp("two_sets"), ann, ontology, sets)


def test_each_document_is_coded_by_a_model_that_never_saw_it(three, tiny_backbone, tmp_path):
    config = tiny_config(
        three,
        tiny_backbone,
        tmp_path,
        data__train=["few"],
        data__dev=[],
        training__epochs=2,
        crossval={"sets": ["few"], "seeds": [1, 2]},
    )
    metrics = crossval(config)
    assert metrics["held_out"] == ["one", "three", "two"]
    assert set(metrics["seeds"]) == {"1", "2"}
    assert metrics["seeds"]["1"]["articles"] == 3
    assert set(metrics["summary"]["entity_f1"]) == {"mean", "stdev"}
    folds = sorted((tmp_path / "tiny-crossval").glob("seed*"))
    assert len(folds) == 6
    for fold in folds:
        data = json.loads((fold / "metrics.json").read_text())
        assert data["test"]["articles"] == data["dev"]["articles"] == 1
    before = {fold: (fold / "metrics.json").stat().st_mtime_ns for fold in folds}
    assert crossval(config, resume=True) == metrics
    assert before == {fold: (fold / "metrics.json").stat().st_mtime_ns for fold in folds}
    longer = config.model_copy(update={"training": config.training.model_copy(update={"epochs": 3.0})})
    with pytest.raises(OtherRunError, match="was made with other settings in training"):
        crossval(longer, resume=True)


def test_sets_must_be_named(three, tiny_backbone, tmp_path):
    config = tiny_config(three, tiny_backbone, tmp_path, crossval={"sets": ["nope"]})
    with pytest.raises(ConfigError, match=r"crossval\.sets: \['nope'\]; expected some of"):
        crossval(config)


@pytest.mark.parametrize("train", [["train"], ["few"], ["few", "train"]])
def test_everything_but_the_held_out_document_is_trained_on(two_sets, tiny_backbone, tmp_path, train):
    config = tiny_config(two_sets, tiny_backbone, tmp_path, data__train=train, crossval={"sets": ["few"]})
    corpus = load_corpus(config.data)
    for name, others in (("one", {"two"}), ("two", {"one"})):
        chosen, dev, test = select_documents(_fold_config(config, 1, name), _leave_out(corpus, name))
        ids = [item.document.id for item in chosen]
        assert sorted(ids) == sorted(others | ({"report"} if "train" in train else set()))
        assert [item.document.id for item in dev] == ["chosen"]
        assert [item.document.id for item in test] == [name]


def test_set_that_is_left_out_cannot_choose_the_checkpoint(two_sets, tiny_backbone, tmp_path):
    config = tiny_config(two_sets, tiny_backbone, tmp_path, data__dev=["few"], crossval={"sets": ["few"]})
    with pytest.raises(ConfigError, match="in train and in dev"):
        crossval(config)


def test_folds_leave_no_trace_of_the_held_out_document(three, tiny_backbone, tmp_path):
    config = tiny_config(three, tiny_backbone, tmp_path, data__train=["few"], data__dev=[])
    corpus = load_corpus(config.data)
    for name in ("one", "two", "three"):
        fold = _fold_config(config, 1, name)
        train, dev, test = select_documents(fold, _leave_out(corpus, name))
        assert [item.document.id for item in test] == [name]
        assert name not in {item.document.id for item in (*train, *dev)}


def test_teacher_that_has_seen_the_held_out_document_is_refused(ten_data, tiny_backbone, tiny_run, tmp_path):
    teachers = {"teachers": [str(tiny_run)]}
    config = tiny_config(
        ten_data, tiny_backbone, tmp_path, crossval={"sets": ["train"]}, distillation=teachers
    )
    with pytest.raises(ConfigError, match="has seen 'ten', which is left out here"):
        crossval(config)
    assert not list(tmp_path.iterdir())


def test_teacher_that_does_not_tell_what_it_has_seen_is_told(
    three, tiny_backbone, tiny_run, tmp_path, monkeypatch, caplog
):
    shutil.copytree(tiny_run / "checkpoint", tmp_path / "teacher")
    teachers = {"teachers": [str(tiny_run), str(tmp_path / "teacher")]}
    config = tiny_config(three, tiny_backbone, tmp_path, crossval={"sets": ["few"]}, distillation=teachers)

    def stop(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("train.crossval.fit", stop)
    with pytest.raises(KeyboardInterrupt):
        crossval(config)
    (record,) = caplog.records
    assert f"{tmp_path / 'teacher'} does not tell which documents it has seen" in record.getMessage()
