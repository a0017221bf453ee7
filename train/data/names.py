"""Names of labels as an ontology takes them."""

from __future__ import annotations

import re

_FORBIDDEN = re.compile(r"[\s\[\]{}\\\\=,]+")


def label_name(text: str) -> str:
    """A label of a data file as a name: what a name cannot have becomes an underscore."""
    return _FORBIDDEN.sub("_", text.strip())
