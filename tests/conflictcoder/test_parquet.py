import csv
import datetime as dt
import io
import random
import subprocess
import sys
from pathlib import Path

import pytest

from conflictcoder import (
    Argument,
    Article,
    DataError,
    Document,
    Event,
    EventCoder,
    Mention,
    Ontology,
    Sentence,
)
from conflictcoder.event_columns import role_columns
from conflictcoder.inputs import ArticleReader
from conflictcoder.parquet import ParquetWriter
from conflictcoder.records import Columns
from conflictcoder.tables import CsvWriter

from ..conftest import read_in_a_process

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def read(path, **columns):
    items = list(ArticleReader([(path, path.stem)], Columns(**columns)))
    return [item if isinstance(item, Article) else str(item).replace(f"{path}", path.name) for item in items]


@pytest.fixture
def write(tmp_path):
    def write_table(**columns):
        path = tmp_path / "a.parquet"
        pq.write_table(pa.table(columns), path, row_group_size=3)
        return path

    return write_table


def test_columns_by_their_names_across_row_groups(write):
    path = write(text=list("abcdefgh"), id=list("12345678"), other=range(8), title=[None, *"BCDEFGH"])
    articles = read(path)
    assert articles[:2] == [Article(text="a", id="1"), Article(text="b", id="2", title="B")]
    assert [article.text for article in articles] == list("abcdefgh")
    assert read(path, text="title", id="text")[1] == Article(text="B", id="b", title="B")


def test_without_ids_rows_are_numbered_through(write):
    assert [article.id for article in read(write(text=list("abcd")))] == ["a:1", "a:2", "a:3", "a:4"]


def test_sentences_stand_in_for_the_text(write):
    assert read(write(id=["1"], sentences=[["x", "y"]])) == [Article(sentences=["x", "y"], id="1")]


DATES = {
    "date": (pa.array([dt.date(2024, 1, 6)]), "2024-01-06"),
    "time": (pa.array([dt.datetime(2024, 1, 6, 7, 8)]), "2024-01-06T07:08:00"),
    "nanoseconds": (pa.array([1], pa.timestamp("ns")), "1970-01-01T00:00:00"),
    "zone": (pa.array([0], pa.timestamp("s", "UTC")), "1970-01-01T00:00:00+00:00"),
    "null": (pa.nulls(1), ""),
    "category": (pa.array(["2024"]).dictionary_encode(), "2024"),
}


@pytest.mark.parametrize(("column", "expected"), DATES.values(), ids=DATES)
def test_dates_and_numbers_become_text(write, column, expected):
    path = write(text=["x"], id=[7], date=column)
    assert read(path) == [Article(text="x", id="7", date=expected)]


OUT_OF_RANGE = {
    "days": (10_000_000, pa.int32(), pa.date32()),
    "milliseconds": (864_000_000_000_000, pa.int64(), pa.date64()),
    "a time in milliseconds": (2**62, pa.int64(), pa.timestamp("ms")),
    "a time with a zone": (-(2**62), pa.int64(), pa.timestamp("us", "UTC")),
}


@pytest.mark.parametrize(("value", "stored", "kind"), OUT_OF_RANGE.values(), ids=OUT_OF_RANGE)
def test_date_that_no_calendar_has_fails_alone(write, tmp_path, value, stored, kind):
    path = write(text=["x", "y", "z"], date=pa.array([0, value, None], stored).cast(kind))
    (tmp_path / "b.txt").write_text("next")
    first, error, third, following = ArticleReader([(path, "a"), (tmp_path / "b.txt", "b")])
    assert first.date.startswith("1970-01-01")
    assert str(error).endswith("row 2: date: expected text, got a date outside the years 1 to 9999")
    assert (third, following) == (Article(text="z", id="a:3"), Article(text="next", id="b"))


def test_null_and_undecodable_text_are_told_by_row(write):
    broken = pa.array([b"a", b"caf\xe9", b"c"]).view(pa.string())
    assert read(write(text=broken, id=["1", "2", "3"])) == [
        Article(text="a", id="1"),
        "a.parquet: row 2: text: expected text, got bytes",
        Article(text="c", id="3"),
    ]
    assert read(write(body=["a", None, "c", "d"], id=["1", "2", None, "4"]), text="body") == [
        Article(text="a", id="1"),
        "a.parquet: row 2: body: empty; expected text",
        "a.parquet: row 3: id: expected text, got nothing",
        Article(text="d", id="4"),
    ]


