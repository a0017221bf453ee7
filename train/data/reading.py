"""Finds out the format of a path and reads it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from conflictcoder.errors import DataError
from conflictcoder.labels import LAYERS, LabelSpace
from conflictcoder.ontology import Ontology
from train.config import AnnotatedData, Data, JointData
from train.data.ann import read_ann
from train.data.classification import read_classification
from train.data.conll import read_conll
from train.data.joint import join_sources
from train.data.json_documents import read_json
from train.data.ontology_file import load_ontology
from train.data.sources import read_source
from train.data.splits import divide, read_splits
from train.labelled import Corpus, LabelledDocument

ANNOTATED_SUFFIXES = (".ann", ".json", ".jsonl")


def read_annotated(paths: Iterable[Path], ontology: Ontology) -> list[LabelledDocument]:
    """Read `.ann` and JSON files, and all of those in folders, in the order of their names.

    Raises:
        DataError: A path is missing, of an unknown format, or malformed.
    """
    documents: list[LabelledDocument] = []
    for path in paths:
        files = [path]
        if path.is_dir():
            files = sorted(file for file in path.rglob("*") if file.suffix in ANNOTATED_SUFFIXES)
        if not path.exists() or not files:
            found = "has no labelled file" if path.exists() else "does not exist"
            raise DataError(f"{found}; expected {', '.join(ANNOTATED_SUFFIXES)}", file=str(path))
        for file in files:
            documents += _read_file(file, ontology)
    return documents


def _read_file(path: Path, ontology: Ontology) -> list[LabelledDocument]:
    if path.suffix == ".ann":
        document = read_ann(path, ontology).document
        return [LabelledDocument(document, annotated_layers(ontology))]
    if path.suffix in {".json", ".jsonl"}:
        return list(read_json(path, ontology))
    message = f"unknown ending {path.suffix!r}; expected {', '.join(ANNOTATED_SUFFIXES)}"
    raise DataError(message, file=str(path))


def annotated_layers(ontology: Ontology) -> frozenset[str]:
    """The layers that a fully annotated document has under an ontology."""
    layers = set(LAYERS)
    if not ontology.entity_types:
        layers -= {"entities", "arguments"}
    if not ontology.event_types:
        layers -= {"events", "event_types", "arguments", "realis"}
    if not ontology.roles:
        layers.discard("arguments")
    if not ontology.realis:
        layers.discard("realis")
    return frozenset(layers)


def read_for(labels: LabelSpace, path: Path) -> list[LabelledDocument]:
    """Read labelled data of any format for a model that is there already.

    Args:
        labels: What the model predicts.
        path: A folder or file of `.ann` or JSON; `.tsv` or `.csv` with classes; anything else is CoNLL.

    Raises:
        DataError: The data is malformed or has types that the model does not know.
    """
    suffix = path.suffix.lower()
    if path.is_dir() or suffix in ANNOTATED_SUFFIXES or not path.exists():
        return read_annotated([path], labels.ontology)
    documents = read_classification(path) if suffix in {".tsv", ".csv"} else read_conll(path)
    known = {*labels.ontology.entity_types, *labels.ontology.event_types}
    for labelled in documents:
        for sentence in labelled.document.sentences:
            unknown = {item.type for item in (*sentence.entities, *sentence.event_types)} - known
            if unknown:
                message = f"type {min(unknown)!r} is unknown to the checkpoint, which has {sorted(known)}"
                raise DataError(message, file=f"{path} ({labelled.document.id})")
    return documents


def load_corpus(data: Data) -> Corpus:
    """Read everything that a config's data section names.

    Returns:
        The corpus; the sets of the formats without a splits file are `train`, `dev` and `test`.
        Joint sources are merged by `join_sources`.

    Raises:
        ConflictCoderError: Something is missing or malformed.
    """
    if isinstance(data, AnnotatedData):
        ontology = load_ontology(Path(data.ontology))
        documents = read_annotated([Path(path) for path in data.paths], ontology)
        return Corpus(ontology, divide(documents, read_splits(Path(data.splits))))
    if isinstance(data, JointData):
        return join_sources([read_source(source) for source in data.sources])
    source = read_source(data)
    return Corpus(source.ontology, source.sets)
