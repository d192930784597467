"""The whole model as a document of numbers, texts, lists and objects. ``schema.json`` beside this file says what is in it.

A rule is there twice: as a formula for people, and as a tree for programs, ``["*", "z", ["sigmoid", "z"]]``: a number, a name, or a list of
a word and what it is applied to. So a reader needs a table of some thirty words and no parser.
"""

from __future__ import annotations

import ast
import math
from typing import Any, TypeGuard

import numpy as np

from pellucid.architecture import Architecture
from pellucid.equations.activations import Activation, Softmax
from pellucid.equations.arrays import Array
from pellucid.export.description import Description, Feature
from pellucid.export.release import release
from pellucid.export.rows import Rows

FORMAT = "pellucid-network"
VERSION = 1
"""of a single network"""
ENSEMBLES = 2
"""where members, each with its layers, stand in the place of the layers"""
SHOWN = 5
"""example rows in a document"""

SIGNS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==",
    ast.NotEq: "!=", ast.BitAnd: "and", ast.BitOr: "or",
}  # fmt: skip
WORDS = {"largest": "max", "smallest": "min"}
"""words with a plainer name"""


def document(description: Description, rows: Rows, outputs: Array) -> dict[str, Any]:
    """What is written, for a model and rows with what it says of them."""
    architecture = description.architecture
    fused = architecture.objective.fused
    loss = architecture.loss
    return {
        "format": FORMAT,
        "version": ENSEMBLES if description.ensemble else VERSION,
        "writer": f"pellucid {release()}",
        "dtype": description.dtype,
        "inputs": [{"name": source.name, "kind": source.kind} for source in description.sources],
        "features": [_feature(feature) for feature in description.features],
        **_networks(description),
        "loss": {
            "name": loss.spec,
            "formula": loss.formula,
            "derivative_formula": loss.derivative_formula,
            "over_outputs": "mean" if loss.averages else "sum",
            "expression": tree(loss.pieces[0]),
            "derivative": tree(loss.pieces[1]),
            "dz_formula": None if fused is None else fused.dz_formula,
        },
        "l2": architecture.l2,
        "seed": description.seed,
        "task": description.task,
        "framed": description.framed,
        "classes": list(description.classes),
        **({"columns": list(description.columns)} if description.columns else {}),
        "targets": [[list(step) for step in steps] for steps in description.targets],
        "examples": {
            "rows": [[_entry(value) for value in row] for row in rows.entries[:SHOWN]],
            "outputs": [[_entry(float(value)) for value in row] for row in outputs[:SHOWN]],
        },
    }


def _has_groups(record: Activation) -> TypeGuard[Softmax]:
    return isinstance(record, Softmax) and bool(record.groups)


def _networks(description: Description) -> dict[str, Any]:
    """The layers of the network, or the share and the layers of each network of an ensemble."""
    if not description.ensemble:
        return {"layers": _layers(description.architecture, description.vector.astype(description.dtype))}
    return {
        "members": [
            {"share": member.share, "layers": _layers(member.architecture, member.vector.astype(description.dtype))}
            for member in description.ensemble
        ]
    }


def _layers(architecture: Architecture, vector: Array) -> list[dict[str, Any]]:
    return [
        {
            "n_inputs": layer.n_inputs,
            "n_units": layer.n_units,
            "activation": {
                "name": layer.activation.spec,
                "formula": layer.activation.formula,
                "derivative_formula": layer.activation.derivative_formula,
                "expression": tree(layer.activation.pieces[0]),
                "derivative": tree(layer.activation.pieces[1]),
                **({"groups": list(layer.activation.groups)} if _has_groups(layer.activation) else {}),
            },
            "dropout": layer.dropout,
            "W": [numbers(row) for row in W],
            "b": numbers(b),
        }
        for layer, (W, b) in zip(architecture.layers, architecture.split(vector), strict=True)
    ]


def numbers(array: Array) -> list[float]:
    """Numbers that are written in the fewest digits that give them back, float32 as float32."""
    if array.dtype == np.float32:
        return [float(str(number)) for number in array]
    return [float(number) for number in array]


def tree(text: str) -> Any:
    """The tree of an expression; None for one that is no formula of single numbers (softmax).

    >>> tree("where(z < 0, 0.01 * z, z)")
    ['where', ['<', 'z', 0], ['*', 0.01, 'z'], 'z']

    """
    return _tree(ast.parse(text, mode="eval").body) if text else None


def _tree(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return name
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return ["negative", _tree(operand)]
        case ast.BinOp(left=left, op=operation, right=right):
            return [SIGNS[type(operation)], _tree(left), _tree(right)]
        case ast.Compare(left=left, ops=[operation], comparators=[right]):
            return [SIGNS[type(operation)], _tree(left), _tree(right)]
        case ast.Call(func=ast.Name(id=word), args=given):
            return [WORDS.get(word, word), *map(_tree, given)]
    raise NotImplementedError(ast.dump(node))


def _feature(feature: Feature) -> dict[str, Any]:
    return {
        "input": feature.source,
        "name": feature.name,
        "kind": feature.kind,
        "of": list(feature.of),
        "steps": [list(step) for step in feature.steps],
        "missing": _entry(float(feature.missing)),
        "unknown": _entry(feature.unknown),
    }


def _entry(value: float | str | None) -> float | str | None:
    """null is what is no number."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
