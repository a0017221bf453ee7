"""Takes the furniture of a news site off an article; the prose stays letter for letter.

The rules are a table, so that each has a name, a test and a reason. They look at the form of a line
only and know nothing of any article.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Rule(NamedTuple):
    """A substitution on one line of the raw text.

    Attributes:
        name: What the rule takes away.
        pattern: What it matches.
        replacement: What is left in its place.
    """

    name: str
    pattern: re.Pattern[str]
    replacement: str = ""


def _whole_line(expression: str) -> re.Pattern[str]:
    return re.compile(rf"^\s*(?:{expression})\s*$", re.IGNORECASE)


# Furniture stands on a line of its own or after a whole sentence; `a grim picture: …` is prose.
_AFTER_SENTENCE = r"(?:^\s*|(?:(?<=[.?!…])|(?<=[.?!…][\"'”’)]))\s+)"
_LINK = r"(?:also read|read also|read more|see also)"
RULES = (
    Rule("control characters", re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b\ufeff]")),
    Rule("logo and image names", _whole_line(r".*\blogo\b[^.?!]*|untitled")),
    Rule(
        "publication stamp",
        _whole_line(
            r".{0,40}\b(?:published|updated|posted)(?: at| on)?: "
            r".{0,30}\b(?:\d{4}|\d{1,2}:\d{2}|\d+ \w+ ago)\b.{0,30}"
        ),
    ),
    Rule("date stamp before the dateline", re.compile(r"^\s*date \d{4}-\d{2}-\d{2}\s+")),
    Rule(
        "links to other articles",
        re.compile(rf"\(\s*{_LINK}: (?:[^()]|\([^()]*\))*\)|{_AFTER_SENTENCE}{_LINK}: .*$", re.IGNORECASE),
    ),
    Rule("headings of link lists", _whole_line(r"related (?:articles|stories|posts)|more on this story")),
    Rule(
        "buttons",
        _whole_line(
            r"comments?|share(?: this[^.?!]*)?|tweet|print|e-?mail|subscribe|advertisement|"
            r"back to top(?: button)?"
        ),
    ),
    Rule("newsletter line", _whole_line(r"(?:sign up|subscribe)\b.*\b(?:newsletter|updates|alerts)\b.*")),
    Rule("disclaimer", _whole_line(r"disclaimer:.*")),
    Rule(
        "photo credit",
        re.compile(
            rf"(?:{_AFTER_SENTENCE}|\s*[(\[|]\s*)(?:photo|image|picture)(?: credit| by)?: .*$", re.IGNORECASE
        ),
    ),
    Rule("doubled spaces", re.compile(r"[ \t\u00a0]{2,}"), " "),
)
_SENTENCE_END = re.compile(r"[.?!…:;][\"'”’)]*$")
_MAX_LABEL_WORDS = 3


def clean_article(raw: str) -> str:
    """Clean the raw text of an article.

    Args:
        raw: The text as it was taken from a site, a paragraph a line.

    Returns:
        The paragraphs, with an empty line between two.
    """
    paragraphs = []
    for line in re.split(r"\r\n|\r|\n", raw):
        for rule in RULES:
            line = rule.pattern.sub(rule.replacement, line)
        if line.strip():
            paragraphs.append(line.strip())
    if len(paragraphs) > 1 and _is_section_label(paragraphs[0]):
        del paragraphs[0]
    return "\n\n".join(paragraphs)


def _is_section_label(first: str) -> bool:
    """Whether the first line of an article is the site's section (`World`) rather than a headline."""
    return len(first.split()) <= _MAX_LABEL_WORDS and not _SENTENCE_END.search(first)
