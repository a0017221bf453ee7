"""Validates a data folder: every file, the splits, and the texts against their articles."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from conflictcoder.document import Document
from conflictcoder.errors import ConflictCoderError, DataError
from train.data.ann import AnnError, AnnotatedArticle, read_ann
from train.data.cleaning import clean_article
from train.data.json_documents import read_json
from train.data.ontology_file import load_ontology
from train.data.reading import ANNOTATED_SUFFIXES, annotated_files
from train.data.splits import divide, read_splits
from train.data.statistics import Statistics
from train.labelled import LabelledDocument


@dataclass(frozen=True)
class CheckReport:
    """What a check found.

    Attributes:
        mistakes: Every mistake, as a message with its place.
        statistics: Counts of the files without mistakes.
    """

    mistakes: list[str]
    statistics: Statistics


def check_data(folder: Path) -> CheckReport:
    """Check a data folder.

    It has `ontology.yaml`, `annotations/` with `.ann` or JSON files, and may have `splits.toml` and
    `articles/` with the raw text of the documents whose origin is `seed` (of `.ann` files). A JSON file
    is read up to its first mistake.

    Args:
        folder: The folder.

    Raises:
        ConflictCoderError: The ontology cannot be read, or there is no annotation.
    """
    ontology = load_ontology(folder / "ontology.yaml")
    files = annotated_files(folder / "annotations")
    if not files:
        message = f"no labelled file; expected {', '.join(ANNOTATED_SUFFIXES)}"
        raise DataError(message, file=str(folder / "annotations"))
    mistakes: list[str] = []
    documents: list[Document] = []
    hidden = False
    for file in files:
        try:
            if file.suffix == ".ann":
                article = read_ann(file, ontology)
                documents.append(article.document)
                mistakes += _check_article(article, file, folder / "articles")
            else:
                documents += [labelled.document for labelled in read_json(file, ontology)]
        except AnnError as error:
            mistakes += [str(mistake) for mistake in error.mistakes]
        except DataError as error:
            mistakes.append(str(error))
            hidden = hidden or file.suffix != ".ann"
    broken = {file.stem for file in files if file.suffix == ".ann"} - {document.id for document in documents}
    mistakes += _check_splits(documents, None if hidden else broken, folder / "splits.toml")
    return CheckReport(mistakes, Statistics.of(documents, ontology))


def _check_article(article: AnnotatedArticle, file: Path, articles: Path) -> list[str]:
    document = article.document
    mistakes = []
    if document.id != file.stem:
        mistakes.append(
            str(DataError(f"id {document.id!r}: expected the file's name", file=str(file), line=1))
        )
    if article.headers["origin"] == "seed":
        mistakes += find_alteration(document, file, articles / f"{document.id}.txt")
    return mistakes


def find_alteration(document: Document, file: Path, raw: Path) -> list[str]:
    """Where the text of a document is not that of its cleaned article.

    White space is not compared, so that a line may be a sentence or a paragraph.
    """
    try:
        expected = clean_article(raw.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        return [str(DataError(f"its article {raw} cannot be read ({error})", file=str(file)))]
    rest = "".join(expected.split())
    for number, sentence in enumerate(document.sentences, start=1):
        compact = "".join(sentence.text.split())
        if not rest.startswith(compact):
            pairs = zip(compact, rest, strict=False)
            same = next((n for n, (one, other) in enumerate(pairs) if one != other), len(rest))
            message = (
                f"text altered: the article goes on {rest[same : same + 30]!r}, the annotation "
                f"{compact[same : same + 30]!r} (without spaces); restore the article's text"
            )
            return [str(DataError(message, file=str(file), line=_line_of(file, number)))]
        rest = rest[len(compact) :]
    if rest:
        message = f"text altered: the article goes on {rest[:30]!r} after the last sentence; annotate it"
        return [str(DataError(message, file=str(file)))]
    return []


def _line_of(file: Path, sentence: int) -> int:
    """Line of a sentence in an `.ann` file."""
    seen = 0
    lines = file.read_text(encoding="utf-8").split("\n")
    body = next(number for number, line in enumerate(lines) if not line.startswith("#"))
    for number, line in enumerate(lines[body:], start=body + 1):
        seen += bool(line.strip())
        if seen == sentence:
            return number
    return len(lines)


def _check_splits(documents: list[Document], broken: set[str] | None, path: Path) -> list[str]:
    """Mistakes of the splits; that an id of `broken` has no document is no mistake of theirs.

    It is None where any id may be that of a document in a file with mistakes.
    """
    if not path.exists():
        return []
    known = {document.id for document in documents}
    try:
        placed = read_splits(path)
        labelled = [LabelledDocument(document, frozenset()) for document in documents]
        sets = divide(labelled, {name: place for name, place in placed.items() if name in known})
    except ConflictCoderError as error:
        return [str(error)]
    mistakes = [
        f"{path}: {name!r} is listed and has no annotation; annotate it or take it off the list"
        for name in placed
        if broken is not None and name not in known | broken
    ]
    where: dict[str, tuple[str, str]] = {}
    for name, members in sets.items():
        for member in members:
            for sentence in member.document.sentences:
                before = where.setdefault(sentence.text.casefold(), (name, member.document.id))
                if before[0] != name:
                    mistakes.append(
                        f"{path}: sentence {sentence.text[:60]!r} is in {before[0]!r} ({before[1]}) and in "
                        f"{name!r} ({member.document.id}); put both documents into one set"
                    )
    return mistakes
