import json
import shutil
import subprocess
import sys
import tomllib

import pytest
import torch

from conflictcoder import Article, EventCoder
from conflictcoder.document import Document
from conflictcoder.errors import ConflictCoderError
from train.config import ConfigError, load_config
from train.data.reading import load_corpus
from train.development import DevelopmentMetrics
from train.evaluation import evaluate_coder
from train.fit import RunError, dry_run, fit, prepare
from train.labelled import LabelledDocument
from train.provenance import OtherRunError
from train.selection import select_documents

from ..conftest import ROOT, tiny_config, write_data


def test_all_heads_learn_ten_sentences_by_heart(tiny_run):
    metrics = json.loads((tiny_run / "metrics.json").read_text())["dev"]
    for name in ("entity_f1", "event_type_f1", "trig_c", "arg_c"):
        assert metrics[name]["f1"] > 0.95, name
    assert metrics["realis_accuracy"]["accuracy"] == 1.0


def test_run_folder_is_complete_and_has_no_pickle(tiny_run):
    names = {path.relative_to(tiny_run).as_posix() for path in tiny_run.rglob("*") if path.is_file()}
    assert names == {
        "checkpoint/config.json",
        "checkpoint/model.safetensors",
        "checkpoint/tokenizer.json",
        "config.toml",
        "errors_dev.jsonl",
        "report.html",
        "log.jsonl",
        "metrics.json",
        "provenance.json",
        "sample.json",
    }
    provenance = json.loads((tiny_run / "provenance.json").read_text())
    known = {"config", "seed", "commit", "data", "backbone", "start", "teachers", "versions"}
    known |= {"duration_seconds"}
    assert set(provenance) == known
    assert all(len(digest) == 64 for digest in provenance["data"].values())


def test_resolved_config_can_be_run_again(tiny_run):
    resolved = load_config(tiny_run / "config.toml")
    assert resolved.training.epochs == 400
    assert tomllib.loads((tiny_run / "config.toml").read_text()) == resolved.model_dump()


def test_reloaded_checkpoint_answers_alike(tiny_run, ten):
    first = evaluate_coder(tiny_run, [ten])
    second = evaluate_coder(tiny_run / "checkpoint", [ten])
    assert first.pairs == second.pairs
    assert first.metrics["entity_f1"]["f1"] > 0.95


def test_labels_keep_their_order_in_a_checkpoint(tiny_run, ontology):
    coder = EventCoder.from_pretrained(tiny_run)
    assert coder.config.labels.ontology == ontology


def test_errors_file_lists_gold_predicted_and_sentence(tiny_run, ten, tmp_path):
    sentence = ten.document.sentences[0]
    wrong = Document("x", "", "", sentence.text, (type(sentence)(sentence.text),))
    evaluate_coder(tiny_run, [LabelledDocument(wrong, ten.layers)]).write_errors(tmp_path / "errors.jsonl")
    (line,) = (tmp_path / "errors.jsonl").read_text().splitlines()
    error = json.loads(line)
    assert error["text"] == sentence.text
    assert "mention ARMED_GROUP: Rebels" in error["spurious"]
    assert not error["missed"]
    assert error["predicted"]["entities"]
    assert not error["gold"]["entities"]


def test_run_folder_is_not_overwritten_unasked(tiny_run):
    config = load_config(tiny_run / "config.toml")
    with pytest.raises(RunError, match="--overwrite"):
        fit(config)
    with pytest.raises(RunError, match="nothing to resume"):
        fit(config, resume=True)


