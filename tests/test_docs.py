"""The examples of the documentation run, and its pages link to what is there."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
import yaml

import one_blas_thread  # noqa: F401

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


def test_an_example_that_fails_ends_the_build():
    with pytest.raises(RuntimeError, match=r"page\.md: this block fails"):
        hook("examples").run("```python\n1 / 0\n```\n", "page.md")


def test_every_page_is_in_the_navigation():
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = set(re.findall(r"[\w/-]+\.md", str(yaml.safe_load(text)["nav"])))
    assert named == {str(path.relative_to(ROOT / "docs")) for path in PAGES}
