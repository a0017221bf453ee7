"""Reads articles from Parquet and writes events to it. Needs the extra `parquet`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from conflictcoder.document import Article, Document
from conflictcoder.errors import DataError
from conflictcoder.ontology import Ontology
from conflictcoder.records import SENTENCES, Columns, article_of_row
from conflictcoder.unicode import encodable

_BATCH_ROWS = 256
_WRITTEN_ROWS = 10_000  # a row group
_TAKEN = ("document", "date", "sentence", "event", "type", "realis", "trigger", "score", "sentence_text")


def require_pyarrow(path: Path | str) -> Any:  # noqa: ANN401 - pyarrow has no complete types
    """Import pyarrow with its Parquet module.

    Args:
        path: The file that needs it, for the message.

    Raises:
        DataError: It is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet
    except ImportError:
        message = "Parquet needs `pip install conflictcoder[parquet]`"
        raise DataError(message, file=str(path)) from None
    return pa


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
            self._file = self._arrow.parquet.ParquetFile(stream)
        except (self._arrow.ArrowException, OSError) as error:
            raise DataError(f"not a whole Parquet file ({_first_line(error)})", file=str(path)) from None
        self._found = self._find_columns(columns)

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
                values = [self._values(batch.column(column)) for column in columns]
                for cells in zip(*values, strict=True):
                    self._row += 1
                    yield self._from_row(dict(zip(self._found, cells, strict=True)))
        except (self._arrow.ArrowException, OSError) as error:
            message = f"damaged after row {self._row} ({_first_line(error)}); get the file again"
            raise DataError(message, file=str(self._path)) from None

    def _from_row(self, row: dict[str, Any]) -> Article | DataError:
        try:
            return article_of_row(row, self._found, f"{self._name}:{self._row}")
        except ValueError as error:
            return DataError(f"row {self._row}: {error}", file=str(self._path))

    def _find_columns(self, columns: Columns) -> dict[str, str]:
        schema = self._file.schema_arrow
        try:
            found = columns.find(schema.names)
            for field, column in found.items():
                self._check_type(field, column, schema.field(column).type)
        except ValueError as error:
            raise DataError(str(error), file=str(self._path)) from None
        return found

    def _check_type(self, field: str, column: str, kind: Any) -> None:  # noqa: ANN401 - pyarrow.DataType
        types = self._arrow.types
        if types.is_dictionary(kind):
            kind = kind.value_type
        fits = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
        if field == SENTENCES:
            fits = types.is_list(kind) or types.is_large_list(kind)
        elif field == "id":
            fits = fits or types.is_integer(kind)
        elif field in ("date", "title"):
            fits = fits or types.is_null(kind) or self._is_date(field, kind)
        if not fits:
            expected = "a list of text" if field == SENTENCES else "text"
            raise ValueError(
                f"column {column!r} is of type {kind}, expected {expected}; name another by --{field}-column"
            )

    def _is_date(self, field: str, kind: Any) -> bool:  # noqa: ANN401 - pyarrow.DataType
        types = self._arrow.types
        return field == "date" and bool(types.is_date(kind) or types.is_timestamp(kind))

    def _values(self, column: Any) -> list[Any]:  # noqa: ANN401 - pyarrow.Array
        """Values of a column, with numbers and dates as text; bytes where text is not UTF-8."""
        if self._arrow.types.is_timestamp(column.type):
            # Python's dates have no nanoseconds.
            column = column.cast(self._arrow.timestamp("us", column.type.tz), safe=False)
        try:
            values = column.to_pylist()
        except UnicodeDecodeError:
            values = [_value(scalar) for scalar in column]
        kept = (str, list, bytes, type(None))
        return [value if isinstance(value, kept) else _as_text(value) for value in values]


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


def event_schema(ontology: Ontology) -> Any:  # noqa: ANN401 - pyarrow.Schema
    """Columns of a table of events."""
    arrow = require_pyarrow("a table of events")
    text = arrow.string()
    columns = {
        "document": text,
        "date": text,
        "sentence": arrow.int32(),
        "event": text,
        "type": text,
        "realis": text,
        "trigger": text,
        "score": arrow.float64(),
    }
    columns |= {column: arrow.list_(text) for column in role_columns(ontology).values()}
    return arrow.schema({**columns, "sentence_text": text})


def role_columns(ontology: Ontology) -> dict[str, str]:
    """The column of each role: its name, unless another column has it."""
    return {role: f"role_{role}" if role in _TAKEN else role for role in ontology.roles}


def event_rows(document: Document, ontology: Ontology) -> Iterator[dict[str, Any]]:
    """The events of a document as rows of `event_schema`."""
    roles = role_columns(ontology)
    for number, sentence in enumerate(document.sentences, start=1):
        for event in sentence.events:
            fillers = {
                column: [encodable(mention.text) for mention in event.fillers(role)]
                for role, column in roles.items()
            }
            yield {
                "document": encodable(document.id),
                "date": encodable(document.date) or None,
                "sentence": number,
                "event": event.id,
                "type": event.type,
                "realis": event.realis or None,
                "trigger": encodable(event.text),
                "score": event.score,
                **fillers,
                "sentence_text": encodable(sentence.text),
            }


def _value(scalar: Any) -> Any:  # noqa: ANN401 - pyarrow.Scalar
    try:
        return scalar.as_py()
    except UnicodeDecodeError:
        return bytes(str(scalar.type), "ascii")


def _as_text(value: Any) -> str:  # noqa: ANN401 - int, date, datetime or time
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")
