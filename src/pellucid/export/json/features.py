"""One entry of a row on its way into the network, as the features of a document tell it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pellucid.export.steps import run


def prepared(feature: Mapping[str, Any], value: Any) -> float:
    """One entry of one feature."""
    known, kind = feature["of"], feature["kind"]
    if value is None:
        return np.nan if feature["missing"] is None else feature["missing"]
    if kind in ("one of", "none of"):
        if kind == "one of" and value not in known and feature["unknown"] is None:
            return np.nan
        number = float((value in known) == (kind == "one of"))
        if value not in known and feature["unknown"] is not None:
            return float(feature["unknown"])
    elif kind == "rank":
        if value not in known:
            return np.nan if feature["unknown"] is None else float(feature["unknown"])
        number = float(known.index(value))
    elif kind == "missing":
        number = 0.0
    elif kind == "part":
        number = PARTS[known[0]](value)
    else:
        number = value
    return float(run(tuple(map(tuple, feature["steps"])), number))


def _moment(days: float) -> Any:
    return np.datetime64("2000-01-01", "s") + np.timedelta64(int(np.floor(days * 86400 + 1e-5)), "s")


def _day(days: float) -> Any:
    return _moment(days).astype("datetime64[D]")


PARTS: dict[str, Callable[[float], float]] = {
    "day number": lambda days: days,
    "year": lambda days: float(_day(days).astype("datetime64[Y]").astype(int) + 1970),
    "month": lambda days: float(_day(days).astype("datetime64[M]").astype(int) % 12 + 1),
    "day": lambda days: float((_day(days) - _day(days).astype("datetime64[M]")).astype(int) + 1),
    "weekday": lambda days: float((_day(days).astype(int) + 3) % 7),
    "hour": lambda days: float((_moment(days) - _day(days)).astype(int) // 60 / 60),
}
"""the parts of a day"""
