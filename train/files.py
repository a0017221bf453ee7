"""Reads and writes small files; what is written is whole or not there."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any


def read_json(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    """Read a JSON file that this project wrote."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_json(data: Any, path: Path) -> None:  # noqa: ANN401 - anything that json takes
    """Write JSON."""
    write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", path)


def write_text(text: str, path: Path) -> None:
    """Write a text file under a temporary name and move it."""
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
    Path(scratch).chmod(0o644)
    Path(scratch).replace(path)
