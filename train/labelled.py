"""A gold document with the layers of annotation that it has."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from conflictcoder.document import Document
from conflictcoder.ontology import Ontology


@dataclass(frozen=True)
class LabelledDocument:
    """A gold document and which layers of annotation it has.

    Attributes:
        document: The document.
        layers: Layers that were annotated; in the others nothing is known.
        types: Entity and event types that were annotated in these layers; None: all of the ontology.
    """

    document: Document
    layers: frozenset[str]
    types: frozenset[str] | None = None

    def knows(self, type_name: str) -> bool:
        """Whether an entity or event type was annotated, so that its absence means something."""
        return self.types is None or type_name in self.types

    def comparable(self, predicted: Document) -> Document:
        """What of a prediction can be right or wrong: that which was annotated here.

        Args:
            predicted: A prediction for this document.
        """
        sentences = tuple(
            replace(
                sentence,
                entities=tuple(
                    item for item in sentence.entities if "entities" in self.layers and self.knows(item.type)
                ),
                events=tuple(
                    item if "arguments" in self.layers else replace(item, arguments=())
                    for item in sentence.events
                    if "events" in self.layers and self.knows(item.type)
                ),
                event_types=tuple(
                    item
                    for item in sentence.event_types
                    if "event_types" in self.layers and self.knows(item.type)
                ),
            )
            for sentence in predicted.sentences
        )
        return replace(predicted, sentences=sentences)


@dataclass(frozen=True)
class Corpus:
    """Labelled documents in named sets, with their ontology.

    Attributes:
        ontology: The ontology of all of them.
        sets: Documents by the name of their set.
    """

    ontology: Ontology
    sets: dict[str, list[LabelledDocument]]

    def without(self, ids: Collection[str]) -> Corpus:
        """The corpus without the documents of these ids."""
        sets = {
            name: [item for item in documents if item.document.id not in ids]
            for name, documents in self.sets.items()
        }
        return replace(self, sets=sets)

    @property
    def layers(self) -> frozenset[str]:
        """Layers that at least one document has."""
        return frozenset().union(*(item.layers for items in self.sets.values() for item in items))
