"""What the names of a written equation stand for in a network: dW^{[2]}, dW2, dJ/dw_2, delta_2 ... under one reading of the line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from pellucid.equations.activations import CATALOGUE
from pellucid.expressions.functions import FUNCTIONS
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.cursor import Vocabulary
from pellucid.expressions.reading.tree import Apply, Name
from pellucid.glassbox.written.places import children, kept

VALUES = {
    "z": "z", "Z": "z", "a": "a", "A": "a", "h": "h", "H": "h", "x": "x", "X": "x", "y": "y", "Y": "y", "y_true": "y", "Y_true": "y",
    "y_hat": "y_hat", "Y_hat": "y_hat", "yhat": "y_hat", "Yhat": "y_hat", "y_pred": "y_hat", "Y_pred": "y_hat",
    "W": "W", "w": "W", "omega": "W", "b": "b", "B": "b", "J": "J", "cost": "J", "cost function": "J", "Cost": "J",
    "L": "l", "l": "l", "loss": "l", "Loss": "l", "loss function": "l", "mse": "mse", "MSE": "mse",
    "m": "m", "N": "m", "n_samples": "m", "n": "n", "K": "outputs", "alpha": "rate", "eta": "rate", "learning_rate": "rate", "lr": "rate",
    "lambda": "l2", "lambd": "l2", "l2": "l2", "s": "s", "S": "S", "mask": "mask", "D": "mask", "error": "error", "Error": "error",
    "a_prev": "prev", "A_prev": "prev", "C": "l", "E": "l",
}  # fmt: skip
"""what a name is the name of"""
PARAMETERS = ("W", "b")
LAYERED = ("z", "a", "h", "W", "b", "mask", "n", "prev")
"""what every layer has"""
PER_SAMPLE = ("z", "a", "h", "x", "y", "y_hat", "l", "mask", "error", "s")
"""what every sample has"""
LETTERS = frozenset("xyzwWbaAXZYmnu")
GENERAL = ("f", "g", "sigma", "phi", "s", "act", "activation", "a", "psi", "h")
"""names of whatever activation a layer has"""
LOSSES = ("C", "L", "l", "loss", "J", "cost", "Loss", "E")
SPELLED = {"ReLU": "relu", "Relu": "relu", "RELU": "relu", "Sigmoid": "sigmoid", "Softmax": "softmax", "Tanh": "tanh", "S_M": "softmax"}
"""other spellings of activations"""
VOCABULARY = Vocabulary(
    frozenset(VALUES) | {"delta", "pi"},
    frozenset(
        {*GENERAL, *LOSSES, *SPELLED, *FUNCTIONS, *CATALOGUE, "ln", "maximum", "minimum", "absolute", "power", "expit", "arctan", "outer"}
    ),
    LETTERS,
    frozenset({*FUNCTIONS, *CATALOGUE, *SPELLED}),
)
_LAYER = re.compile(r"([lL])([+-]1)?|\d+")


class NoValue(Exception):
    """A side cannot be computed under a reading; the kind says why: name, layer, index, shape, words, dependence."""

    def __init__(self, kind: str, told: str, at: tuple[int, int] = (0, 0)) -> None:
        super().__init__(told)
        self.kind, self.told, self.at = kind, told, at


@dataclass(frozen=True)
class Reading:
    """How what is ambiguous in a line is taken."""

    layer: int | None = None
    """of names that have none"""
    below: str = "units"
    """a number below a name: units or layers"""
    above: str = "powers"
    """a number above a name: powers or layers"""
    digits: str = "layers"
    """digits behind a name: layers or units"""
    samples: frozenset[str] = field(default_factory=frozenset)
    """letters below a name that count samples"""
    base: int = 1
    """the number of the first unit"""
    n: str = "samples"
    """n alone: the number of samples, or of outputs"""
    mean: bool = False
    """whether dJ/dz and dJ/da are derivatives of the mean over the samples"""
    rule: str = "layer"
    """sigma: the activation of the layer, or the sigmoid"""
    primes: str = "new"
    """W': the parameter after the update, the transpose, or that of layer 1"""
    strict: bool = False
    """whether * is entry by entry, since @ is there for matrices"""
    rate: str = "l2"
    """lambda: the weight of the L2 term, or the learning rate"""
    y: str = "target"
    """y: the target, or the output of a neuron"""


@dataclass(frozen=True)
class Quantity:
    """A value of the network, or an entry of it."""

    kind: str
    d: bool = False
    layer: int | None = None
    index: tuple[str, ...] = ()
    sample: str = ""
    code: bool = False
    power: str = ""
    """a power that stands above the name"""
    transposed: bool = False

    @property
    def key(self) -> str:
        """Under which a world keeps it: z1, dW2, y_hat, dX."""
        layer = "" if self.layer is None else self.layer
        return f"{'d' if self.d else ''}{self.kind}{layer}"

    @property
    def per_sample(self) -> bool:
        """Whether every sample has its own."""
        return self.kind in PER_SAMPLE


def names(tree: Expression) -> tuple[Name, ...]:
    """All names of a tree."""
    if isinstance(tree, Name):
        return (tree,)
    return kept(tree, "_names", lambda: tuple(name for _, child in children(tree) for name in names(child)))


def value_names(tree: Expression) -> tuple[Name, ...]:
    """The names of values in a tree, without those of functions."""
    if isinstance(tree, Name):
        return (tree,)
    function = isinstance(tree, Apply) and tree.function.base != "a"
    below = (child for field, child in children(tree) if not (function and field == "function"))
    return kept(tree, "_value_names", lambda: tuple(name for child in below for name in value_names(child)))


