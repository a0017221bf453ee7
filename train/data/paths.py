"""The files that a config's data section names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from train.config import (
    AnnotatedData,
    ClassificationData,
    ClassificationSource,
    ConllData,
    ConllSource,
    Data,
    JointData,
)

SETS = ("train", "dev", "test")
_Source = TypeVar("_Source", ConllData, ClassificationData, ConllSource, ClassificationSource)


def data_paths(data: Data, sets: Sequence[str] = SETS) -> list[Path]:
    """The files and folders that a data section names.

    Args:
        data: The section.
        sets: For data that names files by set, the sets to list.
    """
    if isinstance(data, AnnotatedData):
        return [Path(name) for name in (*data.paths, data.ontology, data.splits)]
    sources = data.sources if isinstance(data, JointData) else [data]
    return [path for source in sources for path in source_paths(source, sets)]


def source_paths(source: ConllSource | ClassificationSource, sets: Sequence[str] = SETS) -> list[Path]:
    """The files of a source in some of its sets."""
    return [Path(name) for role in sets for name in getattr(source, role)]


def rebase(data: Data, folder: Path) -> Data:
    """The same data section with its relative paths seen from a folder."""
    if isinstance(data, AnnotatedData):
        paths = {"paths": [str(folder / name) for name in data.paths]}
        files = {"ontology": str(folder / data.ontology), "splits": str(folder / data.splits)}
        return data.model_copy(update=paths | files)
    if isinstance(data, JointData):
        return data.model_copy(update={"sources": [_rebase_source(item, folder) for item in data.sources]})
    return _rebase_source(data, folder)


def _rebase_source(data: _Source, folder: Path) -> _Source:
    moved = {role: [str(folder / name) for name in getattr(data, role)] for role in SETS}
    return data.model_copy(update=moved)
