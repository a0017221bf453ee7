"""What is compared: the items of a document, as sets that two annotations can share.

The scores of gold items, which have none, count as 0.
"""

from __future__ import annotations

from conflictcoder.document import Document
from train.metrics.scoring import Item


def mention_items(document: Document) -> set[Item]:
    """Mentions by span and type."""
    return set(mention_scores(document))


def trigger_items(document: Document) -> set[Item]:
    """Triggers by span and event type (Trig-C)."""
    return set(trigger_scores(document))


def trigger_span_items(document: Document) -> set[Item]:
    """Triggers by span alone (Trig-I)."""
    return {Item("", item.key) for item in trigger_items(document)}


def argument_items(document: Document) -> set[Item]:
    """Arguments by event type, role and mention span (Arg-C)."""
    return set(argument_scores(document))


def argument_span_items(document: Document) -> set[Item]:
    """Arguments by event type and mention span (Arg-I)."""
    return {Item("", item.key) for item in argument_items(document)}


def event_type_items(document: Document) -> set[Item]:
    """Event types that each sentence reports."""
    return set(event_type_scores(document))


def argument_scores(document: Document) -> dict[Item, float]:
    """Probability of every argument; of two events that share one, the higher."""
    scores: dict[Item, float] = {}
    for number, sentence in enumerate(document.sentences):
        for event in sentence.events:
            for argument in event.arguments:
                key = (number, event.type, argument.mention.start, argument.mention.end)
                item = Item(argument.role, key)
                scores[item] = max(argument.score or 0.0, scores.get(item, 0.0))
    return scores


def event_type_scores(document: Document) -> dict[Item, float]:
    """Probability of every event type of each sentence."""
    return {
        Item(entry.type, (number,)): entry.score or 0.0
        for number, sentence in enumerate(document.sentences)
        for entry in sentence.event_types
    }


def mention_scores(document: Document) -> dict[Item, float]:
    """Probability of every mention."""
    return {
        Item(mention.type, (number, mention.start, mention.end)): mention.score or 0.0
        for number, sentence in enumerate(document.sentences)
        for mention in sentence.entities
    }


def trigger_scores(document: Document) -> dict[Item, float]:
    """Probability of every trigger."""
    return {
        Item(event.type, (number, event.start, event.end)): event.score or 0.0
        for number, sentence in enumerate(document.sentences)
        for event in sentence.events
    }


def realis_items(document: Document) -> set[Item]:
    """Triggers by realis: span, event type and realis are right, or it counts as missed."""
    return {
        Item(realis, (trigger.label, *trigger.key)) for trigger, realis in realis_by_trigger(document).items()
    }


def realis_by_trigger(document: Document) -> dict[Item, str]:
    """Realis value of every trigger, by span and event type."""
    return {
        Item(event.type, (number, event.start, event.end)): event.realis
        for number, sentence in enumerate(document.sentences)
        for event in sentence.events
    }
