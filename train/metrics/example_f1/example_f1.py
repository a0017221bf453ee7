"""Example-based F1 as an `evaluate` module: `evaluate.load("train/metrics/example_f1")`."""

from __future__ import annotations

from collections.abc import Sequence

import evaluate

from train.metrics.scoring import mean_set_f1
from train.metrics.sentences import TEXT, sentence_features

_DESCRIPTION = """Mean over sentences of the F1 between the predicted and the gold set of event types.
Sentences where both sets are empty do not count."""


class ExampleF1(evaluate.Metric):
    """Predictions and references: for each sentence the list of its event types."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation="",
            inputs_description=self.__doc__ or "",
            features=sentence_features(TEXT),
        )

    def _compute(
        self, predictions: Sequence[Sequence[str]], references: Sequence[Sequence[str]]
    ) -> dict[str, float]:
        rows = zip(predictions, references, strict=True)
        return {"f1": round(mean_set_f1((set(guess), set(truth)) for guess, truth in rows), 4)}
