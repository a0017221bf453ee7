import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conflictcoder.document import Argument, Document, Event, EventType, Mention, Sentence
from conflictcoder.errors import DataError
from conflictcoder.labels import LAYERS
from conflictcoder.ontology import Ontology
from tests.train.data.strategies import ONTOLOGY_AND_DOCUMENT, PATIENT
from train.data.json_documents import read_json

ONTOLOGY = Ontology(
    ("WHO", "WHERE"),
    ("RAID", "FLIGHT"),
    ("BY", "AT"),
    ("actual", "other"),
    fillers={"AT": frozenset({"WHERE"})},
)
ENTITIES = [
    {"id": "m1", "type": "WHO", "start": 0, "end": 6, "text": "Rebels"},
    {"id": "m2", "type": "WHERE", "start": 14, "end": 17, "text": "Gao"},
]
ARGUMENTS = [{"role": "BY", "entity": "m1"}, {"role": "AT", "entity": "m2"}]
RAID = {"id": "e1", "type": "RAID", "realis": "actual", "start": 7, "end": 13, "text": "raided"}
EVENTS = [RAID | {"arguments": ARGUMENTS}]
TYPES = [{"type": "FLIGHT"}]
TEXT = "Rebels raided Gao."


def write(folder, content, name="x.jsonl"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def record(**layers):
    return {"id": "d", "sentences": [{"text": TEXT} | layers]}


def read_one(folder, content, ontology=ONTOLOGY):
    (labelled,) = read_json(write(folder, json.dumps(content)), ontology)
    return labelled


def test_document_with_every_layer(tmp_path):
    labelled = read_one(tmp_path, record(entities=ENTITIES, events=EVENTS, event_types=TYPES))
    who, where = Mention("m1", "WHO", 0, 6, "Rebels"), Mention("m2", "WHERE", 14, 17, "Gao")
    raid = Event("e1", "RAID", "actual", 7, 13, "raided", (Argument("BY", who), Argument("AT", where)))
    sentence = Sentence(TEXT, 0, (who, where), (raid,), (EventType("FLIGHT"),))
    assert labelled.document == Document("d", "", "", TEXT, (sentence,))
    assert labelled.layers == {"entities", "events", "event_types", "arguments", "realis"}


BARE_EVENTS = [RAID | {"arguments": []}]


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ({}, set()),
        ({"entities": ENTITIES}, {"entities"}),
        ({"entities": []}, {"entities"}),
        ({"entities": None}, set()),
        ({"events": BARE_EVENTS}, {"events", "event_types", "realis"}),
        ({"event_types": TYPES}, {"event_types"}),
        ({"event_types": []}, {"event_types"}),
        ({"entities": ENTITIES, "event_types": TYPES}, {"entities", "event_types"}),
        ({"events": BARE_EVENTS, "event_types": TYPES}, {"events", "event_types", "realis"}),
        (
            {"entities": ENTITIES, "events": EVENTS},
            {"entities", "events", "event_types", "arguments", "realis"},
        ),
    ],
)
def test_layers_are_those_that_a_sentence_has(tmp_path, layers, expected):
    labelled = read_one(tmp_path, record(**layers))
    assert labelled.layers == expected
    (sentence,) = labelled.document.sentences
    assert bool(sentence.entities) == bool(layers.get("entities"))
    assert bool(sentence.events) == bool(layers.get("events"))


def test_layer_of_one_sentence_counts_for_its_document(tmp_path):
    content = {"id": "d", "sentences": [{"text": "It rained."}, {"text": TEXT, "entities": ENTITIES}]}
    labelled = read_one(tmp_path, content)
    assert labelled.layers == {"entities"}
    assert [len(sentence.entities) for sentence in labelled.document.sentences] == [0, 2]


@pytest.mark.parametrize(
    ("ontology", "expected"),
    [
        (Ontology(("WHO", "WHERE"), ("RAID",)), {"entities", "events", "event_types"}),
        (Ontology(("WHO", "WHERE"), ("RAID",), ("BY",)), {"entities", "events", "event_types", "arguments"}),
        (Ontology(("WHO", "WHERE")), {"entities"}),
        (Ontology((), ("RAID",)), {"events", "event_types"}),
        (Ontology(), set()),
    ],
)
def test_ontology_without_labels_has_no_layer(tmp_path, ontology, expected):
    layers = {
        "entities": ENTITIES if ontology.entity_types else [],
        "events": [RAID | {"realis": ""}] if ontology.event_types else [],
        "event_types": [],
    }
    assert read_one(tmp_path, record(**layers), ontology).layers == expected


@pytest.mark.parametrize(("realis", "expected"), [("actual", ["RAID"]), ("other", [])])
def test_event_types_follow_from_actual_events(tmp_path, realis, expected):
    labelled = read_one(tmp_path, record(events=[RAID | {"realis": realis}]))
    assert [entry.type for entry in labelled.document.sentences[0].event_types] == expected


