import numpy as np
import onnx
import onnxruntime
import pytest

from conflictcoder.coder import EventCoder, read_tokenizer
from conflictcoder.onnx_runtime import OnnxRuntime, feed
from conflictcoder.torch_runtime import load_model
from conflictcoder.windows import WindowEncoder
from train.evaluation import evaluate_coder
from train.export import write_graph
from train.quantization import quantize_columns, quantize_rows


def test_rows_are_off_by_half_a_step_at_most():
    weights = np.random.default_rng(0).normal(size=(50, 64)).astype(np.float32)
    weights[7] = 0.0
    rows, scales = quantize_rows(weights)
    assert rows.dtype == np.int8
    assert np.abs(rows * scales - weights).max() <= scales.max() / 2 + 1e-6
    assert (rows[7] == 0).all()


@pytest.mark.parametrize("rows", [1, 2, 63, 64])
def test_neighbouring_products_can_be_added_in_16_bits(rows):
    weights = np.random.default_rng(rows).standard_cauchy(size=(rows, 500)).astype(np.float32)
    weights[:, 3] = 0.0
    weights[:, 4] = 1.0
    columns, scales = quantize_columns(weights)
    sizes = np.abs(columns.astype(int))
    pairs = sizes[0::2][: rows // 2] + sizes[1::2]
    assert sizes.max() <= 127
    assert pairs.max(initial=0) <= 128
    assert np.iinfo(np.int16).max >= 255 * 128
    assert (np.abs(columns * scales - weights) <= scales * 1.001).all()
    assert (columns[:, 3] == 0).all()


def test_pair_whose_scale_was_rounded_down_still_fits():
    steps = np.arange(127, dtype=np.float32)
    columns, _ = quantize_columns(np.stack([steps + 0.5, 127.5 - steps]) * np.float32(1e-3))
    assert 127 <= np.abs(columns.astype(int)).sum(axis=0).max() <= 128


def test_pair_of_large_weights_shares_the_range():
    columns, scales = quantize_columns(np.array([[3.0, 1.0], [1.0, 0.0], [0.5, 0.0]], dtype=np.float32))
    assert columns.tolist() == [[96, 127], [32, 0], [16, 0]]
    assert scales == pytest.approx([4 / 128, 1 / 127])


def test_every_product_of_a_graph_is_limited(graph):
    model = onnx.load(graph).graph
    tables = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.initializer}
    weights = [tables[node.input[1]] for node in model.node if node.op_type == "MatMulInteger"]
    assert len(weights) > 4
    for matrix in weights:
        sizes = np.abs(matrix.astype(int))
        assert (sizes[0::2][: len(matrix) // 2] + sizes[1::2]).max() <= 128


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


def test_answers_do_not_depend_on_how_the_processor_multiplies_bytes(graph, tiny_run):
    """The mode avoids the sums in 16 bits that processors without VNNI cut off, at half the speed."""
    encoder = WindowEncoder(read_tokenizer(tiny_run / "checkpoint"), max_tokens=64)
    (window,) = encoder.pack([encoder.encode("Rebels captured Namkham on Friday.")])
    answers = []
    for mode in ("0", "1"):
        options = onnxruntime.SessionOptions()
        options.add_session_config_entry("session.x64quantprecision", mode)
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        answers.append(session.run(None, feed(window, [item.name for item in session.get_inputs()])))
    for fast, exact in zip(*answers, strict=True):
        assert (fast == exact).all()
