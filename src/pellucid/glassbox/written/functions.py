"""Functions of a written side: activations, those of a layer or by name, the loss, and the usual ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pellucid.equations.activations import CATALOGUE, Activation, Elementwise, Softmax, activation
from pellucid.expressions.functions import FUNCTIONS
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.code import SAME
from pellucid.expressions.reading.tree import Apply, Name
from pellucid.glassbox.written.names import GENERAL, LOSSES, SPELLED, NoValue, layer_number, layer_text, names
from pellucid.glassbox.written.sums import Sums, shape_text


class Functions(Sums):
    """Applying functions."""

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
        if spelled in CATALOGUE and (spelled != "exp" or name.primes):
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
        if isinstance(rule, Softmax) and rule.groups and flat.shape[1] != sum(rule.groups):
            raise NoValue("shape", f"{rule.spec} needs {sum(rule.groups)} scores", name.at)
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
                raise NoValue("shape", f"{shape_text(first)} and {shape_text(second)} are no predictions and targets")
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
