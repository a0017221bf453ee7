"""The errors that this package raises for a user's mistake."""


class ConflictCoderError(Exception):
    """Base of every error whose message is meant for the user.

    The command lines print the message without a traceback. A message says what was got, what was
    expected and what to do.
    """


class CheckpointError(ConflictCoderError):
    """A checkpoint or bundle is missing, damaged or of another version."""


class OntologyError(ConflictCoderError):
    """An ontology is malformed."""


class DataError(ConflictCoderError):
    """A data file is malformed.

    Args:
        message: What is wrong and what to do.
        file: The file, if the data came from one.
        line: 1-based line.
        column: 1-based column, in Unicode characters.
    """

    def __init__(
        self, message: str, *, file: str = "", line: int | None = None, column: int | None = None
    ) -> None:
        self.message = message
        self.file = file
        self.line = line
        self.column = column
        place = ":".join(str(part) for part in (file, line, column) if part)
        super().__init__(f"{place}: {message}" if place else message)
