"""What is done row by row where rows are short, as texts in which the row is written out.

With the entries of a row side by side in one pass of a loop, LLVM takes eight or sixteen rows at a time; with a loop over the entries
inside the loop over the rows it takes one. That is half of the time or less, up to `MOST` entries; with more, rows lie too far apart.
"""

from __future__ import annotations

from functools import cache

from pellucid.engines.compiled.formulas import OBJECTIVE, Rule, made

MOST = 5
TURN = "source: Entries, count: int, target: Entries"


@cache
def softmax_cross_entropy(n: int) -> Rule:
    """`rowwise.softmax_cross_entropy` for n outputs: the same operations in the same order."""

    def each(line: str) -> list[str]:
        return ["        " + line.replace("#", str(j)) for j in range(n)]

    def total(term: str) -> str:
        return " + ".join(term.replace("#", str(j)) for j in range(n))

    rows = ["    for i in range(m):", f"        row = i * {n}"]
    return made(
        OBJECTIVE,
        [
            *rows,
            *each("z#, y# = z_[row + #], y_[row + #]"),
            "        top = z0",
            *each("top = max(top, z#)")[1:],
            *each("z# -= top"),
            f"        l_[i] = {total('y# * z#')}",
            *each("a_[row + #] = z#"),
            f"    for i in range(m * {n}):",
            "        a_[i] = exp(a_[i])",
            *rows,
            *each("a#, y# = a_[row + #], y_[row + #]"),
            f"        total, weight = {total('a#')}, {total('y#')}",
            "        share = number(1, a0) / total",
            *each("a# *= share"),
            *each("a_[row + #] = a#"),
            "        l_[i] = weight * log(total) - l_[i]",
            *each("dz_[row + #] = a# * weight - y#"),
        ],
    )


@cache
def turn(n: int) -> Rule:
    """The part that writes the transpose of a matrix of n rows and ``count`` columns."""
    lines = [f"        target[i * {n} + {j}] = source[{j} * count + i]" for j in range(n)]
    return made(TURN, ["    for i in range(count):", *lines])


@cache
def turn_back(n: int) -> Rule:
    """The part that writes the transpose of a matrix of ``count`` rows and n columns."""
    lines = [f"        target[{j} * count + i] = source[i * {n} + {j}]" for j in range(n)]
    return made(TURN, ["    for i in range(count):", *lines])
