"""Runs the Python blocks of each page, in order and in one namespace, and shows what they print below them.

A block that begins with ``# not run`` is only shown. A block that fails ends the build. Files are written to a temporary folder.
"""

import contextlib
import io
import os
import re
import tempfile
import traceback

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def run(markdown, name):
    """The page with the output of its blocks."""
    namespace = {"__name__": "__main__"}

    def shown(match):
        code = match[1]
        if code.startswith("# not run"):
            return match[0].replace("# not run\n", "", 1)
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                exec(compile(code, name, "exec"), namespace)
        except Exception:
            raise RuntimeError(f"{name}: this block fails:\n{code}\n{traceback.format_exc()}") from None
        output = printed.getvalue().rstrip()
        return match[0] + (f"\n\n```text\n{output}\n```\n" if output else "")

    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            return BLOCK.sub(shown, markdown)
        finally:
            os.chdir(before)


def on_page_markdown(markdown, page, **_):
    """For every page."""
    return run(markdown, page.file.src_path)
