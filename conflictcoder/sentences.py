"""Splits raw text into sentences, by sentencex (scripts/measure_splitters.py compares the choices)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import sentencex

from conflictcoder.unicode import encodable

# A splitter may need time that grows faster than the text when quotes and brackets never close.
_MAX_CHARACTERS = 5_000
_LEAST_ADVANCE = _MAX_CHARACTERS // 10  # of a chunk whose end is split again, so that time stays linear
_EMPTY_LINE = re.compile(r"\n(?=[^\S\n]*\n)")
_LINE = re.compile(r"[^\n]+")
_VISIBLE = re.compile(r"\S")
_WRAPPED_WIDTH = range(50, 101)
# An apostrophe inside or after a word (U.S.'s, Al-'Arish) or before a year ('90s), which the splitter
# would take for the opening of a quote that lasts till the next "rebels' base". What stands before it is
# looked at after it is found, because a pattern that begins with a look behind tries every character.
_APOSTROPHE = re.compile(r"""'(?:(?<=[^\s"'“‘«([{—–]')(?=\w)|(?<="')(?=s\b)|(?=\d\ds?\b))""")

_Span = tuple[int, int]


def split_sentences(text: str, *, language: str = "en") -> Iterator[_Span]:
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
        yield from _split_paragraph(text, start, end, language)


def _paragraphs(text: str) -> Iterator[_Span]:
    """Blocks between empty lines; inside a block, each line unless the block is hard-wrapped."""
    for block in _blocks(text):
        # Only four lines at a time, because a block may have millions.
        lines = (match.span() for match in _LINE.finditer(text, *block))
        before, line, after = None, next(lines, None), next(lines, None)
        start = None
        while line:
            beyond = next(lines, None)
            start = line[0] if start is None else start
            if not (after and _goes_on(text, block, before, line, after, beyond)):
                yield start, line[1]
                start = None
            before, line, after = line, after, beyond


def _blocks(text: str) -> Iterator[_Span]:
    start = 0
    for separator in _EMPTY_LINE.finditer(text):
        if start < separator.start():
            yield start, separator.start()
        start = separator.end()
    yield start, len(text)


def _goes_on(
    text: str, block: _Span, before: _Span | None, line: _Span, after: _Span, beyond: _Span | None
) -> bool:
    """Whether the line's paragraph goes on in the line after it."""
    following = _VISIBLE.search(text, line[1], block[1])
    return following is not None and (following[0].islower() or _is_wrapped(before, line, after, beyond))


def _is_wrapped(before: _Span | None, line: _Span, after: _Span, beyond: _Span | None) -> bool:
    """Whether the line's end was set by a fixed width: it and its neighbours are about as long."""
    if not (before or beyond):
        return False  # two lines alone may be as long by chance
    # The last line of a block ends where the text does.
    full = [before, line, after if beyond else None]
    widths = [last - first for first, last in filter(None, full)]
    return all(width in _WRAPPED_WIDTH for width in widths) and max(widths) - min(widths) < 25


def _split_paragraph(text: str, start: int, end: int, language: str) -> Iterator[_Span]:
    """Split a paragraph chunk by chunk; each begins with the sentence that the one before cut off."""
    while end - start > _MAX_CHARACTERS:
        cut = _cut(text, start)
        sentences = _split_chunk(text, start, cut, language)
        if sentences and sentences[-1][0] - start >= _LEAST_ADVANCE:
            cut, _ = sentences.pop()
        yield from sentences
        start = cut
    yield from _split_chunk(text, start, end, language)


def _cut(text: str, start: int) -> int:
    """Where the longest chunk from `start` on ends: at white space, if there is any."""
    end = start + _MAX_CHARACTERS
    cut = text.rfind(" ", start + 1, end)
    return cut if cut > start else end


def _split_chunk(text: str, start: int, end: int, language: str) -> list[_Span]:
    sentences = []
    chunk = _APOSTROPHE.sub("x", text[start:end])
    for boundary in sentencex.get_sentence_boundaries(language, chunk):
        sentence = boundary["text"]
        if sentence.strip():
            begin = start + boundary["start_index"] + len(sentence) - len(sentence.lstrip())
            sentences.append((begin, begin + len(sentence.strip())))
    return sentences
