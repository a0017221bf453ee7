"""Columns of a table of events, the same in every format: leading ones, roles, and the sentence."""

from __future__ import annotations

from conflictcoder.ontology import Ontology

LEADING = ("document", "date", "sentence", "event", "type", "realis", "trigger", "score")
SENTENCE_TEXT = "sentence_text"


def role_columns(ontology: Ontology) -> dict[str, str]:
    """The column of each role: its name, after as many `role_` as make it unique."""
    columns = {}
    for role in ontology.roles:
        column = role
        while column in (*LEADING, SENTENCE_TEXT) or (column != role and column in ontology.roles):
            column = f"role_{column}"
        columns[role] = column
    return columns
