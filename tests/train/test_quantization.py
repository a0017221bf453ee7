import numpy as np
import onnx
import pytest

from conflictcoder.coder import EventCoder, read_tokenizer
from conflictcoder.onnx_runtime import OnnxRuntime
from conflictcoder.torch_runtime import load_model
from train.evaluation import evaluate_coder
from train.export import write_graph
from train.quantization import quantize_rows


def test_rows_are_off_by_half_a_step_at_most():
    weights = np.random.default_rng(0).normal(size=(50, 64)).astype(np.float32)
    weights[7] = 0.0
    rows, scales = quantize_rows(weights)
    assert rows.dtype == np.int8
    assert np.abs(rows * scales - weights).max() <= scales.max() / 2 + 1e-6
    assert (rows[7] == 0).all()


@pytest.fixture(scope="module")
def graph(tiny_run, tmp_path_factory):
    path = tmp_path_factory.mktemp("graph") / "model.onnx"
    write_graph(load_model(tiny_run / "checkpoint"), path, quantize=True)
    return path


def test_no_large_matrix_stays_in_floats(graph):
    large = [
        tensor.name
        for tensor in onnx.load(graph).graph.initializer
        if tensor.data_type == onnx.TensorProto.FLOAT and len(tensor.dims) == 2 and min(tensor.dims) > 16
    ]
    assert large == []


def test_quantised_graph_still_knows_the_sentences(graph, tiny_run, ten):
    plain = EventCoder.from_pretrained(tiny_run)
    runtime = OnnxRuntime(graph, plain.config.labels)
    coder = EventCoder.assemble(runtime, read_tokenizer(tiny_run / "checkpoint"), plain.config)
    metrics = evaluate_coder(coder, [ten]).metrics
    assert metrics["entity_f1"]["f1"] > 0.9
    assert metrics["trig_c"]["f1"] > 0.9


def test_a_window_does_not_depend_on_its_batch(graph):
    """Every row of activations has its own scale, so that padding and neighbours change nothing."""
    import onnxruntime

    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    random = np.random.default_rng(1)
    ids = random.integers(5, 90, size=(3, 12))
    mask = np.ones((3, 1, 12), dtype=bool)
    feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids), "sentence_mask": mask}
    together = session.run(["spans"], feeds)[0]
    alone = session.run(["spans"], {name: array[1:2] for name, array in feeds.items()})[0]
    assert np.abs(together[1] - alone[0]).max() < 1e-4
