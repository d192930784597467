"""Running the command line within a test, in an empty folder."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest

from pellucid import cli


class Ended(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def in_an_empty_folder_on_a_wide_terminal(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(import_module("pellucid.cli.app").console, "_width", None)  # not what it was when it was made
    monkeypatch.delenv("PELLUCID_DEBUG", raising=False)


@pytest.fixture
def pellucid(monkeypatch, capsys):
    """Run the whole command line in this process, as the console script does."""

    def run(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["pellucid", *map(str, arguments)])
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
        printed = capsys.readouterr()
        return Ended(code, printed.out, printed.err)

    return run


@pytest.fixture
def refused(pellucid):
    """Run it on bad input: exit code 2, one sentence, nothing else, no file; gives the sentence."""

    def run(*arguments: object) -> str:
        before = sorted(Path().rglob("*"))
        ended = pellucid(*arguments)
        assert ended.code == 2, ended
        assert ended.out == ""
        assert ended.err.startswith("pellucid: ")
        assert ended.err.endswith(".\n")
        assert ended.err.count("\n") == 1, "one line"
        assert "Traceback" not in ended.err
        assert sorted(Path().rglob("*")) == before, "nothing was written"
        return ended.err.removeprefix("pellucid: ").strip()

    return run
