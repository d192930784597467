"""Who remembers something over an interruption besides the training itself: early stopping, and callbacks that have a state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.training.callbacks import Callback, Watch
from pellucid.training.checkpoints import Snapshot
from pellucid.training.identity import refuse, short

WATCH = "early stopping"
LISTED = "callbacks"
"""under which a checkpoint lists the callbacks that remember, by the names of their classes"""


def remembering(callbacks: Sequence[Callback]) -> list[Callback]:
    """The callbacks that have a state: a function, or a class without one, may come and go between two parts of a training."""
    plain = (Callback.state, Callback.restore)
    return [callback for callback in callbacks if (type(callback).state, type(callback).restore) != plain]


def states(callbacks: Sequence[Callback], watch: Watch | None) -> dict[str, Any]:
    """What they remember, and the list of them."""
    who = remembering(callbacks)
    found: dict[str, Any] = {LISTED: [type(callback).__name__ for callback in who]}
    found |= {f"callback {index}": callback.state() for index, callback in enumerate(who)}
    return found if watch is None else {**found, WATCH: watch.state()}


def restore(snapshot: Snapshot, callbacks: Sequence[Callback], watch: Watch | None, vector: Array) -> None:
    """Let them remember it again; ``vector`` is of the network.

    Raises:
        ModelFileError: the checkpoint is of a training with other callbacks, or the only one of the two with early stopping.
        ValueError, KeyError, TypeError: it is no state of them.

    """
    facts = snapshot.facts
    if (WATCH in facts) != (watch is not None):
        got, wanted = (f"of a training {'with' if there else 'without'} early stopping" for there in (WATCH in facts, watch is not None))
        raise refuse(snapshot, got, f"one {wanted.removeprefix('of a training ')}, as this is")
    parts: list[tuple[str, Any]] = [(f"callback {index}", part) for index, part in enumerate(_matched(snapshot, callbacks))]
    for name, part in parts if watch is None else [*parts, (WATCH, watch)]:
        start = f"{name}."  # format 1 had their arrays among the others
        state = facts[name] | {key.removeprefix(start): value for key, value in snapshot.arrays.items() if key.startswith(start)}
        best = state.get("best_vector")
        if best is not None and hasattr(part, "best_vector") and not _fits(best, vector):
            raise ValueError("the best weights are none of this network")
        part.restore(state)


def _fits(best: Array, vector: Array) -> bool:
    return best.dtype == vector.dtype and best.shape == vector.shape and bool(np.isfinite(best).all())


def _matched(snapshot: Snapshot, callbacks: Sequence[Callback]) -> Sequence[Callback]:
    """Those whose states the checkpoint has, in its order."""
    listed = snapshot.facts.get(LISTED)
    if listed is None:  # the first files numbered all of them, and did not say what they are
        numbered = sum(name.startswith("callback ") for name in snapshot.facts)
        if numbered != len(callbacks):
            raise refuse(snapshot, f"of a training with {numbered} callbacks", f"one with {len(callbacks)}, as this has")
        return callbacks
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise ValueError("the list of callbacks is none")
    who = remembering(callbacks)
    given = [type(callback).__name__ for callback in who]
    if listed != given:
        own = [type(callback).__name__ for callback in who if not callback.given]
        if own and listed[-len(own) :] == own:
            listed, given = listed[: -len(own)], given[: -len(own)]
        repair = "give callbacks of the same classes in the same order, or begin anew"
        raise refuse(snapshot, f"of a training {_with(listed)}", f"one {_with(given)}, as this is", repair)
    return who


def _with(names: Sequence[str]) -> str:
    if not names:
        return "without callbacks that have a state"
    return f"with the callback{'' if len(names) == 1 else 's'} {short(', '.join(names))}"
