import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conflictcoder.document import Argument, Document, Event, EventType, Mention, Sentence
from conflictcoder.errors import DataError
from conflictcoder.ontology import Ontology
from tests.train.data.strategies import DATA, FOREIGN, LINES, ONTOLOGY_AND_ARTICLE, PATIENT, PROJECT
from train.data.ann import (
    AnnError,
    AnnotatedArticle,
    format_ann,
    format_sentence,
    parse_ann,
    read_ann,
    reported_types,
)

HEAD = "# id: x\n# date:\n# origin: written\n\n"
ANNOTATIONS = sorted((DATA / "annotations").rglob("*.ann"))
EXAMPLES = re.findall(
    r"^```\n(.*?)^```$", (DATA / "GUIDELINES.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
)


def mistakes_of(text: str, ontology: Ontology = PROJECT) -> list[DataError]:
    with pytest.raises(AnnError) as caught:
        parse_ann(text, ontology, file="some.ann")
    return caught.value.mistakes


def test_sentence_with_every_kind_of_markup():
    line = (
        "[Some 30]{q1 QUANTITY} [troops]{a1 STATE_ACTOR} may [yield]{e1 SURRENDER ACTOR=a1 "
        "COUNT=q1 SOURCE=o1,o2 realis=other} \\[sic\\], [AP]{o1 ORGANISATION} and "
        "[AFP]{o2 ORGANISATION} said."
    )
    (sentence,) = parse_ann(HEAD + line, PROJECT).document.sentences
    count = Mention("q1", "QUANTITY", 0, 7, "Some 30")
    troops = Mention("a1", "STATE_ACTOR", 8, 14, "troops")
    first, second = Mention("o1", "ORGANISATION", 32, 34, "AP"), Mention("o2", "ORGANISATION", 39, 42, "AFP")
    arguments = (
        Argument("ACTOR", troops),
        Argument("COUNT", count),
        Argument("SOURCE", first),
        Argument("SOURCE", second),
    )
    assert sentence == Sentence(
        "Some 30 troops may yield [sic], AP and AFP said.",
        0,
        (count, troops, first, second),
        (Event("e1", "SURRENDER", "other", 19, 24, "yield", arguments),),
        (),
    )


def test_realis_defaults_to_the_first_value_and_actual_events_make_the_event_types():
    line = (
        "[clash]{e1 ARMED_CLASH}, [raid]{e2 ARMED_CLASH realis=other}, [arrest]{e3 DETENTION realis=actual}"
    )
    (sentence,) = parse_ann(HEAD + line, PROJECT).document.sentences
    assert [event.realis for event in sentence.events] == ["actual", "other", "actual"]
    assert sentence.event_types == (EventType("ARMED_CLASH"), EventType("DETENTION"))


def test_reported_types_come_once_each_in_the_order_of_the_ontology():
    ontology = Ontology(event_types=("FIRST", "SECOND", "THIRD"), realis=("yes", "no"))
    events = [("SECOND", "yes"), ("THIRD", "no"), ("FIRST", "yes"), ("SECOND", "yes")]
    plain = [{"type": name, "realis": realis} for name, realis in events]
    assert reported_types(plain, ontology) == [{"type": "FIRST"}, {"type": "SECOND"}]


def test_lines_are_sentences_and_empty_lines_divide_paragraphs():
    document = parse_ann(HEAD + "\nOne.\nTwo.\n\n \nThree.\n# Four.\n", PROJECT).document
    assert document.text == "One. Two.\n\nThree. # Four."
    assert [sentence.start for sentence in document.sentences] == [0, 5, 11, 18]
    assert [sentence.text for sentence in document.sentences] == ["One.", "Two.", "Three.", "# Four."]


def test_headers_are_kept_in_their_order():
    lines = [
        "origin: written",
        "date: 2024-02-29",
        "conflict: Mali: north",
        "title: A: b",
        "id: x y",
        "note:",
    ]
    head = "".join(f"# {line}\n" for line in lines) + "\n"
    article = parse_ann(head + "One.", PROJECT)
    assert list(article.headers.items()) == [
        ("origin", "written"),
        ("date", "2024-02-29"),
        ("conflict", "Mali: north"),
        ("title", "A: b"),
        ("id", "x y"),
        ("note", ""),
    ]
    assert article.document == Document("x y", "A: b", "2024-02-29", "One.", (Sentence("One."),))
    assert format_ann(article, PROJECT) == head + "One.\n"


def test_document_overrides_headers_and_an_empty_title_needs_no_line():
    document = Document("new", "", "2024-01-02", "One.", (Sentence("One."),))
    assert format_ann(AnnotatedArticle(document, {"id": "old", "origin": "written"}), PROJECT) == (
        "# id: new\n# origin: written\n# date: 2024-01-02\n\nOne.\n"
    )
    titled = Document("new", "Title", "", "One.", (Sentence("One."),))
    assert "# title: Title\n" in format_ann(AnnotatedArticle(titled, {"origin": "written"}), PROJECT)


def test_format_escapes_text_and_spans():
    mention = Mention("a", "актёр", 2, 6, "[b]\\")
    assert format_sentence(Sentence("{ [b]\\ }", 0, (mention,)), FOREIGN) == "\\{ [\\[b\\]\\\\]{a актёр} \\}"


def test_realis_is_written_only_where_it_is_not_the_default():
    event = Event("e1", "PROTEST", "actual", 0, 5, "march")
    assert format_sentence(Sentence("march", 0, (), (event,)), PROJECT) == "[march]{e1 PROTEST}"
    event = Event("e1", "PROTEST", "other", 0, 5, "march")
    assert format_sentence(Sentence("march", 0, (), (event,)), PROJECT) == "[march]{e1 PROTEST realis=other}"


@given(ONTOLOGY_AND_ARTICLE)
@PATIENT
def test_round_trip_of_any_article(pair):
    ontology, article = pair
    text = format_ann(article, ontology)
    again = parse_ann(text, ontology)
    assert again == article
    assert list(again.headers.items())[: len(article.headers)] == list(article.headers.items())
    assert format_ann(again, ontology) == text


@given(ONTOLOGY_AND_ARTICLE)
@settings(PATIENT, max_examples=50)
def test_markup_taken_away_leaves_the_sentence(pair):
    ontology, article = pair
    for sentence in article.document.sentences:
        line = format_sentence(sentence, ontology)
        unescaped = re.sub(r"\\(.)|\[|\]\{[^}]*\}", lambda match: match[1] or "", line)
        assert unescaped == sentence.text


@given(st.data())
@settings(PATIENT, max_examples=200)
def test_garbage_raises_only_ann_errors_and_what_is_read_can_be_written(data):
    ontology, article = data.draw(ONTOLOGY_AND_ARTICLE)
    text = format_ann(article, ontology)
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 3)))
        text = text[:start] + data.draw(LINES | st.sampled_from("\n\r")) + text[end:]
    _parses_or_raises(text, ontology)


