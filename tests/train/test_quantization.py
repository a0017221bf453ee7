import numpy as np
import onnx
import pytest

from conflictcoder.coder import EventCoder, read_tokenizer
from conflictcoder.onnx_runtime import OnnxRuntime
from conflictcoder.torch_runtime import load_model
from conflictcoder.windows import WindowEncoder
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


def test_a_window_does_not_depend_on_what_runs_beside_it(graph, tiny_run):
    """Activations have one scale a window, so each window has to run alone."""
    plain = EventCoder.from_pretrained(tiny_run)
    runtime = OnnxRuntime(graph, plain.config.labels)
    encoder = WindowEncoder(read_tokenizer(tiny_run / "checkpoint"), max_tokens=64)
    texts = ["Rebels captured Namkham on Friday.", "The rains came late.", "Troops withdrew."]
    windows = [window for text in texts for window in encoder.pack([encoder.encode(text)])]
    together = runtime.run(windows)
    for window, arrays in zip(windows, together, strict=True):
        (alone,) = runtime.run([window])
        for name, array in arrays.items():
            assert (array == alone[name]).all()
