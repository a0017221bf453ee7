"""What the `evaluate` modules share: sentences of plain data in, a score out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from datasets import Features, List, Value

from train.metrics.scoring import Item, score

Record = dict[str, Any]
Sentences = Sequence[Sequence[Any]]

SPAN = {"start": Value("int64"), "end": Value("int64")}
TEXT = Value("string")


def sentence_features(fields: dict[str, Value] | Value) -> Features:
    """Features of a metric whose rows are sentences, each a list of records with these fields."""
    return Features({"predictions": List(fields), "references": List(fields)})


def article_names(predictions: Sentences, references: Sentences, articles: Sequence[str] | None) -> list[str]:
    """The article of each sentence; where none is given, each sentence is its own.

    Raises:
        ValueError: The lengths differ.
    """
    names = list(articles) if articles is not None else [str(n) for n in range(len(references))]
    if not len(predictions) == len(references) == len(names):
        raise ValueError(
            f"{len(predictions)} predictions, {len(references)} references and {len(names)} articles: "
            "expected one of each for every sentence"
        )
    return names


def score_sentences(
    predictions: Sentences,
    references: Sentences,
    articles: Sequence[str] | None,
    to_item: Callable[[int, Any], Item],
) -> dict[str, Any]:
    """Score sentences, for which a metric says what makes an item of a record.

    Args:
        predictions: For each sentence the predicted records.
        references: For each sentence the gold records.
        articles: The article of each sentence, for the bootstrap interval; left out, each sentence
            is its own.
        to_item: Makes an item of a sentence's number and a record.

    Raises:
        ValueError: The lengths differ.
    """
    by_article: dict[str, tuple[set[Item], set[Item]]] = {}
    for number, name in enumerate(article_names(predictions, references, articles)):
        found, gold = by_article.setdefault(name, (set(), set()))
        found |= {to_item(number, record) for record in predictions[number]}
        gold |= {to_item(number, record) for record in references[number]}
    return score(list(by_article.values())).to_dict()
