"""What looks at a whole row: softmax, and the losses that are fused with it."""

from __future__ import annotations

import re
from collections.abc import Callable

from pellucid.equations.activations import Softmax
from pellucid.export.c.expressions import Translator

SOFTMAX_FORWARD = """\
/* softmax: a_i = e^z_i / sum_j e^z_j; the largest z is taken off all of them first, so that nothing overflows */
static void softmax_forward(real *a, const real *z, int n)
{
    real top = z[0], total = 0;
    for (int i = 1; i < n; i++)
        top = z[i] > top ? z[i] : top;
    for (int i = 0; i < n; i++) {
        a[i] = exp(z[i] - top);
        total += a[i];
    }
    for (int i = 0; i < n; i++)
        a[i] /= total;
}"""

SOFTMAX_BACKWARD = """\
/* dz_i = sum_k da_k a_k ((i == k) - a_i) = a_i (da_i - sum_k a_k da_k): the Jacobian of softmax, applied to da */
static void softmax_backward(real *dz, const real *da, const real *a, int n)
{
    real total = 0;
    for (int k = 0; k < n; k++)
        total += a[k] * da[k];
    for (int i = 0; i < n; i++)
        dz[i] = a[i] * (da[i] - total);
}"""

LOG_SUM = """\
/* log sum_j e^z_j over all j but one (none is left out where it is -1) */
static real log_sum(const real *z, int n, int but)
{
    real top = -INFINITY, total = 0;
    for (int j = 0; j < n; j++)
        top = j != but && z[j] > top ? z[j] : top;
    for (int j = 0; j < n; j++)
        total += j != but ? exp(z[j] - top) : 0;
    return top + log(total);
}"""

CROSS_ENTROPY = """\
/* l = -sum_k y_k log a_k, log a_k = z_k - log sum_j e^z_j */
static double loss(const real *z, const real *y, int n)
{
    real all = log_sum(z, n, -1);
    double l = 0;
    for (int k = 0; k < n; k++)
        l -= y[k] * (z[k] - all);
    return l;
}"""

CROSS_ENTROPY_BACKWARD = """\
/* dz = a sum(y) - y, the loss and softmax derived together; a - y where the targets sum to one */
static void loss_backward(real *dz, const real *a, const real *y, int n)
{
    real sum = 0;
    for (int k = 0; k < n; k++)
        sum += y[k];
    for (int i = 0; i < n; i++)
        dz[i] = a[i] * sum - y[i];
}"""

LOG_LOSS = """\
/* l = -sum_k y_k log a_k + (1 - y_k) log(1 - a_k), where 1 - a_k is the sum of the other entries of the softmax */
static double loss(const real *z, const real *y, int n)
{
    real all = log_sum(z, n, -1);
    double l = 0;
    for (int k = 0; k < n; k++) {
        if (y[k] != 0)
            l -= y[k] * (z[k] - all);
        if (y[k] != 1)
            l -= (1 - y[k]) * (log_sum(z, n, k) - all);
    }
    return l;
}"""

LOG_LOSS_BACKWARD = """\
/* dz_i = a_i - y_i + sum_(j != i) (y_j a_i - (1 - y_j) a_i a_j / (1 - a_j)), the last quotient formed from logarithms:
   a_i a_j / (1 - a_j) = e^(z_i - log sum_k e^z_k + z_j - log sum_(k != j) e^z_k) */
static void loss_backward(real *dz, const real *z, const real *a, const real *y, int n)
{
    real all = log_sum(z, n, -1), sum = 0;
    for (int j = 0; j < n; j++)
        sum += y[j];
    for (int i = 0; i < n; i++)
        dz[i] = a[i] - y[i] + a[i] * (sum - y[i]);
    for (int j = 0; j < n && n > 1; j++) {
        real odds = z[j] - log_sum(z, n, j);
        for (int i = 0; i < n; i++)
            if (i != j)
                dz[i] -= (1 - y[j]) * exp(z[i] - all + odds);
    }
}"""


def _typed(text: str, translate: Translator) -> str:
    return re.sub(r"\b(exp|log)\(", lambda found: f"{translate.real.function(found[1])}(", text)


def softmax_forward(translate: Translator) -> str:
    """A = softmax(z)."""
    return _typed(SOFTMAX_FORWARD, translate)


def softmax_cross_entropy(translate: Translator) -> tuple[str, str]:
    """The loss of scores z, and dz."""
    return _typed(f"{LOG_SUM}\n\n{CROSS_ENTROPY}", translate), CROSS_ENTROPY_BACKWARD


def softmax_log_loss(translate: Translator) -> tuple[str, str]:
    """The loss of scores z, and dz."""
    return _typed(f"{LOG_SUM}\n\n{LOG_LOSS}", translate), _typed(LOG_LOSS_BACKWARD, translate)


def in_groups(text: str, record: Softmax, name: str, called: str = "") -> str:
    """The text of a function of a whole row with one more behind it: the same for each group of a row, a sum where it gives a number."""
    head = re.search(rf"static (\w+) {name}\((.*), int n\)$", text, re.MULTILINE)
    assert head is not None
    called = called or name
    names = [part.split("*")[1] for part in head[2].split(", ")]
    call = f"{called}_in_group({', '.join(f'{one} + at' for one in names)}, sizes[g])"
    sums, sizes = head[1] == "double", ", ".join(map(str, record.groups))
    lines = [
        f"/* the same for each of the groups of {record.spec} */",
        f"static {head[1]} {called}({head[2]}, int n)",
        "{",
        f"    static const int sizes[] = {{{sizes}}};",
        *(["    double l = 0;"] if sums else []),
        "    for (int g = 0, at = 0; at < n; at += sizes[g++])",
        f"        {'l += ' if sums else ''}{call};",
        *(["    return l;"] if sums else []),
        "}",
    ]
    return re.sub(rf"\b{name}\(", f"{called}_in_group(", text) + "\n\n" + "\n".join(lines)


WHOLE_ROWS: dict[tuple[str, str], Callable[[Translator], tuple[str, str]]] = {
    ("softmax", "cross_entropy"): softmax_cross_entropy,
    ("softmax", "log_loss"): softmax_log_loss,
}
"""the fused pairs that are not element by element"""
