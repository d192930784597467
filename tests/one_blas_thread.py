"""Importing this holds BLAS to one thread, here and in processes started later: threads that wait for busy cores cost a hundredfold."""

from __future__ import annotations

import os

import scipy.linalg  # noqa: F401  brings SciPy's own BLAS, beside NumPy's
from threadpoolctl import threadpool_limits

for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
threadpool_limits(limits=1, user_api="blas")
