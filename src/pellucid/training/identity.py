"""Whether a checkpoint is of the very training that is to go on from it; where not, in what they differ."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import ModelFileError, sentence
from pellucid.training.checkpoints import Snapshot
from pellucid.training.pieces import is_sparse

if TYPE_CHECKING:
    from pellucid.training.session import Training

WORDS = {
    "architecture": "another network",
    "dtype": "another number type",
    "optimizer": "another optimizer",
    "batch_size": "another batch size",
    "shape": "data of another shape",
    "settings": "other settings",
}
REPAIR = "call fit as in the training that wrote it, or begin anew"


def fingerprint(*data: Any) -> str:
    """A hash of arrays, so that a training does not go on with other data."""
    digest = hashlib.sha256()
    for part in data:
        if part is None:
            digest.update(b"none")
            continue
        for array in (part.data, part.indices, part.indptr) if is_sparse(part) else (np.ascontiguousarray(part),):
            digest.update(f"{array.dtype} {array.shape}".encode())
            digest.update(array.reshape(-1).view(np.uint8).data if array.size else b"")
    return digest.hexdigest()


def identity(training: Training, batch_size: int, shuffled: bool) -> dict[str, Any]:
    """What must be the same for a training to be gone on with."""
    plan = training.plan
    return {
        "architecture": training.engine.architecture.to_header(),
        "dtype": training.vector.dtype.name,
        "optimizer": repr(plan.optimizer),
        "batch_size": batch_size,
        "shape": [*plan.X.shape, *plan.Y.shape],
        "settings": {"shuffle": shuffled, "clip_norm": plan.clip_norm, "seed": plan.seed},
        "data": {
            "X": fingerprint(plan.X),
            "y": fingerprint(plan.Y),
            "sample_weight": fingerprint(plan.s),
            "the validation set": fingerprint(plan.rows, *_held(training)),
        },
    }


def _held(training: Training) -> tuple[Any, ...]:
    held = training.plan.held
    return (None,) * 4 if held is None else (held.X, held.Y, held.s, held.rows)


def check(snapshot: Snapshot, training: Training, expected: Mapping[str, Any]) -> None:
    """Whether a snapshot is of this very training, whose identity is ``expected``.

    Raises:
        ModelFileError: it is of another one; the sentence says in what they differ.

    """
    width, wanted = _width(snapshot.facts.get("shape")), _width(expected["shape"])
    if width != wanted:
        repair = "prepare the data as in the training that wrote it, or begin anew"
        raise refuse(snapshot, f"of data of another width: {width}", f"one of this training: {wanted}", repair)
    for name, what in WORDS.items():
        found = snapshot.facts.get(name)
        if found != expected[name]:
            told, wanted = _difference(name, found, expected[name])
            raise refuse(snapshot, f"of {what}: {told}", f"one of this training: {wanted}")
    _check_data(snapshot, training, expected["data"])


def refuse(snapshot: Snapshot, got: str, expected: str, repair: str = REPAIR) -> ModelFileError:
    """The error for a checkpoint of another training."""
    return ModelFileError(sentence("the checkpoint", snapshot.source, got, expected, repair))


def _check_data(snapshot: Snapshot, training: Training, expected: Mapping[str, str]) -> None:
    found, plan = snapshot.facts.get("data"), training.plan
    if isinstance(found, dict):
        other = [name for name, digest in expected.items() if found.get(name) != digest]
    else:  # the first files had one hash of everything
        other = [] if found == fingerprint(plan.X, plan.Y, plan.s, plan.rows, *_held(training)) else ["something"]
    if other:
        differ = f"{' and '.join(other)} {'differs' if len(other) == 1 else 'differ'}"
        raise refuse(snapshot, f"of other data: {differ}", "the data of this training")


def _difference(name: str, found: Any, expected: Any) -> tuple[str, str]:
    """What a checkpoint says and what it should, cut down to where they differ."""
    if name == "shape":
        return _rows(found), _rows(expected)
    if isinstance(found, dict) and isinstance(expected, dict):
        keys = [key for key in expected if found.get(key) != expected[key]]
        return short(", ".join(f"{key} {found.get(key)}" for key in keys)), short(", ".join(f"{key} {expected[key]}" for key in keys))
    return short(found), short(expected)


def _rows(shape: Any) -> str:
    return f"{shape[0]} rows of {_width(shape)}" if _is_shape(shape) else "unknown"


def _width(shape: Any) -> str:
    return f"{shape[1]} columns and {shape[3]} target{'' if shape[3] == 1 else 's'}" if _is_shape(shape) else "unknown"


def _is_shape(shape: Any) -> bool:
    return isinstance(shape, list) and len(shape) == 4 and all(type(n) is int for n in shape)


def short(value: object) -> str:
    """As much of a value as a sentence holds."""
    text = str(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
