"""skops archives: written with a checksum over all that is in them, and looked through before skops builds anything of them.

skops itself makes sure that no type outside a list is made, and has no checksum. What is looked for besides: entries that would unpack to
more than the file, arrays that say to be larger than they are or belong to several objects, nodes of kinds that no pipeline of ours has,
and references to an object that do not spell it out: a few of them could stand for millions.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.errors import InputError, ModelFileError, PellucidError, sentence
from pellucid.files import reason

CHECKSUM, SCHEMA = "sha256.txt", "schema.json"
MAX_SCHEMA = 8 << 20
"""bytes; a longer description is refused before it is parsed"""
LEAVES = {"JsonNode", "TypeNode", "NdArrayNode", "DTypeNode", "SliceNode"}
BRANCHES = {"DictNode", "ListNode", "TupleNode", "ObjectNode"}
TYPES = {
    "builtins": {"str", "int", "float", "bool", "dict", "list", "tuple", "slice", "NoneType"},
    "numpy": {"ndarray", "dtype", "float64", "float32", "int64", "int32", "uint8", "bool", "bool_", "str_", "object_"},
}
"""what is no object with attributes"""
ARRAY = re.compile(r"\d+\.npy")
MAX_DEPTH = 60


def to_bytes(content: dict[str, Any]) -> bytes:
    """The archive of a dictionary.

    Raises:
        InputError: its description is too long to be read again.

    """
    from skops.io import dumps

    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(dumps(content))) as given, zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(given.namelist()):
            data = given.read(name)
            if name == SCHEMA:
                data = json.dumps(json.loads(data), separators=(",", ":")).encode()  # skops indents it, to three times the length
                if len(data) > MAX_SCHEMA:
                    expected, repair = f"at most {MAX_SCHEMA:,} bytes", "leave out columns"
                    got = f"{len(data):,} bytes long"
                    raise InputError(sentence("the description of the columns", "the model file", got, expected, repair))
            archive.writestr(zipfile.ZipInfo(name), data)
        archive.writestr(zipfile.ZipInfo(CHECKSUM), _checksum(archive))
    return buffer.getvalue()


def read(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a file.

    Raises:
        ModelFileError: there is none, or it cannot be read.

    """
    name = os.fspath(path)
    try:
        if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
            raise refuse(name, "no regular file")
        return Path(path).read_bytes()
    except ModelFileError:
        raise
    except (OSError, ValueError) as error:
        raise refuse(name, f"not readable ({reason(error)})") from None


def from_bytes(data: bytes, name: str, trusted: list[str]) -> tuple[Any, bool]:
    """What is in an archive, and whether it has a checksum; ``name`` is of the file, ``trusted`` are the types of its objects.

    Raises:
        ModelFileError: it is damaged, foreign, hostile, or asks for types that are not trusted.

    """
    checked = _look_through(data, name, set(trusted))
    from skops.io import loads
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        return loads(data, trusted=trusted), checked
    except UntrustedTypesFoundException as error:
        raise refuse(name, f"asking for types that are not trusted ({' '.join(str(error).split())[:120]})") from None
    except PellucidError:
        raise
    except Exception as error:  # a hostile file may fail anywhere inside the reader
        raise refuse(name, f"damaged or of another kind ({type(error).__name__})") from None


