"""A model as ONNX: `export_onnx`."""

from pellucid.export.onnx.export import export_onnx

__all__ = ["export_onnx"]
