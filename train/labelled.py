"""A gold document with the layers of annotation that it has."""

from __future__ import annotations

from dataclasses import dataclass

from conflictcoder.document import Document
from conflictcoder.ontology import Ontology


@dataclass(frozen=True)
class LabelledDocument:
    """A gold document and which layers of annotation it has.

    Attributes:
        document: The document.
        layers: Layers that were annotated; in the others nothing is known.
    """

    document: Document
    layers: frozenset[str]


@dataclass(frozen=True)
class Corpus:
    """Labelled documents in named sets, with their ontology.

    Attributes:
        ontology: The ontology of all of them.
        sets: Documents by the name of their set.
    """

    ontology: Ontology
    sets: dict[str, list[LabelledDocument]]

    @property
    def layers(self) -> frozenset[str]:
        """Layers that at least one document has."""
        return frozenset().union(*(item.layers for items in self.sets.values() for item in items))
