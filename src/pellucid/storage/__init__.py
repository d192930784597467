"""Model files: safetensors for the numbers, one JSON string for the description, a SHA-256 over both. Loading runs no code.

safetensors has no checksum of its own, and most flipped bytes would load as slightly wrong numbers; the checksum here covers the
description and every tensor's name, type, shape and bytes. A checksum is no signature: whoever writes a hostile file writes its checksum
too. So nothing that a file says is believed: the header has a limit before it is parsed, the arrays must fill the file exactly before one
is made, and who reads the description compares its sizes with the arrays before it builds anything of them.

====  ==========================================================================================
1     the description as JSON, in which a number may be NaN or Infinity
2     values beyond JSON as `values` writes them; estimators; a long history is thinned
====  ==========================================================================================
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.errors import InputError, ModelFileError, sentence
from pellucid.files import check_writable, reason, write_atomically
from pellucid.storage.table import TYPES, Entry, read_table, strict
from pellucid.storage.values import Packer, unpack

FORMAT = "pellucid"
VERSION = 2
READABLE = (1, 2)
KEY = "pellucid"
MAX_HEADER = 1 << 20
"""bytes; a larger header is refused before it is parsed"""
VALUES = "values."
"""how the names of the arrays begin that stand in the description"""


@dataclass(frozen=True)
class Kind:
    """What a file is of."""

    name: str
    writer: str
    repair: str
    numbers: tuple[str, ...]
    """what its arrays may be made of, besides those in the description"""


KINDS = {
    "model": Kind("model", "save", "save the model again, or check the path", ("float32", "float64")),
    "checkpoint": Kind(
        "checkpoint",
        "fit(checkpoint=...)",
        "begin the training anew, or check the path",
        tuple(np.dtype(name).name for name in TYPES.values()),
    ),
}


def write_model(
    path: str | os.PathLike[str], header: Mapping[str, Any], tensors: Mapping[str, Array], *, force: bool = False, kind: str = "model"
) -> None:
    """Write a description and arrays of numbers; the same content gives the same bytes in every process.

    Raises:
        OutputError: the file cannot be written there, or is there already and ``force`` is not set.
        InputError: the description is too long, or holds what no file can.

    """
    check_writable(path, force)
    write_atomically(path, to_bytes(header, tensors, kind=kind), force=force)


def to_bytes(header: Mapping[str, Any], tensors: Mapping[str, Array], *, kind: str = "model") -> bytes:
    """The same as bytes."""
    from safetensors.numpy import save

    packer = Packer(VALUES, f"the {kind} file")
    content: dict[str, Any] = {"format": FORMAT, "version": VERSION, "header": packer.pack(dict(header))}
    every = {**tensors, **packer.arrays}
    kept = {name: _native(every[name]) for name in sorted(every)}
    if kind != "model":
        content["kind"] = kind
    content["sha256"] = _checksum(content, kept)
    data: bytes = save(kept, metadata={KEY: _canonical(content)})
    if (size := int.from_bytes(data[:8], "little")) > MAX_HEADER:
        expected = f"at most {MAX_HEADER:,} bytes"
        repair = "put long lists into arrays, or build the network of fewer layers"
        raise InputError(sentence("the description", f"the {kind} file", f"{size:,} bytes long", expected, repair))
    return data


def read_model(path: str | os.PathLike[str], kind: str = "model") -> tuple[dict[str, Any], dict[str, Array]]:
    """The description and the arrays of a file that `write_model` wrote.

    Raises:
        ModelFileError: the file is missing, unreadable, damaged, cut off, foreign, hostile, or of another format version.

    """
    name, what = os.fspath(path), KINDS[kind]
    if os.path.isdir(path):
        raise _refuse(name, "a directory", what)
    try:
        if os.path.exists(path) and not os.path.isfile(path):  # a device or a pipe may never end
            raise _refuse(name, "no regular file", what)
        with open(path, "rb") as file:
            return _read(file, os.fstat(file.fileno()).st_size, name, what)
    except ModelFileError:
        raise
    except (OSError, ValueError) as error:
        raise _refuse(name, f"not readable ({reason(error)})", what) from None


def from_bytes(data: bytes, name: str, kind: str = "model") -> tuple[dict[str, Any], dict[str, Array]]:
    """The same from the bytes of such a file."""
    return _read(io.BytesIO(data), len(data), name, KINDS[kind])


def _read(file: BinaryIO, n_bytes: int, name: str, what: Kind) -> tuple[dict[str, Any], dict[str, Array]]:
    head = file.read(8)
    size = int.from_bytes(head, "little")
    if len(head) < 8 or size > n_bytes - 8:
        raise _refuse(name, "cut off or no model file", what)
    if size > MAX_HEADER:
        raise _refuse(name, f"a header of {size:,} bytes", what)
    table, content, stated = _described(file.read(size), n_bytes - 8 - size, name, what)
    data = np.empty(n_bytes - 8 - size, np.uint8)
    if file.readinto(data.data) != len(data):  # type: ignore[attr-defined]
        raise _refuse(name, "cut off while it was read", what)
    tensors = {key: _array(data[entry.start : entry.stop], entry) for key, entry in table.items()}
    if stated != _checksum(content, tensors):
        raise _refuse(name, "damaged: its checksum does not match its content", what)
    header: dict[str, Any] = content["header"]
    if content["version"] == 1:
        return header, tensors
    inside = {key: tensors.pop(key) for key in list(tensors) if key.startswith(VALUES)}
    try:
        return unpack(header, inside), tensors
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise _refuse(name, f"damaged ({_short(str(error))})", what) from None


def _described(text: bytes, n_data: int, name: str, what: Kind) -> tuple[dict[str, Entry], dict[str, Any], Any]:
    """The table of the arrays, the content, and the checksum that is stated."""
    try:
        outer = strict(text)
        metadata = outer.pop("__metadata__")
        content = strict(metadata[KEY], infinite=True)
        stated = content.pop("sha256")
        known = content["format"] == FORMAT
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _refuse(name, "no model file of this library, or damaged", what) from None
    version = content.get("version")
    if not known or type(version) is not int or version not in READABLE:
        listed = " and ".join(map(str, READABLE))
        raise _refuse(name, f"of format version {_short(repr(version))}, and this release reads versions {listed}", what)
    try:
        if version > 1:
            strict(metadata[KEY])
        table = read_table(outer, n_data)
    except (ValueError, OverflowError) as error:
        raise _refuse(name, f"damaged ({_short(str(error))})", what) from None
    if (found := content.get("kind", "model")) != what.name:
        raise _refuse(name, f"a {found if found in list(KINDS) else 'file of an unknown kind'}", what, f"a {what.name}")
    if any(not key.startswith(VALUES) and entry.dtype.name not in what.numbers for key, entry in table.items()):
        raise _refuse(name, f"not made of arrays of {' or '.join(what.numbers)}", what)
    if not isinstance(content.get("header"), dict) or list(metadata) != [KEY]:
        raise _refuse(name, "damaged: its checksum does not match its content", what)
    return table, content, stated


def _array(data: Array, entry: Entry) -> Array:
    aligned = data if entry.start % entry.dtype.itemsize == 0 else data.copy()
    return (aligned.view(entry.dtype) if len(data) else np.empty(0, entry.dtype)).reshape(entry.shape)


def _native(array: Array) -> Array:
    """In C order, the lowest byte first; `ascontiguousarray` would give one number a dimension."""
    return np.asarray(array, dtype=np.asarray(array).dtype.newbyteorder("<"), order="C")


def _refuse(name: str, got: str, what: Kind, expected: str = "") -> ModelFileError:
    wanted = expected or f"a file that {what.writer} wrote"
    return ModelFileError(sentence(f"the {'model file' if what.name == 'model' else what.name}", name, got, wanted, what.repair))


def _short(value: object) -> str:
    text = " ".join(value.split()) if isinstance(value, str) else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _canonical(content: object) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _checksum(content: Mapping[str, Any], tensors: Mapping[str, Array]) -> str:
    digest = hashlib.sha256(_canonical(content).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(_canonical([name, tensor.dtype.name, list(tensor.shape)]).encode())
        digest.update(np.ascontiguousarray(tensor).reshape(-1).view(np.uint8).data if tensor.size else b"")
    return digest.hexdigest()
