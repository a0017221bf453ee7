"""Divides documents into sets: by a splits file, or at random with a seed."""

from __future__ import annotations

import random
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from conflictcoder.document import Event, EventType, Mention, Sentence
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


def text_key(text: str) -> str:
    """What two spellings of a text share whatever their spaces, punctuation, case and tokenisation."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(filter(str.isalnum, folded)) or "".join(folded.split())


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
    documents: Sequence[LabelledDocument], share: float, seed: int, *, keep_types: bool = False
) -> tuple[list[LabelledDocument], list[LabelledDocument]]:
    """Hold out a random share of the documents, whole documents always.

    Documents of the same text stay together, so that nothing held out is trained on.

    Args:
        documents: The documents.
        share: Share to hold out.
        seed: Seed of the choice.
        keep_types: Hold out no document that is the last one with an entity or event type.

    Returns:
        The documents that stay and those held out, both in their order.
    """
    groups: dict[str, list[int]] = {}
    for number, labelled in enumerate(documents):
        groups.setdefault(text_key(labelled.document.text) or f"#{number}", []).append(number)
    members = list(groups.values())
    if len(members) == 1:
        members = [[number] for number in members[0]]
    count = min(max(round(share * len(members)), 1), len(members) - 1) if share else 0
    drawn = random.Random(seed).sample(members, max(count, 0))
    if keep_types:
        drawn = _without_last_types(documents, drawn)
    chosen = {number for group in drawn for number in group}
    stay = [item for number, item in enumerate(documents) if number not in chosen]
    return stay, [item for number, item in enumerate(documents) if number in chosen]


def _without_last_types(documents: Sequence[LabelledDocument], drawn: list[list[int]]) -> list[list[int]]:
    """The drawn groups without those that would take the last document of a type; at least one."""
    types = [
        {item.type for sentence in labelled.document.sentences for item in _typed(sentence)}
        for labelled in documents
    ]
    left = Counter(name for names in types for name in names)
    kept = []
    for group in drawn:
        taken = Counter(name for number in group for name in types[number])
        if all(left[name] > count for name, count in taken.items()):
            left -= taken
            kept.append(group)
    return kept or drawn[:1]


def _typed(sentence: Sentence) -> tuple[Mention | Event | EventType, ...]:
    return (*sentence.entities, *sentence.events, *sentence.event_types)
