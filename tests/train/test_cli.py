import json
import shutil

import pytest
from click.testing import CliRunner

from train.cli import main

from ..conftest import ROOT, TEN


@pytest.fixture
def run(monkeypatch):
    def invoke(*args):
        return CliRunner().invoke(main, [str(arg) for arg in args])

    return invoke


def test_typing_error_in_a_config_is_wrong_usage(run, tiny_run):
    result = run("fit", tiny_run / "config.toml", "training.epoch=1")
    assert result.exit_code == 2
    assert "did you mean 'epochs'" in result.stderr
    assert "Traceback" not in result.stderr


def test_dry_run_prints_the_resolved_config(run, tiny_run):
    result = run("fit", tiny_run / "config.toml", "training.epochs=7", "--dry-run")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["config"]["training"]["epochs"] == 7


def test_missing_data_is_told_with_its_path(run, tiny_run, tmp_path):
    result = run("fit", tiny_run / "config.toml", f'data.paths=["{tmp_path}"]', "name=x")
    assert result.exit_code == 1
    assert f"{tmp_path}: has no labelled file" in result.stderr


@pytest.mark.parametrize("kind", ["run", "bundle"])
def test_evaluate_prints_a_table_and_writes_what_to_read(run, tiny_run, tiny_bundle, tmp_path, kind):
    (tmp_path / "ten.ann").write_text(TEN)
    checkpoint = tiny_run if kind == "run" else tiny_bundle
    result = run("evaluate", checkpoint, "--data", tmp_path / "ten.ann", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    assert "warning: " in result.stderr  # it learnt these sentences
    assert "chosen by, 1 of these documents ('ten', …)" in result.stderr
    assert "entity F1" in result.stdout
    assert "Trig-C by type" in result.stdout
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["arg_c"]["f1"] > 0.9
    assert (tmp_path / "out" / "errors.jsonl").exists()
    report = tmp_path / "out" / "report.html"
    assert str(report) in result.stdout
    assert ("Learning curve" in report.read_text(encoding="utf-8")) == (kind == "run")


def test_evaluate_reads_other_formats_with_the_labels_of_the_checkpoint(run, tiny_run, tmp_path):
    (tmp_path / "x.conll").write_text("Rebels B-ARMED_GROUP\nleft O\n\n")
    result = run("evaluate", tiny_run, "--data", tmp_path / "x.conll", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    (tmp_path / "x.conll").write_text("Rebels B-NONSENSE\n\n")
    result = run("evaluate", tiny_run, "--data", tmp_path / "x.conll")
    assert (result.exit_code, "NONSENSE" in result.stderr) == (1, True)


def test_config_of_another_version_is_asked_only_where_it_is_needed(run, tiny_run, tmp_path):
    copy = tmp_path / "run"
    shutil.copytree(tiny_run, copy)
    (copy / "config.toml").write_text("gone = 1\n")
    (tmp_path / "ten.ann").write_text(TEN)
    (tmp_path / "x.conll").write_text("Rebels B-ARMED_GROUP\n\n")
    assert run("evaluate", copy, "--data", tmp_path / "ten.ann").exit_code == 0
    result = run("evaluate", copy, "--data", tmp_path / "x.conll")
    assert (result.exit_code, "gone" in result.stderr) == (2, True)


def test_export_and_its_output(run, tiny_run, tmp_path):
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("Rebels captured Namkham on Friday.")
    out = tmp_path / "bundle"
    result = run("export", tiny_run, "--out", out, "--texts", tmp_path / "texts", "--fp32")
    assert result.exit_code == 0, result.stderr
    assert "mentions      1.0000" in result.stdout
    result = run("export", tiny_run, "--out", out, "--texts", out)
    assert (result.exit_code, "give a folder of articles" in result.stderr) == (1, True)


def test_check_passes_the_data_of_the_project(run):
    result = run("check", ROOT / "data")
    assert result.exit_code == 0, result.stderr
    assert "mentions by entity type" in result.stdout


def test_check_names_every_mistake(run, tmp_path):
    data = shutil.copytree(ROOT / "data", tmp_path / "data")
    path = next(iter(sorted((data / "annotations" / "seed").glob("*.ann"))))
    path.write_text(path.read_text().replace("ARMED_GROUP}", "ARMED_GANG}", 1).replace("Myanmar", "Burma", 1))
    result = run("check", data)
    assert result.exit_code == 1
    assert "ARMED_GANG" in result.stderr
    assert result.stderr.strip().endswith("mistakes")


def test_unknown_checkpoint(run, tmp_path):
    result = run("evaluate", tmp_path / "none", "--data", tmp_path)
    assert (result.exit_code, "no such folder" in result.stderr) == (1, True)


def test_distilling_without_teachers_is_wrong_usage(run, tiny_run):
    result = run("distill", tiny_run / "config.toml", "name=x")
    assert result.exit_code == 2
    assert "distillation.teachers is empty" in result.stderr


def test_a_teacher_that_is_not_there_is_named(run, tiny_run, tmp_path):
    missing = tmp_path / "nobody"
    result = run(
        "distill", tiny_run / "config.toml", f"output={tmp_path}", f'distillation.teachers=["{missing}"]'
    )
    assert result.exit_code == 1
    assert str(missing) in result.stderr
