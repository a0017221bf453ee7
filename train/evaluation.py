"""Evaluates a checkpoint on labelled documents, through the coder that inference ships."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conflictcoder.coder import EventCoder
from conflictcoder.document import Article, Document, Sentence
from conflictcoder.labels import LabelSpace
from train.evidence import Evidence
from train.features import window_documents
from train.files import write_text
from train.labelled import LabelledDocument
from train.metrics.items import argument_items, event_type_items, mention_items, trigger_items
from train.metrics.report import compute_metrics
from train.metrics.scoring import Item
from train.recording import RecordingRuntime

_ERROR_KINDS = {
    "entities": ("mention", mention_items),
    "events": ("trigger", trigger_items),
    "arguments": ("argument", argument_items),
    "event_types": ("event type", event_type_items),
}


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
        metrics: Plain data for metrics.json.
        pairs: For each article the predicted and the gold document.
        labels: What the model predicts.
        evidence: What the model's scores tell; None if only its answers are known.
    """

    metrics: dict[str, Any]
    pairs: list[tuple[Document, Document]]
    labels: LabelSpace
    evidence: Evidence | None = None

    def write_errors(self, path: Path) -> None:
        """Write one line of JSON for each sentence that has a mistake."""
        lines = [json.dumps(error, ensure_ascii=False) for error in find_errors(self.pairs, self.labels)]
        write_text("".join(f"{line}\n" for line in lines), path)


def evaluate_coder(
    checkpoint: Path | EventCoder, documents: Sequence[LabelledDocument], *, device: str = "cpu"
) -> Evaluation:
    """Code the sentences of gold documents and compare, in each document what was annotated in it.

    Args:
        checkpoint: A checkpoint, a bundle, or a coder.
        documents: Gold documents.
        device: Device of the coder.
    """
    coder = checkpoint
    if not isinstance(coder, EventCoder):
        coder = EventCoder.from_pretrained(coder, device=device)
    articles = (
        Article(sentences=[sentence.text for sentence in labelled.document.sentences])
        for labelled in documents
    )
    runtime = RecordingRuntime(coder.runtime)
    labels = coder.config.labels
    evidence = Evidence(labels, coder.config.calibration)
    pairs = []
    for predicted, labelled in zip(coder.with_runtime(runtime).code_many(articles), documents, strict=True):
        if predicted.error:
            raise RuntimeError(f"{labelled.document.id}: {predicted.error}")
        pairs.append((labelled.comparable(predicted), labelled.document))
        (windowed,) = window_documents([labelled], coder.encoder)
        evidence.add(windowed, runtime.take(windowed.windows))
    metrics = compute_metrics(pairs, labels) | evidence.to_dict()
    return Evaluation(metrics, pairs, labels, evidence)


def find_errors(pairs: Sequence[tuple[Document, Document]], labels: LabelSpace) -> Iterator[dict[str, Any]]:
    """Tell each sentence that has a mistake, with what is missed and what spurious in it.

    Args:
        pairs: For each article the predicted and the gold document.
        labels: What the model predicts; what else is annotated is not missed.
    """
    kinds = [kind for layer, kind in _ERROR_KINDS.items() if layer in labels.layers]
    for predicted, gold in pairs:
        found = {kind: (items(predicted), items(gold)) for kind, items in kinds}
        for number, sentence in enumerate(gold.sentences):
            missed, spurious = [], []
            for kind, (guess, truth) in found.items():
                here = [{item for item in items if item.key[0] == number} for items in (guess, truth)]
                missed += [_describe(kind, item, sentence) for item in sorted(here[1] - here[0])]
                spurious += [_describe(kind, item, sentence) for item in sorted(here[0] - here[1])]
            if missed or spurious:
                yield {
                    "document": gold.id,
                    "sentence": number + 1,
                    "text": sentence.text,
                    "missed": missed,
                    "spurious": spurious,
                    "gold": sentence.to_dict(),
                    "predicted": predicted.sentences[number].to_dict(),
                }


def _describe(kind: str, item: Item, sentence: Sentence) -> str:
    if kind == "event type":
        return f"{kind} {item.label}"
    start, end = item.key[-2:]
    between = "".join(f" of {part}" for part in item.key[1:-2])
    return f"{kind} {item.label}{between}: {sentence.text[start:end]}"
