"""Makes a graph's weights int8, so that a bundle fits into a wheel.

Processors without VNNI multiply bytes with an instruction (VPMADDUBSW) that adds two neighbouring
products in 16 bits and cuts off what is too large, so the same graph would answer otherwise there.
Here no two neighbouring products can be too large: the integers are exact on every processor.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from conflictcoder.windows import Window
from train.smoothing import measure_ranges, smooth_graph

# Fewer do not show which channels are large: factors from a single window cost .1 to .2 of agreement.
_FEWEST_WINDOWS = 100
# An activation is at most 255, and 255 * 128 still fits into 16 bits.
_LARGEST_PAIR = 128
_ABOVE_ROUNDING = np.float32(1 + 2**-21)


def quantize_graph(plain: Path, out: Path, windows: Sequence[Window] = ()) -> int:
    """Write a graph with int8 weights.

    Matrices have one scale for each output channel (`quantize_columns`); the activations that they are
    multiplied with get one scale at run time, over all rows of the window. Embeddings have one scale a
    row. (Scales by block, also for activations, come closer to fp32 and are half as fast; see
    configs/README.md.)

    Args:
        plain: The graph in fp32.
        out: Where to write.
        windows: Windows of ordinary text by which activations are evened out (`train.smoothing`); with
            fewer than 100 they stay as they are.

    Returns:
        How many windows were used.
    """
    model = onnx.load(plain)
    sampled = len(windows) if len(windows) >= _FEWEST_WINDOWS else 0
    if sampled:
        smooth_graph(model.graph, measure_ranges(plain, windows))
    matrices = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    _quantize_embeddings(model.graph)
    with _quiet():
        quantize_dynamic(
            model,
            out,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            weight_type=QuantType.QInt8,
            # The shapes of dynamic axes are not inferred, and every matrix here is of floats.
            extra_options={"DefaultTensorType": TensorProto.FLOAT},
        )
    quantized = onnx.load(out)
    _limit_pairs(quantized.graph, matrices)
    onnx.save(quantized, out)
    return sampled


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep onnxruntime from advising a preparation that changes nothing here."""
    logger = logging.getLogger()
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def quantize_rows(weights: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Quantise a matrix by row, symmetrically.

    Args:
        weights: float32 of shape (rows, columns).

    Returns:
        int8 of the same shape, and the scales, float32 of shape (rows, 1).
    """
    scales = np.abs(weights).max(axis=1, keepdims=True) / 127
    scales[scales == 0] = 1.0
    return np.round(weights / scales).astype(np.int8), scales.astype(np.float32)


def quantize_columns(weights: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Quantise a matrix by column, so that products of neighbouring rows can be added in 16 bits.

    Args:
        weights: float32 of shape (rows, columns).

    Returns:
        int8 of the same shape, in which rows 2 n and 2 n + 1 of a column have sizes of together 128 at
        most, and the scales, float32 of shape (columns,).
    """
    sizes = np.abs(weights)
    scales = np.maximum(sizes.max(axis=0) / 127, _pairs(sizes).max(axis=0) / _LARGEST_PAIR)
    # In exact arithmetic halves are rounded to even, so no pair is too large; float32 may round a scale
    # down by a unit in the last place or two, and then it would be.
    scales *= _ABOVE_ROUNDING
    scales[scales == 0] = 1.0
    return np.round(weights / scales).astype(np.int8), scales.astype(np.float32)


def _pairs(array: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sums of rows 2 n and 2 n + 1; the last row of an odd number stands alone."""
    return np.add.reduceat(array, np.arange(0, len(array), 2), axis=0)


def _limit_pairs(graph: onnx.GraphProto, matrices: Mapping[str, NDArray[np.float32]]) -> None:
    """Quantise by `quantize_columns` what onnxruntime quantised by column with the whole of int8."""
    tables = {table.name: table for table in graph.initializer}
    for node in graph.node:
        if node.op_type == "MatMulInteger":
            name = node.input[1].removesuffix("_quantized")
            weights, scales = quantize_columns(matrices[name])
            tables[node.input[1]].CopyFrom(numpy_helper.from_array(weights, node.input[1]))
            tables[f"{name}_scale"].CopyFrom(numpy_helper.from_array(scales, f"{name}_scale"))


def _quantize_embeddings(graph: onnx.GraphProto) -> None:
    """Look up int8 rows and multiply them by their scales instead of looking up floats."""
    tables = {table.name: table for table in graph.initializer}
    nodes: list[onnx.NodeProto] = []
    replaced = set()
    for node in graph.node:
        table = tables.get(node.input[0]) if node.op_type == "Gather" else None
        if table is None or table.data_type != TensorProto.FLOAT or len(table.dims) != 2:
            nodes.append(node)
            continue
        name, ids, output = table.name, node.input[1], node.output[0]
        if name not in replaced:
            rows, scales = quantize_rows(numpy_helper.to_array(table))
            graph.initializer.append(numpy_helper.from_array(rows, f"{name}.int8"))
            graph.initializer.append(numpy_helper.from_array(scales, f"{name}.scale"))
            replaced.add(name)
        nodes += [
            helper.make_node("Gather", [f"{name}.int8", ids], [f"{output}.int8"]),
            helper.make_node("Cast", [f"{output}.int8"], [f"{output}.float"], to=TensorProto.FLOAT),
            helper.make_node("Gather", [f"{name}.scale", ids], [f"{output}.scale"]),
            helper.make_node("Mul", [f"{output}.float", f"{output}.scale"], [output]),
        ]
    del graph.node[:]
    graph.node.extend(nodes)
    used = {name for node in nodes for name in node.input}
    for name in replaced - used:
        graph.initializer.remove(tables[name])
