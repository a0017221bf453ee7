import csv
import errno
import gzip
import io
import json
import os
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from conflictcoder import Document, EventCoder
from conflictcoder.cli import main
from conflictcoder.inputs import ArticleReader
from conflictcoder.output import FORMATS

from ..conftest import ROOT

SENTENCES = ["Rebels captured Namkham on Friday.", "Troops withdrew from Lwepan."]


@pytest.fixture
def run(tiny_bundle):
    def invoke(*args, model=tiny_bundle):
        return CliRunner().invoke(main, [*map(str, args), "--model", str(model)])

    return invoke


@pytest.fixture
def article(tmp_path):
    path = tmp_path / "one.txt"
    path.write_text("\n".join(SENTENCES), encoding="utf-8")
    return path


def documents(text):
    return [json.loads(line) for line in text.splitlines()]


def test_text_file_to_json_lines(run, article):
    result = run("code", article)
    assert result.exit_code == 0
    (document,) = documents(result.stdout)
    assert document["id"] == "one"
    assert [sentence["text"] for sentence in document["sentences"]] == SENTENCES
    assert set(document) == {"id", "title", "date", "text", "sentences"}
    assert set(document["sentences"][0]) == {"text", "start", "entities", "events", "event_types"}


def test_json_lines_keep_sentences_order_and_fields(run, tmp_path):
    lines = [
        {"id": "b", "sentences": SENTENCES, "date": "2024-01-01", "title": "T"},
        {"id": "a", "text": SENTENCES[0], "extra": 1, "title": None},
    ]
    path = tmp_path / "in.jsonl"
    path.write_text("\n\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    first, second = documents(run("code", path, "--workers", "2").stdout)
    assert (first["id"], first["date"], first["title"]) == ("b", "2024-01-01", "T")
    assert [sentence["text"] for sentence in first["sentences"]] == SENTENCES
    assert (second["id"], second["title"]) == ("a", "")


def test_folder_is_read_in_the_order_of_names(run, tmp_path):
    (tmp_path / "deep").mkdir()
    for name in ("b.txt", "a.txt", "deep/c.txt"):
        (tmp_path / name).write_text(SENTENCES[0])
    (tmp_path / "ignored.pdf").write_bytes(b"\0")
    assert [d["id"] for d in documents(run("code", tmp_path).stdout)] == ["a", "b", "deep/c"]


BAD = {
    "binary.txt": (b"\x00\x01\x02", "binary file"),
    "latin.txt": (b"caf\xe9", "not UTF-8 text (byte 3)"),
    "page.txt": (b"\n<!DOCTYPE html><html></html>", "an HTML page"),
    "list.jsonl": (b"[1]", "list.jsonl:1"),
    "broken.jsonl": (b"{", "broken.jsonl:1:2: not JSON"),
    "both.jsonl": (b'{"id":"x","text":"a","sentences":[]}', "either text or sentences"),
    "number.jsonl": (b'{"id":1.5,"text":"a"}', "id: expected text, got float"),
    "whole.json": (b'[{"id":"1","text":"a"}]', "a .json file cannot be read; give one of .txt, .jsonl"),
    "noid.jsonl": (b'{"text":"a"}', 'expected {"id"'),
    "sentences.jsonl": (b'{"id":"x","sentences":"a"}', "sentences: expected a list"),
}


@pytest.mark.parametrize(("name", "content", "message"), [(n, c, m) for n, (c, m) in BAD.items()])
def test_bad_input_is_named_and_the_rest_is_coded(run, article, tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    result = run("code", tmp_path / name, article)
    assert result.exit_code == 1
    assert message in result.stderr
    assert name in result.stderr
    assert "Traceback" not in result.stderr
    assert [document["id"] for document in documents(result.stdout)] == ["one"]


def test_bad_line_does_not_stop_its_file(run, tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_bytes(b'{"id":"a","text":"x"}\nnonsense\n{"id":"b","text":"y"}\n')
    result = run("code", path)
    assert (result.exit_code, [d["id"] for d in documents(result.stdout)]) == (1, ["a", "b"])
    assert "in.jsonl:2" in result.stderr


def test_empty_file_is_a_document_without_sentences(run, tmp_path):
    (tmp_path / "empty.txt").write_bytes(b"")
    result = run("code", tmp_path / "empty.txt")
    assert (result.exit_code, documents(result.stdout)[0]["sentences"]) == (0, [])


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["code"], "Missing argument"),
        (["code", "nowhere.txt"], "does not exist"),
        (["code", ".", "--format", "xml"], "xml"),
        (["code", ".", "--workers", "0"], "0"),
        (["code", ".", "--resume"], "--resume needs -o"),
    ],
)
def test_wrong_usage(run, args, message):
    result = run(*args)
    assert result.exit_code == 2
    assert message in result.stderr


