"""The files that a config's data section names."""

from __future__ import annotations

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

_Source = TypeVar("_Source", ConllData, ClassificationData, ConllSource, ClassificationSource)


def data_paths(data: Data) -> list[Path]:
    """All files and folders that a data section names."""
    if isinstance(data, AnnotatedData):
        return [Path(name) for name in (*data.paths, data.ontology, data.splits)]
    sources = data.sources if isinstance(data, JointData) else [data]
    return [Path(name) for source in sources for name in (*source.train, *source.dev, *source.test)]


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
    sets = {"train": data.train, "dev": data.dev, "test": data.test}
    return data.model_copy(
        update={name: [str(folder / path) for path in paths] for name, paths in sets.items()}
    )
