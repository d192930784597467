r"""A written line as tokens. LaTeX, NumPy and Unicode come to one set of signs, so that mixtures such as ``dZ^{[2]} @ A1.T`` can be read.

SymPy's reader of LaTeX (Lark) was tried: it reads ``z = W x + b`` as a product of numbers, in any order, and none of ``dw^{[1]}``,
``z_i^{[1]}``, ``\sigma_2'(z)``, ``\begin{cases}``; what is to be told apart here (transposes, order, the kind of product) it does not keep.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pellucid.errors import FormulaError, sentence

MAX_LENGTH = 2000
"""characters of a line"""
WHERE = "the equation"

NUMBER, WORD, SIGN, TEXT, END = "number", "word", "sign", "text", "end"


@dataclass(frozen=True)
class Token:
    """A piece of the line."""

    kind: str
    text: str
    """in one spelling, whatever the line's was: · for \\cdot, sigma for σ"""
    start: int
    end: int
    spaced: bool = False
    """whether a space stands before it"""


def refuse(source: str, start: int, end: int, what: str, got: object, expected: object, repair: str) -> FormulaError:
    """What is wrong with the characters from start to end, with a mark under them."""
    told = sentence(what, WHERE, got, expected, repair)
    return FormulaError(told.removesuffix(".") if told.endswith("?.") else told, source, start, end)


_COMMANDS = {
    "cdot": "·", "bullet": "·", "times": "×", "odot": "⊙", "circ": "⊙", "otimes": "⊙", "ast": "*", "star": "*", "div": "/",
    "partial": "∂", "nabla": "∇", "Delta": "Δ", "sum": "Σ", "pm": "±",
    "le": "<=", "leq": "<=", "leqslant": "<=", "ge": ">=", "geq": ">=", "geqslant": ">=", "lt": "<", "gt": ">", "ne": "!=", "neq": "!=",
    "approx": "=", "equiv": "=", "coloneqq": "=", "leftarrow": "=", "gets": "=",
    "Rightarrow": "⇒", "implies": "⇒", "Longrightarrow": "⇒", "therefore": "⇒", "iff": "⇒", "Leftrightarrow": "⇒",
    "rightarrow": "→", "to": "→", "longrightarrow": "→", "mapsto": "→", "xrightarrow": "→",
    "lVert": "‖", "rVert": "‖", "Vert": "‖", "|": "‖", "lvert": "|", "rvert": "|", "vert": "|",
    "{": "{|", "}": "|}", "lbrace": "{|", "rbrace": "|}", "lbrack": "[", "rbrack": "]",
    "\\": "\\\\", "cdots": "…", "dots": "…", "ldots": "…", "vdots": "…", "ddots": "…", "prime": "'",
    "top": "ᵀ", "intercal": "ᵀ",
}  # fmt: skip
_IGNORED = {
    "left", "right", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "displaystyle", "textstyle", "quad",
    "qquad", "limits", "nolimits", "mathbf", "mathit", "mathsf", "boldsymbol", "bm", "vec", "boxed", "underline", "cancel", "bcancel",
    "xcancel", "underbrace", "overbrace", "bar", "tilde", ",", ";", ":", "!", " ", ">", "(", ")", "nonumber", "notag", "label", "tag",
    "bf", "it", "because", "middle", "mathstrut", "ensuremath",
}  # fmt: skip
"""commands that change the looks only; the braces behind them stay"""
_WORDS = {"mathcal", "mathscr", "text", "textrm", "textbf", "textit", "mathrm", "operatorname", "mathbb", "mbox", "hbox"}
"""commands whose braces hold a word"""
_GREEK = {
    "ŷ": "y_hat", "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "η": "eta", "θ": "theta", "λ": "lambda",
    "μ": "mu", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi", "ω": "omega", "Φ": "normal_cdf", "ℒ": "loss", "ℓ": "loss",
}  # fmt: skip
_UNICODE = {
    "−": "-", "–": "-", "⋅": "·", "•": "·", "∗": "*", "÷": "/", "∘": "⊙", "⊗": "⊙", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "=", "≡": "=",
    "←": "=", "∑": "Σ", "∆": "Δ", "′": "'", "’": "'", "‘": "'", "`": "'", "∴": "⇒", "⟹": "⇒", "⟶": "→", "∥": "‖", "⋯": "…",
}  # fmt: skip
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿᵀ", "0123456789+-nT", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+-aehijklmnoprstuvx", strict=True))
_COMPOUNDS = (
    "y_hat", "Y_hat", "y_pred", "Y_pred", "y_true", "Y_true", "learning_rate", "normal_cdf", "leaky_relu", "hard_tanh", "n_samples",
    "A_prev", "a_prev", "S_M",
)  # fmt: skip
"""names in which a low line does not begin an index"""
_TOKEN = re.compile(
    r"(?P<space>\s+|~|\\\s)"
    r"|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+(?![A-Za-z0-9]))?|\.\d+)"
    r"|(?P<string>\"[^\"]{0,40}\"|(?<=\[)\s*'[^']{0,40}')"
    rf"|(?P<compound>d?(?:{'|'.join(_COMPOUNDS)}))(?![A-Za-z])"
    r"|(?P<identifier>[A-Za-z][A-Za-z0-9]*_(?!(?:new|old|prev|pred|true|hat|next|derivative|prime|deriv|grad|backward)(?![A-Za-z0-9_]))[A-Za-z]{3,}[A-Za-z0-9_]*)"
    r"|(?P<quotient>d(?:[A-Za-z]+\d*)_d(?:[A-Za-z]+\d*))(?![A-Za-z0-9])"
    r"|(?P<word>[A-Za-z]+\d*)"
    rf"|(?P<greek>[{''.join(_GREEK)}]\d*)"
    r"|\\(?P<command>[A-Za-z]+|\s|[^A-Za-z\s])"
    rf"|(?P<raised>[{''.join(_RAISED)}]+)"
    rf"|(?P<lowered>[{''.join(_LOWERED)}]+)"
    r"|(?P<sign>\*\*|<=|>=|==|!=|:=|-=|\+=|=>|->|\.\.\.|\.\.|[-+*/@<>=(),.;:{}\[\]|^_&'√∂∇ΔΣ⊙×·⇒→‖…±])"
    rf"|(?P<unicode>[{''.join(_UNICODE)}])",
)
_ALIKE = {":=": "=", "=>": "⇒", "->": "→", "...": "…"}


