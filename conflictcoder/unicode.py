"""Text that cannot be written as it is: halves of surrogate pairs, and what a terminal would obey."""

from __future__ import annotations

import re

_SURROGATE = re.compile(r"[\ud800-\udfff]")
_PAIR = re.compile(r"[\ud800-\udbff][\udc00-\udfff]")


def encodable(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair; offsets stay as they are."""
    return _SURROGATE.sub("\ufffd", text)


def escape_surrogates(json_text: str) -> str:
    r"""JSON with `\uXXXX` for each half of a surrogate pair, which reads back as it was.

    Two halves that stand together would read back as one character, and all offsets behind them would be
    wrong: each becomes U+FFFD.
    """
    json_text = _PAIR.sub("\ufffd\ufffd", json_text)
    return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", json_text)


def one_line(text: str) -> str:
    """The text with a space for each character that a terminal would obey or cannot print."""
    return "".join(character if character.isprintable() else " " for character in text)
