"""Reads TSV and CSV files of classified texts."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from conflictcoder.document import Document, EventType, Sentence
from conflictcoder.errors import DataError
from train.data.names import label_name
from train.labelled import LabelledDocument

Header = bool | Literal["auto"]

_LAYERS = frozenset({"event_types"})
# What people call the columns; a first row is a header only if it looks like nothing else.
_TEXT_TITLES = {"article", "body", "content", "document", "headline", "sentence", "text", "title"}
_LABEL_TITLES = {"category", "class", "event_type", "label", "labels", "target"}


def read_classification(
    path: Path, *, text_column: int = 0, label_columns: Sequence[int] = (), header: Header = "auto"
) -> list[LabelledDocument]:
    """Read a file with a text and its classes in each row.

    `.csv` is divided by commas and may be quoted; anything else is divided by tabs, and quotes are
    text. With one label column a row has that class (and an empty one none); with several, each is
    0 or 1.

    Args:
        path: The file.
        text_column: Column of the text, counted from 0.
        label_columns: Columns of the labels; empty: all the others.
        header: Whether the first row names the columns; `auto` finds out: with one label column by a
            title such as `text` or `label`, with several by labels that are not 0 or 1.

    Raises:
        DataError: A row lacks a column or a label is malformed; with file and line.
    """
    names: list[str] = []
    documents = []
    width = 0
    for line, row in _rows(path):
        if not width:
            width = len(row)
            labels = list(label_columns) or [n for n in range(width) if n != text_column]
            if width < 2 or not all(0 <= column < width for column in [text_column, *labels]):
                message = f"{width} columns; expected a text in column {text_column} and labels in {labels}"
                raise DataError(message, file=str(path), line=line)
            header = _has_header(row, text_column, labels) if header == "auto" else header
            names = [label_name(row[column]) if header else f"label_{column}" for column in labels]
            if header:
                continue
        if len(row) != width:
            raise DataError(f"{len(row)} columns, expected {width}", file=str(path), line=line)
        values = [row[column].strip() for column in labels]
        types = _types(values, names, path, line)
        text = row[text_column].strip()
        sentence = Sentence(text, 0, event_types=tuple(EventType(name) for name in types))
        document = Document(f"{path.stem}-{line}", "", "", text, (sentence,))
        documents.append(LabelledDocument(document, _LAYERS))
    if not documents:
        raise DataError("no rows; expected a text and its label in each", file=str(path))
    return documents


def class_names(path: Path, *, text_column: int, label_columns: Sequence[int], header: Header) -> list[str]:
    """Names of the classes of a file with several label columns; empty for one column.

    Raises:
        DataError: The file has no row.
    """
    for _, row in _rows(path):
        labels = list(label_columns) or [n for n in range(len(row)) if n != text_column]
        if header == "auto":
            header = _has_header(row, text_column, labels)
        return [label_name(row[n]) if header else f"label_{n}" for n in labels] if len(labels) > 1 else []
    raise DataError("no rows; expected a text and its label in each", file=str(path))


def _has_header(row: Sequence[str], text_column: int, labels: Sequence[int]) -> bool:
    titles = [row[column].strip().casefold() for column in labels]
    if len(labels) > 1:
        return not {"0", "1", ""} & set(titles)
    return row[text_column].strip().casefold() in _TEXT_TITLES or titles[0] in _LABEL_TITLES


def _types(values: list[str], names: list[str], path: Path, line: int) -> list[str]:
    if len(values) == 1:
        return [label_name(values[0])] if values[0] else []
    wrong = [value for value in values if value not in {"0", "1"}]
    if wrong:
        message = f"label {wrong[0]!r}: expected 0 or 1, because there are {len(values)} label columns"
        raise DataError(message, file=str(path), line=line)
    return [name for name, value in zip(names, values, strict=True) if value == "1"]


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    csv.field_size_limit(2**31 - 1)  # a text may be longer than the reader's default of 131,072
    commas = path.suffix.lower() == ".csv"
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            if not commas:
                lines = (line.rstrip("\r\n") for line in stream)
                return [(n, line.split("\t")) for n, line in enumerate(lines, start=1) if line.strip()]
            reader = csv.reader(stream, strict=True)
            return [(reader.line_num, row) for row in reader if row]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot be read as UTF-8 ({error})", file=str(path)) from None
    except csv.Error as error:
        raise DataError(f"not CSV: {error}", file=str(path), line=reader.line_num) from None
