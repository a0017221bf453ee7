"""`python -m conflictcoder`."""

from conflictcoder.cli import main

main(prog_name="conflictcoder")
