"""The texts of the records (`pieces`) as expressions of C, and the few functions that C does not have.

A text is an expression in z and a, or in y_hat, y, z and a, out of ``+ - * /``, comparisons and the words below; it is read with Python's
own parser and written again. What stands there twice is computed once.
"""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeAlias

from pellucid.errors import InputError, sentence
from pellucid.export.c.writing import Real

LIBRARY = {
    name: name
    for name in (
        "exp", "expm1", "log", "log1p", "tanh", "erf", "sqrt", "sinh", "cosh", "sin", "cos", "tan", "atan",
    )
} | {"abs": "fabs"}  # fmt: skip
"""words that math.h has"""

OWN = {
    "sigmoid": ("1 / (1 + e^-x); the exponential is of a negative number, so that it cannot overflow", """\
    real e = exp(-fabs(x));
    return (x >= 0 ? 1 : e) / (1 + e);"""),
    "softplus": ("log(1 + e^x) = max(x, 0) + log(1 + e^-|x|)", "    return (x >= 0 ? x : 0) + log1p(exp(-fabs(x)));"),
    "normal_cdf": ("Phi(x) = erfc(-x / sqrt 2) / 2", f"    return erfc(x * -{math.sqrt(0.5)!r}) / 2;"),
    "sech": ("1 / cosh(x) = 2 e / (1 + e^2), e = e^-|x|", """\
    real e = exp(-fabs(x));
    return 2 * e / (1 + e * e);"""),
    "logcosh": ("log(cosh(x)); near 0, where it is about x^2 / 2, as log(1 + E^2 / (2 e^-|x|)), E = e^-|x| - 1", f"""\
    real size = fabs(x), E = expm1(-size);
    return size < 1 ? log1p(E * E / (2 * (E + 1))) : size - {math.log(2)!r} + log1p(exp(-2 * size));"""),
    "sign": ("-1, 0 or 1", "    return x > 0 ? 1 : (x < 0 ? -1 : x);"),
    "square": ("x^2", "    return x * x;"),
    "clip": ("the nearest number in [low, high]", "    return x < low ? low : (x > high ? high : x);"),
    "largest": ("the larger of two; NaN if one of them is", "    return x > y ? x : (y >= x ? y : x + y);"),
    "smallest": ("the smaller of two; NaN if one of them is", "    return x < y ? x : (y <= x ? y : x + y);"),
    "xlogy": ("x log y, and 0 where x is 0", "    return x == 0 ? 0 : x * log(y);"),
    "ratio": ("x / y, and 0 where x is 0", "    return x == 0 ? 0 : x / y;"),
}  # fmt: skip
"""words that it has not: what they are, and how they are computed"""
ARGUMENTS = {"clip": ("x", "low", "high"), "largest": ("x", "y"), "smallest": ("x", "y"), "xlogy": ("x", "y"), "ratio": ("x", "y")}

COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
OPERATORS: dict[type[ast.operator], tuple[str, int]] = {
    ast.Add: ("+", 4), ast.Sub: ("-", 4), ast.Mult: ("*", 5), ast.Div: ("/", 5), ast.BitAnd: ("&&", 2), ast.BitOr: ("||", 1),
}  # fmt: skip
"""with their rank: what has a higher one binds more closely"""
ATOM, UNARY, COMPARISON, CHOICE = 9, 6, 3, 0
Written: TypeAlias = Callable[[ast.expr], tuple[str, int]]
"""what writes a part, and gives its rank"""


