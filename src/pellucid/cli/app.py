"""The application: what every command shares, and how a run ends."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from pellucid.errors import PellucidError, sentence

app = typer.Typer(
    help="Neural networks you can see through: train, use, explain and check them on tables.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
console = Console()

Data = Annotated[str, typer.Argument(help="A CSV or Parquet file, or iris, digits, wine, breast_cancer, diabetes.", show_default=False)]
Model = Annotated[str, typer.Argument(help="A model file that train wrote.", show_default=False)]
Force = Annotated[bool, typer.Option("--force", help="Replace the output file if it is there.")]


def line(say: Console, heading: str, text: str, style: str = "bold") -> None:
    """Text from a table or a path is no markup: brackets stay brackets."""
    say.print(Text.assemble((f"{heading:<10}", style), say.highlighter(text)), soft_wrap=True)


def main() -> None:
    """Run the command line; bad input ends in one sentence and exit code 2, anything else unforeseen in exit code 1."""
    import warnings

    warnings.filterwarnings("ignore", message="Found unknown categories")  # they are expected, and encoded as such
    try:
        app()
    except KeyboardInterrupt:
        print("pellucid: interrupted", file=sys.stderr)
        sys.exit(130)
    except PellucidError as error:
        print(f"pellucid: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(1)
    except MemoryError:
        told = sentence("the memory", "this machine", "too small", "enough for all parameters and rows", "ask for fewer of them")
        print(f"pellucid: {told}", file=sys.stderr)
        sys.exit(1)
    except Exception as error:
        if os.environ.get("PELLUCID_DEBUG"):
            raise
        print(f"pellucid: unforeseen {type(error).__name__}: {error} (set PELLUCID_DEBUG=1 to see where)", file=sys.stderr)
        sys.exit(1)
