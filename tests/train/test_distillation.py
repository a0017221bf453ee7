import json
import math
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from conflictcoder.modeling import JointOutput
from train.collation import WindowCollator
from train.config import ConfigError, Distillation, LossWeights
from train.distillation import (
    DistillationLoss,
    label_scores,
    soft_binary_cross_entropy,
    soft_cross_entropy,
    teach,
)
from train.features import training_rows
from train.fit import fit, prepare
from train.joint_loss import JointLoss
from train.provenance import OtherRunError, is_finished

from ..conftest import make_backbone, tiny_config


def test_soft_cross_entropy_by_hand():
    # The teacher says 3:1 at temperature 1; the student 1:1.
    targets = torch.tensor([[[math.log(3.0), 0.0]]])
    known = torch.tensor([[True]])
    loss = soft_cross_entropy(torch.zeros(1, 1, 2), targets, known, 1.0)
    assert loss.item() == pytest.approx(math.log(2))
    # At temperature 2 the teacher's odds are sqrt(3):1; the factor 4 keeps the gradient's size.
    scores = torch.tensor([[[2.0, 0.0]]])
    share = math.sqrt(3) / (1 + math.sqrt(3))
    log_odds = math.log(1 + math.exp(-1))
    expected = 4 * (share * log_odds + (1 - share) * (1 + log_odds))
    assert soft_cross_entropy(scores, targets, known, 2.0).item() == pytest.approx(expected)


def test_soft_binary_cross_entropy_by_hand():
    # The teacher gives 0.75 to one label and 0.5 to the other; the student 0.5 to both.
    targets = torch.tensor([[[math.log(3.0), 0.0], [9.0, 9.0]]])
    known = torch.tensor([[True, False]])
    loss = soft_binary_cross_entropy(torch.zeros(1, 2, 2), targets, known)
    assert loss.item() == pytest.approx(2 * math.log(2))


def test_sentence_counts_if_any_event_type_is_known():
    labels = {
        "window": torch.zeros(1, 1),
        "event_types": torch.tensor([[[-100.0, 1.0], [-100.0, -100.0]]]),
        "teacher_event_types": torch.tensor([[[0.0, math.log(3.0)], [9.0, 9.0]]]),
    }
    loss = DistillationLoss(JointLoss(LossWeights(event_types=1.0), False), Distillation(weight=1.0))
    outputs = JointOutput(event_types=torch.zeros(1, 2, 2))
    assert loss(outputs, labels).item() == pytest.approx(2 * math.log(2))


def test_scores_of_what_the_labels_name():
    arrays = {
        "realis": np.array([[1.0, 3.0], [3.0, 5.0], [9.0, 9.0]], dtype=np.float32),
        "triggers": np.arange(12, dtype=np.float32).reshape(3, 2, 2),
        "mentions": np.array([[1, 0], [0, 1], [1, 1]], dtype=np.float32),
    }
    row = {"triggers": [[0, 2, 0]], "mentions": [[2, 3], [0, 1]], "pairs": [[0, 1, 1, 0], [0, 0, 0, 0]]}
    scores = label_scores(arrays, row)
    assert scores["realis"].tolist() == [[2.0, 4.0]]
    # The trigger's mean is [[2, 3], [4, 5]]; mention 1 picks the first number, mention 0 adds both.
    assert scores["pairs"].tolist() == [[2.0, 4.0], [5.0, 9.0]]


def test_no_labels_have_no_scores():
    arrays = {
        "triggers": np.zeros((3, 2, 4), dtype=np.float32),
        "mentions": np.zeros((3, 4), dtype=np.float32),
    }
    assert label_scores(arrays, {"triggers": [], "mentions": [], "pairs": []})["pairs"].shape == (0, 2)


@pytest.fixture
def student(ten_data, tiny_backbone, tmp_path, tiny_run):
    config = tiny_config(
        ten_data, tiny_backbone, tmp_path, training__epochs=200, distillation={"teachers": [str(tiny_run)]}
    )
    return config.model_copy(update={"distillation": config.distillation.model_copy(update={"weight": 1.0})})


def test_student_learns_from_the_teacher_alone(student):
    metrics = fit(student)
    assert metrics["dev"]["entity_f1"]["f1"] > 0.9
    assert metrics["dev"]["trig_c"]["f1"] > 0.9
    resolved = json.loads((student.run_folder / "provenance.json").read_text())["config"]
    assert resolved["distillation"]["teachers"] == student.distillation.teachers


def test_run_with_another_teacher_is_another_run(student, tiny_run, tmp_path):
    teacher = tmp_path / "teacher"
    shutil.copytree(tiny_run / "checkpoint", teacher / "checkpoint")
    settings = student.distillation.model_copy(update={"teachers": [str(teacher)]})
    training = student.training.model_copy(update={"epochs": 1.0})
    config = student.model_copy(update={"distillation": settings, "training": training})
    fit(config)
    assert is_finished(config)
    (teacher / "checkpoint" / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(OtherRunError, match="was made with other settings in its teachers"):
        is_finished(config)


def test_targets_are_padded_like_the_labels(student):
    experiment = prepare(student)
    rows = training_rows(experiment.train, experiment.labels)
    targets = teach(
        experiment.train, rows, experiment.labels, experiment.encoder, student.distillation, device="cpu"
    )
    collator = WindowCollator(experiment.labels, 0, longest=128, targets=targets)
    labels = collator([row | {"target": number} for number, row in enumerate(rows)])["labels"]
    assert labels["teacher_spans"].shape[:2] == labels["spans"].shape
    assert labels["teacher_event_types"].shape == labels["event_types"].shape
    assert labels["teacher_pairs"].shape[:2] == labels["pairs"].shape[:2]
    assert labels["teacher_realis"].shape[:2] == labels["triggers"].shape[:2]
    assert not any(name.startswith("teacher_") for name in collator(rows)["labels"])


def test_teacher_with_other_labels_is_refused(student, ten_data, tiny_backbone, tmp_path):
    config = student.model_copy(update={"model": student.model.model_copy(update={"layers": ["entities"]})})
    with pytest.raises(ConfigError, match="other labels"):
        fit(config)


def test_teacher_of_a_reworded_ontology_is_taken(student):
    experiment = prepare(student)
    ontology = replace(experiment.labels.ontology, definitions={"PERSON": "somebody"}, fillers={}, version=9)
    rows = training_rows(experiment.train, experiment.labels)

    def learn(ontology):
        labels = replace(experiment.labels, ontology=ontology)
        return teach(experiment.train, rows, labels, experiment.encoder, student.distillation, device="cpu")

    assert len(learn(ontology)) == len(rows)
    for name in ("entity_types", "event_types", "roles", "realis"):
        other = replace(ontology, **{name: tuple(reversed(getattr(ontology, name)))})
        with pytest.raises(ConfigError, match="other labels"):
            learn(other)
    with pytest.raises(ConfigError, match="other labels"):
        learn(replace(ontology, exclusive_event_types=True))


def test_teacher_with_another_tokenizer_is_refused(student, tmp_path):
    other = make_backbone(tmp_path / "other", ["zabcdefghijklmnopqrstuvwxyz"])
    model = student.model.model_copy(update={"backbone": str(other)})
    with pytest.raises(ConfigError, match="other tokens"):
        fit(student.model_copy(update={"model": model}))
