"""What is compared: the items of a document, as sets that two annotations can share."""

from __future__ import annotations

from conflictcoder.document import Document
from train.metrics.scoring import Item


def mention_items(document: Document) -> set[Item]:
    """Mentions by span and type."""
    return {
        Item(mention.type, (number, mention.start, mention.end))
        for number, sentence in enumerate(document.sentences)
        for mention in sentence.entities
    }


def trigger_items(document: Document) -> set[Item]:
    """Triggers by span and event type (Trig-C)."""
    return {
        Item(event.type, (number, event.start, event.end))
        for number, sentence in enumerate(document.sentences)
        for event in sentence.events
    }


def trigger_span_items(document: Document) -> set[Item]:
    """Triggers by span alone (Trig-I)."""
    return {Item("", item.key) for item in trigger_items(document)}


def argument_items(document: Document) -> set[Item]:
    """Arguments by event type, role and mention span (Arg-C)."""
    return {
        Item(argument.role, (number, event.type, argument.mention.start, argument.mention.end))
        for number, sentence in enumerate(document.sentences)
        for event in sentence.events
        for argument in event.arguments
    }


def argument_span_items(document: Document) -> set[Item]:
    """Arguments by event type and mention span (Arg-I)."""
    return {Item("", item.key) for item in argument_items(document)}


def event_type_items(document: Document) -> set[Item]:
    """Event types that each sentence reports."""
    return {
        Item(entry.type, (number,))
        for number, sentence in enumerate(document.sentences)
        for entry in sentence.event_types
    }


def realis_by_trigger(document: Document) -> dict[Item, str]:
    """Realis value of every trigger, by span and event type."""
    return {
        Item(event.type, (number, event.start, event.end)): event.realis
        for number, sentence in enumerate(document.sentences)
        for event in sentence.events
    }
