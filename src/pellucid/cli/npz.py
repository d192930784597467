"""Arrays from an npz file, which may come from a stranger: numbers only, nothing of it is executed, and its size is bounded."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from pellucid.errors import InputError, sentence
from pellucid.files import reason

if TYPE_CHECKING:
    import numpy as np

DAMAGE = (ValueError, EOFError, RuntimeError, NotImplementedError, OverflowError, MemoryError, TypeError, SyntaxError, zlib.error)
"""what reading a damaged or hostile file raises"""
MOST = 1 << 30
"""bytes, unpacked"""


def read_npz(path: str) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays of a file that `numpy.savez` wrote, by name.

    Raises:
        InputError: the file is missing, unreadable, damaged, no npz file, too large, or holds objects instead of numbers.

    """
    import numpy as np

    found: dict[str, np.ndarray[Any, Any]] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if (size := sum(member.file_size for member in members)) > MOST:
                raise _refuse(path, f"{size:,} bytes when unpacked")
            for member in members:
                name = member.filename.removesuffix(".npy")
                if name in found or name == member.filename:
                    raise _refuse(path, f"a file with {member.filename[:80]!r} {'twice' if name in found else 'in it'}")
                found[name] = np.lib.format.read_array(io.BytesIO(archive.read(member)), allow_pickle=False)
    except OSError as error:
        raise _refuse(path, f"not readable ({reason(error)})") from None
    except zipfile.BadZipFile:
        raise _refuse(path, "no npz file, or damaged") from None
    except InputError:
        raise
    except (
        ValueError,
        EOFError,
        RuntimeError,
        NotImplementedError,
        OverflowError,
        MemoryError,
        TypeError,
        SyntaxError,
        zlib.error,
    ) as error:
        told = " ".join(str(error).split())[:80]
        raise _refuse(path, f"not made of plain arrays ({told})") from None
    return found


def _refuse(path: str, got: str) -> InputError:
    repair = "write it with numpy.savez(path, dW1=..., db1=...)"
    return InputError(sentence("the file of gradients", path, got, "an npz file with arrays of numbers", repair))
