"""Going through the tokens of a line."""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from pellucid.errors import FormulaError
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.lexer import END, NUMBER, SIGN, WORD, Token, lex, refuse

MAX_DEPTH = 50
"""brackets within brackets"""


@dataclass(frozen=True)
class Vocabulary:
    """The words that a line may use; a single letter is always one."""

    values: frozenset[str]
    """names of arrays and numbers"""
    functions: frozenset[str]
    """what may stand before brackets"""
    letters: frozenset[str] = field(default_factory=frozenset)
    """letters of which several in a row are a product: wx"""
    proper: frozenset[str] = field(default_factory=frozenset)
    """functions with a name of their own, so that a number above it is a power: tanh^2(x)"""

    def known(self, word: str) -> bool:
        """Whether a word is a name of its own."""
        return len(word) == 1 or word in self.values or word in self.functions


class Cursor(ABC):
    """The tokens, and how far they are read."""

    def __init__(self, source: str, vocabulary: Vocabulary) -> None:
        self.source, self.vocabulary = source, vocabulary
        self.tokens = lex(source)
        self.place = 0
        self.depth = 0

    @abstractmethod
    def expression(self) -> Expression:
        """Terms, added up."""

    @abstractmethod
    def terms(self) -> Expression:
        """The same without comparisons."""

    @abstractmethod
    def product(self) -> Expression:
        """Factors."""

    @abstractmethod
    def power(self) -> Expression:
        """An operand with what hangs on it."""

    @property
    def token(self) -> Token:
        """The next one."""
        return self.tokens[self.place]

    def ahead(self, count: int = 1) -> Token:
        """The one after it."""
        return self.tokens[min(self.place + count, len(self.tokens) - 1)]

    def at(self, *texts: str, kind: str = SIGN) -> bool:
        """Whether the next token is one of some signs (or words)."""
        return self.token.kind == kind and self.token.text in texts

    def take(self) -> Token:
        """The next token, and on."""
        token = self.token
        if token.kind != END:
            self.place += 1
        return token

    def skip(self, *texts: str, kind: str = SIGN) -> bool:
        """Pass a sign if it is there."""
        if self.at(*texts, kind=kind):
            self.place += 1
            return True
        return False

    def expect(self, text: str) -> Token:
        """Pass a sign that must be there."""
        if not self.at(text):
            raise self.error(self.token, "a sign", _shown(self.token), f"{text!r}", "write it there")
        return self.take()

    def split(self, length: int) -> Token:
        """Take the first characters of the next token, and leave the rest."""
        token = self.token
        if len(token.text) <= length:
            return self.take()
        kind = NUMBER if token.text[length:].isdigit() else WORD
        rest = Token(kind, token.text[length:], token.start + length, token.end, False)
        self.tokens[self.place] = rest
        return replace(token, text=token.text[:length], end=token.start + length)

    def closing(self, place: int) -> int:
        """The place of the brace that closes the one at a place."""
        depth = 0
        for index in range(place, len(self.tokens)):
            token = self.tokens[index]
            if token.kind == SIGN:
                depth += (token.text == "{") - (token.text == "}")
            if not depth:
                return index
        raise self.error(self.tokens[place], "a brace", "never closed", "a } for each {", "close it")

    def deeper(self, token: Token) -> None:
        """Count brackets within brackets."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            expected = f"at most {MAX_DEPTH} within each other"
            raise self.error(token, "the nesting of brackets", "too deep", expected, "write it with fewer")

    def error(self, token: Token, what: str, got: object, expected: object, repair: str) -> FormulaError:
        """What is wrong at a token."""
        return refuse(self.source, token.start, token.end, what, got, expected, repair)

    def missing(self) -> FormulaError:
        """An operand should stand here."""
        got = f"missing before {_shown(self.token)}" if self.token.kind != END else "missing at the end"
        return self.error(self.token, "an operand", got, "a number, a name or a bracket", "write what belongs there")

    def unexpected(self) -> FormulaError:
        """A sign that nothing can follow."""
        if self.at(")", "]", "}"):
            return self.error(self.token, "a bracket", "closed that was never opened", "a bracket before it", "leave it out")
        if self.at("…"):
            return self.error(self.token, "a part", "left out by dots", "every term", "write it out, or with a sum sign")
        return self.error(self.token, "a sign", repr(self.token.text), "an equation to end or go on", "leave it out")

    def unknown(self, token: Token, what: str, known: Iterable[str]) -> FormulaError:
        """A word that means nothing."""
        near = difflib.get_close_matches(token.text, list(known), n=1, cutoff=0.6)
        repair = f"did you mean {near[0]!r}?" if near else "write it with the names of the network, such as W1, z2, dW2"
        return self.error(token, what, repr(token.text), "a known one", repair)


def _shown(token: Token) -> str:
    return "the end" if token.kind == END else repr(token.text)
