"""What an evaluation learns from a model's scores: calibration, curves and operating points."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from conflictcoder.calibration import BALANCED, OPERATING_POINTS, Calibration
from conflictcoder.decoding import Outputs
from conflictcoder.labels import LabelSpace
from train.calibrate import decode_documents
from train.features import WindowedDocument
from train.head_scores import collect_head_scores
from train.metrics.calibration_error import (
    BINS,
    ReliabilityBin,
    expected_calibration_error,
    reliability_bins,
)
from train.metrics.curves import TOLD_THRESHOLDS, Candidates, Curve
from train.metrics.items import (
    argument_items,
    argument_scores,
    event_type_items,
    event_type_scores,
    mention_items,
    mention_scores,
    trigger_items,
    trigger_scores,
)
from train.metrics.scoring import LabelScore

Stage = Literal["before", "after"]

_FOUND_SCORES = {
    "mentions": ("entities", mention_scores),
    "triggers": ("events", trigger_scores),
    "found_arguments": ("arguments", argument_scores),
}
_CANDIDATE_SCORES = {"event_types": event_type_scores, "arguments": argument_scores}
_POINT_ITEMS = {
    "entity_f1": ("entities", mention_items),
    "event_type_f1": ("event_types", event_type_items),
    "trig_c": ("events", trigger_items),
    "arg_c": ("arguments", argument_items),
}
_JUDGED = {
    "mentions": "mentions found: span and type",
    "triggers": "triggers found: span and type",
    "found_arguments": "arguments found: event type, role and span",
    "event_types": "every event type of every sentence",
    "arguments": "every role that a gold mention may fill in a gold event",
    "realis": "the likelier realis of every gold trigger",
}


class Evidence:
    """Collects scores document by document; their outputs need not be kept.

    Args:
        labels: What the model predicts.
        calibration: The checkpoint's.
    """

    def __init__(self, labels: LabelSpace, calibration: Calibration) -> None:
        self._labels = labels
        self._calibration = calibration
        self._judged: dict[tuple[str, Stage], list[tuple[NDArray[Any], NDArray[Any]]]] = defaultdict(list)
        self._candidates = {layer: Candidates() for layer in _CANDIDATE_SCORES if layer in labels.layers}
        points = [
            name for name in OPERATING_POINTS if name == BALANCED or name in calibration.operating_points
        ]
        self._points = {name: calibration.at(name) for name in points}
        self._counts: dict[tuple[str, str], NDArray[np.int64]] = {}

    @property
    def calibration(self) -> Calibration:
        """The checkpoint's calibration."""
        return self._calibration

    def add(self, document: WindowedDocument, outputs: Sequence[Outputs]) -> None:
        """Take the outputs for the windows of a gold document."""
        self._judge_found(document, outputs)
        self._judge_heads(document, outputs)
        everything = replace(self._calibration, event_types_threshold=0.0, arguments_threshold=0.0)
        ((predicted, gold),) = decode_documents([document], [outputs], self._labels, everything)
        for layer, candidates in self._candidates.items():
            if layer in document.gold.layers:
                scores = _CANDIDATE_SCORES[layer]
                candidates.add(scores(predicted), scores(gold))
        for point, calibration in self._points.items():
            ((predicted, gold),) = decode_documents([document], [outputs], self._labels, calibration)
            for name, (layer, items) in _POINT_ITEMS.items():
                if layer in self._labels.layers & document.gold.layers:
                    guess, truth = items(predicted), items(gold)
                    counts = np.array([len(guess & truth), len(guess), len(truth)])
                    self._counts[point, name] = self._counts.get((point, name), 0) + counts

    def reliability(self) -> dict[str, dict[Stage, tuple[ReliabilityBin, ...]]]:
        """The bins of each head's reliability diagram, before and after calibration."""
        found: dict[str, dict[Stage, tuple[ReliabilityBin, ...]]] = {}
        for (head, stage), parts in self._judged.items():
            confidences, correct = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
            if len(confidences):
                found.setdefault(head, {})[stage] = reliability_bins(confidences, correct)
        return {head: found[head] for head in _JUDGED if len(found.get(head, {})) == len(("before", "after"))}

    def curves(self) -> dict[str, dict[str, Curve]]:
        """Precision and recall over all thresholds, of each event type and each role."""
        return {layer: candidates.curves() for layer, candidates in self._candidates.items()}

    def points(self) -> dict[str, dict[str, LabelScore]]:
        """Counts of each metric at each operating point."""
        found: dict[str, dict[str, LabelScore]] = {}
        for (point, name), counts in self._counts.items():
            found.setdefault(point, {})[name] = LabelScore(*counts.tolist())
        return found

    def to_dict(self) -> dict[str, Any]:
        """What metrics.json holds of it."""
        calibration = self._calibration
        heads = {
            head: {
                "judged": _JUDGED[head],
                "items": sum(entry.items for entry in stages["after"]),
                "ece_before": round(expected_calibration_error(stages["before"]), 4),
                "ece_after": round(expected_calibration_error(stages["after"]), 4),
            }
            for head, stages in self.reliability().items()
        }
        temperatures = {
            name.removesuffix("_temperature"): value
            for name, value in calibration.to_dict().items()
            if name.endswith("_temperature")
        }
        return {
            "calibration": {
                "ece": f"expected calibration error over {BINS} bins of equal width (Guo et al., 2017)",
                "temperatures": temperatures,
                "heads": heads,
            },
            "operating_points": {
                point: {
                    name: {
                        "precision": round(counts.precision, 4),
                        "recall": round(counts.recall, 4),
                        "f1": round(counts.f1, 4),
                    }
                    for name, counts in by_metric.items()
                }
                for point, by_metric in self.points().items()
            },
            "curves": {
                "thresholds": list(TOLD_THRESHOLDS),
                **{
                    layer: {label: curve.to_dict() for label, curve in curves.items()}
                    for layer, curves in self.curves().items()
                },
            },
        }

    def _judge_found(self, document: WindowedDocument, outputs: Sequence[Outputs]) -> None:
        """Judge the mentions, triggers and arguments found, with and without temperatures."""
        stages: dict[Stage, Calibration] = {
            "before": self._calibration.without_temperatures(),
            "after": self._calibration,
        }
        for stage, calibration in stages.items():
            ((predicted, gold),) = decode_documents([document], [outputs], self._labels, calibration)
            for head, (layer, scores) in _FOUND_SCORES.items():
                if layer in self._labels.layers & document.gold.layers:
                    found, truth = scores(predicted), set(scores(gold))
                    confidences = np.clip(np.array(list(found.values()), dtype=np.float64), 0.0, 1.0)
                    correct = np.array([item in truth for item in found], dtype=np.bool_)
                    self._judged[head, stage].append((confidences, correct))

    def _judge_heads(self, document: WindowedDocument, outputs: Sequence[Outputs]) -> None:
        """Judge the other heads on gold spans, so that each answers for itself alone."""
        for head, scores in collect_head_scores([document], [outputs], self._labels).items():
            if head != "spans":
                temperature = getattr(self._calibration, f"{head}_temperature")
                self._judged[head, "before"].append(scores.confidences(1.0))
                self._judged[head, "after"].append(scores.confidences(temperature))
