"""Reads `ontology.yaml`."""

from __future__ import annotations

from pathlib import Path

import yaml

from conflictcoder.errors import OntologyError
from conflictcoder.ontology import Ontology


def load_ontology(path: Path) -> Ontology:
    """Read an ontology file.

    Raises:
        OntologyError: The file is missing, is not YAML, or is not an ontology.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Ontology.from_dict(data)
    except OSError as error:
        raise OntologyError(f"{path}: cannot be read ({error.strerror}); give the ontology's path") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise OntologyError(f"{path}: not a YAML file: {error}") from None
    except OntologyError as error:
        raise OntologyError(f"{path}: {error}") from None
