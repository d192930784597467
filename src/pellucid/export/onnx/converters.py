"""Our estimators for skl2onnx, which knows scikit-learn's transformers and ensembles: what is put together of both becomes one graph."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from pellucid.errors import InputError, sentence
from pellucid.export.model import describe
from pellucid.export.onnx.build import classes_of, finish
from pellucid.export.onnx.graph import Graph, Value
from pellucid.export.onnx.network import mean
from pellucid.export.onnx.preparation import stepped
from pellucid.export.onnx.runtime import package
from pellucid.export.steps import back


@cache
def register() -> None:
    """Tell skl2onnx of our estimators (and of scikit-learn's TransformedTargetRegressor), so that its own functions know them too.

    Raises:
        DependencyError: skl2onnx is not installed.

    """
    skl2onnx = package("skl2onnx")
    from sklearn.compose import TransformedTargetRegressor

    from pellucid.estimators import MLPClassifier, MLPRegressor

    options = {"zipmap": [True, False, "columns"], "output_class_labels": [False, True], "nocl": [True, False]}
    skl2onnx.update_registered_converter(MLPClassifier, "PellucidMLPClassifier", classifier_shapes, convert_estimator, options=options)
    skl2onnx.update_registered_converter(MLPRegressor, "PellucidMLPRegressor", regressor_shapes, convert_estimator)
    skl2onnx.update_registered_converter(
        TransformedTargetRegressor, "PellucidTransformedTarget", target_shapes, convert_target, parser=parse_target
    )


def convert_estimator(scope: Any, operator: Any, container: Any) -> None:
    """The nodes of a fitted estimator of ours."""
    description = describe(operator.raw_operator, "the ONNX export")
    graph = Graph(np.dtype(description.dtype), scope.get_unique_operator_name("network") + "_")
    found = finish(description, mean(description, _input(graph, operator)))
    _into(container, graph, found, operator)


def convert_target(scope: Any, operator: Any, container: Any) -> None:
    """The way back from a transformed target."""
    from pellucid.export.columns import unscaling, unsupported

    dtype = _dtype(operator.inputs[0])
    graph = Graph(dtype, scope.get_unique_operator_name("target") + "_")
    transformer = operator.raw_operator.transformer_
    n = int(operator.inputs[0].type.shape[1])
    found = unscaling(transformer, n)
    if found is None:
        raise unsupported(transformer, "on the target, where it cannot be undone")
    value = stepped(_input(graph, operator), [back(steps) for steps in found])
    if not graph.nodes:
        value = graph.node("Identity", value)
    _into(container, graph, [value], operator)


def parse_target(scope: Any, model: Any, inputs: list[Any], custom_parsers: Any = None) -> list[Any]:
    """The regressor inside, and the way back behind it."""
    from skl2onnx._parse import parse_sklearn
    from skl2onnx.common.data_types import guess_tensor_type

    inner = parse_sklearn(scope, model.regressor_, inputs, custom_parsers=custom_parsers)
    operator = scope.declare_local_operator("PellucidTransformedTarget", model)
    operator.inputs = inner
    operator.outputs.append(scope.declare_local_variable("variable", guess_tensor_type(inner[0].type)))
    return list(operator.outputs)


def target_shapes(operator: Any) -> None:
    """As they were before the way back."""
    operator.outputs[0].type = type(operator.inputs[0].type)(list(operator.inputs[0].type.shape))


def classifier_shapes(operator: Any) -> None:
    """(m,) labels, or (m, k) of several, and (m, k) probabilities."""
    from skl2onnx.common.data_types import BooleanTensorType, DoubleTensorType, Int64TensorType, StringTensorType

    description = describe(operator.raw_operator, "the ONNX export")
    m, n = operator.inputs[0].get_first_dimension(), description.n_outputs
    kinds = {"i": Int64TensorType, "f": DoubleTensorType, "b": BooleanTensorType, "O": StringTensorType}
    if description.task == "columns":
        got, repair = "a classifier of several columns of classes", "use steps that are written by hand (imputation, scaling, encoding)"
        raise InputError(sentence("the model", "a pipeline that skl2onnx converts", got, "one column of classes", repair))
    if description.task == "labels":
        operator.outputs[0].type = Int64TensorType([m, n])
    else:
        operator.outputs[0].type = kinds[classes_of(description).dtype.kind]([m])
    operator.outputs[1].type = _type(description.dtype)([m, n])


def regressor_shapes(operator: Any) -> None:
    """(m, n) numbers."""
    description = describe(operator.raw_operator, "the ONNX export")
    operator.outputs[0].type = _type(description.dtype)([operator.inputs[0].get_first_dimension(), description.n_outputs])


def _type(dtype: str) -> Any:
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType

    return DoubleTensorType if dtype == "float64" else FloatTensorType


def _dtype(variable: Any) -> np.dtype[Any]:
    from skl2onnx.common.data_types import DoubleTensorType

    return np.dtype(np.float64 if isinstance(variable.type, DoubleTensorType) else np.float32)


def _input(graph: Graph, operator: Any) -> Value:
    """What goes in, as numbers of the graph."""
    given = [Value(graph, variable.full_name) for variable in operator.inputs]
    x = given[0] if len(given) == 1 else graph.node("Concat", *given, axis=1)
    return x.cast(graph.dtype)  # some converters declare double and give float


def _into(container: Any, graph: Graph, found: list[Value], operator: Any) -> None:
    """Hand nodes and arrays over to skl2onnx."""
    from onnx import helper

    from pellucid.export.onnx.build import attribute

    for value, variable in zip(found, operator.outputs, strict=True):
        graph.rename(value, variable.full_name)
    for name, array in graph.arrays.items():
        flat = [str(one).encode() for one in array.ravel()] if array.dtype.kind == "O" else array.ravel().tolist()
        container.add_initializer(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape, flat)
    for node in graph.nodes:
        attributes = {key: attribute(value) for key, value in node.attributes}
        container.add_node(node.operator, list(node.inputs), [node.output], op_domain=node.domain, name=node.output, **attributes)
