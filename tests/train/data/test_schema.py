from hypothesis import given, settings
from hypothesis import strategies as st

from conflictcoder.document import Document, Sentence
from conflictcoder.labels import LAYERS
from tests.train.data.strategies import ONTOLOGY_AND_DOCUMENT, PATIENT
from train.data.schema import FEATURES, from_dataset, to_dataset
from train.labelled import LabelledDocument

_LABELLED = st.builds(
    lambda pair, layers: LabelledDocument(pair[1], layers),
    ONTOLOGY_AND_DOCUMENT,
    st.frozensets(st.sampled_from(LAYERS)),
)


@given(st.lists(_LABELLED, max_size=3))
@settings(PATIENT, max_examples=40)
def test_documents_come_back(documents):
    dataset = to_dataset(documents)
    assert dataset.features == FEATURES
    assert list(from_dataset(dataset)) == documents


def test_row_is_a_document():
    sentences = (Sentence("One.", 0), Sentence("Two.", 6))
    labelled = LabelledDocument(
        Document("d", "T", "2024-02-06", "One.\n\nTwo.", sentences), frozenset({"events", "entities"})
    )
    (row,) = to_dataset(item for item in [labelled])
    assert row["layers"] == ["entities", "events"]
    assert (row["id"], row["title"], row["date"], row["text"]) == ("d", "T", "2024-02-06", "One.\n\nTwo.")
    assert [(item["text"], item["start"], item["entities"]) for item in row["sentences"]] == [
        ("One.", 0, []),
        ("Two.", 6, []),
    ]


def test_documents_can_be_chosen_and_put_together():
    documents = [LabelledDocument(Document(name, "", "", ""), frozenset()) for name in "abc"]
    chosen = to_dataset(documents).filter(lambda row: row["id"] != "b", keep_in_memory=True)
    assert [labelled.document.id for labelled in from_dataset(chosen)] == ["a", "c"]
