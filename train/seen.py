"""Tells which documents a checkpoint has seen, and warns of scores on them."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conflictcoder.bundle import fingerprint
from conflictcoder.errors import ConflictCoderError
from train.config import AnnotatedData, ExperimentConfig
from train.data.paths import data_paths
from train.data.reading import load_corpus
from train.provenance import data_hashes, read_provenance
from train.selection import select_documents

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Seen:
    """What a model has seen, itself or through its teachers or what it started from.

    Attributes:
        trained: Ids of the documents that one of them was trained on.
        chosen: Ids of the documents that one of them was chosen by.
    """

    trained: frozenset[str]
    chosen: frozenset[str]


def seen_documents(checkpoint: Path) -> frozenset[str] | None:
    """Ids of the documents that a model, its teachers, or what it started from was trained on or chosen by.

    Args:
        checkpoint: A training run, its checkpoint, or a bundle.

    Returns:
        None if that cannot be known, as `find_seen` tells.
    """
    seen = find_seen(checkpoint)
    return seen.trained | seen.chosen if seen else None


def find_seen(checkpoint: Path) -> Seen | None:
    """The documents that a model, its teachers, or what it started from has seen.

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
    trained = frozenset(item.document.id for item in train)
    chosen = frozenset(item.document.id for item in dev)
    for origin in config.origins:
        further = find_seen(Path(origin))
        if further is None:
            return None
        trained, chosen = trained | further.trained, chosen | further.chosen
    return Seen(trained, chosen)


def warn_of_seen(config: ExperimentConfig, *, dev: Collection[str], test: Collection[str]) -> None:
    """Tell of what a run learns from if it knows documents that are to show how well the run does on others.

    Dev documents that chose it are not told of: they choose the run too, and train neither.

    Args:
        config: The run's config.
        dev: Ids of its development documents.
        test: Ids of its test documents.
    """
    for name, key in config.origins.items():
        seen = find_seen(Path(name)) or Seen(frozenset(), frozenset())
        both = seen.trained.intersection(dev) | (seen.trained | seen.chosen).intersection(test)
        if both:
            message = "%s: %s was trained on, or chosen by, %d of the dev and test documents (%r, …); %s"
            _log.warning(message, key, name, len(both), min(both), "scores on them are too good")


def _same_origins(config: ExperimentConfig, made: Mapping[str, Any]) -> bool:
    """Whether the models that a run learnt from are those that are there now.

    A bundle that a later one has replaced, learnt from it perhaps, is not.
    """
    known = dict(made.get("teachers", {}))
    if config.model.start:
        known[config.model.start] = made.get("start", "")
    return all(fingerprint(Path(name)) == known.get(name, "") for name in config.origins)
