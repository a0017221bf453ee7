"""Which type is taken for which, and what is missed or made up."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from train.metrics.scoring import Item

MISSED = "(missed)"
SPURIOUS = "(spurious)"


@dataclass(frozen=True)
class Confusion:
    """Counts of gold against predicted types.

    Attributes:
        rows: Gold types, then `SPURIOUS`: found where gold data has nothing.
        columns: Predicted types, then `MISSED`.
        counts: int64 of shape (rows, columns).
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: NDArray[np.int64]


def confusion(
    documents: Sequence[tuple[AbstractSet[Item], AbstractSet[Item]]], types: Sequence[str]
) -> Confusion:
    """Match the predicted spans of documents with gold ones and count their types.

    Two spans of a sentence match if they overlap. Each is matched once: first those with the same
    bounds, then those of the same type, then those that share most characters.

    Args:
        documents: For each the predicted and the gold spans, whose keys are sentence, start and end.
        types: All types, in the order of rows and columns.
    """
    numbers = {name: number for number, name in enumerate(types)}
    counts = np.zeros((len(types) + 1, len(types) + 1), dtype=np.int64)
    for predicted, gold in documents:
        matched = _match(predicted, gold)
        for guess, truth in matched:
            counts[numbers[truth.label], numbers[guess.label]] += 1
        for guess in predicted - {guess for guess, _ in matched}:
            counts[-1, numbers[guess.label]] += 1
        for truth in gold - {truth for _, truth in matched}:
            counts[numbers[truth.label], -1] += 1
    return Confusion((*types, SPURIOUS), (*types, MISSED), counts)


def _match(predicted: AbstractSet[Item], gold: AbstractSet[Item]) -> list[tuple[Item, Item]]:
    by_sentence: dict[int, list[Item]] = {}
    for truth in gold:
        by_sentence.setdefault(truth.key[0], []).append(truth)
    ranked = []
    for guess in predicted:
        for truth in by_sentence.get(guess.key[0], []):
            shared = min(guess.key[2], truth.key[2]) - max(guess.key[1], truth.key[1])
            if shared > 0:
                rank = (guess.key != truth.key, guess.label != truth.label, -shared)
                ranked.append((rank, guess, truth))
    matched: list[tuple[Item, Item]] = []
    taken: set[tuple[str, Item]] = set()
    for _, guess, truth in sorted(ranked):
        if ("guess", guess) not in taken and ("truth", truth) not in taken:
            taken |= {("guess", guess), ("truth", truth)}
            matched.append((guess, truth))
    return matched
