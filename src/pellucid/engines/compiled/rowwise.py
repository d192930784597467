"""Rules that look at a whole row: softmax, and the losses fused with it; and the same in each group of a row.

The parts with groups are given how many there are, and the size of each, as entries. Where all of a row is one group, the loops over it
are as tight as they can be; so these are parts of their own.
"""

from __future__ import annotations

import math
from typing import Any

from numba import njit

from pellucid.engines.compiled.elementary import exp, log
from pellucid.engines.compiled.intrinsics import as_entry
from pellucid.engines.compiled.parts import Entries, Reals, part


@part
def softmax(z: Entries, a: Entries, m: int, n: int, _: Entries) -> None:
    """a_i = e^(z_i - top) / sum_j e^(z_j - top), row by row; the exponentials of all rows are one loop, so that they fill the vectors."""
    for i in range(m):
        top = z[i * n]
        for j in range(1, n):
            top = max(top, z[i * n + j])
        for j in range(n):
            a[i * n + j] = z[i * n + j] - top
    for entry in range(m * n):
        a[entry] = exp(a[entry])
    for i in range(m):
        total = as_entry(0, a)
        for j in range(n):
            total += a[i * n + j]
        share = as_entry(1, a) / total
        for j in range(n):
            a[i * n + j] *= share


@part
def softmax_backward(da: Entries, _: Entries, a: Entries, m: int, n: int, __: Entries) -> None:
    """dz = a * (da - sum_k a_k da_k): the Jacobian applied."""
    for i in range(m):
        total = as_entry(0, a)
        for j in range(n):
            total += a[i * n + j] * da[i * n + j]
        for j in range(n):
            da[i * n + j] = a[i * n + j] * (da[i * n + j] - total)


@part
def softmax_cross_entropy(losses: Reals, dz: Entries, z: Entries, a: Entries, y: Entries, m: int, n: int, _: Entries, both: int) -> None:
    """a = softmax(z), l = -sum_k y_k log a_k, dz = a sum(y) - y.

    -log a_k = log sum_j e^(z_j - top) - (z_k - top). Exponentials and logarithms of all rows are one loop each, which halved the time of
    small outputs; on their way, dz[i] holds the sum of row i, then its logarithm. The last loop runs backward, so that it reads them before
    it writes over them.
    """
    for i in range(m):
        top = z[i * n]
        for j in range(1, n):
            top = max(top, z[i * n + j])
        found = as_entry(0, a)
        for j in range(n):
            shifted = z[i * n + j] - top
            a[i * n + j] = shifted
            found += y[i * n + j] * shifted
        losses[i] = found
    for entry in range(m * n):
        a[entry] = exp(a[entry])
    for i in range(m):
        total = as_entry(0, a)
        for j in range(n):
            total += a[i * n + j]
        dz[i] = total
        share = as_entry(1, a) / total
        for j in range(n):
            a[i * n + j] *= share
    for i in range(m):
        dz[i] = log(dz[i])
    for i in range(m - 1, -1, -1):
        logarithm, weight = dz[i], as_entry(0, a)
        for j in range(n):
            weight += y[i * n + j]
        losses[i] = weight * logarithm - losses[i]
        if both:
            for j in range(n):
                dz[i * n + j] = a[i * n + j] * weight - y[i * n + j]


@njit(error_model="numpy", forceinline=True)
def _log_loss(dz: Any, z: Any, a: Any, y: Any, row: Any, n: Any, both: Any) -> Any:
    """l of the n entries from ``row`` on, and where ``both`` is set their dz."""
    one, zero = as_entry(1, a), as_entry(0, a)
    top = z[row]
    for j in range(1, n):
        top = max(top, z[row + j])
    total, weight = zero, zero
    for j in range(n):
        total += exp(z[row + j] - top)
        weight += y[row + j]
    shift = top + log(total)
    for j in range(n):
        z[row + j] -= shift
        if both:
            dz[row + j] = a[row + j] - y[row + j] + a[row + j] * (weight - y[row + j])
    loss = 0.0
    for j in range(n):
        rest = -math.inf
        if n > 1:
            largest = as_entry(-math.inf, a)
            for k in range(n):
                if k != j:
                    largest = max(largest, z[row + k])
            others = zero
            for k in range(n):
                if k != j:
                    others += exp(z[row + k] - largest)
            rest = largest + log(others)
            loss -= y[row + j] * z[row + j] + (one - y[row + j]) * rest
            if both:
                odds = z[row + j] - rest
                for k in range(n):
                    if k != j:
                        dz[row + k] -= (one - y[row + j]) * exp(z[row + k] + odds)
        elif y[row] != one:
            loss = math.inf
    return loss


