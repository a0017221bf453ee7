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
    assert scores == {
        "accuracy": 1.0,
        "macro_accuracy": 1.0,
        "interval": None,
        "correct": 1,
        "found": 1,
        "by_label": {"A": {"accuracy": 1.0, "correct": 1, "found": 1}},
    }


def test_realis_accuracy_by_type_and_with_its_interval():
    def events(*values):
        return [
            {"start": n, "end": n + 1, "type": kind, "realis": realis}
            for n, (kind, realis) in enumerate(values)
        ]

    gold = [events(("A", "actual"), ("A", "other")), events(("B", "actual"), ("A", "actual"))]
    guess = [events(("A", "actual"), ("A", "actual")), events(("B", "actual"), ("A", "actual"))]
    scores = load("realis_accuracy").compute(predictions=guess, references=gold, articles=["x", "y"])
    assert (scores["accuracy"], scores["correct"], scores["found"]) == (0.75, 3, 4)
    assert scores["by_label"]["A"] == {"accuracy": 0.6667, "correct": 2, "found": 3}
    assert scores["macro_accuracy"] == pytest.approx((2 / 3 + 1) / 2, abs=1e-4)
    assert scores["interval"] == [0.5, 1.0]


def test_articles_must_match():
    with pytest.raises(ValueError, match="expected one of each for every sentence"):
        load("entity_f1").compute(predictions=SPANS, references=OTHER, articles=["x"])


def test_macro_f1_of_single_classes_by_hand():
    """Ten rows of three classes: the mean of each class's F1, as scikit-learn's `average="macro"`."""
    gold = list("aaaaabbbcc")
    guess = list("aaaabbbbab")
    scores = load("event_type_f1").compute(
        predictions=[[name] for name in guess], references=[[name] for name in gold]
    )
    # a: 4 right of 5 found and 5 gold; b: 3 right of 5 found and 3 gold; c: none of 0 found and 2 gold.
    assert scores["macro_f1"] == pytest.approx((0.8 + 0.75 + 0.0) / 3, abs=1e-4)
    assert scores["f1"] == 0.7  # the accuracy, because each row has one class


def test_example_f1_by_hand():
    scores = load("example_f1").compute(
        predictions=[["a", "b"], [], ["a"], [], ["b", "a"]], references=[["a"], [], [], ["b"], ["a", "b"]]
    )
    # 2/3, not counted, 0, 0, 1
    assert scores == {"f1": pytest.approx((2 / 3 + 0 + 0 + 1) / 4, abs=1e-4)}


def test_example_f1_of_nothing():
    assert load("example_f1").compute(predictions=[[]], references=[[]]) == {"f1": 0.0}


def test_entity_f1_is_strict():
    """A span that is one character short and one of another type are both wrong, twice each."""
    gold = [[{"start": 0, "end": 4, "type": "A"}, {"start": 5, "end": 9, "type": "B"}], [], []]
    guess = [
        [{"start": 0, "end": 3, "type": "A"}, {"start": 5, "end": 9, "type": "A"}],
        [{"start": 0, "end": 4, "type": "A"}],
        [],
    ]
    scores = load("entity_f1").compute(predictions=guess, references=gold)
    assert (scores["f1"], scores["predicted"], scores["gold"]) == (0.0, 3, 2)
    guess[0][0]["end"] = 4
    scores = load("entity_f1").compute(predictions=guess, references=gold)
    assert scores["f1"] == pytest.approx(2 * 1 / (3 + 2))