def test_folder_without_articles_and_unknown_checkpoint(run, article, tmp_path):
    (tmp_path / "none").mkdir()
    result = run("code", tmp_path / "none")
    assert (result.exit_code, "no .txt and no .jsonl file" in result.stderr) == (2, True)
    result = run("code", article, model=tmp_path / "nothing")
    assert (result.exit_code, "no such folder" in result.stderr) == (2, True)


def test_output_that_cannot_be_written(run, article, tmp_path):
    result = run("code", article, "-o", tmp_path / "no" / "folder" / "out.jsonl")
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr
    result = run("code", article, "-o", article / "out.jsonl")
    assert (result.exit_code, "cannot be written" in result.stderr) == (2, True)


def test_output_in_a_missing_folder_is_told_before_anything_is_read(run, article, tmp_path):
    result = run("code", article, "-o", tmp_path / "no" / "out.jsonl", model=tmp_path / "not even a model")
    assert result.exit_code == 2
    assert "out.jsonl: the output cannot be written: its folder does not exist; make it" in result.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_full_disk_is_told(run, article):
    result = run("code", article, "-o", "/dev/full")
    assert result.exit_code == 2
    assert "/dev/full: cannot be written (No space left on device)" in result.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("command", ["code", "info"])
def test_full_standard_output_is_told(article, tiny_bundle, command):
    inputs = [article] if command == "code" else []
    result = run_closed([command, *inputs, "--model", tiny_bundle], ">/dev/full")
    assert result.returncode == 2
    assert result.stderr == (
        "error: standard output: cannot be written (No space left on device); choose another output\n"
    )


@pytest.mark.parametrize("name", ["in.jsonl", "in.jsonl.partial", "in.jsonl.journal", "in.jsonl.lock"])
def test_output_never_destroys_an_input(run, tmp_path, name):
    source = tmp_path / name
    source.write_text('{"id": "1", "text": "x"}\n')
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "in.jsonl")
    for out in (tmp_path / "in.jsonl", tmp_path / ".." / tmp_path.name / "in.jsonl", tmp_path / "link.jsonl"):
        result = run("code", source, "-o", out)
        assert result.exit_code == 2
        assert "the output is among the inputs; choose another" in result.stderr
        assert source.read_text() == '{"id": "1", "text": "x"}\n'


def test_output_in_the_folder_that_is_read_is_refused_the_second_time(run, article, tmp_path):
    out = tmp_path / "events.jsonl"
    assert run("code", tmp_path, "-o", out).exit_code == 0
    before = out.read_bytes()
    result = run("code", tmp_path, "-o", out)
    assert (result.exit_code, "among the inputs" in result.stderr) == (2, True)
    assert out.read_bytes() == before


def test_output_through_a_link_is_written_where_the_link_leads(run, article, tmp_path):
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "target.jsonl")
    assert run("code", article, "-o", tmp_path / "link.jsonl").exit_code == 0
    assert (tmp_path / "link.jsonl").is_symlink()
    assert documents((tmp_path / "target.jsonl").read_text())[0]["id"] == "one"


