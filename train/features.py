"""Turns labelled documents into training windows: token ids with the labels of every head."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from conflictcoder.document import Sentence
from conflictcoder.labels import LabelSpace
from conflictcoder.tags import OUTSIDE, begin_tag, inside_tag
from conflictcoder.windows import EncodedSentence, Piece, Window, WindowEncoder
from train.labelled import LabelledDocument
from train.losses import IGNORED


@dataclass(frozen=True)
class WindowedDocument:
    """A document ready for the encoder.

    Attributes:
        gold: The labelled document.
        sentences: Its tokens.
        windows: Its windows.
    """

    gold: LabelledDocument
    sentences: list[EncodedSentence]
    windows: list[Window]


@dataclass
class _WindowLabels:
    spans: list[int]
    event_types: list[list[float]] = field(default_factory=list)
    triggers: list[list[int]] = field(default_factory=list)
    mentions: list[list[int]] = field(default_factory=list)
    pairs: list[list[int]] = field(default_factory=list)


def window_documents(documents: Iterable[LabelledDocument], encoder: WindowEncoder) -> list[WindowedDocument]:
    """Tokenize documents and pack them into windows."""
    windowed = []
    for gold in documents:
        sentences = [encoder.encode(sentence.text) for sentence in gold.document.sentences]
        windowed.append(WindowedDocument(gold, sentences, encoder.pack(sentences)))
    return windowed


def training_rows(documents: Sequence[WindowedDocument], labels: LabelSpace) -> list[dict[str, Any]]:
    """Make one row a window.

    Args:
        documents: Documents in windows.
        labels: What the model predicts.

    Returns:
        Rows for `WindowCollator`; `length` is the number of tokens, `window` the row's number.
    """
    rows: list[dict[str, Any]] = []
    for document in documents:
        for window in document.windows:
            found = _label_window(document, window, labels)
            unknown = [not document.gold.knows(name) for name in labels.span_types]
            rows.append(
                {
                    "input_ids": window.input_ids.tolist(),
                    "pieces": [[piece.positions.start, piece.positions.stop] for piece in window.pieces],
                    "length": len(window.input_ids),
                    "window": len(rows),
                    "spans": found.spans,
                    "unknown_types": unknown,
                    "event_types": found.event_types,
                    "triggers": found.triggers,
                    "mentions": found.mentions,
                    "pairs": found.pairs,
                }
            )
    return rows


def _label_window(document: WindowedDocument, window: Window, labels: LabelSpace) -> _WindowLabels:
    found = _WindowLabels([IGNORED] * len(window.input_ids))
    for piece in window.pieces:
        sentence = document.gold.document.sentences[piece.sentence]
        _label_piece(sentence, document.sentences[piece.sentence], piece, document.gold, labels, found)
    return found


def _label_piece(
    sentence: Sentence,
    encoded: EncodedSentence,
    piece: Piece,
    gold: LabelledDocument,
    labels: LabelSpace,
    found: _WindowLabels,
) -> None:
    if "event_types" in labels.layers:
        reported = {item.type for item in sentence.event_types}
        known = "event_types" in gold.layers and (reported or not labels.ontology.exclusive_event_types)
        found.event_types.append(
            [
                float(name in reported) if known and gold.knows(name) else IGNORED
                for name in labels.ontology.event_types
            ]
        )
    if not ({"entities", "events"} & labels.layers <= gold.layers):
        return  # a token that is O in the annotated layer may be a span of the other one
    for position in piece.start + np.flatnonzero(encoded.word_starts[piece.tokens]):
        found.spans[position] = OUTSIDE
    mention_numbers = _label_mentions(sentence, encoded, piece, labels, found)
    if "events" in labels.layers:
        _label_events(sentence, encoded, piece, gold, labels, found, mention_numbers)


def _label_mentions(
    sentence: Sentence, encoded: EncodedSentence, piece: Piece, labels: LabelSpace, found: _WindowLabels
) -> dict[str, int]:
    """Label the mentions of a piece.

    Returns:
        The number in the window of each mention, by its id.
    """
    numbers: dict[str, int] = {}
    for mention in sentence.entities if "entities" in labels.layers else ():
        span = _token_span(encoded, piece, mention.start, mention.end)
        if span:
            _tag(found.spans, span, labels.mention_types.index(mention.type))
            numbers[mention.id] = len(found.mentions)
            found.mentions.append(list(span))
    return numbers


def _label_events(
    sentence: Sentence,
    encoded: EncodedSentence,
    piece: Piece,
    gold: LabelledDocument,
    labels: LabelSpace,
    found: _WindowLabels,
    mention_numbers: dict[str, int],
) -> None:
    realis = labels.ontology.realis if "realis" in labels.layers & gold.layers else ()
    linked = "arguments" in labels.layers & gold.layers
    for event in sentence.events:
        span = _token_span(encoded, piece, event.start, event.end)
        if not span:
            continue
        label = len(labels.mention_types) + labels.trigger_types.index(event.type)
        _tag(found.spans, span, label)
        found.triggers.append([*span, realis.index(event.realis) if realis else IGNORED])
        roles = {(argument.entity, argument.role) for argument in event.arguments}
        for mention_id, number in mention_numbers.items() if linked else ():
            filled = [int((mention_id, role) in roles) for role in labels.ontology.roles]
            found.pairs.append([len(found.triggers) - 1, number, *filled])


def _token_span(encoded: EncodedSentence, piece: Piece, start: int, end: int) -> tuple[int, int] | None:
    """Positions in the window of the words that a character span touches, if it has any here."""
    offsets = encoded.offsets[piece.tokens]
    touched = np.flatnonzero((offsets[:, 0] < end) & (offsets[:, 1] > start))
    if not len(touched):
        return None
    starts = np.append(np.flatnonzero(encoded.word_starts[piece.tokens]), len(offsets))
    first = max((word for word in starts if word <= touched[0]), default=0)
    last = min(word for word in starts if word > touched[-1])
    return piece.start + int(first), piece.start + int(last)


def _tag(tags: list[int], span: tuple[int, int], label: int) -> None:
    first = True
    for position in range(*span):
        if tags[position] != IGNORED:
            tags[position] = begin_tag(label) if first else inside_tag(label)
            first = False
