"""Pictures with matplotlib. Each function draws into the Axes it is given (or makes one), returns it, and never calls show."""

from pellucid.glassbox.plots.losses import loss_curves

__all__ = ["loss_curves"]
