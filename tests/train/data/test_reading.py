import json

import pytest

from conflictcoder.errors import DataError, OntologyError
from conflictcoder.labels import LAYERS, LabelSpace
from conflictcoder.ontology import Ontology
from train.config import AnnotatedData, ClassificationData, ConllData
from train.data.ann import AnnError
from train.data.reading import annotated_layers, load_corpus, read_annotated, read_for

ONTOLOGY = Ontology(("WHO",), ("RAID", "FLIGHT"), ("BY",), ("actual", "other"))
YAML = "entity_types: [WHO]\nevent_types: [RAID, FLIGHT]\nroles: [BY]\nrealis: [actual, other]\n"


def write(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def ann(name):
    return f"# id: {name}\n# date:\n# origin: written\n\n[We]{{m1 WHO}} [fled]{{e1 FLIGHT BY=m1}}.\n"


def record(name, **layers):
    return json.dumps({"id": name, "sentences": [{"text": "We fled."} | layers]})


def ids(documents):
    return [labelled.document.id for labelled in documents]


def test_folders_and_files_in_the_order_of_their_names(tmp_path):
    write(tmp_path, "data/b.ann", ann("b"))
    write(tmp_path, "data/a.jsonl", f"{record('a2')}\n{record('a1', entities=[])}\n")
    write(tmp_path, "data/more/c.json", f"[{record('c')}]")
    write(tmp_path, "data/notes.txt", "not read")
    single = write(tmp_path, "z.ann", ann("z"))
    documents = read_annotated([single, tmp_path / "data"], ONTOLOGY)
    assert ids(documents) == ["z", "a2", "a1", "b", "c"]
    assert [sorted(labelled.layers) for labelled in documents] == [
        sorted(LAYERS),
        [],
        ["entities"],
        sorted(LAYERS),
        [],
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.ann", r"none\.ann: does not exist; expected \.ann, \.json, \.jsonl"),
        ("empty", r"empty: has no labelled file; expected \.ann"),
        ("notes.txt", r"notes\.txt: unknown ending '\.txt'; expected \.ann"),
    ],
)
def test_path_that_cannot_be_read(tmp_path, name, message):
    (tmp_path / "empty").mkdir()
    write(tmp_path, "empty/notes.txt", "")
    write(tmp_path, "notes.txt", "")
    with pytest.raises(DataError, match=message):
        read_annotated([tmp_path / name], ONTOLOGY)


def test_malformed_files_are_errors(tmp_path):
    with pytest.raises(AnnError, match=r"a\.ann:5:1: unknown type"):
        read_annotated([write(tmp_path, "a.ann", ann("a").replace("WHO", "WHAT"))], ONTOLOGY)
    with pytest.raises(DataError, match=r"a\.jsonl:1: "):
        read_annotated([write(tmp_path, "a.jsonl", "{}")], ONTOLOGY)


@pytest.mark.parametrize(
    ("ontology", "layers"),
    [
        (ONTOLOGY, set(LAYERS)),
        (Ontology(("A",), ("E",), ("R",)), {"entities", "events", "event_types", "arguments"}),
        (Ontology(("A",), ("E",), (), ("yes", "no")), {"entities", "events", "event_types", "realis"}),
        (Ontology(("A",), (), ("R",), ("yes",)), {"entities"}),
        (Ontology((), ("E",), ("R",)), {"events", "event_types"}),
        (Ontology(), set()),
    ],
)
def test_layers_of_a_full_annotation(ontology, layers):
    assert annotated_layers(ontology) == layers
    if layers:
        LabelSpace(ontology, annotated_layers(ontology))


def test_data_of_any_format_for_a_checkpoint(tmp_path):
    labels = LabelSpace.of(ONTOLOGY, LAYERS)
    write(tmp_path, "folder/a.ann", ann("a"))
    files = {
        "folder": "a",
        "x.ann": "x",
        "x.jsonl": "j",
        "x.tsv": "x-1",
        "x.CSV": "x-1",
        "x.conll": "x-1",
    }
    write(tmp_path, "x.ann", ann("x"))
    write(tmp_path, "x.jsonl", record("j"))
    write(tmp_path, "x.tsv", "We fled.\tFLIGHT\n")
    write(tmp_path, "x.CSV", '"We fled, then.",FLIGHT\n')
    write(tmp_path, "x.conll", "We B-WHO\nfled O\n")
    for name, first in files.items():
        assert ids(read_for(labels, tmp_path / name)) == [first]


