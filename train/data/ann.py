"""The `.ann` format: labelled articles as text that diffs well (see data/GUIDELINES.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from conflictcoder.document import Document, Event, Mention, Sentence
from conflictcoder.errors import DataError
from conflictcoder.ontology import Ontology
from train.data.validation import find_problems

REQUIRED_HEADERS = ("id", "date", "origin")
_HEADER = re.compile(r"# ([A-Za-z_][\w-]*):(?: (.*))?")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SPECIAL = re.compile(r"([\[\]{}\\])")


@dataclass(frozen=True)
class AnnotatedArticle:
    """A labelled document with the headers of its file.

    Attributes:
        document: The document; `event_types` of its sentences follow from the events.
        headers: Header lines in their order, `id`, `title` and `date` among them.
    """

    document: Document
    headers: Mapping[str, str] = field(default_factory=dict)


class AnnError(DataError):
    """All mistakes of one `.ann` file.

    Attributes:
        mistakes: One error each, with line and column.
    """

    def __init__(self, mistakes: list[DataError]) -> None:
        self.mistakes = mistakes
        first = mistakes[0]
        super().__init__(first.message, file=first.file, line=first.line, column=first.column)

    def __str__(self) -> str:
        """One line a mistake."""
        return "\n".join(str(mistake) for mistake in self.mistakes)


def read_ann(path: Path, ontology: Ontology) -> AnnotatedArticle:
    """Read an `.ann` file.

    Raises:
        AnnError: The file breaks the format; it lists every mistake.
        DataError: The file cannot be read or is not UTF-8.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror}); give a file", file=str(path)) from None
    except UnicodeDecodeError as error:
        message = f"not UTF-8 at byte {error.start}; save the file as UTF-8"
        raise DataError(message, file=str(path)) from None
    return parse_ann(text, ontology, file=str(path))


def parse_ann(text: str, ontology: Ontology, *, file: str = "") -> AnnotatedArticle:
    """Parse the content of an `.ann` file.

    Args:
        text: The content.
        ontology: The types and roles that are allowed.
        file: Name for the error messages.

    Raises:
        AnnError: The text breaks the format; it lists every mistake.
    """
    mistakes: list[DataError] = []
    lines = [line.rstrip("\r") for line in text.split("\n")]
    headers, body = _parse_headers(lines, file, mistakes)
    sentences: list[Sentence] = []
    document_text = ""
    new_paragraph = False
    for number in range(body, len(lines)):
        line = lines[number]
        if not line.strip():
            new_paragraph = bool(document_text)
            continue
        try:
            plain, columns = _parse_line(line, ontology)
        except _LineError as error:
            mistakes.append(DataError(error.message, file=file, line=number + 1, column=error.column))
            continue
        problems = list(find_problems(plain, ontology))
        for item, message in problems:
            mistakes.append(DataError(message, file=file, line=number + 1, column=columns.get(item, 1)))
        if document_text:
            document_text += "\n\n" if new_paragraph else " "
        new_paragraph = False
        plain["start"] = len(document_text)
        document_text += plain["text"]
        if not problems:
            sentences.append(Sentence.from_dict(plain))
    if not any(line.strip() for line in lines[body:]):
        mistakes.append(DataError("no sentence; expected one a line after the headers", file=file))
    if mistakes:
        raise AnnError(mistakes)
    document = Document(
        headers["id"], headers.get("title", ""), headers["date"], document_text, tuple(sentences)
    )
    return AnnotatedArticle(document, headers)


def format_ann(article: AnnotatedArticle, ontology: Ontology) -> str:
    """Write an article in the `.ann` format; `parse_ann` gives it back."""
    document = article.document
    own = {"id": document.id, "title": document.title, "date": document.date}
    headers = dict(article.headers) | {
        key: value for key, value in own.items() if value or key in article.headers or key != "title"
    }
    lines = [f"# {key}: {value}".rstrip() for key, value in headers.items()]
    end = None
    for sentence in document.sentences:
        between = None if end is None else document.text[end : sentence.start]
        if between is None or "\n\n" in between:
            lines.append("")
        lines.append(format_sentence(sentence, ontology))
        end = sentence.start + len(sentence.text)
    return "\n".join(lines) + "\n"


def format_sentence(sentence: Sentence, ontology: Ontology) -> str:
    """Write one sentence with its markup."""
    parts: list[str] = []
    position = 0
    spans: list[Mention | Event] = [*sentence.entities, *sentence.events]
    for span in sorted(spans, key=lambda item: item.start):
        parts.append(_escape(sentence.text[position : span.start]))
        label = f"{span.id} {span.type}"
        if isinstance(span, Event):
            roles: dict[str, list[str]] = {}
            for argument in span.arguments:
                roles.setdefault(argument.role, []).append(argument.entity)
            label += "".join(f" {role}={','.join(ids)}" for role, ids in roles.items())
            if not ontology.is_actual(span.realis):
                label += f" realis={span.realis}"
        parts.append(f"[{_escape(span.text)}]{{{label}}}")
        position = span.end
    parts.append(_escape(sentence.text[position:]))
    return "".join(parts)


