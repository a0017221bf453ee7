import dataclasses
import json

import pytest

from conflictcoder.document import Argument, Article, Document, Event, EventType, Mention, Sentence

REBELS = Mention("m1", "ARMED_GROUP", 0, 6, "Rebels", 0.9)
GAO = Mention("m2", "LOCATION", 11, 14, "Gáo", 0.8)
KIDAL = Mention("m3", "LOCATION", 19, 24, "Kidal")
TOOK = Event(
    "e1",
    "TERRITORY_CAPTURE",
    "actual",
    7,
    11,
    "took",
    (Argument("PLACE", GAO, 0.7), Argument("ACTOR", REBELS), Argument("PLACE", KIDAL)),
    0.6,
)
SENTENCE = Sentence(
    "Rebels took Gáo and Kidal.", 6, (REBELS, GAO, KIDAL), (TOOK,), (EventType("TERRITORY_CAPTURE", 0.5),)
)
DOCUMENT = Document("d", "T", "2024-02-06", "Calm. Rebels took Gáo and Kidal.", (Sentence("Calm."), SENTENCE))
PLAIN = {
    "id": "d",
    "title": "T",
    "date": "2024-02-06",
    "text": "Calm. Rebels took Gáo and Kidal.",
    "sentences": [
        {"text": "Calm.", "start": 0, "entities": [], "events": [], "event_types": []},
        {
            "text": "Rebels took Gáo and Kidal.",
            "start": 6,
            "entities": [
                {"id": "m1", "type": "ARMED_GROUP", "start": 0, "end": 6, "text": "Rebels", "score": 0.9},
                {"id": "m2", "type": "LOCATION", "start": 11, "end": 14, "text": "Gáo", "score": 0.8},
                {"id": "m3", "type": "LOCATION", "start": 19, "end": 24, "text": "Kidal"},
            ],
            "events": [
                {
                    "id": "e1",
                    "type": "TERRITORY_CAPTURE",
                    "realis": "actual",
                    "start": 7,
                    "end": 11,
                    "text": "took",
                    "score": 0.6,
                    "arguments": [
                        {"role": "PLACE", "entity": "m2", "score": 0.7},
                        {"role": "ACTOR", "entity": "m1"},
                        {"role": "PLACE", "entity": "m3"},
                    ],
                }
            ],
            "event_types": [{"type": "TERRITORY_CAPTURE", "score": 0.5}],
        },
    ],
}


def test_json_shape_and_back():
    assert DOCUMENT.to_dict() == PLAIN
    assert Document.from_dict(PLAIN) == DOCUMENT


def test_json_is_one_line_that_keeps_letters():
    line = dataclasses.replace(DOCUMENT, title="Two\nlines").to_json()
    assert "\n" not in line
    assert "Gáo" in line
    assert json.loads(line) == PLAIN | {"title": "Two\nlines"}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a \ud800 b \udfff", "a \ud800 b \udfff"),
        ("\ude00\ud83d", "\ude00\ud83d"),
        ("\ud83d\ude00x", "\ufffd\ufffdx"),
        ("\ud83d\ud83d\ude00\ude00x 😀", "\ud83d\ufffd\ufffd\ude00x 😀"),
    ],
)
def test_halves_of_surrogate_pairs_keep_the_offsets(text, read):
    line = dataclasses.replace(DOCUMENT, text=text).to_json()
    assert line.encode("utf-8")
    assert json.loads(line)["text"] == read
    assert len(read) == len(text)


def test_error_stands_only_where_there_was_one():
    assert "error" not in DOCUMENT.to_dict()
    failed = Document("d", "", "", "", error="too long")
    assert failed.to_dict()["error"] == "too long"
    assert Document.from_dict(failed.to_dict()) == failed


@pytest.mark.parametrize("layer", ["entities", "events", "event_types"])
def test_missing_field_is_a_key_error(layer):
    sentence = {key: value for key, value in PLAIN["sentences"][1].items() if key != layer}
    with pytest.raises(KeyError, match=layer):
        Sentence.from_dict(sentence)


def test_argument_of_no_mention_is_a_key_error():
    with pytest.raises(KeyError, match="m2"):
        Sentence.from_dict(PLAIN["sentences"][1] | {"entities": []})


def test_events_of_all_sentences():
    again = dataclasses.replace(TOOK, id="e2")
    sentences = (SENTENCE, Sentence("Calm."), dataclasses.replace(SENTENCE, events=(again, TOOK)))
    document = Document("d", "", "", "", sentences)
    assert [event.id for event in document.events] == ["e1", "e2", "e1"]
    assert len(list(document.events)) == 3


def test_fillers_of_a_role():
    assert TOOK.fillers("PLACE") == (GAO, KIDAL)
    assert TOOK.fillers("ACTOR") == (REBELS,)
    assert TOOK.fillers("TIME") == ()
    assert [argument.entity for argument in TOOK.arguments] == ["m2", "m1", "m3"]


@pytest.mark.parametrize("item", [REBELS, TOOK, TOOK.arguments[0], SENTENCE, DOCUMENT, Article(text="a")])
def test_everything_is_frozen_and_hashable(item):
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(item, dataclasses.fields(item)[0].name, "new")
    assert hash(item) == hash(dataclasses.replace(item))


def test_article_of_text_or_of_sentences():
    article = Article(text="", id="a", date="2024-02-06", title="T")
    assert (article.text, article.sentences, article.id, article.date, article.title) == (
        "",
        None,
        "a",
        "2024-02-06",
        "T",
    )
    given = ["One.", "Two."]
    split = Article(sentences=given)
    given.append("Three.")
    assert split.sentences == ("One.", "Two.")
    assert Article(sentences=[]).sentences == ()


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({}, ValueError, "takes either text or sentences, and one of them is needed"),
        ({"text": "a", "sentences": ["a"]}, ValueError, "takes either text or sentences"),
        ({"text": b"a"}, TypeError, r"Article\.text must be str, got bytes"),
        ({"text": ["a"]}, TypeError, r"Article\.text must be str, got list"),
        ({"sentences": "a"}, TypeError, r"Article\.sentences must be a sequence of str, got str"),
        ({"sentences": b"a"}, TypeError, r"Article\.sentences must be a sequence of str, got bytes"),
        ({"sentences": {"a"}}, TypeError, r"Article\.sentences must be a sequence of str, got set"),
        ({"sentences": ["a", 1]}, TypeError, r"Article\.sentences\[1\] must be str, got int"),
        ({"text": "a", "id": 1}, TypeError, r"Article\.id must be str, got int"),
        ({"text": "a", "date": None}, TypeError, r"Article\.date must be str, got NoneType"),
        ({"text": "a", "title": b""}, TypeError, r"Article\.title must be str, got bytes"),
    ],
)
def test_article_with_a_wrong_field(fields, error, message):
    with pytest.raises(error, match=message):
        Article(**fields)


def test_article_takes_options_by_name_only():
    with pytest.raises(TypeError, match="positional"):
        Article("text")
