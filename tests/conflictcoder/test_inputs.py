import gzip
import json
import sys

import pytest

from conflictcoder import Article, DataError, Document, Sentence
from conflictcoder.compression import MAX_BYTES
from conflictcoder.inputs import ArticleReader, list_files
from conflictcoder.records import Columns

from ..conftest import read_in_a_process

TEXT = "Rebels captured Namkham."


def read(path, **columns):
    """Articles and error messages of a file, without the folder."""
    items = list(ArticleReader([(path, path.name.partition(".")[0])], Columns(**columns)))
    return [item if isinstance(item, Article) else str(item).replace(f"{path}", path.name) for item in items]


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def zstd_compress(data):
    return pytest.importorskip(
        "backports.zstd" if sys.version_info < (3, 14) else "compression.zstd"
    ).compress(data)


LINES = "".join(json.dumps({"id": str(n), "text": f"{TEXT} {n}"}) + "\n" for n in range(2000)).encode()
COMPRESS = {".gz": gzip.compress, ".zst": zstd_compress}


@pytest.mark.parametrize("suffix", COMPRESS)
def test_compressed_files_read_as_plain_ones(tmp_path, suffix):
    compress = COMPRESS[suffix]
    plain = read(write(tmp_path, "a.jsonl", LINES))
    assert len(plain) == 2000
    assert read(write(tmp_path, f"a.jsonl{suffix}", compress(LINES))) == plain
    assert read(write(tmp_path, f"b.txt{suffix}", compress(TEXT.encode()))) == [Article(text=TEXT, id="b")]
    table = compress(f"id,text\n1,{TEXT}\n".encode())
    assert read(write(tmp_path, f"c.csv{suffix}", table)) == [Article(text=TEXT, id="1")]


@pytest.mark.parametrize("suffix", COMPRESS)
@pytest.mark.parametrize("kept", [0.5, 0.99])
def test_what_a_cut_off_file_has_is_read(tmp_path, suffix, kept):
    data = COMPRESS[suffix](LINES)
    *articles, error = read(write(tmp_path, f"a.jsonl{suffix}", data[: int(len(data) * kept)]))
    whole = read(write(tmp_path, "a.jsonl", LINES))
    assert articles == whole[: len(articles)]
    assert f"a.jsonl{suffix}: damaged or cut off" in error
    assert "what could be read was taken" in error


