import json
import shutil
from pathlib import Path

import onnx
import pytest

from conflictcoder import Article, EventCoder
from conflictcoder.bundle import CONFIG, MANIFEST, MODEL, TOKENIZER
from train.evaluation import evaluate_coder
from train.export import ExportError, export


def test_bundle_has_exactly_its_files(tiny_bundle):
    assert {path.name for path in tiny_bundle.iterdir()} == {CONFIG, MANIFEST, MODEL, TOKENIZER}


def test_bundle_is_evaluated_like_its_checkpoint(tiny_run, tiny_bundle, ten):
    assert evaluate_coder(tiny_bundle, [ten]).metrics == evaluate_coder(tiny_run, [ten]).metrics


def test_quantised_bundle_has_int8_weights_and_tells_so(tiny_run, ten_articles, tmp_path):
    agreement = export(tiny_run, tmp_path / "int8", ten_articles, tolerance=0.5)
    assert set(agreement) == {"mentions", "triggers", "arguments", "event types"}
    graph = onnx.load(tmp_path / "int8" / MODEL).graph
    kinds = {tensor.data_type for tensor in graph.initializer}
    assert onnx.TensorProto.INT8 in kinds
    record = json.loads((tmp_path / "int8" / CONFIG).read_text())["provenance"]["export"]
    assert record.pop("sampled_windows") == 0  # too few of them to even anything out
    assert record == {"quantized": True, "agreement_with_torch_f1": agreement}
    assert EventCoder.from_pretrained(tmp_path / "int8").code("Rebels captured Namkham.").sentences


def test_activations_are_evened_out_by_the_text_that_the_run_kept(
    tiny_run, ten_articles, tmp_path, monkeypatch
):
    monkeypatch.setattr("train.quantization._FEWEST_WINDOWS", 1)
    texts = [Article(text="Rebels captured Namkham. Troops fled.", id="short")]
    graphs = {}
    for kind in ("run", "checkpoint"):
        # Away from its run a checkpoint has no sample, and the texts take its place.
        checkpoint = tiny_run if kind == "run" else tmp_path / "alone" / "checkpoint"
        if kind == "checkpoint":
            shutil.copytree(tiny_run / "checkpoint", checkpoint)
        export(checkpoint, tmp_path / kind, texts, tolerance=0.0)
        graphs[kind] = {
            tensor.name: onnx.numpy_helper.to_array(tensor)
            for tensor in onnx.load(tmp_path / kind / MODEL).graph.initializer
            if tensor.name.endswith(".reciprocals")
        }
    assert graphs["run"]
    assert graphs["run"].keys() == graphs["checkpoint"].keys()
    assert any((graphs["run"][name] != graphs["checkpoint"][name]).any() for name in graphs["run"])


def test_bundle_that_answers_otherwise_is_refused(tiny_run, ten_articles, tmp_path, monkeypatch):
    monkeypatch.setattr("train.export.compare", lambda *_: {"mentions": 0.98, "triggers": 0.42})
    with pytest.raises(ExportError, match=r"triggers agree .* F1 0\.4200, the tolerance is 0\.999"):
        export(tiny_run, tmp_path / "refused", ten_articles, quantize=False)
    assert list(tmp_path.iterdir()) == []


def test_only_a_bundle_or_an_empty_folder_is_replaced(tiny_run, ten_articles, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "thesis.txt").write_text("years of work")
    for out in (home, home / "thesis.txt"):
        with pytest.raises(ExportError, match="is there already and is no bundle"):
            export(tiny_run, out, ten_articles, quantize=False)
    assert (home / "thesis.txt").read_text() == "years of work"
    for name in ("empty", "empty"):  # the second time it has a bundle
        (tmp_path / name).mkdir(exist_ok=True)
        export(tiny_run, tmp_path / name, ten_articles, quantize=False)
        assert EventCoder.from_pretrained(tmp_path / name)
    assert {path.name for path in tmp_path.iterdir()} == {"home", "empty"}


def test_folder_that_holds_the_checkpoint_is_not_replaced(tiny_run, tiny_bundle, ten_articles, tmp_path):
    out = tmp_path / "both"
    shutil.copytree(tiny_bundle, out)
    shutil.copytree(tiny_run / "checkpoint", out / "run" / "checkpoint")
    with pytest.raises(ExportError, match="the checkpoint lies in it"):
        export(out / "run", out, ten_articles, quantize=False)
    assert (out / "run" / "checkpoint").exists()


def test_old_bundle_is_there_until_the_new_one_is(tiny_run, tiny_bundle, ten_articles, tmp_path, monkeypatch):
    out = tmp_path / "bundle"
    shutil.copytree(tiny_bundle, out)
    rename = Path.rename

    def stop_at_the_second(source, target):
        if target == out:
            raise KeyboardInterrupt
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", stop_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        export(tiny_run, out, ten_articles, quantize=False)
    assert EventCoder.from_pretrained(tmp_path / ".bundle.old")


def test_export_is_reproducible(tiny_run, tiny_bundle, ten_articles, tmp_path):
    export(tiny_run, tmp_path / "again", ten_articles, quantize=False)
    assert (tmp_path / "again" / MANIFEST).read_text() == (tiny_bundle / MANIFEST).read_text()


def test_graph_names_no_file_of_the_machine(tiny_bundle, tiny_run, ten_articles, tmp_path, root):
    export(tiny_run, tmp_path / "int8", ten_articles, tolerance=0.5)
    for folder in (tiny_bundle, tmp_path / "int8", root / "conflictcoder" / "bundle"):
        content = (folder / MODEL).read_bytes()
        assert b"stack_trace" not in content
        # Among a million bytes of weights any three stand side by side now and then.
        graph = onnx.load_from_string(content)
        for tensor in graph.graph.initializer:
            tensor.ClearField("raw_data")
        assert b".py" not in graph.SerializeToString()
