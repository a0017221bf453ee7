"""How far probabilities are from the shares that come true."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

BINS = 15


class ReliabilityBin(NamedTuple):
    """Items of about the same probability.

    Attributes:
        confidence: Mean probability of the bin's items.
        accuracy: Share of them that are right.
        items: How many they are.
    """

    confidence: float
    accuracy: float
    items: int


def reliability_bins(
    confidences: ArrayLike, correct: ArrayLike, *, bins: int = BINS
) -> tuple[ReliabilityBin, ...]:
    """Sort items into bins of equal width between 0 and 1, and leave out the empty ones.

    Args:
        confidences: Probabilities of shape (items,).
        correct: Booleans of shape (items,): what came true.
        bins: How many bins; a probability on a border is in the lower bin, as in Guo et al. (2017).

    Raises:
        ValueError: The lengths differ, or a value is no probability.
    """
    probabilities = np.asarray(confidences, dtype=np.float64)
    outcomes = np.asarray(correct, dtype=np.bool_)
    if probabilities.shape != outcomes.shape or probabilities.ndim != 1:
        raise ValueError(f"{probabilities.shape} confidences and {outcomes.shape} outcomes: expected as many")
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise ValueError("a confidence is no probability: expected numbers from 0 to 1")
    numbers = np.clip(np.ceil(probabilities * bins).astype(np.intp) - 1, 0, bins - 1)
    found = []
    for number in np.unique(numbers):
        inside = numbers == number
        found.append(
            ReliabilityBin(
                float(probabilities[inside].mean()), float(outcomes[inside].mean()), int(inside.sum())
            )
        )
    return tuple(found)


def expected_calibration_error(bins: Sequence[ReliabilityBin]) -> float:
    """Mean distance between probability and accuracy over bins, weighted by items (Guo et al., 2017)."""
    items = sum(entry.items for entry in bins)
    distances = (entry.items * abs(entry.confidence - entry.accuracy) for entry in bins)
    return sum(distances) / items if items else 0.0
