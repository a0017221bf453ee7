"""BIO tags and their decoding under the constraint that an inside tag continues a span of its type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

OUTSIDE = 0


class TaggedSpan(NamedTuple):
    """A span in units of tagged words.

    Attributes:
        start: First word.
        end: One past the last word.
        label: Number of the span's type.
        score: Geometric mean of the words' tag probabilities.
    """

    start: int
    end: int
    label: int
    score: float


def begin_tag(label: int) -> int:
    """Tag of the first word of a span of type number `label`."""
    return 1 + 2 * label


def inside_tag(label: int) -> int:
    """Tag of the other words of a span of type number `label`."""
    return 2 + 2 * label


def tag_names(types: Sequence[str]) -> list[str]:
    """Names of all tags, by number."""
    return ["O", *(f"{prefix}-{name}" for name in types for prefix in "BI")]


def tag_count(types: int) -> int:
    """How many tags there are for so many span types."""
    return 1 + 2 * types


def decode_spans(
    log_probabilities: NDArray[np.float32], outside_biases: NDArray[np.float32] | None = None
) -> list[TaggedSpan]:
    """Find the likeliest valid tag sequence and its spans (Viterbi, 1967).

    The only constraint of BIO is that I-X follows B-X or I-X, so a step needs the best previous
    score over all tags and, for each type, that of its own two tags: time is linear in the tags.

    Args:
        log_probabilities: float32 of shape (words, tags).
        outside_biases: float32 of shape (words,), added to each word's score of O to choose the
            sequence; the spans' scores leave them out.

    Returns:
        The spans in the order of the text.
    """
    words, tags = log_probabilities.shape
    if not words:
        return []
    begins = np.arange(1, tags, 2)
    insides = begins + 1
    wanted = log_probabilities.copy()
    if outside_biases is not None:
        wanted[:, OUTSIDE] += outside_biases
    score = wanted[0].copy()
    score[insides] = -np.inf
    back = np.zeros((words, tags), dtype=np.intp)
    for word in range(1, words):
        back[word] = score.argmax()
        from_inside = score[insides] > score[begins]
        back[word, insides] = np.where(from_inside, insides, begins)
        score = score[back[word]] + wanted[word]
    path = [int(score.argmax())]
    for word in range(words - 1, 0, -1):
        path.append(int(back[word, path[-1]]))
    path.reverse()
    return _collect(path, log_probabilities)


def _collect(path: list[int], log_probabilities: NDArray[np.float32]) -> list[TaggedSpan]:
    spans = []
    start = 0
    for word, tag in enumerate(path):
        following = path[word + 1] if word + 1 < len(path) else OUTSIDE
        if tag % 2 == 1:
            start = word
        if tag != OUTSIDE and not (following and following % 2 == 0):
            chosen = log_probabilities[range(start, word + 1), path[start : word + 1]]
            spans.append(TaggedSpan(start, word + 1, (tag - 1) // 2, float(np.exp(chosen.mean()))))
    return spans
