"""The words of the records' texts as ONNX operators: those that ONNX has, and those that are put together so that they keep their digits.

onnxruntime computes some operators for float only (Erf, Softplus, Atan, Sinh, Cosh, Tan), and some lose digits (log(1 + e^x) for x << 0);
what is put together here is equal in every runtime and for both types. The polynomials are those of the compiled engine.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from typing import Any

from pellucid.errors import InputError, sentence
from pellucid.export.onnx.graph import Graph, Value


def expm1(x: Value) -> Value:
    """e^x - 1; around 0 it is 2 t / (1 - t) with t = tanh(x / 2)."""
    t = (0.5 * x).map("Tanh")
    return (2 * t / (1 - t)).where(abs(x) < 1, x.map("Exp") - 1)


def log1p(x: Value) -> Value:
    """log(1 + x) = log(u) x / (u - 1) with u = 1 + x as it was rounded (Kahan); x where u is 1."""
    u = 1 + x
    lost = u.equal(1)
    return x.where(lost, u.map("Log") * (x / (x.graph.value(1).where(lost, u - 1))))


def sigmoid(x: Value) -> Value:
    """1 / (1 + e^-x), and e^x / (1 + e^x) for x < 0."""
    e = (-abs(x)).map("Exp")
    return e.where(x < 0, 1) / (1 + e)


def softplus(x: Value) -> Value:
    """max(x, 0) + log(1 + e^-|x|)."""
    return x.map("Relu") + log1p((-abs(x)).map("Exp"))


def erf(x: Value) -> Value:
    """ONNX's for float; for double 1 - e^-g with g a polynomial in |x| times |x|, and the sign of x."""
    if _single(x):
        return x.map("Erf")
    from pellucid.engines.compiled.elementary import ERROR_FUNCTION

    a = x.graph.node("Min", abs(x), 6)
    return x.map("Sign") * -expm1(-(a * _polynomial(a, ERROR_FUNCTION[1])))


def normal_cdf(x: Value) -> Value:
    """Phi(-a) = e^(-a^2 / 2) H(t) / (a + c), t = (a - c) / (a + c), a = |x|, H a polynomial; 1 - Phi(-a) for x > 0."""
    from pellucid.engines.compiled.elementary import NORMAL_TAIL

    single = _single(x)
    a = x.graph.node("Min", abs(x), 15 if single else 39)
    c = 4.0 if single else 5.5
    t = (a - c) / (a + c)
    tail = (a * a * -0.5).map("Exp") * _polynomial(t, NORMAL_TAIL[0 if single else 1]) / (a + c)
    return (1 - tail).where(x > 0, tail)


def sinh(x: Value) -> Value:
    """(E + E / (E + 1)) / 2 with E = e^|x| - 1, and the sign of x; e^|x| / 2 where that is the same."""
    a = abs(x)
    e = expm1(a)
    h = (0.5 * a).map("Exp")
    return x.map("Sign") * (0.5 * (e + e / (e + 1))).where(a < 22, 0.5 * h * h)


def cosh(x: Value) -> Value:
    """h + 1 / (4 h) with h = e^|x| / 2."""
    half = (0.5 * abs(x)).map("Exp")
    h = 0.5 * half * half
    return h + 0.25 / h


def sech(x: Value) -> Value:
    """2 e / (1 + e^2) with e = e^-|x|."""
    e = (-abs(x)).map("Exp")
    return 2 * e / (1 + e * e)


def logcosh(x: Value) -> Value:
    """log(1 + E^2 / (2 (E + 1))) with E = e^-|x| - 1 for |x| < 1, else |x| - log 2 + log(1 + e^-2|x|)."""
    a = abs(x)
    near = a < 1
    e = expm1(-a)
    f = (0.5 * e * e / (e + 1)).where(near, (-2 * a).map("Exp"))
    return x.graph.value(0).where(near, a - math.log(2)) + log1p(f)


def tan(x: Value) -> Value:
    """The sine over the cosine."""
    return x.map("Sin") / x.map("Cos")


