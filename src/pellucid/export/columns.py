"""Columns on their way through the fitted steps of a pipeline: scaling, imputation, one-hot encoding, selection, side by side.

Each step is looked up by its class, and says what it does to each feature; a step that is not in the list is named and refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pellucid.errors import InputError, sentence
from pellucid.export.description import Feature, Source, text
from pellucid.export.steps import Step, Steps, back, lean


class Columns:
    """What goes in, and what has become of it so far."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = list(sources)
        self.features = [Feature(at, source.name) for at, source in enumerate(sources)]

    def through(self, step: Any, features: list[Feature], inputs: Sequence[str] | None = None) -> list[Feature]:
        """The features behind a fitted step."""
        if step is None or (isinstance(step, str) and step == "passthrough"):
            return features
        for kind in type(step).__mro__:
            rule = RULES.get(kind.__name__)
            if rule is not None and kind.__module__.partition(".")[0] in ("sklearn", "pellucid"):
                found = rule(self, step, features)
                return _renamed(step, found)
        raise unsupported(step, "a step that is not known here")

    def learn(self, source: int, values: Sequence[Any]) -> None:
        """A source is a text with these values."""
        known = self.sources[source]
        more = tuple(text(value) for value in values if not _is_missing(value) and text(value) not in known.values)
        self.sources[source] = replace(known, kind="text", values=(*known.values, *more))


def unsupported(step: Any, why: str) -> InputError:
    """The refusal of a step."""
    known = ", ".join(sorted({name for name in RULES if name not in ("Preparation", "TableColumns", "SelectorMixin")}))
    repair = "leave it out, or do what it does before the model"
    return InputError(sentence("the pipeline step", "the export", f"{type(step).__name__}, {why}", f"one of {known}", repair))


def scaling(step: Any, n: int) -> list[Steps] | None:
    """For each of n columns what a scaler does to it, or None where the step is no scaler."""
    name = type(step).__name__

    def each(symbol: str, numbers: Any) -> list[Step | None]:
        return [None] * n if numbers is None else [(symbol, float(number)) for number in np.broadcast_to(numbers, n)]

    if name == "StandardScaler":
        chain = [each("-", step.mean_ if step.with_mean else None), each("/", step.scale_ if step.with_std else None)]
    elif name == "RobustScaler":
        chain = [each("-", step.center_ if step.with_centering else None), each("/", step.scale_ if step.with_scaling else None)]
    elif name == "MinMaxScaler":
        chain = [each("*", step.scale_), each("+", step.min_)]
        if step.clip:
            chain.append([("clip", *map(float, step.feature_range))] * n)
    elif name == "MaxAbsScaler":
        chain = [each("/", step.scale_)]
        if getattr(step, "clip", False):
            chain.append([("clip", -1.0, 1.0)] * n)
    elif name == "FunctionTransformer":
        return _function(step, n)
    else:
        return None
    return [lean([link for link in links if link is not None]) for links in zip(*chain, strict=True)]


def unscaling(step: Any, n: int) -> list[Steps] | None:
    """For each of n targets what a transformer of targets does to it; it can be undone."""
    found = scaling(step, n)
    if found is None or any(len(back(steps)) != len(steps) for steps in found):
        return None
    if type(step).__name__ == "FunctionTransformer":
        undone = _function(step, n, inverse=True)
        return found if undone is not None and [back(steps) for steps in found] == undone else None
    return found


def _function(step: Any, n: int, inverse: bool = False) -> list[Steps] | None:
    """A transformer that applies one of NumPy's functions."""
    function, arguments = (step.inverse_func, step.inv_kw_args) if inverse else (step.func, step.kw_args)
    if function is None:
        return [()] * n
    name = getattr(function, "__name__", "")
    known = ("exp", "expm1", "log", "log1p", "sqrt", "square")
    return [((name,),)] * n if name in known and function is getattr(np, name) and not arguments else None


