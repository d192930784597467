"""Mathematics as MathML, made while the pages are built: no script and no network when they are read."""

import html
import re

from latex2mathml.converter import convert

FOUND = re.compile(r'<(span|div) class="arithmatex">(.*?)</\1>', re.DOTALL)


def on_page_content(text, page, **_):
    """Replace what Arithmatex marked."""

    def mathml(match):
        inner = html.unescape(match[2]).strip()
        display, latex = "block" if inner.startswith("\\[") else "inline", inner[2:-2].strip()
        try:
            return convert(latex, display=display)
        except Exception:  # formulas of the notes as they were scanned
            return f"<code>{html.escape(latex)}</code>"

    return FOUND.sub(mathml, text)