@pytest.mark.parametrize("names", [["a.jsonl"], ["a.jsonl", "b.jsonl"]], ids=["itself", "each other"])
def test_output_that_is_a_link_to_itself_is_told(run, article, tmp_path, names):
    for name, target in zip(names, reversed(names), strict=True):
        (tmp_path / name).symlink_to(tmp_path / target)
    result = run("code", article, "-o", tmp_path / "a.jsonl")
    assert (result.exit_code, type(result.exception)) == (2, SystemExit)
    assert ": a link that leads back to itself; choose another output" in result.stderr
    assert (tmp_path / "a.jsonl").is_symlink()


def test_pipe_as_output_stays_a_pipe(run, article, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(pipe.read_text().splitlines()))
    reader.start()
    assert run("code", article, "-o", pipe).exit_code == 0
    reader.join()
    assert [json.loads(line)["id"] for line in lines] == ["one"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.txt", "pipe"]


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_pipe_as_input_is_read_to_its_end(run, tmp_path, suffix):
    pipe = tmp_path / f"pipe.jsonl{suffix}"
    os.mkfifo(pipe)
    lines = "".join(json.dumps({"id": str(n), "text": SENTENCES[0]}) + "\n" for n in range(5)).encode()
    content = gzip.compress(lines) if suffix else lines
    writer = threading.Thread(target=lambda: pipe.write_bytes(content))
    writer.start()
    result = run("code", pipe)
    writer.join()
    assert (result.exit_code, result.stderr) == (0, "")
    assert [document["id"] for document in documents(result.stdout)] == list("01234")


@pytest.mark.parametrize("command", ["code", "info"])
def test_model_that_cannot_be_read_is_not_blamed_on_the_output(run, article, monkeypatch, command):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", "model.onnx")

    monkeypatch.setattr(EventCoder, "from_pretrained", refuse)
    result = run(command, article) if command == "code" else run(command)
    assert result.exit_code == 2
    assert result.stderr == "error: model.onnx: cannot be read (Permission denied)\n"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_standard_output_does_not_depend_on_the_locale(tiny_bundle, tmp_path, encoding):
    burmese = "မြန်မာ"
    source = tmp_path / "my.jsonl"
    source.write_text(json.dumps({"id": burmese, "sentences": SENTENCES}), encoding="utf-8")

    def output(form):
        command = [sys.executable, "-m", "conflictcoder", "code", source, "--format", form]
        environment = os.environ | {"PYTHONIOENCODING": encoding}
        options = {"cwd": ROOT, "env": environment, "capture_output": True, "check": True}
        return subprocess.run([*map(str, command), "--model", str(tiny_bundle)], **options).stdout

    assert json.loads(output("jsonl").decode("utf-8"))["id"] == burmese
    rows = output("csv").decode("utf-8")
    assert rows.count("\r\n") == rows.count("\n") > 1
    assert next(csv.DictReader(io.StringIO(rows, newline="")))["document"] == burmese
    assert output("table").startswith(b"??????")


def test_format_follows_the_name_of_the_output(run, article, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    run("code", article, "-o", tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbfdocument,date,")
    assert run("code", article, "-o", tmp_path / "a.parquet").exit_code == 0
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    table = parquet.read_table(tmp_path / "a.parquet").to_pylist()
    assert len(rows) == len(table) > 0
    for row, same in zip(rows, table, strict=True):
        assert (row["type"], row["trigger"]) == (same["type"], same["trigger"])
        assert row["PLACE"] == "; ".join(same["PLACE"])
    run("code", article, "-o", tmp_path / "b.csv", "--format", "jsonl")
    assert documents((tmp_path / "b.csv").read_text())[0]["id"] == "one"


@pytest.mark.parametrize("name", ["e", "e.jsonl", "e.ndjson", "e.JSON", "e.txt", "v1.2/e"])
def test_output_that_ends_in_json_lines_or_in_nothing_is_that(run, article, tmp_path, name):
    (tmp_path / "v1.2").mkdir()
    assert run("code", article, "-o", tmp_path / name).exit_code == 0
    assert documents((tmp_path / name).read_text())[0]["id"] == "one"


@pytest.mark.parametrize("name", ["e.tsv", "e.xlsx", "e.PQ"])
def test_ending_of_another_table_asks_for_a_format(run, article, tmp_path, name):
    result = run("code", article, "-o", tmp_path / name)
    assert (result.exit_code, "--format" in result.stderr) == (2, True)
    assert f"not written as {Path(name).suffix.lower()}" in result.stderr.replace("\n", " ")
    assert run("code", article, "-o", tmp_path / name, "--format", "jsonl").exit_code == 0
    assert documents((tmp_path / name).read_text())[0]["id"] == "one"


@pytest.mark.parametrize("name", ["e.jsonl.gz", "e.csv.ZST"])
@pytest.mark.parametrize("options", [[], ["--format", "jsonl"]], ids=["ending", "format"])
def test_output_that_would_be_compressed_is_refused(run, article, tmp_path, name, options):
    result = run("code", article, "-o", tmp_path / name, *options)
    assert (result.exit_code, "output is not compressed" in result.stderr) == (2, True)
    assert not (tmp_path / name).exists()


def test_parquet_needs_a_file(run, article):
    result = run("code", article, "--format", "parquet")
    assert (result.exit_code, "--format parquet needs -o" in result.stderr) == (2, True)


def test_columns_of_a_table_are_named_on_the_command_line(run, tmp_path):
    (tmp_path / "news.csv").write_text(f"url,body,day,head\nu,{SENTENCES[0]},2024-01-06,T\nv,x\n")
    names = ["--text-column", "body", "--id-column", "url", "--date-column", "day", "--title-column", "head"]
    result = run("code", tmp_path / "news.csv", *names)
    (document,) = documents(result.stdout)
    assert [document[key] for key in ("id", "date", "title")] == ["u", "2024-01-06", "T"]
    assert (result.exit_code, "news.csv:3: expected 4 cells" in result.stderr) == (1, True)
    result = run("code", tmp_path / "news.csv", *names[2:], "--text-column", "bodi")
    assert (result.exit_code, "did you mean --text-column 'body'?" in result.stderr) == (1, True)


def test_csv_opens_in_a_spreadsheet(run, tmp_path):
    (tmp_path / "x.jsonl").write_text(json.dumps({"id": "=1+1", "sentences": SENTENCES}))
    out = tmp_path / "out.csv"
    assert run("code", tmp_path / "x.jsonl", "--format", "csv", "-o", out).exit_code == 0
    data = out.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows[0]["document"] == "'=1+1"
    assert {"type", "realis", "trigger", "ACTOR", "PLACE", "sentence_text"} <= set(rows[0])


def test_table_has_one_event_a_line(run, tmp_path, ten):
    sentences = [sentence.text for sentence in ten.document.sentences]
    (tmp_path / "x.jsonl").write_text(json.dumps({"id": "ten", "sentences": sentences}))
    lines = run("code", tmp_path / "x.jsonl", "--format", "table").stdout.splitlines()
    assert lines[0].startswith("ten")
    assert lines[1].split()[:3] == ["type", "trigger", "actor"]
    assert sum(line.startswith("TERRITORY_CAPTURE  ") for line in lines) == 1
    assert any("(other)" in line for line in lines)


# What an id may be, and how a terminal gets it.
HOSTILE = {"half of a pair": ("x\ud800y", "x y"), "terminal escape": ("a\x1b[2Jb\nc", "a [2Jb c")}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(("name", "shown"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_ids_and_titles_in_every_format(run, tmp_path, form, name, shown):
    if form == "parquet":
        pytest.importorskip("pyarrow")
    lines = [
        {"id": name, "title": name, "date": name, "sentences": sentences} for sentences in (SENTENCES, [])
    ]
    (tmp_path / "x.jsonl").write_text("\n".join(map(json.dumps, lines)))
    out = tmp_path / "out"
    result = run("code", tmp_path / "x.jsonl", "--format", form, "-o", out)
    assert (result.exit_code, result.stderr) == (0, "")
    if form == "table":
        first, *others = out.read_text(encoding="utf-8").splitlines()
        title = " · ".join([shown] * 3)
        assert (first.rstrip(), others[-1]) == (title, f"{title}: no events")
        assert all(line.isprintable() for line in others)


@pytest.mark.parametrize(("name", "shown"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_id_of_an_article_that_failed(run, article, monkeypatch, name, shown):
    failed = Document(name, "", "", "", error="too odd")
    monkeypatch.setattr(EventCoder, "code_many", lambda *_, **__: (document for document in [failed]))
    result = run("code", article)
    assert (result.exit_code, result.stderr) == (1, f"{shown}: too odd\n1 inputs failed\n")


def test_folder_that_cannot_be_read_is_named(run, article, tmp_path, monkeypatch):
    (tmp_path / "locked").mkdir()
    scandir = os.scandir

    def refuse(path):
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    for folder, ids in ((tmp_path, ["one"]), (tmp_path / "locked", [])):
        result = run("code", folder)
        assert result.exit_code == 1
        assert "locked: cannot be read (Permission denied)" in result.stderr.replace("\n", "")
        assert [document["id"] for document in documents(result.stdout)] == ids


def run_closed(arguments, closed):
    """Run the command line with one of its streams closed."""
    command = ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-m", "conflictcoder", *arguments]
    return subprocess.run([*map(str, command)], cwd=ROOT, capture_output=True, text=True)


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
@pytest.mark.parametrize("command", ["code", "info"])
def test_closed_standard_output_is_told(article, tiny_bundle, command):
    inputs = [article] if command == "code" else []
    result = run_closed([command, *inputs, "--model", tiny_bundle], ">&-")
    assert result.returncode == 2
    assert result.stderr == "error: standard output: closed; send it to a file or a program\n"


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_that_are_not_needed(article, tiny_bundle, tmp_path, closed):
    out = tmp_path / "out.jsonl"
    result = run_closed(["code", article, "-o", out, "--model", tiny_bundle], closed)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert documents(out.read_text())[0]["id"] == "one"


def test_bad_input_with_standard_error_closed(article, tiny_bundle, tmp_path):
    (tmp_path / "bad.jsonl").write_text("nonsense")
    result = run_closed(["code", tmp_path / "bad.jsonl", article, "--model", tiny_bundle], "2>&-")
    assert (result.returncode, documents(result.stdout)[0]["id"]) == (1, "one")


def test_info_tells_labels_and_provenance(run):
    described = json.loads(run("info").stdout)
    assert "ARMED_CLASH" in described["event_types"]
    assert described["provenance"]["seed"] == 13


def test_damaged_bundle_is_told_in_a_sentence(run, article, tiny_bundle, tmp_path):
    damaged = shutil.copytree(tiny_bundle, tmp_path / "damaged")
    (damaged / "tokenizer.json").write_text("{}")
    result = run("code", article, model=damaged)
    assert result.exit_code == 2
    assert "tokenizer.json: damaged" in result.stderr


def test_reading_a_file_that_vanishes(tmp_path):
    (error,) = ArticleReader([(tmp_path / "gone.txt", "gone")])
    assert "cannot be read" in str(error)


def test_operating_point_decides_and_an_old_bundle_lacks_it(run, article):
    precise = run("code", article, "--operating-point", "precision")
    assert (precise.exit_code, len(documents(precise.stdout))) == (0, 1)
    result = run("code", article, "--operating-point", "exact")
    assert (result.exit_code, "'precision', 'balanced', 'recall'" in result.stderr) == (2, True)
