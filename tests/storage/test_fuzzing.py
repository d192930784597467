"""Some hundred mutations of every kind of file; ``PELLUCID_MUTATIONS=2000`` for more (`tests/fuzzing.py` prints times, too)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fuzzing
import pellucid as pl

COUNT = int(os.environ.get("PELLUCID_MUTATIONS", "50"))
PROGRAM = """
import json, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
import fuzzing
print(json.dumps(fuzzing.run(Path({folder!r}), {count}, {seed})))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory")
def test_every_mutation_ends_in_a_right_model_or_in_one_kind_of_error(tmp_path):
    """In a process that may not grow by more than 200 MB."""
    (tmp_path / "files").mkdir()
    code = PROGRAM.format(tests=str(Path(__file__).parent.parent), folder=str(tmp_path / "files"), count=COUNT, seed=0)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    ended = json.loads(done.stdout)
    assert ended["wrong"] == []
    assert len(ended["files"]) == 7
    for name, told in ended["files"].items():
        assert sum(told["outcomes"].values()) == COUNT, name
        assert told["outcomes"]["refused"] > COUNT / 2, name
        assert set(told["outcomes"]) <= {"refused", "another model", "the same"}, (name, told)


def test_the_tools_that_change_files_keep_the_checksum_right(tmp_path, monkeypatch):
    """With care and nothing changed, the file loads."""
    fuzzing.network().save(tmp_path / "net")
    monkeypatch.setattr(fuzzing, "changed", lambda tree, rng: tree)
    monkeypatch.setattr(fuzzing, "other_array", lambda array, rng: array)
    loaded = 0
    for seed in range(8):
        (tmp_path / "again").write_bytes(fuzzing.with_care((tmp_path / "net").read_bytes(), np.random.default_rng(seed)))
        try:
            found = pl.Network.load(tmp_path / "again")
        except pl.ModelFileError:
            continue
        loaded += 1
        np.testing.assert_array_equal(found.vector, fuzzing.network().vector)
    assert loaded >= 4
