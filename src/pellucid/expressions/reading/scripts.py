"""Names: which name a word is, and what hangs on it above, below and behind."""

from __future__ import annotations

import re
from dataclasses import replace

from pellucid.expressions.nodes import Derivative, Expression, Number, Power, Transpose
from pellucid.expressions.reading.cursor import Cursor
from pellucid.expressions.reading.lexer import NUMBER, SIGN, TEXT, WORD, Token
from pellucid.expressions.reading.tree import Apply, Name, Product

DERIVED = {"derivative", "prime", "deriv", "grad", "backward"}
"""sigmoid_derivative is sigmoid'"""
MARKS = {"new", "old", "prev", "pred", "true", "hat", "next"}
"""what below a name is no index but part of it: w_new"""
_LAYER = re.compile(r"[lL]([+-]1)?")


class Scripts(Cursor):
    """Reading names."""

    def word(self) -> Expression:
        """A name, or several letters that are a product."""
        token = self.take()
        names = self.names_of(token)
        *before, last = names
        named = self.hanging(last)
        factors = (*before, *(named.factors if isinstance(named, Product) else (named,)))
        return factors[0] if len(factors) == 1 else Product(factors, ("",) * (len(factors) - 1))

    def names_of(self, token: Token) -> list[Name]:
        """The names that a word is made of."""
        word, at, vocabulary = token.text, (token.start, token.end), self.vocabulary
        if len(word) > 1 and word in vocabulary.values:  # l2, y_hat
            return [Name(word, at=at)]
        match = re.fullmatch(r"(.*?)(\d*)", word)
        assert match is not None
        letters, suffix = match[1], match[2]
        if word in vocabulary.functions:  # log1p
            return [Name(word, at=at)]
        if vocabulary.known(letters):
            return [Name(letters, suffix=suffix, at=at)]
        if " " in word:  # words that stand for something
            return [Name(word, at=at)]
        if letters[0] == "d" and vocabulary.known(letters[1:]):
            inner = letters[1:]
            if inner in vocabulary.functions and inner not in vocabulary.values and len(inner) > 1:  # dsigmoid(z)
                return [Name(inner, primes=1, at=at)]
            return [Name(inner, d=True, suffix=suffix, at=at)]
        if len(letters) <= 3 and all(letter in vocabulary.letters for letter in letters):
            names = [Name(letter, at=at) for letter in letters]
            return [*names[:-1], replace(names[-1], suffix=suffix)]
        raise self.unknown(token, "a name", [*vocabulary.values, *vocabulary.functions, *(f"d{name}" for name in vocabulary.values)])

    def hanging(self, name: Name) -> Expression:
        """A name with its indices, marks and powers, and the brackets behind a function."""
        tree: Expression = name
        while True:
            if isinstance(tree, Name) and self.skip("_"):
                tree = self.below(tree)
            elif self.at("^") and isinstance(tree, Name):
                tree = self.above(tree)
            elif self.at("'") and isinstance(tree, Name):
                self.take()
                tree = replace(tree, primes=tree.primes + 1)
            elif isinstance(tree, Name) and self.at("[") and not self.token.spaced and (index := self.index()) is not None:
                tree = self.indexed(tree, index)
            else:
                return tree

    # Below.

    def below(self, name: Name) -> Name:
        """An index, or a word that is part of the name."""
        if self.at("{"):
            inside = self.group()
        elif self.token.kind == NUMBER:
            inside = [self.take()]
        elif self.token.kind == WORD:
            follows = self.ahead()
            joined = len(self.token.text) > 1 and follows.kind == SIGN and follows.text in ("_", "^") and not follows.spaced
            inside = [self.split(1) if joined and self.token.text not in MARKS | DERIVED else self.take()]
        else:
            raise self.missing()
        text = "".join(token.text for token in inside)
        if text in DERIVED:
            return replace(name, primes=name.primes + 1)
        mark, _, rest = text.partition(",")
        if mark in MARKS:  # w_{new,11}
            name = replace(name, base=f"{name.base}_{mark}")
            return replace(name, below=(*name.below, *indices(rest))) if rest else name
        if (name.base, text) in (("d", text),) and self.vocabulary.known(text):  # d_sigmoid
            return Name(text, primes=1, at=name.at)
        if text.startswith("[") and text.endswith("]"):
            return replace(name, bracket=text[1:-1])
        return replace(name, below=(*name.below, *indices(text)), at=(name.at[0], inside[-1].end if inside else name.at[1]))

    def group(self) -> list[Token]:
        """The tokens within braces."""
        end = self.closing(self.place)
        inside = [token for token in self.tokens[self.place + 1 : end] if token.text not in ("{", "}")]
        self.place = end + 1
        return inside

    # Above.

    def above(self, name: Name) -> Expression:
        """A layer, a sample, a transpose, a prime, or a power."""
        start = self.place
        self.take()
        if not self.at("{"):
            return self.above_alone(name, start)
        end = self.closing(self.place)
        inside = self.tokens[self.place + 1 : end]
        text = "".join(token.text for token in inside)
        match = re.fullmatch(r"(?:\[([^\]]*)\])?('*)(?:\(([^)]*)\))?(-?\w+(?:[+-]\d+)?)??(T|ᵀ)?('*)", text)
        if match is None or name.base == "e":
            self.place = start
            return self.raised(name)
        bracket, first, sample, raised, transposed, second = (part or "" for part in match.groups())
        if raised and not (_LAYER.fullmatch(raised) or re.fullmatch(r"\d{1,2}", raised)):
            self.place = start
            return self.raised(name)
        self.place = end + 1
        found = replace(
            name,
            bracket=bracket or name.bracket,
            sample=sample or name.sample,
            raised=raised or name.raised,
            primes=name.primes + len(first) + len(second),
            at=(name.at[0], self.tokens[end].end),
        )
        if not transposed:
            return found
        return Transpose(found)

    def above_alone(self, name: Name, start: int) -> Expression:
        """The same without braces: one sign, or a bracket."""
        token = self.token
        if token.text in ("ᵀ",) and token.kind == SIGN:
            self.take()
            return Transpose(self.hanging(name))
        if token.kind == WORD and token.text.startswith("T") and name.base != "e":
            self.split(1)
            return Transpose(name)
        if self.at("'"):
            self.take()
            return replace(name, primes=name.primes + 1)
        if self.at("[", "("):
            close = "]" if token.text == "[" else ")"
            inside, place = "", self.place + 1
            while self.tokens[place].text != close and place < len(self.tokens) - 1:
                inside, place = inside + self.tokens[place].text, place + 1
            if re.fullmatch(r"\w+(?:[+-]\d+)?", inside) and (close == "]" or len(inside) == 1):
                self.place = place + 1
                return self.of_sample(replace(name, bracket=inside)) if close == "]" else replace(name, sample=inside)
        if ((token.kind == NUMBER and token.text.isdigit()) or _LAYER.fullmatch(token.text)) and name.base != "e":
            self.take()
            return replace(name, raised=token.text)
        self.place = start
        return self.raised(name)

    def of_sample(self, name: Name) -> Name:
        """z^[1](i) without braces: the sample behind the layer."""
        first, second, third = self.token, self.ahead(), self.ahead(2)
        short = second.kind in (WORD, NUMBER) and len(second.text) == 1
        if name.base in self.vocabulary.functions - self.vocabulary.values or first.spaced or not short:
            return name
        if (first.text, third.text) != ("(", ")"):
            return name
        self.place += 3
        return replace(name, sample=second.text)

    def raised(self, base: Expression) -> Expression:
        """A power; that of e is the exponential function."""
        self.take()
        if self.at("{"):
            self.deeper(self.take())
            exponent = self.expression()
            self.expect("}")
            self.depth -= 1
        elif self.at("-", "+"):
            sign = self.take()
            exponent = self.power()
            exponent = -exponent if sign.text == "-" else exponent
            if isinstance(exponent, Expression) and exponent == -Number(1):
                exponent = Number(-1)
        elif self.token.kind == WORD and self.token.text not in self.vocabulary.functions:
            exponent = self.hanging(self.names_of(self.split(1))[-1])
        else:
            exponent = self.power()
        if isinstance(base, Name) and base == Name("e"):
            return Apply(Name("exp", at=base.at), (exponent,))
        return Power(base, exponent)

    # Behind.

    def index(self) -> list[str] | None:
        """What stands in square brackets behind a name, if that is an index; None, and nothing read, otherwise."""
        parts, place = [""], self.place + 1
        while self.tokens[place].text != "]":
            token = self.tokens[place]
            if token.kind == TEXT:
                parts[-1] += f'"{token.text}'
            elif token.text == ",":
                parts.append("")
            else:
                parts[-1] += token.text
            place += 1
            if place >= len(self.tokens) - 1:
                return None
        if not all(re.fullmatch(r'"\w+|\d+|[A-Za-z]|[lL][+-]1', part) for part in parts):
            return None
        self.place = place + 1
        return parts

    def indexed(self, name: Name, index: list[str]) -> Expression:
        """W[1] is of a layer, W1[2, 0] an entry."""
        if len(index) == 1 and not name.suffix and not name.bracket:
            return replace(name, bracket=index[0], code=True)
        return replace(name, below=tuple(index), code=True)


def indices(text: str) -> tuple[str, ...]:
    """The indices that a text below a name holds: ij, i,j, 32 (two or one, as the array has axes), l-1."""
    if "," in text:
        return tuple(part for part in text.split(",") if part)
    if _LAYER.fullmatch(text) or text.isdigit() or not text:
        return (text,) if text else ()
    return tuple(re.findall(r"\d+|[A-Za-z]", text)) if re.fullmatch(r"[A-Za-z0-9]+", text) and len(text) <= 4 else (text,)


def quotient(above: Name, below: Name) -> Derivative:
    """dJ/dW, from its two halves."""
    return Derivative(replace(above, d=False), replace(below, d=False), partial=False)
