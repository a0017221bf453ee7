"""What README.md and model_card.md say is what was measured, and their commands exist."""

import importlib
import re
import subprocess
import sys

import click
import pytest
import yaml

from .conftest import ROOT


def test_numbers_are_those_of_the_metrics_files():
    command = [sys.executable, str(ROOT / "scripts" / "render_results.py"), "--check"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr


def test_block_whose_marks_are_gone_is_told(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import render_results

    text = (ROOT / "README.md").read_text(encoding="utf-8").replace("<!-- speed -->", "")
    with pytest.raises(click.ClickException, match="no block between <!-- speed -->"):
        render_results.render(text, render_results.DOCUMENTS["README.md"])
    assert {name for blocks in render_results.DOCUMENTS.values() for name in blocks} == set(
        render_results.BLOCKS
    )


@pytest.mark.parametrize("script", sorted(path.stem for path in (ROOT / "scripts").glob("*.py")))
def test_script_that_is_asked_for_help_does_nothing_else(script, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    monkeypatch.setattr(sys, "argv", [script, "--help"])
    with pytest.raises(SystemExit) as stopped:
        importlib.import_module(script).main()
    assert stopped.value.code == 0
    assert "usage:" in capsys.readouterr().out.lower()


def test_model_card_has_the_metadata_of_the_hub():
    text = (ROOT / "model_card.md").read_text(encoding="utf-8")
    _, header, _ = text.split("---\n", 2)
    data = yaml.safe_load(header)
    assert data["license"] == "apache-2.0"
    (model,) = data["model-index"]
    (result,) = model["results"]
    assert {metric["name"] for metric in result["metrics"]} >= {"entity F1", "Trig-C", "Arg-C"}
    assert all(0 < metric["value"] < 1 for metric in result["metrics"])


def commands(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    blocks = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line and not line.startswith("#")]


def test_files_that_the_readme_names_are_there():
    lines = commands("README.md")
    assert lines
    names = re.findall(r"(?:configs|data|scripts)/[\w./-]+", "\n".join(lines))
    assert names
    assert [name for name in names if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("module", ["conflictcoder", "train"])
def test_options_that_the_readme_names_exist(module):
    called = [line for line in commands("README.md") if re.search(rf"(^|/| ){module} ", line)]
    assert called
    for line in called:
        words = re.split(rf"(?:-m )?{module} ", line, maxsplit=1)[1].split()
        help_text = subprocess.run(
            [sys.executable, "-m", module, words[0], "--help"], capture_output=True, text=True, cwd=ROOT
        )
        assert help_text.returncode == 0, line
        for option in [word for word in words if word.startswith("--")]:
            assert option in help_text.stdout, line
