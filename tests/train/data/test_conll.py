import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conflictcoder.document import Mention, Sentence
from conflictcoder.errors import DataError
from tests.train.data.strategies import PATIENT
from train.data.conll import read_conll


def write(folder, text, name="x.conll"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def spans(documents):
    return [
        [(item.type, item.text) for item in sentence.entities]
        for labelled in documents
        for sentence in labelled.document.sentences
    ]


def tagged(folder, tags):
    """The spans of a sentence of the words `a`, `b`, `c` … with these tags."""
    rows = [f"{word} {tag}" for word, tag in zip("abcdefgh", tags.split(), strict=False)]
    (found,) = spans(read_conll(write(folder, "\n".join(rows))))
    return found


def test_sentence_has_its_words_and_mentions(tmp_path):
    path = write(tmp_path, "The\tO\nArakan\tB-GROUP\nArmy\tI-GROUP\nleft\tO\nMrauk\tB-PLACE\n")
    (labelled,) = read_conll(path)
    group = Mention("m1", "GROUP", 4, 15, "Arakan Army")
    place = Mention("m2", "PLACE", 21, 26, "Mrauk")
    assert labelled.document.sentences == (Sentence("The Arakan Army left Mrauk", 0, (group, place)),)
    assert labelled.document.text == "The Arakan Army left Mrauk"
    assert labelled.document.id == "x-1"
    assert labelled.layers == {"entities"}


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("O O O", []),
        ("B-X I-X O", [("X", "a b")]),
        ("B-X B-X I-X", [("X", "a"), ("X", "b c")]),  # BIO and IOB: B- parts neighbours
        ("I-X I-X O I-X", [("X", "a b"), ("X", "d")]),  # IOB begins with I-
        ("I-X B-X O", [("X", "a"), ("X", "b")]),
        ("B-X I-Y I-Y", [("X", "a"), ("Y", "b c")]),  # another type begins a span
        ("S-X S-X O", [("X", "a"), ("X", "b")]),  # BIOES
        ("B-X I-X E-X S-Y", [("X", "a b c"), ("Y", "d")]),
        ("B-X E-X I-X", [("X", "a b"), ("X", "c")]),  # nothing continues an ended span
        ("S-X E-X O", [("X", "a"), ("X", "b")]),
        ("B-X M-X L-X U-X", [("X", "a b c"), ("X", "d")]),  # BMES, BILOU
        ("B-X O I-X", [("X", "a"), ("X", "c")]),
        ("B-by-land I-by-land O", [("by-land", "a b")]),
    ],
)
def test_tagging_schemes(tmp_path, tags, expected):
    assert tagged(tmp_path, tags) == expected


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("Gao\tB-P\nfell\tO\n", {}),
        ("Gao B-P\nfell   O\n", {}),
        ("Gao NNP I-NP B-P\nfell VBD I-VP O\n", {}),
        ("1\tGao\tB-P\t_\n2\tfell\tO\t_\n", {"token_column": 1, "tag_column": 2}),
        ("1\tGao\tB-P\t_\n2\tfell\tO\t_\n", {"token_column": -3, "tag_column": -2}),
        ("B-P Gao\nO fell\n", {"token_column": 1, "tag_column": 0}),
        ("Gao B-P\nfell O\n", {"token_column": -2, "tag_column": 1}),
        ("Gao\tB-P\r\nfell\tO\r\n", {}),
        ("Gao B-P\r\nfell O\r\n\r\n", {}),
        ("\ufeffGao\tB-P\nfell\tO", {}),
        ("\n\n \nGao B-P\nfell O\n\n\t\n\n", {}),
    ],
)
def test_columns_and_line_ends(tmp_path, text, options):
    (labelled,) = read_conll(write(tmp_path, text), **options)
    assert labelled.document.text == "Gao fell"
    assert labelled.document.sentences[0].entities == (Mention("m1", "P", 0, 3, "Gao"),)


def test_token_of_a_file_with_tabs_may_have_spaces(tmp_path):
    assert spans(read_conll(write(tmp_path, "Nam Kham\tB-P\nfell\tO\n"))) == [[("P", "Nam Kham")]]


def test_sentences_alone_are_documents(tmp_path):
    documents = read_conll(write(tmp_path, "a O\n\nb O\nc O\n\n\nd O"))
    assert [labelled.document.id for labelled in documents] == ["x-1", "x-2", "x-3"]
    assert [labelled.document.text for labelled in documents] == ["a", "b c", "d"]


@pytest.mark.parametrize("mark", ["-DOCSTART- -X- O\n\n", "-DOCSTART-\n", "-DOCSTART- O\n"])
def test_documents_with_marks(tmp_path, mark):
    text = f"{mark}a O\nb B-P\n\nc B-P\n\n{mark}\n{mark}d O\n{mark}e O\n"
    documents = read_conll(write(tmp_path, text))
    assert [labelled.document.text for labelled in documents] == ["a b c", "d", "e"]
    assert [sentence.start for sentence in documents[0].document.sentences] == [0, 4]
    assert spans(documents)[:2] == [[("P", "b")], [("P", "c")]]
    assert len({labelled.document.id for labelled in documents}) == 3


