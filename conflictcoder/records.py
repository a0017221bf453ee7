"""Makes articles of records: rows of tables and lines of JSON."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from conflictcoder.document import Article

SENTENCES = "sentences"


@dataclass(frozen=True)
class Columns:
    """Which column, or key of a JSON line, holds what.

    A name that is given must be there, but for the text's in a JSON line that has `sentences`. One
    that is None stands for the field's own name, and only the text's is needed.

    Attributes:
        text: Column of the article's text.
        id: Column of its id.
        date: Column of its date of publication.
        title: Column of its title.
    """

    text: str | None = None
    id: str | None = None
    date: str | None = None
    title: str | None = None

    def name(self, field: str) -> str:
        """The column of a field."""
        return getattr(self, field) or field

    def find(self, present: Sequence[str], *, lists: bool) -> dict[str, str]:
        """Find the columns of a table.

        Args:
            present: The table's columns.
            lists: Whether a column can hold lists, so that `sentences` may stand in for the text.

        Returns:
            The column of each field that the table has.

        Raises:
            ValueError: A column is missing or ambiguous; the message tells which ones there are.
        """
        found = {}
        for field in (item.name for item in fields(self)):
            name = self.name(field)
            if name in present:
                found[field] = name
            elif getattr(self, field) or (field == "text" and not (lists and SENTENCES in present)):
                raise ValueError(self.missing(field, present))
        if "text" not in found:
            found[SENTENCES] = SENTENCES
        for name in found.values():
            if present.count(name) > 1:
                raise ValueError(f"column {name!r} is there {present.count(name)} times; rename all but one")
        return found

    def missing(self, field: str, present: Sequence[str], kind: str = "column") -> str:
        """The message that the column or key of a field is missing, and which ones there are."""
        there = ", ".join(present) or "none"
        lowered = {name.casefold(): name for name in present}
        close = difflib.get_close_matches(self.name(field).casefold(), [*lowered], n=1)
        option = f"--{field}-column"
        advice = f"did you mean {option} {lowered[close[0]]!r}?" if close else f"name it by {option}"
        return f"no {kind} {self.name(field)!r}; the {kind}s are: {there}; {advice}"


@dataclass(frozen=True)
class Unreadable:
    """Stands for a value of a table that Python cannot hold.

    Attributes:
        what: What it is, for the message.
    """

    what: str


def article_of_row(row: Mapping[str, Any], found: Mapping[str, str], fallback_id: str) -> Article:
    """Make an article of a table's row.

    Args:
        row: Value of each field.
        found: Column of each field, as `Columns.find` found it.
        fallback_id: Id of the article if the table has no column for it.

    Raises:
        ValueError: A value is missing or of a wrong type.
    """
    return _make({"id": fallback_id, **row}, found)


def article_of_line(record: Any, columns: Columns) -> Article:  # noqa: ANN401 - whatever the line holds
    """Make an article of a line of JSON.

    Raises:
        ValueError: It is no object, or a key is missing or of a wrong type.
    """
    names = {field.name: columns.name(field.name) for field in fields(columns)} | {SENTENCES: SENTENCES}
    if not isinstance(record, dict) or names["id"] not in record:
        wanted = (
            f'{{"{names["id"]}": …, "{names["text"]}": …}} or {{"{names["id"]}": …, "sentences": [… , …]}}'
        )
        keys = f", got the keys {', '.join(map(repr, record)) or 'none'}" if isinstance(record, dict) else ""
        raise ValueError(f"expected {wanted}{keys}")
    for field in ("date", "title"):
        if getattr(columns, field) and names[field] not in record:
            raise ValueError(columns.missing(field, list(record), "key"))
    values = {field: record[name] for field, name in names.items() if name in record}
    if type(values["id"]) is int:  # not bool, which is an int too
        values["id"] = str(values["id"])
    return _make(values, names)


def _make(values: Mapping[str, Any], names: Mapping[str, str]) -> Article:
    sentences = values.get(SENTENCES)
    if isinstance(sentences, list) and any(isinstance(sentence, dict) for sentence in sentences):
        raise ValueError("sentences: holds objects, so this is coded output; give the articles themselves")
    if (values.get("text") is None) == (sentences is None):
        if SENTENCES in names:
            got = "neither" if sentences is None else "both"
            raise ValueError(f"expected either {names.get('text', 'text')} or sentences, got {got}")
        raise ValueError(f"{names['text']}: empty; expected text")
    for field in ("id", "text", "date", "title"):
        value = values.get(field)
        if not isinstance(value, str) and (field == "id" or value is not None):
            raise ValueError(f"{names.get(field, field)}: expected text, got {_kind(value)}")
    if sentences is not None and not (
        isinstance(sentences, list) and all(isinstance(sentence, str) for sentence in sentences)
    ):
        raise ValueError("sentences: expected a list of text")
    return Article(**{field: value for field, value in values.items() if value is not None})


def _kind(value: object) -> str:
    if isinstance(value, Unreadable):
        return value.what
    return "nothing" if value is None else type(value).__name__