@pytest.mark.parametrize(
    "override", ['data.dev=["nope"]', 'distillation.teachers=["nowhere"]', "model.backbone=none such"]
)
def test_run_is_not_thrown_away_for_one_that_cannot_start(tiny_run, tmp_path, override):
    run = tmp_path / "tiny"
    shutil.copytree(tiny_run, run)
    config = load_config(run / "config.toml", [f"output={tmp_path}", override])
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    with pytest.raises(ConflictCoderError):
        fit(config, overwrite=True)
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_overwriting_leaves_nothing_of_the_old_run(tiny_run, tmp_path):
    run = tmp_path / "tiny"
    shutil.copytree(tiny_run, run)
    (run / "old.txt").touch()
    config = load_config(run / "config.toml", [f"output={tmp_path}", "training.epochs=1"])
    fit(config, overwrite=True)
    assert {path.name for path in run.iterdir()} == {path.name for path in tiny_run.iterdir()}
    assert len((run / "log.jsonl").read_text()) < len((tiny_run / "log.jsonl").read_text())


def test_tensorboard_logs_stay(ten_data, tiny_backbone, tmp_path):
    config = tiny_config(ten_data, tiny_backbone, tmp_path, training__epochs=1, training__tensorboard=True)
    fit(config)
    assert list((config.run_folder / "tensorboard").glob("events.*"))
    assert not (config.run_folder / "trainer").exists()


