"""Writes the answers of the shipped bundle that tests/test_wheel.py compares with."""

from __future__ import annotations

import json
from pathlib import Path

import click

from conflictcoder import EventCoder
from conflictcoder.bundle import MANIFEST, default_bundle

TEXTS = {
    "clash": "Rebels captured three army outposts near Namkham on Friday, killing 12 soldiers, they said.",
    "strike": "Two children were wounded when a fighter jet bombed a school in Kawlin township.",
    "background": "Since the coup in 2021, thousands of villagers have fled to India.",
    "planned": "The army threatened to shell the town unless the militia surrendered.",
    "sport": "The striker fired a late winner as the visitors surrendered their lead.",
}


@click.command()
def main() -> None:
    """Write tests/golden/bundle.json."""
    coder = EventCoder.from_pretrained()
    golden = {
        "manifest": (default_bundle() / MANIFEST).read_text(encoding="utf-8"),
        "documents": [coder.code(text, id=name).to_dict() for name, text in TEXTS.items()],
    }
    path = Path(__file__).parent.parent / "tests" / "golden" / "bundle.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(golden, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
