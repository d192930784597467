"""Activations: a = f(z), and the derivative beside it.

One frozen record holds every face of an activation. At a kink the derivative is the *right* one: relu'(0) = 1, as in
``f'(x) = 1 for x >= 0``. (JAX and PyTorch take 0 there.)
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate

import numpy as np
from jaxtyping import Float, Inexact

from pellucid.equations.arrays import Array, namespace, normal_cdf, not_negative, over_groups, sigmoid, softplus
from pellucid.equations.records import ARGUMENTS, NOT_NEGATIVE, OPEN_UNIT, POSITIVE, REAL, Interval, as_latex, is_formula, look_up, spelled
from pellucid.errors import InputError, sentence


@dataclass(frozen=True)
class Activation(ABC):
    """What every activation has, element by element or not.

    >>> activation("relu").formula, activation("relu").derivative_formula
    ('max(0, z)', '1 if z >= 0 else 0')
    """

    spec: str
    """the text that names it: ``activation(spec)`` gives the same record"""
    formula: str
    """a as an expression in z"""
    derivative_formula: str
    """f'(z) as an expression in z and a (for softmax: the entry i, k of the Jacobian)"""
    range: Interval
    """the values a can take"""
    kinks: tuple[float, ...]
    """the z at which the derivative jumps"""
    forward: Callable[[Inexact[Array, "m n"]], Inexact[Array, "m n"]]
    """a = f(z)"""
    pieces: tuple[str, str]
    """the same two formulas out of stable pieces (sigmoid, softplus, expm1, where ...), as compiled engines take them"""

    @property
    def name(self) -> str:
        """The catalogue's name, also of a formula that is the same function as one of the catalogue."""
        return self.spec

    @property
    def latex(self) -> tuple[str, str]:
        r"""a and f'(z) as LaTeX.

        >>> activation("x * sigmoid(x)").latex[0]
        'z \\sigma\\left(z\\right)'
        """
        return as_latex(self.formula), as_latex(self.derivative_formula)

    @property
    def pieces_in_place(self) -> tuple[str, str] | None:
        """The same for engines that write a over z: f' is then in a alone, and 0 may come out as -0; None where that cannot be."""
        return None if "z" in re.findall(r"\w+", self.pieces[1]) or not all(self.pieces) else self.pieces

    @abstractmethod
    def backward(self, da: Inexact[Array, "m n"], z: Inexact[Array, "m n"], a: Inexact[Array, "m n"]) -> Inexact[Array, "m n"]:
        """Dz = the Jacobian of f, transposed, applied to da."""

    @abstractmethod
    def jacobian(self, z: Inexact[Array, "m n"], a: Inexact[Array, "m n"]) -> Inexact[Array, "m n n"]:
        """J[s, i, k] = d a_i / d z_k of sample s."""


@dataclass(frozen=True)
class Elementwise(Activation):
    """An activation that maps each entry on its own: dz = da * f'(z)."""

    derivative: Callable[[Inexact[Array, "m n"], Inexact[Array, "m n"]], Inexact[Array, "m n"]]
    """f'(z), given z and a = f(z)"""
    signed: tuple[str, str] | None = None
    """pieces by which the sign of a, that of its zeros too, tells the side of the kink on which z was"""
    same_as: str = ""
    """of a formula: the name of the activation of the catalogue that is the same function"""

    @property
    def name(self) -> str:
        """The catalogue's name, also of a formula that is the same function as one of the catalogue."""
        return self.same_as or self.spec

    @property
    def pieces_in_place(self) -> tuple[str, str] | None:
        """The signed pieces, where there are any."""
        return self.signed or super().pieces_in_place

    def backward(self, da: Inexact[Array, "m n"], z: Inexact[Array, "m n"], a: Inexact[Array, "m n"]) -> Inexact[Array, "m n"]:
        """Dz = da * f'(z)."""
        return da * self.derivative(z, a)

    def jacobian(self, z: Inexact[Array, "m n"], a: Inexact[Array, "m n"]) -> Inexact[Array, "m n n"]:
        """f'(z) on the diagonal."""
        return self.derivative(z, a)[:, :, None] * namespace(z).eye(z.shape[1], dtype=z.dtype)


