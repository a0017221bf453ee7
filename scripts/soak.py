"""Codes synthetic short articles for a long time, and samples memory and rate.

Usage: python scripts/soak.py [--articles N] [--minutes M] [--workers W] [--model DIR] [--out FILE.csv]

Sentences of the written corpus are recombined at random into articles of one to five, so that every
article is new and of the lengths that news has. It stops after N articles or M minutes, whichever is
first, and prints the first and the last rate and how much memory grew between them.
"""

from __future__ import annotations

import argparse
import csv
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import psutil

from conflictcoder import Article, EventCoder
from train.data.ontology_file import load_ontology
from train.data.reading import read_annotated

ROOT = Path(__file__).parent.parent
WARM_UP = 0.1  # share of the samples after which memory should no longer grow


@dataclass(frozen=True)
class Sample:
    """What was measured at a moment.

    Attributes:
        seconds: Time since the start.
        articles: Articles coded since the start.
        rate: Articles a second since the sample before.
        memory_mb: Resident memory of the process, in MB (10^6 bytes).
        threads: Threads of the process.
    """

    seconds: float
    articles: int
    rate: float
    memory_mb: float
    threads: int


def make_articles(sentences: list[str], count: int, seed: int) -> Iterator[Article]:
    """Recombine sentences into articles."""
    choose = random.Random(seed)
    for number in range(count):
        yield Article(sentences=choose.choices(sentences, k=choose.randint(1, 5)), id=str(number))


def soak(coder: EventCoder, articles: Iterator[Article], options: argparse.Namespace) -> list[Sample]:
    """Code articles until they or the time run out, sampling at an even pace."""
    process = psutil.Process()
    started = last = time.monotonic()
    samples: list[Sample] = []
    sampled = 0
    documents = coder.code_many(articles, workers=options.workers)
    for done, document in enumerate(documents, start=1):
        if document.error:
            raise SystemExit(f"error: article {document.id}: {document.error}")
        now = time.monotonic()
        if now - last >= options.every:
            rate = (done - sampled) / (now - last)
            memory = process.memory_info().rss / 1e6
            sample = Sample(
                round(now - started, 1), done, round(rate, 1), round(memory, 1), process.num_threads()
            )
            samples.append(sample)
            last, sampled = now, done
        if now - started >= 60 * options.minutes:
            break
    documents.close()
    return samples


def describe(samples: list[Sample]) -> str:
    """First and last rate, and the growth of memory, each averaged over a tenth of the samples."""
    few = max(1, round(len(samples) * WARM_UP))
    if len(samples) < 2 * few + 1:
        return "too short to tell; let it run longer, or sample more often (--every)"
    first, last = samples[few : 2 * few], samples[-few:]

    def mean(some: list[Sample], name: str) -> float:
        return sum(getattr(sample, name) for sample in some) / len(some)

    return (
        f"{samples[-1].articles:,} articles in {samples[-1].seconds / 60:.1f} minutes; "
        f"rate {mean(first, 'rate'):.1f} → {mean(last, 'rate'):.1f} articles/s; "
        f"memory {mean(first, 'memory_mb'):.1f} → {mean(last, 'memory_mb'):.1f} MB, "
        f"peak {max(sample.memory_mb for sample in samples):.1f} MB; "
        f"threads {samples[0].threads} → {samples[-1].threads}"
    )


def main() -> None:
    """Soak and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--minutes", type=float, default=120.0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--every", type=float, default=5.0, help="seconds between samples")
    parser.add_argument("--model", type=Path, help="bundle or training checkpoint")
    parser.add_argument("--out", type=Path, default=Path("soak.csv"), help="where the samples go")
    options = parser.parse_args()
    ontology = load_ontology(ROOT / "data" / "ontology.yaml")
    corpus = read_annotated([ROOT / "data" / "annotations" / "written"], ontology)
    sentences = [sentence.text for item in corpus for sentence in item.document.sentences]
    articles = make_articles(sentences, options.articles, seed=0)
    samples = soak(EventCoder.from_pretrained(options.model), articles, options)
    with options.out.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, [field.name for field in fields(Sample)])
        writer.writeheader()
        writer.writerows(asdict(sample) for sample in samples)
    print(describe(samples))  # noqa: T201 - the output is what the script is for


if __name__ == "__main__":
    main()
