import logging

import pytest

from conflictcoder.errors import OntologyError
from conflictcoder.ontology import Ontology
from train.config import JointData
from train.data.reading import load_corpus


@pytest.fixture
def load(tmp_path):
    """Loads sources, each a mapping of sets to the content of a file; the ending tells the format."""

    def read(*sources, **options):
        described = []
        for number, source in enumerate(sources):
            tabs = any("\t" in text for text in source.values())
            suffix = "tsv" if tabs else "conll"
            files = {}
            for name, text in source.items():
                path = tmp_path / f"{number}-{name}.{suffix}"
                path.write_text(text, encoding="utf-8")
                files[name] = [str(path)]
            described.append({"type": "classification" if tabs else "conll", **files, **options})
        return load_corpus(JointData.model_validate({"type": "joint", "sources": described}))

    return read


def shown(documents):
    """Text, spans and classes of each document, and what is known of it."""
    return [
        (
            labelled.document.text,
            [(item.type, item.text) for s in labelled.document.sentences for item in s.entities],
            [entry.type for s in labelled.document.sentences for entry in s.event_types],
            sorted(labelled.layers),
        )
        for labelled in documents
    ]


WHO = "Rebels B-WHO\ntook O\nGao O\n. O\n\nIt O\nrained O\n"


def test_text_of_two_sources_is_one_document_with_both_layers(load):
    corpus = load({"train": WHO}, {"train": "“Rebels” took Gao.\tCAPTURE\nAll is well.\tNONE\n"})
    assert shown(corpus.sets["train"]) == [
        ("Rebels took Gao .", [("WHO", "Rebels")], ["CAPTURE"], ["entities", "event_types"]),
        ("It rained", [], [], ["entities"]),
        ("All is well.", [], ["NONE"], ["event_types"]),
    ]
    assert corpus.ontology == Ontology(("WHO",), ("CAPTURE", "NONE"), exclusive_event_types=True)
    assert corpus.layers == {"entities", "event_types"}


def test_order_of_the_sources_does_not_matter_for_the_text(load):
    corpus = load({"train": "Rebels took Gao.\tCAPTURE\n"}, {"train": WHO})
    assert shown(corpus.sets["train"])[0] == (
        "Rebels took Gao .",
        [("WHO", "Rebels")],
        ["CAPTURE"],
        ["entities", "event_types"],
    )


def test_spans_of_disjoint_types_are_put_into_one_text(load):
    corpus = load(
        {"train": "U.S. B-WHO\nforces I-WHO\nleft O\nGao O\n. O\n"},
        {"train": "U O\n.S. O\nforces O\nleft O\nGao. B-WHERE\n"},
    )
    assert shown(corpus.sets["train"]) == [
        ("U.S. forces left Gao .", [("WHO", "U.S. forces"), ("WHERE", "Gao .")], [], ["entities"])
    ]
    (labelled,) = corpus.sets["train"]
    assert [mention.id for mention in labelled.document.sentences[0].entities] == ["m1", "m2"]
    assert labelled.types == {"WHO", "WHERE"}


def test_types_that_a_source_does_not_annotate_are_unknown(load):
    corpus = load({"train": "Rebels B-WHO\nleft O\n"}, {"train": "Gao B-WHERE\nfell O\n"})
    assert corpus.ontology.entity_types == ("WHO", "WHERE")
    assert [sorted(labelled.types) for labelled in corpus.sets["train"]] == [["WHO"], ["WHERE"]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Gao B-X\nfell O\n", "Gao O\nfell B-X\n"),  # both annotate X: two opinions
        ("Gao B-X\nfell I-X\n", "Gao B-Y\nfell O\n"),  # overlapping spans
        ("Gao B-X\nfell O\n", "“Gao” B-Y\nfell O\n"),  # more than spaces differs
    ],
)
def test_spans_that_cannot_be_in_one_text_stay_apart(load, one, other):
    documents = load({"train": one}, {"train": other}).sets["train"]
    assert len(documents) == 2


def test_rows_of_one_source_with_one_text_stay_apart(load):
    corpus = load({"train": WHO}, {"train": "Rebels took Gao.\tA\nRebels took Gao.\tB\n"})
    assert [classes for _, _, classes, _ in shown(corpus.sets["train"])] == [["A"], [], ["B"]]


def test_no_text_of_a_held_out_set_is_trained_on(load, caplog):
    with caplog.at_level(logging.WARNING):
        corpus = load(
            {"train": WHO, "dev": "Gao O\nfell O\n", "test": "It O\nsnowed O\n"},
            {
                "train": "It snowed!\tA\nGao, fell.\tB\nCalm.\tA\n",
                "dev": "It  SNOWED.\tA\n",
                "test": "Peace.\tB\n",
            },
        )
    texts = {name: [text for text, *_ in shown(items)] for name, items in corpus.sets.items()}
    assert texts == {
        "train": ["Rebels took Gao .", "It rained", "Calm."],
        "dev": ["Gao fell"],
        "test": ["It snowed", "Peace."],
    }
    assert "2 documents left out of train" in caplog.text
    assert "1 documents left out of dev" in caplog.text


def test_sentence_of_a_longer_document_is_held_out_too(load):
    marked = "-DOCSTART-\na O\n\nb O\n\n-DOCSTART-\nc O\n"
    corpus = load({"train": marked}, {"train": "x\tA\n", "test": "b\tA\n"})
    assert [text for text, *_ in shown(corpus.sets["train"])] == ["c", "x"]


def test_classes_exclude_each_other_only_where_all_sources_say_so(load):
    single = {"train": "One.\tA\nTwo.\tB\n"}
    assert load(single, {"train": "Three.\tB\nFour.\tC\n"}).ontology.exclusive_event_types
    other_facet = load(single, {"train": "One.\tPOSITIVE\nFour.\tNEGATIVE\n"})
    assert not other_facet.ontology.exclusive_event_types
    one, two, four = other_facet.sets["train"]
    assert [entry.type for entry in one.document.sentences[0].event_types] == ["A", "POSITIVE"]
    assert (sorted(two.types), sorted(four.types)) == (["A", "B"], ["NEGATIVE", "POSITIVE"])
    assert not load(single, {"train": "Three.\t\nFour.\tA\n"}).ontology.exclusive_event_types
    assert not load({"train": WHO}, {"train": "Three.\t1\t0\n"}).ontology.exclusive_event_types


def test_a_name_for_a_type_and_a_class_needs_a_prefix(load):
    sources = ({"train": "Gao B-A\n"}, {"train": "One.\tA\n"})
    with pytest.raises(OntologyError, match="rename one of each pair"):
        load(*sources)


def test_prefix_keeps_the_classes_of_two_sources_apart(tmp_path):
    (tmp_path / "x.tsv").write_text("One.\t1\t0\n")
    source = {"type": "classification", "train": [str(tmp_path / "x.tsv")]}
    data = {"type": "joint", "sources": [source, source | {"prefix": "mood:"}]}
    corpus = load_corpus(JointData.model_validate(data))
    names = ("label_1", "label_2", "mood:label_1", "mood:label_2")
    assert corpus.ontology == Ontology((), names)
    (labelled,) = corpus.sets["train"]
    assert [entry.type for entry in labelled.document.sentences[0].event_types] == ["label_1", "mood:label_1"]
