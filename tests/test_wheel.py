"""The wheel, built and installed into an empty environment away from the checkout."""

import json
import subprocess
import sys
import venv
import zipfile

import pytest

from conflictcoder import EventCoder
from conflictcoder.bundle import CONFIG, MANIFEST, MODEL, TOKENIZER, default_bundle

from .conftest import ROOT

SENTENCE = "Rebels captured three army outposts near Namkham on Friday, killing 12 soldiers."


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    (path,) = folder.glob("*.whl")
    return path


def test_wheel_holds_the_library_and_the_bundle_only(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    packages = {name.split("/")[0] for name in names if not name.split("/")[0].endswith(".dist-info")}
    assert packages == {"conflictcoder"}
    bundle = {name.rsplit("/", 1)[1] for name in names if name.startswith("conflictcoder/bundle/")}
    assert bundle == {CONFIG, MANIFEST, MODEL, TOKENIZER}
    assert "conflictcoder/py.typed" in names
    assert wheel.stat().st_size < 30e6


def test_wheel_codes_in_an_empty_environment(wheel, tmp_path):
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-c", str(ROOT / "constraints.txt"), str(wheel)], check=True, timeout=300)
    source = tmp_path / "in.jsonl"
    source.write_text(json.dumps({"id": "x", "sentences": [SENTENCE]}))
    command = [str(tmp_path / "venv" / "bin" / "conflictcoder"), "code", str(source)]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120)
    document = json.loads(result.stdout)
    here = EventCoder.from_pretrained().code_many([_article()])
    assert document == next(iter(here)).to_dict()
    assert document["sentences"][0]["events"]
    modules = "import importlib.util as u; print([m for m in ('torch', 'transformers') if u.find_spec(m)])"
    found = subprocess.run([str(python), "-c", modules], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def _article():
    from conflictcoder import Article

    return Article(sentences=[SENTENCE], id="x")


def test_shipped_bundle_is_whole_and_small():
    size = sum(path.stat().st_size for path in default_bundle().iterdir())
    assert size < 30e6
    assert EventCoder.from_pretrained().config.provenance["export"]["quantized"]


def test_shipped_bundle_gives_its_golden_answers(root):
    """`python scripts/write_golden.py` writes the file anew when the bundle changes."""
    golden = json.loads((root / "tests" / "golden" / "bundle.json").read_text(encoding="utf-8"))
    manifest = (default_bundle() / MANIFEST).read_text(encoding="utf-8")
    assert golden["manifest"] == manifest, "the golden answers are of another bundle: write them anew"
    coder = EventCoder.from_pretrained()
    for expected in golden["documents"]:
        document = coder.code(expected["text"], id=expected["id"])
        assert _without_scores(document.to_dict()) == _without_scores(expected)


def _without_scores(value):
    """Scores may differ in their last digits between processors; decisions may not."""
    if isinstance(value, dict):
        return {key: _without_scores(item) for key, item in value.items() if key != "score"}
    return [_without_scores(item) for item in value] if isinstance(value, list) else value
