"""From what goes in to the inputs of the network, as ONNX nodes: blocks of columns, each made at once.

Numbers are gathered, and what a block does to them is done to all its columns: a subtraction of a row of means, and so on. A text is looked
up: its place in a list (LabelEncoder) is a row of a table (Gather) that holds what each feature is for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np

from pellucid.export.description import Description, Feature
from pellucid.export.features import outcome
from pellucid.export.onnx.dates import PARTS, Day
from pellucid.export.onnx.graph import Graph, Value
from pellucid.export.onnx.words import WORDS
from pellucid.export.steps import Steps, aligned


def prepare(description: Description, inputs: Sequence[Value]) -> Value:
    """The inputs of the network (m, n_0).

    Args:
        description: of the model.
        inputs: one for each source, (m, 1); or a single one, (m, n), where all are numbers in one array.

    """
    return _Preparation(description, inputs).run()


@dataclass
class _Preparation:
    description: Description
    inputs: Sequence[Value]
    days: dict[int, Day] = field(default_factory=dict)

    def run(self) -> Value:
        if not self.description.prepared and len(self.inputs) == 1:
            return self.inputs[0]
        blocks = [self._block(block, list(features)) for block, features in groupby(self.description.features, self._way)]
        return blocks[0] if len(blocks) == 1 else self._concat(blocks)

    @property
    def graph(self) -> Graph:
        return self.inputs[0].graph

    def _way(self, feature: Feature) -> tuple[str, int]:
        """How a feature is made; those of one block are made alike."""
        source = self.description.sources[feature.source]
        if source.kind == "text" or feature.kind not in ("value", "missing", "part"):
            return f"look up {source.kind}", feature.source
        return feature.kind, -1

    def _block(self, way: tuple[str, int], features: list[Feature]) -> Value:
        match way:
            case "look up text", source:
                return self._looked_up(self.inputs[source], features)
            case _, source if source >= 0:
                return self._matched(self._numbers([source]), features)
            case "missing", _:
                lacks = self._numbers([feature.source for feature in features]).map("IsNaN").cast(self.graph.dtype)
                missing, present = (np.array([[outcome(feature, u) for feature in features]]) for u in (1.0, 0.0))
                return lacks if (missing == 1).all() and (present == 0).all() else lacks * (missing - present) + present
            case "part", _:
                x = self._concat([PARTS[str(feature.of[0])](self._day(feature.source)) for feature in features])
            case _:
                x = self._numbers([feature.source for feature in features])
        missing = np.array([[float(feature.missing) for feature in features]])
        after = stepped(x, [feature.steps for feature in features])
        if np.isnan(missing).all():
            return after
        return self.graph.value(self.graph.constant(missing, "missing")).where(x.map("IsNaN"), after)

    def _numbers(self, sources: list[int]) -> Value:
        """Columns of numbers."""
        if len(self.inputs) == 1 and len(self.description.sources) > 1:
            whole = self.inputs[0]
            if sources == list(range(len(self.description.sources))):
                return whole
            return self.graph.node("Gather", whole, self.graph.constant(sources, "columns", np.int64), axis=1)
        return self._concat([self.inputs[source] for source in sources])

    def _day(self, source: int) -> Day:
        if source not in self.days:
            self.days[source] = Day(self.inputs[source])
        return self.days[source]

    def _concat(self, parts: list[Value]) -> Value:
        return parts[0] if len(parts) == 1 else self.graph.node("Concat", *parts, axis=1)

    def _looked_up(self, text: Value, features: list[Feature]) -> Value:
        """A row of a table for each text; "" is a missing one. The last row is for a text that was not there in training."""
        known = list(dict.fromkeys(str(value) for feature in features for value in feature.of if str(value)))
        table = [*([outcome(feature, value) for feature in features] for value in known), [float(f.missing) for f in features]]
        table.append([feature.unknown for feature in features])
        row = self.graph.node(
            "LabelEncoder",
            text,
            domain="ai.onnx.ml",
            name="row",
            keys_strings=[*known, ""],
            values_int64s=list(range(len(known) + 1)),
            default_int64=len(known) + 1,
        )
        return self._rows(table, row)

    def _matched(self, x: Value, features: list[Feature]) -> Value:
        """The same for numbers that stand for themselves: 0 is the row of a number that was not there in training."""
        known = sorted({float(value) for feature in features for value in feature.of})
        table = [[feature.unknown for feature in features], *([outcome(feature, value) for feature in features] for value in known)]
        table.append([float(feature.missing) for feature in features])
        one_hot = x.equal(self.graph.constant([known], "values")).cast(self.graph.dtype)
        place = self.graph.node("MatMul", one_hot, self.graph.constant([[at + 1.0] for at in range(len(known))], "places"))
        row = self.graph.value(len(known) + 1).where(x.map("IsNaN"), place).cast(np.int64)
        return self._rows(table, row)

    def _rows(self, table: list[list[float]], row: Value) -> Value:
        """(m, 1) places as (m, k) rows of a table."""
        flat = self.graph.node("Reshape", row, self.graph.constant([-1], "flat", np.int64))
        return self.graph.node("Gather", self.graph.constant(table, "table"), flat, axis=0)


def stepped(x: Value, chains: Sequence[Steps]) -> Value:
    """Columns (m, k), each taken through its own chain of steps: column by column where the chains have not the same form."""
    graph = x.graph
    form_and_chains = aligned(chains)
    if form_and_chains is None:
        columns = [graph.node("Gather", x, graph.constant([at], "columns", np.int64), axis=1) for at in range(len(chains))]
        return graph.node("Concat", *[stepped(column, [chain]) for column, chain in zip(columns, chains, strict=True)], axis=1)
    form, filled = form_and_chains
    for at, name in enumerate(form):
        rows = [graph.constant([row], _NAMES.get(name, "number")) for row in zip(*(chain[at][1:] for chain in filled), strict=True)]
        x = _STEPS[name](x, *rows) if name in _STEPS else WORDS[name](x)
    return x


_STEPS: dict[str, Any] = {
    "-": lambda u, c: u - c,
    "+": lambda u, c: u + c,
    "*": lambda u, c: u * c,
    "/": lambda u, c: u / c,
    "clip": lambda u, low, high: u.graph.node("Min", u.graph.node("Max", u, low), high),
}
_NAMES = {"-": "shift", "+": "shift", "*": "scale", "/": "scale", "clip": "limit"}