def _scaled(columns: Columns, step: Any, features: list[Feature]) -> list[Feature]:
    found = scaling(step, len(features))
    if found is None:
        raise unsupported(step, f"with the function {getattr(step.func, '__name__', step.func)!r}")
    return [feature.then(*steps) for feature, steps in zip(features, found, strict=True)]


def _imputed(columns: Columns, step: Any, features: list[Feature]) -> list[Feature]:
    if not (step.missing_values is None or _is_missing(step.missing_values)):
        raise unsupported(step, f"with missing_values={step.missing_values!r}")
    found = []
    for feature, value in zip(features, step.statistics_, strict=True):
        if _is_missing(value):  # a column that was empty in training
            if not step.keep_empty_features:
                continue
            value = 0.0
        fill = value if isinstance(value, str) else float(value)
        if isinstance(value, str) and feature.kind == "value":
            columns.learn(feature.source, ())
        found.append(replace(feature, missing=fill) if not isinstance(feature.missing, str) and math.isnan(feature.missing) else feature)
    if step.add_indicator:
        for at in step.indicator_.features_:
            one = features[at]
            found.append(Feature(one.source, f"{one.name} is missing", "missing", missing=1.0, unknown=0.0))
    return found


def _encoded(columns: Columns, step: Any, features: list[Feature]) -> list[Feature]:
    """One-hot: a feature for each category, the rare ones together in one, less one where the encoder drops it."""
    infrequent = getattr(step, "infrequent_categories_", None) or [None] * len(features)
    dropped = [None] * len(features) if step.drop_idx_ is None else step.drop_idx_
    joins = step.handle_unknown in ("infrequent_if_exist", "warn")
    found: list[Feature] = []
    for feature, categories, rare, drop in zip(features, step.categories_, infrequent, dropped, strict=True):
        values = _values(columns, step, feature, categories)
        together = [] if rare is None else [value for value in values if any(_equal(value, other) for other in rare)]
        alone = [value for value in values if value not in together]
        out = None if drop is None else values[int(drop)]
        lacks = None if _is_missing(feature.missing) else feature.missing  # what stands for a missing value
        for group in [[value] for value in alone] + ([together] if together else []):
            if drop is not None and out in group:
                continue
            rest = group is together and joins  # values that were not there in training count among the rare ones
            unknown = math.nan if step.handle_unknown == "error" else float(rest)
            missing = float(lacks in group) if lacks in values else unknown
            name = f"{feature.name} = {'another value' if group is together else group[0]}"
            of = tuple(value for value in (alone if rest else group) if value is not None)
            found.append(Feature(feature.source, name, "none of" if rest else "one of", of, (), missing, unknown))
    return found


def _ranked(columns: Columns, step: Any, features: list[Feature]) -> list[Feature]:
    """Ordinal: the place of the category in the list."""
    if getattr(step, "min_frequency", None) is not None or getattr(step, "max_categories", None) is not None:
        raise unsupported(step, "with rare categories in one")
    found = []
    for feature, categories in zip(features, step.categories_, strict=True):
        values = _values(columns, step, feature, categories)
        lacks = None if _is_missing(feature.missing) else feature.missing
        missing = float(step.encoded_missing_value) if lacks is None and None in values else math.nan
        places = {value: float(at) for at, value in enumerate(values)}
        if lacks is not None:
            missing = places.get(lacks, math.nan)
        unknown = math.nan if step.handle_unknown == "error" else float(step.unknown_value)
        found.append(Feature(feature.source, feature.name, "rank", tuple(v for v in values if v is not None), (), missing, unknown))
    return found


def _values(columns: Columns, step: Any, feature: Feature, categories: Any) -> list[Any]:
    """The categories as texts or numbers, None for a missing one; the source becomes a text where they are texts."""
    if feature.kind != "value" or feature.steps:
        raise unsupported(step, f"on {feature.name!r}, which another step has changed before")
    numbers = np.asarray(categories).dtype.kind in "biuf"
    if numbers:
        return [None if _is_missing(value) else float(value) for value in categories]
    columns.learn(feature.source, categories)
    return [None if _is_missing(value) else text(value) for value in categories]


