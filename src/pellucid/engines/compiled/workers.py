"""Threads in machine code: how a call is shared among them without Python between.

A worker looks for work for a while after it has done some, since in a training the next call comes within microseconds; waking a sleeping
thread takes fifty. When nothing comes it goes back to sleep in Python (`pellucid.engines.compiled.team`).
"""

from __future__ import annotations

from numba import carray, from_dtype

from pellucid.engines.compiled.intrinsics import atomic_exchange, atomic_load, atomic_store, call, give_way, pause, pointer_maker
from pellucid.engines.compiled.parts import part
from pellucid.engines.compiled.tables import ASLEEP, AT_WORK, CALL, DESK, DESK_BYTES, DESK_FIELDS, IDLE, TAKEN

LOOKS = 6000
"""how often a thread looks for what it waits for before it sleeps, or lets others run: about 100 us"""
RUN = DESK_FIELDS.index("run") * 8
"""where a desk tells for which call its worker works"""
as_desks, as_calls = pointer_maker(from_dtype(DESK)), pointer_maker(from_dtype(CALL))


@part
def serve(desk_at: int) -> None:
    """Be a worker: do what is laid on the desk, until nothing has come for a while."""
    desk = carray(as_desks(desk_at), 1)[0]
    looks = 0
    while True:
        state = atomic_load(desk_at)
        if state == AT_WORK:
            call(desk.kernel, (desk.net, desk.run, desk.number))
            atomic_store(desk_at + RUN, 0)  # by the worker, before it is idle: from then on the desk may be another call's
            atomic_store(desk_at, IDLE)
            looks = 0
        elif state == IDLE and looks > LOOKS:
            if atomic_exchange(desk_at, IDLE, ASLEEP):
                return
        else:
            looks += 1
            pause()
            if looks > LOOKS:
                give_way()


@part
def take(desks_at: int, n_desks: int, wanted: int, kernel: int, net: int, run: int) -> None:
    """Take workers that are idle or asleep until there are ``wanted`` threads with this one, and lay their work down.

    Those that sleep are marked, for Python to wake them.
    """
    desks = carray(as_desks(desks_at), n_desks)
    count = 1
    for index in range(n_desks):
        state_at = desks_at + index * DESK_BYTES
        if count < wanted:
            idle = atomic_exchange(state_at, IDLE, TAKEN)
            if idle or atomic_exchange(state_at, ASLEEP, TAKEN):
                desk = desks[index]
                desk.kernel, desk.net, desk.run, desk.number, desk.sleeps = kernel, net, run, count, 0 if idle else 1
                count += 1
    carray(as_calls(run), 1)[0].n_threads = count


@part
def lead(desks_at: int, n_desks: int, kernel: int, net: int, run: int) -> None:
    """Run a kernel on this thread and on the workers that were taken for it, and wait for them."""
    desks = carray(as_desks(desks_at), n_desks)
    for index in range(n_desks):
        if desks[index].run == run:
            atomic_exchange(desks_at + index * DESK_BYTES, TAKEN, AT_WORK)
    call(kernel, (net, run, 0))
    for index in range(n_desks):
        looks = 0
        desk_at = desks_at + index * DESK_BYTES
        while atomic_load(desk_at) == AT_WORK and atomic_load(desk_at + RUN) == run:
            looks += 1
            pause()
            if looks > LOOKS:
                give_way()


@part
def dismiss(desks_at: int, n_desks: int, run: int) -> None:
    """Give back workers that were taken for a call that is not to be."""
    desks = carray(as_desks(desks_at), n_desks)
    for index in range(n_desks):
        if desks[index].run == run:
            desks[index].run = 0
            atomic_exchange(desks_at + index * DESK_BYTES, TAKEN, IDLE)
