"""Numbers for pictures: few digits, true minus signs where asked, large arrays abbreviated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.equations.arrays import Array

MINUS = "−"


def number(value: float, digits: int = 3) -> str:
    """At most so many significant digits, and never longer than needed to tell its size.

    >>> number(0.123456), number(-12345.0), number(0.00012), number(0.0)
    ('0.123', '-1.23e4', '1.2e-4', '0')
    """
    small = 0 < abs(value) < 1e-3
    text = f"{float(value) + 0.0:.{digits - 1}e}" if small else f"{float(value) + 0.0:.{digits}g}"
    mantissa, e, exponent = text.partition("e")
    if not e:
        return text
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{int(exponent)}"


def compact(value: float, room: int = 6) -> str:
    """With three digits, or fewer so that it fits into the room, and a true minus.

    >>> compact(0.123), compact(-0.0123456)
    ('0.123', '−0.012')
    """
    text = next((text for text in (number(value, digits) for digits in (3, 2)) if len(text) <= room), number(value, 1))
    return text.replace("-", MINUS)


def brief(value: Array, most: int = 6) -> str:
    """One line: the number, the few entries, or the Euclidean norm.

    >>> brief(np.array(0.5)), brief(np.array([[1.0], [2.0]])), brief(np.ones((3, 3)))
    ('0.5', '[1, 2]', 'norm 3')
    """
    if value.ndim == 0 or value.size == 1:
        return number(float(value.item()))
    if value.size <= most and value.ndim < 3:
        rows = value.reshape(-1, 1) if 1 in value.shape or value.ndim == 1 else value
        texts = [", ".join(number(float(entry)) for entry in row) for row in rows]
        return f"[{', '.join(texts)}]" if rows.shape[1] == 1 else f"[{'; '.join(texts)}]"
    with np.errstate(over="ignore", invalid="ignore"):
        return f"norm {number(float(np.linalg.norm(value.ravel().astype(np.float64))))}"


def entries(value: Array, rows: int, columns: int) -> list[list[str]]:
    """The entries as texts, a list a row; what does not fit is left out from the middle, and dots stand in its place.

    >>> entries(np.arange(12.0).reshape(4, 3), rows=3, columns=2)
    [['0', '⋯', '2'], ['⋮', '⋱', '⋮'], ['9', '⋯', '11']]
    """
    table = value.reshape(-1, 1) if value.ndim < 2 else value
    rows_kept, columns_kept = shown(table.shape[0], rows), shown(table.shape[1], columns)
    found = []
    for i in rows_kept:
        line = []
        for j in columns_kept:
            dots = {(True, True): "⋱", (True, False): "⋮", (False, True): "⋯"}
            line.append(dots.get((i is None, j is None)) or number(float(table[i, j])).replace("-", MINUS))
        found.append(line)
    return found


def shown(count: int, most: int) -> Sequence[int | None]:
    """Which of ``count`` things are shown where there is room for ``most`` (2 at least); None stands for those left out.

    >>> shown(3, 4), shown(9, 4)
    ([0, 1, 2], [0, 1, None, 8])
    """
    if count <= most:
        return list(range(count))
    head = max(most - 2, 1)
    return [*range(head), None, count - 1]
