"""Reads TSV and CSV files of classified texts."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from conflictcoder.document import Document, EventType, Sentence
from conflictcoder.errors import DataError
from train.data.names import label_name
from train.labelled import LabelledDocument

Header = bool | Literal["auto"]

_LAYERS = frozenset({"event_types"})
_NO_ROWS = "no rows; expected a text and its label in each"
# What people call the columns.
_TEXT_TITLES = {"article", "body", "content", "document", "headline", "sentence", "text", "title"}
_LABEL_TITLES = {"category", "class", "event_type", "label", "labels", "target", "type"}
_WORD = re.compile(r"[A-Za-z]\w{0,29}", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_LONGEST_TITLE = 5  # words
_ENDS_OF_SENTENCES = tuple(".!?…\"'”’。！？")


def read_classification(
    path: Path,
    *,
    text_column: int = 0,
    label_columns: Sequence[int] = (),
    header: Header = "auto",
    names: Sequence[str] | None = None,
) -> list[LabelledDocument]:
    """Read a file with a text and its classes in each row.

    `.csv` is divided by commas and may be quoted; anything else is divided by tabs, and quotes are
    text. With one label column a row has that class (and an empty one none); with several, each is
    0 or 1.

    Args:
        path: The file.
        text_column: Column of the text, counted from 0.
        label_columns: Columns of the labels; empty: all the others.
        header: Whether the first row names the columns; `auto` finds out: with several label columns by
            labels that are not 0 or 1, with one by titles such as `text` or `label` and by what the
            other rows have.
        names: What `class_names` tells of the data that this file belongs to: a header must name the
            same classes, and a file without one has these.

    Raises:
        DataError: A row lacks a column or a label is malformed, the header names other classes, or
            `auto` cannot find out; with file and line.
    """
    rows = _rows(path)
    layout = _find_layout(path, rows, text_column, label_columns, header)
    classes = layout.names if names is None else _agreed_names(path, layout, names)
    documents = []
    for line, row in rows[1:] if layout.header else rows:
        if len(row) != layout.width:
            raise DataError(f"{len(row)} columns, expected {layout.width}", file=str(path), line=line)
        values = [row[column].strip() for column in layout.labels]
        types = _types(values, classes, path, line)
        text = row[text_column].strip()
        sentence = Sentence(text, 0, event_types=tuple(EventType(name) for name in types))
        document = Document(f"{path.stem}-{line}", "", "", text, (sentence,))
        documents.append(LabelledDocument(document, _LAYERS))
    if not documents:
        raise DataError(_NO_ROWS, file=str(path))
    return documents


def class_names(path: Path, *, text_column: int, label_columns: Sequence[int], header: Header) -> list[str]:
    """Names of the classes of a file with several label columns; empty for one column.

    Raises:
        DataError: The file has no row, or its first row lacks a column.
    """
    return _find_layout(path, _rows(path), text_column, label_columns, header).names


class _Layout(NamedTuple):
    """What the first row tells.

    Attributes:
        line: Its line.
        width: Number of columns.
        labels: Columns of the labels.
        header: Whether it names the columns.
        names: Names of the classes, where there are several label columns.
    """

    line: int
    width: int
    labels: list[int]
    header: bool
    names: list[str]


def _find_layout(
    path: Path,
    rows: Sequence[tuple[int, list[str]]],
    text_column: int,
    label_columns: Sequence[int],
    header: Header,
) -> _Layout:
    if not rows:
        raise DataError(_NO_ROWS, file=str(path))
    line, first = rows[0]
    width = len(first)
    labels = list(label_columns) or [n for n in range(width) if n != text_column]
    if width < 2 or not all(0 <= column < width for column in [text_column, *labels]):
        message = f"{width} columns; expected a text in column {text_column} and labels in {labels}"
        raise DataError(message, file=str(path), line=line)
    if len(labels) > 1:
        named = not {"0", "1", ""} & {first[n].strip() for n in labels} if header == "auto" else header
        names = [label_name(first[n]) if named else f"label_{n}" for n in labels]
        return _Layout(line, width, labels, named, names)
    cells = [(row[text_column].strip(), row[labels[0]].strip()) for _, row in rows if len(row) == width]
    found = _has_titles(*cells[0], cells[1:]) if header == "auto" else header
    if found is None:
        message = f"{cells[0][0]!r}, {cells[0][1]!r} may be a header or a text with its class"
        raise DataError(f"{message}; set header to true or false in the config", file=str(path), line=line)
    return _Layout(line, width, labels, found, [])


def _has_titles(text: str, label: str, others: Sequence[tuple[str, str]]) -> bool | None:
    """Whether a first row has the titles of its columns; None if it cannot be told from a rare class.

    Args:
        text: The first row's text.
        label: Its label.
        others: Text and label of the other rows.
    """
    titled = text.casefold() in _TEXT_TITLES or label.casefold() in _LABEL_TITLES
    labels = {other for _, other in others if other}
    if label in labels or len(text.split()) > _LONGEST_TITLE or text.endswith(_ENDS_OF_SENTENCES):
        return None if titled else False
    if titled or not label or not labels:
        return titled
    # One word over texts of several, and a name such as `sub_event_type` or a word over numbers.
    lone_word = bool(_WORD.fullmatch(text)) and not any(_WORD.fullmatch(other) for other, _ in others)
    last_word = re.split(r"[\W_]+|(?<=[a-z])(?=[A-Z])", label)[-1].casefold()
    over_numbers = label[0].isalpha() and all(_NUMBER.fullmatch(other) for other in labels)
    names_labels = last_word in _LABEL_TITLES or over_numbers
    return lone_word if lone_word == names_labels else None


def _agreed_names(path: Path, layout: _Layout, names: Sequence[str]) -> list[str]:
    """The names of the classes of a file that belongs to data with these names.

    Raises:
        DataError: It has other classes.
    """
    found = f"header {', '.join(layout.names)}" if layout.header and layout.names else ""
    if len(layout.labels) != max(len(names), 1) or (found and layout.names != list(names)):
        found = found or f"{len(layout.labels)} label columns"
        message = f"{found}: expected {', '.join(names) or 'one label column'} as in the training data"
        raise DataError(message, file=str(path), line=layout.line)
    return list(names)


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
