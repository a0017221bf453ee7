"""Where a run comes from: commit, data, seed, versions."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from train.config import ExperimentConfig
from train.data.paths import data_paths

_PACKAGES = ("conflictcoder", "torch", "transformers", "datasets", "accelerate", "tokenizers", "numpy")


def describe(config: ExperimentConfig) -> dict[str, Any]:
    """Everything that is needed to make a run again."""
    return {
        "config": config.model_dump(),
        "seed": config.seed,
        "commit": _commit(),
        "data": data_hashes(data_paths(config.data)),
        "versions": {"python": platform.python_version()} | _versions(),
    }


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
