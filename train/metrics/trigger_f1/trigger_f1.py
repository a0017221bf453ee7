"""Trigger F1 as an `evaluate` module: `evaluate.load("train/metrics/trigger_f1")`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import evaluate

from train.metrics.scoring import Item
from train.metrics.sentences import SPAN, TEXT, Sentences, score_sentences, sentence_features

_DESCRIPTION = "Strict micro F1 of triggers: Trig-C by span and event type, or Trig-I by span alone."
_INPUTS = "For each sentence a list of {start, end, type}; `typed=False` gives Trig-I."


class TriggerF1(evaluate.Metric):
    """Trigger F1."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation="",
            inputs_description=_INPUTS,
            features=sentence_features(SPAN | {"type": TEXT}),
        )

    def _compute(
        self,
        predictions: Sentences,
        references: Sentences,
        articles: Sequence[str] | None = None,
        *,
        typed: bool = True,
    ) -> dict[str, Any]:
        return score_sentences(
            predictions,
            references,
            articles,
            lambda number, span: Item(span["type"] if typed else "", (number, span["start"], span["end"])),
        )
