"""Scores of each head next to what is true, on gold spans: what temperatures are fitted on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conflictcoder.decoding import Outputs, argument_scores, log_softmax, sigmoid
from conflictcoder.labels import LabelSpace
from conflictcoder.tags import OUTSIDE, tag_count
from train.features import WindowedDocument, training_rows
from train.losses import IGNORED

# Bounded, so that a few documents, all answered right, do not make a model certain of everything.
TEMPERATURES = np.geomspace(0.5, 5.0, 93)
HEADS = ("spans", "event_types", "arguments", "realis")


@dataclass(frozen=True)
class HeadScores:
    """Scores of one head for items whose truth is known.

    Attributes:
        scores: float32 of shape (items, classes), before any temperature.
        truths: bool of the same shape. Several of a row, where the classes exclude each other, mean that
            it is one of them.
        exclusive: Whether the classes of an item share a softmax; else each has its own sigmoid.
    """

    scores: NDArray[np.float32]
    truths: NDArray[np.bool_]
    exclusive: bool

    def loss(self, temperature: float) -> float:
        """Mean negative log-likelihood of the truth, in nats."""
        scores = self.scores / np.float32(temperature)
        if self.exclusive:
            logs = log_softmax(scores)
            return float(-np.logaddexp.reduce(logs, axis=1, where=self.truths, initial=-np.inf).mean())
        return float(np.logaddexp(0, np.where(self.truths, -scores, scores)).mean())

    def fit_temperature(self) -> float:
        """The likeliest temperature (Guo et al., 2017); 1 if no truth is known."""
        if not self.truths.any():
            return 1.0
        losses = [self.loss(temperature) for temperature in TEMPERATURES]
        return round(float(TEMPERATURES[int(np.argmin(losses))]), 4)

    def confidences(self, temperature: float) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Probabilities and whether they came true.

        Args:
            temperature: Divides the scores.

        Returns:
            Of a softmax the probability of each item's likeliest class, of sigmoids that of every
            class of every item; and as many truths.
        """
        scores = self.scores / np.float32(temperature)
        if not self.exclusive:
            return sigmoid(scores).ravel(), self.truths.ravel()
        rows = np.arange(len(scores))
        chosen = scores.argmax(axis=1)
        return np.exp(log_softmax(scores))[rows, chosen], self.truths[rows, chosen]


def collect_head_scores(
    documents: Sequence[WindowedDocument], predictions: Sequence[Sequence[Outputs]], labels: LabelSpace
) -> dict[str, HeadScores]:
    """Scores and truths of every head, as far as the documents are labelled.

    Args:
        documents: Gold documents.
        predictions: For each document the outputs for its windows.
        labels: What the model predicts.

    Returns:
        By the head's name in `HEADS`; heads that the model lacks are missing.
    """
    rows = training_rows(documents, labels)
    outputs = [arrays for group in predictions for arrays in group]
    exclusive_types = labels.ontology.exclusive_event_types
    readers: dict[str, tuple[bool, Callable[[Mapping[str, Any], Outputs], list[_Row]]]] = {
        "spans": (True, _span_rows),
        "event_types": (exclusive_types, _class_rows if exclusive_types else _event_type_rows),
        "arguments": (False, _ArgumentRows(labels)),
        "realis": (True, _realis_rows),
    }
    sizes = labels.output_sizes()
    found = {}
    for head, (exclusive, read) in readers.items():
        if head not in sizes:
            continue
        pairs = [pair for row, arrays in zip(rows, outputs, strict=True) for pair in read(row, arrays)]
        shape = (-1, sizes[head] if exclusive else 1)
        scores = np.array([scores for scores, _ in pairs], dtype=np.float32).reshape(shape)
        truths = np.array([truths for _, truths in pairs], dtype=np.bool_).reshape(shape)
        found[head] = HeadScores(scores, truths, exclusive)
    return found


_Row = tuple[NDArray[np.float32], NDArray[np.bool_]]


def _span_rows(row: Mapping[str, Any], arrays: Outputs) -> list[_Row]:
    """One row for every word; the label O, as in training, says O or a type that was not annotated."""
    tags = np.array(row["spans"])
    known = np.flatnonzero(tags != IGNORED)
    truths = _one_hot(tags[known], arrays["spans"].shape[1])
    unknown = np.concatenate([[True], np.repeat(row["unknown_types"], 2)])  # O, B-, I-, B-, …
    truths[tags[known] == OUTSIDE] = unknown
    return list(zip(arrays["spans"][known], truths, strict=True))


def _event_type_rows(row: Mapping[str, Any], arrays: Outputs) -> list[_Row]:
    """One row for every sentence and event type that was annotated in it."""
    found: list[_Row] = []
    for scores, reported in zip(arrays["event_types"], np.array(row["event_types"]), strict=True):
        known = reported != IGNORED
        found += zip(scores[known, None], reported[known, None] > 0, strict=True)
    return found


def _class_rows(row: Mapping[str, Any], arrays: Outputs) -> list[_Row]:
    """One row for every sentence whose class was annotated."""
    return [
        (scores, np.array(reported) > 0)
        for scores, reported in zip(arrays["event_types"], row["event_types"], strict=True)
        if IGNORED not in reported
    ]


def _realis_rows(row: Mapping[str, Any], arrays: Outputs) -> list[_Row]:
    values = arrays["realis"].shape[1]
    return [
        (arrays["realis"][start:stop].mean(axis=0), _one_hot(np.array([value]), values)[0])
        for start, stop, value in row["triggers"]
        if value != IGNORED
    ]


class _ArgumentRows:
    """One row for every trigger, role and mention whose type may fill the role."""

    def __init__(self, labels: LabelSpace) -> None:
        self._ontology = labels.ontology
        self._types = labels.mention_types

    def __call__(self, row: Mapping[str, Any], arrays: Outputs) -> list[_Row]:
        found: list[_Row] = []
        for trigger, mention, *filled in row["pairs"]:
            first, last, _ = row["triggers"][trigger]
            start, stop = row["mentions"][mention]
            tag = row["spans"][start]
            if not 0 < tag < tag_count(len(self._types)):
                continue  # another span has taken its word, so that no decoder finds it
            kind = self._types[(tag - 1) // 2]
            state = arrays["mentions"][start:stop].mean(axis=0, keepdims=True)
            scores = argument_scores(arrays["triggers"][first:last].mean(axis=0), state)[0]
            found += [
                (scores[[number]], np.array([filled[number] > 0]))
                for number, role in enumerate(self._ontology.roles)
                if self._ontology.may_fill(role, kind)
            ]
        return found


def _one_hot(numbers: NDArray[np.intp], classes: int) -> NDArray[np.bool_]:
    return np.asarray(numbers[:, None] == np.arange(classes), dtype=np.bool_)
