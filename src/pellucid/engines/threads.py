"""The user's limit on threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_TURN = threading.RLock()


@contextmanager
def at_most(n_threads: int | None) -> Iterator[None]:
    """Hold the BLAS libraries to ``n_threads`` inside; None leaves them as they are.

    The limit is one of the whole process, so trainings with a limit of their own take turns: overlapping limits would otherwise restore
    each other's.
    """
    if n_threads is None:
        yield
        return
    from threadpoolctl import threadpool_limits

    with _TURN, threadpool_limits(limits=n_threads, user_api="blas"):
        yield