def _look_through(data: bytes, name: str, trusted: set[str]) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            whole = sum(entry.file_size for entry in entries) <= len(data)
            broken = archive.testzip() if whole else "its sizes"
            size = archive.getinfo(SCHEMA).file_size
            if broken is not None or size > MAX_SCHEMA:
                raise refuse(name, f"damaged in {broken}" if broken else f"described by {size:,} bytes")
            names = [entry.filename for entry in entries]
            if len(set(names)) != len(names):
                raise refuse(name, "damaged in its names")
            checked = CHECKSUM in names
            if checked and archive.read(CHECKSUM) != _checksum(archive).encode():
                raise refuse(name, "damaged: its checksum does not match its content")
            for entry in names:
                if ARRAY.fullmatch(entry):
                    _check_array(archive.read(entry))
            schema = json.loads(archive.read(SCHEMA))
            _check_nodes(schema, set(names))
    except ModelFileError:
        raise
    except _Untrusted as error:
        raise refuse(name, f"asking for types that are not trusted ({error})") from None
    except (json.JSONDecodeError, zipfile.BadZipFile, KeyError):
        raise refuse(name, "no model file of this library, or damaged") from None
    except Exception as error:  # as above
        raise refuse(name, f"no model file of this library, or damaged ({' '.join(str(error).split())[:80]})") from None
    return checked


class _Untrusted(Exception):
    pass


def _check_nodes(schema: Any, names: set[str]) -> None:
    """Whether all nodes are of kinds that are known, each array is of one object, and what stands for an object is as long as this."""
    files: dict[str, Any] = {}
    places: dict[Any, dict[str, Any]] = {}
    nodes = list(_nodes(schema, 0))
    for node in nodes:
        loader, told = node["__loader__"], f"{node['__module__']}.{node['__class__']}"
        if loader not in LEAVES | BRANCHES:
            raise _Untrusted(f"Untrusted types found in the file: ['{told}'], by {str(loader)[:40]}")
        known = TYPES.get(node["__module__"])
        if loader != "ObjectNode" and (known is None or node["__class__"] not in known):
            raise _Untrusted(f"Untrusted types found in the file: ['{told}']"[:120])
        identity = node.get("__id__")
        if loader == "NdArrayNode" and node["type"] == "numpy":
            file = node["file"]
            if file not in names or files.setdefault(file, identity) != identity or identity is None:
                raise ValueError("an array of several objects")
    for node in nodes:
        if node["__loader__"] == "DTypeNode":  # of which skops writes the same one in several ways
            node["content"] = None
    for node in nodes:
        if (identity := node.get("__id__")) is not None:
            first = places.setdefault(identity, node)  # which skops takes for both
            if first != node and _form(first) != _form(node):
                raise ValueError("an object in two forms")


def _form(value: Any) -> Any:
    """A node without the numbers of the objects in it: the state of one object may be made anew each time it is written."""
    if isinstance(value, dict):
        return {name: _form(inside) for name, inside in value.items() if name != "__id__"}
    return [_form(inside) for inside in value] if isinstance(value, list) else value


def _nodes(value: Any, depth: int) -> Iterator[dict[str, Any]]:
    """All nodes of a tree; between them are objects, and lists of nodes."""
    if depth > MAX_DEPTH * 2:
        raise ValueError("nested too deeply")
    if not isinstance(value, dict):
        raise ValueError("something else than a node in the description")
    if "__loader__" in value:
        yield value
    for inside in value.values():
        if isinstance(inside, dict):
            yield from _nodes(inside, depth + 1)
        elif isinstance(inside, list):
            for part in inside:
                yield from _nodes(part, depth + 1)


def _check_array(data: bytes) -> None:
    """Whether an array is as large as it says, before NumPy makes room for it."""
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
    shape, _, dtype = read_header(file)
    count = 1
    for size in shape:
        if size < 0:
            raise ValueError("a negative size")
        count *= size
    if dtype.kind not in "biufUS" or count * dtype.itemsize != len(data) - file.tell():
        raise ValueError("an array of another size than it says")


def _checksum(archive: zipfile.ZipFile) -> str:
    digest = hashlib.sha256()
    for name in sorted(archive.namelist()):
        if name != CHECKSUM:
            content = archive.read(name)
            digest.update(json.dumps([name, len(content)]).encode())
            digest.update(content)
    return digest.hexdigest()


def refuse(name: str, got: str) -> ModelFileError:
    """The error for a file that is no pipeline's."""
    return ModelFileError(sentence("the model file", name, got, "a file that pellucid train wrote", "train again, or check the path"))
