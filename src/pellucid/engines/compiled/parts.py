"""Parts: the functions that become machine code, each on its own, and how they are named.

A part is compiled when it is first needed, and called by its address: so a new rule, a formula of the user's among them, is compiled
alone, and nothing that calls it is compiled again. Nothing here needs the compiler: when the code of a part lies on disk already, Numba is
not even imported.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any, Protocol, TypeAlias, TypeVar, overload


class Entries(Protocol):
    """A pointer to the entries of an array, float32 or float64."""

    def __getitem__(self, index: int) -> Any: ...
    def __setitem__(self, index: int, value: Any) -> None: ...


Reals: TypeAlias = Entries
"""a pointer to float64 whatever the entries are"""
Integers: TypeAlias = Entries
"""a pointer to int64"""
Words: TypeAlias = Entries
"""a pointer to 64 bits each"""
HalfWords: TypeAlias = Entries
"""a pointer to 32 bits each"""
Word: TypeAlias = int
"""64 bits"""
NetTable: TypeAlias = Any
"""a pointer to a record `tables.NET`"""
CallTable: TypeAlias = Any
"""a pointer to a record `tables.CALL`"""

Function = TypeVar("Function", bound=Callable[..., None])


@overload
def part(function: Function) -> Function: ...
@overload
def part(*, fastmath: set[str]) -> Callable[[Function], Function]: ...
def part(function: Any = None, *, fastmath: Any = False) -> Any:
    """Mark a function as a part; its annotations say what it takes.

    ``fastmath`` are LLVM's permissions; without them machine code rounds as written, so that vectors and single entries agree.
    """
    if function is None:
        return partial(part, fastmath=fastmath)
    function.fastmath = fastmath
    return function


@dataclass(frozen=True)
class Part:
    """Where a part is to be found: ``module.function`` of this package, or the function ``rule`` of a text."""

    name: str
    """also the name of the file that its machine code is kept in"""
    source: str | None = None

    def function(self) -> Callable[..., None]:
        """The Python function, for the compiler."""
        module, _, name = self.name.partition(".")
        if self.source is None:
            found: Callable[..., None] = getattr(import_module(f"pellucid.engines.compiled.{module}"), name)
            return found
        names: dict[str, Any] = {"__name__": module}
        exec(compile(self.source, f"<{self.name}>", "exec"), names)
        rule: Callable[..., None] = names[name]
        return rule
