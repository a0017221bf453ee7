"""Writes coded documents: to a stream, or to a file that is whole or not there."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from conflictcoder.document import Article, Document
from conflictcoder.ontology import Ontology
from conflictcoder.tables import CsvWriter, TableWriter

FORMATS = ("jsonl", "csv", "table")


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
        """Write one document and hand it to the system, so that a killed run keeps it."""
        self._stream.write(document.to_json() + "\n")
        self._stream.flush()


def make_writer(form: str, stream: IO[str], ontology: Ontology) -> Writer:
    """The writer of a format.

    Args:
        form: One of `FORMATS`.
        stream: Where to write.
        ontology: The ontology of the documents.
    """
    if form == "jsonl":
        return JsonlWriter(stream)
    return CsvWriter(stream, ontology) if form == "csv" else TableWriter(stream, ontology)


def partial_path(out: Path) -> Path:
    """Where the lines of an unfinished output are."""
    return out.with_name(f"{out.name}.partial")


@contextmanager
def open_output(out: Path | None, *, form: str, resume: bool) -> Iterator[IO[str]]:
    """Open the output; a file gets its name when everything is written.

    Args:
        out: The file, or None for standard output.
        form: One of `FORMATS`.
        resume: Go on after the whole lines of an unfinished output.
    """
    if out is None:
        yield sys.stdout
        return
    partial = partial_path(out)
    # A spreadsheet takes CSV for the system's old code page unless a mark says that it is UTF-8.
    encoding = "utf-8-sig" if form == "csv" else "utf-8"
    with partial.open("a" if resume else "w", encoding=encoding, newline="") as stream:
        yield stream
    partial.replace(out)


class FinishedLines:
    """The documents that an interrupted run has written, to be skipped in the same order.

    Args:
        out: The output file of that run.
    """

    def __init__(self, out: Path) -> None:
        self._partial = partial_path(out)
        self._lines = self._read() if self._partial.exists() else iter(())
        self._next = next(self._lines, None)

    def skip(self, article: Article) -> bool:
        """Whether the next written document is this article's; then go past it.

        An article whose coding failed left no line, so what was written is compared, not counted.
        """
        if self._next is None:
            return False
        text = article.text if article.sentences is None else " ".join(article.sentences)
        if (self._next["id"], self._next["text"]) != (article.id, text):
            return False
        self._next = next(self._lines, None)
        return True

    @property
    def exhausted(self) -> bool:
        """Whether all written documents were met."""
        return self._next is None

    def _read(self) -> Iterator[dict[str, str]]:
        """Yield the whole lines, having cut off a last one that was not finished."""
        with self._partial.open("rb+") as stream:
            end = 0
            for line in stream:
                if line.endswith(b"\n"):
                    end += len(line)
            stream.truncate(end)
        with self._partial.open(encoding="utf-8") as documents:
            for document in documents:
                yield json.loads(document)
