"""What a feature is for a value of its source that is known beforehand."""

from __future__ import annotations

from typing import Any

from pellucid.export.description import Feature
from pellucid.export.steps import run


def outcome(feature: Feature, value: Any) -> float:
    """What a feature is for a known value of its source, steps included."""
    match feature.kind:
        case "one of":
            return float(run(feature.steps, float(value in feature.of)))
        case "none of":
            return float(run(feature.steps, float(value not in feature.of)))
        case "rank":
            return float(run(feature.steps, float(feature.of.index(value)))) if value in feature.of else feature.unknown
        case "missing":
            return float(run(feature.steps, value if isinstance(value, float) else 0.0))
    raise NotImplementedError(feature.kind)
