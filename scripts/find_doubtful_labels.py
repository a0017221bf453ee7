"""Lists labels that models which never saw them contradict with confidence, for people to look at again."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from train.config import load_config
from train.doubts import find_doubts


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.argument("overrides", nargs=-1, metavar="[SECTION.KEY=VALUE]...")
@click.option("--set", "sets", multiple=True, default=["train", "dev", "test"], show_default=True)
@click.option("--folds", default=3, show_default=True, type=click.IntRange(min=2))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A doubt a line, as JSON.")
@click.option("--resume", is_flag=True, help="Keep the folds that are trained.")
def main(
    config: Path, overrides: tuple[str, ...], sets: tuple[str, ...], folds: int, out: Path, *, resume: bool
) -> None:
    """Train CONFIG on all folds of its documents but one, in turn, and question the labels of that one."""
    doubts = find_doubts(load_config(config, overrides), sets, folds, resume=resume)
    lines = [json.dumps(asdict(doubt), ensure_ascii=False) + "\n" for doubt in doubts]
    out.write_text("".join(lines), encoding="utf-8")
    click.echo(f"{out}: {len(doubts)} doubts, most confident first")


if __name__ == "__main__":
    main()
