import pytest

from conflictcoder import Document, Event, Mention, Sentence
from train.data.variety import distinct_mentions, largest_overlaps, trigger_coverage


def document(name, *texts, trigger=None, mention=None):
    events = (Event("e1", "X", "actual", 0, 1, trigger),) if trigger else ()
    entities = (Mention("m1", "PLACE", 0, 1, mention),) if mention else ()
    return Document(name, "", "", " ".join(texts), tuple(Sentence(t, 0, entities, events) for t in texts))


def test_overlap_counts_four_words_in_a_row_of_different_documents():
    one = document("one", "The army took the hill at dawn.", "The army took the hill at dawn.")
    two = document("two", "Witnesses said the army took the hill.", "Nothing alike here at all, is there?")
    overlap, *rest = largest_overlaps([one, two])
    # "the army took the" and "army took the hill" of four 4-grams in either sentence
    assert overlap.share == pytest.approx(0.5)
    assert {overlap.first, overlap.second} == {one.sentences[0].text, two.sentences[0].text}
    assert len(rest) == 1


def test_distinct_mentions_and_trigger_coverage():
    documents = [document("a", "x", trigger="Fell", mention="Kale"), document("b", "y", mention="kale")]
    assert distinct_mentions(documents, ["PLACE"]) == 1
    assert distinct_mentions(documents, ["ACTOR"]) == 0
    others = [document("c", "z", trigger="fell"), document("d", "z", trigger="stormed")]
    assert trigger_coverage(documents, others) == 0.5


def test_no_sentence_of_the_written_corpus_repeats_another(root, ontology):
    """Two sentences of different reports never share more than half of their word 4-grams."""
    from train.data.ann import read_ann

    files = sorted((root / "data" / "annotations" / "written").glob("*.ann"))
    assert files
    overlaps = largest_overlaps([read_ann(file, ontology).document for file in files], 1)
    assert overlaps[0].share <= 0.5, overlaps[0]
