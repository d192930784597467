"""How strong the line of a weight is drawn."""

from __future__ import annotations

FEW = 30
"""so many lines between two layers are no crowd"""


def stroke(size: float, lines: int) -> tuple[float, float]:
    """Width and opacity, by the size of the weight (0 to 1, of its layer); among many lines only the largest stand out.

    >>> stroke(1.0, lines=10), stroke(0.1, lines=10)
    ((3.8, 0.95), (0.83, 0.365))
    >>> stroke(1.0, lines=400), stroke(0.1, lines=400)
    ((1.95, 0.7465), (0.645, 0.0974))
    """
    ease = min(1.0, FEW / lines)
    return round(0.5 + (1.3 + 2 * ease) * size, 4), round(0.08 + 0.22 * ease + 0.65 * size ** (3 - 2 * ease), 4)
