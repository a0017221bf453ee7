"""Precision, recall and F1 over sets of items, with a table by label and bootstrap intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_RESAMPLES = 1000
_DRAWS_AT_ONCE = 1_000_000  # articles; bounds the memory of the bootstrap
_SEED = 20_231_027


class Item(NamedTuple):
    """Something that an annotation asserts.

    Attributes:
        label: Row of the table by label that it counts in.
        key: What it is; two items are the same if label and key are.
    """

    label: str
    key: tuple[Any, ...]


@dataclass(frozen=True)
class LabelScore:
    """Counts of one label, or of all."""

    correct: int
    predicted: int
    gold: int

    @property
    def precision(self) -> float:
        """Share of the predicted items that are right; 0 if there are none."""
        return self.correct / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """Share of the gold items that were found; 0 if there are none."""
        return self.correct / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of both; 0 if nothing was found and nothing expected."""
        return f1_score(self.correct, self.predicted, self.gold)

    def f_beta(self, beta: float) -> float:
        """Weighted harmonic mean of both, recall counting `beta` times as much (van Rijsbergen, 1979)."""
        weighted = self.predicted + beta**2 * self.gold
        return (1 + beta**2) * self.correct / weighted if weighted else 0.0


@dataclass(frozen=True)
class Score(LabelScore):
    """A micro-averaged score.

    Attributes:
        by_label: The counts of each label.
        interval: 95 % bootstrap interval of F1 over articles; None with fewer than two articles, or if it
            was not asked for.
    """

    by_label: dict[str, LabelScore]
    interval: tuple[float, float] | None

    @property
    def macro_f1(self) -> float:
        """Mean F1 of the labels that occur in gold data or predictions."""
        return sum(row.f1 for row in self.by_label.values()) / max(len(self.by_label), 1)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for metrics.json."""

        def plain(counts: LabelScore) -> dict[str, Any]:
            return {
                "precision": round(counts.precision, 4),
                "recall": round(counts.recall, 4),
                "f1": round(counts.f1, 4),
                "correct": counts.correct,
                "predicted": counts.predicted,
                "gold": counts.gold,
            }

        interval = None if self.interval is None else [round(bound, 4) for bound in self.interval]
        rows = {label: plain(counts) for label, counts in self.by_label.items()}
        by_label = {} if set(rows) == {""} else rows
        return plain(self) | {"macro_f1": round(self.macro_f1, 4), "interval": interval, "by_label": by_label}


def f1_score(correct: int, predicted: int, gold: int) -> float:
    """F1 of counts; 0 if there is nothing to find and nothing found."""
    return 2 * correct / (predicted + gold) if predicted + gold else 0.0


def mean_set_f1(rows: Iterable[tuple[AbstractSet[str], AbstractSet[str]]]) -> float:
    """Example-based F1: the mean over rows of 2·|predicted ∩ gold| / (|predicted| + |gold|).

    Args:
        rows: The predicted and the gold set of each row; a row where both are empty does not count.
    """
    values = [f1_score(len(guess & truth), len(guess), len(truth)) for guess, truth in rows if guess or truth]
    return sum(values) / len(values) if values else 0.0


def score(articles: Sequence[tuple[AbstractSet[Item], AbstractSet[Item]]], *, interval: bool = True) -> Score:
    """Score predicted against gold items.

    Args:
        articles: For each article the predicted and the gold items.
        interval: Whether to draw the bootstrap interval.
    """
    correct: Counter[str] = Counter()
    predicted: Counter[str] = Counter()
    gold: Counter[str] = Counter()
    counts = np.zeros((len(articles), 3), dtype=np.int64)
    for row, (guess, truth) in enumerate(articles):
        correct.update(item.label for item in guess & truth)
        predicted.update(item.label for item in guess)
        gold.update(item.label for item in truth)
        counts[row] = len(guess & truth), len(guess), len(truth)
    by_label = {
        label: LabelScore(correct[label], predicted[label], gold[label])
        for label in sorted(predicted.keys() | gold.keys())
    }
    totals = counts.sum(axis=0)
    bounds = bootstrap_interval(counts) if interval else None
    return Score(int(totals[0]), int(totals[1]), int(totals[2]), by_label, bounds)


def score_realis(
    articles: Sequence[tuple[Mapping[Item, str], Mapping[Item, str]]], *, interval: bool = True
) -> dict[str, Any]:
    """Share of the triggers found, with their type, whose realis is right.

    Args:
        articles: For each article the realis values of the predicted and of the gold triggers.
        interval: Whether to draw the bootstrap interval.

    Returns:
        `accuracy`, its mean over the event types `macro_accuracy`, its `interval`, the counts `correct`
        and `found`, and the same counts and accuracy `by_label`.
    """
    known = []
    for guess, truth in articles:
        found = guess.keys() & truth.keys()
        known.append(
            (
                {Item(trigger.label, (trigger.key, guess[trigger])) for trigger in found},
                {Item(trigger.label, (trigger.key, truth[trigger])) for trigger in found},
            )
        )
    # Each trigger found has one value on either side, so F1 is the share of those that are alike.
    total = score(known, interval=interval)
    plain = total.to_dict()
    return {
        "accuracy": plain["f1"],
        "macro_accuracy": plain["macro_f1"],
        "interval": plain["interval"],
        "correct": total.correct,
        "found": total.gold,
        "by_label": {
            label: {"accuracy": round(row.f1, 4), "correct": row.correct, "found": row.gold}
            for label, row in total.by_label.items()
        },
    }


def bootstrap_interval(counts: NDArray[np.int64]) -> tuple[float, float] | None:
    """95 % percentile interval of micro F1, drawing articles with replacement (Efron, 1979).

    Args:
        counts: int64 of shape (articles, 3): correct, predicted and gold items.
    """
    if len(counts) < 2:
        return None
    generator = np.random.default_rng(_SEED)
    totals = np.empty((_RESAMPLES, 3), dtype=np.int64)
    rows = max(1, _DRAWS_AT_ONCE // len(counts))
    for start in range(0, _RESAMPLES, rows):
        part = totals[start : start + rows]
        part[:] = counts[generator.integers(len(counts), size=(len(part), len(counts)))].sum(axis=1)
    correct, predicted, gold = totals.T
    values = 2 * correct / np.maximum(predicted + gold, 1)
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
