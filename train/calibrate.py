"""Fits temperatures, thresholds and biases on development documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from conflictcoder.calibration import BALANCED, Calibration, OperatingPoint
from conflictcoder.decoding import Decoder, Outputs
from conflictcoder.document import Document
from conflictcoder.labels import LabelSpace
from train.features import WindowedDocument
from train.head_scores import collect_head_scores
from train.metrics.curves import Candidates
from train.metrics.items import (
    argument_items,
    argument_scores,
    event_type_items,
    event_type_scores,
    mention_items,
    trigger_items,
)
from train.metrics.scoring import LabelScore, score

Predictions = Sequence[Sequence[Outputs]]

_THRESHOLDS = np.linspace(0.05, 0.95, 37)
_OUTSIDE_BIASES = np.linspace(-4.0, 4.0, 33)
_TOLERANCE = 0.005  # F-beta that some hundred development sentences cannot tell apart
# F-beta that an operating point maximises: recall counts beta times as much as precision.
_BETAS = {BALANCED: 1.0, "precision": 0.5, "recall": 2.0}


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
    """Fit the temperature of every head by likelihood (Guo et al., 2017), then the operating points.

    The balanced point has the best F1 of each decision, the others the best F0.5 and F2 among what is
    at least as strict, or as lenient, as the balanced one. Of values that the documents cannot tell
    apart, the one that favours least is taken: over sets of 37 and 36 reports, fitted on one and measured
    on the other, that gave a mean F1 of 0.705 and 0.685, and the very maximum 0.697 and 0.685.

    Args:
        documents: Development documents.
        predictions: The model's outputs for their windows.
        labels: What the model predicts.
    """
    temperatures = fit_temperatures(documents, predictions, labels)
    calibration = Calibration(**temperatures, joint_arguments=True)
    sample = _Sample(documents, predictions, labels)
    points = {name: OperatingPoint() for name in _BETAS}
    for field, values, counts in [
        *_sweep_event_types(sample, calibration),
        *_sweep_spans(sample, calibration),
    ]:
        chosen = _choose(values, [counts] * len(_BETAS))
        points = {name: replace(point, **{field: chosen[name]}) for name, point in points.items()}
    if "arguments" in labels.layers:
        # Which arguments there are to choose from depends on the spans that a point finds.
        trials = [replace(calibration, **asdict(point)) for point in points.values()]
        chosen = _choose(_THRESHOLDS, [_sweep_arguments(sample, trial) for trial in trials])
        points = {name: replace(point, arguments_threshold=chosen[name]) for name, point in points.items()}
    balanced = points.pop(BALANCED)
    return replace(calibration, **asdict(balanced), operating_points=points)


def fit_temperatures(
    documents: Sequence[WindowedDocument], predictions: Predictions, labels: LabelSpace
) -> dict[str, float]:
    """The likeliest temperature of each head that the model has, by its name in `Calibration`."""
    heads = collect_head_scores(documents, predictions, labels)
    return {f"{name}_temperature": head.fit_temperature() for name, head in heads.items()}


@dataclass(frozen=True)
class _Sample:
    """Development documents with their outputs."""

    documents: Sequence[WindowedDocument]
    predictions: Predictions
    labels: LabelSpace

    def decode(
        self, layer: str, calibration: Calibration, *, only: str | None = None
    ) -> list[tuple[Document, Document]]:
        """Decode the documents whose layer is labelled, on request from the outputs of one head."""
        chosen = [
            (document, outputs if only is None else [{only: arrays[only]} for arrays in outputs])
            for document, outputs in zip(self.documents, self.predictions, strict=True)
            if layer in document.gold.layers
        ]
        return decode_documents(
            [document for document, _ in chosen], [outputs for _, outputs in chosen], self.labels, calibration
        )


# A field of OperatingPoint, its values from lenient to strict, and the counts at each.
_Sweep = tuple[str, NDArray[np.float64], list[LabelScore]]


def _sweep_event_types(sample: _Sample, calibration: Calibration) -> list[_Sweep]:
    labels = sample.labels
    if "event_types" not in labels.layers or labels.ontology.exclusive_event_types:
        return []
    candidates = Candidates()
    everything = replace(calibration, event_types_threshold=0.0)
    for predicted, gold in sample.decode("event_types", everything, only="event_types"):
        candidates.add(event_type_scores(predicted), event_type_items(gold))
    counts = [candidates.counts(threshold) for threshold in _THRESHOLDS]
    return [("event_types_threshold", _THRESHOLDS, counts)]


def _sweep_spans(sample: _Sample, calibration: Calibration) -> list[_Sweep]:
    """Mentions and triggers at the same biases: neither decides on what the other one finds."""
    kinds = [
        ("entities", "outside_bias", mention_items),
        ("events", "triggers_outside_bias", trigger_items),
    ]
    sweeps: list[_Sweep] = []
    for layer, field, items in kinds:
        if layer in sample.labels.layers:
            counts: list[LabelScore] = []
            for bias in _OUTSIDE_BIASES:
                trial = replace(calibration, outside_bias=float(bias))
                found = [(items(a), items(b)) for a, b in sample.decode(layer, trial, only="spans")]
                counts.append(score(found, interval=False))
            sweeps.append((field, _OUTSIDE_BIASES, counts))
    return sweeps


def _sweep_arguments(sample: _Sample, calibration: Calibration) -> list[LabelScore]:
    candidates = Candidates()
    for predicted, gold in sample.decode("arguments", replace(calibration, arguments_threshold=0.0)):
        candidates.add(argument_scores(predicted), argument_items(gold))
    return [candidates.counts(threshold) for threshold in _THRESHOLDS]


def _choose(values: NDArray[np.float64], sweeps: Sequence[Sequence[LabelScore]]) -> dict[str, float]:
    """The value of each operating point.

    Args:
        values: Values to choose from, from lenient to strict; the middle one favours nothing.
        sweeps: For each point, in the order of `_BETAS`, the counts at every value.
    """
    chosen: dict[str, int] = {}
    allowed = range(len(values))
    for (name, beta), counts in zip(_BETAS.items(), sweeps, strict=True):
        if name != BALANCED:
            middle = chosen[BALANCED]
            allowed = range(middle, len(values)) if name == "precision" else range(middle + 1)
        qualities = [counts[number].f_beta(beta) for number in allowed]
        distances = np.abs(values[allowed.start : allowed.stop] - np.median(values))
        chosen[name] = allowed.start + _best(qualities, distances)
    return {name: round(float(values[number]), 4) for name, number in chosen.items()}


def _best(qualities: Sequence[float], distances: NDArray[np.float64]) -> int:
    """Number of the value with the best quality; of those as good, the one nearest to the middle."""
    good = np.flatnonzero(np.array(qualities) >= max(qualities) - _TOLERANCE)
    return int(good[distances[good].argmin()])
