r"""The formulas in pictures: written once, in a small part of LaTeX, and read as plain text or as glyphs with their places.

Known are letters, numbers, operators, scripts (``W^{[1]}_{ij}``), ``\frac{}{}``, ``\hat{}``, ``\text{}``, ``\operatorname{}`` and the
commands of `COMMANDS`. `from_text` turns the text of a record (an activation's derivative ...) into it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

COMMANDS = {
    "alpha": ("α", "alpha"),
    "lambda": ("λ", "lambda"),
    "partial": ("∂", "d"),
    "pi": ("π", "pi"),
    "sum": ("Σ", "sum"),
    "top": ("T", "T"),
    "ell": ("ℓ", "l"),
    "log": ("log", "log"),
    "exp": ("exp", "exp"),
    "tanh": ("tanh", "tanh"),
    "odot": (" ⊙ ", " * "),
    "cdot": (" · ", " * "),
    "times": (" × ", " x "),
    "geq": (" ≥ ", " >= "),
    "leq": (" ≤ ", " <= "),
    "neq": (" ≠ ", " != "),
    "Vert": ("‖", "||"),
    "cdots": ("⋯", "..."),
    "quad": ("  ", "  "),
    ",": (" ", " "),
    "_": ("_", "_"),
}
"""how each command is drawn, and how it is spelled in plain text"""

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[{}^_']|\d+(?:\.\d+)?(?:e[+-]?\d+)?|[A-Za-z]+|\s+|.")
_TEXT_TOKEN = re.compile(r"\*\*|[<>=!]=|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|[A-Za-z_]\w*|\S")
_COMMAND_WORDS = {"log", "exp", "tanh", "pi"}
_WORDS = {"if", "else", "and", "or"}
_SIGNS = {
    ">=": r" \geq ",
    "<=": r" \leq ",
    "!=": r" \neq ",
    "==": " = ",
    ",": ", ",
    "+": " + ",
    "-": " - ",
    "/": " / ",
    "<": " < ",
    ">": " > ",
    ";": "} ",
}
"""how the signs of Python are written; a semicolon closes the index of a sum"""


@dataclass(frozen=True)
class Glyphs:
    """A piece of text at one level: 0 on the line, 1 a superscript, -1 a subscript."""

    text: str
    level: int = 0
    italic: bool = False


@dataclass(frozen=True)
class Fraction:
    """One row of pieces over another."""

    over: tuple[Glyphs, ...]
    under: tuple[Glyphs, ...]


def plain(latex: str) -> str:
    r"""As text, by the names of the trace.

    >>> plain(r"\frac{\partial z^{[2]}}{\partial a^{[1]}} = W^{[2]\top}")
    'dz2/da1 = W2^T'
    """
    return re.sub(r" +", " ", "".join(_plain(_tokens(latex)))).strip()


def glyphs(latex: str) -> tuple[Glyphs | Fraction, ...]:
    r"""As pieces to be set side by side.

    >>> glyphs(r"W^{[2]\top}")
    (Glyphs(text='W', level=0, italic=True), Glyphs(text='[2]T', level=1, italic=False))
    """
    return _joined(_glyphs(_tokens(latex), 0))


def from_text(text: str, names: Mapping[str, str]) -> str:
    r"""The LaTeX of a formula that a record spells in the manner of Python, its names replaced by symbols.

    >>> from_text("1 - a**2", {"a": "a^{[1]}"})
    '1 - (a^{[1]})^{2}'
    """
    tokens = _TEXT_TOKEN.findall(re.sub(r"\bsum_(?:\(([^()]*)\)|(\w+)) *", r"sum_\1\2 ; ", text))
    product = r" \cdot " if "/" in tokens else r"\,"
    parts: list[str] = []
    for index, token in enumerate(tokens):
        before, after = tokens[index - 1] if index else "", tokens[index + 1] if index + 1 < len(tokens) else ""
        if before == "**":
            parts.append(f"^{{{token}}}")
        elif token == "**" or (token == "*" and _is_one(before)) or (after == "*" and _is_one(token)):
            continue
        elif token == "*":
            parts.append(product)
        elif token in names:
            parts.append(f"({names[token]})" if after == "**" and "^" in names[token] else names[token])
        elif token[0].isalpha():
            parts.append(_word(token))
        elif token[0].isdigit():
            parts.append(f"{float(token):.5g}")
        else:
            parts.append(_SIGNS.get(token, token))
    tight = re.sub(r" +", " ", "".join(parts)).strip()
    return re.sub(r"(^|[(,=<>]|\\[gln]eq|\\text\{ \w+ \})( ?)- ", r"\1\2-", tight)


def _is_one(token: str) -> bool:
    return token in ("1", "1.0")


def _word(token: str) -> str:
    r"""A name of a function, a variable of one letter (with an index), or a word of Python.

    >>> _word("log"), _word("a_k"), _word("leaky_relu"), _word("if")
    ('\\log', 'a_{k}', '\\operatorname{leaky\\_relu}', '\\text{ if }')
    """
    if token in _WORDS:
        return rf"\text{{ {token} }}"
    if token in _COMMAND_WORDS:
        return rf"\{token}"
    letter, underscore, index = token.partition("_")
    if letter == "sum" and underscore:
        return rf"\sum_{{{index}"
    if len(letter) == 1:
        return f"{letter}_{{{index}}}" if underscore else letter
    return rf"\operatorname{{{token.replace('_', chr(92) + '_')}}}"


def _tokens(latex: str) -> list[str]:
    return _TOKEN.findall(latex)


def _group(tokens: list[str], start: int) -> tuple[list[str], int]:
    """The tokens of the group (or the single token) at ``start``, and where it ends."""
    if tokens[start] != "{":
        return [tokens[start]], start + 1
    depth, at = 1, start + 1
    while depth:
        depth += {"{": 1, "}": -1}.get(tokens[at], 0)
        at += 1
    return tokens[start + 1 : at - 1], at


def _groups(tokens: list[str]) -> Iterator[tuple[str, list[list[str]]]]:
    """Each token with the groups that belong to it; scripts too are a token with one group."""
    takes = {"^": 1, "_": 1, "\\frac": 2, "\\hat": 1, "\\text": 1, "\\operatorname": 1, "{": 1}
    at = 0
    while at < len(tokens):
        token, arguments = tokens[at], []
        at += token != "{"
        for _ in range(takes.get(token, 0)):
            argument, at = _group(tokens, at)
            arguments.append(argument)
        yield token, arguments


def _operator(token: str, before: str) -> str:
    """With room on both sides where it stands between two things."""
    start = before.rstrip()
    binary = bool(start) and start[-1] not in "(,=+-−·⊙/" and not before.endswith((" if ", " else "))
    return f" {token} " if binary or token == "=" else token


def _plain(tokens: list[str]) -> Iterator[str]:
    before = ""
    for token, arguments in _groups(tokens):
        piece = _plain_piece(token, arguments, before)
        before += piece
        yield piece


def _plain_piece(token: str, arguments: list[list[str]], before: str) -> str:
    inside = ["".join(_plain(argument)).strip() for argument in arguments]
    if token == "^":
        layer = re.match(r"\[(\w+)\]", inside[0])
        index, power = (layer[1], inside[0][layer.end() :]) if layer else ("", inside[0])
        return index + (f"^{power}" if power else "")
    if token == "_":
        return f"_({inside[0]}) " if " " in inside[0] else f"_{inside[0]}"
    if token == "\\frac":
        return "/".join(inside)
    if token == "\\hat":
        return f"{inside[0]}_hat"
    if token == "\\text":
        return "".join(arguments[0])
    if token in ("\\operatorname", "{"):
        return inside[0]
    if token.startswith("\\"):
        return COMMANDS[token[1:]][1]
    return _piece(token, before)


def _piece(token: str, before: str, minus: str = "-") -> str:
    if token.isspace():
        return ""
    if token in "+-=<>":
        return _operator(minus if token == "-" else token, before)
    return {"/": " / ", ",": ", "}.get(token, token)


def _glyphs(tokens: list[str], level: int) -> Iterator[Glyphs | Fraction]:
    before = ""
    for token, arguments in _groups(tokens):
        for piece in _drawn(token, arguments, level, before):
            before += piece.text if isinstance(piece, Glyphs) else "x"
            yield piece


def _drawn(token: str, arguments: list[list[str]], level: int, before: str) -> Iterator[Glyphs | Fraction]:
    if token in "^_":
        yield from _glyphs(arguments[0], 1 if token == "^" else -1)
    elif token == "\\frac":
        over, under = (_joined(_glyphs(argument, level)) for argument in arguments)
        yield Fraction(_flat(over), _flat(under))
    elif token == "\\hat":
        yield Glyphs({"y": "ŷ"}.get(arguments[0][0], f"{arguments[0][0]}\u0302"), level, italic=True)
    elif token == "\\text":
        yield Glyphs("".join(arguments[0]), level)
    elif token == "\\operatorname":
        yield Glyphs("".join(COMMANDS[t[1:]][0] if t.startswith("\\") else t for t in arguments[0]), level)
    elif token == "{":
        yield from _glyphs(arguments[0], level)
    elif token.startswith("\\"):
        yield Glyphs(COMMANDS[token[1:]][0], level, italic=token == "\\ell")
    elif token == "'":
        yield Glyphs("′", level)
    else:
        yield Glyphs(_piece(token, before, "−"), level, italic=token.isalpha())


def _flat(pieces: tuple[Glyphs | Fraction, ...]) -> tuple[Glyphs, ...]:
    """A fraction within a fraction is not drawn as one: there is no place for it."""
    flat: list[Glyphs] = []
    for piece in pieces:
        flat += [piece] if isinstance(piece, Glyphs) else [*piece.over, Glyphs("/"), *piece.under]
    return tuple(flat)


def _joined(pieces: Iterator[Glyphs | Fraction]) -> tuple[Glyphs | Fraction, ...]:
    """Neighbours of one kind as one."""
    found: list[Glyphs | Fraction] = []
    for piece in pieces:
        last = found[-1] if found else None
        if isinstance(piece, Glyphs) and not piece.text:
            continue
        if isinstance(piece, Glyphs) and isinstance(last, Glyphs) and (piece.level, piece.italic) == (last.level, last.italic):
            found[-1] = Glyphs(last.text + piece.text, last.level, last.italic)
        else:
            found.append(piece)
    return tuple(found)
