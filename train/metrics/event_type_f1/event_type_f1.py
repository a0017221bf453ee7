"""Event-type F1 as an `evaluate` module: `evaluate.load("train/metrics/event_type_f1")`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import evaluate

from train.metrics.scoring import Item
from train.metrics.sentences import TEXT, Sentences, score_sentences, sentence_features

_DESCRIPTION = "Micro F1 of the set of event types that each sentence reports as actual."
_INPUTS = "For each sentence a list of event types; `articles` names each sentence's article."


class EventTypeF1(evaluate.Metric):
    """Event-type F1."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation="",
            inputs_description=_INPUTS,
            features=sentence_features(TEXT),
        )

    def _compute(
        self,
        predictions: Sentences,
        references: Sentences,
        articles: Sequence[str] | None = None,
    ) -> dict[str, Any]:
        return score_sentences(predictions, references, articles, lambda number, name: Item(name, (number,)))