@dataclass(frozen=True)
class Softmax(Activation):
    """Softmax: a vector-valued function, so its derivative is a matrix for each sample.

    With groups there is one softmax for each of them, side by side: sums run over the units of a group, and the Jacobian is 0 between
    units of different groups.
    """

    groups: tuple[int, ...] = ()
    """how many units each group has, in order; empty where all units of the layer are one"""

    @property
    def name(self) -> str:
        """Softmax, with groups or without."""
        return "softmax"

    def parts(self, n: int) -> tuple[slice, ...]:
        """Where each group lies among n units.

        >>> record = activation("softmax(3, 2)")
        >>> record.parts(5)
        (slice(0, 3, None), slice(3, 5, None))
        """
        ends = list(accumulate(self.groups)) or [n]
        return tuple(slice(start, stop) for start, stop in zip([0, *ends], ends, strict=False))

    @property
    def latex(self) -> tuple[str, str]:
        r"""a_i and the entry i, k of the Jacobian as LaTeX; with groups for i and k in a group g."""
        over = r"j \in g" if self.groups else "j=1"
        last = "" if self.groups else "^{n}"
        return rf"\frac{{e^{{z_i}}}}{{\sum_{{{over}}}{last} e^{{z_j}}}}", r"a_i \left(\delta_{ik} - a_k\right)"

    def backward(self, da: Inexact[Array, "m n"], z: Inexact[Array, "m n"], a: Inexact[Array, "m n"]) -> Inexact[Array, "m n"]:
        """Dz = a * (da - sum_k a_k da_k): the Jacobian (symmetric) applied to da, without forming it."""
        return a * (da - over_groups(lambda part: namespace(a).sum(part, axis=-1, keepdims=True), a * da, groups=self.groups))

    def jacobian(self, z: Inexact[Array, "m n"], a: Inexact[Array, "m n"]) -> Inexact[Array, "m n n"]:
        """a_i (1 - a_i) where i = k, -a_i a_k where i != k; that is diag(a) - a a^T, in each group."""
        xp = namespace(a)
        diagonal = a[:, :, None] * xp.eye(a.shape[1], dtype=a.dtype)
        products = a[:, :, None] * a[:, None, :]
        return diagonal - (products * xp.asarray(self.same_group(a.shape[1]), dtype=a.dtype) if self.groups else products)

    def same_group(self, n: int) -> Float[np.ndarray, "n n"]:
        """1 where two units are of one group, else 0, (n, n)."""
        group = np.repeat(np.arange(len(self.groups) or 1), self.groups or (n,))
        return (group[:, None] == group).astype(np.float64)


def identity() -> Activation:
    """f(z) = z, f'(z) = 1."""

    def forward(z: Array) -> Array:
        return z

    def derivative(z: Array, a: Array) -> Array:
        return namespace(z).ones_like(z)

    return Elementwise("identity", "z", "1", REAL, (), forward, ("z", "1"), derivative)


def logistic() -> Activation:
    """f(z) = 1 / (1 + e^-z), f'(z) = a (1 - a)."""

    def derivative(z: Array, a: Array) -> Array:
        return a * (1 - a)

    return Elementwise("sigmoid", "1 / (1 + exp(-z))", "a * (1 - a)", OPEN_UNIT, (), sigmoid, ("sigmoid(z)", "a * (1 - a)"), derivative)


def tanh() -> Activation:
    """f(z) = (e^z - e^-z) / (e^z + e^-z), f'(z) = 1 - a^2."""

    def forward(z: Array) -> Array:
        return namespace(z).tanh(z)

    def derivative(z: Array, a: Array) -> Array:
        return (1 - a) * (1 + a)

    bounds = Interval(-1.0, 1.0, (False, False))
    return Elementwise("tanh", "tanh(z)", "1 - a**2", bounds, (), forward, ("tanh(z)", "(1 - a) * (1 + a)"), derivative)


def relu() -> Activation:
    """f(z) = max(0, z), f'(z) = 1 for z >= 0, else 0."""

    def forward(z: Array) -> Array:
        xp = namespace(z)
        return xp.maximum(z, xp.zeros((), dtype=z.dtype))

    def derivative(z: Array, a: Array) -> Array:
        return namespace(z).astype(not_negative(z), z.dtype)

    pieces = "where(z < 0, 0, z)", "where(z < 0, 0, 1)"
    signed = "where(z < 0, -0.0, z + 0.0)", "where(negative(a), 0, 1)"
    return Elementwise("relu", "max(0, z)", "1 if z >= 0 else 0", NOT_NEGATIVE, (0.0,), forward, pieces, derivative, signed)


