"""Turns a model's outputs into mentions, events and event types.

This is the only decoder: evaluation and inference both call it, with outputs of either runtime.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from conflictcoder.calibration import Calibration
from conflictcoder.document import Argument, Event, EventType, Mention, Sentence
from conflictcoder.labels import LabelSpace
from conflictcoder.tags import OUTSIDE, TaggedSpan, decode_spans, tag_count
from conflictcoder.windows import EncodedSentence, Piece, Window

Floats = NDArray[np.float32]
Outputs = Mapping[str, Floats]

_SCORE_DIGITS = 4


@dataclass
class _Findings:
    """What the pieces of one sentence gave so far."""

    mentions: list[Mention] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    type_probabilities: Floats | None = None


class Decoder:
    """Decodes the outputs of a model with a certain label space.

    Args:
        labels: What the outputs mean.
        calibration: Temperatures and thresholds.
    """

    def __init__(self, labels: LabelSpace, calibration: Calibration) -> None:
        self._labels = labels
        self._calibration = calibration
        ontology = labels.ontology
        self._may_fill = np.array(
            [[ontology.may_fill(role, kind) for role in ontology.roles] for kind in ontology.entity_types],
            dtype=np.bool_,
        ).reshape(len(ontology.entity_types), len(ontology.roles))

    def decode(
        self,
        texts: Sequence[tuple[str, int]],
        encoded: Sequence[EncodedSentence],
        windows: Sequence[Window],
        outputs: Iterable[Outputs],
    ) -> tuple[Sentence, ...]:
        """Decode one document.

        Args:
            texts: Text and start of every sentence.
            encoded: Its tokens.
            windows: The windows that the sentences were packed into.
            outputs: For every window, arrays without a batch axis: `spans` (tokens, tags),
                `event_types` (pieces, types), `realis` (tokens, values), `triggers` (tokens, roles,
                size) and `mentions` (tokens, size). Heads that the model lacks are missing. They
                are taken one by one and not kept.

        Returns:
            All sentences, in their order.
        """
        findings = [_Findings() for _ in texts]
        for window, arrays in zip(windows, outputs, strict=True):
            for row, piece in enumerate(window.pieces):
                text = texts[piece.sentence][0]
                found = findings[piece.sentence]
                self._decode_spans(text, encoded[piece.sentence], piece, arrays, found)
                if "event_types" in arrays:
                    probabilities = self._type_probabilities(arrays["event_types"][row])
                    before = found.type_probabilities
                    both = probabilities if before is None else np.maximum(before, probabilities)
                    found.type_probabilities = both
        return tuple(
            Sentence(text, start, tuple(found.mentions), tuple(found.events), self._choose_types(found))
            for (text, start), found in zip(texts, findings, strict=True)
        )

    def _decode_spans(
        self, text: str, sentence: EncodedSentence, piece: Piece, arrays: Outputs, found: _Findings
    ) -> None:
        if "spans" not in arrays:
            return
        words = np.flatnonzero(sentence.word_starts[piece.tokens])
        if not len(words) or words[0] != 0:
            words = np.concatenate([[0], words]).astype(np.intp)
        scores = arrays["spans"][piece.positions][words] / self._calibration.spans_temperature
        bounds = np.append(words, piece.tokens.stop - piece.tokens.start)
        offsets = sentence.offsets[piece.tokens]
        mentions: list[tuple[Mention, slice]] = []
        triggers: list[tuple[Event, slice]] = []
        # The biases decide, and the scores stay the calibrated probabilities.
        for span in decode_spans(log_softmax(scores), self._outside_biases(scores)):
            tokens = slice(int(bounds[span.start]), int(bounds[span.end]))
            start, end = _strip(text, int(offsets[tokens][0, 0]), int(offsets[tokens][-1, 1]))
            if start < end:
                self._add_span(span, tokens, text, (start, end), mentions, triggers, found)
        events = self._link(mentions, triggers, piece, arrays)
        found.mentions += [mention for mention, _ in mentions]
        found.events += events

    def _outside_biases(self, scores: Floats) -> Floats:
        """What is added to each word's score of O: that of mentions or of triggers, whichever is likelier.

        Between the two the scores alone decide, so that a word that is too doubtful for a mention
        does not become a trigger instead.
        """
        mentions, triggers = self._calibration.outside_bias, self._calibration.triggers_outside_bias
        if triggers is None or not self._labels.mention_types or not self._labels.trigger_types:
            shared = mentions if triggers is None or self._labels.mention_types else triggers
            return np.full(len(scores), shared, dtype=np.float32)
        first = tag_count(len(self._labels.mention_types))
        likelier = scores[:, first:].max(axis=1) > scores[:, OUTSIDE + 1 : first].max(axis=1)
        return np.where(likelier, triggers, mentions).astype(np.float32)

    def _add_span(
        self,
        span: TaggedSpan,
        tokens: slice,
        text: str,
        bounds: tuple[int, int],
        mentions: list[tuple[Mention, slice]],
        triggers: list[tuple[Event, slice]],
        found: _Findings,
    ) -> None:
        name = self._labels.span_types[span.label]
        score = round(span.score, _SCORE_DIGITS)
        start, end = bounds
        if span.label < len(self._labels.mention_types):
            number = len(found.mentions) + len(mentions) + 1
            mention = Mention(f"m{number}", name, start, end, text[start:end], score)
            mentions.append((mention, tokens))
        else:
            number = len(found.events) + len(triggers) + 1
            triggers.append((Event(f"e{number}", name, "", start, end, text[start:end], (), score), tokens))

    def _link(
        self,
        mentions: list[tuple[Mention, slice]],
        triggers: list[tuple[Event, slice]],
        piece: Piece,
        arrays: Outputs,
    ) -> list[Event]:
        """Give the triggers of a piece their realis, and their arguments in the order of the roles."""
        arguments: list[list[Argument]] = [[] for _ in triggers]
        if "triggers" in arrays and mentions and triggers:
            roles = self._labels.ontology.roles
            types = [self._labels.mention_types.index(mention.type) for mention, _ in mentions]
            scores = argument_scores(
                _pooled(arrays["triggers"], triggers, piece), _pooled(arrays["mentions"], mentions, piece)
            )
            probabilities = sigmoid(scores / self._calibration.arguments_temperature)
            if self._calibration.joint_arguments:
                events = np.array([event.score for event, _ in triggers], dtype=np.float32)
                probabilities *= events[:, None, None]
            chosen = (probabilities >= self._calibration.arguments_threshold) & self._may_fill[types]
            for number, role, mention in np.argwhere(chosen.swapaxes(1, 2)).tolist():
                score = round(float(probabilities[number, mention, role]), _SCORE_DIGITS)
                arguments[number].append(Argument(roles[role], mentions[mention][0], score))
        return [
            replace(event, realis=self._realis(arrays, piece, tokens), arguments=tuple(own))
            for (event, tokens), own in zip(triggers, arguments, strict=True)
        ]

    def _realis(self, arrays: Outputs, piece: Piece, tokens: slice) -> str:
        if "realis" not in arrays:
            return ""
        value = int(arrays["realis"][piece.positions][tokens].mean(axis=0).argmax())
        return self._labels.ontology.realis[value]

    def _type_probabilities(self, scores: Floats) -> Floats:
        scores = scores / self._calibration.event_types_temperature
        if self._labels.ontology.exclusive_event_types:
            return np.exp(log_softmax(scores))
        return sigmoid(scores)

    def _choose_types(self, found: _Findings) -> tuple[EventType, ...]:
        probabilities = found.type_probabilities
        if probabilities is None:
            return ()
        if self._labels.ontology.exclusive_event_types:
            chosen = [int(probabilities.argmax())]
        else:
            chosen = np.flatnonzero(probabilities >= self._calibration.event_types_threshold).tolist()
        names = self._labels.ontology.event_types
        return tuple(
            EventType(names[number], round(float(probabilities[number]), _SCORE_DIGITS)) for number in chosen
        )


def argument_scores(trigger: Floats, mentions: Floats) -> Floats:
    """Score every mention in every role of one event or of several.

    Args:
        trigger: float32 of shape (…, roles, size): the trigger's projection for each role.
        mentions: float32 of shape (mentions, size).

    Returns:
        float32 of shape (…, mentions, roles); positive means that the mention fills the role.
    """
    return mentions @ trigger.swapaxes(-1, -2)


def log_softmax(scores: Floats) -> Floats:
    """Logarithm of the softmax over the last axis."""
    shifted = scores - scores.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)), dtype=np.float32)


def sigmoid(scores: Floats) -> Floats:
    """The logistic function, safe for any finite score."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * scores)), dtype=np.float32)


def _pooled(states: Floats, spans: Sequence[tuple[Mention | Event, slice]], piece: Piece) -> Floats:
    """Mean state of each span's tokens: float32 of shape (spans, …)."""
    own = states[piece.positions]
    # Cheaper than `mean`, whose overhead is more than the sum of a few tokens.
    means = [
        np.add.reduce(own[tokens], axis=0) / np.float32(tokens.stop - tokens.start) for _, tokens in spans
    ]
    return np.stack(means)


def _strip(text: str, start: int, end: int) -> tuple[int, int]:
    """Take white space off a span's ends."""
    inner = text[start:end]
    start += len(inner) - len(inner.lstrip())
    return start, start + len(inner.strip())