@part
def softmax_log_loss(losses: Reals, dz: Entries, z: Entries, a: Entries, y: Entries, m: int, n: int, _: Entries, both: int) -> None:
    """l = -sum_k y_k log a_k + (1 - y_k) log(1 - a_k), 1 - a_k being the sum of the others; dz as `equations.losses.softmax_log_loss`.

    z is written over with log a.
    """
    for i in range(m):
        losses[i] = _log_loss(dz, z, a, y, i * n, n, both)


@part
def softmax_in_groups(z: Entries, a: Entries, m: int, n: int, groups: Entries) -> None:
    """As `softmax`, in each group."""
    start = 0
    for _ in range(m):
        for g in range(1, int(groups[0]) + 1):
            stop = start + int(groups[g])
            top = z[start]
            for j in range(start + 1, stop):
                top = max(top, z[j])
            for j in range(start, stop):
                a[j] = z[j] - top
            start = stop
    for entry in range(m * n):
        a[entry] = exp(a[entry])
    start = 0
    for _ in range(m):
        for g in range(1, int(groups[0]) + 1):
            stop = start + int(groups[g])
            total = as_entry(0, a)
            for j in range(start, stop):
                total += a[j]
            share = as_entry(1, a) / total
            for j in range(start, stop):
                a[j] *= share
            start = stop


@part
def softmax_backward_in_groups(da: Entries, _: Entries, a: Entries, m: int, n: int, groups: Entries) -> None:
    """As `softmax_backward`, in each group."""
    start = 0
    for _row in range(m):
        for g in range(1, int(groups[0]) + 1):
            stop = start + int(groups[g])
            total = as_entry(0, a)
            for j in range(start, stop):
                total += a[j] * da[j]
            for j in range(start, stop):
                da[j] = a[j] * (da[j] - total)
            start = stop


@part
def softmax_cross_entropy_in_groups(
    losses: Reals, dz: Entries, z: Entries, a: Entries, y: Entries, m: int, n: int, groups: Entries, both: int
) -> None:
    """As `softmax_cross_entropy`, in each group; l is the sum over the groups.

    On their way, dz[i k + g] holds the sum of group g of the k of row i, then its logarithm; the last loop runs backward here, too.
    """
    count, start = int(groups[0]), 0
    for i in range(m):
        found = as_entry(0, a)
        for g in range(1, count + 1):
            stop = start + int(groups[g])
            top = z[start]
            for j in range(start + 1, stop):
                top = max(top, z[j])
            for j in range(start, stop):
                shifted = z[j] - top
                a[j] = shifted
                found += y[j] * shifted
            start = stop
        losses[i] = found
    for entry in range(m * n):
        a[entry] = exp(a[entry])
    start = 0
    for i in range(m):
        for g in range(1, count + 1):
            stop = start + int(groups[g])
            total = as_entry(0, a)
            for j in range(start, stop):
                total += a[j]
            dz[i * count + g - 1] = total
            share = as_entry(1, a) / total
            for j in range(start, stop):
                a[j] *= share
            start = stop
    for entry in range(m * count):
        dz[entry] = log(dz[entry])
    stop = m * n
    for i in range(m - 1, -1, -1):
        found = as_entry(0, a)
        for g in range(count, 0, -1):
            start = stop - int(groups[g])
            logarithm, weight = dz[i * count + g - 1], as_entry(0, a)
            for j in range(start, stop):
                weight += y[j]
            found += weight * logarithm
            if both:
                for j in range(start, stop):
                    dz[j] = a[j] * weight - y[j]
            stop = start
        losses[i] = found - losses[i]


@part
def softmax_log_loss_in_groups(
    losses: Reals, dz: Entries, z: Entries, a: Entries, y: Entries, m: int, n: int, groups: Entries, both: int
) -> None:
    """As `softmax_log_loss`, in each group; l is the sum over the groups."""
    start = 0
    for i in range(m):
        loss = 0.0
        for g in range(1, int(groups[0]) + 1):
            size = int(groups[g])
            loss += _log_loss(dz, z, a, y, start, size, both)
            start += size
        losses[i] = loss
