"""What goes in and what comes out: articles, and documents with their mentions and events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conflictcoder.unicode import escape_surrogates


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A text to be coded: raw, or already split into sentences.

    Attributes:
        text: The raw text. Leave it out when `sentences` is given.
        sentences: The sentences, which the answer keeps in this order.
        id: Anything that identifies the article.
        date: Date of publication, ISO 8601, or empty.
        title: Title, carried along and not coded.

    Raises:
        TypeError: A field is of a wrong type.
        ValueError: Neither `text` nor `sentences` is given, or both are.
    """

    text: str | None = None
    sentences: Sequence[str] | None = None
    id: str = ""
    date: str = ""
    title: str = ""

    def __post_init__(self) -> None:
        for name in ("id", "date", "title"):
            expect_str(f"Article.{name}", getattr(self, name))
        if (self.text is None) == (self.sentences is None):
            raise ValueError("an Article takes either text or sentences, and one of them is needed")
        if self.text is not None:
            expect_str("Article.text", self.text)
        if self.sentences is not None:
            if isinstance(self.sentences, (str, bytes)) or not isinstance(self.sentences, Sequence):
                got = type(self.sentences).__name__
                raise TypeError(f"Article.sentences must be a sequence of str, got {got}")
            for position, sentence in enumerate(self.sentences):
                expect_str(f"Article.sentences[{position}]", sentence)
            object.__setattr__(self, "sentences", tuple(self.sentences))


@dataclass(frozen=True, slots=True)
class Mention:
    """A span that names an actor, place, date, count or weapon.

    Attributes:
        id: Unique in its sentence.
        type: Entity type.
        start: First character, counted in the sentence's text.
        end: One past the last character.
        text: The span's text.
        score: Probability, or None in gold data.
    """

    id: str
    type: str
    start: int
    end: int
    text: str
    score: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The mention in the JSON shape."""
        return _with_score(
            {"id": self.id, "type": self.type, "start": self.start, "end": self.end, "text": self.text},
            self.score,
        )


@dataclass(frozen=True, slots=True)
class Argument:
    """A mention's role in an event.

    Attributes:
        role: Role of the ontology.
        mention: The mention that fills it, from the same sentence.
        score: Probability that the event and the role are both right, or None in gold data.
    """

    role: str
    mention: Mention
    score: float | None = None

    @property
    def entity(self) -> str:
        """Id of the mention."""
        return self.mention.id

    def to_dict(self) -> dict[str, Any]:
        """The argument in the JSON shape."""
        return _with_score({"role": self.role, "entity": self.mention.id}, self.score)


@dataclass(frozen=True, slots=True)
class Event:
    """An event: its trigger, type, realis and arguments.

    Attributes:
        id: Unique in its sentence.
        type: Event type.
        realis: Realis value; empty if nothing is said of it: the model lacks the layer.
        start: First character of the trigger, counted in the sentence's text.
        end: One past the trigger's last character.
        text: The trigger.
        arguments: Who fills which role.
        score: Probability of the trigger, or None in gold data.
    """

    id: str
    type: str
    realis: str
    start: int
    end: int
    text: str
    arguments: tuple[Argument, ...] = ()
    score: float | None = None

    def fillers(self, role: str) -> tuple[Mention, ...]:
        """The mentions that fill `role`, in the order of the arguments."""
        return tuple(argument.mention for argument in self.arguments if argument.role == role)

    def to_dict(self) -> dict[str, Any]:
        """The event in the JSON shape."""
        data = {
            "id": self.id,
            "type": self.type,
            "realis": self.realis,
            "start": self.start,
            "end": self.end,
            "text": self.text,
        }
        return _with_score(data, self.score) | {"arguments": [a.to_dict() for a in self.arguments]}


@dataclass(frozen=True, slots=True)
class EventType:
    """A type of event that a sentence reports as having happened."""

    type: str
    score: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The event type in the JSON shape."""
        return _with_score({"type": self.type}, self.score)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with what was found in it.

    Attributes:
        text: The sentence.
        start: Where it begins in the document's text.
        entities: Mentions, in the order of the text.
        events: Events, in the order of their triggers.
        event_types: Types of the events that the sentence reports as having happened.
    """

    text: str
    start: int = 0
    entities: tuple[Mention, ...] = ()
    events: tuple[Event, ...] = ()
    event_types: tuple[EventType, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The sentence in the JSON shape."""
        return {
            "text": self.text,
            "start": self.start,
            "entities": [item.to_dict() for item in self.entities],
            "events": [item.to_dict() for item in self.events],
            "event_types": [item.to_dict() for item in self.event_types],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Sentence:
        """Read a sentence in the JSON shape; scores are optional.

        Raises:
            KeyError: A field is missing, or an argument names a mention that is not there.
        """
        mentions = {
            item["id"]: Mention(
                item["id"], item["type"], item["start"], item["end"], item["text"], item.get("score")
            )
            for item in data["entities"]
        }
        events = tuple(
            Event(
                item["id"],
                item["type"],
                item["realis"],
                item["start"],
                item["end"],
                item["text"],
                tuple(
                    Argument(argument["role"], mentions[argument["entity"]], argument.get("score"))
                    for argument in item["arguments"]
                ),
                item.get("score"),
            )
            for item in data["events"]
        )
        types = tuple(EventType(item["type"], item.get("score")) for item in data["event_types"])
        return cls(data["text"], data["start"], tuple(mentions.values()), events, types)


@dataclass(frozen=True, slots=True)
class Document:
    """An article with everything that was found in it.

    Attributes:
        id: The article's id.
        title: The article's title.
        date: Date of publication, ISO 8601, or empty.
        text: The article's text.
        sentences: The coded sentences.
        error: Why the article could not be coded; None if it was.
    """

    id: str
    title: str
    date: str
    text: str
    sentences: tuple[Sentence, ...] = ()
    error: str | None = None

    @property
    def events(self) -> Iterator[Event]:
        """The events of all sentences, in the order of the text."""
        return (event for sentence in self.sentences for event in sentence.events)

    def to_dict(self) -> dict[str, Any]:
        """The document in the JSON shape; `error` is there only if there was one."""
        data: dict[str, Any] = {"id": self.id, "title": self.title, "date": self.date, "text": self.text}
        data["sentences"] = [sentence.to_dict() for sentence in self.sentences]
        return data if self.error is None else data | {"error": self.error}

    def to_json(self) -> str:
        """The document as one line of JSON."""
        return escape_surrogates(json.dumps(self.to_dict(), ensure_ascii=False))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Document:
        """Read a document in the JSON shape.

        Raises:
            KeyError: A field is missing.
        """
        sentences = tuple(Sentence.from_dict(sentence) for sentence in data["sentences"])
        return cls(data["id"], data["title"], data["date"], data["text"], sentences, data.get("error"))


def _with_score(data: dict[str, Any], score: float | None) -> dict[str, Any]:
    return data if score is None else data | {"score": score}


def expect_str(name: str, value: object) -> None:
    """Check that a value is text.

    Raises:
        TypeError: It is not.
    """
    if not isinstance(value, str):
        raise TypeError(f"{name} must be str, got {type(value).__name__}")
