import pytest

from train.baselines.dictionary import DictionaryCoder
from train.data.ann import parse_ann
from train.metrics.items import argument_items, mention_items, trigger_items


@pytest.fixture
def coder(ten, ontology):
    return DictionaryCoder([ten.document], ontology)


def test_it_knows_what_it_saw(coder, ten):
    coded = coder.code(ten.document)
    # "may" was the month once and the verb once, so it is in the dictionary.
    (extra,) = mention_items(coded) - mention_items(ten.document)
    assert extra.label == "DATE"
    assert mention_items(coded) > mention_items(ten.document)
    assert trigger_items(coded) == trigger_items(ten.document)
    assert argument_items(coded) & argument_items(ten.document)
    assert not coded.sentences[4].events


def test_it_links_a_new_sentence_to_the_nearest_trigger(coder, ontology):
    text = (
        "# id: x\n# date:\n# origin: written\n\nTroops withdrew from Namkham, and an airstrike hit Mabein.\n"
    )
    (sentence,) = coder.code(parse_ann(text, ontology).document).sentences
    assert [(event.type, event.text) for event in sentence.events] == [
        ("WITHDRAWAL", "withdrew"),
        ("AIR_STRIKE", "airstrike"),
    ]
    first, second = sentence.events
    assert [(item.role, item.mention.text) for item in first.arguments] == [
        ("ACTOR", "Troops"),
        ("PLACE", "Namkham"),
    ]
    assert [(item.role, item.mention.text) for item in second.arguments] == [("PLACE", "Mabein")]
    assert {entry.type for entry in sentence.event_types} == {"WITHDRAWAL", "AIR_STRIKE"}


def test_a_word_that_is_mostly_nothing_is_no_trigger(ontology):
    ann = (
        "# id: x\n# date:\n# origin: written\n\n[Fire]{e1 SHELLING} fell.\nThe fire went out.\nA camp fire.\n"
    )
    document = parse_ann(ann, ontology).document
    coded = DictionaryCoder([document], ontology).code(document)
    assert not any(sentence.events for sentence in coded.sentences)


def test_the_longest_match_wins(ontology):
    ann = "# id: x\n# date:\n# origin: written\n\n[Kachin]{l1 LOCATION}, [Kachin army]{a1 ARMED_GROUP}.\n"
    document = parse_ann(ann, ontology).document
    (sentence,) = DictionaryCoder([document], ontology).code(document).sentences
    assert [mention.text for mention in sentence.entities] == ["Kachin", "Kachin army"]