def leaky_relu(slope: float = 0.01) -> Activation:
    """f(z) = max(slope z, z), f'(z) = 1 for z >= 0, else slope.

    Raises:
        InputError: slope is not below 1; max(slope z, z) would then pick the wrong branch on both sides.

    """
    if not slope < 1 or not math.isfinite(slope):
        repair = "choose a smaller slope, e.g. 0.01"
        raise InputError(sentence("the slope", "leaky_relu", slope, "a finite number below 1", repair))

    def forward(z: Array) -> Array:
        return namespace(z).where(not_negative(z), z, slope * z)

    def derivative(z: Array, a: Array) -> Array:
        xp = namespace(z)
        return xp.where(not_negative(z), xp.ones_like(z), slope)

    bounds = REAL if slope > 0 else NOT_NEGATIVE
    spec, text = spelled("leaky_relu", slope=slope), f"max({slope!r} * z, z)"
    number = repr(float(slope))
    pieces = f"where(z < 0, {number} * z, z)", f"where(z < 0, {number}, 1)"
    signed = (f"where(z < 0, {number} * z, z + 0.0)", f"where(negative(a), {number}, 1)") if slope > 0 else None
    return Elementwise(spec, text, f"1 if z >= 0 else {slope!r}", bounds, (0.0,), forward, pieces, derivative, signed)


def elu(alpha: float = 1.0) -> Activation:
    """f(z) = z for z >= 0, else alpha (e^z - 1) (Clevert et al. 2016, *Fast and accurate deep network learning by ELUs*)."""
    if not 0 < alpha < math.inf:
        raise InputError(sentence("alpha", "elu", alpha, "a positive number", "choose e.g. alpha=1"))

    def forward(z: Array) -> Array:
        xp = namespace(z)
        positive = not_negative(z)
        return xp.where(positive, z, alpha * xp.expm1(xp.where(positive, 0, z)))

    def derivative(z: Array, a: Array) -> Array:
        xp = namespace(z)
        positive = not_negative(z)
        return xp.where(positive, xp.ones_like(z), alpha * xp.exp(xp.where(positive, 0, z)))

    text, slope = f"z if z >= 0 else {alpha!r} * (exp(z) - 1)", f"1 if z >= 0 else {alpha!r} * exp(z)"
    bounds = Interval(-alpha, math.inf, (False, False))
    number = repr(float(alpha))
    pieces = f"where(z < 0, {number} * expm1(z), z)", f"where(z < 0, {number} * exp(z), 1)"
    kinks = () if alpha == 1 else (0.0,)
    return Elementwise(spelled("elu", alpha=alpha), text, slope, bounds, kinks, forward, pieces, derivative)


SELU_SCALE = 1.0507009873554804934193349852946
SELU_ALPHA = 1.6732632423543772848170429916717


def selu() -> Activation:
    """f(z) = scale * elu(z; alpha), with the two constants that keep mean 0 and variance 1 fixed.

    Source: Klambauer et al. 2017, *Self-normalizing neural networks*.
    """
    inner = elu(SELU_ALPHA)
    assert isinstance(inner, Elementwise)

    def forward(z: Array) -> Array:
        return SELU_SCALE * inner.forward(z)

    def derivative(z: Array, a: Array) -> Array:
        return SELU_SCALE * inner.derivative(z, a)

    text = f"{SELU_SCALE!r} * ({inner.formula})"
    slope = f"{SELU_SCALE!r} * ({inner.derivative_formula})"
    bounds = Interval(-SELU_SCALE * SELU_ALPHA, math.inf, (False, False))
    pieces = f"{SELU_SCALE!r} * ({inner.pieces[0]})", f"{SELU_SCALE!r} * ({inner.pieces[1]})"
    return Elementwise("selu", text, slope, bounds, (0.0,), forward, pieces, derivative)


def smooth_relu() -> Activation:
    """f(z) = log(1 + e^z), f'(z) = sigmoid(z)."""

    def derivative(z: Array, a: Array) -> Array:
        return sigmoid(z)

    pieces = "softplus(z)", "sigmoid(z)"
    return Elementwise("softplus", "log(1 + exp(z))", "1 / (1 + exp(-z))", POSITIVE, (), softplus, pieces, derivative)


