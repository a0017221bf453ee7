"""Leave-one-document-out cross-validation."""

from __future__ import annotations

import logging
import statistics
from collections.abc import Collection
from pathlib import Path
from typing import Any

from conflictcoder.bundle import CHECKPOINT
from conflictcoder.document import Document
from train.config import AnnotatedData, ConfigError, ExperimentConfig
from train.data.reading import load_corpus
from train.evaluation import Evaluation, evaluate_coder
from train.files import write_json
from train.fit import fit
from train.labelled import Corpus
from train.metrics.report import HEADLINES, compute_metrics
from train.provenance import METRICS, is_finished
from train.seen import seen_documents

_HELD_OUT = "held_out"

_log = logging.getLogger(__name__)


def crossval(config: ExperimentConfig, *, resume: bool = False, overwrite: bool = False) -> dict[str, Any]:
    """Code each document of the named sets by a model trained on everything but it.

    Everything is the sets of `data.train` and the named ones. The answers of all folds are scored
    together, a seed at a time.

    Args:
        config: The config; `crossval.sets` names the sets.
        resume: Keep the folds that are finished.
        overwrite: Throw earlier folds away.

    Returns:
        What `metrics.json` holds: the metrics of each seed and, for several, mean and spread.

    Raises:
        ConfigError: The config names no set with documents, its data has no sets, or a teacher, or what
            training starts from, has seen a document that is left out.
        OtherRunError: A fold that is finished was made with other settings or data.
    """
    if not isinstance(config.data, AnnotatedData):
        raise ConfigError('crossval needs data of type "annotated", whose documents can be left out')
    corpus = load_corpus(config.data)
    unknown = [name for name in config.crossval.sets if name not in corpus.sets]
    ids = [
        item.document.id for name in config.crossval.sets if name in corpus.sets for item in corpus.sets[name]
    ]
    if unknown or not ids:
        raise ConfigError(f"crossval.sets: {config.crossval.sets}; expected some of {', '.join(corpus.sets)}")
    _check_origins(config, ids)
    folder = Path(config.output) / f"{config.name}-crossval"
    by_seed: dict[str, Any] = {}
    for seed in config.crossval.seeds or [config.seed]:
        pairs: list[tuple[Document, Document]] = []
        labels = None
        for held_out in ids:
            fold = _fold_config(config, seed, held_out)
            fold_corpus = _leave_out(corpus, held_out)
            if not (resume and is_finished(fold)):
                fit(fold, overwrite=overwrite or resume, corpus=fold_corpus)
            result = _evaluate(fold.run_folder, fold_corpus)
            pairs += result.pairs
            labels = labels or result.labels
        if labels is not None:
            by_seed[str(seed)] = compute_metrics(pairs, labels)
            Evaluation(by_seed[str(seed)], pairs, labels).write_errors(folder / f"errors_seed{seed}.jsonl")
    metrics = {"held_out": ids, "seeds": by_seed, "summary": _summary(by_seed)}
    write_json(metrics, folder / METRICS)
    return metrics


def _check_origins(config: ExperimentConfig, held_out: Collection[str]) -> None:
    """Refuse teachers and a start that can tell the labels of a document that is left out.

    Raises:
        ConfigError: One has seen such a document.
    """
    for name, key in config.origins.items():
        seen = seen_documents(Path(name))
        if seen is None:
            message = "%s: %s does not tell which documents it has seen; %s"
            _log.warning(message, key, name, "if any is left out here, the scores are too good")
        elif both := seen.intersection(held_out):
            raise ConfigError(
                f"{key}: {name} has seen {min(both)!r}, which is left out here; "
                "do without it, or take one that was trained without crossval.sets"
            )


def _fold_config(config: ExperimentConfig, seed: int, held_out: str) -> ExperimentConfig:
    train = list(dict.fromkeys([*config.data.train, *config.crossval.sets]))
    data = config.data.model_copy(update={"train": train, "test": [_HELD_OUT]})
    name = f"{config.name}-crossval/seed{seed}-without-{held_out}"
    return config.model_copy(update={"name": name, "seed": seed, "data": data})


def _leave_out(corpus: Corpus, held_out: str) -> Corpus:
    alone = [item for documents in corpus.sets.values() for item in documents if item.document.id == held_out]
    return Corpus(corpus.ontology, corpus.without({held_out}).sets | {_HELD_OUT: alone})


def _evaluate(run: Path, corpus: Corpus) -> Evaluation:
    return evaluate_coder(run / CHECKPOINT, corpus.sets[_HELD_OUT])


def _summary(by_seed: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Mean and standard deviation of each headline F1 over the seeds."""
    summary = {}
    for name in HEADLINES:
        values = [metrics[name]["f1"] for metrics in by_seed.values() if name in metrics]
        if values:
            spread = statistics.stdev(values) if len(values) > 1 else 0.0
            summary[name] = {"mean": round(statistics.mean(values), 4), "stdev": round(spread, 4)}
    return summary
