"""Measures sentence splitters on the labelled articles: boundary F1 and characters a second.

Needs the candidates beside the training environment:
    pip install -c constraints.txt blingfire nltk pysbd sentencex spacy syntok
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import click

from train.data.ann import read_ann
from train.data.ontology_file import load_ontology

Splitter = Callable[[str], Iterable[str]]


def _syntok() -> Splitter:
    import syntok.segmenter

    def split(text: str) -> Iterable[str]:
        for paragraph in syntok.segmenter.analyze(text):
            for sentence in paragraph:
                yield text[sentence[0].offset : sentence[-1].offset + len(sentence[-1].value)]

    return split


def _pysbd() -> Splitter:
    import pysbd

    return pysbd.Segmenter(language="en", clean=False).segment


def _sentencex() -> Splitter:
    import sentencex

    return lambda text: sentencex.segment("en", text)


def _blingfire() -> Splitter:
    import blingfire

    return lambda text: blingfire.text_to_sentences(text).split("\n")


def _spacy() -> Splitter:
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    return lambda text: (sentence.text for sentence in nlp(text).sents)


def _nltk() -> Splitter:
    from nltk.tokenize.punkt import PunktSentenceTokenizer

    return PunktSentenceTokenizer().tokenize


def _shipped() -> Splitter:
    from conflictcoder.sentences import split_sentences

    return lambda text: (text[start:end] for start, end in split_sentences(text))


CANDIDATES = {
    "blingfire": _blingfire,
    "nltk punkt, untrained": _nltk,
    "pysbd": _pysbd,
    "sentencex": _sentencex,
    "spacy sentencizer": _spacy,
    "syntok": _syntok,
    "as shipped": _shipped,
}


def ends_in(text: str, sentences: Iterable[str]) -> set[int]:
    """Where the sentences end, counted in characters that are not white space."""
    ends, position = set(), 0
    for sentence in sentences:
        position += len("".join(sentence.split()))
        ends.add(position)
    ends.discard(len("".join(text.split())))
    return ends


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--ontology", default="data/ontology.yaml", type=click.Path(path_type=Path))
def main(folder: Path, ontology: Path) -> None:
    """Print one line a splitter for the .ann files of FOLDER."""
    labels = load_ontology(ontology)
    documents = [read_ann(path, labels).document for path in sorted(folder.glob("*.ann"))]
    click.echo(f"{'splitter':24}{'precision':>10}{'recall':>8}{'F1':>8}{'characters/s':>14}")
    for name, make in CANDIDATES.items():
        try:
            splitter = make()
        except ImportError:
            click.echo(f"{name:24}not installed")
            continue
        right = guessed = expected = characters = 0
        began = time.perf_counter()
        for document in documents:
            # Paragraphs are given in the text, so only the boundaries inside them tell splitters apart.
            for paragraph in document.text.split("\n\n"):
                guess = ends_in(paragraph, splitter(paragraph))
                first = document.text.index(paragraph)
                inside = [
                    sentence.text
                    for sentence in document.sentences
                    if first <= sentence.start < first + len(paragraph)
                ]
                gold = ends_in(paragraph, inside)
                right += len(guess & gold)
                guessed += len(guess)
                expected += len(gold)
            characters += len(document.text)
        rate = characters / (time.perf_counter() - began)
        precision, recall = right / max(guessed, 1), right / max(expected, 1)
        f1 = 2 * right / max(guessed + expected, 1)
        click.echo(f"{name:24}{precision:10.3f}{recall:8.3f}{f1:8.3f}{rate:14,.0f}")


if __name__ == "__main__":
    main()
