"""Random labelled articles, and where the project's own data lies."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from conflictcoder.document import Argument, Document, Event, Mention, Sentence
from conflictcoder.ontology import Ontology
from train.data.ann import AnnotatedArticle, reported_types
from train.data.ontology_file import load_ontology

DATA = Path(__file__).parents[3] / "data"
PROJECT = load_ontology(DATA / "ontology.yaml")
# Whether a test passes must not hang on how fast the machine is.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Labels in scripts other than Latin, one role that anything may fill, and no realis.
FOREIGN = Ontology(("актёр", "場所"), ("ÉMEUTE",), ("QUI", "où"), fillers={"où": frozenset({"場所"})})
ONTOLOGIES = (PROJECT, FOREIGN, Ontology(("A",)), Ontology((), ("E",), (), ("yes", "no", "maybe")))

# A line ends with \n or \r\n; a lone surrogate is no text.
_CHARACTERS = st.characters(exclude_characters="\n\r", exclude_categories=["Cs"])
_MARKUP = st.sampled_from("[]{}\\[]{}\\ #=,:\u2028\x85\u00a0\ufeff")
LINES = st.text(_MARKUP | _CHARACTERS, max_size=12)
_WORDS = LINES.map(str.strip).filter(bool)
_IDS = st.from_regex(r"[a-z]{1,2}[0-9]{0,2}", fullmatch=True)
_KEYS = st.from_regex(r"[a-z_][\w-]{0,5}", fullmatch=True)


@st.composite
def sentences(draw, ontology: Ontology, start: int = 0) -> Sentence:
    """A sentence with random spans that do not overlap, and random events and arguments."""
    types = [*ontology.entity_types, *ontology.event_types]
    ids = draw(st.lists(_IDS, max_size=5, unique=True))
    text, placed = "", []
    for name in ids:
        text += draw(LINES)
        word = draw(_WORDS)
        placed.append((name, draw(st.sampled_from(types)), len(text), len(text) + len(word), word))
        text += word
    text += draw(LINES if text.strip() else _WORDS)
    mentions = tuple(Mention(*item) for item in placed if item[1] in ontology.entity_types)
    events = []
    for name, kind, first, last, word in placed:
        if kind in ontology.event_types:
            realis = draw(st.sampled_from(ontology.realis or ("",)))
            events.append(Event(name, kind, realis, first, last, word, draw(_arguments(ontology, mentions))))
    plain = [event.to_dict() for event in events]
    bare = Sentence(text, start, mentions, tuple(events)).to_dict()
    return Sentence.from_dict(bare | {"event_types": reported_types(plain, ontology)})


@st.composite
def _arguments(draw, ontology: Ontology, mentions: tuple[Mention, ...]) -> tuple[Argument, ...]:
    """Arguments, those of one role side by side, as the format writes them."""
    arguments: list[Argument] = []
    for role in draw(st.permutations(ontology.roles)):
        able = [mention for mention in mentions if ontology.may_fill(role, mention.type)]
        if able and draw(st.booleans()):
            chosen = draw(st.lists(st.sampled_from(able), min_size=1, unique_by=lambda mention: mention.id))
            arguments += [Argument(role, mention) for mention in chosen]
    return tuple(arguments)


@st.composite
def documents(draw, ontology: Ontology) -> Document:
    """A document of a few sentences, divided by a space or, between paragraphs, by an empty line."""
    text, members = "", []
    for _ in range(draw(st.integers(1, 4))):
        if text:
            text += draw(st.sampled_from([" ", "\n\n"]))
        members.append(draw(sentences(ontology, len(text))))
        text += members[-1].text
    title = draw(LINES.map(str.rstrip))
    date = draw(st.just("") | st.dates().map(str))
    return Document(draw(_WORDS), title, date, text, tuple(members))


@st.composite
def articles(draw, ontology: Ontology) -> AnnotatedArticle:
    """A document with the headers of its file in any order."""
    document = draw(documents(ontology))
    headers = draw(st.dictionaries(_KEYS, LINES.map(str.rstrip), max_size=3))
    headers |= {"id": document.id, "date": document.date, "origin": draw(_WORDS)}
    if document.title or draw(st.booleans()):
        headers["title"] = document.title
    else:
        headers.pop("title", None)
    return AnnotatedArticle(document, dict(draw(st.permutations(list(headers.items())))))


ONTOLOGY_AND_ARTICLE = st.sampled_from(ONTOLOGIES).flatmap(
    lambda ontology: st.tuples(st.just(ontology), articles(ontology))
)
ONTOLOGY_AND_DOCUMENT = st.sampled_from(ONTOLOGIES).flatmap(
    lambda ontology: st.tuples(st.just(ontology), documents(ontology))
)
