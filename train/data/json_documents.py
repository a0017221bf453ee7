"""Reads labelled documents in DESIGN's JSON: `.jsonl` with one a line, or `.json` with one or a list."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from conflictcoder.document import Document
from conflictcoder.errors import DataError
from conflictcoder.ontology import Ontology
from train.data.ann import reported_types
from train.data.validation import find_problems
from train.labelled import LabelledDocument

_DECODER = json.JSONDecoder()
_BETWEEN = " \t\r\n,"


def _encodable(text: str) -> str:
    text.encode()  # JSON can write half of a surrogate pair, which no other format can
    return text


_Offset = Annotated[int, Field(ge=0, strict=True)]
_Text = Annotated[str, AfterValidator(_encodable)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class _Span(_Shape):
    id: _Text
    type: _Text
    start: _Offset
    end: _Offset
    text: _Text


class _Argument(_Shape):
    role: _Text
    entity: _Text


class _Event(_Span):
    realis: _Text = ""
    arguments: list[_Argument] = []


class _EventType(_Shape):
    type: _Text


class _Sentence(_Shape):
    text: _Text
    start: _Offset | None = None
    entities: list[_Span] | None = None
    events: list[_Event] | None = None
    event_types: list[_EventType] | None = None


class _Document(_Shape):
    id: _Text
    title: _Text = ""
    date: _Text = ""
    text: _Text | None = None
    sentences: list[_Sentence]


def read_json(path: Path, ontology: Ontology) -> Iterator[LabelledDocument]:
    """Read a `.json` or `.jsonl` file of labelled documents.

    A layer that every sentence of a document leaves out (no `entities`, no `events`, no
    `event_types`) counts as not annotated. `event_types` follow from the events where they are left
    out; `start` and the document's `text` follow from the sentences.

    Raises:
        DataError: The file is malformed or breaks the ontology; with file and line.
    """
    for line, record in _records(path):
        try:
            shape = _Document.model_validate(record)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or "document"
            raise DataError(f"{place}: {first['msg']}", file=str(path), line=line) from None
        yield _complete(shape, ontology, path, line)


def _records(path: Path) -> Iterator[tuple[int, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot be read as UTF-8 ({error})", file=str(path)) from None
    number = None
    try:
        if path.suffix == ".json":
            yield from _listed_records(text)
            return
        for number, line in enumerate(text.split("\n"), start=1):
            if line.strip():
                yield number, json.loads(line)
    except json.JSONDecodeError as error:
        line = number or error.lineno
        raise DataError(f"not JSON: {error.msg}", file=str(path), line=line, column=error.colno) from None
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, or nesting as deep
        raise DataError(f"not JSON of documents: {error}", file=str(path), line=number) from None


def _listed_records(text: str) -> Iterator[tuple[int, Any]]:
    """The records of a `.json` file, each with the line on which it begins."""
    content = json.loads(text)
    if not isinstance(content, list):
        yield 1, content
        return
    line, counted, position = 1, 0, text.index("[") + 1
    for record in content:
        while text[position] in _BETWEEN:
            position += 1
        line += text.count("\n", counted, position)
        counted = position
        yield line, record
        position = _DECODER.raw_decode(text, position)[1]


def _complete(shape: _Document, ontology: Ontology, path: Path, line: int) -> LabelledDocument:
    layers = _layers(shape, ontology)
    record = shape.model_dump()
    position = 0
    for number, sentence in enumerate(record["sentences"]):
        for key in ("entities", "events"):
            sentence[key] = sentence[key] or []
        if sentence["event_types"] is None:
            sentence["event_types"] = reported_types(sentence["events"], ontology)
        if sentence["start"] is None or shape.text is None:
            sentence["start"] = position
        position = sentence["start"] + len(sentence["text"]) + 1
        where = f"sentence {number + 1}"
        for item, problem in find_problems(sentence, ontology, classified="event_types" in layers):
            place = f"{where}: {item}" if item else where
            raise DataError(f"{place}: {problem}", file=str(path), line=line)
        start = sentence["start"]
        if shape.text is not None and shape.text[start : start + len(sentence["text"])] != sentence["text"]:
            message = f"{where}: the document's text has something else at {start}; expected the sentence"
            raise DataError(message, file=str(path), line=line)
    record["text"] = shape.text if shape.text is not None else " ".join(s.text for s in shape.sentences)
    return LabelledDocument(Document.from_dict(record), layers)


def _layers(shape: _Document, ontology: Ontology) -> frozenset[str]:
    layers = set()
    if any(sentence.entities is not None for sentence in shape.sentences) and ontology.entity_types:
        layers.add("entities")
    if any(sentence.events is not None for sentence in shape.sentences) and ontology.event_types:
        layers |= {"events", "event_types"} | ({"realis"} if ontology.realis else set())
    if layers >= {"entities", "events"} and ontology.roles:
        layers.add("arguments")
    if any(sentence.event_types is not None for sentence in shape.sentences) and ontology.event_types:
        layers.add("event_types")
    return frozenset(layers)
