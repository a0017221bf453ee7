"""Realis accuracy as an `evaluate` module: `evaluate.load("train/metrics/realis_accuracy")`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import evaluate

from train.metrics.scoring import Item, score_realis
from train.metrics.sentences import SPAN, TEXT, Record, Sentences, article_names, sentence_features

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
        by_article: dict[str, tuple[dict[Item, str], dict[Item, str]]] = {}
        for number, name in enumerate(article_names(predictions, references, articles)):
            found, gold = by_article.setdefault(name, ({}, {}))
            found |= _by_trigger(number, predictions[number])
            gold |= _by_trigger(number, references[number])
        return score_realis(list(by_article.values()))


def _by_trigger(number: int, events: Sequence[Record]) -> dict[Item, str]:
    return {Item(event["type"], (number, event["start"], event["end"])): event["realis"] for event in events}
