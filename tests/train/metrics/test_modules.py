"""The `evaluate` modules, loaded by path and without a network."""

import evaluate
import pytest

from ...conftest import ROOT

METRICS = ROOT / "train" / "metrics"
SPANS = [[{"start": 0, "end": 4, "type": "A"}, {"start": 5, "end": 9, "type": "B"}], []]
OTHER = [[{"start": 0, "end": 4, "type": "A"}, {"start": 5, "end": 9, "type": "A"}], []]


def load(name):
    return evaluate.load(str(METRICS / name))


def test_entity_f1():
    scores = load("entity_f1").compute(predictions=SPANS, references=OTHER, articles=["x", "y"])
    assert (scores["f1"], scores["correct"]) == (0.5, 1)
    assert scores["interval"] is not None
    assert set(scores["by_label"]) == {"A", "B"}


def test_trigger_f1_with_and_without_type():
    metric = load("trigger_f1")
    assert metric.compute(predictions=SPANS, references=OTHER)["f1"] == 0.5
    assert metric.compute(predictions=SPANS, references=OTHER, typed=False)["f1"] == 1.0


def test_event_type_f1():
    scores = load("event_type_f1").compute(predictions=[["A", "B"], []], references=[["A"], ["C"]])
    assert scores["f1"] == 0.5


def test_argument_f1_with_and_without_role():
    gold = [[{"event_type": "E", "role": "ACTOR", "start": 0, "end": 4}]]
    guess = [[{"event_type": "E", "role": "TARGET", "start": 0, "end": 4}]]
    metric = load("argument_f1")
    assert metric.compute(predictions=guess, references=gold)["f1"] == 0.0
    assert metric.compute(predictions=guess, references=gold, roles=False)["f1"] == 1.0


def test_realis_accuracy_counts_triggers_found():
    gold = [[{"start": 0, "end": 4, "type": "A", "realis": "actual"}]]
    guess = [[*gold[0], {"start": 5, "end": 9, "type": "A", "realis": "other"}]]
    scores = load("realis_accuracy").compute(predictions=guess, references=gold)
    assert scores == {"accuracy": 1.0, "correct": 1, "found": 1}


def test_articles_must_match():
    with pytest.raises(ValueError, match="expected one of each for every sentence"):
        load("entity_f1").compute(predictions=SPANS, references=OTHER, articles=["x"])
