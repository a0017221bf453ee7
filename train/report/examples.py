"""Chooses sentences that show what a model gets right and wrong, and prepares them for drawing."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conflictcoder.document import Document, Sentence
from conflictcoder.labels import LabelSpace
from conflictcoder.tables import type_label
from train.evaluation import find_errors
from train.report.arcs import Link, Picture, Span, lay_out

_RIGHT, _WRONG_OF_A_KIND = 6, 3
_KINDS = ("mention", "trigger", "argument", "event type")
_LONGEST = 400  # characters; longer sentences are hard to read as a picture
_SEED = 0
# Tints of the colours of Okabe and Ito (2008) and two more; every span has its label too.
_COLOURS = (
    "#9fd0ee",
    "#f6d08a",
    "#8fd9c1",
    "#f0b48f",
    "#dfb3cd",
    "#f3ec9b",
    "#b7c4e6",
    "#cfcfcf",
    "#d8c3a0",
    "#c5e39a",
)
_TRIGGER_COLOUR = "#ffffff"


@dataclass(frozen=True)
class Example:
    """A sentence as it should be coded and as it was.

    Attributes:
        document: Id of its document.
        number: 1-based number in it.
        gold: The gold annotation.
        predicted: The model's answer.
        gold_types: Event types that it reports.
        predicted_types: Those that the model says, with their probability.
        missed: What is missed, in words.
        spurious: What is made up.
    """

    document: str
    number: int
    gold: Picture
    predicted: Picture
    gold_types: str
    predicted_types: str
    missed: Sequence[str]
    spurious: Sequence[str]


def choose_examples(
    pairs: Sequence[tuple[Document, Document]], labels: LabelSpace
) -> tuple[list[Example], list[Example]]:
    """Draw sentences by lot, the same ones each time.

    Args:
        pairs: For each article the predicted and the gold document.
        labels: What the model predicts.

    Returns:
        Right sentences that have an event or at least a mention, and wrong ones: a few of each kind of
        mistake.
    """
    errors = {(error["document"], error["sentence"]): error for error in find_errors(pairs, labels)}
    sentences = [
        (gold.id, number, truth, guess)
        for predicted, gold in pairs
        for number, (truth, guess) in enumerate(zip(gold.sentences, predicted.sentences, strict=True), 1)
        if len(truth.text) <= _LONGEST
    ]
    random.Random(_SEED).shuffle(sentences)
    right = [item for item in sentences if item[:2] not in errors and (item[2].entities or item[2].events)]
    right.sort(key=lambda item: not item[2].events)
    wrong: list[tuple[str, int, Sentence, Sentence]] = []
    for kind in _KINDS:
        fitting = [
            item
            for item in sentences
            if item[:2] in errors and item not in wrong and _has(errors[item[:2]], kind)
        ]
        wrong += fitting[:_WRONG_OF_A_KIND]
    return (
        [_example(item, {}, labels) for item in right[:_RIGHT]],
        [_example(item, errors[item[:2]], labels) for item in wrong],
    )


def _has(error: Mapping[str, Any], kind: str) -> bool:
    return any(line.startswith(f"{kind} ") for line in [*error["missed"], *error["spurious"]])


def _example(
    item: tuple[str, int, Sentence, Sentence], error: Mapping[str, Any], labels: LabelSpace
) -> Example:
    document, number, gold, predicted = item
    return Example(
        document,
        number,
        _draw(gold, predicted, labels),
        _draw(predicted, gold, labels),
        ", ".join(entry.type for entry in gold.event_types),
        ", ".join(
            entry.type if entry.score is None else f"{entry.type} {entry.score:.2f}"
            for entry in predicted.event_types
        ),
        error.get("missed", ()),
        error.get("spurious", ()),
    )


def _draw(sentence: Sentence, other: Sentence, labels: LabelSpace) -> Picture:
    """Lay a sentence out, with what the other annotation lacks marked."""
    colours = {name: _COLOURS[number % len(_COLOURS)] for number, name in enumerate(labels.mention_types)}
    known = {(mention.type, mention.start, mention.end) for mention in other.entities}
    known_events = {(event.type, event.start, event.end) for event in other.events}
    known_links = {
        (event.type, argument.role, argument.mention.start, argument.mention.end)
        for event in other.events
        for argument in event.arguments
    }
    spans: dict[tuple[bool, str], Span] = {}
    for mention in sentence.entities:
        spans[False, mention.id] = Span(
            mention.start,
            mention.end,
            mention.type,
            colours.get(mention.type, _COLOURS[-1]),
            trigger=False,
            wrong=(mention.type, mention.start, mention.end) not in known,
        )
    links = []
    for event in sentence.events:
        key = (event.type, event.start, event.end)
        label = type_label(event, labels.ontology)
        trigger = Span(
            event.start, event.end, label, _TRIGGER_COLOUR, trigger=True, wrong=key not in known_events
        )
        spans[True, event.id] = trigger
        for argument in event.arguments:
            link = (event.type, argument.role, argument.mention.start, argument.mention.end)
            mention = spans[False, argument.mention.id]
            links.append(Link(trigger, mention, argument.role, wrong=link not in known_links))
    return lay_out(sentence.text, list(spans.values()), links)
