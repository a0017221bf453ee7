"""Lays a coded sentence out: wrapped text, coloured spans, and an arc from a trigger to each argument.

Text is set in a monospaced font, whose widths are known without a browser, so that the picture needs
no script. Spans of mentions have their label below and those of triggers above, where arcs begin.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

from rich.cells import cell_len

WIDTH = 640.0
_CELL = 7.4  # width of a character of 12 px
_SMALL = 4.9  # width of a character of a label of 8 px
_ABOVE, _TEXT, _BELOW, _LEVEL = 12, 18, 10, 13  # heights: label above, text, label below, level of arcs

_WORD = re.compile(r"\S+")
# What SVG cannot hold, and what would turn the direction of the text around it.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True)
class Span:
    """A span to draw.

    Attributes:
        start: First character.
        end: One past the last.
        label: Its type.
        colour: Fill.
        trigger: Whether it is a trigger.
        wrong: Whether it is a mistake: spurious, or missed by the other side.
    """

    start: int
    end: int
    label: str
    colour: str
    trigger: bool
    wrong: bool


@dataclass(frozen=True)
class Link:
    """An argument to draw, from trigger to mention."""

    trigger: Span
    mention: Span
    role: str
    wrong: bool


@dataclass(frozen=True)
class Word:
    """A piece of text with its place in px."""

    text: str
    x: float
    width: float
    line: int


@dataclass(frozen=True)
class Box:
    """The part of a span that lies in one line.

    Attributes:
        span: The span.
        x: Left edge in px.
        end: Right edge.
        line: The line.
        first: Whether the span begins here; its label is printed once.
    """

    span: Span
    x: float
    end: float
    line: int
    first: bool


@dataclass(frozen=True)
class Arc:
    """The part of a link that lies in one line.

    Attributes:
        start: Where it begins, in px: at the trigger or at an edge of the picture.
        end: Where it ends: at the mention or at an edge.
        line: The line.
        link: The link.
        leaves: Whether it begins at the trigger.
        arrives: Whether it ends at the mention.
        level: How many arcs it passes over.
    """

    start: float
    end: float
    line: int
    link: Link
    leaves: bool
    arrives: bool
    level: int = 0

    @property
    def label_width(self) -> float:
        """Width of the label."""
        return cell_len(self.link.role) * _SMALL + 6

    @property
    def label_x(self) -> float:
        """Middle of the label, which stays inside of the picture."""
        half = self.label_width / 2
        return min(max((self.start + self.end) / 2, half), WIDTH - half)

    @property
    def labelled(self) -> bool:
        """Whether the label is printed: always at the mention, and before a line's edge if it fits."""
        return self.arrives or abs(self.end - self.start) > 2 * self.label_width

    def meets(self, other: Arc) -> bool:
        """Whether both would overlap at one height."""
        (left, right), (start, end) = self._reach(), other._reach()
        return self.line == other.line and left < end and start < right

    def _reach(self) -> tuple[float, float]:
        half = self.label_width / 2
        left, right = min(self.start, self.end), max(self.start, self.end)
        if self.labelled:
            left, right = min(left, self.label_x - half), max(right, self.label_x + half)
        return left - 2, right + 2


@dataclass(frozen=True)
class Picture:
    """A sentence laid out; what the template draws.

    Attributes:
        words: Pieces of text.
        boxes: Spans.
        arcs: Arguments.
        tops: Upper edge of each line, below its arcs.
        height: Height of the whole.
    """

    words: list[Word]
    boxes: list[Box]
    arcs: list[Arc]
    tops: list[float]
    height: float

    def arc_y(self, arc: Arc) -> float:
        """Height of an arc's horizontal part."""
        return self.tops[arc.line] - 5 - _LEVEL * arc.level

    def arc_path(self, arc: Arc) -> str:
        """SVG path of an arc, from the top of the trigger's label to the mention's box."""
        y, top = self.arc_y(arc), self.tops[arc.line]
        first = f"M{arc.start:.1f} {top + 2:.1f}V{y:.1f}" if arc.leaves else f"M{arc.start:.1f} {y:.1f}"
        return f"{first}H{arc.end:.1f}" + (f"V{top + _ABOVE - 1:.1f}" if arc.arrives else "")

    def text_y(self, line: int) -> float:
        """Upper edge of a line's text."""
        return self.tops[line] + _ABOVE


