"""How varied a corpus is: overlap between reports, distinct names, and triggers shared with other text."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from conflictcoder.document import Document

_WORD = re.compile(r"\w+")
_SIZE = 4


class Overlap(NamedTuple):
    """Two sentences of different documents that share word 4-grams.

    Attributes:
        share: Shared 4-grams, as a share of those of the longer sentence.
        first: One sentence.
        second: The other.
    """

    share: float
    first: str
    second: str


def largest_overlaps(documents: Iterable[Document], count: int = 10) -> list[Overlap]:
    """The pairs of sentences of different documents that share most of their word 4-grams.

    Args:
        documents: The documents.
        count: How many pairs.
    """
    sentences: list[tuple[str, str, frozenset[tuple[str, ...]]]] = []
    where: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for document in documents:
        for sentence in document.sentences:
            words = [word.lower() for word in _WORD.findall(sentence.text)]
            grams = frozenset(zip(*(words[start:] for start in range(_SIZE)), strict=False))
            for gram in grams:
                where[gram].append(len(sentences))
            sentences.append((document.id, sentence.text, grams))
    shared: Counter[tuple[int, int]] = Counter()
    for places in where.values():
        for number, first in enumerate(places):
            for second in places[number + 1 :]:
                if sentences[first][0] != sentences[second][0]:
                    shared[first, second] += 1
    overlaps = [
        Overlap(
            grams / max(len(sentences[first][2]), len(sentences[second][2])),
            sentences[first][1],
            sentences[second][1],
        )
        for (first, second), grams in shared.items()
    ]
    return sorted(overlaps, reverse=True)[:count]


def distinct_mentions(documents: Iterable[Document], types: Sequence[str]) -> int:
    """Distinct mention texts, in lower case, of some entity types."""
    return len(
        {
            mention.text.lower()
            for document in documents
            for sentence in document.sentences
            for mention in sentence.entities
            if mention.type in types
        }
    )


def trigger_coverage(documents: Iterable[Document], others: Iterable[Document]) -> float:
    """Share of the distinct triggers of other documents that are triggers in these."""

    def triggers(some: Iterable[Document]) -> set[str]:
        return {event.text.lower() for document in some for event in document.events}

    wanted = triggers(others)
    return len(wanted & triggers(documents)) / max(len(wanted), 1)
