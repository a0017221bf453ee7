import itertools
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conflictcoder.sentences import split_sentences

from ..conftest import ROOT


def split(text):
    return [text[start:end] for start, end in split_sentences(text)]


def test_abbreviations_and_decimals_do_not_end_a_sentence():
    text = "Maj. Gen. Zaw Min Tun spoke on Nov. 12. The U.S. army left No. 13 with 2.5 tons."
    assert split(text) == [
        "Maj. Gen. Zaw Min Tun spoke on Nov. 12.",
        "The U.S. army left No. 13 with 2.5 tons.",
    ]


@pytest.mark.parametrize(
    "first",
    [
        "The Karen National Union (KNU)'s men fled.",
        "The U.N.'s men fled.",
        'The "Brotherhood"\'s men fled.',
        "They fled from Al-'Arish.",
        "They fled in the '90s.",
        "They fled from a hill of 5'10\".",
    ],
)
def test_an_apostrophe_opens_no_quote(first):
    others = ["Two died.", "The rebels' base fell.", "It was over."]
    assert split(" ".join([first, *others])) == [first, *others]


def test_a_line_is_a_paragraph():
    assert split("Rebels take town\n\nThey came at dawn.\nNobody fired.") == [
        "Rebels take town",
        "They came at dawn.",
        "Nobody fired.",
    ]


def test_hard_wrapped_text_is_joined():
    text = (
        "The column reached the river after two days of marching through the\n"
        "Hukawng valley and stopped there, because the bridge that the Kachin\n"
        "fighters had mined was gone and no boat was to be found on that side.\n"
        "It turned back."
    )
    assert [sentence.replace("\n", " ")[:20] for sentence in split(text)] == [
        "The column reached t",
        "It turned back.",
    ]


REPORT = "On Monday the Kachin Independence Army captured the town of Laukkai."
LIST = f"They took {'the town of Laukkai, ' * 200}and left."


@pytest.mark.parametrize("sentences", [[REPORT] * 300, [REPORT, LIST] * 5], ids=["short", "long"])
def test_long_paragraph_is_never_cut_inside_a_sentence(sentences):
    assert len(" ".join(sentences)) > 10_000
    assert split(" ".join(sentences)) == sentences


def test_sentence_longer_than_a_chunk_is_cut_at_white_space():
    words = "bridge " * 2_000
    first, *others = split(f"{REPORT} {words}{REPORT}")
    assert first == REPORT
    assert [sentence for sentence in others if set(sentence.split()) == {"bridge"}] == others[:-1]
    assert others[-1].endswith(REPORT)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=300))
def test_every_visible_character_is_in_one_sentence_in_order(text):
    spans = list(split_sentences(text))
    assert all(start < end for start, end in spans)
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(spans))
    assert "".join("".join(text[s:e].split()) for s, e in spans) == "".join(text.split())


@pytest.mark.parametrize("unit", ["a", "a. ", "(“", "x ", ".", "\n", " \n", "“No.” ", "Ok then\n"])
def test_a_million_characters_take_seconds(unit):
    text = unit * (1_000_000 // len(unit))
    began = time.perf_counter()
    list(split_sentences(text))
    assert time.perf_counter() - began < 20


@pytest.mark.parametrize("unit", ["a", "Ok then\n", "ok then\n"])
def test_splitting_takes_no_memory_for_each_character(unit):
    text = unit * (30_000 // len(unit))
    tracemalloc.start()
    try:
        for _ in split_sentences(text):
            pass
        assert tracemalloc.get_traced_memory()[1] < len(text)
    finally:
        tracemalloc.stop()


def test_white_space_in_a_line_of_its_own_divides_paragraphs():
    assert split("The army\n \t\nleft town\n\n \n  \nand\nburned it") == [
        "The army",
        "left town",
        "and\nburned it",
    ]


def test_boundaries_of_the_five_articles(ontology):
    """All ends of sentences; the datasheet's figure is of those inside paragraphs alone, which are harder."""
    from train.data.ann import read_ann

    files = sorted((ROOT / "data" / "annotations" / "seed").glob("*.ann"))
    assert len(files) == 5
    right = guessed = expected = 0
    for file in files:
        document = read_ann(file, ontology).document
        gold = {sentence.start + len(sentence.text) for sentence in document.sentences}
        found = {end for _, end in split_sentences(document.text)}
        right, guessed, expected = right + len(gold & found), guessed + len(found), expected + len(gold)
    assert 2 * right / (guessed + expected) > 0.96
