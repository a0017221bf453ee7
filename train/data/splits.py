"""Divides documents into sets: by a splits file, or at random with a seed."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Sequence
from pathlib import Path

from conflictcoder.errors import DataError
from train.labelled import LabelledDocument

DEFAULT_SET = "train"


def read_splits(path: Path) -> dict[str, str]:
    """Read a splits file.

    Returns:
        The name of the set of every document id that is listed.

    Raises:
        DataError: The file is malformed or lists an id twice.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", file=str(path)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"not TOML: {error}", file=str(path)) from None
    sets = data.get("sets")
    if not isinstance(sets, dict) or set(data) != {"sets"}:
        raise DataError("expected one table [sets] with a list of ids for each set", file=str(path))
    placed: dict[str, str] = {}
    for name, ids in sets.items():
        if not isinstance(ids, list) or not all(isinstance(item, str) for item in ids):
            raise DataError(f"sets.{name}: expected a list of document ids", file=str(path))
        for item in ids:
            if item in placed:
                message = f"{item!r} is in the sets {placed[item]!r} and {name!r}; keep it in one"
                raise DataError(message, file=str(path))
            placed[item] = name
    return placed


def divide(
    documents: Sequence[LabelledDocument], placed: dict[str, str]
) -> dict[str, list[LabelledDocument]]:
    """Put documents into their sets; those without one go into `train`.

    Raises:
        DataError: Two documents have one id, or a listed id has no document.
    """
    sets: dict[str, list[LabelledDocument]] = {name: [] for name in (DEFAULT_SET, *placed.values())}
    seen = set()
    for labelled in documents:
        name = labelled.document.id
        if name in seen:
            raise DataError(f"two documents have the id {name!r}; give each its own")
        seen.add(name)
        sets[placed.get(name, DEFAULT_SET)].append(labelled)
    missing = [name for name in placed if name not in seen]
    if missing:
        raise DataError(
            f"{missing[0]!r} is in the set {placed[missing[0]]!r} and has no document; "
            "add the document or take it off the list"
        )
    return sets


def hold_out(
    documents: Sequence[LabelledDocument], share: float, seed: int
) -> tuple[list[LabelledDocument], list[LabelledDocument]]:
    """Hold out a random share of the documents, whole documents always.

    Returns:
        The documents that stay and those held out, both in their order.
    """
    count = min(max(round(share * len(documents)), 1), len(documents) - 1) if share else 0
    chosen = set(random.Random(seed).sample(range(len(documents)), max(count, 0)))
    stay = [item for number, item in enumerate(documents) if number not in chosen]
    return stay, [item for number, item in enumerate(documents) if number in chosen]
