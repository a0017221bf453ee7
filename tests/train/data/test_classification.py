import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conflictcoder.errors import DataError
from tests.train.data.strategies import PATIENT
from train.data.classification import class_names, read_classification


def write(folder, text, name="x.tsv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def rows(documents):
    """Text and classes of each document, each of which has one sentence."""
    return [
        (labelled.document.text, [entry.type for entry in labelled.document.sentences[0].event_types])
        for labelled in documents
    ]


def test_row_is_a_document_of_one_sentence(tmp_path):
    first, second = read_classification(write(tmp_path, "Rebels took Gao.\tCAPTURE\nIt rained.\t\n"))
    assert rows([first, second]) == [("Rebels took Gao.", ["CAPTURE"]), ("It rained.", [])]
    assert (first.document.id, second.document.id) == ("x-1", "x-2")
    assert first.layers == {"event_types"}
    (sentence,) = first.document.sentences
    assert (sentence.text, sentence.start) == ("Rebels took Gao.", 0)
    assert sentence.entities == sentence.events == ()


def test_spaces_in_a_single_label_become_underscores(tmp_path):
    assert rows(read_classification(write(tmp_path, "A.\t armed  clash \n"))) == [("A.", ["armed_clash"])]


def test_several_label_columns_are_zeros_and_ones(tmp_path):
    path = write(tmp_path, "A.\t1\t0\nB.\t1\t 1\nC.\t0\t0\n")
    expected = [("A.", ["label_1"]), ("B.", ["label_1", "label_2"]), ("C.", [])]
    assert rows(read_classification(path)) == expected
    assert class_names(path, text_column=0, label_columns=[], header=False) == ["label_1", "label_2"]


def test_header_names_the_classes(tmp_path):
    path = write(tmp_path, "id\tclash\ttext\tcapture\n7\t0\tA.\t1\n8\t1\tB.\t1\n")
    documents = read_classification(path, text_column=2, label_columns=[3, 1], header=True)
    assert rows(documents) == [("A.", ["capture"]), ("B.", ["capture", "clash"])]
    assert documents[0].document.id == "x-2"
    assert class_names(path, text_column=2, label_columns=[3, 1], header=True) == ["capture", "clash"]


def test_header_over_one_label_is_no_class(tmp_path):
    path = write(tmp_path, "label\ttext\nCLASH\tA.\n")
    assert rows(read_classification(path, text_column=1, header=True)) == [("A.", ["CLASH"])]
    assert class_names(path, text_column=1, label_columns=[], header=True) == []


def test_quotes_are_text_in_tsv_and_quoting_in_csv(tmp_path):
    tsv = write(tmp_path, '"Go, now", he said.\tA\n')
    assert rows(read_classification(tsv)) == [('"Go, now", he said.', ["A"])]
    csv = write(tmp_path, 'A,"He said: ""Go, now.""\nThen he left."\nB,Calm.\n', "x.csv")
    assert rows(read_classification(csv, text_column=1)) == [
        ('He said: "Go, now."\nThen he left.', ["A"]),
        ("Calm.", ["B"]),
    ]


@pytest.mark.parametrize("name", ["x.tsv", "x.csv", "x.CSV", "x.txt"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_endings_marks_and_line_ends(tmp_path, name, mark, end):
    separator = "," if name.lower() == "x.csv" else "\t"
    text = mark + end.join([f"Éa.{separator}A", "", f"B b.{separator}B", ""])
    assert rows(read_classification(write(tmp_path, text, name))) == [("Éa.", ["A"]), ("B b.", ["B"])]


@pytest.mark.parametrize("name", ["x.tsv", "x.csv"])
def test_text_of_300_000_characters(tmp_path, name):
    text = "word " * 59_999 + "word."
    path = write(tmp_path, f"{text}\tA\n" if name == "x.tsv" else f'"{text}",A\n', name)
    assert rows(read_classification(path)) == [(text, ["A"])]


@pytest.mark.parametrize(
    ("name", "text", "options", "line", "message"),
    [
        ("x.tsv", "A.\tx\n\nB.\n", {}, 3, "1 columns, expected 2"),
        ("x.tsv", "A.\tx\nB.\tx\ty\n", {}, 2, "3 columns, expected 2"),
        ("x.csv", 'A.,x\n"B\nb.",x\nC.\n', {}, 4, "1 columns, expected 2"),
        ("x.tsv", "A.\n", {}, 1, "1 columns; expected a text in column 0"),
        ("x.tsv", "A.\tx\n", {"text_column": 2}, 1, "2 columns; expected a text in column 2"),
        (
            "x.tsv",
            "A.\tx\n",
            {"label_columns": [3]},
            1,
            "2 columns; expected a text in column 0 and labels in [3]",
        ),
        ("x.tsv", "A.\tx\n", {"text_column": -1}, 1, "expected a text in column -1"),
        ("x.tsv", "A.\tx\n", {"label_columns": [-5]}, 1, "labels in [-5]"),
        (
            "x.tsv",
            "t\tx\ty\nA.\t1\t0\nB.\t1\t2\n",
            {"header": True},
            3,
            "label '2': expected 0 or 1, because there",
        ),
        ("x.tsv", "A.\t1\t\n", {}, 1, "label '': expected 0 or 1, because there are 2 label columns"),
        ("x.csv", 'A.,x\n"B."b,x\n', {}, 2, "not CSV: "),
        ("x.csv", 'A.,x\n"B.,x\n', {}, 2, "not CSV: "),
    ],
)
def test_malformed_row(tmp_path, name, text, options, line, message):
    path = write(tmp_path, text, name)
    with pytest.raises(DataError) as caught:
        read_classification(path, **options)
    assert (caught.value.file, caught.value.line) == (str(path), line)
    assert message in caught.value.message


@pytest.mark.parametrize(("text", "header"), [("", False), ("\n \n", False), ("text\tlabel\n", True)])
def test_file_without_rows(tmp_path, text, header):
    with pytest.raises(DataError, match="no rows; expected a text and its label in each"):
        read_classification(write(tmp_path, text), header=header)


def test_class_names_need_a_row(tmp_path):
    with pytest.raises(DataError, match="no rows"):
        class_names(write(tmp_path, ""), text_column=0, label_columns=[], header=False)


@pytest.mark.parametrize("name", ["x.tsv", "x.csv"])
def test_unreadable_file(tmp_path, name):
    with pytest.raises(DataError, match="cannot be read as UTF-8"):
        read_classification(write(tmp_path, "é\tO\n".encode("latin-1"), name))
    with pytest.raises(DataError, match=r"none\.tsv: cannot be read"):
        read_classification(tmp_path / "none.tsv")


@given(
    st.binary() | st.text('a01"\t\n\r, ').map(str.encode) | st.text().map(str.encode),
    st.sampled_from(["garbage.tsv", "garbage.csv"]),
    st.integers(-2, 2),
    st.lists(st.integers(-2, 2), max_size=2),
    st.booleans(),
)
@settings(PATIENT, max_examples=400)
def test_garbage_raises_only_data_errors(tmp_path_factory, content, name, text_column, label_columns, header):
    path = write(tmp_path_factory.getbasetemp(), content, name)
    try:
        documents = read_classification(
            path, text_column=text_column, label_columns=label_columns, header=header
        )
    except DataError as error:
        assert error.file == str(path)
    else:
        assert documents


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("x.tsv", "Text\tlabel\nA.\tCLASH\n", [("A.", ["CLASH"])]),
        ("x.tsv", "input\tLabel\nA.\tCLASH\n", [("A.", ["CLASH"])]),
        ("x.csv", '"text","clash","capture"\nA.,0,1\n', [("A.", ["capture"])]),
        ("x.tsv", "The text.\tCLASH\nA.\tCLASH\n", [("The text.", ["CLASH"]), ("A.", ["CLASH"])]),
        ("x.tsv", "Text\t0\t1\nA.\t1\t0\n", [("Text", ["label_2"]), ("A.", ["label_1"])]),
    ],
)
def test_header_is_found(tmp_path, name, text, expected):
    path = write(tmp_path, text, name)
    assert rows(read_classification(path)) == expected
    assert rows(read_classification(path, header="auto")) == expected


def test_found_header_names_the_classes(tmp_path):
    path = write(tmp_path, "text\tarmed clash\tcapture\nA.\t1\t0\n")
    assert class_names(path, text_column=0, label_columns=[], header="auto") == ["armed_clash", "capture"]
    assert rows(read_classification(path)) == [("A.", ["armed_clash"])]


def test_class_names_fit_an_ontology(tmp_path):
    path = write(tmp_path, "A.\tForce, military {air} [x=1]\n")
    assert rows(read_classification(path)) == [("A.", ["Force_military_air_x_1_"])]


LONG = (
    "Rebels took the town of Gao.\tCAPTURE\nTroops left the town on Friday.\tMOVE\nIt rained there.\tMOVE\n"
)


@pytest.mark.parametrize(
    ("first", "header"),
    [
        ("text\tlabel", True),
        ("Headline\tevent", True),
        ("tweet in English\tlabel", True),
        ("notes\tsub_event_type", True),
        ("Notes\tEventType", True),
        ("A bomb hit the market today.\tATTACK", False),  # a class that occurs once is no title
        ("A bomb hit the market\tattack", False),
        ("A bomb hit the market today.\tblood_type", False),
        ("bomb\tMOVE", False),
        ("notes\t", False),
    ],
)
def test_header_is_told_from_a_class_by_the_other_rows(tmp_path, first, header):
    documents = read_classification(write(tmp_path, f"{first}\n{LONG}"))
    assert len(documents) == (3 if header else 4)


@pytest.mark.parametrize(
    ("first", "others"),
    [
        ("A bomb hit the market today.\ttarget", LONG),
        ("A bomb hit\ttarget", f"{LONG}They hit a bridge.\ttarget\n"),
        ("text\tlabel", f"{LONG}text\tlabel\n"),
        ("text\trelevant", "A bomb hit.\trelevant\nIt rained.\tirrelevant\n"),
        ("notes\tsentiment", LONG),
        ("event notes\tsub_event_type", LONG),
        ("tweet in English\tsentiment", "A bomb hit.\t1\nIt rained.\t-1\n"),
    ],
)
def test_first_row_that_may_be_a_header_or_data_is_an_error(tmp_path, first, others):
    path = write(tmp_path, f"\n{first}\n{others}")
    with pytest.raises(DataError, match=r"may be a header .*; set header to true or false") as caught:
        read_classification(path)
    assert (caught.value.file, caught.value.line) == (str(path), 2)
    assert len(read_classification(path, header=True)) + 1 == len(read_classification(path, header=False))


def test_word_over_numbers_is_a_header(tmp_path):
    path = write(tmp_path, "tweet\tsentiment\nA bomb hit.\t1\nIt rained.\t-1\nIt is.\t0\n")
    assert len(read_classification(path)) == 3


def test_a_word_a_row_with_classes_of_their_own_is_data(tmp_path):
    assert len(read_classification(write(tmp_path, "bomb\tWEAPON\nGao\tPLACE\n"))) == 2
    assert len(read_classification(write(tmp_path, "bomb\tWEAPON\n"))) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("text\ta\tb\nA.\t1\t0\n", ["a"]),
        ("A.\t1\t0\nB.\t0\t1\n", ["a"]),
    ],
)
def test_file_has_the_classes_of_the_data_that_it_belongs_to(tmp_path, text, expected):
    ((_, types), *_) = rows(read_classification(write(tmp_path, text), names=["a", "b"]))
    assert types == expected


@pytest.mark.parametrize(
    ("text", "names", "message"),
    [
        ("text\tb\ta\nA.\t1\t0\n", ["a", "b"], "header b, a: expected a, b as in the training data"),
        ("text\ta\tb\tc\nA.\t1\t0\t0\n", ["a", "b"], "header a, b, c: expected a, b as"),
        ("A.\t1\t0\t0\n", ["a", "b"], "3 label columns: expected a, b as in the training data"),
        ("A.\ta\n", ["a", "b"], "1 label columns: expected a, b as"),
        ("A.\t1\t0\n", [], "2 label columns: expected one label column as in the training data"),
    ],
)
def test_file_with_other_classes_than_its_data(tmp_path, text, names, message):
    path = write(tmp_path, text)
    with pytest.raises(DataError, match=message) as caught:
        read_classification(path, names=names)
    assert (caught.value.file, caught.value.line) == (str(path), 1)
