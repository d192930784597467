r"""What LaTeX has of its own: fractions, derivatives, sums, cases, matrices."""

from __future__ import annotations

import math
from dataclasses import replace

from pellucid.expressions import nodes
from pellucid.expressions.nodes import Derivative, Expression
from pellucid.expressions.reading.lexer import NUMBER, SIGN, WORD, Token
from pellucid.expressions.reading.scripts import Scripts
from pellucid.expressions.reading.tree import Apply, Entry, Name, Norm, Total

DIFFERENTIALS = ("∂", "Δ")
FILLERS = ("if", "for", "when", "where", "with", "and", "otherwise", "else", "case")
RELATIONS = ("<", "<=", ">", ">=", "==", "!=", "=")


class Parts(Scripts):
    """Reading the larger pieces."""

    def fraction(self) -> Expression:
        r"""\frac{a}{b}, \frac12, and derivatives \frac{dJ}{dw}, \frac{\partial}{\partial x} (...)."""
        self.take()
        if self.at("{"):
            second = self.closing(self.place) + 1
            if self.tokens[second].text == "{" and self.differential(self.place + 1) and self.differential(second + 1):
                return self.derivative()
        return nodes.Divide(self.argument(), self.argument())

    def argument(self) -> Expression:
        r"""What stands in braces behind a command, or the one sign behind it."""
        if self.at("{"):
            return self.braced()
        if self.token.kind == NUMBER:
            return number(self.split(1))
        if self.token.kind == WORD:
            return self.names_of(self.split(1))[-1]
        raise self.missing()

    def braced(self) -> Expression:
        """An expression in braces."""
        self.deeper(self.take())
        inside = self.expression()
        self.expect("}")
        self.depth -= 1
        return inside

    def differential(self, place: int) -> bool:
        """Whether a d or ∂ stands at a place."""
        token = self.tokens[place]
        if token.kind == SIGN:
            return token.text in DIFFERENTIALS
        if token.kind != WORD or not token.text.startswith("d") or token.text in self.vocabulary.functions:
            return False
        rest = token.text[1:]
        return not rest or (self.vocabulary.known(rest.rstrip("0123456789")) and token.text not in self.vocabulary.values)

    def take_differential(self) -> str:
        """Pass the d or ∂."""
        if self.token.kind == SIGN:
            return self.take().text
        return self.split(1).text

    def derivative(self) -> Expression:
        """Both halves, each behind its d."""
        self.deeper(self.expect("{"))
        sign = self.take_differential()
        of = None if self.at("}") else self.expression()
        self.expect("}")
        self.expect("{")
        self.take_differential()
        by = self.expression()
        self.expect("}")
        self.depth -= 1
        if of is None:
            of = self.power()
        return Derivative(of, by, partial=sign == "∂")

    def gradient(self) -> Expression:
        r"""\nabla_W J."""
        self.take()
        self.expect("_")
        by = self.argument()
        return Derivative(self.power(), by)

    def total(self) -> Expression:
        r"""\sum_{i=1}^{m} of the product behind it."""
        sign = self.take()
        index, without, first, last = "", "", None, None
        while self.at("_", "^"):
            if self.take().text == "^":
                last = self.limit()
            elif self.at("{"):
                end = self.closing(self.place)
                self.take()
                index = self.take().text
                if self.skip("="):
                    first = self.limit_within(end)
                elif self.skip("!="):
                    without = self.take().text
                if self.place < end:
                    raise self.error(self.token, "what stands below a sum", f"{self.token.text!r}", "an index, i=1", "write it so")
                self.expect("}")
            else:
                index = self.split(1).text
                if self.skip("!="):
                    without = self.split(1).text
                elif self.at("=") and self.ahead().kind == NUMBER:  # Σ_j=1..4, as it is shown in text
                    self.take()
                    first = number(self.take())
                    if self.skip(".."):
                        last = self.power()
        self.deeper(sign)
        negative = self.skip("-")
        body = self.product()
        body = nodes.Negative(body) if negative else body
        self.depth -= 1
        return Total(body, index, first, last, without)

    def limit(self) -> Expression:
        """The upper limit of a sum."""
        return self.argument() if self.at("{") or self.token.kind == NUMBER else self.names_of(self.take())[-1]

    def limit_within(self, end: int) -> Expression:
        """The lower limit, up to a brace."""
        limit = self.expression()
        if self.place != end:
            raise self.error(self.token, "what stands below a sum", f"{self.token.text!r}", "an index, i=1", "write it so")
        return limit

    def between(self, sign: str) -> Expression:
        """|x| and ||W||."""
        self.deeper(self.take())
        inside = self.expression()
        self.expect(sign)
        self.depth -= 1
        if sign == "|":
            return Apply(Name("abs"), (inside,))
        if self.at("_"):
            self.take()
            self.take() if not self.at("{") else self.group()
        return Norm(inside)

    def root(self) -> Expression:
        r"""\sqrt{x}."""
        self.take()
        return Apply(Name("sqrt"), (self.argument() if self.at("{") or self.token.kind in (NUMBER, WORD) else self.power(),))

    # Environments.

    def environment(self) -> Expression:
        r"""\begin{cases} and \begin{bmatrix}."""
        begin = self.take()
        self.deeper(begin)
        name = "".join(token.text for token in self.group())
        if name == "cases":
            tree = self.cases()
        elif name in ("bmatrix", "pmatrix", "matrix", "array", "Bmatrix", "vmatrix"):
            if name == "array" and self.at("{"):
                self.group()
            tree = self.matrix()
        else:
            raise self.error(begin, "an environment", repr(name), "cases or bmatrix", "write it without")
        self.expect("end")
        self.group()
        self.depth -= 1
        return tree

    def cases(self) -> Expression:
        """Values, each with its condition."""
        branches: list[tuple[Expression, nodes.Compare]] = []
        otherwise: Expression = nodes.Number(math.nan)
        while not self.at("end"):
            value = self.expression()
            self.skip(",")
            self.skip("&")
            last = False
            while self.token.kind == WORD and self.token.text.split(" ")[0].strip(",") in FILLERS:
                last = last or self.token.text in ("otherwise", "else")
                self.take()
            if last:
                otherwise = value
            else:
                branches.append((value, self.condition()))
            while self.skip(",", ";", "."):
                pass
            if not self.skip("\\\\"):
                break
        if not branches:
            raise self.error(self.token, "the cases", "none", "at least one with a condition", "write e.g. x & x > 0")
        return nodes.Cases(tuple(branches), otherwise)

    def short_cases(self, value: Expression) -> Expression:
        """{1 if z >= 0; 0 otherwise}, as it is shown in text: what stands behind the first value."""
        branches: list[tuple[Expression, nodes.Compare]] = []
        while self.skip("if", kind=WORD):
            branches.append((value, self.condition()))
            if not self.skip(";"):
                return nodes.Cases(tuple(branches), nodes.Number(math.nan))
            value = self.expression()
        self.skip("otherwise", "else", kind=WORD)
        return nodes.Cases(tuple(branches), value)

    def matrix(self) -> Expression:
        """Entries in rows."""
        rows: list[list[Expression]] = [[]]
        while not self.at("end"):
            rows[-1].append(self.expression())
            if self.skip("\\\\"):
                if not self.at("end"):
                    rows.append([])
            elif not self.skip("&"):
                break
        if len({len(row) for row in rows}) != 1:
            raise self.error(self.token, "a matrix", "ragged", "rows of one length", "write an entry for each")
        return nodes.Matrix(tuple(tuple(row) for row in rows))

    def condition(self) -> nodes.Compare:
        """x > 0, i = k, 0 < x < 1, and several of them."""
        left = self.terms()
        parts: list[nodes.Compare] = []
        while self.at(*RELATIONS):
            relation = self.take().text
            right = self.terms()
            parts.append(nodes.Compare(left, "==" if relation == "=" else relation, right))
            left = right
        if not parts:
            raise self.error(self.token, "a condition", "missing", "a comparison such as x > 0", "write it")
        if self.token.kind == WORD and self.token.text == "and":
            self.take()
            parts.append(self.condition())
        whole = parts[-1]
        for part in reversed(parts[:-1]):
            whole = replace(part, also=whole)
        return whole

    def entry(self, of: Expression) -> Expression:
        """[...]_i."""
        self.take()
        name = self.below(Name("x"))
        label = not name.below or any(len(part) > 2 for part in name.below)  # the words under a brace
        return of if label else Entry(of, name.below)


def number(token: Token) -> Expression:
    """A number as it is written."""
    return nodes.Number(int(token.text) if token.text.isdigit() and len(token.text) <= 15 else float(token.text))
