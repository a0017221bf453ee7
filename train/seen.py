"""Tells which documents a checkpoint has seen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conflictcoder.bundle import CHECKPOINT, is_bundle, read_config, resolve_checkpoint
from conflictcoder.errors import ConflictCoderError
from train.config import AnnotatedData, ExperimentConfig
from train.data.paths import data_paths
from train.data.reading import load_corpus
from train.files import read_json
from train.fit import select_documents
from train.provenance import PROVENANCE, data_hashes


def seen_documents(checkpoint: Path) -> frozenset[str] | None:
    """Ids of the documents that a model, or one of its teachers, was trained on or chosen by.

    Args:
        checkpoint: A training run, its checkpoint, or a bundle.

    Returns:
        None if that cannot be known: it has no provenance, or its data is not there as it was.
    """
    try:
        made = _provenance(checkpoint)
        config = ExperimentConfig.model_validate(made["config"])
        if not isinstance(config.data, AnnotatedData):
            return None
        if list(made["data"].values()) != list(data_hashes(data_paths(config.data)).values()):
            return None
        train, dev, _ = select_documents(config, load_corpus(config.data))
    except (ConflictCoderError, OSError, KeyError, ValueError):
        return None
    seen = frozenset(item.document.id for item in (*train, *dev))
    for teacher in config.distillation.teachers:
        further = seen_documents(Path(teacher))
        if further is None:
            return None
        seen |= further
    return seen


def _provenance(checkpoint: Path) -> Mapping[str, Any]:
    place = resolve_checkpoint(checkpoint)
    if is_bundle(place):
        return read_config(place).provenance
    run = place.parent if place.name == CHECKPOINT else place
    made: dict[str, Any] = read_json(run / PROVENANCE)
    return made