def test_csv_tells_of_the_empty_cells_that_parquet_tells_of(write, tmp_path):
    rows = {"id": ["1", None, "3", "4"], "text": ["a", "b", None, "d"], "date": ["2024", None, "x", None]}
    path = tmp_path / "a.csv"
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([rows, *zip(*rows.values(), strict=True)])
    first, no_id, no_text, last = read(write(**rows))
    assert read(path) == [
        first,
        no_id.replace("a.parquet: row 2", "a.csv:3"),
        no_text.replace("a.parquet: row 3", "a.csv:4"),
        last,
    ]
    assert (first, last) == (Article(text="a", id="1", date="2024"), Article(text="d", id="4"))
    assert no_id.endswith("id: expected text, got nothing")
    assert no_text.endswith("text: empty; expected text")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"text": [1]}, "column 'text' is of type int64, expected text; name another by --text-column"),
        ({"text": [b"x"]}, "column 'text' is of type binary"),
        ({"text": ["x"], "date": [1.5]}, "column 'date' is of type double"),
        ({"sentences": ["x"]}, "column 'sentences' is of type string, expected a list of text"),
        ({"txt": ["x"]}, "no column 'text'; the columns are: txt; did you mean --text-column 'txt'?"),
    ],
)
def test_columns_that_do_not_fit_are_told_once(write, columns, message):
    (error,) = read(write(**columns))
    assert message in error


