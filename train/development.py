"""Metrics of the development documents during training, decoded as inference decodes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers import EvalPrediction

from conflictcoder.calibration import Calibration
from conflictcoder.decoding import Outputs
from conflictcoder.labels import LabelSpace
from train.calibrate import decode_documents
from train.features import WindowedDocument
from train.metrics.report import compute_metrics, f1_scores

_ALWAYS = ("mean", "event_type_macro_f1", "example_f1")


class DevelopmentMetrics:
    """Collects the outputs of the development windows and scores them after the last batch.

    `Trainer` calls it once a batch, with `batch_eval_metrics`, so that no batch is padded to another.

    Args:
        documents: The development documents, in the order of the rows.
        labels: What the model predicts.
    """

    def __init__(self, documents: Sequence[WindowedDocument], labels: LabelSpace) -> None:
        self._documents = documents
        self._labels = labels
        self._outputs: dict[int, Outputs] = {}
        self._windows = [window for document in documents for window in document.windows]

    def __call__(self, prediction: EvalPrediction, compute_result: bool) -> dict[str, float]:  # noqa: FBT001
        """Take a batch; after the last, return the scores by name."""
        names = output_names(self._labels)
        arrays = prediction.predictions
        arrays = arrays if isinstance(arrays, (tuple, list)) else (arrays,)
        numbers = torch.as_tensor(prediction.label_ids["window"]).flatten().tolist()
        for row, number in enumerate(numbers):
            window = self._windows[number]
            self._outputs[number] = {
                name: torch.as_tensor(array)[row]
                .float()
                .cpu()
                .numpy()[: len(window.pieces) if name == "event_types" else len(window.input_ids)]
                for name, array in zip(names, arrays, strict=True)
            }
        if not compute_result:
            return {}
        pairs = decode_documents(self._documents, self.take_outputs(), self._labels, Calibration())
        metrics = compute_metrics(pairs, self._labels, intervals=False)
        scores = f1_scores(metrics)
        scores |= {name: metrics[name] for name in _ALWAYS if name in metrics}
        if "realis_accuracy" in metrics:
            scores["realis_accuracy"] = metrics["realis_accuracy"]["accuracy"]
        return scores

    def take_outputs(self) -> list[list[Outputs]]:
        """The collected outputs of each document's windows; they are forgotten."""
        outputs = iter([self._outputs[number] for number in range(len(self._windows))])
        self._outputs = {}
        return [[next(outputs) for _ in document.windows] for document in self._documents]


def output_names(labels: LabelSpace) -> list[str]:
    """Names of the model's outputs, in the order in which `Trainer` hands them over."""
    names = [name for name in ("spans", "event_types", "realis") if name in labels.output_sizes()]
    return names + (["triggers", "mentions"] if "arguments" in labels.layers else [])
