"""Counts of a labelled corpus."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from conflictcoder.document import Document
from conflictcoder.ontology import Ontology


@dataclass
class Statistics:
    """What a corpus has.

    Attributes:
        documents: How many documents.
        sentences: How many sentences.
        event_sentences: Sentences with at least one event.
        multi_event_sentences: Sentences with at least two events.
        events: How many events.
        other_events: Events that are not actual.
        mentions: Mentions by entity type.
        sentences_by_type: Sentences by the event types that they have.
        arguments: Arguments by role.
        triggers: Distinct triggers, in lower case, by event type.
        words: Words of each sentence.
    """

    documents: int = 0
    sentences: int = 0
    event_sentences: int = 0
    multi_event_sentences: int = 0
    events: int = 0
    other_events: int = 0
    mentions: Counter[str] = field(default_factory=Counter)
    sentences_by_type: Counter[str] = field(default_factory=Counter)
    arguments: Counter[str] = field(default_factory=Counter)
    triggers: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    words: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, documents: Iterable[Document], ontology: Ontology) -> Statistics:
        """Count documents."""
        counts = cls()
        for document in documents:
            counts.documents += 1
            for sentence in document.sentences:
                counts.sentences += 1
                counts.words.append(len(sentence.text.split()))
                counts.event_sentences += bool(sentence.events)
                counts.multi_event_sentences += len(sentence.events) > 1
                counts.mentions.update(mention.type for mention in sentence.entities)
                counts.sentences_by_type.update({event.type for event in sentence.events})
                for event in sentence.events:
                    counts.events += 1
                    counts.other_events += not ontology.is_actual(event.realis)
                    counts.triggers[event.type].add(event.text.lower())
                    counts.arguments.update(argument.role for argument in event.arguments)
        return counts

    def lines(self) -> list[str]:
        """The counts as lines for people."""
        words = sorted(self.words) or [0]
        deciles = [words[len(words) * share // 10] for share in (1, 5, 9)]
        events, with_events = max(self.events, 1), max(self.event_sentences, 1)
        return [
            f"documents {self.documents}, sentences {self.sentences}, events {self.events}",
            f"words in a sentence: 10 % {deciles[0]}, median {deciles[1]}, 90 % {deciles[2]}",
            f"sentences with events {self.event_sentences}, with two or more {self.multi_event_sentences} "
            f"({self.multi_event_sentences / with_events:.0%})",
            f"events that are not actual {self.other_events} ({self.other_events / events:.0%})",
            "",
            "mentions by entity type",
            *(f"  {name:28}{count:7}" for name, count in self.mentions.most_common()),
            "sentences by event type (and distinct triggers)",
            *(
                f"  {name:28}{count:7}{len(self.triggers[name]):7}"
                for name, count in self.sentences_by_type.most_common()
            ),
            "arguments by role",
            *(f"  {name:28}{count:7}" for name, count in self.arguments.most_common()),
        ]
