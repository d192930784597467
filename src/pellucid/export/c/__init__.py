"""Models as C99: readable, without allocation, compared with the model before they are written."""

from pellucid.export.c.entry import export_c

__all__ = ["export_c"]
