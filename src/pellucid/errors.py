"""The few kinds of error, and the one place that builds their sentence.

Every kind is also the fitting built-in, so code that expects a ``ValueError`` (as scikit-learn's checks do) keeps working.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PellucidError(Exception):
    """Anything that Pellucid refuses; the message is one sentence that says how to repair it."""


class InputError(PellucidError, ValueError):
    """A value that a user handed in is not acceptable."""


class ShapeError(InputError):
    """An array has the wrong shape."""


class UnknownNameError(InputError):
    """A name (activation, loss, optimizer ...) is not in the catalogue."""


class FormulaError(InputError):
    """A formula cannot be read or used; below the sentence stands the formula, with a mark under the place."""

    def __init__(self, told: str, source: str, start: int, end: int) -> None:
        super().__init__(told if not source else f"{told}\n{marked(source, start, end)}")
        self.told, self.source, self.start, self.end = told, source, start, end

    def __reduce__(self) -> tuple[type[FormulaError], tuple[str, str, int, int]]:
        return type(self), (self.told, self.source, self.start, self.end)


class TableError(InputError):
    """A table of data cannot be used as asked."""


class ModelFileError(PellucidError, ValueError):
    """A model file is damaged, foreign, or of a version that this release cannot read."""


class OutputError(PellucidError, OSError):
    """A result cannot be written where it was asked for."""


class ExportError(PellucidError, ArithmeticError):
    """An export does not compute what the model does; nothing was written."""


class DependencyError(PellucidError, ImportError):
    """A package that only some need, and that an extra brings, is not installed."""


class DivergenceError(PellucidError, ArithmeticError):
    """The cost became non-finite while training."""


class ResumeError(ModelFileError, DivergenceError):
    """The cost became non-finite just after a training was gone on with: its checkpoint is damaged, or the training diverges there."""


class GradientError(PellucidError, ArithmeticError):
    """A check of the gradients failed."""


def sentence(what: str, where: str, got: object, expected: object, repair: str) -> str:
    """One sentence: what is wrong, where, what was found, what would be right, how to repair it.

    >>> sentence("the slope", "leaky_relu", 2, "a number below 1", "choose a smaller slope, e.g. 0.01")
    'The slope in leaky_relu is 2, expected a number below 1: choose a smaller slope, e.g. 0.01.'
    """
    return f"{what[:1].upper()}{what[1:]} in {where} is {got}, expected {expected}: {repair}."


def marked(source: str, start: int, end: int, width: int = 76) -> str:
    """A text, or as much of it as fits a line, with a mark under the characters from start to end.

    >>> print(marked("x * foo(x)", 4, 7))
      x * foo(x)
          ^^^
    """
    first = max(0, min(start - width // 2, len(source) - width))
    shown = source[first : first + width].translate(dict.fromkeys(range(32), " "))
    before, after = "..." if first else "", "..." if first + width < len(source) else ""
    length = max(1, min(end, first + width) - start)
    return f"  {before}{shown}{after}\n  {' ' * (len(before) + start - first)}{'^' * length}"


def unknown_name(kind: str, name: object, known: Iterable[str]) -> UnknownNameError:
    """The error for a name that is not in a catalogue, with the nearest right one suggested.

    >>> str(unknown_name("activation", "rellu", ["relu", "tanh"]))
    "Unknown activation 'rellu': did you mean 'relu'? Known are relu, tanh."
    """
    names = list(known)
    spelled, given = {name.lower(): name for name in names}, repr(name)
    given = given if len(given) <= 80 else f"{given[:77]}..."
    near = difflib.get_close_matches(str(name).lower(), spelled, n=1, cutoff=0.5)
    hint = f"did you mean {spelled[near[0]]!r}? " if near else ""
    return UnknownNameError(f"Unknown {kind} {given}: {hint}Known are {', '.join(names)}.")
