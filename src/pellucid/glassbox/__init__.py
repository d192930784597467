"""The glass box: every value of a forward and backward pass, and proof that the gradients are right."""

from pellucid.glassbox.trace import Trace, trace

__all__ = ["Trace", "trace"]
