"""Reads the files of a CoNLL or classification source into sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from conflictcoder.document import Sentence
from conflictcoder.ontology import Ontology
from train.config import ClassificationSource, ConllSource
from train.data.classification import class_names, read_classification
from train.data.conll import read_conll
from train.data.paths import SETS
from train.labelled import Corpus, LabelledDocument


def read_source(source: ConllSource | ClassificationSource) -> Corpus:
    """Read a source.

    Returns:
        Its sets `train`, `dev` and `test`, with an ontology of the types that occur in them.

    Raises:
        ConflictCoderError: A file is missing or malformed, or names other classes than the first
            training file.
    """
    names = file_classes(source, Path(source.train[0]))
    sets = {
        role: [labelled for path in getattr(source, role) for labelled in read_as(source, Path(path), names)]
        for role in SETS
    }
    if isinstance(source, ConllSource):
        return Corpus(Ontology(entity_types=_entity_types(sets)), sets)
    if names:
        return Corpus(Ontology(event_types=tuple(source.prefix + name for name in names)), sets)
    classes = [{entry.type for entry in sentence.event_types} for sentence in _sentences(sets)]
    # Where a row may have no class, the model must be able to answer with none.
    exclusive = all(classes)
    return Corpus(
        Ontology(event_types=tuple(sorted(set().union(*classes))), exclusive_event_types=exclusive), sets
    )


def read_as(
    source: ConllSource | ClassificationSource, path: Path, names: Sequence[str] | None = None
) -> list[LabelledDocument]:
    """Read a file with the settings of a source, whether or not it is one of its own.

    Args:
        source: The source.
        path: The file.
        names: The names, without prefix, of the source's several label columns, which must be those of
            the file; empty: it has a single one; None: whatever the file has.

    Raises:
        DataError: The file is missing or malformed, or has other classes.
    """
    if isinstance(source, ConllSource):
        documents = read_conll(path, token_column=source.token_column, tag_column=source.tag_column)
    else:
        documents = read_classification(path, **_columns(source), names=names)
    return [_prefixed(labelled, source.prefix) for labelled in documents]


def file_classes(source: ConllSource | ClassificationSource, path: Path) -> list[str]:
    """What a file's several label columns are called, without prefix; empty if it has not several."""
    return class_names(path, **_columns(source)) if isinstance(source, ClassificationSource) else []


def _columns(source: ClassificationSource) -> dict[str, Any]:
    return {
        "text_column": source.text_column,
        "label_columns": source.label_columns,
        "header": source.header,
    }


def _entity_types(sets: dict[str, list[LabelledDocument]]) -> tuple[str, ...]:
    return tuple(sorted({mention.type for sentence in _sentences(sets) for mention in sentence.entities}))


def _sentences(sets: dict[str, list[LabelledDocument]]) -> list[Sentence]:
    return [
        sentence
        for documents in sets.values()
        for labelled in documents
        for sentence in labelled.document.sentences
    ]


def _prefixed(labelled: LabelledDocument, prefix: str) -> LabelledDocument:
    if not prefix:
        return labelled
    sentences = tuple(
        replace(
            sentence,
            entities=tuple(replace(item, type=prefix + item.type) for item in sentence.entities),
            event_types=tuple(replace(item, type=prefix + item.type) for item in sentence.event_types),
        )
        for sentence in labelled.document.sentences
    )
    return replace(labelled, document=replace(labelled.document, sentences=sentences))