def layer_text(name: Name, reading: Reading) -> tuple[str, Name]:
    """What names the layer of a name, and the name without it."""
    if name.bracket:
        return name.bracket, replace(name, bracket="")
    if name.suffix and (reading.digits == "layers" and VALUES.get(name.base, name.base) not in ("x", "y")):
        return name.suffix, replace(name, suffix="")
    if name.raised and (reading.above == "layers" or not name.raised.isdigit()):
        return name.raised, replace(name, raised="")
    if name.sample and (name.sample.isdigit() or name.sample in "lL" or name.sample[:1] in "lL"):
        return name.sample, replace(name, sample="")
    if len(name.below) == 1 and _LAYER.fullmatch(name.below[0]) and (reading.below == "layers" or not name.below[0].isdigit()):
        return name.below[0], replace(name, below=())
    if name.primes and reading.primes == "layer":
        return str(name.primes), replace(name, primes=0)
    return "", name


def layer_number(text: str, letters: Mapping[str, int], at: tuple[int, int]) -> int:
    """2, L, L-1 as a number."""
    match = re.fullmatch(r"(\d+)|([A-Za-z])([+-]\d+)?", text)
    if match is None or (match[2] and match[2] not in letters):
        raise NoValue("layer", f"{text!r} names no layer", at)
    return int(match[1]) if match[1] else letters[match[2]] + int(match[3] or 0)


def resolve(name: Name, reading: Reading, depth: int, letters: Mapping[str, int]) -> Quantity:
    """The quantity that a name stands for.

    Raises:
        NoValue: there is none of that name.

    """
    found = _resolved(name, name.at, reading, depth, tuple(letters.items()))
    if isinstance(found, NoValue):
        raise NoValue(found.kind, found.told, found.at)
    return found


@lru_cache(maxsize=20_000)
def _resolved(name: Name, at: tuple[int, int], reading: Reading, depth: int, letters: tuple[tuple[str, int], ...]) -> Quantity | NoValue:
    try:
        return _found(name, reading, depth, dict(letters))
    except NoValue as why:
        return why.with_traceback(None)


def _found(name: Name, reading: Reading, depth: int, letters: Mapping[str, int]) -> Quantity:
    base, new = name.base, False
    for ending in ("_new", "_next", "_old"):
        if base.endswith(ending):
            base, new = base.removesuffix(ending), ending != "_old"
    d = name.d
    if base == "delta" and not name.below[1:]:
        base, d = "z", True
    if " " in base and base not in VALUES:
        raise NoValue("words", f"{base!r} are words", name.at)
    if base not in VALUES:
        raise NoValue("name", f"{base!r} is no name of a value here", name.at)
    kind = VALUES[base]
    if kind == "y" and reading.y == "output":
        kind = "y_hat"
    text, rest = layer_text(name, reading) if kind in LAYERED else ("", name)
    if kind == "l2" and reading.rate == "rate":
        kind = "rate"
    layer: int | None = layer_number(text, letters, name.at) if text else None
    index = tuple(part for part in (rest.suffix, *rest.below) if part)
    sample = rest.sample
    if len(index) == 1 and not rest.code and index[0] in reading.samples:
        sample, index = index[0], ()
    transposed = False
    if rest.primes and kind in PARAMETERS and reading.primes == "new":
        new = True
    elif rest.primes and reading.primes == "transpose":
        transposed = rest.primes % 2 == 1
    elif rest.primes:
        raise NoValue("name", f"the ' of {base!r} means nothing here", name.at)
    return _placed(
        Quantity(f"new {kind}" if new else kind, d, layer, index, sample, rest.code, rest.raised, transposed), name, reading, depth
    )


def _placed(found: Quantity, name: Name, reading: Reading, depth: int) -> Quantity:
    """The quantity with its layer, where the name alone does not tell it."""
    kind, layer, index = found.kind.removeprefix("new "), found.layer, found.index
    new = kind != found.kind
    if kind in LAYERED and layer is None and kind != "n":
        layer = reading.layer
    if kind == "prev":
        kind, layer = "a", None if layer is None else layer - 1
    kind, layer = unified(kind, layer, depth)
    if kind in ("z", "a", "h", "W", "b", "mask"):
        if layer is None:
            raise NoValue("layer", f"the layer of {name.base!r} is not written", name.at)
        if not 1 <= layer <= depth:
            raise NoValue("layer", f"there is no layer {layer}: the layers are 1 to {depth}", name.at)
    if kind == "n":
        if layer is None and not index:
            kind = "m" if reading.n == "samples" else "outputs"
        elif layer is None and "".join(index).isdigit():  # n_1
            layer, index = int("".join(index)), ()
        if kind == "n" and (layer is None or not 0 <= layer <= depth):
            raise NoValue("layer", "n is of no layer", name.at)
    if kind == "W":
        index = _two(index)
    if found.d and kind not in ("z", "a", "h", "x", "W", "b", "y_hat", "l", "J"):
        raise NoValue("name", f"'d{name.base}' is no derivative that is known", name.at)
    return replace(found, kind=f"new {kind}" if new else kind, layer=layer, index=index)


def unified(kind: str, layer: int | None, depth: int) -> tuple[str, int | None]:
    """a0 is x, y_hat is a_L."""
    if (kind, layer) == ("a", 0):
        return "x", None
    return ("a", depth) if kind == "y_hat" else (kind, layer)


def _two(index: tuple[str, ...]) -> tuple[str, ...]:
    """32 of a matrix is 3, 2."""
    return tuple(index[0]) if len(index) == 1 and index[0].isdigit() and len(index[0]) == 2 else index


def letters_of(name: Name) -> tuple[str, ...]:
    """The letters among the indices of a name."""
    return tuple(part for part in (*name.below, name.sample) if part.isalpha())
