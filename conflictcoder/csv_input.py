"""Reads articles from CSV: a header, then an article a row."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from conflictcoder.compression import MAX_BYTES, Source
from conflictcoder.document import Article
from conflictcoder.errors import DataError
from conflictcoder.records import Columns, article_of_row

_DELIMITERS = ",;\t"
_EXCEL = re.compile(r'sep=([^"\r\n\0])\s*', re.IGNORECASE)  # before the header: the delimiter
_UNDECODED = re.compile(r"[\udc80-\udcff]")  # what `surrogateescape` makes of bytes that are not UTF-8


def read_csv(source: Source, path: Path, name: str, columns: Columns) -> Iterator[Article | DataError]:
    """Read an opened CSV file row by row.

    The delimiter is the one that a first line `sep=` names, as Excel writes it, or else a comma, a
    semicolon or a tab, whichever gives the columns that are asked for. Empty lines are passed over.

    Args:
        source: The file.
        path: Its path, for messages.
        name: What ids begin with if the file has no column for them.
        columns: Which column holds what.

    Yields:
        Articles in their order; in the place of a bad row the error that tells what is wrong with it.

    Raises:
        DataError: The header is missing or has not the columns.
    """
    csv.field_size_limit(MAX_BYTES)
    lines = _Lines(source, path)
    filled = (line for line in lines if line.strip())
    header_line = next(filled, None)
    told = _EXCEL.fullmatch(header_line or "")
    header_line = next(filled, None) if told else header_line
    if header_line is None:
        raise DataError("empty; expected a header with the names of the columns", file=str(path))
    delimiters = told[1] if told else _DELIMITERS
    delimiter, header, found = _read_header(header_line, lines.number, delimiters, columns, path)
    make = _RowMaker(header, found, name, str(path))
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        first = lines.number + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            last = lines.number
            more = f"; lines {first} to {last} were not read, is a quote left open?" if last > first else ""
            yield DataError(f"not a CSV row ({error}){more}", file=str(path), line=first)
            make.pass_over(last - first + 1)
            continue
        if row:
            yield make(row, first)


def _read_header(
    line: str, number: int, delimiters: str, columns: Columns, path: Path
) -> tuple[str, list[str], dict[str, str]]:
    """Delimiter, names of the columns, and the column of each field."""
    if _UNDECODED.search(line) or "\0" in line:
        message = "the header is not UTF-8 text; save the file as CSV in UTF-8"
        raise DataError(message, file=str(path), line=number)
    problem = ""
    for delimiter in delimiters:
        try:
            header = next(csv.reader([line], delimiter=delimiter, strict=True), [])
            return delimiter, header, columns.find(header, lists=False)
        except csv.Error as error:
            problem = problem or f"not a CSV header ({error}); it must be one line"
        except ValueError as error:
            # With the right delimiter there are several columns to tell of.
            problem = str(error) if not problem or len(header) > 1 else problem
    raise DataError(problem, file=str(path), line=number)


class _RowMaker:
    """Makes articles of rows, and numbers them."""

    def __init__(self, header: Sequence[str], found: dict[str, str], name: str, file: str) -> None:
        self._width = len(header)
        self._found = found
        self._positions = {field: header.index(column) for field, column in found.items()}
        self._name = name
        self._file = file
        self._number = 0

    def __call__(self, row: Sequence[str], line: int) -> Article | DataError:
        self._number += 1
        try:
            return article_of_row(self._values(row), self._found, f"{self._name}:{self._number}")
        except ValueError as error:
            return DataError(str(error), file=self._file, line=line)

    def pass_over(self, lines: int) -> None:
        """Go past lines that were not read; as a rule each is a row, whose number stays its own."""
        self._number += lines

    def _values(self, row: Sequence[str]) -> dict[str, str | None]:
        """What each field's cell holds; None if it is empty: CSV has no other way to say nothing."""
        if len(row) != self._width:
            raise ValueError(f"expected {self._width} cells as in the header, got {len(row)}")
        values = {field: row[position] for field, position in self._positions.items()}
        for field, value in values.items():
            if _UNDECODED.search(value):
                raise ValueError(f"{self._found[field]}: not UTF-8 text; save the file as CSV in UTF-8")
            if "\0" in value:
                raise ValueError(f"{self._found[field]}: has NUL characters; give plain text in UTF-8")
        return {field: value or None for field, value in values.items()}


class _Lines(Iterator[str]):
    """Lines of a file as text, counted; bytes that are not UTF-8 become halves of surrogate pairs."""

    def __init__(self, source: Source, path: Path) -> None:
        self._lines = source.lines()
        self._path = path
        self.number = 0

    def __next__(self) -> str:
        self.number, line = next(self._lines)
        if line is None:
            message = f"a line of more than {MAX_BYTES:,} bytes; not read further; is this a CSV file?"
            raise DataError(message, file=str(self._path), line=self.number)
        return line.decode("utf-8-sig" if self.number == 1 else "utf-8", errors="surrogateescape")
