import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from conflictcoder.coder import read_tokenizer
from conflictcoder.onnx_runtime import feed
from conflictcoder.torch_runtime import load_model
from conflictcoder.windows import WindowEncoder
from train.export import write_graph
from train.quantization import quantize_graph
from train.smoothing import measure_ranges, smooth_graph


@pytest.fixture(scope="module")
def windows(tiny_run, ten):
    encoder = WindowEncoder(read_tokenizer(tiny_run / "checkpoint"), max_tokens=64)
    return encoder.pack([encoder.encode(sentence.text) for sentence in ten.document.sentences])


@pytest.fixture(scope="module")
def plain(tiny_run, tmp_path_factory):
    path = tmp_path_factory.mktemp("graph") / "plain.onnx"
    write_graph(load_model(tiny_run / "checkpoint"), path, quantize=False)
    return path


def run(model, feeds):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {item.name: feeds[item.name] for item in session.get_inputs()})


def test_smoothing_changes_no_output(plain, windows):
    model = onnx.load(plain)
    feeds = feed(windows[0], {"input_ids", "attention_mask", "sentence_mask"})
    before = run(model, feeds)
    matrices = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    smooth_graph(model.graph, measure_ranges(plain, windows))
    onnx.checker.check_model(model)
    changed = [
        t.name for t in model.graph.initializer if (matrices.get(t.name) != numpy_helper.to_array(t)).any()
    ]
    assert len(changed) > 10
    for one, other in zip(before, run(model, feeds), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def product(matrix, *, twice=False):
    """A graph that multiplies `x` by a matrix, and `y` by it too on request."""
    names = ["x", "y"] if twice else ["x"]
    width, columns = matrix.shape
    return helper.make_model(
        helper.make_graph(
            [helper.make_node("MatMul", [name, "w"], [f"{name}w"], name=f"{name}_by_w") for name in names],
            "product",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", width]) for name in names],
            [
                helper.make_tensor_value_info(f"{name}w", TensorProto.FLOAT, ["rows", columns])
                for name in names
            ],
            [numpy_helper.from_array(matrix, "w")],
        ),
        opset_imports=[helper.make_opsetid("", 20)],
        ir_version=10,
    )


def test_a_large_channel_no_longer_drowns_the_others(tmp_path):
    random = np.random.default_rng(0)
    matrix = random.normal(size=(32, 16)).astype(np.float32)
    x = random.normal(size=(64, 32)).astype(np.float32)
    x[:, 3] *= 200
    errors = {}
    for kind in ("plain", "smooth"):
        model = product(matrix)
        if kind == "smooth":
            smooth_graph(model.graph, {"x": np.abs(x).max(axis=0)})
        onnx.save(model, tmp_path / f"{kind}.onnx")
        quantize_graph(tmp_path / f"{kind}.onnx", tmp_path / f"{kind}.int8.onnx")
        (answer,) = run(onnx.load(tmp_path / f"{kind}.int8.onnx"), {"x": x})
        errors[kind] = np.abs(answer - x @ matrix).mean()
    assert errors["smooth"] < errors["plain"] / 3


def test_a_matrix_of_two_activations_is_left_alone():
    matrix = np.ones((4, 2), dtype=np.float32)
    model = product(matrix, twice=True)
    smooth_graph(model.graph, {})
    assert [node.op_type for node in model.graph.node] == ["MatMul", "MatMul"]
    assert (numpy_helper.to_array(model.graph.initializer[0]) == matrix).all()
