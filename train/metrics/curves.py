"""Precision and recall over all thresholds, from scored candidates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train.metrics.scoring import Item, LabelScore

# Thresholds at which metrics.json tells precision and recall.
TOLD_THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 20))


@dataclass(frozen=True)
class Curve:
    """Precision and recall at each distinct score, as if it were the threshold.

    Attributes:
        thresholds: float64 of shape (points,), falling.
        precision: float64 of shape (points,).
        recall: float64 of shape (points,), rising.
        gold: Gold items.
    """

    thresholds: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    gold: int

    @property
    def average_precision(self) -> float:
        """Area under the curve in steps: each gain of recall times the precision at which it comes."""
        return float((np.diff(self.recall, prepend=0.0) * self.precision).sum())

    def at(self, threshold: float) -> tuple[float | None, float]:
        """Precision and recall of the candidates from a threshold on; no precision if there are none."""
        reached = int((self.thresholds >= threshold).sum())
        if not reached:
            return None, 0.0
        return float(self.precision[reached - 1]), float(self.recall[reached - 1])

    def to_dict(self) -> dict[str, Any]:
        """Plain data for metrics.json, at `TOLD_THRESHOLDS`; precision is None where nothing is found."""
        points = [self.at(threshold) for threshold in TOLD_THRESHOLDS]
        return {
            "gold": self.gold,
            "average_precision": round(self.average_precision, 4),
            "precision": [None if precision is None else round(precision, 4) for precision, _ in points],
            "recall": [round(recall, 4) for _, recall in points],
        }


def precision_recall_curve(scores: NDArray[np.float64], correct: NDArray[np.bool_], gold: int) -> Curve:
    """The curve of candidates.

    Args:
        scores: Probabilities of shape (candidates,).
        correct: Whether each candidate is a gold item, of shape (candidates,).
        gold: All gold items, also those that are no candidates: recall does not reach 1 without them.
    """
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    # Candidates of one score stand or fall together.
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], np.ones(min(len(ranked), 1), dtype=bool)))
    right = np.cumsum(correct[order])[last]
    return Curve(ranked[last], right / (last + 1), right / max(gold, 1), gold)


@dataclass
class Candidates:
    """What could be answered, each with its score and whether it is right.

    Attributes:
        labels: Label of every candidate.
        scores: Its probability.
        correct: Whether it is a gold item.
        gold: Gold items by label.
    """

    labels: list[str] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    correct: list[bool] = field(default_factory=list)
    gold: Counter[str] = field(default_factory=Counter)

    def add(self, scored: Mapping[Item, float], gold: Iterable[Item]) -> None:
        """Add the candidates and the gold items of a document."""
        truth = set(gold)
        for item, score in scored.items():
            self.labels.append(item.label)
            self.scores.append(score)
            self.correct.append(item in truth)
        self.gold.update(item.label for item in truth)

    def counts(self, threshold: float) -> LabelScore:
        """Counts over all labels, if candidates were answers from a threshold on."""
        chosen = np.array(self.scores, dtype=np.float64) >= threshold
        right = chosen & np.array(self.correct, dtype=np.bool_)
        return LabelScore(int(right.sum()), int(chosen.sum()), self.gold.total())

    def curves(self) -> dict[str, Curve]:
        """The curve of each label that gold data has, by its name."""
        labels = np.array(self.labels, dtype=np.str_)
        scores = np.array(self.scores, dtype=np.float64)
        correct = np.array(self.correct, dtype=np.bool_)
        return {
            label: precision_recall_curve(scores[labels == label], correct[labels == label], gold)
            for label, gold in sorted(self.gold.items())
        }
