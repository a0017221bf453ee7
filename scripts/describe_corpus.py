"""Prints the tables of data/DATASHEET.md: composition and variety of the written corpus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click

from conflictcoder.document import Document
from train.data.ann import AnnotatedArticle, read_ann
from train.data.ontology_file import load_ontology
from train.data.splits import read_splits
from train.data.statistics import Statistics
from train.data.variety import distinct_mentions, largest_overlaps, trigger_coverage

DATA = Path(__file__).parent.parent / "data"
PLACES = ("LOCATION", "FACILITY")
ACTORS = ("STATE_ACTOR", "ARMED_GROUP", "ORGANISATION")


def describe() -> str:
    """All tables, as Markdown."""
    ontology = load_ontology(DATA / "ontology.yaml")
    articles = [read_ann(path, ontology) for path in sorted((DATA / "annotations").rglob("*.ann"))]
    written = [article for article in articles if article.headers["origin"] == "written"]
    documents = [article.document for article in written]
    five = [article.document for article in articles if article.headers["origin"] == "seed"]
    counts = {"written": Statistics.of(documents, ontology), "five articles": Statistics.of(five, ontology)}
    blocks = [
        _totals(counts),
        _counts("mentions by entity type", {name: c.mentions for name, c in counts.items()}),
        _counts("sentences by event type", {name: c.sentences_by_type for name, c in counts.items()}),
        _counts("arguments by role", {name: c.arguments for name, c in counts.items()}),
        _headers(written, "conflict"),
        _headers(written, "voice"),
        _headers(written, "kind"),
        "\n".join(_variety(documents, five, counts["written"])),
        "\n".join(_sets(documents)),
    ]
    return "\n\n".join(blocks)


def _totals(counts: dict[str, Statistics]) -> str:
    rows = {
        "documents": [c.documents for c in counts.values()],
        "sentences": [c.sentences for c in counts.values()],
        "sentences with events": [c.event_sentences for c in counts.values()],
        "of these with two or more": [
            f"{c.multi_event_sentences / max(c.event_sentences, 1):.0%}" for c in counts.values()
        ],
        "events": [c.events for c in counts.values()],
        "events with realis=other": [f"{c.other_events / max(c.events, 1):.0%}" for c in counts.values()],
        "mentions": [sum(c.mentions.values()) for c in counts.values()],
        "arguments": [sum(c.arguments.values()) for c in counts.values()],
        "words in a sentence (10 %, median, 90 %)": [_deciles(c.words) for c in counts.values()],
    }
    lines = [f"| | {' | '.join(counts)} |", "|---|" + "---|" * len(counts)]
    lines += [f"| {name} | {' | '.join(map(str, values))} |" for name, values in rows.items()]
    return "\n".join(lines)


def _deciles(words: list[int]) -> str:
    ordered = sorted(words)
    return ", ".join(str(ordered[len(ordered) * share // 10]) for share in (1, 5, 9))


def _counts(title: str, columns: dict[str, Counter[str]]) -> str:
    first = next(iter(columns.values()))
    lines = [f"| {title} | {' | '.join(columns)} |", "|---|" + "---|" * len(columns)]
    for name, _ in first.most_common():
        lines.append(f"| {name} | {' | '.join(str(column[name]) for column in columns.values())} |")
    return "\n".join(lines)


def _headers(articles: list[AnnotatedArticle], key: str) -> str:
    counts = Counter(article.headers.get(key) or "none" for article in articles)
    parts = [f"{name} {count}" for name, count in counts.most_common()]
    return f"Reports by {key} ({len(counts)}): {', '.join(parts)}."


def _variety(documents: list[Document], five: list[Document], counts: Statistics) -> Iterator[str]:
    overlap = largest_overlaps(documents, 1)[0]
    yield f"- Largest share of word 4-grams between two sentences of different reports: {overlap.share:.0%}."
    yield f"- Distinct place names and sites: {distinct_mentions(documents, PLACES)}."
    yield f"- Distinct actors and organisations: {distinct_mentions(documents, ACTORS)}."
    fewest = sorted((len(triggers), name) for name, triggers in counts.triggers.items())
    yield "- Distinct triggers: " + ", ".join(f"{name} {number}" for number, name in reversed(fewest)) + "."
    share = trigger_coverage(documents, five)
    yield f"- Of the distinct triggers of the five articles {share:.0%} are triggers in the written corpus."


def _sets(documents: list[Document]) -> Iterator[str]:
    placed = read_splits(DATA / "splits.toml")
    sizes: Counter[str] = Counter()
    sentences: Counter[str] = Counter()
    for document in documents:
        name = placed.get(document.id, "train")
        sizes[name] += 1
        sentences[name] += len(document.sentences)
    for name, size in sizes.most_common():
        yield f"- `{name}`: {size} reports, {sentences[name]} sentences"


@click.command()
def main() -> None:
    """Print the tables."""
    click.echo(describe())


if __name__ == "__main__":
    main()