def test_interrupted_run_resumes(ten_data, tiny_backbone, tmp_path, monkeypatch):
    config = tiny_config(ten_data, tiny_backbone, tmp_path, training__epochs=6, training__evaluations=3)

    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("train.fit.fit_calibration", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fit(config)
    assert not (config.run_folder / "checkpoint").exists()
    with pytest.raises(RunError, match="--resume goes on"):
        fit(config)
    other = config.model_copy(update={"loss": config.loss.model_copy(update={"realis": 0.5})})
    with pytest.raises(OtherRunError, match="was made with other settings in loss"):
        fit(other, resume=True)
    gone = config.model_copy(update={"data": config.data.model_copy(update={"ontology": "none.yaml"})})
    with pytest.raises(ConflictCoderError, match=r"none\.yaml: cannot be read"):
        fit(gone, resume=True)
    metrics = fit(config, resume=True)
    assert metrics["best_dev"]["steps"] > 0
    assert (config.run_folder / "checkpoint" / "model.safetensors").exists()


def test_same_seed_gives_same_weights(ten_data, tiny_backbone, tmp_path):
    runs = []
    for name in ("one", "two"):
        config = tiny_config(ten_data, tiny_backbone, tmp_path, training__epochs=2, name=name)
        fit(config)
        runs.append((config.run_folder / "checkpoint" / "model.safetensors").read_bytes())
    assert runs[0] == runs[1]


def test_gradient_accumulation_averages(ten_data, tiny_backbone, tmp_path):
    """Two windows in one step and in two accumulated steps give losses of one size, not doubled."""
    losses = []
    for name, size, accumulation in (("whole", 2, 1), ("parts", 1, 2)):
        config = tiny_config(
            ten_data,
            tiny_backbone,
            tmp_path,
            name=name,
            training__epochs=1,
            training__batch_size=size,
            training__accumulation=accumulation,
        )
        fit(config)
        log = [json.loads(line) for line in (config.run_folder / "log.jsonl").read_text().splitlines()]
        losses.append(next(entry["loss"] for entry in log if "loss" in entry))
    assert losses[1] == pytest.approx(losses[0], rel=0.5)


@pytest.mark.parametrize(
    ("layers", "outputs"),
    [
        (["entities"], {"spans"}),
        (["event_types"], {"event_types"}),
        (["events", "realis"], {"spans", "realis"}),
        (["entities", "events", "arguments"], {"spans", "triggers", "mentions"}),
    ],
)
def test_any_subset_of_heads_trains(ten_data, tiny_backbone, tmp_path, layers, outputs):
    config = tiny_config(ten_data, tiny_backbone, tmp_path, model__layers=layers, training__epochs=2)
    metrics = fit(config)
    assert ("entity_f1" in metrics["dev"]) == ("entities" in layers)
    assert ("arg_c" in metrics["dev"]) == ("arguments" in layers)
    experiment = prepare(config)
    batch = {
        "input_ids": torch.ones(1, 4, dtype=torch.int64),
        "attention_mask": torch.ones(1, 4, dtype=torch.int64),
        "sentence_mask": torch.ones(1, 1, 4, dtype=torch.bool),
    }
    assert set(experiment.model(**batch)) == outputs


MADE_UP = """version: 3
entity_types: {FRUIT: something to eat, COOK: who cooks}
event_types: [BAKING, EATING]
realis: [done, wished]
roles: {WHO: {definition: the cook, fillers: [COOK]}, WHAT: what it is done with}
"""
MADE_UP_ANN = """# id: kitchen
# date:
# origin: written

[Anna]{c1 COOK} [baked]{e1 BAKING WHO=c1 WHAT=f1} an [apple]{f1 FRUIT}.
[Omar]{c1 COOK} wants to [eat]{e1 EATING WHO=c1 WHAT=f1 realis=wished} a [plum]{f1 FRUIT}.
"""


def test_made_up_ontology_needs_no_code(tiny_backbone, tmp_path):
    ann = {"kitchen": MADE_UP_ANN, "again": MADE_UP_ANN.replace("kitchen", "again")}
    data = write_data(tmp_path / "data", ann, MADE_UP, {"dev": ["again"]})
    config = tiny_config(data, tiny_backbone, tmp_path, training__epochs=300)
    metrics = fit(config)
    assert metrics["dev"]["arg_c"]["f1"] == 1.0
    document = EventCoder.from_pretrained(config.run_folder).code_article(
        Article(sentences=["Anna baked an apple.", "Omar wants to eat a plum."])
    )
    (_, event) = document.events
    assert (event.type, event.realis) == ("EATING", "wished")
    assert {argument.role for argument in event.arguments} == {"WHO", "WHAT"}
    assert [bool(sentence.event_types) for sentence in document.sentences] == [True, False]


def test_dry_run_writes_nothing(ten_data, tiny_backbone, tmp_path):
    config = tiny_config(ten_data, tiny_backbone, tmp_path / "out")
    report = dry_run(config)
    assert report["loss"] > 0
    assert report["train_documents"] == 1
    assert not (tmp_path / "out").exists()


def test_unknown_set_and_shared_document_are_config_errors(ten_data, tiny_backbone, tmp_path):
    config = tiny_config(ten_data, tiny_backbone, tmp_path)
    corpus = load_corpus(config.data)
    unknown = config.model_copy(update={"data": config.data.model_copy(update={"dev": ["nope"]})})
    with pytest.raises(ConfigError, match="no set 'nope'"):
        select_documents(unknown, corpus)
    shared = config.model_copy(update={"data": config.data.model_copy(update={"train": ["train", "dev"]})})
    with pytest.raises(ConfigError, match="in train and in dev"):
        select_documents(shared, corpus)


def test_last_document_of_a_type_is_trained_on(tiny_backbone, tmp_path):
    """Documents 0 to 4 have a type each that no other has."""
    ann = {
        f"d{n}": f"# id: d{n}\n# date: 2024-02-06\n# origin: written\n\n[Unit {n}]{{m1 T{min(n, 5)}}} came.\n"
        for n in range(12)
    }
    ontology = "entity_types: [T0, T1, T2, T3, T4, T5]\nevent_types: []\nroles: []\nrealis: []\n"
    data = write_data(tmp_path / "data", ann, ontology, {})
    for seed in range(5):
        config = tiny_config(data, tiny_backbone, tmp_path, data__dev=[], data__dev_share=0.5, seed=seed)
        train, dev, _ = select_documents(config, load_corpus(config.data))
        assert {f"d{n}" for n in range(5)} <= {item.document.id for item in train}
        assert dev


def test_two_processes_train_one_model(ten_data, tiny_backbone, tmp_path, tiny_run):
    """`accelerate launch` with two CPU processes, as it is used with several GPUs."""
    lines = (tiny_run / "config.toml").read_text().splitlines()
    path = tmp_path / "two.toml"
    path.write_text("\n".join(lines))
    launch = [sys.executable, "-m", "accelerate.commands.launch"]
    options = ["--cpu", "--num_processes", "2", "--num_machines", "1", "--mixed_precision", "no"]
    options += ["--dynamo_backend", "no", "--main_process_port", "0"]
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "old.txt").touch()
    changes = ["name=two", f"output={tmp_path}", "training.epochs=2"]
    fit_command = ["-m", "train", "fit", str(path), *changes, "--overwrite"]
    result = subprocess.run(
        [*launch, *options, *fit_command], capture_output=True, text=True, cwd=ROOT, timeout=300
    )
    assert result.returncode == 0, result.stderr[-3000:]
    metrics = json.loads((tmp_path / "two" / "metrics.json").read_text())
    assert metrics["dev"]["articles"] == 1
    assert not (tmp_path / "two" / "old.txt").exists()
    shutil.rmtree(tmp_path / "two")


