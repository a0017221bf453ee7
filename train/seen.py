"""Tells which documents a checkpoint has seen, and warns of scores on them."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conflictcoder.bundle import fingerprint
from conflictcoder.errors import CheckpointError, ConflictCoderError
from train.config import AnnotatedData, ExperimentConfig
from train.data.paths import data_paths
from train.data.reading import load_corpus
from train.provenance import data_hashes, read_provenance
from train.selection import select_documents

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Seen:
    """What is known of what a model has seen, itself or through its teachers or what it started from.

    Attributes:
        trained: Ids of the documents that one of them was trained on.
        chosen: Ids of the documents that one of them was chosen by.
        complete: Whether that is all.
    """

    trained: frozenset[str] = frozenset()
    chosen: frozenset[str] = frozenset()
    complete: bool = False

    def __or__(self, other: Seen) -> Seen:
        """What two models have seen together."""
        return Seen(
            self.trained | other.trained, self.chosen | other.chosen, self.complete and other.complete
        )


def seen_documents(checkpoint: Path) -> frozenset[str] | None:
    """Ids of the documents that a model, its teachers, or what it started from was trained on or chosen by.

    Args:
        checkpoint: A training run, its checkpoint, or a bundle.

    Returns:
        None if that is not known of all of them, as `find_seen` tells.
    """
    seen = find_seen(checkpoint)
    return seen.trained | seen.chosen if seen.complete else None


def find_seen(checkpoint: Path) -> Seen:
    """The documents that a model, its teachers, or what it started from is known to have seen.

    Args:
        checkpoint: A training run, its checkpoint, or a bundle.

    Returns:
        Nothing of a model that has no provenance, or whose data is not there as it was. A teacher or start
        in whose place another model is, a later bundle perhaps that learnt from it, is such a one.
    """
    try:
        made = read_provenance(checkpoint)
        config = ExperimentConfig.model_validate(made["config"])
        if not isinstance(config.data, AnnotatedData):
            return Seen()
        if list(made["data"].values()) != list(data_hashes(data_paths(config.data)).values()):
            return Seen()
        train, dev, _ = select_documents(config, load_corpus(config.data))
    except (ConflictCoderError, OSError, KeyError, ValueError):
        return Seen()
    trained, chosen = (frozenset(item.document.id for item in items) for items in (train, dev))
    seen = Seen(trained, chosen, complete=True)
    for origin in config.origins:
        seen |= find_seen(Path(origin)) if _is_there(origin, config, made) else Seen()
    return seen


def tell_of_seen(checkpoint: Path, what: str, *, test: Collection[str], dev: Collection[str] = ()) -> str:
    """What to say where a model knows documents that are to show how well it does on others.

    Dev documents that chose it are not told of: they choose what learns from it too, and train neither.

    Args:
        checkpoint: A training run, its checkpoint, or a bundle.
        what: What the documents are called.
        test: Ids of those that are scored.
        dev: Ids of those that choose a model which learns from it.

    Returns:
        A sentence; empty if it is not known to have seen any.
    """
    seen = find_seen(checkpoint)
    both = seen.trained.intersection(dev) | (seen.trained | seen.chosen).intersection(test)
    if not both:
        return ""
    known = f"{checkpoint} was trained on, or chosen by, {len(both)} of {what} ({min(both)!r}, …)"
    return f"{known}; scores on them are too good"


def warn_of_seen(config: ExperimentConfig, *, dev: Collection[str], test: Collection[str]) -> None:
    """Warn of development and test documents that what a run learns from knows.

    Args:
        config: The run's config.
        dev: Ids of its development documents.
        test: Ids of its test documents.
    """
    for name, key in config.origins.items():
        if told := tell_of_seen(Path(name), "the dev and test documents", dev=dev, test=test):
            _log.warning("%s: %s", key, told)


def _is_there(origin: str, config: ExperimentConfig, made: Mapping[str, Any]) -> bool:
    """Whether a model that a run learnt from is the one that is there now."""
    start = made.get("start") if origin == config.model.start else None
    with suppress(CheckpointError):
        return fingerprint(Path(origin)) in (start, made.get("teachers", {}).get(origin))
    return False
