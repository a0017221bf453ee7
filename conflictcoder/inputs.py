"""Reads articles for the command line: text files, folders of them, and JSON lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from conflictcoder.document import Article
from conflictcoder.errors import DataError

_SUFFIXES = {".txt", ".jsonl"}
_HTML = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_KEYS = {"id", "text", "sentences", "date", "title"}


def list_files(paths: Sequence[Path]) -> list[tuple[Path, str]]:
    """The files that paths name: files as they are, and those of folders, sorted.

    Args:
        paths: Files and folders.

    Returns:
        Each file with the id that a text in it has: its name without ending, and in a folder the
        folders below it too.

    Raises:
        DataError: A folder has no `.txt` or `.jsonl` file.
    """
    files: list[tuple[Path, str]] = []
    for path in paths:
        if not path.is_dir():
            files.append((path, path.stem))
            continue
        found = sorted(file for file in path.rglob("*") if file.suffix in _SUFFIXES and file.is_file())
        if not found:
            raise DataError("the folder has no .txt and no .jsonl file", file=str(path))
        files += [(file, file.relative_to(path).with_suffix("").as_posix()) for file in found]
    return files


def read_articles(path: Path, name: str) -> Iterator[Article | DataError]:
    """Read one file.

    Args:
        path: A `.jsonl` file with an article a line, or any other with the text of one.
        name: Id of the article of a text file.

    Yields:
        Articles in their order; in the place of a bad one the error that tells what is wrong with it.
    """
    try:
        if path.suffix == ".jsonl":
            with path.open("rb") as stream:
                for number, line in enumerate(stream, start=1):
                    if line.strip():
                        yield _from_line(line, path, number)
        else:
            yield Article(text=_decode(path.read_bytes(), path), id=name)
    except OSError as error:
        yield DataError(f"cannot be read ({error.strerror})", file=str(path))
    except DataError as error:
        yield error


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


def _from_line(line: bytes, path: Path, number: int) -> Article | DataError:
    try:
        record = json.loads(_decode(line, path, number))
    except json.JSONDecodeError as error:
        return DataError(f"not JSON: {error.msg}", file=str(path), line=number, column=error.colno)
    except DataError as error:
        return error
    problem = _find_problem(record)
    if problem:
        return DataError(problem, file=str(path), line=number)
    return Article(**{key: value for key, value in record.items() if key in _KEYS and value is not None})


def _find_problem(record: Any) -> str | None:  # noqa: ANN401 - whatever the line holds
    if not isinstance(record, dict) or "id" not in record:
        return 'expected {"id": …, "text": …} or {"id": …, "sentences": [… , …]}'
    if (record.get("text") is None) == (record.get("sentences") is None):
        return "expected either text or sentences"
    for key in ("id", "text", "date", "title"):
        if not isinstance(record.get(key, ""), str) and not (key != "id" and record[key] is None):
            return f"{key}: expected text, got {type(record[key]).__name__}"
    sentences = record.get("sentences")
    if sentences is not None and not (
        isinstance(sentences, list) and all(isinstance(sentence, str) for sentence in sentences)
    ):
        return "sentences: expected a list of text"
    return None
