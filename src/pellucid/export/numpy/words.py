"""The texts of the records as NumPy code, and the small functions that it needs beside NumPy's own."""

from __future__ import annotations

import ast
from collections.abc import Mapping

WORDS = {
    **{word: f"np.{word}" for word in ("exp", "expm1", "log", "log1p", "sqrt", "tanh", "sin", "cos", "tan", "sinh", "cosh")},
    "abs": "np.abs",
    "sign": "np.sign",
    "where": "np.where",
    "clip": "np.clip",
    "square": "np.square",
    "atan": "np.arctan",
    "largest": "np.maximum",
    "smallest": "np.minimum",
}
"""what NumPy has"""

HELPERS = {
    "sigmoid": '''
def sigmoid(z):
    """1 / (1 + e^-z); for z < 0 it is e^z / (1 + e^z), so that the exponential never overflows."""
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)
''',
    "softplus": '''
def softplus(z):
    """log(1 + e^z) = max(z, 0) + log(1 + e^-|z|)."""
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))
''',
    "normal_cdf": '''
def normal_cdf(z):
    """Phi(z) = erfc(-z / sqrt 2) / 2, the share of a normal distribution below z."""
    return np.vectorize(math.erfc, otypes=[float])(-z / math.sqrt(2)).astype(z.dtype) / 2
''',
    "erf": '''
def erf(z):
    """The error function."""
    return np.vectorize(math.erf, otypes=[float])(z).astype(z.dtype)
''',
    "sech": '''
def sech(z):
    """1 / cosh(z) = 2 e / (1 + e^2) with e = e^-|z|."""
    e = np.exp(-np.abs(z))
    return 2 * e / (1 + e * e)
''',
    "logcosh": '''
def logcosh(z):
    """log(cosh(z)); around 0, where it is about z^2 / 2, no digits are lost."""
    a = np.abs(z)
    e = np.expm1(-np.minimum(a, 1))
    return np.where(a < 1, np.log1p(e * e / (2 * (1 + e))), a - math.log(2) + np.log1p(np.exp(-2 * a)))
''',
    "xlogy": '''
def xlogy(x, y):
    """x log y, and 0 where x is 0."""
    return np.where(x == 0, 0, x * np.log(np.where(x == 0, 1, y)))
''',
    "ratio": '''
def ratio(x, y):
    """x / y, and 0 where x is 0."""
    return np.where(x == 0, 0, x / np.where(x == 0, 1, y))
''',
    "softmax": '''
def softmax(z):
    """a_i = e^z_i / sum_j e^z_j; the largest z is taken off first, so that nothing overflows."""
    e = np.exp(z - z.max(axis={axis}, keepdims=True))
    return e / e.sum(axis={axis}, keepdims=True)
''',
    "softmax_backward": '''
def softmax_backward(da, a):
    """dz_i = a_i (da_i - sum_k a_k da_k): the Jacobian of softmax, applied."""
    return a * (da - (a * da).sum(axis={axis}, keepdims=True))
''',
    "in_groups": '''
def in_groups(ends, function, *arrays):
    """A function of the units of a layer, applied to each group of them on its own; the groups begin at 0 and at the ``ends``."""
    parts = zip(*(np.split(array, ends, axis={axis}) for array in arrays))
    return np.concatenate([function(*part) for part in parts], axis={axis})
''',
    "log_softmax": '''
def log_softmax(z):
    """log a_i = z_i - log sum_j e^z_j."""
    z = z - z.max(axis={axis}, keepdims=True)
    return z - np.log(np.exp(z).sum(axis={axis}, keepdims=True))
''',
    "log_of_rest": '''
def log_of_rest(z):
    """log(1 - a_i), where 1 - a_i is the sum of the other entries of the softmax."""
    log_a = log_softmax(z){transposed}
    others = np.where(np.eye(log_a.shape[1], dtype=bool), -np.inf, log_a[:, None, :])
    top = others.max(axis=2, keepdims=True)
    return (top[:, :, 0] + np.log(np.exp(others - top).sum(axis=2))){transposed}
''',
}
"""functions of the module, by name; the curly ones stand for the axis of the outputs"""
NEEDS = {"log_of_rest": ("log_softmax",)}


class _Code(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, str], used: set[str]) -> None:
        self.names, self.used = names, used

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.parse(self.names.get(node.id, node.id), mode="eval").body

    def visit_Call(self, node: ast.Call) -> ast.expr:
        word = ast.unparse(node.func)
        if word in HELPERS:
            self.used |= {word, *NEEDS.get(word, ())}
        inner = [self.visit(one) for one in node.args]
        return ast.Call(ast.parse(WORDS.get(word, word), mode="eval").body, inner, [])


def code(text: str, names: Mapping[str, str], used: set[str]) -> str:
    """A text as code: its names replaced, its words those of NumPy; ``used`` gets the helpers that it needs.

    >>> code("where(z < 0, 0.1 * z, z)", {"z": "Z1"}, set())
    'np.where(Z1 < 0, 0.1 * Z1, Z1)'

    """
    return ast.unparse(_Code(names, used).visit(ast.parse(text, mode="eval")).body)


def helpers(used: set[str], axis: int) -> list[str]:
    """The definitions of the helpers used, in the order of the list."""
    swap = ".T" if axis == 0 else ""
    chosen = [text.strip("\n") for name, text in HELPERS.items() if name in used]
    return [text.replace("{axis}", str(axis)).replace("{transposed}", swap) for text in chosen]
