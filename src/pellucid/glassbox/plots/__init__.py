"""Pictures with matplotlib. Each function draws into the Axes it is given (or makes one), returns it, and never calls show.

>>> import pellucid as pl
>>> from matplotlib.figure import Figure
>>> pl.plots.loss_curves({"loss": [1.0, 0.5]}, Figure().add_subplot()).get_title()
'Training'
"""

from pellucid.glassbox.plots.boundaries import decision_boundaries, decision_boundary
from pellucid.glassbox.plots.flow import gradient_flow
from pellucid.glassbox.plots.health import health_over_epochs
from pellucid.glassbox.plots.landscape import ParameterPath, loss_landscape
from pellucid.glassbox.plots.losses import loss_curves
from pellucid.glassbox.plots.network import network_diagram
from pellucid.glassbox.plots.one_weight import learning_rates, loss_over_weight
from pellucid.glassbox.plots.rules import activation_and_derivative

__all__ = [
    "ParameterPath",
    "activation_and_derivative",
    "decision_boundaries",
    "decision_boundary",
    "gradient_flow",
    "health_over_epochs",
    "learning_rates",
    "loss_curves",
    "loss_landscape",
    "loss_over_weight",
    "network_diagram",
]