def softsign() -> Activation:
    """f(z) = z / (1 + |z|), f'(z) = 1 / (1 + |z|)^2."""

    def size(z: Array) -> Array:
        return namespace(z).where(not_negative(z), z, -z)

    def forward(z: Array) -> Array:
        return z / (1 + size(z))

    def derivative(z: Array, a: Array) -> Array:
        return (1 / (1 + size(z))) ** 2

    bounds = Interval(-1.0, 1.0, (False, False))
    pieces = "z / (1 + abs(z))", "square(1 / (1 + abs(z)))"
    return Elementwise("softsign", "z / (1 + abs(z))", "1 / (1 + abs(z))**2", bounds, (), forward, pieces, derivative)


def gelu() -> Activation:
    """f(z) = z Phi(z), f'(z) = Phi(z) + z phi(z), the exact form (Hendrycks and Gimpel 2016, *Gaussian error linear units*)."""

    def forward(z: Array) -> Array:
        return z * normal_cdf(z)

    def derivative(z: Array, a: Array) -> Array:
        return normal_cdf(z) + z * namespace(z).exp(z * z * -0.5) * (1 / math.sqrt(2 * math.pi))

    text = "z * erfc(-z / sqrt(2)) / 2"
    slope = "erfc(-z / sqrt(2)) / 2 + z * exp(-z**2 / 2) / sqrt(2 * pi)"
    pieces = "z * normal_cdf(z)", f"normal_cdf(z) + z * exp(-0.5 * z * z) * {1 / math.sqrt(2 * math.pi)!r}"
    return Elementwise("gelu", text, slope, Interval(-0.17, math.inf, (True, False)), (), forward, pieces, derivative)


def silu() -> Activation:
    """f(z) = z sigmoid(z), f'(z) = s (1 + z (1 - s)), s = sigmoid(z) (Elfwing et al. 2018)."""

    def forward(z: Array) -> Array:
        return z * sigmoid(z)

    def derivative(z: Array, a: Array) -> Array:
        s = sigmoid(z)
        return s * (1 + z * sigmoid(-z))

    text, slope = "z / (1 + exp(-z))", "(1 + z / (1 + exp(z))) / (1 + exp(-z))"
    pieces = "z * sigmoid(z)", "sigmoid(z) * (1 + z * sigmoid(-z))"
    return Elementwise("silu", text, slope, Interval(-0.2785, math.inf, (True, False)), (), forward, pieces, derivative)


def mish() -> Activation:
    """f(z) = z tanh(softplus(z)), f'(z) = t + z sigmoid(z) (1 - t^2), t = tanh(softplus(z)) (Misra 2019)."""

    def forward(z: Array) -> Array:
        return z * namespace(z).tanh(softplus(z))

    def derivative(z: Array, a: Array) -> Array:
        t = namespace(z).tanh(softplus(z))
        return t + z * sigmoid(z) * (1 - t) * (1 + t)

    text = "z * tanh(log(1 + exp(z)))"
    slope = "tanh(log(1 + exp(z))) + z / (1 + exp(-z)) * (1 - tanh(log(1 + exp(z)))**2)"
    t = "tanh(softplus(z))"
    pieces = f"z * {t}", f"{t} + z * sigmoid(z) * (1 - {t}) * (1 + {t})"
    return Elementwise("mish", text, slope, Interval(-0.3089, math.inf, (True, False)), (), forward, pieces, derivative)


def hard_tanh() -> Activation:
    """f(z) = min(1, max(-1, z)), f'(z) = 1 for -1 <= z < 1, else 0."""

    def forward(z: Array) -> Array:
        return namespace(z).clip(z, -1, 1)

    def derivative(z: Array, a: Array) -> Array:
        return namespace(z).astype((z >= -1) & (z < 1), z.dtype)

    bounds = Interval(-1.0, 1.0, (True, True))
    text, slope = "min(1, max(-1, z))", "1 if -1 <= z < 1 else 0"
    pieces = "clip(z, -1, 1)", "where((z >= -1) & (z < 1), 1, 0)"
    return Elementwise("hard_tanh", text, slope, bounds, (-1.0, 1.0), forward, pieces, derivative)


def exponential() -> Activation:
    """f(z) = e^z, f'(z) = a: the output for counts (poisson). It overflows beyond z = 709 (float32: 88)."""

    def forward(z: Array) -> Array:
        return namespace(z).exp(z)

    def derivative(z: Array, a: Array) -> Array:
        return a

    return Elementwise("exp", "exp(z)", "a", POSITIVE, (), forward, ("exp(z)", "a"), derivative)