@pytest.mark.parametrize("suffix", COMPRESS)
def test_text_that_is_cut_off_is_not_said_to_be_taken(tmp_path, suffix):
    data = COMPRESS[suffix](LINES)
    (error,) = read(write(tmp_path, f"a.txt{suffix}", data[: len(data) // 2]))
    assert f"a.txt{suffix}: damaged or cut off" in error
    assert "; it was not coded; get the file again" in error


@pytest.mark.parametrize("suffix", COMPRESS)
def test_file_that_is_not_compressed_at_all(tmp_path, suffix):
    (error,) = read(write(tmp_path, f"a.jsonl{suffix}", LINES))
    assert "damaged or cut off" in error
    assert read(write(tmp_path, f"b.jsonl{suffix}", COMPRESS[suffix](b""))) == []


def test_folder_with_every_kind(tmp_path):
    pytest.importorskip("pyarrow")
    for name in ("b.csv", "a.TXT", "c.jsonl.gz", "d/e.parquet", "f.tsv", "g.pdf", "h.csv.partial", "i.gz"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    files, unread = list_files([tmp_path])
    assert unread == []
    assert [name for _, name in files] == ["a", "b", "c", "d/e", "f"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"empty: the folder has no \.txt and no \.jsonl file"):
        list_files([tmp_path / "empty"])


def test_files_of_one_name_are_told_apart_by_their_paths(tmp_path):
    for name in ("p/a.txt", "p/b.txt", "q/a.txt", "q/a.jsonl", "q/b.csv", "a.txt.gz"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    inputs = [tmp_path / "p", tmp_path / "q", tmp_path / "a.txt.gz"]
    files, _ = list_files(inputs)
    names = {path.relative_to(tmp_path).as_posix(): name for path, name in files}
    later = ("q/a.txt", "a.txt.gz")
    assert {path: names[path] for path in later} == {path: (tmp_path / path).as_posix() for path in later}
    assert (names["p/a.txt"], names["p/b.txt"], names["q/b.csv"]) == ("a", "b", "b")
    for count in (1, 2):  # inputs that are added at the end change nothing before them
        fewer, _ = list_files(inputs[:count])
        assert fewer == files[: len(fewer)]


def test_file_that_is_reached_twice_is_read_once(tmp_path):
    (tmp_path / "A").mkdir()
    for name in ("A/x.txt", "A/y.txt"):
        write(tmp_path, name, TEXT)
    inputs = [tmp_path / "A" / "y.txt", tmp_path / "A", tmp_path / "A" / ".." / "A" / "x.txt"]
    files = [(tmp_path / "A" / "y.txt", "y"), (tmp_path / "A" / "x.txt", "x")]
    assert list_files(inputs) == (files, [])


@pytest.mark.parametrize("suffix", [".ndjson", ".jsonlines", ".NDJSON", ".ndjson.gz"])
def test_json_lines_by_other_names(tmp_path, suffix):
    data = gzip.compress(LINES) if suffix.endswith(".gz") else LINES
    path = write(tmp_path, f"a{suffix}", data)
    assert len(read(path)) == 2000
    assert [file for file, _ in list_files([tmp_path])[0]] == [path]


@pytest.mark.parametrize("name", ["a.json", "a.XML", "a.json.gz"])
def test_file_that_is_no_prose_is_refused(tmp_path, name):
    (error,) = read(write(tmp_path, name, json.dumps([{"id": "1", "text": TEXT}])))
    assert error.startswith(f"{name}: a .")
    assert "give one of .txt, .jsonl, .csv, .tsv, .parquet" in error


@pytest.mark.parametrize("name", ["63", "a.log", "a.gz"])
@pytest.mark.parametrize("key", ["text", "sentences", "body"])
def test_lines_of_json_without_their_ending_are_refused(tmp_path, name, key):
    content = b"\n" + json.dumps({"id": "1", key: "x"}).encode() + b"\n" + LINES
    path = write(tmp_path, name, gzip.compress(content) if name.endswith(".gz") else content)
    (error,) = read(path, text="body" if key == "body" else None)
    assert error.startswith(f"{name}: lines of JSON under a name that does not tell so; give it the ending")


@pytest.mark.parametrize("text", ['{"quoted": 1}', '"text"', "[" * 100_000, '{"text": 1} he said.\n{}'])
def test_text_that_looks_like_json_is_read_without_an_ending(tmp_path, text):
    assert read(write(tmp_path, "a", text)) == [Article(text=text, id="a")]
    record = '{"text": "x"}'
    assert read(write(tmp_path, "a.txt", record)) == [Article(text=record, id="a")]


def test_links_to_files_are_followed_and_to_folders_only_if_named(tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    write(tmp_path, "a.txt", TEXT)
    (inside / "link.txt").symlink_to(tmp_path / "a.txt")
    (inside / "nowhere.txt").symlink_to(tmp_path / "gone.txt")
    (inside / "above").symlink_to(tmp_path)
    outside.symlink_to(inside)
    assert list_files([inside]) == ([(inside / "link.txt", "link")], [])
    assert list_files([outside]) == ([(outside / "link.txt", "link")], [])


def test_files_of_a_folder_that_lets_nobody_in_are_named(tmp_path, monkeypatch):
    path = write(tmp_path, "a.txt", TEXT)

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.is_dir", lambda _: True)
        patch.setattr("pathlib.Path.stat", refuse)
        assert list_files([tmp_path]) == ([(path, "a")], [])


def test_csv_with_its_own_names_marks_and_line_ends(tmp_path):
    content = '\ufeffkey,body,when,more\r\n1,"One, ""two""\r\nand three.",2024-01-06,x\r\n\r\n2,,,\r\n'
    items = read(write(tmp_path, "a.csv", content), text="body", id="key", date="when")
    assert items == [
        Article(text='One, "two"\r\nand three.', id="1", date="2024-01-06"),
        "a.csv:5: body: empty; expected text",
    ]


def test_rows_without_ids_are_numbered(tmp_path):
    assert read(write(tmp_path, "a.csv", "text,title\nx,T\ny,\n")) == [
        Article(text="x", id="a:1", title="T"),
        Article(text="y", id="a:2"),
    ]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_delimiter_is_found(tmp_path, delimiter):
    content = f"id,x{delimiter}text\n1{delimiter}One, two.\n"
    assert read(write(tmp_path, "a.csv", content), id="id,x") == [Article(text="One, two.", id="1")]


@pytest.mark.parametrize(
    "before", ["\r\n \n", "sep=;\r\n", "\ufeffSEP=;\n", "\nsep=;\n\n"], ids=["blank", "sep", "mark", "both"]
)
def test_lines_before_the_header(tmp_path, before):
    line = before.count("\n") + 2
    article, error = read(write(tmp_path, "a.csv", f"{before}id;text\n1;One, two.\n2\n"))
    assert article == Article(text="One, two.", id="1")
    assert error == f"a.csv:{line + 1}: expected 2 cells as in the header, got 1"


def test_delimiter_that_excel_names_is_taken_and_no_other(tmp_path):
    assert read(write(tmp_path, "a.csv", "sep=|\nid|text\n1|x;y\n")) == [Article(text="x;y", id="1")]
    assert read(write(tmp_path, "b.csv", "sep=\t\nid\ttext\n1\tx\n")) == [Article(text="x", id="1")]
    (error,) = read(write(tmp_path, "c.csv", "sep=;\n\nid,text\n1,x\n"))
    assert error.startswith("c.csv:3: no column 'text'")
    (error,) = read(write(tmp_path, "d.csv", "\nsep=;\n"))
    assert error == "d.csv: empty; expected a header with the names of the columns"


BAD_TABLES = {
    "empty": (b"", "a.csv: empty; expected a header"),
    "no column": (b"id,txt\n1,x\n", "a.csv:1: no column 'text'; the columns are: id, txt; did you mean"),
    "letter case": (b"Id,TEXT\n1,x\n", "did you mean --text-column 'TEXT'?"),
    "nothing alike": (b"a;b\n1;x\n", "the columns are: a, b; name it by --text-column"),
    "twice": (b"text,text\nx,y\n", "column 'text' is there 2 times"),
    "utf-16": ("id,text\n1,x\n".encode("utf-16"), "a.csv:1: the header is not UTF-8 text"),
    "binary": (bytes(range(256)) * 50, "a.csv:1: the header is not UTF-8 text"),
    "open quote": (b'id,"text\n1,x\n', "a.csv:1: not a CSV header"),
    "sentences, a list": (b"id,sentences\n1,x\n2,y\n", "a.csv:1: no column 'text'"),
}


@pytest.mark.parametrize(("content", "message"), BAD_TABLES.values(), ids=BAD_TABLES)
def test_table_that_cannot_be_read_is_told_once(tmp_path, content, message):
    (error,) = read(write(tmp_path, "a.csv", content))
    assert message in error


def test_column_that_was_named_must_be_there(tmp_path):
    (error,) = read(write(tmp_path, "a.csv", "id,text,date\n1,x,\n"), date="dat")
    assert "no column 'dat'" in error
    assert "did you mean --date-column 'date'?" in error


BAD_ROWS = {
    "latin-1": (b"2,caf\xe9", "text: not UTF-8 text"),
    "nul": (b"2,a\0b", "text: has NUL characters"),
    "more cells": (b"2,a,b", "expected 2 cells as in the header, got 3"),
    "fewer cells": (b"2", "expected 2 cells as in the header, got 1"),
    "quote inside": (b'2,"a" b', "not a CSV row"),
}


@pytest.mark.parametrize(("row", "message"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_bad_row_is_told_with_its_line_and_the_rest_is_read(tmp_path, row, message):
    first, error, last = read(write(tmp_path, "a.csv", b'id,text\n1,"x\ny"\n' + row + b"\n3,z\n"))
    assert (first, last) == (Article(text="x\ny", id="1"), Article(text="z", id="3"))
    assert error.startswith("a.csv:4: ")
    assert message in error


OPEN_QUOTES = {
    "closed by another": (b'b\n"c\nd\n"e"\nf\n', "lines 3 to 5", [Article(text="f", id="a:5")]),
    "to the end": (b'b\n"c\nd\n', "lines 3 to 4", []),
}


@pytest.mark.parametrize(("rows", "lines", "after"), OPEN_QUOTES.values(), ids=OPEN_QUOTES)
def test_open_quote_tells_the_lines_that_it_swallowed(tmp_path, rows, lines, after):
    first, error, *others = read(write(tmp_path, "a.csv", b"text\n" + rows))
    assert (first, others) == (Article(text="b", id="a:1"), after)
    assert error.startswith("a.csv:3: not a CSV row")
    assert f"; {lines} were not read" in error


def test_row_that_is_no_csv_keeps_its_number(tmp_path):
    first, error, last = read(write(tmp_path, "a.csv", b'text\nx\n"y" y\nz\n'))
    assert (first.id, last.id) == ("a:1", "a:3")
    assert "were not read" not in error


def test_long_cells_and_lines_are_whole(tmp_path):
    text = "x" * 1_000_000
    assert read(write(tmp_path, "a.csv", f"id,text\n1,{text}\n")) == [Article(text=text, id="1")]
    assert read(write(tmp_path, "a.jsonl", json.dumps({"id": "1", "text": text}))) == [
        Article(text=text, id="1")
    ]


def test_no_line_or_text_is_read_beyond_any_article(tmp_path, monkeypatch):
    for module in ("compression", "inputs", "csv_input"):
        monkeypatch.setattr(f"conflictcoder.{module}.MAX_BYTES", 100)
    long = b'{"id": "1", "text": "' + b"x" * 1000 + b'"}\n'
    error, article = read(write(tmp_path, "a.jsonl", long + b'{"id": "2", "text": "y"}'))
    assert "a.jsonl:1: a line of more than 100 bytes" in error
    assert article == Article(text="y", id="2")
    (error,) = read(write(tmp_path, "a.txt", b"x" * 101))
    assert "more than 100 bytes, no single article" in error
    (error,) = read(write(tmp_path, "a.csv", b"id,text\n1," + b"x" * 200))
    assert "a.csv:2: a line of more than 100 bytes" in error
    assert MAX_BYTES > 10_000_000


BAD_LINES = {
    "deep": ("[" * 100_000, "a.jsonl:1"),
    "huge number": ('{"id": ' + "9" * 5000 + "}", "a.jsonl:1"),
    "nul": ('{"id": "1", "text": "a"}\0', "a.jsonl:1: a binary file"),
    "null id": ('{"id": null, "text": "a"}', "id: expected text, got nothing"),
    "other keys": ('{"id": "1", "body": "a"}', "expected either text or sentences, got neither"),
    "both keys": ('{"id": "1", "text": "a", "sentences": []}', "either text or sentences, got both"),
    "coded output": (
        Document("1", "", "", "a", (Sentence("a"),)).to_json(),
        "sentences: holds objects, so this is coded output; give the articles themselves",
    ),
    "truth as id": ('{"id": true, "text": "a"}', "id: expected text, got bool"),
    "fraction as id": ('{"id": 1.5, "text": "a"}', "id: expected text, got float"),
    "no id": ('{"key": "1", "text": "a"}', "got the keys 'key', 'text'"),
}


@pytest.mark.parametrize(("line", "message"), BAD_LINES.values(), ids=BAD_LINES)
def test_bad_line_of_json(tmp_path, line, message):
    error, article = read(write(tmp_path, "a.jsonl", line + '\r\n{"id": "2", "text": "y"}\r\n'))
    assert message in error
    assert article == Article(text="y", id="2")


def test_number_as_id_of_a_json_line_becomes_text(tmp_path):
    path = write(tmp_path, "a.jsonl", '{"id": 7, "text": "x"}\n{"id": -0, "sentences": ["y"]}')
    assert read(path) == [Article(text="x", id="7"), Article(sentences=["y"], id="0")]


def test_keys_of_json_lines_can_be_named(tmp_path):
    path = write(tmp_path, "a.jsonl", '{"url": "u", "body": "x", "id": 7}\n{"url": "v", "sentences": ["y"]}')
    assert read(path, id="url", text="body") == [
        Article(text="x", id="u"),
        Article(sentences=["y"], id="v"),
    ]


@pytest.mark.parametrize("field", ["date", "title"])
def test_key_of_a_json_line_that_was_named_must_be_there(tmp_path, field):
    lines = [{"id": "1", "text": "x", "When": "y"}, {"id": "2", "text": "x", "when": None}]
    path = write(tmp_path, "a.jsonl", "\n".join(map(json.dumps, lines)))
    error, article = read(path, **{field: "when"})
    assert error == (
        f"a.jsonl:1: no key 'when'; the keys are: id, text, When; did you mean --{field}-column 'When'?"
    )
    assert article == Article(text="x", id="2")


def test_position_reaches_the_size(tmp_path):
    paths = [write(tmp_path, f"a.jsonl{suffix}", compress(LINES)) for suffix, compress in COMPRESS.items()]
    paths += [write(tmp_path, "b.txt", "x" * 5000), tmp_path / "gone.txt", write(tmp_path, "c.csv", "")]
    reader = ArticleReader([(path, path.name) for path in paths])
    positions = [reader.position for _ in reader]
    assert positions == sorted(positions)
    assert 0 < positions[1] < reader.position == reader.size


def test_large_file_is_not_held_in_memory(tmp_path):
    """Peak memory of a process that reads 120 MB, compared with one that reads nothing."""
    line = json.dumps({"id": "1", "text": "x" * 2000}) + "\n"
    path = tmp_path / "large.jsonl"
    with path.open("w") as stream:
        for _ in range(60):
            stream.write(line * 1000)
    count, grown = read_in_a_process(path)
    assert count == 60_000
    assert grown < 30
