"""Engines: what computes. Each is found lazily by its name; all are held to the reference, which is the equations as they stand."""

from pellucid.engines.base import DEFAULT, ENGINES, Batches, Engine, Sums, load

__all__ = ["DEFAULT", "ENGINES", "Batches", "Engine", "Sums", "load"]