@pytest.mark.parametrize(
    ("text", "options", "line", "message"),
    [
        ("a\tO\n\nb\n", {}, 3, "1 columns, expected 2: a token and its tag"),
        ("a\n", {}, 1, "1 columns, expected 2: a token and its tag"),
        ("a\tO\nb\tx\tO\n", {}, 2, "3 columns, expected 2"),
        ("a x O\r\n\r\nb O\r\n", {}, 3, "2 columns, expected 3"),
        ("a\tO\n\tO\n", {}, 2, "column 0 is empty; expected a token"),
        ("a O\nb B\n", {}, 2, "tag 'B': expected O, or B-TYPE, I-TYPE and the like"),
        ("a O\nb B-\n", {}, 2, "tag 'B-'"),
        ("a O\nb Q-P\n", {}, 2, "tag 'Q-P'"),
        ("a O\nb P\n", {}, 2, "tag 'P'"),
        ("a\tO\nb\tO\t\n", {"tag_column": 1}, 2, "3 columns, expected 2"),
        ("a\t\nb\tO\n", {}, 1, "tag ''"),
        ("a O\n", {"token_column": 5}, 1, "2 columns, so there is no column 5; the first is 0"),
        ("a O\n", {"token_column": 2}, 1, "2 columns, so there is no column 2; the first is 0"),
        ("B-P O\n", {"token_column": 1}, 1, "token_column 1 is tag_column -1 too, of 2 columns"),
        ("a O\n", {"tag_column": -3}, 1, "2 columns, so there is no column -3"),
    ],
)
def test_malformed_line(tmp_path, text, options, line, message):
    path = write(tmp_path, text)
    with pytest.raises(DataError) as caught:
        read_conll(path, **options)
    assert (caught.value.file, caught.value.line) == (str(path), line)
    assert message in caught.value.message


@pytest.mark.parametrize("text", ["", "\n\n", "-DOCSTART- O\n\n"])
def test_file_without_a_sentence(tmp_path, text):
    with pytest.raises(DataError, match="no sentence; expected a token and its tag a line"):
        read_conll(write(tmp_path, text))


def test_unreadable_file(tmp_path):
    with pytest.raises(DataError, match="cannot be read as UTF-8"):
        read_conll(write(tmp_path, "é O\n".encode("latin-1")))
    with pytest.raises(DataError, match=r"none\.conll: cannot be read"):
        read_conll(tmp_path / "none.conll")


@given(
    st.binary() | st.text("ab \t\n-BIOES").map(str.encode) | st.text().map(str.encode),
    st.integers(-3, 3),
    st.integers(-3, 3),
)
@settings(PATIENT, max_examples=300)
def test_garbage_raises_only_data_errors(tmp_path_factory, content, token_column, tag_column):
    path = write(tmp_path_factory.getbasetemp(), content, "garbage.conll")
    try:
        documents = read_conll(path, token_column=token_column, tag_column=tag_column)
    except DataError as error:
        assert error.file == str(path)
    else:
        for sentence in (item for labelled in documents for item in labelled.document.sentences):
            assert all(sentence.text[item.start : item.end] == item.text for item in sentence.entities)


@pytest.mark.parametrize("mark", ["-DOCSTART- -X- O\n\n", "-DOCSTART-\n"])
def test_one_mark_parts_nothing(tmp_path, mark):
    documents = read_conll(write(tmp_path, f"{mark}a O\n\nb B-P\n"))
    assert [labelled.document.text for labelled in documents] == ["a", "b"]


def test_comments_before_a_sentence_are_no_tokens(tmp_path):
    text = "# sentence 1 domain=en\n# text = a b\na O\n# O\nb B-P\n\n# B-P\nc O\n"
    documents = read_conll(write(tmp_path, text))
    assert [labelled.document.text for labelled in documents] == ["a # b", "# c"]
    assert spans(documents) == [[("P", "b")], [("P", "#")]]


@pytest.mark.parametrize("separator", [" ", "\t"])
def test_token_without_a_visible_character_is_left_out(tmp_path, separator):
    text = "\n".join(
        f"{token}{separator}{tag}" for token, tag in [("a", "B-P"), ("\xa0", "I-P"), ("b", "I-P")]
    )
    documents = read_conll(write(tmp_path, text))
    assert spans(documents) == [[("P", "a b")]]


def test_type_names_fit_an_ontology(tmp_path):
    text = "a\tB-Military Platform, [air]\nb\tI-Military Platform, [air]\n"
    assert spans(read_conll(write(tmp_path, text))) == [[("Military_Platform_air_", "a b")]]


def test_sentence_of_2000_words_is_kept(tmp_path):
    (labelled,) = read_conll(write(tmp_path, "word O\n" * 1999 + "last B-P\n"))
    assert len(labelled.document.text.split()) == 2000
    assert spans([labelled]) == [[("P", "last")]]


@pytest.mark.parametrize("tag_column", [1, -2])
def test_comment_is_told_by_the_column_of_the_tag(tmp_path, tag_column):
    path = write(tmp_path, "# a\tcomment\tO\n#Syria\tB-P\tNN\nfell\tO\tVB\n\n#\nGao\tB-P\tNN\n")
    documents = read_conll(path, tag_column=tag_column)
    assert [labelled.document.text for labelled in documents] == ["#Syria fell", "Gao"]
    assert spans(documents) == [[("P", "#Syria")], [("P", "Gao")]]
