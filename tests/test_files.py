"""Files are written whole or not at all, and never over something of the user's unless told to."""

from __future__ import annotations

import os
import stat

import pytest

from pellucid.errors import OutputError
from pellucid.files import check_writable, write_atomically


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_is_written_is_what_is_read(tmp_path):
    write_atomically(tmp_path / "out", bytes(range(256)))
    assert (tmp_path / "out").read_bytes() == bytes(range(256))
    assert names(tmp_path) == ["out"]


def test_a_path_may_be_text(tmp_path):
    write_atomically(str(tmp_path / "out"), b"")
    assert check_writable(str(tmp_path / "new")) == tmp_path / "new"
    assert (tmp_path / "out").read_bytes() == b""


def test_a_file_has_the_permissions_that_the_umask_leaves(tmp_path):
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "out", b"1")
        assert os.umask(0o027) == 0o027, "the umask is as it was"
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o640


def test_an_existing_file_is_kept_unless_forced(tmp_path):
    target = tmp_path / "out"
    target.write_bytes(b"old")
    with pytest.raises(OutputError) as caught:
        write_atomically(target, b"new")
    assert str(caught.value) == (
        f"The output file in {target} is there already, expected a new name: "
        "choose another name, or force it to be replaced (--force, force=True)."
    )
    assert target.read_bytes() == b"old"
    write_atomically(target, b"new", force=True)
    assert target.read_bytes() == b"new"


@pytest.mark.parametrize("force", [False, True])
def test_a_directory_is_never_replaced(tmp_path, force):
    with pytest.raises(OutputError) as caught:
        write_atomically(tmp_path, b"new", force=force)
    assert str(caught.value) == f"The output path in {tmp_path} is a directory, expected the name of a file: add a file name."


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.write_bytes(b"a file")], ids=["missing", "a file"])
def test_the_folder_must_be_one(tmp_path, make):
    folder = tmp_path / "folder"
    make(folder)
    with pytest.raises(OutputError) as caught:
        write_atomically(folder / "out", b"new")
    expected = f"The folder in {folder / 'out'} is missing or no folder, expected an existing folder: create {folder} first."
    assert str(caught.value) == expected


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"], ids=["too long", "a null byte"])
def test_a_name_that_no_file_can_have(tmp_path, name):
    with pytest.raises(OutputError, match=r"is refused \((file name too long|embedded null byte)\), expected a writable place: check"):
        write_atomically(tmp_path / name, b"new")
    assert list(tmp_path.iterdir()) == []


def test_a_place_is_tried_before_the_work_is_done(tmp_path, monkeypatch):
    assert check_writable(tmp_path / "out") == tmp_path / "out"
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr("tempfile.NamedTemporaryFile", refuse(PermissionError, 13))
    with pytest.raises(OutputError) as caught:
        check_writable(tmp_path / "out")
    assert str(caught.value) == (
        f"Writing in {tmp_path / 'out'} is refused (permission denied), expected a writable place: "
        "check permissions and free space, or choose another folder."
    )


def refuse(kind, number):
    def refused(*args, **options):
        raise kind(number, os.strerror(number), "a name")

    return refused


@pytest.mark.parametrize("call", ["tempfile.mkstemp", "os.fdopen", "os.fsync", "os.chmod", "os.replace"])
@pytest.mark.parametrize(
    ("error", "number", "told"), [(PermissionError, 13, "permission denied"), (OSError, 28, "no space left on device")]
)
def test_a_refusal_of_the_system_is_one_sentence_and_leaves_everything_as_it_was(tmp_path, monkeypatch, call, error, number, told):
    target = tmp_path / "out"
    target.write_bytes(b"old")
    monkeypatch.setattr(f"pellucid.files.{call}", refuse(error, number))
    with pytest.raises(OutputError) as caught:
        write_atomically(target, b"new", force=True)
    monkeypatch.undo()
    assert str(caught.value) == (
        f"Writing in {target} is refused ({told}), expected a writable place: check permissions and free space, or choose another folder."
    )
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["out"]


class Crash(BaseException):
    """As Ctrl-C or a killed interpreter: no ordinary error."""


@pytest.mark.parametrize("call", ["fsync", "chmod", "replace"])
@pytest.mark.parametrize("old", [b"old", None])
def test_a_crash_while_writing_leaves_the_old_file_or_none_and_no_temporary_one(tmp_path, monkeypatch, call, old):
    target = tmp_path / "out"
    if old is not None:
        target.write_bytes(old)

    def crash(*args, **options):
        raise Crash

    monkeypatch.setattr(f"pellucid.files.os.{call}", crash)
    with pytest.raises(Crash):
        write_atomically(target, b"new", force=True)
    monkeypatch.undo()
    assert names(tmp_path) == ([] if old is None else ["out"])
    assert old is None or target.read_bytes() == old


def test_the_new_file_is_on_the_disk_before_it_takes_the_name(tmp_path, monkeypatch):
    steps = []
    for call in ("fsync", "replace"):
        original = getattr(os, call)
        monkeypatch.setattr(f"pellucid.files.os.{call}", lambda *args, call=call, original=original: (steps.append(call), original(*args)))
    write_atomically(tmp_path / "out", b"new")
    assert steps == ["fsync", "replace"]
