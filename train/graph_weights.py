"""Reads a model's weights back out of a bundle's graph, so that training can begin with them.

The graph keeps the names of vectors and embeddings. Its matrices have names of the exporter's: each is
known by the bias that is added to its product. What is int8 comes back as float32, within the rounding
of its scale; factors that evened out an activation (`train.smoothing`) go back into the matrix.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

_PREFIX = "model."  # the wrapper that the exporter traced
_PRODUCTS = {"MatMul", "MatMulInteger"}
_BETWEEN = {"Cast", "Mul"}  # from an integer product to its bias


Tables = Mapping[str, NDArray[Any]]


def read_graph_weights(path: Path) -> dict[str, NDArray[np.float32]]:
    """The weights of a graph that `train.export` wrote, in fp32 or int8.

    Args:
        path: The graph.

    Returns:
        Arrays by the names that the joint model gives them, in its shapes. A matrix without a bias has no
        name and is missing.
    """
    graph = onnx.load(path).graph
    tables = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    named = dict(_vectors_and_embeddings(tables))
    users: dict[str, list[onnx.NodeProto]] = defaultdict(list)
    for node in graph.node:
        for name in node.input:
            users[name].append(node)
    reciprocals = {
        node.output[0]: tables[node.input[1]]
        for node in graph.node
        if node.op_type == "Mul" and node.input[1].endswith(".reciprocals")
    }
    for node in graph.node:
        if node.op_type in _PRODUCTS and node.input[1] in tables:
            bias = _find_bias(node, users, tables)
            if bias:
                matrix = _dequantize(node.input[1], tables)
                factors = reciprocals.get(node.input[0].removesuffix("_quantized"))
                matrix = matrix if factors is None else matrix * factors[:, None]
                named[bias.removesuffix("bias") + "weight"] = np.ascontiguousarray(matrix.T)
    return {name.removeprefix(_PREFIX): array for name, array in named.items()}


def _vectors_and_embeddings(tables: Tables) -> Iterator[tuple[str, NDArray[np.float32]]]:
    for name, table in tables.items():
        if name.endswith(".weight.int8"):
            plain = name.removesuffix(".int8")
            yield plain, table * tables[f"{plain}.scale"]
        elif name.startswith(_PREFIX) and name.endswith((".weight", ".bias")):
            yield name, table


def _dequantize(name: str, tables: Tables) -> NDArray[np.float32]:
    """A matrix of shape (inputs, outputs), which has one scale for each output where it is int8."""
    if not name.endswith("_quantized"):
        return tables[name]
    return np.asarray(tables[name] * tables[f"{name.removesuffix('_quantized')}_scale"], dtype=np.float32)


def _find_bias(product: onnx.NodeProto, users: Mapping[str, list[onnx.NodeProto]], tables: Tables) -> str:
    """Name of the bias that is added to a product; empty if there is none."""
    node = product
    while len(following := users.get(node.output[0], [])) == 1:
        node = following[0]
        if node.op_type == "Add":
            return next((name for name in node.input if name in tables and name.endswith(".bias")), "")
        if node.op_type not in _BETWEEN:
            break
    return ""
