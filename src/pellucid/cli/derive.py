"""pellucid derive."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pellucid.cli.app import Force, app
from pellucid.cli.documents import To, kind, put
from pellucid.errors import InputError, sentence


@app.command()
def derive(
    expression: Annotated[str, typer.Argument(help="A formula, e.g. 'x^2 + 2xy' or 'softmax(x)', or an activation or a loss by name.")],
    wrt: Annotated[str | None, typer.Option(help="To derive by; several with commas.", show_default="the only name in it")] = None,
    at: Annotated[list[str] | None, typer.Option(help="A point, e.g. x=2; once for each name, or with commas.", show_default=False)] = None,
    to: Annotated[To | None, typer.Option(help="What is written.", show_default="by the name of the output, else text")] = None,
    output: Annotated[str | None, typer.Option("--output", "-o", help="A file, instead of the terminal.", show_default=False)] = None,
    precision: Annotated[int, typer.Option(help="Decimals of the numbers.", min=0, max=17)] = 4,
    force: Force = False,
) -> None:
    """Derive a formula by the rules of calculus, step by step: partial derivatives, the gradient, and its value at a point."""
    from pellucid.files import check_writable
    from pellucid.glassbox.calculus import differentiate

    kind(to, output, "derive")
    if output is not None:
        check_writable(output, force)
    names = None if wrt is None else [name.strip() for name in wrt.split(",")]
    derivation = differentiate(_record(expression), names, _point(at))
    put(derivation, to, output, precision, force, "derive", "the derivation")


def _record(text: str) -> Any:
    """A name of the catalogue stands for its formula."""
    from pellucid.equations import activations, losses

    name = text.strip().partition("(")[0]
    for look_up, catalogue in ((activations.activation, activations.CATALOGUE), (losses.loss, losses.CATALOGUE)):
        if name in catalogue and ("(" not in text or "=" in text):
            return look_up(text.strip())
    return text


def _point(given: list[str] | None) -> dict[str, Any] | None:
    """x=2 y=0.5, or x=2,y=0.5; several numbers for one name (x=1,2,3) are a vector."""
    if not given:
        return None
    found: dict[str, list[float]] = {}
    for part in (part for text in given for part in text.split(",")):
        name, equals, number = (piece.strip() for piece in part.rpartition("="))
        name = name if equals else next(reversed(found), "")
        try:
            value = float(number)
        except ValueError:
            name = ""
        if not name:
            raise InputError(sentence("--at", "pellucid derive", repr(part), "a name and a number", "e.g. --at x=2 --at y=0.5"))
        found.setdefault(name, []).append(int(value) if value.is_integer() and "." not in number and "e" not in number.lower() else value)
    return {name: numbers[0] if len(numbers) == 1 else numbers for name, numbers in found.items()}
