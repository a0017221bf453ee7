"""Merges several sources into one corpus: a text that is in two of them is one document."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations, pairwise

from conflictcoder.document import Mention, Sentence
from conflictcoder.ontology import Ontology
from train.data.paths import SETS
from train.data.splits import text_key
from train.labelled import Corpus, LabelledDocument

_log = logging.getLogger(__name__)


def join_sources(sources: Sequence[Corpus]) -> Corpus:
    """Merge sources that annotate different things, or different texts.

    Documents of one text, whatever its spaces, punctuation and tokenisation, become one document with
    the annotations of both, unless both annotate the same. Nothing that a source does not annotate is
    taken for absent. A document of which a sentence is tested is not trained on or used as dev, nor
    one of which a sentence is in dev trained on.

    Single classes exclude each other also in the merged ontology, if all class sources have one class
    a row and their sets of classes have members in common.

    Args:
        sources: Corpora with the sets `train`, `dev` and `test`.

    Returns:
        The merged sets and an ontology of all types.

    Raises:
        OntologyError: One name is an entity type and a class.
    """
    exclusive = _exclude_each_other([source.ontology for source in sources])
    classes = _unique(name for source in sources for name in source.ontology.event_types)
    ontology = Ontology(
        entity_types=_unique(name for source in sources for name in source.ontology.entity_types),
        event_types=classes,
        exclusive_event_types=exclusive,
    )
    sets: dict[str, list[LabelledDocument]] = {}
    for name in SETS:
        documents: list[LabelledDocument] = []
        for number, source in enumerate(sources):
            known = source.ontology
            own_classes = classes if exclusive and known.event_types else known.event_types
            types = frozenset((*known.entity_types, *own_classes))
            documents += [
                replace(
                    labelled,
                    types=types,
                    document=replace(labelled.document, id=f"{number}-{labelled.document.id}"),
                )
                for labelled in source.sets[name]
            ]
        sets[name] = _merge(documents)
    held_out: set[str] = set()
    for name in reversed(SETS):
        sets[name] = _without(sets[name], held_out, name)
        held_out |= {key for labelled in sets[name] for key in _sentence_keys(labelled)}
    return Corpus(ontology, sets)


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _exclude_each_other(ontologies: Sequence[Ontology]) -> bool:
    with_classes = [ontology for ontology in ontologies if ontology.event_types]
    return bool(with_classes) and (
        all(ontology.exclusive_event_types for ontology in with_classes)
        and all(set(one.event_types) & set(other.event_types) for one, other in combinations(with_classes, 2))
    )


def _merge(documents: Sequence[LabelledDocument]) -> list[LabelledDocument]:
    """Merge documents of one text, each into the first that lacks all that it has."""
    merged: list[LabelledDocument] = []
    places: dict[str, list[int]] = {}
    for labelled in documents:
        same = places.setdefault(text_key(labelled.document.text), [])
        for place in same:
            both = _merge_two(merged[place], labelled)
            if both is not None:
                merged[place] = both
                break
        else:
            same.append(len(merged))
            merged.append(labelled)
    return merged


def _merge_two(one: LabelledDocument, other: LabelledDocument) -> LabelledDocument | None:
    """The document with the annotations of both; None if they cannot be one.

    The text is that of the spans, whose offsets count in it.
    """
    types, others = one.types or frozenset(), other.types or frozenset()
    if types & others or len(one.document.sentences) != len(other.document.sentences):
        return None
    if "entities" in other.layers and "entities" not in one.layers:
        one, other = other, one
    sentences = []
    for left, right in zip(one.document.sentences, other.document.sentences, strict=True):
        entities = _place_spans(right, left)
        if text_key(left.text) != text_key(right.text) or entities is None:
            return None
        sentences.append(replace(left, entities=entities, event_types=left.event_types + right.event_types))
    document = replace(one.document, sentences=tuple(sentences))
    return LabelledDocument(document, one.layers | other.layers, types | others)


def _place_spans(source: Sentence, target: Sentence) -> tuple[Mention, ...] | None:
    """The mentions of both sentences in the text of `target`.

    Returns:
        The mentions in the order of the text; None if more than spaces differs, or mentions overlap.
    """
    if not source.entities:
        return target.entities
    from_places, to_places = (_visible(sentence.text) for sentence in (source, target))
    if [source.text[n] for n in from_places] != [target.text[n] for n in to_places]:
        return None
    found = list(target.entities)
    for mention in source.entities:
        inside = [n for n, place in enumerate(from_places) if mention.start <= place < mention.end]
        start, end = to_places[inside[0]], to_places[inside[-1]] + 1
        found.append(replace(mention, start=start, end=end, text=target.text[start:end]))
    found.sort(key=lambda mention: (mention.start, mention.end))
    if any(right.start < left.end for left, right in pairwise(found)):
        return None
    return tuple(replace(mention, id=f"m{number}") for number, mention in enumerate(found, start=1))


def _visible(text: str) -> list[int]:
    """Places of the characters that are not white space."""
    return [place for place, character in enumerate(text) if not character.isspace()]


def _sentence_keys(labelled: LabelledDocument) -> Iterator[str]:
    yield text_key(labelled.document.text)
    for sentence in labelled.document.sentences:
        yield text_key(sentence.text)


def _without(documents: list[LabelledDocument], held_out: set[str], name: str) -> list[LabelledDocument]:
    kept = [labelled for labelled in documents if held_out.isdisjoint(_sentence_keys(labelled))]
    if len(kept) < len(documents):
        _log.warning(
            "%d documents left out of %s: a text of theirs is held out", len(documents) - len(kept), name
        )
    return kept
