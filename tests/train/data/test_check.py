import pytest

from conflictcoder.errors import DataError, OntologyError
from tests.train.data.strategies import DATA
from train.data.check import check_data

ONTOLOGY = "entity_types: [WHO, WHERE]\nevent_types: [RAID]\nroles: [BY]\nrealis: [actual, other]\n"
SPLITS = '[sets]\ntest = ["b"]\n'
RAW = "World\n\nRebels raided Gao.  It rained.\n\nPhoto: AFP\n\nThe end.\n"
SEED = "[Rebels]{m1 WHO} [raided]{e1 RAID BY=m1} [Gao]{m2 WHERE}.\nIt rained.\n\nThe end.\n"
LINE = (
    '{"id": "NAME", "sentences": [{"text": "Raid NAME.", "events": '
    '[{"id": "e1", "type": "RAID", "realis": "actual", "start": 0, "end": 4, "text": "Raid"}]}]}\n'
)


def head(name, origin="written"):
    return f"# id: {name}\n# date: 2024-02-06\n# origin: {origin}\n\n"


@pytest.fixture
def folder(tmp_path):
    """A data folder without a mistake: `a` is a given article, `b` and `c` are written."""
    files = {
        "ontology.yaml": ONTOLOGY,
        "splits.toml": SPLITS,
        "articles/a.txt": RAW,
        "annotations/seed/a.ann": head("a", "seed") + SEED,
        "annotations/b.ann": head("b") + "A [raid]{e1 RAID realis=other} may follow.\n",
        "annotations/c.ann": head("c") + "Nothing happened.\n",
    }
    for name, text in files.items():
        change(tmp_path, name, text)
    return tmp_path


def change(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def mistakes(folder):
    """The mistakes, each without the folder's name."""
    return [mistake.replace(f"{folder}/", "") for mistake in check_data(folder).mistakes]


def test_folder_without_a_mistake(folder):
    report = check_data(folder)
    assert report.mistakes == []
    assert (report.statistics.documents, report.statistics.sentences, report.statistics.events) == (3, 5, 2)


def test_folder_of_the_project_has_no_mistake():
    report = check_data(DATA)
    assert report.mistakes == []
    assert report.statistics.documents == len(list((DATA / "annotations").rglob("*.ann"))) >= 5


def test_splits_and_articles_may_be_left_out(folder):
    (folder / "splits.toml").unlink()
    (folder / "annotations/seed/a.ann").unlink()
    (folder / "articles/a.txt").unlink()
    assert mistakes(folder) == []


def test_json_documents_are_read_beside_ann(folder):
    change(folder, "splits.toml", '[sets]\ntest = ["b", "d", "e"]\n')
    change(folder, "annotations/more.jsonl", LINE.replace("NAME", "d") + LINE.replace("NAME", "e"))
    report = check_data(folder)
    assert report.mistakes == []
    assert (report.statistics.documents, report.statistics.events) == (5, 4)
    change(folder, "annotations/more.jsonl", LINE.replace("NAME", "d") + "{}\n")
    change(folder, "annotations/f.json", LINE.replace("NAME", "c"))
    assert mistakes(folder) == [
        "annotations/more.jsonl:2: id: Field required",
        "two documents have the id 'c'; give each its own",
    ]
    change(folder, "annotations/f.json", LINE.replace("NAME", "f").replace("RAID", "COUP"))
    (first, second) = mistakes(folder)
    assert first.startswith("annotations/f.json:1: sentence 1: ")
    assert second.startswith("annotations/more.jsonl:2: ")


def test_every_mistake_of_every_file_is_listed(folder):
    change(folder, "annotations/b.ann", head("b") + "A [raid]{e1 COUP} may follow.\n]\n")
    change(folder, "annotations/c.ann", head("c").encode() + b"\xff")
    assert mistakes(folder) == [
        "annotations/b.ann:5:3: unknown type 'COUP'; the ontology has WHO, WHERE, RAID",
        "annotations/b.ann:6:1: ']' without '['; write a literal bracket as '\\]'",
        f"annotations/c.ann: not UTF-8 at byte {len(head('c'))}; save the file as UTF-8",
    ]
    assert check_data(folder).statistics.documents == 1


def test_id_is_the_name_of_the_file(folder):
    change(folder, "annotations/c.ann", head("d") + "Nothing happened.\n")
    assert mistakes(folder) == ["annotations/c.ann:1: id 'd': expected the file's name"]


def test_missing_article(folder):
    (folder / "articles/a.txt").unlink()
    (mistake,) = mistakes(folder)
    assert mistake.startswith("annotations/seed/a.ann: its article articles/a.txt cannot be read ([Errno 2]")


def test_article_that_is_not_utf8(folder):
    change(folder, "articles/a.txt", b"\xff")
    (mistake,) = mistakes(folder)
    assert mistake.startswith(
        "annotations/seed/a.ann: its article articles/a.txt cannot be read ('utf-8' codec"
    )


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        (
            "It rained.",
            "It  snowed.",
            ":6",
            "the article goes on 'rained.Theend.', the annotation 'snowed.' (",
        ),
        ("The end.", "The End.", ":8", "the article goes on 'end.', the annotation 'End.' ("),
        ("The end.", "The end. Or not.", ":8", "the article goes on '', the annotation 'Ornot.' ("),
        ("The end.", "The end.\n\nOr not.", ":10", "the article goes on '', the annotation 'Ornot.' ("),
        ("It rained.\n", "", ":7", "the article goes on 'Itrained.Theend.', the annotation 'Theend.' ("),
        ("\nThe end.\n", "", "", "the article goes on 'Theend.' after the last sentence; annotate it"),
    ],
)
def test_altered_text(folder, old, new, place, message):
    change(folder, "annotations/seed/a.ann", head("a", "seed") + SEED.replace(old, new))
    (mistake,) = mistakes(folder)
    assert mistake.startswith(f"annotations/seed/a.ann{place}: text altered: {message}")


