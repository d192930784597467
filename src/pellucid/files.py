"""Files that are written whole or not at all, and never over something of the user's unless told to."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from pellucid.errors import OutputError, sentence


def check_writable(path: str | os.PathLike[str], force: bool = False) -> Path:
    """The path, if a file can be written there; it is tried, so that hours of work do not end in a refusal.

    Raises:
        OutputError: it is a directory, its folder does not exist or may not be written to, or a file is there and ``force`` is not set.

    """
    target = Path(path)
    if os.path.isdir(target):
        raise OutputError(sentence("the output path", str(target), "a directory", "the name of a file", "add a file name"))
    if not os.path.isdir(target.parent):
        repair = f"create {target.parent} first"
        raise OutputError(sentence("the folder", str(target), "missing or no folder", "an existing folder", repair))
    if os.path.exists(target) and not force:
        repair = "choose another name, or force it to be replaced (--force, force=True)"
        raise OutputError(sentence("the output file", str(target), "there already", "a new name", repair))
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}."):
            return target
    except (OSError, ValueError) as error:
        raise _refused(target, error) from None


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
        raise _refused(target, error) from None


def reason(error: OSError | ValueError) -> str:
    """What the system said, without number and path."""
    return (getattr(error, "strerror", None) or str(error)).lower()


def _refused(target: Path, error: OSError | ValueError) -> OutputError:
    repair = "check permissions and free space, or choose another folder"
    return OutputError(sentence("writing", str(target), f"refused ({reason(error)})", "a writable place", repair))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
