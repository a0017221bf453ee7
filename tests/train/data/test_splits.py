import pytest
from hypothesis import given
from hypothesis import strategies as st

from conflictcoder.document import Document, EventType, Sentence
from conflictcoder.errors import DataError
from tests.train.data.strategies import DATA, PATIENT, PROJECT
from train.data.reading import read_annotated
from train.data.splits import divide, hold_out, read_splits, text_key
from train.labelled import LabelledDocument


def write(folder, text):
    path = folder / "splits.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def labelled(name, *texts):
    sentences = tuple(Sentence(text) for text in texts)
    return LabelledDocument(Document(name, "", "", " ".join(texts), sentences), frozenset())


def ids(documents):
    return [item.document.id for item in documents]


def test_ids_have_their_sets(tmp_path):
    path = write(tmp_path, '# why\n[sets]\ntrain = ["c"]\ndev = []\ntest = ["a", "b"]\n')
    assert read_splits(path) == {"c": "train", "a": "test", "b": "test"}


def test_unlisted_documents_are_for_training():
    documents = [labelled(name) for name in "dcba"]
    sets = divide(documents, {"a": "test", "c": "test", "b": "dev"})
    assert {name: ids(members) for name, members in sets.items()} == {
        "train": ["d"],
        "test": ["c", "a"],
        "dev": ["b"],
    }
    assert {name: ids(members) for name, members in divide(documents, {}).items()} == {"train": list("dcba")}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[sets]\ndev = ["a", "b"]\ntest = ["c", "b"]',
            "'b' is in the sets 'dev' and 'test'; keep it in one",
        ),
        ('[sets]\ndev = ["a", "a"]', "'a' is in the sets 'dev' and 'dev'; keep it in one"),
        ("", "expected one table [sets] with a list of ids for each set"),
        ("[set]\ndev = []", "expected one table [sets]"),
        ("sets = []", "expected one table [sets]"),
        ("[sets]\n[other]\n", "expected one table [sets]"),
        ('[sets]\ndev = "a"', "sets.dev: expected a list of document ids"),
        ("[sets]\ndev = [1]", "sets.dev: expected a list of document ids"),
        ("[sets.dev]\na = 1", "sets.dev: expected a list of document ids"),
        ("[sets]\ndev = [", "not TOML: "),
        ("[sets]\n[sets]\n", "not TOML: "),
        (b'[sets]\ndev = ["\xff"]', "not TOML: "),
        ("a = " + "[" * 100_000, "not TOML: "),
    ],
)
def test_malformed_file(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(DataError) as caught:
        read_splits(path)
    assert caught.value.file == str(path)
    assert message in caught.value.message


def test_missing_file(tmp_path):
    with pytest.raises(DataError, match=r"none\.toml: cannot be read"):
        read_splits(tmp_path / "none.toml")


def test_listed_id_without_a_document():
    with pytest.raises(
        DataError, match="'z' is in the set 'test' and has no document; add the document or take"
    ):
        divide([labelled("a")], {"a": "test", "z": "test"})


def test_two_documents_of_one_id():
    with pytest.raises(DataError, match="two documents have the id 'a'; give each its own"):
        divide([labelled("a"), labelled("b"), labelled("a")], {})


@given(st.integers(0, 30), st.floats(0, 1), st.integers())
@PATIENT
def test_hold_out_parts_the_documents_in_their_order(count, share, seed):
    documents = [labelled(str(number)) for number in range(count)]
    stay, held = hold_out(documents, share, seed)
    assert sorted(ids(stay) + ids(held), key=int) == ids(documents)
    assert ids(stay) == sorted(ids(stay), key=int)
    assert ids(held) == sorted(ids(held), key=int)
    assert stay or not documents
    assert abs(len(held) - share * count) <= 1
    assert hold_out(documents, share, seed) == (stay, held)


@pytest.mark.parametrize(
    ("count", "share", "expected"),
    [(10, 0.2, 2), (10, 0.01, 1), (10, 1.0, 9), (10, 0, 0), (1, 0.5, 0), (0, 0.5, 0)],
)
def test_size_of_what_is_held_out(count, share, expected):
    stay, held = hold_out([labelled(str(number)) for number in range(count)], share, 13)
    assert (len(stay), len(held)) == (count - expected, expected)


def test_another_seed_holds_out_other_documents():
    documents = [labelled(str(number)) for number in range(50)]
    assert len({tuple(ids(hold_out(documents, 0.3, seed)[1])) for seed in range(5)}) == 5


def leaks(sets):
    """Sentences that a held-out set and the training set share, spelling and spaces apart."""

    def key(sentence):
        return " ".join(sentence.text.casefold().split())

    known = {key(sentence) for item in sets["train"] for sentence in item.document.sentences}
    held_out = [item for name, members in sets.items() if name != "train" for item in members]
    return [
        (item.document.id, sentence.text)
        for item in held_out
        for sentence in item.document.sentences
        if key(sentence) in known
    ]


def test_leak_is_found():
    documents = [labelled("a", "It rained.", "It  Snowed."), labelled("b", "It shone.", "It snowed.")]
    assert leaks(divide(documents, {"b": "test"})) == [("b", "It snowed.")]
    assert leaks(divide(documents, {})) == []


def test_no_sentence_of_a_held_out_set_of_the_project_is_trained_on():
    placed = read_splits(DATA / "splits.toml")
    sets = divide(read_annotated([DATA / "annotations"], PROJECT), placed)
    assert set(ids(sets["five"])) == {"bases", "desertions", "laukkai", "maese", "myawaddy"}
    assert all(sets[name] for name in set(placed.values()))
    assert leaks(sets) == []


def test_documents_of_one_text_are_held_out_together():
    documents = [labelled(str(number), f"Report {number // 2}.") for number in range(40)]
    documents[1] = labelled("1", "REPORT 0 .")  # another spelling
    for seed in range(10):
        stay, held = hold_out(documents, 0.3, seed)
        assert len(held) == 12
        assert not {int(name) // 2 for name in ids(stay)} & {int(name) // 2 for name in ids(held)}


def test_documents_that_are_all_of_one_text_can_be_held_out():
    stay, held = hold_out([labelled(name, "It rained.") for name in "abcd"], 0.5, 13)
    assert (len(stay), len(held)) == (2, 2)


def test_last_document_of_a_type_stays():
    def typed(number):
        # Types 0 to 4 have one document, the others share a type.
        name = str(number) if number < 5 else "common"
        sentence = Sentence(f"Text {number}.", event_types=(EventType(name),))
        return LabelledDocument(Document(str(number), "", "", sentence.text, (sentence,)), frozenset())

    documents = [typed(number) for number in range(20)]
    lost = [set(ids(hold_out(documents, 0.4, seed)[1])) & set("01234") for seed in range(10)]
    assert any(lost)
    for seed in range(10):
        stay, held = hold_out(documents, 0.4, seed, keep_types=True)
        assert held
        assert not set(ids(held)) & set("01234")
        assert sorted(ids(stay) + ids(held), key=int) == ids(documents)


def test_something_is_held_out_where_every_type_is_rare():
    sentences = [Sentence(name, event_types=(EventType(name),)) for name in "abc"]
    documents = [
        LabelledDocument(Document(item.text, "", "", item.text, (item,)), frozenset()) for item in sentences
    ]
    assert len(hold_out(documents, 0.7, 13, keep_types=True)[1]) == 1


@pytest.mark.parametrize(
    ("left", "right"),
    [("It rained .", "It rained."), ("“It” RAINED", '"it" rained'), ("ﬁne", "fine"), ("a  b", "a b")],
)
def test_spellings_of_one_text_have_one_key(left, right):
    assert text_key(left) == text_key(right)


def test_other_texts_have_other_keys():
    assert len({text_key(text) for text in ("It rained.", "It rains.", "...", "???", "")}) == 5
