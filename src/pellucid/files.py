"""Files that are written whole or not at all, and never over something of the user's unless told to."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from pellucid.errors import OutputError, sentence


def check_writable(path: str | os.PathLike[str], force: bool = False) -> Path:
    """The path, if a file could be written there.

    Raises:
        OutputError: it is a directory, its folder does not exist, or a file is there and ``force`` is not set.

    """
    target = Path(path)
    if target.is_dir():
        raise OutputError(sentence("the output path", str(target), "a directory", "the name of a file", "add a file name"))
    if not target.parent.is_dir():
        repair = f"create {target.parent} first"
        raise OutputError(sentence("the folder", str(target), "missing or no folder", "an existing folder", repair))
    if target.exists() and not force:
        repair = "choose another name, or force it to be replaced (--force, force=True)"
        raise OutputError(sentence("the output file", str(target), "there already", "a new name", repair))
    return target


def write_atomically(path: str | os.PathLike[str], data: bytes, force: bool = False) -> None:
    """Write to a temporary file in the same folder, flush it to the disk, and rename it: readers see the old file or the new one.

    Raises:
        OutputError: it cannot be written there.

    """
    target = check_writable(path, force)
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        got = (error.strerror or str(error)).lower()
        repair = "check permissions and free space, or choose another folder"
        raise OutputError(sentence("writing", str(target), f"refused ({got})", "a writable place", repair)) from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
