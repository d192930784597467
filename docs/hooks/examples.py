"""Runs the blocks of each page in order, Python in one namespace and commands in the same folder, and shows what they print and draw.

A block whose last line is an expression shows its value too: a picture (an Axes, or what has ``to_svg``) within the page, anything else as
text. A block that begins with ``# not run`` is only shown. A block that fails ends the build. Files are written to a temporary folder.
"""

import ast
import contextlib
import io
import os
import re
import shlex
import sys
import tempfile
import traceback

os.environ.setdefault("MPLBACKEND", "agg")

BLOCK = re.compile(r"^```(python|console)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def run(markdown, name):
    """The page with what its blocks print and draw."""
    namespace = {"__name__": "__main__"}

    def shown(match):
        code = match[2]
        if code.startswith("# not run"):
            return match[0].replace("# not run\n", "", 1)
        if match[1] == "console":
            return f"```console\n{commands(code, name)}\n```"
        printed, value = io.StringIO(), None
        try:
            with contextlib.redirect_stdout(printed):
                value = execute(code, namespace, name)
        except Exception:
            raise RuntimeError(f"{name}: this block fails:\n{code}\n{traceback.format_exc()}") from None
        output, picture = printed.getvalue().rstrip(), drawn(value)
        if value is not None and picture is None:
            output = f"{output}\n{value}".strip()
        text = f"\n\n```text\n{output}\n```\n" if output else ""
        return match[0] + text + (f'\n\n<div class="picture">{picture}</div>\n' if picture else "")

    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            return BLOCK.sub(shown, markdown)
        finally:
            os.chdir(before)


def commands(code, name):
    """Lines that begin with ``$ pellucid`` are run, and followed by what they print."""
    from pellucid import cli

    lines = []
    for line in code.splitlines():
        printed, arguments = io.StringIO(), shlex.split(line.removeprefix("$ "))
        with contextlib.redirect_stdout(printed):
            sys.argv = arguments
            try:
                cli.main()
            except SystemExit as stop:
                if stop.code:
                    raise RuntimeError(f"{name}: this command fails: {line}") from None
        lines += [line, printed.getvalue().rstrip(), ""]
    return "\n".join(lines).rstrip()


def execute(code, namespace, name):
    """Run a block; the value of its last line, where that is an expression."""
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), namespace)
    return None if last is None else eval(compile(ast.Expression(last.value), name, "eval"), namespace)


def drawn(value):
    """SVG, where the value is a picture."""
    if hasattr(value, "to_svg"):
        return one_line(value.to_svg())
    first = next(value.flat, None) if getattr(value, "dtype", None) == "O" else value
    figure = getattr(first, "figure", None)
    if figure is None:
        return None
    image = io.StringIO()
    figure.savefig(image, format="svg", bbox_inches="tight", metadata={"Date": None})
    return one_line(image.getvalue()[image.getvalue().index("<svg") :])


def one_line(svg):
    """Without empty lines, which would end a block of HTML."""
    return re.sub(r"\s*\n\s*", " ", svg)


def on_page_markdown(markdown, page, **_):
    """For every page."""
    return run(markdown, page.file.src_path)
