"""The right line of a quantity of a network, in either convention: as a tree for LaTeX, and as one for code."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pellucid.architecture import Architecture
from pellucid.equations.activations import Softmax
from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression, Number
from pellucid.expressions.reading.plain import plain
from pellucid.expressions.reading.tree import Apply, Name, Norm, Product, Reduce, Total
from pellucid.expressions.reading.typeset import as_latex

EXACT = {("sigmoid", "log_loss"), ("softmax", "cross_entropy"), ("exp", "poisson")}
"""output and loss for which dz_L is y_hat - y"""


@dataclass(frozen=True)
class RightLines:
    """Writes right lines.

    >>> net = Architecture.build([4, 5, 1], ["tanh", "sigmoid"], "log_loss")
    >>> RightLines(net, "columns").code("W", True, 2)
    'dW2 = dZ2 @ A1.T / m'
    """

    architecture: Architecture
    convention: str
    weighted: bool = False
    masked: tuple[int, ...] = ()
    whole: bool = True
    """whether the targets of each sample sum to one"""

    def latex(self, kind: str, d: bool, layer: int | str | None) -> str:
        """The line as LaTeX; empty where there is none."""
        found = self.line(kind, d, layer, code=False)
        return "" if found is None else " = ".join(as_latex(side) for side in found)

    def code(self, kind: str, d: bool, layer: int | str | None) -> str:
        """The line as code in the manner of NumPy."""
        found = self.line(kind, d, layer, code=True)
        return "" if found is None else " = ".join(plain(side) for side in found)

    @property
    def columns(self) -> bool:
        """Whether samples are columns."""
        return self.convention == "columns"

    @property
    def depth(self) -> int:
        """L."""
        return len(self.architecture.layers)

    def line(self, kind: str, d: bool, layer: int | str | None, code: bool) -> tuple[Expression, Expression] | None:
        """Both sides."""
        pen = _Pen(self, code)
        new = kind.removeprefix("new ")
        if new != kind:
            left = replace(pen.name(new, layer), base=f"{new}_new")
            return left, nodes.Add((pen.name(new, layer), nodes.Negative(Product((Name("alpha"), pen.name(new, layer, d=True)), ("",)))))
        if (kind, d) == ("x", True):
            return Name("x", d=True), pen.product(pen.transpose(pen.name("W", 1)), pen.name("z", 1, d=True))
        made = {
            ("z", False): pen.z, ("a", False): pen.a, ("a", True): pen.da, ("z", True): pen.dz, ("W", True): pen.dW, ("b", True): pen.db,
        }.get((kind, d))  # fmt: skip
        if (kind, d) == ("z", True) and pen.in_groups(layer):
            return None
        if made is not None and layer is not None:
            return pen.name(kind, layer, d=d), made(layer)
        if kind == "J" and not d:
            return Name("J"), pen.cost()
        if kind == "l" and not d:
            return Name("l"), Apply(Name("C"), (Name("y_hat"), Name("y")))
        return None


@dataclass(frozen=True)
class _Pen:
    lines: RightLines
    is_code: bool

    def of(self, layer: int | str | None) -> dict[str, str]:
        """Where the layer is written: behind the name, or above it in brackets."""
        if layer is None:
            return {}
        return {"bracket" if isinstance(layer, str) else "suffix": str(layer)}

    def name(self, kind: str, layer: int | str | None, d: bool = False, **also: str) -> Name:
        """W2, dZ2; of layer 0 X."""
        if kind == "a" and layer == 0:
            return Name("X" if self.is_code else "x", d=d, **also)  # type: ignore[arg-type]
        base = kind.upper() if self.is_code and kind in ("z", "a") else kind
        return Name(base, d=d, **self.of(layer), **also)  # type: ignore[arg-type]

    def before(self, layer: int | str) -> int | str:
        """The layer before."""
        return layer - 1 if isinstance(layer, int) else f"{layer}-1"

    def after(self, layer: int | str) -> int | str:
        """The layer behind."""
        return layer + 1 if isinstance(layer, int) else f"{layer}+1"

    def transpose(self, tree: Expression) -> Expression:
        """Its transpose."""
        return nodes.Transpose(tree)

    def product(self, left: Expression, right: Expression) -> Expression:
        """The matrix product of the columns convention; the other way round in that of rows."""
        pair = (left, right) if self.lines.columns else (right, left)
        return nodes.MatMul(pair) if self.is_code else Product(pair, ("",))

    def z(self, layer: int | str) -> Expression:
        """W a + b."""
        return nodes.Add((self.product(self.name("W", layer), self.name("a", self.before(layer))), self.name("b", layer)))

    def activated(self, layer: int | str, primes: int = 0) -> Expression:
        """f(z) or f'(z)."""
        return Apply(Name("f", primes=primes, **self.of(layer)), (self.name("z", layer),))  # type: ignore[arg-type]

    def a(self, layer: int | str) -> Expression:
        """f(z), and the mask."""
        return self.masked(self.activated(layer), layer)

    def masked(self, tree: Expression, layer: int | str) -> Expression:
        """Times the mask, where there is one."""
        return self.each(tree, self.name("mask", layer)) if layer in self.lines.masked else tree

    def each(self, *factors: Expression) -> Expression:
        """Entry by entry."""
        return nodes.Multiply(factors, marked=True)

    def last(self, layer: int | str) -> bool:
        """Whether it is the last layer."""
        return layer == self.lines.depth

    def da(self, layer: int | str) -> Expression:
        """C'(y_hat, y), or W^T dz."""
        if self.last(layer):
            return Apply(Name("C", primes=1), (Name("y_hat"), Name("y")))
        after = self.after(layer)
        return self.product(self.transpose(self.name("W", after)), self.name("z", after, d=True))

    @property
    def exact(self) -> bool:
        """Whether dz_L is the error."""
        output, loss = self.lines.architecture.activations[-1], self.lines.architecture.loss.spec
        named = output.name if isinstance(output, Softmax) else output.spec
        return (named, loss) in EXACT and (self.lines.whole or loss != "cross_entropy")

    def in_groups(self, layer: int | str | None) -> bool:
        """Whether dz would have a sum over the groups of a softmax in it, for which there is no line of code or letters."""
        if not isinstance(layer, int) or (self.last(layer) and self.exact):
            return False
        record = self.lines.architecture.activations[layer - 1]
        return isinstance(record, Softmax) and bool(record.groups)

    def dz(self, layer: int | str) -> Expression:
        """The error, or da times f'(z)."""
        architecture = self.lines.architecture
        if self.last(layer) and self.exact:
            error = nodes.Add((self.name("a", layer), nodes.Negative(Name("Y" if self.is_code else "y"))))
            return nodes.Divide(error, Name("K")) if architecture.loss.averages and architecture.sizes[-1] > 1 else error
        da = self.masked(self.name("a", layer, d=True), layer)
        if isinstance(layer, int) and isinstance(architecture.activations[layer - 1], Softmax):
            a: Expression = self.activated(layer) if layer in self.lines.masked else self.name("a", layer)
            return self.each(a, nodes.Add((da, nodes.Negative(self.over_units(a, da, layer)))))
        return self.each(da, self.activated(layer, primes=1))

    def over_units(self, a: Expression, da: Expression, layer: int | str) -> Expression:
        """sum_k a_k da_k."""
        if self.is_code:
            return Reduce(self.each(a, da), 0 if self.lines.columns else 1, True)
        factors = [self.entry(name) for name in (a, *(da.factors if isinstance(da, nodes.Multiply) else (da,)))]
        return Total(Product(tuple(factors), ("",) * (len(factors) - 1)), "k", Number(1), Name("K"))

    def entry(self, tree: Expression) -> Expression:
        """Entry k of a name, or of f of a name."""
        if isinstance(tree, Apply):
            return replace(tree, arguments=tuple(self.entry(part) for part in tree.arguments))
        assert isinstance(tree, Name)
        return replace(tree, below=("k",))

    def over_samples(self, tree: Expression) -> Expression:
        """Divided by m, or by the sum of the weights."""
        if not self.lines.weighted:
            if self.is_code:
                return nodes.Divide(tree, Name("m"))
            factors = tree.factors if isinstance(tree, Product) and set(tree.signs) == {""} else (tree,)
            return Product((nodes.Divide(Number(1), Name("m")), *factors), ("",) * len(factors))
        total = Reduce(Name("s")) if self.is_code else Total(Name("s", below=("i",)), "i", Number(1), Name("m"))
        return nodes.Divide(tree, total)

    def weighted(self, layer: int | str) -> Expression:
        """dz, times the weights where there are any."""
        dz = self.name("z", layer, d=True)
        return self.each(dz, Name("s")) if self.lines.weighted else dz

    def dW(self, layer: int | str) -> Expression:
        """dz a^T / m, and L2."""
        found = self.over_samples(self.product(self.weighted(layer), self.transpose(self.name("a", self.before(layer)))))
        if not self.lines.architecture.l2:
            return found
        share = self.over_samples(Product((Name("lambda"), self.name("W", layer)), ("*" if self.is_code else "",)))
        return nodes.Add((found, share))

    def db(self, layer: int | str) -> Expression:
        """The mean of dz over the samples."""
        if self.is_code:
            return self.over_samples(Reduce(self.weighted(layer), 1 if self.lines.columns else 0, self.lines.columns))
        return self.over_samples(self.total(self.name("z", layer, d=True, sample="i")))

    def total(self, of_sample: Expression) -> Expression:
        """The sum over the samples, each times its weight where there are any."""
        body = Product((Name("s", below=("i",)), of_sample), ("",)) if self.lines.weighted else of_sample
        return Total(body, "i", Number(1), Name("m"))

    def cost(self) -> Expression:
        """The mean of C over the samples, and L2."""
        each = Apply(Name("C"), (Name("y_hat"), Name("y")))
        whole: Expression
        if self.is_code:
            inner = self.each(Name("s"), each) if self.lines.weighted else each
            whole = self.over_samples(Reduce(inner))
        else:
            whole = self.over_samples(self.total(Apply(Name("C"), (Name("y_hat", sample="i"), Name("y", sample="i")))))
        if not self.lines.architecture.l2:
            return whole
        norms = [nodes.Power(Norm(self.name("W", layer)), Number(2)) for layer in range(1, self.lines.depth + 1)]
        squares: Expression = norms[0] if len(norms) == 1 else nodes.Add(tuple(norms))
        half = nodes.Divide(Name("lambda"), Number(2))
        return nodes.Add((whole, self.over_samples(Product((half, squares), ("*" if self.is_code else "",)))))
