"""Reads a checkpoint bundle: the model as an ONNX graph, with all that inference needs.

A bundle is a directory with `model.onnx`, `tokenizer.json`, `config.json` and `MANIFEST.sha256`.
`python -m train export` writes it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from conflictcoder.calibration import Calibration
from conflictcoder.errors import CheckpointError, OntologyError
from conflictcoder.labels import LabelSpace
from conflictcoder.ontology import Ontology

SCHEMA_VERSION = 3
# Version 1 has one operating point; before version 3 an argument's probability is its role's alone.
_READABLE = (1, 2, SCHEMA_VERSION)
MODEL = "model.onnx"
WEIGHTS = "model.safetensors"
CHECKPOINT = "checkpoint"  # of a training run, in its folder
TOKENIZER = "tokenizer.json"
CONFIG = "config.json"
MANIFEST = "MANIFEST.sha256"


@dataclass(frozen=True)
class BundleConfig:
    """Content of a bundle's `config.json`.

    Attributes:
        labels: Ontology and layers.
        calibration: Temperatures and thresholds.
        max_tokens: Tokens in a window.
        max_sentences: Sentences in a window.
        provenance: Where the model comes from: training config, data, commit, seed, metrics.

    Raises:
        TypeError: A size of the window is no int, or the provenance no mapping.
    """

    labels: LabelSpace
    calibration: Calibration
    max_tokens: int
    max_sentences: int
    provenance: Mapping[str, Any]

    def __post_init__(self) -> None:
        expected = {"max_tokens": int, "max_sentences": int, "provenance": Mapping}
        for name, kind in expected.items():
            value = getattr(self, name)
            if not isinstance(value, kind):
                raise TypeError(f"{name} must be {kind.__name__}, got {type(value).__name__}")

    def to_dict(self) -> dict[str, Any]:
        """Plain data that `read_config` reads back."""
        return {
            "schema_version": SCHEMA_VERSION,
            "ontology": self.labels.ontology.to_dict(),
            "layers": sorted(self.labels.layers),
            "calibration": self.calibration.to_dict(),
            "max_tokens": self.max_tokens,
            "max_sentences": self.max_sentences,
            "provenance": dict(self.provenance),
        }


def default_bundle() -> Path:
    """The bundle that comes with the package."""
    return Path(str(files("conflictcoder"))) / "bundle"


def is_bundle(folder: Path) -> bool:
    """Whether a folder is meant to be a bundle, whole or damaged."""
    return (folder / MODEL).exists() or (folder / MANIFEST).exists()


def resolve_checkpoint(folder: Path) -> Path:
    """Find the model of a bundle, of a training checkpoint or of a training run.

    Returns:
        The folder itself, or the `checkpoint` in it if it is a training run.

    Raises:
        CheckpointError: There is no model.
    """
    if not folder.is_dir():
        raise CheckpointError(
            f"{folder}: no such folder; expected a bundle (with {MODEL}) or a training checkpoint "
            f"(with {WEIGHTS})"
        )
    if is_bundle(folder):
        return folder
    for place in (folder, folder / CHECKPOINT):
        if (place / WEIGHTS).exists():
            return place
    raise CheckpointError(f"{folder}: neither a bundle (no {MODEL}) nor a training checkpoint (no {WEIGHTS})")


def check_manifest(folder: Path) -> None:
    """Compare every file that a bundle's manifest lists with its hash.

    Raises:
        CheckpointError: A file is missing or damaged, or one that every bundle has is not listed.
    """
    hashes = _read_manifest(folder)
    for name in (MODEL, TOKENIZER, CONFIG):
        if name not in hashes:
            raise CheckpointError(f"{folder / MANIFEST}: {name} is not listed; export the bundle again")
    for name, expected in hashes.items():
        path = folder / name
        try:
            digest = file_hash(path)
        except OSError as error:
            message = f"{path}: cannot be read ({error.strerror}); get the bundle again"
            raise CheckpointError(message) from None
        if digest != expected:
            raise CheckpointError(
                f"{path}: damaged: its SHA-256 is {digest[:12]}…, the manifest has {expected[:12]}…; "
                "get the bundle again"
            )


def _read_manifest(folder: Path) -> dict[str, str]:
    """The hash of each file that a bundle's manifest lists."""
    try:
        lines = (folder / MANIFEST).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(
            f"{folder / MANIFEST}: cannot be read ({error}); export the bundle again"
        ) from None
    hashes = {}
    for number, line in enumerate(lines, start=1):
        digest, separator, name = line.partition("  ")
        if not separator:
            message = f"{folder / MANIFEST}:{number}: expected 'SHA256  NAME'; export the bundle again"
            raise CheckpointError(message)
        hashes[name] = digest
    return hashes


def read_config(folder: Path) -> BundleConfig:
    """Read a bundle's config.

    Raises:
        CheckpointError: It is malformed or of another schema version.
    """
    path = folder / CONFIG
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        version = data["schema_version"]
        if version not in _READABLE:
            known = ", ".join(map(str, _READABLE))
            raise CheckpointError(
                f"{path}: schema version {version}, and this conflictcoder reads {known}; "
                "export the bundle again, or install the conflictcoder that it was made with"
            )
        return BundleConfig(
            labels=LabelSpace.of(Ontology.from_dict(data["ontology"]), data["layers"]),
            calibration=Calibration.from_dict(data["calibration"]),
            max_tokens=data["max_tokens"],
            max_sentences=data["max_sentences"],
            provenance=data["provenance"],
        )
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror})") from None
    except (KeyError, TypeError, ValueError, OntologyError) as error:
        raise CheckpointError(f"{path}: malformed ({error!r}); export the bundle again") from None


def fingerprint(folder: Path) -> str:
    """What tells one checkpoint, bundle or of a training run, from another: a hash of its content.

    Raises:
        CheckpointError: There is no model.
    """
    place = resolve_checkpoint(folder)
    if is_bundle(place):
        return file_hash(place / MANIFEST)
    return model_hash(place)


def model_hash(folder: Path) -> str:
    """SHA-256 over the weights and settings of a model that torch loads."""
    hashes = [
        file_hash(path) for path in sorted(folder.iterdir()) if path.suffix in (".json", ".safetensors")
    ]
    return hashlib.sha256("\n".join(hashes).encode("ascii")).hexdigest()


def file_hash(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
