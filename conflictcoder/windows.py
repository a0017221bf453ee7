"""Turns sentences into windows of tokens: what the encoder reads at once.

A window holds neighbouring sentences of one document, `[CLS] s1 [SEP] s2 [SEP]` or as the tokenizer
marks its sequences. Nothing is cut off: what does not fit goes into the next window, and a sentence
longer than a window is read in pieces.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from conflictcoder.unicode import encodable


@dataclass(frozen=True)
class EncodedSentence:
    """Tokens of one sentence, without special tokens.

    Attributes:
        ids: int64 of shape (tokens,).
        offsets: int64 of shape (tokens, 2): start and end in the sentence's text.
        word_starts: bool of shape (tokens,): the token begins a word. Words are runs of letters and
            digits, or single other characters, so that a span can end before a full stop whatever
            the tokenizer glues together.
    """

    ids: NDArray[np.int64]
    offsets: NDArray[np.int64]
    word_starts: NDArray[np.bool_]


@dataclass(frozen=True)
class Piece:
    """A sentence, or a part of an overlong one, in its window.

    Attributes:
        sentence: Number of the sentence in the document.
        tokens: Which of the sentence's tokens.
        start: Position of the first of them in the window.
    """

    sentence: int
    tokens: slice
    start: int

    @property
    def positions(self) -> slice:
        """Positions of the tokens in the window."""
        return slice(self.start, self.start + self.tokens.stop - self.tokens.start)


@dataclass(frozen=True)
class Window:
    """The input of one forward pass.

    Attributes:
        input_ids: int64 of shape (tokens,), special tokens included.
        pieces: What the tokens are.
    """

    input_ids: NDArray[np.int64]
    pieces: tuple[Piece, ...]

    def sentence_mask(self) -> NDArray[np.bool_]:
        """Which token belongs to which piece: bool of shape (pieces, tokens)."""
        mask = np.zeros((len(self.pieces), len(self.input_ids)), dtype=np.bool_)
        for row, piece in enumerate(self.pieces):
            mask[row, piece.positions] = True
        return mask


class WindowEncoder:
    """Tokenizes sentences and packs them into windows.

    Special tokens that are written in a text, such as `[SEP]`, are read as the text that they are.

    Args:
        tokenizer: The backbone's tokenizer.
        max_tokens: Tokens in a window at most, special ones included.
        max_sentences: Sentences in a window at most; 1 turns context off.
    """

    def __init__(self, tokenizer: Tokenizer, *, max_tokens: int, max_sentences: int = 64) -> None:
        self._tokenizer = Tokenizer.from_str(tokenizer.to_str())
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._tokenizer.encode_special_tokens = True  # as text
        encoding = self._tokenizer.encode("a")
        marks = encoding.special_tokens_mask
        first = marks.index(0)
        last = len(marks) - marks[::-1].index(0)
        self._prefix = encoding.ids[:first]
        self._suffix = encoding.ids[last:]
        self._room = max_tokens - len(self._prefix) - len(self._suffix)
        self._max_tokens = max_tokens
        self._max_sentences = max_sentences
        if self._room < 1 or max_sentences < 1:
            raise ValueError(f"a window of {max_tokens} tokens and {max_sentences} sentences holds no text")

    def sized_like(self, other: WindowEncoder) -> WindowEncoder:
        """An encoder with this one's tokenizer that makes windows of the other's size."""
        return WindowEncoder(
            self._tokenizer, max_tokens=other._max_tokens, max_sentences=other._max_sentences
        )

    def encode(self, text: str) -> EncodedSentence:
        """Tokenize one sentence.

        Half a surrogate pair, which is no character and cannot be encoded, is read as U+FFFD.
        """
        text = encodable(text)
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        offsets = np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2)
        starts = _begin_words(text, offsets[:, 0])
        # Several tokens of one character (a rare letter in bytes) are one word.
        starts[1:] &= offsets[1:, 0] != offsets[:-1, 0]
        starts[:1] = True
        return EncodedSentence(np.array(encoding.ids, dtype=np.int64), offsets, starts)

    def pack(self, sentences: Sequence[EncodedSentence]) -> list[Window]:
        """Pack the sentences of one document into as few windows as their order allows."""
        windows: list[Window] = []
        ids: list[int] = list(self._prefix)
        pieces: list[Piece] = []
        for number, sentence in enumerate(sentences):
            for tokens in self._cut(sentence):
                length = tokens.stop - tokens.start
                used = len(ids) - len(self._prefix)
                if pieces and (used + length > self._room or len(pieces) == self._max_sentences):
                    windows.append(Window(np.array(ids, dtype=np.int64), tuple(pieces)))
                    ids, pieces = list(self._prefix), []
                pieces.append(Piece(number, tokens, len(ids)))
                ids += sentence.ids[tokens].tolist()
                ids += self._suffix
        if pieces:
            windows.append(Window(np.array(ids, dtype=np.int64), tuple(pieces)))
        return windows

    def _cut(self, sentence: EncodedSentence) -> list[slice]:
        """Cut a sentence that is longer than a window, at word starts where there are any."""
        slices = []
        start, total = 0, len(sentence.ids)
        while total - start > self._room:
            starts = np.flatnonzero(sentence.word_starts[start + 1 : start + self._room + 1])
            stop = start + 1 + int(starts[-1]) if len(starts) else start + self._room
            slices.append(slice(start, stop))
            start = stop
        return [*slices, slice(start, total)] if total else []


def _begin_words(text: str, positions: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether a word begins at each position: it continues one only between two letters or digits."""
    # One more, False: it follows the last character and, as index -1, comes before the first.
    inside = np.zeros(len(text) + 1, dtype=np.bool_)
    inside[:-1] = np.fromiter(map(_in_word, text), dtype=np.bool_, count=len(text))
    return ~(inside[positions - 1] & inside[positions])


@lru_cache(maxsize=4096)
def _in_word(character: str) -> bool:
    # A combining mark, of which Burmese has many, is not alphanumeric but begins no word either.
    return character.isalnum() or unicodedata.category(character).startswith("M")