def softmax(*groups: float) -> Activation:
    """f(z)_i = e^{z_i} / sum_j e^{z_j}; a sigmoid is the softmax of two classes.

    ``softmax(3, 2)`` is two of them side by side, the sums over the first three units and over the other two: the probabilities of two
    questions with three and with two answers.

    Raises:
        InputError: a group is no whole number of at least 1.

    """
    for size in groups:
        if not 1 <= size < 2**53 or size != int(size):
            raise InputError(sentence("the size of a group", "softmax", size, "a whole number of at least 1", "write e.g. softmax(3, 2)"))
    sizes = tuple(map(int, groups))

    def one(z: Array) -> Array:
        xp = namespace(z)
        e = xp.exp(z - xp.max(xp.real(z), axis=-1, keepdims=True))
        return e / xp.sum(e, axis=-1, keepdims=True)

    def forward(z: Array) -> Array:
        return over_groups(one, z, groups=sizes)

    if not sizes:
        return Softmax("softmax", "exp(z_i) / sum_j exp(z_j)", "a_i * ((i == k) - a_k)", OPEN_UNIT, (), one, ("", ""))
    value, slope = "exp(z_i) / sum_j exp(z_j), j of the group of i", "a_i * ((i == k) - a_k) where i and k are of one group, else 0"
    return Softmax(f"softmax({', '.join(map(str, sizes))})", value, slope, OPEN_UNIT, (), forward, ("", ""), sizes)


CATALOGUE: dict[str, Callable[..., Activation]] = {
    "identity": identity,
    "sigmoid": logistic,
    "tanh": tanh,
    "relu": relu,
    "leaky_relu": leaky_relu,
    "softmax": softmax,
    "elu": elu,
    "selu": selu,
    "softplus": smooth_relu,
    "softsign": softsign,
    "gelu": gelu,
    "silu": silu,
    "mish": mish,
    "hard_tanh": hard_tanh,
    "exp": exponential,
}


def activation(spec: str | Activation, **parameters: float) -> Activation:
    """The activation that a text names, e.g. ``"relu"`` or ``"leaky_relu(slope=0.2)"``, or that a formula in x (or z) stands for.

    ``"softmax(3, 2)"`` is a softmax over the first three units and one over the other two.

    A formula may use ``+ - * / **``, brackets, ``a if x > 0 else b`` and the functions abs, atan, cos, cosh, erf, erfc, exp, expm1, log,
    log1p, logcosh, max, min, normal_cdf, relu, sech, sigmoid, sign, sin, sinh, softplus, sqrt, tan, tanh, and the activations of the
    catalogue. It is rewritten so that nothing overflows, and derived, at a kink from the right (but abs' = 0 at 0). It has to be finite,
    with its derivative, for |x| <= 100, in float64; in float32 what grows as e^x overflows from 88.

    Raises:
        UnknownNameError: there is no such name.
        FormulaError: the text is no formula, or one that is not finite, jumps, is constant, or has an infinite derivative.

    >>> activation("leaky_relu", slope=0.2).spec
    'leaky_relu(slope=0.2)'
    >>> swish = activation("x * sigmoid(2*x)")
    >>> swish.derivative_formula
    'sigmoid(2 * z) + 2 * z * sigmoid(2 * z) * sigmoid(-2 * z)'

    """
    if isinstance(spec, Activation):
        return spec
    if is_formula(spec, ARGUMENTS):
        if parameters:
            told = sentence(
                "a parameter", "the formula of an activation", ", ".join(parameters), "none", "write the number into the formula"
            )
            raise InputError(told)
        return _from_formula(" ".join(spec.split()))
    return look_up("activation", spec, CATALOGUE, parameters)


@lru_cache(maxsize=256)
def _from_formula(text: str) -> Activation:
    """The record of a formula. One that is a function of the catalogue computes as that does, to the bit."""
    from pellucid.equations.formulas import activation_faces
    from pellucid.expressions.algebra import canonical
    from pellucid.expressions.parse import parse
    from pellucid.expressions.stable import stable

    known = {name: record for name, make in CATALOGUE.items() if isinstance(record := make(), Elementwise)}
    faces = activation_faces(text, {name: record.formula for name, record in known.items()})
    twin = next((record for record in known.values() if canonical(stable(parse(record.formula, ["z"]))) == canonical(faces.tree)), None)
    if twin is not None:
        return replace(twin, spec=text, formula=faces.formula, same_as=twin.spec)
    return Elementwise(
        text, faces.formula, faces.derivative_formula, faces.range, faces.kinks, faces.forward, faces.pieces, faces.derivative
    )  # fmt: skip
