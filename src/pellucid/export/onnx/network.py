"""Forward propagation as ONNX nodes: a Gemm for each layer, and its activation from the text of its record."""

from __future__ import annotations

import numpy as np

from pellucid.architecture import Architecture
from pellucid.equations.activations import Activation, Softmax
from pellucid.equations.arrays import Array
from pellucid.export.description import Description
from pellucid.export.onnx.graph import Value
from pellucid.export.onnx.words import translate


def mean(description: Description, x: Value) -> Value:
    """y_hat of a network; of an ensemble the mean of its networks by their shares, whose names begin with n1_, n2_ ..."""
    dtype = np.dtype(description.dtype)
    if not description.ensemble:
        return forward(description.architecture, description.vector.astype(dtype), x)
    parts = [
        forward(member.architecture, member.vector.astype(dtype), x, f"n{at}_") * member.share
        for at, member in enumerate(description.ensemble, start=1)
    ]
    return sum(parts[1:], parts[0])


def forward(architecture: Architecture, vector: Array, x: Value, prefix: str = "") -> Value:
    """y_hat: z_l = a_{l-1} W_l + b_l, a_l = f_l(z_l); the arrays W1, b1 ... and the values z1, a1 ... keep these names."""
    graph = x.graph
    a = x
    for layer, (W, b) in zip(architecture.layers, architecture.split(vector), strict=True):
        at = layer.index
        weights, biases = graph.constant(W, f"{prefix}W{at}"), graph.constant(b, f"{prefix}b{at}")
        a = activated(layer.activation, graph.node("Gemm", a, weights, biases, name=f"{prefix}z{at}"))
    return a


def activated(activation: Activation, z: Value) -> Value:
    """a = f(z); softmax, which looks at a whole row, is ONNX's own."""
    text, graph = activation.pieces[0], z.graph
    if isinstance(activation, Softmax) and activation.groups:
        parts = [columns(z, part) for part in activation.parts(sum(activation.groups))]
        return graph.node("Concat", *[graph.node("Softmax", part, axis=-1) for part in parts], axis=1)
    return translate(text, graph, {"z": z}) if text else graph.node("Softmax", z, axis=-1)


def columns(z: Value, part: slice) -> Value:
    """Some columns of a matrix."""
    begin, end, axis = (z.graph.constant([number], "place", np.int64) for number in (part.start, part.stop, 1))
    return z.graph.node("Slice", z, begin, end, axis)
