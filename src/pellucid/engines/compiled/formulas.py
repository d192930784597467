"""Rules from texts: an activation or a loss becomes a little Python program with one loop in it, which is compiled like any other part.

A text is an expression in z and a = f(z), or in y_hat and y (fused: z, a and y), out of ``+ - * /``, comparisons and the functions in
`WORDS`. Whole numbers stay in the text; other numbers become parameters that the part is given, so that all leaky ReLUs share one code.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pellucid.engines.compiled.parts import Part
from pellucid.errors import InputError, sentence

MODULES = {
    "elementary": ("exp", "expm1", "log", "log1p", "tanh", "sigmoid", "softplus", "erf", "normal_cdf", "sqrt"),
    "hyperbolic": ("sinh", "cosh", "sech", "logcosh"),
    "trigonometric": ("sin", "cos", "tan", "atan"),
    "pieces": ("where", "negative", "clip", "sign", "square", "xlogy", "ratio", "number", "largest", "smallest"),
}
WORDS = (*(word for words in MODULES.values() for word in words), "abs")
ALLOWED = (
    ast.Expression, ast.Name, ast.Load, ast.Constant, ast.Call, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Add, ast.Sub, ast.Mult, ast.Div,
    ast.BitAnd, ast.BitOr, ast.USub, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq,
)  # fmt: skip


FORWARD = "z_: Entries, a_: Entries, m: int, n: int, p: Entries"
BACKWARD = "da_: Entries, z_: Entries, a_: Entries, m: int, n: int, p: Entries"
OBJECTIVE = "l_: Reals, dz_: Entries, z_: Entries, a_: Entries, y_: Entries, m: int, n: int, p: Entries, both: int"
"""what the parts take; they are called with as much for every rule"""


@dataclass(frozen=True)
class Rule:
    """A part made of a text, and the numbers it is to be given."""

    part: Part
    parameters: tuple[float, ...]


class _Typed(ast.NodeTransformer):
    """Turns a text into code over single entries; whole numbers take the entries' type, other numbers become c[0], c[1] ..."""

    def __init__(self, names: Sequence[str], parameters: list[float]) -> None:
        self.names, self.parameters, self.like = names, parameters, names[0]

    def visit(self, node: ast.AST) -> Any:
        if not isinstance(node, ALLOWED):
            raise _refused(type(node).__name__)
        return super().visit(node)

    def visit_Constant(self, node: ast.Constant) -> Any:
        if isinstance(node.value, int) and not isinstance(node.value, bool):
            return ast.parse(f"number({node.value}, {self.like})", mode="eval").body
        if not isinstance(node.value, float):
            raise _refused(repr(node.value))
        if node.value not in self.parameters:
            self.parameters.append(node.value)
        return ast.Name(f"c{self.parameters.index(node.value)}", ast.Load())

    def visit_Call(self, node: ast.Call) -> Any:
        if not isinstance(node.func, ast.Name) or node.func.id not in WORDS or node.keywords:
            raise _refused(ast.unparse(node.func))
        return ast.Call(node.func, [self.visit(item) for item in node.args], [])

    def visit_Name(self, node: ast.Name) -> Any:
        if node.id not in self.names:
            raise _refused(node.id)
        return node


def _refused(what: str) -> InputError:
    return InputError(sentence("the text of a rule", "a formula", f"with {what}", f"one out of {', '.join(WORDS)}", "write it otherwise"))


@cache
def names_in(text: str) -> frozenset[str]:
    """The variables of a text."""
    return frozenset(node.id for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name)) - set(WORDS)


def code(text: str, names: Sequence[str], parameters: list[float]) -> str:
    """The text in the words of machine code; its numbers that are not whole are added to the parameters."""
    return ast.unparse(_Typed(names, parameters).visit(ast.parse(text, mode="eval")).body)


@cache
def activation_forward(text: str) -> Rule:
    """The part (z, a, m, n, parameters): a = f(z)."""
    parameters: list[float] = []
    expression = code(text, ["z"], parameters)
    body = [*_loop(["z"]), f"        a_[i] = {expression}"]
    return made(FORWARD, body, parameters)


@cache
def activation_backward(text: str) -> Rule:
    """The part (da, z, a, m, n, parameters): dz = da * f'(z), written over da."""
    parameters: list[float] = []
    expression = code(text, ["z", "a"], parameters)
    if expression == "number(1, z)":
        return made(BACKWARD, ["    pass"], [])
    if "z" not in names_in(text):
        expression = code(text, ["a", "z"], parameters)
    body = [*_loop(sorted(names_in(text)) or ["z"]), f"        da_[i] = da_[i] * ({expression})"]
    return made(BACKWARD, body, parameters)


@cache
def objective(contribution: str, slope: str, averages: bool) -> Rule:
    """The part (l, dz, z, a, y, m, n, parameters, both): l_i of each sample, and where ``both`` is set dz_L (or da_L).

    The texts are in y_hat and y, or in z, a and y. What each output contributes is laid down in dz on its way to l_i, which is added up in
    float64.
    """
    parameters: list[float] = []
    names = ["y", "y_hat", "z", "a"]
    value, derivative = code(contribution, names, parameters), code(slope, names, parameters)
    body = [
        *_loop(sorted(names_in(contribution) | {"y"})),
        f"        dz_[i] = {value}",
        "    for i in range(m):",
        "        total = 0.0",
        "        for j in range(n):",
        "            total += dz_[i * n + j]",
        f"        l_[i] = total{' / n' if averages else ''}",
        "    if both:",
        *["    " + line for line in _loop(sorted(names_in(slope) | {"y"}))],
        f"            dz_[i] = {f'({derivative}) / number(n, y)' if averages else derivative}",
    ]
    return made(OBJECTIVE, body, parameters)


def _loop(names: Sequence[str]) -> list[str]:
    """A loop over all entries in which each name stands for its entry."""
    places = {"y_hat": "a_"}
    return ["    for i in range(m * n):", *[f"        {name} = {places.get(name, name + '_')}[i]" for name in names]]


def made(arguments: str, body: list[str], parameters: Sequence[float] = ()) -> Rule:
    """The rule whose part has this body; the numbers that it is given are c0, c1 ... there."""
    text = "\n".join(body)
    used = set(re.findall(r"(\w+)\(", text))
    imports = [
        f"from pellucid.engines.compiled.{module} import {', '.join(found)}"
        for module, words in MODULES.items()
        if (found := [word for word in words if word in used])
    ]
    lines = [
        "from __future__ import annotations",
        *imports,
        "from pellucid.engines.compiled.parts import Entries, Reals, part",
        "",
        "",
        "@part",
        f"def rule({arguments}) -> None:",
        *[f"    c{index} = p[{index}]" for index in range(len(parameters))],
        text,
        "",
    ]
    source = "\n".join(lines)
    name = f"rule_{hashlib.sha256(source.encode()).hexdigest()[:16]}.rule"
    return Rule(Part(name, source), tuple(parameters))
