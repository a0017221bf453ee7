"""BIO tags and their decoding under the constraint that an inside tag continues a span of its type."""

from __future__ import annotations

import math
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
    """Find the likeliest valid tag sequence and its spans.

    The only constraint of BIO is that I-X follows B-X or I-X. Where the likeliest tags of the words obey
    it, as in four sentences of five, they are the answer; else a search finds it, in which a step needs the
    best previous score over all tags and, for each type, that of its own two tags.

    Args:
        log_probabilities: float32 of shape (words, tags).
        outside_biases: float32 of shape (words,), added to each word's score of O to choose the
            sequence; the spans' scores leave them out.

    Returns:
        The spans in the order of the text.
    """
    if not len(log_probabilities):
        return []
    wanted = log_probabilities.copy()
    if outside_biases is not None:
        wanted[:, OUTSIDE] += outside_biases
    path = wanted.argmax(axis=1)
    if not _is_valid(path):
        path = _best_path(wanted)
    return _collect(path, log_probabilities)


def _is_valid(path: NDArray[np.intp]) -> bool:
    """Whether every inside tag continues a span of its type."""
    inside = (path != OUTSIDE) & (path % 2 == 0)
    continues = np.zeros(len(path), dtype=np.bool_)
    continues[1:] = (path[:-1] == path[1:]) | (path[:-1] == path[1:] - 1)
    return bool((continues | ~inside).all())


def _best_path(wanted: NDArray[np.float32]) -> NDArray[np.intp]:
    """The likeliest valid tags (Viterbi, 1967), for words whose likeliest tags are not valid together."""
    words, tags = wanted.shape
    begins = np.arange(1, tags, 2)
    insides = begins + 1
    score = wanted[0].copy()
    score[insides] = -np.inf
    back = np.zeros((words, tags), dtype=np.intp)
    for word in range(1, words):
        back[word] = score.argmax()
        from_inside = score[insides] > score[begins]
        back[word, insides] = np.where(from_inside, insides, begins)
        score = score[back[word]] + wanted[word]
    path = np.empty(words, dtype=np.intp)
    path[-1] = score.argmax()
    for word in range(words - 1, 0, -1):
        path[word - 1] = back[word, path[word]]
    return path


def _collect(path: NDArray[np.intp], log_probabilities: NDArray[np.float32]) -> list[TaggedSpan]:
    """The spans of a valid path."""
    # Lists, because a sentence is so short that numpy's overhead is most of the time.
    chosen = log_probabilities[np.arange(len(path)), path].tolist()
    tags = path.tolist()
    spans = []
    start = 0
    while start < len(tags):
        end = start + 1
        if tags[start] != OUTSIDE:
            while end < len(tags) and tags[end] == tags[start] + 1:
                end += 1
            score = math.exp(sum(chosen[start:end]) / (end - start))
            spans.append(TaggedSpan(start, end, tags[start] // 2, score))
        start = end
    return spans
