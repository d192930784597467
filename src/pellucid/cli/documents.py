"""A derivation on the terminal or in a file, in the form that was asked for."""

from __future__ import annotations

import sys
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pellucid.cli.app import console
from pellucid.errors import InputError, sentence

if TYPE_CHECKING:
    from pellucid.glassbox.derivation import Derivation


class To(StrEnum):
    """What is written."""

    text = "text"
    html = "html"
    tex = "tex"
    md = "md"


SUFFIXES = {".txt": To.text, ".text": To.text, ".html": To.html, ".htm": To.html, ".tex": To.tex, ".md": To.md, ".markdown": To.md}


def kind(to: To | None, output: str | None, command: str) -> To:
    """What is to be written: what was said, or what the name of the file ends in.

    Raises:
        InputError: nothing was said, and the name tells nothing.

    """
    if to is not None or output is None:
        return to or To.text
    suffix = Path(output).suffix.lower()
    if suffix not in SUFFIXES:
        expected, repair = f"a name that ends in {', '.join(SUFFIXES)}", "name it so, or say what it is by --to html, tex, md or text"
        raise InputError(sentence("the output file", f"pellucid {command}", repr(output), expected, repair))
    return SUFFIXES[suffix]


def put(derivation: Derivation, to: To | None, output: str | None, precision: int, force: bool, command: str, what: str) -> None:
    """Print a derivation, or write it to a file and say so."""
    from pellucid.files import write_atomically

    chosen = kind(to, output, command)
    if output is None:
        speak_unicode()
    if output is None and to is None:
        from pellucid.glassbox.render.terminal import as_rich

        console.print(as_rich(derivation, precision))
        return
    render = {
        To.text: derivation.to_text, To.html: derivation.to_html, To.tex: derivation.to_latex, To.md: derivation.to_markdown,
    }[chosen]  # fmt: skip
    text = render(precision)
    if output is None:
        typer.echo(text, nl=not text.endswith("\n"))
        return
    write_atomically(output, text.encode(), force=force)
    console.print(f"{what} is in {output} ({len(text.encode()):,} bytes)", markup=False, soft_wrap=True)


def speak_unicode() -> None:
    """Where what is printed goes into a file or a program, some systems would write letters of one country."""
    if isinstance(sys.stdout, TextIOWrapper) and "utf" not in sys.stdout.encoding.lower():
        sys.stdout.reconfigure(encoding="utf-8")
