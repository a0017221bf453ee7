"""Reads the files of a CoNLL or classification source into sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from conflictcoder.document import Document
from conflictcoder.ontology import Ontology
from train.config import ClassificationSource, ConllSource
from train.data.classification import class_names, read_classification
from train.data.conll import read_conll
from train.labelled import Corpus, LabelledDocument


def read_source(source: ConllSource | ClassificationSource) -> Corpus:
    """Read a source.

    Returns:
        Its sets `train`, `dev` and `test`, with an ontology of the types that occur in them.

    Raises:
        ConflictCoderError: A file is missing or malformed.
    """
    return _read_conll(source) if isinstance(source, ConllSource) else _read_classification(source)


def _read_conll(source: ConllSource) -> Corpus:
    def read(path: Path) -> list[LabelledDocument]:
        return read_conll(path, token_column=source.token_column, tag_column=source.tag_column)

    sets = _read_sets(source, read)
    types = {
        mention.type
        for document in _documents(sets)
        for sentence in document.sentences
        for mention in sentence.entities
    }
    return Corpus(Ontology(entity_types=tuple(sorted(types))), sets)


def _read_classification(source: ClassificationSource) -> Corpus:
    columns = {
        "text_column": source.text_column,
        "label_columns": source.label_columns,
        "header": source.header,
    }

    def read(path: Path) -> list[LabelledDocument]:
        return read_classification(path, **columns)

    sets = _read_sets(source, read)
    names = class_names(Path(source.train[0]), **columns)
    if names:
        return Corpus(Ontology(event_types=tuple(source.prefix + name for name in names)), sets)
    classes = [
        {entry.type for entry in sentence.event_types}
        for document in _documents(sets)
        for sentence in document.sentences
    ]
    # Where a row may have no class, the model must be able to answer with none.
    exclusive = all(classes)
    return Corpus(
        Ontology(event_types=tuple(sorted(set().union(*classes))), exclusive_event_types=exclusive), sets
    )


def _read_sets(
    source: ConllSource | ClassificationSource, read: Callable[[Path], Sequence[LabelledDocument]]
) -> dict[str, list[LabelledDocument]]:
    named = {"train": source.train, "dev": source.dev, "test": source.test}
    return {
        name: [_prefixed(labelled, source.prefix) for path in paths for labelled in read(Path(path))]
        for name, paths in named.items()
    }


def _documents(sets: dict[str, list[LabelledDocument]]) -> list[Document]:
    return [labelled.document for documents in sets.values() for labelled in documents]


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
