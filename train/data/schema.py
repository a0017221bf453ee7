"""One schema for all labelled data, as `datasets.Dataset`: a document a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from datasets import Dataset, Features, List, Value

from conflictcoder.document import Document
from train.labelled import LabelledDocument

_STRING = Value("string")
_NUMBER = Value("int64")
_SPAN = {"id": _STRING, "type": _STRING, "start": _NUMBER, "end": _NUMBER, "text": _STRING}
FEATURES = Features(
    {
        "id": _STRING,
        "title": _STRING,
        "date": _STRING,
        "text": _STRING,
        "layers": List(_STRING),
        "sentences": List(
            {
                "text": _STRING,
                "start": _NUMBER,
                "entities": List(_SPAN),
                "events": List(
                    _SPAN | {"realis": _STRING, "arguments": List({"role": _STRING, "entity": _STRING})}
                ),
                "event_types": List({"type": _STRING}),
            }
        ),
    }
)


def to_dataset(documents: Iterable[LabelledDocument]) -> Dataset:
    """Make a data set with the columns of `FEATURES`."""
    rows: list[dict[str, Any]] = [
        labelled.document.to_dict() | {"layers": sorted(labelled.layers)} for labelled in documents
    ]
    # Not `from_list`, which takes the columns from the first row and so needs one.
    return Dataset.from_dict({name: [row[name] for row in rows] for name in FEATURES}, features=FEATURES)


def from_dataset(dataset: Dataset) -> Iterator[LabelledDocument]:
    """The documents of a data set with the columns of `FEATURES`."""
    for row in dataset:
        yield LabelledDocument(Document.from_dict(row), frozenset(row["layers"]))
