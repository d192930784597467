"""Every example of the README runs: the Python blocks in order in one namespace, the commands through the command line."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

import one_blas_thread  # noqa: F401
from pellucid import cli

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(*languages: str) -> list[tuple[int, str]]:
    """(line, content) of each fenced block in one of these languages."""
    text = README.read_text(encoding="utf-8")
    found = [(text.count("\n", 0, match.start(2)) + 1, match[2]) for match in BLOCK.finditer(text) if match[1] in languages]
    assert found, f"the README has no block in {' or '.join(languages)}"
    return found


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_python_blocks_run_in_order_in_one_namespace(capsys):
    namespace = {"__name__": "readme"}
    for line, content in blocks("python"):
        exec(compile("\n" * (line - 1) + content, str(README), "exec"), namespace)
    assert capsys.readouterr().err == ""


def test_the_commands_run_one_after_the_other(monkeypatch, capsys):
    lines = [line.strip().removeprefix("$ ") for _, content in blocks("sh", "console") for line in content.splitlines()]
    commands = [shlex.split(line, comments=True) for line in lines if line.startswith("pellucid ")]
    assert commands, "the README shows no pellucid command"
    for command in commands:
        monkeypatch.setattr(sys, "argv", command)
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
        assert (code, capsys.readouterr().err) == (0, ""), " ".join(command)


def test_the_files_it_points_to_are_there():
    text = README.read_text(encoding="utf-8")
    linked = [target for target in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in target]
    named = re.findall(r"`?((?:examples|src)/[\w/]+\.py)`?", text)
    assert linked
    assert [path for path in linked + named if not (README.parent / path).exists()] == []
