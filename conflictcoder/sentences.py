"""Splits raw text into sentences, by sentencex (scripts/measure_splitters.py compares the choices)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import sentencex

from conflictcoder.unicode import encodable

# A splitter may need time that grows faster than the text when quotes and brackets never close.
_MAX_CHARACTERS = 5_000
_BLOCK = re.compile(r"(?:(?!\n[^\S\n]*\n).)+", re.DOTALL)
_LINE = re.compile(r"[^\n]+")
_WRAPPED_WIDTH = range(50, 101)


def split_sentences(text: str, *, language: str = "en") -> Iterator[tuple[int, int]]:
    """Find the sentences of a text.

    A line is a paragraph, unless the text is hard-wrapped, and a sentence never reaches over a
    paragraph's end. Every character that is not white space is in exactly one sentence.

    Args:
        text: Raw text.
        language: ISO 639-1 code; an unknown one is split by rules for any language.

    Yields:
        Start and end of each sentence in `text`, without the white space around it.
    """
    text = encodable(text)
    for start, end in _paragraphs(text):
        for first, last in _chunks(text, start, end):
            for boundary in sentencex.get_sentence_boundaries(language, text[first:last]):
                sentence = boundary["text"]
                if sentence.strip():
                    begin = first + boundary["start_index"] + len(sentence) - len(sentence.lstrip())
                    yield begin, begin + len(sentence.strip())


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Blocks between empty lines; inside a block, each line unless the block is hard-wrapped."""
    for block in _BLOCK.finditer(text):
        lines = [
            (line.start() + block.start(), line.end() + block.start()) for line in _LINE.finditer(block[0])
        ]
        start = None
        for number, (first, last) in enumerate(lines):
            start = first if start is None else start
            following = text[last:].lstrip()[:1] if number + 1 < len(lines) else ""
            if not (following.islower() or (following and _is_wrapped(lines, number))):
                yield start, last
                start = None


def _is_wrapped(lines: list[tuple[int, int]], number: int) -> bool:
    """Whether the line's end was set by a fixed width: it and its neighbours are about as long."""
    widths = [last - first for first, last in lines[max(0, number - 1) : number + 2]]
    full = widths[:-1] if number + 2 >= len(lines) else widths
    return len(lines) > 2 and all(width in _WRAPPED_WIDTH for width in full) and max(full) - min(full) < 25


def _chunks(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a paragraph of enormous length at white space."""
    while end - start > _MAX_CHARACTERS:
        cut = max(text.rfind(" ", start + 1, start + _MAX_CHARACTERS), start)
        cut = cut if cut > start else start + _MAX_CHARACTERS
        yield start, cut
        start = cut
    yield start, end
