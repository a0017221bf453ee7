from dataclasses import replace

import pytest
import torch
from tokenizers import Tokenizer

from conflictcoder.labels import LabelSpace
from conflictcoder.tags import tag_names
from conflictcoder.windows import WindowEncoder
from train.collation import WindowCollator
from train.data.ann import parse_ann
from train.data.reading import annotated_layers
from train.features import training_rows, window_documents
from train.labelled import LabelledDocument
from train.losses import IGNORED

HEAD = "# id: x\n# date:\n# origin: written\n\n"


@pytest.fixture(scope="module")
def encoder(tiny_backbone):
    return WindowEncoder(Tokenizer.from_file(str(tiny_backbone / "tokenizer.json")), max_tokens=64)


@pytest.fixture(scope="module")
def labels(ontology):
    return LabelSpace.of(ontology, annotated_layers(ontology))


def rows_of(body, ontology, labels, encoder, layers=None):
    document = parse_ann(HEAD + body + "\n", ontology).document
    labelled = LabelledDocument(document, frozenset(layers or annotated_layers(ontology)))
    return training_rows(window_documents([labelled], encoder), labels)


def test_first_tokens_of_words_carry_the_tags(ontology, labels, encoder):
    (row,) = rows_of(
        "[Arakan Army]{a1 ARMED_GROUP} [captured]{e1 TERRITORY_CAPTURE ACTOR=a1} it.",
        ontology,
        labels,
        encoder,
    )
    names = tag_names(labels.span_types)
    tags = [names[tag] for tag in row["spans"] if tag != IGNORED]
    assert tags == ["B-ARMED_GROUP", "I-ARMED_GROUP", "B-TERRITORY_CAPTURE", "O", "O"]
    assert row["spans"][0] == IGNORED  # [CLS]
    assert len(row["spans"]) == row["length"] == len(row["input_ids"])


def test_every_pair_of_a_sentence_is_labelled_and_none_across(ontology, labels, encoder):
    (row,) = rows_of(
        "[Rebels]{a1 ARMED_GROUP} [left]{e1 WITHDRAWAL ACTOR=a1} [Mabein]{l1 LOCATION}.\n"
        "[Troops]{a1 STATE_ACTOR} may [fire]{e1 SHELLING ACTOR=a1 realis=other}.",
        ontology,
        labels,
        encoder,
    )
    roles = labels.ontology.roles
    actor = [int(role == "ACTOR") for role in roles]
    nothing = [0] * len(roles)
    assert row["pairs"] == [[0, 0, *actor], [0, 1, *nothing], [1, 2, *actor]]
    assert [realis for *_, realis in row["triggers"]] == [0, 1]
    reported = [[name for name, value in zip(labels.ontology.event_types, sentence, strict=True) if value]
                for sentence in row["event_types"]]  # fmt: skip
    assert reported == [["WITHDRAWAL"], []]


def test_layers_that_were_not_annotated_are_ignored(ontology, labels, encoder):
    body = "[Rebels]{a1 ARMED_GROUP} [left]{e1 WITHDRAWAL ACTOR=a1}."
    (row,) = rows_of(body, ontology, labels, encoder, {"event_types"})
    assert set(row["spans"]) == {IGNORED}
    assert row["pairs"] == row["triggers"] == []
    (row,) = rows_of(body, ontology, labels, encoder, {"entities", "events"})
    assert row["event_types"] == [[IGNORED] * len(ontology.event_types)]
    assert row["triggers"][0][2] == IGNORED
    assert row["pairs"] == []


def test_span_inside_a_glued_word_trains_the_word(ontology, labels, encoder):
    (row,) = rows_of("the [soldiers]{a1 STATE_ACTOR}roughly left", ontology, labels, encoder)
    names = tag_names(labels.span_types)
    assert [names[tag] for tag in row["spans"] if tag != IGNORED] == ["O", "B-STATE_ACTOR", "O"]


def test_overlong_sentence_is_labelled_in_all_its_windows(ontology, labels, encoder):
    body = "[Rebels]{a1 ARMED_GROUP} " + "and then they walked on " * 30 + "to [Mabein]{l1 LOCATION}."
    rows = rows_of(body, ontology, labels, encoder)
    assert len(rows) > 1
    names = tag_names(labels.span_types)
    tags = [names[tag] for row in rows for tag in row["spans"] if tag != IGNORED]
    assert (tags.count("B-ARMED_GROUP"), tags.count("B-LOCATION")) == (1, 1)


def test_every_gold_item_is_in_the_labels(ontology, labels, tiny_backbone, ten):
    encoder = WindowEncoder(Tokenizer.from_file(str(tiny_backbone / "tokenizer.json")), max_tokens=40)
    rows = training_rows(window_documents([ten], encoder), labels)
    sentences = ten.document.sentences
    assert sum(len(row["mentions"]) for row in rows) == sum(len(s.entities) for s in sentences)
    assert sum(len(row["triggers"]) for row in rows) == sum(len(s.events) for s in sentences)
    linked = sum(sum(pair[2:]) for row in rows for pair in row["pairs"])
    assert linked == sum(len(event.arguments) for s in sentences for event in s.events)


def test_collator_pads_only_the_second_axis(ontology, labels, encoder):
    rows = rows_of("[Rebels]{a1 ARMED_GROUP} [left]{e1 WITHDRAWAL ACTOR=a1}.", ontology, labels, encoder)
    rows += rows_of("It.\n" * 4, ontology, labels, encoder)
    batch = WindowCollator(labels, pad_token_id=0, longest=64, multiple=32)(rows)
    roles = len(ontology.roles)
    assert batch["input_ids"].shape == batch["attention_mask"].shape == (2, 32)
    assert batch["sentence_mask"].shape == (2, 4, 32)
    shapes = {name: tuple(value.shape) for name, value in batch["labels"].items()}
    assert shapes == {
        "spans": (2, 32),
        "unknown_types": (2, len(labels.span_types)),
        "event_types": (2, 4, len(ontology.event_types)),
        "triggers": (2, 1, 3),
        "mentions": (2, 1, 2),
        "pairs": (2, 1, 2 + roles),
        "window": (2, 1),
    }
    assert batch["attention_mask"].sum(dim=1).tolist() == [row["length"] for row in rows]
    assert (batch["labels"]["pairs"][1] == IGNORED).all()
    assert batch["sentence_mask"].dtype == torch.bool


def test_padding_stops_at_what_the_model_reads(ontology, labels, encoder):
    rows = rows_of("It.", ontology, labels, encoder)
    batch = WindowCollator(labels, pad_token_id=0, longest=10, multiple=32)(rows)
    assert batch["input_ids"].shape == (1, 10)


def test_documents_without_sentences_make_no_rows(ten, encoder, labels):
    empty = replace(ten, document=replace(ten.document, sentences=()))
    assert training_rows(window_documents([empty], encoder), labels) == []
