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
    """Find the likeliest valid tag sequence and its spans.

    The only constraint of BIO is that I-X follows B-X or I-X. Where the likeliest tags of the words obey
    it, which they nearly always do, they are the answer; else a search finds it, in which a step needs the
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
    starts = np.flatnonzero(path % 2 == 1)
    if not len(starts):
        return []
    # A span ends at the next word that is not inside, or after the last word, for which a zero stands.
    stops = np.flatnonzero(np.append((path == OUTSIDE) | (path % 2 == 1), True))
    ends = stops[np.searchsorted(stops, starts, side="right")]
    chosen = np.append(log_probabilities[np.arange(len(path)), path], np.float32(0))
    sums = np.add.reduceat(chosen, np.column_stack([starts, ends]).ravel())[::2]
    scores = np.exp(sums / (ends - starts))
    labels = path[starts] // 2
    return [
        TaggedSpan(*span)
        for span in zip(starts.tolist(), ends.tolist(), labels.tolist(), scores.tolist(), strict=True)
    ]
