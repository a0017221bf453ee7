import json
import shutil

import pytest
from pydantic import TypeAdapter

from conflictcoder.errors import DataError, OntologyError
from conflictcoder.labels import LAYERS, LabelSpace
from conflictcoder.ontology import Ontology
from train.config import AnnotatedData, ClassificationData, ConllData, Data, JointData
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


@pytest.mark.parametrize("role", ["train", "dev", "test"])
def test_files_of_a_source_whose_headers_disagree(tmp_path, role):
    first = str(write(tmp_path, "a.csv", "text,raid,flight\nA.,1,0\n"))
    other = str(write(tmp_path, "b.csv", "text,flight,raid\nB.,1,0\n"))
    files = {"train": [first], role: [first, other]}
    with pytest.raises(DataError, match="header flight, raid: expected raid, flight as") as caught:
        load_corpus(ClassificationData(type="classification", **files))
    assert (caught.value.file, caught.value.line) == (other, 1)


def test_file_without_a_header_has_the_classes_of_the_training_files(tmp_path):
    data = ClassificationData(
        type="classification",
        train=[str(write(tmp_path, "a.csv", "text,raid,flight\nA.,1,0\n"))],
        test=[str(write(tmp_path, "b.csv", "B.,0,1\n"))],
        prefix="x-",
    )
    corpus = load_corpus(data)
    assert corpus.ontology == Ontology((), ("x-raid", "x-flight"))
    (sentence,) = corpus.sets["test"][0].document.sentences
    assert [entry.type for entry in sentence.event_types] == ["x-flight"]


@pytest.fixture
def joint(tmp_path):
    """Joint data of spans and classes with a test file each."""
    files = {
        "a.txt": "1 We B-WHO\n",
        "a-test.txt": "1 They B-WHO\n",
        "b.tsv": "A.\tRAID\nB.\tFLIGHT\n",
        "b-test.data": "C.\tRAID\n",
    }
    paths = {name: str(write(tmp_path, name, text)) for name, text in files.items()}
    spans = {"type": "conll", "train": [paths["a.txt"]], "test": [paths["a-test.txt"]], "token_column": 1}
    classes = {"type": "classification", "train": [paths["b.tsv"]], "test": [paths["b-test.data"]]}
    return JointData.model_validate({"type": "joint", "sources": [spans, classes]})


@pytest.mark.parametrize(
    ("name", "text", "types"),
    [
        ("a-test.txt", "They", {"WHO"}),
        ("b-test.data", "C.", {"RAID", "FLIGHT"}),
        ("other.conll", "We", {"WHO"}),
        ("other.csv", "It fled.", {"RAID", "FLIGHT"}),
    ],
)
def test_file_is_read_as_that_of_the_source_that_it_is_of(tmp_path, joint, name, text, types):
    write(tmp_path, "other.conll", "1 We B-WHO\n")
    write(tmp_path, "other.csv", "It fled.,FLIGHT\n")
    labels = LabelSpace.of(Ontology(("WHO",), ("RAID", "FLIGHT")), ["entities", "event_types"])
    (labelled,) = read_for(labels, tmp_path / name, joint)
    assert labelled.document.text == text
    assert labelled.types == types


def test_only_source_reads_any_file_and_annotated_data_none(tmp_path):
    labels = LabelSpace.of(Ontology(("x-WHO", "WHO")), ["entities"])
    path = write(tmp_path, "any.tsv", "1\tWe\tB-WHO\n")
    data = ConllData(type="conll", train=["gone.conll"], token_column=1, prefix="x-")
    (labelled,) = read_for(labels, path, data)
    assert [item.type for item in labelled.document.sentences[0].entities] == ["x-WHO"]
    annotated = AnnotatedData(paths=["gone"], ontology="gone", splits="gone")
    (labelled,) = read_for(labels, write(tmp_path, "any.conll", "We B-WHO\n"), annotated)
    assert [item.type for item in labelled.document.sentences[0].entities] == ["WHO"]


def test_columns_of_a_checkpoint_need_no_training_file(tmp_path):
    labels = LabelSpace.of(Ontology((), ("x-RAID", "x-FLIGHT")), ["event_types"])
    data = ClassificationData(type="classification", train=["gone.tsv"], prefix="x-")
    (labelled,) = read_for(labels, write(tmp_path, "a.tsv", "We fled.\t0\t1\n"), data)
    assert [item.type for item in labelled.document.sentences[0].event_types] == ["x-FLIGHT"]
    with pytest.raises(DataError, match="header FLIGHT, RAID: expected RAID, FLIGHT"):
        read_for(labels, write(tmp_path, "b.tsv", "text\tFLIGHT\tRAID\nWe fled.\t0\t1\n"), data)


CONLL = {"type": "conll", "token_column": 1, "tag_column": 2, "prefix": "x-"}
CLASSES = {"type": "classification", "text_column": 1, "label_columns": [2], "header": True, "prefix": "y-"}
SEVERAL = {"type": "classification", "text_column": 2, "header": "auto", "prefix": "z-"}
FILES = {
    "conll.train": "1\tGao\tB-P\tB-Q\n2\tfell\tO\tO\n\n" * 2 + "1\tMopti\tB-P\tO\n",
    "conll.test": "1\tKidal\tB-P\tB-Q\n\n1\tIt\tO\tB-Q\n",
    "classes.train": "notes\tx\ty\na\tGao fell.\tA\nb\tIt fell.\tB\nc\tIt is.\tB\n",
    "classes.test": "1\tIs it so.\tA\n2\tFell.\tB\n3\tGao.\tA\n",
    "several.train": "A\tB\ttext\n1\t0\tGao fell.\n0\t1\tIt fell.\n",
    "several.test": "1\t0\tGao is.\n0\t1\tIt.\n",
}


@pytest.mark.parametrize(
    ("sources", "tested"),
    [
        ([CONLL], "conll"),
        ([CLASSES], "classes"),
        ([SEVERAL], "several"),
        ([CONLL, CLASSES], "conll"),
        ([CONLL, CLASSES], "classes"),
        ([CLASSES, SEVERAL], "several"),
    ],
)
def test_test_file_is_read_for_a_checkpoint_as_for_fit(tmp_path, sources, tested):
    described = []
    for source in sources:
        name = {"x-": "conll", "y-": "classes", "z-": "several"}[source["prefix"]]
        files = {
            role: [str(write(tmp_path, f"{name}.{role}", FILES[f"{name}.{role}"]))]
            for role in ("train", "test")
            # Of joint data the other source has no test, for fit tests all of them together.
            if role == "train" or name == tested
        }
        described.append(source | files)
    data = TypeAdapter(Data).validate_python(
        described[0] if len(described) == 1 else {"type": "joint", "sources": described}
    )
    corpus = load_corpus(data)
    labels = LabelSpace.of(corpus.ontology, corpus.layers)
    assert read_for(labels, tmp_path / f"{tested}.test", data) == corpus.sets["test"]
    (tmp_path / "copy").mkdir()
    copy = shutil.copy(tmp_path / f"{tested}.test", tmp_path / "copy" / f"{tested}.test")
    if len(sources) == 1:
        assert read_for(labels, copy, data) == corpus.sets["test"]