class ConstantMetrics(DevelopmentMetrics):
    """Says that every evaluation is as good as the first, and stops the run in one of them."""

    score = 0.5
    stop_at = 0
    evaluations = 0

    def __call__(self, prediction, compute_result):
        super().__call__(prediction, compute_result)
        type(self).evaluations += compute_result
        if compute_result and self.evaluations == self.stop_at:
            raise KeyboardInterrupt
        return {"mean": self.score} if compute_result else {}


def test_a_run_that_finds_nothing_yet_goes_on_and_is_told(
    ten_data, tiny_backbone, tmp_path, monkeypatch, caplog
):
    config = tiny_config(
        ten_data,
        tiny_backbone,
        tmp_path,
        training__epochs=4,
        training__evaluations=4,
        training__patience=1,
    )
    monkeypatch.setattr("train.fit.DevelopmentMetrics", type("Metrics", (ConstantMetrics,), {"score": 0.0}))
    best = fit(config)["best_dev"]
    assert best == {"metric": "mean", "score": 0.0, "step": 4, "steps": 4}
    assert "mean was 0 on dev at every evaluation" in caplog.text


@pytest.mark.parametrize("interrupted_at", [0, 3])
def test_patience_outlives_an_interruption(ten_data, tiny_backbone, tmp_path, monkeypatch, interrupted_at):
    config = tiny_config(
        ten_data,
        tiny_backbone,
        tmp_path,
        training__epochs=8,
        training__evaluations=8,
        training__patience=3,
    )
    metrics = type("Metrics", (ConstantMetrics,), {"stop_at": interrupted_at})
    monkeypatch.setattr("train.fit.DevelopmentMetrics", metrics)
    if interrupted_at:
        with pytest.raises(KeyboardInterrupt):
            fit(config)
    best = fit(config, resume=bool(interrupted_at))["best_dev"]
    assert (best["step"], best["steps"]) == (1, 4)


def test_type_to_replace_that_the_ontology_lacks(ten_data, tiny_backbone, tmp_path):
    config = tiny_config(ten_data, tiny_backbone, tmp_path, augmentation={"types": ["PERSON", "LOCATON"]})
    with pytest.raises(ConfigError, match=r"types: 'LOCATON' is no entity type; did you mean 'LOCATION'\?"):
        prepare(config)
    config = tiny_config(ten_data, tiny_backbone, tmp_path, augmentation={"types": ["x"]})
    with pytest.raises(
        ConfigError, match="'x' is no entity type; the ontology has: STATE_ACTOR, ARMED_GROUP"
    ):
        prepare(config)


def test_metric_of_a_layer_that_is_not_predicted(ten_data, tiny_backbone, tmp_path):
    changes = {"model__layers": ["entities"], "training__metric": "trig_c"}
    config = tiny_config(ten_data, tiny_backbone, tmp_path, **changes)
    message = r"training\.metric: 'trig_c' scores events, and the model predicts entities"
    with pytest.raises(ConfigError, match=message):
        dry_run(config)
