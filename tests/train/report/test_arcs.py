import itertools

import pytest

from train.report.arcs import WIDTH, Link, Span, lay_out

TEXT = "Rebels captured Namkham on Friday, the council said."


def span(word, label="TYPE", text=TEXT, trigger=False, wrong=False):
    start = text.index(word)
    return Span(start, start + len(word), label, "#fff", trigger, wrong)


def test_one_line_with_arcs_from_trigger_to_mentions():
    actor, place, trigger = span("Rebels"), span("Namkham"), span("captured", "CAPTURE", trigger=True)
    links = [Link(trigger, actor, "ACTOR", wrong=False), Link(trigger, place, "PLACE", wrong=True)]
    picture = lay_out(TEXT, [actor, place, trigger], links)
    assert [word.text for word in picture.words] == [
        "Rebels",
        "captured",
        "Namkham",
        "on",
        "Friday,",
        "the",
        "council",
        "said.",
    ]
    assert {word.line for word in picture.words} == {0}
    boxes = {box.span.label + str(box.span.start): box for box in picture.boxes}
    to_actor, to_place = sorted(picture.arcs, key=lambda arc: arc.link.role)
    assert boxes["TYPE0"].x <= to_actor.end <= boxes["TYPE0"].end
    assert boxes["TYPE16"].x <= to_place.end <= boxes["TYPE16"].end
    assert to_actor.start != to_place.start  # two arcs do not leave from one point
    assert all(arc.leaves and arc.arrives for arc in picture.arcs)


def test_arc_between_lines_goes_through_the_edges():
    text = "Rebels " + "and others " * 12 + "captured it"
    trigger, mention = span("captured", trigger=True, text=text), span("Rebels", text=text)
    picture = lay_out(text, [mention, trigger], [Link(trigger, mention, "ACTOR", wrong=False)])
    arrives, leaves = sorted(picture.arcs, key=lambda arc: arc.line)
    assert (arrives.start, arrives.arrives, arrives.leaves) == (WIDTH, True, False)
    assert (leaves.end, leaves.arrives, leaves.leaves) == (0.0, False, True)
    assert all(word.x + word.width <= WIDTH for word in picture.words)
    assert picture.tops == sorted(picture.tops)
    assert picture.height > picture.tops[-1]


def test_arcs_and_labels_of_one_height_do_not_meet():
    text = "a b c d e f g h"
    spans = [span(letter, f"LONG_LABEL_{letter}", text=text) for letter in "abcdefg"]
    trigger = span("h", "TRIGGER", text=text, trigger=True)
    links = [Link(trigger, mention, "SOME_ROLE", wrong=False) for mention in spans]
    picture = lay_out(text, [*spans, trigger], links)
    for one, other in itertools.combinations(picture.arcs, 2):
        assert one.level != other.level or not one.meets(other)
    labelled = sorted(
        (box.line, box.x, len(box.span.label) * 4.9) for box in picture.boxes if not box.span.trigger
    )
    for (line, x, width), (next_line, next_x, _) in itertools.pairwise(labelled):
        assert line != next_line or x + width <= next_x


@pytest.mark.parametrize(
    "text", ["", " \n\t", "x" * 5000, "\x00\x07\u202e", "မြန်မာနိုင်ငံတွင်", "한국어 한국어", "👩‍👩‍👧 a", "\ud800"]
)
def test_hostile_text_is_laid_out_within_the_picture(text):
    picture = lay_out(text, [], [])
    assert sum(len(word.text) for word in picture.words) == len("".join(text.split()))
    assert all(word.x + word.width <= WIDTH for word in picture.words)
    assert not any(
        ord(char) < 32 or "\ud800" <= char <= "\udfff" for word in picture.words for char in word.text
    )


def test_span_without_text_has_no_box_and_no_arc():
    empty, trigger = Span(2, 2, "T", "#fff", trigger=False, wrong=False), span("a", text="a b", trigger=True)
    picture = lay_out("a b", [empty, trigger], [Link(trigger, empty, "R", wrong=False)])
    assert [box.span for box in picture.boxes] == [trigger]
    assert picture.arcs == []
