"""Sentences in the language of each form. They may hold names from a table of the user's, so all but their symbols is escaped."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable

from pellucid.expressions.nodes import Symbol
from pellucid.expressions.text import symbol_text
from pellucid.glassbox.render.words import Word, plain, words_of


def as_html(text: str) -> str:
    """For a page.

    >>> as_html("<b> & co")
    '&lt;b&gt; &amp; co'
    """
    return html.escape(plain(text))


def as_markdown(text: str) -> str:
    r"""For a page of Markdown: nothing in it becomes markup, a link, or a mention of somebody.

    >>> as_markdown("petal_length <b> $x$")
    'petal\\_length &lt;b&gt; \\$x\\$'
    """
    escaped = plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = re.sub(r"([\\`*_\[\]#|~$]|^[+-]|(?<=^\d)[.)])", r"\\\1", escaped)
    return escaped.replace("@", "&#64;").replace("://", "&#58;//").replace("www.", "www&#46;").replace("^", "&#94;")


_TEX = {
    "\\": r"$\backslash$", "{": r"\{", "}": r"\}", "$": r"\symbol{36}", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_", "^": r"\^{}",
    "[": "{[}", "]": "{]}", "*": "{*}",  # a row of a table may begin with them, and the end of the row before would take them for its own
    "~": r"$\sim$", "<": "$<$", ">": "$>$", "|": "$|$", '"': "''", "`": "'",
    "ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}", "œ": r"\oe{}", "Œ": r"\OE{}", "ø": r"\o{}", "Ø": r"\O{}", "ł": r"\l{}", "Ł": r"\L{}",
    "ı": r"\i{}", "…": r"\dots{}", "–": "--", "—": "---", "’": "'", "‘": "`", "“": "``", "”": "''", "§": r"$\S$", "€": "EUR",
    "×": r"$\times$", "·": r"$\cdot$", "⊙": r"$\odot$", "→": r"$\rightarrow$", "←": r"$\leftarrow$", "≥": r"$\ge$", "≤": r"$\le$",
    "≠": r"$\ne$", "∂": r"$\partial$", "Σ": r"$\sum$", "√": r"$\surd$", "∞": r"$\infty$", "‖": r"$\|$", "≈": r"$\approx$", "±": r"$\pm$",
    "°": r"$^{\circ}$", "µ": r"$\mu$", "−": r"$-$", "Φ": r"$\Phi$", "ŷ": r"$\hat{y}$", "∇": r"$\nabla$", "∈": r"$\in$",
    "ᵀ": r"$^{T}$", "′": r"$'$", "⋯": r"$\cdots$", "◆": r"$\diamond$", "•": r"$\bullet$", "↻": r"$\star$", "Δ": r"$\Delta$", "ⱼ": r"$_{j}$",
    **{letter: rf"$\{name}$" for name, letter in (
        ("alpha", "α"), ("beta", "β"), ("gamma", "γ"), ("delta", "δ"), ("epsilon", "ε"), ("eta", "η"), ("theta", "θ"), ("lambda", "λ"),
        ("mu", "μ"), ("pi", "π"), ("rho", "ρ"), ("sigma", "σ"), ("tau", "τ"), ("phi", "φ"))},
    **{letter: f"$^{{{meant}}}$" for letter, meant in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻ⁿ", "0123456789-n", strict=True)},
    **{letter: f"$_{{{meant}}}$" for letter, meant in zip("₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+-aehiklmnoprstuvx", strict=True)},
}  # fmt: skip
_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": ".", "\u0308": '"', "\u030a": "r",
    "\u030b": "H", "\u030c": "v", "\u0327": "c",
}  # fmt: skip


def as_tex(text: str) -> str:
    r"""For LaTeX with the fonts that it always has: accents are set, letters of other scripts are named by their number.

    >>> as_tex("50 % of {x}"), as_tex("größe_1")
    ('50 \\% of \\{x\\}', 'gr\\"{o}\\ss{}e\\_1')
    """
    return "".join(map(_tex_letter, unicodedata.normalize("NFC", plain(text)))).replace("$$", "")


def _tex_letter(letter: str) -> str:
    if letter in _TEX:
        return _TEX[letter]
    if letter.isascii():
        return letter
    apart = unicodedata.normalize("NFD", letter)
    base, mark = apart[0], apart[1:]
    if base.isascii() and base.isalpha() and mark in _ACCENTS:
        dotless = {"i": r"\i", "j": r"\j"}.get(base, base) if mark != "\u0327" else base
        return rf"\{_ACCENTS[mark]}{{{dotless}}}"
    return f"{{[}}U+{ord(letter):04X}{{]}}"


def sentence_html(text: str) -> str:
    """For a page, with its symbols set."""
    return _sentence(text, as_html, _tags)


def sentence_markdown(text: str) -> str:
    """For Markdown, its symbols set by tags, which every reader of Markdown understands."""
    return _sentence(text, as_markdown, _tags)


def sentence_tex(text: str) -> str:
    r"""For LaTeX, with its symbols set.

    >>> sentence_tex("100 % of a^[1] and w_jk")
    '100 \\% of $a^{[1]}$ and $w_{jk}$'
    """
    return _sentence(text, as_tex, _scripts)


def sentence_text(text: str) -> str:
    """For a terminal, with small digits and letters where there are some.

    >>> sentence_text("by a^[1] and w_31")
    'by a^[1] and w₃₁'
    """
    return _sentence(text, str, _small)


def _sentence(text: str, escaped: Callable[[str], str], symbol: Callable[[Word], str]) -> str:
    return "".join(symbol(word) if word.below or word.above else escaped(word.text) for word in words_of(text))


def _tags(word: Word) -> str:
    below, above = f"<sub>{word.below}</sub>" if word.below else "", f"<sup>{word.above}</sup>" if word.above else ""
    return f"<i>{word.text}</i>{below}{above}"


def _scripts(word: Word) -> str:
    below, above = f"_{{{word.below}}}" if word.below else "", f"^{{{word.above}}}" if word.above else ""
    return f"${word.text.replace('ŷ', HAT)}{below}{above}$"


HAT = r"\hat{y}"


def _small(word: Word) -> str:
    return symbol_text(Symbol(word.text, None, tuple(word.below))) + (f"^{word.above}" if word.above else "")
