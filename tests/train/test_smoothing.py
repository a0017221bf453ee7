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
        tensor.name
        for tensor in model.graph.initializer
        if tensor.name in matrices and (matrices[tensor.name] != numpy_helper.to_array(tensor)).any()
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


def test_factors_by_hand():
    """The channels' largest activations are 16 and 1, their largest weights 1 and 32."""
    matrix = np.array([[1.0, -0.5], [4.0, -32.0]], dtype=np.float32)
    model = product(matrix)
    smooth_graph(model.graph, {"x": np.array([16.0, 1.0], dtype=np.float32)})
    # 16^0.8 / 1^0.2 and 1^0.8 / 32^0.2 are 2^3.2 and 2^-1; their geometric mean is 2^1.1.
    factors = np.array([2**2.1, 2**-2.1])
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    np.testing.assert_allclose(arrays["x.reciprocals"], 1 / factors, rtol=1e-5)
    np.testing.assert_allclose(arrays["w"], matrix * factors[:, None], rtol=1e-5)


def test_ranges_are_the_largest_size_over_all_windows(plain, windows):
    each = [measure_ranges(plain, [window]) for window in windows[:2]]
    together = measure_ranges(plain, windows[:2])
    assert together
    for name, found in together.items():
        assert (found == np.max([one[name] for one in each], axis=0)).all()
        assert (found >= 0).all()
    assert any((each[0][name] > each[1][name]).any() for name in together)


def test_ranges_count_what_is_negative(tmp_path, windows):
    """A graph whose only activation is minus the ids of the tokens."""
    ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "tokens"])
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["input_ids"], ["floats"], to=TensorProto.FLOAT),
            helper.make_node("Neg", ["floats"], ["negative"]),
            helper.make_node("Unsqueeze", ["negative", "axis"], ["x"]),
            helper.make_node("MatMul", ["x", "w"], ["out"]),
        ],
        "negative",
        [ids],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, "tokens", 2])],
        [
            numpy_helper.from_array(np.array([2]), "axis"),
            numpy_helper.from_array(np.ones((1, 2), dtype=np.float32), "w"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.save(model, tmp_path / "negative.onnx")
    ranges = measure_ranges(tmp_path / "negative.onnx", windows)
    assert ranges["x"].tolist() == [max(window.input_ids.max() for window in windows)]


def test_few_windows_leave_the_activations_alone(plain, windows, tmp_path):
    quantize_graph(plain, tmp_path / "without.onnx")
    quantize_graph(plain, tmp_path / "few.onnx", windows)
    assert (tmp_path / "few.onnx").read_bytes() == (tmp_path / "without.onnx").read_bytes()
    quantize_graph(plain, tmp_path / "many.onnx", windows * 50)
    names = [tensor.name for tensor in onnx.load(tmp_path / "many.onnx").graph.initializer]
    assert any(name.endswith(".reciprocals") for name in names)


def test_a_matrix_of_two_activations_is_left_alone():
    matrix = np.ones((4, 2), dtype=np.float32)
    model = product(matrix, twice=True)
    smooth_graph(model.graph, {})
    assert [node.op_type for node in model.graph.node] == ["MatMul", "MatMul"]
    assert (numpy_helper.to_array(model.graph.initializer[0]) == matrix).all()
