"""What a written side comes to in a world, under a reading.

Where the kind of a product is open, the shapes decide: in a world in which all sizes differ, a matrix product and a product entry by
entry can hardly both be formed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np

from pellucid.equations.activations import Activation, Elementwise, Softmax, activation
from pellucid.equations.arrays import Array
from pellucid.expressions import nodes
from pellucid.expressions.arithmetic import RELATIONS
from pellucid.expressions.functions import FUNCTIONS
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.code import SAME
from pellucid.expressions.reading.tree import Apply, Entry, Extent, Name, Norm, Product, Reduce, Total
from pellucid.glassbox.written.derivatives import COST, Link, contracted, jacobian, ordered, shape
from pellucid.glassbox.written.names import (
    GENERAL,
    LOSSES,
    PER_SAMPLE,
    SPELLED,
    NoValue,
    Quantity,
    Reading,
    layer_number,
    layer_text,
    names,
    resolve,
)
from pellucid.glassbox.written.places import walk
from pellucid.glassbox.written.worlds import World

SAMPLES = ("m", "N", "M", "n_samples")
SMOOTH = ("exp", "log", "ln", "sqrt", "sin", "cos", "tanh", "sinh", "cosh", "expm1", "log1p", "power")
"""functions that take complex numbers, so that a derivative is to be had exactly by an imaginary step"""
UNITS = ("K", "k", "d", "D", "J", "C", "p", "q", "L", "l")
"""upper limits of a sum that count units"""


class Meaning:
    """Evaluates sides in one world, under one reading."""

    def __init__(self, world: World, reading: Reading, layers: Mapping[str, int] | None = None, hint: int | None = None) -> None:
        self.world, self.reading, self.layers = world, reading, dict(layers or {})
        self.hint = hint
        """the layer of the left side"""
        self.letters: dict[str, int] = {}
        """the places that index letters stand for"""
        self.i: int | None = None
        """the sample, where there is one at a time"""
        self.matrix_star = False
        """whether some * turned out to be a matrix product"""
        self.moved: dict[str, Any] = {}
        """values that are varied, to differentiate"""

    def value(self, tree: Expression) -> Any:
        """A number or an array.

        Raises:
            NoValue: it has none.

        """
        match tree:
            case nodes.Number(number):
                return float(number)
            case Name():
                return self.named(tree)
            case nodes.Negative(of):
                return -self.value(of)
            case nodes.Add(terms):
                return reduce(self.added, (self.value(term) for term in terms))
            case Product():
                return self.product(tree)
            case nodes.MatMul(factors):
                return self.matrix_product(factors)
            case nodes.Multiply(factors):
                return reduce(self.each, (self.value(factor) for factor in factors))
            case nodes.Divide(above, below):
                return self.each(self.value(above), 1 / np.asarray(self.value(below)))
            case nodes.Power(base, exponent):
                return np.asarray(self.value(base)) ** self.value(exponent)
            case nodes.Transpose(of):
                return np.asarray(self.value(of)).T
            case Apply():
                return self.applied(tree)
            case Total():
                return self.total(tree)
            case Reduce(of, axis, kept, mean):
                array = np.asarray(self.value(of))
                if axis is not None and not -array.ndim <= axis < array.ndim:
                    raise NoValue("shape", f"there is no axis {axis}")
                return (np.mean if mean else np.sum)(array, axis=axis, keepdims=kept)
            case nodes.Compare(left, relation, right, also):
                holds = RELATIONS[relation](self.value(left), self.value(right))
                return np.asarray(holds if also is None else holds & (self.value(also) != 0), dtype=float)
            case nodes.Cases(branches, otherwise):
                result = self.value(otherwise)
                for value, condition in reversed(branches):
                    result = np.where(self.value(condition) != 0, self.value(value), result)
                return result
            case nodes.Matrix(rows):
                return np.array([[float(np.asarray(self.value(entry)).reshape(())) for entry in row] for row in rows])
            case nodes.Derivative():
                return self.derivative(tree)
            case Entry(of, below):
                array = np.asarray(self.value(of))
                places = [self.place(part, False) for part in below]
                return array.reshape(-1)[places[0]] if len(places) == 1 else array[tuple(places)]
            case Extent(of, axis):
                array = np.asarray(self.value(of))
                if axis >= array.ndim:
                    raise NoValue("shape", f"there is no axis {axis}")
                return float(array.shape[axis])
            case Norm(of):
                return np.sqrt(np.sum(np.square(self.value(of))))
            case nodes.Diagonal(of):
                return np.diag(np.asarray(self.value(of)).reshape(-1))
        raise NoValue("name", f"{type(tree).__name__} has no value here")

    # Names.

    def quantity(self, name: Name) -> Quantity:
        """What a name stands for."""
        return resolve(name, self.reading, self.world.depth, self.layers)

    def named(self, name: Name) -> Any:
        """The value of a name."""
        if name.base in self.letters and name == Name(name.base):
            return float(self.letters[name.base] + self.reading.base)
        if name.base == "delta" and len(name.below) == 2:
            return float(self.letters[name.below[0]] == self.letters[name.below[1]])
        if name == Name("pi"):
            return np.pi
        if name == Name("e"):
            return np.e
        found = self.quantity(name)
        value = self.entry(found, name)
        return value ** int(found.power) if found.power else value

    def entry(self, found: Quantity, name: Name) -> Any:
        """The whole of a quantity, or the entry that its indices name."""
        array = self.whole(found)
        i = self.i
        if found.sample:
            i = self.place(found.sample, False)
            if not 0 <= i < self.world.m:
                raise NoValue("index", f"there is no sample {found.sample}", name.at)
        if found.per_sample and i is not None:
            array = self.world.sample(array, i)
        if found.index:
            array = self.at(found, array, name)
        return array.T if found.transposed else array

    def whole(self, found: Quantity) -> Any:
        """All of a quantity."""
        if found.kind == "n":
            return float(self.world.sizes[found.layer or 0])
        key = found.key
        if key in self.moved:
            return self.moved[key]
        if found.d and found.kind in COST:
            return 1.0
        if key not in self.world.values:
            raise NoValue("name", f"{key} has no value here")
        value = self.world.values[key]
        return value / self.world.m if self.reading.mean and found.d and found.kind in PER_SAMPLE and found.kind != "l" else value

    def at(self, found: Quantity, array: Array, name: Name) -> Any:
        """Entries of an array."""
        places = [self.place(part, found.code) for part in found.index]
        matrix = found.kind.endswith("W")
        if matrix and len(places) == 1:
            array = array if self.world.columns else array.T
            if 1 in array.shape:
                array = array.reshape(-1)
            elif 0 <= places[0] < len(array):
                return array[places[0]][:, None]
        elif not matrix and len(places) == 1 and array.ndim == 2:
            array = array[:, 0] if self.world.columns and array.shape[1] == 1 else array[0] if array.shape[0] == 1 else array
        if len(places) != array.ndim:
            raise NoValue("index", f"{found.key} has {array.ndim} indices, not {len(places)}", name.at)
        for place, size, part in zip(places, array.shape, found.index, strict=True):
            if not 0 <= place < size:
                raise NoValue("index", f"the index {part} of {found.key} is beyond its {size} entries", name.at)
        return float(array[tuple(places)])

    def place(self, part: str, code: bool) -> int:
        """The place, from zero, that an index names."""
        if part in self.letters:
            return self.letters[part]
        match = part.partition("+") if "+" in part else part.partition("-")
        if match[0] in self.letters and match[2].isdigit():
            return self.letters[match[0]] + (1 if match[1] == "+" else -1) * int(match[2])
        if not part.isdigit():
            raise NoValue("index", f"the index {part!r} is not bound")
        return int(part) - (0 if code else self.reading.base)

    # Sums and products.

    def added(self, left: Any, right: Any) -> Any:
        """left + right."""
        try:
            return np.add(left, right)
        except ValueError:
            raise NoValue("shape", f"{_shape(left)} and {_shape(right)} cannot be added") from None

    def each(self, left: Any, right: Any) -> Any:
        """Entry by entry."""
        try:
            return np.multiply(left, right)
        except ValueError:
            raise NoValue("shape", f"{_shape(left)} and {_shape(right)} cannot be multiplied entry by entry") from None

    def matrix_product(self, factors: Sequence[Expression]) -> Any:
        """With @: the product of matrices."""
        values = [np.asarray(self.value(factor)) for factor in factors]
        result = values[0]
        for value in values[1:]:
            if not result.ndim or not value.ndim:
                result = result * value
            elif result.shape[-1] != value.shape[0]:
                raise NoValue("shape", f"the product of {_shape(result)} and {_shape(value)} does not exist")
            else:
                result = result @ value
        return result

    def product(self, tree: Product) -> Any:
        """Factors, of whatever kind the product is; derivatives among them as a chain."""
        factors, signs = self.chained(tree)
        result = factors[0]
        for value, sign in zip(factors[1:], signs, strict=True):
            result = self.joined(result, value, sign)
        return result

    def joined(self, left: Any, right: Any, sign: str) -> Any:
        """Two factors: a matrix product where it can be formed, else entry by entry."""
        left, right = np.asarray(left), np.asarray(right)
        if sign == "⊙" or (sign in "*×" and sign and self.reading.strict) or not left.ndim or not right.ndim:
            return self.each(left, right)
        if left.ndim == right.ndim == 2 and left.shape[1] == right.shape[0]:
            self.matrix_star |= sign in ("*", "×") and left.size > 1 and right.size > 1
            return left @ right
        if sign == "@":
            raise NoValue("shape", f"the product of {_shape(left)} and {_shape(right)} does not exist")
        return self.each(left, right)

    def chained(self, tree: Product) -> tuple[list[Any], list[str]]:
        """The values of the factors; those that are links of one chain come to one value."""
        factors, signs = _flat(tree, self)
        links = [self.link(factor) for factor in factors]
        chosen = [index for index, link in enumerate(links) if link is not None]
        chain = None
        while len(chosen) > 1 and (chain := ordered([link for index in chosen if (link := links[index]) is not None])) is None:
            chosen = chosen[:-1]  # dJ/dz at the front, and more behind that is no link
        if chain is None or all(isinstance(factors[index], Name) for index in chosen):
            return [self.value(factor) for factor in tree.factors], list(tree.signs)
        values: list[Any] = []
        between: list[str] = []
        for index, factor in enumerate(factors):
            if index in chosen[1:]:
                continue
            if values:
                between.append(signs[index - 1])
            values.append(self.whole_chain(chain) if index == chosen[0] else self.value(factor))
        return values, between

    def total(self, tree: Total) -> Any:
        """A sum sign."""
        index = tree.index or self._only_letter(tree.body)
        last = tree.last
        within = [name for name in names(tree.body) if index in (*name.below, name.sample)] if index else []
        if not within:
            return self._over_axis(tree)
        counts = any(index == name.sample for name in within) or index in self.reading.samples
        low = int(float(self.value(tree.first))) if tree.first is not None else self.reading.base
        if isinstance(last, nodes.Number):
            places = range(low - self.reading.base, int(last.value) - self.reading.base + 1)
        else:
            places = range(self.world.m if counts else self.extent(index, tree.body))
        kept, before = self.letters.get(index), self.i
        values = []
        for place in places:
            self.letters[index] = place
            if counts:
                self.i = place
            values.append(self.value(tree.body))
        self.i = before
        if kept is None:
            self.letters.pop(index, None)
        else:
            self.letters[index] = kept
        if not values:
            raise NoValue("index", f"the sum over {index} is empty")
        return reduce(self.added, values)

    def _only_letter(self, body: Expression) -> str:
        free = {part for name in names(body) for part in (*name.below, name.sample) if part.isalpha() and part not in self.letters}
        free -= {"l", "L"}
        return min(free) if len(free) == 1 else ""

    def _over_axis(self, tree: Total) -> Any:
        """A sum whose index is not written within: over the samples, or the units, as the limit says."""
        last = tree.last.base if isinstance(tree.last, Name) else ""
        units = last in UNITS or (last == "n" and (self.reading.n == "outputs" or bool(isinstance(tree.last, Name) and tree.last.below)))
        if self.i is not None and not units:
            before, values = self.i, []
            for place in range(self.world.m):
                self.i = place
                values.append(self.value(tree.body))
            self.i = before
            return reduce(self.added, values)
        array = np.asarray(self.value(tree.body))
        if isinstance(tree.last, nodes.Number):
            if tree.last.value != self.world.m:
                raise NoValue("index", f"nothing here counts to {tree.last.value}")
        if array.ndim != 2:
            return np.sum(array)
        if not tree.index and tree.last is None:
            return np.sum(array)
        axis = (1 if self.world.columns else 0) if not units else (0 if self.world.columns else 1)
        return np.sum(array, axis=axis, keepdims=True)

    def extent(self, letter: str, tree: Expression) -> int:
        """How many entries an index letter counts."""
        for name in names(tree):
            if letter in name.below:
                try:
                    found = self.quantity(replace(name, d=False) if name.base != "delta" else name)
                except NoValue:
                    continue
                if letter in found.index:
                    return self.axis_size(found, found.index.index(letter))
        raise NoValue("index", f"nothing says how far the index {letter} goes")

    def axis_size(self, found: Quantity, position: int) -> int:
        """The number of entries along one index of a quantity."""
        units = shape(self.world, replace(found, kind=found.kind.removeprefix("new ")))
        if found.kind.endswith("W"):
            if not self.world.columns:
                units = units[::-1]
            if len(found.index) == 1:
                flat = units if self.world.columns else units[::-1]
                return flat[1] if flat[0] == 1 else flat[0]
        if position >= len(units):
            raise NoValue("index", f"{found.key} has {len(units)} indices")
        return units[position]

    # Functions.

    def applied(self, tree: Apply) -> Any:
        """A function of its arguments."""
        name, arguments = tree.function, tree.arguments
        base = SAME.get(name.base, name.base)
        if base == "outer":
            left, right = (np.asarray(self.value(part)).reshape(-1) for part in arguments)
            return np.outer(left, right)
        if base in LOSSES and not (base in GENERAL and len(arguments) == 1):
            return self.loss(name, arguments)
        rule = self.rule(name, base, arguments)
        if rule is not None and len(arguments) == 1:
            return self.activated(rule, name, arguments[0])
        if base == "a" and len(arguments) == 1:
            return self.joined(self.value(replace(name, primes=0)), self.value(arguments[0]), "")
        if base in FUNCTIONS and not name.primes:
            record = FUNCTIONS[base]
            if len(arguments) != record.n_arguments and not (record.n_arguments < 0 and len(arguments) > 1):
                raise NoValue("name", f"{base} has {record.n_arguments} arguments", name.at)
            return record.numpy(*(np.asarray(self.value(part)) for part in arguments))
        raise NoValue("name", f"{name.base!r} is no function here", name.at)

    def rule(self, name: Name, base: str, arguments: Sequence[Expression]) -> Activation | None:
        """The activation that a function name stands for."""
        spelled = SPELLED.get(base, base)
        if spelled in ("sigmoid", "tanh", "relu", "leaky_relu", "softmax", "elu", "selu", "softplus", "softsign", "gelu", "silu", "mish",
                       "hard_tanh", "identity") or (spelled == "exp" and name.primes):  # fmt: skip
            mine = [rule for rule in self.world.architecture.activations if rule.spec.partition("(")[0] == spelled]
            return mine[0] if mine else activation(spelled)
        if base not in GENERAL:
            return None
        text, rest = layer_text(name, replace(self.reading, below="layers"))
        if rest.below or (rest.raised and not text):
            raise NoValue("name", f"the index of {base!r} means nothing here", name.at)
        if not text and base == "sigma" and self.reading.rule == "named":
            return activation("sigmoid")
        layer = layer_number(text, self.layers, name.at) if text else self.layer_of(arguments)
        if base == "a" and (not text and self.reading.rule != "named"):
            return None
        if layer is None or not 1 <= layer <= self.world.depth:
            raise NoValue("layer", f"{base!r} is of no layer", name.at)
        return self.world.rule(layer)

    def layer_of(self, arguments: Sequence[Expression]) -> int | None:
        """The layer whose activation a general name is: that of its argument, or of the left side."""
        found = set()
        for argument in arguments:
            for name in names(argument):
                try:
                    quantity = self.quantity(name)
                except NoValue:
                    continue
                if quantity.kind in ("z", "W", "b", "a") and quantity.layer is not None:
                    found.add(quantity.layer)
        return max(found) if found else self.reading.layer or self.hint

    def activated(self, rule: Activation, name: Name, argument: Expression) -> Any:
        """f(z) or f'(z)."""
        if isinstance(rule, Softmax) and isinstance(argument, Name):
            found = self.quantity(argument)
            if len(found.index) == 1:
                whole = self.activated(
                    rule, name, replace(argument, below=(), suffix="" if argument.suffix in found.index else argument.suffix)
                )
                return self.at(found, whole, argument)
        z = np.asarray(self.value(argument), dtype=float)
        flat = z.reshape(1, -1) if z.ndim < 2 else z.T if self.world.columns else z
        if isinstance(rule, Softmax) and flat.size == 1 and self.world.sizes[-1] > 1:
            raise NoValue("index", "softmax needs all scores, not one of them", name.at)
        a = rule.forward(flat)
        if name.primes == 1:
            a = rule.derivative(flat, a) if isinstance(rule, Elementwise) else a * (1 - a)
        elif name.primes > 1:
            raise NoValue("name", "second derivatives are not known here", name.at)
        return a.reshape(z.shape) if z.ndim < 2 else a.T if self.world.columns else a

    def loss(self, name: Name, arguments: Sequence[Expression]) -> Any:
        """C(y_hat, y) of each sample, or C'."""
        record, columns = self.world.architecture.loss, self.world.columns
        if len(arguments) == 2:
            first, second = (np.asarray(self.value(part), dtype=float) for part in arguments)
            if isinstance(arguments[0], Name) and arguments[0].base in ("y", "Y"):
                first, second = second, first
            if first.ndim < 2:
                first, second = first.reshape(1, -1), second.reshape(1, -1)
            elif columns:
                first, second = first.T, second.T
            if first.shape != second.shape:
                raise NoValue("shape", f"{_shape(first)} and {_shape(second)} are no predictions and targets")
            if name.primes > 1:
                raise NoValue("name", "second derivatives are not known here", name.at)
            if name.primes:
                slope = record.derivative(first, second)
                return slope.T if columns else slope
            value = record.value(first, second)
            return value[None, :] if columns else value[:, None]
        if name.primes:
            raise NoValue("name", f"{name.base}' needs two arguments, y_hat and y", name.at)
        return self.world.values["J"]

    # Derivatives.

    def link(self, tree: Expression) -> Link | None:
        """A derivative as a link of a chain; dz is the derivative of the loss by z."""
        try:
            match tree:
                case nodes.Derivative(Name() as of, Name() as by):
                    return self._link(self.quantity(of), self.quantity(by))
                case nodes.Derivative(Apply(Name(base)), Name() as by) if base in LOSSES:
                    return self._link(Quantity("l"), self.quantity(by))
                case Name(d=True) | Name(base="delta"):
                    found = self.quantity(tree)
                    if found.kind in ("z", "a", "x"):
                        return self._link(Quantity("l"), replace(found, d=False))
        except NoValue:
            return None
        return None

    def _link(self, of: Quantity, by: Quantity) -> Link | None:
        if of.kind not in (*COST, "z", "a", "x") or of.d or by.d:
            return None
        return Link(replace(of, index=(), sample=""), replace(by, index=(), sample=""), self._places(of), self._places(by))

    def _places(self, found: Quantity) -> tuple[int, ...]:
        places = tuple(self.place(part, found.code) for part in found.index)
        full = shape(self.world, found)
        if found.kind == "W":
            if len(places) == 1 and 1 in full:
                places = (0, places[0]) if full[0] == 1 else (places[0], 0)
            elif not self.world.columns:
                places = places[::-1]
        elif not places and full == (1,):
            places = (0,)
        if any(not 0 <= place < size for place, size in zip(places, full, strict=False)):
            raise NoValue("index", f"an index of {found.key} is too large")
        return places

    def whole_chain(self, chain: Sequence[Link]) -> Any:
        """A chain from the cost: for each sample, or its mean over them; another chain for one sample."""
        first, last = chain[0], chain[-1]
        samples = [self.i] if self.i is not None else list(range(self.world.m))
        parts = [contracted(self.world, chain, i) for i in samples]
        if first.of.kind in COST:
            return self.laid(last.by, last.by_at, parts)
        if len(parts) > 1 and not all(part.shape == () or np.array_equal(part, parts[0]) for part in parts):
            raise NoValue("shape", "a Jacobian is of one sample")
        return parts[0] if len(parts) == 1 or parts[0].ndim else self._row(parts)

    def laid(self, by: Quantity, at: tuple[int, ...], parts: list[Array]) -> Any:
        """Derivatives of the loss, sample by sample, as an array in the convention; of a parameter the mean."""
        weights = np.asarray(self.world.values["s"]).reshape(-1)
        share = weights / weights.sum()
        if by.kind in ("W", "b"):
            mean = parts[0] if self.i is not None and len(parts) == 1 else sum(w * part for w, part in zip(share, parts, strict=True))
            if np.ndim(mean) == 2 and not self.world.columns:
                return np.asarray(mean).T
            if np.ndim(mean) == 1 and self.world.columns:
                return np.asarray(mean)[:, None]
            return mean
        if not parts[0].ndim:
            laid = self._row(parts)
        else:
            laid = np.stack(parts, axis=1) if self.world.columns else np.stack(parts, axis=0)
        return laid / self.world.m if self.reading.mean else laid

    def _row(self, parts: list[Array]) -> Any:
        if len(parts) == 1:
            return float(parts[0])
        row = np.array([float(part) for part in parts])
        return row[None, :] if self.world.columns else row[:, None]

    def derivative(self, tree: nodes.Derivative) -> Any:
        """A derivative on its own."""
        link = self.link(tree)
        if link is None:
            return self.varied(tree)
        of, by = link.of, link.by
        if of.kind in COST:
            key = replace(by, d=True)
            if by.kind == "y":
                samples = [self.i] if self.i is not None else list(range(self.world.m))
                return self.laid(by, link.by_at, [jacobian(self.world, link, i) for i in samples])
            if not isinstance(tree.by, Name):
                raise NoValue("name", "a derivative by what is no name")
            index = self.quantity(tree.by)
            return self.entry(replace(key, index=index.index, sample=index.sample, code=index.code), tree.by)
        if (not link.of_at and not link.by_at) or (link.of_at == (0,) and not link.by_at):
            local = self.local(of, by)
            if local is not None:
                return local
        found = self.whole_chain([link])
        if np.ndim(found) == 1 and self.i is not None:
            return np.asarray(found)[:, None] if self.world.columns else np.asarray(found)[None, :]
        return found

    def local(self, of: Quantity, by: Quantity) -> Any:
        """The local derivatives in the shape in which they are written: f'(z) for a by z, x for z by W, 1 for z by b, W for z by a."""
        layer, world = of.layer, self.world
        if of.kind == "a" and (by.kind, by.layer) == ("z", layer) and layer is not None and isinstance(world.rule(layer), Elementwise):
            z = self._whole_of("z", layer)
            return self._slope(layer, z)
        if of.kind == "z" and layer is not None:
            before = ("x", None) if layer == 1 else ("a", layer - 1)
            if (by.kind, by.layer) == ("W", layer):
                return self._whole_of(*before)
            if (by.kind, by.layer) == ("b", layer):
                return 1.0
            if (by.kind, by.layer) == before:
                return world.values[f"W{layer}"]
        return None

    def _whole_of(self, kind: str, layer: int | None) -> Any:
        return self.entry(Quantity(kind, layer=layer), Name(kind))

    def _slope(self, layer: int, z: Array) -> Array:
        rule, columns = self.world.rule(layer), self.world.columns
        rows = z.T if columns else z
        assert isinstance(rule, Elementwise)
        slope = rule.derivative(rows, rule.forward(rows))
        mask = self.world.values.get(f"mask{layer}")
        found = slope.T if columns else slope
        if mask is None:
            return found
        return found * (mask if self.i is None else self.world.sample(mask, self.i))

    def varied(self, tree: nodes.Derivative) -> Any:
        """The derivative of an expression by a name that stands in it, by differences of high order; entry by entry."""
        if not isinstance(tree.by, Name):
            raise NoValue("name", "a derivative by what is no name")
        by = self.quantity(tree.by)
        if by.index:
            raise NoValue("name", "a derivative of an expression by an entry")
        if isinstance(tree.of, Name) and (of := self.quantity(tree.of)).key != by.key:
            raise NoValue("dependence", f"{of.key} does not depend on {by.key}", tree.of.at)
        self.independent(tree.of, by)
        base, key = self.whole(replace(by, sample="")), by.key
        if all(node.function.base in SMOOTH for node in walk(tree.of) if isinstance(node, Apply)) and not _has_cases(tree.of):
            self.moved[key] = base + 1e-30j
            found = np.imag(self.value(tree.of)) / 1e-30
            del self.moved[key]
            return found
        steps = []
        for step in (4e-3, 2e-3, 1e-3, 5e-4):
            sides = []
            for sign in (1, -1):
                self.moved[key] = base + sign * step
                sides.append(np.asarray(self.value(tree.of)))
            steps.append((sides[0] - sides[1]) / (2 * step))
        del self.moved[key]
        for order in range(1, len(steps)):
            steps = [(4**order * fine - coarse) / (4**order - 1) for coarse, fine in pairwise(steps)]
        return steps[0]

    def independent(self, tree: Expression, by: Quantity) -> None:
        """Refuse an expression in which what is varied moves something else too."""
        for name in names(tree):
            try:
                found = self.quantity(name)
            except NoValue:
                continue
            if found.kind in ("z", "a", "J", "l") and found.key != by.key:
                raise NoValue("dependence", f"{found.key} within a derivative by {by.key}", name.at)


def _flat(tree: Product, meaning: Meaning) -> tuple[list[Expression], list[str]]:
    """The factors, those of brackets that hold nothing but links too."""
    factors: list[Expression] = []
    signs: list[str] = []
    for position, factor in enumerate(tree.factors):
        inner = isinstance(factor, Product) and all(meaning.link(part) is not None for part in factor.factors)
        parts = factor.factors if isinstance(factor, Product) and inner else (factor,)
        between = factor.signs if isinstance(factor, Product) and inner else ()
        if position:
            signs.append(tree.signs[position - 1])
        factors += parts
        signs += between
    return factors, signs


def _has_cases(tree: Expression) -> bool:
    return any(isinstance(node, nodes.Cases | nodes.Compare | Norm) for node in walk(tree))


def _shape(value: Any) -> str:
    return " x ".join(map(str, np.shape(value))) or "a number"
