"""The parameters in C: arrays W1, b1 ...; one flat vector where they are to be trained; eight bits a weight where that is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.architecture import Architecture
from pellucid.equations.arrays import Array
from pellucid.export.c.form import Form
from pellucid.export.c.writing import Real, braces
from pellucid.export.description import Description

STEPS = 127
"""of an 8-bit weight, in either direction"""


def parameters(form: Form) -> str:
    """The arrays, with what each of them is; those of the members of an ensemble after each other."""
    if form.training:
        return _flat(form)
    return "\n".join(_of_member(member) for member in form.members)


def _of_member(form: Form) -> str:
    vector, real, tag = form.description.vector, form.real, form.tag
    parts = []
    for layer in form.layers:
        k, n_in, n = layer.index, layer.n_inputs, layer.n_units
        W = vector[layer.weights]
        told = f"{tag}W{k}: {n_in} x {n}, the entry [i * {n} + j] joins unit i of layer {k - 1} to unit j of layer {k}"
        if form.quantized:
            integers, scales = quantized(W.reshape(n_in, n), real)
            parts.append(f"/* {told}: the integer {tag}Q{k} times {tag}scale{k}[j] */")
            parts.append(braces(f"static const signed char {tag}Q{k}[{n_in * n}]", [str(one) for one in integers.reshape(-1)]))
            parts.append(real.array(f"static const stored {tag}scale{k}[{n}]", scales))
        else:
            parts += [f"/* {told} */", real.array(f"static const stored {tag}W{k}[{n_in * n}]", W)]
        parts.append(real.array(f"static const stored {tag}b{k}[{n}]", vector[layer.biases]))
    return "\n".join(parts)


def _flat(form: Form) -> str:
    """One vector theta, all weights before all biases, so that L2 is for its first part; W1, b1 ... point into it."""
    name, macro, vector = form.name, form.macro, form.description.vector
    lines = [
        "/* theta: all weights, then all biases; W1, b1 ... are places in it, dW1, db1 ... places in the sums of the gradient.",
        "   W1[i * n + j] joins input i to unit j of the n units of layer 1. */",
        form.real.array(f"{name}_real {name}_theta[{macro}_PARAMETERS]", vector),
        f"static stored gradient_sum[{macro}_PARAMETERS], velocity[{macro}_PARAMETERS];",
    ]
    for layer in form.layers:
        k = layer.index
        for letter, at in (("W", layer.weights.start), ("b", layer.biases.start)):
            size = f"{layer.n_inputs} x {layer.n_units}" if letter == "W" else f"{layer.n_units}"
            lines.append(f"static stored *const {letter}{k} = {name}_theta + {at}, *const d{letter}{k} = gradient_sum + {at}; /* {size} */")
    return "\n".join(lines)


def quantized(W: Array, real: Real) -> tuple[Array, Array]:
    """Integers from -127 to 127, and for each unit (column) the scale that turns them into weights: W about Q scale."""
    largest = np.abs(W).max(axis=0)
    scales = np.where(largest > 0, largest / STEPS, 1.0).astype(real.numpy).astype(np.float64)
    scales = np.where(scales > 0, scales, 1.0)
    integers = np.clip(np.rint(W / scales), -STEPS, STEPS).astype(np.int8)
    return integers, scales


def rounded(form: Form) -> Description:
    """The description with the parameters that the export has: of 8 bits where that was asked for."""

    def of_8_bits(architecture: Architecture, vector: Array) -> Array:
        found: Any = np.array(vector, dtype=np.float64)
        for layer in architecture.layers:
            integers, scales = quantized(found[layer.weights].reshape(layer.n_inputs, layer.n_units), form.real)
            found[layer.weights] = (integers * scales).reshape(-1)
        return found

    return form.description.altered(of_8_bits) if form.quantized else form.description
