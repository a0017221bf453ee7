import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from conflictcoder.windows import WindowEncoder, _begin_words


@pytest.fixture(scope="module")
def tokenizer(tiny_backbone):
    return Tokenizer.from_file(str(tiny_backbone / "tokenizer.json"))


def encoder(tokenizer, max_tokens=32, **options):
    return WindowEncoder(tokenizer, max_tokens=max_tokens, **options)


def words(text, sentence):
    starts = np.flatnonzero(sentence.word_starts)
    ends = [*starts[1:], len(sentence.ids)]
    return [
        text[sentence.offsets[first][0] : sentence.offsets[end - 1][1]]
        for first, end in zip(starts, ends, strict=True)
    ]


def test_words_end_at_punctuation(tokenizer):
    text = "Nov. 2,000 anti-junta U.S."
    assert words(text, encoder(tokenizer).encode(text)) == [
        "Nov", ".", "2", ",", "000", "anti", "-", "junta", "U", ".", "S", ".",
    ]  # fmt: skip


def test_window_has_the_marks_of_the_tokenizer(tokenizer):
    windows = encoder(tokenizer)
    (window,) = windows.pack([windows.encode("army"), windows.encode("rebels")])
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    assert window.input_ids[0] == cls
    assert [window.input_ids[piece.positions.stop] for piece in window.pieces] == [sep, sep]
    assert window.sentence_mask().sum() == len(window.input_ids) - 3


def covered(sentences, windows):
    """How often each token of each sentence is in a window."""
    counts = [np.zeros(len(sentence.ids), dtype=int) for sentence in sentences]
    for window in windows:
        for piece in window.pieces:
            counts[piece.sentence][piece.tokens] += 1
            own = sentences[piece.sentence].ids[piece.tokens]
            assert (window.input_ids[piece.positions] == own).all()
    return counts


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.text(max_size=80), max_size=12), max_tokens=st.integers(4, 40))
def test_every_token_is_in_exactly_one_window(tokenizer, texts, max_tokens):
    windows = encoder(tokenizer, max_tokens)
    sentences = [windows.encode(text) for text in texts]
    packed = windows.pack(sentences)
    assert all(len(window.input_ids) <= max_tokens for window in packed)
    assert all((count == 1).all() for count in covered(sentences, packed))


def test_one_sentence_a_window_turns_context_off(tokenizer):
    windows = encoder(tokenizer, max_sentences=1)
    packed = windows.pack([windows.encode("army"), windows.encode("rebels")])
    assert [len(window.pieces) for window in packed] == [1, 1]


def test_overlong_sentence_is_cut_between_words(tokenizer):
    windows = encoder(tokenizer, 12)
    sentence = windows.encode("withdrew " * 20)
    for window in windows.pack([sentence]):
        (piece,) = window.pieces
        assert sentence.word_starts[piece.tokens.start]


def test_broken_unicode_keeps_its_offsets(tokenizer):
    text = "army \ud800 rebels"
    sentence = encoder(tokenizer).encode(text)
    assert words(text, sentence)[-1] == "rebels"


def test_special_tokens_in_a_text_are_text(tokenizer):
    text = "[CLS] army [SEP] [PAD][MASK]"
    windows = encoder(tokenizer)
    sentence = windows.encode(text)
    special = {tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]", "[PAD]", "[MASK]")}
    assert not special & set(sentence.ids.tolist())
    assert words(text, sentence) == text.replace("[", " [ ").replace("]", " ] ").split()
    (window,) = windows.pack([sentence])
    assert window.input_ids[[0, -1]].tolist() == tokenizer.encode("").ids
    again = windows.sized_like(windows).encode(text)
    assert again.ids.tolist() == sentence.ids.tolist()
    assert tokenizer.encode("[SEP]", add_special_tokens=False).tokens == ["[SEP]"]  # ours is a copy


def test_combining_marks_begin_no_word(tokenizer):
    text = "\u1019\u103c\u1014\u103a\u1019\u102c"  # "Myanmar" in Burmese: letters and marks
    sentence = encoder(tokenizer).encode(text)
    assert sentence.word_starts.sum() <= 1


def test_word_starts_at_positions():
    text = "ab\u0301c, d"
    starts = _begin_words(text, np.array([0, 1, 2, 3, 4, 6, len(text)]))
    assert starts.tolist() == [True, False, False, False, True, True, True]


def test_window_without_room_is_refused(tokenizer):
    with pytest.raises(ValueError, match="holds no text"):
        encoder(tokenizer, 2)
