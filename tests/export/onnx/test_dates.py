"""The parts of a day by arithmetic, against NumPy's calendar."""

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from pellucid.export.onnx.build import as_node
from pellucid.export.onnx.dates import PARTS, Day
from pellucid.export.onnx.graph import Graph, Value
from pellucid.pipelines import DATE_PARTS

START = np.datetime64("1899-12-25T00:00:00")
WHEN = START + np.random.default_rng(0).integers(0, 250 * 365 * 1440, 4000) * np.timedelta64(60, "s")
TEXTS = ["1900-02-28T23:59", "1900-03-01", "2000-02-29T12:00", "2100-02-28T23:59", "2100-03-01", "1999-12-31T23:59"]
ENDS = np.array(TEXTS, "datetime64[s]")
ALL = np.concatenate([WHEN, ENDS])


def exact(part, when):
    day = when.astype("datetime64[D]")
    return {
        "day number": (when - np.datetime64("2000-01-01")) / np.timedelta64(1, "D"),
        "year": when.astype("datetime64[Y]").astype(int) + 1970,
        "month": when.astype("datetime64[M]").astype(int) % 12 + 1,
        "day": (day - when.astype("datetime64[M]")).astype(int) + 1,
        "weekday": (day.astype(int) + 3) % 7,
        "hour": (when - day).astype(int) // 60 / 60,
    }[part]


@pytest.mark.parametrize("part", DATE_PARTS)
def test_a_part_is_that_of_the_calendar(part):
    graph = Graph(np.dtype(np.float64))
    graph.name("days")
    value = PARTS[part](Day(Value(graph, "days")))
    days = ((ALL - np.datetime64("2000-01-01")) / np.timedelta64(1, "D"))[:, None]
    if part == "day number":
        assert value.name == "days"
        return
    inputs = [helper.make_tensor_value_info("days", onnx.TensorProto.DOUBLE, None)]
    output = helper.make_tensor_value_info(value.name, onnx.TensorProto.DOUBLE, None)
    arrays = [numpy_helper.from_array(array, name) for name, array in graph.arrays.items()]
    body = helper.make_graph([as_node(node) for node in graph.nodes], "g", inputs, [output], arrays)
    found = ReferenceEvaluator(helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)])).run(None, {"days": days})[0]
    assert (found[:, 0] == exact(part, ALL)).all()