def test_start_and_text_follow_from_the_sentences(tmp_path):
    labelled = read_one(tmp_path, {"id": "d", "sentences": [{"text": "One."}, {"text": "Two.", "start": 99}]})
    assert labelled.document.text == "One. Two."
    assert [sentence.start for sentence in labelled.document.sentences] == [0, 5]
    stated = {
        "id": "d",
        "text": "One.\n\nTwo.",
        "sentences": [{"text": "One."}, {"text": "Two.", "start": 6}],
    }
    assert read_one(tmp_path, stated).document.sentences[1].start == 6


def test_answers_of_the_coder_can_be_labels(tmp_path):
    """Scores and whatever else stands there are no labels."""
    scored = [entity | {"score": 0.5} for entity in ENTITIES]
    labelled = read_one(
        tmp_path, record(entities=scored) | {"error": None, "title": "T", "date": "2024-02-06"}
    )
    assert labelled.document.sentences[0].entities[0] == Mention("m1", "WHO", 0, 6, "Rebels")
    assert (labelled.document.title, labelled.document.date) == ("T", "2024-02-06")


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_line_a_document_or_one_or_a_list(tmp_path, mark, end):
    records = [record() | {"id": name} for name in ("é", "b\u2028c")]
    lines = [json.dumps(item, ensure_ascii=False) for item in records]
    files = {
        "x.jsonl": mark + end.join([lines[0], "", lines[1], ""]),
        "list.json": mark + json.dumps(records, indent=2, ensure_ascii=False).replace("\n", end),
    }
    for name, content in files.items():
        found = read_json(write(tmp_path, content, name), ONTOLOGY)
        assert [labelled.document.id for labelled in found] == ["é", "b\u2028c"]
    (single,) = read_json(write(tmp_path, mark + lines[0], "one.json"), ONTOLOGY)
    assert single.document.id == "é"


@given(ONTOLOGY_AND_DOCUMENT)
@settings(PATIENT, max_examples=50)
def test_documents_come_back(tmp_path_factory, pair):
    ontology, document = pair
    path = write(tmp_path_factory.getbasetemp(), document.to_json() + "\n", "round.jsonl")
    (labelled,) = read_json(path, ontology)
    assert labelled.document == document


def changed(layer, number, **changes):
    """The record with every layer, one item of a layer changed; None takes a field away."""
    items = {"entities": ENTITIES, "events": EVENTS, "event_types": TYPES}
    layers = {name: [dict(item) for item in values] for name, values in items.items()}
    item = layers[layer][number] | changes
    layers[layer][number] = {key: value for key, value in item.items() if value is not None}
    return record(**layers)


MISTAKES = {
    "no object": ("text", "document: Input should be a valid dictionary"),
    "no id": ({"sentences": []}, "id: Field required"),
    "id is a number": ({"id": 7, "sentences": []}, "id: Input should be a valid string"),
    "no sentences": ({"id": "d"}, "sentences: Field required"),
    "sentence is text": (
        {"id": "d", "sentences": ["One."]},
        "sentences.0: Input should be a valid dictionary",
    ),
    "no text": ({"id": "d", "sentences": [{"start": 0}]}, "sentences.0.text: Field required"),
    "offset is text": (
        changed("entities", 1, start="14"),
        "sentences.0.entities.1.start: Input should be a valid int",
    ),
    "offset is true": (
        changed("entities", 1, start=True),
        "sentences.0.entities.1.start: Input should be a valid int",
    ),
    "offset is half": (
        changed("entities", 1, start=0.5),
        "sentences.0.entities.1.start: Input should be a valid int",
    ),
    "offset is negative": (
        changed("entities", 1, start=-4),
        "sentences.0.entities.1.start: Input should be greater",
    ),
    "no role": (
        changed("events", 0, arguments=[{"entity": "m1"}]),
        "events.0.arguments.0.role: Field required",
    ),
    "lone surrogate": (
        record() | {"id": "\ud800"},
        "id: Value error, 'utf-8' codec can't encode character '\\ud800'",
    ),
    "outside": (changed("entities", 1, end=40), "sentence 1: m2: span 14..40 is empty or outside"),
    "enormous": (changed("entities", 1, end=10**30), "sentence 1: m2: span 14..1000"),
    "other text": (
        changed("entities", 1, text="Kidal"),
        "sentence 1: m2: the sentence has 'Gao' at 14..17, not",
    ),
    "unknown type": (changed("entities", 0, type="X"), "sentence 1: m1: unknown entity type 'X'"),
    "no realis": (changed("events", 0, realis=None), "sentence 1: e1: unknown realis ''"),
    "dangling": (changed("entities", 0, id="m9"), "sentence 1: e1: BY=m1: no mention of the sentence has"),
    "unknown class": (changed("event_types", 0, type="X"), "sentence 1: unknown event type 'X'"),
    "text elsewhere": (
        record() | {"text": "Two. " + TEXT},
        "sentence 1: the document's text has something else at 0; expected the sentence",
    ),
}


