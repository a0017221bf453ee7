"""Documents as rows: CSV for spreadsheets, and a table for a terminal."""

from __future__ import annotations

import csv
import re
from typing import IO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from conflictcoder.document import Document, Event
from conflictcoder.event_columns import LEADING, SENTENCE_TEXT, role_columns
from conflictcoder.ontology import Ontology
from conflictcoder.unicode import encodable, one_line

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")


class CsvWriter:
    """Writes one event a row; several fillers of a role are joined by `; `.

    Args:
        stream: Where to write.
        ontology: Its roles are columns.
        header: Whether to begin with the names of the columns.
    """

    def __init__(self, stream: IO[str], ontology: Ontology, *, header: bool = True) -> None:
        self._writer = csv.writer(stream)
        self._roles = ontology.roles
        if header:
            self._writer.writerow([*LEADING, *role_columns(ontology).values(), SENTENCE_TEXT])

    def write(self, document: Document) -> None:
        """Write the events of a document."""
        for number, sentence in enumerate(document.sentences, start=1):
            for event in sentence.events:
                cells = [document.id, document.date, number, event.id, event.type, event.realis, event.text]
                score = "" if event.score is None else event.score
                fillers = [_join(event, role) for role in self._roles]
                row = [*cells, score, *fillers, sentence.text]
                self._writer.writerow(
                    [_disarm(encodable(cell)) if isinstance(cell, str) else cell for cell in row]
                )


class TableWriter:
    """Prints one event a line, a table for each document.

    Args:
        stream: Where to print.
        ontology: Its roles are columns; in each table those that are filled.
    """

    def __init__(self, stream: IO[str], ontology: Ontology) -> None:
        # Where no terminal sets the width, lines are as long as they need to be.
        self._console = Console(file=stream, width=None if stream.isatty() else 10_000)
        self._ontology = ontology

    def write(self, document: Document) -> None:
        """Print the events of a document."""
        title = one_line(" · ".join(part for part in (document.id, document.title, document.date) if part))
        events = list(document.events)
        if not events:
            self._console.print(Text(f"{title}: no events" if title else "no events"))
            return
        roles = [role for role in self._ontology.roles if any(event.fillers(role) for event in events)]
        table = Table(title=Text(title), title_justify="left", box=None, pad_edge=False, header_style="bold")
        for column in ("type", "trigger", *roles):
            table.add_column(column.lower().replace("_", " "), no_wrap=True, overflow="ellipsis")
        for event in events:
            cells = [type_label(event, self._ontology), event.text, *(_join(event, role) for role in roles)]
            table.add_row(*(Text(one_line(cell)) for cell in cells))
        self._console.print(table)
        self._console.print()


def type_label(event: Event, ontology: Ontology) -> str:
    """An event's type, with its realis if that says that it did not happen."""
    # A model without the layer gives none.
    actual = not event.realis or ontology.is_actual(event.realis)
    return event.type if actual else f"{event.type} ({event.realis})"


def _join(event: Event, role: str) -> str:
    return "; ".join(mention.text for mention in event.fillers(role))


def _disarm(cell: str) -> str:
    """Keep a spreadsheet from running text of an article as a formula (OWASP, CSV injection)."""
    is_formula = cell.startswith(_FORMULA_STARTS) and not _NUMBER.fullmatch(cell)
    return f"'{cell}" if is_formula else cell
