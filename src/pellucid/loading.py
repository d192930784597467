"""One way to load whatever was saved."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid import storage
from pellucid.errors import ModelFileError, sentence
from pellucid.network import Network

if TYPE_CHECKING:
    from pellucid.estimators import MLPClassifier, MLPRegressor
    from pellucid.pipelines import TableModel

ARCHIVE = b"PK"
"""how a pipeline's file begins"""


def load(path: str | os.PathLike[str]) -> Network | MLPClassifier | MLPRegressor | TableModel:
    """The network, the estimator, or the pipeline of ``pellucid train``, that a file holds. Loading runs no code.

    Raises:
        ModelFileError: the file is missing, damaged, foreign, hostile, or of a version that this release does not read.

    >>> import tempfile, pellucid as pl
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pl.Network([2, 3, 1]).save(f"{folder}/net.safetensors")
    ...     pl.load(f"{folder}/net.safetensors")
    Network([2, 3, 1], activations=['relu', 'identity'], loss='half_mse')

    """
    if _begins(path) == ARCHIVE:
        from pellucid.pipelines import TableModel

        return TableModel.load(path)
    name = os.fspath(path)
    header, tensors = storage.read_model(path)
    if "estimator" not in header:
        return Network.from_file(name, header, tensors)
    from pellucid import estimators
    from pellucid.estimators.files import build

    kind = header["estimator"].get("type") if isinstance(header["estimator"], dict) else None
    if not isinstance(kind, str) or kind not in estimators.__all__:
        repair = "use the release that wrote it"
        raise ModelFileError(sentence("the estimator", name, repr(kind)[:80], f"one of {', '.join(estimators.__all__)}", repair))
    return build(getattr(estimators, kind), name, header, tensors)


def _begins(path: str | os.PathLike[str]) -> bytes:
    if not os.path.isfile(path):
        return b""
    try:
        with Path(path).open("rb") as file:
            return file.read(2)
    except OSError:
        return b""