class Translator:
    """Writes texts as C."""

    def __init__(self, real: Real) -> None:
        self.real = real

    def lines(self, text: str, names: dict[str, str], result: str) -> list[str]:
        """Statements that end in ``result = text;``, each name as it is written in C.

        >>> Translator(Real("double")).lines("tanh(z) + z * (1 - tanh(z))", {"z": "z[i]"}, "a[i]")
        ['const real t1 = tanh(z[i]);', 'a[i] = t1 + z[i] * (1.0 - t1);']
        """
        tree = ast.parse(text, mode="eval").body
        counts = Counter(
            ast.dump(node) for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node) not in ("where", "negative")
        )
        before: list[str] = []
        known: dict[str, str] = {}

        def written(node: ast.expr) -> tuple[str, int]:
            key = ast.dump(node)
            if key in known:
                return known[key], ATOM
            found = self._node(node, names, written)
            if counts[key] > 1:
                known[key] = f"t{len(known) + 1}"
                before.append(f"const real {known[key]} = {found[0]};")
                return known[key], ATOM
            return found

        last = written(tree)[0]
        return [*before, f"{result} = {last};"]

    def _node(self, node: ast.expr, names: dict[str, str], written: Written) -> tuple[str, int]:
        match node:
            case ast.Name(id=name) if name in names:
                return names[name], ATOM
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return self.real.number(value), ATOM if math.copysign(1, value) > 0 else UNARY
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                text, rank = written(inner)
                return f"-{text if rank >= ATOM else f'({text})'}", UNARY
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
                sign, rank = OPERATORS[type(op)]
                (first, a), (second, b) = written(left), written(right)
                closest = COMPARISON if rank < COMPARISON else rank  # && beside || gets its brackets
                first = first if a >= closest else f"({first})"
                second = second if b > rank and b >= closest and b != UNARY else f"({second})"
                return f"{first} {sign} {second}", rank
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                (first, a), (second, b) = written(left), written(right)
                first, second = (text if rank > COMPARISON else f"({text})" for text, rank in ((first, a), (second, b)))
                return f"{first} {COMPARISONS[type(op)]} {second}", COMPARISON
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self._call(name, arguments, written)
        raise _refused(type(node).__name__)

    def _call(self, name: str, arguments: Sequence[ast.expr], written: Written) -> tuple[str, int]:
        parts = [written(argument) for argument in arguments]
        texts = [text for text, _ in parts]
        if name == "where":
            condition, then, otherwise = (text if rank > CHOICE else f"({text})" for text, rank in parts)
            return f"{condition} ? {then} : {otherwise}", CHOICE
        if name == "number":
            return parts[0]
        if name == "negative":
            return f"signbit({texts[0]})", ATOM
        if name in LIBRARY:
            return f"{self.real.function(LIBRARY[name])}({', '.join(texts)})", ATOM
        if name not in OWN:
            raise _refused(name)
        return f"{name}({', '.join(texts)})", ATOM

    def functions(self, code: str) -> list[str]:
        """Those of our own functions that some code uses (comments apart), and those that these use in turn."""
        used: set[str] = set()
        left = [re.sub(r"/\*.*?\*/", "", code, flags=re.DOTALL)]
        while left:
            called = set(re.findall(r"\b(\w+)\(", left.pop())) & set(OWN) - used
            used |= called
            left += [OWN[name][1] for name in called]
        return [self._function(name) for name in OWN if name in used]

    def _function(self, name: str) -> str:
        told, body = OWN[name]
        arguments = ", ".join(f"real {argument}" for argument in ARGUMENTS.get(name, ("x",)))
        calls = "|".join([*LIBRARY.values(), "erfc"])
        body = re.sub(rf"\b({calls})\(", lambda found: f"{self.real.function(found[1])}(", body)
        body = re.sub(r"\d+\.\d+", lambda found: self.real.number(float(found[0])), body)
        return f"/* {told} */\nstatic real {name}({arguments})\n{{\n{body}\n}}"


def names_in(text: str) -> set[str]:
    """The variables of a text."""
    tree = ast.parse(text, mode="eval")
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called}


def _name(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _refused(what: str) -> InputError:
    words = ", ".join([*LIBRARY, *OWN, "where", "negative"])
    return InputError(sentence("the text of a rule", "export_c", f"with {what}", f"one out of {words}", "write it otherwise"))