def lay_out(text: str, spans: Sequence[Span], links: Sequence[Link]) -> Picture:
    """Lay a sentence out.

    Args:
        text: The sentence.
        spans: Its mentions and triggers.
        links: Its arguments, between those.
    """
    places = _place_words(text, spans)
    boxes = {span: _boxes(span, places) for span in spans}
    arcs: list[Arc] = []
    meetings: Counter[Box] = Counter()
    for link in links:
        if boxes[link.trigger] and boxes[link.mention]:
            arcs += _arcs(link, boxes[link.trigger], boxes[link.mention], meetings)
    arcs = _stack(arcs)
    tops, y = [], 2.0
    for line in range(1 + max((word.line for _, _, word in places), default=0)):
        levels = max((1 + arc.level for arc in arcs if arc.line == line), default=0)
        y += levels * _LEVEL + (4 if levels else 0)
        tops.append(y)
        y += _ABOVE + _TEXT + _BELOW + 5
    words = [word for _, _, word in places]
    return Picture(words, [box for found in boxes.values() for box in found], arcs, tops, y)


def _place_words(text: str, spans: Sequence[Span]) -> list[tuple[int, int, Word]]:
    """Place the pieces between white space and the borders of spans.

    Returns:
        First character, end and place of each piece.
    """
    places: list[tuple[int, int, Word]] = []
    x, line, last = 0.0, 0, 0
    free = {True: 0.0, False: 0.0}  # from where the row of labels above or below has room
    for start, end in _pieces(text, spans):
        width = cell_len(text[start:end]) * _CELL
        starting = [span for span in spans if span.start == start]
        labels = {span.trigger: cell_len(span.label) * _SMALL + 8 for span in starting}
        gap = _CELL if x and start > last else 0.0
        here = max([x + gap, *(free[row] for row in labels)])
        if here and here + max([width, *labels.values()]) > WIDTH:
            here, line, free = 0.0, line + 1, {True: 0.0, False: 0.0}
        free |= {row: here + needed for row, needed in labels.items()}
        shown = _UNPRINTABLE.sub("\ufffd", text[start:end])
        places.append((start, end, Word(shown, here, width, line)))
        x, last = here + width, end
    return places


def _pieces(text: str, spans: Sequence[Span]) -> Iterator[tuple[int, int]]:
    borders = {border for span in spans for border in (span.start, span.end)}
    for match in _WORD.finditer(text):
        start = match.start()
        for position in range(start + 1, match.end() + 1):
            full = cell_len(text[start:position]) * _CELL > WIDTH - 2 * _CELL
            if full or position in borders or position == match.end():
                yield start, position
                start = position


def _boxes(span: Span, places: Sequence[tuple[int, int, Word]]) -> list[Box]:
    inside = [word for start, end, word in places if span.start <= start and end <= span.end]
    boxes = []
    for line in sorted({word.line for word in inside}):
        words = [word for word in inside if word.line == line]
        boxes.append(Box(span, words[0].x, words[-1].x + words[-1].width, line, not boxes))
    return boxes


def _arcs(link: Link, triggers: list[Box], mentions: list[Box], meetings: Counter[Box]) -> list[Arc]:
    """The parts of a link: one in a shared line, else one in each line, through the picture's edges."""
    shared = [(a, b) for a in triggers for b in mentions if a.line == b.line]
    trigger, mention = shared[0] if shared else (triggers[0], mentions[0])
    start, end = _foot(trigger, meetings), _foot(mention, meetings)
    if shared:
        return [Arc(start, end, trigger.line, link, leaves=True, arrives=True)]
    out, back = (WIDTH, 0.0) if mention.line > trigger.line else (0.0, WIDTH)
    return [
        Arc(start, out, trigger.line, link, leaves=True, arrives=False),
        Arc(back, end, mention.line, link, leaves=False, arrives=True),
    ]


def _foot(box: Box, meetings: Counter[Box]) -> float:
    """Where the next arc meets a box: in its middle, then in turn on both sides of it."""
    number = meetings[box]
    meetings[box] += 1
    aside = (number + 1) // 2 * 6.0 * (1 if number % 2 else -1)
    half = max((box.end - box.x) / 2 - 2, 0.0)
    return (box.x + box.end) / 2 + min(max(aside, -half), half)


def _stack(arcs: Sequence[Arc]) -> list[Arc]:
    """Give arcs their levels, the short ones below."""
    stacked: list[Arc] = []
    for arc in sorted(arcs, key=lambda arc: abs(arc.end - arc.start)):
        taken = {other.level for other in stacked if arc.meets(other)}
        level = next(number for number in count() if number not in taken)
        stacked.append(replace(arc, level=level))
    return stacked
