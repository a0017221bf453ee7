"""Argument F1 as an `evaluate` module: `evaluate.load("train/metrics/argument_f1")`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import evaluate

from train.metrics.scoring import Item
from train.metrics.sentences import SPAN, TEXT, Sentences, score_sentences, sentence_features

_DESCRIPTION = (
    "Strict micro F1 of arguments by event type, role and mention span (Arg-C), or without role (Arg-I)."
)
_INPUTS = "For each sentence a list of {event_type, role, start, end}; `roles=False` gives Arg-I."


class ArgumentF1(evaluate.Metric):
    """Argument F1."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation="",
            inputs_description=_INPUTS,
            features=sentence_features(SPAN | {"event_type": TEXT, "role": TEXT}),
        )

    def _compute(
        self,
        predictions: Sentences,
        references: Sentences,
        articles: Sequence[str] | None = None,
        *,
        roles: bool = True,
    ) -> dict[str, Any]:
        return score_sentences(
            predictions,
            references,
            articles,
            lambda number, argument: Item(
                argument["role"] if roles else "",
                (number, argument["event_type"], argument["start"], argument["end"]),
            ),
        )
