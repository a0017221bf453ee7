"""Finds out the format of a path and reads it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from conflictcoder.errors import DataError
from conflictcoder.labels import LAYERS, LabelSpace
from conflictcoder.ontology import Ontology
from train.config import AnnotatedData, ClassificationSource, ConllSource, Data, JointData
from train.data.ann import read_ann
from train.data.classification import read_classification
from train.data.conll import read_conll
from train.data.joint import join_sources
from train.data.json_documents import read_json
from train.data.ontology_file import load_ontology
from train.data.paths import source_paths
from train.data.sources import file_classes, read_as, read_source
from train.data.splits import divide, read_splits
from train.labelled import Corpus, LabelledDocument

ANNOTATED_SUFFIXES = (".ann", ".json", ".jsonl")
CLASSIFIED_SUFFIXES = (".tsv", ".csv")


def read_annotated(paths: Iterable[Path], ontology: Ontology) -> list[LabelledDocument]:
    """Read `.ann` and JSON files, and all of those in folders, in the order of their names.

    Raises:
        DataError: A path is missing, of an unknown format, or malformed.
    """
    documents: list[LabelledDocument] = []
    for path in paths:
        files = [path]
        if path.is_dir():
            files = annotated_files(path)
        if not path.exists() or not files:
            found = "has no labelled file" if path.exists() else "does not exist"
            raise DataError(f"{found}; expected {', '.join(ANNOTATED_SUFFIXES)}", file=str(path))
        for file in files:
            documents += _read_file(file, ontology)
    return documents


def annotated_files(folder: Path) -> list[Path]:
    """The `.ann` and JSON files of a folder and those below it, in the order of their names."""
    return sorted(file for file in folder.rglob("*") if file.suffix in ANNOTATED_SUFFIXES)


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


def is_annotated(path: Path) -> bool:
    """Whether a path, there or not, is read as `.ann` or JSON, for which no settings are needed."""
    return path.is_dir() or path.suffix.lower() in ANNOTATED_SUFFIXES or not path.exists()


def _is_classified(path: Path) -> bool:
    return path.suffix.lower() in CLASSIFIED_SUFFIXES


def read_for(labels: LabelSpace, path: Path, data: Data | None = None) -> list[LabelledDocument]:
    """Read labelled data of any format for a model that is there already.

    Args:
        labels: What the model predicts.
        path: A folder or file of `.ann` or JSON; or a file of one of the model's sources, which is read
            with that source's settings; else `.tsv` or `.csv` with classes; anything else is CoNLL.
        data: The data section that the model was trained with, if it is known. A file is of the source
            that names it, or else of the only source, or of the only one of its format. Of joint data
            all files must be there still: what a source does not annotate is not counted.

    Raises:
        DataError: The data is malformed or has types that the model does not know.
    """
    if is_annotated(path):
        return read_annotated([path], labels.ontology)
    sources = _sources_of(path, data)
    if isinstance(data, JointData) and sources:
        documents = _read_joint(data, sources, path)
    elif sources:
        (source,) = sources
        classes = [name.removeprefix(source.prefix) for name in labels.ontology.event_types]
        documents = read_as(source, path, classes if file_classes(source, path) else None)
    else:
        documents = read_classification(path) if _is_classified(path) else read_conll(path)
    known = {*labels.ontology.entity_types, *labels.ontology.event_types}
    for labelled in documents:
        for sentence in labelled.document.sentences:
            unknown = {item.type for item in (*sentence.entities, *sentence.event_types)} - known
            if unknown:
                message = f"type {min(unknown)!r} is unknown to the checkpoint, which has {sorted(known)}"
                raise DataError(message, file=f"{path} ({labelled.document.id})")
    return documents


def _sources_of(path: Path, data: Data | None) -> Sequence[ConllSource | ClassificationSource]:
    """The sources whose settings a file is read with; none if they are not known."""
    if data is None or isinstance(data, AnnotatedData):
        return []
    sources = data.sources if isinstance(data, JointData) else [data]
    place = path.resolve()
    naming = [source for source in sources if place in {item.resolve() for item in source_paths(source)}]
    if naming or len(sources) == 1:
        return naming or sources
    kind = "classification" if _is_classified(path) else "conll"
    alike = [source for source in sources if source.type == kind]
    return alike if len(alike) == 1 else []


def _read_joint(
    data: JointData, chosen: Sequence[ConllSource | ClassificationSource], path: Path
) -> list[LabelledDocument]:
    """Read a file as if it were the test file of the chosen sources, and the others had none."""
    corpora = []
    for source in data.sources:
        test = read_as(source, path, file_classes(source, Path(source.train[0]))) if source in chosen else []
        corpora.append(Corpus(read_source(source).ontology, {"train": [], "dev": [], "test": test}))
    return join_sources(corpora).sets["test"]


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
