from dataclasses import replace

import pytest

from conflictcoder.labels import LAYERS, LabelSpace
from train.evaluation import find_errors


@pytest.mark.parametrize(
    ("layers", "kinds"),
    [
        (LAYERS, {"mention", "trigger", "argument", "event type"}),
        (("entities",), {"mention"}),
        (("entities", "events"), {"mention", "trigger"}),
        (("event_types",), {"event type"}),
    ],
)
def test_errors_are_of_the_layers_that_the_model_predicts(ten, ontology, layers, kinds):
    nothing = tuple(replace(s, entities=(), events=(), event_types=()) for s in ten.document.sentences)
    predicted = replace(ten.document, sentences=nothing)
    labels = LabelSpace.of(ontology, layers)
    for guess, truth, side in [(predicted, ten.document, "missed"), (ten.document, predicted, "spurious")]:
        errors = list(find_errors([(guess, truth)], labels))
        found = [line for error in errors for line in error[side]]
        assert {
            kind
            for kind in ("mention", "trigger", "argument", "event type")
            if any(line.startswith(f"{kind} ") for line in found)
        } == kinds


def test_sentence_with_a_mistake_in_another_layer_alone_is_right(ten, ontology):
    sentences = tuple(replace(s, events=(), event_types=()) for s in ten.document.sentences)
    predicted = replace(ten.document, sentences=sentences)
    assert not list(find_errors([(predicted, ten.document)], LabelSpace.of(ontology, ["entities"])))
