from dataclasses import replace
from typing import get_args

import pytest
from rich.console import Console

from conflictcoder.labels import LabelSpace
from train.config import MetricName, Training
from train.data.reading import annotated_layers
from train.metrics.report import METRIC_LAYERS, compute_metrics, print_report


@pytest.fixture(scope="module")
def labels(ontology):
    return LabelSpace.of(ontology, annotated_layers(ontology))


def changed(document, number, **changes):
    sentences = list(document.sentences)
    sentences[number] = replace(sentences[number], **changes)
    return replace(document, sentences=tuple(sentences))


def test_gold_against_itself_is_perfect(ten, labels):
    metrics = compute_metrics([(ten.document, ten.document)] * 2, labels)
    for name in ("entity_f1", "event_type_f1", "trig_c", "trig_i", "arg_c", "arg_i"):
        assert (metrics[name]["f1"], metrics[name]["interval"]) == (1.0, [1.0, 1.0])
    assert metrics["realis_accuracy"]["accuracy"] == metrics["example_f1"] == metrics["mean"] == 1.0
    assert metrics["sentences"] == 20


def test_each_metric_sees_its_own_mistakes(ten, labels):
    (event,) = ten.document.sentences[0].events
    wrong = replace(event, type="WITHDRAWAL")
    metrics = compute_metrics([(changed(ten.document, 0, events=(wrong,)), ten.document)], labels)
    assert metrics["trig_i"]["f1"] == metrics["entity_f1"]["f1"] == metrics["event_type_f1"]["f1"] == 1.0
    assert metrics["trig_c"]["correct"] == metrics["trig_c"]["gold"] - 1
    assert metrics["arg_c"]["correct"] == metrics["arg_c"]["gold"] - len(event.arguments)

    swapped = replace(event, arguments=tuple(replace(a, role="TARGET") for a in event.arguments))
    metrics = compute_metrics([(changed(ten.document, 0, events=(swapped,)), ten.document)], labels)
    assert metrics["arg_i"]["f1"] == metrics["trig_c"]["f1"] == 1.0
    assert metrics["arg_c"]["f1"] < 1.0

    hoped = replace(event, realis="other")
    metrics = compute_metrics([(changed(ten.document, 0, events=(hoped,)), ten.document)], labels)
    assert metrics["realis_accuracy"]["correct"] == metrics["realis_accuracy"]["found"] - 1
    assert metrics["realis_f1"]["correct"] == metrics["realis_accuracy"]["correct"]
    assert metrics["realis_f1"]["gold"] == metrics["trig_c"]["gold"]
    assert metrics["arg_c"]["f1"] == 1.0


def test_dropped_sentences_are_an_error(ten, labels):
    short = replace(ten.document, sentences=ten.document.sentences[1:])
    with pytest.raises(ValueError, match="none may be dropped"):
        compute_metrics([(short, ten.document)], labels)


def test_a_gold_item_that_was_not_found_counts(ten, labels):
    empty = replace(
        ten.document,
        sentences=tuple(replace(s, entities=(), events=(), event_types=()) for s in ten.document.sentences),
    )
    metrics = compute_metrics([(empty, ten.document)], labels)
    assert metrics["entity_f1"]["gold"] == sum(len(s.entities) for s in ten.document.sentences)
    assert metrics["entity_f1"]["f1"] == metrics["mean"] == 0.0


def test_report_is_readable(ten, labels):
    console = Console(width=120, record=True)
    print_report(compute_metrics([(ten.document, ten.document)] * 2, labels), console)
    text = console.export_text()
    assert "event-type F1" in text
    assert "1.000 to 1.000" in text
    assert "Arg-C by type" in text


def test_each_metric_that_a_config_may_name_is_there_with_its_layer(ten, labels):
    names = set(get_args(MetricName))
    assert set(METRIC_LAYERS) == names
    assert set(get_args(Training.model_fields["metric"].annotation)) <= names | {"mean"}
    for layers in ({"entities"}, {"event_types"}, {"events"}, {"entities", "events", "arguments"}):
        metrics = compute_metrics([(ten.document, ten.document)], LabelSpace.of(labels.ontology, layers))
        assert names & set(metrics) == {name for name in names if METRIC_LAYERS[name] in layers}


def test_metrics_without_intervals_are_otherwise_the_same(ten, labels):
    pairs = [(ten.document, ten.document)] * 2
    drawn, plain = compute_metrics(pairs, labels), compute_metrics(pairs, labels, intervals=False)
    assert drawn.keys() == plain.keys()
    for name, values in drawn.items():
        expected = values | {"interval": None} if isinstance(values, dict) else values
        assert plain[name] == expected
