# ruff: noqa: E501  formulas stand as they are printed
"""Every formula of the notes as it is printed, the call that was made of it, and the answer; what is wrong in words stands apart.

N0 to N4 are the five lecture notes. A row is reviewed as the last line of a sheet that begins with the lines in ``before``.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

import pellucid as pl

RIGHT, MATHEMATICS, SCAN = "right", "slip of mathematics", "damage by scanning"


class Row(NamedTuple):
    note: str
    printed: str
    net: str
    """which network it is about; empty for calculus"""
    answer: str
    """the verdict"""
    kind: str = RIGHT
    right: str = ""
    """the right formula, where the printed one is not"""
    before: tuple[str, ...] = ()
    remark: str = ""


ONE, OTHER, PAIR, OUTPUT = (
    "right only for one sample",
    "right only in the other convention",
    "right for this output and loss",
    "right for one output",
)

SHAPES = {
    "4-5-1": ([4, 5, 1], ["tanh", "sigmoid"], "log_loss"),
    "4-5-1 of sigmoids": ([4, 5, 1], ["sigmoid", "sigmoid"], "log_loss"),
    "neuron": ([2, 1], ["sigmoid"], "log_loss"),
    "classes": ([3, 3], ["softmax"], "cross_entropy"),
    "2-3-1": ([2, 3, 1], ["tanh", "sigmoid"], "log_loss"),
    "3-4-3 with softmax": ([3, 4, 3], ["tanh", "softmax"], "cross_entropy"),
    "2-3-1 of sigmoids": ([2, 3, 1], ["sigmoid", "sigmoid"], "log_loss"),
    "1-1-1": ([1, 1, 1], ["sigmoid", "sigmoid"], "log_loss"),
    "linear, mse": ([3, 1], ["identity"], "mse"),
    "linear, half_mse": ([3, 1], ["identity"], "half_mse"),
    "four layers": ([2, 3, 3, 1], ["sigmoid", "sigmoid", "sigmoid"], "log_loss"),
}


@cache
def network(name: str):
    """A network of a shape, with seven samples."""
    sizes, rules, loss = SHAPES[name]
    rng = np.random.default_rng(len(name))
    net = pl.Network(sizes, rules, loss, seed=1)
    net.vector[...] = rng.normal(size=net.n_parameters)
    X = rng.normal(size=(7, sizes[0]))
    if loss == "cross_entropy":
        return net, X, np.eye(sizes[-1])[rng.integers(sizes[-1], size=7)]
    return net, X, (rng.random((7, sizes[-1])) > 0.5).astype(float) if loss == "log_loss" else rng.normal(size=(7, sizes[-1]))


def answer(row: Row):
    """The review of a row."""
    arguments = network(row.net) if row.net else ()
    return list(pl.review_sheet([*row.before, row.printed], *arguments))[-1]


SOFTMAX = r"[\sigma(\vec{x})]_i = \frac{e^{x_i}}{\sum_{j=1}^n e^{x_j}}"
TANH = r"f(x) = \frac{e^x - e^{-x}}{e^x + e^{-x}}"
POLYNOMIAL = r"f(x, y) = x^2 + 2xy + y^2"
U = ("y = f(u)", "u = g(x)", "f(u) = u^2", "g(x) = 3x")
JA = r"\frac{\partial J}{\partial a} = - \left(y \frac{\partial \log(a)}{\partial a} + (1-y) \frac{\partial \log(1-a)}{\partial a} \right)"
AZ = r"\frac{\partial a}{\partial z} = \frac{\partial}{\partial z} \left(\frac{1}{1+e^{-z}} \right)"
JW = r"\Rightarrow \frac{\partial J}{\partial w} = - \left(y \cdot \frac{1}{a} + (1-y) \frac{1}{a-1} \right) (a)(1-a) \cdot x"
LZ1, LZ2, LW2, LB2 = (
    r"dz^{[1]} = \frac{\partial \mathcal{L}}{\partial z^{[1]}}",
    r"dz^{[2]} = \frac{\partial \mathcal{L}}{\partial z^{[2]}}",
    r"dw^{[2]} = \frac{\partial \mathcal{L}}{\partial w^{[2]}}",
    r"db^{[2]} = \frac{\partial \mathcal{L}}{\partial b^{[2]}}",
)
LW1 = r"dw^{[1]} = dz^{[1]} \cdot \frac{\partial z^{[1]}}{\partial w^{[1]}}"
LB1 = r"db^{[1]} = dz^{[1]} \cdot \frac{\partial z^{[1]}}{\partial b^{[1]}}"

N0 = (
    Row("N0", r"z_i^{[1]} = \left[\sum_{j=1}^4 w_{ij}^{[1]} x_j \right] + b_j^{[1]}", "4-5-1", "wrong index", MATHEMATICS,
        r"z_i^{[1]} = \left[\sum_{j=1}^4 w_{ij}^{[1]} x_j \right] + b_i^{[1]}"),
    Row("N0", r"a_i^{[1]} = \sigma_1(z_i^{[1]})", "4-5-1", "right"),
    Row("N0", r"z^{[2]} \hat{y} = \left[\sum_{i=1}^5 w_i^{[2]} a_i^{[1]} \right] + b^{[2]}", "4-5-1", "extra factor", SCAN,
        r"z^{[2]} = \left[\sum_{i=1}^5 w_i^{[2]} a_i^{[1]} \right] + b^{[2]}", remark="y_hat was struck out by hand"),
    Row("N0", r"\hat{y} = \sigma_2(z^{[2]})", "4-5-1", "right"),
    Row("N0", r"J = C(\hat{y}, y)", "4-5-1", ONE),
    Row("N0", r"\frac{dJ}{dw_i^{[2]}} = \frac{dJ}{d\hat{y}} \cdot \frac{d\hat{y}}{dz^{[2]}} \cdot \frac{dz^{[2]}}{dw_i^{[2]}} = C'(\hat{y}, y)",
        "4-5-1", "activation derivative missing and missing factor", MATHEMATICS,
        r"\frac{dJ}{dw_i^{[2]}} = C'(\hat{y}, y) \cdot \sigma_2'(z^{[2]}) \cdot a_i^{[1]}", remark="the line breaks off; the next one is whole"),
    Row("N0", r"\frac{dJ}{dw_i^{[2]}} = \frac{dJ}{d\hat{y}} \cdot \frac{d\hat{y}}{dz^{[2]}} \cdot \frac{dz^{[2]}}{dw_i^{[2]}}"
        r" = C'(\hat{y}, y) \cdot \sigma_2'(z^{[2]}) \cdot a_i^{[1]}", "4-5-1", ONE),
    Row("N0", r"\Rightarrow \frac{dJ}{dw_i^{[2]}} = C'(\hat{y}, y) \cdot \sigma_2'(z^{[2]}) \cdot a_i^{[1]}", "4-5-1", ONE),
    Row("N0", r"\frac{dJ}{db^{[2]}} = \frac{dJ}{d\hat{y}} \cdot \frac{d\hat{y}}{dz^{[2]}} \cdot \frac{dz^{[2]}}{db^{[2]}}"
        r" = C'(\hat{y}, y) \cdot \sigma_2'(z^{[2]})", "4-5-1", ONE),
    Row("N0", r"\frac{dJ}{dw_{jk}^{[1]}} = \left(\frac{dJ}{d\hat{y}} \cdot \frac{d\hat{y}}{dz^{[2]}} \right) \left(\frac{dz^{[2]}}{da_j^{[1]}} \right)"
        r" \left(\frac{da_j^{[1]}}{dz_j^{[1]}} \cdot \frac{dz_j^{[1]}}{dw_{jk}^{[1]}} \right)", "4-5-1", ONE),
    Row("N0", r"\frac{dJ}{dw_{jk}^{[1]}} = \frac{dJ}{dz^{[2]}} (w_j^{[2]}) \sigma_1'(z_j^{[1]}) x_k", "4-5-1", ONE),
    Row("N0", r"\frac{dJ}{dz^{[2]}} = C'(\hat{y}, y) \cdot \sigma_2'(z^{[2]}) = \frac{dJ}{db^{[2]}}", "4-5-1", ONE),
    Row("N0", r"\frac{dJ}{db_j^{[1]}} = \frac{dJ}{dz^{[2]}} \cdot w_{0j}^{[2]} \cdot \sigma_1'(z_j^{[1]})", "4-5-1", ONE,
        remark="the unit is counted from 0 here, from 1 elsewhere"),
    Row("N0", r"\frac{dJ}{dw^{[2]}} = C'(\hat{y}, y) \cdot \sigma_2'(z^{[2]}) (a^{[1]})^T", "4-5-1", ONE),
    Row("N0", r"\frac{dJ}{db^{[2]}} = C'(\hat{y}, y) \cdot \sigma_2'(z^{[2]}) \cdot \frac{dJ}{dz^{[2]}}", "4-5-1", "extra factor", MATHEMATICS,
        r"\frac{dJ}{db^{[2]}} = C'(\hat{y}, y) \cdot \sigma_2'(z^{[2]}) = \frac{dJ}{dz^{[2]}}"),
    Row("N0", r"\frac{dJ}{dw^{[2]}} = (w^{[2]})^T \cdot \frac{dJ}{dz^{[2]}}", "4-5-1", "wrong left side", MATHEMATICS,
        r"\frac{dJ}{da^{[1]}} = (w^{[2]})^T \cdot \frac{dJ}{dz^{[2]}}"),
    Row("N0", r"\frac{dJ}{dw^{[1]}} = \left(\frac{dJ}{dz^{[2]}} \right) \left((w^{[2]})^T * \sigma_1'(z^{[1]}) \right) \times T", "4-5-1",
        "unreadable", SCAN, r"\frac{dJ}{dw^{[1]}} = \left(\frac{dJ}{dz^{[2]}} \right) \left((w^{[2]})^T * \sigma_1'(z^{[1]}) \right) x^T"),
    Row("N0", r"\frac{dJ}{db^{[1]}} = \left(\frac{dJ}{dz^{[2]}} \right) \left((w^{[2]})^T * \sigma_1'(z^{[1]}) \right)", "4-5-1", ONE),
    Row("N0", r"f'(x) = \frac{e^{-x}}{(1+e^{-x})^2} = f(x) \times (1-f(x))", "", "right", before=(r"f(x) = \frac{1}{1+e^{-x}}",)),
    Row("N0", r"f(x) = \begin{cases} x & x \geq 0 \\ 0 & x < 0 \end{cases} \quad \text{or } f(x) = \max(0, x)", "", "right"),
    Row("N0", r"\Rightarrow f'(x) = \begin{cases} 1 & x \geq 0 \\ 0 & x < 0 \end{cases}", "", "right",
        before=(r"f(x) = \begin{cases} x & x \geq 0 \\ 0 & x < 0 \end{cases}",)),
    Row("N0", r"f'(x) = \begin{cases} 1 & x \geq 0 \\ 0.01 & x < 0 \end{cases}", "", "right",
        before=(r"f(x) = \begin{cases} x & x \geq 0 \\ 0.01x & x < 0 \end{cases}",)),
    Row("N0", r"\Rightarrow f'(x) = \frac{(e^x + e^{-x})^2 - (e^x - e^{-x})^2}{(e^x + e^{-x})^4}", "", "squared denominator", MATHEMATICS,
        r"f'(x) = \frac{(e^x + e^{-x})^2 - (e^x - e^{-x})^2}{(e^x + e^{-x})^2}", before=(TANH,)),
    Row("N0", r"\Rightarrow f'(x) = 1 - (f(x))^2", "", "right", before=(TANH,)),
    Row("N0", SOFTMAX, "", "right"),
    Row("N0", r"\therefore \frac{d[\sigma(\vec{x})]_i}{dx_k} = -\frac{e^{x_i} \cdot e^{x_k}}{\left(\sum_{j=1}^n e^{x_j}\right)^2}"
        r" = -[\sigma(\vec{x})]_i [\sigma(\vec{x})]_k, k \neq i", "", "right"),
    Row("N0", r"\therefore \frac{d[\sigma(\vec{x})]_i}{dx_{ki}} = \frac{\left[\left(\sum_{j=1}^n e^{x_j}\right) - (e^{x_i})\right] (e^{x_i})}"
        r"{d\left(\sum_{j=1}^n e^{x_j}\right)^2}", "", "undecided", SCAN,
        r"\frac{d[\sigma(\vec{x})]_i}{dx_i} = \frac{\left[\left(\sum_{j=1}^n e^{x_j}\right) - (e^{x_i})\right] (e^{x_i})}"
        r"{\left(\sum_{j=1}^n e^{x_j}\right)^2}"),
    Row("N0", r"= [\sigma(\vec{x})]_i (1 - [\sigma(\vec{x})]_i)", "", "right",
        before=(r"\frac{d[\sigma(\vec{x})]_i}{dx_i} = [\sigma(\vec{x})]_i - [\sigma(\vec{x})]_i^2",)),
    Row("N0", r"\therefore \frac{d[\sigma(\vec{x})]_i}{dx_k} = \begin{cases} [\sigma(\vec{x})]_i (1 - [\sigma(\vec{x})]_i), & i = k \\"
        r" -[\sigma(\vec{x})]_i [\sigma(\vec{x})]_k, & i \neq k \end{cases}", "", "right"),
)  # fmt: skip

N1 = (
    Row("N1", r"y = \sigma(\sum x_i w_i + b)", "neuron", "right", remark="y is the output here"),
    Row("N1", r"\text{Error} = \hat{y} - y", "4-5-1", "right"),
    Row("N1", r"\text{loss function} = \frac{1}{n} \sum_{i=1}^n (y - \hat{y})^2", "linear, mse", "right", remark="n counts the outputs of one sample here"),
    Row("N1", r"\text{cost function} = \frac{1}{2n} \sum_{i=1}^n (y - \hat{y})^2", "linear, half_mse", OUTPUT),
    Row("N1", r"f'(x) = nx^{n-1}", "", "right", before=("f(x) = x^n",), remark="the line before has n = 2"),
    Row("N1", r"f'(x) = 2x^{2-1} = 2x", "", "right", before=("f(x) = x^2",)),
    Row("N1", r"f'(x) = 12x^2", "", "right", before=("f(x) = 4x^3",)),
    Row("N1", r"\frac{\partial f}{\partial x} = \frac{\partial}{\partial x} (x^2 + 2xy + y^2)", "", "right", before=(POLYNOMIAL,)),
    Row("N1", r"\frac{\partial f}{\partial x} = 2x + 2y", "", "right", before=(POLYNOMIAL,)),
    Row("N1", r"\frac{\partial f}{\partial y} = \frac{\partial}{\partial y} (x^2 + 2xy + y^2)", "", "right", before=(POLYNOMIAL,)),
    Row("N1", r"\frac{\partial f}{\partial y} = 2x + 2y", "", "right", before=(POLYNOMIAL,)),
    Row("N1", r"y = f(g(x)) \Rightarrow \frac{dy}{dx} = f'(g(x)) \cdot \frac{dy}{dx}", "", "circular", MATHEMATICS,
        r"y = f(g(x)) \Rightarrow \frac{dy}{dx} = f'(g(x)) \cdot g'(x)"),
    Row("N1", r"\boxed{\frac{dy}{dx} = \frac{dy}{du} \cdot \frac{du}{dx}}", "", "right"),
    Row("N1", r"\therefore \frac{dy}{du} = 2u", "", "right", before=U),
    Row("N1", r"\therefore \frac{du}{dx} = 3", "", "right", before=U),
    Row("N1", r"\therefore \frac{dy}{dx} = \frac{dy}{du} \cdot \frac{du}{dx} = 2u \cdot 3 = 6u", "", "right", before=U),
    Row("N1", r"\frac{dy}{dx} = 6(3x) = 18x", "", "right", before=U),
    Row("N1", r"\frac{\partial L}{\partial w} = \frac{\partial L}{\partial Z} \cdot \frac{\partial Z}{\partial w}", "neuron", "right"),
    Row("N1", r"w_{\text{new}} = w_{\text{old}} - \alpha \cdot \frac{\partial L}{\partial w}", "neuron", "right"),
    Row("N1", r"w_{\text{new}} = w_{\text{old}} - \eta \frac{\partial L}{\partial w}", "neuron", "right"),
    Row("N1", r"\frac{\partial L}{\partial w} = \frac{\partial L}{\partial a_1} \times \frac{\partial a_1}{\partial a_2} \times"
        r" \frac{\partial a_2}{\partial a_3} \approx \text{small number}", "four layers", "broken chain", MATHEMATICS,
        r"\frac{\partial L}{\partial w} = \frac{\partial L}{\partial a_3} \times \frac{\partial a_3}{\partial a_2} \times"
        r" \frac{\partial a_2}{\partial a_1} \times \frac{\partial a_1}{\partial w}", remark="the layers are numbered from the output on"),
)  # fmt: skip

N2 = (
    *(Row("N2", f"z_{j} = " + " + ".join(f"w_{{{i},{j}}} x_{i}" for i in range(4)) + f" + b_{j}", "4-5-1 of sigmoids", OTHER) for j in range(5)),
    *(Row("N2", rf"a_{j} = \sigma(z_{j})", "4-5-1 of sigmoids", "right") for j in range(5)),
    Row("N2", "l = −y log(ŷ) − (1 − y)log(1 − ŷ)", "4-5-1 of sigmoids", OUTPUT),
    Row("N2", "dz^{[2]} = ŷ − y", "4-5-1 of sigmoids", PAIR),
    Row("N2", "dw_{i,0}^{[2]} = dz^{[2]} . a_i^{[1]} (for i = 0..4)", "4-5-1 of sigmoids", ONE),
    Row("N2", "db^{[2]} = dz^{[2]}", "4-5-1 of sigmoids", ONE),
    Row("N2", r"dz_i^{[1]} = w_{i,0}^{[2]} ∗ dz^{[2]} ∗ \sigma'(z_i^{[1]}) (for i = 0..4)", "4-5-1 of sigmoids", OTHER),
    Row("N2", r"dz_i^{[1]} = w_{i,0}^{[2]} ∗ σ0(z_i^{[1]}) ∗ dz^{[2]}", "4-5-1 of sigmoids",
        "activation derivative missing and extra factor", SCAN,
        r"dz_i^{[1]} = w_{i,0}^{[2]} ∗ dz^{[2]} ∗ \sigma'(z_i^{[1]})", remark="the prime became a 0"),
    Row("N2", "dw_{i,j}^{[1]} = dz_j^{[1]} . x_i for i = 0..3, j = 0..4", "4-5-1 of sigmoids", OTHER),
    Row("N2", "db_i^{[1]} = dz_i^{[1]} (for i = 0..4)", "4-5-1 of sigmoids", ONE),
    Row("N2", "Z[1] = W[1].X + b[1]", "4-5-1 of sigmoids", "right"),
    Row("N2", "A[1] = σ(Z[1])", "4-5-1 of sigmoids", "right"),
    Row("N2", "Z[2] = W[2].A[1] + b[2]", "4-5-1 of sigmoids", "right"),
    Row("N2", "A[2] = ŷ = σ(Z[2])", "4-5-1 of sigmoids", "right"),
    Row("N2", "dZ[2] = A[2] − Y", "4-5-1 of sigmoids", PAIR),
    Row("N2", "dW[2] = dZ[2] ∗ A[1].T", "4-5-1 of sigmoids", ONE),
    Row("N2", "db[2] = dZ[2]", "4-5-1 of sigmoids", ONE),
    Row("N2", "dZ[1] = (W[2].T ∗ dZ[2]) ∗ σ'(Z[1])", "4-5-1 of sigmoids", "right"),
    Row("N2", "dW[1] = dZ[1] ∗ X.T", "4-5-1 of sigmoids", ONE),
    Row("N2", "db[1] = dZ[1]", "4-5-1 of sigmoids", ONE),
    Row("N2", "f(x) = max(ax, x)", "", "definition"),
)  # fmt: skip

N3 = (
    Row("N3", r"z = \vec{w} \cdot \vec{x} + b", "neuron", "right"),
    Row("N3", r"\hat{y} = a = \sigma(z)", "neuron", "right"),
    Row("N3", r"J = -(y \log(a) + (1-y) \log(1-a))", "neuron", ONE),
    Row("N3", r"w' = w - \alpha \frac{\partial J}{\partial w}, \quad b' = b - \alpha \frac{\partial J}{\partial b}", "neuron", "right"),
    Row("N3", r"\frac{\partial J}{\partial w} = \frac{\partial J}{\partial a} \cdot \frac{\partial a}{\partial z} \cdot \frac{\partial z}{\partial w}",
        "neuron", "right"),
    Row("N3", r"\frac{\partial J}{\partial b} = \frac{\partial J}{\partial a} \cdot \frac{\partial a}{\partial z} \cdot \frac{\partial z}{\partial b}",
        "neuron", "right"),
    Row("N3", JA, "neuron", "right"),
    Row("N3", r"= - \left(y \cdot \frac{1}{a} + (1-y) \frac{1}{a-1} \right)", "neuron", "right", before=(JA,)),
    Row("N3", AZ, "neuron", "right"),
    *(Row("N3", line, "neuron", "right", before=(AZ,)) for line in (
        r"= \frac{\partial}{\partial z} [(1 + e^{-z})^{-1}]",
        r"= -\frac{1}{(1 + e^{-z})^2} \cdot (-e^{-z})",
        r"= \frac{e^{-z}}{(1 + e^{-z})^2}",
        r"= \frac{1}{1 + e^{-z}} \cdot \frac{e^{-z}}{1 + e^{-z}}",
        r"= \sigma(z) \cdot \left[\frac{e^{-z} + 1 - 1}{1 + e^{-z}} \right]",
        r"= \sigma(z) [1 - \sigma(z)]",
        r"= a(1-a)",
    )),
    Row("N3", r"\frac{\partial Z}{\partial w} = x", "neuron", "right"),
    Row("N3", r"\frac{\partial Z}{\partial b} = 1", "neuron", "right"),
    Row("N3", JW, "neuron", "missing transpose", MATHEMATICS, JW + "^T", remark="the note says so itself, five lines below"),
    Row("N3", r"= - \left(y \cdot \frac{1}{q} \cdot q(1-a) + (1-y) \frac{1}{q} a \cdot (\cancel{1-a}) \right) x", "neuron", "undecided", SCAN,
        r"= - \left(y \cdot \frac{1}{a} \cdot a(1-a) + (1-y) \frac{1}{a-1} a \cdot (1-a) \right) x^T", before=(JW,)),
    Row("N3", r"= - \left[y(1-a) - (1-y)a \right]", "neuron", "missing factor", MATHEMATICS, r"= - \left[y(1-a) - (1-y)a \right] x^T", before=(JW,)),
    Row("N3", r"= - \left[y - \cancel{ay} - a + \cancel{ay} \right]", "neuron", "missing factor", MATHEMATICS,
        r"= - \left[y - a \right] x^T", before=(JW,)),
    Row("N3", r"= \boxed{(a - y) \cdot \vec{x}}", "neuron", "missing transpose", MATHEMATICS, r"= (a - y) \cdot x^T", before=(JW,),
        remark="the note goes on: or (a - y) x^T, because the shape of w is the transpose of that of x"),
    Row("N3", r"\frac{\partial J}{\partial w} = (a - y) \cdot x^T", "neuron", ONE),
    Row("N3", r"\Rightarrow \frac{\partial J}{\partial y} = (a - y)", "neuron", "wrong left side", MATHEMATICS,
        r"\frac{\partial J}{\partial z} = (a - y)"),
    Row("N3", r"w' = w - \alpha (a - y) x^T", "neuron", ONE),
    Row("N3", r"b = b - \alpha (a - y)", "neuron", ONE),
    Row("N3", r"\therefore \frac{\Delta w}{\Delta x} = 0.7 - 1 = -0.3", "neuron", "no such derivative", MATHEMATICS,
        r"\frac{\partial J}{\partial z} = a - y", remark="the numbers, 0.7 - 1 = -0.3, are those of dJ/dz"),
    Row("N3", r"S_M(z_i) = \frac{e^{z_i}}{\sum_{j=1}^K e^{z_j}}", "", "right"),
    *(Row("N3", rf"S_M(z_A) = {side}", "", "right") for side in (
        r"\frac{e^{z_A}}{e^{z_A} + e^{z_B}}", r"\frac{1}{1 + e^{(z_B - z_A)}}", r"\frac{1}{1 + e^{-(z_A - z_B)}}",
    )),
    Row("N3", r"\therefore \frac{\partial J}{\partial a} \cdot \frac{\partial a}{\partial z} = (a - y)", "classes", PAIR),
    Row("N3", r"\therefore \frac{\partial J}{\partial w} = (a - y) \cdot x^T, \quad \frac{\partial J}{\partial b} = (a - y)", "classes", ONE),
    Row("N3", r"\Delta w = (a - y) \cdot x^T", "classes", ONE),
    Row("N3", r"w' = w - \alpha \frac{1}{n} \sum_{i=1}^n (a_i - y_i) x_i^T", "neuron", "right"),
    Row("N3", r"b = b - \alpha \frac{1}{n} \sum_{i=1}^n (a_i - y_i)", "neuron", "right"),
    Row("N3", r"w' = w - \alpha \underbrace{(A - Y) \cdot X^T}_{\text{take mean in code}}", "neuron", ONE, remark="the mean is left to the code"),
    Row("N3", r"z = wx + b", "neuron", "right"),
    Row("N3", r"z = xw + b", "neuron", OTHER),
    Row("N3", r"A^1 = a(xw^1 + b^1)", "2-3-1", OTHER),
    Row("N3", r"A^2 = a(\underbrace{A^1 w^2 + b^2}_{\text{non linear}})", "2-3-1", OTHER),
    Row("N3", r"\therefore \frac{\partial \mathcal{J}}{\partial \omega'} = \frac{\partial \mathcal{J}}{\partial A^2} \cdot"
        r" \frac{\partial A^2}{\partial Z^2} \cdot \frac{\partial Z^2}{\partial A'} \cdot \frac{\partial A'}{\partial Z'} \cdot"
        r" \frac{\partial Z'}{\partial \omega'}", "2-3-1", "right", remark="the 1 above became a prime, the w an omega; they are read as meant"),
)  # fmt: skip

WORKED = "2-3-1 of sigmoids"
PRODUCT = r"= dz^{[2]} \cdot w^{[2]} \cdot a^{[1]} (1-a^{[1]})"

N4 = (
    Row("N4", r"\mathbf{z}^{[L]} = \mathbf{w}^{[L]} \cdot \mathbf{a}^{[L-1]} + b^{[L]}", "3-4-3 with softmax", "right"),
    Row("N4", r"\mathbf{a}^{[L]} = f^{[L]}(\mathbf{z}^{[L]})", "3-4-3 with softmax", "right"),
    Row("N4", r"d\mathbf{z}^{[L]} = d\mathbf{a}^{[L]} * f^{[L]'}(\mathbf{z}^{[L]})", "4-5-1", "right"),
    Row("N4", r"d\mathbf{z}^{[L]} = d\mathbf{a}^{[L]} * f^{[L]'}(\mathbf{z}^{[L]})", "3-4-3 with softmax",
        "right only for element-wise activations"),
    Row("N4", r"d\mathbf{w}^{[L]} = \frac{1}{m} d\mathbf{z}^{[L]} \cdot \mathbf{a}^{[L-1]}", "3-4-3 with softmax", "missing transpose", MATHEMATICS,
        r"d\mathbf{w}^{[L]} = \frac{1}{m} d\mathbf{z}^{[L]} \cdot \mathbf{a}^{[L-1]T}"),
    Row("N4", r"db^{[L]} = \frac{1}{m} \sum_d^D d\mathbf{z}^{[L]} \text{ where } D \text{ denotes the number of features.}",
        "3-4-3 with softmax", "wrong axis", MATHEMATICS, r"db^{[L]} = \frac{1}{m} \sum_{i=1}^m d\mathbf{z}^{[L](i)}"),
    Row("N4", r"d\mathbf{a}^{[L-1]} = \mathbf{w}^{[L]T} \cdot d\mathbf{z}^{[L]}", "3-4-3 with softmax", "right"),
    Row("N4", r"\mathbf{a}^0 = \mathbf{x}", "3-4-3 with softmax", "right"),
    Row("N4", r"\sigma(x) = \frac{1}{1+e^{-x}}", "", "right"),
    Row("N4", r"\sigma'(x) = \sigma(x)(1-\sigma(x))", "", "right"),
    Row("N4", r"x \rightarrow z^{[1]} = w^{[1]}x + b^{[1]} \rightarrow a^{[1]} = \sigma(z^{[1]}) \rightarrow z^{[2]} = w^{[2]}a^{[1]} + b^{[2]}"
        r" \rightarrow a^{[2]} = \sigma(z^{[2]}) \rightarrow \mathcal{L}(a^{[2]}, y)", WORKED, "right"),
    Row("N4", LZ1, WORKED, "right"),
    Row("N4", r"= \frac{\partial \mathcal{L}}{\partial a^{[2]}} \frac{\partial a^{[2]}}{\partial z^{[2]}} \frac{\partial z^{[2]}}{\partial a^{[1]}}"
        r" \frac{\partial a^{[1]}}{\partial z^{[1]}}", WORKED, "right", before=(LZ1,)),
    Row("N4", PRODUCT, WORKED, "missing transpose", MATHEMATICS, r"= w^{[2]T} \cdot dz^{[2]} * a^{[1]} (1-a^{[1]})", before=(LZ1,),
        remark="right where every layer has one unit, as in the next row"),
    Row("N4", PRODUCT, "1-1-1", "right for layers of one unit", before=(LZ1,)),
    Row("N4", LW1, WORKED, "right"),
    Row("N4", r"= dz^{[1]} \cdot x", WORKED, "missing transpose", MATHEMATICS, r"= dz^{[1]} \cdot x^T", before=(LW1,)),
    Row("N4", LB1, WORKED, "right"),
    Row("N4", r"= dz^{[1]} \cdot 1", WORKED, ONE, before=(LB1,)),
    Row("N4", r"= dz^{[1]}", WORKED, ONE, before=(LB1,)),
    Row("N4", LZ2, WORKED, "right"),
    Row("N4", r"= \frac{\partial \mathcal{L}}{\partial a^{[2]}} \frac{\partial a^{[2]}}{\partial z^{[2]}}", WORKED, "right", before=(LZ2,)),
    Row("N4", r"= \left(-\frac{y}{a^{[2]}} + \frac{1-y}{1-a^{[2]}}\right) \cdot \frac{\partial a^{[2]}}{\partial z^{[2]}}", WORKED, "right",
        before=(LZ2,)),
    Row("N4", r"= \left(-\frac{y}{a^{[2]}} + \frac{1-y}{1-a^{[2]}}\right) \cdot a^{[2]} (1-a^{[2]})", WORKED, "right", before=(LZ2,)),
    Row("N4", r"= a^{[2]} - y", WORKED, PAIR, before=(LZ2,)),
    Row("N4", LW2, WORKED, "right"),
    Row("N4", r"= \frac{\partial \mathcal{L}}{\partial z^{[2]}} \frac{\partial z^{[2]}}{\partial w^{[2]}}", WORKED, "right", before=(LW2,)),
    Row("N4", r"= dz^{[2]} \cdot a^{[1]}", WORKED, "missing transpose", MATHEMATICS, r"= dz^{[2]} \cdot a^{[1]T}", before=(LW2,)),
    Row("N4", r"= (a^{[2]} - y) a^{[1]}", WORKED, "missing transpose", MATHEMATICS, r"= (a^{[2]} - y) a^{[1]T}", before=(LW2,)),
    Row("N4", r"= \frac{\partial \mathcal{L}}{\partial z^{[2]}} \frac{\partial z^{[2]}}{\partial b^{[2]}}", WORKED, "right", before=(LB2,)),
    Row("N4", r"= dz^{[2]} \cdot 1 = a^{[2]} - y", WORKED, ONE, before=(LB2,)),
    Row("N4", r"\mathcal{L}(\hat{y}, y)= \mathcal{L}(a^{[2]}, y)= -(y \log a^{[2]} + (1-y) \log (1-a^{[2]}))", WORKED, OUTPUT),
)  # fmt: skip

ROWS = (*N0, *N1, *N2, *N3, *N4)

WORDS = (
    ("N0", "x_k -> z_j -> a_j -> z_j^[2] -> y_hat", "the output has one unit: z^[2] has no index j"),
    ("N1", "single data point loss function: 1/n sum over n points", "a mean over n points is the cost of a batch; that of one point has no sum"),
    ("N1", "rate of change of the outer function with respect to the inner function, you multiply ...",
     "the chain rule gives the rate of change of the composed function with respect to x"),
    ("N1", "sigmoid [= 0, 1)", "its values lie in the open interval (0, 1)"),
    ("N1", "lambda, alpha and eta for the learning rate", "one letter for one thing; lambda is usually the weight of the L2 term"),
    ("N1", "Z -> y_hat - y", "the error; elsewhere z is the weighted sum"),
    ("N2", "a has to be ¡ 1", "a < 1 (the sign was damaged)"),
    ("N2", "hidden layer with ... of dimension (5, 1) and weight of dimension (5, 1) ... matrix of dimension (5, 4)",
     "a1 and b1 are 5 x 1, W1 is 5 x 4 (the sentence was torn by the scan)"),
    ("N2", "we move the error backwards via the same weights and biases", "via the same weights; the biases take no part in it"),
    ("N2", "i 6= j", "i != j (the sign was damaged)"),
    ("N3", "b is k x n in (k x d)(d x n) + (k x n)", "b is k x 1; it is added to every column"),
    ("N3", "ex: 3 x 2, beside an x of three entries", "dw is 3 x 3 there"),
    ("N3", "S_M(z_A) ≈ 1 / (1 + e^-z')", "exactly so, with z' = z_A - z_B"),
)  # fmt: skip
"""slips of words and notation, which are no formulas: the note, what it says, what is right"""
