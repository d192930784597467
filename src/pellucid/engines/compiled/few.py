"""What is done row by row where rows are short, as texts in which the row is written out.

With the entries of a row side by side in one pass of a loop, LLVM takes eight or sixteen rows at a time; with a loop over the entries
inside the loop over the rows it takes one. That is half of the time or less, up to `MOST` entries; with more, rows lie too far apart.
"""

from __future__ import annotations

from functools import cache

from pellucid.engines.compiled.formulas import OBJECTIVE, Rule, code, made

MOST = 5
TURN = "source: Entries, count: int, target: Entries"


@cache
def softmax_cross_entropy(n: int) -> Rule:
    """`rowwise.softmax_cross_entropy` for n outputs: the same operations in the same order."""
    return made(
        OBJECTIVE,
        [
            *_exponentials(n, f"l_[i] = {_sum('y# * z#', n)}"),
            *_probabilities(n, f"weight = {_sum('y#', n)}"),
            "        l_[i] = weight * log(total) - l_[i]",
            *_each("dz_[row + #] = a# * weight - y#", n),
        ],
    )


@cache
def softmax_objective(n: int, contribution: str, slope: str) -> Rule:
    """a = softmax(z), l = the sum of a text in a and y over n outputs, dz = another text in them."""
    parameters: list[float] = []
    value, derivative = (code(text, ["y", "a"], parameters) for text in (contribution, slope))
    lines = []
    for j in range(n):
        lines += [f"        a, y = a{j}, y{j}", f"        l{j}, dz_[row + {j}] = {value}, {derivative}"]
    return made(OBJECTIVE, [*_exponentials(n), *_probabilities(n), *lines, f"        l_[i] = {_sum('l#', n)}"], parameters)


def _exponentials(n: int, *more: str) -> list[str]:
    """a = e^(z - top)."""
    return [
        *_rows(n),
        *_each("z#, y# = z_[row + #], y_[row + #]", n),
        "        top = z0",
        *_each("top = max(top, z#)", n)[1:],
        *_each("z# -= top", n),
        *["        " + line for line in more],
        *_each("a_[row + #] = z#", n),
        f"    for i in range(m * {n}):",
        "        a_[i] = exp(a_[i])",
    ]


def _probabilities(n: int, *more: str) -> list[str]:
    """A loop in which a is divided by its total."""
    return [
        *_rows(n),
        *_each("a#, y# = a_[row + #], y_[row + #]", n),
        f"        total = {_sum('a#', n)}",
        *["        " + line for line in more],
        "        share = number(1, a0) / total",
        *_each("a# *= share", n),
        *_each("a_[row + #] = a#", n),
    ]


def _rows(n: int) -> list[str]:
    return ["    for i in range(m):", f"        row = i * {n}"]


def _each(line: str, n: int) -> list[str]:
    return ["        " + line.replace("#", str(j)) for j in range(n)]


def _sum(term: str, n: int) -> str:
    return " + ".join(term.replace("#", str(j)) for j in range(n))


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