def lex(source: str) -> list[Token]:
    """The tokens of a line, the last of kind ``END``.

    Raises:
        FormulaError: the line is too long, or has a character that means nothing here.

    """
    if len(source) > MAX_LENGTH:
        told = sentence("the length", WHERE, f"{len(source):,} characters", f"at most {MAX_LENGTH:,}", "write it as several lines")
        raise FormulaError(told, "", 0, 0)
    found: list[Token] = []
    at, spaced = 0, False
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            if source[at] in "$":
                at, spaced = at + 1, True
                continue
            repair = "leave it out" if source[at] != "\\" else "write a command behind it"
            raise refuse(source, at, at + 1, "a character", repr(source[at]), "names, numbers, signs and LaTeX commands", repair)
        kind = str(match.lastgroup)
        start, end, piece = at, match.end(), match[kind]
        at = end
        if kind == "space":
            spaced = True
            continue
        made = _command(source, piece, start, end) if kind == "command" else _plain(kind, piece, start, end)
        if kind == "command" and made is None:
            word, at = _braced(source, end, start)
            made = [_word(word, start, at)]
        for token in made or []:
            found.append(Token(token.kind, token.text, token.start, token.end, spaced))
            spaced = False
        spaced = spaced or (kind == "command" and not made and not piece.startswith(("left", "right", "big", "Big")))
    found.append(Token(END, "the end", len(source), len(source), True))
    return found


def _plain(kind: str, piece: str, start: int, end: int) -> list[Token]:
    match kind:
        case "number":
            return [Token(NUMBER, piece, start, end)]
        case "string":
            return [Token(TEXT, piece.strip().strip("'\""), start, end)]
        case "quotient":  # dJ_dW2, as code has it
            above, _, below = piece.partition("_")
            return [Token(WORD, above, start, end), Token(SIGN, "/", start, end), Token(WORD, below, start, end)]
        case "greek":
            return [Token(WORD, f"{_GREEK[piece[0]]}{piece[1:]}", start, end)]
        case "raised":
            if piece == "ᵀ":
                return [Token(SIGN, "ᵀ", start, end)]
            return [Token(SIGN, "^", start, end), *_group("".join(_RAISED[sign] for sign in piece), start, end)]
        case "lowered":
            return [Token(SIGN, "_", start, end), *_group("".join(_LOWERED[sign] for sign in piece), start, end)]
        case "unicode":
            return [Token(SIGN, _UNICODE[piece], start, end)]
        case "sign":
            return [Token(SIGN, _ALIKE.get(piece, piece), start, end)]
    return [Token(WORD, piece, start, end)]


def _group(inside: str, start: int, end: int) -> list[Token]:
    """Small signs as one group in braces."""
    pieces = [
        Token(NUMBER if piece.isdigit() else SIGN if piece in "+-" else WORD, piece, start, end)
        for piece in re.findall(r"\d+|[+-]|[A-Za-z]+", inside)
    ]
    return [Token(SIGN, "{", start, end), *pieces, Token(SIGN, "}", start, end)]


def _command(source: str, name: str, start: int, end: int) -> list[Token] | None:
    """The tokens of a command; None where its braces hold a word that must still be read."""
    if name in _COMMANDS:
        return [Token(SIGN, _COMMANDS[name], start, end)]
    if name in _IGNORED or name.isspace():
        return []
    if name in _WORDS:
        return None
    if name in ("hat", "widehat"):
        return [Token(SIGN, "hat", start, end)]
    if name == "ell":
        return [Token(WORD, "loss", start, end)]
    if not name.isalpha():
        raise refuse(source, start, end, "the command", f"\\{name}", "one that is known", "leave it out")
    return [Token(WORD if name not in ("frac", "dfrac", "tfrac", "sqrt", "begin", "end") else SIGN, name, start, end)]


def _braced(source: str, end: int, start: int) -> tuple[str, int]:
    r"""The word in the braces behind a command such as \text, and where it ends."""
    match = re.compile(r"\s*(?:\{([^{}]*)\}|([A-Za-z]))").match(source, end)
    if match is None:
        raise refuse(source, start, end, "a command", source[start:end], "a word in braces behind it", r"write e.g. \text{if}")
    return (match[1] if match[1] is not None else match[2]), match.end()


def _word(word: str, start: int, end: int) -> Token:
    text = " ".join(word.split())
    if text in ("L", "l") and not text.islower():
        return Token(WORD, "loss", start, end)
    return Token(WORD, text, start, end)
