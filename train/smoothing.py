"""Evens out activations before they are quantised.

Xiao et al. (2023), *SmoothQuant*: where a few channels of an activation are far larger than the rest,
one scale for all of them leaves the rest few of the 256 steps. Dividing each channel by a factor and
multiplying its row of the matrix by the same factor changes no product and moves the difficulty into
the weights, which have a scale for each output channel.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from conflictcoder.onnx_runtime import feed
from conflictcoder.windows import Window

Ranges = Mapping[str, NDArray[np.float32]]

# Share of the difficulty that moves into the weights; configs/README.md has what others gave.
_STRENGTH = 0.8
_SMALLEST = 1e-5  # of what is always zero, so that its logarithm exists


def measure_ranges(graph: Path, windows: Sequence[Window]) -> dict[str, NDArray[np.float32]]:
    """Largest absolute value of each channel of what a graph multiplies by constant matrices.

    Args:
        graph: The graph in fp32.
        windows: Windows of ordinary text, some hundred.

    Returns:
        For the name of every such activation, float32 of shape (channels,).
    """
    model = onnx.load(graph)
    names = sorted(_products(model.graph))
    for name in names:
        model.graph.output.append(helper.make_empty_tensor_value_info(name))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    inputs = {item.name for item in session.get_inputs()}
    ranges: dict[str, NDArray[np.float32]] = {}
    for window in windows:
        for name, array in zip(names, session.run(names, feed(window, inputs)), strict=True):
            found = np.abs(array).reshape(-1, array.shape[-1]).max(axis=0)
            ranges[name] = np.maximum(ranges.get(name, np.float32(0)), found)
    return ranges


def smooth_graph(graph: onnx.GraphProto, ranges: Ranges) -> None:
    """Divide activations by factors for each channel, and multiply the matrices' rows by them.

    Args:
        graph: The graph in fp32, which is changed; its outputs stay what they are but for rounding.
        ranges: What `measure_ranges` gave for it.
    """
    matrices = {tensor.name: tensor for tensor in graph.initializer}
    scalings: dict[str, onnx.NodeProto] = {}
    for name, nodes in _products(graph).items():
        weights = {node.input[1]: numpy_helper.to_array(matrices[node.input[1]]) for node in nodes}
        factors = _factors(ranges[name], np.concatenate(list(weights.values()), axis=1))
        for key, matrix in weights.items():
            matrices[key].CopyFrom(numpy_helper.from_array(matrix * factors[:, None], key))
        graph.initializer.append(numpy_helper.from_array(1 / factors, f"{name}.reciprocals"))
        for node in nodes:
            node.input[0] = f"{name}.smooth"
        # By the product's output, because nodes need no names.
        scaling = helper.make_node("Mul", [name, f"{name}.reciprocals"], [f"{name}.smooth"])
        scalings[nodes[0].output[0]] = scaling
    ordered = [
        item for node in graph.node for item in (scalings.get(node.output[0]), node) if item is not None
    ]
    del graph.node[:]
    graph.node.extend(ordered)


def _factors(activations: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Factor of each channel, float32 of shape (channels,), with a geometric mean of one."""
    largest = np.maximum(np.abs(weights).max(axis=1), _SMALLEST)
    logs = _STRENGTH * np.log(np.maximum(activations, _SMALLEST)) - (1 - _STRENGTH) * np.log(largest)
    return np.asarray(np.exp(logs - logs.mean()), dtype=np.float32)


def _products(graph: onnx.GraphProto) -> dict[str, list[onnx.NodeProto]]:
    """The products of each activation with constant matrices that nothing else uses, in their order."""
    uses = Counter(name for node in graph.node for name in node.input)
    matrices = {tensor.name for tensor in graph.initializer if len(tensor.dims) == 2}
    found = defaultdict(list)
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in matrices and uses[node.input[1]] == 1:
            found[node.input[0]].append(node)
    return found
