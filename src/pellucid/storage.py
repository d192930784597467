"""Model files: safetensors for the numbers, one JSON string for the description, a SHA-256 over both. Loading runs no code.

safetensors has no checksum of its own, and most flipped bytes would load as slightly wrong numbers; the checksum here covers the
description and every tensor's name, type, shape and bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.errors import ModelFileError, sentence
from pellucid.files import check_writable, reason, write_atomically

FORMAT = "pellucid"
VERSION = 1
KEY = "pellucid"
MAX_HEADER = 1 << 20
"""bytes; a larger header is refused before it is parsed"""


NUMBERS = {"model": ("float32", "float64"), "checkpoint": ("float32", "float64", "int64", "uint32")}
"""what the arrays of each kind of file may be made of"""


def write_model(
    path: str | os.PathLike[str], header: Mapping[str, Any], tensors: Mapping[str, Array], *, force: bool = False, kind: str = "model"
) -> None:
    """Write a description (JSON-able) and arrays of numbers; the same content gives the same bytes in every process.

    Raises:
        OutputError: the file cannot be written there, or is there already and ``force`` is not set.

    """
    from safetensors.numpy import save

    check_writable(path, force)
    kept = {name: np.ascontiguousarray(tensor) for name, tensor in sorted(tensors.items())}
    content = {"format": FORMAT, "version": VERSION, "header": dict(header)}
    if kind != "model":
        content["kind"] = kind
    content["sha256"] = _checksum(content, kept)
    write_atomically(path, save(kept, metadata={KEY: _canonical(content)}), force=force)


def read_model(path: str | os.PathLike[str], kind: str = "model") -> tuple[dict[str, Any], dict[str, Array]]:
    """The description and the arrays of a file that `write_model` wrote.

    Raises:
        ModelFileError: the file is missing, unreadable, damaged, cut off, foreign, or of another format version.

    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    name = os.fspath(path)
    data = _read(Path(path))
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > len(data) - 8:
        raise _refuse(name, "cut off or no model file")
    if size > MAX_HEADER:
        raise _refuse(name, f"a header of {size:,} bytes")
    try:
        metadata = json.loads(data[8 : 8 + size])["__metadata__"]
        content = json.loads(metadata[KEY])
        stated = content.pop("sha256")
        known = content["format"] == FORMAT
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _refuse(name, "no model file of this library, or damaged") from None
    if not known or content.get("version") != VERSION:
        raise _refuse(name, f"of format version {content.get('version')!r}, and this release reads version {VERSION}")
    try:
        tensors = load(data)
    except (SafetensorError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise _refuse(name, f"damaged ({str(error).strip()[:80]})") from None
    if content.get("kind", "model") != kind:
        raise _refuse(name, f"a {str(content.get('kind', 'model'))[:40]}", f"a {kind}")
    if any(tensor.dtype.name not in NUMBERS[kind] for tensor in tensors.values()):
        raise _refuse(name, f"not made of arrays of {' or '.join(NUMBERS[kind])}")
    header = content.get("header")
    if not isinstance(header, dict) or list(metadata) != [KEY] or stated != _checksum(content, tensors):
        raise _refuse(name, "damaged: its checksum does not match its content")
    return header, tensors


def _read(path: Path) -> bytes:
    if os.path.isdir(path):
        raise _refuse(str(path), "a directory")
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise _refuse(str(path), f"not readable ({reason(error)})") from None


def _refuse(name: str, got: str, expected: str = "a file that save wrote") -> ModelFileError:
    return ModelFileError(sentence("the model file", name, got, expected, "save the model again, or check the path"))


def _canonical(content: object) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _checksum(content: Mapping[str, Any], tensors: Mapping[str, Array]) -> str:
    digest = hashlib.sha256(_canonical(content).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(_canonical([name, tensor.dtype.name, list(tensor.shape)]).encode())
        digest.update(np.ascontiguousarray(tensor).tobytes())
    return digest.hexdigest()