@given(st.text() | st.text("[]{}\\ a1e#:\n=,") | st.text("[]{}\\ a1e#:\n=,").map(HEAD.__add__))
@settings(PATIENT, max_examples=300)
def test_any_text_raises_only_ann_errors(text):
    _parses_or_raises(text, PROJECT)


def _parses_or_raises(text: str, ontology: Ontology) -> None:
    try:
        article = parse_ann(text, ontology, file="some.ann")
    except AnnError as error:
        lines = text.split("\n")
        assert error.mistakes
        assert all(1 <= (mistake.line or 1) <= len(lines) for mistake in error.mistakes)
        assert all(
            (mistake.column or 1) <= len(lines[(mistake.line or 1) - 1]) + 1 for mistake in error.mistakes
        )
    else:
        assert parse_ann(format_ann(article, ontology), ontology) == article


# A line, the column of its mistake, and what the message says: what was got, and what to do.
MISTAKES = {
    "nesting": ("The [big [army]{a1 STATE_ACTOR}]{a2 STATE_ACTOR}", 10, "never nest, keep one of the two"),
    "unclosed bracket": ("An [army advanced.", 4, r"never closed; close the span, or write a literal '\\\['"),
    "stray bracket": ("An army] advanced.", 8, r"']' without '\['; write a literal bracket as '\\\]'"),
    "stray brace": ("An army} advanced.", 8, r"outside of a label; write it as '\\}'"),
    "stray open brace": ("An {army advanced.", 4, r"outside of a label; write it as '\\{'"),
    "brace in a span": ("The [ar{my]{a1 STATE_ACTOR}", 8, r"outside of a label; write it as '\\{'"),
    "bad escape": ("The \\army", 5, r"escapes only \[ \] { } \\; write a literal one as '\\\\'"),
    "escape at the end": ("The army\\", 9, r"escapes only"),
    "no label": ("The [army] advanced.", 11, r"expected '{id TYPE}' right after '\]'"),
    "unclosed label": ("The [army]{a1 STATE_ACTOR advanced.", 11, r"expected '{id TYPE}' right after"),
    "empty label": ("The [army]{}.", 5, r"label {}: expected '{id TYPE}'"),
    "label without a type": (
        "The [army]{a1}.",
        5,
        r"label {a1}: expected '{id TYPE}' or '{id TYPE ROLE=id,id}'",
    ),
    "two spaces in a label": ("The [army]{a1  STATE_ACTOR}.", 5, "single spaces"),
    "unknown type": (
        "The [army]{a1 ARMY}.",
        5,
        "unknown type 'ARMY'; the ontology has STATE_ACTOR, .*NEGOTIATION",
    ),
    "a role of a mention": (
        "The [army]{a1 STATE_ACTOR ACTOR=a1}.",
        5,
        "a1 STATE_ACTOR is a mention; only triggers have roles",
    ),
    "a role without ids": (
        "A [raid]{e1 ARMED_CLASH ACTOR=}.",
        3,
        "'ACTOR=': expected ROLE=id, ROLE=id,id or realis",
    ),
    "a role without a sign": ("A [raid]{e1 ARMED_CLASH ACTOR}.", 3, "'ACTOR': expected ROLE=id"),
    "an empty id in a list": (
        "A [raid]{e1 ARMED_CLASH ACTOR=a1,,a2}.",
        3,
        "'ACTOR=a1,,a2': expected ROLE=id",
    ),
    "a role twice": (
        "[X]{p1 PERSON} and [Y]{p2 PERSON} [raid]{e1 ARMED_CLASH ACTOR=p1 ACTOR=p2}.",
        35,
        "ACTOR is given twice; list the ids with commas",
    ),
    "an argument twice": (
        "[X]{p1 PERSON} [raid]{e1 ARMED_CLASH ACTOR=p1,p1}.",
        16,
        "ACTOR=p1 is given twice; keep one",
    ),
    "unknown role": (
        "[X]{p1 PERSON} [raid]{e1 ARMED_CLASH AGENT=p1}.",
        16,
        "unknown role 'AGENT'; the ontology has ACTOR, TARGET",
    ),
    "dangling id": (
        "[X]{p1 PERSON} [raid]{e1 ARMED_CLASH ACTOR=p2}.",
        16,
        "ACTOR=p2: no mention of the sentence has the id 'p2'; label the mention, or take the role out",
    ),
    "a role on the wrong kind of mention": (
        "[Gao]{l1 LOCATION} [raid]{e1 ARMED_CLASH ACTOR=l1}.",
        20,
        "ACTOR=l1: a LOCATION cannot be ACTOR; expected one of ARMED_GROUP, CIVILIAN",
    ),
    "a role pointing at an event": (
        "[raid]{e1 ARMED_CLASH ACTOR=e2} and [arrest]{e2 DETENTION}.",
        1,
        "ACTOR=e2: no mention of the sentence has the id 'e2'; label the mention",
    ),
    "duplicate id": (
        "So [X]{p1 PERSON} and [Y]{p1 PERSON}.",
        4,
        "id 'p1' is used twice in the sentence; give each span its own",
    ),
    "one id of a mention and an event": (
        "So [X]{x PERSON} [fled]{x DISPLACEMENT}.",
        4,
        "id 'x' is used twice",
    ),
    "bad realis": (
        "A [raid]{e1 ARMED_CLASH realis=maybe}.",
        3,
        "unknown realis 'maybe'; the ontology has actual, other",
    ),
    "empty span": ("An []{a1 PERSON} army.", 4, "is empty or outside .*; mark at least one character"),
    "space in a span": ("The [army ]{a1 STATE_ACTOR}.", 5, "begins or ends with a space; leave it outside"),
}


