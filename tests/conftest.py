"""Settings of every test run: doubles in the oracle, no deadlines on a noisy machine, the same draws in CI."""

from __future__ import annotations

import os
import signal

import jax
import pytest
from hypothesis import HealthCheck, settings

import one_blas_thread  # noqa: F401  two test processes on two cores: waiting BLAS threads cost a hundredfold

jax.config.update("jax_enable_x64", True)
settings.register_profile("usual", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("usual"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "usual")


@pytest.fixture(scope="session", autouse=True)
def said_that_it_compiles():
    """The sentence of the first run on a machine comes now, not in the midst of a test of what is printed."""
    from pellucid.engines.compiled import store

    store.folder()


@pytest.fixture
def usual_ctrl_c():
    """Ctrl-C as in a terminal, here and in processes started here; tests that a shell runs in the background (``&``) ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
