"""A sample of the training text, kept beside a checkpoint for whatever needs ordinary text later."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from conflictcoder.windows import Window, WindowEncoder
from train.features import WindowedDocument
from train.files import read_json, write_json

SAMPLE = "sample.json"
_WINDOWS = 200


def write_sample(documents: Sequence[WindowedDocument], path: Path) -> None:
    """Write the sentences of some documents, taken evenly from all, that fill about 200 windows.

    Args:
        documents: The training documents.
        path: The JSON file: a list of documents, each a list of sentences.
    """
    every = max(1, sum(len(document.windows) for document in documents) // _WINDOWS)
    sample = [[item.text for item in document.gold.document.sentences] for document in documents[::every]]
    write_json(sample, path)


def read_sample(path: Path, encoder: WindowEncoder) -> list[Window]:
    """The windows of the sample that was written to a file."""
    return pack_documents(read_json(path), encoder)


def pack_documents(documents: Iterable[Sequence[str]], encoder: WindowEncoder) -> list[Window]:
    """The windows of documents, each given as the texts of its sentences."""
    return [
        window for texts in documents for window in encoder.pack([encoder.encode(text) for text in texts])
    ]
