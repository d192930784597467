"""Threads: how many a call may have, and the workers that run it.

Compiled code holds no lock of Python's, so ordinary threads run it side by side. They meet inside it (`propagation.meet`); here they are
only sent. All calls of a process share its cores: one that finds them taken runs alone, and computes the same bits.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from pellucid.engines.compiled.tables import Call

Kernel = Callable[[int, int, int], None]
"""a compiled function of the addresses of two tables and the number of the thread"""


class _Team:
    """The workers of this process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.busy = 0
        self.pool: ThreadPoolExecutor | None = None


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


def run(kernel: Kernel, net: int, call: Call, wanted: int) -> int:
    """Run a kernel on at most so many threads, this one among them, and say on how many."""
    call.n_threads = count = enter(wanted)
    try:
        if count == 1:
            kernel(net, ctypes.addressof(call), 0)
        else:
            _together(kernel, net, ctypes.addressof(call), count)
    finally:
        leave(count)
    return count


def _together(kernel: Kernel, net: int, call: int, n_threads: int) -> None:
    team = _team
    if team.pool is None:
        with team.lock:
            team.pool = team.pool or ThreadPoolExecutor(cores(), thread_name_prefix="pellucid")
    here = _this_core()
    others = [team.pool.submit(_apart, here, kernel, net, call, number) for number in range(1, n_threads)]
    kernel(net, call, 0)
    for other in others:
        other.result()


def _apart(here: int | None, kernel: Kernel, net: int, call: int, number: int) -> None:
    """Run a kernel on a core of one's own: the ``number``-th after the one where the call comes from.

    Where Linux wakes both threads on one core, it leaves them there for seconds: they give way to each other so often that neither looks
    worth moving, and a step takes as long as with one thread.
    """
    allowed = [] if here is None else sorted(os.sched_getaffinity(0))
    if here not in allowed:
        kernel(net, call, number)
        return
    os.sched_setaffinity(0, {allowed[(allowed.index(here) + number) % len(allowed)]})
    try:
        kernel(net, call, number)
    finally:
        os.sched_setaffinity(0, allowed)


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


def kernel(address: int) -> Kernel:
    """The function at an address, as Python calls it: without the lock."""
    prototype = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)
    return prototype(address)