def test_spaces_are_not_compared_and_written_texts_have_no_article(folder):
    change(folder, "annotations/seed/a.ann", head("a", "seed") + SEED.replace(".\n", ". \n\n"))
    change(folder, "annotations/b.ann", head("b") + "Written anew.\n")
    assert mistakes(folder) == []


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        (
            '[sets]\ntest = ["b", "z"]\n',
            "'z' is listed and has no annotation; annotate it or take it off the list",
        ),
        ('[sets]\ntest = ["b"]\ndev = ["b"]\n', "'b' is in the sets 'test' and 'dev'; keep it in one"),
        ("[set]\n", "expected one table [sets] with a list of ids for each set"),
    ],
)
def test_mistake_of_the_splits(folder, splits, message):
    change(folder, "splits.toml", splits)
    assert mistakes(folder) == [f"splits.toml: {message}"]


def test_file_with_a_mistake_is_not_missing_as_well(folder):
    change(folder, "annotations/b.ann", head("b") + "]\n")
    (mistake,) = mistakes(folder)
    assert mistake.startswith("annotations/b.ann:5:1: ")


def test_one_id_in_two_folders(folder):
    change(folder, "annotations/more/c.ann", head("c") + "Nothing else happened.\n")
    assert mistakes(folder) == ["two documents have the id 'c'; give each its own"]


def test_sentence_in_two_sets(folder):
    change(folder, "annotations/c.ann", head("c") + "So it goes.\nA raid may follow.\n")
    assert mistakes(folder) == [
        "splits.toml: sentence 'A raid may follow.' is in 'train' (c) and in 'test' (b); "
        "put both documents into one set"
    ]
    change(folder, "splits.toml", '[sets]\ntest = ["b", "c"]\n')
    assert mistakes(folder) == []


def test_folder_without_annotations(folder):
    for path in (folder / "annotations").rglob("*.ann"):
        path.unlink()
    message = r"annotations: no labelled file; expected \.ann, \.json, \.jsonl"
    with pytest.raises(DataError, match=message):
        check_data(folder)


def test_folder_without_an_ontology(folder):
    (folder / "ontology.yaml").unlink()
    with pytest.raises(OntologyError, match=r"ontology\.yaml: cannot be read"):
        check_data(folder)
