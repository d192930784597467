"""Random networks with mistakes planted in their gradients, and how many of them the review names.

Run as a program it prints the table of what is recognised:

    python tests/glassbox/review/faults.py [cases of each kind] [pairs] [right gradients]
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

import pellucid as pl
from glassbox.review import student
from random_networks import HIDDEN, PAIRS, targets

ALIKE = ("relu", "leaky_relu")
CAUSE = {
    "transposed": "transposed",
    "wrong sign": "wrong sign",
    "missing 1/m": "missing 1/m",
    "extra 1/m": "extra 1/m",
    "factor": "factor {detail}",
    "derivative missing": "activation derivative missing",
    "derivative at a": "derivative taken at a instead of z",
    "derivative at layer": "derivative taken at the wrong layer",
    "relu mask": "ReLU mask from the wrong array",
    "other activations": "activations of the wrong layer",
    "not transposed": "W not transposed",
    "updated W": "updated W used",
    "wrong axis": "summed over the wrong axis",
    "one sample": "taken from one sample",
    "element-wise": "element-wise instead of matrix product",
    "times input": "bias gradient multiplied by the input",
    "diagonal": "softmax Jacobian replaced by its diagonal",
    "error not exact": "y_hat - y used where it is not exact",
    "counted twice": "counted twice",
    "loss derivative missing": "loss derivative missing",
    "l2 missing": "L2 term missing",
    "l2 doubled": "L2 term doubled",
    "l2 on biases": "L2 term applied to biases",
    "dropout mask missing": "dropout mask missing",
}
"""what the verdict on a planted mistake has to say"""
CODE = {"derivative missing", "derivative at a", "not transposed", "updated W", "dropout mask missing"}
FACTORS = {"wrong sign", "factor", "extra 1/m", "element-wise", "other activations"}
OF_EQUAL_WIDTHS = {"not transposed", "derivative at layer", "relu mask", "element-wise"}
NUMBERS = {2.0: "2", 0.5: "1/2", 4.0: "4", 0.25: "1/4"}


@dataclass
class Case:
    """A network, a batch, and what is planted."""

    net: pl.Network
    X: np.ndarray
    Y: np.ndarray
    s: np.ndarray | None
    masks: dict | None
    convention: str
    faults: list = field(default_factory=list)

    def gradients(self, faults=()):
        with np.errstate(all="ignore"):
            return student.gradients(self.net, self.X, self.Y, self.s, self.masks, faults)

    def review(self, claimed):
        given = {name: self.laid(name, value) for name, value in claimed.items()}
        return pl.review_gradients(given, self.net, self.X, self.Y, self.convention, self.s, self.masks)

    def laid(self, name, value):
        """In the convention of the case."""
        if self.convention == "columns" or value.ndim < 2:
            return value
        return value[:, 0] if name.startswith("db") and value.shape[1] == 1 else value.T


def random_case(rng, spread=None, square=False, dtype="float64", weights=1.0):
    depth = int(rng.integers(1, 5))
    widths = rng.integers(1, 7, size=depth + 1) if not square else np.full(depth + 1, rng.integers(2, 6))
    if square and rng.random() < 0.5:
        widths[[0, -1]] = rng.integers(1, 6, size=2)
    elif rng.random() < 0.3:
        widths[1:-1] = widths[0]
    sizes = [int(width) for width in widths]
    output, loss = PAIRS[rng.integers(len(PAIRS))] if rng.random() < 0.6 else COMMON[rng.integers(len(COMMON))]
    if output == "softmax" and sizes[-1] == 1:
        sizes[-1] = 3
    hidden = [str(rng.choice(HIDDEN if rng.random() < 0.5 else ["relu", "tanh", "sigmoid"])) for _ in range(depth - 1)]
    m = int(rng.choice([1, 2, 3, 5, 8, 20]))
    net = pl.Network(
        sizes, [*hidden, output], loss, l2=float(rng.choice([0, 0, 0.1, 0.7])), dropout=float(rng.choice([0, 0, 0.3])),
        seed=int(rng.integers(2**31)), dtype=dtype,
    )  # fmt: skip
    net.vector[: net.architecture.n_weights] *= weights
    net.vector[net.architecture.n_weights :] = rng.normal(size=net.n_parameters - net.architecture.n_weights) * 0.4
    X = rng.normal(size=(m, sizes[0])) * (spread or 1.0)
    Y = targets(rng, loss, m, sizes[-1], int(rng.integers(2)))
    s = rng.random(m) + 0.1 if rng.random() < 0.25 else None
    masks = net.dropout_mask(m, step=int(rng.integers(100))) or None
    return Case(net, X, Y, s, masks, str(rng.choice(["columns", "rows"])))


COMMON = [("sigmoid", "log_loss"), ("softmax", "cross_entropy"), ("identity", "half_mse"), ("identity", "mse"), ("tanh", "mse")]


def places(case):
    """Every mistake that can be made in this network, as (kind, place, detail)."""
    net, m = case.net, len(case.X)
    sizes, rules, loss = net.architecture.sizes, [rule.spec for rule in net.architecture.activations], net.architecture.loss.spec
    L, found, rng = len(rules), [], np.random.default_rng(net.seed)
    chain = [*(f"{kind}{layer}" for layer in range(1, L + 1) for kind in ("da", "dz")), "dX"]
    sums = [f"{kind}{layer}" for layer in range(1, L + 1) for kind in ("dW", "db")]
    for place in chain + sums:
        found += [("transposed", place, None), ("wrong sign", place, None), ("extra 1/m", place, None)]
        found.append(("factor", place, float(rng.choice([2.0, 0.5, 4.0]))))
    found += [("missing 1/m", place, None) for place in sums]
    found.append(("loss derivative missing", f"da{L}", None))
    exact = {("sigmoid", "log_loss"), ("softmax", "cross_entropy"), ("exp", "poisson")}
    if (rules[-1], loss) in exact:
        found.append(("counted twice", f"dz{L}", None))
    else:
        found.append(("error not exact", f"dz{L}", None))
    for layer in range(1, L + 1):
        base = rules[layer - 1].partition("(")[0]
        if rules[layer - 1] != "identity":
            found.append(("derivative missing", f"dz{layer}", None))
        if rules[layer - 1] == "softmax":
            found.append(("diagonal", f"dz{layer}", None))
        elif rules[layer - 1] != "identity":
            found.append(("derivative at a", f"dz{layer}", None))
            found += [("derivative at layer", f"dz{layer}", k) for k in range(L + 1) if k != layer and sizes[k] == sizes[layer]]
        if base in ALIKE:
            found.append(("relu mask", f"dz{layer}", "da"))
            found += [("relu mask", f"dz{layer}", which) for which in ("a", "z") if sizes[layer] == sizes[layer - 1]]
        if case.masks and layer in case.masks:
            found.append(("dropout mask missing", f"dz{layer}", None))
        below = f"da{layer - 1}" if layer > 1 else "dX"
        if sizes[layer] == sizes[layer - 1]:
            found.append(("not transposed", below, None))
            if sizes[layer] == m:
                found.append(("element-wise", below, None))
        found.append(("updated W", below, float(rng.choice([0.1, 0.01, 0.5, 0.037]))))
        found += [("other activations", f"dW{layer}", k) for k in range(L + 1) if k != layer - 1]
        for turned in (False, True):
            other = (m, sizes[layer - 1]) if turned else (sizes[layer - 1], m)
            try:
                np.broadcast_shapes((sizes[layer], m), other)
            except ValueError:
                continue
            found.append(("element-wise", f"dW{layer}", turned))
        found += [("wrong axis", f"db{layer}", way) for way in ("sum", "mean", "keep", "all")]
        found += [("one sample", f"db{layer}", int(rng.integers(m)))]
        found += [("times input", f"db{layer}", which) for which in (("a", "x") if layer > 1 else ("a",))]
        if net.architecture.l2:
            found += [("l2 missing", f"dW{layer}", None), ("l2 doubled", f"dW{layer}", None), ("l2 on biases", f"db{layer}", None)]
    everywhere = {kind for kind, place, _ in found if place[:2] in ("dW", "db") or kind in CODE}
    found += [(kind, "everywhere", detail) for kind, place, detail in found if kind in everywhere and kind not in FACTORS and place != "dX"]
    return found


def handed_in(case, claimed, rng):
    """All arrays, or those of the parameters, or some."""
    which = rng.random()
    if which < 0.4:
        return dict(claimed)
    if which < 0.8:
        return {name: value for name, value in claimed.items() if name[:2] in ("dW", "db")}
    return {name: value for name, value in claimed.items() if rng.random() < 0.6} or dict(claimed)


def off(value, right):
    """How far from the right array, relative to its largest entry; inf where the shape is another."""
    if np.shape(value) != right.shape:
        if np.size(value) > 1 or right.size > 1:
            return np.inf
        value = np.reshape(value, right.shape)
    size = np.abs(right).max()
    return float(np.abs(value - right).max() / size) if size else float(np.abs(value).max() * np.inf if np.any(value) else 0)


def plant(rng, kind=None, how_many=1, tries=400):
    """A random case with so many mistakes planted that can be seen in what is handed in; (case, claimed, faults)."""
    for _ in range(tries):
        case = random_case(rng, square=kind in OF_EQUAL_WIDTHS and rng.random() < 0.8)
        possible = places(case)
        first = [item for item in possible if item[0] == kind] if kind else possible
        if not first:
            continue
        faults = [first[rng.integers(len(first))]]
        while len(faults) < how_many:
            faults.append(possible[rng.integers(len(possible))])
        if len({(kind, place) for kind, place, _ in faults}) < how_many or not compatible(faults):
            continue
        try:
            right, claimed = case.gradients(), case.gradients(faults)
            alone = [case.gradients([fault]) for fault in faults]
        except ValueError:
            continue  # a wrong shape would have stopped the student right there
        if not all(np.isfinite(value).all() for value in [*claimed.values(), *right.values()]):
            continue
        claimed = handed_in(case, claimed, rng)
        seen = all(any(off(one[name], right[name]) > 1e-5 for name in claimed) for one in alone)
        if how_many == 2 and seen:  # each must change what the other leaves
            seen = all(any(off(claimed[name], one[name]) > 1e-5 for name in claimed) for one in alone)
        if seen and any(off(value, right[name]) > 1e-5 for name, value in claimed.items()):
            return case, claimed, faults
    return None


def compatible(faults):
    """Whether two mistakes can be made at once: the second is not written where the first was."""
    exclusive = [
        {"derivative missing", "diagonal", "derivative at a", "derivative at layer", "relu mask", "error not exact", "counted twice"},
        {"wrong axis", "one sample", "times input", "missing 1/m", "l2 on biases"},
        {"not transposed", "element-wise"},
        {"l2 missing", "l2 doubled"},
        {"other activations", "element-wise"},
        {"factor", "missing 1/m", "extra 1/m", "wrong sign"},
    ]
    if len(faults) < 2:
        return True
    (one, here, _), (other, there, _) = faults
    if {one, other} == {"missing 1/m", "extra 1/m"} or (one == other and "everywhere" in (here, there)):
        return False  # they cancel, or are one
    if {one, other} & {"error not exact", "counted twice"} and "da" in (here[:2], there[:2]):
        return False  # what is done to da_L is never used
    return here != there or not any({one, other} <= group for group in exclusive)


def name_of(fault):
    kind, _, detail = fault
    return CAUSE[kind].format(detail=NUMBERS.get(detail, detail)) if kind == "factor" else CAUSE[kind]


def named(review, fault):
    """Whether some verdict names the planted mistake."""
    cause = name_of(fault)
    return any(cause in name for verdict in review.values() for names in verdict.causes for name in names)


def placed(review, fault):
    """Whether it is named where it was planted (or in the same layer, where that array was not handed in)."""
    cause, layer = name_of(fault), fault[1][2:]
    return any(
        fault[1] == "everywhere" or verdict.where == fault[1] or (fault[1] not in review and verdict.where.lstrip("daWzb") == layer)
        for verdict in review.values()
        if any(cause in name for names in verdict.causes for name in names)
    )


def correct(rng):
    """A random case, and right gradients of it as float64, float32, or from the network itself."""
    spread = float(rng.choice([0.01, 1.0, 1.0, 10.0, 100.0]))
    dtype = "float32" if rng.random() < 0.2 else "float64"
    case = random_case(rng, spread=spread, dtype=dtype, weights=float(rng.choice([0.01, 1.0, 1.0, 1.0, 5.0])))
    right = case.gradients()
    way = rng.random()
    if way < 0.15:
        trace = case.net.trace(case.X, case.Y, "columns", case.s, case.masks)
        return case, {name: trace[name] for name in trace if name.startswith("d")}
    claimed = handed_in(case, right, rng)
    if way < 0.3:
        with np.errstate(over="ignore"):
            claimed = {name: value.astype(np.float32) for name, value in claimed.items()}
    return case, claimed


def slightly_off(rng):
    """A random case, gradients of which one is off in one entry by more than a ten millionth of its largest, and its name."""
    case = random_case(rng)
    claimed = handed_in(case, case.gradients(), rng)
    names = [name for name, value in claimed.items() if np.isfinite(value).all() and np.abs(value).max() > 1e-6]
    if not names or not all(np.isfinite(value).all() for value in claimed.values()):
        return None
    name = str(rng.choice(names))
    off = claimed[name].copy()
    at = tuple(rng.integers(size) for size in off.shape)
    off[at] += rng.choice([-1, 1]) * 1e-7 * 10 ** rng.uniform(0.01, 5) * np.abs(off).max()
    return case, {**claimed, name: off}, name


def single_mistakes(kind, cases, rng):
    """How often a planted mistake is named, named where it was made, and named alone."""
    count = Counter()
    for _ in range(cases):
        if (found := plant(rng, kind)) is None:
            continue
        case, claimed, (fault,) = found
        review = case.review(claimed)
        alternatives = max((len(verdict.causes) for verdict in review.roots), default=0)
        count.update(cases=1, named=named(review, fault), placed=placed(review, fault), alone=alternatives == 1)
    return count


def pairs(cases, rng):
    """How often both of two mistakes are named, and at least one."""
    count = Counter()
    for _ in range(cases):
        if (found := plant(rng, how_many=2)) is None:
            continue
        case, claimed, faults = found
        try:
            review = case.review(claimed)
        except pl.ShapeError:  # two mistakes may make a shape that no single one does
            review = {}
        both = [named(review, fault) for fault in faults]
        count.update(cases=1, both=all(both), one=any(both))
    return count


def called_wrong(indices, seed=0):
    """The right gradients that the review does not let pass, as (index, case, review)."""
    for index in indices:
        case, claimed = correct(np.random.default_rng([seed, index]))
        if all(np.isfinite(value).all() for value in claimed.values()):
            review = case.review(claimed)
            if not review.passed:
                yield index, case, review


def called_correct(indices, seed=1):
    """The wrong gradients that are called correct, as (index, case, name)."""
    for index in indices:
        found = slightly_off(np.random.default_rng([seed, index]))
        if found is not None and found[0].review(found[1])[found[2]].ok:
            yield index, found[0], found[2]


def report(cases=100, pair_cases=1000, right=10_000, seed=0):
    rng = np.random.default_rng(seed)
    columns = ("named", "placed", "alone")
    print(f"{'one mistake':<28}{'cases':>7}" + "".join(f"{heading:>8}" for heading in columns))
    total = Counter()
    for kind in CAUSE:
        count = single_mistakes(kind, cases, rng)
        total.update(count)
        print(shown(kind, count, columns), flush=True)
    print(shown("all", total, columns))
    print(shown("two mistakes", pairs(pair_cases, rng), ("both", "one")), "(both named, one at least)", flush=True)
    start = time.perf_counter()
    wrong = list(called_wrong(range(right), seed))
    each = 1000 * (time.perf_counter() - start) / max(right, 1)
    print(f"{'right gradients':<28}{right:>7}, called wrong {len(wrong)}, {each:.0f} ms each", flush=True)
    for index, case, review in wrong:
        print(index, case.net, repr(review))
    missed = list(called_correct(range(right // 10), seed + 1))
    print(f"{'slightly off':<28}{right // 10:>7}, called correct {len(missed)}")
    for index, case, name in missed:
        print(index, case.net, name)


def shown(name, count, columns):
    return f"{name:<28}{count['cases']:>7}" + "".join(f"{100 * count[what] / max(count['cases'], 1):>7.1f}%" for what in columns)


if __name__ == "__main__":
    report(*(int(argument) for argument in sys.argv[1:]))
