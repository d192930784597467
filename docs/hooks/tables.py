"""Tables that are made while the pages are built: ``{{ errata }}`` stands for the formulas of the notes and what the tool says of them."""

import importlib.util
import sys
from pathlib import Path

TESTS = Path(__file__).parent.parent.parent / "tests"


def errata():
    """The rows of tests/errata.py, each really reviewed."""
    spec = importlib.util.spec_from_file_location("errata", TESTS / "errata.py")
    table = sys.modules["errata"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(table)
    parts = {kind: [row for row in table.ROWS if row.kind == kind] for kind in (table.MATHEMATICS, table.SCAN, table.RIGHT)}
    lines = ["## Slips of mathematics", "", "| note | as printed | answer | right |", "|---|---|---|---|"]
    lines += [f"| {row.note} | {formula(row.printed)} | {said(table, row)} | {formula(row.right)} |" for row in parts[table.MATHEMATICS]]
    lines += ["", "## Damage by scanning", "", "| note | as printed | answer | right |", "|---|---|---|---|"]
    lines += [f"| {row.note} | `{code(row.printed)}` | {said(table, row)} | {formula(row.right)} |" for row in parts[table.SCAN]]
    lines += ["", "## Slips of words and notation", "", "| note | what it says | what is right |", "|---|---|---|"]
    lines += [f"| {note} | {cell(printed)} | {cell(right)} |" for note, printed, right in table.WORDS]
    lines += ["", "## Found right", "", "| note | as printed | answer |", "|---|---|---|"]
    lines += [f"| {row.note} | {formula(row.printed)} | {said(table, row)} |" for row in parts[table.RIGHT]]
    return "\n".join(lines)


def said(table, row):
    """The answer to a row, with its explanation."""
    review = table.answer(row)
    return f"**{review.verdict}**" + (f": {cell(review.explanation)}" if row.kind != table.RIGHT else "")


def formula(text):
    """As mathematics, where it is LaTeX."""
    if not text:
        return ""
    is_latex = "\\" in text or "^{" in text or "_{" in text
    if not is_latex or "@" in text:
        return f"`{code(text)}`"
    return "$" + text.replace("|", r"\vert ") + "$"


def code(text):
    """Within backquotes in a cell."""
    return text.replace("|", "\\|").replace("`", "'")


def cell(text):
    """In a cell."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_").replace("$", "\\$")


def on_page_markdown(markdown, page, **_):
    """For the pages that ask for a table."""
    return markdown.replace("{{ errata }}", errata()) if "{{ errata }}" in markdown else markdown