def test_files_that_are_not_whole(write, tmp_path):
    data = write(text=["x" * 100] * 10).read_bytes()
    for content in (b"", b"PAR1", data[: len(data) // 2], data[:-1], b"nonsense" * 100):
        path = tmp_path / "b.parquet"
        path.write_bytes(content)
        (error,) = read(path)
        assert "b.parquet: not a whole Parquet file" in error


def test_damage_in_the_middle_keeps_what_is_before(tmp_path):
    path = tmp_path / "a.parquet"
    texts = [f"{number} {'x' * 50}" for number in range(5000)]
    pq.write_table(pa.table({"text": texts}), path, row_group_size=1000, use_dictionary=False)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 5000] = b"\xff" * 5000
    path.write_bytes(data)
    *articles, error = read(path)
    assert 0 < len(articles) < 5000
    assert [article.text for article in articles] == texts[: len(articles)]
    assert f"a.parquet: damaged after row {len(articles)}" in error


@pytest.mark.parametrize("names", [["sentences", "sentences"], ["text", "text"], ["text", "id", "id"]])
def test_column_that_is_there_twice_is_told(tmp_path, names):
    column = pa.array([["x"]]) if "sentences" in names else pa.array(["x"])
    pq.write_table(pa.table([column] * len(names), names=names), tmp_path / "a.parquet")
    (error,) = read(tmp_path / "a.parquet")
    assert error == f"a.parquet: column {names[-1]!r} is there 2 times; rename all but one"


def test_row_longer_than_any_article_fails_alone(write, monkeypatch):
    monkeypatch.setattr("conflictcoder.parquet.MAX_BYTES", 100)
    first, error, third = read(write(text=["x" * 100, "é" * 51, "z"]))
    assert (first.id, third.id) == ("a:1", "a:3")
    assert error == "a.parquet: row 2: more than 100 bytes, no single article"
    (error,) = read(write(id=["1"], sentences=[["x" * 50, "y" * 51]]))
    assert "row 1: more than 100 bytes" in error


def test_large_row_group_is_not_held_in_memory(tmp_path):
    """Peak memory of a process that reads one row group of 80 MB, compared with one that reads nothing."""
    chance = random.Random(1)
    texts = [chance.randbytes(1000).hex() for _ in range(40_000)]
    path = tmp_path / "large.parquet"
    pq.write_table(pa.table({"text": texts}), path, row_group_size=len(texts), compression="none")
    assert pq.ParquetFile(path).num_row_groups == 1
    assert path.stat().st_size > 80_000_000
    count, grown = read_in_a_process(path, "pyarrow.parquet")
    assert count == len(texts)
    assert grown < 70


def test_position_follows_the_rows(write):
    path = write(text=["x"] * 2000)
    reader = ArticleReader([(path, "a")])
    positions = [reader.position for _ in reader]
    assert 0 < positions[0] < positions[999] < positions[1999] == reader.size == path.stat().st_size


def test_events_are_rows_and_roles_are_lists(tiny_bundle, ten_articles, tmp_path):
    coder = EventCoder.from_pretrained(tiny_bundle)
    (document,) = coder.code_many(ten_articles)
    with (tmp_path / "out.parquet").open("wb") as stream:
        writer = ParquetWriter(stream, coder.config.labels.ontology)
        for _ in range(1200):
            writer.write(document)
        writer.close()
    table = pq.read_table(tmp_path / "out.parquet")
    events = list(document.events)
    assert table.num_rows == 1200 * len(events)
    assert pq.ParquetFile(tmp_path / "out.parquet").num_row_groups > 1
    row = table.slice(0, 1).to_pylist()[0]
    assert (row["document"], row["date"], row["sentence"], row["event"]) == ("ten", None, 1, events[0].id)
    assert (row["type"], row["trigger"], row["score"]) == (events[0].type, "captured", events[0].score)
    assert (row["ACTOR"], row["PLACE"], row["SOURCE"]) == (["Rebels"], ["Namkham"], [])
    assert row["sentence_text"] == document.sentences[0].text


def test_no_events_make_a_table_without_rows(ontology, tmp_path):
    with (tmp_path / "out.parquet").open("wb") as stream:
        writer = ParquetWriter(stream, ontology)
        writer.write(Document("1", "", "", "x", (Sentence("x"),)))
        writer.close()
    table = pq.read_table(tmp_path / "out.parquet")
    assert (table.num_rows, table.column_names[-1]) == (0, "sentence_text")


def test_roles_with_the_names_of_columns_keep_a_column_each(tmp_path):
    roles = ("date", "type", "role_date", "ACTOR")
    ontology = Ontology(entity_types=("PERSON",), event_types=("CLASH",), roles=roles)
    names = ["role_role_date", "role_type", "role_date", "ACTOR"]
    assert role_columns(ontology) == dict(zip(roles, names, strict=True))

    mentions = [Mention(str(place), "PERSON", place, place + 1, "abcd"[place]) for place in range(4)]
    arguments = tuple(map(Argument, roles, mentions))
    event = Event("e1", "CLASH", "", 0, 1, "a", arguments)
    document = Document("1", "", "", "abcd", (Sentence("abcd", 0, tuple(mentions), (event,)),))
    stream = io.StringIO(newline="")
    CsvWriter(stream, ontology).write(document)
    header, row = csv.reader(io.StringIO(stream.getvalue(), newline=""))
    with (tmp_path / "out.parquet").open("wb") as binary:
        writer = ParquetWriter(binary, ontology)
        writer.write(document)
        writer.close()
    table = pq.read_table(tmp_path / "out.parquet")
    assert header == table.column_names
    assert len(set(header)) == len(header)
    (stored,) = table.to_pylist()
    for name, text in zip(names, "abcd", strict=True):
        assert (row[header.index(name)], stored[name]) == (text, [text])


def test_roles_of_the_ordinary_ontology_keep_their_names(ontology):
    assert role_columns(ontology) == {role: role for role in ontology.roles}


def test_missing_library_is_named(tmp_path):
    (tmp_path / "a.parquet").touch()
    code = (
        "import sys; sys.modules['pyarrow'] = None; from conflictcoder.cli import main; "
        "main(['code', *sys.argv[1:]])"
    )
    for arguments in (["a.parquet"], ["x.txt", "-o", "out.parquet"]):
        (tmp_path / "x.txt").write_text("x")
        command = [sys.executable, "-c", code, *arguments]
        environment = {"PYTHONPATH": str(Path(__file__).parents[2])}
        result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
        assert result.returncode == 2
        assert "needs `pip install conflictcoder[parquet]`" in result.stderr
        assert "Traceback" not in result.stderr
    assert not (tmp_path / "out.parquet").exists()


def test_writer_tells_of_the_missing_library(monkeypatch, ontology, tmp_path):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with (
        pytest.raises(DataError, match=r"conflictcoder\[parquet\]"),
        (tmp_path / "x").open("wb") as stream,
    ):
        ParquetWriter(stream, ontology)
