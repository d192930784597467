"""Examples in docstrings are set as code."""

import re

import griffe

EXAMPLE = re.compile(r"^( *)>>>.*?(?=\n\s*\n|\Z)", re.DOTALL | re.MULTILINE)


class Doctests(griffe.Extension):
    """Puts fences around the lines from >>> to the next empty one."""

    def on_object(self, *, obj, **_):
        """For everything that has a docstring."""
        if obj.docstring is not None and "```" not in obj.docstring.value:
            text = obj.docstring.value
            obj.docstring.value = EXAMPLE.sub(lambda found: f"{found[1]}```pycon\n{found[0]}\n{found[1]}```", text)
