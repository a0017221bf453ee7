"""Tells which documents a checkpoint has seen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conflictcoder.bundle import fingerprint
from conflictcoder.errors import ConflictCoderError
from train.config import AnnotatedData, ExperimentConfig
from train.data.paths import data_paths
from train.data.reading import load_corpus
from train.fit import select_documents
from train.provenance import data_hashes, read_provenance


def seen_documents(checkpoint: Path) -> frozenset[str] | None:
    """Ids of the documents that a model, its teachers, or what it started from was trained on or chosen by.

    Args:
        checkpoint: A training run, its checkpoint, or a bundle.

    Returns:
        None if that cannot be known: it has no provenance, or its data or one of these models is not there as
        it was.
    """
    try:
        made = read_provenance(checkpoint)
        config = ExperimentConfig.model_validate(made["config"])
        if not isinstance(config.data, AnnotatedData):
            return None
        if list(made["data"].values()) != list(data_hashes(data_paths(config.data)).values()):
            return None
        if not _same_origins(config, made):
            return None
        train, dev, _ = select_documents(config, load_corpus(config.data))
    except (ConflictCoderError, OSError, KeyError, ValueError):
        return None
    seen = frozenset(item.document.id for item in (*train, *dev))
    for origin in config.origins:
        further = seen_documents(Path(origin))
        if further is None:
            return None
        seen |= further
    return seen


def _same_origins(config: ExperimentConfig, made: Mapping[str, Any]) -> bool:
    """Whether the models that a run learnt from are those that are there now.

    A bundle that a later one has replaced, learnt from it perhaps, is not.
    """
    known = dict(made.get("teachers", {}))
    if config.model.start:
        known[config.model.start] = made.get("start", "")
    return all(fingerprint(Path(name)) == known.get(name, "") for name in config.origins)
