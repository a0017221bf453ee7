import pytest

from conflictcoder.document import Argument, Document, Event, EventType, Mention, Sentence
from train.labelled import LabelledDocument

MENTION = Mention("m1", "WHO", 0, 2, "We")
EVENT = Event("e1", "FLIGHT", "", 3, 7, "fled", (Argument("BY", MENTION),))
OTHER = Event("e2", "RAID", "", 8, 10, "it")
SENTENCE = Sentence("We fled it", 0, (MENTION,), (EVENT, OTHER), (EventType("FLIGHT"), EventType("RAID")))
PREDICTED = Document("x", "", "", "We fled it", (SENTENCE,))


def comparable(layers, types=None):
    gold = Document("x", "", "", "We fled it", (Sentence("We fled it"),))
    (sentence,) = LabelledDocument(gold, frozenset(layers), types).comparable(PREDICTED).sentences
    return sentence


def test_a_full_annotation_is_compared_with_everything():
    assert comparable({"entities", "events", "event_types", "arguments", "realis"}) == SENTENCE


@pytest.mark.parametrize(
    ("layers", "entities", "events", "types"),
    [
        (set(), 0, 0, 0),
        ({"entities"}, 1, 0, 0),
        ({"events"}, 0, 2, 0),
        ({"event_types"}, 0, 0, 2),
        ({"entities", "event_types"}, 1, 0, 2),
    ],
)
def test_layers_that_were_not_annotated_are_not_compared(layers, entities, events, types):
    sentence = comparable(layers)
    assert (len(sentence.entities), len(sentence.events), len(sentence.event_types)) == (
        entities,
        events,
        types,
    )


def test_arguments_are_compared_where_they_were_annotated():
    assert comparable({"entities", "events"}).events[0].arguments == ()
    assert comparable({"entities", "events", "arguments"}).events[0].arguments == EVENT.arguments


def test_types_that_were_not_annotated_are_not_compared():
    sentence = comparable({"entities", "events", "event_types"}, frozenset({"RAID"}))
    assert sentence.entities == ()
    assert [event.type for event in sentence.events] == ["RAID"]
    assert [entry.type for entry in sentence.event_types] == ["RAID"]
