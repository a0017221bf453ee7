"""Copies the documents of one set into a folder, to evaluate a checkpoint on them."""

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
    """Copy the .ann files of the set NAME into FOLDER, and remove those of an earlier copy."""
    sets = read_splits(DATA / "splits.toml")
    files = [
        path for path in sorted((DATA / "annotations").rglob("*.ann")) if sets.get(path.stem, "train") == name
    ]
    if not files:
        raise click.ClickException(f"data/splits.toml has no set {name!r}")
    if folder.resolve().is_relative_to(DATA.resolve()):
        raise click.ClickException(f"{folder} is in the data folder; give another")
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.ann"):
        path.unlink()
    for path in files:
        shutil.copyfile(path, folder / path.name)


if __name__ == "__main__":
    main()
