"""Realis accuracy as an `evaluate` module: `evaluate.load("train/metrics/realis_accuracy")`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import evaluate

from train.metrics.sentences import SPAN, TEXT, Sentences, sentence_features

_DESCRIPTION = "Share of the triggers found, by span and type, whose realis is right."
_INPUTS = "For each sentence a list of {start, end, type, realis}."


class RealisAccuracy(evaluate.Metric):
    """Realis accuracy."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation="",
            inputs_description=_INPUTS,
            features=sentence_features(SPAN | {"type": TEXT, "realis": TEXT}),
        )

    def _compute(
        self,
        predictions: Sentences,
        references: Sentences,
        articles: Sequence[str] | None = None,
    ) -> dict[str, Any]:
        del articles  # a share of triggers, not of articles
        correct = found = 0
        for guess, truth in zip(predictions, references, strict=True):
            gold = {(event["start"], event["end"], event["type"]): event["realis"] for event in truth}
            for event in guess:
                realis = gold.get((event["start"], event["end"], event["type"]))
                found += realis is not None
                correct += realis == event["realis"]
        return {"accuracy": correct / found if found else 0.0, "correct": correct, "found": found}
