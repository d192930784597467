"""Operands: numbers, names, calls, brackets, with the power, transpose, index or method that hangs on them."""

from __future__ import annotations

from dataclasses import replace

from pellucid.errors import FormulaError
from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.code import BUILT, MODULES, SAME, Code
from pellucid.expressions.reading.lexer import END, NUMBER, SIGN, TEXT, WORD
from pellucid.expressions.reading.parts import FILLERS, number
from pellucid.expressions.reading.tree import Apply, Name, Product

_OPENING = ("(", "[", "{", "{|", "frac", "dfrac", "tfrac", "sqrt", "√", "Σ", "begin", "hat", "‖", "∇", "∂", "Δ")
JOINS = ("or", "so", "hence", "thus", "then", "OR", "i.e.")
"""words between equations"""


class Operands(Code):
    """Reading what stands between signs."""

    def operand_ahead(self) -> bool:
        """Whether an operand stands right behind another."""
        token = self.token
        if token.kind == WORD:
            return token.text not in (*FILLERS, *JOINS) or token.text in self.vocabulary.values
        if token.kind == NUMBER:
            return self.tokens[self.place - 1].kind != NUMBER
        if token.text == "(" and self.ahead().kind == WORD and self.ahead().text in FILLERS:
            return False
        return token.kind == SIGN and token.text in _OPENING and not (token.text == "‖" and self._closes())

    def _closes(self) -> bool:
        """Whether a double bar closes a norm that is open."""
        before = sum(token.text == "‖" for token in self.tokens[: self.place])
        return before % 2 == 1

    def power(self) -> Expression:
        """An operand with its power, transpose, index or method."""
        tree = self.operand()
        while True:
            if self.at("**"):
                return self.raised(tree)
            if self.at("^"):
                raised = self.transposed(tree)
                if raised is None:
                    return self._raise(tree)
                tree = raised
            elif self.at("ᵀ"):
                self.take()
                tree = nodes.Transpose(tree)
            elif self.at("_") and not isinstance(tree, Name):
                tree = self.entry(tree)
            elif self.at(".") and (found := self.attribute(tree)) is not None:
                tree = found
            else:
                return tree

    def _raise(self, tree: Expression) -> Expression:
        if isinstance(tree, Name) and tree.raised:
            raise self.error(self.token, "a power", "written twice", "one", "use brackets")
        return self.raised(tree)

    def transposed(self, tree: Expression) -> Expression | None:
        """(...)^T; None where it is a power."""
        following = self.ahead()
        if following.text in ("T", "ᵀ"):
            self.place += 2
            return nodes.Transpose(tree)
        if following.kind == WORD and following.text.startswith("T") and len(following.text) <= 3:
            self.take()
            self.split(1)
            return nodes.Transpose(tree)
        if following.text == "{" and self.ahead(2).text in ("T", "ᵀ") and self.ahead(3).text == "}":
            self.place += 4
            return nodes.Transpose(tree)
        return None

    def operand(self) -> Expression:
        """A number, a name, a call, a bracket, or one of the larger pieces."""
        token = self.token
        if token.kind == NUMBER:
            return number(self.take())
        if token.kind == WORD:
            return self.named()
        if token.kind == SIGN:
            match token.text:
                case "(" | "[" | "{|":
                    return self.bracket()
                case "{":
                    return self.loose_braces()
                case "frac" | "dfrac" | "tfrac":
                    return self.fraction()
                case "Σ":
                    return self.total()
                case "begin":
                    return self.environment()
                case "sqrt" | "√":
                    return self.root()
                case "|" | "‖":
                    return self.between(token.text)
                case "hat":
                    return self.hat()
                case "∇":
                    return self.gradient()
                case "∂" | "Δ":
                    self.take()
                    inner = self.operand()
                    return replace(inner, d=True) if isinstance(inner, Name) else inner
                case "…":
                    raise self.unexpected()
        raise self.missing()

    def bracket(self) -> Expression:
        """What stands in brackets; with commas, a matrix of one row."""
        opened = self.take()
        self.deeper(opened)
        inside = [self.expression()]
        if opened.text == "[" and (self.at(";") or _is_row(inside[0])):
            return self.short_matrix(inside[0])
        while self.skip(","):
            if not self.at("]", ")"):
                inside.append(self.expression())
        close = {"(": ")", "[": "]", "{|": "|}"}[opened.text]
        if not self.at(close):
            if self.token.kind == END:
                raise self.error(opened, "a bracket", "never closed", f"a {close.strip('|')} for each {opened.text.strip('|')}", "close it")
            raise (
                self.unexpected()
                if self.at("…", ")", "]", "}")
                else self.error(self.token, "a sign", repr(self.token.text), f"{close!r}", "write it there")
            )
        self.take()
        self.depth -= 1
        if len(inside) > 1:
            rows = [row.rows[0] if isinstance(row, nodes.Matrix) and len(row.rows) == 1 else (row,) for row in inside]
            several = all(isinstance(row, nodes.Matrix) for row in inside)
            return nodes.Matrix(tuple(rows) if several else (tuple(inside),))
        return inside[0]

    def short_matrix(self, first: Expression) -> Expression:
        """[w_11 w_12; w_21 w_22], as it is shown in text: what stands behind the first row."""
        rows = [first]
        while self.skip(";"):
            rows.append(self.expression())
        self.expect("]")
        self.depth -= 1
        entries = tuple(row.factors if isinstance(row, Product) and _is_row(row) else (row,) for row in rows)
        return nodes.Matrix(entries)

    def loose_braces(self) -> Expression:
        """Braces of LaTeX that only hold together: what they hold may have a name's indices behind it."""
        self.deeper(self.take())
        inside = self.expression()
        if self.at("if", kind=WORD):
            inside = self.short_cases(inside)
        self.expect("}")
        self.depth -= 1
        return self.hanging(inside) if isinstance(inside, Name) else inside

    def hat(self) -> Expression:
        r"""\hat{y} and what hangs on it."""
        token = self.take()
        if self.at("{"):
            end = self.closing(self.place)
            self.take()
            inner = self.names_of(self.token)[-1] if self.token.kind == WORD and self.place == end - 1 else None
            if inner is None and self.at("{") and self.ahead().kind == WORD:  # \hat{\mathbf{y}}
                inner = self.names_of(self.ahead())[-1]
            self.place = end + 1
        else:
            inner = self.names_of(self.split(1))[-1] if self.token.kind == WORD else None
        if inner is None:
            raise self.error(token, "a hat", "over no name", r"one letter below it", r"write \hat{y}")
        return self.hanging(replace(inner, base=f"{inner.base}_hat", at=(token.start, self.tokens[self.place - 1].end)))

    def named(self) -> Expression:
        """A name, a function with its arguments, or a call of NumPy."""
        token = self.token
        if self.new_name():
            return self.hanging(Name(self.take().text, at=(token.start, token.end)))
        if token.text in MODULES and self.ahead().text == "." and self.ahead(2).kind == WORD:
            self.place += 2
            if self.at("linalg", kind=WORD) and self.ahead().text == ".":
                self.place += 2
            return self.named()
        if token.text in BUILT and self.ahead().text == "(":
            name = self.take()
            return self.built(name, *self.arguments())
        following = self.ahead()
        name_follows = following.kind == WORD and following.text in self.vocabulary.values
        if token.text == "d" and (following.text in ("hat", "{") or name_follows):
            self.take()
            inner = self.operand()
            return replace(inner, d=True) if isinstance(inner, Name) else inner
        if self.ahead().text == "[" and self.ahead(2).kind == TEXT and (index := self._drawer()) is not None:
            return self.hanging(index)
        if token.text == "T" and self.ahead().text != "_":
            repair = "write the T above a name or behind a dot, as in W^T or W.T"
            raise self.error(token, "a transpose", "without what it transposes", "a name before it", repair)
        close = self.ahead()
        tree = self.word()
        if not isinstance(tree, Name):
            return tree
        return self.applied(tree, immediate=close.text == "(" and not close.spaced)

    def new_name(self) -> bool:
        """Whether a word that is not known stands alone before =, and is given a meaning by the line."""
        if self.place or self.ahead().text != "=" or " " in self.token.text:
            return False
        try:
            self.names_of(self.token)
        except FormulaError:
            return True
        return False

    def _drawer(self) -> Name | None:
        """The name in grads["dW1"]; of a W["1"] that of the layer."""
        word = self.take()
        index = self.index()
        if index is None:
            return None
        if index[0][1:].isdigit():
            return replace(self.names_of(word)[-1], bracket=index[0][1:])
        return self.names_of(replace(word, text=index[0][1:].replace("_", "")))[-1]

    def applied(self, name: Name, immediate: bool) -> Expression:
        """A function and its arguments; a name that is none, or that is rather a value, stays as it is."""
        base = SAME.get(name.base, name.base)
        if base not in self.vocabulary.functions or name.d:
            return name
        if base in self.vocabulary.values:  # a(1 - a), L(y_hat, y), s'(z)
            bare = not (name.below or name.bracket or name.suffix or name.raised)
            if not name.primes and not (immediate and bare):
                return name
        if self.at("("):
            values, _ = self.arguments()
            if not values:
                raise self.missing()
            if name.raised.isdigit() and base in self.vocabulary.proper:
                return nodes.Power(Apply(replace(name, base=base, raised=""), tuple(values)), nodes.Number(int(name.raised)))
            return Apply(replace(name, base=base), tuple(values))
        if base not in self.vocabulary.values and self.operand_ahead() and not self.at("["):
            return Apply(replace(name, base=base), (self.power(),))
        return name


def _is_row(tree: Expression) -> bool:
    """Whether a product in square brackets is rather a row of a matrix: entries side by side."""
    return (
        isinstance(tree, Product)
        and all(isinstance(part, Name) and (part.below or part.sample) for part in tree.factors)
        and set(tree.signs) == {""}
    )
