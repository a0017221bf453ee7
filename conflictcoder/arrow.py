"""Tables in memory as Arrow has them: articles of their rows, and rows of events. Needs pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from conflictcoder.document import Document
from conflictcoder.errors import DataError
from conflictcoder.event_columns import LEADING, SENTENCE_TEXT, role_columns
from conflictcoder.ontology import Ontology
from conflictcoder.records import SENTENCES, Columns, Unreadable
from conflictcoder.unicode import encodable


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


def find_columns(schema: Any, columns: Columns) -> dict[str, str]:  # noqa: ANN401 - pyarrow.Schema
    """Find the columns of a table, and check their types.

    Returns:
        The column of each field that the table has.

    Raises:
        ValueError: A column is missing, ambiguous or of a wrong type.
    """
    found = columns.find(schema.names, lists=True)
    for field, column in found.items():
        _check_type(field, column, schema.field(column).type)
    return found


def field_rows(batch: Any, found: dict[str, str]) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - a table or batch
    """The rows of a table, as the value of each field.

    Numbers and dates become text; what Python cannot hold becomes `Unreadable`.

    Args:
        batch: A pyarrow table or record batch.
        found: What `find_columns` found.
    """
    values = [_values(batch.column(column)) for column in found.values()]
    for cells in zip(*values, strict=True):
        yield dict(zip(found, cells, strict=True))


def event_schema(ontology: Ontology) -> Any:  # noqa: ANN401 - pyarrow.Schema
    """Columns of a table of events."""
    arrow = require_pyarrow("a table of events")
    text = arrow.string()
    columns = dict.fromkeys(LEADING, text) | {"sentence": arrow.int32(), "score": arrow.float64()}
    columns |= {column: arrow.list_(text) for column in role_columns(ontology).values()}
    return arrow.schema({**columns, SENTENCE_TEXT: text})


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
                SENTENCE_TEXT: encodable(sentence.text),
            }


def _check_type(field: str, column: str, kind: Any) -> None:  # noqa: ANN401 - pyarrow.DataType
    types = require_pyarrow("a table").types
    if types.is_dictionary(kind):
        kind = kind.value_type
    fits = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    if field == SENTENCES:
        fits = types.is_list(kind) or types.is_large_list(kind)
    elif field == "id":
        fits = fits or types.is_integer(kind)
    elif field == "date":
        fits = fits or types.is_null(kind) or types.is_date(kind) or types.is_timestamp(kind)
    elif field == "title":
        fits = fits or types.is_null(kind)
    if not fits:
        expected = "a list of text" if field == SENTENCES else "text"
        raise ValueError(
            f"column {column!r} is of type {kind}, expected {expected}; name another by --{field}-column"
        )


def _values(column: Any) -> list[Any]:  # noqa: ANN401 - pyarrow.Array
    arrow = require_pyarrow("a table")
    if arrow.types.is_timestamp(column.type) and column.type.unit == "ns":
        # Python's dates have no nanoseconds. Other units stay: a cast of them may overflow unseen.
        column = column.cast(arrow.timestamp("us", column.type.tz), safe=False)
    try:
        values = column.to_pylist()
    except (UnicodeDecodeError, OverflowError):
        values = [_value(scalar) for scalar in column]
    kept = (str, list, Unreadable, type(None))
    return [value if isinstance(value, kept) else _as_text(value) for value in values]


def _value(scalar: Any) -> Any:  # noqa: ANN401 - pyarrow.Scalar
    try:
        return scalar.as_py()
    except UnicodeDecodeError:
        return Unreadable("bytes")
    except OverflowError:
        return Unreadable("a date outside the years 1 to 9999")


def _as_text(value: Any) -> str:  # noqa: ANN401 - int, date, datetime or time
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)
