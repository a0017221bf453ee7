import re

import pytest

from conflictcoder.ontology import Ontology
from train.data.validation import find_problems

ONTOLOGY = Ontology(
    ("WHO", "WHERE"), ("RAID",), ("BY", "AT"), ("actual", "other"), fillers={"AT": frozenset({"WHERE"})}
)
TEXT = "Rebels raided Gao."


def mention(name="m1", kind="WHO", start=0, end=6, text="Rebels"):
    return {"id": name, "type": kind, "start": start, "end": end, "text": text}


def event(*arguments, name="e1", kind="RAID", start=7, end=13, text="raided", realis="actual"):
    linked = [{"role": role, "entity": entity} for role, entity in arguments]
    return mention(name, kind, start, end, text) | {"realis": realis, "arguments": linked}


def sentence(entities=(), events=(), event_types=()):
    types = [{"type": name} for name in event_types]
    return {"text": TEXT, "entities": list(entities), "events": list(events), "event_types": types}


def test_good_sentence_has_no_problem():
    place = mention("m2", "WHERE", 14, 17, "Gao")
    raid = event(("BY", "m1"), ("BY", "m2"), ("AT", "m2"))
    assert list(find_problems(sentence([mention(), place], [raid], ["RAID"]), ONTOLOGY)) == []
    assert list(find_problems(sentence(), ONTOLOGY)) == []


PROBLEMS = {
    "entity type": (
        [mention(kind="ARMY")],
        [],
        [],
        "m1",
        "unknown entity type 'ARMY'; the ontology has WHO, WHERE",
    ),
    "event type as a mention": ([mention(kind="RAID")], [], [], "m1", "unknown entity type 'RAID'"),
    "event type": ([], [event(kind="COUP")], [], "e1", "unknown event type 'COUP'; the ontology has RAID"),
    "class of the sentence": ([], [], ["COUP"], "", "unknown event type 'COUP'; the ontology has RAID"),
    "realis": ([], [event(realis="")], [], "e1", "unknown realis ''; the ontology has actual, other"),
    "role": ([mention()], [event(("OF", "m1"))], [], "e1", "unknown role 'OF'; the ontology has BY, AT"),
    "no such mention": (
        [],
        [event(("BY", "m1"))],
        [],
        "e1",
        "BY=m1: no mention .* label the mention, or take",
    ),
    "role of an event": (
        [],
        [event(("BY", "e1"))],
        [],
        "e1",
        "BY=e1: no mention of the sentence has the id 'e1'",
    ),
    "filler": (
        [mention()],
        [event(("AT", "m1"))],
        [],
        "e1",
        "AT=m1: a WHO cannot be AT; expected one of WHERE",
    ),
    "argument twice": (
        [mention()],
        [event(("BY", "m1"), ("BY", "m1"))],
        [],
        "e1",
        "BY=m1 is given twice; keep one",
    ),
    "id twice": (
        [mention()],
        [event(name="m1")],
        [],
        "m1",
        "id 'm1' is used twice .* give each span its own",
    ),
    "empty span": ([mention(end=0, text="")], [], [], "m1", "span 0..0 is empty or outside .* 18 .*; mark"),
    "span backwards": ([mention(start=6, end=0)], [], [], "m1", "span 6..0 is empty or outside"),
    "span before the text": ([mention(start=-6, end=6)], [], [], "m1", "span -6..6 is empty or outside"),
    "span after the text": ([mention(start=14, end=19)], [], [], "m1", "span 14..19 is empty or outside"),
    "other text": (
        [mention(text="Rebel")],
        [],
        [],
        "m1",
        "has 'Rebels' at 0..6, not 'Rebel'; correct the offsets",
    ),
    "space": (
        [mention(end=7, text="Rebels ")],
        [],
        [],
        "m1",
        "'Rebels ' begins or ends with a space; leave it",
    ),
    "overlap": (
        [mention()],
        [event(start=5, text="s raided")],
        [],
        "e1",
        "'s raided' overlaps the span before it; keep one",
    ),
}


@pytest.mark.parametrize(("entities", "events", "types", "item", "message"), PROBLEMS.values(), ids=PROBLEMS)
def test_problem(entities, events, types, item, message):
    ((found, text),) = find_problems(sentence(entities, events, types), ONTOLOGY)
    assert found == item
    assert re.search(message, text)


def test_overlap_is_found_however_the_spans_are_ordered_and_across_a_span_between():
    spans = [mention("c", start=9, end=10, text="i"), mention("a", start=0, end=13, text="Rebels raided")]
    spans.append(mention("b", start=2, end=4, text="be"))
    assert [problem.item for problem in find_problems(sentence(spans), ONTOLOGY)] == ["b", "c"]


def test_spans_may_touch():
    spans = [mention("a", end=3, text="Reb"), mention("b", start=3, text="els")]
    assert list(find_problems(sentence(spans), ONTOLOGY)) == []


def test_span_may_be_the_whole_sentence():
    assert list(find_problems(sentence([mention(end=len(TEXT), text=TEXT)]), ONTOLOGY)) == []


def test_several_problems_come_together():
    bad = event(("OF", "m1"), ("AT", "m9"), realis="never")
    messages = [problem.message.split(";")[0] for problem in find_problems(sentence([], [bad]), ONTOLOGY)]
    assert messages == [
        "unknown realis 'never'",
        "unknown role 'OF'",
        "AT=m9: no mention of the sentence has the id 'm9'",
    ]


@pytest.mark.parametrize(("realis", "problems"), [("", 0), ("actual", 1)])
def test_ontology_without_realis_takes_only_an_empty_one(realis, problems):
    found = list(find_problems(sentence([], [event(realis=realis)]), Ontology(event_types=("RAID",))))
    assert len(found) == problems


@pytest.mark.parametrize(
    ("types", "classified", "message"),
    [
        (["RAID"], True, None),
        (["RAID", "RAID"], True, None),
        (["RAID", "TALKS"], True, "event types RAID, TALKS: expected one, because .*; label one, or take"),
        ([], True, "event types none: expected one"),
        ([], False, None),
    ],
)
def test_exclusive_event_types_are_one_a_sentence(types, classified, message):
    ontology = Ontology(event_types=("RAID", "TALKS"), exclusive_event_types=True)
    found = list(find_problems(sentence(event_types=types), ontology, classified=classified))
    assert [problem.item for problem in found] == ([""] if message else [])
    assert all(re.search(message, problem.message) for problem in found)
