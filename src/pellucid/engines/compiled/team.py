"""Threads: how many a call may have, and the workers that run it.

Compiled code holds no lock of Python's, so ordinary threads run it side by side. They meet inside it (`conductor.meet`); here they are
only sent. All calls of a process share its cores: one that finds them taken runs alone, and computes the same bits.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

from pellucid.engines.compiled.memory import aligned, at
from pellucid.engines.compiled.parts import Part
from pellucid.engines.compiled.store import address
from pellucid.engines.compiled.tables import DESK, DESK_BYTES, DESK_FIELDS, Call
from pellucid.equations.arrays import Array

Kernel = Callable[[int, int, int], None]
"""a compiled function of the addresses of two tables and the number of the thread"""


class _Team:
    """The workers of this process: one fewer than its cores, asleep in Python when there is nothing to do."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.busy = 0
        self.desks: Array | None = None
        self.bells: list[threading.Event] = []
        self.workers: list[threading.Thread] = []

    def hire(self) -> None:
        """Make the workers, where there are none yet."""
        with self.lock:
            if self.desks is not None:
                return
            desks = aligned(cores() - 1, DESK)
            desks[:] = 0
            self.bells = [threading.Event() for _ in desks]
            self.sleeps = (ctypes.c_int64 * (desks.nbytes // 8)).from_buffer(desks)  # type: ignore[arg-type]
            for number in range(len(desks)):
                worker = threading.Thread(target=self._work, args=(at(desks), number), name=f"pellucid-{number + 1}", daemon=True)
                worker.start()
                self.workers.append(worker)
            self.desks = desks

    def wake(self) -> None:
        """Wake those that were taken in their sleep, each on a core of its own."""
        for number, bell in enumerate(self.bells):
            if self.sleeps[number * WORDS + SLEEPS]:
                self.sleeps[number * WORDS + SLEEPS] = 0
                _place(self.workers[number], number + 1)
                bell.set()

    def _work(self, desks: int, number: int) -> None:
        serve, bell = _function("serve", 1), self.bells[number]
        while True:
            bell.wait()
            bell.clear()
            serve(desks + number * DESK_BYTES)


WORDS = DESK_BYTES // 8
SLEEPS = DESK_FIELDS.index("sleeps")
_team = _Team()


def _after_fork() -> None:
    """A forked child has none of its parent's threads."""
    global _team
    _team = _Team()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@cache
def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _libraries() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


def limit() -> int:
    """At most so many threads: the cores, $OMP_NUM_THREADS, and what threadpoolctl holds the BLAS libraries to."""
    told = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    limits = [cores(), *([int(told)] if told.isdecimal() and int(told) > 0 else [])]
    if min(limits) > 1:
        limits += [library["num_threads"] for library in _libraries().info()]
    return max(1, min(limits))


def enter(wanted: int) -> int:
    """Take as many threads as are free, at most ``wanted``, at least one; `leave` gives them back."""
    team = _team
    with team.lock:
        count = 1 if wanted == 1 else max(1, min(wanted, cores() - team.busy))
        team.busy += count
    return count


def leave(count: int) -> None:
    """Give so many threads back."""
    team = _team
    with team.lock:
        team.busy -= count


def run(kernel: int, net: int, call: Call, wanted: int) -> None:
    """Run the kernel at an address on at most so many threads, this one among them; ``call.n_threads`` says then on how many."""
    here = ctypes.addressof(call)
    count = enter(wanted)
    try:
        if count == 1:
            call.n_threads = 1
            _kernel(kernel)(net, here, 0)
        else:
            _together(kernel, net, here, count)
    finally:
        leave(count)


def alone(kernel: int, net: int, call: Call) -> None:
    """Run a kernel for a moment on this thread, without counting it."""
    call.n_threads = 1
    _kernel(kernel)(net, ctypes.addressof(call), 0)


def _together(kernel: int, net: int, call: int, wanted: int) -> None:
    team = _team
    if team.desks is None:
        team.hire()
    desks, n_desks = at(team.desks), len(team.bells)
    try:
        _function("take", 6)(desks, n_desks, wanted, kernel, net, call)
        team.wake()
        _function("lead", 5)(desks, n_desks, kernel, net, call)
    except BaseException:  # Ctrl-C, before the work began
        _function("dismiss", 3)(desks, n_desks, call)
        raise


def _place(worker: threading.Thread, number: int) -> None:
    """Let a worker, which sleeps, wake on the ``number``-th core after this one.

    Linux wakes it on the core of the thread that calls it, which has begun to wait for it there: 4 ms pass before it may run, and then the
    two stay for seconds, as both give way to each other so often that neither looks worth moving.
    """
    here = _this_core()
    if here is None or worker.native_id is None:
        return
    allowed = sorted(os.sched_getaffinity(0))
    if here in allowed and len(allowed) > 1:
        with suppress(OSError):
            os.sched_setaffinity(worker.native_id, {allowed[(allowed.index(here) + number) % len(allowed)]})


@cache
def _core_teller() -> Callable[[], int] | None:
    """The system's function that tells on which core the calling thread runs."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    found: Callable[[], int] | None = getattr(ctypes.CDLL(None), "sched_getcpu", None)
    return found


def _this_core() -> int | None:
    teller = _core_teller()
    return None if teller is None else teller()


@cache
def _kernel(address: int) -> Kernel:
    """The kernel at an address, as Python calls it: without Python's lock."""
    return ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)(address)


@cache
def _function(name: str, n_arguments: int) -> Callable[..., None]:
    """A part of `pellucid.engines.compiled.workers`."""
    return ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * n_arguments)(address(Part(f"workers.{name}")))