def reported_types(events: list[dict[str, Any]], ontology: Ontology) -> list[dict[str, Any]]:
    """The `event_types` of a gold sentence: types of its actual events, in the ontology's order."""
    actual = {event["type"] for event in events if ontology.is_actual(event["realis"])}
    return [{"type": name} for name in ontology.event_types if name in actual]


class _LineError(Exception):
    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.column = position + 1


def _parse_headers(lines: list[str], file: str, mistakes: list[DataError]) -> tuple[dict[str, str], int]:
    headers: dict[str, str] = {}
    values: dict[str, tuple[int, int]] = {}
    number = 0
    while number < len(lines) and lines[number].startswith("#"):
        match = _HEADER.fullmatch(lines[number].rstrip())
        if not match:
            message = "a header line is '# key: value'; a sentence needs an empty line before it"
            mistakes.append(DataError(message, file=file, line=number + 1, column=1))
        elif match[1] in headers:
            message = f"header {match[1]!r} is given twice; keep one"
            mistakes.append(DataError(message, file=file, line=number + 1, column=3))
        else:
            headers[match[1]] = match[2] or ""
            values[match[1]] = (number + 1, min(len(match[1]) + 5, len(lines[number]) + 1))
        number += 1
    for key in REQUIRED_HEADERS:
        line, column = values.get(key, (1, None))
        message = ""
        if key not in headers:
            message = f"header '# {key}:' is missing; add it"
        elif key == "date" and headers[key] and not _is_date(headers[key]):
            message = f"date {headers[key]!r} is not ISO; write YYYY-MM-DD, or leave it empty"
        elif key != "date" and not headers[key]:
            message = f"header '# {key}:' is empty; write its value"
        if message:
            mistakes.append(DataError(message, file=file, line=line, column=column))
    return headers, number


def _is_date(text: str) -> bool:
    try:
        return bool(_ISO_DATE.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


def _parse_line(line: str, ontology: Ontology) -> tuple[dict[str, Any], dict[str, int]]:
    """Read one sentence.

    Returns:
        The sentence in the JSON shape, and the 1-based column of every span by its id.
    """
    text: list[str] = []
    entities: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    columns: dict[str, int] = {}
    opened: tuple[int, int] | None = None
    position = 0
    for position, character in (scan := _Scanner(line)):
        if character == "[":
            if opened:
                raise _LineError("a span inside a span; spans never nest, keep one of the two", position)
            opened = (position, len(text))
        elif character == "]":
            if not opened:
                raise _LineError("']' without '['; write a literal bracket as '\\]'", position)
            label = scan.take_label()
            start = opened[1]
            item = _parse_label(label, opened[0], ontology)
            item |= {"start": start, "end": len(text), "text": "".join(text[start:])}
            (events if "arguments" in item else entities).append(item)
            columns.setdefault(item["id"], opened[0] + 1)
            opened = None
        elif character in "{}":
            raise _LineError(f"'{character}' outside of a label; write it as '\\{character}'", position)
        else:
            text.append(character[-1])
    if opened:
        raise _LineError("'[' is never closed; close the span, or write a literal '\\['", opened[0])
    sentence = {"text": "".join(text), "start": 0, "entities": entities, "events": events}
    return sentence | {"event_types": reported_types(events, ontology)}, columns


class _Scanner:
    """Walks over a line; an escaped character comes as two, its backslash in front."""

    def __init__(self, line: str) -> None:
        self._line = line
        self._position = 0

    def __iter__(self) -> Iterator[tuple[int, str]]:
        while self._position < len(self._line):
            start = self._position
            character = self._line[start]
            if character == "\\":
                character = self._line[start : start + 2]
                if not _SPECIAL.fullmatch(character[1:]):
                    raise _LineError("'\\' escapes only [ ] { } \\; write a literal one as '\\\\'", start)
            self._position += len(character)
            yield start, character

    def take_label(self) -> str:
        start = self._position
        end = self._line.find("}", start)
        if not self._line.startswith("{", start) or end < 0:
            raise _LineError("expected '{id TYPE}' right after ']'", start)
        self._position = end + 1
        return self._line[start + 1 : end]


def _parse_label(label: str, position: int, ontology: Ontology) -> dict[str, Any]:
    words = label.split(" ")
    if len(words) < 2 or "" in words:
        message = f"label {{{label}}}: expected '{{id TYPE}}' or '{{id TYPE ROLE=id,id}}', single spaces"
        raise _LineError(message, position)
    identifier, name, *pairs = words
    if name in ontology.entity_types:
        if pairs:
            raise _LineError(f"{identifier} {name} is a mention; only triggers have roles", position)
        return {"id": identifier, "type": name}
    if name not in ontology.event_types:
        known = ", ".join((*ontology.entity_types, *ontology.event_types))
        raise _LineError(f"unknown type {name!r}; the ontology has {known}", position)
    event: dict[str, Any] = {"id": identifier, "type": name, "arguments": []}
    event["realis"] = ontology.realis[0] if ontology.realis else ""
    seen = set()
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not all(value.split(",")):
            raise _LineError(f"{pair!r}: expected ROLE=id, ROLE=id,id or realis=value", position)
        if key in seen:
            raise _LineError(f"{key} is given twice; list the ids with commas", position)
        seen.add(key)
        if key == "realis":
            event["realis"] = value
        else:
            event["arguments"] += [{"role": key, "entity": mention} for mention in value.split(",")]
    return event


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
