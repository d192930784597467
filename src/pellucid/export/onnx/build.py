"""From the description of a model to an ONNX model: inputs, preparation, network, and what comes out."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.errors import InputError, sentence
from pellucid.export.description import Description
from pellucid.export.onnx.graph import Graph, Node, Value
from pellucid.export.onnx.network import columns, mean
from pellucid.export.onnx.preparation import prepare, stepped
from pellucid.export.release import release
from pellucid.export.steps import back

ML_OPSET = 3
"""of the operators of ai.onnx.ml: LabelEncoder"""


def build(description: Description, opset: int, output: str) -> Any:
    """The ONNX model, a ``ModelProto``.

    Args:
        description: of the model.
        opset: of the operators.
        output: the name of the output where that is numbers.

    """
    dtype = np.dtype(description.dtype)
    dated = any(source.kind == "date" for source in description.sources)
    graph = Graph(np.dtype(np.float64) if dated else dtype)
    names = input_names(description)
    outputs = output_names(description, output)
    for name in names:
        if name in outputs or not name:
            expected = "one that no output has" if name else "a name"
            raise InputError(sentence("the column name", "the ONNX export", repr(name), expected, "rename it before the training"))
    for name in [*names, *outputs]:
        graph.name(name)
    x = prepare(description, [Value(graph, name) for name in names])
    if graph.dtype != dtype:
        graph.dtype = dtype
        x = x.cast(dtype)
    found = finish(description, mean(description, x))
    for name, value in zip(outputs, found, strict=True):
        graph.rename(value, name)
    return _model(description, graph, opset, names, outputs)


def output_names(description: Description, output: str) -> list[str]:
    """The numbers; or label and probabilities, with the number of the column where there are several."""
    if description.task == "numbers":
        return [output]
    if description.task == "columns":
        return [f"{what}_{k}" for k in range(len(description.columns)) for what in ("label", "probabilities")]
    return ["label", "probabilities"]


def input_names(description: Description) -> list[str]:
    """X for one array of numbers; else the name of each column."""
    several = description.framed or any(source.kind == "text" for source in description.sources)
    return [source.name for source in description.sources] if several else ["X"]


def finish(description: Description, y_hat: Value) -> list[Value]:
    """From y_hat (m, n_L) to numbers in the target's own units, or to labels and probabilities."""
    graph = y_hat.graph
    if description.task == "numbers":
        return [stepped(y_hat, [back(steps) for steps in description.targets]) if description.targets else y_hat]
    if description.task == "columns":
        found = []
        for k, head in enumerate(description.heads):
            shares = columns(y_hat, head)
            at, classes = graph.node("ArgMax", shares, axis=1, keepdims=0), classes_of(description, head)
            found += [graph.node("Gather", graph.constant(classes, f"classes_{k}", object), at, axis=0, name=f"class_{k}"), shares]
        return found
    if description.task == "labels":
        return [(y_hat > 0.5).cast(np.int64), y_hat]
    if y_hat_is_one(description):
        shares = graph.node("Concat", 1 - y_hat, y_hat, axis=1)
        flat = graph.node("Reshape", y_hat, graph.constant([-1], "flat", np.int64))
        at = (flat > (0.5 if len(description.classes) == 2 else 2)).cast(np.int64)
    else:
        shares, at = y_hat, graph.node("ArgMax", y_hat, axis=1, keepdims=0)
    return [graph.node("Gather", graph.constant(classes_of(description), "classes", object), at, axis=0, name="class"), shares]


def y_hat_is_one(description: Description) -> bool:
    """Whether the network has one output, for two classes."""
    return description.architecture.sizes[-1] == 1


def classes_of(description: Description, head: slice = slice(None)) -> Array:
    """The classes (of one column) as an array: whole numbers, numbers, texts or truth values."""
    found = np.array(description.classes[head])
    return found.astype(object) if found.dtype.kind in "UO" else found.astype(np.int64) if found.dtype.kind in "iu" else found


def _model(description: Description, graph: Graph, opset: int, names: list[str], outputs: list[str]) -> Any:
    from onnx import helper, numpy_helper

    number = helper.np_dtype_to_tensor_dtype(np.dtype(description.dtype))
    double = helper.np_dtype_to_tensor_dtype(np.dtype(np.float64))
    text = helper.np_dtype_to_tensor_dtype(np.dtype(object))
    if names == ["X"]:
        inputs = [helper.make_tensor_value_info("X", number, ["N", len(description.sources)])]
    else:
        kinds = {"number": double if graph_has_dates(description) else number, "text": text, "date": double}
        inputs = [helper.make_tensor_value_info(source.name, kinds[source.kind], ["N", 1]) for source in description.sources]
    n = description.n_outputs
    types: dict[str, tuple[int, list[Any]]] = {"probabilities": (number, ["N", max(n, 2) if description.task == "classes" else n])}
    if description.task == "classes":
        types["label"] = helper.np_dtype_to_tensor_dtype(classes_of(description).dtype), ["N"]
    for k, head in enumerate(description.heads):
        types[f"label_{k}"] = helper.np_dtype_to_tensor_dtype(classes_of(description, head).dtype), ["N"]
        types[f"probabilities_{k}"] = number, ["N", head.stop - head.start]
    if description.task == "labels":
        types["label"] = helper.np_dtype_to_tensor_dtype(np.dtype(np.int64)), ["N", n]
    given = [helper.make_tensor_value_info(name, *types.get(name, (number, ["N", n]))) for name in outputs]
    nodes = [as_node(node) for node in graph.nodes]
    arrays = [numpy_helper.from_array(array, name) for name, array in graph.arrays.items()]
    body = helper.make_graph(nodes, "pellucid", inputs, given, arrays, doc_string=str(description.architecture))
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
    model = helper.make_model(body, opset_imports=opsets, producer_name="pellucid", producer_version=release())
    model.ir_version = helper.find_min_ir_version_for(opsets)
    helper.set_model_props(model, {"architecture": json.dumps(description.architecture.to_header())})
    return model


def graph_has_dates(description: Description) -> bool:
    """Whether days go in, which need double."""
    return any(source.kind == "date" for source in description.sources)


def as_node(node: Node) -> Any:
    """A node as ONNX has it."""
    from onnx import helper

    attributes = {key: attribute(value) for key, value in node.attributes}
    return helper.make_node(node.operator, node.inputs, [node.output], name=node.output, domain=node.domain or None, **attributes)


def attribute(value: Any) -> Any:
    """An attribute as ONNX has it: a type of numbers by its code."""
    from onnx import helper

    return helper.np_dtype_to_tensor_dtype(value) if isinstance(value, np.dtype) else value
