"""Turns conflict news into event data.

>>> from conflictcoder import EventCoder
>>> coder = EventCoder.from_pretrained()
>>> document = coder.code("Rebels captured Laukkai on Thursday.", date="2024-01-06")
>>> [event.type for event in document.events]
['TERRITORY_CAPTURE']
"""

from conflictcoder.coder import EventCoder
from conflictcoder.document import Argument, Article, Document, Event, EventType, Mention, Sentence
from conflictcoder.errors import CheckpointError, ConflictCoderError, DataError, OntologyError
from conflictcoder.ontology import Ontology

__version__ = "0.1.0"

__all__ = [
    "Argument",
    "Article",
    "CheckpointError",
    "ConflictCoderError",
    "DataError",
    "Document",
    "Event",
    "EventCoder",
    "EventType",
    "Mention",
    "Ontology",
    "OntologyError",
    "Sentence",
]
