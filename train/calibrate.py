"""Fits temperatures and thresholds on development documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from conflictcoder.calibration import Calibration
from conflictcoder.decoding import Decoder, Outputs, log_softmax
from conflictcoder.document import Document
from conflictcoder.labels import LabelSpace
from train.features import WindowedDocument
from train.metrics.items import argument_items, event_type_items, mention_items, trigger_items
from train.metrics.scoring import Item, score

Predictions = Sequence[Sequence[Outputs]]

_TEMPERATURES = np.geomspace(0.3, 4.0, 53)
_THRESHOLDS = np.linspace(0.1, 0.9, 33)
_TOLERANCE = 0.002
_OUTSIDE_BIASES = np.linspace(-2.0, 1.0, 13)


def decode_documents(
    documents: Sequence[WindowedDocument],
    predictions: Predictions,
    labels: LabelSpace,
    calibration: Calibration,
) -> list[tuple[Document, Document]]:
    """Decode the outputs of documents with the shipped decoder.

    Returns:
        For each document the predicted and the gold one.
    """
    decoder = Decoder(labels, calibration)
    pairs = []
    for document, outputs in zip(documents, predictions, strict=True):
        gold = document.gold.document
        texts = [(sentence.text, sentence.start) for sentence in gold.sentences]
        sentences = decoder.decode(texts, document.sentences, document.windows, outputs)
        pairs.append((document.gold.comparable(replace(gold, sentences=sentences)), gold))
    return pairs


def fit_calibration(
    documents: Sequence[WindowedDocument], predictions: Predictions, labels: LabelSpace
) -> Calibration:
    """Fit temperatures by likelihood (Guo et al., 2017), then thresholds by F1.

    Args:
        documents: Development documents.
        predictions: The model's outputs for their windows.
        labels: What the model predicts.
    """
    calibration = Calibration()
    rows = _EventTypeRows(documents, predictions, labels)
    if len(rows.scores):
        calibration = replace(calibration, event_types_temperature=rows.temperature())

    def best(
        field: str, values: NDArray[np.float64], *functions: Callable[[Document], set[Item]]
    ) -> Calibration:
        """The calibration with the value of one field that gives the best mean F1."""

        def quality(value: float) -> float:
            trial = replace(calibration, **{field: float(value)})
            pairs = decode_documents(documents, predictions, labels, trial)
            return sum(
                score([(items(guess), items(truth)) for guess, truth in pairs]).f1 for items in functions
            )

        qualities = np.array([quality(value) for value in values])
        # The middle of what is as good, give or take an accident of few documents, not the best edge.
        chosen = np.median(values[qualities >= qualities.max() - _TOLERANCE])
        return replace(calibration, **{field: round(float(chosen), 4)})

    if "event_types" in labels.layers and not labels.ontology.exclusive_event_types:
        calibration = best("event_types_threshold", _THRESHOLDS, event_type_items)
    if labels.span_types:
        wanted = {"entities": mention_items, "events": trigger_items}
        functions = [items for layer, items in wanted.items() if layer in labels.layers]
        calibration = best("outside_bias", _OUTSIDE_BIASES, *functions)
    if "arguments" in labels.layers:
        calibration = best("arguments_threshold", _THRESHOLDS, argument_items)
    return calibration


class _EventTypeRows:
    """Scores and labels of all sentences whose event types are known."""

    def __init__(
        self, documents: Sequence[WindowedDocument], predictions: Predictions, labels: LabelSpace
    ) -> None:
        names = labels.ontology.event_types
        scores: list[NDArray[np.float32]] = []
        truths: list[list[bool]] = []
        known: list[list[bool]] = []
        for document, outputs in zip(documents, predictions, strict=True):
            if not {"event_types"} <= labels.layers & document.gold.layers:
                continue
            for window, arrays in zip(document.windows, outputs, strict=True):
                for row, piece in enumerate(window.pieces):
                    reported = document.gold.document.sentences[piece.sentence].event_types
                    scores.append(arrays["event_types"][row])
                    truths.append([name in {entry.type for entry in reported} for name in names])
                    known.append([document.gold.knows(name) for name in names])
        self.scores = np.array(scores, dtype=np.float32)
        self._known = np.array(known, dtype=np.bool_)
        self._truths = np.array(truths, dtype=np.bool_)
        self._exclusive = labels.ontology.exclusive_event_types

    def temperature(self) -> float:
        losses = [self._loss(self.scores / temperature) for temperature in _TEMPERATURES]
        return round(float(_TEMPERATURES[int(np.argmin(losses))]), 4)

    def _loss(self, scores: NDArray[np.float32]) -> float:
        if self._exclusive:
            return float(-log_softmax(scores)[self._truths].mean()) if self._truths.any() else 0.0
        losses = np.logaddexp(0, np.where(self._truths, -scores, scores))
        return float(losses[self._known].mean()) if self._known.any() else 0.0
