"""Writes coded documents: to a stream, or to a file that is whole or not there."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Protocol

from conflictcoder.document import Document
from conflictcoder.errors import DataError
from conflictcoder.ontology import Ontology
from conflictcoder.parquet import ParquetWriter
from conflictcoder.tables import CsvWriter, TableWriter

FORMATS = ("jsonl", "csv", "table", "parquet")
RESUMABLE = ("jsonl", "csv")
_ENDINGS = {".csv": "csv", ".parquet": "parquet"}
# Of tables in other formats: lines of JSON under such a name would not be what was asked for.
_OTHER_TABLES = {".tsv", ".tab", ".xls", ".xlsx", ".ods", ".pq", ".feather", ".arrow"}


class Writer(Protocol):
    """Writes documents in one format."""

    def write(self, document: Document) -> None:
        """Write one document."""
        ...


class JsonlWriter:
    """Writes one document a line.

    Args:
        stream: Where to write.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, document: Document) -> None:
        """Write one document and hand it to the system, so that a reader of a pipe has it at once."""
        self._stream.write(document.to_json() + "\n")
        self._stream.flush()


class Output:
    """Where documents go.

    Args:
        writer: Their writer.
        stream: What it writes to.
    """

    def __init__(self, writer: Writer, stream: IO[str] | IO[bytes]) -> None:
        self._writer = writer
        self._stream = stream

    def write(self, document: Document) -> None:
        """Write one document."""
        self._writer.write(document)

    def flush(self) -> int:
        """Hand everything to the system, so that a killed run keeps it.

        Returns:
            Length of the file, in bytes.
        """
        self._stream.flush()
        return os.fstat(self._stream.fileno()).st_size


def format_of(out: Path | None) -> str | None:
    """The format that a file's ending asks for; jsonl if it asks for none, None if for a table of another."""
    suffix = out.suffix.lower() if out else ""
    return None if suffix in _OTHER_TABLES else _ENDINGS.get(suffix, "jsonl")


def partial_path(out: Path) -> Path:
    """Where an unfinished output is."""
    return out.with_name(f"{out.name}.partial")


def journal_path(out: Path) -> Path:
    """Where the journal of an unfinished output is."""
    return out.with_name(f"{out.name}.journal")


def is_special(out: Path) -> bool:
    """Whether an output is a device or pipe, which cannot be renamed to or taken up again."""
    return out.exists() and not out.is_file()


@contextmanager
def open_output(out: Path | None, form: str, ontology: Ontology, *, kept: int | None) -> Iterator[Output]:
    """Open the output; a file gets its name when everything is written.

    Args:
        out: The file, or None for standard output.
        form: One of `FORMATS`.
        ontology: The ontology of the documents.
        kept: How many bytes of an unfinished output to keep; None begins a new one.

    Raises:
        DataError: Standard output is closed, or the format needs a library that is not installed.
        OSError: The file cannot be written.
    """
    if out is None:
        stream = standard_output(form)
        yield Output(_text_writer(form, stream, ontology, resumed=False), stream)
        return
    if is_special(out):
        with _open_file(out, form, ontology, kept=None) as output:
            yield output
        return
    path = partial_path(out)
    try:
        with _open_file(path, form, ontology, kept=kept) as output:
            yield output
        path.replace(out)
    finally:
        if form not in RESUMABLE:
            path.unlink(missing_ok=True)  # what a run that stopped left is of no use to the next


def standard_output(form: str) -> IO[str]:
    """Standard output, on which data are the same as in a file whatever the locale's encoding is.

    Args:
        form: One of `FORMATS`.

    Raises:
        DataError: It is closed.
    """
    if sys.stdout is None:
        raise DataError("closed; send it to a file or a program", file="standard output")
    if isinstance(sys.stdout, io.TextIOWrapper):
        if form == "table":  # for whoever reads it there, in an encoding that may lack letters
            sys.stdout.reconfigure(errors="replace")
        else:
            sys.stdout.reconfigure(encoding="utf-8", newline="")
    return sys.stdout


@contextmanager
def _open_file(path: Path, form: str, ontology: Ontology, *, kept: int | None) -> Iterator[Output]:
    if form == "parquet":
        with path.open("wb") as binary, closing(ParquetWriter(binary, ontology)) as table:
            yield Output(table, binary)
        return
    if kept is not None:
        os.truncate(path, kept)
    # A spreadsheet takes CSV for the system's old code page unless a mark says that it is UTF-8.
    encoding = "utf-8-sig" if form == "csv" else "utf-8"
    with path.open("w" if kept is None else "a", encoding=encoding, newline="") as text:
        yield Output(_text_writer(form, text, ontology, resumed=kept is not None), text)


def _text_writer(form: str, stream: IO[str], ontology: Ontology, *, resumed: bool) -> Writer:
    if form == "jsonl":
        return JsonlWriter(stream)
    return CsvWriter(stream, ontology, header=not resumed) if form == "csv" else TableWriter(stream, ontology)
