"""The user's limit on threads holds inside, and is taken back."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_info

import pellucid as pl
from pellucid.engines.threads import at_most


def blas_threads():
    return {library["filepath"]: library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_the_limit_holds_inside_and_is_taken_back():
    before = blas_threads()
    with at_most(1):
        assert set(blas_threads().values()) == {1}
        with at_most(1):
            assert set(blas_threads().values()) == {1}
        assert set(blas_threads().values()) == {1}
    assert blas_threads() == before


def test_none_leaves_the_libraries_alone():
    before = blas_threads()
    with at_most(None):
        assert blas_threads() == before


def test_a_training_keeps_it():
    seen = []
    net = pl.Network([2, 3, 1], seed=0)
    net.fit(np.eye(2), np.ones(2), epochs=1, n_threads=1, progress=False, callbacks=[lambda moment: seen.append(blas_threads())])
    assert set(seen[0].values()) == {1}
