"""The vectorized form: a line for each array, forward and backward, layer by layer."""

from __future__ import annotations

from typing import Any

from pellucid.equations.activations import Softmax
from pellucid.expressions import nodes
from pellucid.expressions.nodes import Call, Derivative, Expression, Symbol, hadamard
from pellucid.glassbox.derivation import BACKWARD, COST, FORWARD, Section, Step
from pellucid.glassbox.derive import pairs, softmax
from pellucid.glassbox.derive.formulas import formula
from pellucid.glassbox.derive.names import LAMBDA, J, Names, S, m, y, y_hat


class Vectorized:
    """The steps of one network; ``values`` gives their values, or is empty."""

    def __init__(self, names: Names, values: dict[str, Any]) -> None:
        self.names, self.values = names, values
        self.architecture = names.architecture
        self.sums_to_one = not values or bool(abs(values["y"].sum(axis=names.unit_axis) - 1).max() < 1e-14)

    def step(self, symbol: str, left: Expression, sides: tuple[Expression, ...], rule: str, part: str, **more: Any) -> Step:
        """A step whose value is the one of that name."""
        return Step(symbol, left, sides, rule, part, value=more.pop("value", self.values.get(symbol)), **more)

    def sections(self) -> tuple[Section, ...]:
        """Forward, cost, backward."""
        layers = range(1, self.names.last + 1)
        return (
            Section("What is given", self.given()),
            *(Section(f"Forward: layer {layer}", (self.z(layer), *self.a(layer))) for layer in layers),
            Section("Cost", self.cost()),
            *(Section(f"Backward: layer {layer}", self.backward(layer)) for layer in reversed(layers)),
        )

    # --- given ---

    def given(self) -> tuple[Step, ...]:
        """x, y and the parameters, with the order of their indices."""
        names, sizes = self.names, self.architecture.sizes
        x, samples = Symbol("x"), "one sample" if names.m == 1 else "the samples"
        lying = ("a column" if names.columns else "a row") + ("" if names.m == 1 else " each")
        shape, rule = names.shape(sizes[0], None), f"the input, {samples} as {lying}; it is a^[0]"
        steps = [self.step("x", x, (x,), rule, FORWARD, shape=shape, shown=_samples(names, x, sizes[0]))]
        for layer in range(1, names.last + 1):
            n_in, n_out = sizes[layer - 1], sizes[layer]
            W, b = names.W(layer), Symbol("b", layer)
            order = "w_jk joins unit k below to unit j" if names.columns else "w_kj joins unit k below to unit j"
            rule = f"weights of layer {layer}: {order}"
            steps.append(
                self.step(
                    f"W{layer}", W, (W,), rule, FORWARD, shape=names.shape(n_out, n_in), shown=_entries(W, n_out, n_in, names.columns)
                )
            )
            shape = (n_out, 1) if names.columns else (n_out,)
            rule = f"biases of layer {layer}, one for each unit, added to every sample"
            steps.append(self.step(f"b{layer}", b, (b,), rule, FORWARD, shape=shape, shown=_entries(b, n_out, None, names.columns)))
        rule = "the targets, in the shape of the output"
        shape = names.shape(sizes[-1], None)
        return (*steps, self.step("y", y, (y,), rule, FORWARD, shape=shape, shown=_samples(names, y, sizes[-1])))

    # --- forward ---

    def z(self, layer: int) -> Step:
        """z_l = W_l a_{l-1} + b_l."""
        names, (n_in, n_out) = self.names, self.architecture.sizes[layer - 1 : layer + 1]
        side = names.product(names.W(layer), names.a(layer - 1)) + Symbol("b", layer)
        m = names.m or "m"
        product = f"({n_out} x {n_in})({n_in} x {m})" if names.columns else f"({m} x {n_in})({n_in} x {n_out})"
        bias = f"({n_out} x 1)" if names.columns else f"(1 x {n_out})"
        spread = "" if names.m == 1 else ", the bias added to each " + ("column" if names.columns else "row")
        rule = f"each unit of layer {layer}: weighted sum of its inputs, plus its bias"
        shapes = f"{product} + {bias}{spread}"
        return self.step(f"z{layer}", Symbol("z", layer), (side,), rule, FORWARD, shape=names.shape(n_out, None), shapes=shapes)

    def activated(self, layer: int) -> Expression:
        """f_l(z_l) written out."""
        names, z, rule = self.names, Symbol("z", layer), self.names.rule(layer)
        return softmax.softmax(names, z) if isinstance(rule, Softmax) else formula(rule.formula, {"z": z})

    def a(self, layer: int) -> tuple[Step, ...]:
        """a_l = f_l(z_l), and times the mask where there is one."""
        names, record = self.names, self.names.rule(layer)
        shape = names.shape(self.architecture.sizes[layer], None)
        called = Call("f", (Symbol("z", layer),), 0, layer)
        how = "of each sample, so that its entries sum to one" if isinstance(record, Softmax) else "entry by entry"
        rule = f"activation {record.spec}, {how}"
        f = names.f(layer)
        if layer in names.masked:
            first = self.step(f.key, f, (called, self.activated(layer)), f"{rule}; h is what the mask is put on", FORWARD, shape=shape)
            side = hadamard(f, Symbol("D", layer))
            rule = "dropout: the mask D is 0 for a dropped unit, else 1/(1 - rate)"
            return first, self.step(f"a{layer}", Symbol("a", layer), (side,), rule, FORWARD, shape=shape)
        left: Expression = nodes.Equation((y_hat, f)) if layer == names.last else f
        return (self.step(f"a{layer}", left, (called, self.activated(layer)), rule, FORWARD, shape=shape),)

    # --- cost ---

    def contribution(self) -> tuple[Expression, pairs.Way | None]:
        """What each output adds to the loss of a sample, in y_hat and y, and the way of a fused pair."""
        record = self.architecture.loss
        return formula(record.formula, {"y_hat": y_hat, "y": y}), self.way()

    def way(self) -> pairs.Way | None:
        """How the output activation and the loss cancel, if they do."""
        names, pair = self.names, self.architecture.objective.fused
        if pair is None:
            return None
        z, a = Symbol("z", names.last), Symbol("a", names.last)
        key = names.rule(names.last).spec, self.architecture.loss.spec
        if key == ("softmax", "cross_entropy"):
            return softmax.softmax_cross_entropy(names, pair, z, a, y, self.sums_to_one)
        if key == ("softmax", "log_loss"):
            return softmax.softmax_log_loss(names, pair, z, a, y)
        return pairs.ENTRY_BY_ENTRY[key](pair, z, a, y)

    def over_outputs(self, contribution: Expression) -> Expression:
        """The sum or the mean over the outputs."""
        n = self.names.n_outputs
        if n == 1:
            return contribution
        total = softmax.over_units(self.names, contribution, "k")
        return nodes.Multiply((nodes.Divide(nodes.Number(1), nodes.Number(n)), total)) if self.architecture.loss.averages else total

    def cost(self) -> tuple[Step, ...]:
        """The loss of each sample, and J."""
        names, record, l2 = self.names, self.architecture.loss, self.architecture.l2
        contribution, way = self.contribution()
        sides = [self.over_outputs(contribution)]
        rule = f"{record.spec} of each sample"
        if names.n_outputs > 1:
            rule += f", the {'mean' if record.averages else 'sum'} over its {names.n_outputs} outputs"
        if way is not None:
            sides.append(self.over_outputs(way.contribution))
            rule += f"; {way.why}, so that no logarithm of 0 is taken"
        ell = Symbol("l")
        steps = [self.step("l", ell, tuple(sides), rule, COST, shape=names.shape(1, None))]
        if names.weighted:
            s = Symbol("s")
            side = nodes.SumOverSamples(s, None, names.of_sample(s))
            steps.append(self.step("S", S, (side,), "the sum of the sample weights, which takes the place of m", COST, shape=()))
        body: Expression = nodes.Multiply((Symbol("s"), ell)) if names.weighted else ell
        single = names.mean is None
        data = names.averaged(ell if single else nodes.SumOverSamples(body, None, names.of_sample(body)))
        rule = (
            "one sample, so the cost is its loss"
            if single
            else "the weighted mean over the samples"
            if names.weighted
            else "the mean over the samples"
        )
        side = data
        if l2:
            norms = [nodes.SquaredNorm(names.W(layer)) for layer in range(1, names.last + 1)]
            whole = norms[0] if len(norms) == 1 else nodes.Add(tuple(norms))
            below = nodes.Number(2) if single else 2 * (names.mean or m)
            side = data + nodes.Multiply((nodes.Divide(LAMBDA, below), whole))
            rule += f", plus the L2 penalty with lambda = {l2:g}; biases have none"
        return (*steps, self.step("J", J, (side,), rule, COST, shape=()))

    # --- backward ---

    def backward(self, layer: int) -> tuple[Step, ...]:
        """da_l, dz_l, dW_l, db_l."""
        return self.da(layer), self.dz(layer), self.dW(layer), self.db(layer)

    def da(self, layer: int) -> Step:
        """The derivative of the loss by what the layer puts out."""
        names, sizes, da = self.names, self.architecture.sizes, Symbol("da", layer)
        shape, m = names.shape(sizes[layer], None), names.m or "m"
        written = Derivative(Symbol("l"), y_hat if layer == names.last else names.a(layer), key=f"da{layer}")
        if layer == names.last:
            record = self.architecture.loss
            slope = formula(record.derivative_formula, {"y_hat": y_hat, "y": y})
            if record.averages and names.n_outputs > 1:
                slope = nodes.Multiply((nodes.Divide(nodes.Number(1), nodes.Number(names.n_outputs)), slope))
            rule = f"derivative of the loss {record.spec} by each output"
            return self.step(f"da{layer}", da, (written, slope), rule, BACKWARD, shape=shape)
        above, W = Symbol("dz", layer + 1), names.W(layer + 1)
        side = names.product(W.T, above)
        n, n_above = sizes[layer], sizes[layer + 1]
        shapes = f"({n} x {n_above})({n_above} x {m})" if names.columns else f"({m} x {n_above})({n_above} x {n})"
        rule = (
            f"chain rule through {self.affine_text(layer + 1)}: a unit of layer {layer} reaches the loss through every unit of layer "
            f"{layer + 1}, and the product with the transpose sums over them"
        )
        return self.step(f"da{layer}", da, (written, side), rule, BACKWARD, shape=shape, shapes=shapes)

    def affine_text(self, layer: int) -> str:
        """The forward line of z_l, in words of a rule."""
        a = f"a^[{layer - 1}]" if layer > 1 else "x"
        return f"z^[{layer}] = W^[{layer}] {a} + b^[{layer}]" if self.names.columns else f"z^[{layer}] = {a} W^[{layer}] + b^[{layer}]"

    def dz(self, layer: int) -> Step:
        """The error of each unit."""
        names, record = self.names, self.names.rule(layer)
        shape, z, dz = names.shape(self.architecture.sizes[layer], None), Symbol("z", layer), Symbol("dz", layer)
        da: Expression = Symbol("da", layer)
        if layer in names.masked:
            da = hadamard(da, Symbol("D", layer))
        written = Derivative(Symbol("l"), z, key=f"dz{layer}")
        way = self.way() if layer == names.last else None
        if way is not None:
            return self.fused(layer, way, shape)
        if isinstance(record, Softmax):
            side = softmax.jacobian_applied(names, names.f(layer), da)
            rule = (
                f"chain rule through a^[{layer}] = softmax(z^[{layer}]): every output depends on every z, so the Jacobian is applied to da"
            )
            return self.step(f"dz{layer}", dz, (written, side), rule, BACKWARD, shape=shape, steps=self.jacobian(layer))
        slope = self.slope(layer)
        factors = da.factors if isinstance(da, nodes.Multiply) else (da,)
        sides = (written, hadamard(*factors, slope.left), hadamard(*factors, slope.sides[-1]))
        through = " and the mask" if layer in names.masked else ""
        rule = (
            f"chain rule through a^[{layer}] = {record.spec}(z^[{layer}]){through}, entry by entry, so an element-wise product; "
            "dz is the error attributed to each unit"
        )
        return self.step(f"dz{layer}", dz, sides, rule, BACKWARD, shape=shape, steps=(slope,))

    def slope(self, layer: int) -> Step:
        """f_l'(z_l)."""
        names, record, z = self.names, self.names.rule(layer), Symbol("z", layer)
        side = formula(record.derivative_formula, {"z": z, "a": names.f(layer)})
        left = Call("f", (z,), 1, layer)
        rule = f"derivative of {record.spec}" + ("; at a kink the right one" if record.kinks else "")
        return self.step(f"f{layer}'(z{layer})", left, (side,), rule, BACKWARD, shape=names.shape(self.architecture.sizes[layer], None))

    def jacobian(self, layer: int) -> tuple[Step, ...]:
        """The Jacobian of softmax, of the first sample."""
        names, n = self.names, self.architecture.sizes[layer]
        a, key = names.f(layer), f"jacobian{layer}"
        one = None if names.m == 1 else 1
        side = softmax.jacobian(names, a, one)
        shown = names.of_sample(a, 1) if one else a
        left = Derivative(shown, names.of_sample(Symbol("z", layer), 1) if one else Symbol("z", layer), key=key)
        rule = "Jacobian of softmax: a_i (1 - a_i) where i = k, -a_i a_k where i is not k" + ("; here of the first sample" if one else "")
        return (self.step(key, left, (side,), rule, BACKWARD, shape=(n, n)),)

    def fused(self, layer: int, way: pairs.Way, shape: tuple[int | str, ...]) -> Step:
        """dz_L where activation and loss cancel."""
        names, record, loss = self.names, self.names.rule(layer), self.architecture.loss
        dz, z = Symbol("dz", layer), Symbol("z", layer)
        averages = loss.averages and names.n_outputs > 1
        steps: list[Step] = [] if isinstance(record, Softmax) else [self.slope(layer)]
        if isinstance(record, Softmax):
            steps += self.jacobian(layer)
        for line in way.lines:
            is_part = line.name == "q"
            scaled = line.sides if is_part else tuple(self.shared(side) if averages else side for side in line.sides)
            key = f"q{layer}" if is_part else f"dz{layer}"
            left = Symbol("q", layer) if is_part else dz
            name = key if is_part else f"{key}: {line.name}"
            steps.append(self.step(name, left, scaled, line.rule, BACKWARD, shape=shape, value=self.values.get(key)))
        product: Expression = Symbol("da", layer)
        if isinstance(record, Softmax):
            product = softmax.jacobian_applied(names, Symbol("a", layer), product)
        else:
            product = hadamard(product, Call("f", (z,), 1, layer))
        result = way.lines[-1].sides[-1]
        sides = (Derivative(Symbol("l"), z, key=f"dz{layer}"), product, self.shared(result) if averages else result)
        rule = (
            f"chain rule through a^[{layer}] = {record.spec}(z^[{layer}]); with {loss.spec} the product cancels as shown, and the result is what "
            "is computed: it is exact where a factor overflows or vanishes. dz is the error attributed to each unit"
        )
        return self.step(f"dz{layer}", dz, sides, rule, BACKWARD, shape=shape, steps=tuple(steps))

    def shared(self, side: Expression) -> Expression:
        """One n_L-th of a line, where the loss averages over outputs."""
        return nodes.Divide(side, nodes.Number(self.names.n_outputs))

    def dW(self, layer: int) -> Step:
        """The gradient of the cost by the weights."""
        names, (n_in, n_out) = self.names, self.architecture.sizes[layer - 1 : layer + 1]
        dz, a, W, m = Symbol("dz", layer), names.a(layer - 1), names.W(layer), names.m or "m"
        weights = (nodes.Diagonal(Symbol("s")),) if names.weighted else ()
        product = nodes.MatMul((dz, *weights, a.T) if names.columns else (a.T, *weights, dz))
        side = self.with_penalty(names.averaged(product), W)
        shapes = f"({n_out} x {m})({m} x {n_in})" if names.columns else f"({n_in} x {m})({m} x {n_out})"
        if names.weighted:
            shapes = shapes.replace(")(", f")({m} x {m})(", 1)
        below = f"a^[{layer - 1}]" if layer > 1 else "x"
        rule = f"chain rule through {self.affine_text(layer)}: the derivative by W^[{layer}] is {below}, transposed to fit"
        rule += "" if names.m == 1 else f"; the product sums over the samples, {self.mean_text()}"
        rule += (
            f"; the L2 penalty adds lambda W^[{layer}]" + ("" if names.mean is None else self.over_text()) if self.architecture.l2 else ""
        )
        steps = () if names.m == 1 and not names.weighted else (self.sum_over_samples(layer, side),)
        written = Derivative(J, W, key=f"dW{layer}")
        shape = names.shape(n_out, n_in)
        return self.step(f"dW{layer}", Symbol("dW", layer), (written, side), rule, BACKWARD, shape=shape, shapes=shapes, steps=steps)

    def mean_text(self) -> str:
        return "divided by the sum S of their weights" if self.names.weighted else "divided by m"

    def over_text(self) -> str:
        return " / S" if self.names.weighted else " / m"

    def with_penalty(self, data: Expression, W: Expression) -> Expression:
        """Plus lambda W / m."""
        if not self.architecture.l2:
            return data
        share = LAMBDA if self.names.mean is None else nodes.Divide(LAMBDA, self.names.mean)
        return data + nodes.Multiply((share, W))

    def sum_over_samples(self, layer: int, side: Expression) -> Step:
        """The mean over samples as a sum, and as one product."""
        names = self.names
        dz, a = names.of_sample(Symbol("dz", layer)), names.of_sample(names.a(layer - 1))
        outer: Expression = dz @ a.T if names.columns else a.T @ dz
        if names.weighted:
            outer = nodes.Multiply((names.of_sample(Symbol("s")), outer))
        total = nodes.Sum(outer, "i", 1, "m", names.m)
        rule = "the sum over the samples of the product for each is one product of matrices: its inner index runs over the samples"
        sides = (self.with_penalty(names.averaged(total), names.W(layer)), side)
        n_in, n_out = self.architecture.sizes[layer - 1 : layer + 1]
        value = self.values.get(f"dW{layer}")
        shape = names.shape(n_out, n_in)
        return self.step(f"dW{layer}: sum over samples", Symbol("dW", layer), sides, rule, BACKWARD, shape=shape, value=value)

    def db(self, layer: int) -> Step:
        """The gradient of the cost by the biases."""
        names, n, dz = self.names, self.architecture.sizes[layer], Symbol("dz", layer)
        if names.mean is None:
            side: Expression = dz if names.columns else nodes.SumOverSamples(dz, 0, names.of_sample(dz))
        else:
            body: Expression = nodes.Multiply((Symbol("s"), dz)) if names.weighted else dz
            side = names.averaged(nodes.SumOverSamples(body, names.sample_axis, names.of_sample(body)))
        rule = f"chain rule through {self.affine_text(layer)}: the derivative by b^[{layer}] is 1"
        rule += "" if names.m == 1 else f"; summed over the samples, {self.mean_text()}"
        rule += "; biases have no L2" if self.architecture.l2 else ""
        written = Derivative(J, Symbol("b", layer), key=f"db{layer}")
        shape = (n, 1) if names.columns else (n,)
        return self.step(f"db{layer}", Symbol("db", layer), (written, side), rule, BACKWARD, shape=shape)


