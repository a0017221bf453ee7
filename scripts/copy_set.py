"""Copies the documents of one set of data/splits.toml into a folder, to evaluate a checkpoint on them."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from train.data.splits import read_splits

DATA = Path(__file__).parent.parent / "data"


@click.command()
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path))
def main(name: str, folder: Path) -> None:
    """Copy the .ann files of the set NAME into FOLDER."""
    ids = {identifier for identifier, placed in read_splits(DATA / "splits.toml").items() if placed == name}
    if not ids:
        raise click.ClickException(f"data/splits.toml has no set {name!r}")
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted((DATA / "annotations").rglob("*.ann")):
        if path.stem in ids:
            shutil.copyfile(path, folder / path.name)


if __name__ == "__main__":
    main()
