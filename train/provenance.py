"""Where a run comes from: commit, data, seed, versions; and whether it is the run that is wanted."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from conflictcoder.bundle import fingerprint, is_bundle, model_hash, read_config, resolve_checkpoint
from conflictcoder.errors import CheckpointError, ConflictCoderError
from train.backbones import find_backbone
from train.config import AnnotatedData, Data, ExperimentConfig
from train.data.paths import SETS, data_paths
from train.files import read_json

METRICS = "metrics.json"
PROVENANCE = "provenance.json"
# What two runs may differ in without having different results.
_IRRELEVANT = {"name", "output", "benchmark", "crossval"}
_PLACES = {"paths", "ontology", "splits"}
_PACKAGES = ("conflictcoder", "torch", "transformers", "datasets", "accelerate", "tokenizers", "numpy")


class OtherRunError(ConflictCoderError):
    """A run on disk was made with other settings or data than the one that is asked for."""


def find_run(checkpoint: Path) -> Path | None:
    """The run folder that a checkpoint is or lies in; None for one without its run."""
    places = (checkpoint, checkpoint.parent)
    return next((folder for folder in places if (folder / PROVENANCE).is_file()), None)


def read_provenance(checkpoint: Path) -> dict[str, Any]:
    """What `describe` told when a model was trained; empty if nothing is kept of that.

    Args:
        checkpoint: A training run, its checkpoint, or a bundle.

    Raises:
        CheckpointError: There is no model, or its config is malformed.
    """
    place = resolve_checkpoint(checkpoint)
    if is_bundle(place):
        return dict(read_config(place).provenance)
    run = find_run(place)
    return read_json(run / PROVENANCE) if run else {}


def is_finished(config: ExperimentConfig) -> bool:
    """Whether the run of a config is on disk and whole.

    Raises:
        OtherRunError: It was made with other settings or data.
    """
    if not (config.run_folder / METRICS).exists():
        return False
    check_same(config)
    return True


def check_same(config: ExperimentConfig) -> None:
    """Refuse to take a run on disk for one that would now be another.

    Raises:
        OtherRunError: It was made with other settings or data.
    """
    folder = config.run_folder
    advice = "use another output folder, or delete this one to make it anew"
    # Read as a config, so that settings that are newer than the run have their defaults.
    try:
        made = read_json(folder / PROVENANCE)
        then = ExperimentConfig.model_validate(made["config"])
    except (FileNotFoundError, ValidationError):
        message = f"{folder}: was made by another version, whose settings are unknown here"
        raise OtherRunError(f"{message}; {advice}") from None
    now, before = _relevant(config), _relevant(then)
    different = sorted(key for key in now.keys() | before.keys() if now.get(key) != before.get(key))
    if list(made["data"].values()) != list(data_hashes(data_paths(config.data)).values()):
        different.append("the contents of its data files")
    if "teachers" in made and made["teachers"] != _teachers(config):
        different.append("its teachers")
    if made.get("start", "") != _start(config):
        different.append("the model that it starts from")
    if "backbone" in made and made["backbone"] != _backbone(config):
        different.append("its backbone")
    if different:
        raise OtherRunError(f"{folder}: was made with other settings in {', '.join(different)}; {advice}")


def _relevant(config: ExperimentConfig) -> dict[str, Any]:
    settings = config.model_dump(exclude=_IRRELEVANT)
    return settings | {"data": _without_names(config.data)}


def _without_names(data: Data) -> dict[str, Any]:
    """A data section without the names of its files, whose contents count instead.

    Where files are named by role their number stays: the contents are one list over all roles.
    """
    if isinstance(data, AnnotatedData):
        return data.model_dump(exclude=_PLACES)
    section = data.model_dump()
    for source in section.get("sources", [section]):
        source.update({role: len(source[role]) for role in SETS})
    return section


def describe(config: ExperimentConfig) -> dict[str, Any]:
    """Everything that is needed to make a run again."""
    return {
        "config": config.model_dump(),
        "seed": config.seed,
        "commit": _commit(),
        "data": data_hashes(data_paths(config.data)),
        "backbone": _backbone(config),
        "start": _start(config),
        "teachers": _teachers(config),
        "versions": {"python": platform.python_version()} | _versions(),
    }


def _backbone(config: ExperimentConfig) -> str:
    """Hash of what the encoder starts from."""
    return model_hash(find_backbone(config.model.backbone))


def _start(config: ExperimentConfig) -> str:
    """Fingerprint of the checkpoint that training begins with; empty if there is none."""
    return fingerprint(Path(config.model.start)) if config.model.start else ""


def _teachers(config: ExperimentConfig) -> dict[str, str]:
    """Fingerprint of each teacher's checkpoint; one that is not there is told when it is needed."""
    found = {}
    for name in config.distillation.teachers:
        with suppress(CheckpointError):
            found[name] = fingerprint(Path(name))
    return found


def data_hashes(paths: Iterable[Path]) -> dict[str, str]:
    """SHA-256 of each path; of a folder over the names and contents of its files, sorted."""
    return {path.as_posix(): _hash(path) for path in paths}


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    for file in files:
        digest.update(file.relative_to(path).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _commit() -> str:
    git = ["git", "-C", str(Path(__file__).parent)]
    try:
        commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
        changes = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit.stdout.strip() + (" with uncommitted changes" if changes.stdout.strip() else "")


def _versions() -> dict[str, str]:
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return versions
