"""Finds labels that models which never saw them contradict, for people to look at again.

The self-confidence of a label, the probability that a model trained without its document gives it,
ranks likely mistakes (Northcutt, Jiang and Chuang, 2021, *Confident Learning*).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conflictcoder.coder import EventCoder
from conflictcoder.decoding import Outputs, log_softmax
from conflictcoder.labels import LabelSpace
from conflictcoder.tags import OUTSIDE, tag_names
from conflictcoder.windows import Window
from train.config import ConfigError, ExperimentConfig
from train.data.reading import load_corpus
from train.distillation import label_scores
from train.features import WindowedDocument, training_rows, window_documents
from train.fit import fit
from train.losses import IGNORED
from train.provenance import is_finished

Floats = NDArray[np.float32]


@dataclass(frozen=True, order=True)
class Doubt:
    """A label that a model contradicts.

    Attributes:
        confidence: Probability that the model gives to what it says instead.
        document: Id of the document.
        sentence: Number of the sentence, counted from 1.
        text: The words in question.
        label: What the label says.
        model: What the model says.
    """

    confidence: float
    document: str
    sentence: int
    text: str
    label: str
    model: str


def find_doubts(
    config: ExperimentConfig, sets: Sequence[str], folds: int, *, resume: bool = False
) -> list[Doubt]:
    """Train on all folds but one, in turn, and compare the labels of that one with the model.

    Args:
        config: The config; its teachers and what it starts from have no say, because they may have seen
            all the labels.
        sets: Sets whose documents are looked at; each is read by a model that neither trained on it
            nor chose its checkpoint by it.
        folds: How many folds.
        resume: Keep the folds that are trained.

    Returns:
        The doubts, most confident first.

    Raises:
        ConfigError: A set does not exist.
        OtherRunError: A fold that is trained was made with other settings or data.
    """
    corpus = load_corpus(config.data)
    unknown = [name for name in sets if name not in corpus.sets]
    if unknown:
        raise ConfigError(f"no set {unknown[0]!r}; the splits have {', '.join(corpus.sets)}")
    documents = [item for name in sets for item in corpus.sets[name]]
    alone = config.distillation.model_copy(update={"teachers": []})
    new = config.model.model_copy(update={"start": ""})
    doubts: list[Doubt] = []
    for fold in range(folds):
        held_out = documents[fold::folds]
        name = f"{config.name}-doubts/{'-'.join(sets)}-{fold + 1}-of-{folds}"
        run = config.model_copy(update={"name": name, "distillation": alone, "model": new})
        if not (resume and is_finished(run)):
            fit(run, overwrite=True, corpus=corpus.without({item.document.id for item in held_out}))
        coder = EventCoder.from_pretrained(run.run_folder)
        labels = coder.config.labels
        for document in window_documents(held_out, coder.encoder):
            rows = training_rows([document], labels)
            outputs = coder.runtime.run(document.windows)
            for window, row, arrays in zip(document.windows, rows, outputs, strict=True):
                doubts += _window_doubts(document, window, row, arrays, labels)
    return sorted(doubts, reverse=True)


def _window_doubts(
    document: WindowedDocument, window: Window, row: Mapping[str, Any], arrays: Outputs, labels: LabelSpace
) -> Iterator[Doubt]:
    scores = label_scores(arrays, row)
    place = _Places(document, window)
    if "spans" in scores:
        yield from _tag_doubts(place, row, scores["spans"], labels)
    if "event_types" in scores:
        answers = zip(window.pieces, row["event_types"], scores["event_types"], strict=True)
        for piece, truth, values in answers:
            yield from _event_type_doubts(place, piece.start, truth, values, labels)
    for (start, end, known), values in zip(row["triggers"], scores.get("realis", ()), strict=False):
        if known != IGNORED:
            names = [f"realis {name}" for name in labels.ontology.realis]
            yield from place.contradict_choice(start, end, known, values, names)
    for kept, values in zip(row["pairs"], scores.get("pairs", ()), strict=False):
        trigger, mention = row["triggers"][kept[0]], row["mentions"][kept[1]]
        for name, known, score in zip(labels.ontology.roles, kept[2:], values, strict=True):
            what = f"{name} of {place.words(*trigger[:2])!r}"
            said = (f"not {what}", what)
            yield from place.contradict(mention[0], mention[1], known, score, said)


def _tag_doubts(
    place: _Places, row: Mapping[str, Any], scores: Floats, labels: LabelSpace
) -> Iterator[Doubt]:
    """Doubts about words; a word that is O may be in a span of a type that was not annotated."""
    names = tag_names(labels.span_types)
    tags = np.array(row["spans"])
    unknown = np.concatenate([[False], np.repeat(row["unknown_types"], 2)])  # O, B-, I-, B-, …
    for position in np.flatnonzero(tags != IGNORED):
        values = scores[position].copy()
        if tags[position] == OUTSIDE:
            values[OUTSIDE] = np.logaddexp.reduce([values[OUTSIDE], *values[unknown]])
            values[unknown] = -np.inf
        yield from place.contradict_choice(int(position), None, int(tags[position]), values, names)


def _event_type_doubts(
    place: _Places, start: int, truth: Sequence[float], scores: Floats, labels: LabelSpace
) -> Iterator[Doubt]:
    """Doubts about what a sentence reports: about each type, or about the only one."""
    names = [f"reports {name}" for name in labels.ontology.event_types]
    if labels.ontology.exclusive_event_types:
        if IGNORED not in truth:
            yield from place.contradict_choice(start, None, int(np.argmax(truth)), scores, names)
        return
    for name, reports, known, score in zip(labels.ontology.event_types, names, truth, scores, strict=True):
        yield from place.contradict(start, None, known, score, (f"reports no {name}", reports))


class _Places:
    """Tells which words of which sentence a position in a window is."""

    def __init__(self, document: WindowedDocument, window: Window) -> None:
        self._document = document
        self._window = window

    def _find(self, position: int) -> tuple[int, int]:
        piece = next(piece for piece in reversed(self._window.pieces) if piece.positions.start <= position)
        return piece.sentence, piece.tokens.start + position - piece.positions.start

    def words(self, start: int, end: int | None) -> str:
        """The text from one position to before another, or of one word."""
        sentence, token = self._find(start)
        encoded = self._document.sentences[sentence]
        if end is None:
            later = np.flatnonzero(encoded.word_starts[token + 1 :])
            last = token + int(later[0]) if len(later) else len(encoded.ids) - 1
        else:
            last = token + end - start - 1
        text = self._document.gold.document.sentences[sentence].text
        return text[int(encoded.offsets[token, 0]) : int(encoded.offsets[last, 1])]

    def doubt(self, start: int, end: int | None, confidence: float, said: tuple[str, str]) -> Doubt:
        """A doubt about the words at a position."""
        sentence, _ = self._find(start)
        document = self._document.gold.document.id
        words = self.words(start, end)
        return Doubt(round(confidence, 4), document, sentence + 1, words, said[0], said[1])

    def contradict_choice(
        self, start: int, end: int | None, known: int, scores: Floats, names: Sequence[str]
    ) -> Iterator[Doubt]:
        """A doubt about one of several answers, if the model says another."""
        best = int(scores.argmax())
        if best != known:
            confidence = float(np.exp(log_softmax(scores)[best]))
            yield self.doubt(start, end, confidence, (names[known], names[best]))

    def contradict(
        self, start: int, end: int | None, known: float, score: float, said: tuple[str, str]
    ) -> Iterator[Doubt]:
        """A doubt about a yes or no, if the model says the other."""
        if known == IGNORED or (score > 0) == bool(known):
            return
        confidence = 1 / (1 + float(np.exp(-abs(score))))
        yield self.doubt(start, end, confidence, said if score > 0 else said[::-1])
