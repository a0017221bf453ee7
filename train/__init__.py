"""Training, evaluation and export of conflictcoder's models."""
