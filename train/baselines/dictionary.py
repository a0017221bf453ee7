"""A dictionary coder: words that it saw as triggers and mentions, linked to what is nearest.

What PETRARCH and its forerunners do, with a dictionary counted from labels instead of written by hand.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from conflictcoder.document import Argument, Document, Event, EventType, Mention, Sentence
from conflictcoder.ontology import Ontology

_WORD = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]")
_LONGEST = 8
_SURE = 0.5


class _Entry(NamedTuple):
    type: str
    trigger: bool


class DictionaryCoder:
    """Codes sentences with the words of labelled documents.

    A word sequence that is a trigger or mention at least every second time that it occurs in the
    documents is one everywhere; the longest match wins. A mention goes to the nearest event, in the
    role that mentions of its type before or after events of that type have most often.

    Args:
        documents: Labelled documents.
        ontology: Their ontology.
    """

    def __init__(self, documents: Iterable[Document], ontology: Ontology) -> None:
        self._ontology = ontology
        sentences = [sentence for document in documents for sentence in document.sentences]
        self._entries = _count_entries(sentences)
        self._roles = _count_roles(sentences)

    def code(self, gold: Document) -> Document:
        """Code the sentences of a document anew."""
        return replace(gold, sentences=tuple(self._code_sentence(item) for item in gold.sentences))

    def _code_sentence(self, sentence: Sentence) -> Sentence:
        mentions: list[Mention] = []
        triggers: list[tuple[str, int, int]] = []
        for entry, start, end in self._matches(sentence.text):
            if entry.trigger:
                triggers.append((entry.type, start, end))
            else:
                number = len(mentions) + 1
                mentions.append(Mention(f"m{number}", entry.type, start, end, sentence.text[start:end]))
        fillers: dict[int, list[Argument]] = defaultdict(list)
        for mention in mentions if triggers else ():
            nearest = min(range(len(triggers)), key=lambda number: _distance(triggers[number], mention))
            kind, start, _ = triggers[nearest]
            role = self._roles.get((kind, mention.type, mention.start < start))
            if role:
                fillers[nearest].append(Argument(role, mention))
        realis = self._ontology.realis[0] if self._ontology.realis else ""
        events = tuple(
            Event(f"e{n + 1}", kind, realis, start, end, sentence.text[start:end], tuple(fillers[n]))
            for n, (kind, start, end) in enumerate(triggers)
        )
        types = tuple(EventType(name) for name in dict.fromkeys(event.type for event in events))
        return Sentence(sentence.text, sentence.start, tuple(mentions), events, types)

    def _matches(self, text: str) -> Iterator[tuple[_Entry, int, int]]:
        words = [match.span() for match in _WORD.finditer(text)]
        position = 0
        while position < len(words):
            for length in range(min(_LONGEST, len(words) - position), 0, -1):
                start, end = words[position][0], words[position + length - 1][1]
                entry = self._entries.get(text[start:end].lower())
                if entry:
                    yield entry, start, end
                    break
            position += length if entry else 1


def _count_entries(sentences: Iterable[Sentence]) -> dict[str, _Entry]:
    occurrences: Counter[str] = Counter()
    labelled: defaultdict[str, Counter[_Entry]] = defaultdict(Counter)
    for sentence in sentences:
        words = [match.span() for match in _WORD.finditer(sentence.text)]
        for first in range(len(words)):
            for last in range(first, min(first + _LONGEST, len(words))):
                occurrences[sentence.text[words[first][0] : words[last][1]].lower()] += 1
        for span in (*sentence.entities, *sentence.events):
            labelled[span.text.lower()][_Entry(span.type, isinstance(span, Event))] += 1
    found = {}
    for text, entries in labelled.items():
        entry, count = entries.most_common(1)[0]
        if count >= _SURE * occurrences[text]:
            found[text] = entry
    return found


def _count_roles(sentences: Iterable[Sentence]) -> dict[tuple[str, str, bool], str]:
    """For event type, mention type and whether the mention comes first, the role that it mostly has."""
    counts: defaultdict[tuple[str, str, bool], Counter[str]] = defaultdict(Counter)
    for sentence in sentences:
        for event in sentence.events:
            roles = {argument.mention: argument.role for argument in event.arguments}
            for mention in sentence.entities:
                key = (event.type, mention.type, mention.start < event.start)
                counts[key][roles.get(mention, "")] += 1
    return {key: roles.most_common(1)[0][0] for key, roles in counts.items()}


def _distance(trigger: tuple[str, int, int], mention: Mention) -> int:
    _, start, end = trigger
    return mention.start - end if mention.start >= end else start - mention.end
