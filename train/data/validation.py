"""The rules that every labelled sentence keeps, whatever format it came in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from conflictcoder.ontology import Ontology

Plain = Mapping[str, Any]


class Problem(NamedTuple):
    """A broken rule.

    Attributes:
        item: Id of the mention or event at fault.
        message: What is wrong and what to do.
    """

    item: str
    message: str


def find_problems(sentence: Plain, ontology: Ontology, *, classified: bool = True) -> Iterator[Problem]:
    """Check one sentence in the JSON shape.

    Args:
        sentence: A sentence as DESIGN's JSON has it, types of the fields already right.
        ontology: The types and roles that are allowed.
        classified: Whether its event types are annotated, so that none means that it has none.

    Yields:
        Every broken rule, in the order of the text.
    """
    spans = sorted([*sentence["entities"], *sentence["events"]], key=lambda item: item["start"])
    yield from _span_problems(sentence["text"], spans)
    for mention in sentence["entities"]:
        if mention["type"] not in ontology.entity_types:
            yield Problem(mention["id"], _unknown("entity type", mention["type"], ontology.entity_types))
    types = {mention["id"]: mention["type"] for mention in sentence["entities"]}
    for event in sentence["events"]:
        yield from _event_problems(event, types, ontology)
    for entry in sentence["event_types"]:
        if entry["type"] not in ontology.event_types:
            yield Problem("", _unknown("event type", entry["type"], ontology.event_types))
    reported = {entry["type"]: None for entry in sentence["event_types"]}
    if classified and ontology.exclusive_event_types and len(reported) != 1:
        message = f"event types {', '.join(reported) or 'none'}: expected one, because the ontology says"
        yield Problem("", f"{message} exclusive_event_types; label one, or take that out of the ontology")


def _span_problems(text: str, spans: list[Plain]) -> Iterator[Problem]:
    seen: set[str] = set()
    end = 0
    for item in spans:
        label = item["id"]
        if label in seen:
            yield Problem(label, f"id {label!r} is used twice in the sentence; give each span its own")
        seen.add(label)
        start, stop = item["start"], item["end"]
        if not 0 <= start < stop <= len(text):
            message = f"span {start}..{stop} is empty or outside the sentence of {len(text)} characters"
            yield Problem(label, f"{message}; mark at least one character of it")
            continue
        if text[start:stop] != item["text"]:
            message = f"the sentence has {text[start:stop]!r} at {start}..{stop}, not {item['text']!r}"
            yield Problem(label, f"{message}; correct the offsets or the text")
        if text[start:stop].strip() != text[start:stop]:
            yield Problem(label, f"span {item['text']!r} begins or ends with a space; leave it outside")
        if start < end:
            yield Problem(label, f"span {item['text']!r} overlaps the span before it; keep one of the two")
        end = max(end, stop)


def _event_problems(event: Plain, types: Mapping[str, str], ontology: Ontology) -> Iterator[Problem]:
    label = event["id"]
    if event["type"] not in ontology.event_types:
        yield Problem(label, _unknown("event type", event["type"], ontology.event_types))
    if event["realis"] not in (ontology.realis or ("",)):
        yield Problem(label, _unknown("realis", event["realis"], ontology.realis))
    seen = set()
    for argument in event["arguments"]:
        role, mention = argument["role"], argument["entity"]
        if role not in ontology.roles:
            yield Problem(label, _unknown("role", role, ontology.roles))
        elif mention not in types:
            message = f"{role}={mention}: no mention of the sentence has the id {mention!r}"
            yield Problem(label, f"{message}; label the mention, or take the role out")
        elif not ontology.may_fill(role, types[mention]):
            expected = ", ".join(sorted(ontology.fillers[role]))
            yield Problem(
                label, f"{role}={mention}: a {types[mention]} cannot be {role}; expected one of {expected}"
            )
        if (role, mention) in seen:
            yield Problem(label, f"{role}={mention} is given twice; keep one")
        seen.add((role, mention))


def _unknown(kind: str, name: str, known: tuple[str, ...]) -> str:
    return f"unknown {kind} {name!r}; the ontology has {', '.join(known) or 'none'}"
