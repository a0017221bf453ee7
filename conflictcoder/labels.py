"""Which heads a model has and what their output numbers mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from conflictcoder.errors import CheckpointError
from conflictcoder.ontology import Ontology
from conflictcoder.tags import tag_count

LAYERS = ("entities", "events", "event_types", "arguments", "realis")


@dataclass(frozen=True)
class LabelSpace:
    """The ontology together with the layers of annotation that a model predicts.

    Attributes:
        ontology: Names of the labels.
        layers: The predicted layers, out of `LAYERS`.

    Raises:
        CheckpointError: A layer is unknown or lacks its labels or the layer it builds on.
    """

    ontology: Ontology
    layers: frozenset[str]

    def __post_init__(self) -> None:
        unknown = self.layers - set(LAYERS)
        if unknown or not self.layers:
            raise CheckpointError(f"layers {sorted(self.layers)}: expected some of {', '.join(LAYERS)}")
        needs: dict[str, tuple[str, ...]] = {
            "entities": self.ontology.entity_types,
            "events": self.ontology.event_types,
            "event_types": self.ontology.event_types,
            "arguments": self.ontology.roles,
            "realis": self.ontology.realis,
        }
        for layer in self.layers:
            if not needs[layer]:
                raise CheckpointError(f"layer {layer!r} needs labels that the ontology does not have")
        if "arguments" in self.layers and not self.layers >= {"entities", "events"}:
            raise CheckpointError("layer 'arguments' needs the layers 'entities' and 'events'")
        if "realis" in self.layers and "events" not in self.layers:
            raise CheckpointError("layer 'realis' needs the layer 'events'")

    @classmethod
    def of(cls, ontology: Ontology, layers: Iterable[str]) -> LabelSpace:
        """Make a label space of any iterable of layers."""
        return cls(ontology, frozenset(layers))

    @property
    def mention_types(self) -> tuple[str, ...]:
        """Entity types that the span head tags."""
        return self.ontology.entity_types if "entities" in self.layers else ()

    @property
    def trigger_types(self) -> tuple[str, ...]:
        """Event types that the span head tags."""
        return self.ontology.event_types if "events" in self.layers else ()

    @property
    def span_types(self) -> tuple[str, ...]:
        """Types of the tag set: mentions first, then triggers."""
        return self.mention_types + self.trigger_types

    def output_sizes(self) -> dict[str, int]:
        """Length of the last axis of each head's output; a head that is missing is not a key."""
        sizes = {}
        if self.span_types:
            sizes["spans"] = tag_count(len(self.span_types))
        if "event_types" in self.layers:
            sizes["event_types"] = len(self.ontology.event_types)
        if "realis" in self.layers:
            sizes["realis"] = len(self.ontology.realis)
        if "arguments" in self.layers:
            sizes["arguments"] = len(self.ontology.roles)
        return sizes