def _selected(columns: Columns, step: Any, features: list[Feature]) -> list[Feature]:
    return [feature for feature, kept in zip(features, step.get_support(), strict=True) if kept]


def _chained(columns: Columns, step: Any, features: list[Feature]) -> list[Feature]:
    for _, inner in step.steps:
        features = columns.through(inner, features)
    return features


def _prepared(columns: Columns, step: Any, features: list[Feature]) -> list[Feature]:
    """The preparation of the models in one call: a pipeline inside."""
    return columns.through(step.pipeline_, features)


def _side_by_side(columns: Columns, step: Any, features: list[Feature]) -> list[Feature]:
    """A transformer for some columns, another one for others; what comes out stands in the order of the transformers."""
    names = [str(name) for name in getattr(step, "feature_names_in_", [feature.name for feature in features])]
    found: list[Feature] = []
    for _, inner, chosen in step.transformers_:
        places = _places(chosen, names)
        if places and not (isinstance(inner, str) and inner == "drop"):  # without columns it is not fitted
            found += columns.through(inner, [features[at] for at in places])
    return found


def _places(chosen: Any, names: list[str]) -> list[int]:
    """The columns that a name, a number, a slice, a mask or a list of these stands for."""
    if isinstance(chosen, str):
        return [names.index(chosen)]
    if isinstance(chosen, int | np.integer) and not isinstance(chosen, bool):
        return [int(chosen) % len(names)]
    if isinstance(chosen, slice):
        if isinstance(chosen.start, str) or isinstance(chosen.stop, str):
            first = 0 if chosen.start is None else names.index(chosen.start)
            last = len(names) if chosen.stop is None else names.index(chosen.stop) + 1
            return list(range(first, last))[:: chosen.step]
        return list(range(len(names)))[chosen]
    listed = list(chosen)
    if listed and all(isinstance(one, bool | np.bool_) for one in listed):
        return [at for at, kept in enumerate(listed) if kept]
    return [names.index(one) if isinstance(one, str) else int(one) % len(names) for one in listed]


def _table(columns: Columns, step: Any, features: list[Feature]) -> list[Feature]:
    """Numbers, then the parts of dates, then the categories, as `TableColumns` gives them."""
    from pellucid.columns import DATE_PARTS

    by_name = {feature.name: feature for feature in features}
    found = [by_name[name] for name in step.names("numeric")]
    for name in step.dates:
        found += [replace(by_name[name], name=f"{name} ({part})", kind="part", of=(part,)) for part in DATE_PARTS]
    return found + [by_name[name] for name in step.names("category")]


def _renamed(step: Any, features: list[Feature]) -> list[Feature]:
    """Where a step names what it gives, later steps may choose by these names."""
    if type(step).__name__ != "ColumnTransformer":
        return features
    try:
        names = [str(name) for name in step.get_feature_names_out()]
    except (AttributeError, ValueError):
        return features
    if len(names) != len(features):
        return features
    return [replace(feature, name=name) if feature.kind == "value" else feature for feature, name in zip(features, names, strict=True)]


def _is_missing(value: Any) -> bool:
    return value is None or type(value).__name__ == "NAType" or (isinstance(value, float | np.floating) and math.isnan(value))


def _equal(one: Any, other: Any) -> bool:
    if one is None or _is_missing(other):
        return one is None and _is_missing(other)
    return bool(one == (text(other) if isinstance(one, str) else other))


Rule = Callable[[Columns, Any, list[Feature]], list[Feature]]
RULES: dict[str, Rule] = {
    "ColumnTransformer": _side_by_side,
    "FunctionTransformer": _scaled,
    "MaxAbsScaler": _scaled,
    "MinMaxScaler": _scaled,
    "OneHotEncoder": _encoded,
    "OrdinalEncoder": _ranked,
    "Pipeline": _chained,
    "Preparation": _prepared,
    "RobustScaler": _scaled,
    "SelectorMixin": _selected,
    "SimpleImputer": _imputed,
    "StandardScaler": _scaled,
    "TableColumns": _table,
}
