"""LaTeX as MathML, which browsers show without a script.

latex2mathml converts; what is corrected afterwards is what browsers would show in another way than LaTeX does: names letter by letter,
the space around them, the bounds of a sum beside it, a minus sign that is none of a difference, brackets that do not know their side.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from functools import lru_cache


@lru_cache(maxsize=20_000)
def mathml(latex: str) -> str:
    r"""A ``math`` element; the same equation is converted once. What cannot be converted is shown as it is written.

    >>> mathml("x^2 < 1")
    '<math displaystyle="true"><msup><mi>x</mi><mn>2</mn></msup><mo>&lt;</mo><mn>1</mn></math>'

    """
    from latex2mathml.converter import convert

    try:
        found = convert(_known(latex))
    except Exception:  # each of its errors has a class of its own, some have none
        return f"<code>{html.escape(latex)}</code>"
    found = re.sub(r"&#x0*([0-9A-F]+);", _letter, found)
    for wrong, right in _CORRECTIONS:
        found = wrong.sub(right, found)
    if latex.startswith(("+ ", "- ")):  # the rest of a sum that began before: the sign stands between two terms
        found = found.replace("<mo>", '<mo form="infix">', 1)
    return found


def _known(latex: str) -> str:
    """Without the sizes of brackets, which it knows for few of them, and with growing brackets only around what is high."""
    latex, before = re.sub(r"\\bigl|\\bigr|\\big(?=/)", "", latex).translate(_HIDDEN), ""
    while latex != before:
        before, latex = latex, _LOW.sub(r"(\1)", latex)
    return latex


_HIDDEN = str.maketrans("<>", "\ue001\ue002")
"""it would leave them as they are in a text, where they could begin an element"""
_LOW = re.compile(r"\\left\(((?:(?!\\left|\\right|\\frac|\\sum|\\begin|\\sqrt).)*)\\right\)")


def _letter(match: re.Match[str]) -> str:
    return html.escape(chr(int(match[1], 16)))


def _word(match: re.Match[str]) -> str:
    return f"<mi>{''.join(re.findall(r'>([^<]+)</mi>', match[0]))}</mi>"


def _bounds(match: re.Match[str]) -> str:
    tag = "munder" if match[1] == "msub" else "munderover"
    bounds = match[2].replace("<mo>=</mo>", '<mo lspace="0" rspace="0">=</mo>')
    return f"<{tag}><mo>∑</mo>{bounds}</{tag}>"


_FUNCTIONS = "exp|log|sign|sinh?|cosh?|tanh?|arctan|max|min|diag|erfc?|expm1|log1p|softplus|relu|logcosh"
_CORRECTIONS: list[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]] = [
    (re.compile(pattern), right)
    for pattern, right in (
        (r'<math xmlns="[^"]*" display="inline"><mrow>(.*)</mrow></math>', r'<math displaystyle="true">\1</math>'),
        (r"<mi>\ue001</mi>", "<mo>&lt;</mo>"),
        (r"<mi>\ue002</mi>", "<mo>&gt;</mo>"),
        (r"&(?!\w+;)", "&amp;"),
        ("\ue001", "&lt;"),
        ("\ue002", "&gt;"),
        (r' stretchy="true" fence="true"', ""),  # they are so by themselves
        (r"<mrow>(?:<mi mathvariant=\"normal\">[^<]</mi>){2,}</mrow>", _word),
        (r"<mo>([A-Za-z]\w+)</mo>", r"<mi>\1</mi>"),  # an operator would keep its distance
        (r"<mo>([∞∂])</mo>", r"<mi>\1</mi>"),
        (r"<mi>Φ</mi>", '<mi mathvariant="normal">Φ</mi>'),
        (r"<mi>′</mi>", "<mo>′</mo>"),
        (r"<msup><mo stretchy=\"false\">\]</mo><mo>′</mo></msup>", '<mo stretchy="false">]</mo><mo>′</mo>'),
        (r"<(msub|msubsup)><mo>∑</mo>(.*?)</\1>", _bounds),
        (r"<msup><mo>‖</mo><mn>2</mn></msup>", '<msup><mo form="postfix" stretchy="false">‖</mo><mn>2</mn></msup>'),
        (r"<mo>‖</mo>", '<mo form="prefix" stretchy="false">‖</mo>'),
        (r"(<mover accent=\"true\">.*?)<mo>\^</mo>", r'\1<mo stretchy="false">^</mo>'),
        (r"(<mo[^>]*>[^])}|′‖<]+</mo>)<mo>−</mo>", r'\1<mo form="prefix">−</mo>'),
        (r"(</munder(?:over)?>)<mo>−</mo>", r'\1<mo form="prefix">−</mo>'),
        (rf"(</(?:m[in]|ms\w+|mfrac|mrow)>|<mo[^>]*>\)</mo>)(?=(?:<msup>)?<mi>(?:{_FUNCTIONS})</mi>)", r'\1<mspace width="0.17em"/>'),
        (r"<mrow>(<(m[ino]|mtext)\b[^>]*>[^<]*</\2>)</mrow>", r"\1"),
    )
]
