"""Measures the baselines on the five articles, trained on the written corpus; writes results/baselines/."""

from __future__ import annotations

from pathlib import Path

import click

from conflictcoder.document import Document
from conflictcoder.labels import LabelSpace
from train.baselines.bag_of_words import BagOfWordsClassifier
from train.baselines.dictionary import DictionaryCoder
from train.config import AnnotatedData, load_config
from train.data.reading import load_corpus
from train.files import write_json
from train.metrics.report import compute_metrics

_TITLES = {"dictionary": "dictionary, nearest mentions", "bag_of_words": "TF-IDF, logistic regression"}


@click.command()
@click.option("--config", default="configs/written.toml", show_default=True, type=click.Path(path_type=Path))
@click.option("--out", default="results/baselines", show_default=True, type=click.Path(path_type=Path))
def main(config: Path, out: Path) -> None:
    """Train the baselines on the config's training set and score them on its test sets."""
    settings = load_config(config)
    if not isinstance(settings.data, AnnotatedData):
        raise click.UsageError(f"{config}: expected data of type annotated")
    corpus = load_corpus(settings.data)
    train = [item.document for name in settings.data.train for item in corpus.sets[name]]
    test = [item.document for name in settings.data.test for item in corpus.sets[name]]
    coders = {
        "dictionary": (
            DictionaryCoder(train, corpus.ontology),
            ["entities", "events", "event_types", "arguments"],
        ),
        "bag_of_words": (BagOfWordsClassifier(train), ["event_types"]),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, (coder, layers) in coders.items():
        pairs: list[tuple[Document, Document]] = [(coder.code(gold), gold) for gold in test]
        metrics = compute_metrics(pairs, LabelSpace.of(corpus.ontology, layers))
        write_json({"title": _TITLES[name], "metrics": metrics}, out / f"{name}.json")
        scores = {key: value["f1"] for key, value in metrics.items() if isinstance(value, dict)}
        click.echo(f"{_TITLES[name]}: {scores}")


if __name__ == "__main__":
    main()
