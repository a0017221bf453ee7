"""The files that a config's data section names."""

from __future__ import annotations

from pathlib import Path

from train.config import AnnotatedData, Data


def data_paths(data: Data) -> list[Path]:
    """All files and folders that a data section names."""
    if isinstance(data, AnnotatedData):
        return [Path(name) for name in (*data.paths, data.ontology, data.splits)]
    return [Path(name) for name in (*data.train, *data.dev, *data.test)]


def rebase(data: Data, folder: Path) -> Data:
    """The same data section with its relative paths seen from a folder."""
    if isinstance(data, AnnotatedData):
        paths = {"paths": [str(folder / name) for name in data.paths]}
        files = {"ontology": str(folder / data.ontology), "splits": str(folder / data.splits)}
        return data.model_copy(update=paths | files)
    sets = {"train": data.train, "dev": data.dev, "test": data.test}
    return data.model_copy(
        update={name: [str(folder / path) for path in paths] for name, paths in sets.items()}
    )
