"""A model as a module of NumPy that can be read: `export_numpy`."""

from pellucid.export.numpy.export import export_numpy

__all__ = ["export_numpy"]
