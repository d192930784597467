"""Activations and losses as functions in C, forward and backward beside each other, made of the records' texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pellucid.equations.activations import Activation, Elementwise, Softmax
from pellucid.equations.losses import Objective
from pellucid.errors import InputError, sentence
from pellucid.export.c import rowwise
from pellucid.export.c.expressions import Translator, names_in
from pellucid.export.c.writing import IDENTIFIER, comment


@dataclass(frozen=True)
class Rule:
    """An activation in C."""

    name: str
    """what its functions begin with"""
    forward: str
    backward: str
    needs: tuple[str, ...]
    """which of z and a its backward function takes, in this order"""

    def call_forward(self, a: str, z: str, n: int) -> str:
        """The statement a = f(z)."""
        return f"{self.name}_forward({a}, {z}, {n});"

    def call_backward(self, dz: str, da: str, z: str, a: str, n: int) -> str:
        """The statement dz = da * f'(z)."""
        given = {"z": z, "a": a}
        return f"{self.name}_backward({', '.join([dz, da, *[given[need] for need in self.needs], str(n)])});"


def activations(records: Sequence[Activation], translate: Translator) -> dict[str, Rule]:
    """The rules of the records by their spec, each once."""
    found: dict[str, Rule] = {}
    taken: set[str] = set()
    for record in records:
        if record.spec not in found:
            base = record.name.partition("(")[0]
            base = "softmaxes" if isinstance(record, Softmax) and record.groups else base
            base = base if IDENTIFIER.fullmatch(base) else "formula"
            name = next(name for name in [base, *[f"{base}_{k}" for k in range(2, len(records) + 2)]] if name not in taken)
            taken.add(name)
            found[record.spec] = _activation(name, record, translate)
    return found


def _activation(name: str, record: Activation, translate: Translator) -> Rule:
    if isinstance(record, Softmax):
        forward, backward = rowwise.softmax_forward(translate), rowwise.SOFTMAX_BACKWARD
        if record.groups:
            forward = rowwise.in_groups(forward, record, "softmax_forward", f"{name}_forward")
            backward = rowwise.in_groups(backward, record, "softmax_backward", f"{name}_backward")
        return Rule(name, forward, backward, ("a",))
    if not isinstance(record, Elementwise) or not all(record.pieces):
        raise InputError(sentence("the activation", "export_c", record.spec, "one with formulas in stable pieces", "give it its pieces"))
    value, slope = record.pieces
    told = record.name if record.name == record.spec else f"{record.name}: {record.spec}" if record.name != name else record.spec
    forward = _loop(
        f"{told}: a = f(z) = {record.formula}",
        f"{name}_forward(real *a, const real *z, int n)",
        translate.lines(value, {"z": "z[i]"}, "a[i]"),
    )
    needs = tuple(need for need in ("z", "a") if need in names_in(slope))
    arguments = "".join(f", const real *{need}" for need in needs)
    slope = f"da * ({slope})" if slope != "1" else "da"
    backward = _loop(
        f"dz = da f'(z), f'(z) = {record.derivative_formula}",
        f"{name}_backward(real *dz, const real *da{arguments}, int n)",
        translate.lines(slope, {"da": "da[i]", "z": "z[i]", "a": "a[i]"}, "dz[i]"),
    )
    return Rule(name, forward, backward, needs)


def _loop(told: str, head: str, body: list[str]) -> str:
    lines = [comment(told), f"static void {head}", "{"]
    if len(body) == 1:
        lines += ["    for (int i = 0; i < n; i++)", f"        {body[0]}"]
    else:
        lines += ["    for (int i = 0; i < n; i++) {", *[f"        {line}" for line in body], "    }"]
    return "\n".join([*lines, "}"])


@dataclass(frozen=True)
class Last:
    """The last link of the chain in C: the loss, and dz_L (or da_L, where ``link`` is set and the output's own rule is to follow)."""

    forward: str
    backward: str
    needs: tuple[tuple[str, ...], tuple[str, ...]]
    """which of z, a and y the two functions take, in this order"""
    link: bool

    def call_forward(self, z: str, a: str, y: str, n: int) -> str:
        """The expression of l."""
        given = {"z": z, "a": a, "y": y}
        return f"loss({', '.join([*[given[need] for need in self.needs[0]], str(n)])})"

    def call_backward(self, result: str, z: str, a: str, y: str, n: int) -> str:
        """The statement dz = ... or da = ..."""
        given = {"z": z, "a": a, "y": y}
        return f"loss_backward({', '.join([result, *[given[need] for need in self.needs[1]], str(n)])});"


def objective(chain: Objective, translate: Translator) -> Last:
    """The loss and its slope, fused with the output activation where a fused form exists."""
    pair, loss = chain.fused, chain.loss
    if pair is not None and not all(pair.pieces):
        whole, backward = rowwise.WHOLE_ROWS[chain.output.name, loss.name](translate)
        if isinstance(chain.output, Softmax) and chain.output.groups:
            whole, backward = (rowwise.in_groups(text, chain.output, name) for text, name in ((whole, "loss"), (backward, "loss_backward")))
        return Last(whole, backward, (("z", "y"), ("a", "y") if loss.name == "cross_entropy" else ("z", "a", "y")), link=False)
    value, slope = loss.pieces if pair is None else pair.pieces
    names = {"y_hat": "a[i]", "z": "z[i]", "a": "a[i]", "y": "y[i]"}
    needs = _needs(value), _needs(slope)
    over = "the mean over the outputs" if loss.averages else "the sum over the outputs"
    body = translate.lines(value, names, "const double part")
    forward = [
        comment(f"l = {over} of {loss.formula}" + ("" if pair is None else ",\nwritten in z, so that nothing overflows")),
        f"static double loss({', '.join([f'const real *{need}' for need in needs[0]])}, int n)",
        "{",
        "    double l = 0;",
        "    for (int i = 0; i < n; i++) {",
        *[f"        {line}" for line in body],
        "        l += part;",
        "    }",
        f"    return l{' / n' if loss.averages else ''};",
        "}",
    ]
    result = "dz" if pair is not None else "da"
    division = " / n" if loss.averages else ""
    formula = pair.dz_formula if pair is not None else loss.derivative_formula
    told = f"{result}{'' if pair is not None else ' = dl/dy_hat'} = {f'({formula}) / n' if division else formula}"
    told += f",\nthe loss and {chain.output.name} derived together" if pair is not None else ""
    lines = translate.lines(f"({slope}) / n" if division else slope, {**names, "n": "n"}, f"{result}[i]")
    arguments = [f"real *{result}", *[f"const real *{need}" for need in needs[1]]]
    return Last("\n".join(forward), _loop(told, f"loss_backward({', '.join(arguments)}, int n)", lines), needs, link=pair is None)


def _needs(text: str) -> tuple[str, ...]:
    used = {"a" if name == "y_hat" else name for name in names_in(text)}
    return tuple(name for name in ("z", "a", "y") if name in used)
