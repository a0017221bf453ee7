"""Alters copies of labelled documents: mentions are replaced by others that fit in their place."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace

from conflictcoder.document import Document, Event, Mention, Sentence
from train.config import Augmentation
from train.labelled import LabelledDocument

_ARTICLES = {"a", "an"}
_SINGULAR = {"one", "a single", "1"}


def augment(
    documents: Sequence[LabelledDocument], settings: Augmentation, seed: int
) -> list[LabelledDocument]:
    """Make altered copies of documents, whose labels move with the text.

    A name or a number gives way to one of the same type from any of the documents, if both agree in
    what grammar needs: singular or plural, the article or preposition before it. In one copy the same
    words are replaced by the same words. (Dai and Adel, 2020, *An Analysis of Simple
    Data Augmentation for Named Entity Recognition*.)

    Args:
        documents: The documents; they are not changed.
        settings: How many copies, and which share of which mentions is replaced.
        seed: Seed of the choices.

    Returns:
        The copies only.
    """
    pool = _Pool(documents, frozenset(settings.types))
    return [
        _alter(labelled, pool, settings.replaced, seed, copy)
        for copy in range(1, settings.copies + 1)
        for labelled in documents
    ]


class _Pool:
    """The distinct texts of all mentions, by what makes them interchangeable."""

    def __init__(self, documents: Iterable[LabelledDocument], types: frozenset[str]) -> None:
        found: dict[Hashable, dict[str, None]] = defaultdict(dict)
        for labelled in documents:
            for sentence in labelled.document.sentences:
                for mention in sentence.entities:
                    slot = _slot(sentence.text, mention)
                    if slot and (mention.type in types or not types):
                        found[slot][mention.text] = None
        self._texts = {slot: list(texts) for slot, texts in found.items()}

    def choose(self, text: str, mention: Mention, chance: random.Random) -> str:
        texts = self._texts.get(_slot(text, mention) or ())
        return chance.choice(texts) if texts else mention.text


def _slot(text: str, mention: Mention) -> tuple[Hashable, ...] | None:
    """What another mention must share to stand in the place of this one.

    Returns:
        None for a common noun: it carries the sense of its sentence and stays.
    """
    words = mention.text.split()
    before = (text[: mention.start].split() or [""])[-1].lower()
    if mention.text.lower() in _SINGULAR:
        return None
    if any(character.isdigit() for character in mention.text):
        # "12 soldiers", "on 3 May", "in 2019": what stands before tells which.
        return (mention.type, "digits", before, len(words))
    capitals = tuple(word[:1].isupper() for word in words)
    if not any(capitals) or (mention.start == 0 and len(words) == 1):
        return None
    article = before if before in _ARTICLES else ""
    plural = words[-1].endswith("s") and not words[-1].endswith("ss")
    return (mention.type, article, plural, capitals[0], capitals[-1], min(len(words), 3))


def _alter(labelled: LabelledDocument, pool: _Pool, share: float, seed: int, copy: int) -> LabelledDocument:
    document = labelled.document
    chance = random.Random(f"{seed} {copy} {document.id}")
    chosen: dict[tuple[Hashable, ...], str] = {}
    sentences: list[Sentence] = []
    text = ""
    end = 0
    for sentence in document.sentences:
        text += document.text[end : sentence.start]
        end = sentence.start + len(sentence.text)
        texts = {}
        for mention in sentence.entities:
            key = (_slot(sentence.text, mention), mention.text)
            if key not in chosen:
                swap = chance.random() < share
                chosen[key] = pool.choose(sentence.text, mention, chance) if swap else mention.text
            texts[mention.id] = chosen[key]
        altered = _rewrite(sentence, texts, len(text))
        sentences.append(altered)
        text += altered.text
    text += document.text[end:]
    renamed = f"{document.id}~{copy}"
    altered_document = Document(renamed, document.title, document.date, text, tuple(sentences))
    return replace(labelled, document=altered_document)


def _rewrite(sentence: Sentence, texts: dict[str, str], start: int) -> Sentence:
    """The sentence with other texts for its mentions, and all spans where they are now."""
    parts: list[str] = []
    length = end = 0
    mentions: dict[str, Mention] = {}
    events: list[Event] = []
    for item in sorted((*sentence.entities, *sentence.events), key=lambda span: span.start):
        between = sentence.text[end : item.start]
        new = texts.get(item.id, item.text) if isinstance(item, Mention) else item.text
        first = length + len(between)
        moved = {"start": first, "end": first + len(new), "text": new}
        if isinstance(item, Mention):
            mentions[item.id] = replace(item, **moved)
        else:
            events.append(replace(item, **moved))
        parts += [between, new]
        length = first + len(new)
        end = item.end
    parts.append(sentence.text[end:])
    linked = [
        replace(
            event,
            arguments=tuple(replace(item, mention=mentions[item.entity]) for item in event.arguments),
        )
        for event in events
    ]
    return Sentence("".join(parts), start, tuple(mentions.values()), tuple(linked), sentence.event_types)