def _samples(names: Names, symbol: Symbol, n: int) -> tuple[Expression, ...]:
    """The entries of one sample; of several, the samples side by side, or below each other."""
    if names.m == 1:
        return _entries(symbol, n, None, names.columns)
    cells = [names.of_sample(symbol, i) if i else nodes.Dots() for i in (1, 0, names.m or "m")]
    return (nodes.Matrix((tuple(cells),) if names.columns else tuple((cell,) for cell in cells)),)


def _entries(symbol: Symbol, n: int, n_below: int | None, columns: bool) -> tuple[Expression, ...]:
    """A matrix of named entries, with dots above 4 rows or columns; b is a column (row)."""
    rows = _picked(n)
    if n_below is None:
        cells = [Symbol(symbol.name, symbol.layer, (j,)) if j else nodes.Dots() for j in rows]
        return (nodes.Matrix(tuple((cell,) for cell in cells) if columns else (tuple(cells),)),)
    inputs = _picked(n_below)
    first, second = (rows, inputs) if columns else (inputs, rows)
    return (
        nodes.Matrix(tuple(tuple(Symbol(symbol.name, symbol.layer, (i, k)) if i and k else nodes.Dots() for k in second) for i in first)),
    )


def _picked(n: int) -> list[int]:
    """1 .. n, or 1, 2, dots (0), n."""
    return list(range(1, n + 1)) if n <= 4 else [1, 2, 0, n]
