"""A model as a JSON document: `export_json`, and `load_json`, which reads and checks it."""

from pellucid.export.json.export import export_json
from pellucid.export.json.reading import JsonModel, load_json

__all__ = ["JsonModel", "export_json", "load_json"]
