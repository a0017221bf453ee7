"""Reads articles from Parquet and writes events to it. Needs the extra `parquet`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from conflictcoder.arrow import event_rows, event_schema, field_rows, find_columns, require_pyarrow
from conflictcoder.compression import MAX_BYTES
from conflictcoder.document import Article, Document
from conflictcoder.errors import DataError
from conflictcoder.ontology import Ontology
from conflictcoder.records import Columns, article_of_row

_BATCH_ROWS = 256
_READ_BYTES = 1 << 20  # of each column at a time
_WRITTEN_ROWS = 10_000  # a row group


class ParquetReader:
    """Reads the articles of a Parquet file, a few rows at a time.

    Args:
        path: The file.
        stream: The opened file.
        name: What ids begin with if the file has no column for them.
        columns: Which column holds what.

    Raises:
        DataError: pyarrow is not installed, the file is no Parquet file, or has not the columns.
    """

    def __init__(self, path: Path, stream: IO[bytes], name: str, columns: Columns) -> None:
        self._path = path
        self._name = name
        self._arrow = require_pyarrow(path)
        self._size = path.stat().st_size
        self._row = 0
        try:
            # Without these a row group, which may be the whole file, is read at once.
            options = {"pre_buffer": False, "buffer_size": _READ_BYTES}
            self._file = self._arrow.parquet.ParquetFile(stream, **options)
        except (self._arrow.ArrowException, OSError) as error:
            raise DataError(f"not a whole Parquet file ({_first_line(error)})", file=str(path)) from None
        try:
            self._found = find_columns(self._file.schema_arrow, columns)
        except ValueError as error:
            raise DataError(str(error), file=str(path)) from None

    @property
    def position(self) -> int:
        """Share of the file that was read, in bytes."""
        rows: int = self._file.metadata.num_rows
        return self._size * self._row // max(1, rows)

    def articles(self) -> Iterator[Article | DataError]:
        """Read the rows.

        Yields:
            Articles in their order; in the place of a bad row the error that tells what is wrong.

        Raises:
            DataError: The file is damaged.
        """
        columns = list(self._found.values())
        try:
            for batch in self._file.iter_batches(batch_size=_BATCH_ROWS, columns=columns):
                for row in field_rows(batch, self._found):
                    self._row += 1
                    yield self._from_row(row)
        except (self._arrow.ArrowException, OSError) as error:
            message = f"damaged after row {self._row} ({_first_line(error)}); get the file again"
            raise DataError(message, file=str(self._path)) from None

    def _from_row(self, row: dict[str, Any]) -> Article | DataError:
        try:
            article = article_of_row(row, self._found, f"{self._name}:{self._row}")
            if _bytes(article) > MAX_BYTES:
                raise ValueError(f"more than {MAX_BYTES:,} bytes, no single article")
            return article
        except ValueError as error:
            return DataError(f"row {self._row}: {error}", file=str(self._path))


class ParquetWriter:
    """Writes one event a row; the columns of the CSV, each role a list of its fillers.

    Args:
        stream: Where to write.
        ontology: Its roles are columns.

    Raises:
        DataError: pyarrow is not installed.
    """

    def __init__(self, stream: IO[bytes], ontology: Ontology) -> None:
        self._arrow = require_pyarrow("--format parquet")
        self._schema = event_schema(ontology)
        self._ontology = ontology
        self._writer = self._arrow.parquet.ParquetWriter(stream, self._schema, compression="zstd")
        self._rows: list[dict[str, Any]] = []

    def write(self, document: Document) -> None:
        """Write the events of a document."""
        self._rows += event_rows(document, self._ontology)
        if len(self._rows) >= _WRITTEN_ROWS:
            self._write_rows()

    def close(self) -> None:
        """Write what is left, and the file's footer."""
        self._write_rows()
        self._writer.close()

    def _write_rows(self) -> None:
        if self._rows:
            self._writer.write_table(self._arrow.Table.from_pylist(self._rows, schema=self._schema))
            self._rows = []


def _bytes(article: Article) -> int:
    texts = article.sentences if article.text is None else (article.text,)
    return sum(len(text.encode()) for text in texts or ())


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")
