"""Reads articles for the command line: text, JSON lines, CSV and Parquet, and folders of them."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from conflictcoder.arrow import require_pyarrow
from conflictcoder.compression import COMPRESSIONS, MAX_BYTES, Source, open_source, require_zstd
from conflictcoder.csv_input import read_csv
from conflictcoder.document import Article
from conflictcoder.errors import DataError
from conflictcoder.parquet import ParquetReader
from conflictcoder.records import SENTENCES, Columns, article_of_line

_TABLES = (".csv", ".tsv", ".parquet")
_KINDS = (".txt", ".jsonl", *_TABLES)
_OTHER_NAMES = {".ndjson": ".jsonl", ".jsonlines": ".jsonl"}
_NO_PROSE = (".json", ".xml")
_HTML = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE)


def list_files(paths: Sequence[Path]) -> tuple[list[tuple[Path, str]], list[DataError]]:
    """The files that paths name: files as they are, and those of folders, sorted.

    Links to files are followed, those to folders only where they are themselves among `paths`. A file
    that is reached twice is read once.

    Args:
        paths: Files and folders.

    Returns:
        Each file with the id that a text in it has: its name without ending, and in a folder the
        folders below it too; its whole path where one before it has that name. Then what is wrong
        with folders that cannot be read.

    Raises:
        DataError: A folder has no file of a known kind.
    """
    files: list[tuple[Path, str]] = []
    unread: list[DataError] = []
    for path in paths:
        if not path.is_dir():
            files.append((path, _without_suffix(path).name))
            continue
        known = len(unread)
        found = sorted(file for file in _walk(path, unread) if _kind(file) in _KINDS and _is_file(file))
        if not found and len(unread) == known:
            raise DataError(
                "the folder has no .txt and no .jsonl file, nor any .csv, .tsv or .parquet", file=str(path)
            )
        files += [(file, _without_suffix(file.relative_to(path)).as_posix()) for file in found]
    return _tell_apart(_first_of_each(files)), unread


def _first_of_each(files: list[tuple[Path, str]]) -> list[tuple[Path, str]]:
    """Leave out files that came before."""
    first: dict[Path, tuple[Path, str]] = {}
    for path, name in files:
        first.setdefault(path.resolve(), (path, name))
    return list(first.values())


def _tell_apart(files: list[tuple[Path, str]]) -> list[tuple[Path, str]]:
    """Name files by their whole paths where their articles would have ids of those before.

    No id depends on what comes after it: more inputs at the end leave those before as they were.
    """
    taken: set[tuple[str, bool]] = set()
    named = []
    for path, name in files:
        kind = _kind(path)
        key = name, kind in _TABLES  # whose rows have a number after the name
        named.append((path, path.as_posix() if key in taken else name))
        if kind != ".jsonl":  # whose lines bring their ids
            taken.add(key)
    return named


class ArticleReader:
    """Reads the articles of files one after the other, and knows how far it is.

    Args:
        files: Files with the id that a text in them has, as `list_files` gives them.
        columns: Which column of a table, or key of a JSON line, holds what.
        unread: What is wrong with inputs that are no such files; told first.

    Raises:
        DataError: A file needs a library that is not installed.
    """

    def __init__(
        self,
        files: Sequence[tuple[Path, str]],
        columns: Columns | None = None,
        unread: Sequence[DataError] = (),
    ) -> None:
        self._files = files
        self._unread = unread
        self._columns = columns or Columns()
        self._finished = 0
        self._current: _Positioned | None = None
        self.size = sum(_size(path) for path, _ in files)
        for path, _ in files:
            if _kind(path) == ".parquet":
                require_pyarrow(path)
            if path.suffix.lower() == ".zst":
                require_zstd(path)

    @property
    def position(self) -> int:
        """Bytes that were read so far, of `size`."""
        return self._finished + (self._current.position if self._current else 0)

    def __iter__(self) -> Iterator[Article | DataError]:
        """Read on.

        Yields:
            Articles in their order; in the place of a bad one the error that tells what is wrong.
        """
        yield from self._unread
        for path, name in self._files:
            try:
                yield from self._read(path, name)
            except DataError as error:
                yield error
            except OSError as error:
                yield not_read(error, path)
            self._finished += _size(path)

    def _read(self, path: Path, name: str) -> Iterator[Article | DataError]:
        kind = _kind(path)
        if kind in _NO_PROSE:
            readable = ", ".join((*_KINDS, *_OTHER_NAMES))
            raise DataError(f"a {kind} file cannot be read; give one of {readable}", file=str(path))
        with ExitStack() as stack:
            stack.callback(self._forget)
            if kind == ".parquet":
                stream = stack.enter_context(path.open("rb"))
                self._current = table = ParquetReader(path, stream, name, self._columns)
                yield from table.articles()
                return
            self._current = source = stack.enter_context(open_source(path))
            if kind == ".jsonl":
                yield from _read_lines(source, path, self._columns)
            elif kind in _TABLES:
                yield from read_csv(source, path, name, self._columns)
            else:
                article = _read_text(source, path, name)
                if kind != ".txt":
                    _refuse_records(article, path, self._columns)
                yield article

    def _forget(self) -> None:
        self._current = None


class _Positioned(Protocol):
    @property
    def position(self) -> int: ...


def not_read(error: OSError, path: Path | str) -> DataError:
    """What to tell of a file or folder that cannot be read."""
    return DataError(f"cannot be read ({error.strerror or error})", file=str(path))


def _walk(folder: Path, unread: list[DataError]) -> Iterator[Path]:
    """All below a folder but the folders; errors of those that cannot be read go to `unread`."""

    def keep(error: OSError) -> None:
        unread.append(not_read(error, error.filename))

    for parent, _, names in os.walk(folder, onerror=keep):
        yield from (Path(parent, name) for name in names)


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except PermissionError:
        return True  # its folder lets nobody in, which reading it will tell
    except OSError:
        return False  # a link that leads nowhere


def _kind(path: Path) -> str:
    """The ending that tells the format, below one that tells the compression."""
    suffix = path.suffix.lower()
    suffix = Path(path.stem).suffix.lower() if suffix in COMPRESSIONS else suffix
    return _OTHER_NAMES.get(suffix, suffix)


def _without_suffix(path: Path) -> Path:
    return (path.with_suffix("") if path.suffix.lower() in COMPRESSIONS else path).with_suffix("")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # it is reported when it is read


def _read_text(source: Source, path: Path, name: str) -> Article:
    data = source.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        message = f"more than {MAX_BYTES:,} bytes, no single article; give many articles as .jsonl"
        raise DataError(message, file=str(path))
    return Article(text=_decode(data, path), id=name)


def _refuse_records(article: Article, path: Path, columns: Columns) -> None:
    """Keep lines of JSON without their ending from being coded as one text.

    Raises:
        DataError: The first line is an object with the key of the text or of the sentences.
    """
    first, _, _ = (article.text or "").lstrip().partition("\n")
    try:
        record = json.loads(first)
    except (ValueError, RecursionError):
        return
    if isinstance(record, dict) and (columns.name("text") in record or SENTENCES in record):
        message = "lines of JSON under a name that does not tell so; give it the ending .jsonl"
        raise DataError(f"{message} (a pipe too: ln -s /dev/stdin news.jsonl)", file=str(path))


def _read_lines(source: Source, path: Path, columns: Columns) -> Iterator[Article | DataError]:
    for number, line in source.lines():
        if line is None:
            yield DataError(f"a line of more than {MAX_BYTES:,} bytes", file=str(path), line=number)
        elif line.strip():
            yield _from_line(line, path, number, columns)


def _decode(data: bytes, path: Path, line: int | None = None) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"not UTF-8 text (byte {error.start}); save it as UTF-8"
        raise DataError(message, file=str(path), line=line) from None
    if "\0" in text:
        raise DataError("a binary file, not text; give plain text in UTF-8", file=str(path), line=line)
    if _HTML.match(text):
        message = "an HTML page; give the article's plain text (a library such as trafilatura extracts it)"
        raise DataError(message, file=str(path), line=line)
    return text


def _from_line(line: bytes, path: Path, number: int, columns: Columns) -> Article | DataError:
    try:
        return article_of_line(json.loads(_decode(line, path, number)), columns)
    except json.JSONDecodeError as error:
        return DataError(f"not JSON: {error.msg}", file=str(path), line=number, column=error.colno)
    except DataError as error:
        return error
    except (ValueError, RecursionError) as error:
        return DataError(str(error), file=str(path), line=number)