@pytest.mark.parametrize(("content", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_of_a_record(tmp_path, content, message):
    good = json.dumps(record())
    line = write(tmp_path, f"{good}\n\n{json.dumps(content)}\n{good}\n")
    listed = write(tmp_path, f"\n[{good},\n {good}\n,\n{json.dumps(content)}, {good}]", "x.json")
    alone = write(tmp_path, json.dumps(content), "alone.json")
    for path, number in ((line, 3), (listed, 5), (alone, 1)):
        with pytest.raises(DataError) as caught:
            list(read_json(path, ONTOLOGY))
        assert (caught.value.file, caught.value.line) == (str(path), number)
        assert message in caught.value.message


@pytest.mark.parametrize(
    ("name", "content", "line", "column", "message"),
    [
        ("x.jsonl", '{"id": "d", "sentences": []}\n{"id": }\n', 2, 8, "not JSON: Expecting value"),
        ("x.json", '[\n{"id": "d", "sentences": []},\n{"id": }]', 3, 8, "not JSON: Expecting value"),
        ("x.json", "", 1, 1, "not JSON: Expecting value"),
        ("x.jsonl", "\n" + "[" * 200_000, 2, None, "not JSON of documents: maximum recursion"),
        ("x.json", "[" * 200_000, None, None, "not JSON of documents: maximum recursion"),
        ("x.jsonl", "\n" + "9" * 5000, 2, None, "not JSON of documents: Exceeds the limit"),
    ],
)
def test_content_that_is_not_json(tmp_path, name, content, line, column, message):
    path = write(tmp_path, content, name)
    with pytest.raises(DataError) as caught:
        list(read_json(path, ONTOLOGY))
    assert (caught.value.file, caught.value.line, caught.value.column) == (str(path), line, column)
    assert message in caught.value.message


def test_unreadable_file(tmp_path):
    with pytest.raises(DataError, match="cannot be read as UTF-8"):
        list(read_json(write(tmp_path, b'"\xff"'), ONTOLOGY))
    with pytest.raises(DataError, match=r"none\.json: cannot be read"):
        list(read_json(tmp_path / "none.json", ONTOLOGY))


_SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=3)
)
_NAMES = st.sampled_from(
    ["id", "text", "sentences", "start", "end", "type", *LAYERS, "realis", "role", "entity"]
)
_VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner))
_PLACES = st.sampled_from(["id", "type", "start", "end", "text", "realis", "arguments", "role", "entity"])


@given(st.lists(_VALUES, max_size=3), st.sampled_from(["x.json", "x.jsonl"]))
@settings(PATIENT, max_examples=200)
def test_any_json_raises_only_data_errors(tmp_path_factory, values, name):
    content = json.dumps(values) if name == "x.json" else "\n".join(map(json.dumps, values))
    _reads_or_raises(write(tmp_path_factory.getbasetemp(), content, name))


@given(st.sampled_from(["entities", "events", "event_types"]), _PLACES, _VALUES)
@settings(PATIENT, max_examples=200)
def test_record_with_one_wrong_field_raises_only_data_errors(tmp_path_factory, layer, key, value):
    content = json.dumps(changed(layer, 0, **{key: value}))
    _reads_or_raises(write(tmp_path_factory.getbasetemp(), content, "wrong.jsonl"))


@given(st.binary(), st.sampled_from(["x.json", "x.jsonl"]))
@PATIENT
def test_any_bytes_raise_only_data_errors(tmp_path_factory, content, name):
    _reads_or_raises(write(tmp_path_factory.getbasetemp(), content, name))


def _reads_or_raises(path):
    try:
        documents = list(read_json(path, ONTOLOGY))
    except DataError as error:
        assert error.file == str(path)
    else:
        for labelled in documents:
            again = json.loads(labelled.document.to_json().encode())
            assert Document.from_dict(again) == labelled.document


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ({"event_types": [{"type": "RAID"}, {"type": "FLIGHT"}]}, "event types RAID, FLIGHT: expected one"),
        ({"event_types": []}, "event types none: expected one"),
        ({"events": []}, "event types none: expected one"),
        ({"event_types": TYPES}, None),
        ({"entities": []}, None),
    ],
)
def test_exclusive_event_types_are_one_where_they_are_labelled(tmp_path, layers, message):
    path = write(tmp_path, "\n" + json.dumps(record(**layers)))
    ontology = replace(ONTOLOGY, exclusive_event_types=True)
    if message is None:
        assert len(list(read_json(path, ontology))) == 1
        return
    with pytest.raises(DataError, match=f"sentence 1: {message}") as caught:
        list(read_json(path, ontology))
    assert (caught.value.file, caught.value.line) == (str(path), 2)
