"""Counts the sentences of data/regressions/ that the shipped bundle codes without any mistake."""

from __future__ import annotations

from pathlib import Path

import click

from conflictcoder import EventCoder
from train.data.ontology_file import load_ontology
from train.data.reading import read_annotated
from train.evaluation import evaluate_coder, find_errors
from train.files import write_json

ROOT = Path(__file__).parent.parent


def count_passed(coder: EventCoder) -> dict[str, int]:
    """How many sentences there are, and how many have no mistake of any kind."""
    ontology = load_ontology(ROOT / "data" / "ontology.yaml")
    evaluation = evaluate_coder(coder, read_annotated([ROOT / "data" / "regressions"], ontology))
    sentences = sum(len(gold.sentences) for _, gold in evaluation.pairs)
    wrong = len(list(find_errors(evaluation.pairs, evaluation.labels)))
    return {"sentences": sentences, "passed": sentences - wrong}


@click.command()
def main() -> None:
    """Measure the shipped bundle and write results/regressions.json."""
    result = count_passed(EventCoder.from_pretrained())
    write_json(result, ROOT / "results" / "regressions.json")
    click.echo(f"{result['passed']} of {result['sentences']} sentences without a mistake")


if __name__ == "__main__":
    main()
