"""Compares two annotations of the same articles: agreement as F1, and every difference.

python scripts/compare_annotations.py data/agreement/seed/a data/agreement/seed/b
"""

from __future__ import annotations

from pathlib import Path

import click

from conflictcoder.document import Document
from conflictcoder.errors import ConflictCoderError
from train.data.ann import read_ann
from train.data.ontology_file import load_ontology
from train.metrics.items import argument_items, mention_items, trigger_items
from train.metrics.scoring import Item, score

KINDS = {"mentions": mention_items, "triggers": trigger_items, "arguments": argument_items}


@click.command()
@click.argument("first", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("second", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--ontology", default="data/ontology.yaml", type=click.Path(path_type=Path))
@click.option("--differences", is_flag=True, help="List every difference, a sentence at a time.")
def main(first: Path, second: Path, ontology: Path, *, differences: bool) -> None:
    """Compare the .ann files that FIRST and SECOND have in common."""
    labels = load_ontology(ontology)
    names = sorted({path.name for path in first.glob("*.ann")} & {path.name for path in second.glob("*.ann")})
    if not names:
        raise click.ClickException(f"{first} and {second} have no .ann file of the same name")
    try:
        pairs = [
            (read_ann(first / name, labels).document, read_ann(second / name, labels).document)
            for name in names
        ]
    except ConflictCoderError as error:
        raise click.ClickException(str(error)) from None
    for one, other in pairs:
        if one.text != other.text:
            raise click.ClickException(f"{one.id}: the texts differ; only labels may")
    sentences = sum(len(one.sentences) for one, _ in pairs)
    click.echo(f"{len(pairs)} articles, {sentences} sentences")
    for kind, items in KINDS.items():
        report = score([(items(other), items(one)) for one, other in pairs])
        click.echo(
            f"{kind:10} F1 {report.f1:.3f}  ({report.gold} and {report.predicted}, {report.correct} alike)"
        )
    if differences:
        for one, other in pairs:
            _list_differences(one, other)


def _list_differences(one: Document, other: Document) -> None:
    for number, sentence in enumerate(one.sentences):
        lines = []
        for kind, items in KINDS.items():
            left = {item for item in items(one) if item.key[0] == number}
            right = {item for item in items(other) if item.key[0] == number}
            lines += [f"  < {kind[:-1]} {_describe(item, sentence.text)}" for item in sorted(left - right)]
            lines += [f"  > {kind[:-1]} {_describe(item, sentence.text)}" for item in sorted(right - left)]
        if lines:
            click.echo("\n".join([f"{one.id} {number + 1}: {sentence.text}", *lines]))


def _describe(item: Item, text: str) -> str:
    start, end = item.key[-2:]
    return f"{item.label} {' '.join(str(part) for part in item.key[1:-2])} {text[start:end]!r}"


if __name__ == "__main__":
    main()
