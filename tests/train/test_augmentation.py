import os
import subprocess
import sys

import pytest

from train.augmentation import augment
from train.config import Augmentation
from train.data.ann import parse_ann
from train.data.reading import annotated_layers
from train.labelled import LabelledDocument

ANN = """# id: names
# date:
# origin: written

[Rebels]{a1 ARMED_GROUP} [seized]{e1 TERRITORY_CAPTURE ACTOR=a1 COUNT=q1 PLACE=l1,l2} [12]{q1 QUANTITY} posts near [Namkham]{l1 LOCATION} and [Muse]{l2 LOCATION}.
An [Iraqi officer]{a1 STATE_ACTOR} and a [Kurdish fighter]{a2 ARMED_GROUP} left [Namkham]{l1 LOCATION}.

[Two]{q1 QUANTITY} of [140]{q2 QUANTITY} men [fled]{e1 DISPLACEMENT COUNT=q1} to [Gao]{l1 LOCATION}.
"""  # noqa: E501 - a line of .ann is a sentence


@pytest.fixture
def names(ontology):
    return LabelledDocument(parse_ann(ANN, ontology).document, annotated_layers(ontology))


def copies(names, **settings):
    return [item.document for item in augment([names], Augmentation(copies=30, replaced=1.0, **settings), 7)]


def test_no_copies_unless_asked(names):
    assert augment([names], Augmentation(), 7) == []


def test_spans_and_sentences_are_where_their_text_is(names):
    for document in copies(names):
        for sentence in document.sentences:
            assert document.text[sentence.start :].startswith(sentence.text)
            for span in (*sentence.entities, *sentence.events):
                assert sentence.text[span.start : span.end] == span.text
            for event in sentence.events:
                assert all(argument.mention in sentence.entities for argument in event.arguments)


def test_labels_stay(names):
    for document in copies(names):
        for before, after in zip(names.document.sentences, document.sentences, strict=True):
            assert [item.type for item in before.entities] == [item.type for item in after.entities]
            assert [(item.type, item.realis, item.text) for item in before.events] == [
                (item.type, item.realis, item.text) for item in after.events
            ]
            assert before.event_types == after.event_types


def test_names_change_and_common_nouns_stay(names):
    documents = copies(names)
    first = {document.sentences[0].entities[0].text for document in documents}
    places = {document.sentences[0].entities[2].text for document in documents}
    assert first == {"Rebels"}
    assert places == {"Namkham", "Muse", "Gao"}


def test_one_name_has_one_replacement_in_a_copy(names):
    for document in copies(names):
        assert document.sentences[0].entities[2].text == document.sentences[1].entities[2].text


def test_article_before_a_name_still_fits(names):
    for document in copies(names):
        assert "An Iraqi officer" in document.text
        assert "a Kurdish fighter" in document.text


def test_only_the_wanted_types_change(names):
    documents = copies(names, types=["QUANTITY"])
    assert {document.sentences[0].entities[2].text for document in documents} == {"Namkham"}


def test_copies_are_the_same_for_a_seed_and_have_their_own_ids(names):
    assert copies(names) == copies(names)
    assert len({document.id for document in copies(names)} | {"names"}) == 31


def test_copies_are_the_same_in_every_process(root):
    """Without this neither a seed nor `--resume` gives the same run again."""
    code = (
        "from pathlib import Path\n"
        "from train.augmentation import augment\n"
        "from train.config import Augmentation\n"
        "from train.data.ontology_file import load_ontology\n"
        "from train.data.reading import read_annotated\n"
        "ontology = load_ontology(Path('data/ontology.yaml'))\n"
        "documents = read_annotated([Path('data/annotations/seed')], ontology)\n"
        "print([item.document.text for item in augment(documents, Augmentation(copies=2), 13)])"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=root,
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1
    assert texts != {"[]\n"}