def atan(x: Value) -> Value:
    """ONNX's for float. For double a polynomial; for large a = |x| pi/2 less that of 1/a, around 1 pi/4 plus that of (a - 1) / (a + 1)."""
    if _single(x):
        return x.map("Atan")
    from pellucid.engines.compiled.trigonometric import ARCTANGENT

    a = abs(x)
    large, middle = a > 1 + math.sqrt(2), a > math.sqrt(2) - 1
    value = x.graph.value
    above = value(-1).where(large, (a - 1).where(middle, a))
    below = a.where(large, (a + 1).where(middle, 1))
    v = above / below
    square = v * v
    start = value(math.pi / 2).where(large, value(math.pi / 4).where(middle, 0))
    return x.map("Sign") * (start + (v + v * square * _polynomial(square, ARCTANGENT[1])))


def xlogy(x: Value, y: Value) -> Value:
    """X log y, and 0 where x is 0."""
    return x.graph.value(0).where(x.equal(0), x * y.map("Log"))


def ratio(x: Value, y: Value) -> Value:
    """X / y, and 0 where x is 0."""
    return x.graph.value(0).where(x.equal(0), x / y)


def where(condition: Value, then: Value, otherwise: Value) -> Value:
    """One of two."""
    return then.where(condition, otherwise)


def _operator(name: str) -> Callable[..., Value]:
    return lambda *given: given[0].graph.node(name, *given)


WORDS: dict[str, Callable[..., Value]] = {
    **{word: _operator(word.title()) for word in ("exp", "log", "sqrt", "tanh", "sin", "cos", "abs", "sign", "clip")},
    "largest": _operator("Max"),
    "smallest": _operator("Min"),
    "square": lambda x: x * x,
    **{word.__name__: word for word in (expm1, log1p, sigmoid, softplus, erf, normal_cdf, sinh, cosh, sech, logcosh, tan, atan)},
    **{word.__name__: word for word in (xlogy, ratio, where)},
}
"""the words of `pellucid.engines.compiled.formulas`, but for ``negative``, which only texts of derivatives have"""

_BINARY: dict[type[ast.AST], Callable[[Any, Any], Value]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.BitAnd: lambda a, b: a & b,
    ast.BitOr: lambda a, b: a | b,
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
    ast.Eq: lambda a, b: a.equal(b),
    ast.NotEq: lambda a, b: a.equal(b).map("Not"),
}


def translate(text: str, graph: Graph, names: Mapping[str, Value]) -> Value:
    """The nodes of an expression; a part that comes twice is computed once.

    >>> import numpy as np
    >>> graph = Graph(np.dtype("float64"))
    >>> value = translate("z * tanh(z)", graph, {"z": Value(graph, "z1")})
    >>> [(node.operator, node.inputs) for node in graph.nodes]
    [('Tanh', ('z1',)), ('Mul', ('z1', 'tanh'))]

    """
    found: dict[str, Value] = {}

    def visit(node: ast.expr) -> Value:
        key = ast.dump(node)
        if key not in found:
            found[key] = graph.value(compute(node))
        return found[key]

    def compute(node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=int() | float() as value):
                return value
            case ast.Name(id=name) if name in names:
                return names[name]
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return -value
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -visit(operand)
            case ast.BinOp(left=left, op=operation, right=right) if type(operation) in _BINARY:
                return _BINARY[type(operation)](visit(left), visit(right))
            case ast.Compare(left=left, ops=[operation], comparators=[right]) if type(operation) in _BINARY:
                return _BINARY[type(operation)](visit(left), visit(right))
            case ast.Call(func=ast.Name(id="where"), args=[condition, then, otherwise]) if _is_relu(condition, then, otherwise):
                return visit(otherwise).map("Relu")
            case ast.Call(func=ast.Name(id=word), args=given, keywords=[]) if word in WORDS:
                return WORDS[word](*map(visit, given))
        raise InputError(
            sentence("the text of a rule", "the ONNX export", f"with {ast.unparse(node)}", "one of known words", "write it otherwise")
        )

    return visit(ast.parse(text, mode="eval").body)


def _is_relu(condition: ast.expr, then: ast.expr, otherwise: ast.expr) -> bool:
    """Whether it is where(x < 0, 0, x)."""
    return ast.unparse(then) == "0" and ast.unparse(condition) == f"{ast.unparse(otherwise)} < 0"


def _polynomial(x: Value, coefficients: tuple[float, ...]) -> Value:
    """c_0 + x (c_1 + x (c_2 + ...))."""
    *rest, last = coefficients
    value = x.graph.value(last)
    for coefficient in reversed(rest):
        value = coefficient + x * value
    return value


def _single(x: Value) -> bool:
    return x.graph.dtype.name == "float32"