@pytest.mark.parametrize(
    ("name", "text"), [("x.conll", "We O\n\nThey B-WHOM\n"), ("x.tsv", "We fled.\tFLIGHT\nThey.\tWHOM\n")]
)
def test_type_that_the_checkpoint_does_not_know(tmp_path, name, text):
    labels = LabelSpace.of(ONTOLOGY, LAYERS)
    path = write(tmp_path, name, text)
    with pytest.raises(
        DataError, match=r"type 'WHOM' is unknown to the checkpoint, which has \['FLIGHT'"
    ) as caught:
        read_for(labels, path)
    assert caught.value.file == f"{path} (x-2)"


def test_missing_path_for_a_checkpoint(tmp_path):
    with pytest.raises(DataError, match=r"none\.tsv: does not exist"):
        read_for(LabelSpace.of(ONTOLOGY, LAYERS), tmp_path / "none.tsv")


def test_corpus_of_annotated_data(tmp_path):
    for name in "abc":
        write(tmp_path, f"data/{name}.ann", ann(name))
    data = AnnotatedData(
        paths=[str(tmp_path / "data")],
        ontology=str(write(tmp_path, "ontology.yaml", YAML)),
        splits=str(write(tmp_path, "splits.toml", '[sets]\ndev = ["a"]\ntest = ["c"]\n')),
    )
    corpus = load_corpus(data)
    assert corpus.ontology == ONTOLOGY
    assert {name: ids(documents) for name, documents in corpus.sets.items()} == {
        "train": ["b"],
        "dev": ["a"],
        "test": ["c"],
    }
    assert corpus.layers == set(LAYERS)


def test_corpus_of_annotated_data_needs_every_listed_document(tmp_path):
    data = AnnotatedData(
        paths=[str(write(tmp_path, "a.ann", ann("a")))],
        ontology=str(write(tmp_path, "ontology.yaml", YAML)),
        splits=str(write(tmp_path, "splits.toml", '[sets]\ntest = ["z"]\n')),
    )
    with pytest.raises(DataError, match="'z' is in the set 'test' and has no document"):
        load_corpus(data)


def test_corpus_of_conll_files(tmp_path):
    data = ConllData(
        type="conll",
        train=[
            str(write(tmp_path, "one.conll", "1 We B-WHO\n")),
            str(write(tmp_path, "two.conll", "1 Gao B-AT\n\n2 it O\n")),
        ],
        test=[str(write(tmp_path, "three.conll", "1 May B-WHEN\n"))],
        token_column=1,
    )
    corpus = load_corpus(data)
    assert corpus.ontology == Ontology(("AT", "WHEN", "WHO"))
    assert {name: ids(documents) for name, documents in corpus.sets.items()} == {
        "train": ["one-1", "two-1", "two-2"],
        "dev": [],
        "test": ["three-1"],
    }
    assert corpus.layers == {"entities"}


def test_corpus_of_texts_with_one_class_each(tmp_path):
    data = ClassificationData(
        type="classification",
        train=[str(write(tmp_path, "a.tsv", "label\ttext\nRAID\tA.\nFLIGHT\tB.\n"))],
        dev=[str(write(tmp_path, "b.tsv", "label\ttext\ntalks\tC.\n"))],
        text_column=1,
        header=True,
    )
    corpus = load_corpus(data)
    assert corpus.ontology == Ontology((), ("FLIGHT", "RAID", "talks"), exclusive_event_types=True)
    assert {name: ids(documents) for name, documents in corpus.sets.items()} == {
        "train": ["a-2", "a-3"],
        "dev": ["b-2"],
        "test": [],
    }
    assert corpus.layers == {"event_types"}


def test_corpus_of_texts_with_any_number_of_classes(tmp_path):
    data = ClassificationData(
        type="classification",
        train=[str(write(tmp_path, "a.csv", 'text,raid,flight\n"A, b.",0,1\nC.,1,1\n'))],
        header=True,
    )
    corpus = load_corpus(data)
    assert corpus.ontology == Ontology((), ("raid", "flight"))
    types = [
        [entry.type for entry in labelled.document.sentences[0].event_types]
        for labelled in corpus.sets["train"]
    ]
    assert types == [["flight"], ["raid", "flight"]]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (ConllData(type="conll", train=["none.conll"]), DataError),
        (ClassificationData(type="classification", train=["none.tsv"]), DataError),
        (AnnotatedData(paths=["none"], ontology="none.yaml", splits="none.toml"), OntologyError),
    ],
)
def test_corpus_of_missing_files(data, error):
    with pytest.raises(error, match=r"none\..*cannot be read"):
        load_corpus(data)
