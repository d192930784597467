"""The examples of the documentation run, and its pages link to what is there."""

from __future__ import annotations

import importlib.util
import operator
import re
from pathlib import Path

import pytest
import yaml

import one_blas_thread  # noqa: F401
import pellucid as pl

ROOT = Path(__file__).parent.parent
PAGES = sorted(path for path in (ROOT / "docs").rglob("*.md"))


def hook(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / "hooks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_the_examples_of_a_page_run(page):
    hook("examples").run(page.read_text(encoding="utf-8"), page.name)


def items():
    """The rows of the table of the 28 items."""
    text = (ROOT / "docs" / "tutorial" / "items.md").read_text(encoding="utf-8")
    return [[cell.strip() for cell in line.strip("|\n").split(" | ")] for line in text.splitlines() if re.match(r"\| \d", line)]


def test_every_item_of_the_notes_has_its_section_function_and_test():
    assert [int(row[0].strip("| ")) for row in items()] == list(range(1, 29))
    tests = (ROOT / "tests" / "test_notes.py").read_text(encoding="utf-8")
    for number, _, section, functions, test in items():
        page, anchor = re.search(r"\((\w+\.md)#([\w-]+)\)", section).groups()
        assert anchor == f"item-{number.strip('| ')}"
        assert f"{{ #{anchor} }}" in (ROOT / "docs" / "tutorial" / page).read_text(encoding="utf-8")
        named = re.search(r"::(\w+)", test)[1]
        assert f"def {named}(" in tests
        for name in re.findall(r"`([\w.]+)", functions):
            if name != "pellucid":
                assert operator.attrgetter(name)(pl) is not None


def test_commands_are_run_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = hook("examples").run("```console\n$ pellucid derive x**2\n```\n", "page.md")
    assert "2 x" in page


def test_a_picture_stands_within_the_page():
    page = hook("examples").run("```python\nimport pellucid as pl\npl.plots.activation_and_derivative('tanh')\n```\n", "page.md")
    assert page.count("<svg") == page.count("</svg>") == 1


def test_an_example_that_fails_ends_the_build():
    with pytest.raises(RuntimeError, match=r"page\.md: this block fails"):
        hook("examples").run("```python\n1 / 0\n```\n", "page.md")


def test_every_page_is_in_the_navigation():
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = set(re.findall(r"[\w/-]+\.md", str(yaml.safe_load(text)["nav"])))
    assert named == {str(path.relative_to(ROOT / "docs")) for path in PAGES}
