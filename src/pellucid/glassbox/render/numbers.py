"""Values as texts: one form for all entries of an array, so that they stand below each other, and dots in the middle of a large one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

ROWS, COLUMNS = 10, 8
"""what has more is abbreviated"""
ACROSS, DOWN, ASLANT = "⋯", "⋮", "⋱"
_SMALL, _LARGE = -4, 6
"""powers of ten from which on the power stands before the array"""


@dataclass(frozen=True)
class Grid:
    """An array as texts in rows: 10^power times them."""

    cells: tuple[tuple[str, ...], ...]
    shape: tuple[int, ...]
    power: int = 0
    norm: str = ""
    """of all entries, where not all of them are shown"""

    @property
    def scalar(self) -> bool:
        """Whether it is one number, no array."""
        return self.shape == ()

    @property
    def caption(self) -> str:
        """Shape and norm of an array that is abbreviated: 128 × 784, norm 11.31."""
        return f"{shape_text(self.shape)}, norm {self.norm}" if self.norm else ""

    @property
    def width(self) -> int:
        """How many characters a row takes, two between neighbours."""
        return sum(max(map(len, column)) for column in zip(*self.cells, strict=True)) + 2 * (len(self.cells[0]) - 1)


def grid(value: Any, precision: int = 4, rows: int = ROWS, columns: int = COLUMNS, width: int | None = None) -> Grid:
    """A number, or an array with one or two axes, to so many decimals.

    There are more decimals where the largest entry is small, and fewer where nothing is lost by it. An entry that is not zero never reads
    as zero. One axis becomes a row.

    Args:
        value: what numpy makes an array of.
        precision: decimals, and at least so many digits of the largest entry.
        rows: with more of them, dots take the place of those in the middle.
        columns: likewise.
        width: columns are left out until a row has at most so many characters.

    >>> grid([[1.0, -0.25], [0.0, 1e-9]]).cells
    (('1.00', '-0.25'), ('0', '1e-09'))
    >>> grid(np.zeros((128, 784))).caption
    '128 × 784, norm 0'

    """
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        array = array.astype(float)
    if array.size == 0:
        return Grid((("",),), array.shape)
    table = array.reshape(1, -1) if array.ndim < 2 else array.reshape(len(array), -1)
    down, across = _kept(table.shape[0], rows), _kept(table.shape[1], columns)
    while True:
        seen = table[np.ix_([r for r in down if r is not None], [c for c in across if c is not None])]
        power, cells = _texts(seen, precision)
        texts = _with_dots(cells, down, across)
        left_out = None in down or None in across
        found = Grid(texts, array.shape, power, number(_norm(array), precision) if left_out else "")
        if width is None or found.width <= width or len(across) <= 3:
            return found
        columns = min(columns, len(across)) - 1
        across = _kept(table.shape[1], columns)


def number(value: float, precision: int = 4) -> str:
    """One number, with its power of ten in the way of programs where it is very large or small.

    >>> number(0.25), number(1 / 3), number(2e-9), number(0.99998)
    ('0.25', '0.3333', '2e-09', '1.0000')
    """
    power, ((text,),) = _texts(np.array([[value]]), precision)
    return f"{text}e{power:+03d}" if power else text


def shape_text(shape: tuple[int, ...]) -> str:
    """5 × 4; one axis is called by its length alone."""
    return " × ".join(map(str, shape)) if shape else "a number"


def _kept(count: int, limit: int) -> list[int | None]:
    """Which of so many are shown; None is where the dots stand."""
    if count <= limit:
        return list(range(count))
    last = 1 if limit < 6 else 2
    first = max(limit - last - 1, 1)
    return [*range(first), None, *range(count - last, count)]


def _norm(array: np.ndarray) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.sqrt(np.square(array.astype(np.float64)).sum()))


def _texts(seen: np.ndarray, precision: int) -> tuple[int, list[list[str]]]:
    entries = seen.astype(np.float64)
    finite = np.abs(entries[np.isfinite(entries)])
    largest = float(finite.max()) if finite.size else 0.0
    if largest == 0 or (largest < 10**_LARGE and np.array_equal(finite, np.rint(finite))):
        return 0, [[_special(entry) or f"{entry:.0f}".replace("-0", "0") for entry in row] for row in entries.tolist()]
    power = int(f"{largest:.{precision}e}".partition("e")[2])
    if not _SMALL <= power < _LARGE:
        with np.errstate(over="ignore"):
            scaled = entries / 10.0**power if power > -300 else entries * 1e300 / 10.0 ** (power + 300)
        return power, _fixed(scaled, precision, entries, power)
    return 0, _fixed(entries, max(precision, precision - 1 - power), entries, 0)


def _fixed(entries: np.ndarray, decimals: int, whole: np.ndarray, power: int) -> list[list[str]]:
    """Without the zeros at the end that all have, if nothing else was rounded away: 1.0000 may stand for 0.99998."""
    listed = entries.tolist()
    texts = [[_special(entry) or f"{entry:.{decimals}f}" for entry in row] for row in listed]
    pairs = [(entry, text) for row, written in zip(listed, texts, strict=True) for entry, text in zip(row, written, strict=True)]
    spare = min((_spare(entry, text) for entry, text in pairs if "." in text), default=0)
    cut = spare + 1 if spare == decimals and decimals else spare
    return [
        [_cell(entry, power, text[:-cut] if cut and "." in text else text) for entry, text in zip(row, written, strict=True)]
        for row, written in zip(whole.tolist(), texts, strict=True)
    ]


def _spare(entry: float, text: str) -> int:
    """How many zeros at the end of a number are exact."""
    zeros = len(text) - len(text.rstrip("0"))
    return zeros if math.isclose(float(text), entry, rel_tol=1e-12) or not text.strip("-0.") else 0


def _cell(entry: float, power: int, text: str) -> str:
    """What would read as zero and is none is told with one digit and its power of ten."""
    if text.strip("-0.") or not text.strip("-"):
        return text
    if not entry:
        return "0"
    digit, _, exponent = f"{entry:.0e}".partition("e")
    return f"{digit}e{int(exponent) - power:+03d}"


def _special(entry: float) -> str:
    if math.isnan(entry):
        return "NaN"
    return "" if math.isfinite(entry) else "∞" if entry > 0 else "-∞"


def _with_dots(cells: list[list[str]], down: Sequence[int | None], across: Sequence[int | None]) -> tuple[tuple[str, ...], ...]:
    texts, row = [], 0
    for r in down:
        line, column = [], 0
        for c in across:
            if r is None or c is None:
                line.append(DOWN if c is not None else ACROSS if r is not None else ASLANT)
            else:
                line.append(cells[row][column])
            column += c is not None
        texts.append(tuple(line))
        row += r is not None
    return tuple(texts)
