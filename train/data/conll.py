"""Reads CoNLL files: a token a line with its tag, an empty line between sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from conflictcoder.document import Document, Mention, Sentence
from conflictcoder.errors import DataError
from train.data.names import label_name
from train.labelled import LabelledDocument

_STARTS = {"B", "S", "U"}
_CONTINUES = {"I", "E", "L", "M"}
_DOCUMENT_MARK = "-DOCSTART-"


class _Row(NamedTuple):
    token: str
    tag: str


def read_conll(path: Path, *, token_column: int = 0, tag_column: int = -1) -> list[LabelledDocument]:
    """Read a CoNLL file; its spans are mentions.

    Columns are divided by tabs or, in a line without one, by spaces. Tags are BIO, IOB or BIOES
    (`B-Person`); an inside tag without a span to continue begins one, as in conlleval. Sentences
    between two `-DOCSTART-` lines are one document; without such lines, or with one that parts
    nothing, each is its own. Lines before a sentence that begin with `#` and have no tag are comments,
    and a token without a visible character is left out.

    Args:
        path: The file.
        token_column: Column of the token, counted from 0.
        tag_column: Column of the tag; -1 is the last.

    Raises:
        DataError: A line lacks a column or has an unknown tag, with file and line; or there is no
            sentence.
    """
    documents: list[list[Sentence]] = []
    marks = 0
    for rows in _sentences(path, token_column, tag_column):
        if rows[0].token == _DOCUMENT_MARK:
            documents.append([])
            marks += 1
        elif marks:
            documents[-1].append(_sentence(rows))
        else:
            documents.append([_sentence(rows)])
    if marks == 1:
        documents = [[sentence] for sentences in documents for sentence in sentences]
    if not any(documents):
        raise DataError("no sentence; expected a token and its tag a line", file=str(path))
    return [
        LabelledDocument(_document(f"{path.stem}-{number}", sentences), frozenset({"entities"}))
        for number, sentences in enumerate(documents, start=1)
        if sentences
    ]


def _sentences(path: Path, token_column: int, tag_column: int) -> Iterator[list[_Row]]:
    rows: list[_Row] = []
    width = 0
    for number, columns in _lines(path):
        if not columns or columns[0] == _DOCUMENT_MARK:
            if rows:
                yield rows
            rows = []
            if columns:
                yield [_Row(_DOCUMENT_MARK, "O")]
            continue
        if not rows and columns[0].startswith("#") and not _has_tag(columns, tag_column):
            continue
        width = width or len(columns)
        message = _column_mistake(columns, max(width, 2), token_column, tag_column)
        if message:
            raise DataError(message, file=str(path), line=number)
        if columns[token_column].strip():
            rows.append(_Row(columns[token_column].strip(), columns[tag_column].strip()))
    if rows:
        yield rows


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Number and columns of every line; a blank line has none."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot be read as UTF-8 ({error})", file=str(path)) from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            yield number, []
        elif "\t" in line:
            yield number, line.rstrip("\r").split("\t")
        else:
            yield number, re.split(" +", line.rstrip("\r").strip(" "))


def _column_mistake(columns: list[str], width: int, token_column: int, tag_column: int) -> str:
    """What is wrong with a line; empty if nothing."""
    if len(columns) != width:
        return f"{len(columns)} columns, expected {width}: a token and its tag a line"
    for column in (token_column, tag_column):
        if not -width <= column < width:
            return f"{width} columns, so there is no column {column}; the first is 0"
    if token_column % width == tag_column % width:
        return f"token_column {token_column} is tag_column {tag_column} too, of {width} columns"
    if not columns[token_column].strip(" "):
        return f"column {token_column} is empty; expected a token"
    tag = columns[tag_column].strip()
    return "" if _is_tag(tag) else f"tag {tag!r}: expected O, or B-TYPE, I-TYPE and the like"


def _has_tag(columns: list[str], tag_column: int) -> bool:
    return -len(columns) <= tag_column < len(columns) and _is_tag(columns[tag_column])


def _is_tag(tag: str) -> bool:
    prefix, dash, name = tag.strip().partition("-")
    return tag.strip() == "O" or bool(dash and name and prefix in _STARTS | _CONTINUES)


def _sentence(rows: list[_Row]) -> Sentence:
    text = ""
    spans: list[tuple[str, int, int]] = []
    before = "O"
    for token, tag in rows:
        start = len(text) + 1 if text else 0
        text = f"{text} {token}" if text else token
        prefix, _, name = tag.partition("-")
        if tag != "O":
            continued = prefix in _CONTINUES and before == name
            spans.append((label_name(name), spans.pop()[1] if continued else start, len(text)))
        # After the last word of a span in BIOES nothing can continue it.
        before = "O" if prefix in {"O", "E", "L", "S", "U"} else name
    mentions = tuple(
        Mention(f"m{number}", name, start, end, text[start:end])
        for number, (name, start, end) in enumerate(spans, start=1)
    )
    return Sentence(text, 0, mentions)


def _document(name: str, sentences: list[Sentence]) -> Document:
    placed, text = [], ""
    for sentence in sentences:
        start = len(text) + 1 if text else 0
        text = f"{text} {sentence.text}" if text else sentence.text
        placed.append(Sentence(sentence.text, start, sentence.entities))
    return Document(name, "", "", text, tuple(placed))
