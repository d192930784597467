"""Lines for the review of written equations: right ones, and ones with a slip planted in them, for random networks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import pellucid as pl
from random_networks import HIDDEN, PAIRS, targets

ONE_SAMPLE = "right only for one sample"
EXACT = {("sigmoid", "log_loss"), ("softmax", "cross_entropy")}


class Case(NamedTuple):
    """A network with data."""

    net: pl.Network
    X: np.ndarray
    Y: np.ndarray
    convention: str

    @property
    def rules(self):
        return [rule.spec for rule in self.net.architecture.activations]

    @property
    def depth(self):
        return len(self.rules)

    def review(self, line, **also):
        return pl.review_equation(line, self.net, self.X, self.Y, self.convention, **also)


def case(sizes, rules, loss, m, convention="columns", l2=0.0, seed=0, kind=1):
    """A network with data, all numbers drawn."""
    rng = np.random.default_rng(seed)
    net = pl.Network(sizes, rules, loss, l2=l2, seed=seed)
    net.vector[...] = rng.normal(size=net.n_parameters) * 0.6
    return Case(net, rng.normal(size=(m, sizes[0])), targets(rng, loss, m, sizes[-1], kind), convention)


@st.composite
def recipes(draw, widths=(1, 2, 3, 5), samples=(1, 2, 6), hidden=HIDDEN, pairs=PAIRS, depths=(1, 4)):
    """What `case` builds any network and data from."""
    sizes = [draw(st.sampled_from(widths)) for _ in range(draw(st.integers(*depths)) + 1)]
    output, loss = draw(st.sampled_from(pairs))
    if output == "softmax" and sizes[-1] == 1:
        sizes[-1] = 3
    rules = [*(draw(st.sampled_from(hidden)) for _ in sizes[2:]), output]
    return {
        "sizes": sizes,
        "rules": rules,
        "loss": loss,
        "m": draw(st.sampled_from(samples)),
        "convention": draw(st.sampled_from(["columns", "rows"])),
        "l2": draw(st.sampled_from([0.0, 0.3])),
        "seed": draw(st.integers(0, 999)),
        "kind": draw(st.integers(0, 1)),
    }


def alternatives(layer: int, depth: int) -> list[str]:
    """Right lines for the columns convention without L2, in the manners in which people write them."""
    l, one = layer, layer == 1  # noqa: E741
    A, a = ("X", "x") if one else (f"A{l - 1}", f"a^{{[{l - 1}]}}")
    ak, aki = ("x_k", "x_k^{(i)}") if one else (f"a_k^{{[{l - 1}]}}", f"a_k^{{[{l - 1}](i)}}")
    low, up, bow = ("x", "x", "x") if one else (f"a_{l - 1}", f"A^{l - 1}", f"a^{{({l - 1})}}")
    code = "X" if one else f"A[{l - 1}]"
    lines = [
        f"dW{l} = (1/m) * np.dot(dZ{l}, {A}.T)",
        f"dW{l} = dZ{l}.dot({A}.T) / m",
        f"grads['dW{l}'] = 1/m * np.matmul(dZ{l}, cache['{A}'].T)",
        f"dW[{l}] = dZ[{l}] @ {code}.T / m",
        f"dL_dW{l} = dZ{l} @ {A}.T / X.shape[1]",
        f"dW{l} = np.dot({A}, dZ{l}.T).T / m",
        rf"dW^{{[{l}]}} = \frac{{1}}{{m}} dz^{{[{l}]}} {a}^T",
        rf"\frac{{\partial J}}{{\partial W^{{[{l}]}}}} = \frac1m dZ^{{[{l}]}} {a}^\top",
        rf"\frac{{dJ}}{{dW_{l}}} = \frac{{1}}{{m}} dz_{l} {low}^T",
        rf"\frac{{\partial J}}{{\partial W^{{({l})}}}} = \frac1m \delta^{{({l})}} ({bow})^T",
        rf"dw_{{jk}}^{{[{l}]}} = \frac{{1}}{{m}} \sum_{{i=1}}^m dz_j^{{[{l}](i)}} {aki}",
        rf"\nabla_{{W^{{[{l}]}}}} J = \frac1m dz^{{[{l}]}} {a}^T",
        f"db{l} = 1/m * np.sum(dZ{l}, axis=1, keepdims=True)",
        f"db{l} = dZ{l}.mean(axis=1, keepdims=True)",
        f"db{l} = np.sum(dZ{l}, 1) / m",
        rf"db^{{[{l}]}} = \frac{{1}}{{m}} \sum_{{i=1}}^m dz^{{[{l}](i)}}",
        rf"db_j^{{[{l}]}} = \frac{{1}}{{m}} \sum_{{i}} dz_j^{{[{l}](i)}}",
        f"Z{l} = np.dot(W{l}, {A}) + b{l}",
        f"W{l} @ {A} + b{l} = Z{l}",
        rf"z^{{[{l}]}} = W^{{[{l}]}} {a} + b^{{[{l}]}}",
        f"z_{l} = W_{l} {low} + b_{l}",
        f"Z^{l} = W^{l} {up} + b^{l}",
        rf"z_j^{{[{l}]}} = \sum_k w_{{jk}}^{{[{l}]}} {ak} + b_j^{{[{l}]}}",
        rf"z_j^{{[{l}](i)}} = b_j^{{[{l}]}} + \sum_{{k=1}}^{{n}} {aki} w_{{jk}}^{{[{l}]}}",
        f"A{l} = f{l}(Z{l})",
        rf"a^{{[{l}]}} = \sigma(W^{{[{l}]}} {a} + b^{{[{l}]}})",
        rf"a_i^{{[{l}]}} = f^{{[{l}]}}(z_i^{{[{l}]}})",
        f"W{l} = W{l} - alpha * dW{l}",
        f"b{l} -= learning_rate * db{l}",
        rf"w'^{{[{l}]}} = w^{{[{l}]}} - \eta \frac{{\partial J}}{{\partial w^{{[{l}]}}}}",
    ]
    if l < depth:
        n = l + 1
        lines += [
            f"dA{l} = np.dot(W{n}.T, dZ{n})",
            rf"da^{{[{l}]}} = (W^{{[{n}]}})^T dz^{{[{n}]}}",
            rf"da_j^{{[{l}]}} = \sum_i w_{{ij}}^{{[{n}]}} dz_i^{{[{n}]}}",
            rf"\frac{{\partial L}}{{\partial a^{{[{l}]}}}} = "
            rf"\frac{{\partial L}}{{\partial z^{{[{n}]}}}} \frac{{\partial z^{{[{n}]}}}}{{\partial a^{{[{l}]}}}}",
            f"dZ{l} = np.multiply(np.dot(W{n}.T, dZ{n}), f{l}'(Z{l}))",
            f"dZ{l} = (W{n}.T @ dZ{n}) * f{l}_prime(Z{l})",
            f"dz{l} = W{n}ᵀ dz{n} ⊙ f{l}′(z{l})",
            rf"\delta^{{[{l}]}} = ((W^{{[{n}]}})^T \delta^{{[{n}]}}) \circ f^{{[{l}]'}}(z^{{[{l}]}})",
            rf"dz_j^{{[{l}]}} = \left(\sum_i w_{{ij}}^{{[{n}]}} dz_i^{{[{n}]}}\right) f_{l}'(z_j^{{[{l}]}})",
        ]
    return lines


def planted(given: Case, rng) -> list[tuple[str, str, set[str]]]:
    """Lines with a slip: its kind, the line, and the verdicts that name it."""
    net, depth, rules = given.net, given.depth, given.rules
    columns, l2 = given.convention == "columns", net.architecture.l2
    l, h = int(rng.integers(1, depth + 1)), int(rng.integers(1, depth))  # noqa: E741
    k = int(rng.choice([k for k in range(1, depth + 1) if k != l]))
    last, axis, kept = depth, 1 if columns else 0, ", keepdims=True" if columns else ""

    def a(k):
        return "X" if k == 1 else f"A{k - 1}"

    def mm(left, right):
        return f"{left} @ {right}" if columns else f"{right} @ {left}"

    dW, reg = mm(f"dZ{l}", f"{a(l)}.T"), f" + l2 * W{l} / m" if l2 else ""
    found = [
        ("wrong a", f"dW{l} = {mm(f'dZ{l}', f'{a(k)}.T')} / m{reg}", {"wrong layer"}),
        ("wrong dz", f"dW{l} = {mm(f'dZ{k}', f'{a(l)}.T')} / m{reg}", {"wrong layer"}),
        ("axis of db", f"db{l} = np.sum(dZ{l}, axis={1 - axis}, keepdims=True) / m", {"wrong axis"}),
        ("db of one sample", f"db{l} = dZ{l}", {ONE_SAMPLE}),
        ("db without 1/m", f"db{l} = np.sum(dZ{l}, axis={axis}{kept})", {ONE_SAMPLE}),
        ("db times the input", f"db{l} = {dW} / m", {"bias gradient multiplied by the input"}),
        ("W not transposed", f"dA{h} = {mm(f'W{h + 1}', f'dZ{h + 1}')}", {"missing transpose"}),
        ("wrong W", f"dA{h} = {mm(f'W{h}.T', f'dZ{h + 1}')}", {"wrong layer"}),
        ("updated W", f"dA{h} = {mm(f'W{h + 1}_new.T', f'dZ{h + 1}')}", {"updated W used"}),
        ("derivative missing", f"dZ{h} = {mm(f'W{h + 1}.T', f'dZ{h + 1}')}", {"activation derivative missing"}),
        ("derivative at a", f"dZ{h} = dA{h} * f{h}'(A{h})", {"derivative taken at a"}),
        ("derivative of no derivative", f"dZ{h} = dA{h} * f{h}(Z{h})", {"function where its derivative belongs"}),
        ("sign of dz", f"dZ{h} = -dA{h} * f{h}'(Z{h})", {"wrong sign"}),
        ("matrix product", f"dZ{h} = dA{h} @ f{h}'(Z{h})", {"matrix product where an element-wise product belongs"}),
        ("W transposed", f"Z{l} = {mm(f'W{l}.T', a(l))} + b{l}", {"transposed"}),
        ("order of z", f"Z{l} = {mm(a(l), f'W{l}')} + b{l}", {"right only in the other convention"}),
        ("a of another layer", f"Z{l} = {mm(f'W{l}', a(k))} + b{l}", {"wrong layer"}),
        ("b of another layer", f"Z{l} = {mm(f'W{l}', a(l))} + b{k}", {"wrong layer"}),
        ("minus b", f"Z{l} = {mm(f'W{l}', a(l))} - b{l}", {"wrong sign"}),
        ("no b", f"Z{l} = {mm(f'W{l}', a(l))}", {"bias missing"}),
        ("no activation", f"A{h} = Z{h}", {"activation missing"}),
        ("derivative for the function", f"A{h} = f{h}'(Z{h})", {"derivative where the function belongs"}),
        ("uphill", f"W{l} = W{l} + alpha * dW{l}", {"wrong sign"}),
        ("no rate", f"W{l} -= dW{l}", {"learning rate missing"}),
        ("another gradient", f"W{l} -= alpha * dW{k}", {"wrong layer"}),
        ("dx", f"dX = {mm('W1', 'dZ1')}", {"missing transpose"}),
    ]  # fmt: skip
    if l2:
        found += [
            ("no L2", f"dW{l} = {dW} / m", {"L2 term missing"}),
            ("L2 twice", f"dW{l} = {dW} / m + 2 * l2 * W{l} / m", {"factor 2"}),
            ("L2 of a bias", f"db{l} = np.sum(dZ{l}, axis={axis}{kept}) / m + l2 * b{l} / m", {"extra term"}),
        ]
    else:
        element = f"np.multiply(dZ{l}, {a(l)}.T)" if columns else f"np.multiply({a(l)}.T, dZ{l})"
        found += [
            ("transposed", f"dW{l} = {mm(a(l), f'dZ{l}.T')} / m", {"transposed"}),
            ("no transpose", f"dW{l} = {mm(f'dZ{l}', a(l))} / m", {"missing transpose"}),
            ("sign of dW", f"dW{l} = -({dW}) / m", {"wrong sign"}),
            ("no 1/m", f"dW{l} = {dW}", {ONE_SAMPLE}),
            ("1/m twice", f"dW{l} = {dW} / m / m", {"extra 1/m"}),
            ("2", f"dW{l} = 2 * ({dW}) / m", {"factor 2"}),
            ("1/2", f"dW{l} = {dW} / (2 * m)", {"factor 1/2"}),
            ("element by element", f"dW{l} = {element} / m", {"element-wise product where a matrix product belongs"}),
        ]
    pair = (rules[-1], net.architecture.loss.spec)
    if pair in EXACT:
        found += [
            ("sign of the error", f"dZ{last} = Y - A{last}", {"wrong sign"}),
            ("counted twice", f"dZ{last} = (A{last} - Y) * A{last} * (1 - A{last})", {"extra factor"}),
            ("twice the error", f"dZ{last} = 2 * (A{last} - Y)", {"factor 2"}),
            ("1/m in dz", f"dZ{last} = (A{last} - Y) / m", {"right only in the other convention"}),
        ]
    elif pair != ("identity", "mse"):
        verdicts = {"not exact for this output and loss", "activation derivative missing", "missing 1/n"}
        found.append(("not exact", f"dZ{last} = A{last} - Y", verdicts))
    if pair[0] == "softmax":
        found.append(("diagonal", f"dZ{last} = dA{last} * A{last} * (1 - A{last})", {"right only for element-wise activations"}))
    elif pair[0] != "identity":
        found.append(("no loss", f"dZ{last} = f{last}'(Z{last})", {"loss derivative missing"}))
    if rules[h - 1] == "tanh":
        found.append(("z in 1 - a^2", f"dZ{h} = dA{h} * (1 - Z{h}**2)", {"z where a belongs"}))
        found.append(("sign in 1 - a^2", f"dZ{h} = dA{h} * (1 + A{h}**2)", {"wrong sign"}))
    if rules[h - 1] == "sigmoid":
        found.append(("sign in a (1 - a)", f"dZ{h} = dA{h} * A{h} * (1 + A{h})", {"wrong sign"}))
    if rules[h - 1] == "relu":
        found.append(("mask the wrong way round", f"dZ{h} = dA{h} * (Z{h} < 0)", {"wrong condition"}))
    return found
