"""Initial weights: how the entries of W_l are drawn, given how many units come in and go out. Biases start at zero.

The draws are NumPy's, from one generator in layer order, so every engine starts from the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from pellucid.equations.arrays import Array
from pellucid.equations.records import look_up, spelled
from pellucid.errors import InputError, sentence


@dataclass(frozen=True)
class Initializer:
    """A distribution for the weights of one layer.

    >>> import numpy as np
    >>> initializer("he_normal").draw(np.random.default_rng(0), 4, 5).shape
    (4, 5)
    """

    spec: str
    """the text that names it"""
    variance: str
    """the variance of an entry, as an expression in n_in and n_out"""
    draw: Callable[[np.random.Generator, int, int], Float[Array, "k n"]]
    """W of shape (n_in, n_out), float64"""


def _uniform(name: str, text: str, variance: Callable[[int, int], float]) -> Initializer:
    def draw(rng: np.random.Generator, n_in: int, n_out: int) -> Array:
        bound = np.sqrt(3 * variance(n_in, n_out))  # a uniform variable on (-r, r) has variance r^2 / 3
        return rng.uniform(-bound, bound, (n_in, n_out))

    return Initializer(name, text, draw)


def _normal(name: str, text: str, variance: Callable[[int, int], float]) -> Initializer:
    def draw(rng: np.random.Generator, n_in: int, n_out: int) -> Array:
        return rng.normal(0.0, np.sqrt(variance(n_in, n_out)), (n_in, n_out))

    return Initializer(name, text, draw)


def _glorot(n_in: int, n_out: int) -> float:
    return 2 / (n_in + n_out)


def _he(n_in: int, n_out: int) -> float:
    return 2 / n_in


def _lecun(n_in: int, n_out: int) -> float:
    return 1 / n_in


def glorot_uniform() -> Initializer:
    """Variance 2 / (n_in + n_out): keeps signals alive both ways through tanh (Glorot and Bengio 2010)."""
    return _uniform("glorot_uniform", "2 / (n_in + n_out)", _glorot)


def glorot_normal() -> Initializer:
    """Variance 2 / (n_in + n_out), normal (Glorot and Bengio 2010)."""
    return _normal("glorot_normal", "2 / (n_in + n_out)", _glorot)


def he_uniform() -> Initializer:
    """Variance 2 / n_in: makes up for the half that relu cuts off (He et al. 2015)."""
    return _uniform("he_uniform", "2 / n_in", _he)


def he_normal() -> Initializer:
    """Variance 2 / n_in, normal (He et al. 2015)."""
    return _normal("he_normal", "2 / n_in", _he)


def lecun_uniform() -> Initializer:
    """Variance 1 / n_in (LeCun et al. 1998, *Efficient BackProp*)."""
    return _uniform("lecun_uniform", "1 / n_in", _lecun)


def lecun_normal() -> Initializer:
    """Variance 1 / n_in, normal: what selu asks for (LeCun et al. 1998; Klambauer et al. 2017)."""
    return _normal("lecun_normal", "1 / n_in", _lecun)


def constant(value: float = 0.0) -> Initializer:
    """Every weight the same: all units of a layer then stay the same for ever; for demonstrations.

    Raises:
        InputError: the value is not finite.

    """
    if not math.isfinite(value):
        raise InputError(sentence("the value", "constant", value, "a finite number", "choose e.g. 0.1"))

    def draw(rng: np.random.Generator, n_in: int, n_out: int) -> Array:
        return np.full((n_in, n_out), float(value))

    return Initializer(spelled("constant", value=value), "0", draw)


def zeros() -> Initializer:
    """Every weight 0."""
    return Initializer("zeros", "0", constant(0.0).draw)


CATALOGUE: dict[str, Callable[..., Initializer]] = {
    "glorot_uniform": glorot_uniform,
    "glorot_normal": glorot_normal,
    "he_uniform": he_uniform,
    "he_normal": he_normal,
    "lecun_uniform": lecun_uniform,
    "lecun_normal": lecun_normal,
    "zeros": zeros,
    "constant": constant,
}


def initializer(spec: str | Initializer, **parameters: float) -> Initializer:
    """The initializer that a text names, e.g. ``"he_normal"`` or ``"constant(value=0.1)"``.

    >>> initializer("he_normal").variance
    '2 / n_in'
    """
    return spec if isinstance(spec, Initializer) else look_up("initializer", spec, CATALOGUE, parameters)
