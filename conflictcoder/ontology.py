"""The ontology: which entity types, event types, roles and realis values a data set has.

An ontology is data. A data set brings one, a checkpoint carries it, and nothing in the code knows
the name of a type or a role.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conflictcoder.errors import OntologyError

_NAME = re.compile(r"[^\s\[\]{}\\=,]+")
_SECTIONS = ("entity_types", "event_types", "roles", "realis")
_KEYS = {"version", "exclusive_event_types", "fillers", "definitions", *_SECTIONS}


@dataclass(frozen=True)
class Ontology:
    """Names of the labels, in the order in which a model numbers them.

    Attributes:
        entity_types: Types of mentions.
        event_types: Types of events, which are also the classes of a sentence.
        roles: Roles that a mention plays in an event.
        realis: Realis values; the first is the default and means that the event happened.
        fillers: The entity types that may fill a role; a role that is not a key takes any.
        definitions: What a type or role means, by its name; a role that has the name of a type stands
            under `roles.NAME`.
        exclusive_event_types: Whether a sentence has exactly one event type (single-label
            classification) rather than any number of them.
        version: Version of the ontology itself.
    """

    entity_types: tuple[str, ...] = ()
    event_types: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    realis: tuple[str, ...] = ()
    fillers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    definitions: Mapping[str, str] = field(default_factory=dict)
    exclusive_event_types: bool = False
    version: int = 1

    def __post_init__(self) -> None:
        for section in _SECTIONS:
            names = getattr(self, section)
            for name in names:
                if not isinstance(name, str) or not _NAME.fullmatch(name):
                    raise OntologyError(
                        f"{section}: {name!r} cannot be a label; expected text without spaces, "
                        "brackets, braces, backslashes, commas and equals signs"
                    )
            if len(set(names)) != len(names):
                raise OntologyError(f"{section}: a name is given twice in {list(names)}")
        both = set(self.entity_types) & set(self.event_types)
        if both:
            raise OntologyError(
                f"{sorted(both)} are entity types and event types at once; rename one of each pair, "
                "because mentions and triggers share one tag set"
            )
        for role, types in self.fillers.items():
            unknown = types - set(self.entity_types)
            if role not in self.roles or unknown:
                raise OntologyError(
                    f"roles.{role}: fillers {sorted(types)} must be entity types of this ontology"
                )

    def may_fill(self, role: str, entity_type: str) -> bool:
        """Whether a mention of `entity_type` may play `role`."""
        return role not in self.fillers or entity_type in self.fillers[role]

    def is_actual(self, realis: str) -> bool:
        """Whether an event with this realis value counts as having happened."""
        return not self.realis or realis == self.realis[0]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Ontology:
        """Read an ontology from plain data, as in `ontology.yaml` or a checkpoint's config.

        `entity_types`, `event_types` and `roles` are lists of names, or mappings from a name to a
        definition; a definition is text, or a mapping with `definition` and, for a role, `fillers`.

        Raises:
            OntologyError: A section is malformed or unknown.
        """
        if not isinstance(data, Mapping):
            raise OntologyError(f"expected a mapping with {sorted(_KEYS)}, got {type(data).__name__}")
        unknown = set(data) - _KEYS
        if unknown:
            raise OntologyError(f"unknown keys {sorted(map(str, unknown))}; expected {sorted(_KEYS)}")
        definitions = dict(_mapping(data.get("definitions"), "definitions"))
        fillers = {
            role: frozenset(_names(types, f"fillers.{role}"))
            for role, types in _mapping(data.get("fillers"), "fillers").items()
        }
        names = {section: _names(data.get(section), section) for section in _SECTIONS}
        types = names["entity_types"] + names["event_types"]
        for section in _SECTIONS[:3]:
            entries = data.get(section)
            for name, entry in entries.items() if isinstance(entries, Mapping) else ():
                detail = entry if isinstance(entry, Mapping) else {"definition": entry}
                # Types have different names, but a role may have that of a type.
                shared = section == "roles" and name in types
                definitions[f"roles.{name}" if shared else name] = str(detail.get("definition") or "")
                if section == "roles" and detail.get("fillers") is not None:
                    fillers[name] = frozenset(_names(detail["fillers"], f"roles.{name}.fillers"))
        exclusive = data.get("exclusive_event_types", False)
        version = data.get("version", 1)
        if not isinstance(exclusive, bool) or not isinstance(version, int):
            raise OntologyError("exclusive_event_types must be true or false, and version a number")
        return cls(
            **names,
            fillers=fillers,
            definitions={name: text for name, text in definitions.items() if text},
            exclusive_event_types=exclusive,
            version=version,
        )

    def to_dict(self) -> dict[str, Any]:
        """The plain data that `from_dict` reads back.

        Names are lists, because their order numbers the labels and JSON objects have none.
        """
        return {
            "version": self.version,
            "entity_types": list(self.entity_types),
            "event_types": list(self.event_types),
            "exclusive_event_types": self.exclusive_event_types,
            "roles": list(self.roles),
            "realis": list(self.realis),
            "fillers": {role: sorted(types) for role, types in self.fillers.items()},
            "definitions": dict(self.definitions),
        }


def _names(value: Any, where: str) -> tuple[str, ...]:  # noqa: ANN401 - unchecked input
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, (Mapping, Sequence)):
        raise OntologyError(f"{where}: expected a list or a mapping of names, got {value!r}")
    for name in value:
        if not isinstance(name, str):
            raise OntologyError(f"{where}: {name!r} cannot be a label; expected text")
    return tuple(value)


def _mapping(value: Any, where: str) -> Mapping[str, Any]:  # noqa: ANN401 - unchecked input
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise OntologyError(f"{where}: expected a mapping by name, got {value!r}")
    return value
