"""How names, numbers, texts and comments are written in C."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.errors import InputError, sentence

KEYWORDS = {
    "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern", "float", "for", "goto", "if",
    "inline", "int", "long", "register", "restrict", "return", "short", "signed", "sizeof", "static", "struct", "switch", "typedef",
    "union", "unsigned", "void", "volatile", "while", "main",
}  # fmt: skip
IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
LONGEST = 31
"""characters of a name that C99 promises to tell apart"""


def check_name(name: object) -> str:
    """The name, if C takes it for one.

    Raises:
        InputError: it is no identifier, a word of the language, or so long that compilers may cut it.

    """
    right = isinstance(name, str) and IDENTIFIER.fullmatch(name) and name not in KEYWORDS and len(name) <= LONGEST - 10
    if not right:
        expected = (
            f"a C identifier of at most {LONGEST - 10} letters, digits and _, that begins with a letter and is no word of the language"
        )
        raise InputError(sentence("the name", "export_c", repr(name), expected, "e.g. name='model'"))
    return str(name)


@dataclass(frozen=True)
class Real:
    """The type of the numbers, float or double, and how its constants and functions are written.

    >>> Real("float").number(0.1), Real("double").number(2), Real("float").function("exp")
    ('0.1f', '2.0', 'expf')
    """

    dtype: str

    @property
    def numpy(self) -> Any:
        """The same type in NumPy."""
        return np.float32 if self.dtype == "float" else np.float64

    @property
    def suffix(self) -> str:
        """What ends a constant, and the name of a function of math.h."""
        return "f" if self.dtype == "float" else ""

    def number(self, value: float) -> str:
        """The shortest text that is this number of this type again."""
        with np.errstate(over="ignore"):
            rounded = self.numpy(value)
        if not np.isfinite(rounded):
            limit = f"{np.finfo(self.numpy).max:.2g}"
            raise InputError(
                sentence("a number", "the export", f"{value:g}", f"at most {limit}, as {self.dtype} goes", "use dtype='double'")
            )
        shown = str(rounded)
        return (shown if re.search(r"[.e]", shown) else f"{shown}.0") + self.suffix

    def function(self, name: str) -> str:
        """A function of math.h."""
        return name + self.suffix

    def array(self, declaration: str, values: Iterable[float]) -> str:
        """An array with its numbers, in lines."""
        return braces(declaration, [self.number(float(value)) for value in values])


def braces(declaration: str, texts: Sequence[str], width: int = 110) -> str:
    """``declaration = {...};`` with the entries in lines of some width."""
    lines, line = [], ""
    for text in texts:
        if line and len(line) + len(text) + 2 > width:
            lines.append(line.rstrip())
            line = ""
        line += f"{text}, "
    lines.append(line.rstrip(", "))
    if len(lines) == 1 and len(declaration) + len(lines[0]) < width:
        return f"{declaration} = {{{lines[0]}}};"
    return "\n".join([f"{declaration} = {{", *[f"    {line}" for line in lines], "};"])


def double(value: float) -> str:
    """A constant of type double; infinities and NaN by the names of math.h."""
    if value != value:
        return "NAN"
    if np.isinf(value):
        return "INFINITY" if value > 0 else "-INFINITY"
    return Real("double").number(value)


def string(text: str) -> str:
    """A text in quotes; other letters than those of C as octal bytes, which every compiler takes."""
    found = ""
    for byte in text.encode("utf-8", "surrogatepass"):
        letter = chr(byte)
        if letter in '"\\?':  # a ? so that no three of them make a trigraph
            found += f"\\{letter}"
        else:
            found += letter if 32 <= byte < 127 else f"\\{byte:03o}"
    return f'"{found}"'


def remark(text: str) -> str:
    """A text that may stand in a comment."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return plain.replace("**", "^").replace("*/", "* /").replace("/*", "/ *").replace("??", "? ?")


def comment(text: str) -> str:
    """A comment of one line or several."""
    lines = [remark(line).rstrip() for line in text.splitlines()]
    return "/* " + "\n   ".join(lines) + " */"
