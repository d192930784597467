"""What code in the manner of NumPy has of its own: methods, np.sum with an axis, np.where, X.shape."""

from __future__ import annotations

from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.lexer import END, NUMBER, WORD, Token
from pellucid.expressions.reading.parts import Parts
from pellucid.expressions.reading.tree import Apply, Extent, Name, Norm, Reduce

MODULES = ("np", "numpy", "xp", "jnp", "torch", "math", "cp")
PLAIN = ("astype", "copy", "item", "squeeze", "ravel", "float", "double")
"""methods that change nothing here"""
SAME = {"maximum": "max", "minimum": "min", "ln": "log", "absolute": "abs", "power": "pow", "expit": "sigmoid", "arctan": "atan"}
"""other names of functions"""


class Code(Parts):
    """Reading calls and methods."""

    def attribute(self, of: Expression) -> Expression | None:
        """What stands behind a dot; None, and nothing read, where the dot is a product."""
        method = self.ahead()
        if method.kind != WORD:
            return None
        if method.text == "T" or (
            method.text.startswith("T") and not self.tokens[self.place + 1].spaced and method.text[1:] in ("db", "dW", "dZ")
        ):
            self.take()
            self.split(1)
            return nodes.Transpose(of)
        if method.text == "shape":
            self.place += 2
            self.expect("[")
            axis = self.take()
            self.expect("]")
            return Extent(of, self.whole(axis))
        if method.text in (*PLAIN, "sum", "mean", "dot", "transpose", "matmul") and self.ahead(2).text == "(":
            self.place += 2
            return self.method(method, of)
        if self.ahead(2).text == "(" and method.text in ("reshape", "flatten", "view", "clip", "max", "min", "std"):
            raise self.error(method, "a method", repr(method.text), "sum, mean, dot or T", "write the equation without it")
        return None

    def method(self, method: Token, of: Expression) -> Expression:
        """x.sum(axis=1), x.dot(y)."""
        if method.text in PLAIN:
            self.pass_brackets()
            return of
        arguments, options = self.arguments()
        if method.text == "transpose":
            return nodes.Transpose(of)
        return self.built(method, [of, *arguments], options)

    def pass_brackets(self) -> None:
        """Pass what says nothing about the value: astype(float)."""
        opened = self.expect("(")
        while not self.at(")"):
            if self.take().kind == END or self.at("("):
                raise self.error(opened, "a bracket", "not plain", "a type, or nothing", "leave the method out")
        self.take()

    def arguments(self) -> tuple[list[Expression], dict[str, Expression]]:
        """What stands in the brackets of a call: values, and options by name."""
        self.deeper(self.expect("("))
        values: list[Expression] = []
        options: dict[str, Expression] = {}
        while not self.at(")"):
            if self.token.kind == WORD and self.ahead().text == "=" and self.token.text in ("axis", "keepdims", "dtype", "dim", "keepdim"):
                key = self.take().text
                self.take()
                options[{"dim": "axis", "keepdim": "keepdims"}.get(key, key)] = self.option()
            else:
                values.append(self.item())
            if not self.skip(",") and not self.at(")"):
                raise self.error(self.token, "a bracket", "not closed", "a ) for each (", "close it")
        self.expect(")")
        self.depth -= 1
        return values, options

    def option(self) -> Expression:
        """True, False, None, a number, np.float64."""
        if self.token.kind == WORD and self.token.text in ("True", "False", "None"):
            return nodes.Number({"True": 1, "False": 0, "None": -99}[self.take().text])
        if self.at("-") and self.ahead().kind == NUMBER:
            self.take()
            return nodes.Number(-self.whole(self.take()))
        if self.token.kind == NUMBER:
            return nodes.Number(self.whole(self.take()))
        while self.token.kind == WORD or self.at("."):
            self.take()
        return nodes.Number(0)

    def item(self) -> Expression:
        """An argument, which may be a condition."""
        return self.expression()

    def whole(self, token: Token) -> int:
        """A whole number."""
        if token.kind != NUMBER or not token.text.isdigit() or len(token.text) > 3:
            raise self.error(token, "an axis", repr(token.text), "0 or 1", "write one of them")
        return int(token.text)

    def built(self, name: Token, values: list[Expression], options: dict[str, Expression]) -> Expression:
        """The node of a call of NumPy."""
        count = {"sum": (1, 2), "mean": (1, 2), "dot": (2, 2), "matmul": (2, 2), "multiply": (2, 2), "where": (3, 3), "outer": (2, 2)}
        count |= {"transpose": (1, 1), "square": (1, 1), "power": (2, 2), "len": (1, 1), "diag": (1, 1), "norm": (1, 2), "divide": (2, 2)}
        count |= {"array": (1, 1), "float": (1, 1), "subtract": (2, 2), "add": (2, 2)}
        low, high = count[name.text]
        if not low <= len(values) <= high:
            raise self.error(name, f"the number of arguments of {name.text}", len(values), low, "write as many, with commas between them")
        first, *rest = values
        match name.text:
            case "sum" | "mean":
                return Reduce(first, self.axis(name, rest, options), self.kept(options), mean=name.text == "mean")
            case "dot" | "matmul":
                return nodes.MatMul((first, *rest))
            case "multiply":
                return nodes.Multiply((first, *rest), marked=True)
            case "divide":
                return nodes.Divide(first, rest[0])
            case "add":
                return nodes.Add((first, rest[0]))
            case "subtract":
                return nodes.Add((first, nodes.Negative(rest[0])))
            case "where":
                if not isinstance(first, nodes.Compare):
                    raise self.error(name, "the condition of where", "no comparison", "e.g. Z1 > 0", "write one")
                return nodes.Cases(((rest[0], first),), rest[1])
            case "outer":
                return Apply(Name("outer", at=(name.start, name.end)), (first, rest[0]))
            case "transpose":
                return nodes.Transpose(first)
            case "square":
                return nodes.Power(first, nodes.Number(2))
            case "power":
                return nodes.Power(first, rest[0])
            case "len":
                return Extent(first, 0)
            case "norm":
                return Norm(first)
            case "diag":
                return nodes.Diagonal(first)
        return first

    def axis(self, name: Token, rest: list[Expression], options: dict[str, Expression]) -> int | None:
        """The axis of a sum; None for all of them."""
        given = options.get("axis", rest[0] if rest else None)
        if given is None or given == nodes.Number(-99):
            return None
        if given == nodes.Number(-1) or given == nodes.Negative(nodes.Number(1)):
            return -1
        if not (isinstance(given, nodes.Number) and given.value in (0, 1)):
            raise self.error(name, f"the axis of {name.text}", "another", "0 or 1", "write one of them")
        return int(given.value)

    def kept(self, options: dict[str, Expression]) -> bool:
        """Whether the axis is kept, with length 1."""
        return options.get("keepdims") == nodes.Number(1)


BUILT = (
    "sum", "mean", "dot", "matmul", "multiply", "where", "outer", "transpose", "square", "power", "len", "diag", "norm", "divide", "array",
    "float", "subtract", "add",
)  # fmt: skip
"""the calls of NumPy that are read"""