@pytest.mark.parametrize(("line", "column", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_in_a_sentence(line, column, message):
    (mistake,) = mistakes_of(HEAD + "[Gao]{l1 LOCATION} is calm.\n\n" + line + "\nThe end.\n")
    assert (mistake.file, mistake.line, mistake.column) == ("some.ann", 7, column)
    assert re.search(message, mistake.message)
    assert str(mistake) == f"some.ann:7:{column}: {mistake.message}"


def test_realis_is_unknown_to_an_ontology_without_it():
    (mistake,) = mistakes_of(HEAD + "An [émeute]{e ÉMEUTE realis=other}.", FOREIGN)
    assert (mistake.line, mistake.column) == (5, 4)
    assert mistake.message == "unknown realis 'other'; the ontology has none"


HEADER_MISTAKES = {
    "missing header": ("# id: x\n# origin: written\n", 1, None, "header '# date:' is missing; add it"),
    "empty header": ("# date:\n# id:\n# origin: written\n", 2, 6, "header '# id:' is empty; write its value"),
    "doubled header": (
        "# id: x\n# date:\n# id: y\n# origin: written\n",
        3,
        3,
        "header 'id' is given twice; keep one",
    ),
    "no key": (
        "# id: x\n# date:\n# origin: written\n#comment\n",
        4,
        1,
        "a header line is '# key: value'; a sentence ",
    ),
    "bad date": (
        "# id: x\n# date: 6 Feb 2024\n# origin: written\n",
        2,
        9,
        "date '6 Feb 2024' is not ISO; write YYYY-MM-DD, or leave it empty",
    ),
    "no such day": (
        "# id: x\n# date: 2024-02-30\n# origin: written\n",
        2,
        9,
        "date '2024-02-30' is not ISO; write",
    ),
    "basic format": (
        "# id: x\n# date: 20240206\n# origin: written\n",
        2,
        9,
        "date '20240206' is not ISO; write",
    ),
    "digits of another script": (
        "# id: x\n# date: ２０２４-02-06\n# origin: written\n",
        2,
        9,
        "is not ISO; write",
    ),
}


@pytest.mark.parametrize(("head", "line", "column", "message"), HEADER_MISTAKES.values(), ids=HEADER_MISTAKES)
def test_mistake_in_the_headers(head, line, column, message):
    (mistake,) = mistakes_of(head + "\nOne sentence.\n")
    assert (mistake.file, mistake.line, mistake.column) == ("some.ann", line, column)
    assert message in mistake.message


def test_bad_date_after_a_broken_line_is_reported_on_its_own_line():
    lines = [mistake.line for mistake in mistakes_of("# id: x\n#\n# id: y\n# date: bad\n# origin: z\n\nOne.")]
    assert lines == [2, 3, 4]


def test_empty_file_lacks_headers_and_sentences():
    mistakes = mistakes_of("")
    assert [str(mistake) for mistake in mistakes] == [
        "some.ann:1: header '# id:' is missing; add it",
        "some.ann:1: header '# date:' is missing; add it",
        "some.ann:1: header '# origin:' is missing; add it",
        "some.ann: no sentence; expected one a line after the headers",
    ]


def test_headers_alone_lack_a_sentence():
    (mistake,) = mistakes_of(HEAD + "\n  \n")
    assert mistake.message == "no sentence; expected one a line after the headers"


def test_all_mistakes_of_a_file_come_together():
    with pytest.raises(AnnError) as caught:
        parse_ann("# id: x\n# date: now\n# origin: o\n\n[a]{p1 X}\nGood.\n]\n", PROJECT, file="some.ann")
    places = [(mistake.line, mistake.column) for mistake in caught.value.mistakes]
    assert places == [(2, 9), (5, 1), (7, 1)]
    assert [line.split(" ")[0] for line in str(caught.value).splitlines()] == [
        "some.ann:2:9:",
        "some.ann:5:1:",
        "some.ann:7:1:",
    ]
    assert (caught.value.file, caught.value.line, caught.value.column) == ("some.ann", 2, 9)


def test_file_that_is_not_utf8(tmp_path):
    path = tmp_path / "latin.ann"
    path.write_bytes(HEAD.encode() + "Der Überfall.".encode("latin-1"))
    with pytest.raises(DataError) as caught:
        read_ann(path, PROJECT)
    assert caught.value.file == str(path)
    assert caught.value.message == f"not UTF-8 at byte {len(HEAD) + 4}; save the file as UTF-8"


def test_missing_file(tmp_path):
    with pytest.raises(DataError, match="cannot be read") as caught:
        read_ann(tmp_path / "none.ann", PROJECT)
    assert caught.value.file == str(tmp_path / "none.ann")


@pytest.mark.parametrize("prefix", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_file_of_another_system(tmp_path, prefix, end):
    text = HEAD + "One [raid]{e1 ARMED_CLASH}\nTwo.\n\nThree.\n"
    path = tmp_path / "x.ann"
    path.write_bytes((prefix + text.replace("\n", end)).encode())
    assert format_ann(read_ann(path, PROJECT), PROJECT) == text


def test_guidelines_have_examples():
    assert len(EXAMPLES) == 2


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_of_the_guidelines_come_back_byte_for_byte(example):
    text = example if example.startswith("# ") else HEAD + example
    article = parse_ann(text, PROJECT)
    assert sum(1 for _ in article.document.events) >= 2
    assert format_ann(article, PROJECT) == text


def test_project_has_annotations():
    assert len(ANNOTATIONS) >= 5


@pytest.mark.parametrize("path", ANNOTATIONS, ids=lambda path: path.stem)
def test_annotations_come_back_byte_for_byte(path):
    assert format_ann(read_ann(path, PROJECT), PROJECT).encode() == path.read_bytes()


def test_exclusive_event_types_are_one_a_sentence():
    ontology = Ontology((), ("RAID", "FLIGHT"), exclusive_event_types=True)
    head = "# id: x\n# date:\n# origin: written\n\n"
    one = "They [raided]{e1 RAID} and [raided]{e2 RAID}.\n"
    assert parse_ann(head + one, ontology).document.sentences[0].event_types == (EventType("RAID"),)
    with pytest.raises(AnnError) as caught:
        parse_ann(f"{head}{one}They [raided]{{e1 RAID}} and [fled]{{e2 FLIGHT}}.\nIt rained.\n", ontology)
    mistakes = [(mistake.line, mistake.message.split(";")[0]) for mistake in caught.value.mistakes]
    reason = "expected one, because the ontology says exclusive_event_types"
    assert mistakes == [(6, f"event types RAID, FLIGHT: {reason}"), (7, f"event types none: {reason}")]
