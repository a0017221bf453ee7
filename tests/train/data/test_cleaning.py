import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.train.data.strategies import DATA, PATIENT, PROJECT
from train.data.ann import read_ann
from train.data.cleaning import RULES, clean_article

ARTICLES = sorted((DATA / "articles").glob("*.txt"))
RULE = {rule.name: rule for rule in RULES}

# Raw lines under the rule that takes something away, and what is left.
FURNITURE = {
    "control characters": [("The\x07 army \ufefffell\u200b back.\x0c", "The army fell back.")],
    "logo and image names": [
        ("TN web Logo Size-03 TN web Logo Size-03", ""),
        ("Our logo for dark mode", ""),
        ("Untitled", ""),
        ("  untitled ", ""),
    ],
    "publication stamp": [
        ("International Published At: 06 Feb 2024, 10:37 a.m.", ""),
        ("Published: 6 February 2024", ""),
        ("Last updated on: 10:37 GMT", ""),
        ("Posted: 2 hours ago", ""),
    ],
    "date stamp before the dateline": [(" date 2024-01-06 Bangkok (AFP) – Calm.", "Bangkok (AFP) – Calm.")],
    "links to other articles": [
        ("(Also read: A Fighter Dies Saving Father)", ""),
        ("It fell. (Read more: Army (Tatmadaw) retreats) Then it rained.", "It fell. Then it rained."),
        ("Read also: Army (Tatmadaw) retreats", ""),
        ("It fell. See also: The siege of Gao", "It fell."),
    ],
    "headings of link lists": [("Related Articles", ""), ("Related stories", ""), ("More on this story", "")],
    "buttons": [
        ("Comments", ""),
        ("Share", ""),
        ("Share this article on Facebook", ""),
        ("  TWEET", ""),
        ("E-mail", ""),
        ("Email", ""),
        ("Advertisement", ""),
        ("Back to top button", ""),
    ],
    "newsletter line": [
        ("Sign up for our daily newsletter covering news around the world.", ""),
        ("Subscribe to get alerts.", ""),
    ],
    "disclaimer": [("Disclaimer: This post has been auto-published from an agency feed.", "")],
    "photo credit": [
        ("The troops on the front line. Photo: Collected", "The troops on the front line."),
        ("Photo credit: AFP", ""),
        ("Soldiers in Gao (Photo: AFP)", "Soldiers in Gao"),
        ("“We won.” Image: a reader", "“We won.”"),
        ("Picture by: A. Reader", ""),
    ],
    "doubled spaces": [("The  army \t fell\u00a0 back.", "The army fell back.")],
}


def test_every_rule_has_a_test():
    assert list(FURNITURE) == [rule.name for rule in RULES]


@pytest.mark.parametrize(
    ("name", "line", "expected"), [(name, *pair) for name, pairs in FURNITURE.items() for pair in pairs]
)
def test_rule_takes_furniture_away(name, line, expected):
    assert RULE[name].pattern.sub(RULE[name].replacement, line) != line
    paragraphs = [part for part in ("Rebels took the town of Gao.", expected, "The end.") if part]
    assert clean_article(f"Rebels took the town of Gao.\n{line}\nThe end.\n") == "\n\n".join(paragraphs)


PROSE = [
    "The logo of the army was painted over, a witness said.",
    "Pictures show an untitled map.",
    "The report paints a grim picture: more than 40,000 people have fled since 2021.",
    "He keeps a photo: his son, in uniform.",
    "On X the ministry posted: “Our forces will retake Gao.”",
    "The list was published on Monday and updated on 6 Feb 2024, 10:37 a.m. local time.",
    "The date 2024-01-06 was set for talks.",
    "She asked villagers to read more: books, letters, anything.",
    "The leaflet says (in Bamar) to see also the other side.",
    "Residents share this view, and comments in the press agree.",
    "He told them to sign up for the militia or leave.",
    "Related articles of the constitution were suspended.",
    "Print workers went on strike; the email said so.",
    "The statement came with a disclaimer: nobody had checked it.",
    "“[We] {will} not \\ surrender” – not now, not ever… (KNU) €5 ½ 5 km",
    "ရန်ကုန် is Yangon; Côte d’Ivoire\u00a0is not.",
]


@pytest.mark.parametrize("line", PROSE)
def test_prose_stays_letter_for_letter(line):
    assert (
        clean_article(f"Rebels took the town of Gao.\n\n{line}\n")
        == f"Rebels took the town of Gao.\n\n{line}"
    )


# The words of all furniture, as they may stand in a sentence.
_RAW = " ".join(line for pairs in FURNITURE.values() for line, _ in pairs)
_WORDS = sorted(set(re.findall(r"[^\W\d]+:?", _RAW.lower())))


@given(st.lists(st.sampled_from([*_WORDS, "(army)", "“no”", "town,"]), min_size=1, max_size=12))
@settings(PATIENT, max_examples=300)
def test_words_of_furniture_in_a_sentence_stay(words):
    sentence = f"The army {' '.join(words)} fell."
    assert clean_article(f"{sentence}\n{sentence}") == f"{sentence}\n\n{sentence}"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_paragraphs_have_an_empty_line_between_them(end):
    raw = end.join(["", " One sentence.  ", "", "", "Another one. ", "A third.", ""])
    assert clean_article(raw) == "One sentence.\n\nAnother one.\n\nA third."


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Conflicts & War\nRebels took Gao.", "Rebels took Gao."),
        ("World\n\nRebels took Gao.", "Rebels took Gao."),
        ("TN web Logo\nWorld\nRebels took Gao.", "Rebels took Gao."),
        ("Gao has fallen!\nRebels took it.", "Gao has fallen!\n\nRebels took it."),
        ("Rebels took Gao again\nIt fell.", "Rebels took Gao again\n\nIt fell."),
        ("Rebels took Gao.\nWorld\nIt fell.", "Rebels took Gao.\n\nWorld\n\nIt fell."),
        ("Gao falls", "Gao falls"),
        ("", ""),
        ("Comments\n \n", ""),
    ],
)
def test_section_label_is_only_the_first_of_several_lines(raw, expected):
    assert clean_article(raw) == expected


@given(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\n\r\t .:()")))
@PATIENT
def test_any_text_can_be_cleaned(raw):
    paragraphs = clean_article(raw).split("\n\n")
    assert all(paragraph.strip() == paragraph for paragraph in paragraphs)
    assert all(paragraphs) or paragraphs == [""]


def test_project_has_articles():
    assert [path.stem for path in ARTICLES] == ["bases", "desertions", "laukkai", "maese", "myawaddy"]


@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: path.stem)
def test_annotation_is_the_cleaned_article(path):
    document = read_ann(DATA / "annotations" / "seed" / f"{path.stem}.ann", PROJECT).document
    assert document.text.split() == clean_article(path.read_text(encoding="utf-8")).split()
